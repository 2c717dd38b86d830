#!/bin/sh
# One damaged byte, wherever it lies, is named by kura verify --deep; the other
# days still answer, and a statement over the damaged one says so.
. "$(dirname "$0")/../lib.sh"

# --- A warehouse with everything in it --------------------------------------

i=0
n=0
for day in 0 1 2 6; do # from 2015-02-18
    n=$((n + 200))
    while [ "$i" -lt "$n" ]; do
        t=$((1424217600 + day * 86400 + i * 7))
        echo "$t.000 $i 192.168.0.$((i % 50)) TCP_MISS/200 $((i * 13)) GET http://h$((i % 90)).example.com/a$i - HIER_DIRECT/203.0.113.7 text/html"
        i=$((i + 1))
    done
done >p.log
kura -q init w
printf 'archive:\n  destinations: [ archive, vault ]\n' >>w/kura.yaml
kura -q -C w ingest p.log
kura -q -C w archive --before 2015-02-19
kura -q -C w restore 2015-02-18 --case c --table proxy --for 10y >/dev/null
# 19 and 20 are sealed, 24 is the newest day and stays open.
kura -q -C w maintain
open=w/online/proxy/2015-02-24.db
sealed=w/online/proxy/2015-02-20.db.zst
restored=w/restored/L1/proxy/2015-02-18.db.zst
volume=w/archive/2015Q1/proxy-2015-02.tar
for db in w/catalog.db "$open"; do
    sqlite3 "$db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
done
cp -a w good

# Where things lie. (A page of a sealed partition is a frame.)
frame_end() { # FILE BASE SIZE INDEX: offset of the last byte of a frame
    n=$(od -An -v -tu4 -j $(($2 + $3 - 9)) -N 4 "$1" | tr -d ' ')
    od -An -v -tu4 -w8 -j $(($2 + $3 - 9 - 8 * n)) -N $((8 * n)) "$1" |
        awk -v base="$2" -v i="$4" 'NR <= i + 1 { sum += $1 } END { print base + sum - 1 }'
}
size() {
    wc -c <"$1" | tr -d ' '
}
root() { # DB TABLE: page
    sqlite3 "$1" "SELECT rootpage FROM sqlite_schema WHERE name = '$2'"
}
flip() { # FILE OFFSET
    perl -e 'open F, "+<", $ARGV[0] or die; binmode F; seek F, $ARGV[1], 0;
        read F, $b, 1; seek F, $ARGV[1], 0; print F chr(ord($b) ^ 1)' "$1" "$2"
}
again() {
    rm -rf w
    cp -a good w
}
named() { # NAME PATTERN: verify ends with 1 and one line of it is this
    kura -C w verify --deep >verify.out 2>verify.err
    is "$1: found" "$?" 1
    like "$1: named" "$(cat verify.out verify.err)" "$2"
}
count() { # OPTION...: distinct lines
    kura -C w sql --format csv "$@" 'SELECT count(DISTINCT raw) FROM proxy' 2>>sql.err | tr -d '\r' | sed 1d
}
others() { # NAME DAY COUNTS: the days before and after it answer, and nothing is left out
    : >sql.err
    is "$1: other days answer" \
        "$(count --to "$(date -d "$2 -1 day" +%F)") $(count --from "$(date -d "$2 1 day" +%F)") $(grep -c NOT sql.err)" "$3 0"
}
unanswered() { # NAME DAY [OPTION]
    kura -C w sql ${3:-} "SELECT max(raw), max(c_uri), sum(sc_bytes) FROM proxy WHERE day = '$2'" >sql.out 2>sql.err
    is "$1: the day ends with 1" "$?" 1
    like "$1: the day is told" "$(cat sql.err)" "$2 to $2 +NOT SEARCHED: (damaged|missing), 200 rows"
}

ok "all is whole at first" kura -C w verify --deep
is "and answers" "$(value w 'SELECT count(DISTINCT raw) FROM proxy')" 800

# --- A sealed partition ---------------------------------------------------------

zstd -qdc "$sealed" >plain.db
case_sealed() { # NAME OFFSET
    again
    flip "$sealed" "$2"
    named "$1" "^damaged +online +proxy 2015-02-20, 200 rows: '.*/$sealed'.*byte [0-9]+.*200 rows of proxy on 2015-02-20 cannot be answered; no other copy is known.*p.log'"
    others "$1" 2015-02-20 "400 200"
    unanswered "$1" 2015-02-20
}
n=$(size "$sealed")
case_sealed "header page" "$(frame_end "$sealed" 0 "$n" 0)"
case_sealed "chunks" "$(frame_end "$sealed" 0 "$n" $(($(root plain.db chunk) - 1)))"
case_sealed "dictionary" "$(frame_end "$sealed" 0 "$n" $(($(root plain.db dict_c_uri) - 1)))"
case_sealed "seek table" $((n - 9 - 16))
# What no statement reads is found all the same.
again
flip "$sealed" $((n - 9 - 8 * $(od -An -tu4 -j $((n - 9)) -N 4 "$sealed" | tr -d ' ') - 8 - 2))
named "sums of the frames" "^damaged +online +proxy 2015-02-20.*$sealed"

