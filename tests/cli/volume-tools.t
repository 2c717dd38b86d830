#!/bin/sh
# A volume is read with tar, sha256sum, zstd and sqlite3 alone, by the commands
# that its README.txt prints; one that somebody has changed is refused.
. "$(dirname "$0")/../lib.sh"

for tool in tar zstd sqlite3 sha256sum; do
    command -v $tool >where.out || skip_all "$tool is not here"
done

lines() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN {
        for (i = a; i <= b; i++)
            printf "%d.%03d %6d 192.168.0.%d TCP_MISS/200 %d GET" \
                " http://host%d.example.com/a/%d,x=%d - HIER_DIRECT/203.0.113.7" \
                " text/html\n", 1424221299 + i % 3 * 86400, i % 1000,
                i * 7 % 90000, i % 250 + 1, i * 13, i % 9, i, i
    }'
}

now=2015-05-28T12:00:00
lines 1 90 >one.log
echo "1432771200.000     12 192.168.0.7 TCP_MISS/200 99 GET" \
    "http://late.example.com/ - HIER_DIRECT/203.0.113.7 text/html" >late.log
kura -q init w
printf 'retention:\n  online: 1mo\n' >>w/kura.yaml
kura -q -C w --now $now ingest one.log late.log
ok "the days are archived" kura -C w --now $now maintain
volume=w/archive/2015Q1/proxy-2015-02.tar
range=2015-02-18..2015-02-20

# --- By hand, as README.txt says ----------------------------------------

mkdir hand
cp $volume $volume.sha256 hand/
cd hand || exit 1
ok "the sum" sha256sum -c proxy-2015-02.tar.sha256
tar xOf proxy-2015-02.tar README.txt >../readme
# All that it prints to be typed, but for the table of the databases.
sed '/^The databases$/,$d; /^    /!d; s/^    //' ../readme >../typed
is "README.txt has commands" "$(wc -l <../typed)" 9
# zstd asks before it writes the first database again.
yes | PATH=$(echo "$PATH" | sed "s,^[^:]*:,,") sh -e ../typed >../typed.out 2>../typed.err
report $? "each of them works as it is printed" "$(cat ../typed ../typed.err)"
like "they check the database" "$(cat ../typed.out)" '^proxy-2015-02.tar: OK$'
like "they show the time" "$(cat ../typed.out)" '^2015-02-18 01:01:39\|'
is "README.txt lists the databases" \
    "$(sed -n 's/^    \(proxy.*zst\).*/\1/p' ../readme)" "$(ls proxy/*.zst)"
columns="ts, src_ip, cs_method, cs_host, c_uri, dst_ip, sc_status, sc_bytes,
    elapsed_ms, squid_action, hier_code, mime_type, format, source, line"
for f in proxy/*.db; do
    sqlite3 -csv "$f" "SELECT $columns FROM proxy"
done | tr -d '\r' | sort >../by-hand
for f in proxy/*.db; do
    sum=$(sha256sum "$f" | cut -d ' ' -f 1)
    grep -q "\"sha256\": *\"$sum\"" manifest.json
    report $? "the manifest has the digest of $f" "$sum"
done
cd ..
kura -C w sql --archived --format csv "SELECT $columns FROM proxy
    WHERE day < '2015-03-01'" | tr -d '\r' | sed 1d | sort >by-kura
is "as many rows as there were lines" "$(wc -l <by-hand)" 90
is "the rows of tar, zstd and sqlite3 are those of kura" \
    "$(diff by-hand by-kura)" ""
sed -n '1p' hand/proxy.csv | tr -d '\r' >header
like "the CSV has a header" "$(cat header)" '^ts,src_ip,'

# --- Changed by somebody ------------------------------------------------

cp $volume whole.tar

# refused NAME PATTERN: the volume bad.tar in the place of the good one.
refused() {
    cp bad.tar $volume
    find w -type f | sort >files.before
    before=$(value w "SELECT count(*) FROM proxy" 2>value.err)
    kura -C w --now $now restore $range --case one >refused.out 2>refused.err
    code=$?
    [ $code = 3 ]
    report $? "$1: refused" "exit code $code" "$(cat refused.out refused.err)"
    like "$1: why" "$(cat refused.err)" "$2"
    is "$1: no row of it is taken" \
        "$(value w "SELECT count(*) FROM proxy" 2>value.err)" "$before"
    find w -type f | sort >files.after
    is "$1: no file is written" "$(comm -13 files.before files.after |
        grep -vE '/(case|catalog)[.]db(-wal|-shm)?$')" ""
    cp whole.tar $volume
}

# Packs the members again.
pack_again() { # DIR MEMBER...
    dir=$1
    shift
    tar -C "$dir" --format=ustar --owner=0 --group=0 -cPf bad.tar "$@"
}

# Where the first database begins: what tar says, in blocks.
first_block=$(tar tRf whole.tar | sed -n 's/^block \([0-9]*\): proxy.*/\1/p' | head -1)
at=$((first_block * 512 + 512 + 200))
cp whole.tar bad.tar
printf 'kura' | dd of=bad.tar bs=1 seek=$at conv=notrunc 2>dd.err
refused "bytes changed" "proxy-2015-02.tar|2015-02-18"

size=$(wc -c <whole.tar)
head -c $((size / 2)) whole.tar >bad.tar
refused "cut short" "proxy-2015-02.tar"

: >bad.tar
refused "empty" "proxy-2015-02.tar"

# Another day's database under this name, as long as the one that belongs there.
mkdir swapped
tar -C swapped -xf whole.tar
mv swapped/proxy/2015-02-18.db.zst swapped/a
mv swapped/proxy/2015-02-19.db.zst swapped/proxy/2015-02-18.db.zst
mv swapped/a swapped/proxy/2015-02-19.db.zst
pack_again swapped manifest.json README.txt proxy/2015-02-18.db.zst \
    proxy/2015-02-19.db.zst proxy/2015-02-20.db.zst
refused "two days swapped" "digest|proxy-2015-02.tar|2015-02-18"

# A database with one value changed, packed as kura packs it: every checksum
# of zstd is right.
mkdir forged
tar -C forged -xf whole.tar
zstd -q -d forged/proxy/2015-02-18.db.zst -o forged/plain.db
printf 'X' | dd of=forged/plain.db bs=1 seek=9000 conv=notrunc 2>dd.err
zstd -q -f forged/plain.db -o forged/proxy/2015-02-18.db.zst
pack_again forged manifest.json README.txt proxy/2015-02-18.db.zst \
    proxy/2015-02-19.db.zst proxy/2015-02-20.db.zst
refused "a value changed" "digest|proxy-2015-02.tar|2015-02-18"

# Members that lead out of the volume, and links.
mkdir -p lead/proxy
tar -C lead -xf whole.tar
echo gotcha >lead/evil
echo gotcha >evil.source
ln -s /etc/passwd lead/link
for member in ../evil.source "$work/evil.source" link; do
    pack_again lead "$member" manifest.json README.txt
    refused "a volume that begins with ${member##*/} ($member)" \
        "proxy-2015-02.tar|restored"
    [ ! -e w/restored/evil.source ] && [ ! -e w/evil.source ] &&
        [ ! -L w/restored/link ]
    report $? "nothing of $member is written"
done

# The good one again.
ok "the whole volume is restored" \
    kura -C w --now $now restore $range --case one
is "with its rows" "$(value w "SELECT count(*) FROM proxy
    WHERE day < '2015-03-01'")" 90
done_testing
