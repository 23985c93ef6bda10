#include "account/launch.h"

#include "account/account_internal.h"
#include "crypto/jose.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---- The payload ---- */

/* A claim that is a text; "" when it is not there. False: it is none, or longer than it may be. */
static bool take_text(json_t *claims, const char *name, char *ret, size_t room)
{
    json_t *value = json_object_get(claims, name);
    *ret = 0;
    if (!value)
        return true;
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) >= room || strlen(text) != json_string_length(value))
        return false;
    strcpy(ret, text);
    return true;
}

static bool take_time(json_t *claims, const char *name, int64_t *ret)
{
    json_t *value = json_object_get(claims, name);
    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret > 0 && *ret < INT32_MAX * 1000LL;
}

static int bad(const char *claim, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_FORMAT, "the launch token's %s is missing or not as it should be",
                        claim);
}

static int take_document(json_t *claims, struct jz_launch *launch, struct jz_error *err)
{
    char number[4 * JZ_DOCUMENT_NUMBER_BYTES], kind_name[32], issuer[JZ_DOCUMENT_ISSUER_BYTES];
    enum jz_document_kind kind = JZ_DOCUMENT_UNKNOWN;
    if (!take_text(claims, "document_kind", kind_name, sizeof kind_name) ||
        (*kind_name && !jz_document_kind_parse(kind_name, &kind)))
        return bad("document_kind", err);
    if (!take_text(claims, "issuer", issuer, sizeof issuer))
        return bad("issuer", err);
    if (!take_text(claims, "document", number, sizeof number) ||
        jz_document_parse(number, kind, *issuer ? issuer : NULL, &launch->document, NULL) < 0)
        return bad("document", err);
    return 0;
}

static int take_claims(json_t *claims, struct jz_launch *launch, struct jz_error *err)
{
    static const char visible[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
    char key[JZ_NAME_KEY_BYTES];
    if (!json_is_object(claims))
        return jz_error_set(err, JZ_E_FORMAT, "the launch token holds no JSON object");
    if (!take_text(claims, "iss", launch->issuer, sizeof launch->issuer) || !*launch->issuer)
        return bad("iss", err);
    if (!take_text(claims, "aud", launch->audience, sizeof launch->audience) || !*launch->audience)
        return bad("aud", err);
    if (!take_text(claims, "jti", launch->jti, sizeof launch->jti) ||
        strlen(launch->jti) < JZ_LAUNCH_JTI_MIN ||
        strspn(launch->jti, visible) != strlen(launch->jti))
        return bad("jti", err);
    if (!take_time(claims, "iat", &launch->issued_at))
        return bad("iat", err);
    if (!take_time(claims, "exp", &launch->expires_at))
        return bad("exp", err);
    if (!take_text(claims, "name", launch->name, sizeof launch->name) ||
        jz_name_key(launch->name, key, NULL) < 0)
        return bad("name", err);
    return take_document(claims, launch, err);
}

int jz_launch_parse(const char *payload, size_t size, struct jz_launch *ret_launch,
                    struct jz_error *err)
{
    struct jz_launch launch = { 0 };
    json_t *claims = json_loadb(payload, size, JSON_REJECT_DUPLICATES, NULL);
    const int r = take_claims(claims, &launch, err);
    json_decref(claims);
    if (r == 0)
        *ret_launch = launch;
    return r;
}

int jz_launch_check(const struct jz_launch *l, const char *caller, const char *audience,
                    int64_t now, struct jz_error *err)
{
    const char *why = NULL;
    if (strcmp(l->issuer, caller) != 0)
        why = "its iss is not the app whose key sealed it";
    else if (strcmp(l->audience, audience) != 0)
        why = "its aud is another service";
    else if (l->expires_at - l->issued_at > JZ_LAUNCH_LIFE_S || l->expires_at <= l->issued_at)
        why = "it is good for longer than five minutes, or for no time";
    else if (l->issued_at > now + JZ_LAUNCH_SKEW_S)
        why = "it was issued in the future: set the clocks right";
    else if (l->expires_at + JZ_LAUNCH_SKEW_S <= now)
        why = "it is over";
    return why ? jz_error_set(err, JZ_E_DENIED, "the launch token was refused: %s", why) : 0;
}

int jz_launch_write(const struct jz_launch *l, char **ret_payload, struct jz_error *err)
{
    json_t *claims =
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:s}", "iss", l->issuer, "aud", l->audience, "jti",
                  l->jti, "iat", (json_int_t)l->issued_at, "exp", (json_int_t)l->expires_at, "name",
                  l->name, "document", l->document.number, "document_kind",
                  jz_document_kind_info(l->document.kind)->name);
    if (claims && *l->document.issuer)
        json_object_set_new(claims, "issuer", json_string(l->document.issuer));
    char *payload = claims ? json_dumps(claims, JSON_COMPACT) : NULL;
    json_decref(claims);
    if (!payload)
        return jz_error_set(err, JZ_E_FORMAT, "the name is not UTF-8");
    *ret_payload = payload;
    return 0;
}

