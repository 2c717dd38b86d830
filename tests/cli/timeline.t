#!/bin/sh
# kura timeline: what every table says of one entity, in the order of time.
. "$(dirname "$0")/../lib.sh"

request() { # SECOND CLIENT USER URL STATUS
    printf '%d.500     70 %s TCP_MISS/%s 12300 GET %s %s HIER_DIRECT/203.0.113.7 text/html\n' \
        "$1" "$2" "$5" "$4" "$3"
}
refused() { # TIME, of the site's zone, FROM TO
    printf '%s+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time="%s" duration=0 policy_id=36 service=smb proto=6 src zone=Trust dst zone=Trust action=Deny sent=0 rcvd=0 src=%s dst=%s src_port=50123 dst_port=445 session_id=0\n' \
        "$1.000000" "$(echo "$1" | tr T ' ')" "$2" "$3"
}
logon() { # EVENT RECORD TIME USER ADDRESS
    printf '{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":%d,"TimeCreated":{"#attributes":{"SystemTime":"%sZ"}},"EventRecordID":%d,"Channel":"Security","Computer":"dc1.example.com"},"EventData":{"TargetUserName":"%s","LogonType":3,"Status":"0xc000006d","IpAddress":"%s"}}}\n' \
        "$1" "$3" "$2" "$4" "$5"
}

{
    request 1424217600 10.1.0.5 'CORP\alice' http://example.com/ 200 # 2015-02-18T00:00:00
    request 1424217660 10.1.0.6 bob http://example.com/b 200
    request 1424221200 10.1.0.5 alice http://www.example.com/ 404 # 01:00:00
    request 1424304000 10.1.0.5 - 'http://example.com/<script>alert(1)</script>=a|' 200 # 02-19
} >access.log
{
    i=10
    while [ $i -lt 34 ]; do
        refused 2015-02-18T09:00:$i 10.1.0.5 10.2.0.9
        i=$((i + 1))
    done
    refused 2015-02-18T12:00:00 10.2.0.9 10.1.0.5
    refused 2015-02-18T12:00:01 10.1.0.55 10.2.0.9
    refused 2015-02-18T12:00:02 10.1.0.5 10.1.0.5
} >firewall.log
{
    printf '18-Feb-2015 09:10:00.000 client 10.1.0.5#47000: query: example.com IN A + (10.0.0.53)\n'
    printf '18-Feb-2015 09:10:01.000 client 10.1.0.7#47000: query: badexample.com IN A + (10.0.0.53)\n'
} >queries.log
{
    printf '2015-02-18T00:20:00.000000+00:00 mail1 postfix/smtpd[1]: 5E3A90C7D1: client=pc5.example.com[10.1.0.5], sasl_method=LOGIN, sasl_username=alice\n'
    printf '2015-02-18T00:20:01.000000+00:00 mail1 postfix/cleanup[1]: 5E3A90C7D1: warning: header Content-Disposition: attachment; filename="x.exe" from pc5.example.com[10.1.0.5]; from=<alice@example.com> to=<bob@example.net> proto=ESMTP helo=<pc5>\n'
    printf '2015-02-18T00:20:02.000000+00:00 mail1 postfix/qmgr[1]: 5E3A90C7D1: from=<alice@example.com>, size=4000, nrcpt=1 (queue active)\n'
    printf '2015-02-18T00:20:03.000000+00:00 mail1 postfix/qmgr[1]: 5E3A90C7D2: from=<malice@example.com>, size=4000, nrcpt=1 (queue active)\n'
} >maillog
{
    logon 4624 1 2015-02-18T00:30:00.000000 alice ::ffff:10.1.0.5
    logon 4625 2 2015-02-18T00:30:01.000000 ALICE 10.1.0.5
    logon 4624 3 2015-02-18T00:30:02.000000 bob 10.1.0.6
} >windows.json
kura -q init --zone +09:00 w
kura -q -C w ingest access.log firewall.log queries.log maillog windows.json
is "everything is loaded" "$(value w "SELECT count(*) FROM reject")" 0

