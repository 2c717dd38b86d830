/* bind.c - BIND's query log. */
#include "tests/bench/gen/gen.h"

#include <string.h>

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

void bind_line(struct gen *g, const struct actor *a)
{
    static const char *const types[] = {" IN A ", " IN AAAA ", " IN HTTPS "};
    struct out *o = &g->out;
    int64_t local = a->ms + ZONE_MS;

    date_of(&g->date, local / 86400000);
    put_padded(o, (uint64_t)g->date.mday, 2, '0');
    PUT(o, "-");
    put_text(o, months[g->date.month - 1]);
    PUT(o, "-");
    put_padded(o, (uint64_t)g->date.year, 4, '0');
    PUT(o, " ");
    put_clock(o, local);
    PUT(o, ".");
    put_padded(o, (uint64_t)(a->ms % 1000), 3, '0');
    PUT(o, " queries: info: client @0x7f");
    put_hex(o, mix(a->id % 64), 10, false);
    PUT(o, " ");
    put_ip(o, g->clients[a->client].ip);
    PUT(o, "#");
    put_number(o, 1025 + chance_below(&g->chance, 64000));
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

int bind_start(const struct actor *a)
{
    if (a->peer % 16 == 0)
        return 1;
    return 1 + (int)(a->peer / 16 % 3);
}
