/* The laboratory against a recount that asks for each person alone. */
#include "register.h"

#include "ledger/lab.h"
#include "ledger/standing.h"

#include <string.h>
#include <time.h>

static unsigned seed;
static struct jz_error err;

#define POLICY(id, region, schemes, months, grace)                                                 \
    "id: " id "\nversion: 1\neffective: {from: 2020-01-01}\n"                                      \
    "applies: {region: \"" region "\", schemes: [" schemes "]}\n"                                  \
    "legal_basis: [{id: B, cite: a basis}]\n"                                                      \
    "cycle: {kind: rolling_months, months: " months "}\n"                                          \
    "remind_days: [30]\ngrace: {days: " grace "}\naccept:\n  - {kind: community}\n"

static const char country[] = POLICY("country", "", "employee", "12", "30");
static const char beijing[] = POLICY("beijing", "11", "employee", "24", "10");
/* Shandong gets its own rule, Beijing another, residents one for the first time. */
static const char trial_shandong[] = POLICY("shandong", "37", "employee", "6", "60");
static const char trial_beijing[] = POLICY("beijing", "11", "employee", "9", "0");
static const char trial_residents[] = POLICY("residents", "", "resident", "12", "0");

static struct jz_policy_set *trial_set(void)
{
    static const char *const texts[] = { trial_shandong, trial_beijing, trial_residents };
    struct jz_policy *policies[3] = { NULL };
    struct jz_policy_set *set = NULL;
    for (int i = 0; i < 3; i++)
        if (jz_policy_parse("trial", texts[i], strlen(texts[i]), NULL, NULL, &policies[i], &err) <
            0)
            fail_msg("%s", err.text);
    if (jz_policy_set_new(policies, 3, &set, &err) < 0)
        fail_msg("%s", err.text);
    return set;
}

static struct jz_date random_day(struct jz_date first, int days)
{
    return jz_date_add_days(first, (int)(rand_r(&seed) % (unsigned)days));
}

static void add_people(int count, int64_t *ids)
{
    static const unsigned regions[] = { 370102, 370203, 110101, 650104 };
    struct register_person *people = calloc((size_t)count, sizeof *people);
    assert_non_null(people);
    for (int i = 0; i < count; i++) {
        struct register_benefit benefit = {
            .scheme = rand_r(&seed) % 3 ? JZ_SCHEME_EMPLOYEE : JZ_SCHEME_RESIDENT,
            .region = regions[rand_r(&seed) % 4],
            .from = random_day(day("2015-01-01"), 4300),
        };
        if (rand_r(&seed) % 10 == 0)
            benefit.until = random_day(day("2026-10-01"), 100);
        people[i].born_on = random_day(day("1925-01-01"), 15000);
        people[i].benefits[0] = benefit;
        for (int k = 1; k < REGISTER_BENEFITS && rand_r(&seed) % 6 == 0; k++)
            people[i].benefits[k] = benefit;
        const int signs = (int)(rand_r(&seed) % 3);
        for (int k = 0; k < signs; k++) {
            people[i].signs[k].kind = rand_r(&seed) % 4 ? JZ_EV_COMMUNITY : JZ_EV_COUNTER;
            people[i].signs[k].outcome = rand_r(&seed) % 4 ? JZ_OUTCOME_PASS : JZ_OUTCOME_PENDING;
            people[i].signs[k].observed_on = random_day(day("2024-06-01"), 890);
        }
    }
    register_add(people, (size_t)count, ids);
    free(people);
}

static enum jz_standing_state state_under(const struct jz_policy_set *set,
                                          const struct jz_person_state *s,
                                          const struct jz_benefit_state *b, struct jz_date on)
{
    struct jz_standing standing;
    const struct jz_policy *p = jz_policy_set_find(set, b->region, b->scheme, on);
    if (!p || (jz_date_is_set(b->until) && jz_date_compare(on, b->until) > 0))
        return JZ_STANDING_NONE;
    jz_calendar_standing(&p->rule, s->born_on, b->from, s->signs, (size_t)s->sign_count, on, NULL,
                         &standing);
    return standing.state;
}

static void add(struct jz_lab_counts *c, enum jz_standing_state before,
                enum jz_standing_state after)
{
    c->before[before]++;
    c->after[after]++;
    c->changed += before != after;
    c->newly_lapsed += before != after && after == JZ_STANDING_LAPSED;
    c->newly_current += before != after && after == JZ_STANDING_CURRENT;
}

static void is_same(const struct jz_lab_counts *a, const struct jz_lab_counts *b)
{
    for (int i = 0; i < JZ_STANDING_STATES; i++) {
        assert_int_equal(a->before[i], b->before[i]);
        assert_int_equal(a->after[i], b->after[i]);
    }
    assert_int_equal(a->changed, b->changed);
    assert_int_equal(a->newly_lapsed, b->newly_lapsed);
    assert_int_equal(a->newly_current, b->newly_current);
}

