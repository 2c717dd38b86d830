#!/bin/sh
# kura report: what is new first, every output, the same bytes again, hostile log
# content inert, an old report left alone when a run dies, periods that a pause
# left out, delivery.
. "$(dirname "$0")/../lib.sh"

# packets COUNT DST DATE [SERVICE]: refused ones, from nine in the morning.
packets() {
    for i in $(seq 10 $((9 + $1))); do
        printf '%sT09:%02d:00+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time="%s 09:%02d:00" duration=0 policy_id=36 service=%s proto=6 src zone=Trust dst zone=Untrust action=Deny sent=0 rcvd=0 src=10.1.0.47 dst=%s src_port=50123 dst_port=6667 session_id=0\n' \
            "$3" "$i" "$3" "$i" "${4:-tcp/port:6667}" "$2"
    done
}
kura -q init --zone Asia/Tokyo w
mkdir w/hunts
cp "$top/tests/data/refused.sql" w/hunts/
cat >>w/kura.yaml <<'YAML'
reports:
  - name: daily
    title: 'Yesterday <b>&'
    hunts: [refused]
    outputs: [html, md, json, csv, timeline]
    deliver: 'env | grep ^KURA_REPORT | sort > delivered'
  - name: nihongo
    language: ja
    hunts: [refused]
    period: last 7 days
YAML
{
    packets 12 198.51.100.1 2025-03-04
    packets 12 198.51.100.2 2025-03-05 '<script>alert(1)</script>&"'
} >fw.log
kura -q -C w ingest fw.log
morning() { kura -C w --now 2025-03-05T12:00:00 report "$@"; }

is 'the reports of kura.yaml' "$(kura -C w report --list | cut -d' ' -f1)" 'daily
nihongo'
morning daily >out 2>err
is 'exit code' "$?" 0
is 'a file for each output' "$(sed 's/.*daily-//' out)" '2025-03-04.html
2025-03-04.md
2025-03-04.json
2025-03-04.csv
2025-03-04-timeline.csv'
like 'what was found is summed up' "$(cat err)" 'daily: 1 new, 0 still there, 0 gone'
r=w/reports/daily-2025-03-04
like 'the sentence' "$(cat $r.html)" '10.1.0.47 was refused 12 times on the way to 198\[.\]51\[.\]100\[.\]1:6667'
is 'five original lines' "$(grep -c 'device_id=fw1' $r.html)" 5
like 'the title is text' "$(cat $r.html)" '<h1>Yesterday &lt;b&gt;&amp;</h1>'
like 'Markdown' "$(cat $r.md)" '^# Yesterday'
ok 'JSON is JSON' sqlite3 :memory: "SELECT CASE WHEN json_valid(readfile('$r.json')) THEN 1 ELSE abs('no json') END"
is 'JSON has all the lines' \
    "$(sqlite3 :memory: "SELECT json_array_length(readfile('$r.json'), '\$.findings[0].lines')")" 12
is 'CSV' "$(tr -d '\r' <$r.csv | sed 1d | cut -d, -f1-3)" 'new,high,refused'
is 'the timeline has a line an event' "$(tr -d '\r' <$r-timeline.csv | sed 1d | wc -l | tr -d ' ')" 12
like 'delivery is told the files' "$(cat delivered)" 'KURA_REPORT_HTML=w/reports/daily-2025-03-04.html'
like 'and how many are new' "$(cat delivered)" 'KURA_REPORT_NEW=1'

# Again: the same bytes but for the line that says when it was made.
cp -r w/reports before
morning daily >/dev/null 2>&1
differs() {
    for f in html md json csv; do
        diff "before/daily-2025-03-04.$f" "$r.$f" | grep '^[<>]' | grep -v -e Made -e '"made"' \
            -e '2025\\-03\\-05T12' -e '2025-03-05T12'
    done
}
is 'made again, a report is the same but for its own time' "$(differs)" ''
like 'what is new stays new in it' "$(morning daily 2>&1)" 'daily: 1 new'
morning daily --exit-code >/dev/null 2>&1
is '--exit-code' "$?" 1

