#include "notify/outbox.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    USUAL_QUEUE = 1000,
    USUAL_THREADS = 4,
    USUAL_FIRST_PAUSE_MS = 2000,
    USUAL_MOST_PAUSE_MS = 300000,
    USUAL_EXPIRY_S = 86400,
    LAST_TRIES_MS = 2000, /* at the end of the process */
    ID_BYTES = 33,
};

struct waiting {
    struct waiting *next;
    struct jz_carrier *carrier;
    enum jz_message_kind kind;
    enum jz_language language;
    int64_t due_ns, expires_ns;
    int64_t pause_ns; /* before the next try; 0: none was made */
    char id[ID_BYTES];
    char to[JZ_OUTBOX_TO_BYTES];
    char text[JZ_MESSAGE_TEXT_BYTES];
};

struct jz_outbox {
    struct jz_outbox_options options;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct waiting *first; /* by due_ns */
    size_t in_hand;        /* being sent */
    struct jz_outbox_stats stats;
    bool stopping;
    int64_t stop_ns; /* no try begins after this */
    pthread_t threads[JZ_OUTBOX_THREADS_MAX];
    int thread_count;
};

static void drop(struct waiting *w)
{
    jz_wipe(w, sizeof *w);
    free(w);
}

/* ---- Under the lock ---- */

static void insert(struct jz_outbox *o, struct waiting *w)
{
    struct waiting **at = &o->first;
    while (*at && (*at)->due_ns <= w->due_ns)
        at = &(*at)->next;
    w->next = *at;
    *at = w;
    o->stats.waiting++;
    pthread_cond_signal(&o->work);
}

static struct waiting *remove_first(struct jz_outbox *o)
{
    struct waiting *w = o->first;
    o->first = w->next;
    o->stats.waiting--;
    return w;
}

/* The next that is due, waiting for it; NULL when the outbox ends. */
static struct waiting *wait_for_due(struct jz_outbox *o)
{
    for (;;) {
        const int64_t now = jz_clock_ns();
        /* At the end only what was never tried, while there is time. */
        if (o->stopping && (!o->first || now > o->stop_ns))
            return NULL;
        if (o->first && (o->first->due_ns <= now || o->stopping)) {
            struct waiting *w = remove_first(o);
            if (!o->stopping || w->pause_ns == 0)
                return w;
            o->stats.expired++;
            drop(w);
            continue;
        }
        if (!o->first) {
            pthread_cond_wait(&o->work, &o->lock);
            continue;
        }
        const struct timespec until = { o->first->due_ns / 1000000000,
                                        o->first->due_ns % 1000000000 };
        pthread_cond_timedwait(&o->work, &o->lock, &until);
    }
}

/* What became of a try: sent, given up, or in the queue again. */
static void settle(struct jz_outbox *o, struct waiting *w, int result)
{
    const bool may_pass = result == JZ_E_BUSY || result == JZ_E_IO;
    const int64_t most = o->options.most_pause_ms * 1000000LL;
    if (result == 0) {
        o->stats.sent++;
        drop(w);
        return;
    }
    if (!may_pass) {
        o->stats.refused++;
        drop(w);
        return;
    }
    w->pause_ns = w->pause_ns ? w->pause_ns * 2 : o->options.first_pause_ms * 1000000LL;
    w->pause_ns = w->pause_ns < most ? w->pause_ns : most;
    w->due_ns = jz_clock_ns() + w->pause_ns;
    if (w->due_ns >= w->expires_ns) {
        o->stats.expired++;
        drop(w);
        return;
    }
    o->stats.retried++;
    insert(o, w);
}

/* ---- Threads ---- */

static int try_once(struct waiting *w)
{
    struct jz_error err;
    const struct jz_letter letter = {
        .to = w->to,
        .text = w->text,
        .subject = jz_message_subject(w->kind, w->language),
        .kind = jz_message_kind_name(w->kind),
        .id = w->id,
    };
    return jz_carrier_send(w->carrier, &letter, &err);
}

