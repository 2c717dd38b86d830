#!/bin/sh
# Whatever is thrown at it: nothing that was loaded is lost or doubled, the rest
# is loaded all the same, the message names the file and the place, and the
# exit code is 3.
# shellcheck disable=SC2086 # as_other and other2 are commands with arguments
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

fresh() {
    rm -rf w
    kura -q init w
}

total() { # rows and rejects
    value w "SELECT (SELECT count(*) FROM proxy) || '+' || (SELECT count(*) FROM reject)"
}

reasons() { # FILE
    value w "SELECT DISTINCT reason FROM reject WHERE source LIKE '%/$1' ORDER BY 1"
}

comes_back() { # NAME FILE
    kura -C w cat "$1" >cat.out 2>cat.err
    cmp cat.out "$2" >cmp.out 2>&1
    report $? "$1 comes back byte for byte" "$(cat cat.err cmp.out)"
}

# --- Files that are no logs ---------------------------------------------

fresh
lines 1 300 >good.log
{ printf x; head -c 300000 /dev/urandom; } >junk.log
: >empty.log
printf '\000\000\000\000' >nul.log
printf '\n\n\n' >blank.log
ok "junk beside a good file is no failure" \
    kura -C w ingest junk.log empty.log nul.log blank.log good.log
like "an empty file is told" "$(cat ok.err)" "empty\.log' is empty"
like "a file that no format takes is told" "$(cat ok.err)" "no format takes .*junk\.log"
is "the good file is there" "$(value w 'SELECT count(*) FROM proxy')" 300
for f in junk.log nul.log blank.log; do
    comes_back "$f" "$f"
done
ok "all of them again" kura -C w ingest junk.log empty.log nul.log blank.log good.log
like "nothing is doubled" "$(cat ok.err)" "kura: 0 new lines"

{ lines 1000 1002; head -c 100000000 /dev/zero | tr '\0' 'x'; echo; lines 1003 1005; } >long.log
# Sanitizers reserve far more than they use.
case $KURA_BUILD in
*asan* | *tsan*) memory=unlimited ;;
*) memory=200000 ;;
esac
ok "a line of 100 MB in 200 MB of address space" \
    timeout 60 sh -c "ulimit -v $memory; exec kura -C w ingest long.log"
is "lines around it are rows" \
    "$(value w "SELECT group_concat(line, ' ') FROM proxy WHERE source LIKE '%/long.log'")" '1 2 3 5 6 7'
is "it is rejects that say so" "$(reasons long.log)" "line too long"
comes_back long.log long.log
rm long.log
must_fail 3 kura -C w ingest no-such-file.log good.log
like "a missing file is named" "$(cat must_fail.err)" "cannot (open|find) 'no-such-file\.log'"
mkfifo pipe
( cat good.log >pipe & )
ok "a pipe with a name" kura -C w ingest pipe
like "a pipe with a name gives its lines" "$(cat ok.err)" "0 new lines|already"

# --- Lines that are odd ------------------------------------------------

fresh
{
    lines 1 2
    lines 3 3 | sed 's#/a/3#/a/\xff\xfe\xc3(#'
    lines 4 4 | sed 's#/a/4#/a/\x00z#'
    lines 5 6 | sed 's/$/\r/'
    lines 7 7 | tr -d '\n'
} >odd.log
ok "bytes that are no UTF-8, NUL, CR LF, no end of the last line" \
    kura -C w ingest odd.log
is "each line is there once" \
    "$(value w "SELECT group_concat(line, ' ') FROM (SELECT line FROM proxy UNION ALL SELECT line FROM reject ORDER BY line)")" \
    "1 2 3 4 5 6 7"
is "CR LF and the last line are rows" \
    "$(value w 'SELECT count(*) FROM proxy WHERE line IN (5, 6, 7)')" 3
is "CR is no part of the last field" \
    "$(value w "SELECT count(*) FROM proxy WHERE raw LIKE '%html' AND line IN (5, 7)")" 2
comes_back odd.log odd.log
ok "the odd lines again" kura -C w ingest odd.log
like "the odd lines are not doubled" "$(cat ok.err)" "kura: 0 new lines"

# --- Damaged and hostile containers -------------------------------------

fresh
lines 1 20000 >whole.log
# Another beginning: a file that begins like another one is that one, grown.
lines 30001 30050 >after.log
gzip -c whole.log >whole.gz
head -c $(($(wc -c <whole.gz) / 2)) whole.gz >cut.gz
must_fail 3 kura -C w ingest cut.gz good.log
like "a cut .gz: the message names file and byte" "$(cat must_fail.err)" \
    "cannot read '[^']*/cut\.gz' after byte [1-9][0-9]*: "
