/*
 * The second pass: the facts of new people, a chunk in one commit. While the writer writes one
 * chunk, the next is read, checked and sealed.
 */
#include "ledger/import_people_internal.h"

#include "ledger/standing.h"

#include <string.h>

/* What is prepared of one new person; benefits and signs are those from `first_` on. */
struct new_person {
    uint32_t row;
    struct jz_date born_on;
    uint8_t sex;
    unsigned care, residence;
    uint32_t first_benefit, first_sign;
    uint16_t benefits, signs;
    uint32_t sealed, sealed_size; /* in the chunk's bytes */
};

struct new_benefit {
    struct jz_benefit_state state;
    int64_t fen;
    uint32_t unit, unit_size; /* in the chunk's bytes; size 0: none */
    struct jz_date last_on;
    enum jz_evidence_kind last_kind;
    struct jz_standing_cache cache; /* decided_by: the number of the benefit from 1, or 0 */
};

enum {
    LEAST_PEOPLE = 250,
    FIRST_PEOPLE = 2000,
    /* Nobody else writes while a register is taken in, and a tenth as many take twice the time. */
    CHUNK_PEOPLE = 16000,
    CHUNK_ROWS = 2 * CHUNK_PEOPLE, /* benefits of the chunk's people, and as many signs */
    CHUNK_BYTES = 4 << 20,
};

struct chunk {
    const struct jz_importing *m;
    struct jz_policies *policies; /* the standings were computed with */
    struct jz_act act;
    struct jz_batch batch;
    bool is_posted;
    size_t end_row; /* of the file, behind the chunk */
    size_t people, benefits, signs, used;
    size_t written;     /* of the people, on disk */
    size_t few, taking; /* how many are taken when others write; how many the act took */
    struct new_person person[CHUNK_PEOPLE];
    struct new_benefit benefit[CHUNK_ROWS];
    struct jz_sign sign[CHUNK_ROWS];
    int64_t ids[CHUNK_PEOPLE]; /* of the persons, once written */
    uint8_t bytes[CHUNK_BYTES];
};

static void chunk_free(struct chunk **c)
{
    if (*c)
        jz_policies_unref((*c)->policies);
    free(*c);
}

/* ---- Preparing ---- */

/* The state of a person of this chunk, as the calendar wants it. */
static struct jz_person_state state_of(struct chunk *c, const struct new_person *p,
                                       const struct jz_policies *policies)
{
    return (struct jz_person_state){
        .born_on = p->born_on,
        .sex = p->sex,
        .care = p->care,
        .signs = &c->sign[p->first_sign],
        .sign_count = p->signs,
        .policies = policies,
    };
}

/* Computes the standings. */
static void judge(struct chunk *c, const struct jz_policies *policies, struct jz_date today)
{
    for (size_t i = 0; i < c->people; i++) {
        const struct new_person *p = &c->person[i];
        const struct jz_person_state state = state_of(c, p, policies);
        for (unsigned k = 0; k < p->benefits; k++) {
            struct new_benefit *b = &c->benefit[p->first_benefit + k];
            b->cache = jz_standing_cache(&state, &b->state, today);
        }
    }
}

static uint32_t keep(struct chunk *c, const void *data, size_t size)
{
    const size_t at = c->used;
    memcpy(c->bytes + at, data, size);
    c->used += size;
    return (uint32_t)at;
}

static void add_benefit(struct chunk *c, struct new_person *p, const struct jz_import_row *row)
{
    struct new_benefit *b = &c->benefit[c->benefits++];
    p->benefits++;
    *b = (struct new_benefit){
        .state = { .scheme = row->scheme,
                   .region = row->region,
                   .from = row->from,
                   .by_unit = row->unit != NULL },
        .fen = row->fen,
    };
    if (row->unit) {
        b->unit_size = (uint32_t)strlen(row->unit);
        b->unit = keep(c, row->unit, b->unit_size);
    }
}

/*
 * The last certification, unless another benefit of the person says the same. Signs stand in the
 * calendar's order; until there are ids, each is known by the number of its benefit.
 */
static void add_sign(struct chunk *c, struct new_person *p, const struct jz_import_row *row)
{
    struct jz_sign *signs = &c->sign[p->first_sign];
    struct new_benefit *b = &c->benefit[c->benefits - 1];
    unsigned at = p->signs;
    if (!jz_date_is_set(row->last_on))
        return;
    for (unsigned i = 0; i < p->signs; i++)
        if (jz_date_compare(signs[i].observed_on, row->last_on) == 0 &&
            signs[i].kind == row->last_kind)
            return;
    b->last_on = row->last_on;
    b->last_kind = row->last_kind;
    for (; at > 0 && jz_date_compare(signs[at - 1].observed_on, row->last_on) > 0; at--)
        signs[at] = signs[at - 1];
    signs[at] =
        (struct jz_sign){ p->benefits, row->last_on, (uint8_t)row->last_kind, JZ_OUTCOME_PASS };
    p->signs++;
    c->signs++;
}

