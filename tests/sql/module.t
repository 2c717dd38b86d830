#!/bin/sh
# module.t - kura.so in the sqlite3 program answers as `kura sql` does, whichever
# way it learns of the warehouse, and only reads.
. "$(dirname "$0")/../lib.sh"

for product in squid bind netscreen postfix; do
    "$KURA_BUILD/bench/generate" --product $product --lines 400 --days 3 \
        --start 2015-02-16 --clients 20 >$product.log
done
echo 'no format takes this' >>squid.log
kura -q init --zone Asia/Tokyo w
sed -i '/^##/,$s/^#//' w/kura.yaml # the example of a site
kura -q -C w ingest --zone Asia/Tokyo --as-of 2015-02-20 ./*.log 2>ingest.err
is "rows were loaded" "$(value w 'SELECT (SELECT count(*) FROM mail),
    (SELECT count(*) FROM firewall), (SELECT count(*) FROM proxy),
    (SELECT count(*) FROM dns), (SELECT count(*) FROM reject)' |
    tail -1)" 400,400,400,400,1

# One object a line, as `kura sql --format json` writes them.
objects() {
    sed 's/^\[//; s/[],]$//'
}
by_directory() { # SQL
    KURA_DIR=$work/w sqlite3 -batch -json -cmd ".load $KURA_BUILD/kura" \
        :memory: "$1" | objects
}
by_function() { # SQL
    sqlite3 -batch -json -cmd ".load $KURA_BUILD/kura" :memory: \
        "SELECT kura_open('$work/w') AS opened" "$1" | sed 1d | objects
}

while IFS= read -r sql; do
    wanted=$(kura -C w sql --format json "$sql" | grep -v '^{"coverage"')
    [ -n "$wanted" ] || report 1 "an answer to: $sql"
    is "KURA_DIR: $sql" "$(by_directory "$sql")" "$wanted"
    is "kura_open: $sql" "$(by_function "$sql")" "$wanted"
done <<'SQL'
SELECT count(*) FROM mail
SELECT time, source, line, format FROM proxy ORDER BY source, line LIMIT 50
SELECT day, hour, weekday, count(*) FROM dns GROUP BY 1, 2, 3 ORDER BY 1, 2
SELECT cs_host, sum(sc_bytes) FROM proxy WHERE sc_status = 200 GROUP BY 1 ORDER BY 2 DESC, lower(cs_host) LIMIT 9
SELECT line FROM proxy WHERE c_uri REGEXP '\.(js|css)' ORDER BY line
SELECT count(*) FROM firewall WHERE ip_in(src_ip, '10.0.0.0/8')
SELECT query, local_time(ts) FROM dns WHERE registered_domain LIKE '%E%' AND ts > 1424131200000000 ORDER BY ts, line LIMIT 20
SELECT CAST(median(sc_bytes) * 10 AS INTEGER), CAST(mad(elapsed_ms) * 10 AS INTEGER) FROM proxy
SELECT a.line AS a, b.line AS b FROM proxy a JOIN dns b ON a.src_ip = b.src_ip AND a.line < 90 AND b.line < 90 ORDER BY 1, 2
SELECT rowid, raw FROM mail ORDER BY rowid LIMIT 20
SELECT reason, raw FROM reject
SELECT n.name, n.zone, h.day FROM site_network n JOIN site_holiday h WHERE h.day LIKE '2026-01%' ORDER BY 1, 2, 3
SELECT src_internal, network_of(src_ip), working, count(*) FROM proxy GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
SQL

# --- A warehouse of the host's own ---------------------------------------

is "beside a table of the host" "$(sqlite3 -batch -cmd ".load $KURA_BUILD/kura" \
    own.db "SELECT kura_open('$work/w')" "CREATE TABLE seen (name)" \
    "INSERT INTO seen SELECT DISTINCT lower(query) FROM dns" \
    "SELECT count(*) = count(DISTINCT name) AND count(*) > 1 FROM seen" |
    tail -1)" 1

is "of which there is nothing of ours in" "$(KURA_DIR=$work/w sqlite3 -batch \
    -cmd ".load $KURA_BUILD/kura" own.db "SELECT count(*) FROM site_network" \
    "SELECT name FROM sqlite_schema UNION ALL SELECT name FROM sqlite_temp_schema" |
    tr '\n' ' ')" "6 seen "

# --- It only reads -------------------------------------------------------

fails() { # NAME PATTERN SQL...: with the warehouse of KURA_DIR, if any
    name=$1 pattern=$2
    shift 2
    sqlite3 -batch -bail -cmd ".load $KURA_BUILD/kura" :memory: "$@" \
        >fails.out 2>&1
    [ $? != 0 ]
    report $? "$name: refused" "$(cat fails.out)"
    like "$name: says why" "$(cat fails.out)" "$pattern"
}
digest() { # of what a query may not change; catalog.db-shm holds locks
    find w -type f ! -name '*-shm' ! -name lock -exec sha256sum {} + | sort
}
before=$(digest)
KURA_DIR=$work/w
export KURA_DIR
fails INSERT 'may not be modified' "INSERT INTO proxy (src_ip) VALUES ('x')"
fails UPDATE 'may not be modified' "UPDATE proxy SET src_ip = 'x'"
fails DELETE 'may not be modified' "DELETE FROM proxy"
fails "DROP TABLE" 'may not be dropped|no such table' "DROP TABLE proxy"
fails "a second warehouse" 'has a warehouse already' "SELECT kura_open('w')"
fails "a pattern that is none" 'pattern|parenthes' \
    "SELECT count(*) FROM proxy WHERE c_uri REGEXP '('"
KURA_DIR=$work/nowhere
fails "no warehouse at KURA_DIR" "nowhere" "SELECT 1 FROM proxy"
unset KURA_DIR
fails "no warehouse for kura_open" "nowhere" "SELECT kura_open('nowhere')"
fails "kura_open of NULL" "needs a directory" "SELECT kura_open(NULL)"
fails "no warehouse at all" "no such table" "SELECT 1 FROM proxy"
is "the warehouse is as it was" "$(digest)" "$before"
done_testing
