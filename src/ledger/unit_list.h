/*
 * Lists of people seen, and on which day: by an employer, of the retirees it still manages, or by a
 * village or community, of the people who live there. "Alive" is evidence of kind unit_list from
 * the one and of kind community from the other; "dead" is asked about, in a case, and stops nothing
 * by itself; "not seen" is kept as evidence that did not pass, and a clerk is told, in a case, to
 * find another route. docs/import.md describes the file.
 */
#pragma once

#include "ledger/claim_import.h"

enum jz_unit_list_column {
    JZ_UNIT_LIST_DOCUMENT,
    JZ_UNIT_LIST_NAME,
    JZ_UNIT_LIST_SEEN_ON,
    JZ_UNIT_LIST_STATUS,
    JZ_UNIT_LIST_HANDLER, /* known, and not kept: the list itself has it */
    JZ_UNIT_LIST_COLUMNS
};
extern const struct jz_row_format jz_unit_list_format;

#define JZ_UNIT_NAME_MAX 200 /* bytes */

struct jz_unit_list_request {
    const char *path, *verdicts; /* verdicts may be NULL */
    const char *unit;            /* the employer; NULL: a village's list */
    const char *area;            /* region or prefix of the village; NULL: an employer's list */
    const char *operator;
    const struct jz_claim_document *documents; /* handed in with the list */
    int document_count;
    jz_claim_import_progress_fn on_progress; /* may be NULL */
    void *context;
};

/* As jz_claim_import_run. */
int jz_unit_list_import(struct jz_store *store, const struct jz_unit_list_request *request,
                        struct jz_claim_import_result *ret_result,
                        struct jz_error *err) JZ_MUST_CHECK;
