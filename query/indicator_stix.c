/* indicator_stix.c - STIX 2.1: indicators whose pattern is comparisons with =
 * (or IN, ISSUBSET) joined by OR.
 *
 * A pattern is understood whole or not at all, since half of an AND would match
 * what its author did not mean. */
#include "query/indicator_internal.h"

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX ((size_t)1 << 20)

/* Object paths by what they name.  A digest's algorithm follows its path. */
static const struct {
    const char *path;
    enum kura_indicator_type type;
    bool prefix;
} stix_paths[] = {
    {"ipv4-addr:value", KURA_INDICATOR_ADDRESS, false},
    {"ipv6-addr:value", KURA_INDICATOR_ADDRESS, false},
    {"domain-name:value", KURA_INDICATOR_DOMAIN, false},
    {"url:value", KURA_INDICATOR_URL, false},
    {"email-addr:value", KURA_INDICATOR_EMAIL, false},
    {"email-message:subject", KURA_INDICATOR_SUBJECT, false},
    {"email-message:from_ref.value", KURA_INDICATOR_EMAIL, false},
    {"email-message:sender_ref.value", KURA_INDICATOR_EMAIL, false},
    {"email-message:to_refs[*].value", KURA_INDICATOR_EMAIL, false},
    {"file:name", KURA_INDICATOR_FILENAME, false},
    {"file:hashes.", KURA_INDICATOR_HASH, true},
    {"artifact:hashes.", KURA_INDICATOR_HASH, true},
    {"user-account:account_login", KURA_INDICATOR_ACCOUNT, false},
    {"user-account:user_id", KURA_INDICATOR_ACCOUNT, false},
    {"network-traffic:dst_ref.value", KURA_INDICATOR_DOMAIN, false},
    {"network-traffic:src_ref.value", KURA_INDICATOR_DOMAIN, false},
    {"network-traffic:extensions.'http-request-ext'.request_header."
     "'User-Agent'",
     KURA_INDICATOR_USERAGENT, false},
};

