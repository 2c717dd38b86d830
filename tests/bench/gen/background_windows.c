/* background_windows.c - what the domain controllers write on a normal day. */
#include "tests/bench/gen/scenario.h"

#define DC1 "dc1." OWN
#define DC2 "dc2." OWN

/* Somebody comes: a ticket, a session with the controller, one with the files.
 */
static void arrives(struct scenario *s, const struct person *p, int64_t ms)
{
    const char *dc = p->id % 2 == 0 ? DC1 : DC2;

    if (chance_of(&s->chance, 300))
        log_logon(s, &(struct logon){.ms = ms - 9000,
                                     .id = 4771,
                                     .computer = dc,
                                     .account = p->user,
                                     .ip = p->ip,
                                     .status = "0x18"});
    log_logon(s, &(struct logon){.ms = ms,
                                 .id = 4768,
                                 .computer = dc,
                                 .account = p->user,
                                 .ip = p->ip});
    log_logon(s, &(struct logon){.ms = ms + 700,
                                 .id = 4624,
                                 .computer = "file1." OWN,
                                 .account = p->user,
                                 .ip = p->ip});
}

/* The backup at night, the administrators by day: both with privileges. */
static void privileged(struct scenario *s, int64_t ms, const char *account,
                       const char *ip, const char *computer)
{
    log_logon(s, &(struct logon){.ms = ms,
                                 .id = 4768,
                                 .computer = DC1,
                                 .account = account,
                                 .ip = ip});
    log_logon(s, &(struct logon){.ms = ms + 50,
                                 .id = 4624,
                                 .computer = computer,
                                 .account = account,
                                 .ip = ip});
    log_logon(s, &(struct logon){.ms = ms + 51,
                                 .id = 4672,
                                 .computer = computer,
                                 .account = account});
}

void background_windows(struct scenario *s, uint32_t day, uint64_t lines)
{
    struct stream *st = &s->today[WINDOWS];
    size_t before = st->n;

    privileged(s, at(s, day, 1, 2, 0), "svc-backup", "10.0.0.30", "file1." OWN);
    if (weekday_of(s, day) == 7 && day % 28 < 7) { /* updates: a new start */
        log_logon(s, &(struct logon){.ms = at(s, day, 2, 30, 0),
                                     .id = 1100,
                                     .computer = DC2});
        log_logon(s, &(struct logon){.ms = at(s, day, 2, 36, 0),
                                     .id = 4608,
                                     .computer = DC2});
    }
    if (!is_workday(s, day))
        return;
    privileged(s, at(s, day, 9, 20, 0), "kanri", "10.9.0.5", DC1);
    privileged(s, at(s, day, 15, 10, 0), "kanri", "10.9.0.6", "file1." OWN);
    while (st->n - before < lines && !s->failed)
        arrives(s, person(s, zipf_pick(&s->chance, &s->by_person)),
                office_time(s, day));
}
