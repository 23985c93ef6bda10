#include "store/person.h"

#include "identity/reference.h"

#include <stdio.h>
#include <string.h>

int jz_person_document_hash(const struct jz_keyring *keyring, unsigned version,
                            const struct jz_document *document, uint8_t ret_hash[JZ_FIND_BYTES],
                            struct jz_error *err)
{
    char key[JZ_DOCUMENT_KEY_BYTES];
    uint8_t hash[JZ_LOOKUP_BYTES];
    jz_document_key(document, key);
    const int r = jz_keyring_lookup(keyring, JZ_KEY_LOOKUP, version, key, strlen(key), hash, err);
    if (r == 0)
        memcpy(ret_hash, hash, JZ_FIND_BYTES);
    return r;
}

/* Under the versions up to this one, newest first; 0: nobody. */
static int find_hash(struct jz_sql *sql, const struct jz_keyring *keyring, unsigned version,
                     const struct jz_document *document, int64_t *ret_person, struct jz_error *err)
{
    int64_t person = 0;
    for (; version > 0 && person == 0; version--) {
        uint8_t hash[JZ_FIND_BYTES];
        int r = jz_person_document_hash(keyring, version, document, hash, err);
        const struct jz_sql_value value = jz_blob(hash, sizeof hash);
        if (r < 0 || (r = jz_sql_number(sql, "SELECT person FROM document_find WHERE hash = $1",
                                        &value, 1, &person, err)) < 0)
            return r;
    }
    *ret_person = person;
    return 0;
}

int jz_person_find_document(struct jz_sql *sql, const struct jz_keyring *keyring,
                            const struct jz_document *document, int64_t *ret_person,
                            struct jz_error *err)
{
    const unsigned version = jz_keyring_versions(keyring, JZ_KEY_LOOKUP);
    int64_t person = 0;
    int r = find_hash(sql, keyring, version, document, &person, err);
    if (r == 0 && person == 0) {
        /* Renewed between two questions, or under a version that somebody added just now? */
        jz_keyring_refresh(keyring);
        const unsigned newest = jz_keyring_versions(keyring, JZ_KEY_LOOKUP);
        r = newest > 1 ? find_hash(sql, keyring, newest, document, &person, err) : 0;
    }
    if (r == 0)
        *ret_person = person;
    return r;
}

int jz_person_import_running(struct jz_sql *sql, char ret_name[JZ_JOB_NAME_BYTES],
                             struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, "SELECT detail FROM job WHERE name = 'import'", NULL, 0, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const struct jz_sql_value name = r == 1 ? jz_sql_value(rows, 0) : JZ_NULL;
    snprintf(ret_name, JZ_JOB_NAME_BYTES, "%.*s", (int)name.size,
             name.data ? (const char *)name.data : "");
    return 0;
}

/* "USA:C01234567" into its halves; false when it is not of that form. */
static bool take_issuer(const char *text, char ret_issuer[JZ_DOCUMENT_ISSUER_BYTES])
{
    const size_t size = strcspn(text, ":");
    if (size != JZ_DOCUMENT_ISSUER_BYTES - 1 || !text[size])
        return false;
    memcpy(ret_issuer, text, size);
    ret_issuer[size] = 0;
    return true;
}

/* What a number could be: as its form says, and a social security card, which has no form. */
static int find_number(struct jz_sql *sql, const struct jz_keyring *keyring, const char *text,
                       int64_t *ret_person, struct jz_error *err)
{
    static const enum jz_document_kind kinds[] = { JZ_DOCUMENT_UNKNOWN, JZ_DOCUMENT_SOCIAL_CARD };
    char issuer[JZ_DOCUMENT_ISSUER_BYTES] = "";
    const bool has_issuer = take_issuer(text, issuer);
    int64_t person = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && person == 0; i++) {
        struct jz_document document;
        int r = jz_document_parse(has_issuer ? text + strlen(issuer) + 1 : text, kinds[i],
                                  has_issuer ? issuer : NULL, &document, err);
        if (r < 0 || (r = jz_person_find_document(sql, keyring, &document, &person, err)) < 0)
            return r;
    }
    *ret_person = person;
    return 0;
}

