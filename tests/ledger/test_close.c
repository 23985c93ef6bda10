/* The daily close, on SQLite or PostgreSQL: days, repetition, missed days, changed policies. */
#include "ledger/close.h"
#include "ledger/rebuild.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "private_server.h"
#include "store/register.h"

static bool on_postgres;
static unsigned seed;
static struct jz_error err;

/* Twelve months from the last sign, thirty days of grace. */
#define POLICY(id, version, from, region, months)                                                  \
    "id: " id "\nversion: " version "\neffective: {from: " from "}\n"                              \
    "applies: {region: \"" region "\", schemes: [employee, resident]}\n"                           \
    "legal_basis: [{id: B, cite: a basis}]\n"                                                      \
    "cycle: {kind: rolling_months, months: " months "}\n"                                          \
    "remind_days: [60, 30, 7]\ngrace: {days: 30}\n"                                                \
    "accept:\n  - {kind: community}\n  - {kind: data_match, months: 6}\n"

static const char policy[] = POLICY("all", "1", "2020-01-01", "", "12");

static const char all_notices[] = "SELECT person, subject, kind, detail FROM notice "
                                  "WHERE kind <> 'certified' ORDER BY person, subject, kind, "
                                  "detail";
static const char all_proposals[] = "SELECT person, benefit, kind, from_month, policy FROM "
                                    "proposal ORDER BY person, benefit, from_month, id";
static const char all_standings[] =
    "SELECT person, benefit, due_on, grace_until, state, next_on, decided_by FROM standing "
    "ORDER BY person, benefit";

static struct jz_close_result close_on(struct reg *reg, struct jz_date on)
{
    struct jz_close_result result;
    const struct jz_close_options options = { .on = on, .most_people = 64 };
    if (jz_close_run(reg->store, &options, &result, &err) < 0)
        fail_msg("%s", err.text);
    return result;
}

static void close_today(struct reg *reg, struct jz_date on)
{
    reg_set_day(on);
    close_on(reg, on);
}

static void show_difference(void *context, const struct jz_rebuild_difference *d)
{
    (void)context;
    print_message("%s of person %lld, %s: %s is %s, not %s\n", d->table, (long long)d->person,
                  d->key, d->column, d->found, d->wanted);
}

