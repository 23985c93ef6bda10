#include "ledger/close.h"

#include "base/clock.h"
#include "ledger/chunk.h"
#include "ledger/standing.h"

#include <stdio.h>
#include <string.h>

enum { LEAST_CHUNK = 32, PAGE_ROWS = 1024 };

struct closing {
    struct jz_store *store;
    const struct jz_close_options *options;
    struct jz_close_mark mark;
    struct jz_policies *policies; /* as they were when the close began */
    struct jz_close_policies changed;
    struct jz_close_result result;
    struct jz_close_progress progress;
    struct jz_chunk_size chunk;
};

/* People whose benefits are looked at in one commit. */
struct chunk {
    struct closing *closing;
    int64_t persons[JZ_CLOSE_MOST_CHUNK];
    size_t count;
    int64_t rows; /* of the standings that led to them */
    struct jz_close_counts counts;
    struct jz_act act;
    struct jz_batch batch;
    bool is_posted;
};

/* ---- Deciding ---- */

/*
 * The day that the row shall speak of: the day that is closed. A close that comes late may find
 * people with a sign of life after it: they are judged as of today, since nobody who was seen alive
 * meanwhile is told otherwise.
 */
static struct jz_date judged_on(const struct jz_person_state *s, struct jz_date on,
                                struct jz_date today)
{
    for (int i = s->sign_count - 1; i >= 0; i--)
        if (jz_date_compare(s->signs[i].observed_on, on) > 0 &&
            s->signs[i].outcome == JZ_OUTCOME_PASS)
            return today;
    return on;
}

static bool is_due(const struct jz_benefit_state *b, struct jz_date on)
{
    return jz_date_is_set(b->next_on) && jz_date_compare(b->next_on, on) <= 0;
}

static void write_notice(struct jz_entry *entry, int64_t person, int64_t benefit, const char *kind,
                         const char *detail)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [NOTICE_PERSON] = jz_int(person),
        [NOTICE_KIND] = jz_text(kind),
        [NOTICE_SUBJECT] = jz_int(benefit),
        [NOTICE_DETAIL] = jz_text(detail),
    };
    jz_entry_add(entry, JZ_T_NOTICE, values);
}

static void write_proposal(struct jz_entry *entry, int64_t person, int64_t benefit,
                           struct jz_month from, int64_t policy)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [PROPOSAL_PERSON] = jz_int(person),
        [PROPOSAL_BENEFIT] = jz_int(benefit),
        [PROPOSAL_KIND] = jz_text("hold"),
        [PROPOSAL_FROM_MONTH] = jz_int(from.year * 100 + from.month),
        [PROPOSAL_POLICY] = jz_int(policy),
    };
    jz_entry_add(entry, JZ_T_PROPOSAL, values);
}

/* What there is to tell of the new standing. A benefit that just lapsed is proposed for a hold. */
static void tell(const struct jz_person_state *s, const struct jz_benefit_state *b,
                 struct jz_date on, bool propose, struct jz_close_counts *counts,
                 struct jz_entry *entry)
{
    char due[JZ_DATE_TEXT_BYTES], grace[JZ_DATE_TEXT_BYTES], hold[JZ_MONTH_TEXT_BYTES], detail[128];
    struct jz_standing now;
    int64_t policy;
    if (!jz_benefit_standing(s, b, on, &now, &policy))
        return;
    jz_date_format(now.due_on, due);
    switch (now.state) {
    case JZ_STANDING_DUE_SOON:
        if (jz_benefit_policy(s, b, on, NULL)->rule.remind_count == 0)
            return;
        snprintf(detail, sizeof detail, "{\"due_on\":\"%s\",\"days_left\":%d}", due,
                 jz_date_to_days(now.due_on) - jz_date_to_days(on));
        write_notice(entry, s->person, b->benefit, "remind", detail);
        counts->reminded++;
        return;
    case JZ_STANDING_GRACE:
        snprintf(detail, sizeof detail, "{\"due_on\":\"%s\",\"grace_until\":\"%s\"}", due,
                 jz_date_format(now.grace_until, grace));
        write_notice(entry, s->person, b->benefit, "grace", detail);
        counts->grace++;
        return;
    case JZ_STANDING_LAPSED:
        snprintf(detail, sizeof detail, "{\"due_on\":\"%s\",\"hold_from\":\"%s\"}", due,
                 jz_month_format(now.hold_from, hold));
        write_notice(entry, s->person, b->benefit, "lapsed", detail);
        counts->lapsed++;
        if (propose) {
            write_proposal(entry, s->person, b->benefit, now.hold_from, policy);
            counts->proposals++;
        }
        return;
    case JZ_STANDING_NONE:
    case JZ_STANDING_CURRENT:
    case JZ_STANDING_STATES:
        return;
    }
}

