/*
 * A claim: one channel says that one person gave a sign of life on one day. Every certification of
 * every kind, from a phone to a village list, goes through here and nowhere else.
 *
 * The channel judges what only it can (did the face match, did the clerk see the person); the claim
 * is then decided on the person's state inside the store's writer: documents, contradictions, the
 * rule in force, the number of failures. Evidence, decision, certifications, standing, receipt,
 * notices and a case, where one is needed, are one commit.
 */
#pragma once

#include "ledger/claim_document.h"
#include "ledger/reason.h"
#include "receipt/payload.h"
#include "store/store.h"

struct jz_claim {
    int64_t person;
    enum jz_evidence_kind kind;
    struct jz_date observed_on; /* the day of the sign of life, not of its recording */
    enum jz_outcome outcome;    /* as the channel judged it */
    struct jz_reasons reasons;  /* why it failed, or what makes it pending */
    const char *operator;       /* login of the clerk; NULL: the person alone */
    const char *source;         /* name of the data source; NULL: none */
    const uint8_t *source_key;  /* 16 bytes: a row of a source is taken once; NULL: not checked */
    unsigned place;             /* region where it was observed; 0 unknown */
    int64_t of;                 /* evidence that this row corrects, which must stand; 0: none */
    bool trusted;               /* false: the source may not decide alone, a case is opened */
    const struct jz_claim_document *documents; /* presented; kept in the evidence's detail */
    int document_count;
    const char *detail;   /* JSON object for the evidence, or NULL; no personal data */
    const char *judgment; /* JSON for the decision: scores, thresholds, models; or NULL */
};

/* What became of one benefit. */
struct jz_claim_benefit {
    int64_t benefit, certification; /* certification 0: the claim did not count for it */
    enum jz_scheme scheme;
    int64_t policy; /* fact id of the version in force; 0: none */
    struct jz_date due_before, due_on, grace_until;
    enum jz_standing_state before, state;
};

struct jz_claim_result {
    int64_t evidence, decision;
    enum jz_outcome outcome; /* pass: at least one benefit is certified */
    struct jz_reasons reasons;
    struct jz_claim_benefit benefits[JZ_PERSON_BENEFITS];
    int benefit_count;
    int64_t receipt; /* 0: none */
    char receipt_code[JZ_RECEIPT_CODE_TEXT_BYTES];
    int64_t opened_case;         /* 0: none */
    int tries, tries_allowed;    /* failed tries since the last success, with this one */
    struct jz_claim_lacks lacks; /* of documents, which are among the reasons */
};

/* One act ready for jz_store_submit: the claim is borrowed, the result filled by the writer. */
struct jz_claim_act {
    const struct jz_claim *claim;
    const struct jz_store *store;
    struct jz_claim_result result;
};

/* A jz_decide_fn; its context is a struct jz_claim_act. */
int jz_claim_decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                    struct jz_error *err);

/*
 * One claim from beginning to end. JZ_E_USAGE: a day in the future or before birth, an operator
 * missing where the kind needs one, `of` that does not stand, too many documents; JZ_E_CONFLICT:
 * this row of the source was taken before. What a person can mend is a reason in the result, not an
 * error.
 *
 * Documents are asked of the claim as a whole: when one of several benefits asks for a document
 * that is missing or too old, the claim counts for none, because evidence cannot count for one
 * benefit and not for another of the same rule.
 */
int jz_claim_submit(struct jz_store *store, const struct jz_claim *claim,
                    struct jz_claim_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;

/* Kinds that stand for a member of staff who answers for them. */
bool jz_kind_needs_operator(enum jz_evidence_kind kind);
