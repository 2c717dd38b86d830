/* indicator_misp.c - MISP's JSON (misp-core-format): events, or what a search
 * for events or attributes answers; attributes and those of objects. */
#include "query/indicator_internal.h"

#include "base/text.h"

#include <string.h>

/* What a type holds: one value, or two with | between.  NOTHING: that part is
 * no indicator, such as a port. */
#define NOTHING (-1)
static const struct {
    const char *name;
    int first, second;
} misp_types[] = {
    {"ip-src", KURA_INDICATOR_ADDRESS, NOTHING},
    {"ip-dst", KURA_INDICATOR_ADDRESS, NOTHING},
    {"ip-src|port", KURA_INDICATOR_ADDRESS, NOTHING},
    {"ip-dst|port", KURA_INDICATOR_ADDRESS, NOTHING},
    {"hostname", KURA_INDICATOR_DOMAIN, NOTHING},
    {"hostname|port", KURA_INDICATOR_DOMAIN, NOTHING},
    {"domain", KURA_INDICATOR_DOMAIN, NOTHING},
    {"domain|ip", KURA_INDICATOR_DOMAIN, KURA_INDICATOR_ADDRESS},
    {"url", KURA_INDICATOR_URL, NOTHING},
    {"uri", KURA_INDICATOR_URL, NOTHING},
    {"link", NOTHING, NOTHING},
    {"user-agent", KURA_INDICATOR_USERAGENT, NOTHING},
    {"http-user-agent", KURA_INDICATOR_USERAGENT, NOTHING},
    {"email", KURA_INDICATOR_EMAIL, NOTHING},
    {"email-src", KURA_INDICATOR_EMAIL, NOTHING},
    {"email-dst", KURA_INDICATOR_EMAIL, NOTHING},
    {"email-reply-to", KURA_INDICATOR_EMAIL, NOTHING},
    {"email-subject", KURA_INDICATOR_SUBJECT, NOTHING},
    {"email-attachment", KURA_INDICATOR_FILENAME, NOTHING},
    {"attachment", KURA_INDICATOR_FILENAME, NOTHING},
    {"malware-sample", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"filename", KURA_INDICATOR_FILENAME, NOTHING},
    {"filename|md5", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"filename|sha1", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"filename|sha224", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"filename|sha256", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"filename|sha384", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"filename|sha512", KURA_INDICATOR_FILENAME, KURA_INDICATOR_HASH},
    {"md5", KURA_INDICATOR_HASH, NOTHING},
    {"sha1", KURA_INDICATOR_HASH, NOTHING},
    {"sha224", KURA_INDICATOR_HASH, NOTHING},
    {"sha256", KURA_INDICATOR_HASH, NOTHING},
    {"sha384", KURA_INDICATOR_HASH, NOTHING},
    {"sha512", KURA_INDICATOR_HASH, NOTHING},
    {"target-user", KURA_INDICATOR_ACCOUNT, NOTHING},
    {"target-email", KURA_INDICATOR_EMAIL, NOTHING},
};

struct misp {
    const struct kura_indicator_file *f;
    const struct kura_zone *utc;
    struct kura_indicator_lines line;
    /* Of the event at hand. */
    const char *info, *organisation, *tlp;
    size_t not_for_ids, attributes;
};

static bool is_true(const struct kura_json *v)
{
    return v != NULL &&
           (v->kind == KURA_JSON_TRUE ||
            (v->kind == KURA_JSON_STRING && strcmp(v->text, "1") == 0) ||
            (v->kind == KURA_JSON_NUMBER && strcmp(v->text, "1") == 0));
}

/* The TLP among the tags of an event or attribute. */
static const char *tlp_of(const struct kura_json *v, const char *otherwise)
{
    const struct kura_json *tags = kura_json_get(v, "Tag"), *t;

    for (t = tags != NULL ? tags->child : NULL; t != NULL; t = t->next) {
        size_t n;
        const char *name = kura_json_get_string(t, "name", &n);
        const char *tlp = NULL;

        if (name != NULL && n > 4 && kura_text_casecmp(name, 4, "tlp:", 4) == 0)
            tlp = kura_indicator_tlp(name, n);
        if (tlp != NULL)
            return tlp;
    }
    return otherwise;
}

static void time_of(const struct misp *m, const struct kura_json *v,
                    const char *name, int64_t *out)
{
    size_t n;
    const char *s = kura_json_get_string(v, name, &n);

    if (s != NULL)
        (void)kura_indicator_time(m->utc, s, n, out);
}

static enum kura_rc part_take(struct misp *m, struct kura_indicator_entry *e,
                              const char *s, size_t n, int type,
                              struct kura_err *err)
{
    if (type == NOTHING)
        return KURA_OK;
    e->text = s;
    e->size = n;
    e->type = &kura_indicator_types[type];
    return m->f->take(m->f->arg, e, err);
}

