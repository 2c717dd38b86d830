#!/bin/sh
# rollup.t - adding up a rollup gives what GROUP BY gives on its table, whatever
# columns, conditions and bounds: questions made up by chance, the same to both,
# on open, sealed and archived days.  Then what a rollup refuses.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/sql/warehouses.sh"

questions=150

# Made-up questions about a table: one file asks the rollup, the other the
# table.  Every third takes the rows of the rollup as they are: there, one row
# must be one group.
questions_about() { # TABLE COLUMNS SUMS CONDITIONS SEED
    awk -v table="$1" -v columns="$2" -v sums="$3" -v conditions="$4" \
        -v seed="$5" -v questions="$questions" '
    function pick(list, n, parts) {
        n = split(list, parts, "|")
        return parts[int(rand() * n) + 1]
    }
    # Of the first day and half a day more; of the last half second.
    function bound(kind) {
        kind = int(rand() * 8)
        if (kind == 0)
            return "ts >= 1424950000000000 AND ts < 1425081600000000"
        if (kind == 1)
            return "ts BETWEEN 1424995199500000 AND 1424995200000000"
        if (kind == 2)
            return "ts > 1425000000000000.5 AND ts <= \0471425168000000000\047"
        if (kind == 3)
            return "time >= \0472015-02-27\047 AND time < \0472015-02-28T12\047"
        if (kind == 4)
            return "time > \0472015-02-26T23:59:59.999000Z\047"
        if (kind == 5)
            return "ts <> 1424995200000000 AND day = \0472015-02-27\047"
        return ""
    }
    BEGIN {
        srand(seed)
        for (q = 0; q < questions; q++) {
            whole = q % 3 == 2
            n = int(rand() * 4) + whole
            shown = names = where = ""
            for (i = 0; i < n; i++) {
                c = pick(columns)
                if (index("," names ",", "," c ","))
                    continue
                names = names (names == "" ? "" : ",") c
                # Any spelling may stand for a group.
                shown = shown "lower(" c ")||typeof(" c ") AS c" i ", "
            }
            for (i = int(rand() * 3); i > 0; i--) {
                c = pick(conditions)
                subject = substr(c, 1, index(c, " ") - 1)
                # More names make more rows, and case is told apart.
                if (whole && (c ~ /BINARY|GLOB/ || !index("," names ",",
                    "," subject ",")))
                    continue
                where = where (where == "" ? "" : " AND ") substr(c, index(c, " ") + 1)
            }
            b = bound()
            if (whole && b ~ /day/)
                b = ""
            if (b != "")
                where = where (where == "" ? "" : " AND ") b
            if (where != "")
                where = " WHERE " where
            s = pick(sums)
            order = names == "" ? "" : " GROUP BY " names
            table_sql = "SELECT " shown "count(*) AS n, sum(" s ") AS s, " \
                "min(ts) AS low, max(ts) AS high FROM " table where
            print table_sql (names == "" ? " HAVING count(*) > 0" : order) \
                " ORDER BY n, s, low, high" tail(n, shown) ";" > "table.sql"
            if (whole)
                print "SELECT " shown "events AS n, sum_" s " AS s, first_ts" \
                    " AS low, last_ts AS high FROM " table "_rollup" where \
                    " ORDER BY n, s, low, high" tail(n, shown) ";" > "rollup.sql"
            else
                print "SELECT " shown "sum(events) AS n, sum(sum_" s ") AS s," \
                    " min(first_ts) AS low, max(last_ts) AS high FROM " table \
                    "_rollup" where (names == "" ? " HAVING n > 0" : order) \
                    " ORDER BY n, s, low, high" tail(n, shown) ";" > "rollup.sql"
        }
    }
    function tail(n, shown, i, out) {
        for (i = 0; i < n; i++)
            if (index(shown, " AS c" i ","))
                out = out ", c" i
        return out
    }' </dev/null
}

answers() { # WAREHOUSE FILE
    kura -C "$1" sql --archived --format csv - <"$2" 2>err
}

