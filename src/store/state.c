/* The state of persons: a few queries for a whole group, each a single round trip. */
#include "store/store_internal.h"

#include <string.h>

/* Facts to be fetched by id, each for one of the states. */
struct wanted {
    int64_t *facts;
    size_t *states;
    size_t count, room;
};

struct loading {
    struct jz_person_state *states;
    int64_t *person_rows; /* by state: the row of person that holds */
    int64_t *shreds;      /* by state: latest fact that shredded biometrics */
    struct wanted evidence, events, cases;
};

static int want(struct wanted *w, int64_t fact, size_t state, struct jz_error *err)
{
    if (w->count == w->room) {
        const size_t room = w->room ? w->room * 2 : 64;
        int64_t *facts = realloc(w->facts, room * sizeof *facts);
        if (!facts)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        w->facts = facts;
        size_t *states = realloc(w->states, room * sizeof *states);
        if (!states)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        w->states = states;
        w->room = room;
    }
    w->facts[w->count] = fact;
    w->states[w->count++] = state;
    return 0;
}

static int on_fact(void *context, size_t key, const struct jz_sql_rows *row, struct jz_error *err)
{
    struct loading *l = context;
    const int64_t fact = jz_sql_int(row, 0);
    switch (jz_sql_int(row, 1)) {
    case JZ_T_PERSON:
        l->person_rows[key] = fact;
        return 0;
    case JZ_T_ENROLMENT:
        l->states[key].enrolment = l->states[key].own_key = fact;
        return 0;
    case JZ_T_SHRED:
        l->shreds[key] = l->states[key].own_key = fact;
        return 0;
    case JZ_T_REQUEST:
        l->states[key].request = fact;
        return 0;
    case JZ_T_FILE:
        l->states[key].request = l->states[key].own_key = fact;
        return 0;
    case JZ_T_EVIDENCE:
        return want(&l->evidence, fact, key, err);
    case JZ_T_EVENT:
        return want(&l->events, fact, key, err);
    case JZ_T_CASE:
        return want(&l->cases, fact, key, err);
    default:
        return 0;
    }
}

static int on_person(void *context, size_t key, const struct jz_sql_rows *row, struct jz_error *err)
{
    (void)err;
    struct loading *l = context;
    struct jz_person_state *s = &l->states[key];
    s->person = jz_sql_int(row, 0);
    s->row = l->person_rows[key];
    s->born_on = jz_date_from_key(jz_sql_int(row, 1));
    s->sex = (int)jz_sql_int(row, 2);
    s->care = (unsigned)jz_sql_int(row, 3);
    s->residence = (unsigned)jz_sql_int(row, 4);
    return 0;
}

/* Room for one sign more; sizes are powers of two, so the count alone tells when it is full. */
static int grow_signs(struct jz_person_state *s, struct jz_error *err)
{
    const int n = s->sign_count;
    if (n == JZ_PERSON_SIGNS)
        return jz_error_set(err, JZ_E_LIMIT, "a person with more than %d rows of evidence",
                            JZ_PERSON_SIGNS);
    if (n >= 8 ? (n & (n - 1)) != 0 : n != 0)
        return 0;
    const size_t room = n >= 8 ? 2 * (size_t)n : 8;
    struct jz_sign *signs = realloc(s->signs, room * sizeof *signs);
    if (!signs)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    s->signs = signs;
    struct jz_sign_detail *details = realloc(s->details, room * sizeof *details);
    if (!details)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    s->details = details;
    return 0;
}

/* At its place in the calendar's order. */
static int add_sign(struct jz_person_state *s, struct jz_sign sign, struct jz_sign_detail detail,
                    struct jz_error *err)
{
    const int r = grow_signs(s, err);
    if (r < 0)
        return r;
    int at = s->sign_count++;
    for (; at > 0; at--) {
        const struct jz_sign *before = &s->signs[at - 1];
        const int order = jz_date_compare(before->observed_on, sign.observed_on);
        if (order < 0 || (order == 0 && before->id < sign.id))
            break;
        s->signs[at] = s->signs[at - 1];
        s->details[at] = s->details[at - 1];
    }
    s->signs[at] = sign;
    s->details[at] = detail;
    return 0;
}

