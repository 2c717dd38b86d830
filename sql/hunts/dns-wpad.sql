-- title: The proxy is looked for outside the house
-- table: dns
-- needs: dns.src_ip, dns.query
-- stage: exploitation, command-and-control
-- attack: v19 T1557
-- level: low
-- tags: plus
-- param: min_events integer 1 "smallest number of questions"
-- key: src_ip, query
-- why: {src_ip} asked {events} times for {query:defang}, from {first_ts} to {last_ts}
-- about: Windows looks for wpad (the settings of the proxy) and isatap (a tunnel for IPv6) in
--   the domain of the machine and then above it. Whoever owns the name that is asked for
--   outside the house becomes the client's proxy. Names below the mail domains and the
--   domains of the controllers in kura.yaml are the house's own.
--   Benign: a laptop that was at home, with that network's domain.
--   Next: turn WPAD off, or register the name; which domain the client believes it is in.
-- hit: dns-wpad.hit.log
-- miss: dns-wpad.miss.log
WITH own AS MATERIALIZED (
    SELECT domain FROM site_mail_domain
    UNION SELECT registered_domain(name) FROM site_controller
    WHERE registered_domain(name) IS NOT NULL)
SELECT src_ip, query, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM dns_rollup
WHERE ts >= :from_ts AND ts < :to_ts AND query REGEXP '(?i)^(wpad|isatap)\.[^.]'
GROUP BY src_ip, query
HAVING sum(events) >= :min_events
   AND NOT EXISTS (SELECT 1 FROM own WHERE domain_under(query, domain))
ORDER BY src_ip, query