static void it_counts_as_a_recount_does(void **state)
{
    (void)state;
    enum { PEOPLE = 3000 };
    static int64_t ids[PEOPLE];
    static struct jz_lab_counts total, shandong, resident, jinan, over_90;
    const struct jz_date on = day("2026-11-25");
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    register_set_today(on);
    register_open();
    register_add_policy(country);
    register_add_policy(beijing);
    add_people(PEOPLE, ids);
    for (int i = 0; i < PEOPLE; i += 7)
        register_certify(ids[i], on);
    const int64_t facts = ask_store(store, "SELECT size FROM audit_head");

    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *trial = trial_set();
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *after = NULL;
    JZ_CLEANUP(jz_policies_unrefp) struct jz_policies *policies = jz_store_policies(store);
    assert_int_equal(jz_lab_policies(jz_policies_set(policies), trial, &after, &err), 0);
    assert_int_equal(jz_policy_set_count(after), 4);
    uint64_t benefits = 0;
    for (int i = 0; i < PEOPLE; i++) {
        struct jz_person_state s;
        assert_int_equal(jz_person_state_load(store, ids[i], &s, &err), 0);
        for (int k = 0; k < s.benefit_count; k++) {
            const struct jz_benefit_state *b = &s.benefits[k];
            const enum jz_standing_state x = state_under(jz_policies_set(policies), &s, b, on);
            const enum jz_standing_state y = state_under(after, &s, b, on);
            benefits++;
            add(&total, x, y);
            if (b->region / 10000 == 37)
                add(&shandong, x, y);
            if (b->region == 370102)
                add(&jinan, x, y);
            if (b->scheme == JZ_SCHEME_RESIDENT)
                add(&resident, x, y);
            if (jz_date_age(s.born_on, on) >= 90)
                add(&over_90, x, y);
        }
        jz_person_state_done(&s);
    }
    for (int threads = 1; threads <= 3; threads++) {
        struct jz_lab_result result;
        const struct jz_lab_options options = {
            .on = on, .policies = trial, .examples = 5, .threads = threads
        };
        assert_int_equal(jz_lab_run(store, &options, &result, &err), 0);
        assert_int_equal(result.people, PEOPLE);
        assert_int_equal(result.benefits, benefits);
        is_same(&result.total, &total);
        is_same(&result.provinces[37], &shandong);
        is_same(&result.schemes[JZ_SCHEME_RESIDENT], &resident);
        is_same(&result.ages[JZ_LAB_AGE_BANDS - 1], &over_90);
        assert_int_equal(result.region_count, 4);
        for (size_t i = 0; i < result.region_count; i++)
            if (result.regions[i].region == 370102)
                is_same(&result.regions[i].counts, &jinan);
        /* The first of each change, whoever counted. */
        for (int x = 0; x < JZ_STANDING_STATES; x++)
            for (int y = 0; y < JZ_STANDING_STATES; y++) {
                const struct jz_lab_examples *e = &result.examples[x][y];
                for (int i = 1; i < e->count; i++)
                    assert_true(e->persons[i - 1] <= e->persons[i]);
                for (int i = 0; i < e->count; i++) {
                    struct jz_person_state s;
                    bool fits = false;
                    assert_int_equal(jz_person_state_load(store, e->persons[i], &s, &err), 0);
                    for (int k = 0; k < s.benefit_count; k++)
                        fits |= (int)state_under(jz_policies_set(policies), &s, &s.benefits[k],
                                                 on) == x &&
                                (int)state_under(after, &s, &s.benefits[k], on) == y;
                    assert_true(fits);
                    jz_person_state_done(&s);
                }
            }
        jz_lab_result_done(&result);
    }
    assert_true(total.newly_lapsed > 10);
    assert_int_equal(ask_store(store, "SELECT size FROM audit_head"), facts);
    register_close();
}

static void an_empty_register_is_no_trouble(void **state)
{
    (void)state;
    register_set_today(day("2026-11-25"));
    register_open();
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *trial = trial_set();
    struct jz_lab_result result;
    struct jz_lab_options options = { .on = day("2026-11-25"), .policies = trial };
    assert_int_equal(jz_lab_run(store, &options, &result, &err), 0);
    assert_int_equal(result.people, 0);
    jz_lab_result_done(&result);
    options.examples = JZ_LAB_EXAMPLES_MAX + 1;
    assert_int_equal(jz_lab_run(store, &options, &result, &err), JZ_E_USAGE);
    register_close();
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_counts_as_a_recount_does),
        cmocka_unit_test(an_empty_register_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
