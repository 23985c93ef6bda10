/*
 * From what a camera saw to a claim: the verdict of a session, and the best frame's template
 * compared with the enrolled one. "No template" and "does not match" are different answers.
 */
#pragma once

#include "face/session.h"
#include "ledger/claim.h"

#define JZ_JUDGMENT_BYTES 1024

/* What the face engine made of one attempt. Biometric data in `probe`: the caller wipes it. */
struct jz_face_attempt {
    struct jz_verdict verdict;
    const char *challenge; /* what was asked for, "turn_left,nod"; for the record */
    bool has_probe;        /* there was a frame good enough for a template */
    struct jz_template probe;
    const struct jz_matcher *matcher;
    const char *precision; /* "bf16" or "fp32", for the record */
};

/*
 * Sets outcome, reasons and judgment of the claim, whose person and kind are set. The threshold is
 * the measured one for the false match rate of the strictest policy in force; JZ_E_USAGE when
 * nothing was measured that strictly. `judgment` must live as long as the claim.
 */
int jz_face_judge(struct jz_store *store, const struct jz_face_attempt *attempt,
                  struct jz_claim *claim, char judgment[JZ_JUDGMENT_BYTES],
                  struct jz_error *err) JZ_MUST_CHECK;
