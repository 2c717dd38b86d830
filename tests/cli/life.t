#!/bin/sh
# The whole life of fifteen months of logs: loaded, archived, restored, read in
# place, given back, expired.  A second warehouse that never archived anything
# has the right answers.
. "$(dirname "$0")/../lib.sh"
ulimit -f 400000
generate=$KURA_BUILD/bench/generate
now=2025-04-01T00:00:00

# A few days of every month, its last and first ones among them.
"$generate" --product squid --lines 8000 --days 456 --start 2024-01-01 \
    --seed 1 --clients 5 |
    awk '{ d = strftime("%d", $1, 1); if (d == 1 || d == 14 || d >= 30) print }' \
        >proxy.log
"$generate" --product bind --lines 6000 --days 456 --start 2024-01-01 --seed 2 |
    awk '{ d = substr($1, 1, 2); if (d == 1 || d == 14 || d >= 30) print }' \
        >dns.log
"$generate" --product netscreen --lines 60 --days 6 --start 2024-05-29 >fw.log
"$generate" --product postfix --lines 60 --days 6 --start 2025-01-29 >mail.log
# The last second of the last month and of the day that is three months old.
cat >>proxy.log <<'END'
1743465599.000      7 192.168.0.10 TCP_MISS/200 10 GET http://www.example.com/last - HIER_DIRECT/203.0.113.7 text/html
1735603199.999      7 192.168.0.10 TCP_MISS/200 20 GET http://www.example.com/before - HIER_DIRECT/203.0.113.7 text/html
1735603200.000      7 192.168.0.10 TCP_MISS/200 30 GET http://www.example.com/テスト - HIER_DIRECT/203.0.113.7 text/html
what is no line of squid
END
files="proxy.log dns.log fw.log mail.log"
for w in w plain; do
    kura -q init $w
    # shellcheck disable=SC2086
    kura -q -C $w --now $now ingest $files
done

life() {
    kura -q -C w --now $now "$@"
}

# All rows of all tables, by ts, source and line, with the lines themselves,
# and groups.
tables="dns firewall mail proxy reject"
dump() { # DIR CONDITION [OPTION...]
    where=$2
    dir=$1
    shift 2
    {
        for t in $tables; do
            echo "SELECT *, raw FROM $t WHERE $where ORDER BY ts, source, line;
                SELECT day, count(*), min(ts), max(ts), sum(line) FROM $t
                WHERE $where GROUP BY day ORDER BY day;"
        done
        echo "SELECT lower(cs_host), sc_status, count(*), sum(sc_bytes)
            FROM proxy WHERE $where GROUP BY 1, 2 ORDER BY 1, 2;
            SELECT lower(query), src_ip, count(*), min(time) FROM dns
            WHERE $where GROUP BY 1, 2 ORDER BY 1, 2;"
    } | kura -q -C "$dir" sql --format csv "$@" - 2>/dev/null
}

same() { # NAME CONDITION [OPTION...]
    name=$1
    shift
    dump w "$@" >got.csv
    if [ "${asked:-}" != "$1" ]; then
        dump plain "$1" >wanted.csv
        asked=$1
    fi
    if [ "$(wc -l <wanted.csv)" -gt 20 ] && cmp -s got.csv wanted.csv; then
        report 0 "$name"
    else
        report 1 "$name" "$(diff got.csv wanted.csv | head -5)" \
            "$(wc -l got.csv wanted.csv)"
    fi
}

cats() { # PHASE
    for f in $files; do
        kura -C w cat "$f" >cat.out 2>cat.err
        cmp -s "$f" cat.out
        report $? "kura cat $f, $1" "$(cat cat.err)"
    done
}

# How the days of proxy in a range were covered, each way once.
covered() { # RANGE-FROM RANGE-TO [OPTION...]
    from=$1
    to=$2
    shift 2
    kura -C w sql --format json --from "$from" --to "$to" "$@" \
        'SELECT count(*) AS n FROM proxy' 2>/dev/null |
        sed -n 's/^{"coverage":\(.*\)}$/\1/p' >coverage.json
    sqlite3 :memory: "SELECT DISTINCT json_extract(value, '\$.how') || ' ' ||
        json_extract(value, '\$.searched')
        FROM json_each(readfile('coverage.json')) ORDER BY 1" |
        tr '\n' ';'
}

