#include "bridge/pairing.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/suite.h"

#include <string.h>

/* The only line of the file; behind the digest stands a line feed. */
#define HEAD "jianzai-bridge-pairing:sha256:"
enum { HEAD_BYTES = sizeof HEAD - 1, DIGITS = JZ_SHA256_HEX_BYTES - 1, RANDOM_BYTES = 16 };
enum { FILE_BYTES = HEAD_BYTES + DIGITS + 1 };

static int path_of(const char *config_path, char **ret_path, struct jz_error *err)
{
    char *path;
    if (asprintf(&path, "%s.pairing", config_path) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *ret_path = path;
    return 0;
}

int jz_pairing_make(const char *config_path, char ret_token[JZ_PAIRING_TOKEN_BYTES],
                    struct jz_error *err)
{
    jz_autofree char *path = NULL;
    uint8_t bytes[RANDOM_BYTES];
    char token[JZ_PAIRING_TOKEN_BYTES], hex[JZ_SHA256_HEX_BYTES], text[FILE_BYTES + 1];
    int r = path_of(config_path, &path, err);
    if (r < 0)
        return r;
    jz_random(bytes, sizeof bytes);
    for (int i = 0; i < RANDOM_BYTES; i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    if ((r = jz_sha256_hex(token, strlen(token), hex, err)) < 0)
        return r;
    snprintf(text, sizeof text, HEAD "%s\n", hex);
    if ((r = jz_file_write_private(path, text, FILE_BYTES, err)) < 0)
        return r;
    memcpy(ret_token, token, sizeof token);
    jz_wipe(token, sizeof token);
    jz_wipe(bytes, sizeof bytes);
    return 0;
}

int jz_pairing_check(const char *config_path, const char *token, bool *ret_is_right,
                     struct jz_error *err)
{
    jz_autofree char *path = NULL;
    jz_autofree uint8_t *kept = NULL;
    char hex[JZ_SHA256_HEX_BYTES];
    size_t size;
    int r = path_of(config_path, &path, err);
    if (r < 0 || (r = jz_file_read(path, FILE_BYTES, &kept, &size, err)) < 0)
        return r;
    if (size != FILE_BYTES || memcmp(kept, HEAD, HEAD_BYTES) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s: is no pairing; make one with --pair", path);
    if ((r = jz_sha256_hex(token, strlen(token), hex, err)) < 0)
        return r;
    *ret_is_right = jz_secret_equal(hex, kept + HEAD_BYTES, DIGITS);
    return 0;
}
