/* schema.c - reads the embedded table definitions.
 *
 * The parser takes no more SQL than sql/tables/ uses: it works line by line on
 * a copy of the file and cuts the words out of it in place.  The result lives
 * as long as the process; everything points into those copies. */
#include "store/schema.h"

#include "base/embedded.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_TABLES_MAX 32
#define SCHEMA_COLUMNS_MAX 256
#define SCHEMA_LEADING 2 /* of the common columns: time, ts */
#define SCHEMA_NAME_MAX 60

/* A file, taken apart. */
struct definition {
    char *text; /* what the names point into */
    const char *name;
    char about[512];
    int count;
    struct kura_column columns[SCHEMA_COLUMNS_MAX];
    const char *argument[SCHEMA_COLUMNS_MAX]; /* of computed columns */
};

/* Where the parser stands, for messages. */
struct place {
    const char *path;
    size_t line;
    struct kura_err *err;
};

/* Set once by kura_schema_load under the lock, then only read.  The tables of
 * logs come first. */
static struct kura_schema schema_tables[SCHEMA_TABLES_MAX];
static int schema_tables_count, schema_logs_count;
static const struct kura_schema *schema_sighting;
static pthread_mutex_t schema_lock = PTHREAD_MUTEX_INITIALIZER;

static enum kura_rc place_fail(const struct place *at, const char *what)
{
    return kura_err_set(at->err, KURA_EINPUT, "%s:%zu: %s", at->path, at->line,
                        what);
}

static char *skip_blanks(char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

/* Passes over a fixed text; false leaves *s where it was. */
static bool take(char **s, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*s, word, n) != 0)
        return false;
    *s = skip_blanks(*s + n);
    return true;
}

static size_t name_length(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

    if (s[0] >= '0' && s[0] <= '9')
        return 0;
    return n <= SCHEMA_NAME_MAX ? n : 0;
}

/* Cuts a name out; the byte after it must be `end`, and is passed over. */
static const char *take_name(char **s, char end)
{
    char *name = *s;
    size_t n = name_length(name);

    if (n == 0 || name[n] != end)
        return NULL;
    name[n] = '\0';
    *s = skip_blanks(name + n + 1);
    return name;
}

/* The kinds of what a text column names, by the words of docs and marks. */
static const char *const schema_kinds[] = {"host",    "url",       "email",
                                           "subject", "filename",  "hash",
                                           "account", "useragent", NULL};

static bool kind_take(char **s, struct kura_column *c)
{
    int i;

    for (i = 0; schema_kinds[i] != NULL; i++)
        if (c->kind == NULL && take(s, schema_kinds[i])) {
            c->kind = schema_kinds[i];
            return true;
        }
    return false;
}

/* [client observable host] before what a column means. */
static enum kura_rc mark_parse(char **s, struct kura_column *c,
                               const struct place *at)
{
    if (!take(s, "["))
        return KURA_OK;
    while (!take(s, "]")) {
        if (take(s, "client"))
            c->client = true;
        else if (take(s, "observable"))
            c->observable = true;
        else if (!kind_take(s, c))
            return place_fail(at, "expected [client], [observable] or a kind");
    }
    if (c->type != KURA_TEXT)
        return place_fail(at, "only a text column has a mark");
    return KURA_OK;
}

static enum kura_rc column_parse(char *s, struct definition *d,
                                 const struct place *at)
{
    struct kura_column *c = &d->columns[d->count];

    if (d->count == SCHEMA_COLUMNS_MAX)
        return place_fail(at, "too many columns");
    memset(c, 0, sizeof(*c));
    c->name = take_name(&s, ' ');
    if (c->name == NULL)
        return place_fail(at, "expected the name of a column");
    if (take(&s, "TEXT"))
        c->type = KURA_TEXT;
    else if (take(&s, "INTEGER"))
        c->type = KURA_INTEGER;
    else
        return place_fail(at, "expected TEXT or INTEGER");
    c->nocase = take(&s, "COLLATE NOCASE");
    if (take(&s, "AS (")) {
        c->function = take_name(&s, '(');
        d->argument[d->count] = c->function ? take_name(&s, ')') : NULL;
        if (d->argument[d->count] == NULL || !take(&s, ")"))
            return place_fail(at, "expected AS (function(column))");
    }
    (void)take(&s, ",");
    if (!take(&s, "--"))
        return place_fail(at, "expected -- and what the column means");
    if (mark_parse(&s, c, at) != KURA_OK)
        return KURA_EINPUT;
    if (*s == '\0')
        return place_fail(at, "expected what the column means");
    c->about = s;
    d->count++;
    return KURA_OK;
}

