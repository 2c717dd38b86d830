#!/bin/sh
# kura tables: which tables and columns there are; and the ways to it from SQL.
. "$(dirname "$0")/../lib.sh"

kura tables >out
for t in mail firewall proxy dns reject sighting site_network site_admin; do
    like "$t is listed" "$(cat out)" "^$t +[0-9]+ +[A-Z]"
done
kura tables proxy >out
like "a stored column" "$(cat out)" "^src_ip +TEXT +stored +client address$"
like "a computed one says of what" "$(cat out)" "^c_uri_stem +TEXT +url_path\(c_uri\) +its path$"
like "an integer" "$(cat out)" "^sc_bytes +INTEGER +stored "
like "those of every table too" "$(cat out)" "^raw +TEXT +raw\(shape\) |^raw +TEXT +computed "
is "csv" "$(kura tables --format csv | tr -d '\r' | sed 1q)" "table,columns,meaning"
like "json" "$(kura tables --format json dns)" '^\{"column":"ts","type":"INTEGER",'
kura tables site_hours >out
like "columns of the site's" "$(cat out)" "^weekday +INTEGER +kura.yaml +1 Monday to 7 Sunday$"
kura tables >out
like "rollups are listed" "$(cat out)" "^proxy_rollup +[0-9]+ +proxy, added up"
like "that of sightings too" "$(cat out)" "^sighting_rollup +[0-9]+ "
kura tables proxy_rollup >out
like "a column to group by" "$(cat out)" "^cs_host +TEXT +group +host asked for"
like "a count" "$(cat out)" "^events +INTEGER +count "
like "a sum" "$(cat out)" "^sum_cs_bytes +INTEGER +sum\(cs_bytes\) "
like "a bound" "$(cat out)" "^ts +INTEGER +WHERE only "
is "no line" "$(grep -cE '^(raw|line|sum_line) ' out)" 0
is "of many columns, 58 to group by, with the times first" \
    "$(kura tables --format csv windows_rollup | tr -d '\r' | grep -c ',group,') $(kura tables \
        --format csv windows_rollup | sed '1d;s/,.*//' | head -3 | paste -sd' ' -)" \
    "58 day hour weekday"
must_fail 2 kura tables _rollup
must_fail 2 kura tables nonsense_rollup
must_fail 2 kura tables nonsense
like "an unknown one gets a hint" "$(cat must_fail.err)" "hint: kura tables lists them"
must_fail 2 kura tables proxy dns
must_fail 2 kura tables --format xml

# --- From SQL ------------------------------------------------------------

kura -q init w
is "as many columns as SQL has" \
    "$(kura tables --format csv proxy | sed 1d | wc -l)" \
    "$(value w "SELECT count(*) FROM pragma_table_info('proxy')")"
for t in $(kura tables --format csv | tr -d '\r' | cut -d, -f1 | grep ^site_); do
    is "$t has the columns of SQL" "$(kura tables --format csv "$t" | sed 1d | cut -d, -f1)" \
        "$(value w "SELECT name FROM pragma_table_info('$t')")"
    is "$t is empty without a site" "$(value w "SELECT count(*) FROM $t")" 0
done
is "and of a rollup, but for the two that are hidden" \
    "$(kura tables --format csv dns_rollup | sed 1d | grep -vc 'WHERE only')" \
    "$(value w "SELECT count(*) FROM pragma_table_info('dns_rollup')")"
is "PRAGMA table_info" \
    "$(kura -C w sql --format csv "PRAGMA table_info(dns)" | tr -d '\r' | cut -d, -f2 | sed 1d)" \
    "$(kura tables --format csv dns | cut -d, -f1 | sed 1d)"
ok "the functions" kura -C w sql "SELECT * FROM pragma_function_list WHERE name = 'ip_in'"
for p in user_version application_id database_list writable_schema \
    "user_version = 7" "writable_schema = 1" "temp_store_directory = '/tmp'" \
    "integrity_check" "wal_checkpoint"; do
    must_fail 3 kura -C w sql "PRAGMA $p"
done
must_fail 3 kura -C w sql "SELECT * FROM pragma_database_list"
must_fail 3 kura -C w sql 'SELECT c_nothing FROM mail'
like "an unknown column: where to look" "$(cat must_fail.err)" "hint: 'kura tables mail' lists what there is; at byte 7"
must_fail 3 kura -C w sql 'SELECT c_nothing FROM proxy JOIN dns'
like "of several tables" "$(cat must_fail.err)" "hint: 'kura tables' lists"
must_fail 3 kura -C w sql 'SELECT 1 FROM mails'
like "an unknown table" "$(cat must_fail.err)" "hint: 'kura tables' lists"
done_testing
