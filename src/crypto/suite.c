#include "crypto/primitive_internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static const struct {
    enum jz_suite suite;
    const char *name;
} suites[] = {
    { JZ_SUITE_INTERNATIONAL, "international" },
    { JZ_SUITE_GUOMI, "guomi" },
};

const char *jz_suite_name(enum jz_suite suite)
{
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        if (suites[i].suite == suite)
            return suites[i].name;
    return NULL;
}

int jz_suite_parse(const char *name, enum jz_suite *ret_suite, struct jz_error *err)
{
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        if (strcmp(suites[i].name, name) == 0) {
            *ret_suite = suites[i].suite;
            return 0;
        }
    return jz_error_set(err, JZ_E_USAGE,
                        "'%.40s' is not a suite; there are international and guomi", name);
}

struct jz_hasher {
    EVP_MD_CTX *digest;
};

int jz_hasher_new(enum jz_suite suite, struct jz_hasher **ret_hasher, struct jz_error *err)
{
    const struct jz_algorithms *algorithms;
    int r = jz_algorithms_get(suite, &algorithms, err);
    if (r < 0)
        return r;
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = calloc(1, sizeof *hasher);
    if (!hasher || !(hasher->digest = EVP_MD_CTX_new()) ||
        EVP_DigestInit_ex2(hasher->digest, algorithms->digest, NULL) != 1)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a digest");
    *ret_hasher = JZ_TAKE(hasher);
    return 0;
}

void jz_hasher_free(struct jz_hasher *hasher)
{
    if (hasher)
        EVP_MD_CTX_free(hasher->digest);
    free(hasher);
}

void jz_hasher_begin(struct jz_hasher *hasher)
{
    if (EVP_DigestInit_ex2(hasher->digest, NULL, NULL) != 1)
        abort();
}

void jz_hasher_update(struct jz_hasher *hasher, const void *data, size_t size)
{
    if (EVP_DigestUpdate(hasher->digest, data, size) != 1)
        abort();
}

void jz_hasher_finish(struct jz_hasher *hasher, uint8_t ret_digest[JZ_DIGEST_BYTES])
{
    if (EVP_DigestFinal_ex(hasher->digest, ret_digest, NULL) != 1)
        abort();
}

void jz_hasher_digest(struct jz_hasher *hasher, const struct jz_bytes *parts, size_t count,
                      uint8_t ret_digest[JZ_DIGEST_BYTES])
{
    jz_hasher_begin(hasher);
    for (size_t i = 0; i < count; i++)
        jz_hasher_update(hasher, parts[i].data, parts[i].size);
    jz_hasher_finish(hasher, ret_digest);
}

bool jz_secret_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

void jz_wipe(void *data, size_t size)
{
    OPENSSL_cleanse(data, size);
}
