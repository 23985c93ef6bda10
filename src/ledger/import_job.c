/*
 * The job of an import: its row in the database, which says in the same commit as the facts how far
 * it is, and the steps that keep two processes from going on with it at once.
 */
#include "ledger/import_people_internal.h"

#include "store/person.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* Beside the row of the file, one row says that there is an import at all: its key is the lock. */
static const char lock_row[] = "import";

static const char *const phase_names[] = {
    [JZ_IMPORT_CHECKING] = "checking",
    [JZ_IMPORT_WRITING] = "writing",
    [JZ_IMPORT_INDEXING] = "indexing",
    [JZ_IMPORT_ADDING] = "adding",
};

/* States of the row of the file; of the rows of steps, `step` or `given_up`. */
static const char running[] = "running", ending[] = "ending", done[] = "done",
                  given_up[] = "given_up", step[] = "step";

/* ---- Its row as text ---- */

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

/* Whoever goes on with an import overrides what it overrode; who gives it up need not know. */
static int check_override(const struct jz_importing *m, const char *override, struct jz_error *err)
{
    const char *given = m->options->override_reason;
    if (m->gives_up || (!override == !given && (!given || strcmp(given, override) == 0)))
        return 0;
    return jz_error_set(err, JZ_E_CONFLICT,
                        "an unfinished import of this file was begun %s%.100s%s: give the same",
                        override ? "with --override-reason \"" : "without --override-reason",
                        override ? override : "", override ? "\"" : "");
}

static int unpack_job(struct jz_importing *m, const char *text, size_t size, struct jz_error *err)
{
    json_error_t ignored;
    json_t *detail = json_loadb(text, size, 0, &ignored);
    const char *phase = NULL, *override = NULL;
    json_int_t import = 0, rows, people, benefits, there, refused, warned;
    int on = 0, key = 0;
    if (!detail ||
        json_unpack(detail, "{s:s,s:I,s:i,s:i,s?s,s:{s:I,s:I,s:I,s:I,s:I,s:I}}", "phase", &phase,
                    "import", &import, "on", &on, "key", &key, "override", &override, "counts",
                    "rows", &rows, "people", &people, "benefits", &benefits, "there", &there,
                    "refused", &refused, "warned", &warned) < 0) {
        json_decref(detail);
        return damaged_job(m, err);
    }
    const int r = check_override(m, override, err);
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

/* ---- Where it stands ---- */

static bool is_text(const struct jz_sql_value *v, const char *text)
{
    return v->size == strlen(text) && memcmp(v->data, text, v->size) == 0;
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
    m->is_ending = is_text(&state, ending);
    m->resumed = m->is_ending || is_text(&state, running);
    if (!m->resumed)
        return 0;
    m->position = jz_sql_int(rows, 1);
    return unpack_job(m, detail.data, detail.size, err);
}

static int busy(const char *job, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_BUSY,
                        "another import is unfinished (%.24s…): run that file again first; if it "
                        "is lost, type: " JZ_IMPORT_GIVE_UP,
                        job);
}

/* Of an import of a file: whether another one, or the end of this one, stands in its way. */
static int check_alone(struct jz_importing *m, const char *unfinished, struct jz_error *err)
{
    if (*unfinished && strcmp(unfinished, m->job) != 0)
        return busy(unfinished, err);
    if (m->is_ending)
        return jz_error_set(err, JZ_E_BUSY,
                            "an import of this file was given up and has not ended yet: type once "
                            "more: " JZ_IMPORT_GIVE_UP);
    return 0;
}

int jz_import_find_job(struct jz_importing *m, struct jz_error *err)
{
    char unfinished[JZ_JOB_NAME_BYTES] = "";
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(m->store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_person_import_running(sql, unfinished, err)) == 0) {
        if (m->gives_up)
            snprintf(m->job, sizeof m->job, "%s", unfinished);
        r = *m->job ? read_job(m, sql, err) : 0;
    }
    jz_store_return(m->store, sql);
    if (r < 0)
        return r;
    if (!m->gives_up)
        return check_alone(m, unfinished, err);
    return m->resumed ? 0 : jz_error_set(err, JZ_E_NOT_FOUND, "no import is unfinished");
}

