/*
 * Errors: a code for the program, a sentence for the person.
 *
 * A fallible function returns 0 or a negative enum jz_error_code and, when its last argument is a
 * struct jz_error, leaves the sentence there: what was being read (file, line, field), what is
 * wrong with it and, where it helps, what to do. Outputs stay untouched on failure.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

enum jz_error_code {
    JZ_OK = 0,
    JZ_E_USAGE = -1,       /* the caller asked for something that makes no sense */
    JZ_E_NOT_FOUND = -2,   /* a file, model or record is not there */
    JZ_E_IO = -3,          /* the system refused to read or write */
    JZ_E_FORMAT = -4,      /* foreign bytes are not what they claim to be */
    JZ_E_LIMIT = -5,       /* larger than a limit of ours */
    JZ_E_UNSUPPORTED = -6, /* well-formed, but beyond what this program does */
    JZ_E_INTEGRITY = -7,   /* a checksum or signature does not match */
    JZ_E_MEMORY = -8,      /* out of memory */
    JZ_E_INTERNAL = -9,    /* a bug, or a library failing without saying why */
    JZ_E_CONFLICT = -10,   /* it is there already, or changed meanwhile */
    JZ_E_BUSY = -11,       /* a queue is full or a lock is held: the same call may do later */
    JZ_E_DENIED = -12,     /* the caller lacks the right, or a rule forbids it */
};

#define JZ_ERROR_TEXT_BYTES 512

struct jz_error {
    int code;
    char text[JZ_ERROR_TEXT_BYTES];
};

/* One row per code: how each outside world names it. Languages: zh-Hans, zh-Hant, en. */
struct jz_error_info {
    int code;
    int http_status;
    const char *name; /* stable API string */
    const char *zh_hans, *zh_hant, *en;
};

/* Never NULL: an unknown code is answered with the row of JZ_E_INTERNAL. */
const struct jz_error_info *jz_error_info(int code);

/* Fills err (may be NULL) and returns code, so that `return jz_error_set(...)` reads as it acts. */
int jz_error_set(struct jz_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the sentence already in err (may be NULL). */
void jz_error_prefix(struct jz_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
