#!/bin/sh
# Figures about loading and asking, next to a baseline measured in the same run:
# one thread that matches every line with the same pattern and hashes the file.
#
#   KURA_BUILD        absolute path of the build (make bench sets it)
#   KURA_BENCH_LINES  lines of proxy log, 1000000
#   KURA_BENCH_RUNS   repetitions, of which the median is shown, 3
#   KURA_BENCH_DIR    where the work is done and left (else removed at the end)
set -eu

build=${KURA_BUILD:?is not set}
lines=${KURA_BENCH_LINES:-1000000}
runs=${KURA_BENCH_RUNS:-3}
kura=$build/kura
baseline=$build/bench/baseline
if [ -n "${KURA_BENCH_DIR:-}" ]; then
    dir=$KURA_BENCH_DIR
    mkdir -p "$dir"
else
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 1' HUP INT TERM
fi
log=$dir/access.log

# The median of a column of a file.
median() {
    awk -v c="$1" '{ print $c }' "$2" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

row() {
    printf '%-38s %14s%s\n' "$1" "$2" "${3:+ $3}"
}

calc() {
    awk "BEGIN { printf \"$1\", $2 }"
}

# rate NAME SECONDS
rate() {
    row "$1: time" "$2" s
    row "$1: lines" "$(calc %.0f "$lines / $2")" lines/s
    row "$1: bytes" "$(calc %.1f "$bytes / $2 / 1000000")" MB/s
}

# ask NAME SQL
ask() {
    : > "$dir/ask"
    for _ in $(seq "$runs"); do
        "$baseline" --run "$kura" -C "$dir/w" sql "$2" >> "$dir/ask"
    done
    row "query: $1" "$(median 1 "$dir/ask")" s
}

"$build/bench/generate" --product squid --lines "$lines" --seed 1 > "$log"
bytes=$(wc -c < "$log" | tr -d ' ')
: > "$dir/base"
: > "$dir/ingest"
for _ in $(seq "$runs"); do
    # In turn, so that a slow minute of the machine meets both.
    "$baseline" "$log" >> "$dir/base"
    rm -rf "$dir/w"
    "$kura" -q init "$dir/w" --zone Asia/Tokyo
    "$baseline" --run "$kura" -q -C "$dir/w" ingest "$log" >> "$dir/ingest"
done
matched=$(awk 'END { print $4 }' "$dir/base")
[ "$matched" = "$lines" ] || {
    echo "bench: the pattern took $matched of $lines lines" >&2
    exit 1
}

base_s=$(median 1 "$dir/base")
load_s=$(median 1 "$dir/ingest")
stored=$(find "$dir/w/online" -type f -exec wc -c {} + |
    awk '$2 != "total" { n += $1 } END { print n }')

printf '%s lines, %s bytes, median of %s runs, %s cores\n\n' \
    "$lines" "$bytes" "$runs" "$(getconf _NPROCESSORS_ONLN)"
rate baseline "$base_s"
rate 'kura ingest' "$load_s"
row 'kura ingest: peak memory' \
    "$(calc %.0f "$(median 2 "$dir/ingest") / 1024")" MiB
row 'kura ingest / baseline, time' "$(calc %.2f "$load_s / $base_s")" x
row 'raw bytes a line' "$(calc %.1f "$bytes / $lines")" bytes
row 'open partitions a line' "$(calc %.1f "$stored / $lines")" bytes
row 'open partitions / raw' "$(calc %.3f "$stored / $bytes")"

host=$(awk 'NR == 1000 { split($7, u, "[/:]+"); print u[1] == "http" ? u[2] : u[1] }' "$log")
ask 'count(*)' 'SELECT count(*) FROM proxy'
ask 'count of one host' \
    "SELECT count(*) FROM proxy WHERE cs_host = '$host'"
ask 'LIKE on c_uri' \
    "SELECT count(*) FROM proxy WHERE c_uri LIKE '%gate/in.php%'"
ask 'bytes by client' \
    'SELECT src_ip, sum(sc_bytes) FROM proxy GROUP BY src_ip'
# In turn again.
by='GROUP BY src_ip, cs_host'
: > "$dir/group"
: > "$dir/rollup"
for _ in $(seq "$runs"); do
    "$baseline" --run "$kura" -C "$dir/w" sql "SELECT sum(n), sum(b) FROM (
        SELECT count(*) AS n, sum(sc_bytes) AS b FROM proxy $by)" >> "$dir/group"
    "$baseline" --run "$kura" -C "$dir/w" sql "SELECT sum(n), sum(b) FROM (
        SELECT sum(events) AS n, sum(sum_sc_bytes) AS b FROM proxy_rollup $by)" >> "$dir/rollup"
done
group_s=$(median 1 "$dir/group")
rollup_s=$(median 1 "$dir/rollup")
row 'query: by client and host' "$group_s" s
row 'query: the same of the rollup' "$rollup_s" s
row 'query: table / rollup' "$(calc %.1f "$group_s / $rollup_s")" x
: > "$dir/cat"
for _ in $(seq "$runs"); do
    "$baseline" --run "$kura" -C "$dir/w" cat "$log" >> "$dir/cat"
done
cat_s=$(median 1 "$dir/cat")
row 'kura cat: time' "$cat_s" s
row 'kura cat: bytes' "$(calc %.1f "$bytes / $cat_s / 1000000")" MB/s