/* What the system before this one knew last. */
static int add_last(struct jz_person_state *s, const struct jz_sql_rows *row, struct jz_error *err)
{
    const int64_t kind = jz_sql_int(row, 13);
    if (jz_sql_value(row, 12).type == JZ_SQL_NULL)
        return 0;
    if (kind < 0 || kind >= JZ_EV_KINDS)
        return jz_error_set(err, JZ_E_INTEGRITY, "a benefit with a kind of evidence beyond all");
    const struct jz_sign sign = {
        .id = jz_sql_int(row, 0),
        .observed_on = jz_date_from_key(jz_sql_int(row, 12)),
        .kind = (uint8_t)kind,
        .outcome = JZ_OUTCOME_PASS,
    };
    const struct jz_sign_detail detail = {
        .strength = jz_evidence_strength[kind],
        .recorded_at = jz_sql_int(row, 14),
    };
    return add_sign(s, sign, detail, err);
}

static int on_benefit(void *context, size_t key, const struct jz_sql_rows *row,
                      struct jz_error *err)
{
    struct jz_person_state *s = &((struct loading *)context)->states[key];
    if (s->benefit_count == JZ_PERSON_BENEFITS)
        return jz_error_set(err, JZ_E_LIMIT, "a person with more than %d benefits",
                            JZ_PERSON_BENEFITS);
    s->benefits[s->benefit_count++] = (struct jz_benefit_state){
        .benefit = jz_sql_int(row, 0),
        .version = jz_sql_int(row, 1),
        .scheme = (enum jz_scheme)jz_sql_int(row, 2),
        .region = (unsigned)jz_sql_int(row, 3),
        .from = jz_date_from_key(jz_sql_int(row, 4)),
        .until = jz_date_from_key(jz_sql_int(row, 5)),
        .by_unit = jz_sql_value(row, 6).type != JZ_SQL_NULL,
        .due_on = jz_date_from_key(jz_sql_int(row, 7)),
        .grace_until = jz_date_from_key(jz_sql_int(row, 8)),
        .state = (enum jz_standing_state)jz_sql_int(row, 9),
        .next_on = jz_date_from_key(jz_sql_int(row, 10)),
        .decided_by = jz_sql_int(row, 11),
    };
    return add_last(s, row, err);
}

/* Evidence comes in the order of its ids: a correction after what it corrects. */
static void forget_sign(struct jz_person_state *s, int64_t id)
{
    for (int i = 0; i < s->sign_count; i++)
        if (s->signs[i].id == id) {
            const size_t behind = (size_t)(s->sign_count - i - 1);
            memmove(&s->signs[i], &s->signs[i + 1], behind * sizeof *s->signs);
            memmove(&s->details[i], &s->details[i + 1], behind * sizeof *s->details);
            s->sign_count--;
            return;
        }
}

static int on_evidence(void *context, size_t key, const struct jz_sql_rows *row,
                       struct jz_error *err)
{
    struct loading *l = context;
    struct jz_person_state *s = &l->states[l->evidence.states[key]];
    if (jz_sql_value(row, 5).type != JZ_SQL_NULL)
        forget_sign(s, jz_sql_int(row, 5));
    const struct jz_sign sign = {
        .id = jz_sql_int(row, 0),
        .observed_on = jz_date_from_key(jz_sql_int(row, 2)),
        .kind = (uint8_t)jz_sql_int(row, 1),
        .outcome = (uint8_t)jz_sql_int(row, 3),
    };
    const struct jz_sign_detail detail = {
        .strength = (uint8_t)jz_sql_int(row, 4),
        .place = (unsigned)jz_sql_int(row, 6),
        .recorded_at = jz_sql_int(row, 7),
    };
    return add_sign(s, sign, detail, err);
}

static int on_event(void *context, size_t key, const struct jz_sql_rows *row, struct jz_error *err)
{
    (void)err;
    struct loading *l = context;
    struct jz_person_state *s = &l->states[l->events.states[key]];
    const struct jz_sql_value kind = jz_sql_value(row, 1), of = jz_sql_value(row, 3);
    const int64_t first = of.type != JZ_SQL_NULL ? of.integer : jz_sql_int(row, 0);
    if (first == s->death) {
        s->death = 0;
        s->died_on = (struct jz_date){ 0 };
    }
    if (kind.size == 5 && memcmp(kind.data, "death", 5) == 0) {
        s->death = first;
        s->died_on = jz_date_from_key(jz_sql_int(row, 2));
    }
    return 0;
}

static int on_case(void *context, size_t key, const struct jz_sql_rows *row, struct jz_error *err)
{
    (void)err;
    struct loading *l = context;
    struct jz_person_state *s = &l->states[l->cases.states[key]];
    const struct jz_sql_value kind = jz_sql_value(row, 1);
    static const char attempts[] = "failed_attempts";
    s->open_case = jz_sql_int(row, 0);
    if (kind.size == sizeof attempts - 1 && memcmp(kind.data, attempts, kind.size) == 0)
        s->open_attempts_case = s->open_case;
    return 0;
}

