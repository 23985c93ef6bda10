#!/bin/bash
# The commands of operators and persons as a clerk types them. Prints "ok NAME" and "not ok NAME:
# why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
export JIANZAI_DB=$work/register.db JIANZAI_KEYS=$work/register.keys

# refuse NAME TEXT FILE: the text is nowhere in the file.
refuse() {
    if grep -qaF -- "$2" "$3"; then
        echo "not ok $1: '$2' stands in $3"
        failed=1
    else
        echo "ok $1"
    fi
}

cat >"$work/people.csv" <<'CSV'
证件号码,姓名,性别,手机号,地址,参保地,险种,待遇开始日期,月待遇金额,谁知道
11010519491231002X,张秀英,女,10212345678,北京市长安街12号,110105,企业职工,2005-01-01,3210.50,?
34052419800101001X,李伟,男,10287654321,安徽省解放路7号,340524,供养亲属,2010-05-01,900,?
110105194912310021,王芳,女,,,110105,企业职工,2005-01-01,,?
,赵强,男,,,110105,企业职工,2005-01-01,,?
CSV

expect "a database is made" 0 "is ready" "$program" db init
expect "nobody may record yet" 2 "operator add" "$program" person import "$work/people.csv" --by root
expect "the first adds itself as admin only" 2 "administrator" \
    "$program" operator add root --role clerk --by root
expect "the first operator" 0 "root is admin" "$program" operator add root --role admin --by root
expect "a clerk" 0 "li is clerk" \
    "$program" operator add li --role clerk --office 一楼 --region 1101 --by root
expect "a clerk adds nobody" 2 "needs admin" "$program" operator add wang --role clerk --by li
expect "a role that is none" 2 "--role is" "$program" operator add wang --role boss --by root
expect "operators are listed" 0 "1101" "$program" operator list
expect "operators as JSON" 0 '"active":true' "$program" operator list --json

expect "an import with refusals" 1 "2 new people" \
    "$program" person import "$work/people.csv" --by li --errors "$work/errors.csv"
expect "an unknown column is named" 1 "'谁知道' is not known" \
    "$program" person import "$work/people.csv" --by li
expect "the file of errors names line and column" 0 '4,document,"the check digit does not fit' \
    cat "$work/errors.csv"
expect "it is for its owner only" 0 "600" stat -c %a "$work/errors.csv"
expect "a reason takes the wrong check digit" 1 "1 taken with a warning" \
    "$program" person import "$work/people.csv" --by li --override-reason "as in the papers"
expect "all of it is there" 1 "3 there already" \
    "$program" person import "$work/people.csv" --by li --override-reason again
expect "counts as JSON" 1 '"there":2' "$program" person import "$work/people.csv" --by li --json
expect "no such file" 2 "No such file" "$program" person import "$work/none.csv" --by li
expect "no file and nothing to give up" 2 "either a file, or --give-up" "$program" person import --by li
expect "a file and giving up" 2 "either a file, or --give-up" \
    "$program" person import "$work/people.csv" --give-up --by root --reason x
expect "a reason without giving up" 2 "either a file, or --give-up" \
    "$program" person import "$work/people.csv" --by li --reason x
expect "nothing to give up" 2 "no import is unfinished" \
    "$program" person import --give-up --by root --reason "the disk broke"
expect "a clerk gives nothing up" 2 "needs admin" \
    "$program" person import --give-up --by li --reason "the disk broke"
expect "nobody gives up without a reason" 2 "needs a reason" \
    "$program" person import --give-up --by root

# An import that was killed, and whose file is gone.
"$program" fake people --count 60000 >"$work/many.csv"
"$program" person import "$work/many.csv" --by root >/dev/null 2>&1 &
import=$!
for _ in $(seq 1000); do
    "$program" person find 440308199901101512 2>&1 | grep -q unfinished && break
    sleep 0.01
done
kill -9 "$import" 2>/dev/null
wait "$import" 2>/dev/null
rm "$work/many.csv"
expect "an unfinished import bars others" 2 "if it is lost, type: jianzai person import --give-up" \
    "$program" person import "$work/people.csv" --by li --override-reason other
expect "it is given up" 0 "the import of many.csv is given up" \
    "$program" person import --give-up --by root --reason "the disk broke"
expect "the register is sound" 0 "" "$program" rebuild --check
expect "so are the facts" 0 "" "$program" audit verify
expect "others go on" 1 "3 there already" \
    "$program" person import "$work/people.csv" --by li --override-reason other

expect "an encoding that is none" 2 "--encoding" \
    "$program" person import "$work/people.csv" --by li --encoding klingon
refuse "no name in the database" "张秀英" "$JIANZAI_DB"
refuse "no number in the database" "11010519491231002X" "$JIANZAI_DB"

person=$("$program" person find 11010519491231002x)
expect "found by reference" 0 "$person" "$program" person find "$person"
expect "names find nobody" 2 "names are sealed" "$program" person find 张秀英
expect "a number nobody has" 1 "nobody of this document" "$program" person find 513101198201130014
expect "a mistyped reference" 2 "a digit is wrong" "$program" person find P10
expect "a person is shown" 0 "110***********002X" "$program" person show "$person"
expect "with benefit and amount" 0 "3210.50 yuan" "$program" person show 11010519491231002X
expect "shown as JSON" 0 '"amount_fen":321050' "$program" person show "$person" --json
expect "people are listed" 0 "survivor" "$program" person list --scheme survivor
expect "by area" 0 "110105" "$program" person list --region 11 --json
expect "an area that is none" 2 "--region" "$program" person list --region 99
expect "behind somebody" 0 "" "$program" person list --after "$person" --limit 1

expect "a reason is needed" 2 "--reason" "$program" person correct "$person" --name 张秀瑛 --by li
expect "an operator is needed" 2 "--by" \
    "$program" person correct "$person" --name 张秀瑛 --reason typo
expect "a name is corrected" 0 "is corrected" \
    "$program" person correct "$person" --name 张秀瑛 --by li --reason typo
expect "and shown" 0 "张秀瑛" "$program" person show "$person"
expect "a document of somebody else" 2 "belongs to P" \
    "$program" person correct "$person" --document 34052419800101001X --by li --reason typo
expect "a wrong check digit" 2 "check digit" \
    "$program" person correct "$person" --document 513101198201130013 --by li --reason typo
expect "a new document" 0 "is corrected" \
    "$program" person correct "$person" --document 513101198201130014 --by li --reason typo
expect "found by the new one" 0 "$person" "$program" person find 513101198201130014
expect "no longer by the old one" 1 "nobody" "$program" person find 11010519491231002X
expect "care and residence" 0 "is corrected" \
    "$program" person correct "$person" --care "alone;ill" --residence HKG --by li --reason moved
expect "both are shown" 0 '"care":["ill","alone"]' "$program" person show "$person" --json
expect "an operator ends" 0 "li has ended" "$program" operator end li --by root
expect "and corrects no more" 2 "has ended" \
    "$program" person correct "$person" --phone 1 --by li --reason x

exit $failed
