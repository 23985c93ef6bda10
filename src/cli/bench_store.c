/*
 * How many certifications a second are on disk when so many callers wait for each, beside what one
 * caller alone gets (a commit each) and beside the disk's own fsync rate; and how many people are
 * found a second by their document numbers.
 */
#include "cli/desk.h"

#include "base/clock.h"
#include "identity/reference.h"
#include "ledger/claim.h"
#include "store/person.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command bench_store_command = {
    "store", run, "[--callers N] [--seconds S] [--json]",
    "durable certifications a second on a register that has people and policies"
};

enum {
    MAX_CALLERS = 1024,
    MAX_PEOPLE = 1000000,
    FSYNC_ROUNDS = 200,
    FSYNC_BYTES = 4096,
    NUMBERS = 20000,
    FINDERS = 2
};

struct bench {
    struct jz_store *store;
    int64_t *people;
    size_t people_count;
    atomic_size_t next;
    atomic_bool stop;
    struct jz_date today;
};

struct caller {
    struct bench *bench;
    pthread_t thread;
    uint64_t done;
    int64_t longest_ns;
    int result;
    struct jz_error error;
};

static int read_people(struct bench *b, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value limit = jz_int(MAX_PEOPLE);
    b->people = malloc(MAX_PEOPLE * sizeof *b->people);
    if (!b->people)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int r = jz_store_reader(b->store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql, "SELECT id FROM person WHERE of IS NULL ORDER BY id LIMIT $1", &limit, 1,
                     &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        b->people[b->people_count++] = jz_sql_int(rows, 0);
    jz_sql_done(rows);
    jz_store_return(b->store, sql);
    if (r >= 0 && b->people_count == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "the register is empty: jianzai fake people, person import");
    return r;
}

/* Steps through the people far apart, so that neighbours do not share pages. */
static int64_t next_person(struct bench *b)
{
    enum { STRIDE = 7919 };
    const size_t n = atomic_fetch_add(&b->next, 1);
    return b->people[n * STRIDE % b->people_count];
}

static void *call(void *context)
{
    static const struct jz_claim_document documents[] = { { "resident_id" },
                                                          { "social_security_card" } };
    struct caller *c = context;
    struct bench *b = c->bench;
    while (!atomic_load(&b->stop) && c->result == 0) {
        const struct jz_claim claim = {
            .person = next_person(b),
            .kind = JZ_EV_COMMUNITY,
            .observed_on = b->today,
            .outcome = JZ_OUTCOME_PASS,
            .operator= "bench",
            .trusted = true,
            .documents = documents,
            .document_count = 2,
        };
        struct jz_claim_result result;
        const int64_t start = jz_clock_ns();
        c->result = jz_claim_submit(b->store, &claim, &result, &c->error);
        const int64_t took = jz_clock_ns() - start;
        c->longest_ns = took > c->longest_ns ? took : c->longest_ns;
        if (c->result == 0 && !result.receipt)
            c->result = jz_error_set(&c->error, JZ_E_USAGE,
                                     "a certification did not count (%.100s): load a policy that "
                                     "accepts 'community'",
                                     result.reasons.text);
        c->done++;
    }
    return NULL;
}

struct figure {
    double per_second, longest_ms, acts_per_group, facts_per_second;
};

static int measure(struct bench *b, int callers, int64_t seconds, struct figure *ret,
                   struct jz_error *err)
{
    jz_autofree struct caller *c = calloc((size_t)callers, sizeof *c);
    struct jz_store_stats before, after;
    int started = 0, r = 0;
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    atomic_store(&b->stop, false);
    jz_store_stats(b->store, &before);
    const int64_t start = jz_clock_ns();
    for (; started < callers; started++) {
        c[started].bench = b;
        if (pthread_create(&c[started].thread, NULL, call, &c[started]) != 0)
            break;
    }
    while (jz_clock_ns() - start < seconds * 1000000000)
        usleep(20000);
    atomic_store(&b->stop, true);
    uint64_t done = 0;
    int64_t longest = 0;
    for (int i = 0; i < started; i++) {
        pthread_join(c[i].thread, NULL);
        done += c[i].done;
        longest = c[i].longest_ns > longest ? c[i].longest_ns : longest;
        if (c[i].result < 0 && r == 0) {
            r = c[i].result;
            *err = c[i].error;
        }
    }
    const double took = (double)(jz_clock_ns() - start) / 1e9;
    jz_store_stats(b->store, &after);
    const double groups = (double)(after.groups - before.groups);
    *ret = (struct figure){
        .per_second = (double)done / took,
        .longest_ms = (double)longest / 1e6,
        .acts_per_group = groups > 0 ? (double)(after.acts - before.acts) / groups : 0,
        .facts_per_second = (double)(after.facts - before.facts) / took,
    };
    return r;
}

/* Appends of one page, each with its fsync, in the folder the database lies in. */
static int measure_fsync(const char *db, double *ret_per_second, struct jz_error *err)
{
    jz_autofree char *path = NULL;
    const bool is_file = !strstr(db, "://") && strncmp(db, "postgres:", 9) != 0;
    if (asprintf(&path, "%s.fsync-XXXXXX", is_file ? db : "/tmp/jianzai") < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    jz_autoclose int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    unlink(path);
    static const char page[FSYNC_BYTES];
    const int64_t start = jz_clock_ns();
    for (int i = 0; i < FSYNC_ROUNDS; i++)
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) < 0)
            return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    *ret_per_second = FSYNC_ROUNDS / ((double)(jz_clock_ns() - start) / 1e9);
    return 0;
}

