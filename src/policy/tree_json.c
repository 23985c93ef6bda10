/*
 * JSON (RFC 8259) into the tree. jansson needs 9 µs to read and free one case of the calendar, of
 * the 10 µs there are for all of it; here a whole case takes 2.3, and one reader serves YAML and
 * JSON.
 */
#include "policy/tree_internal.h"

#include <string.h>

enum { MAX_DEPTH = 16 };

struct json {
    struct tree *tree;
    const char *at, *end, *start;
};

static int fail(const struct json *j, struct jz_error *err, const char *what)
{
    return jz_error_set(err, JZ_E_FORMAT, "this is not JSON: %s at byte %zu", what,
                        (size_t)(j->at - j->start) + 1);
}

static void skip_space(struct json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
        j->at++;
}

static bool take(struct json *j, char wanted)
{
    skip_space(j);
    if (j->at == j->end || *j->at != wanted)
        return false;
    j->at++;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four digits of \uXXXX, -1 when they are none. */
static int take_unit(struct json *j)
{
    int unit = 0;
    if (j->end - j->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const int digit = hex_digit(*j->at++);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static char *put_utf8(char *out, int code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* Behind a backslash. NULL when it is no escape, a lone surrogate or a NUL. */
static char *take_escape(struct json *j, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (j->at == j->end)
        return NULL;
    const char c = *j->at++;
    if (c != 'u') {
        const char *found = c ? strchr(from, c) : NULL;
        if (!found)
            return NULL;
        *out++ = to[found - from];
        return out;
    }
    int code = take_unit(j);
    if (code >= 0xd800 && code < 0xdc00) {
        if (j->end - j->at < 2 || j->at[0] != '\\' || j->at[1] != 'u')
            return NULL;
        j->at += 2;
        const int low = take_unit(j);
        if (low < 0xdc00 || low > 0xdfff)
            return NULL;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return NULL;
    }
    return put_utf8(out, code);
}

size_t utf8_length(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char first, last, low, high;
        size_t length;
    } rows[] = {
        { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (s[0] < rows[i].first || s[0] > rows[i].last)
            continue;
        if (left < rows[i].length || s[1] < rows[i].low || s[1] > rows[i].high)
            return 0;
        for (size_t k = 2; k < rows[i].length; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

/* A string never grows when its escapes are resolved, so the room made for the document is enough.
 */
static int read_string(struct json *j, uint32_t *ret_text, struct jz_error *err)
{
    char *const begin = j->tree->bytes + j->tree->used;
    char *out = begin;
    for (;;) {
        const unsigned char c = j->at < j->end ? (unsigned char)*j->at : 0;
        if (c == '"')
            break;
        if (c < 0x20)
            return fail(j, err, j->at == j->end ? "a string without end" : "a control character");
        if (c == '\\') {
            j->at++;
            if (!(out = take_escape(j, out)))
                return fail(j, err, "an escape that is none");
        } else if (c < 0x80) {
            *out++ = *j->at++;
        } else {
            const size_t n = utf8_length((const unsigned char *)j->at, (size_t)(j->end - j->at));
            if (n == 0)
                return fail(j, err, "a byte that is no UTF-8");
            memcpy(out, j->at, n);
            out += n;
            j->at += n;
        }
    }
    j->at++;
    *out++ = 0;
    *ret_text = (uint32_t)j->tree->used;
    j->tree->used += (size_t)(out - begin);
    return 0;
}

static void skip_digits(struct json *j, bool *good)
{
    *good &= j->at < j->end && *j->at >= '0' && *j->at <= '9';
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
        j->at++;
}

static bool take_number(struct json *j)
{
    bool good = true;
    if (j->at < j->end && *j->at == '-')
        j->at++;
    if (j->at < j->end && *j->at == '0')
        j->at++;
    else
        skip_digits(j, &good);
    if (j->at < j->end && *j->at == '.') {
        j->at++;
        skip_digits(j, &good);
    }
    if (j->at < j->end && (*j->at == 'e' || *j->at == 'E')) {
        j->at++;
        if (j->at < j->end && (*j->at == '+' || *j->at == '-'))
            j->at++;
        skip_digits(j, &good);
    }
    return good;
}

static bool take_literal(struct json *j)
{
    static const char *const literals[] = { "true", "false", "null" };
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        const size_t n = strlen(literals[i]);
        if ((size_t)(j->end - j->at) >= n && memcmp(j->at, literals[i], n) == 0) {
            j->at += n;
            return true;
        }
    }
    return false;
}

static int read_scalar(struct json *j, uint32_t parent, uint32_t key, struct jz_error *err)
{
    uint32_t node, text;
    int r;
    const bool quoted = take(j, '"');
    if (quoted) {
        r = read_string(j, &text, err);
    } else {
        const char *const begin = j->at;
        const bool number = j->at < j->end && (*j->at == '-' || (*j->at >= '0' && *j->at <= '9'));
        if (!(number ? take_number(j) : take_literal(j)))
            return fail(j, err, number ? "a number that is none" : "no value");
        r = tree_text(j->tree, begin, (size_t)(j->at - begin), &text, err);
    }
    if (r < 0 ||
        (r = tree_add(j->tree, parent, quoted ? NODE_TEXT : NODE_PLAIN, 1, key, &node, err)) < 0)
        return r;
    j->tree->nodes[node].text = text;
    return 0;
}

/* "KEY": in a map; nothing in a list. */
static int read_key(struct json *j, uint32_t parent, uint32_t *ret_key, struct jz_error *err)
{
    *ret_key = NO_NODE;
    if (parent == NO_NODE || j->tree->nodes[parent].type != NODE_MAP)
        return 0;
    if (!take(j, '"'))
        return fail(j, err, "no key in quotes");
    const int r = read_string(j, ret_key, err);
    return r < 0 ? r : take(j, ':') ? 0 : fail(j, err, "no colon behind a key");
}

/*
 * Reads without recursion: `open` are the maps and lists around the place. One turn reads one value
 * and all brackets that close behind it.
 */
static int read_all(struct json *j, struct jz_error *err)
{
    uint32_t open[MAX_DEPTH], key;
    unsigned depth = 0;
    do {
        const uint32_t parent = depth ? open[depth - 1] : NO_NODE;
        int r = read_key(j, parent, &key, err);
        if (r < 0)
            return r;
        const bool map = take(j, '{'), list = !map && take(j, '[');
        bool empty = false;
        if (map || list) {
            if (depth == MAX_DEPTH || depth == j->tree->max_depth)
                return jz_error_set(err, JZ_E_LIMIT, "nested deeper than %u", j->tree->max_depth);
            r = tree_add(j->tree, parent, map ? NODE_MAP : NODE_LIST, 1, key, &open[depth], err);
            depth++;
            skip_space(j);
            empty = j->at < j->end && *j->at == (map ? '}' : ']');
            if (r == 0 && !empty)
                continue;
        } else {
            r = read_scalar(j, parent, key, err);
        }
        if (r < 0)
            return r;
        while (depth > 0 && take(j, j->tree->nodes[open[depth - 1]].type == NODE_MAP ? '}' : ']'))
            depth--;
        if (depth > 0 && !take(j, ','))
            return fail(j, err, "neither a comma nor the end of a map or list");
    } while (depth > 0);
    skip_space(j);
    return j->at == j->end ? 0 : fail(j, err, "something behind the end");
}

int tree_read_json(struct tree *tree, const char *text, size_t size, struct jz_error *err)
{
    struct json j = { .tree = tree, .at = text, .end = text + size, .start = text };
    /* Every value takes at most the bytes it has in the document and one NUL. */
    const int r = tree_reset(tree, 2 * size, err);
    return r < 0 ? r : read_all(&j, err);
}
