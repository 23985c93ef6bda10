/*
 * Signed roots: on such a day the log had so many facts and this root. Each is a fact itself, so
 * the next covers it; kept outside by somebody else, one of them binds all history before it.
 *
 * Any thread. The values are plain.
 */
#pragma once

#include "crypto/root.h"
#include "store/store.h"

struct jz_audit_root {
    int64_t fact;
    struct jz_signed_root signed_root;
};

/*
 * Signs the root of the log as it stands, as that of `day` (unset: today), and records it as a
 * fact. The root is made anew from kept hashes and rows first, so that nothing is signed that they
 * do not give: JZ_E_INTEGRITY. JZ_E_USAGE: a day that is not over and is not today.
 */
int jz_audit_root_sign(struct jz_store *store, struct jz_date day, struct jz_audit_root *ret_root,
                       struct jz_error *err) JZ_MUST_CHECK;

/* The same once a day: nothing is signed when a root of that day or a later one is there. */
int jz_audit_root_daily(struct jz_store *store, struct jz_date day, bool *ret_signed,
                        struct jz_error *err) JZ_MUST_CHECK;

/*
 * Reads the columns of a row of audit_root; the suite is the database's. JZ_E_INTEGRITY when they
 * cannot be a signed root.
 */
int jz_audit_root_read(const struct jz_sql_value values[JZ_MAX_COLUMNS], enum jz_suite suite,
                       struct jz_audit_root *ret_root, struct jz_error *err) JZ_MUST_CHECK;

/* The first recorded root whose fact is `from` or later. 1 and the root, or 0. */
int jz_audit_root_next(struct jz_sql *sql, enum jz_suite suite, int64_t from,
                       struct jz_audit_root *ret_root, struct jz_error *err) JZ_MUST_CHECK;

/* The latest root. JZ_E_NOT_FOUND when none was signed yet. */
int jz_audit_root_latest(struct jz_sql *sql, enum jz_suite suite, struct jz_audit_root *ret_root,
                         struct jz_error *err) JZ_MUST_CHECK;

/* The public key of the keyring that has this id; JZ_E_NOT_FOUND. */
int jz_audit_key(const struct jz_keyring *keyring, const uint8_t id[8],
                 struct jz_public_key *ret_key, struct jz_error *err) JZ_MUST_CHECK;