static void is_sound(struct reg *reg)
{
    struct jz_rebuild_result result;
    const struct jz_rebuild_options options = { .check = true, .on_difference = show_difference };
    if (jz_rebuild_run(reg->store, &options, &result, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(result.differences, 0);
}

static struct reg_person person_seen(struct jz_date day)
{
    return (struct reg_person){ .born_on = reg_day(1950, 1, 1),
                                .region = 370102,
                                .from = reg_day(2015, 1, 1),
                                .signs = { { JZ_EV_COMMUNITY, JZ_OUTCOME_PASS, day } },
                                .sign_count = 1 };
}

/* ---- Days ---- */

/* One person due on 15 January 2027: what is told, and on which day exactly. */
static void every_boundary_has_its_day(void **state)
{
    (void)state;
    static const struct {
        int year, month, day;
        const char *kind, *detail;
    } wanted[] = {
        { 2026, 11, 16, "remind", "{\"due_on\":\"2027-01-15\",\"days_left\":60}" },
        { 2026, 12, 16, "remind", "{\"due_on\":\"2027-01-15\",\"days_left\":30}" },
        { 2027, 1, 8, "remind", "{\"due_on\":\"2027-01-15\",\"days_left\":7}" },
        { 2027, 1, 16, "grace", "{\"due_on\":\"2027-01-15\",\"grace_until\":\"2027-02-14\"}" },
        { 2027, 2, 15, "lapsed", "{\"due_on\":\"2027-01-15\",\"hold_from\":\"2027-03\"}" },
    };
    struct reg reg;
    int64_t id;
    const struct reg_person p = person_seen(reg_day(2026, 1, 15));
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, &p, 1, &id);
    size_t next = 0;
    for (struct jz_date d = reg_day(2026, 11, 2); jz_date_key(d) <= 20270401;
         d = jz_date_add_days(d, 1)) {
        close_today(&reg, d);
        const bool told = next < sizeof wanted / sizeof wanted[0] &&
                          jz_date_compare(d, reg_day(wanted[next].year, wanted[next].month,
                                                     wanted[next].day)) == 0;
        next += told;
        if (reg_count(&reg, "SELECT count(*) FROM notice") != (int64_t)next)
            fail_msg("on %d there are not %zu notices", jz_date_key(d), next);
        if (!told)
            continue;
        char line[256];
        snprintf(line, sizeof line, "%s|%s|\n", wanted[next - 1].kind, wanted[next - 1].detail);
        jz_autofree char *found =
            reg_text(&reg, "SELECT kind, detail FROM notice ORDER BY id DESC LIMIT 1");
        assert_string_equal(found, line);
    }
    assert_int_equal(next, sizeof wanted / sizeof wanted[0]);
    jz_autofree char *proposals = reg_text(&reg, "SELECT kind, from_month FROM proposal");
    assert_string_equal(proposals, "hold|202703|\n");
    is_sound(&reg);
    reg_close(&reg);
}

/* Certified in time, in grace, or after lapsing: nothing more is told of the old due day. */
static void who_is_certified_is_left_alone(void **state)
{
    (void)state;
    struct reg reg;
    int64_t ids[3];
    const struct reg_person people[] = { person_seen(reg_day(2026, 1, 15)),
                                         person_seen(reg_day(2026, 1, 15)),
                                         person_seen(reg_day(2026, 1, 15)) };
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, people, 3, ids);
    close_today(&reg, reg_day(2027, 1, 15));
    assert_true(reg_certify(&reg, ids[0], reg_day(2027, 1, 15)));
    close_today(&reg, reg_day(2027, 2, 14));
    assert_true(reg_certify(&reg, ids[1], reg_day(2027, 2, 14)));
    close_today(&reg, reg_day(2027, 2, 15));
    jz_autofree char *proposed = reg_text(&reg, "SELECT person FROM proposal");
    char line[32];
    snprintf(line, sizeof line, "%lld|\n", (long long)ids[2]);
    assert_string_equal(proposed, line);
    assert_true(reg_certify(&reg, ids[2], reg_day(2027, 2, 15)));
    const int64_t before = reg_count(&reg, "SELECT count(*) FROM notice WHERE kind <> 'certified'");
    for (int i = 1; i < 100; i++)
        close_today(&reg, jz_date_add_days(reg_day(2027, 2, 15), i));
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM notice WHERE kind <> 'certified'"),
                     before);
    is_sound(&reg);
    reg_close(&reg);
}

/* A failed try on the very day changes the row, but the close still tells what is due. */
static void a_claim_that_does_not_count_hides_nothing(void **state)
{
    (void)state;
    struct reg reg;
    int64_t id;
    const struct reg_person p = person_seen(reg_day(2026, 1, 15));
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, &p, 1, &id);
    close_today(&reg, reg_day(2027, 2, 14));
    reg_set_day(reg_day(2027, 2, 15));
    assert_true(reg_certify(&reg, id, reg_day(2025, 6, 1))); /* counts, but long ago */
    is_sound(&reg);
    close_today(&reg, reg_day(2027, 2, 15));
    close_today(&reg, reg_day(2027, 2, 16));
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal"), 1);
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM notice WHERE kind = 'lapsed'"), 1);
    assert_true(reg_certify(&reg, id, reg_day(2025, 7, 1)));
    close_today(&reg, reg_day(2027, 2, 17));
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal"), 1);
    is_sound(&reg);
    reg_close(&reg);
}

/* People who are late when they are taken into the register are told by the first close. */
static void who_comes_late_is_told_once(void **state)
{
    (void)state;
    struct reg reg;
    const struct reg_person people[] = {
        person_seen(reg_day(2024, 1, 15)),  /* lapsed long ago */
        person_seen(reg_day(2025, 10, 20)), /* in grace */
        person_seen(reg_day(2025, 12, 1)),  /* due soon */
        person_seen(reg_day(2026, 6, 1)),   /* current */
    };
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, people, 4, NULL);
    is_sound(&reg);
    close_today(&reg, reg_day(2026, 11, 1));
    close_today(&reg, reg_day(2026, 11, 1));
    close_today(&reg, reg_day(2026, 11, 2));
    jz_autofree char *kinds = reg_text(&reg, "SELECT kind FROM notice ORDER BY kind");
    assert_string_equal(kinds, "grace|\nlapsed|\nremind|\n");
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal"), 1);
    is_sound(&reg);
    reg_close(&reg);
}

