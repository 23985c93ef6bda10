/* The beacon as a value: its short form, its text, its signature. */
#include "audit/beacon.h"

#include "audit/beacon_internal.h"
#include "base/hex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SYMBOLS = 10, SYMBOL_BITS = 5, VERSION = 1, SIGNED_BYTES = 61 };

/* Without what looks alike: 0 and O, 1 and I. */
static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/* ---- The short form ---- */

/* In the field of 32 elements that x^5 + x^2 + 1 makes, by its generator. */
static unsigned times_generator(unsigned x)
{
    return (x << 1 ^ (x & 16 ? 0x25u : 0)) & 31;
}

/*
 * 0 when the last of the symbols fits the others. Every symbol weighs another power of the
 * generator, so a wrong one, or two in each other's place, never fit.
 */
static unsigned check_of(const unsigned *symbols, int count)
{
    unsigned sum = 0;
    for (int i = 0; i < count; i++)
        sum = times_generator(sum) ^ symbols[i];
    return sum;
}

char *jz_beacon_short(uint64_t code, char ret_text[JZ_BEACON_SHORT_BYTES])
{
    unsigned symbols[SYMBOLS];
    for (int i = 0; i < SYMBOLS - 1; i++)
        symbols[i] = (unsigned)(code >> (SYMBOL_BITS * (SYMBOLS - 2 - i))) & 31;
    symbols[SYMBOLS - 1] = times_generator(check_of(symbols, SYMBOLS - 1));
    char *at = ret_text;
    for (int i = 0; i < SYMBOLS; i++) {
        if (i == 3 || i == 7)
            *at++ = '-';
        *at++ = alphabet[symbols[i]];
    }
    *at = 0;
    return ret_text;
}

int jz_beacon_short_parse(const char *text, uint64_t *ret_code, struct jz_error *err)
{
    unsigned symbols[SYMBOLS];
    uint64_t code = 0;
    int count = 0;
    for (; *text; text++) {
        if (*text == ' ' || *text == '-')
            continue;
        const char *found = strchr(alphabet, toupper((unsigned char)*text));
        if (!found || count == SYMBOLS) {
            count = -1;
            break;
        }
        symbols[count++] = (unsigned)(found - alphabet);
    }
    if (count != SYMBOLS)
        return jz_error_set(err, JZ_E_FORMAT,
                            "no beacon: it has ten letters and digits, none of them 0, 1, I or O");
    if (check_of(symbols, SYMBOLS) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "a character of the beacon is wrong, or two are swapped: look again");
    for (int i = 0; i < SYMBOLS - 1; i++)
        code = code << SYMBOL_BITS | symbols[i];
    *ret_code = code;
    return 0;
}

/* ---- The text ---- */

void jz_beacon_format(const struct jz_beacon *b, char ret_text[JZ_BEACON_TEXT_BYTES])
{
    char day[JZ_DATE_TEXT_BYTES], code[JZ_BEACON_SHORT_BYTES], key[2 * sizeof b->key + 1],
        root[2 * sizeof b->root + 1], signature[2 * sizeof b->signature + 1];
    snprintf(ret_text, JZ_BEACON_TEXT_BYTES, "%s%s:%s:%s:%llu:%s:%s", JZ_BEACON_TEXT_MARK,
             jz_date_format(b->day, day), jz_beacon_short(b->code, code),
             jz_hex_write(b->key, sizeof b->key, key), (unsigned long long)b->size,
             jz_hex_write(b->root, sizeof b->root, root),
             jz_hex_write(b->signature, sizeof b->signature, signature));
}

/* The text up to the next colon, or the end. */
static bool take_part(const char **at, const char *end, char *ret_text, size_t room)
{
    const char *colon = *at < end ? memchr(*at, ':', (size_t)(end - *at)) : NULL;
    const char *stop = colon ? colon : end;
    const size_t size = (size_t)(stop - *at);
    if (size >= room || memchr(*at, 0, size))
        return false;
    *(char *)mempcpy(ret_text, *at, size) = 0;
    *at = colon ? colon + 1 : end;
    return true;
}

