/* The daily close, on SQLite or PostgreSQL: days, repetition, missed days, changed policies. */
#include "register.h"

#include "ledger/close.h"
#include "ledger/rebuild.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

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

static struct jz_close_result close_on(struct jz_date on)
{
    struct jz_close_result result;
    const struct jz_close_options options = { .on = on, .most_people = 64 };
    if (jz_close_run(store, &options, &result, &err) < 0)
        fail_msg("%s", err.text);
    return result;
}

static void close_today(struct jz_date on)
{
    register_set_today(on);
    close_on(on);
}

static void show_difference(void *context, const struct jz_rebuild_difference *d)
{
    (void)context;
    print_message("%s of person %lld, %s: %s is %s, not %s\n", d->table, (long long)d->person,
                  d->key, d->column, d->found, d->wanted);
}

static void is_sound(void)
{
    struct jz_rebuild_result result;
    const struct jz_rebuild_options options = { .check = true, .on_difference = show_difference };
    if (jz_rebuild_run(store, &options, &result, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(result.differences, 0);
}

static struct register_person person_seen(const char *on)
{
    return (struct register_person){
        .born_on = day("1950-01-01"),
        .benefits = { { .region = 370102, .from = day("2015-01-01") } },
        .signs = { { JZ_EV_COMMUNITY, JZ_OUTCOME_PASS, day(on) } },
    };
}

/* ---- Days ---- */

/* One person due on 15 January 2027: what is told, and on which day exactly. */
static void every_boundary_has_its_day(void **state)
{
    (void)state;
    static const struct {
        const char *on, *kind, *detail;
    } wanted[] = {
        { "2026-11-16", "remind", "{\"due_on\":\"2027-01-15\",\"days_left\":60}" },
        { "2026-12-16", "remind", "{\"due_on\":\"2027-01-15\",\"days_left\":30}" },
        { "2027-01-08", "remind", "{\"due_on\":\"2027-01-15\",\"days_left\":7}" },
        { "2027-01-16", "grace", "{\"due_on\":\"2027-01-15\",\"grace_until\":\"2027-02-14\"}" },
        { "2027-02-15", "lapsed", "{\"due_on\":\"2027-01-15\",\"hold_from\":\"2027-03\"}" },
    };
    int64_t id;
    const struct register_person p = person_seen("2026-01-15");
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(&p, 1, &id);
    size_t next = 0;
    for (struct jz_date d = day("2026-11-02"); jz_date_key(d) <= 20270401;
         d = jz_date_add_days(d, 1)) {
        close_today(d);
        const bool told = next < sizeof wanted / sizeof wanted[0] &&
                          jz_date_compare(d, day(wanted[next].on)) == 0;
        next += told;
        if (ask_store(store, "SELECT count(*) FROM notice") != (int64_t)next)
            fail_msg("on %d there are not %zu notices", jz_date_key(d), next);
        if (!told)
            continue;
        char line[256];
        snprintf(line, sizeof line, "%s|%s|\n", wanted[next - 1].kind, wanted[next - 1].detail);
        jz_autofree char *found =
            register_text("SELECT kind, detail FROM notice ORDER BY id DESC LIMIT 1");
        assert_string_equal(found, line);
    }
    assert_int_equal(next, sizeof wanted / sizeof wanted[0]);
    jz_autofree char *proposals = register_text("SELECT kind, from_month FROM proposal");
    assert_string_equal(proposals, "hold|202703|\n");
    is_sound();
    register_close();
}

/* Certified in time, in grace, or after lapsing: nothing more is told of the old due day. */
static void who_is_certified_is_left_alone(void **state)
{
    (void)state;
    int64_t ids[3];
    const struct register_person people[] = { person_seen("2026-01-15"), person_seen("2026-01-15"),
                                              person_seen("2026-01-15") };
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(people, 3, ids);
    close_today(day("2027-01-15"));
    assert_true(register_certify(ids[0], day("2027-01-15")));
    close_today(day("2027-02-14"));
    assert_true(register_certify(ids[1], day("2027-02-14")));
    close_today(day("2027-02-15"));
    jz_autofree char *proposed = register_text("SELECT person FROM proposal");
    char line[32];
    snprintf(line, sizeof line, "%lld|\n", (long long)ids[2]);
    assert_string_equal(proposed, line);
    assert_true(register_certify(ids[2], day("2027-02-15")));
    const int64_t before =
        ask_store(store, "SELECT count(*) FROM notice WHERE kind <> 'certified'");
    for (int i = 1; i < 100; i++)
        close_today(jz_date_add_days(day("2027-02-15"), i));
    assert_int_equal(ask_store(store, "SELECT count(*) FROM notice WHERE kind <> 'certified'"),
                     before);
    is_sound();
    register_close();
}

/* A failed try on the very day changes the row, but the close still tells what is due. */
static void a_claim_that_does_not_count_hides_nothing(void **state)
{
    (void)state;
    int64_t id;
    const struct register_person p = person_seen("2026-01-15");
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(&p, 1, &id);
    close_today(day("2027-02-14"));
    register_set_today(day("2027-02-15"));
    assert_true(register_certify(id, day("2025-06-01"))); /* counts, but long ago */
    is_sound();
    close_today(day("2027-02-15"));
    close_today(day("2027-02-16"));
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), 1);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM notice WHERE kind = 'lapsed'"), 1);
    assert_true(register_certify(id, day("2025-07-01")));
    close_today(day("2027-02-17"));
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), 1);
    is_sound();
    register_close();
}