kept=$(kura -C w cat --list | grep 'cut\.gz' | cut -f 1)
kura -C w cat cut.gz >cut.out
head -c "$kept" whole.log | cmp -s - cut.out
report $? "the readable part of it is loaded" "$kept bytes"
[ "$kept" -gt 500000 ]
report $? "that is about half of it" "$kept bytes"
must_fail 3 kura -C w ingest cut.gz
is "the cut .gz again adds nothing" "$(kura -C w cat --list | grep 'cut\.gz' | cut -f 1)" "$kept"
ok "then the whole one" kura -C w ingest whole.gz
comes_back cut.gz whole.log
is "each line of it is there once" \
    "$(value w "SELECT count(DISTINCT line) FROM (SELECT line FROM proxy WHERE source LIKE '%/cut.gz' UNION ALL SELECT line FROM reject WHERE source LIKE '%/cut.gz')")" 20000
gzip -c after.log >small.gz
head -c 300 small.gz >small-cut.gz
must_fail 3 kura -C w ingest small-cut.gz
like "a small cut .gz is told too" "$(cat must_fail.err)" "small-cut\.gz' after byte [0-9]+: "
# The torn line at the cut waits for the good copy.
fresh
must_fail 3 kura -C w ingest cut.gz
kura -C w cat cut.gz >cut.out
is "a cut .gz: all whole lines that can be decoded" \
    "$(wc -l <cut.out)" "$(zcat cut.gz 2>zcat.err | wc -l)"
is "a cut .gz: the torn line is held back" "$(tail -c 1 cut.out)" ""
is "a cut .gz: no line of it is a reject" \
    "$(value w 'SELECT count(*) FROM reject')" 0
# The checksum at the end of a gzip file.
gzip -c after.log >crc.gz
{ head -c -8 crc.gz; printf '\001\002\003\004'; tail -c 4 crc.gz; } >wrong.gz
fresh
must_fail 3 kura -C w ingest wrong.gz
like "a wrong checksum is told" "$(cat must_fail.err)" "wrong\.gz' after byte $(wc -c <after.log): "
fresh
must_fail 3 sh -c 'kura -C w ingest - <wrong.gz'
cat crc.gz crc.gz >twice.gz
cat after.log after.log >twice.log
fresh
ok "a gzip file of two members" kura -C w ingest twice.gz
comes_back twice.gz twice.log
# Zeros are no tar, unless they are all there is.
fresh
{ head -c 2048 /dev/zero; cat after.log; } >zeros.log
xz -k zeros.log
ok "a compressed file that begins with zeros" kura -C w ingest zeros.log.xz
comes_back zeros.log.xz zeros.log
head -c 10240 /dev/zero | gzip >empty.tar.gz
ok "an empty tar" kura -C w ingest empty.tar.gz
like "an empty tar is told" "$(cat ok.err)" "empty\.tar\.gz' holds no files"
# What is in a directory and is no file.
fresh
mkdir odd
mkfifo odd/fifo
ln -s . odd/loop
cp after.log odd/after.log
ok "a directory with a pipe and a link to itself" \
    timeout -k 1 10 kura -C w ingest odd
like "the pipe is told" "$(cat ok.err)" "odd/fifo' is neither"
is "its file is loaded once" "$(total)" 50+0
must_fail 3 kura -C w ingest /dev/null
mkfifo gz.fifo
fresh
{ gzip -c after.log >gz.fifo & }
ok "a compressed pipe with a name" timeout -k 1 10 kura -C w ingest gz.fifo
is "a compressed pipe with a name gives its lines" "$(total)" 50+0
# Bytes in the middle are wrong.
damage() { # FILE HOW-MANY
    size=$(wc -c <"$1")
    {
        head -c $((size / 2)) "$1"
        head -c "$2" /dev/zero | tr '\0' '\377'
        tail -c +$((size / 2 + $2 + 1)) "$1"
    } >"flip-$1"
}
xz -0 -k whole.log
bzip2 -k whole.log
zip -q whole.zip whole.log
for f in whole.gz:4000 whole.log.xz:1 whole.log.bz2:1 whole.zip:1; do
    fresh
    damage "${f%:*}" "${f#*:}"
    must_fail 3 kura -C w ingest "flip-${f%:*}" after.log
    like "damaged ${f%:*}: the message names file and byte" \
        "$(cat must_fail.err)" "flip-${f%:*}[^']*' after byte [0-9]+: "
    is "damaged ${f%:*}: no empty message" \
        "$(grep -cE '^kura:( error:)? *$' must_fail.err)" 0
    comes_back after.log after.log
