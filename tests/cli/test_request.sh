#!/bin/bash
# Requests, visits, proxies and decisions on cases as a clerk types them, every kind from the asking
# to the end, run rightly and wrongly. Prints "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"

# field NAME: of the last JSON answer in $work/out.
field() {
    /usr/bin/python3 -c '
import json, sys
print(json.loads(open(sys.argv[1]).readlines()[-1])[sys.argv[2]])' "$work/out" "$1"
}

day() {
    TZ=Asia/Shanghai date -d "$1 days" +%F
}

export JIANZAI_DB=$work/register.db JIANZAI_KEYS=$work/register.keys
wang=11010519491231002X li=34052419800101001X
png=$root/fuzz/corpus/attachment/png pdf=$root/fuzz/corpus/attachment/pdf

{
    "$program" db init && "$program" operator add alice --role admin --by alice &&
        "$program" operator add bob --role clerk --by alice
    cat >"$work/policy.yaml" <<'YAML'
id: t-main
version: 1
effective: {from: 2010-01-01}
applies: {region: "", schemes: [employee]}
legal_basis: [{id: A, cite: 身份证法 第十三条}, {id: B, cite: 民法典 第一百六十五条}]
cycle: {kind: rolling_months, months: 12}
accept:
  - {kind: counter}
  - {kind: home_visit}
  - {kind: video_call}
  - {kind: proxy}
  - {kind: materials}
documents:
  home_visit:
    - {doc: resident_id, form: original, basis: A}
  proxy:
    - {doc: proxy_id, form: copy, basis: A}
    - {doc: power_of_attorney, form: original, basis: B}
  materials:
    - one_of:
        - {doc: life_sign, form: photo, basis: B, max_age_days: 3}
        - {doc: village_letter, label: 村委会证明, form: original, basis: B}
YAML
    "$program" policy load "$work/policy.yaml" --by alice
    cat >"$work/people.csv" <<CSV
document,name,region,scheme,benefit_from
$wang,王秀英,370102,employee,2012-01-01
$li,李伟,370102,employee,2015-01-01
CSV
    "$program" person import "$work/people.csv" --by alice
} >"$work/out" 2>&1 || { echo "not ok a register: $(tr '\n' ' ' <"$work/out")"; exit 1; }

# Asking.
expect "no kind" 2 "--kind names no kind of request: (missing)" "$program" request add $wang --by alice
expect "by nobody" 2 "--by" "$program" request add $wang --kind materials
expect "for nobody" 2 "nobody of this document" "$program" request add 110105194912310039 --kind materials --by bob
expect "no field of that name" 2 "has no field 'colour'; it has address, days, phone, reason, place" \
    "$program" request add $wang --kind visit --field colour=red --by bob
expect "a field without a value" 2 "NAME=VALUE" \
    "$program" request add $wang --kind visit --field address --by bob
expect "a field too few" 2 "phone is missing: where to call about the day" \
    "$program" request add $wang --kind visit --field address=历下区 --field "days=$(day 2)" --by bob
expect "a day that is over" 2 "from today to 92 days on" \
    "$program" request add $wang --kind visit --field address=历下区 --field "days=$(day -2)" \
    --field phone=13800138000 --field reason=卧床 --by bob

# A visit.
json "a visit" 'answers[0]["request"] > 0' \
    "$program" request add $wang --kind visit --field address=历下区一号 \
    --field "days=$(day 1),$(day 2)" --field phone=13800138000 --field reason=卧床 \
    --field place=hospital --by bob --json
visit=$(field request)
expect "one visit at a time" 2 "waits already: withdraw it" \
    "$program" request add $wang --kind visit --field address=历下区一号 \
    --field "days=$(day 1)" --field phone=13800138000 --field reason=卧床 --by bob
expect "where to" 0 "历下区一号" "$program" visit show "$visit"
expect "what to ask for" 0 "resident_id 居民身份证, original [身份证法 第十三条]" \
    "$program" visit show "$visit"
