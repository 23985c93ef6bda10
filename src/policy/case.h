/*
 * Cases of the calendar as JSON: {"policy", "person", "evidence", "on"} in, the standing out, one
 * line each. What `jianzai eval` speaks; docs/policy.md describes it. Evidence has texts as ids
 * here, and they decide the order within a day, byte by byte.
 *
 * A judge keeps its memory from line to line; it belongs to one thread at a time.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_CASE_MAX_BYTES (1u << 20) /* of one line */
#define JZ_CASE_MAX_SIGNS 4096

struct jz_judge;
int jz_judge_new(struct jz_judge **ret_judge, struct jz_error *err) JZ_MUST_CHECK;
void jz_judge_free(struct jz_judge *judge);

/*
 * The answer to one line, without a line break; borrowed until the next call. JZ_E_FORMAT,
 * JZ_E_LIMIT, JZ_E_MEMORY; the text of an error begins with the key.
 */
int jz_judge_line(struct jz_judge *judge, const char *line, size_t size, const char **ret_answer,
                  size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* {"error":{"code","message","line"}} in the same way; NULL when memory is out. */
const char *jz_judge_complaint(struct jz_judge *judge, const struct jz_error *complaint,
                               unsigned long long line, size_t *ret_size);

static inline void jz_judge_freep(struct jz_judge **j)
{
    jz_judge_free(*j);
}
