/*
 * audit_head and audit_node: chain and tree grown anew from all facts. The marks in the rows say
 * whether these are the facts that were recorded; if not, what was kept beside them is evidence of
 * what was done and stays as it is.
 */
#include "audit/rows.h"
#include "base/hex.h"
#include "ledger/rebuild_internal.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 4096, BLOCK_NODES = BLOCK / 128 };

struct node {
    int level;
    int64_t position;
    uint8_t hash[JZ_DIGEST_BYTES];
};

struct walking {
    struct rebuilding *b;
    struct jz_hasher *hasher;
    struct jz_fact_bytes bytes;
    struct jz_head head; /* grown so far */
    struct node nodes[BLOCK_NODES + JZ_TREE_LEVELS];
    size_t node_count;
    struct node *wrong; /* to be kept */
    size_t wrong_count, wrong_room;
    bool head_is_wrong, has_extra;

    bool there[BLOCK];
    int64_t recorded_at[BLOCK], marks[BLOCK];
    uint8_t leaves[BLOCK][JZ_DIGEST_BYTES];
};

static int not_recorded(int64_t id, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_INTEGRITY,
                        "fact %lld is missing or not the one that was recorded; nothing of the "
                        "audit is rebuilt; type: jianzai audit verify",
                        (long long)id);
}

