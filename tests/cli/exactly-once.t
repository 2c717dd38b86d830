#!/bin/sh
# A line is loaded exactly once, whatever became of its file: renamed, rotated,
# compressed, packed, grown, loaded twice at once, followed.
. "$(dirname "$0")/../lib.sh"

# Lines A to B of a name server's log, about 90 bytes each: 100 of them are
# longer than the head by which a file is known.
lines() { # A B [DAY]
    awk -v a="$1" -v b="$2" -v day="${3:-16}" 'BEGIN {
        for (i = a; i <= b; i++)
            printf "%02d-Dec-2014 %02d:%02d:%02d.%03d client 192.168.0.%d#%d:" \
                " query: host%d.example.com IN A + (192.0.2.53)\n",
                day, i / 3600 % 24, i / 60 % 60, i % 60, i % 1000,
                i % 250 + 1, 1024 + i % 60000, i
    }'
}

fresh() { # a new warehouse called w
    rm -rf w
    kura -q init w
}

total() { # [DIR]: rows and rejects
    value "${1:-w}" "SELECT (SELECT count(*) FROM dns) || '+' || (SELECT count(*) FROM reject)"
}

new_lines() { # the number that the last load said
    sed -n 's/^kura: \([0-9]*\) new lines.*/\1/p' ok.err
}

# comes_back NAME FILE: kura cat NAME is FILE.
comes_back() {
    kura -C w cat "$1" >cat.out 2>cat.err
    cmp cat.out "$2" >cmp.out 2>&1
    report $? "$1 comes back byte for byte" "$(cat cat.err cmp.out)"
}

# loads N NAME FILE...: loading succeeds and finds N new lines.
loads() {
    wanted=$1
    name=$2
    shift 2
    ok "$name" kura -C w ingest "$@"
    is "$name: new lines" "$(new_lines)" "$wanted"
}

# --- The same lines in another file -------------------------------------

fresh
lines 1 200 >query.log
loads 200 "a new file" query.log
loads 0 "the same file again" query.log
mkdir sub
cp query.log sub/other-name.log
loads 0 "a copy of another name" sub/other-name.log
mv query.log query.log.1
loads 0 "the renamed file" query.log.1
lines 201 300 >query.log
loads 100 "rotated: the new file of the old name" query.log
loads 0 "both again" query.log query.log.1
is "rotated: every line once" "$(total)" 300+0

gzip -c query.log.1 >query.log.1.gz
xz -c query.log.1 >query.log.1.xz
zstd -q -c query.log.1 >query.log.1.zst
bzip2 -c query.log.1 >query.log.1.bz2
for f in query.log.1.gz query.log.1.xz query.log.1.zst query.log.1.bz2; do
    loads 0 "compressed copy $f" "$f"
done
tar cf logs.tar query.log query.log.1
tar czf logs.tar.gz query.log query.log.1
zip -q logs.zip query.log query.log.1
7z a -bd logs.7z query.log query.log.1 >7z.out
for f in logs.tar logs.tar.gz logs.zip logs.7z; do
    loads 0 "packed copies in $f" "$f"
done
is "packed: every line once" "$(total)" 300+0
is "packed: two sources" "$(kura -C w cat --list | wc -l)" 2

# The other way round: a line that came out of a container.
fresh
loads 300 "a container first" logs.tar.gz
loads 0 "then its files" query.log query.log.1
is "container: every line once" "$(total)" 300+0
comes_back "logs.tar.gz!query.log" query.log

# --- Files that grow or shrink ------------------------------------------

fresh
lines 1 150 >grown.log
loads 150 "before it grows" grown.log
cp grown.log older.log
lines 151 250 >>grown.log
loads 100 "grown" grown.log
lines 251 260 >>grown.log
gzip -c grown.log >grown.log.gz
loads 10 "grown further, and compressed" grown.log.gz
like "growth under another name is told" "$(cat ok.err)" \
    "grown\.log\.gz' begins with all of '.*/grown\.log'"
loads 0 "the plain file after its compressed copy" grown.log
loads 0 "an older and shorter copy" older.log
is "grown: every line once" "$(total)" 260+0
comes_back grown.log grown.log

