/* Whole files in and out, with a limit on everything. Any thread. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/*
 * Reads all of PATH. The caller owns *ret_data (free), which has a NUL behind its last byte.
 * JZ_E_NOT_FOUND, JZ_E_LIMIT when it is larger than max_bytes, JZ_E_IO, JZ_E_MEMORY.
 */
int jz_file_read(const char *path, size_t max_bytes, uint8_t **ret_data, size_t *ret_size,
                 struct jz_error *err) JZ_MUST_CHECK;

/* Writes PATH by way of a temporary file beside it, so that nobody sees half of it. */
int jz_file_write(const char *path, const void *data, size_t size,
                  struct jz_error *err) JZ_MUST_CHECK;

/* "DIR/NAME" in fresh memory (free), NULL when memory is out. */
char *jz_path_join(const char *dir, const char *name);
