/* generate.c - made-up logs in the formats that kura reads, for the bench, the
 * demo and tests of size.
 *
 *     generate --product squid|postfix|netscreen|bind [--lines N] [--days D]
 *              [--start YYYY-MM-DD] [--seed S] [--clients C]
 *
 * The same arguments give the same bytes.  Sites and clients do not depend on
 * the seed, so that the logs of several products are about the same machines.
 *
 * Lines come from actors: a page being loaded, a message on its way, a session.
 * An actor writes its lines at intervals; a heap holds all actors by the time
 * of their next line, so that the log is in order although they overlap.  Each
 * new actor starts where the share of lines planned so far falls on the curve
 * of the working week; that gives exactly N lines.
 *
 * All names end in reserved domains; outside addresses are from the ranges for
 * documentation and for benchmarks (198.18.0.0/15). */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#define OUT_SIZE (1u << 20)
#define OUT_ROOM 4096u /* more than any line takes */
#define SITES 20000u
#define NAME_MAX_BYTES 48u
#define QUANTILES 1024u
#define MINUTES_A_DAY 1440u
#define DAYS_MAX 3660u
#define ZONE_MS (INT64_C(9) * 3600 * 1000) /* the site's clock: +0900 */
#define STEPS_MAX 14

enum product { SQUID, POSTFIX, NETSCREEN, BIND };

struct out {
    char *data;
    size_t n;
};

struct name {
    char text[NAME_MAX_BYTES];
    unsigned char n;
};

struct site {
    struct name host;
    uint32_t ip;
    uint32_t seed;
    uint32_t paths;
    bool tls;
    bool blocked; /* by the proxy's rules */
};

struct client {
    uint32_t ip;
    struct name user;
};

/* Walker's alias method: one look-up a sample. */
struct zipf {
    uint32_t n;
    uint32_t *keep;
    uint32_t *other;
};

enum kind { NORMAL, BEACON };

struct actor {
    int64_t ms;
    enum kind kind;
    int at, end; /* lines written, lines to write */
    uint32_t client, site;
    uint64_t id;
    uint32_t peer;
    unsigned char steps[STEPS_MAX]; /* of a message */
};

struct gen {
    struct out out;
    enum product product;
    uint64_t lines, state;
    uint32_t days, nclient;
    int64_t start_ms;
    struct site *sites;
    struct client *clients;
    struct zipf by_site, by_client;
    uint32_t elapsed[QUANTILES], size[QUANTILES];
    double *curve; /* cumulated share of the lines, by minute */
    uint32_t minute;
    uint64_t planned;
    int64_t next_beacon;
    struct actor *heap;
    size_t nheap, cap;
    int64_t date_day; /* what the texts below are about */
    int year, month, mday;
};

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static const char *const words[] = {
    "news",    "shop",   "img",    "assets", "item",    "topics", "member",
    "search",  "data",   "report", "images", "common",  "js",     "theme",
    "article", "blog",   "office", "travel", "weather", "map",    "music",
    "photo",   "recipe", "sports", "market", "finance", "guide",  "help",
    "company", "press",  "event",  "detail"};

static const char *const families[] = {
    "sato",   "suzuki",    "takahashi", "tanaka",  "ito",  "yamamoto",
    "nakano", "kobayashi", "kato",      "yoshida", "mori", "ikeda",
    "abe",    "ishii",     "ogawa",     "hayashi"};

static const char *const syllables[] = {
    "ka",  "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so", "ta",
    "chi", "to", "na", "ni", "no", "ha", "hi",  "fu", "he", "ho", "ma",
    "mi",  "mu", "me", "mo", "ya", "yu", "yo",  "ra", "ri", "ru"};

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

/* ---- chance ---- */

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t chance_bits(struct gen *g)
{
    g->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(g->state);
}

static uint32_t chance_below(struct gen *g, uint32_t n)
{
    return (uint32_t)(((chance_bits(g) >> 32) * n) >> 32);
}

static bool chance_of(struct gen *g, uint32_t in_10000)
{
    return chance_below(g, 10000) < in_10000;
}

static uint32_t chance_value(struct gen *g, const uint32_t *quantiles)
{
    uint64_t bits = chance_bits(g);
    uint64_t v = quantiles[bits % QUANTILES];

    /* Between half and one and a half, so that values are not few. */
    return (uint32_t)((v * (512 + ((bits >> 20) & 1023))) >> 10);
}

/* Near to a log-normal distribution: the logistic one stands for the normal. */
static void quantiles_fill(uint32_t *q, double median, double sigma, double max)
{
    uint32_t i;

    for (i = 0; i < QUANTILES; i++) {
        double p = (i + 0.5) / QUANTILES;
        double v = median * exp(sigma * log(p / (1 - p)) / 1.702);

        q[i] = (uint32_t)(v < max ? v : max);
    }
}

