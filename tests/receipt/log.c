#include "log.h"

#include "sample.h"

#include <string.h>

/* By its definition, from the leaves up; slow and plain. */
static int fetch(void *context, int level, uint64_t index, uint8_t ret_hash[JZ_DIGEST_BYTES],
                 struct jz_error *err)
{
    const struct log *log = context;
    if (level == 0) {
        const struct jz_bytes data = { log->leaves[index], sizeof log->leaves[index] };
        jz_tree_leaf(log->hasher, &data, 1, ret_hash);
        return 0;
    }
    uint8_t left[JZ_DIGEST_BYTES], right[JZ_DIGEST_BYTES];
    int r;
    if ((r = fetch(context, level - 1, 2 * index, left, err)) < 0 ||
        (r = fetch(context, level - 1, 2 * index + 1, right, err)) < 0)
        return r;
    jz_tree_node(log->hasher, left, right, ret_hash);
    return 0;
}

static void grow(struct log *log)
{
    struct jz_tree tree = { .size = 0 };
    uint8_t hash[JZ_DIGEST_BYTES];
    for (int i = 0; i < LOG_LEAVES; i++) {
        uint8_t *leaf = log->leaves[i];
        memcpy(leaf, "receipt row:", LOG_OFFSET);
        memcpy(leaf + LOG_OFFSET, log->receipts[i].bytes, JZ_RECEIPT_BYTES);
        memcpy(leaf + LOG_OFFSET + JZ_RECEIPT_BYTES, ":behind", 7);
        const struct jz_bytes data = { leaf, sizeof log->leaves[i] };
        jz_tree_leaf(log->hasher, &data, 1, hash);
        jz_tree_append(log->hasher, &tree, hash, NULL, NULL);
    }
    log->root = (struct jz_signed_root){
        .suite = log->keys[0].suite,
        .size = tree.size,
        .recorded_at = sample_receipt().recorded_at + 3600,
        .day = sample_receipt().observed_on,
    };
    jz_tree_root(log->hasher, &tree, log->root.root);
}

int log_make(struct log *log, enum jz_suite suite, const char *path, struct jz_error *err)
{
    *log = (struct log){ .keyring = NULL };
    int r;
    if ((r = jz_keyring_create(path, suite, NULL, err)) < 0 ||
        (r = jz_keyring_open(path, NULL, &log->keyring, err)) < 0 ||
        (r = jz_hasher_new(suite, &log->hasher, err)) < 0 ||
        (r = jz_keyring_public(log->keyring, 1, &log->keys[0], err)) < 0)
        return r;
    for (int i = 0; i < LOG_LEAVES; i++) {
        struct jz_receipt receipt = sample_receipt();
        receipt.number += (uint64_t)i;
        receipt.code += (uint64_t)i;
        receipt.leaf = (uint64_t)i;
        if ((r = jz_receipt_sign(log->keyring, &receipt, &log->receipts[i], err)) < 0)
            return r;
    }
    grow(log);
    if ((r = jz_keyring_rotate(path, NULL, JZ_KEY_SIGN, err)) < 0)
        return r;
    jz_keyring_free(JZ_TAKE(log->keyring));
    if ((r = jz_keyring_open(path, NULL, &log->keyring, err)) < 0 ||
        (r = jz_keyring_public(log->keyring, 2, &log->keys[1], err)) < 0)
        return r;
    return jz_root_sign(log->keyring, &log->root, err);
}

void log_done(struct log *log)
{
    jz_hasher_free(log->hasher);
    jz_keyring_free(log->keyring);
}

int log_prove(const struct log *log, uint64_t index, struct jz_proof *ret_proof,
              struct jz_error *err)
{
    struct jz_proof p = {
        .receipt = log->receipts[index],
        .leaf_size = sizeof log->leaves[index],
        .offset = LOG_OFFSET,
        .index = index,
        .root = log->root,
    };
    struct log copy = *log;
    memcpy(p.leaf, log->leaves[index], sizeof log->leaves[index]);
    int r =
        jz_tree_path(log->hasher, index, log->root.size, fetch, &copy, p.path, &p.path_count, err);
    if (r == 0)
        *ret_proof = p;
    return r;
}
