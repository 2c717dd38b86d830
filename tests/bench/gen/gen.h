/* gen.h - what the products of generate share: sites, clients, and actors that
 * write one line after another. */
#ifndef KURA_BENCH_GEN_H
#define KURA_BENCH_GEN_H

#include "tests/bench/gen/chance.h"
#include "tests/bench/gen/write.h"

#define SITES 20000u
#define MINUTES_A_DAY 1440u
#define DAYS_MAX 3660u
#define STEPS_MAX 14
#define WORDS 32u
#define FAMILIES 16u
#define SYLLABLES 32u

enum product { SQUID, POSTFIX, NETSCREEN, BIND };

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
    uint64_t lines;
    struct chance chance;
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
    struct date date;
};

/* The one that has caught something, and what it talks to. */
#define INFECTED 37u
#define BEACON_HOST "update.tenki-yoho.invalid"
#define BEACON_IP 0xc6336442u /* 198.51.100.66 */
#define BEACON_MS 300000

extern const char *const words[WORDS];
extern const char *const families[FAMILIES];
extern const char *const syllables[SYLLABLES];

void site_fill(struct site *s, uint32_t rank);
void client_fill(struct client *c, uint32_t i);

/* How many lines the actor will write. */
int squid_start(struct gen *g, struct actor *a);
int postfix_start(struct gen *g, struct actor *a);
int bind_start(const struct actor *a);

void squid_line(struct gen *g, const struct actor *a);
void postfix_line(struct gen *g, const struct actor *a);
void netscreen_line(struct gen *g, const struct actor *a);
void bind_line(struct gen *g, const struct actor *a);

#endif
