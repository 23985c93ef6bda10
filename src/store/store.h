/*
 * The store: facts that nobody can change, caches made from them, one writer, many readers.
 *
 * Whoever wants to write submits acts. An act is decided inside the writer, on the state of its
 * person as it is at that moment, by a function that does no I/O; what it adds is committed whole
 * or not at all, together with other acts that wait (group commit), and is on disk before the
 * caller goes on. Every fact gets its place in the chain there.
 *
 * A store is shared by all threads. SQLite serves one machine, PostgreSQL several: a group takes
 * the lock of the chain's head first, so that several processes may write.
 */
#pragma once

#include "crypto/keyring.h"
#include "policy/calendar.h"
#include "store/table.h"

#include <semaphore.h>

#define JZ_STORE_GROUP_ACTS   256  /* most acts of one commit */
#define JZ_STORE_QUEUE_ACTS   8192 /* most acts that wait */
#define JZ_STORE_LIST_PERSONS 8192 /* most persons of one act that names a list */
#define JZ_STORE_READERS      16   /* most connections that read at a time */
#define JZ_STORE_ENTRY_ROWS   200000
#define JZ_STORE_CLOCK_BACK_S 300 /* a clock that went back further stops the writer */
#define JZ_PERSON_BENEFITS    16
#define JZ_PERSON_SIGNS       2048
#define JZ_SCHEMA_VERSION     2

struct jz_store;

/*
 * Makes the tables in an empty database. JZ_E_CONFLICT when it has some already. The suite's digest
 * chains the facts for as long as the database lives.
 */
