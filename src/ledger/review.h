/*
 * Cases: what a person has to look at. A case is opened by a claim, a report of a death, an
 * enrolment, an objection; it is closed by a row that names it and says what came of it. Closing
 * decides nothing by itself: evidence that waits is decided with jz_case_decide, which closes its
 * case too. Any thread.
 */
#pragma once

#include "ledger/claim.h"
#include "ledger/source.h"

#define JZ_CASE_KIND_MAX    48 /* bytes, without the NUL */
#define JZ_CASE_OUTCOME_MAX 120
#define JZ_CASE_REASON_MAX  1000

struct jz_case {
    int64_t id, person;
    int64_t subject; /* the decision, event or enrolment it is about; 0: none */
    int64_t opened_at;
    int64_t closed; /* the row that closed it; 0: open */
    int64_t closed_at;
    char kind[JZ_CASE_KIND_MAX + 1];
    char opened_by[65], closed_by[65]; /* "": nobody, the program did */
};

/* A page of cases in the order of their ids, behind `after` (0 to begin with). */
struct jz_case_filter {
    bool open_only;
    const char *kind; /* NULL: all */
    int64_t person;   /* 0: all */
};
int jz_case_list(struct jz_store *store, const struct jz_case_filter *filter, int64_t after,
                 struct jz_case *ret_cases, size_t room, size_t *ret_count,
                 struct jz_error *err) JZ_MUST_CHECK;

/* With the JSON texts of opening and closing, NULL when there are none. */
struct jz_case_story {
    struct jz_case c;
    char *detail, *closing; /* {"outcome", "reason"} */
};
int jz_case_read(struct jz_store *store, int64_t id, struct jz_case_story *ret_story,
                 struct jz_error *err) JZ_MUST_CHECK; /* JZ_E_NOT_FOUND */
void jz_case_story_done(struct jz_case_story *story);

/* JZ_E_USAGE for what is missing, JZ_E_NOT_FOUND, JZ_E_CONFLICT when it is closed already. */
int jz_case_close(struct jz_store *store, int64_t id, const char *outcome, const char *reason,
                  const char *by, int64_t *ret_fact, struct jz_error *err) JZ_MUST_CHECK;

/* The evidence under a case, 0 where there is none, and what it is. */
struct jz_case_evidence {
    int64_t id;
    enum jz_evidence_kind kind;
    struct jz_date observed_on;
    enum jz_outcome outcome;
    unsigned place;
    char source[JZ_SOURCE_NAME_MAX + 1]; /* "": none */
};
int jz_case_evidence(struct jz_store *store, const struct jz_case *c,
                     struct jz_case_evidence *ret_evidence, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Decides evidence that waits, and closes its case, in one commit: the evidence is corrected to
 * what the clerk found. JZ_E_CONFLICT: the case is closed, is about no evidence that waits, or what
 * speaks against the evidence still does; JZ_E_USAGE: what is missing, also a document that the
 * policy asks for, with its legal basis. Then nothing is recorded.
 */
struct jz_case_verdict {
    int64_t id;
    bool accept;
    const char *reason, *by;
    struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS]; /* that were presented */
    int document_count;
};
/* What became of it. */
struct jz_case_decision {
    int64_t person;
    struct jz_case_evidence evidence; /* as it waited */
    struct jz_claim_result claim;
};
int jz_case_decide(struct jz_store *store, const struct jz_case_verdict *verdict,
                   struct jz_case_decision *ret_decision, struct jz_error *err) JZ_MUST_CHECK;