static bool zipf_fill(struct zipf *z, uint32_t n, double exponent)
{
    double *w = calloc(n, sizeof(*w)), sum = 0;
    uint32_t *todo = calloc(n, sizeof(*todo));
    uint32_t i, low = 0, high = n;

    z->n = n;
    z->keep = calloc(n, sizeof(*z->keep));
    z->other = calloc(n, sizeof(*z->other));
    if (w == NULL || todo == NULL || z->keep == NULL || z->other == NULL) {
        free(w);
        free(todo);
        return false;
    }
    for (i = 0; i < n; i++)
        sum += w[i] = pow(i + 1.0, -exponent);
    for (i = 0; i < n; i++) {
        w[i] *= n / sum;
        z->keep[i] = UINT32_MAX;
        z->other[i] = i;
        if (w[i] < 1)
            todo[low++] = i;
        else
            todo[--high] = i;
    }
    while (low > 0 && high < n) {
        uint32_t poor = todo[--low], rich = todo[high];

        z->keep[poor] = (uint32_t)(w[poor] * UINT32_MAX);
        z->other[poor] = rich;
        w[rich] -= 1 - w[poor];
        if (w[rich] < 1) {
            high++;
            todo[low++] = rich;
        }
    }
    free(w);
    free(todo);
    return true;
}

static uint32_t zipf_pick(struct gen *g, const struct zipf *z)
{
    uint64_t bits = chance_bits(g);
    uint32_t i = (uint32_t)(((bits >> 32) * z->n) >> 32);

    return (uint32_t)bits <= z->keep[i] ? i : z->other[i];
}

/* ---- writing ---- */

