/* Both databases behind one door: "test_sql sqlite" and "test_sql postgres" run the same cases. */
#include "place.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct jz_error err;

#define SAYS(word)                                                                                 \
    do {                                                                                           \
        if (!strstr(err.text, word))                                                               \
            fail_msg("line %d: '%s' is not in: %s", __LINE__, word, err.text);                     \
    } while (0)

#define VALUES(...)                                                                                \
    (const struct jz_sql_value[]){ __VA_ARGS__ },                                                  \
        sizeof((const struct jz_sql_value[]){ __VA_ARGS__ }) / sizeof(struct jz_sql_value)

static const char tables_sqlite[] =
    "DROP TABLE IF EXISTS item; DROP TABLE IF EXISTS child;"
    "CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, small SMALLINT, medium INTEGER, name TEXT "
    "UNIQUE, data BLOB);"
    "CREATE TABLE child (item BIGINT NOT NULL, n INTEGER NOT NULL);"
    "CREATE TRIGGER item_stays BEFORE DELETE ON item "
    "BEGIN SELECT RAISE(ABORT, 'items are never deleted'); END;";

static const char tables_postgres[] =
    "DROP TABLE IF EXISTS item; DROP TABLE IF EXISTS child;"
    "CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, small SMALLINT, medium INTEGER, name TEXT "
    "UNIQUE, data BYTEA);"
    "CREATE TABLE child (item BIGINT NOT NULL, n INTEGER NOT NULL);"
    "CREATE OR REPLACE FUNCTION item_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'items are never deleted' USING ERRCODE = 'JZ001'; END $$;"
    "CREATE TRIGGER item_stays BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION item_stays();";

static const char insert_item[] =
    "INSERT INTO item (id, small, medium, name, data) VALUES ($1, $2, $3, $4, $5)";
static const char insert_name[] = "INSERT INTO item (name, id) VALUES ($2, $1)";
static const char count_items[] = "SELECT count(*) FROM item";
static const char select_item[] = "SELECT id, small, medium, name, data FROM item WHERE id = $1";
static const char rename_item[] = "UPDATE item SET name = $1 WHERE id = $2";
static const char delete_items[] = "DELETE FROM item";
static const char insert_child[] = "INSERT INTO child (item, n) VALUES ($1, $2)";

static struct jz_sql *open_url(const char *where, struct jz_sql_options options)
{
    struct jz_sql *sql = NULL;
    WORKS(jz_sql_open(where, &options, &sql, &err));
    return sql;
}

static struct jz_sql *open_again(void)
{
    return open_url(url, (struct jz_sql_options){ .busy_timeout_ms = 300 });
}

/* A database with empty tables. */
static struct jz_sql *open_fresh(void)
{
    struct jz_sql *sql =
        open_url(url, (struct jz_sql_options){ .create = true, .busy_timeout_ms = 5000 });
    assert_int_equal(jz_sql_dialect(sql), on_postgres ? JZ_POSTGRES : JZ_SQLITE);
    WORKS(jz_sql_script(sql, on_postgres ? tables_postgres : tables_sqlite, &err));
    return sql;
}

#define FRESH JZ_CLEANUP(jz_sql_closep) struct jz_sql *
#define ROWS  JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *

