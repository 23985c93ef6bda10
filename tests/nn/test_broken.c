/* Files that are no models, or none that we run: each gets its sentence, and nothing breaks. */
#include "nn/nn.h"

#include "base/file.h"
#include "onnx_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef void spoiler(Onnx__ModelProto *m);

static void spoil_domain(Onnx__ModelProto *m)
{
    m->graph->node[0]->domain = strdup("com.example");
}

static void spoil_opset(Onnx__ModelProto *m)
{
    onnx__operator_set_id_proto__free_unpacked(m->opset_import[0], NULL);
    m->n_opset_import = 0;
}

static void spoil_graph(Onnx__ModelProto *m)
{
    onnx__graph_proto__free_unpacked(m->graph, NULL);
    m->graph = NULL;
}

/* A graph in an attribute of a graph, and so on: the shape of If and Loop. */
static void spoil_by_nesting(Onnx__ModelProto *m)
{
    enum { DEPTH = 1000 };
    for (int i = 0; i < DEPTH; i++) {
        Onnx__ModelProto *outer = model_from_text("x:1; y=If(x) then_branch=1");
        outer->graph->node[0]->attribute[0]->g = m->graph;
        m->graph = outer->graph;
        outer->graph = NULL;
        onnx__model_proto__free_unpacked(outer, NULL);
    }
}

static void spoil_input_type(Onnx__ModelProto *m)
{
    m->graph->input[0]->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
}

static void spoil_input_shape(Onnx__ModelProto *m)
{
    Onnx__TypeProto__Tensor *t = m->graph->input[0]->type->tensor_type;
    onnx__tensor_shape_proto__free_unpacked(t->shape, NULL);
    t->shape = NULL;
}

static void spoil_constant_type(Onnx__ModelProto *m)
{
    m->graph->initializer[0]->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
}

static void spoil_by_other_file(Onnx__ModelProto *m)
{
    Onnx__TensorProto *t = m->graph->initializer[0];
    t->external_data = calloc(1, sizeof *t->external_data);
    t->external_data[0] = malloc(sizeof **t->external_data);
    onnx__string_string_entry_proto__init(t->external_data[0]);
    t->n_external_data = 1;
}

