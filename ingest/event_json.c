/* event_json.c - one Windows event as JSON, in the shapes that are about:
 *
 *   {"Event":{"System":{...},"EventData":{...}}}   evtx_dump and others: the
 * XML
 *   {"winlog":{...},"@timestamp":...}              Winlogbeat 7 and later
 *   {"EventID":4624,"Channel":...,...}             flat: NXLog, Winlogbeat 6,
 *                                                  Logstash, PowerShell
 *
 * Attributes of the XML are "#attributes": {...}, "X_attributes": {...},
 * "@Name" or plain members. */
#include "base/json_read.h"
#include "base/num.h"
#include "base/text.h"
#include "ingest/parse_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_event {
    struct kura_parser *p;
    struct kura_event *e;
    bool exact;
    struct kura_err *err;
};

/* --- Values ----------------------------------------------------------------
 */

static bool json_is_scalar(const struct kura_json *v)
{
    return v->kind != KURA_JSON_ARRAY && v->kind != KURA_JSON_OBJECT &&
           v->kind != KURA_JSON_NULL;
}

static bool name_is(const struct kura_json *v, const char *name)
{
    return v->name != NULL &&
           kura_text_casecmp(v->name, v->name_size, name, strlen(name)) == 0;
}

static bool part_is(const char *s, size_t n, const char *name)
{
    return kura_text_casecmp(s, n, name, strlen(name)) == 0;
}

/* The member of that name, in any case; NULL: none. */
static const struct kura_json *json_member(const struct kura_json *v,
                                           const char *name)
{
    const struct kura_json *m;

    if (v == NULL || v->kind != KURA_JSON_OBJECT)
        return NULL;
    for (m = v->child; m != NULL; m = m->next)
        if (name_is(m, name))
            return m;
    return NULL;
}

static void scalar_text(const struct kura_json *v, const char **text,
                        size_t *size)
{
    *text = v->kind == KURA_JSON_TRUE    ? "true"
            : v->kind == KURA_JSON_FALSE ? "false"
                                         : v->text;
    *size = v->kind == KURA_JSON_TRUE || v->kind == KURA_JSON_FALSE
                ? strlen(*text)
                : v->size;
}

/* A value ends where the reader stood then, a string one quote before; whether
 * it really stands there is compared later. */
static const struct kura_event_place *
scalar_place(const struct json_event *j, const struct kura_json *v,
             struct kura_event_place *place)
{
    size_t end = v->byte - (v->kind == KURA_JSON_STRING ? 1u : 0u), size = 0, i;
    const char *text;

    scalar_text(v, &text, &size);
    place->escape = KURA_ESCAPE_JSON;
    for (i = 0; v->kind == KURA_JSON_STRING && i < v->size; i++)
        size += text[i] == '\0'                             ? 0u
                : strchr("\"\\\b\f\n\r\t", text[i]) != NULL ? 1u
                                                            : 0u;
    if (!j->exact || size > end)
        return NULL;
    place->start = end - size;
    place->end = end;
    return place;
}

static enum kura_rc json_put(struct json_event *j, enum kura_event_part part,
                             const char *name, size_t n,
                             const struct kura_json *v)
{
    struct kura_event_place place;
    const char *text;
    size_t size;

    scalar_text(v, &text, &size);
    return kura_event_add(j->e, part, name, n, text, size,
                          scalar_place(j, v, &place), j->err);
}

/* Flags as a signed decimal number (NXLog) are as hexadecimal elsewhere. */
static enum kura_rc put_keywords(struct json_event *j,
                                 const struct kura_json *v)
{
    char text[24], *end;
    long long n;

    if (v->kind == KURA_JSON_ARRAY)
        v = v->child;
    if (v == NULL || !json_is_scalar(v))
        return KURA_OK;
    if (part_is(v->text, v->size, "Audit Success"))
        (void)snprintf(text, sizeof(text), "0x8020000000000000");
    else if (part_is(v->text, v->size, "Audit Failure"))
        (void)snprintf(text, sizeof(text), "0x8010000000000000");
    else if (v->kind == KURA_JSON_NUMBER &&
             ((void)(n = strtoll(v->text, &end, 10)), *end == '\0'))
        (void)snprintf(text, sizeof(text), "0x%llx", (unsigned long long)n);
    else
        return json_put(j, KURA_EVENT_SYSTEM, "Keywords", 8, v);
    return kura_event_add(j->e, KURA_EVENT_SYSTEM, "Keywords", 8, text,
                          strlen(text), NULL, j->err);
}

