/* evtx_make.h - EVTX files for tests, made of Windows events as XML.
 *
 *     struct evtx_make m;
 *     evtx_make_begin(&m);
 *     evtx_make_xml(&m, xml, size);    any number of <Event> elements
 *     evtx_make_end(&m);               m.file holds the file
 *     evtx_make_release(&m);
 *
 * As Windows writes them: a template for Event and System, whose last value is
 * binary XML that is an instance of a template for EventData or UserData; a
 * template and a name stand in a chunk where they are first needed and are
 * referred to after that; values have types where their texts look like it.
 * Everything is checked: what cannot be written ends the program. */
#ifndef KURA_TESTS_EVTX_MAKE_H
#define KURA_TESTS_EVTX_MAKE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"

#include <expat.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVTX_MAKE_CHUNK 65536u
#define EVTX_MAKE_VALUES 256
#define EVTX_MAKE_KNOWN 512

enum {
    EVTX_SYSTEM_VALUES = 16, /* and the binary XML behind them */
    EVTX_DEPTH_MAX = 8
};

/* A value: what template and instance need. */
struct evtx_make_value {
    char name[128];
    bool unnamed;
    struct kura_buf text;
};

struct evtx_make_known {
    char key[4096];
    uint32_t at; /* in the chunk */
};

struct evtx_make {
    struct kura_buf file;
    size_t chunk; /* where the open one begins in file; 0: none */
    uint64_t records, first_in_chunk;
    uint32_t last_record;
    struct evtx_make_known names[EVTX_MAKE_KNOWN], templates[64];
    size_t nname, ntemplate;
    /* The event at hand. */
    struct kura_buf of_system[EVTX_SYSTEM_VALUES];
    struct evtx_make_value values[EVTX_MAKE_VALUES];
    size_t nvalue;
    char section[32], inner[128]; /* inner: of UserData */
    /* While XML is read. */
    int depth;
    bool in_system, in_data, leaf;
    struct kura_buf text;
    char element[128], label[128];
    bool has_label;
};

#define EVTX_MUST(x)                                                           \
    do {                                                                       \
        if (!(x)) {                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,   \
                          #x);                                                 \
            abort();                                                           \
        }                                                                      \
    } while (0)

static const char *const evtx_system_names[EVTX_SYSTEM_VALUES] = {
    "Provider_Name",
    "Provider_Guid",
    "EventID",
    "EventID_Qualifiers",
    "Version",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
    "TimeCreated_SystemTime",
    "EventRecordID",
    "Correlation_ActivityID",
    "Execution_ProcessID",
    "Execution_ThreadID",
    "Channel",
    "Computer"};

/* --- Bytes -----------------------------------------------------------------
 */

static inline void evtx_put(struct kura_buf *b, const void *p, size_t n)
{
    EVTX_MUST(kura_buf_append(b, p, n, NULL) == KURA_OK);
}

static inline void evtx_put_n(struct kura_buf *b, uint64_t v, size_t n)
{
    unsigned char bytes[8];
    size_t i;

    for (i = 0; i < n; i++)
        bytes[i] = (unsigned char)(v >> (8 * i));
    evtx_put(b, bytes, n);
}

static inline void evtx_set_n(struct kura_buf *b, size_t at, uint64_t v,
                              size_t n)
{
    size_t i;

    EVTX_MUST(at + n <= b->len);
    for (i = 0; i < n; i++)
        b->data[at + i] = (char)(unsigned char)(v >> (8 * i));
}

/* UTF-8 as UTF-16; returns the units. */
static inline size_t evtx_put_text(struct kura_buf *b, const char *s, size_t n)
{
    size_t at = 0, units = 0;

    while (at < n) {
        unsigned char c = (unsigned char)s[at];
        size_t more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3, i;
        uint32_t cp = more == 0 ? c : c & (0x3Fu >> more);

        for (i = 1; i <= more && at + i < n; i++)
            cp = cp << 6 | ((unsigned char)s[at + i] & 0x3Fu);
        at += more + 1;
        if (cp > 0xFFFF) {
            evtx_put_n(b, 0xD800 + ((cp - 0x10000) >> 10), 2);
            evtx_put_n(b, 0xDC00 + ((cp - 0x10000) & 0x3FF), 2);
            units += 2;
        } else {
            evtx_put_n(b, cp, 2);
            units++;
        }
    }
    return units;
}