static const struct broken_case {
    const char *name, *model;
    int code;
    const char *text; /* a part of the error's sentence */
    spoiler *spoil;
    int64_t height, width;
} cases[] = {
    { "unknown operator", "x:1x4x8x8; y=Loop(x)", JZ_E_UNSUPPORTED, "Loop" },
    { "operator without a name", "x:1x4x8x8; y=(x)", JZ_E_UNSUPPORTED, "operator" },
    { "unknown domain", "x:1x4x8x8; y=Relu(x)", JZ_E_UNSUPPORTED, "com.example.Relu",
      spoil_domain },
    { "no opset", "x:1x4x8x8; y=Relu(x)", JZ_E_UNSUPPORTED, "opset", spoil_opset },
    { "opset 6", "@6; x:1x4x8x8; y=Relu(x)", JZ_E_UNSUPPORTED, "opset" },
    { "no graph", "x:1x4x8x8; y=Relu(x)", JZ_E_FORMAT, "ONNX", spoil_graph },
    { "nested 1000 deep", "x:1x4x8x8; y=Relu(x)", JZ_E_FORMAT, "ONNX", spoil_by_nesting },
    { "no node, no output", "x:1x4x8x8", JZ_E_FORMAT, "no output" },
    { "no input", "c~4; y=Relu(c)", JZ_E_FORMAT, "no input" },

    { "cycle of two", "x:1x4x8x8; a=Add(x b); b=Relu(a); y=Relu(b)", JZ_E_FORMAT, "'b'" },
    { "cycle of one", "x:1x4x8x8; y=Add(x y)", JZ_E_FORMAT, "'y'" },
    { "missing input", "x:1x4x8x8; y=Add(x z)", JZ_E_FORMAT, "'z'" },
    { "omitted input", "x:1x4x8x8; w~4x4x1x1; y=Conv(_ w)", JZ_E_FORMAT, "Conv" },
    { "omitted input of Concat", "x:1x4x8x8; y=Concat(x _) axis=1", JZ_E_FORMAT, "Concat" },
    { "no input at all", "x:1x4x8x8; y=Relu()", JZ_E_FORMAT, "number of inputs" },
    { "too many inputs", "x:1x4x8x8; y=Relu(x x)", JZ_E_FORMAT, "number of inputs" },
    { "one value made twice", "x:1x4x8x8; y=Relu(x); y=Sigmoid(x)", JZ_E_FORMAT, "Sigmoid" },
    { "input made by a node", "x:1x4x8x8; x=Relu(x)", JZ_E_FORMAT, "Relu" },
    { "missing output", "x:1x4x8x8; y=Relu(x); >z", JZ_E_FORMAT, "'z'" },

    { "negative size of an input", "x:1x-4x8x8; y=Relu(x)", JZ_E_FORMAT, "'x'" },
    { "size 0 of an input", "x:1x0x8x8; y=Relu(x)", JZ_E_FORMAT, "'x'" },
    { "huge size of an input", "x:1x4x1099511627776x8; y=Relu(x)", JZ_E_LIMIT, "'x'" },
    { "sizes of an input that overflow", "x:4294967296x4294967296; y=Relu(x)", JZ_E_LIMIT, "'x'" },
    { "input of rank 7", "x:1x1x1x1x1x1x1; y=Relu(x)", JZ_E_LIMIT, "axes" },
    { "input of integers", "x:1x4x8x8; y=Relu(x)", JZ_E_UNSUPPORTED, "'x'", spoil_input_type },
    { "input without a shape", "x:1x4; y=Relu(x)", JZ_E_UNSUPPORTED, "'x'", spoil_input_shape },
    { "result that is too large", "x:1x4x1024x1024; s={1,1,8,8}; y=Resize(x _ s)", JZ_E_LIMIT,
      "'y'" },
    { "activations beyond the limit",
      "x:1x32x1024x1024; a=Relu(x); b=Sigmoid(a); c=Sigmoid(b); d=Sigmoid(c); e=Sigmoid(d); "
      "f=Sigmoid(e); g=Sigmoid(f); h=Sigmoid(g); i=Sigmoid(h); j=Sigmoid(i); p=Add(a b); "
      "q=Add(p c); r=Add(q d); s=Add(r e); t=Add(s f); u=Add(t g); v=Add(u h); w=Add(v i); "
      "y=Add(w j)",
      JZ_E_LIMIT, "bytes" },

    { "negative size of a constant", "x:1x4x8x8; w~-1; y=Add(x w)", JZ_E_FORMAT, "'w'" },
    { "huge size of a constant", "x:1x4x8x8; w~16777216x16777216x16777216; y=Add(x w)", JZ_E_LIMIT,
      "'w'" },
    { "constant of rank 7", "x:1x4x8x8; w~1x1x1x1x1x1x1; y=Add(x w)", JZ_E_LIMIT, "'w'" },
    { "a number too few", "x:1x4x8x8; w~4x1x1/short; y=Add(x w)", JZ_E_FORMAT, "3 numbers" },
    { "a number too few in a list", "x:1x4x8x8; w~4x1x1/short/list; y=Add(x w)", JZ_E_FORMAT,
      "3 numbers" },
    { "a half too few", "x:1x4x8x8; w~4x1x1/short/half; y=Add(x w)", JZ_E_FORMAT, "3 numbers" },
    { "an integer too few", "x:4x8; w=[4,8]/short; y=Reshape(x w)", JZ_E_FORMAT, "1 numbers" },
    { "constant without numbers", "x:1x4x8x8; w~1/short; y=Add(x w)", JZ_E_FORMAT, "0 numbers" },
    { "a weight that is not a number", "x:1x4x8x8; w~4x4x1x1/nan; y=Conv(x w)", JZ_E_FORMAT,
      "not finite" },
    { "an infinite weight", "x:1x4x8x8; w~4x4x1x1/inf; y=Conv(x w)", JZ_E_FORMAT, "not finite" },
    { "an infinite half", "x:1x4x8x8; w~8/half/inf/list; y=Add(x w)", JZ_E_FORMAT, "not finite" },
    { "constant of strings", "w~4; x:1x4x8x8; y=Add(x w)", JZ_E_UNSUPPORTED, "'w'",
      spoil_constant_type },
    { "constant in another file", "w~4; x:1x4x8x8; y=Add(x w)", JZ_E_UNSUPPORTED, "another file",
      spoil_by_other_file },
    { "Constant without a tensor", "x:1x4x8x8; c=Constant(); y=Add(x c)", JZ_E_UNSUPPORTED, "'c'" },
    { "integers where floats are wanted", "x:1x4x8x8; c=[1]; y=Add(x c)", JZ_E_FORMAT, "integers" },
    { "integer weights", "x:1x4; c=[1,2]; t=[1,-1]; r=Reshape(c t); y=MatMul(r x)", JZ_E_FORMAT,
      "integers" },
    { "integers as an output", "x:1x4x8x8; c=[1,2]; y=Relu(x); >y c", JZ_E_UNSUPPORTED, "'c'" },
    { "an empty constant", "x:1x4x8x8; c~0; y=Add(x c)", JZ_E_FORMAT, "empty" },
    { "an empty slope", "x:1x4x8x8; c~0; y=PRelu(x c)", JZ_E_FORMAT, "empty" },
    { "an empty slope of one column", "x:1x4x1x1; c~0; y=PRelu(x c)", JZ_E_FORMAT, "empty" },
    { "an empty addend of one column", "x:1x4x1x1; c~0; y=Add(x c)", JZ_E_FORMAT, "empty" },
    { "an empty part of a Concat", "x:1x4x8x8; c~1x0x8x8; y=Concat(x c) axis=1", JZ_E_FORMAT,
      "empty" },
    { "an empty constant as an output", "x:1x4x8x8; c~0x3; y=Relu(x); >y c", JZ_E_UNSUPPORTED,
      "empty" },

    { "Conv, weights of another rank", "x:1x4x8x8; w~4x4x1; y=Conv(x w)", JZ_E_FORMAT, "Conv" },
    { "Conv, weights for other channels", "x:1x4x8x8; w~4x3x1x1; y=Conv(x w)", JZ_E_FORMAT,
      "channels" },
    { "Conv, computed weights", "x:1x4x8x8; y=Conv(x x)", JZ_E_FORMAT, "weights" },
    { "Conv, bias of another size", "x:1x4x8x8; w~4x4x1x1; b~3; y=Conv(x w b)", JZ_E_FORMAT,
      "bias" },
    { "Conv, other kernel_shape", "x:1x4x8x8; w~4x4x1x1; y=Conv(x w) kernel_shape=3,3", JZ_E_FORMAT,
      "kernel_shape" },
    { "Conv, group 0", "x:1x4x8x8; w~4x4x1x1; y=Conv(x w) group=0", JZ_E_FORMAT, "group" },
    { "Conv, 3 groups of 4", "x:1x3x8x8; w~4x1x1x1; y=Conv(x w) group=3", JZ_E_FORMAT, "channels" },
    { "Conv, stride 0", "x:1x4x8x8; w~4x4x1x1; y=Conv(x w) strides=0,1", JZ_E_FORMAT, "stride" },
    { "Conv, negative pads", "x:1x4x8x8; w~4x4x1x1; y=Conv(x w) pads=0,-1,0,0", JZ_E_FORMAT,
      "padding" },
    { "Conv of one axis", "x:1x4x8x8; w~4x4x1x1; y=Conv(x w) strides=1", JZ_E_UNSUPPORTED, "2-D" },
    { "Conv of rank 3", "x:1x4x8; w~4x4x1x1; y=Conv(x w)", JZ_E_FORMAT, "rank 4" },
    { "Conv, kernel beyond the image", "x:1x4x8x8; w~4x4x9x9; y=Conv(x w)", JZ_E_FORMAT, "empty" },
    { "Conv, odd auto_pad", "x:1x4x8x8; w~4x4x1x1; y=Conv(x w) auto_pad=FULL", JZ_E_FORMAT,
      "auto_pad" },
    { "MaxPool without a kernel", "x:1x4x8x8; y=MaxPool(x)", JZ_E_FORMAT, "kernel" },
    { "MaxPool, only padding", "x:1x4x8x8; y=MaxPool(x) kernel_shape=2,2 pads=2,0,0,0", JZ_E_FORMAT,
      "padding" },
    { "AveragePool, ceil_mode and counted",
      "x:1x4x8x8; y=AveragePool(x) kernel_shape=3,3 strides=2,2 ceil_mode=1 count_include_pad=1",
      JZ_E_UNSUPPORTED, "ceil_mode" },
    { "Clip, computed bounds", "x:1x4x8x8; y=Clip(x x)", JZ_E_UNSUPPORTED, "bounds" },
    { "Clip, bounds crossed", "x:1x4x8x8; a={1}; b={0}; y=Clip(x a b)", JZ_E_FORMAT, "bound" },
    { "PRelu, computed slope", "x:1x4x8x8; y=PRelu(x x)", JZ_E_FORMAT, "slope" },
    { "PRelu, slope larger than x", "x:4x8; c~2x4x8; y=PRelu(x c)", JZ_E_FORMAT, "slope" },
    { "Add, shapes that do not fit", "x:1x4x8x8; c~3; y=Add(x c)", JZ_E_FORMAT, "broadcast" },
    { "Add, both stretched", "x:1x4x1x8; c~1x4x8x1; y=Add(x c)", JZ_E_UNSUPPORTED, "stretched" },
    { "Pad, reflecting", "x:1x4x8x8; p=[0,0,0,0,0,0,1,1]; y=Pad(x p) mode=reflect",
      JZ_E_UNSUPPORTED, "constant padding" },
    { "Pad, negative", "x:1x4x8x8; p=[0,0,-1,0,0,0,0,0]; y=Pad(x p)", JZ_E_UNSUPPORTED,
      "negative" },
    { "Pad of other axes", "x:1x4x8x8; p=[0,0,0,0]; y=Pad(x p)", JZ_E_FORMAT, "axes" },
    { "Pad, floats as pads", "x:1x4x8x8; p={0,0,1,1,0,0,1,1}; y=Pad(x p)", JZ_E_UNSUPPORTED,
      "integers" },
    { "Pad, huge", "x:4; p=[33554430,33554430]; y=Pad(x p)", JZ_E_LIMIT, "too large" },
    { "Resize, linear", "x:1x4x8x8; s={1,1,2,2}; y=Resize(x _ s) mode=linear", JZ_E_UNSUPPORTED,
      "nearest" },
    { "Resize by half", "x:1x4x8x8; s={1,1,0.5,0.5}; y=Resize(x _ s)", JZ_E_UNSUPPORTED, "whole" },
    { "Resize of channels", "x:1x4x8x8; s={1,2,2,2}; y=Resize(x _ s)", JZ_E_UNSUPPORTED, "scales" },
    { "Resize, corners aligned",
      "x:1x4x8x8; s={1,1,2,2}; y=Resize(x _ s) coordinate_transformation_mode=align_corners",
      JZ_E_UNSUPPORTED, "placement" },
    { "BatchNormalization, another size", "x:1x4x8x8; g~3; v+4; y=BatchNormalization(x g v v v)",
      JZ_E_FORMAT, "BatchNormalization" },
    { "BatchNormalization, negative variance",
      "x:1x1x8x8; g~1; v={-1}; y=BatchNormalization(x g g g v)", JZ_E_FORMAT, "variance" },
    { "Gemm, alpha", "x:3x7; w~7x5; y=Gemm(x w) alpha=0.5", JZ_E_UNSUPPORTED, "alpha" },
    { "Gemm, beta", "x:3x7; w~7x5; b~5; y=Gemm(x w b) beta=2.0", JZ_E_UNSUPPORTED, "beta" },
    { "Gemm, sizes", "x:3x7; w~6x5; y=Gemm(x w)", JZ_E_FORMAT, "sizes" },
    { "Gemm, bias of another size", "x:3x7; w~7x5; b~3; y=Gemm(x w b)", JZ_E_FORMAT, "third" },
    { "MatMul of rank 3", "x:2x3x7; w~7x5; y=MatMul(x w)", JZ_E_UNSUPPORTED, "matrices" },
    { "Reshape, computed shape", "x:4; y=Reshape(x x)", JZ_E_FORMAT, "shape" },
    { "Reshape, two of -1", "x:4x8; t=[-1,-1]; y=Reshape(x t)", JZ_E_FORMAT, "no sense" },
    { "Reshape, 0 beyond the rank", "x:4; t=[4,0]; y=Reshape(x t)", JZ_E_FORMAT, "no sense" },
    { "Reshape, another count", "x:4x8; t=[3,-1]; y=Reshape(x t)", JZ_E_FORMAT, "elements" },
    { "Reshape, sizes that overflow", "x:4; t=[33554432,33554432,-1]; y=Reshape(x t)", JZ_E_FORMAT,
      "too large" },
    { "Reshape, allowzero", "x:4; t=[4]; y=Reshape(x t) allowzero=1", JZ_E_UNSUPPORTED,
      "allowzero" },
    { "Flatten, axis", "x:4x8; y=Flatten(x) axis=3", JZ_E_FORMAT, "axis" },
    { "Transpose, one axis twice", "x:4x8; y=Transpose(x) perm=0,0", JZ_E_FORMAT, "perm" },
    { "Transpose, axis out of range", "x:4x8; y=Transpose(x) perm=0,2", JZ_E_FORMAT, "perm" },
    { "Transpose, too few axes", "x:4x8; y=Transpose(x) perm=0", JZ_E_FORMAT, "perm" },
    { "Concat, shapes", "x:4x8; c~4x7; y=Concat(x c) axis=0", JZ_E_FORMAT, "fit" },
    { "Concat, axis", "x:4x8; y=Concat(x x) axis=2", JZ_E_FORMAT, "axis" },
    { "Concat of nine", "x:4; y=Concat(x x x x x x x x x)", JZ_E_FORMAT, "inputs" },
    { "Softmax over several axes", "x:1x4x8x8; y=Softmax(x)", JZ_E_FORMAT, "several" },
    { "Softmax, axis", "@13; x:4x8; y=Softmax(x) axis=2", JZ_E_FORMAT, "axis" },

    { "size override of rank 2", "x:4x8; y=Relu(x)", JZ_E_USAGE, "8 × 8", NULL, 8, 8 },
    { "negative size override", "x:1x4x8x8; y=Relu(x)", JZ_E_USAGE, "8 × -8", NULL, -8, 8 },
    { "huge size override", "x:1x4x8x8; y=Relu(x)", JZ_E_USAGE, "4097", NULL, 8, 4097 },
    { "size override that does not fit", "x:1x4x8x8; t=[1,256]; y=Reshape(x t)", JZ_E_FORMAT,
      "elements", NULL, 9, 8 },
    { "size override below the kernel", "x:1x4x8x8; w~4x4x5x5; y=Conv(x w)", JZ_E_FORMAT, "empty",
      NULL, 4, 4 },
};

