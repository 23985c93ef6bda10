#include "ledger/evidence.h"

#include "ledger/standing.h"

#include <string.h>

static struct jz_evidence_row *find(struct jz_evidence_list *list, int64_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].id == id)
            return &list->rows[i];
    return NULL;
}

static int append(struct jz_evidence_list *list, const struct jz_evidence_row *row,
                  struct jz_error *err)
{
    struct jz_evidence_row *grown = realloc(list->rows, (list->count + 1) * sizeof *list->rows);
    if (!grown)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    list->rows = grown;
    grown[list->count++] = *row;
    return 0;
}

static int take(struct jz_evidence_list *list, const struct jz_sql_rows *rows, struct jz_error *err)
{
    struct jz_evidence_row row = {
        .id = jz_sql_int(rows, 0),
        .of = jz_sql_int(rows, 1),
        .kind = (enum jz_evidence_kind)jz_sql_int(rows, 2),
        .observed_on = jz_date_from_key(jz_sql_int(rows, 3)),
        .outcome = (enum jz_outcome)jz_sql_int(rows, 4),
        .strength = (enum jz_strength)jz_sql_int(rows, 5),
        .place = (unsigned)jz_sql_int(rows, 7),
        .recorded_at = jz_sql_int(rows, 9),
    };
    const int r = append(list, &row, err);
    if (r == 0) {
        list->rows[list->count - 1].source = jz_sql_dup_text(rows, 6);
        list->rows[list->count - 1].by = jz_sql_dup_text(rows, 8);
    }
    return r;
}

static int load_rows(struct jz_sql *sql, int64_t person, struct jz_evidence_list *list,
                     struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_EVIDENCE) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql,
                         "SELECT e.id, e.of, e.kind, e.observed_on, e.outcome, e.strength, "
                         "e.source, e.place, e.operator, e.recorded_at FROM person_fact f "
                         "JOIN evidence e ON e.id = f.fact WHERE f.person = $1 AND f.kind = $2 "
                         "ORDER BY f.fact",
                         values, 2, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        r = take(list, rows, err);
    for (size_t i = 0; i < list->count; i++) {
        struct jz_evidence_row *old = list->rows[i].of ? find(list, list->rows[i].of) : NULL;
        if (old)
            old->superseded_by = list->rows[i].id;
    }
    return r;
}

static int load_reasons(struct jz_sql *sql, int64_t person, struct jz_evidence_list *list,
                        struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_DECISION) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql,
                         "SELECT d.evidence, d.reasons FROM person_fact f "
                         "JOIN decision d ON d.id = f.fact WHERE f.person = $1 AND f.kind = $2 "
                         "ORDER BY f.fact",
                         values, 2, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        struct jz_evidence_row *row = find(list, jz_sql_int(rows, 0));
        if (row)
            jz_sql_text(rows, 1, row->reasons, sizeof row->reasons);
    }
    return r;
}

/* Signs that are no rows of evidence: what the system before this one knew last. */
static int add_inherited(struct jz_evidence_list *list, const struct jz_person_state *state,
                         struct jz_error *err)
{
    for (int i = 0; i < state->sign_count; i++)
        for (int b = 0; b < state->benefit_count; b++) {
            if (state->signs[i].id != state->benefits[b].benefit)
                continue;
            const struct jz_evidence_row row = {
                .id = state->signs[i].id,
                .inherited = true,
                .kind = (enum jz_evidence_kind)state->signs[i].kind,
                .observed_on = state->signs[i].observed_on,
                .outcome = (enum jz_outcome)state->signs[i].outcome,
                .strength = (enum jz_strength)state->details[i].strength,
                .recorded_at = state->details[i].recorded_at,
            };
            const int r = append(list, &row, err);
            if (r < 0)
                return r;
        }
    return 0;
}

/* What the calendar makes of every sign for one benefit. */
static void judge(struct jz_evidence_list *list, const struct jz_person_state *state,
                  const struct jz_benefit_state *b, struct jz_date on, uint8_t *verdicts)
{
    struct jz_standing standing;
    const struct jz_policy *policy = jz_benefit_policy(state, b, on, NULL);
    const bool judged = jz_benefit_standing(state, b, on, &standing, NULL);
    if (judged)
        jz_calendar_standing(&policy->rule, state->born_on, b->from, state->signs,
                             (size_t)state->sign_count, on, verdicts, &standing);
    for (int i = 0; i < state->sign_count; i++) {
        const struct jz_sign *sign = &state->signs[i];
        struct jz_evidence_row *row = find(list, sign->id);
        if (!row)
            continue;
        struct jz_evidence_use *use = &row->uses[row->use_count++];
        *use = (struct jz_evidence_use){ .benefit = b->benefit, .scheme = b->scheme };
        if (!judged)
            continue;
        use->is_judged = true;
        use->verdict = (enum jz_sign_verdict)verdicts[i];
        use->decides = standing.decided_by == i && !standing.by_campaign;
        if (use->verdict == JZ_SIGN_COUNTED)
            use->expires_on =
                jz_calendar_due_after(&policy->rule, state->born_on, row->kind, sign->observed_on);
    }
}

int jz_evidence_list_load(struct jz_store *store, int64_t person, struct jz_date on,
                          struct jz_evidence_list *ret_list, struct jz_error *err)
{
    JZ_CLEANUP(jz_evidence_list_done) struct jz_evidence_list list = { 0 };
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = load_rows(sql, person, &list, err)) >= 0)
        r = load_reasons(sql, person, &list, err);
    jz_store_return(store, sql);
    struct jz_person_state state;
    if (r < 0 || (r = jz_person_state_load(store, person, &state, err)) < 0)
        return r;
    r = add_inherited(&list, &state, err);
    jz_autofree uint8_t *verdicts = malloc((size_t)state.sign_count + 1);
    for (int i = 0; r == 0 && verdicts && i < state.benefit_count; i++)
        judge(&list, &state, &state.benefits[i], on, verdicts);
    jz_person_state_done(&state);
    if (r < 0)
        return r;
    if (!verdicts)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *ret_list = list;
    list = (struct jz_evidence_list){ 0 };
    return 0;
}

void jz_evidence_list_done(struct jz_evidence_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].source);
        free(list->rows[i].by);
    }
    free(list->rows);
    *list = (struct jz_evidence_list){ 0 };
}
