/*
 * Sorting by hashes: they are evenly spread, so their first 16 bits divide millions of them into
 * piles of a few dozen, in one pass over memory.
 */
#include "ledger/import_people_internal.h"

#include <string.h>

enum { PILES = 65536 };

static int by_hash_and_row(const void *a, const void *b)
{
    const struct jz_import_found *x = a, *y = b;
    const int order = memcmp(x->hash, y->hash, sizeof x->hash);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int by_hash(const void *a, const void *b)
{
    const struct jz_import_pair *x = a, *y = b;
    return memcmp(x->hash, y->hash, sizeof x->hash);
}

/* Both kinds of elements begin with the hash. */
static unsigned pile_of(const char *element)
{
    return (unsigned)(uint8_t)element[0] << 8 | (uint8_t)element[1];
}

static int sort(char **elements, size_t count, size_t size,
                int (*compare)(const void *, const void *), struct jz_error *err)
{
    if (count == 0)
        return 0;
    jz_autofree size_t *ends = calloc(PILES, sizeof *ends);
    jz_autofree char *sorted = malloc(count * size);
    if (!ends || !sorted)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const char *from = *elements;
    for (size_t i = 0; i < count; i++)
        ends[pile_of(from + i * size)]++;
    size_t begin = 0;
    for (int i = 0; i < PILES; i++) {
        const size_t pile = ends[i];
        ends[i] = begin;
        begin += pile;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(sorted + ends[pile_of(from + i * size)]++ * size, from + i * size, size);
    begin = 0;
    for (int i = 0; i < PILES; i++) {
        if (ends[i] - begin > 1)
            qsort(sorted + begin * size, ends[i] - begin, size, compare);
        begin = ends[i];
    }
    free(*elements);
    *elements = JZ_TAKE(sorted);
    return 0;
}

int jz_import_sort(struct jz_import_found **found, size_t count, struct jz_error *err)
{
    char *elements = (char *)*found;
    const int r = sort(&elements, count, sizeof **found, by_hash_and_row, err);
    *found = (struct jz_import_found *)(void *)elements;
    return r;
}

int jz_import_sort_pairs(struct jz_import_pair **pairs, size_t count, struct jz_error *err)
{
    char *elements = (char *)*pairs;
    const int r = sort(&elements, count, sizeof **pairs, by_hash, err);
    *pairs = (struct jz_import_pair *)(void *)elements;
    return r;
}
