#include "ledger/claim_import_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

/* The file, digested while it is read. */
struct input {
    const char *path;
    int fd;
    uint64_t bytes, total;
    struct jz_hasher *hasher;
};

/* Rows of which some became acts; posted until waited for. */
struct batch {
    struct import_row *rows;
    size_t count;
    struct jz_act acts[IMPORT_BATCH];
    struct import_row *act_rows[IMPORT_BATCH];
    struct jz_batch posted;
    bool is_posted;
};

struct run {
    struct jz_store *store;
    const struct jz_claim_import *import;
    struct input input;
    struct jz_csv *csv;
    struct import_verdicts verdicts;
    struct batch batches[2];
    struct jz_claim_import_result result;
};

/* ---- Reading ---- */

static ssize_t read_input(void *source, void *buffer, size_t size, struct jz_error *err)
{
    struct input *in = source;
    ssize_t n;
    do
        n = read(in->fd, buffer, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", in->path, strerror(errno));
    jz_hasher_update(in->hasher, buffer, (size_t)n);
    in->bytes += (uint64_t)n;
    return n;
}

static int open_input(struct input *in, enum jz_suite suite, struct jz_error *err)
{
    struct stat st;
    in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", in->path,
                            strerror(errno));
    if (fstat(in->fd, &st) == 0)
        in->total = (uint64_t)st.st_size;
    const int r = jz_hasher_new(suite, &in->hasher, err);
    if (r == 0)
        jz_hasher_begin(in->hasher);
    return r;
}

static void read_row(const struct jz_claim_import *import, const struct jz_csv_row *csv,
                     struct import_row *row)
{
    *row = (struct import_row){ .line = csv->line };
    if (csv->trouble != JZ_CSV_FINE) {
        row->trouble = csv->trouble;
        jz_rows_refuse(row, JZ_REFUSED_BROKEN, import->format->column_count);
        return;
    }
    unsigned column = import->format->column_count;
    const enum jz_row_refusal refusal =
        import->format->read(csv->fields, import->is_death, &row->in, &column);
    if (refusal != JZ_REFUSED_NOT)
        jz_rows_refuse(row, refusal, column);
}

/* 0 with an empty batch at the end of the file. */
static int fill(struct run *run, struct batch *b, struct jz_error *err)
{
    struct jz_csv_row csv;
    int r = 1;
    b->count = 0;
    while (b->count < IMPORT_BATCH && (r = jz_csv_next(run->csv, &csv, err)) == 1)
        read_row(run->import, &csv, &b->rows[b->count++]);
    return r < 0 ? r : 0;
}

/* ---- Submitting ---- */

static int write_detail(struct import_row *row, struct jz_error *err)
{
    json_t *detail = json_object();
    if (*row->in.event)
        json_object_set_new(detail, "event", json_string(row->in.event));
    const size_t size = json_dumpb(detail, row->detail, sizeof row->detail - 1, JSON_COMPACT);
    json_decref(detail);
    if (size >= sizeof row->detail)
        return jz_error_set(err, JZ_E_INTERNAL, "the detail of a row is too long");
    row->detail[size] = 0;
    return 0;
}

static void fill_claim(const struct run *run, struct import_row *row)
{
    const struct jz_claim_import *import = run->import;
    row->claim = (struct jz_claim){
        .person = row->person,
        .kind = import->kind,
        .observed_on = row->in.on,
        .outcome = row->in.not_passed ? JZ_OUTCOME_FAIL : JZ_OUTCOME_PASS,
        .operator= import->operator,
        .source = import->source,
        .source_key = row->key,
        .place = row->in.place,
        .trusted = import->trusted,
        .documents = import->documents,
        .document_count = import->document_count,
        .detail = *row->in.event ? row->detail : NULL,
    };
    if (row->in.not_passed)
        jz_reasons_add(&row->claim.reasons, row->in.not_passed);
    row->claim_act = (struct jz_claim_act){ .claim = &row->claim, .store = run->store };
}

static void fill_death(const struct run *run, struct import_row *row)
{
    const struct jz_claim_import *import = run->import;
    row->death = (struct jz_death){
        .person = row->person,
        .on = row->in.on,
        .source = import->source,
        .source_key = row->key,
        .operator= import->operator,
        .trusted = import->trusted && import->is_death,
        .detail = *row->in.event ? row->detail : NULL,
    };
    row->death_act = (struct jz_death_act){ .death = &row->death };
}

static int make_act(const struct run *run, struct import_row *row, struct jz_act *act,
                    struct jz_error *err)
{
    const int r = write_detail(row, err);
    if (r < 0)
        return r;
    if (row->in.is_death) {
        fill_death(run, row);
        *act = (struct jz_act){ .decide = jz_death_decide, .context = &row->death_act };
    } else {
        fill_claim(run, row);
        *act = (struct jz_act){ .decide = jz_claim_decide, .context = &row->claim_act };
    }
    act->person = row->person;
    return 0;
}