# Each condition begins with the column that it is about.
compare() { # TABLE COLUMNS SUMS CONDITIONS SEED
    questions_about "$@"
    is "$1: as many questions to both" "$(wc -l <rollup.sql)" \
        "$(wc -l <table.sql)"
    answers w table.sql >wanted
    is "$1: the table answers" "$(cat err)" ""
    [ "$(wc -l <wanted)" -gt $((questions * 8)) ]
    report $? "$1: questions find something" "$(wc -l <wanted) lines"
    for w in w sealed archived; do
        answers $w rollup.sql >got
        diff wanted got >difference
        report $? "$1 in $w: $questions questions" "$(head -5 difference)" \
            "$(cat err)"
    done
}

compare proxy "src_ip|cs_host|cs_host|cs_username|registered_domain|rev_host|\
c_uri_extension|c_uri|sc_status|cs_method|day|hour|weekday|src_internal|\
dst_internal|c_useragent|mime_type|source|format|dst_port|cs_bytes" \
    "cs_bytes|elapsed_ms|dst_port|sc_status" \
    "cs_host cs_host = 'www.example.com'|cs_host cs_host LIKE '%EXAMPLE%'|\
cs_host cs_host IN ('WWW.example.com', 'example.org', '80', NULL)|\
cs_host cs_host REGEXP '^[a-d]'|cs_host domain_under(cs_host, 'example.com')|\
cs_host cs_host <> 'example.org'|cs_host cs_host >= 'localhost'|\
cs_host cs_host GLOB 'W*'|cs_host cs_host = 'WWW.Example.COM' COLLATE BINARY|\
cs_host cs_host < 'a' COLLATE BINARY|cs_host length(cs_host) > 11|\
src_ip ip_in(src_ip, '192.168.0.0/28')|src_ip src_ip LIKE '10.%'|\
cs_username cs_username IS NULL|cs_username cs_username IS NOT NULL|\
cs_username cs_username = 80|cs_username cs_username IS NOT 'taro'|\
cs_username cs_username GLOB 80|registered_domain registered_domain = 'EXAMPLE.com'|\
sc_status sc_status = 200|sc_status sc_status IN (200, 403)|\
sc_status sc_status <> 200|dst_port dst_port IS NULL|hour hour < 12|\
day day >= '2015-02-27'|weekday weekday IN (5, 6)|src_internal src_internal = 1|\
c_uri c_uri LIKE '%.exe%'|sc_bytes sc_bytes < 1000" 1
compare firewall "src_ip|dst_ip|service|action|blocked|proto|policy_id|src_zone|\
dst_port|received_ts|day|hour|working|host|reason|icmp_type|severity" \
    "bytes_rcvd|duration_s|dst_port|policy_id|proto" \
    "service service = 'http'|service service = 80|action action = 'DENY'|\
policy_id policy_id < 0|policy_id policy_id IS NULL|proto proto IN (6, 17)|\
received_ts received_ts IS NOT NULL|dst_port dst_port BETWEEN 50 AND 500|\
src_ip ip_in(src_ip, '192.168.0.0/16')|hour hour = 3|working working = 0" 2
compare mail "subject|envelope_from|attachment_name|delay|size|status|source|day|\
hour|host|relay|message" "delay|size|nrcpt|pid" \
    "subject subject LIKE '%80%'|subject subject IS NULL|delay delay > 0|\
envelope_from envelope_from = 'ROOT@example.net'|size size IS NOT NULL|\
attachment_name attachment_name REGEXP '(?i)exe$'|hour hour <> 4" 3
compare dns "query|src_ip|record_type|day|hour|source|time_origin|registered_domain|\
src_port" "src_port" \
    "query domain_under(query, 'example.com')|query query = 'WWW.example.com'|\
query query GLOB 'W*'|record_type record_type IN ('A', 'aaaa')|\
time_origin time_origin IS NULL|hour hour > 20" 4

# --- Sightings ------------------------------------------------------------------

for w in w sealed; do
    is "sightings in $w: value by value" \
        "$(kura -C $w sql --format csv "SELECT table_name, observable, lower(value) AS v,
            sum(events) AS e, sum(sum_clients) AS c, min(first_ts) AS f, max(last_ts) AS l
            FROM sighting_rollup WHERE day >= '2015-02-27' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3" | sha256sum)" \
        "$(kura -C $w sql --format csv "SELECT table_name, observable, lower(value) AS v,
            sum(events) AS e, sum(clients) AS c, min(ts) AS f, max(last_ts) AS l
            FROM sighting WHERE day >= '2015-02-27' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3" | sha256sum)"