static inline uint32_t evtx_here(const struct evtx_make *m)
{
    return (uint32_t)(m->file.len - m->chunk);
}

/* The four bytes at `at` once more, whose memory may move. */
static inline void evtx_put_again(struct evtx_make *m, size_t at)
{
    char bytes[4];

    memcpy(bytes, m->file.data + at, 4);
    evtx_put(&m->file, bytes, 4);
}

/* --- Names and templates ---------------------------------------------------
 */

/* A reference to a name, and where it is new the name itself. */
static inline void evtx_put_name(struct evtx_make *m, const char *name)
{
    size_t n = strlen(name), i, units, at;
    uint16_t hash = 0;
    uint32_t slot, offset;

    for (i = 0; i < m->nname; i++)
        if (strcmp(m->names[i].key, name) == 0) {
            evtx_put_n(&m->file, m->names[i].at, 4);
            return;
        }
    EVTX_MUST(m->nname < EVTX_MAKE_KNOWN);
    EVTX_MUST(n < sizeof(m->names[0].key));
    offset = evtx_here(m) + 4;
    memcpy(m->names[m->nname].key, name, n + 1);
    m->names[m->nname++].at = offset;
    for (i = 0; i < n; i++)
        hash = (uint16_t)(hash * 65599u + (unsigned char)name[i]);
    slot = hash % 64;
    evtx_put_n(&m->file, offset, 4);
    at = m->chunk + 128 + 4 * slot;
    evtx_put_again(m, at);
    evtx_set_n(&m->file, at, offset, 4);
    evtx_put_n(&m->file, hash, 2);
    at = m->file.len;
    evtx_put_n(&m->file, 0, 2);
    units = evtx_put_text(&m->file, name, n);
    evtx_set_n(&m->file, at, units, 2);
    evtx_put_n(&m->file, 0, 2);
}

/* Opens an element; returns where its size stands. */
static inline size_t evtx_put_open(struct evtx_make *m, const char *name,
                                   bool attributes)
{
    size_t at;

    evtx_put_n(&m->file, attributes ? 0x41 : 0x01, 1);
    evtx_put_n(&m->file, 0xFFFF, 2);
    at = m->file.len;
    evtx_put_n(&m->file, 0, 4);
    evtx_put_name(m, name);
    return at;
}

static inline void evtx_end_size(struct evtx_make *m, size_t at)
{
    evtx_set_n(&m->file, at, m->file.len - at - 4, 4);
}

static inline void evtx_put_hole(struct evtx_make *m, unsigned value,
                                 unsigned type)
{
    evtx_put_n(&m->file, 0x0E, 1);
    evtx_put_n(&m->file, value, 2);
    evtx_put_n(&m->file, type, 1);
}

static inline void evtx_put_constant(struct evtx_make *m, const char *text)
{
    size_t at, units;

    evtx_put_n(&m->file, 0x05, 1);
    evtx_put_n(&m->file, 1, 1);
    at = m->file.len;
    evtx_put_n(&m->file, 0, 2);
    units = evtx_put_text(&m->file, text, strlen(text));
    evtx_set_n(&m->file, at, units, 2);
}

/* <name attribute=...>value</name>; a value of -1: none. */
static inline void evtx_put_element(struct evtx_make *m, const char *name,
                                    const char *const *attributes,
                                    const int *holes, size_t count, int value,
                                    unsigned type)
{
    size_t size = evtx_put_open(m, name, count != 0), list = 0, i;

    if (count != 0) {
        list = m->file.len;
        evtx_put_n(&m->file, 0, 4);
    }
    for (i = 0; i < count; i++) {
        evtx_put_n(&m->file, i + 1 < count ? 0x46 : 0x06, 1);
        evtx_put_name(m, attributes[i]);
        evtx_put_hole(m, (unsigned)holes[i], 1);
    }
    if (count != 0)
        evtx_end_size(m, list);
    if (value < 0) {
        evtx_put_n(&m->file, 0x03, 1);
    } else {
        evtx_put_n(&m->file, 0x02, 1);
        evtx_put_hole(m, (unsigned)value, type);
        evtx_put_n(&m->file, 0x04, 1);
    }
    evtx_end_size(m, size);
}

