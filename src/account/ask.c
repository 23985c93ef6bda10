/* One-time codes: who asks for one, where it goes, and what a right one opens. */
#include "account/account_internal.h"

#include "ledger/contact.h"

#include <stdio.h>
#include <string.h>

static const char minutes[] = "5";
_Static_assert(JZ_CODE_LIFE_S == 5 * 60, "the message says how many minutes a code is good for");

/* What is typed, checked. */
struct asking {
    const struct jz_code_request *request;
    struct jz_document document;
    char key[JZ_DOCUMENT_KEY_BYTES]; /* of the document, for pauses */
    struct jz_code_binding binding;
    enum jz_message_kind message;
    int64_t now_s;
};

static struct jz_answer mistyped(const char *field)
{
    return (struct jz_answer){ .code = JZ_ANSWER_MISTYPED, .field = field };
}

/* ---- Sending ---- */

static int compose(struct jz_account *a, const char *to, enum jz_message_kind kind,
                   enum jz_language language, const char *code, const char *added, int expires_in_s,
                   struct jz_error *err)
{
    char check[JZ_MESSAGE_CHECK_BYTES];
    const int r = jz_message_check(jz_store_keyring(a->options.store), kind, to,
                                   jz_date_at(account_now(a)), check, err);
    if (r < 0)
        return r;
    const struct jz_post post = {
        .to = to,
        .kind = kind,
        .language = language,
        .values = { .code = code,
                    .minutes = minutes,
                    .added = added,
                    .phone = a->options.agency_phone,
                    .channels = a->options.channels,
                    .check = check },
        .expires_in_s = expires_in_s,
    };
    return jz_outbox_post(a->options.outbox, &post, err);
}

/* A new code on its way; the number's pause has begun. */
static int send_code(struct jz_account *a, const struct asking *q, struct jz_code_sent *sent,
                     struct jz_error *err)
{
    const struct jz_code_binding *b = &q->binding;
    char digits[JZ_CODE_DIGITS + 1];
    int r = jz_codes_make(a->codes, b, q->request->asker, q->now_s, sent->id, digits, err);
    if (r < 0)
        return r;
    r = compose(a, b->phone, q->message, b->language, digits, NULL, JZ_CODE_LIFE_S, err);
    jz_wipe(digits, sizeof digits);
    if (r < 0) {
        jz_codes_end(a->codes, sent->id);
        return r;
    }
    sent->expires_in_s = JZ_CODE_LIFE_S;
    if (!b->is_known) {
        const struct pair_key pair = account_pair(q->request->asker, q->key);
        (void)jz_pause_count(a->pauses, JZ_PAUSE_SUBJECT, q->key, strlen(q->key), q->now_s);
        (void)jz_pause_count(a->pauses, JZ_PAUSE_PAIR, pair.bytes, pair.size, q->now_s);
    }
    return 0;
}

/*
 * A number that is new to the person waits for the pause of the document; who is told so is
 * counted, or one could try which numbers are the person's.
 */
static int wait_for_subject(struct jz_account *a, const struct asking *q)
{
    const struct jz_asker asker = q->request->asker;
    const int wait = q->binding.is_known ? 0
                                         : jz_pause_left(a->pauses, JZ_PAUSE_SUBJECT, q->key,
                                                         strlen(q->key), q->now_s);
    if (wait > 0)
        (void)jz_pause_count(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, q->now_s);
    return wait;
}

/*
 * Every number waits for its own pause; meanwhile whoever asks joins the code that is on its way.
 */
static int send_or_join(struct jz_account *a, const struct asking *q, struct jz_code_sent *ret,
                        struct jz_answer *ret_answer, struct jz_error *err)
{
    const struct jz_code_binding *b = &q->binding;
    const size_t size = strlen(b->phone);
    struct jz_code_sent sent = { .again_in_s = 0 };
    int wait = wait_for_subject(a, q), r = 0;
    if (wait == 0 && (wait = jz_pause_enter(a->pauses, JZ_PAUSE_PHONE, b->phone, size, q->now_s,
                                            &sent.again_in_s)) == 0) {
        if ((r = send_code(a, q, &sent, err)) < 0) {
            /* Nothing came of it: the next try need not wait. */
            jz_pause_forget(a->pauses, JZ_PAUSE_PHONE, b->phone, size);
            return r;
        }
    } else if (jz_codes_join(a->codes, b, q->request->asker, q->now_s, sent.id,
                             &sent.expires_in_s)) {
        sent.again_in_s = wait;
    } else {
        *ret_answer = account_slow_down(wait);
        return 0;
    }
    jz_phone_mask(b->phone, sent.sent_to);
    *ret = sent;
    *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_DONE };
    return 0;
}

