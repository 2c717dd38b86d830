#!/bin/sh
# kura seen: first, last, how often, on which days, and never.
. "$(dirname "$0")/../lib.sh"

request() { # SECOND CLIENT HOST
    printf '%d.000      7 %s TCP_MISS/200 10 GET http://%s/a - HIER_DIRECT/203.0.113.7 text/html\n' "$@"
}
{
    request 1424217600 192.168.0.10 www.example.com # 2015-02-18T00:00:00
    request 1424217610 192.168.0.11 WWW.Example.com
    request 1424217620 192.168.0.11 www.example.com
    request 1424217630 192.168.0.11 badexample.com
    request 1424390400 192.168.0.10 www.example.com # 2015-02-20T00:00:00
    request 1424390400 10.0.0.1 mail.example.org
} >p.log
kura -q init w
kura -q -C w ingest p.log

seen() {
    kura -C w seen --format csv "$@" 2>seen.err | tr -d '\r'
}
line() { # the columns but the last, which tells where the days are
    seen "$@" | sed 1d | cut -d, -f1-8
}

www='www.example.com,proxy,cs_host,2015-02-18T00:00:00.000000Z,2015-02-20T00:00:00.000000Z,4,2,2'
is "first, last, events, days, clients a day" "$(line www.example.com)" "$www"
is "whatever the case" "$(line WWW.EXAMPLE.COM)" "$www"
is "and written so that nobody clicks" "$(line 'www[.]example[.]com')" "$www"
is "an address" "$(line 10.0.0.1)" \
    '10.0.0.1,proxy,src_ip,2015-02-20T00:00:00.000000Z,2015-02-20T00:00:00.000000Z,1,1,1'
is "a network" "$(line 192.168.0.0/24 | cut -d, -f1,6,7)" "192.168.0.10,2,2
192.168.0.11,3,1"
is "a domain is that name alone" "$(line example.com | cut -d, -f1,3)" "example.com,registered_domain"
is "with --under what is below it, and no other" \
    "$(line --under example.com | cut -d, -f1,3 | sort)" "example.com,registered_domain
www.example.com,cs_host"
is "where the days are" "$(seen www.example.com | sed 1d | sed 's/.*,//')" "online: 2 d"
is "several at once" "$(line 10.0.0.1 badexample.com mail.example.org | cut -d, -f1 | sort -u | tr '\n' ' ')" \
    "10.0.0.1 badexample.com mail.example.org "
is "json" "$(kura -C w seen --format json 10.0.0.1 | sed -n 1p | cut -c1-52)" \
    '{"value":"10.0.0.1","table":"proxy","observable":"sr'

# --- A URL ------------------------------------------------------------------

is "a URL by its host" "$(line 'hxxp://u@www.example[.]com:8080/a'\''b?c')" "$www"
like "and a word about it" "$(cat seen.err)" "looked up by its host 'www.example.com'.*2015-02-18 to 2015-02-20"
like "with the SQL" "$(cat seen.err)" "cs_host = 'www.example.com' AND instr\(c_uri, '/a''b\?c'\)"
seen http://www.example.com/a >/dev/null
sed -n 's/^kura:   //p' seen.err >url.sql
is "which runs" "$(kura -C w sql --format csv - <url.sql | sed 1d | wc -l)" 4

# --- Never --------------------------------------------------------------------

must_fail 1 kura -C w seen example.net
like "never, and in what" "$(cat must_fail.err)" "'example.net' was never seen in 2 partition\(s\) from 2015-02-18 to 2015-02-20"
ok "one of two is enough" kura -C w seen example.net 10.0.0.1
like "the other is told" "$(cat ok.err)" "'example.net' was never seen"
must_fail 1 kura -C w seen example
must_fail 1 kura -C w seen 192.168.0.1

# --- The range ------------------------------------------------------------------

is "--from" "$(line --from 2015-02-19 www.example.com | cut -d, -f4-7)" \
    '2015-02-20T00:00:00.000000Z,2015-02-20T00:00:00.000000Z,1,1'
is "--to, by whole days" "$(line --to 2015-02-18T00:00:01 www.example.com | cut -d, -f4-7)" \
    '2015-02-18T00:00:00.000000Z,2015-02-18T00:00:20.000000Z,3,1'
must_fail 1 kura -C w seen --from 2015-03-01 www.example.com
like "nothing there" "$(cat must_fail.err)" "nothing is loaded for that time"

# --- Mistakes ---------------------------------------------------------------------

must_fail 2 kura -C w seen
must_fail 2 kura -C w seen ''
must_fail 2 kura -C w seen --format xml x
must_fail 2 kura -C w seen --from yesteryear x
must_fail 2 kura -C w seen http:///path
must_fail 3 kura -C nowhere seen x

# --- Archived -----------------------------------------------------------------------

printf 'archive:\n  destinations: [ archive ]\n' >>w/kura.yaml
kura -q -C w archive --before 2015-02-20
is "the sightings of archived days stay" "$(line www.example.com)" "$www"
is "and say which volume to open" "$(kura -C w seen --format csv www.example.com | tr -d '\r\"' | sed '1d; s/.*,2,2,//')" \
    "archived 2015Q1/proxy-2015-02.tar: 1 d, online: 1 d"
mv w/archive carried-away
is "also when it was carried away" "$(line www.example.com)" "$www"
rm w/sighting/proxy/2015-02-18.db.zst
must_fail 3 kura -C w seen badexample.com
like "sightings that are lost with it are told" "$(cat must_fail.err)" "NOT SEARCHED: missing.*sighting/proxy/2015-02-18.db.zst"
mv carried-away w/archive

# --- The table --------------------------------------------------------------------

is "sightings are a table" \
    "$(value w "SELECT group_concat(value || ' ' || day || ' ' || clients, ', ') FROM sighting WHERE observable = 'cs_username' OR value = 'mail.example.org' AND observable = 'cs_host'")" \
    "mail.example.org 2015-02-20 1"
must_fail 3 kura -C w sql "DELETE FROM sighting"

done_testing
