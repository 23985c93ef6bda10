#include "base/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum jz_encoding encoding;
} names[] = {
    /* The first of each encoding is its own name. */
    { "auto", JZ_ENCODING_AUTO },        { "utf-8", JZ_ENCODING_UTF8 },
    { "gb18030", JZ_ENCODING_GB18030 },  { "utf8", JZ_ENCODING_UTF8 },
    { "gbk", JZ_ENCODING_GB18030 },      { "gb2312", JZ_ENCODING_GB18030 },
    { "gb-18030", JZ_ENCODING_GB18030 },
};

enum { NAME_COUNT = sizeof names / sizeof names[0], LONGEST_CHARACTER = 4 };

const char *jz_encoding_name(enum jz_encoding encoding)
{
    return names[encoding].name;
}

bool jz_encoding_parse(const char *name, enum jz_encoding *ret_encoding)
{
    for (int i = 0; i < NAME_COUNT; i++)
        if (strcasecmp(name, names[i].name) == 0) {
            *ret_encoding = names[i].encoding;
            return true;
        }
    return false;
}

static size_t skip_ascii(const char *text, size_t at, size_t size)
{
    for (; size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text + at, sizeof word);
        if (word & 0x8080808080808080)
            break;
    }
    while (at < size && (uint8_t)text[at] < 0x80)
        at++;
    return at;
}

static bool is_within(uint8_t byte, uint8_t low, uint8_t high)
{
    return byte >= low && byte <= high;
}

/* Bytes of the character at b, 0 when it is none; table 3-7 of the Unicode standard. */
static size_t utf8_length(const uint8_t *b, size_t left)
{
    if (is_within(b[0], 0xC2, 0xDF))
        return left >= 2 && is_within(b[1], 0x80, 0xBF) ? 2 : 0;
    if (is_within(b[0], 0xE0, 0xEF)) {
        const uint8_t low = b[0] == 0xE0 ? 0xA0 : 0x80, high = b[0] == 0xED ? 0x9F : 0xBF;
        return left >= 3 && is_within(b[1], low, high) && is_within(b[2], 0x80, 0xBF) ? 3 : 0;
    }
    if (is_within(b[0], 0xF0, 0xF4)) {
        const uint8_t low = b[0] == 0xF0 ? 0x90 : 0x80, high = b[0] == 0xF4 ? 0x8F : 0xBF;
        return left >= 4 && is_within(b[1], low, high) && is_within(b[2], 0x80, 0xBF) &&
                       is_within(b[3], 0x80, 0xBF)
                   ? 4
                   : 0;
    }
    return 0;
}

static size_t gb18030_length(const uint8_t *b, size_t left)
{
    if (!is_within(b[0], 0x81, 0xFE) || left < 2)
        return 0;
    if (is_within(b[1], 0x40, 0x7E) || is_within(b[1], 0x80, 0xFE))
        return 2;
    return left >= 4 && is_within(b[1], '0', '9') && is_within(b[2], 0x81, 0xFE) &&
                   is_within(b[3], '0', '9')
               ? 4
               : 0;
}

size_t jz_utf8_valid(const char *text, size_t size)
{
    for (size_t at = 0;;) {
        at = skip_ascii(text, at, size);
        /* Chinese comes in runs: the ASCII loop is not worth starting between two characters. */
        while (at < size && (uint8_t)text[at] >= 0x80) {
            const size_t n = utf8_length((const uint8_t *)text + at, size - at);
            if (n == 0)
                return at;
            at += n;
        }
        if (at == size)
            return size;
    }
}

size_t jz_gb18030_valid(const char *text, size_t size)
{
    for (size_t at = 0;;) {
        at = skip_ascii(text, at, size);
        if (at == size)
            return size;
        const size_t n = gb18030_length((const uint8_t *)text + at, size - at);
        if (n == 0)
            return at;
        at += n;
    }
}

enum jz_encoding jz_encoding_detect(const char *text, size_t size, bool is_cut)
{
    if (skip_ascii(text, 0, size) == size)
        return JZ_ENCODING_AUTO;
    const size_t enough = is_cut && size >= LONGEST_CHARACTER ? size - LONGEST_CHARACTER + 1 : size;
    if (jz_utf8_valid(text, size) >= enough)
        return JZ_ENCODING_UTF8;
    return jz_gb18030_valid(text, size) >= enough ? JZ_ENCODING_GB18030 : JZ_ENCODING_UTF8;
}

struct jz_transcoder {
    iconv_t handle;
};

int jz_transcoder_new(enum jz_encoding from, enum jz_encoding to, struct jz_transcoder **ret,
                      struct jz_error *err)
{
    jz_autofree struct jz_transcoder *t = malloc(sizeof *t);
    if (!t)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    t->handle = iconv_open(jz_encoding_name(to), jz_encoding_name(from));
    if (t->handle == (iconv_t)-1)
        return jz_error_set(err, errno == ENOMEM ? JZ_E_MEMORY : JZ_E_UNSUPPORTED,
                            "this system cannot convert %s to %s", jz_encoding_name(from),
                            jz_encoding_name(to));
    *ret = JZ_TAKE(t);
    return 0;
}

void jz_transcoder_free(struct jz_transcoder *t)
{
    if (t)
        iconv_close(t->handle);
    free(t);
}

ssize_t jz_transcoder_run(struct jz_transcoder *t, const char *text, size_t size, char *out,
                          size_t room, size_t *ret_read)
{
    /* iconv(3) never writes to its input, whatever its prototype says. */
    union {
        const char *read;
        char *prototype;
    } in = { .read = text };
    char *at = out;
    size_t left = size, space = room;
    const size_t n = iconv(t->handle, &in.prototype, &left, &at, &space);
    if (n != (size_t)-1)
        return at - out;
    const int why = errno;
    *ret_read = size - left;
    iconv(t->handle, NULL, NULL, NULL, NULL);
    return why == E2BIG ? JZ_E_LIMIT : JZ_E_FORMAT;
}
