/*
 * SQLite's log is emptied beside the writer: a thread of its own copies pages from the log into the
 * file, in passes, while commits go on. The log can only begin anew when a pass finds nothing new
 * behind it, which under load never happens by itself: from LOG_PAGES on a pass runs all the time
 * and the writer waits for it a little after each commit, so that each pass leaves less than the
 * one before; when few pages are left, it waits for the last of them.
 *
 * With checkpoints inside commits (wal_autocheckpoint 400) 64 callers on a disk of 270 fdatasync/s
 * got 2,000 certifications a second and waited 93 to 111 ms at most.
 */
#include "store/store_internal.h"

#include "base/clock.h"

enum {
    PASS_PAGES = 1000,       /* so many new pages are worth a pass: two fdatasync */
    FEW_PAGES = 400,         /* a pass over so many takes less than a long commit */
    LOG_PAGES = 16384,       /* 64 MiB, up to which nobody waits for a pass */
    MOST_LOG_PAGES = 262144, /* 1 GiB; longer only while somebody reads one state all the time */
    WAIT_MS = 20,            /* of a commit for the pass that runs, when the log is that long */
};

struct jz_checkpointer {
    const char *url;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wanted, passed;
    int64_t pages;  /* of the log, at the latest commit */
    int64_t copied; /* of them are in the file */
    int64_t tried;  /* how long the log was when the latest pass began */
    unsigned round; /* how often the log began anew */
    bool running;   /* a pass, or it is asked for */
    bool stopping;

    struct jz_sql *sql; /* the thread's own; opened when it is needed first */
};

/* Whatever goes wrong (no file descriptor, a full disk) is tried again PASS_PAGES later. */
static int64_t make_pass(struct jz_checkpointer *c)
{
    const struct jz_sql_options options = { .keeps_log = true };
    int64_t copied = 0;
    if (!c->sql && jz_sql_open(c->url, &options, &c->sql, NULL) < 0)
        return 0;
    return jz_sql_checkpoint(c->sql, false, &copied, NULL) < 0 ? 0 : copied;
}

static void *run(void *context)
{
    struct jz_checkpointer *c = context;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->running && !c->stopping)
            pthread_cond_wait(&c->wanted, &c->lock);
        if (c->stopping)
            break;
        const unsigned round = c->round;
        c->tried = c->pages;
        pthread_mutex_unlock(&c->lock);
        const int64_t copied = make_pass(c);
        pthread_mutex_lock(&c->lock);
        if (round == c->round && copied > c->copied)
            c->copied = copied;
        c->running = false;
        pthread_cond_signal(&c->passed);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static bool is_pass_due(const struct jz_checkpointer *c, bool is_bulk)
{
    const int64_t usual = is_bulk ? LOG_PAGES : PASS_PAGES;
    const int64_t seen = c->copied > c->tried ? c->copied : c->tried;
    /* A reader that stays holds every pass up at the same place: then no more of them than usual.
     */
    const bool is_held = c->copied < c->tried;
    return c->pages - seen >= (c->pages >= LOG_PAGES && !is_held ? 1 : usual);
}

/* The longer the log, the longer the wait. */
static void wait_for_pass(struct jz_checkpointer *c, bool to_its_end)
{
    const int64_t until_ns = jz_clock_ns() + WAIT_MS * 1000000LL * c->pages / LOG_PAGES;
    const struct timespec until = { until_ns / 1000000000, until_ns % 1000000000 };
    while (c->running)
        if (to_its_end)
            pthread_cond_wait(&c->passed, &c->lock);
        else if (pthread_cond_timedwait(&c->passed, &c->lock, &until) != 0)
            break;
}

void jz_checkpointer_tend(struct jz_checkpointer *c, int64_t log_pages, bool is_bulk)
{
    if (log_pages == 0)
        return;
    pthread_mutex_lock(&c->lock);
    if (log_pages < c->pages) {
        c->copied = c->tried = 0;
        c->round++;
    }
    c->pages = log_pages;
    const bool few = c->pages - c->copied <= FEW_PAGES;
    if (!c->running && is_pass_due(c, is_bulk)) {
        c->running = true;
        pthread_cond_signal(&c->wanted);
    }
    if (c->pages >= LOG_PAGES)
        wait_for_pass(c, few || c->pages >= MOST_LOG_PAGES);
    pthread_mutex_unlock(&c->lock);
}

int jz_checkpointer_start(const char *url, struct jz_checkpointer **ret_checkpointer,
                          struct jz_error *err)
{
    struct jz_checkpointer *c = calloc(1, sizeof *c);
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    c->url = url;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wanted, NULL);
    pthread_cond_init(&c->passed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&c->thread, NULL, run, c) != 0) {
        free(c);
        return jz_error_set(err, JZ_E_MEMORY, "no thread can be started");
    }
    *ret_checkpointer = c;
    return 0;
}

void jz_checkpointer_stop(struct jz_checkpointer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->wanted);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    jz_sql_close(c->sql);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wanted);
    pthread_cond_destroy(&c->passed);
    free(c);
}
