/* json_read.c - the one file that knows the JSON parser, yajl.
 *
 * Measured with a tree of every value on 22 MB of MISP events and 28 MB of
 * Windows events, one a line: yajl and an arena 650, json-c 120 and 260,
 * jansson 85 and 90 MB/s; the other two allocate each value.  yajl takes for
 * granted that memory does not run out, so its allocations are ours: one that
 * fails leaves yajl by longjmp, and what it had is freed here.
 */
#include "base/json_read.h"

#include "base/arena.h"
#include "base/num.h"
#include "base/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* Before each block of yajl's, in a ring. */
struct lent {
    struct lent *next, *before;
    size_t size;
    size_t unused; /* keeps what follows aligned for anything */
};

/* An array or object that is not closed yet. */
struct open {
    struct kura_json *value, *last;
};

struct kura_json_reader {
    struct kura_arena arena;
    size_t max, used;
    struct lent lent; /* the ring's start */
    jmp_buf nomem;
    yajl_handle yajl;
    struct open open[KURA_JSON_DEPTH];
    size_t depth;
    struct kura_json *root;
    const char *name; /* of the member to come */
    uint32_t name_size;
    const char *why; /* of a callback that refused */
    struct kura_err err;
};

/* --- yajl's memory ----------------------------------------------------- */

static void ring_take(struct lent *l)
{
    l->before->next = l->next;
    l->next->before = l->before;
}

static void ring_put(struct kura_json_reader *r, struct lent *l)
{
    l->next = r->lent.next;
    l->before = &r->lent;
    l->next->before = l;
    r->lent.next = l;
}

static void *lent_realloc(void *arg, void *p, size_t n)
{
    struct kura_json_reader *r = arg;
    struct lent *old = p == NULL ? NULL : (struct lent *)p - 1, *l = NULL;
    size_t before = old == NULL ? 0 : old->size;

    if (n <= r->max && r->used - before <= r->max - n) {
        if (old != NULL)
            ring_take(old);
        l = realloc(old, sizeof(*l) + n);
        if (l == NULL && old != NULL)
            ring_put(r, old);
    }
    if (l == NULL)
        longjmp(r->nomem, 1);
    l->size = n;
    r->used += n - before;
    ring_put(r, l);
    return l + 1;
}

static void *lent_malloc(void *arg, size_t n)
{
    return lent_realloc(arg, NULL, n);
}

static void lent_free(void *arg, void *p)
{
    struct kura_json_reader *r = arg;
    struct lent *l;

    if (p == NULL)
        return;
    l = (struct lent *)p - 1;
    r->used -= l->size;
    ring_take(l);
    free(l);
}

static void lent_free_all(struct kura_json_reader *r)
{
    while (r->lent.next != &r->lent)
        lent_free(r, r->lent.next + 1);
}

/* --- The tree ---------------------------------------------------------- */

static void *tree_alloc(struct kura_json_reader *r, size_t n)
{
    void *p = NULL;

    if (n <= r->max - r->used)
        p = kura_arena_alloc(&r->arena, n, NULL);
    if (p != NULL)
        r->used += n;
    else
        longjmp(r->nomem, 1);
    return p;
}

