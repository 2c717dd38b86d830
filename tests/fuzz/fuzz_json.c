/* JSON: whatever comes, a tree whose strings are UTF-8 or an error in words. */
#include "base/json_read.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 5000;

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static const char *const seeds[] = {
        "{\"a\": [1, -2.5e3, null, true, false, {\"b\": {}}], \"a\": \"\"}",
        "[\"\\u8acb\\ud83d\\ude00\\u0000\\\"\\/\\n\", \"\xE8\xAB\x8B\"]",
        "[[[[[[[[[[[[]]]]]]]]]]]]", " 123456789012345678901234567890 ",
        "{\"Event\":{\"System\":{\"EventID\":4624,\"Keywords\":\"0x80\"}}}"};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

static void check_utf8(const char *s, size_t n)
{
    size_t i, used;
    uint32_t cp;

    FUZZ_CHECK(s[n] == '\0');
    for (i = 0; i < n; i += used) {
        used = kura_text_decode(s + i, n - i, &cp);
        FUZZ_CHECK(used > 1 || (unsigned char)s[i] < 0x80);
    }
}

static void check(const struct kura_json *v, size_t n, int depth)
{
    const struct kura_json *m;

    FUZZ_CHECK(depth <= KURA_JSON_DEPTH);
    check_utf8(v->text, v->size);
    FUZZ_CHECK(v->byte <= n);
    for (m = v->child; m != NULL; m = m->next) {
        FUZZ_CHECK((m->name != NULL) == (v->kind == KURA_JSON_OBJECT));
        if (m->name != NULL) {
            check_utf8(m->name, m->name_size);
            FUZZ_CHECK(kura_json_get(v, m->name) != NULL ||
                       strlen(m->name) != m->name_size);
        }
        check(m, n, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_json_reader *r = NULL;
    const struct kura_json *v = NULL;
    struct kura_err err = KURA_ERR_INIT;
    size_t memory = n % 7 == 0 ? n * 16 : (size_t)1 << 20;
    enum kura_rc rc;

    if (kura_json_reader_new(memory, &r, NULL) != KURA_OK)
        return 0;
    rc = kura_json_read(r, (const char *)data, n, &v, &err);
    FUZZ_CHECK(rc == KURA_OK || rc == KURA_EINPUT || rc == KURA_ENOMEM);
    FUZZ_CHECK((rc == KURA_OK) == (v != NULL));
    FUZZ_CHECK((rc == KURA_OK) == (err.msg[0] == '\0'));
    if (v != NULL)
        check(v, n, 0);
    kura_json_reader_free(r);
    return 0;
}
