/* evtx_write [-n COPIES] [-s SECONDS] [XML-FILE] - Windows events as XML to an
 * .evtx file on standard output.
 *
 * The XML is a list of Event elements, with or without a root.  -n writes the
 * list so many times, each with record numbers that go on and times that many
 * seconds (-s, 1) later: a large log of few events. */
#include "tests/evtx_make.h"

#include <unistd.h>

static void read_all(FILE *f, struct kura_buf *out)
{
    char block[65536];
    size_t n;

    while ((n = fread(block, 1, sizeof(block), f)) != 0)
        evtx_put(out, block, n);
}

/* The text between two marks in *at, or NULL; *at goes behind it. */
static const char *between(const char **at, const char *open, const char *close,
                           size_t *n)
{
    const char *from = strstr(*at, open), *to;

    if (from == NULL)
        return NULL;
    from += strlen(open);
    to = strstr(from, close);
    if (to == NULL)
        return NULL;
    *n = (size_t)(to - from);
    *at = to;
    return from;
}

/* Copy number `copy` of the list: numbers and times go on. */
static void copy_make(const char *xml, unsigned long copy, unsigned long events,
                      unsigned long seconds, struct kura_buf *out)
{
    const char *at = xml, *done = xml, *s;
    unsigned long event = 0;
    size_t n;

    kura_buf_reset(out);
    while ((s = between(&at, "SystemTime=\"", "\"", &n)) != NULL) {
        int y, mo, d, h, mi, sec, used;
        char text[KURA_TIME_TEXT];
        int64_t us;

        EVTX_MUST(sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi,
                         &sec, &used) == 6);
        us = kura_days_from_civil(y, mo, d) * KURA_DAY +
             ((int64_t)(h * 60 + mi) * 60 + sec + (int64_t)(copy * seconds)) *
                 KURA_SECOND;
        kura_time_format(us, text);
        evtx_put(out, done, (size_t)(s - done));
        evtx_put(out, text, 19);
        done = s + used;
        s = between(&at, "<EventRecordID>", "<", &n);
        EVTX_MUST(s != NULL);
        evtx_put(out, done, (size_t)(s - done));
        EVTX_MUST(kura_buf_printf(out, NULL, "%lu", copy * events + ++event) ==
                  KURA_OK);
        done = s + n;
    }
    EVTX_MUST(kura_buf_puts(out, done, NULL) == KURA_OK);
}

static unsigned long events_count(const char *xml)
{
    const char *at = xml;
    unsigned long n = 0;
    size_t size;

    while (between(&at, "SystemTime=\"", "\"", &size) != NULL)
        n++;
    return n;
}

int main(int argc, char **argv)
{
    static struct evtx_make m;
    unsigned long copies = 0, seconds = 1, events, i;
    struct kura_buf xml, copy;
    FILE *f = stdin;
    bool good = true;
    int option;

    while ((option = getopt(argc, argv, "n:s:")) != -1) {
        if (option == 'n')
            copies = strtoul(optarg, NULL, 10);
        else if (option == 's')
            seconds = strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (optind < argc)
        f = fopen(argv[optind], "rb");
    if (f == NULL) {
        perror(argv[optind]);
        return 2;
    }
    kura_buf_init(&xml, (size_t)1 << 30);
    kura_buf_init(&copy, (size_t)1 << 30);
    read_all(f, &xml);
    evtx_make_begin(&m);
    if (copies == 0)
        good = evtx_make_xml(&m, xml.data, xml.len);
    events = events_count(xml.data);
    for (i = 0; i < copies && good; i++) {
        copy_make(xml.data, i, events, seconds, &copy);
        good = evtx_make_xml(&m, copy.data, copy.len);
    }
    evtx_make_end(&m);
    good = good && fwrite(m.file.data, 1, m.file.len, stdout) == m.file.len &&
           fflush(stdout) == 0;
    evtx_make_release(&m);
    kura_buf_release(&xml);
    kura_buf_release(&copy);
    (void)fclose(f);
    return good ? 0 : 1;
}
