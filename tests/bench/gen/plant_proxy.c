/* plant_proxy.c - attacks and look-alikes in the log of the proxy. */
#include "tests/bench/gen/scenario.h"

#include <string.h>

#define C2 "198.51.100.50"

/* The same request at several times: `template` has everything but when. */
static void every(struct scenario *s, struct request r, int64_t from, int n,
                  int64_t pause_ms, uint32_t jitter_ms)
{
    int i;

    for (i = 0; i < n; i++) {
        r.ms = from + i * pause_ms;
        if (jitter_ms > 0)
            r.ms += chance_below(&s->chance, jitter_ms);
        log_request(s, &r);
    }
}

/* As many, without a rhythm. */
static void now_and_then(struct scenario *s, struct request r, int64_t from,
                         int n, int64_t mean_ms)
{
    int i;

    for (i = 0; i < n; i++) {
        uint64_t h = mix((uint64_t)from + (uint64_t)i);

        from += 6000 +
                (int64_t)((h % 1000) * (h >> 12 & 1023) / 512) * mean_ms / 1000;
        r.ms = from;
        r.received = 500 + (h >> 30) % 90000;
        log_request(s, &r);
    }
}

static struct request get(const struct person *p, const char *url)
{
    return (struct request){
        .by = p, .url = url, .server = C2, .received = 800, .elapsed = 90};
}

static struct request post(const struct person *p, const char *url,
                           uint64_t sent)
{
    struct request r = get(p, url);

    r.method = "POST";
    r.sent = sent;
    return r;
}

static struct request tunnel(const struct person *p, const char *host,
                             uint32_t seconds)
{
    struct request r = get(p, host);

    r.method = "CONNECT";
    r.result = "TCP_TUNNEL";
    r.mime = "-";
    r.elapsed = seconds * 1000;
    r.sent = 3000;
    return r;
}

static void indicator(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, get(p, "http://" BAD_HOST "/index.php"), at(s, day, 9, 9, 9), 1, 0,
          0);
    hit(s, "proxy-indicator", "a host below a domain on the list",
        "src_ip=%s|cs_host=" BAD_HOST, p->ip);
    every(s, get(p, BAD_URL), at(s, day, 9, 10, 9), 1, 0, 0);
    hit(s, "proxy-indicator", "a URL on the list",
        "src_ip=%s|cs_host=files.hokan-soko.test", p->ip);
    {
        struct request r = get(p, "http://www.shinsetsu-na.example/");

        r.server = BAD_IP;
        every(s, r, at(s, day, 9, 12, 9), 1, 0, 0);
    }
    hit(s, "proxy-indicator", "an address on the list under another name",
        "src_ip=%s|cs_host=www.shinsetsu-na.example", p->ip);
    p = person(s, who + 1);
    every(s, get(p, "http://www.hokan-soko.test/"), at(s, day, 9, 11, 9), 1, 0,
          0);
    miss(s, "proxy-indicator", "another host of that domain",
         "cs_host=www.hokan-soko.test");
}

static void connect_port(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, tunnel(p, "relay.tsushin-ro.invalid:8089", 40),
          at(s, day, 11, 20, 0), 4, 300000, 60000);
    hit(s, "proxy-connect-port", "a tunnel to port 8089",
        "src_ip=%s|cs_host=relay.tsushin-ro.invalid", p->ip);
    every(s, tunnel(p, "www.tsushin-kan.example:443", 40),
          at(s, day, 11, 21, 0), 2, 300000, 60000);
    miss(s, "proxy-connect-port", "a tunnel to port 443",
         "cs_host=www.tsushin-kan.example");
}

static void user_agent(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);
    struct request r =
        post(p, "http://www.shashin-kan.invalid/control/apt.zip", 900);

    r.agent = "Wget/1.12 (linux-gnu)";
    every(s, r, at(s, day, 13, 53, 0), 3, 60000, 9000);
    hit(s, "proxy-user-agent", "wget on an office machine",
        "src_ip=%s|c_useragent=Wget/1.12 (linux-gnu)", p->ip);
    miss(s, "proxy-user-agent", "the antivirus on the site's list",
         "c_useragent=AnzenAV/14.2 (update)");
}