/* Whether the number is one of the person's already. */
static int look_up_phone(struct jz_account *a, struct jz_code_binding *b, struct jz_error *err)
{
    struct jz_contact contacts[JZ_CONTACTS_MAX];
    int count = 0;
    const int r = jz_contact_list(a->options.store, b->person, contacts, &count, err);
    b->is_known = false;
    for (int i = 0; i < count; i++)
        b->is_known |= strcmp(contacts[i].phone, b->phone) == 0;
    jz_wipe(contacts, sizeof contacts);
    return r;
}

/* ---- Asking ---- */

/* The field that is mistyped, NULL when all is well. */
static const char *take_request(struct asking *q, struct jz_error *err)
{
    const struct jz_code_request *r = q->request;
    char key[JZ_NAME_KEY_BYTES];
    if (!r->name || jz_name_key(r->name, key, err) < 0)
        return "name";
    if (!r->document || jz_document_parse(r->document, r->kind, r->issuer, &q->document, err) < 0)
        return "document";
    if (!r->phone || jz_phone_parse(r->phone, q->binding.phone, err) < 0)
        return "phone";
    if (r->by_helper) {
        if (!r->helper_name || jz_name_key(r->helper_name, key, err) < 0)
            return "helper_name";
        snprintf(q->binding.helper, sizeof q->binding.helper, "%s", r->helper_name);
    }
    jz_document_key(&q->document, q->key);
    return NULL;
}

static int ask(struct jz_account *a, struct asking *q, struct jz_code_sent *ret_sent,
               struct jz_answer *ret_answer, struct jz_error *err)
{
    const struct jz_code_request *request = q->request;
    const int wait = account_asker_wait(a, request->asker, q->key, q->now_s);
    if (wait > 0) {
        *ret_answer = account_slow_down(wait);
        return 0;
    }
    int r = jz_account_find(a, &q->document, request->name, &q->binding.person, err);
    if (r < 0)
        return r;
    if (!q->binding.person) {
        account_count_failure(a, request->asker, q->key, q->now_s);
        *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_NOT_FOUND };
        return 0;
    }
    /* A helper's number is never one of the person's. */
    if (!request->by_helper && (r = look_up_phone(a, &q->binding, err)) < 0)
        return r;
    return send_or_join(a, q, ret_sent, ret_answer, err);
}

static int check_outbox(const struct jz_account *a, const char *phone, struct jz_error *err)
{
    return a->options.outbox && jz_outbox_takes(a->options.outbox, phone)
               ? 0
               : jz_error_set(err, JZ_E_UNSUPPORTED,
                              "nothing is set up that sends codes to telephones");
}

int jz_account_ask_code(struct jz_account *a, const struct jz_code_request *request,
                        struct jz_code_sent *ret_sent, struct jz_answer *ret_answer,
                        struct jz_error *err)
{
    struct asking q = { .request = request, .now_s = account_now(a), .message = JZ_MESSAGE_CODE };
    q.binding.purpose = request->by_helper ? JZ_CODE_HELP : JZ_CODE_SIGN_IN;
    q.binding.language = request->language;
    const char *field = take_request(&q, err);
    int r = 0;
    if (field)
        *ret_answer = mistyped(field);
    else if ((r = check_outbox(a, q.binding.phone, err)) == 0)
        r = ask(a, &q, ret_sent, ret_answer, err);
    jz_wipe(&q, sizeof q);
    return r;
}

int jz_account_ask_contact(struct jz_account *a, int64_t person, const char *phone,
                           enum jz_language language, struct jz_asker asker,
                           struct jz_code_sent *ret_sent, struct jz_answer *ret_answer,
                           struct jz_error *err)
{
    const struct jz_code_request request = { .asker = asker };
    struct asking q = { .request = &request,
                        .now_s = account_now(a),
                        .message = JZ_MESSAGE_CONTACT_CODE,
                        .binding = {
                            .person = person, .purpose = JZ_CODE_CONTACT, .language = language } };
    int r = 0;
    snprintf(q.key, sizeof q.key, "person:%lld", (long long)person);
    if (jz_phone_parse(phone, q.binding.phone, err) < 0)
        *ret_answer = mistyped("phone");
    else if ((r = check_outbox(a, q.binding.phone, err)) == 0 &&
             (r = look_up_phone(a, &q.binding, err)) == 0)
        r = send_or_join(a, &q, ret_sent, ret_answer, err);
    jz_wipe(&q, sizeof q);
    return r;
}

