/*
 * ISO 7064 MOD 11-2, the check character of citizen numbers and of our references: it finds every
 * single wrong digit and every swap of two neighbours. Pure.
 */
#pragma once

#include <stddef.h>

/* The check character, '0' to '9' or 'X', of `count` decimal digits. */
static inline char jz_check_mod_11_2(const char *digits, size_t count)
{
    unsigned p = 0;
    for (size_t i = 0; i < count; i++)
        p = (p + (unsigned)(digits[i] - '0')) * 2 % 11;
    return "0123456789X"[(12 - p) % 11];
}