# The same with files shorter than the head.
fresh
lines 1 3 >small.log
cp small.log small-older.log
loads 3 "a small file" small.log
lines 4 6 >>small.log
loads 3 "a small file that grew" small.log
loads 0 "an older copy of a small file" small-older.log
lines 1 5 >small-between.log
loads 0 "a copy from between" small-between.log
lines 7 300 >>small.log
loads 294 "a small file that grew beyond its head" small.log
is "small: every line once" "$(total)" 300+0
comes_back small.log small.log
fresh
lines 1 6 >small.log
loads 6 "a small file, whole" small.log
loads 0 "a shorter copy of a small file" small-older.log
is "small, shorter: every line once" "$(total)" 6+0

# --- A last line without its end ----------------------------------------

fresh
lines 1 120 >cut.log
lines 121 121 | tr -d '\n' >>cut.log
loads 121 "a last line without its end" cut.log
is "a last line without its end is a row" "$(total)" 121+0
lines 121 121 | tr -d '\n' >continued
printf ' and more\n' >>cut.log
lines 122 125 >>cut.log
ok "the line is continued" kura -C w ingest cut.log
is "the continuation is a reject" "$(total)" 125+1
is "the reject names the line" \
    "$(value w "SELECT reason || '/' || line || '/' || piece || '/' || rtrim(raw, char(10)) FROM reject")" \
    "continues line 121/121/1/ and more"
is "lines after it have their numbers" \
    "$(value w "SELECT line FROM dns WHERE query = 'host122.example.com'")" 122
comes_back cut.log cut.log
loads 0 "the continued file again" cut.log
# Only the terminator was missing.
fresh
lines 1 120 >cut.log
lines 121 121 | tr -d '\n' >>cut.log
loads 121 "another last line without its end" cut.log
echo >>cut.log
lines 122 122 >>cut.log
ok "only the line's end came" kura -C w ingest cut.log
is "no row is doubled" "$(value w 'SELECT count(*) FROM dns')" 122
comes_back cut.log cut.log

# --- The same head, other content ---------------------------------------

fresh
lines 1 100 >one.log
{ lines 1 90; lines 500 520; } >two.log
loads 100 "the first of two files with the same head" one.log
loads 111 "the second of them" two.log
like "same beginning, but differs: told" "$(cat ok.err)" \
    "two\.log' has the same beginning as '.*one\.log', but differs"
loads 0 "both of them again" one.log two.log
is "same head: two sources" "$(total)" 211+0
comes_back one.log one.log
comes_back two.log two.log
lines 101 110 >>one.log
lines 521 530 >>two.log
loads 20 "both of them grown" two.log one.log
is "same head: every line once" "$(total)" 231+0
comes_back one.log one.log
comes_back two.log two.log

# A file that was written anew, shorter, under its old name.
lines 1000 1099 >one.log
loads 100 "written anew" one.log
is "written anew: every line is there" "$(total)" 331+0
is "three sources, three names" "$(kura -C w cat --list | cut -f 4 | sort -u | wc -l)" 3

# --- A signal while builders change -------------------------------------

# Lines of 300 days in turn, where few builders may be open.
fresh
awk 'BEGIN {
    for (i = 0; i < 30000; i++)
        printf "%d.000 1 192.0.2.1 TCP_MISS/200 1 GET http://example.com/%d" \
            " - HIER_DIRECT/203.0.113.7 text/html\n",
            1420070400 + i * 7 % 300 * 86400, i
}' >days.log
sh -c 'ulimit -n 80; exec timeout -k 3 1 "$KURA_BUILD/kura" -C w ingest days.log' 2>days.err
code=$?
[ $code = 124 ]
report $? "a signal is obeyed while builders change" "exit code $code" "$(cat days.err)"
ok "after the signal" kura -C w ingest days.log
is "after the signal: every line once" \
    "$(value w "SELECT count(*) || '/' || count(DISTINCT line) FROM proxy")" 30000/30000

# --- Two loads at once --------------------------------------------------

# both FILE FILE: two loads at once; their exit codes in codes.
both() {
    kura -q -C w ingest "$1" 2>both.1 &
    first=$!
    kura -q -C w ingest "$2" 2>both.2
    codes=$?
    wait $first
    codes="$? $codes"
}