/* People who are late when they are taken into the register are told by the first close. */
static void who_comes_late_is_told_once(void **state)
{
    (void)state;
    const struct register_person people[] = {
        person_seen("2024-01-15"), /* lapsed long ago */
        person_seen("2025-10-20"), /* in grace */
        person_seen("2025-12-01"), /* due soon */
        person_seen("2026-06-01"), /* current */
    };
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(people, 4, NULL);
    is_sound();
    close_today(day("2026-11-01"));
    close_today(day("2026-11-01"));
    close_today(day("2026-11-02"));
    jz_autofree char *kinds = register_text("SELECT kind FROM notice ORDER BY kind");
    assert_string_equal(kinds, "grace|\nlapsed|\nremind|\n");
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), 1);
    is_sound();
    register_close();
}

static void a_benefit_that_ended_is_not_asked_for(void **state)
{
    (void)state;
    struct register_person p = person_seen("2026-01-15");
    p.benefits[0].until = day("2026-12-31");
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(&p, 1, NULL);
    for (int i = 1; i < 200; i++) {
        close_today(jz_date_add_days(day("2026-11-01"), i));
        if (i % 30 == 0)
            is_sound();
    }
    assert_int_equal(ask_store(store, "SELECT count(*) FROM notice"), 2); /* 60 and 30 days left */
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), 0);
    assert_int_equal(ask_store(store, "SELECT state FROM standing"), JZ_STANDING_NONE);
    register_close();
}

static void days_are_refused(void **state)
{
    (void)state;
    struct jz_close_result result;
    struct jz_close_options options = { .on = day("2026-11-02") };
    register_set_today(day("2026-11-01"));
    register_open();
    assert_int_equal(jz_close_run(store, &options, &result, &err), JZ_E_USAGE);
    close_today(day("2026-11-03"));
    assert_int_equal(jz_close_run(store, &options, &result, &err), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "2026-11-03"));
    register_close();
}

/* ---- Many people ---- */

static struct jz_date random_day(struct jz_date first, int days)
{
    return jz_date_add_days(first, (int)(rand_r(&seed) % (unsigned)days));
}

static void make_people(struct register_person *people, int count)
{
    for (int i = 0; i < count; i++) {
        struct register_person *p = &people[i];
        const int signs = (int)(rand_r(&seed) % 4);
        *p = (struct register_person){
            .born_on = random_day(day("1930-01-01"), 12000),
            .benefits = { { .scheme = rand_r(&seed) % 4 ? JZ_SCHEME_EMPLOYEE : JZ_SCHEME_RESIDENT,
                            .region = rand_r(&seed) % 3 ? 370102 : 110101,
                            .from = random_day(day("2010-01-01"), 5900) } },
        };
        if (rand_r(&seed) % 16 == 0)
            p->benefits[0].until = random_day(day("2026-10-01"), 400);
        if (rand_r(&seed) % 8 == 0)
            p->benefits[1] = p->benefits[0];
        for (int k = 0; k < signs; k++) {
            p->signs[k].kind = rand_r(&seed) % 3 ? JZ_EV_COMMUNITY : JZ_EV_DATA_MATCH;
            p->signs[k].outcome = rand_r(&seed) % 5 ? JZ_OUTCOME_PASS : JZ_OUTCOME_FAIL;
            p->signs[k].observed_on = random_day(day("2025-06-01"), 500);
        }
    }
}

static void open_with_people(int count, unsigned from_seed)
{
    struct register_person *people = calloc((size_t)count, sizeof *people);
    assert_non_null(people);
    seed = from_seed;
    make_people(people, count);
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(people, (size_t)count, NULL);
    free(people);
}

/* What one close leaves behind. */
struct facts {
    char *notices, *proposals, *standings;
};