timeline() {
    kura -C w timeline "$@" 2>err
}
column() { # NUMBER OPTIONS: of CSV
    n=$1
    shift
    timeline --format csv "$@" | tr -d '\r' | sed 1d | cut -d, -f"$n"
}

field() { # NAME OPTIONS: of JSON, of every row
    n=$1
    shift
    timeline --format json "$@" | grep -v '^{"coverage"' |
        sed 's/,"row":.*//; s/.*"'"$n"'":"\{0,1\}\([^",]*\).*/\1/'
}

# --- An address, all tables ----------------------------------------------------

is "all tables, in the order of time" "$(column 4 --address 10.1.0.5 | uniq | tr '\n' ' ')" \
    "proxy firewall dns mail windows proxy firewall proxy "
is "every row once, also with the entity at both ends" \
    "$(column 4 --address 10.1.0.5 --table firewall | wc -l)" 26
is "the times rise" "$(column 1 --address 10.1.0.5)" "$(column 1 --address 10.1.0.5 | sort)"
is "no rows of 10.1.0.55" "$(column 11 --address 10.1.0.5 | grep -c 10.1.0.55)" 0
is "the same whatever the way of reading" "$(column 4 --address 10.1.0.5 | sort | uniq -c | tr -s ' \n' ' ')" \
    "$(value w "SELECT group_concat(n || ' ' || t, ' ') FROM (
        SELECT count(*) n, 'dns' t FROM dns WHERE '10.1.0.5' IN (src_ip, query)
        UNION ALL SELECT count(*), 'firewall' FROM firewall WHERE '10.1.0.5' IN (src_ip, dst_ip)
        UNION ALL SELECT count(*), 'mail' FROM mail WHERE client_ip = '10.1.0.5'
        UNION ALL SELECT count(*), 'proxy' FROM proxy WHERE src_ip = '10.1.0.5'
        UNION ALL SELECT count(*), 'windows' FROM windows WHERE src_ip = '10.1.0.5')" | sed 's/^/ /;s/$/ /')"

timeline --address 10.1.0.5 >all
like "a request, in the site's zone" "$(cat all)" \
    '^2015-02-18 09:00:00  proxy +GET hxxp://example\[\.]com/ -> 200, 12\.3 kB \(CORP\\alice\) .*access\.log:1$'
like "a refusal" "$(cat all)" '^2015-02-18 09:00:10  firewall +refused tcp 445 to 10\.2\.0\.9 +10\.2\.0\.9 '
like "the other way round" "$(cat all)" '^2015-02-18 12:00:00  firewall +refused tcp 445 from 10\.2\.0\.9 +10\.2\.0\.9 '
like "a question" "$(cat all)" '^2015-02-18 09:10:00  dns +asked for A example\[\.]com '
like "an attachment" "$(cat all)" 'mail from alice@example\.com to bob@example\.net: attachment x\.exe'
like "a log-on" "$(cat all)" 'logon type 3 of alice from 10\.1\.0\.5: success on dc1\.example\.com '
like "one that failed" "$(cat all)" 'logon type 3 of ALICE from 10\.1\.0\.5: failed \(0xc000006d\)'
like "which column it was" "$(column 5 --address 10.1.0.5 | sort -u | tr '\n' ' ')" \
    "^client_ip dst_ip src_ip $"

# --- Folding, limit, range --------------------------------------------------------

like "what is the same within an hour is one row" "$(timeline --address 10.1.0.5 --fold)" \
    '^2015-02-18 09:00:10  firewall +refused tcp 445 to 10\.2\.0\.9 x 24 +10\.2\.0\.9 .*firewall\.log:1$'
is "that says how often and how long" "$(column 2,8 --address 10.1.0.5 --fold --table firewall | sed -n 1p)" \
    "2015-02-18T00:00:33.000000Z,24"
is "one row an other end" \
    "$(field other --host example.com --fold --table proxy | sort | tr '\n' ' ')" "10.1.0.5 10.1.0.5 10.1.0.6 "
