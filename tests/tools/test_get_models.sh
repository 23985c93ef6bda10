#!/bin/sh
# tools/get-models and tools/convert in a temporary checkout without network.
# shellcheck disable=SC2317 # the predicates are called through check()
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
shared=$root/../shared/models
if [ ! -f "$shared/face_detection_yunet_2023mar.onnx" ]; then
    echo "skip get_models: no model files in ../shared/models beside the checkout"
    exit 77
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
export PYTHONDONTWRITEBYTECODE=1
unset JIANZAI_MODELS http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

yunet=face_detection_yunet_2023mar.onnx
reid=face-reidentification-retail-0095
converted="$reid.onnx 2.7_80x80_MiniFASNetV2.onnx 4_0_0_80x80_MiniFASNetV1SE.onnx"
failed=0

# check NAME COMMAND...: the case holds if the command succeeds.
check() {
    name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "not ok $name: $* (exit $status: $(tail -n 2 "$tmp/out" | tr '\n' ' '))"
        failed=1
    fi
}

# fresh: a checkout without models, and a folder $tmp/source with all of them.
fresh() {
    rm -rf "$tmp/checkout" "$tmp/source"
    mkdir -p "$tmp/checkout/models" "$tmp/source"
    cp -R "$root/tools" "$tmp/checkout/"
    # Port 1 on the loopback: closed, so that a forgotten source cannot reach the network.
    sed 's|https://[^/]*/|http://127.0.0.1:1/|' "$root/models/manifest.yaml" \
        >"$tmp/checkout/models/manifest.yaml"
    cp "$shared"/*.onnx "$tmp/source/"
    chmod u+w "$tmp/source"/*
}

run() {
    (cd / && "$tmp/checkout/tools/get-models" "$@") >"$tmp/out" 2>&1
    status=$?
}

said() { grep -qF -- "$1" "$tmp/out"; }
sum() { sha256sum "$1" | cut -d' ' -f1; }
leaves() { [ "$(find "$tmp/checkout/models" -name '.*' | wc -l)" -eq 0 ]; }
count() { [ "$(find "$tmp/checkout/models" -name '*.onnx' | wc -l)" -eq "$1" ]; }
both_sums() { said "$(sum "$1")" && said "$(sum "$shared/$yunet")"; }

flip() {
    byte=$(od -An -tu1 -j1000 -N1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf %03o $((255 - byte)))" | dd of="$1" bs=1 seek=1000 conv=notrunc 2>/dev/null
}

same_as_source() {
    for file in "$tmp/source"/*.onnx; do
        cmp -s "$file" "$tmp/checkout/models/${file##*/}" || return 1
    done
}

fresh
run --from "$tmp/source"
check "fresh install exits 0" [ "$status" -eq 0 ]
check "fresh install copies every model" same_as_source
check "fresh install says so" said "6 models: 0 already there, 6 installed, 0 missing"
check "fresh install leaves no temporary file" leaves

ls -i "$tmp/checkout/models" >"$tmp/before"
run
ls -i "$tmp/checkout/models" >"$tmp/after"
check "second run exits 0 without any source" [ "$status" -eq 0 ]
check "second run does nothing" cmp -s "$tmp/before" "$tmp/after"
check "second run says so" said "6 models: 6 already there, 0 installed, 0 missing"
run --from "$tmp/source" --force
check "--force installs again" said "6 models: 0 already there, 6 installed, 0 missing"
run --force
check "--force without a source keeps what is intact" [ "$status" -eq 0 ]

fresh
flip "$tmp/source/$yunet"
run --from "$tmp/source"
check "a flipped byte: exit 1" [ "$status" -eq 1 ]
check "a flipped byte: both sums" both_sums "$tmp/source/$yunet"
check "a flipped byte: the file named" said "$tmp/source/$yunet is refused"
check "a flipped byte: not installed" [ ! -e "$tmp/checkout/models/$yunet" ]
check "a flipped byte: the others installed" count 5
mkdir "$tmp/good"
cp "$shared/$yunet" "$tmp/good/"
run --from "$tmp/source" --from "$tmp/good"
check "a flipped byte: the next source is tried" [ "$status" -eq 0 ]