static const char person_of[] =
    "SELECT COALESCE(of, id), born_on, sex, care, residence FROM person WHERE id = $1";

/* Behind person_fact: the facts it named. */
static int load_facts(struct jz_sql *sql, size_t count, struct loading *l, struct jz_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (l->shreds[i] > l->states[i].enrolment)
            l->states[i].enrolment = 0;
    int r;
    if ((r = jz_sql_each(sql,
                         "SELECT id, kind, observed_on, outcome, strength, of, place, "
                         "recorded_at FROM evidence WHERE id = $1",
                         l->evidence.facts, l->evidence.count, on_evidence, l, err)) < 0 ||
        (r = jz_sql_each(sql, "SELECT id, kind, happened_on, of FROM event WHERE id = $1",
                         l->events.facts, l->events.count, on_event, l, err)) < 0)
        return r;
    return jz_sql_each(
        sql,
        "SELECT c.id, c.kind FROM review_case c WHERE c.id = $1 AND c.of IS NULL AND "
        "NOT EXISTS (SELECT 1 FROM review_case d WHERE d.of = c.id)",
        l->cases.facts, l->cases.count, on_case, l, err);
}

static int load(struct jz_sql *sql, const int64_t *persons, size_t count, struct loading *l,
                struct jz_error *err)
{
    int r;
    if ((r = jz_sql_each(sql, "SELECT fact, kind FROM person_fact WHERE person = $1 ORDER BY fact",
                         persons, count, on_fact, l, err)) < 0 ||
        (r = jz_sql_each(sql, person_of, l->person_rows, count, on_person, l, err)) < 0 ||
        (r = jz_sql_each(
             sql,
             "SELECT s.benefit, b.id, b.scheme, b.region, b.from_on, b.until_on, b.unit, "
             "s.due_on, s.grace_until, s.state, s.next_on, s.decided_by, b.last_on, "
             "b.last_kind, b.recorded_at FROM standing s "
             "JOIN benefit b ON b.id = COALESCE(s.version, s.benefit) WHERE s.person = $1 "
             "ORDER BY s.benefit",
             persons, count, on_benefit, l, err)) < 0)
        return r;
    return load_facts(sql, count, l, err);
}

static void wanted_done(struct wanted *w)
{
    free(w->facts);
    free(w->states);
}

static int loading_new(size_t count, struct jz_person_state *states, struct loading *ret_loading,
                       struct jz_error *err)
{
    *ret_loading = (struct loading){
        .states = states,
        .person_rows = calloc(count + 1, sizeof(int64_t)),
        .shreds = calloc(count + 1, sizeof(int64_t)),
    };
    if (!ret_loading->person_rows || !ret_loading->shreds)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return 0;
}

static void loading_done(struct loading *l)
{
    wanted_done(&l->evidence);
    wanted_done(&l->events);
    wanted_done(&l->cases);
    free(l->person_rows);
    free(l->shreds);
}

int jz_states_load(struct jz_sql *sql, const int64_t *persons, size_t count,
                   const struct jz_policies *policies, struct jz_person_state *states,
                   struct jz_error *err)
{
    JZ_CLEANUP(loading_done) struct loading l;
    int r = loading_new(count, states, &l, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        states[i] = (struct jz_person_state){ .policies = policies };
        l.person_rows[i] = persons[i];
    }
    r = load(sql, persons, count, &l, err);
    for (size_t i = 0; i < count && r < 0; i++)
        jz_person_state_done(&states[i]);
    return r;
}

/* ---- The whole register, page by page ---- */

/* The columns of one benefit as on_benefit wants them, and behind them those of the person. */
static const char page_of_benefits[] =
    "SELECT s.benefit, b.id, b.scheme, b.region, b.from_on, b.until_on, b.unit, s.due_on, "
    "s.grace_until, s.state, s.next_on, s.decided_by, b.last_on, b.last_kind, b.recorded_at, "
    "s.person, p.born_on, p.sex, p.care, p.residence FROM standing s JOIN benefit b ON b.id = "
    "COALESCE(s.version, s.benefit) "
    "JOIN person p ON p.id = s.person WHERE s.person > $1 AND s.person <= $2 "
    "ORDER BY s.person, s.benefit LIMIT $3";

/*
 * The numbers are those of store/table.h: person, enrolment, evidence, case, event, shred, request,
 * file.
 */
static const char page_of_facts[] =
    "SELECT fact, kind, person FROM person_fact WHERE person > $1 AND person <= $2 "
    "AND kind IN (5, 9, 10, 15, 16, 18, 22, 23) ORDER BY person, fact";

