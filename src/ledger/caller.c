#include "ledger/caller.h"

#include "base/encoding.h"

#include <stdio.h>
#include <string.h>

enum { SEALED_BYTES = JZ_CALLER_KEY_BYTES + JZ_SEAL_MAX_OVERHEAD, CONTEXT_BYTES = 64 };

/* A sealed key opens only as that of the same caller. */
static struct jz_bytes seal_context(const char *name, char text[CONTEXT_BYTES])
{
    const int n = snprintf(text, CONTEXT_BYTES, "caller-v1:%s", name);
    return (struct jz_bytes){ text, (size_t)n };
}

/* ---- Reading ---- */

#define COLUMNS                                                                                    \
    "SELECT c.id, COALESCE(c.of, c.id), c.recorded_at, c.active, c.name, c.basis, c.operator, "    \
    "c.sealed FROM caller c "

static void take_text(const struct jz_sql_rows *rows, int column, char *ret, size_t size)
{
    const struct jz_sql_value v = jz_sql_value(rows, column);
    snprintf(ret, size, "%.*s", (int)v.size, v.data ? (const char *)v.data : "");
}

static void take(const struct jz_sql_rows *rows, struct jz_caller *ret)
{
    *ret = (struct jz_caller){
        .fact = jz_sql_int(rows, 0),
        .of = jz_sql_int(rows, 1),
        .recorded_at = jz_sql_int(rows, 2),
        .active = jz_sql_int(rows, 3) != 0,
    };
    take_text(rows, 4, ret->name, sizeof ret->name);
    take_text(rows, 5, ret->basis, sizeof ret->basis);
    take_text(rows, 6, ret->by, sizeof ret->by);
}

/* Sealed key as well, *ret_size bytes. */
static int get(struct jz_store *store, const char *name, struct jz_caller *ret,
               uint8_t ret_sealed[SEALED_BYTES], size_t *ret_size, struct jz_error *err)
{
    const struct jz_sql_value value = jz_text(name);
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql, COLUMNS "WHERE c.name = $1 ORDER BY c.id DESC LIMIT 1", &value, 1, &rows,
                     err);
    if (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value sealed = jz_sql_value(rows, 7);
        take(rows, ret);
        *ret_size = sealed.size <= SEALED_BYTES ? sealed.size : 0;
        memcpy(ret_sealed, sealed.data, *ret_size);
    }
    jz_sql_done(rows);
    jz_store_return(store, sql);
    if (r == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "there is no calling app '%.48s'; see: jianzai caller list", name);
    return r < 0 ? r : 0;
}

int jz_caller_get(struct jz_store *store, const char *name, struct jz_caller *ret_caller,
                  struct jz_error *err)
{
    uint8_t sealed[SEALED_BYTES];
    size_t size;
    return get(store, name, ret_caller, sealed, &size, err);
}

int jz_caller_key(struct jz_store *store, const char *name, uint8_t ret_key[JZ_CALLER_KEY_BYTES],
                  struct jz_error *err)
{
    struct jz_caller caller;
    uint8_t sealed[SEALED_BYTES], key[SEALED_BYTES];
    char context[CONTEXT_BYTES];
    size_t size = 0;
    int r = get(store, name, &caller, sealed, &size, err);
    if (r < 0)
        return r;
    if (!caller.active)
        return jz_error_set(err, JZ_E_DENIED, "the calling app '%s' has ended", caller.name);
    r = jz_keyring_unseal(jz_store_keyring(store), JZ_KEY_IDENTITY,
                          seal_context(caller.name, context), sealed, size, key, &size, err);
    if (r == 0 && size != JZ_CALLER_KEY_BYTES)
        r = jz_error_set(err, JZ_E_FORMAT, "the key of the calling app has %zu bytes", size);
    if (r == 0)
        memcpy(ret_key, key, JZ_CALLER_KEY_BYTES);
    jz_wipe(key, sizeof key);
    return r;
}

