#include "ledger/person.h"

#include "base/encoding.h"
#include "identity/reference.h"
#include "ledger/standing.h"

#include <jansson.h>
#include <string.h>

struct correction {
    const struct jz_keyring *keyring;
    const struct jz_person_change *change;
    const struct jz_person_record *before;
    const char *detail;
    uint8_t sealed[JZ_PERSON_SEALED_BYTES];
    size_t sealed_size;
    /* Hashes of the document that was, by version of the key, and of the one that will be. */
    bool moves;
    uint8_t was[16][JZ_FIND_BYTES];
    unsigned versions;
    uint8_t is[JZ_FIND_BYTES];
};

static const char *chosen(const char *change, const char *before)
{
    return change ? change : before;
}

static struct jz_date chosen_birth(const struct correction *c)
{
    return jz_date_is_set(c->change->born_on) ? c->change->born_on : c->before->born_on;
}

static int64_t put_person(const struct correction *c, struct jz_entry *entry)
{
    const struct jz_person_change *n = c->change;
    const struct jz_person_record *b = c->before;
    const int64_t residence = n->residence >= 0 ? n->residence : (int64_t)b->residence;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [PERSON_OF] = jz_int(b->person),
        [PERSON_BORN_ON] = jz_int(jz_date_key(chosen_birth(c))),
        [PERSON_SEX] = jz_int(n->sex >= 0 ? n->sex : (int)b->sex),
        [PERSON_CARE] = jz_int(n->care >= 0 ? n->care : (int64_t)b->care),
        [PERSON_RESIDENCE] = residence ? jz_int(residence) : JZ_NULL,
        [PERSON_SEALED] = jz_blob(c->sealed, c->sealed_size),
        [PERSON_BY] = jz_text(n->operator),
    };
    return jz_entry_add(entry, JZ_T_PERSON, values);
}

static void put_note(const struct correction *c, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [EVENT_PERSON] = jz_int(c->before->person),
        [EVENT_KIND] = jz_text("corrected"),
        [EVENT_ON] = jz_int(jz_date_key(jz_entry_today(entry))),
        [EVENT_BY] = jz_text(c->change->operator),
        [EVENT_DETAIL] = jz_text(c->detail),
    };
    jz_entry_add(entry, JZ_T_EVENT, values);
}

static void move_document(const struct correction *c, struct jz_entry *entry)
{
    const struct jz_sql_value find[JZ_MAX_COLUMNS] = {
        [FIND_HASH] = jz_blob(c->is, sizeof c->is),
        [FIND_PERSON] = jz_int(c->before->person),
    };
    jz_entry_put(entry, JZ_T_FIND, find);
    for (unsigned i = 0; i < c->versions; i++) {
        const struct jz_sql_value old[] = { jz_blob(c->was[i], sizeof c->was[i]),
                                            jz_int(c->before->person) };
        jz_entry_run(entry, "DELETE FROM document_find WHERE hash = $1 AND person = $2", old, 2);
    }
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    const struct correction *c = context;
    if (state->row != c->before->row)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "somebody else corrected the person meanwhile; "
                            "look again");
    const int64_t row = put_person(c, entry);
    put_note(c, entry);
    if (c->moves)
        move_document(c, entry);
    struct jz_person_state after = *state;
    after.born_on = chosen_birth(c);
    jz_standing_write_all(entry, &after, jz_entry_today(entry));
    const struct jz_also *also = c->change->also;
    return also ? also->run(also->context, state, row, entry, err) : 0;
}

/* ---- Checks ---- */

static int check_text(const char *what, const char *text, size_t max, bool may_be_empty,
                      struct jz_error *err)
{
    if (!text)
        return 0;
    const size_t size = strlen(text);
    if (size > max || jz_utf8_valid(text, size) < size || (size == 0 && !may_be_empty))
        return jz_error_set(err, JZ_E_USAGE, "the %s is a text of %s%zu bytes of UTF-8", what,
                            may_be_empty ? "at most " : "1 to ", max);
    return 0;
}

static int check(const struct jz_person_change *n, struct jz_error *err)
{
    int r;
    if (!n->reason)
        return jz_error_set(err, JZ_E_USAGE, "why is it corrected? --reason TEXT");
    if ((r = check_text("reason", n->reason, JZ_CORRECTION_REASON_MAX, false, err)) < 0 ||
        (r = check_text("name", n->name, JZ_PERSON_NAME_MAX, false, err)) < 0 ||
        (r = check_text("phone", n->phone, JZ_PERSON_PHONE_MAX, true, err)) < 0 ||
        (r = check_text("address", n->address, JZ_PERSON_ADDRESS_MAX, true, err)) < 0)
        return r;
    if (jz_date_is_set(n->born_on) &&
        (n->born_on.year < 1850 || jz_date_compare(n->born_on, jz_date_today()) > 0))
        return jz_error_set(err, JZ_E_USAGE, "no birth date of anybody alive");
    return 0;
}

