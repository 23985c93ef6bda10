#include "crypto/tree.h"

#include <string.h>

/* One byte before leaves and another before nodes: no node can be passed off as a leaf. */
static const uint8_t leaf_prefix = 0, node_prefix = 1;

void jz_tree_leaf(struct jz_hasher *hasher, const struct jz_bytes *parts, size_t count,
                  uint8_t ret_leaf[JZ_DIGEST_BYTES])
{
    jz_hasher_begin(hasher);
    jz_hasher_update(hasher, &leaf_prefix, 1);
    for (size_t i = 0; i < count; i++)
        jz_hasher_update(hasher, parts[i].data, parts[i].size);
    jz_hasher_finish(hasher, ret_leaf);
}

void jz_tree_node(struct jz_hasher *hasher, const uint8_t left[JZ_DIGEST_BYTES],
                  const uint8_t right[JZ_DIGEST_BYTES], uint8_t ret_node[JZ_DIGEST_BYTES])
{
    uint8_t bytes[1 + 2 * JZ_DIGEST_BYTES] = { node_prefix };
    memcpy(bytes + 1, left, JZ_DIGEST_BYTES);
    memcpy(bytes + 1 + JZ_DIGEST_BYTES, right, JZ_DIGEST_BYTES);
    jz_hasher_digest(hasher, &(struct jz_bytes){ bytes, sizeof bytes }, 1, ret_node);
}

void jz_tree_append(struct jz_hasher *hasher, struct jz_tree *tree,
                    const uint8_t leaf[JZ_DIGEST_BYTES], jz_tree_node_fn on_node, void *context)
{
    uint8_t hash[JZ_DIGEST_BYTES];
    memcpy(hash, leaf, sizeof hash);
    int level = 0;
    for (; tree->size >> level & 1; level++) {
        jz_tree_node(hasher, tree->hashes[level], hash, hash);
        memset(tree->hashes[level], 0, JZ_DIGEST_BYTES);
        if (on_node)
            on_node(context, level + 1, tree->size >> (level + 1), hash);
    }
    if (level >= JZ_TREE_LEVELS)
        abort(); /* 2^48 leaves: more than ten thousand a second for eight centuries */
    memcpy(tree->hashes[level], hash, sizeof hash);
    tree->size++;
}

void jz_tree_root(struct jz_hasher *hasher, const struct jz_tree *tree,
                  uint8_t ret_root[JZ_DIGEST_BYTES])
{
    bool any = false;
    uint8_t root[JZ_DIGEST_BYTES];
    for (int level = 0; level < JZ_TREE_LEVELS; level++) {
        if (!(tree->size >> level & 1))
            continue;
        if (any)
            jz_tree_node(hasher, tree->hashes[level], root, root);
        else
            memcpy(root, tree->hashes[level], sizeof root);
        any = true;
    }
    if (!any)
        jz_hasher_digest(hasher, NULL, 0, root);
    memcpy(ret_root, root, sizeof root);
}

size_t jz_tree_pack(const struct jz_tree *tree, uint8_t ret_packed[JZ_TREE_PACKED_BYTES])
{
    uint8_t *at = ret_packed;
    for (int shift = 56; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(tree->size >> shift);
    for (int level = 0; level < JZ_TREE_LEVELS; level++)
        if (tree->size >> level & 1) {
            memcpy(at, tree->hashes[level], JZ_DIGEST_BYTES);
            at += JZ_DIGEST_BYTES;
        }
    return (size_t)(at - ret_packed);
}

int jz_tree_unpack(const void *packed, size_t size, struct jz_tree *ret_tree, struct jz_error *err)
{
    const uint8_t *at = packed;
    struct jz_tree tree = { 0 };
    for (int i = 0; i < 8 && size >= 8; i++)
        tree.size = tree.size << 8 | *at++;
    if (size < 8 || tree.size >> JZ_TREE_LEVELS != 0 ||
        size != 8 + JZ_DIGEST_BYTES * (size_t)__builtin_popcountll(tree.size))
        return jz_error_set(err, JZ_E_FORMAT, "%zu bytes are not a packed tree", size);
    for (int level = 0; level < JZ_TREE_LEVELS; level++)
        if (tree.size >> level & 1) {
            memcpy(tree.hashes[level], at, JZ_DIGEST_BYTES);
            at += JZ_DIGEST_BYTES;
        }
    *ret_tree = tree;
    return 0;
}

/* The root of the leaves from `start`, which is a multiple of a power of two above the length. */
static int range_root(struct jz_hasher *hasher, uint64_t start, uint64_t length,
                      jz_tree_fetch_fn fetch, void *context, uint8_t ret_root[JZ_DIGEST_BYTES],
                      struct jz_error *err)
{
    bool any = false;
    for (int level = 0; level < JZ_TREE_LEVELS; level++) {
        if (!(length >> level & 1))
            continue;
        uint8_t hash[JZ_DIGEST_BYTES];
        const uint64_t index = (start + length) >> level;
        int r = fetch(context, level, index - 1, hash, err);
        if (r < 0)
            return r;
        if (any)
            jz_tree_node(hasher, hash, ret_root, ret_root);
        else
            memcpy(ret_root, hash, sizeof hash);
        any = true;
    }
    return 0;
}

int jz_tree_path(struct jz_hasher *hasher, uint64_t index, uint64_t size, jz_tree_fetch_fn fetch,
                 void *context, uint8_t ret_path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES], int *ret_count,
                 struct jz_error *err)
{
    if (index >= size || size >> JZ_TREE_LEVELS != 0)
        return jz_error_set(err, JZ_E_USAGE, "leaf %llu is not one of the first %llu",
                            (unsigned long long)index, (unsigned long long)size);
    uint8_t path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES];
    int count = 0;
    for (int level = 0; (UINT64_C(1) << level) < size; level++) {
        const uint64_t sibling = (index >> level) ^ 1, start = sibling << level;
        if (start >= size)
            continue; /* the last of an odd row has no partner and moves up as it is */
        const uint64_t whole = UINT64_C(1) << level, there = size - start;
        int r = there >= whole ? fetch(context, level, sibling, path[count], err)
                               : range_root(hasher, start, there, fetch, context, path[count], err);
        if (r < 0)
            return r;
        count++;
    }
    memcpy(ret_path, path, (size_t)count * JZ_DIGEST_BYTES);
    *ret_count = count;
    return 0;
}

int jz_tree_verify_path(struct jz_hasher *hasher, const uint8_t leaf[JZ_DIGEST_BYTES],
                        uint64_t index, uint64_t size, const uint8_t (*path)[JZ_DIGEST_BYTES],
                        int count, const uint8_t root[JZ_DIGEST_BYTES], struct jz_error *err)
{
    /* RFC 9162, 2.1.3.2: fn and sn there. */
    uint64_t node = index, last = size - 1;
    bool good = index < size && count >= 0 && count <= JZ_TREE_LEVELS;
    uint8_t hash[JZ_DIGEST_BYTES];
    memcpy(hash, leaf, sizeof hash);
    for (int i = 0; good && i < count; i++) {
        good = last > 0;
        if (node & 1 || node == last) {
            jz_tree_node(hasher, path[i], hash, hash);
            while (!(node & 1) && node > 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            jz_tree_node(hasher, hash, path[i], hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if (!good || last != 0 || !jz_secret_equal(hash, root, sizeof hash))
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the path does not lead from leaf %llu to the root of %llu leaves",
                            (unsigned long long)index, (unsigned long long)size);
    return 0;
}
