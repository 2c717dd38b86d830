#!/bin/sh
# kura finding hosts: the stages of the attack that findings show, by host.
. "$(dirname "$0")/../lib.sh"

kura -q init --zone UTC w
mkdir -p w/hunts
stage_hunt() { # NAME STAGE HOST LEVEL
    cat >"w/hunts/$1.sql" <<E2
-- title: $1
-- table: proxy
-- stage: $2
-- level: $4
-- key: src_ip
-- why: {src_ip} went to $3
-- about: a test
-- hit: x
-- miss: x
SELECT src_ip, sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM proxy_rollup WHERE ts >= :from_ts AND ts < :to_ts AND cs_host = '$3'
GROUP BY src_ip ORDER BY 1
E2
}
stage_hunt t-mail delivery mail.test medium
stage_hunt t-run installation run.test high
stage_hunt t-call command-and-control call.test high
stage_hunt t-take actions-on-objectives take.test critical
stage_hunt t-more command-and-control more.test low

request() { # DAY CLIENT HOST
    printf '%d.000      7 %s TCP_MISS/200 10 GET http://%s/a - HIER_DIRECT/203.0.113.7 text/html\n' \
        $((1741046400 + $1 * 86400)) "$2" "$3"
}
{
    request 0 10.0.0.1 mail.test # all of it, within days
    request 1 10.0.0.1 run.test
    request 2 10.0.0.1 call.test
    request 3 10.0.0.1 take.test
    request 0 10.0.0.2 mail.test # three, but in two months
    request 30 10.0.0.2 run.test
    request 60 10.0.0.2 call.test
    request 0 10.0.0.3 call.test # one stage, by two hunts
    request 0 10.0.0.3 more.test
    request 0 10.0.0.4 mail.test # three
    request 12 10.0.0.4 call.test
    request 13 10.0.0.4 take.test
} >p.log
kura -q -C w ingest p.log
kura -q -C w hunt t-mail t-run t-call t-take t-more --from 2025-03-01 --to 2025-06-30 >/dev/null

hosts() {
    kura -C w finding hosts --format csv "$@" 2>hosts.err | tr -d '\r' | sed 1d
}
is "those with three stages within two weeks, the furthest first" \
    "$(hosts | cut -d, -f1,2,4,5,6)" '10.0.0.1,4,2025-03-04 00:00,2025-03-07 00:00,4
10.0.0.4,3,2025-03-04 00:00,2025-03-17 00:00,3'
like "the chain in its order, with the hunts" "$(hosts | sed -n 1p)" \
    'delivery \(t-mail\), installation \(t-run\), command-and-control \(t-call\), actions-on-objectives \(t-take\)'
is "a shorter time" "$(hosts --within 7d | cut -d, -f1)" 10.0.0.1
is "a longer one" "$(hosts --within 90d | cut -d, -f1,2)" '10.0.0.1,4
10.0.0.4,3
10.0.0.2,3'
is "two hunts of one stage are one stage" "$(hosts --min 1 | grep '^10.0.0.3' | cut -d, -f2,6)" 1,2
like "json" "$(kura -C w finding hosts --format json | sed -n 1p)" '^\{"host":"10.0.0.1","stages":4,"score":'

kura -q -C w allow add src_ip=10.0.0.4 --hunt t-call --reason known >/dev/null 2>allow.err
is "what is allowed does not count" "$(hosts | cut -d, -f1)" 10.0.0.1
must_fail 1 kura -C w finding hosts --min 5
must_fail 2 kura -C w finding hosts --min 0
must_fail 2 kura -C w finding hosts --within soon
must_fail 2 kura -C w finding hosts --within 2025-03-04
must_fail 2 kura -C w finding hosts x
must_fail 2 kura -C w finding hosts --format xml
done_testing
