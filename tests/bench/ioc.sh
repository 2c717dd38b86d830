#!/bin/sh
# Figures about indicators: 100,000 of them against a year, most of it sealed.
#
#   KURA_BUILD             absolute path of the build (make bench sets it)
#   KURA_BENCH_IOC_LINES   lines of proxy log, 400000
#   KURA_BENCH_DIR         where the work is done and left (else removed at the end)
set -eu

build=${KURA_BUILD:?is not set}
lines=${KURA_BENCH_IOC_LINES:-400000}
kura=$build/kura
baseline=$build/bench/baseline
if [ -n "${KURA_BENCH_DIR:-}" ]; then
    dir=$KURA_BENCH_DIR/ioc
    rm -rf "$dir"
    mkdir -p "$dir"
else
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 1' HUP INT TERM
fi
now=2025-01-05

row() {
    printf '%-38s %14s%s\n' "$1" "$2" "${3:+ $3}"
}
timed() { # NAME COMMAND...: its output is in `out`, what it says in `err`
    name=$1
    shift
    "$baseline" --run "$@" 2>"$dir/err" >"$dir/figures"
    row "$name" "$(cut -d' ' -f1 "$dir/figures")" s
}
match() {
    "$kura" -C "$dir/w" --now $now ioc match --format csv "$@" 2>"$dir/err"
}

"$build/bench/generate" --product squid --lines "$lines" --days 365 \
    --start 2024-01-01 --seed 1 >"$dir/access.log"
"$kura" -q init "$dir/w"
"$kura" -q -C "$dir/w" --now $now ingest "$dir/access.log"
"$kura" -q -C "$dir/w" --now $now maintain
host=$(awk 'NR == 1000 { split($7, u, "[/:]+"); print u[1] == "http" ? u[2] : u[1] }' "$dir/access.log")
awk -v host="$host" 'BEGIN {
    print "type,value,confidence"
    for (i = 1; i < 100000; i++) {
        k = i % 10
        if (k < 4) printf "domain,x%d.bad%d.example,80\n", i, i * 7919 % 99991
        else if (k < 6) printf "ip,%d.%d.%d.%d,70\n", 1 + i % 222, i * 31 % 256, i * 17 % 256, i * 13 % 256
        else if (k < 8) printf "url,http://u%d.example/p/a.php?x=%d,60\n", i, i
        else if (k == 8) printf "sha256,%064x,90\n", i
        else printf "email,a%d@m%d.example,50\n", i, i
    }
    print "domain," host ",80"
}' >"$dir/ioc.csv"

printf '%s lines of a year, 100000 indicators\n\n' "$lines"
timed 'ioc import: 100,000 new' "$kura" -q -C "$dir/w" --now $now ioc import "$dir/ioc.csv"
timed 'ioc import: the same again' "$kura" -q -C "$dir/w" --now $now ioc import "$dir/ioc.csv"
timed 'ioc match: all' "$kura" -q -C "$dir/w" --now $now ioc match --dry-run --all
match >"$dir/hits"
grep -q "^$host,domain,proxy,cs_host,exact,$host," "$dir/hits" || {
    echo "bench: '$host' was not found" >&2
    exit 1
}
row 'values looked up' "$(sed -n 's/.* indicator(s), \([0-9]*\) value.*/\1/p' "$dir/err")"
timed 'ioc match: nothing new' "$kura" -q -C "$dir/w" --now $now ioc match
echo never.example | "$kura" -q -C "$dir/w" --now $now ioc import - >/dev/null
timed 'ioc match: one new indicator' "$kura" -q -C "$dir/w" --now $now ioc match
