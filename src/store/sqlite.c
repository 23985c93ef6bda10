#include "store/sqlite_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct sqlite {
    struct jz_sql sql;
    sqlite3 *db;
    char *path;
    int64_t data_version; /* -1: not asked yet */
    int log_pages;        /* told by the latest commit */
    int timeout_ms;
    int64_t busy_until; /* while it waits for a lock */
    struct jz_sql_cache cache;
};

/* A prepared statement, which is also its own cursor: a text may be open only once at a time. */
struct statement {
    struct jz_sql_rows rows;
    sqlite3_stmt *stmt;
    size_t count;                      /* highest $N */
    int bound;                         /* SQLite's parameters, one for each different $N */
    uint8_t number[JZ_SQL_MAX_VALUES]; /* the N of each */
    bool open;
};

static struct sqlite *sqlite_of(struct jz_sql *sql)
{
    return (struct sqlite *)sql;
}

sqlite3 *jz_sqlite_handle(struct jz_sql *sql)
{
    return sqlite_of(sql)->db;
}

static int fail(struct sqlite *s, int rc, const char *statement, struct jz_error *err)
{
    return jz_sql_fail(&s->sql, jz_sqlite_error(s->db, rc, s->path, statement, err));
}

int jz_sqlite_fail(struct jz_sql *sql, int rc, const char *statement, struct jz_error *err)
{
    return fail(sqlite_of(sql), rc, statement, err);
}

static int execute(struct sqlite *s, const char *statements, struct jz_error *err)
{
    const int rc = sqlite3_exec(s->db, statements, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : fail(s, rc, statements, err);
}

/* The first column of the only row, as a number; the text of it if ret_text is not NULL. */
static int ask(struct sqlite *s, const char *question, int64_t *ret_number, char **ret_text,
               struct jz_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->db, question, -1, &stmt, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(stmt, 0);
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (ret_text)
            *ret_text = strdup(text ? text : "");
        rc = SQLITE_OK;
    }
    const int r = rc == SQLITE_OK ? 0 : fail(s, rc, question, err);
    sqlite3_finalize(stmt);
    return r;
}

static int prepare(struct sqlite *s, const char *text, struct statement **ret_statement,
                   struct jz_error *err)
{
    jz_autofree struct statement *st = calloc(1, sizeof *st);
    if (!st)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const char *rest;
    const int rc = sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &st->stmt, &rest);
    if (rc != SQLITE_OK)
        return fail(s, rc, text, err);
    int r = 0;
    if (!st->stmt || *rest)
        r = jz_error_set(err, JZ_E_INTERNAL, "not one statement: %.300s", text);
    st->rows.sql = &s->sql;
    st->bound = sqlite3_bind_parameter_count(st->stmt);
    for (int i = 0; r == 0 && i < st->bound; i++) {
        /* SQLite numbers named parameters in the order in which they first appear. */
        const char *name =
            i < JZ_SQL_MAX_VALUES ? sqlite3_bind_parameter_name(st->stmt, i + 1) : NULL;
        const unsigned long n = name && *name == '$' ? strtoul(name + 1, NULL, 10) : 0;
        if (n < 1 || n > JZ_SQL_MAX_VALUES) {
            r = jz_error_set(err, JZ_E_INTERNAL, "parameters are $1 to $%d: %.300s",
                             JZ_SQL_MAX_VALUES, text);
            break;
        }
        st->number[i] = (uint8_t)n;
        st->count = n > st->count ? n : st->count;
    }
    if (r == 0)
        r = jz_sql_cache_put(&s->cache, text, st, err);
    if (r < 0) {
        sqlite3_finalize(st->stmt);
        return r;
    }
    *ret_statement = JZ_TAKE(st);
    return 0;
}