/* Seconds or, larger than any of these, milliseconds since 1970; also as
 * PowerShell writes them: "/Date(1447107301123)/". */
static void put_time(struct json_event *j, const struct kura_json *v)
{
    struct kura_event_place place;
    const char *text;
    double n;

    if (v == NULL || !json_is_scalar(v))
        return;
    text = v->text;
    if (v->kind == KURA_JSON_STRING && strncmp(text, "/Date(", 6) == 0)
        text += 6;
    else if (v->kind != KURA_JSON_NUMBER) {
        kura_event_time(j->e, j->p, v->text, v->size,
                        scalar_place(j, v, &place));
        return;
    }
    n = strtod(text, NULL);
    if (n > 1e11)
        n /= 1000;
    if (n > 0 && n < 1e11)
        kura_event_time_is(j->e, (int64_t)(n * 1e6 + 0.5));
}

/* --- EventData -------------------------------------------------------------
 */

static enum kura_rc data_walk(struct json_event *j, const struct kura_json *v,
                              int depth);

/* The name that an element's attributes give it. */
static const struct kura_json *data_name(const struct kura_json *v)
{
    const struct kura_json *m =
        json_member(json_member(v, "#attributes"), "Name");

    if (m == NULL)
        m = json_member(v, "@Name");
    if (m == NULL &&
        (json_member(v, "Value") != NULL || json_member(v, "#text") != NULL))
        m = json_member(v, "Name");
    return m != NULL && json_is_scalar(m) ? m : NULL;
}

static const struct kura_json *data_text(const struct kura_json *v)
{
    const struct kura_json *m = json_member(v, "#text");

    return m != NULL ? m : json_member(v, "Value");
}

static enum kura_rc data_put(struct json_event *j, const char *name, size_t n,
                             const struct kura_json *v, int depth)
{
    const struct kura_json *m;
    struct kura_event_place place;
    const char *text;
    size_t size;
    enum kura_rc rc = KURA_OK;

    if (v->kind == KURA_JSON_ARRAY) {
        for (m = v->child; m != NULL && rc == KURA_OK; m = m->next)
            rc = data_put(j, name, n, m, depth + 1);
        return rc;
    }
    if (v->kind == KURA_JSON_OBJECT) {
        m = data_name(v);
        if (m != NULL)
            return data_text(v) == NULL
                       ? KURA_OK
                       : data_put(j, m->text, m->size, data_text(v), depth + 1);
        m = json_member(v, "#text");
        return m != NULL ? data_put(j, name, n, m, depth + 1)
                         : data_walk(j, v, depth + 1);
    }
    if (!json_is_scalar(v))
        return KURA_OK;
    if (!part_is(name, n, "Data"))
        return json_put(j, KURA_EVENT_DATA, name, n, v);
    scalar_text(v, &text, &size);
    return kura_event_add_unnamed(j->e, text, size, scalar_place(j, v, &place),
                                  j->err);
}

static enum kura_rc data_walk(struct json_event *j, const struct kura_json *v,
                              int depth)
{
    const struct kura_json *m;
    enum kura_rc rc = KURA_OK;
    size_t n;

    if (v->kind == KURA_JSON_ARRAY)
        return data_put(j, "Data", 4, v, depth);
    if (v->kind != KURA_JSON_OBJECT)
        return KURA_OK;
    for (m = v->child; m != NULL && rc == KURA_OK; m = m->next) {
        n = m->name_size;
        if (n == 0 || m->name[0] == '@' || name_is(m, "#attributes") ||
            name_is(m, "xmlns") ||
            (n > 11 && memcmp(m->name + n - 11, "_attributes", 11) == 0))
            continue;
        rc = data_put(j, m->name, n, m, depth);
    }
    return rc;
}

