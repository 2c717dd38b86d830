#!/bin/sh
# kura hunt: new, still there, gone; the ledger; skipped, failed and allowed;
# hunts of the user, and what is wrong with them.
. "$(dirname "$0")/../lib.sh"

# packet MINUTE SRC DST PORT ACTION
packet() {
    printf '2025-03-%02dT09:%02d:00.250000+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time="2025-03-%02d 09:%02d:00" duration=0 policy_id=36 service=tcp/port:%s proto=6 src zone=Trust dst zone=Untrust action=%s sent=0 rcvd=0 src=%s dst=%s src_port=50123 dst_port=%s session_id=0\n' \
        "$6" "$1" "$6" "$1" "$4" "$5" "$2" "$3" "$4"
}
packets() { # COUNT SRC DST PORT ACTION DAY
    for i in $(seq 1 "$1"); do packet "$i" "$2" "$3" "$4" "$5" "$6"; done
}
hunt() { # all arguments to kura hunt, with the clock set
    kura -C w --now 2025-03-10 hunt "$@"
}
state() { # the states of the findings, one a line
    hunt "$@" --format csv 2>/dev/null | tr -d '\r' | sed 1d | cut -d, -f1 | sort | uniq -c |
        sed 's/^ *//'
}

refused=$top/tests/data/refused.sql
kura -q init --zone Asia/Tokyo w
mkdir w/hunts
cp "$refused" w/hunts/
packets 12 10.1.0.47 198.51.100.66 6667 Deny 4 >day4.log
packets 11 10.1.0.48 198.51.100.67 6667 Deny 5 >day5.log
packets 2 10.1.0.48 198.51.100.67 6667 Permit 7 >>day5.log
kura -q -C w ingest day4.log

is 'a first run finds something new' "$(state refused)" '1 new'
is 'the second one still sees it' "$(state refused)" '1 still'
kura -q -C w ingest day5.log
is 'what came since is new' "$(state refused)" '1 new
1 still'
is 'two runs are the same but for the states' \
    "$(hunt refused --format json 2>/dev/null | grep '"id"')" \
    "$(hunt refused --format json 2>/dev/null | grep '"id"')"

# Other parameters are another baseline; a finding that a later run of the same
# range does not see again is gone.
is 'parameters have a baseline of their own' \
    "$(state refused -p min_events=12)" '1 new'
must_fail 2 kura -C w hunt refused --param min_events=many
must_fail 2 kura -C w hunt refused --param max_events=1
must_fail 2 kura -C w hunt
must_fail 2 kura -C w hunt no-such-hunt

# Exit codes.
hunt refused --exit-code >/dev/null 2>&1
is '--exit-code tells of findings' "$?" 1
hunt refused --exit-code --from 2025-03-05 --to 2025-03-05 -p min_events=500 \
    >/dev/null 2>&1
is '--exit-code without any' "$?" 0

# The lines behind it.
id=$(hunt refused --format csv 2>/dev/null | tr -d '\r' |
    grep '10.1.0.47' | sed 's/.*,\([0-9a-f]\{16\}\),.*/\1/')
kura -C w finding show "$id" >shown 2>&1
is 'all its lines are shown' "$(grep -c 'device_id=fw1' shown)" 12
like 'with file and line' "$(cat shown)" 'day4.log:1 \(firewall\)'
like 'and the reason' "$(cat shown)" '10.1.0.47 was refused 12 times on the way to 198\[.\]51\[.\]100\[.\]66'
is 'the list has them all' \
    "$(kura -C w finding list --format csv | tr -d '\r' | sed 1d | grep -c refused)" 3
must_fail 3 kura -C w finding show ffffffffffffffff

# The ledger: what is due runs once; late rows make a day due again.
hunt refused --due --format csv >/dev/null 2>&1
is 'nothing is due after a run' "$(hunt refused --due --format json 2>/dev/null | grep -c '"status"')" 0
packets 3 10.1.0.49 198.51.100.68 6667 Deny 4 >late.log
kura -q -C w ingest late.log
# The UTC day of the rows reaches into two days of the zone.
like 'late rows make their days due' \
    "$(kura -C w --now 2025-03-10 hunts refused --ledger --format csv | tail -1)" \
    '^refused,2,'