expect "no visit yet" 2 "before it has an appointment: assign it first" \
    "$program" visit "done" "$visit" --document resident_id --by bob
expect "no proxy" 2 "is of kind visit: see jianzai request show" "$program" proxy show "$visit"
expect "to nobody" 2 "mallory" "$program" visit assign "$visit" --to mallory --on "$(day 1)" --by alice
expect "on no day" 2 "--on is missing" "$program" visit assign "$visit" --to bob --by alice
expect "assigned" 0 "bob has it, on $(day 1)" \
    "$program" visit assign "$visit" --to bob --on "$(day 1)" --by alice
json "in the list" 'answers[0]["assigned_to"] == "bob" and answers[0]["state"] == "assigned"' \
    "$program" visit list --state assigned --json
expect "without a document" 2 "the policy asks for resident_id (身份证法 第十三条)" \
    "$program" visit "done" "$visit" --by bob
expect "in the future" 2 "lies in the future" \
    "$program" visit "done" "$visit" --document resident_id --on "$(day 1)" --by bob
expect "met" 0 "certified" "$program" visit "done" "$visit" --document resident_id --by bob
expect "met twice" 2 "is done: it cannot become done" \
    "$program" visit "done" "$visit" --document resident_id --by bob
expect "the standing" 0 "current" "$program" standing $wang

json "another visit" 'answers[0]["request"] > 0' \
    "$program" request add $li --kind visit --field address=市中区 --field "days=$(day 1)" \
    --field "phone=138 0013-8000" --field reason=卧床 --by bob --json
visit=$(field request)
expect "one phone for two" 0 "other people with the same phone: 1" \
    "$program" visit show "$visit"
"$program" visit assign "$visit" --to bob --on "$(day 0)" --by alice >/dev/null
expect "not met, and no word why" 2 "--reason is missing" \
    "$program" visit "done" "$visit" --not-met --by bob
expect "not met" 0 "not met" "$program" visit "done" "$visit" --not-met --reason 无人应答 --by bob
expect "not certified by that" 0 "lapsed" "$program" standing $li
expect "what became of it" 0 "无人应答" "$program" visit show "$visit"

# A call.
json "a call" 'answers[0]["request"] > 0' \
    "$program" request add $li --kind video_call --field "days=$(day 1)" --field phone=13800138000 \
    --by bob --json
call=$(field request)
expect "a call on a day" 0 "alice has it" \
    "$program" request assign "$call" --to alice --on "$(day 1)" --by alice
json "a call that was made" \
    'answers[0]["claim"]["outcome"] == "pass" and answers[0]["claim"]["kind"] == "video_call"' \
    "$program" request answer "$call" --accept --by alice --json

# A proxy, with the beacon of yesterday on the paper.
beacon=$("$program" beacon --on "$(day -1)" | awk 'NR == 1 { print $2 }')
expect "a beacon nobody gave" 2 "no beacon that this installation gave" \
    "$program" request add $wang --kind proxy --field name=李伟 --field document=$li \
    --field relation=child --field beacon=K7M-29QX-R4W --by bob
json "a proxy" 'answers[0]["request"] > 0' \
    "$program" request add $wang --kind proxy --field name=李伟 --field document=$li \
    --field relation=child --field "beacon=$beacon" --by bob --json
proxy=$(field request)
expect "a file of another kind" 2 "neither a JPEG nor a PNG picture, nor a PDF" \
    "$program" request attach "$proxy" proxy_id "$work/policy.yaml" --by bob
expect "a document nobody knows" 2 "is no document known here" \
    "$program" request attach "$proxy" love_letter "$png" --by bob
