/* Receipts as they are kept: found by code, number or person. Any thread. */
#pragma once

#include "receipt/payload.h"
#include "store/store.h"

struct jz_receipt_row {
    int64_t fact, person, certification;
    uint8_t payload[JZ_RECEIPT_BYTES]; /* unsigned; names the key that signs it */
};

/*
 * The code of the receipt with that number: the number itself, permuted with a secret of the
 * database. So none can be guessed from another, and no index is needed to find them: one of
 * random keys cost every certification a page of its own.
 */
int jz_receipts_code(const struct jz_store *store, int64_t number, uint64_t *ret_code,
                     struct jz_error *err) JZ_MUST_CHECK;

/* By the code on the page ("K7M29-QXR4H") or the receipt's number. JZ_E_NOT_FOUND, JZ_E_FORMAT. */
int jz_receipts_find(struct jz_store *store, const char *text, struct jz_receipt_row *ret_row,
                     struct jz_error *err) JZ_MUST_CHECK;

/* The latest of a person. JZ_E_NOT_FOUND. */
int jz_receipts_latest(struct jz_store *store, int64_t person, struct jz_receipt_row *ret_row,
                       struct jz_error *err) JZ_MUST_CHECK;
