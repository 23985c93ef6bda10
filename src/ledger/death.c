#include "ledger/death.h"

#include "ledger/standing.h"

#include <string.h>

static int check(const struct jz_death *d, const struct jz_person_state *state,
                 struct jz_date today, struct jz_error *err)
{
    char day[JZ_DATE_TEXT_BYTES];
    if (!d->operator)
        return jz_error_set(err, JZ_E_USAGE, "a report of a death needs the operator: --by");
    if (d->of && d->of != state->death)
        return jz_error_set(err, JZ_E_USAGE, "%lld is not the death on record of this person",
                            (long long)d->of);
    if (d->of && d->withdrawn)
        return 0;
    if (!jz_date_is_set(d->on))
        return jz_error_set(err, JZ_E_USAGE, "the day of the death is missing");
    if (jz_date_compare(d->on, today) > 0)
        return jz_error_set(err, JZ_E_USAGE, "%s lies in the future: nothing was recorded",
                            jz_date_format(d->on, day));
    if (jz_date_compare(d->on, state->born_on) < 0)
        return jz_error_set(err, JZ_E_USAGE, "%s lies before the person's birth",
                            jz_date_format(d->on, day));
    return 0;
}

/* A card that is used says little of who uses it; whatever else passed was a sign of the person. */
static bool has_later_sign(const struct jz_person_state *state, struct jz_date on)
{
    for (int i = 0; i < state->sign_count; i++)
        if (state->signs[i].outcome == JZ_OUTCOME_PASS &&
            state->signs[i].kind != JZ_EV_WEAK_SIGNAL &&
            jz_date_compare(state->signs[i].observed_on, on) > 0)
            return true;
    return false;
}

/* Why the report does not decide; NULL when it does. */
static const char *why_not(const struct jz_death *d, const struct jz_person_state *state)
{
    if (d->of)
        return NULL; /* whoever corrects has looked into it */
    if (jz_date_is_set(state->died_on))
        return jz_date_compare(state->died_on, d->on) == 0 ? "death_known" : "death_dates_differ";
    if (has_later_sign(state, d->on))
        return "signs_after_death";
    return d->trusted ? NULL : "death_reported";
}

static const char *case_kind(const char *reason)
{
    if (strcmp(reason, "death_known") == 0)
        return NULL;
    return strcmp(reason, "signs_after_death") == 0 ? "alive_after_death" : reason;
}

static int64_t open_case(const struct jz_death *d, const char *kind, int64_t event,
                         struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_PERSON] = jz_int(d->person),  [CASE_KIND] = jz_text(kind),
        [CASE_STATE] = jz_text("open"),     [CASE_SUBJECT] = jz_int(event),
        [CASE_DETAIL] = jz_text(d->detail), [CASE_BY] = jz_text(d->operator),
    };
    return jz_entry_add(entry, JZ_T_CASE, values);
}

int jz_death_decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                    struct jz_error *err)
{
    struct jz_death_act *act = context;
    const struct jz_death *d = act->death;
    const struct jz_date today = jz_entry_today(entry);
    const int r = check(d, state, today, err);
    if (r < 0)
        return r;
    const bool withdraws = d->of && d->withdrawn;
    const struct jz_date on = withdraws ? today : d->on;
    struct jz_death_result result = { .reason = why_not(d, state) };
    result.is_decided = !result.reason;
    const char *kind = withdraws ? "death_withdrawn" : result.reason ? "death_reported" : "death";
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [EVENT_PERSON] = jz_int(d->person),
        [EVENT_OF] = d->of ? jz_int(d->of) : JZ_NULL,
        [EVENT_KIND] = jz_text(kind),
        [EVENT_ON] = jz_int(jz_date_key(on)),
        [EVENT_SOURCE] = jz_text(d->source),
        [EVENT_SOURCE_KEY] = d->source_key ? jz_blob(d->source_key, JZ_LOOKUP_BYTES) : JZ_NULL,
        [EVENT_BY] = jz_text(d->operator),
        [EVENT_DETAIL] = jz_text(d->detail),
    };
    result.event = jz_entry_add(entry, JZ_T_EVENT, values);
    if (result.is_decided) {
        struct jz_person_state after = *state;
        after.died_on = withdraws ? (struct jz_date){ 0 } : d->on;
        jz_standing_write_all(entry, &after, today);
    } else if (case_kind(result.reason)) {
        result.opened_case = open_case(d, case_kind(result.reason), result.event, entry);
    }
    act->result = result;
    return 0;
}

int jz_death_submit(struct jz_store *store, const struct jz_death *death,
                    struct jz_death_result *ret_result, struct jz_error *err)
{
    struct jz_death_act context = { .death = death };
    struct jz_act act = { .person = death->person, .decide = jz_death_decide, .context = &context };
    const int r = jz_store_act(store, &act, err);
    if (r < 0)
        return r;
    *ret_result = context.result;
    return 0;
}
