#!/bin/sh
# The disk fills while days are sealed, archived, restored and given back:
# the command says so and ends with exit code 3 (or is done),
# nothing is lost, and the next run finishes it.
#
# KURA_FAULT_ALL=1 tries every call; otherwise the first ones, then ever fewer.
. "$(dirname "$0")/../lib.sh"

shim=$KURA_BUILD/fault/shim.so
case $(ldd "$KURA_BUILD/kura") in
*libtsan*) skip_all "the thread sanitizer needs the calls for itself" ;;
*libasan*)
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
    export ASAN_OPTIONS
    ;;
esac

lines() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN {
        for (i = a; i <= b; i++) {
            if (i % 17 == 0) {
                printf "<odd> line %d is no request\n", i
                continue
            }
            printf "%d.%03d %6d 192.168.0.%d TCP_MISS/200 %d GET" \
                " http://host%d.example.com/a/%d - HIER_DIRECT/203.0.113.7" \
                " text/html\n", 1424221299 + i % 2 * 86400, i % 1000,
                i * 7 % 90000, i % 250 + 1, i * 13, i % 9, i
        }
    }'
}

one_line() { # EPOCH
    echo "$1.000     12 192.168.0.7 TCP_MISS/200 99 GET" \
        "http://late.example.com/ - HIER_DIRECT/203.0.113.7 text/html"
}

dump() { # DIR
    kura -C "$1" sql --archived --format csv "
        SELECT source, line, rtrim(raw, char(10)), time, src_ip, c_uri, sc_bytes
            FROM proxy ORDER BY source, line;
        SELECT source, line, rtrim(raw, char(10)), reason, byte
            FROM reject ORDER BY source, line" 2>&1
    kura -C "$1" cat one.log 2>&1
}

# --- The stages: two days sealed and loaded again, archived, restored -------

now=2015-03-01T12:00:00
lines 1 40 >one.log
lines 50 70 >two.log
one_line 1425168000 >clock-1.log # 2015-03-01
one_line 1432771200 >clock-2.log # 2015-05-28
kura -q init w
cat >>w/kura.yaml <<'END_YAML'
retention:
  online: 1mo
archive:
  destinations: [ first, second ]
END_YAML
kura -q -C w --now $now ingest one.log clock-1.log
kura -q -C w --now $now maintain
now=2015-05-28T12:00:00
kura -q -C w --now $now ingest two.log clock-2.log
cp -a w maintain
dump w >wanted
is "the undisturbed load" "$(wc -l <wanted)" 105
kura -q -C w --now $now maintain
cp -a w restore
kura -q -C w --now $now restore 2015-02-18..2015-02-19 --case one >restored.out
cp -a w release
dump w >got
is "the stages" "$(cat got)" "$(cat wanted)"
rm -rf w
cp -a maintain w
now=2015-03-05T00:00:00
kura -q -C w --now $now maintain
now=2015-05-28T12:00:00
cp -a w archive

bad() { # TEXT
    echo "$class:$n $(head -1 failed.call): $1: exit code $code: $(head -2 err)" \
        >>bad
}

# What is still online reads back; a file that is dead or half made is gone
# after an undisturbed run.
is_whole() { # COMMAND...
    if ! kura -q -C w --now $now "$@" >again.out 2>again.err; then
        bad "again: $(cat again.err)"
    elif ! kura -q -C w --now $now maintain 2>again.err; then
        bad "maintain: $(cat again.err)"
    elif ! dump w >got || ! cmp -s got wanted; then
        bad "other rows afterwards: $(diff wanted got | head -3)"
    fi
    left=$(find w -name '*.tmp*' -o -name '*.part' -o -name '*.plain*')
    [ -z "$left" ] || bad "left behind: $left"
    left=$(find w/restored -type f 2>find.err | wc -l)
    [ "$left" = "$restored" ] || bad "$left restored files, not $restored"
}

try() { # N COMMAND...
    n=$1
    shift
    rm -rf w failed.call
    cp -a "$1" w
    case $class in *+) n=$n+ ;; esac
    KURA_FAULT=${class%+}:$n KURA_FAULT_LOG=failed.call LD_PRELOAD=$shim \
        timeout 60 kura -C w --now $now "$@" >out 2>err
    code=$?
    [ -s failed.call ] || return
    case $code in
    0) ;;
    3)
        # Words that say why, not only the prefix.
        grep -qE '^kura: (error: )?[^ ]+ [^ ]' err || bad "no message"
        ;;
    *) bad "not a failure that was announced" ;;
    esac
    dump w >got
    cmp -s got wanted || bad "other rows: $(diff wanted got | head -3)"
    is_whole "$@"
}

sweep() { # DENSE RESTORED COMMAND...
    dense=$1
    restored=$2
    shift 2
    : >bad
    at=1
    count=0
    while try $at "$@" && [ -s failed.call ]; do
        count=$((count + 1))
        if [ -n "${KURA_FAULT_ALL-}" ] || [ $at -lt "$dense" ]; then
            at=$((at + 1))
        else
            at=$((at + at * 3 / 4 + 1))
        fi
    done
    [ $count -gt 0 ] && [ ! -s bad ]
    report $? "$1 with a failing call of class $class: $count places, up to $at" \
        "$(wc -l <bad) of them" "$(head -20 bad)"
}

for class in write write+; do
    case $class in
    write) dense=3 ;;
    *) dense=1 ;;
    esac
    sweep $dense 0 maintain
    sweep $dense 0 archive
    sweep $dense 2 restore 2015-02-18..2015-02-19 --case one
    sweep $dense 0 release L1
done
done_testing
