/*
 * standing: one row for each benefit, saying what the calendar says.
 *
 * A row does not say on which day it was written, and need not: until next_on the answer is the
 * same on every day (ledger/standing.h). So a row is right when
 *
 * - its day has not come (next_on unset or behind today): it is what today's calendar gives;
 * - its day has come and the close was not there yet: it is what the calendar gave on the eve of
 *   next_on; or it was left for the close to tell, and then it is what the calendar gives on
 *   next_on itself.
 *
 * A row that shows a lapse as told needs the notice that told it.
 *
 * Benefits for which a policy changed since the last close wait for the next one, which looks at
 * all of them; they are only counted here.
 */
#include "ledger/close.h"
#include "ledger/rebuild_internal.h"
#include "ledger/standing.h"

#include <stdio.h>
#include <string.h>

enum { RANGE = 65536, PAGE_ROWS = 2048, FIXES = 256 };

/* A row to be written anew. */
struct fix {
    int64_t person, benefit;
    bool told; /* people know of the standing that it should show */
};

struct checking {
    struct rebuilding *b;
    struct jz_policies *policies;
    struct jz_close_mark mark;
    struct jz_close_policies changed;
    struct jz_date today;
    int64_t *inserted; /* benefits whose row was missing, in order */
    size_t inserted_count, inserted_room;
    struct fix fixes[FIXES];
    size_t fix_count;
};

/* ---- Which rows there are ---- */

static void report_row(struct checking *c, int64_t person, int64_t benefit, const char *column,
                       int64_t found, int64_t wanted)
{
    struct jz_rebuild_difference d = {
        .table = "standing", .person = person, .column = column, .found = "-", .wanted = "-"
    };
    snprintf(d.key, sizeof d.key, "benefit %lld", (long long)benefit);
    if (found)
        snprintf(d.found, sizeof d.found, "%lld", (long long)found);
    if (wanted)
        snprintf(d.wanted, sizeof d.wanted, "%lld", (long long)wanted);
    rebuild_report(c->b, &d);
}

static int remember_inserted(struct checking *c, int64_t benefit, struct jz_error *err)
{
    if (c->inserted_count == c->inserted_room) {
        const size_t room = c->inserted_room ? 2 * c->inserted_room : 64;
        int64_t *grown = realloc(c->inserted, room * sizeof *grown);
        if (!grown)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        c->inserted = grown;
        c->inserted_room = room;
    }
    c->inserted[c->inserted_count++] = benefit;
    return 0;
}

static int find_missing(struct checking *c, struct jz_error *err)
{
    int64_t last = 0;
    int r = rebuild_last_fact(c->b->sql, &last, err);
    for (int64_t first = 0; first < last && r >= 0; first += RANGE) {
        const struct jz_sql_value range[] = { jz_int(first), jz_int(first + RANGE) };
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(c->b->sql,
                         "SELECT b.person, b.id FROM benefit b LEFT JOIN standing s "
                         "ON s.person = b.person AND s.benefit = b.id WHERE b.id > $1 "
                         "AND b.id <= $2 AND b.of IS NULL AND s.person IS NULL ORDER BY b.id",
                         range, 2, &rows, err);
        while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
            const struct jz_sql_value row[] = { jz_int(jz_sql_int(rows, 0)),
                                                jz_int(jz_sql_int(rows, 1)) };
            report_row(c, row[0].integer, row[1].integer, "row", 0, row[1].integer);
            if ((r = remember_inserted(c, row[1].integer, err)) >= 0)
                r = rebuild_repair(c->b,
                                   "INSERT INTO standing (person, benefit, version, state) VALUES "
                                   "($1, $2, (SELECT max(id) FROM benefit WHERE of = $2 AND id IN "
                                   "(SELECT fact FROM person_fact WHERE person = $1 AND kind = 6)),"
                                   " 0) ON CONFLICT (person, benefit) DO NOTHING",
                                   row, 2, err);
        }
    }
    return r < 0 ? r : 0;
}

