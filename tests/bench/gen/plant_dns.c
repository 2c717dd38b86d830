/* plant_dns.c - attacks and look-alikes in the log of the name server. */
#include "tests/bench/gen/scenario.h"

#include <string.h>

static void ask(struct scenario *s, int64_t ms, uint32_t who, const char *type,
                const char *name)
{
    log_query(s, ms, person(s, who)->ip, type, name);
}

/* The same question n times. */
static void every(struct scenario *s, int64_t from, uint32_t who,
                  const char *name, int n, int64_t pause_ms, uint32_t jitter_ms)
{
    int i;

    for (i = 0; i < n; i++)
        ask(s, from + i * pause_ms + chance_below(&s->chance, jitter_ms + 1),
            who, "A", name);
}

static void indicator(struct scenario *s, uint32_t day, uint32_t who)
{
    ask(s, at(s, day, 9, 12, 0), who, "A", BAD_HOST);
    hit(s, "dns-indicator", "a name below a domain on the list",
        "src_ip=%s|query=" BAD_HOST, person(s, who)->ip);
    ask(s, at(s, day, 9, 13, 0), who + 1, "A", "not" BAD_DOMAIN);
    miss(s, "dns-indicator", "a name that only ends like one on the list",
         "query=not" BAD_DOMAIN);
}

/* `n` different names of one domain, `labels` of 16 hexadecimal digits each. */
static void names(struct scenario *s, int64_t ms, uint32_t who,
                  const char *type, const char *domain, int n, int labels)
{
    int i, k;

    for (i = 0; i < n; i++) {
        char name[240];
        size_t used = 0;

        for (k = 0; k < labels; k++)
            used += (size_t)snprintf(
                name + used, sizeof(name) - used, "%016llx",
                (unsigned long long)mix((uint64_t)i * 16 + (uint64_t)k +
                                        who * UINT64_C(99991)));
        (void)snprintf(name + used, sizeof(name) - used, ".%s", domain);
        ask(s, ms + i * INT64_C(15000), who, type, name);
    }
}

static void tunnel_count(struct scenario *s, uint32_t day, uint32_t who)
{
    int i;

    for (i = 0; i < 1200; i++) {
        char name[96];

        (void)snprintf(name, sizeof(name), "b%d.t.chika-do.invalid", i);
        ask(s, at(s, day, 9, 0, 0) + i * INT64_C(20000), who, "A", name);
    }
    hit(s, "dns-tunnel-count", "1200 names of one domain in a day",
        "src_ip=%s|registered_domain=chika-do.invalid", person(s, who)->ip);
    for (i = 0; i < 85; i++) {
        char name[96];

        (void)snprintf(name, sizeof(name), "u%d.tsubuyaki-ya.example", i);
        ask(s, at(s, day, 9, 0, 0) + i * INT64_C(90000), who + 1, "A", name);
    }
    miss(s, "dns-tunnel-count", "85 names of one domain",
         "registered_domain=tsubuyaki-ya.example");
}

static void tunnel_shape(struct scenario *s, uint32_t day, uint32_t who)
{
    names(s, at(s, day, 13, 0, 0), who, "TXT", "x.moguri-ana.invalid", 80, 3);
    hit(s, "dns-tunnel-shape", "eighty long names that ask for TXT",
        "src_ip=%s|registered_domain=moguri-ana.invalid", person(s, who)->ip);
    miss(s, "dns-tunnel-shape", "digests that the antivirus asks about",
         "registered_domain=anzen-av.example");
    miss(s, "dns-tunnel-shape", "the mail server asks who sends spam",
         "registered_domain=meiwaku.example");
}

static void beacon(struct scenario *s, uint32_t day, uint32_t who)
{
    int64_t ms = at(s, day, 8, 50, 0);
    int i;

    every(s, ms, who, "ns.hato-dokei.invalid", 100, 360000, 30000);
    hit(s, "dns-beacon", "every six minutes, ten hours",
        "src_ip=%s|registered_domain=hato-dokei.invalid", person(s, who)->ip);
    for (i = 0; i < 100; i++) {
        uint64_t h = mix((uint64_t)i + 4242);

        ms += 6000 + (int64_t)((h % 1000) * (h >> 12 & 1023));
        ask(s, ms, who + 1, "A", "www.kimagure-dokei.example");
    }
    miss(s, "dns-beacon", "as often, at no rhythm",
         "registered_domain=kimagure-dokei.example");
}

static void first_seen_domain(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;

    every(s, at(s, day, 11, 0, 0), who, "www.hajimete-no.invalid", 12, 200000,
          90000);
    hit(s, "dns-first-seen-domain", "a new domain, one client, twelve times",
        "src_ip=%s|registered_domain=hajimete-no.invalid", person(s, who)->ip);
    every(s, at(s, day, 11, 0, 0), who + 1, "www.hajimete-kai.example", 4,
          200000, 90000);
    miss(s, "dns-first-seen-domain", "a new domain, four times",
         "registered_domain=hajimete-kai.example");
    for (i = 0; i < 10; i++)
        every(s, at(s, day, 14, (int)i, 0), who + i, "www.minna-no.example", 6,
              60000, 9000);
    miss(s, "dns-first-seen-domain", "a new domain that ten ask for",
         "registered_domain=minna-no.example");
}

