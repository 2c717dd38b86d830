#!/bin/sh
# What leaves when: policies, holds, destinations, signatures, late data, and
# that nobody who reads or loads meanwhile notices.
. "$(dirname "$0")/../lib.sh"
ulimit -f 400000
now=2025-07-10T12:00:00

lines() { # DAY COUNT HOST: of squid, a second apart, from noon on
    awk -v t="$(date -ud "$1 12:00" +%s)" -v n="$2" -v h="$3" 'BEGIN {
        for (i = 0; i < n; i++)
            printf "%d.%03d %6d 10.0.0.%d TCP_MISS/200 %d GET http://%s/%d - HIER_DIRECT/203.0.113.7 text/html\n",
                t + i, i % 1000, i % 90, i % 250, 100 + i, h, i }'
}

# Five months with four days each, to the ninth of July.
{
    for m in 01 02 03 04 05 06 07; do
        for d in 01 05 08 09; do
            lines 2025-$m-$d 20 www$d.example.com
        done
    done
} >p.log

make() { # DIR: with p.log and retention from standard input
    kura -q init "$1"
    cat >>"$1/kura.yaml"
    kura -q -C "$1" --now $now ingest p.log
}

w() {
    kura -q -C w --now $now "$@"
}

# Every file with its checksum, but those that only opening changes.
listing() { # DIR...
    find "$@" -type f ! -name '*-shm' ! -name '*-wal' ! -name lock |
        sort | xargs cksum
}

tars() { # DIR: the names of its volumes
    (cd "$1" && find . -name '*.tar' | sed 's,^\./,,' | sort | tr '\n' ' ')
}

online() { # DIR: its days, one a line
    ls "$1/online/proxy" | grep -oE '^[0-9]{4}-[0-9]{2}-[0-9]{2}' | sort -u
}

count() { # DIR [OPTION...]
    dir=$1
    shift
    kura -q -C "$dir" sql --format csv "$@" \
        'SELECT count(*), count(DISTINCT ts || c_uri) FROM proxy' 2>/dev/null |
        tr -d '\r' | sed 1d
}

trail() { # SQL of case.db
    sqlite3 w/case.db "$1"
}

# --- Policies ----------------------------------------------------------------

refused() { # WORDS: the policy on standard input is, with file and line
    cp kura.yaml.good w/kura.yaml
    cat >>w/kura.yaml
    must_fail 3 kura -q -C w --now $now maintain
    like "names file, line, what is wrong" "$(cat must_fail.err)" "$1"
}

make w </dev/null
cp w/kura.yaml kura.yaml.good
n=$(wc -l <kura.yaml.good)
refused "kura\.yaml:$((n + 2)): .*less than a year" <<'END'
retention:
  keep: 6mo
END
refused "kura\.yaml:$((n + 4)): .*less than a year" <<'END'
retention:
  keep: 2y
  tables:
    dns: { keep: 364d }
END
refused "kura\.yaml:$((n + 3)): no table 'telnet'" <<'END'
retention:
  tables:
    telnet: { online: 1mo }
END
refused "kura\.yaml:$((n + 2)): '3 moons'" <<'END'
retention:
  online: 3 moons
END
is "a refused policy does nothing" "$(online w | wc -l)$(tars w)" 28
cat kura.yaml.good - >w/kura.yaml <<'END'
retention:
  keep: 2mo
  force: true
END
ok "forced" w maintain --dry-run

# --- A dry run changes nothing ------------------------------------------------

cp kura.yaml.good w/kura.yaml
ok "(the catalog settles)" w maintain --dry-run
listing w >before
w maintain --dry-run >plan
is "a dry run changes nothing" "$(listing w | diff before -)" ""
like "and tells what is to be sealed" "$(cat plan)" '^seal +proxy +2025-01-01 .* 20 rows'
like "and archived" "$(cat plan)" '^archive +proxy +2025-01-01 to 2025-01-09 +4 partition'
is "only whole months" "$(grep -c '^archive' plan)" 3
is "but what is due, with --all" "$(w maintain --all --dry-run | grep -c '^archive')" 4
is "or by archive" "$(w archive --dry-run | grep '^archive' | tail -1 |
    grep -oE '20[0-9-]* to 20[0-9-]*')" "2025-04-01 to 2025-04-08"
is "another table has nothing" "$(w maintain --table dns --dry-run)" "nothing is due"

# --- The clock ---------------------------------------------------------------

kura -q -C w --now 2099-01-01T00:00:00 maintain --all
is "a clock that jumps ahead archives nothing early" \
    "$(online w | sed -n 1p)" 2025-04-09
