/* scenario.h - the logs of one organisation for a year, with attacks planted
 * in them and harmless look-alikes beside each, and a list of both.
 *
 * Streams: every source has the lines of the day in work (`today`) and the
 * lines of all plants, which are few (`planted`).  A day is written when it is
 * complete, both in order of time; what runs past midnight waits.  So memory is
 * that of a day and of the plants, however long the scenario is.
 *
 * Days count from 0, the first one, in the site's time zone.  Times are
 * milliseconds since 1970 UTC.  Plants begin on day BASELINE: what is before
 * it is the normal that "never seen before" is measured against.
 *
 * All names are of reserved domains and all outside addresses of documentation
 * and benchmark ranges, but for names that a hunt knows by heart (dynamic DNS,
 * drop sites, public resolvers): there the name is the attack.
 *
 * Errors: `failed` is set when memory or the disk is full; nothing else stops.
 */
#ifndef KURA_BENCH_SCENARIO_H
#define KURA_BENCH_SCENARIO_H

#include "tests/bench/gen/gen.h"

#include <stdarg.h>

#define OWN "akebono.example"
#define FREEMAIL "freemail.example"
#define BASELINE 90u
#define SCENARIO_DAYS 340u /* the last plant is over */
#define PEOPLE_MIN 60u
#define PEOPLE_MAX 900u

enum source { MAIL, FIREWALL, PROXY, DNS, WINDOWS, SOURCES };

struct line {
    int64_t ms;
    size_t at; /* in text */
    uint32_t n;
};

struct stream {
    struct line *lines;
    size_t n, cap;
    char *text;
    size_t used, room;
};

struct person {
    char ip[16];
    char user[24];
    uint32_t id;
    bool night; /* the machine is left on */
};

struct scenario {
    struct chance chance;
    struct date date;
    int64_t first_day; /* since 1970 */
    uint32_t days, npeople, nsites;
    uint64_t lines;
    double per_workday; /* background lines */
    struct person *people;
    struct site *sites;
    struct zipf by_person, by_site;
    uint32_t size[QUANTILES];
    uint16_t office[QUANTILES]; /* minutes of a working day */
    struct stream today[SOURCES], planted[SOURCES];
    struct stream *into;
    FILE *files[SOURCES], *labels;
    uint64_t written, letters, records;
    bool failed;
};

/* ---- scenario.c ---- */

struct scenario_options {
    const char *dir;
    int64_t first_day;
    uint32_t days;
    uint64_t lines, seed;
    bool background_only;
};

/* Writes DIR/access.log, firewall.log, maillog, queries.log, security.json,
 * kura.yaml, indicators.csv and labels.tsv.  False with errno when that fails.
 */
bool scenario_run(const struct scenario_options *options);

/* A line of a source at a time. */
__attribute__((format(printf, 4, 5))) void
scenario_line(struct scenario *s, enum source source, int64_t ms,
              const char *format, ...);

/* What a finding of `hunt` must have (hit) or must not have (miss):
 * "column=value|column=value", and the story in words. */
__attribute__((format(printf, 4, 5))) void hit(struct scenario *s,
                                               const char *hunt,
                                               const char *words,
                                               const char *pairs, ...);
__attribute__((format(printf, 4, 5))) void miss(struct scenario *s,
                                                const char *hunt,
                                                const char *words,
                                                const char *pairs, ...);

/* ---- calendar.c ---- */

int64_t at(const struct scenario *s, uint32_t day, int hour, int minute,
           int second);
/* 1 Monday to 7 Sunday. */
int weekday_of(const struct scenario *s, uint32_t day);
/* The name of a holiday of Japan or of the house, or NULL; `day` since 1970. */
const char *holiday_name(int64_t day);
bool is_workday(const struct scenario *s, uint32_t day);
/* The first working day on or after one. */
uint32_t workday(const struct scenario *s, uint32_t day);
/* Some time of a working day: busy before noon, less at lunch, few late. */
int64_t office_time(struct scenario *s, uint32_t day);
void office_fill(struct scenario *s);

/* ---- site.c ---- */

