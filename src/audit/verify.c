/* The thread that reads, and what is said in the end. */
#include "audit/rows.h"
#include "audit/shred.h"
#include "audit/verify_internal.h"

#include <string.h>

enum { PAGE_ROWS = 4096 };

/* One fact table, read in pages in the order of its ids. */
struct cursor {
    enum jz_table table;
    struct jz_sql_rows *rows;
    int64_t id; /* of the current row */
    int in_page;
};

struct walk {
    struct jz_store *store;
    struct jz_sql *sql;
    const struct jz_audit_options *options;
    struct cursor cursors[JZ_T_FACTS]; /* those that have a row, in any order */
    int cursor_count;
    struct hashing *hashing;
    struct nodes *nodes;
    uint64_t filled, checked; /* batches */
    bool has_head;
    struct jz_head head;
    int64_t want; /* number that comes next */
    struct jz_fact_bytes bytes;
    struct jz_audit_result found;       /* by the reader, behind all rows read */
    struct jz_audit_result node_result; /* kept hashes are compared up to the last row hashed */
};

static void walk_done(struct walk *w)
{
    for (int i = 0; i < w->cursor_count; i++)
        jz_sql_done(w->cursors[i].rows);
    jz_audit_hashing_free(w->hashing);
    jz_audit_nodes_free(w->nodes);
    free(w->bytes.bytes);
}

/* ---- Rows in the order of their numbers ---- */

static int open_page(struct walk *w, struct cursor *c, int64_t from, struct jz_error *err)
{
    const struct jz_sql_value range[] = { jz_int(from), jz_int(INT64_MAX), jz_int(PAGE_ROWS) };
    c->in_page = 0;
    return jz_sql_query(w->sql, jz_audit_select(c->table), range, 3, &c->rows, err);
}

/* 1 and the next row is current, 0 at the end. */
static int advance(struct walk *w, struct cursor *c, struct jz_error *err)
{
    int r = jz_sql_next(c->rows, err);
    if (r == 0 && c->in_page == PAGE_ROWS && c->id < INT64_MAX) {
        jz_sql_done(c->rows);
        c->rows = NULL;
        if ((r = open_page(w, c, c->id + 1, err)) == 0)
            r = jz_sql_next(c->rows, err);
    }
    if (r == 1) {
        c->id = jz_sql_int(c->rows, JZ_C_ID);
        c->in_page++;
    }
    return r;
}

static int open_cursors(struct walk *w, struct jz_error *err)
{
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS; t++) {
        if (!jz_table_is_fact((enum jz_table)t))
            continue;
        struct cursor *c = &w->cursors[w->cursor_count];
        *c = (struct cursor){ .table = (enum jz_table)t };
        int r = open_page(w, c, INT64_MIN, err);
        if (r < 0)
            return r;
        w->cursor_count++;
        if ((r = advance(w, c, err)) < 0) {
            jz_error_prefix(err, "%s", jz_table_info(c->table)->name);
            return r;
        }
        if (r == 0) {
            jz_sql_done(c->rows);
            w->cursor_count--;
        }
    }
    return 0;
}

static struct cursor *lowest(struct walk *w)
{
    struct cursor *best = &w->cursors[0];
    for (int i = 1; i < w->cursor_count; i++)
        if (w->cursors[i].id < best->id ||
            (w->cursors[i].id == best->id && w->cursors[i].table < best->table))
            best = &w->cursors[i];
    return best;
}

static int leave(struct walk *w, struct cursor *c, struct jz_error *err)
{
    const int r = advance(w, c, err);
    if (r < 0) {
        jz_error_prefix(err, "%s behind fact %lld", jz_table_info(c->table)->name,
                        (long long)c->id);
        return r;
    }
    if (r == 0) {
        jz_sql_done(c->rows);
        *c = w->cursors[--w->cursor_count];
    }
    return 0;
}

/* ---- Batches ---- */