/* ---- Steps ---- */

/*
 * Leaving where the job stands is a step of its own, and its key is taken once: of two processes
 * that go on from the same place, one is refused.
 */
static void put_step(const struct jz_importing *m, struct jz_entry *entry, const char *state)
{
    char name[JZ_JOB_NAME_BYTES + 64];
    snprintf(name, sizeof name, "%s:%" PRId64 ":%s:%d:%" PRId64, m->job, m->import,
             m->is_ending ? ending : running, (int)m->phase, m->position);
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [JOB_NAME] = jz_text(name),
        [JOB_STATE] = jz_text(state),
        [JOB_POSITION] = jz_int(m->position),
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
    put_step(m, entry, step);
    write_job(m, entry, m->is_ending ? ending : running, phase, position);
}

void jz_import_mark_ending(const struct jz_importing *m, struct jz_entry *entry, int64_t indexed)
{
    /* This one stays for good: a process that still imports the file is refused its next step. */
    put_step(m, entry, given_up);
    write_job(m, entry, ending, JZ_IMPORT_INDEXING, indexed);
}

static int decide_end(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *err)
{
    (void)state, (void)err;
    const struct jz_importing *m = context;
    char first[JZ_JOB_NAME_BYTES + 32], last[JZ_JOB_NAME_BYTES + 32];
    snprintf(first, sizeof first, "%s:%" PRId64 ":", m->job, m->import);
    snprintf(last, sizeof last, "%s:%" PRId64 ";", m->job, m->import);
    const struct jz_sql_value steps[] = { jz_text(first), jz_text(last), jz_text(step) };
    const struct jz_sql_value lock = jz_text(lock_row);
    put_step(m, entry, step);
    write_job(m, entry, m->is_ending ? given_up : done, JZ_IMPORT_ADDING, m->counts.rows);
    jz_entry_run(entry, "DELETE FROM job WHERE name >= $1 AND name < $2 AND state = $3", steps, 3);
    jz_entry_run(entry, "DELETE FROM job WHERE name = $1", &lock, 1);
    return 0;
}

int jz_import_settle(struct jz_importing *m, const struct jz_act *act, struct jz_error *err)
{
    if (act->hold_ns > m->longest_hold_ns)
        m->longest_hold_ns = act->hold_ns;
    if (act->result == JZ_E_CONFLICT)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "another process went on with this import, or gave it up");
    if (act->result < 0 && err)
        *err = act->error;
    return act->result;
}

int jz_import_end(struct jz_importing *m, struct jz_error *err)
{
    struct jz_act act = { .decide = decide_end, .context = m, .alone = true };
    const int r = jz_store_submit(m->store, &act, 1, err);
    return r < 0 ? r : jz_import_settle(m, &act, err);
}

/* ---- Its beginning ---- */

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
        [JOB_STATE] = jz_text(running),
        [JOB_POSITION] = jz_int(m->import),
        [JOB_DETAIL] = jz_text(m->job),
    };
    jz_entry_put(entry, JZ_T_JOB, lock);
    const struct jz_sql_value job[JZ_MAX_COLUMNS] = {
        [JOB_NAME] = jz_text(m->job),
        [JOB_STATE] = jz_text(running),
        [JOB_POSITION] = jz_int(0),
    };
    if (!m->job_exists)
        jz_entry_put(entry, JZ_T_JOB, job);
    write_job(m, entry, running, JZ_IMPORT_WRITING, 0);
    return 0;
}

int jz_import_begin(struct jz_importing *m, struct jz_error *err)
{
    struct jz_act act = { .decide = decide_begin, .context = m, .alone = true };
    const int r = jz_store_act(m->store, &act, err);
    m->phase = JZ_IMPORT_WRITING;
    m->position = 0;
    return r == JZ_E_CONFLICT ? busy("begun just now", err) : r;
}
