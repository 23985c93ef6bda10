/* A small register for tests: store, keyring, clock, policies and made-up people. */
#pragma once

#include "ledger/claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct register_benefit {
    enum jz_scheme scheme;
    unsigned region; /* 0: the end of a list */
    const char *from, *until, *unit;
};

struct register_person {
    const char *document, *name, *born_on; /* document may be NULL */
    struct register_benefit benefits[3];
};

/* The register of the running test program; SQLite, or the PostgreSQL of JIANZAI_POSTGRES. */
extern struct jz_store *store;
extern struct jz_keyring *keyring;
extern char folder[32];

/* False when it cannot be made; the reason is printed. Today is `today` at noon in Shanghai. */
bool register_open(int argc, char **argv, const char *today);
void register_close(void);
void register_pause(void); /* closes the store, so that another process may be made */
void register_reopen(void);
void register_rotate(enum jz_purpose purpose); /* a new version of the key, and reopens */
void register_set_today(const char *today);

struct jz_date day(const char *text);
void register_add_policy(const char *yaml);
int64_t register_add_person(const struct register_person *person);
void register_enrol(int64_t person);
void register_move(int64_t person, unsigned residence);

/* The only number a query with one number as parameter gives. */
int64_t register_count(const char *question, int64_t parameter);
int64_t register_facts(int64_t person, enum jz_table table);

/* The cached standing of each benefit is what the calendar says of the facts. */
void register_check_caches(int64_t person);

/* "FOLDER/NAME", with that text in it unless it is NULL; free. */
char *register_file(const char *name, const char *text);
