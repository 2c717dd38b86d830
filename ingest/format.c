/* format.c - reads format definitions and proves them by their samples.
 *
 * A pattern's source is scanned twice before PCRE2 gets it, always with the
 * same small reader of its syntax (struct scan): once for captures that lie
 * inside others, once for its literal.  What that reader does not understand
 * (comments, conditions, \Q, extended mode) is refused, so that both are right
 * for every pattern that loads.  Texts point into the YAML trees, which live
 * as long as the formats. */
#include "ingest/format.h"
#include "base/config.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "base/num.h"
#include "ingest/parse.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>

#define FORMAT_PREFIX "ingest/formats/"
#define FORMAT_BUILT_IN "built in"
#define MACRO_LEVELS 16
#define REGEX_MAX ((size_t)64 << 10)
#define GROUPS_MAX 128
#define PATTERNS_MAX 256
#define SCAN_DEPTH 64
#define LITERAL_MIN 3 /* shorter ones are not worth a search */

/* Something that is freed with the formats. */
struct owned {
    struct owned *next;
    struct kura_regex *regex;
    struct kura_config *config;
    max_align_t data[];
};

struct kura_formats {
    struct owned *owned;
    const struct kura_format **items; /* by name */
    int count;
};

/* One file while it is read. */
struct loader {
    struct kura_formats *all;
    const struct kura_node *common[2]; /* macros: built in, of the site */
    const struct kura_zone *zone;
    const char *file;
    const struct kura_node *root;
    struct kura_format *format;
    struct kura_err *err;
};

static enum kura_rc fail(struct loader *l, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum kura_rc fail(struct loader *l, size_t line, const char *fmt, ...)
{
    char text[420];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return kura_err_set(l->err, KURA_EINPUT, "%s:%zu: %s", l->file, line, text);
}

/* --- Memory ------------------------------------------------------------- */

static struct owned *owned_new(struct kura_formats *f, size_t n)
{
    struct owned *o = calloc(1, sizeof(*o) + n);

    if (o == NULL)
        return NULL;
    o->next = f->owned;
    f->owned = o;
    return o;
}

/* Zeroed memory for n things of a size, and a bit for none. */
static void *owned_alloc(struct loader *l, size_t n, size_t size)
{
    struct owned *o = NULL;
    size_t bytes;

    if (kura_num_mul(n + 1, size, &bytes))
        o = owned_new(l->all, bytes);
    if (o == NULL) {
        (void)kura_err_nomem(l->err);
        return NULL;
    }
    return o->data;
}

static char *owned_text(struct loader *l, const char *s, size_t n)
{
    char *p = owned_alloc(l, n, 1);

    if (p != NULL)
        memcpy(p, s, n);
    return p;
}

/* Takes the tree over, also when it fails. */
static enum kura_rc owned_config(struct kura_formats *f, struct kura_config *c,
                                 struct kura_err *err)
{
    struct owned *o = owned_new(f, 0);

    if (o == NULL) {
        kura_config_free(c);
        return kura_err_nomem(err);
    }
    o->config = c;
    return KURA_OK;
}

/* --- YAML --------------------------------------------------------------- */

static enum kura_rc keys_check(struct loader *l, const struct kura_node *map,
                               const char *what, const char *const *known)
{
    char list[160] = "";
    size_t at = 0;
    size_t i;
    int k;

    if (kura_node_kind(map) != KURA_NODE_MAP)
        return fail(l, kura_node_line(map), "%s must be a map of 'key: value'",
                    what);
    for (i = 0; i < kura_node_count(map); i++) {
        for (k = 0; known[k] != NULL; k++)
            if (strcmp(known[k], kura_node_key(map, i)) == 0)
                break;
        if (known[k] != NULL)
            continue;
        (void)fail(l, kura_node_key_line(map, i), "unknown key '%.60s' in %s",
                   kura_node_key(map, i), what);
        for (k = 0; known[k] != NULL && at < sizeof(list); k++)
            at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
                                   k == 0 ? "" : ", ", known[k]);
        kura_err_hint(l->err, "known are %s", list);
        return KURA_EINPUT;
    }
    return KURA_OK;
}

/* The text of a scalar; NULL (and an error) for anything else. */
static const char *text_need(struct loader *l, const struct kura_node *n,
                             size_t line, const char *what)
{
    if (n == NULL || kura_node_kind(n) != KURA_NODE_SCALAR ||
        kura_node_text_size(n) == 0) {
        (void)fail(l, n != NULL ? kura_node_line(n) : line, "%s is missing%s",
                   what, n != NULL ? ": a text is needed" : "");
        return NULL;
    }
    return kura_node_text(n);
}

static bool text_is(const struct kura_node *n, const char *s)
{
    const char *t = n != NULL ? kura_node_text(n) : NULL;

    return t != NULL && strcmp(t, s) == 0;
}

/* A stored column of the table, or -1 and an error. */
static int column_need(struct loader *l, const char *name, size_t line,
                       const char *where)
{
    const struct kura_schema *s = l->format->schema;
    int c = kura_schema_column(s, name);

    if (c >= 0 && s->columns[c].function == NULL)
        return c;
    if (c >= 0)
        (void)fail(l, line, "%s names column '%s', which is computed", where,
                   name);
    else
        (void)fail(l, line,
                   "%s names '%.60s', which is no column of table "
                   "'%s'",
                   where, name, s->name);
    kura_err_hint(l->err,
                  "the columns are in 'sql/tables/%s.sql'; a capture that "
                  "is to stay in the line only has a name that begins "
                  "with '_'",
                  s->name);
    return -1;
}

/* --- Macros ------------------------------------------------------------- */

static const struct kura_node *macro_find(const struct loader *l,
                                          const char *name)
{
    const struct kura_node *n =
        kura_node_get(kura_node_get(l->root, "macros"), name);

    if (n == NULL)
        n = kura_node_get(l->common[1], name);
    if (n == NULL)
        n = kura_node_get(l->common[0], name);
    return n;
}

