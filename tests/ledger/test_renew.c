/*
 * Renewing the register after a rotation of keys, while others read and write.
 * "test_renew sqlite" and "test_renew postgres" run the same cases.
 */
#include "../audit/book.h"

#include "base/clock.h"
#include "base/file.h"
#include "ledger/forget.h"
#include "ledger/own_key.h"
#include "ledger/renew.h"
#include "store/person.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

static struct book b;

enum { PEOPLE = 1500, ENROLLED = 300 };

/* ---- People ---- */

static struct jz_document document_of(int number)
{
    struct jz_document d = { .kind = JZ_DOCUMENT_SOCIAL_CARD };
    snprintf(d.number, sizeof d.number, "CARD%08d", number);
    return d;
}

struct adding {
    const struct jz_keyring *ring;
    int from, to;
};

static int add_people(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *error)
{
    (void)state;
    const struct adding *a = context;
    for (int i = a->from; i < a->to; i++) {
        const struct jz_document document = document_of(i);
        const struct jz_person_data data = {
            .name = "测试",
            .kind = document.kind,
            .number = document.number,
            .issuer = "",
            .phone = "",
            .address = "",
        };
        uint8_t sealed[JZ_PERSON_SEALED_BYTES], hash[JZ_FIND_BYTES];
        size_t size = 0;
        int r = jz_person_seal(a->ring, &data, sealed, &size, error);
        if (r < 0 ||
            (r = jz_person_document_hash(a->ring, jz_keyring_versions(a->ring, JZ_KEY_LOOKUP),
                                         &document, hash, error)) < 0)
            return r;
        const struct jz_sql_value person[JZ_MAX_COLUMNS] = {
            [PERSON_BORN_ON] = jz_int(19500101),
            [PERSON_SEX] = jz_int(1),
            [PERSON_CARE] = jz_int(0),
            [PERSON_SEALED] = jz_blob(sealed, size),
        };
        const int64_t id = jz_entry_add(entry, JZ_T_PERSON, person);
        const struct jz_sql_value find[JZ_MAX_COLUMNS] = {
            [FIND_HASH] = jz_blob(hash, sizeof hash),
            [FIND_PERSON] = jz_int(id),
        };
        jz_entry_put(entry, JZ_T_FIND, find);
    }
    return 0;
}

static void add(struct jz_store *store, const struct jz_keyring *ring, int from, int to)
{
    struct adding a = { ring, from, to };
    struct jz_act act = { .decide = add_people, .context = &a };
    WORKS(jz_store_submit(store, &act, 1, &err));
    err = act.error;
    WORKS(act.result);
}

/* Whom the document of that number finds; 0: nobody. */
static int64_t find(struct jz_store *store, const struct jz_keyring *ring, int number,
                    struct jz_error *error)
{
    const struct jz_document document = document_of(number);
    struct jz_sql *sql = NULL;
    int64_t person = 0;
    if (jz_store_reader(store, &sql, error) < 0)
        return 0;
    if (jz_person_find_document(sql, ring, &document, &person, error) < 0)
        person = 0;
    jz_store_return(store, sql);
    return person;
}

static bool has_hash(unsigned version, int number)
{
    const struct jz_document document = document_of(number);
    uint8_t hash[JZ_FIND_BYTES];
    struct jz_sql *sql = NULL;
    WORKS(jz_person_document_hash(keyring, version, &document, hash, &err));
    WORKS(jz_store_reader(b.store, &sql, &err));
    const struct jz_sql_value value = jz_blob(hash, sizeof hash);
    struct jz_sql_rows *rows = NULL;
    WORKS(jz_sql_query(sql, "SELECT 1 FROM document_find WHERE hash = $1", &value, 1, &rows, &err));
    const bool there = jz_sql_next(rows, &err) == 1;
    jz_sql_done(rows);
    jz_store_return(b.store, sql);
    return there;
}

static void rotate(void)
{
    WORKS(jz_keyring_rotate(keyring_file, NULL, JZ_KEY_LOOKUP, &err));
    WORKS(jz_keyring_rotate(keyring_file, NULL, JZ_KEY_BIOMETRIC, &err));
    book_reopen(&b);
}

static int64_t count(const char *question)
{
    struct jz_sql *sql = NULL;
    WORKS(jz_sql_open(url, NULL, &sql, &err));
    const int64_t n = ask(sql, question);
    jz_sql_close(sql);
    return n;
}

