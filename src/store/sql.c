#include "store/sql_internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct jz_sql_value jz_text(const char *text)
{
    return text ? (struct jz_sql_value){ .type = JZ_SQL_TEXT, .data = text, .size = strlen(text) }
                : JZ_NULL;
}

struct jz_sql_value jz_blob(const void *data, size_t size)
{
    return data ? (struct jz_sql_value){ .type = JZ_SQL_BLOB, .data = data, .size = size }
                : JZ_NULL;
}

/* How a URL begins, whose it is, and how much of it the driver does not want to see. */
static const struct scheme {
    const char *prefix;
    const struct jz_sql_driver *driver;
    size_t skip;
} schemes[] = {
    { "sqlite:", &jz_sqlite_driver, 7 },
    { "postgresql://", &jz_postgres_driver, 0 },
    { "postgres://", &jz_postgres_driver, 0 },
    { "postgres:", &jz_postgres_driver, 9 },
    { "", &jz_sqlite_driver, 0 },
};

static const struct scheme *scheme_of(const char *url)
{
    const struct scheme *s = schemes;
    while (strncmp(url, s->prefix, strlen(s->prefix)) != 0)
        s++;
    return s;
}

static int read_url(const char *url, const struct scheme **ret_scheme, struct jz_error *err)
{
    const struct scheme *s = scheme_of(url);
    if (strlen(url) > JZ_SQL_MAX_URL_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "the address of the database has more than %d bytes",
                            JZ_SQL_MAX_URL_BYTES);
    if (!url[s->skip])
        return jz_error_set(err, JZ_E_USAGE, "the address of the database is empty");
    const char *slashes = strstr(url, "://");
    if (!*s->prefix && slashes && !memchr(url, '/', (size_t)(slashes - url)))
        return jz_error_set(err, JZ_E_USAGE,
                            "%.*s: no such kind of database; a path or postgresql://… is wanted",
                            (int)(slashes - url), url);
    *ret_scheme = s;
    return 0;
}

/* The end of the password that begins at VALUE, of a URL's query or of KEY=VALUE words. */
static const char *end_of_password(const char *value, bool in_url)
{
    if (in_url)
        return value + strcspn(value, "&");
    const bool quoted = *value == '\'';
    const char *end = value + quoted;
    while (*end && (quoted ? *end != '\'' : !isspace((unsigned char)*end)))
        end += *end == '\\' && end[1] ? 2 : 1;
    return end + (quoted && *end);
}

/* Where the next password begins at or after TEXT, and where it ends; NULL when there is none. */
static const char *find_password(const char *text, const char **ret_end)
{
    const char *slashes = strstr(text, "://");
    if (slashes) {
        const char *authority = slashes + 3;
        const char *at = memrchr(authority, '@', strcspn(authority, "/?#"));
        const char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
        if (colon) {
            *ret_end = at;
            return colon + 1;
        }
    }
    return NULL;
}

static const char *find_password_word(const char *text, bool in_url, const char **ret_end)
{
    for (const char *word = text; (word = strcasestr(word, "password")) != NULL; word++) {
        const char *value = word + strlen("password");
        value += strspn(value, " \t\r\n");
        if (*value != '=')
            continue;
        value++;
        value += strspn(value, " \t\r\n");
        *ret_end = end_of_password(value, in_url);
        return value;
    }
    return NULL;
}

void jz_sql_describe(const char *url, char *ret_text, size_t size)
{
    if (scheme_of(url)->driver != &jz_postgres_driver) {
        snprintf(ret_text, size, "%s", url);
        return;
    }
    const bool in_url = strstr(url, "://") != NULL;
    const char *end = url, *password = find_password(url, &end);
    size_t used = 0;
    if (size > 0)
        *ret_text = 0;
    for (const char *from = url; used < size; from = end) {
        if (!password)
            password = find_password_word(from, in_url, &end);
        const int n = password ? (int)(password - from) : (int)strlen(from);
        used += (size_t)snprintf(ret_text + used, size - used, "%.*s%s", n, from,
                                 password ? "***" : "");
        if (!password)
            break;
        password = NULL;
    }
}

int jz_sql_open(const char *url, const struct jz_sql_options *options, struct jz_sql **ret_sql,
                struct jz_error *err)
{
    const struct scheme *s;
    int r = read_url(url, &s, err);
    if (r < 0)
        return r;
    struct jz_sql_options filled = options ? *options : (struct jz_sql_options){ 0 };
    if (filled.busy_timeout_ms <= 0)
        filled.busy_timeout_ms = 10000;
    return s->driver->open(url + s->skip, &filled, ret_sql, err);
}