flip "$tmp/checkout/models/$yunet"
run
check "a spoilt installed file: exit 1" [ "$status" -eq 1 ]
check "a spoilt installed file: both sums" both_sums "$tmp/checkout/models/$yunet.bad"
check "a spoilt installed file: moved away" [ ! -e "$tmp/checkout/models/$yunet" ]
mv "$tmp/checkout/models/$yunet.bad" "$tmp/checkout/models/$yunet"
JIANZAI_MODELS=$tmp/good
export JIANZAI_MODELS
run
unset JIANZAI_MODELS
check "a spoilt installed file: replaced" cmp -s "$shared/$yunet" "$tmp/checkout/models/$yunet"
check "a spoilt installed file: no .bad beside a good one" \
    [ ! -e "$tmp/checkout/models/$yunet.bad" ]

fresh
for file in $converted; do
    rm "$tmp/source/$file"
done
cp -R "$shared/upstream" "$tmp/source/"
chmod -R u+w "$tmp/source"
run --from "$tmp/source"
check "upstream form: exit 0" [ "$status" -eq 0 ]
for file in $converted; do
    check "upstream form: $file has an accepted sum" \
        grep -qF -- "- $(sum "$tmp/checkout/models/$file")" "$root/models/manifest.yaml"
    check "upstream form: $file is converted" said "$file converted from $tmp/source/upstream"
done
check "upstream form: leaves nothing in the checkout" \
    [ ! -e "$tmp/checkout/tools/convert/__pycache__" ]

rm "$tmp/checkout/models/$reid.onnx"
flip "$tmp/source/upstream/$reid.bin"
run --from "$tmp/source"
check "spoilt upstream form: exit 1" [ "$status" -eq 1 ]
check "spoilt upstream form: the file named" said "$tmp/source/upstream/$reid.bin is refused"

fresh
mkdir "$tmp/shared"
cp -R "$tmp/source" "$tmp/shared/models"
run
rm -r "$tmp/shared"
check "shared/models beside the checkout is found" [ "$status" -eq 0 ]

fresh
touch "$tmp/checkout/models/.get-models.left"
run
check "nothing available: exit 1" [ "$status" -eq 1 ]
check "nothing available: says how to help" \
    said "put $yunet (SHA-256 $(sum "$shared/$yunet")) into $tmp/checkout/models"
missing=0
for file in "$tmp/source"/*.onnx; do
    said "put ${file##*/} (SHA-256 " && missing=$((missing + 1))
done
check "nothing available: names every file" [ "$missing" -eq 6 ]
check "nothing available: nothing written, leftovers swept" leaves
check "nothing available: nothing installed" count 0

run --from "$tmp/absent"
check "a folder that is not there: exit 2" [ "$status" -eq 2 ]
run extra
check "wrong usage: exit 2" [ "$status" -eq 2 ]
echo "models: 7" >"$tmp/checkout/models/manifest.yaml"
run
check "a broken manifest: exit 2" [ "$status" -eq 2 ]

convert() {
    script=$1
    shift
    "$tmp/checkout/tools/convert/$script" "$@" >"$tmp/out" 2>&1
    status=$?
}

head -c 100000 "$shared/upstream/2.7_80x80_MiniFASNetV2.pth" >"$tmp/cut.pth"
convert minifasnet_to_onnx.py "$tmp/cut.pth" "$tmp/cut.onnx"
check "a cut checkpoint: exit 2" [ "$status" -eq 2 ]
check "a cut checkpoint: named" said "$tmp/cut.pth: it ends inside a tensor"
check "a cut checkpoint: nothing written" [ ! -e "$tmp/cut.onnx" ]

# A pickle that would run a command, were it loaded by Python's own unpickler.
printf 'cposix\nsystem\n(S"touch %s"\ntR.' "$tmp/ran" >"$tmp/evil.pth"
convert minifasnet_to_onnx.py "$tmp/evil.pth" "$tmp/evil.onnx"
check "a hostile checkpoint: refused by name" said "posix.system"
check "a hostile checkpoint: did not run" [ ! -e "$tmp/ran" ]

sed 's/type="Sigmoid"/type="HSwish"/' "$shared/upstream/$reid.xml" >"$tmp/other.xml"
convert openvino_to_onnx.py "$tmp/other.xml" "$shared/upstream/$reid.bin" "$tmp/other.onnx"
check "an unknown layer type: exit 2" [ "$status" -eq 2 ]
check "an unknown layer type: named" said "(HSwish) is of a type this converter does not know"

exit "$failed"
