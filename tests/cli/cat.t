#!/bin/sh
# Evidence: whatever bytes a file has, kura cat gives them back, and their
# SHA-256 is the one that was taken when they were loaded.
. "$(dirname "$0")/../lib.sh"

lines() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN {
        for (i = a; i <= b; i++)
            printf "1424221299.%03d %6d 192.168.0.%d TCP_MISS/200 %d GET" \
                " http://host%d.example.com/a/%d - HIER_DIRECT/203.0.113.7" \
                " text/html\n", i % 1000, i * 7 % 90000, i % 250 + 1,
                i * 13, i % 9, i
    }'
}

# One line of a proxy with TEXT, which may have printf escapes, in the URL.
line() {
    printf '1424221300.090    452 192.168.0.10 TCP_MISS/200 7 GET http://www.example.com/'
    printf "$1"
    printf ' - HIER_DIRECT/203.0.113.7 text/html'
}

mkdir f
lines 1 500 >f/plain.log
lines 1 60 | sed 's/$/\r/' >f/crlf.log
lines 61 200 | awk 'NR % 3 == 0 { printf "%s\r\n", $0; next }
    NR % 7 == 0 { printf "%s\r\r\n", $0; next } { print }' >f/mixed.log
{
    line '\343\203\206\343\202\271\343\203\210.html'; echo # UTF-8
    line '\203\145\203\130\203\147.html'; echo             # Shift_JIS
    line '\244\306\245\271.html'; echo                     # EUC-JP
    line 'caf\351-\374.html'; echo                         # ISO-8859-1
    line '\377\376\300\200\355\240\200\364\220\200\200'; echo # not UTF-8
    line '\\xFF\\x00\\\\'; echo                            # looks escaped
    lines 201 210
} >f/charsets.log
{
    line 'a\000b'; echo
    line '\000'; echo
    printf '\000\000\n'
    lines 211 215
} >f/nul.log
{
    line '{'; echo
    line '{{'; echo
    line '{sc_bytes}'; echo
    line '{ts:epoch.3}{{{x}}}'; echo
    line '{}'; echo
    printf '{"a": {"b": 1}}\n{{\n{\n}\n'
    lines 216 220
} >f/braces.log
{
    line 'a\033[2J\033]0;x\007'; echo
    line '\001\177\302\205\342\200\256'; echo
    lines 221 225
} >f/control.log
{ lines 226 230; lines 231 231 | tr -d '\n'; } >f/no-end.log
{ echo; echo; lines 232 234; echo; printf '\r\n'; lines 235 236; echo; } >f/empty-lines.log
printf '\n' >f/newline.log
printf 'x' >f/one-byte.log
# Numbers and times that are not as kura would write them.
{
    lines 237 240 | sed 's/1424221299\.\([0-9]*\)/1424221299.\1000/'
    lines 241 244 | sed 's/1424221299\.[0-9]*/1424221299/'
    lines 245 250 | sed 's/TCP_MISS.200 \([0-9]*\)/TCP_MISS\/200 000\1/'
    lines 251 255 | sed 's/ \{1,\}/ /g'
    lines 256 258 | sed 's/$/ /'
    lines 259 261 | sed 's/200 [0-9]*/200 18446744073709551616/'
    lines 262 264 | sed 's/200 [0-9]*/200 9223372036854775807/'
} >f/odd.log
# (The first byte is that of no packed file.)
{ printf x; head -c 20000 /dev/urandom; } >f/random.log
{ lines 300 310; head -c 3000 /dev/urandom; echo; lines 311 320; } >f/half.log
cat >f/mail.log <<'END'
Feb 16 11:43:32 mail1 postfix/cleanup[101]: 5E3A90C7D1: warning: header Subject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?= from local; from=<a@example.net> to=<b@example.com>
Feb  6 01:03:02 mail1 postfix/qmgr[7]: 5E3A90C7D1: from=<a@example.net>, size=1024, nrcpt=1 (queue active)
Feb 6 01:03:03 mail1 postfix/smtp[8]: 5E3A90C7D1: to=<b@example.com>, relay=mx.example.com[203.0.113.9]:25, delay=0.10, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 ok)
Feb 06 01:03:03 mail1 postfix/smtpd[9]: connect from mail.example.net[203.0.113.5]
END
cat >f/firewall.log <<'END'
Feb  6 11:43:32 10.0.0.1 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time="2015-02-06 11:43:30" duration=0 policy_id=1 service=icmp proto=1 src zone=Null dst zone=self action=Deny sent=0 rcvd=60 src=192.168.0.9 dst=192.0.2.4 icmp type=8 session_id=7<000>
Feb 6 11:43:32 fw1 fw1: NetScreen device_id=fw1 [Root]system-notification-00257(traffic): start_time="2015-02-06 11:43:30" duration=007 policy_id=38 service=- proto=17 src zone=SHANAI dst zone=INTRA action=Deny sent=0 rcvd=0 src=192.168.100.7 dst=192.168.200.8 src_port=2562 dst_port=8089
END
cat >f/web.log <<'END'
192.168.0.10 - - [12/Feb/2015:13:53:00 +0900] "GET http://www.example.com/ HTTP/1.1" 200 851 TCP_MISS:DIRECT
192.168.0.10 - taro [12/Feb/2015:13:53:01 -0330] "GET http://www.example.com/\"x HTTP/1.1" 200 - TCP_MISS:HIER_DIRECT
END

