/* The calendar: what each cycle makes of a day, and what must hold for all rules and all people. */
#include "policy/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { MAX_SIGNS = 8, ROUNDS = 20000, WALKS = 2000, HORIZON_DAYS = 1200 };

static struct jz_date day(const char *text)
{
    struct jz_date d;
    assert_true(jz_date_parse(text, &d));
    return d;
}

static void assert_day(struct jz_date got, const char *wanted)
{
    char text[JZ_DATE_TEXT_BYTES] = "none";
    if (jz_date_is_set(got))
        jz_date_format(got, text);
    assert_string_equal(text, wanted);
}

#define ROLLING(n)                                                                                 \
    {                                                                                              \
        .kind = JZ_CYCLE_ROLLING_MONTHS, .months = (n)                                             \
    }
#define FROM_NEXT_MONTH(n)                                                                         \
    {                                                                                              \
        .kind = JZ_CYCLE_ROLLING_MONTHS, .months = (n), .count_from = JZ_COUNT_FROM_NEXT_MONTH     \
    }
#define DAYS(n)                                                                                    \
    {                                                                                              \
        .kind = JZ_CYCLE_ROLLING_DAYS, .days = (n)                                                 \
    }
#define BOTH(n)                                                                                    \
    {                                                                                              \
        .kind = JZ_CYCLE_CALENDAR_AND_ROLLING, .months = (n)                                       \
    }
#define WINDOW(m1, d1, m2, d2, early)                                                              \
    {                                                                                              \
        .kind = JZ_CYCLE_WINDOW, .start = { m1, d1 }, .end = { m2, d2 }, .early_days = (early)     \
    }
#define YEARLY                                                                                     \
    {                                                                                              \
        .kind = JZ_CYCLE_CALENDAR_YEAR                                                             \
    }
#define HALF                                                                                       \
    {                                                                                              \
        .kind = JZ_CYCLE_HALF_YEAR                                                                 \
    }
#define BIRTH                                                                                      \
    {                                                                                              \
        .kind = JZ_CYCLE_BIRTH_MONTH                                                               \
    }