static int read_table(struct walking *w, enum jz_table table, int64_t first, struct jz_error *err)
{
    const struct jz_sql_value range[] = { jz_int(first), jz_int(first + BLOCK - 1), jz_int(BLOCK) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(w->b->sql, jz_audit_select(table), range, 3, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        struct jz_sql_value values[JZ_MAX_COLUMNS];
        jz_audit_row(rows, table, values);
        const size_t at = (size_t)(values[JZ_C_ID].integer - first);
        if (w->there[at])
            return not_recorded(values[JZ_C_ID].integer, err);
        if ((r = jz_fact_encode(table, values, &w->bytes, err)) < 0)
            return r;
        const struct jz_bytes part = { w->bytes.bytes, w->bytes.size };
        jz_tree_leaf(w->hasher, &part, 1, w->leaves[at]);
        w->recorded_at[at] = values[JZ_C_AT].integer;
        w->marks[at] = values[jz_table_columns(table) - 1].integer;
        w->there[at] = true;
    }
    return r;
}

static void keep_node(void *context, int level, uint64_t index, const uint8_t hash[JZ_DIGEST_BYTES])
{
    struct walking *w = context;
    if (level < JZ_TREE_KEPT_LEVEL)
        return;
    struct node *n = &w->nodes[w->node_count++];
    n->level = level;
    n->position = (int64_t)index;
    memcpy(n->hash, hash, JZ_DIGEST_BYTES);
}

static void say_hash(const struct jz_sql_value *hash, char ret_text[JZ_REBUILD_TEXT_BYTES])
{
    if (hash->type == JZ_SQL_NULL || hash->size == 0)
        strcpy(ret_text, "-");
    else
        jz_hex_write(hash->data, hash->size < 32 ? hash->size : 32, ret_text);
}

static int remember(struct walking *w, const struct node *node, struct jz_error *err)
{
    if (w->wrong_count == w->wrong_room) {
        const size_t room = w->wrong_room ? 2 * w->wrong_room : 64;
        struct node *grown = realloc(w->wrong, room * sizeof *grown);
        if (!grown)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        w->wrong = grown;
        w->wrong_room = room;
    }
    w->wrong[w->wrong_count++] = *node;
    return 0;
}

static int check_node(struct walking *w, const struct node *node, struct jz_error *err)
{
    const struct jz_sql_value key[] = { jz_int(node->level), jz_int(node->position) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r =
        jz_sql_query(w->b->sql, "SELECT hash FROM audit_node WHERE level = $1 AND position = $2",
                     key, 2, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const struct jz_sql_value found = r == 1 ? jz_sql_value(rows, 0) : JZ_NULL;
    const struct jz_sql_value wanted = jz_blob(node->hash, JZ_DIGEST_BYTES);
    w->b->result->parts[w->b->part].rows++;
    if (found.size == JZ_DIGEST_BYTES && memcmp(found.data, node->hash, JZ_DIGEST_BYTES) == 0)
        return 0;
    struct jz_rebuild_difference d = { .table = "audit_node", .column = r == 1 ? "hash" : "row" };
    snprintf(d.key, sizeof d.key, "level %d position %lld", node->level, (long long)node->position);
    say_hash(&found, d.found);
    say_hash(&wanted, d.wanted);
    rebuild_report(w->b, &d);
    return remember(w, node, err);
}

static int walk_block(struct walking *w, int64_t first, int64_t last, struct jz_error *err)
{
    int r = 0;
    memset(w->there, 0, sizeof w->there);
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS && r >= 0; t++)
        if (jz_table_is_fact((enum jz_table)t))
            r = read_table(w, (enum jz_table)t, first, err);
    for (int64_t id = first; id <= last && id < first + BLOCK && r >= 0; id++) {
        const size_t at = (size_t)(id - first);
        if (!w->there[at])
            return not_recorded(id, err);
        jz_fact_chain(w->hasher, w->head.chain, w->leaves[at]);
        if (jz_fact_mark(w->head.chain) != w->marks[at])
            return not_recorded(id, err);
        jz_tree_append(w->hasher, &w->head.tree, w->leaves[at], keep_node, w);
        w->head.recorded_at = w->recorded_at[at];
    }
    for (size_t i = 0; i < w->node_count && r >= 0; i++)
        r = check_node(w, &w->nodes[i], err);
    w->node_count = 0;
    return r;
}

/* ---- The head ---- */

static void report_head(struct walking *w, const char *column, const struct jz_sql_value *found,
                        const struct jz_sql_value *wanted)
{
    struct jz_rebuild_difference d = { .table = "audit_head", .key = "row 1", .column = column };
    const struct jz_sql_value *values[] = { found, wanted };
    char *texts[] = { d.found, d.wanted };
    for (int i = 0; i < 2; i++)
        if (values[i]->type == JZ_SQL_INT)
            snprintf(texts[i], JZ_REBUILD_TEXT_BYTES, "%lld", (long long)values[i]->integer);
        else
            say_hash(values[i], texts[i]);
    rebuild_report(w->b, &d);
    w->head_is_wrong = true;
}

static bool is_same(const struct jz_sql_value *a, const struct jz_sql_value *b)
{
    return a->type == b->type && a->integer == b->integer && a->size == b->size &&
           (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

enum { HEAD_VALUES = 4 };

static void head_values(const struct jz_head *head, uint8_t packed[JZ_TREE_PACKED_BYTES],
                        struct jz_sql_value ret_values[HEAD_VALUES])
{
    const size_t size = jz_tree_pack(&head->tree, packed);
    ret_values[0] = jz_int((int64_t)head->tree.size);
    ret_values[1] = jz_int(head->recorded_at);
    ret_values[2] = jz_blob(head->chain, sizeof head->chain);
    ret_values[3] = jz_blob(packed, size);
}

static int check_head(struct walking *w, struct jz_error *err)
{
    static const char *const columns[HEAD_VALUES] = { "size", "recorded_at", "chain", "tree" };
    uint8_t packed[JZ_TREE_PACKED_BYTES];
    struct jz_sql_value wanted[HEAD_VALUES];
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    head_values(&w->head, packed, wanted);
    int r = jz_sql_query(w->b->sql,
                         "SELECT size, recorded_at, chain, tree FROM audit_head WHERE id = 1", NULL,
                         0, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    w->b->result->parts[w->b->part].rows++;
    if (r == 0) {
        report_head(w, "row", &JZ_NULL, &wanted[0]);
        return 0;
    }
    for (int i = 0; i < HEAD_VALUES; i++) {
        const struct jz_sql_value found = jz_sql_value(rows, i);
        if (!is_same(&found, &wanted[i]))
            report_head(w, columns[i], &found, &wanted[i]);
    }
    return 0;
}

/* Kept hashes that no tree of this size has. */
#define EXTRA_NODES "level < 8 OR level > 47 OR position < 0 OR position >= ($1 >> level)"

static int find_extra_nodes(struct walking *w, struct jz_error *err)
{
    const struct jz_sql_value size = jz_int((int64_t)w->head.tree.size);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r =
        jz_sql_query(w->b->sql, "SELECT level, position, hash FROM audit_node WHERE " EXTRA_NODES,
                     &size, 1, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value hash = jz_sql_value(rows, 2);
        struct jz_rebuild_difference d = { .table = "audit_node", .column = "row", .wanted = "-" };
        snprintf(d.key, sizeof d.key, "level %lld position %lld", (long long)jz_sql_int(rows, 0),
                 (long long)jz_sql_int(rows, 1));
        say_hash(&hash, d.found);
        rebuild_report(w->b, &d);
        w->has_extra = true;
    }
    return r;
}

/* ---- Repair: past the writer, which stands on what is wrong ---- */

static int write_all(struct walking *w, struct jz_sql *sql, struct jz_error *err)
{
    uint8_t packed[JZ_TREE_PACKED_BYTES];
    struct jz_sql_value head[HEAD_VALUES];
    const struct jz_sql_value size = jz_int((int64_t)w->head.tree.size);
    head_values(&w->head, packed, head);
    int64_t last = 0;
    int r;
    if ((r = jz_sql_begin(sql, err)) < 0)
        return r;
    /* A writer takes its number from the head: with the row locked none can come between. */
    if ((r = jz_sql_run(sql,
                        "INSERT INTO audit_head (id, size, recorded_at, chain, tree) VALUES "
                        "(1, $1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET size = excluded.size, "
                        "recorded_at = excluded.recorded_at, chain = excluded.chain, "
                        "tree = excluded.tree",
                        head, HEAD_VALUES, err)) < 0 ||
        (r = rebuild_last_fact(sql, &last, err)) < 0)
        return r;
    if ((uint64_t)last != w->head.tree.size)
        return jz_error_set(err, JZ_E_BUSY, "facts were added meanwhile: type it again");
    if ((r = jz_sql_run(sql, "DELETE FROM audit_node WHERE " EXTRA_NODES, &size, 1, err)) < 0)
        return r;
    for (size_t i = 0; i < w->wrong_count && r >= 0; i++) {
        const struct jz_sql_value node[] = { jz_int(w->wrong[i].level),
                                             jz_int(w->wrong[i].position),
                                             jz_blob(w->wrong[i].hash, JZ_DIGEST_BYTES) };
        r = jz_sql_run(sql,
                       "INSERT INTO audit_node (level, position, hash) VALUES ($1, $2, $3) "
                       "ON CONFLICT (level, position) DO UPDATE SET hash = excluded.hash",
                       node, 3, err);
    }
    return r < 0 ? r : jz_sql_commit(sql, err);
}

static int repair(struct walking *w, struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    if (w->b->options->check || (w->wrong_count == 0 && !w->head_is_wrong && !w->has_extra))
        return 0;
    const int r = jz_sql_open(jz_store_url(w->b->store), &options, &sql, err);
    return r < 0 ? r : write_all(w, sql, err);
}

static int walk(struct walking *w, struct jz_error *err)
{
    int64_t last = 0;
    int r;
    if ((r = jz_hasher_new(jz_store_suite(w->b->store), &w->hasher, err)) < 0 ||
        (r = rebuild_last_fact(w->b->sql, &last, err)) < 0)
        return r;
    for (int64_t first = 1; first <= last; first += BLOCK) {
        if ((r = walk_block(w, first, last, err)) < 0)
            return r;
        rebuild_progress(w->b, first, last);
    }
    if ((r = check_head(w, err)) < 0 || (r = find_extra_nodes(w, err)) < 0)
        return r;
    return repair(w, err);
}

int rebuild_audit(struct rebuilding *b, struct jz_error *err)
{
    jz_autofree struct walking *w = calloc(1, sizeof *w);
    if (!w)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->b = b;
    const int r = walk(w, err);
    jz_hasher_free(w->hasher);
    free(w->bytes.bytes);
    free(w->wrong);
    return r;
}
