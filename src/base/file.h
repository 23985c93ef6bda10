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

/* The same from a file that is open already; PATH is only what errors call it. */
int jz_file_read_fd(int fd, const char *path, size_t max_bytes, uint8_t **ret_data,
                    size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Writes PATH by way of a temporary file beside it, so that nobody sees half of it; on the disk
 * when it returns.
 */
int jz_file_write(const char *path, const void *data, size_t size,
                  struct jz_error *err) JZ_MUST_CHECK;

/* For secrets: nobody but the owner may read it, at no moment. */
int jz_file_write_private(const char *path, const void *data, size_t size,
                          struct jz_error *err) JZ_MUST_CHECK;

/* The same, but never over a file that is there: JZ_E_CONFLICT. */
int jz_file_create_private(const char *path, const void *data, size_t size,
                           struct jz_error *err) JZ_MUST_CHECK;

/* "DIR/NAME" in fresh memory (free), NULL when memory is out. */
char *jz_path_join(const char *dir, const char *name);
