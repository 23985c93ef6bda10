/*
 * What goes wrong around a store: disks that fill up, files that cannot be written or are not what
 * they should be, locks that others hold, connections and servers that go away. Each time the error
 * says what it is, nothing stands there by halves, and work goes on when the cause is gone.
 */
#include "place.h"

#include "audit/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static _Thread_local struct jz_error err;

/* In a child, which has no test to fail: its exit status is the line. */
#define CHILD_ASSERT(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "# child, line %d: %s; %s\n", __LINE__, #condition, err.text);         \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void sleep_ms(int ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}

/* ---- A register ---- */

static int add_person(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *error)
{
    (void)state, (void)error;
    const struct jz_sql_value person[JZ_MAX_COLUMNS] = {
        [PERSON_BORN_ON] = jz_int(19500101), [PERSON_SEX] = jz_int(1),
        [PERSON_CARE] = jz_int(0),           [PERSON_SEALED] = jz_blob("x", 1),
        [PERSON_BY] = jz_text("tester"),
    };
    *(int64_t *)context = jz_entry_add(entry, JZ_T_PERSON, person);
    return 0;
}

/* A sign of life of about two kilobytes. */
static int see(void *context, const struct jz_person_state *state, struct jz_entry *entry,
               struct jz_error *error)
{
    (void)context, (void)error;
    static char detail[2001];
    if (!*detail)
        memset(detail, 'x', sizeof detail - 1);
    const struct jz_sql_value evidence[JZ_MAX_COLUMNS] = {
        [EVIDENCE_PERSON] = jz_int(state->person),   [EVIDENCE_KIND] = jz_int(JZ_EV_COUNTER),
        [EVIDENCE_OBSERVED_ON] = jz_int(20260101),   [EVIDENCE_OUTCOME] = jz_int(JZ_OUTCOME_PASS),
        [EVIDENCE_STRENGTH] = jz_int(JZ_STRENGTH_A), [EVIDENCE_BY] = jz_text("tester"),
        [EVIDENCE_DETAIL] = jz_text(detail),
    };
    jz_entry_add(entry, JZ_T_EVIDENCE, evidence);
    return 0;
}

/* The result of the act, or why none was taken; err says more. */
static int submit(struct jz_store *store, int64_t person, jz_decide_fn decide, void *context)
{
    struct jz_act act = { .person = person, .decide = decide, .context = context };
    const int r = jz_store_submit(store, &act, 1, &err);
    if (r == 0 && act.result < 0)
        err = act.error;
    return r < 0 ? r : act.result;
}

static int64_t people[4];

static void add_people(struct jz_store *store)
{
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        WORKS(submit(store, 0, add_person, &people[i]));
}

static int64_t count_in(struct jz_store *store, const char *question)
{
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int64_t n = -1;
    if (jz_store_reader(store, &sql, &err) < 0)
        return -1;
    if (jz_sql_query(sql, question, NULL, 0, &rows, &err) == 0 && jz_sql_next(rows, &err) == 1)
        n = jz_sql_int(rows, 0);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return n;
}

static int64_t count_evidence(struct jz_store *store)
{
    return count_in(store, "SELECT COUNT(*) FROM evidence");
}

static bool is_sound(struct jz_store *store)
{
    struct jz_audit_result result;
    if (jz_audit_verify(store, NULL, &result, &err) < 0)
        return false;
    if (result.finding != JZ_AUDIT_SOUND)
        jz_audit_describe(&result, err.text);
    return result.finding == JZ_AUDIT_SOUND;
}

/* ---- Disks that fill up ---- */

/* Writes until it is refused; how many were taken. */
static int64_t write_until_refused(struct jz_store *store, int *ret_code)
{
    enum { MANY = 20000 };
    int64_t taken = 0;
    for (*ret_code = 0; taken < MANY; taken++)
        if ((*ret_code = submit(store, people[taken % 4], see, NULL)) < 0)
            break;
    return taken;
}

