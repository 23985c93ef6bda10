/*
 * A register for tests: a database of its own in a temporary folder (or the PostgreSQL of
 * JIANZAI_POSTGRES, emptied), a clock that tests set, people added by acts as an import would.
 * Whatever fails ends the test.
 */
#pragma once

#include "store/store.h"

struct reg {
    char folder[32], keys[64], url[512];
    struct jz_keyring *keyring;
    struct jz_store *store;
};

/* Days at noon; the clock never goes back while a register is open. */
void reg_set_day(struct jz_date day);
struct jz_date reg_day(int year, int month, int day);

void reg_open(struct reg *reg, bool postgres);
void reg_reopen(struct reg *reg); /* the store alone, as another process would */
void reg_close(struct reg *reg);

void reg_policy(struct reg *reg, const char *text);

/* Unset or 0 is left out. */
struct reg_person {
    struct jz_date born_on;
    enum jz_scheme scheme;
    unsigned region;
    struct jz_date from, until;
    int benefits; /* of the same kind; 0: one */
    struct {
        enum jz_evidence_kind kind;
        enum jz_outcome outcome;
        struct jz_date observed_on;
    } signs[8];
    int sign_count;
};

/* In one act; ret_ids may be NULL. */
void reg_add(struct reg *reg, const struct reg_person *people, size_t count, int64_t *ret_ids);

/* A clerk saw the person that day; true when it certified something. */
bool reg_certify(struct reg *reg, int64_t person, struct jz_date observed_on);

int64_t reg_count(struct reg *reg, const char *question);
/* Every row of the answer as a line, columns with bars between; the caller frees. */
char *reg_text(struct reg *reg, const char *question);
/* A statement past the store, as damage would be done. */
void reg_damage(struct reg *reg, const char *statements);
