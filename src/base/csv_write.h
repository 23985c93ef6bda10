/*
 * Writes tables of text: comma, CRLF, quotes where a field needs them, UTF-8 without a mark.
 *
 * Spreadsheets run text that starts like a formula (= + - @, a tab or a carriage return, full-width
 * forms too). jz_csv_put_text, for whatever people or other systems wrote, puts an apostrophe
 * before such a start; jz_csv_unguard takes it off again, so a round trip changes nothing.
 * Numbers and days go through their own functions, or what this program itself made up (codes,
 * headers) through jz_csv_put_plain, and are never touched: -1.50 is a number.
 *
 * The writer is a plain value that belongs to one thread. Failures stick: nothing more is written,
 * and jz_csv_writer_flush tells. What is not flushed is lost.
 */
#pragma once

#include "base/date.h"

#include <stddef.h>

#define JZ_CSV_WRITER_BYTES        65536
#define JZ_CSV_MAX_WHOLE_ROW_BYTES (JZ_CSV_WRITER_BYTES / 2) /* reach the sink in one piece */

/* 0 or a negative JZ_E_*; all bytes are taken. */
typedef int jz_csv_write(void *sink, const void *data, size_t size, struct jz_error *err);

struct jz_csv_writer {
    jz_csv_write *write;
    void *sink;
    struct jz_error error; /* code 0: none yet */
    bool is_in_row;
    size_t used;
    char buffer[JZ_CSV_WRITER_BYTES];
};

void jz_csv_writer_init(struct jz_csv_writer *w, jz_csv_write *write, void *sink);

/* For `sink` a FILE *, which the caller closes. */
int jz_csv_write_file(void *sink, const void *data, size_t size, struct jz_error *err);

/* NULL is an empty field. */
void jz_csv_put_text(struct jz_csv_writer *w, const char *text);
void jz_csv_put_plain(struct jz_csv_writer *w, const char *text);
void jz_csv_put_int(struct jz_csv_writer *w, int64_t value);
void jz_csv_put_date(struct jz_csv_writer *w, struct jz_date date); /* no day: empty */
void jz_csv_end_row(struct jz_csv_writer *w);

int jz_csv_writer_flush(struct jz_csv_writer *w, struct jz_error *err) JZ_MUST_CHECK;

/* The text behind the apostrophe that jz_csv_put_text put there, or `text` itself. */
const char *jz_csv_unguard(const char *text);