/* Room is refused, then given: the same store goes on, and so does a new one. */
static void check_full_disk(struct jz_store *store, const char *wanted, void (*make_room)(void))
{
    int code;
    const int64_t taken = write_until_refused(store, &code);
    CHILD_ASSERT(code == JZ_E_IO);
    CHILD_ASSERT(strstr(err.text, wanted) && strstr(err.text, url));
    CHILD_ASSERT(submit(store, people[0], see, NULL) == JZ_E_IO); /* and again, the same */
    CHILD_ASSERT(count_evidence(store) == taken);
    CHILD_ASSERT(is_sound(store));
    make_room();
    CHILD_ASSERT(submit(store, people[0], see, NULL) == 0);
    jz_store_close(store);
    store = NULL;
    CHILD_ASSERT(jz_store_open(url, keyring, NULL, &store, &err) == 0);
    CHILD_ASSERT(submit(store, people[1], see, NULL) == 0);
    CHILD_ASSERT(count_evidence(store) == taken + 2);
    CHILD_ASSERT(is_sound(store));
    jz_store_close(store);
}

static void run_child(void (*work)(void))
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void limit_files(rlim_t bytes)
{
    const struct rlimit limit = { bytes, RLIM_INFINITY };
    CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void lift_limit(void)
{
    limit_files(RLIM_INFINITY);
}

static void meet_size_limit(void)
{
    struct jz_store *store = NULL;
    signal(SIGXFSZ, SIG_IGN);
    CHILD_ASSERT(jz_store_open(url, keyring, NULL, &store, &err) == 0);
    limit_files(3 << 20);
    check_full_disk(store, "ulimit -f", lift_limit);
}

static void a_file_may_not_grow(void **state)
{
    (void)state;
    struct jz_store *store = open_store(NULL);
    add_people(store);
    jz_store_close(store);
    run_child(meet_size_limit);
    store = open_store(NULL);
    assert_true(is_sound(store));
    jz_store_close(store);
}

static char disk[64];

static void enlarge_disk(void)
{
    CHILD_ASSERT(mount("tmpfs", disk, "tmpfs", MS_REMOUNT, "size=64m") == 0);
}

static void fill_disk(void)
{
    snprintf(disk, sizeof disk, "%s/disk", folder);
    /* A mount that nobody else sees, and that goes with this process. */
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        (mkdir(disk, 0700) < 0 && errno != EEXIST) ||
        mount("tmpfs", disk, "tmpfs", 0, "size=2m") < 0) {
        fprintf(stderr, "# skipped: no right to mount a small disk\n");
        _exit(77);
    }
    struct jz_store *store = NULL;
    snprintf(url, sizeof url, "%s/register.db", disk);
    CHILD_ASSERT(jz_store_create(url, JZ_SUITE_INTERNATIONAL, &err) == 0);
    CHILD_ASSERT(jz_store_open(url, keyring, NULL, &store, &err) == 0);
    add_people(store);
    check_full_disk(store, "the disk is full", enlarge_disk);
}

static void a_disk_is_full(void **state)
{
    (void)state;
    run_child(fill_disk);
}

/* ---- What this user may not write ---- */

static void become_nobody(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() == 0)
        CHILD_ASSERT(setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
                     setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static void use_what_can_only_be_read(void)
{
    const struct jz_store_options reading = { .read_only = true };
    struct jz_store *store = NULL;
    become_nobody();
    CHILD_ASSERT(jz_store_open(url, keyring, NULL, &store, &err) == JZ_E_DENIED);
    CHILD_ASSERT(strstr(err.text, url) && strstr(err.text, "right"));
    /* Reading is possible, or it is said what it would need. */
    const int r = jz_store_open(url, keyring, &reading, &store, &err);
    CHILD_ASSERT(r == 0 ? count_evidence(store) >= 0 : r == JZ_E_DENIED && strstr(err.text, url));
    jz_store_close(store);
}

static void only_to_be_read(void **state)
{
    (void)state;
    static const mode_t modes[][2] = { { 0555, 0444 }, { 0555, 0644 }, { 0755, 0444 } };
    jz_autofree char *log = NULL, *index = NULL;
    assert_true(asprintf(&log, "%s-wal", url) > 0 && asprintf(&index, "%s-shm", url) > 0);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        for (int without_log = 0; without_log < 2; without_log++) {
            struct jz_store *store = open_store(NULL);
            add_people(store);
            jz_store_close(store);
            if (without_log) {
                unlink(log);
                unlink(index);
            }
            assert_int_equal(chmod(url, modes[i][1]), 0);
            assert_int_equal(chmod(folder, modes[i][0]), 0);
            run_child(use_what_can_only_be_read);
            assert_int_equal(chmod(folder, 0700), 0);
            assert_int_equal(chmod(url, 0600), 0);
        }
    struct jz_store *store = open_store(NULL);
    add_people(store);
    assert_true(is_sound(store));
    jz_store_close(store);
}

/* ---- Others at the same database ---- */

enum { THREADS = 4, SECONDS = 2 };

struct load {
    struct jz_store *store;
    atomic_bool *stop;
    int number;
    int64_t taken;
    pthread_t thread;
};

static void *work(void *context)
{
    struct load *l = context;
    while (!atomic_load(l->stop)) {
        int64_t person = people[l->number];
        if (submit(l->store, person, see, NULL) < 0)
            return NULL;
        l->taken++;
    }
    return NULL;
}

static int64_t work_for_a_while(void)
{
    struct load loads[THREADS];
    atomic_bool stop = false;
    struct jz_store *store = NULL;
    int64_t taken = 0;
    CHILD_ASSERT(jz_store_open(url, keyring, NULL, &store, &err) == 0);
    for (int i = 0; i < THREADS; i++) {
        loads[i] = (struct load){ .store = store, .stop = &stop, .number = i };
        CHILD_ASSERT(pthread_create(&loads[i].thread, NULL, work, &loads[i]) == 0);
    }
    sleep_ms(SECONDS * 1000);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(loads[i].thread, NULL);
        CHILD_ASSERT(loads[i].taken > 0);
        taken += loads[i].taken;
    }
    jz_store_close(store);
    return taken;
}

