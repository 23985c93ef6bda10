/*
 * One thread that writes. It takes what waits, decides each act on its person's state, chains the
 * facts, writes everything in one transaction and only then lets the callers go on.
 *
 * When a group fails, each of its acts is tried alone, so that one bad act spoils nothing for the
 * others. When the connection is lost while a commit is under way, the mark of the group's last
 * fact tells afterwards whether it took place.
 */
#include "store/store_internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    COPY_FROM_ROWS = 24, /* so many rows of one table are sent as one COPY */
    RECONNECT_TRIES = 10,
    RECONNECT_PAUSE_US = 200000,
};

struct jz_writer {
    struct jz_store *store;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows, up to stats */
    pthread_cond_t work, room, done;
    struct jz_act *first, **last;
    size_t waiting;
    bool stopping;
    struct jz_store_stats stats;

    /* The thread's own. */
    struct jz_sql *sql;
    struct jz_chainer *chainer;
    struct jz_head head;
    bool head_known;
    struct jz_arena arena;
    struct jz_entry entry;
    struct jz_act *group[JZ_STORE_GROUP_ACTS];
    struct jz_person_state *states;
    size_t state_room;
    char inserts[JZ_TABLES][512];
    char question[128];
};

/* ---- Queue ---- */

/*
 * The group: what waits, in order, but of each person only the first act: the next needs its
 * result. An act that names a list of persons is a group of its own.
 */
static size_t take_group(struct jz_writer *w)
{
    int64_t persons[JZ_STORE_GROUP_ACTS];
    size_t count = 0, named = 0;
    struct jz_act **at = &w->first;
    enum { LOOK_AHEAD = 4 * JZ_STORE_GROUP_ACTS };
    for (int seen = 0; *at && count < JZ_STORE_GROUP_ACTS && seen < LOOK_AHEAD; seen++) {
        struct jz_act *act = *at;
        if (act->persons && count > 0)
            break;
        bool clash = false;
        for (size_t i = 0; act->person && i < named && !clash; i++)
            clash = persons[i] == act->person;
        if (clash) {
            at = &act->next;
            continue;
        }
        if (act->person)
            persons[named++] = act->person;
        *at = act->next;
        w->group[count++] = act;
        if (act->persons)
            break;
    }
    if (!*at)
        w->last = at;
    w->waiting -= count;
    return count;
}

static void append(struct jz_writer *w, struct jz_act *act)
{
    act->next = NULL;
    *w->last = act;
    w->last = &act->next;
    w->waiting++;
}

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
    batch->remaining = r < 0 ? 0 : batch->count;
    if (r < 0)
        return r;
    pthread_mutex_lock(&w->lock);
    if (batch->impatient && w->waiting + batch->count > JZ_STORE_QUEUE_ACTS) {
        pthread_mutex_unlock(&w->lock);
        batch->remaining = 0;
        return jz_error_set(err, JZ_E_BUSY, "more than %d acts wait to be written; try again",
                            JZ_STORE_QUEUE_ACTS);
    }
    for (size_t i = 0; i < batch->count; i++) {
        while (w->waiting >= JZ_STORE_QUEUE_ACTS)
            pthread_cond_wait(&w->room, &w->lock);
        batch->acts[i].batch = batch;
        batch->acts[i].result = 0;
        batch->acts[i].error.text[0] = 0;
        append(w, &batch->acts[i]);
        if (w->waiting == 1)
            pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return 0;
}

