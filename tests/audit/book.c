#include "book.h"

#include "audit/rows.h"
#include "receipt/payload.h"
#include "receipt/words.h"

#include <stdio.h>

struct jz_error err;

/* xorshift64*: enough to choose places. */
unsigned long long rnd(struct book *b, unsigned long long most)
{
    b->seed ^= b->seed >> 12;
    b->seed ^= b->seed << 25;
    b->seed ^= b->seed >> 27;
    return (b->seed * 0x2545F4914F6CDD1Dull >> 16) % most;
}

/* ---- Life ---- */

static int64_t clock_now = 1795000000;

static int64_t test_clock(void)
{
    return __atomic_add_fetch(&clock_now, 7, __ATOMIC_RELAXED);
}

static const struct jz_store_options usual = { .without_policies = true, .clock = test_clock };

void book_open(struct book *b, enum jz_suite suite)
{
    const unsigned long long seed = b->seed;
    place_make(suite);
    WORKS(jz_store_create(url, suite, &err));
    *b = (struct book){ .store = open_store(&usual), .seed = seed | 1 };
}

void book_reopen(struct book *b)
{
    jz_store_close(b->store);
    jz_keyring_free(keyring);
    WORKS(jz_keyring_open(keyring_file, NULL, &keyring, &err));
    b->store = open_store(&usual);
}

void book_close(struct book *b)
{
    jz_store_close(b->store);
    place_drop();
}

int book_set_up(void **state)
{
    book_open(*state, JZ_SUITE_INTERNATIONAL);
    return 0;
}

int book_tear_down(void **state)
{
    book_close(*state);
    return 0;
}

/* ---- Facts ---- */

struct adding {
    enum jz_table table;
    const struct jz_sql_value *values;
    int64_t id;
};

static int add(void *context, const struct jz_person_state *state, struct jz_entry *entry,
               struct jz_error *error)
{
    (void)state, (void)error;
    struct adding *a = context;
    a->id = jz_entry_add(entry, a->table, a->values);
    return 0;
}

static void submit(struct book *b, jz_decide_fn decide, void *context)
{
    struct jz_act act = { .decide = decide, .context = context };
    WORKS(jz_store_submit(b->store, &act, 1, &err));
    err = act.error;
    WORKS(act.result);
}

int64_t book_add(struct book *b, enum jz_table table,
                 const struct jz_sql_value values[JZ_MAX_COLUMNS])
{
    struct adding a = { .table = table, .values = values };
    submit(b, add, &a);
    return a.id;
}

static const char policy_text[] = "id: test-policy\n"
                                  "version: %lld\n"
                                  "effective: {from: 2025-01-01}\n"
                                  "applies: {region: \"37\", schemes: [employee]}\n"
                                  "legal_basis: [{id: SIL-73, cite: 社会保险法 第七十三条}]\n"
                                  "cycle: {kind: rolling_months, months: 12}\n"
                                  "remind_days: [30]\n"
                                  "accept:\n"
                                  "  - {kind: face_remote}\n"
                                  "  - {kind: counter}\n";

enum { VALUE_BYTES = 96 };

static struct jz_sql_value any_value(struct book *b, enum jz_column_type type,
                                     uint8_t bytes[VALUE_BYTES])
{
    static const char *const words[] = { "counter", "山东", "{\"score\":0.91}",
                                         "x",       "一",   "operator-7" };
    switch (type) {
    case JZ_INT16:
        return jz_int((int64_t)rnd(b, 3));
    case JZ_INT32:
        return jz_int((int64_t)(20200101 + rnd(b, 60000)));
    case JZ_INT64:
        return jz_int((int64_t)(1 + rnd(b, 1ull << 40)));
    case JZ_TEXT:
        return jz_text(words[rnd(b, sizeof words / sizeof words[0])]);
    case JZ_BLOB:
        break;
    }
    const size_t size = 16 + rnd(b, VALUE_BYTES - 16);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)rnd(b, 256);
    return jz_blob(bytes, size);
}

