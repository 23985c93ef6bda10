#!/bin/bash
# Roots, witnesses, proofs, receipts, renewed keys and forgetting as an auditor and a clerk type
# them, run rightly and wrongly. Prints "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
data=${JIANZAI_DATA:-$root/../shared/data}
export JIANZAI_DB=$work/register.db JIANZAI_KEYS=$work/keys

{
    "$program" db init
    "$program" operator add boss --role admin --by boss
    "$program" policy load "$root/policy/country" --by boss
    "$program" fake people --count 20 --seed 3 >"$work/people.csv"
    "$program" person import "$work/people.csv" --by boss
} >/dev/null 2>&1
number=$(awk -F, 'NR > 1 && $2 == "citizen_id" && $11 == "employee" { print $1; exit }' \
    "$work/people.csv")
person=$("$program" person find "$number")
"$program" key public "$work/keys" >"$work/public"

expect "no witness without a root" 2 "root" "$program" audit witness
expect "no receipt yet" 2 "receipt" "$program" receipt show "$person"
json "certified" "answers[0]['outcome'] == 'pass' and answers[0]['receipt']" \
    "$program" certify "$person" --kind counter --by boss --document resident_id --json
code=$(sed -n 's/.*"receipt": *"\([^"]*\)".*/\1/p' "$work/out")

expect "no proof without a root" 2 "root" "$program" audit prove "$code" --out "$work/proof"
expect "a root of tomorrow" 2 "future" "$program" audit root --day 2999-01-01
expect "a root" 0 "facts" "$program" audit root
expect "listed" 0 "facts" "$program" audit roots
expect "a proof" 0 "stands in the log" "$program" audit prove "$code" --out "$work/proof"
expect "a proof holds outside" 0 "genuine" \
    "$program" receipt verify --key "$work/public" "$work/proof"
expect "a proof of nothing" 2 "receipt" "$program" audit prove AAAAA-AAAAA --out "$work/none"
"$program" audit witness >"$work/witness" 2>/dev/null
expect "the log continues what a witness saw" 0 "the log continues" "$program" audit check-witness "$work/witness"
sed 's/[0-9]/7/20' "$work/witness" >"$work/forged"
expect "a forged witness" 1 "signature" "$program" audit check-witness "$work/forged"

expect "the receipt" 0 "$code" "$program" receipt show "$person"
expect "of that code, as a page" 0 "$code" \
    "$program" receipt show "$code" --pdf "$work/r.pdf" --png "$work/r.png"
if head -c 5 "$work/r.pdf" | grep -q '%PDF-' && [ -s "$work/r.png" ]; then
    echo "ok both pages are there"
else
    echo "not ok both pages are there: no PDF or no PNG"
    failed=1
fi

expect "a new key to find people by" 0 "version 2" "$program" key rotate lookup "$work/keys"
expect "found by the old one" 0 "$person" "$program" person find "$number"
expect "renewed" 0 "version 2" "$program" key renew
expect "found by the new one" 0 "$person" "$program" person find "$number"

expect "forgetting without a reason" 2 "reason" "$program" person forget "$person" --by boss
expect "nothing to forget" 2 "no templates" "$program" person forget "$person" --reason "asked" --by boss
json "sound" "answers[0]['sound'] and answers[0]['roots'] == 1" "$program" audit verify --json

if ! "$program" models >/dev/null 2>&1 || [ ! -d "$data/phone" ]; then
    echo "skip forgetting a face: the models or the photographs are not installed"
    exit $failed
fi
expect "enrolled" 0 "enrolled" "$program" enrol "$person" "$data/phone/person1_selfie.jpg" --by boss
expect "forgotten" 0 "opens any more" "$program" person forget "$person" --reason "asked for it" --by boss \
    --out "$work/shred"
expect "the statement is genuine" 0 "genuine" \
    "$program" person forget --check "$work/shred" --key "$work/public"
sed 's/asked for it/asked for at/' "$work/shred" >"$work/shred-changed"
expect "a changed one is not" 1 "signature" \
    "$program" person forget --check "$work/shred-changed" --key "$work/public"
json "no face is left" "not answers[0]['enrolled']" "$program" standing "$person" --json
json "still sound" "answers[0]['sound']" "$program" audit verify --json
exit $failed
