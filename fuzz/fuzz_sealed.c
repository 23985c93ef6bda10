/*
 * A sealed value under a keyring that is no secret. The first byte says how it is opened. Nothing
 * but what this keyring sealed opens, so the corpus holds such values.
 */
#include "crypto/keyring_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two versions, one of each suite. */
static struct jz_keyring *make_keyring(void)
{
    struct jz_keyring *keyring = NULL;
    struct jz_keyring_content *content = jz_keyring_content_new();
    struct jz_error err;
    if (!content)
        abort();
    content->suite = JZ_SUITE_GUOMI;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        if (jz_key_list_grow(&content->keys[p], 2, &err) < 0)
            abort();
        for (int i = 0; i < 2; i++) {
            struct jz_key_version *v = &content->keys[p].versions[i];
            v->suite = i == 0 ? JZ_SUITE_INTERNATIONAL : JZ_SUITE_GUOMI;
            memset(v->secret, 16 * p + i + 1, sizeof v->secret);
        }
    }
    if (jz_keyring_new("fixed", content, &keyring, &err) < 0)
        abort();
    jz_keyring_content_free(content);
    return keyring;
}

static void sealed_value(const struct jz_keyring *k, bool biometric, const uint8_t *data,
                         size_t size)
{
    static const struct jz_bytes context = { "context", 7 };
    const enum jz_purpose purpose = biometric ? JZ_KEY_BIOMETRIC : JZ_KEY_IDENTITY;
    const unsigned version = jz_sealed_version(data, size);
    struct jz_error err = { 0 };
    jz_autofree uint8_t *back = malloc(size + 1), *again = malloc(size + JZ_SEAL_MAX_OVERHEAD);
    size_t n = 0, m = 0;
    if (!back || !again)
        return;
    const int r = jz_keyring_unseal(k, purpose, context, data, size, back, &n, &err);
    if (r < 0 && (err.code != r || n != 0))
        abort();
    if (r == JZ_E_FORMAT ? version != 0 : version == 0)
        abort();
    if (r < 0)
        return;
    if (n >= size || version > 2 ||
        jz_keyring_seal(k, purpose, context, back, n, again, &m, &err) < 0 ||
        m != n + jz_seal_overhead(k))
        abort();
}

/* The value is its own wrapped key up to the length in the second byte. */
static void subject_value(const struct jz_keyring *k, const uint8_t *data, size_t size)
{
    static const struct jz_bytes context = { "context", 7 };
    const size_t wrapped = size > 0 && data[0] < size - 1 ? data[0] : 0;
    struct jz_error err = { 0 };
    jz_autofree uint8_t *back = malloc(size + 1);
    uint8_t rewrapped[JZ_SUBJECT_KEY_MAX_BYTES];
    size_t n = 0;
    if (!back || size == 0)
        return;
    data++;
    size--;
    int r = jz_subject_key_rewrap(k, context, data, wrapped, rewrapped, &n, &err);
    if (r < 0 && (err.code != r || n != 0))
        abort();
    r = jz_subject_unseal(k, context, data, wrapped, data + wrapped, size - wrapped, back, &n,
                          &err);
    if (r < 0 ? err.code != r : n >= size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jz_keyring *keyring;
    if (!keyring)
        keyring = make_keyring();
    if (size == 0)
        return 0;
    if (data[0] % 3 == 2)
        subject_value(keyring, data + 1, size - 1);
    else
        sealed_value(keyring, data[0] % 3 == 1, data + 1, size - 1);
    return 0;
}