static void check_all_renewed(int people, unsigned version)
{
    for (int i = 0; i < people; i++) {
        if (find(b.store, keyring, i, &err) == 0)
            fail_msg("number %d is not found any more", i);
        if (!has_hash(version, i) || has_hash(version - 1, i))
            fail_msg("number %d is kept under the wrong version", i);
    }
    assert_int_equal(count("SELECT count(*) FROM document_find"), people);
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    WORKS(jz_store_reader(b.store, &sql, &err));
    WORKS(jz_sql_query(sql, "SELECT wrapped FROM subject_key", NULL, 0, &rows, &err));
    while (jz_sql_next(rows, &err) == 1) {
        const struct jz_sql_value wrapped = jz_sql_value(rows, 0);
        assert_int_equal(jz_sealed_version(wrapped.data, wrapped.size), version);
    }
    jz_sql_done(rows);
    jz_store_return(b.store, sql);
}

/* ---- Others at work meanwhile ---- */

struct other {
    bool stop;
    int done, lost, people;
    int64_t longest_ns;
};

static void *look_up(void *context)
{
    struct other *o = context;
    struct jz_error error;
    for (int i = 0; !__atomic_load_n(&o->stop, __ATOMIC_RELAXED); i++, o->done++)
        o->lost += find(b.store, keyring, i * 7919 % PEOPLE, &error) == 0;
    return NULL;
}

static void *write_on(void *context)
{
    struct other *o = context;
    while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED)) {
        const int64_t start = jz_clock_ns();
        add(b.store, keyring, o->people, o->people + 1);
        const int64_t took = jz_clock_ns() - start;
        o->longest_ns = took > o->longest_ns ? took : o->longest_ns;
        o->people++;
        o->done++;
    }
    return NULL;
}

