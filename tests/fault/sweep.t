#!/bin/sh
# Every command meets a failing allocation, a full disk and a disk that cannot
# be read, at one call after the other: it says what is wrong, ends with exit
# code 3, and the same command then does what it would have done.
#
# KURA_FAULT_ALL=1 tries every call (hours); otherwise the first ones all, then
# ever fewer.
. "$(dirname "$0")/../lib.sh"

shim=$KURA_BUILD/fault/shim.so
now=2015-03-01T00:00:00
case $(ldd "$KURA_BUILD/kura") in
*libtsan*) skip_all "the thread sanitizer needs the calls for itself" ;;
*libasan*)
    # Allocations are the sanitizer's, files are not.
    classes="write read write+ read+"
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
    export ASAN_OPTIONS
    ;;
*) classes="memory write read memory+ write+ read+" ;;
esac

awk 'BEGIN {
    for (i = 1; i <= 60; i++) {
        if (i % 17 == 0) {
            printf "<odd> line %d is no request\n", i
            continue
        }
        printf "%d.%03d %6d 192.168.0.%d TCP_MISS/200 %d GET" \
            " http://host%d.example.com/a/%d - HIER_DIRECT/203.0.113.7" \
            " text/html\n", 1424221299 + i % 2 * 86400, i % 1000,
            i * 7 % 90000, i % 250 + 1, i * 13, i % 9, i
    }
}' >one.log
select="SELECT source, line, rtrim(raw, char(10)) AS raw, src_ip, c_uri, sc_bytes,
    time FROM proxy UNION ALL
    SELECT source, line, rtrim(raw, char(10)), reason, NULL, byte, time FROM reject
    ORDER BY 1, 2"
kura -q init empty
cp -r empty loaded
kura -q -C loaded --now $now ingest one.log
kura -C loaded sql --format csv "$select" >wanted.sql
cp one.log wanted.cat
rollup="SELECT src_ip, cs_host, sum(events), sum(sum_sc_bytes), max(last_ts)
    FROM proxy_rollup GROUP BY src_ip, cs_host ORDER BY cs_host DESC, src_ip"
kura -C loaded sql --format csv "$rollup" >wanted.rollup
is "the undisturbed load" "$(wc -l <wanted.sql)" 61

# The example of a site, without what needs logs to be right; nothing in the
# logs is against it.
cp -r loaded sited
sed '/^ *user_agents:/,/^$/d; s/10.1.0.0.16/192.168.0.0\/24/; /guests\|servers\|management\|DMZ/d' \
    "$top/docs/examples/site.yaml" >>sited/kura.yaml
cp "$top/docs/examples/holidays-jp.yaml" sited
kura -C sited --now $now site check --format csv >wanted.site 2>/dev/null ||
    report 1 "a site that the logs agree with" "$(cat wanted.site)"

# Indicators of each kind, one of which is found.
printf '%s\n' 'hxxp://host1[.]example.com/a/1' 'host2.example.com' '192.168.0.0/28' \
    'x@evil.example' 'invoice.exe' 'd41d8cd98f00b204e9800998ecf8427e' >iocs.txt
printf '%s' '{"Event":{"Attribute":[{"type":"domain","value":"host3.example.com","to_ids":true}]}}' >iocs.json
ioc_list() {
    kura -C "$1" --now $now ioc list --format csv
}
cp -r loaded listed
kura -q -C listed --now $now ioc import iocs.txt iocs.json >/dev/null 2>&1
ioc_list listed >wanted.list
kura -q -C listed --now $now ioc match --dry-run --format csv >wanted.match
is "the undisturbed match" "$(wc -l <wanted.match)" 5

# with N COMMAND...: runs it with its Nth call failing; out, err and $code say
# how it ended, and the function that failed is in `failed.call`.
with() {
    n=$1
    shift
    rm -f failed.call
    case $class in *+) n=$n+ ;; esac
    KURA_FAULT=${class%+}:$n KURA_FAULT_LOG=failed.call LD_PRELOAD=$shim \
        timeout 60 "$@" >out 2>err
    code=$?
}

bad() { # TEXT
    echo "$class:$n $(head -1 failed.call): $1: exit code $code: $(head -2 err)" >>bad
}

