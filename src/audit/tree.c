#include "audit/tree.h"

#include "audit/rows.h"

#include <string.h>

int jz_audit_tree_new(struct jz_sql *sql, enum jz_suite suite, struct jz_audit_tree **ret_tree,
                      struct jz_error *err)
{
    JZ_CLEANUP(jz_audit_tree_freep) struct jz_audit_tree *t = calloc(1, sizeof *t);
    if (!t)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    t->sql = sql;
    t->block = -1;
    const int r = jz_hasher_new(suite, &t->hasher, err);
    if (r < 0)
        return r;
    *ret_tree = JZ_TAKE(t);
    return 0;
}

void jz_audit_tree_free(struct jz_audit_tree *t)
{
    if (!t)
        return;
    jz_hasher_free(t->hasher);
    free(t->bytes.bytes);
    free(t);
}

static int missing(int64_t id, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_INTEGRITY, "fact %lld is missing; type: jianzai audit verify",
                        (long long)id);
}

static int load_table(struct jz_audit_tree *t, enum jz_table table, int64_t first,
                      struct jz_error *err)
{
    const struct jz_sql_value range[] = { jz_int(first), jz_int(first + JZ_AUDIT_BLOCK - 1),
                                          jz_int(JZ_AUDIT_BLOCK) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(t->sql, jz_audit_select(table), range, 3, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        struct jz_sql_value values[JZ_MAX_COLUMNS];
        jz_audit_row(rows, table, values);
        const int64_t at = values[JZ_C_ID].integer - first;
        if (t->there[at])
            return jz_error_set(err, JZ_E_INTEGRITY,
                                "two facts have the number %lld; type: jianzai audit verify",
                                (long long)values[JZ_C_ID].integer);
        if ((r = jz_fact_encode(table, values, &t->bytes, err)) < 0)
            return r;
        const struct jz_bytes part = { t->bytes.bytes, t->bytes.size };
        jz_tree_leaf(t->hasher, &part, 1, t->leaves[at]);
        t->there[at] = true;
    }
    return r;
}

static int load_block(struct jz_audit_tree *t, int64_t block, struct jz_error *err)
{
    if (t->block == block)
        return 0;
    t->block = -1;
    memset(t->there, 0, sizeof t->there);
    for (int table = JZ_T_POLICY; table < JZ_T_FACTS; table++) {
        if (!jz_table_is_fact((enum jz_table)table))
            continue;
        const int r = load_table(t, (enum jz_table)table, block * JZ_AUDIT_BLOCK + 1, err);
        if (r < 0)
            return r;
    }
    t->block = block;
    return 0;
}

static int kept_hash(struct jz_audit_tree *t, int level, uint64_t index,
                     uint8_t ret_hash[JZ_DIGEST_BYTES], struct jz_error *err)
{
    const struct jz_sql_value key[] = { jz_int(level), jz_int((int64_t)index) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(t->sql, "SELECT hash FROM audit_node WHERE level = $1 AND position = $2",
                         key, 2, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const struct jz_sql_value hash = r == 1 ? jz_sql_value(rows, 0) : JZ_NULL;
    if (hash.size != JZ_DIGEST_BYTES)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the kept hash %llu of level %d is missing; type: jianzai audit verify",
                            (unsigned long long)index, level);
    memcpy(ret_hash, hash.data, JZ_DIGEST_BYTES);
    return 0;
}

int jz_audit_tree_fetch(void *context, int level, uint64_t index, uint8_t ret_hash[JZ_DIGEST_BYTES],
                        struct jz_error *err)
{
    struct jz_audit_tree *t = context;
    if (level >= JZ_TREE_KEPT_LEVEL)
        return kept_hash(t, level, index, ret_hash, err);
    const uint64_t first = index << level;
    const int r = load_block(t, (int64_t)(first / JZ_AUDIT_BLOCK), err);
    if (r < 0)
        return r;
    uint8_t hashes[JZ_AUDIT_BLOCK / 2][JZ_DIGEST_BYTES];
    int count = 1 << level;
    for (int i = 0; i < count; i++) {
        const size_t at = first % JZ_AUDIT_BLOCK + (size_t)i;
        if (!t->there[at])
            return missing((int64_t)first + i + 1, err);
        memcpy(hashes[i], t->leaves[at], JZ_DIGEST_BYTES);
    }
    for (; count > 1; count /= 2)
        for (int i = 0; i < count / 2; i++)
            jz_tree_node(t->hasher, hashes[2 * i], hashes[2 * i + 1], hashes[i]);
    memcpy(ret_hash, hashes[0], JZ_DIGEST_BYTES);
    return 0;
}

int jz_audit_tree_root(struct jz_audit_tree *t, uint64_t size, uint8_t ret_root[JZ_DIGEST_BYTES],
                       struct jz_error *err)
{
    struct jz_tree frontier = { .size = size };
    if (size >> JZ_TREE_LEVELS != 0)
        return jz_error_set(err, JZ_E_USAGE, "no tree has %llu leaves", (unsigned long long)size);
    for (int level = 0; level < JZ_TREE_LEVELS; level++) {
        if (!(size >> level & 1))
            continue;
        const int r =
            jz_audit_tree_fetch(t, level, (size >> level) - 1, frontier.hashes[level], err);
        if (r < 0)
            return r;
    }
    jz_tree_root(t->hasher, &frontier, ret_root);
    return 0;
}
