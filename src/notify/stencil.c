#include "notify/stencil.h"

#include "base/encoding.h"
#include "crypto/suite.h"

#include <stdio.h>
#include <string.h>

static const char *const escape_names[JZ_ESCAPES] = {
    [JZ_ESCAPE_NONE] = "none",
    [JZ_ESCAPE_JSON] = "json",
    [JZ_ESCAPE_URL] = "url",
    [JZ_ESCAPE_XML] = "xml",
};

static const char *const slot_names[JZ_SLOTS] = {
    [JZ_SLOT_TO] = "to", [JZ_SLOT_TEXT] = "text",     [JZ_SLOT_SUBJECT] = "subject",
    [JZ_SLOT_ID] = "id", [JZ_SLOT_SECRET] = "secret",
};

enum { MAX_PARTS = 64 };

/* Text, and behind it the slot, JZ_SLOTS for none. */
struct part {
    size_t start, size;
    enum jz_slot slot;
};

struct jz_stencil {
    enum jz_escape escape;
    size_t part_count;
    struct part parts[MAX_PARTS];
    char text[JZ_STENCIL_MAX_BYTES + 1];
};

bool jz_escape_parse(const char *name, enum jz_escape *ret_escape)
{
    for (int i = 0; i < JZ_ESCAPES; i++)
        if (strcmp(name, escape_names[i]) == 0) {
            *ret_escape = (enum jz_escape)i;
            return true;
        }
    return false;
}

/* What stands between the braces; JZ_SLOTS for no slot. */
static enum jz_slot find_slot(const char *name, size_t size)
{
    int i = 0;
    while (i < JZ_SLOTS &&
           (strlen(slot_names[i]) != size || memcmp(slot_names[i], name, size) != 0))
        i++;
    return (enum jz_slot)i;
}

static int take_parts(struct jz_stencil *t, struct jz_error *err)
{
    const char *at = t->text;
    for (;;) {
        if (t->part_count == MAX_PARTS)
            return jz_error_set(err, JZ_E_LIMIT, "a text with more than %d slots", MAX_PARTS - 1);
        struct part *p = &t->parts[t->part_count++];
        const char *open = strstr(at, "{{");
        *p = (struct part){ (size_t)(at - t->text), open ? (size_t)(open - at) : strlen(at),
                            JZ_SLOTS };
        if (!open)
            return 0;
        const char *close = strstr(open, "}}");
        if (!close)
            return jz_error_set(err, JZ_E_FORMAT, "a text whose {{ at byte %zu has no }}",
                                (size_t)(open - t->text));
        p->slot = find_slot(open + 2, (size_t)(close - open) - 2);
        if (p->slot == JZ_SLOTS)
            return jz_error_set(err, JZ_E_FORMAT,
                                "a text with {{%.*s}}: there are to, text, subject, id, secret",
                                (int)(close - open < 42 ? close - open - 2 : 40), open + 2);
        at = close + 2;
    }
}

int jz_stencil_new(const char *text, enum jz_escape escape, struct jz_stencil **ret_stencil,
                   struct jz_error *err)
{
    const size_t size = strlen(text);
    if (size > JZ_STENCIL_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a text of more than %d bytes", JZ_STENCIL_MAX_BYTES);
    if (jz_utf8_valid(text, size) != size)
        return jz_error_set(err, JZ_E_FORMAT, "a text that is not UTF-8");
    JZ_CLEANUP(jz_stencil_freep) struct jz_stencil *t = calloc(1, sizeof *t);
    if (!t)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    t->escape = escape;
    memcpy(t->text, text, size + 1);
    const int r = take_parts(t, err);
    if (r < 0)
        return r;
    *ret_stencil = JZ_TAKE(t);
    return 0;
}

void jz_stencil_free(struct jz_stencil *t)
{
    if (t)
        jz_wipe(t->text, sizeof t->text);
    free(t);
}

bool jz_stencil_uses(const struct jz_stencil *t, enum jz_slot slot)
{
    for (size_t i = 0; i < t->part_count; i++)
        if (t->parts[i].slot == slot)
            return true;
    return false;
}

/* ---- Filling ---- */

struct out {
    char *text; /* JZ_STENCIL_OUT_MAX bytes and a NUL */
    size_t used;
    bool is_full;
};

static void put(struct out *o, const char *bytes, size_t size)
{
    if (size > JZ_STENCIL_OUT_MAX - o->used) {
        o->is_full = true;
        return;
    }
    memcpy(o->text + o->used, bytes, size);
    o->used += size;
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

/* One byte of a value; bytes of characters beyond ASCII go as they are but into a URL. */
static void put_escaped(struct out *o, enum jz_escape escape, uint8_t c)
{
    char text[8];
    int n;
    if (escape == JZ_ESCAPE_JSON && (c < ' ' || c == '"' || c == '\\' || c == 0x7F))
        n = snprintf(text, sizeof text, "\\u%04x", c);
    else if (escape == JZ_ESCAPE_URL && !is_unreserved(c))
        n = snprintf(text, sizeof text, "%%%02X", c);
    else if (escape == JZ_ESCAPE_XML && (strchr("<>&\"'", c) || c == 0x7F))
        n = snprintf(text, sizeof text, "&#%u;", c);
    else
        n = snprintf(text, sizeof text, "%c", c);
    put(o, text, (size_t)n);
}

static int put_value(struct out *o, const struct jz_stencil *t, enum jz_slot slot,
                     const char *value, struct jz_error *err)
{
    const size_t size = strlen(value);
    /* XML has no way to write most control characters, and a header ends with one. */
    const bool takes_controls = t->escape == JZ_ESCAPE_JSON || t->escape == JZ_ESCAPE_URL;
    if (jz_utf8_valid(value, size) != size)
        return jz_error_set(err, JZ_E_FORMAT, "{{%s}} is not UTF-8", slot_names[slot]);
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)value[i] < ' ' && !takes_controls)
            return jz_error_set(err, JZ_E_FORMAT, "{{%s}} has control characters",
                                slot_names[slot]);
        put_escaped(o, t->escape, (uint8_t)value[i]);
    }
    return 0;
}

int jz_stencil_fill(const struct jz_stencil *t, const char *const values[JZ_SLOTS], char **ret_text,
                    struct jz_error *err)
{
    struct out out = { .text = malloc(JZ_STENCIL_OUT_MAX + 1) };
    int r = 0;
    if (!out.text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t i = 0; i < t->part_count && r == 0; i++) {
        const struct part *p = &t->parts[i];
        put(&out, t->text + p->start, p->size);
        if (p->slot != JZ_SLOTS && values[p->slot])
            r = put_value(&out, t, p->slot, values[p->slot], err);
    }
    if (r == 0 && out.is_full)
        r = jz_error_set(err, JZ_E_LIMIT, "a filled text of more than %d bytes",
                         JZ_STENCIL_OUT_MAX);
    if (r < 0) {
        jz_wipe(out.text, out.used);
        free(out.text);
        return r;
    }
    out.text[out.used] = 0;
    *ret_text = out.text;
    return 0;
}
