#include "crypto/seal_internal.h"

#include "crypto/keyring.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>

struct jz_seal_context {
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *mac;
};

static void context_free(struct jz_seal_context *c)
{
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->cipher);
    EVP_MAC_CTX_free(c->mac);
    free(c);
}

static struct jz_seal_context *context_new(const struct jz_seal_key *key)
{
    struct jz_seal_context *c = calloc(1, sizeof *c);
    if (c) {
        c->cipher = jz_cipher_new(key->algorithms, key->cipher_key);
        c->mac = jz_mac_new(key->algorithms, key->mac_key, sizeof key->mac_key);
    }
    if (c && c->cipher && c->mac)
        return c;
    context_free(c);
    return NULL;
}

/* Threads are numbered as they come, so that few of them share a place. */
static unsigned my_place(void)
{
    static _Atomic unsigned threads;
    static _Thread_local unsigned place;
    if (place == 0)
        place = 1 + atomic_fetch_add(&threads, 1) % JZ_SHELF_PLACES;
    return place - 1;
}

static struct jz_seal_context *borrow(struct jz_seal_key *key, struct jz_error *err)
{
    struct jz_seal_context *c = atomic_exchange(&key->shelf[my_place()].context, NULL);
    if (!c && !(c = context_new(key)))
        jz_error_set(err, JZ_E_MEMORY, "out of memory for a cipher");
    return c;
}

static void give_back(struct jz_seal_key *key, struct jz_seal_context *c)
{
    context_free(atomic_exchange(&key->shelf[my_place()].context, c));
}

static void derive(EVP_MAC_CTX *mac, const char *label, uint8_t *ret_key, size_t size)
{
    uint8_t whole[JZ_DIGEST_BYTES];
    jz_mac_compute(mac, &(struct jz_bytes){ label, strlen(label) }, 1, whole);
    memcpy(ret_key, whole, size);
    jz_wipe(whole, sizeof whole);
}

int jz_seal_key_init(struct jz_seal_key *key, enum jz_suite suite,
                     const uint8_t secret[JZ_SECRET_BYTES], struct jz_error *err)
{
    const struct jz_algorithms *algorithms;
    int r = jz_algorithms_get(suite, &algorithms, err);
    if (r < 0)
        return r;
    EVP_MAC_CTX *mac = jz_mac_new(algorithms, secret, JZ_SECRET_BYTES);
    if (!mac)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a key");
    *key = (struct jz_seal_key){ .algorithms = algorithms, .suite = suite };
    derive(mac, "jianzai cipher", key->cipher_key, algorithms->cipher_key_bytes);
    derive(mac, "jianzai mac", key->mac_key, sizeof key->mac_key);
    EVP_MAC_CTX_free(mac);
    return 0;
}

void jz_seal_key_done(struct jz_seal_key *key)
{
    for (int i = 0; i < JZ_SHELF_PLACES; i++)
        context_free(atomic_exchange(&key->shelf[i].context, NULL));
    jz_wipe(key->cipher_key, sizeof key->cipher_key);
    jz_wipe(key->mac_key, sizeof key->mac_key);
}

size_t jz_seal_key_overhead(const struct jz_seal_key *key)
{
    return JZ_SEAL_HEADER_BYTES + key->algorithms->nonce_bytes + key->algorithms->tag_bytes;
}

static int check_sizes(struct jz_bytes context, size_t size, struct jz_error *err)
{
    if (size > JZ_SEAL_MAX_BYTES || context.size > JZ_SEAL_MAX_CONTEXT_BYTES)
        return jz_error_set(err, JZ_E_LIMIT,
                            "%zu bytes with a context of %zu: at most %d and %d are sealed at once",
                            size, context.size, JZ_SEAL_MAX_BYTES, JZ_SEAL_MAX_CONTEXT_BYTES);
    return 0;
}

/* Encrypt-then-MAC. The length before the context keeps context and nonce apart. */
static void ctr_tag(EVP_MAC_CTX *mac, const uint8_t *header, uint8_t kind, struct jz_bytes context,
                    const uint8_t *nonce_and_ciphertext, size_t size,
                    uint8_t ret_tag[JZ_DIGEST_BYTES])
{
    const uint8_t start[] = {
        header[0], header[1], header[2], kind, (uint8_t)(context.size >> 8), (uint8_t)context.size
    };
    const struct jz_bytes parts[] = { { start, sizeof start },
                                      context,
                                      { nonce_and_ciphertext, size } };
    jz_mac_compute(mac, parts, 3, ret_tag);
}