done
is "sum_events of sightings is events" \
    "$(value sealed 'SELECT sum(events) = sum(sum_events) FROM sighting_rollup')" 1

# --- Many rows; no column; no row -------------------------------------------------

for w in big sealed-big archived-big; do
    is "$w: by a column of more values than a block has rows" \
        "$(kura -C $w sql --archived --format csv "SELECT query AS q, sum(events) AS n,
            sum(sum_src_port) AS s FROM dns_rollup GROUP BY 1 ORDER BY 1" | sha256sum)" \
        "$(kura -C $w sql --archived --format csv "SELECT query AS q, count(*) AS n,
            sum(src_port) AS s FROM dns GROUP BY 1 ORDER BY 1" | sha256sum)"
    is "$w: no column is one group" \
        "$(kura -C $w sql --archived --format csv 'SELECT events FROM dns_rollup' |
            tr -d '\r' | sed 1d)" 70001
done
is "no row is no group" "$(value w 'SELECT count(*) FROM proxy_rollup WHERE ts < 0')" 0
is "groups that GROUP BY names can be counted" \
    "$(value w 'SELECT count(*) FROM (SELECT 1 FROM proxy_rollup GROUP BY cs_method)')" \
    "$(value w 'SELECT count(*) FROM (SELECT 1 FROM proxy GROUP BY cs_method)')"

# --- Two threads ------------------------------------------------------------------

# So many days are shared by two threads; the newest one stays open.
awk 'BEGIN {
    for (d = 0; d < 60; d++)
        for (i = 0; i < 40; i++)
            printf "%d.%03d %d 10.0.%d.%d TCP_MISS/200 %d GET http://%s%d.example.%s/ - %s\n",
                1424908800 + d * 86400 + i * 2000, i, i, d % 3, i % 7, d * i,
                i % 5 ? "www" : "WWW", i % 11, d % 13 ? "com" : "net",
                "HIER_DIRECT/203.0.113.7 text/html"
}' >days.log
{
    kura -q init days --zone Asia/Tokyo && kura -q -C days ingest days.log &&
        kura -q -C days --now 2015-04-30T00:00:00 maintain
} >&2
is "days are sealed" "$(find days/online -name '*.zst' | wc -l)" 57
both() { # NAME QUESTION, of which T is the table and N, S, F and L are measures
    is "two threads: $1" "$(kura -C days sql --format csv "$(echo "$2" | sed \
        's/T/proxy_rollup/; s/N/sum(events)/; s/S/sum(sum_sc_bytes)/; s/F/min(first_ts)/; s/L/max(last_ts)/')" | sed 1d)" \
        "$(kura -C days sql --format csv "$(echo "$2" | sed \
        's/T/proxy/; s/N/count(*)/; s/S/sum(sc_bytes)/; s/F/min(ts)/; s/L/max(ts)/')" | sed 1d)"
}
by_host="select lower(cs_host), src_ip, N, S, F, L from T group by cs_host, src_ip order by cs_host, src_ip"
both "texts" "$by_host"
both "integers" "select day, hour, elapsed_ms, N, S, F, L from T group by day, hour, elapsed_ms order by day desc, hour, elapsed_ms"
both "of some rows" "select lower(cs_host), N, S from T where src_ip regexp '^10.0.[12]' and cs_host in ('www1.example.com', 'WWW5.example.com') and ts > 1425000000000000 group by cs_host order by cs_host"
both "no column" "select N, S, F, L from T"
like "both read" "$(kura -C days sql --stats 'SELECT sum(events) FROM proxy_rollup' 2>&1)" \
    "partitions 60 considered, 60 opened.*rows 2400 read, 1 passed"
hosts="SELECT cs_host, events FROM proxy_rollup"
is "the same order each time, of two threads" "$(kura -C days sql --format csv "$hosts")" \
    "$(kura -C days sql --format csv "$hosts")"
