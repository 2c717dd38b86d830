/* plant_firewall.c - attacks and look-alikes in the log of the firewall. */
#include "tests/bench/gen/scenario.h"

static const char *ip_at(const struct scenario *s, uint32_t who)
{
    return person(s, who)->ip;
}

/* n refusals, some seconds apart. */
static void refusals(struct scenario *s, int64_t ms, const char *src,
                     const char *dst, unsigned port, int n, int seconds)
{
    while (n-- > 0) {
        log_session(s, &(struct session){.ms = ms,
                                         .src = src,
                                         .dst = dst,
                                         .port = port,
                                         .denied = true});
        ms += seconds * INT64_C(1000);
    }
}

static void denied_outbound(struct scenario *s, uint32_t day, uint32_t who)
{
    refusals(s, at(s, day, 9, 40, 0), ip_at(s, who), "198.51.100.140", 8080, 24,
             47);
    hit(s, "fw-denied-outbound", "a program that does not know the proxy",
        "src_ip=%s|dst_ip=198.51.100.140", ip_at(s, who));
    refusals(s, at(s, day, 9, 40, 0), ip_at(s, who + 1), "198.51.100.141", 8080,
             8, 3);
    miss(s, "fw-denied-outbound", "eight tries",
         "src_ip=%s|dst_ip=198.51.100.141", ip_at(s, who + 1));
}

static void denied_lateral(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;

    for (i = 0; i < 12; i++)
        refusals(s, at(s, day, 13, (int)i, 0), ip_at(s, who),
                 ip_at(s, who + 5 + i * 4), 445, 2, 2);
    hit(s, "fw-denied-lateral", "a client tries clients of another segment",
        "src_ip=%s", ip_at(s, who));
    refusals(s, at(s, day, 13, 5, 0), ip_at(s, who + 1), "10.0.0.42", 9100, 1,
             2);
    miss(s, "fw-denied-lateral", "one try at a printer", "src_ip=%s",
         ip_at(s, who + 1));
}

static void proxy_bypass(struct scenario *s, uint32_t day, uint32_t who)
{
    int i;

    for (i = 0; i < 6; i++)
        log_session(s, &(struct session){.ms = at(s, day, 10, 3 + i * 4, 0),
                                         .src = ip_at(s, who),
                                         .dst = "198.51.100.150",
                                         .port = 443,
                                         .sent = 4000,
                                         .rcvd = 9000,
                                         .seconds = 20});
    hit(s, "fw-proxy-bypass", "a client reaches a web server past the proxy",
        "src_ip=%s|dst_ip=198.51.100.150", ip_at(s, who));
    for (i = 0; i < 6; i++)
        log_session(s, &(struct session){.ms = at(s, day, 11, 3 + i * 4, 0),
                                         .src = "10.2.0.60",
                                         .dst = "198.51.100.151",
                                         .port = 443,
                                         .sent = 4000,
                                         .rcvd = 9000,
                                         .seconds = 20});
    miss(s, "fw-proxy-bypass", "a guest, who may", "src_ip=10.2.0.60");
}

static void off_hours(struct scenario *s, uint32_t day, uint32_t who)
{
    int i;

    for (i = 0; i < 8; i++)
        log_session(s, &(struct session){.ms = at(s, day, 2, 40 + i * 2, 0),
                                         .src = ip_at(s, who),
                                         .dst = "198.51.100.160",
                                         .port = 8443,
                                         .sent = 30000,
                                         .rcvd = 9000,
                                         .seconds = 50});
    hit(s, "fw-off-hours", "a client talks to the outside at night",
        "src_ip=%s|dst_ip=198.51.100.160", ip_at(s, who));
    for (i = 0; i < 8; i++)
        log_session(s, &(struct session){.ms = at(s, day, 2, 40 + i * 2, 30),
                                         .src = "10.0.0.22",
                                         .dst = "198.51.100.161",
                                         .port = 443,
                                         .sent = 3000,
                                         .rcvd = 900000,
                                         .seconds = 50});
    miss(s, "fw-off-hours", "a server's updates in its maintenance window",
         "src_ip=10.0.0.22|dst_ip=198.51.100.161");
}

static void unusual_volume(struct scenario *s, uint32_t day, uint32_t who)
{
    int i;

    for (i = 0; i < 6; i++)
        log_session(s, &(struct session){.ms = at(s, day, 14, 2 + i * 6, 0),
                                         .src = ip_at(s, who),
                                         .dst = "10.0.0.21",
                                         .port = 445,
                                         .sent = 900000,
                                         .rcvd = UINT64_C(1900000000),
                                         .seconds = 300});
    hit(s, "fw-unusual-volume", "a client collects 11 GB from a file server",
        "src_ip=%s", ip_at(s, who));
    miss(s, "fw-unusual-volume", "the backup of every night",
         "src_ip=10.0.0.20");
}

