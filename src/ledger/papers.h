/*
 * Which documents the policies in force ask of a person for one kind of evidence, each with its
 * legal basis: nothing else may be demanded. Pure; what is returned is borrowed from the state.
 */
#pragma once

#include "store/store.h"

#define JZ_PAPERS_MAX 64

struct jz_paper_asked {
    const struct jz_paper_rule *rule;
    const char *basis;     /* the citation */
    enum jz_scheme scheme; /* of the first benefit that asks for it */
    int choice;            /* those of one number other than 0 stand for one another */
};

/*
 * On that day, for the benefits that ask for something then. A document that several benefits ask
 * for on the same basis is there once.
 */
int jz_papers_asked(const struct jz_person_state *state, enum jz_evidence_kind kind,
                    struct jz_date on, struct jz_paper_asked ret_papers[JZ_PAPERS_MAX]);
