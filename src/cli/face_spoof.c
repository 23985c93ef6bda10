#include "cli/draw.h"
#include "cli/tools.h"

#include <limits.h>

static int run(int argc, char **argv);

const struct command face_spoof_command = {
    "spoof", run, "[--json] [--draw FILE.jpg] IMG|CLIP…",
    "whether a picture or clip shows a live face, or a print or screen"
};

struct spoof_options {
    struct face_options face;
    const char *draw;
    double fps;
    bool json;
};

struct finding {
    bool live;
    double score;
    int frames;
    unsigned quality;      /* jz_quality_reason bits, stills */
    unsigned session;      /* jz_session_reason bits, both */
    struct jz_image image; /* what to draw */
    struct jz_observation seen;
};

static int judge_still(struct face_tools *t, const char *path, struct finding *f,
                       struct jz_error *err)
{
    const struct jz_spoof_thresholds *limits = &jz_engine_manifest(t->engine)->spoof;
    int r;
    if ((r = jz_image_read(t->decoder, path, 0, &f->image, err)) < 0 ||
        (r = jz_observe(t->worker, &f->image, &f->seen, err)) < 0)
        return r;
    f->frames = 1;
    if (f->seen.face_count == 0) {
        f->session = JZ_S_NO_FACE;
        return 0;
    }
    float score;
    if ((r = jz_spoof_score(t->worker, &f->image, &f->seen.face, &score, err)) < 0)
        return r;
    f->score = (double)score;
    f->quality = f->seen.reasons & (JZ_Q_CUT_BY_EDGE | JZ_Q_BLURRED | JZ_Q_TOO_DARK);
    if (score < limits->live)
        f->session |= score < limits->attack ? JZ_S_NOT_LIVE : JZ_S_DOUBTFUL;
    if (f->seen.face.box.w < limits->min_face_px)
        f->session |= JZ_S_TOO_FAR;
    f->live = f->session == 0;
    return 0;
}

static int judge_clip(struct face_tools *t, const struct spoof_options *o, const char *path,
                      struct finding *f, struct jz_error *err)
{
    struct jz_verdict v;
    int r = best_of_clip(t, path, o->fps, NULL, &f->image, &f->seen, &v, err);
    if (r < 0)
        return r;
    f->session = v.reasons & (JZ_S_NO_FACE | JZ_S_NOT_LIVE | JZ_S_DOUBTFUL | JZ_S_TOO_FAR |
                              JZ_S_NOT_SEEN_WHOLE);
    f->live = f->session == 0;
    f->score = (double)v.live_score;
    f->frames = v.judged;
    return 0;
}

static void show(const struct spoof_options *o, const char *path, const struct finding *f)
{
    if (o->json) {
        json_t *list = json_reasons(f->quality), *more = json_session_reasons(f->session);
        json_array_extend(list, more);
        json_decref(more);
        print_json(json_pack("{s:s,s:b,s:o,s:i,s:o}", "file", path, "live", f->live, "score",
                             json_number(f->score), "frames", f->frames, "reasons", list));
        return;
    }
    printf("%s: %s, score %.3f over %d %s\n", path, f->live ? "live" : "not accepted as live",
           f->score, f->frames, f->frames == 1 ? "frame" : "frames");
    print_session_advice("  ", f->session);
}

static int judge(struct face_tools *t, const struct spoof_options *o, const char *path,
                 struct finding *f, struct jz_error *err)
{
    int r = jz_path_is_clip(path) ? judge_clip(t, o, path, f, err) : judge_still(t, path, f, err);
    if (r < 0)
        return r;
    show(o, path, f);
    if (!o->draw || !f->image.pixels)
        return 0;
    char verdict[96];
    snprintf(verdict, sizeof verdict, "%s   score %.3f", f->live ? "LIVE" : "NOT LIVE", f->score);
    const struct draw_panel panel = { &f->image, f->seen.face_count ? &f->seen.face : NULL,
                                      f->seen.face_count ? &f->seen.landmarks : NULL, "" };
    return draw_panels(&panel, 1, verdict, f->live, o->draw, err);
}

static int run(int argc, char **argv)
{
    struct spoof_options o = { .fps = 5 };
    const struct arg args[] = {
        { "json", ARG_FLAG, &o.json, "print JSON" },
        MODELS_ARG(&o.face),
        PRECISION_ARG(&o.face),
        { "fps", ARG_REAL, &o.fps, "N: frames a second of a clip to look at, default 5", 1, 60 },
        DRAW_ARG(&o),
    };
    int first;
    int r = parse_args(&face_spoof_command, args, sizeof args / sizeof args[0], argc, argv, 1,
                       INT_MAX, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct face_tools t;
    if (face_tools_open(&o.face, &t) != 0)
        return EXIT_USAGE;
    int status = 0;
    for (int i = first; i < argc; i++) {
        struct finding f = { 0 };
        struct jz_error err;
        if (judge(&t, &o, argv[i], &f, &err) < 0) {
            complain(argv[i], &err);
            status = EXIT_USAGE;
        } else if (!f.live && status == 0) {
            status = EXIT_REJECTED;
        }
        jz_image_done(&f.image);
    }
    face_tools_close(&t);
    return status;
}
