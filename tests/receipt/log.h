/* A small audit log of receipts, signed by a keyring made for the occasion. */
#pragma once

#include "receipt/proof.h"

enum { LOG_LEAVES = 21, LOG_OFFSET = 12 };

struct log {
    struct jz_keyring *keyring;
    struct jz_public_key keys[2]; /* of the receipts, and of the root */
    struct jz_hasher *hasher;
    struct jz_signed_receipt receipts[LOG_LEAVES];
    uint8_t leaves[LOG_LEAVES][LOG_OFFSET + JZ_RECEIPT_BYTES + 7];
    struct jz_signed_root root;
};

/* Makes the keyring at PATH; the signing key is rotated between receipts and root. */
int log_make(struct log *log, enum jz_suite suite, const char *path,
             struct jz_error *err) JZ_MUST_CHECK;
void log_done(struct log *log);

int log_prove(const struct log *log, uint64_t index, struct jz_proof *ret_proof,
              struct jz_error *err) JZ_MUST_CHECK;
