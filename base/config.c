/* config.c - builds the tree from libyaml's events, so that depth, anchors and
 * repeated keys are refused as soon as they are seen. */
#include "base/config.h"

#include "base/buf.h"
#include "base/fs.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define CONFIG_BYTES_MAX ((size_t)1 << 20)
#define CONFIG_DEPTH_MAX 64

struct config_key {
    char *text;
    size_t line;
};

struct kura_node {
    enum kura_node_kind kind;
    size_t line;
    char *text; /* scalar, owned */
    size_t size;
    bool is_plain;               /* scalar without quotes */
    struct kura_node **children; /* list and map, owned */
    struct config_key *keys;     /* map, as many as children */
    size_t count, cap;
};

struct kura_config {
    char *name;
    struct kura_node *root;
};

/* The collections that are open, outermost first. */
struct config_reader {
    yaml_parser_t parser;
    struct kura_config *config;
    struct kura_node *open[CONFIG_DEPTH_MAX];
    size_t depth;
    struct config_key key; /* read, its value not yet; text NULL: none */
};

static enum kura_rc config_refuse(const struct config_reader *r, yaml_mark_t at,
                                  const char *why, struct kura_err *err)
{
    return kura_err_set(err, KURA_EINPUT, "%s:%zu:%zu: %s", r->config->name,
                        at.line + 1, at.column + 1, why);
}

static char *config_copy(const void *p, size_t n)
{
    char *s = malloc(n + 1);

    if (s == NULL)
        return NULL;
    if (n != 0)
        memcpy(s, p, n);
    s[n] = '\0';
    return s;
}

/* Recursion is bounded by CONFIG_DEPTH_MAX. */
static void node_free(struct kura_node *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->count; i++) {
        node_free(n->children[i]);
        if (n->keys != NULL)
            free(n->keys[i].text);
    }
    free(n->children);
    free(n->keys);
    free(n->text);
    free(n);
}

static enum kura_rc node_grow(struct kura_node *n, struct kura_err *err)
{
    size_t cap = n->cap == 0 ? 4 : n->cap * 2;
    struct kura_node **children;
    struct config_key *keys;

    if (n->count < n->cap)
        return KURA_OK;
    /* At most as many as the text has bytes: no overflow. */
    children = realloc(n->children, cap * sizeof(*children));
    if (children == NULL)
        return kura_err_nomem(err);
    n->children = children;
    if (n->kind == KURA_NODE_MAP) {
        keys = realloc(n->keys, cap * sizeof(*keys));
        if (keys == NULL)
            return kura_err_nomem(err);
        n->keys = keys;
    }
    n->cap = cap;
    return KURA_OK;
}

/* Puts a node where the text has it; takes it over, also on failure. */
static enum kura_rc config_place(struct config_reader *r, struct kura_node *n,
                                 struct kura_err *err)
{
    struct kura_node *parent;
    enum kura_rc rc;

    if (r->depth == 0) {
        r->config->root = n;
        return KURA_OK;
    }
    parent = r->open[r->depth - 1];
    rc = node_grow(parent, err);
    if (rc != KURA_OK) {
        node_free(n);
        return rc;
    }
    parent->children[parent->count] = n;
    if (parent->kind == KURA_NODE_MAP) {
        parent->keys[parent->count] = r->key;
        r->key.text = NULL;
    }
    parent->count++;
    return KURA_OK;
}

static bool config_wants_key(const struct config_reader *r)
{
    return r->depth != 0 && r->open[r->depth - 1]->kind == KURA_NODE_MAP &&
           r->key.text == NULL;
}

static enum kura_rc config_key(struct config_reader *r, const yaml_event_t *e,
                               struct kura_err *err)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t size = e->data.scalar.length;

    if (memchr(text, '\0', size) != NULL)
        return config_refuse(r, e->start_mark, "a key holds a NUL", err);
    r->key.text = config_copy(text, size);
    r->key.line = e->start_mark.line + 1;
    return r->key.text == NULL ? kura_err_nomem(err) : KURA_OK;
}

