/* background_mail.c - letters of a normal day. */
#include "tests/bench/gen/scenario.h"

#define SENDERS 60u /* organisations that write regularly */

struct addresses {
    char own[64], other[96], client[96];
    struct ip ip;
};

/* The domain of a site, without its first label. */
static void correspondents(struct scenario *s, struct addresses *a)
{
    const struct person *p = person(s, zipf_pick(&s->chance, &s->by_person));
    uint32_t n = chance_below(&s->chance, SENDERS + 12);
    static const char *const partners[] = {"tokiwa-seiki.example",
                                           "minato-boeki.example",
                                           "hikari-logistics.example"};
    uint32_t who = chance_below(&s->chance, 6);

    (void)snprintf(a->own, sizeof(a->own), "%s@" OWN, p->user);
    if (n >= SENDERS) {
        const char *domain = partners[n % COUNT(partners)];

        (void)snprintf(a->other, sizeof(a->other), "%s@%s", families[who],
                       domain);
        (void)snprintf(a->client, sizeof(a->client), "mx.%s", domain);
        a->ip = ip_of(0xc0000214u + n % 3);
    } else {
        const struct site *site = &s->sites[n % s->nsites];
        const char *domain = site->host.text;
        int size = site->host.n;

        while (size > 0 && *domain != '.') {
            domain++;
            size--;
        }
        (void)snprintf(a->other, sizeof(a->other), "%s@%.*s", families[who],
                       size - 1, domain + 1);
        (void)snprintf(a->client, sizeof(a->client), "mx%.*s", size, domain);
        a->ip = ip_of(site->ip);
    }
}

static const char *const subjects[] = {
    "Re: minutes of the meeting",
    "Weekly report",
    "Invoice",
    "=?UTF-8?B?6KuL5rGC5pu444KS44GK6YCB44KK44GX44G+44GZ?=",
    "=?UTF-8?B?5Lya6K2w44Gu44GK55+l44KJ44Gb?=",
    "=?ISO-2022-JP?B?GyRCQEE1YT1xGyhC?="};

static const char *const files[] = {
    "filename=\"minutes.docx\"",
    "filename=\"report.v1.2.pdf\"",
    "filename=\"budget.xlsx\"",
    "filename=\"=?UTF-8?B?6KuL5rGC5pu4LnBkZg==?=\"",
    "filename=\"photo.jpg\"",
    "filename*=UTF-8''%E8%B3%87%E6%96%99.pptx"};

static const char *some_file(struct scenario *s)
{
    return chance_of(&s->chance, 2500)
               ? files[chance_below(&s->chance, COUNT(files))]
               : NULL;
}

static void business(struct scenario *s, int64_t ms, bool inbound)
{
    struct addresses a;
    char header[160];

    correspondents(s, &a);
    (void)snprintf(header, sizeof(header), "%s <%s>",
                   families[chance_below(&s->chance, FAMILIES)],
                   inbound ? a.other : a.own);
    log_letter(
        s, &(struct letter){
               .ms = ms,
               .client = inbound ? a.client : "store." OWN,
               .ip = inbound ? a.ip.text : "10.0.0.26",
               .from = inbound ? a.other : a.own,
               .to = inbound ? a.own : a.other,
               .header_from = header,
               .subject = subjects[chance_below(&s->chance, COUNT(subjects))],
               .file = some_file(s),
               .size = 1500 + chance_value(&s->chance, s->size) * 4});
}

/* From one to a few colleagues. */
static void internal(struct scenario *s, int64_t ms)
{
    const struct person *p = person(s, zipf_pick(&s->chance, &s->by_person));
    char from[64], to[400] = "";
    uint32_t n = 1 + chance_below(&s->chance, 4);
    size_t used = 0;

    (void)snprintf(from, sizeof(from), "%s@" OWN, p->user);
    while (n-- > 0)
        used += (size_t)snprintf(
            to + used, sizeof(to) - used, "%s%s@" OWN, used > 0 ? "," : "",
            person(s, chance_below(&s->chance, s->npeople))->user);
    log_letter(
        s, &(struct letter){.ms = ms,
                            .client = "store." OWN,
                            .ip = "10.0.0.26",
                            .from = from,
                            .to = to,
                            .file = some_file(s),
                            .size = 2000 + chance_value(&s->chance, s->size)});
}

/* The envelope has an address for returns, at the sender's own domain or at the
 * one whom he pays for it: always the same pairs. */
