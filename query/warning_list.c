/* warning_list.c - all lists in two sets: values that are themselves only, and
 * names with what is below them.  The number of a value is that of its list. */
#include "query/warning_list.h"

#include "base/buf.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "base/json_read.h"
#include "base/num.h"
#include "query/indicator.h"
#include "query/ioc_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNING_CONFIDENCE 25
#define WARNING_FILE ((size_t)64 << 20)
#define WARNING_PATH 65536

struct list {
    char *name;
    int confidence;
};

struct kura_warnings {
    struct list *lists;
    size_t count;
    struct kura_ioc_set *exact, *below;
};

/* A file as it is read. */
struct reading {
    struct kura_warnings *w;
    const char *path;
    const char *data;
    size_t size;
    bool typed;
    enum kura_indicator_type type;
    struct kura_indicator_text text;
};

static enum kura_rc list_add(struct kura_warnings *w, const char *name,
                             size_t n, struct kura_err *err)
{
    struct list *grown = realloc(w->lists, (w->count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(err);
    w->lists = grown;
    grown[w->count].confidence = WARNING_CONFIDENCE;
    grown[w->count].name = strndup(name, n);
    if (grown[w->count].name == NULL)
        return kura_err_nomem(err);
    w->count++;
    return KURA_OK;
}

static struct list *list_last(struct kura_warnings *w)
{
    return &w->lists[w->count - 1];
}

static enum kura_rc value_add(struct reading *r, const char *s, size_t n,
                              bool below, struct kura_err *err)
{
    const enum kura_indicator_type domain = KURA_INDICATOR_DOMAIN;
    enum kura_rc rc;

    rc = kura_indicator_read(s, n,
                             below      ? &domain
                             : r->typed ? &r->type
                                        : NULL,
                             &r->text, err);
    if (rc != KURA_OK)
        return rc;
    return kura_ioc_set_add(below ? r->w->below : r->w->exact, r->text.type,
                            r->text.value.data, (int64_t)r->w->count, err);
}

/* --- Text -------------------------------------------------------------- */

/* "name: x": what follows the word, or NULL. */
static const char *setting(const char *s, size_t n, const char *word,
                           size_t *size)
{
    size_t k = strlen(word);

    if (n < k || memcmp(s, word, k) != 0)
        return NULL;
    for (; k < n && s[k] == ' '; k++)
        ;
    *size = n - k;
    return s + k;
}

static enum kura_rc comment_read(struct reading *r, const char *s, size_t n,
                                 struct kura_err *err)
{
    struct list *l = list_last(r->w);
    const char *v;
    char *name;
    int64_t number;
    size_t size;

    for (; n > 0 && (*s == '#' || *s == ' '); s++)
        n--;
    if ((v = setting(s, n, "name:", &size)) != NULL) {
        name = strndup(v, size);
        if (name == NULL)
            return kura_err_nomem(err);
        free(l->name);
        l->name = name;
    } else if ((v = setting(s, n, "confidence:", &size)) != NULL) {
        if (!kura_num_parse(v, size, &number) || number < 0 || number > 100)
            return kura_err_set(err, KURA_EINPUT,
                                "confidence must be 0 to 100");
        l->confidence = (int)number;
    } else if ((v = setting(s, n, "type:", &size)) != NULL) {
        r->typed = kura_indicator_find(v, size, &r->type);
        if (!r->typed)
            return kura_err_set(err, KURA_EINPUT,
                                "'%.*s' is no type of indicators", (int)size,
                                v);
    }
    return KURA_OK;
}

static enum kura_rc text_read(struct reading *r, struct kura_err *err)
{
    const char *s = r->data, *end = r->data + r->size;
    struct kura_err why = KURA_ERR_INIT;
    enum kura_rc rc = KURA_OK;
    size_t line = 0;

    while (rc == KURA_OK && s < end) {
        const char *eol = memchr(s, '\n', (size_t)(end - s)), *at = s;
        size_t n = eol != NULL ? (size_t)(eol - s) : (size_t)(end - s);

        s += n + (eol != NULL);
        line++;
        while (n > 0 && strchr(" \t\r", at[n - 1]) != NULL)
            n--;
        if (n == 0)
            continue;
        if (at[0] == '#')
            rc = comment_read(r, at, n, &why);
        else
            rc = value_add(r, at + (at[0] == '.'), n - (at[0] == '.'),
                           at[0] == '.', &why);
    }
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "'%s' line %zu: %s", r->path, line,
                            why.msg);
    return KURA_OK;
}

/* --- MISP's ------------------------------------------------------------ */

static enum kura_rc tree_read(struct reading *r, const struct kura_json *root,
                              struct kura_err *err)
{
    const char *name = kura_json_get_string(root, "name", NULL);
    const char *type = kura_json_get_string(root, "type", NULL);
    const struct kura_json *list = kura_json_get(root, "list"), *v;
    enum kura_rc rc = KURA_OK;
    char *copy;

    if (list == NULL || list->kind != KURA_JSON_ARRAY || type == NULL)
        return kura_err_set(err, KURA_EINPUT, "there is no list in it");
    if (strcmp(type, "cidr") != 0 && strcmp(type, "hostname") != 0 &&
        strcmp(type, "string") != 0)
        return kura_err_set(err, KURA_EINPUT,
                            "lists of type '%.40s' are not understood", type);
    copy = name != NULL ? strdup(name) : NULL;
    if (name != NULL && copy == NULL)
        return kura_err_nomem(err);
    if (copy != NULL) {
        free(list_last(r->w)->name);
        list_last(r->w)->name = copy;
    }
    for (v = list->child; rc == KURA_OK && v != NULL; v = v->next) {
        if (v->kind != KURA_JSON_STRING)
            continue;
        rc = value_add(r, v->text, v->size, strcmp(type, "hostname") == 0, err);
        if (rc == KURA_EINPUT && strcmp(type, "string") == 0) {
            *err = (struct kura_err)KURA_ERR_INIT; /* of another type */
            rc = KURA_OK;
        }
    }
    return rc;
}

static enum kura_rc json_read(struct reading *r, struct kura_err *err)
{
    const struct kura_json *root = NULL;
    struct kura_json_reader *j = NULL;
    struct kura_err why = KURA_ERR_INIT;
    enum kura_rc rc;

    rc = kura_json_reader_new(WARNING_FILE * 4, &j, &why);
    if (rc == KURA_OK)
        rc = kura_json_read(j, r->data, r->size, &root, &why);
    if (rc == KURA_OK)
        rc = tree_read(r, root, &why);
    kura_json_reader_free(j);
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "'%s': %s", r->path, why.msg);
    return KURA_OK;
}