head -c 2200000 /dev/zero >"$work/large"
expect "a file too large" 2 "2097152" "$program" request attach "$proxy" proxy_id "$work/large" --by bob
expect "a file" 0 "proxy_id, image/png" "$program" request attach "$proxy" proxy_id "$png" --by bob
json "what is there and what is not" \
    '[(d["document"], d["basis"], d["there"]) for d in answers[0]["documents"]] == [("proxy_id", "身份证法 第十三条", True), ("power_of_attorney", "民法典 第一百六十五条", False)]' \
    "$program" proxy show "$proxy" --json
json "of which day the paper is" "answers[0]['fields']['beacon_day'] == '$(day -1)'" \
    "$program" proxy show "$proxy" --json
file=$(/usr/bin/python3 -c 'import json, sys
print(json.loads(open(sys.argv[1]).read())["files"][0]["file"])' "$work/out")
expect "the file again" 0 "image/png" "$program" request file "$file" --out "$work/copy"
expect "the same bytes" 0 "same" sh -c "cmp '$png' '$work/copy' && echo same"
expect "for nobody else's eyes" 0 "600" stat -c %a "$work/copy"
expect "never over a file" 2 "$work/copy" "$program" request file "$file" --out "$work/copy"
expect "no answer" 2 "one of --accept and --refuse is needed" "$program" proxy decide "$proxy" --by alice
expect "a document is missing" 2 "power_of_attorney (民法典 第一百六十五条)" \
    "$program" proxy decide "$proxy" --accept --by alice
json "a proxy accepted" \
    "answers[0]['claim']['outcome'] == 'pass' and answers[0]['claim']['kind'] == 'proxy'" \
    "$program" proxy decide "$proxy" --accept --document power_of_attorney --by alice --json
expect "on the day of the paper" 0 "$(day -1)" "$program" evidence list $wang
json "a proxy for another" 'answers[0]["request"] > 0' \
    "$program" request add $li --kind proxy --field name=李伟 --field document=$li \
    --field relation=friend --by bob --json
proxy=$(field request)
expect "a proxy of two" 0 "other people with the same proxy: 1" \
    "$program" proxy show "$proxy"
expect "refused for no reason" 2 "--reason is missing" "$program" proxy decide "$proxy" --refuse --by alice
expect "refused" 0 "refused" "$program" proxy decide "$proxy" --refuse --reason 不是本人签名 --by alice
expect "nothing more to attach" 2 "takes no more files" \
    "$program" request attach "$proxy" proxy_id "$png" --by bob

# Materials.
json "materials" 'answers[0]["request"] > 0' \
    "$program" request add $li --kind materials --by bob --json
materials=$(field request)
expect "either of two" 0 "or village_letter 村委会证明" "$program" request show "$materials"
expect "a letter" 0 "application/pdf" \
    "$program" request attach "$materials" village_letter "$pdf" --by bob
expect "materials accepted" 0 "certified" "$program" request answer "$materials" --accept --by alice

# Corrections.
expect "a number with a wrong digit" 2 "the check digit does not fit" \
    "$program" request add $wang --kind correction --field field=document \
    --field value=110105194912310021 --by bob
json "a correction" 'answers[0]["request"] > 0' \
    "$program" request add $wang --kind correction --field field=name --field value=王秀芳 --by bob --json
correction=$(field request)
expect "corrected" 0 "accepted" "$program" request answer "$correction" --accept --by alice
expect "another name" 0 "王秀芳" "$program" person show $wang
json "a move" 'answers[0]["request"] > 0' \
    "$program" request add $wang --kind residence --field what=long_term --field residence=MAC \
    --field "since=$(day -90)" --by bob --json
move=$(field request)
expect "moved" 0 "accepted" "$program" request answer "$move" --accept --by alice
expect "lives elsewhere" 0 "MAC" "$program" person show $wang
json "the same again" 'answers[0]["request"] > 0' \
    "$program" request add $wang --kind residence --field what=long_term --field residence=MAC \
    --field "since=$(day -90)" --by bob --json
move=$(field request)
expect "known already" 2 "nothing would change" "$program" request answer "$move" --accept --by alice
json "no longer wanted" 'answers[0]["state"] == "withdrawn" and answers[0]["changed_by"] == "bob"' \
    "$program" request withdraw "$move" --by bob --json

# Objections.
json "a decision" 'answers[0]["outcome"] == "pass"' \
    "$program" certify $li --kind counter --by bob --json
decision=$(field decision)
expect "about somebody else's" 2 "no decision and no evidence of this person" \
    "$program" request add $wang --kind objection --field "subject=$decision" --field reason=x --by bob
json "an objection" 'answers[0]["request"] > 0' \
    "$program" request add $li --kind objection --field "subject=$decision" --field reason=不是我 \
    --by bob --json
objection=$(field request)
json "a case" 'answers[0]["opened_case"] > 0' \
    "$program" request answer "$objection" --accept --reason 须核实 --by alice --json
case=$(field opened_case)
expect "what it is about" 0 "counter" "$program" review show "$case"
json "another objection" 'answers[0]["request"] > 0' \
    "$program" request add $li --kind objection --field "subject=$decision" --field reason=是我 \
    --by bob --json
objection=$(field request)
expect "a case closed" 0 "case $case is closed" \
    "$program" request answer "$objection" --accept --closes "$case" --reason 已核实 --by alice
json "no open case" 'answers == []' "$program" review list --open --json
json "the cases in pages" 'len(answers) == 1 and answers[0]["case"] == '"$case" \
    "$program" review list --limit 1 --json
json "the cases behind them" 'answers == []' "$program" review list --after "$case" --json

# Evidence that waits.
json "waits" 'answers[0]["case"] > 0' \
    "$program" evidence add $wang --kind home_visit --on "$(day -1)" --outcome pending --by bob --json
case=$(field case)
expect "documents of a case" 0 "resident_id 居民身份证, original [身份证法 第十三条]" \
    "$program" review show "$case"
expect "decided for no reason" 2 "needs its reason" "$program" review decide "$case" --accept --by alice
expect "decided both ways" 2 "one of --accept and --refuse" \
    "$program" review decide "$case" --accept --refuse --reason x --by alice
expect "decided without a document" 2 "the policy asks for resident_id" \
    "$program" review decide "$case" --accept --reason 属实 --by alice
expect "decided" 0 "home_visit" \
    "$program" review decide "$case" --accept --reason 属实 --document resident_id --by alice
expect "decided twice" 2 "was closed before" \
    "$program" review decide "$case" --refuse --reason 属实 --by alice

# Deletion: no face was taken, but there are files under the same key.
json "a deletion" 'answers[0]["request"] > 0' \
    "$program" request add $wang --kind delete_biometrics --by bob --json
deletion=$(field request)
expect "deleted" 0 "opens any more" "$program" request answer "$deletion" --accept --by alice
expect "no file is left" 2 "was shredded" "$program" request file "$file" --out "$work/gone"

# Lists.
json "the first two" 'len(answers) == 2 and answers[0]["request"] < answers[1]["request"]' \
    "$program" request list --limit 2 --json
last=$(field request)
json "those behind them" "len(answers) == 2 and answers[0]['request'] > $last" \
    "$program" request list --limit 2 --after "$last" --json
json "of one kind" 'set(a["kind"] for a in answers) == {"objection"} and len(answers) == 2' \
    "$program" request list --kind objection --json
json "of one person" 'len(answers) == 2' "$program" visit list --json
json "nothing waits" 'answers == []' "$program" request list --state open --json
expect "of no state" 2 "--state is open" "$program" request list --state lost
expect "of no kind" 2 "--kind names no kind" "$program" request list --kind lost
expect "no number" 2 "is no number of a request" "$program" request show x1
expect "no request" 2 "there is no request 1" "$program" request show 1

json "sound" 'answers[0]["sound"]' "$program" audit verify --json
expect "nothing to rebuild" 0 "every cache is what the facts give" "$program" rebuild --check
exit $failed
