/* jianzai review: what a person has to look at. */
#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/fact_text.h"

#include "identity/reference.h"
#include "ledger/review.h"

static int run_list(int argc, char **argv);
static int run_show(int argc, char **argv);
static int run_close(int argc, char **argv);

static const struct command list_command = { "list", run_list,
                                             "[--open] [--kind KIND] [--person P] [--json]",
                                             "cases in the order they were opened" };
static const struct command show_command = { "show", run_show, "CASE [--json]",
                                             "one case and what it is about" };
static const struct command review_close_command = {
    "close", run_close, "CASE --outcome TEXT --reason TEXT --by OPERATOR",
    "what came of it; evidence that waits counts only through evidence add --of"
};

static bool take_case(const char *text, int64_t *ret_id)
{
    char *end;
    *ret_id = strtoll(text, &end, 10);
    if (end != text && !*end && *ret_id > 0)
        return true;
    fprintf(stderr, "jianzai: '%s' is no number of a case; see: jianzai review list\n", text);
    return false;
}

static json_t *json_case(const struct jz_case *c)
{
    char reference[JZ_REFERENCE_TEXT_BYTES];
    return json_pack("{s:I,s:s,s:s,s:s,s:o,s:o,s:s,s:o,s:s}", "case", (json_int_t)c->id, "person",
                     jz_reference_format(c->person, reference), "kind", c->kind, "state",
                     c->closed ? "closed" : "open", "subject",
                     c->subject ? json_integer(c->subject) : json_null(), "opened_on",
                     json_day(jz_date_at(c->opened_at)), "opened_by", c->opened_by, "closed_on",
                     c->closed ? json_day(jz_date_at(c->closed_at)) : json_null(), "closed_by",
                     c->closed_by);
}

static void print_case(const struct jz_case *c)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    printf("%8lld  %s  %-18s %s", (long long)c->id, day_text(jz_date_at(c->opened_at), day),
           c->kind, jz_reference_format(c->person, reference));
    if (c->closed)
        printf("  closed %s by %s", day_text(jz_date_at(c->closed_at), day), c->closed_by);
    puts("");
}

static int list(struct desk *desk, const struct jz_case_filter *filter, bool json)
{
    enum { PAGE = 500 };
    struct jz_error err;
    jz_autofree struct jz_case *cases = calloc(PAGE, sizeof *cases);
    size_t count = PAGE, all = 0;
    int64_t after = 0;
    while (cases && count == PAGE) {
        if (jz_case_list(desk->store, filter, after, cases, PAGE, &count, &err) < 0) {
            complain(NULL, &err);
            return EXIT_USAGE;
        }
        for (size_t i = 0; i < count; i++) {
            after = cases[i].id;
            if (json)
                print_json(json_case(&cases[i]));
            else
                print_case(&cases[i]);
        }
        all += count;
    }
    if (!json)
        printf("%zu cases\n", all);
    return 0;
}

static int run_list(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_case_filter filter = { 0 };
    const char *person = NULL;
    bool json = false;
    const struct arg args[] = {
        { "open", ARG_FLAG, &filter.open_only, "only those that are open" },
        { "kind", ARG_TEXT, &filter.kind, "KIND: two_places, death_reported, not_seen, …" },
        { "person", ARG_TEXT, &person, "PERSON: of one person" },
        { "json", ARG_FLAG, &json, "print JSON, a line a case" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&list_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if (person)
        r = desk_person(&desk, person, &filter.person);
    if (r == 0)
        r = list(&desk, &filter, json);
    desk_close(&desk);
    return r;
}

/* ---- show ---- */

/* What the case is about: the fact, and the evidence under it when it is a decision. */
static int show_subject(struct jz_sql *sql, const struct jz_case *c, bool json,
                        struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(c->person), jz_int(c->subject) };
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql,
                         "SELECT f.kind, d.evidence FROM person_fact f LEFT JOIN decision d "
                         "ON d.id = f.fact WHERE f.person = $1 AND f.fact = $2",
                         values, 2, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) <= 0)
        return r;
    r = print_fact(sql, (enum jz_table)jz_sql_int(rows, 0), c->subject, json, err);
    if (r == 0 && jz_sql_int(rows, 1))
        r = print_fact(sql, JZ_T_EVIDENCE, jz_sql_int(rows, 1), json, err);
    return r;
}

static int show(struct desk *desk, int64_t id, bool json, struct jz_error *err)
{
    JZ_CLEANUP(jz_case_story_done) struct jz_case_story story = { 0 };
    struct jz_sql *sql = NULL;
    int r = jz_case_read(desk->store, id, &story, err);
    if (r < 0)
        return r;
    if (json) {
        json_t *all = json_case(&story.c);
        if (story.detail)
            json_object_set_new(all, "detail", json_loads(story.detail, 0, NULL));
        if (story.closing)
            json_object_set_new(all, "closing", json_loads(story.closing, 0, NULL));
        print_json(all);
    } else {
        print_case(&story.c);
        if (story.detail)
            printf("  %s\n", story.detail);
        if (story.closing)
            printf("  %s\n", story.closing);
    }
    if (!story.c.subject)
        return 0;
    if ((r = jz_store_reader(desk->store, &sql, err)) < 0)
        return r;
    r = show_subject(sql, &story.c, json, err);
    jz_store_return(desk->store, sql);
    return r;
}

static int run_show(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON, a line a fact" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&show_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    int64_t id;
    if (!take_case(argv[first], &id) || desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = show(&desk, id, json, &err)) < 0)
        complain(NULL, &err);
    desk_close(&desk);
    return r < 0 ? EXIT_USAGE : 0;
}

/* ---- close ---- */

static int run_close(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *outcome = NULL, *reason = NULL, *by = NULL;
    const struct arg args[] = {
        { "outcome", ARG_TEXT, &outcome, "TEXT: what came of it" },
        { "reason", ARG_TEXT, &reason, "TEXT: why" },
        { "by", ARG_TEXT, &by, "OPERATOR: who looked into it" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&review_close_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    int64_t id, fact;
    if (!take_case(argv[first], &id) || desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if (!by || (r = desk_operator(&desk, by)) == 0) {
        r = jz_case_close(desk.store, id, outcome, reason, by, &fact, &err);
        if (r < 0)
            complain(NULL, &err);
        else
            printf("case %lld is closed\n", (long long)id);
    }
    desk_close(&desk);
    return r == 0 ? 0 : EXIT_USAGE;
}

const struct command *const review_commands[] = { &list_command, &show_command,
                                                  &review_close_command, NULL };