/* ---- Finding people ---- */

struct finder {
    struct jz_store *store;
    char (*numbers)[JZ_DOCUMENT_NUMBER_BYTES];
    size_t count, first;
    atomic_bool *stop;
    pthread_t thread;
    uint64_t done;
    int result;
    struct jz_error error;
};

static void *find_numbers(void *context)
{
    struct finder *f = context;
    for (size_t i = f->first; !atomic_load(f->stop) && f->result == 0; i++) {
        int64_t person;
        f->result = jz_person_find(f->store, f->numbers[i % f->count], &person, &f->error);
        f->done++;
    }
    return NULL;
}

/* The document numbers of people all over the register. */
static int read_numbers(struct bench *b, char (*numbers)[JZ_DOCUMENT_NUMBER_BYTES],
                        size_t *ret_count, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(b->store, &sql, err);
    size_t count = 0;
    if (r < 0)
        return r;
    for (; count < NUMBERS && r == 0; count++) {
        struct jz_person_record record;
        if ((r = jz_person_read(sql, jz_store_keyring(b->store), next_person(b), &record, err)) < 0)
            break;
        snprintf(numbers[count], JZ_DOCUMENT_NUMBER_BYTES, "%s", record.data.number);
        if (*record.data.issuer)
            jz_reference_format(record.person, numbers[count]);
        jz_person_record_wipe(&record);
    }
    jz_store_return(b->store, sql);
    *ret_count = count;
    return r;
}

static int measure_finds(struct bench *b, int finders, int64_t seconds, double *ret_per_second,
                         struct jz_error *err)
{
    jz_autofree char(*numbers)[JZ_DOCUMENT_NUMBER_BYTES] = calloc(NUMBERS, sizeof *numbers);
    struct finder f[FINDERS];
    atomic_bool stop = false;
    size_t count = 0;
    if (!numbers)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int started = 0, r = read_numbers(b, numbers, &count, err);
    if (r < 0)
        return r;
    const int64_t start = jz_clock_ns();
    for (; started < finders; started++) {
        f[started] = (struct finder){ .store = b->store,
                                      .numbers = numbers,
                                      .count = count,
                                      .first = count / FINDERS * (size_t)started,
                                      .stop = &stop };
        if (pthread_create(&f[started].thread, NULL, find_numbers, &f[started]) != 0)
            break;
    }
    while (jz_clock_ns() - start < seconds * 1000000000)
        usleep(20000);
    atomic_store(&stop, true);
    uint64_t done = 0;
    for (int i = 0; i < started; i++) {
        pthread_join(f[i].thread, NULL);
        done += f[i].done;
        if (f[i].result < 0) {
            r = f[i].result;
            *err = f[i].error;
        }
    }
    *ret_per_second = (double)done / ((double)(jz_clock_ns() - start) / 1e9);
    return r;
}

static int run(int argc, char **argv)
{
    struct desk_options where = { 0 };
    int64_t callers = 64, seconds = 5;
    bool json = false;
    const struct arg args[] = {
        { "callers", ARG_NUMBER, &callers, "N: threads that each wait for their own, default 64", 1,
          MAX_CALLERS },
        { "seconds", ARG_NUMBER, &seconds, "S: how long for each figure, default 5", 1, 600 },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&bench_store_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err = { 0 };
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    struct bench b = { .store = desk.store, .today = jz_date_today() };
    struct figure many, one;
    double fsyncs = 0, finds[FINDERS] = { 0 };
    if ((r = read_people(&b, &err)) >= 0 &&
        (r = measure_fsync(desk_db(&where), &fsyncs, &err)) >= 0 &&
        (r = measure_finds(&b, 1, seconds, &finds[0], &err)) >= 0 &&
        (r = measure_finds(&b, FINDERS, seconds, &finds[1], &err)) >= 0 &&
        (r = measure(&b, 1, seconds, &one, &err)) >= 0)
        r = measure(&b, (int)callers, seconds, &many, &err);
    if (r < 0)
        complain(NULL, &err);
    else if (json)
        print_json(json_pack(
            "{s:I,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "people", (json_int_t)b.people_count,
            "callers", (int)callers, "per_second", json_number(many.per_second),
            "one_caller_per_second", json_number(one.per_second), "ratio",
            json_number(many.per_second / one.per_second), "acts_per_commit",
            json_number(many.acts_per_group), "facts_per_second",
            json_number(many.facts_per_second), "longest_ms", json_number(many.longest_ms),
            "fsync_per_second", json_number(fsyncs), "finds_per_second_1_thread",
            json_number(finds[0]), "finds_per_second_2_threads", json_number(finds[1])));
    else
        printf("%zu people; this disk: %.0f fsync/s\n"
               "  1 caller:   %8.0f certifications/s, on disk when answered\n"
               "  %lld callers: %8.0f certifications/s (%.1f times), %.1f a commit, %.0f facts/s, "
               "longest wait %.1f ms\n"
               "  found by document number: %.0f/s with 1 thread, %.0f/s with 2\n",
               b.people_count, fsyncs, one.per_second, (long long)callers, many.per_second,
               many.per_second / one.per_second, many.acts_per_group, many.facts_per_second,
               many.longest_ms, finds[0], finds[1]);
    free(b.people);
    desk_close(&desk);
    return r < 0 ? EXIT_USAGE : 0;
}
