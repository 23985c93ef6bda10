/* person_fact: which facts a person has, from the tables of facts themselves. */
#include "ledger/rebuild_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { RANGE = 65536 };

/* By table of facts; empty for one whose facts belong to nobody. */
static struct {
    char wrong[512]; /* listed wrongly or not at all: fact, person, kind */
    char count[160];
    char extra[512]; /* listed without being such a fact */
    char lists[192]; /* whether a fact is listed under a person */
} texts[JZ_T_FACTS];

static void make_texts(void)
{
    for (enum jz_table t = JZ_T_POLICY; t < JZ_T_FACTS; t = jz_table_next_fact(t)) {
        const struct jz_table_info *info = jz_table_info(t);
        if (!info->person)
            continue;
        const char *person = info->columns[info->person].name;
        const char *listed = info->columns[info->listed_if ? info->listed_if : info->person].name;
        snprintf(texts[t].wrong, sizeof texts[t].wrong,
                 "SELECT f.id, f.%s, p.kind FROM %s f LEFT JOIN person_fact p ON p.person = f.%s "
                 "AND p.fact = f.id WHERE f.id > $1 AND f.id <= $2 AND f.%s IS NOT NULL "
                 "AND (p.kind IS NULL OR p.kind <> %d)",
                 person, info->name, person, listed, t);
        snprintf(texts[t].count, sizeof texts[t].count,
                 "SELECT count(*) FROM %s WHERE %s IS NOT NULL", info->name, listed);
        snprintf(texts[t].extra, sizeof texts[t].extra,
                 "SELECT p.fact, p.person FROM person_fact p LEFT JOIN %s f ON f.id = p.fact "
                 "AND f.%s = p.person AND f.%s IS NOT NULL WHERE p.kind = %d AND f.id IS NULL",
                 info->name, person, listed, t);
        snprintf(texts[t].lists, sizeof texts[t].lists,
                 "SELECT 1 FROM %s WHERE id = $1 AND %s = $2 AND %s IS NOT NULL", info->name,
                 person, listed);
    }
}

static void describe_kind(int64_t kind, char ret_text[JZ_REBUILD_TEXT_BYTES])
{
    const struct jz_table_info *info =
        jz_table_is_fact((enum jz_table)kind) ? jz_table_info((enum jz_table)kind) : NULL;
    if (info)
        snprintf(ret_text, JZ_REBUILD_TEXT_BYTES, "%s", info->name);
    else
        snprintf(ret_text, JZ_REBUILD_TEXT_BYTES, "%lld", (long long)kind);
}

/* A kind of 0: there is no row, or there should be none. */
static void report(struct rebuilding *b, int64_t person, int64_t fact, int64_t found,
                   int64_t wanted)
{
    struct jz_rebuild_difference d = { .table = "person_fact",
                                       .person = person,
                                       .column = found && wanted ? "kind" : "row",
                                       .found = "-",
                                       .wanted = "-" };
    snprintf(d.key, sizeof d.key, "fact %lld", (long long)fact);
    if (found)
        describe_kind(found, d.found);
    if (wanted)
        describe_kind(wanted, d.wanted);
    rebuild_report(b, &d);
}

/* Facts of one table that are not listed, or under another kind; *wrong counts them by kind. */
static int find_wrong(struct rebuilding *b, enum jz_table table, int64_t last, int64_t *missing,
                      int64_t wrong[JZ_T_FACTS], struct jz_error *err)
{
    int r = 0;
    for (int64_t first = 0; first < last && r >= 0; first += RANGE) {
        const struct jz_sql_value range[] = { jz_int(first), jz_int(first + RANGE) };
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(b->sql, texts[table].wrong, range, 2, &rows, err);
        while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
            const int64_t fact = jz_sql_int(rows, 0), person = jz_sql_int(rows, 1);
            const int64_t kind = jz_sql_int(rows, 2);
            const struct jz_sql_value row[] = { jz_int(person), jz_int(fact), jz_int(table) };
            report(b, person, fact, kind, table);
            ++*missing;
            if (kind > 0 && kind < JZ_T_FACTS)
                wrong[kind]++;
            r = rebuild_repair(b,
                               "INSERT INTO person_fact (person, fact, kind) VALUES ($1, $2, $3) "
                               "ON CONFLICT (person, fact) DO UPDATE SET kind = excluded.kind",
                               row, 3, err);
        }
    }
    return r < 0 ? r : 0;
}

