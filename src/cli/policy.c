/* jianzai policy check and show: what agencies write down, read as the program reads it. */
#include "cli/args.h"

#include "cli/policy_internal.h"
#include "policy/load.h"

#include <string.h>

static int run_check(int argc, char **argv);
static int run_show(int argc, char **argv);

const struct command policy_check_command = {
    "check", run_check, "FILE|DIR…",
    "all that is wrong in these policies, with file, line and key; nothing else is read or changed"
};

const struct command policy_show_command = {
    "show", run_show, "[--json] [--region R] [--scheme S] [--on DATE] FILE|DIR…",
    "what these policies say, or only the one in force for a region and scheme on a day"
};

enum { MAX_PATHS = 1000 };

struct show_options {
    const char *region, *scheme;
    struct jz_date on;
    bool json;
};

static void on_complaint(void *context, const struct jz_error *complaint)
{
    unsigned *count = context;
    (*count)++;
    fprintf(stderr, "%s\n", complaint->text);
}

/* The policies of the files and folders; EXIT_REJECTED when anything is wrong in them. */
static int load(char *const *paths, int count, struct jz_policy_set **ret_set)
{
    unsigned complaints = 0;
    struct jz_error err;
    if (count == 0) {
        fputs("jianzai: policy: which files or folders?\n", stderr);
        return EXIT_USAGE;
    }
    if (jz_policy_load((const char *const *)paths, (size_t)count, on_complaint, &complaints,
                       ret_set, &err) == 0)
        return 0;
    fprintf(stderr, "jianzai: %u complaint%s\n", complaints, complaints == 1 ? "" : "s");
    return EXIT_REJECTED;
}

static int run_check(int argc, char **argv)
{
    int first;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    int r = parse_args(&policy_check_command, NULL, 0, argc, argv, 0, MAX_PATHS, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if ((r = load(argv + first, argc - first, &set)) != 0)
        return r;
    const size_t count = jz_policy_set_count(set);
    printf("%zu %s in order\n", count, count == 1 ? "policy is" : "policies are");
    return EXIT_ACCEPTED;
}

static bool parse_region(const char *text, unsigned *ret)
{
    if (strlen(text) != 6 || strspn(text, "0123456789") != 6)
        return false;
    *ret = (unsigned)strtoul(text, NULL, 10);
    return true;
}

static int show_in_force(const struct show_options *o, const struct jz_policy_set *set)
{
    unsigned region = 0;
    const struct jz_date on = jz_date_is_set(o->on) ? o->on : jz_date_today();
    const int scheme = o->scheme ? JZ_WORD_FIND(jz_scheme_words, o->scheme) : -1;
    const char *wrong = NULL;
    if (o->region && !parse_region(o->region, &region))
        wrong = "--region wants six digits, such as 370102";
    else if (scheme < 0)
        wrong = "--scheme wants employee, institution, resident, land, work_injury, survivor or "
                "other";
    if (wrong) {
        fprintf(stderr, "jianzai: policy show: %s\n", wrong);
        return EXIT_USAGE;
    }
    const struct jz_policy *p = jz_policy_set_find(set, region, (enum jz_scheme)scheme, on);
    char day[JZ_DATE_TEXT_BYTES];
    if (!p) {
        fprintf(stderr, "jianzai: policy show: none of these covers %s in region %06u on %s\n",
                o->scheme, region, jz_date_format(on, day));
        return EXIT_REJECTED;
    }
    if (o->json)
        print_json(policy_to_json(p));
    else
        show_policy(p);
    return EXIT_ACCEPTED;
}

static int run_show(int argc, char **argv)
{
    struct show_options o = { 0 };
    const struct arg args[] = {
        { "region", ARG_TEXT, &o.region, "R: six digits of GB/T 2260" },
        { "scheme", ARG_TEXT, &o.scheme, "S: employee, resident …" },
        { "on", ARG_DATE, &o.on, "DATE: the day, default today" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
    };
    int first;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    int r = parse_args(&policy_show_command, args, sizeof args / sizeof args[0], argc, argv, 0,
                       MAX_PATHS, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if ((r = load(argv + first, argc - first, &set)) != 0)
        return r;
    if (o.region || o.scheme || jz_date_is_set(o.on))
        return show_in_force(&o, set);
    for (size_t i = 0; i < jz_policy_set_count(set); i++) {
        const struct jz_policy *p = jz_policy_set_at(set, i);
        if (o.json)
            print_json(policy_to_json(p));
        else {
            if (i > 0)
                puts("");
            show_policy(p);
        }
    }
    return EXIT_ACCEPTED;
}
