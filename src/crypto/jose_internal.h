/* A compact token taken apart. Only src/crypto. */
#pragma once

#include "crypto/jose.h"

#include <jansson.h>

#define JZ_JOSE_PARTS 5

struct jz_compact {
    int count;
    struct {
        const char *text;
        size_t length;
    } parts[JZ_JOSE_PARTS];
};

/* JZ_E_FORMAT unless it has exactly `count` parts. */
int jz_compact_split(const char *token, int count, struct jz_compact *ret_compact,
                     struct jz_error *err) JZ_MUST_CHECK;

/* Decodes a part into fresh memory with a NUL behind it. */
int jz_compact_decode(const struct jz_compact *compact, int part, uint8_t **ret_data,
                      size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* Checked as jose.h says. */
int jz_compact_header(const struct jz_compact *compact, struct jz_jose_header *ret_header,
                      struct jz_error *err) JZ_MUST_CHECK;
