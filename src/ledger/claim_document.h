/*
 * The documents presented with a claim: what each says of itself, and whether they are what a
 * policy asks for with the kind of evidence. Pure functions.
 */
#pragma once

#include "policy/policy.h"

#define JZ_CLAIM_DOCUMENTS 16 /* most of one claim */

struct jz_claim_document {
    char name[JZ_POLICY_ID_BYTES]; /* of a document as policies name it */
    struct jz_date day; /* that stands on it, such as the day of the newspaper; unset: not said */
};

/* As people type it: "resident_id", or with its day "newspaper_photo@2026-11-23". JZ_E_USAGE. */
#define JZ_CLAIM_DOCUMENT_TEXT_BYTES (JZ_POLICY_ID_BYTES + JZ_DATE_TEXT_BYTES)
int jz_claim_document_parse(const char *text, struct jz_claim_document *ret_document,
                            struct jz_error *err) JZ_MUST_CHECK;
char *jz_claim_document_format(const struct jz_claim_document *document,
                               char ret_text[JZ_CLAIM_DOCUMENT_TEXT_BYTES]);

/* A document that is not there, or not as it should be. */
struct jz_claim_lack {
    const char *reason; /* documents_missing, document_undated, document_too_old, document_later */
    char document[JZ_POLICY_ID_BYTES];
    unsigned max_age_days; /* 0: of any age */
    char basis[160];       /* on which it is asked for, perhaps cut */
};

/* The first of each reason. */
struct jz_claim_lacks {
    struct jz_claim_lack of[4];
    int count;
};

/*
 * Adds what the policy asks for with this kind and does not get. A document that may be so many
 * days old needs a day, which is at most so long before the sign of life and not after it.
 */
void jz_claim_documents_check(const struct jz_policy *policy, enum jz_evidence_kind kind, bool late,
                              struct jz_date observed_on, const struct jz_claim_document *documents,
                              int count, struct jz_claim_lacks *lacks);

/*
 * For a clerk who can still mend it: JZ_E_USAGE that names the first document and its legal basis,
 * or 0 when nothing is lacking.
 */
int jz_claim_lacks_refuse(const struct jz_claim_lacks *lacks, struct jz_error *err) JZ_MUST_CHECK;
