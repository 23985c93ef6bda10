#include "cli/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECOND_NS = 1000000000 };

static bool is_due(const struct progress *p, int64_t now, bool is_terminal)
{
    return now - p->shown_ns >= (is_terminal ? SECOND_NS / 2 : (int64_t)10 * SECOND_NS);
}

void progress_show(struct progress *p, const char *what, int64_t done, int64_t total)
{
    const int64_t now = jz_clock_ns();
    const bool is_terminal = isatty(STDERR_FILENO);
    if (!p->what || strcmp(p->what, what) != 0) {
        progress_end(p);
        *p = (struct progress){ .what = what, .began_ns = now, .shown_ns = now, .first = done };
        return;
    }
    if (!is_due(p, now, is_terminal))
        return;
    p->shown_ns = now;
    const double seconds = (double)(now - p->began_ns) / SECOND_NS;
    const double rate = (double)(done - p->first) / seconds;
    fprintf(stderr, "%s%s: %lld", is_terminal ? "\r" : "", what, (long long)done);
    if (total > 0)
        fprintf(stderr, " of %lld, %.0f %%", (long long)total,
                100.0 * (double)done / (double)total);
    fprintf(stderr, ", %.0f/s", rate);
    if (total > done && rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(total - done) / rate);
    fputs(is_terminal ? "   " : "\n", stderr);
    p->is_line_open = is_terminal;
}

void progress_end(struct progress *p)
{
    if (p->is_line_open)
        fputc('\n', stderr);
    p->is_line_open = false;
}