static void close_person(struct chunk *k, const struct jz_person_state *s, struct jz_entry *entry)
{
    const struct closing *c = k->closing;
    const struct jz_date on = judged_on(s, c->options->on, jz_entry_today(entry));
    for (int i = 0; i < s->benefit_count; i++) {
        const struct jz_benefit_state *b = &s->benefits[i];
        const bool due = is_due(b, c->options->on);
        if (!due && !jz_close_policies_cover(&c->changed, b))
            continue;
        const struct jz_standing_cache now = jz_standing_closed(s, b, on);
        if (jz_standing_cache_holds(&now, b, on))
            continue;
        jz_standing_write(entry, s->person, b, &now);
        k->counts.touched++;
        /* A day that was waited for is always worth a word; a new policy if it means something. */
        if (due || now.state != b->state || jz_date_compare(now.due_on, b->due_on) != 0)
            tell(s, b, on, due || b->state != JZ_STANDING_LAPSED, &k->counts, entry);
    }
}

static int decide(void *context, const struct jz_person_state *states, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct chunk *k = context;
    (void)err;
    k->counts = (struct jz_close_counts){ 0 };
    for (size_t i = 0; i < k->count; i++)
        if (states[i].person)
            close_person(k, &states[i], entry);
    return 0;
}

/* ---- Choosing: the benefits whose day has come ---- */

/* Where a pass over the register stands. */
struct cursor {
    struct jz_sql *sql;
    int64_t next_on, person, benefit; /* the last row seen */
    struct jz_person_state *states;   /* of the pass because of policies */
    struct jz_date today;
};

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* In order and each once, as an act wants them. */
static void sort_persons(struct chunk *k)
{
    size_t n = 0;
    qsort(k->persons, k->count, sizeof k->persons[0], by_number);
    for (size_t i = 0; i < k->count; i++)
        if (i == 0 || k->persons[i] != k->persons[n - 1])
            k->persons[n++] = k->persons[i];
    k->count = n;
}

static int choose_due(struct closing *c, struct cursor *at, struct chunk *k, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(jz_date_key(c->options->on)), jz_int(at->next_on),
                                           jz_int(at->person), jz_int(at->benefit),
                                           jz_int((int64_t)c->chunk.now) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(at->sql,
                         "SELECT next_on, person, benefit FROM standing WHERE next_on <= $1 "
                         "AND (next_on, person, benefit) > ($2, $3, $4) "
                         "ORDER BY next_on, person, benefit LIMIT $5",
                         values, sizeof values / sizeof values[0], &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        at->next_on = jz_sql_int(rows, 0);
        at->person = jz_sql_int(rows, 1);
        at->benefit = jz_sql_int(rows, 2);
        k->persons[k->count++] = at->person;
        k->rows++;
    }
    sort_persons(k);
    return r;
}

/* ---- Choosing: the benefits that a changed policy covers ---- */

/* Whether a chunk would find something to write. */
static bool has_changed(const struct closing *c, const struct jz_person_state *s,
                        struct jz_date today)
{
    const struct jz_date on = judged_on(s, c->options->on, today);
    for (int i = 0; i < s->benefit_count; i++) {
        const struct jz_benefit_state *b = &s->benefits[i];
        if (!jz_close_policies_cover(&c->changed, b))
            continue;
        const struct jz_standing_cache now = jz_standing_closed(s, b, on);
        if (!jz_standing_cache_holds(&now, b, on))
            return true;
    }
    return false;
}

