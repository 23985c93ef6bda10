/*
 * Small texts that people mail, print and keep: a first line that names the format, then
 * "name: value" lines in one fixed order, each ending in a line feed. There is one way to write
 * each; who reads one formats it again and compares.
 *
 * Pure; a cursor belongs to its caller.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_LINES_MAX_BYTES 4096 /* of a whole text */

struct jz_lines {
    const char *what; /* for messages */
    const char *at, *end;
    int line;
};

/* JZ_E_UNSUPPORTED: the first line is another; JZ_E_LIMIT. */
int jz_lines_begin(struct jz_lines *lines, const char *what, const char *format, const void *text,
                   size_t size, struct jz_error *err) JZ_MUST_CHECK;

/* The value of the next line, which must have that name. Borrowed. JZ_E_FORMAT. */
int jz_lines_next(struct jz_lines *lines, const char *name, const char **ret_value,
                  size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* The same as text with its NUL (JZ_E_LIMIT), as a number of 0 or more, as bytes. */
int jz_lines_text(struct jz_lines *lines, const char *name, char *ret_text, size_t room,
                  struct jz_error *err) JZ_MUST_CHECK;
int jz_lines_number(struct jz_lines *lines, const char *name, int64_t *ret_number,
                    struct jz_error *err) JZ_MUST_CHECK;
int jz_lines_bytes(struct jz_lines *lines, const char *name, void *ret_data, size_t size,
                   struct jz_error *err) JZ_MUST_CHECK;

/* Nothing may follow. */
int jz_lines_end(const struct jz_lines *lines, struct jz_error *err) JZ_MUST_CHECK;