/* Appends s with its macros put in, at most MACRO_LEVELS deep. */
static enum kura_rc macro_expand(struct loader *l, const char *s, size_t n,
                                 size_t line, int level, struct kura_buf *out)
{
    enum kura_rc rc = KURA_OK;
    size_t i = 0;

    while (i < n && rc == KURA_OK) {
        const struct kura_node *m;
        char name[64];
        size_t k = i + 2;

        if (n - i < 2 || s[i] != '{' || s[i + 1] != '{') {
            rc = kura_buf_append(out, s + i, 1, l->err);
            i++;
            continue;
        }
        while (k < n && s[k] != '}')
            k++;
        if (k + 1 >= n || s[k + 1] != '}' || k - i - 2 >= sizeof(name))
            return fail(l, line, "'{{' without '}}' at byte %zu", i);
        memcpy(name, s + i + 2, k - i - 2);
        name[k - i - 2] = '\0';
        m = macro_find(l, name);
        if (m == NULL || kura_node_text(m) == NULL) {
            (void)fail(l, line, "unknown macro '{{%s}}'", name);
            kura_err_hint(l->err, "macros stand under 'macros:' of the "
                                  "format or of common.yaml");
            return KURA_EINPUT;
        }
        if (level >= MACRO_LEVELS)
            return fail(l, line,
                        "macro '{{%s}}' nests more than %d levels, "
                        "or holds itself",
                        name, MACRO_LEVELS);
        rc = macro_expand(l, kura_node_text(m), kura_node_text_size(m), line,
                          level + 1, out);
        i = k + 2;
    }
    return rc;
}

/* --- Reading a pattern's syntax ------------------------------------------ */

enum token {
    TOKEN_END,
    TOKEN_BYTE,    /* stands for itself: `byte` */
    TOKEN_OTHER,   /* a class, an escape, an anchor, a dot */
    TOKEN_REPEAT0, /* a quantifier that allows none */
    TOKEN_REPEAT,  /* another quantifier */
    TOKEN_OR,
    TOKEN_OPEN, /* `name` and `size` for a capture, else NULL */
    TOKEN_CLOSE,
    TOKEN_BAD /* `why` */
};

struct scan {
    const char *s;
    size_t n, at;
    char byte;
    const char *name; /* "" for a capture without a name */
    size_t size;
    const char *why;
};

static enum token scan_bad(struct scan *c, const char *why)
{
    c->why = why;
    return TOKEN_BAD;
}

static enum token scan_escape(struct scan *c)
{
    char e;

    if (c->at + 1 >= c->n)
        return scan_bad(c, "ends with a backslash");
    e = c->s[c->at + 1];
    c->at += 2;
    if (e == 'x') {
        /* Two digits at most, or any number in braces. */
        size_t stop = c->at + 2;

        if (c->at < c->n && c->s[c->at] == '{')
            return scan_bad(c, "has \\x{...}: two digits make a byte");
        while (c->at < c->n && c->at < stop &&
               strchr("0123456789ABCDEFabcdef", c->s[c->at]) != NULL)
            c->at++;
        return TOKEN_OTHER;
    }
    if (strchr("dDsSwWhHvVRNbBAzZKtnrfae", e) != NULL && e != '\0')
        return TOKEN_OTHER;
    if ((e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') ||
        (e >= 'A' && e <= 'Z'))
        return scan_bad(c, "has an escape that formats do not use");
    c->byte = e;
    return TOKEN_BYTE;
}

static enum token scan_class(struct scan *c)
{
    size_t i = c->at + 1;

    if (i < c->n && c->s[i] == '^')
        i++;
    if (i < c->n && c->s[i] == ']')
        i++;
    while (i < c->n && c->s[i] != ']') {
        if (c->s[i] == '\\') {
            if (i + 1 < c->n && (c->s[i + 1] == 'Q' || c->s[i + 1] == 'E'))
                return scan_bad(c, "has \\Q or \\E");
            i++;
        } else if (c->s[i] == '[' && i + 1 < c->n && c->s[i + 1] == ':') {
            /* [:alpha:] */
            size_t k = i + 2;

            while (k < c->n && c->s[k] >= 'a' && c->s[k] <= 'z')
                k++;
            if (k + 1 < c->n && c->s[k] == ':' && c->s[k + 1] == ']')
                i = k + 1;
        }
        i++;
    }
    if (i >= c->n)
        return scan_bad(c, "has a class without ']'");
    c->at = i + 1;
    return TOKEN_OTHER;
}

static enum token scan_named(struct scan *c, size_t from, char close)
{
    const char *end = memchr(c->s + from, close, c->n - from);

    if (end == NULL)
        return scan_bad(c, "has a group name without an end");
    c->name = c->s + from;
    c->size = (size_t)(end - c->name);
    c->at = from + c->size + 1;
    return TOKEN_OPEN;
}

static enum token scan_open(struct scan *c)
{
    const char *s = c->s + c->at;
    size_t left = c->n - c->at;
    size_t i = 2;

    c->name = NULL;
    if (left >= 2 && s[1] == '*')
        return scan_bad(c, "has a verb: '(*'");
    if (left < 3 || s[1] != '?') {
        c->name = "";
        c->size = 0;
        c->at++;
        return TOKEN_OPEN;
    }
    if (s[2] == '<' && left > 3 && s[3] != '=' && s[3] != '!')
        return scan_named(c, c->at + 3, '>');
    if (s[2] == 'P' && left > 3 && s[3] == '<')
        return scan_named(c, c->at + 4, '>');
    if (s[2] == '\'')
        return scan_named(c, c->at + 3, '\'');
    if (s[2] == '<') {
        c->at += 4;
        return TOKEN_OPEN;
    }
    if (strchr(":|>=!", s[2]) != NULL && s[2] != '\0') {
        c->at += 3;
        return TOKEN_OPEN;
    }
    /* Flags, for a group only: outside of one they would reach further. */
    while (i < left &&
           (s[i] == 'i' || s[i] == 's' || s[i] == 'm' || s[i] == '-'))
        i++;
    if (i < left && s[i] == ':' && i > 2) {
        c->at += i + 1;
        return TOKEN_OPEN;
    }
    return scan_bad(c, "has a '(?' construct that formats do not use");
}

/* {n}, {n,} or {n,m}; else a brace that stands for itself. */
static enum token scan_brace(struct scan *c)
{
    size_t i = c->at + 1;
    bool digits = false;

