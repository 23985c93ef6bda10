/* Requests: making one, and one step from state to state. */
#include "ledger/request_internal.h"

#include "base/encoding.h"

#include <string.h>

struct jz_bytes request_context(int64_t person, enum jz_request_kind kind,
                                char text[REQUEST_CONTEXT_BYTES])
{
    const int n = snprintf(text, REQUEST_CONTEXT_BYTES, "request-v1:%lld:%s", (long long)person,
                           jz_request_words[kind].name);
    return (struct jz_bytes){ text, (size_t)n };
}

int request_alike_hash(const struct jz_keyring *keyring, unsigned version, const char *compared,
                       uint8_t ret_hash[JZ_FIND_BYTES], struct jz_error *err)
{
    /* Not the hash that document_find has: who is a proxy does not show who else they are. */
    char text[16 + REQUEST_ALIKE_BYTES];
    uint8_t hash[JZ_LOOKUP_BYTES];
    const int size = snprintf(text, sizeof text, "alike-v1:%s", compared);
    const int r = jz_keyring_lookup(keyring, JZ_KEY_LOOKUP, version, text, (size_t)size, hash, err);
    if (r == 0)
        memcpy(ret_hash, hash, JZ_FIND_BYTES);
    jz_wipe(text, sizeof text);
    return r;
}

/* ---- Making ---- */

struct making {
    const struct jz_request_new *new;
    int64_t subject;
    bool is_alike;
    uint8_t alike[JZ_FIND_BYTES];
    uint8_t *sealed;
    size_t sealed_size;
    char *detail;
    int64_t latest; /* row of the person's requests when they were looked at */
    bool is_stale;
    int64_t id;
};

static void making_done(struct making *m)
{
    free(m->sealed);
    free(m->detail);
}

static int seal_fields(const struct jz_keyring *keyring, const struct jz_request_new *new,
                       const json_t *fields, struct making *m, struct jz_error *err)
{
    char context[REQUEST_CONTEXT_BYTES];
    char *text = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);
    const size_t size = text ? strlen(text) : 0;
    int r = JZ_E_MEMORY;
    m->sealed = malloc(size + JZ_SEAL_MAX_OVERHEAD);
    if (text && m->sealed) {
        r = jz_keyring_seal(keyring, JZ_KEY_IDENTITY,
                            request_context(new->person, new->kind, context), text, size, m->sealed,
                            &m->sealed_size, err);
        jz_wipe(text, size);
    } else {
        jz_error_set(err, r, "out of memory");
    }
    free(text);
    return r;
}

/* The day of the beacon goes beside it; a beacon that nobody gave is a mistake on the paper. */
static int add_beacon_day(struct jz_store *store, const struct request_values *v,
                          struct jz_error *err)
{
    struct jz_beacon beacon;
    char day[JZ_DATE_TEXT_BYTES];
    if (!*v->beacon)
        return 0;
    const int r = jz_beacon_check(store, v->beacon, &beacon, err);
    if (r < 0) {
        jz_error_prefix(err, "beacon");
        return r;
    }
    return json_object_set_new(v->plain, "beacon_day",
                               json_string(jz_date_format(beacon.day, day))) < 0
               ? jz_error_set(err, JZ_E_MEMORY, "out of memory")
               : 0;
}

static int prepare(struct jz_store *store, const struct jz_request_new *new, struct making *m,
                   struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    JZ_CLEANUP(request_values_done) struct request_values v = { .sealed = NULL };
    const char *field;
    int r;
    if ((r = request_values_take(new->kind, new->fields, jz_store_today(store), &v, &field, err)) <
            0 ||
        (r = add_beacon_day(store, &v, err)) < 0 ||
        (r = seal_fields(keyring, new, v.sealed, m, err)) < 0)
        return r;
    m->subject = v.subject;
    m->is_alike = *v.alike != 0;
    if (!(m->detail = json_dumps(v.plain, JSON_COMPACT | JSON_SORT_KEYS)))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return m->is_alike ? request_alike_hash(keyring, jz_keyring_versions(keyring, JZ_KEY_LOOKUP),
                                            v.alike, m->alike, err)
                       : 0;
}

/* Decision or evidence of this very person. */
static int check_subject(struct jz_sql *sql, const struct making *m, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(m->new->person), jz_int(m->subject),
                                           jz_int(JZ_T_EVIDENCE), jz_int(JZ_T_DECISION) };
    int64_t found = 0;
    if (!m->subject)
        return 0;
    const int r = jz_sql_number(sql,
                                "SELECT count(*) FROM person_fact WHERE person = $1 AND fact = $2 "
                                "AND kind IN ($3, $4)",
                                values, 4, &found, err);
    if (r < 0 || found > 0)
        return r;
    return jz_error_set(err, JZ_E_NOT_FOUND,
                        "subject: %lld is no decision and no evidence of this person",
                        (long long)m->subject);
}

