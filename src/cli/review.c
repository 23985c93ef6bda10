/* jianzai review: what a person has to look at. */
#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/fact_text.h"
#include "cli/paper_text.h"

#include "identity/reference.h"
#include "ledger/review.h"

static int run_list(int argc, char **argv);
static int run_show(int argc, char **argv);
static int run_decide(int argc, char **argv);
static int run_close(int argc, char **argv);

static const struct command list_command = { "list", run_list,
                                             "[--open] [--kind KIND] [--person P] [--limit N] "
                                             "[--after CASE] [--json]",
                                             "cases in the order they were opened" };
static const struct command show_command = {
    "show", run_show, "CASE [--json]",
    "one case, what it is about, and which documents may be asked for, on which basis"
};
static const struct command decide_command = {
    "decide", run_decide,
    "CASE --accept | --refuse --reason TEXT --by OPERATOR [--document NAME]… [--json]",
    "whether evidence that waits counts; closes the case"
};
static const struct command review_close_command = {
    "close", run_close, "CASE --outcome TEXT --reason TEXT --by OPERATOR",
    "what came of it; evidence that waits counts only through review decide"
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

enum { PAGE = 500, USUAL_LIMIT = 1000 };

static int list(struct desk *desk, const struct jz_case_filter *filter, int64_t after,
                int64_t limit, bool json)
{
    struct jz_error err;
    jz_autofree struct jz_case *cases = calloc(PAGE, sizeof *cases);
    size_t count = PAGE, all = 0;
    for (; cases && count == PAGE && limit > 0; limit -= (int64_t)count) {
        const size_t room = limit < PAGE ? (size_t)limit : PAGE;
        if (jz_case_list(desk->store, filter, after, cases, room, &count, &err) < 0) {
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
    int64_t limit = USUAL_LIMIT, after = 0;
    bool json = false;
    const struct arg args[] = {
        { "open", ARG_FLAG, &filter.open_only, "only those that are open" },
        { "kind", ARG_TEXT, &filter.kind, "KIND: two_places, death_reported, not_seen, …" },
        { "person", ARG_TEXT, &person, "PERSON: of one person" },
        { "limit", ARG_NUMBER, &limit, "N: so many cases, default 1000" },
        { "after", ARG_NUMBER, &after, "CASE: go on behind this one" },
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
        r = list(&desk, &filter, after, limit, json);
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

/* A document can be demanded only with a citation: both are shown together. */
static int show_papers(struct desk *desk, const struct jz_case *c, bool json, struct jz_error *err)
{
    struct jz_case_evidence evidence;
    struct papers papers;
    int r = jz_case_evidence(desk->store, c, &evidence, err);
    if (r < 0 || !evidence.id)
        return r;
    if ((r = papers_load(desk->store, c->person, evidence.kind, &papers, err)) < 0)
        return r;
    if (json)
        print_json(json_pack("{s:s,s:o}", "evidence_kind", jz_evidence_words[evidence.kind].name,
                             "documents", json_papers(&papers, NULL, 0)));
    else
        print_papers(&papers, NULL, 0);
    papers_done(&papers);
    return 0;
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
    return r < 0 ? r : show_papers(desk, &story.c, json, err);
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

/* ---- decide ---- */

static int run_decide(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_case_verdict v = { .id = 0 };
    struct arg_list documents = { .count = 0 };
    bool refuse = false, json = false;
    const struct arg args[] = {
        { "accept", ARG_FLAG, &v.accept, "the evidence counts" },
        { "refuse", ARG_FLAG, &refuse, "it does not" },
        { "reason", ARG_TEXT, &v.reason, "TEXT: why" },
        { "by", ARG_TEXT, &v.by, "OPERATOR: who looked into it" },
        { "document", ARG_LIST, &documents, DOCUMENT_HELP },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r =
        parse_args(&decide_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (v.accept == refuse) {
        fputs("jianzai: decide: one of --accept and --refuse is needed\n", stderr);
        return EXIT_USAGE;
    }
    if ((v.document_count = take_documents("decide", &documents, v.documents)) < 0)
        return EXIT_USAGE;
    struct desk desk;
    struct jz_error err;
    struct jz_case_decision d;
    if (!take_case(argv[first], &v.id) || desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, v.by)) == 0) {
        if (jz_case_decide(desk.store, &v, &d, &err) < 0) {
            complain(NULL, &err);
            r = EXIT_USAGE;
        } else {
            const struct jz_claim claim = { .kind = d.evidence.kind,
                                            .observed_on = d.evidence.observed_on };
            if (json)
                print_json(json_claim_result(d.person, &claim, &d.claim));
            else
                print_claim_result(d.person, &claim, &d.claim);
        }
    }
    desk_close(&desk);
    return r;
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

const struct command *const review_commands[] = { &list_command, &show_command, &decide_command,
                                                  &review_close_command, NULL };