is "no event is lost by it" "$(field events --address 10.1.0.5 --fold | awk '{ n += $1 } END { print n }')" \
    "$(column 1 --address 10.1.0.5 | wc -l)"
is "a limit" "$(column 1 --address 10.1.0.5 --limit 3 | wc -l)" 3
like "is told" "$(cat err)" 'cut after 3 rows \(--limit\), on 2015-02-18'
rows=$(column 1 --address 10.1.0.5 | wc -l)
is "one that is not reached" "$(column 1 --address 10.1.0.5 --limit "$rows" | wc -l)" "$rows"
is "is not" "$(cat err)" ""
is "from and to are exact, in the site's zone" \
    "$(column 1 --address 10.1.0.5 --from 2015-02-18T09:30:01 --to 2015-02-18T10:00:00 | tr '\n' ' ')" \
    "2015-02-18T00:30:01.000000Z 2015-02-18T01:00:00.500000Z "
is "one day" "$(column 4 --address 10.1.0.5 --from 2015-02-19 | tr '\n' ' ')" "proxy "

# --- Accounts and hosts --------------------------------------------------------------

is "an account with and without domain, in any case, as address" \
    "$(column 4,5 --user alice | sort | uniq -c | tr -s ' \n' ' ')" \
    " 2 mail,envelope_from 1 mail,sasl_username 2 proxy,cs_username 2 windows,TargetUserName "
is "a mail address is that one alone" "$(column 5 --user alice@example.com | sort -u)" "envelope_from"
is "as is an account with its domain" "$(column 4 --user 'corp\alice')" "proxy"
is "a host" "$(column 4,5 --host example.com | sort | uniq -c | tr -s ' \n' ' ')" \
    " 1 dns,query 3 proxy,cs_host "
is "written so that nobody clicks" "$(column 4 --host 'example[.]com' | wc -l)" 4
is "and what is below it" "$(column 4,5 --host example.com --under | sort -u | tr '\n' ' ')" \
    "dns,query mail,client_name proxy,cs_host windows,Computer "
is "a machine" "$(column 6 --host dc1.example.com | head -1)" \
    "logon type 3 of alice from 10.1.0.5: success on dc1.example.com"

# --- Findings and indicators ------------------------------------------------------------

cat >i.csv <<'I'
type,value,source,first_seen
network,10.1.0.0/28,list,2015-02-18T00:05:00Z
domain,example.com,list,2015-02-18T00:05:00Z
account,alice,list,2015-02-18T00:05:00Z
address,10.1.0.55,list,2015-02-18T00:05:00Z
I
kura -q -C w ioc import i.csv >/dev/null
kura -q -C w hunt --all >/dev/null
like "an indicator stands where it was first seen" "$(timeline --address 10.1.0.5)" \
    '^2015-02-18 09:05:00  indicator +network 10\[\.]1\[\.]0\[\.]0/28, confidence [0-9]+ +list '
is "those that name it, no others" "$(field line --address 10.1.0.5 --table indicator)" 1
is "of an account" "$(field line --user alice --table indicator)" 3
is "of a host" "$(field line --host www.example.com --table indicator)" 2
is "findings as kura finding has them" \
    "$(field source --address 10.1.0.5 --table finding | sort | tr '\n' ' ')" \
    "$(value w "SELECT group_concat(id, ' ') FROM (SELECT id FROM finding AS f
        WHERE \"row\" LIKE '%\"10.1.0.5\"%' OR \"row\" LIKE '%10.1.0.5,%'
        OR EXISTS (SELECT 1 FROM evidence WHERE finding = f.id AND raw REGEXP '\b10\.1\.0\.5\b')
        ORDER BY 1)") "
ok "there are some" [ "$(field source --address 10.1.0.5 --table finding | wc -l)" -gt 0 ]

# --- For programs, hostile content --------------------------------------------------------

