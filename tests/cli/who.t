#!/bin/sh
# kura who: the account behind an address at a time, by the last log-on before
# it; weaker witnesses; what speaks against it.
. "$(dirname "$0")/../lib.sh"

number=100
event() { # TIME ID COMPUTER MEMBERS
    number=$((number + 1))
    printf '{"TimeCreated":"2025-03-04T%sZ","EventID":%s,"Channel":"Security","Computer":"%s.example.co.jp","EventRecordID":%s,%s}\n' \
        "$1" "$2" "$3" "$number" "$4"
}
net() { # TIME ACCOUNT ADDRESS [TYPE [COMPUTER]]
    event "$1" 4624 "${5-fs1}" "\"TargetUserName\":\"$2\",\"LogonType\":${4-3},\"IpAddress\":\"$3\""
}
ticket() { # TIME ACCOUNT ADDRESS [STATUS]
    event "$1" 4768 dc1 "\"TargetUserName\":\"$2\",\"Status\":\"${4-0x0}\",\"IpAddress\":\"::ffff:$3\""
}
at_desk() { # TIME ACCOUNT COMPUTER TYPE
    event "$1" 4624 "$3" "\"TargetUserName\":\"$2\",\"LogonType\":$4,\"IpAddress\":\"127.0.0.1\",\"WorkstationName\":\"$3\""
}
{
    ticket 00:10:00 kato 10.1.0.47       # the day before 10:00 in Tokyo
    ticket 00:20:00 'PC-KATO$' 10.1.0.47 # the machine itself
    net 00:30:00 'PC-KATO$' 10.1.0.47
    net 00:30:01 'ANONYMOUS LOGON' 10.1.0.47
    ticket 00:40:00 suzuki 10.1.0.47 0x18 # refused
    event 00:41:00 4625 fs1 '"TargetUserName":"suzuki","LogonType":3,"IpAddress":"10.1.0.47"'
    net 03:00:00 'EXAMPLE\\Kato' 10.1.0.47

    net 01:00:00 kato 10.1.0.50 10
    net 01:30:00 ito 10.1.0.50 10
    net 01:40:00 kato 10.1.0.50 10

    ticket 01:00:00 'PC-MORI$' 10.1.0.51 # desk: its log has no address
    at_desk 01:10:00 mori pc-mori 2
    at_desk 01:10:00 abe pc-abe 2
    at_desk 02:10:00 mori pc-mori 7
    event 05:00:00 4647 pc-mori '"TargetUserName":"mori"'

    ticket 01:00:00 ueda 10.1.0.52
    ticket 01:00:01 'PC-A$' 10.1.0.52
    ticket 02:00:00 'PC-B$' 10.1.0.52
    event 02:00:02 4769 dc1 '"TargetUserName":"PC-B$@EXAMPLE.CO.JP","ServiceName":"FS1$","Status":"0x0","IpAddress":"10.1.0.52"'
    event 02:00:03 4769 dc1 '"TargetUserName":"oda@EXAMPLE.CO.JP","ServiceName":"FS1$","Status":"0x0","IpAddress":"10.1.0.52"'
} >w.json
cat >p.log <<'E2'
1741057200.000      7 10.1.0.47 TCP_MISS/200 10 GET http://www.example.com/a suzuki HIER_DIRECT/203.0.113.7 text/html
1741057200.000      7 10.1.0.60 TCP_MISS/200 10 GET http://www.example.com/a EXAMPLE\ono HIER_DIRECT/203.0.113.7 text/html
E2
cat >m.log <<'E2'
2025-03-04T03:00:00.000000+00:00 mx1 postfix/smtpd[100]: 4ABCDE: client=pc[10.1.0.61], sasl_method=PLAIN, sasl_username=noda@example.co.jp
E2
kura -q init --zone Asia/Tokyo w
kura -q -C w ingest w.json p.log m.log

who() {
    kura -C w --now 2025-03-05T00:00:00Z who --format csv "$@" 2>who.err | tr -d '\r' | sed 1d
}
columns() { # NUMBERS ARGUMENTS
    columns=$1
    shift
    who "$@" | cut -d, -f"$columns"
}

is "the last log-on before" "$(columns 1,2,4,5,6 10.1.0.47 2025-03-04T10:00 | sed -n 1p)" \
    'kato,answer,2025-03-04 09:10:00,50 min,1'
like "by what" "$(who 10.1.0.47 2025-03-04T10:00 | sed -n 1p)" 'Kerberos ticket \(4768\),.*,pc-kato,dc1.example.co.jp,[^,]*/w.json:1,'
is "machines, nobody and who was refused do not count" "$(columns 1 10.1.0.47 2025-03-04T10:00 | wc -l)" 1
is "names of one account are one" "$(columns 1,5,6 10.1.0.47 2025-03-04T12:00:30 | sed -n 1p)" 'kato,30 s,2'
is "an address as the event writes it" "$(columns 1 ::ffff:10.1.0.47 2025-03-04T10:00)" kato
is "a proxy's user is a weaker witness" "$(columns 1-3,10 10.1.0.47 2025-03-04T13:00 | sed -n 2p)" \
    'suzuki,also,user name at the proxy,weaker witness'
is "and is told against it only when it is later" "$(columns 10 10.1.0.47 2025-03-04T13:00 | sed -n 1p)" \
    '""'
is "a shared machine" "$(columns 1,10- 10.1.0.50 2025-03-04T11:00)" \
    'kato,"shared: 1 more account(s) in the same time, such as ito"
ito,at the same time'
is "at the desk of the machine that has the address" "$(columns 1,3,4 10.1.0.51 2025-03-04T12:00)" \
    'mori,machine unlocked (4624 type 7),2025-03-04 11:10:00'
like "logged off" "$(who 10.1.0.51 2025-03-04T15:00)" 'mori,answer.*logged off \(4647\) at 2025-03-04 14:00:00'
like "an address that moved" "$(who 10.1.0.52 2025-03-04T12:00 | sed -n 1p)" '^oda,answer,service ticket \(4769\),.*2 machines had the address'
like "only a proxy" "$(who 10.1.0.60 2025-03-04T13:00)" '^ono,answer,user name at the proxy,.*only a weak witness'
like "only the mail server" "$(who 10.1.0.61 2025-03-04T13:00)" '^noda,answer,log-in to the mail server,'
is "how far back" "$(columns 1 --within 2h 10.1.0.47 2025-03-04T11:30 | wc -l)" 0
is "now, by default" "$(columns 1,5 --within 24h 10.1.0.50 | sed -n 1p)" 'kato,22 h 20 min'
like "json" "$(kura -C w who --format json 10.1.0.50 2025-03-04T11:00 | sed -n 1p)" '^\{"who":"kato","answer":"answer","witness":"remote desktop'

must_fail 1 kura -C w who 10.9.9.9 2025-03-04T11:00
like "nobody" "$(cat must_fail.err)" 'no log-on, ticket or user name from 10.9.9.9'
must_fail 2 kura -C w who
must_fail 2 kura -C w who pc-kato
must_fail 2 kura -C w who 10.1.0.47 yesteryear
must_fail 2 kura -C w who --within long 10.1.0.47
must_fail 2 kura -C w who --format xml 10.1.0.47
must_fail 3 kura -C nowhere who 10.1.0.47
done_testing