static inline void evtx_put_event_template(struct evtx_make *m)
{
    static const char *const attributes[] = {
        "Name",       "Guid",      "Qualifiers", "SystemTime",
        "ActivityID", "ProcessID", "ThreadID"};
    static const int holes[] = {0, 1, 3, 9, 11, 12, 13};
    size_t event = evtx_put_open(m, "Event", true), list = m->file.len, of_system;

    evtx_put_n(&m->file, 0, 4);
    evtx_put_n(&m->file, 0x06, 1);
    evtx_put_name(m, "xmlns");
    evtx_put_constant(m,
                      "http://schemas.microsoft.com/win/2004/08/events/event");
    evtx_end_size(m, list);
    evtx_put_n(&m->file, 0x02, 1);
    of_system = evtx_put_open(m, "System", false);
    evtx_put_n(&m->file, 0x02, 1);
    evtx_put_element(m, "Provider", attributes, holes, 2, -1, 0);
    evtx_put_element(m, "EventID", attributes + 2, holes + 2, 1, 2, 6);
    evtx_put_element(m, "Version", NULL, NULL, 0, 4, 4);
    evtx_put_element(m, "Level", NULL, NULL, 0, 5, 4);
    evtx_put_element(m, "Task", NULL, NULL, 0, 6, 6);
    evtx_put_element(m, "Opcode", NULL, NULL, 0, 7, 4);
    evtx_put_element(m, "Keywords", NULL, NULL, 0, 8, 21);
    evtx_put_element(m, "TimeCreated", attributes + 3, holes + 3, 1, -1, 0);
    evtx_put_element(m, "EventRecordID", NULL, NULL, 0, 10, 10);
    evtx_put_element(m, "Correlation", attributes + 4, holes + 4, 1, -1, 0);
    evtx_put_element(m, "Execution", attributes + 5, holes + 5, 2, -1, 0);
    evtx_put_element(m, "Channel", NULL, NULL, 0, 14, 1);
    evtx_put_element(m, "Computer", NULL, NULL, 0, 15, 1);
    evtx_put_element(m, "Security", NULL, NULL, 0, -1, 0);
    evtx_put_n(&m->file, 0x04, 1);
    evtx_end_size(m, of_system);
    evtx_put_hole(m, EVTX_SYSTEM_VALUES, 0x21);
    evtx_put_n(&m->file, 0x04, 1);
    evtx_end_size(m, event);
}

static inline void evtx_put_data_template(struct evtx_make *m)
{
    size_t section = evtx_put_open(m, m->section, false), inner = 0, i;

    evtx_put_n(&m->file, 0x02, 1);
    if (m->inner[0] != '\0') {
        inner = evtx_put_open(m, m->inner, false);
        evtx_put_n(&m->file, 0x02, 1);
    }
    for (i = 0; i < m->nvalue; i++) {
        const struct evtx_make_value *v = &m->values[i];
        bool data = m->inner[0] == '\0' && strcmp(v->name, "Binary") != 0;
        size_t at = evtx_put_open(m, data ? "Data" : v->name,
                                  data && !v->unnamed),
               list;

        if (data && !v->unnamed) {
            list = m->file.len;
            evtx_put_n(&m->file, 0, 4);
            evtx_put_n(&m->file, 0x06, 1);
            evtx_put_name(m, "Name");
            evtx_put_constant(m, v->name);
            evtx_end_size(m, list);
        }
        evtx_put_n(&m->file, 0x02, 1);
        evtx_put_n(&m->file, 0x0D, 1);
        evtx_put_n(&m->file, i, 2);
        evtx_put_n(&m->file, 1, 1);
        evtx_put_n(&m->file, 0x04, 1);
        evtx_end_size(m, at);
    }
    if (m->inner[0] != '\0') {
        evtx_put_n(&m->file, 0x04, 1);
        evtx_end_size(m, inner);
    }
    evtx_put_n(&m->file, 0x04, 1);
    evtx_end_size(m, section);
}

