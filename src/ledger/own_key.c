#include "ledger/own_key.h"

#include <stdio.h>
#include <string.h>

struct jz_bytes jz_own_key_context(int64_t person, struct jz_own_key_context *c)
{
    const int n = snprintf(c->text, sizeof c->text, "templates:%lld", (long long)person);
    return (struct jz_bytes){ c->text, (size_t)n };
}

/* size 0 when there is none. */
static int read_key(struct jz_sql *sql, int64_t person, struct jz_own_key *key,
                    struct jz_error *err)
{
    /* The numbers are those of store/table.h: enrolment, shred, file. */
    static const char question[] =
        "SELECT (SELECT max(fact) FROM person_fact WHERE person = $1 AND kind IN (9, 18, 23)), "
        "(SELECT wrapped FROM subject_key WHERE person = $1)";
    const struct jz_sql_value value = jz_int(person);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, question, &value, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const struct jz_sql_value wrapped = jz_sql_value(rows, 1);
    if (wrapped.size > sizeof key->wrapped)
        return jz_error_set(err, JZ_E_INTEGRITY, "a key of %zu bytes is none", wrapped.size);
    if (wrapped.size > 0)
        memcpy(key->wrapped, wrapped.data, wrapped.size);
    key->size = wrapped.size;
    key->latest = jz_sql_int(rows, 0);
    return 0;
}

int jz_own_key_take(struct jz_store *store, int64_t person, struct jz_own_key *ret_key,
                    struct jz_error *err)
{
    struct jz_own_key key = { .size = 0 };
    struct jz_own_key_context text;
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = read_key(sql, person, &key, err);
    jz_store_return(store, sql);
    if (r == 0 && key.size == 0) {
        key.is_new = true;
        r = jz_subject_key_new(jz_store_keyring(store), jz_own_key_context(person, &text),
                               key.wrapped, &key.size, err);
    }
    if (r == 0)
        *ret_key = key;
    return r;
}

int jz_own_key_keep(const struct jz_own_key *key, const struct jz_person_state *state,
                    struct jz_entry *entry, struct jz_error *err)
{
    if (state->own_key != key->latest)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "the person's templates or files changed meanwhile: try once more");
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [SUBJECT_KEY_PERSON] = jz_int(state->person),
        [SUBJECT_KEY_WRAPPED] = jz_blob(key->wrapped, key->size),
    };
    if (key->is_new)
        jz_entry_put(entry, JZ_T_SUBJECT_KEY, values);
    return 0;
}