is "nor seals it" "$(ls w/online/proxy | grep -c '2025-07-0[89]\.db$')" 2
is "nothing is lost of it" "$(count w --archived)" 560,560
make early </dev/null
lines 2031-01-01 1 future.example.com >future.log
{
    lines 2025-07-12 1 fast.example.com
    lines 2025-04-10 1 limit.example.com # three months before now
} >>future.log
kura -q -C early --now $now ingest future.log >/dev/null 2>&1
is "a far line is a reject" "$(value early 'SELECT count(*) FROM reject')" 1
kura -q -C early --now $now maintain --all
is "a line from the future archives nothing early" \
    "$(online early | sed -n 1p)" 2025-04-10
is "what it was told" "$(value early "SELECT count(*) FROM proxy WHERE cs_host = 'fast.example.com'" 2>/dev/null)" 1
make cut </dev/null
must_fail 2 kura -q -C cut --now $now archive --before someday
kura -q -C cut --now 2099-01-01T00:00:00 archive --before 2025-02-05
is "archive --before" "$(tars cut/archive)$(online cut | sed -n 1p)" \
    "2025Q1/proxy-2025-01.tar 2025Q1/proxy-2025-02.tar 2025-02-05"

# --- Each table its own ----------------------------------------------------------

for d in 2025-03-01 2025-05-01 2025-07-09; do
    echo "$(date -ud $d +%d-%b-%Y) 10:00:00.000 queries: info: client @0x7f0000000001 10.1.0.47#34971 (www.example.org): query: www.example.org IN A +E(0)K (10.0.0.53)"
done >q.log
kura -q init tables
cat >>tables/kura.yaml <<'END'
retention:
  lateness: 1d
  tables:
    dns: { online: 1mo }
    proxy: { online: forever }
END
kura -q -C tables --now $now ingest p.log q.log
kura -q -C tables --now $now archive
is "online, by table" "$(tars tables/archive)" \
    "2025Q1/dns-2025-03.tar 2025Q2/dns-2025-05.tar "
is "for ever online" "$(online tables | wc -l)" 28
kura -q -C tables --now $now maintain
is "lateness" "$(ls tables/online/proxy | grep '\.db$' | tr '\n' ' ')" \
    "2025-07-08.db 2025-07-09.db "

# --- Late data -------------------------------------------------------------------

lines 2025-06-05 7 late-sealed.example.com >late1.log
lines 2025-02-05 5 late-archived.example.com >late2.log
cp w/archive/2025Q1/proxy-2025-02.tar first.tar
ok "(what came late)" w ingest late1.log late2.log
is "late data of a sealed day is found at once" \
    "$(value w "SELECT count(*) FROM proxy WHERE cs_host = 'late-sealed.example.com'" 2>/dev/null)" 7
is "and of an archived day" \
    "$(value w "SELECT count(*) FROM proxy WHERE cs_host = 'late-archived.example.com'" 2>/dev/null)" 5
is "each once" "$(count w --archived)" 572,572
is "a further partition of the day" "$(ls w/online/proxy | grep -cE '2025-06-05.*\.db(\.zst)?$')" 2
ok "maintain" w maintain
is "is folded" "$(ls w/online/proxy | grep -c '2025-06-05')" 1
is "late data of an archived month has a volume of its own" \
    "$(tars w/archive | tr ' ' '\n' | grep 2025-02)" "$(printf '2025Q1/proxy-2025-02.1.tar\n2025Q1/proxy-2025-02.tar')"
ok "and the first is as it was" cmp first.tar w/archive/2025Q1/proxy-2025-02.tar
is "nothing doubled" "$(count w --archived)" 572,572
w restore 2025-02 --case L-1 >/dev/null
is "both are restored" "$(value w "SELECT count(*) FROM proxy WHERE day = '2025-02-05'" 2>/dev/null)" 25
is "and counted once" "$(count w --archived)" 572,572
ok "given back" w release L1
for f in p late1 late2; do
    kura -C w cat $f.log | cmp -s - $f.log
    report $? "kura cat $f.log"
done

# --- Holds --------------------------------------------------------------------

lines 2026-04-05 3 later.example.com >>later.log
now=2026-04-06T00:00:00
ok "(a year later)" w ingest later.log
must_fail 2 kura -q -C w --now $now hold add 2025-02-09
ok "hold" w hold add 2025-02-09..2025-02-11 --case 'IR 7; "x"'
like "hold list" "$(w hold list)" '1 .*2025-02-09 to 2025-02-1[01].*IR 7'
printf 'retention:\n  keep: 1y\n' | cat kura.yaml.good - >w/kura.yaml
like "the plan says what only a hold keeps" "$(w maintain --dry-run)" \
    '^1 volume\(s\) would expire but for a hold'
