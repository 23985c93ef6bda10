#!/bin/sh
# How tools/check counts: one made-up test program a case.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
failed=0

# program NAME BODY: a test program.
program() {
    printf '#!/bin/sh\n%s\n' "$2" >"$tmp/$1"
    chmod +x "$tmp/$1"
}

# counts NAME STATUS LINE PROGRAM...: tools/check ends with LINE, once, and with STATUS.
counts() {
    name=$1 status=$2 line=$3
    shift 3
    for one; do
        shift
        set -- "$@" "$tmp/$one"
    done
    "$root/tools/check" "$@" >"$tmp/said" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$status" ] && [ "$(tail -n 1 "$tmp/said")" = "$line" ] &&
        [ "$(grep -c '^[0-9]* passed, [0-9]* failed' "$tmp/said")" -eq 1 ]; then
        echo "ok $name"
    else
        echo "not ok $name: exit $got, $(tail -n 1 "$tmp/said")"
        failed=1
    fi
}

# counts_one NAME STATUS LINE BODY
counts_one() {
    program one "$4"
    counts "$1" "$2" "$3" one
}

said() {
    if grep -qF -- "$2" "$tmp/said"; then
        echo "ok $1"
    else
        echo "not ok $1: no line with: $2"
        failed=1
    fi
}

counts_one "a pass" 0 "1 passed, 0 failed" 'echo ok a'
counts_one "a TAP pass" 0 "2 passed, 0 failed" 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
counts_one "a plan at the end" 0 "2 passed, 0 failed" 'echo ok 1; echo ok 2; echo 1..2'
counts_one "two groups with a plan each" 0 "3 passed, 0 failed" \
    'echo 1..1; echo ok 1; echo 1..2; echo ok 1; echo ok 2'
counts_one "a failure" 1 "1 passed, 1 failed" 'echo ok a; echo "not ok b: why"; exit 1'
said "a failure is named" "/one: b: why"
counts_one "a failure with exit status 0" 1 "1 passed, 1 failed" 'echo ok a; echo not ok b'
counts_one "a failure in a last line without its end" 1 "0 passed, 1 failed" 'printf "not ok b"'
counts_one "output of a failure is shown" 1 "0 passed, 1 failed" \
    'echo "# left is right"; echo "and here" >&2; echo not ok a; exit 1'
said "its standard output" "# left is right"
said "its standard error" "and here"
counts_one "an exit status without a failure" 1 "1 passed, 1 failed" 'echo ok a; exit 3'
said "the exit status is named" "exit status 3"
counts_one "a crash" 1 "1 passed, 1 failed" 'echo ok a; kill -SEGV $$'
counts_one "a crash before the first case" 1 "0 passed, 1 failed" 'kill -ABRT $$'
counts_one "a plan not kept" 1 "1 passed, 1 failed" 'echo 1..3; echo ok 1'
said "the plan is named" "it planned 3 cases and reported 1"
counts_one "more cases than planned" 1 "2 passed, 1 failed" 'echo 1..1; echo ok 1; echo ok 2'
counts_one "a crash with a plan is one failure" 1 "1 passed, 1 failed" \
    'echo 1..3; echo ok 1; kill -SEGV $$'
counts_one "bailing out" 1 "1 passed, 1 failed" 'echo ok 1; echo "Bail out! no disk"'
counts_one "a program that says nothing" 1 "0 passed, 1 failed" 'exit 0'
counts_one "words that only look like reports" 1 "0 passed, 1 failed" \
    'echo okay; echo "  ok 1"; echo "not okay"; echo skipping; echo "ok a" >&2'
counts_one "a skip" 0 "1 passed, 0 failed, 1 skipped" 'echo ok a; echo "skip b: no disk"'
said "a skip is named with its reason" "/one: b: no disk"
counts_one "a TAP skip" 0 "1 passed, 0 failed, 1 skipped" \
    'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b # SKIP no disk"'
said "a TAP skip is named with its reason" "/one: b: no disk"
counts_one "a skip as cmocka writes it" 0 "1 passed, 0 failed, 1 skipped" \
    'echo 1..2; echo "ok 1 - a"; echo "not ok 2 # SKIP b"'
counts_one "exit status 77 beside a pass" 0 "1 passed, 0 failed, 1 skipped" \
    'echo ok a; echo no disk; exit 77'
said "its last line is the reason" "/one: no disk"
counts_one "exit status 77 after a skip is one skip" 1 "0 passed, 0 failed, 1 skipped" \
    'echo "skip a: no disk"; exit 77'
said "only skips are no test run" "No test ran."
counts_one "exit status 77 after a failure" 1 "0 passed, 1 failed" 'echo not ok a; exit 77'
counts_one "a program that skips all" 1 "0 passed, 0 failed, 1 skipped" 'echo "1..0 # SKIP no disk"'
counts_one "an empty plan" 1 "0 passed, 1 failed" 'echo 1..0'
counts_one "no standard input" 0 "1 passed, 0 failed" 'read -r a || echo ok a'
# shellcheck disable=SC2016 # the body is a program
counts_one "an interrupt reaches the program" 0 "1 passed, 0 failed" \
    'trap "echo ok a; exit 0" INT; kill -INT $$; echo not ok a'

program pass 'sleep 0.3; echo ok a; echo ok b'
program fail 'echo ok a; echo not ok b'
program skip 'echo "skip a: no disk"'
counts "several programs" 1 "5 passed, 1 failed, 1 skipped" pass fail skip pass
counts "a program that is not there" 1 "2 passed, 1 failed" pass absent
exit "$failed"
