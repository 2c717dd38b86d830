#!/bin/sh
# run.sh BUILD SECONDS - libFuzzer on each entry of BUILD (build/fuzz/fuzz) for so
# long, on from the corpus that earlier runs left in build/corpus/.  An input
# that crashes is written to build/corpus/ENTRY.crash-*: mend the fault, then
# keep the input in tests/data/fuzz/ENTRY/, where `make check` replays it.
set -eu
build=$1
seconds=$2
code=0
for program in "$build"/fuzz_*; do
    [ -x "$program" ] || continue
    entry=${program##*/fuzz_}
    corpus=build/corpus/$entry
    mkdir -p "$corpus"
    "build/release/fuzz/fuzz_$entry" -w "$corpus"
    saved=
    [ ! -d "tests/data/fuzz/$entry" ] || saved=tests/data/fuzz/$entry
    echo "$entry, $seconds seconds"
    # Some entries leave statics to the end of the process.
    # shellcheck disable=SC2086
    "$program" -max_total_time="$seconds" -max_len=262144 -timeout=20 \
        -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$corpus." "$corpus" $saved >"$corpus.log" 2>&1 ||
        {
            code=1
            tail -40 "$corpus.log"
        }
    grep -E '^stat::number_of_executed_units|^stat::new_units' "$corpus.log" ||
        :
done
exit $code