/* An instance of the template that the key names. */
static inline void evtx_put_instance(struct evtx_make *m, const char *key,
                                     bool event)
{
    static const unsigned char guid[12] = {0x6B, 0x75, 0x72, 0x61};
    uint32_t id = kura_crc32(key, strlen(key)), slot = id % 32;
    size_t i, size, at;

    evtx_put_n(&m->file, 0x0001010F, 4);
    evtx_put_n(&m->file, 0x0C, 1);
    evtx_put_n(&m->file, 1, 1);
    evtx_put_n(&m->file, id, 4);
    for (i = 0; i < m->ntemplate; i++)
        if (strcmp(m->templates[i].key, key) == 0) {
            evtx_put_n(&m->file, m->templates[i].at, 4);
            return;
        }
    EVTX_MUST(m->ntemplate < 64);
    EVTX_MUST(strlen(key) < sizeof(m->templates[0].key));
    memcpy(m->templates[m->ntemplate].key, key, strlen(key) + 1);
    m->templates[m->ntemplate++].at = evtx_here(m) + 4;
    evtx_put_n(&m->file, evtx_here(m) + 4, 4);
    at = m->chunk + 384 + 4 * slot;
    i = evtx_here(m);
    evtx_put_again(m, at);
    evtx_set_n(&m->file, at, i, 4);
    evtx_put_n(&m->file, id, 4);
    evtx_put(&m->file, guid, 12);
    size = m->file.len;
    evtx_put_n(&m->file, 0, 4);
    evtx_put_n(&m->file, 0x0001010F, 4);
    if (event)
        evtx_put_event_template(m);
    else
        evtx_put_data_template(m);
    evtx_put_n(&m->file, 0, 1);
    evtx_end_size(m, size);
}

/* --- Values ----------------------------------------------------------------
 */

/* The value as its type's bytes; returns the type, 1 (a string) unless the text
 * is just what that type is written as. */
static inline unsigned evtx_value_hex(const char *s, const char *name,
                                      struct kura_buf *out)
{
    char again[24], *end;
    unsigned long long v;
    bool wide =
        strstr(name, "LogonId") != NULL || strcmp(name, "Keywords") == 0;

    if (strncmp(s, "0x", 2) != 0 || strlen(s) > 18)
        return 1;
    v = strtoull(s + 2, &end, 16);
    (void)snprintf(again, sizeof(again), "0x%llx", v);
    if (*end != '\0' || strcmp(again, s) != 0)
        return 1;
    wide = wide || v > UINT32_MAX;
    evtx_put_n(out, v, wide ? 8 : 4);
    return wide ? 21 : 20;
}