static const struct {
    struct jz_cycle cycle;
    const char *born, *anchor, *due;
} dues[] = {
    { ROLLING(12), "1950-01-01", "2025-03-15", "2026-03-15" },
    { ROLLING(12), "1950-01-01", "2024-02-29", "2025-02-28" },
    { ROLLING(12), "1950-01-01", "2023-02-28", "2024-02-28" },
    { ROLLING(48), "1950-01-01", "2024-02-29", "2028-02-29" },
    { ROLLING(6), "1950-01-01", "2025-08-31", "2026-02-28" },
    { ROLLING(1), "1950-01-01", "2025-12-31", "2026-01-31" },
    { ROLLING(1), "1950-01-01", "2025-01-30", "2025-02-28" },
    { FROM_NEXT_MONTH(12), "1950-01-01", "2025-03-01", "2026-03-31" },
    { FROM_NEXT_MONTH(12), "1950-01-01", "2025-03-31", "2026-03-31" },
    { FROM_NEXT_MONTH(6), "1950-01-01", "2025-08-31", "2026-02-28" },
    { FROM_NEXT_MONTH(2), "1950-01-01", "2023-12-05", "2024-02-29" },
    { DAYS(365), "1950-01-01", "2023-03-01", "2024-02-29" },
    { DAYS(365), "1950-01-01", "2025-03-01", "2026-03-01" },
    { DAYS(1), "1950-01-01", "2025-12-31", "2026-01-01" },
    { YEARLY, "1950-01-01", "2025-01-01", "2026-12-31" },
    { YEARLY, "1950-01-01", "2025-12-31", "2026-12-31" },
    { BOTH(12), "1950-01-01", "2025-03-15", "2026-03-15" },
    { BOTH(18), "1950-01-01", "2025-03-15", "2026-09-15" },
    { BOTH(24), "1950-01-01", "2025-03-15", "2026-12-31" },
    { HALF, "1950-01-01", "2025-01-01", "2025-12-31" },
    { HALF, "1950-01-01", "2025-06-30", "2025-12-31" },
    { HALF, "1950-01-01", "2025-07-01", "2026-06-30" },
    { HALF, "1950-01-01", "2025-12-31", "2026-06-30" },
    { BIRTH, "1956-05-29", "2020-06-27", "2022-04-30" },
    { BIRTH, "1956-05-29", "2020-05-01", "2022-04-30" },
    { BIRTH, "1956-05-29", "2020-04-30", "2021-04-30" },
    { BIRTH, "1956-01-29", "2020-01-01", "2021-12-31" },
    { BIRTH, "1956-01-29", "2020-12-31", "2021-12-31" },
    { BIRTH, "1956-03-31", "2022-03-01", "2024-02-29" },
    { BIRTH, "1956-12-31", "2022-11-30", "2023-11-30" },
    { WINDOW(3, 1, 6, 30, 0), "1950-01-01", "2025-03-01", "2026-06-30" },
    { WINDOW(3, 1, 6, 30, 0), "1950-01-01", "2025-02-28", "2025-06-30" },
    { WINDOW(3, 1, 6, 30, 0), "1950-01-01", "2025-12-31", "2026-06-30" },
    { WINDOW(3, 1, 6, 30, 30), "1950-01-01", "2025-01-30", "2026-06-30" },
    { WINDOW(3, 1, 6, 30, 30), "1950-01-01", "2025-01-29", "2025-06-30" },
    { WINDOW(1, 1, 3, 31, 20), "1950-01-01", "2024-12-12", "2026-03-31" },
    { WINDOW(1, 1, 3, 31, 20), "1950-01-01", "2024-12-11", "2025-03-31" },
    { WINDOW(12, 31, 12, 31, 365), "1950-01-01", "2025-01-01", "2026-12-31" },
    { WINDOW(1, 1, 12, 31, 365), "1950-01-01", "2024-01-02", "2026-12-31" },
    { WINDOW(1, 1, 12, 31, 365), "1950-01-01", "2024-01-01", "2025-12-31" },
    { WINDOW(2, 30, 2, 31, 0), "1950-01-01", "2024-02-28", "2024-02-29" },
    { WINDOW(2, 30, 2, 31, 0), "1950-01-01", "2024-02-29", "2025-02-28" },
    { WINDOW(4, 31, 9, 31, 0), "1950-01-01", "2025-04-30", "2026-09-30" },
    { ROLLING(12), "1950-01-01", "9999-05-05", "9999-12-31" },
    { HALF, "1950-01-01", "9999-08-05", "9999-12-31" },
    { DAYS(36600), "1950-01-01", "9950-08-05", "9999-12-31" },
    { WINDOW(3, 1, 6, 30, 0), "1950-01-01", "0001-01-01", "0001-06-30" },
};

static void each_cycle_has_its_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dues / sizeof dues[0]; i++) {
        print_message("# row %zu: kind %d after %s\n", i + 1, dues[i].cycle.kind, dues[i].anchor);
        assert_day(jz_calendar_due(&dues[i].cycle, day(dues[i].born), day(dues[i].anchor)),
                   dues[i].due);
    }
    const struct jz_cycle birth = BIRTH;
    assert_day(jz_calendar_due(&birth, (struct jz_date){ 0 }, day("2020-06-27")), "2021-12-31");
}

static void a_later_day_is_never_due_earlier(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dues / sizeof dues[0]; i++) {
        struct jz_date before = { 1, 1, 1 };
        const int32_t first = jz_date_to_days(day("2019-01-01"));
        for (int32_t d = first; d < first + 9 * 366; d++) {
            const struct jz_date due =
                jz_calendar_due(&dues[i].cycle, day(dues[i].born), jz_date_from_days(d));
            assert_true(jz_date_compare(before, due) <= 0);
            before = due;
        }
    }
}

static struct jz_rule rule_of(const char *text)
{
    char yaml[1024];
    struct jz_policy *policy = NULL;
    struct jz_error err = { 0 };
    const int n = snprintf(yaml, sizeof yaml,
                           "{id: t, version: 1, effective: {from: 2000-01-01}, applies: {region: "
                           "\"\", schemes: [other]}, legal_basis: [{id: A, cite: made up}], %s}",
                           text);
    if (jz_policy_parse("rule", yaml, (size_t)n, NULL, NULL, &policy, &err) < 0)
        fail_msg("%s", err.text);
    const struct jz_rule rule = policy->rule;
    jz_policy_free(policy);
    return rule;
}

