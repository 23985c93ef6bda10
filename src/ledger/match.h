/*
 * Data matches: rows of an authority whose record needs the person's presence (a stay in hospital,
 * a crossing of the border, a service at a bank's counter), or of one that records deaths. What
 * they are evidence of and whether they decide is the source's (source.h); the day that counts is
 * that of the event. docs/import.md describes the file.
 */
#pragma once

#include "ledger/claim_import.h"
#include "ledger/source.h"

enum jz_match_column {
    JZ_MATCH_DOCUMENT,
    JZ_MATCH_NAME,
    JZ_MATCH_EVENT_ON,
    JZ_MATCH_EVENT,
    JZ_MATCH_PLACE,
    JZ_MATCH_SOURCE_REF,
    JZ_MATCH_COLUMNS
};
extern const struct jz_row_format jz_match_format;

struct jz_match_request {
    const char *path, *verdicts; /* verdicts may be NULL */
    const char *source, *operator;
    jz_claim_import_progress_fn on_progress; /* may be NULL */
    void *context;
};

/* As jz_claim_import_run; JZ_E_NOT_FOUND for an unknown source, JZ_E_DENIED for one that ended. */
int jz_match_import(struct jz_store *store, const struct jz_match_request *request,
                    struct jz_claim_import_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;