    while (i < c->n &&
           ((c->s[i] >= '0' && c->s[i] <= '9') || (c->s[i] == ',' && digits))) {
        digits = true;
        i++;
    }
    if (!digits || i >= c->n || c->s[i] != '}') {
        c->at++;
        return TOKEN_OTHER;
    }
    c->at = i + 1;
    return TOKEN_REPEAT0;
}

static enum token scan_next(struct scan *c)
{
    if (c->at >= c->n)
        return TOKEN_END;
    switch (c->s[c->at]) {
    case '\\':
        return scan_escape(c);
    case '[':
        return scan_class(c);
    case '(':
        return scan_open(c);
    case '{':
        return scan_brace(c);
    case ')':
        c->at++;
        return TOKEN_CLOSE;
    case '|':
        c->at++;
        return TOKEN_OR;
    case '?':
    case '*':
        c->at++;
        return TOKEN_REPEAT0;
    case '+':
        c->at++;
        return TOKEN_REPEAT;
    case '.':
    case '^':
    case '$':
        c->at++;
        return TOKEN_OTHER;
    default:
        c->byte = c->s[c->at++];
        return TOKEN_BYTE;
    }
}

/* --- What a pattern's syntax says ---------------------------------------- */

static int group_find(const struct kura_regex *re, const char *name, size_t n)
{
    int g;

    for (g = 1; g <= kura_regex_groups(re); g++) {
        const char *s = kura_regex_group_name(re, g);

        if (s != NULL && strlen(s) == n && memcmp(s, name, n) == 0)
            return g;
    }
    return 0;
}

/* Says which captures lie inside others. */
static enum kura_rc nesting_find(struct loader *l, const struct kura_buf *src,
                                 size_t line, const struct kura_regex *re,
                                 struct kura_field *fields)
{
    struct scan c = {.s = src->data, .n = src->len};
    bool capture[SCAN_DEPTH];
    enum token t;
    int depth = 0;
    int inside = 0; /* open captures */

    for (t = scan_next(&c); t != TOKEN_END; t = scan_next(&c)) {
        if (t == TOKEN_BAD) {
            (void)fail(l, line, "the pattern %s near byte %zu: %.40s", c.why,
                       c.at, c.s + c.at);
            kura_err_hint(l->err,
                          "groups are (?:...), (?<name>...),"
                          " (?|...), (?>...), (?i:...) and look-around");
            return KURA_EINPUT;
        }
        if (t == TOKEN_OPEN) {
            int g;

            if (depth == SCAN_DEPTH)
                return fail(l, line, "the pattern nests more than %d groups",
                            SCAN_DEPTH);
            if (c.name != NULL && c.size == 0)
                return fail(l, line,
                            "a group captures without a name near "
                            "byte %zu: %.40s\nhint: write (?:...) or "
                            "(?<column>...)",
                            c.at, c.s + c.at);
            capture[depth++] = c.name != NULL;
            if (c.name == NULL)
                continue;
            g = group_find(re, c.name, c.size);
            if (g != 0 && inside > 0)
                fields[g].nested = true;
            inside++;
        } else if (t == TOKEN_CLOSE && depth > 0) {
            inside -= capture[--depth];
        }
    }
    return KURA_OK;
}

/* The longest run of bytes that every line of the pattern holds: outside of
 * groups and alternatives.  Appends it. */
static enum kura_rc literal_find(struct loader *l, const struct kura_buf *src,
                                 struct kura_buf *best)
{
    struct scan c = {.s = src->data, .n = src->len};
    enum kura_rc rc = KURA_OK;
    struct kura_buf run;
    enum token t = TOKEN_OTHER;
    int depth = 0;

    kura_buf_init(&run, REGEX_MAX);
    while (t != TOKEN_END && t != TOKEN_BAD && rc == KURA_OK) {
        t = scan_next(&c);
        if (t == TOKEN_OPEN)
            depth++;
        if (t == TOKEN_OR && depth == 0) {
            kura_buf_reset(best);
            break;
        }
        if (t == TOKEN_BYTE && depth == 0) {
            rc = kura_buf_putc(&run, c.byte, l->err);
            continue;
        }
        if (t == TOKEN_CLOSE)
            depth--;
        if (t == TOKEN_REPEAT0 && run.len > 0)
            run.len--;
        if (run.len > best->len) {
            kura_buf_reset(best);
            rc = kura_buf_append(best, run.data, run.len, l->err);
        }
        kura_buf_reset(&run);
    }
    kura_buf_release(&run);
    return rc;
}

/* --- Fields -------------------------------------------------------------- */

static enum kura_rc field_layouts(struct loader *l, const struct kura_node *n,
                                  struct kura_field *f)
{
    size_t count = kura_node_kind(n) == KURA_NODE_LIST ? kura_node_count(n) : 1;
    size_t i;

    if (count == 0 || count > KURA_FIELD_LAYOUTS)
        return fail(l, kura_node_line(n), "a time has 1 to %d layouts",
                    KURA_FIELD_LAYOUTS);
    for (i = 0; i < count; i++) {
        const struct kura_node *one =
            kura_node_kind(n) == KURA_NODE_LIST ? kura_node_at(n, i) : n;
        const char *word = kura_node_text(one);
        enum kura_layout layout = KURA_LAYOUT_NONE;

        if (word != NULL)
            layout = kura_layout_find(word, strlen(word));
        if (layout == KURA_LAYOUT_NONE) {
            (void)fail(l, kura_node_line(one), "unknown time layout '%.40s'",
                       word != NULL ? word : "");
            kura_err_hint(l->err,
                          "known are epoch, bsd, iso, plain, clf and bind");
            return KURA_EINPUT;
        }
        f->layouts[f->nlayout++] = layout;
    }
    f->kind = KURA_FIELD_TIME;
    return KURA_OK;
}

static enum kura_rc field_nulls(struct loader *l, const struct kura_node *n,
                                struct kura_field *f)
{
    bool list = kura_node_kind(n) == KURA_NODE_LIST;
    size_t count = list ? kura_node_count(n) : 1;
    size_t i;

    if (count == 0 || count > KURA_FIELD_NULLS)
        return fail(l, kura_node_line(n), "a field has 1 to %d null texts",
                    KURA_FIELD_NULLS);
    for (i = 0; i < count; i++) {
        const struct kura_node *one = list ? kura_node_at(n, i) : n;

        if (kura_node_text(one) == NULL)
            return fail(l, kura_node_line(one), "null must be a text");
        f->nulls[f->nnull++] = kura_node_text(one);
    }
    return KURA_OK;
}

static enum kura_rc field_read(struct loader *l, const struct kura_node *n,
                               struct kura_field *f)
{
    static const char *const known[] = {"time", "integer", "thousandths",
                                        "null", NULL};
    const struct kura_node *time = kura_node_get(n, "time");
    const struct kura_node *integer = kura_node_get(n, "integer");
    const struct kura_node *thousandths = kura_node_get(n, "thousandths");
    const struct kura_node *null = kura_node_get(n, "null");
    enum kura_rc rc = keys_check(l, n, "a field", known);

