/* What the files of the PostgreSQL driver share. */
#pragma once

#include "store/sql_internal.h"

#include <libpq-fe.h>

/* Commands that may be under way before their answers are read. */
#define JZ_PG_MAX_PENDING 1024

struct jz_pg_statement {
    const char *text;
    char *for_many; /* the same query for an array of keys; NULL: not asked for yet */
    char name[24];
    size_t count;
    Oid types[JZ_SQL_MAX_VALUES]; /* 0 while only NULL was seen: the server infers it */
    bool prepared, open;
};

struct jz_pg {
    struct jz_sql sql;
    PGconn *conn; /* in pipeline mode and non-blocking, except between leave and enter */
    struct jz_sql_cache cache;
    unsigned names_given;
    struct jz_pg_pending {
        struct jz_pg_statement *statement;
        bool prepares;
    } pending[JZ_PG_MAX_PENDING];
    size_t pending_count;
    size_t unsent_bytes;
};

static inline struct jz_pg *jz_pg_of(struct jz_sql *sql)
{
    return (struct jz_pg *)sql;
}

/*
 * Turns the answer of the server, or the loss of the connection when RESULT is NULL, into a code
 * and a sentence; returns the code. STATEMENT may be NULL.
 */
int jz_pg_error(struct jz_pg *s, const PGresult *result, const char *statement,
                struct jz_error *err);

/* Waits for all that is under way and leaves pipeline mode, for COPY and for scripts; and back. */
int jz_pg_leave_pipeline(struct jz_pg *s, struct jz_error *err);
int jz_pg_enter_pipeline(struct jz_pg *s, struct jz_error *err);

/* What libpq makes of the address; the caller frees it with PQconninfoFree. */
int jz_pg_read_target(const char *target, PQconninfoOption **ret_options, struct jz_error *err);

int jz_pg_open(const char *target, const struct jz_sql_options *options, struct jz_sql **ret_sql,
               struct jz_error *err);
void jz_pg_close(struct jz_sql *sql);
int jz_pg_check(struct jz_sql *sql, struct jz_error *err);

/* Runs TEXT outside pipeline mode. */
int jz_pg_execute(struct jz_pg *s, const char *text, struct jz_error *err);

/* Values of a result, all in binary form. */
int jz_pg_check_types(const PGresult *result, const char *statement, struct jz_error *err);
struct jz_sql_value jz_pg_value(const PGresult *result, int row, int column);

/* What PostgreSQL is sent of a value: its type, and its bytes (SPACE is for an integer). */
Oid jz_pg_type(enum jz_sql_type type);
void jz_pg_bind(const struct jz_sql_value *value, uint8_t space[8], const char **ret_data,
                int *ret_size);

int jz_pg_copy_begin(struct jz_sql *sql, const char *into, const struct jz_column *columns,
                     size_t count, struct jz_sql_copy **ret_copy, struct jz_error *err);
int jz_pg_copy_row(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                   struct jz_error *err);
int jz_pg_copy_end(struct jz_sql_copy *copy, struct jz_error *err);
void jz_pg_copy_abort(struct jz_sql_copy *copy);

int jz_pg_backup(const char *target, const char *path, jz_sql_progress_fn on_progress,
                 void *context, struct jz_error *err);
int jz_pg_restore(const char *target, const char *path, struct jz_error *err);

static inline void jz_pg_clearp(PGresult **result)
{
    PQclear(*result);
}