static int find(struct sqlite *s, const char *text, size_t count, struct statement **ret_statement,
                struct jz_error *err)
{
    struct statement *st = jz_sql_cache_get(&s->cache, text);
    const int r = st ? 0 : prepare(s, text, &st, err);
    if (!st)
        return r;
    if (strcmp(sqlite3_sql(st->stmt), text) != 0)
        return jz_error_set(err, JZ_E_INTERNAL,
                            "two SQL texts at one address, they should be constants: %.300s", text);
    if (st->count != count)
        return jz_error_set(err, JZ_E_INTERNAL, "%zu parameters are wanted, not %zu: %.300s",
                            st->count, count, text);
    if (st->open)
        return jz_error_set(err, JZ_E_INTERNAL, "its rows are still open: %.300s", text);
    *ret_statement = st;
    return 0;
}

static int bind_all(struct sqlite *s, struct statement *st, const struct jz_sql_value *values,
                    sqlite3_destructor_type life, struct jz_error *err)
{
    for (int i = 0; i < st->bound; i++) {
        const int rc = jz_sqlite_bind(st->stmt, i + 1, &values[st->number[i] - 1], life);
        if (rc != SQLITE_OK)
            return fail(s, rc, sqlite3_sql(st->stmt), err);
    }
    return 0;
}

int jz_sqlite_make_file(const char *path, struct jz_error *err)
{
    /* Not open(): closing a descriptor of ours would drop the locks of every connection that this
       process has to the file. */
    if (mknod(path, S_IFREG | 0600, 0) == 0)
        return 1;
    if (errno == EEXIST)
        return 0;
    return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                        strerror(errno));
}

int jz_sqlite_open_plain(const char *path, int flags, sqlite3 **ret_db, struct jz_error *err)
{
    JZ_CLEANUP(jz_sqlite_closep) sqlite3 *db = NULL;
    jz_autofree char *name = NULL;
    /* "./" keeps SQLite from reading ":memory:" and "file:…" as something else than a path. */
    if (asprintf(&name, "%s%s", *path == '/' ? "" : "./", path) < 0) {
        name = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    }
    const int rc =
        sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK)
        return jz_sqlite_error(db, rc, path, NULL, err);
    *ret_db = JZ_TAKE(db);
    return 0;
}

/*
 * Mapped pages are not copied: with a database larger than the cache, reads inside one transaction
 * are up to twice as fast (a read alone is spent on locks). The cache holds the dirty pages of a
 * chunk of a big job.
 */
static const char settings[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA mmap_size = 2147418112;"
                               "PRAGMA cache_size = -65536";

/*
 * FULL: a commit that was reported survives a power cut. What is deleted is overwritten, because
 * keys are shredded so.
 *
 * A connection that does not leave the log to somebody else checkpoints in the commit that finds so
 * many pages in it, and whoever waits for that commit waits longer. Longest commit of 64 rows with
 * random keys among a million, on a disk of 3,000 fdatasync/s (and of 270): 15 (46) ms with 100
 * pages, 24 (68) with 300, 53 (95) with 1,000, 62 (181) with 4,000; fewer pages cost throughput, as
 * the same page is written more often.
 *
 * Pages of 16,384 bytes load a million random keys 30 % faster, but small commits, each of which
 * writes whole pages, are up to 40 % slower; 8,192 makes no clear difference.
 */
static const char writer_settings[] = "PRAGMA page_size = 4096;"
                                      "PRAGMA synchronous = FULL;"
                                      "PRAGMA secure_delete = ON;"
                                      "PRAGMA journal_size_limit = 67108864;"
                                      "PRAGMA wal_autocheckpoint = 400";

/*
 * Asks for a lock every millisecond. SQLite's own handler sleeps up to 100 ms between tries and
 * misses the moment between two commits of a process that writes all the time: certifications
 * beside a daily close waited up to 2.4 s.
 */
static int wait_for_lock(void *context, int tries)
{
    struct sqlite *s = context;
    static const struct timespec pause = { .tv_nsec = 1000000 };
    if (tries == 0)
        s->busy_until = jz_clock_ns() + s->timeout_ms * 1000000LL;
    nanosleep(&pause, NULL);
    return jz_clock_ns() < s->busy_until;
}

static int note_log(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct sqlite *)context)->log_pages = pages;
    return SQLITE_OK;
}

