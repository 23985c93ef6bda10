/*
 * The receipt as bytes: what a pensioner holds after a certification and anybody with the
 * installation's public key can check, without asking anybody. No name and no document number is
 * in it. docs/receipt.md describes it byte by byte.
 *
 * Plain values, any thread. There is exactly one way to write a receipt: what decodes, encodes to
 * the same bytes, and the same holds for its text.
 */
#pragma once

#include "base/date.h"
#include "crypto/keyring.h"

#define JZ_RECEIPT_BYTES        70
#define JZ_SIGNED_RECEIPT_BYTES (JZ_RECEIPT_BYTES + JZ_SIGNATURE_BYTES)

#define JZ_RECEIPT_DOMAIN "receipt-v1"

/* "JZ1:" and 215 characters of base32, for a QR code in its alphanumeric mode; with the NUL. */
#define JZ_RECEIPT_TEXT_CHARS 219
#define JZ_RECEIPT_TEXT_BYTES (JZ_RECEIPT_TEXT_CHARS + 1)
#define JZ_RECEIPT_TEXT_MARK  "JZ1:"

/* "K7M29-QXR4H", the code to read over the phone; with the NUL. */
#define JZ_RECEIPT_CODE_TEXT_BYTES 12

#define JZ_RECEIPT_MAX_CODE   ((1ULL << 50) - 1)
#define JZ_RECEIPT_MAX_REGION 999999
#define JZ_RECEIPT_MAX_LEAF   ((1ULL << 48) - 1)

struct jz_receipt {
    uint8_t installation[8]; /* id of the public key that signs */
    uint64_t number;         /* id of the fact; this and the ids below: 1 to 2^63 - 1 */
    uint64_t code;           /* random, at most JZ_RECEIPT_MAX_CODE */
    uint64_t person;         /* id */
    struct jz_date observed_on;
    int64_t recorded_at;   /* seconds since 1970 UTC; to the end of the year 9999 */
    struct jz_date due_on; /* certified until this day */
    uint8_t kind;          /* of evidence: see words.h */
    uint16_t schemes;      /* bits: see words.h; never 0 */
    uint32_t region;       /* six digits of GB/T 2260; 0: the country */
    uint64_t policy;       /* id of the fact that is the policy in force */
    uint64_t leaf;         /* place in the audit tree, from 0 */
};

/* JZ_E_USAGE names the field that is out of range. */
int jz_receipt_encode(const struct jz_receipt *receipt, uint8_t ret_bytes[JZ_RECEIPT_BYTES],
                      struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_FORMAT; JZ_E_UNSUPPORTED for another version of the format. */
int jz_receipt_decode(const void *data, size_t size, struct jz_receipt *ret_receipt,
                      struct jz_error *err) JZ_MUST_CHECK;

/* A receipt and, behind it, its signature. */
struct jz_signed_receipt {
    uint8_t bytes[JZ_SIGNED_RECEIPT_BYTES];
};

/* Signs with the newest key; receipt->installation is not read: the key's id is written. */
int jz_receipt_sign(const struct jz_keyring *keyring, const struct jz_receipt *receipt,
                    struct jz_signed_receipt *ret_signed, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Signs a receipt as it was recorded, with the key it names, which may have been rotated since: the
 * same bytes however often it is shown. JZ_E_NOT_FOUND: the keyring lacks that key; what decoding
 * may say.
 */
int jz_receipt_sign_recorded(const struct jz_keyring *keyring, const void *payload, size_t size,
                             struct jz_signed_receipt *ret_signed,
                             struct jz_error *err) JZ_MUST_CHECK;

/*
 * Checks a receipt against the keys an installation has published and reads it.
 * JZ_E_INTEGRITY: not genuine (changed, or signed by none of these keys); else as decoding.
 */
int jz_receipt_verify(const struct jz_public_key *keys, size_t count,
                      const struct jz_signed_receipt *receipt, struct jz_receipt *ret_receipt,
                      struct jz_error *err) JZ_MUST_CHECK;

/* The key of that id; NULL when it is not among them. */
const struct jz_public_key *jz_receipt_key(const struct jz_public_key *keys, size_t count,
                                           const uint8_t id[8]);

void jz_receipt_text(const struct jz_signed_receipt *receipt, char ret_text[JZ_RECEIPT_TEXT_BYTES]);

/* JZ_E_FORMAT says where the text goes wrong. What the bytes say is not looked at. */
int jz_receipt_text_parse(const char *text, struct jz_signed_receipt *ret_receipt,
                          struct jz_error *err) JZ_MUST_CHECK;

void jz_receipt_code_format(uint64_t code, char ret_text[JZ_RECEIPT_CODE_TEXT_BYTES]);

/* As people type it: small or capital letters, with spaces and dashes anywhere or none. */
bool jz_receipt_code_parse(const char *text, uint64_t *ret_code);
