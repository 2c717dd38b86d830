#!/bin/sh
# Four days of made-up logs of four products, loaded and asked: what kura does,
# in a minute.  The warehouse stays where the last line says.
#
#   KURA_BUILD     absolute path of the build (make demo sets it)
#   KURA_DEMO_DIR  where to put it all (a new temporary directory)
set -eu

build=${KURA_BUILD:?is not set}
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=${KURA_DEMO_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/kura-demo.XXXXXX")}
PATH=$build:$PATH
export PATH
mkdir -p "$dir/logs"
cd "$dir"
if [ -e warehouse ]; then
    echo "demo: '$dir/warehouse' is there already" >&2
    exit 1
fi

# Monday to Thursday; the same logs every time.
make_log() { # PRODUCT LINES FILE [DAYS FIRST-DAY]
    "$build/bench/generate" --product "$1" --lines "$2" --days "${4:-4}" \
        --start "${5:-2015-02-16}" --seed 1 --clients 200 > "logs/$3"
}

say() {
    printf '\n# %s\n' "$1"
}

run() {
    printf '$ %s\n' "$*"
    "$@"
}

ask() {
    say "$1"
    printf '$ kura -C warehouse sql "%s"\n' "$2"
    kura -C warehouse sql "$2"
}

make_log squid 200000 access.log
make_log postfix 60000 maillog
make_log netscreen 100000 firewall.log
make_log bind 100000 queries.log
make_log squid 40000 access-2014.log 230 2014-07-01

say 'A warehouse, and the logs of a proxy, a mail server, a firewall and a name server'
run kura init warehouse --zone Asia/Tokyo
run kura -C warehouse ingest logs/access.log logs/firewall.log logs/queries.log
# Syslog dates have no year: --as-of says when the file was written.
run kura -C warehouse ingest --as-of 2015-02-20 logs/maillog

say 'The same files again: every line is there once'
run kura -C warehouse ingest logs/access.log logs/firewall.log logs/queries.log

say 'What is in it'
run kura -C warehouse status

ask 'Who moves most through the proxy' \
    "SELECT src_ip, cs_username, count(*) AS requests,
       sum(sc_bytes) / 1000000 AS mbytes
FROM proxy GROUP BY src_ip ORDER BY mbytes DESC LIMIT 5"

ask 'Who is refused by the firewall on the way out, to one address again and again' \
    "SELECT src_ip, dst_ip, dst_port, count(*) AS refused,
       count(DISTINCT day || hour) AS hours
FROM firewall WHERE blocked = 'true' AND src_internal = 1 AND dst_internal = 0
GROUP BY src_ip, dst_ip, dst_port ORDER BY refused DESC LIMIT 5"

ask 'The same client on the proxy: what it asks for at night' \
    "SELECT cs_method, cs_host, c_uri_stem, count(*) AS requests
FROM proxy WHERE src_ip = '10.1.0.47' AND hour BETWEEN 1 AND 4
GROUP BY cs_method, cs_host, c_uri_stem ORDER BY requests DESC LIMIT 3"

ask 'Programs sent by mail, however their names are written' \
    "SELECT attachment_name, count(*) AS mails, min(attachment_name_raw) AS written
FROM mail WHERE is_executable_name(attachment_name)
GROUP BY attachment_name ORDER BY mails DESC"

ask 'Tunnels through the proxy to ports that are not 443' \
    "SELECT dst_port, sc_status, count(*) AS requests,
       count(DISTINCT src_ip) AS clients
FROM proxy WHERE cs_method = 'CONNECT' AND dst_port <> 443
GROUP BY dst_port, sc_status ORDER BY dst_port, sc_status"

ask 'Domains with many names that only one client asks for' \
    "SELECT registered_domain, count(DISTINCT query) AS names,
       count(*) AS queries, min(src_ip) AS client
FROM dns WHERE record_type <> 'PTR' GROUP BY registered_domain
HAVING count(DISTINCT src_ip) = 1 ORDER BY names DESC, queries DESC LIMIT 5"

say 'Every source comes out as it went in, byte for byte'
printf '$ sha256sum < logs/access.log\n'
before=$(sha256sum < logs/access.log)
echo "$before"
printf '$ kura -C warehouse cat logs/access.log | sha256sum\n'
after=$(kura -C warehouse cat logs/access.log | sha256sum)
echo "$after"
if [ "$before" != "$after" ]; then
    echo 'demo: they differ' >&2
    exit 1
fi


# What depends on the date is told what it is.
at() {
    printf '$ kura -C warehouse --now 2015-02-23 %s\n' "$*"
    kura -C warehouse --now 2015-02-23 "$@"
}

say 'The second half of 2014 as well: what is older than three months leaves'
at ingest logs/access-2014.log
at maintain --dry-run | tail -n 5
at -q maintain
at volumes

say 'Online only: the answer says what it did not search'
at sql "SELECT min(day), max(day), count(*) FROM proxy" 2>&1

say 'Was the night-time host seen before?  Sightings stay when the logs leave'
at seen update.tenki-yoho.invalid

say 'A quarter back for a case, asked together with what is online'
at restore 2014Q3 --case CASE-7 --for 30d 2>&1
at sql --from 2014-07 --to 2014-09 --coverage \
    "SELECT src_ip, count(*) AS requests, min(day), max(day) FROM proxy
WHERE cs_host = 'update.tenki-yoho.invalid' GROUP BY 1" 2>&1
at release L1

say 'The rest of the archive in place, nothing restored'
at sql --archived --from 2014-10 --to 2014-12 --coverage \
    "SELECT src_ip, count(*) AS requests, min(day), max(day) FROM proxy
WHERE cs_host = 'update.tenki-yoho.invalid' GROUP BY 1" 2>&1

# --- A year of an organisation that was attacked -------------------------

say 'A year of an organisation that was attacked, and what it tells of itself'
"$build/bench/generate" --scenario year --days 365 --lines 200000 \
    --start 2014-01-01 --seed 1
kura -q init --zone Asia/Tokyo warehouse-year
cat year/kura.yaml "$top/docs/examples/reports.yaml" > warehouse-year/kura.yaml
printf 'retention: {online: 2y}\n' >> warehouse-year/kura.yaml
# What depends on the date is told what it is.
year() {
    printf '$ kura -C warehouse-year --now 2015-01-05 %s\n' "$*"
    kura -C warehouse-year --now 2015-01-05 "$@"
}
year ingest year/access.log year/firewall.log year/maillog year/queries.log \
    year/security.json
year ioc import year/indicators.csv
# Days that are over are sealed; from cron.
year -q maintain

say 'The page of a month: what the hunts find in it'
year report daily --no-deliver --period 2014-10 2>&1

say 'Everything that the guide asks to look for, and more, over the year'
year hunt --all --format csv > findings.csv 2> hunts.txt
tail -n 2 hunts.txt

say 'What the hunts of high level found first, each with its reason'
year sql "SELECT hunt, substr(why, 1, 110) AS why FROM finding
WHERE level IN ('high', 'critical') GROUP BY hunt ORDER BY hunt"

say 'The lines behind one of them'
id=$(kura -C warehouse-year sql --format csv "SELECT min(id) FROM finding
WHERE hunt = 'mail-deceptive-name'" | tail -n 1 | tr -d '\r')
year finding show "$id" | cut -c 1-300

printf '\nThe warehouses are %s and %s; the report is\n    %s\n' \
    "$dir/warehouse" "$dir/warehouse-year" \
    "$(ls "$dir"/warehouse-year/reports/*.html)"
printf 'Ask on with\n'
printf '    %s -C %s sql "SELECT ..."\n' "$build/kura" "$dir/warehouse"
