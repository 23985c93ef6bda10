/* The monotonic clock, for durations only. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t jz_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
