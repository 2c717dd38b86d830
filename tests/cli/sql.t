#!/bin/sh
# kura sql: forms of output, ranges, limits, and that it only reads.
. "$(dirname "$0")/../lib.sh"

request() { # SECOND STATUS BYTES URL
    printf '%d.000      7 192.168.0.10 TCP_MISS/%d %d GET %s - HIER_DIRECT/203.0.113.7 text/html\n' "$@"
}
{
    request 1424217600 200 10 http://www.example.com/a # 2015-02-18T00:00:00
    request 1424221299 404 20 http://www.example.com/b,c
    request 1424300000 200 30 'http://www.example.com/テスト'
    request 1424304000 200 40 http://www.example.org/d # 2015-02-19T00:00:00
    request 1424390400 200 50 http://www.example.org/e # 2015-02-20T00:00:00
} >p.log
kura -q init w
kura -q -C w ingest p.log

sql() {
    kura -C w sql "$@"
}

# --- Forms --------------------------------------------------------------

is "csv" "$(sql --format csv "SELECT 1 AS a, 'x,y' AS b, 'q\"q' AS c, NULL AS d")" \
    "$(printf 'a,b,c,d\r\n1,"x,y","q""q",\r')"
is "json" "$(sql --format json "SELECT 1 AS a, 'x\"y' AS b, NULL AS c, 9007199254740993 AS d, 1.5 AS e")" \
    '{"a":1,"b":"x\"y","c":null,"d":9007199254740993,"e":1.5}'
is "md" "$(sql --format md "SELECT 1 AS a, 'x|y' AS b" | sed 1q)" "| a | b |"
like "md escapes its bar" "$(sql --format md "SELECT 1 AS a, 'x|y' AS b")" 'x\\\|y'
is "table is the default" "$(sql 'SELECT 1 AS a')" "$(sql --format table 'SELECT 1 AS a')"
sql "SELECT '日本語' AS name, 'x' AS y UNION ALL SELECT 'abcdef', 'x' UNION ALL SELECT 'ｶﾅ', 'x'" >out
is "wide characters take two columns" \
    "$(sed 's/日本語/abcdef/; s/ｶﾅ/ab/' out | sed -n '3,$s/x.*//p' | awk '{ print length($0) }' | sort -u | wc -l)" 1
must_fail 2 kura -C w sql --format xml 'SELECT 1'
is "several statements" "$(sql --format json 'SELECT 1 AS a; SELECT 2 AS b;' | tr '\n' ' ')" '{"a":1} {"b":2} '
is "from standard input" "$(echo 'SELECT 3 AS a' | sql --format json -)" '{"a":3}'
must_fail 2 kura -C w sql
must_fail 2 kura -C w sql 'SELECT 1' 'SELECT 2'
must_fail 3 kura -C nowhere sql 'SELECT 1'

# --- What is asked ------------------------------------------------------

is "rows" "$(value w 'SELECT count(*), sum(sc_bytes) FROM proxy')" 5,150
is "text is found whatever its case" "$(value w "SELECT count(*) FROM proxy WHERE cs_host = 'WWW.Example.COM'")" 3
is "a group" "$(sql --format json 'SELECT cs_host, count(*) AS n FROM proxy GROUP BY 1 ORDER BY 1' | grep -v '^{"coverage"' | tr '\n' ' ')" \
    '{"cs_host":"www.example.com","n":3} {"cs_host":"www.example.org","n":2} '
is "times" "$(value w 'SELECT min(time), max(time) FROM proxy')" \
    2015-02-18T00:00:00.000000Z,2015-02-20T00:00:00.000000Z