    if (rc != KURA_OK)
        return rc;
    if ((time != NULL) + (integer != NULL) + (thousandths != NULL) > 1)
        return fail(l, kura_node_line(n),
                    "a field is one of time, integer "
                    "and thousandths");
    if ((integer != NULL && !text_is(integer, "true")) ||
        (thousandths != NULL && !text_is(thousandths, "true")))
        return fail(l, kura_node_line(n),
                    "integer and thousandths are 'true' "
                    "or left out");
    if (integer != NULL)
        f->kind = KURA_FIELD_INTEGER;
    if (thousandths != NULL)
        f->kind = KURA_FIELD_THOUSANDTHS;
    if (time != NULL)
        rc = field_layouts(l, time, f);
    if (rc == KURA_OK && null != NULL)
        rc = field_nulls(l, null, f);
    return rc;
}

/* Column and kind must fit. */
static enum kura_rc field_check(struct loader *l, const struct kura_field *f,
                                size_t line)
{
    bool text;

    if (f->column < 0)
        return KURA_OK;
    text = l->format->schema->columns[f->column].type == KURA_TEXT;
    if (text == (f->kind == KURA_FIELD_TEXT))
        return KURA_OK;
    (void)fail(l, line, "column '%s' is %s, but field '%s' is %s", f->name,
               text ? "TEXT" : "INTEGER", f->name,
               text ? "a number or time" : "a text");
    if (!text)
        kura_err_hint(l->err,
                      "put '%s: {integer: true}' or a time layout "
                      "under 'fields:'",
                      f->name);
    return KURA_EINPUT;
}

static enum kura_rc field_make(struct loader *l, const char *name, size_t line,
                               struct kura_field *f)
{
    const struct kura_node *n =
        kura_node_get(kura_node_get(l->root, "fields"), name);
    enum kura_rc rc = KURA_OK;

    f->name = name;
    f->column = -1;
    if (name[0] != '_') {
        f->column = column_need(l, name, line, "a capture");
        if (f->column < 0)
            return KURA_EINPUT;
    }
    if (n != NULL) {
        rc = field_read(l, n, f);
    } else if (strcmp(name, "_ts") == 0) {
        /* The clock of syslog in front of a line with a time of its own. */
        f->kind = KURA_FIELD_TIME;
        f->layouts[f->nlayout++] = KURA_LAYOUT_BSD;
        f->layouts[f->nlayout++] = KURA_LAYOUT_ISO;
    }
    if (rc == KURA_OK)
        rc = field_check(l, f, n != NULL ? kura_node_line(n) : line);
    if (rc == KURA_OK && strcmp(name, "ts") == 0 && f->kind != KURA_FIELD_TIME)
        rc = fail(l, line,
                  "'ts' needs a time layout\nhint: put 'ts: {time: "
                  "iso}' under 'fields:'");
    return rc;
}

/* Names under fields: must be columns or begin with '_'. */
static enum kura_rc fields_check(struct loader *l)
{
    const struct kura_node *n = kura_node_get(l->root, "fields");
    size_t i;

    if (n == NULL)
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_MAP)
        return fail(l, kura_node_line(n), "'fields' must be a map");
    for (i = 0; i < kura_node_count(n); i++) {
        const char *name = kura_node_key(n, i);

        if (name[0] != '_' &&
            column_need(l, name, kura_node_key_line(n, i), "'fields'") < 0)
            return KURA_EINPUT;
    }
    return KURA_OK;
}

/* --- Patterns ------------------------------------------------------------ */

/* A pattern while it is read, with the columns that it has filled so far. */
struct draft {
    struct kura_pattern *pattern;
    const struct kura_node *node;
    size_t line; /* of its regex */
    bool *filled;
};

static enum kura_rc column_fill(struct loader *l, struct draft *d, int column,
                                size_t line)
{
    if (d->filled[column])
        return fail(l, line, "pattern '%s' fills column '%s' twice",
                    d->pattern->name, l->format->schema->columns[column].name);
    d->filled[column] = true;
    return KURA_OK;
}

static enum kura_rc captures_read(struct loader *l, struct draft *d,
                                  const struct kura_buf *src)
{
    struct kura_pattern *p = d->pattern;
    struct kura_field *fields;
    enum kura_rc rc = KURA_OK;
    int g;

    p->groups = kura_regex_groups(p->regex);
    if (p->groups > GROUPS_MAX)
        return fail(l, d->line, "pattern '%s' has more than %d captures",
                    p->name, GROUPS_MAX);
    fields = owned_alloc(l, (size_t)p->groups + 1, sizeof(*fields));
    if (fields == NULL)
        return KURA_ENOMEM;
    p->fields = fields;
    rc = nesting_find(l, src, d->line, p->regex, fields);
    for (g = 1; g <= p->groups && rc == KURA_OK; g++) {
        const char *name = kura_regex_group_name(p->regex, g);

        if (name == NULL)
            return fail(l, d->line, "capture %d of pattern '%s' has no name", g,
                        p->name);
        rc = field_make(l, name, d->line, &fields[g]);
        if (rc == KURA_OK && fields[g].column >= 0)
            rc = column_fill(l, d, fields[g].column, d->line);
        if (rc == KURA_OK && strcmp(name, "ts") == 0)
            p->ts_group = g;
    }
    return rc;
}

static enum kura_rc literal_read(struct loader *l, struct draft *d,
                                 const struct kura_buf *src)
{
    const struct kura_node *n = kura_node_get(d->node, "literal");
    enum kura_rc rc = KURA_OK;
    struct kura_buf best;

    if (n != NULL) {
        d->pattern->literal = text_need(l, n, d->line, "the text of 'literal'");
        if (d->pattern->literal == NULL)
            return KURA_EINPUT;
        d->pattern->literal_size = kura_node_text_size(n);
        return KURA_OK;
    }
    kura_buf_init(&best, REGEX_MAX);
    rc = literal_find(l, src, &best);
    if (rc == KURA_OK && best.len >= LITERAL_MIN) {
        d->pattern->literal = owned_text(l, best.data, best.len);
        d->pattern->literal_size = best.len;
        if (d->pattern->literal == NULL)
            rc = KURA_ENOMEM;
    }
    kura_buf_release(&best);
    return rc;
}

/* The regex is tried alone first: a stray ')' must not pair with ours. */
static enum kura_rc regex_compile(struct loader *l, struct draft *d,
                                  const struct kura_buf *src)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_regex *alone = NULL;
    struct owned *o = owned_new(l->all, 0);
    struct kura_buf whole;
    enum kura_rc rc;

    if (o == NULL)
        return kura_err_nomem(l->err);
    kura_buf_init(&whole, REGEX_MAX + 16);
    rc = kura_regex_new(src->data, src->len, 0, &alone, &cause);
    kura_regex_free(alone);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&whole, &cause, "\\A(?:%s)\\z", src->data);
    if (rc == KURA_OK)
        rc = kura_regex_new(whole.data, whole.len, 0, &o->regex, &cause);
    if (rc == KURA_EINPUT)
        rc = fail(l, d->line, "pattern '%s', macros put in: %.200s",
                  d->pattern->name, cause.msg);
    else if (rc != KURA_OK)
        (void)kura_err_set(l->err, rc, "%s", cause.msg);
    d->pattern->regex = o->regex;
    kura_buf_release(&whole);
    return rc;
}

