#!/bin/sh
# Windows events: the same row whatever they came in, each once, text exports
# byte for byte, and what a damaged EVTX file still gives.
. "$(dirname "$0")/../lib.sh"
data=$top/tests/data/windows
PATH=$KURA_BUILD/bench:$PATH

evtx_write "$data/events.xml" >events.evtx
evtx_write -n 300 "$data/events.xml" >many.evtx
rows='SELECT * FROM windows ORDER BY EventRecordID'

# Everything but where it stood.
dump() { # DIR
    kura -C "$1" sql --format json "$rows" | grep -v '^{"coverage"' |
        sed -E 's/"(byte|line)":[0-9]+/"\1":0/g; s/"(source|format)":"[^"]*"/"\1":""/g; s/,"raw":".*/}/'
}

# --- One row, three forms ---
for form in evtx xml jsonl; do
    f=$data/events.$form
    [ -f "$f" ] || f=events.$form
    kura -q init "w-$form"
    ok "load .$form" kura -C "w-$form" ingest "$f"
    dump "w-$form" >"rows-$form"
    is ".$form: 11 events" "$(grep -c '' "rows-$form")" 11
    is ".$form: none is lost" "$(value "w-$form" "SELECT count(*) FROM reject")" 0
done
for form in xml jsonl; do
    cmp -s rows-evtx "rows-$form"
    report $? "the rows of EVTX and of .$form are the same" \
        "$(diff rows-evtx "rows-$form" | head -4 | cut -c 1-3000)"
done
is "a value is in its column" \
    "$(value w-evtx "SELECT TargetUserName || LogonType || LogonProcessName || SubStatus FROM windows WHERE EventID = 4625")" \
    "管理者3NtLmSsp0xc000006a"
is "an address is an address" \
    "$(value w-evtx "SELECT group_concat(DISTINCT src_ip) FROM windows WHERE EventID IN (4624, 4768)")" 192.168.0.10
is "what has no column is in the JSON" \
    "$(value w-evtx "SELECT json_extract(data, '\$.ServiceType') FROM windows WHERE EventID = 7045")" "user mode service"
is "values without names too" \
    "$(value w-evtx "SELECT json_extract(data, '\$.param2') FROM windows WHERE EventID = 1074")" DC1
is "raw is the event as XML" \
    "$(value w-evtx "SELECT raw LIKE '<Event xmlns=%<Data Name=\"ImagePath\">\\%SystemRoot\\%\\\\Temp\\\\a.exe -k \"x&lt;y&gt;\"</Data>%' ESCAPE '\\' FROM windows WHERE EventID = 7045" | tr -d '\\')" 1
is "the place in the file is kept" \
    "$(value w-evtx "SELECT min(byte) FROM windows")" 4608

# --- Once ---
kura -q init w
ok "load a log" kura -C w ingest many.evtx
is "all of it" "$(value w "SELECT count(*) FROM windows")" 3300
kura -C w ingest many.evtx 2>err
like "again: nothing new" "$(cat err)" "0 new lines"
evtx_write -n 500 "$data/events.xml" >many.evtx
kura -C w ingest many.evtx 2>err
like "grown: only what is new" "$(cat err)" \
    "2200 new lines \(2200 rows, 0 rejects\), beside 3300 records that are held already"
is "no record is there twice" \
    "$(value w "SELECT count(*) || ' ' || count(DISTINCT EventRecordID) FROM windows")" "5500 5500"
