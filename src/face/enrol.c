#include "face/enrol.h"

#include <math.h>
#include <string.h>

/* An enrolment being made; the templates of photographs that are not usable stay empty. */
struct desk {
    struct jz_worker *worker;
    const struct jz_matcher *matcher;
    struct jz_enrolment made;
    struct jz_template templates[JZ_TEMPLATES_MAX];
};

static void leave_desk(struct desk *d)
{
    explicit_bzero(d, sizeof *d);
}

static int begin(struct desk *d, int count, struct jz_error *err)
{
    if (count < 1 || count > JZ_TEMPLATES_MAX)
        return jz_error_set(err, count < 1 ? JZ_E_USAGE : JZ_E_LIMIT,
                            "%d photographs to enrol with: 1 to %d are taken", count,
                            JZ_TEMPLATES_MAX);
    const struct jz_operating_point *point = jz_matcher_point(d->matcher, JZ_ENROL_FMR);
    if (!point)
        return jz_error_set(err, JZ_E_USAGE, "matcher '%s' has no threshold for FMR %g",
                            d->matcher->name, JZ_ENROL_FMR);
    d->made.threshold = point->threshold;
    return 0;
}

static int add(struct desk *d, const struct jz_image *image, struct jz_error *err)
{
    struct jz_enrol_finding *f = &d->made.findings[d->made.count];
    struct jz_template *t = &d->templates[d->made.count];
    f->least_similarity = 1;
    int r = jz_observe(d->worker, image, &f->seen, err);
    if (r == 0 && f->seen.reasons == 0)
        r = jz_embed(d->worker, image, &f->seen.landmarks, d->matcher, t, err);
    if (r == 0)
        d->made.count++;
    return r;
}

static int compare(struct desk *d, int i, int k, struct jz_error *err)
{
    struct jz_enrolment *e = &d->made;
    double score;
    if (d->templates[i].count == 0 || d->templates[k].count == 0)
        return 0;
    int r = jz_template_compare(&d->templates[i], &d->templates[k], &score, err);
    if (r < 0)
        return r;
    const bool same = score >= e->threshold;
    e->findings[i].matches += same;
    e->findings[k].matches += same;
    e->findings[i].least_similarity = fmin(e->findings[i].least_similarity, score);
    e->findings[k].least_similarity = fmin(e->findings[k].least_similarity, score);
    e->least_similarity = fmin(e->least_similarity, score);
    e->one_person &= same;
    return 0;
}

static int finish(struct desk *d, struct jz_enrolment *ret, struct jz_error *err)
{
    struct jz_enrolment *e = &d->made;
    e->usable = e->one_person = true;
    e->least_similarity = 1;
    for (int i = 0; i < e->count; i++) {
        e->usable &= e->findings[i].seen.reasons == 0;
        for (int k = 0; k < i; k++) {
            int r = compare(d, i, k, err);
            if (r < 0)
                return r;
        }
    }
    if (e->usable && e->one_person) {
        e->templates.count = e->count;
        memcpy(e->templates.templates, d->templates, sizeof d->templates);
    }
    *ret = *e;
    return 0;
}

int jz_enrol_images(struct jz_worker *worker, const struct jz_matcher *matcher,
                    const struct jz_image *images, int count, struct jz_enrolment *ret,
                    struct jz_error *err)
{
    JZ_CLEANUP(leave_desk) struct desk d = { .worker = worker, .matcher = matcher };
    int r = begin(&d, count, err);
    for (int i = 0; r == 0 && i < count; i++)
        r = add(&d, &images[i], err);
    return r < 0 ? r : finish(&d, ret, err);
}

int jz_enrol_files(struct jz_worker *worker, struct jz_decoder *decoder,
                   const struct jz_matcher *matcher, const char *const *paths, int count,
                   struct jz_enrolment *ret, struct jz_error *err)
{
    JZ_CLEANUP(leave_desk) struct desk d = { .worker = worker, .matcher = matcher };
    JZ_CLEANUP(jz_image_done) struct jz_image image = { 0 };
    int r = begin(&d, count, err);
    for (int i = 0; r == 0 && i < count; i++)
        if ((r = jz_image_read(decoder, paths[i], 0, &image, err)) == 0)
            r = add(&d, &image, err);
    return r < 0 ? r : finish(&d, ret, err);
}
