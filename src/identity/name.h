/*
 * Names as people write them: what two spellings of one name share, and the mask under which
 * somebody recognises their own. Pure.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_NAME_MAX_BYTES 120 /* of UTF-8, without the NUL */
#define JZ_NAME_KEY_BYTES (JZ_NAME_MAX_BYTES + 8)

/*
 * The name without spaces, middle dots (of which people type a dozen kinds), hyphens, apostrophes
 * and full stops, Latin letters in upper case and of usual width; the rest of the array is zero, so
 * that keys can be compared in constant time. Traditional and simplified characters stay different.
 * JZ_E_FORMAT when it is not UTF-8, has control characters, or nothing is left; JZ_E_LIMIT.
 */
int jz_name_key(const char *text, char ret_key[JZ_NAME_KEY_BYTES],
                struct jz_error *err) JZ_MUST_CHECK;

/* "王*英", "欧**强", "李*"; `text` is valid UTF-8 of at most JZ_NAME_MAX_BYTES. */
char *jz_name_mask(const char *text, char ret_text[JZ_NAME_KEY_BYTES]);
