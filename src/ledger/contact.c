#include "ledger/contact.h"

#include "store/person.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SEALED_BYTES = JZ_PHONE_BYTES + JZ_SEAL_MAX_OVERHEAD, CONTEXT_BYTES = 40 };

/* A sealed contact opens only as one of the same person. */
static struct jz_bytes seal_context(int64_t person, char text[CONTEXT_BYTES])
{
    const int n = snprintf(text, CONTEXT_BYTES, "contact-v1:%" PRId64, person);
    return (struct jz_bytes){ text, (size_t)n };
}

/* ---- Reading ---- */

static int unseal(const struct jz_keyring *keyring, int64_t person, struct jz_sql_value sealed,
                  char ret_phone[JZ_PHONE_BYTES], struct jz_error *err)
{
    char context[CONTEXT_BYTES];
    uint8_t plain[SEALED_BYTES];
    size_t size = 0;
    if (sealed.size > sizeof plain)
        return jz_error_set(err, JZ_E_FORMAT, "a contact of %zu bytes", sealed.size);
    const int r = jz_keyring_unseal(keyring, JZ_KEY_IDENTITY, seal_context(person, context),
                                    sealed.data, sealed.size, plain, &size, err);
    if (r == 0)
        snprintf(ret_phone, JZ_PHONE_BYTES, "%.*s", (int)size, (const char *)plain);
    jz_wipe(plain, sizeof plain);
    return r;
}

/* The latest row of each contact, in the order of their first rows; beyond the room none. */
static int list_facts(struct jz_sql *sql, const struct jz_keyring *keyring, int64_t person,
                      struct jz_contact *ret, int *ret_count, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_CONTACT) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int count = 0;
    int r = jz_sql_query(sql,
                         "SELECT c.id, COALESCE(c.of, c.id), c.recorded_at, c.sealed, c.ended "
                         "FROM person_fact f JOIN contact c ON c.id = f.fact "
                         "WHERE f.person = $1 AND f.kind = $2 AND c.kind = 'phone' ORDER BY c.id",
                         values, 2, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const int64_t id = jz_sql_int(rows, 1);
        int at = 0;
        while (at < count && ret[at].id != id)
            at++;
        if (jz_sql_int(rows, 4)) {
            if (at < count)
                memmove(&ret[at], &ret[at + 1], (size_t)(--count - at) * sizeof *ret);
            continue;
        }
        if (at == JZ_CONTACTS_MAX)
            continue;
        if ((r = unseal(keyring, person, jz_sql_value(rows, 3), ret[at].phone, err)) < 0)
            break;
        ret[at].id = id;
        ret[at].recorded_at = jz_sql_int(rows, 2);
        count += at == count;
    }
    *ret_count = count;
    return r < 0 ? r : 0;
}

/* Whether any row ever bound this number: an ended one does not come back from the register. */
static int was_bound(struct jz_sql *sql, const struct jz_keyring *keyring, int64_t person,
                     const char *phone, bool *ret, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_CONTACT) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    bool found = false;
    int r = jz_sql_query(sql,
                         "SELECT c.sealed FROM person_fact f JOIN contact c ON c.id = f.fact "
                         "WHERE f.person = $1 AND f.kind = $2 AND c.kind = 'phone'",
                         values, 2, &rows, err);
    while (r >= 0 && !found && (r = jz_sql_next(rows, err)) == 1) {
        char bound[JZ_PHONE_BYTES];
        r = unseal(keyring, person, jz_sql_value(rows, 0), bound, err);
        found = r == 0 && strcmp(bound, phone) == 0;
        jz_wipe(bound, sizeof bound);
    }
    *ret = found;
    return r < 0 ? r : 0;
}

static int add_registered(struct jz_sql *sql, const struct jz_keyring *keyring, int64_t person,
                          struct jz_contact *contacts, int *count, struct jz_error *err)
{
    struct jz_person_record record;
    struct jz_contact registered = { 0 };
    bool bound = false;
    int r = jz_person_read(sql, keyring, person, &record, err);
    if (r < 0)
        return r;
    const bool is_mobile = jz_phone_parse(record.data.phone, registered.phone, NULL) == 0;
    jz_person_record_wipe(&record);
    if (!is_mobile || *count == JZ_CONTACTS_MAX)
        return 0;
    r = was_bound(sql, keyring, person, registered.phone, &bound, err);
    if (r == 0 && !bound)
        contacts[(*count)++] = registered;
    jz_wipe(&registered, sizeof registered);
    return r;
}

