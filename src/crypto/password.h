/*
 * Hashes of passwords: argon2id, 64 MiB and 3 passes (RFC 9106's choice where memory is scarce, on
 * one lane). Each call takes that memory and a tenth of a second or two: whoever answers strangers
 * bounds how many run at a time. Any thread.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_PASSWORD_MAX_BYTES  128 /* without the NUL */
#define JZ_PASSWORD_HASH_BYTES 128 /* "$argon2id$v=19$…" and the NUL */

/* With a salt of its own. JZ_E_USAGE for an empty or longer password, JZ_E_MEMORY. */
int jz_password_hash(const char *password, char ret_hash[JZ_PASSWORD_HASH_BYTES],
                     struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_FORMAT when the hash is none of ours, or asks for more than four times our memory. */
int jz_password_verify(const char *hash, const char *password, bool *ret_same,
                       struct jz_error *err) JZ_MUST_CHECK;