/* --- Files ------------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n > k && strcmp(s + n - k, end) == 0;
}

/* The list is called as its file until it says otherwise. */
static enum kura_rc list_read(struct kura_warnings *w, const char *path,
                              const char *data, size_t size,
                              struct kura_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    struct reading r;
    enum kura_rc rc;

    rc = list_add(w, name, dot != NULL ? (size_t)(dot - name) : strlen(name),
                  err);
    if (rc != KURA_OK)
        return rc;
    memset(&r, 0, sizeof(r));
    r.w = w;
    r.path = path;
    r.data = data;
    r.size = size;
    kura_indicator_text_init(&r.text);
    rc = ends_with(path, ".json") ? json_read(&r, err) : text_read(&r, err);
    kura_indicator_text_release(&r.text);
    return rc;
}

static enum kura_rc file_read(struct kura_warnings *w, const char *dir,
                              const char *name, struct kura_err *err)
{
    struct kura_buf path, data;
    enum kura_rc rc;

    kura_buf_init(&path, WARNING_PATH);
    kura_buf_init(&data, WARNING_FILE);
    rc = kura_buf_printf(&path, err, "%s/%s", dir, name);
    if (rc == KURA_OK)
        rc = kura_fs_read(path.data, &data, err);
    if (rc == KURA_OK)
        rc = list_read(w, path.data, data.data, data.len, err);
    kura_buf_release(&path);
    kura_buf_release(&data);
    return rc;
}

static int is_list(const struct dirent *d)
{
    return d->d_name[0] != '.' &&
           (ends_with(d->d_name, ".txt") || ends_with(d->d_name, ".json"));
}

/* In the order of names: the first list that names a value is told. */
static enum kura_rc folder_read(struct kura_warnings *w, const char *dir,
                                struct kura_err *err)
{
    struct dirent **list = NULL;
    struct kura_buf path;
    enum kura_rc rc;
    int i, n = 0;