static bool take_bytes(const char **at, const char *end, void *ret_bytes, size_t size)
{
    char text[2 * JZ_SIGNATURE_BYTES + 1];
    return take_part(at, end, text, sizeof text) &&
           jz_hex_read(text, strlen(text), ret_bytes, size);
}

static bool take_size(const char **at, const char *end, uint64_t *ret_size)
{
    char text[21];
    if (!take_part(at, end, text, sizeof text) || strspn(text, "0123456789") != strlen(text))
        return false;
    *ret_size = strtoull(text, NULL, 10);
    return true;
}

int jz_beacon_parse(const char *text, size_t size, struct jz_beacon *ret_beacon,
                    struct jz_error *err)
{
    struct jz_beacon b = { .size = 0 };
    char mark[sizeof JZ_BEACON_TEXT_MARK], day[JZ_DATE_TEXT_BYTES], code[JZ_BEACON_SHORT_BYTES];
    char again[JZ_BEACON_TEXT_BYTES];
    const char *at = text, *end = text + size;
    if (!take_part(&at, end, mark, sizeof mark) || !take_part(&at, end, day, sizeof day) ||
        !jz_date_parse(day, &b.day) || !take_part(&at, end, code, sizeof code) ||
        jz_beacon_short_parse(code, &b.code, NULL) < 0 ||
        !take_bytes(&at, end, b.key, sizeof b.key) || !take_size(&at, end, &b.size) ||
        !take_bytes(&at, end, b.root, sizeof b.root) ||
        !take_bytes(&at, end, b.signature, sizeof b.signature))
        return jz_error_set(err, JZ_E_FORMAT, "no text of a beacon, or one that was cut short");
    jz_beacon_format(&b, again);
    if (strlen(again) != size || memcmp(again, text, size) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "not written as the text of a beacon is written");
    *ret_beacon = b;
    return 0;
}

/* ---- The signature ---- */

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

/* Big endian: version 1 (1 byte), key (8), day as YYYYMMDD (4), code (8), size (8), root (32). */
static void encode(const struct jz_beacon *b, uint8_t ret_bytes[SIGNED_BYTES])
{
    uint8_t *at = put(ret_bytes, VERSION, 1);
    at = mempcpy(at, b->key, sizeof b->key);
    at = put(at, (uint64_t)jz_date_key(b->day), 4);
    at = put(put(at, b->code, 8), b->size, 8);
    memcpy(at, b->root, sizeof b->root);
}

int beacon_sign(const struct jz_keyring *keyring, struct jz_beacon *beacon, struct jz_error *err)
{
    struct jz_public_key key;
    uint8_t bytes[SIGNED_BYTES];
    const unsigned version = jz_keyring_versions(keyring, JZ_KEY_SIGN);
    const int r = jz_keyring_public(keyring, version, &key, err);
    if (r < 0)
        return r;
    memcpy(beacon->key, key.id, sizeof key.id);
    encode(beacon, bytes);
    return jz_keyring_sign(keyring, version, JZ_BEACON_DOMAIN, bytes, sizeof bytes,
                           beacon->signature, err);
}

int jz_beacon_verify(const struct jz_public_key *keys, size_t count, const struct jz_beacon *beacon,
                     struct jz_error *err)
{
    uint8_t bytes[SIGNED_BYTES];
    encode(beacon, bytes);
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i].id, beacon->key, sizeof beacon->key) == 0)
            return jz_verify(&keys[i], JZ_BEACON_DOMAIN, bytes, sizeof bytes, beacon->signature,
                             err);
    char id[2 * sizeof beacon->key + 1];
    return jz_error_set(err, JZ_E_INTEGRITY, "signed by %s, which is none of the keys given",
                        jz_hex_write(beacon->key, sizeof beacon->key, id));
}
