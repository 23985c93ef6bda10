/* The documents that may be asked of a person, each with its legal basis, as a clerk sees them. */
#pragma once

#include "cli/cli.h"
#include "ledger/papers.h"

/* What the policies in force today ask of the person for that kind of evidence. */
struct papers {
    struct jz_person_state state; /* the papers borrow from it */
    struct jz_paper_asked asked[JZ_PAPERS_MAX];
    int count;
};
int papers_load(struct jz_store *store, int64_t person, enum jz_evidence_kind kind,
                struct papers *ret_papers, struct jz_error *err) JZ_MUST_CHECK;
void papers_done(struct papers *papers);

/* Names of what is there already (none: NULL and 0). */
void print_papers(const struct papers *papers, const char *const *there, int there_count);
json_t *json_papers(const struct papers *papers, const char *const *there, int there_count);
