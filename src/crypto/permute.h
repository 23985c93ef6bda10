/*
 * A keyed permutation of the numbers below 2^50: what comes out looks random to whoever lacks the
 * key, is another one for every number, and leads back to it with the key. For codes that people
 * are given in place of numbers, so that nobody can tell the next one and none needs to be looked
 * up.
 *
 * A balanced Feistel network of ten rounds, as in FF1 of NIST SP 800-38G, with the suite's HMAC as
 * round function. Pure, any thread.
 */
#pragma once

#include "crypto/suite.h"

#define JZ_PERMUTE_LIMIT (UINT64_C(1) << 50)

/* JZ_E_USAGE for a number at or beyond the limit. */
int jz_permute(enum jz_suite suite, struct jz_bytes key, uint64_t number, uint64_t *ret_number,
               struct jz_error *err) JZ_MUST_CHECK;
int jz_permute_back(enum jz_suite suite, struct jz_bytes key, uint64_t number, uint64_t *ret_number,
                    struct jz_error *err) JZ_MUST_CHECK;