static void two_processes_work(void **state)
{
    (void)state;
    struct jz_store *store = open_store(NULL);
    add_people(store);
    const int64_t before = count_evidence(store);
    jz_store_close(store);
    int ends[2];
    int64_t taken = 0, one = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            one = work_for_a_while();
            _exit(write(ends[1], &one, sizeof one) == (ssize_t)sizeof one ? 0 : 1);
        }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(read(ends[0], &one, sizeof one), sizeof one);
        assert_true(one > 10);
        taken += one;
    }
    close(ends[0]);
    close(ends[1]);
    store = open_store(NULL);
    assert_int_equal(count_evidence(store), before + taken);
    assert_true(is_sound(store));
    jz_store_close(store);
}

static void a_lock_is_held_too_long(void **state)
{
    (void)state;
    const struct jz_sql_options plain = { 0 };
    struct jz_sql *other = NULL;
    struct jz_sql_rows *rows = NULL;
    struct jz_store *store = open_store(NULL);
    add_people(store);
    const int64_t before = count_evidence(store);
    WORKS(jz_sql_open(url, &plain, &other, &err));
    WORKS(jz_sql_begin(other, &err));
    if (on_postgres) {
        WORKS(jz_sql_query(other, "SELECT id FROM audit_head FOR UPDATE", NULL, 0, &rows, &err));
        jz_sql_done(rows);
    }
    assert_int_equal(submit(store, people[0], see, NULL), JZ_E_BUSY);
    assert_non_null(strstr(err.text, "lock"));
    jz_sql_rollback(other);
    WORKS(submit(store, people[0], see, NULL));
    assert_int_equal(count_evidence(store), before + 1);
    assert_true(is_sound(store));
    jz_sql_close(other);
    jz_store_close(store);
}

/* ---- Files that are not what they should be ---- */

static void copy_file(const char *from, const char *to, off_t most)
{
    static char bytes[1 << 16];
    jz_autofclose FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n; most > 0 && (n = fread(bytes, 1, sizeof bytes, in)) > 0; most -= (off_t)n)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
}

static off_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void a_closed_database_is_one_file(void **state)
{
    (void)state;
    jz_autofree char *log = NULL, *copy = NULL;
    assert_true(asprintf(&log, "%s-wal", url) > 0 && asprintf(&copy, "%s/copy.db", folder) > 0);
    struct jz_store *store = open_store(NULL);
    add_people(store);
    const int64_t persons = count_in(store, "SELECT COUNT(*) FROM person");
    jz_store_close(store);
    assert_true(size_of(log) <= 0);
    copy_file(url, copy, size_of(url));
    store = NULL;
    WORKS(jz_store_open(copy, keyring, NULL, &store, &err));
    assert_int_equal(count_in(store, "SELECT COUNT(*) FROM person"), persons);
    assert_true(is_sound(store));
    jz_store_close(store);
    unlink(copy);
}

