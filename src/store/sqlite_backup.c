#include "store/sqlite_internal.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

static const int PAGES_A_STEP = 256;

/* Copies all pages of FROM. Whoever calls holds a state of FROM, or nobody writes it. */
static int copy_pages(sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path,
                      jz_sql_progress_fn on_progress, void *context, struct jz_error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return jz_sqlite_error(to, sqlite3_errcode(to), to_path, NULL, err);
    int rc;
    while ((rc = sqlite3_backup_step(backup, PAGES_A_STEP)) == SQLITE_OK) {
        const int total = sqlite3_backup_pagecount(backup);
        if (on_progress)
            on_progress(context, total - sqlite3_backup_remaining(backup), total);
        sched_yield();
    }
    const int total = sqlite3_backup_pagecount(backup);
    const int finished = sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE && finished == SQLITE_OK) {
        if (on_progress)
            on_progress(context, total, total);
        return 0;
    }
    /* The error lies with the side that says something. */
    const bool source = sqlite3_errcode(to) == SQLITE_OK && sqlite3_errcode(from) != SQLITE_OK;
    return jz_sqlite_error(source ? from : to, rc, source ? from_path : to_path, NULL, err);
}

static int execute(sqlite3 *db, const char *path, const char *statements, struct jz_error *err)
{
    const int rc = sqlite3_exec(db, statements, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : jz_sqlite_error(db, rc, path, statements, err);
}

int jz_sqlite_backup(const char *path, const char *copy, jz_sql_progress_fn on_progress,
                     void *context, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    JZ_CLEANUP(jz_sqlite_closep) sqlite3 *to = NULL;
    const struct jz_sql_options options = { .read_only = true, .busy_timeout_ms = 10000 };
    int r = jz_sqlite_driver.open(path, &options, &sql, err);
    if (r < 0 || (r = jz_sqlite_open_plain(copy, SQLITE_OPEN_READWRITE, &to, err)) < 0)
        return r;
    /* Nobody sees the copy before it is whole, so it needs neither journal nor fsync on its way. */
    if ((r = execute(to, copy, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", err)) < 0)
        return r;
    /* Without a state that is held, every commit of another connection would start the copy anew.
       The log cannot be reset meanwhile and grows. */
    if ((r = jz_sql_begin_read(sql, err)) < 0)
        return r;
    r = copy_pages(jz_sqlite_handle(sql), path, to, copy, on_progress, context, err);
    jz_sql_rollback(sql);
    /* The copy is one file that can be read where nothing can be written. */
    return r < 0 ? r : execute(to, copy, "PRAGMA journal_mode = DELETE", err);
}

static int first_text(sqlite3 *db, const char *path, const char *question, char text[256],
                      struct jz_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, question, -1, &stmt, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *words = (const char *)sqlite3_column_text(stmt, 0);
        snprintf(text, 256, "%s", words ? words : "");
        rc = SQLITE_OK;
    }
    const int r = rc == SQLITE_OK ? 0 : jz_sqlite_error(db, rc, path, question, err);
    sqlite3_finalize(stmt);
    return r;
}

static int restore(const char *path, const char *copy, struct jz_error *err)
{
    JZ_CLEANUP(jz_sqlite_closep) sqlite3 *from = NULL;
    JZ_CLEANUP(jz_sqlite_closep) sqlite3 *to = NULL;
    char text[256];
    int r = jz_sqlite_open_plain(copy, SQLITE_OPEN_READONLY, &from, err);
    if (r < 0 || (r = first_text(from, copy, "PRAGMA integrity_check(1)", text, err)) < 0)
        return r;
    if (strcmp(text, "ok") != 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "%s: the backup is damaged: %s", copy, text);
    if ((r = jz_sqlite_open_plain(path, SQLITE_OPEN_READWRITE, &to, err)) < 0)
        return r;
    sqlite3_busy_timeout(to, 10000);
    if ((r = first_text(to, path, "SELECT count(*) FROM sqlite_schema", text, err)) < 0)
        return r;
    if (strcmp(text, "0") != 0)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "%s: has tables already; restore into a new database", path);
    if ((r = execute(to, path, "PRAGMA synchronous = FULL", err)) < 0)
        return r;
    return copy_pages(from, copy, to, path, NULL, NULL, err);
}

int jz_sqlite_restore(const char *path, const char *copy, struct jz_error *err)
{
    const int made = jz_sqlite_make_file(path, err);
    if (made < 0)
        return made;
    const int r = restore(path, copy, err);
    if (r < 0 && made == 1)
        unlink(path);
    return r;
}