static bool out_flush(struct out *o)
{
    size_t done = 0;

    while (done < o->n) {
        ssize_t n = write(STDOUT_FILENO, o->data + done, o->n - done);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    o->n = 0;
    return true;
}

static void put(struct out *o, const char *p, size_t n)
{
    memcpy(o->data + o->n, p, n);
    o->n += n;
}

#define PUT(o, literal) put(o, literal, sizeof(literal) - 1)

static void put_text(struct out *o, const char *s)
{
    put(o, s, strlen(s));
}

static void put_name(struct out *o, const struct name *s)
{
    put(o, s->text, s->n);
}

/* At least `width` characters, filled up on the left. */
static void put_padded(struct out *o, uint64_t v, int width, char fill)
{
    char digits[24];
    int n = (int)sizeof(digits);

    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while ((int)sizeof(digits) - n < width)
        digits[--n] = fill;
    put(o, digits + n, sizeof(digits) - (size_t)n);
}

static void put_number(struct out *o, uint64_t v)
{
    put_padded(o, v, 1, ' ');
}

static void put_hex(struct out *o, uint64_t v, int n, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    while (n-- > 0)
        o->data[o->n++] = digits[(v >> (4 * n)) & 15];
}

static void put_ip(struct out *o, uint32_t ip)
{
    int shift;

    for (shift = 24; shift >= 0; shift -= 8) {
        put_number(o, (ip >> shift) & 255);
        if (shift != 0)
            PUT(o, ".");
    }
}

/* ---- time ---- */

static int64_t days_from_date(int64_t y, int m, int d)
{
    int64_t era, doy;

    y -= m <= 2;
    era = y / 400;
    doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    y -= era * 400;
    return era * 146097 + y * 365 + y / 4 - y / 100 + doy - 719468;
}

static void date_of(struct gen *g, int64_t day)
{
    int64_t z = day + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    if (day == g->date_day)
        return;
    g->date_day = day;
    g->mday = (int)(doy - (153 * mp + 2) / 5 + 1);
    g->month = (int)(mp < 10 ? mp + 3 : mp - 9);
    g->year = (int)(yoe + era * 400 + (g->month <= 2));
}

static void put_clock(struct out *o, int64_t local_ms)
{
    uint64_t s = (uint64_t)(local_ms / 1000) % 86400;

    put_padded(o, s / 3600, 2, '0');
    PUT(o, ":");
    put_padded(o, s / 60 % 60, 2, '0');
    PUT(o, ":");
    put_padded(o, s % 60, 2, '0');
}

static void put_iso_date(struct gen *g, int64_t local_ms)
{
    date_of(g, local_ms / 86400000);
    put_padded(&g->out, (uint64_t)g->year, 4, '0');
    PUT(&g->out, "-");
    put_padded(&g->out, (uint64_t)g->month, 2, '0');
    PUT(&g->out, "-");
    put_padded(&g->out, (uint64_t)g->mday, 2, '0');
}

/* How busy an hour of the week is; machines go on at night. */
static double hour_weight(const struct gen *g, int64_t day, unsigned hour)
{
    static const unsigned char busy[24] = {3,  2,  2,  2,  2,  3,  4,  12,
                                           45, 98, 99, 95, 65, 92, 99, 97,
                                           95, 85, 50, 28, 15, 10, 7,  4};
    /* 1970-01-01 was a Thursday. */
    int64_t weekday = (day + 3) % 7;
    double w = weekday < 5 ? busy[hour] : 4;

    return w + (g->product == SQUID ? 0 : 12);
}

static bool curve_fill(struct gen *g)
{
    uint32_t n = g->days * MINUTES_A_DAY, i;
    double sum = 0;

    g->curve = calloc(n + 1, sizeof(*g->curve));
    if (g->curve == NULL)
        return false;
    for (i = 0; i < n; i++) {
        int64_t day = (g->start_ms + ZONE_MS) / 86400000 + i / MINUTES_A_DAY;
        double w = hour_weight(g, day, i % MINUTES_A_DAY / 60);

        sum += w * (0.7 + chance_below(g, 600) / 1000.0);
        g->curve[i + 1] = sum;
    }
    for (i = 1; i <= n; i++)
        g->curve[i] /= sum;
    return true;
}

static int64_t curve_time(struct gen *g, uint64_t line)
{
    uint32_t last = g->days * MINUTES_A_DAY - 1;
    double share = (double)line / (double)g->lines, from, width;

    while (g->minute < last && g->curve[g->minute + 1] < share)
        g->minute++;
    from = g->curve[g->minute];
    width = g->curve[g->minute + 1] - from;
    share = share > from ? (share - from) / width : 0;
    return g->start_ms + (int64_t)g->minute * 60000 +
           (int64_t)((share < 1 ? share : 1) * 60000);
}

/* ---- sites and clients ---- */

static void name_add(struct name *s, const char *text)
{
    size_t n = strlen(text);

    if (s->n + n > sizeof(s->text))
        n = sizeof(s->text) - s->n;
    memcpy(s->text + s->n, text, n);
    s->n = (unsigned char)(s->n + n);
}

/* Every number up to 32768 has its own word. */
static void name_add_word(struct name *s, uint32_t number)
{
    int i;

    for (i = 0; i < 3; i++, number /= COUNT(syllables))
        name_add(s, syllables[number % COUNT(syllables)]);
}

static void site_fill(struct site *s, uint32_t rank)
{
    static const char *const hosts[3] = {"www.", "static.", "api."};
    static const char *const ends[] = {
        ".example", ".example",     ".example",       ".example",
        ".example", ".example",     ".example",       ".example",
        ".test",    ".example.com", ".example.co.jp", ".example.net"};
    static const uint32_t nets[3] = {0xc0000200u, 0xc6336400u, 0xcb007100u};
    /* Neighbours in rank shall not be neighbours in name. */
    uint32_t p = (uint32_t)((rank * UINT64_C(7919) + 13) % SITES);
    uint64_t h = mix(p / 3), own = mix(p + UINT64_C(1000003));

    name_add(&s->host, hosts[p % 3]);
    name_add_word(&s->host, p / 3 * 4 + 1);
    name_add(&s->host, ends[h % COUNT(ends)]);
    s->ip = rank < 600 ? nets[rank % 3] + 1 + rank / 3
                       : 0xc6120000u + (uint32_t)(h >> 32) % 131072;
    s->seed = (uint32_t)own;
    s->paths = 20 + (uint32_t)(own >> 40) % 200;
    s->tls = (own >> 33) % 100 < 55;
    s->blocked = (own >> 13) % 97 == 0;
}

static void client_fill(struct client *c, uint32_t i)
{
    c->ip = 0x0a010000u + (i / 200) * 256 + 10 + i % 200;
    if (i % 4 == 3) {
        name_add(&c->user, "-"); /* one without a log-in */
        return;
    }
    name_add(&c->user, syllables[mix(i) / 64 % COUNT(syllables)]);
    name_add(&c->user, "-");
    name_add(&c->user, families[mix(i) % COUNT(families)]);
}

/* The one that has caught something, and what it talks to. */
#define INFECTED 37u
#define BEACON_HOST "update.tenki-yoho.invalid"
#define BEACON_IP 0xc6336442u /* 198.51.100.66 */
#define BEACON_MS 300000

/* ---- squid ---- */

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
    uint32_t dice = chance_below(g, 1000);

    r.bytes = 200 + chance_value(g, g->size);
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

    r.bytes = 300 + chance_below(g, 40);
    squid_head(g, a, 80 + chance_below(g, 60), &r);
    PUT(&g->out, "http://" BEACON_HOST "/gate/in.php?m=");
    put_hex(&g->out, mix(a->client), 8, false);
    squid_tail(g, a, BEACON_IP, &r);
}

/* CONNECT to something that is no web server. */
static void squid_odd(struct gen *g, const struct actor *a)
{
    static const unsigned short ports[] = {8443, 9001, 4444, 22, 25, 8089};
    uint32_t ip = 0xc6130000u + chance_below(g, 4096);
    uint32_t dice = chance_below(g, COUNT(ports));
    struct request r = squid_result(g, true, dice > 1, "-");

    squid_head(g, a, chance_value(g, g->elapsed), &r);
    put_ip(&g->out, ip);
    PUT(&g->out, ":");
    put_number(&g->out, ports[dice]);
    squid_tail(g, a, ip, &r);
}

