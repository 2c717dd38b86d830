#!/bin/sh
# manual.t - kura.1 says what the program says about itself: every command has
# a section, its usage line is the section's title, and the options of the
# two are the same, with letter and value.  mandoc finds nothing to complain of.
set -u
LC_ALL=C
export LC_ALL

top=$(cd "$(dirname "$0")/../.." && pwd)
kura=${KURA_BUILD:?KURA_BUILD must name the build directory}/kura
page=$top/docs/man/kura.1
n=0
failed=0

# ok RESULT NAME: one line of TAP; a result that is not empty is the reason.
ok() {
    n=$((n + 1))
    if [ -z "$1" ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        printf '%s\n' "$1" | sed 's/^/# /'
        failed=1
    fi
}

# The options that a help text lists, one a line: "-f --format FORMAT".
# Options are separated from what they mean by two blanks.
help_options() {
    sed -n 's/^  *\(-.*\)/\1/p' | sed 's/   *.*//' | tr '\t' ' ' |
        awk '/^--version, --help$/ { print "--version"; print "--help"; next }
             { sub(/,/, ""); print }' | sort
}

# The same of a part of the page: ".It Fl f , Fl -format Ar FORMAT".
page_options() {
    sed -n 's/^\.It \(Fl .*\)/\1/p' |
        sed 's/ ,//g; s/Fl -\([a-z]\)/--\1/g; s/Fl \([A-Za-z]\)/-\1/g; s/Ar //g' |
        sed 's/^-h --help$/--help/' | sort
}

# section NAME: the lines of the page below ".Ss NAME ..." or ".Sh NAME".
section() {
    awk -v name="$1" '/^\.S[sh] / { inside = ($2 == name) } inside' "$page"
}

# differ WANTED FOUND: what only one of the two texts has.
differ() {
    [ "$1" = "$2" ] && return
    echo "the program has:"
    printf '%s\n' "$1"
    echo "the page has:"
    printf '%s\n' "$2"
}

# A command stands alone before two blanks or its operands.
commands=$("$kura" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
ok "$([ -n "$commands" ] || echo 'kura --help lists none')" \
    "the program lists its commands"
ok "$(differ "$("$kura" --help | help_options)" \
    "$(section DESCRIPTION | page_options)")" "options before the command"
ok "$(differ "$(printf '%s\n' "$commands" | sort)" \
    "$(sed -n 's/^\.Ss \([a-z]*\).*/\1/p' "$page" | sort)")" \
    "the page has a section for each command"

for c in $commands; do
    usage=$("$kura" "$c" --help | sed -n '1s/^usage: kura //p' |
        sed 's/ \[OPTION\]\.\.\.//; s/ *$//')
    ok "$(differ "$usage" "$(section "$c" | sed -n '1{s/^\.Ss //; s/\\&$//; p;}')")" \
        "$c: its title is its usage"
    ok "$(differ "$("$kura" "$c" --help | help_options)" \
        "$(section "$c" | page_options)")" "$c: its options"
done

ok "$(mandoc -Tlint "$page" 2>&1)" "mandoc has no complaint"
ok "$(grep -q 'KURA_DIR' "$page" || echo 'KURA_DIR is missing')" \
    "the environment is described"

echo "1..$n"
exit "$failed"
