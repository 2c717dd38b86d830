#include "ingest/detect.h"

#include "ingest/parse.h"

#include <string.h>

#define DETECT_LINES 100

/* The first lines, without one that is cut off unless it is the only one. */
static size_t detect_sample(const char *text, size_t n)
{
    const char *at = text, *end = text + n, *newline;
    int lines = 0;

    while (lines < DETECT_LINES && at < end &&
           (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at = newline + 1;
        lines++;
    }
    return lines == 0 ? n : (size_t)(at - text);
}

enum kura_rc kura_detect(const struct kura_formats *f, const char *text,
                         size_t n, const struct kura_format **out,
                         struct kura_err *err)
{
    struct kura_err mine = KURA_ERR_INIT;
    size_t best = 0, count, sample = detect_sample(text, n);
    int i;

    *out = NULL;
    for (i = 0; i < kura_formats_count(f); i++) {
        /* Records may be longer than the lines that are looked at. */
        bool lines = kura_formats_at(f, i)->reader == KURA_READER_LINES;

        count = kura_parse_count(kura_formats_at(f, i), text,
                                 lines ? sample : n, &mine);
        if (mine.rc != KURA_OK)
            return kura_err_set(err, mine.rc, "%s", mine.msg);
        if (count > best) {
            best = count;
            *out = kura_formats_at(f, i);
        }
    }
    return KURA_OK;
}