static void *run(void *context)
{
    struct jz_outbox *o = context;
    struct waiting *w;
    pthread_mutex_lock(&o->lock);
    while ((w = wait_for_due(o))) {
        o->in_hand++;
        pthread_mutex_unlock(&o->lock);
        const bool is_late = jz_clock_ns() >= w->expires_ns;
        const int r = is_late ? 0 : try_once(w);
        pthread_mutex_lock(&o->lock);
        o->in_hand--;
        if (is_late) {
            o->stats.expired++;
            drop(w);
        } else {
            settle(o, w, r);
        }
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static int check(const struct jz_outbox_options *o, struct jz_error *err)
{
    if (o->carrier_count > JZ_OUTBOX_CARRIERS || o->queue < 0 || o->queue > JZ_OUTBOX_QUEUE_MAX ||
        o->threads < 0 || o->threads > JZ_OUTBOX_THREADS_MAX)
        return jz_error_set(err, JZ_E_USAGE,
                            "an outbox has at most %d carriers, %d waiting messages, %d threads",
                            JZ_OUTBOX_CARRIERS, JZ_OUTBOX_QUEUE_MAX, JZ_OUTBOX_THREADS_MAX);
    if (o->first_pause_ms < 0 || o->most_pause_ms < 0)
        return jz_error_set(err, JZ_E_USAGE, "a pause is not negative");
    return 0;
}

static int usual(int given, int usual)
{
    return given ? given : usual;
}

/* Stops the threads that run. */
static void stop(struct jz_outbox *o)
{
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    o->stop_ns = jz_clock_ns() + LAST_TRIES_MS * 1000000LL;
    pthread_cond_broadcast(&o->work);
    pthread_mutex_unlock(&o->lock);
    while (o->thread_count > 0)
        pthread_join(o->threads[--o->thread_count], NULL);
    while (o->first)
        drop(remove_first(o));
    pthread_cond_destroy(&o->work);
    pthread_mutex_destroy(&o->lock);
}

int jz_outbox_new(const struct jz_outbox_options *options, struct jz_outbox **ret_outbox,
                  struct jz_error *err)
{
    pthread_condattr_t monotonic;
    const int r = check(options, err);
    if (r < 0)
        return r;
    struct jz_outbox *o = calloc(1, sizeof *o);
    if (!o)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    o->options = *options;
    o->options.queue = usual(options->queue, USUAL_QUEUE);
    o->options.threads = usual(options->threads, USUAL_THREADS);
    o->options.first_pause_ms = usual(options->first_pause_ms, USUAL_FIRST_PAUSE_MS);
    o->options.most_pause_ms = usual(options->most_pause_ms, USUAL_MOST_PAUSE_MS);
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    while (o->thread_count < o->options.threads &&
           pthread_create(&o->threads[o->thread_count], NULL, run, o) == 0)
        o->thread_count++;
    if (o->thread_count < o->options.threads) {
        stop(o);
        free(o);
        return jz_error_set(err, JZ_E_MEMORY, "no thread for the outbox");
    }
    *ret_outbox = o;
    return 0;
}

void jz_outbox_free(struct jz_outbox *o)
{
    if (!o)
        return;
    stop(o);
    for (size_t i = 0; i < o->options.carrier_count; i++)
        jz_carrier_free(o->options.carriers[i]);
    free(o);
}

/* ---- Posting ---- */

static struct jz_carrier *find_carrier(const struct jz_outbox *o, const char *to)
{
    for (size_t i = 0; i < o->options.carrier_count; i++)
        if (jz_carrier_takes(o->options.carriers[i], to))
            return o->options.carriers[i];
    return NULL;
}

bool jz_outbox_takes(const struct jz_outbox *outbox, const char *to)
{
    return find_carrier(outbox, to) != NULL;
}

static void make_id(char ret_id[ID_BYTES])
{
    uint8_t bytes[(ID_BYTES - 1) / 2];
    jz_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
}

static int queue(struct jz_outbox *o, struct waiting *w, struct jz_error *err)
{
    pthread_mutex_lock(&o->lock);
    const bool is_full = o->stats.waiting + o->in_hand >= (size_t)o->options.queue;
    if (is_full)
        o->stats.turned_away++;
    else
        insert(o, w);
    pthread_mutex_unlock(&o->lock);
    return is_full ? jz_error_set(err, JZ_E_BUSY, "%d messages wait to be sent: try again later",
                                  o->options.queue)
                   : 0;
}

int jz_outbox_post(struct jz_outbox *o, const struct jz_post *post, struct jz_error *err)
{
    struct jz_carrier *carrier = find_carrier(o, post->to);
    if (!carrier)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "nothing is set up that sends messages to such an address");
    if (strlen(post->to) >= JZ_OUTBOX_TO_BYTES)
        return jz_error_set(err, JZ_E_USAGE, "an address of more than %d bytes",
                            JZ_OUTBOX_TO_BYTES - 1);
    struct waiting *w = calloc(1, sizeof *w);
    if (!w)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->carrier = carrier;
    w->kind = post->kind;
    w->language = post->language;
    w->due_ns = jz_clock_ns();
    w->expires_ns = w->due_ns + usual(post->expires_in_s, USUAL_EXPIRY_S) * 1000000000LL;
    make_id(w->id);
    snprintf(w->to, sizeof w->to, "%s", post->to);
    int r = jz_message_compose(post->kind, post->language, &post->values, w->text, err);
    if (r == 0)
        r = queue(o, w, err);
    if (r < 0)
        drop(w);
    return r;
}

void jz_outbox_stats(struct jz_outbox *o, struct jz_outbox_stats *ret_stats)
{
    pthread_mutex_lock(&o->lock);
    *ret_stats = o->stats;
    ret_stats->waiting += o->in_hand;
    pthread_mutex_unlock(&o->lock);
}