# The next day: a finding of another key is new, hostile content is text.
kura -C w --now 2025-03-06T12:00:00 report daily >/dev/null 2>&1
r=w/reports/daily-2025-03-05
is 'no markup of a log' "$(grep -c '<script' $r.html)" 0
like 'but its text' "$(cat $r.html)" 'service=&lt;script&gt;alert\(1\)&lt;/script&gt;&amp;&quot;'
like 'in Markdown too' "$(cat $r.md)" '      .*service=<script>'
like 'nothing may be loaded or run' "$(cat $r.html)" "default-src 'none'; style-src 'unsafe-inline'"
is 'no reference leaves the page' "$(grep -c -E '<[a-z][^>]*(src|href)=|@import|url\(' $r.html)" 0

# A run that dies leaves what was there.
before=$(cat $r.html | sha256sum)
(ulimit -f 8; kura -C w --now 2025-03-06T12:00:00 report daily) >/dev/null 2>&1
is 'a run that fails leaves the last report' "$(sha256sum <$r.html)" "$before"
is 'and no file of its own' "$(find w/reports -name '*.html.*' | wc -l | tr -d ' ')" 0
mkdir -p broken
must_fail 3 kura -C w --now 2025-03-06T12:00:00 report daily -o /dev/null/x

# After a pause of three days the reports between are made too.
kura -C w --now 2025-03-09T12:00:00 report daily >out 2>&1
is 'a pause is caught up' "$(sed -n 's/.*daily-\(.*\).html/\1/p' out)" '2025-03-06
2025-03-07
2025-03-08'
like 'no logs: the hunt is told to be skipped' "$(cat w/reports/daily-2025-03-08.html)" \
    'no logs of table firewall in the range'

# A source that spoke every day and does not any more stands first.
for d in 1 2 3 4 5 6 7 8; do packets 2 198.51.100.9 "2025-05-0$d"; done >daily.log
packets 2 198.51.100.9 2025-05-10 >other.log
kura -q -C w ingest daily.log other.log
kura -C w --now 2025-05-11T12:00:00 report daily --no-deliver --period yesterday >/dev/null 2>&1
like 'a silent source is told' "$(grep -A1 '<tr><td>firewall</td><td>.*daily.log' w/reports/daily-2025-05-10.html)" \
    'daily.log</td>.*<td class="n">0</td><td class="n no">'

# Many sources: the table says how many have no room in it.
mkdir many
for i in $(seq 1 70); do packets 1 "198.51.100.$i" 2025-07-01 >"many/$i.log"; done
kura -q -C w ingest many
kura -C w --now 2025-07-02T12:00:00 report daily --no-deliver --period yesterday >/dev/null 2>&1
like 'sources without room are counted' "$(cat w/reports/daily-2025-07-01.html)" \
    '<p class="no">1[0-9] more are not on this page'

# Periods and languages.
kura -C w --now 2025-03-09T12:00:00 report nihongo >out 2>&1
is 'the last seven days' "$(sed -n 's/.*nihongo-\(.*\).html/\1/p' out)" '2025-03-02_2025-03-08'
like 'in Japanese' "$(cat w/reports/nihongo-2025-03-02_2025-03-08.html)" '対象期間'
kura -C w --now 2025-04-02 report nihongo --period 'last month' -o elsewhere >/dev/null 2>&1
ok 'a period of its own, elsewhere' test -s elsewhere/nihongo-2025-03-01_2025-03-31.html
must_fail 2 kura -C w report daily --period 'last fortnight'
must_fail 3 kura -C w report weekly
must_fail 2 kura -C w report

