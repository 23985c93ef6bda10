#include "crypto/hash.h"

#include "base/hex.h"

#include <openssl/evp.h>

int jz_sha256_hex(const void *data, size_t size, char ret_hex[JZ_SHA256_HEX_BYTES],
                  struct jz_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    if (EVP_Digest(data, size, digest, &n, EVP_sha256(), NULL) != 1 || n != 32)
        return jz_error_set(err, JZ_E_INTERNAL, "SHA-256 is not available from OpenSSL");
    jz_hex_write(digest, n, ret_hex);
    return 0;
}