static enum kura_rc config_scalar(struct config_reader *r,
                                  const yaml_event_t *e, struct kura_err *err)
{
    struct kura_node *n;

    if (e->data.scalar.anchor != NULL)
        return config_refuse(r, e->start_mark, "anchors are not allowed", err);
    if (e->data.scalar.tag != NULL)
        return config_refuse(r, e->start_mark, "tags are not allowed", err);
    if (config_wants_key(r))
        return config_key(r, e, err);
    n = calloc(1, sizeof(*n));
    if (n == NULL)
        return kura_err_nomem(err);
    n->kind = KURA_NODE_SCALAR;
    n->line = e->start_mark.line + 1;
    n->size = e->data.scalar.length;
    n->is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = config_copy(e->data.scalar.value, n->size);
    if (n->text == NULL) {
        node_free(n);
        return kura_err_nomem(err);
    }
    return config_place(r, n, err);
}

static enum kura_rc config_open(struct config_reader *r, const yaml_event_t *e,
                                enum kura_node_kind kind, const void *anchor,
                                const void *tag, struct kura_err *err)
{
    struct kura_node *n;
    enum kura_rc rc;

    if (anchor != NULL)
        return config_refuse(r, e->start_mark, "anchors are not allowed", err);
    if (tag != NULL)
        return config_refuse(r, e->start_mark, "tags are not allowed", err);
    if (config_wants_key(r))
        return config_refuse(r, e->start_mark, "a key must be a text", err);
    if (r->depth == CONFIG_DEPTH_MAX)
        return config_refuse(r, e->start_mark, "more than 64 levels", err);
    n = calloc(1, sizeof(*n));
    if (n == NULL)
        return kura_err_nomem(err);
    n->kind = kind;
    n->line = e->start_mark.line + 1;
    rc = config_place(r, n, err);
    if (rc == KURA_OK)
        r->open[r->depth++] = n;
    return rc;
}

static int config_key_order(const void *a, const void *b)
{
    const struct config_key *x = a, *y = b;
    int c = strcmp(x->text, y->text);

    if (c != 0)
        return c;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* A key given twice is a mistake that would go unnoticed for years. */
static enum kura_rc config_close(struct config_reader *r, struct kura_err *err)
{
    const struct kura_node *n = r->open[--r->depth];
    enum kura_rc rc = KURA_OK;
    struct config_key *sorted;

    if (n->kind != KURA_NODE_MAP || n->count < 2)
        return KURA_OK;
    sorted = malloc(n->count * sizeof(*sorted));
    if (sorted == NULL)
        return kura_err_nomem(err);
    memcpy(sorted, n->keys, n->count * sizeof(*sorted));
    qsort(sorted, n->count, sizeof(*sorted), config_key_order);
    for (size_t i = 1; i < n->count && rc == KURA_OK; i++)
        if (strcmp(sorted[i - 1].text, sorted[i].text) == 0)
            rc = kura_err_set(err, KURA_EINPUT,
                              "%s:%zu: key '%.100s' is there twice, "
                              "first in line %zu",
                              r->config->name, sorted[i].line, sorted[i].text,
                              sorted[i - 1].line);
    free(sorted);
    return rc;
}

static enum kura_rc config_event(struct config_reader *r, const yaml_event_t *e,
                                 struct kura_err *err)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->config->root != NULL)
            return config_refuse(r, e->start_mark, "a second document", err);
        return KURA_OK;
    case YAML_ALIAS_EVENT:
        return config_refuse(r, e->start_mark, "aliases are not allowed", err);
    case YAML_SCALAR_EVENT:
        return config_scalar(r, e, err);
    case YAML_SEQUENCE_START_EVENT:
        return config_open(r, e, KURA_NODE_LIST, e->data.sequence_start.anchor,
                           e->data.sequence_start.tag, err);
    case YAML_MAPPING_START_EVENT:
        return config_open(r, e, KURA_NODE_MAP, e->data.mapping_start.anchor,
                           e->data.mapping_start.tag, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return config_close(r, err);
    default:
        return KURA_OK;
    }
}

/* Where bytes are not text there is no mark, only an offset. */
static yaml_mark_t config_mark_of(const char *text, size_t n, size_t offset)
{
    yaml_mark_t at = {0, 0, 0};

    for (size_t i = 0; i < offset && i < n; i++) {
        at.column++;
        if (text[i] == '\n') {
            at.line++;
            at.column = 0;
        }
    }
    return at;
}

