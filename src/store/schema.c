/* From table.c to tables, triggers and indexes in either dialect, and forward from old versions. */
#include "store/store_internal.h"

#include "base/hex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Beside the primary keys. */
static const char indexes[] =
    "CREATE INDEX policy_name ON policy (name, version);"
    "CREATE INDEX operator_name ON operator (name);"
    "CREATE INDEX source_name ON source (name);"
    "CREATE UNIQUE INDEX evidence_source ON evidence (source, source_key)"
    "    WHERE source_key IS NOT NULL;"
    "CREATE UNIQUE INDEX event_source ON event (source, source_key) WHERE source_key IS NOT NULL;"
    "CREATE INDEX review_case_open ON review_case (id) WHERE of IS NULL;"
    "CREATE INDEX review_case_of ON review_case (of) WHERE of IS NOT NULL;"
    "CREATE INDEX request_first ON request (id) WHERE of IS NULL;"
    "CREATE INDEX request_of ON request (of) WHERE of IS NOT NULL;"
    "CREATE INDEX request_alike ON request (alike) WHERE alike IS NOT NULL;"
    "CREATE INDEX file_request ON file (request);"
    "CREATE INDEX caller_name ON caller (name);"
    "CREATE UNIQUE INDEX card_password_card ON card_password (card);"
    "CREATE INDEX used_token_until ON used_token (until_at);"
    "CREATE INDEX standing_next ON standing (next_on, person, benefit) WHERE next_on IS NOT NULL;";

static const char *const type_names[][2] = {
    [JZ_INT16] = { "INTEGER", "SMALLINT" }, [JZ_INT32] = { "INTEGER", "INTEGER" },
    [JZ_INT64] = { "INTEGER", "BIGINT" },   [JZ_TEXT] = { "TEXT", "TEXT" },
    [JZ_BLOB] = { "BLOB", "BYTEA" },
};

/* A growing text; overflow is seen at the end. */
struct script {
    char text[32768];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct script *s, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(s->text + s->used, sizeof s->text - s->used, format, ap);
    va_end(ap);
    s->used += n > 0 ? (size_t)n : 0;
    if (s->used >= sizeof s->text)
        s->used = sizeof s->text - 1;
}

static void say_table(struct script *s, enum jz_table table, enum jz_sql_dialect dialect)
{
    const struct jz_table_info *t = jz_table_info(table);
    const size_t columns = jz_table_columns(table);
    say(s, "CREATE TABLE %s (", t->name);
    for (size_t i = 0; i < columns; i++) {
        const bool is_key = strcmp(t->key, t->columns[i].name) == 0;
        /* A blob key is not SQLite's row number, an integer key is. */
        say(s, "%s%s %s%s", i ? ", " : "", t->columns[i].name,
            type_names[t->columns[i].type][dialect], is_key ? " PRIMARY KEY" : "");
        if (!(t->nullable & (1u << i)))
            say(s, " NOT NULL");
    }
    if (strchr(t->key, ','))
        say(s, ", PRIMARY KEY (%s)", t->key);
    say(s, ")");
    if (dialect == JZ_SQLITE && t->clustered)
        say(s, " WITHOUT ROWID");
    if (dialect == JZ_POSTGRES && t->hot)
        say(s, " WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)");
    say(s, ";\n");
}

/* Facts are never changed: whoever tries is told so by the database itself. */
static void say_guards(struct script *s, enum jz_table table, enum jz_sql_dialect dialect)
{
    const char *name = jz_table_info(table)->name;
    static const char *const verbs[] = { "UPDATE", "DELETE" };
    for (int i = 0; i < 2; i++)
        if (dialect == JZ_SQLITE)
            say(s,
                "CREATE TRIGGER %s_no_%s BEFORE %s ON %s BEGIN "
                "SELECT RAISE(ABORT, '%s holds facts: they are never changed'); END;\n",
                name, verbs[i], verbs[i], name, name);
    if (dialect == JZ_POSTGRES)
        say(s,
            "CREATE TRIGGER %s_guard BEFORE UPDATE OR DELETE ON %s FOR EACH ROW "
            "EXECUTE FUNCTION jz_guard();\n"
            "CREATE TRIGGER %s_guard_all BEFORE TRUNCATE ON %s FOR EACH STATEMENT "
            "EXECUTE FUNCTION jz_guard();\n",
            name, name, name, name);
}

static const char guard_function[] =
    "CREATE FUNCTION jz_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION '% holds facts: they are never changed', TG_TABLE_NAME "
    "USING ERRCODE = 'JZ001'; END $$;\n";

static int has_tables(struct jz_sql *sql, bool *ret, struct jz_error *err)
{
    static const char *const questions[] = {
        [JZ_SQLITE] = "SELECT 1 FROM sqlite_master LIMIT 1",
        [JZ_POSTGRES] = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() LIMIT 1",
    };
    int64_t found = 0;
    const int r = jz_sql_number(sql, questions[jz_sql_dialect(sql)], NULL, 0, &found, err);
    if (r < 0)
        return r;
    *ret = found == 1;
    return 0;
}

