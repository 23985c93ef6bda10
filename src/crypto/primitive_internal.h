/*
 * The primitives of both suites, as thin as OpenSSL allows. Only src/crypto and its tests.
 *
 * OpenSSL 3.0 looks an algorithm up by name for as long as a digest takes: here that happens once
 * in a process, and a keyed context keeps its key from call to call. A context belongs to one
 * thread at a time. Functions on a context that was made cannot fail, save for the tag: a failure
 * of OpenSSL there ends the program rather than let anything out unsealed.
 */
#pragma once

#include "crypto/suite.h"

#include <openssl/types.h>

struct jz_algorithms {
    const char *digest_name;
    EVP_MD *digest;
    EVP_CIPHER *cipher;
    EVP_MAC *hmac;
    size_t cipher_key_bytes, nonce_bytes, tag_bytes;
};

/* JZ_E_USAGE for no suite, JZ_E_UNSUPPORTED when the system's OpenSSL lacks a part of it. */
int jz_algorithms_get(enum jz_suite suite, const struct jz_algorithms **ret_algorithms,
                      struct jz_error *err) JZ_MUST_CHECK;

#define JZ_CIPHER_KEY_MAX_BYTES 32
#define JZ_NONCE_MAX_BYTES      16
#define JZ_GCM_NONCE_BYTES      12
#define JZ_GCM_TAG_BYTES        16
#define JZ_CTR_NONCE_BYTES      16

EVP_CIPHER_CTX *jz_cipher_new(const struct jz_algorithms *algorithms, const uint8_t *key);
EVP_MAC_CTX *jz_mac_new(const struct jz_algorithms *algorithms, const uint8_t *key, size_t size);

/* HMAC over the parts one behind the other. */
void jz_mac_compute(EVP_MAC_CTX *mac, const struct jz_bytes *parts, size_t count,
                    uint8_t ret_mac[JZ_DIGEST_BYTES]);

/* AES-256-GCM; false: the tag is not right, and ret_data was wiped. */
void jz_gcm_seal(EVP_CIPHER_CTX *cipher, const uint8_t nonce[JZ_GCM_NONCE_BYTES],
                 const struct jz_bytes *aad, size_t aad_count, const void *data, size_t size,
                 uint8_t *ret_data, uint8_t ret_tag[JZ_GCM_TAG_BYTES]);
bool jz_gcm_unseal(EVP_CIPHER_CTX *cipher, const uint8_t nonce[JZ_GCM_NONCE_BYTES],
                   const struct jz_bytes *aad, size_t aad_count, const void *data, size_t size,
                   uint8_t *ret_data, const uint8_t tag[JZ_GCM_TAG_BYTES]);

/* SM4-CTR, both ways. */
void jz_ctr_crypt(EVP_CIPHER_CTX *cipher, const uint8_t nonce[JZ_CTR_NONCE_BYTES], const void *data,
                  size_t size, uint8_t *ret_data);

/* Strict base64: padded, on one line, no stray bits. */
#define JZ_BASE64_TEXT_BYTES(n) (((n) + 2) / 3 * 4 + 1)
void jz_base64_encode(const void *data, size_t size, char *ret_text);
/* false unless TEXT stands for at most `room` bytes. */
bool jz_base64_decode(const char *text, uint8_t *ret_data, size_t room, size_t *ret_size);
