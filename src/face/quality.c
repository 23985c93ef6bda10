/* What keeps a picture from being used, each as something a person can mend. */
#include "face/engine_internal.h"

#include <math.h>
#include <string.h>

static const struct {
    enum jz_quality_reason reason;
    const char *name, *advice;
} reasons[] = {
    { JZ_Q_NO_FACE, "no_face", "no face is seen: face the camera" },
    { JZ_Q_SEVERAL_FACES, "several_faces", "more than one face is seen: be alone in the picture" },
    { JZ_Q_TOO_SMALL, "too_small", "the face is too small: come closer" },
    { JZ_Q_CUT_BY_EDGE, "cut_by_edge", "the face is cut by the edge: move to the middle" },
    { JZ_Q_TOO_DARK, "too_dark", "the face is too dark: turn to the light" },
    { JZ_Q_TOO_BRIGHT, "too_bright", "the face is too bright: turn away from the light" },
    { JZ_Q_BLURRED, "blurred", "the face is blurred: hold still, wipe the lens" },
    { JZ_Q_COVERED, "covered", "something covers the face: take it away" },
    { JZ_Q_TURNED_AWAY, "turned_away", "the face is turned away: look straight into the camera" },
    { JZ_Q_EYES_CLOSED, "eyes_closed", "the eyes are closed: open them" },
};

const char *jz_quality_name(enum jz_quality_reason reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return NULL;
}

const char *jz_quality_advice(enum jz_quality_reason reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].reason == reason)
            return reasons[i].advice;
    return NULL;
}

enum { PATCH = 96 };

/*
 * The face at a fixed size, upright, in grey: so that brightness and sharpness mean the same for
 * every camera. Mean, and the energy of a Laplacian relative to the contrast of the patch.
 */
static int measure(struct jz_worker *w, const struct jz_image *image, const struct jz_face *face,
                   struct jz_observation *o, struct jz_error *err)
{
    const float *right = face->points[0], *left = face->points[1];
    const float dx = left[0] - right[0], dy = left[1] - right[1];
    const float *mouth_r = face->points[3], *mouth_l = face->points[4];
    const float cx = (right[0] + left[0] + mouth_r[0] + mouth_l[0]) / 4;
    const float cy = (right[1] + left[1] + mouth_r[1] + mouth_l[1]) / 4;
    const float angle = atan2f(dy, dx);
    const float scale = fmaxf(face->box.w, face->box.h) * 0.75f / PATCH;
    const struct affine t = jz_affine_square(cx, cy, angle, scale, PATCH);
    const struct pixel_format format = { .bgr = false, .mean = 0, .scale = 1 };
    float pixels[PATCH * PATCH * 3], grey[PATCH][PATCH];
    int r = jz_warp(image, &t, &format, PATCH, PATCH, PATCH, pixels, &w->scratch, err);
    if (r < 0)
        return r;
    double sum = 0, squares = 0, edges = 0;
    for (int i = 0; i < PATCH * PATCH; i++) {
        const float *p = pixels + 3 * i;
        const float y = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
        grey[i / PATCH][i % PATCH] = y;
        sum += y;
        squares += (double)y * y;
    }
    for (int y = 1; y < PATCH - 1; y++)
        for (int x = 1; x < PATCH - 1; x++) {
            const float l =
                4 * grey[y][x] - grey[y][x - 1] - grey[y][x + 1] - grey[y - 1][x] - grey[y + 1][x];
            edges += (double)l * l;
        }
    const double n = PATCH * PATCH, variance = squares / n - sum / n * (sum / n);
    o->brightness = (float)(sum / n);
    o->sharpness = (float)(edges / ((PATCH - 2.0) * (PATCH - 2.0)) / (variance + 1));
    return 0;
}

/* Mean colour around some points of the mesh. */
struct tone {
    float luma, red, spread; /* luma 0 to 255; redness and spread of luma relative to it */
};

static struct tone tone_at(const struct jz_image *image, const struct jz_landmarks *l,
                           const int *points, int count, float radius)
{
    float rgb[3] = { 0 }, lumas = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        float sum[3] = { 0 };
        for (int k = 0; k < 25; k++) {
            const float x = l->points[points[i]][0] + radius * (float)(k % 5 - 2);
            const float y = l->points[points[i]][1] + radius * (float)(k / 5 - 2);
            const int column = (int)fminf(fmaxf(x, 0), (float)(image->width - 1));
            const int row = (int)fminf(fmaxf(y, 0), (float)(image->height - 1));
            const uint8_t *p =
                image->pixels + 3 * ((size_t)row * (size_t)image->width + (size_t)column);
            for (int c = 0; c < 3; c++)
                sum[c] += (float)p[c] / 25;
        }
        const float luma = 0.299f * sum[0] + 0.587f * sum[1] + 0.114f * sum[2];
        for (int c = 0; c < 3; c++)
            rgb[c] += sum[c] / (float)count;
        lumas += luma / (float)count;
        squares += luma * luma / (float)count;
    }
    const float base = lumas + 4; /* so that near black nothing explodes */
    return (struct tone){ .luma = base,
                          .red = (rgb[0] - rgb[1]) / base,
                          .spread = sqrtf(fmaxf(squares - lumas * lumas, 0)) / base };
}