kura -C w ingest "$data/events.xml" 2>err
like "the same in XML: copies" "$(cat err)" "0 new lines .* beside 11 records"
kura -C w cat events.xml >out 2>err
cmp -s out "$data/events.xml"
report $? "copies come back byte for byte" "$(cat err)"
kura -C w rejects --retry 2>err
like "and are not tried again" "$(cat err)" "11 stay|0 rejects tried"
sed 's/"dc1.example.com"/"DC1.example.com"/; s/"Channel":"S/"Channel":"s/' "$data/events.jsonl" >case.jsonl
kura -C w ingest case.jsonl 2>err
like "names in another case are the same" "$(cat err)" "beside 11 records"
sed 's/"dc1.example.com"/"dc2.example.com"/' "$data/events.jsonl" >other.jsonl
kura -C w ingest other.jsonl 2>err
like "another machine's are others" "$(cat err)" "11 new lines \(11 rows"
cat "$data/events.xml" "$data/events.xml" | sed 's/dc1/dc3/' >twice.xml
kura -C w ingest twice.xml 2>err
like "twice in one file is once" "$(cat err)" "11 new lines \(11 rows, 0 rejects\), beside 11"
kura -C w cat twice.xml 2>/dev/null | cmp -s - twice.xml
report $? "and comes back byte for byte"
kura -q -C w maintain >/dev/null 2>&1
kura -C w ingest case.jsonl 2>err
sed 's/T01:01/T01:01/' case.jsonl | tac >reverse.jsonl
kura -C w ingest reverse.jsonl 2>err
like "sealed ones are known as well" "$(cat err)" "beside 11 records"

# --- A run that is cut short ---
for point in partition-committed all-committed row-appended; do
    rm -rf c
    kura -q init c
    KURA_FAILPOINT=$point:1 kura -q -C c ingest twice.xml >/dev/null 2>&1
    KURA_FAILPOINT=$point:1 kura -q -C c ingest many.evtx >/dev/null 2>&1
    kura -q -C c ingest twice.xml many.evtx >/dev/null 2>&1
    is "killed at $point, again: each once" \
        "$(value c "SELECT count(*) || ' ' || count(DISTINCT Computer || EventRecordID) FROM windows")" "5511 5511"
    kura -C c cat twice.xml 2>err | cmp -s - twice.xml
    report $? "killed at $point: the text comes back" "$(cat err)"
done

# --- cat ---
kura -C w-evtx cat events.evtx >out.xml 2>err
like "cat says that EVTX cannot be written out" "$(cat err)" "cannot be written out again"
kura -q init w-again
kura -q -C w-again ingest -f windows-xml out.xml
dump w-again >rows-again
cmp -s rows-evtx rows-again
report $? "its XML gives the same rows again" "$(diff rows-evtx rows-again | head -4)"
is "or JSON, a line each" \
    "$(kura -q -C w-evtx cat --as json events.evtx | grep -c '^{"time"')" 11
must_fail 2 kura -C w-again cat --as json out.xml
must_fail 2 kura -C w-evtx cat --as csv events.evtx

# --- Texts, byte for byte ---
back() { # FILE EVENTS
    rm -rf t
    kura -q init t
    kura -q -C t ingest "$1" >err 2>&1
    is "$1: its events" "$(value t "SELECT count(*) FROM windows")" "$2"
    kura -C t cat "$1" 2>>err | cmp -s - "$1"
    report $? "$1 comes back byte for byte" "$(cat err)"
}
{
    printf '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>'
    tr -d '\n' <"$data/events.xml"
    printf '</Events>'
} >one-line.xml
back one-line.xml 11
sed 's/></>\n  </g' "$data/events.xml" >pretty.xml
back pretty.xml 11
{
    printf '\377\376'
    iconv -f UTF-8 -t UTF-16LE pretty.xml
} >utf16.xml
back utf16.xml 11
iconv -f UTF-8 -t UTF-16BE one-line.xml >utf16be.xml
back utf16be.xml 11
{
    echo '['
    sed 's/$/,/' "$data/events.jsonl"
    echo ']'
} >array.json
back array.json 11
sed 's/,"/,\n  "/g' "$data/events.jsonl" >pretty.json
back pretty.json 11
sed 's/^/<13>Feb 18 10:01:39 dc1 /' "$data/events.jsonl" >syslog.jsonl
back syslog.jsonl 11
{
    echo 'some words'
    sed -n 1,3p "$data/events.jsonl"
    sed -n 4p "$data/events.jsonl" | cut -c 1-300
    sed -n '5,$p' "$data/events.jsonl"
} >broken.jsonl
back broken.jsonl 10
is "what is broken is told" \
    "$(value t "SELECT group_concat(line || ': ' || reason, '; ') FROM reject")" \
    "1: no event in it; 5: not valid JSON"
{
    sed -n 1p "$data/events.xml" | cut -c 1-500
    sed -n '2p;6,8p' "$data/events.xml"
} >broken.xml
back broken.xml 4
printf 'レベル,日付と時刻,ソース,イベント ID,タスクのカテゴリ\r\n情報,2015/02/18 10:01:39,x,4672,特殊なログオン,"新しい、""特権""。\r\n\r\nサブジェクト:\r\n\tアカウント名:\t\thanako\r\n"\r\n情報,2015/02/18 10:01:40,x,4634,ログオフ,"終わり"\r\n' |
    iconv -f UTF-8 -t CP932 >sjis.csv
