/* background_dns.c - what is asked on a normal day. */
#include "tests/bench/gen/scenario.h"

static void site_asked(struct scenario *s, const char *ip, int64_t ms,
                       const struct name *host)
{
    static const char *const types[] = {"A", "AAAA", "HTTPS"};
    char name[64];
    uint32_t i, n = 1 + chance_below(&s->chance, 3);

    (void)snprintf(name, sizeof(name), "%.*s", host->n, host->text);
    for (i = 0; i < n; i++)
        log_query(s, ms + i, ip, types[i], name);
}

static void inside_asked(struct scenario *s, const char *ip, int64_t ms)
{
    static const struct {
        const char *type, *name;
    } asked[] = {{"A", "file1." OWN},
                 {"A", "file2." OWN},
                 {"A", "intranet." OWN},
                 {"A", "dc1." OWN},
                 {"SRV", "_ldap._tcp.dc._msdcs." OWN},
                 {"A", "store." OWN},
                 {"A", "proxy1." OWN},
                 {"A", "wpad." OWN},
                 {"A", "print1." OWN},
                 {"AAAA", "file1." OWN}};
    uint32_t i = chance_below(&s->chance, COUNT(asked));

    log_query(s, ms, ip, asked[i].type, asked[i].name);
}

/* The mail server: who may send for a domain, who takes its mail, who is it
 * that connects, and is it known for spam. */
static void mail_asked(struct scenario *s, int64_t ms)
{
    const struct site *site = &s->sites[zipf_pick(&s->chance, &s->by_site)];
    uint32_t ip = site->ip;
    char name[128];

    (void)snprintf(name, sizeof(name), "%.*s", site->host.n, site->host.text);
    switch (chance_below(&s->chance, 4)) {
    case 0:
        log_query(s, ms, "10.0.9.25", "MX", name);
        break;
    case 1:
        log_query(s, ms, "10.0.9.25", "TXT", name);
        break;
    case 2:
        (void)snprintf(name, sizeof(name), "%u.%u.%u.%u.in-addr.arpa", ip & 255,
                       (ip >> 8) & 255, (ip >> 16) & 255, ip >> 24);
        log_query(s, ms, "10.0.9.25", "PTR", name);
        break;
    default:
        (void)snprintf(name, sizeof(name), "%u.%u.%u.%u.bl.meiwaku.example",
                       ip & 255, (ip >> 8) & 255, (ip >> 16) & 255, ip >> 24);
        log_query(s, ms, "10.0.9.25", "A", name);
        break;
    }
}

/* A digest of a file as a name: long labels, and no tunnel. */
static void antivirus_asked(struct scenario *s, const char *ip, int64_t ms)
{
    char name[128];
    uint64_t h = mix(chance_below(&s->chance, 400));

    (void)snprintf(name, sizeof(name), "%016llx%016llx.f.anzen-av.example",
                   (unsigned long long)h, (unsigned long long)mix(h));
    log_query(s, ms, ip, "A", name);
}

static void cdn_asked(struct scenario *s, const char *ip, int64_t ms)
{
    char name[96];
    uint32_t n = chance_below(&s->chance, 300);

    (void)snprintf(name, sizeof(name), "e%u.%c.edge.hikari-cdn.example", n * 7,
                   'a' + (int)(n % 6));
    log_query(s, ms, ip, "A", name);
}

void background_dns(struct scenario *s, uint32_t day, uint64_t lines)
{
    struct stream *st = &s->today[DNS];
    size_t before = st->n;
    bool work = is_workday(s, day);
    uint32_t i;

    for (i = 0; work && i < 2 + lines / 4000; i++) {
        struct name host = new_domain(s, day, i);

        site_asked(s, person(s, zipf_pick(&s->chance, &s->by_person))->ip,
                   office_time(s, day), &host);
    }
    while (st->n - before < lines && !s->failed) {
        const struct person *p =
            person(s, zipf_pick(&s->chance, &s->by_person));
        int64_t ms =
            work ? office_time(s, day)
                 : at(s, day, 0, 0, 0) + chance_below(&s->chance, 86000000);
        uint32_t dice = chance_below(&s->chance, 100);

        if (!work && !p->night)
            p = person(s, p->id / 6 * 6 + 5);
        if (dice < 10)
            mail_asked(s, ms);
        else if (dice < 13)
            antivirus_asked(s, p->ip, ms);
        else if (dice < 20)
            cdn_asked(s, p->ip, ms);
        else if (dice < 22)
            log_query(s, ms, "10.0.0.10", "A", "ntp.jikoku.example");
        else if (dice < 55)
            inside_asked(s, p->ip, ms);
        else
            site_asked(s, p->ip, ms,
                       &s->sites[zipf_pick(&s->chance, &s->by_site)].host);
    }
}
