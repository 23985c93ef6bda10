/* What the files of this room share. */
#pragma once

#include "store/fact.h"
#include "store/store.h"

#include <pthread.h>

/* One row or statement of a group; the bytes lie in the group's arena. */
struct jz_write {
    enum jz_table table;   /* of a new row; otherwise 0 */
    const char *statement; /* run with the values; NULL for a new row */
    struct jz_sql_value *values;
    size_t count;
};

/* Memory that is released in one go. */
struct jz_arena {
    struct jz_arena_block *first, *current, *last;
};
void *jz_arena_take(struct jz_arena *arena, size_t size); /* NULL: out of memory */
void jz_arena_reset(struct jz_arena *arena);              /* keeps some blocks for the next use */
void jz_arena_done(struct jz_arena *arena);

/* What decide adds to. */
struct jz_entry {
    struct jz_arena *arena;
    struct jz_write *writes;
    size_t count, room;
    int64_t next_id, now;
    bool policies_changed, is_bulk, has_company;
    int failed; /* sticky: out of memory or over a limit */
};

/* The loading of person states, for writer and readers. states[i] is cleared and filled. */
int jz_states_load(struct jz_sql *sql, const int64_t *persons, size_t count,
                   const struct jz_policies *policies, struct jz_person_state *states,
                   struct jz_error *err) JZ_MUST_CHECK;

/*
 * What waits to be written (queue.c): of each person one act, the others in a line behind it, so
 * that a group is simply what stands first and no two of it are about one person. Whoever calls
 * holds a lock.
 */
#define JZ_QUEUE_BUCKET_BITS 10
struct jz_queue {
    struct jz_act *first, *last;
    size_t waiting;                                    /* all of them */
    struct jz_act *buckets[1 << JZ_QUEUE_BUCKET_BITS]; /* the heads of lines, by person */
};
void jz_queue_add(struct jz_queue *queue, struct jz_act *act);
/* An act that names a list of persons or stands alone comes alone. */
static inline bool jz_act_is_alone(const struct jz_act *act)
{
    return act->persons || act->alone;
}
size_t jz_queue_take(struct jz_queue *queue, struct jz_act **ret_acts, size_t room);

/*
 * checkpoint.c; the writer calls tend after each commit, with jz_sql_log_pages. In a bulk load
 * pages are written again and again: they are copied once for many commits.
 */
struct jz_checkpointer;
int jz_checkpointer_start(const char *url, struct jz_checkpointer **ret_checkpointer,
                          struct jz_error *err) JZ_MUST_CHECK;
void jz_checkpointer_stop(struct jz_checkpointer *checkpointer);
void jz_checkpointer_tend(struct jz_checkpointer *checkpointer, int64_t log_pages, bool is_bulk);

/* schema.c */
int jz_schema_read_version(struct jz_sql *sql, int *ret_version,
                           struct jz_error *err) JZ_MUST_CHECK;
int jz_schema_read_suite(struct jz_sql *sql, enum jz_suite *ret_suite,
                         struct jz_error *err) JZ_MUST_CHECK;
#define JZ_RECEIPT_SECRET_BYTES 65
int jz_schema_read_secret(struct jz_sql *sql, char ret_secret[JZ_RECEIPT_SECRET_BYTES],
                          struct jz_error *err) JZ_MUST_CHECK;
/* JZ_E_INTEGRITY when the database was made with another keyring; not bound yet: any will do. */
int jz_schema_check_keyring(struct jz_sql *sql, const struct jz_keyring *keyring, bool *ret_bound,
                            struct jz_error *err) JZ_MUST_CHECK;
int jz_schema_bind_keyring(const char *url, const struct jz_keyring *keyring,
                           struct jz_error *err) JZ_MUST_CHECK;
/* What jz_store_migrate does, by any steps to any version: all of them in one commit, or none. */
int jz_schema_migrate(const char *url, const char *const *steps, int to, int *ret_from,
                      struct jz_error *err) JZ_MUST_CHECK;

/*
 * chain.c: leaf, chain and mark for the facts among the rows of a group, perhaps on a thread of its
 * own. The rows stay where they are from begin to end, or cancel. After wait the row has its mark;
 * end adds the subtrees to be kept to the entry, and *head is then behind the last fact. After an
 * error only cancel may follow, and a new begin.
 */
struct jz_chainer;
int jz_chainer_new(enum jz_suite suite, struct jz_chainer **ret_chainer,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_chainer_free(struct jz_chainer *chainer);
int jz_chainer_begin(struct jz_chainer *chainer, struct jz_write *writes, size_t count,
                     struct jz_head *head, struct jz_error *err) JZ_MUST_CHECK;
int jz_chainer_wait(struct jz_chainer *chainer, size_t row, struct jz_error *err) JZ_MUST_CHECK;
int jz_chainer_end(struct jz_chainer *chainer, struct jz_entry *entry,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_chainer_cancel(struct jz_chainer *chainer);

/* writer.c */
struct jz_writer;
int jz_writer_start(struct jz_store *store, struct jz_writer **ret_writer,
                    struct jz_error *err) JZ_MUST_CHECK;
void jz_writer_stop(struct jz_writer *writer); /* after all that waits is done */
int jz_writer_post(struct jz_writer *writer, struct jz_batch *batch,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_writer_wait(struct jz_batch *batch);
void jz_writer_stats(struct jz_writer *writer, struct jz_store_stats *ret_stats);

struct jz_store {
    char *url;
    const struct jz_keyring *keyring;
    enum jz_suite suite;
    char receipt_secret[JZ_RECEIPT_SECRET_BYTES];
    int64_t (*clock)(void);
    struct jz_writer *writer; /* NULL: read-only */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t returned;
    struct jz_sql *idle[JZ_STORE_READERS];
    int idle_count, lent;
    struct jz_policies *policies;
};

/* The empty set of policies. */
int jz_policies_none(struct jz_policies **ret_policies, struct jz_error *err) JZ_MUST_CHECK;

/* Takes over the set and lets the old one go. */
void jz_store_set_policies(struct jz_store *store, struct jz_policies *policies);
