#!/bin/bash
# The program as a person types it: help, wrong usage, missing and broken files, and, where the
# models and photographs are, the real answers. Prints "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
data=${JIANZAI_DATA:-$root/../shared/data}

expect "help" 0 "jianzai face compare" "$program" --help
expect "version" 0 "jianzai " "$program" --version
expect "nothing said" 2 "jianzai face" "$program"
expect "unknown command" 2 "'frobnicate' is not a command" "$program" frobnicate
expect "unknown face command" 2 "there are detect, quality" "$program" face frobnicate
expect "unknown option" 2 "--frobnicate" "$program" face detect --frobnicate x.jpg
expect "option of another command" 2 "'--challenge' is not an option of it" \
    "$program" face detect --challenge blink x.jpg
expect "option without value" 2 "--models wants a value" "$program" face detect --models
expect "value out of range" 2 "'7' is out of range: a number, 1e-09 to 0.5" "$program" face compare --fmr 7 a.jpg b.jpg
expect "help of a command" 0 "--matcher" "$program" face compare --help
expect "no pictures" 2 "something is missing" "$program" face detect
expect "one picture to compare" 2 "something is missing" "$program" face compare a.jpg
expect "how many people" 2 "--count N" "$program" fake people
expect "people of nowhere" 2 "no region" "$program" fake people --count 1 --region 99
expect "people of no day" 2 "is no day" "$program" fake people --count 1 --on 2026-02-30
expect "fewer than none" 2 "out of range" "$program" fake people --count -1
expect "people" 0 "document,document_kind" "$program" fake people --count 2 --on 2026-10-01
expect "people in Chinese" 0 "证件号码,证件类型" "$program" fake people --count 2 --chinese
if [ "$("$program" fake people --count 500 --on 2026-10-01 --chinese --gb18030 |
    iconv -f GB18030 -t UTF-8 | sha256sum)" = \
    "$("$program" fake people --count 500 --on 2026-10-01 --chinese | sha256sum)" ]; then
    echo "ok people in GB18030"
else
    echo "not ok people in GB18030: not the same as in UTF-8"
    failed=1
fi
expect "liveness without a clip" 2 "--frames are both needed" "$program" face liveness --challenge ""
expect "word too many" 2 "one word too many" "$program" models now

# Models that are missing or wrong: the file, the reason, what to type.
mkdir "$work/none" "$work/wrong" "$work/broken"
cp "$root/models/manifest.yaml" "$work/none/"
cp "$root/models/manifest.yaml" "$work/wrong/"
echo "not a network" >"$work/wrong/face_detection_yunet_2023mar.onnx"
sed 's/^default_matcher: .*/default_matcher: nobody/' "$root/models/manifest.yaml" \
    >"$work/broken/manifest.yaml"
expect "missing model named" 2 "face_detection_yunet_2023mar.onnx is missing" \
    "$program" face detect --models "$work/none" x.jpg
expect "missing model: what to type" 2 "tools/get-models" \
    "$program" face detect --models "$work/none" x.jpg
expect "wrong model refused" 2 "has SHA-256" "$program" face detect --models "$work/wrong" x.jpg
expect "models lists the missing" 1 "missing" "$program" models --models "$work/none"
expect "models shows both sums" 1 "wants" "$program" models --models "$work/wrong"
expect "manifest with a wrong name" 2 "'nobody' is not listed" \
    "$program" models --models "$work/broken"
printf 'version: 1\nmodels: 7\n' >"$work/broken/manifest.yaml"
expect "manifest of another shape" 2 "manifest.yaml" "$program" models --models "$work/broken"
expect "no manifest" 2 "manifest.yaml" "$program" models --models "$work"
: >"$work/broken/manifest.yaml"
expect "an empty manifest" 2 "is empty" "$program" models --models "$work/broken"
json "models as JSON" "len(answers) == 6 and all(a['state'] == 'missing' for a in answers)" \
    "$program" models --json --models "$work/none"

if ! "$program" models >/dev/null 2>&1; then
    echo "skip answers of the networks: the models are not installed"
    exit $failed
fi

expect "models intact" 0 "intact" "$program" models
expect "missing picture" 2 "nowhere.jpg" "$program" face detect "$work/nowhere.jpg"
echo "hello" >"$work/text.jpg"
expect "text instead of a picture" 2 "text.jpg" "$program" face quality "$work/text.jpg"
expect "folder instead of a picture" 2 "is a folder" "$program" face detect "$work"
expect "unknown matcher" 2 "--matcher nobody" \
    "$program" face compare --matcher nobody "$work/text.jpg" "$work/text.jpg"
expect "unknown action" 2 "'wink' is no action" \
    "$program" face liveness --challenge blink,wink --frames "$work/text.jpg"
expect "list with a wrong line" 2 "list.tsv:2" bash -c \
    "printf 'a\tb\t1\nc\td\n' >'$work/list.tsv'; '$program' face pairs --root '$work' '$work/list.tsv'"

