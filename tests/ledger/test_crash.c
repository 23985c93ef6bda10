/*
 * Kill -9 in the middle of load: a child certifies people with several threads and tells each
 * answer it got; it is killed at a random moment. Whatever was answered must be there, once, and
 * the whole log must verify. Also: the database server killed, the connection cut in mid-commit.
 */
#include "register.h"

#include "audit/verify.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum { PEOPLE = 400, CALLERS = 8, VERIFY_EVERY = 25, MAX_ACKS = 200000 };

static int rounds = 200;
static int64_t people[PEOPLE];
static unsigned seed;
static const struct jz_date today = { 2026, 11, 25 };

static const char policy[] = "id: test\nversion: 1\neffective: {from: 2020-01-01}\n"
                             "applies: {region: \"\", schemes: [employee]}\n"
                             "legal_basis: [{id: B, cite: a basis}]\n"
                             "cycle: {kind: rolling_months, months: 12}\n"
                             "remind_days: [30]\naccept:\n  - {kind: community}\n";

/* ---- The child ---- */

/* What an answer says: the evidence and the receipt that are on disk now. */
struct ack {
    int64_t evidence, receipt;
};

struct load {
    int pipe;
    int number;
};

static void *certify_for_ever(void *context)
{
    const struct load *l = context;
    for (unsigned i = (unsigned)l->number;; i++) {
        struct jz_error err;
        const struct jz_claim claim = {
            .person = people[i * 7 % PEOPLE],
            .kind = JZ_EV_COMMUNITY,
            .observed_on = today,
            .outcome = JZ_OUTCOME_PASS,
            .operator= "tester",
            .trusted = true,
        };
        struct jz_claim_result result;
        if (jz_claim_submit(store, &claim, &result, &err) < 0)
            continue; /* a connection that was cut: nothing was promised */
        const struct ack ack = { result.evidence, result.receipt };
        if (write(l->pipe, &ack, sizeof ack) != (ssize_t)sizeof ack)
            _exit(2);
    }
    return NULL;
}

static _Noreturn void be_child(int pipe)
{
    static struct load loads[CALLERS];
    pthread_t thread;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    register_reopen();
    for (int i = 0; i < CALLERS; i++) {
        loads[i] = (struct load){ pipe, i };
        if (pthread_create(&thread, NULL, certify_for_ever, &loads[i]) != 0)
            _exit(4);
    }
    for (;;)
        pause();
}

/* ---- The rounds ---- */

static void sleep_us(long us)
{
    const struct timespec t = { us / 1000000, us % 1000000 * 1000 };
    nanosleep(&t, NULL);
}

/* Reads what is in the pipe; false at its end. */
static bool drain(int pipe, struct ack *acks, int *count)
{
    for (;;) {
        const ssize_t n = read(pipe, acks + *count, sizeof *acks);
        if (n == (ssize_t)sizeof *acks) {
            ++*count;
            assert_true(*count < MAX_ACKS);
        } else {
            return n != 0;
        }
    }
}

/* Lets a child work until a random moment after its first answer; meanwhile(NULL: nothing). */
static void run_child(struct ack *acks, int *count, void (*meanwhile)(void))
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    const int before = *count;
    register_pause();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Its answers must not be lost to a full pipe. */
        fcntl(ends[1], F_SETFL, 0);
        be_child(ends[1]);
    }
    close(ends[1]);
    for (int i = 0; i < 20000 && *count == before; i++) {
        drain(ends[0], acks, count);
        sleep_us(500);
    }
    if (meanwhile)
        meanwhile();
    for (long left = (long)(rand_r(&seed) % 40000); left > 0; left -= 2000) {
        sleep_us(left < 2000 ? left : 2000);
        drain(ends[0], acks, count);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (drain(ends[0], acks, count))
        sleep_us(100);
    close(ends[0]);
    assert_true(*count > before);
    register_reopen();
}

