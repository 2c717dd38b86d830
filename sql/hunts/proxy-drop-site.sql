-- title: Something is left at a drop site
-- table: proxy
-- needs: proxy.cs_method, proxy.cs_host, proxy.sc_status
-- window: 14d
-- stage: actions-on-objectives, command-and-control
-- attack: v19 T1567, T1102, T1572
-- level: medium
-- tags: core
-- param: max_clients integer 5 "most clients that do it"
-- param: min_events integer 1 "smallest number of requests"
-- key: src_ip, cs_host
-- why: {src_ip} sent {events} POST, PUT or CONNECT to {cs_host:defang} ({kind}), {sent:size} sent, from {first_ts} to {last_ts}
-- about: Sites where anybody may leave texts and files, take in messages by a web hook, or
--   open a tunnel to a machine at home. Reading (GET) is not counted; a tunnel to the
--   site may be reading too.
--   Benign: people who share files that way; if the house permits a site, name it in
--   work_domains. Next: bytes sent; who was logged on; a browser or a program.
-- hit: proxy-drop-site.hit.log
-- miss: proxy-drop-site.miss.log
WITH used AS MATERIALIZED (
    SELECT src_ip, cs_host, sum(events) AS events, sum(sum_cs_bytes) AS sent,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND cs_method IN ('POST', 'PUT', 'CONNECT')
      AND sc_status BETWEEN 200 AND 399
      AND cs_host REGEXP '(?xi) (^|\.) (
          pastebin\.com | paste\.ee | pastes\.dev | hastebin\.com | dpaste\.(com|org) | ghostbin\.(com|co)
        | rentry\.(co|org) | controlc\.com | justpaste\.it | 0bin\.net | privatebin\.(net|info)
        | ix\.io | termbin\.com | sprunge\.us | p\.ip\.fi | paste\.rs | paste\.c-net\.org
        | transfer\.sh | file\.io | gofile\.io | anonfiles?\.com | bayfiles\.com | 0x0\.st
        | catbox\.moe | litterbox\.catbox\.moe | temp\.sh | tmpfiles\.org | bashupload\.com | oshi\.at
        | mega\.(nz|io|co\.nz) | userstorage\.mega\.co\.nz | mediafire\.com | sendspace\.com
        | zippyshare\.com | uploadfiles\.io | ufile\.io | wetransfer\.com | sendgb\.com
        | gigafile\.nu | firestorage\.(jp|com) | dotup\.org | 1drv\.com | qiwi\.gg | pixeldrain\.com
        | workupload\.com | filebin\.net | put\.re | send\.vis\.ee | pcloud\.com
        | webhook\.site | requestbin\.(com|net) | requestcatcher\.com | pipedream\.(net|com) | beeceptor\.com
        | interact\.sh | oast\.(fun|live|me|online|pro|site) | burpcollaborator\.net | oastify\.com
        | canarytokens\.(com|org) | hookbin\.com | mockbin\.org
        | api\.telegram\.org | discordapp?\.com | cdn\.discordapp\.com | api\.pushover\.net
        | ngrok\.(io|app|dev|com) | ngrok-free\.(app|dev) | trycloudflare\.com | localtunnel\.me
        | loca\.lt | localhost\.run | lhr\.life | serveo\.net | pagekite\.me | telebit\.(cloud|io)
        | bore\.pub | playit\.gg | pinggy\.(io|link) | devtunnels\.ms | localto\.net | zrok\.io ) \.? $'
    GROUP BY src_ip, cs_host)
SELECT src_ip, cs_host,
       CASE WHEN cs_host REGEXP '(?i)(ngrok|cloudflare|localtunnel|loca\.lt|localhost\.run|lhr\.life|serveo|pagekite|telebit|bore\.pub|playit|pinggy|devtunnels|localto|zrok)' THEN 'tunnel'
            WHEN cs_host REGEXP '(?i)(webhook|requestbin|requestcatcher|pipedream|beeceptor|interact|oast|collaborator|canary|hookbin|mockbin|telegram|discord|pushover)' THEN 'messages'
            ELSE 'texts and files' END AS kind,
       total(sent) AS sent, sum(events) AS events,
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
