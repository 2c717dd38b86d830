/* netscreen.c - the traffic log of a ScreenOS firewall. */
#include "tests/bench/gen/gen.h"

#include <string.h>

struct service {
    const char *name;
    unsigned short port;
    unsigned char proto;
};

static const struct service services[] = {
    {"https", 443, 6}, {"http", 80, 6},  {"dns", 53, 17},
    {"https", 443, 6}, {"ntp", 123, 17}, {"smtp", 25, 6},
    {"http", 80, 6},   {"imap", 143, 6}, {"tcp/port:8443", 8443, 6}};

struct session {
    uint32_t src, dst, sent, rcvd, duration, policy;
    struct service service;
    const char *zones, *reason;
    bool denied, nat;
};

static struct session session_make(struct gen *g, const struct actor *a)
{
    static const unsigned short scans[] = {22, 23, 445, 1433, 3389, 5060};
    static const struct service rdp = {"tcp/port:3389", 3389, 6};
    static const struct service irc = {"tcp/port:6667", 6667, 6};
    uint32_t dice = chance_below(&g->chance, 1000);
    struct session s = {0};

    s.src = g->clients[a->client].ip;
    s.dst = g->sites[a->site].ip;
    s.zones = "src zone=Trust dst zone=Untrust";
    s.reason = "Close - TCP FIN";
    s.policy = 11;
    s.service = services[chance_below(&g->chance, COUNT(services))];
    if (a->kind == BEACON) {
        s.dst = BEACON_IP;
        s.service = irc;
        s.denied = true;
        s.policy = 36;
    } else if (dice < 150) { /* somebody knocks from outside */
        s.src = 0xc6130000u + chance_below(&g->chance, 20000);
        s.dst = 0xc0000200u + 16 + chance_below(&g->chance, 8);
        s.service = rdp;
        s.service.name = "-";
        s.service.port = scans[chance_below(&g->chance, COUNT(scans))];
        s.zones = "src zone=Untrust dst zone=DMZ";
        s.denied = true;
        s.policy = 320;
    } else if (dice < 190) { /* past the proxy: not allowed */
        s.denied = true;
        s.policy = 36;
    } else if (dice < 420) { /* to a server of the house */
        s.dst = 0x0a000010u + chance_below(&g->chance, 30);
        s.zones = "src zone=Trust dst zone=Servers";
        s.policy = 7;
    } else {
        s.nat = true;
    }
    if (!s.denied) {
        s.sent = 200 + chance_value(&g->chance, g->size) / 8;
        s.rcvd = 300 + chance_value(&g->chance, g->size);
        s.duration = 1 + chance_value(&g->chance, g->elapsed) / 40;
        if (s.service.proto == 17 || dice % 9 == 0)
            s.reason = "Close - AGE OUT";
        else if (dice % 9 == 1)
            s.reason = "Close - TCP RST";
    }
    return s;
}

static void netscreen_head(struct gen *g, const struct actor *a,
                           uint32_t duration)
{
    struct out *o = &g->out;
    int64_t local = a->ms + ZONE_MS, began = local - (int64_t)duration * 1000;

    put_iso_date(o, &g->date, local);
    PUT(o, "T");
    put_clock(o, local);
    PUT(o, ".");
    put_padded(o, (uint64_t)(a->ms % 1000), 3, '0');
    put_padded(o, chance_below(&g->chance, 1000), 3, '0');
    PUT(o, "+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  "
           "[Root]system-notification-00257(traffic): start_time=\"");
    put_iso_date(o, &g->date, began);
    PUT(o, " ");
    put_clock(o, began);
    PUT(o, "\" duration=");
    put_number(o, duration);
}

static void netscreen_end(struct gen *g, const struct session *s)
{
    struct out *o = &g->out;
    uint32_t port = 1025 + chance_below(&g->chance, 64000);

    PUT(o, " src_port=");
    put_number(o, 49152 + chance_below(&g->chance, 16384));
    PUT(o, " dst_port=");
    put_number(o, s->service.port);
    if (s->nat) {
        PUT(o, " src-xlated ip=192.0.2.");
        put_number(o, 1 + port % 4);
        PUT(o, " port=");
        put_number(o, port);
        PUT(o, " dst-xlated ip=");
        put_ip(o, s->dst);
        PUT(o, " port=");
        put_number(o, s->service.port);
    }
    PUT(o, " session_id=");
    put_number(o, s->denied ? 0 : 1 + chance_below(&g->chance, 256000));
    if (!s->denied) {
        PUT(o, " reason=");
        put_text(o, s->reason);
    }
}

void netscreen_line(struct gen *g, const struct actor *a)
{
    struct session s = session_make(g, a);
    struct out *o = &g->out;

    netscreen_head(g, a, s.duration);
    PUT(o, " policy_id=");
    put_number(o, s.policy);
    PUT(o, " service=");
    put_text(o, s.service.name);
    PUT(o, " proto=");
    put_number(o, s.service.proto);
    PUT(o, " ");
    put_text(o, s.zones);
    put_text(o, s.denied ? " action=Deny sent=" : " action=Permit sent=");
    put_number(o, s.sent);
    PUT(o, " rcvd=");
    put_number(o, s.rcvd);
    PUT(o, " src=");
    put_ip(o, s.src);
    PUT(o, " dst=");
    put_ip(o, s.dst);
    netscreen_end(g, &s);
}
