#include "cli/request_desk.h"

#include "cli/desk.h"
#include "cli/request_text.h"

#include <string.h>

bool take_id(const char *what, const char *text, int64_t *ret_id)
{
    char *end;
    *ret_id = strtoll(text, &end, 10);
    if (end != text && !*end && *ret_id > 0)
        return true;
    fprintf(stderr, "jianzai: '%s' is no number of a %s\n", text, what);
    return false;
}

static int fail(const struct jz_error *err)
{
    complain(NULL, err);
    return EXIT_USAGE;
}

static int usage_error(const struct command *command, const char *text)
{
    fprintf(stderr, "jianzai: %s: %s\n", command->name, text);
    return EXIT_USAGE;
}

/* Whether the request is one of those the group is about. */
static int check_kind(struct desk *desk, int64_t id, unsigned kinds, struct jz_error *err)
{
    JZ_CLEANUP(jz_request_story_done) struct jz_request_story story = { .fields = NULL };
    const int r = jz_request_read(desk->store, id, &story, err);
    if (r < 0 || kinds & 1u << story.r.kind)
        return r;
    return jz_error_set(err, JZ_E_USAGE, "request %lld is of kind %s: see jianzai request show",
                        (long long)id, jz_request_words[story.r.kind].name);
}

/* ---- list ---- */

enum { PAGE = 200, USUAL_LIMIT = 100 };

static int list(struct desk *desk, const struct jz_request_filter *filter, int64_t after,
                int64_t limit, bool json, struct jz_error *err)
{
    jz_autofree struct jz_request *page = calloc(PAGE, sizeof *page);
    if (!page)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    while (limit > 0) {
        const size_t room = limit < PAGE ? (size_t)limit : PAGE;
        size_t count = 0;
        const int r = jz_request_list(desk->store, filter, after, page, room, &count, err);
        if (r < 0)
            return r;
        for (size_t i = 0; i < count; i++) {
            after = page[i].id;
            if (json)
                print_json(json_request(&page[i]));
            else
                print_request(&page[i]);
        }
        if (count < room)
            break;
        limit -= (int64_t)count;
    }
    return 0;
}

static bool take_word(const char *text, const struct jz_word *words, size_t count, unsigned *bits)
{
    const int found = text ? jz_word_find(words, count, text) : 0;
    if (text)
        *bits = found < 0 ? 0 : 1u << found;
    return found >= 0;
}

int run_request_list(const struct command *command, unsigned kinds, int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_request_filter filter = { .kinds = kinds };
    const char *state = NULL, *person = NULL, *kind = NULL;
    int64_t limit = USUAL_LIMIT, after = 0;
    bool json = false;
    const struct arg args[] = {
        { "state", ARG_TEXT, &state, "STATE: open, assigned, done, refused or withdrawn" },
        { "person", ARG_TEXT, &person, "PERSON: of one person" },
        { "limit", ARG_NUMBER, &limit, "N: so many lines, default 100" },
        { "after", ARG_NUMBER, &after, "REQUEST: go on behind this one" },
        { "json", ARG_FLAG, &json, "print a line of JSON for each" },
        DESK_ARGS(&where),
        { "kind", ARG_TEXT, &kind, "KIND: of one kind" }, /* last: only of several */
    };
    const bool has_kind = (kinds & (kinds - 1)) != 0;
    int first;
    int r = parse_args(command, args, sizeof args / sizeof args[0] - !has_kind, argc, argv, 0, 0,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!take_word(kind, jz_request_words, JZ_REQUEST_KINDS, &filter.kinds))
        return usage_error(command, "--kind names no kind of request");
    if (!take_word(state, jz_request_state_words, JZ_REQUEST_STATES, &filter.states))
        return usage_error(command, "--state is open, assigned, done, refused or withdrawn");
    struct desk desk;
    struct jz_error err;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    r = person ? desk_person(&desk, person, &filter.person) : 0;
    if (r == 0 && list(&desk, &filter, after, limit, json, &err) < 0)
        r = fail(&err);
    desk_close(&desk);
    return r;
}

/* ---- show ---- */

int run_request_show(const struct command *command, unsigned kinds, int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON" }, DESK_ARGS(&where) };
    int first;
    int r = parse_args(command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    int64_t id;
    if (!take_id("request", argv[first], &id) || desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = check_kind(&desk, id, kinds, &err)) < 0 ||
        (r = show_request(desk.store, id, json, &err)) < 0)
        r = fail(&err);
    desk_close(&desk);
    return r;
}