static enum kura_rc regex_read(struct loader *l, struct draft *d)
{
    const struct kura_node *n = kura_node_get(d->node, "regex");
    const char *text = text_need(l, n, kura_node_line(d->node), "'regex'");
    struct kura_buf src;
    enum kura_rc rc;

    if (text == NULL)
        return KURA_EINPUT;
    d->line = kura_node_line(n);
    kura_buf_init(&src, REGEX_MAX);
    rc = macro_expand(l, text, kura_node_text_size(n), d->line, 0, &src);
    if (rc == KURA_OK && memchr(src.data, '\0', src.len) != NULL)
        rc = fail(l, d->line, "a pattern cannot hold a NUL byte");
    if (rc == KURA_OK)
        rc = regex_compile(l, d, &src);
    if (rc == KURA_OK)
        rc = captures_read(l, d, &src);
    if (rc == KURA_OK)
        rc = literal_read(l, d, &src);
    kura_buf_release(&src);
    return rc;
}

static enum kura_rc set_read(struct loader *l, struct draft *d)
{
    const struct kura_node *n = kura_node_get(d->node, "set");
    struct kura_constant *list;
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (n == NULL)
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_MAP)
        return fail(l, kura_node_line(n), "'set' must be a map");
    list = owned_alloc(l, kura_node_count(n), sizeof(*list));
    if (list == NULL)
        return KURA_ENOMEM;
    d->pattern->constants = list;
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++) {
        const struct kura_node *v = kura_node_at(n, i);
        size_t line = kura_node_key_line(n, i);
        int c = column_need(l, kura_node_key(n, i), line, "'set'");
        int64_t number;

        if (c < 0)
            return KURA_EINPUT;
        if (kura_node_text(v) == NULL)
            return fail(l, line, "a constant must be a text or number");
        if (l->format->schema->columns[c].type == KURA_INTEGER &&
            !kura_num_parse(kura_node_text(v), kura_node_text_size(v), &number))
            return fail(l, line,
                        "column '%s' is INTEGER, but its constant is "
                        "'%.60s'",
                        kura_node_key(n, i), kura_node_text(v));
        list[i].column = c;
        list[i].text = kura_node_text(v);
        d->pattern->nconstant++;
        rc = column_fill(l, d, c, line);
    }
    return rc;
}

/* "mime_decode(header_value)" */
static enum kura_rc derive_read(struct loader *l, const struct draft *d,
                                const char *text, size_t line,
                                struct kura_derive *out)
{
    static const char *const names[] = {
        [KURA_DERIVE_MIME_DECODE] = "mime_decode",
        [KURA_DERIVE_MIME_FILENAME] = "mime_filename",
        [KURA_DERIVE_MIME_FILENAME_RAW] = "mime_filename_raw",
        [KURA_DERIVE_MIME_TYPE] = "mime_type",
        [KURA_DERIVE_MIME_ADDRESS] = "mime_address",
        [KURA_DERIVE_MIME_NAME] = "mime_name",
        [KURA_DERIVE_EXTENSION] = "extension"};
    const size_t count = sizeof(names) / sizeof(names[0]);
    const struct kura_schema *s = l->format->schema;
    const char *open = strchr(text, '(');
    size_t len = strlen(text);
    char from[64];
    size_t i;

    if (open == NULL || text[len - 1] != ')' ||
        (size_t)(text + len - open) > sizeof(from))
        return fail(l, line, "'%.60s' is not function(column)", text);
    for (i = 0; i < count; i++)
        if (strlen(names[i]) == (size_t)(open - text) &&
            memcmp(names[i], text, (size_t)(open - text)) == 0)
            break;
    if (i == count)
        return fail(l, line,
                    "unknown function '%.60s'\nhint: known are "
                    "mime_decode, mime_filename, mime_filename_raw, "
                    "mime_type, mime_address, mime_name, extension",
                    text);
    len = (size_t)(text + len - 1 - (open + 1));
    memcpy(from, open + 1, len);
    from[len] = '\0';
    out->fn = (enum kura_derive_fn)i;
    out->from = column_need(l, from, line, "'derive'");
    if (out->from < 0)
        return KURA_EINPUT;
    if (s->columns[out->from].type != KURA_TEXT)
        return fail(l, line, "'%s' is no text column", from);
    if (!d->filled[out->from])
        return fail(l, line, "'%s' is read before pattern '%s' fills it", from,
                    d->pattern->name);
    return KURA_OK;
}

static enum kura_rc derives_read(struct loader *l, struct draft *d)
{
    const struct kura_node *n = kura_node_get(d->node, "derive");
    struct kura_derive *list;
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (n == NULL)
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_MAP)
        return fail(l, kura_node_line(n), "'derive' must be a map");
    list = owned_alloc(l, kura_node_count(n), sizeof(*list));
    if (list == NULL)
        return KURA_ENOMEM;
    d->pattern->derives = list;
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++) {
        size_t line = kura_node_key_line(n, i);
        const char *text =
            text_need(l, kura_node_at(n, i), line, "a derived column's text");
        int c = column_need(l, kura_node_key(n, i), line, "'derive'");

        if (text == NULL || c < 0)
            return KURA_EINPUT;
        if (l->format->schema->columns[c].type != KURA_TEXT)
            return fail(l, line, "'%s' is no text column", kura_node_key(n, i));
        rc = derive_read(l, d, text, line, &list[i]);
        if (rc == KURA_OK)
            rc = column_fill(l, d, c, line);
        list[i].column = c;
        d->pattern->nderive++;
    }
    return rc;
}

static enum kura_rc pattern_read(struct loader *l, const struct kura_node *n,
                                 struct kura_pattern *p)
{
    static const char *const known[] = {"name", "regex",  "literal",
                                        "set",  "derive", NULL};
    struct draft d = {.pattern = p, .node = n, .line = kura_node_line(n)};
    enum kura_rc rc = keys_check(l, n, "a pattern", known);

    if (rc != KURA_OK)
        return rc;
    p->name =
        text_need(l, kura_node_get(n, "name"), d.line, "the pattern's 'name'");
    if (p->name == NULL)
        return KURA_EINPUT;
    d.filled = calloc((size_t)l->format->schema->count, sizeof(*d.filled));
    if (d.filled == NULL)
        return kura_err_nomem(l->err);
    rc = regex_read(l, &d);
    if (rc == KURA_OK)
        rc = set_read(l, &d);
    if (rc == KURA_OK)
        rc = derives_read(l, &d);
    free(d.filled);
    return rc;
}