/* Everything answered is there, with its receipt, and there is nothing by halves. */
static void check_answers(const struct ack *acks, int from, int to)
{
    for (int i = from; i < to; i++) {
        const struct jz_sql_value ids[] = { jz_int(acks[i].evidence), jz_int(acks[i].receipt) };
        assert_int_equal(ask_store_with(store,
                                        "SELECT COUNT(*) FROM certification WHERE evidence = $1",
                                        &ids[0], 1),
                         1);
        assert_int_equal(
            ask_store_with(store, "SELECT COUNT(*) FROM receipt WHERE id = $1", &ids[1], 1), 1);
    }
    const int64_t evidence = ask_store(store, "SELECT COUNT(*) FROM evidence");
    assert_true(evidence >= to);
    static const char *const once_each[] = {
        "SELECT COUNT(DISTINCT evidence) FROM decision",
        "SELECT COUNT(*) FROM decision",
        "SELECT COUNT(DISTINCT evidence) FROM certification",
        "SELECT COUNT(*) FROM certification",
        "SELECT COUNT(*) FROM receipt",
        "SELECT COUNT(*) FROM notice",
    };
    for (size_t i = 0; i < sizeof once_each / sizeof once_each[0]; i++)
        assert_int_equal(ask_store(store, once_each[i]), evidence);
}

static void check_audit(void)
{
    struct jz_error err;
    struct jz_audit_result result;
    WORKS(jz_audit_verify(store, NULL, &result, &err));
    if (result.finding != JZ_AUDIT_SOUND) {
        char text[JZ_AUDIT_TEXT_BYTES];
        jz_audit_describe(&result, text);
        fail_msg("%s", text);
    }
}

static void nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    struct ack *acks = malloc(MAX_ACKS * sizeof *acks);
    int count = 0;
    for (int i = 1; i <= rounds; i++) {
        const int before = count;
        run_child(acks, &count, NULL);
        check_answers(acks, before, count);
        if (i % VERIFY_EVERY == 0)
            check_audit();
    }
    check_answers(acks, 0, count);
    check_audit();
    print_message("%d rounds, %d answers, seed %s\n", rounds, count,
                  getenv("JIANZAI_TEST_SEED") ? getenv("JIANZAI_TEST_SEED") : "from the clock");
    free(acks);
}

/* ---- PostgreSQL alone: connections cut under load ---- */

static void cut_connections(void)
{
    struct jz_error err;
    const struct jz_sql_options options = { 0 };
    struct jz_sql *sql = NULL;
    for (int i = 0; i < 5; i++) {
        sleep_us((long)(rand_r(&seed) % 20000));
        assert_int_equal(jz_sql_open(url, &options, &sql, &err), 0);
        assert_int_equal(
            jz_sql_script(sql,
                          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                          "datname = current_database() AND pid <> pg_backend_pid()",
                          &err),
            0);
        jz_sql_close(sql);
        sql = NULL;
    }
}

static void a_cut_connection_loses_nothing(void **state)
{
    (void)state;
    struct ack *acks = malloc(MAX_ACKS * sizeof *acks);
    int count = 0;
    for (int i = 0; i < 10; i++) {
        const int before = count;
        run_child(acks, &count, cut_connections);
        check_answers(acks, before, count);
    }
    check_audit();
    free(acks);
}

static int set_up(void **state)
{
    (void)state;
    static struct register_person made[PEOPLE];
    for (int i = 0; i < PEOPLE; i++)
        made[i] = (struct register_person){
            .born_on = { 1950, 1, 1 },
            .benefits = { { JZ_SCHEME_EMPLOYEE, 370100, { 2015, 1, 1 } } },
        };
    register_set_today(today);
    register_open();
    register_add_policy(policy);
    register_add(made, PEOPLE, people);
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const char *wanted = getenv("JIANZAI_TEST_SEED"), *fewer = getenv("JIANZAI_CRASH_ROUNDS");
    seed = wanted ? (unsigned)strtoul(wanted, NULL, 10) : (unsigned)time(NULL);
    if (fewer)
        rounds = atoi(fewer);
    printf("# seed %u, %d rounds\n", seed, rounds);
    /* The last is of PostgreSQL alone. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_doubled),
        cmocka_unit_test(a_cut_connection_loses_nothing),
    };
    const size_t last = on_postgres ? 0 : 1;
    return _cmocka_run_group_tests("crash", tests, sizeof tests / sizeof tests[0] - last, set_up,
                                   register_tear_down);
}
