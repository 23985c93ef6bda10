#include "base/csv_write.h"

#include <errno.h>
#include <string.h>

enum { INT_TEXT_BYTES = 24 };

void jz_csv_writer_init(struct jz_csv_writer *w, jz_csv_write *write, void *sink)
{
    w->write = write;
    w->sink = sink;
    w->error.code = 0;
    w->is_in_row = false;
    w->used = 0;
}

int jz_csv_write_file(void *sink, const void *data, size_t size, struct jz_error *err)
{
    if (fwrite(data, 1, size, sink) == size && fflush(sink) == 0)
        return 0;
    return jz_error_set(err, JZ_E_IO, "writing: %s", strerror(errno));
}

static void drain(struct jz_csv_writer *w)
{
    if (!w->error.code && w->used > 0)
        w->error.code = w->write(w->sink, w->buffer, w->used, &w->error);
    w->used = 0;
}

static void put(struct jz_csv_writer *w, const char *data, size_t size)
{
    while (size > 0) {
        if (w->used == sizeof w->buffer)
            drain(w);
        const size_t room = sizeof w->buffer - w->used, n = size < room ? size : room;
        memcpy(w->buffer + w->used, data, n);
        w->used += n;
        data += n;
        size -= n;
    }
}

static void start_field(struct jz_csv_writer *w)
{
    if (w->is_in_row)
        put(w, ",", 1);
    w->is_in_row = true;
}

/* Apostrophes are passed over: one that stands before such a start must not look like a guard. */
static bool looks_like_formula(const char *text)
{
    static const char *const starts[] = { "＝", "＋", "－", "＠" };
    text += strspn(text, "'");
    if (*text && strchr("=+-@\t\r", *text))
        return true;
    if ((uint8_t)*text != 0xEF)
        return false;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

const char *jz_csv_unguard(const char *text)
{
    return *text == '\'' && looks_like_formula(text) ? text + 1 : text;
}

static void put_quoted(struct jz_csv_writer *w, const char *guard, const char *text)
{
    put(w, "\"", 1);
    put(w, guard, strlen(guard));
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        put(w, text, (size_t)(quote + 1 - text));
        put(w, "\"", 1);
    }
    put(w, text, strlen(text));
    put(w, "\"", 1);
}

/* Quotes also keep spaces at the ends and other separators, whoever reads. */
static bool needs_quotes(const char *text, size_t size)
{
    static const bool special[256] = {
        [','] = true, ['"'] = true, ['\n'] = true, ['\r'] = true, ['\t'] = true, [';'] = true,
    };
    for (size_t i = 0; i < size; i++)
        if (special[(uint8_t)text[i]])
            return true;
    return size > 0 && (text[0] == ' ' || text[size - 1] == ' ');
}

static void put_field(struct jz_csv_writer *w, const char *guard, const char *text)
{
    const size_t size = strlen(text);
    start_field(w);
    if (needs_quotes(text, size)) {
        put_quoted(w, guard, text);
    } else {
        put(w, guard, strlen(guard));
        put(w, text, size);
    }
}

void jz_csv_put_text(struct jz_csv_writer *w, const char *text)
{
    text = text ? text : "";
    put_field(w, looks_like_formula(text) ? "'" : "", text);
}

void jz_csv_put_plain(struct jz_csv_writer *w, const char *text)
{
    put_field(w, "", text ? text : "");
}

void jz_csv_put_int(struct jz_csv_writer *w, int64_t value)
{
    char text[INT_TEXT_BYTES], *at = text + sizeof text;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    start_field(w);
    put(w, at, (size_t)(text + sizeof text - at));
}

void jz_csv_put_date(struct jz_csv_writer *w, struct jz_date date)
{
    char text[JZ_DATE_TEXT_BYTES];
    start_field(w);
    if (jz_date_is_set(date))
        put(w, jz_date_format(date, text), JZ_DATE_TEXT_BYTES - 1);
}

void jz_csv_end_row(struct jz_csv_writer *w)
{
    put(w, "\r\n", 2);
    w->is_in_row = false;
    if (w->used > JZ_CSV_MAX_WHOLE_ROW_BYTES)
        drain(w);
}

int jz_csv_writer_flush(struct jz_csv_writer *w, struct jz_error *err)
{
    drain(w);
    if (w->error.code && err)
        *err = w->error;
    return w->error.code;
}
