/* format.c - reads the files of format definitions: built in and of the site.
 *
 * Texts point into the YAML trees, which live as long as the formats. */
#include "ingest/format.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "base/num.h"
#include "ingest/format_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>

#define FORMAT_PREFIX "ingest/formats/"
#define FORMAT_BUILT_IN "built in"

struct kura_formats {
    struct kura_owned *owned;
    const struct kura_format **items; /* by name */
    int count;
};

enum kura_rc kura_format_fail(struct kura_loader *l, size_t line,
                              const char *fmt, ...)
{
    char text[420];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return kura_err_set(l->err, KURA_EINPUT, "%s:%zu: %s", l->file, line, text);
}

/* --- Memory ------------------------------------------------------------- */

struct kura_owned *kura_format_own(struct kura_formats *f, size_t n)
{
    struct kura_owned *o = calloc(1, sizeof(*o) + n);

    if (o == NULL)
        return NULL;
    o->next = f->owned;
    f->owned = o;
    return o;
}

/* Zeroed memory for n things of a size, and a bit for none. */
void *kura_format_alloc(struct kura_loader *l, size_t n, size_t size)
{
    struct kura_owned *o = NULL;
    size_t bytes;

    if (kura_num_mul(n + 1, size, &bytes))
        o = kura_format_own(l->all, bytes);
    if (o == NULL) {
        (void)kura_err_nomem(l->err);
        return NULL;
    }
    return o->data;
}

char *kura_format_copy(struct kura_loader *l, const char *s, size_t n)
{
    char *p = kura_format_alloc(l, n, 1);

    if (p != NULL)
        memcpy(p, s, n);
    return p;
}

/* Takes the tree over, also when it fails. */
static enum kura_rc owned_config(struct kura_formats *f, struct kura_config *c,
                                 struct kura_err *err)
{
    struct kura_owned *o = kura_format_own(f, 0);

    if (o == NULL) {
        kura_config_free(c);
        return kura_err_nomem(err);
    }
    o->config = c;
    return KURA_OK;
}

/* --- YAML --------------------------------------------------------------- */

