/* postfix.c - Postfix's log, with the headers that the guide asks for. */
#include "tests/bench/gen/gen.h"

#include <string.h>

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
    uint32_t delay = chance_below(&g->chance, 400);

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
        put_number(o, 900 + chance_value(&g->chance, g->size));
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

void postfix_line(struct gen *g, const struct actor *a)
{
    struct out *o = &g->out;
    enum step step = (enum step)a->steps[a->at];
    int64_t local = a->ms + ZONE_MS;

    date_of(&g->date, local / 86400000);
    put_text(o, months[g->date.month - 1]);
    PUT(o, " ");
    put_padded(o, (uint64_t)g->date.mday, 2, ' ');
    PUT(o, " ");
    put_clock(o, local);
    postfix_daemon(g, a, step);
    if (step != CONNECT && step != DISCONNECT && step != REJECT) {
        put_hex(o, a->id, 10, true);
        PUT(o, ": ");
    }
    postfix_text(g, a, step);
}

int postfix_start(struct gen *g, struct actor *a)
{
    static const unsigned char refused[] = {CONNECT, REJECT, DISCONNECT};
    unsigned char *s = a->steps;

    if (mail_is_inbound(a) && chance_of(&g->chance, 2500)) {
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
