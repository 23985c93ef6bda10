/*
 * One connection to SQLite or PostgreSQL, spoken to in the SQL that both understand. Only
 * src/store and src/audit use it; a connection belongs to one thread at a time.
 *
 * Parameters are $1, $2 … in both. Integers travel as 64 bits whatever the column's width. SQL
 * texts are constants: a statement is prepared once for a connection and found by its address.
 * The dialects differ only where a table is made (schema.c).
 *
 * Errors: JZ_E_CONFLICT (a unique key), JZ_E_DENIED (a trigger that guards facts, a read-only
 * database), JZ_E_BUSY (another process holds the lock for longer than the time-out), JZ_E_IO
 * (disk full, connection lost …; the text says which and what to do), JZ_E_LIMIT,
 * JZ_E_INTEGRITY (the file is damaged), JZ_E_FORMAT (it is no database at all), JZ_E_INTERNAL (SQL
 * that is wrong, or a row that breaks NOT NULL, CHECK or a foreign key).
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

enum jz_sql_dialect { JZ_SQLITE, JZ_POSTGRES };

enum jz_sql_type { JZ_SQL_NULL, JZ_SQL_INT, JZ_SQL_TEXT, JZ_SQL_BLOB };

/* A parameter or a column of a row; the bytes are borrowed. */
struct jz_sql_value {
    enum jz_sql_type type;
    int64_t integer;
    const void *data;
    size_t size;
};

#define JZ_NULL ((struct jz_sql_value){ .type = JZ_SQL_NULL })
static inline struct jz_sql_value jz_int(int64_t value)
{
    return (struct jz_sql_value){ .type = JZ_SQL_INT, .integer = value };
}
/* NULL for a NULL pointer. */
struct jz_sql_value jz_text(const char *text);
struct jz_sql_value jz_blob(const void *data, size_t size);

/* Limits; what lies beyond is JZ_E_LIMIT. */
#define JZ_SQL_MAX_VALUES      64         /* parameters of a statement, columns of a copy */
#define JZ_SQL_MAX_VALUE_BYTES (64 << 20) /* a text or blob on its way in */
#define JZ_SQL_MAX_STATEMENTS  1024       /* different texts on one connection */
#define JZ_SQL_MAX_URL_BYTES   4096

struct jz_sql;

/*
 * URL is a path ("/var/lib/jianzai/register.db", or with "sqlite:" before it), or
 * "postgresql://…" or "postgres:KEY=VALUE …" for libpq.
 * create: an SQLite file that is not there is made; otherwise JZ_E_NOT_FOUND.
 * read_only: nothing can be written through this connection.
 * keeps_log: commits of this connection never checkpoint SQLite's log: somebody calls
 * jz_sql_checkpoint.
 */
struct jz_sql_options {
    bool create, read_only, keeps_log;
    int busy_timeout_ms; /* 0: 10,000 */
};
int jz_sql_open(const char *url, const struct jz_sql_options *options, struct jz_sql **ret_sql,
                struct jz_error *err) JZ_MUST_CHECK;
void jz_sql_close(struct jz_sql *sql); /* rolls back what is open */
enum jz_sql_dialect jz_sql_dialect(const struct jz_sql *sql);
enum jz_sql_dialect jz_sql_url_dialect(const char *url);

/* URL without any password, for messages. */
void jz_sql_describe(const char *url, char *ret_text, size_t size);

/* The connection is lost (PostgreSQL): close it and open another. */
bool jz_sql_is_broken(const struct jz_sql *sql);

/* The same of a connection that was idle: asks its socket whether the server is still there. */
bool jz_sql_is_gone(struct jz_sql *sql);

/*
 * A transaction that writes takes the lock at once (SQLite: BEGIN IMMEDIATE; on PostgreSQL BEGIN is
 * only sent, see jz_sql_run). One that only reads
 * sees one state of the database throughout (PostgreSQL: REPEATABLE READ READ ONLY).
 * After an error inside a transaction that transaction is lost, on SQLite too: what follows is
 * refused until jz_sql_rollback (or "ROLLBACK TO" a savepoint), and commit rolls back and returns
 * the code of that first error.
 * After a failed commit nothing is known when the connection is broken; otherwise it is rolled
 * back.
 */
int jz_sql_begin(struct jz_sql *sql, struct jz_error *err) JZ_MUST_CHECK;
int jz_sql_begin_read(struct jz_sql *sql, struct jz_error *err) JZ_MUST_CHECK;
int jz_sql_commit(struct jz_sql *sql, struct jz_error *err) JZ_MUST_CHECK;
void jz_sql_rollback(struct jz_sql *sql);

/*
 * Runs a statement without result. On PostgreSQL, inside a transaction, it is only sent: errors
 * come with the next query, jz_sql_flush or commit, and the transaction is lost then.
 */
int jz_sql_run(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
               size_t count, struct jz_error *err) JZ_MUST_CHECK;
int jz_sql_flush(struct jz_sql *sql, struct jz_error *err) JZ_MUST_CHECK;

/* Several statements, not prepared: DDL. */
int jz_sql_script(struct jz_sql *sql, const char *statements, struct jz_error *err) JZ_MUST_CHECK;

