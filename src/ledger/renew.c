#include "ledger/renew.h"

#include "ledger/own_key.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

/* Versions of the lookup key that are looked for; what is of a still older one stays, and is found.
 */
enum { MOST_OLD = 32 };

struct renewing {
    struct jz_store *store;
    const struct jz_keyring *keyring;
    const struct jz_renew_options *options;
    unsigned newest; /* of the lookup key */
    struct jz_renew_result result;
};

static void show(const struct renewing *r, enum jz_renew_phase phase, int64_t done, int64_t total)
{
    if (r->options && r->options->on_progress)
        r->options->on_progress(r->options->context, phase, done, total);
}

static int submit(struct jz_store *store, jz_decide_fn decide, void *context, struct jz_error *err)
{
    struct jz_act act = { .decide = decide, .context = context };
    return jz_store_act(store, &act, err);
}

/* ---- Hashes of documents ---- */

/* The same document under the newest version and under each older one. */
struct hashes {
    uint8_t newest[JZ_FIND_BYTES];
    uint8_t old[MOST_OLD][JZ_FIND_BYTES];
    int old_count;
};

struct chunk {
    struct hashes hashes[JZ_RENEW_CHUNK];
    size_t count;
    int64_t last; /* fact up to which it goes */
    bool whole;   /* there may be more behind it */
    bool removes;
    const char *job;
    char version[16];
};

static void note_position(struct jz_entry *entry, const struct chunk *c)
{
    const struct jz_sql_value job[] = { jz_text(c->job), jz_text("running"), jz_int(c->last),
                                        jz_text(c->version) };
    jz_entry_run(entry,
                 "INSERT INTO job (name, state, position, detail) VALUES ($1, $2, $3, $4) "
                 "ON CONFLICT (name) DO UPDATE SET state = excluded.state, "
                 "position = excluded.position, detail = excluded.detail",
                 job, 4);
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    const struct chunk *c = context;
    for (size_t i = 0; i < c->count; i++) {
        const struct hashes *h = &c->hashes[i];
        for (int k = 0; k < h->old_count; k++) {
            const struct jz_sql_value pair[] = { jz_blob(h->newest, sizeof h->newest),
                                                 jz_blob(h->old[k], sizeof h->old[k]) };
            /* Only what is there is carried over, so that a document that was ended stays so. */
            if (!c->removes)
                jz_entry_run(entry,
                             "INSERT INTO document_find (hash, person) SELECT $1, person "
                             "FROM document_find WHERE hash = $2 ON CONFLICT (hash) DO NOTHING",
                             pair, 2);
            else
                jz_entry_run(entry,
                             "DELETE FROM document_find WHERE hash = $2 AND EXISTS "
                             "(SELECT 1 FROM document_find WHERE hash = $1)",
                             pair, 2);
        }
    }
    note_position(entry, c);
    return 0;
}

static int hash_one(const struct renewing *r, struct jz_sql_value sealed, struct chunk *c,
                    struct jz_error *err)
{
    char text[JZ_PERSON_TEXT_BYTES];
    struct jz_person_data data;
    struct jz_document document = { 0 };
    int e = jz_person_unseal(r->keyring, sealed.data, sealed.size, text, &data, err);
    if (e == 0) {
        document.kind = data.kind;
        snprintf(document.number, sizeof document.number, "%s", data.number);
        snprintf(document.issuer, sizeof document.issuer, "%s", data.issuer);
    }
    jz_wipe(text, sizeof text);
    if (e < 0 || !*document.number)
        return e;
    struct hashes *h = &c->hashes[c->count++];
    h->old_count = 0;
    e = jz_person_document_hash(r->keyring, r->newest, &document, h->newest, err);
    for (unsigned v = r->newest - 1; v > 0 && e == 0 && h->old_count < MOST_OLD; v--)
        e = jz_person_document_hash(r->keyring, v, &document, h->old[h->old_count++], err);
    jz_wipe(&document, sizeof document);
    return e;
}