if [ ! -d "$data/colour" ] || [ ! -d "$data/phone" ] || [ ! -d "$data/video" ]; then
    echo "skip answers about real photographs: $data is not there"
    exit $failed
fi

mapfile -t man < <(find "$data/colour" -mindepth 2 -name '*.jpg' | sort)
last=${man[${#man[@]} - 1]}
json "detect" "len(answers[0]['faces']) == 1 and len(answers[0]['faces'][0]['points']) == 5 and
 abs(answers[0]['faces'][0]['yaw_deg']) < 45" "$program" face detect --json "${man[0]}"
json "quality of a good photograph" "answers[0]['usable'] and answers[0]['reasons'] == []" \
    "$program" face quality --json "$data/phone/person1_selfie.jpg"
json "bad file among good ones" "len(answers) == 2" \
    "$program" face quality --json "${man[0]}" "$work/text.jpg" "${man[1]}"
expect "bad file named" 2 "text.jpg" "$program" face quality "${man[0]}" "$work/text.jpg"
json "same man" "answers[0]['match'] and answers[0]['score'] > answers[0]['threshold']" \
    "$program" face compare --json "${man[0]}" "${man[1]}"
expect "same man, exit status" 0 "same person" "$program" face compare "${man[0]}" "${man[1]}"
expect "another man, exit status" 1 "not the same person" \
    "$program" face compare "${man[0]}" "$last"
json "stricter rate, higher threshold" "answers[0]['threshold'] > 0.4 and answers[0]['fmr'] < 2e-4" \
    "$program" face compare --json --fmr 1e-4 "${man[0]}" "${man[1]}"
expect "stricter than measured" 2 "stricter than anything measured" \
    "$program" face compare --fmr 1e-7 "${man[0]}" "${man[1]}"
json "embedding says its model" "answers[0]['embeddings'][0]['model'] == 'reid0095' and
 len(answers[0]['embeddings'][0]['values']) == 256" \
    "$program" face embed --json --matcher reid0095 "${man[0]}"
json "the same picture gives the same template" "answers[0]['embeddings'] == answers[1]['embeddings']" \
    "$program" face embed --json "${man[0]}" "${man[0]}"
json "live clip" "answers[0]['live'] and answers[0]['frames'] > 5" \
    "$program" face spoof --json "$data/phone/person4_live.mov"
json "screen replay" "not answers[0]['live'] and 'not_live' in answers[0]['reasons']" \
    "$program" face spoof --json "$data/video/subject1_screen.mp4"
expect "screen replay, exit status" 1 "not accepted as live" \
    "$program" face spoof "$data/video/subject1_screen.mp4"
json "challenge passed" "answers[0]['passed'] and answers[0]['same_person'] and
 [e['action'] for e in answers[0]['events']][:3] == ['turn_left', 'turn_right', 'nod']" \
    "$program" face liveness --json --challenge turn_left,turn_right,nod \
    --frames "$data/phone/person4_live.mov"
json "challenge in another order" "not answers[0]['passed'] and
 answers[0]['reasons'] == ['wrong_action']" \
    "$program" face liveness --json --challenge turn_right,turn_left,nod \
    --frames "$data/phone/person4_live.mov"
json "challenge unfinished" "answers[0]['reasons'] == ['unfinished']" \
    "$program" face liveness --json --challenge turn_left,turn_right,nod,mouth_open \
    --frames "$data/phone/person4_live.mov"
json "selfie and clip are one person" "answers[0]['match']" \
    "$program" face compare --json "$data/phone/person2_selfie.jpg" "$data/phone/person2_live.mov"
json "selfie and another's clip are not" "not answers[0]['match']" \
    "$program" face compare --json "$data/phone/person2_selfie.jpg" "$data/phone/person3_live.mp4"
mkdir "$work/frames"
for i in 1 2 3; do cp "${man[0]}" "$work/frames/$i.jpg"; done
json "a folder has ten frames a second" "[a['t_ms'] for a in answers[:3]] == [0, 100, 200]" \
    "$program" face liveness --json --trace --challenge "" --frames "$work/frames"
json "unless another rate is said" "[a['t_ms'] for a in answers[:3]] == [0, 40, 80]" \
    "$program" face liveness --json --trace --challenge "" --fps 25 --frames "$work/frames"
expect "picture drawn" 0 "" bash -c \
    "'$program' face compare --draw '$work/x.jpg' '${man[0]}' '${man[1]}' && test -s '$work/x.jpg'"
for i in 0 1 2 3 4 5 6 7 8 9; do
    printf '%s\t%s\t1\n%s\t%s\t0\n' "${man[$i]#"$data"/colour/}" "${man[$((i == 0 ? 10 : 0))]#"$data"/colour/}" \
        "${man[$i]#"$data"/colour/}" "${last#"$data"/colour/}"
done >"$work/pairs.tsv"
json "pairs" "answers[0]['pairs'] == 20 and answers[0]['accuracy'] >= 0.9 and
 answers[0]['no_face'] == 0" \
    "$program" face pairs --json --root "$data/colour" --fold-lines 10 "$work/pairs.tsv"
exit $failed
