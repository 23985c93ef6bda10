/*
 * Verification of the log against everything that somebody with the database in hand can do to it.
 * "test_audit sqlite" and "test_audit postgres" run the same cases.
 */
#include "book.h"

#include "audit/root.h"
#include "audit/rows.h"
#include "base/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static struct book b;

static void describe_failure(const struct jz_audit_result *r, const char *wanted)
{
    char text[JZ_AUDIT_TEXT_BYTES];
    jz_audit_describe(r, text);
    fail_msg("seed %llu: %s: verification says: %s (%s)", b.seed, wanted, text,
             jz_audit_finding_info(r->finding)->name);
}

static void expect(enum jz_audit_finding finding, enum jz_table table, int64_t id, const char *what)
{
    const struct jz_audit_result r = book_verify(&b, NULL);
    if (r.finding != finding || (finding != JZ_AUDIT_SOUND && (r.table != table || r.id != id)))
        describe_failure(&r, what);
    char text[JZ_AUDIT_TEXT_BYTES];
    jz_audit_describe(&r, text);
    assert_true(strlen(text) > 8);
}

static void expect_sound(const char *what)
{
    expect(JZ_AUDIT_SOUND, 0, 0, what);
}

/* ---- Sound logs ---- */

static void sound_logs_are_sound(void **state)
{
    (void)state;
    static const int sizes[] = { 0, 1, 255, 256, 257, 513, 5000 };
    static const enum jz_suite suites[] = { JZ_SUITE_INTERNATIONAL, JZ_SUITE_GUOMI };
    for (size_t s = 0; s < 2; s++) {
        if (s > 0) {
            book_close(&b);
            book_open(&b, suites[s]);
        }
        int facts = 0;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const int more = sizes[i] > 0 && facts == 0 ? sizes[i] : sizes[i] - facts;
            book_fill(&b, more);
            facts += more;
            const struct jz_audit_result r = book_verify(&b, NULL);
            if (r.finding != JZ_AUDIT_SOUND)
                describe_failure(&r, "sound");
            assert_int_equal(r.facts, facts + (facts > 0 ? BOOK_PERSONS : 0));
            assert_true(r.nodes >= r.facts / 256);
        }
        struct jz_audit_root root;
        WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &root, &err));
        book_fill(&b, 10);
        const struct jz_audit_result r = book_verify(&b, &root.signed_root);
        if (r.finding != JZ_AUDIT_SOUND)
            describe_failure(&r, "with a root");
        assert_int_equal(r.roots, 1);
    }
}

struct writing {
    bool stop;
    int acts;
};

static void *write_on(void *context)
{
    struct writing *w = context;
    struct book copy = b; /* of the numbers that choose */
    while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
        book_fill(&copy, 30);
        w->acts++;
    }
    return NULL;
}

static void writers_go_on_meanwhile(void **state)
{
    (void)state;
    struct writing w = { 0 };
    pthread_t thread;
    book_fill(&b, 2000);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    uint64_t before = 0;
    for (int i = 0; i < 10; i++) {
        const struct jz_audit_result r = book_verify(&b, NULL);
        if (r.finding != JZ_AUDIT_SOUND)
            describe_failure(&r, "beside a writer");
        assert_true(r.facts >= before);
        before = r.facts;
    }
    __atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_true(w.acts > 0);
    expect_sound("after the writer");
}

/* ---- Single values ---- */

enum { MOST_BYTES = 4096 };

