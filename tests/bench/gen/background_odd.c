/* background_odd.c - what is strange about a normal day: harmless, rare, and
 * like attacks in one way or another.  A hunt that reports some of it is not
 * wrong; how much of it one must read every day is what the bench shows. */
#include "tests/bench/gen/scenario.h"

/* Of the people, those who do such things. */
#define OVERTIME 33u
#define TINKERER 47u
#define LAPTOP 53u
#define DESIGNER 56u
#define STALE 1u /* a machine that nobody looks after */

static struct request get(const struct person *p, int64_t ms, const char *url)
{
    return (struct request){.ms = ms,
                            .by = p,
                            .url = url,
                            .server = "198.18.210.7",
                            .received = 2400,
                            .elapsed = 120};
}

static struct request tunnel(const struct person *p, int64_t ms,
                             const char *host, uint32_t seconds)
{
    struct request r = get(p, ms, host);

    r.method = "CONNECT";
    r.result = "TCP_TUNNEL";
    r.mime = "-";
    r.elapsed = seconds * 1000;
    return r;
}

static int64_t soon(struct scenario *s, int64_t ms, uint32_t within_ms)
{
    return ms + chance_below(&s->chance, within_ms);
}

/* Somebody finishes work late, or on a Saturday, at some sites. */
static void overtime(struct scenario *s, uint32_t day)
{
    const struct person *p = person(s, OVERTIME + day % 3 * 4);
    int64_t ms = at(s, day, weekday_of(s, day) == 6 ? 13 : 20, 40, 0);
    uint32_t i, n = 4 + chance_below(&s->chance, 12);
    char url[96];

    for (i = 0; i < n; i++) {
        const struct site *site = &s->sites[zipf_pick(&s->chance, &s->by_site)];

        (void)snprintf(url, sizeof(url), "http://%.*s/", site->host.n,
                       site->host.text);
        ms = soon(s, ms, 600000);
        struct request r = get(p, ms, url);

        log_request(s, &r);
    }
}

/* Meetings over the web: long tunnels to a site for work. */
static void meetings(struct scenario *s, uint32_t day)
{
    uint32_t i;

    for (i = 0; i < 3; i++) {
        struct request r = tunnel(
            person(s, chance_below(&s->chance, s->npeople)),
            at(s, day, 9 + (int)i * 3, 59, 0), "meet.kumo-office.example:443",
            2400 + chance_below(&s->chance, 5400));

        r.sent = 9000000 + chance_below(&s->chance, 9000000);
        r.received = r.sent * 3;
        log_request(s, &r);
    }
}

/* Drawings go to the partner who builds them: large, and for work. */
static void drawings(struct scenario *s, uint32_t day)
{
    struct request r = get(person(s, DESIGNER), at(s, day, 16, 20, 0),
                           "http://upload.tokiwa-seiki.example/drawings");

    r.method = "POST";
    r.sent = 30000000 + chance_below(&s->chance, 30000000);
    r.elapsed = 40000;
    log_request(s, &r);
}

/* Advertising puts what it knows about the reader into its URLs. */
static void advertising(struct scenario *s, uint32_t day)
{
    uint32_t i, k;

    for (i = 0; i < 6; i++) {
        char url[900];
        size_t used = (size_t)snprintf(url, sizeof(url),
                                       "http://track.kokoku-net.example/p?u=");
        struct request r = get(person(s, zipf_pick(&s->chance, &s->by_person)),
                               office_time(s, day), url);

        for (k = 0; k < 600; k++)
            url[used++] = (char)('a' + chance_below(&s->chance, 26));
        url[used] = '\0';
        r.mime = "image/gif";
        r.received = 43;
        log_request(s, &r);
    }
}

/* A tool that a few like and that is on no list; a program that cannot give the
 * proxy a password; a site that calls its pictures binary. */
static void programs(struct scenario *s, uint32_t day)
{
    const struct person *p = person(s, TINKERER);
    struct request r =
        get(p, office_time(s, day), "http://feed.gijutsu-news.example/rss");

    r.agent = "YomuReader/2.4";
    r.mime = "application/rss+xml";
    log_request(s, &r);
    r = tunnel(person(s, 2 + day % 20 * 2), office_time(s, day),
               "stat.insatsu-driver.example:443", 0);
    r.user = "-";
    r.result = "TCP_DENIED";
    r.status = 407;
    r.agent = "InsatsuDriver/7.0";
    log_request(s, &r);
    r = get(person(s, zipf_pick(&s->chance, &s->by_person)),
            office_time(s, day), "http://img.shohin-shashin.example/a/1.jpg");
    r.mime = "application/octet-stream";
    log_request(s, &r);
}

