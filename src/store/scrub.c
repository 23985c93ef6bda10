#include "store/store_internal.h"

#include <stdio.h>

/*
 * A checkpoint that empties the log holds the writers' lock while it waits for readers, so it waits
 * only for moments, again and again.
 */
enum { TRIES = 40, WAIT_MS = 30, PAUSE_US = 70000 };

/* 1 when the whole log is in the file (and empty, if the statement empties it), 0 when not yet. */
static int checkpoint(struct jz_sql *sql, const char *statement, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, statement, NULL, 0, &rows, err);
    if (r >= 0)
        r = jz_sql_next(rows, err);
    if (r < 0)
        return r == JZ_E_BUSY ? 0 : r;
    return r == 1 && jz_sql_int(rows, 0) == 0;
}

static int empty_log(struct jz_sql *sql, struct jz_error *err)
{
    for (int i = 0; i < TRIES; i++) {
        if (i > 0)
            usleep(PAUSE_US);
        /* The first does the long part without holding anybody up. */
        int r = checkpoint(sql, "PRAGMA wal_checkpoint(PASSIVE)", err);
        if (r < 0 || (r = checkpoint(sql, "PRAGMA wal_checkpoint(TRUNCATE)", err)) != 0)
            return r < 0 ? r : 0;
    }
    return jz_error_set(err, JZ_E_BUSY,
                        "somebody still reads an older state of the database, so what was deleted "
                        "stands in its write-ahead log for now; the same command ends it later");
}

/*
 * A statement of upkeep on PostgreSQL. Its own autovacuum holds the lock that is asked for, and
 * gives way to who has waited for a second (deadlock_timeout): the usual time-out is long enough.
 */
static int maintain(struct jz_store *store, const char *statement, struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    const int r = jz_sql_open(store->url, &options, &sql, err);
    return r < 0 ? r : jz_sql_script(sql, statement, err);
}

int jz_store_scrub(struct jz_store *store, enum jz_table table, struct jz_error *err)
{
    const struct jz_sql_options options = { .busy_timeout_ms = WAIT_MS };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    const int r = jz_sql_open(store->url, &options, &sql, err);
    if (r < 0)
        return r;
    if (jz_sql_dialect(sql) == JZ_SQLITE)
        return empty_log(sql, err);
    char statement[80];
    snprintf(statement, sizeof statement, "VACUUM %s", jz_table_info(table)->name);
    return maintain(store, statement, err);
}

int jz_store_analyze(struct jz_store *store, struct jz_error *err)
{
    return jz_sql_url_dialect(store->url) == JZ_SQLITE ? 0 : maintain(store, "ANALYZE", err);
}