/* Another value of the same type, one bit or byte away; NULL becomes something, by its column. */
static struct jz_sql_value another(struct jz_sql_value v, enum jz_column_type type,
                                   uint8_t bytes[MOST_BYTES])
{
    if (v.type == JZ_SQL_NULL)
        return type == JZ_TEXT ? jz_text("x") : type == JZ_BLOB ? jz_blob("x", 1) : jz_int(1);
    if (v.type == JZ_SQL_INT) {
        const int bits = type == JZ_INT16 ? 14 : type == JZ_INT32 ? 30 : 62;
        return jz_int(v.integer ^ (int64_t)(1ull << rnd(&b, (unsigned long long)bits)));
    }
    if (v.size == 0) {
        v.data = "x";
        v.size = 1;
        return v;
    }
    assert_true(v.size <= MOST_BYTES);
    memcpy(bytes, v.data, v.size);
    const size_t at = rnd(&b, v.size);
    if (type == JZ_BLOB)
        bytes[at] ^= (uint8_t)(1 + rnd(&b, 255));
    else /* stays UTF-8 */
        memset(bytes, bytes[0] == 'x' ? 'y' : 'x', at + 1);
    for (size_t i = at + 1; type == JZ_TEXT && i < v.size && (bytes[i] & 0xc0) == 0x80; i++)
        bytes[i] = 'x';
    v.data = bytes;
    return v;
}

struct stored {
    struct jz_sql_value value;
    uint8_t bytes[MOST_BYTES];
};

static void read_value(struct jz_sql *sql, enum jz_table table, int64_t id, int column,
                       struct stored *ret)
{
    const struct jz_sql_value range[] = { jz_int(id), jz_int(id), jz_int(1) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    WORKS(jz_sql_query(sql, jz_audit_select(table), range, 3, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    ret->value = jz_sql_value(rows, column);
    assert_true(ret->value.size <= MOST_BYTES);
    if (ret->value.size > 0)
        memcpy(ret->bytes, ret->value.data, ret->value.size);
    if (ret->value.data)
        ret->value.data = ret->bytes;
}

static void write_value(struct jz_sql *sql, enum jz_table table, int64_t id, int column,
                        struct jz_sql_value value)
{
    char text[160];
    const struct jz_sql_value values[] = { value, jz_int(id) };
    snprintf(text, sizeof text, "UPDATE %s SET %s = $1 WHERE id = $2", jz_table_info(table)->name,
             jz_table_info(table)->columns[column].name);
    run_text(sql, text, values, 2);
}

static void change_one(struct jz_sql *sql, enum jz_table table, int column)
{
    struct stored old;
    uint8_t bytes[MOST_BYTES];
    char what[128];
    const struct jz_table_info *info = jz_table_info(table);
    const int64_t id = book_any(&b, sql, table);
    if (id == 0)
        fail_msg("%s is empty", info->name);
    read_value(sql, table, id, column, &old);
    const struct jz_sql_value changed = another(old.value, info->columns[column].type, bytes);
    write_value(sql, table, id, column, changed);
    const bool is_mark = column == (int)jz_table_columns(table) - 1;
    snprintf(what, sizeof what, "%s %lld, column %s", info->name, (long long)id,
             info->columns[column].name);
    expect(is_mark ? JZ_AUDIT_MARK : JZ_AUDIT_CHANGED, table, id, what);
    write_value(sql, table, id, column, old.value);
}

static void every_changed_value_is_named(void **state)
{
    (void)state;
    enum { RANDOM = 150 };
    struct jz_audit_root root;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 900);
    for (int i = 0; i < 3; i++) {
        WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &root, &err));
        book_fill(&b, 20);
    }
    const struct jz_sql_value shred[JZ_MAX_COLUMNS] = {
        [SHRED_PERSON] = jz_int(2),          [SHRED_ENROLMENTS] = jz_int(1),
        [SHRED_REASON] = jz_text("x"),       [SHRED_BY] = jz_text("y"),
        [SHRED_SIGNATURE] = jz_blob("z", 1),
    };
    const int64_t last = book_add(&b, JZ_T_SHRED, shred); /* the mark of the last fact too */
    expect(JZ_AUDIT_SHRED, JZ_T_SHRED, last, "a statement that nobody signed");
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS; t++)
        for (int c = JZ_C_AT; c < (int)jz_table_columns((enum jz_table)t); c++)
            change_one(sql, (enum jz_table)t, c);
    for (int i = 0; i < RANDOM; i++) {
        const enum jz_table t = (enum jz_table)(JZ_T_POLICY + rnd(&b, JZ_T_FACTS - JZ_T_POLICY));
        if (jz_table_is_fact(t))
            change_one(sql, t, JZ_C_AT + (int)rnd(&b, jz_table_columns(t) - 1));
    }
    /* More than any fact may have. */
    static char huge[JZ_FACT_MAX_BYTES + 1];
    struct stored old;
    memset(huge, 'x', sizeof huge - 1);
    const int64_t id = book_any(&b, sql, JZ_T_CASE);
    read_value(sql, JZ_T_CASE, id, CASE_KIND, &old);
    write_value(sql, JZ_T_CASE, id, CASE_KIND, jz_text(huge));
    expect(JZ_AUDIT_CHANGED, JZ_T_CASE, id, "a huge value");
    write_value(sql, JZ_T_CASE, id, CASE_KIND, old.value);
    expect(JZ_AUDIT_SHRED, JZ_T_SHRED, last, "everything put back");
    jz_sql_close(sql);
}

