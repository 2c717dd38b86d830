/* indicator_csv.c - RFC 4180 with a header; comma, semicolon or tab.
 *
 * Columns are known by what feeds call them.  Those of abuse.ch have their
 * header in the last comment before the first row. */
#include "query/indicator_internal.h"

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>

#define CSV_COLUMNS 64
#define CSV_ROW ((size_t)1 << 20)

/* What a column holds: a value (of a type, or one that another column or the
 * text tells), or what is said of the values of its row. */
enum role {
    ROLE_NONE,
    ROLE_VALUE,
    ROLE_TYPE,
    ROLE_SOURCE,
    ROLE_CONFIDENCE,
    ROLE_TLP,
    ROLE_CAMPAIGN,
    ROLE_COMMENT,
    ROLE_FIRST,
    ROLE_EXPIRES,
    ROLE_TYPED /* and more: the type */
};

static const struct {
    const char *name;
    int role;
} csv_names[] = {
    {"value", ROLE_VALUE},
    {"indicator", ROLE_VALUE},
    {"ioc", ROLE_VALUE},
    {"ioc_value", ROLE_VALUE},
    {"observable", ROLE_VALUE},
    {"type", ROLE_TYPE},
    {"ioc_type", ROLE_TYPE},
    {"indicator_type", ROLE_TYPE},
    {"source", ROLE_SOURCE},
    {"provider", ROLE_SOURCE},
    {"confidence", ROLE_CONFIDENCE},
    {"confidence_level", ROLE_CONFIDENCE},
    {"tlp", ROLE_TLP},
    {"campaign", ROLE_CAMPAIGN},
    {"malware", ROLE_CAMPAIGN},
    {"malware_printable", ROLE_CAMPAIGN},
    {"signature", ROLE_CAMPAIGN},
    {"event_info", ROLE_CAMPAIGN},
    {"comment", ROLE_COMMENT},
    {"description", ROLE_COMMENT},
    {"threat", ROLE_COMMENT},
    {"threat_type", ROLE_COMMENT},
    {"listingreason", ROLE_COMMENT},
    {"first_seen", ROLE_FIRST},
    {"first", ROLE_FIRST},
    {"first_seen_utc", ROLE_FIRST},
    {"firstseen", ROLE_FIRST},
    {"valid_from", ROLE_FIRST},
    {"dateadded", ROLE_FIRST},
    {"listingdate", ROLE_FIRST},
    {"valid_until", ROLE_EXPIRES},
    {"expires", ROLE_EXPIRES},
    {"expires_at", ROLE_EXPIRES},
    {"expiration", ROLE_EXPIRES},
    {"ip", ROLE_TYPED + KURA_INDICATOR_ADDRESS},
    {"ip_address", ROLE_TYPED + KURA_INDICATOR_ADDRESS},
    {"address", ROLE_TYPED + KURA_INDICATOR_ADDRESS},
    {"dst_ip", ROLE_TYPED + KURA_INDICATOR_ADDRESS},
    {"dstip", ROLE_TYPED + KURA_INDICATOR_ADDRESS},
    {"src_ip", ROLE_TYPED + KURA_INDICATOR_ADDRESS},
    {"network", ROLE_TYPED + KURA_INDICATOR_NETWORK},
    {"cidr", ROLE_TYPED + KURA_INDICATOR_NETWORK},
    {"domain", ROLE_TYPED + KURA_INDICATOR_DOMAIN},
    {"hostname", ROLE_TYPED + KURA_INDICATOR_DOMAIN},
    {"host", ROLE_TYPED + KURA_INDICATOR_DOMAIN},
    {"fqdn", ROLE_TYPED + KURA_INDICATOR_DOMAIN},
    {"url", ROLE_TYPED + KURA_INDICATOR_URL},
    {"email", ROLE_TYPED + KURA_INDICATOR_EMAIL},
    {"subject", ROLE_TYPED + KURA_INDICATOR_SUBJECT},
    {"filename", ROLE_TYPED + KURA_INDICATOR_FILENAME},
    {"file_name", ROLE_TYPED + KURA_INDICATOR_FILENAME},
    {"hash", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"md5", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"sha1", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"sha256", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"md5_hash", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"sha1_hash", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"sha256_hash", ROLE_TYPED + KURA_INDICATOR_HASH},
    {"account", ROLE_TYPED + KURA_INDICATOR_ACCOUNT},
    {"user_agent", ROLE_TYPED + KURA_INDICATOR_USERAGENT},
    {"useragent", ROLE_TYPED + KURA_INDICATOR_USERAGENT},
};

