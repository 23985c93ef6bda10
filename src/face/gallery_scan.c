/*
 * The inner loops of gallery.c. This file is compiled once for each kind of processor, under the
 * name in JZ_SCAN; gallery.c picks one when a gallery is made. Over a million faces the two with
 * vectors wait for memory alike (12 ms, plain 77); over 16,000 that fit the cache AVX-512 takes
 * 0.09 ms, AVX2 0.11, plain 0.87.
 */
#include "face/gallery_internal.h"

#include <string.h>

#if defined(__AVX512VNNI__)
#include <immintrin.h>

/* Four numbers of the query against four of each of sixteen entries. */
static inline __m512i add(__m512i sum, __m512i halves, const int8_t *values)
{
    int32_t four;
    memcpy(&four, values, sizeof four);
    return _mm512_dpbusd_epi32(sum, halves, _mm512_set1_epi32(four));
}

static unsigned scan(const uint8_t *block, size_t rows, const struct query *q, float least,
                     int32_t ret_sums[BLOCK])
{
    const __m512i mask = _mm512_set1_epi8(15);
    /* An addition waits for the one before: four chains keep the processor busy. */
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    for (size_t i = 0; i < rows; i += 2) {
        const __m512i x = _mm512_load_si512(block + i * ROW);
        const __m512i y = _mm512_load_si512(block + (i + 1) * ROW);
        const int8_t *values = q->values + i * HIGH_ROW_DIMS;
        a = add(a, _mm512_and_si512(x, mask), values);
        b = add(b, _mm512_and_si512(_mm512_srli_epi16(x, 4), mask), values + 4);
        c = add(c, _mm512_and_si512(y, mask), values + 8);
        d = add(d, _mm512_and_si512(_mm512_srli_epi16(y, 4), mask), values + 12);
    }
    const __m512i sums = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
    _mm512_storeu_si512(ret_sums, sums);
    const struct block_tail *tail = (const void *)(block + rows * ROW);
    const __m512i middle =
        _mm512_add_epi32(_mm512_slli_epi32(sums, 4), _mm512_set1_epi32(q->middle));
    const __m512 margin = _mm512_mul_ps(_mm512_load_ps(tail->margin), _mm512_set1_ps(q->length));
    const __m512 bound =
        _mm512_fmadd_ps(_mm512_cvtepi32_ps(middle), _mm512_load_ps(tail->by), margin);
    return _mm512_cmp_ps_mask(bound, _mm512_set1_ps(least), _CMP_GE_OQ);
}

static int32_t low(const uint8_t *halves, size_t rows, const int8_t *values)
{
    const __m512i mask = _mm512_set1_epi8(15);
    __m512i a = _mm512_setzero_si512(), b = a;
    for (size_t i = 0; i < rows; i++) {
        const __m512i x = _mm512_load_si512(halves + i * ROW);
        const int8_t *v = values + i * LOW_ROW_DIMS;
        a = _mm512_dpbusd_epi32(a, _mm512_and_si512(x, mask), _mm512_load_si512(v));
        b = _mm512_dpbusd_epi32(b, _mm512_and_si512(_mm512_srli_epi16(x, 4), mask),
                                _mm512_load_si512(v + ROW));
    }
    return _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
}

#elif defined(__AVX2__)
#include <immintrin.h>

/*
 * Pairs of products in 16 bits: 15 * 127 * 2 fits, and so do the sums of four of them, which is
 * what a row of two halves makes twice.
 */
static inline __m256i pairs(__m256i halves, const int8_t *values)
{
    int32_t four;
    memcpy(&four, values, sizeof four);
    return _mm256_maddubs_epi16(halves, _mm256_set1_epi32(four));
}

static inline __m256i widen(__m256i sum, __m256i shorts)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(shorts, _mm256_set1_epi16(1)));
}

static inline __m256i both(const uint8_t *row, const int8_t *values)
{
    const __m256i mask = _mm256_set1_epi8(15);
    const __m256i x = _mm256_load_si256((const void *)row);
    return _mm256_add_epi16(pairs(_mm256_and_si256(x, mask), values),
                            pairs(_mm256_and_si256(_mm256_srli_epi16(x, 4), mask), values + 4));
}

