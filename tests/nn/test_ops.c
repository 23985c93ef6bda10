/* Every operator and fold of src/nn against reference.c, each as a small model of a line. */
#include "nn/nn.h"

#include "onnx_text.h"
#include "reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct op_case {
    const char *name, *model;
    const char *folded; /* operators that must be gone from the plan */
    int64_t height, width;
} cases[] = {
    { "conv 1x1", "x:1x16x7x9; w~32x16x1x1; b~32; y=Conv(x w b)" },
    { "conv 1x1 without bias", "x:1x16x7x9; w~32x16x1x1; y=Conv(x w)" },
    { "conv 1x1, stride 2", "x:1x16x7x9; w~24x16x1x1; y=Conv(x w) strides=2,2" },
    { "conv 1x1 of 1 channel", "x:1x1x5x5; w~1x1x1x1; b~1; y=Conv(x w b)" },
    { "conv 1x1 over one pixel", "x:1x103x1x1; w~13x103x1x1; b~13; y=Conv(x w b)" },
    { "conv 3x3", "x:1x16x9x11; w~16x16x3x3; b~16; y=Conv(x w b)" },
    { "conv 3x3, padded", "x:1x3x17x13; w~6x3x3x3; b~6; y=Conv(x w b) pads=1,1,1,1" },
    { "conv 3x3, kernel_shape given", "x:1x3x7x7; w~4x3x3x3; y=Conv(x w) kernel_shape=3,3" },
    { "conv 3x3, 3 to 13 channels", "x:1x3x9x9; w~13x3x3x3; y=Conv(x w) pads=1,1,1,1" },
    { "conv 3x3, 13 to 103 channels", "x:1x13x8x8; w~103x13x3x3; y=Conv(x w) pads=1,1,1,1" },
    { "conv 3x3, 103 to 3 channels", "x:1x103x8x8; w~3x103x3x3; y=Conv(x w) pads=1,1,1,1" },
    { "conv 5x3, pads 0 1 2 3", "x:1x8x9x10; w~8x8x5x3; b~8; y=Conv(x w b) pads=0,1,2,3" },
    { "conv 3x3, pads 0 0 1 1, stride 2",
      "x:1x3x16x16; w~16x3x3x3; b~16; y=Conv(x w b) pads=0,0,1,1 strides=2,2" },
    { "conv 3x3, stride 2, last column unused",
      "x:1x16x8x10; w~16x16x3x3; y=Conv(x w) strides=2,2" },
    { "conv 3x3, strides 3 and 2", "x:1x8x17x16; w~8x8x3x3; y=Conv(x w) strides=3,2" },
    { "conv 3x3, dilation 2", "x:1x16x11x9; w~16x16x3x3; y=Conv(x w) dilations=2,2 pads=2,2,2,2" },
    { "conv 3x2, dilations 3 and 1, stride 2",
      "x:1x5x15x9; w~7x5x3x2; y=Conv(x w) dilations=3,1 strides=2,2 pads=1,0,2,1" },
    { "conv SAME_UPPER, stride 2",
      "x:1x3x16x15; w~8x3x3x3; b~8; y=Conv(x w b) auto_pad=SAME_UPPER strides=2,2" },
    { "conv SAME_LOWER, stride 2",
      "x:1x3x16x15; w~8x3x3x3; b~8; y=Conv(x w b) auto_pad=SAME_LOWER strides=2,2" },
    { "conv SAME_UPPER, 4x2", "x:1x4x9x9; w~8x4x4x2; y=Conv(x w) auto_pad=SAME_UPPER" },
    { "conv SAME_LOWER, 4x2", "x:1x4x9x9; w~8x4x4x2; y=Conv(x w) auto_pad=SAME_LOWER" },
    { "conv SAME_UPPER, dilated",
      "x:1x4x9x9; w~8x4x3x3; y=Conv(x w) auto_pad=SAME_UPPER dilations=2,2" },
    { "conv SAME_UPPER, stride beyond kernel",
      "x:1x4x9x9; w~8x4x1x1; y=Conv(x w) auto_pad=SAME_UPPER strides=2,2" },
    { "conv VALID", "x:1x4x9x9; w~8x4x3x3; y=Conv(x w) auto_pad=VALID" },
    { "conv in 4 groups", "x:1x16x8x8; w~32x4x3x3; b~32; y=Conv(x w b) group=4 pads=1,1,1,1" },
    { "conv in 3 groups of odd size", "x:1x9x8x8; w~15x3x3x3; y=Conv(x w) group=3" },
    { "conv in groups of one to two", "x:1x16x8x8; w~32x1x3x3; y=Conv(x w) group=16" },
    { "conv depthwise", "x:1x32x9x9; w~32x1x3x3; b~32; y=Conv(x w b) group=32 pads=1,1,1,1" },
    { "conv depthwise, stride 2",
      "x:1x64x9x8; w~64x1x3x3; b~64; y=Conv(x w b) group=64 pads=1,1,1,1 strides=2,2" },
    { "conv depthwise of 13", "x:1x13x9x9; w~13x1x3x3; y=Conv(x w) group=13 pads=1,1,1,1" },
    { "conv depthwise of 103, 5x5", "x:1x103x9x9; w~103x1x5x5; y=Conv(x w) group=103" },
    { "conv depthwise over all", "x:1x24x7x7; w~24x1x7x7; b~24; y=Conv(x w b) group=24" },
    { "conv of a batch of 3", "x:3x3x9x9; w~8x3x3x3; b~8; y=Conv(x w b) pads=1,1,1,1" },
    { "conv with symbolic sizes", "x:?x3x8x8; w~8x3x3x3; y=Conv(x w)" },
    { "conv, weights of half precision",
      "x:1x3x8x8; w~8x3x3x3/half; b~8/half/list; y=Conv(x w b)" },
    { "conv, weights in lists", "x:1x3x8x8; w~8x3x3x3/list; b~8/list; y=Conv(x w b)" },

    { "PRelu per channel", "x:1x16x7x9; s~16x1x1; y=PRelu(x s)" },
    { "PRelu per channel, rank 4", "x:1x13x7x9; s~1x13x1x1; y=PRelu(x s)" },
    { "PRelu per channel of 3", "x:2x3x7x9; s~3x1x1; y=PRelu(x s)" },
    { "PRelu of one slope", "x:1x16x7x9; s~1; y=PRelu(x s)" },
    { "PRelu, slopes all the same", "x:2x3; s={0.25,0.25,0.25}; y=PRelu(x s)", "PRelu" },
    { "PRelu per column", "x:1x4x7x9; s~9; y=PRelu(x s)" },
    { "PRelu per element", "x:1x4x7x9; s~4x7x9; y=PRelu(x s)" },
    { "PRelu of rank 2", "x:5x13; s~13; y=PRelu(x s)" },
    { "PRelu of rank 3", "x:2x5x13; s~5x1; y=PRelu(x s)" },
    { "PRelu behind a conv", "x:1x3x8x8; w~16x3x3x3; s~16x1x1; c=Conv(x w); y=PRelu(c s)" },
    { "PRelu of a flat image", "x:1x4x3x3; t=[1,9,4,1]; s~9x1x1; r=Reshape(x t); y=PRelu(r s)" },
    { "PRelu of one slope behind a conv",
      "x:1x3x8x8; w~16x3x3x3; s~1x1x1; c=Conv(x w); y=PRelu(c s)", "PRelu Relu" },

    { "Relu", "x:1x5x7x9; y=Relu(x)" },
    { "Relu of rank 3", "x:3x5x7; y=Relu(x)" },
    { "Relu of rank 0", "x:; y=Relu(x)" },
    { "Relu of rank 6", "x:1x2x3x2x3x2; y=Relu(x)" },
    { "Clip by inputs", "x:1x5x7x9; a={-0.5}/scalar; b={0.25}/scalar; y=Clip(x a b)" },
    { "Clip by inputs of rank 1", "x:1x5x7x9; a={-0.5}; b={0.25}; y=Clip(x a b)" },
    { "Clip by the upper input", "x:1x5x7x9; b={0.25}; y=Clip(x _ b)" },
    { "Clip by the lower input", "x:1x5x7x9; a={-0.25}; y=Clip(x a)" },
    { "Clip by attributes", "@7; x:1x5x7x9; y=Clip(x) min=-0.25 max=0.5" },
    { "Clip by nothing", "x:1x5x7x9; y=Clip(x)" },
    { "Sigmoid", "x:1x5x7x9; y=Sigmoid(x)" },

    { "Add, same shape", "x:1x5x7x9; z:1x5x7x9; y=Add(x z)" },
    { "Mul, same shape", "x:1x5x7x9; z:1x5x7x9; y=Mul(x z)" },
    { "Sub, same shape", "x:1x5x7x9; z:1x5x7x9; y=Sub(x z)" },
    { "Add to itself", "x:1x5x7x9; a=Relu(x); y=Add(a a)" },
    { "Mul by itself", "x:1x5x7x9; a=Relu(x); y=Mul(a a)" },
    { "Sub from itself, shifted", "x:1x5x7x9; a=Relu(x); b=Sigmoid(a); y=Sub(b a)" },
    { "Add, constant per channel", "x:1x5x7x9; c~1x5x1x1; a=Relu(x); y=Add(a c)" },
    { "Mul, constant per channel", "x:1x5x7x9; c~5x1x1; a=Relu(x); y=Mul(a c)" },
    { "Sub, constant per channel", "x:1x5x7x9; c~1x5x1x1; a=Relu(x); y=Sub(a c)" },
    { "Add, constant first", "x:1x5x7x9; c~1x5x1x1; a=Relu(x); y=Add(c a)" },
    { "Sub, constant first", "x:1x5x7x9; c~1x5x1x1; a=Relu(x); y=Sub(c a)" },
    { "Sub, number first", "x:1x5x7x9; c~; a=Relu(x); y=Sub(c a)" },
    { "Sub, constant first, x used later",
      "x:1x5x7x9; c~1x5x1x1; a=Relu(x); b=Sub(c a); y=Mul(a b)" },
    { "Sub, constant of the whole shape first", "x:1x5x7x9; c~1x5x7x9; a=Relu(x); y=Sub(c a)" },
    { "Add, constant per column", "x:1x5x7x9; c~9; a=Relu(x); y=Add(a c)" },
    { "Add, constant per row", "x:1x5x7x9; c~7x1; a=Relu(x); y=Add(a c)" },
    { "Add, constant of as many columns as channels", "x:1x7x7x7; c~7; w~7x7x1x1; "
                                                      "a=Conv(x w); y=Add(a c)" },
    { "Add, constant of as many rows as channels",
      "x:1x7x7x7; c~1x7x1; w~7x7x1x1; a=Conv(x w); y=Add(a c)" },
    { "Mul, computed per channel",
      "x:1x16x7x9; w~16x16x1x1; g=GlobalAveragePool(x); c=Conv(g w); s=Sigmoid(c); y=Mul(x s)" },
    { "Mul, computed per channel, first",
      "x:1x16x7x9; g=GlobalAveragePool(x); s=Sigmoid(g); y=Mul(s x)" },
    { "Sub, computed per channel, first", "x:1x16x7x9; g=GlobalAveragePool(x); y=Sub(g x)" },
    { "Add, a constant larger than x", "x:1x5x1x1; c~1x5x3x3; a=Relu(x); y=Add(a c)" },
    { "Add of rank 4 and 1 computed", "x:1x5x7x9; z:9; a=Relu(x); b=Relu(z); y=Add(a b)" },
    { "Add of rank 2 and 4", "x:7x9; z:1x5x7x9; y=Add(x z)" },
    { "Add of vectors", "x:13; c~13; y=Add(x c)" },
    { "Add of a transposed and a straight", "x:1x5x7x9; z:1x9x7x5; a=Transpose(x) perm=0,3,2,1; "
                                            "y=Add(a z)" },
    { "Mul of a transposed per channel",
      "x:1x5x7x9; c~1x9x1x1; a=Transpose(x) perm=0,3,2,1; y=Mul(a c)" },

    { "MaxPool", "x:1x16x8x8; y=MaxPool(x) kernel_shape=2,2 strides=2,2" },
    { "MaxPool of 5 channels, padded",
      "x:1x5x9x8; y=MaxPool(x) kernel_shape=3,3 strides=2,2 pads=1,1,1,1" },
    { "MaxPool, all below zero, padded",
      "x:1x5x9x8; c={-5}; a=Add(x c); y=MaxPool(a) kernel_shape=3,3 strides=2,2 pads=1,1,1,1" },
    { "MaxPool, pads 0 0 1 1",
      "x:1x5x9x9; y=MaxPool(x) kernel_shape=2,2 strides=2,2 pads=0,0,1,1" },
    { "MaxPool, ceil_mode", "x:1x16x9x8; y=MaxPool(x) kernel_shape=3,3 strides=2,2 ceil_mode=1" },
    { "MaxPool, ceil_mode without a rest",
      "x:1x16x9x9; y=MaxPool(x) kernel_shape=3,3 strides=2,2 ceil_mode=1" },
    { "MaxPool, ceil_mode, window behind the end",
      "x:1x16x6x6; y=MaxPool(x) kernel_shape=2,2 strides=3,3 ceil_mode=1" },
    { "MaxPool, SAME_UPPER", "x:1x5x9x8; y=MaxPool(x) kernel_shape=3,3 auto_pad=SAME_UPPER" },
    { "MaxPool, SAME_LOWER",
      "x:1x5x9x8; y=MaxPool(x) kernel_shape=2,2 strides=2,2 auto_pad=SAME_LOWER" },
    { "MaxPool, dilated", "x:1x5x9x8; y=MaxPool(x) kernel_shape=3,2 dilations=2,3" },
    { "AveragePool", "x:1x16x8x8; y=AveragePool(x) kernel_shape=2,2 strides=2,2" },
    { "AveragePool, padded, not counted",
      "x:1x5x9x8; y=AveragePool(x) kernel_shape=3,3 strides=2,2 pads=1,1,1,1" },
    { "AveragePool, padded, counted",
      "x:1x5x9x8; y=AveragePool(x) kernel_shape=3,3 pads=1,0,2,1 count_include_pad=1" },
    { "AveragePool, ceil_mode",
      "x:1x5x9x8; y=AveragePool(x) kernel_shape=2,2 strides=2,2 ceil_mode=1" },
    { "AveragePool, SAME_UPPER",
      "x:1x5x9x8; y=AveragePool(x) kernel_shape=2,3 auto_pad=SAME_UPPER" },
    { "GlobalAveragePool", "x:1x16x7x9; y=GlobalAveragePool(x)" },
    { "GlobalAveragePool of 103 channels, batch of 2", "x:2x103x3x5; y=GlobalAveragePool(x)" },

    { "Pad of space", "x:1x5x7x9; p=[0,0,1,2,0,0,3,0]; y=Pad(x p)" },
    { "Pad of channels", "x:1x5x7x9; p=[0,0,0,0,0,11,0,0]; y=Pad(x p)" },
    { "Pad of channels in front", "x:1x5x7x9; p=[0,3,0,0,0,0,0,0]/int32/list; y=Pad(x p)" },
    { "Pad of all axes", "x:1x5x7x9; p=[1,1,1,1,1,1,1,1]/list; y=Pad(x p)" },
    { "Pad with a value",
      "x:1x5x7x9; p=[0,0,1,1,0,0,1,1]; v={-1.5}/scalar; y=Pad(x p v) mode=constant" },
    { "Pad with an omitted value", "x:1x5x7x9; p=[0,0,1,1,0,0,1,1]; y=Pad(x p _)" },
    { "Pad by attributes", "@7; x:1x5x7x9; y=Pad(x) pads=0,0,1,1,0,2,1,1 value=0.5" },
    { "Pad of rank 2", "x:5x9; p=[1,0,0,2]; y=Pad(x p)" },
    { "Pad by nothing", "x:1x5x7x9; p=[0,0,0,0,0,0,0,0]; y=Pad(x p)" },
    { "Resize by 2", "x:1x16x5x7; s={1,1,2,2}; y=Resize(x _ s) mode=nearest" },
    { "Resize by 3", "x:1x5x5x7; s={1,1,3,3}; y=Resize(x _ s) nearest_mode=round_prefer_ceil" },
    { "Resize by 2 and 3, asymmetric",
      "x:1x5x5x7; s={1,1,2,3}; r=Constant() value~0; "
      "y=Resize(x r s) coordinate_transformation_mode=asymmetric nearest_mode=floor" },
    { "Resize of opset 10", "@10; x:1x16x5x7; s={1,1,2,2}; y=Resize(x s) mode=nearest" },

    { "BatchNormalization alone",
      "x:1x5x7x9; g~5; b~5; m~5; v+5; y=BatchNormalization(x g b m v)" },
    { "BatchNormalization of rank 2, epsilon",
      "x:3x5; g~5; b~5; m~5; v+5; y=BatchNormalization(x g b m v) epsilon=0.125" },
    { "BatchNormalization into a conv",
      "x:1x3x7x9; w~5x3x3x3; g~5; b~5; m~5; v+5; c=Conv(x w); y=BatchNormalization(c g b m v)",
      "BatchNormalization" },
    { "BatchNormalization into a grouped conv with bias",
      "x:1x4x7x9; w~6x2x3x3; k~6; g~6; b~6; m~6; v+6; c=Conv(x w k) group=2 pads=1,1,1,1; "
      "y=BatchNormalization(c g b m v)",
      "BatchNormalization" },
    { "BatchNormalization into a Gemm",
      "x:2x7; w~5x7; k~5; g~5; b~5; m~5; v+5; c=Gemm(x w k) transB=1; "
      "y=BatchNormalization(c g b m v)",
      "BatchNormalization" },
    { "BatchNormalization into a MatMul",
      "x:2x7; w~7x5; g~5; b~5; m~5; v+5; c=MatMul(x w); y=BatchNormalization(c g b m v)",
      "BatchNormalization" },
    { "BatchNormalization of a conv used twice",
      "x:1x3x7x9; w~5x3x3x3; g~5; b~5; m~5; v+5; c=Conv(x w); n=BatchNormalization(c g b m v); "
      "y=Mul(c n)" },

    { "Gemm", "x:3x7; w~7x5; y=Gemm(x w)" },
    { "Gemm with bias", "x:3x7; w~7x5; b~5; y=Gemm(x w b)" },
    { "Gemm with bias of rank 2", "x:3x7; w~7x5; b~1x5; y=Gemm(x w b)" },
    { "Gemm with one number as bias", "x:3x7; w~7x5; b~1; y=Gemm(x w b)" },
    { "Gemm with a scalar as bias", "x:3x7; w~7x5; b~; y=Gemm(x w b)" },
    { "Gemm with a column as bias", "x:3x7; w~7x5; b~3x1; y=Gemm(x w b)" },
    { "Gemm with a column as bias, square", "x:5x7; w~7x5; b~5x1; y=Gemm(x w b)" },
    { "Gemm with a column as bias, square, then Mul",
      "x:5x7; w~7x5; b~5x1; k~5; g=Gemm(x w b); y=Mul(g k)" },
    { "Gemm with a whole matrix as bias", "x:3x7; w~7x5; b~3x5; y=Gemm(x w b)" },
    { "Gemm with a computed bias", "x:3x7; z:1x5; w~7x5; b=Relu(z); y=Gemm(x w b)" },
    { "Gemm, transA", "x:7x3; w~7x5; b~5; y=Gemm(x w b) transA=1" },
    { "Gemm, transB", "x:3x7; w~5x7; b~5; y=Gemm(x w b) transB=1" },
    { "Gemm, transA and transB", "x:7x3; w~5x7; b~5; y=Gemm(x w b) transA=1 transB=1" },
    { "Gemm of two computed", "x:3x7; z:7x5; y=Gemm(x z)" },
    { "Gemm, constant first", "x:7x5; w~3x7; y=Gemm(w x)" },
    { "MatMul", "x:3x103; w~103x13; y=MatMul(x w)" },
    { "MatMul of two computed", "x:3x7; z:7x5; a=Relu(x); b=Relu(z); y=MatMul(a b)" },
    { "MatMul, then Add and Mul", "x:3x7; w~7x5; b~5; k~1x5; a=MatMul(x w); c=Add(a b); y=Mul(c k)",
      "Add Mul" },

    { "Reshape with -1", "x:1x5x7x9; t=[1,-1,3]; y=Reshape(x t)" },
    { "Reshape with 0", "x:1x5x7x9; t=[0,0,63]/int32; y=Reshape(x t)" },
    { "Reshape with 0 and -1", "x:2x5x7x9; t=[0,-1]; y=Reshape(x t)" },
    { "Reshape to rank 4, then conv",
      "x:1x144; t=[1,4,6,6]; w~8x4x3x3; a=Reshape(x t); y=Conv(a w)" },
    { "Reshape there and back", "x:1x5x7x9; t=[5,63]; u=[1,5,7,9]; a=Relu(x); b=Reshape(a t); "
                                "c=Reshape(b u); y=Add(a c)" },
    { "Reshape, shape from a Constant", "x:1x5x7x9; t=Constant() value=[1,315]; y=Reshape(x t)" },
    { "Flatten", "x:2x5x7x9; y=Flatten(x)" },
    { "Flatten at 0", "x:2x5x7x9; y=Flatten(x) axis=0" },
    { "Flatten at -1", "x:2x5x7x9; y=Flatten(x) axis=-1" },
    { "Flatten at 4", "x:2x5x7x9; y=Flatten(x) axis=4" },
    { "Flatten, then Gemm",
      "x:1x5x3x3; w~7x45; b~7; a=Relu(x); f=Flatten(a); y=Gemm(f w b) transB=1" },
    { "Transpose of images", "x:1x5x7x9; y=Transpose(x) perm=0,2,3,1" },
    { "Transpose back", "x:1x5x7x9; y=Transpose(x) perm=0,3,1,2" },
    { "Transpose without perm", "x:2x5x7x9; y=Transpose(x)" },
    { "Transpose of rank 2", "x:5x9; y=Transpose(x)" },
    { "Transpose of rank 3", "x:5x9x4; a=Relu(x); y=Transpose(a) perm=1,2,0" },
    { "Transpose of rank 1", "x:5; y=Transpose(x)" },
    { "Transpose of rank 5", "x:1x2x3x4x5; y=Transpose(x) perm=0,2,1,3,4" },
    { "Transpose, then Reshape", "x:1x6x4x5; t=[1,-1,2]; w~6x6x1x1; c=Conv(x w); "
                                 "a=Transpose(c) perm=0,2,3,1; y=Reshape(a t)" },
    { "Transpose, then conv", "x:1x9x7x5; w~8x5x3x3; a=Transpose(x) perm=0,3,1,2; y=Conv(a w)" },
    { "Transpose, then PRelu", "x:1x9x7x5; s~5x1x1; a=Transpose(x) perm=0,3,1,2; y=PRelu(a s)" },
    { "Transpose, then Relu", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=Relu(a)" },
    { "Transpose, then Sigmoid", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=Sigmoid(a)" },
    { "Transpose, then Clip", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; l={0}; y=Clip(a l)" },
    { "Transpose, then BatchNormalization", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; g~5; b~5; "
                                            "m~5; v+5; y=BatchNormalization(a g b m v)" },
    { "Transpose, then GlobalAveragePool",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=GlobalAveragePool(a)" },
    { "Transpose, then MaxPool",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=MaxPool(a) kernel_shape=2,2" },
    { "Transpose, then AveragePool",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=AveragePool(a) kernel_shape=3,3 pads=1,1,1,1" },
    { "Transpose, then Resize",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; s={1,1,2,2}; y=Resize(a _ s)" },
    { "Transpose, then Pad",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; p=[0,1,1,0,0,0,0,2]; y=Pad(a p)" },
    { "Transpose, then Concat", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=Concat(a a) axis=2" },
    { "Transpose, then Softmax over columns",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=Softmax(a) axis=3" },
    { "Transpose, then Softmax over channels",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; @13; y=Softmax(a) axis=1" },
    { "Transpose, then Mul by a computed number a channel",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; g=GlobalAveragePool(a); y=Mul(a g)" },
    { "Transpose, then Add of a constant",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; c~5x9x7; y=Add(c a)" },
    { "Transpose, then Flatten", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=Flatten(a) axis=2" },
    { "Transpose, then Transpose",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; y=Transpose(a) perm=3,1,0,2" },
    { "Transpose, then residual", "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; z:1x5x9x7; w~5x5x1x1; "
                                  "r=Relu(z); c=Conv(r w); y=Add(c a)" },
    { "Transpose, then conv that also adds it",
      "x:1x9x7x5; a=Transpose(x) perm=0,3,1,2; w~5x5x3x3; r=Relu(a); c=Conv(r w) pads=1,1,1,1; "
      "y=Add(c r)" },
    { "Transpose of a matrix, then MatMul", "x:5x9; w~5x3; a=Transpose(x); y=MatMul(a w)" },
    { "Transpose of a matrix, then Gemm, transA",
      "x:5x9; w~9x3; b~3; a=Transpose(x); y=Gemm(a w b) transA=1" },
    { "Transpose of a matrix, then Softmax", "x:5x9; a=Transpose(x); y=Softmax(a)" },
    { "Transpose of a matrix, then Concat",
      "x:5x9; z:5x9; a=Transpose(x); b=Relu(z); c=Transpose(b); y=Concat(a c) axis=1" },
    { "Transpose of a computed factor", "x:5x9; z:3x9; a=Relu(z); b=Transpose(a); y=MatMul(x b)" },
    { "shuffle of channels",
      "x:1x8x5x5; t=[1,2,4,5,5]; u=[1,8,5,5]; w~8x8x1x1; c=Conv(x w); a=Reshape(c t); "
      "b=Transpose(a) perm=0,2,1,3,4; d=Reshape(b u); y=Relu(d)" },
    { "Concat of channels", "x:1x5x7x9; z:1x3x7x9; a=Relu(x); b=Relu(z); y=Concat(a b) axis=1" },
    { "Concat of channels, axis -3", "x:1x5x7x9; z:1x3x7x9; y=Concat(x z) axis=-3" },
    { "Concat of rows", "x:1x5x7x9; z:1x5x2x9; y=Concat(x z x) axis=2" },
    { "Concat of columns with a constant", "x:1x5x7x9; c~1x5x7x3; y=Concat(c x) axis=3" },
    { "Concat of vectors", "x:5; z:3; y=Concat(x z) axis=0" },
    { "Concat of one", "x:1x5x7x9; y=Concat(x) axis=1" },
    { "Concat of eight", "x:1x2x3x3; a=Relu(x); y=Concat(a x a x a x a x) axis=1" },
    { "Concat of rank 3", "x:2x5x9; z:2x3x9; y=Concat(x z) axis=1" },
    { "Concat of reshaped heads",
      "x:1x6x4x4; t=[1,-1,3]; a=Transpose(x) perm=0,2,3,1; b=Reshape(a t); "
      "p=MaxPool(x) kernel_shape=2,2 strides=2,2; c=Transpose(p) perm=0,2,3,1; d=Reshape(c t); "
      "y=Concat(b d) axis=1" },
    { "Softmax of rank 2", "x:3x7; y=Softmax(x)" },
    { "Softmax of rank 2, opset 13", "@13; x:3x7; y=Softmax(x)" },
    { "Softmax over channels", "@13; x:1x5x7x9; y=Softmax(x) axis=1" },
    { "Softmax over columns", "x:1x5x7x9; y=Softmax(x) axis=3" },
    { "Softmax of large numbers", "x:3x7; k={90}; a=Mul(x k); y=Softmax(a)" },
    { "Constant", "x:1x5x7x9; c=Constant() value~1x5x1x1; a=Relu(x); y=Add(a c)" },
    { "a constant as an output", "x:1x5x7x9; c~1x5x2x2; y=Relu(x); >y c" },
    { "a constant of half precision, tiny numbers",
      "x:4; c={0.00001,-0.00005,0.25,-3}/half; y=Add(x c)" },
    { "an input as an output", "x:1x5x7x9; y=Relu(x); >x y" },
    { "one output twice", "x:1x5x7x9; y=Relu(x); >y y" },
    { "outputs along a chain", "x:1x3x8x8; w~8x3x3x3; k~8x8x1x1; a=Conv(x w); b=Relu(a); "
                               "c=Conv(b k); d=Sigmoid(c); >d a c b" },
    { "an unused node", "x:1x3x8x8; a=Sigmoid(x); b=Relu(a); y=Relu(x); >y" },

    { "conv and Relu", "x:1x3x8x8; w~8x3x3x3; b~8; c=Conv(x w b); y=Relu(c)", "Relu" },
    { "conv and Clip", "x:1x3x8x8; w~8x3x3x3; l={0}; h={0.5}; c=Conv(x w); y=Clip(c l h)", "Clip" },
    { "conv and Sigmoid", "x:1x3x8x8; w~8x3x3x3; c=Conv(x w); y=Sigmoid(c)", "Sigmoid" },
    { "conv, BatchNormalization, Relu",
      "x:1x3x8x8; w~8x3x3x3; g~8; b~8; m~8; v+8; c=Conv(x w) pads=1,1,1,1; "
      "n=BatchNormalization(c g b m v); y=Relu(n)",
      "BatchNormalization Relu" },
    { "conv, Mul, Add, Sub",
      "x:1x3x8x8; w~8x3x3x3; k~8x1x1; s~1x8x1x1; z~; c=Conv(x w); d=Mul(k c); e=Add(d s); "
      "y=Sub(e z)",
      "Mul Add Sub" },
    { "conv, then a constant minus it", "x:1x3x8x8; w~8x3x3x3; k~8x1x1; c=Conv(x w); y=Sub(k c)" },
    { "conv, its weights used twice",
      "x:1x8x8x8; w~8x8x1x1; k~8x1x1; c=Conv(x w); d=Mul(c k); e=Conv(d w); y=Relu(e)", "Mul" },
    { "conv, Relu, conv, Relu, used on the way",
      "x:1x3x9x9; w~8x3x3x3; k~8x8x1x1; a=Conv(x w); b=Relu(a); c=Conv(b k); d=Relu(c); "
      "e=Mul(b d); y=Add(e a)" },
    { "residual of the graph input", "x:1x8x7x7; w~8x8x3x3; c=Conv(x w) pads=1,1,1,1; y=Add(c x)" },
    { "residual of the conv's own input, 3x3",
      "x:1x8x7x7; w~8x8x3x3; a=Relu(x); c=Conv(a w) pads=1,1,1,1; y=Add(c a)" },
    { "residual of the conv's own input, 1x1",
      "x:1x64x9x9; w~64x64x1x1; a=Relu(x); c=Conv(a w); y=Add(a c)" },
    { "residual of the conv's own input, depthwise",
      "x:1x64x9x9; w~64x1x3x3; a=Relu(x); c=Conv(a w) group=64 pads=1,1,1,1; y=Add(a c)" },
    { "residual of the conv's own input, reshaped",
      "x:1x64x9x9; t=[64,81]; u=[1,64,9,9]; w~64x64x1x1; a=Flatten(x); r=Reshape(a u); "
      "s=Reshape(a u); c=Conv(r w); y=Add(s c)" },
    { "residual over two convs",
      "x:1x8x7x7; w~16x8x1x1; k~8x16x3x3; a=Sigmoid(x); b=Conv(a w); c=Relu(b); "
      "d=Conv(c k) pads=1,1,1,1; y=Add(a d)",
      "Add Relu" },
    { "residual that is used later",
      "x:1x8x7x7; w~16x8x1x1; k~8x16x3x3; a=Sigmoid(x); b=Conv(a w); "
      "d=Conv(b k) pads=1,1,1,1; e=Add(d a); y=Mul(e a)",
      "Add" },
    { "residual, then Relu",
      "x:1x8x7x7; w~16x8x1x1; k~8x16x1x1; a=Sigmoid(x); b=Conv(a w); d=Conv(b k); e=Add(a d); "
      "y=Relu(e)",
      "Add Relu" },
    { "residual behind a Relu",
      "x:1x8x7x7; w~16x8x1x1; k~8x16x1x1; a=Sigmoid(x); b=Conv(a w); d=Conv(b k); e=Relu(d); "
      "y=Add(a e)",
      "Add Relu" },
    { "residual behind BatchNormalization and Clip",
      "x:1x8x7x7; w~16x8x1x1; k~8x16x1x1; g~8; h~8; m~8; v+8; l={0}; u={6}; a=Sigmoid(x); "
      "b=Conv(a w); d=Conv(b k); n=BatchNormalization(d g h m v); e=Clip(n l u); y=Add(e a)",
      "Add Clip BatchNormalization" },
    { "residual made after the conv", "x:1x8x7x7; w~8x8x1x1; c=Conv(x w); a=Sigmoid(x); y=Add(c a)",
      "Add" },
    { "residual of two convs",
      "x:1x8x7x7; w~8x8x1x1; k~8x8x3x3; c=Conv(x w); d=Conv(x k) pads=1,1,1,1; y=Add(c d)", "Add" },
    { "residual that is the sum of another",
      "x:1x8x7x7; w~8x8x1x1; k~8x8x1x1; a=Sigmoid(x); p=MaxPool(a) kernel_shape=1,1; c=Conv(a w); "
      "d=Add(c p); e=Conv(d k); f=Add(e d); y=Relu(f)" },
    { "residual that is an output", "x:1x8x7x7; w~16x8x1x1; k~8x16x1x1; a=Sigmoid(x); b=Conv(a w); "
                                    "d=Conv(b k); y=Add(d a); >a y" },
    { "input normalised, then padded conv",
      "x:1x3x9x9; k~1x3x1x1; s~1x3x1x1; w~8x3x3x3; a=Mul(x k); b=Add(a s); "
      "y=Conv(b w) pads=1,1,1,1",
      "Mul Add" },
    { "input normalised by numbers, Sub first",
      "x:1x3x9x9; k~; s~1; w~8x3x3x3; a=Sub(x s); b=Mul(k a); y=Conv(b w) pads=1,1,1,1",
      "Mul Sub" },
    { "input normalised, constant minus input",
      "x:1x3x9x9; k~3x1x1; w~8x3x3x3; a=Sub(k x); y=Conv(a w) pads=1,1,1,1" },
    { "input normalised and used raw too",
      "x:1x3x9x9; k~3x1x1; w~3x3x1x1; a=Mul(x k); b=Conv(a w); y=Add(b x)" },
    { "input normalised, batch of 2, 13 channels",
      "x:2x13x5x5; k~13x1x1; s~13x1x1; a=Add(x s); b=Mul(a k); y=Relu(b)", "Mul Add" },
    { "input normalised and given out", "x:1x3x5x5; k~3x1x1; y=Mul(x k)" },
    { "input normalised by BatchNormalization",
      "x:1x3x9x9; g~3; b~3; m~3; v+3; w~8x3x3x3; a=BatchNormalization(x g b m v); "
      "y=Conv(a w) pads=1,1,1,1" },
    { "two inputs, two outputs",
      "x:1x3x9x9; z:1x8x9x9; w~8x3x3x3; c=Conv(x w) pads=1,1,1,1; y=Add(c z); "
      "q=GlobalAveragePool(y); >q y" },
    { "squeeze and excite",
      "x:1x16x6x6; w~16x16x3x3; p~4x16x1x1; q~16x4x1x1; s~4x1x1; c=Conv(x w) pads=1,1,1,1; "
      "g=GlobalAveragePool(c); h=Conv(g p); i=PRelu(h s); j=Conv(i q); k=Sigmoid(j); l=Mul(c k); "
      "y=Add(l x)" },
    { "feature pyramid",
      "x:1x3x16x16; w~16x3x3x3; k~16x16x3x3; s={1,1,2,2}; a=Conv(x w) pads=1,1,1,1 strides=2,2; "
      "b=Relu(a); c=Conv(b k) pads=1,1,1,1 strides=2,2; u=Resize(c _ s); y=Add(b u); >y c" },

    { "size override, conv and pool",
      "x:1x3x64x64; w~8x3x3x3; c=Conv(x w) pads=1,1,1,1 strides=2,2; "
      "y=MaxPool(c) kernel_shape=2,2 strides=2,2",
      NULL, 24, 40 },
    { "size override, SAME_UPPER and Reshape",
      "x:1x3x?x?; w~6x3x3x3; t=[1,-1,3]; s={1,1,2,2}; c=Conv(x w) auto_pad=SAME_UPPER strides=2,2; "
      "u=Resize(c _ s); a=Transpose(u) perm=0,2,3,1; y=Reshape(a t)",
      NULL, 9, 14 },
};

static struct jz_nn_model *load(const struct op_case *c, enum jz_nn_precision precision,
                                const Onnx__ModelProto *m)
{
    size_t size;
    jz_autofree uint8_t *data = model_pack(m, &size);
    const struct jz_nn_options options = { .precision = precision,
                                           .height = c->height,
                                           .width = c->width };
    struct jz_nn_model *model = NULL;
    struct jz_error err = { 0 };
    if (jz_nn_model_load(data, size, &options, &model, &err) < 0)
        fail_msg("%s", err.text);
    return model;
}

/* Where element i of a row-major N,C,H,W tensor stands at the door: channels last. */
static size_t place_at_door(struct jz_nn_shape s, size_t i)
{
    if (s.rank != 4)
        return i;
    const size_t channels = (size_t)s.dims[1], pixels = (size_t)(s.dims[2] * s.dims[3]);
    const size_t image = i / (channels * pixels), c = i / pixels % channels, p = i % pixels;
    return (image * pixels + p) * channels + c;
}

/* Input i, filled with numbers that depend on the seed; also added to the reference. */
static void fill_input(struct jz_nn_context *context, const struct jz_nn_model *model, size_t i,
                       uint32_t seed, struct reference *r)
{
    const struct jz_nn_shape s = jz_nn_model_input_shape(model, i);
    float *to = jz_nn_context_input(context, i);
    struct tensor *t = reference_add(r, jz_nn_model_input_name(model, i), s.rank, s.dims);
    for (size_t k = 0; k < tensor_count(t); k++) {
        t->data[k] = (double)next_number(&seed);
        to[place_at_door(s, k)] = (float)t->data[k];
    }
}

static void expect_input_untouched(struct jz_nn_context *context, const struct jz_nn_model *model,
                                   size_t i, struct reference *r)
{
    const struct jz_nn_shape s = jz_nn_model_input_shape(model, i);
    const struct tensor *t = reference_find(r, jz_nn_model_input_name(model, i));
    const float *now = jz_nn_context_input(context, i);
    for (size_t k = 0; k < tensor_count(t); k++)
        if ((double)now[place_at_door(s, k)] != t->data[k])
            fail_msg("the run wrote into input %s", t->name);
}

/*
 * In relation to the L2 norm, and no number off by much: a few wrong ones among many hardly show
 * in the norm. Inputs are about 1, so what is below 0.01 is what a difference left over.
 */
static void expect_close(const struct op_case *c, const float *got, const struct tensor *wanted,
                         double tolerance)
{
    const size_t count = tensor_count(wanted);
    double error = 0, norm = (double)count * 1e-4, worst = 0, most = 1e-2;
    for (size_t k = 0; k < count; k++) {
        const double is = (double)got[k], should = wanted->data[k];
        if (!isfinite(is))
            fail_msg("%s[%zu] is %g, not %g, in %s", wanted->name, k, is, should, c->model);
        error += (is - should) * (is - should);
        norm += should * should;
        worst = fmax(worst, fabs(is - should));
        most = fmax(most, fabs(should));
    }
    if (error > tolerance * tolerance * norm || worst > 2 * tolerance * most)
        fail_msg("%s has a relative L2 error of %.2e, off by %g at most of %g, in %s", wanted->name,
                 sqrt(error / norm), worst, most, c->model);
}

/* Runs the context once, on inputs of that seed, and checks every output. */
static void run_and_compare(const struct op_case *c, const Onnx__ModelProto *m,
                            const struct jz_nn_model *model, struct jz_nn_context *context,
                            uint32_t seed, double tolerance)
{
    struct reference r = { .count = 0 };
    struct jz_error err = { 0 };
    for (size_t i = 0; i < jz_nn_model_inputs(model); i++)
        fill_input(context, model, i, seed + (uint32_t)i, &r);
    reference_run(&r, m);
    if (jz_nn_run(context, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < jz_nn_model_inputs(model); i++)
        expect_input_untouched(context, model, i, &r);
    for (size_t i = 0; i < jz_nn_model_outputs(model); i++) {
        const struct jz_nn_shape s = jz_nn_model_output_shape(model, i);
        const struct tensor *wanted = reference_find(&r, jz_nn_model_output_name(model, i));
        assert_non_null(wanted);
        assert_int_equal(s.rank, wanted->rank);
        for (int d = 0; d < s.rank; d++)
            assert_int_equal(s.dims[d], wanted->dims[d]);
        expect_close(c, jz_nn_context_output(context, i), wanted, tolerance);
    }
    reference_done(&r);
}

static void expect_folded(const struct jz_nn_model *model, const char *operators)
{
    char copy[80], *rest;
    snprintf(copy, sizeof copy, "%s", operators);
    for (char *op = strtok_r(copy, " ", &rest); op; op = strtok_r(NULL, " ", &rest))
        for (size_t i = 0; i < jz_nn_model_steps(model); i++)
            if (strncmp(jz_nn_model_step_name(model, i), op, strlen(op)) == 0)
                fail_msg("step %s is still there", jz_nn_model_step_name(model, i));
}

static void check_case(const struct op_case *c, enum jz_nn_precision precision, double tolerance)
{
    Onnx__ModelProto *m = model_from_text(c->model);
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = load(c, precision, m);
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *context = NULL;
    struct jz_error err = { 0 };
    assert_int_equal(jz_nn_model_precision(model), precision);
    if (c->folded)
        expect_folded(model, c->folded);
    if (c->height) {
        assert_int_equal(jz_nn_model_input_shape(model, 0).dims[2], c->height);
        assert_int_equal(jz_nn_model_input_shape(model, 0).dims[3], c->width);
    }
    if (jz_nn_context_new(model, &context, &err) < 0)
        fail_msg("%s", err.text);
    /* The second run finds the arena as the first one left it. */
    for (uint32_t seed = 100; seed < 300; seed += 100)
        run_and_compare(c, m, model, context, seed, tolerance);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_f32(void **state)
{
    check_case(*state, JZ_NN_F32, 1e-5);
}

static void test_bf16(void **state)
{
    check_case(*state, JZ_NN_BF16, 2e-2);
}

/*
 * Graphs thrown together, in which any value may be used again, be an output, or be overwritten
 * too early. All values are of one shape, so that everything fits everything.
 */
static void random_model(uint32_t seed, char *text, size_t room)
{
    /* $ stands for one value made before, # for another. */
    static const char *const forms[] = {
        "Relu($)",
        "Sigmoid($)",
        "Clip($ l h)",
        "PRelu($ s)",
        "PRelu($ o)",
        "Add($ #)",
        "Add(# $)",
        "Add($ $)",
        "Mul($ #)",
        "Sub($ #)",
        "Sub(# $)",
        "Add($ k)",
        "Mul(k $)",
        "Sub(k $)",
        "BatchNormalization($ b m b v)",
        "Conv($ w b)",
        "Conv($ w)",
        "Conv($ u)",
        "Conv($ f b) pads=1,1,1,1",
        "Conv($ d) group=8 pads=1,1,1,1",
        "MaxPool($) kernel_shape=3,3 pads=1,1,1,1",
        "AveragePool($) kernel_shape=3,3 pads=1,1,1,1",
        "Reshape($ t)",
        "Transpose($) perm=0,1,3,2",
    };
    enum { FORMS = sizeof forms / sizeof forms[0], NODES = 14 };
    char outputs[200] = "";
    FILE *f = fmemopen(text, room, "w");
    assert_non_null(f);
    fprintf(f, "n0:1x8x6x6; n1:1x8x6x6; w~8x8x1x1; u~8x8x1x1; f~8x8x3x3; d~8x1x3x3; b~8; k~8x1x1; "
               "m~8; s~8x1x1; o~1; v+8; l={-0.75}; h={0.75}; t=[0,8,6,-1]");
    for (int i = 2; i < 2 + NODES; i++) {
        const char *form = forms[(int)(fabsf(next_number(&seed)) * FORMS) % FORMS];
        /* Mostly from what was made last, so that chains come about. */
        const float near = next_number(&seed), far = next_number(&seed);
        const int one = i - 1 - (int)(near * near * (float)(i - 1));
        const int other = (int)(fabsf(far) * (float)(i - 1));
        fprintf(f, "; n%d=", i);
        for (; *form; form++)
            if (*form == '$' || *form == '#')
                fprintf(f, "n%d", *form == '$' ? one : other);
            else
                fputc(*form, f);
        if (i == 1 + NODES || next_number(&seed) > 0.8f)
            snprintf(outputs + strlen(outputs), sizeof outputs - strlen(outputs), " n%d", i);
    }
    fprintf(f, "; >%s", outputs);
    fclose(f);
}

static void test_random_graphs(void **state)
{
    (void)state;
    enum { GRAPHS = 400 };
    for (uint32_t i = 1; i <= GRAPHS; i++) {
        char text[2000];
        random_model(i * 2654435761u, text, sizeof text);
        const struct op_case c = { .model = text };
        check_case(&c, JZ_NN_F32, 1e-4);
        /* A chain of bf16 is no better; what is read from a wrong place is off by its whole size.
         */
        if (jz_nn_has_bf16())
            check_case(&c, JZ_NN_BF16, 0.15);
    }
}

/* All that the door tells about a model. */
static void test_door(void **state)
{
    (void)state;
    static const struct op_case c = {
        .model = "x:?x3x8x8; z:1x4; w~6x3x3x3; k~4x2; a=Conv(x w) strides=2,2; b=Relu(a); "
                 "c=Gemm(z k); >c b",
    };
    Onnx__ModelProto *m = model_from_text(c.model);
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = load(&c, JZ_NN_AUTO, m);
    onnx__model_proto__free_unpacked(m, NULL);
    assert_int_equal(jz_nn_model_precision(model), jz_nn_has_bf16() ? JZ_NN_BF16 : JZ_NN_F32);
    assert_int_equal(jz_nn_model_inputs(model), 2);
    assert_string_equal(jz_nn_model_input_name(model, 0), "x");
    assert_string_equal(jz_nn_model_input_name(model, 1), "z");
    const struct jz_nn_shape x = jz_nn_model_input_shape(model, 0);
    assert_int_equal(x.rank, 4);
    assert_int_equal(x.dims[0], 1);
    assert_int_equal(jz_nn_shape_count(x), 3 * 8 * 8);
    assert_int_equal(jz_nn_model_outputs(model), 2);
    assert_string_equal(jz_nn_model_output_name(model, 0), "c");
    assert_int_equal(jz_nn_shape_count(jz_nn_model_output_shape(model, 1)), 6 * 3 * 3);
    assert_int_equal(jz_nn_model_find_output(model, "b"), 1);
    assert_int_equal(jz_nn_model_find_output(model, "a"), -1);
    assert_int_equal(jz_nn_model_macs(model), 6 * 3 * 3 * 3 * 3 * 3 + 4 * 2);
    assert_true(jz_nn_model_arena_bytes(model) > 0);
    assert_true(jz_nn_model_steps(model) >= 2);
}

/* Our own loops round to the nearest number of 8 bits; to cut would be off by twice as much. */
static void test_rounding(void **state)
{
    (void)state;
    enum { COUNT = 3 * 8 * 8 };
    static const struct op_case c = {
        .model = "x:1x3x8x8; z:1x3x8x8; s~3x1x1; r=Relu(x); p=PRelu(z s); >r p",
    };
    if (!jz_nn_has_bf16())
        return;
    Onnx__ModelProto *m = model_from_text(c.model);
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = load(&c, JZ_NN_BF16, m);
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *context = NULL;
    struct jz_error err = { 0 };
    assert_int_equal(jz_nn_context_new(model, &context, &err), 0);
    struct reference r = { .count = 0 };
    fill_input(context, model, 0, 1, &r);
    fill_input(context, model, 1, 2, &r);
    struct tensor *z = reference_find(&r, "z");
    float *door = jz_nn_context_input(context, 1);
    for (size_t i = 0; i < COUNT; i++) { /* what goes into the second needs no rounding itself */
        door[i] = roundf(door[i] * 128) / 128;
        z->data[i] = round(z->data[i] * 128) / 128;
    }
    reference_run(&r, m);
    assert_int_equal(jz_nn_run(context, &err), 0);
    for (size_t k = 0; k < 2; k++) {
        const struct tensor *wanted = reference_find(&r, jz_nn_model_output_name(model, k));
        for (size_t i = 0; i < COUNT; i++) {
            const double is = (double)jz_nn_context_output(context, k)[i];
            if (!(fabs(is - wanted->data[i]) <= fabs(wanted->data[i]) / 256))
                fail_msg("%s[%zu] is %g, not %g", wanted->name, i, is, wanted->data[i]);
        }
    }
    reference_done(&r);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_timed_run(void **state)
{
    (void)state;
    static const struct op_case c = { .model = "x:1x3x64x64; w~32x3x3x3; y=Conv(x w)" };
    Onnx__ModelProto *m = model_from_text(c.model);
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = load(&c, JZ_NN_F32, m);
    onnx__model_proto__free_unpacked(m, NULL);
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *context = NULL;
    struct jz_error err = { 0 };
    assert_int_equal(jz_nn_context_new(model, &context, &err), 0);
    const size_t steps = jz_nn_model_steps(model);
    jz_autofree int64_t *once = calloc(steps, sizeof *once), *twice = calloc(steps, sizeof *twice);
    assert_true(once && twice);
    assert_int_equal(jz_nn_run_timed(context, once, &err), 0);
    memcpy(twice, once, steps * sizeof *once);
    assert_int_equal(jz_nn_run_timed(context, twice, &err), 0);
    int64_t sum = 0;
    for (size_t i = 0; i < steps; i++) {
        assert_true(once[i] >= 0 && twice[i] >= once[i]);
        sum += once[i];
    }
    assert_true(sum > 0);
}

int main(void)
{
    enum { CASES = sizeof cases / sizeof cases[0], NAME_BYTES = 100 };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_door),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_timed_run),
        cmocka_unit_test(test_random_graphs),
    };
    static char names[CASES][NAME_BYTES];
    static struct CMUnitTest tests[2 * CASES + sizeof others / sizeof others[0]];
    struct CMUnitTest *next = tests;
    for (size_t i = 0; i < CASES; i++) {
        *next++ = (struct CMUnitTest){ .name = cases[i].name,
                                       .test_func = test_f32,
                                       .initial_state = (void *)(uintptr_t)&cases[i] };
        if (!jz_nn_has_bf16())
            continue;
        snprintf(names[i], sizeof names[i], "%s, bf16", cases[i].name);
        *next++ = (struct CMUnitTest){ .name = names[i],
                                       .test_func = test_bf16,
                                       .initial_state = (void *)(uintptr_t)&cases[i] };
    }
    memcpy(next, others, sizeof others);
    /* cmocka passes over what is left empty. */
    return cmocka_run_group_tests_name("nn operators", tests, NULL, NULL);
}
