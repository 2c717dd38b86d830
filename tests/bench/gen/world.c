/* world.c - the sites and the clients that the logs of all products are about.
 */
#include "tests/bench/gen/gen.h"

#include <string.h>

const char *const words[WORDS] = {
    "news",    "shop",   "img",    "assets", "item",    "topics", "member",
    "search",  "data",   "report", "images", "common",  "js",     "theme",
    "article", "blog",   "office", "travel", "weather", "map",    "music",
    "photo",   "recipe", "sports", "market", "finance", "guide",  "help",
    "company", "press",  "event",  "detail"};

const char *const families[FAMILIES] = {
    "sato",   "suzuki",    "takahashi", "tanaka",  "ito",  "yamamoto",
    "nakano", "kobayashi", "kato",      "yoshida", "mori", "ikeda",
    "abe",    "ishii",     "ogawa",     "hayashi"};

const char *const syllables[SYLLABLES] = {
    "ka",  "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so", "ta",
    "chi", "to", "na", "ni", "no", "ha", "hi",  "fu", "he", "ho", "ma",
    "mi",  "mu", "me", "mo", "ya", "yu", "yo",  "ra", "ri", "ru"};

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

void site_fill(struct site *s, uint32_t rank)
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

void client_fill(struct client *c, uint32_t i)
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