/* Which of a site's paths: a few are asked for most of the time. */
static uint32_t path_pick(struct gen *g, const struct site *s)
{
    uint64_t u = chance_bits(g) >> 48;

    return (uint32_t)((((u * u >> 16) * u >> 16) * s->paths) >> 16);
}

static void squid_page(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;
    /* Pages take pieces from other sites, too. */
    uint32_t which =
        a->at > 0 && chance_of(g, 1500) ? zipf_pick(g, &g->by_site) : a->site;
    const struct site *s = &g->sites[which];
    uint32_t rank = path_pick(g, s), elapsed = chance_value(g, g->elapsed);
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
        if (chance_of(g, 700)) {
            PUT(o, "?id=");
            put_number(o, chance_bits(g) >> 34);
            if (chance_of(g, 4000)) {
                PUT(o, "&_=");
                put_number(o, (uint64_t)a->ms);
            }
        }
    }
    squid_tail(g, a, s->ip, &r);
}

static void squid_line(struct gen *g, const struct actor *a)
{
    if (a->kind == BEACON)
        squid_beacon(g, a);
    else if (a->end == 1 && chance_of(g, 30))
        squid_odd(g, a);
    else
        squid_page(g, a);
}

static int squid_start(struct gen *g, struct actor *a)
{
    uint32_t few = g->sites[a->site].tls ? 6 : 12;

    return 1 + (int)chance_below(g, 1 + chance_below(g, few * 2));
}

/* ---- postfix ---- */

enum step {
    CONNECT,
    CLIENT,
    MESSAGE_ID,
    HEADER_FROM,
    HEADER_SUBJECT,
    HEADER_FILE,
    QUEUED,
    DELIVERY,
    DEFERRED,
    DISCONNECT,
    REMOVED,
    REJECT
};

static const char *const subjects[] = {
    "Re: minutes of the meeting",
    "Weekly report",
    "[ML:10423] Maintenance on Friday",
    "Invoice 2015-0217",
    "=?UTF-8?B?6KuL5rGC5pu444KS44GK6YCB44KK44GX44G+44GZ?=",
    "=?UTF-8?B?5Lya6K2w44Gu44GK55+l44KJ44Gb?=",
    "=?ISO-2022-JP?B?GyRCQEE1YT1xGyhC?=",
    "=?UTF-8?Q?Caf=C3=A9_r=C3=A9sum=C3=A9?=",
    "=?UTF-8?B?44GU56K66KqN44GP44Gg44GV44GE?="};

static const char *const attachments[] = {
    "filename=\"minutes.docx\"", "filename=\"report_2015.pdf\"",
    "filename=\"budget.xlsx\"", "filename=\"=?UTF-8?B?6KuL5rGC5pu4LnBkZg==?=\"",
    "filename=\"photo.jpg\"", "filename*=UTF-8''%E8%B3%87%E6%96%99.pptx",
    "filename=\"data.zip\"",
    /* From here on what nobody should open. */
    "filename=\"=?UTF-8?B?6KuL5rGC5pu4LmV4ZQ==?=\"",
    "filename=\"invoice.pdf                .scr\"",
    "filename=\"=?ISO-2022-JP?B?GyRCQEE1YT1xGyhCLmV4ZQ==?=\"",
    "filename*=UTF-8''%E5%B1%A5%E6%AD%B4%E6%9B%B8.doc.exe"};
#define ATTACHMENTS_GOOD 7u

/* Half of the mail comes from outside, half goes there. */
static bool mail_is_inbound(const struct actor *a)
{
    return (a->id & 1) != 0;
}

/* Strangers have an address and no name. */
static bool mail_is_stranger(const struct actor *a)
{
    return a->peer % 23 == 0 && mail_is_inbound(a);
}

static void put_peer(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;

    if (mail_is_stranger(a)) {
        PUT(o, "unknown[");
        put_ip(o, 0xc6130000u + a->peer % 65536);
    } else if (mail_is_inbound(a)) {
        PUT(o, "mx.");
        put_name(o, &g->sites[a->site].host);
        PUT(o, "[");
        put_ip(o, g->sites[a->site].ip);
    } else {
        PUT(o, "pc");
        put_number(o, a->client);
        PUT(o, ".office.example.co.jp[");
        put_ip(o, g->clients[a->client].ip);
    }
    PUT(o, "]");
}

static void put_local(struct gen *g, const struct actor *a)
{
    if (g->clients[a->client].user.n > 1)
        put_name(&g->out, &g->clients[a->client].user);
    else
        PUT(&g->out, "batch");
    PUT(&g->out, "@office.example.co.jp");
}

static void put_remote(struct gen *g, const struct actor *a)
{
    put_text(&g->out, families[a->peer % COUNT(families)]);
    put_number(&g->out, a->peer / 16 % 40);
    PUT(&g->out, "@");
    put_name(&g->out, &g->sites[a->site].host);
}