enum kura_rc kura_format_keys_check(struct kura_loader *l,
                                    const struct kura_node *map,
                                    const char *what, const char *const *known)
{
    char list[160] = "";
    size_t at = 0;
    size_t i;
    int k;

    if (kura_node_kind(map) != KURA_NODE_MAP)
        return kura_format_fail(l, kura_node_line(map),
                                "%s must be a map of 'key: value'", what);
    for (i = 0; i < kura_node_count(map); i++) {
        for (k = 0; known[k] != NULL; k++)
            if (strcmp(known[k], kura_node_key(map, i)) == 0)
                break;
        if (known[k] != NULL)
            continue;
        (void)kura_format_fail(l, kura_node_key_line(map, i),
                               "unknown key '%.60s' in %s",
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
const char *kura_format_text(struct kura_loader *l, const struct kura_node *n,
                             size_t line, const char *what)
{
    if (n == NULL || kura_node_kind(n) != KURA_NODE_SCALAR ||
        kura_node_text_size(n) == 0) {
        (void)kura_format_fail(l, n != NULL ? kura_node_line(n) : line,
                               "%s is missing%s", what,
                               n != NULL ? ": a text is needed" : "");
        return NULL;
    }
    return kura_node_text(n);
}

/* A stored column of the table, or -1 and an error. */
int kura_format_column(struct kura_loader *l, const char *name, size_t line,
                       const char *where)
{
    const struct kura_schema *s = l->format->schema;
    int c = kura_schema_column(s, name);

    if (c >= 0 && s->columns[c].function == NULL)
        return c;
    if (c >= 0)
        (void)kura_format_fail(
            l, line, "%s names column '%s', which is computed", where, name);
    else
        (void)kura_format_fail(l, line,
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

/* --- Readers -------------------------------------------------------------- */

static enum kura_rc format_reader(struct kura_loader *l)
{
    static const char *const words[] = {"lines", "evtx", "xml",
                                        "json",  "csv",  NULL};
    static const char *const none[] = {"macros", "fields", "patterns", NULL};
    const struct kura_node *n = kura_node_get(l->root, "reader");
    struct kura_format *f = l->format;
    int i;

    if (n == NULL)
        return KURA_OK;
    for (i = 0; words[i] != NULL; i++)
        if (kura_node_text(n) != NULL &&
            strcmp(words[i], kura_node_text(n)) == 0)
            break;
    if (words[i] == NULL)
        return kura_format_fail(
            l, kura_node_line(n),
            "'reader' must be lines, evtx, xml, json or csv");
    f->reader = (enum kura_reader)i;
    if (f->reader == KURA_READER_LINES)
        return KURA_OK;
    if (strcmp(f->schema->name, "windows") != 0)
        return kura_format_fail(l, kura_node_line(n),
                                "reader '%s' fills the table 'windows' only",
                                words[i]);
    for (i = 0; none[i] != NULL; i++)
        if (kura_node_get(l->root, none[i]) != NULL)
            return kura_format_fail(
                l, kura_node_line(kura_node_get(l->root, none[i])),
                "'%s' makes no sense with a reader", none[i]);
    return KURA_OK;
}

/* --- Files ---------------------------------------------------------------- */

/* Puts the format into its place by name.  One of the site takes the place of
 * a built-in one. */
static enum kura_rc format_add(struct kura_loader *l, size_t line)
{
    struct kura_formats *all = l->all;
    const struct kura_format **items;
    int at = 0;

    while (at < all->count && strcmp(all->items[at]->name, l->format->name) < 0)
        at++;
    if (at < all->count && strcmp(all->items[at]->name, l->format->name) == 0) {
        if (strcmp(all->items[at]->origin, FORMAT_BUILT_IN) != 0 ||
            strcmp(l->format->origin, FORMAT_BUILT_IN) == 0)
            return kura_format_fail(l, line,
                                    "format '%s' is defined already in '%s'",
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

static enum kura_rc format_read(struct kura_loader *l, const char *origin)
{
    static const char *const known[] = {
        "name",   "table",    "about",   "reader", "macros",
        "fields", "patterns", "samples", "misses", NULL};
    const struct kura_node *table = kura_node_get(l->root, "table");
    const struct kura_node *about = kura_node_get(l->root, "about");
    struct kura_format *f;
    enum kura_rc rc;

    rc = kura_format_keys_check(l, l->root, "a format", known);
    if (rc != KURA_OK)
        return rc;
    f = kura_format_alloc(l, 1, sizeof(*f));
    if (f == NULL)
        return KURA_ENOMEM;
    l->format = f;
    l->keys = NULL;
    f->origin = origin;
    f->name = kura_format_text(l, kura_node_get(l->root, "name"), 1,
                               "the format's 'name'");
    if (f->name == NULL || kura_format_text(l, table, 1, "'table'") == NULL)
        return KURA_EINPUT;
    f->about = about != NULL && kura_node_text(about) != NULL
                   ? kura_node_text(about)
                   : "";
    f->schema = kura_schema_find(kura_node_text(table));
    if (f->schema == NULL || !f->schema->log)
        return kura_format_fail(l, kura_node_line(table),
                                "there is no table '%.60s'",
                                kura_node_text(table));
    rc = format_reader(l);
    if (rc == KURA_OK && f->reader == KURA_READER_LINES) {
        rc = kura_format_fields_check(l);
        if (rc == KURA_OK)
            rc = kura_format_patterns_read(l);
    }
    if (rc == KURA_OK)
        rc = kura_format_samples_check(l);
    if (rc == KURA_OK)
        rc = format_add(l, kura_node_line(kura_node_get(l->root, "name")));
    return rc;
}

/* common.yaml: macros and nothing else. */
static enum kura_rc common_read(struct kura_loader *l, int layer)
{
    static const char *const known[] = {"macros", NULL};
    enum kura_rc rc = kura_format_keys_check(l, l->root, "common.yaml", known);

    if (rc == KURA_OK)
        l->common[layer] = kura_node_get(l->root, "macros");
    return rc;
}

static bool name_is_common(const char *name)
{
    return strcmp(name, "common.yaml") == 0;
}

/* `common` says which of the two kinds of file is wanted now. */
static enum kura_rc embedded_read(struct kura_loader *l, bool common)
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
            rc = kura_format_fail(l, 1, "the file is empty");
        else
            rc = common ? common_read(l, 0) : format_read(l, FORMAT_BUILT_IN);
    }
    return rc;
}

static enum kura_rc file_read(struct kura_loader *l, const char *dir,
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
        rc = kura_format_fail(l, 1, "the file is empty");
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

static enum kura_rc dir_read(struct kura_loader *l, const char *dir)
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
    struct kura_loader l = {.err = err};
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
    struct kura_owned *o;

    if (f == NULL)
        return;
    o = f->owned;
    while (o != NULL) {
        struct kura_owned *next = o->next;

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