/* What feeds call types in a column of their own; the rest is in the names of
 * the columns above. */
static const struct {
    const char *name;
    enum kura_indicator_type type;
} csv_types[] = {
    {"ip:port", KURA_INDICATOR_ADDRESS},
    {"ip-src", KURA_INDICATOR_ADDRESS},
    {"ip-dst", KURA_INDICATOR_ADDRESS},
    {"ip-src|port", KURA_INDICATOR_ADDRESS},
    {"ip-dst|port", KURA_INDICATOR_ADDRESS},
    {"ipv4", KURA_INDICATOR_ADDRESS},
    {"ipv6", KURA_INDICATOR_ADDRESS},
    {"ipv4-addr", KURA_INDICATOR_ADDRESS},
    {"ipv6-addr", KURA_INDICATOR_ADDRESS},
    {"domain-name", KURA_INDICATOR_DOMAIN},
    {"uri", KURA_INDICATOR_URL},
    {"email-src", KURA_INDICATOR_EMAIL},
    {"email-dst", KURA_INDICATOR_EMAIL},
    {"email-addr", KURA_INDICATOR_EMAIL},
    {"email-subject", KURA_INDICATOR_SUBJECT},
    {"email-attachment", KURA_INDICATOR_FILENAME},
    {"user-agent", KURA_INDICATOR_USERAGENT},
};

struct field {
    size_t at, size; /* in the row's buffer */
};

struct row {
    struct kura_buf text;
    struct field fields[CSV_COLUMNS];
    size_t count;
    size_t line; /* where it begins */
};

struct csv {
    const struct kura_indicator_file *f;
    const struct kura_zone *utc;
    size_t at, line;
    char separator;
    int roles[CSV_COLUMNS];
    size_t columns;
};

static bool same(const char *s, size_t n, const char *word)
{
    return kura_text_casecmp(s, n, word, strlen(word)) == 0;
}

/* --- Rows -------------------------------------------------------------- */

static void trim(const char **s, size_t *n)
{
    while (*n > 0 && (**s == ' ' || **s == '\t')) {
        ++*s;
        --*n;
    }
    while (*n > 0 && strchr(" \t\r", (*s)[*n - 1]) != NULL)
        --*n;
}

static enum kura_rc field_end(struct row *r, size_t start, bool quoted,
                              struct kura_err *err)
{
    const char *s = r->text.data + start;
    size_t n = r->text.len - start;

    if (!quoted)
        trim(&s, &n);
    if (r->count < CSV_COLUMNS) {
        r->fields[r->count].at = (size_t)(s - r->text.data);
        r->fields[r->count].size = n;
        r->count++;
    }
    return kura_buf_putc(&r->text, '\0', err);
}

/* One row from s[*at..n); a quoted field may go over lines. */
static enum kura_rc row_read(struct csv *c, const char *s, size_t n, size_t *at,
                             struct row *r, struct kura_err *err)
{
    bool in_quotes = false, quoted = false;
    enum kura_rc rc = KURA_OK;
    size_t start = 0;

    kura_buf_reset(&r->text);
    r->count = 0;
    r->line = c->line;
    for (; rc == KURA_OK && *at < n; ++*at) {
        char b = s[*at];

        if (b == '\n')
            c->line++;
        if (in_quotes && b == '"' && *at + 1 < n && s[*at + 1] == '"')
            rc = kura_buf_putc(&r->text, s[++*at], err);
        else if (b == '"' && (in_quotes || r->text.len == start)) {
            in_quotes = !in_quotes;
            quoted = true;
        } else if (!in_quotes && b == c->separator) {
            rc = field_end(r, start, quoted, err);
            start = r->text.len;
            quoted = false;
        } else if (!in_quotes && b == '\n') {
            ++*at;
            break;
        } else if (in_quotes || !(quoted && strchr(" \t\r", b) != NULL) ||
                   b == '\0') {
            if (b != ' ' || r->text.len != start)
                rc = kura_buf_putc(&r->text, b, err);
        }
    }
    return rc == KURA_OK ? field_end(r, start, quoted, err) : rc;
}

