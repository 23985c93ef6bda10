/* Between the two files that read ONNX: nodes as protobuf-c unpacked them. */
#pragma once

#include "nn/graph_internal.h"

#include "onnx/onnx.pb-c.h"

/* NULL when the node has none of that name. */
const Onnx__AttributeProto *jz_nn_find_attribute(const Onnx__NodeProto *n, const char *name);

/* Fills what the operator of `node` needs; constants among its inputs are already in the graph. */
int jz_nn_read_attributes(struct graph *g, const Onnx__NodeProto *n, struct node *node,
                          struct jz_error *err) JZ_MUST_CHECK;

/* An error that names operator and node. Returns the code. */
int jz_nn_refuse(const struct node *node, int code, const char *why, struct jz_error *err);
