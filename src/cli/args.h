/*
 * Options of one command as a table beside it: name, kind, where the value goes, what it means.
 * The words that are no options stay in order behind them.
 */
#pragma once

#include "base/date.h"
#include "cli/cli.h"

enum arg_kind {
    ARG_FLAG,   /* bool */
    ARG_TEXT,   /* const char *, borrowed from the command line */
    ARG_NUMBER, /* int64_t */
    ARG_REAL,   /* double */
    ARG_DATE,   /* struct jz_date */
    ARG_LIST,   /* struct arg_list: the option may be given several times */
};

#define ARG_LIST_MAX 32

struct arg_list {
    const char *texts[ARG_LIST_MAX];
    size_t count;
};

struct arg {
    const char *name; /* without the dashes */
    enum arg_kind kind;
    void *target;
    const char *help; /* "WHAT: meaning" */
    double low, high; /* of a number or a real; high 0: no upper end */
};

/*
 * 0 and the words in argv[first…argc - 1], of which there must be min to max; EXIT_USAGE when
 * something is wrong, said on standard error; -1 when --help was asked for and printed.
 */
int parse_args(const struct command *command, const struct arg *args, size_t count, int argc,
               char **argv, int min_words, int max_words, int *ret_first);
