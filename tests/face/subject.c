#include "subject.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* With this a head turned by 30 degrees is measured as turned by 30: the mesh is too shallow. */
static const float true_depth = 1.6f;

enum { CELL = 8 }; /* pixels a side of the grid that carries a motion */

/* One knot of the grid: where it is in the still, and what of it follows the head. */
struct knot {
    float x, y;
    float depth;  /* pixels, towards the camera negative, as the mesh has it */
    float follow; /* 1: skin and hair, 0: background */
};

struct subject {
    struct jz_image still, local; /* local: the still with lids and mouth moved */
    float points[JZ_MESH_POINTS][3];
    float centre[2], width, height; /* of the face */
    int columns, rows;
    struct knot *knots;
};

/* Where a knot goes in the picture drawn, and how far it is from the camera. */
struct place {
    float x, y, depth;
};

/* Lids and inner lips from the person's right to the left. */
static const int right_upper[] = { 33, 246, 161, 160, 159, 158, 157, 173, 133 };
static const int right_lower[] = { 33, 7, 163, 144, 145, 153, 154, 155, 133 };
static const int left_upper[] = { 362, 398, 384, 385, 386, 387, 388, 466, 263 };
static const int left_lower[] = { 362, 382, 381, 380, 374, 373, 390, 249, 263 };
static const int lip_upper[] = { 78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308 };
static const int lip_lower[] = { 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308 };
enum { FOREHEAD = 10, CHIN = 152, SIDE_RIGHT = 234, SIDE_LEFT = 454, LID = 9, LIP = 11 };

static float mix(float a, float b, float k)
{
    return a + (b - a) * k;
}

static float clamp(float v, float low, float high)
{
    return fminf(fmaxf(v, low), high);
}

float out_and_back(float part)
{
    const float rest = 0.2f, p = clamp((part - rest) / (1 - 2 * rest), 0, 1);
    return 0.5f - 0.5f * cosf(2 * (float)M_PI * p);
}

/* Bilinear, in 256ths of a pixel; outside the picture is a plain grey wall. */
static void sample(const struct jz_image *image, float x, float y, uint8_t *ret)
{
    const int sx = (int)(x * 256 + 0.5f), sy = (int)(y * 256 + 0.5f);
    const int x0 = sx >> 8, y0 = sy >> 8, fx = sx & 255, fy = sy & 255, row = 3 * image->width;
    if (x0 < 0 || y0 < 0 || x0 + 1 >= image->width || y0 + 1 >= image->height) {
        memset(ret, 96, 3);
        return;
    }
    const uint8_t *p = image->pixels + y0 * row + 3 * x0, *q = p + row;
    for (int c = 0; c < 3; c++) {
        const int above = p[c] * (256 - fx) + p[c + 3] * fx;
        const int below = q[c] * (256 - fx) + q[c + 3] * fx;
        ret[c] = (uint8_t)((above * (256 - fy) + below * fy + (1 << 15)) >> 16);
    }
}

/*
 * Depth and how far it follows, for a point anywhere in the still: both smooth over the mesh's
 * points, and fading to the background beyond them.
 */
static void place_knot(const struct subject *s, struct knot *k)
{
    const float soft = 0.06f * s->width;
    float sum = 0, depth = 0, nearest = 1e9f;
    for (int i = 0; i < JZ_MESH_POINTS; i++) {
        const float dx = k->x - s->points[i][0], dy = k->y - s->points[i][1];
        const float d2 = dx * dx + dy * dy, w = 1 / ((d2 + soft * soft) * (d2 + soft * soft));
        sum += w;
        depth += w * s->points[i][2];
        nearest = fminf(nearest, d2);
    }
    k->depth = true_depth * depth / sum;
    const float beyond = (sqrtf(nearest) - 0.1f * s->width) / (0.7f * s->width);
    k->follow = 0.5f + 0.5f * cosf((float)M_PI * clamp(beyond, 0, 1));
}

struct subject *subject_new(const struct jz_image *still, const struct jz_landmarks *landmarks)
{
    struct subject *s = calloc(1, sizeof *s);
    assert_non_null(s);
    struct jz_error err;
    assert_int_equal(jz_image_resize(&s->still, still->width, still->height, &err), 0);
    memcpy(s->still.pixels, still->pixels, 3 * (size_t)still->width * (size_t)still->height);
    memcpy(s->points, landmarks->points, sizeof s->points);
    s->width = hypotf(s->points[SIDE_LEFT][0] - s->points[SIDE_RIGHT][0],
                      s->points[SIDE_LEFT][1] - s->points[SIDE_RIGHT][1]);
    s->height = hypotf(s->points[CHIN][0] - s->points[FOREHEAD][0],
                       s->points[CHIN][1] - s->points[FOREHEAD][1]);
    assert_true(s->width > 0 && s->height > 0);
    for (int k = 0; k < 2; k++)
        s->centre[k] = (s->points[SIDE_LEFT][k] + s->points[SIDE_RIGHT][k]) / 2;
    s->columns = still->width / CELL + 2;
    s->rows = still->height / CELL + 2;
    s->knots = calloc((size_t)s->columns * (size_t)s->rows, sizeof *s->knots);
    assert_non_null(s->knots);
    for (int i = 0; i < s->columns * s->rows; i++) {
        s->knots[i].x = (float)(i % s->columns * CELL);
        s->knots[i].y = (float)(i / s->columns * CELL);
        place_knot(s, &s->knots[i]);
    }
    return s;
}

