/* One group's transaction: decide, chain, write, commit. */
#include "store/writer_internal.h"

#include "base/clock.h"

#include <stdio.h>

enum {
    COPY_FROM_ROWS = 24, /* so many rows of one table are sent as one COPY */
    /* No act joins a group that has so many rows: others wait for its commit. */
    FULL_GROUP_ROWS = 8192,
    COMPANY_MS = 2000, /* so long somebody who was met is expected again */
};

void jz_group_init(struct jz_writer *w)
{
    for (int t = 1; t < JZ_TABLES; t++) {
        const struct jz_table_info *info = jz_table_info((enum jz_table)t);
        const size_t columns = jz_table_columns((enum jz_table)t);
        char *at = w->inserts[t], *end = at + sizeof w->inserts[t];
        if (!info)
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
    /* On SQLite a copy is one prepared INSERT as well, but made anew each time: 5 % of the CPU. */
    if (jz_sql_dialect(w->sql) == JZ_SQLITE)
        return 0;
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
        if (jz_sql_dialect(w->sql) == JZ_POSTGRES)
            w->locked_ns = jz_clock_ns(); /* the head's row is the lock; SQLite begins with it */
        const bool has_grown = w->head.tree.size != before;
        if (has_grown && w->head_known)
            w->met_ns = jz_clock_ns();
        if (has_grown || !w->head_known)
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

/* False when there is no room left in this group for what the act adds. */
static bool decide(struct jz_writer *w, struct jz_act *act, const struct jz_person_state *state)
{
    struct jz_entry *e = &w->entry;
    const size_t count = e->count;
    const int64_t next_id = e->next_id;
    const bool changed = e->policies_changed;
    if (act->person && !state->person)
        act->result = jz_error_set(&act->error, JZ_E_NOT_FOUND, "there is no such person");
    else
        act->result = act->decide(act->context, state, e, &act->error);
    const bool fits = e->failed != JZ_E_LIMIT || count == 0;
    if (e->failed && act->result >= 0)
        act->result = jz_error_set(&act->error, e->failed, "the act is too large to be written");
    if (act->result < 0) {
        e->count = count;
        e->next_id = next_id;
        e->policies_changed = changed;
        e->failed = 0;
    }
    return fits;
}

static void decide_all(struct jz_writer *w, struct jz_act **acts, size_t count, int64_t now)
{
    jz_arena_reset(&w->arena);
    w->entry.failed = 0;
    w->entry.policies_changed = false;
    w->entry.is_bulk = false;
    w->entry.has_company = w->met_ns && jz_clock_ns() - w->met_ns < COMPANY_MS * 1000000LL;
    w->entry.now = now;
    w->entry.next_id = (int64_t)w->head.tree.size + 1;
    size_t i = 0;
    while (i < count && w->entry.count < FULL_GROUP_ROWS && decide(w, acts[i], &w->states[i]))
        i++;
    w->decided = i;
}

static int decide_on_states(struct jz_writer *w, struct jz_act **acts, size_t count, int64_t now,
                            struct jz_error *err)
{
    struct jz_policies *policies = jz_store_policies(w->store);
    size_t loaded = 0;
    const int r = load_states(w, acts, count, policies, &loaded, err);
    if (r >= 0)
        decide_all(w, acts, count, now);
    for (size_t i = 0; i < loaded; i++)
        jz_person_state_done(&w->states[i]);
    jz_policies_unref(policies);
    return r;
}

int jz_group_run(struct jz_writer *w, struct jz_act **acts, size_t count, struct jz_error *err)
{
    int64_t now = 0;
    w->entry.count = 0;
    w->decided = count;
    w->committing = false;
    int r = jz_sql_begin(w->sql, err);
    if (r < 0)
        return r;
    w->locked_ns = jz_clock_ns();
    if ((r = prepare(w, err)) < 0 || (r = tell_time(w, &now, err)) < 0 ||
        (r = decide_on_states(w, acts, count, now, err)) < 0)
        return r;
    struct jz_head head = w->head;
    if (w->entry.count == 0) {
        jz_sql_rollback(w->sql);
    } else {
        if ((r = write_all(w, &head, err)) < 0)
            return r;
        if (head.tree.size != w->head.tree.size)
            head.recorded_at = now; /* that of the latest fact */
        if ((r = jz_head_save(w->sql, &head, err)) < 0)
            return r;
        w->committing = true;
        if ((r = jz_sql_commit(w->sql, err)) < 0)
            return r;
    }
    w->hold_ns = jz_clock_ns() - w->locked_ns;
    pthread_mutex_lock(&w->lock);
    w->stats.groups++;
    w->stats.acts += w->decided;
    w->stats.facts += head.tree.size - w->head.tree.size;
    if (w->hold_ns > w->stats.longest_hold_ns)
        w->stats.longest_hold_ns = w->hold_ns;
    pthread_mutex_unlock(&w->lock);
    w->head = head;
    /* It is on disk whatever comes now: what cannot be loaded is loaded before the next group. */
    if (w->entry.policies_changed && reload_policies(w, NULL) < 0)
        w->head_known = false;
    return 0;
}

int jz_group_find(struct jz_writer *w, bool *ret_found, struct jz_error *err)
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
