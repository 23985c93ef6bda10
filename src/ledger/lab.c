#include "ledger/lab.h"

#include "base/clock.h"

#include <pthread.h>
#include <string.h>

enum { PAGE_ROWS = 2048, THREADS_MAX = 16, REGIONS = 1000000 };

const char *jz_lab_age_band(int band)
{
    static const char *const names[JZ_LAB_AGE_BANDS] = {
        "under 60", "60-64", "65-69", "70-74", "75-79", "80-84", "85-89", "90 and over"
    };
    return names[band];
}

static int band_of(struct jz_date born_on, struct jz_date on)
{
    enum { FIRST_AGE = 60, YEARS = 5 };
    const int age = jz_date_age(born_on, on);
    if (age < FIRST_AGE)
        return 0;
    const int band = 1 + (age - FIRST_AGE) / YEARS;
    return band < JZ_LAB_AGE_BANDS ? band : JZ_LAB_AGE_BANDS - 1;
}

/* ---- The rules to try ---- */

static bool is_same_id(const struct jz_policy *a, const struct jz_policy *b)
{
    return strcmp(a->id, b->id) == 0;
}

int jz_lab_policies(const struct jz_policy_set *old, const struct jz_policy_set *new,
                    struct jz_policy_set **ret_set, struct jz_error *err)
{
    return jz_policy_set_join(new, old, is_same_id, ret_set, err);
}

/* ---- One part of the register ---- */

struct part {
    const struct jz_lab_options *options;
    const struct jz_policy_set *before, *after;
    struct jz_store *store;
    int64_t first, last; /* people above first and up to last */
    struct progress *progress;

    struct jz_lab_result sum; /* regions in the order of their first appearance */
    size_t region_room;
    uint32_t *region_places; /* by region: place in sum.regions from 1, 0: none */
    pthread_t thread;
    int result;
    struct jz_error error;
};

struct progress {
    pthread_mutex_t lock;
    const struct jz_lab_options *options;
    uint64_t people;
    double ids, all_ids;
};

static struct jz_standing judge(const struct jz_policy_set *set, const struct jz_person_state *s,
                                const struct jz_benefit_state *b, struct jz_date on)
{
    struct jz_standing standing = { .state = JZ_STANDING_NONE };
    const struct jz_policy *p = jz_policy_set_find(set, b->region, b->scheme, on);
    if (p && !jz_date_is_set(s->died_on) &&
        (!jz_date_is_set(b->until) || jz_date_compare(on, b->until) <= 0))
        jz_calendar_standing(&p->rule, s->born_on, b->from, s->signs, (size_t)s->sign_count, on,
                             NULL, &standing);
    return standing;
}

static void count(struct jz_lab_counts *c, const struct jz_standing *before,
                  const struct jz_standing *after)
{
    c->before[before->state]++;
    c->after[after->state]++;
    c->moved += jz_date_compare(before->due_on, after->due_on) != 0;
    if (before->state == after->state)
        return;
    c->changed++;
    c->newly_lapsed += after->state == JZ_STANDING_LAPSED;
    c->newly_current += after->state == JZ_STANDING_CURRENT;
}

/* NULL: out of memory. */
static struct jz_lab_counts *counts_of_region(struct part *p, unsigned region)
{
    struct jz_lab_result *sum = &p->sum;
    uint32_t *place = &p->region_places[region < REGIONS ? region : 0];
    if (*place == 0) {
        if (sum->region_count == p->region_room) {
            const size_t room = p->region_room ? 2 * p->region_room : 256;
            struct jz_lab_region *regions = realloc(sum->regions, room * sizeof *regions);
            if (!regions)
                return NULL;
            sum->regions = regions;
            p->region_room = room;
        }
        sum->regions[sum->region_count++] = (struct jz_lab_region){ .region = region };
        *place = (uint32_t)sum->region_count;
    }
    return &sum->regions[*place - 1].counts;
}