/* Compares the kept hashes of the oldest batch; false: reading can stop. */
static int reclaim(struct walk *w, bool *ret_going_on, struct jz_error *err)
{
    const bool going_on = jz_audit_hashing_wait(w->hashing, w->checked);
    const struct batch *b = &w->hashing->batches[w->checked++ % BATCHES];
    for (size_t i = 0; i < b->node_count && w->node_result.finding == JZ_AUDIT_SOUND; i++) {
        const int r = jz_audit_nodes_check(w->nodes, &b->nodes[i], &w->node_result, err);
        if (r < 0)
            return r;
        w->node_result.nodes++;
    }
    *ret_going_on = going_on && w->node_result.finding == JZ_AUDIT_SOUND;
    return 0;
}

/* The batch being filled. It is handed over only when the next row is known to be no twin. */
static struct batch *current(struct walk *w)
{
    return &w->hashing->batches[w->filled % BATCHES];
}

static bool is_full(const struct batch *b)
{
    return b->count >= BATCH_ROWS || b->used >= BATCH_BYTES;
}

static int hand_over(struct walk *w, bool *ret_going_on, struct jz_error *err)
{
    jz_audit_hashing_post(w->hashing);
    w->filled++;
    *ret_going_on = true;
    int r = 0;
    if (w->filled - w->checked == BATCHES)
        r = reclaim(w, ret_going_on, err);
    current(w)->count = current(w)->used = 0;
    if (w->options && w->options->on_progress)
        w->options->on_progress(w->options->context, (uint64_t)w->want - 1, w->head.tree.size);
    return r;
}

static int reserve(struct batch *b, size_t size, struct jz_error *err)
{
    if (b->room - b->used >= size)
        return 0;
    const size_t room = 2 * b->room + size + (1u << 20);
    uint8_t *bytes = realloc(b->bytes, room);
    if (!bytes)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    b->bytes = bytes;
    b->room = room;
    return 0;
}

static void find(struct walk *w, enum jz_audit_finding finding, enum jz_table table, int64_t id,
                 int64_t person)
{
    w->found.finding = finding;
    w->found.table = table;
    w->found.id = id;
    w->found.person = person;
}

/* A policy that nobody can read would leave people without a rule. */
static void check_policy(struct walk *w, const struct jz_sql_value values[JZ_MAX_COLUMNS])
{
    struct jz_error err;
    JZ_CLEANUP(jz_policy_freep) struct jz_policy *policy = NULL;
    const struct jz_sql_value text = values[POLICY_TEXT];
    if (!text.data ||
        jz_policy_parse("policy", text.data, text.size, NULL, NULL, &policy, &err) < 0)
        find(w, JZ_AUDIT_POLICY, JZ_T_POLICY, values[JZ_C_ID].integer, 0);
}

static int take_row(struct walk *w, const struct cursor *c, struct jz_error *err)
{
    struct batch *b = current(w);
    struct jz_sql_value values[JZ_MAX_COLUMNS];
    jz_audit_row(c->rows, c->table, values);
    int r = jz_fact_encode(c->table, values, &w->bytes, err);
    if (r == JZ_E_LIMIT) {
        /* The writer refuses such a row, so it is another one. */
        find(w, JZ_AUDIT_CHANGED, c->table, c->id, jz_audit_row_person(c->table, values));
        return 0;
    }
    if (r < 0 || (r = reserve(b, w->bytes.size, err)) < 0)
        return r;
    b->rows[b->count++] = (struct row){
        .table = c->table,
        .id = values[JZ_C_ID].integer,
        .at = values[JZ_C_AT].integer,
        .mark = values[jz_table_columns(c->table) - 1].integer,
        .person = jz_audit_row_person(c->table, values),
        .offset = b->used,
        .size = w->bytes.size,
    };
    memcpy(b->bytes + b->used, w->bytes.bytes, w->bytes.size);
    b->used += w->bytes.size;
    if (c->table == JZ_T_POLICY)
        check_policy(w, values);
    return 0;
}

