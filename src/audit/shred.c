#include "audit/shred.h"

#include "audit/lines.h"
#include "base/encoding.h"
#include "base/hex.h"
#include "identity/reference.h"

#include <stdio.h>
#include <string.h>

enum { SHRED_VERSION = 1, SHRED_MAX_BYTES = 1024 };

static const char format_name[] = "jianzai-shred-1";

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    const size_t size = strlen(text);
    return mempcpy(put(at, size, 2), text, size);
}

/*
 * Big endian: version 1 (1 byte), key (8), fact (8), person (8), recorded_at (8), enrolments (8),
 * files (8), sealed (32), then operator and reason, each with its length (2) before it.
 */
static size_t encode(const struct jz_shred *s, uint8_t ret_bytes[SHRED_MAX_BYTES])
{
    uint8_t *at = put(ret_bytes, SHRED_VERSION, 1);
    at = mempcpy(at, s->key, sizeof s->key);
    at = put(at, (uint64_t)s->fact, 8);
    at = put(at, (uint64_t)s->person, 8);
    at = put(at, (uint64_t)s->recorded_at, 8);
    at = put(at, (uint64_t)s->enrolments, 8);
    at = put(at, (uint64_t)s->files, 8);
    at = mempcpy(at, s->sealed, sizeof s->sealed);
    at = put_text(at, s->operator);
    return (size_t)(put_text(at, s->reason) - ret_bytes);
}

/* UTF-8 without control characters, so that it stays one line of the text. */
static bool is_line(const char *text)
{
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return size > 0 && jz_utf8_valid(text, size) == size;
}

/* Since the person was last shredded before $2. */
#define SINCE                                                                                      \
    "f.person = $1 AND f.fact < $2 AND f.fact > "                                                  \
    "COALESCE((SELECT max(s.fact) FROM person_fact s JOIN shred d "                                \
    "ON d.id = s.fact WHERE s.person = $1 AND s.fact < $2), 0) "

/* Templates have the digest of what was sealed, files that of what can no longer be read. */
static const char what_was_sealed[] =
    "SELECT e.id, e.sealed, 0 FROM person_fact f JOIN enrolment e ON e.id = f.fact WHERE " SINCE
    "UNION ALL "
    "SELECT i.id, i.digest, 1 FROM person_fact f JOIN file i ON i.id = f.fact WHERE " SINCE
    "ORDER BY 1";

int jz_shred_gather(struct jz_sql *sql, enum jz_suite suite, int64_t person, int64_t before,
                    struct jz_shred *shred, int64_t *ret_latest, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(before) };
    int64_t counts[2] = { 0 }, latest = 0;
    uint8_t digest[JZ_DIGEST_BYTES], id[8];
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *all = NULL;
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *one = NULL;
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r;
    if ((r = jz_hasher_new(suite, &all, err)) < 0 || (r = jz_hasher_new(suite, &one, err)) < 0 ||
        (r = jz_sql_query(sql, what_was_sealed, values, 2, &rows, err)) < 0)
        return r;
    jz_hasher_begin(all);
    while ((r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value value = jz_sql_value(rows, 1);
        const bool is_file = jz_sql_int(rows, 2) != 0;
        latest = jz_sql_int(rows, 0);
        counts[is_file]++;
        jz_hasher_digest(one, &(struct jz_bytes){ value.data, value.size }, 1, digest);
        put(id, (uint64_t)latest, 8);
        jz_hasher_update(all, id, sizeof id);
        jz_hasher_update(all, is_file ? value.data : digest, is_file ? value.size : sizeof digest);
    }
    if (r < 0)
        return r;
    shred->enrolments = counts[false];
    shred->files = counts[true];
    jz_hasher_finish(all, shred->sealed);
    *ret_latest = latest;
    return 0;
}

int jz_shred_sign(const struct jz_keyring *keyring, struct jz_shred *shred, struct jz_error *err)
{
    struct jz_public_key key;
    uint8_t bytes[SHRED_MAX_BYTES];
    if (!is_line(shred->operator) || !is_line(shred->reason))
        return jz_error_set(err, JZ_E_USAGE, "operator and reason are one line of text each");
    const unsigned version = jz_keyring_versions(keyring, JZ_KEY_SIGN);
    int r = jz_keyring_public(keyring, version, &key, err);
    if (r < 0)
        return r;
    memcpy(shred->key, key.id, sizeof key.id);
    const size_t size = encode(shred, bytes);
    return jz_keyring_sign(keyring, version, JZ_SHRED_DOMAIN, bytes, size, shred->signature, err);
}

