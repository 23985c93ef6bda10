#!/bin/bash
# Sources, data matches, employers' lists, evidence, deaths and cases as a clerk types them, run
# rightly and wrongly. Prints "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"

# field NAME: of the last JSON answer in $work/out.
field() {
    /usr/bin/python3 -c '
import json, sys
print(json.loads(open(sys.argv[1]).readlines()[-1])[sys.argv[2]])' "$work/out" "$1"
}

# Nobody's number and nobody's name in what was printed.
keeps_quiet() {
    if grep -qE '11010519491231002X|34052419800101001X|王秀英|李伟' "$work/out"; then
        echo "not ok $1: $(grep -E '110105|340524|王|李' "$work/out" | head -1)"
        failed=1
    else
        echo "ok $1"
    fi
}

days_ago() {
    TZ=Asia/Shanghai date -d "$1 days ago" +%F
}

export JIANZAI_DB=$work/register.db JIANZAI_KEYS=$work/register.keys
wang=11010519491231002X li=34052419800101001X

{
    "$program" db init && "$program" operator add alice --role admin --by alice
    cat >"$work/policy.yaml" <<'YAML'
id: t-main
version: 1
effective: {from: 2010-01-01}
applies: {region: "", schemes: [employee]}
legal_basis: [{id: L, cite: 社会保险法 第七十三条}]
cycle: {kind: rolling_months, months: 12}
accept:
  - {kind: counter}
  - {kind: data_match, months: 6}
  - {kind: unit_list}
  - {kind: materials}
documents:
  unit_list:
    - {doc: unit_list, form: original, basis: L}
  materials:
    - {doc: newspaper_photo, form: photo, basis: L, max_age_days: 3}
YAML
    "$program" policy load "$work/policy.yaml" --by alice
    cat >"$work/people.csv" <<CSV
document,name,region,scheme,benefit_from,managed_by,unit
$wang,王秀英,370102,employee,2012-01-01,unit,红星机械厂
$li,李伟,370102,employee,2015-01-01,community,
CSV
    "$program" person import "$work/people.csv" --by alice
} >"$work/out" 2>&1 || { echo "not ok a register: $(tr '\n' ' ' <"$work/out")"; exit 1; }

# Sources.
expect "no source yet" 0 "no source yet" "$program" source list
expect "source without a basis" 2 "legal basis of the source is missing" \
    "$program" source add 医院 --kind data_match --trust decide --by alice
expect "source without an operator" 2 "operator of the source is missing" \
    "$program" source add 医院 --kind data_match --trust decide --basis 协议
expect "source of an unknown operator" 2 "mallory" \
    "$program" source add 医院 --kind data_match --trust decide --basis 协议 --by mallory
expect "source of no kind" 2 "'frobnicate' is no kind" \
    "$program" source add 医院 --kind frobnicate --trust decide --basis 协议 --by alice
expect "source" 0 "source 医院 added: data_match, trust decide" \
    "$program" source add 医院 --kind data_match --trust decide --basis 协议 --by alice
expect "source of hints" 0 "trust review" \
    "$program" source add 电信 --kind data_match --trust review --basis 协议 --by alice
expect "source of deaths" 0 "added: death" \
    "$program" source add 民政 --kind death --trust decide --basis 协议 --by alice
json "sources as JSON" \
    '[a["trust"] for a in answers if a["name"] == "电信"] == ["review"] and len(answers) == 3' \
    "$program" source list --json

# Data matches.
match=$work/match.csv
printf '证件号码,姓名,发生日期,流水号\n%s,王秀英,%s,1\n%s,李强,%s,2\n' \
    $wang "$(days_ago 3)" $li "$(days_ago 3)" >"$match"
expect "match without a source" 2 "--source is missing" "$program" data-match import "$match" --by alice
expect "match of an unknown source" 2 "there is no source '边检'" \
    "$program" data-match import "$match" --source 边检 --by alice
expect "match by nobody" 2 "--by is missing" "$program" data-match import "$match" --source 医院
expect "match without a file" 2 "nowhere.csv" \
    "$program" data-match import "$work/nowhere.csv" --source 医院 --by alice
expect "verdicts over the file itself" 2 "is the file to be imported" \
    "$program" data-match import "$match" --source 医院 --by alice --verdicts "$match"