static void put_sender(struct gen *g, const struct actor *a, bool sender)
{
    if (mail_is_inbound(a) == sender)
        put_remote(g, a);
    else
        put_local(g, a);
}

static void put_from_to(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;

    PUT(o, "from=<");
    put_sender(g, a, true);
    PUT(o, "> to=<");
    put_sender(g, a, false);
    PUT(o, "> proto=ESMTP helo=<");
    if (mail_is_stranger(a))
        PUT(o, "localhost.localdomain");
    else
        put_name(o, &g->sites[a->site].host);
    PUT(o, ">");
}

static void postfix_file(struct gen *g, const struct actor *a)
{
    uint32_t bad = COUNT(attachments) - ATTACHMENTS_GOOD;
    uint32_t i = mail_is_stranger(a) || a->peer % 101 == 0
                     ? ATTACHMENTS_GOOD + a->peer % bad
                     : a->peer % ATTACHMENTS_GOOD;

    PUT(&g->out, "warning: header Content-Disposition: attachment;? ");
    put_text(&g->out, attachments[i]);
}

static void postfix_header(struct gen *g, const struct actor *a, enum step step)
{
    struct out *o = &g->out;

    if (step == HEADER_FROM) {
        PUT(o, "warning: header From: ");
        if (a->peer % 3 == 0)
            PUT(o, "=?UTF-8?B?55Sw5Lit5aSq6YOO?=");
        else
            put_text(o, families[a->peer % COUNT(families)]);
        PUT(o, " <");
        put_sender(g, a, true);
        PUT(o, ">");
    } else if (step == HEADER_SUBJECT) {
        PUT(o, "warning: header Subject: ");
        put_text(o, subjects[a->peer / 7 % COUNT(subjects)]);
    } else {
        postfix_file(g, a);
    }
    PUT(o, " from ");
    put_peer(g, a);
    PUT(o, "; ");
    put_from_to(g, a);
}

static void postfix_delivery(struct gen *g, const struct actor *a, bool sent)
{
    struct out *o = &g->out;
    uint32_t delay = chance_below(g, 400);

    PUT(o, "to=<");
    put_sender(g, a, false);
    PUT(o, ">, relay=");
    if (mail_is_inbound(a)) {
        PUT(o, "store.office.example.co.jp[10.0.0.26]:24");
    } else {
        PUT(o, "mx.");
        put_name(o, &g->sites[a->site].host);
        PUT(o, "[");
        put_ip(o, g->sites[a->site].ip);
        PUT(o, "]:25");
    }
    PUT(o, ", delay=");
    put_number(o, delay / 100);
    PUT(o, ".");
    put_padded(o, delay % 100, 2, '0');
    PUT(o, ", delays=0.1/0/0.2/0.3, dsn=");
    if (sent) {
        PUT(o, "2.0.0, status=sent (250 2.0.0 Ok: queued as ");
        put_hex(o, mix(a->id), 10, true);
    } else {
        PUT(o, "4.7.1, status=deferred (host said: 450 4.7.1 Greylisted");
    }
    PUT(o, ")");
}

static void postfix_daemon(struct gen *g, const struct actor *a, enum step step)
{
    struct out *o = &g->out;

    PUT(o, " mail1 postfix/");
    switch (step) {
    case MESSAGE_ID:
    case HEADER_FROM:
    case HEADER_SUBJECT:
    case HEADER_FILE:
        PUT(o, "cleanup[");
        break;
    case QUEUED:
    case REMOVED:
        PUT(o, "qmgr[");
        break;
    case DELIVERY:
    case DEFERRED:
        put_text(o, mail_is_inbound(a) ? "lmtp[" : "smtp[");
        break;
    default:
        PUT(o, "smtpd[");
        break;
    }
    put_number(o, step == QUEUED || step == REMOVED
                      ? 1301
                      : 2000 + (unsigned)step * 97 + a->id / 64 % 61);
    PUT(o, "]: ");
}