/* --- System, as in the XML -------------------------------------------------
 */

static enum kura_rc system_put(struct json_event *j, const char *name, size_t n,
                               const struct kura_json *v)
{
    if (part_is(name, n, "TimeCreated") ||
        part_is(name, n, "TimeCreated_SystemTime")) {
        put_time(j, v);
        return KURA_OK;
    }
    if (part_is(name, n, "Keywords"))
        return put_keywords(j, v);
    return json_is_scalar(v) ? json_put(j, KURA_EVENT_SYSTEM, name, n, v)
                             : KURA_OK;
}

/* An element with attributes: Provider_Name, EventID_Qualifiers ... */
static enum kura_rc system_attributes(struct json_event *j, const char *name,
                                      size_t n, const struct kura_json *v)
{
    const struct kura_json *m;
    enum kura_rc rc = KURA_OK;
    char joined[256];
    int size;

    for (m = v->child; m != NULL && rc == KURA_OK; m = m->next) {
        const char *part = m->name;
        size_t k = m->name_size;

        if (name_is(m, "#attributes")) {
            rc = system_attributes(j, name, n, m);
            continue;
        }
        if (name_is(m, "#text") || name_is(m, "Value")) {
            rc = system_put(j, name, n, m);
            continue;
        }
        if (k != 0 && *part == '@') {
            part++;
            k--;
        }
        size = snprintf(joined, sizeof(joined), "%.*s_%.*s", (int)n, name,
                        (int)k, part);
        if (size > 0 && (size_t)size < sizeof(joined) && json_is_scalar(m) &&
            !part_is(part, k, "xmlns"))
            rc = system_put(j, joined, (size_t)size, m);
    }
    return rc;
}

static enum kura_rc system_walk(struct json_event *j, const struct kura_json *v)
{
    const struct kura_json *m;
    enum kura_rc rc = KURA_OK;
    size_t n;

    for (m = v->child; m != NULL && rc == KURA_OK; m = m->next) {
        n = m->name_size;
        if (n > 11 && memcmp(m->name + n - 11, "_attributes", 11) == 0)
            n -= 11;
        if (m->kind == KURA_JSON_OBJECT)
            rc = system_attributes(j, m->name, n, m);
        else
            rc = system_put(j, m->name, n, m);
    }
    return rc;
}

static enum kura_rc event_walk(struct json_event *j, const struct kura_json *ev)
{
    static const char *const parts[] = {"EventData", "UserData"};
    const struct kura_json *m;
    enum kura_rc rc = system_walk(j, json_member(ev, "System"));
    size_t i;

    for (i = 0; i < 2 && rc == KURA_OK; i++) {
        m = json_member(ev, parts[i]);
        if (m != NULL)
            rc = data_walk(j, m, 0);
    }
    m = json_member(json_member(ev, "RenderingInfo"), "Message");
    if (m == NULL)
        m = json_member(ev, "Message");
    if (rc == KURA_OK && m != NULL && json_is_scalar(m))
        rc = json_put(j, KURA_EVENT_DATA, "Message", 7, m);
    return rc;
}

/* --- Flat, and Winlogbeat --------------------------------------------------
 */

struct json_alias {
    const char *name, *column;
};

/* What flat shapes call the values of System; in this case only where two
 * differ by nothing else (ProcessId is a value of EventData). */
