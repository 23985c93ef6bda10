#include "store/postgres_internal.h"

#include <endian.h>
#include <string.h>

/* A buffer that reaches this is sent, as a COPY of its own. */
#define BUFFER_BYTES (8 << 20)

struct copy {
    struct jz_sql_copy copy;
    char *text;
    uint8_t *data;
    size_t size, room;
};

/* Signature, flags, no extension. */
static const uint8_t header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
static const uint8_t trailer[] = { 0xff, 0xff };

static const uint8_t widths[] = { [JZ_INT16] = 2, [JZ_INT32] = 4, [JZ_INT64] = 8 };

static int reserve(struct copy *c, size_t size, struct jz_error *err)
{
    if (c->size + size <= c->room)
        return 0;
    size_t room = c->room ? 2 * c->room : 65536;
    while (room < c->size + size)
        room *= 2;
    uint8_t *more = realloc(c->data, room);
    if (!more)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    c->data = more;
    c->room = room;
    return 0;
}

static void put(struct copy *c, const void *data, size_t size)
{
    if (size > 0)
        memcpy(c->data + c->size, data, size);
    c->size += size;
}

/* The low SIZE bytes of value, the highest first. */
static void put_integer(struct copy *c, int64_t value, size_t size)
{
    const uint64_t big = htobe64((uint64_t)value);
    put(c, (const uint8_t *)&big + sizeof big - size, size);
}

static int send_rows(struct jz_pg *s, struct copy *c, struct jz_error *err)
{
    JZ_CLEANUP(jz_pg_clearp) PGresult *ready = PQexec(s->conn, c->text);
    if (PQresultStatus(ready) != PGRES_COPY_IN)
        return jz_pg_error(s, ready, c->text, err);
    /* Blocking is safe here: during COPY … FROM the server reads on even after an error. */
    if (PQputCopyData(s->conn, (const char *)header, sizeof header - 1) != 1 ||
        PQputCopyData(s->conn, (const char *)c->data, (int)c->size) != 1 ||
        PQputCopyData(s->conn, (const char *)trailer, sizeof trailer) != 1 ||
        PQputCopyEnd(s->conn, NULL) != 1)
        return jz_pg_error(s, NULL, c->text, err);
    int r = 0;
    for (PGresult *answer; (answer = PQgetResult(s->conn)) != NULL; PQclear(answer))
        if (r == 0 && PQresultStatus(answer) != PGRES_COMMAND_OK)
            r = jz_pg_error(s, answer, c->text, err);
    return r;
}

static int send_copy(struct copy *c, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(c->copy.sql);
    if (c->size == 0)
        return 0;
    int r = jz_pg_leave_pipeline(s, err);
    if (r < 0)
        return r;
    r = send_rows(s, c, err);
    c->size = 0;
    const int back = jz_pg_enter_pipeline(s, r < 0 ? NULL : err);
    return r < 0 ? r : back;
}

void jz_pg_copy_abort(struct jz_sql_copy *copy)
{
    struct copy *c = (struct copy *)copy;
    free(c->text);
    free(c->data);
    free(c);
}

int jz_pg_copy_begin(struct jz_sql *sql, const char *into, const struct jz_column *columns,
                     size_t count, struct jz_sql_copy **ret_copy, struct jz_error *err)
{
    struct copy *c = calloc(1, sizeof *c);
    if (!c || asprintf(&c->text, "COPY %s FROM STDIN (FORMAT binary)", into) < 0) {
        free(c);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    c->copy = (struct jz_sql_copy){ sql, columns, count };
    *ret_copy = &c->copy;
    return 0;
}

int jz_pg_copy_row(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                   struct jz_error *err)
{
    struct copy *c = (struct copy *)copy;
    size_t size = 2;
    for (size_t i = 0; i < copy->count; i++)
        size += 4 + 8 + values[i].size;
    int r = 0;
    if (c->size + size > BUFFER_BYTES)
        r = send_copy(c, err);
    if (r < 0 || (r = reserve(c, size, err)) < 0)
        return r;
    put_integer(c, (int64_t)copy->count, 2);
    for (size_t i = 0; i < copy->count; i++) {
        const struct jz_sql_value *v = &values[i];
        switch (v->type) {
        case JZ_SQL_NULL:
            put_integer(c, -1, 4);
            break;
        case JZ_SQL_INT:
            put_integer(c, widths[copy->columns[i].type], 4);
            put_integer(c, v->integer, widths[copy->columns[i].type]);
            break;
        case JZ_SQL_TEXT:
        case JZ_SQL_BLOB:
            put_integer(c, (int64_t)v->size, 4);
            put(c, v->data, v->size);
            break;
        }
    }
    return 0;
}

int jz_pg_copy_end(struct jz_sql_copy *copy, struct jz_error *err)
{
    const int r = send_copy((struct copy *)copy, err);
    jz_pg_copy_abort(copy);
    return r;
}
