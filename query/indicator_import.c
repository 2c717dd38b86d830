/* indicator_import.c - one entry after the other into case.db. */
#include "query/indicator_import.h"

#include "base/text.h"
#include "query/indicator.h"

#include <stdio.h>
#include <string.h>

#define TOLD_TEXT 1024
/* What feeds say about an indicator is cut there. */
#define SAID_MAX 1024u

struct importing {
    struct kura_indicator_importer *i;
    const char *name;
    char base[256];
    struct kura_indicator_text text;
    struct kura_buf written, source, campaign, comment;
};

static void on_problem(void *arg, size_t line, const char *text)
{
    struct importing *m = arg;

    m->i->sums.refused++;
    m->i->tell(m->i->arg, KURA_INDICATOR_PROBLEM, m->name, line, text);
}

static void on_note(void *arg, const char *text)
{
    struct importing *m = arg;

    m->i->tell(m->i->arg, KURA_INDICATOR_NOTE, m->name, 0, text);
}

/* Clean text of at most SAID_MAX bytes, cut between characters. */
static enum kura_rc said(struct kura_buf *to, const char *s, const char *other,
                         struct kura_err *err)
{
    size_t n;

    kura_buf_reset(to);
    if (s == NULL)
        s = other;
    if (s == NULL)
        return KURA_OK;
    n = strlen(s);
    if (n > SAID_MAX)
        for (n = SAID_MAX; n > 0 && (s[n] & 0xC0) == 0x80;)
            n--;
    return kura_text_clean(s, n, to, err);
}

static void told(struct importing *m, enum kura_indicator_event what,
                 size_t line, const char *a, const char *middle, const char *b)
{
    char text[TOLD_TEXT];

    (void)snprintf(text, sizeof(text), "%.400s%s%.400s", a, middle, b);
    m->i->tell(m->i->arg, what, m->name, line, text);
}

static enum kura_rc entry_put(struct importing *m,
                              const struct kura_indicator_entry *e,
                              struct kura_indicator *ind, struct kura_err *err)
{
    struct kura_indicator_sums *sums = &m->i->sums;
    enum kura_indicator_put put = KURA_INDICATOR_SAME;
    const char *list;
    enum kura_rc rc;
    char text[64];

    list = kura_warnings_find(m->i->warnings, ind->type, ind->value,
                              &ind->confidence);
    ind->warning = list != NULL ? list : "";
    rc = kura_indicator_import_put(m->i->into, ind, &put, err);
    if (rc != KURA_OK)
        return rc;
    sums->added += put == KURA_INDICATOR_NEW;
    sums->changed += put == KURA_INDICATOR_CHANGED;
    sums->same += put == KURA_INDICATOR_SAME;
    sums->types[ind->type]++;
    if (m->text.refanged) {
        sums->refanged++;
        told(m, KURA_INDICATOR_REFANGED, e->line, ind->written, " -> ",
             ind->value);
    }
    if (list != NULL) {
        sums->warned++;
        (void)snprintf(text, sizeof(text),
                       ", confidence %d of %d: ", ind->confidence, ind->stated);
        told(m, KURA_INDICATOR_WARNED, e->line, ind->value, text, list);
    }
    return KURA_OK;
}

static enum kura_rc on_entry(void *arg, const struct kura_indicator_entry *e,
                             struct kura_err *err)
{
    struct importing *m = arg;
    const struct kura_indicator_import_options *o = &m->i->options;
    struct kura_err why = KURA_ERR_INIT;
    struct kura_indicator ind;
    enum kura_rc rc;

    rc = kura_indicator_read(
        e->text, e->size, e->type != NULL ? e->type : o->type, &m->text, &why);
    if (rc == KURA_EINPUT) {
        on_problem(m, e->line, why.msg);
        return KURA_OK;
    }
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", why.msg);
    kura_buf_reset(&m->written);
    rc = kura_text_clean(e->text, e->size, &m->written, err);
    if (rc == KURA_OK)
        rc = said(&m->source, o->source != NULL ? o->source : e->source,
                  m->base, err);
    if (rc == KURA_OK)
        rc = said(&m->campaign, o->campaign, e->campaign, err);
    if (rc == KURA_OK)
        rc = said(&m->comment, e->comment, NULL, err);
    if (rc != KURA_OK)
        return rc;
    memset(&ind, 0, sizeof(ind));
    ind.type = m->text.type;
    ind.value = m->text.value.data;
    ind.written = m->written.data;
    ind.source = m->source.data;
    ind.campaign = m->campaign.data;
    ind.comment = m->comment.data;
    ind.tlp = o->tlp != NULL ? o->tlp : e->tlp != NULL ? e->tlp : "";
    ind.stated = o->confidence >= 0   ? o->confidence
                 : e->confidence >= 0 ? e->confidence
                                      : KURA_INDICATOR_CONFIDENCE;
    ind.confidence = ind.stated;
    ind.first_seen = e->first_seen;
    ind.expires_at =
        o->expires_at != KURA_INDICATOR_NEVER ? o->expires_at : e->expires_at;
    return entry_put(m, e, &ind, err);
}

/* "feeds/urls.csv.gz" is "urls". */
static void base_name(const char *name, char *to, size_t room)
{
    const char *slash = strrchr(name, '/');
    size_t n;

    name = slash != NULL && slash[1] != '\0' ? slash + 1 : name;
    if (strcmp(name, "-") == 0)
        name = "stdin";
    n = strcspn(name, ".");
    (void)snprintf(to, room, "%.*s", n == 0 ? (int)strlen(name) : (int)n, name);
}

enum kura_rc kura_indicator_import_file(struct kura_indicator_importer *i,
                                        const char *name, const char *data,
                                        size_t size, struct kura_err *err)
{
    struct kura_indicator_file f = {
        data, size, i->options.format, on_entry, on_problem, on_note, NULL};
    struct kura_err why = KURA_ERR_INIT;
    struct importing m;
    enum kura_rc rc;

    memset(&m, 0, sizeof(m));
    m.i = i;
    m.name = name;
    base_name(name, m.base, sizeof(m.base));
    kura_indicator_text_init(&m.text);
    kura_buf_init(&m.written, 4 * KURA_INDICATOR_SIZE);
    kura_buf_init(&m.source, 4 * SAID_MAX);
    kura_buf_init(&m.campaign, 4 * SAID_MAX);
    kura_buf_init(&m.comment, 4 * SAID_MAX);
    f.arg = &m;
    rc = kura_indicator_file_read(&f, &why);
    kura_indicator_text_release(&m.text);
    kura_buf_release(&m.written);
    kura_buf_release(&m.source);
    kura_buf_release(&m.campaign);
    kura_buf_release(&m.comment);
    return rc == KURA_OK ? KURA_OK
                         : kura_err_set(err, rc, "'%s': %s", name, why.msg);
}
