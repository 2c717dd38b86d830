#!/bin/sh
# Sealing, folding, archiving, restoring, giving back and expiring, killed at
# any moment: no question has another answer meanwhile, the same command then
# does what it would have done, and no file is left that nobody knows.
. "$(dirname "$0")/../lib.sh"

command -v sqlite3 >sqlite3.where || skip_all "sqlite3 is not here"

# Lines of three days and, here and there, one that is a reject.
lines() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN {
        for (i = a; i <= b; i++) {
            if (i % 17 == 0) {
                printf "<odd> line %d is no request\n", i
                continue
            }
            printf "%d.%03d %6d 192.168.0.%d TCP_MISS/200 %d GET" \
                " http://host%d.example.com/a/%d - HIER_DIRECT/203.0.113.7" \
                " text/html\n", 1424221299 + i % 3 * 86400, i % 1000,
                i * 7 % 90000, i % 250 + 1, i * 13, i % 9, i
        }
    }'
}

# The logs say what day it is: one line of that day.
one_line() { # EPOCH
    echo "$1.000     12 192.168.0.7 TCP_MISS/200 99 GET" \
        "http://late.example.com/ - HIER_DIRECT/203.0.113.7 text/html"
}

# All that can be asked, wherever it lies.
dump() { # DIR
    kura -C "$1" sql --archived --format csv "
        SELECT source, line, rtrim(raw, char(10)), time, src_ip, cs_host, c_uri,
            sc_bytes, elapsed_ms, format FROM proxy ORDER BY source, line;
        SELECT source, line, rtrim(raw, char(10)), reason, byte, piece
            FROM reject ORDER BY source, line;
        SELECT count(*) FROM dns"
    for f in $files; do
        kura -C "$1" cat "$f" 2>cat.err
        echo "cat $f: $?"
    done
}

# What may lie in a warehouse and its destinations, by its own account.
known() { # DIR
    printf '%s\n' kura.yaml lock catalog.db catalog.db-wal catalog.db-shm \
        case.db case.db-wal case.db-shm first/case.db second/case.db
    sqlite3 -readonly "$1/catalog.db" "
        SELECT path FROM file WHERE state = 'live';
        SELECT path || '-wal' FROM file WHERE state = 'live' AND size = 0;
        SELECT path || '-shm' FROM file WHERE state = 'live' AND size = 0;
        SELECT d || name || s FROM volume, (SELECT 'first/' AS d UNION ALL
            SELECT 'second/'), (SELECT '' AS s UNION ALL SELECT '.sha256')
            WHERE state = 'live'"
}

# Nothing is half done: prints what is.
half_done() { # DIR
    (cd "$1" && find . -type f | sed 's,^\./,,' | sort) >disk
    known "$1" | sort >known
    comm -23 disk known | sed 's/^/nobody knows: /'
    grep -vE '(-wal|-shm)$' known | comm -13 disk - | sed 's/^/is not there: /'
    sqlite3 -readonly "$1/catalog.db" "
        SELECT 'file ' || state || ': ' || path FROM file
            WHERE state IN ('making', 'dead');
        SELECT 'volume ' || state || ': ' || name FROM volume
            WHERE state = 'making'"
    sqlite3 -readonly "$1/case.db" "
        SELECT 'lease L' || number || ' is ' || state FROM lease
            WHERE state NOT IN ('active', 'ended')"
    find "$1" -name '*.sha256' -execdir sha256sum --quiet -c {} + 2>&1
}

# The leases in force and how many files each has.
leases() { # DIR
    sqlite3 -readonly "$1/case.db" "
        SELECT count(*) FROM lease WHERE state = 'active'"
    sqlite3 -readonly "$1/catalog.db" "SELECT count(*), count(DISTINCT lease)
        FROM file WHERE kind = 'restored' AND state = 'live'"
}