/* Signs as "kind day outcome, …"; p f w stand for passed, failed, waiting. */
static size_t signs_of(const char *text, struct jz_sign signs[MAX_SIGNS])
{
    size_t count = 0;
    for (const char *at = text; *at; at += strcspn(at, ",") + (strchr(at, ',') != NULL)) {
        char kind[32], on[16], outcome;
        assert_int_equal(sscanf(at, " %31s %15s %c", kind, on, &outcome), 3);
        const int k = JZ_WORD_FIND(jz_evidence_words, kind);
        assert_true(k >= 0 && count < MAX_SIGNS);
        signs[count] = (struct jz_sign){ (int64_t)count, day(on), (uint8_t)k,
                                         outcome == 'p'   ? JZ_OUTCOME_PASS
                                         : outcome == 'f' ? JZ_OUTCOME_FAIL
                                                          : JZ_OUTCOME_PENDING };
        count++;
    }
    return count;
}

#define YEAR_OF_GRACE                                                                              \
    "cycle: {kind: rolling_months, months: 12}, remind_days: [60, 7], grace: {days: 30}, accept: " \
    "[{kind: counter}, {kind: data_match, months: 6}, {kind: proxy, max_consecutive: 1}]"
#define CAMPAIGN                                                                                   \
    YEAR_OF_GRACE ", campaign: {start: 2025-03-01, deadline: 2025-05-31, reason: made up}"

