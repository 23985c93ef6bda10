/*
 * What clerks answer to requests, and what comes of it: the answer and its effect are one commit.
 *
 * Accepting a visit, a video call, a proxy or materials is a claim of that kind, made by the clerk;
 * a correction or a residence corrects the person; an objection opens a case, or closes one; the
 * deletion of biometrics forgets them. Any thread.
 */
#pragma once

#include "ledger/claim.h"
#include "ledger/forget.h"
#include "ledger/request.h"

enum jz_answer_word {
    JZ_ANSWER_ACCEPT,
    JZ_ANSWER_REFUSE,
    JZ_ANSWER_NOT_MET, /* came to the appointment, and the person was not there */
};

struct jz_answer {
    int64_t request;
    enum jz_answer_word word;
    const char *by;
    const char *reason; /* without personal data; may be NULL when it is accepted */
    /*
     * Of a claim. The day of the sign of life: unset, it is today for an appointment, the beacon's
     * day or else the day of the request for the others. Documents that were presented on paper
     * stand beside the files.
     */
    struct jz_date on;
    unsigned place;
    struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS];
    int document_count;
    int64_t closes; /* of an objection: the open case that it ends; 0: one is opened */
};

struct jz_answer_result {
    int64_t person, row; /* whose request it is, and the row that answers it */
    enum jz_request_kind request_kind;
    /* Of a claim, with what print it: */
    bool is_claimed;
    enum jz_evidence_kind kind;
    struct jz_date observed_on;
    struct jz_claim_result claim;
    int64_t opened_case, closed_case; /* of an objection */
    bool is_forgotten;                /* of a deletion; false: there was nothing to delete */
    struct jz_forget_result forgotten;
};

/*
 * JZ_E_NOT_FOUND, JZ_E_CONFLICT (it is closed, has no appointment, or nothing would change) and
 * JZ_E_USAGE as steps and claims have them. When a document that the policy asks for is missing,
 * JZ_E_USAGE names it with its legal basis and nothing is recorded.
 */
int jz_request_answer(struct jz_store *store, const struct jz_answer *answer,
                      struct jz_answer_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;