void jz_sql_close(struct jz_sql *sql)
{
    if (!sql)
        return;
    jz_sql_rollback(sql);
    sql->driver->close(sql);
}

enum jz_sql_dialect jz_sql_dialect(const struct jz_sql *sql)
{
    return sql->driver->dialect;
}

enum jz_sql_dialect jz_sql_url_dialect(const char *url)
{
    return scheme_of(url)->driver->dialect;
}

bool jz_sql_is_broken(const struct jz_sql *sql)
{
    return sql->broken;
}

bool jz_sql_is_gone(struct jz_sql *sql)
{
    return sql->broken || (sql->driver->is_gone && sql->driver->is_gone(sql));
}

int jz_sql_fail(struct jz_sql *sql, int code)
{
    if (sql->state != JZ_SQL_IDLE && sql->failed == 0)
        sql->failed = code;
    return code;
}

int jz_sql_check_usable(const struct jz_sql *sql, const char *statement, struct jz_error *err)
{
    if (sql->broken)
        return jz_error_set(err, JZ_E_IO, "the connection to the database is lost");
    if (sql->failed && (!statement || strncasecmp(statement, "ROLLBACK TO", 11) != 0))
        return jz_error_set(err, JZ_E_INTERNAL,
                            "an earlier statement of this transaction failed: it must be rolled "
                            "back first");
    return 0;
}

static int begin(struct jz_sql *sql, enum jz_sql_state state, struct jz_error *err)
{
    if (sql->state != JZ_SQL_IDLE)
        return jz_error_set(err, JZ_E_INTERNAL, "a transaction is open already");
    int r = jz_sql_check_usable(sql, NULL, err);
    if (r == 0 && state == JZ_SQL_WRITING && sql->read_only)
        return jz_error_set(err, JZ_E_DENIED, "the database is open for reading only");
    if (r < 0 || (r = sql->driver->begin(sql, state == JZ_SQL_WRITING, err)) < 0)
        return r;
    sql->state = state;
    return 0;
}

int jz_sql_begin(struct jz_sql *sql, struct jz_error *err)
{
    return begin(sql, JZ_SQL_WRITING, err);
}

int jz_sql_begin_read(struct jz_sql *sql, struct jz_error *err)
{
    return begin(sql, JZ_SQL_READING, err);
}

int jz_sql_commit(struct jz_sql *sql, struct jz_error *err)
{
    if (sql->state == JZ_SQL_IDLE)
        return jz_error_set(err, JZ_E_INTERNAL, "no transaction is open");
    int r = sql->failed;
    if (r < 0)
        jz_error_set(err, r, "rolled back: an earlier statement of this transaction failed");
    else
        r = sql->driver->commit(sql, err);
    if (r < 0)
        sql->driver->rollback(sql);
    sql->state = JZ_SQL_IDLE;
    sql->failed = 0;
    return r;
}

void jz_sql_rollback(struct jz_sql *sql)
{
    if (sql->state != JZ_SQL_IDLE)
        sql->driver->rollback(sql);
    sql->state = JZ_SQL_IDLE;
    sql->failed = 0;
}

static int check_values(const struct jz_sql_value *values, size_t count, struct jz_error *err)
{
    if (count > JZ_SQL_MAX_VALUES)
        return jz_error_set(err, JZ_E_LIMIT, "%zu parameters, more than the limit of %d", count,
                            JZ_SQL_MAX_VALUES);
    for (size_t i = 0; i < count; i++)
        if (values[i].size > JZ_SQL_MAX_VALUE_BYTES)
            return jz_error_set(err, JZ_E_LIMIT,
                                "parameter %zu has %zu bytes, more than the limit of %d", i + 1,
                                values[i].size, JZ_SQL_MAX_VALUE_BYTES);
    return 0;
}

int jz_sql_run(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
               size_t count, struct jz_error *err)
{
    int r = check_values(values, count, err);
    if (r < 0 || (r = jz_sql_check_usable(sql, statement, err)) < 0)
        return r;
    if (sql->failed)
        sql->failed = 0;
    return sql->driver->run(sql, statement, values, count, err);
}

int jz_sql_flush(struct jz_sql *sql, struct jz_error *err)
{
    int r = jz_sql_check_usable(sql, NULL, err);
    return r < 0 ? r : sql->driver->flush(sql, err);
}

int jz_sql_script(struct jz_sql *sql, const char *statements, struct jz_error *err)
{
    int r = jz_sql_check_usable(sql, NULL, err);
    return r < 0 ? r : sql->driver->script(sql, statements, err);
}

