/* A fact as bytes: what is hashed, signed for and shown to an outsider. Any thread. */
#pragma once

#include "crypto/tree.h"
#include "store/table.h"

#define JZ_FACT_MAX_BYTES (3u << 20) /* the largest have a file in them */

/* Growing bytes, reused between facts; release with free(bytes). */
struct jz_fact_bytes {
    uint8_t *bytes;
    size_t size, room;
};

/*
 * The table's number (1 byte), then for every column but the mark: 0 for NULL; 1 and 8 bytes, big
 * endian, for an integer; 2 (text) or 3 (blob), a length of 4 bytes and the bytes. No two facts
 * have the same bytes, because the id is in them.
 */
int jz_fact_encode(enum jz_table table, const struct jz_sql_value values[JZ_MAX_COLUMNS],
                   struct jz_fact_bytes *bytes, struct jz_error *err) JZ_MUST_CHECK;

/* The chain: H(value so far || leaf); it begins with 32 zero bytes. */
void jz_fact_chain(struct jz_hasher *hasher, uint8_t chain[JZ_DIGEST_BYTES],
                   const uint8_t leaf[JZ_DIGEST_BYTES]);

/* The first 8 bytes of the chain value, as they stand in the row. */
int64_t jz_fact_mark(const uint8_t chain[JZ_DIGEST_BYTES]);

/* Where the tree and the chain stand: a copy of the row of audit_head. */
struct jz_head {
    int64_t recorded_at;
    uint8_t chain[JZ_DIGEST_BYTES];
    struct jz_tree tree; /* its size is the id of the latest fact */
};

/* With `lock` other writers wait until the transaction ends. */
int jz_head_load(struct jz_sql *sql, bool lock, struct jz_head *ret_head,
                 struct jz_error *err) JZ_MUST_CHECK;
int jz_head_save(struct jz_sql *sql, const struct jz_head *head,
                 struct jz_error *err) JZ_MUST_CHECK;

/* Subtrees from this level on are kept in audit_node. */
#define JZ_TREE_KEPT_LEVEL 8