int jz_shred_verify(const struct jz_public_key *key, const struct jz_shred *shred,
                    struct jz_error *err)
{
    uint8_t bytes[SHRED_MAX_BYTES];
    if (memcmp(key->id, shred->key, sizeof key->id) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "statement: not signed by the key given");
    const size_t size = encode(shred, bytes);
    return jz_verify(key, JZ_SHRED_DOMAIN, bytes, size, shred->signature, err);
}

static bool take_text(struct jz_sql_value value, char *ret_text, size_t room)
{
    if (value.type != JZ_SQL_TEXT || value.size >= room || memchr(value.data, 0, value.size))
        return false;
    *(char *)mempcpy(ret_text, value.data, value.size) = 0;
    return true;
}

int jz_shred_read(const struct jz_sql_value values[JZ_MAX_COLUMNS], struct jz_shred *ret_shred,
                  struct jz_error *err)
{
    struct jz_shred s = {
        .fact = values[JZ_C_ID].integer,
        .person = values[SHRED_PERSON].integer,
        .recorded_at = values[JZ_C_AT].integer,
        .enrolments = values[SHRED_ENROLMENTS].integer,
        .files = values[SHRED_FILES].integer,
    };
    const struct jz_sql_value made = values[SHRED_SIGNATURE];
    if (made.size != JZ_SHRED_SIGNED_BYTES ||
        !take_text(values[SHRED_BY], s.operator, sizeof s.operator) ||
        !take_text(values[SHRED_REASON], s.reason, sizeof s.reason))
        return jz_error_set(err, JZ_E_INTEGRITY, "shred %lld is no signed statement",
                            (long long)s.fact);
    memcpy(s.key, made.data, sizeof s.key);
    memcpy(s.signature, (const uint8_t *)made.data + sizeof s.key, sizeof s.signature);
    *ret_shred = s;
    return 0;
}

void jz_shred_format(const struct jz_shred *s, char ret_text[JZ_SHRED_TEXT_BYTES])
{
    char person[JZ_REFERENCE_TEXT_BYTES], sealed[2 * sizeof s->sealed + 1],
        key[2 * sizeof s->key + 1], signature[2 * sizeof s->signature + 1];
    snprintf(ret_text, JZ_SHRED_TEXT_BYTES,
             "%s\nperson: %s\nfact: %lld\nrecorded_at: %lld\nenrolments: %lld\nfiles: %lld\n"
             "sealed: %s\noperator: %s\nreason: %s\nkey: %s\nsignature: %s\n",
             format_name, jz_reference_format(s->person, person), (long long)s->fact,
             (long long)s->recorded_at, (long long)s->enrolments, (long long)s->files,
             jz_hex_write(s->sealed, sizeof s->sealed, sealed), s->operator, s->reason,
             jz_hex_write(s->key, sizeof s->key, key),
             jz_hex_write(s->signature, sizeof s->signature, signature));
}

int jz_shred_parse(const void *text, size_t size, struct jz_shred *ret_shred, struct jz_error *err)
{
    struct jz_lines lines;
    struct jz_shred s = { 0 };
    char person[JZ_REFERENCE_TEXT_BYTES], again[JZ_SHRED_TEXT_BYTES];
    int r;
    if ((r = jz_lines_begin(&lines, "statement", format_name, text, size, err)) < 0 ||
        (r = jz_lines_text(&lines, "person", person, sizeof person, err)) < 0 ||
        (r = jz_reference_parse(person, &s.person, err)) < 0 ||
        (r = jz_lines_number(&lines, "fact", &s.fact, err)) < 0 ||
        (r = jz_lines_number(&lines, "recorded_at", &s.recorded_at, err)) < 0 ||
        (r = jz_lines_number(&lines, "enrolments", &s.enrolments, err)) < 0 ||
        (r = jz_lines_number(&lines, "files", &s.files, err)) < 0 ||
        (r = jz_lines_bytes(&lines, "sealed", s.sealed, sizeof s.sealed, err)) < 0 ||
        (r = jz_lines_text(&lines, "operator", s.operator, sizeof s.operator, err)) < 0 ||
        (r = jz_lines_text(&lines, "reason", s.reason, sizeof s.reason, err)) < 0 ||
        (r = jz_lines_bytes(&lines, "key", s.key, sizeof s.key, err)) < 0 ||
        (r = jz_lines_bytes(&lines, "signature", s.signature, sizeof s.signature, err)) < 0 ||
        (r = jz_lines_end(&lines, err)) < 0)
        return r;
    jz_shred_format(&s, again);
    if (strlen(again) != size || memcmp(again, text, size) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "statement: not written as such a text is written");
    *ret_shred = s;
    return 0;
}