static enum kura_rc patterns_read(struct loader *l)
{
    const struct kura_node *n = kura_node_get(l->root, "patterns");
    struct kura_pattern *list;
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    if (n == NULL || kura_node_kind(n) != KURA_NODE_LIST ||
        kura_node_count(n) == 0 || kura_node_count(n) > PATTERNS_MAX)
        return fail(l, n != NULL ? kura_node_line(n) : 1,
                    "'patterns' must be a list of 1 to %d patterns",
                    PATTERNS_MAX);
    list = owned_alloc(l, kura_node_count(n), sizeof(*list));
    if (list == NULL)
        return KURA_ENOMEM;
    l->format->patterns = list;
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++) {
        rc = pattern_read(l, kura_node_at(n, i), &list[i]);
        for (k = 0; k < i && rc == KURA_OK; k++)
            if (strcmp(list[k].name, list[i].name) == 0)
                rc = fail(l, kura_node_line(kura_node_at(n, i)),
                          "two patterns have the name '%s'", list[i].name);
        l->format->npattern++;
    }
    return rc;
}

/* --- Samples -------------------------------------------------------------- */

/* What checks the samples of one format. */
struct proof {
    struct kura_parser *parser;
    int64_t as_of_us; /* of the parser */
    bool *proven;     /* by pattern */
};

static enum kura_rc proof_parser(struct loader *l, struct proof *f,
                                 int64_t as_of_us)
{
    struct kura_parse_context cx = {.format = l->format,
                                    .zone = l->zone,
                                    .as_of_us = as_of_us,
                                    .oldest_us = INT64_MIN,
                                    .newest_us = INT64_MAX};

    if (f->parser != NULL && f->as_of_us == as_of_us) {
        kura_parser_reset(f->parser);
        return KURA_OK;
    }
    kura_parser_free(f->parser);
    f->parser = NULL;
    f->as_of_us = as_of_us;
    return kura_parser_new(&cx, &f->parser, l->err);
}

static const struct kura_cell *cell_of(const struct kura_row *row, int column)
{
    size_t i;

    for (i = 0; i < row->count; i++)
        if (row->cells[i].column == column)
            return &row->cells[i];
    return NULL;
}

/* The stored value as samples write it; false for NULL. */
static bool value_text(const struct kura_pattern *p, const struct kura_row *row,
                       int column, struct kura_buf *out)
{
    const struct kura_cell *c = cell_of(row, column);
    char time[KURA_TIME_TEXT];
    int g;

    if (c == NULL)
        return false;
    if (c->text != NULL)
        return kura_buf_append(out, c->text, c->size, NULL) == KURA_OK;
    for (g = 1; g <= p->groups; g++) {
        if (p->fields[g].column != column ||
            p->fields[g].kind != KURA_FIELD_TIME)
            continue;
        kura_time_format(c->number, time);
        return kura_buf_puts(out, time, NULL) == KURA_OK;
    }
    return kura_buf_printf(out, NULL, "%lld", (long long)c->number) == KURA_OK;
}

/* `time`, or a stored column. */
static enum kura_rc sample_field(struct loader *l, const struct kura_row *row,
                                 const char *name, const struct kura_node *want,
                                 size_t line, const struct kura_pattern *p,
                                 const char *sample)
{
    const char *text = kura_node_text(want);
    char time[KURA_TIME_TEXT];
    enum kura_rc rc = KURA_OK;
    struct kura_buf found;
    bool there = true;
    bool null;
    int c;

    if (text == NULL)
        return fail(l, line, "'%.60s' must be a text, number or null", name);
    null = kura_node_is_null(want);
    kura_buf_init(&found, REGEX_MAX * 16);
    if (strcmp(name, "time") == 0) {
        kura_time_format(row->ts, time);
        rc = kura_buf_puts(&found, time, l->err);
    } else {
        c = column_need(l, name, line, "a sample");
        if (c < 0)
            rc = KURA_EINPUT;
        else
            there = value_text(p, row, c, &found);
    }
    if (rc != KURA_OK)
        goto out;
    if (there ? !null && found.len == kura_node_text_size(want) &&
                    memcmp(found.data, text, found.len) == 0
              : null)
        goto out;
    rc = fail(l, line,
              "pattern '%s' gives another '%s' than the sample states: "
              "expected %s%.80s%s, found %s%.80s%s\nsample: %.120s",
              p->name, name, null ? "NULL" : "'", null ? "" : text,
              null ? "" : "'", there ? "'" : "NULL", found.data,
              there ? "'" : "", sample);
    kura_err_hint(l->err, "mend the regex, the field's kind or the sample");
out:
    kura_buf_release(&found);
    return rc;
}

/* Did the right pattern take it? */
static enum kura_rc sample_pattern(struct loader *l, const struct kura_row *row,
                                   const struct kura_node *want, size_t line,
                                   int took, const char *sample)
{
    const struct kura_format *f = l->format;

    if (row->schema == NULL) {
        (void)fail(l, line,
                   "the sample%s%.40s%s is not taken: %s\nsample: "
                   "%.200s",
                   want != NULL ? " of '" : "",
                   want != NULL ? kura_node_text(want) : "",
                   want != NULL ? "'" : "", row->reason, sample);
        kura_err_hint(l->err,
                      took >= 0 ? "does the layout of ts under 'fields:' fit?"
                                : "a pattern must match the whole line, blanks "
                                  "at its ends too");
        return KURA_EINPUT;
    }
    if (want == NULL ||
        strcmp(f->patterns[took].name, kura_node_text(want)) == 0)
        return KURA_OK;
    (void)fail(l, line,
               "the sample is taken by another pattern: expected "
               "'%.60s', found '%s'\nsample: %.200s",
               kura_node_text(want), f->patterns[took].name, sample);
    kura_err_hint(l->err, "patterns are tried in the order of the file: "
                          "put the stricter one first");
    return KURA_EINPUT;
}

static enum kura_rc sample_as_of(struct loader *l, const struct kura_node *n,
                                 int64_t *out)
{
    const struct kura_node *v = kura_node_get(n, "as_of");
    struct kura_err cause = KURA_ERR_INIT;
    int64_t to;

    *out = kura_days_from_civil(2026, 1, 1) * KURA_DAY;
    if (v == NULL)
        return KURA_OK;
    if (kura_node_text(v) == NULL ||
        kura_range_parse(kura_node_text(v), l->zone, *out, out, &to, &cause) !=
            KURA_OK)
        return fail(l, kura_node_line(v),
                    "'as_of' must be a date such as "
                    "2015-03-01");
    return KURA_OK;
}