/* Loads what cannot be loaded, and looks that nothing is returned. */
static void expect_refused(const void *data, size_t size, const struct jz_nn_options *options,
                           int code, const char *text)
{
    struct jz_nn_model *const untouched = (struct jz_nn_model *)(uintptr_t)&cases,
                              *model = untouched;
    struct jz_error err = { 0 };
    const int r = jz_nn_model_load(data, size, options, &model, &err);
    if (r >= 0)
        fail_msg("it was loaded");
    assert_ptr_equal(model, untouched);
    if (r != code || err.code != code || !err.text[0] || !strstr(err.text, text))
        fail_msg("%d, not %d with '%s': %s", r, code, text, err.text);
    assert_int_equal(jz_nn_model_load(data, size, options, &model, NULL), code);
}

static void test_broken(void **state)
{
    const struct broken_case *c = *state;
    Onnx__ModelProto *m = model_from_text(c->model);
    if (c->spoil)
        c->spoil(m);
    size_t size;
    jz_autofree uint8_t *data = model_pack(m, &size);
    onnx__model_proto__free_unpacked(m, NULL);
    for (int precision = JZ_NN_F32; precision <= (jz_nn_has_bf16() ? JZ_NN_BF16 : JZ_NN_F32);
         precision++) {
        const struct jz_nn_options options = { .precision = (enum jz_nn_precision)precision,
                                               .height = c->height,
                                               .width = c->width };
        expect_refused(data, size, &options, c->code, c->text);
    }
}

