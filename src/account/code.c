/*
 * All codes live equally long, so they end in the order they were made in: a ring. An id begins
 * with the place in the ring; what makes it a secret are the sixteen random bytes behind.
 */
#include "account/code.h"

#include "crypto/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 16, ASKER_BYTES = 32, HEADS = 4096, NONE = -1 };

struct form {
    uint8_t secret[SECRET_BYTES];
    uint8_t asker[ASKER_BYTES];
    int tries_left;
};

struct code {
    struct jz_code_binding binding;
    char digits[JZ_CODE_DIGITS + 1];
    int64_t until_s;
    bool is_live;
    struct form forms[JZ_CODE_FORMS];
    int form_count;
    int next; /* of the same head */
};

struct jz_codes {
    pthread_mutex_t lock;
    int first, count; /* of the ring */
    int heads[HEADS]; /* live codes by the person's number */
    struct code ring[JZ_CODES_MAX];
};

int jz_codes_new(struct jz_codes **ret_codes, struct jz_error *err)
{
    struct jz_codes *c = calloc(1, sizeof *c);
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (int i = 0; i < HEADS; i++)
        c->heads[i] = NONE;
    pthread_mutex_init(&c->lock, NULL);
    *ret_codes = c;
    return 0;
}

void jz_codes_free(struct jz_codes *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    jz_wipe(c, sizeof *c);
    free(c);
}

/* ---- Under the lock ---- */

static int *head_of(struct jz_codes *c, int64_t person)
{
    return &c->heads[(uint64_t)person % HEADS];
}

static void end(struct jz_codes *c, struct code *code)
{
    if (!code->is_live)
        return;
    const int place = (int)(code - c->ring);
    int *at = head_of(c, code->binding.person);
    while (*at != place)
        at = &c->ring[*at].next;
    *at = code->next;
    jz_wipe(code, sizeof *code);
}

static void end_old(struct jz_codes *c, int64_t now_s)
{
    while (c->count > 0) {
        struct code *code = &c->ring[c->first];
        if (code->is_live && code->until_s > now_s)
            return;
        end(c, code);
        c->first = (c->first + 1) % JZ_CODES_MAX;
        c->count--;
    }
}

/* The latest: it stands first. */
static struct code *find_same(struct jz_codes *c, const struct jz_code_binding *b, int64_t now_s)
{
    for (int at = *head_of(c, b->person); at != NONE; at = c->ring[at].next) {
        struct code *code = &c->ring[at];
        if (code->binding.person == b->person && code->binding.purpose == b->purpose &&
            strcmp(code->binding.phone, b->phone) == 0 && code->until_s > now_s)
            return code;
    }
    return NULL;
}

static void take_asker(struct jz_asker asker, uint8_t ret[ASKER_BYTES])
{
    memset(ret, 0, ASKER_BYTES);
    memcpy(ret, asker.bytes, asker.size < ASKER_BYTES ? asker.size : ASKER_BYTES);
}

static void write_id(const struct jz_codes *c, const struct code *code, const struct form *form,
                     char ret_id[JZ_CODE_ID_BYTES])
{
    snprintf(ret_id, JZ_CODE_ID_BYTES, "%08x", (unsigned)(code - c->ring));
    for (int i = 0; i < SECRET_BYTES; i++)
        snprintf(ret_id + 8 + 2 * i, 3, "%02x", form->secret[i]);
}

static void add_form(struct code *code, const uint8_t asker[ASKER_BYTES])
{
    struct form *form = &code->forms[code->form_count++];
    jz_random(form->secret, sizeof form->secret);
    memcpy(form->asker, asker, ASKER_BYTES);
    form->tries_left = JZ_CODE_TRIES;
}

/* NULL for an id that names no form of a live code. */
static struct code *find_form(struct jz_codes *c, const char *id, struct form **ret_form)
{
    unsigned place = 0;
    uint8_t secret[SECRET_BYTES];
    if (strlen(id) != JZ_CODE_ID_BYTES - 1 ||
        strspn(id, "0123456789abcdef") != JZ_CODE_ID_BYTES - 1)
        return NULL;
    sscanf(id, "%8x", &place);
    for (int i = 0; i < SECRET_BYTES; i++)
        sscanf(id + 8 + 2 * i, "%2hhx", &secret[i]);
    if (place >= JZ_CODES_MAX || !c->ring[place].is_live)
        return NULL;
    struct code *code = &c->ring[place];
    for (int i = 0; i < code->form_count; i++)
        if (jz_secret_equal(code->forms[i].secret, secret, SECRET_BYTES)) {
            *ret_form = &code->forms[i];
            return code;
        }
    return NULL;
}