static void dga_burst(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct {
        int n;
        const char *end;
    } burst[] = {{60, "invalid"}, {16, "example"}};
    uint32_t b;
    int i, k;

    for (b = 0; b < COUNT(burst); b++) {
        for (i = 0; i < burst[b].n; i++) {
            char name[40];
            uint64_t h = mix((uint64_t)i * 77 + b * 1000 + 5);

            for (k = 0; k < 12; k++, h /= 26)
                name[k] = (char)('a' + h % 26);
            (void)snprintf(name + 12, sizeof(name) - 12, ".%s", burst[b].end);
            ask(s, at(s, day, 15, 0, 0) + i * INT64_C(30000), who + b, "A",
                name);
        }
    }
    hit(s, "dns-dga-burst", "sixty domains that nobody knows in half an hour",
        "src_ip=%s", person(s, who)->ip);
    miss(s, "dns-dga-burst", "sixteen new domains", "src_ip=%s",
         person(s, who + 1)->ip);
}

static void asked_never_connected(struct scenario *s, uint32_t day,
                                  uint32_t who)
{
    int i;

    every(s, at(s, day, 9, 5, 0), who, "c.kiite-dake.invalid", 45, 600000,
          300000);
    hit(s, "dns-asked-never-connected", "45 questions, no connection",
        "src_ip=%s|registered_domain=kiite-dake.invalid", person(s, who)->ip);
    every(s, at(s, day, 9, 5, 0), who + 1, "www.kiite-iku.example", 45, 600000,
          300000);
    for (i = 0; i < 9; i++)
        log_request(s, &(struct request){.ms = at(s, day, 9 + i, 7, 0),
                                         .by = person(s, who + 1),
                                         .url = "http://www.kiite-iku.example/",
                                         .received = 5000});
    miss(s, "dns-asked-never-connected", "asked and then visited",
         "registered_domain=kiite-iku.example");
}

static void zone_transfer(struct scenario *s, uint32_t day, uint32_t who)
{
    ask(s, at(s, day, 17, 17, 0), who, "AXFR", OWN);
    hit(s, "dns-zone-transfer", "a client asks for the whole zone", "src_ip=%s",
        person(s, who)->ip);
    log_query(s, at(s, day, 17, 17, 0), "10.0.9.54", "AXFR", OWN);
    miss(s, "dns-zone-transfer", "the other name server does",
         "src_ip=10.0.9.54");
}

static void internal_sweep(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;

    for (i = 0; i < 120; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "%u.0.0.10.in-addr.arpa", 1 + i);
        ask(s, at(s, day, 10, 20, 0) + i * INT64_C(2000), who, "PTR", name);
    }
    hit(s, "dns-internal-sweep", "who has which address, 120 times",
        "src_ip=%s", person(s, who)->ip);
    for (i = 0; i < 40; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "pc%u." OWN, 1 + i);
        ask(s, at(s, day, 10, 20, 0) + i * INT64_C(2000), who + 1, "A", name);
    }
    miss(s, "dns-internal-sweep", "forty names", "src_ip=%s",
         person(s, who + 1)->ip);
}

static void doh(struct scenario *s, uint32_t day, uint32_t who)
{
    every(s, at(s, day, 9, 3, 0), who, "cloudflare-dns.com", 4, 900000, 90000);
    every(s, at(s, day, 9, 4, 0), who, "dns.google", 4, 900000, 90000);
    hit(s, "dns-doh", "a client looks for resolvers outside", "src_ip=%s",
        person(s, who)->ip);
    every(s, at(s, day, 9, 3, 0), who + 1, "www.cloudflare-dns.example", 4,
          900000, 90000);
    miss(s, "dns-doh", "the name under another ending", "src_ip=%s",
         person(s, who + 1)->ip);
}

static void wpad(struct scenario *s, uint32_t day, uint32_t who)
{
    every(s, at(s, day, 9, 1, 0), who, "wpad.invalid", 6, 900000, 90000);
    hit(s, "dns-wpad", "a proxy is looked for outside the house",
        "src_ip=%s|query=wpad.invalid", person(s, who)->ip);
    miss(s, "dns-wpad", "the house's own name", "query=wpad." OWN);
}

const struct plant plants_dns[] = {
    {"dns-indicator", 98, 0, indicator},
    {"dns-tunnel-count", 105, 2, tunnel_count},
    {"dns-tunnel-shape", 112, 4, tunnel_shape},
    {"dns-beacon", 119, 6, beacon},
    {"dns-first-seen-domain", 134, 8, first_seen_domain},
    {"dns-dga-burst", 141, 20, dga_burst},
    {"dns-asked-never-connected", 148, 22, asked_never_connected},
    {"dns-zone-transfer", 155, 24, zone_transfer},
    {"dns-internal-sweep", 162, 26, internal_sweep},
    {"dns-doh", 176, 28, doh},
    {"dns-wpad", 183, 30, wpad},
    {NULL, 0, 0, NULL}};
