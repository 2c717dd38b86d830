/* plant_mail.c - attacks and look-alikes in the log of the mail server. */
#include "tests/bench/gen/scenario.h"

static struct name mailbox(const struct scenario *s, uint32_t who)
{
    struct name out = {.n = 0};

    (void)snprintf(out.text, sizeof(out.text), "%s@" OWN, person(s, who)->user);
    return out;
}

/* A letter from outside, at an address of the attackers' network. */
static void inbound(struct scenario *s, int64_t ms, const char *from,
                    uint32_t to, struct letter l)
{
    char client[96];
    struct name box = mailbox(s, to);
    const char *domain = from;

    while (*domain != '\0' && *domain++ != '@')
        ;
    (void)snprintf(client, sizeof(client), "mx.%s", domain);
    l.ms = ms;
    if (l.ip == NULL) {
        l.ip = "198.51.100.25";
        l.client = client;
    }
    l.from = from;
    l.to = box.text;
    log_letter(s, &l);
}

static void outbound(struct scenario *s, int64_t ms, uint32_t who,
                     const char *to, uint64_t size)
{
    struct name box = mailbox(s, who);

    log_letter(s, &(struct letter){.ms = ms,
                                   .client = "store." OWN,
                                   .ip = "10.0.0.26",
                                   .from = box.text,
                                   .to = to,
                                   .size = size});
}

static void from_mismatch(struct scenario *s, uint32_t day, uint32_t who)
{
    inbound(s, at(s, day, 10, 12, 3), "root@sagyo-hin.invalid", who,
            (struct letter){.header_from = "Shacho <shacho@" OWN ">",
                            .subject = "Onegai"});
    hit(s, "mail-from-mismatch", "the president writes from a stranger's host",
        "envelope_from=root@sagyo-hin.invalid|header_from=shacho@" OWN);
    inbound(
        s, at(s, day, 14, 40, 9), "www@tegami-ya.invalid", who + 1,
        (struct letter){
            .header_from =
                "\"keiri@tokiwa-seiki.example\" <keiri@tokiwa-seiki.example>",
            .subject = "Seikyusho"});
    hit(s, "mail-from-mismatch", "a partner's address, another envelope",
        "envelope_from=www@tegami-ya.invalid|header_from=keiri@tokiwa-seiki."
        "example");
    /* Returns go to a subdomain of the sender's own. */
    inbound(s, at(s, day, 11, 5, 0), "bounce+19@post.tokiwa-seiki.example",
            who + 2,
            (struct letter){.header_from = "Mori <mori@tokiwa-seiki.example>",
                            .client = "mx.tokiwa-seiki.example",
                            .ip = "192.0.2.20"});
    miss(s, "mail-from-mismatch", "a return address below the same domain",
         "envelope_from=bounce+19@post.tokiwa-seiki.example");
}

/* The guide's example: the name is Shift_JIS in base64 and ends with .exe. */
static void executable(struct scenario *s, uint32_t day, uint32_t who)
{
    inbound(s, at(s, day, 16, 17, 26), "saiyo@oubo-shorui.invalid", who,
            (struct letter){.file = "filename=\"=?Shift_JIS?B?"
                                    "gXmDfYOLIOmBeozai3GP7pXxgUkuZXhl=?=\"",
                            .size = 410000});
    hit(s, "mail-executable-attachment", "a program, its name in Shift_JIS",
        "envelope_from=saiyo@oubo-shorui.invalid");
    inbound(s, at(s, day, 16, 30, 1), "info@denki-kensa.invalid", who + 1,
            (struct letter){.file = "filename=\"kensa.scr\"", .size = 220000});
    hit(s, "mail-executable-attachment", "a screen saver",
        "envelope_from=info@denki-kensa.invalid|attachment_name=kensa.scr");
    inbound(s, at(s, day, 13, 2, 1), "jimu@keikaku-sha.example", who,
            (struct letter){.file = "filename=\"executive-plan.exe.pdf\""});
    miss(s, "mail-executable-attachment", "exe in the name, not at its end",
         "envelope_from=jimu@keikaku-sha.example");
}