like "and what expires" "$(w maintain --dry-run)" '^expire +proxy +2025-01-01 to 2025-01-09'
is "(still there)" "$(tars w/archive | tr ' ' '\n' | grep -c 2025-01)" 1
mv w/case.db case.db
rm -f w/case.db-*
must_fail 3 kura -q -C w --now $now maintain
like "without case.db nothing expires, and why" "$(cat must_fail.err)" 'case\.db is missing'
is "nothing went" "$(tars w/archive | tr ' ' '\n' | grep -c 2025-01)" 1
ok "its copy in the archive" test -s w/archive/case.db
mv case.db w/case.db
ok "maintain with a hold" w maintain
is "what is not held expired, what is held stayed" \
    "$(tars w/archive | tr ' ' '\n' | grep 2025Q1 | tr '\n' ' ')" \
    "2025Q1/proxy-2025-02.tar "
is "held days answer" "$(value w "SELECT count(*) FROM proxy WHERE day BETWEEN '2025-02-08' AND '2025-02-09'" 2>/dev/null)" 0
is "in place" "$(kura -q -C w sql --archived --format csv "SELECT count(*) FROM proxy WHERE day BETWEEN '2025-02-08' AND '2025-02-09'" | tr -d '\r' | sed 1d)" 40
is "the trail has the hold" "$(trail "SELECT count(*) FROM audit WHERE what = 'hold-add' AND subject LIKE '%IR 7%' AND owner <> ''")" 1
is "and the volume that expired" "$(trail "SELECT count(*) FROM audit WHERE what = 'expire' AND subject LIKE '%proxy-2025-01.tar%'")" 1
sqlite3 w/case.db 'DELETE FROM audit' 2>trail.err
like "the trail only grows" "$(cat trail.err)" "only grows"
must_fail 3 kura -q -C w --now $now hold remove 9
ok "hold remove" w hold remove 1
is "hold list is empty" "$(w hold list)" ""
ok "maintain without it" w maintain
is "removing the hold lets it go" "$(tars w/archive | grep -c 2025-02)" 0
is "the trail has that too" "$(trail "SELECT group_concat(what, ' ') FROM audit WHERE what LIKE 'hold%'")" "hold-add hold-remove"
now=2025-07-10T12:00:00

# --- Destinations ----------------------------------------------------------------

mkdir vault
make two <<END
archive:
  destinations: [ archive, $work/vault/kura ]
END
listing two/online >before
must_fail 3 kura -q -C two --now $now archive
like "a destination that is not there: says so" "$(cat must_fail.err)" \
    "'.*/vault/kura' is not there"
