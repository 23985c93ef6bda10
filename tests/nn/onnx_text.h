/*
 * Small ONNX models from a line of text, statements parted by "; ":
 *
 *   x:1x3x8x9            a float input; ? is a size without a number
 *   w~6x3x3x3  v+6       a constant of numbers between -1 and 1; between 0.5 and 1.5. Rank 0: w~
 *   s={1,2}  p=[0,-1]    a float or an integer constant of rank 1
 *   y=Conv(x w _) pads=1,1,1,1 group=3 auto_pad=VALID alpha=0.5 value~1x6
 *                        a node; _ is an omitted input. An attribute with a comma, or of a name
 *                        that is always a list, is a list; with a point, a float; value~ a tensor
 *   >y z                 the outputs, else that of the last node
 *   @13                  the opset, else 11
 *
 * Behind a constant: /list (typed list, not raw bytes), /half, /int32, /scalar, /short (a number
 * too few), /nan, /inf. A test's text that is not of this form ends the program.
 */
#pragma once

#include "onnx/onnx.pb-c.h"

#include <stdint.h>

/* The caller frees it with onnx__model_proto__free_unpacked, so all in it is from malloc. */
Onnx__ModelProto *model_from_text(const char *text);

/* The bytes of the file, in fresh memory (free). */
uint8_t *model_pack(const Onnx__ModelProto *model, size_t *ret_size);

/* A number in [-1, 1), the same sequence for the same seed everywhere. */
float next_number(uint32_t *seed);
