/* An import from beginning to end: its file, and phase after phase. */
#include "ledger/import_people_internal.h"

#include "base/clock.h"
#include "base/hex.h"
#include "ledger/operator.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

void jz_import_tell(struct jz_importing *m, enum jz_import_phase phase, int64_t done, int64_t total)
{
    if (m->options->on_progress)
        m->options->on_progress(m->options->context, phase, done, total);
}

/* ---- The file ---- */

static int check_unchanged(const struct jz_importing *m, struct jz_error *err)
{
    struct stat st;
    if (fstat(m->fd, &st) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", m->options->path, strerror(errno));
    if (st.st_size != m->file_bytes || st.st_mtim.tv_sec != m->file_time.tv_sec ||
        st.st_mtim.tv_nsec != m->file_time.tv_nsec)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "%s: changed while it was imported; put the file back as it was and "
                            "run the import again",
                            m->options->path);
    return 0;
}

static ssize_t read_at(void *source, void *buffer, size_t size, struct jz_error *err)
{
    struct jz_importing *m = source;
    ssize_t n;
    do
        n = pread(m->fd, buffer, size, m->file_at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", m->options->path, strerror(errno));
    m->file_at += n;
    return n;
}

int jz_import_open(struct jz_importing *m, struct jz_csv **ret_csv, struct jz_error *err)
{
    const struct jz_csv_options options = {
        .columns = jz_register_columns(),
        .column_count = JZ_REGISTER_COLUMN_COUNT,
        .encoding = m->encoding,
    };
    m->file_at = 0;
    return jz_csv_open_source(read_at, m, m->options->path, &options, ret_csv, err);
}

int jz_import_reread(struct jz_importing *m, const struct jz_csv_row *csv,
                     struct jz_import_row *ret_row, struct jz_error *err)
{
    struct jz_import_problem problem;
    if (jz_import_read_row(csv, m->on, m->options->override_reason != NULL, ret_row, &problem))
        return 0;
    return jz_error_set(err, JZ_E_CONFLICT, "%s:%" PRIu64 ": changed while it was imported",
                        m->options->path, csv->line);
}

static int digest_file(struct jz_importing *m, struct jz_error *err)
{
    enum { BLOCK = 1 << 18 };
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    jz_autofree uint8_t *block = malloc(BLOCK);
    if (!block)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int r = jz_hasher_new(jz_store_suite(m->store), &hasher, err);
    if (r < 0)
        return r;
    ssize_t n;
    m->file_at = 0;
    jz_hasher_begin(hasher);
    while ((n = read_at(m, block, BLOCK, err)) > 0)
        jz_hasher_update(hasher, block, (size_t)n);
    jz_hasher_finish(hasher, m->digest);
    return n < 0 ? (int)n : 0;
}

static int open_file(struct jz_importing *m, struct jz_error *err)
{
    const char *path = m->options->path;
    struct stat st;
    m->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (m->fd < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                            strerror(errno));
    if (fstat(m->fd, &st) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return jz_error_set(err, JZ_E_USAGE, "%s: is no plain file; it is read more than once",
                            path);
    if (flock(m->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return jz_error_set(err, JZ_E_BUSY, "%s: another process is importing it", path);
    m->file_bytes = st.st_size;
    m->file_time = st.st_mtim;
    const int r = digest_file(m, err);
    if (r < 0)
        return r;
    char digest[2 * sizeof m->digest + 1];
    snprintf(m->job, sizeof m->job, "%s%s", JZ_IMPORT_PEOPLE_JOB,
             jz_hex_write(m->digest, sizeof m->digest, digest));
    return 0;
}

/* ---- All of it ---- */

static int check_options(const struct jz_import_people_options *o, struct jz_error *err)
{
    const char *reason = o->override_reason;
    if (!reason)
        return 0;
    if (!*reason || strlen(reason) > JZ_IMPORT_OVERRIDE_MAX ||
        jz_utf8_valid(reason, strlen(reason)) < strlen(reason))
        return jz_error_set(err, JZ_E_USAGE,
                            "the reason for overriding is a text of %d bytes of UTF-8 at most",
                            JZ_IMPORT_OVERRIDE_MAX);
    return 0;
}

/*
 * Documents were looked for by their hashes under a version of the key, which a renewal after a
 * rotation takes away; once the import has begun there is no renewal.
 */
static int check_key(const struct jz_importing *m, struct jz_error *err)
{
    jz_keyring_refresh(m->keyring);
    return jz_keyring_versions(m->keyring, JZ_KEY_LOOKUP) == m->key
               ? 0
               : jz_error_set(err, JZ_E_BUSY,
                              "the key 'lookup' was rotated while the file was checked: type the "
                              "command again");
}

/* One phase with its time. */
static int run_phase(struct jz_importing *m, enum jz_import_phase phase,
                     int (*run)(struct jz_importing *, struct jz_error *),
                     struct jz_import_result *result, struct jz_error *err)
{
    const int64_t start = jz_clock_ns();
    int r = run(m, err);
    if (r == 0)
        r = check_unchanged(m, err);
    result->seconds[phase] = (double)(jz_clock_ns() - start) / 1e9;
    return r;
}

static int run_phases(struct jz_importing *m, struct jz_import_result *result, struct jz_error *err)
{
    static const struct {
        enum jz_import_phase phase;
        int (*run)(struct jz_importing *, struct jz_error *);
    } phases[] = {
        { JZ_IMPORT_WRITING, jz_import_write },
        { JZ_IMPORT_INDEXING, jz_import_index },
        { JZ_IMPORT_ADDING, jz_import_add },
    };
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (phases[i].phase < m->phase)
            continue;
        const int r = run_phase(m, phases[i].phase, phases[i].run, result, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int import(struct jz_importing *m, struct jz_import_result *result, struct jz_error *err)
{
    int r;
    if ((r = open_file(m, err)) < 0 || (r = jz_import_find_job(m, err)) < 0)
        return r;
    const struct jz_import_counts begun = m->counts;
    m->counts = (struct jz_import_counts){ 0 };
    if ((r = run_phase(m, JZ_IMPORT_CHECKING, jz_import_scan, result, err)) < 0)
        return r;
    /* What was added before the stop is there now: the counts are those of the beginning. */
    if (m->resumed)
        m->counts = begun;
    result->counts = m->counts;
    result->resumed = m->resumed;
    if (!m->resumed && m->counts.people + m->counts.benefits == 0)
        return 0;
    if (!m->resumed && ((r = check_key(m, err)) < 0 || (r = jz_import_begin(m, err)) < 0))
        return r;
    result->import = m->import;
    return run_phases(m, result, err);
}

enum { ANALYZE_FROM_PEOPLE = 10000 };

int jz_import_people(struct jz_store *store, const struct jz_import_people_options *options,
                     struct jz_import_result *ret_result, struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    struct jz_importing m = {
        .store = store,
        .keyring = keyring,
        .options = options,
        .on = jz_date_today(),
        .today = jz_date_today(),
        .key = jz_keyring_versions(keyring, JZ_KEY_LOOKUP),
        .encoding = options->encoding,
        .fd = -1,
    };
    struct jz_import_result result = { 0 };
    int r;
    if ((r = check_options(options, err)) == 0 &&
        (r = jz_operator_check(store, options->operator, err)) == 0)
        r = import(&m, &result, err);
    if (r == 0 && result.counts.people >= ANALYZE_FROM_PEOPLE)
        r = jz_store_analyze(store, err);
    if (m.fd >= 0)
        close(m.fd);
    free(m.verdicts);
    free(m.found);
    free(m.older);
    free(m.persons);
    if (r < 0)
        return r;
    *ret_result = result;
    ret_result->longest_hold_ns = m.longest_hold_ns;
    return 0;
}