void subject_free(struct subject *s)
{
    if (!s)
        return;
    jz_image_done(&s->still);
    jz_image_done(&s->local);
    free(s->knots);
    free(s);
}

/* A number that is linear over a triangle: its value at a pixel, from those at the corners. */
struct ramp {
    float origin, per_x, per_y;
};

static struct ramp ramp(const struct place *const at[3], float a, float b, float c)
{
    const float ax = at[1]->x - at[0]->x, ay = at[1]->y - at[0]->y;
    const float bx = at[2]->x - at[0]->x, by = at[2]->y - at[0]->y;
    const float area = ax * by - ay * bx;
    const float per_x = ((b - a) * by - (c - a) * ay) / area;
    const float per_y = ((c - a) * ax - (b - a) * bx) / area;
    return (struct ramp){ a - per_x * at[0]->x - per_y * at[0]->y, per_x, per_y };
}

static float height(const struct ramp *r, int x, int y)
{
    return r->origin + r->per_x * (float)x + r->per_y * (float)y;
}

static bool faces_camera(const struct place *const p[3])
{
    return (p[1]->x - p[0]->x) * (p[2]->y - p[0]->y) - (p[1]->y - p[0]->y) * (p[2]->x - p[0]->x) >
           1e-6f;
}

/* Paints the triangle of the still over the picture, where nothing nearer is. */
static void paint_triangle(const struct jz_image *from, const struct knot *const source[3],
                           const struct place *const to[3], float *depths, struct jz_image *ret)
{
    if (!faces_camera(to))
        return;
    const float low_x = fminf(fminf(to[0]->x, to[1]->x), to[2]->x);
    const float low_y = fminf(fminf(to[0]->y, to[1]->y), to[2]->y);
    const float high_x = fmaxf(fmaxf(to[0]->x, to[1]->x), to[2]->x);
    const float high_y = fmaxf(fmaxf(to[0]->y, to[1]->y), to[2]->y);
    const int x0 = (int)clamp(ceilf(low_x), 0, (float)ret->width);
    const int x1 = (int)clamp(floorf(high_x), -1, (float)(ret->width - 1));
    const int y0 = (int)clamp(ceilf(low_y), 0, (float)ret->height);
    const int y1 = (int)clamp(floorf(high_y), -1, (float)(ret->height - 1));
    const struct ramp u = ramp(to, 0, 1, 0), v = ramp(to, 0, 0, 1);
    const struct ramp sx = ramp(to, source[0]->x, source[1]->x, source[2]->x);
    const struct ramp sy = ramp(to, source[0]->y, source[1]->y, source[2]->y);
    const struct ramp far = ramp(to, to[0]->depth, to[1]->depth, to[2]->depth);
    const float edge = -1e-3f; /* no gap between neighbours */
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            const float pu = height(&u, x, y), pv = height(&v, x, y);
            if (pu < edge || pv < edge || pu + pv > 1 - edge)
                continue;
            const size_t at = (size_t)y * (size_t)ret->width + (size_t)x;
            const float depth = height(&far, x, y);
            if (depth > depths[at])
                continue;
            depths[at] = depth;
            sample(from, height(&sx, x, y), height(&sy, x, y), ret->pixels + 3 * at);
        }
}

static void paint(const struct subject *s, const struct jz_image *from, const struct place *places,
                  struct jz_image *ret)
{
    struct jz_error err;
    assert_int_equal(jz_image_resize(ret, from->width, from->height, &err), 0);
    const size_t count = (size_t)from->width * (size_t)from->height;
    memset(ret->pixels, 96, 3 * count);
    float *depths = malloc(count * sizeof *depths);
    assert_non_null(depths);
    for (size_t i = 0; i < count; i++)
        depths[i] = 1e9f;
    for (int r = 0; r + 1 < s->rows; r++)
        for (int c = 0; c + 1 < s->columns; c++) {
            const int a = r * s->columns + c, b = a + 1, d = a + s->columns, e = d + 1;
            const int corners[2][3] = { { a, b, e }, { a, e, d } };
            for (int t = 0; t < 2; t++) {
                const struct knot *source[3];
                const struct place *to[3];
                for (int i = 0; i < 3; i++) {
                    source[i] = &s->knots[corners[t][i]];
                    to[i] = &places[corners[t][i]];
                }
                paint_triangle(from, source, to, depths, ret);
            }
        }
    free(depths);
}