static const struct json_alias flat_aliases[] = {
    {"EventID", "EventID"},
    {"event_id", "EventID"},
    {"Id", "EventID"},
    {"Channel", "Channel"},
    {"LogName", "Channel"},
    {"log_name", "Channel"},
    {"Computer", "Computer"},
    {"ComputerName", "Computer"},
    {"computer_name", "Computer"},
    {"Hostname", "Computer"},
    {"MachineName", "Computer"},
    {"EventRecordID", "EventRecordID"},
    {"RecordNumber", "EventRecordID"},
    {"record_number", "EventRecordID"},
    {"record_id", "EventRecordID"},
    {"RecordId", "EventRecordID"},
    {"Provider_Name", "Provider_Name"},
    {"ProviderName", "Provider_Name"},
    {"provider_name", "Provider_Name"},
    {"Provider", "Provider_Name"},
    {"SourceName", "Provider_Name"},
    {"source_name", "Provider_Name"},
    {"Provider_Guid", "Provider_Guid"},
    {"ProviderGuid", "Provider_Guid"},
    {"provider_guid", "Provider_Guid"},
    {"ProviderId", "Provider_Guid"},
    {"Level", "Level"},
    {"Task", "Task"},
    {"OpcodeValue", "Opcode"},
    {"Opcode", "Opcode"},
    {"Keywords", "Keywords"},
    {"Version", "Version"},
    {"ActivityID", "Correlation_ActivityID"},
    {"activity_id", "Correlation_ActivityID"},
    {"Correlation_ActivityID", "Correlation_ActivityID"},
    {"ExecutionProcessID", "Execution_ProcessID"},
    {"Execution_ProcessID", "Execution_ProcessID"},
    {"process_id", "Execution_ProcessID"},
    {"ExecutionThreadID", "Execution_ThreadID"},
    {"Execution_ThreadID", "Execution_ThreadID"},
    {"thread_id", "Execution_ThreadID"},
    {"UserID", "Security_UserID"},
    {"Security_UserID", "Security_UserID"}};

static const char *const flat_times[] = {"SystemTime", "TimeCreated",
                                         "EventTime",  "@timestamp",
                                         "timestamp",  "time"};

static bool name_is_exactly(const struct kura_json *m, const char *name)
{
    return m->name_size == strlen(name) &&
           memcmp(m->name, name, m->name_size) == 0;
}

static const char *flat_column(const struct kura_json *m)
{
    size_t i;

    /* NXLog: the process that wrote the event is a number. */
    if (m->kind == KURA_JSON_NUMBER && name_is_exactly(m, "ProcessID"))
        return "Execution_ProcessID";
    if (m->kind == KURA_JSON_NUMBER && name_is_exactly(m, "ThreadID"))
        return "Execution_ThreadID";
    for (i = 0; i < sizeof(flat_aliases) / sizeof(flat_aliases[0]); i++)
        if (name_is(m, flat_aliases[i].name))
            return flat_aliases[i].column;
    return NULL;
}

static bool flat_is_time(const struct kura_json *m)
{
    size_t i;

    for (i = 0; i < sizeof(flat_times) / sizeof(flat_times[0]); i++)
        if (name_is(m, flat_times[i]))
            return true;
    return false;
}

static enum kura_rc flat_put(struct json_event *j, const struct kura_json *m)
{
    const char *column = flat_column(m);

    if (column != NULL && strcmp(column, "Keywords") == 0)
        return put_keywords(j, m);
    if (!json_is_scalar(m))
        return KURA_OK;
    if (name_is(m, "message"))
        return json_put(j, KURA_EVENT_DATA, "Message", 7, m);
    if (column != NULL &&
        !kura_event_has(j->e, kura_event_column(j->e, KURA_EVENT_SYSTEM, column,
                                                strlen(column))))
        return json_put(j, KURA_EVENT_SYSTEM, column, strlen(column), m);
    return json_put(j, KURA_EVENT_DATA, m->name, m->name_size, m);
}

static enum kura_rc flat_walk(struct json_event *j, const struct kura_json *v)
{
    const struct kura_json *m;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < sizeof(flat_times) / sizeof(flat_times[0]); i++)
        put_time(j, json_member(v, flat_times[i]));
    for (m = v->child; m != NULL && rc == KURA_OK; m = m->next) {
        if (m->name_size == 0 || m->name[0] == '@' || flat_is_time(m))
            continue;
        if (name_is(m, "event_data") || name_is(m, "EventData") ||
            name_is(m, "user_data") || name_is(m, "UserData"))
            rc = data_walk(j, m, 0);
        /* Get-WinEvent's list; NXLog's text is that of a 4662. */
        else if (name_is(m, "Properties") && !json_is_scalar(m))
            rc = data_put(j, "Data", 4, m, 0);
        else
            rc = flat_put(j, m);
    }
    return rc;
}