/* WAL is a property of the file, so for all but the first who opens it this changes nothing. */
static int switch_to_wal(struct sqlite *s, int timeout_ms, struct jz_error *err)
{
    const int64_t end = jz_clock_ns() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        int64_t ignored;
        jz_autofree char *mode = NULL;
        const int r = ask(s, "PRAGMA journal_mode = WAL", &ignored, &mode, err);
        if (r == 0 && mode && strcmp(mode, "wal") == 0)
            return 0;
        if (r == 0)
            return jz_error_set(err, JZ_E_UNSUPPORTED,
                                "%s: no write-ahead log can be kept there; a network file system "
                                "cannot hold the database",
                                s->path);
        /* Two that switch at once do not wait for one another: SQLite sees a deadlock coming. */
        if (r != JZ_E_BUSY || jz_clock_ns() > end)
            return r;
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    }
}

static int configure(struct sqlite *s, const struct jz_sql_options *options, struct jz_error *err)
{
    static const struct {
        int option, value;
    } switches[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_DQS_DML, 0 }, /* "name" is never a text */
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        sqlite3_db_config(s->db, switches[i].option, switches[i].value, NULL);
    s->timeout_ms = options->busy_timeout_ms;
    sqlite3_busy_handler(s->db, wait_for_lock, s);
    /* SQLite falls back to reading where this user may not write. */
    if (!options->read_only && sqlite3_db_readonly(s->db, "main"))
        return jz_error_set(err, JZ_E_DENIED, "%s: this user has no right to write it", s->path);
    int64_t version;
    int r = execute(s, settings, err);
    /* The size of a page is settled by the switch. */
    if (r == 0 && !options->read_only && (r = execute(s, writer_settings, err)) == 0)
        r = switch_to_wal(s, options->busy_timeout_ms, err);
    if (options->keeps_log)
        sqlite3_wal_hook(s->db, note_log, s); /* takes the place of wal_autocheckpoint */
    /* The first look at the file itself. */
    return r < 0 ? r : ask(s, "PRAGMA schema_version", &version, NULL, err);
}

static void close_connection(struct jz_sql *sql)
{
    struct sqlite *s = sqlite_of(sql);
    for (size_t i = 0; i < s->cache.room; i++) {
        struct statement *st = s->cache.slots[i].statement;
        if (st)
            sqlite3_finalize(st->stmt);
        free(st);
    }
    free(s->cache.slots);
    sqlite3_close_v2(s->db);
    free(s->path);
    free(s);
}

