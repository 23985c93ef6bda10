/*
 * The outbox: messages that wait to go out, a bounded queue with threads of its own, so that nobody
 * who causes a message waits for a gateway. What a carrier could not send is tried again with
 * growing pauses until it expires; a one-time code expires with the code. Counted, never logged.
 *
 * Nothing is kept on disk: what a message says stands in the facts it is about, and a code that is
 * lost with the process is asked for again. Any thread.
 */
#pragma once

#include "notify/carrier.h"
#include "notify/message.h"

#define JZ_OUTBOX_QUEUE_MAX   65536
#define JZ_OUTBOX_THREADS_MAX 16
#define JZ_OUTBOX_CARRIERS    8
#define JZ_OUTBOX_TO_BYTES    256

struct jz_outbox;

struct jz_outbox_options {
    struct jz_carrier *carriers[JZ_OUTBOX_CARRIERS]; /* the first that takes an address sends */
    size_t carrier_count;
    int queue;                         /* messages that wait; 0: 1000 */
    int threads;                       /* 0: 4 */
    int first_pause_ms, most_pause_ms; /* between tries; 0: 2 s and 5 min */
};

/* On success the outbox owns the carriers. JZ_E_USAGE beyond the limits, JZ_E_MEMORY. */
int jz_outbox_new(const struct jz_outbox_options *options, struct jz_outbox **ret_outbox,
                  struct jz_error *err) JZ_MUST_CHECK;

/* Tries what waits for its first try, for two seconds; ends what is under way; drops the rest. */
void jz_outbox_free(struct jz_outbox *outbox);

struct jz_post {
    const char *to;
    enum jz_message_kind kind;
    enum jz_language language;
    struct jz_message_values values;
    int expires_in_s; /* 0: a day */
};

/*
 * Copies all of it. JZ_E_BUSY when the queue is full; JZ_E_UNSUPPORTED when no carrier takes such
 * an address; otherwise what jz_message_compose says.
 */
int jz_outbox_post(struct jz_outbox *outbox, const struct jz_post *post,
                   struct jz_error *err) JZ_MUST_CHECK;

struct jz_outbox_stats {
    uint64_t sent, retried; /* messages; tries that will be repeated */
    uint64_t refused;       /* a carrier said that no other try makes sense */
    uint64_t expired;       /* before any try succeeded */
    uint64_t turned_away;   /* the queue was full */
    size_t waiting;
};
void jz_outbox_stats(struct jz_outbox *outbox, struct jz_outbox_stats *ret_stats);

/* Whether some carrier takes such an address: "sign_in":{"code":…} of an installation. */
bool jz_outbox_takes(const struct jz_outbox *outbox, const char *to);

static inline void jz_outbox_freep(struct jz_outbox **o)
{
    jz_outbox_free(*o);
}