# Rows that come a day late are in the next report; other runs beside take
# nothing away from it.
kura -q init --zone Asia/Tokyo late
cp -r w/hunts late/
printf 'reports:\n  - name: daily\n    hunts: [refused]\n    deliver: "test -e late/works && touch late/delivered"\n  - name: lost\n    tag: nosuch\n' >>late/kura.yaml
packets 12 198.51.100.1 2025-06-01 >late1.log
packets 12 198.51.100.2 2025-06-02 >late2.log
packets 12 198.51.100.3 2025-06-01 >late3.log
kura -q -C late ingest late1.log
touch late/works
kura -C late --now 2025-06-02T12:00:00 report daily >/dev/null 2>&1
kura -q -C late ingest late2.log late3.log
rm late/works
kura -C late --now 2025-06-03T12:00:00 report daily >out 2>&1
is 'a delivery that fails is told' "$?" 3
like 'the report is there all the same' "$(cat out)" 'daily-2025-06-02.html'
like 'with what came late' "$(cat late/reports/daily-2025-06-02.html)" '198\[.\]51\[.\]100\[.\]3'
like 'beside what is of the day' "$(cat late/reports/daily-2025-06-02.html)" '198\[.\]51\[.\]100\[.\]2'
touch late/works
kura -C late --now 2025-06-04T12:00:00 report daily >out 2>&1
is 'what was not delivered is made again' "$(sed -n 's/.*daily-\(.*\).html/\1/p' out)" '2025-06-02
2025-06-03'
kura -C late --now 2025-06-05T12:00:00 report daily --period 2026 -o elsewhere >/dev/null 2>&1
kura -C late --now 2025-06-06T12:00:00 report daily >out 2>&1
is 'a period of its own is none of the row' "$(sed -n 's/.*daily-\(.*\).html/\1/p' out)" '2025-06-04
2025-06-05'
must_fail 3 kura -C late report lost
like 'a tag that no hunt has is told' "$(cat must_fail.err)" "no hunt has the tag 'nosuch'"
must_fail 2 kura -C late hunt --tag nosuch

# However much is found, the page stays small and says what it leaves out.
cat >w/hunts/each.sql <<'SQL'
-- title: Every packet
-- table: firewall
-- stage: delivery
-- level: low
-- key: src_port
-- why: {src_ip} sent from port {src_port}: {service}
-- about: A test.
-- hit: a.log
-- miss: b.log
SELECT src_ip, src_port, service, 1 AS events, ts AS first_ts, ts AS last_ts
FROM firewall WHERE ts >= :from_ts AND ts < :to_ts
SQL
printf '  - name: much\n    hunts: [each]\n' >>w/kura.yaml
awk 'BEGIN { for (i = 0; i < 300; i++) x = x "<&>"; for (i = 1; i <= 12000; i++) printf("2025-02-01T09:00:00+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time=\"2025-02-01 09:00:00\" duration=0 policy_id=36 service=%s proto=6 src zone=Trust dst zone=Untrust action=Deny sent=0 rcvd=0 src=10.1.0.47 dst=198.51.100.1 src_port=%d dst_port=80 session_id=0\n", x, i) }' >much.log
kura -q -C w ingest much.log
kura -C w --now 2025-02-02T12:00:00 report much >/dev/null 2>&1
size=$(wc -c <w/reports/much-2025-02-01.html)
ok 'the page is under 5 MB' test "$size" -lt 5000000 -a "$size" -gt 3000000
like 'and says how many are not on it' "$(cat w/reports/much-2025-02-01.html)" \
    '[0-9]+ more are not on this page'
like 'what is not even kept is told' "$(cat w/reports/much-2025-02-01.html)" '2000 more'

# Mistakes of kura.yaml are told with their line.
mistake() { # NAME LINE PATTERN
    cp w/kura.yaml good.yaml
    printf '  - name: x\n    %s\n' "$2" >>w/kura.yaml
    must_fail 3 kura -C w report daily
    like "$1" "$(cat must_fail.err)" "$3"
    cp good.yaml w/kura.yaml
}
mistake 'unknown key' 'hunt: refused' "kura.yaml:[0-9]+: unknown key 'hunt'"
mistake 'unknown output' 'outputs: [pdf]' 'kura.yaml:[0-9]+: html, md, json, csv or timeline'
mistake 'unknown period' 'period: next week' 'kura.yaml:[0-9]+: '
mistake 'unknown language' 'language: fr' "kura.yaml:[0-9]+: 'language' is en or ja"
sed -i 's/hunts: \[refused\]/hunts: [refuse]/' w/kura.yaml
must_fail 3 kura -C w report daily
like 'unknown hunt' "$(cat must_fail.err)" "there is no hunt 'refuse'"

# The example that ships.
kura -q init --zone Asia/Tokyo example
cat "$top/docs/examples/reports.yaml" >>example/kura.yaml
is 'docs/examples/reports.yaml is read' "$(kura -C example report --list | cut -d' ' -f1 | tr '\n' ' ')" \
    'daily weekly year '
done_testing
