/*
 * Tokens in the compact forms of JOSE, as far as this program meets them:
 *
 *   JWS (RFC 7515)   three parts; signed by an identity provider with RS256, ES256 or EdDSA
 *                    (Ed25519), whose keys come as a JWK set
 *   JWE (RFC 7516)   five parts; sealed with a key both sides have: alg "dir", enc "A256GCM"
 *
 * Strict: base64url without padding or stray bits, headers that are JSON objects without
 * duplicates, nothing that is critical and not understood, no compression. Any thread; a key set is
 * immutable.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_JOSE_MAX_BYTES 16384 /* of a token */
#define JZ_JWKS_MAX_BYTES 65536 /* of a key set */
#define JZ_JWKS_MAX_KEYS  32    /* of which are kept */
#define JZ_JWE_KEY_BYTES  32
#define JZ_JOSE_KID_MAX   128

/* "ret_text" has room for JZ_BASE64URL_TEXT_BYTES(size). */
#define JZ_BASE64URL_TEXT_BYTES(n) (((n)*4 + 2) / 3 + 1)
char *jz_base64url_encode(const void *data, size_t size, char *ret_text);
/* false unless the text stands for at most `room` bytes. */
bool jz_base64url_decode(const char *text, size_t length, uint8_t *ret_data, size_t room,
                         size_t *ret_size);

/* What a token says of itself before anything is verified: good for finding its key, no more. */
struct jz_jose_header {
    char alg[16], enc[16]; /* "" when not given */
    char kid[JZ_JOSE_KID_MAX + 1];
};
int jz_jose_read_header(const char *token, struct jz_jose_header *ret_header,
                        struct jz_error *err) JZ_MUST_CHECK;

/*
 * The payload, with a NUL behind it: wipe and free it. JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_UNSUPPORTED
 * (another algorithm), JZ_E_INTEGRITY (another key, or changed).
 */
int jz_jwe_open(const char *token, const uint8_t key[JZ_JWE_KEY_BYTES], char **ret_payload,
                size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* The other way; the caller frees *ret_token. */
int jz_jwe_seal(const char *kid, const uint8_t key[JZ_JWE_KEY_BYTES], const void *payload,
                size_t size, char **ret_token, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The public keys of {"keys":[…]}: RSA of 2048 to 8192 bits, P-256, Ed25519. Others are left out;
 * JZ_E_UNSUPPORTED when none is left.
 */
struct jz_jwks;
int jz_jwks_parse(const char *text, size_t size, struct jz_jwks **ret_keys,
                  struct jz_error *err) JZ_MUST_CHECK;
void jz_jwks_free(struct jz_jwks *keys);

/*
 * Verifies with the key that the header names, or with each of the algorithm's kind when it names
 * none. JZ_E_NOT_FOUND: no such key, the set may have been renewed; JZ_E_INTEGRITY: the signature
 * is not of that key.
 */
int jz_jws_verify(const struct jz_jwks *keys, const char *token, char **ret_payload,
                  size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_jwks_freep(struct jz_jwks **k)
{
    jz_jwks_free(*k);
}
