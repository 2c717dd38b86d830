#!/bin/sh
# Every fuzz entry comes through its seeds, the inputs that crashed it once, and
# the same mutations each time.  KURA_FUZZ_ROUNDS asks for more of them,
# KURA_FUZZ_SEED for others.
. "$(dirname "$0")/../lib.sh"

TMPDIR=$work
export TMPDIR
for source in "$top"/tests/fuzz/fuzz_*.c; do
    entry=$(basename "$source" .c)
    saved=$top/tests/data/fuzz/${entry#fuzz_}
    [ -d "$saved" ] || saved=
    KURA_FUZZ_LAST=$work/last timeout 300 "$KURA_BUILD/fuzz/$entry" \
        ${KURA_FUZZ_ROUNDS:+-n "$KURA_FUZZ_ROUNDS"} \
        ${KURA_FUZZ_SEED:+-s "$KURA_FUZZ_SEED"} \
        ${saved:+"$saved"} >out 2>err
    code=$?
    [ $code = 0 ]
    report $? "$entry: $(cat out)" "exit code $code" "$(head -20 err)" \
        "the input:" "$(head -c 4096 last 2>/dev/null | od -An -tx1z | head -40)"
done
is "nothing is left behind" "$(find . -name 'kura-fuzz.*')" ""
done_testing
