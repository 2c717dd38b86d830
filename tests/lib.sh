# lib.sh - what the shell tests share: TAP, a fresh directory, the kura that was
# built.  A test sources it, asserts, and ends with `done_testing`.
#
#   ok NAME COMMAND...          the command succeeds
#   must_fail CODE COMMAND...   it fails with exactly this exit code
#   is NAME GOT WANTED          two texts are equal
#   like NAME GOT PATTERN       a text matches an extended regular expression

set -u
LC_ALL=C.UTF-8 TZ=UTC
export LC_ALL TZ
unset KURA_DIR KURA_FAILPOINT
: "${KURA_BUILD:?is set by make check}"
PATH=$KURA_BUILD:$PATH
top=$(cd "$(dirname "$0")/../.." && pwd)
samples=$top/../shared/samples
work=$(mktemp -d "${TMPDIR:-/tmp}/kura-test.XXXXXX") || exit 1
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
tests=0
failed=0

report() { # RESULT NAME [DETAIL...]
    tests=$((tests + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        failed=$((failed + 1))
        shift 2
        for detail in "$@"; do
            printf '%s\n' "$detail" | sed 's/^/#   /'
        done
    fi
}

ok() {
    name=$1
    shift
    if "$@" >ok.out 2>ok.err; then
        report 0 "$name"
    else
        report 1 "$name" "exit code $?: $*" "$(cat ok.err)" "$(head -5 ok.out)"
    fi
}

# The standard error of the command is left in must_fail.err.
must_fail() {
    code=$1
    shift
    "$@" >must_fail.out 2>must_fail.err
    got=$?
    [ "$got" = "$code" ]
    report $? "exit code $code: $*" "exit code $got" "$(cat must_fail.err)"
}

is() {
    [ "$2" = "$3" ]
    report $? "$1" "got:    $2" "wanted: $3"
}

like() {
    printf '%s\n' "$2" | grep -qE -e "$3"
    report $? "$1" "got:     $2" "pattern: $3"
}

# The one value of a query.
value() { # DIR SQL
    kura -C "$1" sql --format csv "$2" | tr -d '\r' | sed 1d
}

# Headless, by itself, its log of requests in net.json.
browser() { # FILE ARGUMENTS...
    file=$1
    shift
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic \
        --no-first-run --disable-background-networking --disable-component-update \
        --disable-sync --disable-extensions --user-data-dir="$work/profile" \
        --hide-scrollbars --enable-logging=stderr --log-net-log="$work/net.json" "$@" "file://$file"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

done_testing() {
    echo "1..$tests"
    [ "$failed" = 0 ]
    exit $?
}
