/* Bytes as small hexadecimal digits and back. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ret_text has room for 2 * size + 1. */
char *jz_hex_write(const void *data, size_t size, char *ret_text);

/* Exactly `size` bytes from `length` characters; nothing else is taken. */
bool jz_hex_read(const char *text, size_t length, void *ret_data, size_t size);
