/* Card and password. Hashing is dear, so only so many are looked at at a time. */
#include "account/account_internal.h"

#include "base/encoding.h"
#include "ledger/card.h"
#include "ledger/contact.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

enum { PASSWORD_MIN = 6, PASSWORD_MAX = 64 };

static int take_slot(struct jz_account *a, struct jz_error *err)
{
    return sem_trywait(&a->passwords) == 0
               ? 0
               : jz_error_set(err, JZ_E_BUSY, "%d passwords are being looked at: try again",
                              a->options.passwords_at_a_time);
}

static int take_card(const char *text, struct jz_document *ret_card, struct jz_error *err)
{
    return text ? jz_document_parse(text, JZ_DOCUMENT_SOCIAL_CARD, NULL, ret_card, err)
                : jz_error_set(err, JZ_E_FORMAT, "there is no card");
}

/* ---- Signing in ---- */

static int verify(struct jz_account *a, const struct jz_document *card, const char *password,
                  int64_t *ret_person, struct jz_error *err)
{
    char hash[JZ_PASSWORD_HASH_BYTES];
    int64_t person = 0;
    bool same = false;
    int r = jz_card_find(a->options.store, card, &person, hash, err);
    if (r == 0)
        r = jz_password_verify(person ? hash : a->decoy_hash, password, &same, err);
    jz_wipe(hash, sizeof hash);
    *ret_person = same ? person : 0;
    return r;
}

static void wrong(struct jz_account *a, struct jz_asker asker, const char *key, int64_t now)
{
    account_count_failure(a, asker, key, now);
    (void)jz_pause_count(a->pauses, JZ_PAUSE_SUBJECT, key, strlen(key), now);
}

static void right(struct jz_account *a, struct jz_asker asker, const char *key)
{
    const struct pair_key pair = account_pair(asker, key);
    jz_pause_forget(a->pauses, JZ_PAUSE_PAIR, pair.bytes, pair.size);
    jz_pause_forget(a->pauses, JZ_PAUSE_SUBJECT, key, strlen(key));
}

int jz_account_card_sign_in(struct jz_account *a, const char *card, const char *password,
                            struct jz_asker asker, struct jz_signed_in *ret_signed_in,
                            struct jz_answer *ret_answer, struct jz_error *err)
{
    const int64_t now = account_now(a);
    struct jz_document document;
    char key[JZ_DOCUMENT_KEY_BYTES];
    int64_t person = 0;
    if (take_card(card, &document, err) < 0) {
        *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_MISTYPED, .field = "card" };
        return 0;
    }
    jz_document_key(&document, key);
    const int by_asker = account_asker_wait(a, asker, key, now);
    const int by_card = jz_pause_left(a->pauses, JZ_PAUSE_SUBJECT, key, strlen(key), now);
    if (by_asker > 0 || by_card > 0) {
        *ret_answer = account_slow_down(by_asker > by_card ? by_asker : by_card);
        return 0;
    }
    int r = take_slot(a, err);
    if (r < 0)
        return r;
    r = verify(a, &document, password, &person, err);
    sem_post(&a->passwords);
    if (r < 0)
        return r;
    if (!person) {
        wrong(a, asker, key, now);
        *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_WRONG_PASSWORD };
        return 0;
    }
    right(a, asker, key);
    *ret_signed_in = (struct jz_signed_in){ .person = person, .way = JZ_WAY_CARD };
    *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_DONE };
    return 0;
}

/* ---- Setting one ---- */

/* All characters the same distance from the one before: 111111, 123456, 987654. */
static bool is_row(const char *password)
{
    for (const char *c = password + 2; *c; c++)
        if (c[0] - c[-1] != password[1] - password[0])
            return false;
    const int step = password[1] - password[0];
    return step >= -1 && step <= 1;
}

static bool is_weak(const char *password, const char *document, const char *card)
{
    const size_t size = strlen(password);
    return size < PASSWORD_MIN || size > PASSWORD_MAX || jz_utf8_valid(password, size) != size ||
           is_row(password) || strstr(document, password) || strstr(card, password);
}

static int check_password(struct jz_account *a, int64_t person, const char *password,
                          const struct jz_document *card, bool *ret_is_weak, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_person_record record;
    int r = jz_store_reader(a->options.store, &sql, err);
    if (r < 0)
        return r;
    r = jz_person_read(sql, jz_store_keyring(a->options.store), person, &record, err);
    jz_store_return(a->options.store, sql);
    if (r < 0)
        return r;
    *ret_is_weak = is_weak(password, record.data.number, card->number);
    jz_person_record_wipe(&record);
    return 0;
}

static int hash_and_set(struct jz_account *a, int64_t person, const struct jz_document *card,
                        const char *password, struct jz_error *err)
{
    char hash[JZ_PASSWORD_HASH_BYTES];
    int r = take_slot(a, err);
    if (r < 0)
        return r;
    r = jz_password_hash(password, hash, err);
    sem_post(&a->passwords);
    if (r == 0)
        r = jz_card_set(a->options.store, person, card, hash, JZ_BY_PERSON, err);
    jz_wipe(hash, sizeof hash);
    return r;
}

int jz_account_card_set(struct jz_account *a, int64_t person, const char *card,
                        const char *password, struct jz_answer *ret_answer, struct jz_error *err)
{
    struct jz_answer answer = { .code = JZ_ANSWER_DONE };
    struct jz_document document;
    bool weak = false;
    int r = 0;
    if (take_card(card, &document, err) < 0)
        answer = (struct jz_answer){ .code = JZ_ANSWER_MISTYPED, .field = "card" };
    else if ((r = check_password(a, person, password, &document, &weak, err)) == 0 && weak)
        answer.code = JZ_ANSWER_WEAK_PASSWORD;
    else if (r == 0 && (r = hash_and_set(a, person, &document, password, err)) == JZ_E_CONFLICT)
        answer.code = JZ_ANSWER_CARD_TAKEN;
    if (r < 0 && r != JZ_E_CONFLICT)
        return r;
    *ret_answer = answer;
    return 0;
}