static bool is_same_document(const struct jz_document *a, const struct jz_person_data *b)
{
    return strcmp(a->number, b->number) == 0 && strcmp(a->issuer, b->issuer) == 0 &&
           a->kind == b->kind;
}

/* The names of what changes, for the note; NULL when nothing does. */
static json_t *list_changes(const struct jz_person_change *n, const struct jz_person_record *b)
{
    const struct {
        const char *name;
        bool changes;
    } fields[] = {
        { "name", n->name && strcmp(n->name, b->data.name) != 0 },
        { "document", n->document && !is_same_document(n->document, &b->data) },
        { "phone", n->phone && strcmp(n->phone, b->data.phone) != 0 },
        { "address", n->address && strcmp(n->address, b->data.address) != 0 },
        { "born_on", jz_date_is_set(n->born_on) && jz_date_compare(n->born_on, b->born_on) != 0 },
        { "sex", n->sex >= 0 && n->sex != (int)b->sex },
        { "care", n->care >= 0 && n->care != (int64_t)b->care },
        { "residence", n->residence >= 0 && n->residence != (int64_t)b->residence },
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].changes)
            json_array_append_new(list, json_string(fields[i].name));
    if (json_array_size(list) > 0)
        return list;
    json_decref(list);
    return NULL;
}

static int hash_documents(struct jz_sql *sql, struct correction *c, struct jz_error *err)
{
    struct jz_document before;
    const struct jz_person_data *d = &c->before->data;
    char job[JZ_JOB_NAME_BYTES];
    int64_t owner = 0;
    const unsigned newest = jz_keyring_versions(c->keyring, JZ_KEY_LOOKUP);
    int r = jz_document_parse(d->number, d->kind, d->issuer, &before, err);
    if (r < 0 ||
        (r = jz_person_document_hash(c->keyring, newest, c->change->document, c->is, err)) < 0)
        return r;
    for (unsigned v = newest; v > 0 && c->versions < sizeof c->was / sizeof c->was[0]; v--)
        if ((r = jz_person_document_hash(c->keyring, v, &before, c->was[c->versions++], err)) < 0)
            return r;
    /* The same number under another kind may be found as before. */
    if (memcmp(c->was[0], c->is, sizeof c->is) == 0)
        return 0;
    c->moves = true;
    if ((r = jz_person_import_running(sql, job, err)) < 0)
        return r;
    if (*job)
        return jz_error_set(err, JZ_E_BUSY,
                            "an import is unfinished, which may know the document: run that file "
                            "again first; if it is lost, type: " JZ_IMPORT_GIVE_UP);
    if ((r = jz_person_find_document(sql, c->keyring, c->change->document, &owner, err)) < 0)
        return r;
    char reference[JZ_REFERENCE_TEXT_BYTES];
    return owner && owner != c->before->person
               ? jz_error_set(err, JZ_E_CONFLICT, "the document belongs to %s",
                              jz_reference_format(owner, reference))
               : 0;
}

static int prepare(struct jz_sql *sql, struct correction *c, struct jz_error *err)
{
    const struct jz_person_change *n = c->change;
    const struct jz_person_data *b = &c->before->data;
    const struct jz_person_data data = {
        .name = chosen(n->name, b->name),
        .kind = n->document ? n->document->kind : b->kind,
        .number = n->document ? n->document->number : b->number,
        .issuer = n->document ? n->document->issuer : b->issuer,
        .phone = chosen(n->phone, b->phone),
        .address = chosen(n->address, b->address),
    };
    const int r = jz_person_seal(c->keyring, &data, c->sealed, &c->sealed_size, err);
    return r < 0 || !n->document ? r : hash_documents(sql, c, err);
}

static int correct(struct jz_store *store, struct jz_sql *sql, int64_t person,
                   const struct jz_person_change *change, struct jz_person_record *before,
                   struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    struct correction c = { .keyring = keyring, .change = change, .before = before };
    int r = jz_person_read(sql, keyring, person, before, err);
    if (r < 0)
        return r;
    json_t *changes = list_changes(change, before);
    if (!changes)
        return jz_error_set(err, JZ_E_CONFLICT, "nothing would change");
    json_t *note = json_pack("{s:o,s:s}", "fields", changes, "reason", change->reason);
    jz_autofree char *detail = note ? json_dumps(note, JSON_COMPACT) : NULL;
    json_decref(note);
    if (!detail)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    c.detail = detail;
    if ((r = prepare(sql, &c, err)) < 0)
        return r;
    struct jz_act act = { .person = person, .decide = decide, .context = &c };
    return jz_store_act(store, &act, err);
}

int jz_person_correct(struct jz_store *store, int64_t person, const struct jz_person_change *change,
                      struct jz_error *err)
{
    struct jz_person_record before;
    struct jz_sql *sql = NULL;
    int r;
    if ((r = check(change, err)) < 0 || (r = jz_store_reader(store, &sql, err)) < 0)
        return r;
    r = correct(store, sql, person, change, &before, err);
    jz_person_record_wipe(&before);
    jz_store_return(store, sql);
    return r;
}
