/* What the calendar says of one person, and everything that led to it. */
#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/fact_text.h"

#include "identity/reference.h"
#include "ledger/standing.h"

#include <string.h>

static int run_standing(int argc, char **argv);
static int run_history(int argc, char **argv);

const struct command standing_command = {
    "standing", run_standing, "PERSON [--on DATE] [--json]",
    "until when a person is certified, and which sign of life decided that"
};
const struct command history_command = { "history", run_history, "PERSON [--json]",
                                         "every fact recorded about a person, in order" };

struct show_options {
    struct desk_options where;
    struct jz_date on;
    bool json;
};

/* ---- standing ---- */

static json_t *json_sign(const struct jz_person_state *state, int i, uint8_t verdict)
{
    const struct jz_sign *s = &state->signs[i];
    const char strength[2] = { jz_strength_letter((enum jz_strength)state->details[i].strength),
                               0 };
    return json_pack("{s:I,s:s,s:o,s:s,s:s,s:s}", "id", (json_int_t)s->id, "kind",
                     jz_evidence_words[s->kind].name, "observed_on", json_day(s->observed_on),
                     "outcome", jz_outcome_words[s->outcome].name, "strength", strength, "verdict",
                     jz_verdict_words[verdict].name);
}

static void print_sign(const struct jz_person_state *state, int i, uint8_t verdict)
{
    const struct jz_sign *s = &state->signs[i];
    char day[JZ_DATE_TEXT_BYTES];
    printf("    %s  %-18s strength %c  %-8s %s\n", day_text(s->observed_on, day),
           jz_evidence_words[s->kind].name,
           jz_strength_letter((enum jz_strength)state->details[i].strength),
           jz_outcome_words[s->outcome].name, jz_verdict_words[verdict].en);
}

static void show_benefit(const struct jz_person_state *state, const struct jz_benefit_state *b,
                         struct jz_date on, json_t *list)
{
    struct jz_standing s;
    int64_t fact = 0;
    char due[JZ_DATE_TEXT_BYTES], grace[JZ_DATE_TEXT_BYTES], hold[JZ_MONTH_TEXT_BYTES];
    const char *scheme = jz_scheme_words[b->scheme].name;
    if (!jz_benefit_standing(state, b, on, &s, &fact)) {
        if (list)
            json_array_append_new(list, json_pack("{s:s,s:n}", "scheme", scheme, "standing"));
        else
            printf("  %s in %06u: not asked for anything\n", scheme, b->region);
        return;
    }
    const struct jz_policy *p = jz_policies_by_fact(state->policies, fact);
    jz_autofree uint8_t *verdicts = malloc((size_t)state->sign_count + 1);
    if (!verdicts)
        return;
    jz_calendar_standing(&p->rule, state->born_on, b->from, state->signs, (size_t)state->sign_count,
                         on, verdicts, &s);
    if (list) {
        json_t *signs = json_array();
        for (int i = 0; i < state->sign_count; i++)
            json_array_append_new(signs, json_sign(state, i, verdicts[i]));
        json_array_append_new(
            list,
            json_pack("{s:s,s:i,s:s,s:o,s:o,s:s,s:o,s:s,s:i,s:o}", "scheme", scheme, "region",
                      (int)b->region, "standing", jz_standing_words[s.state].name, "due_on",
                      json_day(s.due_on), "grace_until", json_day(s.grace_until), "hold_from",
                      jz_month_format(s.hold_from, hold), "decided_by",
                      s.decided_by < 0 ? json_null() : json_integer(state->signs[s.decided_by].id),
                      "policy", p->id, "policy_version", (int)p->version, "evidence", signs));
        return;
    }
    printf("  %s (%s) in %06u: %s · %s\n", scheme, jz_scheme_words[b->scheme].zh_hans, b->region,
           jz_standing_words[s.state].en, jz_standing_words[s.state].zh_hans);
    printf("    next certification by %s, grace until %s, a hold may begin with %s\n",
           day_text(s.due_on, due), day_text(s.grace_until, grace),
           jz_month_format(s.hold_from, hold));
    printf("    decided by %s%s; policy %s version %u\n",
           s.decided_by < 0 ? "the first day of the benefit" : "the sign of life of ",
           s.decided_by < 0 ? "" : day_text(state->signs[s.decided_by].observed_on, due), p->id,
           p->version);
    for (int i = 0; i < state->sign_count; i++)
        print_sign(state, i, verdicts[i]);
}

static void show_standing(const struct jz_person_state *state, const struct show_options *o)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    const struct jz_date on = jz_date_is_set(o->on) ? o->on : jz_date_today();
    json_t *list = o->json ? json_array() : NULL;
    jz_reference_format(state->person, reference);
    if (!list) {
        printf("%s on %s\n", reference, jz_date_format(on, day));
        if (jz_date_is_set(state->died_on))
            printf("  a death on %s is recorded\n", jz_date_format(state->died_on, day));
        if (state->open_case)
            printf("  case %lld is open\n", (long long)state->open_case);
        printf("  face %s\n", state->enrolment ? "enrolled" : "not enrolled");
    }
    for (int i = 0; i < state->benefit_count; i++)
        show_benefit(state, &state->benefits[i], on, list);
    if (list)
        print_json(json_pack(
            "{s:s,s:o,s:b,s:o,s:o,s:o}", "person", reference, "on", json_day(on), "enrolled",
            state->enrolment != 0, "died_on", json_day(state->died_on), "case",
            state->open_case ? json_integer(state->open_case) : json_null(), "benefits", list));
}

static int run_standing(int argc, char **argv)
{
    struct show_options o = { 0 };
    const struct arg args[] = {
        { "on", ARG_DATE, &o.on, "DATE: default today" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&standing_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_person_state state;
    if (desk_open(&o.where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_person_state(&desk, argv[first], &state)) == 0) {
        show_standing(&state, &o);
        jz_person_state_done(&state);
    }
    desk_close(&desk);
    return r;
}

/* ---- history ---- */

/* The first registration, then all that is listed under the person. */
static int show_history(struct jz_sql *sql, int64_t person, bool json, struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(person);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = print_fact(sql, JZ_T_PERSON, person, json, err);
    if (r == 0)
        r = jz_sql_query(sql,
                         "SELECT benefit AS fact, 6 AS kind FROM standing WHERE person = $1 UNION "
                         "ALL SELECT fact, kind FROM person_fact WHERE person = $1 ORDER BY fact",
                         &value, 1, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const enum jz_table table = (enum jz_table)jz_sql_int(rows, 1);
        if (jz_table_is_fact(table))
            r = print_fact(sql, table, jz_sql_int(rows, 0), json, err);
    }
    return r;
}

static int run_history(int argc, char **argv)
{
    struct show_options o = { 0 };
    const struct arg args[] = {
        { "json", ARG_FLAG, &o.json, "print JSON, a line a fact" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&history_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    struct jz_sql *sql = NULL;
    int64_t person;
    if (desk_open(&o.where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_person(&desk, argv[first], &person)) == 0) {
        if ((r = jz_store_reader(desk.store, &sql, &err)) == 0) {
            r = show_history(sql, person, o.json, &err);
            jz_store_return(desk.store, sql);
        }
        if (r < 0) {
            complain(argv[first], &err);
            r = EXIT_USAGE;
        }
    }
    desk_close(&desk);
    return r;
}
