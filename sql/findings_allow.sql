-- The first rule that takes a finding: by a column of its row.
UPDATE shown SET allowed = (
    SELECT r.number FROM rule AS r
    WHERE (r.hunt = '' OR r.hunt = shown.hunt)
      AND CASE r.kind
          WHEN 'exact' THEN lower(shown."row" ->> ('$."' || r."column" || '"'))
                            = lower(r.value)
          WHEN 'domain' THEN domain_under(
              shown."row" ->> ('$."' || r."column" || '"'), r.value)
          WHEN 'network' THEN ip_in(
              shown."row" ->> ('$."' || r."column" || '"'), r.value)
          ELSE lower(shown."row" ->> ('$."' || r."column" || '"'))
               GLOB lower(r.value)
          END
    ORDER BY r.number LIMIT 1
);
