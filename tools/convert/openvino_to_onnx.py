#!/usr/bin/python3
"""Converts an OpenVINO IR (version 10 or 11) to ONNX with float32 weights.

Knows the layer types of face-reidentification-retail-0095 and refuses any other by name.
Tensors are called t<layer id>, so that an output keeps its name however the file was made.
"""

import math
import xml.etree.ElementTree as ElementTree

import onnx_out
from onnx_out import Refused, np

ELEMENT_TYPES = {"f16": "<f2", "f32": "<f4"}
ELEMENTWISE = {"Add": "Add", "Multiply": "Mul"}


class Layer:
    """A layer, and its value once known: an array for a constant, else a tensor's name."""

    def __init__(self, element):
        self.id = element.get("id")
        self.name = element.get("name")
        self.type = element.get("type")
        data = element.find("data")
        self.attributes = {} if data is None else data.attrib
        self.input_shapes = [shape(port) for port in element.findall("input/port")]
        self.inputs = [None] * len(self.input_shapes)
        self.value = None
        self.uses = 0

    def __str__(self):
        return f'layer "{self.name}" ({self.type})'

    def text(self, key, default=None):
        value = self.attributes.get(key, default)
        if value is None:
            raise Refused(f"{self} has no attribute {key}")
        return value

    def ints(self, key):
        try:
            return [int(n) for n in self.text(key).split(",") if n.strip()]
        except ValueError:
            raise Refused(f"{self} has the attribute {key} that is no list of numbers") from None

    def only(self, key, allowed, default=None):
        if self.text(key, default) not in allowed:
            raise Refused(f"{self} has {key}={self.text(key)}, which is not supported")

    def tensor(self, i):
        if not isinstance(self.inputs[i].value, str):
            raise Refused(f"{self} has a constant as input {i}")
        return self.inputs[i].value

    def constant(self, i):
        if isinstance(self.inputs[i].value, str):
            raise Refused(f"{self} has an input {i} that is not constant")
        return self.inputs[i].value


def shape(port):
    return [int(dim.text) for dim in port.findall("dim")]


def read_layers(path):
    root = ElementTree.parse(path).getroot()
    if root.tag != "net" or root.get("version") not in ("10", "11"):
        raise Refused("this is not an OpenVINO IR of version 10 or 11")
    elements = root.findall("layers/layer")
    layers = {e.get("id"): Layer(e) for e in elements}
    # An edge names the port by its id; a layer's ports stand in the order of its inputs.
    ports = {e.get("id"): [p.get("id") for p in e.findall("input/port")] for e in elements}
    for edge in root.findall("edges/edge"):
        try:
            to = edge.get("to-layer")
            source = layers[edge.get("from-layer")]
            layers[to].inputs[ports[to].index(edge.get("to-port"))] = source
        except (KeyError, ValueError):
            raise Refused(f"there is an edge without an end: {edge.attrib}") from None
        source.uses += 1
    return list(layers.values())


def read_constant(layer, weights):
    layer.only("element_type", ELEMENT_TYPES)
    dtype = np.dtype(ELEMENT_TYPES[layer.text("element_type")])
    dims, (offset,), (size,) = layer.ints("shape"), layer.ints("offset"), layer.ints("size")
    if size != math.prod(dims) * dtype.itemsize or not 0 <= offset <= len(weights) - size:
        raise Refused(f"{layer} needs {size} bytes at {offset}, which the weights file of "
                      f"{len(weights)} bytes does not have")
    values = np.frombuffer(weights, dtype, math.prod(dims), offset)
    return values.reshape(dims).astype("<f4")


def window(layer):
    layer.only("auto_pad", ("explicit", "notset"), "explicit")
    return {"strides": layer.ints("strides"),
            "pads": layer.ints("pads_begin") + layer.ints("pads_end")}


def add_convolution(graph, layer, output):
    kernel = layer.constant(1)
    groups = 1
    if layer.type == "GroupConvolution":
        groups = kernel.shape[0]
        kernel = kernel.reshape((-1,) + kernel.shape[2:])
    graph.node("Conv", [layer.tensor(0), graph.weight(kernel)], output, layer.name, group=groups,
               kernel_shape=kernel.shape[2:], dilations=layer.ints("dilations"), **window(layer))