static inline unsigned evtx_value_guid(const char *s, struct kura_buf *out)
{
    unsigned a, b, c, d[8], i;
    char again[48];

    if (sscanf(s, "{%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x}", &a, &b, &c, &d[0],
               &d[1], &d[2], &d[3], &d[4], &d[5], &d[6], &d[7]) != 11)
        return 1;
    (void)snprintf(again, sizeof(again),
                   "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", a, b,
                   c, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
    if (strcmp(again, s) != 0)
        return 1;
    evtx_put_n(out, a, 4);
    evtx_put_n(out, b, 2);
    evtx_put_n(out, c, 2);
    for (i = 0; i < 8; i++)
        evtx_put_n(out, d[i], 1);
    return 15;
}

static inline unsigned evtx_value_sid(const char *s, struct kura_buf *out)
{
    unsigned long long authority, sub[15];
    unsigned n = 0, i;
    char *end;

    if (strncmp(s, "S-1-", 4) != 0)
        return 1;
    authority = strtoull(s + 4, &end, 10);
    while (*end == '-' && n < 15) {
        if (end[1] < '0' || end[1] > '9')
            return 1;
        sub[n] = strtoull(end + 1, &end, 10);
        if (sub[n++] > UINT32_MAX)
            return 1;
    }
    if (*end != '\0' || n == 0)
        return 1;
    evtx_put_n(out, 1, 1);
    evtx_put_n(out, n, 1);
    for (i = 0; i < 6; i++)
        evtx_put_n(out, authority >> (8 * (5 - i)), 1);
    for (i = 0; i < n; i++)
        evtx_put_n(out, sub[i], 4);
    return 19;
}

/* 2015-02-18T01:01:39.0901234Z as a FILETIME. */
static inline unsigned evtx_value_time(const char *s, struct kura_buf *out)
{
    int y, mo, d, h, mi, sec, used = 0;
    uint64_t v;
    int64_t us;

    if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &sec,
               &used) != 6)
        return 1;
    us = kura_days_from_civil(y, mo, d) * KURA_DAY +
         (int64_t)((h * 60 + mi) * 60 + sec) * KURA_SECOND;
    v = (uint64_t)us * 10 + UINT64_C(116444736000000000);
    if (s[used] == '.') {
        uint64_t part = 0;
        int i;

        for (i = 1; i <= 7; i++)
            part = part * 10 + (s[used + i] >= '0' && s[used + i] <= '9'
                                    ? (uint64_t)(s[used + i] - '0')
                                    : 0);
        v += part;
    }
    evtx_put_n(out, v, 8);
    return 17;
}

static inline unsigned evtx_value_number(const char *s, unsigned type,
                                         struct kura_buf *out)
{
    static const size_t sizes[] = {[4] = 1, [6] = 2, [8] = 4, [10] = 8};
    char *end;
    unsigned long long v = strtoull(s, &end, 10);

    if (*s < '0' || *s > '9' || *end != '\0' || (*s == '0' && s[1] != '\0') ||
        (sizes[type] < 8 && v >> (8 * sizes[type]) != 0))
        return 1;
    evtx_put_n(out, v, sizes[type]);
    return type;
}

static inline unsigned evtx_value(const char *name, const struct kura_buf *text,
                                  struct kura_buf *out)
{
    const char *s = text->data;
    unsigned type = 1;

    kura_buf_reset(out);
    if (text->len == 0)
        return 0;
    if (strcmp(name, "EventID") == 0 || strcmp(name, "Task") == 0 ||
        strcmp(name, "EventID_Qualifiers") == 0)
        type = evtx_value_number(s, 6, out);
    else if (strcmp(name, "Version") == 0 || strcmp(name, "Level") == 0 ||
             strcmp(name, "Opcode") == 0)
        type = evtx_value_number(s, 4, out);
    else if (strcmp(name, "EventRecordID") == 0)
        type = evtx_value_number(s, 10, out);
    else if (strcmp(name, "LogonType") == 0 || strcmp(name, "KeyLength") == 0 ||
             strcmp(name, "Execution_ProcessID") == 0 ||
             strcmp(name, "Execution_ThreadID") == 0)
        type = evtx_value_number(s, 8, out);
    else if (strcmp(name, "TimeCreated_SystemTime") == 0)
        type = evtx_value_time(s, out);
    else if (*s == '0')
        type = evtx_value_hex(s, name, out);
    else if (*s == '{')
        type = evtx_value_guid(s, out);
    else if (*s == 'S')
        type = evtx_value_sid(s, out);
    if (type == 1) {
        kura_buf_reset(out);
        (void)evtx_put_text(out, s, text->len);
    }
    return type;
}

/* --- Records ---------------------------------------------------------------
 */

static inline void evtx_chunk_begin(struct evtx_make *m)
{
    static const char zeros[512];

    m->chunk = m->file.len;
    m->nname = m->ntemplate = 0;
    m->first_in_chunk = m->records + 1;
    evtx_put(&m->file, zeros, sizeof(zeros));
}