expect "match" 1 "1  certified" \
    "$program" data-match import "$match" --source 医院 --by alice --verdicts "$work/verdicts.csv"
keeps_quiet "match names nobody"
expect "verdicts" 0 "refused,name,identity_differs" cat "$work/verdicts.csv"
keeps_quiet "verdicts name nobody"
json "the same file again" \
    'answers[0]["again"] and answers[0]["verdicts"]["taken_before"] == 1 and answers[0]["verdicts"]["certified"] == 0' \
    "$program" data-match import "$match" --source 医院 --by alice --json
expect "standing" 0 "current" "$program" standing $wang

# Evidence.
json "evidence" \
    'answers[0]["source"] == "医院" and answers[0]["strength"] == "C" and answers[0]["benefits"][0]["counts"] and answers[0]["benefits"][0]["decides"]' \
    "$program" evidence list $wang --json
seen=$(field id)
expect "evidence in words" 0 "counts, carries until" "$program" evidence list $wang
keeps_quiet "evidence names nobody"
expect "evidence of no kind" 2 "--kind names no kind" \
    "$program" evidence add $wang --on "$(days_ago 1)" --outcome pass --by alice
expect "evidence of no outcome" 2 "--outcome is pass, fail or pending" \
    "$program" evidence add $wang --kind counter --on "$(days_ago 1)" --outcome alive --by alice
expect "evidence of no day" 2 "--on is missing" \
    "$program" evidence add $wang --kind counter --outcome pass --by alice
expect "evidence by nobody" 2 "--by is missing" \
    "$program" evidence add $wang --kind counter --on "$(days_ago 1)" --outcome pass
expect "evidence of tomorrow" 2 "lies in the future" \
    "$program" evidence add $wang --kind counter --on "$(days_ago -2)" --outcome pass --by alice
expect "a face by hand" 2 "a face passes when it was compared" \
    "$program" evidence add $wang --kind face_remote --on "$(days_ago 1)" --outcome pass --by alice
expect "correction without a reason" 2 "--of and --reason belong together" \
    "$program" evidence add $wang --kind counter --on "$(days_ago 1)" --outcome pass --by alice --of "$seen"
expect "correction of another's" 2 "is no evidence of this person" \
    "$program" evidence add $li --kind data_match --on "$(days_ago 3)" --outcome fail --by alice \
    --of "$seen" --reason 认错人
expect "correction" 0 "not certified" \
    "$program" evidence add $wang --kind data_match --on "$(days_ago 3)" --outcome fail --by alice \
    --of "$seen" --reason 同名同姓
expect "standing goes back" 0 "lapsed" "$program" standing $wang
expect "what was corrected" 0 "counts for nothing" "$program" evidence list $wang
expect "evidence of a source that only hints" 1 "untrusted_source" \
    "$program" evidence add $wang --kind data_match --on "$(days_ago 2)" --outcome pass --by alice \
    --source 电信
expect "evidence of a source of another kind" 2 "gives no such evidence" \
    "$program" evidence add $wang --kind counter --on "$(days_ago 2)" --outcome pass --by alice \
    --source 电信
json "evidence that waits" 'answers[0]["outcome"] == "pending" and answers[0]["case"] > 0' \
    "$program" evidence add $wang --kind materials --on "$(days_ago 1)" --outcome pending --by alice --json
waits=$(field evidence) case=$(field case)

# Cases.
json "open cases" '[a["kind"] for a in answers] == ["source_hint", "pending_review"]' \
    "$program" review list --open --json
expect "one case" 0 "materials" "$program" review show "$case"
keeps_quiet "a case names nobody"
expect "no such case" 2 "there is no case 1" "$program" review show 1
expect "no number of a case" 2 "is no number of a case" "$program" review show x1
expect "closing without an outcome" 2 "needs its outcome" \
    "$program" review close "$case" --reason 材料齐全 --by alice
expect "closing" 0 "is closed" \
    "$program" review close "$case" --outcome 通过 --reason 材料齐全 --by alice
expect "closing twice" 2 "was closed before, by alice" \
    "$program" review close "$case" --outcome 通过 --reason 材料齐全 --by alice
