# warehouses.sh - what the tests of the tables ask: made-up logs of four products
# with what is hard to compare (other case, numbers as text, NULL, empty, long,
# not ASCII, not UTF-8, limits of integers, midnight), in the warehouses w and
# big; the same with sealed days in sealed and sealed-big; with days in volumes
# in archived and archived-big.  Sourced after lib.sh.

# Five days from 2015-02-26 on (UTC), the last one behind the end of a month.
start=1424908800

# Lines at irregular times, and on both sides of each midnight.
proxy_lines() { # ROWS SEED
    awk -v rows="$1" -v seed="$2" -v start="$start" '
    function pick(list, n, parts) {
        n = split(list, parts, "|")
        return parts[int(rand() * n) + 1]
    }
    BEGIN {
        srand(seed)
        long = "l"
        for (i = 0; i < 11; i++)
            long = long long
        for (i = 0; i < rows; i++) {
            t = start + int(i * 5 * 86400 / rows)
            ms = int(rand() * 1000)
            if (i % 97 == 0) {
                t = start + 86400 * (1 + i % 4) - 1
                ms = 999
            } else if (i % 89 == 0) {
                t = start + 86400 * (i % 5)
                ms = 0
            }
            host = pick("www.example.com|WWW.Example.COM|www.example.com|" \
                "mail.example.co.jp|example.org|cdn-1.example.net|" \
                "192.0.2.7|80|1e2|m\303\274ller.example|" \
                "M\303\234LLER.example|badexample.com|localhost|" \
                "d" int(rand() * 60) ".example.net")
            path = pick("/|/a/b.php|/A/B.PHP|/x_y%20z|/50%25|" \
                "/get/setup.exe?x=1.jpg|/?q=|/?q=A%2Fb_C|/[a-c]*?|" \
                "/\346\227\245\346\234\254|/bad\377byte|/i" \
                int(rand() * 100))
            if (i % 211 == 0)
                path = "/" long
            port = pick("||||:8080|:443|:0|:65535")
            url = "http://" host port path
            method = pick("GET|GET|POST|get")
            if (rand() < 0.1) {
                url = host pick(":443|:8443")
                method = "CONNECT"
            } else if (rand() < 0.05)
                url = "error:invalid-request"
            user = pick("-|-|-|taro|Taro|TARO|hanako|80|080|8e1|80.0|" \
                "9007199254740993|-0|jos\303\251|NULL")
            bytes = pick("0|1|80|443|74769|9007199254740992|" \
                "9007199254740993|4611686018427387904|" int(rand() * 9999))
            if (rand() < 0.7)
                bytes = int(rand() * 3000)
            src = pick("192.168.0." int(rand() * 20) "|10.0.0.5|" \
                "203.0.113.9|2001:db8::10|2001:DB8::10|172.16.3.4")
            printf "%d.%03d %6d %s %s/%s %s %s %s %s %s/%s%s\n", t, ms,
                pick("0|12|452|123456"), src,
                pick("TCP_MISS|TCP_DENIED|NONE_NONE|TCP_HIT"),
                pick("200|200|403|000|404"), bytes, method, url, user,
                pick("HIER_DIRECT|HIER_NONE"),
                pick("-|203.0.113.7|files.example.net"),
                pick("| -| text/html| TEXT/HTML| application/zip|" \
                    " - \"http://www.example.org/\" \"Ex_ample/1.0 (%)\"|" \
                    " - \"\" \"\"| - \"-\" \"80\"")
        }
    }'
}

combined_lines() { # ROWS
    awk -v rows="$1" 'BEGIN {
        for (i = 0; i < rows; i++)
            printf "192.168.0.%d - %s [%02d/Feb/2015:%02d:%02d:00 +0900] " \
                "\"GET http://www.example.com/c%d HTTP/1.1\" 200 %s \"%s\" " \
                "\"%s\" TCP_MISS:HIER_DIRECT %s\n", i % 9,
                i % 3 ? "-" : "Kim", 26 + i % 3, i % 24, i % 60, i % 7,
                i % 4 ? i : "-", i % 5 ? "-" : "",
                i % 2 ? "Mozilla/5.0 \303\251" : "", i % 3 ? i * 1000 : "-"
    }'
}