/* Reads on until a chunk is full, or so far that something can be said of the progress. */
static int choose_changed(struct closing *c, struct cursor *at, struct chunk *k,
                          struct jz_error *err)
{
    enum { ENOUGH_ROWS = 100 * PAGE_ROWS };
    size_t count = 1;
    int r = 0;
    while (r >= 0 && count > 0 && k->rows < ENOUGH_ROWS && k->count <= c->chunk.now / 2) {
        const size_t left = c->chunk.now - k->count;
        const size_t room = left < JZ_STATES_PAGE_MIN ? JZ_STATES_PAGE_MIN : left;
        if ((r = jz_sql_begin_read(at->sql, err)) < 0)
            return r;
        r = jz_states_page(at->sql, c->policies, at->person, INT64_MAX, at->states,
                           room < PAGE_ROWS ? room : PAGE_ROWS, &count, err);
        jz_sql_rollback(at->sql);
        for (size_t i = 0; r >= 0 && i < count; i++) {
            at->person = at->states[i].person;
            k->rows += at->states[i].benefit_count;
            if (has_changed(c, &at->states[i], at->today))
                k->persons[k->count++] = at->person;
            jz_person_state_done(&at->states[i]);
        }
    }
    return r;
}

/* ---- Chunk after chunk ---- */

/* The next chunk; k->rows is 0 behind the last. */
typedef int (*choose_fn)(struct closing *c, struct cursor *at, struct chunk *k,
                         struct jz_error *err);

static int finish_chunk(struct closing *c, struct chunk *k, struct jz_error *err)
{
    if (k->is_posted) {
        jz_store_wait(c->store, &k->batch);
        k->is_posted = false;
        if (k->act.result < 0) {
            if (err)
                *err = k->act.error;
            return k->act.result;
        }
        struct jz_close_counts *sum = &c->result.counts;
        sum->touched += k->counts.touched;
        sum->reminded += k->counts.reminded;
        sum->grace += k->counts.grace;
        sum->lapsed += k->counts.lapsed;
        sum->proposals += k->counts.proposals;
        c->result.chunks++;
        if (k->act.hold_ns > c->result.longest_hold_ns)
            c->result.longest_hold_ns = k->act.hold_ns;
        jz_chunk_adapt(&c->chunk, k->count, k->act.hold_ns);
    }
    c->progress.done += k->rows;
    if (k->rows > 0 && c->options->on_progress)
        c->options->on_progress(c->options->context, &c->progress);
    k->rows = 0;
    return 0;
}

static int post_chunk(struct closing *c, struct chunk *k, struct jz_error *err)
{
    k->act = (struct jz_act){
        .decide = decide, .context = k, .persons = k->persons, .person_count = k->count
    };
    k->batch = (struct jz_batch){ .acts = &k->act, .count = 1 };
    const int r = k->count > 0 ? jz_store_post(c->store, &k->batch, err) : 0;
    k->is_posted = r == 0 && k->count > 0;
    return r;
}

/* While one chunk is written the next is chosen; a row of both finds nothing to do in the second.
 */
static int run_chunks(struct closing *c, struct cursor *at, choose_fn choose,
                      struct chunk chunks[2], struct jz_error *err)
{
    int r = 0;
    for (int i = 0;; i = !i) {
        struct chunk *k = &chunks[i], *before = &chunks[!i];
        k->closing = c;
        k->count = 0;
        k->rows = 0;
        if ((r = choose(c, at, k, err)) < 0 || (r = finish_chunk(c, before, err)) < 0 ||
            k->rows == 0 || (r = post_chunk(c, k, err)) < 0)
            break;
    }
    /* Whatever happened, what is under way lies in memory that is about to go. */
    for (int i = 0; i < 2; i++)
        if (chunks[i].is_posted)
            jz_store_wait(c->store, &chunks[i].batch);
    return r;
}

static int run_pass(struct closing *c, choose_fn choose, struct jz_error *err)
{
    jz_autofree struct chunk *chunks = calloc(2, sizeof *chunks);
    jz_autofree struct jz_person_state *states = malloc(PAGE_ROWS * sizeof *states);
    struct cursor at = { .states = states, .today = jz_store_today(c->store) };
    if (!chunks || !states)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    c->chunk.now = c->chunk.most < JZ_CLOSE_FIRST_CHUNK ? c->chunk.most : JZ_CLOSE_FIRST_CHUNK;
    int r = jz_store_reader(c->store, &at.sql, err);
    if (r < 0)
        return r;
    r = run_chunks(c, &at, choose, chunks, err);
    jz_store_return(c->store, at.sql);
    return r;
}

/* ---- From beginning to end ---- */

