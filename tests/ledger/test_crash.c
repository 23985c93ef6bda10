/*
 * Kill -9 in the middle of load: a child certifies people with several threads and tells each
 * answer it got; it is killed at a random moment. Whatever was answered must be there, once, and
 * the whole log must verify. Also: the database server killed, the connection cut in mid-commit.
 */
#include "audit/verify.h"
#include "ledger/claim.h"
#include "ledger/policies.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "private_server.h"

enum { PEOPLE = 400, CALLERS = 8, VERIFY_EVERY = 25, MAX_ACKS = 200000 };

static char folder[] = "/tmp/jz-crash-XXXXXX";
static char keys[64], url[512];
static struct jz_keyring *keyring;
static bool on_postgres;
static int rounds = 200;
static int64_t people[PEOPLE];
static unsigned seed;

static const char policy_text[] = "id: test\nversion: 1\neffective: {from: 2020-01-01}\n"
                                  "applies: {region: \"\", schemes: [employee]}\n"
                                  "legal_basis: [{id: B, cite: a basis}]\n"
                                  "cycle: {kind: rolling_months, months: 12}\n"
                                  "remind_days: [30]\naccept:\n  - {kind: community}\n";

/* ---- The register ---- */

static struct jz_store *open_store(void)
{
    struct jz_error err;
    struct jz_store *store = NULL;
    if (jz_store_open(url, keyring, NULL, &store, &err) < 0)
        fail_msg("%s", err.text);
    return store;
}

static int add_people(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *err)
{
    (void)context;
    (void)state;
    (void)err;
    for (int i = 0; i < PEOPLE; i++) {
        const struct jz_sql_value person[JZ_MAX_COLUMNS] = {
            [PERSON_BORN_ON] = jz_int(19500101), [PERSON_SEX] = jz_int(1),
            [PERSON_CARE] = jz_int(0),           [PERSON_SEALED] = jz_blob("x", 1),
            [PERSON_BY] = jz_text("tester"),
        };
        people[i] = jz_entry_add(entry, JZ_T_PERSON, person);
        const struct jz_sql_value benefit[JZ_MAX_COLUMNS] = {
            [BENEFIT_PERSON] = jz_int(people[i]),
            [BENEFIT_SCHEME] = jz_int(JZ_SCHEME_EMPLOYEE),
            [BENEFIT_REGION] = jz_int(370100),
            [BENEFIT_FROM] = jz_int(20150101),
        };
        const struct jz_sql_value standing[JZ_MAX_COLUMNS] = {
            [STANDING_PERSON] = jz_int(people[i]),
            [STANDING_BENEFIT] = jz_int(jz_entry_add(entry, JZ_T_BENEFIT, benefit)),
            [STANDING_STATE] = jz_int(JZ_STANDING_NONE),
        };
        jz_entry_put(entry, JZ_T_STANDING, standing);
    }
    return 0;
}

static void make_register(void)
{
    struct jz_error err;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    struct jz_policy *policy = NULL;
    size_t added = 0;
    struct jz_act act = { .decide = add_people };
    struct jz_store *store = open_store();
    if (jz_policy_parse("test", policy_text, strlen(policy_text), NULL, NULL, &policy, &err) < 0 ||
        jz_policy_set_new(&policy, 1, &set, &err) < 0 ||
        jz_policies_add(store, set, "tester", &added, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(jz_store_submit(store, &act, 1, &err), 0);
    assert_int_equal(act.result, 0);
    jz_store_close(store);
}

/* ---- The child ---- */

/* What an answer says: the evidence and the receipt that are on disk now. */
struct ack {
    int64_t evidence, receipt;
};

struct load {
    struct jz_store *store;
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
            .observed_on = jz_date_today(),
            .outcome = JZ_OUTCOME_PASS,
            .operator= "tester",
            .trusted = true,
        };
        struct jz_claim_result result;
        if (jz_claim_submit(l->store, &claim, &result, &err) < 0)
            continue; /* a connection that was cut: nothing was promised */
        const struct ack ack = { result.evidence, result.receipt };
        if (write(l->pipe, &ack, sizeof ack) != (ssize_t)sizeof ack)
            _exit(2);
    }
    return NULL;
}