static void deceptive_name(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct {
        const char *from, *file, *words;
    } bad[] = {{"eigyo@mitsumori-dayori.invalid",
                "filename=\"invoice.pdf                .scr\"",
                "blanks push the extension out of sight"},
               {"kaikei@chobo-shitsu.invalid",
                "filename*=UTF-8''report%E2%80%AExslx.exe",
                "written from right to left"},
               {"jinji@rirekisho.invalid",
                "filename*=UTF-8''%E5%B1%A5%E6%AD%B4%E6%9B%B8.doc.exe",
                "two extensions"}};
    uint32_t i;

    for (i = 0; i < COUNT(bad); i++) {
        inbound(s, at(s, day, 9, 31 + (int)i, 8), bad[i].from, who + i,
                (struct letter){.file = bad[i].file, .size = 90000});
        hit(s, "mail-deceptive-name", bad[i].words, "envelope_from=%s",
            bad[i].from);
    }
    inbound(s, at(s, day, 15, 8, 8), "kenkyu@daigaku-lab.example", who,
            (struct letter){
                .file = "filename=\"akebono minutes v1.2 2025.04.docx\""});
    miss(s, "mail-deceptive-name", "dots and blanks as people use them",
         "envelope_from=kenkyu@daigaku-lab.example");
}

static void indicator(struct scenario *s, uint32_t day, uint32_t who)
{
    inbound(s, at(s, day, 8, 58, 2), BAD_SENDER, who, (struct letter){0});
    hit(s, "mail-indicator", "a sender on the list",
        "envelope_from=" BAD_SENDER);
    inbound(s, at(s, day, 9, 58, 2), "kyaku@betsu-no.invalid", who,
            (struct letter){.file = "filename=\"" BAD_FILE "\""});
    hit(s, "mail-indicator", "a file name on the list",
        "attachment_name=" BAD_FILE);
    inbound(s, at(s, day, 10, 58, 2), "koza@ginko-madoguchi.invalid", who,
            (struct letter){.subject = BAD_SUBJECT});
    hit(s, "mail-indicator", "a subject on the list", "subject=" BAD_SUBJECT);
    inbound(s, at(s, day, 11, 58, 2), "shin@" BAD_DOMAIN, who,
            (struct letter){0});
    hit(s, "mail-indicator", "a domain on the list",
        "envelope_from=shin@" BAD_DOMAIN);
    inbound(s, at(s, day, 12, 58, 2), "shin@not" BAD_DOMAIN, who,
            (struct letter){0});
    miss(s, "mail-indicator", "a domain that only ends like one on the list",
         "envelope_from=shin@not" BAD_DOMAIN);
}

static void outgoing_volume(struct scenario *s, uint32_t day, uint32_t who)
{
    int i;

    for (i = 0; i < 9; i++)
        outbound(s, at(s, day, 18, 2 + i * 3, 0), who, "yamada.kojin@" FREEMAIL,
                 24000000 + (uint64_t)i * 9000);
    hit(s, "mail-outgoing-volume", "200 MB to a free mailbox in half an hour",
        "envelope_from=%s", mailbox(s, who).text);
    outbound(s, at(s, day, 15, 30, 0), who + 1, "mori@tokiwa-seiki.example",
             6000000);
    miss(s, "mail-outgoing-volume", "one large drawing for a partner",
         "envelope_from=%s", mailbox(s, who + 1).text);
}

static void lookalike(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct {
        const char *from, *words;
    } bad[] = {{"soumu@akeb0no.example", "zero for o in our name"},
               {"sato@tokiwa-seik1.example", "one for i in a partner's"},
               {"info@xn--akebon-gxa.example", "punycode"},
               {"kanri@akebono.example.anzen-kanri.invalid",
                "our name inside another domain"}};
    uint32_t i;

    for (i = 0; i < COUNT(bad); i++) {
        inbound(s, at(s, day, 10, 20 + (int)i, 5), bad[i].from, who + i,
                (struct letter){0});
        hit(s, "mail-lookalike-sender", bad[i].words, "envelope_from=%s",
            bad[i].from);
    }
    inbound(s, at(s, day, 13, 20, 5), "hana@ikebana.example", who,
            (struct letter){0});
    miss(s, "mail-lookalike-sender", "three letters differ",
         "envelope_from=hana@ikebana.example");
}