static const struct {
    const char *rule, *signs, *on;
    const char *due, *grace, *hold, *standing, *next;
    int decided_by;
    const char *verdicts; /* first letters: counted, failed, pending, later, not, too many */
} standings[] = {
    { YEAR_OF_GRACE, "", "2021-01-01", "2021-06-01", "2021-07-01", "2021-08", "current",
      "2021-04-02", -1, "" },
    { YEAR_OF_GRACE, "", "2021-04-01", "2021-06-01", "2021-07-01", "2021-08", "current",
      "2021-04-02", -1, "" },
    { YEAR_OF_GRACE, "", "2021-04-02", "2021-06-01", "2021-07-01", "2021-08", "due_soon",
      "2021-05-25", -1, "" },
    { YEAR_OF_GRACE, "", "2021-05-25", "2021-06-01", "2021-07-01", "2021-08", "due_soon",
      "2021-06-02", -1, "" },
    { YEAR_OF_GRACE, "", "2021-06-01", "2021-06-01", "2021-07-01", "2021-08", "due_soon",
      "2021-06-02", -1, "" },
    { YEAR_OF_GRACE, "", "2021-06-02", "2021-06-01", "2021-07-01", "2021-08", "grace", "2021-07-02",
      -1, "" },
    { YEAR_OF_GRACE, "", "2021-07-01", "2021-06-01", "2021-07-01", "2021-08", "grace", "2021-07-02",
      -1, "" },
    { YEAR_OF_GRACE, "", "2021-07-02", "2021-06-01", "2021-07-01", "2021-08", "lapsed", "none", -1,
      "" },
    { YEAR_OF_GRACE, "counter 2024-03-01 p, data_match 2024-10-01 p", "2024-12-01", "2025-04-01",
      "2025-05-01", "2025-06", "current", "2025-01-31", 1, "cc" },
    /* The same day from both: the later row decides. */
    { YEAR_OF_GRACE, "counter 2024-03-01 p, data_match 2024-09-01 p", "2024-12-01", "2025-03-01",
      "2025-03-31", "2025-04", "current", "2024-12-31", 1, "cc" },
    { YEAR_OF_GRACE, "counter 2024-03-01 p, data_match 2024-08-31 p", "2024-12-01", "2025-03-01",
      "2025-03-31", "2025-04", "current", "2024-12-31", 0, "cc" },
    /* benefit_from and a row on the same day: the row decides. */
    { YEAR_OF_GRACE, "counter 2020-06-01 p", "2021-01-01", "2021-06-01", "2021-07-01", "2021-08",
      "current", "2021-04-02", 0, "c" },
    /* Seen before the benefit began: the beginning counts. */
    { YEAR_OF_GRACE, "counter 2020-05-31 p", "2021-01-01", "2021-06-01", "2021-07-01", "2021-08",
      "current", "2021-04-02", -1, "c" },
    { YEAR_OF_GRACE, "counter 2024-03-01 f, counter 2024-04-01 w, community 2024-05-01 p",
      "2024-12-01", "2021-06-01", "2021-07-01", "2021-08", "lapsed", "none", -1, "fpn" },
    { YEAR_OF_GRACE, "counter 2024-12-02 p", "2024-12-01", "2021-06-01", "2021-07-01", "2021-08",
      "lapsed", "none", -1, "l" },
    /* A proxy not twice in a row; failed rows between do not part them, counted ones do. */
    { YEAR_OF_GRACE, "proxy 2023-01-01 p, proxy 2024-01-01 p", "2024-06-01", "2024-01-01",
      "2024-01-31", "2024-02", "lapsed", "none", 0, "ct" },
    { YEAR_OF_GRACE, "proxy 2023-01-01 p, counter 2023-06-01 f, proxy 2024-01-01 p", "2024-06-01",
      "2024-01-01", "2024-01-31", "2024-02", "lapsed", "none", 0, "cft" },
    { YEAR_OF_GRACE, "proxy 2023-01-01 p, data_match 2023-06-01 p, proxy 2024-01-01 p",
      "2024-06-01", "2025-01-01", "2025-01-31", "2025-02", "current", "2024-11-02", 2, "ccc" },
    /* A campaign: not before its start, not for who was seen since, never a later day. */
    { CAMPAIGN, "counter 2025-01-10 p", "2025-02-28", "2026-01-10", "2026-02-09", "2026-03",
      "current", "2025-03-01", 0, "c" },
    { CAMPAIGN, "counter 2025-01-10 p", "2025-03-01", "2025-05-31", "2025-06-30", "2025-07",
      "current", "2025-04-01", 0, "c" },
    { CAMPAIGN, "counter 2025-01-10 p, counter 2025-03-01 p", "2025-03-01", "2026-03-01",
      "2026-03-31", "2026-04", "current", "2025-12-31", 1, "cc" },
    { CAMPAIGN, "counter 2024-04-10 p", "2025-03-01", "2025-04-10", "2025-05-10", "2025-06",
      "due_soon", "2025-04-03", 0, "c" },
    { CAMPAIGN, "counter 2025-01-10 p, counter 2025-04-01 f", "2025-07-01", "2025-05-31",
      "2025-06-30", "2025-07", "lapsed", "none", 0, "cf" },
    /* Months of grace clamp; without reminders the day itself is due soon. */
    { "cycle: {kind: half_year}, grace: {months: 2}, accept: [{kind: counter}]",
      "counter 2025-02-03 p", "2025-12-30", "2025-12-31", "2026-02-28", "2026-03", "current",
      "2025-12-31", 0, "c" },
    { "cycle: {kind: half_year}, grace: {months: 2}, accept: [{kind: counter}]",
      "counter 2025-02-03 p", "2025-12-31", "2025-12-31", "2026-02-28", "2026-03", "due_soon",
      "2026-01-01", 0, "c" },
    { "cycle: {kind: half_year}, accept: [{kind: counter}]", "counter 2025-02-03 p", "2026-01-01",
      "2025-12-31", "2025-12-31", "2026-01", "lapsed", "none", 0, "c" },
};