static bool has_key(const struct batch *b, size_t count, const struct import_row *row)
{
    for (size_t i = 0; i < count; i++)
        if (!b->rows[i].settled && memcmp(b->rows[i].key, row->key, sizeof row->key) == 0)
            return true;
    return false;
}

static int post(struct run *run, struct batch *b, const struct batch *before, struct jz_error *err)
{
    size_t acts = 0;
    int r;
    for (size_t i = 0; i < b->count; i++) {
        struct import_row *row = &b->rows[i];
        if (row->settled)
            continue;
        /* Two rows with one key in a group would make the store try the whole group singly. */
        row->waits =
            has_key(b, i, row) || (before->is_posted && has_key(before, before->count, row));
        if (row->waits)
            continue;
        if ((r = make_act(run, row, &b->acts[acts], err)) < 0)
            return r;
        b->act_rows[acts++] = row;
    }
    b->posted = (struct jz_batch){ .acts = b->acts, .count = acts };
    if ((r = jz_store_post(run->store, &b->posted, err)) < 0)
        return r;
    b->is_posted = true;
    return 0;
}

/* ---- Settling ---- */

static void settle_claim(struct import_row *row)
{
    const struct jz_claim_result *result = &row->claim_act.result;
    snprintf(row->reasons, sizeof row->reasons, "%s", result->reasons.text);
    jz_rows_settle(row, result->opened_case                  ? JZ_ROW_CASE
                        : result->outcome == JZ_OUTCOME_PASS ? JZ_ROW_CERTIFIED
                                                             : JZ_ROW_RECORDED);
}

static void settle_death(struct import_row *row)
{
    const struct jz_death_result *result = &row->death_act.result;
    snprintf(row->reasons, sizeof row->reasons, "%s", result->reason ? result->reason : "");
    jz_rows_settle(row, result->is_decided    ? JZ_ROW_DEATH
                        : result->opened_case ? JZ_ROW_CASE
                                              : JZ_ROW_RECORDED);
}

/*
 * What became of the act. A row that is not settled afterwards met its own key, taken meanwhile.
 * An error that is not the row's is the whole file's.
 */
static int settle(const struct jz_claim_import *import, struct import_row *row,
                  const struct jz_act *act, struct jz_error *err)
{
    switch (act->result) {
    case 0:
        if (row->in.is_death)
            settle_death(row);
        else
            settle_claim(row);
        return 0;
    case JZ_E_CONFLICT:
        row->waits = true;
        return 0;
    case JZ_E_USAGE:
        jz_rows_refuse(row, JZ_REFUSED_DAY_IMPOSSIBLE, import->format->day_column);
        return 0;
    case JZ_E_LIMIT:
        jz_rows_refuse(row, JZ_REFUSED_TOO_MUCH, import->format->who_column);
        return 0;
    case JZ_E_NOT_FOUND:
        jz_rows_settle(row, JZ_ROW_NOT_FOUND);
        return 0;
    default:
        if (err)
            *err = act->error;
        return act->result;
    }
}

/* The row whose key was met before: now it is taken, or not and then its turn has come. */
static int settle_waiting(struct run *run, struct import_row *row, struct jz_error *err)
{
    enum { TRIES = 3 };
    for (int i = 0; i < TRIES; i++) {
        struct jz_act act;
        int r = jz_rows_find_taken(run->store, run->import, row, 1, err);
        if (r < 0 || row->settled)
            return r;
        if ((r = make_act(run, row, &act, err)) < 0 ||
            (r = jz_store_submit(run->store, &act, 1, err)) < 0 ||
            (r = settle(run->import, row, &act, err)) < 0 || row->settled)
            return r;
    }
    return jz_error_set(err, JZ_E_CONFLICT, "line %llu: is neither taken nor can it be taken",
                        (unsigned long long)row->line);
}

static int finish(struct run *run, struct batch *b, struct jz_error *err)
{
    int r = 0;
    if (!b->is_posted)
        return 0;
    jz_store_wait(run->store, &b->posted);
    b->is_posted = false;
    for (size_t i = 0; i < b->posted.count && r >= 0; i++)
        r = settle(run->import, b->act_rows[i], &b->acts[i], err);
    for (size_t i = 0; i < b->count && r >= 0; i++)
        if (b->rows[i].waits && !b->rows[i].settled)
            r = settle_waiting(run, &b->rows[i], err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < b->count; i++) {
        run->result.verdicts[b->rows[i].verdict]++;
        jz_rows_verdicts_put(&run->verdicts, run->import->format, &b->rows[i]);
    }
    run->result.rows += b->count;
    if (run->import->on_progress)
        run->import->on_progress(run->import->context, run->result.rows, run->input.bytes,
                                 run->input.total);
    return 0;
}

static int take_all(struct run *run, struct jz_error *err)
{
    int at = 0, r;
    for (;; at = !at) {
        struct batch *b = &run->batches[at], *before = &run->batches[!at];
        if ((r = fill(run, b, err)) < 0)
            return r;
        if (b->count == 0)
            return finish(run, before, err);
        if ((r = jz_rows_find_people(run->store, run->import, b->rows, b->count, err)) < 0 ||
            (r = jz_rows_find_taken(run->store, run->import, b->rows, b->count, err)) < 0 ||
            (r = jz_rows_check_people(run->store, run->import, b->rows, b->count, err)) < 0 ||
            (r = post(run, b, before, err)) < 0 || (r = finish(run, before, err)) < 0)
            return r;
    }
}

