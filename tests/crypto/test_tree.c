/* The tree against the definitions of RFC 9162 written down as they stand there. */
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { LEAVES = 300 };

static struct jz_hasher *hasher;
static uint8_t leaves[LEAVES][JZ_DIGEST_BYTES];

/* Every subtree that was completed, as a store would keep them. */
static struct {
    bool there;
    uint8_t hash[JZ_DIGEST_BYTES];
} kept[10][LEAVES];

static void keep(void *context, int level, uint64_t index, const uint8_t hash[JZ_DIGEST_BYTES])
{
    int *count = context;
    assert_in_range(level, 1, 9);
    assert_in_range(index, 0, LEAVES >> level);
    assert_false(kept[level][index].there);
    kept[level][index].there = true;
    memcpy(kept[level][index].hash, hash, JZ_DIGEST_BYTES);
    ++*count;
}

static int fetch(void *context, int level, uint64_t index, uint8_t ret_hash[JZ_DIGEST_BYTES],
                 struct jz_error *err)
{
    const uint64_t *size = context;
    if (level > 9 || (index + 1) << level > *size || !kept[level][index].there)
        return jz_error_set(err, JZ_E_NOT_FOUND, "no node %d/%d", level, (int)index);
    memcpy(ret_hash, kept[level][index].hash, JZ_DIGEST_BYTES);
    return 0;
}

static size_t split(size_t n)
{
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH(D[first:first+n]), n > 0 */
static void naive_root(size_t first, size_t n, uint8_t ret_root[JZ_DIGEST_BYTES])
{
    if (n == 1) {
        memcpy(ret_root, leaves[first], JZ_DIGEST_BYTES);
        return;
    }
    uint8_t bytes[1 + 2 * JZ_DIGEST_BYTES] = { 1 };
    const size_t k = split(n);
    naive_root(first, k, bytes + 1);
    naive_root(first + k, n - k, bytes + 1 + JZ_DIGEST_BYTES);
    jz_hasher_digest(hasher, &(struct jz_bytes){ bytes, sizeof bytes }, 1, ret_root);
}

/* PATH(m, D[first:first+n]) */
static int naive_path(size_t m, size_t first, size_t n,
                      uint8_t ret_path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES])
{
    if (n == 1)
        return 0;
    const size_t k = split(n);
    int count;
    if (m < k) {
        count = naive_path(m, first, k, ret_path);
        naive_root(first + k, n - k, ret_path[count]);
    } else {
        count = naive_path(m - k, first + k, n - k, ret_path);
        naive_root(first, k, ret_path[count]);
    }
    return count + 1;
}

/* Sums with what is known without a tree: SHA-256 of 00, of nothing, of 01 and two leaves. */
static void hashes_have_their_prefixes(void **state)
{
    (void)state;
    static const uint8_t of_empty_leaf[] = {
        0x6e, 0x34, 0x0b, 0x9c, 0xff, 0xb3, 0x7a, 0x98, 0x9c, 0xa5, 0x44,
        0xe6, 0xbb, 0x78, 0x0a, 0x2c, 0x78, 0x90, 0x1d, 0x3f, 0xb3, 0x37,
        0x38, 0x76, 0x85, 0x11, 0xa3, 0x06, 0x17, 0xaf, 0xa0, 0x1d,
    };
    static const uint8_t of_nothing[] = {
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    };
    uint8_t leaf[JZ_DIGEST_BYTES], other[JZ_DIGEST_BYTES], root[JZ_DIGEST_BYTES];
    struct jz_tree tree = { 0 };
    jz_tree_root(hasher, &tree, root);
    assert_memory_equal(root, of_nothing, sizeof root);
    jz_tree_leaf(hasher, NULL, 0, leaf);
    assert_memory_equal(leaf, of_empty_leaf, sizeof leaf);
    const struct jz_bytes parts[] = { { "a", 1 }, { "bc", 2 } }, whole = { "\0abc", 4 };
    jz_tree_leaf(hasher, parts, 2, leaf);
    jz_hasher_digest(hasher, &whole, 1, other);
    assert_memory_equal(leaf, other, sizeof leaf);
}

static void every_size_and_leaf(void **state)
{
    (void)state;
    struct jz_tree tree = { 0 };
    int nodes = 0;
    memset(kept, 0, sizeof kept);
    for (uint64_t size = 1; size <= LEAVES; size++) {
        const uint64_t i = size - 1;
        struct jz_error err;
        uint8_t root[JZ_DIGEST_BYTES], wanted[JZ_DIGEST_BYTES];
        kept[0][i].there = true;
        memcpy(kept[0][i].hash, leaves[i], JZ_DIGEST_BYTES);
        jz_tree_append(hasher, &tree, leaves[i], keep, &nodes);
        assert_int_equal(tree.size, size);
        /* n leaves have completed n less the number of one bits in n subtrees of two or more. */
        assert_int_equal(nodes, size - (uint64_t)__builtin_popcountll(size));
        jz_tree_root(hasher, &tree, root);
        naive_root(0, size, wanted);
        assert_memory_equal(root, wanted, sizeof root);

        uint8_t packed[JZ_TREE_PACKED_BYTES];
        struct jz_tree back;
        const size_t n = jz_tree_pack(&tree, packed);
        assert_int_equal(jz_tree_unpack(packed, n, &back, &err), 0);
        assert_memory_equal(&back, &tree, sizeof back);

        for (uint64_t m = 0; m < size; m++) {
            uint8_t path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES], naive[JZ_TREE_LEVELS][JZ_DIGEST_BYTES];
            int count = -1;
            assert_int_equal(
                jz_tree_path(hasher, m, size, fetch, &(uint64_t){ size }, path, &count, &err), 0);
            assert_int_equal(count, naive_path(m, 0, size, naive));
            assert_memory_equal(path, naive, (size_t)count * JZ_DIGEST_BYTES);
            assert_int_equal(jz_tree_verify_path(hasher, leaves[m], m, size,
                                                 (const uint8_t(*)[JZ_DIGEST_BYTES])path, count,
                                                 root, &err),
                             0);
        }
    }
}

