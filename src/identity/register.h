/*
 * The register of people as agencies hand it over: which columns there are, by which names, and
 * what the coded ones may say. docs/import.md tells it to people. Constant tables, pure functions.
 *
 * One row is one benefit; the same document on several rows is one person with several benefits.
 */
#pragma once

#include "base/csv.h"

enum jz_register_column {
    JZ_REGISTER_DOCUMENT,
    JZ_REGISTER_DOCUMENT_KIND, /* jz_document_kind_info names; empty: by the number */
    JZ_REGISTER_ISSUING_STATE,
    JZ_REGISTER_NAME,
    JZ_REGISTER_SEX,
    JZ_REGISTER_BORN_ON,
    JZ_REGISTER_PHONE,
    JZ_REGISTER_ADDRESS,
    JZ_REGISTER_REGION,    /* where insured */
    JZ_REGISTER_RESIDENCE, /* where living: a region code, or a country (ISO 3166-1 alpha-3) */
    JZ_REGISTER_SCHEME,
    JZ_REGISTER_BENEFIT_FROM,
    JZ_REGISTER_AMOUNT_FEN,
    JZ_REGISTER_AMOUNT_YUAN,
    JZ_REGISTER_MANAGED_BY,
    JZ_REGISTER_UNIT,
    JZ_REGISTER_CARE, /* codes with semicolons between them */
    JZ_REGISTER_LAST_CERTIFIED_ON,
    JZ_REGISTER_LAST_CERTIFIED_KIND,
    JZ_REGISTER_COLUMN_COUNT
};

/* The table for jz_csv_open, in the order of the enum; accepted[0] is the Chinese header. */
const struct jz_csv_column *jz_register_columns(void);

/* One thing a coded column may say. */
struct jz_register_code {
    enum jz_register_column column;
    const char *code;    /* in files and in this program */
    const char *zh;      /* in Chinese files */
    const char *also_zh; /* another Chinese word; may be NULL */
};

/* The row for a text in English or Chinese; NULL when the column has no such code. */
const struct jz_register_code *jz_register_code(enum jz_register_column column, const char *text);

/* All rows, those of one column together. */
const struct jz_register_code *jz_register_codes(size_t *ret_count);
