#include "cli/cli.h"

#include <getopt.h>
#include <math.h>
#include <string.h>

enum option_id {
    OPT_JSON,
    OPT_MODELS,
    OPT_PRECISION,
    OPT_MATCHER,
    OPT_FMR,
    OPT_DRAW,
    OPT_ROOT,
    OPT_FOLD_LINES,
    OPT_ALL_PAIRS,
    OPT_THRESHOLDS,
    OPT_THREADS,
    OPT_CHALLENGE,
    OPT_FRAMES,
    OPT_FPS,
    OPT_TRACE,
    OPT_RUNS,
    OPT_SUITE,
    OPT_PKCS11,
    OPT_TOKEN,
    OPT_KEY,
    OPT_HELP,
    OPT_COUNT
};

static const struct {
    struct option option;
    const char *help;
} table[OPT_COUNT] = {
    [OPT_JSON] = { { "json", no_argument, NULL, 0 }, "print JSON" },
    [OPT_MODELS] = { { "models", required_argument, NULL, 0 }, "DIR: where the models are" },
    [OPT_PRECISION] = { { "precision", required_argument, NULL, 0 }, "auto, fp32 or bf16" },
    [OPT_MATCHER] = { { "matcher", required_argument, NULL, 0 },
                      "NAME: how faces are compared (see: jianzai models)" },
    [OPT_FMR] = { { "fmr", required_argument, NULL, 0 },
                  "RATE: false match rate to decide at, default 1e-3" },
    [OPT_DRAW] = { { "draw", required_argument, NULL, 0 },
                   "FILE.jpg: write what was seen as a picture" },
    [OPT_ROOT] = { { "root", required_argument, NULL, 0 }, "DIR: names in the list start here" },
    [OPT_FOLD_LINES] = { { "fold-lines", required_argument, NULL, 0 },
                         "N: lines of a fold, default 600" },
    [OPT_ALL_PAIRS] = { { "all-pairs", no_argument, NULL, 0 },
                        "rates over all pairs of the listed images" },
    [OPT_THRESHOLDS] = { { "thresholds", required_argument, NULL, 0 },
                         "T,T…: report the rates at these thresholds too" },
    [OPT_THREADS] = { { "threads", required_argument, NULL, 0 }, "N: 1 to 64" },
    [OPT_CHALLENGE] = { { "challenge", required_argument, NULL, 0 },
                        "ACTION,ACTION…: what was asked for; \"\" only lists what happened" },
    [OPT_FRAMES] = { { "frames", required_argument, NULL, 0 }, "DIR or FILE: the clip" },
    [OPT_FPS] = { { "fps", required_argument, NULL, 0 },
                  "N: frames a second to look at, default 25 (a folder: its rate, default 10)" },
    [OPT_TRACE] = { { "trace", no_argument, NULL, 0 }, "one JSON line a frame first" },
    [OPT_RUNS] = { { "runs", required_argument, NULL, 0 }, "N: repetitions, default 51" },
    [OPT_SUITE] = { { "suite", required_argument, NULL, 0 },
                    "international or guomi, default international" },
    [OPT_PKCS11] = { { "pkcs11", required_argument, NULL, 0 },
                     "FILE.so: the PKCS#11 library of the security module" },
    [OPT_TOKEN] = { { "token", required_argument, NULL, 0 }, "LABEL: its token" },
    [OPT_KEY] = { { "key", required_argument, NULL, 0 },
                  "FILE or TEXT: the public keys of the installation, one a line" },
    [OPT_HELP] = { { "help", no_argument, NULL, 0 }, "this text" },
};

static bool is_allowed(const char *allowed, int id)
{
    const char *name = table[id].option.name;
    const size_t n = strlen(name);
    for (const char *p = allowed; (p = strstr(p, name)); p += n)
        if ((p == allowed || p[-1] == ' ') && p[n] == ' ')
            return true;
    return id == OPT_HELP;
}

static void usage(FILE *out, const struct command *c, const char *allowed)
{
    fprintf(out, "%s %s\n  %s\n", c->name, c->usage, c->what);
    for (int i = 0; i < OPT_COUNT; i++)
        if (is_allowed(allowed, i))
            fprintf(out, "  --%-12s %s\n", table[i].option.name, table[i].help);
}