static int add_person(struct chunk *c, const struct jz_import_row *row, uint32_t number,
                      struct jz_error *err)
{
    size_t size = 0;
    struct new_person *p = &c->person[c->people];
    const int r = jz_person_seal(c->m->keyring, &row->data, c->bytes + c->used, &size, err);
    if (r < 0)
        return r;
    *p = (struct new_person){
        .row = number,
        .born_on = row->born_on,
        .sex = (uint8_t)row->sex,
        .care = row->care,
        .residence = row->residence,
        .first_benefit = (uint32_t)c->benefits,
        .first_sign = (uint32_t)c->signs,
        .sealed = (uint32_t)c->used,
        .sealed_size = (uint32_t)size,
    };
    c->used += size;
    c->people++;
    return 0;
}

/* Where the file is. */
struct place {
    struct jz_chunk_size few; /* people of a commit when others write */
    struct jz_csv *csv;
    size_t next; /* number of the row that jz_csv_next gives next */
    struct jz_csv_row line;
    struct jz_import_row row;
};

static bool is_full(const struct chunk *c, const struct jz_importing *m, const struct place *p)
{
    enum { LARGEST = JZ_PERSON_SEALED_BYTES + JZ_PERSON_BENEFITS * (JZ_IMPORT_UNIT_MAX + 8) };
    if (c->people < CHUNK_PEOPLE && c->benefits + JZ_PERSON_BENEFITS <= CHUNK_ROWS &&
        c->used + LARGEST <= CHUNK_BYTES)
        return false;
    /* Not between the rows of one person. */
    size_t next = p->next;
    while (next < m->rows && m->verdicts[next] == JZ_ROW_REFUSED)
        next++;
    return next == m->rows || m->verdicts[next] != JZ_ROW_NEXT;
}

/* Reads as many people as a chunk takes. */
static int fill(struct chunk *c, struct jz_importing *m, struct place *p, struct jz_error *err)
{
    c->people = c->benefits = c->signs = c->used = c->written = 0;
    while (p->next < m->rows && !is_full(c, m, p)) {
        int r = jz_csv_next(p->csv, &p->line, err);
        if (r < 0)
            return r;
        if (r == 0)
            break;
        const size_t number = p->next++;
        const enum jz_import_verdict verdict = m->verdicts[number];
        if (verdict != JZ_ROW_FIRST && verdict != JZ_ROW_NEXT)
            continue;
        if ((r = jz_import_reread(m, &p->line, &p->row, err)) < 0 ||
            (verdict == JZ_ROW_FIRST && (r = add_person(c, &p->row, (uint32_t)number, err)) < 0))
            return r;
        struct new_person *person = &c->person[c->people - 1];
        add_benefit(c, person, &p->row);
        add_sign(c, person, &p->row);
    }
    c->end_row = p->next;
    jz_policies_unref(c->policies);
    c->policies = jz_store_policies(m->store);
    judge(c, c->policies, m->today);
    return 0;
}

/* ---- Inside the writer ---- */

static int64_t put_person(struct chunk *c, const struct new_person *p, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [PERSON_IMPORT] = jz_int(c->m->import),
        [PERSON_BORN_ON] = jz_int(jz_date_key(p->born_on)),
        [PERSON_SEX] = jz_int(p->sex),
        [PERSON_CARE] = jz_int(p->care),
        [PERSON_RESIDENCE] = p->residence ? jz_int(p->residence) : JZ_NULL,
        [PERSON_SEALED] = jz_blob(c->bytes + p->sealed, p->sealed_size),
    };
    return jz_entry_add(entry, JZ_T_PERSON, values);
}

static int64_t put_benefit(struct chunk *c, int64_t person, const struct new_benefit *b,
                           struct jz_entry *entry)
{
    const bool has_last = jz_date_is_set(b->last_on);
    struct jz_sql_value unit = JZ_NULL;
    if (b->unit_size > 0)
        unit = (struct jz_sql_value){ JZ_SQL_TEXT, 0, c->bytes + b->unit, b->unit_size };
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [BENEFIT_PERSON] = jz_int(person),
        [BENEFIT_SCHEME] = jz_int(b->state.scheme),
        [BENEFIT_REGION] = jz_int(b->state.region),
        [BENEFIT_FROM] = jz_int(jz_date_key(b->state.from)),
        [BENEFIT_FEN] = b->fen >= 0 ? jz_int(b->fen) : JZ_NULL,
        [BENEFIT_UNIT] = unit,
        [BENEFIT_LAST_ON] = has_last ? jz_int(jz_date_key(b->last_on)) : JZ_NULL,
        [BENEFIT_LAST_KIND] = has_last ? jz_int(b->last_kind) : JZ_NULL,
    };
    return jz_entry_add(entry, JZ_T_BENEFIT, values);
}

/* The person, the benefits and their standings; the row of person names the import for all. */
static int64_t put_all(struct chunk *c, const struct new_person *p, struct jz_entry *entry)
{
    int64_t ids[JZ_PERSON_BENEFITS];
    const int64_t person = put_person(c, p, entry);
    for (unsigned i = 0; i < p->benefits; i++)
        ids[i] = put_benefit(c, person, &c->benefit[p->first_benefit + i], entry);
    for (unsigned i = 0; i < p->benefits; i++) {
        struct jz_standing_cache cache = c->benefit[p->first_benefit + i].cache;
        if (cache.decided_by)
            cache.decided_by = ids[cache.decided_by - 1];
        jz_standing_put(entry, person, ids[i], &cache);
    }
    return person;
}