int jz_store_create(const char *url, enum jz_suite suite, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The schema's version in the database and that of this program. Migration goes forward only; a
 * newer database is refused (JZ_E_UNSUPPORTED).
 */
int jz_store_version(const char *url, int *ret_version, struct jz_error *err) JZ_MUST_CHECK;
int jz_store_migrate(const char *url, int *ret_from, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The keyring is borrowed and must outlive the store. The first that opens a database for writing
 * is bound to it: with another one it is JZ_E_INTEGRITY, before anything is written.
 * JZ_E_NOT_FOUND, JZ_E_UNSUPPORTED (older or newer schema, with what to do), JZ_E_IO.
 */
struct jz_store_options {
    bool read_only;
    bool without_policies;  /* none are loaded: for looking at a register that may be damaged */
    int64_t (*clock)(void); /* seconds since 1970; NULL: the system's */
};
int jz_store_open(const char *url, const struct jz_keyring *keyring,
                  const struct jz_store_options *options, struct jz_store **ret_store,
                  struct jz_error *err) JZ_MUST_CHECK;
void jz_store_close(struct jz_store *store); /* waits for what was submitted */

const struct jz_keyring *jz_store_keyring(const struct jz_store *store);
const char *jz_store_url(const struct jz_store *store);
enum jz_suite jz_store_suite(const struct jz_store *store);
/* What the codes of receipts are made with (ledger/receipts.h); a text. */
const char *jz_store_receipt_secret(const struct jz_store *store);
struct jz_date jz_store_today(const struct jz_store *store); /* by its clock */

/* A connection that reads; give it back soon. At most JZ_STORE_READERS at a time: others wait. */
int jz_store_reader(struct jz_store *store, struct jz_sql **ret_sql,
                    struct jz_error *err) JZ_MUST_CHECK;
void jz_store_return(struct jz_store *store, struct jz_sql *sql);

/*
 * Asks with a reader and gives on_row every row of the answer; its key is the row's number, from 0.
 * A negative result of on_row ends it and is returned.
 */
int jz_store_ask(struct jz_store *store, const char *statement, const struct jz_sql_value *values,
                 size_t count, jz_sql_row_fn on_row, void *context, size_t *ret_rows,
                 struct jz_error *err) JZ_MUST_CHECK;

/*
 * The policies in force, as they were loaded last; they are loaded anew when somebody added one.
 * Immutable; ref-counted because readers may hold an older set for a moment.
 */
struct jz_policies;
struct jz_policies *jz_store_policies(struct jz_store *store);
struct jz_policies *jz_policies_ref(struct jz_policies *policies);
void jz_policies_unref(struct jz_policies *policies);
/* NULL when no policy covers it; *ret_fact is the fact id of the version. */
const struct jz_policy *jz_policies_find(const struct jz_policies *policies, unsigned region,
                                         enum jz_scheme scheme, struct jz_date on,
                                         int64_t *ret_fact);
/* Of one version by its fact id; NULL when there is none. */
const struct jz_policy *jz_policies_by_fact(const struct jz_policies *policies, int64_t fact);
const struct jz_policy_set *jz_policies_set(const struct jz_policies *policies);
/* The fact id of a version of this very set; 0 when it is of another. */
int64_t jz_policies_fact(const struct jz_policies *policies, const struct jz_policy *policy);
/* Reads the policy facts and makes a new set of them; called by the writer and at opening. */
int jz_policies_load(struct jz_sql *sql, struct jz_policies **ret_policies,
                     struct jz_error *err) JZ_MUST_CHECK;

/* One benefit as it holds now. */
struct jz_benefit_state {
    int64_t benefit, version; /* first row and row in force */
    enum jz_scheme scheme;
    unsigned region;
    struct jz_date from, until; /* until unset: still drawn */
    bool by_unit;               /* an employer still manages the person */
    /* as cached */
    struct jz_date due_on, grace_until, next_on;
    enum jz_standing_state state;
    int64_t decided_by;
};

/* What is known of evidence beside its sign, at the same place of the array. */
struct jz_sign_detail {
    uint8_t strength;
    unsigned place;      /* region, 0 unknown */
    int64_t recorded_at; /* seconds */
};

/* Everything a decision about one person rests on. Borrowed during decide. */
struct jz_person_state {
    int64_t person; /* 0: the act named none; otherwise it exists */
    int64_t row;    /* of person, the one that holds */
    struct jz_date born_on;
    int sex;
    unsigned care;
    unsigned residence; /* 0: where insured */
    struct jz_benefit_state benefits[JZ_PERSON_BENEFITS];
    int benefit_count;
    struct jz_sign *signs; /* in the calendar's order; superseded rows are left out */
    struct jz_sign_detail *details;
    int sign_count;
    int64_t enrolment;          /* latest with templates still readable; 0: none */
    struct jz_date died_on;     /* recorded death, unset: none */
    int64_t death;              /* the event that says so: its first row */
    int64_t open_case;          /* latest of the cases that are open, 0: none */
    int64_t open_attempts_case; /* the same of kind failed_attempts */
    const struct jz_policies *policies;
    struct jz_policies *held; /* the store's own */
};

/* ---- Acts ---- */

struct jz_entry;

/*
 * Adds to the entry, or refuses with an error: then nothing of it is kept. May be called again.
 * `state` is that of the act's person; for an act that names a list, an array in its order, where a
 * person who does not exist has the number 0.
 */
typedef int (*jz_decide_fn)(void *context, const struct jz_person_state *state,
                            struct jz_entry *entry, struct jz_error *err);

/*
 * A list of persons is for jobs that go through the register in chunks. It is a group of its own,
 * so its length decides how long others wait; hold_ns tells afterwards.
 */
struct jz_act {
    int64_t person; /* whose state decide wants; 0: nobody's */
    jz_decide_fn decide;
    void *context;
    const int64_t *persons; /* borrowed, ascending, each once; NULL: no list */
    size_t person_count;
    int result; /* 0, or the error of this act alone */
    struct jz_error error;
    int64_t hold_ns; /* how long its group held the write lock */
    /* The store's own. */
    struct jz_batch *batch;
    struct jz_act *next, *in_bucket, *behind, *line_end;
};

/* Submits the acts and waits until each is on disk or refused; negative when none was taken. */
int jz_store_submit(struct jz_store *store, struct jz_act *acts, size_t count,
                    struct jz_error *err) JZ_MUST_CHECK;

/* One act from beginning to end: its own error is that of the call. */
int jz_store_act(struct jz_store *store, struct jz_act *act, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The same in two halves, so that the caller prepares the next batch meanwhile. Batch and acts stay
 * where they are until wait returns; it is called once for each batch that was taken. post waits
 * for room in the queue; with `impatient` it answers JZ_E_BUSY instead.
 */
struct jz_batch {
    struct jz_act *acts;
    size_t count;
    bool impatient;
    /* The store's own. */
    size_t remaining;
    sem_t done;
};
int jz_store_post(struct jz_store *store, struct jz_batch *batch,
                  struct jz_error *err) JZ_MUST_CHECK;
void jz_store_wait(struct jz_store *store, struct jz_batch *batch);

/* ---- Inside decide ---- */

/* Values by column; id, recorded_at and mark are filled in. Returns the fact's id. */
int64_t jz_entry_add(struct jz_entry *entry, enum jz_table table,
                     const struct jz_sql_value values[JZ_MAX_COLUMNS]);

/* The id that the next fact added will have. */
int64_t jz_entry_next_id(const struct jz_entry *entry);

/* A new row of a cache. */
void jz_entry_put(struct jz_entry *entry, enum jz_table table,
                  const struct jz_sql_value values[JZ_MAX_COLUMNS]);

/* A statement on caches, run after all rows of the group. */
void jz_entry_run(struct jz_entry *entry, const char *statement, const struct jz_sql_value *values,
                  size_t count);

/* The second this group is recorded at, and its civil day. */
int64_t jz_entry_now(const struct jz_entry *entry);
struct jz_date jz_entry_today(const struct jz_entry *entry);

/* This act is one of many large ones: what only makes a large load faster may be done. */
void jz_entry_bulk(struct jz_entry *entry);

/* The policies of this group will be stale: load them anew before the next. */
void jz_entry_policies_changed(struct jz_entry *entry);

/* ---- Reading ---- */

/* The same state outside the writer. JZ_E_NOT_FOUND. The caller frees with jz_person_state_done. */
int jz_person_state_load(struct jz_store *store, int64_t person, struct jz_person_state *ret_state,
                         struct jz_error *err) JZ_MUST_CHECK;
void jz_person_state_done(struct jz_person_state *state);

/*
 * Erases from the files of the live database what was deleted or replaced in a table of
 * bookkeeping: SQLite empties its write-ahead log into the file, whose free bytes it has
 * overwritten already; PostgreSQL vacuums the table, which frees the bytes but leaves it to later
 * rows to overwrite them. Backups and copies keep what they have. JZ_E_BUSY: a reader still sees
 * the older state; the same call may do later.
 */
int jz_store_scrub(struct jz_store *store, enum jz_table table, struct jz_error *err) JZ_MUST_CHECK;

/*
 * After a large load: PostgreSQL's planner is told how large the tables are now, or it reads them
 * in the wrong order until autovacuum comes by. Nothing on SQLite.
 */
int jz_store_analyze(struct jz_store *store, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The next people above `after` and up to `until`, in the order of their ids, with the benefits of
 * each: how the whole register is read in pages of a few queries. At most `room` rows of benefits
 * are read; a page of no people is the end. Run it inside a reading transaction. The caller
 * releases each state; policies are borrowed, NULL where nobody looks at them.
 */
#define JZ_STATES_PAGE_MIN (2 * JZ_PERSON_BENEFITS)
int jz_states_page(struct jz_sql *sql, const struct jz_policies *policies, int64_t after,
                   int64_t until, struct jz_person_state *states, size_t room, size_t *ret_count,
                   struct jz_error *err) JZ_MUST_CHECK;

/* How the writer did since it started, for benchmarks and metrics. */
struct jz_store_stats {
    uint64_t groups, acts, facts;
    int64_t longest_hold_ns; /* between taking the write lock and the end of the commit */
};
void jz_store_stats(struct jz_store *store, struct jz_store_stats *ret_stats);

static inline void jz_store_closep(struct jz_store **s)
{
    jz_store_close(*s);
}
static inline void jz_policies_unrefp(struct jz_policies **p)
{
    jz_policies_unref(*p);
}
