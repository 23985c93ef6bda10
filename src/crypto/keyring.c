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

struct jz_keyring {
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

int jz_keyring_new(const char *name, const struct jz_keyring_content *content,
                   struct jz_keyring **ret_keyring, struct jz_error *err)
{
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = calloc(1, sizeof *k);
    if (!k)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
    k->suite = content->suite;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        const struct jz_key_list *list = &content->keys[p];
        k->versions[p] = calloc(list->count, sizeof *k->versions[p]);
        if (!k->versions[p])
            return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
        for (unsigned i = 0; i < list->count; i++) {
            k->counts[p]++;
            int r = prepare(&k->versions[p][i], (enum jz_purpose)p, &list->versions[i], err);
            if (r < 0) {
                jz_error_prefix(err, "%s: %s, version %u", name,
                                jz_purpose_name((enum jz_purpose)p), i + 1);
                return r;
            }
        }
    }
    *ret_keyring = JZ_TAKE(k);
    return 0;
}

void jz_keyring_free(struct jz_keyring *k)
{
    if (!k)
        return;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        for (unsigned i = 0; i < k->counts[p]; i++) {
            struct version *v = &k->versions[p][i];
            if (v->seal)
                jz_seal_key_done(v->seal);
            free(v->seal);
            EVP_PKEY_free(v->sign);
        }
        free(k->versions[p]);
    }
    free(k);
}

enum jz_suite jz_keyring_suite(const struct jz_keyring *k)
{
    return k->suite;
}

unsigned jz_keyring_versions(const struct jz_keyring *k, enum jz_purpose purpose)
{
    return (unsigned)purpose < JZ_PURPOSES ? k->counts[purpose] : 0;
}

/* NULL when there is no such version. */
static const struct version *find(const struct jz_keyring *k, enum jz_purpose purpose,
                                  unsigned version)
{
    return version >= 1 && version <= jz_keyring_versions(k, purpose)
               ? &k->versions[purpose][version - 1]
               : NULL;
}

static const struct version *newest(const struct jz_keyring *k, enum jz_purpose purpose)
{
    return &k->versions[purpose][k->counts[purpose] - 1];
}

const char *jz_keyring_created(const struct jz_keyring *k, enum jz_purpose purpose,
                               unsigned version)
{
    const struct version *v = find(k, purpose, version);
    return v ? v->created : NULL;
}

size_t jz_seal_overhead(const struct jz_keyring *k)
{
    return jz_seal_key_overhead(newest(k, JZ_KEY_IDENTITY)->seal);
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
    return jz_seal(newest(k, purpose)->seal, k->counts[purpose], kind, context, data, size,
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
    const struct version *v = find(k, purpose, version);
    if (!v)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "sealed with version %u of the key '%s', and the keyring ends at %u: "
                            "open the newer keyring",
                            version, jz_purpose_name(purpose), k->counts[purpose]);
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
    const struct version *v = find(k, purpose, version);
    if (!v)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the key '%s' has no version %u",
                            jz_purpose_name(purpose), version);
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
    int r = subject_key(k, context, wrapped, wrapped_size, k->suite, &key, err);
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

int jz_keyring_sign(const struct jz_keyring *k, const char *domain, const void *data, size_t size,
                    uint8_t ret_signature[JZ_SIGNATURE_BYTES], struct jz_error *err)
{
    return jz_sign_in_domain(k->suite, newest(k, JZ_KEY_SIGN)->sign, domain, data, size,
                             ret_signature, err);
}

int jz_keyring_sign_with(const struct jz_keyring *k, unsigned version, const char *domain,
                         const void *data, size_t size, uint8_t ret_signature[JZ_SIGNATURE_BYTES],
                         struct jz_error *err)
{
    const struct version *v = find(k, JZ_KEY_SIGN, version);
    if (!v)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the signing key has no version %u", version);
    return jz_sign_in_domain(v->public.suite, v->sign, domain, data, size, ret_signature, err);
}

int jz_keyring_public(const struct jz_keyring *k, unsigned version, struct jz_public_key *ret_key,
                      struct jz_error *err)
{
    const struct version *v = find(k, JZ_KEY_SIGN, version);
    if (!v)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the signing key has no version %u", version);
    *ret_key = v->public;
    return 0;
}

int jz_keyring_sign_version(const struct jz_keyring *k, const uint8_t id[8], unsigned *ret_version,
                            struct jz_error *err)
{
    char text[17];
    for (unsigned v = jz_keyring_versions(k, JZ_KEY_SIGN); v > 0; v--)
        if (memcmp(find(k, JZ_KEY_SIGN, v)->public.id, id, 8) == 0) {
            *ret_version = v;
            return 0;
        }
    return jz_error_set(err, JZ_E_NOT_FOUND, "the keyring has no signing key %s",
                        jz_hex_write(id, 8, text));
}
