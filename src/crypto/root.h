/*
 * The signed root of the audit tree: on such a day the tree had so many leaves and this root.
 * Whoever keeps yesterday's can tell whether today's continues it. Plain values, any thread.
 */
#pragma once

#include "base/date.h"
#include "crypto/keyring.h"

#define JZ_ROOT_DOMAIN "root-v1"

struct jz_signed_root {
    enum jz_suite suite; /* of the tree's digest; the key that signs may be of another */
    uint64_t size;       /* leaves */
    uint8_t root[JZ_DIGEST_BYTES];
    int64_t recorded_at; /* seconds since 1970 UTC */
    struct jz_date day;  /* the day it closes */
    uint8_t key[8];      /* id of the public key that signs */
    uint8_t signature[JZ_SIGNATURE_BYTES];
};

/*
 * What is signed, big endian: version 1 (1 byte), suite (1), key (8), size (8), root (32),
 * recorded_at (8), day as YYYYMMDD (4).
 */
#define JZ_ROOT_BYTES 62
void jz_root_encode(const struct jz_signed_root *root, uint8_t ret_bytes[JZ_ROOT_BYTES]);

/* Fills in key and signature, with the newest key. */
int jz_root_sign(const struct jz_keyring *keyring, struct jz_signed_root *root,
                 struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_INTEGRITY: changed, or signed by another key. */
int jz_root_verify(const struct jz_public_key *key, const struct jz_signed_root *root,
                   struct jz_error *err) JZ_MUST_CHECK;
