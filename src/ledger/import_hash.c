/*
 * Hashing documents beside the reading of rows: a keyed hash takes a third of the time of a row.
 * Rows are gathered in a block; while a thread hashes one block, the next is filled.
 */
#include "ledger/import_people_internal.h"

#include <pthread.h>
#include <string.h>

enum { BLOCK_ROWS = 4096 };

struct block {
    size_t first, count; /* of the rows found */
    struct jz_document documents[BLOCK_ROWS];
    uint8_t hashes[BLOCK_ROWS][JZ_FIND_BYTES];
};

struct jz_import_hashing {
    struct jz_importing *m;
    struct block blocks[2];
    int filling; /* the other is with the thread, or empty */
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct block *posted; /* NULL: nothing to do, or done */
    bool is_stopping;
    int result;
    struct jz_error error;
};

static int hash(const struct jz_importing *m, struct block *b, struct jz_error *err)
{
    int r = 0;
    for (size_t i = 0; i < b->count && r == 0; i++)
        r = jz_person_document_hash(m->keyring, m->key, &b->documents[i], b->hashes[i], err);
    return r;
}

static void *run(void *context)
{
    struct jz_import_hashing *h = context;
    pthread_mutex_lock(&h->lock);
    for (;;) {
        while (!h->posted && !h->is_stopping)
            pthread_cond_wait(&h->changed, &h->lock);
        if (!h->posted)
            break;
        struct block *b = h->posted;
        pthread_mutex_unlock(&h->lock);
        struct jz_error err;
        const int r = hash(h->m, b, &err);
        pthread_mutex_lock(&h->lock);
        if (r < 0) {
            h->result = r;
            h->error = err;
        }
        h->posted = NULL;
        pthread_cond_broadcast(&h->changed);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

int jz_import_hashing_new(struct jz_importing *m, struct jz_import_hashing **ret,
                          struct jz_error *err)
{
    struct jz_import_hashing *h = calloc(1, sizeof *h);
    if (!h)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    h->m = m;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->has_thread = pthread_create(&h->thread, NULL, run, h) == 0;
    if (!h->has_thread) {
        jz_import_hashing_free(h);
        return jz_error_set(err, JZ_E_MEMORY, "no thread can be started");
    }
    *ret = h;
    return 0;
}

void jz_import_hashing_free(struct jz_import_hashing *h)
{
    if (!h)
        return;
    if (h->has_thread) {
        pthread_mutex_lock(&h->lock);
        h->is_stopping = true;
        pthread_cond_broadcast(&h->changed);
        pthread_mutex_unlock(&h->lock);
        pthread_join(h->thread, NULL);
    }
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->changed);
    free(h);
}

/* Waits for the block with the thread and hands its hashes to the rows. */
static int take_back(struct jz_import_hashing *h, struct jz_error *err)
{
    struct block *b = &h->blocks[h->filling ^ 1];
    pthread_mutex_lock(&h->lock);
    while (h->posted)
        pthread_cond_wait(&h->changed, &h->lock);
    const int r = h->result;
    if (r < 0 && err)
        *err = h->error;
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < b->count && r == 0; i++)
        memcpy(h->m->found[b->first + i].hash, b->hashes[i], JZ_FIND_BYTES);
    b->count = 0;
    return r;
}

static int post(struct jz_import_hashing *h, struct jz_error *err)
{
    const int r = take_back(h, err);
    if (r < 0)
        return r;
    pthread_mutex_lock(&h->lock);
    h->posted = &h->blocks[h->filling];
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    h->filling ^= 1;
    return 0;
}

int jz_import_hashing_add(struct jz_import_hashing *h, size_t found,
                          const struct jz_document *document, struct jz_error *err)
{
    struct block *b = &h->blocks[h->filling];
    if (b->count == 0)
        b->first = found;
    b->documents[b->count++] = *document;
    return b->count == BLOCK_ROWS ? post(h, err) : 0;
}

int jz_import_hashing_end(struct jz_import_hashing *h, struct jz_error *err)
{
    const int r = h->blocks[h->filling].count > 0 ? post(h, err) : 0;
    return r < 0 ? r : take_back(h, err);
}
