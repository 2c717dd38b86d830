#!/bin/sh
# kura verify: catalog against disk, both ways; how much is read; what is told.
. "$(dirname "$0")/../lib.sh"

for day in 0 1 2 40 80; do # 2015-02-18, 19, 20, 2015-03-30, 2015-05-09
    for i in 1 2 3 4 5; do
        echo "$((1424217600 + day * 86400 + i)).000 $i 192.168.0.$i TCP_MISS/200 10 GET http://www.example.com/$day/$i - HIER_DIRECT/203.0.113.7 text/html"
    done
done >p.log
mkdir vault
kura -q init w
printf 'archive:\n  destinations: [ archive, %s ]\n' "$work/vault" >>w/kura.yaml
kura -q -C w ingest p.log
kura -q -C w --now 2015-05-10 archive --before 2015-02-20
kura -q -C w --now 2015-05-11 archive --before 2015-02-21
kura -q -C w --now 2015-05-11 maintain
sqlite3 w/catalog.db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp -a w good
cp -a vault good-vault
again() {
    rm -rf w vault
    cp -a good w
    cp -a good-vault vault
}
verify() {
    kura -C w verify "$@" >verify.out 2>verify.err
    echo $?
}
out() {
    cat verify.out verify.err
}
catalog() {
    sqlite3 w/catalog.db "$@"
}

# --- Nothing is wrong -------------------------------------------------------------

is "names and sizes" "$(verify)" 0
like "are what is checked" "$(out)" "^checked 2 partition\(s\), 4 sightings, 4 volume copies; read again 0, 0, 0: 0 rows"
like "when volumes were proven" "$(out)" "^2 volume\(s\), each proven at 2015-05-10T00:00:00Z or later"
like "and that nothing is wrong" "$(out)" "^nothing is wrong$"
is "--deep" "$(verify --deep)" 0
# 25 rows of partitions online and of volumes twice, and sightings.
like "reads everything" "$(out)" "read again 2, 4, 4: "
is "and notes when volumes were read" \
    "$(catalog "SELECT count(*) FROM volume_copy WHERE verified_at > 1700000000000000")" 4
again
is "a range" "$(verify --deep 2015-03-30)" 0
like "is all that is looked at" "$(out)" "^checked 1 partition\(s\), 1 sightings, 0 volume copies; read again 1, 1, 0"
is "a table" "$(verify --deep --table dns)" 0
like "likewise" "$(out)" "^checked 0 partition\(s\), 0 sightings, 0 volume copies"
is "quietly" "$(kura -q -C w verify --deep | wc -c)" 0

# --- A sample ------------------------------------------------------------------------

again
noted() {
    catalog "SELECT v.name || ' ' || (destination LIKE '%/vault') FROM volume_copy JOIN volume v ON v.number = volume WHERE verified_at = 1431432000000000"
}
catalog "UPDATE volume_copy SET verified_at = 1400000000000000 WHERE destination LIKE '%/vault' AND volume = 2"
is "a sample" "$(kura -C w --now 2015-05-12T12:00:00 verify --sample 1% >verify.out; echo $?)" 0
like "reads a part" "$(out)" "read again (1, 0|0, 1), 1: "
is "of the volumes the one that was not proven for the longest time" "$(noted)" "2015Q1/proxy-2015-02.1.tar 1"
kura -C w --now 2015-05-12T12:00:00 verify --sample 1 >/dev/null
kura -C w --now 2015-05-12T12:00:00 verify --sample 1 >/dev/null
kura -C w --now 2015-05-12T12:00:00 verify --sample 1 >/dev/null
is "and gets round" "$(noted | wc -l)" 4
kura -C w verify --sample 100% >verify.out
like "100% is all" "$(out)" "read again 2, 4, 4: "

# --- Files that the catalog does not know ------------------------------------------------

again
touch w/online/proxy/2015-03-29.db w/sighting/proxy/x w/restored.txt vault/2015Q1/other.tar
mkdir -p w/restored/L9 w/archive/lost+found
touch w/restored/L9/y w/archive/lost+found/z
is "orphans" "$(verify)" 1
is "each is named" "$(grep ^orphan verify.out | sed "s|.*'$work/||; s|'.*||" | sort | tr '\n' ' ')" \
    "vault/2015Q1/other.tar w/online/proxy/2015-03-29.db w/restored/L9/y w/sighting/proxy/x "
is "a range has its own" "$(verify 2015-03-29 | tail -1; grep -c ^orphan verify.out)" "1
1"
again
cp w/online/proxy/2015-03-30.db.zst w/online/proxy/2015-02-20.db
catalog "UPDATE file SET state = 'dead' WHERE path = 'online/proxy/2015-02-20.db'"
is "a file that goes is not wrong" "$(verify)" 0
like "and told" "$(out)" "^leftover +file +'.*/w/online/proxy/2015-02-20.db': .*it goes with the next maintain"
kura -q -C w --now 2015-05-11 maintain
is "which it does" "$(verify; grep -c ^leftover verify.out)" "0
0"

# --- Volumes that are not at hand -----------------------------------------------------------

