/* Texts cut into records, in all readers and encodings: every byte belongs to a
 * record, and where more bytes are to come the answer is the same as with them.
 * The first byte of an input chooses reader and encoding, the second how much
 * of the rest is seen first. */
#include "ingest/record.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 20000;

static const char *const seeds[] = {
    "<?xml version=\"1.0\"?>\r\n<Events>\r\n<Event xmlns='x'><System>a</System>"
    "</Event>\r\n<Event>\n<a/></Event></Events>\r\n",
    "- <Event>- <System/></Event>\nwords\n<Event><EventData>\n<Event></Event>",
    "[\n{\"a\":{\"b\":[1,\"}\\\"{\"]}},\n{\"c\":1}\n]\n",
    "<13>Feb 18 dc1 {\"a\":\"b\"}\nwords {x}\n{\"a\":\"b\n{\"c\":{}\n{\"d\":1}",
    "\xef\xbb\xbfLevel,Date and Time,Event "
    "ID\r\na,b,\"c\r\n\"\"d\"\"\"\r\ne,f,g\r\n\r\n"};

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static char seed[1024];
    size_t i, k, n;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
        n = strlen(seeds[i]);
        seed[0] = (char)(i < 2 ? 0 : i < 4 ? 1 : 2);
        seed[1] = 40;
        memcpy(seed + 2, seeds[i], n);
        take(arg, seed, n + 2);
        seed[0] = (char)(seed[0] + 4);
        for (k = 0; k < n; k++) {
            seed[2 + 2 * k] = seeds[i][k];
            seed[3 + 2 * k] = '\0';
        }
        take(arg, seed, 2 * n + 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum kura_reader readers[] = {
        KURA_READER_XML, KURA_READER_JSON, KURA_READER_CSV, KURA_READER_LINES};
    struct kura_framing f = {.reader = KURA_READER_LINES};
    const char *p = (const char *)data + 2;
    size_t at = 0, size, early, seen;
    bool whole;

    if (n < 3)
        return 0;
    n -= 2;
    f.reader = readers[data[0] % 4];
    f.encoding = f.reader == KURA_READER_LINES
                     ? KURA_BYTES
                     : (enum kura_encoding)(data[0] / 4 % 3);
    seen = n * data[1] / 255;
    while (at < n) {
        size = kura_record_size(&f, p + at, n - at, (int64_t)at, true, &whole);
        FUZZ_CHECK(size > 0 && size <= n - at);
        if (at < seen) {
            early = kura_record_size(&f, p + at, seen - at, (int64_t)at, false,
                                     NULL);
            FUZZ_CHECK(early <= seen - at);
            /* The last one may take the end of the file with it. */
            FUZZ_CHECK(early == 0 || early == size || at + size == n);
        }
        at += size;
    }
    return 0;
}