static void drop_count(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;

    for (i = 0; i < 600; i++) {
        struct ip dst = ip_of(0xc6336400u + 1 + i % 200);

        refusals(s, at(s, day, 10, 0, 0) + i * INT64_C(9000), ip_at(s, who),
                 dst.text, 1024 + i % 7, 1, 1);
    }
    hit(s, "fw-drop-count", "six hundred refusals in two hours", "src_ip=%s",
        ip_at(s, who));
    for (i = 0; i < 12; i++) {
        struct ip dst = ip_of(0xc6336400u + 1 + i);

        refusals(s, at(s, day, 10, (int)i, 0), ip_at(s, who + 1), dst.text,
                 1900, 1, 1);
    }
    miss(s, "fw-drop-count", "a dozen", "src_ip=%s", ip_at(s, who + 1));
}

static void indicator(struct scenario *s, uint32_t day, uint32_t who)
{
    refusals(s, at(s, day, 16, 1, 0), ip_at(s, who), BAD_IP, 443, 1, 1);
    hit(s, "fw-indicator", "an address on the list", "src_ip=%s|dst_ip=" BAD_IP,
        ip_at(s, who));
    refusals(s, at(s, day, 16, 1, 0), ip_at(s, who + 1), "198.51.100.67", 443,
             1, 1);
    miss(s, "fw-indicator", "its neighbour", "dst_ip=198.51.100.67");
}

static void probe(struct scenario *s, int64_t ms, const char *src,
                  const char *dst, unsigned ports, int pause)
{
    unsigned i;

    for (i = 0; i < ports; i++)
        refusals(s, ms + i * INT64_C(2000), src, dst, 8000 + i, 1, 1);
    log_session(s, &(struct session){.ms = ms + ports * INT64_C(2000) +
                                           pause * INT64_C(60000),
                                     .src = src,
                                     .dst = dst,
                                     .port = 8443,
                                     .sent = 9000,
                                     .rcvd = 4000,
                                     .seconds = 12});
}

static void probe_then_pass(struct scenario *s, uint32_t day, uint32_t who)
{
    probe(s, at(s, day, 12, 30, 0), ip_at(s, who), "198.51.100.170", 18, 2);
    hit(s, "fw-probe-then-pass", "eighteen ports refused, one lets through",
        "src_ip=%s|dst_ip=198.51.100.170", ip_at(s, who));
    probe(s, at(s, day, 12, 30, 0), ip_at(s, who + 1), "198.51.100.171", 8, 2);
    miss(s, "fw-probe-then-pass", "eight ports only",
         "src_ip=%s|dst_ip=198.51.100.171", ip_at(s, who + 1));
    probe(s, at(s, day, 15, 30, 0), ip_at(s, who + 1), "198.51.100.172", 18,
          90);
    miss(s, "fw-probe-then-pass", "the session comes long after",
         "src_ip=%s|dst_ip=198.51.100.172", ip_at(s, who + 1));
}

/* `n` neighbours on one port, within 20 minutes. */
static void sweep(struct scenario *s, int64_t ms, const char *src, uint32_t n,
                  unsigned port)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        struct ip dst = ip_of(0x0a010200u + 1 + i);

        refusals(s, ms + i * INT64_C(12000), src, dst.text, port, 1, 1);
    }
}

static void horizontal_scan(struct scenario *s, uint32_t day, uint32_t who)
{
    sweep(s, at(s, day, 14, 0, 0), ip_at(s, who), 90, 3389);
    hit(s, "fw-horizontal-scan", "ninety hosts asked for one port",
        "src_ip=%s|dst_port=3389", ip_at(s, who));
    sweep(s, at(s, day, 14, 0, 0), ip_at(s, who + 1), 45, 3389);
    miss(s, "fw-horizontal-scan", "45 hosts", "src_ip=%s", ip_at(s, who + 1));
}

static void vertical_scan(struct scenario *s, uint32_t day, uint32_t who)
{
    unsigned i;

    for (i = 0; i < 260; i++)
        refusals(s, at(s, day, 11, 0, 0) + i * INT64_C(5000), ip_at(s, who),
                 "10.0.0.23", 1 + i * 7, 1, 1);
    hit(s, "fw-vertical-scan", "260 ports of one server",
        "src_ip=%s|dst_ip=10.0.0.23", ip_at(s, who));
    for (i = 0; i < 90; i++)
        refusals(s, at(s, day, 11, 0, 0) + i * INT64_C(5000), ip_at(s, who + 1),
                 "10.0.0.22", 1 + i * 7, 1, 1);
    miss(s, "fw-vertical-scan", "ninety ports", "src_ip=%s|dst_ip=10.0.0.22",
         ip_at(s, who + 1));
}