/* What the codes of receipts are made with (ledger/receipts.h): a text, as meta holds texts. */
static void make_secret(char ret_secret[JZ_RECEIPT_SECRET_BYTES])
{
    uint8_t bytes[(JZ_RECEIPT_SECRET_BYTES - 1) / 2];
    jz_random(bytes, sizeof bytes);
    jz_hex_write(bytes, sizeof bytes, ret_secret);
}

static int begin_chain(struct jz_sql *sql, enum jz_suite suite, struct jz_error *err)
{
    static const struct jz_head empty = { 0 };
    uint8_t packed[JZ_TREE_PACKED_BYTES];
    const size_t size = jz_tree_pack(&empty.tree, packed);
    char version[12];
    snprintf(version, sizeof version, "%d", JZ_SCHEMA_VERSION);
    char secret[JZ_RECEIPT_SECRET_BYTES];
    make_secret(secret);
    const struct jz_sql_value meta[][2] = {
        { jz_text("schema"), jz_text(version) },
        { jz_text("suite"), jz_text(jz_suite_name(suite)) },
        { jz_text("receipt_codes"), jz_text(secret) },
    };
    for (size_t i = 0; i < sizeof meta / sizeof meta[0]; i++) {
        const int r =
            jz_sql_run(sql, "INSERT INTO meta (name, value) VALUES ($1, $2)", meta[i], 2, err);
        if (r < 0)
            return r;
    }
    const struct jz_sql_value values[] = { jz_blob(empty.chain, sizeof empty.chain),
                                           jz_blob(packed, size) };
    return jz_sql_run(sql,
                      "INSERT INTO audit_head (id, size, recorded_at, chain, tree) "
                      "VALUES (1, 0, 0, $1, $2)",
                      values, 2, err);
}

static int make_tables(struct jz_sql *sql, enum jz_suite suite, struct jz_error *err)
{
    const enum jz_sql_dialect dialect = jz_sql_dialect(sql);
    jz_autofree struct script *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    say(s, "CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);\n");
    if (dialect == JZ_POSTGRES)
        say(s, "%s", guard_function);
    for (int i = 1; i < JZ_TABLES; i++)
        if (jz_table_info((enum jz_table)i)) {
            say_table(s, (enum jz_table)i, dialect);
            if (jz_table_is_fact((enum jz_table)i))
                say_guards(s, (enum jz_table)i, dialect);
        }
    say(s, "%s", indexes);
    if (s->used >= sizeof s->text - 1)
        return jz_error_set(err, JZ_E_INTERNAL, "the schema is longer than its buffer");
    int r;
    if ((r = jz_sql_script(sql, s->text, err)) < 0)
        return r;
    return begin_chain(sql, suite, err);
}

int jz_store_create(const char *url, enum jz_suite suite, struct jz_error *err)
{
    const struct jz_sql_options options = { .create = true };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    bool used = false;
    int r;
    if ((r = jz_sql_open(url, &options, &sql, err)) < 0 || (r = jz_sql_begin(sql, err)) < 0 ||
        (r = has_tables(sql, &used, err)) < 0)
        return r;
    if (used) {
        char name[256];
        jz_sql_describe(url, name, sizeof name);
        return jz_error_set(err, JZ_E_CONFLICT, "%s: holds a database already", name);
    }
    if ((r = make_tables(sql, suite, err)) < 0)
        return r;
    return jz_sql_commit(sql, err);
}

/* 1, or 0 when the database does not say. */
static int find_meta(struct jz_sql *sql, const char *name, char *ret_value, size_t room,
                     struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value value = jz_text(name);
    int r = jz_sql_query(sql, "SELECT value FROM meta WHERE name = $1", &value, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) <= 0)
        return r;
    const struct jz_sql_value text = jz_sql_value(rows, 0);
    snprintf(ret_value, room, "%.*s", (int)text.size, (const char *)text.data);
    return 1;
}

static int read_meta(struct jz_sql *sql, const char *name, char *ret_value, size_t room,
                     struct jz_error *err)
{
    const int r = find_meta(sql, name, ret_value, room, err);
    if (r == 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "the database does not say its %s", name);
    return r < 0 ? r : 0;
}

static int has_meta(struct jz_sql *sql, bool *ret, struct jz_error *err)
{
    static const char *const questions[] = {
        [JZ_SQLITE] = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
        [JZ_POSTGRES] = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND "
                        "tablename = 'meta'",
    };
    int64_t found = 0;
    const int r = jz_sql_number(sql, questions[jz_sql_dialect(sql)], NULL, 0, &found, err);
    if (r < 0)
        return r;
    *ret = found == 1;
    return 0;
}

int jz_schema_read_version(struct jz_sql *sql, int *ret_version, struct jz_error *err)
{
    char text[16];
    bool there = false;
    int r = has_meta(sql, &there, err);
    if (r < 0)
        return r;
    if (!there)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "it is no jianzai database; type: jianzai db init");
    if ((r = read_meta(sql, "schema", text, sizeof text, err)) < 0)
        return r;
    *ret_version = atoi(text);
    return 0;
}