/* ---- The file as a fact ---- */

struct file_fact {
    const struct jz_claim_import *import;
    const char *name;
    uint8_t digest[JZ_DIGEST_BYTES];
    char *detail;
    int64_t id;
};

static int decide_file(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                       struct jz_error *err)
{
    struct file_fact *f = context;
    (void)state;
    (void)err;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [IMPORT_KIND] = jz_text(f->import->format->kind),
        [IMPORT_FILE] = jz_text(f->name),
        [IMPORT_DIGEST] = jz_blob(f->digest, sizeof f->digest),
        [IMPORT_SOURCE] = jz_text(f->import->source),
        [IMPORT_BY] = jz_text(f->import->operator),
        [IMPORT_DETAIL] = jz_text(f->detail),
    };
    f->id = jz_entry_add(entry, JZ_T_IMPORT, values);
    return 0;
}

static int find_file(struct jz_store *store, const struct file_fact *f, int64_t *ret_id,
                     struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    const struct jz_sql_value values[] = {
        jz_text(f->import->format->kind),
        jz_blob(f->digest, sizeof f->digest),
        jz_text(f->import->source),
    };
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_number(sql,
                      "SELECT id FROM import WHERE kind = $1 AND digest = $2 AND source = $3 "
                      "ORDER BY id LIMIT 1",
                      values, sizeof values / sizeof values[0], ret_id, err);
    jz_store_return(store, sql);
    return r;
}

static char *write_counts(const struct jz_claim_import_result *result)
{
    json_t *all = json_pack("{s:I}", "rows", (json_int_t)result->rows);
    for (int i = 0; all && i < JZ_ROW_VERDICTS; i++)
        json_object_set_new(all, jz_row_verdict_words[i].name,
                            json_integer((json_int_t)result->verdicts[i]));
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    return text;
}

/* Last of all: where it stands, the file was taken to its end. */
static int record_file(struct run *run, struct jz_error *err)
{
    const char *slash = strrchr(run->import->path, '/');
    struct file_fact f = {
        .import = run->import,
        .name = slash ? slash + 1 : run->import->path,
    };
    jz_hasher_finish(run->input.hasher, f.digest);
    int r = find_file(run->store, &f, &f.id, err);
    if (r < 0)
        return r;
    run->result.again = f.id != 0;
    if (f.id == 0) {
        jz_autofree char *detail = write_counts(&run->result);
        struct jz_act act = { .decide = decide_file, .context = &f };
        if (!detail)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        f.detail = detail;
        if ((r = jz_store_submit(run->store, &act, 1, err)) < 0)
            return r;
        if (act.result < 0) {
            if (err)
                *err = act.error;
            return act.result;
        }
    }
    run->result.import = f.id;
    return 0;
}

/* ---- The whole ---- */

static int start(struct run *run, struct jz_error *err)
{
    const struct jz_claim_import *import = run->import;
    const struct jz_csv_options options = {
        .columns = import->format->columns,
        .column_count = import->format->column_count,
    };
    int r;
    for (int i = 0; i < 2; i++)
        if (!(run->batches[i].rows = calloc(IMPORT_BATCH, sizeof *run->batches[i].rows)))
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if ((r = open_input(&run->input, jz_store_suite(run->store), err)) < 0 ||
        (r = jz_csv_open_source(read_input, &run->input, import->path, &options, &run->csv, err)) <
            0 ||
        (r = jz_rows_verdicts_open(&run->verdicts, import->verdicts, import->path, err)) < 0)
        return r;
    run->result.unknown_columns = jz_csv_unknown_count(run->csv);
    return 0;
}

/* What is with the writer has to come back before its memory goes. */
static void release(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        if (run->batches[i].is_posted)
            jz_store_wait(run->store, &run->batches[i].posted);
        free(run->batches[i].rows);
    }
    jz_rows_verdicts_done(&run->verdicts);
    jz_csv_free(run->csv);
    jz_hasher_free(run->input.hasher);
    if (run->input.fd >= 0)
        close(run->input.fd);
    free(run);
}

int jz_claim_import_run(struct jz_store *store, const struct jz_claim_import *import,
                        struct jz_claim_import_result *ret_result, struct jz_error *err)
{
    if (!import->operator|| !* import->operator)
        return jz_error_set(err, JZ_E_USAGE, "an import needs the operator who answers for it");
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    run->store = store;
    run->import = import;
    run->input = (struct input){ .path = import->path, .fd = -1 };
    int r;
    if ((r = start(run, err)) >= 0 && (r = take_all(run, err)) >= 0 &&
        (r = record_file(run, err)) >= 0 && (r = jz_rows_verdicts_finish(&run->verdicts, err)) >= 0)
        *ret_result = run->result;
    release(run);
    return r < 0 ? r : 0;
}