void jz_writer_wait(struct jz_writer *w, struct jz_batch *batch)
{
    pthread_mutex_lock(&w->lock);
    while (batch->remaining > 0)
        pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

/* ---- Writing ---- */

static void make_inserts(struct jz_writer *w)
{
    for (int t = 1; t < JZ_TABLES; t++) {
        const struct jz_table_info *info = jz_table_info((enum jz_table)t);
        const size_t columns = info->name ? jz_table_columns((enum jz_table)t) : 0;
        char *at = w->inserts[t], *end = at + sizeof w->inserts[t];
        if (columns == 0)
            continue;
        at += snprintf(at, (size_t)(end - at), "INSERT INTO %s (", info->name);
        for (size_t i = 0; i < columns; i++)
            at += snprintf(at, (size_t)(end - at), "%s%s", i ? ", " : "", info->columns[i].name);
        at += snprintf(at, (size_t)(end - at), ") VALUES (");
        for (size_t i = 0; i < columns; i++)
            at += snprintf(at, (size_t)(end - at), "%s$%zu", i ? ", " : "", i + 1);
        snprintf(at, (size_t)(end - at), ")");
    }
}

/* The tables of which so many rows are new that they go as one COPY. */
struct copies {
    struct jz_sql_copy *of[JZ_TABLES];
};

static void copies_abort(struct copies *c)
{
    for (int t = 1; t < JZ_TABLES; t++)
        jz_sql_copy_abort(c->of[t]);
}

static int copies_begin(struct jz_writer *w, struct copies *c, struct jz_error *err)
{
    size_t rows[JZ_TABLES] = { 0 };
    int r = 0;
    for (size_t i = 0; i < w->entry.count; i++)
        rows[w->entry.writes[i].table]++;
    for (int t = 1; t < JZ_TABLES && r >= 0; t++) {
        const struct jz_table_info *info = jz_table_info((enum jz_table)t);
        if (rows[t] >= COPY_FROM_ROWS)
            r = jz_sql_copy_begin(w->sql, info->name, info->columns,
                                  jz_table_columns((enum jz_table)t), &c->of[t], err);
    }
    return r;
}

static int copies_end(struct copies *c, struct jz_error *err)
{
    int r = 0;
    for (int t = 1; t < JZ_TABLES && r >= 0; t++)
        if (c->of[t]) {
            r = jz_sql_copy_end(c->of[t], err);
            c->of[t] = NULL;
        }
    return r;
}

static int write_row(struct jz_writer *w, const struct copies *c, const struct jz_write *write,
                     struct jz_error *err)
{
    if (write->statement)
        return 0;
    return c->of[write->table]
               ? jz_sql_copy_row(c->of[write->table], write->values, err)
               : jz_sql_run(w->sql, w->inserts[write->table], write->values, write->count, err);
}

/* New rows first, each when it is chained, then the statements on caches. */
static int write_all(struct jz_writer *w, struct jz_head *head, struct jz_error *err)
{
    JZ_CLEANUP(copies_abort) struct copies copies = { 0 };
    const size_t count = w->entry.count; /* subtrees come behind */
    int r = jz_chainer_begin(w->chainer, w->entry.writes, count, head, err);
    if (r >= 0)
        r = copies_begin(w, &copies, err);
    for (size_t i = 0; i < count && r >= 0; i++)
        if ((r = jz_chainer_wait(w->chainer, i, err)) >= 0)
            r = write_row(w, &copies, &w->entry.writes[i], err);
    if (r >= 0)
        r = jz_chainer_end(w->chainer, &w->entry, err);
    for (size_t i = count; i < w->entry.count && r >= 0; i++)
        r = write_row(w, &copies, &w->entry.writes[i], err);
    if (r >= 0)
        r = copies_end(&copies, err);
    for (size_t i = 0; i < count && r >= 0; i++) {
        const struct jz_write *write = &w->entry.writes[i];
        if (write->statement)
            r = jz_sql_run(w->sql, write->statement, write->values, write->count, err);
    }
    if (r < 0)
        jz_chainer_cancel(w->chainer);
    return r;
}

/* ---- A group ---- */

static int reload_policies(struct jz_writer *w, struct jz_error *err)
{
    struct jz_policies *policies = NULL;
    const int r = jz_policies_load(w->sql, &policies, err);
    if (r < 0)
        return r;
    jz_store_set_policies(w->store, policies);
    return 0;
}

/* Time never runs backwards in the chain; a clock that is far off stops everything. */
static int tell_time(struct jz_writer *w, int64_t *ret_now, struct jz_error *err)
{
    const int64_t now = w->store->clock(), last = w->head.recorded_at;
    if (now + JZ_STORE_CLOCK_BACK_S < last)
        return jz_error_set(err, JZ_E_DENIED,
                            "the clock of this machine is %lld s behind the latest fact: nothing "
                            "is recorded until it is set right",
                            (long long)(last - now));
    *ret_now = now > last ? now : last;
    return 0;
}

static int prepare(struct jz_writer *w, struct jz_error *err)
{
    const bool elsewhere = jz_sql_changed_elsewhere(w->sql);
    int r = 0;
    if (elsewhere || !w->head_known) {
        const uint64_t before = w->head.tree.size;
        if ((r = jz_head_load(w->sql, true, &w->head, err)) < 0)
            return r;
        if (!w->head_known || w->head.tree.size != before)
            r = reload_policies(w, err);
        w->head_known = r >= 0;
    }
    return r;
}

static int make_room(struct jz_writer *w, size_t count, struct jz_error *err)
{
    if (count <= w->state_room)
        return 0;
    struct jz_person_state *states = realloc(w->states, count * sizeof *states);
    if (!states)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->states = states;
    w->state_room = count;
    return 0;
}

static int load_states(struct jz_writer *w, struct jz_act **acts, size_t count,
                       struct jz_policies *policies, size_t *ret_loaded, struct jz_error *err)
{
    int64_t singles[JZ_STORE_GROUP_ACTS];
    const bool is_list = acts[0]->persons != NULL;
    const size_t persons = is_list ? acts[0]->person_count : count;
    for (size_t i = 0; i < count && !is_list; i++)
        singles[i] = acts[i]->person;
    int r = make_room(w, persons, err);
    if (r < 0)
        return r;
    r = jz_states_load(w->sql, is_list ? acts[0]->persons : singles, persons, policies, w->states,
                       err);
    if (r == 0)
        *ret_loaded = persons;
    return r;
}

static void decide(struct jz_writer *w, struct jz_act *act, const struct jz_person_state *state)
{
    struct jz_entry *e = &w->entry;
    const size_t count = e->count;
    const int64_t next_id = e->next_id;
    if (act->person && !state->person)
        act->result = jz_error_set(&act->error, JZ_E_NOT_FOUND, "there is no such person");
    else
        act->result = act->decide(act->context, state, e, &act->error);
    if (e->failed && act->result >= 0)
        act->result = jz_error_set(&act->error, e->failed, "the act is too large to be written");
    if (act->result < 0) {
        e->count = count;
        e->next_id = next_id;
        e->failed = 0;
    }
}

static int run_transaction(struct jz_writer *w, struct jz_act **acts, size_t count,
                           struct jz_head *ret_head, struct jz_error *err)
{
    struct jz_policies *policies = NULL;
    int r = jz_sql_begin(w->sql, err);
    if (r < 0)
        return r;
    int64_t now = 0;
    if ((r = prepare(w, err)) < 0 || (r = tell_time(w, &now, err)) < 0)
        return r;
    policies = jz_store_policies(w->store);
    size_t loaded = 0;
    r = load_states(w, acts, count, policies, &loaded, err);
    struct jz_head head = w->head;
    if (r >= 0) {
        jz_arena_reset(&w->arena);
        w->entry.count = 0;
        w->entry.failed = 0;
        w->entry.policies_changed = false;
        w->entry.is_bulk = false;
        w->entry.now = now;
        w->entry.next_id = (int64_t)head.tree.size + 1;
        for (size_t i = 0; i < count; i++)
            decide(w, acts[i], &w->states[i]);
    }
    for (size_t i = 0; i < loaded; i++)
        jz_person_state_done(&w->states[i]);
    jz_policies_unref(policies);
    if (r < 0)
        return r;
    if (w->entry.count == 0) {
        jz_sql_rollback(w->sql);
        *ret_head = w->head;
        return 0;
    }
    if ((r = write_all(w, &head, err)) < 0)
        return r;
    if (head.tree.size != w->head.tree.size)
        head.recorded_at = now; /* that of the latest fact */
    *ret_head = head;
    if ((r = jz_head_save(w->sql, &head, err)) < 0)
        return r;
    jz_sql_set_bulk(w->sql, w->entry.is_bulk);
    return jz_sql_commit(w->sql, err);
}

/*
 * Whether the group whose answer was lost is on disk: then its last fact stands at its place with
 * the mark that only this chain has there. A group without facts may be written twice.
 */
static int find_group(struct jz_writer *w, bool *ret_found, struct jz_error *err)
{
    const struct jz_write *last = NULL;
    for (size_t i = w->entry.count; i-- > 0 && !last;)
        if (jz_table_is_fact(w->entry.writes[i].table))
            last = &w->entry.writes[i];
    *ret_found = false;
    if (!last)
        return 0;
    snprintf(w->question, sizeof w->question, "SELECT 1 FROM %s WHERE id = $1 AND mark = $2",
             jz_table_info(last->table)->name);
    const struct jz_sql_value values[] = { last->values[JZ_C_ID], last->values[last->count - 1] };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(w->sql, w->question, values, 2, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    *ret_found = r == 1;
    return 0;
}

static int reconnect(struct jz_writer *w, struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    int r = JZ_E_IO;
    jz_sql_close(w->sql);
    w->sql = NULL;
    w->head_known = false;
    for (int i = 0; i < RECONNECT_TRIES && r < 0; i++) {
        if (i > 0)
            usleep(RECONNECT_PAUSE_US);
        r = jz_sql_open(w->store->url, &options, &w->sql, err);
    }
    return r;
}

/* 1 when another try makes sense, 0 when the group is on disk, or an error. */
static int try_group(struct jz_writer *w, struct jz_act **acts, size_t count, struct jz_error *err)
{
    struct jz_head head = { 0 };
    if (!w->sql) {
        const int r = reconnect(w, err);
        if (r < 0)
            return r;
    }
    w->entry.count = 0;
    const uint64_t before = w->head.tree.size;
    const int64_t start = jz_clock_ns();
    int r = run_transaction(w, acts, count, &head, err);
    if (r < 0 && jz_sql_is_broken(w->sql)) {
        struct jz_error lost;
        bool found = false;
        if (reconnect(w, &lost) < 0 || find_group(w, &found, &lost) < 0)
            return r;
        return found ? 0 : 1;
    }
    if (r < 0) {
        jz_sql_rollback(w->sql);
        w->head_known = false;
        return r;
    }
    const int64_t hold = jz_clock_ns() - start;
    for (size_t i = 0; i < count; i++)
        acts[i]->hold_ns = hold;
    pthread_mutex_lock(&w->lock);
    w->stats.groups++;
    w->stats.acts += count;
    w->stats.facts += head.tree.size - (before < head.tree.size ? before : head.tree.size);
    if (hold > w->stats.longest_hold_ns)
        w->stats.longest_hold_ns = hold;
    pthread_mutex_unlock(&w->lock);
    w->head = head;
    if (w->entry.policies_changed)
        return reload_policies(w, err);
    return 0;
}

static void fail(struct jz_act *act, int code, const struct jz_error *err)
{
    act->result = code;
    act->error = *err;
}

static void run_group(struct jz_writer *w, size_t count)
{
    enum { LOST_TRIES = 3 };
    struct jz_error err = { 0 };
    int r = 1;
    for (int i = 0; i < LOST_TRIES && r == 1; i++)
        r = try_group(w, w->group, count, &err);
    if (r == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        /* What failed for all alike (no disk, no lock) fails for one as well: no use in asking. */
        if (count > 1 && r != JZ_E_BUSY && r != JZ_E_IO)
            for (r = 1; r == 1;)
                r = try_group(w, &w->group[i], 1, &err);
        if (r != 0)
            fail(w->group[i], r < 0 ? r : JZ_E_IO, &err);
    }
}

static void *run(void *context)
{
    struct jz_writer *w = context;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->first && !w->stopping)
            pthread_cond_wait(&w->work, &w->lock);
        if (!w->first)
            break;
        const size_t count = take_group(w);
        pthread_mutex_unlock(&w->lock);
        run_group(w, count);
        pthread_mutex_lock(&w->lock);
        for (size_t i = 0; i < count; i++)
            w->group[i]->batch->remaining--;
        pthread_cond_broadcast(&w->done);
        pthread_cond_broadcast(&w->room);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- Life ---- */

static void release(struct jz_writer *w)
{
    jz_sql_close(w->sql);
    jz_chainer_free(w->chainer);
    jz_arena_done(&w->arena);
    free(w->entry.writes);
    free(w->states);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->room);
    pthread_cond_destroy(&w->done);
    free(w);
}

int jz_writer_start(struct jz_store *store, struct jz_writer **ret_writer, struct jz_error *err)
{
    const struct jz_sql_options options = { 0 };
    struct jz_writer *w = calloc(1, sizeof *w);
    if (!w)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->store = store;
    w->last = &w->first;
    w->entry.arena = &w->arena;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->room, NULL);
    pthread_cond_init(&w->done, NULL);
    make_inserts(w);
    int r;
    if ((r = jz_sql_open(store->url, &options, &w->sql, err)) < 0 ||
        (r = jz_chainer_new(store->suite, &w->chainer, err)) < 0) {
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
