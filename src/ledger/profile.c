#include "ledger/profile.h"

#include <stdio.h>
#include <string.h>

static const char *const dialects[JZ_DIALECTS] = {
    [JZ_DIALECT_MANDARIN] = "mandarin",
    [JZ_DIALECT_CANTONESE] = "cantonese",
    [JZ_DIALECT_ENGLISH] = "english",
};

const char *jz_dialect_name(enum jz_dialect dialect)
{
    return dialects[dialect];
}

bool jz_dialect_parse(const char *name, enum jz_dialect *ret_dialect)
{
    for (int i = 0; i < JZ_DIALECTS; i++)
        if (strcmp(name, dialects[i]) == 0) {
            *ret_dialect = (enum jz_dialect)i;
            return true;
        }
    return false;
}

static void take_text(const struct jz_sql_rows *rows, int column, char *ret, size_t size)
{
    const struct jz_sql_value v = jz_sql_value(rows, column);
    snprintf(ret, size, "%.*s", (int)v.size, v.data ? (const char *)v.data : "");
}

static void take(const struct jz_sql_rows *rows, struct jz_profile *ret, int64_t *ret_of)
{
    char dialect[16], language[16];
    ret->fact = jz_sql_int(rows, 0);
    ret->recorded_at = jz_sql_int(rows, 1);
    ret->steps = (unsigned)jz_sql_int(rows, 2) & JZ_PROFILE_ALL_STEPS;
    ret->hearing = jz_sql_int(rows, 3) != 0;
    ret->bedridden = jz_sql_int(rows, 4) != 0;
    take_text(rows, 5, dialect, sizeof dialect);
    take_text(rows, 6, language, sizeof language);
    ret->text_scale = (int)jz_sql_int(rows, 7);
    *ret_of = jz_sql_int(rows, 8);
    (void)jz_dialect_parse(dialect, &ret->dialect);
    (void)jz_language_parse(language, &ret->language);
}

/* *ret_of is the first row, 0 when there is none. */
static int get(struct jz_store *store, int64_t person, struct jz_profile *ret, int64_t *ret_of,
               struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_PROFILE) };
    struct jz_profile profile = { .steps = JZ_PROFILE_ALL_STEPS,
                                  .hearing = true,
                                  .text_scale = JZ_TEXT_SCALE_USUAL };
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int64_t of = 0;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql,
                     "SELECT p.id, p.recorded_at, p.steps, p.hearing, p.bedridden, p.dialect, "
                     "p.language, p.text_scale, COALESCE(p.of, p.id) FROM person_fact f "
                     "JOIN profile p ON p.id = f.fact WHERE f.person = $1 AND f.kind = $2 "
                     "ORDER BY f.fact DESC LIMIT 1",
                     values, 2, &rows, err);
    if (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        take(rows, &profile, &of);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret = profile;
    *ret_of = of;
    return 0;
}

int jz_profile_get(struct jz_store *store, int64_t person, struct jz_profile *ret_profile,
                   struct jz_error *err)
{
    int64_t of;
    return get(store, person, ret_profile, &of, err);
}

struct setting {
    const struct jz_profile *profile;
    const char *by;
    int64_t of;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)err;
    const struct setting *s = context;
    const struct jz_profile *p = s->profile;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [PROFILE_OF] = s->of ? jz_int(s->of) : JZ_NULL,
        [PROFILE_PERSON] = jz_int(state->person),
        [PROFILE_STEPS] = jz_int(p->steps),
        [PROFILE_HEARING] = jz_int(p->hearing),
        [PROFILE_BEDRIDDEN] = jz_int(p->bedridden),
        [PROFILE_DIALECT] = jz_text(dialects[p->dialect]),
        [PROFILE_LANGUAGE] = jz_text(jz_language_tag(p->language)),
        [PROFILE_TEXT_SCALE] = jz_int(p->text_scale),
        [PROFILE_BY] = jz_text(s->by),
    };
    jz_entry_add(entry, JZ_T_PROFILE, values);
    return 0;
}

static bool is_same(const struct jz_profile *a, const struct jz_profile *b)
{
    return a->steps == b->steps && a->hearing == b->hearing && a->bedridden == b->bedridden &&
           a->dialect == b->dialect && a->language == b->language && a->text_scale == b->text_scale;
}

int jz_profile_set(struct jz_store *store, int64_t person, const struct jz_profile *profile,
                   const char *by, struct jz_error *err)
{
    struct setting setting = { .profile = profile, .by = by };
    struct jz_act act = { .person = person, .decide = decide, .context = &setting };
    struct jz_profile before;
    if (profile->steps & ~JZ_PROFILE_ALL_STEPS)
        return jz_error_set(err, JZ_E_USAGE, "the profile names steps that do not exist");
    if (profile->text_scale < JZ_TEXT_SCALE_MIN || profile->text_scale > JZ_TEXT_SCALE_MAX)
        return jz_error_set(err, JZ_E_USAGE, "the size of text is %d to %d percent, not %d",
                            JZ_TEXT_SCALE_MIN, JZ_TEXT_SCALE_MAX, profile->text_scale);
    const int r = get(store, person, &before, &setting.of, err);
    if (r < 0 || (before.fact && is_same(&before, profile)))
        return r;
    return jz_store_act(store, &act, err);
}