static enum kura_rc config_complain(const struct config_reader *r,
                                    const char *text, size_t n,
                                    struct kura_err *err)
{
    const yaml_parser_t *p = &r->parser;
    const char *why = p->problem != NULL ? p->problem : "not YAML";

    if (p->error == YAML_MEMORY_ERROR)
        return kura_err_nomem(err);
    if (p->error == YAML_READER_ERROR)
        return config_refuse(r, config_mark_of(text, n, p->problem_offset), why,
                             err);
    return config_refuse(r, p->problem_mark, why, err);
}

static enum kura_rc config_read(struct config_reader *r, const char *text,
                                size_t n, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    bool done = false;

    while (rc == KURA_OK && !done) {
        yaml_event_t e;

        if (yaml_parser_parse(&r->parser, &e) == 0)
            return config_complain(r, text, n, err);
        rc = config_event(r, &e, err);
        done = e.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    return rc;
}

enum kura_rc kura_config_parse(const char *name, const char *text, size_t n,
                               struct kura_config **out, struct kura_err *err)
{
    struct config_reader r = {.depth = 0};
    enum kura_rc rc;

    if (n > CONFIG_BYTES_MAX)
        return kura_err_set(err, KURA_EINPUT, "'%s' is larger than 1 MiB",
                            name);
    if (yaml_parser_initialize(&r.parser) == 0)
        return kura_err_nomem(err);
    r.config = calloc(1, sizeof(*r.config));
    if (r.config != NULL)
        r.config->name = config_copy(name, strlen(name));
    if (r.config == NULL || r.config->name == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
    rc = config_read(&r, text, n, err);
    if (rc != KURA_OK)
        goto out;
    *out = r.config;
    r.config = NULL;
out:
    yaml_parser_delete(&r.parser);
    free(r.key.text);
    kura_config_free(r.config);
    return rc;
}

enum kura_rc kura_config_load(const char *path, struct kura_config **out,
                              struct kura_err *err)
{
    struct kura_buf text;
    enum kura_rc rc;

    /* One byte more than is allowed, so that parse says what is wrong. */
    kura_buf_init(&text, CONFIG_BYTES_MAX + 1);
    rc = kura_fs_read(path, &text, err);
    if (rc == KURA_OK)
        rc = kura_config_parse(path, text.data, text.len, out, err);
    kura_buf_release(&text);
    return rc;
}

void kura_config_free(struct kura_config *c)
{
    if (c == NULL)
        return;
    node_free(c->root);
    free(c->name);
    free(c);
}

const char *kura_config_name(const struct kura_config *c)
{
    return c->name;
}

const struct kura_node *kura_config_root(const struct kura_config *c)
{
    return c->root;
}

enum kura_node_kind kura_node_kind(const struct kura_node *n)
{
    return n->kind;
}

size_t kura_node_line(const struct kura_node *n)
{
    return n->line;
}

const char *kura_node_text(const struct kura_node *n)
{
    return n->text;
}

size_t kura_node_text_size(const struct kura_node *n)
{
    return n->size;
}

bool kura_node_is_null(const struct kura_node *n)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    if (n->kind != KURA_NODE_SCALAR || !n->is_plain)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(n->text, words[i]) == 0)
            return true;
    return false;
}

size_t kura_node_count(const struct kura_node *n)
{
    return n->count;
}

const struct kura_node *kura_node_at(const struct kura_node *n, size_t i)
{
    return i < n->count ? n->children[i] : NULL;
}

const char *kura_node_key(const struct kura_node *n, size_t i)
{
    return n->kind == KURA_NODE_MAP && i < n->count ? n->keys[i].text : NULL;
}

size_t kura_node_key_line(const struct kura_node *n, size_t i)
{
    return n->kind == KURA_NODE_MAP && i < n->count ? n->keys[i].line : 0;
}

const struct kura_node *kura_node_get(const struct kura_node *n,
                                      const char *key)
{
    if (n == NULL || n->kind != KURA_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->keys[i].text, key) == 0)
            return n->children[i];
    return NULL;
}
