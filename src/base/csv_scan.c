/* The structure of a row: where its fields and its end are. Nothing is changed or converted. */
#include "base/csv_internal.h"

#include <string.h>

static uint32_t count_line_feeds(const char *from, const char *to)
{
    uint32_t n = 0;
    while ((from = memchr(from, '\n', (size_t)(to - from)))) {
        n++;
        from++;
    }
    return n;
}

/* The closing quote of the field whose text starts at p; NULL when the data ends before it. */
static const char *find_quote(const char *p, const char *end, bool is_at_end, bool *ret_doubled)
{
    while ((p = memchr(p, '"', (size_t)(end - p)))) {
        if (p + 1 == end)
            return is_at_end ? p : NULL;
        if (p[1] != '"')
            return p;
        *ret_doubled = true;
        p += 2;
    }
    return NULL;
}

static bool give_up(struct jz_csv_scan *s, enum jz_csv_trouble trouble)
{
    s->trouble = trouble;
    s->column = s->field_count;
    s->is_line = true;
    return true;
}

/* The data ends inside the row: in trouble if that is the file's end or the row is too long. */
static bool run_out(const struct jz_csv *c, struct jz_csv_scan *s, enum jz_csv_trouble trouble)
{
    if (!c->is_at_end && c->end - c->start <= JZ_CSV_MAX_ROW_BYTES)
        return false;
    return give_up(s, trouble);
}

static bool finish(const struct jz_csv *c, struct jz_csv_scan *s, const char *next)
{
    s->next = (uint32_t)(next - c->buffer);
    if (s->next - c->start > JZ_CSV_MAX_ROW_BYTES + 2) {
        s->trouble = JZ_CSV_LONG_ROW;
        s->column = 0;
    }
    return true;
}

bool jz_csv_scan_row(struct jz_csv *c, struct jz_csv_scan *ret)
{
    const char *p = c->buffer + c->start, *const end = c->buffer + c->end;
    *ret = (struct jz_csv_scan){ .field_count = 0 };
    for (;;) {
        if (ret->field_count == JZ_CSV_MAX_FIELDS)
            return give_up(ret, JZ_CSV_TOO_MANY_FIELDS);
        struct jz_csv_cut *cut = &c->cuts[ret->field_count++];
        cut->has_quotes = false;
        if (*p == '"') {
            const char *quote = find_quote(p + 1, end, c->is_at_end, &cut->has_quotes);
            if (!quote)
                return run_out(c, ret, JZ_CSV_OPEN_QUOTE);
            cut->start = (uint32_t)(p + 1 - c->buffer);
            cut->end = (uint32_t)(quote - c->buffer);
            ret->line_breaks += count_line_feeds(p, quote);
            p = quote + 1;
            if (!c->stops[(uint8_t)*p])
                return give_up(ret, JZ_CSV_STRAY_QUOTE);
        } else {
            cut->start = (uint32_t)(p - c->buffer);
            while (!c->stops[(uint8_t)*p])
                p++;
            cut->end = (uint32_t)(p - c->buffer);
        }
        if (p == end)
            return c->is_at_end ? finish(c, ret, p) : run_out(c, ret, JZ_CSV_LONG_ROW);
        if (*p == c->separator) {
            p++;
            continue;
        }
        if (*p == '\r' && ++p == end)
            return c->is_at_end ? finish(c, ret, p) : run_out(c, ret, JZ_CSV_LONG_ROW);
        if (*p != '\n')
            return give_up(ret, JZ_CSV_STRAY_CR);
        ret->line_breaks++;
        return finish(c, ret, p + 1);
    }
}
