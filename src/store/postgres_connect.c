#include "store/postgres_internal.h"

#include <string.h>

enum { OLDEST_SERVER = 120000 };

int jz_pg_read_target(const char *target, PQconninfoOption **ret_options, struct jz_error *err)
{
    PQconninfoOption *options = PQconninfoParse(target, NULL);
    if (!options) /* without the words of libpq, which may quote a part of the password */
        return jz_error_set(
            err, JZ_E_USAGE,
            "the address of the database cannot be read; postgresql://USER@HOST/NAME "
            "or KEY=VALUE words are wanted");
    *ret_options = options;
    return 0;
}

static void be_quiet(void *context, const char *message)
{
    (void)context, (void)message; /* a library prints nothing */
}

static void free_statement(struct jz_pg_statement *st)
{
    if (st)
        free(st->for_many);
    free(st);
}

void jz_pg_close(struct jz_sql *sql)
{
    struct jz_pg *s = jz_pg_of(sql);
    for (size_t i = 0; i < s->cache.room; i++)
        free_statement(s->cache.slots[i].statement);
    free(s->cache.slots);
    PQfinish(s->conn);
    free(s);
}

/* What a session of ours relies on, whatever the server, the database or the role say. */
static int configure(struct jz_pg *s, const struct jz_sql_options *options, struct jz_error *err)
{
    /* remote_apply is more than on, so it stays. */
    static const char settings[] =
        "SET client_min_messages = warning; SET search_path = public, pg_temp; "
        "SET timezone = 'UTC'; SET lock_timeout = %d; SET default_transaction_read_only = %s; "
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') <> 'remote_apply'";
    const int version = PQserverVersion(s->conn);
    if (version < OLDEST_SERVER)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "PostgreSQL %d: version %d or later is needed",
                            version / 10000, OLDEST_SERVER / 10000);
    const char *encoding = PQparameterStatus(s->conn, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "PostgreSQL: the database has the encoding %s; make one with UTF8",
                            encoding ? encoding : "?");
    char text[sizeof settings + 32];
    snprintf(text, sizeof text, settings, options->busy_timeout_ms,
             options->read_only ? "on" : "off");
    int r = jz_pg_execute(s, text, err);
    return r < 0 ? r : jz_pg_enter_pipeline(s, err);
}

int jz_pg_open(const char *target, const struct jz_sql_options *options, struct jz_sql **ret_sql,
               struct jz_error *err)
{
    /* Before the target what it may change, after it what it may not. A server that has vanished
       from the network is given up after half a minute. */
    static const char *const keywords[] = { "connect_timeout",
                                            "keepalives_idle",
                                            "tcp_user_timeout",
                                            "dbname",
                                            "application_name",
                                            "client_encoding",
                                            NULL };
    const char *const values[] = { "10", "30", "30000", target, "jianzai", "UTF8", NULL };
    PQconninfoOption *parsed = NULL;
    int r = jz_pg_read_target(target, &parsed, err);
    if (r < 0)
        return r;
    PQconninfoFree(parsed);
    struct jz_pg *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    s->sql = (struct jz_sql){ .driver = &jz_postgres_driver, .read_only = options->read_only };
    s->conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(s->conn) != CONNECTION_OK) {
        const char *words = PQerrorMessage(s->conn);
        r = jz_error_set(err, JZ_E_IO, "PostgreSQL: %.*s", (int)strcspn(words, "\n"), words);
    } else {
        PQsetNoticeProcessor(s->conn, be_quiet, NULL);
        r = configure(s, options, err);
    }
    if (r < 0) {
        jz_pg_close(&s->sql);
        return r;
    }
    *ret_sql = &s->sql;
    return 0;
}

/*
 * With amcheck every B-tree is compared with its table. Without it, or the right to use it, every
 * row is read: pages with a wrong checksum or values that cannot be unpacked are found so.
 */
static const char check_text[] =
    "DO $$ DECLARE r record; f regprocedure := (SELECT p.oid FROM pg_proc p WHERE p.proname = "
    "'bt_index_check' AND p.pronargs = 2 AND has_function_privilege(p.oid, 'execute') LIMIT 1); "
    "BEGIN FOR r IN SELECT c.oid, c.relkind, n.nspname, c.relname FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid "
    "WHERE n.nspname = current_schema() AND (c.relkind = 'r' OR (c.relkind = 'i' AND f IS NOT NULL "
    "AND i.indisvalid AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree'))) LOOP "
    "IF r.relkind = 'i' THEN EXECUTE format('SELECT %s($1, true)', f::regproc) USING "
    "r.oid::regclass; "
    "ELSE EXECUTE format('SELECT count(t::text) FROM %I.%I AS t', r.nspname, r.relname); END IF; "
    "END LOOP; END $$";

int jz_pg_check(struct jz_sql *sql, struct jz_error *err)
{
    struct jz_pg *s = jz_pg_of(sql);
    int r = jz_pg_leave_pipeline(s, err);
    if (r < 0)
        return r;
    r = jz_pg_execute(s, check_text, err);
    const int back = jz_pg_enter_pipeline(s, r < 0 ? NULL : err);
    return r < 0 ? r : back;
}