int jz_sql_query(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
                 size_t count, struct jz_sql_rows **ret_rows, struct jz_error *err)
{
    int r = check_values(values, count, err);
    if (r < 0 || (r = jz_sql_check_usable(sql, NULL, err)) < 0)
        return r;
    return sql->driver->query(sql, statement, values, count, ret_rows, err);
}

int jz_sql_next(struct jz_sql_rows *rows, struct jz_error *err)
{
    return rows->sql->driver->next(rows, err);
}

void jz_sql_done(struct jz_sql_rows *rows)
{
    if (rows)
        rows->sql->driver->done(rows);
}

int jz_sql_column_count(const struct jz_sql_rows *rows)
{
    return rows->sql->driver->column_count(rows);
}

struct jz_sql_value jz_sql_value(const struct jz_sql_rows *rows, int column)
{
    return rows->sql->driver->value(rows, column);
}

int jz_sql_each(struct jz_sql *sql, const char *statement, const int64_t *keys, size_t count,
                jz_sql_row_fn on_row, void *context, struct jz_error *err)
{
    int r = jz_sql_check_usable(sql, NULL, err);
    if (r < 0 || count == 0)
        return r;
    return sql->driver->each(sql, statement, keys, count, on_row, context, err);
}

static const struct {
    enum jz_sql_type type;
    int64_t least, most;
    const char *name;
} column_types[] = {
    [JZ_INT16] = { JZ_SQL_INT, INT16_MIN, INT16_MAX, "an integer of 16 bits" },
    [JZ_INT32] = { JZ_SQL_INT, INT32_MIN, INT32_MAX, "an integer of 32 bits" },
    [JZ_INT64] = { JZ_SQL_INT, INT64_MIN, INT64_MAX, "an integer" },
    [JZ_TEXT] = { JZ_SQL_TEXT, 0, 0, "a text" },
    [JZ_BLOB] = { JZ_SQL_BLOB, 0, 0, "a blob" },
};

/* Names are put into the SQL as they are, so they may only be plain words. */
static bool is_plain_name(const char *name)
{
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
    return n > 0 && n < 64 && !name[n];
}

int jz_sql_copy_begin(struct jz_sql *sql, const char *table, const struct jz_column *columns,
                      size_t count, struct jz_sql_copy **ret_copy, struct jz_error *err)
{
    int r = jz_sql_check_usable(sql, NULL, err);
    if (r < 0)
        return r;
    if (sql->state != JZ_SQL_WRITING)
        return jz_error_set(err, JZ_E_INTERNAL, "%s: a copy needs a transaction that writes",
                            table);
    if (count == 0 || count > JZ_SQL_MAX_VALUES)
        return jz_error_set(err, JZ_E_LIMIT, "%s: 1 to %d columns can be copied, not %zu", table,
                            JZ_SQL_MAX_VALUES, count);
    bool plain = is_plain_name(table);
    for (size_t i = 0; i < count; i++)
        plain = plain && is_plain_name(columns[i].name);
    if (!plain)
        return jz_error_set(err, JZ_E_INTERNAL, "%s: a name that is no plain word", table);
    jz_autofree char *into = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&into, &size);
    if (!f)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        fprintf(f, "%s%s%s", i ? "" : table, i ? ", " : " (", columns[i].name);
    fputc(')', f);
    if (fclose(f) != 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return sql->driver->copy_begin(sql, into, columns, count, ret_copy, err);
}

int jz_sql_copy_row(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                    struct jz_error *err)
{
    int r = jz_sql_check_usable(copy->sql, NULL, err);
    if (r < 0 || (r = check_values(values, copy->count, err)) < 0)
        return r;
    for (size_t i = 0; i < copy->count; i++) {
        const struct jz_sql_value *v = &values[i];
        const enum jz_column_type wanted = copy->columns[i].type;
        if (v->type != JZ_SQL_NULL &&
            (v->type != column_types[wanted].type ||
             (v->type == JZ_SQL_INT &&
              (v->integer < column_types[wanted].least || v->integer > column_types[wanted].most))))
            return jz_error_set(err, JZ_E_INTERNAL, "column %s: %s is wanted",
                                copy->columns[i].name, column_types[wanted].name);
    }
    return copy->sql->driver->copy_row(copy, values, err);
}

int jz_sql_copy_end(struct jz_sql_copy *copy, struct jz_error *err)
{
    int r = jz_sql_check_usable(copy->sql, NULL, err);
    if (r < 0) {
        copy->sql->driver->copy_abort(copy);
        return r;
    }
    return copy->sql->driver->copy_end(copy, err);
}