/* A number with a fraction reads as that number in many places; a text reads as a blob. */
static void types_are_part_of_a_value(void **state)
{
    (void)state;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 300);
    static const char *const changes[] = {
        "UPDATE evidence SET observed_on = observed_on + 0.5 WHERE id = $1",
        "UPDATE evidence SET kind = CAST(kind AS TEXT) || 'x' WHERE id = $1",
        "UPDATE evidence SET outcome = CAST(outcome AS BLOB) WHERE id = $1",
    };
    static const int columns[] = { EVIDENCE_OBSERVED_ON, EVIDENCE_KIND, EVIDENCE_OUTCOME };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const int64_t id = book_any(&b, sql, JZ_T_EVIDENCE);
        const struct jz_sql_value value = jz_int(id);
        struct stored old;
        read_value(sql, JZ_T_EVIDENCE, id, columns[i], &old);
        run_text(sql, changes[i], &value, 1);
        expect(JZ_AUDIT_CHANGED, JZ_T_EVIDENCE, id, changes[i]);
        write_value(sql, JZ_T_EVIDENCE, id, columns[i], old.value);
    }
    expect_sound("put back");
    jz_sql_close(sql);
}

/* ---- Rows ---- */

static void set_id(struct jz_sql *sql, enum jz_table table, int64_t from, int64_t to)
{
    write_value(sql, table, from, JZ_C_ID, jz_int(to));
}

static void remove_row(struct jz_sql *sql, enum jz_table table, int64_t id)
{
    char text[80];
    const struct jz_sql_value value = jz_int(id);
    snprintf(text, sizeof text, "DELETE FROM %s WHERE id = $1", jz_table_info(table)->name);
    run_text(sql, text, &value, 1);
}

/* A notice as anybody could write one. */
static void slip_in(struct jz_sql *sql, int64_t id)
{
    const struct jz_sql_value values[] = { jz_int(id), jz_int(1795000001), jz_int(1),
                                           jz_text("forged"), jz_int(12345) };
    run_text(sql,
             "INSERT INTO notice (id, recorded_at, person, kind, mark) VALUES ($1, $2, $3, $4, $5)",
             values, 5);
}

