#include "ledger/rebuild_internal.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

const char *const jz_rebuild_part_names[JZ_REBUILD_PARTS] = {
    [JZ_REBUILD_AUDIT] = "audit",
    [JZ_REBUILD_PERSON_FACT] = "person_fact",
    [JZ_REBUILD_DOCUMENT_FIND] = "document_find",
    [JZ_REBUILD_STANDING] = "standing",
};

static int (*const runs[JZ_REBUILD_PARTS])(struct rebuilding *b, struct jz_error *err) = {
    [JZ_REBUILD_AUDIT] = rebuild_audit,
    [JZ_REBUILD_PERSON_FACT] = rebuild_person_fact,
    [JZ_REBUILD_DOCUMENT_FIND] = rebuild_document_find,
    [JZ_REBUILD_STANDING] = rebuild_standing,
};

void rebuild_report(struct rebuilding *b, const struct jz_rebuild_difference *difference)
{
    b->result->parts[b->part].differences++;
    b->result->differences++;
    if (b->options->on_difference)
        b->options->on_difference(b->options->context, difference);
}

void rebuild_progress(struct rebuilding *b, int64_t done, int64_t total)
{
    if (b->options->on_progress)
        b->options->on_progress(b->options->context, b->part, done, total);
}

/* Of every table of facts, whatever the head says. */
static char last_facts[JZ_T_FACTS][64];

static void make_last_facts(void)
{
    for (enum jz_table t = JZ_T_POLICY; t < JZ_T_FACTS; t = jz_table_next_fact(t))
        snprintf(last_facts[t], sizeof last_facts[t], "SELECT max(id) FROM %s",
                 jz_table_info(t)->name);
}

int rebuild_last_fact(struct jz_sql *sql, int64_t *ret_fact, struct jz_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int64_t last = 0;
    pthread_once(&once, make_last_facts);
    for (enum jz_table t = JZ_T_POLICY; t < JZ_T_FACTS; t = jz_table_next_fact(t)) {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        int r = jz_sql_query(sql, last_facts[t], NULL, 0, &rows, err);
        if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
            return r;
        const int64_t id = r == 1 ? jz_sql_int(rows, 0) : 0;
        last = id > last ? id : last;
    }
    *ret_fact = last;
    return 0;
}

/* ---- Repairs ---- */

int rebuild_repair(struct rebuilding *b, const char *statement, const struct jz_sql_value *values,
                   size_t count, struct jz_error *err)
{
    if (b->options->check)
        return 0;
    struct repair *repair = &b->repairs[b->repair_count++];
    repair->statement = statement;
    repair->count = count;
    for (size_t i = 0; i < count; i++) {
        repair->values[i] = values[i];
        if (values[i].type == JZ_SQL_BLOB && values[i].size <= sizeof repair->bytes) {
            memcpy(repair->bytes, values[i].data, values[i].size);
            repair->values[i].data = repair->bytes;
        }
    }
    return b->repair_count == REPAIRS ? rebuild_flush(b, err) : 0;
}

static int write_repairs(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                         struct jz_error *err)
{
    const struct rebuilding *b = context;
    (void)state;
    (void)err;
    for (size_t i = 0; i < b->repair_count; i++)
        jz_entry_run(entry, b->repairs[i].statement, b->repairs[i].values, b->repairs[i].count);
    return 0;
}

int rebuild_flush(struct rebuilding *b, struct jz_error *err)
{
    if (b->repair_count == 0)
        return 0;
    struct jz_act act = { .decide = write_repairs, .context = b };
    const int r = jz_store_act(b->store, &act, err);
    b->repair_count = 0;
    return r;
}

/* ---- All parts ---- */

/* Facts may be added meanwhile: the part sees the database as it was when it began. */
static int run_part(struct rebuilding *b, struct jz_error *err)
{
    const int64_t start = jz_clock_ns();
    int r = jz_store_reader(b->store, &b->sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(b->sql, err)) == 0) {
        r = runs[b->part](b, err);
        jz_sql_rollback(b->sql);
    }
    jz_store_return(b->store, b->sql);
    if (r >= 0)
        r = rebuild_flush(b, err);
    b->result->parts[b->part].seconds = (double)(jz_clock_ns() - start) / 1e9;
    return r;
}

int jz_rebuild_run(struct jz_store *store, const struct jz_rebuild_options *options,
                   struct jz_rebuild_result *ret_result, struct jz_error *err)
{
    struct jz_rebuild_result result = { 0 };
    jz_autofree struct rebuilding *b = calloc(1, sizeof *b);
    if (!b)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    b->store = store;
    b->options = options;
    b->result = &result;
    for (int part = 0; part < JZ_REBUILD_PARTS; part++) {
        b->part = (enum jz_rebuild_part)part;
        const int r = run_part(b, err);
        if (r < 0)
            return r;
    }
    *ret_result = result;
    return 0;
}