static void standings_are_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof standings / sizeof standings[0]; i++) {
        print_message("# row %zu: %s on %s\n", i + 1, standings[i].signs, standings[i].on);
        const struct jz_rule rule = rule_of(standings[i].rule);
        const struct jz_date on = day(standings[i].on);
        struct jz_sign signs[MAX_SIGNS];
        uint8_t verdicts[MAX_SIGNS];
        const size_t count = signs_of(standings[i].signs, signs);
        struct jz_standing s, again;
        char month[JZ_MONTH_TEXT_BYTES];
        jz_calendar_standing(&rule, day("1950-05-05"), day("2020-06-01"), signs, count, on,
                             verdicts, &s);
        assert_day(s.due_on, standings[i].due);
        assert_day(s.grace_until, standings[i].grace);
        assert_string_equal(jz_month_format(s.hold_from, month), standings[i].hold);
        assert_string_equal(jz_standing_words[s.state].name, standings[i].standing);
        assert_int_equal(s.decided_by, standings[i].decided_by);
        assert_day(jz_calendar_next_change(&rule, &s, on), standings[i].next);
        int counted = 0;
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(jz_verdict_words[verdicts[k]].name[0], standings[i].verdicts[k]);
            counted += verdicts[k] == JZ_SIGN_COUNTED;
        }
        assert_int_equal(s.counted, counted);
        jz_calendar_standing(&rule, day("1950-05-05"), day("2020-06-01"), signs, count, on, NULL,
                             &again);
        assert_memory_equal(&again.due_on, &s.due_on, sizeof s.due_on);
        assert_int_equal(again.counted, s.counted);
    }
}

static void a_campaign_leaves_newcomers_alone(void **state)
{
    (void)state;
    static const struct {
        const char *benefit_from, *due;
        bool by_campaign;
    } cases[] = {
        { "2025-02-28", "2025-05-31", true },
        { "2025-03-01", "2026-03-01", false },
        { "2025-06-01", "2026-06-01", false },
    };
    const struct jz_rule rule = rule_of(CAMPAIGN);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_standing s;
        jz_calendar_standing(&rule, day("1965-02-28"), day(cases[i].benefit_from), NULL, 0,
                             day("2025-06-30"), NULL, &s);
        assert_day(s.due_on, cases[i].due);
        assert_int_equal(s.by_campaign, cases[i].by_campaign);
        assert_int_equal(s.decided_by, -1);
    }
}

static uint64_t random_state;

static unsigned pick(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % n;
}

static struct jz_date pick_day(int year, unsigned years)
{
    return jz_date_add_days((struct jz_date){ (int16_t)year, 1, 1 }, (int)pick(years * 365));
}

struct person {
    struct jz_date born_on, benefit_from, on;
    struct jz_sign signs[MAX_SIGNS];
    size_t count;
};

static struct jz_rule pick_rule(bool with_campaign)
{
    struct jz_rule rule = { .cycle.kind = (uint8_t)pick(JZ_CYCLE_KINDS) };
    rule.cycle.months = (uint16_t)(1 + pick(24));
    rule.cycle.days = (uint16_t)(1 + pick(800));
    rule.cycle.count_from = (uint8_t)pick(JZ_COUNT_FROMS);
    rule.cycle.start = (struct jz_month_day){ (uint8_t)(1 + pick(6)), (uint8_t)(1 + pick(31)) };
    rule.cycle.end = (struct jz_month_day){ (uint8_t)(7 + pick(6)), (uint8_t)(1 + pick(31)) };
    rule.cycle.early_days = pick(2) ? (uint16_t)pick(366) : 0;
    if (pick(2))
        rule.grace_days = (uint16_t)pick(90);
    else
        rule.grace_months = (uint16_t)pick(4);
    rule.remind_count = (uint8_t)pick(4);
    for (unsigned i = 0; i < rule.remind_count; i++) {
        rule.remind_days[i] = (uint16_t)pick(100);
        if (rule.remind_days[i] > rule.remind_max)
            rule.remind_max = rule.remind_days[i];
    }
    for (unsigned k = 0; k < JZ_EV_KINDS; k++)
        rule.accept[k] = (struct jz_accept){
            .accepted = pick(3) > 0,
            .months = pick(3) ? 0 : (uint16_t)(1 + pick(18)),
            .max_consecutive = pick(3) ? 0 : (uint16_t)(1 + pick(3)),
        };
    if (with_campaign && pick(2)) {
        rule.campaign_start = pick_day(2022, 4);
        rule.campaign_deadline = jz_date_add_days(rule.campaign_start, (int)pick(300));
    }
    return rule;
}

