#include "crypto/primitive_internal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

static struct jz_algorithms international = {
    .digest_name = "SHA256",
    .cipher_key_bytes = 32,
    .nonce_bytes = JZ_GCM_NONCE_BYTES,
    .tag_bytes = JZ_GCM_TAG_BYTES,
};

static struct jz_algorithms guomi = {
    .digest_name = "SM3",
    .cipher_key_bytes = 16,
    .nonce_bytes = JZ_CTR_NONCE_BYTES,
    .tag_bytes = JZ_DIGEST_BYTES,
};

static void fetch(struct jz_algorithms *a, const char *cipher)
{
    a->digest = EVP_MD_fetch(NULL, a->digest_name, NULL);
    a->cipher = EVP_CIPHER_fetch(NULL, cipher, NULL);
    a->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static void fetch_all(void)
{
    fetch(&international, "AES-256-GCM");
    fetch(&guomi, "SM4-CTR");
}

int jz_algorithms_get(enum jz_suite suite, const struct jz_algorithms **ret_algorithms,
                      struct jz_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch_all);
    if (!jz_suite_name(suite))
        return jz_error_set(err, JZ_E_USAGE, "there is no suite number %d", (int)suite);
    const struct jz_algorithms *a = suite == JZ_SUITE_GUOMI ? &guomi : &international;
    if (!a->digest || !a->cipher || !a->hmac)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "the OpenSSL of this system lacks a part of the suite '%s': see which "
                            "providers its openssl.cnf switches off",
                            jz_suite_name(suite));
    *ret_algorithms = a;
    return 0;
}

/* What cannot fail but for a bug or memory that ran out in the middle of a cipher. */
static void must(bool holds)
{
    if (!holds)
        abort();
}

EVP_CIPHER_CTX *jz_cipher_new(const struct jz_algorithms *a, const uint8_t *key)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (cipher && EVP_EncryptInit_ex2(cipher, a->cipher, key, NULL, NULL) != 1) {
        EVP_CIPHER_CTX_free(cipher);
        cipher = NULL;
    }
    return cipher;
}

EVP_MAC_CTX *jz_mac_new(const struct jz_algorithms *a, const uint8_t *key, size_t size)
{
    char digest[16];
    snprintf(digest, sizeof digest, "%s", a->digest_name);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(a->hmac);
    if (mac && EVP_MAC_init(mac, key, size, params) != 1) {
        EVP_MAC_CTX_free(mac);
        mac = NULL;
    }
    return mac;
}

void jz_mac_compute(EVP_MAC_CTX *mac, const struct jz_bytes *parts, size_t count,
                    uint8_t ret_mac[JZ_DIGEST_BYTES])
{
    size_t n = 0;
    /* Without a key: the one of before, with its two blocks hashed already. */
    must(EVP_MAC_init(mac, NULL, 0, NULL) == 1);
    for (size_t i = 0; i < count; i++)
        must(EVP_MAC_update(mac, parts[i].data, parts[i].size) == 1);
    must(EVP_MAC_final(mac, ret_mac, &n, JZ_DIGEST_BYTES) == 1 && n == JZ_DIGEST_BYTES);
}

static void gcm_begin(EVP_CIPHER_CTX *cipher, int encrypt, const uint8_t *nonce,
                      const struct jz_bytes *aad, size_t aad_count)
{
    int n;
    must(EVP_CipherInit_ex2(cipher, NULL, NULL, nonce, encrypt, NULL) == 1);
    for (size_t i = 0; i < aad_count; i++)
        if (aad[i].size > 0)
            must(EVP_CipherUpdate(cipher, NULL, &n, aad[i].data, (int)aad[i].size) == 1);
}

static void update(EVP_CIPHER_CTX *cipher, const void *data, size_t size, uint8_t *ret_data)
{
    int n = 0;
    if (size > 0)
        must(EVP_CipherUpdate(cipher, ret_data, &n, data, (int)size) == 1 && n == (int)size);
}

void jz_gcm_seal(EVP_CIPHER_CTX *cipher, const uint8_t nonce[JZ_GCM_NONCE_BYTES],
                 const struct jz_bytes *aad, size_t aad_count, const void *data, size_t size,
                 uint8_t *ret_data, uint8_t ret_tag[JZ_GCM_TAG_BYTES])
{
    int n;
    uint8_t none[16];
    gcm_begin(cipher, 1, nonce, aad, aad_count);
    update(cipher, data, size, ret_data);
    must(EVP_CipherFinal_ex(cipher, none, &n) == 1);
    must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, JZ_GCM_TAG_BYTES, ret_tag) == 1);
}

bool jz_gcm_unseal(EVP_CIPHER_CTX *cipher, const uint8_t nonce[JZ_GCM_NONCE_BYTES],
                   const struct jz_bytes *aad, size_t aad_count, const void *data, size_t size,
                   uint8_t *ret_data, const uint8_t tag[JZ_GCM_TAG_BYTES])
{
    int n;
    uint8_t wanted[JZ_GCM_TAG_BYTES], none[16];
    memcpy(wanted, tag, sizeof wanted);
    gcm_begin(cipher, 0, nonce, aad, aad_count);
    update(cipher, data, size, ret_data);
    must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, JZ_GCM_TAG_BYTES, wanted) == 1);
    if (EVP_CipherFinal_ex(cipher, none, &n) == 1)
        return true;
    jz_wipe(ret_data, size);
    return false;
}

void jz_ctr_crypt(EVP_CIPHER_CTX *cipher, const uint8_t nonce[JZ_CTR_NONCE_BYTES], const void *data,
                  size_t size, uint8_t *ret_data)
{
    must(EVP_EncryptInit_ex2(cipher, NULL, NULL, nonce, NULL) == 1);
    update(cipher, data, size, ret_data);
}

void jz_base64_encode(const void *data, size_t size, char *ret_text)
{
    *ret_text = 0;
    EVP_EncodeBlock((unsigned char *)ret_text, data, (int)size);
}

bool jz_base64_decode(const char *text, uint8_t *ret_data, size_t room, size_t *ret_size)
{
    const size_t length = strlen(text);
    const size_t padding = length < 2 ? 0 : (text[length - 1] == '=') + (text[length - 2] == '=');
    const size_t size = length / 4 * 3 - padding;
    if (length % 4 != 0 || length == 0 || size > room)
        return false;
    uint8_t *bytes = malloc(length / 4 * 3);
    char *again = malloc(length + 1);
    bool good =
        bytes && again &&
        EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length) == (int)(length / 4 * 3);
    if (good) {
        /* OpenSSL lets white space and stray bits pass: only what it would write is taken. */
        jz_base64_encode(bytes, size, again);
        good = strcmp(again, text) == 0;
    }
    if (good) {
        memcpy(ret_data, bytes, size);
        *ret_size = size;
    }
    if (bytes)
        jz_wipe(bytes, length / 4 * 3);
    if (again)
        jz_wipe(again, length + 1);
    free(bytes);
    free(again);
    return good;
}