/* ---- The walk ---- */

/* Leaves a finding when the row cannot be the next one. */
static void check_number(struct walk *w, const struct cursor *c)
{
    struct jz_sql_value values[JZ_MAX_COLUMNS];
    if (c->id == w->want && (!w->has_head || (uint64_t)c->id <= w->head.tree.size))
        return;
    jz_audit_row(c->rows, c->table, values);
    if (c->id > w->want && (!w->has_head || (uint64_t)w->want <= w->head.tree.size)) {
        find(w, JZ_AUDIT_MISSING, 0, w->want, 0);
        w->found.first = w->want;
        w->found.last = c->id - 1;
        return;
    }
    find(w, JZ_AUDIT_INSERTED, c->table, c->id, jz_audit_row_person(c->table, values));
}

static int walk(struct walk *w, struct jz_error *err)
{
    bool going_on = true;
    int r = open_cursors(w, err);
    while (r >= 0 && going_on && w->cursor_count > 0 && w->found.finding == JZ_AUDIT_SOUND) {
        struct cursor *c = lowest(w);
        if (c->id == w->want - 1 && c->id > 0)
            return take_row(w, c, err); /* a twin, which the hashing thread judges */
        if (is_full(current(w)) && (r = hand_over(w, &going_on, err)) < 0)
            return r;
        check_number(w, c);
        if (!going_on || w->found.finding != JZ_AUDIT_SOUND)
            return 0;
        if ((r = take_row(w, c, err)) < 0)
            return r;
        w->want++;
        r = leave(w, c, err);
    }
    return r;
}

