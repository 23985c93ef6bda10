/*
 * The Merkle tree as the database has it now: large subtrees from audit_node, small ones made from
 * the rows themselves. One thread at a time; reads inside whatever transaction is open.
 */
#pragma once

#include "store/fact.h"

#define JZ_AUDIT_BLOCK (1 << JZ_TREE_KEPT_LEVEL) /* leaves below one kept hash */

struct jz_audit_tree {
    struct jz_sql *sql; /* borrowed */
    struct jz_hasher *hasher;
    struct jz_fact_bytes bytes;
    int64_t block; /* whose leaves are here; -1: none */
    bool there[JZ_AUDIT_BLOCK];
    uint8_t leaves[JZ_AUDIT_BLOCK][JZ_DIGEST_BYTES];
};

int jz_audit_tree_new(struct jz_sql *sql, enum jz_suite suite, struct jz_audit_tree **ret_tree,
                      struct jz_error *err) JZ_MUST_CHECK;
void jz_audit_tree_free(struct jz_audit_tree *tree);

/* A jz_tree_fetch_fn; its context is the tree. JZ_E_INTEGRITY: a row or a kept hash is missing. */
int jz_audit_tree_fetch(void *context, int level, uint64_t index, uint8_t ret_hash[JZ_DIGEST_BYTES],
                        struct jz_error *err);

/* The root of the tree of the first `size` facts. */
int jz_audit_tree_root(struct jz_audit_tree *tree, uint64_t size, uint8_t ret_root[JZ_DIGEST_BYTES],
                       struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_audit_tree_freep(struct jz_audit_tree **t)
{
    jz_audit_tree_free(*t);
}