int jz_caller_each(struct jz_store *store, jz_caller_fn on_caller, void *context,
                   struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql,
                     COLUMNS "WHERE NOT EXISTS (SELECT 1 FROM caller d WHERE d.name = c.name "
                             "AND d.id > c.id) ORDER BY c.name",
                     NULL, 0, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        struct jz_caller caller;
        take(rows, &caller);
        r = on_caller(context, &caller, err);
    }
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return r;
}

/* ---- Writing ---- */

struct change {
    const char *name, *basis, *by;
    int64_t of;
    bool active;
    uint8_t sealed[SEALED_BYTES];
    size_t size;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    const struct change *c = context;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CALLER_OF] = c->of ? jz_int(c->of) : JZ_NULL, [CALLER_NAME] = jz_text(c->name),
        [CALLER_SEALED] = jz_blob(c->sealed, c->size), [CALLER_BASIS] = jz_text(c->basis),
        [CALLER_ACTIVE] = jz_int(c->active),           [CALLER_BY] = jz_text(c->by),
    };
    jz_entry_add(entry, JZ_T_CALLER, values);
    return 0;
}

static int submit(struct jz_store *store, struct change *change, struct jz_error *err)
{
    struct jz_act act = { .decide = decide, .context = change };
    return jz_store_act(store, &act, err);
}

static int check(const char *name, const char *basis, struct jz_error *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    const size_t size = strlen(name), length = basis ? strlen(basis) : 0;
    if (size == 0 || size > JZ_CALLER_NAME_MAX || strspn(name, letters) != size)
        return jz_error_set(err, JZ_E_USAGE,
                            "the name of a calling app is 1 to %d letters, digits, dots and dashes",
                            JZ_CALLER_NAME_MAX);
    if (length == 0 || length > JZ_CALLER_BASIS_MAX || jz_utf8_valid(basis, length) != length)
        return jz_error_set(err, JZ_E_USAGE,
                            "the agreement the calling app rests on is a text of 1 to %d bytes: "
                            "--basis TEXT",
                            JZ_CALLER_BASIS_MAX);
    return 0;
}

int jz_caller_add(struct jz_store *store, const char *name, const char *basis, const char *by,
                  uint8_t ret_key[JZ_CALLER_KEY_BYTES], bool *ret_changed, struct jz_error *err)
{
    struct change change = { .name = name, .basis = basis, .by = by, .active = true };
    struct jz_caller old;
    struct jz_error none;
    uint8_t key[JZ_CALLER_KEY_BYTES];
    char context[CONTEXT_BYTES];
    int r = check(name, basis, err);
    if (r < 0)
        return r;
    r = jz_caller_get(store, name, &old, &none);
    if (r < 0 && r != JZ_E_NOT_FOUND)
        return jz_error_set(err, r, "%s", none.text);
    const bool is_there = r == 0;
    change.of = is_there ? old.of : 0;
    jz_random(key, sizeof key);
    if ((r = jz_keyring_seal(jz_store_keyring(store), JZ_KEY_IDENTITY, seal_context(name, context),
                             key, sizeof key, change.sealed, &change.size, err)) == 0 &&
        (r = submit(store, &change, err)) == 0) {
        memcpy(ret_key, key, sizeof key);
        *ret_changed = is_there;
    }
    jz_wipe(key, sizeof key);
    return r;
}

int jz_caller_end(struct jz_store *store, const char *name, const char *by, struct jz_error *err)
{
    struct jz_caller old;
    struct change change = { .name = old.name, .basis = old.basis, .by = by };
    const int r = get(store, name, &old, change.sealed, &change.size, err);
    if (r < 0)
        return r;
    if (!old.active)
        return jz_error_set(err, JZ_E_CONFLICT, "the calling app '%s' ended already", old.name);
    change.of = old.of;
    return submit(store, &change, err);
}