/* ---- Using one ---- */

struct using
{
    uint8_t hash[16];
    int64_t until;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    const struct using *u = context;
    const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
        [USED_TOKEN_HASH] = jz_blob(u->hash, sizeof u->hash),
        [USED_TOKEN_UNTIL] = jz_int(u->until),
    };
    const struct jz_sql_value now = jz_int(jz_entry_now(entry));
    jz_entry_put(entry, JZ_T_USED_TOKEN, row);
    jz_entry_run(entry, "DELETE FROM used_token WHERE until_at < $1", &now, 1);
    return 0;
}

/* On disk and for every process on the same database, so that nobody uses it again elsewhere. */
static int use(struct jz_store *store, const struct jz_launch *launch, struct jz_error *err)
{
    struct using u = { .until = launch->expires_at + 2 * JZ_LAUNCH_SKEW_S };
    struct jz_act act = { .decide = decide, .context = &u };
    uint8_t digest[JZ_DIGEST_BYTES];
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    int r = jz_hasher_new(JZ_SUITE_INTERNATIONAL, &hasher, err);
    if (r < 0)
        return r;
    const struct jz_bytes parts[] = { { launch->issuer, strlen(launch->issuer) + 1 },
                                      { launch->jti, strlen(launch->jti) } };
    jz_hasher_digest(hasher, parts, 2, digest);
    memcpy(u.hash, digest, sizeof u.hash);
    r = jz_store_act(store, &act, err);
    return r == JZ_E_CONFLICT
               ? jz_error_set(err, JZ_E_DENIED, "the launch token was refused: it was used before")
               : r;
}

static int open_token(struct jz_account *a, const char *token, struct jz_launch *ret_launch,
                      struct jz_error *err)
{
    struct jz_jose_header header;
    uint8_t key[JZ_CALLER_KEY_BYTES];
    char *payload = NULL;
    size_t size = 0;
    int r;
    if (!a->options.audience)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "this service takes no launch tokens");
    if ((r = jz_jose_read_header(token, &header, err)) < 0 ||
        (r = jz_caller_key(a->options.store, header.kid, key, err)) < 0)
        return r;
    r = jz_jwe_open(token, key, &payload, &size, err);
    jz_wipe(key, sizeof key);
    if (r < 0)
        return r;
    if ((r = jz_launch_parse(payload, size, ret_launch, err)) == 0)
        r = jz_launch_check(ret_launch, header.kid, a->options.audience, account_now(a), err);
    jz_wipe(payload, size);
    free(payload);
    return r;
}

/* What the token itself is to blame for; all else is this side's. */
static bool is_refusal(int code)
{
    return code == JZ_E_FORMAT || code == JZ_E_LIMIT || code == JZ_E_INTEGRITY ||
           code == JZ_E_DENIED || code == JZ_E_NOT_FOUND || code == JZ_E_UNSUPPORTED;
}

static int find_and_use(struct jz_account *a, const struct jz_launch *launch,
                        struct jz_signed_in *ret, struct jz_answer *ret_answer,
                        struct jz_error *err)
{
    struct jz_signed_in signed_in = { .way = JZ_WAY_LAUNCH };
    int r = use(a->options.store, launch, err);
    if (r < 0 ||
        (r = jz_account_find(a, &launch->document, launch->name, &signed_in.person, err)) < 0)
        return r;
    snprintf(signed_in.caller, sizeof signed_in.caller, "%s", launch->issuer);
    *ret_answer =
        (struct jz_answer){ .code = signed_in.person ? JZ_ANSWER_DONE : JZ_ANSWER_NOT_FOUND };
    if (signed_in.person)
        *ret = signed_in;
    return 0;
}

int jz_account_launch(struct jz_account *a, const char *token, struct jz_asker asker,
                      struct jz_signed_in *ret_signed_in, struct jz_answer *ret_answer,
                      struct jz_error *err)
{
    const int64_t now = account_now(a);
    struct jz_launch launch;
    const int wait = jz_pause_left(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now);
    if (wait > 0) {
        *ret_answer = account_slow_down(wait);
        return 0;
    }
    int r = open_token(a, token, &launch, err);
    if (r == 0)
        r = find_and_use(a, &launch, ret_signed_in, ret_answer, err);
    jz_wipe(&launch, sizeof launch);
    if (!is_refusal(r))
        return r;
    (void)jz_pause_count(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now);
    *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_TOKEN_REFUSED };
    return 0;
}
