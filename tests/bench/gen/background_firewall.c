/* background_firewall.c - sessions of a normal day, and what knocks from
 * outside. */
#include "tests/bench/gen/scenario.h"

static const char *proxy_of(const struct person *p)
{
    return p->id % 3 == 0 ? "10.0.9.81" : "10.0.9.80";
}

/* From clients to the house's own servers. */
static void inside(struct scenario *s, const struct person *p, int64_t ms)
{
    static const struct {
        const char *dst;
        unsigned short port, proto;
    } services[] = {
        {"10.0.0.20", 445, 6},  {"10.0.0.21", 445, 6},  {"10.0.0.10", 88, 6},
        {"10.0.0.10", 389, 6},  {"10.0.0.11", 88, 6},   {"10.0.9.53", 53, 17},
        {"10.0.9.54", 53, 17},  {"10.0.0.22", 443, 6},  {"10.0.0.26", 993, 6},
        {"10.0.0.40", 9100, 6}, {"10.0.0.41", 9100, 6}, {"10.0.0.23", 443, 6}};
    uint32_t i = chance_below(&s->chance, COUNT(services) + 14);

    if (i >= COUNT(services)) {
        log_session(s, &(struct session){
                           .ms = ms,
                           .src = p->ip,
                           .dst = proxy_of(p),
                           .port = 3128,
                           .sent = 900 + chance_below(&s->chance, 4000),
                           .rcvd = 500 + chance_value(&s->chance, s->size),
                           .seconds = 1 + chance_below(&s->chance, 200)});
        return;
    }
    log_session(s, &(struct session){
                       .ms = ms,
                       .src = p->ip,
                       .dst = services[i].dst,
                       .port = services[i].port,
                       .proto = services[i].proto,
                       .sent = 200 + chance_value(&s->chance, s->size) / 8,
                       .rcvd = 300 + chance_value(&s->chance, s->size),
                       .seconds = 1 + chance_below(&s->chance, 90)});
}

/* Proxies, resolvers, mail, time: what may go out. */
static void outward(struct scenario *s, int64_t ms)
{
    const struct site *site = &s->sites[zipf_pick(&s->chance, &s->by_site)];
    struct ip dst = ip_of(site->ip);
    uint32_t dice = chance_below(&s->chance, 100);
    struct session v = {.ms = ms, .dst = dst.text, .port = 443};

    v.sent = 700 + chance_value(&s->chance, s->size) / 10;
    v.rcvd = 900 + chance_value(&s->chance, s->size);
    v.seconds = 1 + chance_below(&s->chance, 120);
    if (dice < 50) {
        v.src = dice % 3 == 0 ? "10.0.9.81" : "10.0.9.80";
        v.port = site->tls ? 443 : 80;
    } else if (dice < 80) {
        v.src = dice % 2 == 0 ? "10.0.9.53" : "10.0.9.54";
        v.port = 53;
        v.proto = 17;
        v.sent = 70 + dice;
        v.rcvd = 200 + dice;
    } else if (dice < 92) {
        v.src = "10.0.9.25";
        v.port = 25;
        v.sent = 2000 + chance_value(&s->chance, s->size);
        v.rcvd = 900;
        v.seconds = 2;
    } else if (dice < 96) {
        v.src = "10.0.0.10";
        v.dst = "192.0.2.123";
        v.port = 123;
        v.proto = 17;
        v.sent = v.rcvd = 76;
        v.seconds = 1;
    } else {
        struct ip guest = ip_of(0x0a020014u + chance_below(&s->chance, 20));

        v.src = guest.text;
        log_session(s, &v);
        return;
    }
    log_session(s, &v);
}

/* Visitors of the web site, mail, and those who only knock. */
static void inward(struct scenario *s, int64_t ms)
{
    static const unsigned short knocked[] = {22, 23, 445, 1433, 3389, 5060};
    struct ip src = ip_of(0xc6130000u + chance_below(&s->chance, 60000));
    struct ip dst = ip_of(0xcb007100u + 2 + chance_below(&s->chance, 8));
    uint32_t dice = chance_below(&s->chance, 100);

    if (dice < 55)
        log_session(
            s, &(struct session){
                   .ms = ms,
                   .src = src.text,
                   .dst = dst.text,
                   .port = knocked[chance_below(&s->chance, COUNT(knocked))],
                   .denied = true});
    else
        log_session(s, &(struct session){
                           .ms = ms,
                           .src = src.text,
                           .dst = dice < 80 ? "203.0.113.5" : "203.0.113.3",
                           .port = dice < 80 ? 443 : 25,
                           .sent = 900 + dice,
                           .rcvd = 2000 + chance_value(&s->chance, s->size),
                           .seconds = 1 + dice % 30});
}

