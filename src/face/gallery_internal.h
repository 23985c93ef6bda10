/* What the files behind gallery.h share, and what its tests look at. */
#pragma once

#include "face/gallery.h"

/*
 * A number v of -127 to 127 is kept as v + 128 = 16 high + low, both halves 0 to 15.
 *
 * The upper halves of 16 entries are one block: rows of 64 bytes, four for each entry, whose lower
 * bits hold four numbers (8 row to 8 row + 3 of that entry) and whose upper bits the next four;
 * behind the rows two floats for each entry. So sixteen sums grow side by side and none is added up
 * across a register. The lower halves of an entry are rows of 64 bytes of its own: the lower bits
 * hold the numbers 128 row to 128 row + 63, the upper bits the next 64.
 */
enum {
    BLOCK = 16,
    ROW = 64,
    LOW_ROW_DIMS = 2 * ROW,
    HIGH_ROW_DIMS = 8,
    MAX_DIMS = JZ_MANIFEST_MAX_FUSED * JZ_MAX_EMBEDDING,
};

/* Behind the rows of a block. */
struct block_tail {
    float by[BLOCK];     /* one over the length of the entry; 0 for an empty place */
    float margin[BLOCK]; /* length of what the upper halves leave out, over that of the entry */
};

struct query {
    _Alignas(ROW) int8_t values[MAX_DIMS];
    double by;      /* one over its length */
    int32_t offset; /* to be added to 16 high + low */
    int32_t middle; /* to be added to 16 high for the upper bound, lower halves counted as 7.5 */
    float length;
};

/*
 * gallery_scan.c, once for each kind of processor. All give the same integers.
 *
 * scan: the products of the query with the upper halves of a block, and as bits the entries of it
 * whose score may reach `least` times the query's length.
 */
struct gallery_kernel {
    const char *name;
    unsigned (*scan)(const uint8_t *block, size_t rows, const struct query *query, float least,
                     int32_t ret_sums[BLOCK]);
    int32_t (*low)(const uint8_t *low, size_t rows, const int8_t *values);
};

extern const struct gallery_kernel gallery_kernel_plain;
#ifdef JZ_HAVE_GALLERY_X86
extern const struct gallery_kernel gallery_kernel_avx2, gallery_kernel_vnni;
#endif

/* The i-th kernel that this processor can run, fastest first; NULL behind the last. */
const struct gallery_kernel *jz_gallery_kernel(int i);

/* For tests: search with this kernel from now on. */
void jz_gallery_use(struct jz_gallery *gallery, const struct gallery_kernel *kernel);

/* For tests: the numbers of the i-th entry, and its person. */
int64_t jz_gallery_entry(const struct jz_gallery *gallery, size_t i, int8_t ret_values[MAX_DIMS]);

/* The numbers of a template, zeros behind the last; their length. */
double jz_gallery_quantise(const struct jz_template *template, int8_t ret_values[MAX_DIMS]);
