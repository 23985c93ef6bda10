/*
 * Inclusion proofs: that one fact stands in the log whose root was signed. Any thread.
 */
#pragma once

#include "audit/root.h"
#include "store/fact.h"

struct jz_audit_proof {
    uint64_t index;            /* of the leaf, from 0 */
    struct jz_fact_bytes leaf; /* what was hashed; freed by jz_audit_proof_done */
    uint8_t path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES];
    int path_count;
    struct jz_audit_root root; /* the latest */
};

/*
 * The proof of fact `id` of that table in the latest signed root. JZ_E_NOT_FOUND: no such fact;
 * JZ_E_CONFLICT: no root signed yet covers it, jz_audit_root_sign makes one; JZ_E_INTEGRITY: what
 * the database holds does not lead to that root.
 */
int jz_audit_prove(struct jz_store *store, enum jz_table table, int64_t id,
                   struct jz_audit_proof *ret_proof, struct jz_error *err) JZ_MUST_CHECK;
void jz_audit_proof_done(struct jz_audit_proof *proof);