static inline void evtx_chunk_end(struct evtx_make *m)
{
    size_t c = m->chunk, used = m->file.len - c;
    struct kura_buf *f = &m->file;
    unsigned char summed[504];

    memcpy(f->data + c, "ElfChnk", 8);
    evtx_set_n(f, c + 8, m->first_in_chunk, 8);
    evtx_set_n(f, c + 16, m->records, 8);
    evtx_set_n(f, c + 24, m->first_in_chunk, 8);
    evtx_set_n(f, c + 32, m->records, 8);
    evtx_set_n(f, c + 40, 128, 4);
    evtx_set_n(f, c + 44, m->last_record, 4);
    evtx_set_n(f, c + 48, used, 4);
    evtx_set_n(f, c + 52, kura_crc32(f->data + c + 512, used - 512), 4);
    memcpy(summed, f->data + c, 120);
    memcpy(summed + 120, f->data + c + 128, 384);
    evtx_set_n(f, c + 124, kura_crc32(summed, sizeof(summed)), 4);
    while (f->len - c < EVTX_MAKE_CHUNK)
        evtx_put_n(f, 0, 8);
    m->chunk = 0;
}

static inline void evtx_put_values(struct evtx_make *m, bool event,
                                   size_t *nested_size)
{
    size_t n = event ? EVTX_SYSTEM_VALUES + 1 : m->nvalue, at, i;
    struct kura_buf bytes, *f = &m->file;

    kura_buf_init(&bytes, 1 << 20);
    evtx_put_n(f, n, 4);
    at = f->len;
    for (i = 0; i < n; i++)
        evtx_put_n(f, 0, 4);
    for (i = 0; i < n && !(event && i == EVTX_SYSTEM_VALUES); i++) {
        unsigned type =
            evtx_value(event ? evtx_system_names[i] : m->values[i].name,
                       event ? &m->of_system[i] : &m->values[i].text, &bytes);

        /* Windows has no other empty values in EventData. */
        if (!event && type == 0)
            type = 1;
        EVTX_MUST(bytes.len < 65536);
        evtx_set_n(f, at + 4 * i, bytes.len, 2);
        evtx_set_n(f, at + 4 * i + 2, type, 1);
        evtx_put(f, bytes.len == 0 ? "" : bytes.data, bytes.len);
    }
    if (event)
        *nested_size = at + 4 * EVTX_SYSTEM_VALUES;
    kura_buf_release(&bytes);
}

static inline void evtx_put_record(struct evtx_make *m)
{
    struct kura_buf *f = &m->file;
    size_t start = f->len, nested, inner, i;
    char key[4096];
    int used;

    evtx_put_n(f, 0x2A2A, 4);
    evtx_put_n(f, 0, 4);
    evtx_put_n(f, m->records + 1, 8);
    {
        struct kura_buf time;

        kura_buf_init(&time, 64);
        EVTX_MUST(evtx_value("TimeCreated_SystemTime", &m->of_system[9], &time) ==
                  17);
        evtx_put(f, time.data, 8);
        kura_buf_release(&time);
    }
    evtx_put_instance(m, "event", true);
    evtx_put_values(m, true, &nested);
    if (m->section[0] != '\0') {
        used = snprintf(key, sizeof(key), "%s/%s", m->section, m->inner);
        for (i = 0; i < m->nvalue; i++) {
            used += snprintf(key + used, sizeof(key) - (size_t)used, "|%s",
                             m->values[i].name);
            EVTX_MUST(used > 0 && (size_t)used < sizeof(key));
        }
        inner = f->len;
        evtx_put_instance(m, key, false);
        evtx_put_values(m, false, NULL);
        evtx_set_n(f, nested, f->len - inner, 2);
        evtx_set_n(f, nested + 2, 0x21, 1);
        EVTX_MUST(f->len - inner < 65536);
    }
    while ((f->len - start) % 8 != 4)
        evtx_put_n(f, 0, 1);
    evtx_put_n(f, f->len - start + 4, 4);
    evtx_set_n(f, start + 4, f->len - start, 4);
    m->last_record = (uint32_t)(start - m->chunk);
}