static int open_connection(const char *path, const struct jz_sql_options *options,
                           struct jz_sql **ret_sql, struct jz_error *err)
{
    struct stat st;
    int r = 0;
    if (options->create && !options->read_only && (r = jz_sqlite_make_file(path, err)) < 0)
        return r;
    if (stat(path, &st) < 0)
        return jz_error_set(err, errno == ENOENT || errno == ENOTDIR ? JZ_E_NOT_FOUND : JZ_E_IO,
                            "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return jz_error_set(err, JZ_E_USAGE, "%s: a database is a plain file", path);
    struct sqlite *s = calloc(1, sizeof *s);
    char *copy = strdup(path);
    if (!s || !copy) {
        free(s);
        free(copy);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    s->sql = (struct jz_sql){ .driver = &jz_sqlite_driver, .read_only = options->read_only };
    s->path = copy;
    s->data_version = -1;
    r = jz_sqlite_open_plain(
        path, options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, &s->db, err);
    if (r == 0)
        r = configure(s, options, err);
    if (r < 0) {
        close_connection(&s->sql);
        return r;
    }
    *ret_sql = &s->sql;
    return 0;
}

static int begin(struct jz_sql *sql, bool writes, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    if (writes)
        return execute(s, "BEGIN IMMEDIATE", err);
    /* The state that is seen is that of the first read, so one follows at once. */
    int64_t ignored;
    int r = execute(s, "BEGIN", err);
    if (r == 0 &&
        (r = ask(s, "SELECT count(*) FROM sqlite_schema LIMIT 1", &ignored, NULL, err)) < 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

static int commit(struct jz_sql *sql, struct jz_error *err)
{
    return execute(sqlite_of(sql), "COMMIT", err);
}

static void rollback(struct jz_sql *sql)
{
    struct sqlite *s = sqlite_of(sql);
    /* SQLite itself may have rolled back, when the disk was full for instance. */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static int run(struct jz_sql *sql, const char *text, const struct jz_sql_value *values,
               size_t count, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    struct statement *st;
    int r = find(s, text, count, &st, err);
    if (r < 0)
        return r;
    if (sql->state == JZ_SQL_READING && !sqlite3_stmt_readonly(st->stmt))
        return jz_sql_fail(
            sql, jz_error_set(err, JZ_E_DENIED, "this transaction can only read: %.300s", text));
    if ((r = bind_all(s, st, values, SQLITE_STATIC, err)) < 0)
        return r;
    int rc;
    while ((rc = sqlite3_step(st->stmt)) == SQLITE_ROW)
        ;
    if (rc != SQLITE_DONE)
        r = fail(s, rc, text, err);
    sqlite3_reset(st->stmt);
    return r;
}

static int flush(struct jz_sql *sql, struct jz_error *err)
{
    (void)sql, (void)err; /* nothing is ever only sent */
    return 0;
}

static int script(struct jz_sql *sql, const char *statements, struct jz_error *err)
{
    return execute(sqlite_of(sql), statements, err);
}

static int query(struct jz_sql *sql, const char *text, const struct jz_sql_value *values,
                 size_t count, struct jz_sql_rows **ret_rows, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    struct statement *st;
    int r = find(s, text, count, &st, err);
    if (r < 0 || (r = bind_all(s, st, values, SQLITE_TRANSIENT, err)) < 0)
        return r;
    st->open = true;
    *ret_rows = &st->rows;
    return 0;
}

static int step(struct statement *st, struct jz_error *err)
{
    const int rc = sqlite3_step(st->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : fail(sqlite_of(st->rows.sql), rc, sqlite3_sql(st->stmt), err);
}

static int next(struct jz_sql_rows *rows, struct jz_error *err)
{
    return step((struct statement *)rows, err);
}

static void done(struct jz_sql_rows *rows)
{
    struct statement *st = (struct statement *)rows;
    sqlite3_reset(st->stmt);
    st->open = false;
}

static const struct statement *statement_of(const struct jz_sql_rows *rows)
{
    return (const struct statement *)rows;
}

static int column_count(const struct jz_sql_rows *rows)
{
    return sqlite3_column_count(statement_of(rows)->stmt);
}

static struct jz_sql_value value(const struct jz_sql_rows *rows, int column)
{
    sqlite3_stmt *stmt = statement_of(rows)->stmt;
    struct jz_sql_value v = JZ_NULL;
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        return jz_int(sqlite3_column_int64(stmt, column));
    /* No column of ours holds fractions: one that does must not read as the number it hides. */
    case SQLITE_FLOAT:
    case SQLITE_TEXT:
        v.type = JZ_SQL_TEXT;
        v.data = sqlite3_column_text(stmt, column);
        break;
    case SQLITE_BLOB:
        v.type = JZ_SQL_BLOB;
        v.data = sqlite3_column_blob(stmt, column);
        break;
    default:
        return v;
    }
    v.size = (size_t)sqlite3_column_bytes(stmt, column);
    if (!v.data)
        v.data = ""; /* an empty blob is not NULL */
    return v;
}

static int each(struct jz_sql *sql, const char *text, const int64_t *keys, size_t count,
                jz_sql_row_fn on_row, void *context, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    struct statement *st;
    int r = find(s, text, 1, &st, err);
    if (r < 0)
        return r;
    /* Outside a transaction a reader that stays open keeps one state, and spares every key the
       locks of a transaction: that makes it four times as fast. */
    sqlite3_stmt *reader = NULL;
    if (sqlite3_get_autocommit(s->db)) {
        sqlite3_prepare_v2(s->db, "SELECT count(*) FROM sqlite_schema", -1, &reader, NULL);
        const int rc = sqlite3_step(reader);
        if (rc != SQLITE_ROW)
            r = fail(s, rc, text, err);
    }
    st->open = true;
    for (size_t i = 0; r >= 0 && i < count; i++) {
        sqlite3_bind_int64(st->stmt, 1, keys[i]);
        while ((r = step(st, err)) == 1 && (r = on_row(context, i, &st->rows, err)) >= 0)
            ;
        sqlite3_reset(st->stmt);
    }
    st->open = false;
    sqlite3_finalize(reader);
    return r < 0 ? r : 0;
}

static bool changed_elsewhere(struct jz_sql *sql)
{
    struct sqlite *s = sqlite_of(sql);
    int64_t version = -1;
    if (ask(s, "PRAGMA data_version", &version, NULL, NULL) < 0)
        version = -1;
    const bool changed = version < 0 || version != s->data_version;
    s->data_version = version;
    return changed;
}

static int64_t log_pages(const struct jz_sql *sql)
{
    return ((const struct sqlite *)sql)->log_pages;
}

static int checkpoint(struct jz_sql *sql, bool all, int64_t *ret_pages, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    int pages = -1, copied = -1;
    sqlite3_busy_handler(s->db, NULL, NULL);
    const int rc = sqlite3_wal_checkpoint_v2(
        s->db, "main", all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &pages,
        &copied);
    sqlite3_busy_handler(s->db, wait_for_lock, s);
    if (rc != SQLITE_OK)
        return jz_sqlite_error(s->db, rc, s->path, NULL, err);
    *ret_pages = copied > 0 ? copied : 0;
    return 0;
}

static int check(struct jz_sql *sql, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    int64_t ignored;
    jz_autofree char *words = NULL;
    int r = ask(s, "PRAGMA integrity_check(1)", &ignored, &words, err);
    if (r < 0 || (words && strcmp(words, "ok") == 0))
        return r;
    return jz_error_set(err, JZ_E_INTEGRITY,
                        "%s: the file is damaged (%.200s); keep a copy of it and restore the "
                        "newest backup",
                        s->path, words ? words : "?");
}

static int size(struct jz_sql *sql, int64_t *ret_bytes, struct jz_error *err)
{
    struct sqlite *s = sqlite_of(sql);
    struct stat st;
    jz_autofree char *log = NULL;
    if (asprintf(&log, "%s-wal", s->path) < 0) {
        log = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    if (stat(s->path, &st) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", s->path, strerror(errno));
    int64_t bytes = st.st_size;
    if (stat(log, &st) == 0)
        bytes += st.st_size;
    *ret_bytes = bytes;
    return 0;
}

const struct jz_sql_driver jz_sqlite_driver = {
    .dialect = JZ_SQLITE,
    .open = open_connection,
    .close = close_connection,
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
    .copy_begin = jz_sqlite_copy_begin,
    .copy_row = jz_sqlite_copy_row,
    .copy_end = jz_sqlite_copy_end,
    .copy_abort = jz_sqlite_copy_abort,
    .changed_elsewhere = changed_elsewhere,
    .log_pages = log_pages,
    .checkpoint = checkpoint,
    .check = check,
    .size = size,
    .backup = jz_sqlite_backup,
    .restore = jz_sqlite_restore,
};
