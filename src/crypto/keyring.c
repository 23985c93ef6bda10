#include "crypto/keyring_internal.h"

#include "base/hex.h"
#include "crypto/sign_internal.h"

#include <openssl/evp.h>
#include <string.h>

/* One version in use: `seal` for four of the purposes, `sign` for the fifth. */
struct version {
    char created[JZ_CREATED_BYTES];
    struct jz_seal_key *seal;
    EVP_PKEY *sign;
    struct jz_public_key public;
};

struct jz_key_set {
    enum jz_suite suite;
    unsigned counts[JZ_PURPOSES];
    struct version *versions[JZ_PURPOSES];
};

static int prepare(struct version *v, enum jz_purpose purpose, const struct jz_key_version *from,
                   struct jz_error *err)
{
    memcpy(v->created, from->created, sizeof v->created);
    if (purpose == JZ_KEY_SIGN)
        return jz_sign_key_new(from->suite, from->secret, &v->sign, &v->public, err);
    v->seal = aligned_alloc(_Alignof(struct jz_seal_key), sizeof *v->seal);
    if (!v->seal)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *v->seal = (struct jz_seal_key){ 0 };
    return jz_seal_key_init(v->seal, from->suite, from->secret, err);
}

int jz_key_set_new(const char *name, const struct jz_keyring_content *content,
                   struct jz_key_set **ret_set, struct jz_error *err)
{
    JZ_CLEANUP(jz_key_set_freep) struct jz_key_set *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
    s->suite = content->suite;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        const struct jz_key_list *list = &content->keys[p];
        s->versions[p] = calloc(list->count, sizeof *s->versions[p]);
        if (!s->versions[p])
            return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
        for (unsigned i = 0; i < list->count; i++) {
            s->counts[p]++;
            int r = prepare(&s->versions[p][i], (enum jz_purpose)p, &list->versions[i], err);
            if (r < 0) {
                jz_error_prefix(err, "%s: %s, version %u", name,
                                jz_purpose_name((enum jz_purpose)p), i + 1);
                return r;
            }
        }
    }
    *ret_set = JZ_TAKE(s);
    return 0;
}

void jz_key_set_free(struct jz_key_set *s)
{
    if (!s)
        return;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        for (unsigned i = 0; i < s->counts[p]; i++) {
            struct version *v = &s->versions[p][i];
            if (v->seal)
                jz_seal_key_done(v->seal);
            free(v->seal);
            EVP_PKEY_free(v->sign);
        }
        free(s->versions[p]);
    }
    free(s);
}

/* Secrets are not kept as they were read: what two keys make of the same bytes tells. */
static bool is_same(const struct version *a, const struct version *b)
{
    static const char probe[] = "which key is it";
    uint8_t x[JZ_DIGEST_BYTES], y[JZ_DIGEST_BYTES];
    if (a->sign)
        return b->sign && a->public.suite == b->public.suite &&
               memcmp(a->public.bytes, b->public.bytes, sizeof a->public.bytes) == 0;
    return jz_seal_key_mac(a->seal, probe, sizeof probe, x, NULL) == 0 &&
           jz_seal_key_mac(b->seal, probe, sizeof probe, y, NULL) == 0 &&
           memcmp(x, y, sizeof x) == 0;
}

enum jz_key_change jz_key_set_compare(const struct jz_key_set *set, const struct jz_key_set *later)
{
    bool grew = false;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        if (later->counts[p] < set->counts[p])
            return JZ_KEYS_FOREIGN;
        for (unsigned i = 0; i < set->counts[p]; i++)
            if (!is_same(&set->versions[p][i], &later->versions[p][i]))
                return JZ_KEYS_FOREIGN;
        grew |= later->counts[p] > set->counts[p];
    }
    return grew ? JZ_KEYS_GREW : JZ_KEYS_SAME;
}

int jz_keyring_new(const char *name, const struct jz_keyring_content *content,
                   struct jz_keyring **ret_keyring, struct jz_error *err)
{
    struct jz_key_set *set = NULL;
    const int r = jz_key_set_new(name, content, &set, err);
    return r < 0 ? r : jz_keyring_watch(set, NULL, NULL, NULL, ret_keyring, err);
}

