#!/usr/bin/python3
"""Converts a MiniFASNetV2 or MiniFASNetV1SE checkpoint (.pth) to ONNX, softmax included.

The networks differ in their channel widths, which the weights tell, and in the
squeeze-and-excitation at the end of each chain, which V1SE has and V2 has not.
Every tensor of the checkpoint must find its place: otherwise it is another network.
"""

import onnx_out
import torch_state
from onnx_out import Refused, np

INPUT_SHAPE = [1, 3, 80, 80]
CLASSES = 3
BN_EPSILON = 1e-5  # PyTorch's default, which the network keeps

# The trunk between conv2_dw and conv_6_sep: name, stride, residual blocks in the chain.
# A stage without a chain is one block that halves the image and has no shortcut.
TRUNK = (
    ("conv_23", 2, 0),
    ("conv_3", 1, 4),
    ("conv_34", 2, 0),
    ("conv_4", 1, 6),
    ("conv_45", 2, 0),
    ("conv_5", 1, 2),
)


class Network:
    """Adds layer after layer; each method takes and returns a tensor's name."""

    def __init__(self, state):
        self.state = {n.removeprefix("module."): a for n, a in state.items()
                      if not n.endswith(".num_batches_tracked")}
        self.graph = onnx_out.Graph("minifasnet")
        self.channels = {"data": INPUT_SHAPE[1]}

    def has(self, name):
        return name in self.state

    def take(self, name, *shape):
        """Removes a tensor from what is left; None in `shape` stands for any length."""
        if not self.has(name):
            raise Refused(f"the tensor {name} is missing")
        array = self.state.pop(name)
        if len(array.shape) != len(shape) \
                or any(want not in (None, have) for want, have in zip(shape, array.shape)):
            raise Refused(f"the tensor {name} has the shape {list(array.shape)}, "
                          f"which this network has not")
        return array

    def take_bn(self, name, channels):
        """Batch normalisation as a factor and a summand per channel."""
        gamma, beta, mean, variance = (
            self.take(f"{name}.{part}", channels).astype("f8")
            for part in ("weight", "bias", "running_mean", "running_var"))
        factor = gamma / np.sqrt(variance + BN_EPSILON)
        return factor, beta - mean * factor

    def conv(self, x, name, bn, kernel=1, stride=1, pad=0, depthwise=False):
        channels = self.channels[x]
        if depthwise:
            weight = self.take(f"{name}.weight", channels, 1, kernel, kernel)
        else:
            weight = self.take(f"{name}.weight", None, channels, kernel, kernel)
        factor, bias = self.take_bn(bn, weight.shape[0])
        # In double precision and rounded once: folding costs less than one float32 rounding.
        weight = weight.astype("f8") * factor[:, None, None, None]
        y = self.graph.node("Conv", [x, self.graph.weight(weight), self.graph.weight(bias)],
                            name, name, group=channels if depthwise else 1,
                            kernel_shape=[kernel, kernel], strides=[stride, stride],
                            dilations=[1, 1], pads=[pad] * 4)
        self.channels[y] = weight.shape[0]
        return y

    def same(self, op, inputs, name):
        """An operator that leaves the number of channels as it is."""
        self.channels[name] = self.channels[inputs[0]]
        return self.graph.node(op, inputs, name, name)

    def conv_bn(self, x, name, **window):
        return self.conv(x, f"{name}.conv", f"{name}.bn", **window)

    def conv_bn_prelu(self, x, name, **window):
        x = self.conv_bn(x, name, **window)
        slopes = self.take(f"{name}.prelu.weight", self.channels[x]).reshape(-1, 1, 1)
        return self.same("PRelu", [x, self.graph.weight(slopes)], f"{name}.prelu")

    def squeeze_excite(self, x, name):
        y = self.same("GlobalAveragePool", [x], f"{name}.avg_pool")
        y = self.conv(y, f"{name}.fc1", f"{name}.bn1")
        y = self.same("Relu", [y], f"{name}.relu")
        y = self.conv(y, f"{name}.fc2", f"{name}.bn2")
        y = self.same("Sigmoid", [y], f"{name}.sigmoid")
        return self.same("Mul", [x, y], f"{name}.mul")

    def block(self, x, name, stride=1, residual=True):
        y = self.conv_bn_prelu(x, f"{name}.conv")
        y = self.conv_bn_prelu(y, f"{name}.conv_dw", kernel=3, stride=stride, pad=1,
                               depthwise=True)
        y = self.conv_bn(y, f"{name}.project")
        if not residual:
            return y
        if self.has(f"{name}.se_module.fc1.weight"):
            y = self.squeeze_excite(y, f"{name}.se_module")
        if self.channels[x] != self.channels[y]:
            raise Refused(f"the block {name} changes the number of channels")
        return self.same("Add", [x, y], f"{name}.add")

    def classify(self, x):
        graph = self.graph
        x = graph.node("Flatten", [x], "flatten", "flatten", axis=1)
        weight = self.take("linear.weight", None, self.channels["conv_6_dw.conv"])
        factor, bias = self.take_bn("bn", weight.shape[0])
        weight = (weight.astype("f8") * factor[:, None]).T
        x = graph.node("MatMul", [x, graph.weight(weight)], "linear", "linear")
        x = graph.node("Add", [x, graph.weight(bias[None, :])], "bn", "bn")
        weight = self.take("prob.weight", CLASSES, weight.shape[1]).T
        x = graph.node("MatMul", [x, graph.weight(weight)], "logits", "logits")
        graph.node("Softmax", [x], "prob", "prob", axis=1)

    def build(self):
        x = self.conv_bn_prelu("data", "conv1", kernel=3, stride=2, pad=1)
        x = self.conv_bn_prelu(x, "conv2_dw", kernel=3, pad=1, depthwise=True)
        for name, stride, chain in TRUNK:
            if not chain:
                x = self.block(x, name, stride, residual=False)
            for i in range(chain):
                x = self.block(x, f"{name}.model.{i}", stride)
        x = self.conv_bn_prelu(x, "conv_6_sep")
        # What is left of the image after four halvings is covered by one kernel.
        x = self.conv_bn(x, "conv_6_dw", kernel=INPUT_SHAPE[2] // 16, depthwise=True)
        self.classify(x)
        if self.state:
            raise Refused(f"the tensor {min(self.state)} has no place in this network")


def convert(pth_path, out_path):
    network = Network(torch_state.read(pth_path))
    try:
        network.build()
    except Refused as e:
        raise Refused(f"{pth_path}: this is not a MiniFASNetV2 or MiniFASNetV1SE: {e}") from e
    network.graph.write(out_path, [("data", INPUT_SHAPE)], [("prob", [1, CLASSES])])


if __name__ == "__main__":
    onnx_out.main(convert, ["PTH", "OUT.onnx"])
