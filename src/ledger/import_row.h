/*
 * One row of a register file, read and checked: what it says, or what is wrong with it. Pure.
 */
#pragma once

#include "identity/register.h"
#include "store/person.h"

#define JZ_IMPORT_REASON_BYTES 160
#define JZ_IMPORT_UNIT_MAX     90
#define JZ_IMPORT_MAX_FEN      1000000000 /* ten million yuan a month */
#define JZ_IMPORT_AHEAD_DAYS   366        /* a benefit that begins later than that is a mistake */

/* Texts are borrowed from the row of the file, or lie in `room`. */
struct jz_import_row {
    struct jz_document document;
    struct jz_person_data data;
    struct jz_date born_on;
    enum jz_sex sex;
    unsigned care, residence; /* residence 0: where insured */
    enum jz_scheme scheme;
    unsigned region;
    struct jz_date from;
    int64_t fen;      /* -1: not given */
    const char *unit; /* NULL: managed by the community */
    struct jz_date last_on;
    enum jz_evidence_kind last_kind;
    bool has_warning; /* something that an override took */
    char room[JZ_REGISTER_COLUMN_COUNT][128];
};

/* Why a row is refused. */
struct jz_import_problem {
    int column; /* enum jz_register_column, -1: the row as such */
    char reason[JZ_IMPORT_REASON_BYTES];
};

/*
 * False and the problem when the row is refused. With `override`, warnings (a wrong check digit
 * and other findings of identity/document.h, a sex or birth date that the number contradicts) do
 * not refuse it. `on` is the day of the import.
 */
bool jz_import_read_row(const struct jz_csv_row *row, struct jz_date on, bool override,
                        struct jz_import_row *ret_row, struct jz_import_problem *ret_problem);