static bool parse_number(const char *text, double low, double high, double *ret)
{
    char *end;
    const double v = strtod(text, &end);
    if (end == text || *end || !(v >= low && v <= high))
        return false;
    *ret = v;
    return true;
}

static bool set(struct options *o, int id, const char *value)
{
    double n = 0;
    switch ((enum option_id)id) {
    case OPT_JSON:
        o->json = true;
        return true;
    case OPT_MODELS:
        o->models = value;
        return true;
    case OPT_MATCHER:
        o->matcher = value;
        return true;
    case OPT_DRAW:
        o->draw = value;
        return true;
    case OPT_ROOT:
        o->root = value;
        return true;
    case OPT_FRAMES:
        o->frames = value;
        return true;
    case OPT_THRESHOLDS:
        o->thresholds = value;
        return true;
    case OPT_CHALLENGE:
        o->challenge = value;
        o->given_challenge = true;
        return true;
    case OPT_TRACE:
        o->trace = true;
        return true;
    case OPT_ALL_PAIRS:
        o->all_pairs = true;
        return true;
    case OPT_FMR:
        return parse_number(value, 1e-9, 0.5, &o->fmr);
    case OPT_FPS:
        return parse_number(value, 1, 60, &o->fps);
    case OPT_FOLD_LINES:
        if (!parse_number(value, 1, 1e6, &n) || n != floor(n))
            return false;
        o->fold_lines = (int)n;
        return true;
    case OPT_THREADS:
        if (!parse_number(value, 1, 64, &n) || n != floor(n))
            return false;
        o->threads = (int)n;
        return true;
    case OPT_RUNS:
        if (!parse_number(value, 1, 100000, &n) || n != floor(n))
            return false;
        o->runs = (int)n;
        return true;
    case OPT_PRECISION:
        o->precision = strcmp(value, "fp32") == 0   ? JZ_NN_F32
                       : strcmp(value, "bf16") == 0 ? JZ_NN_BF16
                                                    : JZ_NN_AUTO;
        return o->precision != JZ_NN_AUTO || strcmp(value, "auto") == 0;
    case OPT_SUITE:
        o->suite = value;
        return true;
    case OPT_PKCS11:
        o->pkcs11 = value;
        return true;
    case OPT_TOKEN:
        o->token = value;
        return true;
    case OPT_KEY:
        o->key = value;
        return true;
    case OPT_HELP:
    case OPT_COUNT:
        break;
    }
    return false;
}

int parse_options(const struct command *command, const char *allowed, int argc, char **argv,
                  struct options *ret_options, int *ret_first)
{
    struct option known[OPT_COUNT + 1] = { 0 };
    for (int i = 0; i < OPT_COUNT; i++)
        known[i] = table[i].option;
    struct options o = { .fmr = 1e-3, .fold_lines = 600, .threads = 2, .runs = 51 };
    opterr = 0;
    optind = 1;
    for (;;) {
        int id = -1;
        const int before = optind;
        int c = getopt_long(argc, argv, ":", known, &id);
        if (c == -1)
            break;
        const char *word = argv[optind > before ? optind - 1 : before];
        if (c == 0 && id == OPT_HELP) {
            usage(stdout, command, allowed);
            return -1;
        }
        if (c == ':')
            fprintf(stderr, "jianzai: %s: %s wants a value\n", command->name, word);
        else if (c == '?')
            fprintf(stderr, "jianzai: %s: '%s' is not an option of it\n", command->name, word);
        else if (!is_allowed(allowed, id))
            fprintf(stderr, "jianzai: %s: --%s has no meaning here\n", command->name,
                    known[id].name);
        else if (!set(&o, id, optarg))
            fprintf(stderr, "jianzai: %s: --%s: '%s' is out of range; %s\n", command->name,
                    known[id].name, optarg, table[id].help);
        else
            continue;
        usage(stderr, command, allowed);
        return EXIT_USAGE;
    }
    *ret_options = o;
    *ret_first = optind;
    return 0;
}