back sjis.csv 2
is "Shift_JIS is read" "$(value t "SELECT SubjectUserName FROM windows WHERE EventID = 4672")" hanako

# --- Damage ---
copy() { cp many.evtx "$1"; }
poke() { # FILE OFFSET OCTAL
    # shellcheck disable=SC2059
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
load() { # FILE
    rm -rf t
    kura -q init t
    kura -q -C t ingest "$1" >/dev/null 2>err
    report $? "load $1" "$(cat err)"
}
reasons() {
    kura -C t sql --format csv "SELECT byte, reason FROM reject ORDER BY byte" | sed 1d | tr -d '\r'
}
chunk1=$((4096 + 65536))

copy record.evtx
second=$(value w-evtx "SELECT byte FROM windows WHERE line = 2")
poke record.evtx $((second + 4)) '\377'
load record.evtx
is "a damaged record is left out, the others are read" \
    "$(value t "SELECT count(*) FROM windows")" 5499
like "it is named with its place" "$(reasons)" "^$second,no record where one should be"
like "the checksum is told" "$(reasons)" "^4096,the checksum of the chunk's records is wrong"

copy bit.evtx
poke bit.evtx $((second + 200)) '\377'
load bit.evtx
[ "$(value t "SELECT count(*) FROM windows")" -ge 5499 ]
report $? "a changed byte costs one record at most"

copy header.evtx
poke header.evtx $chunk1 'XXXX'
load header.evtx
is "records of a chunk without header are found" \
    "$(value t "SELECT count(*) FROM windows")" 5500
like "and the header is told" "$(reasons)" "^$chunk1,no chunk where one should be"

copy file.evtx
poke file.evtx 24 '\377'
load file.evtx
is "a file's header does not matter" "$(value t "SELECT count(*) FROM windows")" 5500
like "but is told" "$(reasons)" "^0,the checksum of the file's header is wrong"

head -c $((chunk1 + 30000)) many.evtx >cut.evtx
load cut.evtx
whole=$(value t "SELECT count(*) FROM windows WHERE byte < $chunk1")
some=$(value t "SELECT count(*) FROM windows WHERE byte > $chunk1")
[ "$whole" -gt 50 ] && [ "$some" -gt 20 ]
report $? "a cut file gives what it has ($whole and $some records)"
like "and says where it ends" "$(reasons)" "the file ends in this (chunk|record)"
is "its lost records too have their bytes" \
    "$(value t "SELECT count(*) FROM reject WHERE length(CAST(raw AS BLOB)) > 4")" 2

{
    cat many.evtx
    head -c 65536 /dev/zero
} >room.evtx
load room.evtx
is "unused chunks at the end are no damage" "$(value t "SELECT count(*) FROM windows")" 5500
is "and nothing is told" "$(reasons)" ""
{
    head -c 4096 many.evtx
    head -c 65536 /dev/zero
    tail -c +69633 many.evtx
} >hole.evtx
load hole.evtx
like "a chunk that is gone is told" "$(reasons)" \
    "4096,nothing is here where the file's header counts a chunk"
tail -c +4097 many.evtx >chunks.evtx
load chunks.evtx
is "chunks without a file's header are read" "$(value t "SELECT count(*) FROM windows")" 5500
gzip -k many.evtx
load many.evtx.gz
is "compressed" "$(value t "SELECT count(*) FROM windows")" 5500
must_fail 3 kura -C t ingest --follow chunks.evtx
done_testing