static const char *tree_text(struct kura_json_reader *r, const char *s,
                             size_t n)
{
    char *p = tree_alloc(r, n + 1);

    if (n != 0)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

static struct kura_json *tree_add(struct kura_json_reader *r,
                                  enum kura_json_kind kind)
{
    struct kura_json *v = tree_alloc(r, sizeof(*v));

    memset(v, 0, sizeof(*v));
    v->kind = kind;
    v->text = "";
    v->byte = (uint32_t)yajl_get_bytes_consumed(r->yajl);
    v->name = r->name;
    v->name_size = r->name_size;
    r->name = NULL;
    r->name_size = 0;
    if (r->depth == 0) {
        r->root = v;
    } else {
        struct open *in = &r->open[r->depth - 1];

        if (in->last == NULL)
            in->value->child = v;
        else
            in->last->next = v;
        in->last = v;
    }
    return v;
}

static int tree_open(struct kura_json_reader *r, enum kura_json_kind kind)
{
    struct kura_json *v = tree_add(r, kind);

    if (r->depth == KURA_JSON_DEPTH) {
        r->why = "values are nested too deep";
        return 0;
    }
    r->open[r->depth].value = v;
    r->open[r->depth].last = NULL;
    r->depth++;
    return 1;
}

static bool is_utf8(const char *s, size_t n)
{
    size_t i = 0, used;
    uint32_t cp;

    while (i < n) {
        used = 1;
        if ((unsigned char)s[i] >= 0x80) {
            used = kura_text_decode(s + i, n - i, &cp);
            if (used == 1)
                return false;
        }
        i += used;
    }
    return true;
}

static int on_null(void *arg)
{
    (void)tree_add(arg, KURA_JSON_NULL);
    return 1;
}

static int on_boolean(void *arg, int value)
{
    (void)tree_add(arg, value ? KURA_JSON_TRUE : KURA_JSON_FALSE);
    return 1;
}

static int on_number(void *arg, const char *s, size_t n)
{
    struct kura_json *v = tree_add(arg, KURA_JSON_NUMBER);

    v->text = tree_text(arg, s, n);
    v->size = (uint32_t)n;
    return 1;
}

static int on_string(void *arg, const unsigned char *s, size_t n)
{
    struct kura_json_reader *r = arg;
    struct kura_json *v = tree_add(r, KURA_JSON_STRING);

    v->text = tree_text(r, (const char *)s, n);
    v->size = (uint32_t)n;
    if (is_utf8(v->text, n))
        return 1;
    r->why = "a string is not UTF-8";
    return 0;
}

static int on_name(void *arg, const unsigned char *s, size_t n)
{
    struct kura_json_reader *r = arg;

    r->name = tree_text(r, (const char *)s, n);
    r->name_size = (uint32_t)n;
    if (is_utf8(r->name, n))
        return 1;
    r->why = "a name is not UTF-8";
    return 0;
}

static int on_object(void *arg)
{
    return tree_open(arg, KURA_JSON_OBJECT);
}

static int on_array(void *arg)
{
    return tree_open(arg, KURA_JSON_ARRAY);
}

static int on_end(void *arg)
{
    struct kura_json_reader *r = arg;

    r->depth--;
    return 1;
}

static yajl_callbacks callbacks = {on_null,   on_boolean, NULL,      NULL,
                                   on_number, on_string,  on_object, on_name,
                                   on_end,    on_array,   on_end};

/* --- Reading ----------------------------------------------------------- */

enum kura_rc kura_json_reader_new(size_t max_memory,
                                  struct kura_json_reader **out,
                                  struct kura_err *err)
{
    struct kura_json_reader *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return kura_err_nomem(err);
    r->max = max_memory;
    r->lent.next = r->lent.before = &r->lent;
    *out = r;
    return KURA_OK;
}

void kura_json_reader_free(struct kura_json_reader *r)
{
    if (r == NULL)
        return;
    lent_free_all(r);
    kura_arena_release(&r->arena);
    free(r);
}

size_t kura_json_line(const char *s, size_t n, size_t byte)
{
    size_t i, line = 1;

    for (i = 0; i < n && i < byte; i++)
        if (s[i] == '\n')
            line++;
    return line;
}

/* "lexical error: invalid char in json text.\n" without its ends. */
static enum kura_rc read_refused(struct kura_json_reader *r, const char *s,
                                 size_t n, size_t byte, struct kura_err *err)
{
    size_t line, size;
    const unsigned char *said = NULL;
    const char *why = r->why;

    if (why == NULL) {
        said = yajl_get_error(r->yajl, 0, (const unsigned char *)s, n);
        why = strchr((const char *)said, ':');
        why = why != NULL ? why + 1 + strspn(why + 1, " ") : "not JSON";
    }
    size = strcspn(why, "\n");
    while (size > 0 && why[size - 1] == '.')
        size--;
    line = kura_json_line(s, n, byte);
    (void)kura_err_set(err, KURA_EINPUT, "%.*s in line %zu, byte %zu",
                       (int)size, why, line, byte);
    return KURA_EINPUT;
}

static enum kura_rc read_all(struct kura_json_reader *r, const char *s,
                             size_t n, struct kura_err *err)
{
    yajl_alloc_funcs memory = {lent_malloc, lent_realloc, lent_free, r};
    yajl_status status;

    if (setjmp(r->nomem) != 0)
        return kura_err_set(err, KURA_ENOMEM,
                            "JSON takes more than %zu bytes of memory", r->max);
    r->yajl = yajl_alloc(&callbacks, &memory, r);
    /* Strings are checked here: yajl lets overlong forms pass. */
    (void)yajl_config(r->yajl, yajl_dont_validate_strings, 1);
    status = yajl_parse(r->yajl, (const unsigned char *)s, n);
    if (status != yajl_status_ok)
        return read_refused(r, s, n, yajl_get_bytes_consumed(r->yajl), err);
    status = yajl_complete_parse(r->yajl);
    return status == yajl_status_ok ? KURA_OK : read_refused(r, s, n, n, err);
}

enum kura_rc kura_json_read(struct kura_json_reader *r, const char *s, size_t n,
                            const struct kura_json **out, struct kura_err *err)
{
    enum kura_rc rc;

    kura_arena_reset(&r->arena);
    r->used = 0;
    r->depth = 0;
    r->root = NULL;
    r->name = NULL;
    r->name_size = 0;
    r->why = NULL;
    if (n > UINT32_MAX)
        return kura_err_set(err, KURA_ENOMEM, "JSON of more than 4 GB");
    rc = read_all(r, s, n, err);
    lent_free_all(r);
    if (rc == KURA_OK)
        *out = r->root;
    return rc;
}

/* --- Looking at it ----------------------------------------------------- */

const struct kura_json *kura_json_get(const struct kura_json *v,
                                      const char *name)
{
    const struct kura_json *m, *found = NULL;
    size_t n = strlen(name);

    if (v == NULL || v->kind != KURA_JSON_OBJECT)
        return NULL;
    for (m = v->child; m != NULL; m = m->next)
        if (m->name_size == n && memcmp(m->name, name, n) == 0)
            found = m;
    return found;
}

const char *kura_json_get_string(const struct kura_json *v, const char *name,
                                 size_t *size)
{
    const struct kura_json *m = kura_json_get(v, name);

    if (m == NULL || m->kind != KURA_JSON_STRING)
        return NULL;
    if (size != NULL)
        *size = m->size;
    return m->text;
}

bool kura_json_integer(const struct kura_json *v, int64_t *out)
{
    return v != NULL && v->kind == KURA_JSON_NUMBER &&
           kura_num_parse(v->text, v->size, out);
}