static void rows_taken_away_and_slipped_in(void **state)
{
    (void)state;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 700);
    const int64_t last = ask(sql, "SELECT size FROM audit_head");
    for (int t = JZ_T_POLICY; t < JZ_T_SHRED; t++) {
        const enum jz_table table = (enum jz_table)t;
        const int64_t id = book_any(&b, sql, table);
        set_id(sql, table, id, last + 1000);
        char question[96];
        snprintf(question, sizeof question, "SELECT kind FROM person_fact WHERE fact = %lld",
                 (long long)id);
        /* What a person's list of facts does not name, nobody can tell the table of. */
        expect(JZ_AUDIT_MISSING, (enum jz_table)ask(sql, question), id, "taken away");
        set_id(sql, table, last + 1000, id);

        slip_in(sql, last + 1);
        expect(JZ_AUDIT_INSERTED, JZ_T_NOTICE, last + 1, "slipped in at the end");
        remove_row(sql, JZ_T_NOTICE, last + 1);
        if (table != JZ_T_NOTICE) {
            slip_in(sql, id);
            expect(JZ_AUDIT_INSERTED, JZ_T_NOTICE, id, "slipped in beside another");
            remove_row(sql, JZ_T_NOTICE, id);
        }
    }
    static const int64_t below[] = { 0, -1, INT64_MIN };
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        slip_in(sql, below[i]);
        expect(JZ_AUDIT_INSERTED, JZ_T_NOTICE, below[i], "slipped in before the first");
        remove_row(sql, JZ_T_NOTICE, below[i]);
    }
    expect_sound("put back");

    slip_in(sql, last + 1);
    run_text(sql, "UPDATE audit_head SET size = size + 1", NULL, 0);
    expect(JZ_AUDIT_CHANGED, JZ_T_NOTICE, last + 1, "slipped in at the end, with the head");
    remove_row(sql, JZ_T_NOTICE, last + 1);
    run_text(sql, "UPDATE audit_head SET size = size - 1", NULL, 0);
    expect_sound("put back again");
    jz_sql_close(sql);
}

static void rows_that_change_places(void **state)
{
    (void)state;
    enum { ROUNDS = 30 };
    struct jz_sql *sql = book_raw();
    book_fill(&b, 600);
    const int64_t last = ask(sql, "SELECT size FROM audit_head");
    for (int i = 0; i < ROUNDS; i++) {
        const enum jz_table s = (enum jz_table)(JZ_T_POLICY + rnd(&b, JZ_T_SHRED - JZ_T_POLICY)),
                            t = (enum jz_table)(JZ_T_POLICY + rnd(&b, JZ_T_SHRED - JZ_T_POLICY));
        const int64_t x = book_any(&b, sql, s), y = book_any(&b, sql, t);
        if (x == y)
            continue;
        set_id(sql, s, x, last + 2);
        set_id(sql, t, y, x);
        set_id(sql, s, last + 2, y);
        expect(JZ_AUDIT_CHANGED, x < y ? t : s, x < y ? x : y,
               "two rows with their places changed");
        set_id(sql, s, y, last + 2);
        set_id(sql, t, x, y);
        set_id(sql, s, last + 2, x);
    }
    expect_sound("put back");
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS; t++)
        if (jz_table_is_fact((enum jz_table)t))
            remove_row(sql, (enum jz_table)t, last);
    const struct jz_audit_result r = book_verify(&b, NULL);
    if (r.finding != JZ_AUDIT_MISSING || r.id != last)
        describe_failure(&r, "the last taken away");
    jz_sql_close(sql);
}

/* ---- What is kept beside the rows ---- */

