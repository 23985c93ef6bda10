/* What writer.c (the thread) and group.c (one transaction of it) share. */
#pragma once

#include "store/store_internal.h"

struct jz_writer {
    struct jz_store *store;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows, up to stats */
    pthread_cond_t work, room;
    struct jz_queue queue;
    size_t wanted; /* the thread wants to know when so many wait */
    bool stopping;
    struct jz_store_stats stats;

    /* The thread's own. */
    struct jz_sql *sql; /* NULL: the connection was lost */
    struct jz_checkpointer *checkpointer;
    struct jz_chainer *chainer;
    struct jz_head head;
    bool head_known;
    struct jz_arena arena;
    struct jz_entry entry;
    struct jz_act *group[JZ_STORE_GROUP_ACTS];
    struct jz_person_state *states;
    size_t state_room;
    size_t decided;             /* acts of the latest attempt; what came behind them has to wait */
    bool committing;            /* the latest attempt got so far: without an answer nobody knows */
    int64_t locked_ns, hold_ns; /* when it took the write lock, and how long it held it */
    int64_t met_ns; /* when an act that does not stand alone was met last, here or elsewhere */
    char inserts[JZ_TABLES][512];
    char question[128];
};

/* group.c */
void jz_group_init(struct jz_writer *writer); /* makes the statements */

/*
 * Decides the first of the acts, as many as `decided` says then, and commits what they add. After
 * an error the transaction is still open where there is one.
 */
int jz_group_run(struct jz_writer *writer, struct jz_act **acts, size_t count,
                 struct jz_error *err) JZ_MUST_CHECK;

/*
 * Whether the group whose answer was lost is on disk: then its last fact stands at its place with
 * the mark that only this chain has there. A group without facts may be written twice.
 */
int jz_group_find(struct jz_writer *writer, bool *ret_found, struct jz_error *err) JZ_MUST_CHECK;
