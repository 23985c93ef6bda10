#include "policy/read_internal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { PATH_BYTES = 128, LIST_BYTES = 400 };

/* Writes "accept[2].kind" from the back, the root being nothing. */
static const char *path_of(const struct tree *t, const struct node *node, char path[PATH_BYTES])
{
    char *at = path + PATH_BYTES - 1;
    *at = 0;
    for (; node->parent != NO_NODE; node = &t->nodes[node->parent]) {
        const struct node *parent = &t->nodes[node->parent];
        char step[JZ_POLICY_ID_BYTES];
        if (parent->type == NODE_LIST) {
            unsigned index = 1;
            for (const struct node *n = node_first(t, parent); n != node; n = node_next(t, n))
                index++;
            snprintf(step, sizeof step, "[%u]", index);
        } else {
            snprintf(step, sizeof step, "%s%.40s", parent->parent != NO_NODE ? "." : "",
                     node_key(t, node));
        }
        const size_t n = strlen(step);
        if (n > (size_t)(at - path))
            break;
        at -= n;
        memcpy(at, step, n);
    }
    return at;
}

/* What was quoted may have been cut within a character. */
static void mend_utf8(char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        const size_t n =
            (unsigned char)*text < 0x80 ? 1 : utf8_length((const unsigned char *)text, left);
        if (n == 0)
            *text = '?';
        text += n ? n : 1;
        left -= n ? n : 1;
    }
}

void read_complain(struct reader *r, int code, const struct node *node, const char *format, ...)
{
    char text[JZ_ERROR_TEXT_BYTES], path[PATH_BYTES], place[PATH_BYTES + 200] = "";
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (r->name)
        snprintf(place, sizeof place, "%.150s:%u: ", r->name, node ? node->line : 1);
    const char *key = node ? path_of(r->tree, node, path) : "";
    struct jz_error complaint;
    jz_error_set(&complaint, code, "%s%s%s%.400s", place, key, *key ? ": " : "", text);
    mend_utf8(complaint.text);
    if (r->complaints++ == 0)
        r->first = complaint;
    if (r->on_complaint)
        r->on_complaint(r->context, &complaint);
}

static const char *const type_names[] = {
    [NODE_MAP] = "a map of keys and values",
    [NODE_LIST] = "a list",
    [NODE_TEXT] = "a text",
    [NODE_PLAIN] = "a plain value",
};

bool read_is(struct reader *r, const struct node *node, enum node_type type)
{
    if (node->type == type)
        return true;
    read_complain(r, JZ_E_FORMAT, node, "%s belongs here, not %s", type_names[type],
                  type_names[node->type]);
    return false;
}

const struct node *read_find(const struct reader *r, const struct node *map, const char *key)
{
    for (const struct node *n = node_first(r->tree, map); n; n = node_next(r->tree, n))
        if (strcmp(node_key(r->tree, n), key) == 0)
            return n;
    return NULL;
}

/* In JSON null is as good as absent. */
static bool is_null(const struct reader *r, const struct node *node)
{
    return r->tree->is_json && node->type == NODE_PLAIN &&
           strcmp(node_text(r->tree, node), "null") == 0;
}

static const char *list_keys(const struct field *fields, size_t count, char list[LIST_BYTES])
{
    size_t used = 0;
    *list = 0;
    for (size_t i = 0; i < count && used < LIST_BYTES; i++)
        used +=
            (size_t)snprintf(list + used, LIST_BYTES - used, "%s%s", i ? ", " : "", fields[i].key);
    return list;
}

static const struct field *field_of(const struct reader *r, const struct node *node,
                                    const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, node_key(r->tree, node)) == 0)
            return &fields[i];
    return NULL;
}

void read_map(struct reader *r, const struct node *node, const struct field *fields, size_t count,
              void *target)
{
    char list[LIST_BYTES];
    uint64_t seen = 0;
    if (!read_is(r, node, NODE_MAP))
        return;
    for (const struct node *n = node_first(r->tree, node); n; n = node_next(r->tree, n)) {
        const struct field *f = field_of(r, n, fields, count);
        if (!f) {
            read_complain(r, JZ_E_FORMAT, n, "there is no such key; there are %s",
                          list_keys(fields, count, list));
            continue;
        }
        const uint64_t bit = (uint64_t)1 << (f - fields);
        if (seen & bit) {
            read_complain(r, JZ_E_FORMAT, n, "the key comes twice; leave one out");
            continue;
        }
        if (is_null(r, n))
            continue;
        seen |= bit;
        if (f->read)
            f->read(r, n, f, (char *)target + f->offset);
    }
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && !(seen & (uint64_t)1 << i))
            read_complain(r, JZ_E_FORMAT, node, "the key '%s' is missing", fields[i].key);
}

static bool is_scalar(struct reader *r, const struct node *node)
{
    return node->type == NODE_PLAIN || read_is(r, node, NODE_TEXT);
}

const char *read_string(struct reader *r, const struct node *node)
{
    if (!(r->tree->is_json ? read_is(r, node, NODE_TEXT) : is_scalar(r, node)))
        return NULL;
    const char *text = node_text(r->tree, node);
    if (node->type == NODE_PLAIN && (*text == 0 || strcmp(text, "~") == 0)) {
        read_complain(r, JZ_E_FORMAT, node, "the value is missing; write it or leave the key out");
        return NULL;
    }
    if (strlen(text) >= JZ_POLICY_TEXT_BYTES) {
        read_complain(r, JZ_E_LIMIT, node, "more than %d bytes", JZ_POLICY_TEXT_BYTES - 1);
        return NULL;
    }
    return text;
}

