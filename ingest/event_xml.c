/* event_xml.c - one Windows event as XML (expat): as wevtutil, Event Viewer and
 * others write it, with and without namespace, and as it looks when it was
 * copied out of a browser ("- <Event").
 *
 * Only the element Event is given to expat, so there is no document type and
 * nothing to expand.  An element without children is a value; where its text
 * and its attributes stand in the record is known by expat's offsets. */
#include "ingest/parse_internal.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XML_DEPTH 64
#define XML_NAME 1024

enum xml_section {
    XML_TOP,
    XML_SYSTEM,
    XML_EVENT_DATA,
    XML_USER_DATA,
    XML_RENDERING,
    XML_OTHER
};

struct kura_event_xml {
    XML_Parser expat;
    struct kura_buf text; /* of the element at hand */
    char name[XML_NAME];  /* of the value at hand */
    size_t name_size;
    bool unnamed;
    bool leaf; /* nothing but text since the element began */
    size_t text_start;
    int depth;
    enum xml_section section;
    /* While it runs. */
    struct kura_parser *p;
    const char *bytes; /* of the element Event */
    bool exact;
    const char *why;
    enum kura_rc rc;
    struct kura_err *err;
};

enum kura_rc kura_event_xml_new(struct kura_event_xml **out,
                                struct kura_err *err)
{
    struct kura_event_xml *x = calloc(1, sizeof(*x));

    if (x == NULL)
        return kura_err_nomem(err);
    kura_buf_init(&x->text, (size_t)16 << 20);
    x->expat = XML_ParserCreate("UTF-8");
    if (x->expat == NULL) {
        free(x);
        return kura_err_nomem(err);
    }
    *out = x;
    return KURA_OK;
}

void kura_event_xml_free(struct kura_event_xml *x)
{
    if (x == NULL)
        return;
    XML_ParserFree(x->expat);
    kura_buf_release(&x->text);
    free(x);
}

static void xml_stop(struct kura_event_xml *x, enum kura_rc rc)
{
    if (x->rc == KURA_OK)
        x->rc = rc;
    (void)XML_StopParser(x->expat, XML_FALSE);
}

/* Without a prefix. */
static const char *xml_local(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon == NULL ? name : colon + 1;
}

/* --- Attributes ------------------------------------------------------------
 */

/* The value of an attribute in the bytes of a start tag. */
static bool attribute_place(const char *tag, size_t n, const char *name,
                            struct kura_event_place *place)
{
    size_t size = strlen(name), at;
    const char *quote, *end;

    for (at = 1; at + size + 2 < n; at++) {
        if ((tag[at - 1] != ' ' && tag[at - 1] != '\t' && tag[at - 1] != '\n' &&
             tag[at - 1] != '\r') ||
            memcmp(tag + at, name, size) != 0 || tag[at + size] != '=' ||
            (tag[at + size + 1] != '"' && tag[at + size + 1] != '\''))
            continue;
        quote = tag + at + size + 1;
        end = memchr(quote + 1, *quote, n - at - size - 2);
        if (end == NULL)
            return false;
        place->start = (size_t)(quote + 1 - tag);
        place->end = (size_t)(end - tag);
        place->escape = KURA_ESCAPE_XML;
        return true;
    }
    return false;
}

static const struct kura_event_place *
attribute_find(struct kura_event_xml *x, const char *name,
               struct kura_event_place *place)
{
    long long at = XML_GetCurrentByteIndex(x->expat);
    int n = XML_GetCurrentByteCount(x->expat);

    if (!x->exact || at < 0 || n <= 0 ||
        !attribute_place(x->bytes + at, (size_t)n, name, place))
        return NULL;
    place->start += (size_t)at;
    place->end += (size_t)at;
    return place;
}

/* Provider_Name, Execution_ProcessID ... */
static void system_attributes(struct kura_event_xml *x, const char *name,
                              const char **attributes)
{
    struct kura_event_place place;
    char joined[XML_NAME];
    enum kura_rc rc = KURA_OK;
    int i, n;

    for (i = 0; attributes[i] != NULL && rc == KURA_OK; i += 2) {
        const char *value = attributes[i + 1];

        if (strncmp(attributes[i], "xmlns", 5) == 0)
            continue;
        n = snprintf(joined, sizeof(joined), "%s_%s", name,
                     xml_local(attributes[i]));
        if (n < 0 || (size_t)n >= sizeof(joined))
            continue;
        if (strcmp(joined, "TimeCreated_SystemTime") == 0)
            kura_event_time(x->p->event, x->p, value, strlen(value),
                            attribute_find(x, attributes[i], &place));
        else
            rc = kura_event_add(x->p->event, KURA_EVENT_SYSTEM, joined,
                                (size_t)n, value, strlen(value),
                                attribute_find(x, attributes[i], &place),
                                x->err);
    }
    if (rc != KURA_OK)
        xml_stop(x, rc);
}

/* --- Elements --------------------------------------------------------------
 */

static void name_set(struct kura_event_xml *x, const char *name)
{
    size_t n = strlen(name);

    x->name_size = n < XML_NAME ? n : XML_NAME - 1;
    memcpy(x->name, name, x->name_size);
}

