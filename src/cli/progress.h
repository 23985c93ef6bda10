/*
 * How far a long run is, on standard error: rate and time left. At most twice a second on a
 * terminal, every ten seconds elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* of the line shown last */
    int64_t began_ns, shown_ns, first;
    bool is_line_open;
};

/* `total` 0: not known. A new `what` begins a new line and a new rate. */
void progress_show(struct progress *p, const char *what, int64_t done, int64_t total);
void progress_end(struct progress *p);
