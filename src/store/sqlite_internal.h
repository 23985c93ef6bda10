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

int jz_sqlite_backup(const char *path, const char *copy, jz_sql_progress_fn on_progress,
                     void *context, struct jz_error *err);
int jz_sqlite_restore(const char *path, const char *copy, struct jz_error *err);

/* Makes an empty file of mode 0600; 1 when it was not there before. */
int jz_sqlite_make_file(const char *path, struct jz_error *err);

static inline void jz_sqlite_closep(sqlite3 **db)
{
    sqlite3_close_v2(*db);
}
