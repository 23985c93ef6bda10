/* What the files of claim_import share. */
#pragma once

#include "base/csv_write.h"
#include "ledger/claim_import.h"
#include "ledger/death.h"

enum { IMPORT_BATCH = 512 };

/* A row on its way. */
struct import_row {
    uint64_t line;
    struct jz_row in;
    int64_t person; /* 0: not found, or not looked for */
    enum jz_row_verdict verdict;
    enum jz_row_refusal refusal;
    enum jz_csv_trouble trouble; /* of a broken row */
    unsigned column;             /* the format's, of a refusal */
    bool settled;                /* the verdict stands */
    bool waits;                  /* a row before it has the same key: asked about afterwards */
    uint8_t key[JZ_LOOKUP_BYTES];
    char detail[2 * JZ_ROW_EVENT_MAX + 64];
    char reasons[JZ_REASONS_TEXT_BYTES];
    struct jz_claim claim;
    struct jz_claim_act claim_act;
    struct jz_death death;
    struct jz_death_act death_act;
};

static inline void jz_rows_settle(struct import_row *row, enum jz_row_verdict verdict)
{
    row->verdict = verdict;
    row->settled = true;
}

static inline void jz_rows_refuse(struct import_row *row, enum jz_row_refusal refusal,
                                  unsigned column)
{
    row->refusal = refusal;
    row->column = column;
    jz_rows_settle(row, JZ_ROW_REFUSED);
}

/* claim_import_look.c: what the register knows of the rows that are not settled. */
int jz_rows_find_people(struct jz_store *store, const struct jz_claim_import *import,
                        struct import_row *rows, size_t count, struct jz_error *err) JZ_MUST_CHECK;
/* Makes the keys too. */
int jz_rows_find_taken(struct jz_store *store, const struct jz_claim_import *import,
                       struct import_row *rows, size_t count, struct jz_error *err) JZ_MUST_CHECK;
int jz_rows_check_people(struct jz_store *store, const struct jz_claim_import *import,
                         struct import_row *rows, size_t count, struct jz_error *err) JZ_MUST_CHECK;

/* claim_import_verdict.c: the file of verdicts; without a path everything does nothing. */
struct import_verdicts {
    char *path, *part; /* written under the second name until it is whole */
    FILE *file;
    struct jz_csv_writer *writer;
};
int jz_rows_verdicts_open(struct import_verdicts *v, const char *path, const char *input,
                          struct jz_error *err) JZ_MUST_CHECK;
void jz_rows_verdicts_put(struct import_verdicts *v, const struct jz_row_format *format,
                          const struct import_row *row);
int jz_rows_verdicts_finish(struct import_verdicts *v, struct jz_error *err) JZ_MUST_CHECK;
void jz_rows_verdicts_done(struct import_verdicts *v); /* leaves nothing that is not whole */
