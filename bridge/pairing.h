/*
 * The pairing token: whoever installs the bridge makes it, sees it once and gives it to the page.
 * Beside the configuration lies only its digest. Made anew, the one before no longer works.
 */
#pragma once

#include "base/error.h"

#define JZ_PAIRING_TOKEN_BYTES 33 /* 128 bits in hex and the NUL */

/* The token of the bridge with this configuration. JZ_E_IO, JZ_E_MEMORY. */
int jz_pairing_make(const char *config_path, char ret_token[JZ_PAIRING_TOKEN_BYTES],
                    struct jz_error *err) JZ_MUST_CHECK;

/*
 * Whether this is the token, in a time that does not tell how much of it is right. JZ_E_NOT_FOUND
 * when none was made yet, JZ_E_FORMAT, JZ_E_IO. Read anew each time, so that a new token counts at
 * once.
 */
int jz_pairing_check(const char *config_path, const char *token, bool *ret_is_right,
                     struct jz_error *err) JZ_MUST_CHECK;
