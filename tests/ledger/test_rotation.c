/*
 * Keys rotated and renewed by one process while another goes on with the register it opened before:
 * that one is not started again and never fails, and each opens what the other sealed.
 */
#include "register.h"

#include "audit/verify.h"
#include "ledger/receipts.h"
#include "ledger/renew.h"
#include "store/person.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_PEOPLE = 30, MORE_PEOPLE = 10, ROUNDS = 4, THREADS = 3, PAUSE_NS = 2000000 };

static const struct jz_date today = { 2026, 11, 25 };

static const char policy[] = "id: test\nversion: 1\neffective: {from: 2020-01-01}\n"
                             "applies: {region: \"\", schemes: [employee]}\n"
                             "legal_basis: [{id: B, cite: a basis}]\n"
                             "cycle: {kind: rolling_months, months: 12}\n"
                             "accept:\n  - {kind: community}\n";

static char *number_of(int i, char text[16])
{
    snprintf(text, 16, "H%08d", i);
    return text;
}

/* People from..to - 1, sealed and found under the newest keys. */
static void add_people(int from, int to)
{
    for (int i = from; i < to; i++) {
        char number[16];
        const struct register_person person = {
            .document = number_of(i, number),
            .name = "陈大文",
            .born_on = { 1950, 1, 1 },
            .benefits = { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 }, { 0 }, NULL } },
        };
        register_add_person(&person);
    }
}

/* ---- The process that was there before ---- */

static _Atomic int known;

/* One person at the counter: found, read, certified, and given a receipt that verifies. */
static int serve(int i, struct jz_error *err)
{
    char number[16];
    struct jz_person_record record;
    struct jz_receipt_row row;
    struct jz_receipt payload;
    struct jz_signed_receipt receipt;
    struct jz_public_key key;
    struct jz_sql *sql = NULL;
    struct jz_claim_result result;
    struct jz_claim claim = {
        .kind = JZ_EV_COMMUNITY,
        .observed_on = today,
        .outcome = JZ_OUTCOME_PASS,
        .operator= "tester",
        .trusted = true,
    };
    unsigned version = 0;
    int r = jz_person_find(store, number_of(i, number), &claim.person, err);
    if (r < 0 || (r = jz_store_reader(store, &sql, err)) < 0)
        return r;
    r = jz_person_read(sql, keyring, claim.person, &record, err);
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    if (strcmp(record.data.number, number) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "%s found another person", number);
    if ((r = jz_claim_submit(store, &claim, &result, err)) < 0 ||
        (r = jz_receipts_latest(store, claim.person, &row, err)) < 0 ||
        (r = jz_receipt_sign_recorded(keyring, row.payload, sizeof row.payload, &receipt, err)) <
            0 ||
        (r = jz_receipt_decode(row.payload, sizeof row.payload, &payload, err)) < 0 ||
        (r = jz_keyring_sign_version(keyring, payload.installation, &version, err)) < 0 ||
        (r = jz_keyring_public(keyring, version, &key, err)) < 0)
        return r;
    return jz_receipt_verify(&key, 1, &receipt, &payload, err);
}

static void serve_or_exit(int i)
{
    static const struct timespec pause = { .tv_nsec = PAUSE_NS };
    struct jz_error err;
    if (serve(i, &err) < 0) {
        fprintf(stderr, "# person %d: %s\n", i, err.text);
        _exit(1);
    }
    nanosleep(&pause, NULL);
}

static void *serve_for_ever(void *context)
{
    for (unsigned i = (unsigned)(uintptr_t)context;; i += THREADS)
        serve_or_exit((int)(i % (unsigned)known));
    return NULL;
}

/* Each order says how many people there are now; it is answered when all were served once more. */
static _Noreturn void be_server(int orders, int answers)
{
    pthread_t thread;
    int people;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    register_reopen();
    known = FIRST_PEOPLE;
    for (uintptr_t i = 1; i < THREADS; i++)
        if (pthread_create(&thread, NULL, serve_for_ever, (void *)i) != 0)
            _exit(2);
    while (read(orders, &people, sizeof people) == (ssize_t)sizeof people) {
        known = people;
        for (int i = people; i-- > 0;)
            serve_or_exit(i);
        if (write(answers, &people, sizeof people) != (ssize_t)sizeof people)
            _exit(3);
    }
    _exit(0);
}

/* ---- The other, which rotates ---- */

static void wait_until_served(int orders, int answers, int people)
{
    int answer = 0;
    assert_int_equal(write(orders, &people, sizeof people), sizeof people);
    if (read(answers, &answer, sizeof answer) != (ssize_t)sizeof answer)
        fail_msg("the process that was there before has ended");
    assert_int_equal(answer, people);
}

/* What the server wrote last is of the newest keys. */
static void check_receipt(int i, unsigned version)
{
    struct jz_error err;
    char number[16];
    int64_t person = 0;
    struct jz_receipt_row row;
    struct jz_receipt receipt;
    struct jz_public_key key;
    WORKS(jz_person_find(store, number_of(i, number), &person, &err));
    WORKS(jz_receipts_latest(store, person, &row, &err));
    WORKS(jz_receipt_decode(row.payload, sizeof row.payload, &receipt, &err));
    WORKS(jz_keyring_public(keyring, version, &key, &err));
    assert_memory_equal(receipt.installation, key.id, sizeof key.id);
}

static void a_rotation_takes_effect_without_a_restart(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_renew_result renewed;
    struct jz_audit_result audit;
    int orders[2], answers[2], status, people = FIRST_PEOPLE;
    add_people(0, people);
    assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
    register_pause();
    const pid_t server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        close(orders[1]);
        be_server(orders[0], answers[1]);
    }
    close(orders[0]);
    close(answers[1]);
    register_reopen();
    wait_until_served(orders[1], answers[0], people);
    for (unsigned version = 2; version < 2 + ROUNDS; version++) {
        for (int p = 0; p < JZ_PURPOSES; p++)
            WORKS(jz_keyring_rotate(keyring_file, NULL, (enum jz_purpose)p, &err));
        jz_keyring_refresh(keyring);
        assert_int_equal(jz_keyring_versions(keyring, JZ_KEY_IDENTITY), version);
        add_people(people, people + MORE_PEOPLE);
        people += MORE_PEOPLE;
        wait_until_served(orders[1], answers[0], people);
        WORKS(jz_renew(store, NULL, &renewed, &err));
        assert_int_equal(renewed.lookup, version);
        wait_until_served(orders[1], answers[0], people);
        check_receipt(people - 1, version);
    }
    close(orders[1]);
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(answers[0]);
    WORKS(jz_audit_verify(store, NULL, &audit, &err));
    assert_int_equal(audit.finding, JZ_AUDIT_SOUND);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(today);
    register_open();
    register_add_policy(policy);
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotation_takes_effect_without_a_restart),
    };
    return cmocka_run_group_tests_name("rotation", tests, set_up, register_tear_down);
}
