#!/bin/bash
# Policies and cases as a person types them: check, show, eval, bench. Prints "ok NAME" and
# "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"

country=$root/policy/country
presets=$root/policy/presets

expect "what ships is in order" 0 "policies are in order" "$program" policy check "$country" "$presets"
expect "one file" 0 "1 policy is in order" "$program" policy check "$country/employee.yaml"
expect "which policies?" 2 "which files or folders" "$program" policy check
expect "missing file" 1 "nowhere.yaml" "$program" policy check "$work/nowhere.yaml"
expect "empty folder" 1 "holds no policy" "$program" policy check "$work"
expect "the same file twice" 1 "is already there in" \
    "$program" policy check "$country/other.yaml" "$country/other.yaml"
expect "unknown policy command" 2 "there are check, show" "$program" policy frobnicate

sed -e 's/kind: outlet/kind: outlett/' -e 's/, basis: RID-13}$/}/' "$country/other.yaml" \
    >"$work/bad.yaml"
expect "fault with file, line and key" 1 "/bad.yaml:28: accept[3].kind: 'outlett'" \
    "$program" policy check "$work/bad.yaml"
expect "document without a basis" 1 "the key 'basis' is missing" \
    "$program" policy check "$work/bad.yaml"
expect "complaints are counted" 1 "complaints" "$program" policy check "$work/bad.yaml"
sed '/^  reason:/d' "$presets/campaign.yaml" >"$work/bad.yaml"
expect "campaign without a reason" 1 "campaign: the key 'reason' is missing" \
    "$program" policy check "$work/bad.yaml"

expect "show says it in words" 0 "due: 12 months after the last certification" \
    "$program" policy show "$country/resident.yaml"
expect "show says it in Chinese" 0 "城乡居民基本养老保险" "$program" policy show "$country/resident.yaml"
expect "show names the basis" 0 "[RSB-2019-84]" "$program" policy show "$country/resident.yaml"
expect "show the one in force" 0 "by-region-city, version 1" "$program" policy show \
    --region 990601 --scheme employee --on 2026-11-25 "$country" "$presets"
expect "the province around it" 0 "by-region, version 1" "$program" policy show \
    --region 990602 --scheme employee --on 2026-11-25 "$country" "$presets"
expect "before it was in force" 0 "country-employee, version 1" "$program" policy show \
    --region 990601 --scheme employee --on 2024-12-31 "$country" "$presets"
expect "another scheme there" 0 "by-scheme, version 1" "$program" policy show \
    --region 990601 --scheme resident --on 2026-11-25 "$country" "$presets"
expect "nothing in force" 1 "none of these covers" "$program" policy show \
    --region 990601 --scheme employee --on 2001-01-01 "$country"
expect "region of five digits" 2 "six digits" \
    "$program" policy show --region 37010 --scheme employee "$country"
expect "scheme unknown" 2 "--scheme wants" "$program" policy show --scheme army "$country"
expect "day unknown" 2 "is no day" \
    "$program" policy show --scheme employee --on yesterday "$country"
json "show as JSON" "len(answers) == 7 and all(a['documents']['proxy'][0]['basis'] for a in answers)
    and {s for a in answers for s in a['applies']['schemes']} == {'employee', 'institution',
    'resident', 'land', 'work_injury', 'survivor', 'other'}" \
    "$program" policy show --json "$country"

case_of() {
    printf '{"policy":{"cycle":{"kind":"calendar_year"},"accept":[{"kind":"counter"}]},"person":%s,' \
        '{"benefit_from":"2020-06-01"}'
    printf '"on":"%s","evidence":[{"id":"a","kind":"counter","observed_on":"2024-05-06"}]}\n' "$1"
}
{
    case_of 2024-06-01
    echo '{"policy":'
    echo
    case_of 2026-06-01
    head -c 1100000 /dev/zero | tr '\0' x
    echo
    case_of 2024-05-05 | tr -d '\n'
} >"$work/in"
expect "eval goes on after bad lines" 1 '"line":2' "$program" eval <"$work/in"
json "eval answers line by line" "[a.get('standing') for a in answers] ==
    ['current', None, 'lapsed', None, 'lapsed'] and answers[0] == {'due_on': '2025-12-31',
    'grace_until': '2025-12-31', 'standing': 'current', 'hold_from': '2026-01', 'decided_by': 'a',
    'counted': ['a']} and answers[1]['error']['code'] == 'bad_format' and
    answers[3]['error']['line'] == 5 and answers[3]['error']['code'] == 'too_large' and
    answers[4]['decided_by'] is None and answers[4]['counted'] == []" "$program" eval <"$work/in"
expect "eval of good lines" 0 '"standing":"current"' "$program" eval < <(case_of 2024-06-01)
if [ -z "$("$program" eval)" ]; then
    echo "ok eval of nothing says nothing"
else
    echo "not ok eval of nothing says nothing"
    failed=1
fi
expect "eval takes no words" 2 "one word too many" "$program" eval cases.jsonl

# An answer comes before the next question is asked.
coproc asked { "$program" eval; }
case_of 2024-06-01 >&"${asked[1]}"
if read -r -t 20 line <&"${asked[0]}" && [[ $line == *'"current"'* ]]; then
    echo "ok eval answers at once"
else
    echo "not ok eval answers at once: no answer within 20 seconds"
    failed=1
fi
exec {asked[1]}>&-
wait "$asked_PID"

json "bench" "answers[0]['standings_per_s'] > 0 and answers[0]['finds_per_s'] > 0 and
    answers[0]['cases_per_s'] > 0" "$program" bench policy --json --runs 3
exit $failed