static struct facts facts_of(void)
{
    return (struct facts){ register_text(all_notices), register_text(all_proposals),
                           register_text(all_standings) };
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
    open_with_people(600, 11);
    register_set_today(day("2026-11-20"));
    const struct jz_close_result first = close_on(day("2026-11-20"));
    struct facts before = facts_of();
    assert_true(first.counts.touched > 100);
    assert_true(first.counts.proposals > 10);
    assert_int_equal(first.counts.proposals, ask_store(store, "SELECT count(*) FROM proposal"));
    assert_int_equal(first.counts.reminded + first.counts.grace + first.counts.lapsed,
                     ask_store(store, "SELECT count(*) FROM notice"));
    const struct jz_close_result second = close_on(day("2026-11-20"));
    struct facts after = facts_of();
    assert_int_equal(second.counts.touched, 0);
    are_same(&before, &after);
    facts_done(&before);
    facts_done(&after);
    is_sound();
    register_close();
}

/* Days that nobody closed: rows and proposals as if somebody had, one notice for each person. */
static void missed_days_are_made_up_for(void **state)
{
    (void)state;
    enum { DAYS = 45, PEOPLE = 300 };
    struct facts daily, late;
    open_with_people(PEOPLE, 12);
    close_today(day("2026-11-01"));
    for (int i = 1; i <= DAYS; i++)
        close_today(jz_date_add_days(day("2026-11-01"), i));
    daily = facts_of();
    is_sound();
    register_close();

    open_with_people(PEOPLE, 12);
    close_today(day("2026-11-01"));
    const int64_t before = ask_store(store, "SELECT count(*) FROM notice");
    register_set_today(jz_date_add_days(day("2026-11-01"), DAYS));
    is_sound();
    const struct jz_close_result result = close_on(jz_date_add_days(day("2026-11-01"), DAYS));
    late = facts_of();
    assert_string_equal(daily.standings, late.standings);
    assert_string_equal(daily.proposals, late.proposals);
    assert_true(strlen(daily.notices) > strlen(late.notices));
    assert_int_equal(ask_store(store, "SELECT count(*) FROM notice") - before,
                     result.counts.reminded + result.counts.grace + result.counts.lapsed);
    assert_true(result.counts.lapsed > 0);
    assert_int_equal(ask_store(store,
                               "SELECT count(*) FROM (SELECT subject FROM notice GROUP BY subject, "
                               "recorded_at HAVING count(*) > 1) AS t"),
                     0);
    facts_done(&daily);
    facts_done(&late);
    is_sound();
    register_close();
}

/* ---- Policies ---- */

static void a_policy_that_begins_touches_whom_it_covers(void **state)
{
    (void)state;
    int64_t ids[2];
    struct register_person people[] = { person_seen("2026-06-01"), person_seen("2026-06-01") };
    people[1].benefits[0].region = 110101;
    register_set_today(day("2026-11-01"));
    register_open();
    register_add_policy(policy);
    register_add(people, 2, ids);
    close_today(day("2026-11-01"));
    /* Known beforehand, in force later: six months in Shandong. */
    register_add_policy(POLICY("shandong", "1", "2026-11-10", "37", "6"));
    const char due[] = "SELECT due_on FROM standing ORDER BY person";
    close_today(day("2026-11-09"));
    jz_autofree char *before = register_text(due);
    assert_string_equal(before, "20270601|\n20270601|\n");
    register_set_today(day("2026-11-12"));
    is_sound();
    const struct jz_close_result result = close_on(day("2026-11-12"));
    assert_int_equal(result.changed_policies, 1);
    assert_int_equal(result.counts.touched, 1);
    assert_int_equal(result.counts.reminded, 1);
    jz_autofree char *after = register_text(due);
    assert_string_equal(after, "20261201|\n20270601|\n");
    /* Added later, in force since long: fifteen months, nobody is bothered. */
    register_add_policy(POLICY("shandong", "2", "2026-11-10", "37", "15"));
    is_sound();
    const struct jz_close_result again = close_on(day("2026-11-12"));
    assert_int_equal(again.counts.touched, 1);
    assert_int_equal(again.counts.reminded, 0);
    jz_autofree char *back = register_text(due);
    assert_string_equal(back, "20270901|\n20270601|\n");
    assert_int_equal(close_on(day("2026-11-12")).changed_policies, 0);
    is_sound();
    register_close();
}