static void periodic_daily(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, post(p, "http://blog.nikki-cho.invalid/blog/", 700),
          at(s, day, 10, 52, 55), 12, 86400000, 60000);
    hit(s, "proxy-periodic-daily", "once a day, twelve days",
        "src_ip=%s|cs_host=blog.nikki-cho.invalid", p->ip);
    p = person(s, who + 1);
    every(s, get(p, "http://www.ryoko-annai.example/"), at(s, day, 12, 20, 0),
          2, 86400000, 60000);
    miss(s, "proxy-periodic-daily", "two days",
         "cs_host=www.ryoko-annai.example");
    every(s, get(p, "http://portal.kumo-office.example/today"),
          at(s, day, 9, 1, 0), 20, 86400000, 60000);
    miss(s, "proxy-periodic-daily", "a site for work, daily",
         "cs_host=portal.kumo-office.example");
}

static void off_hours(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    while (weekday_of(s, day) == 3) /* clients may on Wednesdays */
        day = workday(s, day + 1);
    every(s, post(p, "http://www.yonaka-dori.invalid/in.php", 2000),
          at(s, day, 2, 13, 0), 5, 500000, 100000);
    hit(s, "proxy-off-hours", "an office machine at two in the night",
        "src_ip=%s|cs_host=www.yonaka-dori.invalid", p->ip);
    while (weekday_of(s, day) != 3)
        day++;
    p = person(s, who + 1);
    every(s, get(p, "http://www.koshin-file.example/f"), at(s, day, 2, 13, 0),
          5, 500000, 100000);
    miss(s, "proxy-off-hours", "the same in the clients' maintenance window",
         "src_ip=%s|cs_host=www.koshin-file.example", p->ip);
    miss(s, "proxy-off-hours", "a server in its maintenance window",
         "src_ip=10.0.0.22");
}

static void upload(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, post(p, "http://www.azukari-bako.invalid/put", 24000000),
          at(s, day, 18, 31, 0), 3, 60000, 5000);
    struct request r = tunnel(p, "www.azukari-bako.invalid:443", 240);

    r.sent = 180000000;
    every(s, r, at(s, day, 18, 36, 0), 1, 0, 0);
    hit(s, "proxy-upload", "72 MB by POST, 180 MB through the tunnel after it",
        "src_ip=%s|cs_host=www.azukari-bako.invalid", p->ip);
    p = person(s, who + 1);
    every(s, post(p, "http://www.toiawase-form.example/send", 40000),
          at(s, day, 18, 31, 0), 1, 0, 0);
    every(s, tunnel(p, "www.toiawase-form.example:443", 20),
          at(s, day, 18, 32, 0), 2, 60000, 0);
    miss(s, "proxy-upload", "a form and the page after it",
         "cs_host=www.toiawase-form.example");
}

static void beacon(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, post(p, "http://cdn.tokei-dai.invalid/gate/in.php", 512),
          at(s, day, 9, 0, 0), 110, 300000, 40000);
    hit(s, "proxy-beacon", "every five minutes of the working day",
        "src_ip=%s|cs_host=cdn.tokei-dai.invalid", p->ip);
    miss(s, "beacon-then-movement", "a beacon that goes nowhere else",
         "src_ip=%s|cs_host=cdn.tokei-dai.invalid", p->ip);
    p = person(s, who + 1);
    now_and_then(s, get(p, "http://www.yomimono.example/next"),
                 at(s, day, 9, 0, 0), 110, 300000);
    miss(s, "proxy-beacon", "somebody reads: as often, at no rhythm",
         "cs_host=www.yomimono.example");
    miss(s, "proxy-beacon", "a rhythm that every machine has",
         "cs_host=update.anzen-av.example");
}

static void slow_beacon(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, post(p, "http://api.noroma-kame.invalid/v1/sync", 640),
          at(s, day, 0, 20, 0), 72, 4 * INT64_C(3600000), 600000);
    hit(s, "proxy-slow-beacon", "every four hours for twelve days",
        "src_ip=%s|cs_host=api.noroma-kame.invalid", p->ip);
    p = person(s, who + 1);
    now_and_then(s, get(p, "http://www.tenki-no-hi.example/"),
                 at(s, day, 9, 0, 0), 60, 4 * INT64_C(3600000));
    miss(s, "proxy-slow-beacon", "as often, at no rhythm",
         "cs_host=www.tenki-no-hi.example");
}

static void rare_destination(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);
    uint32_t i;

    now_and_then(s, get(p, "http://www.mezurashii-mise.invalid/a"),
                 at(s, day, 11, 0, 0), 14, 90000);
    hit(s, "proxy-rare-destination", "a new domain, one client, 14 requests",
        "src_ip=%s|registered_domain=mezurashii-mise.invalid", p->ip);
    for (i = 1; i < 5; i++)
        every(s, get(person(s, who + i), "http://www.wadai-no-mise.example/"),
              at(s, day, 12, (int)i, 0), 6, 20000, 9000);
    miss(s, "proxy-rare-destination", "a new domain that four visit",
         "registered_domain=wadai-no-mise.example");
    every(s, get(p, "http://www.ichido-kiri.example/"), at(s, day, 13, 5, 0), 4,
          20000, 9000);
    miss(s, "proxy-rare-destination", "a new domain, four requests",
         "registered_domain=ichido-kiri.example");
}

