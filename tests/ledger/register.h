/*
 * A made-up register: a store in a place of its own, a clock that the test sets, policies, and
 * people added as an import adds them. Whatever fails ends the test.
 */
#pragma once

#include "ledger/claim.h"
#include "place.h"

extern struct jz_store *store; /* NULL while it is paused */

/* "2026-11-25"; NULL is no day. */
struct jz_date day(const char *text);

/* Noon of that day; while a register is open its clock never goes back. */
void register_set_today(struct jz_date today);

void register_open(void);
void register_close(void);
int register_tear_down(void **state); /* the same as a fixture */
void register_pause(void);            /* closes the store, so that another process may be made */
void register_reopen(void);
void register_rotate(enum jz_purpose purpose); /* a new version of the key, and reopens */

void register_add_policy(const char *yaml);

enum { REGISTER_BENEFITS = 3, REGISTER_SIGNS = 8 };

struct register_benefit {
    enum jz_scheme scheme;
    unsigned region; /* 0: the end of a list */
    struct jz_date from, until;
    const char *unit;
};

struct register_person {
    const char *document, *name; /* NULL: a passport of the person's own, "无名" */
    struct jz_date born_on;
    struct register_benefit benefits[REGISTER_BENEFITS];
    struct register_sign {
        enum jz_evidence_kind kind;
        enum jz_outcome outcome;
        struct jz_date observed_on; /* unset: the end of a list */
    } signs[REGISTER_SIGNS];
    const char *phone; /* NULL: none is known */
};

/* All in one act; ret_ids may be NULL. */
void register_add(const struct register_person *people, size_t count, int64_t *ret_ids);
int64_t register_add_person(const struct register_person *person);
void register_enrol(int64_t person);
void register_move(int64_t person, unsigned residence);

/* The community saw the person that day; true when it certified something. */
bool register_certify(int64_t person, struct jz_date observed_on);

int64_t register_facts(int64_t person, enum jz_table table); /* how many */
/* Every row of the answer as a line, columns with bars between; the caller frees. */
char *register_text(const char *question);

/* The cached standing of each benefit is what the calendar says of the facts. */
void register_check_caches(int64_t person);

/* Statements past the store, as damage would be done. */
void register_damage(const char *statements);

/* "FOLDER/NAME", with that text in it unless it is NULL; free. */
char *register_file(const char *name, const char *text);