static enum kura_rc sample_check(struct loader *l, struct proof *proof,
                                 const struct kura_node *n)
{
    static const char *const known[] = {"line", "pattern", "as_of", "fields",
                                        NULL};
    const struct kura_node *text = kura_node_get(n, "line");
    const struct kura_node *fields = kura_node_get(n, "fields");
    const struct kura_node *pattern = kura_node_get(n, "pattern");
    size_t line = kura_node_line(n);
    struct kura_row row;
    enum kura_rc rc;
    int64_t as_of;
    size_t i;
    int took;

    rc = keys_check(l, n, "a sample", known);
    if (rc != KURA_OK)
        return rc;
    if (text_need(l, text, line, "the sample's 'line'") == NULL ||
        (pattern != NULL &&
         text_need(l, pattern, line, "the sample's 'pattern'") == NULL))
        return KURA_EINPUT;
    rc = sample_as_of(l, n, &as_of);
    if (rc == KURA_OK)
        rc = proof_parser(l, proof, as_of);
    if (rc == KURA_OK)
        rc = kura_parse_line(proof->parser, kura_node_text(text),
                             kura_node_text_size(text), 0, INT64_MIN, &row,
                             l->err);
    if (rc != KURA_OK)
        return rc;
    took = kura_parser_pattern(proof->parser);
    rc = sample_pattern(l, &row, pattern, line, took, kura_node_text(text));
    if (rc != KURA_OK)
        return rc;
    proof->proven[took] = true;
    if (fields != NULL && kura_node_kind(fields) != KURA_NODE_MAP)
        return fail(l, kura_node_line(fields), "'fields' must be a map");
    for (i = 0; fields != NULL && i < kura_node_count(fields) && rc == KURA_OK;
         i++)
        rc =
            sample_field(l, &row, kura_node_key(fields, i),
                         kura_node_at(fields, i), kura_node_key_line(fields, i),
                         &l->format->patterns[took], kura_node_text(text));
    return rc;
}

static enum kura_rc miss_check(struct loader *l, struct proof *proof,
                               const struct kura_node *n)
{
    struct kura_row row;
    enum kura_rc rc;

    if (kura_node_text(n) == NULL)
        return fail(l, kura_node_line(n), "a miss must be a text");
    rc = proof_parser(l, proof, kura_days_from_civil(2026, 1, 1) * KURA_DAY);
    if (rc == KURA_OK)
        rc =
            kura_parse_line(proof->parser, kura_node_text(n),
                            kura_node_text_size(n), 0, INT64_MIN, &row, l->err);
    if (rc != KURA_OK || row.schema == NULL)
        return rc;
    return fail(l, kura_node_line(n),
                "pattern '%s' takes a line that stands "
                "under 'misses'\nline: %.200s\nhint: make the pattern stricter",
                l->format->patterns[kura_parser_pattern(proof->parser)].name,
                kura_node_text(n));
}

static enum kura_rc list_check(struct loader *l, const struct kura_node *n,
                               const char *what)
{
    if (n != NULL && kura_node_kind(n) != KURA_NODE_LIST &&
        !kura_node_is_null(n))
        return fail(l, kura_node_line(n), "'%s' must be a list", what);
    return KURA_OK;
}

static enum kura_rc samples_check(struct loader *l)
{
    const struct kura_node *samples = kura_node_get(l->root, "samples");
    const struct kura_node *misses = kura_node_get(l->root, "misses");
    struct proof proof = {.parser = NULL};
    enum kura_rc rc;
    size_t i;
    int k;

    proof.proven = calloc((size_t)l->format->npattern + 1, sizeof(bool));
    if (proof.proven == NULL)
        return kura_err_nomem(l->err);
    rc = list_check(l, samples, "samples");
    if (rc == KURA_OK)
        rc = list_check(l, misses, "misses");
    for (i = 0;
         rc == KURA_OK && samples != NULL && i < kura_node_count(samples); i++)
        rc = sample_check(l, &proof, kura_node_at(samples, i));
    l->format->nsample = (int)i;
    for (k = 0; k < l->format->npattern && rc == KURA_OK; k++)
        if (!proof.proven[k])
            rc = fail(l,
                      kura_node_line(kura_node_at(
                          kura_node_get(l->root, "patterns"), (size_t)k)),
                      "pattern '%s' has no sample\nhint: put a line that it "
                      "takes under 'samples:'",
                      l->format->patterns[k].name);
    for (i = 0; rc == KURA_OK && misses != NULL && i < kura_node_count(misses);
         i++)
        rc = miss_check(l, &proof, kura_node_at(misses, i));
    kura_parser_free(proof.parser);
    free(proof.proven);
    return rc;
}

/* --- Files ---------------------------------------------------------------- */

/* Puts the format into its place by name.  One of the site takes the place of
 * a built-in one. */
static enum kura_rc format_add(struct loader *l, size_t line)
{
    struct kura_formats *all = l->all;
    const struct kura_format **items;
    int at = 0;

    while (at < all->count && strcmp(all->items[at]->name, l->format->name) < 0)
        at++;
    if (at < all->count && strcmp(all->items[at]->name, l->format->name) == 0) {
        if (strcmp(all->items[at]->origin, FORMAT_BUILT_IN) != 0 ||
            strcmp(l->format->origin, FORMAT_BUILT_IN) == 0)
            return fail(l, line, "format '%s' is defined already in '%s'",
                        l->format->name, all->items[at]->origin);
        all->items[at] = l->format;
        return KURA_OK;
    }
    items = realloc(all->items, ((size_t)all->count + 1) * sizeof(*items));
    if (items == NULL)
        return kura_err_nomem(l->err);
    all->items = items;
    memmove(items + at + 1, items + at,
            (size_t)(all->count - at) * sizeof(*items));
    items[at] = l->format;
    all->count++;
    return KURA_OK;
}

static enum kura_rc format_read(struct loader *l, const char *origin)
{
    static const char *const known[] = {"name",    "table",  "about",
                                        "macros",  "fields", "patterns",
                                        "samples", "misses", NULL};
    const struct kura_node *table = kura_node_get(l->root, "table");
    const struct kura_node *about = kura_node_get(l->root, "about");
    struct kura_format *f;
    enum kura_rc rc;