enum jz_suite jz_keyring_suite(const struct jz_keyring *k)
{
    return jz_keyring_set(k)->suite;
}

static unsigned count(const struct jz_key_set *s, enum jz_purpose purpose)
{
    return (unsigned)purpose < JZ_PURPOSES ? s->counts[purpose] : 0;
}

unsigned jz_keyring_versions(const struct jz_keyring *k, enum jz_purpose purpose)
{
    return count(jz_keyring_set(k), purpose);
}

static const struct version *find_in(const struct jz_key_set *s, enum jz_purpose purpose,
                                     unsigned version)
{
    return version >= 1 && version <= count(s, purpose) ? &s->versions[purpose][version - 1] : NULL;
}

/* NULL when there is no such version, not even in the file by now; `why` says what is wrong with
 * it.
 */
static const struct version *find(const struct jz_keyring *k, enum jz_purpose purpose,
                                  unsigned version, struct jz_error *why)
{
    const struct version *v = find_in(jz_keyring_set(k), purpose, version);
    why->text[0] = 0;
    if (v)
        return v;
    (void)!jz_keyring_look(k, why);
    return find_in(jz_keyring_set(k), purpose, version);
}

static int no_version(const struct jz_keyring *k, enum jz_purpose purpose, unsigned version,
                      const struct jz_error *why, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_NOT_FOUND,
                        "the key '%s' has no version %u here, the newest is %u%s%.300s",
                        jz_purpose_name(purpose), version, jz_keyring_versions(k, purpose),
                        *why->text ? "; its file cannot be taken over: " : "", why->text);
}

static const struct version *newest(const struct jz_key_set *s, enum jz_purpose purpose)
{
    return &s->versions[purpose][s->counts[purpose] - 1];
}

const char *jz_keyring_created(const struct jz_keyring *k, enum jz_purpose purpose,
                               unsigned version)
{
    const struct version *v = find_in(jz_keyring_set(k), purpose, version);
    return v ? v->created : NULL;
}

size_t jz_seal_overhead(const struct jz_keyring *k)
{
    return jz_seal_key_overhead(newest(jz_keyring_set(k), JZ_KEY_IDENTITY)->seal);
}

unsigned jz_sealed_version(const void *sealed, size_t size)
{
    enum jz_suite suite;
    unsigned version;
    return jz_sealed_read(sealed, size, &suite, &version, NULL) == 0 ? version : 0;
}

static int check_purpose(enum jz_purpose purpose, enum jz_purpose one, enum jz_purpose other,
                         const char *verb, struct jz_error *err)
{
    if (purpose == one || purpose == other)
        return 0;
    const char *name = jz_purpose_name(purpose);
    return jz_error_set(err, JZ_E_USAGE, "the key '%s' is not there to %s", name ? name : "?",
                        verb);
}

static int seal(const struct jz_keyring *k, enum jz_purpose purpose, enum jz_seal_kind kind,
                struct jz_bytes context, const void *data, size_t size, uint8_t *ret_sealed,
                size_t *ret_size, struct jz_error *err)
{
    const struct jz_key_set *s = jz_keyring_set(k);
    return jz_seal(newest(s, purpose)->seal, s->counts[purpose], kind, context, data, size,
                   ret_sealed, ret_size, err);
}

static int unseal(const struct jz_keyring *k, enum jz_purpose purpose, enum jz_seal_kind kind,
                  struct jz_bytes context, const void *sealed, size_t size, uint8_t *ret_data,
                  size_t *ret_size, struct jz_error *err)
{
    enum jz_suite suite;
    unsigned version;
    int r = jz_sealed_read(sealed, size, &suite, &version, err);
    if (r < 0)
        return r;
    struct jz_error why;
    const struct version *v = find(k, purpose, version, &why);
    if (!v)
        return no_version(k, purpose, version, &why, err);
    return jz_unseal(v->seal, kind, context, sealed, size, ret_data, ret_size, err);
}

