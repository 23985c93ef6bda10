/* Signatures of both suites over raw keys. Only src/crypto and its tests. Keys serve any thread. */
#pragma once

#include "crypto/suite.h"

#include <openssl/types.h>

#define JZ_SIGN_SECRET_BYTES 32

/* A new secret: 32 bytes of an Ed25519 seed, or an SM2 scalar. */
int jz_sign_secret_new(enum jz_suite suite, uint8_t ret_secret[JZ_SIGN_SECRET_BYTES],
                       struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_FORMAT when the bytes are no key of the suite. */
int jz_sign_key_new(enum jz_suite suite, const uint8_t secret[JZ_SIGN_SECRET_BYTES],
                    EVP_PKEY **ret_key, struct jz_public_key *ret_public,
                    struct jz_error *err) JZ_MUST_CHECK;

/* The bytes themselves, without the domain. */
int jz_sign_raw(enum jz_suite suite, EVP_PKEY *key, const void *data, size_t size,
                uint8_t ret_signature[JZ_SIGNATURE_BYTES], struct jz_error *err) JZ_MUST_CHECK;
int jz_verify_raw(const struct jz_public_key *key, const void *data, size_t size,
                  const uint8_t signature[JZ_SIGNATURE_BYTES], struct jz_error *err) JZ_MUST_CHECK;

/* "jianzai:" domain NUL data. */
int jz_sign_in_domain(enum jz_suite suite, EVP_PKEY *key, const char *domain, const void *data,
                      size_t size, uint8_t ret_signature[JZ_SIGNATURE_BYTES],
                      struct jz_error *err) JZ_MUST_CHECK;
