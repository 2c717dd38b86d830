#!/bin/sh
# The built-in hunts: each finds what its hit logs hold and nothing in its near
# misses, all compile, and the list, the matrix and one hunt in full are told.
. "$(dirname "$0")/../lib.sh"

kura hunts --test "$top/sql/hunts/test" >tested 2>tested.err
is 'every hunt passes its own logs' "$?" 0
grep -v '^passed' tested
cat tested.err
is 'none is left out' "$(grep -c '^passed' tested)" \
    "$(find "$top/sql/hunts" -maxdepth 1 -name '*.sql' | wc -l | tr -d ' ')"

kura init -q --zone Asia/Tokyo w 2>/dev/null || kura -q init --zone Asia/Tokyo w
ok 'they compile against a warehouse' kura -C w hunts
ok 'the matrix has a row a stage' test \
    "$(kura -C w hunts --matrix --format csv | sed 1d | wc -l)" = 7
like 'one in full' "$(kura -C w hunts fw-denied-outbound)" 'min_events = '
is 'by stage and table' \
    "$(kura -C w hunts --table firewall --attack T1571 --format csv | grep -c '^fw-denied-outbound,')" 1
must_fail 2 kura -C w hunts --level loud
must_fail 2 kura -C w hunts no-such-hunt
must_fail 2 kura -C w hunts --stage somewhere
# Where a column is missing, the reason names the paragraph that mends it.
# Which columns a section is about stands in its comment `fills:`.
grep -h '^-- needs:' "$top"/sql/hunts/*.sql | sed 's/-- needs://' | tr ', ' '\n\n' |
    grep '\.' | sort -u >needed
while read -r column; do
    grep -qE "^<!-- fills:.* $column " "$top/docs/log-sources.md" || echo "$column"
done <needed >unsaid
is 'docs/log-sources.md says how to log every column that a hunt needs' "$(cat unsaid)" ''
done_testing