static const char *row_field(const struct row *r, size_t i, size_t *n)
{
    if (i >= r->count) {
        *n = 0;
        return "";
    }
    *n = r->fields[i].size;
    return r->text.data + r->fields[i].at;
}

/* --- Header ------------------------------------------------------------ */

static int role_of(const char *s, size_t n)
{
    char name[64];
    size_t i;

    if (n >= sizeof(name))
        return ROLE_NONE;
    for (i = 0; i < n; i++)
        name[i] = s[i] == ' ' || s[i] == '-' ? '_' : s[i];
    for (i = 0; i < sizeof(csv_names) / sizeof(csv_names[0]); i++)
        if (same(name, n, csv_names[i].name))
            return csv_names[i].role;
    return ROLE_NONE;
}

/* Whether the line is a header: some column holds a value. */
static enum kura_rc header_read(struct csv *c, const char *s, size_t n,
                                bool *out, struct kura_err *err)
{
    static const char separators[] = {',', ';', '\t'};
    size_t lines = c->line, at, i, k;
    struct row r;
    enum kura_rc rc = KURA_OK;

    *out = false;
    kura_buf_init(&r.text, CSV_ROW);
    for (k = 0; rc == KURA_OK && !*out && k < sizeof(separators); k++) {
        c->separator = separators[k];
        at = 0;
        rc = row_read(c, s, n, &at, &r, err);
        c->line = lines;
        c->columns = r.count;
        for (i = 0; rc == KURA_OK && i < r.count; i++) {
            size_t size;
            const char *name = row_field(&r, i, &size);

            c->roles[i] = role_of(name, size);
            *out |= c->roles[i] == ROLE_VALUE || c->roles[i] >= ROLE_TYPED;
        }
    }
    kura_buf_release(&r.text);
    return rc;
}

static size_t line_size(const struct kura_indicator_file *f, size_t at)
{
    const char *eol = memchr(f->data + at, '\n', f->size - at);

    return eol != NULL ? (size_t)(eol - f->data) - at : f->size - at;
}

/* Leaves c behind the header: the first line, or the last comment before the
 * first row. */
static enum kura_rc header_find(struct csv *c, bool *out, struct kura_err *err)
{
    const struct kura_indicator_file *f = c->f;
    enum kura_rc rc = KURA_OK;

    *out = false;
    while (rc == KURA_OK && c->at < f->size) {
        const char *s = f->data + c->at;
        size_t n = line_size(f, c->at), size = n;
        bool comment, is = false;
        struct csv before = *c;

        trim(&s, &size);
        comment = size != 0 && s[0] == '#';
        if (!comment && size != 0 && *out)
            return KURA_OK; /* the first row */
        while (size > 0 && (*s == '#' || *s == ' ')) {
            s++;
            size--;
        }
        if (size != 0)
            rc = header_read(c, s, size, &is, err);
        is = is && (!comment || c->columns > 1); /* "# url" is a remark */
        if (!is) { /* a comment before or behind the header */
            memcpy(c->roles, before.roles, sizeof(c->roles));
            c->columns = before.columns;
            c->separator = before.separator;
        }
        if (!comment && size != 0 && !is)
            return rc;
        *out |= is;
        c->at += n + (c->at + n < f->size);
        c->line++;
        if (is && !comment)
            return rc;
    }
    return rc;
}

static void csv_init(struct csv *c, const struct kura_indicator_file *f,
                     const struct kura_zone *utc)
{
    memset(c, 0, sizeof(*c));
    c->f = f;
    c->utc = utc;
    c->line = 1;
}

enum kura_rc kura_indicator_csv_is(const struct kura_indicator_file *f,
                                   bool *out, struct kura_err *err)
{
    struct csv c;

    csv_init(&c, f, NULL);
    return header_find(&c, out, err);
}

/* --- Values ------------------------------------------------------------ */

static bool type_find(const char *s, size_t n,
                      const enum kura_indicator_type **out)
{
    int role = role_of(s, n);
    size_t i;

    if (role >= ROLE_TYPED) {
        *out = &kura_indicator_types[role - ROLE_TYPED];
        return true;
    }
    for (i = 0; i < sizeof(csv_types) / sizeof(csv_types[0]); i++)
        if (same(s, n, csv_types[i].name)) {
            *out = &kura_indicator_types[csv_types[i].type];
            return true;
        }
    return false;
}

