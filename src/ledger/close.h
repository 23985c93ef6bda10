/*
 * The daily close: brings every standing up to a day and tells people what changed. It touches the
 * benefits whose next_on has come, and those for which a policy began, ended or arrived since the
 * day closed last. docs/close.md tells it to people.
 *
 * It works in chunks, each one commit decided on the state at that moment, so that certifications
 * go on beside it and none is overwritten. What a chunk told is told once: its rows look further
 * ahead afterwards. So a close may be ended in any way and simply run again, on that day or a later
 * one, and two at a time do no harm.
 */
#pragma once

#include "store/store.h"

#define JZ_CLOSE_FIRST_CHUNK 1000 /* people */
#define JZ_CLOSE_MOST_CHUNK  5000

struct jz_close_progress {
    bool of_policies;       /* the pass over the register because of changed policies */
    int64_t done, expected; /* benefits looked at in this pass, and how many about there will be */
};

struct jz_close_options {
    struct jz_date on;
    size_t most_people; /* in a chunk; 0: JZ_CLOSE_MOST_CHUNK */
    void (*on_progress)(void *context, const struct jz_close_progress *progress); /* may be NULL */
    void *context;
};

/* Benefits, each in one of the kinds; `touched` are all whose row changed. */
struct jz_close_counts {
    uint64_t touched, reminded, grace, lapsed, proposals;
};

struct jz_close_result {
    struct jz_date before;   /* the day closed last; unset: none */
    size_t changed_policies; /* versions because of which all they cover were looked at */
    struct jz_close_counts counts;
    uint64_t chunks;
    int64_t longest_hold_ns; /* the longest that others waited for a chunk */
    double seconds;
};

/*
 * JZ_E_USAGE: a day that has not come, or lies before the day closed last. A failure leaves whole
 * chunks behind.
 */
int jz_close_run(struct jz_store *store, const struct jz_close_options *options,
                 struct jz_close_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Since when standings may be out of date because of policies: the day closed last and the latest
 * policy fact known then. Before the first close both are those of the first person's recording;
 * {unset, 0} in an empty register.
 */
struct jz_close_mark {
    struct jz_date on;
    int64_t policy;
    bool was_closed;
};
int jz_close_mark_read(struct jz_sql *sql, struct jz_close_mark *ret_mark,
                       struct jz_error *err) JZ_MUST_CHECK;

/*
 * The policy versions that began or ended after that mark and up to `on`, or were added after it.
 * They are borrowed from `policies`; the array is the caller's to free.
 */
struct jz_close_policies {
    const struct jz_policy **list;
    size_t count;
};
int jz_close_policies_find(const struct jz_policies *policies, const struct jz_close_mark *mark,
                           struct jz_date on, struct jz_close_policies *ret_changed,
                           struct jz_error *err) JZ_MUST_CHECK;
bool jz_close_policies_cover(const struct jz_close_policies *changed,
                             const struct jz_benefit_state *benefit);
