#include "audit/root.h"

#include "audit/rows.h"
#include "audit/tree.h"
#include "base/hex.h"

#include <string.h>

int jz_audit_key(const struct jz_keyring *keyring, const uint8_t id[8],
                 struct jz_public_key *ret_key, struct jz_error *err)
{
    unsigned version;
    const int r = jz_keyring_sign_version(keyring, id, &version, err);
    return r < 0 ? r : jz_keyring_public(keyring, version, ret_key, err);
}

int jz_audit_root_read(const struct jz_sql_value values[JZ_MAX_COLUMNS], enum jz_suite suite,
                       struct jz_audit_root *ret_root, struct jz_error *err)
{
    const struct jz_sql_value hash = values[ROOT_HASH], key = values[ROOT_KEY],
                              signature = values[ROOT_SIGNATURE];
    struct jz_audit_root r = {
        .fact = values[JZ_C_ID].integer,
        .signed_root = {
            .suite = suite,
            .size = (uint64_t)values[ROOT_SIZE].integer,
            .recorded_at = values[JZ_C_AT].integer,
            .day = jz_date_from_key(values[ROOT_DAY].integer),
        },
    };
    struct jz_signed_root *s = &r.signed_root;
    if (hash.size != sizeof s->root || signature.size != sizeof s->signature ||
        !jz_date_is_set(s->day) || s->size >> JZ_TREE_LEVELS != 0 || !key.data ||
        !jz_hex_read(key.data, key.size, s->key, sizeof s->key))
        return jz_error_set(err, JZ_E_INTEGRITY, "audit_root %lld is no signed root",
                            (long long)r.fact);
    memcpy(s->root, hash.data, sizeof s->root);
    memcpy(s->signature, signature.data, sizeof s->signature);
    *ret_root = r;
    return 0;
}

/* 1 and the root in the only row, 0 when there is no row. */
static int take_row(struct jz_sql_rows *rows, enum jz_suite suite, struct jz_audit_root *ret_root,
                    struct jz_error *err)
{
    struct jz_sql_value values[JZ_MAX_COLUMNS];
    int r = jz_sql_next(rows, err);
    if (r != 1)
        return r;
    jz_audit_row(rows, JZ_T_ROOT, values);
    return (r = jz_audit_root_read(values, suite, ret_root, err)) < 0 ? r : 1;
}

int jz_audit_root_next(struct jz_sql *sql, enum jz_suite suite, int64_t from,
                       struct jz_audit_root *ret_root, struct jz_error *err)
{
    const struct jz_sql_value range[] = { jz_int(from), jz_int(INT64_MAX), jz_int(1) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const int r = jz_sql_query(sql, jz_audit_select(JZ_T_ROOT), range, 3, &rows, err);
    return r < 0 ? r : take_row(rows, suite, ret_root, err);
}

int jz_audit_root_latest(struct jz_sql *sql, enum jz_suite suite, struct jz_audit_root *ret_root,
                         struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, "SELECT COALESCE(max(id), 0) FROM audit_root", NULL, 0, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const int64_t latest = r == 1 ? jz_sql_int(rows, 0) : 0;
    r = latest > 0 ? jz_audit_root_next(sql, suite, latest, ret_root, err) : 0;
    if (r == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "no root was signed yet; type: jianzai audit root");
    return r < 0 ? r : 0;
}

/* The head's root, and whether rows and kept hashes give the same. */
static int read_root(struct jz_sql *sql, enum jz_suite suite, struct jz_signed_root *root,
                     struct jz_error *err)
{
    struct jz_head head;
    uint8_t again[JZ_DIGEST_BYTES];
    JZ_CLEANUP(jz_audit_tree_freep) struct jz_audit_tree *tree = NULL;
    int r;
    if ((r = jz_head_load(sql, false, &head, err)) < 0 ||
        (r = jz_audit_tree_new(sql, suite, &tree, err)) < 0 ||
        (r = jz_audit_tree_root(tree, head.tree.size, again, err)) < 0)
        return r;
    root->suite = suite;
    root->size = head.tree.size;
    jz_tree_root(tree->hasher, &head.tree, root->root);
    if (memcmp(again, root->root, sizeof again) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the facts do not give the root that the head of the log has: nothing "
                            "is signed; type: jianzai audit verify");
    return 0;
}

struct signing {
    const struct jz_keyring *keyring;
    struct jz_audit_root root;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state;
    struct signing *s = context;
    struct jz_signed_root *root = &s->root.signed_root;
    char key[2 * sizeof root->key + 1];
    const struct jz_date today = jz_entry_today(entry);
    if (!jz_date_is_set(root->day))
        root->day = today;
    if (jz_date_compare(root->day, today) > 0)
        return jz_error_set(err, JZ_E_USAGE, "%s lies in the future: its root cannot be signed",
                            jz_date_format(root->day, (char[JZ_DATE_TEXT_BYTES]){ 0 }));
    root->recorded_at = jz_entry_now(entry);
    const int r = jz_root_sign(s->keyring, root, err);
    if (r < 0)
        return r;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [ROOT_DAY] = jz_int(jz_date_key(root->day)),
        [ROOT_SIZE] = jz_int((int64_t)root->size),
        [ROOT_HASH] = jz_blob(root->root, sizeof root->root),
        [ROOT_KEY] = jz_text(jz_hex_write(root->key, sizeof root->key, key)),
        [ROOT_SIGNATURE] = jz_blob(root->signature, sizeof root->signature),
    };
    s->root.fact = jz_entry_add(entry, JZ_T_ROOT, values);
    return 0;
}

int jz_audit_root_sign(struct jz_store *store, struct jz_date day, struct jz_audit_root *ret_root,
                       struct jz_error *err)
{
    struct signing s = { .keyring = jz_store_keyring(store), .root.signed_root.day = day };
    struct jz_act act = { .decide = decide, .context = &s };
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        r = read_root(sql, jz_store_suite(store), &s.root.signed_root, err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    if (r < 0 || (r = jz_store_act(store, &act, err)) < 0)
        return r;
    *ret_root = s.root;
    return 0;
}

int jz_audit_root_daily(struct jz_store *store, struct jz_date day, bool *ret_signed,
                        struct jz_error *err)
{
    struct jz_audit_root root;
    struct jz_error none;
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_audit_root_latest(sql, jz_store_suite(store), &root, &none);
    jz_store_return(store, sql);
    if (r < 0 && r != JZ_E_NOT_FOUND) {
        if (err)
            *err = none;
        return r;
    }
    const bool there = r == 0 && jz_date_compare(root.signed_root.day, day) >= 0;
    if (!there && (r = jz_audit_root_sign(store, day, &root, err)) < 0)
        return r;
    *ret_signed = !there;
    return 0;
}
