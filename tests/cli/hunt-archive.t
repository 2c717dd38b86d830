#!/bin/sh
# Hunts over a warehouse whose older days lie in volumes: what was not searched
# is told, --archived searches it, and what was found there stays found.
. "$(dirname "$0")/../lib.sh"

# packets COUNT DST DATE: refused ones, from nine in the morning.
packets() {
    for i in $(seq 10 $((9 + $1))); do
        printf '%sT09:%02d:00+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time="%s 09:%02d:00" duration=0 policy_id=36 service=tcp/port:6667 proto=6 src zone=Trust dst zone=Untrust action=Deny sent=0 rcvd=0 src=10.1.0.47 dst=%s src_port=50123 dst_port=6667 session_id=0\n' \
            "$3" "$i" "$3" "$i" "$2"
    done
}
now() { # the command, at a time when January is due for the archive
    kura -C w --now 2025-06-20 "$@"
}
{
    packets 12 198.51.100.1 2025-01-30
    packets 12 198.51.100.2 2025-01-31
    packets 12 198.51.100.3 2025-06-10
} >fw.log
kura -q init --zone Asia/Tokyo w
mkdir w/hunts
cp "$top/tests/data/refused.sql" w/hunts/
kura -q -C w ingest fw.log

like 'all of it is online' "$(now hunt refused 2>&1)" \
    '2025-01-30 to 2025-06-10: 1 done.*3 new'
now -q maintain --all
is 'January is archived' "$(now volumes | grep -c 'firewall-2025-01.tar')" 2

like 'without a range the days at hand are searched, whole' \
    "$(now hunt refused 2>&1)" \
    '2025-06-10 to 2025-06-10: 1 done, 0 partial.*0 new, 1 still there, 0 gone'
like 'a range that reaches into the archive is searched in part, and says so' \
    "$(now hunt refused --from 2025-01-01 --to 2025-06-30 2>&1)" \
    'partial: 2 day\(s\) were not searched'
like 'what could not be looked for is not gone' \
    "$(now hunt refused --from 2025-01-01 --to 2025-06-30 2>&1)" ' 0 gone'
like '--archived searches the volumes in place' \
    "$(now hunt refused --archived 2>&1)" \
    '2025-01-30 to 2025-06-10: 1 done, 0 partial.*3 still there'
id=$(now finding list --format csv | tr -d '\r' | grep '198.51.100.1"' | head -1 |
    sed 's/.*,\([0-9a-f]\{16\}\),.*/\1/')
is 'the lines of a finding outlive their archive' \
    "$(now finding show "$id" | grep -c 'device_id=fw1')" 12

# A window that reaches into the archive is told, but the range was searched.
sed 's/^-- stage/-- window: 150d\n&/; s/ts >= :from_ts/ts >= :from_ts - 12960000000000/' "$top/tests/data/refused.sql" \
    >w/hunts/windowed.sql
like 'a window that could not be read is told' "$(now hunt windowed 2>&1)" \
    'windowed done: 2 day\(s\) of the window before the range were not searched'

# Nothing of the archive is due without --archived, and all of it with it.
now hunt --due --format csv >/dev/null 2>&1
is 'nothing more is due' \
    "$(now hunts refused --ledger --format csv | tail -1 | cut -d, -f2)" 0
done_testing
