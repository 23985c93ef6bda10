#include "store/postgres_internal.h"

#include <endian.h>
#include <string.h>

/* Of server/catalog/pg_type_d.h, which only the server's development package has; fixed for good.
 */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_OID = 26,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_NUMERIC = 1700,
};

Oid jz_pg_type(enum jz_sql_type type)
{
    static const Oid types[] = {
        [JZ_SQL_NULL] = 0,
        [JZ_SQL_INT] = OID_INT8,
        [JZ_SQL_TEXT] = OID_TEXT,
        [JZ_SQL_BLOB] = OID_BYTEA,
    };
    return types[type];
}

void jz_pg_bind(const struct jz_sql_value *value, uint8_t space[8], const char **ret_data,
                int *ret_size)
{
    *ret_data = value->data;
    *ret_size = (int)value->size;
    if (value->type == JZ_SQL_NULL) {
        *ret_data = NULL;
    } else if (value->type == JZ_SQL_INT) {
        const uint64_t big = htobe64((uint64_t)value->integer);
        memcpy(space, &big, sizeof big);
        *ret_data = (const char *)space;
        *ret_size = sizeof big;
    }
}

int jz_pg_check_types(const PGresult *result, const char *statement, struct jz_error *err)
{
    static const Oid known[] = { OID_BOOL, OID_BYTEA, OID_NAME,   OID_INT8,    OID_INT2,   OID_INT4,
                                 OID_TEXT, OID_OID,   OID_BPCHAR, OID_VARCHAR, OID_NUMERIC };
    for (int i = 0; i < PQnfields(result); i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            found = found || known[k] == PQftype(result, i);
        if (!found)
            return jz_error_set(err, JZ_E_INTERNAL,
                                "column %d has a type (%u) that is not read here, cast it: %.300s",
                                i + 1, PQftype(result, i), statement);
    }
    return 0;
}

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/*
 * sum() of integers is a numeric. Its whole part is read, as SQLite does; what does not fit is the
 * nearest that does. Header: number of digits (of base 10,000), weight of the first, sign, scale.
 */
static int64_t read_numeric(const uint8_t *p, int size)
{
    if (size < 8)
        return 0;
    const int digits = (size - 8) / 2 < read16(p) ? (size - 8) / 2 : read16(p);
    const int weight = (int16_t)read16(p + 2);
    const bool negative = read16(p + 4) == 0x4000;
    __int128 value = 0;
    for (int i = 0; i <= weight && value <= INT64_MAX; i++)
        value = value * 10000 + (i < digits ? read16(p + 8 + 2 * i) : 0);
    if (value > INT64_MAX)
        return negative ? INT64_MIN : INT64_MAX;
    return negative ? -(int64_t)value : (int64_t)value;
}

static int64_t read_big_endian(const uint8_t *p, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | p[i];
    /* Of 2, 4 or 8 bytes: the sign is the first bit. */
    const int unused = 64 - 8 * size;
    return (int64_t)(value << unused) >> unused;
}

struct jz_sql_value jz_pg_value(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return JZ_NULL;
    const char *data = PQgetvalue(result, row, column);
    const int size = PQgetlength(result, row, column);
    switch (PQftype(result, column)) {
    case OID_BOOL:
        return jz_int(*data != 0);
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        return jz_int(read_big_endian((const uint8_t *)data, size));
    case OID_OID:
        return jz_int((uint32_t)read_big_endian((const uint8_t *)data, size));
    case OID_NUMERIC:
        return jz_int(read_numeric((const uint8_t *)data, size));
    default:
        return (struct jz_sql_value){
            .type = PQftype(result, column) == OID_BYTEA ? JZ_SQL_BLOB : JZ_SQL_TEXT,
            .data = data,
            .size = (size_t)size,
        };
    }
}