expect "closing decides nothing" 0 "lapsed" "$program" standing $wang
waited() {
    "$program" evidence add $wang --kind materials --on "$(days_ago 1)" --outcome pass --by alice \
        --of "$waits" --reason 材料齐全 "$@"
}
expect "a newspaper of no such day" 2 "is no day such as" waited --document newspaper_photo@yesterday
expect "what is no document" 2 "names no document" waited --document "newspaper photo"
expect "how old a document may be" 0 "newspaper_photo, photograph, at most 3 days old" \
    "$program" policy explain $wang --documents
json "a newspaper that is too old" \
    'answers[0]["lacking"][0]["reason"] == "document_too_old" and answers[0]["lacking"][0]["max_age_days"] == 3' \
    waited --document "newspaper_photo@$(days_ago 5)" --json
waits=$(field evidence)
expect "a newspaper of no day" 1 "asked for: newspaper_photo 本人手持近日报纸的照片, at most 3 days old" \
    "$program" certify $wang --kind materials --on "$(days_ago 1)" --by alice --document newspaper_photo
expect "the evidence that waited" 0 "certified" waited --document "newspaper_photo@$(days_ago 4)"
expect "now it counts" 0 "current" "$program" standing $wang
json "a closed case" \
    'answers[0]["state"] == "closed" and answers[0]["closing"]["reason"] == "材料齐全"' \
    "$program" review show "$case" --json

# Employers' lists.
list=$work/list.csv
printf 'document,name,seen_on,status,handler\n%s,王秀英,%s,健在,赵\n%s,李伟,%s,健在,赵\n' \
    $wang "$(days_ago 0)" $li "$(days_ago 0)" >"$list"
expect "list of nobody" 2 "--unit or --area" "$program" unit-list import "$list" --by alice
expect "list without papers" 1 "1  recorded, counts for nothing" \
    "$program" unit-list import "$list" --unit 红星机械厂 --by alice --verdicts "$work/verdicts.csv"
expect "whose retiree is he?" 0 "refused,document,other_unit" cat "$work/verdicts.csv"
sed -i "s/$(days_ago 0)/$(days_ago 1)/" "$list"
expect "list" 1 "1  certified" \
    "$program" unit-list import "$list" --unit 红星机械厂 --by alice --document unit_list

# Deaths.
printf 'document,event_on\n%s,%s\n%s,%s\n' $li "$(days_ago 9)" $wang "$(days_ago 9)" >"$work/dead.csv"
json "deaths" \
    'answers[0]["verdicts"]["death_recorded"] == 1 and answers[0]["verdicts"]["case_opened"] == 1' \
    "$program" data-match import "$work/dead.csv" --source 民政 --by alice --json
expect "the dead are asked for nothing" 0 "a death on $(days_ago 9) is recorded" \
    "$program" standing $li
expect "alive after death" 1 "alive_after_death" \
    "$program" evidence add $li --kind counter --on "$(days_ago 1)" --outcome pass --by alice
json "the history has the death" 'any(a["fact"] == "event" for a in answers)' \
    "$program" history $li --json
death=$(grep '"fact":"event"' "$work/out" | grep -o '"id":[0-9]*' | cut -d: -f2)
expect "death withdrawn for no reason" 2 "--of and --reason belong together" \
    "$program" death withdraw $li --of "$death" --by alice
expect "death that is none withdrawn" 2 "is not the death on record" \
    "$program" death withdraw $li --of "$seen" --reason 误报 --by alice
expect "death of tomorrow" 2 "lies in the future" "$program" death add $wang --on "$(days_ago -2)" --by alice
expect "death withdrawn" 0 "is withdrawn" \
    "$program" death withdraw $li --of "$death" --reason 误报 --by alice
expect "alive again" 0 "lapsed" "$program" standing $li
json "death against a later sign" \
    'not answers[0]["decided"] and answers[0]["reason"] == "signs_after_death" and answers[0]["case"] > 0' \
    "$program" death add $wang --on "$(days_ago 9)" --by alice --json
expect "death by hand" 0 "the death is on record" "$program" death add $li --on "$(days_ago 5)" --by alice

expect "source ended" 0 "ended" "$program" source end 医院 --by alice
expect "nothing from a source that ended" 2 "ended" \
    "$program" data-match import "$match" --source 医院 --by alice
expect "unknown command of a group" 2 "there are list, show, decide, close" "$program" review frobnicate

exit $failed