/* An older state, or it is said that the file is damaged; never something in between unseen. */
static void copied_without_its_log(void **state)
{
    (void)state;
    jz_autofree char *copy = NULL, *clean = NULL;
    assert_true(asprintf(&copy, "%s/torn.db", folder) > 0);
    assert_true(asprintf(&clean, "rm -f %s/torn.db*", folder) > 0);
    struct jz_store *store = open_store(NULL), *torn = NULL;
    add_people(store);
    atomic_bool stop = false;
    struct load l = { .store = store, .stop = &stop };
    assert_int_equal(pthread_create(&l.thread, NULL, work, &l), 0);
    int opened = 0;
    for (int i = 0; i < 12; i++) {
        sleep_ms(60);
        copy_file(url, copy, size_of(url));
        struct jz_error why;
        torn = NULL;
        const int r = jz_store_open(copy, keyring, NULL, &torn, &why);
        if (r == 0) {
            struct jz_audit_result result;
            opened++;
            if (jz_audit_verify(torn, NULL, &result, &why) < 0)
                assert_true(why.code == JZ_E_INTEGRITY);
        } else {
            assert_true(r == JZ_E_INTEGRITY || r == JZ_E_FORMAT || r == JZ_E_NOT_FOUND);
            assert_non_null(strstr(why.text, copy));
        }
        jz_store_close(torn);
        assert_int_equal(system(clean), 0);
    }
    atomic_store(&stop, true);
    pthread_join(l.thread, NULL);
    print_message("%d of 12 copies open\n", opened);
    assert_true(is_sound(store));
    jz_store_close(store);
}

static void no_database_at_all(void **state)
{
    (void)state;
    jz_autofree char *path = NULL;
    assert_true(asprintf(&path, "%s/other.db", folder) > 0);
    struct jz_store *store = open_store(NULL);
    add_people(store);
    jz_store_close(store);
    const off_t whole = size_of(url);
    const struct {
        const char *name;
        off_t size; /* -1: random bytes */
        int code, other_code;
    } cases[] = {
        { "an empty file", 0, JZ_E_NOT_FOUND, JZ_E_NOT_FOUND },
        { "half a page", 2048, JZ_E_FORMAT, JZ_E_INTEGRITY },
        { "one page", 4096, JZ_E_INTEGRITY, JZ_E_FORMAT },
        { "half of it", whole / 8192 * 4096, JZ_E_INTEGRITY, JZ_E_INTEGRITY },
        { "random bytes", -1, JZ_E_FORMAT, JZ_E_FORMAT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].size >= 0)
            copy_file(url, path, cases[i].size);
        else
            copy_file("/dev/urandom", path, 100000);
        if (cases[i].size >= 0)
            assert_int_equal(truncate(path, cases[i].size), 0);
        store = NULL;
        int r = jz_store_open(path, keyring, NULL, &store, &err);
        if (r == 0) {
            /* What opens is found out by the database's own check. */
            const struct jz_sql_options reading = { .read_only = true };
            JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
            WORKS(jz_sql_open(path, &reading, &sql, &err));
            r = jz_sql_check(sql, &err);
        }
        print_message("%s: %s\n", cases[i].name, err.text);
        assert_true(r == cases[i].code || r == cases[i].other_code);
        assert_non_null(strstr(err.text, path));
        jz_store_close(store);
        jz_autofree char *clean = NULL;
        assert_true(asprintf(&clean, "rm -f %s*", path) > 0);
        assert_int_equal(system(clean), 0);
    }
}

static void another_keyring(void **state)
{
    (void)state;
    char other_keys[80];
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *other = NULL;
    struct jz_store *store = open_store(NULL);
    add_people(store);
    const int64_t before = count_in(store, "SELECT size FROM audit_head");
    jz_store_close(store);
    snprintf(other_keys, sizeof other_keys, "%s/other-keys", folder);
    WORKS(jz_keyring_create(other_keys, JZ_SUITE_INTERNATIONAL, NULL, &err));
    WORKS(jz_keyring_open(other_keys, NULL, &other, &err));
    for (int read_only = 0; read_only < 2; read_only++) {
        const struct jz_store_options options = { .read_only = read_only };
        store = NULL;
        assert_int_equal(jz_store_open(url, other, &options, &store, &err), JZ_E_INTEGRITY);
        assert_non_null(strstr(err.text, "keyring"));
        assert_null(store);
    }
    /* A rotation makes no other keyring of it. */
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *rotated = NULL;
    WORKS(jz_keyring_rotate(keyring_file, NULL, JZ_KEY_SIGN, &err));
    WORKS(jz_keyring_change_suite(keyring_file, NULL, JZ_SUITE_GUOMI, &err));
    WORKS(jz_keyring_open(keyring_file, NULL, &rotated, &err));
    WORKS(jz_store_open(url, rotated, NULL, &store, &err));
    assert_int_equal(count_in(store, "SELECT size FROM audit_head"), before);
    add_people(store);
    assert_true(is_sound(store));
    jz_store_close(store);
    unlink(other_keys);
}