static void kept_hashes_and_head(void **state)
{
    (void)state;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 1500);
    static const struct {
        const char *change, *back;
        enum jz_audit_finding finding;
        enum jz_table table;
        int64_t id;
        int level;
    } cases[] = {
        { "UPDATE audit_node SET position = 100 WHERE level = 8 AND position = 3",
          "UPDATE audit_node SET position = 3 WHERE level = 8 AND position = 100",
          JZ_AUDIT_NODE_MISSING, JZ_T_AUDIT_NODE, 3, 8 },
        { "UPDATE audit_node SET position = 100 WHERE level = 10 AND position = 0",
          "UPDATE audit_node SET position = 0 WHERE level = 10 AND position = 100",
          JZ_AUDIT_NODE_MISSING, JZ_T_AUDIT_NODE, 0, 10 },
        { "INSERT INTO audit_node SELECT level, 7, hash FROM audit_node WHERE level = 8 AND "
          "position = 1",
          "DELETE FROM audit_node WHERE level = 8 AND position = 7", JZ_AUDIT_NODE_INSERTED,
          JZ_T_AUDIT_NODE, 7, 8 },
        { "INSERT INTO audit_node SELECT level, -2, hash FROM audit_node WHERE level = 8 AND "
          "position = 1",
          "DELETE FROM audit_node WHERE level = 8 AND position = -2", JZ_AUDIT_NODE_INSERTED,
          JZ_T_AUDIT_NODE, -2, 8 },
        { "INSERT INTO audit_node SELECT 3, 9, hash FROM audit_node WHERE level = 8 AND "
          "position = 1",
          "DELETE FROM audit_node WHERE level = 3", JZ_AUDIT_NODE_INSERTED, JZ_T_AUDIT_NODE, 9, 3 },
        { "INSERT INTO audit_node SELECT 60, 9, hash FROM audit_node WHERE level = 8 AND "
          "position = 1",
          "DELETE FROM audit_node WHERE level = 60", JZ_AUDIT_NODE_INSERTED, JZ_T_AUDIT_NODE, 9,
          60 },
        { "UPDATE audit_head SET size = size + 1", "UPDATE audit_head SET size = size - 1",
          JZ_AUDIT_HEAD, JZ_T_AUDIT_HEAD, 1, 0 },
        { "UPDATE audit_head SET recorded_at = 0", "UPDATE audit_head SET recorded_at = 1895000000",
          JZ_AUDIT_HEAD, JZ_T_AUDIT_HEAD, 1, 0 },
        { "UPDATE audit_head SET id = 2", "UPDATE audit_head SET id = 1", JZ_AUDIT_HEAD,
          JZ_T_AUDIT_HEAD, 1, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_text(sql, cases[i].change, NULL, 0);
        expect(cases[i].finding, cases[i].table, cases[i].id, cases[i].change);
        assert_int_equal(book_verify(&b, NULL).level, cases[i].level);
        run_text(sql, cases[i].back, NULL, 0);
    }
    expect_sound("put back");
    jz_sql_close(sql);
}

/* One byte of a blob of these tables, at any place. */
static void change_blob(struct jz_sql *sql, const char *name, const char *column, const char *where,
                        enum jz_audit_finding finding, enum jz_table table, int64_t id)
{
    char text[200];
    uint8_t old[MOST_BYTES], bytes[MOST_BYTES];
    size_t size = 0;
    snprintf(text, sizeof text, "SELECT %s FROM %s WHERE %s", column, name, where);
    {
        static char question[200];
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        struct jz_sql *fresh = NULL;
        memcpy(question, text, sizeof question);
        WORKS(jz_sql_open(url, NULL, &fresh, &err));
        WORKS(jz_sql_query(fresh, question, NULL, 0, &rows, &err));
        GIVES(jz_sql_next(rows, &err), 1);
        const struct jz_sql_value v = jz_sql_value(rows, 0);
        size = v.size;
        assert_true(size > 0 && size <= MOST_BYTES);
        memcpy(old, v.data, size);
        jz_sql_done(rows);
        rows = NULL;
        jz_sql_close(fresh);
    }
    memcpy(bytes, old, size);
    bytes[rnd(&b, size)] ^= (uint8_t)(1 + rnd(&b, 255));
    snprintf(text, sizeof text, "UPDATE %s SET %s = $1 WHERE %s", name, column, where);
    const struct jz_sql_value changed = jz_blob(bytes, size), back = jz_blob(old, size);
    run_text(sql, text, &changed, 1);
    expect(finding, table, id, text);
    run_text(sql, text, &back, 1);
}

static void bytes_of_kept_hashes_and_head(void **state)
{
    (void)state;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 1500);
    for (int i = 0; i < 20; i++) {
        change_blob(sql, "audit_head", "chain", "id = 1", JZ_AUDIT_HEAD, JZ_T_AUDIT_HEAD, 1);
        change_blob(sql, "audit_head", "tree", "id = 1", JZ_AUDIT_HEAD, JZ_T_AUDIT_HEAD, 1);
        const int level = 8 + (int)rnd(&b, 3);
        const int64_t position = (int64_t)rnd(&b, 1505ull >> level);
        char where[64];
        snprintf(where, sizeof where, "level = %d AND position = %lld", level, (long long)position);
        change_blob(sql, "audit_node", "hash", where, JZ_AUDIT_NODE, JZ_T_AUDIT_NODE, position);
    }
    expect_sound("put back");
    jz_sql_close(sql);
}