int jz_contact_list(struct jz_store *store, int64_t person,
                    struct jz_contact ret_contacts[JZ_CONTACTS_MAX], int *ret_count,
                    struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    struct jz_sql *sql = NULL;
    int count = 0;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        if ((r = list_facts(sql, keyring, person, ret_contacts, &count, err)) == 0)
            r = add_registered(sql, keyring, person, ret_contacts, &count, err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_count = count;
    return 0;
}

bool jz_contact_is_due(const struct jz_contact *contacts, int count, struct jz_date today,
                       int months)
{
    for (int i = 0; i < count; i++) {
        const struct jz_date checked = jz_date_at(contacts[i].recorded_at);
        if (contacts[i].recorded_at == 0 ||
            jz_date_compare(jz_date_add_months(checked, months), today) <= 0)
            return true;
    }
    return count == 0;
}

/* ---- Recording ---- */

/* Rows ready to be written: sealed before the writer is asked. */
struct writing {
    const struct jz_keyring *keyring;
    int64_t person;
    const char *by;
    struct {
        int64_t of; /* 0: a new contact */
        bool ended;
        uint8_t sealed[SEALED_BYTES];
        size_t size;
    } rows[JZ_CONTACTS_MAX];
    int count;
};

static int prepare(struct writing *w, const struct jz_contact *contact, bool ended,
                   struct jz_error *err)
{
    char context[CONTEXT_BYTES];
    const int r = jz_keyring_seal(w->keyring, JZ_KEY_IDENTITY, seal_context(w->person, context),
                                  contact->phone, strlen(contact->phone), w->rows[w->count].sealed,
                                  &w->rows[w->count].size, err);
    if (r < 0)
        return r;
    w->rows[w->count].of = contact->id;
    w->rows[w->count++].ended = ended;
    return 0;
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    const struct writing *w = context;
    for (int i = 0; i < w->count; i++) {
        const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
            [CONTACT_OF] = w->rows[i].of ? jz_int(w->rows[i].of) : JZ_NULL,
            [CONTACT_PERSON] = jz_int(w->person),
            [CONTACT_KIND] = jz_text("phone"),
            [CONTACT_SEALED] = jz_blob(w->rows[i].sealed, w->rows[i].size),
            [CONTACT_ENDED] = jz_int(w->rows[i].ended),
            [CONTACT_BY] = jz_text(w->by),
        };
        jz_entry_add(entry, JZ_T_CONTACT, values);
    }
    return 0;
}

static int submit(struct jz_store *store, struct writing *w, struct jz_error *err)
{
    struct jz_act act = { .person = w->person, .decide = decide, .context = w };
    return w->count == 0 ? 0 : jz_store_act(store, &act, err);
}

static int confirm(struct jz_store *store, struct writing *w, struct jz_contact *contacts,
                   int count, const char *phone, struct jz_error *err)
{
    struct jz_contact added = { 0 };
    int at = 0;
    while (at < count && strcmp(contacts[at].phone, phone) != 0)
        at++;
    if (at == JZ_CONTACTS_MAX)
        return jz_error_set(err, JZ_E_LIMIT, "there are %d contacts already: end one first",
                            JZ_CONTACTS_MAX);
    snprintf(added.phone, sizeof added.phone, "%s", phone);
    added.id = at < count ? contacts[at].id : 0;
    const int r = prepare(w, &added, false, err);
    jz_wipe(&added, sizeof added);
    return r < 0 ? r : submit(store, w, err);
}

int jz_contact_confirm(struct jz_store *store, int64_t person, const char *phone, const char *by,
                       struct jz_error *err)
{
    struct writing w = { .keyring = jz_store_keyring(store), .person = person, .by = by };
    struct jz_contact contacts[JZ_CONTACTS_MAX];
    int count = 0;
    int r = jz_contact_list(store, person, contacts, &count, err);
    if (r == 0)
        r = confirm(store, &w, contacts, count, phone, err);
    jz_wipe(contacts, sizeof contacts);
    return r;
}

int jz_contact_still_right(struct jz_store *store, int64_t person, const char *by,
                           struct jz_error *err)
{
    struct writing w = { .keyring = jz_store_keyring(store), .person = person, .by = by };
    struct jz_contact contacts[JZ_CONTACTS_MAX];
    const struct jz_date today = jz_store_today(store);
    int count = 0;
    int r = jz_contact_list(store, person, contacts, &count, err);
    for (int i = 0; i < count && r == 0; i++)
        if (jz_date_compare(jz_date_at(contacts[i].recorded_at), today) < 0)
            r = prepare(&w, &contacts[i], false, err);
    jz_wipe(contacts, sizeof contacts);
    return r < 0 ? r : submit(store, &w, err);
}

int jz_contact_end(struct jz_store *store, int64_t person, int64_t id, const char *by,
                   struct jz_error *err)
{
    struct writing w = { .keyring = jz_store_keyring(store), .person = person, .by = by };
    struct jz_contact contacts[JZ_CONTACTS_MAX];
    int count = 0;
    int r = jz_contact_list(store, person, contacts, &count, err);
    for (int i = 0; i < count && r == 0 && w.count == 0; i++)
        if (id > 0 && contacts[i].id == id)
            r = prepare(&w, &contacts[i], true, err);
    jz_wipe(contacts, sizeof contacts);
    if (r == 0 && w.count == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "there is no such contact of this person");
    return r < 0 ? r : submit(store, &w, err);
}
