-- title: Somebody asks for a whole zone
-- table: dns
-- needs: dns.src_ip, dns.record_type
-- stage: reconnaissance, command-and-control
-- attack: v19 T1590.002
-- level: high
-- tags: core
-- param: min_any integer 5 "smallest number of questions for ANY"
-- key: src_ip, query, record_type
-- why: {src_ip} asked {events} times for {record_type} of {query}, from {first_ts} to {last_ts}
-- about: AXFR and IXFR copy all names of a zone: servers, networks, what they are for. Only
--   the other name servers of the zone have a reason; name them as resolvers in kura.yaml
--   or in an allow rule. ANY asks for all records of a name; few programs do.
--   A refused transfer counts as well.
--   Benign: a name server that kura.yaml does not know, an administrator with dig.
--   Next: what else this client asked for; dns-internal-sweep.
-- evidence: dns: src_ip = :src_ip AND query = :query
-- hit: dns-zone-transfer.hit.log
-- miss: dns-zone-transfer.miss.log
WITH asked AS MATERIALIZED (
    SELECT src_ip, query, record_type, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND record_type IN ('AXFR', 'IXFR', 'ANY')
    GROUP BY src_ip, query, record_type
    UNION ALL
    SELECT src_ip, query, 'AXFR', sum(events), min(first_ts), max(last_ts)
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND action = 'transfer' AND record_type IS NULL
    GROUP BY src_ip, query)
SELECT src_ip, query, record_type, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM asked
WHERE src_ip NOT IN (SELECT address FROM site_resolver)
GROUP BY src_ip, query, record_type
HAVING record_type <> 'ANY' OR sum(events) >= :min_any
ORDER BY src_ip, query, record_type