static void a_benefit_that_ended_is_not_asked_for(void **state)
{
    (void)state;
    struct reg reg;
    struct reg_person p = person_seen(reg_day(2026, 1, 15));
    p.until = reg_day(2026, 12, 31);
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, &p, 1, NULL);
    for (int i = 1; i < 200; i++) {
        close_today(&reg, jz_date_add_days(reg_day(2026, 11, 1), i));
        if (i % 30 == 0)
            is_sound(&reg);
    }
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM notice"), 2); /* 60 and 30 days left */
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal"), 0);
    assert_int_equal(reg_count(&reg, "SELECT state FROM standing"), JZ_STANDING_NONE);
    reg_close(&reg);
}

static void days_are_refused(void **state)
{
    (void)state;
    struct reg reg;
    struct jz_close_result result;
    struct jz_close_options options = { .on = reg_day(2026, 11, 2) };
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    assert_int_equal(jz_close_run(reg.store, &options, &result, &err), JZ_E_USAGE);
    close_today(&reg, reg_day(2026, 11, 3));
    assert_int_equal(jz_close_run(reg.store, &options, &result, &err), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "2026-11-03"));
    reg_close(&reg);
}

/* ---- Many people ---- */

static struct jz_date random_day(struct jz_date first, int days)
{
    return jz_date_add_days(first, (int)(rand_r(&seed) % (unsigned)days));
}

static void make_people(struct reg_person *people, int count)
{
    for (int i = 0; i < count; i++) {
        struct reg_person *p = &people[i];
        *p = (struct reg_person){
            .born_on = random_day(reg_day(1930, 1, 1), 12000),
            .scheme = rand_r(&seed) % 4 ? JZ_SCHEME_EMPLOYEE : JZ_SCHEME_RESIDENT,
            .region = rand_r(&seed) % 3 ? 370102 : 110101,
            .from = random_day(reg_day(2010, 1, 1), 5900),
            .benefits = 1 + (rand_r(&seed) % 8 == 0),
            .sign_count = (int)(rand_r(&seed) % 4),
        };
        if (rand_r(&seed) % 16 == 0)
            p->until = random_day(reg_day(2026, 10, 1), 400);
        for (int k = 0; k < p->sign_count; k++) {
            p->signs[k].kind = rand_r(&seed) % 3 ? JZ_EV_COMMUNITY : JZ_EV_DATA_MATCH;
            p->signs[k].outcome = rand_r(&seed) % 5 ? JZ_OUTCOME_PASS : JZ_OUTCOME_FAIL;
            p->signs[k].observed_on = random_day(reg_day(2025, 6, 1), 500);
        }
    }
}

static void open_with_people(struct reg *reg, int count, unsigned from_seed)
{
    struct reg_person *people = calloc((size_t)count, sizeof *people);
    assert_non_null(people);
    seed = from_seed;
    make_people(people, count);
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(reg, on_postgres);
    reg_policy(reg, policy);
    reg_add(reg, people, (size_t)count, NULL);
    free(people);
}

/* What one close leaves behind. */
struct facts {
    char *notices, *proposals, *standings;
};

static struct facts facts_of(struct reg *reg)
{
    return (struct facts){ reg_text(reg, all_notices), reg_text(reg, all_proposals),
                           reg_text(reg, all_standings) };
}

static void facts_done(struct facts *f)
{
    free(f->notices);
    free(f->proposals);
    free(f->standings);
}

static void are_same(const struct facts *a, const struct facts *b)
{
    assert_string_equal(a->notices, b->notices);
    assert_string_equal(a->proposals, b->proposals);
    assert_string_equal(a->standings, b->standings);
}

