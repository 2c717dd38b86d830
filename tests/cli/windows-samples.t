#!/bin/sh
# Real EVTX files beside an independent reader: every record that evtxexport
# reads, with equal values, and those of the files that it cannot read.
. "$(dirname "$0")/../lib.sh"
[ -d "$samples/ad" ] || skip_all "the folder of real logs is not here"

# Texts: byte for byte, and of each record an event or a reason why not.
kura -q init texts
for f in "$samples"/ad/*.json* "$samples"/ad/*.xml "$samples"/ad/*.csv; do
    text=$(basename "$f")
    ok "$text: load" kura -q -C texts ingest "$f"
    kura -q -C texts cat "$text" 2>err | cmp -s - "$f"
    report $? "$text comes back byte for byte" "$(cat err)"
done
events=$(value texts "SELECT count(*) FROM windows")
rejects=$(value texts "SELECT count(*) FROM reject WHERE reason NOT LIKE 'a copy of%'")
[ "$events" -ge 630 ] && [ "$rejects" -le 3 ]
report $? "texts: $events events, $rejects rejects"

command -v evtxexport >/dev/null || {
    echo "# SKIP the rest: evtxexport (libevtx-utils) is not installed"
    done_testing
}

# One event a line, written as kura does: without blanks between elements, with
# numbers in hexadecimal and times without the zeros that they need not have.
cat >normal.pl <<'EOF'
undef $/;
$_ = <STDIN>;
while (m{(<Event[ >].*?</Event>)}gs) {
    my $e = $1;
    $e =~ s/>\s+</></g;
    $e =~ s/(\.\d{7})00Z/$1Z/g;
    $e =~ s/>0x0*([0-9a-f]+)</>0x$1</g;
    $e =~ s/<([A-Za-z]+)((?: [^<>]*)?)><\/\1>/<$1$2\/>/g;
    $e =~ s/&quot;/"/g;
    $e =~ s/&apos;/'/g;
    $e =~ s/\r\n?/\n/g;
    $e =~ s/ +(?=[<\n])//g;
    $e =~ s/\n/\\n/g;
    print "$e\n";
}
EOF

unreadable=0
for f in "$samples"/ad/*.evtx; do
    name=$(basename "$f")
    rm -rf w
    kura -q init w
    kura -q -C w ingest "$f" >/dev/null 2>&1
    kura -q -C w cat "$name" 2>/dev/null | perl normal.pl >ours
    evtxexport -f xml "$f" 2>theirs.err | perl normal.pl >theirs
    total=$(grep -c '' ours)
    read=$(grep -c '' theirs)
    [ "$total" -gt 0 ] && [ "$total" -ge "$read" ]
    report $? "$name: $total records, of which evtxexport reads $read"
    [ "$read" -lt "$total" ] && unreadable=$((unreadable + 1))
    [ "$read" = 0 ] && continue
    head -n "$read" ours | cmp -s - theirs
    report $? "$name: their values are the same" \
        "$(head -n "$read" ours | diff - theirs | head -4 | cut -c 1-2000)"
    is "$name: nothing is lost" \
        "$(value w "SELECT count(*) FROM reject")" 0
done
[ "$unreadable" -ge 2 ]
report $? "there are files that evtxexport cannot read ($unreadable)"
done_testing
