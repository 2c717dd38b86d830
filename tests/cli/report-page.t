#!/bin/sh
# The page of a report in a browser: no complaint on its console, no request but
# for itself, no markup of a log alive; on a wide and a narrow screen and in print.
. "$(dirname "$0")/../lib.sh"
command -v chromium >/dev/null || skip_all 'chromium is not installed'

kura -q init --zone Asia/Tokyo w
mkdir w/hunts
cp "$top/tests/data/refused.sql" w/hunts/
printf 'reports:\n  - name: daily\n    hunts: [refused]\n' >>w/kura.yaml
evil="<img src=http://198.51.100.9/x onerror=alert(1)><script>document.title='owned'</script>\"'&$(printf '\342\200\256')gpj"
for i in $(seq 10 30); do
    printf '2025-03-04T09:%02d:00+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time="2025-03-04 09:%02d:00" duration=0 policy_id=36 service=%s proto=6 src zone=Trust dst zone=Untrust action=Deny sent=0 rcvd=0 src=10.1.0.47 dst=198.51.100.1 src_port=50123 dst_port=6667 session_id=0\n' \
        "$i" "$i" "$evil"
done >fw.log
kura -q -C w ingest fw.log
kura -C w --now 2025-03-05T12:00:00 report daily >/dev/null 2>&1
page=$PWD/w/reports/daily-2025-03-04.html
ok 'the report is there' test -s "$page"

browser "$page" --dump-dom >dom.html 2>console
is 'the browser ran' "$?" 0
is 'nothing on the console' "$(grep -c 'CONSOLE' console)" 0
is 'no request of the page' \
    "$(grep -c -E '"(url|original_url)":"(https?|wss?)://198' net.json)" 0
is 'no element of a log' "$(grep -c -E '<(img|script|iframe|object|a) ' dom.html)" 0
is 'the title is ours' "$(sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' dom.html | head -1)" daily
like 'its text is there' "$(cat dom.html)" '&lt;img src=http://198'
is 'what turns text around is made visible' "$(grep -c "$(printf '\342\200\256')" dom.html)" 0

browser "$page" --window-size=1280,2000 --screenshot="$work/wide.png" >/dev/null 2>&1
ok 'a wide screen' test -s wide.png
browser "$page" --window-size=390,2000 --screenshot="$work/narrow.png" >/dev/null 2>&1
ok 'a narrow screen' test -s narrow.png
browser "$page" --print-to-pdf="$work/page.pdf" >/dev/null 2>&1
is 'in print' "$(head -c 4 page.pdf)" '%PDF'
done_testing
