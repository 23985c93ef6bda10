/*
 * All evidence of one person, with what the calendar makes of each row on a day: whether it counts
 * for each benefit, why or why not, and until when it carries. Any thread.
 */
#pragma once

#include "ledger/reason.h"
#include "store/store.h"

struct jz_evidence_use {
    int64_t benefit;
    enum jz_scheme scheme;
    bool is_judged; /* false: no policy covers the benefit, or it is not asked for anything */
    enum jz_sign_verdict verdict;
    struct jz_date expires_on; /* the last day it carries; unset: it does not count */
    bool decides;              /* the due day comes from this row */
};

struct jz_evidence_row {
    int64_t id, recorded_at;
    int64_t of;            /* the row it corrects; 0: none */
    int64_t superseded_by; /* the row that corrects it; then it counts for nothing */
    bool inherited;        /* from the system before this one: `id` is that of the benefit */
    enum jz_evidence_kind kind;
    enum jz_outcome outcome;
    enum jz_strength strength;
    struct jz_date observed_on;
    unsigned place;                      /* region, 0: not known */
    char *source, *by;                   /* NULL: none */
    char reasons[JZ_REASONS_TEXT_BYTES]; /* of its decision, names with commas between */
    struct jz_evidence_use uses[JZ_PERSON_BENEFITS];
    int use_count; /* 0 for a row that was superseded */
};

struct jz_evidence_list {
    struct jz_evidence_row *rows; /* as recorded; those inherited at the end */
    size_t count;
};

/* JZ_E_NOT_FOUND. The caller frees with jz_evidence_list_done. */
int jz_evidence_list_load(struct jz_store *store, int64_t person, struct jz_date on,
                          struct jz_evidence_list *ret_list, struct jz_error *err) JZ_MUST_CHECK;
void jz_evidence_list_done(struct jz_evidence_list *list);