int jz_keyring_seal(const struct jz_keyring *k, enum jz_purpose purpose, struct jz_bytes context,
                    const void *data, size_t size, uint8_t *ret_sealed, size_t *ret_size,
                    struct jz_error *err)
{
    int r = check_purpose(purpose, JZ_KEY_IDENTITY, JZ_KEY_BIOMETRIC, "seal", err);
    if (r < 0)
        return r;
    return seal(k, purpose, JZ_SEAL_VALUE, context, data, size, ret_sealed, ret_size, err);
}

int jz_keyring_unseal(const struct jz_keyring *k, enum jz_purpose purpose, struct jz_bytes context,
                      const void *sealed, size_t size, uint8_t *ret_data, size_t *ret_size,
                      struct jz_error *err)
{
    int r = check_purpose(purpose, JZ_KEY_IDENTITY, JZ_KEY_BIOMETRIC, "seal", err);
    if (r < 0)
        return r;
    return unseal(k, purpose, JZ_SEAL_VALUE, context, sealed, size, ret_data, ret_size, err);
}

int jz_keyring_lookup(const struct jz_keyring *k, enum jz_purpose purpose, unsigned version,
                      const void *data, size_t size, uint8_t ret_hash[JZ_LOOKUP_BYTES],
                      struct jz_error *err)
{
    uint8_t mac[JZ_DIGEST_BYTES];
    int r = check_purpose(purpose, JZ_KEY_LOOKUP, JZ_KEY_LOG, "hash", err);
    if (r < 0)
        return r;
    struct jz_error why;
    const struct version *v = find(k, purpose, version, &why);
    if (!v)
        return no_version(k, purpose, version, &why, err);
    if ((r = jz_seal_key_mac(v->seal, data, size, mac, err)) < 0)
        return r;
    memcpy(ret_hash, mac, JZ_LOOKUP_BYTES);
    return 0;
}

int jz_subject_key_new(const struct jz_keyring *k, struct jz_bytes context,
                       uint8_t ret_wrapped[JZ_SUBJECT_KEY_MAX_BYTES], size_t *ret_size,
                       struct jz_error *err)
{
    uint8_t secret[JZ_SECRET_BYTES];
    jz_random(secret, sizeof secret);
    int r = seal(k, JZ_KEY_BIOMETRIC, JZ_SEAL_SUBJECT_KEY, context, secret, sizeof secret,
                 ret_wrapped, ret_size, err);
    jz_wipe(secret, sizeof secret);
    return r;
}

static int unwrap(const struct jz_keyring *k, struct jz_bytes context, const void *wrapped,
                  size_t size, uint8_t ret_secret[JZ_SECRET_BYTES], struct jz_error *err)
{
    uint8_t secret[JZ_SUBJECT_KEY_MAX_BYTES];
    size_t n = 0;
    int r;
    if (size > sizeof secret)
        return jz_error_set(err, JZ_E_FORMAT, "%zu bytes that are not the key of a person", size);
    r = unseal(k, JZ_KEY_BIOMETRIC, JZ_SEAL_SUBJECT_KEY, context, wrapped, size, secret, &n, err);
    if (r == 0 && n != JZ_SECRET_BYTES)
        r = jz_error_set(err, JZ_E_FORMAT, "%zu bytes that are not the key of a person", size);
    if (r == 0)
        memcpy(ret_secret, secret, JZ_SECRET_BYTES);
    else
        jz_error_prefix(err, "the key of the person");
    jz_wipe(secret, sizeof secret);
    return r;
}

int jz_subject_key_rewrap(const struct jz_keyring *k, struct jz_bytes context, const void *wrapped,
                          size_t size, uint8_t ret_wrapped[JZ_SUBJECT_KEY_MAX_BYTES],
                          size_t *ret_size, struct jz_error *err)
{
    uint8_t secret[JZ_SECRET_BYTES];
    int r = unwrap(k, context, wrapped, size, secret, err);
    if (r < 0)
        return r;
    r = seal(k, JZ_KEY_BIOMETRIC, JZ_SEAL_SUBJECT_KEY, context, secret, sizeof secret, ret_wrapped,
             ret_size, err);
    jz_wipe(secret, sizeof secret);
    return r;
}