# --- An open one ------------------------------------------------------------------

again
hex=$(sqlite3 "$open" 'SELECT hex(data) FROM chunk WHERE length(data) >= 200 ORDER BY id LIMIT 1')
at=$(perl -e 'local $/; open F, "<", $ARGV[0]; binmode F; print index(<F>, pack("H*", $ARGV[1]))' "$open" "$hex")
flip "$open" $((at + 100))
named "open partition" "^damaged +online +proxy 2015-02-24, 200 rows: '.*/$open'"
others "open partition" 2015-02-24 "600 0"
unanswered "open partition" 2015-02-24

# --- A volume ---------------------------------------------------------------------

member=$(sqlite3 w/catalog.db 'SELECT offset FROM member')
member_size=$(sqlite3 w/catalog.db 'SELECT size FROM member')
case_volume() { # NAME OFFSET
    again
    flip "$volume" "$2"
    named "$1" "^damaged +volume +proxy 2015-02-18, 200 rows: '.*/$volume'.*its 1 partitions are whole.*a whole copy is '.*/w/vault/2015Q1/proxy-2015-02.tar'"
    is "$1: one finding" "$(grep -c ^damaged verify.out)" 1
    is "$1: all days answer" "$(value w 'SELECT count(DISTINCT raw) FROM proxy')" 800
}
case_volume "header of the tar file" 3
case_volume "manifest" 900
case_volume "filling behind a member" $((member + member_size + 1))
case_volume "end of the tar file" $(($(size "$volume") - 1))

again
flip "$volume" "$(frame_end "$volume" "$member" "$member_size" 0)"
named "member" "^damaged +member +proxy 2015-02-18, 200 rows: proxy/2015-02-18 in '.*/$volume'.*200 rows of proxy on 2015-02-18 cannot be answered from this copy; a whole copy is"
is "member: all days answer, that one restored" "$(value w 'SELECT count(DISTINCT raw) FROM proxy')" 800
kura -q -C w release L1 >/dev/null
kura -q -C w verify --deep >verify.out
like "member: its volume does not count as proven any more" \
    "$(kura -C w volumes | grep archive/)" 'present +verified never'
like "member: the other destination has it" "$(cat verify.out)" "a whole copy is '.*/w/vault/2015Q1/proxy-2015-02.tar': kura restore 2015-02-18 takes it from there"
unanswered "member" 2015-02-18 --archived
kura -q -C w restore 2015-02-18 --case c >/dev/null
is "member: and restore does" "$(value w 'SELECT count(DISTINCT raw) FROM proxy')" 800

again
flip "$volume.sha256" 5
named "sum beside it" "^damaged +volume +proxy 2015-02-18, 200 rows: '.*/$volume': '.*/$volume.sha256' is not the sum"

again
rm "$volume"
named "volume that is gone" "^missing +volume +proxy 2015-02-18, 200 rows: '.*/$volume'.*another copy is at hand; a whole copy is '.*/w/vault/"

# --- A restored copy, sightings -------------------------------------------------------

again
flip "$restored" "$(frame_end "$restored" 0 "$(size "$restored")" 0)"
named "restored" "^damaged +restored +proxy 2015-02-18, 200 rows: '.*/$restored'.*kura release L1, then kura restore 2015-02-18: a whole copy is '.*/$volume'"
others restored 2015-02-18 "0 600"
unanswered restored 2015-02-18

again
flip w/sighting/proxy/2015-02-19.db.zst 3
named "sightings" "^damaged +sighting +proxy 2015-02-19, 200 rows: '.*/w/sighting/proxy/2015-02-19.db.zst'.*kura seen cannot answer for proxy on 2015-02-19"
is "sightings: all days answer" "$(value w 'SELECT count(DISTINCT raw) FROM proxy')" 800

# --- The catalog, case.db -------------------------------------------------------------

again
flip w/catalog.db $((($(root w/catalog.db partition_source) - 1) * 4096 + 4))
named "catalog" "^damaged +catalog +'.*/w/catalog.db'.*kura catalog rebuild"
again
flip w/catalog.db 100
named "first page of the catalog" "^damaged +catalog +'.*/w/catalog.db'.*kura catalog rebuild"
again
rm -f w/case.db w/case.db-wal w/case.db-shm
named "case.db that is gone" "^missing +case +'.*/w/case.db'.*a whole copy is '.*/w/archive/case.db'"

# --- A file that is gone ----------------------------------------------------------------

again
rm "$sealed"
must_fail 1 kura -C w verify
like "a missing file needs no --deep" "$(cat must_fail.out)" "^missing +online +proxy 2015-02-20, 200 rows: '.*/$sealed'"
others "missing" 2015-02-20 "400 200"
unanswered "missing" 2015-02-20
again
printf x >>"$sealed"
must_fail 1 kura -C w verify
like "nor does one of another size" "$(cat must_fail.out)" "^damaged +online +proxy 2015-02-20.*it has [0-9]+ bytes, the catalog has [0-9]+"

done_testing
