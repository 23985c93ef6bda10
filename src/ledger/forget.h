/*
 * Forgetting a person's biometrics: the person's own key, which alone opens their templates and the
 * files of their requests, is deleted, and a signed statement says so. What it sealed stays where
 * it is, as facts do, and can never be opened again. What else the register knows of the person it
 * keeps.
 */
#pragma once

#include "audit/shred.h"
#include "ledger/also.h"

struct jz_forget_result {
    struct jz_shred statement;
    /* Whether the key's bytes are gone from the live files too; else why not yet. */
    bool scrubbed;
    struct jz_error why_not;
};

/*
 * One commit: the key goes, the statement is recorded. JZ_E_NOT_FOUND: no such person, or
 * nothing that could be opened; JZ_E_USAGE: reason or operator is no line of text.
 */
int jz_forget(struct jz_store *store, int64_t person, const char *reason, const char *operator,
              struct jz_forget_result * ret_result, struct jz_error *err) JZ_MUST_CHECK;

/* The same with something more in the commit. */
int jz_forget_also(struct jz_store *store, int64_t person, const char *reason, const char *operator,
                   const struct jz_also * also, struct jz_forget_result *ret_result,
                   struct jz_error *err) JZ_MUST_CHECK;

/* The latest statement about the person, read from the register. JZ_E_NOT_FOUND. */
int jz_forget_recorded(struct jz_store *store, int64_t person, struct jz_shred *ret_statement,
                       struct jz_error *err) JZ_MUST_CHECK;
