#include "store/postgres_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum {
    /* So much is given to the socket at once: enough to save system calls, little enough that the
       server works while the rest is still being made. */
    SEND_BYTES = 32 << 10,
    KEYS_A_ROUND = 4096,
};

/* A result is here as a whole. */
struct rows {
    struct jz_sql_rows rows;
    struct jz_pg_statement *statement;
    PGresult *result;
    int row;
    int hidden; /* columns before the caller's */
};

/*
 * Sends what is queued. As the manual of libpq says of pipelines: while the socket takes nothing
 * more, the server may be waiting for its answers to be read, so both directions are watched.
 */
static int pump(struct jz_pg *s, struct jz_error *err)
{
    int left;
    while ((left = PQflush(s->conn)) == 1) {
        struct pollfd p = { .fd = PQsocket(s->conn), .events = POLLIN | POLLOUT };
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            return jz_pg_error(s, NULL, NULL, err);
        if ((p.revents & (POLLIN | POLLHUP | POLLERR)) && PQconsumeInput(s->conn) == 0)
            return jz_pg_error(s, NULL, NULL, err);
    }
    s->unsent_bytes = 0;
    return left < 0 ? jz_pg_error(s, NULL, NULL, err) : 0;
}

/* The one answer to the oldest command under way; NULL when the connection is lost. */
static PGresult *read_answer(struct jz_pg *s)
{
    PGresult *answer = PQgetResult(s->conn);
    if (answer && PQresultStatus(answer) != PGRES_PIPELINE_SYNC)
        for (PGresult *more; (more = PQgetResult(s->conn)) != NULL;)
            PQclear(more);
    return answer;
}