static enum kura_rc winlog_walk(struct json_event *j,
                                const struct kura_json *root,
                                const struct kura_json *winlog)
{
    const struct kura_json *m,
        *code = json_member(json_member(root, "event"), "code");
    enum kura_rc rc = KURA_OK;

    put_time(j, json_member(root, "@timestamp"));
    for (m = winlog->child; m != NULL && rc == KURA_OK; m = m->next) {
        if (name_is(m, "event_data") || name_is(m, "user_data"))
            rc = data_walk(j, m, 0);
        else if (name_is(m, "keywords"))
            rc = put_keywords(j, m);
        else if (name_is(m, "process") && json_member(m, "pid") != NULL)
            rc =
                system_put(j, "Execution_ProcessID", 19, json_member(m, "pid"));
        else if (name_is(m, "user") && json_member(m, "identifier") != NULL)
            rc = system_put(j, "Security_UserID", 15,
                            json_member(m, "identifier"));
        else if (json_is_scalar(m) && !name_is(m, "api"))
            rc = flat_put(j, m);
        if (rc == KURA_OK && name_is(m, "process") &&
            json_member(json_member(m, "thread"), "id") != NULL)
            rc = system_put(j, "Execution_ThreadID", 18,
                            json_member(json_member(m, "thread"), "id"));
    }
    if (rc == KURA_OK && code != NULL &&
        !kura_event_has(
            j->e, kura_event_column(j->e, KURA_EVENT_SYSTEM, "EventID", 7)))
        rc = system_put(j, "EventID", 7, code);
    m = json_member(root, "message");
    if (rc == KURA_OK && m != NULL && json_is_scalar(m))
        rc = json_put(j, KURA_EVENT_DATA, "Message", 7, m);
    return rc;
}

/* --- Public ----------------------------------------------------------------
 */

/* The object behind what may stand before it (syslog's header, a bracket): a
 * brace before a quote, as in record.c. */
static const char *object_find(const struct kura_parse_work *w, size_t *size)
{
    const char *at = w->line, *end = w->line + w->size, *next;

    while (end > at && end[-1] != '}')
        end--;
    while ((at = memchr(at, '{', (size_t)(end - at))) != NULL) {
        for (next = at + 1;
             next < end && strchr(" \t\r\n", *next) != NULL && *next != '\0';
             next++)
            continue;
        if (next < end && (*next == '"' || *next == '}'))
            break;
        at++;
    }
    *size = at == NULL ? 0 : (size_t)(end - at);
    return at;
}

static enum kura_rc root_walk(struct json_event *j,
                              const struct kura_json *root)
{
    const struct kura_json *m = json_member(root, "Event");

    if (m != NULL && json_member(m, "System") != NULL)
        return event_walk(j, m);
    m = json_member(root, "System");
    if (m != NULL && m->kind == KURA_JSON_OBJECT)
        return event_walk(j, root);
    m = json_member(root, "winlog");
    if (m != NULL && m->kind == KURA_JSON_OBJECT)
        return winlog_walk(j, root, m);
    return flat_walk(j, root);
}

enum kura_rc kura_event_json_read(struct kura_parser *p,
                                  const struct kura_parse_work *w, bool exact,
                                  const char **why, struct kura_err *err)
{
    struct json_event j = {p, p->event, exact, err};
    const struct kura_json *root;
    struct kura_err cause = KURA_ERR_INIT;
    const char *at;
    size_t size = 0;
    enum kura_rc rc;

    at = object_find(w, &size);
    if (at == NULL) {
        *why = "no event in it";
        return KURA_OK;
    }
    rc = kura_json_read(p->json, at, size, &root, &cause);
    if (rc == KURA_EINPUT) {
        *why = "not valid JSON";
        return KURA_OK;
    }
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", cause.msg);
    if (root->kind != KURA_JSON_OBJECT) {
        *why = "no event in it";
        return KURA_OK;
    }
    kura_event_shift(p->event, (size_t)(at - w->line));
    return root_walk(&j, root);
}