static int count_rows(struct closing *c, bool all, struct jz_error *err)
{
    const struct jz_sql_value on = jz_int(jz_date_key(c->options->on));
    struct jz_sql *sql = NULL;
    int64_t rows = 0;
    int r = jz_store_reader(c->store, &sql, err);
    if (r < 0)
        return r;
    r = all ? jz_sql_number(sql, "SELECT count(*) FROM standing", NULL, 0, &rows, err)
            : jz_sql_number(sql, "SELECT count(*) FROM standing WHERE next_on <= $1", &on, 1, &rows,
                            err);
    jz_store_return(c->store, sql);
    c->progress = (struct jz_close_progress){ .of_policies = all, .expected = rows };
    return r;
}

static int read_mark(struct closing *c, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(c->store, &sql, err);
    if (r < 0)
        return r;
    r = jz_close_mark_read(sql, &c->mark, err);
    jz_store_return(c->store, sql);
    return r;
}

static int check_day(const struct closing *c, struct jz_error *err)
{
    char on[JZ_DATE_TEXT_BYTES], last[JZ_DATE_TEXT_BYTES];
    jz_date_format(c->options->on, on);
    if (jz_date_compare(c->options->on, jz_store_today(c->store)) > 0)
        return jz_error_set(err, JZ_E_USAGE, "%s has not come yet: it cannot be closed", on);
    if (c->mark.was_closed && jz_date_compare(c->options->on, c->mark.on) < 0)
        return jz_error_set(err, JZ_E_USAGE, "%s is closed already: the day closed last is %s", on,
                            jz_date_format(c->mark.on, last));
    return 0;
}

static int64_t latest_policy(const struct jz_policies *policies)
{
    const struct jz_policy_set *set = jz_policies_set(policies);
    int64_t latest = 0;
    for (size_t i = 0; i < jz_policy_set_count(set); i++) {
        const int64_t fact = jz_policies_fact(policies, jz_policy_set_at(set, i));
        latest = fact > latest ? fact : latest;
    }
    return latest;
}

static int write_mark(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *err)
{
    static const char set[] =
        "INSERT INTO job (name, state, position) VALUES ($1, 'done', $2) "
        "ON CONFLICT (name) DO UPDATE SET state = excluded.state, position = excluded.position "
        "WHERE job.position < excluded.position";
    const struct closing *c = context;
    const struct jz_sql_value day[] = { jz_text("close"), jz_int(jz_date_key(c->options->on)) };
    const struct jz_sql_value policy[] = { jz_text("close-policies"),
                                           jz_int(latest_policy(c->policies)) };
    (void)state;
    (void)err;
    jz_entry_run(entry, set, day, 2);
    jz_entry_run(entry, set, policy, 2);
    return 0;
}

static int save_mark(struct closing *c, struct jz_error *err)
{
    struct jz_act act = { .decide = write_mark, .context = c };
    return jz_store_act(c->store, &act, err);
}

static int run(struct closing *c, struct jz_error *err)
{
    int r;
    if ((r = read_mark(c, err)) < 0 || (r = check_day(c, err)) < 0 ||
        (r = jz_close_policies_find(c->policies, &c->mark, c->options->on, &c->changed, err)) < 0 ||
        (r = count_rows(c, false, err)) < 0 || (r = run_pass(c, choose_due, err)) < 0)
        return r;
    if (c->changed.count > 0 &&
        ((r = count_rows(c, true, err)) < 0 || (r = run_pass(c, choose_changed, err)) < 0))
        return r;
    return save_mark(c, err);
}

int jz_close_run(struct jz_store *store, const struct jz_close_options *options,
                 struct jz_close_result *ret_result, struct jz_error *err)
{
    const int64_t start = jz_clock_ns();
    struct closing c = { .store = store, .options = options, .policies = jz_store_policies(store) };
    c.chunk = (struct jz_chunk_size){ .least = LEAST_CHUNK, .most = JZ_CLOSE_MOST_CHUNK };
    if (options->most_people > 0 && options->most_people < JZ_CLOSE_MOST_CHUNK)
        c.chunk.most = options->most_people;
    const int r = run(&c, err);
    c.result.before = c.mark.was_closed ? c.mark.on : (struct jz_date){ 0 };
    c.result.changed_policies = c.changed.count;
    c.result.seconds = (double)(jz_clock_ns() - start) / 1e9;
    free(c.changed.list);
    jz_policies_unref(c.policies);
    if (r < 0)
        return r;
    *ret_result = c.result;
    return 0;
}
