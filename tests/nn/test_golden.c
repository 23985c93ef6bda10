/*
 * The shipped models against what ONNX Runtime made of one real input each, and what they must not
 * cost: no reference kernel, no growing memory, no result that depends on the thread.
 */
#include "nn/nn.h"

#include "base/file.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_MODELS = 16,
    MAX_ROWS = 64,
    ROW_BYTES = 128,
    MAX_GOLDEN_BYTES = 1 << 24,
};

/* A row of the index: what to compare. */
struct row {
    char model[ROW_BYTES], letter[8], output[ROW_BYTES], shape[ROW_BYTES];
};

/* A model in one precision with the first golden input behind it, loaded when first asked for. */
struct subject {
    const char *name;
    enum jz_nn_precision precision;
    struct jz_nn_model *model;
    struct jz_nn_context *context;
};

static struct {
    char *folder;
    struct row rows[MAX_ROWS];
    size_t row_count;
    struct subject subjects[2 * MAX_MODELS];
    size_t subject_count;
} all;

static const char *precision_name(enum jz_nn_precision precision)
{
    return precision == JZ_NN_BF16 ? "bf16" : "fp32";
}

/* golden/MODEL.a.NAME.f32, `count` numbers of it. */
static float *read_golden(const char *model, const char *letter, const char *name, size_t count)
{
    jz_autofree char *path = NULL;
    uint8_t *data = NULL;
    size_t size;
    struct jz_error err = { 0 };
    assert_true(asprintf(&path, "%s/golden/%s.%s.%s.f32", all.folder, model, letter, name) > 0);
    if (jz_file_read(path, MAX_GOLDEN_BYTES, &data, &size, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(size, count * sizeof(float));
    return (float *)(void *)data;
}

/* The file has channels first, the door wants them last. */
static void give_input(struct jz_nn_context *context, const struct jz_nn_model *model,
                       const float *golden, float factor)
{
    const struct jz_nn_shape s = jz_nn_model_input_shape(model, 0);
    float *to = jz_nn_context_input(context, 0);
    const size_t channels = (size_t)s.dims[1], pixels = (size_t)(s.dims[2] * s.dims[3]);
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < pixels; p++)
            to[p * channels + c] = golden[c * pixels + p] * factor;
}

static float *input_of(const struct subject *s, const char *letter)
{
    assert_int_equal(jz_nn_model_inputs(s->model), 1);
    assert_int_equal(jz_nn_model_input_shape(s->model, 0).rank, 4);
    return read_golden(s->name, letter, "in",
                       jz_nn_shape_count(jz_nn_model_input_shape(s->model, 0)));
}

static void load(struct subject *s)
{
    struct jz_error err = { 0 };
    jz_autofree char *path = NULL;
    const struct jz_nn_options options = { .precision = s->precision };
    if (s->context)
        return;
    assert_true(asprintf(&path, "%s/%s.onnx", all.folder, s->name) > 0);
    if (!s->model && jz_nn_model_open(path, &options, &s->model, &err) < 0)
        fail_msg("%s", err.text);
    if (jz_nn_context_new(s->model, &s->context, &err) < 0)
        fail_msg("%s", err.text);
}

static struct jz_nn_context *new_context(const struct subject *s, const float *golden, float factor)
{
    struct jz_nn_context *context = NULL;
    struct jz_error err = { 0 };
    if (jz_nn_context_new(s->model, &context, &err) < 0)
        fail_msg("%s", err.text);
    give_input(context, s->model, golden, factor);
    return context;
}

static void run(struct jz_nn_context *context)
{
    struct jz_error err = { 0 };
    if (jz_nn_run(context, &err) < 0)
        fail_msg("%s", err.text);
}

static bool same_outputs(const struct jz_nn_model *model, const struct jz_nn_context *a,
                         const struct jz_nn_context *b)
{
    bool same = true;
    for (size_t i = 0; i < jz_nn_model_outputs(model); i++)
        same &= memcmp(jz_nn_context_output(a, i), jz_nn_context_output(b, i),
                       jz_nn_shape_count(jz_nn_model_output_shape(model, i)) * sizeof(float)) == 0;
    return same;
}

/*
 * ONNX Runtime's own sigmoid is up to 1.24e-3 off where the probability is tiny (against the exact
 * sigmoid of its own logits), and in bf16 a probability of 1e-5 is off by 10 % when its logit is
 * off by 1 %. So outputs of a sigmoid are compared by their logits; with the same bounds.
 */
static bool is_probability(const char *output)
{
    return strncmp(output, "cls_", 4) == 0 || strncmp(output, "obj_", 4) == 0 ||
           strcmp(output, "Identity_2") == 0;
}

/* The golden probabilities are whole multiples of 6e-8: below this their logits mean little. */
static double logit(float probability)
{
    static const double least = 1e-6;
    const double p = fmin(fmax((double)probability, least), 1 - least);
    return log(p / (1 - p));
}

static bool is_embedding(const struct row *r)
{
    return (strcmp(r->model, "face-reidentification-retail-0095") == 0 &&
            strcmp(r->output, "t684") == 0) ||
           (strcmp(r->model, "mobilefacenet") == 0 && strcmp(r->output, "output") == 0);
}

/* What a test is about: a row of the index or a whole model. */
struct task {
    struct subject *subject;
    const struct row *row;
};

static void expect_shape(struct jz_nn_shape s, const char *wanted)
{
    char text[ROW_BYTES] = "";
    size_t at = 0;
    for (int i = 0; i < s.rank; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%lld", i ? "x" : "",
                               (long long)s.dims[i]);
    assert_string_equal(text, wanted);
}

static void test_output(void **state)
{
    const struct task *task = *state;
    const struct row *r = task->row;
    struct subject *s = task->subject;
    load(s);
    const int index = jz_nn_model_find_output(s->model, r->output);
    if (index < 0)
        fail_msg("there is no output %s", r->output);
    const struct jz_nn_shape shape = jz_nn_model_output_shape(s->model, (size_t)index);
    expect_shape(shape, r->shape);
    const size_t count = jz_nn_shape_count(shape);
    jz_autofree float *input = input_of(s, r->letter);
    jz_autofree float *golden = read_golden(r->model, r->letter, r->output, count);
    give_input(s->context, s->model, input, 1);
    run(s->context);
    const float *got = jz_nn_context_output(s->context, (size_t)index);

    double error = 0, norm = 0, other = 0, dot = 0;
    for (size_t i = 0; i < count; i++) {
        const bool logits = is_probability(r->output);
        const double a = logits ? logit(golden[i]) : (double)golden[i];
        const double b = logits ? logit(got[i]) : (double)got[i];
        error += (a - b) * (a - b);
        norm += a * a;
        other += b * b;
        dot += a * b;
    }
    const double relative = sqrt(error / norm), cosine = dot / sqrt(norm * other);
    print_message("# %s %s %s: relative L2 error %.2e, cosine %.6f\n", r->model,
                  precision_name(s->precision), r->output, relative, cosine);
    /* Written so that a result that is not a number fails. */
    if (!(relative <= (s->precision == JZ_NN_BF16 ? 3e-2 : 1e-3)))
        fail_msg("relative L2 error %.2e", relative);
    if (is_embedding(r) && !(cosine >= 0.9995))
        fail_msg("cosine %.6f", cosine);
}

/* oneDNN's reference kernels are hundreds of times slower, and chosen in silence. */
static void test_kernels(void **state)
{
    struct subject *s = ((const struct task *)*state)->subject;
    load(s);
    bool brgconv = false;
    for (size_t i = 0; i < jz_nn_model_steps(s->model); i++) {
        const char *kernel = jz_nn_model_step_kernel(s->model, i);
        if (strstr(kernel, "ref"))
            fail_msg("%s is done by %s", jz_nn_model_step_name(s->model, i), kernel);
        brgconv |= strstr(kernel, "brgconv") != NULL;
    }
    if (strncmp(jz_nn_isa(), "avx512", 6) == 0)
        assert_true(brgconv);
}

static void test_runs_alike(void **state)
{
    struct subject *s = ((const struct task *)*state)->subject;
    load(s);
    jz_autofree float *golden = input_of(s, "a");
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *other = new_context(s, golden, 1);
    give_input(s->context, s->model, golden, 1);
    run(s->context);
    run(other);
    assert_true(same_outputs(s->model, s->context, other));
    run(other);
    assert_true(same_outputs(s->model, s->context, other));
    /* Nothing of another picture is left behind. */
    give_input(other, s->model, golden, 0.5f);
    run(other);
    assert_false(same_outputs(s->model, s->context, other));
    give_input(other, s->model, golden, 1);
    run(other);
    assert_true(same_outputs(s->model, s->context, other));
}

enum { THREAD_RUNS = 50 };

struct worker {
    const struct jz_nn_model *model;
    struct jz_nn_context *context, *wanted;
    int bad; /* runs that failed or differed */
};

static void *work(void *argument)
{
    struct worker *w = argument;
    for (int i = 0; i < THREAD_RUNS; i++) {
        struct jz_error err = { 0 };
        w->bad += jz_nn_run(w->context, &err) < 0 || !same_outputs(w->model, w->context, w->wanted);
    }
    return NULL;
}

/* Two pictures, so that a buffer that is shared by mistake shows. */
static void test_two_threads(void **state)
{
    struct subject *s = ((const struct task *)*state)->subject;
    load(s);
    jz_autofree float *golden = input_of(s, "a");
    struct worker workers[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        const float factor = i ? 0.75f : 1.0f;
        workers[i] = (struct worker){ .model = s->model,
                                      .context = new_context(s, golden, factor),
                                      .wanted = new_context(s, golden, factor) };
        run(workers[i].wanted);
    }
    assert_false(same_outputs(s->model, workers[0].wanted, workers[1].wanted));
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        jz_nn_context_free(workers[i].context);
        jz_nn_context_free(workers[i].wanted);
        assert_int_equal(workers[i].bad, 0);
    }
}

