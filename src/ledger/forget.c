#include "ledger/forget.h"

#include <stdio.h>
#include <string.h>

/* What is sealed between the reading and the commit makes another round. */
enum { ROUNDS = 4 };

struct forgetting {
    const struct jz_keyring *keyring;
    const struct jz_also *also;
    struct jz_shred statement;
    int64_t latest; /* of the facts that were gathered */
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct forgetting *f = context;
    struct jz_shred *s = &f->statement;
    uint8_t made[JZ_SHRED_SIGNED_BYTES];
    if (f->latest == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "there are no templates or files of this person that could be opened");
    if (state->own_key != f->latest)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "the person was enrolled again, or sent a file, meanwhile");
    s->fact = jz_entry_next_id(entry);
    s->recorded_at = jz_entry_now(entry);
    const int r = jz_shred_sign(f->keyring, s, err);
    if (r < 0)
        return r;
    memcpy(mempcpy(made, s->key, sizeof s->key), s->signature, sizeof s->signature);
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [SHRED_PERSON] = jz_int(s->person), [SHRED_ENROLMENTS] = jz_int(s->enrolments),
        [SHRED_FILES] = jz_int(s->files),   [SHRED_REASON] = jz_text(s->reason),
        [SHRED_BY] = jz_text(s->operator),  [SHRED_SIGNATURE] = jz_blob(made, sizeof made),
    };
    jz_entry_add(entry, JZ_T_SHRED, values);
    const struct jz_sql_value person = jz_int(s->person);
    jz_entry_run(entry, "DELETE FROM subject_key WHERE person = $1", &person, 1);
    return f->also ? f->also->run(f->also->context, state, s->fact, entry, err) : 0;
}

static int gather(struct jz_store *store, struct forgetting *f, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_shred_gather(sql, jz_store_suite(store), f->statement.person, INT64_MAX, &f->statement,
                        &f->latest, err);
    jz_store_return(store, sql);
    return r;
}

static int take_text(const char *what, const char *text, char *ret_text, size_t room,
                     struct jz_error *err)
{
    if (!text || !*text)
        return jz_error_set(err, JZ_E_USAGE, "forgetting needs %s", what);
    if (strlen(text) >= room)
        return jz_error_set(err, JZ_E_LIMIT, "%s has more than %zu bytes", what, room - 1);
    snprintf(ret_text, room, "%s", text);
    return 0;
}

int jz_forget(struct jz_store *store, int64_t person, const char *reason, const char *operator,
              struct jz_forget_result * ret_result, struct jz_error *err)
{
    return jz_forget_also(store, person, reason, operator, NULL, ret_result, err);
}

int jz_forget_also(struct jz_store *store, int64_t person, const char *reason, const char *operator,
                   const struct jz_also * also, struct jz_forget_result *ret_result,
                   struct jz_error *err)
{
    struct forgetting f = {
        .keyring = jz_store_keyring(store),
        .also = also,
        .statement.person = person,
    };
    struct jz_act act = { .person = person, .decide = decide, .context = &f };
    int r;
    if ((r = take_text("a reason", reason, f.statement.reason, sizeof f.statement.reason, err)) <
            0 ||
        (r = take_text("an operator", operator, f.statement.operator, sizeof f.statement.operator,
                       err)) < 0)
        return r;
    act.result = JZ_E_CONFLICT;
    for (int i = 0; i < ROUNDS && act.result == JZ_E_CONFLICT; i++)
        if ((r = gather(store, &f, err)) < 0 || (r = jz_store_submit(store, &act, 1, err)) < 0)
            return r;
    if (act.result < 0) {
        if (err)
            *err = act.error;
        return act.result;
    }
    struct jz_forget_result result = { .statement = f.statement };
    result.scrubbed = jz_store_scrub(store, JZ_T_SUBJECT_KEY, &result.why_not) == 0;
    *ret_result = result;
    return 0;
}

static int read_recorded(struct jz_sql *sql, enum jz_suite suite, int64_t person,
                         struct jz_shred *ret_statement, struct jz_error *err)
{
    /* In the order of the columns of shred. */
    static const char latest[] =
        "SELECT d.id, d.recorded_at, d.person, d.enrolments, d.files, d.reason, d.operator, "
        "d.signature "
        "FROM person_fact f JOIN shred d ON d.id = f.fact WHERE f.person = $1 "
        "ORDER BY f.fact DESC LIMIT 1";
    const struct jz_sql_value value = jz_int(person);
    struct jz_sql_value values[JZ_MAX_COLUMNS];
    struct jz_shred statement, gathered;
    int64_t sealed;
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, latest, &value, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "nothing of this person was ever shredded");
    for (int i = 0; i < SHRED_MARK; i++)
        values[i] = jz_sql_value(rows, i);
    if ((r = jz_shred_read(values, &statement, err)) < 0 ||
        (r = jz_shred_gather(sql, suite, person, statement.fact, &gathered, &sealed, err)) < 0)
        return r;
    memcpy(statement.sealed, gathered.sealed, sizeof statement.sealed);
    *ret_statement = statement;
    return 0;
}

int jz_forget_recorded(struct jz_store *store, int64_t person, struct jz_shred *ret_statement,
                       struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = read_recorded(sql, jz_store_suite(store), person, ret_statement, err);
    jz_store_return(store, sql);
    return r;
}