firewall_lines() { # ROWS SEED
    awk -v rows="$1" -v seed="$2" '
    function pick(list, n, parts) {
        n = split(list, parts, "|")
        return parts[int(rand() * n) + 1]
    }
    BEGIN {
        srand(seed)
        split("2015-02-26|2015-02-27|2015-02-28|2015-03-01|2015-03-02", day, "|")
        for (i = 0; i < rows; i++) {
            when = sprintf("%s %02d:%02d:%02d", day[1 + int(i * 5 / rows)],
                i % 24, i % 60, i % 59)
            if (i % 41 == 0)
                when = day[1 + i % 5] " " pick("00:00:00|23:59:59")
            head = pick("|2015-03-02T01:02:01.258399+09:00 192.168.0.1 |" \
                "<133>") pick("fw1|FW1|fw2") ": NetScreen device_id=" \
                pick("fw1|0123456789000001|80") " [Root]system-"
            if (i % 13 == 0) {
                printf "%salert-00016: Port scan! From 203.0.113.4:%d to " \
                    "192.0.2.5:%d, proto TCP (zone Untrust, int untrust). " \
                    "Occurred %d times. (%s)\n", head, i, i % 100, i % 5, when
                continue
            }
            if (i % 29 == 0) {
                printf "%scritical-00040: VPN %s from 198.51.100.9 is %s.\n",
                    head, pick("branch|Zweigstelle \303\234|80"), pick("up|UP")
                continue
            }
            proto = pick("6|6|17|1|255|0")
            service = pick("http|HTTP|-|80|8e1|tcp/port:9300|MS RPC (any)|dns")
            if (proto == 1)
                service = "icmp"
            tail = proto == 1 \
                ? " icmp type=" pick("0|3|8") \
                : " src_port=" int(rand() * 65536) " dst_port=" \
                  pick("53|80|443|0|65535|8080|" int(rand() * 1000))
            if (i % 3 == 0)
                tail = tail " src-xlated ip=198.51.100.1 port=" 20000 + i % 9
            if (i % 4)
                tail = tail " session_id=" pick("0|7|" i)
            if (i % 5 == 0)
                tail = tail " reason=" pick("Close - TCP FIN|Close - AGE OUT")
            printf "%snotification-00257(traffic): start_time=\"%s\" " \
                "duration=%d policy_id=%s service=%s proto=%s src zone=%s " \
                "dst zone=%s action=%s sent=%s rcvd=%d src=%s dst=%s%s\n",
                head, when, i % 90, pick("-5|-1|0|36|320000"), service, proto,
                pick("Trust|trust|Server Room|Null"), pick("Untrust|self"),
                pick("Permit|Deny|deny|Reject|Tunnel"),
                pick("0|1|60|1500|9007199254740993|4611686018427387904|" i),
                i % 7 * 100, pick("192.168.0." int(rand() * 20) "|10.0.0.5|" \
                    "203.0.113.9|192.168.100.7"),
                pick("203.0.113.9|192.0.2.4|10.1.2.3|192.168.0.3"), tail
        }
    }'
}

