-- title: A way into an account, written into the directory
-- table: windows
-- needs: windows.AttributeLDAPDisplayName, windows.ObjectDN
-- stage: command-and-control
-- attack: v19 T1098, T1556, T1558.003
-- level: high
-- tags: core
-- key: account, ObjectDN, attribute
-- why: {account} wrote {attribute} of {ObjectDN} on {Computer} ({meaning})
-- evidence: windows: EventID = 5136 AND ObjectDN = :ObjectDN AND AttributeLDAPDisplayName = :attribute AND SubjectUserName IS :SubjectUserName
-- about: Attributes that let somebody act as another (5136): a key to log on with
--   (msDS-KeyCredentialLink), who may act for others there
--   (msDS-AllowedToActOnBehalfOfOtherIdentity, msDS-AllowedToDelegateTo), a
--   certificate for the account (altSecurityIdentities), a service name on a person's
--   account, so that a ticket gives its password away (servicePrincipalName), who
--   rules the administrators (nTSecurityDescriptor of AdminSDHolder). Benign: a
--   machine that writes its own, Windows Hello, Exchange, an administrator who sets
--   up delegation.
-- hit: ad-shadow-credentials.hit.log
-- miss: ad-shadow-credentials.miss.log
WITH written AS MATERIALIZED (
    SELECT SubjectUserName, ObjectDN, ObjectClass, AttributeLDAPDisplayName, Computer,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 5136
      AND (AttributeLDAPDisplayName IN ('msDS-KeyCredentialLink',
               'msDS-AllowedToActOnBehalfOfOtherIdentity', 'msDS-AllowedToDelegateTo',
               'altSecurityIdentities')
           OR AttributeLDAPDisplayName = 'servicePrincipalName' AND ObjectClass = 'user'
           OR AttributeLDAPDisplayName = 'nTSecurityDescriptor'
              AND ObjectDN LIKE 'CN=AdminSDHolder,%')
    GROUP BY SubjectUserName, ObjectDN, ObjectClass, AttributeLDAPDisplayName, Computer
)
SELECT coalesce(account_name(SubjectUserName), 'somebody') AS account, ObjectDN,
       AttributeLDAPDisplayName AS attribute, min(SubjectUserName) AS SubjectUserName,
       CASE AttributeLDAPDisplayName
            WHEN 'msDS-KeyCredentialLink' THEN 'a key that logs on as it'
            WHEN 'msDS-AllowedToActOnBehalfOfOtherIdentity'
                THEN 'who may act for others there'
            WHEN 'msDS-AllowedToDelegateTo' THEN 'where it may act for others'
            WHEN 'altSecurityIdentities' THEN 'a certificate that logs on as it'
            WHEN 'servicePrincipalName' THEN 'tickets that give its password away'
            ELSE 'who rules the administrators' END AS meaning,
       min(Computer) AS Computer, sum(events) AS events, min(first_ts) AS first_ts,
       max(last_ts) AS last_ts
FROM written
WHERE SubjectUserName IS NULL OR SubjectUserName NOT LIKE '%$'
   OR lower(ObjectDN) NOT LIKE 'cn=' || machine_name(SubjectUserName) || ',%'
GROUP BY account, ObjectDN, AttributeLDAPDisplayName
ORDER BY account, ObjectDN, attribute