/* The next rows of a table behind c->last. */
static int read_chunk(const struct renewing *r, struct jz_sql *sql, const char *page,
                      struct chunk *c, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(c->last), jz_int(JZ_RENEW_CHUNK) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int e = jz_sql_query(sql, page, values, 2, &rows, err);
    int read = 0;
    c->count = 0;
    while (e >= 0 && (e = jz_sql_next(rows, err)) == 1) {
        if ((e = hash_one(r, jz_sql_value(rows, 1), c, err)) < 0) {
            jz_error_prefix(err, "fact %lld", (long long)jz_sql_int(rows, 0));
            return e;
        }
        c->last = jz_sql_int(rows, 0);
        read++;
    }
    c->whole = read == JZ_RENEW_CHUNK;
    return e;
}

/* Where an earlier run of this job for this version stopped. */
static int load_position(struct jz_sql *sql, struct chunk *c, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_text(c->job), jz_text(c->version) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int e = jz_sql_query(sql, "SELECT position FROM job WHERE name = $1 AND detail = $2", values, 2,
                         &rows, err);
    if (e < 0 || (e = jz_sql_next(rows, err)) < 0)
        return e;
    c->last = e == 1 ? jz_sql_int(rows, 0) : 0;
    return 0;
}

/* The tables whose rows seal a document. */
static const struct {
    const char *page, *end;
    const char *jobs[JZ_RENEW_WRAP]; /* by phase */
} sealed_tables[] = {
    { "SELECT id, sealed FROM person WHERE id > $1 ORDER BY id LIMIT $2",
      "SELECT COALESCE(max(id), 0) FROM person",
      { "renew:add:person", "renew:remove:person" } },
    { "SELECT id, sealed FROM document WHERE id > $1 ORDER BY id LIMIT $2",
      "SELECT COALESCE(max(id), 0) FROM document",
      { "renew:add:document", "renew:remove:document" } },
};
enum { SEALED_TABLES = sizeof sealed_tables / sizeof sealed_tables[0] };

static int renew_table(struct renewing *r, enum jz_renew_phase phase, int table,
                       struct jz_error *err)
{
    jz_autofree struct chunk *c = calloc(1, sizeof *c);
    struct jz_sql *sql = NULL;
    int64_t end = 0;
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    c->job = sealed_tables[table].jobs[phase];
    c->removes = phase == JZ_RENEW_REMOVE;
    snprintf(c->version, sizeof c->version, "%u", r->newest);
    int e = jz_store_reader(r->store, &sql, err);
    if (e < 0)
        return e;
    e = load_position(sql, c, err);
    if (e == 0)
        e = jz_sql_number(sql, sealed_tables[table].end, NULL, 0, &end, err);
    do {
        show(r, phase, c->last, end);
        if (e == 0 && (e = read_chunk(r, sql, sealed_tables[table].page, c, err)) == 0 &&
            c->count > 0)
            e = submit(r->store, decide, c, err);
        if (e == 0 && phase == JZ_RENEW_ADD)
            r->result.documents += (int64_t)c->count;
    } while (e == 0 && c->whole);
    jz_store_return(r->store, sql);
    return e;
}

static int renew_hashes(struct renewing *r, struct jz_error *err)
{
    if (r->newest < 2)
        return 0;
    /* All are added before any is removed, so that every document is found at every moment. */
    for (int phase = JZ_RENEW_ADD; phase <= JZ_RENEW_REMOVE; phase++)
        for (int t = 0; t < SEALED_TABLES; t++) {
            const int e = renew_table(r, (enum jz_renew_phase)phase, t, err);
            if (e < 0)
                return e;
        }
    return 0;
}

/* ---- Keys of persons ---- */

struct key {
    int64_t person;
    uint8_t old[JZ_SUBJECT_KEY_MAX_BYTES], wrapped[JZ_SUBJECT_KEY_MAX_BYTES];
    size_t old_size, size;
};

struct keys {
    struct key keys[JZ_RENEW_CHUNK];
    size_t count;
    int64_t last;
    bool whole;
};

static int decide_keys(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                       struct jz_error *err)
{
    (void)state, (void)err;
    const struct keys *k = context;
    for (size_t i = 0; i < k->count; i++) {
        const struct key *key = &k->keys[i];
        /* A person may have been forgotten since the key was read. */
        const struct jz_sql_value values[] = { jz_blob(key->wrapped, key->size),
                                               jz_int(key->person),
                                               jz_blob(key->old, key->old_size) };
        jz_entry_run(entry,
                     "UPDATE subject_key SET wrapped = $1 WHERE person = $2 AND wrapped = $3",
                     values, 3);
    }
    return 0;
}

