/* squid.c - Squid's native access.log. */
#include "tests/bench/gen/gen.h"

#include <string.h>

struct file_type {
    const char *ext, *mime;
};

static const struct file_type *path_type(uint32_t seed, uint32_t rank)
{
    static const struct file_type types[] = {
        {".html", "text/html"},     {".css", "text/css"},
        {".js", "text/javascript"}, {".png", "image/png"},
        {".jpg", "image/jpeg"},     {".gif", "image/gif"},
        {".jpg", "image/jpeg"},     {".json", "application/json"},
        {".js", "text/javascript"}, {".html", "text/html"},
        {".woff2", "font/woff2"},   {".zip", "application/zip"}};

    return &types[mix((uint64_t)seed << 20 | rank) % COUNT(types)];
}

static void put_path(struct out *o, uint32_t seed, uint32_t rank)
{
    uint64_t h = mix((uint64_t)seed << 20 | rank) >> 8;

    PUT(o, "/");
    if (rank == 0)
        return;
    put_text(o, words[h % 32]);
    PUT(o, "/");
    if ((h & 96) == 0) {
        put_text(o, words[(h >> 7) % 32]);
        PUT(o, "/");
    }
    put_text(o, words[(h >> 12) % 32]);
    if ((h & (1 << 17)) != 0) {
        PUT(o, "_");
        put_number(o, (h >> 18) % 1000);
    }
    put_text(o, path_type(seed, rank)->ext);
}

struct request {
    const char *result, *method, *mime;
    uint32_t status, bytes;
    bool direct; /* a server was asked */
};

static struct request squid_result(struct gen *g, bool connect, bool blocked,
                                   const char *mime)
{
    struct request r = {"TCP_MISS", "GET", mime, 200, 0, true};
    uint32_t dice = chance_below(&g->chance, 1000);

    r.bytes = 200 + chance_value(&g->chance, g->size);
    if (connect) {
        r.result = "TCP_TUNNEL";
        r.method = "CONNECT";
        r.mime = "-";
    }
    if (blocked || dice < 4) {
        r.result = "TCP_DENIED";
        r.status = blocked ? 403 : 407;
        r.bytes = 3500 + dice;
        r.mime = "text/html";
        r.direct = false;
    } else if (connect) {
        return r;
    } else if (dice < 120) {
        r.result = dice < 60 ? "TCP_HIT" : "TCP_MEM_HIT";
        r.direct = false;
    } else if (dice < 220) {
        r.result = "TCP_REFRESH_UNMODIFIED";
        r.status = 304;
        r.bytes = 250 + dice;
    } else if (dice < 250) {
        r.status = dice < 235 ? 404 : 302;
        r.bytes = 300 + dice;
        r.mime = "text/html";
    } else if (dice < 256) {
        r.result = "TCP_MISS_ABORTED";
        r.status = 0;
        r.bytes = 0;
        r.mime = "-";
    } else if (dice < 290) {
        r.method = "POST";
    }
    return r;
}

static void squid_head(struct gen *g, const struct actor *a, uint32_t elapsed,
                       const struct request *r)
{
    struct out *o = &g->out;

    put_number(o, (uint64_t)(a->ms / 1000));
    PUT(o, ".");
    put_padded(o, (uint64_t)(a->ms % 1000), 3, '0');
    PUT(o, " ");
    put_padded(o, elapsed, 6, ' ');
    PUT(o, " ");
    put_ip(o, g->clients[a->client].ip);
    PUT(o, " ");
    put_text(o, r->result);
    PUT(o, "/");
    put_padded(o, r->status, 3, '0');
    PUT(o, " ");
    put_number(o, r->bytes);
    PUT(o, " ");
    put_text(o, r->method);
    PUT(o, " ");
}

static void squid_tail(struct gen *g, const struct actor *a, uint32_t ip,
                       const struct request *r)
{
    struct out *o = &g->out;

    PUT(o, " ");
    put_name(o, &g->clients[a->client].user);
    if (r->direct) {
        PUT(o, " HIER_DIRECT/");
        put_ip(o, ip);
    } else {
        PUT(o, " HIER_NONE/-");
    }
    PUT(o, " ");
    put_text(o, r->mime);
}

static void squid_beacon(struct gen *g, const struct actor *a)
{
    struct request r = {"TCP_MISS", "POST", "text/html", 200, 0, true};

    r.bytes = 300 + chance_below(&g->chance, 40);
    squid_head(g, a, 80 + chance_below(&g->chance, 60), &r);
    PUT(&g->out, "http://" BEACON_HOST "/gate/in.php?m=");
    put_hex(&g->out, mix(a->client), 8, false);
    squid_tail(g, a, BEACON_IP, &r);
}

/* CONNECT to something that is no web server. */
static void squid_odd(struct gen *g, const struct actor *a)
{
    static const unsigned short ports[] = {8443, 9001, 4444, 22, 25, 8089};
    uint32_t ip = 0xc6130000u + chance_below(&g->chance, 4096);
    uint32_t dice = chance_below(&g->chance, COUNT(ports));
    struct request r = squid_result(g, true, dice > 1, "-");

    squid_head(g, a, chance_value(&g->chance, g->elapsed), &r);
    put_ip(&g->out, ip);
    PUT(&g->out, ":");
    put_number(&g->out, ports[dice]);
    squid_tail(g, a, ip, &r);
}

/* Which of a site's paths: a few are asked for most of the time. */
static uint32_t path_pick(struct gen *g, const struct site *s)
{
    uint64_t u = chance_bits(&g->chance) >> 48;

    return (uint32_t)((((u * u >> 16) * u >> 16) * s->paths) >> 16);
}

static void squid_page(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;
    /* Pages take pieces from other sites, too. */
    uint32_t which = a->at > 0 && chance_of(&g->chance, 1500)
                         ? zipf_pick(&g->chance, &g->by_site)
                         : a->site;
    const struct site *s = &g->sites[which];
    uint32_t rank = path_pick(g, s),
             elapsed = chance_value(&g->chance, g->elapsed);
    struct request r =
        squid_result(g, s->tls, s->blocked,
                     rank == 0 ? "text/html" : path_type(s->seed, rank)->mime);

    if (!r.direct)
        elapsed = elapsed % 8;
    if (s->tls)
        elapsed = elapsed * 16 % 900000;
    squid_head(g, a, elapsed, &r);
    if (!s->tls)
        PUT(o, "http://");
    put_name(o, &s->host);
    if (s->tls) {
        PUT(o, ":443");
    } else {
        put_path(o, s->seed, rank);
        if (chance_of(&g->chance, 700)) {
            PUT(o, "?id=");
            put_number(o, chance_bits(&g->chance) >> 34);
            if (chance_of(&g->chance, 4000)) {
                PUT(o, "&_=");
                put_number(o, (uint64_t)a->ms);
            }
        }
    }
    squid_tail(g, a, s->ip, &r);
}

void squid_line(struct gen *g, const struct actor *a)
{
    if (a->kind == BEACON)
        squid_beacon(g, a);
    else if (a->end == 1 && chance_of(&g->chance, 30))
        squid_odd(g, a);
    else
        squid_page(g, a);
}

int squid_start(struct gen *g, struct actor *a)
{
    uint32_t few = g->sites[a->site].tls ? 6 : 12;

    return 1 +
           (int)chance_below(&g->chance, 1 + chance_below(&g->chance, few * 2));
}