static void newsletter(struct scenario *s, int64_t ms)
{
    static const struct {
        const char *envelope, *header, *reply, *client, *ip;
    } list[] = {{"bounce@send.shinbun-dayori.example",
                 "Shinbun Dayori <news@shinbun-dayori.example>", NULL,
                 "mx.send.shinbun-dayori.example", "198.18.201.5"},
                {"owner-kenkyu@lists.gakkai-net.example",
                 "Tanaka <tanaka@gakkai-net.example>",
                 "<kenkyu@gakkai-net.example>", "lists.gakkai-net.example",
                 "198.18.201.6"},
                {"return-77@haishin-ya.example",
                 "Bungu Ichiba <info@bungu-ichiba.example>",
                 "<ask@bungu-ichiba.example>", "out.haishin-ya.example",
                 "198.18.201.7"},
                {"return-78@haishin-ya.example",
                 "Seminar Joho <info@seminar-joho.example>",
                 "<seminar@uketsuke.example>", "out.haishin-ya.example",
                 "198.18.201.7"}};
    uint32_t i = chance_below(&s->chance, COUNT(list));
    char to[64];

    (void)snprintf(to, sizeof(to), "%s@" OWN,
                   person(s, chance_below(&s->chance, s->npeople))->user);
    log_letter(s, &(struct letter){.ms = ms,
                                   .client = list[i].client,
                                   .ip = list[i].ip,
                                   .from = list[i].envelope,
                                   .to = to,
                                   .header_from = list[i].header,
                                   .reply_to = list[i].reply,
                                   .subject = "[ML] News",
                                   .size = 30000});
}

/* Somebody is away: the answer has no sender in the envelope, as the rules ask.
 */
static void away(struct scenario *s, int64_t ms)
{
    struct addresses a;
    char header[160];
    bool ours = chance_of(&s->chance, 6000);

    correspondents(s, &a);
    (void)snprintf(header, sizeof(header), "<%s>", ours ? a.own : a.other);
    log_letter(s, &(struct letter){.ms = ms,
                                   .client = ours ? "store." OWN : a.client,
                                   .ip = ours ? "10.0.0.26" : a.ip.text,
                                   .from = "",
                                   .to = ours ? a.other : a.own,
                                   .header_from = header,
                                   .subject = "Out of office",
                                   .size = 2100});
}

/* Somebody who has never written: an offer, an application, a question. */
static void stranger(struct scenario *s, uint32_t day)
{
    static const char *const enclosed[] = {
        "filename=\"offer.pdf\"", "filename=\"katalog.zip\"",
        "filename=\"questions.docx\"", "filename=\"calc.xlsm\""};
    struct name host = new_domain(s, day, 40);
    struct ip ip = ip_of(0xc6120000u + (uint32_t)(mix(day) % 50000));
    char from[96], to[64];

    (void)snprintf(from, sizeof(from), "info@%s", host.text + 4);
    (void)snprintf(to, sizeof(to), "%s@" OWN,
                   person(s, chance_below(&s->chance, s->npeople))->user);
    log_letter(
        s, &(struct letter){
               .ms = office_time(s, day),
               .client = host.text,
               .ip = ip.text,
               .from = from,
               .to = to,
               .file = chance_of(&s->chance, 1500)
                           ? enclosed[chance_below(&s->chance, COUNT(enclosed))]
                           : NULL});
}

static void spam_refused(struct scenario *s, int64_t ms)
{
    struct ip ip = ip_of(0xc6130000u + chance_below(&s->chance, 60000));
    struct date d = {.day = -1};
    int64_t local = ms + ZONE_MS, second = local / 1000 % 86400;

    date_of(&d, local / 86400000);
    scenario_line(
        s, MAIL, ms,
        "%04d-%02d-%02dT%02d:%02d:%02d.%03d211+09:00 mail1 postfix/smtpd[977]: "
        "NOQUEUE: reject: RCPT from unknown[%s]: 554 5.7.1 Service "
        "unavailable; Client host blocked; from=<offer%u@kokoku.invalid> "
        "to=<info@" OWN "> proto=ESMTP helo=<localhost>",
        d.year, d.month, d.mday, (int)(second / 3600), (int)(second / 60 % 60),
        (int)(second % 60), (int)(local % 1000), ip.text, (unsigned)(ms % 97));
}

/* The office's circular, on Mondays, to many. */
static void circular(struct scenario *s, uint32_t day)
{
    char to[3000] = "";
    size_t used = 0;
    uint32_t i;

    for (i = 0; i < 45; i++)
        used += (size_t)snprintf(to + used, sizeof(to) - used, "%s%s@" OWN,
                                 i > 0 ? "," : "", person(s, i)->user);
    log_letter(s, &(struct letter){.ms = at(s, day, 9, 10, 0),
                                   .client = "store." OWN,
                                   .ip = "10.0.0.26",
                                   .from = "soumu@" OWN,
                                   .to = to,
                                   .subject = "Weekly circular",
                                   .size = 9000});
}

void background_mail(struct scenario *s, uint32_t day, uint64_t lines)
{
    struct stream *st = &s->today[MAIL];
    size_t before = st->n;
    bool work = is_workday(s, day);

    if (weekday_of(s, day) == 1)
        circular(s, day);
    if (work)
        stranger(s, day);
    while (st->n - before < lines && !s->failed) {
        uint32_t dice = chance_below(&s->chance, 100);
        int64_t any = at(s, day, 0, 0, 0) + chance_below(&s->chance, 86000000);
        int64_t ms = work ? office_time(s, day) : any;

        if (dice < 20)
            spam_refused(s, any);
        else if (dice < 30)
            newsletter(s, any);
        else if (dice < 33)
            away(s, any);
        else if (!work || dice < 60)
            business(s, ms, true);
        else if (dice < 80)
            business(s, ms, false);
        else
            internal(s, ms);
    }
}
