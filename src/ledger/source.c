#include "ledger/source.h"

#include "base/encoding.h"

#include <string.h>

#define DEATH "death"

static const char *const trust_names[JZ_TRUSTS] = {
    [JZ_TRUST_DECIDE] = "decide",
    [JZ_TRUST_REVIEW] = "review",
    [JZ_TRUST_ENDED] = "ended",
};

const char *jz_trust_name(enum jz_trust trust)
{
    return trust_names[trust];
}

const char *jz_source_kind_name(const struct jz_source *source)
{
    return source->is_death ? DEATH : jz_evidence_words[source->kind].name;
}

/* ---- Reading ---- */

#define COLUMNS "SELECT id, of, recorded_at, name, kind, trust, basis, operator FROM source "

static int take(void *context, size_t number, const struct jz_sql_rows *rows, struct jz_error *err)
{
    (void)number, (void)err;
    char kind[32], trust[16];
    struct jz_source s = { .fact = jz_sql_int(rows, 0), .recorded_at = jz_sql_int(rows, 2) };
    s.of = jz_sql_value(rows, 1).type == JZ_SQL_NULL ? s.fact : jz_sql_int(rows, 1);
    jz_sql_text(rows, 3, s.name, sizeof s.name);
    jz_sql_text(rows, 4, kind, sizeof kind);
    jz_sql_text(rows, 5, trust, sizeof trust);
    jz_sql_text(rows, 6, s.basis, sizeof s.basis);
    jz_sql_text(rows, 7, s.by, sizeof s.by);
    s.is_death = strcmp(kind, DEATH) == 0;
    const int word = JZ_WORD_FIND(jz_evidence_words, kind);
    s.kind = word < 0 ? JZ_EV_DATA_MATCH : (enum jz_evidence_kind)word;
    /* A word of a newer program does not decide anything here. */
    s.trust = JZ_TRUST_ENDED;
    for (int i = 0; i < JZ_TRUSTS; i++)
        if (strcmp(trust, trust_names[i]) == 0)
            s.trust = (enum jz_trust)i;
    *(struct jz_source *)context = s;
    return 0;
}

int jz_source_get(struct jz_store *store, const char *name, struct jz_source *ret_source,
                  struct jz_error *err)
{
    const struct jz_sql_value value = jz_text(name);
    struct jz_source s;
    size_t rows = 0;
    const int r = jz_store_ask(store, COLUMNS "WHERE name = $1 ORDER BY id DESC LIMIT 1", &value, 1,
                               take, &s, &rows, err);
    if (r < 0)
        return r;
    if (rows == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "there is no source '%s'; see: jianzai source list", name);
    *ret_source = s;
    return 0;
}

struct visit {
    jz_source_fn on_source;
    void *context;
};

static int visit(void *context, size_t number, const struct jz_sql_rows *rows, struct jz_error *err)
{
    const struct visit *v = context;
    struct jz_source s;
    take(&s, number, rows, err);
    return v->on_source(v->context, &s, err);
}

int jz_source_each(struct jz_store *store, jz_source_fn on_source, void *context,
                   struct jz_error *err)
{
    struct visit v = { on_source, context };
    size_t rows;
    /* Few rows: an agency exchanges data with dozens, not with thousands. */
    return jz_store_ask(store,
                        COLUMNS "s WHERE NOT EXISTS (SELECT 1 FROM source t WHERE t.name = s.name "
                                "AND t.id > s.id) ORDER BY name",
                        NULL, 0, visit, &v, &rows, err);
}

/* ---- Writing ---- */

struct adding {
    const char *name, *kind, *trust, *basis, *by;
    int64_t of;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    const struct adding *a = context;
    (void)state;
    (void)err;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [SOURCE_OF] = a->of ? jz_int(a->of) : JZ_NULL,
        [SOURCE_NAME] = jz_text(a->name),
        [SOURCE_KIND] = jz_text(a->kind),
        [SOURCE_TRUST] = jz_text(a->trust),
        [SOURCE_BASIS] = jz_text(a->basis),
        [SOURCE_BY] = jz_text(a->by),
    };
    jz_entry_add(entry, JZ_T_SOURCE, values);
    return 0;
}