    kura_buf_init(&path, WARNING_PATH);
    rc = kura_buf_printf(&path, err, "%s/warninglists", dir);
    if (rc == KURA_OK && kura_fs_is_dir(path.data)) {
        n = scandir(path.data, &list, is_list, alphasort);
        if (n < 0)
            rc = kura_err_sys(err, errno, "cannot read '%s'", path.data);
    }
    for (i = 0; i < n; i++) {
        if (rc == KURA_OK)
            rc = file_read(w, path.data, list[i]->d_name, err);
        free(list[i]);
    }
    free(list);
    kura_buf_release(&path);
    return rc;
}

static enum kura_rc own_read(struct kura_warnings *w, struct kura_err *err)
{
    static const char folder[] = "sql/lists/warning-";
    const struct kura_embedded *e;
    enum kura_rc rc = KURA_OK;

    for (e = kura_embedded; rc == KURA_OK && e->path != NULL; e++)
        if (strncmp(e->path, folder, sizeof(folder) - 1) == 0)
            rc = list_read(w, e->path, e->text, e->size, err);
    return rc;
}

enum kura_rc kura_warnings_new(const char *dir, struct kura_warnings **out,
                               struct kura_err *err)
{
    struct kura_warnings *w = calloc(1, sizeof(*w));
    enum kura_rc rc;

    if (w == NULL)
        return kura_err_nomem(err);
    rc = kura_ioc_set_new(&w->exact, err);
    if (rc == KURA_OK)
        rc = kura_ioc_set_new(&w->below, err);
    if (rc == KURA_OK)
        rc = own_read(w, err);
    if (rc == KURA_OK)
        rc = folder_read(w, dir, err);
    if (rc == KURA_OK)
        rc = kura_ioc_set_seal(w->exact, err);
    if (rc == KURA_OK)
        rc = kura_ioc_set_seal(w->below, err);
    if (rc == KURA_OK)
        *out = w;
    else
        kura_warnings_free(w);
    return rc;
}

void kura_warnings_free(struct kura_warnings *w)
{
    size_t i;

    if (w == NULL)
        return;
    for (i = 0; i < w->count; i++)
        free(w->lists[i].name);
    free(w->lists);
    kura_ioc_set_free(w->exact);
    kura_ioc_set_free(w->below);
    free(w);
}

/* --- Looking up -------------------------------------------------------- */

struct found {
    bool exact_only;
    int64_t list;
};

static void on_match(void *arg, int64_t number, enum kura_ioc_how how)
{
    struct found *f = arg;

    if (f->list == 0 &&
        (!f->exact_only || how == KURA_IOC_EXACT || how == KURA_IOC_INSIDE))
        f->list = number;
}

static int64_t find(const struct kura_warnings *w, enum kura_ioc_kind kind,
                    const char *s, size_t n)
{
    struct found f = {true, 0};

    kura_ioc_set_each(w->exact, kind, s, n, on_match, &f);
    f.exact_only = false;
    kura_ioc_set_each(w->below, kind, s, n, on_match, &f);
    return f.list;
}

static int64_t find_typed(const struct kura_warnings *w,
                          enum kura_indicator_type type, const char *value)
{
    size_t n = strlen(value);
    struct kura_url_parts p;

    switch (type) {
    case KURA_INDICATOR_ADDRESS:
    case KURA_INDICATOR_DOMAIN:
        return find(w, KURA_IOC_HOST, value, n);
    case KURA_INDICATOR_NETWORK: /* by where it begins */
        return find(w, KURA_IOC_HOST, value, strcspn(value, "/"));
    case KURA_INDICATOR_URL:
        return kura_url_split(value, n, &p)
                   ? find(w, KURA_IOC_HOST, p.host, p.host_size)
                   : 0;
    case KURA_INDICATOR_FILENAME:
        return find(w, KURA_IOC_FILENAME, value, n);
    case KURA_INDICATOR_HASH:
        return find(w, KURA_IOC_HASH, value, n);
    case KURA_INDICATOR_EMAIL: /* its domain says nothing about it */
    case KURA_INDICATOR_SUBJECT:
    case KURA_INDICATOR_ACCOUNT:
    case KURA_INDICATOR_USERAGENT:
        break;
    }
    return 0;
}

const char *kura_warnings_find(const struct kura_warnings *w,
                               enum kura_indicator_type type, const char *value,
                               int *confidence)
{
    int64_t at = find_typed(w, type, value);
    const struct list *l;

    if (at == 0)
        return NULL;
    l = &w->lists[at - 1];
    if (*confidence > l->confidence)
        *confidence = l->confidence;
    return l->name;
}