# The days that coverage tells and the rows it has for them.
coverage_rows() {
    sqlite3 :memory: "SELECT sum(json_extract(value, '\$.rows'))
        FROM json_each(readfile('coverage.json'))"
}

online_days() { # TABLE: first and last of what is online
    ls "w/online/$1" | grep -oE '^[0-9]{4}-[0-9]{2}-[0-9]{2}' | sort -u
}

total=$(value plain 'SELECT count(*) FROM proxy')

# --- Online --------------------------------------------------------------

same "loaded: all answers" 1
is "coverage: online, and days without logs" \
    "$(covered 2024-06 2024-08)" "no logs 0;online 1;"
is "with the rows of those days" "$(coverage_rows)" \
    "$(value plain "SELECT count(*) FROM proxy WHERE day BETWEEN '2024-06-01' AND '2024-08-31'")"

# --- Archived ------------------------------------------------------------

ok "maintain" life maintain
is "maintain leaves what is not a whole month" \
    "$(online_days proxy | sed -n 1p)" \
    "$(value plain "SELECT min(day) FROM proxy WHERE day >= '2024-12-01'")"
is "and no month that is due" "$(find w/archive -name '*.tar' |
    grep -cE -- '-2024-1[2]|-2025')" 0
same "maintained: all answers" 1 --archived
ok "archive" life archive
is "exactly what is older than three months left, proxy" \
    "$(online_days proxy | sed -n 1p)" 2024-12-31
is "dns" "$(online_days dns | sed -n 1p)" \
    "$(value plain "SELECT min(day) FROM dns WHERE day >= '2024-12-31'")"
is "the days that left are in volumes, each once" \
    "$(for v in $(find w/archive -name 'proxy*.tar'); do tar tf "$v"; done |
        grep -oE '[0-9]{4}-[0-9]{2}-[0-9]{2}[^/]*\.db\.zst$' | cut -c1-10 | sort)" \
    "$(value plain "SELECT DISTINCT day FROM proxy WHERE day < '2024-12-31' ORDER BY 1")"
is "a second archive has nothing to do" "$(find w/archive -name '*.tar' | sort | xargs cksum; life archive;
    )" "$(find w/archive -name '*.tar' | sort | xargs cksum)"
same "in place: all answers" 1 --archived
same "online days without it" "ts >= 1735603200000000 AND ts < 4e15"
is "no row of an archived day unless asked for" \
    "$(value w "SELECT count(*) FROM proxy WHERE day < '2024-12-31'" 2>/dev/null)" 0
like "which is said" "$(kura -q -C w sql "SELECT 1 FROM proxy WHERE day = '2024-06-14'" 2>&1)" \
    "^kura: 1 day\(s\) of the range were NOT searched"
is "coverage: archived" "$(covered 2024-06 2024-08)" "archived 0;no logs 0;"
is "coverage: in place" "$(covered 2024-06 2024-08 --archived)" \
    "in place 1;no logs 0;"
is "coverage: in place and online" "$(covered 2024-11 2025-01 --archived)" \
    "in place 1;no logs 0;online 1;"
is "the rows of what was not read are told" "$(covered 2024-06 2024-08 >/dev/null; coverage_rows)" \
    "$(value plain "SELECT count(*) FROM proxy WHERE day BETWEEN '2024-06-01' AND '2024-08-31'")"
cats archived
# shellcheck disable=SC2086
like "nothing loads twice" "$(kura -C w --now $now ingest $files 2>&1)" \
    "(^|[^0-9])0 new lines"
same "nor did it" 1 --archived

# --- Restored ------------------------------------------------------------

