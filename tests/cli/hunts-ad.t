#!/bin/sh
# The hunts over Active Directory against real event logs of attacks, where they
# lie beside the project: each finds what the attack is named after.
. "$(dirname "$0")/../lib.sh"

[ -d "$samples/ad" ] || skip_all "the folder of real logs is not here"

kura -q init --zone Asia/Tokyo w
# Who is who in those logs; a controller's address that is not the true one.
cat >>w/kura.yaml <<'E2'
site:
  administrators:
    - {account: admmig, hosts: 10.23.23.9}
  controllers:
    - {name: mordordc.theshire.local, address: 172.18.39.1}
    - {name: rootdc1.offsec.lan, address: 10.23.42.10}
  service_accounts: [svc-none]
E2
kura -q -C w ingest "$samples/ad" 2>ingest.err
kura -C w hunt --all --table windows --from 2009-01-01 --to 2026-01-01 --format csv 2>hunt.err |
    tr -d '\r' >found

finds() { # HUNT PATTERN: in the sentence of a finding
    cut -d, -f3- found | grep "^$1," >one
    if grep -qE -- "$2" one; then
        ok "$1: $2" true
    else
        ok "$1: $2" false
        cut -c1-200 one | sed 's/^/# /'
    fi
}
while IFS='|' read -r hunt pattern; do
    finds "$hunt" "$pattern"
done <<'E2'
ad-admin-logon-host|admmig asked to log on .* from 10.23.123.11
ad-privileges|pgustavo was given special privileges
ad-critical-event|event 4765 on 2012r2srv
ad-critical-event|event 4794 on 2016dc
ad-critical-event|event 4964 on fs03vuln
ad-log-cleared|the log System was cleared on PC01
ad-log-cleared|the log Security was cleared on Win7_64JP_03
ad-password-spray|10.23.123.11 tried 22 accounts
ad-password-spray|desktop-jr78rlp tried
ad-user-enumeration|172.16.66.1 asked for 7 accounts
ad-asrep-roast|10.23.123.11 got a ticket for hacker2
ad-pass-the-hash|admmig logged on over NTLM without a session key
ad-pass-the-hash|ieuser logged on with other credentials
ad-group-change|lambda-user added .* to the group Domain Admins
ad-account-created|3teamssixf\$ .* then it joined Administrators
ad-account-created|3teamssixf\$ .* it was removed
ad-account-created|3teamssixf\$ .* lists of users do not show
ad-computer-account|hack1 renamed the computer account compnay-88\$ to rootdc1
ad-computer-account|ANONYMOUS LOGON changed the computer account MORDORDC\$
ad-service-installed|PSEXESVC was installed on jump01
ad-service-installed|BTOBTO was installed on rootdc1
ad-service-installed|iOWamcEn was installed on srvdefender01
ad-task-created|bouWFQYO on fs01
ad-task-created|EventCacheManager on WORKSTATION6
ad-admin-share|ieuser from 10.0.2.16 put programs or pipes
ad-admin-share|admmig from 10.23.123.11 put programs or pipes
ad-shadow-credentials|admmig wrote msDS-AllowedToDelegateTo
ad-disabled-account|10.23.123.11 tried 15 accounts
ad-audit-policy|admmig switched off auditing of 30 subcategories
ad-trust-policy|a trust to another domain was made on CDCWTRDC01
E2
done_testing