# Whichever thread has the day.
for d in 03 04 05 06; do
    perl -e 'open F, "+<", $ARGV[0] or die; binmode F; for ($i = 40; $i < -s F; $i += 97) {
        seek F, $i, 0; print F "damage" }' days/online/proxy/2015-03-$d.db.zst
done
kura -C days sql --format csv "SELECT sum(events) FROM proxy_rollup" >got 2>covered
is "damaged days end with 1" "$?" 1
is "and are told" "$(grep -oE '2015-03-0[0-9] +NOT SEARCHED: damaged' covered | cut -c1-10 | paste -sd' ' -)" \
    "2015-03-03 2015-03-04 2015-03-05 2015-03-06"
is "the other days are whole" "$(sed 1d got | tr -d '\r')" 2240
both "without them" "$by_host" 2>/dev/null

# --- Case, NULL, sums ---------------------------------------------------------------

is "the least spelling stands for its group" \
    "$(value w "SELECT cs_host || ' ' || cs_username FROM proxy_rollup
        WHERE cs_host LIKE 'www.example%' AND cs_username = 'taro'")" \
    "WWW.Example.COM TARO"
is "of those that pass" \
    "$(value w "SELECT cs_host FROM proxy_rollup WHERE cs_host REGEXP '^www'")" \
    "www.example.com"
is "under BINARY each is told apart" \
    "$(value w "SELECT events FROM proxy_rollup WHERE cs_host = 'WWW.Example.COM' COLLATE BINARY")" \
    "$(value w "SELECT count(*) FROM proxy WHERE cs_host = 'WWW.Example.COM' COLLATE BINARY")"
is "'' and NULL are two groups" \
    "$(value w "SELECT count(*) FROM proxy_rollup WHERE cs_referrer IS NULL OR cs_referrer = ''")" 2
is "a sum of nothing is NULL" \
    "$(value w 'SELECT count(*) FROM (SELECT dst_port, sum_dst_port FROM proxy_rollup)
        WHERE dst_port IS NULL AND sum_dst_port IS NULL')" 1
must_fail 3 kura -C w sql 'SELECT sum_sc_bytes FROM proxy_rollup'
like "a sum beyond 64 bits" "$(cat must_fail.err)" "integer overflow in the sum of sc_bytes"
must_fail 3 kura -C w sql 'SELECT sum(sc_bytes) FROM proxy'
is "nobody asked for that group" \
    "$(value w "SELECT count(*) FROM (SELECT sc_bytes < 1000000 AS small, sum_sc_bytes
        FROM proxy_rollup) WHERE small AND sum_sc_bytes < 0")" 0
twice="SELECT cs_host, cs_username, c_useragent, events, first_ts FROM proxy_rollup"
is "the same order each time" "$(kura -C w sql --format csv "$twice" | sha256sum)" \
    "$(kura -C w sql --format csv "$twice" | sha256sum)"

# --- Order ------------------------------------------------------------------------------

# A rollup sorts its groups itself.
: >rollup.sql
: >table.sql
for order in "cs_host" "cs_host DESC" "cs_username, cs_host" "cs_username DESC, cs_host DESC" \
    "sc_bytes, cs_host" "sc_bytes DESC, cs_username" "dst_port, src_internal DESC, hour" \
    "day DESC, weekday, cs_host" "src_internal, registered_domain DESC" "hour DESC, day"; do
    by=$(echo "$order" | sed 's/ DESC//g')
    shown=$(echo "$by" | awk -F', ' '{
        for (i = 1; i <= NF; i++) printf "lower(%s) AS c%d, ", $i, i }')
    echo "SELECT ${shown}sum(events) AS n FROM proxy_rollup GROUP BY $by ORDER BY $order;
        SELECT ${shown}events AS n FROM proxy_rollup ORDER BY $order;
        SELECT DISTINCT ${shown}0 AS n FROM proxy_rollup WHERE cs_host GLOB '[W-w]*' ORDER BY $order;
        SELECT $by FROM (SELECT DISTINCT $by FROM proxy_rollup) WHERE 0;
        SELECT count(*) AS n FROM (SELECT DISTINCT $by FROM proxy_rollup);" >>rollup.sql
    echo "SELECT ${shown}count(*) AS n FROM proxy GROUP BY $by ORDER BY $order;
        SELECT ${shown}count(*) AS n FROM proxy GROUP BY $by ORDER BY $order;
        SELECT DISTINCT ${shown}0 AS n FROM proxy WHERE cs_host GLOB '[W-w]*' ORDER BY $order;
        SELECT $by FROM (SELECT DISTINCT $by FROM proxy) WHERE 0;
        SELECT count(*) AS n FROM (SELECT DISTINCT $by FROM proxy);" >>table.sql