static void twice_is_once(void **state)
{
    (void)state;
    struct reg reg;
    open_with_people(&reg, 600, 11);
    reg_set_day(reg_day(2026, 11, 20));
    const struct jz_close_result first = close_on(&reg, reg_day(2026, 11, 20));
    struct facts before = facts_of(&reg);
    assert_true(first.counts.touched > 100);
    assert_true(first.counts.proposals > 10);
    assert_int_equal(first.counts.proposals, reg_count(&reg, "SELECT count(*) FROM proposal"));
    assert_int_equal(first.counts.reminded + first.counts.grace + first.counts.lapsed,
                     reg_count(&reg, "SELECT count(*) FROM notice"));
    const struct jz_close_result second = close_on(&reg, reg_day(2026, 11, 20));
    struct facts after = facts_of(&reg);
    assert_int_equal(second.counts.touched, 0);
    are_same(&before, &after);
    facts_done(&before);
    facts_done(&after);
    is_sound(&reg);
    reg_close(&reg);
}

/* Days that nobody closed: rows and proposals as if somebody had, one notice for each person. */
static void missed_days_are_made_up_for(void **state)
{
    (void)state;
    enum { DAYS = 45, PEOPLE = 300 };
    struct facts daily, late;
    struct reg reg;
    open_with_people(&reg, PEOPLE, 12);
    close_today(&reg, reg_day(2026, 11, 1));
    for (int i = 1; i <= DAYS; i++)
        close_today(&reg, jz_date_add_days(reg_day(2026, 11, 1), i));
    daily = facts_of(&reg);
    is_sound(&reg);
    reg_close(&reg);

    open_with_people(&reg, PEOPLE, 12);
    close_today(&reg, reg_day(2026, 11, 1));
    const int64_t before = reg_count(&reg, "SELECT count(*) FROM notice");
    reg_set_day(jz_date_add_days(reg_day(2026, 11, 1), DAYS));
    is_sound(&reg);
    const struct jz_close_result result =
        close_on(&reg, jz_date_add_days(reg_day(2026, 11, 1), DAYS));
    late = facts_of(&reg);
    assert_string_equal(daily.standings, late.standings);
    assert_string_equal(daily.proposals, late.proposals);
    assert_true(strlen(daily.notices) > strlen(late.notices));
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM notice") - before,
                     result.counts.reminded + result.counts.grace + result.counts.lapsed);
    assert_true(result.counts.lapsed > 0);
    assert_int_equal(reg_count(&reg,
                               "SELECT count(*) FROM (SELECT subject FROM notice GROUP BY subject, "
                               "recorded_at HAVING count(*) > 1) AS t"),
                     0);
    facts_done(&daily);
    facts_done(&late);
    is_sound(&reg);
    reg_close(&reg);
}

/* ---- Policies ---- */

static void a_policy_that_begins_touches_whom_it_covers(void **state)
{
    (void)state;
    struct reg reg;
    int64_t ids[2];
    struct reg_person people[] = { person_seen(reg_day(2026, 6, 1)),
                                   person_seen(reg_day(2026, 6, 1)) };
    people[1].region = 110101;
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, people, 2, ids);
    close_today(&reg, reg_day(2026, 11, 1));
    /* Known beforehand, in force later: six months in Shandong. */
    reg_policy(&reg, POLICY("shandong", "1", "2026-11-10", "37", "6"));
    const char due[] = "SELECT due_on FROM standing ORDER BY person";
    close_today(&reg, reg_day(2026, 11, 9));
    jz_autofree char *before = reg_text(&reg, due);
    assert_string_equal(before, "20270601|\n20270601|\n");
    reg_set_day(reg_day(2026, 11, 12));
    is_sound(&reg);
    const struct jz_close_result result = close_on(&reg, reg_day(2026, 11, 12));
    assert_int_equal(result.changed_policies, 1);
    assert_int_equal(result.counts.touched, 1);
    assert_int_equal(result.counts.reminded, 1);
    jz_autofree char *after = reg_text(&reg, due);
    assert_string_equal(after, "20261201|\n20270601|\n");
    /* Added later, in force since long: fifteen months, nobody is bothered. */
    reg_policy(&reg, POLICY("shandong", "2", "2026-11-10", "37", "15"));
    is_sound(&reg);
    const struct jz_close_result again = close_on(&reg, reg_day(2026, 11, 12));
    assert_int_equal(again.counts.touched, 1);
    assert_int_equal(again.counts.reminded, 0);
    jz_autofree char *back = reg_text(&reg, due);
    assert_string_equal(back, "20270901|\n20270601|\n");
    assert_int_equal(close_on(&reg, reg_day(2026, 11, 12)).changed_policies, 0);
    is_sound(&reg);
    reg_close(&reg);
}