/* A model in which most of what the reader knows occurs. */
static uint8_t *whole_model(size_t *ret_size)
{
    Onnx__ModelProto *m = model_from_text(
        "x:1x3x8x8; w~8x3x3x3; b~8/list; g~8; v+8/half; s~8x1x1; t=[1,-1]; k~8x5; "
        "c=Conv(x w b) pads=1,1,1,1 strides=2,2; n=BatchNormalization(c g b g v) epsilon=0.001; "
        "r=PRelu(n s); d=Conv(r w2 b) auto_pad=SAME_UPPER group=8; a=Add(d r); "
        "p=MaxPool(a) kernel_shape=2,2; q=GlobalAveragePool(p); f=Reshape(q t); "
        "y=MatMul(f k); w2~8x1x3x3; >y a");
    uint8_t *data = model_pack(m, ret_size);
    onnx__model_proto__free_unpacked(m, NULL);
    return data;
}

static void test_cut(void **state)
{
    (void)state;
    size_t size;
    jz_autofree uint8_t *data = whole_model(&size);
    struct jz_error err = { 0 };
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = NULL;
    if (jz_nn_model_load(data, size, NULL, &model, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t cut = 0; cut < size; cut++) {
        /* Its own memory, so that a sanitizer sees the first byte behind it. */
        jz_autofree uint8_t *part = malloc(cut + 1);
        assert_non_null(part);
        memcpy(part, data, cut);
        struct jz_nn_model *none = NULL;
        err.code = 0;
        err.text[0] = 0;
        const int r = jz_nn_model_load(part, cut, NULL, &none, &err);
        if (r >= 0)
            fail_msg("%zu of %zu bytes were loaded", cut, size);
        assert_null(none);
        assert_int_equal(err.code, r);
        assert_true(err.text[0]);
    }
}

/* Whatever a wrong byte makes of a model: it is refused, or it runs. */
static void test_wrong_bytes(void **state)
{
    (void)state;
    enum { MOST_BYTES = 1 << 20 };
    static const uint8_t flips[] = { 0x01, 0x04, 0x80, 0xff };
    size_t size, loaded = 0, refused = 0;
    jz_autofree uint8_t *data = whole_model(&size);
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < sizeof flips; k++) {
            JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = NULL;
            JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *context = NULL;
            struct jz_error err = { 0 };
            data[i] ^= flips[k];
            const int r = jz_nn_model_load(data, size, NULL, &model, &err);
            data[i] ^= flips[k];
            if (r < 0) {
                assert_true(err.code == r && err.text[0] && !model);
                refused++;
                continue;
            }
            loaded++;
            if (jz_nn_model_arena_bytes(model) > MOST_BYTES)
                continue;
            assert_int_equal(jz_nn_context_new(model, &context, &err), 0);
            assert_int_equal(jz_nn_run(context, &err), 0);
        }
    print_message("# %zu wrong bytes: %zu refused, %zu loaded\n", size, refused, loaded);
    assert_true(loaded && refused);
}