# The state of each partition and volume that a user can tell: day by day.
tiers() { # DIR
    sqlite3 -readonly "$1/catalog.db" "
        SELECT \"table\", day, state, rows FROM partition
            WHERE state NOT IN ('replaced', 'making') ORDER BY 1, 2, 3, 4;
        SELECT \"table\", first_day, last_day, count(*) FROM volume
            JOIN member ON volume = volume.number WHERE state = 'live'
            GROUP BY volume ORDER BY 1, 2, 3"
}

# killed COMMAND...: runs it until a kill; false when it came through.
killed() {
    { "$@" >killed.out 2>killed.err; } 2>kill.err
    [ $? = 137 ]
}

# Sets a stage of the life of a warehouse: the copy that every case begins with,
# and what is to come out of the command.
stage() { # DIR NAMES COMMAND...
    from=$1
    names=$2
    shift 2
    rm -rf w
    cp -a "$from" w
    dump w >before
    ok "$from: $*, undisturbed" kura -C w --now $now "$@"
    kura -q -C w --now $now maintain
    dump w >after
    tiers w >tiers.after
    leases w >leases.after
    is "$from: $* leaves nothing half done" "$(half_done w)" ""
}

wrong() { # NAME WANTED GOT
    diff "$2" "$3" >diff.out
    report 1 "$name: $1" "$(wc -l <diff.out) lines differ" \
        "$(head -6 diff.out)" "$(cat again.err)"
}

# Every line that is to stay is there, and none that was not there before: where
# nothing ends these are the same lines.
is_between() {
    sort got >got.sorted
    [ -z "$(sort after | comm -23 - got.sorted | head -1)" ] &&
        [ -z "$(sort before | comm -13 - got.sorted | head -1)" ]
}

# again NAME COMMAND...: after a crash all is as it was or as it is to be; the
# command succeeds and then it is as it is to be.
again() {
    name=$1
    : >again.err
    shift
    dump w >got
    if ! is_between; then
        wrong "the same answers right after it" before got
        return
    fi
    if ! kura -C w --now $now "$@" >again.out 2>again.err; then
        report 1 "$name: the command succeeds after it" "$(cat again.err)"
        return
    fi
    if ! kura -q -C w --now $now maintain 2>again.err; then
        report 1 "$name: maintain succeeds" "$(cat again.err)"
        return
    fi
    dump w >got
    tiers w >tiers.got
    leases w >leases.got
    half_done w >half
    if ! cmp -s got after; then
        wrong "the same answers" after got
    elif ! cmp -s tiers.got tiers.after; then
        wrong "the same tiers" tiers.after tiers.got
    elif ! cmp -s leases.got leases.after; then
        wrong "the same leases" leases.after leases.got
    else
        [ ! -s half ]
        report $? "$name" "$(head -20 half)"
    fi
}

# How often the command passes a place is not known: tried until it comes
# through.
at_every_place() { # COMMAND...
    for place in $names; do
        n=1
        last=0
        while rm -rf w && cp -a "$from" w &&
            killed env KURA_FAILPOINT=$place:$n kura -q -C w --now $now "$@"; do
            last=$n
            if [ $n -le 3 ]; then
                again "$from: $1 killed at $place, time $n" "$@"
                n=$((n + 1))
            else
                rm -rf at.last
                mv w at.last
                n=$((n + 1 + n / 8))
            fi
        done
        if [ $last -gt 3 ]; then
            rm -rf w
            mv at.last w
            again "$from: $1 killed at $place, time $last" "$@"
        fi
        [ $last -gt 0 ]
        report $? "$from: $1 passes $place"
        echo "$place" >>passed
    done
}

# --- A life -------------------------------------------------------------

# It is lived in one place, since the catalog has the full paths of volumes.
files="one.log two.log"
lines 1 120 >one.log
lines 300 380 >two.log
one_line 1425168000 >clock-1.log # 2015-03-01
one_line 1432771200 >clock-2.log # 2015-05-28
one_line 1467331200 >clock-3.log # 2016-07-01
now=2015-02-21T00:00:00
kura -q init w
cat >>w/kura.yaml <<'END_YAML'
retention:
  online: 1mo
  keep: 12mo
archive:
  destinations: [ first, second ]
