/*
 * document_find: which person has a document, by the keyed hash of its number. Right is one row for
 * each person, under any version of the key that still opens: a rotation renews them one by one.
 *
 * Hashes are made of what the rows of person say, sorted, and compared with the table in its own
 * order. A large register goes through in several parts of the range of hashes, so that memory
 * stays bounded.
 */
#include "identity/reference.h"
#include "ledger/rebuild_internal.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_ROWS = 4096, PAIRS_MOST = 12000000, PARTS_MOST = 256 };

struct pair {
    uint8_t hash[JZ_FIND_BYTES];
    uint32_t place; /* of the person in the order of all */
    int64_t person;
};

struct finding {
    struct rebuilding *b;
    const struct jz_keyring *keyring;
    unsigned versions;
    int64_t people;
    uint8_t *found; /* a bit a person */
    struct pair *pairs;
    size_t count, room;
    unsigned first, last; /* first bytes of the hashes of this part */
};

static void say_wrong(struct finding *f, int64_t person, int64_t found, int64_t wanted)
{
    struct jz_rebuild_difference d = { .table = "document_find",
                                       .person = person,
                                       .key = "document",
                                       .column = found && wanted ? "person" : "row",
                                       .found = "-",
                                       .wanted = "-" };
    if (found > 0)
        jz_reference_format(found, d.found);
    if (wanted > 0)
        jz_reference_format(wanted, d.wanted);
    rebuild_report(f->b, &d);
}

/* ---- What the facts give ---- */

typedef int (*on_person_fn)(struct finding *f, uint32_t place, int64_t person,
                            const struct jz_document *document, struct jz_error *err);

static int open_person(struct finding *f, uint32_t place, const struct jz_sql_rows *rows,
                       on_person_fn on_person, struct jz_error *err)
{
    char text[JZ_PERSON_TEXT_BYTES], reference[JZ_REFERENCE_TEXT_BYTES];
    const struct jz_sql_value sealed = jz_sql_value(rows, 1);
    struct jz_person_data data;
    struct jz_document document;
    int r = jz_person_unseal(f->keyring, sealed.data, sealed.size, text, &data, err);
    if (r >= 0 && (r = jz_document_parse(data.number, data.kind, data.issuer, &document, err)) < 0)
        r = jz_error_set(err, JZ_E_INTEGRITY, "a document that cannot be read");
    if (r < 0)
        jz_error_prefix(err, "%s", jz_reference_format(jz_sql_int(rows, 0), reference));
    else
        r = on_person(f, place, jz_sql_int(rows, 0), &document, err);
    jz_wipe(text, sizeof text);
    jz_wipe(&document, sizeof document);
    return r;
}

/* Everybody, with the row that holds, in the order of their ids. */
static int walk_people(struct finding *f, bool missing_only, on_person_fn on_person,
                       struct jz_error *err)
{
    int64_t after = 0, place = 0, read = PAGE_ROWS;
    int r = 0;
    while (r >= 0 && read == PAGE_ROWS) {
        const struct jz_sql_value page[] = { jz_int(after), jz_int(PAGE_ROWS) };
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(f->b->sql,
                         "SELECT p.id, h.sealed FROM person p JOIN person h ON h.id = COALESCE("
                         "(SELECT max(x.fact) FROM person_fact x WHERE x.person = p.id "
                         "AND x.kind = 5), p.id) WHERE p.of IS NULL AND p.id > $1 "
                         "ORDER BY p.id LIMIT $2",
                         page, 2, &rows, err);
        for (read = 0; r >= 0 && (r = jz_sql_next(rows, err)) == 1 && place < f->people; read++) {
            after = jz_sql_int(rows, 0);
            if (!missing_only || !(f->found[place / 8] & 1 << place % 8))
                r = open_person(f, (uint32_t)place, rows, on_person, err);
            place++;
        }
        rebuild_progress(f->b, place, f->people);
    }
    return r < 0 ? r : 0;
}

static int keep_pairs(struct finding *f, uint32_t place, int64_t person,
                      const struct jz_document *document, struct jz_error *err)
{
    for (unsigned v = 1; v <= f->versions; v++) {
        uint8_t hash[JZ_FIND_BYTES];
        const int r = jz_person_document_hash(f->keyring, v, document, hash, err);
        if (r == JZ_E_NOT_FOUND)
            continue; /* a version that was ended */
        if (r < 0)
            return r;
        if (hash[0] < f->first || hash[0] > f->last)
            continue;
        if (f->count == f->room) {
            const size_t room = f->room ? 2 * f->room : 1 << 16;
            struct pair *grown = realloc(f->pairs, room * sizeof *grown);
            if (!grown)
                return jz_error_set(err, JZ_E_MEMORY, "out of memory");
            f->pairs = grown;
            f->room = room;
        }
        struct pair *p = &f->pairs[f->count++];
        *p = (struct pair){ .place = place, .person = person };
        memcpy(p->hash, hash, sizeof hash);
    }
    return 0;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct pair *)a)->hash, ((const struct pair *)b)->hash, JZ_FIND_BYTES);
}

/* ---- Beside what there is ---- */

