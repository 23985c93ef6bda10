/*
 * The parts of the face engine that need no person: geometry, the manifest; and, where the models
 * and photographs are, quality on pictures that are spoilt here on purpose.
 */
#include "base/file.h"
#include "face/engine.h"
#include "face/warp_internal.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char root[] = JZ_SOURCE_ROOT;

static void similarity_is_found_again(void **state)
{
    (void)state;
    static const float from[5][2] = { { 38, 52 }, { 73, 51 }, { 56, 72 }, { 41, 92 }, { 70, 92 } };
    static const struct {
        float angle_deg, scale, tx, ty;
    } cases[] = { { 0, 1, 0, 0 },    { 30, 1, 5, -7 },    { -90, 0.25f, 100, 3 },
                  { 179, 3, -8, 0 }, { 12, 0.01f, 1, 1 }, { -3, 40, 1000, -900 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float a = cases[i].scale * cosf(cases[i].angle_deg / 57.2957795f);
        const float b = cases[i].scale * sinf(cases[i].angle_deg / 57.2957795f);
        float to[5][2];
        for (int k = 0; k < 5; k++) {
            to[k][0] = a * from[k][0] - b * from[k][1] + cases[i].tx;
            to[k][1] = b * from[k][0] + a * from[k][1] + cases[i].ty;
        }
        struct similarity s;
        assert_true(jz_similarity_fit(from, (const float(*)[2])to, 5, &s));
        assert_float_equal(s.a, a, 1e-4f * cases[i].scale);
        assert_float_equal(s.b, b, 1e-4f * cases[i].scale);
        const struct affine back = jz_similarity_invert(s);
        for (int k = 0; k < 5; k++) {
            float p[2];
            jz_affine_apply(&back, to[k][0], to[k][1], p);
            assert_float_equal(p[0], from[k][0], 0.02);
            assert_float_equal(p[1], from[k][1], 0.02);
        }
    }
    static const float same[5][2] = { { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 } };
    struct similarity s;
    assert_false(jz_similarity_fit(same, from, 5, &s));
}

/* A picture whose red is its x, green its y, blue their sum. */
static void make_ramp(struct jz_image *image, int width, int height)
{
    struct jz_error err;
    assert_int_equal(jz_image_resize(image, width, height, &err), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *p = image->pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);
            p[0] = (uint8_t)x;
            p[1] = (uint8_t)y;
            p[2] = (uint8_t)(x + y);
        }
}

static void warp_samples_where_it_says(void **state)
{
    (void)state;
    struct jz_image ramp = { 0 }, scratch = { 0 };
    make_ramp(&ramp, 120, 100);
    static const struct {
        struct affine t;
        const char *what;
    } cases[] = {
        { { .sx = 1, .sy = 1 }, "unchanged" },
        { { .sx = 1, .sy = 1, .tx = 10.5f, .ty = 3.25f }, "moved by parts of a pixel" },
        { { .sx = 0.5f, .sy = 0.5f, .tx = 20, .ty = 20 }, "enlarged" },
        { { .sx = 0.8f, .kx = -0.6f, .ky = 0.6f, .sy = 0.8f, .tx = 40, .ty = 20 }, "turned" },
        { { .sx = 1.9f, .sy = 1.9f, .tx = 1, .ty = 1 }, "made smaller, one sample" },
        { { .sx = 2, .sy = 2, .tx = 0.5f, .ty = 0.5f }, "halved" },
        { { .sx = 4.4f, .sy = 4.4f, .tx = 8, .ty = 8 }, "halved twice" },
        { { .sx = 1, .sy = 1, .tx = -20, .ty = -10 }, "partly outside" },
        { { .sx = 1, .sy = 1, .tx = 500, .ty = 500 }, "all outside" },
    };
    const struct pixel_format rgb = { .bgr = false, .mean = 0, .scale = 1 };
    const struct pixel_format bgr = { .bgr = true, .mean = 10, .scale = 0.5f };
    enum { SIDE = 20 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float out[3 * SIDE * SIDE], other[3 * SIDE * SIDE];
        struct jz_error err;
        assert_int_equal(jz_warp(&ramp, &cases[i].t, &rgb, SIDE, SIDE, SIDE, out, &scratch, &err),
                         0);
        assert_int_equal(jz_warp(&ramp, &cases[i].t, &bgr, SIDE, SIDE, SIDE, other, &scratch, &err),
                         0);
        for (int k = 0; k < SIDE * SIDE; k++) {
            float p[2];
            jz_affine_apply(&cases[i].t, (float)(k % SIDE), (float)(k / SIDE), p);
            const float *q = out + 3 * k;
            if (p[0] >= 3 && p[1] >= 3 && p[0] <= 115 && p[1] <= 95) {
                if (fabsf(q[0] - p[0]) > 0.6f || fabsf(q[1] - p[1]) > 0.6f)
                    fail_msg("%s: at %.2f, %.2f the picture gave %.2f, %.2f", cases[i].what,
                             (double)p[0], (double)p[1], (double)q[0], (double)q[1]);
            } else if (p[0] < -1 || p[1] < -1 || p[0] > 121 || p[1] > 101) {
                assert_float_equal(q[0] + q[1] + q[2], 0, 0);
            }
            for (int c = 0; c < 3; c++)
                assert_float_equal(other[3 * k + 2 - c], (q[c] - 10) * 0.5f, 1e-3);
        }
    }
    jz_image_done(&ramp);
    jz_image_done(&scratch);
}

