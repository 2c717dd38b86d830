#!/bin/sh
# The labelled year (tests/bench/gen/scenario.h): the same arguments give the
# same bytes, every line is a row but those that are broken on purpose, and what
# the labels name is in the logs.
. "$(dirname "$0")/../lib.sh"
generate=$KURA_BUILD/bench/generate

must_fail 2 "$generate" --scenario a --days 30
must_fail 2 "$generate" --scenario a --product squid
must_fail 3 "$generate" --scenario no/such/folder
"$generate" --scenario a --lines 200000
"$generate" --scenario b --lines 200000
ok "the same arguments, the same bytes" diff -r a b
"$generate" --scenario b --lines 200000 --seed 7
cmp -s a/access.log b/access.log
is "another seed, other bytes" $? 1
"$generate" --scenario b --days 40 --lines 20000 --background-only
is "background alone has nothing to find" "$(wc -l <b/labels.tsv | tr -d ' ')" 0
rm -rf b
for log in access.log firewall.log; do
    # In order of the time at which they were written.
    sed -nE 's/^([^ ]+T[^ ]+).*/\1/p; s/.*\[(..)\/([A-Z][a-z]{2})\/2025:([0-9:]{8}) .*/2025-\2-\1 \3/p' \
        a/$log | sed 's/-Jan-/-01-/; s/-Feb-/-02-/; s/-Mar-/-03-/; s/-Apr-/-04-/
        s/-May-/-05-/; s/-Jun-/-06-/; s/-Jul-/-07-/; s/-Aug-/-08-/
        s/-Sep-/-09-/; s/-Oct-/-10-/; s/-Nov-/-11-/; s/-Dec-/-12-/' >times
    ok "$log is in order" sort -c times
done

kura -q init w
cp a/kura.yaml w
kura -q -C w ingest a/access.log a/firewall.log a/maillog a/queries.log \
    a/security.json
is "one line of each source is a reject, on purpose" \
    "$(value w "SELECT group_concat(n, ' ') FROM
        (SELECT count(*) AS n FROM reject GROUP BY source)")" "1 1 1 1"
for t in mail/maillog firewall/firewall.log proxy/access.log dns/queries.log; do
    lines=$(wc -l <"a/${t#*/}" | tr -d ' ')
    is "${t#*/}: every other line is a row" \
        "$(value w "SELECT count(*) FROM ${t%/*}")" $((lines - 1))
done
is "security.json: every line is a row" \
    "$(value w "SELECT count(*) FROM windows")" \
    "$(wc -l <a/security.json | tr -d ' ')"

# One pass over each table counts the rows of all its labels.  Hunts over several
# tables (mail-then-click) are looked up in the proxy's; two columns of the hunts
# over Windows events stand for several of the table.
awk -F '\t' -v OFS='\t' '{
    $1 = ($1 ~ /^(mail|beacon)-then-/ ? "proxy-" : "") $1
    print
}' a/labels.tsv >labels.placed
counts() { # TABLE PREFIX
    sql=$(awk -F '\t' -v prefix="$2-" 'index($1, prefix) == 1 {
        n = split($3, pairs, "|")
        where = ""
        for (i = 1; i <= n; i++) {
            name = value = pairs[i]
            sub(/=.*/, "", name)
            sub(/^[^=]*=/, "", value)
            if (name == "client")
                name = "src_ip"
            if (name == "account")
                name = "coalesce(SubjectUserName, TargetUserName)"
            where = where (i > 1 ? " AND " : "") name " = \047" value "\047"
        }
        printf "%stotal(%s) > 0", (rows++ ? ", " : ""), where
    }' labels.placed)
    grep "^$2-" labels.placed | cut -f1-3 >names
    value w "SELECT $sql FROM $1" | tr ',' '\n' | paste - names
}
{
    counts mail mail
    counts firewall fw
    counts proxy proxy
    counts dns dns
    counts windows ad
} >found
is "each label is looked for" "$(wc -l <found)" "$(wc -l <a/labels.tsv)"
is "what the labels name is in the logs" "$(grep -v '^1' found)" ""
is "every plant has a label" "$(cut -f1 a/labels.tsv | sort -u | wc -l | tr -d ' ')" 80
for kind in hit miss; do
    is "every hunt has a $kind" \
        "$(cut -f1 a/labels.tsv | sort -u)" \
        "$(awk -F '\t' -v k=$kind '$2 == k { print $1 }' a/labels.tsv | sort -u)"
done

# A year that was loaded at once is asked before anything is sealed.
open=$(value w "SELECT count(*) FROM sighting")
echo 'retention: {online: 24mo}' >>w/kura.yaml
kura -q --now 2026-01-10T00:00:00 -C w maintain
is "sightings of open days are those of sealed ones" \
    "$(value w "SELECT count(*) FROM sighting")" "$open"

# Every planted attack is found and no look-alike is reported.  January to March is
# the normal before.
kura -q --now 2025-12-31T00:00:00 -C w ioc import a/indicators.csv >out 2>&1
like "all indicators are understood" "$(cat out)" '^6 new, .* 0 not understood'
kura -q -C w hunt --all --no-record --from 2025-04-01 --to 2025-12-31 \
    --format json >findings
"$top/tests/bench/score.pl" --days 275 a/labels.tsv <findings >score
sed 's/^/# /' score
is "every planted attack is found, no look-alike is" "$(grep '^!' score)" ""

# What judges the hunts: three findings of two hunts that ran, of three labelled.
printf '%s\t%s\t%s\t%s\n' one hit 'a=1|b=X' first one hit a=2 second \
    one miss a=3 third two miss b=x fourth three hit a=1 fifth >labels
cat >findings <<'EOF'
{"hunt":"one","row":{"a":1,"b":"x","c":null}}
{"hunt":"one","row":{"a":3,"b":"y"}}
{"hunt":"one","row":{"a":9,"b":"x"}}
{"allowed":0,"runs":[{"hunt":"one","status":"done","ms":5},{"hunt":"two","status":"done","ms":5}]}
EOF
"$top/tests/bench/score.pl" --days 2 labels <findings >score
is "a bad score is an exit code" $? 1
is "it names what was not found, what was reported, what did not run" \
    "$(grep '^!' score)" "! one did not find a=2: second
! one reports a=3: third
! three did not run"
like "and counts" "$(grep '^one ' score)" 'done +5 +3 +1/2 +1 +2 +1\.000'
done_testing
