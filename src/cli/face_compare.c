#include "cli/draw.h"
#include "cli/tools.h"

static int run(int argc, char **argv);

const struct command face_compare_command = {
    "compare", run, "[--json] [--matcher NAME] [--fmr RATE] [--draw FILE.jpg] A B",
    "whether two photographs, or the best frames of clips, show one person"
};

/* Frames a second that are looked at to find the best one. */
static const double COMPARE_FPS = 5;

struct compare_options {
    struct face_options face;
    const char *draw;
    double fmr;
    bool json;
};

struct side {
    struct jz_image image;
    struct jz_observation seen;
    struct jz_template template;
};

/* Looks at one picture or clip; the template is made whenever there is a face at all. */
static int look(struct face_tools *t, const char *path, struct side *s, struct jz_error *err)
{
    int r;
    if (jz_path_is_clip(path))
        r = best_of_clip(t, path, COMPARE_FPS, NULL, &s->image, &s->seen, NULL, err);
    else if ((r = jz_image_read(t->decoder, path, 0, &s->image, err)) == 0)
        r = jz_observe(t->worker, &s->image, &s->seen, err);
    if (r < 0 || s->seen.face_count == 0)
        return r;
    return jz_embed(t->worker, &s->image, &s->seen.landmarks, t->matcher, &s->template, err);
}

static int draw(const struct side sides[2], const char *verdict, bool good, const char *path,
                struct jz_error *err)
{
    struct draw_panel panels[2];
    for (int i = 0; i < 2; i++)
        panels[i] =
            (struct draw_panel){ &sides[i].image,
                                 sides[i].seen.face_count ? &sides[i].seen.face : NULL,
                                 sides[i].seen.face_count ? &sides[i].seen.landmarks : NULL, "" };
    return draw_panels(panels, 2, verdict, good, path, err);
}

static int compare(struct face_tools *t, const struct compare_options *o, char *const paths[2],
                   struct side sides[2], struct jz_error *err)
{
    const struct jz_operating_point *point = jz_matcher_point(t->matcher, o->fmr);
    if (!point)
        return jz_error_set(err, JZ_E_USAGE,
                            "--fmr %g: stricter than anything measured for %s; see: jianzai models",
                            o->fmr, t->matcher->name);
    for (int i = 0; i < 2; i++) {
        int r = look(t, paths[i], &sides[i], err);
        if (r < 0) {
            jz_error_prefix(err, "%s", paths[i]);
            return r;
        }
    }
    const bool faces = sides[0].seen.face_count > 0 && sides[1].seen.face_count > 0;
    double score = 0;
    int r = 0;
    if (faces && (r = jz_template_compare(&sides[0].template, &sides[1].template, &score, err)) < 0)
        return r;
    const bool match = faces && score >= point->threshold;
    const unsigned reasons = sides[0].seen.reasons | sides[1].seen.reasons;
    if (o->json) {
        json_t *list = json_reasons(reasons);
        if (faces && !match)
            json_array_insert_new(list, 0, json_string("does_not_match"));
        print_json(json_pack("{s:o,s:b,s:o,s:o,s:s,s:o}", "score",
                             faces ? json_number(score) : json_null(), "match", match, "fmr",
                             json_real(point->fmr), "threshold", json_number(point->threshold),
                             "matcher", t->matcher->name, "reasons", list));
    } else {
        if (faces)
            printf("%s: similarity %.3f, threshold %.3f (false match rate %.0e, %s)\n",
                   match ? "same person" : "not the same person", score, point->threshold,
                   point->fmr, t->matcher->name);
        else
            printf("cannot be compared\n");
        for (int i = 0; i < 2; i++)
            for (unsigned bit = 1; bit <= sides[i].seen.reasons; bit <<= 1)
                if (sides[i].seen.reasons & bit)
                    printf("  %s: %s\n", paths[i], jz_quality_advice((enum jz_quality_reason)bit));
    }
    if (o->draw) {
        char verdict[128];
        snprintf(verdict, sizeof verdict, "%s   similarity %.3f   threshold %.3f",
                 match ? "SAME PERSON" : "NOT THE SAME PERSON", score, point->threshold);
        if ((r = draw(sides, verdict, match, o->draw, err)) < 0)
            return r;
    }
    return match ? EXIT_ACCEPTED : EXIT_REJECTED;
}

static int run(int argc, char **argv)
{
    struct compare_options o = { .fmr = 1e-3 };
    const struct arg args[] = {
        { "json", ARG_FLAG, &o.json, "print JSON" },
        MODELS_ARG(&o.face),
        PRECISION_ARG(&o.face),
        MATCHER_ARG(&o.face),
        { "fmr", ARG_REAL, &o.fmr, "RATE: false match rate to decide at, default 1e-3", 1e-9, 0.5 },
        DRAW_ARG(&o),
    };
    int first;
    int r = parse_args(&face_compare_command, args, sizeof args / sizeof args[0], argc, argv, 2, 2,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct face_tools t;
    if (face_tools_open(&o.face, &t) != 0)
        return EXIT_USAGE;
    struct side sides[2] = { 0 };
    struct jz_error err;
    r = compare(&t, &o, argv + first, sides, &err);
    if (r < 0)
        complain(NULL, &err);
    for (int i = 0; i < 2; i++)
        jz_image_done(&sides[i].image);
    face_tools_close(&t);
    return r < 0 ? EXIT_USAGE : r;
}
