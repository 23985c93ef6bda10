/*
 * Tables of text, row by row: RFC 4180 with the variants of the field. Separators comma, tab or
 * semicolon (found in the header), lines ending in LF or CRLF, UTF-8 with or without byte order
 * mark, or GB18030. The first row names the columns; the caller's table says which it wants and by
 * which names each is known.
 *
 * A broken row is a value like any other: where it is, what is wrong and its bytes; reading goes
 * on behind it. Where the quotes make sense, the whole row is broken. Where they do not, only its
 * first line is, and the next line is read as a row: one stray quote costs one line, not the rest
 * of the file. Blank lines and rows of separators alone are passed over. A quote inside a field
 * that does not start with one stands for itself.
 *
 * A reader belongs to one thread at a time. What a row points to is the reader's, until the next
 * call.
 */
#pragma once

#include "base/encoding.h"

#include <sys/types.h>

#define JZ_CSV_MAX_ROW_BYTES   (1u << 20)
#define JZ_CSV_MAX_FIELD_BYTES (1u << 16)
#define JZ_CSV_MAX_FIELDS      512 /* in a row of the file */
#define JZ_CSV_MAX_COLUMNS     64  /* in the caller's table */

/* Bytes given (0 at the end) or a negative JZ_E_*. */
typedef ssize_t jz_csv_read(void *source, void *buffer, size_t size, struct jz_error *err);

/*
 * One column the caller wants. Names match whatever their case, with spaces and dashes taken for
 * underscores and the asterisk that marks required columns dropped.
 */
struct jz_csv_column {
    const char *name;            /* the first name accepted, and the one in messages */
    const char *const *accepted; /* more names, NULL at the end; may be NULL */
    bool required;
};

struct jz_csv_options {
    const struct jz_csv_column *columns; /* kept by the reader, not copied */
    unsigned column_count;
    enum jz_encoding encoding; /* AUTO: the first block that is not ASCII tells */
    char separator;            /* 0: found in the header */
};

enum jz_csv_trouble {
    JZ_CSV_FINE,
    JZ_CSV_TOO_FEW_FIELDS,
    JZ_CSV_TOO_MANY_FIELDS,
    JZ_CSV_BAD_BYTES, /* not of the encoding; only columns that are wanted are looked at */
    JZ_CSV_NUL_BYTE,
    JZ_CSV_OPEN_QUOTE,  /* never closed, or not within JZ_CSV_MAX_ROW_BYTES */
    JZ_CSV_STRAY_QUOTE, /* closed, but not at the end of its field */
    JZ_CSV_STRAY_CR,    /* a carriage return without line feed, outside quotes */
    JZ_CSV_LONG_ROW,
    JZ_CSV_LONG_FIELD,
    JZ_CSV_TROUBLE_COUNT
};

struct jz_csv_trouble_info {
    const char *name; /* stable API string */
    const char *zh_hans, *zh_hant, *en;
};

const struct jz_csv_trouble_info *jz_csv_trouble_info(enum jz_csv_trouble trouble);

struct jz_csv_field {
    const char *text; /* UTF-8, NUL behind it, never NULL: "" when the file lacks the column */
    size_t size;
};

struct jz_csv_row {
    enum jz_csv_trouble trouble;
    unsigned column;                   /* of the trouble in the file, from 1; 0: the row as such */
    uint64_t line;                     /* where the row starts, from 1 */
    uint64_t offset;                   /* of its first byte in the file */
    uint64_t next_line, next_offset;   /* where to go on, see jz_csv_resume */
    const struct jz_csv_field *fields; /* in the order of the caller's table; NULL in trouble */
    const char *raw;                   /* in trouble only: its bytes as they came, */
    size_t raw_size;                   /* at most JZ_CSV_MAX_ROW_BYTES of them */
};

struct jz_csv;

/*
 * Opens PATH and reads its header. JZ_E_NOT_FOUND, JZ_E_IO, JZ_E_MEMORY; JZ_E_FORMAT when there is
 * no header, when a required column is missing (the message names it and what it may be called) or
 * there twice; JZ_E_LIMIT for a header beyond the limits; JZ_E_UNSUPPORTED for UTF-16.
 */
int jz_csv_open(const char *path, const struct jz_csv_options *options, struct jz_csv **ret,
                struct jz_error *err) JZ_MUST_CHECK;

/* The same for anything that can be read; `name` is what messages call it. */
int jz_csv_open_source(jz_csv_read *read, void *source, const char *name,
                       const struct jz_csv_options *options, struct jz_csv **ret,
                       struct jz_error *err) JZ_MUST_CHECK;
void jz_csv_free(struct jz_csv *c);

/* 1 with a row, broken or not; 0 at the end; JZ_E_IO, JZ_E_MEMORY or what `read` answered. */
int jz_csv_next(struct jz_csv *c, struct jz_csv_row *ret_row, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Goes on where a row said (next_offset, next_line), forward only. Open with the encoding that
 * jz_csv_encoding gave then. JZ_E_USAGE for an offset that is behind, JZ_E_FORMAT for one beyond
 * the end.
 */
int jz_csv_resume(struct jz_csv *c, uint64_t offset, uint64_t line,
                  struct jz_error *err) JZ_MUST_CHECK;

/* AUTO as long as all was ASCII. */
enum jz_encoding jz_csv_encoding(const struct jz_csv *c);
char jz_csv_separator(const struct jz_csv *c);

/* Whether the file has the caller's column. */
bool jz_csv_has(const struct jz_csv *c, unsigned column);

/* Names in the header that the caller's table does not know, as they stand there. */
unsigned jz_csv_unknown_count(const struct jz_csv *c);
const char *jz_csv_unknown(const struct jz_csv *c, unsigned index);

static inline void jz_csv_freep(struct jz_csv **c)
{
    jz_csv_free(*c);
}
