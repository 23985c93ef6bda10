"""What the converters share: collecting an ONNX graph, writing it, and saying what is wrong."""

import os
import pathlib
import sys
import tempfile

try:
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper
except ImportError as e:
    print(f"{os.path.basename(sys.argv[0])}: {e}: install the packages python3-numpy and "
          f"python3-onnx", file=sys.stderr)
    sys.exit(2)

# Fixed, so that the same weights give the same bytes whatever onnx version wrote them.
OPSET = 12
IR_VERSION = 7


class Refused(Exception):
    """The input cannot be converted; the text is one sentence for the user."""


class Graph:
    def __init__(self, name):
        self.name = name
        self.nodes = []
        self.weights = []

    def weight(self, array):
        """Stores a constant and returns its name."""
        name = f"c{len(self.weights) + 1}"
        array = np.ascontiguousarray(array, dtype="<f4")
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, inputs, output, name="", **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def write(self, path, inputs, outputs):
        """`inputs` and `outputs` are (name, shape) pairs."""
        def values(pairs):
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in pairs]

        graph = helper.make_graph(self.nodes, self.name, values(inputs), values(outputs),
                                  self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                  producer_name="jianzai-convert", ir_version=IR_VERSION)
        try:
            checker.check_model(model)
        except checker.ValidationError as e:
            raise Refused(f"{path}: the converted graph is not valid ONNX: {e}") from e
        try:
            replace(path, model.SerializeToString(deterministic=True))
        except OSError as e:
            raise Refused(f"{path}: it cannot be written: {e.strerror}") from e


def replace(path, data):
    """Writes a file whole or not at all."""
    fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".convert.")
    try:
        with os.fdopen(fd, "wb") as f:
            f.write(data)
            os.fchmod(f.fileno(), 0o644)
            os.fsync(f.fileno())
        os.rename(temporary, path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise


def main(convert, operands):
    """Runs convert(*paths); 2 for wrong usage or a file that cannot be converted."""
    program = os.path.basename(sys.argv[0])
    if len(sys.argv) != len(operands) + 1:
        print(f"usage: {program} {' '.join(operands)}", file=sys.stderr)
        sys.exit(2)
    try:
        convert(*sys.argv[1:])
    except Refused as e:
        print(f"{program}: {e}", file=sys.stderr)
        sys.exit(2)
    except OSError as e:
        print(f"{program}: {e.filename}: {e.strerror}", file=sys.stderr)
        sys.exit(2)