static void rare_user_agent(struct scenario *s, uint32_t day, uint32_t who)
{
    struct request r =
        get(person(s, who), "http://www.kakure-ya.invalid/check");
    uint32_t i;

    r.agent = "KakureSync/0.9";
    every(s, r, at(s, day, 10, 0, 0), 6, 700000, 200000);
    hit(s, "proxy-rare-user-agent", "a program that one machine has",
        "src_ip=%s|c_useragent=KakureSync/0.9", r.by->ip);
    for (i = 0; i < 9; i++) {
        r = get(person(s, who + 1 + i), "http://www.kaigi-ya.example/join");
        r.agent = "KaigiRoom/3.1";
        every(s, r, at(s, day, 10, (int)i, 0), 2, 700000, 200000);
    }
    miss(s, "proxy-rare-user-agent", "a new program that nine machines have",
         "c_useragent=KaigiRoom/3.1");
}

static void broken_user_agent(struct scenario *s, uint32_t day, uint32_t who)
{
    static const char *const agents[] = {"-", "Mozila/4.0 (compatible)",
                                         "Mozilla/4.0 (compatible; MSIE 6.0;"};
    const struct person *p = person(s, who);
    uint32_t i;

    for (i = 0; i < COUNT(agents); i++) {
        struct request r = get(p, "http://www.kowareta-kagi.invalid/k");

        r.agent = agents[i];
        every(s, r, at(s, day, 15, (int)i, 0), 3, 10000, 3000);
    }
    hit(s, "proxy-broken-user-agent", "none, misspelt and cut off", "src_ip=%s",
        p->ip);
    p = person(s, who + 1);
    every(s, get(p, "http://www.kagi-ya.example/"), at(s, day, 15, 1, 0), 3,
          10000, 3000);
    miss(s, "proxy-broken-user-agent", "the house's browser", "src_ip=%s",
         p->ip);
}

static void ip_literal(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, get(p, "http://198.51.100.120/st/1.bin"), at(s, day, 16, 0, 0), 6,
          60000, 9000);
    hit(s, "proxy-ip-literal", "an address instead of a name",
        "src_ip=%s|cs_host=198.51.100.120", p->ip);
    every(s, get(p, "http://10.0.0.22/menu"), at(s, day, 16, 30, 0), 6, 60000,
          9000);
    miss(s, "proxy-ip-literal", "an address of the house", "cs_host=10.0.0.22");
}

static void executable_fetch(struct scenario *s, uint32_t day, uint32_t who)
{
    struct request r =
        get(person(s, who), "http://www.haifu-moto.invalid/f/update.exe");

    r.mime = "application/x-msdownload";
    r.received = 780000;
    every(s, r, at(s, day, 14, 20, 0), 1, 0, 0);
    hit(s, "proxy-executable-fetch", "a program from a host never seen",
        "src_ip=%s|cs_host=www.haifu-moto.invalid", r.by->ip);
    miss(s, "proxy-executable-fetch", "programs from a maker of every week",
         "cs_host=dl.kumo-office.example");
}

static void type_mismatch(struct scenario *s, uint32_t day, uint32_t who)
{
    struct request r =
        get(person(s, who), "http://www.gazou-ita.invalid/i/flower.jpg");

    r.mime = "application/x-msdownload";
    r.received = 390000;
    every(s, r, at(s, day, 14, 45, 0), 2, 30000, 0);
    hit(s, "proxy-type-mismatch", "a picture that is a program",
        "src_ip=%s|cs_host=www.gazou-ita.invalid", r.by->ip);
    r = get(person(s, who + 1), "http://www.e-no-mise.example/i/flower.jpg");
    r.mime = "image/jpeg";
    every(s, r, at(s, day, 14, 45, 0), 2, 30000, 0);
    miss(s, "proxy-type-mismatch", "a picture",
         "cs_host=www.e-no-mise.example");
}