#if defined __SANITIZE_ADDRESS__
#define HAS_ASAN 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifndef HAS_ASAN
#define HAS_ASAN 0
#endif

#if HAS_ASAN
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t bytes_in_use(void)
{
    return __sanitizer_get_current_allocated_bytes(); /* mallinfo2 knows nothing of it */
}
#else
static size_t bytes_in_use(void)
{
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
#endif

/* A thousand runs of what is small, or can be made so by a small picture. */
static void test_memory(void **state)
{
    enum { MANY = HAS_ASAN ? 100 : 1000, FEW = HAS_ASAN ? 30 : 100, WARM_UP = 10 };
    enum { SIDE = 64, MANY_MACS = 50000000 };
    struct subject *s = ((const struct task *)*state)->subject;
    load(s);
    jz_autofree char *path = NULL;
    assert_true(asprintf(&path, "%s/%s.onnx", all.folder, s->name) > 0);
    const struct jz_nn_options options = { .precision = s->precision,
                                           .height = SIDE,
                                           .width = SIDE };
    struct jz_error err = { 0 };
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *small = NULL;
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *context = NULL;
    const bool shrinks = jz_nn_model_open(path, &options, &small, &err) == 0;
    const struct jz_nn_model *model = shrinks ? small : s->model;
    if (jz_nn_context_new(model, &context, &err) < 0)
        fail_msg("%s", err.text);
    const int runs = jz_nn_model_macs(model) < MANY_MACS ? MANY : FEW;
    for (int i = 0; i < WARM_UP; i++)
        run(context);
    const size_t before = bytes_in_use();
    for (int i = 0; i < runs; i++)
        run(context);
    const size_t after = bytes_in_use();
    if (after > before)
        fail_msg("%zu bytes more after %d runs", after - before, runs);
}

static void read_index(void)
{
    jz_autofree char *path = jz_path_join(all.folder, "golden/index.tsv");
    jz_autofclose FILE *f = path ? fopen(path, "re") : NULL;
    char line[4 * ROW_BYTES];
    if (!f || !fgets(line, sizeof line, f))
        return;
    while (all.row_count < MAX_ROWS && fgets(line, sizeof line, f)) {
        struct row *r = &all.rows[all.row_count];
        if (sscanf(line, "%127[^\t]\t%7[^\t]\t%127[^\t]\t%127[^\t]", r->model, r->letter, r->output,
                   r->shape) == 4)
            all.row_count++;
    }
}

static struct subject *subject_of(const char *model, enum jz_nn_precision precision)
{
    for (size_t i = 0; i < all.subject_count; i++)
        if (strcmp(all.subjects[i].name, model) == 0 && all.subjects[i].precision == precision)
            return &all.subjects[i];
    if (all.subject_count == 2 * MAX_MODELS)
        return NULL;
    struct subject *s = &all.subjects[all.subject_count++];
    *s = (struct subject){ .name = model, .precision = precision };
    return s;
}

enum { MAX_TESTS = 2 * MAX_ROWS + 8 * MAX_MODELS };
static struct CMUnitTest tests[MAX_TESTS];
static struct task tasks[MAX_TESTS];
static char names[MAX_TESTS][2 * ROW_BYTES];
static size_t test_count;

static void add_test(CMUnitTestFunction function, struct subject *s, const struct row *r,
                     const char *what)
{
    if (test_count == MAX_TESTS)
        return;
    tasks[test_count] = (struct task){ .subject = s, .row = r };
    snprintf(names[test_count], sizeof names[0], "%s, %s, %s", s->name,
             precision_name(s->precision), what);
    tests[test_count] = (struct CMUnitTest){ .name = names[test_count],
                                             .test_func = function,
                                             .initial_state = &tasks[test_count] };
    test_count++;
}

static int free_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < all.subject_count; i++) {
        jz_nn_context_free(all.subjects[i].context);
        jz_nn_model_free(all.subjects[i].model);
    }
    free(all.folder);
    return 0;
}

