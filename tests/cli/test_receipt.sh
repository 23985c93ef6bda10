#!/bin/bash
# Receipts and proofs as an outsider checks them: with the public key alone. Prints "ok NAME" and
# "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"

vectors=$root/tests/receipt/vectors

verify() { "$program" receipt verify "$@"; }

for suite in international guomi; do
    keys=$vectors/$suite-keys.txt
    text=$(cat "$vectors/$suite-receipt.txt")
    proof=$vectors/$suite-proof.json
    key=$(sed -n 2p "$keys")

    expect "$suite: text typed" 0 "genuine: signed by" verify --key "$keys" "$text"
    expect "$suite: certified until" 0 "certified until  2027-11-25" verify --key "$keys" "$text"
    expect "$suite: by which evidence" 0 \
        "2026-11-25, Face check on a phone or computer (face_remote)" verify --key "$keys" "$text"
    expect "$suite: which benefit" 0 "Employees' basic pension" verify --key "$keys" "$text"
    expect "$suite: number" 0 "number 70227, code " verify --key "$keys" "$text"
    expect "$suite: key typed" 0 "genuine: signed by" verify --key "$key" "$text"
    expect "$suite: text in a file" 0 "genuine: signed by" \
        verify --key "$keys" "$vectors/$suite-receipt.txt"
    expect "$suite: text on standard input" 0 "genuine: signed by" \
        verify --key "$keys" - < <(printf '\n  %s \r\n' "$text")
    expect "$suite: JSON" 0 '"certified_until":"2027-11-25"' verify --json --key "$keys" "$text"
    expect "$suite: proof" 0 "entry 13 of 21, under the root signed for 2026-11-25" \
        verify --key "$keys" "$proof"
    expect "$suite: proof on standard input" 0 "entry 13 of 21" verify --key "$keys" - <"$proof"
    expect "$suite: proof in JSON" 0 '"root":{"size":21,"day":"2026-11-25"}' \
        verify --json --key "$keys" "$proof"

    # One character of the text, one digit of the leaf, of the path, of the signature.
    changed=${text:0:60}$([ "${text:60:1}" = A ] && echo B || echo A)${text:61}
    expect "$suite: changed text" 1 "NOT genuine" verify --key "$keys" "$changed"
    expect "$suite: changed text, JSON" 1 '"genuine":false' verify --json --key "$keys" "$changed"
    expect "$suite: text cut off" 1 "NOT genuine" verify --key "$keys" "${text:0:200}"
    sed 's/3a626568696e64"/3a626568696e65"/' "$proof" >"$work/leaf.json"
    sed 's/"size": 21/"size": 22/' "$proof" >"$work/size.json"
    sed 's/"index": 13/"index": 12/' "$proof" >"$work/index.json"
    sed 's/2026-11-25/2026-11-24/' "$proof" >"$work/day.json"
    head -c 300 "$proof" >"$work/cut.json"
    for what in leaf size index day cut; do
        expect "$suite: proof with another $what" 1 "NOT genuine" \
            verify --key "$keys" "$work/$what.json"
    done
    sed -n 3p "$keys" >"$work/newer-key.txt"
    expect "$suite: another key" 1 "not signed by the key given" \
        verify --key "$work/newer-key.txt" "$text"
    expect "$suite: the key of the root alone is missing" 1 "root is not signed by the key" \
        verify --key "$key" "$proof"
done
expect "another installation" 1 "not signed by the key given" \
    verify --key "$vectors/guomi-keys.txt" "$vectors/international-receipt.txt"

keys=$vectors/international-keys.txt
printf '\211PNG\r\n\032\n' >"$work/picture.png"
printf '%%PDF-1.5\n' >"$work/page.pdf"
: >"$work/empty"
expect "a picture" 2 "pictures and PDF are not read" verify --key "$keys" "$work/picture.png"
expect "a PDF" 2 "pictures and PDF are not read" verify --key "$keys" "$work/page.pdf"
expect "an empty file" 2 "neither the text" verify --key "$keys" "$work/empty"
expect "no such file" 2 "none.txt" verify --key "$keys" "$work/none.txt"
expect "no key" 2 "--key is needed" verify "$vectors/international-receipt.txt"
expect "no such key file" 2 "none.txt" verify --key "$work/none.txt" JZ1:
expect "an empty key file" 2 "holds no key" verify --key "$work/empty" JZ1:
expect "a broken key" 2 "--key" verify --key jianzai-public-key:guomi:AAAA JZ1:
expect "nothing to judge" 2 "something is missing" verify --key "$keys"
expect "two to judge" 2 "is one word too many" verify --key "$keys" JZ1: JZ1:
expect "help" 0 "--key" verify --help
expect "unknown receipt command" 2 "there are show, verify" "$program" receipt frobnicate
expect "listed in the help" 0 "jianzai receipt verify" "$program" --help

exit $failed
