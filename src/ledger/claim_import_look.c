/* What the register knows of the rows of a batch, asked before anything is written. */
#include "ledger/claim_import_internal.h"

#include "identity/region.h"
#include "store/person.h"

#include <string.h>

int jz_rows_find_people(struct jz_store *store, const struct jz_claim_import *import,
                        struct import_row *rows, size_t count, struct jz_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct jz_error why;
        if (rows[i].settled)
            continue;
        const int r = jz_person_find(store, rows[i].in.who, &rows[i].person, &why);
        if (r == JZ_E_NOT_FOUND) {
            jz_rows_settle(&rows[i], JZ_ROW_NOT_FOUND);
        } else if (r == JZ_E_FORMAT || r == JZ_E_LIMIT || r == JZ_E_INTEGRITY) {
            jz_rows_refuse(&rows[i], JZ_REFUSED_DOCUMENT, import->format->who_column);
        } else if (r < 0) {
            if (err)
                *err = why;
            return r;
        }
    }
    return 0;
}

/* ---- Keys ---- */

/* Fields one behind the other, each with a NUL, so that none runs into the next. */
struct key_text {
    char bytes[JZ_ROW_REF_MAX + JZ_ROW_EVENT_MAX + 256];
    size_t size;
};

static void add(struct key_text *k, const char *text)
{
    const size_t n = strlen(text) + 1;
    if (k->size + n > sizeof k->bytes)
        return; /* cannot be: each part has its limit */
    memcpy(k->bytes + k->size, text, n);
    k->size += n;
}

static int make_key(const struct jz_keyring *keyring, unsigned version,
                    const struct jz_claim_import *import, const struct import_row *row,
                    uint8_t ret_key[JZ_LOOKUP_BYTES], struct jz_error *err)
{
    struct key_text k = { .size = 0 };
    char person[24], place[12], day[JZ_DATE_TEXT_BYTES];
    add(&k, "source-row-v1");
    add(&k, import->source);
    if (*row->in.ref) {
        add(&k, "ref");
        add(&k, row->in.ref);
    } else {
        snprintf(person, sizeof person, "%lld", (long long)row->person);
        add(&k, "event");
        add(&k, person);
        add(&k, jz_date_format(row->in.on, day));
        snprintf(place, sizeof place, "%06u", row->in.place);
        add(&k, place);
        add(&k, row->in.is_death ? "death" : row->in.not_passed ? row->in.not_passed : "");
        add(&k, row->in.event);
    }
    return jz_keyring_lookup(keyring, JZ_KEY_LOOKUP, version, k.bytes, k.size, ret_key, err);
}

/* ---- Taken before ---- */

/* One statement for so many keys; unused places repeat the last. */
enum { KEYS_AT_ONCE = 48 };
_Static_assert(KEYS_AT_ONCE < JZ_SQL_MAX_VALUES, "source and keys are the parameters");

#define K12(a, b, c, d, e, f, g, h, i, j, k, l)                                                    \
    "$" #a ", $" #b ", $" #c ", $" #d ", $" #e ", $" #f ", $" #g ", $" #h ", $" #i ", $" #j        \
    ", $" #k ", $" #l
#define KEYS                                                                                       \
    K12(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)                                                    \
    ", " K12(14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,                                           \
             25) ", " K12(26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,                              \
                          37) ", " K12(38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49)

static const char *const questions[] = {
    "SELECT source_key, person, observed_on FROM evidence WHERE source = $1 AND source_key IN "
    "(" KEYS ")",
    "SELECT source_key, person, happened_on FROM event WHERE source = $1 AND source_key IN (" KEYS
    ")",
};

/* The rows of which one key was found: the same row again, or another under its name. */
static void mark_taken(const struct jz_claim_import *import, struct import_row **rows,
                       const uint8_t (*keys)[JZ_LOOKUP_BYTES], size_t count,
                       const struct jz_sql_rows *found)
{
    const struct jz_sql_value key = jz_sql_value(found, 0);
    for (size_t i = 0; i < count; i++) {
        if (key.size != JZ_LOOKUP_BYTES || memcmp(key.data, keys[i], JZ_LOOKUP_BYTES) != 0 ||
            rows[i]->settled)
            continue;
        if (jz_sql_int(found, 1) == rows[i]->person &&
            jz_sql_int(found, 2) == jz_date_key(rows[i]->in.on))
            jz_rows_settle(rows[i], JZ_ROW_TAKEN);
        else
            jz_rows_refuse(rows[i], JZ_REFUSED_REF_REUSED, import->format->ref_column);
    }
}

