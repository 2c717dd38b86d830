/* background_proxy.c - what people and programs ask the proxy for. */
#include "tests/bench/gen/scenario.h"

#include <string.h>

struct name new_domain(const struct scenario *s, uint32_t day, uint32_t i)
{
    struct name out = {.n = 0};
    uint64_t h = mix((uint64_t)(s->first_day + day) * 64 + i);

    out.n = (unsigned char)snprintf(
        out.text, sizeof(out.text), "www.%s-%s%u.example", words[h % WORDS],
        syllables[(h >> 8) % SYLLABLES], (unsigned)(h >> 16) % 1000);
    return out;
}

/* Pages of a site: the first request and what it draws in. */
static void visit(struct scenario *s, const struct person *p, int64_t ms,
                  const struct site *site, uint32_t requests)
{
    char url[256], home[96];
    struct ip server = ip_of(site->ip);
    uint32_t i;

    (void)snprintf(home, sizeof(home), "http://%.*s/", site->host.n,
                   site->host.text);
    for (i = 0; i < requests; i++) {
        uint64_t h = mix(chance_bits(&s->chance));
        struct request r = {.ms = ms, .by = p, .server = server.text};

        if (site->tls)
            (void)snprintf(url, sizeof(url), "%.*s:443", site->host.n,
                           site->host.text);
        else if (i == 0)
            (void)snprintf(url, sizeof(url), "%s", home);
        else
            (void)snprintf(url, sizeof(url), "%s%s/%s%u.%s", home,
                           words[h % WORDS], words[(h >> 8) % WORDS],
                           (unsigned)(h >> 16) % site->paths,
                           h & (1u << 30) ? "jpg" : "html");
        r.url = url;
        r.received = 300 + chance_value(&s->chance, s->size);
        r.elapsed = 20 + (uint32_t)(h >> 40) % 400;
        if (site->tls) {
            r.method = "CONNECT";
            r.result = "TCP_TUNNEL";
            r.mime = "-";
            r.elapsed = 2000 + (uint32_t)(h >> 40) % 240000;
            r.sent = 800 + r.received / 20;
        } else if (i > 0) {
            r.referrer = home;
            r.mime = h & (1u << 30) ? "image/jpeg" : "text/html";
        }
        if (site->blocked) {
            r.result = "TCP_DENIED";
            r.status = 403;
            r.received = 3800;
            r.mime = "text/html";
        }
        log_request(s, &r);
        ms += 300 + (int64_t)(h % 4000);
    }
}

/* The browser is asked for a password and then gives it. */
static void challenge(struct scenario *s, const struct person *p, int64_t ms,
                      const struct site *site)
{
    char url[128];

    (void)snprintf(url, sizeof(url), "%s%.*s%s", site->tls ? "" : "http://",
                   site->host.n, site->host.text, site->tls ? ":443" : "/");
    log_request(s, &(struct request){.ms = ms,
                                     .by = p,
                                     .user = "-",
                                     .method = site->tls ? "CONNECT" : "GET",
                                     .url = url,
                                     .result = "TCP_DENIED",
                                     .status = 407,
                                     .received = 4100});
}

/* Antivirus signatures and the office suite, by every machine that is on. */
static void programs(struct scenario *s, uint32_t day)
{
    uint32_t i;
    int hour;

    for (i = 0; i < s->npeople; i++) {
        const struct person *p = &s->people[i];
        int minute = (int)(mix(p->id) % 50);
        bool work = is_workday(s, day);

        if (!work && !p->night)
            continue;
        if (work)
            log_request(s, &(struct request){
                               .ms = at(s, day, 8, 50 + minute / 10, minute),
                               .by = p,
                               .method = "CONNECT",
                               .url = "sync.kumo-office.example:443",
                               .agent = "KumoSync/5.1",
                               .result = "TCP_TUNNEL",
                               .mime = "-",
                               .server = "198.18.200.20",
                               .received = 90000 + 1000 * (uint64_t)minute,
                               .sent = 30000,
                               .elapsed = 60000});
        for (hour = 0; hour < 24; hour += 3) {
            int64_t ms = at(s, day, hour, minute, (int)(mix(p->id + 9) % 60)) +
                         chance_below(&s->chance, 20000);

            if (!p->night && (hour < 9 || hour > 18))
                continue;
            log_request(s,
                        &(struct request){
                            .ms = ms,
                            .by = p,
                            .url = "http://update.anzen-av.example/v14/sig.ver",
                            .agent = "AnzenAV/14.2 (update)",
                            .mime = "text/plain",
                            .server = "198.18.200.10",
                            .received = 412,
                            .elapsed = 40});
        }
    }
}

