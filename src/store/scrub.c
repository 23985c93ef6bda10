#include "store/store_internal.h"

#include <stdio.h>

static int empty_log(struct jz_sql *sql, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 1 && jz_sql_int(rows, 0) == 0)
        return 0;
    return jz_error_set(err, JZ_E_BUSY,
                        "somebody still reads an older state of the database, so what was deleted "
                        "stands in its write-ahead log for now; the same command ends it later");
}

int jz_store_scrub(struct jz_store *store, enum jz_table table, struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    int r = jz_sql_open(store->url, &options, &sql, err);
    if (r < 0)
        return r;
    if (jz_sql_dialect(sql) == JZ_SQLITE)
        return empty_log(sql, err);
    char statement[80];
    snprintf(statement, sizeof statement, "VACUUM %s", jz_table_info(table)->name);
    return jz_sql_script(sql, statement, err);
}