static void postfix_text(struct gen *g, const struct actor *a, enum step step)
{
    struct out *o = &g->out;

    switch (step) {
    case CONNECT:
    case DISCONNECT:
        put_text(o, step == CONNECT ? "connect from " : "disconnect from ");
        put_peer(g, a);
        if (step == DISCONNECT)
            PUT(o, " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
        break;
    case CLIENT:
        PUT(o, "client=");
        put_peer(g, a);
        break;
    case MESSAGE_ID:
        PUT(o, "message-id=<");
        put_hex(o, mix(a->id + 1), 16, false);
        PUT(o, "@");
        put_name(o, &g->sites[a->site].host);
        PUT(o, ">");
        break;
    case QUEUED:
        PUT(o, "from=<");
        put_sender(g, a, true);
        PUT(o, ">, size=");
        put_number(o, 900 + chance_value(g, g->size));
        PUT(o, ", nrcpt=1 (queue active)");
        break;
    case DELIVERY:
    case DEFERRED:
        postfix_delivery(g, a, step == DELIVERY);
        break;
    case REMOVED:
        PUT(o, "removed");
        break;
    case REJECT:
        PUT(o, "NOQUEUE: reject: RCPT from ");
        put_peer(g, a);
        PUT(o, ": 554 5.7.1 Service unavailable; Client host blocked; ");
        put_from_to(g, a);
        break;
    default:
        postfix_header(g, a, step);
        break;
    }
}

static void postfix_line(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;
    enum step step = (enum step)a->steps[a->at];
    int64_t local = a->ms + ZONE_MS;

    date_of(g, local / 86400000);
    put_text(o, months[g->month - 1]);
    PUT(o, " ");
    put_padded(o, (uint64_t)g->mday, 2, ' ');
    PUT(o, " ");
    put_clock(o, local);
    postfix_daemon(g, a, step);
    if (step != CONNECT && step != DISCONNECT && step != REJECT) {
        put_hex(o, a->id, 10, true);
        PUT(o, ": ");
    }
    postfix_text(g, a, step);
}

static int postfix_start(struct gen *g, struct actor *a)
{
    static const unsigned char refused[] = {CONNECT, REJECT, DISCONNECT};
    unsigned char *s = a->steps;

    if (mail_is_inbound(a) && chance_of(g, 2500)) {
        memcpy(s, refused, sizeof(refused));
        return COUNT(refused);
    }
    *s++ = CONNECT;
    *s++ = CLIENT;
    *s++ = HEADER_FROM;
    *s++ = HEADER_SUBJECT;
    *s++ = MESSAGE_ID;
    if (a->peer % 4 == 0 || mail_is_stranger(a))
        *s++ = HEADER_FILE;
    *s++ = QUEUED;
    *s++ = DISCONNECT;
    if (!mail_is_inbound(a) && a->peer % 29 == 0)
        *s++ = DEFERRED;
    *s++ = DELIVERY;
    *s++ = REMOVED;
    return (int)(s - a->steps);
}

/* ---- netscreen ---- */

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
    uint32_t dice = chance_below(g, 1000);
    struct session s = {0};

    s.src = g->clients[a->client].ip;
    s.dst = g->sites[a->site].ip;
    s.zones = "src zone=Trust dst zone=Untrust";
    s.reason = "Close - TCP FIN";
    s.policy = 11;
    s.service = services[chance_below(g, COUNT(services))];
    if (a->kind == BEACON) {
        s.dst = BEACON_IP;
        s.service = irc;
        s.denied = true;
        s.policy = 36;
    } else if (dice < 150) { /* somebody knocks from outside */
        s.src = 0xc6130000u + chance_below(g, 20000);
        s.dst = 0xc0000200u + 16 + chance_below(g, 8);
        s.service = rdp;
        s.service.name = "-";
        s.service.port = scans[chance_below(g, COUNT(scans))];
        s.zones = "src zone=Untrust dst zone=DMZ";
        s.denied = true;
        s.policy = 320;
    } else if (dice < 190) { /* past the proxy: not allowed */
        s.denied = true;
        s.policy = 36;
    } else if (dice < 420) { /* to a server of the house */
        s.dst = 0x0a000010u + chance_below(g, 30);
        s.zones = "src zone=Trust dst zone=Servers";
        s.policy = 7;
    } else {
        s.nat = true;
    }
    if (!s.denied) {
        s.sent = 200 + chance_value(g, g->size) / 8;
        s.rcvd = 300 + chance_value(g, g->size);
        s.duration = 1 + chance_value(g, g->elapsed) / 40;
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

    put_iso_date(g, local);
    PUT(o, "T");
    put_clock(o, local);
    PUT(o, ".");
    put_padded(o, (uint64_t)(a->ms % 1000), 3, '0');
    put_padded(o, chance_below(g, 1000), 3, '0');
    PUT(o, "+09:00 10.0.0.254 fw1: NetScreen device_id=fw1  "
           "[Root]system-notification-00257(traffic): start_time=\"");
    put_iso_date(g, began);
    PUT(o, " ");
    put_clock(o, began);
    PUT(o, "\" duration=");
    put_number(o, duration);
}

static void netscreen_end(struct gen *g, const struct session *s)
{
    struct out *o = &g->out;
    uint32_t port = 1025 + chance_below(g, 64000);

    PUT(o, " src_port=");
    put_number(o, 49152 + chance_below(g, 16384));
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
    put_number(o, s->denied ? 0 : 1 + chance_below(g, 256000));
    if (!s->denied) {
        PUT(o, " reason=");
        put_text(o, s->reason);
    }
}

static void netscreen_line(struct gen *g, const struct actor *a)
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

/* ---- bind ---- */

static void put_query_name(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;

    if (a->kind == BEACON) { /* data in the name */
        put_hex(o, mix((uint64_t)a->ms), 16, false);
        put_hex(o, mix((uint64_t)a->ms + 1), 16, false);
        PUT(o, ".t.kisetsu-dayori.invalid");
    } else if (a->peer % 16 == 0) {
        uint32_t ip = g->sites[a->site].ip;
        int shift;

        for (shift = 0; shift < 32; shift += 8) {
            put_number(o, (ip >> shift) & 255);
            PUT(o, ".");
        }
        PUT(o, "in-addr.arpa");
    } else {
        put_name(o, &g->sites[a->site].host);
    }
}

static void bind_line(struct gen *g, const struct actor *a)
{
    static const char *const types[] = {" IN A ", " IN AAAA ", " IN HTTPS "};
    struct out *o = &g->out;
    int64_t local = a->ms + ZONE_MS;

    date_of(g, local / 86400000);
    put_padded(o, (uint64_t)g->mday, 2, '0');
    PUT(o, "-");
    put_text(o, months[g->month - 1]);
    PUT(o, "-");
    put_padded(o, (uint64_t)g->year, 4, '0');
    PUT(o, " ");
    put_clock(o, local);
    PUT(o, ".");
    put_padded(o, (uint64_t)(a->ms % 1000), 3, '0');
    PUT(o, " queries: info: client @0x7f");
    put_hex(o, mix(a->id % 64), 10, false);
    PUT(o, " ");
    put_ip(o, g->clients[a->client].ip);
    PUT(o, "#");
    put_number(o, 1025 + chance_below(g, 64000));
    PUT(o, " (");
    put_query_name(g, a);
    PUT(o, "): query: ");
    put_query_name(g, a);
    if (a->kind == BEACON)
        PUT(o, " IN TXT ");
    else if (a->peer % 16 == 0)
        PUT(o, " IN PTR ");
    else
        put_text(o, types[a->at % 3]);
    PUT(o, "+E(0)K (10.0.0.53)");
}

static int bind_start(const struct actor *a)
{
    if (a->peer % 16 == 0)
        return 1;
    return 1 + (int)(a->peer / 16 % 3);
}

/* ---- actors ---- */

static bool heap_add(struct gen *g, const struct actor *a)
{
    size_t i = g->nheap;

    if (g->nheap == g->cap) {
        size_t cap = g->cap != 0 ? g->cap * 2 : 1024;
        struct actor *p = realloc(g->heap, cap * sizeof(*p));

        if (p == NULL)
            return false;
        g->heap = p;
        g->cap = cap;
    }
    g->nheap++;
    for (; i > 0 && g->heap[(i - 1) / 2].ms > a->ms; i = (i - 1) / 2)
        g->heap[i] = g->heap[(i - 1) / 2];
    g->heap[i] = *a;
    return true;
}

/* The first actor has become another one: it goes where it belongs. */
static void heap_sink(struct gen *g)
{
    struct actor a = g->heap[0];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < g->nheap) {
        if (child + 1 < g->nheap && g->heap[child + 1].ms < g->heap[child].ms)
            child++;
        if (g->heap[child].ms >= a.ms)
            break;
        g->heap[i] = g->heap[child];
        i = child;
    }
    g->heap[i] = a;
}

