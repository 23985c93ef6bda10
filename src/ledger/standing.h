/*
 * From a person's state to the standing of each benefit, and to the cache row that keeps it.
 *
 * A row of the cache says what the calendar said on some day, and next_on the day on which the
 * daily close has to look at it again. In between nothing changes without new facts, so the row
 * does not depend on the day it was written:
 *
 * - Until next_on, a standing computed on any day is that of the row.
 * - The close alone moves next_on over a day that was not closed: it tells people what changed.
 *   Whoever else finds a benefit in another standing than the row had, and not current, sets
 *   next_on to that very day, so that the next close tells it.
 * - A benefit that is current may be looked at earlier than need be: a certification leaves next_on
 *   at its day and spares the index two random pages; the close that comes by moves it on.
 */
#pragma once

#include "store/store.h"

/* The policy in force for the benefit on that day, or NULL; *ret_fact is its fact id or 0. */
const struct jz_policy *jz_benefit_policy(const struct jz_person_state *state,
                                          const struct jz_benefit_state *benefit, struct jz_date on,
                                          int64_t *ret_fact);

/* Not when it ended, nor when the person's death is recorded. */
bool jz_benefit_is_asked(const struct jz_person_state *state,
                         const struct jz_benefit_state *benefit, struct jz_date on);

/*
 * The standing of one benefit on a day. *ret_fact 0 and false when no policy covers it; a benefit
 * that ended, or of a person whose death is recorded, is not asked for anything (also false).
 */
bool jz_benefit_standing(const struct jz_person_state *state,
                         const struct jz_benefit_state *benefit, struct jz_date on,
                         struct jz_standing *ret_standing, int64_t *ret_fact);

/*
 * The cache's values for that standing: due_on, grace_until, state, next_on, decided_by. The first
 * is for whoever records facts (the row so far is in `benefit`; a new benefit has none), the second
 * for the close, which has told what there is to tell.
 */
struct jz_standing_cache {
    struct jz_date due_on, grace_until, next_on;
    enum jz_standing_state state;
    int64_t decided_by;
};
struct jz_standing_cache jz_standing_cache(const struct jz_person_state *state,
                                           const struct jz_benefit_state *benefit,
                                           struct jz_date on);
struct jz_standing_cache jz_standing_closed(const struct jz_person_state *state,
                                            const struct jz_benefit_state *benefit,
                                            struct jz_date on);
/* Whether the row says so, read on that day: the same values, next_on perhaps earlier as above. */
bool jz_standing_cache_holds(const struct jz_standing_cache *wanted,
                             const struct jz_benefit_state *row, struct jz_date on);

/* Brings the row of the cache, which is as `row` says, up to date. */
void jz_standing_write(struct jz_entry *entry, int64_t person, const struct jz_benefit_state *row,
                       const struct jz_standing_cache *cache);

/* The same for every benefit of a person whose state is `after`, where the cached row differs. */
void jz_standing_write_all(struct jz_entry *entry, const struct jz_person_state *after,
                           struct jz_date on);

/* The row of a benefit that is new. */
void jz_standing_put(struct jz_entry *entry, int64_t person, int64_t benefit,
                     const struct jz_standing_cache *cache);