/* The first column of the first row. */
static int64_t ask(struct jz_sql *sql, const char *question)
{
    ROWS rows = NULL;
    WORKS(jz_sql_query(sql, question, NULL, 0, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    return jz_sql_int(rows, 0);
}

static int add(struct jz_sql *sql, int64_t id, const char *name)
{
    return jz_sql_run(sql, insert_name, VALUES(jz_int(id), jz_text(name)), &err);
}

/* Whatever is only sent comes now. */
static int settle(struct jz_sql *sql, int r)
{
    return r < 0 ? r : jz_sql_flush(sql, &err);
}

static void assert_same(struct jz_sql_value got, struct jz_sql_value wanted)
{
    assert_int_equal(got.type, wanted.type);
    assert_int_equal(got.integer, wanted.integer);
    assert_int_equal(got.size, wanted.size);
    assert_int_equal(got.data == NULL, wanted.type == JZ_SQL_INT || wanted.type == JZ_SQL_NULL);
    if (wanted.size > 0)
        assert_memory_equal(got.data, wanted.data, wanted.size);
}

static void values_come_back(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { LARGE = 3 << 20 };
    jz_autofree char *large = malloc(LARGE + 1);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)('a' + i * 7 % 23);
    large[LARGE] = 0;
    const struct jz_sql_value cases[][5] = {
        { jz_int(1), JZ_NULL, JZ_NULL, JZ_NULL, JZ_NULL },
        { jz_int(INT64_MAX), jz_int(INT16_MAX), jz_int(INT32_MAX), jz_text(""), jz_blob("", 0) },
        { jz_int(INT64_MIN), jz_int(INT16_MIN), jz_int(INT32_MIN), jz_text("健在 𠮷"),
          jz_blob("\0\xff\0", 3) },
        { jz_int(0), jz_int(-1), jz_int(-1), jz_text("'; --"), jz_blob(large, LARGE) },
        { jz_int(-1), jz_int(0), JZ_NULL, jz_text(large + LARGE - 2000), jz_text(NULL) },
        { jz_int(2), JZ_NULL, jz_int(0), JZ_NULL, jz_blob(NULL, 7) },
    };
    const size_t count = sizeof cases / sizeof cases[0];
    for (size_t i = 0; i < count; i++)
        WORKS(jz_sql_run(sql, insert_item, cases[i], 5, &err));
    for (size_t i = 0; i < count; i++) {
        ROWS rows = NULL;
        WORKS(jz_sql_query(sql, select_item, &cases[i][0], 1, &rows, &err));
        assert_int_equal(jz_sql_column_count(rows), 5);
        GIVES(jz_sql_next(rows, &err), 1);
        for (int k = 0; k < 5; k++)
            assert_same(jz_sql_value(rows, k), cases[i][k]);
        GIVES(jz_sql_next(rows, &err), 0);
    }
}

static void computed_values_are_integers(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(jz_sql_run(sql, insert_item,
                     VALUES(jz_int(-30000), jz_int(7), jz_int(123456789), JZ_NULL, JZ_NULL), &err));
    WORKS(jz_sql_run(sql, insert_item, VALUES(jz_int(10000), jz_int(-7), JZ_NULL, JZ_NULL, JZ_NULL),
                     &err));
    static const struct {
        const char *question;
        int64_t answer;
    } cases[] = {
        { "SELECT sum(id) FROM item", -20000 }, /* a numeric in PostgreSQL */
        { "SELECT sum(medium) FROM item", 123456789 },
        { "SELECT sum(id * 100000000) FROM item", -2000000000000 },
        { "SELECT sum(id + 20001) FROM item", 20002 },
        { "SELECT sum(id + 10000) FROM item", 0 },
        { "SELECT max(small) FROM item", 7 },
        { "SELECT count(DISTINCT small) FROM item", 2 },
        { "SELECT 2 > 1", 1 },
        { "SELECT 1 > 2", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(ask(sql, cases[i].question), cases[i].answer);
    ROWS rows = NULL;
    WORKS(jz_sql_query(sql, "SELECT sum(id) FROM item WHERE id > 10000", NULL, 0, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    assert_same(jz_sql_value(rows, 0), JZ_NULL);
    assert_int_equal(jz_sql_int(rows, 0), 0);
}

static void parameters_go_by_number(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(jz_sql_run(sql, "INSERT INTO item (name, id, data) VALUES ($3, $1, $2)",
                     VALUES(jz_int(4), jz_blob("d", 1), jz_text("n")), &err));
    assert_int_equal(ask(sql, "SELECT count(*) FROM item WHERE id = 4 AND name = 'n'"), 1);
    static const char both[] =
        "SELECT count(*) FROM item WHERE name = $2 AND id = $1 OR id = $1 + $1";
    static const struct {
        int64_t id;
        const char *name;
        int64_t count;
    } cases[] = { { 4, "n", 1 }, { 4, "m", 0 }, { 2, "m", 1 }, { 3, "n", 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ROWS rows = NULL;
        WORKS(jz_sql_query(sql, both, VALUES(jz_int(cases[i].id), jz_text(cases[i].name)), &rows,
                           &err));
        GIVES(jz_sql_next(rows, &err), 1);
        assert_int_equal(jz_sql_int(rows, 0), cases[i].count);
    }
    /* The first value may be a NULL, whose type nobody knows. */
    static const char medium[] = "INSERT INTO item (id, medium) VALUES ($1, $2)";
    WORKS(jz_sql_run(sql, medium, VALUES(jz_int(20), JZ_NULL), &err));
    WORKS(jz_sql_run(sql, medium, VALUES(jz_int(21), jz_int(5)), &err));
    WORKS(jz_sql_run(sql, medium, VALUES(jz_int(22), JZ_NULL), &err));
    assert_int_equal(ask(sql, "SELECT sum(medium) FROM item"), 5);

    GIVES(jz_sql_run(sql, insert_name, VALUES(jz_int(1)), &err), JZ_E_INTERNAL);
    SAYS("2 parameters");
    GIVES(jz_sql_run(sql, insert_name, VALUES(jz_int(1), JZ_NULL, JZ_NULL), &err), JZ_E_INTERNAL);
    struct jz_sql_value many[JZ_SQL_MAX_VALUES + 1] = { 0 };
    GIVES(jz_sql_run(sql, insert_name, many, JZ_SQL_MAX_VALUES + 1, &err), JZ_E_LIMIT);
    GIVES(jz_sql_run(sql, insert_name,
                     VALUES(jz_int(1), jz_blob("", (size_t)JZ_SQL_MAX_VALUE_BYTES + 1)), &err),
          JZ_E_LIMIT);
}

static void errors_have_their_codes(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(add(sql, 1, "one"));
    static const struct {
        const char *statement;
        int code;
        const char *word;
    } cases[] = {
        { "INSERT INTO item (id) VALUES (1)", JZ_E_CONFLICT, "item" },
        { "INSERT INTO item (id, name) VALUES (2, 'one')", JZ_E_CONFLICT, "item" },
        { "UPDATE item SET name = 'one' WHERE id = 0 OR id = 1", 0, "" },
        { "DELETE FROM item", JZ_E_DENIED, "items are never deleted" },
        { "INSERT INTO child (item) VALUES (1)", JZ_E_INTERNAL, "child" },
        { "SELEKT 1", JZ_E_INTERNAL, "SELEKT" },
        { "SELECT nothing FROM item", JZ_E_INTERNAL, "nothing" },
        { "INSERT INTO nowhere (item) VALUES (1)", JZ_E_INTERNAL, "nowhere" },
    };
    for (int inside = 0; inside < 2; inside++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            if (inside)
                WORKS(jz_sql_begin(sql, &err));
            GIVES(settle(sql, jz_sql_run(sql, cases[i].statement, NULL, 0, &err)), cases[i].code);
            SAYS(cases[i].word);
            if (cases[i].code == JZ_E_DENIED)
                assert_string_equal(err.text, cases[i].word);
            if (inside)
                jz_sql_rollback(sql);
            assert_int_equal(ask(sql, count_items), 1);
            assert_false(jz_sql_is_broken(sql));
        }
}

static void a_failed_transaction_is_lost(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(jz_sql_begin(sql, &err));
    GIVES(jz_sql_begin(sql, &err), JZ_E_INTERNAL);
    WORKS(add(sql, 1, "one"));
    GIVES(settle(sql, add(sql, 1, "two")), JZ_E_CONFLICT);
    ROWS rows = NULL;
    GIVES(settle(sql, add(sql, 3, "three")), JZ_E_INTERNAL);
    GIVES(jz_sql_query(sql, count_items, NULL, 0, &rows, &err), JZ_E_INTERNAL);
    GIVES(jz_sql_commit(sql, &err), JZ_E_CONFLICT);
    assert_int_equal(ask(sql, count_items), 0);
    GIVES(jz_sql_commit(sql, &err), JZ_E_INTERNAL);

    /* A savepoint saves it. */
    WORKS(jz_sql_begin(sql, &err));
    WORKS(add(sql, 1, "one"));
    WORKS(jz_sql_run(sql, "SAVEPOINT s", NULL, 0, &err));
    GIVES(settle(sql, add(sql, 2, "one")), JZ_E_CONFLICT);
    WORKS(jz_sql_run(sql, "ROLLBACK TO SAVEPOINT s", NULL, 0, &err));
    WORKS(add(sql, 2, "two"));
    WORKS(jz_sql_commit(sql, &err));
    assert_int_equal(ask(sql, count_items), 2);
}

static void errors_of_what_was_sent_come_in_time(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { MANY = 5000, WRONG = 2345 };
    enum { AT_FLUSH, AT_QUERY, AT_COMMIT, AT_COPY, WAYS };
    for (int way = 0; way < WAYS; way++) {
        WORKS(jz_sql_begin(sql, &err));
        int r = 0;
        for (int i = 0; i < MANY && r == 0; i++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", i == WRONG ? 0 : i);
            r = add(sql, i, name);
        }
        ROWS rows = NULL;
        if (r == 0 && way == AT_FLUSH)
            r = jz_sql_flush(sql, &err);
        else if (r == 0 && way == AT_QUERY)
            r = jz_sql_query(sql, count_items, NULL, 0, &rows, &err);
        else if (r == 0 && way == AT_COPY) {
            static const struct jz_column column = { "id", JZ_INT64 };
            struct jz_sql_copy *copy = NULL;
            WORKS(jz_sql_copy_begin(sql, "item", &column, 1, &copy, &err));
            WORKS(jz_sql_copy_row(copy, (struct jz_sql_value[]){ jz_int(MANY) }, &err));
            r = jz_sql_copy_end(copy, &err);
        }
        if (r < 0)
            GIVES(r, JZ_E_CONFLICT);
        GIVES(jz_sql_commit(sql, &err), JZ_E_CONFLICT);
        assert_int_equal(ask(sql, count_items), 0);
    }
}

static void a_rollback_leaves_nothing(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(jz_sql_begin(sql, &err));
    WORKS(add(sql, 1, "one"));
    assert_int_equal(ask(sql, count_items), 1);
    WORKS(add(sql, 2, "two"));
    jz_sql_rollback(sql);
    jz_sql_rollback(sql);
    assert_int_equal(ask(sql, count_items), 0);
    /* A connection that goes takes its transaction along. */
    struct jz_sql *other = open_again();
    WORKS(jz_sql_begin(other, &err));
    WORKS(add(other, 1, "one"));
    jz_sql_close(other);
    jz_sql_close(NULL);
    assert_int_equal(ask(sql, count_items), 0);
    WORKS(jz_sql_begin(sql, &err));
    WORKS(add(sql, 1, "one"));
    WORKS(jz_sql_commit(sql, &err));
    assert_int_equal(ask(sql, count_items), 1);
}

static void a_reader_sees_one_state(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    FRESH other = open_again();
    WORKS(add(sql, 1, "one"));
    WORKS(jz_sql_begin_read(other, &err));
    WORKS(add(sql, 2, "two")); /* before the first question already */
    assert_int_equal(ask(other, count_items), 1);
    WORKS(jz_sql_run(sql, rename_item, VALUES(jz_text("uno"), jz_int(1)), &err));
    assert_int_equal(ask(other, "SELECT count(*) FROM item WHERE name = 'one'"), 1);
    GIVES(settle(other, add(other, 9, "nine")), JZ_E_DENIED);
    jz_sql_rollback(other);
    WORKS(jz_sql_begin_read(other, &err));
    assert_int_equal(ask(other, count_items), 2);
    WORKS(jz_sql_commit(other, &err));
}

static void a_read_only_connection_writes_nothing(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(add(sql, 1, "one"));
    FRESH other = open_url(url, (struct jz_sql_options){ .read_only = true });
    assert_int_equal(ask(other, count_items), 1);
    GIVES(add(other, 2, "two"), JZ_E_DENIED);
    GIVES(jz_sql_begin(other, &err), JZ_E_DENIED);
    GIVES(jz_sql_script(other, "CREATE TABLE more (id BIGINT)", &err), JZ_E_DENIED);
    WORKS(add(sql, 2, "two"));
    assert_int_equal(ask(other, count_items), 2);
}

static void a_held_lock_is_busy(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    FRESH other = open_again();
    WORKS(add(sql, 1, "one"));
    WORKS(jz_sql_begin(sql, &err));
    WORKS(jz_sql_run(sql, rename_item, VALUES(jz_text("uno"), jz_int(1)), &err));
    WORKS(jz_sql_flush(sql, &err));
    int r = jz_sql_begin(other, &err);
    if (r == 0)
        r = settle(other, jz_sql_run(other, rename_item, VALUES(jz_text("eins"), jz_int(1)), &err));
    GIVES(r, JZ_E_BUSY);
    jz_sql_rollback(other);
    WORKS(jz_sql_commit(sql, &err));
    WORKS(jz_sql_begin(other, &err));
    WORKS(jz_sql_run(other, rename_item, VALUES(jz_text("eins"), jz_int(1)), &err));
    WORKS(jz_sql_commit(other, &err));
    assert_int_equal(ask(sql, "SELECT count(*) FROM item WHERE name = 'eins'"), 1);
}

static void a_text_is_open_only_once(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    static const char all[] = "SELECT id FROM item ORDER BY id";
    static const char backwards[] = "SELECT id FROM item ORDER BY id DESC";
    for (int i = 0; i < 5; i++)
        WORKS(add(sql, i, NULL));
    ROWS rows = NULL;
    ROWS more = NULL;
    struct jz_sql_rows *again = NULL;
    WORKS(jz_sql_query(sql, all, NULL, 0, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    GIVES(jz_sql_query(sql, all, NULL, 0, &again, &err), JZ_E_INTERNAL);
    SAYS("open");
    assert_null(again);
    WORKS(jz_sql_query(sql, backwards, NULL, 0, &more, &err));
    for (int i = 0; i < 5; i++) {
        GIVES(jz_sql_next(more, &err), 1);
        assert_int_equal(jz_sql_int(more, 0), 4 - i);
        assert_int_equal(jz_sql_int(rows, 0), i);
        GIVES(jz_sql_next(rows, &err), i < 4);
    }
    jz_sql_done(JZ_TAKE(rows));
    WORKS(jz_sql_query(sql, all, NULL, 0, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
}

static void many_texts_are_kept_apart(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { TEXTS = JZ_SQL_MAX_STATEMENTS + 1, BYTES = 24 };
    jz_autofree char *texts = calloc(TEXTS, BYTES);
    for (int i = 0; i < TEXTS; i++)
        snprintf(texts + i * BYTES, BYTES, "SELECT 1000 + %d", i);
    int r = 0, made = 0;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < TEXTS - 40; i++)
            assert_int_equal(ask(sql, texts + i * BYTES), 1000 + i);
    while (r == 0 && made < TEXTS)
        r = jz_sql_run(sql, texts + made++ * BYTES, NULL, 0, &err);
    GIVES(r, JZ_E_LIMIT);
}

struct sums {
    struct jz_sql *sql;
    size_t last_key, rows;
    int64_t sum;
    size_t stop_at;
};

static int sum_up(void *context, size_t key, const struct jz_sql_rows *row, struct jz_error *e)
{
    struct sums *s = context;
    assert_true(key >= s->last_key);
    s->last_key = key;
    s->rows++;
    s->sum += jz_sql_int(row, 0);
    assert_int_equal(jz_sql_int(row, 1), (int64_t)key / 2);
    if (key == s->stop_at)
        return jz_error_set(e, JZ_E_FORMAT, "enough");
    /* Another question may be asked meanwhile, but not the same. */
    if (key % 100 == 0)
        assert_int_equal(ask(s->sql, count_items), 0);
    return 0;
}

static void each_key_in_order(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { KEYS = 2000 };
    static const char children[] = "SELECT n, item FROM child WHERE item = $1 ORDER BY n";
    WORKS(jz_sql_begin(sql, &err));
    for (int i = 0; i < KEYS / 2; i++)
        for (int n = 0; n < i % 3; n++)
            WORKS(jz_sql_run(sql, insert_child, VALUES(jz_int(i), jz_int(n + 1)), &err));
    WORKS(jz_sql_commit(sql, &err));
    static int64_t keys[KEYS];
    for (int i = 0; i < KEYS; i++)
        keys[i] = i / 2;
    struct sums s = { .sql = sql, .stop_at = KEYS };
    WORKS(jz_sql_each(sql, children, keys, KEYS, sum_up, &s, &err));
    /* Of three keys one has no child, one 1, one 1 and 2; each key comes twice. */
    assert_int_equal(s.rows, 2 * 999);
    assert_int_equal(s.sum, 2 * (333 * 4));
    s = (struct sums){ .sql = sql, .stop_at = 1001 };
    GIVES(jz_sql_each(sql, children, keys, KEYS, sum_up, &s, &err), JZ_E_FORMAT);
    assert_string_equal(err.text, "enough");
    WORKS(jz_sql_each(sql, children, keys, 0, sum_up, &s, &err));
    s = (struct sums){ .sql = sql, .stop_at = KEYS };
    WORKS(jz_sql_begin(sql, &err));
    WORKS(jz_sql_run(sql, insert_child, VALUES(jz_int(0), jz_int(7)), &err));
    WORKS(jz_sql_each(sql, children, keys, 2, sum_up, &s, &err));
    assert_int_equal(s.sum, 14);
    WORKS(jz_sql_commit(sql, &err));
}

static const struct jz_column item_columns[] = {
    { "id", JZ_INT64 },  { "small", JZ_INT16 }, { "medium", JZ_INT32 },
    { "name", JZ_TEXT }, { "data", JZ_BLOB },
};
static const struct jz_column child_columns[] = { { "n", JZ_INT32 }, { "item", JZ_INT64 } };

static int copy_item(struct jz_sql_copy *copy, int i, int name)
{
    char text[32];
    snprintf(text, sizeof text, "item %d", name);
    const struct jz_sql_value values[] = {
        jz_int(i),     i % 7 ? jz_int(i % 1000 - 500) : JZ_NULL,       jz_int(-i),
        jz_text(text), i % 5 ? jz_blob(text, (size_t)i % 6) : JZ_NULL,
    };
    return jz_sql_copy_row(copy, values, &err);
}

static void many_rows_are_copied(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { ITEMS = 100000, LARGE = 9 << 20 };
    struct jz_sql_copy *items = NULL, *children = NULL;
    WORKS(jz_sql_begin(sql, &err));
    WORKS(jz_sql_copy_begin(sql, "item", item_columns, 5, &items, &err));
    WORKS(jz_sql_copy_begin(sql, "child", child_columns, 2, &children, &err));
    for (int i = 0; i < ITEMS; i++) {
        WORKS(copy_item(items, i, i));
        WORKS(jz_sql_copy_row(children, (struct jz_sql_value[]){ jz_int(1), jz_int(i) }, &err));
        if (i == ITEMS / 2)
            WORKS(add(sql, -1, "meanwhile"));
    }
    jz_autofree char *large = calloc(1, LARGE);
    WORKS(jz_sql_copy_row(
        items,
        (struct jz_sql_value[]){ jz_int(ITEMS), JZ_NULL, JZ_NULL, JZ_NULL, jz_blob(large, LARGE) },
        &err));
    WORKS(copy_item(items, ITEMS + 1, ITEMS + 1));
    WORKS(jz_sql_copy_end(items, &err));
    WORKS(jz_sql_copy_end(children, &err));
    WORKS(jz_sql_commit(sql, &err));
    assert_int_equal(ask(sql, count_items), ITEMS + 3);
    assert_int_equal(ask(sql, "SELECT sum(n) FROM child"), ITEMS);
    assert_int_equal(ask(sql, "SELECT sum(item) FROM child"), (int64_t)ITEMS * (ITEMS - 1) / 2);
    assert_int_equal(ask(sql, "SELECT sum(medium + id) FROM item WHERE id < 100000 AND id >= 0"),
                     0);
    assert_int_equal(ask(sql, "SELECT count(*) FROM item WHERE id < 100000 AND id >= 0 AND "
                              "small IS NULL"),
                     (ITEMS + 6) / 7);
    assert_int_equal(ask(sql, "SELECT sum(length(data)) FROM item WHERE id < 100000"),
                     ITEMS / 30 *
                             (0 + 1 + 2 + 3 + 4 + 0 + 0 + 1 + 2 + 3 + 0 + 5 + 0 + 1 + 2 + 0 + 4 +
                              5 + 0 + 1 + 0 + 3 + 4 + 5 + 0 + 0 + 2 + 3 + 4 + 5) +
                         (0 + 1 + 2 + 3 + 4 + 0 + 0 + 1 + 2 + 3));
    assert_int_equal(ask(sql, "SELECT length(data) FROM item WHERE id = 100000"), LARGE);
}

static void a_copy_that_fails_leaves_nothing(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { ITEMS = 20000 };
    struct jz_sql_copy *copy = NULL;
    GIVES(jz_sql_copy_begin(sql, "item", item_columns, 5, &copy, &err), JZ_E_INTERNAL);
    WORKS(jz_sql_begin(sql, &err));
    GIVES(jz_sql_copy_begin(sql, "item; x", item_columns, 5, &copy, &err), JZ_E_INTERNAL);
    WORKS(jz_sql_copy_begin(sql, "item", item_columns, 5, &copy, &err));
    int r = 0;
    for (int i = 0; i < ITEMS && r == 0; i++)
        r = copy_item(copy, i, i == ITEMS / 2 ? 0 : i);
    if (r < 0)
        jz_sql_copy_abort(copy);
    else
        r = jz_sql_copy_end(copy, &err);
    GIVES(r, JZ_E_CONFLICT);
    GIVES(jz_sql_commit(sql, &err), JZ_E_CONFLICT);
    assert_int_equal(ask(sql, count_items), 0);

    /* A value of the wrong kind never reaches the database. */
    const struct jz_sql_value wrong[][2] = {
        { jz_int(INT32_MAX + 1LL), jz_int(1) },
        { jz_int(INT32_MIN - 1LL), jz_int(1) },
        { jz_text("1"), jz_int(1) },
        { jz_int(1), jz_blob("1", 1) },
    };
    WORKS(jz_sql_begin(sql, &err));
    WORKS(jz_sql_copy_begin(sql, "child", child_columns, 2, &copy, &err));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        GIVES(jz_sql_copy_row(copy, wrong[i], &err), JZ_E_INTERNAL);
    WORKS(jz_sql_copy_row(copy, (struct jz_sql_value[]){ jz_int(1), jz_int(1) }, &err));
    jz_sql_copy_abort(copy);
    jz_sql_copy_abort(NULL);
    jz_sql_rollback(sql);
    assert_int_equal(ask(sql, "SELECT count(*) FROM child"), 0);
}

static void much_in_both_directions(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    enum { BYTES = 200000, TIMES = 300 };
    jz_autofree char *data = calloc(1, BYTES);
    WORKS(jz_sql_begin(sql, &err));
    for (int i = 0; i < TIMES; i++)
        WORKS(jz_sql_run(sql, "SELECT $1", VALUES(jz_blob(data, BYTES)), &err));
    WORKS(jz_sql_commit(sql, &err));
}

static void a_change_elsewhere_is_seen(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    FRESH other = open_again();
    assert_true(jz_sql_changed_elsewhere(sql));
    assert_int_equal(jz_sql_changed_elsewhere(sql), on_postgres);
    WORKS(add(sql, 1, "one"));
    assert_int_equal(jz_sql_changed_elsewhere(sql), on_postgres);
    WORKS(add(other, 2, "two"));
    assert_true(jz_sql_changed_elsewhere(sql));
    assert_int_equal(jz_sql_changed_elsewhere(sql), on_postgres);
}

static void tables_may_change_under_statements(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    static const char all[] = "SELECT * FROM item";
    WORKS(add(sql, 1, "one"));
    for (int columns = 5; columns < 7; columns++) {
        ROWS rows = NULL;
        WORKS(jz_sql_query(sql, all, NULL, 0, &rows, &err));
        GIVES(jz_sql_next(rows, &err), 1);
        assert_int_equal(jz_sql_column_count(rows), columns);
        jz_sql_done(JZ_TAKE(rows));
        if (columns == 5)
            WORKS(jz_sql_script(sql, "ALTER TABLE item ADD COLUMN more BIGINT; SELECT 1", &err));
    }
    GIVES(jz_sql_script(sql, "CREATE TABLE child (id BIGINT)", &err), JZ_E_INTERNAL);
    WORKS(jz_sql_begin(sql, &err));
    WORKS(jz_sql_script(sql, "CREATE TABLE passing (id BIGINT)", &err));
    jz_sql_rollback(sql);
    WORKS(jz_sql_script(sql, "CREATE TABLE passing (id BIGINT); DROP TABLE passing", &err));
}

static void a_sound_database_is_checked_and_measured(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    int64_t before = 0, after = 0;
    WORKS(jz_sql_size(sql, &before, &err));
    WORKS(jz_sql_begin(sql, &err));
    struct jz_sql_copy *copy = NULL;
    WORKS(jz_sql_copy_begin(sql, "item", item_columns, 5, &copy, &err));
    for (int i = 0; i < 20000; i++)
        WORKS(copy_item(copy, i, i));
    WORKS(jz_sql_copy_end(copy, &err));
    WORKS(jz_sql_commit(sql, &err));
    WORKS(jz_sql_size(sql, &after, &err));
    assert_true(before > 0 && after > before + 20000 * 20);
    WORKS(jz_sql_check(sql, &err));
    assert_int_equal(ask(sql, count_items), 20000);
}

static void descriptions_keep_the_password(void **state)
{
    (void)state;
    static const struct {
        const char *url, *text;
    } cases[] = {
        { "/var/lib/x.db", "/var/lib/x.db" },
        { "sqlite:/var/lib/password=x.db", "sqlite:/var/lib/password=x.db" },
        { "postgresql://u:secret@h:5/db", "postgresql://u:***@h:5/db" },
        { "postgresql://u:sec@ret@h/db", "postgresql://u:***@h/db" },
        { "postgres://u@h/db?x=1&password=secret&y=2", "postgres://u@h/db?x=1&password=***&y=2" },
        { "postgresql://u:secret@h/db?password=secret", "postgresql://u:***@h/db?password=***" },
        { "postgresql://h/db?sslpassword=secret", "postgresql://h/db?sslpassword=***" },
        { "postgres:host=h password=secret dbname=d", "postgres:host=h password=*** dbname=d" },
        { "postgres:password = 'se\\'c ret' dbname=d", "postgres:password = *** dbname=d" },
        { "postgres:PASSWORD=secret", "postgres:PASSWORD=***" },
        { "postgres:password='secret", "postgres:password=***" },
        { "postgres:password=", "postgres:password=***" },
        { "postgres:dbname=password", "postgres:dbname=password" },
        { "postgresql://u:@h/db", "postgresql://u:***@h/db" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[100], small[8];
        jz_sql_describe(cases[i].url, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        jz_sql_describe(cases[i].url, small, sizeof small);
        assert_true(strlen(small) < sizeof small);
    }
}

static void wrong_addresses_are_refused(void **state)
{
    (void)state;
    jz_autofree char *long_one = malloc(JZ_SQL_MAX_URL_BYTES + 2);
    memset(long_one, 'x', JZ_SQL_MAX_URL_BYTES + 1);
    long_one[JZ_SQL_MAX_URL_BYTES + 1] = 0;
    const struct {
        const char *url;
        int code;
    } cases[] = {
        { "", JZ_E_USAGE },
        { "sqlite:", JZ_E_USAGE },
        { "postgres:", JZ_E_USAGE },
        { "mysql://root@h/db", JZ_E_USAGE },
        { long_one, JZ_E_LIMIT },
        { "/tmp", JZ_E_USAGE },
        { ":memory:", JZ_E_NOT_FOUND },
        { "file:nothing?mode=memory", JZ_E_NOT_FOUND },
        { "/tmp/no/such/folder/x.db", JZ_E_NOT_FOUND },
        { "postgresql://jianzai@/x?host=/tmp/no-such-folder", JZ_E_IO },
        { "postgres:nonsense", JZ_E_USAGE },
        { "postgres:host=h password=my secret", JZ_E_USAGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_sql *sql = NULL;
        GIVES(jz_sql_open(cases[i].url, NULL, &sql, &err), cases[i].code);
        assert_null(sql);
        assert_true(err.text[0]);
        assert_null(strstr(err.text, "secret"));
    }
}

/* Writes pairs of rows that sum to zero, one transaction each, until told to end. */
struct pairs {
    atomic_bool end;
    atomic_int written;
};

static void *write_pairs(void *argument)
{
    struct pairs *p = argument;
    struct jz_error e;
    struct jz_sql *sql = NULL;
    if (jz_sql_open(url, NULL, &sql, &e) < 0)
        return NULL;
    while (!p->end) {
        const int n = p->written;
        if (jz_sql_begin(sql, &e) < 0 ||
            jz_sql_run(sql, insert_child, VALUES(jz_int(n), jz_int(n + 1)), &e) < 0 ||
            jz_sql_run(sql, insert_child, VALUES(jz_int(n), jz_int(-n - 1)), &e) < 0 ||
            jz_sql_commit(sql, &e) < 0)
            break;
        p->written++;
    }
    jz_sql_close(sql);
    return NULL;
}

static void count_progress(void *context, int64_t done, int64_t total)
{
    (void)total;
    *(int64_t *)context = done;
}

/* The address of a database that is not used yet. */
static void make_second(char *second, size_t size)
{
    if (!on_postgres) {
        snprintf(second, size, "sqlite:%s/second.db", folder);
        return;
    }
    FRESH sql = open_again();
    WORKS(jz_sql_script(sql, "DROP DATABASE IF EXISTS jianzai_second", &err));
    WORKS(jz_sql_script(sql, "CREATE DATABASE jianzai_second", &err));
    const char *question = strrchr(url, '?');
    const char *slash =
        memrchr(url, '/', (size_t)((question ? question : url + strlen(url)) - url));
    snprintf(second, size, "%.*s/jianzai_second%s", (int)(slash - url), url,
             question ? question : "");
}

static size_t files_in_folder(void)
{
    jz_autofree char *pattern = jz_path_join(folder, "*");
    glob_t found = { 0 };
    glob(pattern, GLOB_PERIOD, NULL, &found);
    const size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}

static void a_backup_during_writes_is_consistent(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(jz_sql_begin(sql, &err));
    struct jz_sql_copy *copy = NULL;
    WORKS(jz_sql_copy_begin(sql, "item", item_columns, 5, &copy, &err));
    for (int i = 0; i < 50000; i++)
        WORKS(copy_item(copy, i, i));
    WORKS(jz_sql_copy_end(copy, &err));
    WORKS(jz_sql_commit(sql, &err));

    struct pairs pairs = { 0 };
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_pairs, &pairs), 0);
    while (pairs.written < 10)
        usleep(1000);
    jz_autofree char *path = jz_path_join(folder, "backup");
    const int before = pairs.written;
    int64_t progress = -1;
    const int r = jz_sql_backup(url, path, count_progress, &progress, &err);
    const int after = pairs.written;
    pairs.end = true;
    pthread_join(writer, NULL);
    WORKS(r);
    assert_true(on_postgres || progress > 0);

    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    GIVES(jz_sql_backup(url, path, NULL, NULL, &err), JZ_E_CONFLICT);

    char second[600];
    make_second(second, sizeof second);
    WORKS(jz_sql_restore(second, path, &err));
    GIVES(jz_sql_restore(second, path, &err), JZ_E_CONFLICT);
    GIVES(jz_sql_restore(url, path, &err), JZ_E_CONFLICT);
    FRESH copied = open_url(second, (struct jz_sql_options){ 0 });
    WORKS(jz_sql_check(copied, &err));
    assert_int_equal(ask(copied, count_items), 50000);
    assert_int_equal(ask(copied, "SELECT sum(n) FROM child"), 0);
    const int64_t kept = ask(copied, "SELECT count(*) FROM child") / 2;
    assert_in_range(kept, before, after + 1);
    GIVES(jz_sql_run(copied, delete_items, NULL, 0, &err), JZ_E_DENIED); /* the guards too */
    print_message("# %d transactions were committed during the backup\n", after - before);
}

static void a_backup_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct jz_sql *sql = open_fresh();
    jz_sql_close(sql);
    const size_t before = files_in_folder();
    jz_autofree char *nowhere = jz_path_join(folder, "no/folder/backup");
    jz_autofree char *backup = jz_path_join(folder, "backup");
    jz_autofree char *junk = jz_path_join(folder, "junk");
    jz_autofree char *missing = jz_path_join(folder, "missing.db");
    GIVES(jz_sql_backup(url, nowhere, NULL, NULL, &err), JZ_E_IO);
    if (on_postgres)
        GIVES(jz_sql_backup("postgresql://jianzai@/x?host=/tmp/no-such-folder", backup, NULL, NULL,
                            &err),
              JZ_E_IO);
    else
        GIVES(jz_sql_backup(missing, backup, NULL, NULL, &err), JZ_E_NOT_FOUND);
    assert_int_equal(files_in_folder(), before);

    char second[600];
    make_second(second, sizeof second);
    GIVES(jz_sql_restore(second, backup, &err), JZ_E_NOT_FOUND);
    WORKS(jz_file_write(junk, "this is no backup of anything, but long enough", 46, &err));
    GIVES(jz_sql_restore(second, junk, &err), JZ_E_FORMAT);
    unlink(junk);
    assert_int_equal(files_in_folder(), before);
}

/* Runs in a process of its own, whose exit status is 0 when all is as it should be. */
static void in_child(int (*body)(const char *path), const char *path)
{
    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(body(path));
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        fail_msg("the child ended with %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static bool has(const char *word)
{
    if (strstr(err.text, word))
        return true;
    fprintf(stderr, "# '%s' is not in: %s\n", word, err.text);
    return false;
}

/* The file may grow no further, as on a full disk; then it may again. */
static int fill_the_disk(const char *path)
{
    struct jz_sql *sql = NULL;
    signal(SIGXFSZ, SIG_IGN);
    if (jz_sql_open(path, NULL, &sql, &err) < 0)
        return 2;
    const struct rlimit little = { 400000, RLIM_INFINITY },
                        enough = { RLIM_INFINITY, RLIM_INFINITY };
    setrlimit(RLIMIT_FSIZE, &little);
    char data[4000] = { 0 };
    int committed = 0, r = 0;
    for (int i = 0; i < 1000 && r == 0; i++) {
        if ((r = jz_sql_begin(sql, &err)) < 0)
            return 3;
        for (int k = 0; k < 5 && r == 0; k++)
            r = jz_sql_run(
                sql, insert_item,
                VALUES(jz_int(5 * i + k), JZ_NULL, JZ_NULL, JZ_NULL, jz_blob(data, sizeof data)),
                &err);
        if (r == 0)
            r = jz_sql_commit(sql, &err);
        else
            jz_sql_rollback(sql);
        committed += r == 0;
    }
    if (r != JZ_E_IO || !has("ulimit -f") || committed == 0)
        return 4;
    if (jz_sql_is_broken(sql))
        return 5;
    setrlimit(RLIMIT_FSIZE, &enough);
    if (jz_sql_run(sql, insert_name, VALUES(jz_int(-1), jz_text("after")), &err) < 0)
        return 6;
    if (ask(sql, count_items) != 5 * committed + 1 || jz_sql_check(sql, &err) < 0)
        return 7;
    jz_sql_close(sql);
    return 0;
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    struct jz_sql *sql = open_fresh();
    jz_sql_close(sql);
    in_child(fill_the_disk, url);
}

/* Neither the file nor its folder can be written by this user. */
static int read_without_rights(const char *path)
{
    struct jz_sql *sql = NULL;
    if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
        return 2;
    int r = jz_sql_open(path, &(struct jz_sql_options){ .read_only = true }, &sql, &err);
    if (r == 0)
        return 3;
    if (r != JZ_E_DENIED || !has(path) || !has("folder"))
        return 4;
    r = jz_sql_open(path, NULL, &sql, &err);
    return r == JZ_E_DENIED && has(path) ? 0 : 5;
}

/* What needs no journal can be read there: a backup. */
static int read_backup_without_rights(const char *path)
{
    struct jz_sql *sql = NULL;
    if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
        return 2;
    if (jz_sql_open(path, &(struct jz_sql_options){ .read_only = true }, &sql, &err) < 0)
        return 3;
    if (ask(sql, count_items) != 1)
        return 4;
    jz_sql_close(sql);
    return 0;
}

static void a_folder_that_cannot_be_written(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(add(sql, 1, "one"));
    jz_autofree char *place = jz_path_join(folder, "place");
    assert_int_equal(mkdir(place, 0755), 0);
    jz_autofree char *backup = jz_path_join(place, "backup");
    jz_autofree char *database = jz_path_join(place, "x.db");
    WORKS(jz_sql_backup(url, backup, NULL, NULL, &err));
    WORKS(jz_sql_restore(database, backup, &err));
    struct jz_sql *once = open_url(database, (struct jz_sql_options){ 0 }); /* now with WAL */
    jz_sql_close(once);
    assert_int_equal(
        chmod(database, 0444) | chmod(backup, 0444) | chmod(place, 0555) | chmod(folder, 0755), 0);
    in_child(read_without_rights, database);
    in_child(read_backup_without_rights, backup);
    assert_int_equal(chmod(place, 0755), 0);
}

static int write_from_afar(const char *path)
{
    struct jz_sql *sql = NULL;
    const struct jz_sql_options options = { .busy_timeout_ms = 200 };
    if (jz_sql_open(path, &options, &sql, &err) < 0)
        return 2;
    const int r = jz_sql_begin(sql, &err);
    jz_sql_close(sql);
    return r == 0 ? 0 : r == JZ_E_BUSY && has("another process") ? 1 : 3;
}

static void two_processes_wait_for_one_another(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    for (int held = 0; held < 2; held++) {
        if (held)
            WORKS(jz_sql_begin(sql, &err));
        fflush(NULL);
        const pid_t pid = fork();
        if (pid == 0) {
            execl("/proc/self/exe", "test_sql", "write-from-afar", url, (char *)NULL);
            _exit(9);
        }
        int status = -1;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), held);
    }
    jz_sql_rollback(sql);
}

static void files_that_are_no_databases(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    WORKS(jz_sql_begin(sql, &err));
    for (int i = 0; i < 5000; i++)
        WORKS(jz_sql_run(sql, insert_item,
                         VALUES(jz_int(i), JZ_NULL, JZ_NULL, JZ_NULL, jz_blob(folder, 10)), &err));
    WORKS(jz_sql_commit(sql, &err));
    jz_autofree char *path = jz_path_join(folder, "broken.db");
    jz_autofree char *whole_path = jz_path_join(folder, "whole.db");
    WORKS(jz_sql_backup(url, whole_path, NULL, NULL, &err));
    jz_autofree uint8_t *whole = NULL;
    size_t size = 0;
    WORKS(jz_file_read(whole_path, 1 << 24, &whole, &size, &err));
    static const char junk[] = "no database, but long enough to have a header of a hundred bytes, "
                               "which is where the first look goes";
    jz_autofree uint8_t *holed = malloc(size);
    memcpy(holed, whole, size);
    memset(holed + size / 2, 0x55, 20000);
    const struct {
        const void *data;
        size_t size;
        int at_open, at_check;
    } cases[] = {
        { junk, sizeof junk, JZ_E_FORMAT, 0 },
        { whole, size / 2, JZ_E_INTEGRITY, JZ_E_INTEGRITY },
        { whole, size - 4096, JZ_E_INTEGRITY, JZ_E_INTEGRITY },
        { whole, 50, JZ_E_INTEGRITY, JZ_E_INTEGRITY },
        { holed, size, 0, JZ_E_INTEGRITY },
        { whole, size, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_sql *broken = NULL;
        WORKS(jz_file_write(path, cases[i].data, cases[i].size, &err));
        int r = jz_sql_open(path, NULL, &broken, &err);
        /* A file that is cut may be noticed at once or by the check. */
        if (r == 0) {
            assert_int_not_equal(cases[i].at_open, JZ_E_FORMAT);
            r = jz_sql_check(broken, &err);
            GIVES(r, cases[i].at_check);
        } else {
            GIVES(r, cases[i].at_open);
        }
        jz_sql_close(broken);
        if (cases[i].at_check == JZ_E_INTEGRITY) {
            jz_autofree char *new_path = jz_path_join(folder, "from-broken.db");
            GIVES(jz_sql_restore(new_path, path, &err), JZ_E_INTEGRITY);
            assert_int_equal(access(new_path, F_OK), -1);
        }
        unlink(path);
    }
    unlink(whole_path);
}

/* Ends the server's side of every other connection. */
static void cut_connections(void)
{
    FRESH sql = open_again();
    ask(sql, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE "
             "pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user "
             "AND backend_type = 'client backend'");
}

static void a_lost_connection_is_broken(void **state)
{
    (void)state;
    enum { IDLE, IN_TRANSACTION, WITH_MORE_SENT, AT_COMMIT, AT_QUERY, AT_COPY, AT_EACH, WAYS };
    for (int way = IDLE; way < WAYS; way++) {
        FRESH sql = open_fresh();
        ROWS rows = NULL;
        struct jz_sql_copy *copy = NULL;
        if (way != IDLE) {
            WORKS(jz_sql_begin(sql, &err));
            WORKS(add(sql, 1, "one"));
            WORKS(jz_sql_flush(sql, &err));
        }
        if (way == AT_COPY)
            WORKS(jz_sql_copy_begin(sql, "child", child_columns, 2, &copy, &err));
        cut_connections();
        int r = 0;
        const int64_t keys[] = { 1, 2 };
        struct sums s = { .sql = sql };
        switch (way) {
        case IDLE:
            r = jz_sql_begin(sql, &err);
            break;
        case IN_TRANSACTION:
            r = settle(sql, add(sql, 2, "two"));
            break;
        case WITH_MORE_SENT:
            for (int i = 2; i < 20000 && r == 0; i++)
                r = add(sql, i, "a name that is long enough to fill the buffers of a socket soon");
            break;
        case AT_COMMIT:
            r = jz_sql_commit(sql, &err);
            break;
        case AT_QUERY:
            r = jz_sql_query(sql, count_items, NULL, 0, &rows, &err);
            break;
        case AT_COPY:
            WORKS(jz_sql_copy_row(copy, (struct jz_sql_value[]){ jz_int(1), jz_int(1) }, &err));
            r = jz_sql_copy_end(copy, &err);
            break;
        default:
            r = jz_sql_each(sql, "SELECT n, item FROM child WHERE item = $1", keys, 2, sum_up, &s,
                            &err);
        }
        GIVES(r, JZ_E_IO);
        SAYS("connection");
        assert_true(jz_sql_is_broken(sql));
        GIVES(settle(sql, add(sql, 3, "three")), JZ_E_IO);
        jz_sql_rollback(sql);
        GIVES(jz_sql_begin(sql, &err), JZ_E_IO);
        FRESH other = open_again();
        assert_int_equal(ask(other, count_items), 0);
    }
}

static void sessions_are_set_up(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    static const struct {
        const char *question, *answer;
    } cases[] = {
        { "SELECT current_setting('synchronous_commit')", "on" },
        { "SELECT current_setting('timezone')", "UTC" },
        { "SELECT current_setting('lock_timeout')", "5s" },
        { "SELECT current_setting('search_path')", "public, pg_temp" },
        { "SELECT current_setting('application_name')", "jianzai" },
        { "SELECT current_setting('client_min_messages')", "warning" },
        { "SELECT current_setting('fsync')", "on" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ROWS rows = NULL;
        WORKS(jz_sql_query(sql, cases[i].question, NULL, 0, &rows, &err));
        GIVES(jz_sql_next(rows, &err), 1);
        assert_same(jz_sql_value(rows, 0), jz_text(cases[i].answer));
    }
    struct jz_sql_rows *rows = NULL;
    GIVES(jz_sql_query(sql, "SELECT now()", NULL, 0, &rows, &err), JZ_E_INTERNAL);
    SAYS("type");
    WORKS(jz_sql_script(sql, "DROP TABLE IF EXISTS no_such_table", &err)); /* a notice, unprinted */
}

static void every_state_has_its_code(void **state)
{
    (void)state;
    FRESH sql = open_fresh();
    static const struct {
        const char *state;
        int code;
    } cases[] = {
        { "JZ001", JZ_E_DENIED },    { "23505", JZ_E_CONFLICT }, { "40001", JZ_E_BUSY },
        { "40P01", JZ_E_BUSY },      { "55P03", JZ_E_BUSY },     { "57014", JZ_E_BUSY },
        { "53100", JZ_E_IO },        { "53200", JZ_E_IO },       { "58030", JZ_E_IO },
        { "XX001", JZ_E_INTEGRITY }, { "XX000", JZ_E_INTERNAL }, { "22021", JZ_E_FORMAT },
        { "22003", JZ_E_LIMIT },     { "54000", JZ_E_LIMIT },    { "42501", JZ_E_DENIED },
        { "P0001", JZ_E_INTERNAL },  { "08P01", JZ_E_INTERNAL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '%s'; END $$",
                 cases[i].state);
        GIVES(jz_sql_script(sql, text, &err), cases[i].code);
        assert_false(jz_sql_is_broken(sql));
        assert_int_equal(ask(sql, count_items), 0);
    }
}

/* A pg_dump of our own tells what it was given. */
static void the_password_is_no_argument(void **state)
{
    (void)state;
    jz_autofree char *tool = jz_path_join(folder, "pg_dump");
    jz_autofree char *told = jz_path_join(folder, "told");
    jz_autofree char *backup = jz_path_join(folder, "backup");
    jz_autofree char *script = NULL, *path = NULL;
    assert_true(asprintf(&script,
                         "#!/bin/sh\necho \"$PGPASSWORD\" \"$@\" >'%s'\n"
                         "echo 'made up trouble' >&2\nexit 1\n",
                         told) > 0);
    WORKS(jz_file_write(tool, script, strlen(script), &err));
    assert_int_equal(chmod(tool, 0755), 0);
    jz_autofree char *old_path = strdup(getenv("PATH"));
    assert_true(asprintf(&path, "%s:%s", folder, old_path) > 0);
    setenv("PATH", path, 1);
    GIVES(jz_sql_backup("postgresql://u:p%27w%20d@h/it's?connect_timeout=3", backup, NULL, NULL,
                        &err),
          JZ_E_IO);
    setenv("PATH", old_path, 1);
    SAYS("made up trouble");
    jz_autofree uint8_t *text = NULL;
    size_t size;
    WORKS(jz_file_read(told, 4096, &text, &size, &err));
    assert_memory_equal(text, "p'w d --", 8);
    assert_null(strstr((char *)text + 5, "p'w"));
    assert_non_null(strstr((char *)text, "dbname='it\\'s'"));
    assert_non_null(strstr((char *)text, "host='h'"));
    assert_int_equal(access(backup, F_OK), -1);
}

static int make_place(void **state)
{
    (void)state;
    place_make(JZ_SUITE_INTERNATIONAL);
    return 0;
}

static int empty_folder(void **state)
{
    (void)state;
    jz_autofree char *command = NULL;
    return asprintf(&command, "rm -rf '%s'/*", folder) > 0 ? system(command) : -1;
}

#define CASE(name) cmocka_unit_test_teardown(name, empty_folder)

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write-from-afar") == 0)
        return write_from_afar(argv[2]);
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    /* Each database takes a run of them: those of SQLite alone come first, then those of both. */
    const struct CMUnitTest tests[] = {
        CASE(a_full_disk_loses_nothing),
        CASE(a_folder_that_cannot_be_written),
        CASE(two_processes_wait_for_one_another),
        CASE(files_that_are_no_databases),
        CASE(values_come_back),
        CASE(computed_values_are_integers),
        CASE(parameters_go_by_number),
        CASE(errors_have_their_codes),
        CASE(a_failed_transaction_is_lost),
        CASE(errors_of_what_was_sent_come_in_time),
        CASE(a_rollback_leaves_nothing),
        CASE(a_reader_sees_one_state),
        CASE(a_read_only_connection_writes_nothing),
        CASE(a_held_lock_is_busy),
        CASE(a_text_is_open_only_once),
        CASE(many_texts_are_kept_apart),
        CASE(each_key_in_order),
        CASE(many_rows_are_copied),
        CASE(a_copy_that_fails_leaves_nothing),
        CASE(much_in_both_directions),
        CASE(a_change_elsewhere_is_seen),
        CASE(tables_may_change_under_statements),
        CASE(a_sound_database_is_checked_and_measured),
        CASE(descriptions_keep_the_password),
        CASE(wrong_addresses_are_refused),
        CASE(a_backup_during_writes_is_consistent),
        CASE(a_backup_that_fails_leaves_nothing),
        CASE(a_lost_connection_is_broken),
        CASE(sessions_are_set_up),
        CASE(every_state_has_its_code),
        CASE(the_password_is_no_argument),
    };
    enum { SQLITE_ALONE = 4, POSTGRES_ALONE = 4, ALL = sizeof tests / sizeof tests[0] };
    return on_postgres ? _cmocka_run_group_tests("sql postgres", tests + SQLITE_ALONE,
                                                 ALL - SQLITE_ALONE, make_place, place_tear_down)
                       : _cmocka_run_group_tests("sql sqlite", tests, ALL - POSTGRES_ALONE,
                                                 make_place, place_tear_down);
}
