/*
 * Sealing and keyed hashing under one secret, prepared once and shared by all threads. Only
 * src/crypto and its tests.
 *
 *     suite 1 | version 2 | nonce 12 or 16 | ciphertext | tag 16 or 32
 *
 * The tag covers suite, version, kind, context, nonce and ciphertext. The kind keeps apart what is
 * sealed for different ends under one key.
 */
#pragma once

#include "crypto/primitive_internal.h"

#define JZ_SECRET_BYTES      32
#define JZ_SEAL_HEADER_BYTES 3
#define JZ_SEAL_MIN_BYTES    (JZ_SEAL_HEADER_BYTES + JZ_GCM_NONCE_BYTES + JZ_GCM_TAG_BYTES)

enum jz_seal_kind { JZ_SEAL_VALUE, JZ_SEAL_SUBJECT_KEY, JZ_SEAL_OF_SUBJECT };

/* Cipher and MAC keyed and ready; borrowed by one thread for one call. */
struct jz_seal_context;

/*
 * Where contexts lie while nobody uses them. A thread takes what lies in its place and puts it
 * back; finding nothing it makes another, and what lies there when it comes back it throws away.
 * No lock is held, and all go when the key goes. A cache line a place, so that threads do not slow
 * each other down.
 */
enum { JZ_SHELF_PLACES = 16 };

struct jz_seal_key {
    const struct jz_algorithms *algorithms;
    enum jz_suite suite;
    uint8_t cipher_key[JZ_CIPHER_KEY_MAX_BYTES];
    uint8_t mac_key[JZ_DIGEST_BYTES];
    union {
        struct jz_seal_context *_Atomic context;
        uint8_t line[64]; /* wherever the key lies, no two places share a line */
    } shelf[JZ_SHELF_PLACES];
};

/* Derives the keys of cipher and MAC from the secret. The key stays where it is. */
int jz_seal_key_init(struct jz_seal_key *key, enum jz_suite suite,
                     const uint8_t secret[JZ_SECRET_BYTES], struct jz_error *err) JZ_MUST_CHECK;
void jz_seal_key_done(struct jz_seal_key *key); /* wipes; { 0 } is legal */

size_t jz_seal_key_overhead(const struct jz_seal_key *key);

int jz_seal(struct jz_seal_key *key, unsigned version, enum jz_seal_kind kind,
            struct jz_bytes context, const void *data, size_t size, uint8_t *ret_sealed,
            size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;
int jz_unseal(struct jz_seal_key *key, enum jz_seal_kind kind, struct jz_bytes context,
              const void *sealed, size_t size, uint8_t *ret_data, size_t *ret_size,
              struct jz_error *err) JZ_MUST_CHECK;

int jz_seal_key_mac(struct jz_seal_key *key, const void *data, size_t size,
                    uint8_t ret_mac[JZ_DIGEST_BYTES], struct jz_error *err) JZ_MUST_CHECK;

/* Reads the first bytes of a sealed value; JZ_E_FORMAT when it cannot be one. */
int jz_sealed_read(const void *sealed, size_t size, enum jz_suite *ret_suite, unsigned *ret_version,
                   struct jz_error *err) JZ_MUST_CHECK;