static int find_with(struct jz_sql *sql, const struct jz_keyring *keyring, const char *text,
                     int64_t *ret_person, struct jz_error *err)
{
    int64_t person = 0;
    struct jz_error why = { 0 };
    const int is_reference = jz_reference_parse(text, &person, &why);
    int r;
    if (is_reference == 0) {
        const struct jz_sql_value value = jz_int(person);
        r = jz_sql_number(sql, "SELECT id FROM person WHERE id = $1 AND of IS NULL", &value, 1,
                          &person, err);
    } else {
        r = find_number(sql, keyring, text, &person, err);
    }
    if (r < 0)
        return r;
    if (person > 0) {
        *ret_person = person;
        return 0;
    }
    /* A mistyped reference is more likely than a passport that looks like one. */
    if (is_reference == JZ_E_INTEGRITY) {
        if (err)
            *err = why;
        return is_reference;
    }
    char job[JZ_JOB_NAME_BYTES];
    if ((r = jz_person_import_running(sql, job, err)) < 0)
        return r;
    return jz_error_set(err, JZ_E_NOT_FOUND,
                        *job ? "nobody of this document or reference is in the register; but an "
                               "import is unfinished and may bring the person: run it again"
                             : "nobody of this document or reference is in the register");
}

int jz_person_find(struct jz_store *store, const char *text, int64_t *ret_person,
                   struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = find_with(sql, jz_store_keyring(store), text, ret_person, err);
    jz_store_return(store, sql);
    return r;
}

int jz_person_read(struct jz_sql *sql, const struct jz_keyring *keyring, int64_t person,
                   struct jz_person_record *ret, struct jz_error *err)
{
    const struct jz_sql_value who[] = { jz_int(person), jz_int(JZ_T_PERSON) };
    int64_t row = 0;
    int r = jz_sql_number(sql,
                          "SELECT fact FROM person_fact WHERE person = $1 AND kind = $2 "
                          "ORDER BY fact DESC LIMIT 1",
                          who, 2, &row, err);
    if (r < 0)
        return r;
    const struct jz_sql_value value = jz_int(row ? row : person);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    r = jz_sql_query(sql,
                     "SELECT p.id, p.recorded_at, p.born_on, p.sex, p.care, p.residence, "
                     "p.sealed, f.import FROM person p JOIN person f ON f.id = COALESCE(p.of, "
                     "p.id) WHERE p.id = $1",
                     &value, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "there is no such person");
    struct jz_person_data data;
    const struct jz_sql_value sealed = jz_sql_value(rows, 6);
    if ((r = jz_person_unseal(keyring, sealed.data, sealed.size, ret->text, &data, err)) < 0)
        return r;
    ret->person = person;
    ret->row = jz_sql_int(rows, 0);
    ret->recorded_at = jz_sql_int(rows, 1);
    ret->born_on = jz_date_from_key(jz_sql_int(rows, 2));
    ret->sex = (enum jz_sex)jz_sql_int(rows, 3);
    ret->care = (unsigned)jz_sql_int(rows, 4);
    ret->residence = (unsigned)jz_sql_int(rows, 5);
    ret->import = jz_sql_int(rows, 7);
    ret->data = data;
    return 0;
}

void jz_person_record_wipe(struct jz_person_record *record)
{
    jz_wipe(record->text, sizeof record->text);
}

#define BENEFIT_COLUMNS                                                                            \
    "SELECT s.person, s.benefit, b.scheme, b.region, b.from_on, b.until_on, b.fen, b.unit, "       \
    "s.due_on, s.grace_until, s.state FROM standing s "                                            \
    "JOIN benefit b ON b.id = COALESCE(s.version, s.benefit) "

static void take_benefit(const struct jz_sql_rows *rows, struct jz_person_benefit *ret)
{
    const struct jz_sql_value unit = jz_sql_value(rows, 7), fen = jz_sql_value(rows, 6);
    *ret = (struct jz_person_benefit){
        .person = jz_sql_int(rows, 0),
        .benefit = jz_sql_int(rows, 1),
        .scheme = (enum jz_scheme)jz_sql_int(rows, 2),
        .region = (unsigned)jz_sql_int(rows, 3),
        .from = jz_date_from_key(jz_sql_int(rows, 4)),
        .until = jz_date_from_key(jz_sql_int(rows, 5)),
        .fen = fen.type == JZ_SQL_NULL ? -1 : fen.integer,
        .due_on = jz_date_from_key(jz_sql_int(rows, 8)),
        .grace_until = jz_date_from_key(jz_sql_int(rows, 9)),
        .state = (enum jz_standing_state)jz_sql_int(rows, 10),
    };
    snprintf(ret->unit, sizeof ret->unit, "%.*s", (int)unit.size,
             unit.data ? (const char *)unit.data : "");
}

static int take_benefits(struct jz_sql *sql, const char *question,
                         const struct jz_sql_value *values, size_t value_count,
                         struct jz_person_benefit *ret_benefits, size_t room, size_t *ret_count,
                         struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    size_t count = 0;
    int r = jz_sql_query(sql, question, values, value_count, &rows, err);
    while (r >= 0 && count < room && (r = jz_sql_next(rows, err)) == 1)
        take_benefit(rows, &ret_benefits[count++]);
    if (r < 0)
        return r;
    *ret_count = count;
    return 0;
}

