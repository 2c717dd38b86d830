#!/bin/sh
# kura catalog rebuild: the catalog from what lies on disk, with nothing lost,
# nothing twice, and nothing loaded again.
. "$(dirname "$0")/../lib.sh"
ulimit -f 4000000

request() { # SECOND CLIENT HOST
    printf '%d.000      7 %s TCP_MISS/200 10 GET http://%s/a - HIER_DIRECT/203.0.113.7 text/html\n' "$@"
}
days() { # FIRST LAST: ten requests a day of January, February ... 2015
    seq "$1" "$2" | while read -r d; do
        for n in 1 2 3 4 5 6 7 8 9 10; do
            request $((1420070400 + d * 86400 + n * 60)) "192.168.0.$n" "host$d.example.com"
        done
    done
}
k() {
    timeout 60 kura -C w --now "$now" "$@"
}
rebuild() {
    timeout 60 kura -C w --now "$now" catalog rebuild "$@"
}
now=2015-05-20
all="SELECT ts, source, line, raw FROM proxy ORDER BY source, line"
rows() {
    k -q sql --archived --format csv "$all" 2>rows.err | sha256sum
    k -q sql --archived --format csv "SELECT source, line, reason, raw FROM reject ORDER BY 1, 2" | sha256sum
    k cat --list | sort -k 4
    k status | grep -v '^ *$'
}

{ days 0 40; echo "not a line of proxy"; days 41 60; } >a.log
days 61 130 >b.log
printf '%s' "$(days 131 138)" >c.log # its last line has no end
kura -q init w
cat >>w/kura.yaml <<'YAML'
retention:
  online: 2mo
YAML
k -q ingest a.log b.log c.log
k -q maintain
k -q restore 2015-01-05..2015-01-09 --case c1 --for 30d >/dev/null
ok "there are volumes" test -f w/archive/2015Q1/proxy-2015-01.tar
k status >/dev/null
rows >before
seen() { k seen --format csv host3.example.com host100.example.com 2>/dev/null; }
seen >seen.before

rm -f w/catalog.db*
must_fail 3 kura -C w status
ok "made anew" rebuild
rows >after
ok "the same rows, sources and status" diff before after
seen >seen.after
ok "the same sightings" diff seen.before seen.after
for f in a b c; do
    ok "$f.log comes out as it was" sh -c "kura -C w cat $f.log | cmp - $f.log"
done
k ingest a.log b.log c.log >again.out 2>&1
rows >after
ok "nothing is loaded again" diff before after
request 1432080000 10.0.0.1 www.example.org >more
cat a.log more >a2.log
k -q ingest a2.log
is "a file that has grown goes on" "$(value w "SELECT count(*) FROM proxy WHERE cs_host = 'www.example.org'")" 1
head -c 3000 b.log >short.log
k ingest short.log 2>short.err
like "the beginning of a file is known" "$(cat short.err)" "was loaded already"
rows >before
ok "maintain finds nothing wrong" k -q maintain
rows >after
ok "and nothing changed by that" sh -c 'head -n 2 before >1; head -n 2 after | diff 1 -'

# --- Again, and cut short -------------------------------------------------------

ok "with a catalog there" rebuild
rows >before
for point in catalog-written catalog-published; do
    KURA_FAILPOINT=$point:1 k -q catalog rebuild 2>/dev/null
    is "killed at $point" $? 137
    ok "done again after $point" rebuild
    rows >after
    ok "the same after $point" diff before after
done
ok "an old WAL is not applied" sh -c 'cp w/catalog.db-wal old.wal 2>/dev/null; printf garbage >w/catalog.db-wal; kura -C w catalog rebuild'
rows >after
ok "and all is there" diff before after

# --- Busy -------------------------------------------------------------------------

days 139 139 >d.log
kura -q -C w ingest --follow d.log &
loader=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(value w "SELECT count(*) FROM proxy WHERE source LIKE '%d.log'" 2>/dev/null)" = 10 ] && break
    sleep 0.5
done
must_fail 3 rebuild
like "not while somebody loads" "$(cat must_fail.err)" "somebody loads"
kill $loader
wait $loader
rows >before

# --- What is wrong is left where it is ----------------------------------------------

