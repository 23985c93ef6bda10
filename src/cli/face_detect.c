/* jianzai face detect, quality and embed: one picture after the other, one answer each. */
#include "cli/draw.h"
#include "cli/tools.h"

#include <limits.h>

static int run_detect(int argc, char **argv);
static int run_quality(int argc, char **argv);
static int run_embed(int argc, char **argv);

const struct command face_detect_command = {
    "detect", run_detect, "[--json] [--draw FILE.jpg] IMG…",
    "every face in a picture, best first: box, five points, where it looks"
};
const struct command face_quality_command = {
    "quality", run_quality, "[--json] IMG…",
    "whether a picture can be used, and if not, what to change"
};
const struct command face_embed_command = { "embed", run_embed, "[--json] [--matcher NAME] IMG…",
                                            "the template of the best face of each picture" };

struct picture_options {
    struct face_options face;
    const char *draw;
    bool json;
};

/* What to do with one decoded picture; gives an exit status. */
typedef int picture_job(struct face_tools *t, const struct picture_options *o, const char *path,
                        const struct jz_image *image, struct jz_error *err);

/* `own` is the option that only this command has, its target in *o; name NULL: none. */
static int for_each_picture(const struct command *command, struct arg own,
                            struct picture_options *o, picture_job *job, int argc, char **argv)
{
    const struct arg args[] = {
        { "json", ARG_FLAG, &o->json, "print JSON" },
        MODELS_ARG(&o->face),
        PRECISION_ARG(&o->face),
        own,
    };
    int first;
    int r = parse_args(command, args, own.name ? 4 : 3, argc, argv, 1, INT_MAX, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct face_tools t;
    if (face_tools_open(&o->face, &t) != 0)
        return EXIT_USAGE;
    struct jz_image image = { 0 };
    int status = 0;
    for (int i = first; i < argc; i++) {
        struct jz_error err;
        r = jz_image_read(t.decoder, argv[i], 0, &image, &err);
        if (r == 0)
            r = job(&t, o, argv[i], &image, &err);
        if (r < 0) {
            complain(argv[i], &err);
            status = EXIT_USAGE;
        } else if (r > 0 && status == 0) {
            status = r;
        }
    }
    jz_image_done(&image);
    face_tools_close(&t);
    return status;
}

static int detect(struct face_tools *t, const struct picture_options *o, const char *path,
                  const struct jz_image *image, struct jz_error *err)
{
    struct jz_face faces[JZ_MAX_FACES];
    int count = 0;
    int r = jz_detect(t->worker, image, faces, &count, err);
    if (r < 0)
        return r;
    json_t *list = json_array();
    if (!o->json)
        printf("%s: %d %s\n", path, count, count == 1 ? "face" : "faces");
    for (int i = 0; i < count; i++) {
        const struct jz_face *f = &faces[i];
        struct jz_landmarks l;
        if ((r = jz_landmarks(t->worker, image, f, &l, err)) < 0)
            break;
        if (o->json) {
            json_t *points = json_array();
            for (int k = 0; k < 5; k++)
                json_array_append_new(
                    points, json_pack("[f,f]", (double)f->points[k][0], (double)f->points[k][1]));
            json_array_append_new(list, json_pack("{s:[f,f,f,f],s:o,s:o,s:o,s:o,s:o}", "box",
                                                  (double)f->box.x, (double)f->box.y,
                                                  (double)f->box.w, (double)f->box.h, "score",
                                                  json_number((double)f->score), "points", points,
                                                  "yaw_deg", json_number((double)l.yaw_deg),
                                                  "pitch_deg", json_number((double)l.pitch_deg),
                                                  "roll_deg", json_number((double)l.roll_deg)));
        } else {
            printf("  %.0f,%.0f %.0f × %.0f  score %.2f  yaw %+.0f° pitch %+.0f° roll %+.0f°\n",
                   (double)f->box.x, (double)f->box.y, (double)f->box.w, (double)f->box.h,
                   (double)f->score, (double)l.yaw_deg, (double)l.pitch_deg, (double)l.roll_deg);
        }
        if (o->draw && i == 0)
            r = draw_face(image, f, &l, "", true, o->draw, err);
        if (r < 0)
            break;
    }
    if (o->json && r == 0)
        print_json(json_pack("{s:s,s:o}", "file", path, "faces", list));
    else
        json_decref(list);
    return r;
}

static int run_detect(int argc, char **argv)
{
    struct picture_options o = { 0 };
    return for_each_picture(&face_detect_command, (struct arg)DRAW_ARG(&o), &o, detect, argc, argv);
}

static int quality(struct face_tools *t, const struct picture_options *o, const char *path,
                   const struct jz_image *image, struct jz_error *err)
{
    struct jz_observation seen;
    int r = jz_observe(t->worker, image, &seen, err);
    if (r < 0)
        return r;
    if (o->json) {
        json_t *answer = json_pack("{s:s,s:b,s:o}", "file", path, "usable", seen.reasons == 0,
                                   "reasons", json_reasons(seen.reasons));
        if (seen.face_count > 0)
            json_object_set_new(answer, "measured",
                                json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "score",
                                          json_number((double)seen.face.score), "brightness",
                                          json_number((double)seen.brightness), "sharpness",
                                          json_number((double)seen.sharpness), "eye_distance_px",
                                          json_number((double)seen.eye_distance_px), "yaw_deg",
                                          json_number((double)seen.landmarks.yaw_deg), "pitch_deg",
                                          json_number((double)seen.landmarks.pitch_deg), "roll_deg",
                                          json_number((double)seen.landmarks.roll_deg), "eye_right",
                                          json_number((double)seen.landmarks.eye_right), "eye_left",
                                          json_number((double)seen.landmarks.eye_left), "mouth",
                                          json_number((double)seen.landmarks.mouth), "presence",
                                          json_number((double)seen.landmarks.presence)));
        print_json(answer);
    } else {
        printf("%s: %s\n", path, seen.reasons ? "not usable" : "usable");
        for (unsigned bit = 1; bit <= seen.reasons; bit <<= 1)
            if (seen.reasons & bit)
                printf("  %s\n", jz_quality_advice((enum jz_quality_reason)bit));
    }
    return 0;
}