/* Writes the record; where it does not fit, in the next chunk. */
static inline void evtx_make_record(struct evtx_make *m)
{
    size_t before = m->file.len, nname = m->nname, ntemplate = m->ntemplate;
    uint32_t last = m->last_record;
    char tables[384];
    bool open = m->chunk != 0;

    if (open)
        memcpy(tables, m->file.data + m->chunk + 128, sizeof(tables));
    else
        evtx_chunk_begin(m);
    evtx_put_record(m);
    if (m->file.len - m->chunk > EVTX_MAKE_CHUNK) {
        EVTX_MUST(open);
        m->file.len = before;
        memcpy(m->file.data + m->chunk + 128, tables, sizeof(tables));
        m->nname = nname;
        m->ntemplate = ntemplate;
        m->last_record = last;
        evtx_chunk_end(m);
        evtx_chunk_begin(m);
        evtx_put_record(m);
        EVTX_MUST(m->file.len - m->chunk <= EVTX_MAKE_CHUNK);
    }
    m->records++;
}

/* --- XML -------------------------------------------------------------------
 */

static inline void evtx_copy(char *to, size_t size, const char *s)
{
    EVTX_MUST(strlen(s) < size);
    memcpy(to, s, strlen(s) + 1);
}

static inline void evtx_system_set(struct evtx_make *m, const char *element,
                                   const char *attribute, const char *text,
                                   size_t n)
{
    char name[300];
    size_t i;

    (void)snprintf(name, sizeof(name), "%s%s%s", element,
                   attribute[0] != '\0' ? "_" : "", attribute);
    for (i = 0; i < EVTX_SYSTEM_VALUES; i++)
        if (strcmp(name, evtx_system_names[i]) == 0) {
            kura_buf_reset(&m->of_system[i]);
            evtx_put(&m->of_system[i], text, n);
        }
}

static inline void XMLCALL evtx_xml_start(void *arg, const char *name,
                                   const char **attributes)
{
    struct evtx_make *m = arg;
    size_t i;

    kura_buf_reset(&m->text);
    m->leaf = true;
    if (m->depth == 0 && strcmp(name, "Event") != 0)
        return; /* Events */
    m->depth++;
    EVTX_MUST(m->depth <= EVTX_DEPTH_MAX);
    evtx_copy(m->element, sizeof(m->element), name);
    if (m->depth == 1) {
        for (i = 0; i < EVTX_SYSTEM_VALUES; i++)
            kura_buf_reset(&m->of_system[i]);
        m->nvalue = 0;
        m->section[0] = m->inner[0] = '\0';
    }
    if (m->depth == 2) {
        m->in_system = strcmp(name, "System") == 0;
        m->in_data =
            strcmp(name, "EventData") == 0 || strcmp(name, "UserData") == 0;
        if (m->in_data)
            evtx_copy(m->section, sizeof(m->section), name);
    }
    if (m->depth == 3 && strcmp(m->section, "UserData") == 0)
        evtx_copy(m->inner, sizeof(m->inner), name);
    m->has_label = false;
    for (i = 0; attributes[i] != NULL; i += 2) {
        if (m->in_system && m->depth == 3)
            evtx_system_set(m, name, attributes[i], attributes[i + 1],
                            strlen(attributes[i + 1]));
        if (strcmp(attributes[i], "Name") == 0) {
            evtx_copy(m->label, sizeof(m->label), attributes[i + 1]);
            m->has_label = true;
        }
    }
}

static inline void XMLCALL evtx_xml_text(void *arg, const char *text, int n)
{
    evtx_put(&((struct evtx_make *)arg)->text, text, (size_t)n);
}