/* ---- A code was typed ---- */

/*
 * The number answered: it is bound, or confirmed when that was long ago. The others are told of a
 * new one; a message that cannot be sent stops nothing.
 */
static int bind_phone(struct jz_account *a, const struct jz_code_binding *b, struct jz_error *err)
{
    struct jz_store *store = a->options.store;
    struct jz_contact contacts[JZ_CONTACTS_MAX];
    char mask[JZ_PHONE_BYTES];
    int count = 0, at = 0;
    int r = jz_contact_list(store, b->person, contacts, &count, err);
    if (r < 0)
        return r;
    while (at < count && strcmp(contacts[at].phone, b->phone) != 0)
        at++;
    const bool is_new = at == count;
    if (is_new ||
        jz_contact_is_due(&contacts[at], 1, jz_date_at(account_now(a)), a->options.contact_months))
        r = jz_contact_confirm(store, b->person, b->phone, JZ_BY_PERSON, err);
    jz_phone_mask(b->phone, mask);
    for (int i = 0; i < count && is_new && r == 0; i++)
        (void)compose(a, contacts[i].phone, JZ_MESSAGE_PHONE_ADDED, b->language, NULL, mask, 0,
                      NULL);
    jz_wipe(contacts, sizeof contacts);
    return r;
}

/* 1 and the binding when it is right; otherwise the answer, or an error. */
static int try_code(struct jz_account *a, const char *id, enum jz_code_purpose purpose,
                    const char *code, struct jz_asker asker, struct jz_code_binding *b,
                    struct jz_answer *ret_answer)
{
    const int64_t now = account_now(a);
    struct jz_answer answer = { .code = JZ_ANSWER_DONE };
    switch (jz_codes_try(a->codes, id, purpose, code, now, b, &answer.left)) {
    case JZ_CODE_RIGHT:
        return 1;
    case JZ_CODE_WRONG:
        (void)jz_pause_count(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now);
        answer.code = JZ_ANSWER_WRONG_CODE;
        break;
    case JZ_CODE_EXPIRED:
        answer.code = JZ_ANSWER_CODE_EXPIRED;
        break;
    }
    *ret_answer = answer;
    return 0;
}

int jz_account_sign_in(struct jz_account *a, const char *code_id, const char *code,
                       struct jz_asker asker, struct jz_signed_in *ret_signed_in,
                       struct jz_answer *ret_answer, struct jz_error *err)
{
    struct jz_code_binding b;
    if (try_code(a, code_id, JZ_CODE_SIGN_IN, code, asker, &b, ret_answer) == 0)
        return 0;
    struct jz_signed_in signed_in = { .person = b.person,
                                      .way = JZ_WAY_CODE,
                                      .by_helper = b.purpose == JZ_CODE_HELP };
    snprintf(signed_in.helper, sizeof signed_in.helper, "%s", b.helper);
    int r = signed_in.by_helper ? 0 : bind_phone(a, &b, err);
    /* Who has all the numbers there may be is let in without one more. */
    if (r == JZ_E_LIMIT)
        r = 0;
    if (r == 0) {
        jz_codes_end(a->codes, code_id);
        jz_pause_forget(a->pauses, JZ_PAUSE_PHONE, b.phone, strlen(b.phone));
        *ret_signed_in = signed_in;
        *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_DONE };
    }
    jz_wipe(&b, sizeof b);
    return r;
}

int jz_account_confirm_contact(struct jz_account *a, int64_t person, const char *code_id,
                               const char *code, struct jz_asker asker,
                               struct jz_answer *ret_answer, struct jz_error *err)
{
    struct jz_code_binding b;
    if (try_code(a, code_id, JZ_CODE_CONTACT, code, asker, &b, ret_answer) == 0)
        return 0;
    struct jz_answer answer = { .code = JZ_ANSWER_DONE };
    int r = 0;
    /* Somebody else's sign-in asked for it. */
    if (b.person != person)
        answer.code = JZ_ANSWER_CODE_EXPIRED;
    else if ((r = bind_phone(a, &b, err)) == JZ_E_LIMIT)
        answer.code = JZ_ANSWER_TOO_MANY_CONTACTS;
    if (r == 0 || r == JZ_E_LIMIT) {
        if (b.person == person)
            jz_codes_end(a->codes, code_id);
        *ret_answer = answer;
        r = 0;
    }
    jz_wipe(&b, sizeof b);
    return r;
}
