#!/bin/sh
# kura ioc: import, list, remove; match against sealed, archived and open days;
# what is new; warning lists; expiry; hostile content.
. "$(dirname "$0")/../lib.sh"

now=2015-02-23
ioc() {
    kura -C w --now $now ioc "$@"
}
csv() { # the rows of a csv answer
    ioc "$@" --format csv 2>csv.err | tr -d '\r' | sed 1d
}
request() { # SECOND CLIENT METHOD URL
    printf '%d.000      7 %s TCP_MISS/200 10 %s %s - HIER_DIRECT/203.0.113.7 text/html\n' "$@"
}
{
    request 1424217600 192.168.0.10 GET http://www.bad.example/a # 2015-02-18
    request 1424217601 192.168.0.11 GET http://WWW.bad.example/b
    request 1424217602 192.168.0.11 GET 'http://shop.example/gate.php?x=1'
    request 1424217603 192.168.0.11 GET http://shop.example/index.html
    request 1424217604 192.168.0.12 CONNECT tls.example:443
    request 1424390400 192.168.0.12 GET http://other.example/x # 2015-02-20
    request 1424390401 192.168.0.12 GET http://198.51.100.9:8080/x
    request 1424390402 192.168.0.13 GET http://www.bad.example/c
    request 1424390403 192.168.0.13 GET http://drive.google.com/fine
} >p.log
cat >mail.log <<'END'
Feb 18 10:00:00 mx postfix/cleanup[1]: 3A1B2C1: warning: header Subject: Your  Invoice from x.example[203.0.113.5]; from=<bad@sender.example> to=<a@example.jp> proto=ESMTP helo=<x.example>
Feb 20 10:00:00 mx postfix/cleanup[1]: 3A1B2C2: warning: header Subject: Lunch from x.example[203.0.113.6]; from=<taro@mail.sender.example> to=<a@example.jp> proto=ESMTP helo=<x.example>
END
cat >q.log <<'END'
18-Feb-2015 00:00:05.000 queries: info: client 192.168.0.20#5353 (tls.example): query: tls.example IN A + (192.168.0.1)
20-Feb-2015 00:00:05.000 queries: info: client 192.168.0.20#5353 (drive.google.com): query: drive.google.com IN A + (192.168.0.1)
END
kura -q init w
kura -q -C w --now $now ingest p.log q.log
kura -q -C w --now $now ingest --as-of 2015-02-21 mail.log
is "the logs are there" "$(value w 'SELECT (SELECT count(*) FROM proxy) || (SELECT count(*) FROM dns) || (SELECT count(subject) FROM mail)')" 922

# --- Import ---------------------------------------------------------------------

cat >a.txt <<'END'
# a list
hxxp://shop[.]example/gate.php
bad[.]example   # the C2
198.51.100.0/24
just words
8.8.8.8
http://other.example/y
https://tls.example/secret
nobody.example
hxxps://drive.google[.]com/evil
END
ioc import a.txt --source TEST --confidence 80 >out 2>err
is "a line that is none makes exit 1" $? 1
like "it is named" "$(cat err)" "a.txt:5: 'just words' is nothing that tells its type"
like "refanging is shown" "$(cat err)" 'a.txt:2: refanged: hxxp://shop\[.\]example/gate.php -> http://shop.example/gate.php'
is "the rest is imported" "$(sed -n 1p out)" \
    "8 new, 0 changed, 0 as before, 1 not understood; 3 refanged, 2 on warning lists"
is "by type" "$(sed 1d out | tr -s ' ' | tr '\n' ',')" " address 1, network 1, domain 2, url 4,"
is "again doubles nothing" "$(ioc import a.txt --source TEST --confidence 80 2>/dev/null | sed -n 1p)" \
    "0 new, 0 changed, 8 as before, 1 not understood; 3 refanged, 2 on warning lists"
is "another confidence is a change" \
    "$(echo bad.example | ioc import - --source TEST --confidence 90 --campaign Op1 | sed -n 1p)" \
    "0 new, 1 changed, 0 as before, 0 not understood; 0 refanged, 0 on warning lists"
is "which stays where nobody says more" \
    "$(echo bad.example | ioc import - --source TEST --confidence 90 | sed -n 1p)" \
    "0 new, 0 changed, 1 as before, 0 not understood; 0 refanged, 0 on warning lists"