static void said_number(const struct csv *c, const struct row *r, const char *s,
                        size_t n, struct kura_indicator_entry *e)
{
    int64_t v;

    if (kura_num_parse(s, n, &v) && v >= 0 && v <= 100)
        e->confidence = (int)v;
    else
        kura_indicator_problem(c->f, r->line,
                               "'%.*s' is no confidence from 0 to 100",
                               n > 64 ? 64 : (int)n, s);
}

/* What the row says of its values; false: its type is not one of ours. */
static bool row_said(const struct csv *c, const struct row *r,
                     struct kura_indicator_entry *e)
{
    size_t i, n;

    *e = kura_indicator_entry_of("", 0, r->line);
    for (i = 0; i < c->columns; i++) {
        const char *s = row_field(r, i, &n);

        if (n == 0)
            continue;
        switch (c->roles[i]) {
        case ROLE_TYPE:
            if (!type_find(s, n, &e->type)) {
                kura_indicator_problem(c->f, r->line,
                                       "the type '%.*s' is not understood",
                                       n > 64 ? 64 : (int)n, s);
                return false;
            }
            break;
        case ROLE_SOURCE:
            e->source = s;
            break;
        case ROLE_CONFIDENCE:
            said_number(c, r, s, n, e);
            break;
        case ROLE_TLP:
            e->tlp = kura_indicator_tlp(s, n);
            break;
        case ROLE_CAMPAIGN:
            e->campaign = s;
            break;
        case ROLE_COMMENT:
            e->comment = s;
            break;
        case ROLE_FIRST:
            (void)kura_indicator_time(c->utc, s, n, &e->first_seen);
            break;
        case ROLE_EXPIRES:
            if (!kura_indicator_time(c->utc, s, n, &e->expires_at))
                kura_indicator_problem(c->f, r->line, "'%.*s' is no time",
                                       n > 64 ? 64 : (int)n, s);
            break;
        default:
            break;
        }
    }
    return true;
}

/* "n/a" and the like of feeds that have nothing to say. */
static bool is_nothing(const char *s, size_t n)
{
    return n == 0 || same(s, n, "n/a") || same(s, n, "none") ||
           same(s, n, "null") || same(s, n, "-");
}

static enum kura_rc row_take(const struct csv *c, const struct row *r,
                             struct kura_err *err)
{
    const enum kura_indicator_type *type;
    struct kura_indicator_entry e;
    enum kura_rc rc = KURA_OK;
    bool some = false;
    size_t i;

    if (!row_said(c, r, &e))
        return KURA_OK;
    type = e.type;
    for (i = 0; rc == KURA_OK && i < c->columns; i++) {
        int role = c->roles[i];

        if (role != ROLE_VALUE && role < ROLE_TYPED)
            continue;
        e.text = row_field(r, i, &e.size);
        if (is_nothing(e.text, e.size))
            continue;
        e.type = role == ROLE_VALUE ? type
                                    : &kura_indicator_types[role - ROLE_TYPED];
        some = true;
        rc = c->f->take(c->f->arg, &e, err);
    }
    if (!some)
        kura_indicator_problem(c->f, r->line, "there is no value");
    return rc;
}

enum kura_rc kura_indicator_csv(const struct kura_indicator_file *f,
                                const struct kura_zone *utc,
                                struct kura_err *err)
{
    struct csv c;
    struct row r;
    bool header = false;
    enum kura_rc rc;

    csv_init(&c, f, utc);
    rc = header_find(&c, &header, err);
    if (rc == KURA_OK && !header)
        return kura_err_set(err, KURA_EINPUT,
                            "there is no header with a column value, url, "
                            "domain, ip, sha256 or the like");
    kura_buf_init(&r.text, CSV_ROW);
    while (rc == KURA_OK && c.at < f->size) {
        size_t n = line_size(f, c.at), size = n;
        const char *s = f->data + c.at;

        trim(&s, &size);
        if (size == 0 || s[0] == '#') {
            c.at += n + (c.at + n < f->size);
            c.line++;
            continue;
        }
        rc = row_read(&c, f->data, f->size, &c.at, &r, err);
        if (rc == KURA_OK)
            rc = row_take(&c, &r, err);
    }
    kura_buf_release(&r.text);
    return rc;
}