static void everything_goes_on_meanwhile(void **state)
{
    (void)state;
    struct jz_renew_result result;
    struct jz_forget_result forgotten;
    add(b.store, keyring, 0, PEOPLE);
    struct wrapped keys[ENROLLED];
    for (int i = 0; i < ENROLLED; i++)
        keys[i] = book_enrol(&b, i + 1);
    WORKS(jz_renew(b.store, NULL, &result, &err)); /* nothing was rotated: nothing to do */
    assert_int_equal(result.documents, 0);
    assert_int_equal(result.keys, 0);
    rotate();

    struct other readers = { 0 }, writers = { .people = PEOPLE };
    pthread_t reader, writer;
    assert_int_equal(pthread_create(&reader, NULL, look_up, &readers), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_on, &writers), 0);
    WORKS(jz_forget(b.store, 7, "asked for", "operator-7", &forgotten, &err));
    WORKS(jz_renew(b.store, NULL, &result, &err));
    __atomic_store_n(&readers.stop, true, __ATOMIC_RELAXED);
    __atomic_store_n(&writers.stop, true, __ATOMIC_RELAXED);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);

    struct jz_store_stats stats;
    jz_store_stats(b.store, &stats);
    print_message("%d lookups, %d acts meanwhile; longest hold %.1f ms, longest act %.1f ms\n",
                  readers.done, writers.done, (double)stats.longest_hold_ns / 1e6,
                  (double)writers.longest_ns / 1e6);
    assert_int_equal(readers.lost, 0);
    assert_true(readers.done > 0 && writers.done > 0);
    assert_true(stats.longest_hold_ns < 1000000000); /* the aim is a tenth of it, on a free disk */
    assert_true(result.documents >= PEOPLE);
    assert_int_equal(result.keys, ENROLLED - 1);
    WORKS(jz_renew(b.store, NULL, &result, &err));
    check_all_renewed(writers.people, 2);
    assert_int_equal(count("SELECT count(*) FROM subject_key WHERE person = 7"), 0);

    /* What the old wrapping sealed opens through the new one. */
    struct jz_own_key_context text;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    uint8_t plain[256];
    size_t size = 0;
    WORKS(jz_store_reader(b.store, &sql, &err));
    WORKS(jz_sql_query(sql,
                       "SELECT k.wrapped, e.sealed FROM subject_key k JOIN enrolment e "
                       "ON e.person = k.person WHERE k.person = 3",
                       NULL, 0, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    const struct jz_sql_value wrapped = jz_sql_value(rows, 0), sealed = jz_sql_value(rows, 1);
    assert_true(wrapped.size != keys[2].size ||
                memcmp(wrapped.data, keys[2].bytes, wrapped.size) != 0);
    WORKS(jz_subject_unseal(keyring, jz_own_key_context(3, &text), wrapped.data, wrapped.size,
                            sealed.data, sealed.size, plain, &size, &err));
    assert_string_equal((const char *)plain, "templates");
    jz_sql_done(rows);
    jz_store_return(b.store, sql);
    assert_int_equal(book_verify(&b, NULL).finding, JZ_AUDIT_SOUND);
}

static void what_an_old_process_wrote_is_caught_up(void **state)
{
    (void)state;
    struct jz_renew_result result;
    struct jz_keyring *old = NULL;
    jz_autofree uint8_t *bytes = NULL;
    size_t size = 0;
    char copy[96];
    add(b.store, keyring, 0, 600);
    /* It works with a copy of the file, so that it does not hear of the rotation. */
    snprintf(copy, sizeof copy, "%s.copy", keyring_file);
    WORKS(jz_file_read(keyring_file, JZ_KEYRING_MAX_BYTES, &bytes, &size, &err));
    WORKS(jz_file_write_private(copy, bytes, size, &err));
    WORKS(jz_keyring_open(copy, NULL, &old, &err));
    rotate();
    WORKS(jz_renew(b.store, NULL, &result, &err));
    assert_int_equal(result.documents, 600);
    add(b.store, old, 600, 700);
    assert_int_equal(find(b.store, keyring, 650, &err) != 0, 1);
    WORKS(jz_renew(b.store, NULL, &result, &err));
    assert_int_equal(result.documents, 100);
    check_all_renewed(700, 2);
    /* The next rotation begins anew. */
    rotate();
    WORKS(jz_renew(b.store, NULL, &result, &err));
    assert_int_equal(result.documents, 700);
    check_all_renewed(700, 3);
    jz_keyring_free(old);
}

/* ---- Ended in the middle ---- */

struct dying {
    int left;
};

static void die(void *context, enum jz_renew_phase phase, int64_t done, int64_t total)
{
    (void)phase, (void)done, (void)total;
    if (--((struct dying *)context)->left < 0)
        _exit(7);
}

static void a_run_that_was_ended_goes_on(void **state)
{
    (void)state;
    struct jz_renew_result result;
    add(b.store, keyring, 0, PEOPLE);
    for (int i = 0; i < 20; i++)
        book_enrol(&b, i + 1);
    rotate();
    int ended = 0;
    for (int steps = 1; steps < 12; steps += 2) {
        jz_store_close(b.store);
        b.store = NULL;
        const pid_t child = fork();
        if (child == 0) {
            struct dying dying = { steps };
            const struct jz_renew_options options = { .on_progress = die, .context = &dying };
            const struct jz_store_options plain = { .without_policies = true };
            struct jz_store *store = NULL;
            if (jz_store_open(url, keyring, &plain, &store, &err) < 0)
                _exit(1);
            _exit(jz_renew(store, &options, &result, &err) == 0 ? 0 : 2);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0));
        ended += WEXITSTATUS(status) == 7;
        jz_keyring_free(keyring);
        keyring = NULL;
        book_reopen(&b);
        for (int i = 0; i < PEOPLE; i += 97)
            if (find(b.store, keyring, i, &err) == 0)
                fail_msg("number %d is not found in between", i);
    }
    assert_true(ended > 0);
    WORKS(jz_renew(b.store, NULL, &result, &err));
    check_all_renewed(PEOPLE, 2);
}

static void an_unfinished_import_comes_first(void **state)
{
    (void)state;
    struct jz_renew_result result;
    struct jz_sql *sql = book_raw();
    add(b.store, keyring, 0, 10);
    rotate();
    run_text(sql,
             "INSERT INTO job (name, state, position, detail) VALUES ('import', 'running', 1, "
             "'people.csv')",
             NULL, 0);
    GIVES(jz_renew(b.store, NULL, &result, &err), JZ_E_BUSY);
    run_text(sql, "DELETE FROM job", NULL, 0);
    WORKS(jz_renew(b.store, NULL, &result, &err));
    check_all_renewed(10, 2);
    jz_sql_close(sql);
}

#define CASE(name) BOOK_TEST(name, &b)

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        CASE(everything_goes_on_meanwhile),
        CASE(what_an_old_process_wrote_is_caught_up),
        CASE(a_run_that_was_ended_goes_on),
        CASE(an_unfinished_import_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