/* A program that does not know the proxy tries once and gives up. */
static void refused(struct scenario *s, const struct person *p, int64_t ms)
{
    struct ip dst = ip_of(0xc6120000u + chance_below(&s->chance, 130000));

    log_session(
        s, &(struct session){.ms = ms,
                             .src = p->ip,
                             .dst = dst.text,
                             .port = chance_of(&s->chance, 7000) ? 443 : 80,
                             .denied = true});
}

/* Every night, in the maintenance window. */
static void backups(struct scenario *s, uint32_t day)
{
    static const char *const from[] = {"10.0.0.20", "10.0.0.21", "10.0.0.22",
                                       "10.0.0.23"};
    uint32_t i;

    for (i = 0; i < COUNT(from); i++)
        log_session(s, &(struct session){
                           .ms = at(s, day, 1, (int)i * 30, 0),
                           .src = from[i],
                           .dst = "10.0.9.90",
                           .port = 10000,
                           .sent = UINT64_C(2400000000) +
                                   chance_below(&s->chance, 300000000),
                           .rcvd = 4000000,
                           .seconds = 1100 + chance_below(&s->chance, 300)});
}

/* The monitoring asks every server, day and night. */
static void monitoring(struct scenario *s, uint32_t day)
{
    static const char *const asked[] = {"10.0.0.10", "10.0.0.20", "10.0.0.22",
                                        "10.0.9.25"};
    uint32_t i, hour;

    for (hour = 0; hour < 24; hour += 4) {
        for (i = 0; i < COUNT(asked); i++)
            log_session(
                s, &(struct session){.ms = at(s, day, (int)hour, 5, (int)i * 2),
                                     .src = "10.9.0.20",
                                     .dst = asked[i],
                                     .proto = 1,
                                     .sent = 84,
                                     .rcvd = 84,
                                     .seconds = 1});
    }
}

/* The administrators, in office hours, and their own firewall. */
static void administrators(struct scenario *s, uint32_t day)
{
    uint32_t i;

    for (i = 0; i < 4; i++)
        log_session(
            s, &(struct session){.ms = at(s, day, 10 + (int)i * 2, 5, 0) +
                                       chance_below(&s->chance, 3000000),
                                 .src = i % 2 == 0 ? "10.9.0.5" : "10.9.0.6",
                                 .dst = i < 2 ? "10.0.0.20" : "10.0.0.10",
                                 .port = i < 2 ? 22 : 3389,
                                 .sent = 80000,
                                 .rcvd = 900000,
                                 .seconds = 1200});
    if (weekday_of(s, day) == 2)
        log_event(s, at(s, day, 11, 3, 9), "notification", "00002",
                  "Admin user \"fwadmin\" logged in for Web(https) management "
                  "(port 443) from 10.9.0.5:51710");
}

void background_firewall(struct scenario *s, uint32_t day, uint64_t lines)
{
    struct stream *st = &s->today[FIREWALL];
    size_t before = st->n;
    bool work = is_workday(s, day);

    backups(s, day);
    monitoring(s, day);
    if (work)
        administrators(s, day);
    while (st->n - before < lines && !s->failed) {
        const struct person *p =
            person(s, zipf_pick(&s->chance, &s->by_person));
        uint32_t dice = chance_below(&s->chance, 100);
        int64_t any = at(s, day, 0, 0, 0) + chance_below(&s->chance, 86000000);

        if (dice < 12)
            inward(s, any);
        else if (!work)
            outward(s, any);
        else if (dice < 35)
            outward(s, office_time(s, day));
        else if (dice < 37)
            refused(s, p, office_time(s, day));
        else
            inside(s, p, office_time(s, day));
    }
}