/* One session with a service, permitted. */
static void visit(struct scenario *s, int64_t ms, const char *src,
                  const char *dst, unsigned port)
{
    log_session(s, &(struct session){.ms = ms,
                                     .src = src,
                                     .dst = dst,
                                     .port = port,
                                     .sent = 40000,
                                     .rcvd = 700000,
                                     .seconds = 240});
}

static void admin_protocols(struct scenario *s, uint32_t day, uint32_t who)
{
    visit(s, at(s, day, 15, 3, 0), ip_at(s, who), ip_at(s, who + 2), 445);
    visit(s, at(s, day, 15, 9, 0), ip_at(s, who), ip_at(s, who + 2), 3389);
    hit(s, "fw-admin-protocols", "a client manages a client",
        "src_ip=%s|dst_ip=%s", ip_at(s, who), ip_at(s, who + 2));
    visit(s, at(s, day, 15, 3, 0), "10.9.0.5", ip_at(s, who + 1), 3389);
    miss(s, "fw-admin-protocols", "an administrator helps a client",
         "src_ip=10.9.0.5");
}

static void first_seen_pair(struct scenario *s, uint32_t day, uint32_t who)
{
    visit(s, at(s, day, 16, 12, 0), ip_at(s, who), "10.0.0.23", 3389);
    hit(s, "fw-first-seen-pair", "a client on a server's desktop, never before",
        "src_ip=%s|dst_ip=10.0.0.23", ip_at(s, who));
    miss(s, "fw-first-seen-pair", "the administrator's server of every day",
         "src_ip=10.9.0.5|dst_ip=10.0.0.20");
}

static void rare_port(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;

    for (i = 0; i < 4; i++)
        visit(s, at(s, day, 10 + (int)i, 12, 0), ip_at(s, who),
              "198.51.100.180", 7443);
    hit(s, "fw-rare-port", "one client, a port that nobody uses",
        "src_ip=%s|dst_port=7443", ip_at(s, who));
    for (i = 0; i < 8; i++)
        visit(s, at(s, day, 10, (int)i * 6, 0), ip_at(s, who + i + 1),
              "198.51.100.181", 8444);
    miss(s, "fw-rare-port", "eight clients use it", "dst_port=8444");
}

static void long_session(struct scenario *s, uint32_t day, uint32_t who)
{
    log_session(s, &(struct session){.ms = at(s, day, 8, 31, 0),
                                     .src = ip_at(s, who),
                                     .dst = "198.51.100.190",
                                     .port = 443,
                                     .sent = 900000,
                                     .rcvd = 800000,
                                     .seconds = 9 * 3600 + 700});
    hit(s, "fw-long-session", "nine hours with one host outside",
        "src_ip=%s|dst_ip=198.51.100.190", ip_at(s, who));
    log_session(s, &(struct session){.ms = at(s, day, 8, 31, 0),
                                     .src = "10.0.9.80",
                                     .dst = "198.51.100.191",
                                     .port = 443,
                                     .sent = 90000,
                                     .rcvd = 8000000,
                                     .seconds = 3300});
    miss(s, "fw-long-session", "55 minutes", "dst_ip=198.51.100.191");
}

static void upload_imbalance(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct {
        const char *dst, *words;
        uint64_t sent, rcvd;
        bool bad;
    } list[] = {
        {"198.51.100.200", "300 MB out, 2 MB in", 300000000, 2000000, true},
        {"198.51.100.201", "18 MB out", 18000000, 100000, false},
        {"198.51.100.202", "300 MB out, as much in", 300000000, 290000000,
         false}};
    uint32_t i;

    for (i = 0; i < COUNT(list); i++) {
        log_session(s, &(struct session){.ms = at(s, day, 17, 3 + (int)i, 0),
                                         .src = ip_at(s, who),
                                         .dst = list[i].dst,
                                         .port = 443,
                                         .sent = list[i].sent,
                                         .rcvd = list[i].rcvd,
                                         .seconds = 600});
        (list[i].bad ? hit : miss)(s, "fw-upload-imbalance", list[i].words,
                                   "src_ip=%s|dst_ip=%s", ip_at(s, who),
                                   list[i].dst);
    }
}

static void never_leave(struct scenario *s, uint32_t day, uint32_t who)
{
    visit(s, at(s, day, 10, 50, 0), ip_at(s, who), "198.51.100.210", 445);
    hit(s, "fw-never-leave", "file sharing with the outside",
        "src_ip=%s|dst_ip=198.51.100.210", ip_at(s, who));
    visit(s, at(s, day, 10, 50, 0), ip_at(s, who + 1), "10.0.0.20", 445);
    miss(s, "fw-never-leave", "file sharing with a server of the house",
         "src_ip=%s", ip_at(s, who + 1));
}