/* The row of the file from which on nothing is written yet, when so many people of the chunk are.
 */
static int64_t row_behind(const struct chunk *c, size_t people)
{
    return people < c->people ? c->person[people].row : (int64_t)c->end_row;
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)err;
    struct chunk *c = context;
    if (state->policies != c->policies || jz_date_compare(jz_entry_today(entry), c->m->today) != 0)
        judge(c, state->policies, jz_entry_today(entry));
    const size_t left = c->people - c->written;
    c->taking = jz_entry_has_company(entry) && c->few < left ? c->few : left;
    const size_t end = c->written + c->taking;
    for (size_t i = c->written; i < end; i++)
        c->ids[i] = put_all(c, &c->person[i], entry);
    jz_entry_bulk(entry);
    jz_import_mark(c->m, entry, JZ_IMPORT_WRITING, row_behind(c, end));
    return 0;
}

/* ---- The loop ---- */

static int post(struct jz_importing *m, const struct place *place, struct chunk *c,
                struct jz_error *err)
{
    c->few = place->few.now;
    c->act = (struct jz_act){ .decide = decide, .context = c, .alone = true };
    c->batch = (struct jz_batch){ .acts = &c->act, .count = 1 };
    const int r = jz_store_post(m->store, &c->batch, err);
    c->is_posted = r == 0;
    return r;
}

/* Waits for what was posted of the chunk and takes over the ids of its people. */
static int settle(struct jz_importing *m, struct place *place, struct chunk *c,
                  struct jz_error *err)
{
    if (!c->is_posted)
        return 0;
    jz_store_wait(m->store, &c->batch);
    c->is_posted = false;
    const int r = jz_import_settle(m, &c->act, err);
    if (r < 0)
        return r;
    if (c->taking <= c->few)
        jz_chunk_adapt(&place->few, c->taking, c->act.hold_ns);
    for (size_t end = c->written + c->taking; c->written < end; c->written++)
        m->persons[c->person[c->written].row] = c->ids[c->written];
    m->position = row_behind(c, c->written);
    jz_import_tell(m, JZ_IMPORT_WRITING, m->position, (int64_t)m->rows);
    return 0;
}

/* Until all of the chunk is on disk. */
static int finish(struct jz_importing *m, struct place *place, struct chunk *c,
                  struct jz_error *err)
{
    int r = settle(m, place, c, err);
    while (r == 0 && c->written < c->people)
        if ((r = post(m, place, c, err)) == 0)
            r = settle(m, place, c, err);
    return r;
}

/* A chunk is posted when the one before is on disk: if that failed, this one must not be written.
 */
static int write_chunks(struct jz_importing *m, struct place *place, struct chunk *chunks[2],
                        struct jz_error *err)
{
    int turn = 0;
    for (; place->next < m->rows; turn ^= 1) {
        const size_t before = place->next;
        int r = fill(chunks[turn], m, place, err);
        if (r == 0 && place->next == before)
            r = jz_error_set(err, JZ_E_CONFLICT, "%s: is shorter than it was", m->options->path);
        if (r < 0 || (r = finish(m, place, chunks[turn ^ 1], err)) < 0 ||
            (r = post(m, place, chunks[turn], err)) < 0)
            return r;
    }
    return finish(m, place, chunks[turn ^ 1], err);
}

static int skip_rows(struct jz_importing *m, struct place *p, struct jz_error *err)
{
    while (p->next < (size_t)m->position) {
        const int r = jz_csv_next(p->csv, &p->line, err);
        if (r < 0)
            return r;
        if (r == 0)
            return jz_error_set(err, JZ_E_CONFLICT, "%s: is shorter than it was", m->options->path);
        p->next++;
    }
    return 0;
}

int jz_import_write(struct jz_importing *m, struct jz_error *err)
{
    JZ_CLEANUP(chunk_free) struct chunk *first = calloc(1, sizeof *first);
    JZ_CLEANUP(chunk_free) struct chunk *second = calloc(1, sizeof *second);
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *csv = NULL;
    m->persons = calloc(m->rows ? m->rows : 1, sizeof *m->persons);
    if (!first || !second || !m->persons)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    first->m = second->m = m;
    struct chunk *chunks[2] = { first, second };
    int r = jz_import_open(m, &csv, err);
    struct place place = { .few = { FIRST_PEOPLE, LEAST_PEOPLE, CHUNK_PEOPLE }, .csv = csv };
    if (r < 0 || (r = skip_rows(m, &place, err)) < 0)
        return r;
    r = write_chunks(m, &place, chunks, err);
    /* After an error one may still be with the writer, and its memory is about to go. */
    for (int i = 0; i < 2; i++)
        if (chunks[i]->is_posted)
            jz_store_wait(m->store, &chunks[i]->batch);
    return r;
}