static void test_other_files(void **state)
{
    (void)state;
    static const char text[] = "# A text, and no model at all.\n";
    jz_autofree uint8_t *zeros = calloc(1, JZ_NN_MAX_FILE_BYTES + 1);
    assert_non_null(zeros);
    expect_refused("", 0, NULL, JZ_E_FORMAT, "ONNX");
    expect_refused(text, sizeof text - 1, NULL, JZ_E_FORMAT, "ONNX");
    expect_refused(zeros, 1000, NULL, JZ_E_FORMAT, "ONNX");
    expect_refused(zeros, JZ_NN_MAX_FILE_BYTES + 1, NULL, JZ_E_LIMIT, "limit");
    memset(zeros, 0xff, 1000);
    expect_refused(zeros, 1000, NULL, JZ_E_FORMAT, "ONNX");
}

/* More messages than any model has, each of two bytes: a node that is empty. */
static void test_many_nodes(void **state)
{
    (void)state;
    enum { NODES = 1 << 20 };
    jz_autofree uint8_t *data = malloc(5 + 2 * NODES);
    assert_non_null(data);
    const size_t size = 2 * NODES;
    data[0] = 7 << 3 | 2; /* the graph */
    for (int i = 0; i < 4; i++)
        data[1 + i] = (uint8_t)((size >> 7 * i & 0x7f) | (i < 3 ? 0x80 : 0));
    for (size_t i = 0; i < NODES; i++) {
        data[5 + 2 * i] = 1 << 3 | 2;
        data[6 + 2 * i] = 0;
    }
    expect_refused(data, 5 + size, NULL, JZ_E_FORMAT, "ONNX");
}