/* ---- The door ---- */

/* Each of the million equally likely. */
static void draw(char ret_digits[JZ_CODE_DIGITS + 1])
{
    enum { CODES = 1000000 };
    uint32_t number;
    do
        jz_random(&number, sizeof number);
    while (number >= UINT32_MAX / CODES * CODES);
    snprintf(ret_digits, JZ_CODE_DIGITS + 1, "%06u", number % CODES);
}

int jz_codes_make(struct jz_codes *c, const struct jz_code_binding *binding, struct jz_asker asker,
                  int64_t now_s, char ret_id[JZ_CODE_ID_BYTES], char ret_digits[JZ_CODE_DIGITS + 1],
                  struct jz_error *err)
{
    uint8_t who[ASKER_BYTES];
    take_asker(asker, who);
    pthread_mutex_lock(&c->lock);
    end_old(c, now_s);
    if (c->count == JZ_CODES_MAX) {
        pthread_mutex_unlock(&c->lock);
        return jz_error_set(err, JZ_E_BUSY, "%d codes are under way: try again in a minute",
                            JZ_CODES_MAX);
    }
    const int place = (c->first + c->count++) % JZ_CODES_MAX;
    struct code *code = &c->ring[place];
    *code = (struct code){ .binding = *binding,
                           .until_s = now_s + JZ_CODE_LIFE_S,
                           .is_live = true,
                           .next = *head_of(c, binding->person) };
    *head_of(c, binding->person) = place;
    draw(code->digits);
    add_form(code, who);
    memcpy(ret_digits, code->digits, sizeof code->digits);
    write_id(c, code, &code->forms[0], ret_id);
    pthread_mutex_unlock(&c->lock);
    return 0;
}

bool jz_codes_join(struct jz_codes *c, const struct jz_code_binding *binding, struct jz_asker asker,
                   int64_t now_s, char ret_id[JZ_CODE_ID_BYTES], int *ret_left_s)
{
    uint8_t who[ASKER_BYTES];
    take_asker(asker, who);
    pthread_mutex_lock(&c->lock);
    struct code *code = find_same(c, binding, now_s);
    int at = 0;
    while (code && at < code->form_count && memcmp(code->forms[at].asker, who, ASKER_BYTES) != 0)
        at++;
    const bool joins = code && at < JZ_CODE_FORMS;
    if (joins) {
        if (at == code->form_count)
            add_form(code, who);
        write_id(c, code, &code->forms[at], ret_id);
        *ret_left_s = (int)(code->until_s - now_s);
    }
    pthread_mutex_unlock(&c->lock);
    return joins;
}

enum jz_code_result jz_codes_try(struct jz_codes *c, const char *id, enum jz_code_purpose purpose,
                                 const char *digits, int64_t now_s,
                                 struct jz_code_binding *ret_binding, int *ret_left)
{
    char given[JZ_CODE_DIGITS + 1] = "";
    enum jz_code_result result = JZ_CODE_EXPIRED;
    struct form *form = NULL;
    /* What has another length is as wrong as other digits. */
    snprintf(given, sizeof given, "%s", strlen(digits) == JZ_CODE_DIGITS ? digits : "");
    pthread_mutex_lock(&c->lock);
    struct code *code = find_form(c, id, &form);
    const bool is_open = code && code->until_s > now_s && form->tries_left > 0 &&
                         (purpose == code->binding.purpose ||
                          (purpose == JZ_CODE_SIGN_IN && code->binding.purpose == JZ_CODE_HELP));
    if (is_open && jz_secret_equal(code->digits, given, JZ_CODE_DIGITS)) {
        *ret_binding = code->binding;
        result = JZ_CODE_RIGHT;
    } else if (is_open) {
        *ret_left = --form->tries_left;
        result = JZ_CODE_WRONG;
        *ret_binding = code->binding;
    }
    pthread_mutex_unlock(&c->lock);
    return result;
}

void jz_codes_end(struct jz_codes *c, const char *id)
{
    struct form *form;
    pthread_mutex_lock(&c->lock);
    struct code *code = find_form(c, id, &form);
    if (code)
        end(c, code);
    pthread_mutex_unlock(&c->lock);
}