lines 1 20000 >big.log
lines 20001 40000 >big2.log
fresh
both big.log big.log
case $codes in
"0 0" | "0 3" | "3 0") report 0 "the same file twice at once" ;;
*) report 1 "the same file twice at once" "exit codes $codes" "$(cat both.1 both.2)" ;;
esac
is "at once: every line once" "$(total)" 20000+0
loads 0 "the same file after both" big.log
both big2.log big.log
is "two files of one day at once" "$codes" "0 0"
is "at once: every line of both once" "$(total)" 40000+0
comes_back big.log big.log
comes_back big2.log big2.log
# Again and again a file that grew a little, which is short work.
lines 1 100 17 >race.log
i=0
while [ $i -lt 12 ]; do
    lines $((100 + i * 10 + 1)) $((110 + i * 10)) 17 >>race.log
    both race.log race.log
    i=$((i + 1))
done
ok "after all races" kura -C w ingest race.log
is "races: every line once" \
    "$(value w "SELECT count(*) || '/' || count(DISTINCT line) FROM dns WHERE source LIKE '%/race.log'")" 220/220
comes_back race.log race.log

# --- Standard input -----------------------------------------------------

fresh
lines 1 100 >pipe.log
lines 1 100 | kura -q -C w ingest - 2>pipe.err
report $? "from a pipe" "$(cat pipe.err)"
is "pipe: every line" "$(total)" 100+0
loads 0 "the file that went through the pipe" pipe.log
lines 1 130 | kura -q -C w ingest -
is "a longer stream that begins the same" "$(total)" 130+0
lines 200 299 | kura -q -C w ingest -
is "another stream" "$(total)" 230+0
lines 1 140 | gzip -c | kura -q -C w ingest -
is "a compressed stream" "$(total)" 240+0
lines 7 7 | kura -q -C w ingest -
is "a short stream" "$(total)" 241+0

# --- Following ----------------------------------------------------------

# Four followers at once, each with a directory and a warehouse of its own, so
# that their waits for the next commit overlap.

# until_total DIR WANTED: waits up to ten seconds.
until_total() {
    i=0
    while [ "$(total "$1/w")" != "$2" ] && [ $i -lt 100 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    total "$1/w"
}

follow() { # DIR: sets follower_DIR
    kura -q init "$1/w"
    kura -q -C "$1/w" ingest --follow "$1/live.log" 2>"$1/err" &
    eval "follower_$1=$!"
}

unfollow() { # DIR
    pid=
    eval "pid=\$follower_$1"
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
    code=$?
    [ $code = 0 ]
    report $? "follow, $1: a signal ends it well" "exit code $code" "$(cat "$1/err")"
}

# No follower stays behind when the test is cut off.
trap 'kill $(jobs -p) 2>/dev/null; chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

mkdir rename create truncate unfinished
lines 1 100 >rename/live.log
lines 1 100 >create/live.log
lines 1 150 >truncate/live.log
{ lines 1 60; lines 61 61 | tr -d '\n'; } >unfinished/live.log
for d in rename create truncate unfinished; do
    follow $d
done
is "follow, rename: what was there" "$(until_total rename 100+0)" 100+0
is "follow, create: what was there" "$(until_total create 100+0)" 100+0
is "follow, truncate: what was there" "$(until_total truncate 150+0)" 150+0
is "follow: an unfinished line waits" "$(until_total unfinished 60+0)" 60+0

lines 101 110 >>rename/live.log
# logrotate makes the new file empty and it fills later.
mv create/live.log create/live.log.1
: >create/live.log
# copytruncate
cp truncate/live.log truncate/live.log.1
: >truncate/live.log
{ echo; lines 62 70; } >>unfinished/live.log
# Long enough that the empty files are noticed.
sleep 0.5
lines 101 205 >>create/live.log
lines 151 260 >>truncate/live.log
is "follow, rename: what is added" "$(until_total rename 110+0)" 110+0
mv rename/live.log rename/live.log.1
lines 111 115 >>rename/live.log.1
lines 116 220 >rename/live.log
is "follow: the new file was empty first" "$(until_total create 205+0)" 205+0
is "follow: cut to nothing and filled again" "$(until_total truncate 260+0)" 260+0
is "follow: the unfinished line comes whole" "$(until_total unfinished 70+0)" 70+0
is "follow: rotated by rename" "$(until_total rename 220+0)" 220+0

for d in rename create truncate unfinished; do
    unfollow $d
done
is "follow, rename: every line once" "$(total rename/w)" 220+0
for d in rename truncate; do
    ok "follow, $d: both files afterwards" \
        kura -C $d/w ingest $d/live.log $d/live.log.1
    is "follow, $d: both files afterwards: new lines" "$(new_lines)" 0
done
is "follow, truncate: every line once" "$(total truncate/w)" 260+0
done_testing