static void test_too_many(void **state)
{
    (void)state;
    enum { ROOM = 64 * (JZ_NN_MAX_NODES + 1) };
    jz_autofree char *text = malloc(ROOM);
    assert_non_null(text);
    size_t at = (size_t)snprintf(text, ROOM, "x:4; n0=Relu(x)");
    for (int i = 1; i <= JZ_NN_MAX_NODES; i++)
        at += (size_t)snprintf(text + at, ROOM - at, "; n%d=Relu(n%d)", i, i - 1);
    Onnx__ModelProto *m = model_from_text(text);
    size_t size;
    jz_autofree uint8_t *data = model_pack(m, &size);
    onnx__model_proto__free_unpacked(m, NULL);
    expect_refused(data, size, NULL, JZ_E_LIMIT, "nodes");

    at = 0;
    for (int i = 0; i <= JZ_NN_MAX_PORTS; i++)
        at += (size_t)snprintf(text + at, ROOM - at, "x%d:4; ", i);
    snprintf(text + at, ROOM - at, "y=Relu(x0)");
    m = model_from_text(text);
    jz_autofree uint8_t *other = model_pack(m, &size);
    onnx__model_proto__free_unpacked(m, NULL);
    expect_refused(other, size, NULL, JZ_E_LIMIT, "inputs");
}

