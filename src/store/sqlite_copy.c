#include "store/sqlite_internal.h"

#include <string.h>

struct copy {
    struct jz_sql_copy copy;
    char *text;
    sqlite3_stmt *stmt;
};

int jz_sqlite_bind(sqlite3_stmt *stmt, int index, const struct jz_sql_value *v,
                   sqlite3_destructor_type life)
{
    switch (v->type) {
    case JZ_SQL_INT:
        return sqlite3_bind_int64(stmt, index, v->integer);
    case JZ_SQL_TEXT:
        return sqlite3_bind_text(stmt, index, v->data, (int)v->size, life);
    case JZ_SQL_BLOB:
        return sqlite3_bind_blob(stmt, index, v->data, (int)v->size, life);
    case JZ_SQL_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, index);
}

void jz_sqlite_copy_abort(struct jz_sql_copy *copy)
{
    struct copy *c = (struct copy *)copy;
    sqlite3_finalize(c->stmt);
    free(c->text);
    free(c);
}

int jz_sqlite_copy_begin(struct jz_sql *sql, const char *into, const struct jz_column *columns,
                         size_t count, struct jz_sql_copy **ret_copy, struct jz_error *err)
{
    char marks[sizeof ", ?" * JZ_SQL_MAX_VALUES], *end = marks;
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, i ? ", ?" : "?");
    struct copy *c = calloc(1, sizeof *c);
    if (!c || asprintf(&c->text, "INSERT INTO %s VALUES (%s)", into, marks) < 0) {
        free(c);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    c->copy = (struct jz_sql_copy){ sql, columns, count };
    const int rc = sqlite3_prepare_v2(jz_sqlite_handle(sql), c->text, -1, &c->stmt, NULL);
    if (rc != SQLITE_OK) {
        const int r = jz_sqlite_fail(sql, rc, c->text, err);
        jz_sqlite_copy_abort(&c->copy);
        return r;
    }
    *ret_copy = &c->copy;
    return 0;
}

int jz_sqlite_copy_row(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                       struct jz_error *err)
{
    struct copy *c = (struct copy *)copy;
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < copy->count; i++)
        rc = jz_sqlite_bind(c->stmt, (int)i + 1, &values[i], SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(c->stmt);
    const int r = rc == SQLITE_DONE ? 0 : jz_sqlite_fail(copy->sql, rc, c->text, err);
    sqlite3_reset(c->stmt);
    return r;
}

int jz_sqlite_copy_end(struct jz_sql_copy *copy, struct jz_error *err)
{
    (void)err; /* every row was inserted as it came */
    jz_sqlite_copy_abort(copy);
    return 0;
}
