#!/usr/bin/python3
"""Checks that the includes of src/ point down docs/architecture.md's list of rooms. Prints TAP.

Only src/ is held to it: tests and fuzz targets may include anything.
"""

import os
import pathlib
import re
import sys
import tempfile

# The rooms each room may include besides itself, lowest room first.
ALLOWED = {
    "base": "",
    "crypto": "base",
    "identity": "base",
    "policy": "base crypto identity",
    "nn": "base",
    "face": "base crypto nn",
    "store": "base crypto identity policy",
    "audit": "base crypto identity policy store",
    "receipt": "base crypto identity policy",
    "ledger": "base crypto identity policy face store audit receipt",
    "notify": "base crypto identity policy store audit ledger",
    "account": "base crypto identity policy store audit ledger notify",
    "http": "base crypto identity policy face store audit ledger receipt notify account",
    "cli": "base crypto identity policy nn face store audit ledger receipt notify account http",
}
ALLOWED = {room: set(allowed.split()) for room, allowed in ALLOWED.items()}

# Headers of libraries that one room hides from all others.
KEPT = [
    (re.compile(r"openssl/"), "crypto"),
    (re.compile(r"p11-kit/|.*pkcs11\.h$"), "crypto"),
    (re.compile(r"(oneapi/)?(dnnl/)?dnnl(_\w+)?\.h$"), "nn"),
    (re.compile(r"onnx/|protobuf-c/"), "nn"),
    (re.compile(r"sqlite3\.h$|libpq-fe\.h$"), "store"),
    (re.compile(r"curl/"), "notify"),
    (re.compile(r"argon2\.h$"), "crypto"),
]

INCLUDE = re.compile(r"\s*#\s*(?:include|include_next|import)\b\s*(.*)")
NAME = re.compile(r'[<"]([^>"]+)[>"]')


def why_bad(src, file, rest):
    """What is wrong with `#include rest` in `file`, a path below `src`; None if nothing is."""
    room = file.parts[0]
    name = NAME.match(rest)
    if not name:
        return "an include by macro cannot be checked"
    name = name.group(1)

    # An include without a room is looked up beside the file first, as the compiler does.
    target = pathlib.PurePath(os.path.normpath(name))
    beside = pathlib.PurePath(os.path.normpath(file.parent / name))
    if (src / beside).is_file():
        target = beside
    for pattern, owner in KEPT:
        if pattern.match(str(target)) and room != owner:
            return f"only {owner} may include it"
    other = target.parts[0] if len(target.parts) > 1 else None
    if other not in ALLOWED or other == room:
        return None
    if other not in ALLOWED[room]:
        return f"{room} may not include {other}"
    if target.name.endswith("_internal.h"):
        return f"it is internal to {other}"
    return None


def check(src):
    """Per room the number of files and the complaints; and the files that lie in no room."""
    seen = {room: 0 for room in ALLOWED}
    bad = {room: [] for room in ALLOWED}
    strays = []
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".c", ".h", ".inc") or not path.is_file():
            continue
        file = path.relative_to(src)
        room = file.parts[0]
        if room not in ALLOWED:
            strays.append(f"src/{file} lies in no room of this test's table")
            continue
        seen[room] += 1
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            include = INCLUDE.match(line)
            if include:
                reason = why_bad(src, file, include.group(1))
                if reason:
                    bad[room].append(f"src/{file}:{number}: {line.strip()}: {reason}")
    return seen, bad, strays


