/* Digests. The only module that includes OpenSSL is this folder. Any thread. */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_SHA256_HEX_BYTES 65 /* 64 digits and the NUL */

int jz_sha256_hex(const void *data, size_t size, char ret_hex[JZ_SHA256_HEX_BYTES],
                  struct jz_error *err) JZ_MUST_CHECK;