is "a warning list lowers confidence and is named" \
    "$(value w "SELECT confidence || '/' || stated || ' ' || warning FROM indicator WHERE value = '8.8.8.8'")" \
    "20/80 public DNS resolvers"
mkdir w/warninglists
printf '# name: Ours\n# confidence: 7\n.partner.example\n' >w/warninglists/ours.txt
printf '{"name":"MISP list","type":"cidr","list":["203.0.113.0/28"]}' >w/warninglists/m.json
printf 'a.partner.example\n203.0.113.5\n' |
    kura -v -C w ioc import --dry-run - >out 2>err
like "the warehouse's own lists" "$(cat err)" "a.partner.example, confidence 7 of 50: Ours"
like "and MISP's" "$(cat err)" "203.0.113.5, confidence 25 of 50: MISP list"
is "a dry run changes nothing" "$(value w 'SELECT count(*) FROM indicator')" 8
printf 'x y\n' >w/warninglists/ours.txt
must_fail 3 ioc import a.txt
like "a bad list is named with its line" "$(cat must_fail.err)" "warninglists/ours.txt' line 1: 'x y'"
rm -r w/warninglists

# --- Other formats ----------------------------------------------------------------

cat >urlhaus.csv <<'END'
# URLhaus
# id,dateadded,url,url_status,threat,tags
"1","2015-01-01 10:00:00","http://203.0.113.77:8080/a,b.exe","online","malware_download","exe"
END
cat >misp.json <<'END'
{"Event": {"info": "Op X", "Orgc": {"name": "CSIRT"}, "Tag": [{"name": "tlp:amber"}],
 "Attribute": [
  {"type": "email-subject", "value": "your invoice", "to_ids": true},
  {"type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e", "to_ids": true},
  {"type": "comment", "value": "x", "to_ids": false},
  {"type": "yara", "value": "rule", "to_ids": true}],
 "Object": [{"Attribute": [
  {"type": "domain|ip", "value": "sender.example|203.0.113.200", "to_ids": true}]}]}}
END
cat >stix.json <<'END'
{"type": "bundle", "id": "bundle--1", "objects": [
 {"type": "identity", "id": "identity--1", "name": "CERT"},
 {"type": "indicator", "id": "indicator--1", "created_by_ref": "identity--1", "pattern_type": "stix",
  "pattern": "[ipv4-addr:value = '198.51.100.77'] OR [domain-name:value = 'old.example']",
  "valid_until": "2015-02-01T00:00:00Z", "confidence": 33},
 {"type": "indicator", "id": "indicator--2", "pattern_type": "stix",
  "pattern": "[file:name = 'a.exe' AND file:size = 1]"}]}
END
is "abuse.ch" "$(ioc import urlhaus.csv | sed -n 1p | cut -d, -f1)" "1 new"
ioc import misp.json stix.json >out 2>err
is "what is not understood makes exit 1" $? 1
like "MISP" "$(cat err)" "misp.json:6: an attribute of type 'yara' is not understood"
like "STIX" "$(cat err)" "stix.json:6: the pattern is not understood, it joins by AND"
is "the rest is there" "$(sed -n 1p out | cut -d, -f1)" "6 new"
is "who says so, until when" \
    "$(csv list --source CERT | cut -d, -f2,3,4,6,10,11)" \
    "address,198.51.100.77,33,CERT,2015-02-01T00:00:00.000000Z,1
domain,old.example,33,CERT,2015-02-01T00:00:00.000000Z,1"
is "expired and live" "$(csv list --expired | wc -l) $(csv list --live | wc -l)" "2 13"
is "by type" "$(csv list --type subject | cut -d, -f3,6,7,8)" "your invoice,CSIRT,amber,Op X"
gzip -c a.txt >a.txt.gz
is "compressed" "$(ioc import a.txt.gz --source TEST --confidence 80 2>/dev/null | sed -n 1p | cut -d, -f1,2)" \
    "0 new, 1 changed"
is "with a time" "$(echo x.example | ioc import - --expires 30d >/dev/null; csv list --source stdin | cut -d, -f10)" \
    "2015-03-25T00:00:00.000000Z"
