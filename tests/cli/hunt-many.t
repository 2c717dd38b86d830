#!/bin/sh
# More findings than are kept: one that is cut off is not told to be gone.  And
# a folder of hunts in which a pipe lies, which nobody writes to.
. "$(dirname "$0")/../lib.sh"

# request N: a line of the proxy's log
request() {
    printf '17357004%02d.123    100 10.1.0.5 TCP_MISS/200 500 GET http://a.example/%d - HIER_DIRECT/192.0.2.9 text/html\n' "$1" "$1"
}
kura -q init w
mkdir -p w/hunts
cat >w/hunts/many.sql <<'EOF'
-- title: Thousands for every line, the last first
-- table: proxy
-- stage: delivery
-- level: low
-- key: n
-- why: {n}
-- evidence: proxy: cs_bytes = :n
-- about: x
-- hit: a.log
-- miss: b.log
WITH RECURSIVE r(n) AS (
    SELECT 1 UNION ALL
    SELECT n + 1 FROM r WHERE n < (SELECT 4000 * count(*) FROM proxy))
SELECT n FROM r ORDER BY n DESC
EOF
many() {
    kura -C w hunt many --from 2025-01-01 --to 2025-01-02 "$@" 2>&1 >out
}
request 1 >access.log
kura -q -C w ingest access.log
like 'the first run keeps all' "$(many)" '4000 new, 0 still there, 0 gone'
{
    request 2
    request 3
} >>access.log
kura -q -C w ingest access.log
like 'what was cut off is not gone' "$(many)" ', 0 gone'

mkfifo w/hunts/pipe.sql
like 'a pipe among the hunts is told' \
    "$(timeout -k 1 10 kura -C w hunts many 2>&1)" 'pipe.sql. is no regular file'
done_testing