/* People were there before any policy was. */
static void the_first_policy_is_noticed(void **state)
{
    (void)state;
    struct reg reg;
    enum { PEOPLE = 500 };
    static const char rows[] =
        "SELECT due_on, grace_until, state, next_on FROM standing ORDER BY person, benefit";
    static struct reg_person people[PEOPLE];
    seed = 14;
    make_people(people, PEOPLE);
    reg_set_day(reg_day(2026, 11, 1));
    reg_open(&reg, on_postgres);
    reg_add(&reg, people, PEOPLE, NULL);
    close_today(&reg, reg_day(2026, 11, 1));
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM standing WHERE state <> 0"), 0);
    reg_policy(&reg, policy);
    close_today(&reg, reg_day(2026, 11, 2));
    jz_autofree char *found = reg_text(&reg, rows);
    const int64_t proposals = reg_count(&reg, "SELECT count(*) FROM proposal");
    is_sound(&reg);
    reg_close(&reg);

    open_with_people(&reg, PEOPLE, 14);
    close_today(&reg, reg_day(2026, 11, 2));
    jz_autofree char *wanted = reg_text(&reg, rows);
    assert_string_equal(found, wanted);
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal"), proposals);
    assert_true(proposals > 0);
    reg_close(&reg);
}

/* ---- Beside others ---- */

struct certifying {
    struct reg *reg;
    int64_t *people;
    int count;
    struct jz_date on;
};

static void *certify_all(void *context)
{
    const struct certifying *c = context;
    for (int i = 0; i < c->count; i++)
        if (!reg_certify(c->reg, c->people[i], c->on))
            abort();
    return NULL;
}

/* Half of the people are certified while the close goes over all of them. */
static void certifications_go_on(void **state)
{
    (void)state;
    enum { PEOPLE = 1500, HALF = PEOPLE / 2 };
    static struct reg_person people[PEOPLE];
    static int64_t ids[PEOPLE];
    struct reg reg;
    for (int i = 0; i < PEOPLE; i++)
        people[i] = person_seen(reg_day(2025, 10, 2)); /* lapses on 2 November 2026 */
    reg_set_day(reg_day(2026, 10, 31));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, people, PEOPLE, ids);
    close_today(&reg, reg_day(2026, 10, 31));
    reg_set_day(reg_day(2026, 11, 2));
    struct certifying c = { &reg, ids, HALF, reg_day(2026, 11, 2) };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, certify_all, &c), 0);
    close_on(&reg, reg_day(2026, 11, 2));
    pthread_join(thread, NULL);
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM standing WHERE state = 1"), HALF);
    /* Proposed were only people who had no certification at that moment. */
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal p JOIN certification c "
                                     "ON c.person = p.person AND c.id < p.id"),
                     0);
    assert_true(reg_count(&reg, "SELECT count(*) FROM proposal") >= PEOPLE - HALF);
    is_sound(&reg);
    close_on(&reg, reg_day(2026, 11, 2));
    is_sound(&reg);
    reg_close(&reg);
}

