#include "store/store_internal.h"

#include <string.h>
#include <time.h>

static int64_t system_clock(void)
{
    return time(NULL);
}

/* Opens one connection and refuses a database of another version. */
static int open_checked(const char *url, bool read_only, struct jz_sql **ret_sql,
                        struct jz_error *err)
{
    const struct jz_sql_options options = { .read_only = read_only };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    int version = 0;
    int r = jz_sql_open(url, &options, &sql, err);
    if (r < 0)
        return r;
    char name[256];
    jz_sql_describe(url, name, sizeof name);
    if ((r = jz_schema_read_version(sql, &version, err)) < 0) {
        jz_error_prefix(err, "%s", name);
        return r;
    }
    if (version != JZ_SCHEMA_VERSION)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            version < JZ_SCHEMA_VERSION
                                ? "%s: is of version %d, this program wants %d; type: jianzai db "
                                  "migrate"
                                : "%s: is of version %d, newer than this program's %d: install "
                                  "the newer program",
                            name, version, JZ_SCHEMA_VERSION);
    *ret_sql = JZ_TAKE(sql);
    return 0;
}

static int check_keyring(struct jz_store *s, bool read_only, struct jz_error *err)
{
    bool bound = false;
    int r = jz_schema_check_keyring(s->idle[0], s->keyring, &bound, err);
    if (r == 0 && !bound && !read_only)
        r = jz_schema_bind_keyring(s->url, s->keyring, err);
    if (r < 0) {
        char name[256];
        jz_sql_describe(s->url, name, sizeof name);
        jz_error_prefix(err, "%s", name);
    }
    return r;
}

int jz_store_open(const char *url, const struct jz_keyring *keyring,
                  const struct jz_store_options *options, struct jz_store **ret_store,
                  struct jz_error *err)
{
    JZ_CLEANUP(jz_store_closep) struct jz_store *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->returned, NULL);
    s->keyring = keyring;
    s->clock = options && options->clock ? options->clock : system_clock;
    s->url = strdup(url);
    if (!s->url)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct jz_policies *policies = NULL;
    int r;
    if ((r = open_checked(url, true, &s->idle[0], err)) < 0)
        return r;
    s->idle_count = 1;
    if ((r = jz_schema_read_suite(s->idle[0], &s->suite, err)) < 0 ||
        (r = jz_schema_read_secret(s->idle[0], s->receipt_secret, err)) < 0)
        return r;
    const bool read_only = options && options->read_only;
    if ((r = check_keyring(s, read_only, err)) < 0)
        return r;
    r = options && options->without_policies ? jz_policies_none(&policies, err)
                                             : jz_policies_load(s->idle[0], &policies, err);
    if (r < 0)
        return r;
    s->policies = policies;
    if (!read_only && (r = jz_writer_start(s, &s->writer, err)) < 0)
        return r;
    *ret_store = JZ_TAKE(s);
    return 0;
}

void jz_store_close(struct jz_store *s)
{
    if (!s)
        return;
    /* The writer goes last: only it can empty SQLite's log and take it away. */
    for (int i = 0; i < s->idle_count; i++)
        jz_sql_close(s->idle[i]);
    jz_writer_stop(s->writer);
    jz_policies_unref(s->policies);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->returned);
    free(s->url);
    free(s);
}

const struct jz_keyring *jz_store_keyring(const struct jz_store *store)
{
    return store->keyring;
}

const char *jz_store_url(const struct jz_store *store)
{
    return store->url;
}

enum jz_suite jz_store_suite(const struct jz_store *store)
{
    return store->suite;
}

const char *jz_store_receipt_secret(const struct jz_store *store)
{
    return store->receipt_secret;
}

struct jz_date jz_store_today(const struct jz_store *store)
{
    return jz_date_at(store->clock());
}

int jz_store_reader(struct jz_store *s, struct jz_sql **ret_sql, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    pthread_mutex_lock(&s->lock);
    while (s->idle_count == 0 && s->lent == JZ_STORE_READERS)
        pthread_cond_wait(&s->returned, &s->lock);
    s->lent++;
    /* Those that a restarted server has left behind go before anybody asks them something. */
    while (s->idle_count > 0 && jz_sql_is_gone(sql = s->idle[--s->idle_count])) {
        jz_sql_close(sql);
        sql = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    int r = 0;
    if (!sql) {
        const struct jz_sql_options options = { .read_only = true };
        r = jz_sql_open(s->url, &options, &sql, err);
    }
    if (r < 0) {
        jz_store_return(s, NULL);
        return r;
    }
    *ret_sql = sql;
    return 0;
}

void jz_store_return(struct jz_store *s, struct jz_sql *sql)
{
    if (sql && jz_sql_is_broken(sql)) {
        jz_sql_close(sql);
        sql = NULL;
    }
    pthread_mutex_lock(&s->lock);
    s->lent--;
    if (sql)
        s->idle[s->idle_count++] = sql;
    pthread_cond_signal(&s->returned);
    pthread_mutex_unlock(&s->lock);
}

int jz_store_ask(struct jz_store *s, const char *statement, const struct jz_sql_value *values,
                 size_t count, jz_sql_row_fn on_row, void *context, size_t *ret_rows,
                 struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    size_t number = 0;
    int r = jz_store_reader(s, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql, statement, values, count, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        r = on_row(context, number++, rows, err);
    jz_sql_done(rows);
    jz_store_return(s, sql);
    if (r < 0)
        return r;
    *ret_rows = number;
    return 0;
}

struct jz_policies *jz_store_policies(struct jz_store *s)
{
    pthread_mutex_lock(&s->lock);
    struct jz_policies *p = jz_policies_ref(s->policies);
    pthread_mutex_unlock(&s->lock);
    return p;
}

void jz_store_set_policies(struct jz_store *s, struct jz_policies *policies)
{
    pthread_mutex_lock(&s->lock);
    struct jz_policies *old = s->policies;
    s->policies = policies;
    pthread_mutex_unlock(&s->lock);
    jz_policies_unref(old);
}

static int not_writable(const struct jz_store *s, struct jz_error *err)
{
    char name[256];
    jz_sql_describe(s->url, name, sizeof name);
    return jz_error_set(err, JZ_E_DENIED, "%s: was opened for reading only", name);
}

int jz_store_post(struct jz_store *s, struct jz_batch *batch, struct jz_error *err)
{
    return s->writer ? jz_writer_post(s->writer, batch, err) : not_writable(s, err);
}

void jz_store_wait(struct jz_store *s, struct jz_batch *batch)
{
    (void)s;
    jz_writer_wait(batch);
}

int jz_store_submit(struct jz_store *s, struct jz_act *acts, size_t count, struct jz_error *err)
{
    struct jz_batch batch = { .acts = acts, .count = count };
    const int r = jz_store_post(s, &batch, err);
    if (r < 0)
        return r;
    jz_store_wait(s, &batch);
    return 0;
}

int jz_store_act(struct jz_store *s, struct jz_act *act, struct jz_error *err)
{
    const int r = jz_store_submit(s, act, 1, err);
    if (r < 0)
        return r;
    if (act->result < 0 && err)
        *err = act->error;
    return act->result;
}

void jz_store_stats(struct jz_store *s, struct jz_store_stats *ret_stats)
{
    *ret_stats = (struct jz_store_stats){ 0 };
    if (s->writer)
        jz_writer_stats(s->writer, ret_stats);
}