timeline --address 10.1.0.5 --format json --from 2015-02-19 --table proxy >j
is "json: the fields are an object" "$(sed -n 1p j | sed 's/.*"row"://;s/"src_ip".*//')" '{'
like "with the line as it was" "$(cat j)" '"raw":"1424304000\.500 .*<script>alert\(1\)</script>=a\|'
like "the last line is the coverage" "$(tail -1 j)" '^\{"coverage":\[.*"table":"proxy"'
like "markdown: no HTML" "$(timeline --address 10.1.0.5 --format md --from 2015-02-19)" \
    '\\<script>alert\(1\)\\</script>=a\\\|'
printf '1424390400.000 7 10.1.0.5 TCP_MISS/200 10 GET http://e.example/\033[31m\342\200\256x - HIER_DIRECT/203.0.113.7 text/html\n' >evil.log
kura -q -C w ingest evil.log
is "what a terminal would obey is shown, not sent" \
    "$(timeline --address 10.1.0.5 | tr -dc '\033' | wc -c)" 0

# --- A page -----------------------------------------------------------------------------------

timeline --address 10.1.0.5 --format html >page
is "a page says who it is about" "$(sed -n 's/^<h1>\(.*\)<\/h1>$/\1/p' page)" "address 10.1.0.5"
is "has every row" "$(grep -c '^<tr[^>]*><td>[0-9][0-9]:' page)" "$(column 1 --address 10.1.0.5 | wc -l)"
is "under the days of the site's zone" "$(sed -n 's/^\(<.*>\)*<h2>\(20[0-9-]*\) .*/\2/p' page | tr '\n' ' ')" \
    "2015-02-18 2015-02-19 2015-02-20 "
like "markup of a log is text" "$(cat page)" '&lt;script&gt;alert\(1\)&lt;/script&gt;=a\|'
is "no other" "$(grep -ciE '<(script|img|a|link|iframe)|https?://|\bon[a-z]+=' page)" 0
is "nor what turns text around" "$(grep -cE "$(printf '\033|\342\200\256')" page)" 0
like "findings stand out" "$(cat page)" '^<tr class="finding high"><td>[0-9:]+</td><td>finding</td>'
like "where it was seen" "$(cat page)" '<tr><td>mail</td><td>client_ip</td><td>2015-02-18 09:20:00</td>'
like "what was searched" "$(cat page)" '<tr><td>proxy</td><td>2015-02-18</td><td>2015-02-20</td><td>online</td>'
timeline --address 10.1.0.5 --format html --limit 4 >cut
like "a cut is told where one begins to read" "$(cat cut)" \
    '^<p class="no">This page ends after 4 events, at 2015-02-18 09:00:1[0-9]:'
is "and coverage ends there" "$(grep -c '<td>proxy</td><td>2015-02-18</td><td>2015-02-18</td><td>online</td>' cut)" 1
is "the same twice" "$(timeline --address 10.1.0.5 --format html)" "$(cat page)"

# --- A file, mistakes -------------------------------------------------------------------------

timeline --address 10.1.0.5 -o page.txt >stdout
is "-o leaves stdout alone" "$(cat stdout)" ""
is "and writes the same" "$(cat page.txt)" "$(timeline --address 10.1.0.5)"
is "nothing else" "$(find . -maxdepth 1 -name 'page.txt*')" "./page.txt"
must_fail 3 kura -C w timeline --address 10.1.0.5 -o nowhere/page.txt
must_fail 1 kura -C w timeline --address 10.9.9.9
like "nothing known" "$(cat must_fail.err)" "nothing is known of address '10.9.9.9'"
must_fail 2 kura -C w timeline
must_fail 2 kura -C w timeline --host a --user b
must_fail 2 kura -C w timeline --host ''
must_fail 2 kura -C w timeline --address example.com
must_fail 2 kura -C w timeline --user a --under
must_fail 2 kura -C w timeline --host a --table nothing
must_fail 2 kura -C w timeline --host a --limit 0
must_fail 2 kura -C w timeline --host a --format xml
must_fail 2 kura -C w timeline --host a extra