struct filling {
    struct book *b;
    int left;
};

static void add_any(struct book *b, enum jz_table table, struct jz_entry *entry)
{
    const struct jz_table_info *info = jz_table_info(table);
    struct jz_sql_value values[JZ_MAX_COLUMNS] = { 0 };
    uint8_t bytes[JZ_MAX_COLUMNS][VALUE_BYTES];
    const int columns = (int)jz_table_columns(table);
    for (int c = JZ_C_FIRST; c < columns - 1; c++)
        if (!(info->nullable & (1u << c)) || rnd(b, 3) > 0)
            values[c] = any_value(b, info->columns[c].type, bytes[c]);
    if (info->person)
        values[info->person] = jz_int(book_person((int)rnd(b, BOOK_PERSONS)));
    char text[sizeof policy_text + 24];
    snprintf(text, sizeof text, policy_text, (long long)jz_entry_next_id(entry));
    if (table == JZ_T_POLICY)
        values[POLICY_TEXT] = jz_text(text);
    jz_entry_add(entry, table, values);
}

enum jz_table book_any_table(struct book *b)
{
    enum jz_table t;
    do
        t = (enum jz_table)(JZ_T_POLICY + rnd(b, JZ_T_FACTS - JZ_T_POLICY));
    while (!jz_table_is_fact(t) || t == JZ_T_SHRED || t == JZ_T_ROOT);
    return t;
}

static int fill(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                struct jz_error *error)
{
    (void)state, (void)error;
    struct filling *f = context;
    for (int i = 0; i < BOOK_PERSONS && jz_entry_next_id(entry) <= BOOK_PERSONS; i++) {
        const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
            [PERSON_BORN_ON] = jz_int(19500101 + i),
            [PERSON_SEX] = jz_int(1),
            [PERSON_CARE] = jz_int(0),
            [PERSON_SEALED] = jz_blob("sealed", 6),
        };
        jz_entry_add(entry, JZ_T_PERSON, values);
    }
    for (int n = 1 + (int)rnd(f->b, 40); n > 0 && f->left > 0; n--, f->left--)
        add_any(f->b, book_any_table(f->b), entry);
    return 0;
}

void book_fill(struct book *b, int facts)
{
    struct filling f = { b, facts };
    while (f.left > 0)
        submit(b, fill, &f);
}

int64_t book_person(int number)
{
    return number + 1;
}

static int add_receipt(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                       struct jz_error *error)
{
    (void)state;
    struct adding *a = context;
    struct jz_public_key key;
    struct jz_receipt receipt = {
        .number = (uint64_t)jz_entry_next_id(entry),
        .code = (uint64_t)jz_entry_next_id(entry),
        .person = 1,
        .observed_on = { 2026, 11, 20 },
        .recorded_at = jz_entry_now(entry),
        .due_on = { 2027, 11, 20 },
        .kind = jz_receipt_kind_number(JZ_EV_COUNTER),
        .schemes = 1,
        .region = 370000,
        .policy = 1,
        .leaf = (uint64_t)jz_entry_next_id(entry) - 1,
    };
    uint8_t payload[JZ_RECEIPT_BYTES];
    int r = jz_keyring_public(keyring, jz_keyring_versions(keyring, JZ_KEY_SIGN), &key, error);
    memcpy(receipt.installation, key.id, sizeof receipt.installation);
    if (r < 0 || (r = jz_receipt_encode(&receipt, payload, error)) < 0)
        return r;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [RECEIPT_PERSON] = jz_int(1),
        [RECEIPT_CERTIFICATION] = jz_int(1),
        [RECEIPT_CODE] = jz_int((int64_t)receipt.code),
        [RECEIPT_PAYLOAD] = jz_blob(payload, sizeof payload),
    };
    a->id = jz_entry_add(entry, JZ_T_RECEIPT, values);
    return 0;
}

