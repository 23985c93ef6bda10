/*
 * Tokens: the first line is a key set, the rest a token, signed or sealed. What verifies or opens
 * was whole; what is sealed here opens again as the same bytes.
 */
#include "crypto/jose.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_token(const char *keys_text, size_t keys_size, const char *token)
{
    static const uint8_t key[JZ_JWE_KEY_BYTES] = { 1 };
    JZ_CLEANUP(jz_jwks_freep) struct jz_jwks *keys = NULL;
    jz_autofree char *payload = NULL;
    struct jz_jose_header header;
    struct jz_error err = { 0 };
    size_t size = 0;
    int r = jz_jose_read_header(token, &header, &err);
    require(r == 0 || (err.code == r && *err.text));
    require(r < 0 || *header.alg);
    r = jz_jwe_open(token, key, &payload, &size, &err);
    require(r == 0 || (err.code == r && !payload));
    if (r == 0)
        return;
    r = jz_jwks_parse(keys_text, keys_size, &keys, &err);
    if (r == 0)
        r = jz_jws_verify(keys, token, &payload, &size, &err);
    require(r == 0 ? payload[size] == 0 : err.code == r && !payload);
}

static void check_seal(const uint8_t *data, size_t size)
{
    static const uint8_t key[JZ_JWE_KEY_BYTES] = { 2 };
    jz_autofree char *token = NULL, *payload = NULL;
    struct jz_error err = { 0 };
    size_t again = 0;
    if (jz_jwe_seal("k", key, data, size, &token, &err) < 0)
        return;
    require(jz_jwe_open(token, key, &payload, &again, &err) == 0);
    require(again == size && memcmp(payload, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    const size_t keys_size = line ? (size_t)(line - data) : 0;
    const size_t start = line ? keys_size + 1 : 0;
    jz_autofree char *token = strndup((const char *)data + start, size - start);
    if (!token)
        abort();
    check_token((const char *)data, keys_size, token);
    check_seal(data, size);
    return 0;
}
