/*
 * document_find for the people of an import, in the order of the hashes: those are random, and in
 * the order of the rows every chunk would write every page of the index anew.
 */
#include "ledger/import_people_internal.h"

#include <string.h>

/* In a commit: from the least to the most as long as others write, the most otherwise. */
enum { LEAST_PAIRS = 500, FIRST_PAIRS = 5000, MOST_PAIRS = 50000, PAGE_PEOPLE = 1000 };

struct pairs {
    struct jz_import_pair *of;
    size_t count, room;
};

static void pairs_done(struct pairs *p)
{
    free(p->of);
}

/* Written in this run, so that hashes and ids are at hand, and sorted. */
static int collect_written(const struct jz_importing *m, struct pairs *p, struct jz_error *err)
{
    p->of = malloc((m->found_count ? m->found_count : 1) * sizeof *p->of);
    if (!p->of)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t i = 0; i < m->found_count; i++) {
        const struct jz_import_found *f = &m->found[i];
        if (m->verdicts[f->row] != JZ_ROW_FIRST)
            continue;
        memcpy(p->of[p->count].hash, f->hash, JZ_FIND_BYTES);
        p->of[p->count++].person = m->persons[f->row];
    }
    return 0;
}

static int add_pair(const struct jz_importing *m, struct pairs *p, const struct jz_sql_rows *row,
                    struct jz_error *err)
{
    char text[JZ_PERSON_TEXT_BYTES];
    struct jz_person_data data;
    struct jz_document document;
    const struct jz_sql_value sealed = jz_sql_value(row, 1);
    if (p->count == p->room) {
        const size_t room = p->room ? p->room * 2 : 65536;
        struct jz_import_pair *more = realloc(p->of, room * sizeof *more);
        if (!more)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        p->of = more;
        p->room = room;
    }
    int r = jz_person_unseal(m->keyring, sealed.data, sealed.size, text, &data, err);
    if (r < 0 || (r = jz_document_parse(data.number, data.kind, data.issuer, &document, err)) < 0 ||
        (r = jz_person_document_hash(m->keyring, m->key, &document, p->of[p->count].hash, err)) < 0)
        return r;
    jz_wipe(text, sizeof text);
    p->of[p->count++].person = jz_sql_int(row, 0);
    return 0;
}

/* After a stop: from what the facts themselves say. */
static int collect_stored(const struct jz_importing *m, struct pairs *p, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(m->store, &sql, err);
    if (r < 0)
        return r;
    for (int64_t after = m->import, read = PAGE_PEOPLE; r >= 0 && read == PAGE_PEOPLE;) {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        const struct jz_sql_value values[] = { jz_int(after), jz_int(m->import),
                                               jz_int(PAGE_PEOPLE) };
        read = 0;
        r = jz_sql_query(sql,
                         "SELECT id, sealed FROM person WHERE id > $1 AND import = $2 "
                         "AND of IS NULL ORDER BY id LIMIT $3",
                         values, 3, &rows, err);
        while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
            after = jz_sql_int(rows, 0);
            read++;
            if ((r = add_pair(m, p, rows, err)) < 0)
                break;
        }
    }
    jz_store_return(m->store, sql);
    return r < 0 ? r : jz_import_sort_pairs(&p->of, p->count, err);
}

struct chunk {
    const struct jz_importing *m;
    const struct pairs *pairs;
    size_t begin, end, few; /* end is decided */
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    struct chunk *c = context;
    const size_t left = c->pairs->count - c->begin;
    const size_t most = jz_entry_has_company(entry) ? c->few : MOST_PAIRS;
    c->end = c->begin + (left < most ? left : most);
    for (size_t i = c->begin; i < c->end; i++) {
        const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
            [FIND_HASH] = jz_blob(c->pairs->of[i].hash, JZ_FIND_BYTES),
            [FIND_PERSON] = jz_int(c->pairs->of[i].person),
        };
        jz_entry_put(entry, JZ_T_FIND, values);
    }
    jz_entry_bulk(entry);
    jz_import_mark(c->m, entry, JZ_IMPORT_INDEXING, (int64_t)c->end);
    return 0;
}

int jz_import_index(struct jz_importing *m, struct jz_error *err)
{
    JZ_CLEANUP(pairs_done) struct pairs p = { 0 };
    int r = m->resumed ? collect_stored(m, &p, err) : collect_written(m, &p, err);
    if (r < 0)
        return r;
    if ((int64_t)p.count != m->counts.people)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the import brought %zu people where its file has %lld", p.count,
                            (long long)m->counts.people);
    struct jz_chunk_size few = { FIRST_PAIRS, LEAST_PAIRS, MOST_PAIRS };
    size_t at = m->phase == JZ_IMPORT_INDEXING ? (size_t)m->position : 0;
    /* One act even where there is nobody, to say that this phase has begun. */
    while (at < p.count || m->phase != JZ_IMPORT_INDEXING) {
        struct chunk c = { .m = m, .pairs = &p, .begin = at, .few = few.now };
        struct jz_act act = { .decide = decide, .context = &c, .alone = true };
        if ((r = jz_store_submit(m->store, &act, 1, err)) < 0 ||
            (r = jz_import_settle(m, &act, err)) < 0)
            return r;
        if (c.end - c.begin <= c.few)
            jz_chunk_adapt(&few, c.end - c.begin, act.hold_ns);
        at = c.end;
        m->phase = JZ_IMPORT_INDEXING;
        m->position = (int64_t)at;
        jz_import_tell(m, JZ_IMPORT_INDEXING, (int64_t)at, (int64_t)p.count);
    }
    return 0;
}
