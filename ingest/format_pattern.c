/* format_pattern.c - macros, fields and patterns of a definition. */
#include "base/num.h"
#include "ingest/format_internal.h"

#define MACRO_LEVELS 16
#define GROUPS_MAX 128
#define PATTERNS_MAX 256
#define KEY_MIN 3  /* shorter texts are not worth a search */
#define KEYS_MAX 3 /* that a line is searched for before a pattern is tried */

static bool text_is(const struct kura_node *n, const char *s)
{
    const char *t = n != NULL ? kura_node_text(n) : NULL;

    return t != NULL && strcmp(t, s) == 0;
}

/* --- Macros ------------------------------------------------------------- */

static const struct kura_node *macro_find(const struct kura_loader *l,
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
static enum kura_rc macro_expand(struct kura_loader *l, const char *s, size_t n,
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
            return kura_format_fail(l, line, "'{{' without '}}' at byte %zu",
                                    i);
        memcpy(name, s + i + 2, k - i - 2);
        name[k - i - 2] = '\0';
        m = macro_find(l, name);
        if (m == NULL || kura_node_text(m) == NULL) {
            (void)kura_format_fail(l, line, "unknown macro '{{%s}}'", name);
            kura_err_hint(l->err, "macros stand under 'macros:' of the "
                                  "format or of common.yaml");
            return KURA_EINPUT;
        }
        if (level >= MACRO_LEVELS)
            return kura_format_fail(l, line,
                                    "macro '{{%s}}' nests more than %d levels, "
                                    "or holds itself",
                                    name, MACRO_LEVELS);
        rc = macro_expand(l, kura_node_text(m), kura_node_text_size(m), line,
                          level + 1, out);
        i = k + 2;
    }
    return rc;
}

/* --- Fields -------------------------------------------------------------- */

static enum kura_rc field_layouts(struct kura_loader *l,
                                  const struct kura_node *n,
                                  struct kura_field *f)
{
    size_t count = kura_node_kind(n) == KURA_NODE_LIST ? kura_node_count(n) : 1;
    size_t i;

