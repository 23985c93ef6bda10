/* The 478-point mesh: landmarks, the ratios of eyes and mouth, and the head's pose. */
#include "face/engine_internal.h"

#include <math.h>

/* Side of the network's view as a multiple of the face box: it was trained with this margin. */
static const float view_margin = 1.4f;

static const float degrees = 57.29577951f;

/* Mesh indices, left and right as the person's own. */
enum {
    FOREHEAD = 10,
    CHIN = 152,
    LIP_TOP = 13,
    LIP_BOTTOM = 14,
    MOUTH_RIGHT = 78,
    MOUTH_LEFT = 308,
};

/* Corner, two on the upper lid, corner, two on the lower lid (right to left of each pair). */
static const int right_eye[6] = { 33, 160, 158, 133, 153, 144 };
static const int left_eye[6] = { 362, 385, 387, 263, 373, 380 };

/* Mirrored pairs across the face, right then left: the line through each pair turns with yaw. */
static const int across[][2] = { { 33, 263 }, { 127, 356 }, { 234, 454 }, { 61, 291 } };

typedef const float (*points)[3];

static float distance(const float *a, const float *b)
{
    return sqrtf((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                 (a[2] - b[2]) * (a[2] - b[2]));
}

static float eye_ratio(points p, const int e[6])
{
    const float width = distance(p[e[0]], p[e[3]]);
    const float height = distance(p[e[1]], p[e[5]]) + distance(p[e[2]], p[e[4]]);
    return width > 0 ? height / (2 * width) : 0;
}

/*
 * Angles from two lines that every face has: across, through mirrored pairs, and down, from
 * forehead to chin. The mesh's depth has the scale of its x.
 */
static void pose(points p, struct jz_landmarks *ret)
{
    float v[3] = { 0 };
    for (size_t i = 0; i < sizeof across / sizeof across[0]; i++) {
        const float *a = p[across[i][0]], *b = p[across[i][1]];
        const float d = distance(a, b);
        for (int k = 0; k < 3; k++)
            v[k] += d > 0 ? (b[k] - a[k]) / d : 0;
    }
    ret->yaw_deg = degrees * atan2f(v[2], hypotf(v[0], v[1]));
    ret->roll_deg = degrees * atan2f(v[1], v[0]);
    float d[3];
    for (int k = 0; k < 3; k++)
        d[k] = p[CHIN][k] - p[FOREHEAD][k];
    ret->pitch_deg = -degrees * atan2f(d[2], hypotf(d[0], d[1]));
}

static struct affine view(const struct jz_face *face, int side)
{
    const float *right = face->points[0], *left = face->points[1];
    const float angle = atan2f(left[1] - right[1], left[0] - right[0]);
    const float scale = fmaxf(face->box.w, face->box.h) * view_margin / (float)side;
    return jz_affine_square(face->box.x + face->box.w / 2, face->box.y + face->box.h / 2, angle,
                            scale, side);
}

int jz_landmarks(struct jz_worker *w, const struct jz_image *image, const struct jz_face *face,
                 struct jz_landmarks *ret, struct jz_error *err)
{
    const struct network *n = &w->engine->mesh;
    const int side = n->entry->input.width;
    const struct affine to_image = view(face, side);
    const struct pixel_format format = pixel_format(n->entry);
    int r;
    if ((r = jz_warp(image, &to_image, &format, side, side, side, jz_nn_context_input(w->mesh, 0),
                     &w->scratch, err)) < 0 ||
        (r = jz_nn_run(w->mesh, err)) < 0)
        return r;
    const float scale = hypotf(to_image.sx, to_image.ky);
    const float *raw = jz_nn_context_output(w->mesh, 0);
    for (int i = 0; i < JZ_MESH_POINTS; i++) {
        jz_affine_apply(&to_image, raw[3 * i], raw[3 * i + 1], ret->points[i]);
        ret->points[i][2] = raw[3 * i + 2] * scale;
    }
    ret->presence = 1 / (1 + expf(-jz_nn_context_output(w->mesh, 1)[0]));
    points p = (points)ret->points;
    ret->eye_right = eye_ratio(p, right_eye);
    ret->eye_left = eye_ratio(p, left_eye);
    const float width = distance(p[MOUTH_RIGHT], p[MOUTH_LEFT]);
    ret->mouth = width > 0 ? distance(p[LIP_TOP], p[LIP_BOTTOM]) / width : 0;
    pose(p, ret);
    return 0;
}