like 'and only them' "$(hunt refused --due 2>&1 >/dev/null)" '2025-03-04 to 2025-03-05: 1 done'

# Skipped with the reason, never silently empty.
cat >skipped.sql <<'SQL'
-- title: Users whom the firewall does not name
-- table: firewall
-- needs: firewall.username
-- stage: delivery
-- level: low
-- key: username
-- why: {username} came
-- about: A test.
-- hit: a.log
-- miss: b.log
SELECT username, count(*) AS events FROM firewall WHERE ts >= :from_ts AND ts < :to_ts GROUP BY 1
SQL
cp skipped.sql w/hunts/users.sql
like 'a hunt without its column is skipped' "$(hunt users 2>&1)" \
    'users skipped: no log of the range fills firewall.username: see docs/log-sources.md, "Juniper SSG'
sed 's/firewall.username/site_proxy/' skipped.sql >w/hunts/users.sql
like 'so is one that needs to know the site' "$(hunt users 2>&1)" \
    "users skipped: site_proxy is empty: see 'site' in kura.yaml"
sed 's/^-- table: .*/-- table: proxy/; /^-- needs/d' skipped.sql >w/hunts/users.sql
sed -i 's/username/cs_username/g; s/FROM firewall/FROM proxy/' w/hunts/users.sql
like 'and one whose table has no logs' "$(hunt users 2>&1)" \
    'users skipped: no logs of table proxy in the range'

# Rows of logs end at the range and its window, sightings do not begin there.
cat >w/hunts/seen-before.sql <<'SQL'
-- title: When a refused destination was first seen
-- table: firewall
-- stage: delivery
-- level: low
-- key: dst_ip
-- why: {dst_ip} on {day}, {rows} rows
-- about: A test.
-- hit: a.log
-- miss: b.log
SELECT value AS dst_ip, min(day) AS day, (SELECT count(*) FROM firewall) AS rows FROM sighting
WHERE observable = 'dst_ip' GROUP BY 1
SQL
is 'sightings of before the range are there, rows are not' \
    "$(hunt seen-before --from 2025-03-05 --no-record --format json 2>/dev/null |
        sed -n 's/.*"why":"\([^"]*\)".*/\1/p')" \
    '198.51.100.66 on 2025-03-04, 13 rows
198.51.100.67 on 2025-03-05, 13 rows
198.51.100.68 on 2025-03-04, 13 rows'
rm w/hunts/seen-before.sql

# What is wrong with a hunt is told with file and line, and the others run.
broken() { # NAME SED-SCRIPT PATTERN
    sed "$2" "$refused" >w/hunts/broken.sql
    kura -C w hunts broken >broken.out 2>&1
    is "$1: exit code" "$?" 3
    like "$1: message" "$(cat broken.out)" "$3"
}
broken 'wrong column' 's/dst_port, count/dest_port, count/' 'broken.sql:13: no such column: dest_port'
broken 'wrong syntax' 's/^GROUP BY/GRUOP BY/' 'broken.sql:18: near "GRUOP"'
broken 'unknown parameter' 's/:min_events/:max_events/' "has no parameter ':max_events'"
broken 'unused parameter' 's/>= :min_events/>= 3/' "does not use the parameter 'min_events'"
broken 'wrong key' 's/^-- key: src_ip/-- key: source/' "broken.sql:[0-9]+: the result has no key column 'source'"
broken 'wrong reason' 's/{events}/{event}/' "the result has no column 'event'"
broken 'wrong need' 's/firewall.action/firewall.acton/' "there is no column 'firewall.acton'"
broken 'no title' '/^-- title/d' "does not say 'title'"
broken 'unknown name' 's/^-- level:/-- levels:/' "unknown name in the header: 'levels'"
broken 'writes' 's/^SELECT src_ip, dst_ip, dst_port, count.*/DELETE FROM shown;/' 'broken.sql:13: no such table'
broken 'two statements' '$s/$/; SELECT 1/' 'a second statement begins here'
hunt refused broken --from 2025-03-04 --to 2025-03-05 >all.out 2>all.err
is 'one broken hunt: exit code' "$?" 3
like 'the others ran' "$(cat all.out)" 'refused'
rm w/hunts/broken.sql w/hunts/users.sql