static int run_quality(int argc, char **argv)
{
    struct picture_options o = { 0 };
    return for_each_picture(&face_quality_command, (struct arg){ 0 }, &o, quality, argc, argv);
}

static int embed(struct face_tools *t, const struct picture_options *o, const char *path,
                 const struct jz_image *image, struct jz_error *err)
{
    struct jz_observation seen;
    struct jz_template template;
    int r = jz_observe(t->worker, image, &seen, err);
    if (r < 0)
        return r;
    if (seen.face_count == 0)
        return jz_error_set(err, JZ_E_USAGE, "%s", jz_quality_advice(JZ_Q_NO_FACE));
    if ((r = jz_embed(t->worker, image, &seen.landmarks, t->matcher, &template, err)) < 0)
        return r;
    json_t *list = json_array();
    for (int k = 0; k < template.count; k++) {
        const struct jz_embedding *e = &template.embeddings[k];
        json_t *values = json_array();
        for (int i = 0; i < e->dims; i++)
            json_array_append_new(values, json_number((double)e->values[i]));
        json_array_append_new(list, json_pack("{s:s,s:s,s:o}", "model", e->model, "version",
                                              e->version, "values", values));
        if (!o->json)
            printf("%s: %s %s, %d numbers\n", path, e->model, e->version, e->dims);
    }
    if (o->json)
        print_json(json_pack("{s:s,s:s,s:o}", "file", path, "matcher", t->matcher->name,
                             "embeddings", list));
    else
        json_decref(list);
    return 0;
}

static int run_embed(int argc, char **argv)
{
    struct picture_options o = { 0 };
    return for_each_picture(&face_embed_command, (struct arg)MATCHER_ARG(&o.face), &o, embed, argc,
                            argv);
}