/* People were there before any policy was. */
static void the_first_policy_is_noticed(void **state)
{
    (void)state;
    enum { PEOPLE = 500 };
    static const char rows[] =
        "SELECT due_on, grace_until, state, next_on FROM standing ORDER BY person, benefit";
    static struct register_person people[PEOPLE];
    seed = 14;
    make_people(people, PEOPLE);
    register_set_today(day("2026-11-01"));
    register_open();
    register_add(people, PEOPLE, NULL);
    close_today(day("2026-11-01"));
    assert_int_equal(ask_store(store, "SELECT count(*) FROM standing WHERE state <> 0"), 0);
    register_add_policy(policy);
    close_today(day("2026-11-02"));
    jz_autofree char *found = register_text(rows);
    const int64_t proposals = ask_store(store, "SELECT count(*) FROM proposal");
    is_sound();
    register_close();

    open_with_people(PEOPLE, 14);
    close_today(day("2026-11-02"));
    jz_autofree char *wanted = register_text(rows);
    assert_string_equal(found, wanted);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), proposals);
    assert_true(proposals > 0);
    register_close();
}

/* ---- Beside others ---- */

struct certifying {
    int64_t *people;
    int count;
    struct jz_date on;
};

static void *certify_all(void *context)
{
    const struct certifying *c = context;
    for (int i = 0; i < c->count; i++)
        if (!register_certify(c->people[i], c->on))
            abort();
    return NULL;
}

/* Half of the people are certified while the close goes over all of them. */
static void certifications_go_on(void **state)
{
    (void)state;
    enum { PEOPLE = 1500, HALF = PEOPLE / 2 };
    static struct register_person people[PEOPLE];
    static int64_t ids[PEOPLE];
    for (int i = 0; i < PEOPLE; i++)
        people[i] = person_seen("2025-10-02"); /* lapses on 2 November 2026 */
    register_set_today(day("2026-10-31"));
    register_open();
    register_add_policy(policy);
    register_add(people, PEOPLE, ids);
    close_today(day("2026-10-31"));
    register_set_today(day("2026-11-02"));
    struct certifying c = { ids, HALF, day("2026-11-02") };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, certify_all, &c), 0);
    close_on(day("2026-11-02"));
    pthread_join(thread, NULL);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM standing WHERE state = 1"), HALF);
    /* Proposed were only people who had no certification at that moment. */
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal p JOIN certification c "
                                      "ON c.person = p.person AND c.id < p.id"),
                     0);
    assert_true(ask_store(store, "SELECT count(*) FROM proposal") >= PEOPLE - HALF);
    is_sound();
    close_on(day("2026-11-02"));
    is_sound();
    register_close();
}

/* A day closed late, after people were seen: they are judged as of today. */
static void a_late_close_sees_what_came_after(void **state)
{
    (void)state;
    int64_t ids[2];
    const struct register_person people[] = { person_seen("2025-10-02"),
                                              person_seen("2025-10-02") };
    register_set_today(day("2026-10-31"));
    register_open();
    register_add_policy(policy);
    register_add(people, 2, ids);
    close_today(day("2026-10-31"));
    register_set_today(day("2026-11-03"));
    assert_true(register_certify(ids[0], day("2026-11-03")));
    register_add_policy(POLICY("all", "2", "2020-01-01", "", "12"));
    close_on(day("2026-11-02"));
    jz_autofree char *due = register_text("SELECT due_on FROM standing ORDER BY person");
    assert_string_equal(due, "20271103|\n20261002|\n");
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), 1);
    is_sound();
    register_close();
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

static _Noreturn void be_closed(struct jz_date on, struct doom *doom)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const struct jz_close_options options = {
        .on = on, .most_people = 32, .on_progress = count_down, .context = doom
    };
    struct jz_close_result result;
    register_reopen();
    _exit(jz_close_run(store, &options, &result, &err) < 0 ? 1 : 0);
}

static void killed_and_run_again_is_run_once(void **state)
{
    (void)state;
    enum { PEOPLE = 3000, ROUNDS = 12 };
    const struct jz_date on = day("2026-11-20");
    unsigned chance = (unsigned)time(NULL);
    print_message("seed %u\n", chance);
    open_with_people(PEOPLE, 13);
    register_set_today(on);
    close_on(on);
    struct facts wanted = facts_of();
    register_close();

    open_with_people(PEOPLE, 13);
    register_set_today(on);
    int killed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct doom doom = { (int)(rand_r(&chance) % 4), (long)(rand_r(&chance) % 8000) };
        int status;
        register_pause(); /* no thread of it may be copied */
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            be_closed(on, &doom);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        killed += WIFSIGNALED(status);
        register_reopen();
    }
    print_message("killed %d times of %d\n", killed, ROUNDS);
    assert_true(killed > 3);
    close_on(on);
    struct facts found = facts_of();
    are_same(&wanted, &found);
    facts_done(&wanted);
    facts_done(&found);
    is_sound();
    register_close();
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
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