is "the line as it was" "$(value w "SELECT raw FROM proxy WHERE line = 1")" "$(head -1 p.log)"
is "without its end" "$(value w "SELECT group_concat(line, ' ') FROM proxy WHERE raw LIKE '%text/html' AND raw REGEXP 'html$'")" "1 2 3 4 5"
is "which no table shows" "$(sql 'SELECT raw FROM proxy' | grep -cF '\x')" 0
count() {
    kura -C w sql --format csv "$@" 'SELECT count(*) FROM proxy' |
        tr -d '\r' | sed 1d
}
is "--from" "$(count --from 2015-02-19)" 2
is "--to, the end of that day" "$(count --to 2015-02-18)" 3
is "--from and --to" "$(count --from 2015-02-18 --to 2015-02-19)" 4
is "--from with a time" "$(count --from 2015-02-18T00:00:01)" 4
is "nothing in it" "$(count --from 2016-01-01)" 0
must_fail 2 kura -C w sql --from nonsense 'SELECT 1'
must_fail 2 kura -C w sql --to 2015-02-30 'SELECT 1'
is "--from with a blank in it" "$(count --from '2015-02-18 01:01:39')" 4
is "--from with an hour" "$(count --from 2015-02-18T00 --to 2015-02-18T01)" 2
must_fail 2 kura -C w sql --to 2015-02-18T1 'SELECT 1'
must_fail 2 kura -C w --now nonsense sql 'SELECT 1'
sql --stats --from 2015-02-20 'SELECT count(*) FROM proxy' >out 2>err
like "--stats tells what was read" "$(cat err)" "partitions [0-9]+ considered, 1 opened; .* in the answer"
is "--stats leaves the answer alone" "$(cat out)" "$(sql --from 2015-02-20 'SELECT count(*) FROM proxy' 2>/dev/null)"

is "two columns of a name" "$(sql --format json 'SELECT 1 AS a, 2 AS a, 3 AS a')" \
    '{"a":1,"a_2":2,"a_3":3}'

# Nobody reads the rest: no words, the end of other tools.
(
    set +e
    trap - PIPE
    {
        sql 'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 400000) SELECT i FROM r' 2>err
        echo $? >code
    } | head -1 >/dev/null
)
is "a closed pipe is told to nobody" "$(cat err)" ""
is "and ends it by the signal" "$(cat code)" 141

# --- It only reads ------------------------------------------------------

for s in "INSERT INTO proxy (src_ip) VALUES ('x')" "DELETE FROM proxy" \
    "UPDATE proxy SET src_ip = 'x'" "CREATE TABLE t (a)" \
    "CREATE TEMP TABLE t (a)" "CREATE VIEW v AS SELECT 1" "DROP TABLE proxy" \
    "ATTACH 'other.db' AS o" "PRAGMA user_version = 1" "PRAGMA database_list" \
    "VACUUM INTO 'copy.db'" "BEGIN" "REINDEX" "ANALYZE" \
    "SELECT load_extension('./x.so')" "SELECT readfile('/etc/hostname')" \
    "SELECT writefile('made', 'x')"; do
    must_fail 3 kura -C w sql "$s"
done
is "nothing was made" "$(ls)" "$(ls | grep -vE '^(other\.db|copy\.db|made)$')"
is "nothing was changed" "$(value w 'SELECT count(*) FROM proxy')" 5

# --- Errors and limits --------------------------------------------------

must_fail 3 kura -C w sql 'SELECT 1 FORM proxy WHERE'
like "a mistake is shown with its place" "$(cat must_fail.err)" "at byte [0-9]+: "
must_fail 3 kura -C w sql 'SELECT no_such_column FROM proxy'
like "an unknown column is named" "$(cat must_fail.err)" "no_such_column"
must_fail 3 kura -C w sql 'SELECT 1; SELECT no_such_column FROM proxy'
like "a mistake in a second statement" "$(cat must_fail.err)" "no_such_column"
must_fail 3 timeout 20 kura -C w sql --timeout 1 \
    'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r'
like "--timeout says what happened" "$(cat must_fail.err)" "the time allowed is over"
like "and how much it was" "$(cat must_fail.err)" "hint: --timeout was 1 second"
for t in 0 -1 x 1.5 86401; do
    must_fail 2 kura -C w sql --timeout $t 'SELECT 1'
done

# A pattern that gives up on a text: whoever wrote the text must not hide it.
as=$(printf '%0100d' 0 | tr 0 a)
printf '1424221300.000      7 192.168.0.12 TCP_MISS/200 1 GET http://www.example.net/%sb - HIER_DIRECT/203.0.113.7 text/html\n' \
    "$as" "${as}a" >hard.log