void jz_sql_copy_abort(struct jz_sql_copy *copy)
{
    if (copy)
        copy->sql->driver->copy_abort(copy);
}

bool jz_sql_changed_elsewhere(struct jz_sql *sql)
{
    return sql->broken || sql->driver->changed_elsewhere(sql);
}

int64_t jz_sql_log_pages(const struct jz_sql *sql)
{
    return sql->driver->log_pages(sql);
}

int jz_sql_checkpoint(struct jz_sql *sql, bool all, int64_t *ret_pages, struct jz_error *err)
{
    if (sql->state != JZ_SQL_IDLE)
        return jz_error_set(err, JZ_E_INTERNAL, "a transaction is open");
    return sql->driver->checkpoint(sql, all, ret_pages, err);
}

int jz_sql_check(struct jz_sql *sql, struct jz_error *err)
{
    int r = jz_sql_check_usable(sql, NULL, err);
    return r < 0 ? r : sql->driver->check(sql, err);
}

int jz_sql_size(struct jz_sql *sql, int64_t *ret_bytes, struct jz_error *err)
{
    int r = jz_sql_check_usable(sql, NULL, err);
    return r < 0 ? r : sql->driver->size(sql, ret_bytes, err);
}

/* Gives the finished file its name, never in place of another, so that it outlives a power cut. */
static int publish(const char *temporary, const char *path)
{
    jz_autoclose int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return -1;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0 &&
        ((errno != EINVAL && errno != ENOSYS) || rename(temporary, path) < 0))
        return -1;
    jz_autofree char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = 0;
    jz_autoclose int folder_fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder_fd < 0 || fsync(folder_fd) < 0 ? -1 : 0;
}

int jz_sql_backup(const char *url, const char *path, jz_sql_progress_fn on_progress, void *context,
                  struct jz_error *err)
{
    const struct scheme *s;
    struct stat st;
    int r = read_url(url, &s, err);
    if (r < 0)
        return r;
    if (lstat(path, &st) == 0)
        return jz_error_set(err, JZ_E_CONFLICT, "%s: is there already; name a new file", path);
    jz_autofree char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    }
    jz_autoclose int fd = mkostemp(temporary, O_CLOEXEC); /* of mode 0600 */
    if (fd < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    r = s->driver->backup(url + s->skip, temporary, on_progress, context, err);
    if (r == 0 && publish(temporary, path) < 0)
        r = jz_error_set(err, errno == EEXIST ? JZ_E_CONFLICT : JZ_E_IO, "%s: %s", path,
                         strerror(errno));
    if (r < 0)
        unlink(temporary);
    return r;
}

int jz_sql_restore(const char *url, const char *path, struct jz_error *err)
{
    const struct scheme *s;
    int r = read_url(url, &s, err);
    if (r < 0)
        return r;
    if (access(path, R_OK) < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                            strerror(errno));
    return s->driver->restore(url + s->skip, path, err);
}

static size_t slot_of(const struct jz_sql_cache *cache, const char *text)
{
    /* Fibonacci hashing: constants lie close together, the product spreads them. */
    size_t i = (size_t)(((uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15u) >> 32) % cache->room;
    while (cache->slots[i].text && cache->slots[i].text != text)
        i = (i + 1) % cache->room;
    return i;
}

void *jz_sql_cache_get(const struct jz_sql_cache *cache, const char *text)
{
    return cache->room > 0 ? cache->slots[slot_of(cache, text)].statement : NULL;
}

static int grow(struct jz_sql_cache *cache)
{
    struct jz_sql_cache more = { .room = cache->room ? 2 * cache->room : 64, .used = cache->used };
    more.slots = calloc(more.room, sizeof *more.slots);
    if (!more.slots)
        return -1;
    for (size_t i = 0; i < cache->room; i++)
        if (cache->slots[i].text)
            more.slots[slot_of(&more, cache->slots[i].text)] = cache->slots[i];
    free(cache->slots);
    *cache = more;
    return 0;
}

int jz_sql_cache_put(struct jz_sql_cache *cache, const char *text, void *statement,
                     struct jz_error *err)
{
    if (cache->used >= JZ_SQL_MAX_STATEMENTS)
        return jz_error_set(err, JZ_E_LIMIT,
                            "more than %d different SQL texts: they should be constants",
                            JZ_SQL_MAX_STATEMENTS);
    if (cache->used * 2 >= cache->room && grow(cache) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for SQL statements");
    cache->slots[slot_of(cache, text)] = (struct jz_sql_cached){ text, statement };
    cache->used++;
    return 0;
}