/* ---- Connections and servers that go away (PostgreSQL) ---- */

/* Runs a statement as the server's own user; false where nobody may. */
static bool as_owner(const char *statement)
{
    const struct jz_sql_options plain = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    char owner[600];
    const char *at = strstr(url, "@");
    if (!at)
        return false;
    snprintf(owner, sizeof owner, "postgresql://postgres%s", at);
    return jz_sql_open(owner, &plain, &sql, NULL) == 0 && jz_sql_script(sql, statement, &err) == 0;
}

static const char cut_all[] = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                              "datname = current_database() AND pid <> pg_backend_pid()";

/* The connection is cut when this is decided, and all that it decided before. */
static int cut_and_see(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                       struct jz_error *error)
{
    int *times = context;
    if (++*times <= 2 && !as_owner(cut_all))
        return jz_error_set(error, JZ_E_INTERNAL, "cannot cut");
    return see(NULL, state, entry, error);
}

static void cut_in_a_transaction(void **state)
{
    (void)state;
    if (!on_postgres || !as_owner("SELECT 1"))
        skip();
    int times = 0;
    struct jz_store *store = open_store(NULL);
    add_people(store);
    const int64_t before = count_evidence(store);
    WORKS(submit(store, people[0], cut_and_see, &times));
    assert_int_equal(times, 3);
    assert_int_equal(count_evidence(store), before + 1);
    assert_true(is_sound(store));
    jz_store_close(store);
}

static void *cut_soon(void *context)
{
    (void)context;
    sleep_ms(300);
    assert_true(as_owner(cut_all));
    return NULL;
}

/*
 * The commit is slow, and cut before it took place: a trigger at its very end sleeps. Then it is
 * cut after it took place: it waits for a standby that does not exist.
 */