static void data_name(struct kura_event_xml *x, const char *name,
                      const char **attributes)
{
    int i;

    name_set(x, name);
    x->unnamed = strcmp(name, "Data") == 0;
    for (i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], "Name") != 0 || attributes[i + 1][0] == '\0')
            continue;
        name_set(x, attributes[i + 1]);
        x->unnamed = false;
    }
}

static enum xml_section section_of(const char *name)
{
    return strcmp(name, "System") == 0          ? XML_SYSTEM
           : strcmp(name, "EventData") == 0     ? XML_EVENT_DATA
           : strcmp(name, "UserData") == 0      ? XML_USER_DATA
           : strcmp(name, "RenderingInfo") == 0 ? XML_RENDERING
                                                : XML_OTHER;
}

static void XMLCALL xml_start(void *arg, const char *name,
                              const char **attributes)
{
    struct kura_event_xml *x = arg;

    name = xml_local(name);
    if (++x->depth > XML_DEPTH) {
        x->why = "its elements are nested too deep";
        xml_stop(x, KURA_OK);
        return;
    }
    kura_buf_reset(&x->text);
    x->leaf = x->depth > 2;
    x->text_start = (size_t)XML_GetCurrentByteIndex(x->expat) +
                    (size_t)XML_GetCurrentByteCount(x->expat);
    if (x->depth == 2)
        x->section = section_of(name);
    if (x->depth < 3)
        return;
    x->unnamed = false;
    name_set(x, name);
    if (x->section == XML_SYSTEM)
        system_attributes(x, name, attributes);
    else if (x->section == XML_EVENT_DATA)
        data_name(x, name, attributes);
}

static void XMLCALL xml_text(void *arg, const char *text, int size)
{
    struct kura_event_xml *x = arg;

    if (x->leaf &&
        kura_buf_append(&x->text, text, (size_t)size, x->err) != KURA_OK)
        xml_stop(x, KURA_ENOMEM);
}

static enum kura_rc xml_value(struct kura_event_xml *x)
{
    struct kura_event_place place = {x->text_start, 0, KURA_ESCAPE_XML};
    struct kura_event *e = x->p->event;
    long long end = XML_GetCurrentByteIndex(x->expat);
    size_t n = x->text.len;

    if (x->exact && end > 0)
        place.end = (size_t)end;
    if (x->section == XML_OTHER || x->section == XML_TOP ||
        (x->section == XML_RENDERING &&
         (x->name_size != 7 || memcmp(x->name, "Message", 7) != 0)))
        return KURA_OK;
    if (x->unnamed)
        return kura_event_add_unnamed(e, x->text.data, n, &place, x->err);
    return kura_event_add(
        e, x->section == XML_SYSTEM ? KURA_EVENT_SYSTEM : KURA_EVENT_DATA,
        x->name, x->name_size, x->text.data, n, &place, x->err);
}

static void XMLCALL xml_end(void *arg, const char *name)
{
    struct kura_event_xml *x = arg;
    enum kura_rc rc = KURA_OK;

    (void)name;
    if (x->leaf && x->text.len != 0)
        rc = xml_value(x);
    x->leaf = false;
    x->depth--;
    if (rc != KURA_OK)
        xml_stop(x, rc);
}

/* --- Public ----------------------------------------------------------------
 */

static const char *event_find(const char *s, size_t n, const char *word)
{
    const char *at = s, *end = s + n;
    size_t size = strlen(word);

    while (at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        if ((size_t)(end - at) >= size && memcmp(at, word, size) == 0 &&
            (word[1] == '/' || (size_t)(end - at) == size ||
             strchr(" \t\r\n>", at[size]) != NULL))
            return at;
        at++;
    }
    return NULL;
}

enum kura_rc kura_event_xml_read(struct kura_parser *p,
                                 const struct kura_parse_work *w, bool exact,
                                 const char **why, struct kura_err *err)
{
    struct kura_event_xml *x = p->xml;
    const char *at = event_find(w->line, w->size, "<Event");
    const char *end = w->line + w->size;
    enum XML_Status status;

    while (end > w->line && end[-1] != '>')
        end--;
    /* Behind the event may stand the end of its list. */
    if (at != NULL) {
        const char *close = at, *next;

        while ((next = event_find(close, (size_t)(end - close), "</Event>")) !=
               NULL)
            close = next + 1;
        end = close == at ? end : close + 7;
    }
    if (at == NULL || end <= at) {
        *why = "no event in it";
        return KURA_OK;
    }
    if (XML_ParserReset(x->expat, "UTF-8") != XML_TRUE)
        return kura_err_nomem(err);
    XML_SetUserData(x->expat, x);
    XML_SetElementHandler(x->expat, xml_start, xml_end);
    XML_SetCharacterDataHandler(x->expat, xml_text);
    x->p = p;
    x->bytes = at;
    x->exact = exact;
    x->why = NULL;
    x->rc = KURA_OK;
    x->err = err;
    x->depth = 0;
    x->leaf = false;
    x->section = XML_TOP;
    kura_buf_reset(&x->text);
    kura_event_shift(p->event, (size_t)(at - w->line));
    status = XML_Parse(x->expat, at, (int)(end - at), 1);
    if (status != XML_STATUS_OK && x->rc == KURA_OK && x->why == NULL) {
        if (XML_GetErrorCode(x->expat) == XML_ERROR_NO_MEMORY)
            return kura_err_nomem(err);
        x->why = "not valid XML";
    }
    *why = x->why;
    return x->rc;
}
