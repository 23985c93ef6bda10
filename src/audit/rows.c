#include "audit/rows.h"

#include <pthread.h>
#include <stdio.h>

static char selects[JZ_T_FACTS][512];

static void make_selects(void)
{
    for (enum jz_table t = JZ_T_POLICY; t < JZ_T_FACTS; t = jz_table_next_fact(t)) {
        const struct jz_table_info *info = jz_table_info(t);
        const size_t columns = jz_table_columns(t);
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

int jz_audit_page_rows(enum jz_table table, int usual)
{
    const int most = jz_table_info(table)->page_rows;
    return most > 0 && most < usual ? most : usual;
}

/* One page; *first is behind its last row. */
static int each_of_page(struct jz_sql *sql, enum jz_table table, int64_t *first, int64_t last,
                        int page, jz_audit_row_fn on_row, void *context, bool *ret_more,
                        struct jz_error *err)
{
    const struct jz_sql_value range[] = { jz_int(*first), jz_int(last), jz_int(page) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int read = 0;
    int r = jz_sql_query(sql, jz_audit_select(table), range, 3, &rows, err);
    for (; r >= 0 && (r = jz_sql_next(rows, err)) == 1; read++) {
        struct jz_sql_value values[JZ_MAX_COLUMNS];
        jz_audit_row(rows, table, values);
        *first = values[JZ_C_ID].integer + 1;
        if ((r = on_row(context, table, values, err)) < 0)
            break;
    }
    *ret_more = read == page;
    return r;
}

int jz_audit_each(struct jz_sql *sql, enum jz_table table, int64_t first, int64_t last,
                  jz_audit_row_fn on_row, void *context, struct jz_error *err)
{
    enum { PAGE_ROWS = 4096 };
    const int page = jz_audit_page_rows(table, PAGE_ROWS);
    bool more = true;
    int r = 0;
    while (r >= 0 && more && first <= last)
        r = each_of_page(sql, table, &first, last, page, on_row, context, &more, err);
    return r < 0 ? r : 0;
}

int64_t jz_audit_row_person(enum jz_table table, const struct jz_sql_value values[JZ_MAX_COLUMNS])
{
    const int column = jz_table_info(table)->person;
    if (table == JZ_T_PERSON && values[PERSON_OF].type == JZ_SQL_NULL)
        return values[JZ_C_ID].integer;
    return column ? values[column].integer : 0;
}
