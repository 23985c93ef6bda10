#!/bin/bash
# The daily beacon as an agency publishes it and as others check it, run rightly and wrongly. Prints
# "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
today=$(TZ=Asia/Shanghai date +%F)
yesterday=$(TZ=Asia/Shanghai date -d yesterday +%F)

for suite in international guomi; do
    export JIANZAI_DB=$work/$suite.db JIANZAI_KEYS=$work/$suite.keys
    "$program" db init --suite $suite >/dev/null 2>&1
    "$program" key public "$JIANZAI_KEYS" >"$work/$suite.public"

    json "$suite: today's" "answers[0]['day'] == '$today' and len(answers[0]['short']) == 12" \
        "$program" beacon --json
    short=$("$program" beacon | awk 'NR == 1 { print $2 }')
    text=$("$program" beacon | tail -1)
    old=$("$program" beacon --on "$yesterday" | awk 'NR == 1 { print $2 }')
    expect "$suite: the same again" 0 "$short" "$program" beacon
    if [ "$short" != "$old" ]; then echo "ok $suite: another every day"; else
        echo "not ok $suite: another every day: $old"
        failed=1
    fi
    expect "$suite: the short form" 0 "genuine: the beacon of $today, 0 days ago" \
        "$program" beacon check "$short"
    expect "$suite: as people write it" 0 "genuine" \
        "$program" beacon check "$(echo "$short" | tr 'A-Z-' 'a-z ')"
    expect "$suite: of the day before" 0 "the beacon of $yesterday, 1 days ago" \
        "$program" beacon check "$old"
    expect "$suite: the text" 0 "genuine" "$program" beacon check "$text"
    expect "$suite: without a register" 0 "genuine" \
        env JIANZAI_DB=/nowhere JIANZAI_KEYS=/nowhere \
        "$program" beacon check "$text" --key "$work/$suite.public"
    expect "$suite: of the wrong day" 1 "the beacon of $yesterday, not of $today" \
        "$program" beacon check "$old" --on "$today"
    expect "$suite: of the right day" 0 "genuine" "$program" beacon check "$old" --on "$yesterday"
    expect "$suite: a changed text" 1 "NOT accepted" "$program" beacon check "${text/$today/$yesterday}"
    expect "$suite: a changed text, without a register" 1 "NOT accepted" \
        "$program" beacon check "${text/$today/$yesterday}" --key "$work/$suite.public"
    expect "$suite: a text cut short" 1 "cut short" "$program" beacon check "${text%?????}"
    expect "$suite: mistyped" 1 "a character of the beacon is wrong" \
        "$program" beacon check "$(echo "$short" | tr '23456789' '34567892' | tr 'A-Y' 'B-Z' | tr 'OI' 'PJ')"
    expect "$suite: no beacon at all" 1 "ten letters and digits" "$program" beacon check hello
done
JIANZAI_DB=$work/international.db JIANZAI_KEYS=$work/international.keys
expect "of another installation" 1 "another installation" "$program" beacon check "$text"
expect "of another installation, in short" 1 "no beacon that this installation gave" \
    "$program" beacon check "$short"
expect "of another installation, by keys" 1 "none of the keys" \
    "$program" beacon check "$text" --key "$work/international.public"
expect "the short form needs the register" 2 "the whole text is needed" \
    "$program" beacon check "$short" --key "$work/guomi.public"
expect "of tomorrow" 2 "before that day" "$program" beacon --on 2999-01-01
expect "of long ago" 2 "no further" "$program" beacon --on 2000-01-01
expect "keys that are not there" 2 "nowhere" "$program" beacon check "$text" --key "$work/nowhere"
expect "two words" 2 "'check'" "$program" beacon verify "$short"
json "an answer for programs" "answers[0]['genuine'] is False and 'why' in answers[0]" \
    "$program" beacon check hello --json
exit $failed
