-- title: A client looks for encrypted resolvers
-- table: dns
-- needs: dns.src_ip, dns.query
-- window: 30d
-- stage: command-and-control
-- attack: v19 T1572, T1071.004
-- level: medium
-- tags: plus
-- param: max_clients integer 10 "most clients that ask for the name"
-- key: src_ip, query
-- why: {src_ip} asked {events} times for {query:defang}, a resolver over HTTPS or TLS, first at {first_ts}
-- about: What is asked of such a resolver is in no log of the house. Told is the first time
--   within a month that a client asks for one.
--   Benign: a browser that switches to it by itself; turn that off by policy. Many clients
--   at once are an update of the browser and are left out.
--   Next: whether the client reached it (proxy, firewall, port 853).
-- hit: dns-doh.hit.log
-- miss: dns-doh.miss.log
WITH asked AS MATERIALIZED (
    SELECT src_ip, query, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM dns_rollup
    WHERE ts >= :from_ts - 30 * 86400000000 AND ts < :to_ts
      AND query REGEXP '(?xi) ^ (
          dns\.google | dns64\.dns\.google | 8888\.google | ([a-z]+\.)?cloudflare-dns\.com
        | one\.one\.one\.one | 1dot1dot1dot1\.cloudflare-dns\.com | ([a-z0-9-]+\.)?cloudflare-gateway\.com
        | dns(9|10|11|12)?\.quad9\.net | doh\.opendns\.com | doh\.(familyshield|umbrella)\.opendns\.com
        | dns\.umbrella\.com | ([a-z0-9-]+\.)?dns\.nextdns\.io | ([a-z-]+\.)?doh\.cleanbrowsing\.org
        | doh\.cleanbrowsing\.org | dns(-family|-unfiltered)?\.adguard(-dns)?\.com | d\.adguard-dns\.com
        | ([a-z0-9-]+\.)?dns\.controld\.com | freedns\.controld\.com | (adblock\.|base\.|all\.)?dns\.mullvad\.net
        | doh\.mullvad\.net | dns\.alidns\.com | doh\.pub | dns\.pub | doh\.360\.cn | dot\.360\.cn
        | doh\.dns\.sb | dot\.sb | dns\.sb | public\.dns\.iij\.jp | doh\.tiar\.app | jp\.tiar\.app
        | dns\.twnic\.tw | doh\.libredns\.gr | dot\.libredns\.gr | dns\.digitale-gesellschaft\.ch
        | odoh\.cloudflare-dns\.com | doh\.xfinity\.com | doh\.dns\.apple\.com | dns0\.eu | zero\.dns0\.eu
        | dns\.switch\.ch | doh\.applied-privacy\.net | dns\.njal\.la | ordns\.he\.net | dns\.decloudus\.com
        | doh\.centraleu\.pi-dns\.com | dnsforge\.de | blahdns\.com | doh-[a-z]+\.blahdns\.com
        | dns\.rubyfish\.cn | basic\.rethinkdns\.com | sky\.rethinkdns\.com | max\.rethinkdns\.com ) \.? $'
    GROUP BY src_ip, query)
SELECT src_ip, query, events, first_ts, last_ts
FROM asked
WHERE first_ts >= :from_ts
  AND query IN (SELECT query FROM asked GROUP BY query
                HAVING count(*) <= :max_clients)
ORDER BY src_ip, query