/* What the person asked for before: how much waits, and what. */
static int check_others(struct jz_sql *sql, const struct making *m, int64_t since,
                        struct jz_error *err)
{
    const char *kind = jz_request_words[m->new->kind].name;
    const struct jz_sql_value values[] = { jz_int(m->new->person), jz_int(since), jz_text(kind) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(
        sql,
        "SELECT COUNT(CASE WHEN waits THEN 1 END), COUNT(CASE WHEN made >= $2 THEN 1 END), "
        "MAX(CASE WHEN waits AND kind = $3 THEN id END) FROM (SELECT r.id AS id, r.kind AS kind, "
        "r.recorded_at AS made, NOT EXISTS (SELECT 1 FROM request e WHERE e.of = r.id AND e.state "
        "IN ('done', 'refused', 'withdrawn')) AS waits FROM person_fact f JOIN request r ON r.id = "
        "f.fact WHERE f.person = $1 AND f.kind = 22 AND r.of IS NULL) AS all_of_them",
        values, 3, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const int64_t waiting = jz_sql_int(rows, 0), today = jz_sql_int(rows, 1),
                  same = jz_sql_int(rows, 2);
    if (same && jz_request_kinds[m->new->kind].is_single)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "request %lld of kind %s waits already: withdraw it to make another",
                            (long long)same, kind);
    if (waiting >= JZ_REQUEST_OPEN_MAX || today >= JZ_REQUEST_DAY_MAX)
        return jz_error_set(err, JZ_E_LIMIT,
                            "%lld requests of this person wait and %lld were made today: no "
                            "more than %d and %d",
                            (long long)waiting, (long long)today, JZ_REQUEST_OPEN_MAX,
                            JZ_REQUEST_DAY_MAX);
    return 0;
}

/* When the day began, in seconds. */
static int64_t began(struct jz_date day)
{
    enum { DAY_S = 86400, SHANGHAI_S = 8 * 3600 };
    return (int64_t)jz_date_to_days(day) * DAY_S - SHANGHAI_S;
}

static int look(struct jz_store *store, struct making *m, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        if ((r = request_latest(sql, m->new->person, &m->latest, err)) == 0 &&
            (r = check_subject(sql, m, err)) == 0)
            r = check_others(sql, m, began(jz_store_today(store)), err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    return r;
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct making *m = context;
    m->is_stale = state->request != m->latest;
    if (m->is_stale)
        return jz_error_set(err, JZ_E_CONFLICT, "another request came meanwhile: try once more");
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [REQUEST_PERSON] = jz_int(m->new->person),
        [REQUEST_KIND] = jz_text(jz_request_words[m->new->kind].name),
        [REQUEST_STATE] = jz_text(jz_request_state_words[JZ_REQUEST_OPEN].name),
        [REQUEST_SUBJECT] = m->subject ? jz_int(m->subject) : JZ_NULL,
        [REQUEST_ALIKE] = m->is_alike ? jz_blob(m->alike, sizeof m->alike) : JZ_NULL,
        [REQUEST_SEALED] = jz_blob(m->sealed, m->sealed_size),
        [REQUEST_DETAIL] = jz_text(m->detail),
        [REQUEST_BY] = jz_text(m->new->by),
    };
    m->id = jz_entry_add(entry, JZ_T_REQUEST, values);
    return 0;
}

int jz_request_make(struct jz_store *store, const struct jz_request_new *new, int64_t *ret_id,
                    struct jz_error *err)
{
    JZ_CLEANUP(making_done) struct making m = { .new = new };
    int r = prepare(store, new, &m, err);
    bool again = r == 0;
    for (int i = 0; i < REQUEST_ROUNDS && again; i++) {
        struct jz_act act = { .person = new->person, .decide = decide, .context = &m };
        if ((r = look(store, &m, err)) < 0)
            return r;
        r = jz_store_act(store, &act, err);
        again = r < 0 && m.is_stale;
    }
    if (r < 0)
        return r;
    *ret_id = m.id;
    return 0;
}

/* ---- A change of state ---- */

static int check_step(const struct jz_request *r, const struct jz_request_step *s,
                      struct jz_error *err)
{
    const struct jz_request_kind_info *info = &jz_request_kinds[r->kind];
    if (!(info->next[r->state] & 1u << s->to)) {
        const bool is_early = r->state == JZ_REQUEST_OPEN && s->to == JZ_REQUEST_DONE;
        return jz_error_set(err, JZ_E_CONFLICT, "request %lld is %s: it cannot become %s%s",
                            (long long)r->id, jz_request_state_words[r->state].name,
                            jz_request_state_words[s->to].name,
                            is_early ? " before it has an appointment: assign it first" : "");
    }
    if (!s->by && s->to != JZ_REQUEST_WITHDRAWN)
        return jz_error_set(err, JZ_E_USAGE, "--by is missing: somebody answers for it");
    if (s->to == JZ_REQUEST_REFUSED && (!s->reason || !*s->reason))
        return jz_error_set(err, JZ_E_USAGE, "--reason is missing: the person is told why");
    if (s->to == JZ_REQUEST_ASSIGNED && (!s->assigned_to || !*s->assigned_to))
        return jz_error_set(err, JZ_E_USAGE, "--to is missing: the clerk who has it now");
    if (s->to == JZ_REQUEST_ASSIGNED && info->by_appointment && !jz_date_is_set(s->due_on))
        return jz_error_set(err, JZ_E_USAGE, "--on is missing: the day of the appointment");
    return 0;
}

static int check_text(const char *what, const char *text, size_t most, struct jz_error *err)
{
    if (!text)
        return 0;
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return jz_error_set(err, JZ_E_USAGE, "the %s is more than one line", what);
    if (size > most || jz_utf8_valid(text, size) != size)
        return jz_error_set(err, JZ_E_USAGE, "the %s is longer than %zu bytes or not UTF-8", what,
                            most);
    return 0;
}

static int write_detail(struct request_change *c, struct jz_error *err)
{
    const struct jz_request_step *s = &c->step;
    const char *assigned = s->assigned_to      ? s->assigned_to
                           : *c->r.assigned_to ? c->r.assigned_to
                                               : NULL;
    json_t *detail = json_pack("{s:s*,s:s*,s:s*}", "assigned_to", assigned, "outcome",
                               *c->outcome ? c->outcome : NULL, "reason", s->reason);
    c->detail = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    return c->detail ? 0 : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}

static int read_request(struct jz_store *store, struct request_change *c, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        r = request_load(sql, c->step.request, &c->r, err);
        if (r == 1)
            r = request_latest(sql, c->r.person, &c->latest, err);
        else if (r == 0)
            r = JZ_E_NOT_FOUND;
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    if (r == 0 && c->step.person && c->step.person != c->r.person)
        r = JZ_E_NOT_FOUND;
    return r == JZ_E_NOT_FOUND
               ? jz_error_set(err, r, "there is no request %lld", (long long)c->step.request)
               : r;
}

int request_change_prepare(struct jz_store *store, const struct jz_request_step *step,
                           const char *outcome, struct request_change *ret_change,
                           struct jz_error *err)
{
    struct request_change c = { .step = *step };
    int r;
    snprintf(c.outcome, sizeof c.outcome, "%s", outcome);
    if ((r = check_text("reason", step->reason, JZ_REQUEST_REASON_MAX, err)) < 0 ||
        (r = check_text("operator", step->by, JZ_REQUEST_OPERATOR_MAX, err)) < 0 ||
        (r = check_text("clerk", step->assigned_to, JZ_REQUEST_OPERATOR_MAX, err)) < 0 ||
        (r = read_request(store, &c, err)) < 0 || (r = check_step(&c.r, step, err)) < 0 ||
        (r = write_detail(&c, err)) < 0)
        return r;
    *ret_change = c;
    return 0;
}

void request_change_done(struct request_change *change)
{
    free(change->detail);
    change->detail = NULL;
}

static void add_notice(const struct request_change *c, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [NOTICE_PERSON] = jz_int(c->r.person),
        [NOTICE_KIND] = jz_text("request"),
        [NOTICE_SUBJECT] = jz_int(c->row),
    };
    jz_entry_add(entry, JZ_T_NOTICE, values);
}

