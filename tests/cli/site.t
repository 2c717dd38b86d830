#!/bin/sh
# site.t - what kura.yaml says of the organisation: in SQL, and what kura site
# finds missing or contradicted by the logs.
. "$(dirname "$0")/../lib.sh"

csv() { # DIR COMMAND...
    dir=$1
    shift
    kura -C "$dir" "$@" --format csv 2>err | tr -d '\r' | sed 1d
}

squid() { # SECONDS CLIENT
    echo "$1.000 10 $2 TCP_MISS/200 100 GET http://www.example.com/ - HIER_DIRECT/192.0.2.8 text/html"
}
{
    squid 1424012400 10.1.0.1
    squid 1424012401 10.1.0.2
    squid 1424012402 192.168.7.1
    squid 1424012403 192.168.7.2
    squid 1424012404 203.0.113.9
} >access.log

# --- Nothing said ----------------------------------------------------------

kura -q init --zone Asia/Tokyo w
ok "without logs" kura -C w site check
like "there is nothing to compare with" "$(cat ok.err)" "no logs of that time"
kura -q -C w ingest access.log
csv w site check >out
ok "hours that are assumed are said" grep -q '^hours,missing,,"Monday to Friday, 09:00 to 18:00' out
is "every key is missing" "$(grep -c ',missing,' out)" "$(csv w site show | wc -l)"
like "clients lie nowhere" "$(grep uncovered out)" "^networks,uncovered,10.1.0.0/24,2 private clients of the logs lie"
like "by their surroundings" "$(grep uncovered out | sed 1d)" "^networks,uncovered,192.168.7.0/24,2 private"
is "private ones only" "$(grep -c uncovered out)" 2
must_fail 1 kura -C w site check
is "without a site the functions of times work all the same" \
    "$(value w "SELECT business_hours(unixepoch('2015-02-16 00:00') * 1000000)")" 1
is "private is internal" "$(value w "SELECT sum(src_internal) FROM proxy")" 4

# --- A site ----------------------------------------------------------------

cat >>w/kura.yaml <<'END'
site:
  networks:
    - {network: 10.0.0.0/8, name: all of it}
    - {network: 10.1.0.0/24, name: first floor, zone: client}
    - {network: 203.0.113.0/24, name: our own, zone: dmz}
    - {network: 172.16.0.0/12, name: nobody}
  hours:
    mon-fri: 09:00-12:00, 13:00-18:00
  holidays: [holidays-jp.yaml, 2015-02-17: founding day]
  maintenance:
    - {name: backup, hosts: 10.1.0.1, from: '23:00', to: '01:00'}
  user_agents: ['Firefox/*']
  mail_domains: example.com
END
is "internal is what the site says" \
    "$(csv w sql "SELECT src_ip FROM proxy WHERE src_internal = 1 ORDER BY ts" | tr '\n' ' ')" \
    "10.1.0.1 10.1.0.2 203.0.113.9 "
is "as a column and as a function" \
    "$(value w "SELECT count(*) FROM proxy WHERE src_internal IS NOT is_internal(src_ip)")" 0
is "the narrowest network" \
    "$(csv w sql "SELECT DISTINCT network_of(src_ip), zone_of(src_ip) FROM proxy WHERE src_internal = 1 ORDER BY 1" | tr '\n' ' ')" \
    "first floor,client our own,dmz "
is "joined as a table" \
    "$(csv w sql "SELECT n.name, count(*) FROM site_network n JOIN proxy p ON ip_in(p.src_ip, n.network) GROUP BY 1 ORDER BY 1" | tr '\n' ' ')" \
    "all of it,2 first floor,2 our own,1 "
on_the_wall() { # EXPRESSION OF ts, an instant on Tokyo's clock
    value w "WITH t AS (SELECT (unixepoch('$1') - 9 * 3600) * 1000000 AS ts) SELECT $2 FROM t"
}
is "working hours" "$(on_the_wall '2015-02-16 09:00' 'business_hours(ts)')" 1
is "lunch" "$(on_the_wall '2015-02-16 12:00' 'business_hours(ts)')" 0
is "a day off of one's own" "$(on_the_wall '2015-02-17 10:00' 'business_hours(ts)')" 0
is "a holiday of the file" "$(on_the_wall '2015-02-11 10:00' 'business_hours(ts)')" 0
is "maintenance over midnight" "$(on_the_wall '2015-02-17 00:30' "in_maintenance(ts, '10.1.0.1')")" 1
is "of that host" "$(on_the_wall '2015-02-17 00:30' "in_maintenance(ts, '10.1.0.2')")" 0
is "as two pieces a day" "$(value w "SELECT count(*) FROM site_maintenance")" 14
is "it counts by zone" "$(value w "SELECT count(*) FROM site_network WHERE zone = 'CLIENT'")" 1
is "the column is the function" \
    "$(value w "SELECT count(*) FROM proxy WHERE working IS NOT business_hours(ts)")" 0