static int count_person(struct part *p, const struct jz_person_state *s, struct jz_error *err)
{
    enum { PROVINCE = 10000 };
    struct jz_lab_result *sum = &p->sum;
    const struct jz_date on = p->options->on;
    const int band = band_of(s->born_on, on);
    sum->people++;
    for (int i = 0; i < s->benefit_count; i++) {
        const struct jz_benefit_state *b = &s->benefits[i];
        const struct jz_standing before = judge(p->before, s, b, on);
        const struct jz_standing after = judge(p->after, s, b, on);
        struct jz_lab_counts *region = counts_of_region(p, b->region);
        if (!region)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        sum->benefits++;
        count(region, &before, &after);
        count(&sum->total, &before, &after);
        count(&sum->provinces[b->region / PROVINCE % 100], &before, &after);
        count(&sum->schemes[b->scheme], &before, &after);
        count(&sum->ages[band], &before, &after);
        struct jz_lab_examples *e = &sum->examples[before.state][after.state];
        if (before.state != after.state && e->count < p->options->examples)
            e->persons[e->count++] = s->person;
    }
    return 0;
}

static void report(struct part *p, size_t people, int64_t ids)
{
    struct progress *g = p->progress;
    if (!g->options->on_progress)
        return;
    pthread_mutex_lock(&g->lock);
    g->people += people;
    g->ids += (double)ids;
    g->options->on_progress(g->options->context, g->people,
                            g->all_ids > 0 ? g->ids / g->all_ids : 1);
    pthread_mutex_unlock(&g->lock);
}

static int read_part(struct part *p, struct jz_sql *sql, struct jz_person_state *states,
                     struct jz_error *err)
{
    int64_t after = p->first;
    size_t people = 1;
    int r = 0;
    while (r >= 0 && people > 0) {
        if ((r = jz_sql_begin_read(sql, err)) < 0)
            return r;
        r = jz_states_page(sql, NULL, after, p->last, states, PAGE_ROWS, &people, err);
        jz_sql_rollback(sql);
        if (r < 0)
            return r;
        const int64_t from = after;
        for (size_t i = 0; i < people; i++) {
            after = states[i].person;
            if (r == 0)
                r = count_person(p, &states[i], err);
            jz_person_state_done(&states[i]);
        }
        report(p, people, (people > 0 ? after : p->last) - from);
    }
    return r;
}

static void *run_part(void *context)
{
    struct part *p = context;
    struct jz_sql *sql = NULL;
    jz_autofree struct jz_person_state *states = malloc(PAGE_ROWS * sizeof *states);
    p->region_places = calloc(REGIONS, sizeof *p->region_places);
    if (!states || !p->region_places) {
        p->result = jz_error_set(&p->error, JZ_E_MEMORY, "out of memory");
        return NULL;
    }
    p->result = jz_store_reader(p->store, &sql, &p->error);
    if (p->result < 0)
        return NULL;
    p->result = read_part(p, sql, states, &p->error);
    jz_store_return(p->store, sql);
    return NULL;
}

/* ---- All of it ---- */

static void add(struct jz_lab_counts *sum, const struct jz_lab_counts *c)
{
    for (int i = 0; i < JZ_STANDING_STATES; i++) {
        sum->before[i] += c->before[i];
        sum->after[i] += c->after[i];
    }
    sum->changed += c->changed;
    sum->moved += c->moved;
    sum->newly_lapsed += c->newly_lapsed;
    sum->newly_current += c->newly_current;
}

/* Takes the regions and examples of a part into the first, behind those that are there. */
static int merge(struct part *into, const struct part *p, struct jz_error *err)
{
    struct jz_lab_result *sum = &into->sum;
    sum->people += p->sum.people;
    sum->benefits += p->sum.benefits;
    add(&sum->total, &p->sum.total);
    for (int i = 0; i < 100; i++)
        add(&sum->provinces[i], &p->sum.provinces[i]);
    for (int i = 0; i < JZ_SCHEMES; i++)
        add(&sum->schemes[i], &p->sum.schemes[i]);
    for (int i = 0; i < JZ_LAB_AGE_BANDS; i++)
        add(&sum->ages[i], &p->sum.ages[i]);
    for (size_t i = 0; i < p->sum.region_count; i++) {
        struct jz_lab_counts *c = counts_of_region(into, p->sum.regions[i].region);
        if (!c)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        add(c, &p->sum.regions[i].counts);
    }
    for (int b = 0; b < JZ_STANDING_STATES; b++)
        for (int a = 0; a < JZ_STANDING_STATES; a++) {
            struct jz_lab_examples *e = &sum->examples[b][a];
            const struct jz_lab_examples *more = &p->sum.examples[b][a];
            for (int i = 0; i < more->count && e->count < into->options->examples; i++)
                e->persons[e->count++] = more->persons[i];
        }
    return 0;
}

