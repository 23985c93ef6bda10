#!/bin/bash
# Consents and calling apps as clerks and administrators type them, run rightly and wrongly. Prints
# "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"

export JIANZAI_DB=$work/register.db JIANZAI_KEYS=$work/register.keys
wang=11010519491231002X

{
    "$program" db init && "$program" operator add alice --role admin --by alice &&
        "$program" operator add bob --role clerk --by alice
    printf 'document,name,region,scheme,benefit_from\n%s,王秀英,370102,employee,2012-01-01\n' \
        "$wang" >"$work/people.csv"
    "$program" person import "$work/people.csv" --by alice
} >"$work/out" 2>&1 || { echo "not ok a register: $(tr '\n' ' ' <"$work/out")"; exit 1; }

# Consents.
expect "nobody was asked yet" 0 "never asked" "$program" consent show "$wang"
json "and JSON says so with no line" "answers == []" "$program" consent show "$wang" --json
expect "a consent has a version" 2 "version of the text" "$program" consent give "$wang" --by bob
expect "somebody answers for it" 2 "--by OPERATOR" "$program" consent give "$wang" --version 1
expect "a stranger does not" 2 "no operator 'eve'" \
    "$program" consent give "$wang" --version 1 --by eve
expect "a language is one of three" 2 "zh-Hant or en" \
    "$program" consent give "$wang" --version 1 --language fr --by bob
expect "a kind is known" 2 "biometrics" \
    "$program" consent give "$wang" --version 1 --kind dna --by bob
expect "a consent" 0 "the consent is recorded" \
    "$program" consent give "$wang" --version 2026-1 --language zh-Hant --by bob
expect "the same once more" 0 "already" \
    "$program" consent give "$wang" --version 2026-1 --by bob
expect "a withdrawal" 0 "no face is looked at" \
    "$program" consent withdraw "$wang" --version 2026-1 --by bob
json "both are told" "[a['given'] for a in answers] == [False, True] and \
    answers[1]['language'] == 'zh-Hant' and answers[1]['text_version'] == '2026-1' and \
    answers[0]['channel'] == 'counter' and answers[0]['by'] == 'bob'" \
    "$program" consent show "$wang" --json
expect "in words" 0 "withdrawn" "$program" consent show "$wang"
expect "in the history" 0 "consent" "$program" history "$wang"
expect "a person nobody knows" 2 "nobody" "$program" consent show 34052419800101001X

# Calling apps.
expect "no app yet" 0 "no calling app yet" "$program" caller list
expect "an app needs a place for its key" 2 "--out FILE" \
    "$program" caller add app.sd --basis x --by alice
expect "and a basis" 2 "--basis" "$program" caller add app.sd --out "$work/a.jwk" --by alice
expect "and an administrator" 2 "needs admin" \
    "$program" caller add app.sd --basis x --out "$work/a.jwk" --by bob
expect "an app" 0 "may hand people over" \
    "$program" caller add app.sd --basis "协议 2026-1" --out "$work/a.jwk" --by alice
[ "$(stat -c %a "$work/a.jwk")" = 600 ] && echo "ok its key is private" ||
    { echo "not ok its key is private: $(stat -c %a "$work/a.jwk")"; failed=1; }
expect "a key is not written over" 2 "there already" \
    "$program" caller add app.sd --basis x --out "$work/a.jwk" --by alice
expect "a new key" 0 "the old one opens nothing" \
    "$program" caller add app.sd --basis "协议 2026-2" --out "$work/b.jwk" --by alice
json "the list" "len(answers) == 1 and answers[0]['active'] and \
    answers[0]['basis'] == '协议 2026-2'" "$program" caller list --json
if grep -q '"k"' "$work/out"; then
    echo "not ok no key in the list"
    failed=1
fi
expect "a token" 0 "eyJ" "$program" caller token --key "$work/b.jwk" --audience jianzai.example \
    --name 王秀英 --document "$wang"
if grep -qE "$wang|MTEwMTA1" "$work/out"; then
    echo "not ok a token hides whom it names"
    failed=1
fi
expect "a token needs a key" 2 "no key as" "$program" caller token --key "$work/people.csv" \
    --audience x --name 王秀英 --document "$wang"
expect "a token names somebody" 2 "name" "$program" caller token --key "$work/b.jwk" --audience x \
    --name " " --document "$wang"
expect "the end of an app" 0 "app.sd ended" "$program" caller end app.sd --by alice
expect "it ends once" 2 "already" "$program" caller end app.sd --by alice
expect "an app nobody knows" 2 "no calling app" "$program" caller end other --by alice
expect "the list in words" 0 "app.sd: ended" "$program" caller list
# Messages.
expect "a check text of nobody's" 1 "no message with this check text" \
    "$program" message check 13812341234 ABCDEF
json "in JSON" "answers == [{'genuine': False}]" \
    "$program" message check 13812341234 ABCDEF --json
expect "a number is typed" 2 "no mobile number" "$program" message check 138 ABCDEF

expect "the log is sound" 0 "sound" "$program" audit verify
exit "$failed"