/* A day closed late, after people were seen: they are judged as of today. */
static void a_late_close_sees_what_came_after(void **state)
{
    (void)state;
    struct reg reg;
    int64_t ids[2];
    const struct reg_person people[] = { person_seen(reg_day(2025, 10, 2)),
                                         person_seen(reg_day(2025, 10, 2)) };
    reg_set_day(reg_day(2026, 10, 31));
    reg_open(&reg, on_postgres);
    reg_policy(&reg, policy);
    reg_add(&reg, people, 2, ids);
    close_today(&reg, reg_day(2026, 10, 31));
    reg_set_day(reg_day(2026, 11, 3));
    assert_true(reg_certify(&reg, ids[0], reg_day(2026, 11, 3)));
    reg_policy(&reg, POLICY("all", "2", "2020-01-01", "", "12"));
    close_on(&reg, reg_day(2026, 11, 2));
    jz_autofree char *due = reg_text(&reg, "SELECT due_on FROM standing ORDER BY person");
    assert_string_equal(due, "20271103|\n20261002|\n");
    assert_int_equal(reg_count(&reg, "SELECT count(*) FROM proposal"), 1);
    is_sound(&reg);
    reg_close(&reg);
}

/* ---- Killed ---- */

/* A child that closes and is killed a random moment after a random chunk. */
struct doom {
    int chunks;
    long pause_us;
};

static void *kill_soon(void *context)
{
    const struct doom *d = context;
    nanosleep(&(struct timespec){ .tv_nsec = d->pause_us * 1000 }, NULL);
    kill(getpid(), SIGKILL);
    return NULL;
}

static void count_down(void *context, const struct jz_close_progress *progress)
{
    struct doom *d = context;
    pthread_t thread;
    (void)progress;
    if (d->chunks-- == 0 && pthread_create(&thread, NULL, kill_soon, d) != 0)
        _exit(2);
}

static _Noreturn void be_closed(struct reg *reg, struct jz_date on, struct doom *doom)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const struct jz_close_options options = {
        .on = on, .most_people = 32, .on_progress = count_down, .context = doom
    };
    struct jz_close_result result;
    struct reg mine = *reg;
    mine.store = NULL;
    reg_reopen(&mine);
    _exit(jz_close_run(mine.store, &options, &result, &err) < 0 ? 1 : 0);
}

static void killed_and_run_again_is_run_once(void **state)
{
    (void)state;
    enum { PEOPLE = 3000, ROUNDS = 12 };
    const struct jz_date on = reg_day(2026, 11, 20);
    unsigned chance = (unsigned)time(NULL);
    print_message("seed %u\n", chance);
    struct reg reg;
    open_with_people(&reg, PEOPLE, 13);
    reg_set_day(on);
    close_on(&reg, on);
    struct facts wanted = facts_of(&reg);
    reg_close(&reg);

    open_with_people(&reg, PEOPLE, 13);
    reg_set_day(on);
    int killed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct doom doom = { (int)(rand_r(&chance) % 4), (long)(rand_r(&chance) % 8000) };
        int status;
        jz_store_close(reg.store); /* no thread of it may be copied */
        reg.store = NULL;
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            be_closed(&reg, on, &doom);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        killed += WIFSIGNALED(status);
        reg_reopen(&reg);
    }
    print_message("killed %d times of %d\n", killed, ROUNDS);
    assert_true(killed > 3);
    close_on(&reg, on);
    struct facts found = facts_of(&reg);
    are_same(&wanted, &found);
    facts_done(&wanted);
    facts_done(&found);
    is_sound(&reg);
    reg_close(&reg);
}

int main(int argc, char **argv)
{
    int status;
    if (run_below_private_server(argc, argv, &status))
        return status;
    on_postgres = argc > 1 && strcmp(argv[1], "postgres") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_boundary_has_its_day),
        cmocka_unit_test(who_is_certified_is_left_alone),
        cmocka_unit_test(a_claim_that_does_not_count_hides_nothing),
        cmocka_unit_test(who_comes_late_is_told_once),
        cmocka_unit_test(a_benefit_that_ended_is_not_asked_for),
        cmocka_unit_test(days_are_refused),
        cmocka_unit_test(twice_is_once),
        cmocka_unit_test(missed_days_are_made_up_for),
        cmocka_unit_test(a_policy_that_begins_touches_whom_it_covers),
        cmocka_unit_test(the_first_policy_is_noticed),
        cmocka_unit_test(certifications_go_on),
        cmocka_unit_test(a_late_close_sees_what_came_after),
        cmocka_unit_test(killed_and_run_again_is_run_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