static void upload_imbalance(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, post(p, "http://www.nimotsu-okuri.invalid/u", 9000000),
          at(s, day, 17, 0, 0), 8, 120000, 20000);
    hit(s, "proxy-upload-imbalance", "72 MB out, next to nothing in",
        "src_ip=%s|cs_host=www.nimotsu-okuri.invalid", p->ip);
    p = person(s, who + 1);
    every(s, post(p, "http://www.shashin-okuri.example/u", 6000000),
          at(s, day, 17, 0, 0), 3, 120000, 20000);
    miss(s, "proxy-upload-imbalance", "18 MB",
         "cs_host=www.shashin-okuri.example");
}

static void auth_only(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);
    struct request r = tunnel(p, "c.mikata-ja-nai.invalid:443", 0);

    r.result = "TCP_DENIED";
    r.status = 407;
    r.user = "-";
    every(s, r, at(s, day, 9, 0, 0), 48, 600000, 60000);
    hit(s, "proxy-auth-only", "asked for a password 48 times, never gives one",
        "src_ip=%s|cs_host=c.mikata-ja-nai.invalid", p->ip);
    r = tunnel(p, "www.mikata-no-mise.example:443", 0);
    r.result = "TCP_DENIED";
    r.status = 407;
    r.user = "-";
    every(s, r, at(s, day, 9, 1, 0), 24, 600000, 0);
    every(s, tunnel(p, "www.mikata-no-mise.example:443", 20),
          at(s, day, 9, 1, 1), 24, 600000, 0);
    miss(s, "proxy-auth-only", "asked for a password and gives it",
         "cs_host=www.mikata-no-mise.example");
}

static void long_tunnel(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, tunnel(p, "ws.nagai-hashi.invalid:443", 10 * 3600),
          at(s, day, 8, 40, 0), 1, 0, 0);
    hit(s, "proxy-long-tunnel", "ten hours",
        "src_ip=%s|cs_host=ws.nagai-hashi.invalid", p->ip);
    every(s, tunnel(p, "ws.mijikai-hashi.example:443", 3300),
          at(s, day, 9, 40, 0), 1, 0, 0);
    miss(s, "proxy-long-tunnel", "55 minutes",
         "cs_host=ws.mijikai-hashi.example");
}

static void webdav(struct scenario *s, uint32_t day, uint32_t who)
{
    struct request r =
        get(person(s, who), "http://dav.soto-no-tana.invalid/share");

    r.method = "PROPFIND";
    r.agent = "Microsoft-WebDAV-MiniRedir/10.0.19045";
    r.status = 207;
    every(s, r, at(s, day, 13, 15, 0), 5, 4000, 1000);
    hit(s, "proxy-webdav", "a share of the outside is opened",
        "src_ip=%s|cs_host=dav.soto-no-tana.invalid", r.by->ip);
    r = get(person(s, who + 1), "http://intranet." OWN "/share");
    r.method = "PROPFIND";
    r.server = "10.0.0.22";
    r.status = 207;
    every(s, r, at(s, day, 13, 15, 0), 5, 4000, 1000);
    miss(s, "proxy-webdav", "a share of the house", "cs_host=intranet." OWN);
}

static void same_size_polling(struct scenario *s, uint32_t day, uint32_t who)
{
    struct request r =
        get(person(s, who), "http://www.onaji-kao.invalid/poll.asp");
    uint32_t i;

    for (i = 0; i < 60; i++) {
        /* Its rhythm is hidden: only the size of the answers is the same. */
        r.ms = at(s, day, 9, 0, 0) + i * INT64_C(420000) +
               chance_below(&s->chance, 400000);
        r.received = 612 + i % 3;
        log_request(s, &r);
    }
    hit(s, "proxy-same-size-polling", "sixty answers of one size",
        "src_ip=%s|cs_host=www.onaji-kao.invalid", r.by->ip);
    now_and_then(s, get(person(s, who + 1), "http://www.iroiro-ban.example/r"),
                 at(s, day, 9, 0, 0), 60, 300000);
    miss(s, "proxy-same-size-polling", "sixty answers of all sizes",
         "cs_host=www.iroiro-ban.example");
}

