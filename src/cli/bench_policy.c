/*
 * jianzai bench policy: standings a second of the calendar alone, policies found a second, and
 * whole cases as `jianzai eval` answers them. One core; the median of several rounds.
 * Made-up people with 0 to 6 signs, from a fixed seed.
 */
#include "cli/args.h"

#include "base/clock.h"
#include "policy/calendar.h"
#include "policy/case.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command bench_policy_command = {
    "policy", run, "[--runs N] [--json]",
    "standings, policies found and whole cases a second on one core"
};

enum { PEOPLE = 20000, MAX_SIGNS = 6, CASES = 2000, CASE_BYTES = 1024, REGIONS = 300 };

struct person {
    struct jz_date born_on, benefit_from;
    struct jz_sign signs[MAX_SIGNS];
    size_t count;
};

struct bench {
    struct jz_rule rule;
    struct person *people;
    struct jz_policy_set *set;
    struct jz_judge *judge;
    char (*cases)[CASE_BYTES];
};

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static struct jz_date random_day(uint64_t *state, int year, int years)
{
    return jz_date_add_days((struct jz_date){ (int16_t)year, 1, 1 },
                            (int)(next_random(state) % (unsigned)(years * 365)));
}

static const struct jz_date today = { 2026, 11, 25 };

/* Kinds as they are accepted below; an insertion keeps the order of days. */
static void make_person(struct person *p, uint64_t *state)
{
    static const uint8_t kinds[] = { JZ_EV_FACE_REMOTE, JZ_EV_FACE_REMOTE, JZ_EV_DATA_MATCH,
                                     JZ_EV_PROXY,       JZ_EV_COUNTER,     JZ_EV_COMMUNITY };
    *p = (struct person){ .born_on = random_day(state, 1935, 30),
                          .benefit_from = random_day(state, 1995, 30),
                          .count = next_random(state) % (MAX_SIGNS + 1) };
    for (size_t i = 0; i < p->count; i++) {
        const struct jz_sign sign = {
            .id = (int64_t)i,
            .observed_on = random_day(state, 2021, 6),
            .kind = kinds[next_random(state) % sizeof kinds],
            .outcome = next_random(state) % 10 ? JZ_OUTCOME_PASS : JZ_OUTCOME_FAIL,
        };
        size_t at = i;
        for (; at > 0 && jz_date_compare(p->signs[at - 1].observed_on, sign.observed_on) > 0; at--)
            p->signs[at] = p->signs[at - 1];
        p->signs[at] = sign;
    }
}

static struct jz_rule typical_rule(void)
{
    static const uint8_t kinds[] = { JZ_EV_COUNTER, JZ_EV_COMMUNITY, JZ_EV_FACE_REMOTE,
                                     JZ_EV_DATA_MATCH, JZ_EV_PROXY };
    struct jz_rule rule = {
        .cycle = { .kind = JZ_CYCLE_ROLLING_MONTHS, .months = 12 },
        .grace_days = 30,
        .remind_days = { 60, 30, 7 },
        .remind_count = 3,
        .remind_max = 60,
    };
    for (size_t i = 0; i < sizeof kinds; i++)
        rule.accept[kinds[i]] =
            (struct jz_accept){ .accepted = true, .strength = jz_evidence_strength[kinds[i]] };
    rule.accept[JZ_EV_DATA_MATCH].months = 6;
    rule.accept[JZ_EV_PROXY].max_consecutive = 1;
    return rule;
}

static void write_case(char out[CASE_BYTES], const struct person *p)
{
    char born[JZ_DATE_TEXT_BYTES], from[JZ_DATE_TEXT_BYTES], on[JZ_DATE_TEXT_BYTES];
    size_t used = (size_t)snprintf(
        out, CASE_BYTES,
        "{\"policy\":{\"cycle\":{\"kind\":\"rolling_months\",\"months\":12},\"accept\":["
        "{\"kind\":\"counter\"},{\"kind\":\"community\"},{\"kind\":\"face_remote\"},"
        "{\"kind\":\"data_match\",\"months\":6},{\"kind\":\"proxy\",\"max_consecutive\":1}],"
        "\"grace\":{\"days\":30},\"remind_days\":[60,30,7]},\"person\":{\"born_on\":\"%s\","
        "\"benefit_from\":\"%s\"},\"on\":\"%s\",\"evidence\":[",
        jz_date_format(p->born_on, born), jz_date_format(p->benefit_from, from),
        jz_date_format(today, on));
    for (size_t i = 0; i < p->count; i++)
        used += (size_t)snprintf(out + used, CASE_BYTES - used,
                                 "%s{\"id\":\"e%zu\",\"kind\":\"%s\",\"observed_on\":\"%s\","
                                 "\"outcome\":\"%s\"}",
                                 i ? "," : "", i, jz_evidence_words[p->signs[i].kind].name,
                                 jz_date_format(p->signs[i].observed_on, on),
                                 jz_outcome_words[p->signs[i].outcome].name);
    snprintf(out + used, CASE_BYTES - used, "]}");
}

