/* The kept hashes beside the walk. */
#include "audit/verify_internal.h"

#include <string.h>

enum { PAGE_NODES = 256 };

struct kept {
    int64_t position;
    bool whole; /* of the right length */
    uint8_t hash[JZ_DIGEST_BYTES];
};

struct level {
    struct kept page[PAGE_NODES];
    size_t at, count;
    int64_t from; /* position from which the next page goes on */
    bool ended;
};

struct nodes {
    struct jz_sql *sql;
    struct level *levels[JZ_TREE_LEVELS]; /* made when first looked at */
};

int jz_audit_nodes_new(struct jz_sql *sql, struct nodes **ret_nodes, struct jz_error *err)
{
    struct nodes *n = calloc(1, sizeof *n);
    if (!n)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    n->sql = sql;
    *ret_nodes = n;
    return 0;
}

void jz_audit_nodes_free(struct nodes *n)
{
    for (int i = 0; n && i < JZ_TREE_LEVELS; i++)
        free(n->levels[i]);
    free(n);
}

static int read_page(struct jz_sql *sql, int number, struct level *l, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(number), jz_int(l->from), jz_int(PAGE_NODES) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql,
                         "SELECT position, hash FROM audit_node WHERE level = $1 AND "
                         "position >= $2 ORDER BY position LIMIT $3",
                         values, 3, &rows, err);
    l->at = l->count = 0;
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value hash = jz_sql_value(rows, 1);
        struct kept *k = &l->page[l->count++];
        *k = (struct kept){ .position = jz_sql_int(rows, 0), .whole = hash.size == sizeof k->hash };
        if (k->whole)
            memcpy(k->hash, hash.data, sizeof k->hash);
    }
    if (r < 0) {
        jz_error_prefix(err, "audit_node, level %d", number);
        return r;
    }
    l->ended = l->count < PAGE_NODES;
    if (l->count > 0 && !__builtin_add_overflow(l->page[l->count - 1].position, 1, &l->from))
        return 0;
    l->ended = true;
    return 0;
}

/* The next kept hash of that level, or NULL. */
static int peek(struct nodes *n, int number, const struct kept **ret_kept, struct jz_error *err)
{
    struct level *l = n->levels[number];
    if (!l) {
        l = n->levels[number] = calloc(1, sizeof *l);
        if (!l)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        l->from = INT64_MIN;
    }
    if (l->at == l->count && !l->ended) {
        const int r = read_page(n->sql, number, l, err);
        if (r < 0)
            return r;
    }
    *ret_kept = l->at < l->count ? &l->page[l->at] : NULL;
    return 0;
}

static void find(struct jz_audit_result *result, enum jz_audit_finding finding, int level,
                 int64_t position)
{
    result->finding = finding;
    result->table = JZ_T_AUDIT_NODE;
    result->id = position;
    result->level = level;
    result->person = 0;
    result->first = result->last = 0;
    if (level > 0 && level < JZ_TREE_LEVELS && position >= 0 && position < INT64_MAX >> level) {
        result->first = (position << level) + 1;
        result->last = (position + 1) << level;
    }
}

int jz_audit_nodes_check(struct nodes *n, const struct node *computed,
                         struct jz_audit_result *result, struct jz_error *err)
{
    const struct kept *k = NULL;
    const int r = peek(n, computed->level, &k, err);
    if (r < 0)
        return r;
    const int64_t position = (int64_t)computed->position;
    if (!k || k->position > position)
        find(result, JZ_AUDIT_NODE_MISSING, computed->level, position);
    else if (k->position < position)
        find(result, JZ_AUDIT_NODE_INSERTED, computed->level, k->position);
    else if (!k->whole || memcmp(k->hash, computed->hash, sizeof k->hash) != 0)
        find(result, JZ_AUDIT_NODE, computed->level, position);
    else
        n->levels[computed->level]->at++;
    return 0;
}

int jz_audit_nodes_end(struct nodes *n, struct jz_audit_result *result, struct jz_error *err)
{
    int r;
    for (int level = JZ_TREE_KEPT_LEVEL; level < JZ_TREE_LEVELS; level++) {
        const struct kept *k = NULL;
        if ((r = peek(n, level, &k, err)) < 0)
            return r;
        if (k) {
            find(result, JZ_AUDIT_NODE_INSERTED, level, k->position);
            return 0;
        }
    }
    const struct jz_sql_value range[] = { jz_int(JZ_TREE_KEPT_LEVEL), jz_int(JZ_TREE_LEVELS) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    if ((r = jz_sql_query(n->sql,
                          "SELECT level, position FROM audit_node WHERE level < $1 OR level >= $2 "
                          "ORDER BY level, position LIMIT 1",
                          range, 2, &rows, err)) < 0 ||
        (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 1)
        find(result, JZ_AUDIT_NODE_INSERTED, (int)jz_sql_int(rows, 0), jz_sql_int(rows, 1));
    return 0;
}