int64_t book_receipt(struct book *b)
{
    struct adding a = { 0 };
    submit(b, add_receipt, &a);
    return a.id;
}

struct enrolling {
    int64_t person;
    struct wrapped key;
    uint8_t sealed[64 + JZ_SEAL_MAX_OVERHEAD];
    size_t size;
};

static int add_enrolment(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                         struct jz_error *error)
{
    (void)state, (void)error;
    const struct enrolling *e = context;
    const struct jz_sql_value key[JZ_MAX_COLUMNS] = {
        [SUBJECT_KEY_PERSON] = jz_int(e->person),
        [SUBJECT_KEY_WRAPPED] = jz_blob(e->key.bytes, e->key.size),
    };
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [ENROLMENT_PERSON] = jz_int(e->person),
        [ENROLMENT_MODELS] = jz_text("test@1"),
        [ENROLMENT_PHOTOS] = jz_int(1),
        [ENROLMENT_SEALED] = jz_blob(e->sealed, e->size),
        [ENROLMENT_DIGEST] = jz_blob("digest", 6),
        [ENROLMENT_BY] = jz_text("operator-7"),
    };
    jz_entry_put(entry, JZ_T_SUBJECT_KEY, key);
    jz_entry_add(entry, JZ_T_ENROLMENT, values);
    return 0;
}

struct wrapped book_enrol(struct book *b, int64_t person)
{
    static const char templates[64] = "templates";
    char text[48];
    const struct jz_bytes context = { text, (size_t)snprintf(text, sizeof text, "templates:%lld",
                                                             (long long)person) };
    struct enrolling e = { .person = person };
    WORKS(jz_subject_key_new(keyring, context, e.key.bytes, &e.key.size, &err));
    WORKS(jz_subject_seal(keyring, context, e.key.bytes, e.key.size, templates, sizeof templates,
                          e.sealed, &e.size, &err));
    submit(b, add_enrolment, &e);
    return e.key;
}

struct jz_audit_result book_verify(struct book *b, const struct jz_signed_root *witness)
{
    const struct jz_audit_options options = { .witness = witness };
    struct jz_audit_result result = { 0 };
    WORKS(jz_audit_verify(b->store, &options, &result, &err));
    return result;
}

/* ---- The other hand ---- */

/* Prepared statements are found by the address of their text, so every text gets its own. */
static const char *keep_text(const char *text)
{
    enum { MOST = 900 };
    static char *kept[MOST];
    static int count;
    for (int i = 0; i < count; i++)
        if (strcmp(kept[i], text) == 0)
            return kept[i];
    assert_true(count < MOST);
    kept[count] = strdup(text);
    return kept[count++];
}

void run_text(struct jz_sql *sql, const char *text, const struct jz_sql_value *values, size_t count)
{
    WORKS(jz_sql_begin(sql, &err));
    WORKS(jz_sql_run(sql, keep_text(text), values, count, &err));
    WORKS(jz_sql_commit(sql, &err));
}

int64_t ask(struct jz_sql *sql, const char *question)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    WORKS(jz_sql_query(sql, keep_text(question), NULL, 0, &rows, &err));
    return jz_sql_next(rows, &err) == 1 ? jz_sql_int(rows, 0) : 0;
}

struct jz_sql *book_raw(void)
{
    struct jz_sql *sql = NULL;
    WORKS(jz_sql_open(url, NULL, &sql, &err));
    for (enum jz_table t = JZ_T_POLICY; t < JZ_T_FACTS; t = jz_table_next_fact(t)) {
        const char *name = jz_table_info(t)->name;
        char script[256];
        if (jz_sql_dialect(sql) == JZ_SQLITE)
            snprintf(script, sizeof script,
                     "DROP TRIGGER IF EXISTS %s_no_UPDATE; DROP TRIGGER IF EXISTS %s_no_DELETE",
                     name, name);
        else
            snprintf(script, sizeof script, "ALTER TABLE %s DISABLE TRIGGER USER", name);
        WORKS(jz_sql_script(sql, script, &err));
    }
    return sql;
}