# A hunt of the user takes the place of the built-in one.
sed 's/^-- title: .*/-- title: Ours/; s/integer 10/integer 12/' \
    "$refused" >w/hunts/fw-denied-outbound.sql
like 'it is the one that is listed' "$(kura -C w hunts --format csv)" 'Ours'
sed 's/integer 10/integer 11/' "$refused" >w/hunts/refused.sql
like 'a new version is a new baseline, and says so' "$(hunt refused 2>&1)" \
    'ran for the first time in this version'
rm w/hunts/fw-denied-outbound.sql
cp "$refused" w/hunts/

# Allowed: taken out of what is shown, counted, and shown when asked for.
hunt refused >/dev/null 2>&1
must_fail 2 kura -C w allow add dst_ip=198.51.100.66
must_fail 2 kura -C w allow add --kind network --reason x dst_ip=nonsense
kura -C w --now 2025-03-10 allow add --kind network --for 30d --reason 'our own test server' \
    dst_ip=198.51.100.64/30 >/dev/null
like 'allowed ones are counted' "$(hunt refused 2>&1)" '0 still there, 0 gone, 2 allowed'
like 'and shown with the reason' "$(hunt refused --show-allowed 2>/dev/null)" \
    'allowed: our own test server'
hunt refused --exit-code >/dev/null 2>&1
is 'they are no findings for --exit-code' "$?" 0
like 'the rule ends' "$(kura -C w --now 2025-05-01 hunt refused 2>&1)" '2 still there, 0 gone, 0 allowed'
kura -C w allow remove 1
like 'or is removed' "$(hunt refused 2>&1)" '2 still there'

# Gone: the run looks where it had been.
rm -r w/online w/catalog.db*
kura -q -C w catalog rebuild 2>/dev/null
kura -q init --zone Asia/Tokyo w2
cp -r w/hunts w2/
cp w/case.db w2/
kura -q -C w2 ingest day5.log
like 'what is not there any more is gone' \
    "$(kura -C w2 --now 2025-03-10 hunt refused --from 2025-03-01 --to 2025-03-09 2>&1)" \
    '1 still there, 1 gone'

# Not recorded: by wish, and where case.db cannot be written.
kura -q init --zone Asia/Tokyo w3
cp -r w/hunts w3/
kura -q -C w3 ingest day4.log
kura -C w3 hunt refused --no-record >/dev/null 2>&1
is '--no-record leaves nothing' "$(test -e w3/case.db; echo $?)" 1

# Log content is inert.
printf '2025-03-06T09:00:00+09:00 gate1 deny user=\033[31m<b>=cmd src=10.1.0.9 dst=198.51.100.9\n' >hostile
packets 12 10.1.0.47 198.51.100.66 6667 Deny 6 | sed "s/service=[^ ]*/service=$(printf '\033[31m=1+1')/" >esc.log
kura -q -C w3 ingest esc.log
hunt_bytes=$(kura -C w3 hunt refused 2>&1 | tr -d '\n' | tr -d ' -~')
is 'no control byte in a table' "$hunt_bytes" ''
id=$(kura -C w3 finding list --format csv | tr -d '\r' | sed 1d | head -1 | sed 's/.*,\([0-9a-f]\{16\}\),.*/\1/')
is 'nor behind a finding' "$(kura -C w3 finding show "$id" | tr -d '\n' | tr -d ' -~')" ''
done_testing
