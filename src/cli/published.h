/* The public keys an installation has published, for commands that need no register. */
#pragma once

#include "crypto/suite.h"

#define PUBLISHED_KEYS_MAX 16

/* All of a file, one a line ("#" begins a remark), or the one key that was typed. */
int read_published_keys(const char *where, struct jz_public_key keys[PUBLISHED_KEYS_MAX],
                        size_t *ret_count, struct jz_error *err) JZ_MUST_CHECK;