static int ask(struct jz_sql *sql, const struct jz_claim_import *import, struct import_row **rows,
               const uint8_t (*keys)[JZ_LOOKUP_BYTES], size_t count, struct jz_error *err)
{
    struct jz_sql_value values[KEYS_AT_ONCE + 1] = { jz_text(import->source) };
    for (size_t i = 0; i < KEYS_AT_ONCE; i++)
        values[i + 1] = jz_blob(keys[i < count ? i : count - 1], JZ_LOOKUP_BYTES);
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *found = NULL;
        int r = jz_sql_query(sql, questions[q], values, KEYS_AT_ONCE + 1, &found, err);
        while (r >= 0 && (r = jz_sql_next(found, err)) == 1)
            mark_taken(import, rows, keys, count, found);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Under one version of the key; the newest comes last, so that its hash stays in the row. */
static int find_version(struct jz_sql *sql, const struct jz_keyring *keyring, unsigned version,
                        const struct jz_claim_import *import, struct import_row *rows, size_t count,
                        struct jz_error *err)
{
    struct import_row *asked[KEYS_AT_ONCE];
    uint8_t keys[KEYS_AT_ONCE][JZ_LOOKUP_BYTES];
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < count && r >= 0; i++) {
        if (rows[i].settled)
            continue;
        if ((r = make_key(keyring, version, import, &rows[i], rows[i].key, err)) < 0)
            return r;
        memcpy(keys[n], rows[i].key, JZ_LOOKUP_BYTES);
        asked[n++] = &rows[i];
        if (n == KEYS_AT_ONCE) {
            r = ask(sql, import, asked, (const uint8_t(*)[JZ_LOOKUP_BYTES])keys, n, err);
            n = 0;
        }
    }
    return r >= 0 && n > 0
               ? ask(sql, import, asked, (const uint8_t(*)[JZ_LOOKUP_BYTES])keys, n, err)
               : r;
}

int jz_rows_find_taken(struct jz_store *store, const struct jz_claim_import *import,
                       struct import_row *rows, size_t count, struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    jz_keyring_refresh(keyring); /* a row may have been taken under a version added just now */
    const unsigned versions = jz_keyring_versions(keyring, JZ_KEY_LOOKUP);
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    for (unsigned v = 1; v <= versions && r >= 0; v++)
        r = find_version(sql, keyring, v, import, rows, count, err);
    jz_store_return(store, sql);
    return r;
}

/* ---- Name and unit ---- */

static int has_name(struct jz_sql *sql, const struct jz_keyring *keyring, int64_t person,
                    const char *name, bool *ret_same, struct jz_error *err)
{
    struct jz_person_record record;
    const int r = jz_person_read(sql, keyring, person, &record, err);
    if (r < 0)
        return r;
    *ret_same = jz_same_name(name, record.data.name);
    jz_person_record_wipe(&record);
    return 0;
}

static int is_managed_by(struct jz_sql *sql, int64_t person, const char *unit, bool *ret_managed,
                         struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(person);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    bool managed = false;
    int r = jz_sql_query(sql,
                         "SELECT b.unit FROM standing s JOIN benefit b "
                         "ON b.id = COALESCE(s.version, s.benefit) WHERE s.person = $1",
                         &value, 1, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value v = jz_sql_value(rows, 0);
        jz_autofree char *text = v.data ? strndup(v.data, v.size) : NULL;
        managed |= text && jz_same_name(text, unit);
    }
    if (r < 0)
        return r;
    *ret_managed = managed;
    return 0;
}

/* The register knows regions of six digits: a township's list is judged by its county. */
static int is_of_area(struct jz_sql *sql, int64_t person, const char *area, bool *ret_there,
                      struct jz_error *err)
{
    enum { REGION_DIGITS = 6 };
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_PERSON) };
    char county[REGION_DIGITS + 1];
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    bool there = false;
    snprintf(county, sizeof county, "%.*s", REGION_DIGITS, area);
    int r = jz_sql_query(sql,
                         "SELECT b.region, p.residence FROM standing s JOIN benefit b "
                         "ON b.id = COALESCE(s.version, s.benefit) JOIN person p ON p.id = "
                         "COALESCE((SELECT MAX(f.fact) FROM person_fact f WHERE f.person = $1 "
                         "AND f.kind = $2), s.person) WHERE s.person = $1",
                         values, 2, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        for (int i = 0; i < 2; i++) {
            char region[16];
            snprintf(region, sizeof region, "%06lld", (long long)jz_sql_int(rows, i));
            there |= jz_sql_value(rows, i).type != JZ_SQL_NULL && jz_region_is_in(region, county);
        }
    if (r < 0)
        return r;
    *ret_there = there;
    return 0;
}

static int check_one(struct jz_sql *sql, const struct jz_keyring *keyring,
                     const struct jz_claim_import *import, struct import_row *row,
                     struct jz_error *err)
{
    bool good = true;
    int r;
    if (import->unit && (r = is_managed_by(sql, row->person, import->unit, &good, err)) < 0)
        return r;
    if (!good) {
        jz_rows_refuse(row, JZ_REFUSED_UNIT, import->format->who_column);
        return 0;
    }
    if (import->area && (r = is_of_area(sql, row->person, import->area, &good, err)) < 0)
        return r;
    if (!good) {
        jz_rows_refuse(row, JZ_REFUSED_AREA, import->format->who_column);
        return 0;
    }
    if (*row->in.name && (r = has_name(sql, keyring, row->person, row->in.name, &good, err)) < 0)
        return r;
    if (!good)
        jz_rows_refuse(row, JZ_REFUSED_NAME, import->format->name_column);
    return 0;
}

int jz_rows_check_people(struct jz_store *store, const struct jz_claim_import *import,
                         struct import_row *rows, size_t count, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count && r >= 0; i++)
        if (!rows[i].settled)
            r = check_one(sql, jz_store_keyring(store), import, &rows[i], err);
    jz_store_return(store, sql);
    return r;
}
