/* lines.c - requests, sessions, questions and letters in the words of the
 * products that log them: Squid's combined format with what docs/log-sources.md
 * appends, ScreenOS, BIND, Postfix, Windows by way of Winlogbeat. */
#include "tests/bench/gen/scenario.h"

#include <inttypes.h>
#include <string.h>

struct stamp {
    int year, month, mday, hour, minute, second, ms;
};

static struct stamp stamp_of(struct scenario *s, int64_t ms)
{
    int64_t local = ms + ZONE_MS;
    int second = (int)(local / 1000 % 86400);

    date_of(&s->date, local / 86400000);
    return (struct stamp){s->date.year,       s->date.month,    s->date.mday,
                          second / 3600,      second / 60 % 60, second % 60,
                          (int)(local % 1000)};
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* ---- proxy ---- */

/* What the house gives its people; it is updated every four weeks. */
static void browser_write(const struct scenario *s, const struct person *p,
                          int64_t ms, char *out, size_t size)
{
    static const char windows[] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64";
    int64_t age = (ms / 86400000 - s->first_day) / 28;
    unsigned release = 131 + (unsigned)(age > 0 ? age : 0);

    if (p == NULL)
        (void)snprintf(out, size, "AnzenAV/14.2 (server)");
    else if (p->id % 5 == 4)
        (void)snprintf(out, size, "%s; rv:%u.0) Gecko/20100101 Firefox/%u.0",
                       windows, release + 3, release + 3);
    else
        (void)snprintf(out, size,
                       "%s) AppleWebKit/537.36 (KHTML, like Gecko) "
                       "Chrome/%u.0.0.0 Safari/537.36%s",
                       windows, release, p->id % 5 < 2 ? " Edg/131.0.0.0" : "");
}

void log_request(struct scenario *s, const struct request *r)
{
    char agent[160];
    int64_t end = r->ms + r->elapsed;
    struct stamp t = stamp_of(s, end);
    const char *result = or_else(r->result, "TCP_MISS");
    bool refused = strncmp(result, "TCP_DENIED", 10) == 0;
    const char *user = or_else(r->user, r->by != NULL ? r->by->user : "-");

    if (r->agent == NULL)
        browser_write(s, r->by, r->ms, agent, sizeof(agent));
    scenario_line(
        s, PROXY, end,
        "%s - %s [%02d/%s/%04d:%02d:%02d:%02d +0900] \"%s %s HTTP/1.1\" %03u "
        "%" PRIu64 " \"%s\" \"%s\" %s:%s %" PRIu64 " %6u %s %s",
        r->by != NULL ? r->by->ip : r->src, user, t.mday, months[t.month - 1],
        t.year, t.hour, t.minute, t.second, or_else(r->method, "GET"), r->url,
        r->status != 0 ? r->status : 200, r->received,
        or_else(r->referrer, "-"), or_else(r->agent, agent), result,
        refused ? "HIER_NONE" : "HIER_DIRECT",
        r->sent != 0 ? r->sent : 420 + mix((uint64_t)r->ms) % 500, r->elapsed,
        refused ? "-" : or_else(r->server, "198.18.0.1"),
        or_else(r->mime, "text/html"));
}

/* ---- firewall ---- */

static const char *service_name(unsigned port, unsigned proto)
{
    static const struct {
        unsigned port;
        const char *name;
    } names[] = {{80, "http"},  {443, "https"}, {53, "dns"},    {25, "smtp"},
                 {123, "ntp"},  {22, "ssh"},    {445, "smb"},   {389, "ldap"},
                 {143, "imap"}, {21, "ftp"},    {514, "syslog"}};
    uint32_t i;

    if (proto == 1)
        return "icmp";
    for (i = 0; i < COUNT(names); i++) {
        if (names[i].port == port)
            return names[i].name;
    }
    return NULL;
}

static void traffic_head(struct scenario *s, const struct session *v, char *out,
                         size_t size)
{
    int64_t end = v->ms + v->seconds * INT64_C(1000);
    struct stamp t = stamp_of(s, v->ms), e = stamp_of(s, end);
    unsigned proto = v->proto != 0 ? v->proto : 6;
    const char *service = service_name(v->port, proto);
    char other[24];

    (void)snprintf(other, sizeof(other), "%s/port:%u",
                   proto == 17 ? "udp" : "tcp", v->port);
    (void)snprintf(
        out, size,
        "%04d-%02d-%02dT%02d:%02d:%02d.%03d017+09:00 10.0.0.254 fw1: "
        "NetScreen device_id=fw1  [Root]system-notification-00257(traffic): "
        "start_time=\"%04d-%02d-%02d %02d:%02d:%02d\" duration=%u "
        "policy_id=%u service=%s proto=%u",
        e.year, e.month, e.mday, e.hour, e.minute, e.second, e.ms, t.year,
        t.month, t.mday, t.hour, t.minute, t.second, v->seconds,
        v->denied ? (is_inside(v->dst) ? 38 : 36) : 11,
        service != NULL ? service : other, proto);
}

void log_session(struct scenario *s, const struct session *v)
{
    int64_t end = v->ms + v->seconds * INT64_C(1000);
    uint64_t h = mix((uint64_t)v->ms * 31 + v->port);
    char head[320], ports[64], nat[160] = "";

    traffic_head(s, v, head, sizeof(head));
    if (v->proto == 1)
        (void)snprintf(ports, sizeof(ports), "icmp type=8");
    else
        (void)snprintf(ports, sizeof(ports), "src_port=%u dst_port=%u",
                       49152 + (unsigned)(h % 16000), v->port);
    if (!v->denied && is_inside(v->src) && !is_inside(v->dst) && v->proto != 1)
        (void)snprintf(nat, sizeof(nat),
                       " src-xlated ip=203.0.113.2 port=%u dst-xlated ip=%s "
                       "port=%u",
                       1025 + (unsigned)(h >> 20) % 60000, v->dst, v->port);
    scenario_line(s, FIREWALL, end,
                  "%s src zone=%s dst zone=%s action=%s sent=%" PRIu64
                  " rcvd=%" PRIu64 " src=%s dst=%s %s%s session_id=%u%s",
                  head, zone_of(v->src), zone_of(v->dst),
                  v->denied ? "Deny" : "Permit", v->sent, v->rcvd, v->src,
                  v->dst, ports, nat,
                  v->denied ? 0 : 1 + (unsigned)(h >> 40) % 250000,
                  v->denied ? "" : " reason=Close - TCP FIN");
}

void log_event(struct scenario *s, int64_t ms, const char *severity,
               const char *id, const char *text)
{
    struct stamp t = stamp_of(s, ms);

    scenario_line(s, FIREWALL, ms,
                  "%04d-%02d-%02dT%02d:%02d:%02d.%03d017+09:00 10.0.0.254 fw1: "
                  "NetScreen device_id=fw1  [Root]system-%s-%s: %s "
                  "(%04d-%02d-%02d %02d:%02d:%02d)",
                  t.year, t.month, t.mday, t.hour, t.minute, t.second, t.ms,
                  severity, id, text, t.year, t.month, t.mday, t.hour, t.minute,
                  t.second);
}

/* ---- dns ---- */

void log_query(struct scenario *s, int64_t ms, const char *src,
               const char *type, const char *name)
{
    struct stamp t = stamp_of(s, ms);
    uint64_t h = mix((uint64_t)ms);

    scenario_line(s, DNS, ms,
                  "%02d-%s-%04d %02d:%02d:%02d.%03d queries: info: client "
                  "@0x7f%08x00 %s#%u (%s): query: %s IN %s +E(0)K "
                  "(10.0.9.53)",
                  t.mday, months[t.month - 1], t.year, t.hour, t.minute,
                  t.second, t.ms, (unsigned)(h % 64) * 4096, src,
                  1025 + (unsigned)(h >> 32) % 64000, name, name, type);
}

/* ---- mail ---- */

struct post {
    struct scenario *s;
    const struct letter *letter;
    int64_t ms;
    uint64_t id;
    char client[96];
    char first_to[96];
};

__attribute__((format(printf, 3, 4))) static void
post_line(struct post *p, const char *process, const char *format, ...)
{
    struct stamp t;
    char text[1600];
    va_list args;

    p->ms += 3 + (int64_t)(mix(p->id + (uint64_t)p->ms) % 180);
    t = stamp_of(p->s, p->ms);
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    scenario_line(p->s, MAIL, p->ms,
                  "%04d-%02d-%02dT%02d:%02d:%02d.%03d211+09:00 mail1 "
                  "postfix/%s[%u]: %s",
                  t.year, t.month, t.mday, t.hour, t.minute, t.second, t.ms,
                  process, 1000 + (unsigned)(p->id * 7 % 30000), text);
}

static void post_header(struct post *p, const char *name, const char *value)
{
    const struct letter *l = p->letter;

    post_line(p, "cleanup",
              "%010" PRIX64 ": warning: header %s: %s from %s; from=<%s> "
              "to=<%s> proto=ESMTP helo=<%s>",
              p->id, name, value, p->client, l->from, p->first_to,
              l->client != NULL ? l->client : "[127.0.0.1]");
}

static void post_headers(struct post *p)
{
    const struct letter *l = p->letter;
    char own[128];

    (void)snprintf(own, sizeof(own), "<%s>", l->from);
    post_header(p, "From", or_else(l->header_from, own));
    if (l->reply_to != NULL)
        post_header(p, "Reply-To", l->reply_to);
    post_header(p, "Subject", or_else(l->subject, "Re: uchiawase"));
    if (l->file != NULL) {
        char value[512];

        (void)snprintf(value, sizeof(value), "attachment;? %s", l->file);
        post_header(p, "Content-Disposition", value);
    }
}

static void post_delivery(struct post *p, const char *to, int n)
{
    static const char own[] = "@" OWN;
    const char *domain = memchr(to, '@', (size_t)n);
    uint64_t h = mix(p->id);
    bool inside = domain != NULL &&
                  (size_t)(to + n - domain) == sizeof(own) - 1 &&
                  memcmp(domain, own, sizeof(own) - 1) == 0;
    char relay[128];

    if (inside)
        (void)snprintf(relay, sizeof(relay), "store." OWN "[10.0.0.26]:24");
    else
        (void)snprintf(relay, sizeof(relay), "mx.%.*s[198.19.%u.%u]:25",
                       domain == NULL ? 0 : (int)(to + n - domain) - 1,
                       domain == NULL ? "" : domain + 1, (unsigned)(h % 250),
                       (unsigned)(h >> 8) % 250);
    post_line(p, inside ? "lmtp" : "smtp",
              "%010" PRIX64 ": to=<%.*s>, relay=%s, delay=0.%02u, "
              "delays=0.1/0/0.2/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: "
              "queued as %08X)",
              p->id, n, to, relay, (unsigned)(h % 100), (unsigned)(h >> 32));
}

void log_letter(struct scenario *s, const struct letter *l)
{
    struct post p = {s, l, l->ms, 0, "", ""};
    const char *to = l->to;
    unsigned count = 1;
    size_t n = strcspn(to, ",");

    p.id = UINT64_C(0x1000000000) + mix(++s->letters) % UINT64_C(0xefffffffff);
    (void)snprintf(p.client, sizeof(p.client), "%s[%s]",
                   or_else(l->client, "unknown"), l->ip);
    (void)snprintf(p.first_to, sizeof(p.first_to), "%.*s", (int)n, to);
    for (to = l->to; *to != '\0'; to++)
        count += *to == ',';
    post_line(&p, "smtpd", "connect from %s", p.client);
    post_line(&p, "smtpd", "%010" PRIX64 ": client=%s%s%s", p.id, p.client,
              l->login != NULL ? ", sasl_method=LOGIN, sasl_username=" : "",
              or_else(l->login, ""));
    post_line(&p, "cleanup", "%010" PRIX64 ": message-id=<%08x.%s>", p.id,
              (unsigned)mix(p.id), l->from);
    post_headers(&p);
    post_line(&p, "qmgr",
              "%010" PRIX64 ": from=<%s>, size=%" PRIu64
              ", nrcpt=%u (queue active)",
              p.id, l->from, l->size != 0 ? l->size : 4000, count);
    for (to = l->to; *to != '\0'; to += n + (to[n] == ',')) {
        n = strcspn(to, ",");
        post_delivery(&p, to, (int)n);
    }
    post_line(&p, "qmgr", "%010" PRIX64 ": removed", p.id);
    post_line(&p, "smtpd",
              "disconnect from %s ehlo=1 mail=1 rcpt=%u data=1 "
              "quit=1 commands=5",
              p.client, count);
}

void log_login_failed(struct scenario *s, int64_t ms, const char *ip)
{
    struct stamp t = stamp_of(s, ms);

    scenario_line(s, MAIL, ms,
                  "%04d-%02d-%02dT%02d:%02d:%02d.%03d211+09:00 mail1 "
                  "postfix/smtpd[831]: warning: unknown[%s]: SASL LOGIN "
                  "authentication failed: UGFzc3dvcmQ6",
                  t.year, t.month, t.mday, t.hour, t.minute, t.second, t.ms,
                  ip);
}

/* ---- windows ---- */

static const char *logon_data(const struct logon *l)
{
    switch (l->id) {
    case 4624:
    case 4625:
        return ",\"LogonType\":\"3\",\"LogonProcessName\":\"Kerberos\"";
    case 4672:
        return ",\"PrivilegeList\":\"SeSecurityPrivilege SeDebugPrivilege\"";
    case 4768:
        return ",\"TicketEncryptionType\":\"0x12\",\"PreAuthType\":\"2\"";
    default:
        return "";
    }
}

void log_logon(struct scenario *s, const struct logon *l)
{
    /* Who did it is the subject of some events, who it is about of others. */
    bool target = (l->id >= 4624 && l->id <= 4625) || l->id >= 4768;
    struct stamp t = stamp_of(s, l->ms - ZONE_MS); /* UTC */
    char who[160] = "", from[64] = "";

    if (l->account != NULL)
        (void)snprintf(who, sizeof(who),
                       "\"%sUserName\":\"%s\",\"%sDomainName\":\"AKEBONO\"",
                       target ? "Target" : "Subject", l->account,
                       target ? "Target" : "Subject");
    if (l->ip != NULL)
        (void)snprintf(from, sizeof(from),
                       ",\"IpAddress\":\"::ffff:%s\",\"IpPort\":\"%u\"", l->ip,
                       49152 + (unsigned)(mix((uint64_t)l->ms) % 16000));
    scenario_line(s, WINDOWS, l->ms,
                  "{\"@timestamp\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\","
                  "\"winlog\":{\"channel\":\"%s\",\"computer_name\":\"%s\","
                  "\"event_data\":{%s%s%s%s%s%s},\"event_id\":\"%u\","
                  "\"provider_name\":\"Microsoft-Windows-Security-Auditing\","
                  "\"record_id\":\"%" PRIu64 "\"}}",
                  t.year, t.month, t.mday, t.hour, t.minute, t.second, t.ms,
                  or_else(l->channel, "Security"), l->computer, who,
                  logon_data(l), from, target ? ",\"Status\":\"" : "",
                  target ? or_else(l->status, "0x0") : "", target ? "\"" : "",
                  l->id, ++s->records);
}
