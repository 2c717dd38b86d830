#!/bin/sh
# Lines that no pattern takes are kept whole, can be listed, and become rows once
# a format takes them; nothing of the file's bytes changes.
. "$(dirname "$0")/../lib.sh"

line() { # N
    printf '1424221299.090    452 192.168.0.10 TCP_MISS/200 %d GET http://www.example.com/%d - HIER_DIRECT/203.0.113.7 text/html\n' "$1" "$1"
}
{
    line 1
    line 2
    echo 'door 3 opened by 192.0.2.3'
    line 4
    printf 'door 5 opened by 192.0.2.5\r\n'
    echo 'nothing anybody knows'
    line 7 | sed 's/^1424221299/4070908800/'
} >proxy.log
{
    echo 'sensor 1424221299 saw 192.0.2.7 go to a.example.com'
    echo 'sensor 1424307699 saw 192.0.2.8 go to b.example.com'
    printf 'sensor 1424307700 saw 192.0.2.9 go to c.example.com'
} >sensor.log

kura -q init w
ok "load" kura -C w ingest proxy.log sensor.log
is "rows" "$(value w 'SELECT count(*) FROM proxy')" 3
is "the summary" \
    "$(kura -C w rejects --format csv | sed "s,$work/,,")" \
    "$(printf 'source,reason,lines,first_line,last_line\r\nproxy.log,no pattern of the format matches,3,3,6\r\nsensor.log,%s,3,1,3\r\nproxy.log,time out of range,1,7,7\r' "$(value w "SELECT DISTINCT reason FROM reject WHERE source LIKE '%sensor.log'" | tr -d '\r')")"
kura -C w rejects --lines --format csv >lines.csv
is "one line for each reject" "$(sed 1d lines.csv | wc -l)" 7
like "with its number, its place and its text" "$(cat lines.csv)" \
    "proxy\.log,3,$( (line 1; line 2) | wc -c),no pattern of the format matches,door 3 opened by 192\.0\.2\.3"
like "as a table too" "$(kura -C w rejects)" "proxy\.log.*no pattern of the format matches"
like "a line ends where its text ends" "$(tr '\r' '~' <lines.csv)" \
    "door 5 opened by 192\.0\.2\.5~$"
must_fail 2 kura -C w rejects operand
must_fail 2 kura -C w rejects --format no-such-format

ok "a retry with the same formats" kura -C w rejects --retry
like "changes nothing" "$(cat ok.err)" "7 rejects tried, 0 are rows now, 7 stay"

for f in proxy.log sensor.log; do
    kura -C w cat $f >before.$f
    cmp -s $f before.$f
    report $? "$f before"
done
list=$(kura -C w cat --list)

# A new format, and a built-in one that takes more than before.
mkdir -p w/formats
cat >w/formats/sensor.yaml <<'END'
name: sensor
table: dns
about: a device of an example
patterns:
  - name: saw
    regex: 'sensor (?<ts>[0-9]{10}) saw (?<src_ip>[0-9.]+) go to (?<query>[^ ]+)'
fields:
  ts: {time: epoch}
samples:
  - line: 'sensor 1424221299 saw 192.0.2.7 go to a.example.com'
    pattern: saw
    fields: {src_ip: 192.0.2.7, query: a.example.com}
END
cat >w/formats/squid-native.yaml <<'END'
name: squid-native
table: proxy
about: with doors
patterns:
  - name: native
    regex: '(?<ts>[0-9]{10}\.[0-9]{3}) (?<elapsed_ms> *[0-9]+) (?<src_ip>[^ ]+) TCP_MISS/200 (?<sc_bytes>[0-9]+) GET (?<c_uri>[^ ]+) .*'
  - name: door
    regex: 'door (?<sc_bytes>[0-9]+) opened by (?<src_ip>[0-9.]+)'
fields:
  ts: {time: epoch}
  elapsed_ms: {integer: true}
  sc_bytes: {integer: true}
samples:
  - line: '1424221299.090    452 192.168.0.10 TCP_MISS/200 74769 GET http://www.example.com/ - NONE/- text/html'
    pattern: native
  - line: 'door 5 opened by 192.0.2.5'
    pattern: door
    fields: {sc_bytes: 5}
END
formats=$(kura -C w formats)
like "the new format is listed" "$formats" "^sensor "
like "the other one took the built-in's place" "$formats" "squid-native .*w/formats/squid-native\.yaml"

ok "a retry with them" kura -C w rejects --retry
like "says what became of the rejects" "$(cat ok.err)" "7 rejects tried, 5 are rows now, 2 stay"
is "rows of the new format" \
    "$(value w "SELECT group_concat(src_ip || ' ' || query || ' ' || line || ' ' || format, '|') FROM (SELECT * FROM dns ORDER BY line)")" \
    "192.0.2.7 a.example.com 1 sensor|192.0.2.8 b.example.com 2 sensor|192.0.2.9 c.example.com 3 sensor"
is "rows of the mended one" \
    "$(value w "SELECT group_concat(line || ' ' || sc_bytes || ' ' || src_ip, '|') FROM (SELECT * FROM proxy WHERE sc_bytes IN (3, 5) ORDER BY line)")" \
    "3 3 192.0.2.3|5 5 192.0.2.5"
is "the rejects that stay" \
    "$(value w "SELECT group_concat(line, ' ') FROM (SELECT line FROM reject ORDER BY line)")" "6 7"
for f in proxy.log sensor.log; do
    kura -C w cat $f 2>err | cmp -s - $f
    report $? "$f is the same after it" "$(cat err)"
done
is "the list of sources is the same" "$(kura -C w cat --list)" "$list"
ok "a second retry" kura -C w rejects --retry
like "a second retry changes nothing" "$(cat ok.err)" "2 rejects tried, 0 are rows now, 2 stay"
is "no row is doubled" "$(value w "SELECT (SELECT count(*) FROM proxy) || ' ' || (SELECT count(*) FROM dns) || ' ' || (SELECT count(*) FROM reject)")" "5 3 2"
ok "the files again" kura -C w ingest proxy.log sensor.log
like "are loaded already" "$(cat ok.err)" "kura: 0 new lines"
printf '\n' >>sensor.log
echo 'sensor 1424307800 saw 192.0.2.10 go to d.example.com' >>sensor.log
ok "a file that grew after it" kura -C w ingest sensor.log
is "goes on with the new format" "$(value w "SELECT count(*) FROM dns")" 4
kura -C w cat sensor.log 2>err | cmp -s - sensor.log
report $? "and comes back" "$(cat err)"
done_testing
