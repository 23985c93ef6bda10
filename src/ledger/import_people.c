/* The job of an import: finding where it stands, its phases, its row in the database. */
#include "ledger/import_people_internal.h"

#include "base/clock.h"
#include "base/hex.h"
#include "ledger/operator.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Beside the row of the file, one row says that there is an import at all: its key is the lock. */
static const char lock_row[] = "import";

static const char *const phase_names[] = {
    [JZ_IMPORT_CHECKING] = "checking",
    [JZ_IMPORT_WRITING] = "writing",
    [JZ_IMPORT_INDEXING] = "indexing",
    [JZ_IMPORT_ADDING] = "adding",
};

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

/* ---- The job ---- */

static json_t *pack_counts(const struct jz_import_counts *c)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "rows", (json_int_t)c->rows, "people",
                     (json_int_t)c->people, "benefits", (json_int_t)c->benefits, "there",
                     (json_int_t)c->there, "refused", (json_int_t)c->refused, "warned",
                     (json_int_t)c->warned);
}

static char *dump(json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static char *pack_job(const struct jz_importing *m, enum jz_import_phase phase)
{
    return dump(json_pack("{s:s,s:I,s:i,s:i,s:s*,s:o}", "phase", phase_names[phase], "import",
                          (json_int_t)m->import, "on", jz_date_key(m->on), "key", (int)m->key,
                          "override", m->options->override_reason, "counts",
                          pack_counts(&m->counts)));
}

static int damaged_job(const struct jz_importing *m, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_INTEGRITY, "the row of job '%s' is damaged", m->job);
}

static int unpack_job(struct jz_importing *m, const char *text, size_t size, struct jz_error *err)
{
    json_error_t ignored;
    json_t *detail = json_loadb(text, size, 0, &ignored);
    const char *phase = NULL, *override = NULL;
    json_int_t import = 0, rows, people, benefits, there, refused, warned;
    int on = 0, key = 0, r = 0;
    if (!detail ||
        json_unpack(detail, "{s:s,s:I,s:i,s:i,s?s,s:{s:I,s:I,s:I,s:I,s:I,s:I}}", "phase", &phase,
                    "import", &import, "on", &on, "key", &key, "override", &override, "counts",
                    "rows", &rows, "people", &people, "benefits", &benefits, "there", &there,
                    "refused", &refused, "warned", &warned) < 0) {
        json_decref(detail);
        return damaged_job(m, err);
    }
    const char *given = m->options->override_reason;
    if (!override != !given || (given && strcmp(given, override) != 0))
        r = jz_error_set(err, JZ_E_CONFLICT,
                         "an unfinished import of this file was begun %s%.100s%s: give the same",
                         override ? "with --override-reason \"" : "without --override-reason",
                         override ? override : "", override ? "\"" : "");
    m->import = import;
    m->on = jz_date_from_key(on);
    m->key = (unsigned)key;
    m->counts = (struct jz_import_counts){ rows, people, benefits, there, refused, warned };
    for (int i = JZ_IMPORT_WRITING; i <= JZ_IMPORT_ADDING; i++)
        if (strcmp(phase, phase_names[i]) == 0)
            m->phase = (enum jz_import_phase)i;
    json_decref(detail);
    return r == 0 && (m->phase == JZ_IMPORT_CHECKING || import < 1 || key < 1) ? damaged_job(m, err)
                                                                               : r;
}

static int read_job(struct jz_importing *m, struct jz_sql *sql, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value name = jz_text(m->job);
    int r = jz_sql_query(sql, "SELECT state, position, detail FROM job WHERE name = $1", &name, 1,
                         &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) <= 0)
        return r;
    const struct jz_sql_value state = jz_sql_value(rows, 0), detail = jz_sql_value(rows, 2);
    m->job_exists = true;
    m->resumed = state.size == 7 && memcmp(state.data, "running", 7) == 0;
    if (!m->resumed)
        return 0;
    m->position = jz_sql_int(rows, 1);
    return unpack_job(m, detail.data, detail.size, err);
}

static int busy(const char *job, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_BUSY,
                        "another import is unfinished (%.24s…): run that file again first", job);
}

/* Where this import stands, and whether another stands in its way. */
static int find_job(struct jz_importing *m, struct jz_error *err)
{
    char running[JZ_JOB_NAME_BYTES] = "";
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(m->store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_person_import_running(sql, running, err)) == 0 && *running &&
        strcmp(running, m->job) != 0)
        r = busy(running, err);
    if (r == 0)
        r = read_job(m, sql, err);
    jz_store_return(m->store, sql);
    return r;
}