    rc = keys_check(l, l->root, "a format", known);
    if (rc != KURA_OK)
        return rc;
    f = owned_alloc(l, 1, sizeof(*f));
    if (f == NULL)
        return KURA_ENOMEM;
    l->format = f;
    f->origin = origin;
    f->name =
        text_need(l, kura_node_get(l->root, "name"), 1, "the format's 'name'");
    if (f->name == NULL || text_need(l, table, 1, "'table'") == NULL)
        return KURA_EINPUT;
    f->about = about != NULL && kura_node_text(about) != NULL
                   ? kura_node_text(about)
                   : "";
    f->schema = kura_schema_find(kura_node_text(table));
    if (f->schema == NULL)
        return fail(l, kura_node_line(table), "there is no table '%.60s'",
                    kura_node_text(table));
    rc = fields_check(l);
    if (rc == KURA_OK)
        rc = patterns_read(l);
    if (rc == KURA_OK)
        rc = samples_check(l);
    if (rc == KURA_OK)
        rc = format_add(l, kura_node_line(kura_node_get(l->root, "name")));
    return rc;
}

/* common.yaml: macros and nothing else. */
static enum kura_rc common_read(struct loader *l, int layer)
{
    static const char *const known[] = {"macros", NULL};
    enum kura_rc rc = keys_check(l, l->root, "common.yaml", known);

    if (rc == KURA_OK)
        l->common[layer] = kura_node_get(l->root, "macros");
    return rc;
}

static bool name_is_common(const char *name)
{
    return strcmp(name, "common.yaml") == 0;
}

/* `common` says which of the two kinds of file is wanted now. */
static enum kura_rc embedded_read(struct loader *l, bool common)
{
    const size_t skip = sizeof(FORMAT_PREFIX) - 1;
    const struct kura_embedded *e;
    enum kura_rc rc = KURA_OK;

    for (e = kura_embedded; e->path != NULL && rc == KURA_OK; e++) {
        struct kura_config *c = NULL;

        if (strncmp(e->path, FORMAT_PREFIX, skip) != 0 ||
            name_is_common(e->path + skip) != common)
            continue;
        rc = kura_config_parse(e->path, e->text, e->size, &c, l->err);
        if (rc == KURA_OK)
            rc = owned_config(l->all, c, l->err);
        if (rc != KURA_OK)
            break;
        l->file = e->path;
        l->root = kura_config_root(c);
        if (l->root == NULL)
            rc = fail(l, 1, "the file is empty");
        else
            rc = common ? common_read(l, 0) : format_read(l, FORMAT_BUILT_IN);
    }
    return rc;
}

static enum kura_rc file_read(struct loader *l, const char *dir,
                              const char *name)
{
    struct kura_config *c = NULL;
    struct kura_buf path;
    enum kura_rc rc;

    kura_buf_init(&path, 4096);
    rc = kura_buf_printf(&path, l->err, "%s/%s", dir, name);
    if (rc == KURA_OK)
        rc = kura_config_load(path.data, &c, l->err);
    if (rc == KURA_OK)
        rc = owned_config(l->all, c, l->err);
    if (rc != KURA_OK)
        goto out;
    l->file = kura_config_name(c);
    l->root = kura_config_root(c);
    if (l->root == NULL)
        rc = fail(l, 1, "the file is empty");
    else
        rc = name_is_common(name) ? common_read(l, 1) : format_read(l, l->file);
out:
    kura_buf_release(&path);
    return rc;
}

static int name_order(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    /* The macros come before what uses them. */
    if (name_is_common(*x) != name_is_common(*y))
        return name_is_common(*x) ? -1 : 1;
    return strcmp(*x, *y);
}

static bool name_is_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot != NULL &&
           (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* The names of the definitions in a folder; the caller frees them also after
 * an error. */
static enum kura_rc dir_list(const char *dir, char ***names, size_t *count,
                             struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    DIR *d = opendir(dir);
    struct dirent *e;

    if (d == NULL)
        return errno == ENOENT
                   ? KURA_OK
                   : kura_err_sys(err, errno, "cannot read folder '%s'", dir);
    for (errno = 0; (e = readdir(d)) != NULL; errno = 0) {
        char **more;

        if (!name_is_yaml(e->d_name))
            continue;
        more = realloc(*names, (*count + 1) * sizeof(*more));
        if (more == NULL) {
            rc = kura_err_nomem(err);
            goto out;
        }
        *names = more;
        more[*count] = strdup(e->d_name);
        if (more[*count] == NULL) {
            rc = kura_err_nomem(err);
            goto out;
        }
        (*count)++;
    }
    if (errno != 0)
        rc = kura_err_sys(err, errno, "cannot read folder '%s'", dir);
out:
    (void)closedir(d);
    return rc;
}

static enum kura_rc dir_read(struct loader *l, const char *dir)
{
    char **names = NULL;
    size_t count = 0;
    size_t i;
    enum kura_rc rc = dir_list(dir, &names, &count, l->err);

    if (rc == KURA_OK && count > 1)
        qsort(names, count, sizeof(*names), name_order);
    for (i = 0; i < count && rc == KURA_OK; i++)
        rc = file_read(l, dir, names[i]);
    for (i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return rc;
}

enum kura_rc kura_formats_load(const char *dir, struct kura_formats **out,
                               struct kura_err *err)
{
    struct loader l = {.err = err};
    struct kura_zone *zone = NULL;
    enum kura_rc rc;

    rc = kura_schema_load(err);
    if (rc == KURA_OK)
        rc = kura_zone_new("+00:00", &zone, err);
    if (rc != KURA_OK)
        return rc;
    l.zone = zone;
    l.all = calloc(1, sizeof(*l.all));
    if (l.all == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    rc = embedded_read(&l, true);
    if (rc == KURA_OK)
        rc = embedded_read(&l, false);
    if (rc == KURA_OK && dir != NULL)
        rc = dir_read(&l, dir);
    if (rc == KURA_OK) {
        *out = l.all;
        l.all = NULL;
    }
out:
    kura_formats_free(l.all);
    kura_zone_free(zone);
    return rc;
}

void kura_formats_free(struct kura_formats *f)
{
    struct owned *o;

    if (f == NULL)
        return;
    o = f->owned;
    while (o != NULL) {
        struct owned *next = o->next;

        kura_regex_free(o->regex);
        kura_config_free(o->config);
        free(o);
        o = next;
    }
    free(f->items);
    free(f);
}

int kura_formats_count(const struct kura_formats *f)
{
    return f->count;
}

const struct kura_format *kura_formats_at(const struct kura_formats *f, int i)
{
    return f->items[i];
}

const struct kura_format *kura_formats_find(const struct kura_formats *f,
                                            const char *name)
{
    int i;

    for (i = 0; i < f->count; i++)
        if (strcmp(f->items[i]->name, name) == 0)
            return f->items[i];
    return NULL;
}
