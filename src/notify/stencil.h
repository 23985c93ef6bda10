/*
 * What is sent to a gateway, from the text in its settings: "{{to}}" and the like stand for
 * values, which are escaped for the place they stand in, so that no value breaks out of it. A
 * stencil is immutable and shared by all threads.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_STENCIL_MAX_BYTES 4096
#define JZ_STENCIL_OUT_MAX   32768

enum jz_escape {
    JZ_ESCAPE_NONE, /* refuses control characters: for headers */
    JZ_ESCAPE_JSON, /* inside a string */
    JZ_ESCAPE_URL,  /* percent signs for all but letters, digits, - . _ ~ */
    JZ_ESCAPE_XML,
    JZ_ESCAPES
};
bool jz_escape_parse(const char *name, enum jz_escape *ret_escape); /* "none", "json" … */

enum jz_slot { JZ_SLOT_TO, JZ_SLOT_TEXT, JZ_SLOT_SUBJECT, JZ_SLOT_ID, JZ_SLOT_SECRET, JZ_SLOTS };

struct jz_stencil;

/* JZ_E_FORMAT names what stands in braces and is no slot, or is not closed; JZ_E_LIMIT. */
int jz_stencil_new(const char *text, enum jz_escape escape, struct jz_stencil **ret_stencil,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_stencil_free(struct jz_stencil *t); /* wipes */

bool jz_stencil_uses(const struct jz_stencil *t, enum jz_slot slot);

/*
 * values[slot] is UTF-8; NULL stands for "". The caller frees *ret_text. JZ_E_LIMIT beyond
 * JZ_STENCIL_OUT_MAX; JZ_E_FORMAT for a value that is not UTF-8, or has control characters where
 * nothing is escaped.
 */
int jz_stencil_fill(const struct jz_stencil *t, const char *const values[JZ_SLOTS], char **ret_text,
                    struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_stencil_freep(struct jz_stencil **t)
{
    jz_stencil_free(*t);
}
