/* The first pass: every row is checked and told apart by its document. */
#include "ledger/import_people_internal.h"

#include <stdio.h>
#include <string.h>

enum { TELL_EVERY = 4096, MAX_PROBE = 4096, KNOWN_BATCH = 512 };

/* FNV-1a: only to tell that two names differ. */
static uint32_t hash_name(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

static uint32_t benefit_number(unsigned region, unsigned scheme)
{
    return region * 16 + scheme;
}

static int refuse(struct jz_importing *m, uint64_t line, const char *column, const char *reason,
                  const char *value, struct jz_error *err)
{
    const struct jz_import_people_options *o = m->options;
    m->counts.refused++;
    return o->on_refused ? o->on_refused(o->context, line, column, reason, value, err) : 0;
}

static int grow(void **array, size_t *room, size_t count, size_t size, struct jz_error *err)
{
    if (count < *room)
        return 0;
    const size_t more = *room ? *room * 2 : 65536;
    void *bigger = realloc(*array, more * size);
    if (!bigger)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *array = bigger;
    *room = more;
    return 0;
}

static int make_room(struct jz_importing *m, struct jz_error *err)
{
    void *verdicts = m->verdicts, *found = m->found;
    int r = 0;
    if (m->rows == JZ_IMPORT_MAX_ROWS)
        r = jz_error_set(err, JZ_E_LIMIT, "%s: more than %d rows; split the file", m->options->path,
                         JZ_IMPORT_MAX_ROWS);
    if (r == 0 && (r = grow(&verdicts, &m->verdict_room, m->rows, 1, err)) == 0)
        r = grow(&found, &m->found_room, m->found_count, sizeof *m->found, err);
    m->verdicts = verdicts;
    m->found = found;
    return r;
}

/* ---- People of the register ---- */

/*
 * Asks document_find for hashes that come in ascending order. Pages grow while the next hash lies
 * in them and shrink when it does not: a few hashes cost a query each, millions a walk.
 */
struct probe {
    struct jz_sql *sql;
    struct jz_import_pair page[MAX_PROBE];
    size_t count, at, limit;
    bool is_last; /* nothing lies behind the page */
};

static int read_page(struct probe *p, const uint8_t *from, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value values[] = { jz_blob(from, JZ_FIND_BYTES),
                                           jz_int((int64_t)p->limit) };
    int r = jz_sql_query(p->sql,
                         "SELECT hash, person FROM document_find WHERE hash >= $1 "
                         "ORDER BY hash LIMIT $2",
                         values, 2, &rows, err);
    p->count = p->at = 0;
    while (r >= 0 && p->count < p->limit && (r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value hash = jz_sql_value(rows, 0);
        if (hash.size != JZ_FIND_BYTES)
            return jz_error_set(err, JZ_E_INTEGRITY,
                                "document_find is damaged; type: jianzai "
                                "rebuild");
        memcpy(p->page[p->count].hash, hash.data, JZ_FIND_BYTES);
        p->page[p->count++].person = jz_sql_int(rows, 1);
    }
    p->is_last = p->count < p->limit;
    return r < 0 ? r : 0;
}

static int probe(struct probe *p, const uint8_t *hash, int64_t *ret_person, struct jz_error *err)
{
    *ret_person = 0;
    for (;;) {
        while (p->at < p->count && memcmp(p->page[p->at].hash, hash, JZ_FIND_BYTES) < 0)
            p->at++;
        if (p->at < p->count) {
            if (memcmp(p->page[p->at].hash, hash, JZ_FIND_BYTES) == 0)
                *ret_person = p->page[p->at].person;
            return 0;
        }
        if (p->is_last)
            return 0;
        const bool was_dense = p->count > 0 && p->at == p->count && p->limit < MAX_PROBE;
        p->limit = p->limit == 0 ? 1 : was_dense ? p->limit * 2 : p->limit;
        const int r = read_page(p, hash, err);
        if (r < 0)
            return r;
        if (p->count > 0 && memcmp(p->page[p->count - 1].hash, hash, JZ_FIND_BYTES) < 0)
            return jz_error_set(err, JZ_E_INTERNAL, "document_find is not in the order of hashes");
    }
}

/*
 * While a rotation is under way some people are only found by the hash of an older version of the
 * key: those are asked for one by one and remembered by their newest hash.
 */
static int probe_older(struct jz_importing *m, const struct jz_document *document,
                       struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int64_t person = 0;
    int r = jz_store_reader(m->store, &sql, err);
    if (r < 0)
        return r;
    r = jz_person_find_document(sql, m->keyring, document, &person, err);
    jz_store_return(m->store, sql);
    if (r < 0 || person == 0)
        return r;
    void *array = m->older;
    r = grow(&array, &m->older_room, m->older_count, sizeof *m->older, err);
    m->older = array;
    if (r < 0)
        return r;
    struct jz_import_pair *pair = &m->older[m->older_count++];
    pair->person = person;
    return jz_person_document_hash(m->keyring, m->key, document, pair->hash, err);
}

static int take_row(struct jz_importing *m, const struct jz_csv_row *csv, struct jz_import_row *row,
                    struct jz_import_hashing *hashing, struct jz_error *err)
{
    struct jz_import_problem problem;
    int r = make_room(m, err);
    if (r < 0)
        return r;
    const size_t number = m->rows++;
    m->verdicts[number] = JZ_ROW_REFUSED;
    if (!jz_import_read_row(csv, m->on, m->options->override_reason != NULL, row, &problem)) {
        const bool has_column = problem.column >= 0;
        return refuse(m, csv->line, has_column ? jz_register_columns()[problem.column].name : "",
                      problem.reason, has_column ? csv->fields[problem.column].text : "", err);
    }
    struct jz_import_found *f = &m->found[m->found_count];
    if ((r = jz_import_hashing_add(hashing, m->found_count, &row->document, err)) < 0)
        return r;
    f->row = (uint32_t)number;
    f->line = csv->line > UINT32_MAX ? UINT32_MAX : (uint32_t)csv->line;
    f->benefit = benefit_number(row->region, row->scheme);
    f->name = hash_name(row->data.name);
    m->found_count++;
    m->counts.warned += row->has_warning;
    return jz_keyring_versions(m->keyring, JZ_KEY_LOOKUP) > 1 ? probe_older(m, &row->document, err)
                                                              : 0;
}

/* ---- Verdicts ---- */

/* The rows of one document that is in the register. */
struct known {
    size_t first, count;
    int64_t person;
};

struct known_list {
    struct known *of;
    size_t count, room;
};

/* A row refused only after all were seen. */
struct late {
    uint32_t line, other;
    const char *reason; /* a format with one number in it */
};

struct late_list {
    struct late *of;
    size_t count, room;
};

static void known_done(struct known_list *l)
{
    free(l->of);
}

static void late_done(struct late_list *l)
{
    free(l->of);
}

static const char same_benefit[] = "the same document, scheme and region stand on line %u";
static const char other_name[] = "the same document stands on line %u with another name";
static const char other_person[] = "the register has this document under another name";
static const char too_many[] = "more benefits than one person can have (%u)";

static int refuse_late(struct late_list *list, const struct jz_import_found *f, uint32_t other,
                       const char *reason, struct jz_error *err)
{
    void *array = list->of;
    const int r = grow(&array, &list->room, list->count, sizeof *list->of, err);
    list->of = array;
    if (r < 0)
        return r;
    list->of[list->count++] = (struct late){ f->line, other, reason };
    return 0;
}

/* Whether one of the rows before, of the same document, has the benefit already. */
static const struct jz_import_found *find_twin(const struct jz_importing *m,
                                               const struct jz_import_found *first,
                                               const struct jz_import_found *f)
{
    for (; first < f; first++)
        if (first->benefit == f->benefit && m->verdicts[first->row] != JZ_ROW_REFUSED)
            return first;
    return NULL;
}

/*
 * Rows first…first + count - 1 have the same document. `known` are the benefits the register has
 * for it already; -1: it does not have the person.
 */
static int judge_rows(struct jz_importing *m, size_t first, size_t count, const uint32_t *known,
                      int known_count, struct late_list *late, struct jz_error *err)
{
    const struct jz_import_found *rows = &m->found[first], *begun = NULL;
    int benefits = known_count < 0 ? 0 : known_count;
    for (size_t i = 0; i < count; i++) {
        const struct jz_import_found *f = &rows[i];
        const struct jz_import_found *twin = find_twin(m, rows, f);
        uint32_t other = twin ? twin->line : 0;
        const char *reason = twin ? same_benefit : NULL;
        bool is_there = false;
        for (int k = 0; k < known_count; k++)
            is_there |= known[k] == f->benefit;
        if (!reason && begun && begun->name != f->name) {
            reason = other_name;
            other = begun->line;
        }
        if (!reason && !is_there && benefits == JZ_PERSON_BENEFITS) {
            reason = too_many;
            other = JZ_PERSON_BENEFITS;
        }
        if (reason) {
            const int r = refuse_late(late, f, other, reason, err);
            if (r < 0)
                return r;
            continue;
        }
        benefits += !is_there;
        if (is_there)
            m->verdicts[f->row] = JZ_ROW_THERE;
        else if (known_count >= 0)
            m->verdicts[f->row] = JZ_ROW_ADD;
        else if (!begun)
            m->verdicts[f->row] = JZ_ROW_FIRST;
        else /* right behind, with nothing but rows of the same document between? */
            m->verdicts[f->row] = f->row - rows[0].row == i ? JZ_ROW_NEXT : JZ_ROW_ADD;
        if (!begun)
            begun = f;
    }
    return 0;
}

/* What the register has of a batch of known people. */
struct batch {
    uint32_t benefits[KNOWN_BATCH][JZ_PERSON_BENEFITS];
    int counts[KNOWN_BATCH];
};

static int on_benefit(void *context, size_t key, const struct jz_sql_rows *row,
                      struct jz_error *err)
{
    (void)err;
    struct batch *b = context;
    if (b->counts[key] < JZ_PERSON_BENEFITS)
        b->benefits[key][b->counts[key]++] =
            benefit_number((unsigned)jz_sql_int(row, 1), (unsigned)jz_sql_int(row, 0));
    return 0;
}

/* A new benefit for somebody of another name is a mistake in one of the two. */
static int check_names(struct jz_importing *m, struct jz_sql *sql, const struct known *k,
                       struct late_list *late, struct jz_error *err)
{
    bool adds = false;
    for (size_t i = 0; i < k->count; i++)
        adds |= m->verdicts[m->found[k->first + i].row] == JZ_ROW_ADD;
    if (!adds)
        return 0;
    struct jz_person_record record;
    int r = jz_person_read(sql, m->keyring, k->person, &record, err);
    if (r < 0)
        return r;
    const uint32_t name = hash_name(record.data.name);
    jz_person_record_wipe(&record);
    for (size_t i = 0; r == 0 && i < k->count; i++) {
        const struct jz_import_found *f = &m->found[k->first + i];
        if (m->verdicts[f->row] != JZ_ROW_ADD || f->name == name)
            continue;
        m->verdicts[f->row] = JZ_ROW_REFUSED;
        r = refuse_late(late, f, 0, other_person, err);
    }
    return r;
}

static int judge_known(struct jz_importing *m, struct jz_sql *sql, const struct known_list *list,
                       struct late_list *late, struct jz_error *err)
{
    jz_autofree struct batch *b = malloc(sizeof *b);
    if (!b)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t at = 0; at < list->count; at += KNOWN_BATCH) {
        const size_t count = list->count - at < KNOWN_BATCH ? list->count - at : KNOWN_BATCH;
        int64_t persons[KNOWN_BATCH];
        for (size_t i = 0; i < count; i++) {
            persons[i] = list->of[at + i].person;
            b->counts[i] = 0;
        }
        int r = jz_sql_each(sql,
                            "SELECT b.scheme, b.region FROM standing s JOIN benefit b "
                            "ON b.id = COALESCE(s.version, s.benefit) WHERE s.person = $1",
                            persons, count, on_benefit, b, err);
        for (size_t i = 0; r >= 0 && i < count; i++) {
            const struct known *k = &list->of[at + i];
            if ((r = judge_rows(m, k->first, k->count, b->benefits[i], b->counts[i], late, err)) ==
                0)
                r = check_names(m, sql, k, late, err);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_known(struct known_list *list, size_t first, size_t count, int64_t person,
                     struct jz_error *err)
{
    void *array = list->of;
    const int r = grow(&array, &list->room, list->count, sizeof *list->of, err);
    list->of = array;
    if (r == 0)
        list->of[list->count++] = (struct known){ first, count, person };
    return r;
}

static int judge(struct jz_importing *m, struct jz_sql *sql, struct late_list *late,
                 struct jz_error *err)
{
    JZ_CLEANUP(known_done) struct known_list known = { 0 };
    jz_autofree struct probe *p = calloc(1, sizeof *p);
    if (!p)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    p->sql = sql;
    size_t older = 0;
    for (size_t at = 0, next; at < m->found_count; at = next) {
        const uint8_t *hash = m->found[at].hash;
        for (next = at + 1;
             next < m->found_count && memcmp(m->found[next].hash, hash, JZ_FIND_BYTES) == 0;)
            next++;
        int64_t person = 0;
        int r = probe(p, hash, &person, err);
        if (r < 0)
            return r;
        while (older < m->older_count && memcmp(m->older[older].hash, hash, JZ_FIND_BYTES) < 0)
            older++;
        if (!person && older < m->older_count &&
            memcmp(m->older[older].hash, hash, JZ_FIND_BYTES) == 0)
            person = m->older[older].person;
        /* Whom an unfinished import of this file brought is still new. */
        if (m->import && person > m->import)
            person = 0;
        r = person ? add_known(&known, at, next - at, person, err)
                   : judge_rows(m, at, next - at, NULL, -1, late, err);
        if (r < 0)
            return r;
    }
    return judge_known(m, sql, &known, late, err);
}

static int by_line(const void *a, const void *b)
{
    const struct late *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

static int report_late(struct jz_importing *m, struct late_list *late, struct jz_error *err)
{
    int r = 0;
    if (late->count > 0)
        qsort(late->of, late->count, sizeof *late->of, by_line);
    for (size_t i = 0; r >= 0 && i < late->count; i++) {
        const struct late *l = &late->of[i];
        char reason[JZ_IMPORT_REASON_BYTES];
        const char *number = strstr(l->reason, "%u");
        if (number)
            snprintf(reason, sizeof reason, "%.*s%u%s", (int)(number - l->reason), l->reason,
                     l->other, number + 2);
        else
            snprintf(reason, sizeof reason, "%s", l->reason);
        r = refuse(m, l->line, jz_register_columns()[JZ_REGISTER_DOCUMENT].name, reason, "", err);
    }
    return r;
}

static void count_verdicts(struct jz_importing *m)
{
    for (size_t i = 0; i < m->rows; i++) {
        m->counts.people += m->verdicts[i] == JZ_ROW_FIRST;
        m->counts.benefits += m->verdicts[i] == JZ_ROW_NEXT || m->verdicts[i] == JZ_ROW_ADD;
        m->counts.there += m->verdicts[i] == JZ_ROW_THERE;
    }
    m->counts.rows = (int64_t)m->rows;
}

static void hashing_freep(struct jz_import_hashing **hashing)
{
    jz_import_hashing_free(*hashing);
}

static int read_rows(struct jz_importing *m, struct jz_error *err)
{
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *csv = NULL;
    JZ_CLEANUP(hashing_freep) struct jz_import_hashing *hashing = NULL;
    const struct jz_import_people_options *o = m->options;
    int r;
    if ((r = jz_import_open(m, &csv, err)) < 0 || (r = jz_import_hashing_new(m, &hashing, err)) < 0)
        return r;
    for (unsigned i = 0; o->on_unknown && i < jz_csv_unknown_count(csv); i++)
        o->on_unknown(o->context, jz_csv_unknown(csv, i));
    struct jz_csv_row line;
    struct jz_import_row row;
    while ((r = jz_csv_next(csv, &line, err)) == 1) {
        if ((r = take_row(m, &line, &row, hashing, err)) < 0)
            break;
        if (m->rows % TELL_EVERY == 0)
            jz_import_tell(m, JZ_IMPORT_CHECKING, (int64_t)line.next_offset, m->file_bytes);
    }
    m->encoding = jz_csv_encoding(csv);
    return r < 0 ? r : jz_import_hashing_end(hashing, err);
}

int jz_import_scan(struct jz_importing *m, struct jz_error *err)
{
    JZ_CLEANUP(late_done) struct late_list late = { 0 };
    struct jz_sql *sql = NULL;
    int r;
    if ((r = read_rows(m, err)) < 0 || (r = jz_import_sort(&m->found, m->found_count, err)) < 0 ||
        (r = jz_import_sort_pairs(&m->older, m->older_count, err)) < 0 ||
        (r = jz_store_reader(m->store, &sql, err)) < 0)
        return r;
    r = judge(m, sql, &late, err);
    jz_store_return(m->store, sql);
    if (r < 0 || (r = report_late(m, &late, err)) < 0)
        return r;
    count_verdicts(m);
    return 0;
}
