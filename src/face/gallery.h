/*
 * 1:N search: who in a whole register has this face. The answer is exact over the vectors as they
 * are kept, nobody is left out for speed.
 *
 * A gallery keeps vectors of one kind of template (template.h); others are refused. Each
 * embedding's values become 8 bits with one scale for each entry, so that the integer dot product
 * of two entries over their lengths is the mean cosine of their templates, off by at most 0.004
 * over the 4.7 million pairs of LFW (fusion; root of the mean square 0.0005). Take JZ_GALLERY_LOSS
 * off a threshold and compare what is found again with the stored templates where it decides
 * something.
 *
 * Each number is kept as two halves of 4 bits, apart. A search reads all the upper halves; they
 * bound the score from above (Cauchy and Schwarz over the lower halves), and only where the bound
 * reaches the threshold are the lower halves read: over LFW 2.7 % at the threshold for FMR 1e-3,
 * 0.2 % at 1e-5. So half of the memory traffic, which is what a search costs, is saved without
 * losing anybody: a million faces take 11 ms with one thread and 6 with two where a plain loop over
 * float32 takes 82 and 49 (jianzai bench gallery; AVX2 and AVX-512 alike, since both wait for
 * memory).
 *
 * An entry takes dims + 16 bytes (400 for the fusion), in parts of JZ_GALLERY_CHUNK entries that
 * are mapped as they are needed; dims is rounded up to a multiple of 128.
 *
 * Threading: any number of searches side by side; append and remove want the gallery alone, which
 * is the caller's lock. The vectors are biometric data: they are kept out of core dumps and wiped
 * when they are removed or freed.
 */
#pragma once

#include "face/template.h"

#define JZ_GALLERY_MAX_ENTRIES (1u << 24)
#define JZ_GALLERY_CHUNK       16384
#define JZ_GALLERY_MAX_HITS    64
#define JZ_GALLERY_MAX_THREADS 64
#define JZ_GALLERY_LOSS        0.005

struct jz_gallery;

int jz_gallery_new(const struct jz_template_kind *kind, struct jz_gallery **ret_gallery,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_gallery_free(struct jz_gallery *gallery);

const struct jz_template_kind *jz_gallery_kind(const struct jz_gallery *gallery);
size_t jz_gallery_count(const struct jz_gallery *gallery);

/*
 * Appends the i-th template for the i-th person; a person may have several. All or nothing:
 * JZ_E_USAGE (a template of another kind), JZ_E_LIMIT (JZ_GALLERY_MAX_ENTRIES), JZ_E_MEMORY.
 */
int jz_gallery_append(struct jz_gallery *gallery, const int64_t *persons,
                      const struct jz_template *templates, size_t count,
                      struct jz_error *err) JZ_MUST_CHECK;

/* Removes and wipes every entry of the person; how many there were. */
size_t jz_gallery_remove(struct jz_gallery *gallery, int64_t person);

struct jz_gallery_hit {
    int64_t person;
    double score; /* of the person's best entry, -1 to 1 */
};

/*
 * The `most` (1 to JZ_GALLERY_MAX_HITS) best persons whose score is at least `threshold`, best
 * first, each once; among equals the lower number. Somebody enrolled before finds themselves too.
 * The number of threads (1 to JZ_GALLERY_MAX_THREADS) does not change the answer. JZ_E_USAGE.
 */
int jz_gallery_search(const struct jz_gallery *gallery, const struct jz_template *probe,
                      double threshold, int most, int threads,
                      struct jz_gallery_hit ret_hits[JZ_GALLERY_MAX_HITS], int *ret_count,
                      struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_gallery_freep(struct jz_gallery **g)
{
    jz_gallery_free(*g);
}