static int subject_key(const struct jz_keyring *k, struct jz_bytes context, const void *wrapped,
                       size_t size, enum jz_suite suite, struct jz_seal_key *ret_key,
                       struct jz_error *err)
{
    uint8_t secret[JZ_SECRET_BYTES];
    int r = unwrap(k, context, wrapped, size, secret, err);
    if (r < 0)
        return r;
    r = jz_seal_key_init(ret_key, suite, secret, err);
    jz_wipe(secret, sizeof secret);
    return r;
}

/* A subject has one key for good, so what it seals always names version 1. */
enum { SUBJECT_VERSION = 1 };

int jz_subject_seal(const struct jz_keyring *k, struct jz_bytes context, const void *wrapped,
                    size_t wrapped_size, const void *data, size_t size, uint8_t *ret_sealed,
                    size_t *ret_size, struct jz_error *err)
{
    JZ_CLEANUP(jz_seal_key_done) struct jz_seal_key key = { 0 };
    int r = subject_key(k, context, wrapped, wrapped_size, jz_keyring_suite(k), &key, err);
    if (r < 0)
        return r;
    return jz_seal(&key, SUBJECT_VERSION, JZ_SEAL_OF_SUBJECT, context, data, size, ret_sealed,
                   ret_size, err);
}

int jz_subject_unseal(const struct jz_keyring *k, struct jz_bytes context, const void *wrapped,
                      size_t wrapped_size, const void *sealed, size_t size, uint8_t *ret_data,
                      size_t *ret_size, struct jz_error *err)
{
    JZ_CLEANUP(jz_seal_key_done) struct jz_seal_key key = { 0 };
    enum jz_suite suite;
    unsigned version;
    int r = jz_sealed_read(sealed, size, &suite, &version, err);
    if (r < 0 || (r = subject_key(k, context, wrapped, wrapped_size, suite, &key, err)) < 0)
        return r;
    return jz_unseal(&key, JZ_SEAL_OF_SUBJECT, context, sealed, size, ret_data, ret_size, err);
}

int jz_keyring_sign(const struct jz_keyring *k, unsigned version, const char *domain,
                    const void *data, size_t size, uint8_t ret_signature[JZ_SIGNATURE_BYTES],
                    struct jz_error *err)
{
    struct jz_error why;
    const struct version *v = find(k, JZ_KEY_SIGN, version, &why);
    if (!v)
        return no_version(k, JZ_KEY_SIGN, version, &why, err);
    return jz_sign_in_domain(v->public.suite, v->sign, domain, data, size, ret_signature, err);
}

int jz_keyring_public(const struct jz_keyring *k, unsigned version, struct jz_public_key *ret_key,
                      struct jz_error *err)
{
    struct jz_error why;
    const struct version *v = find(k, JZ_KEY_SIGN, version, &why);
    if (!v)
        return no_version(k, JZ_KEY_SIGN, version, &why, err);
    *ret_key = v->public;
    return 0;
}

static unsigned find_id(const struct jz_key_set *s, const uint8_t id[8])
{
    unsigned v = s->counts[JZ_KEY_SIGN];
    while (v > 0 && memcmp(s->versions[JZ_KEY_SIGN][v - 1].public.id, id, 8) != 0)
        v--;
    return v;
}

int jz_keyring_sign_version(const struct jz_keyring *k, const uint8_t id[8], unsigned *ret_version,
                            struct jz_error *err)
{
    char text[17];
    unsigned version = find_id(jz_keyring_set(k), id);
    if (version == 0) {
        jz_keyring_refresh(k);
        version = find_id(jz_keyring_set(k), id);
    }
    if (version == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the keyring has no signing key %s",
                            jz_hex_write(id, 8, text));
    *ret_version = version;
    return 0;
}