/* From time to time somebody installs something from a site that is new. */
static void freeware(struct scenario *s, uint32_t day)
{
    struct name host = new_domain(s, day, 0);
    char url[128];
    struct request r = get(person(s, zipf_pick(&s->chance, &s->by_person)),
                           office_time(s, day), url);

    (void)snprintf(url, sizeof(url), "http://%s/files/viewer-setup.exe",
                   host.text);
    r.mime = "application/x-msdownload";
    r.received = 2600000;
    log_request(s, &r);
}

/* It was told of a time server once, and asks it past the proxy ever since. */
static void stale_machine(struct scenario *s, uint32_t day)
{
    int hour;

    for (hour = 9; hour < 18; hour++)
        log_session(
            s, &(struct session){.ms = soon(s, at(s, day, hour, 10, 0), 900000),
                                 .src = person(s, STALE)->ip,
                                 .dst = "192.0.2.124",
                                 .port = 123,
                                 .proto = 17,
                                 .denied = true});
}

/* Every Saturday the inventory looks at all clients, in a maintenance window.
 */
static void inventory(struct scenario *s, uint32_t day)
{
    uint32_t i;

    for (i = 0; i < 80; i++) {
        struct ip dst = ip_of(0x0a010000u + i % 4 * 256 + 10 + i / 4);

        log_session(s, &(struct session){.ms = at(s, day, 10, 0, (int)i * 7),
                                         .src = "10.9.0.20",
                                         .dst = dst.text,
                                         .port = 135,
                                         .sent = 900,
                                         .rcvd = 1800,
                                         .seconds = 1});
    }
}

/* A browser asks for three names that cannot be, to see whether somebody lies;
 * people mistype; a laptop remembers its home. */
static void odd_names(struct scenario *s, uint32_t day)
{
    const struct person *p = person(s, chance_below(&s->chance, s->npeople));
    int64_t ms = at(s, day, 8, 51, 0);
    char name[64];
    uint32_t i, k;

    for (i = 0; i < 3; i++) {
        uint32_t n = 7 + chance_below(&s->chance, 8);

        for (k = 0; k < n; k++)
            name[k] = (char)('a' + chance_below(&s->chance, 26));
        name[n] = '\0';
        log_query(s, ms += 3, p->ip, "A", name);
    }
    (void)snprintf(name, sizeof(name), "www.%s%s.example",
                   words[chance_below(&s->chance, WORDS)],
                   words[chance_below(&s->chance, WORDS)]);
    log_query(s, office_time(s, day), p->ip, "A", name);
    if (day % 5 == 2)
        log_query(s, at(s, day, 8, 58, 0), person(s, LAPTOP)->ip, "A",
                  "nas.ie-no-naka.test");
}

/* Passwords are tried from outside every night, and none is right; two people
 * send from home, always from the same addresses. */
static void mail_from_outside(struct scenario *s, uint32_t day)
{
    struct ip ip = ip_of(0xc6130000u + (uint32_t)(mix(day) % 60000));
    uint32_t i, n = chance_below(&s->chance, 6);
    char from[64];

    for (i = 0; i < n; i++)
        log_login_failed(s, at(s, day, 3, (int)i, 0), ip.text);
    (void)snprintf(from, sizeof(from), "%s@" OWN, person(s, OVERTIME)->user);
    if (day % 3 == 0)
        log_letter(s, &(struct letter){.ms = at(s, day, 21, 30, 0),
                                       .ip = "198.18.220.15",
                                       .login = person(s, OVERTIME)->user,
                                       .from = from,
                                       .to = "mori@tokiwa-seiki.example"});
}

void background_odd(struct scenario *s, uint32_t day)
{
    bool work = is_workday(s, day);

    if (day % 9 == 4 || weekday_of(s, day) == 6)
        overtime(s, day);
    if (weekday_of(s, day) == 6)
        inventory(s, day);
    mail_from_outside(s, day);
    if (!work)
        return;
    meetings(s, day);
    advertising(s, day);
    programs(s, day);
    stale_machine(s, day);
    odd_names(s, day);
    if (day % 7 == 3)
        drawings(s, day);
    if (day % 17 == 5)
        freeware(s, day);
}