static void cut_in_a_commit(void **state)
{
    (void)state;
    if (!on_postgres || !as_owner("SELECT 1"))
        skip();
    static const struct {
        const char *set_up, *tear_down;
    } cases[] = {
        { "CREATE SEQUENCE slow_once; GRANT ALL ON slow_once TO PUBLIC; "
          "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
          "IF nextval('slow_once') = 1 THEN PERFORM pg_sleep(2); END IF; RETURN NULL; END $$; "
          "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON evidence DEFERRABLE INITIALLY DEFERRED "
          "FOR EACH ROW EXECUTE FUNCTION be_slow()",
          "DROP TRIGGER slow ON evidence; DROP FUNCTION be_slow; DROP SEQUENCE slow_once" },
        { "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pthread_t thread;
        struct jz_store *store = open_store(NULL);
        add_people(store);
        const int64_t before = count_evidence(store);
        assert_true(as_owner(cases[i].set_up));
        assert_true(as_owner("SELECT pg_reload_conf()"));
        sleep_ms(200);
        assert_int_equal(pthread_create(&thread, NULL, cut_soon, NULL), 0);
        if (!cases[i].tear_down) {
            /* Whoever comes later shall not wait for the standby. */
            sleep_ms(100);
        }
        const int r = submit(store, people[0], see, NULL);
        pthread_join(thread, NULL);
        if (cases[i].tear_down)
            assert_true(as_owner(cases[i].tear_down));
        else
            assert_true(as_owner("ALTER SYSTEM RESET synchronous_standby_names") &&
                        as_owner("SELECT pg_reload_conf()"));
        sleep_ms(200);
        if (r < 0)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(count_evidence(store), before + 1);
        WORKS(submit(store, people[1], see, NULL));
        assert_int_equal(count_evidence(store), before + 2);
        assert_true(is_sound(store));
        jz_store_close(store);
    }
}

/* ---- The whole server, killed and started again ---- */

struct server {
    char data[256];
    pid_t pid;
    uid_t uid;
    gid_t gid;
    char command[4096];
    char *words[64];
};

static bool find_server(struct server *s)
{
    const struct jz_sql_options plain = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    char owner[600], path[300];
    const char *at = strstr(url, "@");
    snprintf(owner, sizeof owner, "postgresql://postgres%s", at ? at : "");
    if (!at || jz_sql_open(owner, &plain, &sql, &err) < 0 ||
        jz_sql_query(sql, "SELECT setting FROM pg_settings WHERE name = 'data_directory'", NULL, 0,
                     &rows, &err) < 0 ||
        jz_sql_next(rows, &err) != 1)
        return false;
    const struct jz_sql_value v = jz_sql_value(rows, 0);
    snprintf(s->data, sizeof s->data, "%.*s", (int)v.size, (const char *)v.data);
    snprintf(path, sizeof path, "%s/postmaster.pid", s->data);
    jz_autofclose FILE *f = fopen(path, "r");
    long pid = 0;
    struct stat st;
    if (!f || fscanf(f, "%ld", &pid) != 1 || stat(s->data, &st) < 0)
        return false;
    s->pid = (pid_t)pid;
    s->uid = st.st_uid;
    s->gid = st.st_gid;
    snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
    jz_autofclose FILE *c = fopen(path, "r");
    const size_t size = c ? fread(s->command, 1, sizeof s->command - 1, c) : 0;
    size_t n = 0;
    for (char *word = s->command; word < s->command + size && n < 63; word += strlen(word) + 1)
        s->words[n++] = word;
    s->words[n] = NULL;
    return n > 0;
}

static void start_server(const struct server *s)
{
    if (fork() != 0)
        return;
    if (geteuid() == 0 &&
        (setresgid(s->gid, s->gid, s->gid) < 0 || setresuid(s->uid, s->uid, s->uid) < 0))
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGINT);
    setsid();
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    execv(s->words[0], s->words);
    _exit(1);
}

static void the_server_is_killed(void **state)
{
    (void)state;
    struct server server = { 0 };
    if (!on_postgres || !find_server(&server)) {
        skip();
        return;
    }
    struct jz_store *store = open_store(NULL);
    add_people(store);
    const int64_t before = count_evidence(store);
    atomic_bool stop = false;
    struct load l = { .store = store, .stop = &stop };
    assert_int_equal(pthread_create(&l.thread, NULL, work, &l), 0);
    sleep_ms(500);
    assert_int_equal(kill(server.pid, SIGKILL), 0);
    atomic_store(&stop, true);
    sleep_ms(2000);
    start_server(&server);
    pthread_join(l.thread, NULL);
    int r = JZ_E_IO;
    for (int i = 0; i < 300 && r == JZ_E_IO; i++) {
        r = submit(store, people[1], see, NULL);
        if (r < 0)
            sleep_ms(100);
    }
    WORKS(r);
    const int64_t after = count_evidence(store);
    /* All that was answered, this one, and perhaps the one that nobody could tell about. */
    assert_true(after == before + l.taken + 1 || after == before + l.taken + 2);
    assert_true(is_sound(store));
    jz_store_close(store);
    store = open_store(NULL);
    WORKS(submit(store, people[2], see, NULL));
    assert_int_equal(count_evidence(store), after + 1);
    jz_store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    /* Each database takes a run of them: those of SQLite alone come first, then those of both. */
    const struct CMUnitTest tests[] = {
        TEST(a_file_may_not_grow),    TEST(a_disk_is_full),
        TEST(only_to_be_read),        TEST(a_closed_database_is_one_file),
        TEST(copied_without_its_log), TEST(no_database_at_all),
        TEST(two_processes_work),     TEST(a_lock_is_held_too_long),
        TEST(another_keyring),        TEST(cut_in_a_transaction),
        TEST(cut_in_a_commit),        TEST(the_server_is_killed),
    };
    enum { SQLITE_ALONE = 6, POSTGRES_ALONE = 3, ALL = sizeof tests / sizeof tests[0] };
    return on_postgres ? _cmocka_run_group_tests("failures postgres", tests + SQLITE_ALONE,
                                                 ALL - SQLITE_ALONE, NULL, NULL)
                       : _cmocka_run_group_tests("failures sqlite", tests, ALL - POSTGRES_ALONE,
                                                 NULL, NULL);
}