static int ask_count(struct jz_sql *sql, const char *question, int64_t *ret_count,
                     struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, question, NULL, 0, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    *ret_count = r == 1 ? jz_sql_int(rows, 0) : 0;
    return 0;
}

/* 1 when any table lists that fact under that person: then only its kind was wrong. */
static int is_listed(struct rebuilding *b, int64_t person, int64_t fact, struct jz_error *err)
{
    int r = 0;
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS && r == 0; t++) {
        if (!texts[t].lists[0])
            continue;
        const struct jz_sql_value values[] = { jz_int(fact), jz_int(person) };
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(b->sql, texts[t].lists, values, 2, &rows, err);
        if (r >= 0)
            r = jz_sql_next(rows, err);
    }
    return r;
}

static int remove_extra(struct rebuilding *b, const struct jz_sql_rows *rows, int64_t kind,
                        struct jz_error *err)
{
    const int64_t fact = jz_sql_int(rows, 0), person = jz_sql_int(rows, 1);
    const struct jz_sql_value row[] = { jz_int(person), jz_int(fact) };
    const int r = is_listed(b, person, fact, err);
    if (r != 0)
        return r < 0 ? r : 0;
    report(b, person, fact, kind, 0);
    return rebuild_repair(b, "DELETE FROM person_fact WHERE person = $1 AND fact = $2", row, 2,
                          err);
}

static int find_extra(struct rebuilding *b, int64_t kind, struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(kind);
    const bool is_known = kind > 0 && kind < JZ_T_FACTS && texts[kind].extra[0];
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = is_known ? jz_sql_query(b->sql, texts[kind].extra, NULL, 0, &rows, err)
                     : jz_sql_query(b->sql, "SELECT fact, person FROM person_fact WHERE kind = $1",
                                    &value, 1, &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1)
        r = remove_extra(b, rows, kind, err);
    return r < 0 ? r : 0;
}

/*
 * Every fact that should be listed was looked for. So as long as there are as many rows of a kind
 * as there should be, none is too many, and nobody has to look for them.
 */
static int find_extras(struct rebuilding *b, const int64_t expected[JZ_T_FACTS],
                       struct jz_error *err)
{
    int64_t kinds[256];
    int suspects = 0, r;
    {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(b->sql, "SELECT kind, count(*) FROM person_fact GROUP BY kind", NULL, 0,
                         &rows, err);
        while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
            const int64_t kind = jz_sql_int(rows, 0), found = jz_sql_int(rows, 1);
            const bool is_known = kind > 0 && kind < JZ_T_FACTS;
            b->result->parts[b->part].rows += found;
            if (found != (is_known ? expected[kind] : 0) &&
                suspects < (int)(sizeof kinds / sizeof kinds[0]))
                kinds[suspects++] = kind;
        }
    }
    for (int i = 0; i < suspects && r >= 0; i++)
        r = find_extra(b, kinds[i], err);
    return r < 0 ? r : 0;
}

int rebuild_person_fact(struct rebuilding *b, struct jz_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int64_t expected[JZ_T_FACTS] = { 0 }, wrong[JZ_T_FACTS] = { 0 };
    int64_t last = 0;
    pthread_once(&once, make_texts);
    int r = rebuild_last_fact(b->sql, &last, err);
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS && r >= 0; t++) {
        int64_t missing = 0;
        rebuild_progress(b, t, JZ_T_FACTS);
        if (!texts[t].wrong[0])
            continue;
        if ((r = ask_count(b->sql, texts[t].count, &expected[t], err)) < 0 ||
            (r = find_wrong(b, (enum jz_table)t, last, &missing, wrong, err)) < 0)
            return r;
        expected[t] -= missing;
    }
    for (int t = 0; t < JZ_T_FACTS; t++)
        expected[t] += wrong[t];
    return r < 0 ? r : find_extras(b, expected, err);
}
