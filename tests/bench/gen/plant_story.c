/* plant_story.c - whole attacks: a letter, a click, a callback, a look around,
 * and what is carried out.  Each step is also a hit of the hunt that is made
 * for it. */
#include "tests/bench/gen/scenario.h"

struct story {
    const char *from, *header_from, *subject; /* the letter */
    const char *bait, *program;               /* host and path of the program */
    const char *c2, *c2_ip;                   /* where it calls */
    const char *drop;                         /* where the spoils go */
    uint32_t pause_s;                         /* between two calls */
};

static void letter(struct scenario *s, const struct story *t, uint32_t day,
                   uint32_t who)
{
    char to[64];

    (void)snprintf(to, sizeof(to), "%s@" OWN, person(s, who)->user);
    log_letter(s, &(struct letter){.ms = at(s, day, 9, 42, 0),
                                   .client = "mx.haishin-dai.invalid",
                                   .ip = "198.51.100.30",
                                   .from = t->from,
                                   .to = to,
                                   .header_from = t->header_from,
                                   .subject = t->subject});
    hit(s, "mail-from-mismatch", "story: the letter that begins it",
        "envelope_from=%s", t->from);
}

static void click(struct scenario *s, const struct story *t, uint32_t day,
                  uint32_t who)
{
    const struct person *p = person(s, who);
    char url[160];

    (void)snprintf(url, sizeof(url), "http://%s%s", t->bait, t->program);
    log_query(s, at(s, day, 10, 3, 0), p->ip, "A", t->bait);
    log_request(s, &(struct request){.ms = at(s, day, 10, 3, 1),
                                     .by = p,
                                     .url = url,
                                     .mime = "application/x-msdownload",
                                     .server = "198.51.100.31",
                                     .received = 612000,
                                     .elapsed = 2400});
    hit(s, "proxy-executable-fetch", "story: the click", "src_ip=%s|cs_host=%s",
        p->ip, t->bait);
}

/* In office hours, on `days` working days. */
static void callback(struct scenario *s, const struct story *t, uint32_t day,
                     uint32_t who, int days)
{
    const struct person *p = person(s, who);
    char url[160];

    (void)snprintf(url, sizeof(url), "http://%s/news/get.php", t->c2);
    for (; days > 0; days--, day = workday(s, day + 1)) {
        int64_t ms = at(s, day, 10, 5, 0), end = at(s, day, 17, 40, 0);

        log_query(s, ms - 900, p->ip, "A", t->c2);
        for (; ms < end; ms += t->pause_s * INT64_C(1000))
            log_request(
                s, &(struct request){
                       .ms = ms + chance_below(&s->chance, t->pause_s * 100),
                       .by = p,
                       .method = "POST",
                       .url = url,
                       .server = t->c2_ip,
                       .received = 301,
                       .sent = 640,
                       .elapsed = 130});
    }
    hit(s, "proxy-beacon", "story: the callback", "src_ip=%s|cs_host=%s", p->ip,
        t->c2);
}

static void look_around(struct scenario *s, uint32_t day, uint32_t who)
{
    const struct person *p = person(s, who);
    uint32_t i;

    for (i = 0; i < 120; i++) {
        struct ip dst = ip_of(0x0a010000u + (p->id + 1) % 4 * 256 + 1 + i);

        log_session(s, &(struct session){.ms = at(s, day, 13, 30, 0) +
                                               i * INT64_C(7000),
                                         .src = p->ip,
                                         .dst = dst.text,
                                         .port = 445,
                                         .denied = true});
    }
    hit(s, "fw-horizontal-scan", "story: neighbours are looked for",
        "src_ip=%s|dst_port=445", p->ip);
    hit(s, "fw-denied-lateral", "story: neighbours are looked for", "src_ip=%s",
        p->ip);
    hit(s, "beacon-then-movement", "story: called back, then looked around",
        "src_ip=%s", p->ip);
}

/* From the victim to a colleague's machine, from there to the files. */
static void collect(struct scenario *s, uint32_t day, uint32_t who,
                    uint32_t next)
{
    const struct person *p = person(s, who), *q = person(s, next);
    int i;

    log_session(s, &(struct session){.ms = at(s, day, 14, 20, 0),
                                     .src = p->ip,
                                     .dst = q->ip,
                                     .port = 3389,
                                     .sent = 700000,
                                     .rcvd = 9000000,
                                     .seconds = 2400});
    hit(s, "fw-admin-protocols", "story: on to a colleague's machine",
        "src_ip=%s|dst_ip=%s", p->ip, q->ip);
    for (i = 0; i < 5; i++)
        log_session(s, &(struct session){.ms = at(s, day, 15, i * 8, 0),
                                         .src = q->ip,
                                         .dst = "10.0.0.20",
                                         .port = 445,
                                         .sent = 400000,
                                         .rcvd = UINT64_C(1700000000),
                                         .seconds = 400});
    hit(s, "fw-unusual-volume", "story: files are collected", "src_ip=%s",
        q->ip);
}

