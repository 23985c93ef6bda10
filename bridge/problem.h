/*
 * What can go wrong between a page and a card. These are values, not errors: a page expects most of
 * them (no card yet, wrong card), and every one of them ends in typing the numbers by hand. The one
 * table maps a problem to its HTTP status, its stable string and its sentences. Pure.
 */
#pragma once

#include "base/error.h"

enum jz_problem {
    JZ_PROBLEM_NONE,

    JZ_PROBLEM_SERVICE_MISSING, /* it does not run, or does not let us in */
    JZ_PROBLEM_NO_READER,
    JZ_PROBLEM_READER_IN_USE, /* by another program */
    JZ_PROBLEM_NO_CARD,
    JZ_PROBLEM_CARD_REMOVED,
    JZ_PROBLEM_UNKNOWN_CARD,    /* no answer, or none of a card that is known here */
    JZ_PROBLEM_CARD_UNREADABLE, /* a known card whose data is cut short or makes no sense */

    JZ_PROBLEM_TIMEOUT,       /* the reader or its helper did not answer */
    JZ_PROBLEM_HELPER_FAILED, /* it could not be run, or what it said makes no sense */
    JZ_PROBLEM_BUSY,          /* another read is under way */
    JZ_PROBLEM_BAD_REQUEST,
    JZ_PROBLEM_TOO_LARGE,
    JZ_PROBLEM_NO_ROUTE,
    JZ_PROBLEM_NO_METHOD,
    JZ_PROBLEM_FOREIGN_HOST,
    JZ_PROBLEM_FOREIGN_ORIGIN,
    JZ_PROBLEM_NOT_PAIRED,
    JZ_PROBLEM_TOO_MANY_TRIES,
    JZ_PROBLEM_STOPPING,
    JZ_PROBLEM_INTERNAL,
    JZ_PROBLEM_COUNT
};

struct jz_problem_info {
    int http_status;
    bool is_helpers; /* a helper may answer it */
    const char *name;
    const char *zh_hans, *zh_hant, *en;
};

const struct jz_problem_info *jz_problem_info(enum jz_problem problem);

/* Of those that a helper may answer; false for any other name. */
bool jz_problem_parse(const char *name, enum jz_problem *ret_problem);

/* The sentence in the language that an Accept-Language header (may be NULL) names first. */
const char *jz_problem_sentence(enum jz_problem problem, const char *accept_language);