static enum kura_rc value_take(struct misp *m, struct kura_indicator_entry *e,
                               const char *s, size_t n, size_t type,
                               struct kura_err *err)
{
    const char *bar = NULL;
    size_t first = n;
    enum kura_rc rc;

    if (strchr(misp_types[type].name, '|') != NULL ||
        misp_types[type].second != NOTHING)
        bar = memchr(s, '|', n);
    if (bar != NULL)
        first = (size_t)(bar - s);
    rc = part_take(m, e, s, first, misp_types[type].first, err);
    if (rc == KURA_OK && bar != NULL)
        rc = part_take(m, e, bar + 1, n - first - 1, misp_types[type].second,
                       err);
    return rc;
}

static enum kura_rc attribute_read(struct misp *m, const struct kura_json *a,
                                   struct kura_err *err)
{
    struct kura_indicator_entry e = kura_indicator_entry_of("", 0, 0);
    const char *type = kura_json_get_string(a, "type", NULL), *value;
    size_t i, n;

    m->attributes++;
    if (!is_true(kura_json_get(a, "to_ids")) ||
        is_true(kura_json_get(a, "deleted"))) {
        m->not_for_ids++;
        return KURA_OK;
    }
    value = kura_json_get_string(a, "value", &n);
    e.line = kura_indicator_line(m->f, &m->line, a);
    for (i = 0; i < sizeof(misp_types) / sizeof(misp_types[0]); i++)
        if (type != NULL && strcmp(type, misp_types[i].name) == 0)
            break;
    if (i == sizeof(misp_types) / sizeof(misp_types[0]) || value == NULL ||
        misp_types[i].first == NOTHING) {
        kura_indicator_problem(m->f, e.line,
                               "an attribute of type '%.40s' is not understood",
                               type != NULL ? type : "none");
        return KURA_OK;
    }
    e.source = m->organisation;
    e.campaign =
        m->info != NULL
            ? m->info /* or a search for attributes says it */
            : kura_json_get_string(kura_json_get(a, "Event"), "info", NULL);
    e.comment = kura_json_get_string(a, "comment", NULL);
    e.tlp = tlp_of(a, m->tlp);
    time_of(m, a, "first_seen", &e.first_seen);
    if (e.first_seen == KURA_INDICATOR_NEVER)
        time_of(m, a, "timestamp", &e.first_seen);
    return value_take(m, &e, value, n, i, err);
}

static enum kura_rc attributes_read(struct misp *m, const struct kura_json *of,
                                    struct kura_err *err)
{
    const struct kura_json *list = kura_json_get(of, "Attribute"), *a;
    enum kura_rc rc = KURA_OK;

    if (list == NULL || list->kind != KURA_JSON_ARRAY)
        return KURA_OK;
    for (a = list->child; rc == KURA_OK && a != NULL; a = a->next)
        rc = attribute_read(m, a, err);
    return rc;
}

static enum kura_rc event_read(struct misp *m, const struct kura_json *event,
                               struct kura_err *err)
{
    const struct kura_json *objects = kura_json_get(event, "Object"), *o;
    enum kura_rc rc;

    m->info = kura_json_get_string(event, "info", NULL);
    m->organisation =
        kura_json_get_string(kura_json_get(event, "Orgc"), "name", NULL);
    m->tlp = tlp_of(event, NULL);
    rc = attributes_read(m, event, err);
    if (objects == NULL || objects->kind != KURA_JSON_ARRAY)
        return rc;
    for (o = objects->child; rc == KURA_OK && o != NULL; o = o->next)
        if (!is_true(kura_json_get(o, "deleted")))
            rc = attributes_read(m, o, err);
    return rc;
}

/* {"Event": {...}}, or the event itself. */
static enum kura_rc one_read(struct misp *m, const struct kura_json *v,
                             struct kura_err *err)
{
    const struct kura_json *event = kura_json_get(v, "Event");

    return event_read(m, event != NULL ? event : v, err);
}

enum kura_rc kura_indicator_misp(const struct kura_indicator_file *f,
                                 const struct kura_json *root,
                                 const struct kura_zone *utc,
                                 struct kura_err *err)
{
    const struct kura_json *v = kura_json_get(root, "response"), *e;
    struct misp m;
    enum kura_rc rc = KURA_OK;

    memset(&m, 0, sizeof(m));
    m.f = f;
    m.utc = utc;
    if (v == NULL)
        v = root;
    if (v->kind == KURA_JSON_ARRAY)
        for (e = v->child; rc == KURA_OK && e != NULL; e = e->next)
            rc = one_read(&m, e, err);
    else
        rc = one_read(&m, v, err);
    if (rc == KURA_OK && m.attributes == 0)
        rc = kura_err_set(err, KURA_EINPUT,
                          "JSON that is neither a STIX bundle nor a MISP event "
                          "with attributes");
    if (rc == KURA_OK && m.not_for_ids != 0)
        kura_indicator_note(f,
                            "%zu attribute(s) that are not for detection "
                            "(to_ids) left out",
                            m.not_for_ids);
    return rc;
}
