/*
 * Growing pauses: whoever asks for the same thing again and again waits longer and longer, up to a
 * bound, and is then let in. What is asked during a pause is refused and does not prolong it, so a
 * pause ends when it was said to end. Nothing is ever locked.
 *
 * In memory and bounded: among more things than there is room for, those counted least are
 * forgotten first. Things are kept as keyed hashes. Any thread; times are seconds of one clock.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

enum jz_pause_kind {
    JZ_PAUSE_PHONE,   /* codes sent to a number */
    JZ_PAUSE_SUBJECT, /* codes to new numbers, or wrong passwords, for one document or card */
    JZ_PAUSE_PAIR,    /* the same, and wrong names, from one address */
    JZ_PAUSE_ADDRESS, /* whatever failed from one address */
    JZ_PAUSE_KINDS
};

/* `free` times without a pause, then `first_s`, doubling to `most_s`; forgotten after `forget_s`.
 */
struct jz_pause_rule {
    int free, first_s, most_s, forget_s;
};
extern const struct jz_pause_rule jz_pause_rules[JZ_PAUSE_KINDS];

struct jz_pauses;

int jz_pauses_new(struct jz_pauses **ret_pauses, struct jz_error *err) JZ_MUST_CHECK;
void jz_pauses_free(struct jz_pauses *pauses);

/* Seconds until it may be asked for again; 0: now. */
int jz_pause_left(struct jz_pauses *pauses, enum jz_pause_kind kind, const void *key, size_t size,
                  int64_t now_s);

/* It happened once more; returns the pause that begins now. */
int jz_pause_count(struct jz_pauses *pauses, enum jz_pause_kind kind, const void *key, size_t size,
                   int64_t now_s);

/*
 * Both at once, so that of many who ask at the same moment one is let in: the seconds that are
 * left, or 0, it was counted, and *ret_pause begins now.
 */
int jz_pause_enter(struct jz_pauses *pauses, enum jz_pause_kind kind, const void *key, size_t size,
                   int64_t now_s, int *ret_pause);

/* It ended well. */
void jz_pause_forget(struct jz_pauses *pauses, enum jz_pause_kind kind, const void *key,
                     size_t size);

static inline void jz_pauses_freep(struct jz_pauses **p)
{
    jz_pauses_free(*p);
}
