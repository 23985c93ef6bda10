/* What is asked of a database again and again, in one call. */
#include "store/sql.h"

#include <stdio.h>
#include <string.h>

void jz_sql_text(const struct jz_sql_rows *rows, int column, char *ret_text, size_t room)
{
    const struct jz_sql_value v = jz_sql_value(rows, column);
    snprintf(ret_text, room, "%.*s", (int)v.size, v.data ? (const char *)v.data : "");
}

char *jz_sql_dup_text(const struct jz_sql_rows *rows, int column)
{
    const struct jz_sql_value v = jz_sql_value(rows, column);
    return v.type == JZ_SQL_NULL ? NULL : strndup(v.data, v.size);
}

int jz_sql_number(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
                  size_t count, int64_t *ret_number, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, statement, values, count, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    *ret_number = r == 1 ? jz_sql_int(rows, 0) : 0;
    return 0;
}
