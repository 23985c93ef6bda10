/*
 * What the files of the verification share: batches of encoded rows go from the reading thread
 * (verify.c) to the hashing one (verify_hash.c) and come back with the hashes to compare with
 * audit_node (verify_node.c).
 */
#pragma once

#include "audit/verify.h"
#include "store/fact.h"

#include <pthread.h>

enum {
    BATCH_ROWS = 4096,
    BATCH_BYTES = 4 << 20, /* a batch that has more is handed over early */
    BATCHES = 4,
    BATCH_NODES = 2 * (BATCH_ROWS >> JZ_TREE_KEPT_LEVEL) + JZ_TREE_LEVELS,
};

struct row {
    enum jz_table table;
    int64_t id, at, mark, person;
    size_t offset, size; /* of its bytes in the batch */
};

struct node {
    int level;
    uint64_t position;
    uint8_t hash[JZ_DIGEST_BYTES];
};

struct batch {
    struct row rows[BATCH_ROWS + 1]; /* one more for a second row of one number */
    size_t count;
    uint8_t *bytes;
    size_t used, room;
    struct node nodes[BATCH_NODES];
    size_t node_count;
};

/* Signed roots, loaded before the walk, since the tree passes their size before their row. */
struct root_check {
    struct jz_audit_root root;
    bool is_witness;
    bool computed;
    uint8_t hash[JZ_DIGEST_BYTES]; /* of the tree of that size, once computed */
};

struct roots {
    struct root_check *list; /* in the order of their facts, the witness last */
    struct root_check **by_size;
    size_t count, room, next_fact, next_size;
};

/* The hashing thread and what it shares. */
struct hashing {
    pthread_t thread;
    bool is_running;
    pthread_mutex_t lock; /* of what follows, up to stopped */
    pthread_cond_t changed;
    uint64_t filled, hashed; /* batches */
    bool done, stopped;
    struct batch batches[BATCHES];

    /* The thread's own while it runs. */
    struct jz_hasher *hasher;
    struct jz_tree tree;
    uint8_t chain[JZ_DIGEST_BYTES];
    int64_t last_at;
    int64_t agreed; /* size of the last root that the facts gave */
    const struct jz_keyring *keyring;
    struct roots roots;
    struct batch *current;
    bool is_pending;    /* the mark of a row did not fit: the next one tells why */
    struct row pending; /* that row */
    struct jz_audit_result result;
};

/* The roots are filled in between new and start. */
int jz_audit_hashing_new(struct jz_store *store, struct hashing **ret_hashing,
                         struct jz_error *err) JZ_MUST_CHECK;
int jz_audit_hashing_start(struct hashing *h, struct jz_error *err) JZ_MUST_CHECK;
void jz_audit_hashing_free(struct hashing *h);

/* For the reading thread: waits until that batch is hashed; false: a bad row was found. */
bool jz_audit_hashing_wait(struct hashing *h, uint64_t number);
void jz_audit_hashing_post(struct hashing *h);   /* the next batch is filled */
void jz_audit_hashing_finish(struct hashing *h); /* waits until all that was posted is hashed */

/* audit_node, read level by level beside the walk. */
struct nodes;
int jz_audit_nodes_new(struct jz_sql *sql, struct nodes **ret_nodes,
                       struct jz_error *err) JZ_MUST_CHECK;
void jz_audit_nodes_free(struct nodes *nodes);

/* Leaves a finding in the result when the kept hash is another, is missing or is too many. */
int jz_audit_nodes_check(struct nodes *nodes, const struct node *computed,
                         struct jz_audit_result *result, struct jz_error *err) JZ_MUST_CHECK;
int jz_audit_nodes_end(struct nodes *nodes, struct jz_audit_result *result,
                       struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_audit_hashing_freep(struct hashing **h)
{
    jz_audit_hashing_free(*h);
}
static inline void jz_audit_nodes_freep(struct nodes **n)
{
    jz_audit_nodes_free(*n);
}
