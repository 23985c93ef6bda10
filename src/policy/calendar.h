/*
 * The calendar: what a rule makes of the evidence of one person, on one day. Pure functions on
 * plain values: no memory is taken, nothing fails; any thread.
 *
 * Days lie between 0001-01-01 and 9999-12-31; a due day that would lie later is 9999-12-31.
 */
#pragma once

#include "policy/policy.h"

/* One row of evidence, as far as the calendar looks at it. */
struct jz_sign {
    int64_t id;
    struct jz_date observed_on;
    uint8_t kind;    /* enum jz_evidence_kind */
    uint8_t outcome; /* enum jz_outcome */
};

/* Why a row counts or not. */
enum jz_sign_verdict {
    JZ_SIGN_COUNTED,
    JZ_SIGN_FAILED,
    JZ_SIGN_PENDING,
    JZ_SIGN_LATER,        /* observed after the day asked about */
    JZ_SIGN_NOT_ACCEPTED, /* the policy does not take this kind */
    JZ_SIGN_TOO_MANY,     /* max_consecutive of its kind stand before it */
    JZ_SIGN_VERDICTS
};
extern const struct jz_word jz_verdict_words[JZ_SIGN_VERDICTS];

struct jz_standing {
    struct jz_date due_on;      /* last day on which the next certification is on time */
    struct jz_date grace_until; /* due_on when there is no grace */
    struct jz_month hold_from;  /* first roll a hold may touch */
    enum jz_standing_state state;
    int decided_by;   /* index of the sign that gave due_on, -1: benefit_from did */
    int counted;      /* how many signs count */
    bool by_campaign; /* the campaign's deadline came before what decided_by gave */
};

/*
 * The standing on day `on`. The signs are in the order of (observed_on, id); superseded rows are
 * left out by the caller. benefit_from must be set; born_on only matters for birth months (unset:
 * January). ret_verdicts may be NULL, otherwise it gets one enum jz_sign_verdict for each sign.
 */
void jz_calendar_standing(const struct jz_rule *rule, struct jz_date born_on,
                          struct jz_date benefit_from, const struct jz_sign *signs, size_t count,
                          struct jz_date on, uint8_t *ret_verdicts,
                          struct jz_standing *ret_standing);

/*
 * The next day after `on` on which, without new evidence, a reminder falls due, the standing
 * changes or a campaign begins; no day when nothing more will happen. `standing` is that of `on`.
 */
struct jz_date jz_calendar_next_change(const struct jz_rule *rule,
                                       const struct jz_standing *standing, struct jz_date on);

/* The last day on which the next certification is on time after one on `anchor`. */
struct jz_date jz_calendar_due(const struct jz_cycle *cycle, struct jz_date born_on,
                               struct jz_date anchor);

/* The same for a sign of this kind, which may carry a number of months of its own. */
struct jz_date jz_calendar_due_after(const struct jz_rule *rule, struct jz_date born_on,
                                     enum jz_evidence_kind kind, struct jz_date observed_on);