/* ---- Histories rewritten as a whole ---- */

static void rewritten_histories(void **state)
{
    (void)state;
    struct jz_audit_root first, second;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 700);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &first, &err));
    book_fill(&b, 300);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &second, &err));
    book_fill(&b, 100);
    expect_sound("before");

    /* The marks alone made to fit: the kept hashes tell. */
    struct stored old;
    int64_t early;
    while ((early = book_any(&b, sql, JZ_T_NOTICE)) > 512)
        ;
    read_value(sql, JZ_T_NOTICE, early, NOTICE_KIND, &old);
    write_value(sql, JZ_T_NOTICE, early, NOTICE_KIND, jz_text("rewritten"));
    book_forge(&b, sql, false);
    expect(JZ_AUDIT_NODE, JZ_T_AUDIT_NODE, (early - 1) / 256, "marks made to fit");
    /* Everything made to fit: the signed roots tell, and between which of them. */
    book_forge(&b, sql, true);
    expect(JZ_AUDIT_ROOT, JZ_T_ROOT, first.fact, "everything made to fit");
    struct jz_audit_result r = book_verify(&b, NULL);
    assert_int_equal(r.first, 1);
    assert_int_equal(r.last, first.signed_root.size);
    write_value(sql, JZ_T_NOTICE, early, NOTICE_KIND, old.value);
    book_forge(&b, sql, true);
    expect_sound("put back");

    /* Between the roots. */
    int64_t late;
    while ((late = book_any(&b, sql, JZ_T_NOTICE)) < first.fact || late > second.fact)
        ;
    write_value(sql, JZ_T_NOTICE, late, NOTICE_KIND, jz_text("rewritten"));
    book_forge(&b, sql, true);
    expect(JZ_AUDIT_ROOT, JZ_T_ROOT, second.fact, "rewritten between the roots");
    r = book_verify(&b, NULL);
    assert_int_equal(r.first, first.signed_root.size + 1);
    assert_int_equal(r.last, second.signed_root.size);
    jz_sql_close(sql);
}

static void signatures_of_roots(void **state)
{
    (void)state;
    struct jz_audit_root root;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 50);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 2026, 1, 31 }, &root, &err));
    book_fill(&b, 50);
    static const int columns[] = { ROOT_DAY, ROOT_KEY, ROOT_SIGNATURE, JZ_C_AT };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct stored old;
        read_value(sql, JZ_T_ROOT, root.fact, columns[i], &old);
        struct jz_sql_value changed = columns[i] == ROOT_DAY   ? jz_int(20260201)
                                      : columns[i] == ROOT_KEY ? jz_text("0123456789abcdef")
                                      : columns[i] == JZ_C_AT  ? jz_int(old.value.integer + 1)
                                                               : old.value;
        uint8_t bytes[MOST_BYTES];
        if (columns[i] == ROOT_SIGNATURE) {
            memcpy(bytes, old.bytes, old.value.size);
            bytes[rnd(&b, old.value.size)] ^= 1;
            changed.data = bytes;
        }
        write_value(sql, JZ_T_ROOT, root.fact, columns[i], changed);
        expect(JZ_AUDIT_CHANGED, JZ_T_ROOT, root.fact, "a changed root");
        book_forge(&b, sql, true);
        expect(JZ_AUDIT_ROOT_SIGNATURE, JZ_T_ROOT, root.fact, "a changed root, made to fit");
        write_value(sql, JZ_T_ROOT, root.fact, columns[i], old.value);
        book_forge(&b, sql, true);
        expect_sound("put back");
    }
    /* A root that claims more than there was before it, and one that is none. */
    struct stored old;
    read_value(sql, JZ_T_ROOT, root.fact, ROOT_SIZE, &old);
    static const int64_t sizes[] = { 0, 90, 5000, -1, INT64_MAX };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_value(sql, JZ_T_ROOT, root.fact, ROOT_SIZE, jz_int(sizes[i]));
        book_forge(&b, sql, true);
        expect(JZ_AUDIT_ROOT, JZ_T_ROOT, root.fact, "a root of another size");
    }
    write_value(sql, JZ_T_ROOT, root.fact, ROOT_SIZE, old.value);
    book_forge(&b, sql, true);
    expect_sound("put back");
    jz_sql_close(sql);
}