#define TONE(image, l, points, radius)                                                             \
    tone_at(image, l, points, sizeof(points) / sizeof(points)[0], radius)

/*
 * Masks, scarves, hands and dark glasses: skin has one tone from forehead to chin, lips are redder
 * than the skin around them, sockets are not much darker than cheeks, and both sides are alike.
 * Without colour (a grey picture) only the eyes can be judged.
 */
static bool is_covered(const struct jz_quality_thresholds *q, const struct jz_image *image,
                       const struct jz_landmarks *l, float eye_distance)
{
    static const int upper[] = { 50, 280, 151, 6, 108, 337, 117, 346 };
    static const int lower[] = { 199, 164, 210, 430, 18, 214, 434, 200 };
    static const int lips[] = { 0, 17, 37, 267, 84, 314, 13, 14 };
    static const int sockets[] = { 230, 450, 223, 443, 27, 257, 23, 253 };
    static const int right[] = { 50, 108, 117, 210, 214, 230, 223, 123, 187, 57 };
    static const int left[] = { 280, 337, 346, 430, 434, 450, 443, 352, 411, 287 };
    const float radius = eye_distance * 0.025f;
    const struct tone skin = TONE(image, l, upper, radius), low = TONE(image, l, lower, radius);
    const struct tone lip = TONE(image, l, lips, radius), eye = TONE(image, l, sockets, radius);
    const struct tone r = TONE(image, l, right, radius), f = TONE(image, l, left, radius);
    const bool has_colour = fabsf(skin.red) + fabsf(low.red) + fabsf(lip.red) > 0.02f;
    if (logf(eye.luma / skin.luma) < -q->cover_eyes && eye.spread > q->cover_eyes / 2)
        return true;
    if (!has_colour)
        return false;
    /* No lips where lips should be, and nothing else either: one smooth surface. */
    const bool no_lips = fabsf(lip.red - low.red) < q->cover_lips &&
                         fabsf(logf(lip.luma / low.luma)) < 1.5f * q->cover_lips &&
                         low.spread < 3 * q->cover_lips;
    return low.red - skin.red < -q->cover_tone || no_lips || fabsf(r.red - f.red) > q->cover_sides;
}

/*
 * The part of the face that lies outside: of the box, or of the mesh, which knows where a face that
 * is cut would go on.
 */
static float outside_fraction(const struct jz_image *image, const struct jz_box *b,
                              const struct jz_landmarks *l)
{
    const float w = fminf(b->x + b->w, (float)image->width) - fmaxf(b->x, 0);
    const float h = fminf(b->y + b->h, (float)image->height) - fmaxf(b->y, 0);
    int outside = 0;
    for (int i = 0; i < JZ_MESH_POINTS; i++) {
        const float *p = l->points[i];
        outside +=
            p[0] < 0 || p[1] < 0 || p[0] >= (float)image->width || p[1] >= (float)image->height;
    }
    const float of_box = w <= 0 || h <= 0 ? 1 : 1 - w * h / (b->w * b->h);
    return fmaxf(of_box, (float)outside / JZ_MESH_POINTS);
}

int jz_quality_judge(struct jz_worker *w, const struct jz_image *image, const struct jz_face *faces,
                     int best, struct jz_observation *o, struct jz_error *err)
{
    const struct jz_quality_thresholds *q = &w->engine->manifest->quality;
    if (o->face_count == 0) {
        o->reasons = JZ_Q_NO_FACE;
        return 0;
    }
    const struct jz_face *face = &faces[best];
    const struct jz_landmarks *l = &o->landmarks;
    int status = measure(w, image, face, o, err);
    if (status < 0)
        return status;
    o->eye_distance_px =
        hypotf(face->points[1][0] - face->points[0][0], face->points[1][1] - face->points[0][1]) /
        fmaxf(cosf(l->yaw_deg / 57.29578f), 0.5f);
    const bool frontal = fabsf(l->yaw_deg) < q->max_yaw_deg;
    unsigned r = 0;
    for (int i = 0; i < o->face_count; i++)
        if (i != best && faces[i].box.h >= q->several_ratio * face->box.h)
            r |= JZ_Q_SEVERAL_FACES;
    const struct {
        bool wrong;
        enum jz_quality_reason reason;
    } checks[] = {
        { o->eye_distance_px < q->min_eye_distance_px, JZ_Q_TOO_SMALL },
        { outside_fraction(image, &face->box, l) > q->edge_fraction, JZ_Q_CUT_BY_EDGE },
        { o->brightness < q->min_brightness, JZ_Q_TOO_DARK },
        { o->brightness > q->max_brightness, JZ_Q_TOO_BRIGHT },
        { o->sharpness < q->min_sharpness, JZ_Q_BLURRED },
        { face->score < q->min_score || (frontal && is_covered(q, image, l, o->eye_distance_px)),
          JZ_Q_COVERED },
        { fabsf(l->yaw_deg) > q->max_yaw_deg || fabsf(l->pitch_deg) > q->max_pitch_deg ||
              fabsf(l->roll_deg) > q->max_roll_deg,
          JZ_Q_TURNED_AWAY },
        { fmaxf(l->eye_right, l->eye_left) < q->min_eye, JZ_Q_EYES_CLOSED },
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i].wrong)
            r |= checks[i].reason;
    o->reasons = r;
    return 0;
}