static int by_region(const void *a, const void *b)
{
    const struct jz_lab_region *x = a, *y = b;
    return (x->region > y->region) - (x->region < y->region);
}

static int find_ends(struct jz_store *store, int64_t *ret_first, int64_t *ret_last,
                     struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(
        sql, "SELECT (SELECT min(person) FROM standing), (SELECT max(person) FROM standing)", NULL,
        0, &rows, err);
    if (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        *ret_first = jz_sql_int(rows, 0);
        *ret_last = jz_sql_int(rows, 1);
    }
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return r < 0 ? r : 0;
}

static int run_parts(struct part *parts, int count, struct jz_error *err)
{
    int started = 0, r = 0;
    for (; started < count; started++)
        if (pthread_create(&parts[started].thread, NULL, run_part, &parts[started]) != 0)
            break;
    if (started < count)
        r = jz_error_set(err, JZ_E_MEMORY, "no thread can be started");
    for (int i = 0; i < started; i++) {
        pthread_join(parts[i].thread, NULL);
        if (r == 0 && parts[i].result < 0) {
            r = parts[i].result;
            if (err)
                *err = parts[i].error;
        }
    }
    for (int i = 1; i < count && r == 0; i++)
        r = merge(&parts[0], &parts[i], err);
    return r;
}

int jz_lab_run(struct jz_store *store, const struct jz_lab_options *options,
               struct jz_lab_result *ret_result, struct jz_error *err)
{
    const int64_t start = jz_clock_ns();
    const int threads =
        options->threads > 0 && options->threads <= THREADS_MAX ? options->threads : 2;
    if (options->examples < 0 || options->examples > JZ_LAB_EXAMPLES_MAX)
        return jz_error_set(err, JZ_E_USAGE, "at most %d examples of each change",
                            JZ_LAB_EXAMPLES_MAX);
    JZ_CLEANUP(jz_policies_unrefp) struct jz_policies *policies = jz_store_policies(store);
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *after = NULL;
    int64_t first = 0, last = 0;
    int r;
    if ((r = jz_lab_policies(jz_policies_set(policies), options->policies, &after, err)) < 0 ||
        (r = find_ends(store, &first, &last, err)) < 0)
        return r;
    jz_autofree struct part *parts = calloc((size_t)threads, sizeof *parts);
    if (!parts)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct progress progress = { .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .options = options,
                                 .all_ids = (double)(last - first) + 1 };
    const int64_t share = (last - first + 1) / threads;
    for (int i = 0; i < threads; i++)
        parts[i] = (struct part){
            .options = options,
            .before = jz_policies_set(policies),
            .after = after,
            .store = store,
            .first = first - 1 + i * share,
            .last = i == threads - 1 ? last : first - 1 + (i + 1) * share,
            .progress = &progress,
        };
    r = run_parts(parts, threads, err);
    for (int i = 0; i < threads; i++) {
        free(parts[i].region_places);
        if (i > 0 || r < 0)
            free(parts[i].sum.regions);
    }
    if (r < 0)
        return r;
    struct jz_lab_result *sum = &parts[0].sum;
    if (sum->region_count > 0)
        qsort(sum->regions, sum->region_count, sizeof *sum->regions, by_region);
    sum->seconds = (double)(jz_clock_ns() - start) / 1e9;
    *ret_result = *sum;
    return 0;
}

void jz_lab_result_done(struct jz_lab_result *result)
{
    free(result->regions);
    result->regions = NULL;
    result->region_count = 0;
}