/* Hashes what was read and compares the last kept hashes, whatever ended the walk. */
static int finish(struct walk *w, struct jz_error *err)
{
    bool ignored;
    jz_audit_hashing_post(w->hashing);
    w->filled++;
    jz_audit_hashing_finish(w->hashing);
    while (w->checked < w->filled) {
        const int r = reclaim(w, &ignored, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Where the facts end, everything has to agree. */
static void check_end(struct walk *w, struct jz_audit_result *result)
{
    const struct hashing *h = w->hashing;
    uint8_t packed[2][JZ_TREE_PACKED_BYTES];
    if (w->has_head && (uint64_t)w->want - 1 < w->head.tree.size) {
        result->finding = JZ_AUDIT_MISSING;
        result->id = result->first = w->want;
        result->last = (int64_t)w->head.tree.size;
        return;
    }
    const size_t sizes[2] = { jz_tree_pack(&h->tree, packed[0]),
                              jz_tree_pack(&w->head.tree, packed[1]) };
    if (w->has_head && memcmp(h->chain, w->head.chain, sizeof h->chain) == 0 &&
        sizes[0] == sizes[1] && memcmp(packed[0], packed[1], sizes[0]) == 0 &&
        w->head.recorded_at >= h->last_at)
        return;
    result->finding = JZ_AUDIT_HEAD;
    result->table = JZ_T_AUDIT_HEAD;
    result->id = 1;
}

static void check_witness(struct walk *w, struct jz_audit_result *result)
{
    const struct roots *r = &w->hashing->roots;
    const struct root_check *c = r->count > 0 ? &r->list[r->count - 1] : NULL;
    if (!c || !c->is_witness)
        return;
    if (c->computed && memcmp(c->hash, c->root.signed_root.root, sizeof c->hash) == 0)
        return;
    result->finding = JZ_AUDIT_WITNESS;
    result->first = 1;
    result->last = (int64_t)c->root.signed_root.size;
}

static bool is_good_shred(struct walk *w, const struct jz_sql_value values[JZ_MAX_COLUMNS],
                          int *ret_error, struct jz_error *err)
{
    struct jz_shred shred, gathered;
    struct jz_public_key key;
    struct jz_error ignored;
    int64_t latest;
    if (jz_shred_read(values, &shred, &ignored) < 0)
        return false;
    *ret_error = jz_shred_gather(w->sql, jz_store_suite(w->store), shred.person, shred.fact,
                                 &gathered, &latest, err);
    if (*ret_error < 0)
        return true;
    memcpy(shred.templates, gathered.templates, sizeof shred.templates);
    return gathered.enrolments == shred.enrolments &&
           jz_audit_key(w->hashing->keyring, shred.key, &key, &ignored) == 0 &&
           jz_shred_verify(&key, &shred, &ignored) == 0;
}

static int check_shreds(struct walk *w, struct jz_audit_result *result, struct jz_error *err)
{
    struct cursor c = { .table = JZ_T_SHRED };
    int r = open_page(w, &c, INT64_MIN, err), e = 0;
    while (r >= 0 && e >= 0 && result->finding == JZ_AUDIT_SOUND &&
           (r = advance(w, &c, err)) == 1) {
        struct jz_sql_value values[JZ_MAX_COLUMNS];
        jz_audit_row(c.rows, c.table, values);
        if (is_good_shred(w, values, &e, err))
            continue;
        result->finding = JZ_AUDIT_SHRED;
        result->table = JZ_T_SHRED;
        result->id = c.id;
        result->person = values[SHRED_PERSON].integer;
    }
    jz_sql_done(c.rows);
    return r < 0 ? r : e;
}

/* A missing fact is still listed among those of its person, which tells its table. */
static int trace_missing(struct walk *w, struct jz_audit_result *result, struct jz_error *err)
{
    const struct jz_sql_value id = jz_int(result->id);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(w->sql, "SELECT person, kind FROM person_fact WHERE fact = $1 LIMIT 1",
                         &id, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const int64_t table = r == 1 ? jz_sql_int(rows, 1) : 0;
    if (jz_table_is_fact((enum jz_table)table)) {
        result->table = (enum jz_table)table;
        result->person = jz_sql_int(rows, 0);
    }
    return 0;
}

/* The first of what reader, hasher and kept hashes found, in the order of the walk. */
static int conclude(struct walk *w, int walked, struct jz_audit_result *result,
                    struct jz_error *err)
{
    const struct hashing *h = w->hashing;
    int r = walked;
    *result = h->result;
    result->facts = h->tree.size;
    result->nodes = w->node_result.nodes;
    if (w->node_result.finding != JZ_AUDIT_SOUND) {
        const uint64_t roots = result->roots;
        *result = w->node_result;
        result->facts = h->tree.size;
        result->roots = roots;
        return 0;
    }
    if (result->finding != JZ_AUDIT_SOUND)
        return 0;
    if (h->is_pending) {
        const bool mark_only = w->has_head && (uint64_t)h->pending.id == w->head.tree.size &&
                               memcmp(h->chain, w->head.chain, sizeof h->chain) == 0;
        result->finding = mark_only ? JZ_AUDIT_MARK : JZ_AUDIT_CHANGED;
        result->table = h->pending.table;
        result->id = h->pending.id;
        result->person = h->pending.person;
        return 0;
    }
    if (r < 0)
        return r;
    if (w->found.finding != JZ_AUDIT_SOUND) {
        result->finding = w->found.finding;
        result->table = w->found.table;
        result->id = w->found.id;
        result->person = w->found.person;
        result->first = w->found.first;
        result->last = w->found.last;
    } else {
        check_end(w, result);
        if (result->finding == JZ_AUDIT_SOUND &&
            (r = jz_audit_nodes_end(w->nodes, result, err)) < 0)
            return r;
        if (result->finding == JZ_AUDIT_SOUND)
            check_witness(w, result);
        if (result->finding == JZ_AUDIT_SOUND && (r = check_shreds(w, result, err)) < 0)
            return r;
    }
    if (result->finding == JZ_AUDIT_MISSING)
        r = trace_missing(w, result, err);
    jz_tree_root(h->hasher, &h->tree, result->root);
    return r < 0 ? r : 0;
}

/* ---- Roots ---- */

static int by_size(const void *a, const void *b)
{
    const struct root_check *x = *(struct root_check *const *)a,
                            *y = *(struct root_check *const *)b;
    const uint64_t s = x->root.signed_root.size, t = y->root.signed_root.size;
    return (s > t) - (s < t);
}

static int add_root(struct roots *roots, const struct root_check *check, struct jz_error *err)
{
    if (roots->count > JZ_AUDIT_ROOTS_MAX)
        return jz_error_set(err, JZ_E_LIMIT, "more than %d signed roots", JZ_AUDIT_ROOTS_MAX);
    if (roots->count == roots->room) {
        const size_t room = roots->room ? 2 * roots->room : 64;
        struct root_check *list = realloc(roots->list, room * sizeof *list);
        if (!list)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        roots->list = list;
        roots->room = room;
    }
    roots->list[roots->count++] = *check;
    return 0;
}

static int load_roots(struct walk *w, struct jz_error *err)
{
    struct roots *roots = &w->hashing->roots;
    struct cursor c = { .table = JZ_T_ROOT };
    int r = open_page(w, &c, INT64_MIN, err);
    while (r >= 0 && (r = advance(w, &c, err)) == 1) {
        struct jz_sql_value values[JZ_MAX_COLUMNS];
        struct jz_error ignored;
        struct root_check check = { 0 };
        jz_audit_row(c.rows, c.table, values);
        if (jz_audit_root_read(values, jz_store_suite(w->store), &check.root, &ignored) < 0)
            check.root = (struct jz_audit_root){ .fact = c.id, .signed_root.size = UINT64_MAX };
        if ((r = add_root(roots, &check, err)) < 0)
            break;
    }
    jz_sql_done(c.rows);
    const struct jz_signed_root *witness = w->options ? w->options->witness : NULL;
    if (r >= 0 && witness) {
        const struct root_check check = { .root = { 0, *witness }, .is_witness = true };
        r = add_root(roots, &check, err);
    }
    if (r < 0)
        return r;
    roots->by_size = calloc(roots->count + 1, sizeof(struct root_check *));
    if (!roots->by_size)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t i = 0; i < roots->count; i++)
        roots->by_size[i] = &roots->list[i];
    qsort(roots->by_size, roots->count, sizeof(struct root_check *), by_size);
    return 0;
}

/* A head that cannot be read is a finding, told when all facts before it were found good. */
static int load_head(struct walk *w, struct jz_error *err)
{
    const int r = jz_head_load(w->sql, false, &w->head, err);
    w->has_head = r == 0;
    return r == JZ_E_INTEGRITY ? 0 : r;
}

static int verify(struct walk *w, struct jz_audit_result *result, struct jz_error *err)
{
    int r;
    if ((r = load_head(w, err)) < 0 || (r = jz_audit_nodes_new(w->sql, &w->nodes, err)) < 0 ||
        (r = jz_audit_hashing_new(w->store, &w->hashing, err)) < 0 ||
        (r = load_roots(w, err)) < 0 || (r = jz_audit_hashing_start(w->hashing, err)) < 0)
        return r;
    struct jz_error unfinished;
    const int walked = walk(w, err);
    if ((r = finish(w, walked < 0 ? &unfinished : err)) < 0)
        return walked < 0 ? walked : r;
    return conclude(w, walked, result, err);
}

int jz_audit_verify(struct jz_store *store, const struct jz_audit_options *options,
                    struct jz_audit_result *ret_result, struct jz_error *err)
{
    jz_autofree struct walk *w = calloc(1, sizeof *w);
    struct jz_audit_result result = { 0 };
    if (!w)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->store = store;
    w->options = options;
    w->want = 1;
    int r = jz_store_reader(store, &w->sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(w->sql, err)) == 0) {
        r = verify(w, &result, err);
        walk_done(w);
        jz_sql_rollback(w->sql);
    }
    jz_store_return(store, w->sql);
    if (r < 0)
        return r;
    *ret_result = result;
    return 0;
}