static void display_name(struct scenario *s, uint32_t day, uint32_t who)
{
    inbound(s, at(s, day, 11, 11, 1), "kanri@yubin-uke.invalid", who,
            (struct letter){.header_from =
                                "\"soumu@" OWN "\" <kanri@yubin-uke.invalid>"});
    hit(s, "mail-display-name", "an address of ours as a stranger's name",
        "header_from=kanri@yubin-uke.invalid");
    inbound(s, at(s, day, 12, 11, 1), "ueda@kyakusaki.example", who,
            (struct letter){.header_from = "\"ueda@kyakusaki.example\" "
                                           "<ueda@kyakusaki.example>"});
    miss(s, "mail-display-name", "the sender's own address as name",
         "header_from=ueda@kyakusaki.example");
}

static void reply_to(struct scenario *s, uint32_t day, uint32_t who)
{
    inbound(
        s, at(s, day, 9, 44, 30), "kaigai@shosha-annai.example", who,
        (struct letter){.header_from = "Shosha <kaigai@shosha-annai.example>",
                        .reply_to = "<kaigai.dept@henshin-saki.invalid>"});
    hit(s, "mail-reply-to", "answers go to a domain never seen",
        "reply_to=kaigai.dept@henshin-saki.invalid");
    inbound(s, at(s, day, 9, 54, 30), "jimu@kyokai-honbu.example", who,
            (struct letter){.header_from = "Kyokai <jimu@kyokai-honbu.example>",
                            .reply_to = "<madoguchi@kyokai-honbu.example>"});
    miss(s, "mail-reply-to", "answers go to another box of the sender",
         "reply_to=madoguchi@kyokai-honbu.example");
    miss(s, "mail-reply-to", "a list whose answers have gone there all along",
         "reply_to=seminar@uketsuke.example");
}

static void first_seen_sender(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t i;

    for (i = 0; i < 12; i++)
        inbound(s, at(s, day, 10, 30 + (int)i, 0), "anket@chosa-irai.invalid",
                who + i, (struct letter){0});
    hit(s, "mail-first-seen-sender", "a new domain writes to twelve at once",
        "envelope_from=anket@chosa-irai.invalid");
    for (i = 0; i < 4; i++)
        inbound(s, at(s, day, 13, 30 + (int)i, 0), "annai@tenji-kai.example",
                who + i, (struct letter){0});
    miss(s, "mail-first-seen-sender", "a new domain writes to four",
         "envelope_from=annai@tenji-kai.example");
}

static void risky_container(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t d;

    inbound(s, at(s, day, 14, 14, 14), "chumon@hassou-irai.invalid", who,
            (struct letter){.file = "filename=\"order.iso\"", .size = 1300000});
    hit(s, "mail-risky-container", "a disk image from a new sender",
        "envelope_from=chumon@hassou-irai.invalid");
    /* One who has sent the same kind every week. */
    for (d = 3; d < s->days; d += 7)
        inbound(s, at(s, d, 9, 3, 3), "zaiko@hikari-logistics.example", who + 1,
                (struct letter){.file = "filename=\"zaiko.7z\"",
                                .client = "mx.hikari-logistics.example",
                                .ip = "192.0.2.22",
                                .size = 200000});
    miss(s, "mail-risky-container", "a partner's weekly archive",
         "envelope_from=zaiko@hikari-logistics.example");
}

static void unresolved_client(struct scenario *s, uint32_t day, uint32_t who)
{
    inbound(s, at(s, day, 3, 14, 14), "fax@denshi-fax.invalid", who,
            (struct letter){.ip = "198.51.100.77",
                            .file = "filename=\"fax.zip\"",
                            .size = 88000});
    hit(s, "mail-unresolved-client", "a nameless address sends a file",
        "client_ip=198.51.100.77");
    inbound(s, at(s, day, 4, 14, 14), "fax@denshi-fax.invalid", who,
            (struct letter){.ip = "198.51.100.78"});
    miss(s, "mail-unresolved-client", "the same without a file",
         "client_ip=198.51.100.78");
}

