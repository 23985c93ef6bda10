/*
 * UTF-8 and GB18030, the two encodings Chinese registers come in. The checks are pure and may run
 * on any thread; a transcoder belongs to one thread at a time.
 *
 * The ASCII bytes that structure text (separators, quotes, line ends) never occur inside a
 * character of either encoding, so text may be cut into fields before it is converted.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

enum jz_encoding {
    JZ_ENCODING_AUTO,
    JZ_ENCODING_UTF8,
    JZ_ENCODING_GB18030,
};

/* How much of the longest text may be needed after conversion: times two, either way. */
#define JZ_ENCODING_GROWTH 2

/* "auto", "utf-8", "gb18030". */
const char *jz_encoding_name(enum jz_encoding encoding);

/* Any case, with or without the dash; "gbk" and "gb2312" are parts of GB18030. */
bool jz_encoding_parse(const char *name, enum jz_encoding *ret_encoding);

/* Bytes of the longest valid start; `size` when all is valid. No surrogates, no overlong forms. */
size_t jz_utf8_valid(const char *text, size_t size);

/* The same for GB18030, by its structure: whether a code is assigned only conversion tells. */
size_t jz_gb18030_valid(const char *text, size_t size);

/*
 * Which encoding a block is in: UTF-8 unless it is not valid as such and valid as GB18030.
 * A character cut by the block's end is forgiven when is_cut. AUTO when all is ASCII.
 */
enum jz_encoding jz_encoding_detect(const char *text, size_t size, bool is_cut);

struct jz_transcoder;

/* JZ_E_UNSUPPORTED when the C library lacks GB18030, JZ_E_MEMORY. */
int jz_transcoder_new(enum jz_encoding from, enum jz_encoding to, struct jz_transcoder **ret,
                      struct jz_error *err) JZ_MUST_CHECK;
void jz_transcoder_free(struct jz_transcoder *t);

/*
 * Converts a whole text and gives the bytes written, or JZ_E_FORMAT at bytes that are no character
 * (*ret_read says where) or JZ_E_LIMIT when room is too small. No NUL is added.
 */
ssize_t jz_transcoder_run(struct jz_transcoder *t, const char *text, size_t size, char *out,
                          size_t room, size_t *ret_read) JZ_MUST_CHECK;

static inline void jz_transcoder_freep(struct jz_transcoder **t)
{
    jz_transcoder_free(*t);
}