int jz_person_benefits(struct jz_sql *sql, int64_t person,
                       struct jz_person_benefit ret_benefits[JZ_PERSON_BENEFITS], int *ret_count,
                       struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(person);
    size_t count = 0;
    const int r = take_benefits(sql, BENEFIT_COLUMNS "WHERE s.person = $1 ORDER BY s.benefit",
                                &value, 1, ret_benefits, JZ_PERSON_BENEFITS, &count, err);
    if (r == 0)
        *ret_count = (int)count;
    return r;
}

/* The regions of an area lie between two numbers of six digits. */
static void span_area(const char *area, int64_t *ret_low, int64_t *ret_high)
{
    int64_t low = 0, size = 1;
    const size_t digits = area ? strlen(area) : 0;
    for (size_t i = 0; i < 6; i++) {
        low = low * 10 + (i < digits ? area[i] - '0' : 0);
        size *= i < digits ? 1 : 10;
    }
    *ret_low = low;
    *ret_high = low + size - 1;
}

int jz_person_list(struct jz_sql *sql, const struct jz_person_filter *filter, int64_t after_person,
                   int64_t after_benefit, struct jz_person_benefit *ret_benefits, size_t room,
                   size_t *ret_count, struct jz_error *err)
{
    int64_t low, high;
    span_area(filter->area, &low, &high);
    const struct jz_sql_value values[] = {
        jz_int(after_person),
        jz_int(after_benefit),
        jz_int(filter->state < 0 ? 0 : filter->state),
        jz_int(filter->state < 0 ? JZ_STANDING_STATES : filter->state),
        jz_int(filter->scheme < 0 ? 0 : filter->scheme),
        jz_int(filter->scheme < 0 ? JZ_SCHEMES : filter->scheme),
        jz_int(low),
        jz_int(high),
        jz_int((int64_t)room),
    };
    return take_benefits(
        sql,
        BENEFIT_COLUMNS "WHERE (s.person, s.benefit) > ($1, $2) AND s.state BETWEEN $3 AND $4 "
                        "AND b.scheme BETWEEN $5 AND $6 AND b.region BETWEEN $7 AND $8 "
                        "ORDER BY s.person, s.benefit LIMIT $9",
        values, sizeof values / sizeof values[0], ret_benefits, room, ret_count, err);
}

int jz_person_extras(struct jz_sql *sql, int64_t person,
                     struct jz_person_extra ret_extras[JZ_PERSON_EXTRAS], int *ret_count,
                     struct jz_error *err)
{
    /* A row that ends one is the latest with its `of`. */
    static const struct {
        enum jz_table table;
        const char *question;
    } kinds[] = {
        { JZ_T_DOCUMENT, "SELECT d.id, d.kind, d.of, d.ended FROM person_fact f "
                         "JOIN document d ON d.id = f.fact "
                         "WHERE f.person = $1 AND f.kind = 7 ORDER BY d.id" },
        { JZ_T_CONTACT, "SELECT c.id, c.kind, c.of, c.ended FROM person_fact f "
                        "JOIN contact c ON c.id = f.fact "
                        "WHERE f.person = $1 AND f.kind = 8 ORDER BY c.id" },
    };
    const struct jz_sql_value value = jz_int(person);
    int count = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        int r = jz_sql_query(sql, kinds[i].question, &value, 1, &rows, err);
        while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
            const int64_t of = jz_sql_int(rows, 2);
            for (int k = 0; k < count; k++)
                if (ret_extras[k].fact == of && ret_extras[k].table == kinds[i].table)
                    ret_extras[k] = ret_extras[--count];
            if (jz_sql_int(rows, 3) || count == JZ_PERSON_EXTRAS)
                continue;
            struct jz_person_extra *e = &ret_extras[count++];
            const struct jz_sql_value kind = jz_sql_value(rows, 1);
            *e = (struct jz_person_extra){ .fact = of ? of : jz_sql_int(rows, 0),
                                           .table = kinds[i].table };
            if (kind.type == JZ_SQL_INT && kind.integer >= 0 &&
                kind.integer < JZ_DOCUMENT_KIND_COUNT)
                snprintf(e->kind, sizeof e->kind, "%s",
                         jz_document_kind_info((enum jz_document_kind)kind.integer)->name);
            else if (kind.type == JZ_SQL_TEXT)
                snprintf(e->kind, sizeof e->kind, "%.*s", (int)kind.size, (const char *)kind.data);
        }
        if (r < 0)
            return r;
    }
    *ret_count = count;
    return 0;
}