static void put_step(const struct jz_importing *m, struct jz_entry *entry,
                     enum jz_import_phase phase, int64_t position)
{
    /* Its key keeps two processes from doing the same step. */
    char name[JZ_JOB_NAME_BYTES + 32];
    snprintf(name, sizeof name, "%s:%d:%" PRId64, m->job, (int)phase, position);
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [JOB_NAME] = jz_text(name),
        [JOB_STATE] = jz_text("step"),
        [JOB_POSITION] = jz_int(position),
    };
    jz_entry_put(entry, JZ_T_JOB, values);
}

static void write_job(const struct jz_importing *m, struct jz_entry *entry, const char *state,
                      enum jz_import_phase phase, int64_t position)
{
    jz_autofree char *detail = pack_job(m, phase);
    const struct jz_sql_value values[] = { jz_text(state), jz_int(position),
                                           jz_text(detail ? detail : "{}"), jz_text(m->job) };
    jz_entry_run(entry, "UPDATE job SET state = $1, position = $2, detail = $3 WHERE name = $4",
                 values, 4);
}

void jz_import_mark(const struct jz_importing *m, struct jz_entry *entry,
                    enum jz_import_phase phase, int64_t position)
{
    put_step(m, entry, phase, position);
    write_job(m, entry, "running", phase, position);
}

void jz_import_mark_done(const struct jz_importing *m, struct jz_entry *entry)
{
    char first[JZ_JOB_NAME_BYTES + 2], last[JZ_JOB_NAME_BYTES + 2];
    snprintf(first, sizeof first, "%s:", m->job);
    snprintf(last, sizeof last, "%s;", m->job);
    const struct jz_sql_value steps[] = { jz_text(first), jz_text(last) };
    const struct jz_sql_value lock = jz_text(lock_row);
    write_job(m, entry, "done", JZ_IMPORT_ADDING, m->counts.rows);
    jz_entry_run(entry, "DELETE FROM job WHERE name >= $1 AND name < $2", steps, 2);
    jz_entry_run(entry, "DELETE FROM job WHERE name = $1", &lock, 1);
}

/* ---- Facts ---- */

static char *pack_import(const struct jz_importing *m)
{
    json_t *object = pack_counts(&m->counts);
    if (object && m->options->override_reason)
        json_object_set_new(object, "override", json_string(m->options->override_reason));
    return dump(object);
}

static int decide_begin(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                        struct jz_error *err)
{
    (void)state;
    struct jz_importing *m = context;
    jz_autofree char *detail = pack_import(m);
    const char *slash = strrchr(m->options->path, '/');
    if (!detail)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const struct jz_sql_value import[JZ_MAX_COLUMNS] = {
        [IMPORT_KIND] = jz_text("people"),
        [IMPORT_FILE] = jz_text(slash ? slash + 1 : m->options->path),
        [IMPORT_DIGEST] = jz_blob(m->digest, sizeof m->digest),
        [IMPORT_BY] = jz_text(m->options->operator),
        [IMPORT_DETAIL] = jz_text(detail),
    };
    m->import = jz_entry_add(entry, JZ_T_IMPORT, import);
    const struct jz_sql_value lock[JZ_MAX_COLUMNS] = {
        [JOB_NAME] = jz_text(lock_row),
        [JOB_STATE] = jz_text("running"),
        [JOB_POSITION] = jz_int(m->import),
        [JOB_DETAIL] = jz_text(m->job),
    };
    jz_entry_put(entry, JZ_T_JOB, lock);
    const struct jz_sql_value job[JZ_MAX_COLUMNS] = {
        [JOB_NAME] = jz_text(m->job),
        [JOB_STATE] = jz_text("running"),
        [JOB_POSITION] = jz_int(0),
    };
    if (!m->job_exists)
        jz_entry_put(entry, JZ_T_JOB, job);
    write_job(m, entry, "running", JZ_IMPORT_WRITING, 0);
    return 0;
}

static int begin(struct jz_importing *m, struct jz_error *err)
{
    struct jz_act act = { .decide = decide_begin, .context = m };
    const int r = jz_store_submit(m->store, &act, 1, err);
    if (r < 0)
        return r;
    m->phase = JZ_IMPORT_WRITING;
    m->position = 0;
    if (act.result == JZ_E_CONFLICT)
        return busy("begun just now", err);
    if (act.result < 0 && err)
        *err = act.error;
    return act.result;
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
    if ((r = open_file(m, err)) < 0 || (r = find_job(m, err)) < 0)
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
    if (!m->resumed && (r = begin(m, err)) < 0)
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
    if (r == 0)
        *ret_result = result;
    return r;
}