int jz_seal(struct jz_seal_key *key, unsigned version, enum jz_seal_kind kind,
            struct jz_bytes context, const void *data, size_t size, uint8_t *ret_sealed,
            size_t *ret_size, struct jz_error *err)
{
    int r = check_sizes(context, size, err);
    if (r < 0)
        return r;
    struct jz_seal_context *c = borrow(key, err);
    if (!c)
        return JZ_E_MEMORY;
    const size_t nonce_bytes = key->algorithms->nonce_bytes;
    const uint8_t start[] = { (uint8_t)key->suite, (uint8_t)(version >> 8), (uint8_t)version,
                              (uint8_t)kind };
    uint8_t *nonce = ret_sealed + JZ_SEAL_HEADER_BYTES, *text = nonce + nonce_bytes;
    memcpy(ret_sealed, start, JZ_SEAL_HEADER_BYTES);
    jz_random(nonce, nonce_bytes);
    if (key->suite == JZ_SUITE_INTERNATIONAL) {
        const struct jz_bytes aad[] = { { start, sizeof start }, context };
        jz_gcm_seal(c->cipher, nonce, aad, 2, data, size, text, text + size);
    } else {
        jz_ctr_crypt(c->cipher, nonce, data, size, text);
        ctr_tag(c->mac, start, start[3], context, nonce, nonce_bytes + size, text + size);
    }
    give_back(key, c);
    *ret_size = size + jz_seal_key_overhead(key);
    return 0;
}

int jz_sealed_read(const void *sealed, size_t size, enum jz_suite *ret_suite, unsigned *ret_version,
                   struct jz_error *err)
{
    const uint8_t *bytes = sealed;
    if (size < JZ_SEAL_MIN_BYTES ||
        (bytes[0] != JZ_SUITE_INTERNATIONAL && bytes[0] != JZ_SUITE_GUOMI) ||
        (bytes[1] == 0 && bytes[2] == 0))
        return jz_error_set(err, JZ_E_FORMAT, "%zu bytes that are not a sealed value", size);
    *ret_suite = (enum jz_suite)bytes[0];
    *ret_version = (unsigned)bytes[1] << 8 | bytes[2];
    return 0;
}

int jz_unseal(struct jz_seal_key *key, enum jz_seal_kind kind, struct jz_bytes context,
              const void *sealed, size_t size, uint8_t *ret_data, size_t *ret_size,
              struct jz_error *err)
{
    const size_t overhead = jz_seal_key_overhead(key), nonce_bytes = key->algorithms->nonce_bytes;
    const uint8_t *bytes = sealed;
    if (size < overhead || bytes[0] != (uint8_t)key->suite)
        return jz_error_set(err, JZ_E_INTEGRITY, "the sealed value is cut short or changed");
    const size_t length = size - overhead;
    int r = check_sizes(context, length, err);
    if (r < 0)
        return r;
    struct jz_seal_context *c = borrow(key, err);
    if (!c)
        return JZ_E_MEMORY;
    const uint8_t start[] = { bytes[0], bytes[1], bytes[2], (uint8_t)kind };
    const uint8_t *nonce = bytes + JZ_SEAL_HEADER_BYTES, *text = nonce + nonce_bytes;
    bool good;
    if (key->suite == JZ_SUITE_INTERNATIONAL) {
        const struct jz_bytes aad[] = { { start, sizeof start }, context };
        good = jz_gcm_unseal(c->cipher, nonce, aad, 2, text, length, ret_data, text + length);
    } else {
        uint8_t tag[JZ_DIGEST_BYTES];
        ctr_tag(c->mac, start, start[3], context, nonce, nonce_bytes + length, tag);
        good = jz_secret_equal(tag, text + length, sizeof tag);
        if (good)
            jz_ctr_crypt(c->cipher, nonce, text, length, ret_data);
    }
    give_back(key, c);
    if (!good)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the sealed value does not open: it was changed, or sealed with "
                            "another key or for another place");
    *ret_size = length;
    return 0;
}

int jz_seal_key_mac(struct jz_seal_key *key, const void *data, size_t size,
                    uint8_t ret_mac[JZ_DIGEST_BYTES], struct jz_error *err)
{
    struct jz_seal_context *c = borrow(key, err);
    if (!c)
        return JZ_E_MEMORY;
    jz_mac_compute(c->mac, &(struct jz_bytes){ data, size }, 1, ret_mac);
    give_back(key, c);
    return 0;
}