ok "removed by value, written harmless" ioc remove 'x[.]example'
is "it is not listed" "$(csv list --source stdin)" ""
must_fail 3 ioc remove x.example
must_fail 3 ioc import nofile.txt
must_fail 2 ioc import
must_fail 2 ioc import --type nonsense a.txt
must_fail 2 ioc import --confidence 101 a.txt
must_fail 2 ioc nonsense
printf '{"a": 1}' >bad.json
must_fail 1 ioc import bad.json
like "JSON that is neither" "$(cat must_fail.err)" "'bad.json': JSON that is neither"
printf '{"Event": {\n"Attribute": [}' >bad.json
must_fail 1 ioc import bad.json
like "JSON that is none" "$(cat must_fail.err)" "line 2, byte"

is "a reader that leaves" "$({ ioc list --format csv; echo $? >&2; } 2>&1 >/dev/full | tail -1)" 3

# --- Match ----------------------------------------------------------------------

row() { # of a csv answer: indicator, table, column, match, seen as, events, days, clients
    cut -d, -f1,3-6,9-11
}
csv match >first
is "what was found" "$(row <first | sort)" \
    "198.51.100.0/24,proxy,cs_host,inside,198.51.100.9,1,1,1
bad.example,proxy,cs_host,below,www.bad.example,3,2,1
http://shop.example/gate.php,proxy,c_uri,url,http://shop.example/gate.php?x=1,1,1,1
https://tls.example/secret,dns,query,host of url,tls.example,1,1,1
https://tls.example/secret,proxy,c_uri,host of url,tls.example:443,1,1,1
sender.example,mail,envelope_from,sender,bad@sender.example,2,2,1
your invoice,mail,subject,exact,Your  Invoice,1,1,1"
like "hashes are told to be matched with nothing" "$(cat csv.err)" "1 hash\(es\) were matched with nothing"
is "first and last" "$(grep ^bad.example first | cut -d, -f7,8)" \
    "2015-02-18T00:00:00.000000Z,2015-02-20T00:00:02.000000Z"
is "where" "$(grep ^198 first | cut -d, -f12)" "online: 1 d"
is "nothing is new the second time" "$(csv match)" ""
like "and that is said" "$(cat csv.err)" "nothing new; 6 indicator\(s\) have matches in all"
like "since nothing was looked up" "$(cat csv.err)" " 0 value\(s\) of 0 of 6 partition"
is "all on demand" "$(csv match --all)" "$(cat first)"
is "a new indicator against all days" \
    "$(echo other.example | ioc import - >/dev/null; csv match | row)" \
    "other.example,proxy,cs_host,exact,other.example,1,1,1"
request 1424476800 192.168.0.14 GET http://new.bad.example/ >p2.log # 2015-02-21
kura -q -C w --now $now ingest p2.log
is "a new day against all indicators" "$(csv match | row)" \
    "bad.example,proxy,cs_host,below,new.bad.example,1,1,1"
request 1424476801 192.168.0.14 GET http://nobody.example/ >p3.log
kura -q -C w --now $now ingest p3.log
is "late lines of a day that was matched" "$(csv match | row)" \
    "nobody.example,proxy,cs_host,exact,nobody.example,1,1,1"
is "a dry run is not remembered" \
    "$(echo 192.168.0.10 | ioc import - >/dev/null; csv match --dry-run | row; csv match | row)" \
    "192.168.0.10,proxy,src_ip,exact,192.168.0.10,1,1,1
192.168.0.10,proxy,src_ip,exact,192.168.0.10,1,1,1"
ioc remove 192.168.0.10 >/dev/null
is "what is removed is shown no more" "$(csv match --all | grep -c ^192)" 0
is "--type and --source" "$(csv match --all --type url | cut -d, -f1 | uniq) $(csv match --all --source CSIRT | wc -l)" \
    "http://shop.example/gate.php
https://tls.example/secret 2"
is "--from and --to" "$(csv match --all --from 2015-02-19 --to 2015-02-20 --type domain | row)" \
    "bad.example,proxy,cs_host,below,www.bad.example,1,1,1