is "a dry run restores nothing" "$(life restore 2024Q2 --case T-1 --dry-run >/dev/null; find w/restored -type f 2>/dev/null)" ""
like "a lease" "$(life restore 2024Q2 --case T-1 --for 30d)" '^lease L1 until 2025-05-01'
like "that is listed" "$(life restore --list)" \
    'L1 +2024-04-01 to 2024-06-30 .*T-1'
same "restored, without --archived" \
    "ts >= 1711929600000000 AND ts < 1719792000000000"
same "online, restored, in place" 1 --archived
is "coverage: all three" "$(covered 2024-03 2025-01 --archived)" \
    "in place 1;no logs 0;online 1;restored 1;"
is "a row is counted once" "$(coverage_rows)" \
    "$(value plain "SELECT count(*) FROM proxy WHERE day BETWEEN '2024-03-01' AND '2025-01-31'")"
cats restored
# Another case gets copies of its own: the first lease may end before.
like "a second case" "$(life restore 2024-06..2024-07 --case T-2)" '^lease L2'
same "two leases: all answers" 1 --archived
ok "maintain leaves leases alone" life maintain --all
is "they are there" "$(covered 2024-05 2024-07)" "no logs 0;restored 1;"

# Carried away: what is restored answers, the rest says where it is.
mv w/archive carried
is "coverage: not mounted" "$(covered 2024-08 2024-09 --archived)" \
    "no logs 0;not mounted 0;"
is "coverage: restored all the same" "$(covered 2024-05 2024-07 --archived)" \
    "no logs 0;restored 1;"
must_fail 3 kura -q -C w --now $now restore 2024Q3 --case T-3
like "it names the volume" "$(cat must_fail.err)" 'at hand'
rm -rf w/archive
mv carried w/archive
same "carried back" 1 --archived

# --- Given back ------------------------------------------------------------

ok "release" life release L1
ok "of the other too" life release L2
ok "again is fine" life release L2
must_fail 3 kura -q -C w --now $now release L9
is "its files are gone" "$(find w/restored -type f)" ""
is "coverage: archived again" "$(covered 2024-05 2024-07)" \
    "archived 0;no logs 0;"
same "released: all answers" 1 --archived
life restore 2024-04 --case T-4 --for 10d >life.out
is "over by time" "$(kura -q -C w --now 2025-04-12T00:00:00 maintain --all;
    life restore --list; find w/restored -type f)" ""
same "over: all answers" 1 --archived

# --- Expired ----------------------------------------------------------------

kept=$(for v in w/archive/2024Q1/proxy-2024-03.tar w/archive/2024Q1/dns-2024-03.tar; do
    tar tf $v | grep -cE '2024-03-31'; done | tr '\n' ' ')
is "(March of 2024 reaches its last day in both tables)" "$kept" "1 1 "
printf 'retention:\n  keep: 1y\n' >>w/kura.yaml
ok "expiry" life maintain
is "months that are older than a year are gone" \
    "$(find w/archive -name '*2023-1*' -o -name '*2024-0[12]*')" ""
is "and no other" "$(find w/archive -name 'proxy*.tar' | wc -l)" 10
same "expired: all answers from March on" "ts >= 1709251200000000" --archived
is "coverage: expired" "$(covered 2024-01 2024-04 --archived)" \
    "expired 0;in place 1;no logs 0;"
is "no row of theirs" "$(value w "SELECT count(*) FROM proxy WHERE day < '2024-03-01'" 2>/dev/null)" 0
# shellcheck disable=SC2086
like "what expired is not loaded again" \
    "$(kura -C w --now $now ingest $files 2>&1)" "(^|[^0-9])0 new lines"
is "names outlive their logs" \
    "$(kura -q -C w seen 192.168.0.10 2>/dev/null | grep -c 'proxy')" \
    "$(kura -q -C plain seen 192.168.0.10 2>/dev/null | grep -c 'proxy')"
is "coverage: days before any log" "$(covered 2023-01 2023-02)" "no logs 0;"
[ "$total" -gt 500 ]
report $? "(the logs are worth it: $total lines of proxy)"

done_testing
