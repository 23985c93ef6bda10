/*
 * Correcting what the register knows of a person. Nothing is overwritten: the row that holds is the
 * latest that names the first one. Any thread.
 */
#pragma once

#include "ledger/also.h"
#include "store/person.h"

#define JZ_CORRECTION_REASON_MAX 200

/* NULL, unset, or negative: stays as it is. */
struct jz_person_change {
    const char *name, *phone, *address;
    const struct jz_document *document;
    struct jz_date born_on;
    int sex;           /* enum jz_sex */
    int64_t care;      /* bits */
    int64_t residence; /* 0: where insured */
    const char *operator, * reason;
    const struct jz_also *also; /* in the same commit, with the new row of person; or NULL */
};

/*
 * One commit: the new row of person, a note with the reason, document_find when the document
 * changed, standings when the birth date did. JZ_E_CONFLICT when the document belongs to somebody
 * else, with that person's reference, or when nothing would change; JZ_E_BUSY for a document while
 * an import is unfinished; JZ_E_USAGE, JZ_E_LIMIT, JZ_E_NOT_FOUND.
 */
int jz_person_correct(struct jz_store *store, int64_t person, const struct jz_person_change *change,
                      struct jz_error *err) JZ_MUST_CHECK;
