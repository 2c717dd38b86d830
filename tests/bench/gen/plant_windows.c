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

/* One try each at `n` accounts. */
static void spray(struct scenario *s, uint32_t day, uint32_t who, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++)
        log_logon(s, &(struct logon){.ms = at(s, day, 13, 40, (int)i * 9),
                                     .id = 4771,
                                     .computer = DC1,
                                     .account = person(s, 20 + i)->user,
                                     .ip = person(s, who)->ip,
                                     .status = "0x18"});
}

static void password_spray(struct scenario *s, uint32_t day, uint32_t who)
{
    spray(s, day, who, 24);
    hit(s, "ad-password-spray", "one password against 24 accounts", "client=%s",
        person(s, who)->ip);
    spray(s, day, who + 1, 8);
    miss(s, "ad-password-spray", "against eight", "client=%s",
         person(s, who + 1)->ip);
}

/* One account is refused `n` times and then let in. */
static void guess(struct scenario *s, uint32_t day, const struct person *p,
                  uint32_t n)
{
    uint32_t i;

    for (i = 0; i <= n; i++)
        log_logon(s, &(struct logon){.ms = at(s, day, 14, 5, (int)i * 20),
                                     .id = i < n ? 4625 : 4624,
                                     .computer = FILES,
                                     .account = p->user,
                                     .ip = p->ip,
                                     .status = i < n ? "0xc000006d" : NULL});
}

static void brute_force(struct scenario *s, uint32_t day, uint32_t who)
{
    guess(s, day, person(s, who), 18);
    hit(s, "ad-brute-force", "eighteen wrong passwords and a right one",
        "account=%s", person(s, who)->user);
    guess(s, day, person(s, who + 1), 4);
    miss(s, "ad-brute-force", "four slips", "account=%s",
         person(s, who + 1)->user);
}

static void unknown_names(struct scenario *s, uint32_t day, uint32_t who,
                          uint32_t n)
{
    char name[24];
    uint32_t i;

    for (i = 0; i < n; i++) {
        (void)snprintf(name, sizeof(name), "%s%s", syllables[i],
                       families[i % FAMILIES]);
        log_logon(s, &(struct logon){.ms = at(s, day, 11, 11, (int)i * 11),
                                     .id = 4768,
                                     .computer = DC1,
                                     .account = name,
                                     .ip = person(s, who)->ip,
                                     .status = "0x6"});
    }
}

static void user_enumeration(struct scenario *s, uint32_t day, uint32_t who)
{
    unknown_names(s, day, who, 20);
    hit(s, "ad-user-enumeration", "twenty names that nobody has", "client=%s",
        person(s, who)->ip);
    unknown_names(s, day, who + 1, 3);
    miss(s, "ad-user-enumeration", "three names", "client=%s",
         person(s, who + 1)->ip);
}

/* One account, `n` machines, a few seconds apart. */
static void visits(struct scenario *s, uint32_t day, const struct person *p,
                   uint32_t n)
{
    char computer[48];
    uint32_t i;

    for (i = 0; i < n; i++) {
        (void)snprintf(computer, sizeof(computer), "pc%u." OWN, 10 + i);
        event(s, at(s, day, 16, 20, (int)i * 8), 4624, computer, p->user,
              p->ip);
    }
}

static void fan_out(struct scenario *s, uint32_t day, uint32_t who)
{
    visits(s, day, person(s, who), 22);
    hit(s, "ad-fan-out", "22 machines in three minutes", "client=%s",
        person(s, who)->ip);
    visits(s, day, person(s, who + 1), 8);
    miss(s, "ad-fan-out", "eight machines", "client=%s",
         person(s, who + 1)->ip);
}

const struct plant plants_windows[] = {
    {"ad-password-spray", 170, 14, password_spray},
    {"ad-brute-force", 177, 16, brute_force},
    {"ad-user-enumeration", 184, 18, user_enumeration},
    {"ad-fan-out", 191, 20, fan_out},
    {"ad-admin-logon-host", 99, 2, admin_host},
    {"ad-critical-event", 106, 4, critical_event},
    {"ad-log-cleared", 113, 6, log_cleared},
    {"ad-logon-change", 135, 8, logon_change},
    {"ad-logon-volume", 149, 10, logon_volume},
    {"ad-privileges", 163, 12, privileges},
    {NULL, 0, 0, NULL}};
