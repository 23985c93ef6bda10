/* Presentation attack detection: crops with margin, because the edge of a screen or sheet tells. */
#include "face/engine_internal.h"

#include <math.h>

/*
 * The part of the picture a network wants to see: a square of `factor` times the face about its
 * centre, made smaller where the picture is too small for it, and moved inside.
 */
static struct affine crop(const struct jz_image *image, const struct jz_box *box, float factor,
                          int side)
{
    const float room = fminf((float)image->width, (float)image->height);
    const float wanted = sqrtf(box->w * box->h) * factor;
    const float size = fminf(wanted, room);
    const float x = fminf(fmaxf(box->x + box->w / 2 - size / 2, 0), (float)image->width - size);
    const float y = fminf(fmaxf(box->y + box->h / 2 - size / 2, 0), (float)image->height - size);
    const float step = size / (float)side;
    return (struct affine){
        .sx = step, .tx = x + step / 2 - 0.5f, .sy = step, .ty = y + step / 2 - 0.5f
    };
}

/* Log odds of "live" against the likelier kind of attack; bounded, so that one net cannot veto. */
static float log_odds(const float *p)
{
    const float least = 1e-5f;
    return logf(p[1] + least) - logf(fmaxf(p[0], p[2]) + least);
}

int jz_spoof_score(struct jz_worker *w, const struct jz_image *image, const struct jz_face *face,
                   float *ret_live, struct jz_error *err)
{
    const float margin = w->engine->manifest->spoof.box;
    float sum = 0;
    for (int i = 0; i < w->engine->spoofer_count; i++) {
        const struct network *n = &w->engine->spoofers[i];
        const int side = n->entry->input.width;
        const struct affine t = crop(image, &face->box, n->entry->crop * margin, side);
        struct pixel_format format = pixel_format(n->entry);
        format.aliased = true; /* trained on crops that were resized without a filter */
        int r;
        if ((r = jz_warp(image, &t, &format, side, side, side,
                         jz_nn_context_input(w->spoofers[i], 0), &w->scratch, err)) < 0 ||
            (r = jz_nn_run(w->spoofers[i], err)) < 0)
            return r;
        sum += log_odds(jz_nn_context_output(w->spoofers[i], 0));
    }
    *ret_live = 1 / (1 + expf(-sum / (float)w->engine->spoofer_count));
    return 0;
}
