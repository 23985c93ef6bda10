#include "crypto/jose_internal.h"

#include "crypto/primitive_internal.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* ---- base64url ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *jz_base64url_encode(const void *data, size_t size, char *ret_text)
{
    const uint8_t *at = data;
    char *out = ret_text;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | at[i];
        for (held += 8; held >= 6; held -= 6)
            *out++ = digits[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *out++ = digits[bits << (6 - held) & 63];
    *out = 0;
    return ret_text;
}

bool jz_base64url_decode(const char *text, size_t length, uint8_t *ret_data, size_t room,
                         size_t *ret_size)
{
    uint32_t bits = 0;
    int held = 0;
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (used == room)
            return false;
        ret_data[used++] = (uint8_t)(bits >> held);
    }
    /* One digit alone says nothing, and bits that are left over are zero. */
    if (length % 4 == 1 || (bits & ((1u << held) - 1)))
        return false;
    *ret_size = used;
    return true;
}

/* ---- Compact form ---- */

int jz_compact_split(const char *token, int count, struct jz_compact *ret_compact,
                     struct jz_error *err)
{
    struct jz_compact c = { 0 };
    const size_t size = strnlen(token, JZ_JOSE_MAX_BYTES + 1);
    if (size > JZ_JOSE_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a token of more than %d bytes", JZ_JOSE_MAX_BYTES);
    for (const char *at = token;; at++) {
        const size_t length = strcspn(at, ".");
        if (c.count == count)
            break;
        c.parts[c.count].text = at;
        c.parts[c.count++].length = length;
        at += length;
        if (!*at) {
            if (c.count != count)
                break;
            *ret_compact = c;
            return 0;
        }
    }
    return jz_error_set(err, JZ_E_FORMAT, "no token: it does not have %d parts with dots between",
                        count);
}

int jz_compact_decode(const struct jz_compact *compact, int part, uint8_t **ret_data,
                      size_t *ret_size, struct jz_error *err)
{
    const size_t length = compact->parts[part].length, room = length * 3 / 4;
    size_t size = 0;
    uint8_t *data = malloc(room + 1);
    if (!data)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if (!jz_base64url_decode(compact->parts[part].text, length, data, room, &size)) {
        free(data);
        return jz_error_set(err, JZ_E_FORMAT, "no token: part %d is not base64url", part + 1);
    }
    data[size] = 0;
    *ret_data = data;
    *ret_size = size;
    return 0;
}

static bool take_member(json_t *object, const char *name, char *ret, size_t room)
{
    json_t *value = json_object_get(object, name);
    *ret = 0;
    if (!value)
        return true;
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) >= room || strlen(text) != json_string_length(value))
        return false;
    strcpy(ret, text);
    return true;
}

int jz_compact_header(const struct jz_compact *compact, struct jz_jose_header *ret_header,
                      struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    struct jz_jose_header header;
    size_t size = 0;
    int r = jz_compact_decode(compact, 0, &text, &size, err);
    if (r < 0)
        return r;
    json_t *object = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object) || !take_member(object, "alg", header.alg, sizeof header.alg) ||
        !take_member(object, "enc", header.enc, sizeof header.enc) ||
        !take_member(object, "kid", header.kid, sizeof header.kid) || !*header.alg)
        r = jz_error_set(err, JZ_E_FORMAT, "no token: its header is not one");
    else if (json_object_get(object, "crit") || json_object_get(object, "zip"))
        r = jz_error_set(err, JZ_E_UNSUPPORTED, "a token that asks for more than is known here");
    json_decref(object);
    if (r == 0)
        *ret_header = header;
    return r;
}

int jz_jose_read_header(const char *token, struct jz_jose_header *ret_header, struct jz_error *err)
{
    struct jz_compact compact;
    int r = jz_compact_split(token, 3, &compact, NULL);
    if (r < 0)
        r = jz_compact_split(token, JZ_JOSE_PARTS, &compact, err);
    return r < 0 ? r : jz_compact_header(&compact, ret_header, err);
}

/* ---- JWE ---- */

enum { HEADER, ENCRYPTED_KEY, NONCE, CIPHERTEXT, TAG };

static void cipher_freep(EVP_CIPHER_CTX **c)
{
    EVP_CIPHER_CTX_free(*c);
}