static int actor_lines(struct gen *g, struct actor *a)
{
    if (a->kind == BEACON)
        return 1;
    switch (g->product) {
    case SQUID:
        return squid_start(g, a);
    case POSTFIX:
        return postfix_start(g, a);
    case BIND:
        return bind_start(a);
    default:
        return 1;
    }
}

/* Starts one at a time of its share, from *next on, and moves *next past it. */
static bool actor_new(struct gen *g, int64_t *next)
{
    uint64_t left = g->lines - g->planned;
    struct actor a = {0};
    int64_t ms = *next;

    a.client = zipf_pick(g, &g->by_client);
    a.site = zipf_pick(g, &g->by_site);
    a.id = chance_bits(g) >> 24;
    a.peer = chance_below(g, 1u << 30);
    if (ms >= g->next_beacon && g->product != POSTFIX) {
        a.kind = BEACON;
        a.client = INFECTED % g->nclient;
        g->next_beacon += BEACON_MS;
        if (g->next_beacon <= ms)
            g->next_beacon = ms + BEACON_MS;
    }
    a.end = actor_lines(g, &a);
    if ((uint64_t)a.end > left)
        a.end = (int)left;
    g->planned += (uint64_t)a.end;
    *next = curve_time(g, g->planned);
    a.ms = ms + chance_below(g, (uint32_t)(*next - ms) + 1);
    return heap_add(g, &a);
}

static int64_t actor_pause(struct gen *g)
{
    return g->product == BIND ? chance_below(g, 4)
                              : 2 + chance_below(g, 1 + chance_below(g, 400));
}

static void actor_line(struct gen *g, const struct actor *a)
{
    switch (g->product) {
    case SQUID:
        squid_line(g, a);
        break;
    case POSTFIX:
        postfix_line(g, a);
        break;
    case NETSCREEN:
        netscreen_line(g, a);
        break;
    case BIND:
        bind_line(g, a);
        break;
    }
    PUT(&g->out, "\n");
}

