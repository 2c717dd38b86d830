#!/bin/sh
# Every hunt over a year of one organisation, in which attacks and look-alikes are
# planted, and over the same year without them: time, findings, what was missed,
# and false findings a day.
#
#   KURA_BUILD        absolute path of the build (make bench sets it)
#   KURA_BENCH_YEAR   lines of the year, 3000000
#   KURA_BENCH_DIR    where the work is done and left (else removed at the end)
set -eu

build=${KURA_BUILD:?is not set}
lines=${KURA_BENCH_YEAR:-3000000}
kura=$build/kura
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "${KURA_BENCH_DIR:-}" ]; then
    dir=$KURA_BENCH_DIR/hunts
    rm -rf "$dir"
    mkdir -p "$dir"
else
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 1' HUP INT TERM
fi

# A warehouse of the year, sealed.
year() { # NAME [--background-only]
    name=$1
    shift
    "$build/bench/generate" --scenario "$dir/$name" --lines "$lines" "$@"
    "$kura" -q init "$dir/$name/w"
    cp "$dir/$name/kura.yaml" "$dir/$name/w/kura.yaml"
    printf 'retention: {online: 24mo}\n' >>"$dir/$name/w/kura.yaml"
    for log in access.log firewall.log maillog queries.log security.json; do
        "$kura" -q -C "$dir/$name/w" ingest "$dir/$name/$log"
        rm "$dir/$name/$log"
    done
    "$kura" -q --now 2026-01-10T00:00:00 -C "$dir/$name/w" maintain
    "$kura" -q --now 2026-01-10T00:00:00 -C "$dir/$name/w" ioc import \
        "$dir/$name/indicators.csv" >/dev/null
}

# From April on, so that a hunt knows what was normal before.
hunts() { # NAME
    "$kura" -q --now 2026-01-10T00:00:00 -C "$dir/$1/w" hunt --all --no-record \
        --from 2025-04-01 --to 2025-12-31 --format json >"$dir/$1/findings" || true
    "$here/score.pl" --days 275 "$dir/$1/labels.tsv" <"$dir/$1/findings"
}

printf 'a year of %s lines: hunts from April to December\n\n' "$lines"
year planted
hunts planted || true
printf '\nthe same year without the plants: false findings\n\n'
year plain --background-only
hunts plain