static void manifest_says_all(void **state)
{
    (void)state;
    jz_autofree char *path = jz_path_join(root, "models/manifest.yaml");
    JZ_CLEANUP(jz_manifest_freep) struct jz_manifest *m = NULL;
    struct jz_error err = { 0 };
    if (jz_manifest_load(path, &m, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(m->model_count, 6);
    assert_non_null(jz_manifest_matcher(m, NULL));
    assert_null(jz_manifest_matcher(m, "nobody"));
    for (unsigned i = 0; i < m->matcher_count; i++) {
        const struct jz_matcher *k = &m->matchers[i];
        for (unsigned p = 0; p < k->point_count; p++) {
            const struct jz_operating_point *at = &k->points[p];
            /* At least ten impostors stand behind every rate, and stricter means higher. */
            assert_true(at->fmr * at->impostor_pairs >= 10);
            assert_true(p == 0 || at->threshold > at[-1].threshold);
            assert_ptr_equal(jz_matcher_point(k, at->fmr), at);
        }
        assert_null(jz_matcher_point(k, 1e-9));
    }
    assert_true(m->spoof.attack < m->spoof.live && m->spoof.bpcer <= 0.05f);
}

static void manifest_faults_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *wanted;
    } cases[] = {
        { "min_eye:", "min_eyes:", "min_eyes" },
        { "role: mesh", "role: mash", "role" },
        { "models: [reid0095]\n", "models: [nobody]\n", "nobody" },
        { "default_matcher: fused", "default_matcher: x", "'x'" },
        { "bytes: 232589", "bytes: many", "bytes" },
        { "detector: {", "detektor: {", "detektor" },
        { "file: mobilefacenet.onnx\n    bytes", "file: ../mobilefacenet.onnx\n    bytes",
          "out of range" },
    };
    jz_autofree char *path = jz_path_join(root, "models/manifest.yaml");
    jz_autofree uint8_t *text = NULL;
    size_t size;
    struct jz_error err;
    assert_int_equal(jz_file_read(path, JZ_MANIFEST_MAX_BYTES, &text, &size, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = strstr((char *)text, cases[i].from);
        if (!at)
            fail_msg("the manifest has no '%s' to spoil", cases[i].from);
        jz_autofree char *spoilt = NULL;
        assert_true(asprintf(&spoilt, "%.*s%s%s", (int)(at - (char *)text), (char *)text,
                             cases[i].to, at + strlen(cases[i].from)) > 0);
        char name[] = "/tmp/jz-manifest-XXXXXX";
        int fd = mkstemp(name);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(jz_file_write(name, spoilt, strlen(spoilt), &err), 0);
        struct jz_manifest *m = NULL;
        assert_int_equal(jz_manifest_load(name, &m, &err), JZ_E_FORMAT);
        assert_null(m);
        if (!strstr(err.text, cases[i].wanted) || !strstr(err.text, name))
            fail_msg("'%s' names not '%s'", err.text, cases[i].wanted);
        unlink(name);
    }
}

struct tools {
    struct jz_engine *engine;
    struct jz_worker *worker;
    struct jz_decoder *decoder;
    char *photo; /* a frontal, well-lit face at 640 × 480 */
};

static struct tools tools;

static int open_tools(void **state)
{
    (void)state;
    struct jz_error err;
    jz_autofree char *models = jz_path_join(root, "models");
    jz_autofree char *folder = jz_path_join(root, "../shared/data/attacks/nuaa_live");
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (i == 2) /* the first behind . and .. */
            tools.photo = jz_path_join(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (tools.photo && jz_engine_open(models, JZ_NN_AUTO, &tools.engine, &err) == 0 &&
        (jz_worker_new(tools.engine, &tools.worker, &err) < 0 ||
         jz_decoder_new(&tools.decoder, &err) < 0))
        return -1;
    return 0;
}

static int close_tools(void **state)
{
    (void)state;
    jz_decoder_free(tools.decoder);
    jz_worker_free(tools.worker);
    jz_engine_close(tools.engine);
    free(tools.photo);
    return 0;
}

static void set_pixel(struct jz_image *image, int x, int y, int r, int g, int b)
{
    if (x < 0 || y < 0 || x >= image->width || y >= image->height)
        return;
    uint8_t *p = image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
    p[0] = (uint8_t)r;
    p[1] = (uint8_t)g;
    p[2] = (uint8_t)b;
}

static void scale_light(struct jz_image *image, float by, float add)
{
    for (size_t i = 0; i < 3 * (size_t)image->width * (size_t)image->height; i++)
        image->pixels[i] = (uint8_t)fminf(fmaxf((float)image->pixels[i] * by + add, 0), 255);
}

static void blur(struct jz_image *image, int radius)
{
    struct jz_image copy = { 0 };
    struct jz_error err;
    assert_int_equal(jz_image_resize(&copy, image->width, image->height, &err), 0);
    const size_t bytes = 3 * (size_t)image->width * (size_t)image->height;
    for (int pass = 0; pass < 4; pass++) { /* two boxes each way are nearly a Gaussian */
        memcpy(copy.pixels, image->pixels, bytes);
        const int step = pass % 2 ? 3 * image->width : 3;
        for (size_t i = 0; i < bytes; i++) {
            int sum = 0, n = 0;
            for (int k = -radius; k <= radius; k++) {
                const int64_t j = (int64_t)i + (int64_t)k * step;
                if (j >= 0 && j < (int64_t)bytes) {
                    sum += copy.pixels[j];
                    n++;
                }
            }
            image->pixels[i] = (uint8_t)(sum / n);
        }
    }
    jz_image_done(&copy);
}

static void fill(struct jz_image *image, float x0, float y0, float x1, float y1, int grey)
{
    for (int y = (int)y0; y < (int)y1; y++)
        for (int x = (int)x0; x < (int)x1; x++)
            set_pixel(image, x, y, grey, grey, grey);
}

/* The right part of the picture, or a small copy of it in the middle of grey. */
static void crop_at(struct jz_image *image, int from)
{
    const int width = image->width - from;
    for (int y = 0; y < image->height; y++)
        memmove(image->pixels + 3 * (size_t)y * (size_t)width,
                image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)from),
                3 * (size_t)width);
    image->width = width;
}

