#!/bin/bash
# What the program says when the database or the keyring is not what it should be, and that work
# goes on when the cause is gone. Prints "ok NAME" and "not ok NAME: why".
set -u

# shellcheck source=tests/cli/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
export JIANZAI_DB=$work/register.db JIANZAI_KEYS=$work/keys

# limited KIB COMMAND...: no file may grow beyond that.
limited() {
    (
        trap '' XFSZ
        ulimit -f "$1"
        shift
        exec "$@"
    )
}

expect 'db init' 0 'is ready' "$program" db init
expect 'first operator' 0 'boss is admin' "$program" operator add boss --role admin --by boss
"$program" fake people --count 3000 >"$work/people.csv"

expect 'no keyring' 2 "$work/none" "$program" operator list --keys "$work/none"
"$program" key init "$work/other" >/dev/null
expect 'another keyring' 2 'belongs to the keyring' \
    "$program" operator add clerk --role clerk --by boss --keys "$work/other"
expect 'nothing was written' 0 'boss' "$program" operator list
if "$program" operator list | grep -q clerk; then
    echo "not ok no clerk: there is one"
    failed=1
fi

expect 'a full disk' 2 'register.db: the file has reached the size' \
    limited 600 "$program" person import "$work/people.csv" --by boss
expect 'no damage' 0 'sound' "$program" db check
expect 'audit holds' 0 'facts' "$program" audit verify
expect 'the same file goes on' 0 '0 refused' \
    "$program" person import "$work/people.csv" --by boss
expect 'everybody once' 0 '3000' sqlite3 "$JIANZAI_DB" \
    'SELECT count(*) FROM person WHERE of IS NULL'
expect 'audit still holds' 0 'facts' "$program" audit verify

head -c 100000 /dev/urandom >"$work/noise.db"
expect 'random bytes' 2 'is not an SQLite database' "$program" db check --db "$work/noise.db"
head -c 200000 "$JIANZAI_DB" >"$work/half.db"
expect 'half a file' 2 'is damaged' "$program" operator list --db "$work/half.db"
: >"$work/empty.db"
expect 'an empty file' 2 'jianzai db init' "$program" operator list --db "$work/empty.db"
expect 'no file' 2 'no.db' "$program" operator list --db "$work/no.db"

exit "$failed"
