#include "crypto/hash.h"

#include <openssl/evp.h>

int jz_sha256_hex(const void *data, size_t size, char ret_hex[JZ_SHA256_HEX_BYTES],
                  struct jz_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    if (EVP_Digest(data, size, digest, &n, EVP_sha256(), NULL) != 1 || n != 32)
        return jz_error_set(err, JZ_E_INTERNAL, "SHA-256 is not available from OpenSSL");
    for (unsigned int i = 0; i < n; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[2 * n] = 0;
    return 0;
}