static bool is_success(const PGresult *answer)
{
    const ExecStatusType status = PQresultStatus(answer);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/*
 * Waits for the answers to all that is under way. The last KEEP of them go to kept, for the caller
 * to clear; the first error is returned, and then nothing is kept.
 */
static int settle(struct jz_pg *s, PGresult **kept, size_t keep, struct jz_error *err)
{
    const size_t count = s->pending_count;
    if (count == 0)
        return 0;
    s->pending_count = 0;
    int r = PQpipelineSync(s->conn) == 1 ? pump(s, err) : jz_pg_error(s, NULL, NULL, err);
    /* Even when sending failed: the server may have said why before it went. */
    for (size_t i = 0; i < count; i++) {
        const struct jz_pg_pending *p = &s->pending[i];
        PGresult *answer = read_answer(s);
        const bool good = answer && is_success(answer);
        if (p->prepares && !good)
            p->statement->prepared = false;
        if (r == 0 && !good)
            r = jz_pg_error(s, answer, p->statement->text, err);
        if (i >= count - keep)
            kept[i - (count - keep)] = answer;
        else
            PQclear(answer);
    }
    PGresult *sync = read_answer(s);
    if (PQstatus(s->conn) == CONNECTION_BAD) {
        s->sql.broken = true;
        if (r == 0)
            r = jz_pg_error(s, sync, NULL, err);
    }
    PQclear(sync);
    for (size_t i = 0; r < 0 && i < keep; i++) {
        PQclear(kept[i]);
        kept[i] = NULL;
    }
    return r;
}

int jz_pg_leave_pipeline(struct jz_pg *s, struct jz_error *err)
{
    int r = settle(s, NULL, 0, err);
    if (r < 0)
        return r;
    if (PQexitPipelineMode(s->conn) != 1 || PQsetnonblocking(s->conn, 0) != 0)
        return jz_pg_error(s, NULL, NULL, err);
    return 0;
}

int jz_pg_enter_pipeline(struct jz_pg *s, struct jz_error *err)
{
    if (PQsetnonblocking(s->conn, 1) != 0 || PQenterPipelineMode(s->conn) != 1)
        return jz_pg_error(s, NULL, NULL, err);
    return 0;
}

int jz_pg_execute(struct jz_pg *s, const char *text, struct jz_error *err)
{
    JZ_CLEANUP(jz_pg_clearp) PGresult *result = PQexec(s->conn, text);
    return is_success(result) ? 0 : jz_pg_error(s, result, text, err);
}

/* The highest $N of a statement. */
static size_t count_parameters(const char *text)
{
    size_t most = 0;
    bool quoted = false;
    for (const char *p = text; *p; p++) {
        quoted ^= *p == '\'';
        const size_t n = *p == '$' && !quoted ? strtoul(p + 1, NULL, 10) : 0;
        most = n > most ? n : most;
    }
    return most;
}

static int make_statement(struct jz_pg *s, const char *text, struct jz_pg_statement **ret_statement,
                          struct jz_error *err)
{
    jz_autofree struct jz_pg_statement *st = calloc(1, sizeof *st);
    if (!st)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    st->text = text;
    st->count = count_parameters(text);
    int r = jz_sql_cache_put(&s->cache, text, st, err);
    if (r == 0)
        *ret_statement = JZ_TAKE(st);
    return r;
}

/*
 * The types of the parameters are those of the values. A NULL has none: the server infers one, and
 * the statement is prepared anew when a value comes whose type was not known before.
 */
static int find(struct jz_pg *s, const char *text, const struct jz_sql_value *values, size_t count,
                struct jz_pg_statement **ret_statement, struct jz_error *err)
{
    struct jz_pg_statement *st = jz_sql_cache_get(&s->cache, text);
    const int r = st ? 0 : make_statement(s, text, &st, err);
    if (!st)
        return r;
    if (st->count != count)
        return jz_error_set(err, JZ_E_INTERNAL, "%zu parameters are wanted, not %zu: %.300s",
                            st->count, count, text);
    for (size_t i = 0; i < count; i++) {
        const Oid type = jz_pg_type(values[i].type);
        if (type == 0 || type == st->types[i])
            continue;
        if (st->types[i] != 0)
            return jz_error_set(err, JZ_E_INTERNAL, "parameter $%zu has changed its type: %.300s",
                                i + 1, text);
        st->types[i] = type;
        st->prepared = false;
    }
    *ret_statement = st;
    return 0;
}

static int expect_answer(struct jz_pg *s, int sent, struct jz_pg_statement *st, bool prepares,
                         struct jz_error *err)
{
    if (sent != 1)
        return jz_pg_error(s, NULL, st->text, err);
    s->pending[s->pending_count++] = (struct jz_pg_pending){ st, prepares };
    return 0;
}

/* Puts a statement under way. */
static int send_statement(struct jz_pg *s, struct jz_pg_statement *st,
                          const struct jz_sql_value *values, struct jz_error *err)
{
    int r = 0;
    if (s->pending_count + 2 > JZ_PG_MAX_PENDING && (r = settle(s, NULL, 0, err)) < 0)
        return r;
    if (!st->prepared) {
        /* Always a new name: nobody knows whether a PREPARE behind an error was seen. */
        snprintf(st->name, sizeof st->name, "jz%u", s->names_given++);
        r = expect_answer(s, PQsendPrepare(s->conn, st->name, st->text, (int)st->count, st->types),
                          st, true, err);
        if (r < 0)
            return r;
        st->prepared = true;
    }
    const char *data[JZ_SQL_MAX_VALUES];
    int sizes[JZ_SQL_MAX_VALUES], formats[JZ_SQL_MAX_VALUES];
    uint8_t spaces[JZ_SQL_MAX_VALUES][8];
    for (size_t i = 0; i < st->count; i++) {
        jz_pg_bind(&values[i], spaces[i], &data[i], &sizes[i]);
        formats[i] = 1;
        s->unsent_bytes += 12 + (size_t)sizes[i];
    }
    r = expect_answer(
        s, PQsendQueryPrepared(s->conn, st->name, (int)st->count, data, sizes, formats, 1), st,
        false, err);
    s->unsent_bytes += 64;
    return r == 0 && s->unsent_bytes >= SEND_BYTES ? pump(s, err) : r;
}

static int send_text(struct jz_pg *s, const char *text, const struct jz_sql_value *values,
                     size_t count, struct jz_error *err)
{
    struct jz_pg_statement *st;
    int r = find(s, text, values, count, &st, err);
    return r < 0 ? r : send_statement(s, st, values, err);
}

/* Outside a transaction nothing stays under way. */
static int run(struct jz_sql *sql, const char *text, const struct jz_sql_value *values,
               size_t count, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    int r = send_text(s, text, values, count, err);
    return r == 0 && sql->state == JZ_SQL_IDLE ? settle(s, NULL, 0, err) : r;
}

static int flush(struct jz_sql *sql, struct jz_error *err)
{
    return settle(jz_pg_of(sql), NULL, 0, err);
}

/* A server that went meanwhile has closed the socket: seen here, nothing is lost yet. */
static bool is_gone(struct jz_sql *sql)
{
    struct pollfd p = { .fd = PQsocket(jz_pg_of(sql)->conn), .events = POLLRDHUP };
    if (poll(&p, 1, 0) > 0)
        sql->broken = true;
    return sql->broken;
}

static int begin(struct jz_sql *sql, bool writes, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    if (is_gone(sql))
        return jz_pg_error(s, NULL, NULL, err);
    if (writes)
        return send_text(s, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", NULL, 0, err);
    /* The state that is seen is that of the first query, so one follows at once. */
    int r = send_text(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, 0, err);
    if (r == 0)
        r = send_text(s, "SELECT 1", NULL, 0, err);
    return r < 0 ? r : settle(s, NULL, 0, err);
}

static int commit(struct jz_sql *sql, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    JZ_CLEANUP(jz_pg_clearp) PGresult *answer = NULL;
    int r = send_text(s, "COMMIT", NULL, 0, err);
    if (r < 0 || (r = settle(s, &answer, 1, err)) < 0)
        return r;
    if (strcmp(PQcmdStatus(answer), "COMMIT") != 0)
        return jz_error_set(err, JZ_E_INTERNAL, "PostgreSQL rolled back instead of committing");
    return 0;
}

static void rollback(struct jz_sql *sql)
{
    struct jz_pg *s = jz_pg_of(sql);
    if (!sql->broken)
        (void)!settle(s, NULL, 0, NULL);
    if (sql->broken)
        return;
    if (PQtransactionStatus(s->conn) != PQTRANS_IDLE &&
        send_text(s, "ROLLBACK", NULL, 0, NULL) == 0)
        (void)!settle(s, NULL, 0, NULL);
}

static int script(struct jz_sql *sql, const char *statements, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    int r = jz_pg_leave_pipeline(s, err);
    if (r < 0)
        return r;
    r = jz_pg_execute(s, statements, err);
    /* A plan made before a column changed its type would be refused. */
    if (r == 0 && (r = jz_pg_execute(s, "DEALLOCATE ALL", err)) == 0)
        for (size_t i = 0; i < s->cache.room; i++)
            if (s->cache.slots[i].statement)
                ((struct jz_pg_statement *)s->cache.slots[i].statement)->prepared = false;
    const int back = jz_pg_enter_pipeline(s, r < 0 ? NULL : err);
    return r < 0 ? r : back;
}

static int query(struct jz_sql *sql, const char *text, const struct jz_sql_value *values,
                 size_t count, struct jz_sql_rows **ret_rows, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    struct jz_pg_statement *st;
    JZ_CLEANUP(jz_pg_clearp) PGresult *result = NULL;
    int r = find(s, text, values, count, &st, err);
    if (r < 0)
        return r;
    if (st->open)
        return jz_error_set(err, JZ_E_INTERNAL, "its rows are still open: %.300s", text);
    if ((r = send_statement(s, st, values, err)) < 0 || (r = settle(s, &result, 1, err)) < 0 ||
        (r = jz_pg_check_types(result, text, err)) < 0)
        return r;
    struct rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *rows = (struct rows){ { sql }, st, JZ_TAKE(result), -1, 0 };
    st->open = true;
    *ret_rows = &rows->rows;
    return 0;
}

static int next(struct jz_sql_rows *rows, struct jz_error *err)
{
    (void)err;
    struct rows *r = (struct rows *)rows;
    if (r->row + 1 >= PQntuples(r->result))
        return 0;
    r->row++;
    return 1;
}

static void done(struct jz_sql_rows *rows)
{
    struct rows *r = (struct rows *)rows;
    r->statement->open = false;
    PQclear(r->result);
    free(r);
}

static int column_count(const struct jz_sql_rows *rows)
{
    const struct rows *r = (const struct rows *)rows;
    return PQnfields(r->result) - r->hidden;
}

static struct jz_sql_value value(const struct jz_sql_rows *rows, int column)
{
    const struct rows *r = (const struct rows *)rows;
    return jz_pg_value(r->result, r->row, column + r->hidden);
}

/*
 * One query for an array of keys: a statement a key costs the server 20 us and more, a row of this
 * join two. Rows of one key come in the query's order; which key is first is up to the server.
 */
static int make_for_many(struct jz_pg_statement *st, struct jz_error *err)
{
    static const char head[] = "SELECT k.place, q.* FROM unnest($1::bigint[]) WITH ORDINALITY "
                               "AS k(key, place) CROSS JOIN LATERAL (";
    const size_t size = sizeof head + 4 * strlen(st->text) + 8;
    char *text = malloc(size), *at = text;
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    at = stpcpy(at, head);
    for (const char *p = st->text; *p; p++) {
        if (p[0] == '$' && p[1] == '1') {
            at = stpcpy(at, "k.key");
            p++;
        } else {
            *at++ = *p;
        }
    }
    strcpy(at, ") AS q");
    st->for_many = text;
    return 0;
}

static char *array_text(const int64_t *keys, size_t count)
{
    enum { KEY_BYTES = 22 };
    char *text = malloc(count * KEY_BYTES + 3), *at = text;
    if (!text)
        return NULL;
    *at++ = '{';
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s%lld", i ? "," : "", (long long)keys[i]);
    strcpy(at, "}");
    return text;
}

/* Rows in the order of their keys; those of one key keep their order. */
static int show_rows(struct jz_pg *s, struct jz_pg_statement *st, PGresult *result, size_t first,
                     size_t count, jz_sql_row_fn on_row, void *context, struct jz_error *err)
{
    const int n = PQntuples(result);
    jz_autofree int *start = calloc(count + 1, sizeof *start);
    jz_autofree int *order = malloc(((size_t)n + 1) * sizeof *order);
    if (!start || !order)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (int i = 0; i < n; i++)
        start[jz_pg_value(result, i, 0).integer]++;
    for (size_t i = 0; i < count; i++)
        start[i + 1] += start[i];
    for (int i = 0; i < n; i++)
        order[start[jz_pg_value(result, i, 0).integer - 1]++] = i;
    for (int i = 0; i < n; i++) {
        struct rows rows = { { &s->sql }, st, result, order[i], 1 };
        const size_t key = (size_t)jz_pg_value(result, order[i], 0).integer - 1;
        const int r = on_row(context, first + key, &rows.rows, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int each_round(struct jz_pg *s, struct jz_pg_statement *st, const int64_t *keys,
                      size_t first, size_t count, jz_sql_row_fn on_row, void *context,
                      struct jz_error *err)
{
    JZ_CLEANUP(jz_pg_clearp) PGresult *result = NULL;
    jz_autofree char *array = array_text(keys + first, count);
    if (!array)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const struct jz_sql_value value = jz_text(array);
    int r;
    if ((r = send_text(s, st->for_many, &value, 1, err)) < 0 ||
        (r = settle(s, &result, 1, err)) < 0 || (r = jz_pg_check_types(result, st->text, err)) < 0)
        return r;
    return show_rows(s, st, result, first, count, on_row, context, err);
}

static int each(struct jz_sql *sql, const char *text, const int64_t *keys, size_t count,
                jz_sql_row_fn on_row, void *context, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    struct jz_pg_statement *st;
    const struct jz_sql_value key = jz_int(keys[0]);
    int r = find(s, text, &key, 1, &st, err);
    if (r < 0)
        return r;
    if (st->open)
        return jz_error_set(err, JZ_E_INTERNAL, "its rows are still open: %.300s", text);
    if (!st->for_many && (r = make_for_many(st, err)) < 0)
        return r;
    st->open = true;
    for (size_t i = 0; r >= 0 && i < count; i += KEYS_A_ROUND)
        r = each_round(s, st, keys, i, count - i < KEYS_A_ROUND ? count - i : KEYS_A_ROUND, on_row,
                       context, err);
    st->open = false;
    return r < 0 ? r : 0;
}

static bool changed_elsewhere(struct jz_sql *sql)
{
    (void)sql; /* only a query could tell, which is what the caller wants to save */
    return true;
}

static int64_t log_pages(const struct jz_sql *sql)
{
    (void)sql;
    return 0;
}

static int checkpoint(struct jz_sql *sql, bool all, int64_t *ret_pages, struct jz_error *err)
{
    (void)sql, (void)all, (void)err;
    *ret_pages = 0;
    return 0;
}

static int size(struct jz_sql *sql, int64_t *ret_bytes, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = query(sql, "SELECT pg_database_size(current_database())", NULL, 0, &rows, err);
    if (r < 0)
        return r;
    if (next(rows, err) == 1)
        *ret_bytes = value(rows, 0).integer;
    return 0;
}

const struct jz_sql_driver jz_postgres_driver = {
    .dialect = JZ_POSTGRES,
    .open = jz_pg_open,
    .close = jz_pg_close,
    .is_gone = is_gone,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .flush = flush,
    .script = script,
    .query = query,
    .next = next,
    .done = done,
    .column_count = column_count,
    .value = value,
    .each = each,
    .copy_begin = jz_pg_copy_begin,
    .copy_row = jz_pg_copy_row,
    .copy_end = jz_pg_copy_end,
    .copy_abort = jz_pg_copy_abort,
    .changed_elsewhere = changed_elsewhere,
    .log_pages = log_pages,
    .checkpoint = checkpoint,
    .check = jz_pg_check,
    .size = size,
    .backup = jz_pg_backup,
    .restore = jz_pg_restore,
};