static int read_page(struct jz_sql *sql, const struct jz_policies *policies, int64_t after,
                     int64_t until, size_t room, struct loading *l, size_t *ret_count,
                     struct jz_error *err)
{
    enum { PERSON = 15 };
    const struct jz_sql_value values[] = { jz_int(after), jz_int(until), jz_int((int64_t)room) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    size_t count = 0, read = 0;
    int r = jz_sql_query(sql, page_of_benefits, values, 3, &rows, err);
    for (; r >= 0 && (r = jz_sql_next(rows, err)) == 1; read++) {
        const int64_t person = jz_sql_int(rows, PERSON);
        if (count == 0 || l->states[count - 1].person != person)
            l->states[count++] = (struct jz_person_state){
                .policies = policies,
                .person = person,
                .row = person,
                .born_on = jz_date_from_key(jz_sql_int(rows, PERSON + 1)),
                .sex = (int)jz_sql_int(rows, PERSON + 2),
                .care = (unsigned)jz_sql_int(rows, PERSON + 3),
                .residence = (unsigned)jz_sql_int(rows, PERSON + 4),
            };
        if ((r = on_benefit(l, count - 1, rows, err)) < 0)
            break;
    }
    /* Of the last person there may be more: the next page begins with them. */
    if (r >= 0 && read == room)
        jz_person_state_done(&l->states[--count]);
    for (size_t i = 0; i < count && r < 0; i++)
        jz_person_state_done(&l->states[i]);
    *ret_count = count;
    return r;
}

static int read_page_facts(struct jz_sql *sql, int64_t after, size_t count, struct loading *l,
                           struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(after), jz_int(l->states[count - 1].person) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    size_t at = 0;
    int r = jz_sql_query(sql, page_of_facts, values, 2, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const int64_t person = jz_sql_int(rows, 2);
        while (at < count && l->states[at].person < person)
            at++;
        if (at < count && l->states[at].person == person)
            r = on_fact(l, at, rows, err);
    }
    return r;
}

/* Of those who were corrected the row that holds; the page had the first. */
static int read_corrected(struct jz_sql *sql, size_t count, struct loading *l, struct jz_error *err)
{
    int r = 0;
    for (size_t i = 0; i < count && r >= 0; i++) {
        if (!l->person_rows[i])
            continue;
        const struct jz_sql_value row = jz_int(l->person_rows[i]);
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        if ((r = jz_sql_query(sql, person_of, &row, 1, &rows, err)) >= 0 &&
            (r = jz_sql_next(rows, err)) == 1)
            r = on_person(l, i, rows, err);
    }
    return r;
}

int jz_states_page(struct jz_sql *sql, const struct jz_policies *policies, int64_t after,
                   int64_t until, struct jz_person_state *states, size_t room, size_t *ret_count,
                   struct jz_error *err)
{
    JZ_CLEANUP(loading_done) struct loading l = { 0 };
    if (room < JZ_STATES_PAGE_MIN)
        return jz_error_set(err, JZ_E_USAGE, "a page of %zu rows is too small", room);
    size_t count = 0;
    int r;
    if ((r = loading_new(room, states, &l, err)) < 0 ||
        (r = read_page(sql, policies, after, until, room, &l, &count, err)) < 0)
        return r;
    if (count > 0 && ((r = read_page_facts(sql, after, count, &l, err)) < 0 ||
                      (r = read_corrected(sql, count, &l, err)) < 0 ||
                      (r = load_facts(sql, count, &l, err)) < 0))
        for (size_t i = 0; i < count; i++)
            jz_person_state_done(&states[i]);
    if (r < 0)
        return r;
    *ret_count = count;
    return 0;
}

void jz_person_state_done(struct jz_person_state *state)
{
    free(state->signs);
    free(state->details);
    state->signs = NULL;
    state->details = NULL;
    state->sign_count = 0;
    jz_policies_unref(state->held);
    state->held = NULL;
}

int jz_person_state_load(struct jz_store *store, int64_t person, struct jz_person_state *ret_state,
                         struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_person_state state;
    JZ_CLEANUP(jz_policies_unrefp) struct jz_policies *policies = jz_store_policies(store);
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        r = jz_states_load(sql, &person, 1, policies, &state, err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    if (!state.person) {
        jz_person_state_done(&state);
        return jz_error_set(err, JZ_E_NOT_FOUND, "there is no such person");
    }
    state.held = JZ_TAKE(policies);
    *ret_state = state;
    return 0;
}
