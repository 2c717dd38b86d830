/* plant_windows.c - attacks and look-alikes in the log of the controllers. */
#include "tests/bench/gen/scenario.h"

#define DC1 "dc1." OWN
#define FILES "file1." OWN

static void event(struct scenario *s, int64_t ms, unsigned id,
                  const char *computer, const char *account, const char *ip)
{
    log_logon(s, &(struct logon){.ms = ms,
                                 .id = id,
                                 .computer = computer,
                                 .account = account,
                                 .ip = ip});
}

static void admin_host(struct scenario *s, uint32_t day, uint32_t who)
{
    const char *ip = person(s, who)->ip;

    event(s, at(s, day, 19, 31, 0), 4768, DC1, "kanri", ip);
    event(s, at(s, day, 19, 31, 1), 4624, FILES, "kanri", ip);
    hit(s, "ad-admin-logon-host", "an administrator's account on a client",
        "client=%s|TargetUserName=kanri", ip);
    miss(s, "ad-admin-logon-host", "on the administrators' machine",
         "client=10.9.0.5|TargetUserName=kanri");
}

static void critical_event(struct scenario *s, uint32_t day, uint32_t who)
{
    event(s, at(s, day, 20, 2, 0), 4719, DC1, person(s, who)->user, NULL);
    hit(s, "ad-critical-event", "less is audited from now on",
        "EventID=4719|account=%s", person(s, who)->user);
    log_logon(s, &(struct logon){.ms = at(s, day, 20, 5, 0),
                                 .id = 4719,
                                 .channel = "Application",
                                 .computer = FILES,
                                 .account = "svc-backup"});
    miss(s, "ad-critical-event", "the same number in a program's own log",
         "EventID=4719|account=svc-backup");
}

static void log_cleared(struct scenario *s, uint32_t day, uint32_t who)
{
    event(s, at(s, day, 21, 40, 0), 1102, FILES, person(s, who)->user, NULL);
    hit(s, "ad-log-cleared", "the security log of the file server is cleared",
        "EventID=1102|Computer=" FILES);
    miss(s, "ad-log-cleared", "a controller starts again after updates",
         "EventID=1100|Computer=dc2." OWN);
}

/* `n` tries in a morning, of which the last gets in. */
static void tries(struct scenario *s, uint32_t day, const struct person *p,
                  uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        int64_t ms = at(s, day, 9, 30, 0) + i * INT64_C(20000);

        log_logon(s,
                  &(struct logon){.ms = ms,
                                  .id = i + 1 < n ? 4625 : 4624,
                                  .computer = FILES,
                                  .account = person(s, 3 + i % 11)->user,
                                  .ip = p->ip,
                                  .status = i + 1 < n ? "0xc000006d" : NULL});
    }
}

static void logon_change(struct scenario *s, uint32_t day, uint32_t who)
{
    tries(s, day, person(s, who), 110);
    hit(s, "ad-logon-change", "a client that tries accounts all at once",
        "client=%s", person(s, who)->ip);
    tries(s, day, person(s, who + 1), 30);
    miss(s, "ad-logon-change", "thirty tries", "client=%s",
         person(s, who + 1)->ip);
}

static void logon_volume(struct scenario *s, uint32_t day, uint32_t who)
{
    tries(s, day, person(s, who), 320);
    hit(s, "ad-logon-volume", "a hundred times what others do", "src_ip=%s",
        person(s, who)->ip);
    tries(s, day, person(s, who + 1), 160);
    miss(s, "ad-logon-volume", "fewer than two hundred", "src_ip=%s",
         person(s, who + 1)->ip);
}

static void privileges(struct scenario *s, uint32_t day, uint32_t who)
{
    event(s, at(s, day, 17, 15, 0), 4672, DC1, person(s, who)->user, NULL);
    hit(s, "ad-privileges", "an office account with special privileges",
        "account=%s", person(s, who)->user);
    miss(s, "ad-privileges", "the administrator", "account=kanri");
}

const struct plant plants_windows[] = {
    {"ad-admin-logon-host", 99, 2, admin_host},
    {"ad-critical-event", 106, 4, critical_event},
    {"ad-log-cleared", 113, 6, log_cleared},
    {"ad-logon-change", 135, 8, logon_change},
    {"ad-logon-volume", 149, 10, logon_volume},
    {"ad-privileges", 163, 12, privileges},
    {NULL, 0, 0, NULL}};
