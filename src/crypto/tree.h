/*
 * The Merkle tree of RFC 9162, section 2.1, with the digest of the suite: a leaf is
 * H(0x00 || data), a node H(0x01 || left || right). Grown leaf by leaf, never shrunk.
 *
 * Pure: nothing is stored here. A frontier is a plain value, copied freely.
 */
#pragma once

#include "crypto/suite.h"

#define JZ_TREE_LEVELS 48

/* What is needed to go on: the complete subtrees, hashes[k] of 2^k leaves where bit k of size is.
 */
struct jz_tree {
    uint64_t size;
    uint8_t hashes[JZ_TREE_LEVELS][JZ_DIGEST_BYTES];
};

void jz_tree_leaf(struct jz_hasher *hasher, const struct jz_bytes *parts, size_t count,
                  uint8_t ret_leaf[JZ_DIGEST_BYTES]);
void jz_tree_node(struct jz_hasher *hasher, const uint8_t left[JZ_DIGEST_BYTES],
                  const uint8_t right[JZ_DIGEST_BYTES], uint8_t ret_node[JZ_DIGEST_BYTES]);

/* Called for each subtree that the new leaf completed, level 1 and up; index counts from 0. */
typedef void (*jz_tree_node_fn)(void *context, int level, uint64_t index,
                                const uint8_t hash[JZ_DIGEST_BYTES]);
void jz_tree_append(struct jz_hasher *hasher, struct jz_tree *tree,
                    const uint8_t leaf[JZ_DIGEST_BYTES], jz_tree_node_fn on_node, void *context);

/* Of the empty tree: the digest of nothing. */
void jz_tree_root(struct jz_hasher *hasher, const struct jz_tree *tree,
                  uint8_t ret_root[JZ_DIGEST_BYTES]);

/* Size and the hashes in use, for storage, and back: JZ_E_FORMAT. */
#define JZ_TREE_PACKED_BYTES (8 + JZ_TREE_LEVELS * JZ_DIGEST_BYTES)
size_t jz_tree_pack(const struct jz_tree *tree, uint8_t ret_packed[JZ_TREE_PACKED_BYTES]);
int jz_tree_unpack(const void *packed, size_t size, struct jz_tree *ret_tree,
                   struct jz_error *err) JZ_MUST_CHECK;

/* Fetches the hash of the complete subtree number `index` of 2^level leaves. */
typedef int (*jz_tree_fetch_fn)(void *context, int level, uint64_t index,
                                uint8_t ret_hash[JZ_DIGEST_BYTES], struct jz_error *err);

/* The audit path of a leaf in the tree of the first `size` leaves. */
int jz_tree_path(struct jz_hasher *hasher, uint64_t index, uint64_t size, jz_tree_fetch_fn fetch,
                 void *context, uint8_t ret_path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES], int *ret_count,
                 struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_INTEGRITY when the path does not lead from this leaf to this root. */
int jz_tree_verify_path(struct jz_hasher *hasher, const uint8_t leaf[JZ_DIGEST_BYTES],
                        uint64_t index, uint64_t size, const uint8_t (*path)[JZ_DIGEST_BYTES],
                        int count, const uint8_t root[JZ_DIGEST_BYTES],
                        struct jz_error *err) JZ_MUST_CHECK;