static void policies_and_times(void **state)
{
    (void)state;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 400);
    struct stored old;
    int64_t id = book_any(&b, sql, JZ_T_POLICY);
    read_value(sql, JZ_T_POLICY, id, POLICY_TEXT, &old);
    write_value(sql, JZ_T_POLICY, id, POLICY_TEXT, jz_text("id: [broken"));
    expect(JZ_AUDIT_CHANGED, JZ_T_POLICY, id, "a broken policy");
    book_forge(&b, sql, true);
    expect(JZ_AUDIT_POLICY, JZ_T_POLICY, id, "a broken policy, made to fit");
    write_value(sql, JZ_T_POLICY, id, POLICY_TEXT, old.value);
    book_forge(&b, sql, true);
    expect_sound("put back");

    while ((id = book_any(&b, sql, JZ_T_EVIDENCE)) < 50)
        ;
    read_value(sql, JZ_T_EVIDENCE, id, JZ_C_AT, &old);
    write_value(sql, JZ_T_EVIDENCE, id, JZ_C_AT, jz_int(1795000000));
    book_forge(&b, sql, true);
    expect(JZ_AUDIT_TIME, JZ_T_EVIDENCE, id, "a fact dated back");
    jz_sql_close(sql);
}

/* Whoever holds the signing key can rewrite everything; only what lies outside tells. */
static void a_witness_tells_what_nothing_inside_can(void **state)
{
    (void)state;
    struct jz_audit_root before, again;
    book_fill(&b, 600);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &before, &err));
    struct jz_audit_result r = book_verify(&b, &before.signed_root);
    assert_int_equal(r.finding, JZ_AUDIT_SOUND);
    struct jz_sql *sql = book_raw();
    struct stored old;
    remove_row(sql, JZ_T_ROOT, before.fact);
    const int64_t id = book_any(&b, sql, JZ_T_NOTICE);
    read_value(sql, JZ_T_NOTICE, id, NOTICE_KIND, &old);
    write_value(sql, JZ_T_NOTICE, id, NOTICE_KIND, jz_text("rewritten"));
    book_forge(&b, sql, true);
    jz_sql_close(sql);
    book_reopen(&b);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &again, &err));
    expect_sound("rewritten by somebody with the key");
    r = book_verify(&b, &before.signed_root);
    assert_int_equal(r.finding, JZ_AUDIT_WITNESS);
    assert_int_equal(r.last, before.signed_root.size);
}

/* ---- Bytes of the file ---- */

static void digest_rows(struct jz_sql *sql, const char *text, struct jz_hasher *h)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    if (jz_sql_query(sql, text, NULL, 0, &rows, &err) < 0)
        return;
    while (jz_sql_next(rows, &err) == 1)
        for (int c = 0; c < jz_sql_column_count(rows); c++) {
            const struct jz_sql_value v = jz_sql_value(rows, c);
            jz_hasher_update(h, &v.type, sizeof v.type);
            jz_hasher_update(h, &v.integer, sizeof v.integer);
            jz_hasher_update(h, &v.size, sizeof v.size);
            jz_hasher_update(h, v.data, v.size);
        }
}