kura -q init hard
kura -q -C hard ingest hard.log
for s in "c_uri REGEXP '/(a+)+(?=[^b]\$)'" "raw REGEXP '/(a+)+(?=[^ab ])'"; do
    is "$s: no rows" "$(kura -C hard sql --format json "SELECT line FROM proxy WHERE $s" 2>err | grep -c '^{"line"')" 0
    like "$s: told" "$(cat err)" "^kura: a pattern gave up on 2 text\(s\): "
    like "$s: counted" "$(kura -C hard sql --format json "SELECT line FROM proxy WHERE $s" 2>/dev/null | tail -1)" '^\{"coverage":\[.*\],"gave_up":2\}$'
done
kura -C hard sql "SELECT line FROM proxy WHERE c_uri REGEXP 'a+b\$'" >out 2>err
is "another gives up on none" "$(cat err)" ""

# --- Hostile content ----------------------------------------------------

esc=$(printf '\033')
printf '1424221300.000      7 192.168.0.11 TCP_MISS/200 1 GET http://evil.example.net/\033[2J\033]0;owned\007%s - HIER_DIRECT/203.0.113.7 text/html\n' "$(printf '\342\200\256')" >evil.log
printf 'odd \033[31m red\033[0m\n' >>evil.log
kura -q -C w ingest evil.log
# Not even the bytes as they were (raw) reach a terminal.
for form in table md csv json; do
    for s in "SELECT c_uri FROM proxy WHERE src_ip = '192.168.0.11'" \
        "SELECT raw FROM reject" "SELECT raw FROM proxy" \
        "SELECT char(27, 91, 50, 74, 8238) AS x"; do
        case $form$s in
        csv*raw* | csv*char*) continue ;; # CSV is for programs: bytes as they are
        esac
        sql --format $form "$s" >out 2>err
        grep -q "$esc" out
        [ $? = 1 ]
        report $? "no escape sequence in $form: $s" "$(od -c out | head -5)"
    done
done
# CSV only where nobody looks at it; U+009B is such a sequence too.
if command -v script >/dev/null; then
    script -qec "kura -C w sql --format csv \"SELECT char(27, 91, 50, 74, 8238, 155) || 'x' AS x\"" /dev/null </dev/null >out 2>err
    is "CSV on a terminal" "$(tr -d '\r' <out)" "$(printf 'x\n\\x1b[2J\\u{202e}\\u{009b}x')"
fi
is "not elsewhere" "$(sql --format csv 'SELECT char(155) AS x' | sed 1d | od -An -tx1 | tr -d ' ')" c29b0d0a
printf '1424221300.000      7 192.168.0.13 TCP_MISS/200 1 GET http://www.example.net/\302\2332J - HIER_DIRECT/203.0.113.7 text/html\n' >c1.log
kura -q -C w ingest c1.log
is "U+009B is not stored" "$(value w "SELECT c_uri FROM proxy WHERE src_ip = '192.168.0.13'")" 'http://www.example.net/\xc2\x9b2J'
ok "and comes back" sh -c 'kura -C w cat c1.log | cmp - c1.log'
kura -C w rejects --lines >out
grep -q "$esc" out
[ $? = 1 ]
report $? "none in rejects"
kura -C w sql "SELECT '$esc[2J' FORM" >out 2>err
grep -q "$esc" err
[ $? = 1 ]
report $? "none in an error message"
touch "evil$esc[2J.log"
kura -C w ingest "evil$esc[2J.log" 2>err
grep -q "$esc" err
[ $? = 1 ]
report $? "none in a message about a file"
odd=$(printf 'n\nl%s[2J\377\302\233.log' "$esc")
request 1424217601 200 77 http://www.example.com/odd >"$odd"
kura -q -C w ingest "$odd"
ok "cat takes such a name as it was typed" sh -c 'kura -C w cat "$1" | cmp - "$1"' sh "$odd"
ok "and as it is listed" sh -c 'kura -C w cat "$(kura -C w cat --list | cut -f4 | grep "x9b.log$")" | cmp - "$1"' sh "$odd"
must_fail 3 kura -C w cat "no such $odd"
is "an error shows it in one line" "$(cat must_fail.err)" "kura: error: no source is called 'no such n\\x0al\\x1b[2J\\xff\\xc2\\x9b.log'"
kura -C w status >out 2>&1
grep -q "$esc" out
[ $? = 1 ]
report $? "none in status"
done_testing