int jz_schema_read_suite(struct jz_sql *sql, enum jz_suite *ret_suite, struct jz_error *err)
{
    char text[32];
    const int r = read_meta(sql, "suite", text, sizeof text, err);
    return r < 0 ? r : jz_suite_parse(text, ret_suite, err);
}

int jz_schema_read_secret(struct jz_sql *sql, char ret_secret[JZ_RECEIPT_SECRET_BYTES],
                          struct jz_error *err)
{
    return read_meta(sql, "receipt_codes", ret_secret, JZ_RECEIPT_SECRET_BYTES, err);
}

/* The first signing key never changes: rotations and other suites only add to it. */
static int name_keyring(const struct jz_keyring *keyring, char ret_name[17], struct jz_error *err)
{
    struct jz_public_key key;
    const int r = jz_keyring_public(keyring, 1, &key, err);
    if (r < 0)
        return r;
    jz_hex_write(key.id, sizeof key.id, ret_name);
    return 0;
}

int jz_schema_check_keyring(struct jz_sql *sql, const struct jz_keyring *keyring, bool *ret_bound,
                            struct jz_error *err)
{
    char name[17], wanted[17];
    int r = name_keyring(keyring, name, err);
    if (r < 0 || (r = find_meta(sql, "keyring", wanted, sizeof wanted, err)) < 0)
        return r;
    if (r == 1 && strcmp(name, wanted) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "belongs to the keyring whose first key is %s; the one given has %s "
                            "and opens nothing in it: name the right one with --keys or "
                            "JIANZAI_KEYS",
                            wanted, name);
    *ret_bound = r == 1;
    return 0;
}

int jz_schema_bind_keyring(const char *url, const struct jz_keyring *keyring, struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    char name[17];
    bool bound = false;
    int r;
    if ((r = name_keyring(keyring, name, err)) < 0 ||
        (r = jz_sql_open(url, &options, &sql, err)) < 0 || (r = jz_sql_begin(sql, err)) < 0)
        return r;
    /* Somebody else may have been first. */
    const struct jz_sql_value values[] = { jz_text("keyring"), jz_text(name) };
    if ((r = jz_sql_run(sql,
                        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        values, 2, err)) < 0 ||
        (r = jz_sql_commit(sql, err)) < 0)
        return r;
    return jz_schema_check_keyring(sql, keyring, &bound, err);
}

int jz_store_version(const char *url, int *ret_version, struct jz_error *err)
{
    const struct jz_sql_options options = { .read_only = true };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    const int r = jz_sql_open(url, &options, &sql, err);
    return r < 0 ? r : jz_schema_read_version(sql, ret_version, err);
}

/* steps[v] leads from version v to v + 1; never changed once released. */
static const char *const steps[JZ_SCHEMA_VERSION + 1] = { NULL };

/* Whoever migrates as well waits here, and then sees the newer version. */
static int lock_version(struct jz_sql *sql, int *ret_version, struct jz_error *err)
{
    static const char lock[] = "UPDATE meta SET value = value WHERE name = 'schema'";
    int r;
    if ((r = jz_sql_begin(sql, err)) < 0 ||
        (r = jz_schema_read_version(sql, ret_version, err)) < 0 ||
        (r = jz_sql_run(sql, lock, NULL, 0, err)) < 0)
        return r;
    return jz_schema_read_version(sql, ret_version, err);
}

static int take_step(struct jz_sql *sql, const char *step, int to, struct jz_error *err)
{
    char text[12];
    snprintf(text, sizeof text, "%d", to);
    const struct jz_sql_value value = jz_text(text);
    const int r = jz_sql_script(sql, step, err);
    return r < 0 ? r
                 : jz_sql_run(sql, "UPDATE meta SET value = $1 WHERE name = 'schema'", &value, 1,
                              err);
}

int jz_schema_migrate(const char *url, const char *const *by, int to, int *ret_from,
                      struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    int version = 0, r;
    if ((r = jz_sql_open(url, &options, &sql, err)) < 0 ||
        (r = lock_version(sql, &version, err)) < 0)
        return r;
    if (version > to)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "the database is of version %d, newer than this program's %d: "
                            "install the newer program",
                            version, to);
    for (int v = version; v < to; v++) {
        if (v < 1 || !by[v])
            return jz_error_set(err, JZ_E_UNSUPPORTED, "there is no way from version %d", v);
        if ((r = take_step(sql, by[v], v + 1, err)) < 0) {
            jz_error_prefix(err, "from version %d to %d", v, v + 1);
            return r;
        }
    }
    if ((r = jz_sql_commit(sql, err)) < 0)
        return r;
    *ret_from = version;
    return 0;
}

int jz_store_migrate(const char *url, int *ret_from, struct jz_error *err)
{
    return jz_schema_migrate(url, steps, JZ_SCHEMA_VERSION, ret_from, err);
}