static int wrap_one(const struct renewing *r, int64_t person, struct jz_sql_value wrapped,
                    struct keys *k, struct jz_error *err)
{
    struct jz_own_key_context text;
    if (wrapped.size > JZ_SUBJECT_KEY_MAX_BYTES)
        return jz_error_set(err, JZ_E_INTEGRITY, "a key of %zu bytes is none", wrapped.size);
    if (jz_sealed_version(wrapped.data, wrapped.size) == r->result.biometric)
        return 0;
    struct key *key = &k->keys[k->count];
    key->person = person;
    key->old_size = wrapped.size;
    memcpy(key->old, wrapped.data, wrapped.size);
    const int e = jz_subject_key_rewrap(r->keyring, jz_own_key_context(person, &text), key->old,
                                        key->old_size, key->wrapped, &key->size, err);
    k->count += e == 0;
    return e;
}

static int read_keys(const struct renewing *r, struct jz_sql *sql, struct keys *k,
                     struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(k->last), jz_int(JZ_RENEW_CHUNK) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int read = 0;
    int e = jz_sql_query(sql,
                         "SELECT person, wrapped FROM subject_key WHERE person > $1 "
                         "ORDER BY person LIMIT $2",
                         values, 2, &rows, err);
    k->count = 0;
    while (e >= 0 && (e = jz_sql_next(rows, err)) == 1) {
        k->last = jz_sql_int(rows, 0);
        if ((e = wrap_one(r, k->last, jz_sql_value(rows, 1), k, err)) < 0)
            return e;
        read++;
    }
    k->whole = read == JZ_RENEW_CHUNK;
    return e;
}

static int renew_keys(struct renewing *r, struct jz_error *err)
{
    jz_autofree struct keys *k = calloc(1, sizeof *k);
    struct jz_sql *sql = NULL;
    int64_t end = 0;
    if (!k)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int e = jz_store_reader(r->store, &sql, err);
    if (e < 0)
        return e;
    e = jz_sql_number(sql, "SELECT COALESCE(max(person), 0) FROM subject_key", NULL, 0, &end, err);
    do {
        show(r, JZ_RENEW_WRAP, k->last, end);
        if (e == 0 && (e = read_keys(r, sql, k, err)) == 0 && k->count > 0)
            e = submit(r->store, decide_keys, k, err);
        if (e == 0)
            r->result.keys += (int64_t)k->count;
    } while (e == 0 && k->whole);
    jz_store_return(r->store, sql);
    return e;
}

static int check_no_import(struct jz_store *store, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    char name[JZ_JOB_NAME_BYTES];
    int e = jz_store_reader(store, &sql, err);
    if (e < 0)
        return e;
    e = jz_person_import_running(sql, name, err);
    jz_store_return(store, sql);
    if (e == 0 && *name)
        return jz_error_set(
            err, JZ_E_BUSY,
            "an import is unfinished (%.24s…): run that file again first; if it is lost, "
            "type: " JZ_IMPORT_GIVE_UP,
            name);
    return e;
}

int jz_renew(struct jz_store *store, const struct jz_renew_options *options,
             struct jz_renew_result *ret_result, struct jz_error *err)
{
    struct renewing r = { .store = store, .keyring = jz_store_keyring(store), .options = options };
    jz_keyring_refresh(r.keyring);
    r.newest = r.result.lookup = jz_keyring_versions(r.keyring, JZ_KEY_LOOKUP);
    r.result.biometric = jz_keyring_versions(r.keyring, JZ_KEY_BIOMETRIC);
    int e;
    if ((e = check_no_import(store, err)) < 0 || (e = renew_hashes(&r, err)) < 0 ||
        (e = renew_keys(&r, err)) < 0)
        return e;
    r.result.scrubbed = jz_store_scrub(store, JZ_T_SUBJECT_KEY, &r.result.why_not) == 0;
    *ret_result = r.result;
    return 0;
}
