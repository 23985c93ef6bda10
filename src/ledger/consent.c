#include "ledger/consent.h"

#include "base/encoding.h"

#include <string.h>

static const char *const kind_names[JZ_CONSENT_KINDS] = {
    [JZ_CONSENT_BIOMETRICS] = "biometrics",
};

const char *jz_consent_kind_name(enum jz_consent_kind kind)
{
    return kind_names[kind];
}

bool jz_consent_kind_parse(const char *name, enum jz_consent_kind *ret_kind)
{
    for (int i = 0; i < JZ_CONSENT_KINDS; i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *ret_kind = (enum jz_consent_kind)i;
            return true;
        }
    return false;
}

/* ---- Reading ---- */

static void take_text(const struct jz_sql_rows *rows, int column, char *ret, size_t size)
{
    const struct jz_sql_value v = jz_sql_value(rows, column);
    snprintf(ret, size, "%.*s", (int)v.size, v.data ? (const char *)v.data : "");
}

/* False for a kind of a newer program. */
static bool take(const struct jz_sql_rows *rows, struct jz_consent *ret)
{
    char kind[32], language[16];
    *ret = (struct jz_consent){
        .fact = jz_sql_int(rows, 0),
        .recorded_at = jz_sql_int(rows, 1),
        .given = jz_sql_int(rows, 3) != 0,
    };
    take_text(rows, 2, kind, sizeof kind);
    take_text(rows, 4, ret->version, sizeof ret->version);
    take_text(rows, 5, language, sizeof language);
    take_text(rows, 6, ret->channel, sizeof ret->channel);
    take_text(rows, 7, ret->by, sizeof ret->by);
    ret->language = JZ_ZH_HANS;
    (void)jz_language_parse(language, &ret->language);
    return jz_consent_kind_parse(kind, &ret->kind);
}

int jz_consent_list(struct jz_store *store, int64_t person, struct jz_consent *ret_consents,
                    size_t room, size_t *ret_count, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_CONSENT) };
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    size_t count = 0;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql,
                     "SELECT c.id, c.recorded_at, c.kind, c.given, c.version, c.language, "
                     "c.channel, c.operator FROM person_fact f JOIN consent c ON c.id = f.fact "
                     "WHERE f.person = $1 AND f.kind = $2 ORDER BY f.fact DESC",
                     values, 2, &rows, err);
    while (r >= 0 && count < room && (r = jz_sql_next(rows, err)) == 1)
        count += take(rows, &ret_consents[count]);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_count = count;
    return 0;
}

int jz_consent_get(struct jz_store *store, int64_t person, enum jz_consent_kind kind,
                   struct jz_consent *ret_consent, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_CONSENT),
                                           jz_text(kind_names[kind]) };
    struct jz_consent consent = { .kind = kind };
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql,
                     "SELECT c.id, c.recorded_at, c.kind, c.given, c.version, c.language, "
                     "c.channel, c.operator FROM person_fact f JOIN consent c ON c.id = f.fact "
                     "WHERE f.person = $1 AND f.kind = $2 AND c.kind = $3 "
                     "ORDER BY f.fact DESC LIMIT 1",
                     values, 3, &rows, err);
    if (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        (void)take(rows, &consent);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_consent = consent;
    return 0;
}

int jz_consent_check_face(struct jz_store *store, int64_t person, struct jz_error *err)
{
    struct jz_consent consent;
    const int r = jz_consent_get(store, person, JZ_CONSENT_BIOMETRICS, &consent, err);
    if (r < 0 || consent.given)
        return r;
    return jz_error_set(err, JZ_E_DENIED,
                        consent.fact ? "the person withdrew the consent to face recognition: a "
                                       "visit, a counter or materials certify without it"
                                     : "the person has not agreed to face recognition: ask for the "
                                       "consent first, or certify by a visit, a counter or "
                                       "materials");
}

/* ---- Recording ---- */

struct recording {
    const struct jz_consent_request *request;
    struct jz_consent_result result;
};

static int64_t open_case(const struct recording *c, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_PERSON] = jz_int(c->request->person),
        [CASE_KIND] = jz_text("consent_withdrawn"),
        [CASE_STATE] = jz_text("open"),
        [CASE_SUBJECT] = jz_int(c->result.fact),
        [CASE_BY] = jz_text(c->request->by),
    };
    return jz_entry_add(entry, JZ_T_CASE, values);
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)err;
    struct recording *c = context;
    const struct jz_consent_request *q = c->request;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CONSENT_PERSON] = jz_int(q->person),
        [CONSENT_KIND] = jz_text(kind_names[q->kind]),
        [CONSENT_GIVEN] = jz_int(q->given),
        [CONSENT_VERSION] = jz_text(q->version),
        [CONSENT_LANGUAGE] = jz_text(jz_language_tag(q->language)),
        [CONSENT_CHANNEL] = jz_text(q->channel),
        [CONSENT_BY] = jz_text(q->by),
    };
    c->result = (struct jz_consent_result){ .changed = true };
    c->result.fact = jz_entry_add(entry, JZ_T_CONSENT, values);
    if (!q->given && q->kind == JZ_CONSENT_BIOMETRICS && state->enrolment)
        c->result.opened_case = open_case(c, entry);
    return 0;
}

static int check_text(const char *what, const char *text, size_t most, struct jz_error *err)
{
    const size_t size = text ? strlen(text) : 0;
    if (size == 0)
        return jz_error_set(err, JZ_E_USAGE, "a consent needs its %s", what);
    if (size > most || jz_utf8_valid(text, size) != size)
        return jz_error_set(err, JZ_E_USAGE, "the %s is longer than %zu bytes or not UTF-8", what,
                            most);
    return 0;
}

int jz_consent_record(struct jz_store *store, const struct jz_consent_request *q,
                      struct jz_consent_result *ret_result, struct jz_error *err)
{
    struct recording recording = { .request = q };
    struct jz_act act = { .person = q->person, .decide = decide, .context = &recording };
    struct jz_consent before;
    int r;
    if ((r = check_text("version of the text", q->version, JZ_CONSENT_VERSION_MAX, err)) < 0 ||
        (r = check_text("channel", q->channel, JZ_CONSENT_CHANNEL_MAX, err)) < 0 ||
        (q->by && (r = check_text("operator", q->by, sizeof before.by - 1, err)) < 0) ||
        (r = jz_consent_get(store, q->person, q->kind, &before, err)) < 0)
        return r;
    if (before.fact && before.given == q->given && strcmp(before.version, q->version) == 0) {
        *ret_result = (struct jz_consent_result){ .fact = before.fact };
        return 0;
    }
    if ((r = jz_store_act(store, &act, err)) < 0)
        return r;
    *ret_result = recording.result;
    return 0;
}