done
# A cut tar: the members before the cut are there.
fresh
tar cf cut.tar after.log whole.log
head -c 200000 cut.tar >cut2.tar
must_fail 3 timeout -k 1 5 kura -C w ingest cut2.tar
like "a cut tar names the member" "$(cat must_fail.err)" "cut2\.tar!whole\.log' after byte [0-9]+: "
comes_back 'cut2.tar!after.log' after.log
for z in gz xz zst bz2 zip 7z; do
    case $z in
    gz) printf '\037\213\010\000junk' ;;
    xz) printf '\3757zXZ\000junkjunkjunk' ;;
    zst) printf '\050\265\057\375junkjunk' ;;
    bz2) printf 'BZh9junkjunkjunk' ;;
    zip) printf 'PK\003\004junkjunkjunk' ;;
    7z) printf '7z\274\257\047\034junkjunkjunk' ;;
    esac >"fake.$z"
    timeout -k 1 5 kura -C w ingest "fake.$z" >fake.out 2>fake.err
    code=$?
    # Some of them are found to be text and loaded as such: never a crash.
    [ $code = 0 ] || [ $code = 3 ]
    report $? "a fake .$z does no harm" "exit code $code" "$(cat fake.err)"
done

# Encrypted: the member is named, the members beside it are loaded.
fresh
lines 51 90 >secret.log
zip -q mixed.zip after.log
zip -q -P password mixed.zip secret.log
zip -q mixed.zip good.log
must_fail 3 kura -C w ingest mixed.zip
like "an encrypted member is named" "$(cat must_fail.err)" "mixed\.zip!secret\.log' is encrypted"
is "the members beside it are loaded" "$(total)" 350+0
comes_back 'mixed.zip!good.log' good.log

# A bomb: little that grows to a lot.
fresh
head -c 270000000 /dev/zero | tr '\0' ' ' | zip -q bomb.zip -
must_fail 3 timeout -k 1 60 kura -C w ingest bomb.zip good.log
like "a bomb is stopped" "$(cat must_fail.err)" \
    "bomb\.zip!-' grows more than [0-9]+ times when unpacked, stopped after byte [0-9]+"
is "what came after it is loaded" "$(value w 'SELECT count(*) FROM proxy')" 300
rm -rf bomb.zip w

# --- Times that cannot be -----------------------------------------------

fresh
{
    lines 1 5
    lines 6 6 | sed 's/^1424221299/4070908800/' # 2099
    lines 7 7 | sed 's/^1424221299/0000000001/' # 1970
    lines 8 8 | sed 's/^1424221299/99999999999/'
    lines 9 10
} >times.log
ok "times in 2099 and 1970" kura -C w ingest times.log
is "they are rejects" "$(total)" 7+3
is "which lines they are" \
    "$(value w "SELECT DISTINCT line FROM reject ORDER BY 1" | tr '\n' ' ')" "6 7 8 "
is "2099 is out of range" \
    "$(value w 'SELECT reason FROM reject WHERE line = 6')" "time out of range"
for n in 7 8; do
    like "the reject of line $n says that it is the time" \
        "$(value w "SELECT reason FROM reject WHERE line = $n")" \
        "^(not a real time|time out of range)$"
done
is "no partition of such a day" \
    "$(find w/online -name '2099*' -o -name '1970*' -o -name '5138*' | wc -l)" 0
comes_back times.log times.log
is "a day before the oldest that is allowed" \
    "$(kura -q --now 2010-01-01 -C w ingest --format squid-native good.log; value w 'SELECT count(*) FROM proxy')" 7

# --- Definitions of formats ---------------------------------------------

# refused NAME PATTERN: with the definition on standard input, commands that
# need formats fail and the message matches.
refused() {
    cat >w/formats/mine.yaml
    name=$1
    pattern=$2
    must_fail 3 kura -C w ingest good.log
    like "$name: message" "$(cat must_fail.err)" "$pattern"
}

fresh
mkdir -p w/formats
refused "a wrong pattern" 'mine\.yaml:5: ' <<'END'
name: mine
table: proxy
patterns:
  - name: a
    regex: '(?<src_ip>[0-9]+'
samples:
  - line: '1'
    pattern: a
END
refused "an unknown column" 'mine\.yaml:5: .*no_such_column' <<'END'
name: mine
table: proxy
patterns:
  - name: a
    regex: '(?<no_such_column>[0-9]+)'
samples:
  - line: '1'
    pattern: a
END
refused "a sample that is not taken" 'mine\.yaml:7: ' <<'END'
name: mine
table: proxy
patterns:
  - name: a
    regex: '(?<src_ip>[0-9.]+)'
samples:
  - line: 'no address'
    pattern: a
END
refused "a sample with another value" 'mine\.yaml:[79]: .*src_ip' <<'END'
name: mine
table: proxy
patterns:
  - name: a
    regex: '(?<src_ip>[0-9.]+)'
samples:
  - line: '192.0.2.1'
    pattern: a
    fields: {src_ip: 192.0.2.2}
