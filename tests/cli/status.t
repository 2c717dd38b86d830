#!/bin/sh
# kura status: what is loaded, from when to when, what is missing, what was
# rejected.
. "$(dirname "$0")/../lib.sh"

line() { # DAY-OF-DECEMBER-2014 N
    printf '%02d-Dec-2014 01:03:%02d client 192.168.0.5#47000: query: host%d.example.com IN A + (192.0.2.53)\n' "$1" "$2" "$2"
}

kura -q init w
ok "an empty warehouse" kura -C w status
like "says that it is empty" "$(cat ok.err)" "nothing is loaded yet"
is "and prints nothing" "$(cat ok.out)" ""
must_fail 3 kura -C nowhere status
must_fail 2 kura -C w status operand

{ line 10 1; line 10 2; line 11 3; line 15 4; line 20 5; line 20 6; echo odd; } >a.log
line 12 7 >b.log
kura -q -C w ingest a.log b.log 2>/dev/null
kura -C w status >out
like "the heading" "$(head -1 out)" "^table +days +gaps +rows +bytes +first +last +source$"
like "days, gaps, rows, bytes, first, last, source" "$(cat out)" \
    "^dns +4 +7 +6 +$(grep -c . a.log >/dev/null; grep -v odd a.log | wc -c)  2014-12-10T01:03:01Z +2014-12-20T01:03:06Z +$work/a\.log$"
like "the other source" "$(cat out)" "^dns +1 +0 +1 +$(wc -c <b.log)  .*/b\.log$"
like "rejects and their commonest reason" "$(cat out)" "a\.log.* 1 .*no pattern of the format matches"
kura -C w status --gaps >gaps
is "the gaps of a source" "$(grep dns gaps)" \
    "gap  dns       2014-12-12 to 2014-12-14  $work/a.log
gap  dns       2014-12-16 to 2014-12-19  $work/a.log"

# A gap that is filled, a day in two partitions.
{ line 13 1; line 12 2; line 14 3; } >>a.log
kura -q -C w ingest a.log
is "a gap that was filled" "$(kura -C w status --gaps | grep dns)" \
    "gap  dns       2014-12-16 to 2014-12-19  $work/a.log"
like "and its rows" "$(kura -C w status)" "^dns +7 +4 +9 "
like "status needs no permission to write" \
    "$(chmod -R a-w w; kura -C w status 2>&1; chmod -R u+w w)" "^dns +7 +4 +9 "
done_testing
