/*
 * Cipher suites: every cryptographic choice of one installation, named by one number.
 *
 *               international        Guomi (国密)
 *   digest      SHA-256              SM3 (GB/T 32905)
 *   MAC         HMAC-SHA-256         HMAC-SM3
 *   seal        AES-256-GCM          SM4-CTR, then HMAC-SM3 over all of it
 *   signature   Ed25519              SM2 with SM3, ID 1234567812345678 (GB/T 32918)
 *
 * Stateful objects belong to one thread at a time.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

enum jz_suite { JZ_SUITE_INTERNATIONAL = 1, JZ_SUITE_GUOMI = 2 };

#define JZ_DIGEST_BYTES     32
#define JZ_SIGNATURE_BYTES  64 /* Ed25519, or r and s of SM2 in 32 bytes each */
#define JZ_PUBLIC_KEY_BYTES 65 /* Ed25519 uses the first 32; SM2 the uncompressed point */

#define JZ_SIGN_MAX_BYTES        (64 << 20)
#define JZ_SIGN_MAX_DOMAIN_BYTES 64

/* "international" or "guomi"; NULL for anything else, and back: JZ_E_USAGE. */
const char *jz_suite_name(enum jz_suite suite);
int jz_suite_parse(const char *name, enum jz_suite *ret_suite, struct jz_error *err) JZ_MUST_CHECK;

/* Borrowed bytes. */
struct jz_bytes {
    const void *data;
    size_t size;
};

/* A digest with its context made once and used again and again. */
struct jz_hasher;

int jz_hasher_new(enum jz_suite suite, struct jz_hasher **ret_hasher,
                  struct jz_error *err) JZ_MUST_CHECK;
void jz_hasher_free(struct jz_hasher *hasher);

/* The digest of the parts one behind the other. Cannot fail on a hasher that was made. */
void jz_hasher_digest(struct jz_hasher *hasher, const struct jz_bytes *parts, size_t count,
                      uint8_t ret_digest[JZ_DIGEST_BYTES]);

/* For what comes piece by piece. */
void jz_hasher_begin(struct jz_hasher *hasher);
void jz_hasher_update(struct jz_hasher *hasher, const void *data, size_t size);
void jz_hasher_finish(struct jz_hasher *hasher, uint8_t ret_digest[JZ_DIGEST_BYTES]);

/* A public key as it is published: suite, number and bytes. */
struct jz_public_key {
    enum jz_suite suite;
    uint8_t bytes[JZ_PUBLIC_KEY_BYTES];
    uint8_t id[8]; /* first bytes of the digest of suite and key: names it in signed things */
};

/*
 * One text line: "jianzai-public-key:SUITE:BASE64". JZ_E_FORMAT. Needs no keyring, so that an
 * outsider can verify.
 */
#define JZ_PUBLIC_KEY_TEXT_BYTES 160
void jz_public_key_format(const struct jz_public_key *key, char ret_text[JZ_PUBLIC_KEY_TEXT_BYTES]);
int jz_public_key_parse(const char *text, struct jz_public_key *ret_key,
                        struct jz_error *err) JZ_MUST_CHECK;

/*
 * Verifies a signature made by jz_keyring_sign over `domain` (a constant text that says what is
 * signed, so that no signature serves for another purpose) and the data. JZ_E_INTEGRITY.
 */
int jz_verify(const struct jz_public_key *key, const char *domain, const void *data, size_t size,
              const uint8_t signature[JZ_SIGNATURE_BYTES], struct jz_error *err) JZ_MUST_CHECK;

/* From the system; cannot fail (a system without randomness ends the program). */
void jz_random(void *ret_data, size_t size);

/* Compares in constant time. */
bool jz_secret_equal(const void *a, const void *b, size_t size);

/* Overwrites and is not optimised away. */
void jz_wipe(void *data, size_t size);

static inline void jz_hasher_freep(struct jz_hasher **h)
{
    jz_hasher_free(*h);
}