END
refused "an unknown table" 'mine\.yaml:2: .*no_such_table' <<'END'
name: mine
table: no_such_table
patterns:
  - name: a
    regex: '(?<src_ip>[0-9.]+)'
samples:
  - line: '192.0.2.1'
    pattern: a
END
refused "an unknown key" 'mine\.yaml:3: .*colour' <<'END'
name: mine
table: proxy
colour: red
patterns:
  - name: a
    regex: '(?<src_ip>[0-9.]+)'
samples:
  - line: '192.0.2.1'
    pattern: a
END
refused "no YAML" 'mine\.yaml:[0-9]+' <<'END'
name: [mine
table: proxy
END
is "nothing was loaded with a wrong definition" "$(kura -C w cat --list | wc -l)" 0
rm w/formats/mine.yaml
ok "without the wrong definition" kura -C w ingest good.log
is "the rows are there" "$(total)" 300+0

# --- Usage --------------------------------------------------------------

must_fail 2 kura
must_fail 2 kura no-such-command
must_fail 2 kura -C w ingest
must_fail 2 kura -C w ingest --no-such-option good.log
must_fail 2 kura -C w ingest --format
must_fail 3 kura -C nowhere ingest good.log
must_fail 3 kura init w
kura -C w ingest --format no-such-format after.log >out 2>err
code=$?
[ $code = 2 ] || [ $code = 3 ]
report $? "an unknown format fails" "exit code $code"
like "an unknown format is named" "$(cat err)" "unknown format 'no-such-format'"
is "after all that, every row is there once" "$(total)" 300+0

# --- No permission ------------------------------------------------------

mkdir -p d/closed
cp good.log d/a.log
lines 301 320 >d/closed/b.log
lines 321 330 >d/unreadable.log
lines 331 340 >d/z.log
chmod 000 d/closed d/unreadable.log
fresh
as_other=
if [ "$(id -u)" = 0 ]; then
    as_other="setpriv --reuid=65534 --regid=65534 --clear-groups"
    chmod 755 "$work"
    chown -R 65534:65534 w
    $as_other kura --version >/dev/null 2>&1 || as_other=none
fi
if [ "$as_other" != none ]; then
    must_fail 3 $as_other kura -C w ingest d
    like "the closed directory is named" "$(cat must_fail.err)" "d/closed'.*[Pp]ermission denied"
    like "the unreadable file is named" "$(cat must_fail.err)" "d/unreadable\.log'.*[Pp]ermission denied"
    is "the files beside them are loaded" "$(total)" 310+0
    chmod 755 d/closed d/unreadable.log
    ok "once it may be read" $as_other kura -C w ingest d
    is "every line once" "$(total)" 340+0
    # Somebody who may only read.
    chmod -R a-w w
    chmod -R a+rX w
    other2=$as_other
    [ -n "$as_other" ] && other2="setpriv --reuid=65533 --regid=65533 --clear-groups"
    is "somebody who may only read can ask" \
        "$($other2 kura -C w sql --format csv 'SELECT count(*) FROM proxy' | tr -d '\r' | sed 1d)" 340
    must_fail 3 $other2 kura -C w ingest after.log
    chmod -R u+w w
else
    report 0 "no permission # SKIP no other user can run kura here"
fi

# --- A full disk --------------------------------------------------------

# A limit on the size of files stands in for the disk, as it needs no mount.
lines 1 60000 >large.log
lines 900000 900100 >before.log
kura -q init w2
ok "full disk: what fits" kura -C w2 ingest before.log
must_fail 3 sh -c "trap '' XFSZ; ulimit -f 600; exec kura -C w2 ingest large.log"
like "full disk: the message names the cause" "$(cat must_fail.err)" \
    "[Nn]o space left|full|File too large|disk I/O error"
like "full disk: nothing is called loaded that is not" "$(cat must_fail.err)" \
    "^kura: 0 new lines"
comes_back_from_w2() {
    kura -C w2 cat before.log >out 2>err
    cmp -s out before.log
    report $? "$1: what was loaded before is whole" "$(cat err)"
}
comes_back_from_w2 "full disk"
# The signal may also kill it: that is a crash, and nothing is lost either.
sh -c 'ulimit -f 600; kura -C w2 ingest large.log; exit $?' >out 2>err
[ $? != 0 ]
report $? "full disk: with the signal it fails as well"
comes_back_from_w2 "full disk, signal"
ok "full disk: the same command again with room" kura -C w2 ingest large.log
is "full disk: every row once" "$(value w2 'SELECT count(*) FROM proxy')" 60101
kura -C w2 cat large.log >out 2>err
cmp -s out large.log
report $? "full disk: the file comes back byte for byte" "$(cat err)"
done_testing