static bool gen_run(struct gen *g)
{
    int64_t next = curve_time(g, 0);

    while (g->planned < g->lines || g->nheap > 0) {
        struct actor *a = g->heap;

        if (g->planned < g->lines && (g->nheap == 0 || next <= a->ms)) {
            if (!actor_new(g, &next))
                return false;
            continue;
        }
        actor_line(g, a);
        if (g->out.n > OUT_SIZE - OUT_ROOM && !out_flush(&g->out))
            return false;
        a->ms += actor_pause(g);
        if (++a->at == a->end)
            *a = g->heap[--g->nheap];
        heap_sink(g);
    }
    return out_flush(&g->out);
}

static bool gen_prepare(struct gen *g)
{
    uint32_t i;

    g->out.data = malloc(OUT_SIZE);
    g->sites = calloc(SITES, sizeof(*g->sites));
    g->clients = calloc(g->nclient, sizeof(*g->clients));
    if (g->out.data == NULL || g->sites == NULL || g->clients == NULL)
        return false;
    for (i = 0; i < SITES; i++)
        site_fill(&g->sites[i], i);
    for (i = 0; i < g->nclient; i++)
        client_fill(&g->clients[i], i);
    quantiles_fill(g->elapsed, 70, 1.6, 590000);
    quantiles_fill(g->size, 5000, 1.7, 400000000);
    g->date_day = -1;
    g->next_beacon = g->start_ms;
    return zipf_fill(&g->by_site, SITES, 1.0) &&
           zipf_fill(&g->by_client, g->nclient, 0.5) && curve_fill(g);
}

static void gen_release(struct gen *g)
{
    free(g->out.data);
    free(g->sites);
    free(g->clients);
    free(g->by_site.keep);
    free(g->by_site.other);
    free(g->by_client.keep);
    free(g->by_client.other);
    free(g->curve);
    free(g->heap);
}

/* ---- command line ---- */

static bool number_read(const char *s, uint64_t min, uint64_t max,
                        uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(s, &end, 10);
    return *s >= '0' && *s <= '9' && *end == '\0' && errno == 0 &&
           *out >= min && *out <= max;
}

static bool start_read(struct gen *g, const char *s)
{
    static const char shape[] = "dddd-dd-dd";
    int v[3] = {0, 0, 0}, part = 0;
    size_t i;

    if (strlen(s) != sizeof(shape) - 1)
        return false;
    for (i = 0; s[i] != '\0'; i++) {
        if (shape[i] == '-' ? s[i] != '-' : s[i] < '0' || s[i] > '9')
            return false;
        if (s[i] == '-')
            part++;
        else
            v[part] = v[part] * 10 + (s[i] - '0');
    }
    if (v[0] < 2002 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
        return false;
    g->start_ms = days_from_date(v[0], v[1], v[2]) * 86400000 - ZONE_MS;
    return true;
}

static bool product_read(struct gen *g, const char *s)
{
    static const char *const names[] = {"squid", "postfix", "netscreen",
                                        "bind"};
    unsigned i;

    for (i = 0; i < COUNT(names); i++) {
        if (strcmp(s, names[i]) == 0) {
            g->product = (enum product)i;
            return true;
        }
    }
    return false;
}

static bool option_read(struct gen *g, const char *name, const char *value)
{
    uint64_t v;

    if (strcmp(name, "--product") == 0)
        return product_read(g, value);
    if (strcmp(name, "--start") == 0)
        return start_read(g, value);
    if (strcmp(name, "--lines") == 0)
        return number_read(value, 1, UINT64_C(1) << 40, &g->lines);
    if (strcmp(name, "--seed") == 0)
        return number_read(value, 0, UINT64_MAX, &g->state);
    if (strcmp(name, "--days") == 0 && number_read(value, 1, DAYS_MAX, &v)) {
        g->days = (uint32_t)v;
        return true;
    }
    if (strcmp(name, "--clients") == 0 && number_read(value, 1, 50000, &v)) {
        g->nclient = (uint32_t)v;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct gen g = {0};
    bool ok;
    int i;

    g.days = 1;
    g.nclient = 600;
    (void)start_read(&g, "2015-02-16");
    for (i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !option_read(&g, argv[i], argv[i + 1])) {
            (void)fprintf(stderr,
                          "generate: bad option '%s'\n"
                          "usage: generate --product "
                          "squid|postfix|netscreen|bind [--lines N] "
                          "[--days D] [--start YYYY-MM-DD] [--seed S] "
                          "[--clients C]\n",
                          argv[i]);
            return 2;
        }
    }
    if (g.lines == 0)
        g.lines = g.days * UINT64_C(100000);
    g.state = mix(g.state + g.product);
    ok = gen_prepare(&g) && gen_run(&g);
    if (!ok)
        (void)fprintf(stderr, "generate: %s\n", strerror(errno));
    gen_release(&g);
    return ok ? 0 : 3;
}