static void dns_past_resolvers(struct scenario *s, uint32_t day, uint32_t who)
{
    int i;

    for (i = 0; i < 30; i++) {
        log_session(s, &(struct session){.ms = at(s, day, 9, i, 11),
                                         .src = ip_at(s, who),
                                         .dst = "198.51.100.220",
                                         .port = 53,
                                         .proto = 17,
                                         .sent = 90,
                                         .rcvd = 300,
                                         .seconds = 1});
        log_session(s, &(struct session){.ms = at(s, day, 9, i, 12),
                                         .src = "10.0.9.53",
                                         .dst = "198.51.100.221",
                                         .port = 53,
                                         .proto = 17,
                                         .sent = 90,
                                         .rcvd = 300,
                                         .seconds = 1});
    }
    hit(s, "fw-dns-past-resolvers", "a client asks a name server outside",
        "src_ip=%s|dst_ip=198.51.100.220", ip_at(s, who));
    miss(s, "fw-dns-past-resolvers", "the resolver does",
         "src_ip=10.0.9.53|dst_ip=198.51.100.221");
}

static void new_exposure(struct scenario *s, uint32_t day, uint32_t who)
{
    (void)who;
    visit(s, at(s, day, 3, 50, 0), "198.51.100.230", "203.0.113.7", 3389);
    visit(s, at(s, day, 4, 50, 0), "198.51.100.231", "203.0.113.7", 3389);
    hit(s, "fw-new-exposure", "a desktop is open to the Internet",
        "dst_ip=203.0.113.7|dst_port=3389");
    miss(s, "fw-new-exposure", "the web site, as ever",
         "dst_ip=203.0.113.5|dst_port=443");
}

static void beacon(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;
    int64_t ms = at(s, day, 9, 0, 0);

    for (i = 0; i < 60; i++)
        refusals(s, ms + i * INT64_C(600000) + chance_below(&s->chance, 20000),
                 ip_at(s, who), "198.51.100.240", 6667, 1, 1);
    hit(s, "fw-beacon", "refused every ten minutes, all day",
        "src_ip=%s|dst_ip=198.51.100.240", ip_at(s, who));
    for (i = 0; i < 60; i++) {
        /* As many, at no rhythm: gaps from seconds to most of an hour. */
        ms += 4000 + (int64_t)(mix(i) % 900) * (int64_t)(mix(i + 7) % 3000);
        refusals(s, ms, ip_at(s, who + 1), "198.51.100.241", 6667, 1, 1);
    }
    miss(s, "fw-beacon", "as many refusals without a rhythm",
         "src_ip=%s|dst_ip=198.51.100.241", ip_at(s, who + 1));
}

static void administration(struct scenario *s, uint32_t day, uint32_t who)
{
    char text[200];

    (void)snprintf(text, sizeof(text),
                   "Admin user \"fwadmin\" logged in for Web(https) management "
                   "(port 443) from %s:50211",
                   ip_at(s, who));
    log_event(s, at(s, day, 1, 12, 7), "notification", "00002", text);
    hit(s, "fw-administration", "somebody manages the firewall from a client",
        "src_ip=%s", ip_at(s, who));
    miss(s, "fw-administration", "the administrator on a Tuesday morning",
         "src_ip=10.9.0.5");
}

const struct plant plants_firewall[] = {
    {"fw-denied-outbound", 96, 0, denied_outbound},
    {"fw-denied-lateral", 103, 2, denied_lateral},
    {"fw-proxy-bypass", 110, 4, proxy_bypass},
    {"fw-off-hours", 117, 6, off_hours},
    {"fw-unusual-volume", 132, 8, unusual_volume},
    {"fw-drop-count", 139, 10, drop_count},
    {"fw-indicator", 146, 12, indicator},
    {"fw-probe-then-pass", 153, 14, probe_then_pass},
    {"fw-horizontal-scan", 160, 16, horizontal_scan},
    {"fw-vertical-scan", 167, 18, vertical_scan},
    {"fw-admin-protocols", 174, 20, admin_protocols},
    {"fw-first-seen-pair", 181, 22, first_seen_pair},
    {"fw-rare-port", 188, 24, rare_port},
    {"fw-long-session", 195, 34, long_session},
    {"fw-upload-imbalance", 202, 36, upload_imbalance},
    {"fw-never-leave", 209, 38, never_leave},
    {"fw-dns-past-resolvers", 216, 40, dns_past_resolvers},
    {"fw-new-exposure", 230, 42, new_exposure},
    {"fw-beacon", 237, 44, beacon},
    {"fw-administration", 244, 46, administration},
    {NULL, 0, 0, NULL}};