/* ---- assign ---- */

int run_request_assign(const struct command *command, unsigned kinds, int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_request_step step = { .to = JZ_REQUEST_ASSIGNED };
    bool json = false;
    const struct arg args[] = {
        { "to", ARG_TEXT, &step.assigned_to, "OPERATOR: the clerk who has it now" },
        { "on", ARG_DATE, &step.due_on, "DATE: the day of the appointment" },
        { "reason", ARG_TEXT, &step.reason, "TEXT: what the person should know; no name" },
        { "by", ARG_TEXT, &step.by, "OPERATOR: who answers for it" },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (!take_id("request", argv[first], &step.request) || desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, step.by)) == 0 &&
        (!step.assigned_to || (r = desk_operator(&desk, step.assigned_to)) == 0) &&
        (check_kind(&desk, step.request, kinds, &err) < 0 ||
         jz_request_step(desk.store, &step, &err) < 0 ||
         print_state(desk.store, step.request, json, &err) < 0))
        r = fail(&err);
    desk_close(&desk);
    return r;
}

/* ---- answer ---- */

struct answer_options {
    struct desk_options where;
    struct jz_answer answer;
    struct arg_list documents;
    const char *place;
    bool accept, refuse, not_met, json;
};

static int fill(const struct command *command, struct answer_options *o, bool usual)
{
    const int words = o->accept + o->refuse + o->not_met;
    if (words > 1 || (words == 0 && !usual))
        return usage_error(command, usual ? "--refuse and --not-met exclude each other"
                                          : "one of --accept and --refuse is needed");
    o->answer.word = o->refuse    ? JZ_ANSWER_REFUSE
                     : o->not_met ? JZ_ANSWER_NOT_MET
                                  : JZ_ANSWER_ACCEPT;
    o->answer.document_count = take_documents(command->name, &o->documents, o->answer.documents);
    if (o->answer.document_count < 0)
        return EXIT_USAGE;
    char *end = NULL;
    const unsigned long place = o->place ? strtoul(o->place, &end, 10) : 0;
    if (o->place && (*end || strlen(o->place) != 6 || place < 110000))
        return usage_error(command, "--place is a region of six digits");
    o->answer.place = (unsigned)place;
    return 0;
}

static int answer(struct desk *desk, const struct answer_options *o, unsigned kinds,
                  struct jz_error *err)
{
    struct jz_answer_result result;
    int r;
    if ((r = check_kind(desk, o->answer.request, kinds, err)) < 0 ||
        (r = jz_request_answer(desk->store, &o->answer, &result, err)) < 0)
        return r;
    print_answer(&o->answer, &result, o->json);
    if (result.is_forgotten && !result.forgotten.scrubbed)
        complain(NULL, &result.forgotten.why_not);
    return result.is_claimed && result.claim.outcome != JZ_OUTCOME_PASS ? EXIT_REJECTED : 0;
}

int run_request_answer(const struct command *command, unsigned kinds, bool usual, int argc,
                       char **argv)
{
    struct answer_options o = { .json = false };
    const struct arg args[] = {
        { "accept", ARG_FLAG, &o.accept, "do what was asked for" },
        { "refuse", ARG_FLAG, &o.refuse, "do not" },
        { "not-met", ARG_FLAG, &o.not_met, "the person was not there" },
        { "reason", ARG_TEXT, &o.answer.reason, "TEXT: why; the person is told; no name" },
        { "by", ARG_TEXT, &o.answer.by, "OPERATOR: who answers for it" },
        { "on", ARG_DATE, &o.answer.on, "DATE: the day of the sign of life" },
        { "place", ARG_TEXT, &o.place, "REGION: where, six digits" },
        { "document", ARG_LIST, &o.documents, DOCUMENT_HELP },
        { "closes", ARG_NUMBER, &o.answer.closes, "CASE: that an accepted objection ends" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (!take_id("request", argv[first], &o.answer.request) ||
        (r = fill(command, &o, usual)) != 0 || desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, o.answer.by)) == 0 && (r = answer(&desk, &o, kinds, &err)) < 0)
        r = fail(&err);
    desk_close(&desk);
    return r;
}
