#include "audit/prove.h"

#include "audit/rows.h"
#include "audit/tree.h"

static int read_leaf(struct jz_sql *sql, enum jz_table table, int64_t id,
                     struct jz_fact_bytes *leaf, struct jz_error *err)
{
    const struct jz_sql_value range[] = { jz_int(id), jz_int(id), jz_int(1) };
    struct jz_sql_value values[JZ_MAX_COLUMNS];
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, jz_audit_select(table), range, 3, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "%s has no fact %lld", jz_table_info(table)->name,
                            (long long)id);
    jz_audit_row(rows, table, values);
    return jz_fact_encode(table, values, leaf, err);
}

static int prove(struct jz_sql *sql, enum jz_suite suite, enum jz_table table, int64_t id,
                 struct jz_audit_proof *p, struct jz_error *err)
{
    JZ_CLEANUP(jz_audit_tree_freep) struct jz_audit_tree *tree = NULL;
    uint8_t leaf[JZ_DIGEST_BYTES];
    int r = read_leaf(sql, table, id, &p->leaf, err);
    if (r < 0)
        return r;
    p->index = (uint64_t)id - 1;
    r = jz_audit_root_latest(sql, suite, &p->root, err);
    if (r == JZ_E_NOT_FOUND || (r == 0 && p->root.signed_root.size <= p->index))
        return jz_error_set(err, JZ_E_CONFLICT,
                            "no signed root covers it yet; type: jianzai audit root");
    if (r < 0 || (r = jz_audit_tree_new(sql, suite, &tree, err)) < 0 ||
        (r = jz_tree_path(tree->hasher, p->index, p->root.signed_root.size, jz_audit_tree_fetch,
                          tree, p->path, &p->path_count, err)) < 0)
        return r;
    /* Nobody is handed a proof that proves nothing. */
    const struct jz_bytes part = { p->leaf.bytes, p->leaf.size };
    jz_tree_leaf(tree->hasher, &part, 1, leaf);
    r = jz_tree_verify_path(tree->hasher, leaf, p->index, p->root.signed_root.size, p->path,
                            p->path_count, p->root.signed_root.root, err);
    if (r < 0)
        jz_error_prefix(err,
                        "the facts no longer give the signed root; type: jianzai audit verify");
    return r;
}

int jz_audit_prove(struct jz_store *store, enum jz_table table, int64_t id,
                   struct jz_audit_proof *ret_proof, struct jz_error *err)
{
    JZ_CLEANUP(jz_audit_proof_done) struct jz_audit_proof proof = { 0 };
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        r = prove(sql, jz_store_suite(store), table, id, &proof, err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_proof = proof;
    proof.leaf = (struct jz_fact_bytes){ 0 };
    return 0;
}

void jz_audit_proof_done(struct jz_audit_proof *proof)
{
    free(proof->leaf.bytes);
    proof->leaf = (struct jz_fact_bytes){ 0 };
}
