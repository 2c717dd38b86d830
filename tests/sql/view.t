#!/bin/sh
# view.t - the sqlite3 program alone, with one file of a warehouse and the view
# in it, reads the rows that `kura sql` reads: every stored column, in order.
. "$(dirname "$0")/../lib.sh"

# NULLs, empty texts, quotes, escapes, bytes that are no text, large and
# negative numbers, midnight.
esc=$(printf '\033')
cat >proxy.log <<LINES
1424217600.000      0 192.0.2.1 TCP_MISS/200 4611686018427387904 GET http://www.example.com/it's,;--/*quoted*/ - HIER_DIRECT/203.0.113.7 text/html
1424217600.001      7 192.0.2.1 TCP_MISS/000 0 get http://WWW.example.com/x'); o'neil HIER_NONE/- -
1424217600.001     17 2001:db8::1 NONE_NONE/400 9007199254740993 GET error:invalid-request - HIER_NONE/- -
1424303999.999 123456 192.0.2.255 TCP_HIT/200 1 CONNECT www.example.org:443 日本 HIER_DIRECT/203.0.113.8 -
1424304000.000      1 192.0.2.2 TCP_MISS/200 255 GET http://www.example.org/$esc[31m\x41{{a}}%7B NULL HIER_DIRECT/203.0.113.8 -
1424304000.500      1 192.0.2.2 TCP_MISS/200 256 GET http://www.example.org/a||b''c - HIER_DIRECT/203.0.113.8 ''
LINES
printf '1424304001.000 1 192.0.2.2 TCP_MISS/200 65536 GET http://www.example.org/\377\302 \303\251 HIER_DIRECT/203.0.113.8 -\n' >>proxy.log
printf "it's \"no\" line; {of} any\\\\x41 format\n\n\n\rsecond\r\nlast \377" >>proxy.log

request() { # TIME SUBJECT
    printf '%s mail1 postfix/cleanup[7]: 1A2B3C: warning: header Subject: %s from mail.example.net[203.0.113.5]; from=<a@example.net> to=<b@example.com> proto=ESMTP helo=<x>\n' "$@"
}
{
    request 2015-02-18T00:00:00Z '=?UTF-8?Q?two=0D=0Alines=00_and_=22quotes=22?='
    request 2015-02-18T23:59:59.999999Z "'; DROP TABLE mail; --"
    request 2015-02-18T12:00:00Z '=?UTF-8?B?4oCu6KuL5rGC5pu4?='
    request 2015-02-18T12:00:00Z ''
} >mail.log
"$KURA_BUILD/bench/generate" --product netscreen --lines 300 --days 3 \
    --start 2015-02-16 >firewall.log
cat >>firewall.log <<LINES
fw1: NetScreen device_id=fw1 [Root]system-notification-00257(traffic): start_time="2015-03-01 00:00:00" duration=0 policy_id=-5 service=MS RPC (any) proto=6 src zone=Trust dst zone=Untrust action=Permit sent=0 rcvd=0 src=192.0.2.1 dst=203.0.113.9 src_port=0 dst_port=65535
LINES
# A working day is 00:00 to 10:00 UTC: more than a segment in one day.
"$KURA_BUILD/bench/generate" --product bind --lines 80000 --days 1 \
    --start 2015-02-16 >dns.log
kura -q init --zone UTC w
kura -q -C w ingest --zone UTC --as-of 2015-02-20 proxy.log mail.log \
    firewall.log dns.log 2>ingest.err

# The stored columns of a partition.
columns() { # FILE
    sqlite3 -batch "$1" "SELECT name FROM \"column\" WHERE type <> 'shape'
        ORDER BY id"
}
# All of a row as one text in hex digits: it is told from any other, and no
# form of output has a say in it.
row_of() { # COLUMN...
    printf "hex(''"
    printf " || quote(\"%s\") || ' '" "$@"
    printf ')'
}
readable() {
    perl -ne 'chomp; print pack("H*", $_), "\n"' "$1"
}
same_rows() { # NAME
    readable got >got.txt
    readable wanted >wanted.txt
    cmp -s got wanted
    report $? "$1" "$(diff got.txt wanted.txt | head -6)"
}

mkdir alone
for table in dns firewall mail proxy reject; do
    : >got
    for file in w/online/$table/*.db; do
        # The one file and nothing beside it.
        rm -f alone/*
        cp "$file" alone/partition.db
        names=$(columns alone/partition.db)
        # shellcheck disable=SC2046,SC2086
        row=$(row_of $names)
        sqlite3 -batch alone/partition.db "SELECT $row FROM $table" >rows
        cat rows >>got
        is "$file: as many rows as it says" "$(wc -l <rows)" \
            "$(sqlite3 -batch alone/partition.db \
                "SELECT sum(rows) FROM segment")"
    done
    # A partition a day, and in it the order of storage.
    value w "SELECT $row FROM $table ORDER BY ts / 86400000000, rowid" >wanted
    same_rows "$table: $(wc -l <wanted) rows of $(echo "$names" | wc -l) columns"
done

# --- That this was asked of what is hard ---------------------------------

in_view() { # TABLE DAY SQL
    sqlite3 -batch "w/online/$1/$2.db" "$3"
}
is "a partition has two segments" \
    "$(in_view dns 2015-02-16 'SELECT count(*) FROM segment')" 2
is "no row of a file is left out" "$(value w 'SELECT count(*) FROM dns')" 80000
like "quotes" \
    "$(in_view proxy 2015-02-18 'SELECT c_uri FROM proxy WHERE line = 1')" \
    "/it's,;--/[*]quoted[*]/$"
is "NULL and the largest integer" "$(in_view proxy 2015-02-18 \
    "SELECT cs_username IS NULL, sc_bytes FROM proxy WHERE line = 1")" \
    "1|4611686018427387904"
is "an integer below 0" "$(in_view firewall 2015-03-01 \
    'SELECT policy_id, duration_s FROM firewall')" "-5|0"
like "escaped bytes" \
    "$(in_view proxy 2015-02-19 'SELECT c_uri FROM proxy WHERE line = 5')" \
    '/\\x1b\[31m'
like "a newline within a text" \
    "$(in_view mail 2015-02-18 'SELECT subject FROM mail WHERE line = 1')" \
    '^two.*lines.*"quotes"$'

# A line that no pattern took is the shape, but for its doubled braces and the
# line's end.
for file in w/online/reject/*.db; do
    sqlite3 -batch "$file" "SELECT hex(CAST(replace(CAST(shape AS TEXT), '{{',
        '{') AS BLOB)) FROM reject" | sed 's/0D0A$//; s/0A$//'
done >got
value w "SELECT hex(CAST(raw AS BLOB)) FROM reject ORDER BY rowid" |
    sed 's/^""$//' >wanted
same_rows "reject: whole lines"
ok "there are rejects" [ "$(wc -l <wanted)" -gt 3 ]
done_testing