bool read_number(struct reader *r, const struct node *node, int64_t low, int64_t high, int64_t *ret)
{
    if (!read_is(r, node, NODE_PLAIN))
        return false;
    const char *text = node_text(r->tree, node);
    const size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 15 || text[n]) {
        read_complain(r, JZ_E_FORMAT, node,
                      "'%.40s' is no whole number; write one from %lld to %lld", text,
                      (long long)low, (long long)high);
        return false;
    }
    const int64_t value = strtoll(text, NULL, 10);
    if (value < low || value > high) {
        read_complain(r, JZ_E_LIMIT, node, "%s is out of range; it may be %lld to %lld", text,
                      (long long)low, (long long)high);
        return false;
    }
    *ret = value;
    return true;
}

/* Digits, a point, an exponent; no words like nan, no hexadecimals, no locale. */
bool read_decimal(struct reader *r, const struct node *node, double low, double high, double *ret)
{
    if (!read_is(r, node, NODE_PLAIN))
        return false;
    const char *text = node_text(r->tree, node);
    char *end = NULL;
    const bool plain = *text && strspn(text, "0123456789.eE+-") == strlen(text);
    const double value = plain ? strtod(text, &end) : NAN;
    if (!plain || *end || !isfinite(value)) {
        read_complain(r, JZ_E_FORMAT, node, "'%.40s' is no number; write one from %g to %g", text,
                      low, high);
        return false;
    }
    if (value < low || value > high) {
        read_complain(r, JZ_E_LIMIT, node, "%.40s is out of range; it may be %g to %g", text, low,
                      high);
        return false;
    }
    *ret = value;
    return true;
}

void read_u16(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    int64_t value;
    if (read_number(r, n, f->low, f->high, &value))
        *(uint16_t *)target = (uint16_t)value;
}

void read_unsigned(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    int64_t value;
    if (read_number(r, n, f->low, f->high, &value))
        *(unsigned *)target = (unsigned)value;
}

void read_date(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    (void)f;
    struct jz_date date;
    const char *text = read_string(r, n);
    if (!text)
        return;
    if (strlen(text) != JZ_DATE_TEXT_BYTES - 1 || text[4] != '-' || !jz_date_parse(text, &date))
        read_complain(r, JZ_E_FORMAT, n, "'%.40s' is no day; write one as 2026-11-25", text);
    else
        memcpy(target, &date, sizeof date);
}

void read_month_day(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    (void)f;
    const char *text = read_string(r, n);
    if (!text)
        return;
    int month = 0, day = 0;
    const bool shaped = strlen(text) == 5 && strspn(text, "0123456789") == 2 && text[2] == '-' &&
                        strspn(text + 3, "0123456789") == 2;
    if (shaped) {
        month = (text[0] - '0') * 10 + text[1] - '0';
        day = (text[3] - '0') * 10 + text[4] - '0';
    }
    if (month < 1 || month > 12 || day < 1 || day > 31) {
        read_complain(r, JZ_E_FORMAT, n, "'%.40s' is no day of the year; write one as 03-31", text);
        return;
    }
    *(struct jz_month_day *)target = (struct jz_month_day){ (uint8_t)month, (uint8_t)day };
}

void read_bool(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    (void)f;
    if (!read_is(r, n, NODE_PLAIN))
        return;
    const char *text = node_text(r->tree, n);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        *(bool *)target = *text == 't';
    else
        read_complain(r, JZ_E_FORMAT, n, "'%.40s' is neither true nor false", text);
}

void read_word(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    const char *text = read_string(r, n);
    if (!text)
        return;
    const int found = jz_word_find(f->words, f->word_count, text);
    if (found >= 0) {
        *(uint8_t *)target = (uint8_t)found;
        return;
    }
    char list[LIST_BYTES];
    size_t used = 0;
    *list = 0;
    for (size_t i = 0; i < f->word_count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 f->words[i].name);
    read_complain(r, JZ_E_FORMAT, n, "'%.40s' is no %s; there are %s", text, f->what, list);
}

void read_borrowed(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    (void)f;
    const char *text = read_string(r, n);
    if (text)
        *(const char **)target = text;
}

static void own(struct reader *r, const struct node *n, const char *text, void *target)
{
    char **owned = target;
    free(*owned);
    if (!(*owned = strdup(text)))
        read_complain(r, JZ_E_MEMORY, n, "out of memory");
}

void read_text(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    (void)f;
    const char *text = read_string(r, n);
    if (text && text[strspn(text, " \t\r\n")] == 0)
        read_complain(r, JZ_E_FORMAT, n, "the text is empty; say it in words");
    else if (text)
        own(r, n, text, target);
}

void read_id(struct reader *r, const struct node *n, const struct field *f, void *target)
{
    (void)f;
    const char *text = read_string(r, n);
    if (!text)
        return;
    const size_t size = strlen(text);
    if (size == 0 || size >= JZ_POLICY_ID_BYTES ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != size)
        read_complain(r, JZ_E_FORMAT, n,
                      "'%.40s' is no name; use letters, digits, dots and dashes, at most %d", text,
                      JZ_POLICY_ID_BYTES - 1);
    else
        own(r, n, text, target);
}