def add_pool(graph, layer, output):
    layer.only("rounding_type", ("floor",), "floor")
    attributes = window(layer)
    if any(attributes["pads"]):
        attributes["count_include_pad"] = int(layer.text("exclude-pad") == "false")
    graph.node("AveragePool", [layer.tensor(0)], output, layer.name,
               kernel_shape=layer.ints("kernel"), **attributes)


def add_prelu(graph, layer, output):
    # OpenVINO lays the slopes along the channels, ONNX broadcasts them from the right.
    slopes = layer.constant(1).reshape((-1,) + (1,) * (len(layer.input_shapes[0]) - 2))
    graph.node("PRelu", [layer.tensor(0), graph.weight(slopes)], output, layer.name)


def add_elementwise(graph, layer, output):
    layer.only("auto_broadcast", ("numpy",), "numpy")
    if layer.type == "Add" and add_bias(graph, layer, output):
        return
    inputs = [i.value if isinstance(i.value, str) else graph.weight(i.value) for i in layer.inputs]
    graph.node(ELEMENTWISE[layer.type], inputs, output, layer.name)


def add_bias(graph, layer, output):
    """A per-channel Add on a convolution nobody else reads becomes that convolution's bias."""
    source, other = layer.inputs
    if "Convolution" not in source.type or source.uses != 1 or isinstance(other.value, str):
        return False
    conv = next(n for n in graph.nodes if n.output[0] == source.value)
    channels = layer.input_shapes[0][1]
    if list(other.value.shape) != [1, channels] + [1] * (len(layer.input_shapes[0]) - 2):
        return False
    conv.input.append(graph.weight(other.value.reshape(channels)))
    conv.output[0] = output
    return True


def add_sigmoid(graph, layer, output):
    graph.node("Sigmoid", [layer.tensor(0)], output, layer.name)


# Layer type: (number of inputs, what writes it).
OPERATORS = {
    "Add": (2, add_elementwise),
    "AvgPool": (1, add_pool),
    "Convolution": (2, add_convolution),
    "GroupConvolution": (2, add_convolution),
    "Multiply": (2, add_elementwise),
    "PReLU": (2, add_prelu),
    "Sigmoid": (1, add_sigmoid),
}
STRUCTURE = {"Const": 0, "Convert": 1, "Parameter": 0, "Result": 1}


def build(graph, layers, weights):
    inputs, outputs = [], []
    for layer in layers:
        if layer.type not in OPERATORS and layer.type not in STRUCTURE:
            raise Refused(f"{layer} is of a type this converter does not know")
        wanted = STRUCTURE[layer.type] if layer.type in STRUCTURE else OPERATORS[layer.type][0]
        if len(layer.inputs) != wanted or any(i is None or i.value is None for i in layer.inputs):
            raise Refused(f"{layer} does not have its {wanted} inputs before it")
        layer.value = f"t{layer.id}"
        if layer.type == "Parameter":
            layer.only("element_type", ("f32",))
            layer.value = "data"
            inputs.append((layer.value, layer.ints("shape")))
        elif layer.type == "Const":
            layer.value = read_constant(layer, weights)
        elif layer.type == "Convert":
            layer.only("destination_type", ("f32",))
            layer.value = layer.constant(0)
        elif layer.type == "Result":
            outputs.append((layer.tensor(0), layer.input_shapes[0]))
        else:
            OPERATORS[layer.type][1](graph, layer, layer.value)
    if len(inputs) != 1 or not outputs:
        raise Refused("the net does not have one input and at least one output")
    return inputs, outputs


def convert(xml_path, bin_path, out_path):
    with open(bin_path, "rb") as f:
        weights = f.read()
    graph = onnx_out.Graph("openvino")
    try:
        inputs, outputs = build(graph, read_layers(xml_path), weights)
    except (Refused, ElementTree.ParseError) as e:
        raise Refused(f"{xml_path}: {e}") from e
    except (ValueError, TypeError, IndexError) as e:
        raise Refused(f"{xml_path}: the net is malformed: {e}") from e
    graph.write(out_path, inputs, outputs)


if __name__ == "__main__":
    onnx_out.main(convert, ["XML", "BIN", "OUT.onnx"])
