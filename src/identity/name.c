#include "identity/name.h"

#include "base/encoding.h"

#include <string.h>

/* Written or left out as people please. */
static const char *const ignored[] = {
    " ",      "-",      "'",      ".",      ",",      "\u00a0", "\u00b7", "\u0387",
    "\u1427", "\u2002", "\u2003", "\u2009", "\u200a", "\u200b", "\u200c", "\u200d",
    "\u2010", "\u2011", "\u2013", "\u2014", "\u2018", "\u2019", "\u2022", "\u2024",
    "\u2027", "\u202f", "\u2219", "\u22c5", "\u25cf", "\u2e31", "\u3000", "\u3002",
    "\u30fb", "\ufeff", "\uff0c", "\uff0d", "\uff0e", "\uff65",
};

static size_t character_bytes(const char *at)
{
    const uint8_t first = (uint8_t)*at;
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static bool is_ignored(const char *at, size_t size)
{
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        if (strlen(ignored[i]) == size && memcmp(ignored[i], at, size) == 0)
            return true;
    return false;
}

/* Letters and digits made wide (U+FF10 to U+FF5A) as ASCII, letters in upper case; 0: neither. */
static char latin(const char *at, size_t size)
{
    const uint8_t *b = (const uint8_t *)at;
    char c = *at;
    if (size == 3 && b[0] == 0xEF && b[1] == 0xBC && b[2] >= 0x90)
        c = (char)(b[2] - 0x81 + '!');
    else if (size == 3 && b[0] == 0xEF && b[1] == 0xBD && b[2] <= 0x9A)
        c = (char)(b[2] - 0x80 + '`');
    else if (size != 1)
        return 0;
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int jz_name_key(const char *text, char ret_key[JZ_NAME_KEY_BYTES], struct jz_error *err)
{
    char key[JZ_NAME_KEY_BYTES] = { 0 };
    const size_t size = strlen(text);
    size_t used = 0;
    if (size > JZ_NAME_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a name of more than %d bytes", JZ_NAME_MAX_BYTES);
    if (jz_utf8_valid(text, size) < size)
        return jz_error_set(err, JZ_E_FORMAT, "the name is not UTF-8");
    for (size_t at = 0, n; at < size; at += n) {
        n = character_bytes(text + at);
        if ((uint8_t)text[at] < ' ' || text[at] == 0x7F)
            return jz_error_set(err, JZ_E_FORMAT, "the name has control characters");
        if (is_ignored(text + at, n))
            continue;
        const char c = latin(text + at, n);
        if (c)
            key[used++] = c;
        else
            used += (size_t)((char *)mempcpy(key + used, text + at, n) - (key + used));
    }
    if (used == 0)
        return jz_error_set(err, JZ_E_FORMAT, "the name is empty");
    memcpy(ret_key, key, sizeof key);
    return 0;
}

char *jz_name_mask(const char *text, char ret_text[JZ_NAME_KEY_BYTES])
{
    size_t count = 0, last = 0;
    for (size_t at = 0; text[at]; at += character_bytes(text + at), count++)
        last = at;
    const size_t first = count ? character_bytes(text) : 0;
    char *out = mempcpy(ret_text, text, count > 1 ? first : 0);
    /* However long the name, no more stars than tell that something is left out. */
    const size_t stars = count > 4 ? 3 : count > 2 ? count - 2 : 1;
    out = (char *)memset(out, '*', stars) + stars;
    strcpy(out, count > 2 ? text + last : "");
    return ret_text;
}
