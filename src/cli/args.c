#include "cli/args.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

enum { MAX_ARGS = 40 };

static void usage(FILE *out, const struct command *c, const struct arg *args, size_t count)
{
    fprintf(out, "%s %s\n  %s\n", c->name, c->usage, c->what);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  --%-14s %s\n", args[i].name, args[i].help);
    fprintf(out, "  --%-14s this text\n", "help");
}

/* What is wrong with a value that was not taken. */
static const char *const complaints[] = {
    [ARG_FLAG] = "will not do",
    [ARG_TEXT] = "will not do",
    [ARG_NUMBER] = "is out of range: a whole number",
    [ARG_REAL] = "is out of range: a number",
    [ARG_DATE] = "is no day such as 2026-11-25",
    [ARG_LIST] = "is one too many",
};

static void refuse(const struct command *c, const struct arg *arg, const char *value)
{
    fprintf(stderr, "jianzai: %s: --%s: '%s' %s", c->name, arg->name, value, complaints[arg->kind]);
    if (arg->kind == ARG_NUMBER || arg->kind == ARG_REAL)
        fprintf(stderr, arg->high > 0 ? ", %.9g to %.9g" : ", %.9g or more", arg->low, arg->high);
    fprintf(stderr, "; %s\n", arg->help);
}

static bool is_within(const struct arg *arg, double value)
{
    return value >= arg->low && (arg->high == 0 || value <= arg->high);
}

static bool take_number(const struct arg *arg, const char *text)
{
    char *end;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    if (end == text || *end || errno || !is_within(arg, (double)n))
        return false;
    *(int64_t *)arg->target = n;
    return true;
}

static bool take_real(const struct arg *arg, const char *text)
{
    char *end;
    const double x = strtod(text, &end);
    if (end == text || *end || !is_within(arg, x))
        return false;
    *(double *)arg->target = x;
    return true;
}

static bool take(const struct arg *arg, const char *value)
{
    switch (arg->kind) {
    case ARG_FLAG:
        *(bool *)arg->target = true;
        return true;
    case ARG_TEXT:
        *(const char **)arg->target = value;
        return true;
    case ARG_NUMBER:
        return take_number(arg, value);
    case ARG_REAL:
        return take_real(arg, value);
    case ARG_DATE:
        return jz_date_parse(value, arg->target);
    case ARG_LIST: {
        struct arg_list *list = arg->target;
        if (list->count == ARG_LIST_MAX)
            return false;
        list->texts[list->count++] = value;
        return true;
    }
    }
    return false;
}

int parse_args(const struct command *command, const struct arg *args, size_t count, int argc,
               char **argv, int min_words, int max_words, int *ret_first)
{
    struct option known[MAX_ARGS + 2] = { 0 };
    if (count > MAX_ARGS)
        abort();
    for (size_t i = 0; i < count; i++)
        known[i] =
            (struct option){ args[i].name,
                             args[i].kind == ARG_FLAG ? no_argument : required_argument, NULL, 0 };
    known[count] = (struct option){ "help", no_argument, NULL, 0 };
    opterr = 0;
    optind = 1;
    for (;;) {
        int id = -1;
        const int before = optind;
        const int c = getopt_long(argc, argv, ":", known, &id);
        if (c == -1)
            break;
        const char *word = argv[optind > before ? optind - 1 : before];
        if (c == 0 && id == (int)count) {
            usage(stdout, command, args, count);
            return -1;
        }
        if (c == 0 && take(&args[id], optarg))
            continue;
        if (c == ':')
            fprintf(stderr, "jianzai: %s: %s wants a value\n", command->name, word);
        else if (c == 0)
            refuse(command, &args[id], optarg);
        else
            fprintf(stderr, "jianzai: %s: '%s' is not an option of it\n", command->name, word);
        usage(stderr, command, args, count);
        return EXIT_USAGE;
    }
    const int words = argc - optind;
    if (words < min_words || words > max_words) {
        if (words > max_words)
            fprintf(stderr, "jianzai: %s: '%s' is one word too many\n", command->name,
                    argv[optind + max_words]);
        else
            fprintf(stderr, "jianzai: %s: something is missing\n", command->name);
        usage(stderr, command, args, count);
        return EXIT_USAGE;
    }
    *ret_first = optind;
    return 0;
}
