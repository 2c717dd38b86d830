#!/bin/sh
# Figures about EVTX: kura's reader alone on one core, beside evtxexport
# (libevtx-utils) in the same run, and the whole load.
#
#   KURA_BUILD         absolute path of the build (make bench sets it)
#   KURA_BENCH_EVENTS  records of the file, 220000
#   KURA_BENCH_RUNS    repetitions, of which the median is shown, 3
set -eu

build=${KURA_BUILD:?is not set}
copies=$((${KURA_BENCH_EVENTS:-220000} / 11))
runs=${KURA_BENCH_RUNS:-3}
events=$(dirname "$0")/../data/windows/events.xml
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

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

"$build/bench/evtx_write" -n "$copies" "$events" >"$dir/log.evtx"
# evtxexport takes minutes for the whole: a twentieth of it.
"$build/bench/evtx_write" -n $((copies / 20)) "$events" >"$dir/part.evtx"
bytes=$(wc -c <"$dir/log.evtx" | tr -d ' ')
: >"$dir/read"
: >"$dir/other"
: >"$dir/ingest"
for _ in $(seq "$runs"); do
    "$build/bench/evtx_read" "$dir/log.evtx" >>"$dir/read"
    if command -v evtxexport >/dev/null; then
        "$build/bench/baseline" --run evtxexport -f xml "$dir/part.evtx" \
            >>"$dir/other"
    fi
    rm -rf "$dir/w"
    "$build/kura" -q init "$dir/w"
    "$build/bench/baseline" --run "$build/kura" -q -C "$dir/w" ingest \
        "$dir/log.evtx" >>"$dir/ingest"
done
records=$(median 1 "$dir/read")
lost=$(median 2 "$dir/read")
[ "$records" = $((copies * 11)) ] && [ "$lost" = 0 ] || {
    echo "bench: read $records records, lost $lost" >&2
    exit 1
}
read_s=$(median 3 "$dir/read")
read_cpu=$(median 4 "$dir/read")
load_s=$(median 1 "$dir/ingest")
printf '%s EVTX records, %s bytes, median of %s runs\n\n' "$records" "$bytes" \
    "$runs"
row 'EVTX reader: wall' "$(calc %.0f "$records / $read_s")" records/s
row 'EVTX reader: CPU' "$(calc %.0f "$records / $read_cpu")" records/s
row 'EVTX reader: bytes, CPU' "$(calc %.1f "$bytes / $read_cpu / 1000000")" MB/s
if [ -s "$dir/other" ]; then
    other_s=$(median 1 "$dir/other")
    other_cpu=$(median 3 "$dir/other")
    part=$((copies / 20 * 11))
    row 'evtxexport -f xml: wall' "$(calc %.0f "$part / $other_s")" records/s
    row 'evtxexport -f xml: CPU' "$(calc %.0f "$part / $other_cpu")" records/s
    row 'EVTX reader / evtxexport, CPU' \
        "$(calc %.0f "($records / $read_cpu) / ($part / $other_cpu)")" x
else
    echo 'evtxexport (libevtx-utils) is not installed: nothing beside it'
fi
row 'kura ingest, all of it' "$(calc %.0f "$records / $load_s")" records/s
row 'kura ingest: peak memory' \
    "$(calc %.0f "$(median 2 "$dir/ingest") / 1024")" MiB
