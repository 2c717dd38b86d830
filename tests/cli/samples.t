#!/bin/sh
# Real logs: every line is a row or a reject with a reason, and every file comes
# back byte for byte.
. "$(dirname "$0")/../lib.sh"
[ -d "$samples" ] || skip_all "the folder of real logs is not here"

kura -q init w
for f in "$samples"/mail/* "$samples"/firewall/* "$samples"/proxy/* \
    "$samples"/dns/*; do
    ok "load $(basename "$f")" kura -C w ingest "$f"
done
for f in "$samples"/mail/* "$samples"/firewall/* "$samples"/proxy/* \
    "$samples"/dns/*; do
    name=$(basename "$f")
    # An unterminated last line counts.
    lines=$(awk 'END { print NR }' "$f")
    rows=0
    for t in mail firewall proxy dns reject; do
        rows=$((rows + $(value w "SELECT count(*) FROM $t WHERE source LIKE '%/$name'")))
    done
    is "$name: each of its $lines lines is there once" "$rows" "$lines"
    kura -C w cat "$name" >out 2>err
    cmp -s out "$f"
    report $? "$name comes back byte for byte" "$(cat err)"
done
is "every reject has a reason" \
    "$(value w "SELECT count(*) FROM reject WHERE reason IS NULL OR reason = ''")" 0

# Of the lines that are of a supported kind, at least 98 % are rows.
share() { # TABLE FILES...
    table=$1
    total=$2
    rows=$(value w "SELECT count(*) FROM $table")
    [ $((rows * 100)) -ge $((total * 98)) ]
    report $? "$table: $rows rows of $total lines of its kind"
}
share mail "$(cat "$samples"/mail/* | awk 'NF { n++ } END { print n }')"
share firewall "$(cat "$samples"/firewall/* | awk 'NF { n++ } END { print n }')"
share dns "$(cat "$samples"/dns/* | awk 'NF { n++ } END { print n }')"
is "lines that only look like Squid's are no rows" \
    "$(value w "SELECT count(*) FROM proxy WHERE source LIKE '%extended%' OR source LIKE '%notime%'")" 0
done_testing