int64_t book_any(struct book *b, struct jz_sql *sql, enum jz_table table)
{
    char question[160];
    const char *name = jz_table_info(table)->name;
    snprintf(question, sizeof question, "SELECT count(*) FROM %s", name);
    const int64_t count = ask(sql, question);
    if (count == 0)
        return 0;
    const struct jz_sql_value skip = jz_int((int64_t)rnd(b, (unsigned long long)count));
    snprintf(question, sizeof question, "SELECT id FROM %s ORDER BY id LIMIT 1 OFFSET $1", name);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    WORKS(jz_sql_query(sql, keep_text(question), &skip, 1, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    return jz_sql_int(rows, 0);
}

struct forging {
    struct jz_sql *sql;
    struct jz_hasher *hasher;
    struct jz_head head;
    struct jz_fact_bytes bytes;
    bool with_nodes;
};

static void write_node(void *context, int level, uint64_t index,
                       const uint8_t hash[JZ_DIGEST_BYTES])
{
    struct forging *f = context;
    const struct jz_sql_value values[] = { jz_int(level), jz_int((int64_t)index),
                                           jz_blob(hash, JZ_DIGEST_BYTES) };
    if (f->with_nodes && level >= JZ_TREE_KEPT_LEVEL)
        WORKS(jz_sql_run(f->sql,
                         "INSERT INTO audit_node (level, position, hash) VALUES ($1, $2, $3)",
                         values, 3, &err));
}

/* The row of that number, if this table has it. */
static bool forge_row(struct forging *f, enum jz_table table, int64_t id)
{
    const struct jz_sql_value range[] = { jz_int(id), jz_int(id), jz_int(1) };
    struct jz_sql_value values[JZ_MAX_COLUMNS];
    uint8_t leaf[JZ_DIGEST_BYTES];
    struct jz_sql_rows *rows = NULL;
    WORKS(jz_sql_query(f->sql, jz_audit_select(table), range, 3, &rows, &err));
    const bool there = jz_sql_next(rows, &err) == 1;
    if (there) {
        jz_audit_row(rows, table, values);
        f->head.recorded_at = values[JZ_C_AT].integer;
        WORKS(jz_fact_encode(table, values, &f->bytes, &err));
    }
    jz_sql_done(rows);
    if (!there)
        return false;
    jz_tree_leaf(f->hasher, &(struct jz_bytes){ f->bytes.bytes, f->bytes.size }, 1, leaf);
    jz_fact_chain(f->hasher, f->head.chain, leaf);
    jz_tree_append(f->hasher, &f->head.tree, leaf, write_node, f);
    char text[128];
    const struct jz_sql_value mark[] = { jz_int(jz_fact_mark(f->head.chain)), jz_int(id) };
    snprintf(text, sizeof text, "UPDATE %s SET mark = $1 WHERE id = $2",
             jz_table_info(table)->name);
    WORKS(jz_sql_run(f->sql, keep_text(text), mark, 2, &err));
    return true;
}

void book_forge(struct book *b, struct jz_sql *sql, bool with_nodes)
{
    struct forging f = { .sql = sql, .with_nodes = with_nodes };
    WORKS(jz_hasher_new(jz_store_suite(b->store), &f.hasher, &err));
    WORKS(jz_sql_begin(sql, &err));
    if (with_nodes)
        WORKS(jz_sql_run(sql, "DELETE FROM audit_node", NULL, 0, &err));
    bool going_on = true;
    for (int64_t id = 1; going_on; id++) {
        going_on = false;
        for (enum jz_table t = JZ_T_POLICY; t < JZ_T_FACTS && !going_on; t = jz_table_next_fact(t))
            going_on = forge_row(&f, t, id);
    }
    WORKS(jz_head_save(sql, &f.head, &err));
    WORKS(jz_sql_commit(sql, &err));
    jz_hasher_free(f.hasher);
    free(f.bytes.bytes);
}
