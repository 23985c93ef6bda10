#include "crypto/permute.h"

#include "crypto/primitive_internal.h"

#include <openssl/evp.h>

enum { ROUNDS = 10, HALF_BITS = 25, HALF_MASK = (1 << HALF_BITS) - 1 };

static uint32_t round_of(EVP_MAC_CTX *mac, int number, uint32_t half)
{
    const uint8_t data[] = { (uint8_t)number, (uint8_t)(half >> 24), (uint8_t)(half >> 16),
                             (uint8_t)(half >> 8), (uint8_t)half };
    uint8_t digest[JZ_DIGEST_BYTES];
    jz_mac_compute(mac, &(struct jz_bytes){ data, sizeof data }, 1, digest);
    return ((uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
            digest[3]) &
           HALF_MASK;
}

static int begin(enum jz_suite suite, struct jz_bytes key, uint64_t number, EVP_MAC_CTX **ret_mac,
                 struct jz_error *err)
{
    const struct jz_algorithms *algorithms;
    if (number >= JZ_PERMUTE_LIMIT)
        return jz_error_set(err, JZ_E_USAGE, "a number beyond what a code can stand for");
    const int r = jz_algorithms_get(suite, &algorithms, err);
    if (r < 0)
        return r;
    *ret_mac = jz_mac_new(algorithms, key.data, key.size);
    return *ret_mac ? 0 : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}

int jz_permute(enum jz_suite suite, struct jz_bytes key, uint64_t number, uint64_t *ret_number,
               struct jz_error *err)
{
    EVP_MAC_CTX *mac;
    const int r = begin(suite, key, number, &mac, err);
    if (r < 0)
        return r;
    uint32_t left = (uint32_t)(number >> HALF_BITS), right = (uint32_t)number & HALF_MASK;
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t next = left ^ round_of(mac, i, right);
        left = right;
        right = next;
    }
    EVP_MAC_CTX_free(mac);
    *ret_number = (uint64_t)left << HALF_BITS | right;
    return 0;
}

int jz_permute_back(enum jz_suite suite, struct jz_bytes key, uint64_t number, uint64_t *ret_number,
                    struct jz_error *err)
{
    EVP_MAC_CTX *mac;
    const int r = begin(suite, key, number, &mac, err);
    if (r < 0)
        return r;
    uint32_t left = (uint32_t)(number >> HALF_BITS), right = (uint32_t)number & HALF_MASK;
    for (int i = ROUNDS; i-- > 0;) {
        const uint32_t before = right ^ round_of(mac, i, left);
        right = left;
        left = before;
    }
    EVP_MAC_CTX_free(mac);
    *ret_number = (uint64_t)left << HALF_BITS | right;
    return 0;
}