# file, its include, a part of the complaint ("" where the include is right)
CASES = [
    ("crypto/a.c", '"base/b.h"', ""),
    ("crypto/a.c", '"crypto/a_internal.h"', ""),
    ("crypto/a.c", "<openssl/evp.h>", ""),
    ("crypto/a.c", '"a_internal.h"', ""),
    ("face/a.c", '"crypto/a.h"', ""),
    ("nn/a_internal.h", "<dnnl.h>", ""),
    ("nn/a.c", '"onnx/onnx.pb-c.h"', ""),
    ("cli/a.c", '"http/b.h"', ""),
    ("http/deep/a.c", '"store/b.h"', ""),
    ("base/a.c", "<stdio.h>", ""),
    ("base/a.c", '"crypto/b.h"', "base may not include crypto"),
    ("base/a.c", "<crypto/b.h>", "base may not include crypto"),
    ("base/a.c", '"../crypto/b.h"', "base may not include crypto"),
    ("policy/a.c", '"store/b.h"', "policy may not include store"),
    ("policy/a.c", '"http/b.h"', "policy may not include http"),
    ("face/a.h", '"store/b.h"', "face may not include store"),
    ("face/a.h", '"http/b.h"', "face may not include http"),
    ("nn/a.c", '"face/b.h"', "nn may not include face"),
    ("http/a.c", '"cli/b.h"', "http may not include cli"),
    ("http/deep/a.c", '"cli/b.h"', "http may not include cli"),
    ("receipt/a.c", '"store/b.h"', "receipt may not include store"),
    ("face/a.c", '"nn/b_internal.h"', "internal to nn"),
    ("cli/a.c", '"nn/b_internal.h"', "internal to nn"),
    ("face/a.c", '"../nn/b_internal.h"', "internal to nn"),
    ("base/a.c", "<openssl/evp.h>", "only crypto may include it"),
    ("cli/a.c", "<openssl/evp.h>", "only crypto may include it"),
    ("crypto/a.c", "<p11-kit/pkcs11.h>", ""),
    ("store/a.c", "<p11-kit/pkcs11.h>", "only crypto may include it"),
    ("face/a.c", "<dnnl.h>", "only nn may include it"),
    ("face/a.c", "<oneapi/dnnl/dnnl_types.h>", "only nn may include it"),
    ("cli/a.c", '"onnx/onnx.pb-c.h"', "only nn may include it"),
    ("store/a.c", "<sqlite3.h>", ""),
    ("ledger/a.c", "<sqlite3.h>", "only store may include it"),
    ("ledger/a.c", "<libpq-fe.h>", "only store may include it"),
    ("account/a.c", '"notify/b.h"', ""),
    ("account/a.c", '"http/b.h"', "account may not include http"),
    ("notify/a.c", '"account/b.h"', "notify may not include account"),
    ("account/a.c", "<curl/curl.h>", "only notify may include it"),
    ("account/a.c", "<argon2.h>", "only crypto may include it"),
    ("cli/a.c", "SOME_HEADER", "by macro"),
    ("extra/a.c", '"base/b.h"', "src/extra/a.c lies in no room"),
    ("a.c", '"base/b.h"', "src/a.c lies in no room"),
]
SPELLINGS = ["#include {}", "  #  include {} /* why */", "#\tinclude {}"]


def check_case(number, file, include, expected):
    with tempfile.TemporaryDirectory(prefix="include_direction.") as folder:
        src = pathlib.Path(folder)
        for path in ("crypto/a_internal.h", "crypto/b.h", "nn/b_internal.h", file):
            (src / path).parent.mkdir(parents=True, exist_ok=True)
            (src / path).touch()
        spelling = SPELLINGS[number % len(SPELLINGS)]
        (src / file).write_text("/* made up */\n" + spelling.format(include) + "\n")
        _, bad, found = check(src)
        found += [complaint for room in bad.values() for complaint in room]
    if expected:
        return len(found) == 1 and expected in found[0] and f"src/{file}" in found[0], found
    return not found, found


def main():
    results = []
    for number, (file, include, expected) in enumerate(CASES):
        holds, found = check_case(number, file, include, expected)
        verdict = "is refused" if expected else "is allowed"
        results.append((f"made up: {include} in {file} {verdict}",
                        [] if holds else [f"the checker said: {found or 'nothing'}"]))

    root = pathlib.Path(__file__).resolve().parent.parent
    seen, bad, strays = check(root / "src")
    results.append(("src/ has files to check", [] if any(seen.values()) else ["none was found"]))
    results.append(("every file of src/ lies in a room", strays))
    for room, count in seen.items():
        if count:
            results.append((f"the {count} files of src/{room} include only what they may",
                            bad[room]))

    print(f"1..{len(results)}")
    for number, (name, complaints) in enumerate(results, 1):
        print(f"{'not ok' if complaints else 'ok'} {number} - {name}")
        for complaint in complaints:
            print(f"# {complaint}")
    sys.exit(1 if any(complaints for _, complaints in results) else 0)


if __name__ == "__main__":
    main()