is "and nothing moved" "$(online two | wc -l)$(find two/archive vault -name '*.tar')" 28
is "(nor is left half made)" "$(find two vault -name '*.part')" ""
mkdir vault/kura
ok "both there" kura -q -C two --now $now maintain
is "both have every volume" "$(tars vault/kura)" "$(tars two/archive)"
(cd two/archive && find . -name '*.tar' -exec cmp {} "$work/vault/kura/{}" \;) >cmp.out 2>&1
is "byte for byte" "$(cat cmp.out)" ""
is "both have case.db" "$(sqlite3 vault/kura/case.db 'SELECT count(*) > 0 FROM audit')$(sqlite3 two/archive/case.db 'SELECT count(*) > 0 FROM audit')" 11
for v in two/archive/*/*.tar; do
    [ "$(sha256sum <"$v" | cut -c1-64)" = "$(cut -c1-64 "$v.sha256")" ] || echo "$v"
done >sums
is "sums beside them are right" "$(cat sums)" ""
is "(all)" "$(count two --archived)" 560,560
mv two/archive gone
is "losing the first still answers" "$(count two --archived)" 560,560
ok "and restores" kura -q -C two --now $now restore 2025-01 --case D-1
is "(restored)" "$(count two --from 2025-01-01 --to 2025-01-31)" 80,80
mv gone two/archive
mv vault/kura vault/away
is "losing the second too" "$(count two --archived)" 560,560
must_fail 3 kura -q -C two --now 2025-07-10T12:00:00 archive
is "no volume without its second copy" "$(tars two/archive)" "$(tars vault/away)"

# --- Signatures ---------------------------------------------------------------------

# The signature is a keyed sum; the key is a file that goes away.
echo secret >key
make signed <<END
archive:
  sign: 'cat $work/key "\$KURA_VOLUME" | sha256sum >"\$KURA_VOLUME.sig"'
  verify: 'cat $work/key "\$KURA_VOLUME" | sha256sum | cmp -s - "\$KURA_VOLUME.sig"'
END
ok "signed" kura -q -C signed --now $now archive --before 2025-02-01
ok "sign: was run" test -s signed/archive/2025Q1/proxy-2025-01.tar.sig
echo other >key
must_fail 3 kura -q -C signed --now $now restore 2025-01 --case S-1
like "a volume that verify: refuses is not restored" "$(cat must_fail.err)" \
    "verify|status 1"
is "nothing of it" "$(find signed/restored -type f 2>/dev/null)" ""
is "nor a lease" "$(kura -q -C signed restore --list)" ""
echo secret >key
ok "one that it takes is" kura -q -C signed --now $now restore 2025-01 --case S-1
make unsigned <<END
archive:
  verify: 'echo wrong key; exit 1'
END
must_fail 3 kura -q -C unsigned --now $now archive
is "a failing verify: archives nothing" "$(tars unsigned/archive)$(online unsigned | wc -l)" 28
is "(all)" "$(count unsigned)" 560,560
make nosign <<END
archive:
  sign: 'exit 7'
END
must_fail 3 kura -q -C nosign --now $now archive
like "a failing sign: neither, and tells its status" "$(cat must_fail.err)" '7'
is "(nothing)" "$(tars nosign/archive)$(online nosign | wc -l)" 28

# --- At the same time -----------------------------------------------------------------

make busy </dev/null
mkfifo pipe
# A loader in the middle of a file: it has its partition, and waits.
kura -q -C busy --now $now ingest pipe >loader.out 2>&1 &
loader=$!
lines 2025-01-08 40000 slow.example.com >slow.log
exec 9>pipe
head -30000 slow.log >&9
make race </dev/null
(
    while [ ! -f stop ]; do
        count race --archived
    done >answers
) &
reader=$!
kura -q -C race --now $now maintain --all >one.out 2>&1 &
one=$!
kura -q -C race --now $now maintain --all >two.out 2>&1 &
two=$!
wait $one
a=$?
wait $two
b=$?
touch stop
wait $reader
case $a$b in
00) : ;; # one came when the other was done
03 | 30) like "the second maintain is told" "$(cat one.out two.out)" "another process" ;;
*) is "two maintains" "$a $b $(cat one.out two.out)" "0 3" ;;
esac
is "queries during maintain: always the same" "$(sort -u answers)" 560,560
[ "$(wc -l <answers)" -gt 2 ]
report $? "($(wc -l <answers) of them)"
ok "what readers kept goes with the next one" kura -q -C race --now $now maintain --all
is "two maintains: all of it" "$(count race --archived) $(online race | sed -n 1p)" "560,560 2025-04-09"

kura -C busy --now $now maintain --all 2>busy.err
report $? "maintain while a loader is in the middle" "$(cat busy.err)"
like "tells what it leaves" "$(cat busy.err)" "proxy 2025-01-08 is being loaded"
is "and does the rest" "$(online busy | tr '\n' ' ' | cut -c1-21)" "2025-01-08 2025-04-09"
tail -10000 slow.log >&9
exec 9>&-
wait $loader
report $? "the loader is not disturbed" "$(cat loader.out)"
is "every line of both" "$(count busy --archived)" 40560,40560
ok "what was left is done next time" kura -q -C busy --now $now maintain --all
is "all is in order" "$(count busy --archived) $(online busy | sed -n 1p)" "40560,40560 2025-04-09"

# One maintainer has the lock: sign: waits while the second tries.
make lock <<END
archive:
  sign: 'touch $work/inside; while [ ! -f $work/go ]; do sleep 0.05; done'
END
kura -q -C lock --now $now archive --before 2025-02-01 >one.out 2>&1 &
one=$!
until [ -f inside ] || ! kill -0 $one 2>/dev/null; do sleep 0.05; done
must_fail 3 kura -q -C lock --now $now maintain
like "a second maintain is told" "$(cat must_fail.err)" "another process"
must_fail 3 kura -q -C lock --now $now restore 2025-01 --case X
is "queries go on" "$(count lock --archived)" 560,560
kura -q -C lock --now $now ingest late2.log
is "loading too" "$(count lock --archived)" 565,565
touch go
wait $one
report $? "the first is done" "$(cat one.out)"
is "both are there" "$(count lock --archived) $(tars lock/archive)" "565,565 2025Q1/proxy-2025-01.tar "

# --- A reader who may not write ----------------------------------------------------------

if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
    cp -L "$KURA_BUILD/kura" kura.copy
    chmod 755 "$work" kura.copy
    chmod -R a+rX w lock
    reading() { # DIR [OPTION...]
        dir=$1
        shift
        setpriv --reuid 65534 --regid 65534 --clear-groups ./kura.copy -q -C "$dir" \
            sql --format csv "$@" 'SELECT count(*) FROM proxy' 2>reading.err |
            tr -d '\r' | sed 1d
    }
    is "open, sealed: read without permission to write" "$(reading lock)" \
        "$(count lock | cut -d, -f1)"
    is "archived in place" "$(reading lock --archived)" 565
    like "(open ones are among them)" "$(ls lock/online/proxy)" '\.db$'
else
    report 0 "a reader without permission to write # SKIP needs root and setpriv"
fi

done_testing