static enum kura_rc line_parse(char *s, struct definition *d, bool *closed,
                               const struct place *at)
{
    size_t n = strlen(d->about);

    s = skip_blanks(s);
    if (*s == '\0')
        return KURA_OK;
    if (*closed)
        return place_fail(at, "text after the end of the table");
    if (d->name != NULL) {
        *closed = strcmp(s, ");") == 0;
        return *closed ? KURA_OK : column_parse(s, d, at);
    }
    if (take(&s, "CREATE TABLE")) {
        d->name = take_name(&s, ' ');
        if (d->name != NULL && strcmp(s, "(") == 0)
            return KURA_OK;
    } else if (take(&s, "--")) {
        (void)snprintf(d->about + n, sizeof(d->about) - n, "%s%s",
                       n > 0 ? " " : "", s);
        return KURA_OK;
    }
    return place_fail(at, "expected CREATE TABLE name (");
}

static enum kura_rc definition_parse(const struct kura_embedded *e,
                                     struct definition *d, struct kura_err *err)
{
    struct place at = {e->path, 0, err};
    enum kura_rc rc = KURA_OK;
    bool closed = false;
    char *s, *end;

    memset(d, 0, sizeof(*d));
    d->text = malloc(e->size + 1);
    if (d->text == NULL)
        return kura_err_nomem(err);
    memcpy(d->text, e->text, e->size);
    d->text[e->size] = '\0';
    for (s = d->text; rc == KURA_OK && s != NULL; s = end) {
        at.line++;
        end = strchr(s, '\n');
        if (end != NULL)
            *end++ = '\0';
        rc = line_parse(s, d, &closed, &at);
    }
    if (rc == KURA_OK && (!closed || d->count == 0))
        rc = place_fail(&at, "the table has no end or no columns");
    return rc;
}

