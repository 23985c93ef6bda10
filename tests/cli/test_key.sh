#!/bin/bash
# jianzai key: keyrings made, rotated and shown, in the clear and, where SoftHSM is, sealed by a
# security module. Prints "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"

# holds NAME COMMAND...: it succeeds.
holds() {
    local name=$1
    shift
    expect "$name" 0 "" "$@"
}

ring=$work/keys.json
expect "help" 0 "jianzai key rotate" "$program" --help
expect "which command" 2 "there are init, rotate, renew, suite, show, public" "$program" key
expect "no file" 2 "init [--suite" "$program" key init
expect "two files" 2 "is one word too many" "$program" key init "$ring" "$ring"
expect "unknown suite" 2 "international and guomi" "$program" key init --suite roman "$ring"
expect "module without token" 2 "--token are both needed" "$program" key init --pkcs11 x.so "$ring"
expect "suite has no meaning" 2 "'--suite' is not an option of it" "$program" key show --suite guomi "$ring"
expect "no keyring yet" 2 "jianzai key init" "$program" key show "$ring"

holds "made" "$program" key init "$ring"
holds "only for its owner" test "$(stat -c %a "$ring")" = 600
expect "not made twice" 2 "is there already" "$program" key init "$ring"
expect "shown" 0 "identity     1  20" "$program" key show "$ring"
expect "its suite" 0 "suite international" "$program" key show "$ring"
expect "unknown purpose" 2 "there are identity, lookup" "$program" key rotate names "$ring"
expect "rotated" 0 "sign is at version 2" "$program" key rotate sign "$ring"
holds "two public keys" bash -c \
    "test \$('$program' key public '$ring' | grep -c '^jianzai-public-key:international:') = 2"
holds "public keys shown too" bash -c \
    "'$program' key show '$ring' | grep -qF \"\$('$program' key public '$ring' | tail -1)\""
expect "suite changed" 0 "suite guomi" "$program" key suite guomi "$ring"
holds "and a third key of it" bash -c \
    "'$program' key public '$ring' | tail -1 | grep -q '^jianzai-public-key:guomi:'"

# Whatever is printed, no key is in it.
sed -n 's/.*"key": "\(.*\)".*/\1/p' "$ring" >"$work/secrets"
holds "secrets are in the file" test "$(wc -l <"$work/secrets")" = 11
for command in "show $ring" "show --json $ring" "public $ring" "rotate log $ring"; do
    # shellcheck disable=SC2086
    if "$program" key $command 2>&1 | grep -qFf "$work/secrets"; then
        echo "not ok no secret in key $command"
        failed=1
    else
        echo "ok no secret in key ${command%% *}"
    fi
done
json "shown as JSON" "answers[0]['suite'] == 'guomi' and
 [v['version'] for v in answers[0]['keys']['sign']] == [1, 2, 3] and
 all(v['public'].startswith('jianzai-public-key:') for v in answers[0]['keys']['sign']) and
 [len(answers[0]['keys'][k]) for k in ('identity', 'lookup', 'biometric', 'log')] == [2, 2, 2, 3]" \
    "$program" key show --json "$ring"

chmod 644 "$ring"
expect "open to others" 2 "type: chmod 600 $ring" "$program" key show "$ring"
expect "not rotated either" 2 "chmod 600" "$program" key rotate log "$ring"
chmod 600 "$ring"
sed 's/"suite": "guomi"/"suite": "roman"/' "$ring" >"$work/spoilt"
chmod 600 "$work/spoilt"
expect "spoilt" 2 "suite 'roman'" "$program" key show "$work/spoilt"
expect "missing module" 2 "nowhere.so" env JIANZAI_PKCS11_PIN=1 \
    "$program" key init --pkcs11 /nowhere.so --token t "$work/none"

module=
for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    [ -f "$file" ] && module=$file
done
if [ -z "$module" ] || ! command -v softhsm2-util >/dev/null; then
    echo "skip keyrings sealed by a security module: SoftHSM is not installed"
    exit $failed
fi

mkdir "$work/tokens"
export SOFTHSM2_CONF=$work/softhsm2.conf
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$work" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label test --so-pin 12345678 --pin 123456 >/dev/null
sealed=$work/sealed.json
hsm=(--pkcs11 "$module" --token test)
expect "PIN missing" 2 "JIANZAI_PKCS11_PIN" "$program" key init "${hsm[@]}" "$sealed"
export JIANZAI_PKCS11_PIN=123456
expect "sealed by a module" 0 "sealed by the security module" \
    "$program" key init "${hsm[@]}" "$sealed"
expect "sealed: nothing to see" 1 "" grep -F identity "$sealed"
expect "sealed: module not named" 2 "name the security module" "$program" key show "$sealed"
expect "sealed: shown" 0 "lookup       1" "$program" key show "${hsm[@]}" "$sealed"
expect "sealed: rotated" 0 "lookup is at version 2" \
    "$program" key rotate "${hsm[@]}" lookup "$sealed"
expect "sealed: wrong PIN" 2 "the PIN is wrong" env JIANZAI_PKCS11_PIN=654321 \
    "$program" key show "${hsm[@]}" "$sealed"
expect "sealed: no such token" 2 "no token 'other'" \
    "$program" key show --pkcs11 "$module" --token other "$sealed"
expect "clear, but a module named" 2 "in the clear" "$program" key show "${hsm[@]}" "$ring"
exit $failed