dns_lines() { # ROWS SEED
    awk -v rows="$1" -v seed="$2" '
    function pick(list, n, parts) {
        n = split(list, parts, "|")
        return parts[int(rand() * n) + 1]
    }
    BEGIN {
        srand(seed)
        split("26-Feb|27-Feb|28-Feb|01-Mar|02-Mar", day, "|")
        for (i = 0; i < rows; i++) {
            when = sprintf("%s-2015 %02d:%02d:%02d%s ", day[1 + int(i * 5 / rows)],
                i % 24, i % 60, i % 59, pick("|.123|.000001|.5"))
            if (i % 43 == 0)
                when = day[1 + i % 5] "-2015 " pick("00:00:00 |23:59:59.999999 ")
            if (i > 9 && i % 31 == 0)
                when = "" # takes the time of the line before
            name = pick("www.example.com|WWW.EXAMPLE.COM|Www.Example.Com|" \
                "example.com|badexample.com|.|80|1e2|080|_ldap._tcp.example.org|" \
                "a%b.example.net|x_y.example.net|xny.example.net|" \
                "7.2.0.192.in-addr.arpa|m\303\274ller.example|" \
                "M\303\234LLER.EXAMPLE|mail.example.co.jp|co.jp|" \
                "bad\377.example|h" int(rand() * 90) ".example.net")
            type = pick("A|AAAA|PTR|TXT|TYPE65|HTTPS")
            client = "client " pick("192.168.0." int(rand() * 20) \
                "|10.0.0.5|203.0.113.9|2001:db8::5|::1") "#" \
                pick("0|53|80|65535|" int(rand() * 65536)) ": "
            kind = rand()
            if (kind < 0.8)
                printf "%s%s%squery: %s IN %s %s%s\n", when, client,
                    pick("||view inside: |view Inside: "), name, type,
                    pick("+|-|+E(0)K|-ED|+T"), pick("| (192.168.1.53)")
            else if (kind < 0.9)
                printf "%s%sanswer: %s IN %s + (127.0.0.1) -> %s\n", when,
                    client, name, type, pick("NOERROR|NXDOMAIN|NOERROR 2 192.0.2.7")
            else
                printf "%s%squery (cache) \047%s/%s/IN\047 denied\n", when,
                    client, name, type
        }
    }'
}

mail_lines() { # ROWS SEED
    awk -v rows="$1" -v seed="$2" '
    function pick(list, n, parts) {
        n = split(list, parts, "|")
        return parts[int(rand() * n) + 1]
    }
    BEGIN {
        srand(seed)
        split("02-26|02-27|02-28|03-01|03-02", day, "|")
        for (i = 0; i < rows; i++) {
            when = sprintf("2015-%sT%02d:%02d:%02d%s", day[1 + int(i * 5 / rows)],
                i % 24, i % 60, i % 59, pick("Z|.258399+00:00|.5Z"))
            if (i % 43 == 0)
                when = "2015-" day[1 + i % 5] pick("T00:00:00Z|T23:59:59.999999Z")
            from = pick("||root@example.net|Root@Example.NET|80|1e2|" \
                "a_b%c@example.org|j\303\266rg@example.com|u" int(rand() * 50) \
                "@example.net")
            to = pick("info@example.com|INFO@example.com|b@example.com|" \
                "x" int(rand() * 30) "@example.com")
            client = pick("mail.example.net[203.0.113.5]|unknown[2001:db8::5]|" \
                "unknown[unknown]|MAIL.example.net[192.0.2." int(rand() * 9) "]")
            qid = sprintf("%X%05X", 10 + i % 5, i)
            end = " from " client "; from=<" from "> to=<" to "> proto=" \
                pick("ESMTP|SMTP") " helo=<" pick("mail|[127.0.0.1]|MAIL|") ">"
            head = when " " pick("mail1|Mail1|mx") " postfix/"
            kind = i % 9
            pid = "[" pick("1|80|101|" i) "]: "
            if (kind == 0)
                print head "cleanup" pid qid ": warning: header Subject: " \
                    pick("=?UTF-8?B?6KuL5rGC5pu4?=|Re: 80|80|=?UTF-8?Q?=C3=84?=|" \
                        "=?UTF-8?Q?=C3=A4?=|RE: 80|=?ISO-2022-JP?B?GyRCQG1JdBsoQg==?=||50%_off") end
            else if (kind == 1)
                print head "cleanup" pid qid ": warning: header From: " \
                    pick("\"sample@example.com\" <attack@example.net>|" \
                        "Taro <TARO@example.org>|80|<x@example.org>") end
            else if (kind == 2)
                print head "cleanup" pid qid ": warning: header Content-Type: " \
                    "application/zip;? name=\"" pick("report.pdf.exe|REPORT.PDF.EXE|" \
                        "a b.scr|80|\343\203\206.zip|noext") "\"" end
            else if (kind == 3)
                print head "qmgr" pid qid ": from=<" from ">, size=" \
                    pick("0|1590|9007199254740993|" i) ", nrcpt=" i % 3 + 1 \
                    " (queue active)"
            else if (kind == 4)
                print head "smtp" pid qid ": to=<" to ">, relay=" \
                    pick("mx.example.com[203.0.113.9]:25|none|MX.example.com[203.0.113.9]:25") \
                    ", delay=" pick("0|0.64|80|0.001|5e") ", delays=0/0/0/0, dsn=" \
                    pick("2.0.0|4.4.1") ", status=" pick("sent|deferred|SENT") \
                    " (" pick("250 ok|80|(nested) \377 byte|") ")"
            else if (kind == 5)
                print head "smtpd" pid "connect from " client
            else if (kind == 6)
                print head "smtpd" pid "NOQUEUE: reject: RCPT from " client \
                    ": 554 5.7.1 Service unavailable; from=<" from "> to=<" to \
                    "> proto=ESMTP helo=<mail>"
            else if (kind == 7)
                print head "qmgr" pid qid ": removed"
            else
                print head "smtpd" pid pick("warning: odd|lost connection|80|" \
                    "something \346\227\245 else")
        }
    }'
}

