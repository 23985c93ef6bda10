/* What sqlite.c and sqlite_backup.c share. */
#pragma once

#include "store/sql_internal.h"

#include <sqlite3.h>

/* Turns what DB says went wrong with the file PATH into a code and a sentence; returns the code. */
int jz_sqlite_error(sqlite3 *db, int rc, const char *path, const char *statement,
                    struct jz_error *err);

/* A connection without settings of ours. FLAGS are SQLite's. The caller closes it. */
int jz_sqlite_open_plain(const char *path, int flags, sqlite3 **ret_db, struct jz_error *err);

sqlite3 *jz_sqlite_handle(struct jz_sql *sql);

/* As jz_sqlite_error, and the transaction is lost. */
int jz_sqlite_fail(struct jz_sql *sql, int rc, const char *statement, struct jz_error *err);

/* LIFE: SQLITE_STATIC where the value outlives the statement's run, else SQLITE_TRANSIENT. */
int jz_sqlite_bind(sqlite3_stmt *stmt, int index, const struct jz_sql_value *value,
                   sqlite3_destructor_type life);

int jz_sqlite_copy_begin(struct jz_sql *sql, const char *into, const struct jz_column *columns,
                         size_t count, struct jz_sql_copy **ret_copy, struct jz_error *err);
int jz_sqlite_copy_row(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                       struct jz_error *err);
int jz_sqlite_copy_end(struct jz_sql_copy *copy, struct jz_error *err);
void jz_sqlite_copy_abort(struct jz_sql_copy *copy);

int jz_sqlite_backup(const char *path, const char *copy, jz_sql_progress_fn on_progress,
                     void *context, struct jz_error *err);
int jz_sqlite_restore(const char *path, const char *copy, struct jz_error *err);

/* Makes an empty file of mode 0600; 1 when it was not there before. */
int jz_sqlite_make_file(const char *path, struct jz_error *err);

static inline void jz_sqlite_closep(sqlite3 **db)
{
    sqlite3_close_v2(*db);
}
