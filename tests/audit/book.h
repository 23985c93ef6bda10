/*
 * A made-up register with rows in every table of facts, and the hand of somebody who may write
 * everywhere in the database, past the triggers.
 */
#pragma once

#include "place.h"

#include "audit/verify.h"
#include "store/fact.h"

#include <string.h>

extern struct jz_error err;

struct book {
    struct jz_store *store;
    unsigned long long seed; /* of rnd() */
};

void book_open(struct book *b, enum jz_suite suite);
void book_close(struct book *b);
/* A test with a book of its own, opened before and closed behind it. */
#define BOOK_TEST(function, b)                                                                     \
    cmocka_unit_test_prestate_setup_teardown(function, book_set_up, book_tear_down, b)
int book_set_up(void **state);
int book_tear_down(void **state);
void book_reopen(struct book *b); /* keyring and store, as after a rotation */

/* Numbers below `most`, the same ones for the same seed. */
unsigned long long rnd(struct book *b, unsigned long long most);

/* So many facts more, of all tables but audit_root and shred, in acts of a few. */
void book_fill(struct book *b, int facts);
#define BOOK_PERSONS 5 /* made by the first fill; their ids are the first */
int64_t book_person(int number);

/* A receipt with a payload as certifying makes it; its fact id. */
int64_t book_receipt(struct book *b);

/* A key of the person's own and templates sealed under it; the key as it is wrapped. */
struct wrapped {
    uint8_t bytes[JZ_SUBJECT_KEY_MAX_BYTES];
    size_t size;
};
struct wrapped book_enrol(struct book *b, int64_t person);

/* One fact more with these values. */
int64_t book_add(struct book *b, enum jz_table table,
                 const struct jz_sql_value values[JZ_MAX_COLUMNS]);

struct jz_audit_result book_verify(struct book *b, const struct jz_signed_root *witness);

/* A connection for which facts are no facts. */
struct jz_sql *book_raw(void);

/* Makes marks, head and (if wanted) kept hashes fit the rows as they stand. */
void book_forge(struct book *b, struct jz_sql *sql, bool with_nodes);

/* One statement; the text need not be a constant. */
void run_text(struct jz_sql *sql, const char *text, const struct jz_sql_value *values,
              size_t count);
int64_t ask(struct jz_sql *sql, const char *question);

/* An id in the table, any; 0 when it is empty. */
int64_t book_any(struct book *b, struct jz_sql *sql, enum jz_table table);

/* Of facts that book_fill adds: all but SHRED and ROOT. */
enum jz_table book_any_table(struct book *b);