# An end that was announced, or no harm.
ended_well() {
    case $code in
    0) ;;
    3)
        # Words that say why, not only the prefix or the summary.
        grep -vE '^kura: [0-9]+ new lines' err |
            grep -qE '^kura: (error: )?[^ ]+ [^ ]' || bad "no message"
        ;;
    1) grep -q 'NOT SEARCHED' err || bad "no reason" ;; # a read that fell short
    *) bad "not a failure that was announced" ;;
    esac
}

# The warehouse w holds what the undisturbed one does.
is_whole() {
    if ! kura -q -C w --now $now ingest one.log 2>again.err; then
        bad "ingest again: $(cat again.err)"
    elif ! kura -C w sql --format csv "$select" 2>again.err | cmp -s - wanted.sql
    then
        bad "other rows: $(cat again.err)"
    elif ! kura -C w cat one.log 2>again.err | cmp -s - wanted.cat; then
        bad "other bytes: $(cat again.err)"
    fi
}

try_init() {
    rm -rf w
    with "$1" kura -q init --zone Asia/Tokyo w
    ended_well
    if [ $code = 0 ]; then
        kura -C w status >/dev/null 2>again.err ||
            bad "made, and no warehouse: $(cat again.err)"
    elif ! kura -q init --zone Asia/Tokyo w 2>again.err && ! kura -C w status >/dev/null 2>&1; then
        bad "init again: $(cat again.err)"
    fi
}

# Some runs go on in the warehouse that the fault before left.
tries=0
try_ingest() {
    if [ $tries = 0 ]; then
        rm -rf w
        cp -r empty w
    fi
    tries=$((tries + 1))
    with "$1" kura -C w --now $now ingest one.log
    ended_well
    if [ $code != 3 ] || [ $tries = 4 ] || [ -n "${KURA_FAULT_ALL-}" ]; then
        is_whole
        tries=0
    fi
}

try_read() { # N GOLDEN DIR COMMAND...
    golden=$2
    dir=$3
    n=$1
    shift 3
    with "$n" kura -C "$dir" "$@"
    ended_well
    if [ $code = 0 ] && ! cmp -s out "$golden"; then
        bad "success, and other output"
    fi
}

try_sql() { try_read "$1" wanted.sql loaded sql --format csv "$select"; }
try_rollup() { try_read "$1" wanted.rollup loaded sql --format csv "$rollup"; }
try_cat() { try_read "$1" wanted.cat loaded cat one.log; }
try_site() { try_read "$1" wanted.site sited site check --format csv; }

# All of the import or nothing.
try_import() {
    rm -rf w
    cp -r loaded w
    with "$1" kura -C w --now $now ioc import iocs.txt iocs.json
    ended_well
    ioc_list w >again.list 2>again.err || bad "list: $(cat again.err)"
    case $code in
    0) cmp -s again.list wanted.list || bad "imported, and another list" ;;
    *) [ "$(wc -l <again.list)" -le 1 ] || cmp -s again.list wanted.list ||
        bad "half of it is there" ;;
    esac
}

try_match() { # what failed is matched by the next run
    rm -rf w
    cp -r listed w
    with "$1" kura -C w --now $now ioc match --format csv
    ended_well
    if [ $code = 0 ]; then
        cmp -s out wanted.match || bad "success, and other output"
    elif ! kura -q -C w --now $now ioc match --all --format csv 2>again.err |
        cmp -s - wanted.match; then
        bad "other matches: $(cat again.err)"
    fi
}

sweep() { # STEP DENSE: all up to DENSE, then ever fewer
    : >bad
    at=1
    count=0
    tries=0
    while :; do
        try_$1 $at
        [ -s failed.call ] || break
        count=$((count + 1))
        if [ $at -lt "$2" ] || [ -n "${KURA_FAULT_ALL-}" ]; then
            at=$((at + 1))
        else
            at=$((at + at / 5 + 1))
        fi
    done
    [ $count -gt 0 ] && [ ! -s bad ]
    report $? "$1 with a failing call of class $class: $count places, up to $at" \
        "$(wc -l <bad) of them" "$(head -20 bad)"
}

for class in $classes; do
    case $class in
    memory*) dense=12 ;;
    *+) dense=5 ;;
    *) dense=25 ;;
    esac
    steps="init ingest sql rollup cat site import match"
    # libcrypto 3 crashes when its own start finds no memory at all.
    [ $class != memory+ ] || steps="init sql rollup"
    for step in $steps; do
        sweep $step $dense
    done
done
done_testing