/* AES-256-GCM whatever the installation's suite: the other side is a library of JOSE. */
static EVP_CIPHER_CTX *open_cipher(const uint8_t key[JZ_JWE_KEY_BYTES], struct jz_error *err)
{
    const struct jz_algorithms *algorithms = NULL;
    if (jz_algorithms_get(JZ_SUITE_INTERNATIONAL, &algorithms, err) < 0)
        return NULL;
    EVP_CIPHER_CTX *cipher = jz_cipher_new(algorithms, key);
    if (!cipher)
        jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return cipher;
}

int jz_jwe_open(const char *token, const uint8_t key[JZ_JWE_KEY_BYTES], char **ret_payload,
                size_t *ret_size, struct jz_error *err)
{
    struct jz_compact c;
    struct jz_jose_header header;
    jz_autofree uint8_t *nonce = NULL, *sealed = NULL, *tag = NULL;
    size_t nonce_size = 0, size = 0, tag_size = 0;
    int r;
    if ((r = jz_compact_split(token, JZ_JOSE_PARTS, &c, err)) < 0 ||
        (r = jz_compact_header(&c, &header, err)) < 0)
        return r;
    if (strcmp(header.alg, "dir") != 0 || strcmp(header.enc, "A256GCM") != 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "a token of alg %s and enc %s; this takes dir and A256GCM", header.alg,
                            *header.enc ? header.enc : "none");
    if ((r = jz_compact_decode(&c, NONCE, &nonce, &nonce_size, err)) < 0 ||
        (r = jz_compact_decode(&c, CIPHERTEXT, &sealed, &size, err)) < 0 ||
        (r = jz_compact_decode(&c, TAG, &tag, &tag_size, err)) < 0)
        return r;
    if (c.parts[ENCRYPTED_KEY].length || nonce_size != JZ_GCM_NONCE_BYTES ||
        tag_size != JZ_GCM_TAG_BYTES)
        return jz_error_set(err, JZ_E_FORMAT, "no token: a part has not the size it should have");
    JZ_CLEANUP(cipher_freep) EVP_CIPHER_CTX *cipher = open_cipher(key, err);
    uint8_t *plain = cipher ? malloc(size + 1) : NULL;
    if (!plain)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const struct jz_bytes aad = { c.parts[HEADER].text, c.parts[HEADER].length };
    if (!jz_gcm_unseal(cipher, nonce, &aad, 1, sealed, size, plain, tag)) {
        free(plain);
        return jz_error_set(err, JZ_E_INTEGRITY, "the token was not sealed with this key");
    }
    plain[size] = 0;
    *ret_payload = (char *)plain;
    *ret_size = size;
    return 0;
}

int jz_jwe_seal(const char *kid, const uint8_t key[JZ_JWE_KEY_BYTES], const void *payload,
                size_t size, char **ret_token, struct jz_error *err)
{
    uint8_t nonce[JZ_GCM_NONCE_BYTES], tag[JZ_GCM_TAG_BYTES];
    char nonce_text[JZ_BASE64URL_TEXT_BYTES(JZ_GCM_NONCE_BYTES)];
    char tag_text[JZ_BASE64URL_TEXT_BYTES(JZ_GCM_TAG_BYTES)];
    if (size > JZ_JOSE_MAX_BYTES / 2 || strlen(kid) > JZ_JOSE_KID_MAX)
        return jz_error_set(err, JZ_E_LIMIT, "more than a token holds");
    json_t *object = json_pack("{s:s,s:s,s:s}", "alg", "dir", "enc", "A256GCM", "kid", kid);
    jz_autofree char *header = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (!header)
        return jz_error_set(err, JZ_E_FORMAT, "the name of the key is not UTF-8");
    jz_autofree char *header_text = malloc(JZ_BASE64URL_TEXT_BYTES(strlen(header)));
    jz_autofree uint8_t *sealed = malloc(size + 1);
    jz_autofree char *sealed_text = malloc(JZ_BASE64URL_TEXT_BYTES(size));
    JZ_CLEANUP(cipher_freep) EVP_CIPHER_CTX *cipher = open_cipher(key, err);
    if (!header_text || !sealed || !sealed_text || !cipher)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    jz_base64url_encode(header, strlen(header), header_text);
    jz_random(nonce, sizeof nonce);
    const struct jz_bytes aad = { header_text, strlen(header_text) };
    jz_gcm_seal(cipher, nonce, &aad, 1, payload, size, sealed, tag);
    char *token = NULL;
    if (asprintf(&token, "%s..%s.%s.%s", header_text,
                 jz_base64url_encode(nonce, sizeof nonce, nonce_text),
                 jz_base64url_encode(sealed, size, sealed_text),
                 jz_base64url_encode(tag, sizeof tag, tag_text)) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *ret_token = token;
    return 0;
}
