/*
 * Chaining a group's facts. A small group is chained where it is; for a large one (an import) a
 * thread chains ahead of the rows being inserted, which takes about as long as a quarter of that.
 */
#include "store/store_internal.h"

#include <string.h>

enum {
    THREAD_FROM_ROWS = 1024,
    SAY_EVERY = 256, /* rows between two looks of the one thread at the other */
};

/* A subtree to be kept. */
struct node {
    int level;
    uint64_t index;
    uint8_t hash[JZ_DIGEST_BYTES];
};

struct jz_chainer {
    struct jz_hasher *hasher;
    struct jz_fact_bytes bytes;
    struct node *nodes;
    size_t node_count, node_room;
    bool is_out_of_memory;

    /* Of the group. */
    struct jz_write *writes;
    size_t count;
    struct jz_head *head;
    size_t seen; /* rows the inserting thread knows to be done */

    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool has_thread, is_busy, is_stopping;
    size_t done;
    int result;
    struct jz_error error;
};

static void keep_node(void *context, int level, uint64_t index, const uint8_t hash[JZ_DIGEST_BYTES])
{
    struct jz_chainer *c = context;
    if (level < JZ_TREE_KEPT_LEVEL)
        return;
    if (c->node_count == c->node_room) {
        const size_t room = c->node_room ? c->node_room * 2 : 64;
        struct node *more = realloc(c->nodes, room * sizeof *more);
        if (!more) {
            c->is_out_of_memory = true;
            return;
        }
        c->nodes = more;
        c->node_room = room;
    }
    struct node *n = &c->nodes[c->node_count++];
    n->level = level;
    n->index = index;
    memcpy(n->hash, hash, sizeof n->hash);
}

/* Gives the fact its leaf, its place in chain and tree, and its mark. */
static int chain_one(struct jz_chainer *c, const struct jz_write *write, struct jz_error *err)
{
    uint8_t leaf[JZ_DIGEST_BYTES];
    const int r = jz_fact_encode(write->table, write->values, &c->bytes, err);
    if (r < 0)
        return r;
    const struct jz_bytes part = { c->bytes.bytes, c->bytes.size };
    jz_tree_leaf(c->hasher, &part, 1, leaf);
    jz_fact_chain(c->hasher, c->head->chain, leaf);
    jz_tree_append(c->hasher, &c->head->tree, leaf, keep_node, c);
    write->values[write->count - 1] = jz_int(jz_fact_mark(c->head->chain));
    return c->is_out_of_memory ? jz_error_set(err, JZ_E_MEMORY, "out of memory") : 0;
}

static int chain_span(struct jz_chainer *c, size_t begin, size_t end, struct jz_error *err)
{
    int r = 0;
    for (size_t i = begin; i < end && r == 0; i++)
        if (jz_table_is_fact(c->writes[i].table))
            r = chain_one(c, &c->writes[i], err);
    return r;
}

static void *run(void *context)
{
    struct jz_chainer *c = context;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->is_busy && !c->is_stopping)
            pthread_cond_wait(&c->changed, &c->lock);
        if (!c->is_busy)
            break;
        const size_t begin = c->done;
        const size_t end = c->count - begin > SAY_EVERY ? begin + SAY_EVERY : c->count;
        pthread_mutex_unlock(&c->lock);
        struct jz_error err;
        const int r = chain_span(c, begin, end, &err);
        pthread_mutex_lock(&c->lock);
        c->done = end;
        if (r < 0) {
            c->result = r;
            c->error = err;
        }
        c->is_busy = r == 0 && end < c->count;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

int jz_chainer_new(enum jz_suite suite, struct jz_chainer **ret_chainer, struct jz_error *err)
{
    struct jz_chainer *c = calloc(1, sizeof *c);
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int r = jz_hasher_new(suite, &c->hasher, err);
    if (r < 0) {
        free(c);
        return r;
    }
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    *ret_chainer = c;
    return 0;
}

void jz_chainer_free(struct jz_chainer *c)
{
    if (!c)
        return;
    if (c->has_thread) {
        pthread_mutex_lock(&c->lock);
        c->is_stopping = true;
        pthread_cond_broadcast(&c->changed);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->thread, NULL);
    }
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    jz_hasher_free(c->hasher);
    free(c->bytes.bytes);
    free(c->nodes);
    free(c);
}

int jz_chainer_begin(struct jz_chainer *c, struct jz_write *writes, size_t count,
                     struct jz_head *head, struct jz_error *err)
{
    c->writes = writes;
    c->count = count;
    c->head = head;
    c->node_count = 0;
    c->is_out_of_memory = false;
    c->seen = c->done = 0;
    c->result = 0;
    /* The thread starts with the first large group: most programs never have one. */
    if (count >= THREAD_FROM_ROWS && !c->has_thread)
        c->has_thread = pthread_create(&c->thread, NULL, run, c) == 0;
    if (count < THREAD_FROM_ROWS || !c->has_thread) {
        c->seen = count;
        return chain_span(c, 0, count, err);
    }
    pthread_mutex_lock(&c->lock);
    c->is_busy = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return 0;
}

int jz_chainer_wait(struct jz_chainer *c, size_t row, struct jz_error *err)
{
    if (row < c->seen)
        return 0;
    pthread_mutex_lock(&c->lock);
    while (c->done <= row && c->is_busy)
        pthread_cond_wait(&c->changed, &c->lock);
    c->seen = c->done;
    const int r = c->result;
    if (r < 0 && err)
        *err = c->error;
    pthread_mutex_unlock(&c->lock);
    return r;
}

int jz_chainer_end(struct jz_chainer *c, struct jz_entry *entry, struct jz_error *err)
{
    const int r = c->count > 0 ? jz_chainer_wait(c, c->count - 1, err) : 0;
    for (size_t i = 0; r == 0 && i < c->node_count; i++) {
        const struct node *n = &c->nodes[i];
        const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
            [NODE_LEVEL] = jz_int(n->level),
            [NODE_POSITION] = jz_int((int64_t)n->index),
            [NODE_HASH] = jz_blob(n->hash, sizeof n->hash),
        };
        jz_entry_put(entry, JZ_T_AUDIT_NODE, values);
    }
    return r < 0           ? r
           : entry->failed ? jz_error_set(err, entry->failed, "the group is too large")
                           : 0;
}

void jz_chainer_cancel(struct jz_chainer *c)
{
    if (!c->has_thread)
        return;
    pthread_mutex_lock(&c->lock);
    while (c->is_busy)
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
}
