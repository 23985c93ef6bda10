#include "audit/lines.h"

#include "base/hex.h"

#include <string.h>

static int bad(const struct jz_lines *l, const char *name, const char *what, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_FORMAT, "%s: line %d: %s: %s", l->what, l->line, name, what);
}

static bool take_line(struct jz_lines *l, const char **ret_line, size_t *ret_size)
{
    const char *feed = memchr(l->at, '\n', (size_t)(l->end - l->at));
    if (!feed)
        return false;
    *ret_line = l->at;
    *ret_size = (size_t)(feed - l->at);
    l->at = feed + 1;
    l->line++;
    return true;
}

int jz_lines_begin(struct jz_lines *lines, const char *what, const char *format, const void *text,
                   size_t size, struct jz_error *err)
{
    if (size > JZ_LINES_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "%s: %zu bytes, more than the limit of %d", what, size,
                            JZ_LINES_MAX_BYTES);
    struct jz_lines l = { .what = what, .at = text, .end = (const char *)text + size };
    const char *line;
    size_t n;
    if (!take_line(&l, &line, &n) || n != strlen(format) || memcmp(line, format, n) != 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "%s: its first line is not '%s'", what, format);
    *lines = l;
    return 0;
}

int jz_lines_next(struct jz_lines *l, const char *name, const char **ret_value, size_t *ret_size,
                  struct jz_error *err)
{
    const char *line;
    size_t n;
    const size_t length = strlen(name);
    if (!take_line(l, &line, &n))
        return jz_error_set(err, JZ_E_FORMAT, "%s: the line '%s: …' is missing", l->what, name);
    if (n < length + 2 || memcmp(line, name, length) != 0 || memcmp(line + length, ": ", 2) != 0)
        return bad(l, name, "this line is wanted here", err);
    *ret_value = line + length + 2;
    *ret_size = n - length - 2;
    return 0;
}

int jz_lines_text(struct jz_lines *l, const char *name, char *ret_text, size_t room,
                  struct jz_error *err)
{
    const char *value;
    size_t size;
    const int r = jz_lines_next(l, name, &value, &size, err);
    if (r < 0)
        return r;
    if (memchr(value, 0, size))
        return bad(l, name, "holds a NUL", err);
    if (size >= room)
        return jz_error_set(err, JZ_E_LIMIT, "%s: line %d: %s: longer than %zu bytes", l->what,
                            l->line, name, room - 1);
    *(char *)mempcpy(ret_text, value, size) = 0;
    return 0;
}

int jz_lines_number(struct jz_lines *l, const char *name, int64_t *ret_number, struct jz_error *err)
{
    const char *value;
    size_t size;
    const int r = jz_lines_next(l, name, &value, &size, err);
    if (r < 0)
        return r;
    int64_t number = 0;
    bool good = size > 0;
    for (size_t i = 0; i < size && good; i++)
        good = value[i] >= '0' && value[i] <= '9' && !__builtin_mul_overflow(number, 10, &number) &&
               !__builtin_add_overflow(number, value[i] - '0', &number);
    if (!good)
        return bad(l, name, "is no number", err);
    *ret_number = number;
    return 0;
}

int jz_lines_bytes(struct jz_lines *l, const char *name, void *ret_data, size_t size,
                   struct jz_error *err)
{
    const char *value;
    size_t length;
    const int r = jz_lines_next(l, name, &value, &length, err);
    if (r < 0)
        return r;
    return jz_hex_read(value, length, ret_data, size)
               ? 0
               : bad(l, name, "is not of the right number of hexadecimal digits", err);
}

int jz_lines_end(const struct jz_lines *l, struct jz_error *err)
{
    return l->at == l->end
               ? 0
               : jz_error_set(err, JZ_E_FORMAT, "%s: something follows its last line", l->what);
}
