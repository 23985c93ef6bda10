/*
 * Texts for gateways: the first byte is the way of escaping, the text up to a NUL the stencil, the
 * rest a value. Whatever was filled in stays in its place.
 */
#include "notify/stencil.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What a value must not bring along. */
static const char *const forbidden[JZ_ESCAPES] = {
    [JZ_ESCAPE_NONE] = "\r\n",
    [JZ_ESCAPE_JSON] = "\"\r\n",
    [JZ_ESCAPE_URL] = "\"&=?#/ \r\n",
    [JZ_ESCAPE_XML] = "<>\"'\r\n",
};

static void check_value(enum jz_escape escape, const char *value)
{
    const char *const values[JZ_SLOTS] = { [JZ_SLOT_TEXT] = value };
    JZ_CLEANUP(jz_stencil_freep) struct jz_stencil *t = NULL;
    jz_autofree char *filled = NULL;
    struct jz_error err = { 0 };
    require(jz_stencil_new("{{text}}", escape, &t, &err) == 0);
    const int r = jz_stencil_fill(t, values, &filled, &err);
    require(r == 0 ? !strpbrk(filled, forbidden[escape]) : err.code == r && !filled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const enum jz_escape escape = (enum jz_escape)(data[0] % JZ_ESCAPES);
    jz_autofree char *text = strndup((const char *)data + 1, size - 1);
    if (!text)
        abort();
    const size_t used = strlen(text) + 2;
    jz_autofree char *value =
        used < size ? strndup((const char *)data + used, size - used) : strdup("");
    if (!value)
        abort();
    JZ_CLEANUP(jz_stencil_freep) struct jz_stencil *t = NULL;
    jz_autofree char *filled = NULL;
    struct jz_error err = { 0 };
    const char *const values[JZ_SLOTS] = { value, value, value, value, value };
    int r = jz_stencil_new(text, escape, &t, &err);
    if (r == 0)
        r = jz_stencil_fill(t, values, &filled, &err);
    require(r == 0 ? strlen(filled) <= JZ_STENCIL_OUT_MAX : err.code == r && *err.text);
    check_value(escape, value);
    return 0;
}