static int verify(const uint8_t *leaf, uint64_t m, uint64_t size,
                  uint8_t path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES], int count, const uint8_t *root)
{
    struct jz_error err = { 0 };
    const int r = jz_tree_verify_path(hasher, leaf, m, size,
                                      (const uint8_t(*)[JZ_DIGEST_BYTES])path, count, root, &err);
    assert_int_equal(err.code, r);
    return r;
}

static void any_change_is_refused(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 1, 2, 3, 5, 7, 8, 21, 64, 100, 255, 256, 257, 300 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t size = sizes[i];
        uint8_t root[JZ_DIGEST_BYTES], path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES] = { 0 };
        struct jz_error err;
        naive_root(0, size, root);
        for (uint64_t m = 0; m < size; m += 1 + size / 9) {
            int count;
            assert_int_equal(jz_tree_path(hasher, m, size, fetch, &size, path, &count, &err), 0);
            assert_int_equal(verify(leaves[m], m, size, path, count, root), 0);
            for (size_t k = 0; k < (size_t)count * JZ_DIGEST_BYTES; k++) {
                path[k / JZ_DIGEST_BYTES][k % JZ_DIGEST_BYTES] ^= 0x10;
                assert_int_equal(verify(leaves[m], m, size, path, count, root), JZ_E_INTEGRITY);
                path[k / JZ_DIGEST_BYTES][k % JZ_DIGEST_BYTES] ^= 0x10;
            }
            for (size_t k = 0; k < JZ_DIGEST_BYTES; k++) {
                uint8_t leaf[JZ_DIGEST_BYTES];
                memcpy(leaf, leaves[m], sizeof leaf);
                leaf[k] ^= 1;
                assert_int_equal(verify(leaf, m, size, path, count, root), JZ_E_INTEGRITY);
                root[k] ^= 1;
                assert_int_equal(verify(leaves[m], m, size, path, count, root), JZ_E_INTEGRITY);
                root[k] ^= 1;
            }
            for (uint64_t other = 0; other < size; other++)
                if (other != m)
                    assert_int_equal(verify(leaves[m], other, size, path, count, root),
                                     JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], m, size, path, count + 1, root), JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], m, size, path, count - 1, root), JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], m, size, path, -1, root), JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], m, size, path, JZ_TREE_LEVELS + 1, root),
                             JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], size, size, path, count, root), JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], m, 0, path, count, root), JZ_E_INTEGRITY);
            assert_int_equal(verify(leaves[m], m, 2 * size, path, count, root), JZ_E_INTEGRITY);
        }
    }
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    struct jz_error err;
    uint8_t path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES];
    int count = 77;
    uint64_t size = 8;
    assert_int_equal(jz_tree_path(hasher, 8, 8, fetch, &size, path, &count, &err), JZ_E_USAGE);
    assert_int_equal(jz_tree_path(hasher, 0, 0, fetch, &size, path, &count, &err), JZ_E_USAGE);
    assert_int_equal(jz_tree_path(hasher, 0, UINT64_C(1) << 48, fetch, &size, path, &count, &err),
                     JZ_E_USAGE);
    /* What the store says comes through. */
    assert_int_equal(jz_tree_path(hasher, 3, 200, fetch, &size, path, &count, &err),
                     JZ_E_NOT_FOUND);
    assert_int_equal(count, 77);

    struct jz_tree tree = { 0 }, back;
    for (int i = 0; i < 11; i++)
        jz_tree_append(hasher, &tree, leaves[i], NULL, NULL);
    uint8_t packed[JZ_TREE_PACKED_BYTES + 32] = { 0 };
    const size_t n = jz_tree_pack(&tree, packed);
    assert_int_equal(n, 8 + 3 * JZ_DIGEST_BYTES);
    for (size_t k = 0; k < sizeof packed; k++)
        if (k != n)
            assert_int_equal(jz_tree_unpack(packed, k, &back, &err), JZ_E_FORMAT);
    packed[1] = 1; /* 2^48 + 11 leaves */
    assert_int_equal(jz_tree_unpack(packed, n + JZ_DIGEST_BYTES, &back, &err), JZ_E_FORMAT);
}

static int make_leaves(void **state)
{
    (void)state;
    struct jz_error err;
    if (jz_hasher_new(JZ_SUITE_INTERNATIONAL, &hasher, &err) < 0)
        return -1;
    for (int i = 0; i < LEAVES; i++)
        jz_tree_leaf(hasher, &(struct jz_bytes){ &i, sizeof i }, 1, leaves[i]);
    return 0;
}

static int drop_hasher(void **state)
{
    (void)state;
    jz_hasher_free(hasher);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_have_their_prefixes),
        cmocka_unit_test(every_size_and_leaf),
        cmocka_unit_test(any_change_is_refused),
        cmocka_unit_test(bad_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, make_leaves, drop_hasher);
}