END_YAML
cp w/kura.yaml .
kura -q -C w --now $now ingest one.log
now=2015-03-01T12:00:00
kura -q -C w --now $now ingest clock-1.log
kura -q -C w --now $now maintain
kura -q -C w --now $now ingest two.log
cp -a w twice
now=2015-05-28T12:00:00
kura -q -C w --now $now ingest clock-2.log
cp -a w opened
rm -rf w
mv twice w
now=2015-03-05T00:00:00
kura -q -C w --now $now maintain
now=2015-05-28T12:00:00
kura -q -C w --now $now ingest clock-2.log
cp -a w sealed
kura -q -C w --now $now maintain
cp -a w archived
range=2015-02-18..2015-02-21
kura -q -C w --now $now restore $range --case one >restored.out
cp -a w restored
is "the days were archived" "$(grep -c 'lease L1' restored.out)" 1

# Sealed again beside the first, and not yet folded.
rm -rf w
cp -a opened w
seals=$(kura -C w --now $now maintain --dry-run | grep -c '^seal')
killed env KURA_FAILPOINT=seal-listed:"$seals" kura -q -C w --now $now maintain
report $? "a warehouse with days to fold"
cp -a w unfolded
is "three days are to be folded" \
    "$(kura -C w --now $now maintain --dry-run | grep -c '^fold')" 3

# --- At every place -----------------------------------------------------

all=$(sed -n 's/^ *\[KURA_FAIL_[A-Z_]*\] = "\([a-z-]*\)".*/\1/p' \
    "$top/base/failpoint.c")
area() { # PATTERN
    echo "$all" | grep -E "^($1)\$"
}

stage opened "$(area 'seal-.*|file-removed')" maintain
at_every_place maintain
stage unfolded "$(area 'seal-.*')" maintain
at_every_place maintain
stage sealed "$(area 'volume-.*|file-removed' | grep -v volume-expired)" archive
at_every_place archive
stage archived "$(area 'lease-(added|active)|restore-.*')" \
    restore $range --case one
at_every_place restore $range --case one
stage restored "$(area 'lease-(ending|dropped)|file-removed')" release L1
at_every_place release L1

# A lease that ends by itself, and volumes that end.
now=2016-07-01T12:00:00
files=
rm -rf w
cp -a restored w
kura -q -C w --now $now ingest clock-3.log
cp -a w old
stage old "$(area 'lease-(ending|dropped)|volume-expired')" maintain
at_every_place maintain
is "the old days are over" "$(value w "SELECT count(*) FROM proxy
    WHERE raw LIKE '%/a/%'")" 0

# Those of the ingest and of the catalog's rebuild are tried elsewhere.
is "every place is tried" "$(echo "$all" | grep -E \
    '^(seal|volume|lease|restore)-|^file-removed' | sort)" "$(sort -u passed)"

# --- At any moment ------------------------------------------------------

now=2015-05-28T12:00:00
files="one.log clock-2.log"
lines 1 12000 >one.log
rm -rf w
kura -q init w
cp kura.yaml w/
kura -q -C w --now $now ingest one.log clock-2.log
cp -a w big
stage big "" maintain
rm -rf w
cp -a big w
begun=$(date +%s%N)
kura -q -C w --now $now maintain
took=$((($(date +%s%N) - begun) / 1000000))
seed=20150218
i=0
while [ $i -lt 15 ]; do
    # Park and Miller's generator: the delays are the same in each run.
    seed=$((seed * 16807 % 2147483647))
    delay=$((seed % (took + 1)))
    i=$((i + 1))
    # Some go on in the warehouse that the one before left, some begin anew.
    if [ $((i % 3)) = 1 ]; then
        rm -rf w
        cp -a big w
    fi
    kura -q -C w --now $now maintain 2>killed.err &
    pid=$!
    sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
    kill -9 $pid 2>kill.err
    wait $pid 2>kill.err
    if [ $((i % 3)) = 0 ]; then
        again "maintain killed three times, last after $delay ms" maintain
    else
        dump w >got
        cmp -s got before
        report $? "maintain killed after $delay ms: the same answers"
    fi
done
done_testing
