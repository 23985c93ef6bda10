#include "store/fact.h"

#include <string.h>

static int reserve(struct jz_fact_bytes *b, size_t more, struct jz_error *err)
{
    if (b->size + more <= b->room)
        return 0;
    if (b->size + more > JZ_FACT_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a fact of more than %u bytes", JZ_FACT_MAX_BYTES);
    const size_t room = (b->size + more) * 2;
    uint8_t *bytes = realloc(b->bytes, room);
    if (!bytes)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    b->bytes = bytes;
    b->room = room;
    return 0;
}

static void put_number(struct jz_fact_bytes *b, uint64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--)
        b->bytes[b->size++] = (uint8_t)(value >> (8 * i));
}

int jz_fact_encode(enum jz_table table, const struct jz_sql_value values[JZ_MAX_COLUMNS],
                   struct jz_fact_bytes *b, struct jz_error *err)
{
    const size_t columns = jz_table_columns(table) - 1;
    b->size = 0;
    int r = reserve(b, 1 + columns * 9, err);
    if (r < 0)
        return r;
    put_number(b, (uint64_t)table, 1);
    for (size_t i = 0; i < columns; i++) {
        const struct jz_sql_value *v = &values[i];
        if ((r = reserve(b, 9 + v->size, err)) < 0)
            return r;
        put_number(b, (uint64_t)v->type, 1);
        switch (v->type) {
        case JZ_SQL_NULL:
            break;
        case JZ_SQL_INT:
            put_number(b, (uint64_t)v->integer, 8);
            break;
        case JZ_SQL_TEXT:
        case JZ_SQL_BLOB:
            put_number(b, v->size, 4);
            if (v->size > 0)
                memcpy(b->bytes + b->size, v->data, v->size);
            b->size += v->size;
            break;
        }
    }
    return 0;
}

void jz_fact_chain(struct jz_hasher *hasher, uint8_t chain[JZ_DIGEST_BYTES],
                   const uint8_t leaf[JZ_DIGEST_BYTES])
{
    const struct jz_bytes parts[] = { { chain, JZ_DIGEST_BYTES }, { leaf, JZ_DIGEST_BYTES } };
    jz_hasher_digest(hasher, parts, 2, chain);
}

int64_t jz_fact_mark(const uint8_t chain[JZ_DIGEST_BYTES])
{
    uint64_t mark = 0;
    for (int i = 0; i < 8; i++)
        mark = mark << 8 | chain[i];
    return (int64_t)mark;
}

static int unpack(const struct jz_sql_rows *row, struct jz_head *ret_head, struct jz_error *err)
{
    const struct jz_sql_value chain = jz_sql_value(row, 2), tree = jz_sql_value(row, 3);
    struct jz_head h = { .recorded_at = jz_sql_int(row, 1) };
    const int r = jz_tree_unpack(tree.data, tree.size, &h.tree, err);
    if (r < 0 || chain.size != sizeof h.chain || h.tree.size != (uint64_t)jz_sql_int(row, 0))
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the head of the audit chain is damaged; type: jianzai audit verify");
    memcpy(h.chain, chain.data, sizeof h.chain);
    *ret_head = h;
    return 0;
}

int jz_head_load(struct jz_sql *sql, bool lock, struct jz_head *ret_head, struct jz_error *err)
{
    static const char plain[] = "SELECT size, recorded_at, chain, tree FROM audit_head "
                                "WHERE id = 1";
    /* SQLite's transaction holds the lock already. */
    static const char locking[] = "SELECT size, recorded_at, chain, tree FROM audit_head "
                                  "WHERE id = 1 FOR UPDATE";
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, lock && jz_sql_dialect(sql) == JZ_POSTGRES ? locking : plain, NULL, 0,
                         &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "the head of the audit chain is missing");
    return unpack(rows, ret_head, err);
}

int jz_head_save(struct jz_sql *sql, const struct jz_head *head, struct jz_error *err)
{
    uint8_t packed[JZ_TREE_PACKED_BYTES];
    const size_t size = jz_tree_pack(&head->tree, packed);
    const struct jz_sql_value values[] = {
        jz_int((int64_t)head->tree.size),
        jz_int(head->recorded_at),
        jz_blob(head->chain, sizeof head->chain),
        jz_blob(packed, size),
    };
    return jz_sql_run(sql,
                      "UPDATE audit_head SET size = $1, recorded_at = $2, chain = $3, tree = $4 "
                      "WHERE id = 1",
                      values, 4, err);
}
