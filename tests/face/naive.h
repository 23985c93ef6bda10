/* The search anybody would write, over the vectors as a gallery keeps them. */
#pragma once

#include "face/gallery_internal.h"

/* Every entry with its score, best first, among equals by person; the caller frees it. */
struct jz_gallery_hit *naive_score(const struct jz_gallery *g, const struct jz_template *probe);

/* The best persons of that list from the threshold on, each once; how many. */
int naive_choose(const struct jz_gallery_hit *all, size_t count, double threshold, int most,
                 struct jz_gallery_hit *ret);