    if (count == 0 || count > KURA_FIELD_LAYOUTS)
        return kura_format_fail(l, kura_node_line(n),
                                "a time has 1 to %d layouts",
                                KURA_FIELD_LAYOUTS);
    for (i = 0; i < count; i++) {
        const struct kura_node *one =
            kura_node_kind(n) == KURA_NODE_LIST ? kura_node_at(n, i) : n;
        const char *word = kura_node_text(one);
        enum kura_layout layout = KURA_LAYOUT_NONE;

        if (word != NULL)
            layout = kura_layout_find(word, strlen(word));
        if (layout == KURA_LAYOUT_NONE) {
            (void)kura_format_fail(l, kura_node_line(one),
                                   "unknown time layout '%.40s'",
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

static enum kura_rc field_nulls(struct kura_loader *l,
                                const struct kura_node *n, struct kura_field *f)
{
    bool list = kura_node_kind(n) == KURA_NODE_LIST;
    size_t count = list ? kura_node_count(n) : 1;
    size_t i;

    if (count == 0 || count > KURA_FIELD_NULLS)
        return kura_format_fail(l, kura_node_line(n),
                                "a field has 1 to %d null texts",
                                KURA_FIELD_NULLS);
    for (i = 0; i < count; i++) {
        const struct kura_node *one = list ? kura_node_at(n, i) : n;

        if (kura_node_text(one) == NULL)
            return kura_format_fail(l, kura_node_line(one),
                                    "null must be a text");
        f->nulls[f->nnull++] = kura_node_text(one);
    }
    return KURA_OK;
}

static enum kura_rc field_read(struct kura_loader *l, const struct kura_node *n,
                               struct kura_field *f)
{
    static const char *const known[] = {"time", "integer", "thousandths",
                                        "null", NULL};
    const struct kura_node *time = kura_node_get(n, "time");
    const struct kura_node *integer = kura_node_get(n, "integer");
    const struct kura_node *thousandths = kura_node_get(n, "thousandths");
    const struct kura_node *null = kura_node_get(n, "null");
    enum kura_rc rc = kura_format_keys_check(l, n, "a field", known);

    if (rc != KURA_OK)
        return rc;
    if ((time != NULL) + (integer != NULL) + (thousandths != NULL) > 1)
        return kura_format_fail(l, kura_node_line(n),
                                "a field is one of time, integer "
                                "and thousandths");
    if ((integer != NULL && !text_is(integer, "true")) ||
        (thousandths != NULL && !text_is(thousandths, "true")))
        return kura_format_fail(l, kura_node_line(n),
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
static enum kura_rc field_check(struct kura_loader *l,
                                const struct kura_field *f, size_t line)
{
    bool text;

    if (f->column < 0)
        return KURA_OK;
    text = l->format->schema->columns[f->column].type == KURA_TEXT;
    if (text == (f->kind == KURA_FIELD_TEXT))
        return KURA_OK;
    (void)kura_format_fail(l, line, "column '%s' is %s, but field '%s' is %s",
                           f->name, text ? "TEXT" : "INTEGER", f->name,
                           text ? "a number or time" : "a text");
    if (!text)
        kura_err_hint(l->err,
                      "put '%s: {integer: true}' or a time layout "
                      "under 'fields:'",
                      f->name);
    return KURA_EINPUT;
}

/* The stored column of that name but `ts`, or -1. */
static int column_stored(const struct kura_schema *s, const char *name)
{
    int c = kura_schema_column(s, name);

    return c >= 0 && s->columns[c].function == NULL && strcmp(name, "ts") != 0
               ? c
               : -1;
}

static enum kura_rc field_make(struct kura_loader *l, const char *name,
                               size_t line, struct kura_field *f)
{
    const struct kura_node *n =
        kura_node_get(kura_node_get(l->root, "fields"), name);
    enum kura_rc rc = KURA_OK;

    f->name = name;
    f->column = -1;
    f->repeats = -1;
    if (name[0] != '_') {
        f->column = kura_format_column(l, name, line, "a capture");
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
    if (rc == KURA_OK && f->column < 0 && f->kind == KURA_FIELD_TEXT)
        f->repeats = column_stored(l->format->schema, name + 1);
    if (rc == KURA_OK)
        rc = field_check(l, f, n != NULL ? kura_node_line(n) : line);
    if (rc == KURA_OK && strcmp(name, "ts") == 0 && f->kind != KURA_FIELD_TIME)
        rc = kura_format_fail(l, line,
                              "'ts' needs a time layout\nhint: put 'ts: {time: "
                              "iso}' under 'fields:'");
    return rc;
}

/* Names under fields: must be columns or begin with '_'. */
enum kura_rc kura_format_fields_check(struct kura_loader *l)
{
    const struct kura_node *n = kura_node_get(l->root, "fields");
    size_t i;

    if (n == NULL)
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_MAP)
        return kura_format_fail(l, kura_node_line(n), "'fields' must be a map");
    for (i = 0; i < kura_node_count(n); i++) {
        const char *name = kura_node_key(n, i);

        if (name[0] != '_' &&
            kura_format_column(l, name, kura_node_key_line(n, i), "'fields'") <
                0)
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

static enum kura_rc column_fill(struct kura_loader *l, struct draft *d,
                                int column, size_t line)
{
    if (d->filled[column])
        return kura_format_fail(l, line, "pattern '%s' fills column '%s' twice",
                                d->pattern->name,
                                l->format->schema->columns[column].name);
    d->filled[column] = true;
    return KURA_OK;
}

static enum kura_rc captures_read(struct kura_loader *l, struct draft *d,
                                  const struct kura_buf *src)
{
    struct kura_pattern *p = d->pattern;
    struct kura_field *fields;
    enum kura_rc rc = KURA_OK;
    int g;

    p->groups = kura_regex_groups(p->regex);
    if (p->groups > GROUPS_MAX)
        return kura_format_fail(l, d->line,
                                "pattern '%s' has more than %d captures",
                                p->name, GROUPS_MAX);
    fields = kura_format_alloc(l, (size_t)p->groups + 1, sizeof(*fields));
    if (fields == NULL)
        return KURA_ENOMEM;
    p->fields = fields;
    rc = kura_format_nesting_find(l, src, d->line, p->regex, fields);
    for (g = 1; g <= p->groups && rc == KURA_OK; g++) {
        const char *name = kura_regex_group_name(p->regex, g);

        if (name == NULL)
            return kura_format_fail(l, d->line,
                                    "capture %d of pattern '%s' has no name", g,
                                    p->name);
        rc = field_make(l, name, d->line, &fields[g]);
        if (rc == KURA_OK && fields[g].column >= 0)
            rc = column_fill(l, d, fields[g].column, d->line);
        if (rc == KURA_OK && strcmp(name, "ts") == 0)
            p->ts_group = g;
        if (fields[g].repeats >= 0)
            p->repeats = true;
    }
    return rc;
}

/* Which byte of a text lines have the least of: it is what they are searched
 * for.  Capitals and what is not listed are rarer than the rest. */
static size_t byte_rarest(const char *s, size_t n)
{
    static const char common[] = " eaotinsr0.1mlcdpu23:5468-79/hgf,byw_=<>[]";
    size_t best = 0;
    size_t rank = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        const char *at = memchr(common, s[i], sizeof(common) - 1);
        size_t mine = at != NULL ? (size_t)(at - common) : sizeof(common);

        if (mine > rank) {
            rank = mine;
            best = i;
        }
    }
    return best;
}

/* The number of a text among the format's keys, or -1 and an error. */
static int key_number(struct kura_loader *l, const char *s, size_t n)
{
    int count = l->format->nkey;
    struct kura_key *keys;
    int i;

    for (i = 0; i < count; i++)
        if (l->keys[i].size == n && memcmp(l->keys[i].text, s, n) == 0)
            return i;
    /* Doubled at powers of two; what it outgrows stays with the formats. */
    if ((count & (count - 1)) == 0) {
        keys = kura_format_alloc(l, (size_t)count * 2, sizeof(*keys));
        if (keys == NULL)
            return -1;
        if (count != 0)
            memcpy(keys, l->keys, (size_t)count * sizeof(*keys));
        l->keys = keys;
        l->format->keys = keys;
    }
    l->keys[count].text = kura_format_copy(l, s, n);
    l->keys[count].size = n;
    l->keys[count].rare = byte_rarest(s, n);
    if (l->keys[count].text == NULL)
        return -1;
    return l->format->nkey++;
}

static enum kura_rc key_add(struct kura_loader *l, struct kura_pattern *p,
                            const char *s, size_t n)
{
    int number = key_number(l, s, n);
    int i;

    if (number < 0)
        return KURA_ENOMEM;
    for (i = 0; i < p->nkey; i++)
        if (p->keys[i] == number)
            return KURA_OK;
    p->keys[p->nkey++] = number;
    l->keys[number].patterns++;
    return KURA_OK;
}

/* All texts of the pattern, or the one that its definition names. */
static enum kura_rc keys_read(struct kura_loader *l, struct draft *d,
                              const struct kura_buf *src)
{
    const struct kura_node *n = kura_node_get(d->node, "literal");
    struct kura_buf texts;
    enum kura_rc rc = KURA_OK;
    size_t at = 0;
    size_t size;

    kura_buf_init(&texts, KURA_FORMAT_REGEX_MAX * 2);
    if (n != NULL) {
        if (kura_format_text(l, n, d->line, "the text of 'literal'") == NULL)
            return KURA_EINPUT;
        d->pattern->keys_named = true;
        /* Up to a NUL, which a text of the line may well hold. */
        rc = kura_buf_puts(&texts, kura_node_text(n), l->err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(&texts, '\0', l->err);
    } else {
        rc = kura_format_texts_find(l, src, KEY_MIN, &texts);
    }
    /* More than enough: a text has at least a byte and its NUL. */
    d->pattern->keys =
        kura_format_alloc(l, texts.len, sizeof(*d->pattern->keys));
    if (rc == KURA_OK && d->pattern->keys == NULL)
        rc = KURA_ENOMEM;
    for (; at < texts.len && rc == KURA_OK; at += size + 1) {
        size = strlen(texts.data + at);
        if (size != 0)
            rc = key_add(l, d->pattern, texts.data + at, size);
    }
    kura_buf_release(&texts);
    return rc;
}

/* The more telling key: fewer patterns have it, or it is longer. */
static bool key_is_better(const struct kura_key *a, const struct kura_key *b)
{
    return a->patterns != b->patterns ? a->patterns < b->patterns
                                      : a->size > b->size;
}

/* Leaves a pattern its best keys, the best one first. */
static void keys_choose(const struct kura_loader *l, struct kura_pattern *p)
{
    int *keys = p->keys;
    int i, k;

    for (i = 1; i < p->nkey; i++)
        for (k = i;
             k > 0 && key_is_better(&l->keys[keys[k]], &l->keys[keys[k - 1]]);
             k--) {
            int other = keys[k];

            keys[k] = keys[k - 1];
            keys[k - 1] = other;
        }
    if (p->nkey > KEYS_MAX)
        p->nkey = KEYS_MAX;
}

/* The regex is tried alone first: a stray ')' must not pair with ours. */
static enum kura_rc regex_compile(struct kura_loader *l, struct draft *d,
                                  const struct kura_buf *src)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_regex *alone = NULL;
    struct kura_owned *o = kura_format_own(l->all, 0);
    struct kura_buf whole;
    enum kura_rc rc;

    if (o == NULL)
        return kura_err_nomem(l->err);
    kura_buf_init(&whole, KURA_FORMAT_REGEX_MAX + 16);
    rc = kura_regex_new(src->data, src->len, 0, &alone, &cause);
    kura_regex_free(alone);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&whole, &cause, "\\A(?:%s)\\z", src->data);
    if (rc == KURA_OK)
        rc = kura_regex_new(whole.data, whole.len, 0, &o->regex, &cause);
    if (rc == KURA_EINPUT)
        rc = kura_format_fail(l, d->line, "pattern '%s', macros put in: %.200s",
                              d->pattern->name, cause.msg);
    else if (rc != KURA_OK)
        (void)kura_err_set(l->err, rc, "%s", cause.msg);
    d->pattern->regex = o->regex;
    kura_buf_release(&whole);
    return rc;
}

static enum kura_rc regex_read(struct kura_loader *l, struct draft *d)
{
    const struct kura_node *n = kura_node_get(d->node, "regex");
    const char *text =
        kura_format_text(l, n, kura_node_line(d->node), "'regex'");
    struct kura_buf src;
    enum kura_rc rc;

    if (text == NULL)
        return KURA_EINPUT;
    d->line = kura_node_line(n);
    kura_buf_init(&src, KURA_FORMAT_REGEX_MAX);
    rc = macro_expand(l, text, kura_node_text_size(n), d->line, 0, &src);
    if (rc == KURA_OK && memchr(src.data, '\0', src.len) != NULL)
        rc = kura_format_fail(l, d->line, "a pattern cannot hold a NUL byte");
    if (rc == KURA_OK)
        rc = regex_compile(l, d, &src);
    if (rc == KURA_OK)
        rc = captures_read(l, d, &src);
    if (rc == KURA_OK)
        rc = keys_read(l, d, &src);
    kura_buf_release(&src);
    return rc;
}

static enum kura_rc set_read(struct kura_loader *l, struct draft *d)
{
    const struct kura_node *n = kura_node_get(d->node, "set");
    struct kura_constant *list;
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (n == NULL)
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_MAP)
        return kura_format_fail(l, kura_node_line(n), "'set' must be a map");
    list = kura_format_alloc(l, kura_node_count(n), sizeof(*list));
    if (list == NULL)
        return KURA_ENOMEM;
    d->pattern->constants = list;
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++) {
        const struct kura_node *v = kura_node_at(n, i);
        size_t line = kura_node_key_line(n, i);
        int c = kura_format_column(l, kura_node_key(n, i), line, "'set'");
        int64_t number;

        if (c < 0)
            return KURA_EINPUT;
        if (kura_node_text(v) == NULL)
            return kura_format_fail(l, line,
                                    "a constant must be a text or number");
        if (l->format->schema->columns[c].type == KURA_INTEGER &&
            !kura_num_parse(kura_node_text(v), kura_node_text_size(v), &number))
            return kura_format_fail(
                l, line,
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
static enum kura_rc derive_read(struct kura_loader *l, const struct draft *d,
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
        return kura_format_fail(l, line, "'%.60s' is not function(column)",
                                text);
    for (i = 0; i < count; i++)
        if (strlen(names[i]) == (size_t)(open - text) &&
            memcmp(names[i], text, (size_t)(open - text)) == 0)
            break;
    if (i == count)
        return kura_format_fail(
            l, line,
            "unknown function '%.60s'\nhint: known are "
            "mime_decode, mime_filename, mime_filename_raw, "
            "mime_type, mime_address, mime_name, extension",
            text);
    len = (size_t)(text + len - 1 - (open + 1));
    memcpy(from, open + 1, len);
    from[len] = '\0';
    out->fn = (enum kura_derive_fn)i;
    out->from = kura_format_column(l, from, line, "'derive'");
    if (out->from < 0)
        return KURA_EINPUT;
    if (s->columns[out->from].type != KURA_TEXT)
        return kura_format_fail(l, line, "'%s' is no text column", from);
    if (!d->filled[out->from])
        return kura_format_fail(l, line,
                                "'%s' is read before pattern '%s' fills it",
                                from, d->pattern->name);
    return KURA_OK;
}

static enum kura_rc derives_read(struct kura_loader *l, struct draft *d)
{
    const struct kura_node *n = kura_node_get(d->node, "derive");
    struct kura_derive *list;
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (n == NULL)
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_MAP)
        return kura_format_fail(l, kura_node_line(n), "'derive' must be a map");
    list = kura_format_alloc(l, kura_node_count(n), sizeof(*list));
    if (list == NULL)
        return KURA_ENOMEM;
    d->pattern->derives = list;
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++) {
        size_t line = kura_node_key_line(n, i);
        const char *text = kura_format_text(l, kura_node_at(n, i), line,
                                            "a derived column's text");
        int c = kura_format_column(l, kura_node_key(n, i), line, "'derive'");

        if (text == NULL || c < 0)
            return KURA_EINPUT;
        if (l->format->schema->columns[c].type != KURA_TEXT)
            return kura_format_fail(l, line, "'%s' is no text column",
                                    kura_node_key(n, i));
        rc = derive_read(l, d, text, line, &list[i]);
        if (rc == KURA_OK)
            rc = column_fill(l, d, c, line);
        list[i].column = c;
        d->pattern->nderive++;
    }
    return rc;
}

static enum kura_rc pattern_read(struct kura_loader *l,
                                 const struct kura_node *n,
                                 struct kura_pattern *p)
{
    static const char *const known[] = {"name", "regex",  "literal",
                                        "set",  "derive", NULL};
    struct draft d = {.pattern = p, .node = n, .line = kura_node_line(n)};
    enum kura_rc rc = kura_format_keys_check(l, n, "a pattern", known);

    if (rc != KURA_OK)
        return rc;
    p->name = kura_format_text(l, kura_node_get(n, "name"), d.line,
                               "the pattern's 'name'");
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

enum kura_rc kura_format_patterns_read(struct kura_loader *l)
{
    const struct kura_node *n = kura_node_get(l->root, "patterns");
    struct kura_pattern *list;
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    if (n == NULL || kura_node_kind(n) != KURA_NODE_LIST ||
        kura_node_count(n) == 0 || kura_node_count(n) > PATTERNS_MAX)
        return kura_format_fail(l, n != NULL ? kura_node_line(n) : 1,
                                "'patterns' must be a list of 1 to %d patterns",
                                PATTERNS_MAX);
    list = kura_format_alloc(l, kura_node_count(n), sizeof(*list));
    if (list == NULL)
        return KURA_ENOMEM;
    l->format->patterns = list;
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++) {
        rc = pattern_read(l, kura_node_at(n, i), &list[i]);
        for (k = 0; k < i && rc == KURA_OK; k++)
            if (strcmp(list[k].name, list[i].name) == 0)
                rc = kura_format_fail(l, kura_node_line(kura_node_at(n, i)),
                                      "two patterns have the name '%s'",
                                      list[i].name);
        l->format->npattern++;
    }
    for (i = 0; i < kura_node_count(n) && rc == KURA_OK; i++)
        keys_choose(l, &list[i]);
    return rc;
}
