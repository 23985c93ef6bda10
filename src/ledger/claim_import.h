/*
 * Files whose rows say that people gave a sign of life, or died: what data matches (match.h) and
 * employers' lists (unit_list.h) share. Each row becomes one claim or one report of a death, with a
 * verdict of its own; a row that is wrong costs nobody else anything.
 *
 * Rows go to the store in batches, one being prepared while the other is written. A row is taken
 * once: its key is a keyed hash of the source and the row's own name in it (or person, day,
 * place and event), looked up before and guarded by a unique index. So a file may be run again at
 * any time, also after the program was killed in the middle: what was taken is told as such.
 *
 * One thread; the progress function is called on it.
 */
#pragma once

#include "base/csv.h"
#include "ledger/claim.h"

/* Bytes, without the NUL. */
#define JZ_ROW_WHO_MAX   64
#define JZ_ROW_NAME_MAX  120
#define JZ_ROW_EVENT_MAX 120
#define JZ_ROW_REF_MAX   128

enum jz_row_verdict {
    JZ_ROW_CERTIFIED,
    JZ_ROW_DEATH,     /* a death is on record now */
    JZ_ROW_RECORDED,  /* kept, and counts for nothing; the reason says why */
    JZ_ROW_CASE,      /* kept, and somebody has to look at it */
    JZ_ROW_NOT_FOUND, /* the person is not in the register */
    JZ_ROW_TAKEN,     /* the row was taken before */
    JZ_ROW_REFUSED,   /* nothing was kept; column and reason say why */
    JZ_ROW_VERDICTS
};
extern const struct jz_word jz_row_verdict_words[JZ_ROW_VERDICTS];

enum jz_row_refusal {
    JZ_REFUSED_NOT, /* it is not refused */
    JZ_REFUSED_BROKEN,
    JZ_REFUSED_MISSING,
    JZ_REFUSED_LONG,
    JZ_REFUSED_DOCUMENT,
    JZ_REFUSED_NAME,
    JZ_REFUSED_DAY,
    JZ_REFUSED_DAY_IMPOSSIBLE,
    JZ_REFUSED_PLACE,
    JZ_REFUSED_STATUS,
    JZ_REFUSED_UNIT,
    JZ_REFUSED_AREA,
    JZ_REFUSED_REF_REUSED,
    JZ_REFUSED_TOO_MUCH,
    JZ_ROW_REFUSALS
};
extern const struct jz_word jz_row_refusal_words[JZ_ROW_REFUSALS];

/* What a row says, read from its fields alone. */
struct jz_row {
    char who[JZ_ROW_WHO_MAX + 1];   /* document number, or a person's reference */
    char name[JZ_ROW_NAME_MAX + 1]; /* "": not given, nothing is compared */
    char event[JZ_ROW_EVENT_MAX + 1];
    char ref[JZ_ROW_REF_MAX + 1]; /* the row's own name in its source; "": none */
    struct jz_date on;
    unsigned place;         /* region of six digits, 0: not known */
    bool is_death;          /* a report of a death, otherwise a claim */
    const char *not_passed; /* reason.h: the claim did not pass; NULL: it did */
};

/* The columns of one kind of file, and how a row of them is read. */
struct jz_row_format {
    const char *kind; /* of the IMPORT fact */
    const struct jz_csv_column *columns;
    unsigned column_count;
    /* The columns that everybody's checks are about; column_count: the format has none. */
    unsigned who_column, name_column, day_column, ref_column;
    /*
     * Pure. Fills the row, which is zero; otherwise says what is wrong with which column.
     * `is_death`: the source reports deaths.
     */
    enum jz_row_refusal (*read)(const struct jz_csv_field *fields, bool is_death,
                                struct jz_row *ret_row, unsigned *ret_column);
};

/* Helpers of read: a text that fits, a day, a region of 2, 4 or 6 digits. */
enum jz_row_refusal jz_row_text(const struct jz_csv_field *field, bool required, char *ret,
                                size_t size);
enum jz_row_refusal jz_row_day(const struct jz_csv_field *field, struct jz_date *ret_day);
enum jz_row_refusal jz_row_place(const struct jz_csv_field *field, unsigned *ret_place);
/* Words for a kind of event; one that holds a long number is not kept: it could be a person's. */
enum jz_row_refusal jz_row_event(const struct jz_csv_field *field, char *ret, size_t size);

/* The same name as people write it: spaces, middle dots and the case of letters aside. */
bool jz_same_name(const char *a, const char *b);

typedef void (*jz_claim_import_progress_fn)(void *context, uint64_t rows, uint64_t bytes,
                                            uint64_t total);

struct jz_claim_import {
    const struct jz_row_format *format;
    const char *path;
    const char *verdicts; /* a CSV to write, a row for each row; NULL: none */
    const char *source, *operator;
    enum jz_evidence_kind kind; /* of its claims */
    bool is_death;              /* the source reports deaths */
    bool trusted;               /* false: its rows open cases */
    const char *unit; /* whoever this employer does not manage is refused; NULL: not asked */
    const char *area; /* whoever neither lives nor is insured in it (region.h); NULL: not asked */
    const struct jz_claim_document *documents; /* presented with the whole file */
    int document_count;
    jz_claim_import_progress_fn on_progress; /* after each batch; may be NULL */
    void *context;
};

struct jz_claim_import_result {
    uint64_t rows, verdicts[JZ_ROW_VERDICTS];
    int64_t import; /* the fact of this file */
    bool again;     /* that fact was there: the file was imported to its end before */
    unsigned unknown_columns;
};

/*
 * Takes the whole file. An error other than a row's ends it: JZ_E_FORMAT, JZ_E_NOT_FOUND, JZ_E_IO
 * …; what was taken until then stays taken, and the same file may be run again.
 */
int jz_claim_import_run(struct jz_store *store, const struct jz_claim_import *import,
                        struct jz_claim_import_result *ret_result,
                        struct jz_error *err) JZ_MUST_CHECK;