/* Turns (x, y, z) about the vertical, then about the horizontal axis. Positive yaw takes the
 * nearer half to the right of the picture, positive pitch takes it up. */
static void turn(float yaw_deg, float pitch_deg, float p[3])
{
    const float rad = (float)M_PI / 180;
    const float cy = cosf(yaw_deg * rad), sy = sinf(yaw_deg * rad);
    const float cp = cosf(pitch_deg * rad), sp = sinf(pitch_deg * rad);
    const float x = cy * p[0] - sy * p[2], z = sy * p[0] + cy * p[2];
    const float y = cp * p[1] + sp * z;
    p[2] = -sp * p[1] + cp * z;
    p[0] = x;
    p[1] = y;
}

static void bend(float *x, float *z, float size, float degrees)
{
    const float angle = degrees * (float)M_PI / 180;
    if (fabsf(angle) < 1e-4f)
        return;
    const float radius = size / angle, a = clamp(*x / radius, -1.5f, 1.5f);
    *x = radius * sinf(a);
    *z += radius * (1 - cosf(a)); /* the edges away from the camera */
}

void subject_draw_flat(struct subject *s, const struct flat_pose *pose, struct jz_image *ret)
{
    const int count = s->columns * s->rows;
    struct place *places = calloc((size_t)count, sizeof *places);
    assert_non_null(places);
    const float width = (float)s->still.width, focal = width;
    const float c = cosf(pose->roll_deg * (float)M_PI / 180);
    const float n = sinf(pose->roll_deg * (float)M_PI / 180);
    for (int i = 0; i < count; i++) {
        const float x = s->knots[i].x - s->centre[0], y = s->knots[i].y - s->centre[1];
        float p[3] = { c * x - n * y, n * x + c * y, 0 };
        bend(&p[0], &p[2], s->width, pose->bend_x);
        bend(&p[1], &p[2], s->height, pose->bend_y);
        turn(pose->yaw_deg, pose->pitch_deg, p);
        /* The camera looks at the middle of the picture; the face need not be there. */
        const float depth = fmaxf(focal / (1 + pose->nearer) + p[2], focal / 10);
        p[0] += s->centre[0] - width / 2 + pose->shift_x * width;
        p[1] += s->centre[1] - (float)s->still.height / 2 + pose->shift_y * width;
        places[i] = (struct place){ p[0] * focal / depth + width / 2,
                                    p[1] * focal / depth + (float)s->still.height / 2, depth };
    }
    paint(s, &s->still, places, ret);
    free(places);
}

/* Height of the line through mesh points at column x; it holds its ends beyond them. */
static float line_at(const struct subject *s, const int *line, int count, float x)
{
    const float(*p)[3] = s->points;
    if (x <= p[line[0]][0])
        return p[line[0]][1];
    for (int i = 0; i + 1 < count; i++) {
        const float *a = p[line[i]], *b = p[line[i + 1]];
        if (x <= b[0])
            return mix(a[1], b[1], clamp((x - a[0]) / fmaxf(b[0] - a[0], 1e-3f), 0, 1));
    }
    return p[line[count - 1]][1];
}

/* A column of the picture is stretched between heights: `to` in the result shows `from`. */
struct stretch {
    float from[5], to[5];
    int count;
};

static float stretched(const struct stretch *t, float y)
{
    if (y <= t->to[0])
        return y - t->to[0] + t->from[0];
    for (int i = 0; i + 1 < t->count; i++)
        if (y <= t->to[i + 1]) {
            const float span = fmaxf(t->to[i + 1] - t->to[i], 1e-3f);
            return mix(t->from[i], t->from[i + 1], (y - t->to[i]) / span);
        }
    return y - t->to[t->count - 1] + t->from[t->count - 1];
}

/* The upper lid comes down over the eye to the lower one; the skin above it is stretched. */
static void close_lid(struct subject *s, const int *upper, const int *lower, float shut)
{
    const float left = s->points[upper[0]][0], right = s->points[upper[LID - 1]][0];
    const float margin = 0.15f * (right - left);
    for (int x = (int)(left - margin); x <= (int)(right + margin); x++) {
        if (x < 0 || x >= s->still.width)
            continue;
        const float high = line_at(s, upper, LID, (float)x), low = line_at(s, lower, LID, (float)x);
        const float skin = high - 0.35f * (right - left);
        const float rim = 0.04f * (right - left); /* lashes */
        const struct stretch t = {
            .from = { skin, high, low + rim, low + 2 * rim },
            .to = { skin, mix(high, low + rim, shut), low + rim, low + 2 * rim },
            .count = 4,
        };
        for (int y = (int)skin; y <= (int)(low + 2 * rim) + 1; y++)
            if (y >= 0 && y < s->still.height)
                sample(&s->still, (float)x, stretched(&t, (float)y),
                       s->local.pixels + 3 * ((size_t)y * (size_t)s->still.width + (size_t)x));
    }
}