is "in rollups too" "$(csv w sql "SELECT working, sum(events) FROM proxy_rollup GROUP BY 1")" "0,5"
must_fail 3 kura -C w sql "INSERT INTO site_network VALUES ('10.0.0.0/8', 'x', 'y')"
must_fail 3 kura -C w sql "DELETE FROM site_hours"

# --- check and show ----------------------------------------------------------

mkdir -p w/hunts
cat >w/hunts/aaa.sql <<'END'
-- title: Mine
-- table: proxy
-- needs: site_proxy
-- stage: delivery
-- level: low
-- key: src_ip
-- why: {src_ip}
-- about: Mine.
-- hit: a
-- miss: b
SELECT src_ip, count(*) AS events FROM proxy
WHERE ts >= :from_ts AND ts < :to_ts AND admin_host('x', src_ip) IS NULL
GROUP BY src_ip ORDER BY src_ip
END
csv w site check >out
is "a network that no log names" "$(grep ^networks,unseen out)" "networks,unseen,172.16.0.0/12,no log names an address in it,"
is "one around it is seen by what is within" "$(grep -c 'unseen,10\.' out)" 0
is "clients that no network holds" "$(grep -c '^networks,uncovered,192.168.7.0/24,2 ' out)" 1
is "the others are held" "$(grep -c uncovered out)" 1
is "what is given is not missing" "$(grep -cE '^(networks|hours|holidays|maintenance|user_agents|mail_domains),missing' out)" 0
is "no mail is loaded: nothing is said of its domains" "$(grep -c ^mail_domains out)" 0
like "a hunt that is skipped for want of a key" "$(grep ^proxies, out)" \
    '^proxies,missing,,who goes past the proxy is not known,"?skipped: aaa'
like "one that would know more" "$(grep ^administrators, out)" \
    '^administrators,missing,,where administrators may log on from is not known,"?(skipped: [a-z, -]+; )?weaker: aaa'
like "the days are said" "$(cat err)" "compared with the logs of 2015-01-17 to 2015-02-15 \(UTC\)"
must_fail 1 kura -C w site check
ok "logs of another time say nothing against it" kura -C w site check --from 2016
must_fail 2 kura -C w site check --from never
like "json" "$(kura -q -C w site check -f json | grep unseen)" '^\{"key":"networks","finding":"unseen","entry":"172.16.0.0/12"'

is "show: how much there is" "$(csv w site show | grep ^hours,)" \
    'hours,site_hours,10,Working hours on the site'"'"'s wall clock; empty: Monday to Friday 09:00 to 18:00 is assumed.'
is "show of one" "$(csv w site show networks | head -2 | tr '\n' ' ')" "10.0.0.0/8,all of it, 10.1.0.0/24,first floor,client "
must_fail 2 kura -C w site show nothing
like "what there is to show" "$(cat must_fail.err)" "hint: kura site show lists"
must_fail 2 kura -C w site
must_fail 2 kura -C w site check networks

# --- Mistakes ----------------------------------------------------------------

cp w/kura.yaml good.yaml
sed 's/10.0.0.0\/8,/10.0.0.1\/8,/' good.yaml >w/kura.yaml
must_fail 3 kura -C w sql "SELECT 1"
like "a mistake is named by file and line, with what to write" "$(cat must_fail.err)" \
    "kura.yaml:$(grep -n '10.0.0.1/8' w/kura.yaml | cut -d: -f1): '10.0.0.1/8' is an address within a network; write 10.0.0.0/8"
ok "loading does not ask the site" kura -C w ingest access.log
sed 's/^  hours:/  ours:/' good.yaml >w/kura.yaml
must_fail 3 kura -C w site check
like "an unknown key, and those that there are" "$(tr '\n' ' ' <must_fail.err)" \
    "unknown key 'ours'.*hint: these are known: networks, proxies,.*service_accounts"
cp good.yaml w/kura.yaml
rm w/holidays-jp.yaml
must_fail 3 kura -C w sql "SELECT 1"
like "a file of holidays that is gone" "$(cat must_fail.err)" "kura.yaml:[0-9]+: the holidays cannot be read: .*holidays-jp.yaml"
printf '2015-01-01: a\n2015-02-30: b\n' >w/holidays-jp.yaml
must_fail 3 kura -C w sql "SELECT 1"
like "a mistake in it" "$(cat must_fail.err)" "holidays-jp.yaml:2: '2015-02-30' is no date"
rm w/kura.yaml w/holidays-jp.yaml
ok "no kura.yaml is no site" kura -C w sql "SELECT 1"
done_testing
