#!/bin/sh
# kura init: a new warehouse, what it refuses, and what an init that was cut
# short leaves.
. "$(dirname "$0")/../lib.sh"

works() { # NAME DIR
    echo '18-Dec-2014 01:03:04 client 192.168.0.5#47000: query: host.example.com IN A + (192.0.2.53)' >one.log
    kura -C "$2" ingest one.log 2>works.err &&
        [ "$(value "$2" 'SELECT count(*) FROM dns')" = 1 ]
    report $? "$1" "$(cat works.err)"
}

# finish NAME: init makes the warehouse w of what is in it, and it works.
finish() {
    ok "$1" kura init w
    works "$1: it is a warehouse" w
    is "$1: nothing is left over" "$(ls -A w | grep -c 'tmp$')" 0
    rm -rf w
}

ok "a new directory" kura init --zone Asia/Tokyo a/b/new
like "has the zone" "$(cat a/b/new/kura.yaml)" "^zone: Asia/Tokyo$"
works "it is a warehouse" a/b/new
must_fail 3 kura init a/b/new
like "a second init" "$(cat must_fail.err)" "a warehouse is in 'a/b/new' already"
like "changes nothing" "$(cat a/b/new/kura.yaml)" "^zone: Asia/Tokyo$"
is "and its row is there" "$(value a/b/new 'SELECT count(*) FROM dns')" 1
must_fail 2 kura init
must_fail 2 kura init --zone Nowhere/Atall z
is "a bad zone makes nothing" "$(ls -d z 2>/dev/null)" ""
touch file
must_fail 3 kura init file

# The example of a site: one # less on each line makes it the one that ships.
ok "kura.yaml has the example of a site" sh -c \
    "sed -n '/^##/,\$p' a/b/new/kura.yaml | sed 's/^#//' | cmp - '$top/docs/examples/site.yaml'"
ok "Tokyo gets the holidays of Japan" cmp a/b/new/holidays-jp.yaml "$top/docs/examples/holidays-jp.yaml"
sed -i '/^##/,$s/^#//' a/b/new/kura.yaml
is "with which it can be used as it is" \
    "$(value a/b/new "SELECT name FROM site_holiday WHERE day = '2026-01-01'")" "元日"
kura -q init --zone Europe/Berlin berlin
is "other zones do not" "$(ls berlin | grep holidays)" ""

# --- What is not ours ---------------------------------------------------

refused() { # NAME
    find w -type f | sort >before
    must_fail 3 kura init w
    like "$1" "$(cat must_fail.err)" "not empty|already"
    is "$1: nothing is added" "$(find w -type f | sort)" "$(cat before)"
    rm -rf w
}
mkdir -p w && touch w/notes.txt
refused "somebody's file"
mkdir -p w/online/proxy && touch w/online/proxy/x.db
refused "partitions without a catalog"
mkdir -p w/formats && touch w/formats/mine.yaml
refused "formats without a catalog"
mkdir w && echo text >w/catalog.db
refused "a catalog.db that is no database"
mkdir w && echo text >w/lock
refused "a lock with something in it"
mkdir w && touch w/kura.yaml.mine.tmp
refused "somebody's own temporary file"
if command -v sqlite3 >/dev/null; then
    mkdir w && sqlite3 w/catalog.db 'CREATE TABLE books (title)'
    refused "another program's catalog.db"
fi

# --- Cut short ----------------------------------------------------------

mkdir w
finish "an empty directory"
mkdir -p w/online w/formats && touch w/lock
finish "directories and lock"
kura -q init w && mv w/kura.yaml w/kura.yaml.0123456789abcdef.tmp && rm w/catalog.db*
finish "kura.yaml was being written"
kura -q init w && rm w/catalog.db*
finish "no catalog yet"
kura -q init --zone Asia/Tokyo w && rm w/catalog.db* && echo "2026-08-14: ours" >w/holidays-jp.yaml &&
    cp w/holidays-jp.yaml w/holidays-jp.yaml.0123456789abcdef.tmp
ok "holidays were being written" kura init --zone Asia/Tokyo w
is "those that are there stay" "$(cat w/holidays-jp.yaml)" "2026-08-14: ours"
is "and nothing is left over" "$(ls -A w | grep -c 'tmp$')" 0
rm -rf w
kura -q init w && rm w/catalog.db* && touch w/catalog.db
finish "an empty catalog"
if command -v sqlite3 >/dev/null; then
    kura -q init w && rm w/catalog.db* &&
        sqlite3 w/catalog.db 'PRAGMA journal_mode = WAL' >/dev/null
    finish "a catalog without tables"
fi

kura -q init w && rm w/catalog.db* && echo 'zone: Asia/Tokyo # ours' >w/kura.yaml
must_fail 3 kura init --zone UTC w
like "another zone than that of kura.yaml" "$(cat must_fail.err)" "with zone 'Asia/Tokyo'"
ok "an edited kura.yaml" kura init w
is "stays" "$(cat w/kura.yaml)" "zone: Asia/Tokyo # ours"
rm -rf w
kura -q init w && rm w/catalog.db* && echo 'zone: [' >w/kura.yaml
must_fail 3 kura init w
like "a bad kura.yaml is named" "$(cat must_fail.err)" "kura\.yaml"
rm -rf w

# Killed anywhere: the next one finishes, or all was done.
bad=
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
    kura -q init w 2>/dev/null &
    sleep "0.0$(printf %02d "$i")1"
    kill -KILL $! 2>/dev/null
    wait $! 2>/dev/null # it is dead only now, and its lock with it
    kura -q init w 2>err || grep -q already err || bad="$bad $i: $(cat err)"
    kura -q -C w status >out 2>&1 || bad="$bad $i: $(cat out)"
    rm -rf w
done
is "killed at any moment, it can be done again" "$bad" ""

# Several at once: one makes it.
for i in 1 2 3 4; do
    (kura -q init w 2>err.$i; echo $? >rc.$i) &
done
wait
is "of several at once one makes it" "$(cat rc.? | sort | tr '\n' ' ')" "0 3 3 3 "
works "and it works" w
done_testing