/* Lower lip and chin go down, the neck is squeezed, and the gap is dark. */
static void open_mouth(struct subject *s, float opening)
{
    const float left = s->points[lip_upper[0]][0], right = s->points[lip_upper[LIP - 1]][0];
    const float middle = (left + right) / 2, half = (right - left) / 2;
    const float chin = s->points[CHIN][1], down = opening * (right - left);
    for (int x = (int)(middle - 2.5f * half); x <= (int)(middle + 2.5f * half); x++) {
        if (x < 0 || x >= s->still.width)
            continue;
        const float off = ((float)x - middle) / half;
        const float gap = down * sqrtf(fmaxf(1 - off * off, 0));
        const float jaw = down * fmaxf(0.5f + 0.5f * cosf((float)M_PI * off / 2.5f), 0);
        const float high = line_at(s, lip_upper, LIP, (float)x);
        const float low = fmaxf(line_at(s, lip_lower, LIP, (float)x), high);
        const float lips = 0.5f * half; /* the lower lip keeps its height */
        const struct stretch t = {
            .from = { high, low, low + lips, chin, chin + 3 * down },
            .to = { high, low + gap, low + lips + mix(gap, jaw, 0.3f), chin + jaw,
                    chin + 3 * down },
            .count = 5,
        };
        for (int y = (int)high; y <= (int)(chin + 3 * down); y++) {
            if (y < 0 || y >= s->still.height)
                continue;
            uint8_t *pixel = s->local.pixels + 3 * ((size_t)y * (size_t)s->still.width + (size_t)x);
            if ((float)y > high && (float)y < low + gap && gap > 1)
                memcpy(pixel, (const uint8_t[]){ 40, 16, 16 }, 3);
            else
                sample(&s->still, (float)x, stretched(&t, (float)y), pixel);
        }
    }
}

void subject_draw_head(struct subject *s, const struct head_pose *pose, struct jz_image *ret)
{
    const size_t bytes = 3 * (size_t)s->still.width * (size_t)s->still.height;
    struct jz_error err;
    assert_int_equal(jz_image_resize(&s->local, s->still.width, s->still.height, &err), 0);
    memcpy(s->local.pixels, s->still.pixels, bytes);
    if (pose->shut_right > 0)
        close_lid(s, right_upper, right_lower, pose->shut_right);
    if (pose->shut_left > 0)
        close_lid(s, left_upper, left_lower, pose->shut_left);
    if (pose->mouth > 0)
        open_mouth(s, pose->mouth);
    const int count = s->columns * s->rows;
    struct place *places = calloc((size_t)count, sizeof *places);
    assert_non_null(places);
    /* A head turns about the neck, well behind the face. */
    const float behind = 0.6f * s->width, below = s->points[CHIN][1];
    const float axis_y = fabsf(pose->pitch_deg) > 0 ? mix(s->centre[1], below, 0.7f) : s->centre[1];
    for (int i = 0; i < count; i++) {
        const struct knot *k = &s->knots[i];
        float p[3] = { k->x - s->centre[0], k->y - axis_y, k->depth - behind };
        turn(pose->yaw_deg, pose->pitch_deg, p);
        places[i] = (struct place){ mix(k->x, p[0] + s->centre[0], k->follow),
                                    mix(k->y, p[1] + axis_y, k->follow),
                                    p[2] + 4 * s->width * (1 - k->follow) };
    }
    paint(s, &s->local, places, ret);
    free(places);
}

void subject_add_noise(struct jz_decoder *decoder, struct jz_image *image, unsigned seed)
{
    uint32_t random = 2654435761u * (seed + 1);
    const size_t bytes = 3 * (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < bytes; i++) {
        random = random * 1664525u + 1013904223u;
        const int grain = (int)(random >> 29) + (int)(random >> 26 & 7) - 7; /* -7 to 7 */
        const int v = image->pixels[i] + grain / 2;
        image->pixels[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    struct jz_error err;
    jz_autofree uint8_t *data = NULL;
    size_t size;
    assert_int_equal(jz_image_encode_jpeg(image, 85, &data, &size, &err), 0);
    assert_int_equal(jz_image_decode(decoder, data, size, 0, image, &err), 0);
}