/* Servers fetch their updates at night, in the maintenance window. */
static void servers(struct scenario *s, uint32_t day)
{
    static const char *const hosts[] = {"10.0.0.10", "10.0.0.20", "10.0.0.22",
                                        "10.0.0.30"};
    uint32_t i;

    for (i = 0; i < COUNT(hosts); i++)
        log_request(s,
                    &(struct request){
                        .ms = at(s, day, 2, (int)i * 7, 0) +
                              chance_below(&s->chance, 90000),
                        .src = hosts[i],
                        .url = "http://update.anzen-av.example/v14/full.cab",
                        .agent = "AnzenAV/14.2 (server)",
                        .mime = "application/vnd.ms-cab-compressed",
                        .server = "198.18.200.10",
                        .received = 5200000 + chance_below(&s->chance, 90000),
                        .elapsed = 9000});
}

/* Files for a partner, and programs from makers that everybody knows. */
static void work(struct scenario *s, const struct person *p, int64_t ms)
{
    char url[128];
    uint32_t n = chance_below(&s->chance, 1000);

    if (n < 700) {
        (void)snprintf(url, sizeof(url),
                       "http://share.minato-boeki.example/up/%u", n);
        log_request(s, &(struct request){
                           .ms = ms,
                           .by = p,
                           .method = "POST",
                           .url = url,
                           .server = "198.18.200.30",
                           .received = 500 + n,
                           .sent = 40000 + chance_value(&s->chance, s->size),
                           .elapsed = 900});
        return;
    }
    (void)snprintf(url, sizeof(url), "http://dl.%s.example/get/%s-%u.%u.exe",
                   n < 850 ? "kumo-office" : "anzen-av", words[n % WORDS],
                   n % 7, n % 11);
    log_request(s, &(struct request){.ms = ms,
                                     .by = p,
                                     .url = url,
                                     .mime = "application/x-msdownload",
                                     .server = "198.18.200.40",
                                     .received = 3000000 + n * 1000,
                                     .elapsed = 4000});
}

/* Sites that nobody has been to: a link in a mail, a search. */
static void new_sites(struct scenario *s, uint32_t day, uint64_t lines)
{
    uint32_t n = 2 + (uint32_t)(lines / 4000), i;

    for (i = 0; i < n; i++) {
        struct site site = {.host = new_domain(s, day, i), .paths = 40};
        uint32_t visitors = 1 + chance_below(&s->chance, 3);

        site.ip = 0xc6120000u + (uint32_t)(mix(day * 64 + i) % 100000);
        site.tls = chance_of(&s->chance, 6000);
        while (visitors-- > 0)
            visit(s, person(s, zipf_pick(&s->chance, &s->by_person)),
                  office_time(s, day), &site, 1 + chance_below(&s->chance, 4));
    }
}

void background_proxy(struct scenario *s, uint32_t day, uint64_t lines)
{
    struct stream *st = &s->today[PROXY];
    size_t before = st->n;

    programs(s, day);
    servers(s, day);
    if (!is_workday(s, day))
        return;
    new_sites(s, day, lines);
    before += (st->n - before) / 2; /* people ask, however many programs do */
    while (st->n - before < lines && !s->failed) {
        const struct person *p =
            person(s, zipf_pick(&s->chance, &s->by_person));
        const struct site *site = &s->sites[zipf_pick(&s->chance, &s->by_site)];
        int64_t ms = office_time(s, day);

        if (chance_of(&s->chance, 300)) {
            work(s, p, ms);
            continue;
        }
        if (chance_of(&s->chance, 800))
            challenge(s, p, ms - 40, site);
        visit(s, p, ms, site, 1 + chance_below(&s->chance, site->tls ? 5 : 14));
    }
}
