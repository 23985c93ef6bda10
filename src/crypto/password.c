#include "crypto/password.h"

#include "crypto/suite.h"

#include <argon2.h>
#include <stdio.h>
#include <string.h>

enum { PASSES = 3, MEMORY_KIB = 65536, LANES = 1, SALT_BYTES = 16, HASH_BYTES = 32 };

int jz_password_hash(const char *password, char ret_hash[JZ_PASSWORD_HASH_BYTES],
                     struct jz_error *err)
{
    const size_t size = strlen(password);
    char hash[JZ_PASSWORD_HASH_BYTES];
    uint8_t salt[SALT_BYTES];
    if (size == 0 || size > JZ_PASSWORD_MAX_BYTES)
        return jz_error_set(err, JZ_E_USAGE, "a password has 1 to %d bytes", JZ_PASSWORD_MAX_BYTES);
    jz_random(salt, sizeof salt);
    const int code = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password, size, salt,
                                           sizeof salt, HASH_BYTES, hash, sizeof hash);
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a password");
    if (code != ARGON2_OK)
        return jz_error_set(err, JZ_E_INTERNAL, "argon2: %s", argon2_error_message(code));
    memcpy(ret_hash, hash, sizeof hash);
    return 0;
}

/* What a hash may cost: one of another program's making could ask for all memory. */
static bool is_bearable(const char *hash)
{
    unsigned memory, passes, lanes;
    int end = 0;
    return sscanf(hash, "$argon2id$v=19$m=%8u,t=%4u,p=%2u$%n", &memory, &passes, &lanes, &end) ==
               3 &&
           end > 0 && memory <= 4 * MEMORY_KIB && passes <= 4 * PASSES && lanes <= 4;
}

int jz_password_verify(const char *hash, const char *password, bool *ret_same, struct jz_error *err)
{
    const size_t size = strlen(password);
    if (strlen(hash) >= JZ_PASSWORD_HASH_BYTES || !is_bearable(hash))
        return jz_error_set(err, JZ_E_FORMAT, "the hash of the password is of no known form");
    if (size > JZ_PASSWORD_MAX_BYTES) {
        *ret_same = false;
        return 0;
    }
    const int code = argon2id_verify(hash, password, size);
    if (code == ARGON2_OK || code == ARGON2_VERIFY_MISMATCH) {
        *ret_same = code == ARGON2_OK;
        return 0;
    }
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a password");
    return jz_error_set(err, JZ_E_FORMAT, "the hash of the password: %s",
                        argon2_error_message(code));
}
