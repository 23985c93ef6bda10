#include "ledger/card.h"

#include "store/person.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    CONTEXT_BYTES = 48,
    NUMBER_BYTES = JZ_DOCUMENT_NUMBER_BYTES + JZ_SEAL_MAX_OVERHEAD,
    HASH_BYTES = JZ_PASSWORD_HASH_BYTES + JZ_SEAL_MAX_OVERHEAD,
};

/* What is sealed opens only as the same thing of the same person. */
static struct jz_bytes seal_context(const char *what, int64_t person, char text[CONTEXT_BYTES])
{
    const int n = snprintf(text, CONTEXT_BYTES, "%s-v1:%" PRId64, what, person);
    return (struct jz_bytes){ text, (size_t)n };
}

/* ---- Reading ---- */

static int unseal_hash(const struct jz_keyring *keyring, int64_t person, struct jz_sql_value sealed,
                       char ret_hash[JZ_PASSWORD_HASH_BYTES], struct jz_error *err)
{
    char context[CONTEXT_BYTES];
    uint8_t plain[HASH_BYTES];
    size_t size = 0;
    if (sealed.size > sizeof plain)
        return jz_error_set(err, JZ_E_FORMAT, "the hash of a password of %zu bytes", sealed.size);
    const int r =
        jz_keyring_unseal(keyring, JZ_KEY_IDENTITY, seal_context("password", person, context),
                          sealed.data, sealed.size, plain, &size, err);
    if (r == 0)
        snprintf(ret_hash, JZ_PASSWORD_HASH_BYTES, "%.*s", (int)size, (const char *)plain);
    jz_wipe(plain, sizeof plain);
    return r;
}

static int find(struct jz_sql *sql, const struct jz_keyring *keyring,
                const struct jz_document *card, int64_t *ret_person,
                char ret_hash[JZ_PASSWORD_HASH_BYTES], struct jz_error *err)
{
    int64_t person = 0;
    for (unsigned v = jz_keyring_versions(keyring, JZ_KEY_LOOKUP); v > 0 && person == 0; v--) {
        uint8_t hash[JZ_FIND_BYTES];
        int r = jz_person_document_hash(keyring, v, card, hash, err);
        if (r < 0)
            return r;
        const struct jz_sql_value value = jz_blob(hash, sizeof hash);
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        if ((r = jz_sql_query(sql, "SELECT person, sealed FROM card_password WHERE card = $1",
                              &value, 1, &rows, err)) < 0 ||
            (r = jz_sql_next(rows, err)) < 0)
            return r;
        if (r == 1) {
            person = jz_sql_int(rows, 0);
            if ((r = unseal_hash(keyring, person, jz_sql_value(rows, 1), ret_hash, err)) < 0)
                return r;
        }
    }
    *ret_person = person;
    return 0;
}

int jz_card_find(struct jz_store *store, const struct jz_document *card, int64_t *ret_person,
                 char ret_hash[JZ_PASSWORD_HASH_BYTES], struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = find(sql, jz_store_keyring(store), card, ret_person, ret_hash, err);
    jz_store_return(store, sql);
    return r;
}

int jz_card_is_set(struct jz_store *store, int64_t person, bool *ret_is_set, struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(person);
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql, "SELECT 1 FROM card_password WHERE person = $1", &value, 1, &rows, err);
    if (r >= 0)
        r = jz_sql_next(rows, err);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_is_set = r == 1;
    return 0;
}

/* ---- Setting ---- */

