#include "ledger/standing.h"

const struct jz_policy *jz_benefit_policy(const struct jz_person_state *state,
                                          const struct jz_benefit_state *benefit, struct jz_date on,
                                          int64_t *ret_fact)
{
    int64_t fact = 0;
    const struct jz_policy *p =
        jz_policies_find(state->policies, benefit->region, benefit->scheme, on, &fact);
    if (ret_fact)
        *ret_fact = fact;
    return p;
}

bool jz_benefit_is_asked(const struct jz_person_state *state,
                         const struct jz_benefit_state *benefit, struct jz_date on)
{
    return !jz_date_is_set(state->died_on) &&
           !(jz_date_is_set(benefit->until) && jz_date_compare(on, benefit->until) > 0);
}

bool jz_benefit_standing(const struct jz_person_state *state,
                         const struct jz_benefit_state *benefit, struct jz_date on,
                         struct jz_standing *ret_standing, int64_t *ret_fact)
{
    const struct jz_policy *p = jz_benefit_policy(state, benefit, on, ret_fact);
    if (!p || !jz_benefit_is_asked(state, benefit, on))
        return false;
    jz_calendar_standing(&p->rule, state->born_on, benefit->from, state->signs,
                         (size_t)state->sign_count, on, NULL, ret_standing);
    return true;
}

/* The earlier of two days, of which either may be unset. */
static struct jz_date earlier(struct jz_date a, struct jz_date b)
{
    if (!jz_date_is_set(a))
        return b;
    return jz_date_is_set(b) && jz_date_compare(b, a) < 0 ? b : a;
}

struct jz_standing_cache jz_standing_closed(const struct jz_person_state *state,
                                            const struct jz_benefit_state *benefit,
                                            struct jz_date on)
{
    struct jz_standing s;
    if (!jz_benefit_standing(state, benefit, on, &s, NULL))
        return (struct jz_standing_cache){ .state = JZ_STANDING_NONE };
    const struct jz_policy *p = jz_benefit_policy(state, benefit, on, NULL);
    const struct jz_date ended =
        jz_date_is_set(benefit->until) ? jz_date_add_days(benefit->until, 1) : benefit->until;
    return (struct jz_standing_cache){
        .due_on = s.due_on,
        .grace_until = s.grace_until,
        .next_on = earlier(jz_calendar_next_change(&p->rule, &s, on), ended),
        .state = s.state,
        .decided_by = s.decided_by < 0 ? 0 : state->signs[s.decided_by].id,
    };
}

/* Whether the close looks at the row in time, though earlier than it has to. */
static bool is_early_enough(const struct jz_standing_cache *wanted,
                            const struct jz_benefit_state *row, struct jz_date on)
{
    return wanted->state == JZ_STANDING_CURRENT && jz_date_compare(row->next_on, on) > 0 &&
           jz_date_is_set(wanted->next_on) && jz_date_compare(row->next_on, wanted->next_on) < 0;
}

struct jz_standing_cache jz_standing_cache(const struct jz_person_state *state,
                                           const struct jz_benefit_state *benefit,
                                           struct jz_date on)
{
    struct jz_standing_cache c = jz_standing_closed(state, benefit, on);
    const bool waits =
        jz_date_is_set(benefit->next_on) && jz_date_compare(benefit->next_on, on) <= 0;
    if (c.state > JZ_STANDING_CURRENT && (waits || c.state != benefit->state))
        c.next_on = on;
    else if (is_early_enough(&c, benefit, on))
        c.next_on = benefit->next_on;
    return c;
}

bool jz_standing_cache_holds(const struct jz_standing_cache *wanted,
                             const struct jz_benefit_state *row, struct jz_date on)
{
    return jz_date_compare(wanted->due_on, row->due_on) == 0 &&
           jz_date_compare(wanted->grace_until, row->grace_until) == 0 &&
           wanted->state == row->state && wanted->decided_by == row->decided_by &&
           (jz_date_compare(wanted->next_on, row->next_on) == 0 ||
            is_early_enough(wanted, row, on));
}

static struct jz_sql_value day_or_null(struct jz_date d)
{
    return jz_date_is_set(d) ? jz_int(jz_date_key(d)) : JZ_NULL;
}

void jz_standing_write(struct jz_entry *entry, int64_t person, const struct jz_benefit_state *row,
                       const struct jz_standing_cache *cache)
{
    const struct jz_sql_value values[] = {
        day_or_null(cache->due_on),
        day_or_null(cache->grace_until),
        jz_int(cache->state),
        cache->decided_by ? jz_int(cache->decided_by) : JZ_NULL,
        jz_int(person),
        jz_int(row->benefit),
        day_or_null(cache->next_on),
    };
    /* SQLite writes an index anew for every column that is named, whether or not it changes. */
    if (jz_date_compare(cache->next_on, row->next_on) == 0)
        jz_entry_run(entry,
                     "UPDATE standing SET due_on = $1, grace_until = $2, state = $3, "
                     "decided_by = $4 WHERE person = $5 AND benefit = $6",
                     values, sizeof values / sizeof values[0] - 1);
    else
        jz_entry_run(entry,
                     "UPDATE standing SET due_on = $1, grace_until = $2, state = $3, "
                     "decided_by = $4, next_on = $7 WHERE person = $5 AND benefit = $6",
                     values, sizeof values / sizeof values[0]);
}

void jz_standing_write_all(struct jz_entry *entry, const struct jz_person_state *after,
                           struct jz_date on)
{
    for (int i = 0; i < after->benefit_count; i++) {
        const struct jz_standing_cache cache = jz_standing_cache(after, &after->benefits[i], on);
        if (!jz_standing_cache_holds(&cache, &after->benefits[i], on))
            jz_standing_write(entry, after->person, &after->benefits[i], &cache);
    }
}

void jz_standing_put(struct jz_entry *entry, int64_t person, int64_t benefit,
                     const struct jz_standing_cache *cache)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [STANDING_PERSON] = jz_int(person),
        [STANDING_BENEFIT] = jz_int(benefit),
        [STANDING_DUE_ON] = day_or_null(cache->due_on),
        [STANDING_GRACE_UNTIL] = day_or_null(cache->grace_until),
        [STANDING_STATE] = jz_int(cache->state),
        [STANDING_NEXT_ON] = day_or_null(cache->next_on),
        [STANDING_DECIDED_BY] = cache->decided_by ? jz_int(cache->decided_by) : JZ_NULL,
    };
    jz_entry_put(entry, JZ_T_STANDING, values);
}
