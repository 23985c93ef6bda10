# What the tests of the command line share; sourced. It sets root, program and work, a folder that goes
# with the script, and failed, which the script ends with. Standard input is empty; a call may have one.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
program=${JIANZAI:-$root/build/jianzai}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
exec </dev/null

# expect NAME STATUS TEXT COMMAND...: the exit status, and a text (or "") somewhere in the output.
expect() {
    local name=$1 status=$2 text=$3 got=0
    shift 3
    "$@" >"$work/out" 2>&1 || got=$?
    if [ "$got" != "$status" ]; then
        echo "not ok $name: exit status $got, wanted $status: $(head -c 200 "$work/out" | tr '\n' ' ')"
        failed=1
    elif [ -n "$text" ] && ! grep -qF -- "$text" "$work/out"; then
        echo "not ok $name: no '$text' in: $(head -c 300 "$work/out" | tr '\n' ' ')"
        failed=1
    else
        echo "ok $name"
    fi
}

# json NAME PYTHON COMMAND...: every line of standard output is JSON, and the expression holds for
# the list `answers` of them.
json() {
    local name=$1 expression=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    if why=$(/usr/bin/python3 -c '
import json, sys
answers = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
if not eval("(" + sys.argv[2] + ")"):
    sys.exit("does not hold: " + sys.argv[2] + " for " + str(answers)[:300])
' "$work/out" "$expression" 2>&1); then
        echo "ok $name"
    else
        echo "not ok $name: $(echo "$why" | tail -1)"
        failed=1
    fi
}
