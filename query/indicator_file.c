/* indicator_file.c - what a file is, and lines of text. */
#include "query/indicator_file.h"

#include "base/host.h"
#include "base/text.h"
#include "query/indicator_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Values, names and texts of a JSON file, for each byte of it. */
#define JSON_MEMORY_A_BYTE 32u
#define PROBLEM_TEXT 768

const enum kura_indicator_type kura_indicator_types[KURA_INDICATOR_TYPES] = {
    KURA_INDICATOR_ADDRESS,  KURA_INDICATOR_NETWORK, KURA_INDICATOR_DOMAIN,
    KURA_INDICATOR_URL,      KURA_INDICATOR_EMAIL,   KURA_INDICATOR_SUBJECT,
    KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH,    KURA_INDICATOR_ACCOUNT,
    KURA_INDICATOR_USERAGENT};

int kura_indicator_format_find(const char *word,
                               enum kura_indicator_format *out)
{
    static const char *const words[] = {"text", "csv", "stix", "misp"};
    int i;

    for (i = 0; i < 4; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum kura_indicator_format)(i + 1);
            return 1;
        }
    return 0;
}

struct kura_indicator_entry kura_indicator_entry_of(const char *s, size_t n,
                                                    size_t line)
{
    struct kura_indicator_entry e;

    memset(&e, 0, sizeof(e));
    e.text = s;
    e.size = n;
    e.line = line;
    e.confidence = -1;
    e.first_seen = e.expires_at = KURA_INDICATOR_NEVER;
    return e;
}

/* --- Telling ----------------------------------------------------------- */

void kura_indicator_problem(const struct kura_indicator_file *f, size_t line,
                            const char *fmt, ...)
{
    char text[PROBLEM_TEXT];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    f->problem(f->arg, line, text);
}

void kura_indicator_note(const struct kura_indicator_file *f, const char *fmt,
                         ...)
{
    char text[PROBLEM_TEXT];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    f->note(f->arg, text);
}

size_t kura_indicator_line(const struct kura_indicator_file *f,
                           struct kura_indicator_lines *at,
                           const struct kura_json *v)
{
    if (v->byte < at->byte || at->line == 0) {
        at->byte = 0;
        at->line = 1;
    }
    at->line += kura_json_line(f->data + at->byte, f->size - at->byte,
                               v->byte - at->byte) -
                1;
    at->byte = v->byte;
    return at->line;
}

/* --- Words that feeds share -------------------------------------------- */

bool kura_indicator_time(const struct kura_zone *utc, const char *s, size_t n,
                         int64_t *out)
{
    static const enum kura_layout layouts[] = {
        KURA_LAYOUT_ISO, KURA_LAYOUT_PLAIN, KURA_LAYOUT_EPOCH};
    struct kura_stamp stamp;
    char day[KURA_DAY_TEXT];
    size_t i;

    while (n > 0 && s[0] == ' ') {
        s++;
        n--;
    }
    if (n > 4 && memcmp(s + n - 4, " UTC", 4) == 0)
        n -= 4;
    while (n > 0 && s[n - 1] == ' ')
        n--;
    for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (kura_stamp_parse(s, n, layouts[i], utc, 0, out, &stamp))
            return true;
    if (n != sizeof(day) - 1)
        return false;
    memcpy(day, s, n);
    day[n] = '\0';
    if (!kura_day_parse(day, out))
        return false;
    *out *= KURA_DAY;
    return true;
}

const char *kura_indicator_tlp(const char *s, size_t n)
{
    static const char *const words[][2] = {
        {"white", "clear"}, {"clear", "clear"},
        {"green", "green"}, {"amber", "amber"},
        {"red", "red"},     {"amber+strict", "amber+strict"}};
    size_t i;

    if (n > 4 && kura_text_casecmp(s, 4, "tlp:", 4) == 0) {
        s += 4;
        n -= 4;
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (kura_text_casecmp(s, n, words[i][0], strlen(words[i][0])) == 0)
            return words[i][1];
    return NULL;
}

/* --- Lines ------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **s, size_t *n)
{
    while (*n > 0 && is_blank(**s)) {
        ++*s;
        --*n;
    }
    while (*n > 0 && is_blank((*s)[*n - 1]))
        --*n;
}

/* A comment begins the line or stands behind a blank. */
static size_t without_comment(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (s[i] == '#' && (i == 0 || is_blank(s[i - 1])))
            return i;
    return n;
}

static bool word_is(const char *s, size_t n, const char *word)
{
    return kura_text_casecmp(s, n, word, strlen(word)) == 0;
}

/* What every hosts file has for the machine itself. */
static bool is_local_name(const char *s, size_t n)
{
    static const char *const names[] = {"localhost",
                                        "localhost.localdomain",
                                        "local",
                                        "broadcasthost",
                                        "ip6-localhost",
                                        "ip6-loopback",
                                        "ip6-localnet",
                                        "ip6-mcastprefix",
                                        "ip6-allnodes",
                                        "ip6-allrouters",
                                        "ip6-allhosts",
                                        "0.0.0.0",
                                        NULL};
    int i;

    for (i = 0; names[i] != NULL; i++)
        if (word_is(s, n, names[i]))
            return true;
    return false;
}

static size_t word_size(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && !is_blank(s[i]))
        i++;
    return i;
}