static _Noreturn void be_child(int pipe)
{
    struct jz_error err;
    static struct load loads[CALLERS];
    struct jz_store *store = NULL;
    pthread_t thread;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (jz_store_open(url, keyring, NULL, &store, &err) < 0)
        _exit(3);
    for (int i = 0; i < CALLERS; i++) {
        loads[i] = (struct load){ store, pipe, i };
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
}

static int64_t ask(struct jz_sql *sql, const char *question, int64_t value)
{
    struct jz_error err;
    struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value v = jz_int(value);
    if (jz_sql_query(sql, question, &v, 1, &rows, &err) < 0 || jz_sql_next(rows, &err) != 1)
        fail_msg("%s", err.text);
    const int64_t n = jz_sql_int(rows, 0);
    jz_sql_done(rows);
    return n;
}

/* Everything answered is there, with its receipt, and there is nothing by halves. */
static void check_answers(const struct ack *acks, int from, int to)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_store *store = open_store();
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    for (int i = from; i < to; i++) {
        assert_int_equal(
            ask(sql, "SELECT COUNT(*) FROM certification WHERE evidence = $1", acks[i].evidence),
            1);
        assert_int_equal(ask(sql, "SELECT COUNT(*) FROM receipt WHERE id = $1", acks[i].receipt),
                         1);
    }
    const int64_t evidence = ask(sql, "SELECT COUNT(*) FROM evidence WHERE id > $1", 0);
    assert_true(evidence >= to);
    static const char *const once_each[] = {
        "SELECT COUNT(DISTINCT evidence) FROM decision WHERE id > $1",
        "SELECT COUNT(*) FROM decision WHERE id > $1",
        "SELECT COUNT(DISTINCT evidence) FROM certification WHERE id > $1",
        "SELECT COUNT(*) FROM certification WHERE id > $1",
        "SELECT COUNT(*) FROM receipt WHERE id > $1",
        "SELECT COUNT(*) FROM notice WHERE id > $1",
    };
    for (size_t i = 0; i < sizeof once_each / sizeof once_each[0]; i++)
        assert_int_equal(ask(sql, once_each[i], 0), evidence);
    jz_store_return(store, sql);
    jz_store_close(store);
}

static void check_audit(void)
{
    struct jz_error err;
    struct jz_audit_result result;
    struct jz_store *store = open_store();
    if (jz_audit_verify(store, NULL, &result, &err) < 0)
        fail_msg("%s", err.text);
    if (result.finding != JZ_AUDIT_SOUND) {
        char text[JZ_AUDIT_TEXT_BYTES];
        jz_audit_describe(&result, text);
        fail_msg("%s", text);
    }
    jz_store_close(store);
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
    struct jz_error err;
    if (!mkdtemp(folder))
        return -1;
    snprintf(keys, sizeof keys, "%s/keys", folder);
    if (on_postgres)
        snprintf(url, sizeof url, "%s", getenv("JIANZAI_POSTGRES"));
    else
        snprintf(url, sizeof url, "%s/register.db", folder);
    if (jz_keyring_create(keys, JZ_SUITE_INTERNATIONAL, NULL, &err) < 0 ||
        jz_keyring_open(keys, NULL, &keyring, &err) < 0 ||
        jz_store_create(url, JZ_SUITE_INTERNATIONAL, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    make_register();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jz_keyring_free(keyring);
    jz_autofree char *command = NULL;
    return asprintf(&command, "rm -rf %s", folder) < 0 ? -1 : system(command);
}

int main(int argc, char **argv)
{
    int status;
    if (run_below_private_server(argc, argv, &status))
        return status;
    on_postgres = argc > 1 && strcmp(argv[1], "postgres") == 0;
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
                                   tear_down);
}
