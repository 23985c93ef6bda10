#include "cli/fact_text.h"

#include "policy/words.h"

#include <string.h>
#include <time.h>

/* Sealed columns are of no use to a reader; marks belong to the audit. */
static bool is_shown(const struct jz_column *column, const struct jz_sql_value *v)
{
    return v->type != JZ_SQL_NULL && strcmp(column->name, "mark") != 0 &&
           strcmp(column->name, "id") != 0 && strcmp(column->name, "recorded_at") != 0 &&
           strcmp(column->name, "person") != 0;
}

/* Numbers that stand for words, by column. */
static const struct {
    const char *column;
    const struct jz_word *words;
    size_t count;
} spoken[] = {
    { "kind", jz_evidence_words, JZ_EV_KINDS },
    { "outcome", jz_outcome_words, JZ_OUTCOMES },
    { "scheme", jz_scheme_words, JZ_SCHEMES },
};

static json_t *json_value(const struct jz_column *column, const struct jz_sql_value *v)
{
    for (size_t i = 0; v->type == JZ_SQL_INT && i < sizeof spoken / sizeof spoken[0]; i++)
        if (strcmp(spoken[i].column, column->name) == 0 && (size_t)v->integer < spoken[i].count)
            return json_string(spoken[i].words[v->integer].name);
    if (v->type == JZ_SQL_INT)
        return json_integer(v->integer);
    if (v->type == JZ_SQL_TEXT)
        return json_stringn(v->data, v->size);
    return json_sprintf("%zu bytes", v->size);
}

static void show_fact(enum jz_table table, const struct jz_sql_rows *row, bool json)
{
    const struct jz_table_info *info = jz_table_info(table);
    const time_t at = (time_t)(jz_sql_int(row, JZ_C_AT) + 8 * 3600);
    struct tm tm;
    char when[32];
    gmtime_r(&at, &tm);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    json_t *values = json_object();
    for (int i = 0; i < jz_sql_column_count(row); i++) {
        const struct jz_sql_value v = jz_sql_value(row, i);
        if (is_shown(&info->columns[i], &v))
            json_object_set_new(values, info->columns[i].name, json_value(&info->columns[i], &v));
    }
    if (json) {
        print_json(json_pack("{s:I,s:s,s:s,s:o}", "id", (json_int_t)jz_sql_int(row, JZ_C_ID), "at",
                             when, "fact", info->name, "values", values));
        return;
    }
    jz_autofree char *text = json_dumps(values, JSON_COMPACT | JSON_PRESERVE_ORDER);
    printf("%8lld  %s  %-14s %s\n", (long long)jz_sql_int(row, JZ_C_ID), when, info->name,
           text ? text : "");
    json_decref(values);
}

int print_fact(struct jz_sql *sql, enum jz_table table, int64_t fact, bool json,
               struct jz_error *err)
{
    static char questions[JZ_TABLES][64];
    const struct jz_sql_value value = jz_int(fact);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    if (!*questions[table])
        snprintf(questions[table], sizeof questions[table], "SELECT * FROM %s WHERE id = $1",
                 jz_table_info(table)->name);
    int r = jz_sql_query(sql, questions[table], &value, 1, &rows, err);
    if (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        show_fact(table, rows, json);
    return r < 0 ? r : 0;
}