f=$(find w/online/proxy -name '*.zst' | sort | head -n 1)
cp "$f" good
printf 'XXXX' | dd of="$f" bs=1 seek=100 conv=notrunc 2>/dev/null
must_fail 1 rebuild
like "a damaged file is named" "$(cat must_fail.err)" "passed over: .*$(basename "$f")"
ok "and stays" test -f "$f"
like "its source is not whole" "$(cat must_fail.err)" "is not whole"
n=$(k -q sql --archived --format csv "SELECT count(*) FROM proxy" | tail -n 1 | tr -d '\r')
cp a2.log a.log
k -q ingest a.log b.log c.log
is "loading again adds what is missing, and only that" \
    "$(k -q sql --archived --format csv "SELECT count(*), count(DISTINCT source || ' ' || line) FROM proxy" | sed 1d | tr -d '\r')" \
    "$((n + 10)),$((n + 10))"
mv "$f" replaced.zst
mv good "$f" # its rows are in another partition now
must_fail 1 rebuild
like "a file that would double rows is named" "$(cat must_fail.err)" "passed over: .*holds lines that are in another"
is "and no row is there twice" \
    "$(k -q sql --archived --format csv "SELECT count(*), count(DISTINCT source || ' ' || line) FROM proxy" | sed 1d | tr -d '\r')" \
    "$((n + 10)),$((n + 10))"

# --- Volumes that are not what they seem ----------------------------------------------

count() { # DIR
    timeout 60 kura -C "$1" --now 2015-05-20 -q sql --archived --format csv \
        "SELECT count(*), count(DISTINCT source || ' ' || line) FROM proxy" 2>/dev/null | sed 1d | tr -d '\r'
}
v() { # DIR COMMAND...
    dir=$1
    shift
    timeout 60 kura -q -C "$dir" --now 2015-05-20 "$@" >/dev/null
}
{ days 0 5; days 30 30; } >e1.log
{ days 5 29; days 31 120; } >e2.log
kura -q init v
printf 'retention:\n  online: 1y\n' >>v/kura.yaml
v v ingest e1.log
v v maintain
cp -R v old # and a partition of day 5 is archived alone there
v old archive --before 2015-01-08
v v ingest e2.log
v v maintain # folds day 5
is "day 5 was folded" "$(sqlite3 v/catalog.db "SELECT count(*) FROM partition WHERE state = 'replaced' AND \"table\" = 'proxy'")" 2
mkdir -p v/archive/2015Q1
cp old/archive/2015Q1/* v/archive/2015Q1/
is "before" "$(count v)" 1220,1220
ok "an old volume with a replaced id" v v catalog rebuild
is "doubles no row" "$(count v)" 1220,1220
v v archive --before 2015-03-01
rm v/catalog.db*
ok "nor when the partition itself lies in another volume" v v catalog rebuild
is "no row is there twice" "$(count v)" 1220,1220

kura -q init other # the same lines under other ids
v other ingest e1.log
v other archive --before 2015-01-08
mkdir usb
cp other/archive/2015Q1/proxy-2015-01.tar usb/other.tar
must_fail 1 kura -C v catalog rebuild --from usb
like "a volume with lines that are here" "$(cat must_fail.err)" "holds lines that are in the warehouse already"
is "doubles no row either" "$(count v)" 1220,1220

tar=v/archive/2015Q1/proxy-2015-01.1.tar
id=$(kura -C v volumes --json | sed -n 's/.*1.tar","id":"\([0-9a-f]*\)".*/\1/p' | head -n 1)
sed "s/$id/00000000000000000000000000000000/" "$tar" >usb/forged.tar
member=$(sqlite3 v/catalog.db "SELECT p.id FROM partition p JOIN member m ON m.partition = p.number JOIN volume v ON v.number = m.volume WHERE v.id = '$id' LIMIT 1")
sed -i "s/$member/11111111111111111111111111111111/" usb/forged.tar
rm usb/other.tar
must_fail 1 kura -C v catalog rebuild --from usb
like "a forged manifest" "$(cat must_fail.err)" "passed over: .*forged.tar"
is "doubles nothing" "$(count v)" 1220,1220

# --- Without case.db --------------------------------------------------------------------

v v restore 2015-01-02 --case c1 --for 30d
rm v/catalog.db* v/case.db*
ok "a new case.db" v v catalog rebuild --new-case
is "says so" "$(sqlite3 v/case.db "SELECT count(*) FROM audit WHERE what = 'new-case'")" 1
is "the rows are there" "$(count v)" 1220,1220
ok "and maintain goes on" v v maintain
done_testing