/* The n-th member of staff; every plant has people of its own. */
const struct person *person(const struct scenario *s, uint32_t n);
void people_fill(struct scenario *s);
const char *zone_of(const char *ip);
bool is_inside(const char *ip);
bool site_write(const struct scenario *s, FILE *f);

struct ip {
    char text[16];
};
struct ip ip_of(uint32_t ip);

/* ---- lines.c: one call, the lines that a product writes about it ---- */

struct request {
    int64_t ms; /* when it began */
    const struct person *by;
    const char *src, *user; /* instead of `by` */
    const char *method;     /* GET */
    const char *url;
    const char *agent; /* the person's browser */
    const char *referrer;
    const char *mime;   /* text/html */
    const char *result; /* TCP_MISS */
    const char *server; /* its address */
    unsigned status;    /* 200 */
    uint64_t received;  /* bytes to the client */
    uint64_t sent;      /* bytes from the client */
    uint32_t elapsed;   /* milliseconds */
};
void log_request(struct scenario *s, const struct request *r);

struct session {
    int64_t ms;
    const char *src, *dst;
    unsigned port, proto; /* 6 */
    bool denied;
    uint64_t sent, rcvd;
    uint32_t seconds;
};
void log_session(struct scenario *s, const struct session *v);
/* An event of the firewall: "notification", "00002", its text. */
void log_event(struct scenario *s, int64_t ms, const char *severity,
               const char *id, const char *text);

void log_query(struct scenario *s, int64_t ms, const char *src,
               const char *type, const char *name);

struct letter {
    int64_t ms;
    const char *client, *ip; /* who hands it in: name and address */
    const char *login;       /* SASL */
    const char *from;        /* of the envelope */
    const char *to;          /* recipients, separated by a comma */
    const char *header_from; /* <from> */
    const char *reply_to;
    const char *subject;
    const char *file; /* MIME parameter: filename="x.pdf" */
    uint64_t size;    /* 4000 */
};
void log_letter(struct scenario *s, const struct letter *l);
/* An event of the security log, about an account. */
struct logon {
    int64_t ms;
    unsigned id;
    const char *computer, *channel; /* Security */
    const char *account, *ip;
    const char *status; /* 0x0 */
};
void log_logon(struct scenario *s, const struct logon *l);

/* Somebody at the address gave a wrong password. */
void log_login_failed(struct scenario *s, int64_t ms, const char *ip);

/* ---- background_*.c ---- */

void background_mail(struct scenario *s, uint32_t day, uint64_t lines);
void background_firewall(struct scenario *s, uint32_t day, uint64_t lines);
void background_proxy(struct scenario *s, uint32_t day, uint64_t lines);
void background_dns(struct scenario *s, uint32_t day, uint64_t lines);
void background_windows(struct scenario *s, uint32_t day, uint64_t lines);
/* A few lines of each source. */
void background_odd(struct scenario *s, uint32_t day);
/* A domain that nobody has seen before: the i-th of a day. */
struct name new_domain(const struct scenario *s, uint32_t day, uint32_t i);

/* ---- indicators.c: what others have reported ---- */

#define BAD_DOMAIN "kisetsu-dayori.invalid"
#define BAD_HOST "mail." BAD_DOMAIN
#define BAD_IP "198.51.100.66"
#define BAD_URL "http://files.hokan-soko.test/dl/tool.zip"
#define BAD_SENDER "keiri@okina-trading.invalid"
#define BAD_FILE "kokyaku-ichiran.xls.exe"
#define BAD_SUBJECT "Shikyu koza kakunin no onegai"
bool indicators_write(FILE *f);

/* ---- plant_*.c ---- */

/* One kind of attack with its look-alikes: what it is for, the day (moved to
 * the next working day) and the first of the people that it concerns. */
struct plant {
    const char *hunt;
    uint32_t day, who;
    void (*grow)(struct scenario *s, uint32_t day, uint32_t who);
};
extern const struct plant plants_mail[], plants_firewall[], plants_proxy[],
    plants_dns[], plants_windows[], plants_story[]; /* each ends with a NULL */

#endif
