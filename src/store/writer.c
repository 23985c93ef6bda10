/*
 * One thread that writes. It takes what waits, decides each act on its person's state, chains the
 * facts, writes everything in one transaction and only then lets the callers go on.
 *
 * When a group fails, each of its acts is tried alone, so that one bad act spoils nothing for the
 * others. When the connection is lost while a commit is under way, the mark of the group's last
 * fact tells afterwards whether it took place.
 */
#include "store/writer_internal.h"

#include "base/clock.h"

#include <string.h>

enum {
    RECONNECT_MS = 2000,      /* so long a lost connection is asked for again */
    DOUBT_MS = 30000,         /* the same while nobody knows whether a commit took place */
    RECONNECT_PAUSE_MS = 200, /* between tries */
    LOST_TRIES = 3,           /* of one group on connections that break */
    MOST_GATHER_US = 2000,
    LONG_HOLD_MS = 20, /* after so long another process gets its chance to take SQLite's lock */
    CHANCE_MS = 2,
};

/* ---- Queue ---- */

static int check_lists(const struct jz_batch *batch, struct jz_error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct jz_act *act = &batch->acts[i];
        if (!act->persons)
            continue;
        if (act->person_count > JZ_STORE_LIST_PERSONS)
            return jz_error_set(err, JZ_E_LIMIT, "an act for %zu persons, more than %d",
                                act->person_count, JZ_STORE_LIST_PERSONS);
        for (size_t k = 1; k < act->person_count; k++)
            if (act->persons[k] <= act->persons[k - 1])
                return jz_error_set(err, JZ_E_USAGE, "an act whose persons are not in order");
    }
    return 0;
}