/* All facts, kept hashes and the head as plain queries give them. */
static void digest_all(const char *path, uint8_t ret_digest[JZ_DIGEST_BYTES])
{
    static char texts[JZ_T_FACTS][80];
    const struct jz_sql_options options = { .read_only = true };
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *h = NULL;
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    WORKS(jz_hasher_new(JZ_SUITE_INTERNATIONAL, &h, &err));
    jz_hasher_begin(h);
    if (jz_sql_open(path, &options, &sql, &err) == 0) {
        for (int t = JZ_T_POLICY; t < JZ_T_FACTS; t++) {
            if (!jz_table_is_fact((enum jz_table)t))
                continue;
            snprintf(texts[t], sizeof texts[t], "SELECT * FROM %s NOT INDEXED ORDER BY id",
                     jz_table_info((enum jz_table)t)->name);
            digest_rows(sql, texts[t], h);
        }
        digest_rows(sql, "SELECT * FROM audit_node ORDER BY level, position", h);
        digest_rows(sql, "SELECT id, size, chain, tree FROM audit_head", h);
    }
    jz_hasher_finish(h, ret_digest);
}

static void any_byte_of_the_file(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    struct jz_audit_root root;
    book_fill(&b, 600);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &root, &err));
    WORKS(jz_store_scrub(b.store, JZ_T_SUBJECT_KEY, &err));
    uint8_t before[JZ_DIGEST_BYTES], after[JZ_DIGEST_BYTES];
    digest_all(url, before);
    jz_store_close(b.store);
    b.store = NULL;
    int named = 0, damaged = 0, unseen = 0;
    char copy[640];
    snprintf(copy, sizeof copy, "%s/copy.db", folder);
    jz_autofree uint8_t *bytes = NULL;
    size_t size = 0;
    WORKS(jz_file_read(url, 64u << 20, &bytes, &size, &err));
    for (int i = 0; i < ROUNDS; i++) {
        const size_t at = rnd(&b, size);
        const uint8_t flip = (uint8_t)(1 + rnd(&b, 255));
        bytes[at] ^= flip;
        WORKS(jz_file_write(copy, bytes, size, &err));
        bytes[at] ^= flip;
        const struct jz_store_options options = { .read_only = true, .without_policies = true };
        struct jz_store *store = NULL;
        struct jz_audit_result r = { 0 };
        int code = jz_store_open(copy, keyring, &options, &store, &err);
        if (code == 0)
            code = jz_audit_verify(store, NULL, &r, &err);
        jz_store_close(store);
        if (code < 0) {
            damaged++;
            continue;
        }
        named += r.finding != JZ_AUDIT_SOUND;
        if (r.finding != JZ_AUDIT_SOUND)
            continue;
        unseen++;
        digest_all(copy, after);
        if (memcmp(before, after, sizeof before) != 0)
            fail_msg("seed %llu: byte %zu changed a fact, and verification is content", b.seed, at);
    }
    print_message("%d bytes: %d named a row, %d damaged the file, %d held no fact\n", ROUNDS, named,
                  damaged, unseen);
    assert_true(named > ROUNDS / 20);
    const struct jz_store_options options = { .without_policies = true };
    WORKS(jz_store_open(url, keyring, &options, &b.store, &err));
}

#define CASE(name) BOOK_TEST(name, &b)

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const char *seed = getenv("JIANZAI_TEST_SEED");
    b.seed = seed ? strtoull(seed, NULL, 10) : (unsigned long long)time(NULL);
    printf("# seed %llu\n", b.seed);
    /* The first are of SQLite alone. */
    const struct CMUnitTest tests[] = {
        CASE(types_are_part_of_a_value),
        CASE(any_byte_of_the_file),
        CASE(sound_logs_are_sound),
        CASE(writers_go_on_meanwhile),
        CASE(every_changed_value_is_named),
        CASE(rows_taken_away_and_slipped_in),
        CASE(rows_that_change_places),
        CASE(kept_hashes_and_head),
        CASE(bytes_of_kept_hashes_and_head),
        CASE(rewritten_histories),
        CASE(signatures_of_roots),
        CASE(policies_and_times),
        CASE(a_witness_tells_what_nothing_inside_can),
    };
    const size_t first = on_postgres ? 2 : 0;
    return _cmocka_run_group_tests("audit", tests + first, sizeof tests / sizeof tests[0] - first,
                                   NULL, NULL);
}