/* One page of rows, each with the benefit it stands for and the correction that holds. */
static const char page_of_rows[] =
    "SELECT s.person, s.benefit, s.version, b.id, (SELECT max(v.id) FROM person_fact f "
    "JOIN benefit v ON v.id = f.fact WHERE f.person = s.person AND f.kind = 6 "
    "AND v.of = s.benefit) FROM standing s LEFT JOIN benefit b ON b.id = s.benefit "
    "AND b.person = s.person AND b.of IS NULL WHERE (s.person, s.benefit) > ($1, $2) "
    "ORDER BY s.person, s.benefit LIMIT $3";

static int check_row(struct checking *c, const struct jz_sql_rows *rows, struct jz_error *err)
{
    const int64_t person = jz_sql_int(rows, 0), benefit = jz_sql_int(rows, 1);
    const int64_t found = jz_sql_int(rows, 2), wanted = jz_sql_int(rows, 4);
    const struct jz_sql_value values[] = { jz_int(person), jz_int(benefit),
                                           wanted ? jz_int(wanted) : JZ_NULL };
    if (jz_sql_value(rows, 3).type == JZ_SQL_NULL) {
        report_row(c, person, benefit, "row", benefit, 0);
        return rebuild_repair(c->b, "DELETE FROM standing WHERE person = $1 AND benefit = $2",
                              values, 2, err);
    }
    if (found == wanted)
        return 0;
    report_row(c, person, benefit, "version", found, wanted);
    return rebuild_repair(c->b,
                          "UPDATE standing SET version = $3 WHERE person = $1 AND benefit = $2",
                          values, 3, err);
}

static int check_rows(struct checking *c, struct jz_error *err)
{
    int64_t person = INT64_MIN, benefit = 0;
    int64_t read = PAGE_ROWS;
    int r = 0;
    while (r >= 0 && read == PAGE_ROWS) {
        const struct jz_sql_value after[] = { jz_int(person), jz_int(benefit), jz_int(PAGE_ROWS) };
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        r = jz_sql_query(c->b->sql, page_of_rows, after, 3, &rows, err);
        for (read = 0; r >= 0 && (r = jz_sql_next(rows, err)) == 1; read++) {
            person = jz_sql_int(rows, 0);
            benefit = jz_sql_int(rows, 1);
            r = check_row(c, rows, err);
        }
    }
    return r < 0 ? r : 0;
}

/* ---- What the rows say ---- */

static bool has_come(struct jz_date day, struct jz_date today)
{
    return jz_date_is_set(day) && jz_date_compare(day, today) <= 0;
}

static bool is_right(const struct jz_person_state *s, const struct jz_benefit_state *b,
                     struct jz_date today)
{
    const bool waits = has_come(b->next_on, today);
    const struct jz_date day = waits ? jz_date_add_days(b->next_on, -1) : today;
    struct jz_standing_cache c = jz_standing_closed(s, b, day);
    if (jz_standing_cache_holds(&c, b, day))
        return true;
    if (!waits)
        return false;
    c = jz_standing_closed(s, b, b->next_on);
    c.next_on = b->next_on;
    return c.state > JZ_STANDING_CURRENT && jz_standing_cache_holds(&c, b, b->next_on);
}

/*
 * The row as it should be: as the last close left it, so that the next one misses nothing; with a
 * sign of life since then as of today. What people were not told is left for the close to tell.
 */
static struct jz_standing_cache rebuilt(const struct checking *c, const struct jz_person_state *s,
                                        const struct jz_benefit_state *b, bool told)
{
    struct jz_date day = jz_date_compare(c->mark.on, c->today) < 0 ? c->mark.on : c->today;
    for (int i = 0; i < s->sign_count; i++)
        if (s->signs[i].outcome == JZ_OUTCOME_PASS &&
            jz_date_compare(s->signs[i].observed_on, day) > 0)
            day = c->today;
    struct jz_standing_cache cache = jz_standing_closed(s, b, day);
    if (cache.state > JZ_STANDING_CURRENT && !told)
        cache.next_on = day;
    return cache;
}