struct setting {
    int64_t person;
    int64_t of;   /* the card's first row, 0: it is the first card */
    bool is_same; /* the card that is bound already: only the password changes */
    const char *by;
    uint8_t card[JZ_FIND_BYTES];
    uint8_t number[NUMBER_BYTES], hash[HASH_BYTES];
    size_t number_size, hash_size;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    const struct setting *s = context;
    const struct jz_sql_value document[JZ_MAX_COLUMNS] = {
        [DOCUMENT_OF] = s->of ? jz_int(s->of) : JZ_NULL,
        [DOCUMENT_PERSON] = jz_int(s->person),
        [DOCUMENT_KIND] = jz_int(JZ_DOCUMENT_SOCIAL_CARD),
        [DOCUMENT_SEALED] = jz_blob(s->number, s->number_size),
        [DOCUMENT_ENDED] = jz_int(0),
        [DOCUMENT_BY] = jz_text(s->by),
    };
    const struct jz_sql_value event[JZ_MAX_COLUMNS] = {
        [EVENT_PERSON] = jz_int(s->person),
        [EVENT_KIND] = jz_text("card_password_set"),
        [EVENT_ON] = jz_int(jz_date_key(jz_entry_today(entry))),
        [EVENT_BY] = jz_text(s->by),
    };
    const struct jz_sql_value password[] = {
        jz_int(s->person),
        jz_blob(s->card, sizeof s->card),
        jz_blob(s->hash, s->hash_size),
        jz_int(jz_entry_now(entry)),
    };
    if (!s->is_same)
        jz_entry_add(entry, JZ_T_DOCUMENT, document);
    jz_entry_add(entry, JZ_T_EVENT, event);
    jz_entry_run(entry,
                 "INSERT INTO card_password (person, card, sealed, set_at) VALUES ($1, $2, $3, $4) "
                 "ON CONFLICT (person) DO UPDATE SET card = excluded.card, "
                 "sealed = excluded.sealed, set_at = excluded.set_at",
                 password, 4);
    return 0;
}

/* The first row of the person's card, 0 when there is none. */
static int find_first(struct jz_sql *sql, int64_t person, int64_t *ret_of, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(JZ_T_DOCUMENT),
                                           jz_int(JZ_DOCUMENT_SOCIAL_CARD) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql,
                         "SELECT COALESCE(d.of, d.id) FROM person_fact f JOIN document d "
                         "ON d.id = f.fact WHERE f.person = $1 AND f.kind = $2 AND d.kind = $3 "
                         "ORDER BY f.fact DESC LIMIT 1",
                         values, 3, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    *ret_of = r == 1 ? jz_sql_int(rows, 0) : 0;
    return 0;
}

static int taken(struct jz_error *err)
{
    return jz_error_set(err, JZ_E_CONFLICT, "the card belongs to somebody else");
}

/* Whose the card is already. */
static int look(struct jz_sql *sql, const struct jz_keyring *keyring,
                const struct jz_document *card, struct setting *s, struct jz_error *err)
{
    char hash[JZ_PASSWORD_HASH_BYTES];
    int64_t bound = 0, registered = 0;
    int r;
    if ((r = find(sql, keyring, card, &bound, hash, err)) < 0 ||
        (r = jz_person_find_document(sql, keyring, card, &registered, err)) < 0)
        return r;
    jz_wipe(hash, sizeof hash);
    if ((bound && bound != s->person) || (registered && registered != s->person))
        return taken(err);
    s->is_same = bound == s->person;
    return find_first(sql, s->person, &s->of, err);
}

static int seal(const struct jz_keyring *keyring, const struct jz_document *card, const char *hash,
                struct setting *s, struct jz_error *err)
{
    char context[CONTEXT_BYTES];
    int r = jz_person_document_hash(keyring, jz_keyring_versions(keyring, JZ_KEY_LOOKUP), card,
                                    s->card, err);
    if (r == 0)
        r = jz_keyring_seal(keyring, JZ_KEY_IDENTITY, seal_context("document", s->person, context),
                            card->number, strlen(card->number), s->number, &s->number_size, err);
    if (r == 0)
        r = jz_keyring_seal(keyring, JZ_KEY_IDENTITY, seal_context("password", s->person, context),
                            hash, strlen(hash), s->hash, &s->hash_size, err);
    return r;
}

int jz_card_set(struct jz_store *store, int64_t person, const struct jz_document *card,
                const char hash[JZ_PASSWORD_HASH_BYTES], const char *by, struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    struct setting s = { .person = person, .by = by };
    struct jz_act act = { .person = person, .decide = decide, .context = &s };
    struct jz_sql *sql = NULL;
    if (card->kind != JZ_DOCUMENT_SOCIAL_CARD)
        return jz_error_set(err, JZ_E_USAGE, "only a social security card has a password");
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = look(sql, keyring, card, &s, err);
    jz_store_return(store, sql);
    if (r < 0 || (r = seal(keyring, card, hash, &s, err)) < 0)
        return r;
    /* Somebody else may have bound it meanwhile: the index says so. */
    r = jz_store_act(store, &act, err);
    return r == JZ_E_CONFLICT ? taken(err) : r;
}
