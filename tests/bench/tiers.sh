#!/bin/sh
# Figures about the tiers: how small, how fast to make and to give back, how
# fast to ask; next to what gzip, zstd, xz, sha256sum and cp do in the same run.
#
#   KURA_BUILD        absolute path of the build (make bench sets it)
#   KURA_BENCH_LINES  lines of proxy log, on three days, 1000000
#   KURA_BENCH_RUNS   repetitions, of which the median is shown, 3
#   KURA_BENCH_DIR    where the work is done and left (else removed at the end)
#
# MB/s are of raw text, unless the name says of what.
set -eu

if ! command -v zstd >/dev/null; then
    echo 'tiers: zstd is not installed: nothing to compare with' >&2
    exit 0
fi
build=${KURA_BUILD:?is not set}
lines=${KURA_BENCH_LINES:-1000000}
runs=${KURA_BENCH_RUNS:-3}
kura=$build/kura
baseline=$build/bench/baseline
if [ -n "${KURA_BENCH_DIR:-}" ]; then
    dir=$KURA_BENCH_DIR/tiers
    rm -rf "$dir"
    mkdir -p "$dir"
else
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 1' HUP INT TERM
fi
log=$dir/access.log
now=2015-03-10T00:00:00

row() {
    printf '%-46s %10s%s\n' "$1" "$2" "${3:+ $3}"
}

calc() {
    awk "BEGIN { printf \"$1\", $2 }"
}

