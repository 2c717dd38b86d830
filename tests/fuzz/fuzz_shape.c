/* Shapes: what parses can be written again and means the same, and every
 * rendering of it gives text or an error. */
#include "store/shape.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 5000;

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static const char *const seeds[] = {
        "{ts:epoch.3} {elapsed_ms:d6} {src_ip} TCP_MISS/{sc_status}\n",
        "A {ts:isoz} {{{c_uri}} {delay:fixed.2}\r\n",
        "{ts:bsd+540} {host} x[{pid}]: {ts:clf-300} {ts:iso.6+540}",
        "{ts:plain.3}{ts:bind.3}{ts:plaint}{ts:isoc}{ts:bsd0}{ts:bsd1}",
        "", "{{", "{a", "{}", "{a:}", "{a:d}", "{a:fixed.9}", "\xff\x01"};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

static void write_again(const struct kura_shape *s, struct kura_buf *out)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        const struct kura_shape_part *p = &s->parts[i];

        if (p->literal != NULL)
            FUZZ_CHECK(kura_shape_literal(p->literal, p->size, out, NULL) ==
                       KURA_OK);
        else
            FUZZ_CHECK(kura_shape_field(p->column, &p->render, out, NULL) ==
                       KURA_OK);
    }
}

static void check_same(const struct kura_shape *a, const struct kura_shape *b)
{
    size_t i;

    FUZZ_CHECK(a->count == b->count);
    for (i = 0; i < a->count; i++) {
        const struct kura_shape_part *p = &a->parts[i], *q = &b->parts[i];

        FUZZ_CHECK((p->literal == NULL) == (q->literal == NULL));
        if (p->literal != NULL) {
            FUZZ_CHECK(p->size == q->size &&
                       memcmp(p->literal, q->literal, p->size) == 0);
            continue;
        }
        FUZZ_CHECK(strcmp(p->column, q->column) == 0);
        FUZZ_CHECK(p->render.kind == q->render.kind);
    }
}

static void render(const struct kura_shape *s)
{
    static const int64_t values[] = {0, -1, 1423528142500000, INT64_MAX,
                                     INT64_MIN};
    struct kura_buf out;
    size_t i, k;

    kura_buf_init(&out, 1 << 20);
    for (i = 0; i < s->count; i++)
        for (k = 0; s->parts[i].literal == NULL &&
                    k < sizeof(values) / sizeof(values[0]);
             k++) {
            kura_buf_reset(&out);
            (void)kura_render_integer(values[k], &s->parts[i].render, &out,
                                      NULL);
        }
    kura_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_shape s, again;
    struct kura_buf out;
    enum kura_rc rc = kura_shape_parse((const char *)data, n, &s, &err);

    if (rc != KURA_OK) {
        FUZZ_CHECK(rc == KURA_ECORRUPT || rc == KURA_ENOMEM);
        FUZZ_CHECK(err.msg[0] != '\0');
        return 0;
    }
    render(&s);
    kura_buf_init(&out, 16 << 20);
    write_again(&s, &out);
    FUZZ_CHECK(kura_shape_parse(out.data, out.len, &again, NULL) == KURA_OK);
    check_same(&s, &again);
    kura_shape_release(&again);
    kura_shape_release(&s);
    kura_buf_release(&out);
    return 0;
}
