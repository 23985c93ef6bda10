/* jianzai policy check and show: what agencies write down, read as the program reads it. */
#include "cli/cli.h"

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

static void on_complaint(void *context, const struct jz_error *complaint)
{
    unsigned *count = context;
    (*count)++;
    fprintf(stderr, "%s\n", complaint->text);
}

/* The options of COMMAND and the policies it names; EXIT_USAGE or EXIT_REJECTED, or -1 for --help.
 */
static int load(const struct command *command, const char *allowed, int argc, char **argv,
                struct options *ret_options, struct jz_policy_set **ret_set)
{
    int first;
    const int r = parse_options(command, allowed, argc, argv, ret_options, &first);
    if (r != 0)
        return r;
    if (first == argc) {
        fprintf(stderr, "jianzai: policy %s: which files or folders?\n", command->name);
        return EXIT_USAGE;
    }
    unsigned complaints = 0;
    struct jz_error err;
    if (jz_policy_load((const char *const *)argv + first, (size_t)(argc - first), on_complaint,
                       &complaints, ret_set, &err) == 0)
        return 0;
    fprintf(stderr, "jianzai: %u complaint%s\n", complaints, complaints == 1 ? "" : "s");
    return EXIT_REJECTED;
}

static int run_check(int argc, char **argv)
{
    struct options o;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    const int r = load(&policy_check_command, "", argc, argv, &o, &set);
    if (r != 0)
        return r < 0 ? 0 : r;
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

static int show_in_force(const struct options *o, const struct jz_policy_set *set)
{
    unsigned region = 0;
    struct jz_date on = jz_date_today();
    const int scheme = o->scheme ? JZ_WORD_FIND(jz_scheme_words, o->scheme) : -1;
    const char *wrong = NULL;
    if (o->region && !parse_region(o->region, &region))
        wrong = "--region wants six digits, such as 370102";
    else if (scheme < 0)
        wrong = "--scheme wants employee, institution, resident, land, work_injury, survivor or "
                "other";
    else if (o->on && !jz_date_parse(o->on, &on))
        wrong = "--on wants a day, such as 2026-11-25";
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
    struct options o;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    const int r = load(&policy_show_command, "json region scheme on ", argc, argv, &o, &set);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (o.region || o.scheme || o.on)
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
