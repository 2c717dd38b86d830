-- title: Hosts below dynamic DNS
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 14d
-- stage: command-and-control, exploitation, delivery
-- attack: v19 T1568, T1071.001
-- level: medium
-- tags: core
-- param: max_clients integer 5 "most clients that use the host"
-- param: min_events integer 1 "smallest number of requests"
-- key: src_ip, cs_host
-- why: {src_ip} asked {events} times for {cs_host:defang}, a name of a dynamic DNS service, from {first_ts} to {last_ts}
-- about: Anybody can have such a name for nothing and point it elsewhere at any time; many
--   tools for remote control come with one. Benign: somebody's machine at home.
--   Next: who asks for it, a browser or a program; the addresses that it had.
-- hit: proxy-dynamic-dns.hit.log
-- miss: proxy-dynamic-dns.miss.log
WITH used AS MATERIALIZED (
    SELECT src_ip, cs_host, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host REGEXP '(?xi) \. (
          duckdns\.org | ddns\.net | no-ip\.(org|biz|info|com|net) | noip\.(me|us)
        | hopto\.(org|me) | zapto\.org | sytes\.net | servebeer\.com | serveblog\.net
        | servecounterstrike\.com | serveftp\.(com|net) | servegame\.com | servehalflife\.com
        | servehttp\.com | serveirc\.com | serveminecraft\.net | servemp3\.com
        | servepics\.com | servequake\.com | redirectme\.net | myftp\.(biz|org)
        | myvnc\.com | bounceme\.net | gotdns\.ch | webhop\.me | onthewifi\.com
        | viewdns\.net | 3utilities\.com | freedynamicdns\.(net|org)
        | dyndns\.(org|info|biz|tv|ws) | dynalias\.(com|net|org) | dnsalias\.(com|net|org)
        | homeip\.net | homelinux\.(com|net|org) | homeunix\.(com|net|org) | ath\.cx
        | dnsdojo\.(com|net|org) | doesntexist\.(com|org) | gotdns\.(com|org)
        | is-a-geek\.(com|net|org) | kicks-ass\.(net|org) | selfip\.(com|net|org|info|biz)
        | dynu\.(net|com) | ddnsfree\.com | ddnsgeek\.com | giize\.com | gleeze\.com
        | kozow\.com | loseyourip\.com | mywire\.org | ooguy\.com | theworkpc\.com
        | webredirect\.org | casacam\.net | camdvr\.org | accesscam\.org | freeddns\.org
        | chickenkiller\.com | crabdance\.com | ignorelist\.com | jumpingcrab\.com
        | mooo\.com | strangled\.net | twilightparadox\.com | us\.to | uk\.to
        | 3322\.(org|net) | f3322\.(net|org) | 8866\.org | 2288\.org | 6600\.org | 7766\.org
        | 8800\.org | 9966\.org | x3322\.net | dns0755\.net | oicp\.net | vicp\.(net|cc)
        | xicp\.(net|cn) | gicp\.net | eicp\.net | imwork\.net | iask\.in
        | changeip\.(org|net|co) | ns01\.(info|us|biz) | ns02\.(info|us|biz) | dns04\.com
        | dns05\.com | dumb1\.com | dynamic-dns\.net | dynamicdns\.(biz|co\.uk|me\.uk|org\.uk)
        | epac\.to | ezua\.com | ikwb\.com | itemdb\.com | itsaol\.com | jkub\.com
        | justdied\.com | lflinkup\.(com|net|org) | longmusic\.com | mrbasic\.com | mrface\.com
        | my03\.com | mypop3\.(net|org) | mysecondarydns\.com | ocry\.com | onmypc\.(net|org|us|biz|info)
        | organiccrap\.com | otzo\.com | port25\.biz | proxydns\.com | qpoe\.com | rebatesrule\.net
        | sendsmtp\.com | sexidude\.com | ssl443\.org | toythieves\.com | trickip\.(net|org)
        | wikaba\.com | www1\.biz | wwwhost\.biz | x24hr\.com | xxuz\.com | xxxy\.(biz|info)
        | yourtrap\.com | zyns\.com | zzux\.com | dynv6\.net | spdns\.(de|org|eu) | nsupdate\.info
        | goip\.de | myddns\.rocks | ddns\.me | afraid\.org | now-dns\.(net|org|top) | system-ns\.(com|net)
        | dns-dynamic\.net | mydns\.jp | dip\.jp | aa0\.netvolante\.jp | ddo\.jp | ieserver\.net ) \.? $'
    GROUP BY src_ip, cs_host)
SELECT src_ip, cs_host, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used
WHERE cs_host IN (SELECT cs_host FROM (
                      SELECT cs_host, src_ip FROM proxy_rollup
                      WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
                        AND cs_host IN (SELECT cs_host FROM used)
                      GROUP BY cs_host, src_ip)
                  GROUP BY cs_host HAVING count(*) <= :max_clients)
  AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain))
GROUP BY src_ip, cs_host
HAVING sum(events) >= :min_events
ORDER BY src_ip, cs_host