static void insert(struct person *p, struct jz_sign sign)
{
    size_t at = p->count++;
    for (; at > 0 && (jz_date_compare(p->signs[at - 1].observed_on, sign.observed_on) > 0 ||
                      (jz_date_compare(p->signs[at - 1].observed_on, sign.observed_on) == 0 &&
                       p->signs[at - 1].id > sign.id));
         at--)
        p->signs[at] = p->signs[at - 1];
    p->signs[at] = sign;
}

/* Few kinds, so that runs of one kind are common. */
static struct jz_sign pick_sign(int64_t id)
{
    return (struct jz_sign){ id, pick_day(2020, 6), (uint8_t)(JZ_EV_DATA_MATCH + pick(3)),
                             pick(5) ? JZ_OUTCOME_PASS : (uint8_t)(1 + pick(2)) };
}

static struct person pick_person(void)
{
    struct person p = { .born_on = pick_day(1930, 30),
                        .benefit_from = pick_day(2010, 14),
                        .on = pick_day(2021, 6) };
    const unsigned count = pick(MAX_SIGNS - 1);
    for (unsigned i = 0; i < count; i++)
        insert(&p, pick_sign(i));
    return p;
}

static struct jz_standing standing_of(const struct jz_rule *rule, const struct person *p,
                                      uint8_t verdicts[MAX_SIGNS])
{
    struct jz_standing s;
    jz_calendar_standing(rule, p->born_on, p->benefit_from, p->signs, p->count, p->on, verdicts,
                         &s);
    return s;
}

static int64_t decider(const struct person *p, const struct jz_standing *s)
{
    return s->decided_by < 0 ? -1 : p->signs[s->decided_by].id;
}

/* Section by section as the rule is written: all counted rows, no short cuts. */
static void it_is_what_the_rule_says(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const struct jz_rule rule = pick_rule(false);
        const struct person p = pick_person();
        int counted[MAX_SIGNS], n = 0, decided_by = -1;
        struct jz_date due = jz_calendar_due(&rule.cycle, p.born_on, p.benefit_from);
        for (int i = 0; i < (int)p.count; i++) {
            const struct jz_sign *s = &p.signs[i];
            const struct jz_accept *a = &rule.accept[s->kind];
            if (s->outcome != JZ_OUTCOME_PASS || jz_date_compare(s->observed_on, p.on) > 0 ||
                !a->accepted)
                continue;
            int same = 0;
            while (same < n && p.signs[counted[n - 1 - same]].kind == s->kind)
                same++;
            if (a->max_consecutive && same >= a->max_consecutive)
                continue;
            counted[n++] = i;
            const struct jz_date d = a->months
                                         ? jz_date_add_months(s->observed_on, a->months)
                                         : jz_calendar_due(&rule.cycle, p.born_on, s->observed_on);
            if (jz_date_compare(d, due) >= 0) {
                due = d;
                decided_by = i;
            }
        }
        uint8_t verdicts[MAX_SIGNS];
        const struct jz_standing got = standing_of(&rule, &p, verdicts);
        assert_int_equal(jz_date_key(got.due_on), jz_date_key(due));
        assert_int_equal(got.decided_by, decided_by);
        assert_int_equal(got.counted, n);
        for (int i = 0; i < n; i++)
            assert_int_equal(verdicts[counted[i]], JZ_SIGN_COUNTED);
    }
}

/*
 * One more certification never makes a person due earlier, if it is the latest of all, or of a kind
 * that may follow itself without limit. (A kind with max_consecutive, found out about afterwards
 * and slipped in between, may push out a later row of its kind: then it may.)
 */
