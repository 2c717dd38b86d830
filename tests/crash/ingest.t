#!/bin/sh
# A load that is killed at any moment and started again leaves exactly the rows
# of one that was not disturbed.
. "$(dirname "$0")/../lib.sh"

now=2015-03-01T00:00:00

# Lines of three days and, here and there, one that is a reject.
lines() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN {
        for (i = a; i <= b; i++) {
            if (i % 17 == 0) {
                printf "<odd> line %d is no request\n", i
                continue
            }
            printf "%d.%03d %6d 192.168.0.%d TCP_MISS/200 %d GET" \
                " http://host%d.example.com/a/%d - HIER_DIRECT/203.0.113.7" \
                " text/html\n", 1424221299 + i % 3 * 86400, i % 1000,
                i * 7 % 90000, i % 250 + 1, i * 13, i % 9, i
        }
    }'
}

# All that can be asked of a warehouse, but where it is stored.
dump() { # DIR
    kura -C "$1" sql --format csv "
        SELECT source, line, rtrim(raw, char(10)), time, src_ip, cs_host, c_uri,
            sc_bytes, elapsed_ms, format FROM proxy;
        SELECT source, line, rtrim(raw, char(10)), reason, byte, piece FROM reject;
        SELECT source, line, rtrim(raw, char(10)) FROM dns" | LC_ALL=C sort
    kura -C "$1" cat --list | cut -f 1-3 | sort
}

# again NAME COMMAND...: the command succeeds after the crash and the warehouse w
# is then like the dump `wanted`; its sources come back.
again() {
    name=$1
    shift
    if ! "$@" >again.out 2>again.err; then
        report 1 "$name: the command succeeds after it" "$(cat again.err)"
        return
    fi
    dump w >got
    if ! cmp -s got wanted; then
        diff wanted got >diff.out
        report 1 "$name: the same rows" "$(wc -l <diff.out) lines differ" \
            "$(head -4 diff.out)" "$(cat again.err)"
        return
    fi
    for f in $files; do
        if ! kura -C w cat "$f" 2>cat.err | cmp -s - "$f"; then
            report 1 "$name: $f comes back" "$(cat cat.err)"
            return
        fi
    done
    report 0 "$name: the same rows, the same bytes"
}

# killed COMMAND...: runs it until a kill; false when it came through.
killed() {
    { "$@" >killed.out 2>killed.err; } 2>/dev/null
    [ $? = 137 ]
}

# --- At every place -----------------------------------------------------

lines 1 2000 >one.log
lines 3000 3100 >two.log
files="one.log two.log"
kura -q init clean
kura -q -C clean --now $now ingest $files
dump clean >wanted
is "the undisturbed load" "$(wc -l <wanted)" 2106

# Those of the tiers are tried in tiers.t: a load does not pass them.
names=$(sed -n 's/^ *\[KURA_FAIL_[A-Z_]*\] = "\([a-z-]*\)".*/\1/p' \
    "$top/base/failpoint.c" |
    grep -vE '^(seal|volume|lease|restore|catalog)-|^file-removed$')
[ "$(echo "$names" | wc -l)" -ge 9 ]
report $? "the places are known" "$names"
for name in $names; do
    case $name in
    retry-*) continue ;;
    row-appended) counts="1 77 2050" ;;
    *) counts="1 2 5" ;;
    esac
    hit=0
    for n in $counts; do
        rm -rf w
        kura -q init w
        # What comes through was done before the n-th time.
        if killed env KURA_FAILPOINT=$name:$n \
            kura -q -C w --now $now ingest $files; then
            hit=$((hit + 1))
        fi
        again "killed at $name, time $n" kura -C w --now $now ingest $files
    done
    [ $hit -gt 0 ]
    report $? "$name is passed"
done

# A file that grew, and a second crash in the run after the first.
head -1000 one.log >grown.src
for name in partition-committed all-committed mark-moved row-appended; do
    rm -rf w
    kura -q init w
    cp one.log one.whole
    cp grown.src one.log
    kura -q -C w --now $now ingest one.log
    mv one.whole one.log
    killed env KURA_FAILPOINT=$name:1 kura -q -C w --now $now ingest $files
    killed env KURA_FAILPOINT=$name:2 kura -q -C w --now $now ingest $files
    again "grown, killed twice at $name" kura -C w --now $now ingest $files
done

# --- At any moment ------------------------------------------------------

lines 1 60000 >big.log
files=big.log
rm -rf clean
kura -q init clean
before=$(date +%s%N)
kura -q -C clean --now $now ingest big.log
after=$(date +%s%N)
dump clean >wanted
seed=20150218
took=$(((after - before) / 1000000))
i=0
rm -rf w
kura -q init w
while [ $i -lt 15 ]; do
    # Park and Miller's generator: the delays are the same in each run.
    seed=$((seed * 16807 % 2147483647))
    delay=$((seed % (took + 1)))
    i=$((i + 1))
    # Some go on in the warehouse that the one before left, some begin anew.
    if [ $((i % 3)) = 1 ]; then
        rm -rf w
        kura -q init w
    fi
    kura -q -C w --now $now ingest big.log 2>/dev/null &
    pid=$!
    sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ $((i % 3)) = 0 ]; then
        again "killed three times, last after $delay ms" \
            kura -C w --now $now ingest big.log
    else
        kura -C w cat --list >list.out 2>list.err
        report $? "killed after $delay ms: the warehouse can be read" \
            "$(cat list.err)"
    fi
done

# --- Trying rejects again -----------------------------------------------

files="one.log two.log"
cat >odd.yaml <<'END'
name: squid-native
table: proxy
patterns:
  - name: native
    regex: '(?<ts>[0-9]{10}\.[0-9]{3}) (?<elapsed_ms> *[0-9]+) (?<src_ip>[^ ]+) TCP_MISS/200 (?<sc_bytes>[0-9]+) GET (?<c_uri>[^ ]+) .*'
  - name: odd
    regex: '<odd> line (?<sc_bytes>[0-9]+) is no request'
fields:
  ts: {time: epoch}
  elapsed_ms: {integer: true}
  sc_bytes: {integer: true}
samples:
  - line: '1424221299.090    452 192.168.0.10 TCP_MISS/200 74769 GET http://www.example.com/ - NONE/- text/html'
    pattern: native
  - line: '<odd> line 5 is no request'
    pattern: odd
    fields: {sc_bytes: 5}
END
rm -rf clean loaded
kura -q init loaded
kura -q -C loaded --now $now ingest $files
mkdir -p loaded/formats
cp odd.yaml loaded/formats/squid-native.yaml
cp -r loaded clean
ok "the undisturbed retry" kura -C clean --now $now rejects --retry
dump clean >wanted
is "it leaves no reject" "$(value clean 'SELECT count(*) FROM reject')" 0
for name in $names; do
    case $name in
    source-added | all-committed | mark-moved) continue ;;
    esac
    hit=0
    for n in 1 2; do
        rm -rf w
        cp -r loaded w
        if killed env KURA_FAILPOINT=$name:$n \
            kura -q -C w --now $now rejects --retry; then
            hit=$((hit + 1))
        fi
        again "retry killed at $name, time $n" kura -C w --now $now rejects --retry
    done
    case $name in
    retry-*)
        [ $hit -gt 0 ]
        report $? "retry passes $name"
        ;;
    esac
done
done_testing