int request_change_add(void *context, const struct jz_person_state *state, int64_t came,
                       struct jz_entry *entry, struct jz_error *err)
{
    struct request_change *c = context;
    const struct jz_request_step *s = &c->step;
    c->is_stale = state->request != c->latest;
    if (c->is_stale)
        return jz_error_set(err, JZ_E_CONFLICT, "the person's requests changed meanwhile");
    const struct jz_date due = jz_date_is_set(s->due_on) ? s->due_on : c->r.due_on;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [REQUEST_OF] = jz_int(c->r.id),
        [REQUEST_PERSON] = jz_int(c->r.person),
        [REQUEST_KIND] = jz_text(jz_request_words[c->r.kind].name),
        [REQUEST_STATE] = jz_text(jz_request_state_words[s->to].name),
        [REQUEST_SUBJECT] = came ? jz_int(came) : JZ_NULL,
        [REQUEST_DUE_ON] = jz_date_is_set(due) ? jz_int(jz_date_key(due)) : JZ_NULL,
        [REQUEST_DETAIL] = jz_text(c->detail),
        [REQUEST_BY] = jz_text(s->by),
    };
    c->row = jz_entry_add(entry, JZ_T_REQUEST, values);
    if (s->by)
        add_notice(c, entry);
    return 0;
}

static int decide_step(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                       struct jz_error *err)
{
    return request_change_add(context, state, 0, entry, err);
}

int jz_request_step(struct jz_store *store, const struct jz_request_step *step,
                    struct jz_error *err)
{
    int r = JZ_E_CONFLICT;
    bool is_stale = true;
    for (int i = 0; i < REQUEST_ROUNDS && is_stale; i++) {
        JZ_CLEANUP(request_change_done) struct request_change c = { .detail = NULL };
        if ((r = request_change_prepare(store, step, "", &c, err)) < 0)
            return r;
        struct jz_act act = { .person = c.r.person, .decide = decide_step, .context = &c };
        r = jz_store_act(store, &act, err);
        is_stale = r < 0 && c.is_stale;
    }
    return r;
}