static int submit(struct jz_store *store, struct adding *adding, struct jz_error *err)
{
    struct jz_act act = { .decide = decide, .context = adding };
    return jz_store_act(store, &act, err);
}

static bool is_blank(const char *text)
{
    return !text || !text[strspn(text, " \t")];
}

static int check_text(const char *what, const char *text, size_t most, struct jz_error *err)
{
    if (is_blank(text))
        return jz_error_set(err, JZ_E_USAGE, "the %s of the source is missing", what);
    const size_t size = strlen(text);
    if (size > most)
        return jz_error_set(err, JZ_E_USAGE, "the %s of the source is longer than %zu bytes", what,
                            most);
    if (jz_utf8_valid(text, size) != size)
        return jz_error_set(err, JZ_E_USAGE, "the %s of the source is not UTF-8", what);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            return jz_error_set(err, JZ_E_USAGE, "the %s of the source has control characters",
                                what);
    return 0;
}

/* A colon marks what is no source: "unit:…" of the employers' lists. */
static int check(const struct jz_source_request *q, struct jz_error *err)
{
    int r;
    if ((r = check_text("name", q->name, JZ_SOURCE_NAME_MAX, err)) < 0 ||
        (r = check_text("legal basis", q->basis, JZ_SOURCE_BASIS_MAX, err)) < 0 ||
        (r = check_text("operator", q->by, JZ_SOURCE_NAME_MAX, err)) < 0)
        return r;
    if (strchr(q->name, ':'))
        return jz_error_set(err, JZ_E_USAGE, "the name of a source has no colon");
    if (!q->kind || (strcmp(q->kind, DEATH) != 0 && JZ_WORD_FIND(jz_evidence_words, q->kind) < 0))
        return jz_error_set(err, JZ_E_USAGE,
                            "'%s' is no kind of evidence, nor \"death\"; see docs/policy.md",
                            q->kind ? q->kind : "");
    if (strncmp(q->kind, "face_", 5) == 0)
        return jz_error_set(err, JZ_E_USAGE,
                            "%s is what this program sees itself; a face that another system saw "
                            "is external_identity",
                            q->kind);
    if (!q->trust || (strcmp(q->trust, trust_names[JZ_TRUST_DECIDE]) != 0 &&
                      strcmp(q->trust, trust_names[JZ_TRUST_REVIEW]) != 0))
        return jz_error_set(err, JZ_E_USAGE, "trust is decide or review, not '%s'",
                            q->trust ? q->trust : "");
    return 0;
}

int jz_source_add(struct jz_store *store, const struct jz_source_request *q, bool *ret_changed,
                  struct jz_error *err)
{
    struct jz_source old;
    struct jz_error none;
    int r = check(q, err);
    if (r < 0)
        return r;
    struct adding adding = { q->name, q->kind, q->trust, q->basis, q->by, 0 };
    r = jz_source_get(store, q->name, &old, &none);
    if (r < 0 && r != JZ_E_NOT_FOUND) {
        if (err)
            *err = none;
        return r;
    }
    const bool is_there = r == 0;
    if (is_there && strcmp(jz_source_kind_name(&old), q->kind) != 0)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "'%s' is a source of %s: rows of another kind need a source of "
                            "another name",
                            q->name, jz_source_kind_name(&old));
    if (is_there)
        adding.of = old.of;
    if ((r = submit(store, &adding, err)) < 0)
        return r;
    *ret_changed = is_there;
    return 0;
}

int jz_source_end(struct jz_store *store, const char *name, const char *by, struct jz_error *err)
{
    struct jz_source old;
    int r;
    if ((r = check_text("operator", by, JZ_SOURCE_NAME_MAX, err)) < 0 ||
        (r = jz_source_get(store, name, &old, err)) < 0)
        return r;
    if (old.trust == JZ_TRUST_ENDED)
        return jz_error_set(err, JZ_E_CONFLICT, "the source '%s' ended already", name);
    struct adding adding = {
        old.name, jz_source_kind_name(&old), trust_names[JZ_TRUST_ENDED], old.basis, by, old.of,
    };
    return submit(store, &adding, err);
}