/* The country, thirty provinces, and counties, each with two versions. */
static int make_set(struct jz_policy_set **ret_set, struct jz_error *err)
{
    struct jz_policy *policies[2 * REGIONS] = { NULL };
    int r = 0;
    for (unsigned i = 0; i < 2 * REGIONS && r == 0; i++) {
        char text[512], region[8] = "";
        const unsigned place = i / 2;
        if (place > 0)
            snprintf(region, sizeof region, place < 31 ? "%02u" : "%06u",
                     place < 31 ? 10 + place : 110000 + 101 * place);
        const int n =
            snprintf(text, sizeof text,
                     "{id: p%u, version: %u, effective: {from: 20%02u-01-01}, applies: "
                     "{region: \"%s\", schemes: [employee, resident]}, legal_basis: [{id: "
                     "A, cite: made up}], cycle: {kind: calendar_year}, accept: [{kind: "
                     "counter}]}",
                     place, i % 2 + 1, i % 2 ? 26 : 20, region);
        r = jz_policy_parse("made up", text, (size_t)n, NULL, NULL, &policies[i], err);
    }
    if (r == 0)
        r = jz_policy_set_new(policies, 2 * REGIONS, ret_set, err);
    for (unsigned i = 0; i < 2 * REGIONS; i++)
        jz_policy_free(policies[i]);
    return r;
}

/* Each returns how many it did in one round, and adds to *sum what no compiler may leave out. */
static size_t time_standings(struct bench *b, uint64_t *sum)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        const struct person *p = &b->people[i];
        struct jz_standing s;
        jz_calendar_standing(&b->rule, p->born_on, p->benefit_from, p->signs, p->count, today, NULL,
                             &s);
        *sum += (uint64_t)s.state + s.due_on.day;
    }
    return PEOPLE;
}

static size_t time_finding(struct bench *b, uint64_t *sum)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        const struct person *p = &b->people[i];
        const unsigned region = 110000 + (unsigned)p->born_on.year * 13 + p->born_on.day * 100u;
        const struct jz_policy *found = jz_policy_set_find(
            b->set, region, p->count % 2 ? JZ_SCHEME_EMPLOYEE : JZ_SCHEME_RESIDENT, today);
        *sum += found ? found->version : 0;
    }
    return PEOPLE;
}

static size_t time_cases(struct bench *b, uint64_t *sum)
{
    for (size_t i = 0; i < CASES; i++) {
        const char *answer = "";
        size_t size = 0;
        struct jz_error err;
        if (jz_judge_line(b->judge, b->cases[i], strlen(b->cases[i]), &answer, &size, &err) < 0)
            return 0;
        *sum += (uint64_t)size + (uint64_t)answer[10];
    }
    return CASES;
}

static const struct {
    const char *name, *what;
    size_t (*round)(struct bench *b, uint64_t *sum);
} parts[] = {
    { "standings_per_s", "standings", time_standings },
    { "finds_per_s", "policies found", time_finding },
    { "cases_per_s", "whole cases of eval", time_cases },
};

enum { PARTS = sizeof parts / sizeof parts[0] };

static int prepare(struct bench *b, struct jz_error *err)
{
    uint64_t state = 20261125;
    b->people = calloc(PEOPLE, sizeof *b->people);
    b->cases = calloc(CASES, sizeof *b->cases);
    if (!b->people || !b->cases)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    b->rule = typical_rule();
    for (size_t i = 0; i < PEOPLE; i++)
        make_person(&b->people[i], &state);
    for (size_t i = 0; i < CASES; i++)
        write_case(b->cases[i], &b->people[i]);
    const int r = make_set(&b->set, err);
    return r < 0 ? r : jz_judge_new(&b->judge, err);
}

static int measure(struct bench *b, int runs, bool json, struct jz_error *err)
{
    uint64_t sum = 0;
    jz_autofree double *rates = calloc((size_t)runs, sizeof *rates);
    if (!rates)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    json_t *all = json_object();
    for (size_t k = 0; k < PARTS; k++) {
        for (int i = 0; i < runs; i++) {
            const int64_t start = jz_clock_ns();
            const size_t n = parts[k].round(b, &sum);
            rates[i] = (double)n * 1e9 / (double)(jz_clock_ns() - start);
        }
        const double usual = median(rates, runs);
        if (!json)
            printf("  %-20s %12.0f a second, %7.1f ns each\n", parts[k].what, usual, 1e9 / usual);
        json_object_set_new(all, parts[k].name, json_integer((json_int_t)usual));
    }
    json_object_set_new(all, "checksum", json_integer((json_int_t)(sum % 1000000)));
    if (json)
        print_json(all);
    else
        json_decref(all);
    return 0;
}

static int run(int argc, char **argv)
{
    int64_t runs = 51;
    bool json = false;
    const struct arg args[] = {
        { "runs", ARG_NUMBER, &runs, "N: repetitions, default 51", 1, BENCH_RUNS_MAX },
        { "json", ARG_FLAG, &json, "print JSON" },
    };
    int first;
    const int r = parse_args(&bench_policy_command, args, sizeof args / sizeof args[0], argc, argv,
                             0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct bench b = { .people = NULL };
    struct jz_error err;
    int status = prepare(&b, &err);
    if (status == 0)
        status = measure(&b, (int)runs, json, &err);
    if (status < 0)
        complain(NULL, &err);
    free(b.people);
    free(b.cases);
    jz_policy_set_free(b.set);
    jz_judge_free(b.judge);
    return status < 0 ? EXIT_USAGE : 0;
}
