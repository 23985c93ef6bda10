/*
 * Further benefits of people who are in the register: each on that person's state as it is inside
 * the writer. What is there already is left alone, so this pass may run again from its beginning.
 */
#include "ledger/import_people_internal.h"

#include "ledger/standing.h"

#include <string.h>

enum { BATCH = 256 };

struct addition {
    const struct jz_importing *m;
    enum jz_scheme scheme;
    unsigned region;
    struct jz_date from, last_on;
    enum jz_evidence_kind last_kind;
    int64_t fen;
    char unit[JZ_IMPORT_UNIT_MAX + 1];
};

struct batch {
    struct addition of[BATCH];
    struct jz_act acts[BATCH];
    size_t count;
};

static bool has_benefit(const struct jz_person_state *state, const struct addition *a)
{
    for (int i = 0; i < state->benefit_count; i++)
        if (state->benefits[i].scheme == a->scheme && state->benefits[i].region == a->region)
            return true;
    return false;
}

static bool has_sign(const struct jz_person_state *state, const struct addition *a)
{
    for (int i = 0; i < state->sign_count; i++)
        if (state->signs[i].kind == a->last_kind &&
            jz_date_compare(state->signs[i].observed_on, a->last_on) == 0)
            return true;
    return false;
}

/* The state with the sign more, in the calendar's order; the signs lie in the array given. */
static struct jz_person_state with_sign(const struct jz_person_state *state,
                                        const struct addition *a, int64_t id, struct jz_sign *signs)
{
    struct jz_person_state s = *state;
    int at = state->sign_count;
    if (state->sign_count > 0)
        memcpy(signs, state->signs, (size_t)state->sign_count * sizeof *signs);
    for (; at > 0 && jz_date_compare(signs[at - 1].observed_on, a->last_on) > 0; at--)
        signs[at] = signs[at - 1];
    signs[at] = (struct jz_sign){ id, a->last_on, (uint8_t)a->last_kind, JZ_OUTCOME_PASS };
    s.signs = signs;
    s.sign_count++;
    return s;
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    const struct addition *a = context;
    struct jz_sign signs[JZ_PERSON_SIGNS + 1];
    const struct jz_date today = jz_entry_today(entry);
    if (has_benefit(state, a))
        return 0;
    if (state->benefit_count == JZ_PERSON_BENEFITS || state->sign_count == JZ_PERSON_SIGNS)
        return jz_error_set(err, JZ_E_LIMIT, "a person has too many benefits or signs of life");
    const bool has_last = jz_date_is_set(a->last_on) && !has_sign(state, a);
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [BENEFIT_PERSON] = jz_int(state->person),
        [BENEFIT_IMPORT] = jz_int(a->m->import),
        [BENEFIT_SCHEME] = jz_int(a->scheme),
        [BENEFIT_REGION] = jz_int(a->region),
        [BENEFIT_FROM] = jz_int(jz_date_key(a->from)),
        [BENEFIT_FEN] = a->fen >= 0 ? jz_int(a->fen) : JZ_NULL,
        [BENEFIT_UNIT] = *a->unit ? jz_text(a->unit) : JZ_NULL,
        [BENEFIT_LAST_ON] = has_last ? jz_int(jz_date_key(a->last_on)) : JZ_NULL,
        [BENEFIT_LAST_KIND] = has_last ? jz_int(a->last_kind) : JZ_NULL,
    };
    const int64_t id = jz_entry_add(entry, JZ_T_BENEFIT, values);
    const struct jz_benefit_state benefit = {
        .benefit = id, .version = id, .scheme = a->scheme, .region = a->region, .from = a->from
    };
    const struct jz_person_state after = has_last ? with_sign(state, a, id, signs) : *state;
    const struct jz_standing_cache fresh = jz_standing_cache(&after, &benefit, today);
    jz_standing_put(entry, state->person, id, &fresh);
    jz_standing_write_all(entry, &after, today);
    return 0;
}

static int submit(struct jz_importing *m, struct jz_act *acts, size_t count, struct jz_error *err)
{
    int r = count > 0 ? jz_store_submit(m->store, acts, count, err) : 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        r = jz_import_settle(m, &acts[i], err);
    return r;
}

static int find_person(struct jz_importing *m, const struct jz_document *document,
                       int64_t *ret_person, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(m->store, &sql, err);
    if (r < 0)
        return r;
    r = jz_person_find_document(sql, m->keyring, document, ret_person, err);
    jz_store_return(m->store, sql);
    if (r == 0 && *ret_person == 0)
        r = jz_error_set(err, JZ_E_INTEGRITY,
                         "a person of the import is not found by document; type: jianzai rebuild");
    return r;
}

static int take(struct jz_importing *m, const struct jz_import_row *row, struct batch *b,
                struct jz_error *err)
{
    int64_t person = 0;
    const int r = find_person(m, &row->document, &person, err);
    if (r < 0)
        return r;
    struct addition *a = &b->of[b->count];
    *a = (struct addition){
        .m = m,
        .scheme = row->scheme,
        .region = row->region,
        .from = row->from,
        .last_on = row->last_on,
        .last_kind = row->last_kind,
        .fen = row->fen,
    };
    if (row->unit)
        memcpy(a->unit, row->unit, strlen(row->unit) + 1);
    b->acts[b->count++] = (struct jz_act){ .person = person, .decide = decide, .context = a };
    return 0;
}

static int add_rows(struct jz_importing *m, size_t total, struct jz_error *err)
{
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *csv = NULL;
    jz_autofree struct batch *b = calloc(1, sizeof *b);
    jz_autofree struct jz_import_row *row = malloc(sizeof *row);
    struct jz_csv_row line;
    size_t done = 0;
    if (!b || !row)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int r = jz_import_open(m, &csv, err);
    for (size_t number = 0; r >= 0 && done < total && (r = jz_csv_next(csv, &line, err)) == 1;
         number++) {
        if (number >= m->rows || m->verdicts[number] != JZ_ROW_ADD)
            continue;
        if ((r = jz_import_reread(m, &line, row, err)) < 0 || (r = take(m, row, b, err)) < 0)
            break;
        done++;
        if (b->count == BATCH || done == total) {
            r = submit(m, b->acts, b->count, err);
            b->count = 0;
            jz_import_tell(m, JZ_IMPORT_ADDING, (int64_t)done, (int64_t)total);
        }
    }
    if (r >= 0 && done < total)
        return jz_error_set(err, JZ_E_CONFLICT, "%s: is shorter than it was", m->options->path);
    return r < 0 ? r : 0;
}

int jz_import_add(struct jz_importing *m, struct jz_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < m->rows; i++)
        total += m->verdicts[i] == JZ_ROW_ADD;
    int r = total > 0 ? add_rows(m, total, err) : 0;
    if (r < 0)
        return r;
    return jz_import_end(m, err);
}
