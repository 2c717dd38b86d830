#!/bin/sh
# kura volumes: what is listed, what is lost with a medium, what comes back.
. "$(dirname "$0")/../lib.sh"
ulimit -f 4000000

request() { # SECOND CLIENT HOST
    printf '%d.000      7 %s TCP_MISS/200 10 GET http://%s/a - HIER_DIRECT/203.0.113.7 text/html\n' "$@"
}
seq 0 129 | while read -r d; do
    request $((1420070400 + d * 86400)) 10.0.0.1 "host$d.example.com"
done >p.log
now=2015-05-20
k() {
    timeout 60 kura -C w --now "$now" "$@"
}
archived() {
    k -q sql --archived --format csv "SELECT count(*), count(DISTINCT line) FROM proxy" 2>/dev/null | sed 1d | tr -d '\r'
}
kura -q init w
cat >>w/kura.yaml <<'YAML'
retention:
  online: 2mo
archive:
  destinations: [ archive, vault ]
YAML
k -q ingest p.log
k -q maintain
january=2015Q1/proxy-2015-01.tar

# --- The list ---------------------------------------------------------------------

k volumes >list
like "name, table, days, rows, state" "$(cat list)" \
    "^$january  proxy  2015-01-01 to 2015-01-31  31 rows  .*  live"
is "each copy" "$(grep -c "/$january  present  verified 2015-05-20T" list)" 2
mv w/vault away
like "one that is not mounted" "$(k volumes)" "w/vault/$january  not mounted"
like "json" "$(k volumes --json | head -n 1)" \
    '^\{"name":"2015Q1/proxy-2015-01.tar","id":"[0-9a-f]{32}","table":"proxy","first_day":"2015-01-01".*"rows":31,.*"copies":\[\{"path":".*","present":true,"verified":"2015'
mv away w/vault

# --- Forgetting --------------------------------------------------------------------

must_fail 3 kura -C w volumes forget nothing
k -q hold add 2015-01-10 --case c1 >/dev/null
must_fail 3 k volumes forget $january
like "the hold is named" "$(cat must_fail.err)" "last copy of 2015-01-10, which hold .*c1"
is "and nothing was forgotten" "$(archived)" "130,130"
k volumes forget --force $january 2>forget.err
is "days that are lost are told" "$(grep -c 'lost: proxy 2015-01-.., 1 rows' forget.err)" 31
is "and not searched" "$(archived)" "99,99"
like "what was seen stays" "$(k seen --format csv host3.example.com 2>/dev/null)" "host3.example.com,proxy"
like "its state" "$(k volumes)" "$january .* forgotten"
is "in the audit trail" \
    "$(sqlite3 w/case.db "SELECT count(*) FROM audit WHERE what = 'forget' AND subject = '$january'")" 1
must_fail 3 k volumes forget --force $january

# --- It comes back -------------------------------------------------------------------

k -q volumes import w/archive/$january
is "the partitions are archived again" "$(archived)" "130,130"
like "the volume is live" "$(k volumes)" "$january .* live"
mkdir -p usb/2015Q1
cp w/archive/$january w/archive/$january.sha256 usb/2015Q1/
k -q volumes import usb/$january
like "a further copy" "$(k volumes)" "$work/usb/$january  present"
cp w/archive/$january elsewhere.tar
must_fail 3 k volumes import elsewhere.tar
like "a copy has the volume's path" "$(cat must_fail.err)" "is known as '$january'"

# --- In another warehouse ----------------------------------------------------------------

kura -q init o
o() {
    timeout 60 kura -C o --now "$now" "$@"
}
ok "from any directory" o volumes import elsewhere.tar
is "its rows" "$(o -q sql --archived --format csv "SELECT count(*) FROM proxy" 2>/dev/null | sed 1d | tr -d '\r')" 31
like "its sightings were made" "$(o seen --format csv host3.example.com 2>/dev/null)" "host3.example.com,proxy"
ok "twice is the same" o volumes import elsewhere.tar
is "rows are there once" "$(o -q sql --archived --format csv "SELECT count(*) FROM proxy" 2>/dev/null | sed 1d | tr -d '\r')" 31
cp elsewhere.tar bad.tar
printf 'XXXX' | dd of=bad.tar bs=1 seek=20000 conv=notrunc 2>/dev/null
must_fail 3 o volumes import bad.tar
cat >>o/kura.yaml <<'YAML'
archive:
  verify: 'test "$(basename "$KURA_VOLUME")" != proxy-2015-02.tar'
YAML
must_fail 3 o volumes import w/archive/2015Q1/proxy-2015-02.tar
like "the verify command is obeyed" "$(cat must_fail.err)" "exit status 1"
cp w/archive/2015Q1/proxy-2015-02.tar february.tar
ok "where it agrees too" o volumes import february.tar

# --- Rows that are here already -------------------------------------------------------------

kura -q init n
kura -q -C n ingest p.log
n=$(value n "SELECT count(*) FROM proxy")
must_fail 3 kura -C n volumes import w/archive/$january
like "lines are not listed twice" "$(cat must_fail.err)" "in the warehouse already"
is "nothing came of it" "$(kura -q -C n sql --archived --format csv "SELECT count(*) FROM proxy" | sed 1d | tr -d '\r')" "$n"
is "nor of the volume" "$(kura -C n volumes | wc -l)" 0
done_testing