static void shrink(struct jz_image *image, int by)
{
    struct jz_image small = { 0 };
    struct jz_error err;
    assert_int_equal(jz_image_resize(&small, image->width, image->height, &err), 0);
    memset(small.pixels, 128, 3 * (size_t)image->width * (size_t)image->height);
    for (int y = 0; y < image->height / by; y++)
        for (int x = 0; x < image->width / by; x++) {
            const uint8_t *p =
                image->pixels + 3 * ((size_t)(y * by) * (size_t)image->width + (size_t)(x * by));
            set_pixel(&small, x + 200, y + 150, p[0], p[1], p[2]);
        }
    struct jz_image old = *image;
    *image = small;
    jz_image_done(&old);
}

static void twice(struct jz_image *image)
{
    const int width = image->width;
    struct jz_image both = { 0 };
    struct jz_error err;
    assert_int_equal(jz_image_resize(&both, 2 * width, image->height, &err), 0);
    for (int y = 0; y < image->height; y++)
        for (int k = 0; k < 2; k++)
            memcpy(both.pixels + 3 * ((size_t)y * 2 + (size_t)k) * (size_t)width,
                   image->pixels + 3 * (size_t)y * (size_t)width, 3 * (size_t)width);
    struct jz_image old = *image;
    *image = both;
    jz_image_done(&old);
}

enum spoil { NOTHING, DARK, BRIGHT, BLUR, MASK, CUT, SMALL, TWICE, EMPTY };

