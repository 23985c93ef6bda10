#!/usr/bin/python3
"""Writes the seeds of the fuzz targets into corpus/ beside this file, the same bytes every time.

Everything is made up here; the inputs that fuzzing found are kept beside the seeds, named found-*.
"""

import pathlib
import struct
import zlib

import numpy as np
from onnx import AttributeProto, TensorProto, helper, numpy_helper

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


class Bits:
    """Entropy-coded JPEG data: bits in, stuffed bytes out."""

    def __init__(self):
        self.bits = ""

    def put(self, value, length):
        if length:
            self.bits += format(value, f"0{length}b")

    def bytes(self):
        padded = self.bits + "1" * (-len(self.bits) % 8)
        return b"".join(bytes([b, 0]) if b == 255 else bytes([b])
                        for b in (int(padded[i:i + 8], 2) for i in range(0, len(padded), 8)))


def segment(marker, body):
    return struct.pack(">BBH", 255, marker, len(body) + 2) + body


# Code lengths 2, 3, 3, 3, 3, 3, 4, 5, 6 for the sizes 0 to 8 of a DC difference, and one AC symbol:
# the block is over.
DC_TABLE = bytes([0x00, 0, 1, 5, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + bytes(range(9))
DC_CODES = [(0b00, 2), (0b010, 3), (0b011, 3), (0b100, 3), (0b101, 3), (0b110, 3), (0b1110, 4),
            (0b11110, 5), (0b111110, 6)]
AC_TABLE = bytes([0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + b"\0"
AC_END = (0, 1)


def put_dc(bits, difference):
    size = abs(difference).bit_length()
    bits.put(*DC_CODES[size])
    bits.put(difference if difference > 0 else difference + (1 << size) - 1, size)


def scan(components, selected, spectral, approximation, data):
    header = bytes([len(selected)]) + b"".join(bytes([i + 1, 0]) for i in selected)
    return segment(0xda, header + bytes([*spectral, approximation])) + data


def jpeg(sampling=((1, 1),) * 3, size=(24, 16), before=b"", progressive=False, restart=0):
    """Blocks of one shade each; `sampling` has a pair for every component."""
    width, height = size
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    mcus = -(-width // (8 * across)) * -(-height // (8 * down))
    frame = struct.pack(">BHHB", 8, height, width, len(sampling))
    frame += b"".join(bytes([i + 1, h << 4 | v, 0]) for i, (h, v) in enumerate(sampling))
    first, second = Bits(), Bits()
    parts, previous = [], [0] * len(sampling)
    for mcu in range(mcus):
        if restart and mcu and mcu % restart == 0:
            parts.append(first.bytes() + bytes([255, 0xd0 + (mcu // restart - 1) % 8]))
            first, previous = Bits(), [0] * len(sampling)
        for i, (h, v) in enumerate(sampling):
            for block in range(h * v):
                shade = (mcu * 23 + block * 11 + i * 40) % 120 - 60
                put_dc(first, shade - previous[i])
                if not progressive:
                    first.put(*AC_END)
                second.put(mcu + block & 1, 1)
                previous[i] = shade
    dc = b"".join(parts) + first.bytes()
    everything = range(len(sampling))
    out = b"\xff\xd8" + before + segment(0xdb, b"\0" + bytes([8]) * 64)
    out += segment(0xc2 if progressive else 0xc0, frame)
    out += segment(0xc4, DC_TABLE) + segment(0xc4, AC_TABLE)
    if restart:
        out += segment(0xdd, struct.pack(">H", restart))
    if not progressive:
        return out + scan(sampling, everything, (0, 63), 0, dc) + b"\xff\xd9"
    out += scan(sampling, everything, (0, 0), 0x01, dc)
    out += scan(sampling, everything, (0, 0), 0x10, second.bytes())
    blocks = -(-width // 8) * -(-height // 8)  # of the first component, if it has all pixels
    out += scan(sampling, [0], (1, 63), 0, bytes([0] * -(-blocks // 8)))
    return out + b"\xff\xd9"


def exif(order, orientation):
    tag = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    head = b"MM" if order == ">" else b"II"
    tiff = head + struct.pack(order + "HIH", 42, 8, 1) + tag + b"\0\0\0\0"
    return segment(0xe1, b"Exif\0\0" + tiff)


def adobe(transform):
    return segment(0xee, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


# The passes of an interlaced PNG: first column and row, then the steps.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png(kind, depth, size=(13, 9), interlaced=False, extra=b"", filters=(0, 1, 2, 3, 4)):
    width, height = size
    rows = b""
    for x, y, step_x, step_y in PASSES if interlaced else ((0, 0, 1, 1),):
        columns = -(-(width - x) // step_x)
        for row in range(y, height if columns > 0 else 0, step_y):
            length = -(-columns * CHANNELS[kind] * depth // 8)
            # Small numbers, since a palette has no more.
            body = bytes((row * 7 + i * 5) % (2 if kind == 3 else 251) for i in range(length))
            rows += bytes([filters[row % len(filters)]]) + body
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(range(0, 240, 5))) if kind == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + extra +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def images():
    grey, colour, quarter, inks = ((1, 1),), ((1, 1),) * 3, ((2, 2), (1, 1), (1, 1)), ((1, 1),) * 4
    yield "jpeg-grey", jpeg(grey)
    yield "jpeg-444", jpeg(colour)
    yield "jpeg-420", jpeg(quarter, (33, 17))
    yield "jpeg-422-restart", jpeg(((2, 1), (1, 1), (1, 1)), (50, 20), restart=2)
    yield "jpeg-large", jpeg(quarter, (400, 300))
    yield "jpeg-cmyk", jpeg(inks)
    yield "jpeg-cmyk-adobe", jpeg(inks, before=adobe(0))
    yield "jpeg-ycck-adobe", jpeg(inks, before=adobe(2))
    yield "jpeg-rgb-adobe", jpeg(colour, before=adobe(0))
    yield "jpeg-progressive", jpeg(colour, progressive=True)
    yield "jpeg-progressive-grey", jpeg(grey, (70, 70), progressive=True)
    for orientation in (2, 5, 6):
        yield f"jpeg-turned-{orientation}", jpeg(colour, before=exif(">", orientation))
    many = exif(">", 6).replace(b"\0\1\1\x12", b"\xff\xff\1\x13")
    yield "jpeg-exif-of-many-tags", jpeg(grey, before=many)
    yield "jpeg-turned-little-8", jpeg(grey, before=exif("<", 8))
    whole = jpeg(colour, before=exif("<", 3))
    yield "jpeg-cut", whole[:-9]
    yield "jpeg-no-end", whole[:-2]
    yield "jpeg-header-only", whole[:40]
    yield "jpeg-huge", jpeg(colour).replace(struct.pack(">HH", 16, 24), b"\xff\xdc\xff\xdc")
    yield "jpeg-scans", jpeg(grey, progressive=True)[:-2] + jpeg(grey, progressive=True)[-15:] * 70

    yield "png-rgb", png(2, 8)
    yield "png-rgb-16", png(2, 16)
    yield "png-rgb-interlaced", png(2, 8, interlaced=True)
    yield "png-rgb-key", png(2, 8, extra=chunk(b"tRNS", struct.pack(">HHH", 0, 5, 10)))
    yield "png-rgba", png(6, 8)
    yield "png-rgba-16-interlaced", png(6, 16, interlaced=True)
    yield "png-grey-1", png(0, 1)
    yield "png-grey-16-key", png(0, 16, extra=chunk(b"tRNS", b"\0\5"))
    yield "png-grey-alpha", png(4, 8)
    yield "png-palette", png(3, 8)
    yield "png-palette-1-alpha", png(3, 1, extra=chunk(b"tRNS", b"\x80\0"))
    yield "png-large", png(6, 8, (200, 150), filters=(0,))
    yield "png-text", png(2, 8, extra=chunk(b"tEXt", b"k\0v") + chunk(b"gAMA", b"\0\0\xb1\x8f"))
    yield "png-cut", png(2, 8)[:-20]
    huge = struct.pack(">IIBBBBB", 0x7fffffff, 0x7fffffff, 8, 2, 0, 0, 0)
    yield "png-huge", png(2, 8)[:8] + chunk(b"IHDR", huge) + chunk(b"IDAT", b"")
    bad = bytearray(png(2, 8))
    bad[20] ^= 1
    yield "png-bad-checksum", bytes(bad)
    yield "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    yield "text", b"neither of the two\n"


def ppms():
    def frame(width, height):
        return f"P6\n{width} {height}\n255\n".encode() + bytes(3 * width * height)

    whole = bytes([255]), bytes([0])
    yield "one", whole[0] + frame(3, 2)
    yield "two-by-single-bytes", whole[1] + frame(3, 2) + frame(2, 5)
    yield "wide", whole[0] + frame(960, 1)
    yield "high", whole[0] + frame(1, 960)
    yield "too-wide", whole[0] + frame(961, 1)
    yield "cut-in-pixels", whole[0] + frame(3, 2)[:-1]
    yield "cut-in-header", whole[1] + frame(3, 2)[:6]
    yield "nothing", whole[0]
    yield "zero-wide", whole[0] + b"P6\n0 1\n255\n"
    yield "sixteen-bits", whole[0] + b"P6\n1 1\n65535\n" + bytes(6)
    yield "long-number", whole[0] + b"P6\n0000000000000000001 1\n255\n" + bytes(3)
    yield "comment", whole[0] + b"P6\n# comment\n1 1\n255\n" + bytes(3)
    yield "grey", whole[0] + b"P5\n1 1\n255\n" + bytes(1)


def number(name, *shape):
    """A constant of that shape with small, different numbers."""
    count = int(np.prod(shape, dtype=np.int64))
    values = (np.arange(count, dtype=np.float32) % 7 - 3) / 8
    return numpy_helper.from_array(values.reshape(shape), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model(nodes, constants=(), inputs=(("x", (1, 4, 8, 8)),), outputs=("y",), opset=11):
    def port(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(nodes, "", [port(*i) for i in inputs],
                              [port(name, None) for name in outputs], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.producer_name = ""
    return made.SerializeToString(deterministic=True)


def node(operator, inputs="x", output="y", **attributes):
    return helper.make_node(operator, inputs.split(" "), [output], **attributes)


def operators():
    """A small model of each operator that is handled."""
    yield "conv", model([node("Conv", "x w b", pads=[1, 1, 1, 1], strides=[2, 2])],
                        [number("w", 6, 4, 3, 3), number("b", 6)])
    yield "conv-grouped", model([node("Conv", "x w", group=4, dilations=[2, 2])],
                                [number("w", 4, 1, 3, 3)])
    yield "conv-auto-pad", model([node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2])],
                                 [number("w", 2, 4, 3, 3)])
    yield "prelu", model([node("PRelu", "x s")], [number("s", 4, 1, 1)])
    yield "relu-sigmoid", model([node("Relu", "x", "a"), node("Sigmoid", "a")])
    yield "clip-attributes", model([node("Clip", min=0.0, max=6.0)], opset=7)
    yield "clip-inputs", model([node("Clip", "x  m")], [number("m")])
    yield "arithmetic", model([node("Sub", "x a", "b"), node("Mul", "b c", "d"),
                               node("Add", "d x")], [number("a", 1, 4, 1, 1), number("c", 1)])
    yield "pools", model([node("MaxPool", "x", "a", kernel_shape=[2, 2], strides=[2, 2]),
                          node("AveragePool", "a", "b", kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                               count_include_pad=1),
                          node("GlobalAveragePool", "b")])
    yield "pad", model([node("Pad", "x p v")], [integers("p", 0, 0, 1, 1, 0, 4, 1, 1),
                                                number("v")])
    yield "pad-attributes", model([node("Pad", pads=[0, 0, 1, 0, 0, 0, 1, 0])], opset=7)
    yield "resize", model([node("Resize", "x  s", mode="nearest", nearest_mode="floor",
                                coordinate_transformation_mode="asymmetric")],
                          [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "s")])
    yield "batch-norm", model([node("BatchNormalization", "x g b m v")],
                              [number(name, 4) for name in "gbm"] +
                              [numpy_helper.from_array(np.ones(4, np.float32), "v")])
    yield "gemm", model([node("Flatten", "x", "f"), node("Gemm", "f w b", transB=1, alpha=0.5)],
                        [number("w", 3, 256), number("b", 3)])
    yield "matmul", model([node("Reshape", "x t", "f"), node("MatMul", "f w")],
                          [integers("t", 1, -1), number("w", 256, 3)])
    yield "transpose-softmax", model([node("Transpose", "x", "a", perm=[0, 2, 3, 1]),
                                      node("Softmax", "a", axis=3)])
    constant = node("Constant", value=number("", 1, 4, 1, 8), output="c")
    constant.ClearField("input")
    yield "constant-concat", model([constant, node("Concat", "x c x", axis=2)])


def folds():
    """Chains that fold.c rewrites."""
    norm = [number(name, 4) for name in "gbm"]
    norm += [numpy_helper.from_array(np.ones(4, np.float32), "v")]
    yield "fold-conv-norm-relu", model(
        [node("Conv", "x w", "a"), node("BatchNormalization", "a g b m v", "n"),
         node("Relu", "n")], [number("w", 4, 4, 1, 1)] + norm)
    yield "fold-residual", model(
        [node("Conv", "x w", "a"), node("PRelu", "a s", "p"), node("Conv", "p w", "c"),
         node("Add", "c p", "d"), node("Clip", "d", min=0.0, max=6.0)],
        [number("w", 4, 4, 1, 1), numpy_helper.from_array(np.ones((1, 1, 1), np.float32), "s")],
        opset=7)
    yield "fold-input", model(
        [node("Sub", "x m", "a"), node("Mul", "a s", "b"), node("Conv", "b w")],
        [number("m", 1), number("s", 4, 1, 1), number("w", 4, 4, 3, 3)])
    yield "fold-gemm-norm", model(
        [node("Gemm", "x w c", "a"), node("BatchNormalization", "a g b m v", "n"),
         node("Mul", "n k")], [number("w", 5, 4), number("c", 4), number("k", 1, 4)] + norm,
        [("x", (2, 5))])
    yield "fold-other-rank", model(
        [node("Conv", "x w", "a"), node("Add", "a k", "b"), node("Mul", "b k")],
        [number("w", 4, 4, 1, 1), number("k", 1, 1, 1, 1, 1)])


def nested(depth):
    """A graph in an attribute of a graph, and so on: the shape of If and Loop."""
    graph = helper.make_graph([], "", [], [])
    for _ in range(depth):
        outer = helper.make_node("If", [], [])
        outer.attribute.add(name="then_branch", type=AttributeProto.GRAPH).g.CopyFrom(graph)
        graph = helper.make_graph([outer], "", [], [])
    return helper.make_model(graph).SerializeToString(deterministic=True)


def broken():
    whole = model([node("Conv", "x w")], [number("w", 2, 4, 3, 3)])
    yield "bad-cut", whole[:len(whole) // 2]
    yield "bad-cycle", model([node("Add", "x b", "a"), node("Relu", "a", "b"),
                              node("Relu", "b")])
    yield "bad-output-twice", model([node("Relu"), node("Sigmoid")])
    yield "bad-operator", model([node("Loop")])
    yield "bad-huge-input", model([node("Relu")], inputs=[("x", (1, 1 << 40, 1 << 40, 8))])
    yield "bad-negative-input", model([node("Relu")], inputs=[("x", (1, -4, 8, 8))])
    huge = number("w", 1)
    huge.dims[:] = [1 << 24, 1 << 24, 1 << 24]
    yield "bad-huge-constant", model([node("Add", "x w")], [huge])
    negative = number("w", 1)
    negative.dims[:] = [-1]
    yield "bad-negative-constant", model([node("Add", "x w")], [negative])
    yield "bad-reshape", model([node("Reshape", "x t")], [integers("t", -1, -1, 1 << 60)])
    yield "bad-group", model([node("Conv", "x w", group=0)], [number("w", 2, 4, 3, 3)])
    yield "bad-omitted-concat", model([node("Concat", "x ", axis=1)])
    yield "bad-empty-constant", model([node("PRelu", "x s")], [number("s", 0)],
                                      inputs=[("x", (1, 4, 1, 1))])
    elsewhere = number("w", 1)
    elsewhere.external_data.add(key="location", value="/etc/hostname")
    yield "bad-external", model([node("Add", "x w")], [elsewhere])
    endless = numpy_helper.from_array(np.array([np.inf], np.float32), "w")
    yield "bad-infinite", model([node("Add", "x w")], [endless])
    yield "bad-nested", nested(100)
    yield "bad-text", b"not a model\n"


def onnxes():
    yield from operators()
    yield from folds()
    yield from broken()


def csvs():
    """The first byte: a third of it is how much one read gives, its rest by 3 the encoding."""
    table = "id,name,town\n1,张三,\"东,西\"\n2,\"say \"\"x\"\"\",c\n"
    for name, data in {
        "plain": b"id,name,town\n1,a,b\n2,c,d\n",
        "crlf": table.replace("\n", "\r\n").encode(),
        "mark": b"\xef\xbb\xbf" + table.encode(),
        "gb18030": table.replace("三", "𠮷").replace("name", "姓名").encode("gb18030"),
        "gb18030-mark": "\ufeffid\n张\n".encode("gb18030"),
        "utf-16": table.encode("utf-16"),
        "tab": b"id\textra\t\tname\n1\t2\t3\t4\n",
        "semicolon": b"\n\nid;name\n;;\n1;2\n",
        "fields": b"id,name\n1\n1,2,3\n\n,\n4,5",
        "open-quote": b'id,name\n1,"a\n2,b\n3,"c"\n4,"d\n',
        "stray-quote": b'id,name\n"1"x,2\n3,4"5\n"6\n7",8\n',
        "stray-cr": b"id,name\n1,a\rb\n2,c\r",
        "nul": b"id,name\n1,a\0b\n2,c\n",
        "bad-bytes": b"id,name\n1,\xff\n2,\xe5\xbc\xa0\n",
        "lone-lead": b"id,name\n1,\xd5\n\xd5,2\n",
        "header-only": b"id",
        "no-column": b"name,town\n1,2\n",
        "twice": b"id,id\n1,2\n",
    }.items():
        first = {"lone-lead": 2, "gb18030": 30}.get(name, 255 if len(data) % 2 else 0)
        yield name, bytes([first]) + data
    yield "wide", b"\xff" + b"id" + b"," * 511 + b"\n1" + b"," * 511 + b"\n2" + b"," * 600 + b"\n"


def documents():
    """The first byte is the kind of the table in identity/document.h."""
    for name, kind, text in [
        ("citizen", 0, "11010519491231002X"),
        ("citizen-wrong", 1, "110105194912310021"),
        ("fifteen", 0, "110105 491231 002"),
        ("wide", 0, "１１０１０５１９４９１２３１－００２ｘ"),
        ("excel", 1, '="34052419800101001X"'),
        ("residence", 1, "810000199408230021"),
        ("foreign", 0, "932682198501010017"),
        ("foreign-old", 5, "CAN110000000001"),
        ("permit", 0, "H0123456702"),
        ("permit-short", 3, "M0123"),
        ("taiwan", 4, "01234567"),
        ("passport", 6, "USA\nC01234567"),
        ("issuer", 0, "USSR\nC01234567"),
        ("card", 7, "AB-12/34"),
        ("chinese", 0, "无"),
        ("long", 0, "1" * 40),
        ("reference", 0, "P7940"),
        ("reference-x", 0, "p 79-x"),
        ("area", 0, "370100"),
        ("village", 0, "370102001000"),
    ]:
        yield name, bytes([kind]) + text.encode()


def templates():
    def blob(photographs, *models):
        head = b"JZT\1" + bytes([photographs, len(models)])
        for name, version, dims in models:
            head += bytes([len(name)]) + name + bytes([len(version)]) + version
            head += struct.pack("<H", dims)
        values = b""
        for photograph in range(photographs):
            for _, _, dims in models:
                numbers = [(i * 7919 + photograph * 31) % 65535 - 32767 for i in range(dims)]
                numbers[photograph % dims] = -32767
                values += struct.pack(f"<{dims}h", *numbers)
        return head + values

    yield "one", blob(1, (b"first", b"2018", 16))
    yield "fused", blob(1, (b"first", b"2018", 16), (b"second", b"a91b", 8))
    yield "full-size", blob(1, (b"first", b"2018", 256), (b"second", b"a91b", 128))
    yield "eight", blob(8, (b"first", b"2018", 5), (b"second", b"a91b", 1))
    yield "long-names", blob(2, (b"n" * 31, b"v" * 31, 3))
    yield "nine", blob(9, (b"first", b"2018", 2))
    yield "no-photograph", blob(0, (b"first", b"2018", 2))
    yield "no-embedding", blob(1)
    yield "name-too-long", blob(1, (b"n" * 32, b"2018", 2))
    yield "name-empty", blob(1, (b"", b"2018", 2))
    yield "name-with-nul", blob(1, (b"a\0b", b"2018", 2))
    yield "dims-zero", blob(0, (b"first", b"2018", 0)).replace(b"\1\0\1", b"\1\1\1", 1)
    yield "dims-257", blob(1, (b"first", b"2018", 257))
    yield "cut", blob(1, (b"first", b"2018", 16))[:-3]
    yield "longer", blob(1, (b"first", b"2018", 16)) + b"\0"
    yield "not-scaled", blob(1, (b"first", b"2018", 2))[:-4] + b"\1\0\2\0"
    yield "below-range", blob(1, (b"first", b"2018", 2))[:-2] + b"\0\x80"
    yield "next-version", blob(1, (b"first", b"2018", 2)).replace(b"JZT\1", b"JZT\2")


def cards():
    """Responses of a social security card, each behind its length, as bridge/ssse.c asks."""
    done, withheld, no_record = b"\x90\0", b"\x69\x82", b"\x6a\x83"

    def record(tag, value):
        return bytes([tag, len(value)]) + value + done

    def tape(*responses):
        return b"".join(bytes([len(response)]) + response for response in responses)

    def card(name="王试用", number=b"34052419800101001X", extension=None):
        name = name.encode("gb18030")
        return [done, done, record(7, b"A12345678"), record(5, b"\x20\x19\x05\x01"),
                record(6, b"\x20\x29\x04\x30"), done, record(8, number),
                record(9, name[:30].ljust(30, b"\0")),
                no_record if extension is None else record(0x4e, extension.ljust(20, b"\0"))]

    good = card()
    yield "version-1", tape(*good)
    yield "version-2", tape(*card(extension=b""))
    yield "long-name", tape(*card("试" * 15, extension="用".encode("gb18030")))
    yield "rare-name", tape(*card("李𬭎"))
    yield "old-number", tape(*card(number=b"340524800101001\0\0\0"))
    yield "wrong-number", tape(*card(number=b"340524198001010011"))
    yield "passport", tape(*card(number=b"USA C01234567"))
    yield "withheld", tape(*good[:6], withheld, withheld, withheld)
    yield "closed-files", tape(done, withheld, withheld)
    yield "steps", tape(b"\x61\x13", b"\x6f\x11" + b"\0" * 17 + done, done, b"\x6c\x0b",
                        *good[2:])
    yield "more-and-more", tape(*[b"\x61\x02"] * 5)
    yield "wrong-length-for-ever", tape(done, done, *[b"\x6c\x0b"] * 5)
    yield "other-card", tape(b"\x6a\x82")
    yield "removed", tape(*good[:4])
    yield "cut-value", tape(*good[:2], good[2][:5] + done)
    yield "cut-head", tape(*good[:2], b"\x07" + done)
    yield "no-status", tape(*good[:2], b"\x90")
    yield "empty", tape(*good[:2], b"")
    yield "other-record", tape(*good[:2], good[3])
    yield "bad-name", tape(*good[:7], record(9, b"\xff\x81\x80"), no_record)
    yield "escape-in-name", tape(*good[:7], record(9, b"a\x1bb"), no_record)
    yield "nul-in-number", tape(*good[:6], record(8, b"3405\x0024"))
    yield "blank-card", tape(done, done, *[record(tag, b"\xff" * 9) for tag in (7, 5, 6)])
    yield "full-name", tape(*good[:7], record(9, b"a" * 255)[:255])


def answers():
    """The first byte is what was asked: 0 probe, 1 read."""
    card = ('{"card":{"kind":"social_card","card_number":"A12345678","name":"王试用","document":'
            '{"kind":"citizen_id","number":"340524198001010011","warnings":["wrong_check"]},'
            '"valid_from":"2019-05-01","valid_until":"2029-04-30"}}')
    for name, asked, text in [
        ("card", 1, card),
        ("card-line", 1, card + "\r\nand more\n"),
        ("withheld", 1, '{"card":{"kind":"social_card","withheld":true}}'),
        ("passport", 1, '{"card":{"kind":"passport","document":{"kind":"passport",'
                        '"number":"C01234567","issuer":"USA"}}}'),
        ("escapes", 1, '{"card":{"kind":"citizen_id","name":"\\u738b\\ud86d\\udf4e","document":'
                       '{"kind":"unknown","number":"x/-1"}}}'),
        ("error", 1, '{"error":"no_card"}'),
        ("readers", 0, '{"readers":[{"name":"ACS ACR39U 00 00","card":true},{"name":"读卡"}]}'),
        ("no-readers", 0, '{"readers":[]}'),
        ("bad-question", 0, card),
        ("bad-cut", 1, card[:-9]),
        ("bad-key", 1, '{"card":{"kind":"social_card","card_number":"1","colour":"red"}}'),
        ("bad-twice", 1, '{"error":"no_card","error":"no_card"}'),
        ("bad-error", 1, '{"error":"busy"}'),
        ("bad-nul", 1, '{"error":"no_card\\u0000"}'),
        ("bad-empty", 1, ""),
        ("bad-kind", 1, '{"card":{"kind":"unknown"}}'),
        ("bad-date", 1, '{"card":{"kind":"social_card","withheld":true,"valid_from":"2019"}}'),
        ("bad-name", 1, '{"card":{"kind":"social_card","withheld":true,"name":"\\n"}}'),
        ("bad-many", 0, '{"readers":[' + ",".join(['{"name":"x"}'] * 17) + ']}'),
        ("bad-nested", 1, '{"card":' * 900 + "1" + "}" * 900),
        ("bad-long", 1, '{"error":"' + "x" * 8192 + '"}'),
    ]:
        yield name, bytes([asked]) + text.encode()
    yield "bad-utf8", b"\1" + b'{"error":"\xff"}'


def typed():
    for name, text in [
        ("name", "王秀英"), ("dots", "阿依古丽·买买提•吐尔逊"), ("latin", "Mary-Ann O’Neil"),
        ("wide", "ＭＡＲＹ　ａｎｎ"), ("rare", "𠮷田"), ("nothing", " · "),
        ("mobile", "138-1234 1234"), ("mainland", "+86 (138) 1234.1234"),
        ("wide-mobile", "１３８１２３４１２３４"), ("abroad", "+852 9123 4567"),
        ("line", "010-12345678"), ("longest", "+123456789012345"),
    ]:
        yield name, text.encode()
    yield "cut", b"\xe7\x8e"
    yield "controls", b"a\nb"


def joses():
    """A key set, a line feed, a token: the examples of RFC 7515 and RFC 8037, and changed ones."""
    okp = ('{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}')
    ec = ('{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
          '"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","use":"sig","kid":"a"}')
    rsa = '{"kty":"RSA","e":"AQAB","n":"' + "_" * 340 + '8A"}'
    eddsa = ("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7"
             "-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
    es256 = ("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
             "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5dj"
             "xLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
    sealed = ("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiYXBwLnNkIn0..ZGVmZ2hpamtsbW5v."
              "MzmwBxSMdKQchdFjPcLqFclzJHc.WUD8hN3Z6xUYTODEkB79OQ")
    for name, keys, token in [
        ("eddsa", okp, eddsa), ("es256", ec, es256), ("rs256", rsa, eddsa.replace("FZERTQ", "SUzI1N")),
        ("several", f"{okp},{ec},{{}},7", es256), ("sealed", okp, sealed),
        ("short", okp, eddsa[:-4]), ("parts", okp, "a.b.c.d"), ("empty", "", "..."),
        ("none", okp, "eyJhbGciOiJub25lIn0.e30."),
    ]:
        yield name, f'{{"keys":[{keys}]}}\n{token}'.encode()
    yield "no-keys", b"\n" + eddsa.encode()


def stencils():
    for name, escape, text, value in [
        ("json", 1, '{"to":"{{to}}","text":"{{text}}"}', 'a"b\\c\n王'),
        ("url", 2, "to={{to}}&text={{text}}&id={{id}}", "a&b=c 王"),
        ("xml", 3, "<m to='{{to}}'>{{text}}</m>", "<&>\"'"),
        ("header", 0, "X: Bearer {{secret}}", "a b"), ("header-broken", 0, "X: {{to}}", "a\r\nY: b"),
        ("open", 1, "{{to", ""), ("unknown", 1, "{{who}}", ""), ("braces", 1, "{ {to}} }", "x"),
        ("many", 1, "{{to}}" * 63, "x"), ("too-many", 1, "{{to}}" * 64, "x"),
    ]:
        yield name, bytes([escape]) + text.encode() + b"\0" + value.encode()


def claims():
    launch = ('{"iss":"app","aud":"service","jti":"0123456789abcdef","iat":1000,"exp":1060,'
              '"name":"王秀英","document":"11010519491231002X","document_kind":"citizen_id"}')
    token = '{"iss":"i","sub":"s","aud":"c","exp":1100,"iat":990,"nonce":"n","doc":"H01234567",' \
            '"kind":"hmt_permit","name":"陈大文"}'
    for name, text in [
        ("launch", launch), ("launch-passport", launch.replace("11010519491231002X", "C01234567")
                             .replace("citizen_id", 'passport","issuer":"USA')),
        ("launch-twice", launch.replace('"iat"', '"jti":"x","iat"')),
        ("launch-times", launch.replace("1060", "1e3")), ("launch-kind", launch.replace("citizen", "x")),
        ("token", token), ("token-list", token.replace('"c"', '["c","d"],"azp":"c"')),
        ("token-01", token.replace("H01234567", "11010519491231002X").replace("hmt_permit", "01")),
        ("token-late", token.replace("1100", "100")), ("list", "[]"), ("deep", "[" * 3000),
        ("nul", '{"iss":"i\\u0000"}'), ("empty", ""),
    ]:
        yield name, text.encode()


def main():
    for target, seeds in {"image": images(), "ppm": ppms(), "onnx": onnxes(), "csv": csvs(),
                          "document": documents(), "template": templates(), "card": cards(),
                          "answer": answers(), "typed": typed(), "jose": joses(),
                          "stencil": stencils(), "claims": claims()}.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds:
            (folder / name).write_bytes(data)
            assert len(data) < 20000, name


if __name__ == "__main__":
    main()
