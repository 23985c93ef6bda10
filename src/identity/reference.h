/*
 * A person's reference for screens, paper, logs and messages, where identity numbers have no
 * place: "P", the number of the record, one check character (ISO 7064 MOD 11-2). A mistyped digit
 * or two swapped neighbours are found. P1234567 has no meaning outside this system. Pure.
 */
#pragma once

#include "base/error.h"

#define JZ_REFERENCE_TEXT_BYTES 22 /* "P", 19 digits, the check character and the NUL */

/* `id` is positive. */
char *jz_reference_format(int64_t id, char ret_text[JZ_REFERENCE_TEXT_BYTES]);

/*
 * Takes what people type: either case, spaces and dashes anywhere. JZ_E_FORMAT when it is not of
 * the form, JZ_E_INTEGRITY when the check character says that a digit is wrong.
 */
int jz_reference_parse(const char *text, int64_t *ret_id, struct jz_error *err) JZ_MUST_CHECK;