int main(void)
{
    const char *models = getenv("JIANZAI_MODELS");
    all.folder = strdup(models ? models : JZ_SOURCE_ROOT "/../shared/models");
    if (!all.folder)
        return 1;
    read_index();
    if (all.row_count == 0) {
        printf("1..0 # SKIP there is no %s/golden/index.tsv\n", all.folder);
        free(all.folder);
        return 0;
    }
    const int last = jz_nn_has_bf16() ? JZ_NN_BF16 : JZ_NN_F32;
    for (int p = JZ_NN_F32; p <= last; p++)
        for (size_t i = 0; i < all.row_count; i++) {
            struct subject *s = subject_of(all.rows[i].model, (enum jz_nn_precision)p);
            if (s)
                add_test(test_output, s, &all.rows[i], all.rows[i].output);
        }
    for (size_t i = 0; i < all.subject_count; i++) {
        struct subject *s = &all.subjects[i];
        add_test(test_kernels, s, NULL, "no slow kernel");
        add_test(test_runs_alike, s, NULL, "every run alike");
        add_test(test_two_threads, s, NULL, "two threads");
        add_test(test_memory, s, NULL, "no memory grows");
    }
    /* cmocka passes over what is left empty. */
    return cmocka_run_group_tests_name("nn golden", tests, NULL, free_all);
}