mkdir logs
proxy_lines 700 1 >logs/Proxy-A.log
proxy_lines 60 2 >logs/proxy-b.log
combined_lines 90 >logs/combined.log
firewall_lines 600 3 >logs/fw.log
firewall_lines 60 4 >logs/FW-80.log
dns_lines 650 5 >logs/query.log
dns_lines 50 6 >logs/80
mail_lines 700 7 >logs/maillog
mail_lines 50 8 >logs/Maillog-2
# One day with more rows than a segment holds.
awk 'BEGIN {
    for (i = 0; i < 70000; i++)
        printf "27-Feb-2015 %02d:%02d:%02d client 192.168.%d.%d#%d: query: " \
            "h%d.example.net IN A +\n", i / 3600 % 24, i / 60 % 60, i % 60,
            i / 30000, i % 200, i % 60000, i % 5000
}' >big.log

{
    kura -q init --zone Europe/Berlin w &&
        kura -q -C w ingest logs/Proxy-A.log logs/proxy-b.log \
            logs/combined.log logs/query.log logs/maillog logs/Maillog-2 &&
        kura -q -C w ingest --format bind-query logs/80 &&
        kura -q -C w ingest --zone UTC logs/fw.log logs/FW-80.log &&
        kura -q init big && kura -q -C big ingest big.log
} >&2 || exit 1

# The last line of each makes all days before it over; its own stays open.
late="20-Mar-2015 00:00:01 client 192.168.0.1#53: query: h1.example.net IN A +"
later() { # COMMAND OPTION...: on each warehouse of the tier
    for w in $tier; do
        kura -q -C "$w" --now 2015-06-01T00:00:00 "$@" >&2 || exit 1
    done
}
echo "$late" >late.log
tier="w big"
later ingest late.log
cp -R w sealed
cp -R big sealed-big
tier="sealed sealed-big"
later maintain
cp -R sealed archived
cp -R sealed-big archived-big
tier="archived archived-big"
later archive --before 2015-03-20

# Else the same would be asked three times.
open=$(find w big -name '*.db' -path '*/online/*' | wc -l)
sealed=$(find sealed sealed-big -name '*.db.zst' -path '*/online/*' | wc -l)
left=$(find sealed sealed-big -name '*.db' -path '*/online/*' | wc -l)
online=$(find archived archived-big -name '*.db*' -path '*/online/*' \
    ! -name '*-wal' ! -name '*-shm' | wc -l)
volumes=$(find archived archived-big -name '*.tar' | wc -l)
if [ "$open" -lt 24 ] || [ "$sealed" -ne $((open - 2)) ] || [ "$left" -ne 2 ] ||
    [ "$online" -ne 2 ] || [ "$volumes" -lt 5 ]; then
    echo "Bail out! $open open, $sealed sealed and $left not," \
        "$volumes volumes and $online still online"
    exit 1
fi