static inline unsigned reach(__m256i sums, const float *by, const float *margin,
                             const struct query *q, float least)
{
    const __m256i middle =
        _mm256_add_epi32(_mm256_slli_epi32(sums, 4), _mm256_set1_epi32(q->middle));
    const __m256 bound =
        _mm256_fmadd_ps(_mm256_cvtepi32_ps(middle), _mm256_load_ps(by),
                        _mm256_mul_ps(_mm256_load_ps(margin), _mm256_set1_ps(q->length)));
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_set1_ps(least), _CMP_GE_OQ));
}

static unsigned scan(const uint8_t *block, size_t rows, const struct query *q, float least,
                     int32_t ret_sums[BLOCK])
{
    __m256i left = _mm256_setzero_si256(), right = left;
    for (size_t i = 0; i < rows; i += 2) {
        const uint8_t *row = block + i * ROW;
        const int8_t *values = q->values + i * HIGH_ROW_DIMS, *next = values + HIGH_ROW_DIMS;
        left = widen(left, _mm256_add_epi16(both(row, values), both(row + ROW, next)));
        right = widen(
            right, _mm256_add_epi16(both(row + ROW / 2, values), both(row + ROW + ROW / 2, next)));
    }
    _mm256_storeu_si256((void *)ret_sums, left);
    _mm256_storeu_si256((void *)(ret_sums + BLOCK / 2), right);
    const struct block_tail *tail = (const void *)(block + rows * ROW);
    return reach(left, tail->by, tail->margin, q, least) |
           reach(right, tail->by + BLOCK / 2, tail->margin + BLOCK / 2, q, least) << (BLOCK / 2);
}

static int32_t low(const uint8_t *halves, size_t rows, const int8_t *values)
{
    const __m256i mask = _mm256_set1_epi8(15);
    __m256i sum = _mm256_setzero_si256();
    for (size_t i = 0; i < rows * ROW; i += 32) {
        const __m256i x = _mm256_load_si256((const void *)(halves + i));
        const int8_t *v = values + i / ROW * LOW_ROW_DIMS + i % ROW;
        const __m256i lower =
            _mm256_maddubs_epi16(_mm256_and_si256(x, mask), _mm256_load_si256((const void *)v));
        const __m256i upper = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(x, 4), mask),
                                                   _mm256_load_si256((const void *)(v + ROW)));
        sum = widen(sum, _mm256_add_epi16(lower, upper));
    }
    int32_t lanes[8], total = 0;
    _mm256_storeu_si256((void *)lanes, sum);
    for (int i = 0; i < 8; i++)
        total += lanes[i];
    return total;
}

#else

static unsigned scan(const uint8_t *block, size_t rows, const struct query *q, float least,
                     int32_t ret_sums[BLOCK])
{
    int32_t sums[BLOCK] = { 0 };
    for (size_t i = 0; i < rows; i++) {
        const uint8_t *row = block + i * ROW;
        const int8_t *values = q->values + i * HIGH_ROW_DIMS;
        for (int e = 0; e < BLOCK; e++)
            for (int k = 0; k < 4; k++)
                sums[e] +=
                    (row[4 * e + k] & 15) * values[k] + (row[4 * e + k] >> 4) * values[4 + k];
    }
    const struct block_tail *tail = (const void *)(block + rows * ROW);
    unsigned reached = 0;
    for (int e = 0; e < BLOCK; e++) {
        const float middle = (float)(16 * sums[e] + q->middle);
        reached |= (unsigned)(middle * tail->by[e] + tail->margin[e] * q->length >= least) << e;
    }
    memcpy(ret_sums, sums, sizeof sums);
    return reached;
}

static int32_t low(const uint8_t *halves, size_t rows, const int8_t *values)
{
    int32_t sum = 0;
    for (size_t i = 0; i < rows; i++, halves += ROW, values += LOW_ROW_DIMS)
        for (int k = 0; k < ROW; k++)
            sum += (halves[k] & 15) * values[k] + (halves[k] >> 4) * values[ROW + k];
    return sum;
}

#endif

const struct gallery_kernel JZ_SCAN = { JZ_SCAN_NAME, scan, low };