/*
 * A query. PostgreSQL hands over the whole result at once, so a query that may be long asks for a
 * page (WHERE key > $1 ORDER BY key LIMIT $2). Several may be open on one connection. A statement
 * may be open only once at a time.
 */
struct jz_sql_rows;
int jz_sql_query(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
                 size_t count, struct jz_sql_rows **ret_rows, struct jz_error *err) JZ_MUST_CHECK;

/* 1 and the next row is current, 0 at the end, or an error. */
int jz_sql_next(struct jz_sql_rows *rows, struct jz_error *err) JZ_MUST_CHECK;
void jz_sql_done(struct jz_sql_rows *rows);

/* Of the current row, borrowed until the next one; integer is 0 and data NULL for NULL. */
int jz_sql_column_count(const struct jz_sql_rows *rows);
struct jz_sql_value jz_sql_value(const struct jz_sql_rows *rows, int column);
static inline int64_t jz_sql_int(const struct jz_sql_rows *rows, int column)
{
    return jz_sql_value(rows, column).integer;
}

/* A text, cut to the room there is; "" for NULL. And a copy of one; NULL for NULL. */
void jz_sql_text(const struct jz_sql_rows *rows, int column, char *ret_text, size_t room);
char *jz_sql_dup_text(const struct jz_sql_rows *rows, int column);

/* The number that a query gives in the first column of its only row; 0 when it gives no row. */
int jz_sql_number(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
                  size_t count, int64_t *ret_number, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The same query once for each key (its only parameter, $1), in the order of the keys: one round
 * trip for many keys on PostgreSQL, one state of the database on SQLite (several times as fast as
 * queries outside a transaction). on_row may ask other questions. A negative result of on_row ends
 * it and is returned.
 */
typedef int (*jz_sql_row_fn)(void *context, size_t key, const struct jz_sql_rows *row,
                             struct jz_error *err);
int jz_sql_each(struct jz_sql *sql, const char *statement, const int64_t *keys, size_t count,
                jz_sql_row_fn on_row, void *context, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Many new rows of one table, inside a transaction: COPY … BINARY on PostgreSQL, one prepared
 * INSERT on SQLite. Several may be under way; rows are buffered and sent by jz_sql_copy_end (or
 * when the buffer, of at most 8 MiB, is full).
 */
enum jz_column_type { JZ_INT16, JZ_INT32, JZ_INT64, JZ_TEXT, JZ_BLOB };
struct jz_column {
    const char *name;
    enum jz_column_type type;
};
struct jz_sql_copy;
int jz_sql_copy_begin(struct jz_sql *sql, const char *table, const struct jz_column *columns,
                      size_t count, struct jz_sql_copy **ret_copy,
                      struct jz_error *err) JZ_MUST_CHECK;
int jz_sql_copy_row(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                    struct jz_error *err) JZ_MUST_CHECK;
int jz_sql_copy_end(struct jz_sql_copy *copy, struct jz_error *err) JZ_MUST_CHECK; /* and frees */
void jz_sql_copy_abort(struct jz_sql_copy *copy);

/*
 * SQLite: whether another connection has written since the last call on this one (true the first
 * time). PostgreSQL: always true.
 */
bool jz_sql_changed_elsewhere(struct jz_sql *sql);

/*
 * A consistent copy while work goes on: SQLite's online backup to PATH, or pg_dump in its custom
 * format. PATH must not exist; a copy that fails leaves nothing behind. on_progress may be NULL;
 * its total is 0 when nobody knows (PostgreSQL).
 * Restore makes the database of URL from PATH and refuses one that has tables already.
 */
typedef void (*jz_sql_progress_fn)(void *context, int64_t done, int64_t total);
int jz_sql_backup(const char *url, const char *path, jz_sql_progress_fn on_progress, void *context,
                  struct jz_error *err) JZ_MUST_CHECK;
int jz_sql_restore(const char *url, const char *path, struct jz_error *err) JZ_MUST_CHECK;

/* SQLite's own check of the whole file; PostgreSQL: of every index (amcheck where it is there). */
int jz_sql_check(struct jz_sql *sql, struct jz_error *err) JZ_MUST_CHECK;

/*
 * SQLite's write-ahead log, in pages: how long it was at the latest commit of this connection,
 * whoever wrote it. 0 on PostgreSQL, which keeps its log by itself.
 */
int64_t jz_sql_log_pages(const struct jz_sql *sql);

/*
 * Copies what it can from the log into the file, without waiting for anybody: *ret_pages of the log
 * are there now. When that is all of it, the next commit begins the log anew. With `all` the log is
 * empty afterwards. JZ_E_BUSY while another connection does the same, and with `all` while another
 * one writes, or reads what is in the log.
 */
int jz_sql_checkpoint(struct jz_sql *sql, bool all, int64_t *ret_pages,
                      struct jz_error *err) JZ_MUST_CHECK;

/* Bytes on disk, with write-ahead log (SQLite) or of the whole database (PostgreSQL). */
int jz_sql_size(struct jz_sql *sql, int64_t *ret_bytes, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_sql_closep(struct jz_sql **s)
{
    jz_sql_close(*s);
}
static inline void jz_sql_donep(struct jz_sql_rows **r)
{
    jz_sql_done(*r);
}
