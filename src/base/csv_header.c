/* The header: which separator, which of the caller's columns stands where. */
#include "base/csv_internal.h"

#include <string.h>

static void count_separators(const struct jz_csv *c, unsigned counts[3])
{
    bool is_quoted = false;
    const char *p = c->buffer + c->start, *const end = c->buffer + c->end;
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    for (; *p != '\n'; p++) {
        is_quoted ^= *p == '"';
        if (!is_quoted) {
            counts[0] += *p == ',';
            counts[1] += *p == '\t';
            counts[2] += *p == ';';
        }
    }
}

static char find_separator(const struct jz_csv *c)
{
    unsigned counts[3] = { 0 };
    count_separators(c, counts);
    const int best = counts[1] > counts[0] ? 1 : 0;
    return ",\t;"[counts[2] > counts[best] ? 2 : best];
}

/* What Excel and people put around a name: spaces (also U+3000) and the asterisk of "required". */
static size_t decoration(const char *text)
{
    static const char *const kinds[] = { " ", "\t", "*", "\u3000", "\u00a0", "＊", "\ufeff" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(text, kinds[i], strlen(kinds[i])) == 0)
            return strlen(kinds[i]);
    return 0;
}

static char fold(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte - 'A' + 'a');
    return byte == ' ' || byte == '-' ? '_' : byte;
}

/* Whether a header names what the table calls `name`. */
static bool is_name(const char *header, const char *name)
{
    for (size_t n; (n = decoration(header));)
        header += n;
    while (*name && fold(*header) == fold(*name)) {
        header++;
        name++;
    }
    for (size_t n; (n = decoration(header));)
        header += n;
    return !*name && !*header;
}

static bool is_column(const struct jz_csv_column *column, const char *header)
{
    if (is_name(header, column->name))
        return true;
    for (const char *const *p = column->accepted; p && *p; p++)
        if (is_name(header, *p))
            return true;
    return false;
}

static int keep_unknown(struct jz_csv *c, const char *header, struct jz_error *err)
{
    char **more = realloc(c->unknown, (c->unknown_count + 1) * sizeof *more);
    if (more)
        c->unknown = more;
    char *copy = more ? strdup(header) : NULL;
    if (!copy)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", c->name);
    c->unknown[c->unknown_count++] = copy;
    return 0;
}

static int place_header(struct jz_csv *c, unsigned field, const char *header, struct jz_error *err)
{
    for (unsigned i = 0; i < c->column_count; i++) {
        if (!is_column(&c->columns[i], header))
            continue;
        if (c->place[i] >= 0)
            return jz_error_set(err, JZ_E_FORMAT, "%s: columns %d and %u are both '%s'", c->name,
                                c->place[i] + 1, field + 1, c->columns[i].name);
        c->place[i] = (int)field;
        return 0;
    }
    return *header ? keep_unknown(c, header, err) : 0;
}

static int miss_column(const struct jz_csv *c, const struct jz_csv_column *column,
                       struct jz_error *err)
{
    char names[JZ_ERROR_TEXT_BYTES] = "";
    size_t used = 0;
    for (const char *const *p = column->accepted; p && *p && used < sizeof names; p++)
        used += (size_t)snprintf(names + used, sizeof names - used, ", '%s'", *p);
    return jz_error_set(err, JZ_E_FORMAT, "%s: no column '%s'; accepted names: '%s'%s", c->name,
                        column->name, column->name, names);
}

int jz_csv_take_header(struct jz_csv *c, struct jz_error *err)
{
    if (!c->separator)
        c->separator = find_separator(c);
    c->stops[(uint8_t)c->separator] = c->stops['\n'] = c->stops['\r'] = 1;

    struct jz_csv_scan scan;
    int r = jz_csv_find_row(c, &scan, err);
    if (r < 0)
        return r;
    if (r == 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s: no header row", c->name);
    c->width = scan.field_count;
    int places[JZ_CSV_MAX_FIELDS];
    struct jz_csv_field headers[JZ_CSV_MAX_FIELDS];
    for (unsigned i = 0; i < c->width; i++)
        places[i] = (int)i;
    if (!scan.trouble && (r = jz_csv_take_fields(c, places, c->width, headers, &scan, err)) < 0)
        return r;
    if (scan.trouble) {
        const bool is_long =
            scan.trouble == JZ_CSV_LONG_ROW || scan.trouble == JZ_CSV_TOO_MANY_FIELDS;
        return jz_error_set(err, is_long ? JZ_E_LIMIT : JZ_E_FORMAT, "%s: header, column %u: %s",
                            c->name, scan.column, jz_csv_trouble_info(scan.trouble)->en);
    }
    for (unsigned i = 0; i < c->width; i++)
        if ((r = place_header(c, i, headers[i].text, err)) < 0)
            return r;
    for (unsigned i = 0; i < c->column_count; i++)
        if (c->columns[i].required && c->place[i] < 0)
            return miss_column(c, &c->columns[i], err);
    c->start = scan.next;
    c->line += scan.line_breaks;
    return 0;
}
