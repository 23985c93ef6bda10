#include "audit/rows.h"

#include <pthread.h>
#include <stdio.h>

static char selects[JZ_T_FACTS][512];

static void make_selects(void)
{
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS; t++) {
        const struct jz_table_info *info = jz_table_info((enum jz_table)t);
        if (!info)
            continue;
        const size_t columns = jz_table_columns((enum jz_table)t);
        char *at = selects[t], *end = at + sizeof selects[t];
        at += snprintf(at, (size_t)(end - at), "SELECT ");
        for (size_t i = 0; i < columns; i++)
            at += snprintf(at, (size_t)(end - at), "%s%s", i ? ", " : "", info->columns[i].name);
        snprintf(at, (size_t)(end - at),
                 " FROM %s WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3", info->name);
    }
}

const char *jz_audit_select(enum jz_table table)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_selects);
    return selects[table];
}

void jz_audit_row(const struct jz_sql_rows *rows, enum jz_table table,
                  struct jz_sql_value ret_values[JZ_MAX_COLUMNS])
{
    const int columns = (int)jz_table_columns(table);
    for (int i = 0; i < columns; i++)
        ret_values[i] = jz_sql_value(rows, i);
}

int64_t jz_audit_row_person(enum jz_table table, const struct jz_sql_value values[JZ_MAX_COLUMNS])
{
    const int column = jz_table_info(table)->person;
    if (table == JZ_T_PERSON && values[PERSON_OF].type == JZ_SQL_NULL)
        return values[JZ_C_ID].integer;
    return column ? values[column].integer : 0;
}
