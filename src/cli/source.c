/* jianzai source: who hands over data, on which basis, and how far it is trusted. */
#include "cli/desk.h"

#include "ledger/source.h"

static int run_add(int argc, char **argv);
static int run_list(int argc, char **argv);
static int run_end(int argc, char **argv);

static const struct command add_command = {
    "add", run_add, "NAME --kind KIND --trust decide|review --basis TEXT --by OPERATOR",
    "a source of data, or another trust or basis for one that is there"
};
static const struct command list_command = { "list", run_list, "[--json]",
                                             "all sources, with those that ended" };
static const struct command end_command = { "end", run_end, "NAME --by OPERATOR",
                                            "nothing is taken from it any more" };

static int run_add(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_source_request q = { 0 };
    const struct arg args[] = {
        { "kind", ARG_TEXT, &q.kind,
          "KIND: what its rows are evidence of: data_match, weak_signal, external_identity …, or "
          "death" },
        { "trust", ARG_TEXT, &q.trust,
          "decide: its rows count as policy says; review: they open cases" },
        { "basis", ARG_TEXT, &q.basis, "TEXT: the law or agreement the exchange rests on" },
        { "by", ARG_TEXT, &q.by, "OPERATOR: who answers for it" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&add_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    bool changed = false;
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    q.name = argv[first];
    if (!q.by || (r = desk_operator(&desk, q.by)) == 0) {
        r = jz_source_add(desk.store, &q, &changed, &err);
        if (r < 0)
            complain(NULL, &err);
        else
            printf("source %s %s: %s, trust %s\n", q.name, changed ? "changed" : "added", q.kind,
                   q.trust);
    }
    desk_close(&desk);
    return r == 0 ? 0 : EXIT_USAGE;
}

struct listing {
    bool json;
    int count;
};

static int show(void *context, const struct jz_source *s, struct jz_error *err)
{
    struct listing *listing = context;
    (void)err;
    listing->count++;
    if (listing->json)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "name", s->name, "kind",
                             jz_source_kind_name(s), "trust", jz_trust_name(s->trust), "basis",
                             s->basis, "by", s->by, "fact", (json_int_t)s->fact));
    else
        printf("%s: %s, trust %s\n    legal basis: %s\n", s->name, jz_source_kind_name(s),
               jz_trust_name(s->trust), s->basis);
    return 0;
}

static int run_list(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct listing listing = { 0 };
    const struct arg args[] = { { "json", ARG_FLAG, &listing.json, "print JSON, a line a source" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&list_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = jz_source_each(desk.store, show, &listing, &err)) < 0)
        complain(NULL, &err);
    else if (listing.count == 0 && !listing.json)
        puts("no source yet; see: jianzai source add --help");
    desk_close(&desk);
    return r < 0 ? EXIT_USAGE : 0;
}

static int run_end(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *by = NULL;
    const struct arg args[] = { { "by", ARG_TEXT, &by, "OPERATOR: who answers for it" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&end_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if (!by || (r = desk_operator(&desk, by)) == 0) {
        r = jz_source_end(desk.store, argv[first], by, &err);
        if (r < 0)
            complain(NULL, &err);
        else
            printf("source %s ended\n", argv[first]);
    }
    desk_close(&desk);
    return r == 0 ? 0 : EXIT_USAGE;
}

const struct command *const source_commands[] = { &add_command, &list_command, &end_command, NULL };
