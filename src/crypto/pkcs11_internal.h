/*
 * AES-256-GCM by a key that never leaves a security module. Only src/crypto and its tests. Calls
 * from several threads wait for each other: a module is asked seldom.
 */
#pragma once

#include "crypto/keyring.h"
#include "crypto/primitive_internal.h"

#define JZ_PKCS11_DEFAULT_KEY "jianzai"

static inline bool jz_pkcs11_is_named(const struct jz_pkcs11 *module)
{
    return module && (module->module || module->token || module->key);
}

/*
 * ret_sealed has room for size + JZ_GCM_TAG_BYTES bytes. make_key: the key is made in the token
 * when it is not there yet.
 */
int jz_pkcs11_seal(const struct jz_pkcs11 *module, bool make_key, const void *data, size_t size,
                   uint8_t ret_nonce[JZ_GCM_NONCE_BYTES], uint8_t *ret_sealed, size_t *ret_size,
                   struct jz_error *err) JZ_MUST_CHECK;

/* ret_data has room for `size` bytes. JZ_E_INTEGRITY when it was sealed by another key. */
int jz_pkcs11_unseal(const struct jz_pkcs11 *module, const uint8_t nonce[JZ_GCM_NONCE_BYTES],
                     const void *sealed, size_t size, uint8_t *ret_data, size_t *ret_size,
                     struct jz_error *err) JZ_MUST_CHECK;