static void test_open(void **state)
{
    (void)state;
    char path[] = "/tmp/test-nn.XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct jz_nn_model *model = NULL;
    struct jz_error err = { 0 };
    assert_int_equal(jz_nn_model_open(path, NULL, &model, &err), JZ_E_FORMAT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(jz_nn_model_open(path, NULL, &model, NULL), JZ_E_FORMAT);
    assert_int_equal(jz_file_write(path, "text", 4, &err), 0);
    assert_int_equal(jz_nn_model_open(path, NULL, &model, &err), JZ_E_FORMAT);
    assert_int_equal(truncate(path, JZ_NN_MAX_FILE_BYTES + 1), 0);
    assert_int_equal(jz_nn_model_open(path, NULL, &model, &err), JZ_E_LIMIT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(jz_nn_model_open(path, NULL, &model, &err), JZ_E_NOT_FOUND);
    assert_non_null(strstr(err.text, path));
    assert_null(model);
}

int main(void)
{
    enum { CASES = sizeof cases / sizeof cases[0] };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_cut),         cmocka_unit_test(test_wrong_bytes),
        cmocka_unit_test(test_other_files), cmocka_unit_test(test_many_nodes),
        cmocka_unit_test(test_too_many),    cmocka_unit_test(test_open),
    };
    static struct CMUnitTest tests[CASES + sizeof others / sizeof others[0]];
    for (size_t i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){ .name = cases[i].name,
                                        .test_func = test_broken,
                                        .initial_state = (void *)(uintptr_t)&cases[i] };
    memcpy(tests + CASES, others, sizeof others);
    return cmocka_run_group_tests_name("nn broken files", tests, NULL, NULL);
}
