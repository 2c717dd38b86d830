/* Header texts: whatever was sent, what comes out is UTF-8 that a terminal
 * survives. */
#include "base/mime.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 5000;

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static const char *const seeds[] = {
        "=?UTF-8?B?6KuL5rGC5pu4?= =?iso-2022-jp?B?GyRCQUE9UBsoQg==?=",
        "=?utf-8?Q?a=20b=E8=AB=8B?= ?=?Shift_JIS?B?kL+LgQ==?= x",
        "=?UTF-16?B?/v8AYQ==?= =?utf-7?Q?+AGE-?= =?x-none?B?YQ==?=",
        "\"=?UTF-8?B?6KuL?= a\" <taro@example.com>, b@example.org",
        "Taro Example <taro@example.jp> (comment (nested))",
        "application/pdf; name=\"=?UTF-8?B?6KuL5rGC5pu4LnBkZg==?=\"",
        "attachment; filename*0*=utf-8''%E8%AB%8B; filename*1*=%E6%B1%82.exe",
        "attachment; filename*=utf-8'ja'%e8%ab%8b.pdf; filename=x.pdf",
        "text/plain; charset=us-ascii; name=report.pdf .exe",
        "attachment; filename=\"a\\\"b;c.zip\"??size=1",
        "=?UTF-8?B?6KuL5r", ";", "report.tar.gz. ."};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

static void check(enum kura_rc rc, struct kura_buf *out)
{
    FUZZ_CHECK(rc == KURA_OK || rc == KURA_ENOMEM);
    FUZZ_CHECK(kura_text_is_clean(out->data, out->len));
    kura_buf_reset(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data;
    struct kura_buf out, more;
    bool found;
    enum kura_rc rc;

    kura_buf_init(&out, 1 << 16);
    kura_buf_init(&more, 1 << 16);
    check(kura_mime_decode(s, n, &out, NULL), &out);
    rc = kura_mime_filename(s, n, &out, &more, &found, NULL);
    FUZZ_CHECK(rc != KURA_OK || found || (out.len == 0 && more.len == 0));
    check(rc, &out);
    kura_buf_reset(&more);
    check(kura_mime_type(s, n, &out, NULL), &out);
    rc = kura_mime_address(s, n, &more, &out, NULL);
    check(rc, &out);
    check(rc, &more);
    rc = kura_mime_extension(s, n, &out, NULL);
    FUZZ_CHECK(out.len <= 16);
    check(rc, &out);
    kura_buf_release(&out);
    kura_buf_release(&more);
    return 0;
}