static void spoil(struct jz_image *image, const struct jz_face *f, enum spoil how)
{
    const struct jz_box *b = &f->box;
    switch (how) {
    case NOTHING:
        break;
    case DARK:
        scale_light(image, 0.15f, 0);
        break;
    case BRIGHT:
        scale_light(image, 0.4f, 200);
        break;
    case BLUR:
        blur(image, 5);
        break;
    case MASK:
        fill(image, b->x, f->points[2][1], b->x + b->w, b->y + b->h, 210);
        break;
    case CUT:
        crop_at(image, (int)(f->points[2][0] - 0.15f * b->w));
        break;
    case SMALL:
        shrink(image, 6);
        break;
    case TWICE:
        twice(image);
        break;
    case EMPTY:
        fill(image, 0, 0, (float)image->width, (float)image->height, 120);
        break;
    }
}

static void quality_names_what_was_spoilt(void **state)
{
    (void)state;
    if (!tools.worker) {
        print_message("# the models or the photographs are not there\n");
        skip();
    }
    static const struct {
        enum spoil how;
        unsigned wanted; /* one of these reasons; 0: usable */
        const char *what;
    } cases[] = {
        { NOTHING, 0, "good" },
        { DARK, JZ_Q_TOO_DARK, "dark" },
        { BRIGHT, JZ_Q_TOO_BRIGHT, "bright" },
        { BLUR, JZ_Q_BLURRED, "blurred" },
        { MASK, JZ_Q_COVERED, "masked" },
        { CUT, JZ_Q_CUT_BY_EDGE | JZ_Q_COVERED, "cut" },
        { SMALL, JZ_Q_TOO_SMALL, "small" },
        { TWICE, JZ_Q_SEVERAL_FACES, "two people" },
        { EMPTY, JZ_Q_NO_FACE, "nobody" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_image image = { 0 };
        struct jz_error err;
        struct jz_observation good, seen;
        assert_int_equal(jz_image_read(tools.decoder, tools.photo, 0, &image, &err), 0);
        assert_int_equal(jz_observe(tools.worker, &image, &good, &err), 0);
        assert_int_equal(good.reasons, 0);
        spoil(&image, &good.face, cases[i].how);
        assert_int_equal(jz_observe(tools.worker, &image, &seen, &err), 0);
        if (cases[i].wanted ? !(seen.reasons & cases[i].wanted) : seen.reasons)
            fail_msg("%s: reasons %x, wanted one of %x", cases[i].what, seen.reasons,
                     cases[i].wanted);
        jz_image_done(&image);
    }
    for (unsigned bit = 1; bit <= JZ_Q_EYES_CLOSED; bit <<= 1) {
        assert_non_null(jz_quality_name((enum jz_quality_reason)bit));
        assert_non_null(jz_quality_advice((enum jz_quality_reason)bit));
    }
}

static void templates_of_other_models_do_not_compare(void **state)
{
    (void)state;
    struct jz_template a = { .count = 1 }, b;
    snprintf(a.embeddings[0].model, sizeof a.embeddings[0].model, "one");
    snprintf(a.embeddings[0].version, sizeof a.embeddings[0].version, "1");
    a.embeddings[0].dims = 3;
    a.embeddings[0].values[0] = 1;
    struct jz_error err;
    double score = 7;
    b = a;
    assert_int_equal(jz_template_compare(&a, &b, &score, &err), 0);
    assert_float_equal(score, 1, 1e-6);
    b.embeddings[0].values[0] = -1;
    assert_int_equal(jz_template_compare(&a, &b, &score, &err), 0);
    assert_float_equal(score, -1, 1e-6);
    snprintf(b.embeddings[0].version, sizeof b.embeddings[0].version, "2");
    score = 7;
    assert_int_equal(jz_template_compare(&a, &b, &score, &err), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "enrol again"));
    assert_float_equal(score, 7, 0);
    b = (struct jz_template){ .count = 0 };
    assert_int_equal(jz_template_compare(&a, &b, &score, &err), JZ_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(similarity_is_found_again),
        cmocka_unit_test(warp_samples_where_it_says),
        cmocka_unit_test(manifest_says_all),
        cmocka_unit_test(manifest_faults_are_named),
        cmocka_unit_test(templates_of_other_models_do_not_compare),
        cmocka_unit_test(quality_names_what_was_spoilt),
    };
    return cmocka_run_group_tests(tests, open_tools, close_tools);
}