static int columns_find(const struct kura_column *columns, int count,
                        const char *name)
{
    int i;

    for (i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    return -1;
}

/* Computed columns name the column that they read; `shape` is none of the
 * list, its number is -1 (KURA_COLUMN_SHAPE). */
static enum kura_rc arguments_resolve(struct kura_column *c, int count,
                                      const char *const *argument,
                                      const struct place *at)
{
    int i;

    for (i = 0; i < count; i++) {
        if (columns_find(c, i, c[i].name) >= 0)
            return place_fail(at, "a column is named twice");
        if (c[i].function == NULL)
            continue;
        c[i].argument = columns_find(c, count, argument[i]);
        if (c[i].argument < 0 && strcmp(argument[i], "shape") != 0)
            return place_fail(at, "a column is computed from an unknown one");
        if (c[i].argument >= 0 && c[c[i].argument].function != NULL)
            return place_fail(at, "a column is computed from a computed one");
    }
    return KURA_OK;
}

/* Who acted. */
static enum kura_rc client_find(struct kura_schema *s, const struct place *at)
{
    int i;

    s->client = -1;
    for (i = 0; i < s->count; i++) {
        if (!s->columns[i].client)
            continue;
        if (s->client >= 0)
            return place_fail(at, "two columns name the client");
        s->client = i;
    }
    return KURA_OK;
}

/* The common columns around the table's own.  On KURA_OK the schema points
 * into the texts of both definitions. */
static enum kura_rc schema_make(const struct definition *common,
                                const struct definition *own,
                                const struct place *at, struct kura_schema *out)
{
    bool log = columns_find(own->columns, own->count, "ts") < 0;
    int leading = log ? SCHEMA_LEADING : 0;
    int rest = log ? common->count - SCHEMA_LEADING : 0;
    int count = leading + own->count + rest;
    struct kura_column *c = calloc((size_t)count, sizeof(*c));
    const char **argument = calloc((size_t)count, sizeof(*argument));
    char *about = strdup(own->about);
    enum kura_rc rc;
    int i;

    if (c == NULL || argument == NULL || about == NULL) {
        rc = kura_err_nomem(at->err);
        goto out;
    }
    for (i = 0; i < count; i++) {
        const struct definition *d = common;
        int from = i;

        if (i >= count - rest) {
            from = i - own->count;
        } else if (i >= leading) {
            d = own;
            from = i - leading;
        }
        c[i] = d->columns[from];
        argument[i] = d->argument[from];
    }
    rc = arguments_resolve(c, count, argument, at);
    if (rc != KURA_OK)
        goto out;
    out->name = own->name;
    out->about = about;
    out->columns = c;
    out->count = count;
    out->log = log;
    rc = client_find(out, at);
    if (rc != KURA_OK)
        goto out;
    c = NULL;
    about = NULL;
out:
    free(c);
    free(about);
    free(argument);
    return rc;
}

static bool path_is_table(const char *path)
{
    static const char dir[] = "sql/tables/";

    return strncmp(path, dir, sizeof(dir) - 1) == 0;
}

static bool path_is_common(const char *path)
{
    return strcmp(path, "sql/tables/common.sql") == 0;
}

static int logs_first(const void *a, const void *b)
{
    const struct kura_schema *x = a, *y = b;

    return x->log != y->log ? y->log - x->log : strcmp(x->name, y->name);
}

/* Only a complete set is ever seen. */
static enum kura_rc tables_publish(int n, struct kura_err *err)
{
    int i;

    qsort(schema_tables, (size_t)n, sizeof(schema_tables[0]), logs_first);
    for (i = 0; i < n; i++)
        if (strcmp(schema_tables[i].name, "sighting") == 0)
            schema_sighting = &schema_tables[i];
    if (schema_sighting == NULL)
        return kura_err_set(err, KURA_EINPUT,
                            "this program has no table 'sighting'");
    for (i = 0; i < n && schema_tables[i].log; i++)
        schema_logs_count++;
    schema_tables_count = n;
    return KURA_OK;
}

static enum kura_rc tables_load(const struct definition *common,
                                struct definition *own, struct kura_err *err)
{
    const struct kura_embedded *e;
    enum kura_rc rc = KURA_OK;
    int n = 0;

    for (e = kura_embedded; rc == KURA_OK && e->path != NULL; e++) {
        struct place at = {e->path, 1, err};

        if (!path_is_table(e->path) || path_is_common(e->path))
            continue;
        if (n == SCHEMA_TABLES_MAX)
            return place_fail(&at, "too many tables");
        rc = definition_parse(e, own, err);
        if (rc == KURA_OK)
            rc = schema_make(common, own, &at, &schema_tables[n]);
        if (rc == KURA_OK)
            n++;
        else
            free(own->text);
    }
    return rc == KURA_OK ? tables_publish(n, err) : rc;
}

static enum kura_rc schema_load(struct kura_err *err)
{
    const struct kura_embedded *e = kura_embedded;
    struct definition *d = calloc(2, sizeof(*d));
    enum kura_rc rc;

    if (d == NULL)
        return kura_err_nomem(err);
    while (e->path != NULL && !path_is_common(e->path))
        e++;
    if (e->path == NULL)
        rc = kura_err_set(err, KURA_EINPUT,
                          "this program holds no table definitions");
    else
        rc = definition_parse(e, &d[0], err);
    if (rc == KURA_OK && d[0].count < SCHEMA_LEADING)
        rc = kura_err_set(err, KURA_EINPUT, "%s: too few columns", e->path);
    if (rc == KURA_OK)
        rc = tables_load(&d[0], &d[1], err);
    if (rc != KURA_OK)
        free(d[0].text);
    free(d);
    return rc;
}

enum kura_rc kura_schema_load(struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    (void)pthread_mutex_lock(&schema_lock);
    if (schema_tables_count == 0)
        rc = schema_load(err);
    (void)pthread_mutex_unlock(&schema_lock);
    return rc;
}

int kura_schema_count(void)
{
    return schema_logs_count;
}

const struct kura_schema *kura_schema_at(int i)
{
    return i >= 0 && i < schema_logs_count ? &schema_tables[i] : NULL;
}

const struct kura_schema *kura_schema_sighting(void)
{
    return schema_sighting;
}

const struct kura_schema *kura_schema_find(const char *name)
{
    int i;

    for (i = 0; i < schema_tables_count; i++)
        if (strcmp(schema_tables[i].name, name) == 0)
            return &schema_tables[i];
    return NULL;
}

int kura_schema_column(const struct kura_schema *s, const char *name)
{
    return columns_find(s->columns, s->count, name);
}