int jz_writer_post(struct jz_writer *w, struct jz_batch *batch, struct jz_error *err)
{
    const int r = check_lists(batch, err);
    if (r < 0)
        return r;
    pthread_mutex_lock(&w->lock);
    if (batch->impatient && w->queue.waiting + batch->count > JZ_STORE_QUEUE_ACTS) {
        pthread_mutex_unlock(&w->lock);
        return jz_error_set(err, JZ_E_BUSY, "more than %d acts wait to be written; try again",
                            JZ_STORE_QUEUE_ACTS);
    }
    batch->remaining = batch->count;
    sem_init(&batch->done, 0, batch->count == 0);
    for (size_t i = 0; i < batch->count; i++) {
        while (w->queue.waiting >= JZ_STORE_QUEUE_ACTS)
            pthread_cond_wait(&w->room, &w->lock);
        batch->acts[i].batch = batch;
        batch->acts[i].result = 0;
        batch->acts[i].error.text[0] = 0;
        jz_queue_add(&w->queue, &batch->acts[i]);
        if (w->queue.waiting >= w->wanted)
            pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return 0;
}

/* A semaphore of the batch's own: one condition for all would wake every caller after each group.
 */
void jz_writer_wait(struct jz_batch *batch)
{
    while (sem_wait(&batch->done) != 0)
        ;
    sem_destroy(&batch->done);
}

/* ---- A group ---- */

static int connect_anew(struct jz_writer *w, int64_t until_ns, struct jz_error *err)
{
    static const struct timespec pause = { .tv_nsec = RECONNECT_PAUSE_MS * 1000000L };
    const struct jz_sql_options options = { .keeps_log = true };
    jz_sql_close(w->sql);
    w->sql = NULL;
    w->head_known = false;
    int r;
    while ((r = jz_sql_open(w->store->url, &options, &w->sql, err)) < 0 && jz_clock_ns() < until_ns)
        nanosleep(&pause, NULL);
    return r;
}

/* Behind a commit without an answer. 0: it took place, 1: it did not, or an error: nobody knows. */
static int end_doubt(struct jz_writer *w, struct jz_error *err)
{
    const int64_t until = jz_clock_ns() + DOUBT_MS * 1000000LL;
    bool found = false;
    int r;
    while ((r = connect_anew(w, until, err)) == 0 && (r = jz_group_find(w, &found, err)) < 0 &&
           jz_sql_is_broken(w->sql) && jz_clock_ns() < until)
        ;
    if (r == 0)
        return found ? 0 : 1;
    return jz_error_set(
        err, JZ_E_IO,
        "the connection to the database was lost while this was being recorded, and "
        "nobody can tell whether it was: look before it is entered again");
}

/* 1 when another try makes sense, 0 when what was decided is on disk, or an error. */
static int try_group(struct jz_writer *w, struct jz_act **acts, size_t count, struct jz_error *err)
{
    /* A server known to be away is asked once: who waits is told at once. */
    int r = w->sql ? 0 : connect_anew(w, 0, err);
    if (r < 0 || (r = jz_group_run(w, acts, count, err)) == 0)
        return r;
    if (!jz_sql_is_broken(w->sql)) {
        jz_sql_rollback(w->sql);
        w->head_known = false;
        return r;
    }
    if (w->committing)
        return end_doubt(w, err);
    return connect_anew(w, jz_clock_ns() + RECONNECT_MS * 1000000LL, err) < 0 ? JZ_E_IO : 1;
}

static int persist(struct jz_writer *w, struct jz_act **acts, size_t count, struct jz_error *err)
{
    int r = 1;
    for (int i = 0; i < LOST_TRIES && r == 1; i++)
        r = try_group(w, acts, count, err);
    for (size_t i = 0; i < w->decided && r == 0; i++)
        acts[i]->hold_ns = w->hold_ns;
    return r == 1 ? JZ_E_IO : r;
}

static void fail(struct jz_act *act, int code, const struct jz_error *err)
{
    act->result = code;
    act->error = *err;
}

/* Returns how many of the acts are done with. */
static size_t run_group(struct jz_writer *w, struct jz_act **acts, size_t count)
{
    struct jz_error err = { 0 };
    int r = persist(w, acts, count, &err);
    if (r == 0)
        return w->decided;
    for (size_t i = 0; i < count; i++) {
        /* What failed for all alike (no disk, no lock) fails for one as well: no use in asking. */
        if (count > 1 && r != JZ_E_BUSY && r != JZ_E_IO)
            r = persist(w, &acts[i], 1, &err);
        if (r != 0)
            fail(acts[i], r, &err);
    }
    return count;
}

/* ---- The thread ---- */

/* Under the lock. Who waits for a batch goes on as soon as its last act is done. */
static void answer(struct jz_act **acts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (--acts[i]->batch->remaining == 0)
            sem_post(&acts[i]->batch->done);
}

/*
 * Callers that were just answered mostly come back at once. Without waiting for them a little, two
 * halves of the callers take turns, each with a commit of its own.
 */
static void gather(struct jz_writer *w, size_t expected, int64_t until_ns)
{
    const struct timespec until = { until_ns / 1000000000, until_ns % 1000000000 };
    w->wanted = expected < JZ_STORE_GROUP_ACTS ? expected : JZ_STORE_GROUP_ACTS;
    while (w->queue.waiting < w->wanted && !w->stopping &&
           pthread_cond_timedwait(&w->work, &w->lock, &until) == 0)
        ;
    w->wanted = 1;
}

/* Who asks for SQLite's lock asks every millisecond: nobody queues for it. */
static void let_others_write(const struct jz_writer *w)
{
    static const struct timespec chance = { .tv_nsec = CHANCE_MS * 1000000L };
    if (w->sql && jz_sql_dialect(w->sql) == JZ_SQLITE && w->hold_ns > LONG_HOLD_MS * 1000000LL)
        nanosleep(&chance, NULL);
}

static int64_t gather_ns(int64_t hold_ns)
{
    return hold_ns / 4 < MOST_GATHER_US * 1000LL ? hold_ns / 4 : MOST_GATHER_US * 1000LL;
}

static void *run(void *context)
{
    struct jz_writer *w = context;
    size_t expected = 0;
    int64_t gather_until = 0;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->queue.waiting == 0 && !w->stopping)
            pthread_cond_wait(&w->work, &w->lock);
        if (w->queue.waiting == 0)
            break;
        gather(w, expected, gather_until);
        const size_t count = jz_queue_take(&w->queue, w->group, JZ_STORE_GROUP_ACTS);
        if (w->queue.waiting > 0 || !jz_act_is_alone(w->group[0]))
            w->met_ns = jz_clock_ns();
        pthread_cond_broadcast(&w->room);
        pthread_mutex_unlock(&w->lock);
        for (size_t done = 0; done < count;) {
            const size_t n = run_group(w, w->group + done, count - done);
            pthread_mutex_lock(&w->lock);
            answer(w->group + done, n);
            /* Before they can be back: counted twice, nobody comes and all wait in vain. */
            expected = done + n + w->queue.waiting;
            pthread_mutex_unlock(&w->lock);
            done += n;
            if (w->sql)
                jz_checkpointer_tend(w->checkpointer, jz_sql_log_pages(w->sql), w->entry.is_bulk);
            let_others_write(w);
        }
        pthread_mutex_lock(&w->lock);
        gather_until = jz_clock_ns() + gather_ns(w->hold_ns);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- Life ---- */

static void release(struct jz_writer *w)
{
    jz_checkpointer_stop(w->checkpointer);
    /* So that the file alone is the whole register, unless others have it open. */
    int64_t ignored;
    if (w->sql)
        (void)!jz_sql_checkpoint(w->sql, true, &ignored, NULL);
    jz_sql_close(w->sql);
    jz_chainer_free(w->chainer);
    jz_arena_done(&w->arena);
    free(w->entry.writes);
    free(w->states);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->room);
    free(w);
}

int jz_writer_start(struct jz_store *store, struct jz_writer **ret_writer, struct jz_error *err)
{
    const struct jz_sql_options options = { .keeps_log = true };
    struct jz_writer *w = calloc(1, sizeof *w);
    if (!w)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->store = store;
    w->wanted = 1;
    w->entry.arena = &w->arena;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&w->room, NULL);
    jz_group_init(w);
    int r;
    if ((r = jz_sql_open(store->url, &options, &w->sql, err)) < 0 ||
        (r = jz_chainer_new(store->suite, &w->chainer, err)) < 0 ||
        (r = jz_checkpointer_start(store->url, &w->checkpointer, err)) < 0) {
        release(w);
        return r;
    }
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        release(w);
        return jz_error_set(err, JZ_E_MEMORY, "no thread can be started");
    }
    *ret_writer = w;
    return 0;
}

void jz_writer_stop(struct jz_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    release(w);
}

void jz_writer_stats(struct jz_writer *w, struct jz_store_stats *ret_stats)
{
    pthread_mutex_lock(&w->lock);
    *ret_stats = w->stats;
    pthread_mutex_unlock(&w->lock);
}