again
rm -r vault/*
is "an empty mount point is not damage" "$(verify --deep)" 0
like "it is told" "$(out)" "^away +volume +proxy 2015-02-18 to 2015-02-19, 10 rows: '.*/vault/2015Q1/proxy-2015-02.tar': its destination is not mounted; another copy is at hand; mount '.*/vault'"
again
rm vault/2015Q1/proxy-2015-02.tar
is "a file that is gone is" "$(verify)" 1
like "and where it is still" "$(out)" "^missing +volume.*a whole copy is '.*/w/archive/2015Q1/proxy-2015-02.tar': copy it to '.*/vault/2015Q1/proxy-2015-02.tar'"
again
rm -r w/archive vault
is "no copy at all" "$(verify)" 1
like "says so" "$(out)" "^missing.*/w/archive/.*these days cannot be answered, but for what is restored.*mount what holds '.*/vault/"

# --- Catalog and files tell different things --------------------------------------------------

again
catalog "UPDATE partition_source SET held_lines = held_lines + 1 WHERE partition = (SELECT number FROM partition WHERE day = 16524)"
is "sources" "$(verify --deep)" 1
like "that differ" "$(out)" "^damaged +online +proxy 2015-03-30, 5 rows.*source '.*p.log' is not as in the catalog: held lines"
again
catalog "UPDATE partition SET rows = 6 WHERE day = 16485"
is "a manifest" "$(verify --deep)" 1
like "that differs" "$(out)" "^damaged +volume.*member 'proxy/2015-02-19.db.zst' is not as in the catalog"
is "in both copies" "$(grep -c ^damaged verify.out)" 2
again
catalog "UPDATE partition SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x') WHERE day = 16524"
is "a digest" "$(verify --deep)" 1
like "that differs" "$(out)" "^damaged +online +proxy 2015-03-30.*its database has SHA-256 [0-9a-f]{64}, the catalog has"
again
cp w/sighting/proxy/2015-02-18.db.zst x.zst
cp w/sighting/proxy/2015-02-19.db.zst w/sighting/proxy/2015-02-18.db.zst
catalog "UPDATE file SET size = $(wc -c <x.zst) WHERE path LIKE 'sighting%' AND path LIKE '%02-18%'"
catalog "UPDATE file SET size = $(wc -c <w/sighting/proxy/2015-02-18.db.zst) WHERE path = 'sighting/proxy/2015-02-18.db.zst'"
is "sightings of another day" "$(verify --deep)" 1
like "are told" "$(out)" "^damaged +sighting +proxy 2015-02-18.*not about partition"

# --- The verify command --------------------------------------------------------------------------

again
# shellcheck disable=SC2016
printf '  verify: %s\n' "'case \$KURA_VOLUME in */vault/*) exit 7;; esac'" >>w/kura.yaml
is "a signature that does not fit" "$(verify --deep)" 1
is "is a finding of each copy" "$(grep -c "^damaged  volume .*'.*/vault/.*exit" verify.out)" 2
is "and is no proof" "$(catalog "SELECT count(*) FROM volume_copy WHERE verified_at > 1700000000000000 AND destination LIKE '%/vault'")" 0

again
printf '  verify: %s\n' "'kill -INT \$PPID'" >>w/kura.yaml
is "an interrupt ends it" "$(verify --deep)" 3
like "soon" "$(out)" "error: stopped"
is "and no wrong is told" "$(grep -c ^damaged verify.out)" 0

# --- For programs ------------------------------------------------------------------------------------

again
rm w/online/proxy/2015-03-30.db.zst
is "--json" "$(verify --json)" 1
is "is an object a line" \
    "$(while read -r line; do printf '%s\n' "$line" >line.json; sqlite3 :memory: "SELECT json_extract(j, '\$.kind', '\$.first_day', '\$.rows', '\$.missing') FROM (SELECT CAST(readfile('line.json') AS TEXT) AS j)"; done <verify.out)" \
    '["missing","2015-03-30",5,null]
["summary",null,null,1]'

# --- Without permission to write ------------------------------------------------------------------------

again
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$work"
    as="setpriv --reuid=65534 --regid=65534 --clear-groups"
else
    as=
fi
chmod -R a+rX,a-w w vault
if ${as:-env} kura --version >/dev/null 2>&1; then
    ${as:-env} kura -C w verify --deep >verify.out 2>verify.err
    is "reading is enough" "$?" 0
    like "all of it" "$(out)" "read again 2, 4, 4: "
    like "and the proof is not noted" "$(out)" "^4 proof\(s\) could not be noted: "
fi
chmod -R u+w w vault

# --- Mistakes ----------------------------------------------------------------------------------------------

must_fail 2 kura -C w verify --sample 0%
must_fail 2 kura -C w verify --sample 101
must_fail 2 kura -C w verify --sample 5x
must_fail 2 kura -C w verify --sample 5% --deep
must_fail 2 kura -C w verify --table nothing
must_fail 2 kura -C w verify yesteryear
must_fail 2 kura -C w verify 2015 2016
must_fail 3 kura -C nowhere verify

done_testing