median() { # FILE
    awk '{ print $1 }' "$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Wall seconds of one run are added to FILE.
clock() { # FILE COMMAND...
    out=$dir/$1
    shift
    "$baseline" --run "$@" >>"$out"
}

in_tier() { # DIR ARGUMENT...
    w=$1
    shift
    "$kura" -q --now "$now" -C "$w" "$@"
}

bytes_of() { # FIND-ARGUMENT...
    find "$@" -type f -exec cat {} + | wc -c | tr -d ' '
}

ratio() { # NAME BYTES
    row "$1 / raw" "$(calc %.4f "$2 / $raw")"
}

rate() { # NAME FILE BYTES
    s=$(median "$dir/$2")
    row "$1" "$(calc %.1f "$3 / $s / 1000000")" "MB/s ($s s)"
}

# --- Making --------------------------------------------------------------

"$build/bench/generate" --product squid --lines "$lines" --days 3 \
    --start 2015-02-16 --seed 1 >"$log"
# One line of a later day: the days before it are over.
printf '%s      1 10.0.0.1 TCP_MISS/200 1 GET http://www.example.com/ - %s\n' \
    1425168000.000 'HIER_DIRECT/203.0.113.7 text/html' >"$dir/later.log"
raw=$(wc -c <"$log" | tr -d ' ')
printf '%s lines on three days, %s bytes, median of %s runs, %s cores\n\n' \
    "$lines" "$raw" "$runs" "$(getconf _NPROCESSORS_ONLN)"

"$kura" -q init "$dir/open" --zone UTC
"$kura" -q -C "$dir/open" ingest "$log" "$dir/later.log"
for _ in $(seq "$runs"); do
    rm -rf "$dir/sealed" "$dir/archived" "$dir/restored"
    # In turn, so that a slow minute of the machine meets them all.
    clock sha.raw sha256sum "$log"
    clock cp.raw cp "$log" "$dir/copy"
    cp -R "$dir/open" "$dir/sealed"
    clock seal "$kura" -q --now "$now" -C "$dir/sealed" maintain
    cp -R "$dir/sealed" "$dir/archived"
    clock archive "$kura" -q --now "$now" -C "$dir/archived" \
        archive --before 2015-02-28
    # What a restore must unpack and prove: the databases.
    find "$dir/sealed/online" -name '*.db.zst' -exec zstd -dcq {} + >"$dir/plain"
    clock sha.plain sha256sum "$dir/plain"
    clock cp.plain cp "$dir/plain" "$dir/copy"
    if "$kura" verify --help >/dev/null 2>&1; then
        clock verify "$kura" -q --now "$now" -C "$dir/archived" verify
        clock deep "$kura" -q --now "$now" -C "$dir/archived" verify --deep
    fi
    cp -R "$dir/archived" "$dir/restored"
    clock restore "$kura" -q --now "$now" -C "$dir/restored" \
        restore 2015-02 --case bench
done
rm -f "$dir/copy"

# --- Small ---------------------------------------------------------------

sealed=$(bytes_of "$dir/sealed/online" -name '*.db.zst')
archived=$(bytes_of "$dir/archived/archive" -name '*.tar')
plain=$(wc -c <"$dir/plain" | tr -d ' ')
ratio 'open partitions' "$(bytes_of "$dir/open/online")"
ratio 'sealed partitions (0.125)' "$sealed"
ratio 'sightings' "$(bytes_of "$dir/sealed/sighting" -name '*.db.zst')"
ratio 'volume (0.120)' "$archived"
for packer in 'gzip' 'zstd -3' 'zstd -19' 'xz -6'; do
    if ! command -v "${packer%% *}" >/dev/null; then
        row "$packer / raw" skipped "(not installed)"
        continue
    fi
    # shellcheck disable=SC2086
    size=$($packer -c <"$log" | wc -c)
    ratio "$packer" "$size"
    row "volume / $packer" "$(calc %.2f "$archived / $size")"
done

# --- Fast ----------------------------------------------------------------

echo
rate 'sha256sum' sha.raw "$raw"
rate 'cp' cp.raw "$raw"
rate 'seal' seal "$raw"
rate 'archive' archive "$raw"
if [ -s "$dir/verify" ]; then
    rate 'verify' verify "$raw"
    rate 'verify --deep' deep "$raw"
else
    row 'verify' skipped "(no such command)"
fi
rate 'restore' restore "$raw"
rate 'sha256sum of the plain databases' sha.plain "$plain"
rate 'cp of the plain databases' cp.plain "$plain"
rate 'restore, plain databases' restore "$plain"
row 'restore / sha256sum, speed (0.5)' \
    "$(calc %.2f "$(median "$dir/sha.plain") / $(median "$dir/restore")")"

# --- Asked ---------------------------------------------------------------

host=$(awk 'NR == 1000 { split($7, u, "[/:]+")
    print u[1] == "http" ? u[2] : u[1] }' "$log")
ask() { # NAME FILE SQL
    for _ in $(seq "$runs"); do
        clock "$2.open" "$kura" -q -C "$dir/open" sql "$3"
        clock "$2.sealed" "$kura" -q -C "$dir/sealed" sql "$3"
        clock "$2.volume" "$kura" -q -C "$dir/archived" sql --archived "$3"
    done
    wanted=$(in_tier "$dir/open" sql --format csv "$3" | sort | cksum)
    for w in sealed archived; do
        if [ "$(in_tier "$dir/$w" sql --archived --format csv "$3" | sort |
            cksum)" != "$wanted" ]; then
            echo "tiers: '$3' has another answer when $w" >&2
            exit 1
        fi
    done
    for tier in open sealed volume; do
        row "query: $1, $tier" "$(median "$dir/$2.$tier")" s
    done
}
echo
ask 'one host' host "SELECT count(*), sum(sc_bytes) FROM proxy
    WHERE cs_host = '$host'"
ask 'no such host' none "SELECT count(*) FROM proxy
    WHERE cs_host = 'no.such.host.invalid'"
ask 'LIKE on the beginning of c_uri' like "SELECT count(*) FROM proxy
    WHERE c_uri LIKE 'http://$host/%'"
ask 'bytes by client' scan \
    'SELECT src_ip, sum(sc_bytes) FROM proxy GROUP BY src_ip'
row 'scan, volume / sealed (1.5)' \
    "$(calc %.2f "$(median "$dir/scan.volume") / $(median "$dir/scan.sealed")")" x