static bool is_hosts_line(const char *s, size_t n)
{
    static const char *const sinks[] = {
        "0.0.0.0",     "127.0.0.1",       "::", "::1",
        "fe80::1%lo0", "255.255.255.255", NULL};
    size_t first = word_size(s, n);
    int i;

    for (i = 0; first < n && sinks[i] != NULL; i++)
        if (word_is(s, first, sinks[i]))
            return true;
    return false;
}

static enum kura_rc hosts_line(const struct kura_indicator_file *f,
                               const char *s, size_t n, size_t line,
                               struct kura_err *err)
{
    size_t size = word_size(s, n);
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && size < n) {
        struct kura_indicator_entry e;

        s += size;
        n -= size;
        trim(&s, &n);
        size = word_size(s, n);
        if (size == 0 || is_local_name(s, size))
            continue;
        e = kura_indicator_entry_of(s, size, line);
        e.type = &kura_indicator_types[KURA_INDICATOR_DOMAIN];
        rc = f->take(f->arg, &e, err);
    }
    return rc;
}

static enum kura_rc text_read(const struct kura_indicator_file *f,
                              struct kura_err *err)
{
    const char *s = f->data, *end = f->data + f->size;
    enum kura_rc rc = KURA_OK;
    size_t line = 0;

    while (rc == KURA_OK && s < end) {
        const char *eol = memchr(s, '\n', (size_t)(end - s)), *at = s;
        size_t n = eol != NULL ? (size_t)(eol - s) : (size_t)(end - s);
        struct kura_indicator_entry e;

        s += n + 1;
        line++;
        n = without_comment(at, n);
        trim(&at, &n);
        if (n == 0)
            continue;
        e = kura_indicator_entry_of(at, n, line);
        rc = is_hosts_line(at, n) ? hosts_line(f, at, n, line, err)
                                  : f->take(f->arg, &e, err);
        if (eol == NULL)
            break;
    }
    return rc;
}

/* --- Which it is ------------------------------------------------------- */

static bool is_json(const struct kura_indicator_file *f)
{
    size_t i = 0;

    while (i < f->size && (is_blank(f->data[i]) || f->data[i] == '\n'))
        i++;
    return i < f->size &&
           (f->data[i] == '{' || (f->data[i] == '[' && i + 1 < f->size &&
                                  strchr("{ \t\r\n]", f->data[i + 1]) != NULL &&
                                  f->data[i + 1] != '\0'));
}

/* A bundle, or a list whose first object has a STIX id. */
static bool is_stix(const struct kura_json *root)
{
    const char *type;

    if (root->kind == KURA_JSON_ARRAY)
        root = root->child;
    type = kura_json_get_string(root, "type", NULL);
    return type != NULL && (strcmp(type, "bundle") == 0 ||
                            kura_json_get(root, "spec_version") != NULL);
}

static enum kura_rc json_read(const struct kura_indicator_file *f,
                              const struct kura_zone *utc, struct kura_err *err)
{
    const struct kura_json *root = NULL;
    struct kura_json_reader *r = NULL;
    enum kura_rc rc;

    rc = kura_json_reader_new(f->size * JSON_MEMORY_A_BYTE + (1u << 20), &r,
                              err);
    if (rc == KURA_OK)
        rc = kura_json_read(r, f->data, f->size, &root, err);
    if (rc == KURA_OK &&
        (f->format == KURA_INDICATORS_STIX ||
         (f->format == KURA_INDICATORS_GUESS && is_stix(root))))
        rc = kura_indicator_stix(f, root, utc, err);
    else if (rc == KURA_OK)
        rc = kura_indicator_misp(f, root, utc, err);
    kura_json_reader_free(r);
    return rc;
}

enum kura_rc kura_indicator_file_read(const struct kura_indicator_file *file,
                                      struct kura_err *err)
{
    struct kura_indicator_file f = *file;
    struct kura_zone *utc = NULL;
    bool csv = f.format == KURA_INDICATORS_CSV;
    enum kura_rc rc = kura_zone_new("UTC", &utc, err);

    if (f.size >= 3 && memcmp(f.data, "\xEF\xBB\xBF", 3) == 0) {
        f.data += 3;
        f.size -= 3;
    }
    if (rc == KURA_OK &&
        (f.format == KURA_INDICATORS_STIX || f.format == KURA_INDICATORS_MISP ||
         (f.format == KURA_INDICATORS_GUESS && is_json(&f)))) {
        rc = json_read(&f, utc, err);
        kura_zone_free(utc);
        return rc;
    }
    if (rc == KURA_OK && f.format == KURA_INDICATORS_GUESS)
        rc = kura_indicator_csv_is(&f, &csv, err);
    if (rc == KURA_OK)
        rc = csv ? kura_indicator_csv(&f, utc, err) : text_read(&f, err);
    kura_zone_free(utc);
    return rc;
}
