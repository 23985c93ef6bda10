/*
 * The signed statement that a person's templates and files were made unreadable: what the SHRED
 * fact holds, what the person gets as a text, and what anybody can check with the public key alone.
 *
 * Plain values, any thread.
 */
#pragma once

#include "crypto/keyring.h"
#include "store/fact.h"

#define JZ_SHRED_DOMAIN         "shred-v1"
#define JZ_SHRED_REASON_BYTES   512 /* with the NUL */
#define JZ_SHRED_OPERATOR_BYTES 128 /* with the NUL */

struct jz_shred {
    int64_t fact, person;
    int64_t recorded_at; /* seconds since 1970 UTC */
    int64_t enrolments;  /* whose templates can no longer be opened */
    int64_t files;       /* that can no longer be opened; of both together 1 or more */
    /*
     * H over id (8 bytes, big endian) and digest of each, in the order of their ids: of the sealed
     * templates, or of the file before it was sealed.
     */
    uint8_t sealed[JZ_DIGEST_BYTES];
    char operator[JZ_SHRED_OPERATOR_BYTES];
    char reason[JZ_SHRED_REASON_BYTES]; /* one line */
    uint8_t key[8];                     /* id of the public key that signs */
    uint8_t signature[JZ_SIGNATURE_BYTES];
};

/* Key and signature as the fact keeps them. */
#define JZ_SHRED_SIGNED_BYTES (8 + JZ_SIGNATURE_BYTES)

/*
 * Reads what the person's own key sealed since the last shredding: counts and digest of the
 * statement, and the latest fact with something in it (0: none). `before` is the fact that will
 * shred, or did: only what is older counts.
 */
int jz_shred_gather(struct jz_sql *sql, enum jz_suite suite, int64_t person, int64_t before,
                    struct jz_shred *shred, int64_t *ret_latest,
                    struct jz_error *err) JZ_MUST_CHECK;

/* Fills in key and signature, with the newest key. JZ_E_USAGE: a text that is none of one line. */
int jz_shred_sign(const struct jz_keyring *keyring, struct jz_shred *shred,
                  struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_INTEGRITY: changed, or signed by another key. */
int jz_shred_verify(const struct jz_public_key *key, const struct jz_shred *shred,
                    struct jz_error *err) JZ_MUST_CHECK;

/* Reads the columns of a row of shred; `sealed` is left empty. JZ_E_INTEGRITY. */
int jz_shred_read(const struct jz_sql_value values[JZ_MAX_COLUMNS], struct jz_shred *ret_shred,
                  struct jz_error *err) JZ_MUST_CHECK;

#define JZ_SHRED_TEXT_BYTES 2048
void jz_shred_format(const struct jz_shred *shred, char ret_text[JZ_SHRED_TEXT_BYTES]);

/* JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_UNSUPPORTED. There is one way to write a statement. */
int jz_shred_parse(const void *text, size_t size, struct jz_shred *ret_shred,
                   struct jz_error *err) JZ_MUST_CHECK;