/* The published ids of the TLP markings, 1.0 and 2.0. */
static const char *const stix_tlp[][2] = {
    {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "clear"},
    {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"},
    {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber"},
    {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"},
    {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"},
    {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"},
    {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"},
    {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
     "amber+strict"},
    {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"},
};

struct value {
    enum kura_indicator_type type;
    size_t at, size; /* in the texts of the pattern */
};

struct pattern {
    const char *s;
    size_t n, at;
    const char *why; /* it is not understood */
    struct kura_buf texts;
    struct value *values;
    size_t count, room;
    struct kura_err *err;
    enum kura_rc rc;
};

struct named {
    const char *id, *name;
};

struct stix {
    const struct kura_indicator_file *f;
    const struct kura_zone *utc;
    struct named *names; /* identities and what indicators point at, by id */
    size_t nnames;
    struct named *indicates; /* indicator's id, what it indicates; by id */
    size_t nindicates;
    struct pattern pattern;
    struct kura_indicator_lines line;
    size_t revoked, others;
};

/* --- Patterns ---------------------------------------------------------- */

static bool fail(struct pattern *p, const char *why)
{
    if (p->why == NULL)
        p->why = why;
    return false;
}

static void skip_blanks(struct pattern *p)
{
    while (p->at < p->n && strchr(" \t\r\n", p->s[p->at]) != NULL &&
           p->s[p->at] != '\0')
        p->at++;
}

static bool take_char(struct pattern *p, char c)
{
    skip_blanks(p);
    if (p->at >= p->n || p->s[p->at] != c)
        return false;
    p->at++;
    return true;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool take_word(struct pattern *p, const char *word)
{
    size_t n = strlen(word);

    skip_blanks(p);
    if (p->n - p->at < n || kura_text_casecmp(p->s + p->at, n, word, n) != 0 ||
        (p->at + n < p->n && is_word_byte(p->s[p->at + n])))
        return false;
    p->at += n;
    return true;
}

/* Bytes of "file:hashes.'SHA-256'": words, quoted words, [*], dots, a colon. */
static size_t path_size(const struct pattern *p)
{
    size_t i = p->at;

    while (i < p->n &&
           (is_word_byte(p->s[i]) || p->s[i] == '.' || p->s[i] == ':' ||
            p->s[i] == '\'' || p->s[i] == '[' || p->s[i] == '*' ||
            (p->s[i] == ']' && p->s[i - 1] == '*'))) {
        if (p->s[i] == '\'') {
            for (i++; i < p->n && p->s[i] != '\'';)
                i++;
        }
        i += i < p->n;
    }
    return i - p->at;
}

static bool take_path(struct pattern *p, enum kura_indicator_type *type)
{
    const char *s;
    size_t n, i;

    skip_blanks(p);
    s = p->s + p->at;
    n = path_size(p);
    for (i = 0; i < sizeof(stix_paths) / sizeof(stix_paths[0]); i++) {
        size_t size = strlen(stix_paths[i].path);

        if (n >= size && (stix_paths[i].prefix || n == size) &&
            kura_text_casecmp(s, size, stix_paths[i].path, size) == 0) {
            p->at += n;
            *type = stix_paths[i].type;
            return true;
        }
    }
    return fail(p, "it names something that no log here has");
}

static bool note_value(struct pattern *p, enum kura_indicator_type type,
                       size_t start)
{
    struct value *grown;

    if (p->count == p->room) {
        p->room = p->room == 0 ? 16 : p->room * 2;
        grown = realloc(p->values, p->room * sizeof(*grown));
        if (grown == NULL) {
            p->rc = kura_err_nomem(p->err);
            return false;
        }
        p->values = grown;
    }
    p->values[p->count].type = type;
    p->values[p->count].at = start;
    p->values[p->count].size = p->texts.len - start;
    p->count++;
    return true;
}

/* 'text', in which \' and \\ are the characters. */
static bool take_text(struct pattern *p, enum kura_indicator_type type)
{
    size_t start = p->texts.len;

    if (!take_char(p, '\''))
        return fail(p, "it compares with something that is no text");
    while (p->rc == KURA_OK && p->at < p->n && p->s[p->at] != '\'') {
        if (p->s[p->at] == '\\' && p->at + 1 < p->n)
            p->at++;
        p->rc = kura_buf_putc(&p->texts, p->s[p->at++], p->err);
    }
    if (p->rc != KURA_OK)
        return false;
    if (!take_char(p, '\''))
        return fail(p, "a text in it does not end");
    return note_value(p, type, start);
}

static bool take_list(struct pattern *p, enum kura_indicator_type type)
{
    if (!take_char(p, '('))
        return fail(p, "IN has no list");
    do {
        if (!take_text(p, type))
            return false;
    } while (take_char(p, ','));
    return take_char(p, ')') || fail(p, "a list in it does not end");
}

static bool take_comparison(struct pattern *p)
{
    enum kura_indicator_type type = KURA_INDICATOR_HASH;

    if (!take_path(p, &type))
        return false;
    if (take_char(p, '=')) {
        (void)take_char(p, '='); /* == is written as well */
        return take_text(p, type);
    }
    if (take_word(p, "IN"))
        return take_list(p, type);
    if (type == KURA_INDICATOR_ADDRESS && take_word(p, "ISSUBSET"))
        return take_text(p, type);
    return fail(p, "it compares otherwise than by =");
}

/* [ comparison OR comparison ... ], with parentheses around any of them. */
static bool take_observation(struct pattern *p)
{
    int depth = 0;

    if (!take_char(p, '['))
        return fail(p, "it is no observation in brackets");
    do {
        while (take_char(p, '('))
            depth++;
        if (!take_comparison(p))
            return false;
        while (depth > 0 && take_char(p, ')'))
            depth--;
    } while (take_word(p, "OR"));
    if (take_word(p, "AND"))
        return fail(p, "it joins by AND");
    return (depth == 0 && take_char(p, ']')) ||
           fail(p, "its brackets do not match");
}

static bool pattern_read(struct pattern *p, const char *s, size_t n)
{
    int depth = 0;

    p->s = s;
    p->n = n;
    p->at = p->count = 0;
    p->why = NULL;
    kura_buf_reset(&p->texts);
    do {
        while (take_char(p, '('))
            depth++;
        if (!take_observation(p))
            return false;
        while (depth > 0 && take_char(p, ')'))
            depth--;
    } while (take_word(p, "OR"));
    skip_blanks(p);
    if (p->at == p->n && depth == 0)
        return true;
    return fail(p, "observations in it are joined or qualified");
}

/* --- Objects ----------------------------------------------------------- */

static int named_cmp(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static const char *named_find(const struct named *list, size_t n,
                              const char *id)
{
    struct named key = {id, NULL}, *found;

    if (id == NULL || n == 0)
        return NULL;
    found = bsearch(&key, list, n, sizeof(key), named_cmp);
    return found != NULL ? found->name : NULL;
}

static const char *string_of(const struct kura_json *v, const char *name)
{
    return kura_json_get_string(v, name, NULL);
}

static bool type_is(const struct kura_json *v, const char *type)
{
    const char *s = string_of(v, "type");

    return s != NULL && strcmp(s, type) == 0;
}

/* First the names: objects may stand in any order. */
static enum kura_rc names_read(struct stix *x, const struct kura_json *objects,
                               struct kura_err *err)
{
    const struct kura_json *v;
    size_t n = 1;

    for (v = objects; v != NULL; v = v->next)
        n++;
    x->names = calloc(n, sizeof(*x->names));
    x->indicates = calloc(n, sizeof(*x->indicates));
    if (x->names == NULL || x->indicates == NULL)
        return kura_err_nomem(err);
    for (v = objects; v != NULL; v = v->next) {
        const char *id = string_of(v, "id"), *name = string_of(v, "name");
        const char *how = string_of(v, "relationship_type");
        const char *from = string_of(v, "source_ref");
        const char *to = string_of(v, "target_ref");

        if (type_is(v, "relationship") && how != NULL && from != NULL &&
            to != NULL && strcmp(how, "indicates") == 0) {
            x->indicates[x->nindicates].id = from;
            x->indicates[x->nindicates++].name = to;
        } else if (id != NULL && name != NULL && !type_is(v, "indicator")) {
            x->names[x->nnames].id = id;
            x->names[x->nnames++].name = name;
        }
    }
    qsort(x->names, x->nnames, sizeof(*x->names), named_cmp);
    qsort(x->indicates, x->nindicates, sizeof(*x->indicates), named_cmp);
    return KURA_OK;
}

static const char *tlp_of(const struct kura_json *v)
{
    const struct kura_json *m = kura_json_get(v, "object_marking_refs");
    size_t i;

    for (m = m != NULL ? m->child : NULL; m != NULL; m = m->next)
        for (i = 0; i < sizeof(stix_tlp) / sizeof(stix_tlp[0]); i++)
            if (m->kind == KURA_JSON_STRING &&
                strcmp(m->text, stix_tlp[i][0]) == 0)
                return stix_tlp[i][1];
    return NULL;
}

static void time_of(const struct stix *x, const struct kura_json *v,
                    const char *name, int64_t *out)
{
    size_t n;
    const char *s = kura_json_get_string(v, name, &n);

    if (s != NULL)
        (void)kura_indicator_time(x->utc, s, n, out);
}

static struct kura_indicator_entry entry_of(struct stix *x,
                                            const struct kura_json *v)
{
    struct kura_indicator_entry e = kura_indicator_entry_of("", 0, 0);
    const char *id = string_of(v, "id");
    int64_t confidence;

    e.line = kura_indicator_line(x->f, &x->line, v);
    if (kura_json_integer(kura_json_get(v, "confidence"), &confidence) &&
        confidence >= 0 && confidence <= 100)
        e.confidence = (int)confidence;
    e.source = named_find(x->names, x->nnames, string_of(v, "created_by_ref"));
    e.campaign = named_find(x->names, x->nnames,
                            named_find(x->indicates, x->nindicates, id));
    e.comment = string_of(v, "name");
    if (e.comment == NULL)
        e.comment = string_of(v, "description");
    e.tlp = tlp_of(v);
    time_of(x, v, "valid_from", &e.first_seen);
    time_of(x, v, "valid_until", &e.expires_at);
    return e;
}

static enum kura_rc indicator_read(struct stix *x, const struct kura_json *v,
                                   struct kura_err *err)
{
    struct kura_indicator_entry e = entry_of(x, v);
    struct pattern *p = &x->pattern;
    const char *kind = string_of(v, "pattern_type"), *s;
    const struct kura_json *revoked = kura_json_get(v, "revoked");
    size_t n, i;

    if (revoked != NULL && revoked->kind == KURA_JSON_TRUE) {
        x->revoked++;
        return KURA_OK;
    }
    s = kura_json_get_string(v, "pattern", &n);
    if (s == NULL || (kind != NULL && strcmp(kind, "stix") != 0)) {
        kura_indicator_problem(x->f, e.line,
                               "a pattern of type '%.40s' is not understood",
                               kind != NULL ? kind : "none");
        return KURA_OK;
    }
    p->err = err;
    if (!pattern_read(p, s, n)) {
        if (p->rc == KURA_OK)
            kura_indicator_problem(x->f, e.line,
                                   "the pattern is not understood, %s: %.200s",
                                   p->why, s);
        return p->rc;
    }
    for (i = 0; p->rc == KURA_OK && i < p->count; i++) {
        e.text = p->texts.data + p->values[i].at;
        e.size = p->values[i].size;
        e.type = &kura_indicator_types[p->values[i].type];
        p->rc = x->f->take(x->f->arg, &e, err);
    }
    return p->rc;
}

enum kura_rc kura_indicator_stix(const struct kura_indicator_file *f,
                                 const struct kura_json *root,
                                 const struct kura_zone *utc,
                                 struct kura_err *err)
{
    const struct kura_json *objects = kura_json_get(root, "objects"), *v;
    struct stix x;
    enum kura_rc rc;

    if (root->kind == KURA_JSON_ARRAY)
        objects = root;
    if (objects == NULL || objects->kind != KURA_JSON_ARRAY)
        return kura_err_set(err, KURA_EINPUT,
                            "a STIX bundle without a list of objects");
    memset(&x, 0, sizeof(x));
    x.f = f;
    x.utc = utc;
    kura_buf_init(&x.pattern.texts, PATTERN_MAX);
    rc = names_read(&x, objects->child, err);
    for (v = objects->child; rc == KURA_OK && v != NULL; v = v->next)
        if (type_is(v, "indicator"))
            rc = indicator_read(&x, v, err);
        else
            x.others++;
    if (rc == KURA_OK && x.revoked != 0)
        kura_indicator_note(f, "%zu revoked indicator(s) left out", x.revoked);
    if (rc == KURA_OK && x.others != 0)
        kura_indicator_note(f, "%zu object(s) are no indicators", x.others);
    kura_buf_release(&x.pattern.texts);
    free(x.pattern.values);
    free(x.names);
    free(x.indicates);
    return rc;
}
