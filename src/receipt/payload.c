#include "receipt/payload.h"

#include "receipt/words.h"

#include <ctype.h>
#include <string.h>

enum {
    FORMAT_VERSION = 1,
    CODE_CHARS = 10,
    CODE_BITS = 5,
};

/* The last second of the year 9999, beyond which civil dates end. */
static const int64_t MAX_SECONDS = 253402300799;

/* RFC 4648; the other one leaves out 0 O 1 I, which people take for each other. */
static const char text_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char code_alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

static void put(uint8_t **at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *(*at)++ = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t **at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | *(*at)++;
    return value;
}

/* NULL, or the first field that is out of range. */
static const char *wrong_field(const struct jz_receipt *r)
{
    const struct {
        const char *name;
        bool good;
    } fields[] = {
        { "number", r->number >= 1 && r->number <= INT64_MAX },
        { "code", r->code <= JZ_RECEIPT_MAX_CODE },
        { "person", r->person >= 1 && r->person <= INT64_MAX },
        { "observed_on", jz_date_is_set(jz_date_from_key(jz_date_key(r->observed_on))) },
        { "recorded_at", r->recorded_at >= 0 && r->recorded_at <= MAX_SECONDS },
        { "due_on", jz_date_is_set(jz_date_from_key(jz_date_key(r->due_on))) },
        { "kind", jz_receipt_kind(r->kind) != NULL },
        { "schemes", r->schemes >= 1 && r->schemes < 1 << JZ_SCHEMES },
        { "region", r->region <= JZ_RECEIPT_MAX_REGION },
        { "policy", r->policy >= 1 && r->policy <= INT64_MAX },
        { "leaf", r->leaf <= JZ_RECEIPT_MAX_LEAF },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!fields[i].good)
            return fields[i].name;
    return NULL;
}

int jz_receipt_encode(const struct jz_receipt *r, uint8_t ret_bytes[JZ_RECEIPT_BYTES],
                      struct jz_error *err)
{
    const char *wrong = wrong_field(r);
    if (wrong)
        return jz_error_set(err, JZ_E_USAGE, "receipt: %s is out of range", wrong);
    uint8_t *at = ret_bytes;
    put(&at, FORMAT_VERSION, 1);
    memcpy(at, r->installation, sizeof r->installation);
    at += sizeof r->installation;
    put(&at, r->number, 8);
    put(&at, r->code, 7);
    put(&at, r->person, 8);
    put(&at, (uint64_t)jz_date_key(r->observed_on), 4);
    put(&at, (uint64_t)r->recorded_at, 8);
    put(&at, (uint64_t)jz_date_key(r->due_on), 4);
    put(&at, r->kind, 1);
    put(&at, r->schemes, 2);
    put(&at, r->region, 3);
    put(&at, r->policy, 8);
    put(&at, r->leaf, 8);
    return 0;
}

int jz_receipt_decode(const void *data, size_t size, struct jz_receipt *ret_receipt,
                      struct jz_error *err)
{
    const uint8_t *at = data;
    if (size != JZ_RECEIPT_BYTES)
        return jz_error_set(err, JZ_E_FORMAT, "receipt: %zu bytes, a receipt has %d", size,
                            JZ_RECEIPT_BYTES);
    const unsigned version = (unsigned)get(&at, 1);
    if (version != FORMAT_VERSION)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "receipt: version %u of the format, this program reads version %d",
                            version, FORMAT_VERSION);
    struct jz_receipt r;
    memcpy(r.installation, at, sizeof r.installation);
    at += sizeof r.installation;
    r.number = get(&at, 8);
    r.code = get(&at, 7);
    r.person = get(&at, 8);
    r.observed_on = jz_date_from_key((int64_t)get(&at, 4));
    r.recorded_at = (int64_t)get(&at, 8);
    r.due_on = jz_date_from_key((int64_t)get(&at, 4));
    r.kind = (uint8_t)get(&at, 1);
    r.schemes = (uint16_t)get(&at, 2);
    r.region = (uint32_t)get(&at, 3);
    r.policy = get(&at, 8);
    r.leaf = get(&at, 8);
    const char *wrong = wrong_field(&r);
    if (wrong)
        return jz_error_set(err, JZ_E_FORMAT, "receipt: %s is out of range", wrong);
    *ret_receipt = r;
    return 0;
}

void jz_receipt_text(const struct jz_signed_receipt *receipt, char ret_text[JZ_RECEIPT_TEXT_BYTES])
{
    char *to = stpcpy(ret_text, JZ_RECEIPT_TEXT_MARK);
    unsigned bits = 0;
    int held = 0;
    for (size_t i = 0; i < sizeof receipt->bytes; i++) {
        bits = (bits << 8 | receipt->bytes[i]) & 0xfff;
        for (held += 8; held >= 5; held -= 5)
            *to++ = text_alphabet[bits >> (held - 5) & 31];
    }
    *to++ = text_alphabet[bits << (5 - held) & 31];
    *to = 0;
}

int jz_receipt_text_parse(const char *text, struct jz_signed_receipt *ret_receipt,
                          struct jz_error *err)
{
    const size_t mark = strlen(JZ_RECEIPT_TEXT_MARK);
    const size_t size = strnlen(text, JZ_RECEIPT_TEXT_BYTES);
    if (strncmp(text, JZ_RECEIPT_TEXT_MARK, mark) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "the text of a receipt begins with %s",
                            JZ_RECEIPT_TEXT_MARK);
    if (size != JZ_RECEIPT_TEXT_CHARS)
        return jz_error_set(
            err, JZ_E_FORMAT, "the text of a receipt has %d characters, this one has %s%zu",
            JZ_RECEIPT_TEXT_CHARS, size > JZ_RECEIPT_TEXT_CHARS ? "at least " : "", size);
    struct jz_signed_receipt r;
    uint8_t *to = r.bytes;
    unsigned bits = 0;
    int held = 0;
    for (size_t i = mark; i < size; i++) {
        const char *found = strchr(text_alphabet, text[i]);
        if (!found)
            return jz_error_set(err, JZ_E_FORMAT,
                                "the text of a receipt: character %zu is neither A to Z nor 2 to 7",
                                i + 1);
        bits = (bits << 5 | (unsigned)(found - text_alphabet)) & 0xfff;
        if ((held += 5) >= 8)
            *to++ = (uint8_t)(bits >> (held -= 8));
    }
    /* The bits that only fill up the last character; else several texts were one receipt. */
    if (bits & ((1U << held) - 1))
        return jz_error_set(err, JZ_E_FORMAT, "the text of a receipt: its last character is wrong");
    *ret_receipt = r;
    return 0;
}

void jz_receipt_code_format(uint64_t code, char ret_text[JZ_RECEIPT_CODE_TEXT_BYTES])
{
    char *to = ret_text;
    for (int i = CODE_CHARS - 1; i >= 0; i--) {
        *to++ = code_alphabet[code >> (CODE_BITS * i) & 31];
        if (i == CODE_CHARS / 2)
            *to++ = '-';
    }
    *to = 0;
}

bool jz_receipt_code_parse(const char *text, uint64_t *ret_code)
{
    uint64_t code = 0;
    int chars = 0;
    for (; *text; text++) {
        if (*text == ' ' || *text == '-')
            continue;
        const char *found = strchr(code_alphabet, toupper((unsigned char)*text));
        if (!found || chars++ == CODE_CHARS)
            return false;
        code = code << CODE_BITS | (uint64_t)(found - code_alphabet);
    }
    if (chars != CODE_CHARS)
        return false;
    *ret_code = code;
    return true;
}