static void data_in_url(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct {
        const char *host, *words;
        size_t size;
        int n;
        bool bad, words_; /* words_: broken up as words are */
    } list[] = {{"www.kotoba-nagashi.invalid",
                 "900 characters a request, a dozen", 900, 12, true, false},
                {"www.kensaku-do.example", "450 characters a request", 450, 12,
                 false, true},
                {"www.nagai-link.example", "900 characters, four times", 900, 4,
                 false, false}};
    uint32_t i;
    int n;
    size_t k;

    for (i = 0; i < COUNT(list); i++) {
        const struct person *p = person(s, who + i);

        for (n = 0; n < list[i].n; n++) {
            char url[1100];
            size_t used = (size_t)snprintf(url, sizeof(url),
                                           "http://%s/s?d=", list[i].host);
            struct request r = get(p, url);

            for (k = 0; k < list[i].size; k++)
                url[used + k] =
                    list[i].words_ && k % 9 == 8
                        ? '/'
                        : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "01234"
                          "56789-_"[mix(k * 64 + (size_t)n + i * 999) % 64];
            url[used + k] = '\0';
            r.ms = at(s, day, 10, n * 4, (int)i);
            log_request(s, &r);
        }
        (list[i].bad ? hit : miss)(s, "proxy-data-in-url", list[i].words,
                                   "src_ip=%s|cs_host=%s", p->ip, list[i].host);
    }
}

static void identity_clash(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who), *q = person(s, who + 6);
    uint32_t i;

    for (i = 0; i < 5; i++) {
        struct request r = get(p, "http://www.kumo-office.example/login");

        r.user = person(s, who + i)->user;
        every(s, r, at(s, day, 13, 10 + (int)i, 0), 2, 5000, 0);
    }
    hit(s, "proxy-identity-clash", "five users on one machine in an hour",
        "src_ip=%s", p->ip);
    for (i = 0; i < 2; i++) {
        struct request r = get(q, "http://www.kumo-office.example/login");

        r.user = person(s, who + 6 + i)->user;
        every(s, r, at(s, day, 13, 10 + (int)i, 0), 2, 5000, 0);
    }
    miss(s, "proxy-identity-clash", "a colleague borrows the machine",
         "src_ip=%s", q->ip);
}

static void dynamic_dns(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, get(p, "http://kura-scenario-test.duckdns.org/x"),
          at(s, day, 15, 50, 0), 5, 60000, 9000);
    hit(s, "proxy-dynamic-dns", "a host with a dynamic address",
        "src_ip=%s|cs_host=kura-scenario-test.duckdns.org", p->ip);
    every(s, get(p, "http://www.duckdns.example/"), at(s, day, 15, 52, 0), 2,
          60000, 9000);
    miss(s, "proxy-dynamic-dns", "the name under another ending",
         "cs_host=www.duckdns.example");
}

static void drop_site(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);

    every(s, post(p, "http://paste.ee/api", 90000), at(s, day, 16, 40, 0), 3,
          60000, 9000);
    every(s, tunnel(p, "pastebin.com:443", 30), at(s, day, 16, 44, 0), 3, 60000,
          9000);
    every(s, tunnel(p, "transfer.sh:443", 30), at(s, day, 16, 48, 0), 3, 60000,
          9000);
    hit(s, "proxy-drop-site", "texts are left where anybody may fetch them",
        "src_ip=%s|cs_host=pastebin.com", p->ip);
    every(s, get(p, "http://www.pastebin.example/"), at(s, day, 16, 45, 0), 3,
          60000, 9000);
    miss(s, "proxy-drop-site", "the name under another ending",
         "cs_host=www.pastebin.example");
}

const struct plant plants_proxy[] = {
    {"proxy-indicator", 97, 0, indicator},
    {"proxy-connect-port", 104, 2, connect_port},
    {"proxy-user-agent", 111, 4, user_agent},
    {"proxy-periodic-daily", 118, 6, periodic_daily},
    {"proxy-off-hours", 134, 8, off_hours},
    {"proxy-upload", 140, 10, upload},
    {"proxy-beacon", 147, 12, beacon},
    {"proxy-slow-beacon", 154, 14, slow_beacon},
    {"proxy-rare-destination", 175, 16, rare_destination},
    {"proxy-rare-user-agent", 182, 26, rare_user_agent},
    {"proxy-broken-user-agent", 189, 36, broken_user_agent},
    {"proxy-ip-literal", 196, 38, ip_literal},
    {"proxy-executable-fetch", 203, 40, executable_fetch},
    {"proxy-type-mismatch", 210, 42, type_mismatch},
    {"proxy-upload-imbalance", 217, 44, upload_imbalance},
    {"proxy-auth-only", 224, 46, auth_only},
    {"proxy-long-tunnel", 231, 48, long_tunnel},
    {"proxy-webdav", 238, 50, webdav},
    {"proxy-same-size-polling", 245, 52, same_size_polling},
    {"proxy-data-in-url", 252, 54, data_in_url},
    {"proxy-identity-clash", 259, 20, identity_clash},
    {"proxy-dynamic-dns", 266, 58, dynamic_dns},
    {"proxy-drop-site", 273, 59, drop_site},
    {NULL, 0, 0, NULL}};
