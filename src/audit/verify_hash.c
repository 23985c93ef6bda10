/* The thread that hashes: leaves, chain, tree, marks, signed roots. */
#include "audit/verify_internal.h"

#include <string.h>

static void find_row(struct hashing *h, enum jz_audit_finding finding, const struct row *row)
{
    h->result.finding = finding;
    h->result.table = row->table;
    h->result.id = row->id;
    h->result.person = row->person;
}

static void leaf_of(struct hashing *h, const struct row *row, uint8_t ret_leaf[JZ_DIGEST_BYTES])
{
    const struct jz_bytes part = { h->current->bytes + row->offset, row->size };
    jz_tree_leaf(h->hasher, &part, 1, ret_leaf);
}

/* Whether the row may come next in a chain that stands at `chain`. */
static bool fits(struct hashing *h, const struct row *row, const uint8_t chain[JZ_DIGEST_BYTES])
{
    uint8_t leaf[JZ_DIGEST_BYTES], next[JZ_DIGEST_BYTES];
    memcpy(next, chain, sizeof next);
    leaf_of(h, row, leaf);
    jz_fact_chain(h->hasher, next, leaf);
    return jz_fact_mark(next) == row->mark;
}

static void keep_node(void *context, int level, uint64_t index, const uint8_t hash[JZ_DIGEST_BYTES])
{
    struct hashing *h = context;
    if (level < JZ_TREE_KEPT_LEVEL)
        return;
    struct node *n = &h->current->nodes[h->current->node_count++];
    *n = (struct node){ .level = level, .position = index };
    memcpy(n->hash, hash, sizeof n->hash);
}

/* The roots of trees of the size the tree has now. */
static void pass_roots(struct hashing *h)
{
    struct roots *r = &h->roots;
    for (; r->next_size < r->count; r->next_size++) {
        struct root_check *c = r->by_size[r->next_size];
        if (c->root.signed_root.size != h->tree.size)
            return;
        jz_tree_root(h->hasher, &h->tree, c->hash);
        c->computed = true;
    }
}

/* The key that signed the root; a root may be older than a rotation. */
static int verify_signature(struct hashing *h, const struct jz_signed_root *root)
{
    struct jz_public_key key;
    struct jz_error err;
    const int r = jz_audit_key(h->keyring, root->key, &key, &err);
    return r < 0 ? r : jz_root_verify(&key, root, &err);
}

static bool check_root(struct hashing *h, const struct row *row)
{
    struct roots *r = &h->roots;
    struct root_check *c = &r->list[r->next_fact++];
    const struct jz_signed_root *root = &c->root.signed_root;
    if (c->root.fact != row->id || !c->computed ||
        memcmp(c->hash, root->root, sizeof c->hash) != 0) {
        find_row(h, JZ_AUDIT_ROOT, row);
        if (c->computed) {
            h->result.first = h->agreed + 1;
            h->result.last = (int64_t)root->size;
        }
        return false;
    }
    h->agreed = (int64_t)root->size;
    h->result.roots++;
    const int e = verify_signature(h, root);
    if (e < 0)
        find_row(h, JZ_AUDIT_ROOT_SIGNATURE, row);
    return e == 0;
}

/* One row that comes next. False: it is bad, or the one before it is. */
static bool take_row(struct hashing *h, const struct row *row)
{
    uint8_t leaf[JZ_DIGEST_BYTES];
    if (h->is_pending) {
        /* A row whose mark alone is wrong is followed by one whose mark is right. */
        const bool mark_only = fits(h, row, h->chain);
        find_row(h, mark_only ? JZ_AUDIT_MARK : JZ_AUDIT_CHANGED, &h->pending);
        return false;
    }
    leaf_of(h, row, leaf);
    jz_fact_chain(h->hasher, h->chain, leaf);
    if (jz_fact_mark(h->chain) != row->mark) {
        h->is_pending = true;
        h->pending = *row;
        return true;
    }
    if (row->at < h->last_at) {
        find_row(h, JZ_AUDIT_TIME, row);
        return false;
    }
    h->last_at = row->at;
    if (row->table == JZ_T_ROOT && !check_root(h, row))
        return false;
    jz_tree_append(h->hasher, &h->tree, leaf, keep_node, h);
    pass_roots(h);
    return true;
}

/* Of two rows with one number, the one that does not fit was slipped in. */
static void judge_twins(struct hashing *h, const struct row *a, const struct row *b)
{
    const bool only_b_fits = !fits(h, a, h->chain) && fits(h, b, h->chain);
    find_row(h, JZ_AUDIT_INSERTED, only_b_fits ? a : b);
}

/* False at the first bad row. */
static bool take_batch(struct hashing *h, struct batch *b)
{
    h->current = b;
    b->node_count = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (!h->is_pending && i + 1 < b->count && b->rows[i + 1].id == b->rows[i].id) {
            judge_twins(h, &b->rows[i], &b->rows[i + 1]);
            return false;
        }
        if (!take_row(h, &b->rows[i]))
            return false;
    }
    return true;
}

static void *run(void *context)
{
    struct hashing *h = context;
    pthread_mutex_lock(&h->lock);
    for (;;) {
        while (h->hashed == h->filled && !h->done)
            pthread_cond_wait(&h->changed, &h->lock);
        if (h->hashed == h->filled)
            break;
        struct batch *b = &h->batches[h->hashed % BATCHES];
        const bool stopped = h->stopped;
        pthread_mutex_unlock(&h->lock);
        if (stopped)
            b->node_count = 0;
        const bool sound = !stopped && take_batch(h, b);
        pthread_mutex_lock(&h->lock);
        h->stopped = !sound;
        h->hashed++;
        pthread_cond_signal(&h->changed);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void release(struct hashing *h)
{
    for (int i = 0; i < BATCHES; i++)
        free(h->batches[i].bytes);
    free(h->roots.list);
    free(h->roots.by_size);
    jz_hasher_free(h->hasher);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->changed);
    free(h);
}

int jz_audit_hashing_new(struct jz_store *store, struct hashing **ret_hashing, struct jz_error *err)
{
    struct hashing *h = calloc(1, sizeof *h);
    if (!h)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->keyring = jz_store_keyring(store);
    const int r = jz_hasher_new(jz_store_suite(store), &h->hasher, err);
    if (r < 0) {
        release(h);
        return r;
    }
    *ret_hashing = h;
    return 0;
}

int jz_audit_hashing_start(struct hashing *h, struct jz_error *err)
{
    pass_roots(h);
    if (pthread_create(&h->thread, NULL, run, h) != 0)
        return jz_error_set(err, JZ_E_MEMORY, "no thread can be started");
    h->is_running = true;
    return 0;
}

void jz_audit_hashing_free(struct hashing *h)
{
    if (!h)
        return;
    jz_audit_hashing_finish(h);
    release(h);
}

bool jz_audit_hashing_wait(struct hashing *h, uint64_t number)
{
    pthread_mutex_lock(&h->lock);
    while (h->hashed <= number)
        pthread_cond_wait(&h->changed, &h->lock);
    const bool going_on = !h->stopped;
    pthread_mutex_unlock(&h->lock);
    return going_on;
}

void jz_audit_hashing_post(struct hashing *h)
{
    pthread_mutex_lock(&h->lock);
    h->filled++;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

void jz_audit_hashing_finish(struct hashing *h)
{
    if (!h->is_running)
        return;
    pthread_mutex_lock(&h->lock);
    h->done = true;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    h->is_running = false;
}