static int check_row(struct finding *f, size_t *at, const struct jz_sql_rows *rows,
                     struct jz_error *err)
{
    const struct jz_sql_value hash = jz_sql_value(rows, 0);
    const int64_t person = jz_sql_int(rows, 1);
    uint8_t key[JZ_FIND_BYTES] = { 0 };
    int order = 1;
    f->b->result->parts[f->b->part].rows++;
    if (hash.size == sizeof key) {
        memcpy(key, hash.data, sizeof key);
        while (*at < f->count && (order = memcmp(f->pairs[*at].hash, key, sizeof key)) < 0)
            ++*at;
    }
    const struct pair *p = order == 0 && *at < f->count ? &f->pairs[*at] : NULL;
    if (!p) {
        const struct jz_sql_value extra[] = { hash };
        say_wrong(f, person, person, 0);
        return rebuild_repair(f->b, "DELETE FROM document_find WHERE hash = $1", extra, 1, err);
    }
    f->found[p->place / 8] |= (uint8_t)(1 << p->place % 8);
    if (p->person == person)
        return 0;
    const struct jz_sql_value wrong[] = { hash, jz_int(p->person) };
    say_wrong(f, p->person, person, p->person);
    return rebuild_repair(f->b, "UPDATE document_find SET person = $2 WHERE hash = $1", wrong, 2,
                          err);
}

static int compare_part(struct finding *f, struct jz_error *err)
{
    /* From the first hash of the part on; X'' stands before all. */
    uint8_t after[64] = { (uint8_t)f->first };
    size_t size = f->first > 0 ? 1 : 0, at = 0;
    int64_t read = PAGE_ROWS;
    bool done = false;
    int r = 0;
    if (f->count > 0)
        qsort(f->pairs, f->count, sizeof *f->pairs, by_hash);
    while (r >= 0 && read == PAGE_ROWS && !done) {
        const struct jz_sql_value page[] = { jz_blob(after, size), jz_int(PAGE_ROWS) };
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(f->b->sql,
                         "SELECT hash, person FROM document_find WHERE hash > $1 ORDER BY hash "
                         "LIMIT $2",
                         page, 2, &rows, err);
        for (read = 0; r >= 0 && (r = jz_sql_next(rows, err)) == 1; read++) {
            const struct jz_sql_value hash = jz_sql_value(rows, 0);
            const uint8_t *bytes = hash.data;
            done = hash.size > 0 && bytes[0] > f->last;
            if (done)
                break;
            if (hash.size > sizeof after)
                return jz_error_set(err, JZ_E_INTEGRITY, "document_find holds what is no hash");
            size = hash.size;
            memcpy(after, bytes, size);
            r = check_row(f, &at, rows, err);
        }
    }
    return r < 0 ? r : 0;
}

static int add_missing(struct finding *f, uint32_t place, int64_t person,
                       const struct jz_document *document, struct jz_error *err)
{
    uint8_t hash[JZ_FIND_BYTES];
    (void)place;
    const int r = jz_person_document_hash(f->keyring, f->versions, document, hash, err);
    if (r < 0)
        return r;
    const struct jz_sql_value row[] = { jz_blob(hash, sizeof hash), jz_int(person) };
    say_wrong(f, person, 0, person);
    return rebuild_repair(f->b,
                          "INSERT INTO document_find (hash, person) VALUES ($1, $2) "
                          "ON CONFLICT (hash) DO NOTHING",
                          row, 2, err);
}

static int run(struct finding *f, struct jz_error *err)
{
    const int64_t pairs = f->people * f->versions;
    const unsigned parts = (unsigned)(pairs / PAIRS_MOST) + 1;
    const unsigned width = parts < PARTS_MOST ? PARTS_MOST / parts : 1;
    int r = 0;
    f->found = calloc((size_t)f->people / 8 + 1, 1);
    if (!f->found)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (f->first = 0; f->first < PARTS_MOST && r >= 0; f->first += width) {
        f->last = f->first + width - 1;
        f->count = 0;
        if ((r = walk_people(f, false, keep_pairs, err)) >= 0)
            r = compare_part(f, err);
    }
    bool all = true;
    for (int64_t i = 0; i < f->people && all; i++)
        all = f->found[i / 8] & 1 << i % 8;
    return r < 0 || all ? r : walk_people(f, true, add_missing, err);
}

int rebuild_document_find(struct rebuilding *b, struct jz_error *err)
{
    struct finding f = { .b = b, .keyring = jz_store_keyring(b->store) };
    char job[JZ_JOB_NAME_BYTES];
    f.versions = jz_keyring_versions(f.keyring, JZ_KEY_LOOKUP);
    int r = jz_person_import_running(b->sql, job, err);
    if (r < 0)
        return r;
    if (*job)
        return jz_error_set(err, JZ_E_BUSY,
                            "an import is unfinished, whose documents cannot be found yet: run "
                            "that file again first; if it is lost, type: " JZ_IMPORT_GIVE_UP);
    {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        if ((r = jz_sql_query(b->sql, "SELECT count(*) FROM person WHERE of IS NULL", NULL, 0,
                              &rows, err)) < 0 ||
            (r = jz_sql_next(rows, err)) < 0)
            return r;
        f.people = r == 1 ? jz_sql_int(rows, 0) : 0;
    }
    r = run(&f, err);
    free(f.found);
    free(f.pairs);
    return r;
}