# --- A day of many events ------------------------------------------------------------------

awk 'BEGIN { for (i = 0; i < 60000; i++)
    printf "%d.%03d 7 10.3.0.1 TCP_MISS/200 10 GET http://h%d.example.net/ - HIER_DIRECT/203.0.113.7 text/html\n",
        1425168000 + i * 86399 / 60000, i % 1000, i % 3 }' >many.log # 2015-03-01
kura -q init many
kura -q -C many ingest many.log
kura -C many timeline --address 10.3.0.1 --format csv >all.csv
is "hour by hour, none twice, none lost" \
    "$(kura -C many timeline --address 10.3.0.1 | grep -oE 'many\.log:[0-9]+$' | sort | uniq -c | awk '$1 == 1' | wc -l)" 60000
is "in the order of time" "$(sed 1d all.csv | cut -d, -f1 | sort -c 2>&1)" ""
is "an hour is folded as a whole" \
    "$(kura -C many timeline --address 10.3.0.1 --fold --format csv | sed 1d | wc -l)" 72
is "a limit across the hours" \
    "$(kura -C many timeline --address 10.3.0.1 --format csv --limit 5001 2>/dev/null | tail -1 | cut -d, -f1-10)" \
    "$(sed -n 5002p all.csv | cut -d, -f1-10)"

# --- Archived, damaged --------------------------------------------------------------------------

all=$(column 1 --address 10.1.0.5 | wc -l)
printf 'archive:\n  destinations: [ archive ]\n' >>w/kura.yaml
kura -q -C w archive --before 2015-02-19
is "only the days that are online" "$(column 4 --address 10.1.0.5 --from 2015-02-18 | grep -cE 'proxy|firewall')" 2
like "what lies in the archive is told" "$(cat err)" \
    'firewall 2015-02-18: up to [0-9]+ event\(s\) on 1 day\(s\) NOT searched: archived \(2015Q1/firewall-2015-02\.tar\)'
like "as is the coverage" "$(cat err)" 'day\(s\) of the range were NOT searched'
is "an archived day alone is no evidence of nothing" \
    "$(kura -C w timeline --address 10.1.0.6 2>/dev/null | sed 1,2d | grep -vc indicator)" 0
like "also in a page" "$(timeline --address 10.1.0.5 --format html)" \
    '<li>firewall, 1 day\(s\) from 2015-02-18 to 2015-02-18, up to [0-9]+ event\(s\): archived 2015Q1/firewall-2015-02\.tar'
is "--archived reads it in place" "$(column 1 --address 10.1.0.5 --archived | wc -l)" "$all"
is "and leaves nothing to tell" "$(cat err)" ""
mv w/archive away
like "carried away" "$(timeline --address 10.1.0.5 --archived >/dev/null; cat err)" \
    'proxy 2015-02-18: up to 2 event\(s\) on 1 day\(s\) NOT searched: not mounted .*proxy-2015-02\.tar'
must_fail 3 kura -C w timeline --user bob --table windows
mv away w/archive


request 1427846400 10.3.0.2 - http://example.org/ 200 >later.log # a month later
kura -q -C many ingest later.log
kura -q --now 2015-04-01 -C many maintain
for d in many/online/proxy/*.zst; do
    perl -e 'open F, "+<", $ARGV[0] or die; seek F, 9000, 0; print F "x" x 2000' "$d"
done
printf '%s\n' '18-Feb-2015 09:10:00.000 client 10.3.0.1#47000: query: example.com IN A + (10.0.0.53)' >q.log
kura -q -C many ingest q.log
must_fail 1 kura -C many timeline --address 10.3.0.1
like "damage leaves the rest" "$(cat must_fail.out)" ' dns +asked for A example'
like "and is told" "$(cat must_fail.err)" 'NOT SEARCHED: damaged'
must_fail 3 kura -C many timeline --address 10.3.0.1 --from 2015-03-01

done_testing
