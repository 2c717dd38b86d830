#!/bin/sh
# The page of a timeline in a browser: no complaint on its console, no request but
# for itself, no markup of a log alive; on a narrow screen and in print.
. "$(dirname "$0")/../lib.sh"
command -v chromium >/dev/null || skip_all 'chromium is not installed'

evil="http://example.com/<img/src=http://198.51.100.9/x/onerror=alert(1)><script>document.title='owned'</script>$(printf '\342\200\256')gpj$(printf '%0300d' 0)"
for i in $(seq 10 40); do
    printf '14242176%d.500 70 10.1.0.5 TCP_MISS/200 12300 GET %s - HIER_DIRECT/203.0.113.7 text/html\n' "$i" "$evil"
done >access.log
kura -q init w
kura -q -C w ingest access.log
is 'it is loaded' "$(value w 'SELECT count(*) FROM proxy')" 31
kura -C w timeline --address 10.1.0.5 --format html -o page.html
page=$PWD/page.html

browser "$page" --dump-dom >dom.html 2>console
is 'the browser ran' "$?" 0
is 'nothing on the console' "$(grep -c 'CONSOLE' console)" 0
is 'no request of the page' "$(grep -c -E '"(url|original_url)":"(https?|wss?)://198' net.json)" 0
is 'no element of a log' "$(grep -c -iE '<(img|script|iframe|object|a)[ />]' dom.html)" 0
is 'the title is ours' "$(sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' dom.html)" 'address 10.1.0.5'
like 'its text is there' "$(cat dom.html)" '&lt;img/src='
is 'what turns text around is made visible' "$(grep -c "$(printf '\342\200\256')" dom.html)" 0
browser "$page" --window-size=390,1200 --screenshot="$work/narrow.png" >/dev/null 2>&1
ok 'a narrow screen' test -s narrow.png
browser "$page" --print-to-pdf="$work/page.pdf" >/dev/null 2>&1
is 'in print' "$(head -c 4 page.pdf)" '%PDF'
done_testing