static void carry_out(struct scenario *s, const struct story *t, uint32_t day,
                      uint32_t who)
{
    const struct person *p = person(s, who);
    char url[160];
    int i;

    (void)snprintf(url, sizeof(url), "http://%s/box/put.php", t->drop);
    for (i = 0; i < 12; i++)
        log_request(s, &(struct request){.ms = at(s, day, 18, 2 + i * 3, 0),
                                         .by = p,
                                         .method = "POST",
                                         .url = url,
                                         .server = "198.51.100.32",
                                         .received = 240,
                                         .sent = 24000000,
                                         .elapsed = 30000});
    (void)snprintf(url, sizeof(url), "%s:443", t->drop);
    log_request(s, &(struct request){.ms = at(s, day, 18, 41, 0),
                                     .by = p,
                                     .method = "CONNECT",
                                     .url = url,
                                     .result = "TCP_TUNNEL",
                                     .mime = "-",
                                     .server = "198.51.100.32",
                                     .received = 90000,
                                     .sent = 310000000,
                                     .elapsed = 600000});
    hit(s, "proxy-upload", "story: carried out", "src_ip=%s|cs_host=%s", p->ip,
        t->drop);
    hit(s, "proxy-upload-imbalance", "story: carried out",
        "src_ip=%s|cs_host=%s", p->ip, t->drop);
}

/* The first who clicks, and a colleague who gets the same letter and does not.
 */
static void label_click(struct scenario *s, const struct story *t, uint32_t day,
                        uint32_t who, uint32_t other)
{
    hit(s, "mail-then-click", "story: a stranger's letter and then the click",
        "src_ip=%s", person(s, who)->ip);
    letter(s, t, day, other);
    miss(s, "mail-then-click", "story: the same letter, and no click",
         "src_ip=%s", person(s, other)->ip);
}

/* Spring: one victim, six weeks from the letter to the end. */
static void spring(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct story t = {"mailer@haishin-dai.invalid",
                                   "Jinji <jinji@" OWN ">",
                                   "Kenko shindan no goannai",
                                   "shindan.kenko-kumiai.invalid",
                                   "/f/annai.exe",
                                   "news.shiki-dayori.invalid",
                                   "198.51.100.33",
                                   "box.shiki-okuri.invalid",
                                   600};

    letter(s, &t, day, who);
    click(s, &t, day, who);
    label_click(s, &t, day, who, who + 8);
    callback(s, &t, workday(s, day + 1), who, 14);
    look_around(s, workday(s, day + 24), who);
    collect(s, workday(s, day + 31), who, who + 2);
    carry_out(s, &t, workday(s, day + 40), who + 2);
}

/* Autumn: the same hand, two victims, faster. */
static void autumn(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct story t = {"post@yubin-kyoku.invalid",
                                   "Minato Boeki <eigyo@minato-boeki.example>",
                                   "Mitsumorisho no ken",
                                   "dl.mitsumori-sho.invalid",
                                   "/2025/mitsumori.scr",
                                   "img.aki-no-yoru.invalid",
                                   "198.51.100.34",
                                   "up.aki-okuri.invalid",
                                   300};

    letter(s, &t, day, who);
    click(s, &t, day, who);
    label_click(s, &t, day, who, who - 1);
    callback(s, &t, workday(s, day + 1), who, 6);
    letter(s, &t, workday(s, day + 2), who + 4);
    click(s, &t, workday(s, day + 2), who + 4);
    callback(s, &t, workday(s, day + 3), who + 4, 5);
    look_around(s, workday(s, day + 9), who);
    collect(s, workday(s, day + 10), who, who + 3);
    carry_out(s, &t, workday(s, day + 13), who + 3);
}

/* Lines that no format takes, one a source: cut off, or of another program. */
static void rejects(struct scenario *s, uint32_t day, uint32_t who)
{
    int64_t ms = at(s, day, 12, 0, 0);

    (void)who;
    scenario_line(s, MAIL, ms,
                  "2025-04-07T12:00:00.000211+09:00 mail1 dovecot: imap-login: "
                  "Login: user=<taro>");
    scenario_line(s, FIREWALL, ms,
                  "fw1: NetScreen device_id=fw1  [Root]system-"
                  "notification-00257(traffic): start_t");
    scenario_line(s, PROXY, ms,
                  "10.1.0.10 - - [07/Apr/2025:12:00:00 +0900] \"GET http://w");
    scenario_line(s, DNS, ms, "07-Apr-2025 12:00:00.000 queries: info: cli");
}

const struct plant plants_story[] = {{"rejects", 96, 0, rejects},
                                     {"spring", 121, 50, spring},
                                     {"autumn", 282, 55, autumn},
                                     {NULL, 0, 0, NULL}};
