/* What the parts of the CSV reader share. */
#pragma once

#include "base/csv.h"

/* Where a field stands in the buffer, quotes around it left out. */
struct jz_csv_cut {
    uint32_t start, end;
    bool has_quotes; /* doubled ones inside */
};

/* One row found in the buffer, which is still as it was read. */
struct jz_csv_scan {
    enum jz_csv_trouble trouble;
    unsigned column;
    uint64_t offset; /* of the row in the file */
    bool is_line;    /* the quotes make no sense: the row is given up at its first line end */
    unsigned field_count;
    uint32_t next;        /* behind its line end */
    uint32_t line_breaks; /* inside quotes and at its end */
};

struct jz_csv {
    jz_csv_read *read;
    void *source;
    int fd; /* -1 when the caller reads */
    char *name;
    const struct jz_csv_column *columns;
    unsigned column_count;

    enum jz_encoding encoding;
    struct jz_transcoder *transcoder; /* of GB18030 */
    char separator;
    uint8_t stops[256]; /* the bytes that end a field without quotes */

    /* The data is [start, end); buffer[end] is a line feed that ends every scan. */
    char *buffer;
    uint32_t room, start, end;
    uint64_t offset; /* of buffer[0] in the file */
    uint64_t line;   /* of `start` */
    bool is_at_end;

    unsigned width; /* fields of the header */
    struct jz_csv_cut cuts[JZ_CSV_MAX_FIELDS];
    int place[JZ_CSV_MAX_COLUMNS]; /* the field of the caller's column, -1: none */
    struct jz_csv_field fields[JZ_CSV_MAX_COLUMNS];
    char *converted; /* fields that were GB18030 */
    size_t converted_room;

    char **unknown;
    unsigned unknown_count;
};

/* Finds the row at `start`. False: it goes on behind the data, and the file too. */
bool jz_csv_scan_row(struct jz_csv *c, struct jz_csv_scan *ret);

/* Takes the header: separator, places of the columns, unknown ones. */
int jz_csv_take_header(struct jz_csv *c, struct jz_error *err) JZ_MUST_CHECK;

/* The next row that is not blank: 1 with its scan, 0 at the end, negative on failure. */
int jz_csv_find_row(struct jz_csv *c, struct jz_csv_scan *ret, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Turns fields of the scanned row into text, in place where it can: fields[i] is the one that
 * stands at place[i], "" for -1. What is wrong with one goes to the scan, and then nothing of the
 * buffer has changed.
 */
int jz_csv_take_fields(struct jz_csv *c, const int *place, unsigned count,
                       struct jz_csv_field *fields, struct jz_csv_scan *scan,
                       struct jz_error *err) JZ_MUST_CHECK;