static void quiet_forwarding(struct scenario *s, uint32_t day, uint32_t who)
{
    uint32_t d, n = 0;

    for (d = day; n < 9; d++, n++)
        outbound(s, at(s, d, 23, 10, 0), who, "taro1971@" FREEMAIL,
                 900000 + n * UINT64_C(700000));
    hit(s, "mail-quiet-forwarding", "every night, a little more each time",
        "envelope_from=%s|envelope_to=taro1971@" FREEMAIL,
        mailbox(s, who).text);
    for (d = day, n = 0; n < 4; d++, n++)
        outbound(s, at(s, d, 19, 10, 0), who + 1, "hanako1980@" FREEMAIL,
                 90000);
    miss(s, "mail-quiet-forwarding", "four evenings",
         "envelope_to=hanako1980@" FREEMAIL);
}

static void sasl_abuse(struct scenario *s, uint32_t day, uint32_t who)
{
    static const struct {
        const char *ip, *words;
        int failures;
        bool enters, bad;
    } list[] = {{"198.51.100.91", "forty wrong passwords and a right one", 40,
                 true, true},
                {"198.51.100.92", "sixty wrong passwords, nothing else", 60,
                 false, false},
                {"198.51.100.93", "two slips, then the right password", 2, true,
                 false}};
    struct name box = mailbox(s, who);
    uint32_t i;
    int n;

    for (i = 0; i < COUNT(list); i++) {
        int64_t ms = at(s, day, 1 + (int)i * 8, 20, 0);

        for (n = 0; n < list[i].failures; n++)
            log_login_failed(s, ms += 20000, list[i].ip);
        if (list[i].enters)
            log_letter(s, &(struct letter){.ms = ms + 30000,
                                           .ip = list[i].ip,
                                           .login = person(s, who)->user,
                                           .from = box.text,
                                           .to = "box@soto-no.example"});
        (list[i].bad ? hit : miss)(s, "mail-sasl-abuse", list[i].words,
                                   "client_ip=%s", list[i].ip);
    }
}

static void internal_burst(struct scenario *s, uint32_t day, uint32_t who)
{
    struct name from = mailbox(s, who);
    uint32_t i;

    for (i = 0; i < 48; i++) {
        struct name to = mailbox(s, who + 1 + i);

        log_letter(s, &(struct letter){.ms = at(s, day, 15, (int)i / 2, 30),
                                       .client = "store." OWN,
                                       .ip = "10.0.0.26",
                                       .from = from.text,
                                       .to = to.text,
                                       .subject = "Please check"});
    }
    hit(s, "mail-internal-burst", "one mailbox writes to all in half an hour",
        "envelope_from=%s", from.text);
    miss(s, "mail-internal-burst", "the office's circular of every Monday",
         "envelope_from=soumu@" OWN);
}

const struct plant plants_mail[] = {
    {"mail-from-mismatch", 95, 0, from_mismatch},
    {"mail-executable-attachment", 101, 4, executable},
    {"mail-deceptive-name", 108, 8, deceptive_name},
    {"mail-indicator", 115, 12, indicator},
    {"mail-outgoing-volume", 131, 16, outgoing_volume},
    {"mail-lookalike-sender", 138, 20, lookalike},
    {"mail-display-name", 145, 24, display_name},
    {"mail-reply-to", 152, 28, reply_to},
    {"mail-first-seen-sender", 159, 30, first_seen_sender},
    {"mail-risky-container", 166, 32, risky_container},
    {"mail-unresolved-client", 173, 36, unresolved_client},
    {"mail-quiet-forwarding", 180, 40, quiet_forwarding},
    {"mail-sasl-abuse", 187, 44, sasl_abuse},
    {"mail-internal-burst", 194, 48, internal_burst},
    {NULL, 0, 0, NULL}};