static void one_more_certification_never_harms(void **state)
{
    (void)state;
    int later = 0, harmed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const struct jz_rule rule = pick_rule(true);
        struct person p = pick_person();
        const struct jz_standing before = standing_of(&rule, &p, NULL);
        struct jz_sign sign = pick_sign(100);
        sign.outcome = JZ_OUTCOME_PASS;
        const bool last = pick(2) == 0;
        if (last && p.count > 0)
            sign.observed_on = jz_date_add_days(p.signs[p.count - 1].observed_on, (int)pick(500));
        insert(&p, sign);
        const struct jz_standing after = standing_of(&rule, &p, NULL);
        const int order = jz_date_compare(after.due_on, before.due_on);
        if (last || rule.accept[sign.kind].max_consecutive == 0) {
            assert_true(order >= 0);
            assert_true(after.state <= before.state);
        }
        later += order > 0;
        harmed += order < 0;
    }
    /* Both happen, so that neither half of the statement is empty. */
    assert_true(later > ROUNDS / 50);
    assert_true(harmed > 0);
}

static void what_does_not_count_changes_nothing(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const struct jz_rule rule = pick_rule(true);
        struct person p = pick_person();
        const struct jz_standing before = standing_of(&rule, &p, NULL);
        const int64_t decided_by = decider(&p, &before);
        struct jz_sign sign = pick_sign(100);
        if (pick(3) == 0)
            sign.observed_on = jz_date_add_days(p.on, 1 + (int)pick(500));
        else
            sign.outcome = (uint8_t)(1 + pick(2));
        insert(&p, sign);
        const struct jz_standing after = standing_of(&rule, &p, NULL);
        assert_int_equal(jz_date_key(after.due_on), jz_date_key(before.due_on));
        assert_int_equal(jz_date_key(after.grace_until), jz_date_key(before.grace_until));
        assert_int_equal(after.state, before.state);
        assert_int_equal(after.counted, before.counted);
        assert_int_equal(decider(&p, &after), decided_by);
    }
}

static bool reminds(const struct jz_rule *rule, const struct jz_standing *s, struct jz_date on)
{
    for (size_t i = 0; i < rule->remind_count; i++)
        if (jz_date_to_days(s->due_on) - rule->remind_days[i] == jz_date_to_days(on))
            return true;
    return false;
}

/*
 * Day by day without new evidence: the standing only worsens, and all that happens does so on the
 * days that jz_calendar_next_change names, and on each of those days something happens.
 */
static void time_only_worsens_and_changes_are_foretold(void **state)
{
    (void)state;
    for (int walk = 0; walk < WALKS; walk++) {
        const struct jz_rule rule = pick_rule(true);
        struct person p = pick_person();
        for (size_t i = 0; i < p.count; i++)
            if (jz_date_compare(p.on, p.signs[i].observed_on) < 0)
                p.on = p.signs[i].observed_on;
        struct jz_standing s = standing_of(&rule, &p, NULL);
        struct jz_date next = jz_calendar_next_change(&rule, &s, p.on);
        for (int i = 0; i < HORIZON_DAYS; i++) {
            p.on = jz_date_add_days(p.on, 1);
            const struct jz_standing now = standing_of(&rule, &p, NULL);
            const bool begins = jz_date_compare(p.on, rule.campaign_start) == 0;
            const bool changed = now.state != s.state || now.by_campaign != s.by_campaign;
            assert_true(now.state >= s.state);
            assert_true(jz_date_compare(now.due_on, s.due_on) <= 0);
            if (jz_date_compare(p.on, next) != 0) {
                assert_false(changed);
                assert_false(now.state < JZ_STANDING_LAPSED && reminds(&rule, &now, p.on));
                continue;
            }
            assert_true(changed || begins || reminds(&rule, &now, p.on));
            s = now;
            next = jz_calendar_next_change(&rule, &s, p.on);
        }
    }
}

static int seed(void **state)
{
    (void)state;
    const char *given = getenv("JZ_TEST_SEED");
    random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("# JZ_TEST_SEED=%llu\n", (unsigned long long)random_state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cycle_has_its_day),
        cmocka_unit_test(a_later_day_is_never_due_earlier),
        cmocka_unit_test(standings_are_as_written),
        cmocka_unit_test(a_campaign_leaves_newcomers_alone),
        cmocka_unit_test(it_is_what_the_rule_says),
        cmocka_unit_test(one_more_certification_never_harms),
        cmocka_unit_test(what_does_not_count_changes_nothing),
        cmocka_unit_test(time_only_worsens_and_changes_are_foretold),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
