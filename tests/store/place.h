/*
 * Where a test of the databases works: a folder of its own with a keyring, and an empty database,
 * SQLite in that folder or PostgreSQL. One at a time; whatever fails ends the test.
 */
#pragma once

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern bool on_postgres;
extern char folder[32], keyring_file[64], url[512];
extern struct jz_keyring *keyring;

void check_code(int got, int wanted, const char *what, const struct jz_error *err, const char *file,
                int line);
/* Of calls that leave their error in `err`. */
#define GIVES(call, wanted) check_code(call, wanted, #call, &err, __FILE__, __LINE__)
#define WORKS(call)         GIVES(call, 0)

/*
 * First of all in main: which database, by the program's argument, "sqlite" or "postgres". With the
 * latter and no JIANZAI_POSTGRES the program runs itself again below a private server. False, and
 * main's status, when there is nothing more to do.
 */
bool place_choose(int argc, char **argv, int *ret_status);

void place_make(enum jz_suite suite);
void place_empty(void); /* the database alone, as it was at first */
void place_drop(void);

/* As fixtures: a place whose database is a register of nobody yet. */
int place_set_up(void **state);
int place_tear_down(void **state);

/* The caller closes it; options NULL: the usual ones. */
struct jz_store *open_store(const struct jz_store_options *options);

/* The only number of an answer, without and with parameters. */
int64_t ask_store(struct jz_store *store, const char *question);
int64_t ask_store_with(struct jz_store *store, const char *question,
                       const struct jz_sql_value *values, size_t count);
