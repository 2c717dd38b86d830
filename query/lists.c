/* lists.c - sorted arrays that point into the embedded text. */
#include "query/lists.h"

#include "base/embedded.h"
#include "base/host.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct list {
    size_t count;
    struct kura_list_entry entry[];
};

static const char *const list_paths[] = {
    [KURA_LIST_DYNAMIC_DNS] = "sql/lists/dynamic_dns.txt",
    [KURA_LIST_DROP_SITE] = "sql/lists/drop_site.txt"};

#define LISTS (sizeof(list_paths) / sizeof(list_paths[0]))

/* Set once, then only read; whoever loses the race throws its own away. */
static _Atomic(struct list *) list_loaded[LISTS];

static int entry_cmp(const void *a, const void *b)
{
    const struct kura_list_entry *x = a, *y = b;

    return kura_text_casecmp(x->name, x->name_size, y->name, y->name_size);
}

static bool name_is_plain(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (s[i] == '\0' ||
            strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", s[i]) == NULL)
            return false;
    return kura_host_is_name(s, n);
}

static enum kura_rc list_read(const char *text, const char *path,
                              struct list *out, struct kura_err *err)
{
    const char *s, *end, *category = "";
    size_t n, category_size = 0, line = 1;

    for (s = text; *s != '\0'; s = *end != '\0' ? end + 1 : end, line++) {
        end = s + strcspn(s, "\n");
        n = strcspn(s, "#\n");
        while (n > 0 && s[n - 1] == ' ')
            n--;
        if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
            category = s + 1;
            category_size = n - 2;
        } else if (n != 0) {
            if (!name_is_plain(s, n))
                return kura_err_set(err, KURA_EINPUT,
                                    "%s:%zu: '%.*s' is no name in lower case",
                                    path, line, n > 64 ? 64 : (int)n, s);
            out->entry[out->count++] =
                (struct kura_list_entry){s, category, n, category_size};
        }
    }
    qsort(out->entry, out->count, sizeof(out->entry[0]), entry_cmp);
    return KURA_OK;
}

static enum kura_rc list_load(const char *path, struct list **out,
                              struct kura_err *err)
{
    size_t lines = 1;
    const char *text, *s;
    struct list *l;
    enum kura_rc rc;

    rc = kura_embedded_text(path, &text, err);
    if (rc != KURA_OK)
        return rc;
    for (s = text; *s != '\0'; s++)
        lines += *s == '\n';
    l = calloc(1, sizeof(*l) + lines * sizeof(l->entry[0]));
    if (l == NULL)
        return kura_err_nomem(err);
    rc = list_read(text, path, l, err);
    if (rc == KURA_OK)
        *out = l;
    else
        free(l);
    return rc;
}

static enum kura_rc list_get(enum kura_list_id id, const struct list **out,
                             struct kura_err *err)
{
    struct list *l = atomic_load(&list_loaded[id]), *none = NULL;
    enum kura_rc rc;

    if (l == NULL) {
        rc = list_load(list_paths[id], &l, err);
        if (rc != KURA_OK)
            return rc;
        if (!atomic_compare_exchange_strong(&list_loaded[id], &none, l)) {
            free(l);
            l = none;
        }
    }
    *out = l;
    return KURA_OK;
}

enum kura_rc kura_list_find(enum kura_list_id id, const char *host, size_t n,
                            const struct kura_list_entry **out,
                            struct kura_err *err)
{
    struct kura_list_entry key = {NULL, NULL, 0, 0};
    const struct list *l;
    const char *dot;
    enum kura_rc rc = list_get(id, &l, err);

    if (rc != KURA_OK)
        return rc;
    *out = NULL;
    key.name = host;
    key.name_size = kura_host_size(host, n);
    while (key.name_size != 0) {
        *out = bsearch(&key, l->entry, l->count, sizeof(key), entry_cmp);
        dot = memchr(key.name, '.', key.name_size);
        if (*out != NULL || dot == NULL)
            break;
        key.name_size -= (size_t)(dot + 1 - key.name);
        key.name = dot + 1;
    }
    return KURA_OK;
}