static inline void evtx_value_add(struct evtx_make *m, const char *name)
{
    struct evtx_make_value *v = &m->values[m->nvalue];

    EVTX_MUST(m->nvalue < EVTX_MAKE_VALUES);
    v->unnamed = strcmp(m->section, "EventData") == 0 && !m->has_label &&
                 strcmp(name, "Data") == 0;
    evtx_copy(v->name, sizeof(v->name), m->has_label ? m->label : name);
    kura_buf_reset(&v->text);
    evtx_put(&v->text, m->text.len == 0 ? "" : m->text.data, m->text.len);
    m->nvalue++;
}

static inline void XMLCALL evtx_xml_end(void *arg, const char *name)
{
    struct evtx_make *m = arg;

    if (m->depth == 0)
        return;
    if (m->leaf && m->in_system && m->depth == 3 && m->text.len != 0)
        evtx_system_set(m, name, "", m->text.data, m->text.len);
    if (m->leaf && m->in_data &&
        m->depth == (strcmp(m->section, "UserData") == 0 ? 4 : 3))
        evtx_value_add(m, name);
    m->leaf = false;
    if (--m->depth == 1)
        m->in_system = m->in_data = false;
    if (m->depth == 0)
        evtx_make_record(m);
    kura_buf_reset(&m->text);
}

/* --- Public ----------------------------------------------------------------
 */

static inline void evtx_make_begin(struct evtx_make *m)
{
    size_t i;

    memset(m, 0, sizeof(*m));
    kura_buf_init(&m->file, (size_t)4 << 30);
    kura_buf_init(&m->text, 1 << 20);
    for (i = 0; i < EVTX_SYSTEM_VALUES; i++)
        kura_buf_init(&m->of_system[i], 1 << 20);
    for (i = 0; i < EVTX_MAKE_VALUES; i++)
        kura_buf_init(&m->values[i].text, 1 << 20);
    for (i = 0; i < 512; i++)
        evtx_put_n(&m->file, 0, 8);
}

/* false: the XML is none, which is said on standard error. */
static inline bool evtx_make_xml(struct evtx_make *m, const char *xml, size_t n)
{
    XML_Parser p = XML_ParserCreate("UTF-8");
    bool good = p != NULL;

    /* A list of events needs one root; what has one already gets another. */
    if (good) {
        XML_SetUserData(p, m);
        XML_SetElementHandler(p, evtx_xml_start, evtx_xml_end);
        XML_SetCharacterDataHandler(p, evtx_xml_text);
        good = XML_Parse(p, "<Events>", 8, 0) == XML_STATUS_OK &&
               XML_Parse(p, xml, (int)n, 0) == XML_STATUS_OK &&
               XML_Parse(p, "</Events>", 9, 1) == XML_STATUS_OK;
        if (!good)
            (void)fprintf(stderr, "line %lu: %s\n",
                          (unsigned long)XML_GetCurrentLineNumber(p),
                          XML_ErrorString(XML_GetErrorCode(p)));
    }
    XML_ParserFree(p);
    return good;
}

static inline void evtx_make_end(struct evtx_make *m)
{
    struct kura_buf *f = &m->file;
    size_t chunks;

    if (m->chunk != 0)
        evtx_chunk_end(m);
    chunks = (f->len - 4096) / EVTX_MAKE_CHUNK;
    memcpy(f->data, "ElfFile", 8);
    evtx_set_n(f, 16, chunks == 0 ? 0 : chunks - 1, 8);
    evtx_set_n(f, 24, m->records + 1, 8);
    evtx_set_n(f, 32, 128, 4);
    evtx_set_n(f, 36, 1, 2);
    evtx_set_n(f, 38, 3, 2);
    evtx_set_n(f, 40, 4096, 2);
    evtx_set_n(f, 42, chunks, 2);
    evtx_set_n(f, 124, kura_crc32(f->data, 120), 4);
}

static inline void evtx_make_release(struct evtx_make *m)
{
    size_t i;

    kura_buf_release(&m->file);
    kura_buf_release(&m->text);
    for (i = 0; i < EVTX_SYSTEM_VALUES; i++)
        kura_buf_release(&m->of_system[i]);
    for (i = 0; i < EVTX_MAKE_VALUES; i++)
        kura_buf_release(&m->values[i].text);
}

#endif