sender.example,mail,envelope_from,sender,taro@mail.sender.example,1,1,1
other.example,proxy,cs_host,exact,other.example,1,1,1"
must_fail 1 ioc match --all --exit-code
ok "--exit-code without a match" ioc match --exit-code
must_fail 2 ioc match x
like "people get it harmless" "$(ioc match --all --type url 2>/dev/null)" 'hxxp://shop\[.\]example/gate.php'
is "json has it as it is, and the coverage" \
    "$(ioc match --all --type url --format json 2>/dev/null | sed -n '1s/,.*//p;$s/:.*//p')" \
    '{"indicator":"http://shop.example/gate.php"
{"coverage"'
is "ioc() in SQL" "$(value w "SELECT count(*) FROM proxy WHERE ioc('host', cs_host) IS NOT NULL")" 7
is "with the indicator's columns" \
    "$(value w "SELECT DISTINCT i.source FROM proxy JOIN indicator AS i ON i.number = ioc('url', c_uri)")" TEST
is "kura.so has it" \
    "$(KURA_DIR=w sqlite3 :memory: -cmd ".load $KURA_BUILD/kura" "SELECT ioc('host', 'x.bad.example') IS NOT NULL")" 1

# --- Expired, archived, lost -------------------------------------------------------

echo 192.168.0.12 | ioc import - --expires 2015-01-31 >/dev/null
like "expired ones match with a note" "$(csv match)" ',expired 2015-01-31; on the list: private and reserved networks,'
printf 'archive:\n  destinations: [ archive ]\n' >>w/kura.yaml
kura -q -C w --now $now archive --before 2015-02-20
is "sealed and archived days are no news" "$(csv match)" ""
is "sightings outlive the archive, and say where it is" \
    "$(csv match --all --type domain | grep ^bad | tr -d '"' | cut -d, -f12-14)" \
    "archived 2015Q1/proxy-2015-02.tar: 1 d, online: 2 d,80"
like "subjects that are not at hand are told" "$(cat csv.err)" \
    "subject of mail was NOT read in 1 partition\(s\) from 2015-02-18 to 2015-02-18"
is "a URL that was found in lines which are gone stays found, and is no mere host" \
    "$(csv match --all --type url | grep shop | row)" \
    "http://shop.example/gate.php,proxy,c_uri,url,http://shop.example/gate.php?x=1,1,1,1"
is "a new one whose lines are not at hand is known by its host" \
    "$(echo http://shop.example/index.html | ioc import - >/dev/null; csv match | row)" \
    "http://shop.example/index.html,proxy,cs_host,host of url,shop.example,2,1,1"
is "and by itself once they can be read" "$(csv match --archived | row)" \
    "http://shop.example/index.html,proxy,c_uri,url,http://shop.example/index.html,1,1,1"
is "after which the host says no more" "$(csv match --all --type url | grep index | row)" \
    "http://shop.example/index.html,proxy,c_uri,url,http://shop.example/index.html,1,1,1"
printf 'http://www.bad.example/b\n' | ioc import - >/dev/null
is "a new one in place" "$(csv match --archived | row)" \
    "http://www.bad.example/b,proxy,c_uri,url,http://WWW.bad.example/b,1,1,1"
mv w/archive gone
rm w/sighting/proxy/2015-02-18.db.zst
echo never.example | ioc import - >/dev/null
must_fail 3 ioc match
like "lost sightings are told" "$(cat must_fail.err)" "NOT SEARCHED: missing"
mv gone w/archive

# --- Hostile --------------------------------------------------------------------

printf 'type,value,comment,campaign\nsubject,"=cmd|x \342\200\256 <b>",<script>,"\033[31m"\ndomain,"\033[2Jx.example",,\n' >h.csv
ioc import h.csv >out 2>err
is "control characters are no value" $? 1
like "and are told inert" "$(cat err)" 'x1b\[2Jx.example'
is "what feeds say is clean" "$(value w "SELECT campaign FROM indicator WHERE comment = '<script>'")" '\x1b[31m'
is "lists print inert" "$(ioc list --type subject | LC_ALL=C grep -c "$(printf '\033\|\342\200\256')")" 0
like "formulas are none" "$(csv list --type subject | tail -1)" "'=cmd"
printf 'a.example\0b.example\n' | ioc import - >/dev/null 2>&1
is "NUL is no value" "$(csv list | grep -c 'a.example')" 0
done_testing
