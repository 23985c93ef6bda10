"""Reads the tensors of a PyTorch state_dict without PyTorch and without running its pickle.

A pickle may name any function of Python; this reader knows the four names that a state_dict
needs and refuses every other one.
"""

import collections
import io
import math
import pickle
import zipfile

from onnx_out import Refused, np

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
STORAGE_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class Storage:
    def __init__(self, dtype, count):
        self.dtype = np.dtype(dtype)
        self.count = count
        self.data = None


class Tensor:
    """_rebuild_tensor_v2's arguments; the values come only after the whole pickle is read."""

    def __init__(self, storage, offset, size, stride, *_):
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride

    def array(self):
        count = math.prod(self.size)
        rest = count
        for length, step in zip(self.size, self.stride, strict=True):
            rest //= max(length, 1)
            if length > 1 and step != rest:
                raise Refused("it is not contiguous")
        if self.offset < 0 or self.offset + count > self.storage.count:
            raise Refused("it reaches beyond its storage")
        return self.storage.data[self.offset:self.offset + count].reshape(self.size)


class Unpickler(pickle.Unpickler):
    def __init__(self, stream):
        super().__init__(stream)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return Tensor
        if module == "torch" and name in STORAGE_TYPES:
            return STORAGE_TYPES[name]
        raise Refused(f"its pickle asks for {module}.{name}, which no state_dict needs")

    def persistent_load(self, pid):
        kind, dtype, key, _, count, *view = pid
        if kind != "storage" or dtype not in STORAGE_TYPES.values() or view not in ([], [None]):
            raise Refused(f"its pickle has the unknown object {pid!r}")
        return self.storages.setdefault(key, Storage(dtype, count))


def plain(stream):
    """A pickle of the legacy header: numbers, text and lists of them, no class at all."""
    return Unpickler(stream).load()


def fill(storage, data):
    if len(data) != storage.count * storage.dtype.itemsize:
        raise Refused("it ends inside a tensor")
    storage.data = np.frombuffer(data, storage.dtype)


def read_legacy(stream):
    if plain(stream) != LEGACY_MAGIC or plain(stream) != LEGACY_PROTOCOL:
        raise Refused("it is not a PyTorch checkpoint")
    if not plain(stream)["little_endian"]:
        raise Refused("it was written on a big-endian machine")
    unpickler = Unpickler(stream)
    state = unpickler.load()
    for key in plain(stream):
        storage = unpickler.storages[key]
        if int.from_bytes(stream.read(8), "little") != storage.count:
            raise Refused(f"its storage {key} has another length than its tensors say")
        fill(storage, stream.read(storage.count * storage.dtype.itemsize))
    return state, unpickler.storages


def read_zip(stream):
    with zipfile.ZipFile(stream) as archive:
        names = [n for n in archive.namelist() if n.endswith("/data.pkl")]
        if len(names) != 1:
            raise Refused("it is not a PyTorch checkpoint")
        folder = names[0].removesuffix("data.pkl")
        if folder + "byteorder" in archive.namelist() \
                and archive.read(folder + "byteorder") != b"little":
            raise Refused("it was written on a big-endian machine")
        unpickler = Unpickler(io.BytesIO(archive.read(names[0])))
        state = unpickler.load()
        for key, storage in unpickler.storages.items():
            fill(storage, archive.read(f"{folder}data/{key}"))
    return state, unpickler.storages


def read(path):
    """Returns {name: array} of the checkpoint at `path`."""
    with open(path, "rb") as f:
        stream = io.BytesIO(f.read())
    try:
        layout = read_zip if zipfile.is_zipfile(stream) else read_legacy
        stream.seek(0)
        state, storages = layout(stream)
        if not isinstance(state, dict) or not all(isinstance(t, Tensor) for t in state.values()):
            raise Refused("it holds something else than a state_dict")
        if any(s.data is None for s in storages.values()):
            raise Refused("it lacks the data of a tensor")
        arrays = {}
        for name, tensor in state.items():
            try:
                arrays[name] = tensor.array()
            except Refused as e:
                raise Refused(f"the tensor {name} cannot be read: {e}") from e
    except Refused as e:
        raise Refused(f"{path}: {e}") from e
    # What a malformed pickle raises is not bounded: it may set any attribute to any number.
    except Exception as e:
        raise Refused(f"{path}: it is not a PyTorch checkpoint that can be read ({e})") from e
    return arrays