kura -q init w
ok "load all of them" kura -C w ingest f
is "nothing was passed over" \
    "$(kura -C w cat --list | wc -l)" "$(find f -type f | wc -l)"
kura -C w cat --list >list
for f in f/*.log; do
    name=$(basename "$f")
    kura -C w cat "$name" >out 2>err
    cmp -s out "$f"
    report $? "$name comes back byte for byte" "$(cat err)"
    sum=$(sha256sum <"$f")
    is "$name: the SHA-256 taken when loading" \
        "$(awk -F '\t' -v n="/$name" 'substr($4, length($4) - length(n) + 1) == n { print $3 }' list)" \
        "${sum%% *}"
    is "$name: its bytes and lines in the list" \
        "$(awk -F '\t' -v n="/$name" 'substr($4, length($4) - length(n) + 1) == n { print $1 "/" $2 }' list)" \
        "$(wc -c <"$f")/$(awk 'END { print NR }' "$f")"
done

# Only one end is taken off for SQL.
is "raw has no CR LF" \
    "$(value w "SELECT count(*) FROM proxy WHERE source LIKE '%/crlf.log' AND raw LIKE '%text/html'")" 60
is "raw keeps what stands before the end" \
    "$(value w "SELECT count(*) FROM proxy WHERE source LIKE '%/odd.log' AND raw LIKE '%text/html '")" 3

# What was a good line is a row all the same.
is "Shift_JIS bytes are a row with readable bytes" \
    "$(value w "SELECT c_uri FROM proxy WHERE source LIKE '%/charsets.log' AND line = 2")" \
    'http://www.example.com/\x83e\x83X\x83g.html'
is "UTF-8 stays as it is" \
    "$(value w "SELECT c_uri FROM proxy WHERE source LIKE '%/charsets.log' AND line = 1")" \
    'http://www.example.com/テスト.html'
is "CR LF lines are rows" \
    "$(value w "SELECT count(*) FROM proxy WHERE source LIKE '%/crlf.log' AND mime_type = 'text/html'")" 60
is "braces are rows" \
    "$(value w "SELECT count(*) FROM proxy WHERE source LIKE '%/braces.log'")" 10
is "no column holds a control byte" \
    "$(value w "SELECT count(*) FROM proxy WHERE c_uri GLOB '*['||char(1)||'-'||char(31)||']*'")" 0

# --- How a source is named ----------------------------------------------

mkdir -p a b
lines 401 403 >a/same.log
lines 404 407 >b/same.log
ok "two files of one name" kura -C w ingest a b
must_fail 2 kura -C w cat same.log
like "an ambiguous name tells how to say it" "$(cat must_fail.err)" "hint: .*/a/same\.log"
kura -C w cat "$work/b/same.log" >out
cmp -s out b/same.log
report $? "the whole name is not ambiguous"
must_fail 3 kura -C w cat no-such.log
must_fail 2 kura -C w cat
must_fail 2 kura -C w cat a b
must_fail 3 kura -C nowhere cat a

# --- Tiny files that begin alike ----------------------------------------

cat_is() { # SOURCE FILE
    kura -C t cat -- "$1" >out 2>err
    cmp -s out "$2"
    report $? "$1 comes back" "$(cat err)"
}
kura -q init t
mkdir t1 t2
printf 'x' >t1/one.log
{ printf 'xyz\n'; lines 1 9; } >t1/other.log
{ printf 'xyz\n'; lines 1 3; printf 'more\n'; } >t1/third.log
printf 'xyz\n' >t1/zz-short.log
ok "files that share a few bytes" kura -C t ingest t1
for f in one other third zz-short; do
    cat_is $f.log t1/$f.log
done
is "are sources of their own" "$(kura -C t cat --list | wc -l)" 4
cp t1/one.log t2/same.log
ok "the same byte under another name" kura -C t ingest t2/same.log
like "is loaded already" "$(cat ok.err)" "was loaded already"
printf 'yz and more\n' >>t1/one.log
ok "the tiny file grew" kura -C t ingest t1/one.log
is "and is the same source" "$(kura -C t cat --list | wc -l)" 4
cat_is one.log t1/one.log
printf 'xy' >t1/one.log
ok "a shorter copy under its name" kura -C t ingest t1/one.log
is "is no new one" "$(kura -C t cat --list | wc -l)" 4
{ printf 'x'; lines 20 25; } >stdin.log
ok "standard input that begins like a tiny file" \
    sh -c 'kura -C t ingest - <stdin.log'
cat_is - stdin.log
printf 'xq' >stdin2.log
ok "and another" sh -c 'kura -C t ingest - <stdin2.log'
cat_is '-#2' stdin2.log
ok "the first one again" sh -c 'kura -C t ingest - <stdin.log'
like "is loaded already" "$(cat ok.err)" "was loaded already"
head -2 t1/other.log >t2/older.log
ok "a beginning with whole lines" kura -C t ingest t2/older.log
like "is an older copy under any name" "$(cat ok.err)" "was loaded already"
{ cat t1/other.log; lines 10 12; } >t2/newer.log
ok "whole lines and more" kura -C t ingest t2/newer.log
like "are growth under any name" "$(cat ok.err)" "kura: 3 new lines"

# --- A reader that goes away, an output that is full --------------------

lines 1000 9000 >long.log
ok "a longer file" kura -C w ingest long.log
is "into head" "$(kura -C w cat long.log 2>/dev/null | head -1)" "$(head -1 long.log)"
if [ -w /dev/full ]; then
    must_fail 3 sh -c 'kura -C w cat long.log >/dev/full'
fi
done_testing