/* Whether the latest notice about the benefit tells of that standing. */
static int was_told(struct checking *c, int64_t person, int64_t benefit,
                    enum jz_standing_state state, bool *ret_told, struct jz_error *err)
{
    static const char *const kinds[JZ_STANDING_STATES] = {
        [JZ_STANDING_DUE_SOON] = "remind",
        [JZ_STANDING_GRACE] = "grace",
        [JZ_STANDING_LAPSED] = "lapsed",
    };
    const struct jz_sql_value values[] = { jz_int(person), jz_int(benefit) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(c->b->sql,
                         "SELECT n.kind FROM person_fact f JOIN notice n ON n.id = f.fact "
                         "WHERE f.person = $1 AND f.kind = 13 AND n.subject = $2 "
                         "ORDER BY n.id DESC LIMIT 1",
                         values, 2, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const struct jz_sql_value kind = r == 1 ? jz_sql_value(rows, 0) : JZ_NULL;
    *ret_told = kinds[state] && kind.size == strlen(kinds[state]) &&
                memcmp(kind.data, kinds[state], kind.size) == 0;
    return 0;
}

static void say_day(struct jz_date day, char ret_text[JZ_REBUILD_TEXT_BYTES])
{
    char text[JZ_DATE_TEXT_BYTES] = "-";
    if (jz_date_is_set(day))
        jz_date_format(day, text);
    memcpy(ret_text, text, sizeof text);
}

static void say_number(int64_t number, char ret_text[JZ_REBUILD_TEXT_BYTES])
{
    if (number)
        snprintf(ret_text, JZ_REBUILD_TEXT_BYTES, "%lld", (long long)number);
    else
        snprintf(ret_text, JZ_REBUILD_TEXT_BYTES, "-");
}

static const char *state_name(enum jz_standing_state state)
{
    return (unsigned)state < JZ_STANDING_STATES ? jz_standing_words[state].name : "?";
}

static void report_values(struct checking *c, int64_t person, const struct jz_benefit_state *b,
                          const struct jz_standing_cache *wanted)
{
    struct jz_rebuild_difference d = { .table = "standing", .person = person };
    snprintf(d.key, sizeof d.key, "benefit %lld", (long long)b->benefit);
    const struct {
        const char *column;
        struct jz_date found, wanted;
    } days[] = { { "due_on", b->due_on, wanted->due_on },
                 { "grace_until", b->grace_until, wanted->grace_until },
                 { "next_on", b->next_on, wanted->next_on } };
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        if (jz_date_compare(days[i].found, days[i].wanted) != 0) {
            d.column = days[i].column;
            say_day(days[i].found, d.found);
            say_day(days[i].wanted, d.wanted);
            rebuild_report(c->b, &d);
        }
    if (b->state != wanted->state) {
        d.column = "state";
        snprintf(d.found, sizeof d.found, "%s", state_name(b->state));
        snprintf(d.wanted, sizeof d.wanted, "%s", state_name(wanted->state));
        rebuild_report(c->b, &d);
    }
    if (b->decided_by != wanted->decided_by) {
        d.column = "decided_by";
        say_number(b->decided_by, d.found);
        say_number(wanted->decided_by, d.wanted);
        rebuild_report(c->b, &d);
    }
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- Writing rows anew ---- */

static const struct fix *find_fix(const struct checking *c, int64_t person, int64_t benefit)
{
    for (size_t i = 0; i < c->fix_count; i++)
        if (c->fixes[i].person == person && c->fixes[i].benefit == benefit)
            return &c->fixes[i];
    return NULL;
}

/* On fresh states: who was certified meanwhile has a new row already. */
static int decide(void *context, const struct jz_person_state *states, struct jz_entry *entry,
                  struct jz_error *err)
{
    const struct checking *c = context;
    size_t person = 0;
    (void)err;
    for (size_t i = 0; i < c->fix_count; i++) {
        if (i > 0 && c->fixes[i].person == c->fixes[i - 1].person)
            continue;
        const struct jz_person_state *s = &states[person++];
        for (int k = 0; k < s->benefit_count; k++) {
            const struct jz_benefit_state *b = &s->benefits[k];
            const struct fix *fix = find_fix(c, s->person, b->benefit);
            if (!fix || (fix->told && is_right(s, b, c->today)))
                continue;
            const struct jz_standing_cache row = rebuilt(c, s, b, fix->told);
            jz_standing_write(entry, s->person, b, &row);
        }
    }
    return 0;
}

static int write_fixes(struct checking *c, struct jz_error *err)
{
    int64_t persons[FIXES];
    size_t count = 0;
    for (size_t i = 0; i < c->fix_count; i++)
        if (count == 0 || persons[count - 1] != c->fixes[i].person)
            persons[count++] = c->fixes[i].person;
    if (count == 0)
        return 0;
    struct jz_act act = {
        .decide = decide, .context = c, .persons = persons, .person_count = count
    };
    const int r = jz_store_act(c->b->store, &act, err);
    c->fix_count = 0;
    return r;
}

static int check_benefit(struct checking *c, const struct jz_person_state *s,
                         const struct jz_benefit_state *b, struct jz_error *err)
{
    c->b->result->parts[c->b->part].rows++;
    if (jz_close_policies_cover(&c->changed, b)) {
        c->b->result->waiting++;
        return 0;
    }
    const bool right = is_right(s, b, c->today);
    /* A lapse is never told in silence: without its notice the row was damaged. */
    if (right && (b->state != JZ_STANDING_LAPSED || has_come(b->next_on, c->today)))
        return 0;
    bool told = true;
    struct jz_standing_cache wanted = rebuilt(c, s, b, told);
    if (wanted.state > JZ_STANDING_CURRENT) {
        const int r = was_told(c, s->person, b->benefit, wanted.state, &told, err);
        if (r < 0)
            return r;
        wanted = rebuilt(c, s, b, told);
    }
    if (right && told)
        return 0;
    const bool was_missing =
        c->inserted_count > 0 && bsearch(&b->benefit, c->inserted, c->inserted_count,
                                         sizeof c->inserted[0], by_number) != NULL;
    if (!was_missing)
        report_values(c, s->person, b, &wanted);
    c->fixes[c->fix_count++] = (struct fix){ s->person, b->benefit, told };
    return 0;
}

static int check_values(struct checking *c, struct jz_error *err)
{
    jz_autofree struct jz_person_state *states = malloc(PAGE_ROWS * sizeof *states);
    if (!states)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int64_t after = INT64_MIN;
    size_t count = 1;
    int r = 0;
    while (r >= 0 && count > 0) {
        r = jz_states_page(c->b->sql, c->policies, after, INT64_MAX, states, PAGE_ROWS, &count,
                           err);
        for (size_t i = 0; r >= 0 && i < count; i++) {
            after = states[i].person;
            for (int k = 0; k < states[i].benefit_count && r >= 0; k++)
                r = check_benefit(c, &states[i], &states[i].benefits[k], err);
            if (r >= 0 && c->fix_count + JZ_PERSON_BENEFITS > FIXES && !c->b->options->check)
                r = write_fixes(c, err);
            if (c->b->options->check)
                c->fix_count = 0;
        }
        for (size_t i = 0; i < count; i++)
            jz_person_state_done(&states[i]);
        rebuild_progress(c->b, c->b->result->parts[c->b->part].rows, 0);
    }
    return r < 0 || c->b->options->check ? r : write_fixes(c, err);
}

static int run(struct checking *c, struct jz_error *err)
{
    int r;
    if ((r = jz_close_mark_read(c->b->sql, &c->mark, err)) < 0 ||
        (r = jz_close_policies_find(c->policies, &c->mark, c->today, &c->changed, err)) < 0 ||
        (r = find_missing(c, err)) < 0 || (r = check_rows(c, err)) < 0 ||
        (r = rebuild_flush(c->b, err)) < 0)
        return r;
    /* What the rows say is read behind the repairs. */
    jz_sql_rollback(c->b->sql);
    if ((r = jz_sql_begin_read(c->b->sql, err)) < 0)
        return r;
    return check_values(c, err);
}

int rebuild_standing(struct rebuilding *b, struct jz_error *err)
{
    struct checking c = { .b = b,
                          .policies = jz_store_policies(b->store),
                          .today = jz_store_today(b->store) };
    const int r = run(&c, err);
    free(c.changed.list);
    free(c.inserted);
    jz_policies_unref(c.policies);
    return r;
}
