/* Files of indicators: whatever comes, what is taken is in normal form, stays
 * it when it is read again, and is found by a set that it was added to. */
#include "base/text.h"
#include "query/indicator.h"
#include "query/indicator_file.h"
#include "query/ioc_set.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 4000;

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static const char *const seeds[] = {
        "# x\nhxxp://evil[.]example/a?b#c\nbad(at)x.example\n10.0.0.0/8 # y\n"
        "0.0.0.0 a.example b.example\n[2001:db8::1]:80\nInvoice.exe\n"
        "d41d8cd98f00b204e9800998ecf8427e\n\xE6\x97\xA5.jp\n",
        "type,value,confidence,comment\ndomain,\"a.example\",50,\"x\"\"y\nz\"\n"
        "url,http://u@a.example:80/,101,\n",
        "# a\n# id,dateadded,url,threat\n\"1\",\"2015-01-01 "
        "10:00:00\",\"http://203.0.113.7/x\",\"y\"\n",
        "value;valid_until\nx.example;2025-01-01T00:00:00Z\n",
        "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"id\":"
        "\"i\","
        "\"pattern_type\":\"stix\",\"pattern\":\"[(ipv4-addr:value = "
        "'10.0.0.1' OR domain-name:value IN ('a.b','c.d'))] OR "
        "[file:hashes.'MD5' = 'd41d8cd98f00b204e9800998ecf8427e']\","
        "\"valid_until\":\"2025-01-01T00:00:00Z\",\"confidence\":50},"
        "{\"type\":\"relationship\",\"relationship_type\":\"indicates\","
        "\"source_ref\":\"i\",\"target_ref\":\"m\"},{\"type\":\"malware\","
        "\"id\":\"m\",\"name\":\"X\"}]}",
        "{\"response\":[{\"Event\":{\"info\":\"x\",\"Orgc\":{\"name\":\"o\"},"
        "\"Tag\":[{\"name\":\"tlp:red\"}],\"Attribute\":[{\"type\":\"ip-dst|"
        "port\",\"value\":\"10.0.0.1|80\",\"to_ids\":true,\"timestamp\":"
        "\"1700000000\"}],\"Object\":[{\"Attribute\":[{\"type\":\"filename|"
        "md5\",\"value\":\"a.exe|d41d8cd98f00b204e9800998ecf8427e\","
        "\"to_ids\":1}]}]}}]}"};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

static enum kura_ioc_kind kind_of(enum kura_indicator_type type)
{
    static const enum kura_ioc_kind kinds[KURA_INDICATOR_TYPES] = {
        KURA_IOC_HOST,    KURA_IOC_HOST,     KURA_IOC_HOST,     KURA_IOC_URL,
        KURA_IOC_EMAIL,   KURA_IOC_SUBJECT,  KURA_IOC_FILENAME, KURA_IOC_HASH,
        KURA_IOC_ACCOUNT, KURA_IOC_USERAGENT};

    return kinds[type];
}

static void check_found(const struct kura_indicator_text *t)
{
    struct kura_ioc_set *s = NULL;
    size_t n = t->value.len;

    if (t->type == KURA_INDICATOR_NETWORK)
        n = strcspn(t->value.data, "/");
    if (kura_ioc_set_new(&s, NULL) != KURA_OK)
        return;
    FUZZ_CHECK(kura_ioc_set_add(s, t->type, t->value.data, 7, NULL) == KURA_OK);
    FUZZ_CHECK(kura_ioc_set_seal(s, NULL) == KURA_OK);
    FUZZ_CHECK(kura_ioc_set_has(s, kind_of(t->type)));
    /* Longer than any host or address can be: not looked up. */
    if (t->type != KURA_INDICATOR_EMAIL || n <= 320)
        FUZZ_CHECK(kura_ioc_set_find(s, kind_of(t->type), t->value.data, n) ==
                   7);
    kura_ioc_set_free(s);
}

static enum kura_rc on_entry(void *arg, const struct kura_indicator_entry *e,
                             struct kura_err *err)
{
    struct kura_indicator_text first, again;

    (void)arg;
    (void)err;
    FUZZ_CHECK(e->line >= 1 && e->confidence >= -1 && e->confidence <= 100);
    kura_indicator_text_init(&first);
    kura_indicator_text_init(&again);
    if (kura_indicator_read(e->text, e->size, e->type, &first, NULL) ==
        KURA_OK) {
        FUZZ_CHECK(first.value.len != 0);
        FUZZ_CHECK(kura_text_is_clean(first.value.data, first.value.len));
        if (first.value.len <= KURA_INDICATOR_SIZE) {
            FUZZ_CHECK(kura_indicator_read(first.value.data, first.value.len,
                                           &first.type, &again,
                                           NULL) == KURA_OK);
            /* What was made harmless twice is made whole in two steps. */
            FUZZ_CHECK(again.type == first.type || again.refanged);
            FUZZ_CHECK(strcmp(again.value.data, first.value.data) == 0 ||
                       again.refanged);
        }
        check_found(&first);
    }
    kura_indicator_text_release(&first);
    kura_indicator_text_release(&again);
    return KURA_OK;
}

static void on_problem(void *arg, size_t line, const char *text)
{
    (void)arg;
    (void)line;
    FUZZ_CHECK(text[0] != '\0');
}

static void on_note(void *arg, const char *text)
{
    (void)arg;
    FUZZ_CHECK(text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_indicator_file f = {(const char *)data,
                                    n,
                                    KURA_INDICATORS_GUESS,
                                    on_entry,
                                    on_problem,
                                    on_note,
                                    NULL};
    struct kura_err err = KURA_ERR_INIT;
    enum kura_rc rc;

    if (n > 0 && data[0] < 5) { /* as one of the formats */
        f.format = (enum kura_indicator_format)data[0];
        f.data++;
        f.size--;
    }
    rc = kura_indicator_file_read(&f, &err);
    FUZZ_CHECK(rc == KURA_OK || rc == KURA_EINPUT || rc == KURA_ENOMEM);
    return 0;
}