done
answers w table.sql >wanted
answers w rollup.sql >got
[ "$(wc -l <wanted)" -gt 3000 ]
report $? "there is something to sort" "$(wc -l <wanted) lines"
diff wanted got >difference
report $? "groups come in the order asked for" "$(head -5 difference)" "$(cat err)"

# --- Bounds of time -------------------------------------------------------------------

for bad in "SELECT ts FROM proxy_rollup" \
    "SELECT 1 FROM proxy_rollup WHERE ts % 2 = 0" \
    "SELECT 1 FROM proxy_rollup WHERE ts < 5 OR ts > 1424995200000000" \
    "SELECT 1 FROM proxy_rollup WHERE time LIKE '2015-02%'" \
    "SELECT 1 FROM proxy_rollup WHERE time IN ('2015-02-27', '2015-02-28')"; do
    must_fail 3 kura -C w sql "$bad"
    like "what can be said of time" "$(cat must_fail.err)" "can only be bounded in WHERE"
done
must_fail 3 kura -C w sql "SELECT 1 FROM proxy_rollup WHERE ts > 'yesterday'"
like "a text is no ts" "$(cat must_fail.err)" "ts of proxy_rollup can be compared with a number only"
must_fail 3 kura -C w sql "SELECT rowid FROM proxy_rollup"
like "no rowid" "$(cat must_fail.err)" "have no rowid"
is "an OR of columns is one rollup" \
    "$(value w "SELECT sum(events) FROM proxy_rollup
        WHERE cs_host = 'example.org' OR src_ip = '10.0.0.5'")" \
    "$(value w "SELECT count(*) FROM proxy WHERE cs_host = 'example.org' OR src_ip = '10.0.0.5'")"
is "NULL bounds nothing in" "$(value w 'SELECT count(*) FROM proxy_rollup WHERE ts > NULL')" 0
is "a bound from another table" \
    "$(value w "WITH t AS (SELECT 1424995200000000 AS at UNION ALL SELECT 1425081600000000)
        SELECT group_concat(events) FROM t JOIN proxy_rollup p
        ON p.ts >= t.at AND p.ts < t.at + 86400000000")" \
    "$(value w "SELECT count(*) FILTER (WHERE ts < 1425081600000000) || ',' ||
        count(*) FILTER (WHERE ts >= 1425081600000000) AS n FROM proxy
        WHERE ts >= 1424995200000000 AND ts < 1425168000000000")"
many=$(seq 1 30 | sed 's/^/ts > /' | paste -sd' ' - | sed 's/ ts/ AND ts/g')
must_fail 3 kura -C w sql "SELECT sum(events) FROM proxy_rollup WHERE $many"

# --- What was searched ----------------------------------------------------------------

kura -C sealed sql --coverage "SELECT sum(events) FROM proxy_rollup" 2>covered >/dev/null
kura -C sealed sql --coverage "SELECT count(*) FROM proxy" 2>wanted >/dev/null
is "coverage is that of the table" "$(cat covered)" "$(cat wanted)"
day=sealed/online/proxy/2015-02-27.db.zst
perl -e 'open F, "+<", $ARGV[0] or die; binmode F; for ($i = 40; $i < -s F; $i += 997) {
    seek F, $i, 0; print F "damage" }' $day
kura -C sealed sql --format csv "SELECT sum(events) AS n FROM proxy_rollup" >got 2>covered
is "a damaged day ends with 1" "$?" 1
like "and is told" "$(cat covered)" "2015-02-27 .*NOT SEARCHED: damaged"
is "the others are whole" "$(tr -d '\r' <got | sed 1d)" \
    "$(value w "SELECT count(*) FROM proxy WHERE substr(time, 1, 10) <> '2015-02-27'")"
done_testing
