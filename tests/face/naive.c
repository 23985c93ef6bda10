#include "naive.h"

#include <math.h>
#include <string.h>

static int compare_hits(const void *left, const void *right)
{
    const struct jz_gallery_hit *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->person > b->person) - (a->person < b->person);
}

struct jz_gallery_hit *naive_score(const struct jz_gallery *g, const struct jz_template *probe)
{
    const size_t count = jz_gallery_count(g);
    int8_t query[MAX_DIMS], values[MAX_DIMS];
    struct jz_gallery_hit *all = calloc(count + 1, sizeof *all);
    const double by = 1 / jz_gallery_quantise(probe, query);
    for (size_t i = 0; i < count; i++) {
        int dot = 0, norm = 0;
        const int64_t person = jz_gallery_entry(g, i, values);
        for (int d = 0; d < MAX_DIMS; d++) {
            dot += query[d] * values[d];
            norm += values[d] * values[d];
        }
        all[i] = (struct jz_gallery_hit){ person, dot * (double)(float)(1 / sqrt(norm)) * by };
    }
    qsort(all, count, sizeof *all, compare_hits);
    return all;
}

int naive_choose(const struct jz_gallery_hit *all, size_t count, double threshold, int most,
                 struct jz_gallery_hit *ret)
{
    int found = 0;
    for (size_t i = 0; i < count && found < most && all[i].score >= threshold; i++) {
        int k = 0;
        while (k < found && ret[k].person != all[i].person)
            k++;
        if (k == found)
            ret[found++] = all[i];
    }
    return found;
}
