#include "query/report_plan.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_TIMEOUT 600
#define PLAN_DAYS_MAX 36600

static const char *const output_words[] = {"html", "md", "json", "csv",
                                           "timeline"};
static const char *const output_suffixes[] = {".html", ".md", ".json", ".csv",
                                              "-timeline.csv"};
static const char *const plan_keys[] = {
    "name",    "title",  "hunts",    "tag",     "all",     "period", "language",
    "outputs", "folder", "archived", "timeout", "deliver", NULL};

const char *kura_report_output_word(int output)
{
    return output >= 0 && output < KURA_REPORT_OUTPUTS ? output_words[output]
                                                       : NULL;
}

const char *kura_report_output_suffix(int output)
{
    return output_suffixes[output];
}

/* --- Reading ------------------------------------------------------------ */

struct reader {
    const struct kura_config *config;
    struct kura_err *err;
};

static enum kura_rc reader_fail(const struct reader *r,
                                const struct kura_node *at, const char *what)
{
    return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: %s",
                        kura_config_name(r->config), kura_node_line(at), what);
}

/* *out stays what it was when the key is not there. */
static enum kura_rc take_text(const struct reader *r,
                              const struct kura_node *map, const char *key,
                              const char **out)
{
    const struct kura_node *n = kura_node_get(map, key);

    if (n == NULL || kura_node_is_null(n))
        return KURA_OK;
    if (kura_node_text(n) == NULL || *kura_node_text(n) == '\0')
        return reader_fail(r, n, "a text is expected here");
    *out = kura_node_text(n);
    return KURA_OK;
}

static enum kura_rc take_flag(const struct reader *r,
                              const struct kura_node *map, const char *key,
                              bool *out)
{
    const char *text = NULL;
    enum kura_rc rc = take_text(r, map, key, &text);

    if (rc != KURA_OK || text == NULL)
        return rc;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return reader_fail(r, kura_node_get(map, key),
                           "true or false is expected here");
    *out = strcmp(text, "true") == 0;
    return KURA_OK;
}

static enum kura_rc check_keys(const struct reader *r,
                               const struct kura_node *map)
{
    size_t i, k;

    if (kura_node_kind(map) != KURA_NODE_MAP)
        return reader_fail(r, map, "a report is keys with values");
    for (i = 0; i < kura_node_count(map); i++) {
        for (k = 0; plan_keys[k] != NULL; k++)
            if (strcmp(plan_keys[k], kura_node_key(map, i)) == 0)
                break;
        if (plan_keys[k] == NULL)
            return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: unknown key '%s'",
                                kura_config_name(r->config),
                                kura_node_key_line(map, i),
                                kura_node_key(map, i));
    }
    return KURA_OK;
}

/* Becomes part of a file name. */
static bool name_is_good(const char *name)
{
    return *name != '\0' && *name != '-' && strlen(name) <= 64 &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static enum kura_rc take_hunts(const struct reader *r,
                               const struct kura_node *map,
                               struct kura_report_plan *p)
{
    const struct kura_node *list = kura_node_get(map, "hunts");
    size_t i;

    if (list == NULL || kura_node_is_null(list))
        return KURA_OK;
    if (kura_node_kind(list) != KURA_NODE_LIST || kura_node_count(list) == 0 ||
        kura_node_count(list) > KURA_REPORT_HUNTS)
        return reader_fail(r, list,
                           "a list of names of hunts is expected here");
    for (i = 0; i < kura_node_count(list); i++) {
        const char *text = kura_node_text(kura_node_at(list, i));

        if (text == NULL)
            return reader_fail(r, kura_node_at(list, i),
                               "the name of a hunt is expected here");
        p->hunts[p->hunt_count++] = text;
    }
    return KURA_OK;
}

static enum kura_rc take_outputs(const struct reader *r,
                                 const struct kura_node *map,
                                 struct kura_report_plan *p)
{
    const struct kura_node *list = kura_node_get(map, "outputs");
    size_t i;
    int k;

    if (list == NULL || kura_node_is_null(list)) {
        p->outputs[KURA_REPORT_HTML] = true;
        return KURA_OK;
    }
    if (kura_node_kind(list) != KURA_NODE_LIST || kura_node_count(list) == 0)
        return reader_fail(r, list,
                           "a list of html, md, json, csv, timeline is "
                           "expected here");
    for (i = 0; i < kura_node_count(list); i++) {
        const char *text = kura_node_text(kura_node_at(list, i));

        for (k = 0; k < KURA_REPORT_OUTPUTS; k++)
            if (text != NULL && strcmp(output_words[k], text) == 0)
                break;
        if (k == KURA_REPORT_OUTPUTS)
            return reader_fail(r, kura_node_at(list, i),
                               "html, md, json, csv or timeline is expected "
                               "here");
        p->outputs[k] = true;
    }
    return KURA_OK;
}

static enum kura_rc take_language(const struct reader *r,
                                  const struct kura_node *map,
                                  struct kura_report_plan *p)
{
    const char *text = "en";
    enum kura_rc rc = take_text(r, map, "language", &text);

    if (rc != KURA_OK)
        return rc;
    if (strcmp(text, "en") != 0 && strcmp(text, "ja") != 0)
        return reader_fail(r, kura_node_get(map, "language"),
                           "'language' is en or ja");
    p->language = strcmp(text, "ja") == 0 ? KURA_JAPANESE : KURA_ENGLISH;
    return KURA_OK;
}

static enum kura_rc take_timeout(const struct reader *r,
                                 const struct kura_node *map,
                                 struct kura_report_plan *p)
{
    const char *text = NULL;
    enum kura_rc rc = take_text(r, map, "timeout", &text);

    p->timeout_s = PLAN_TIMEOUT;
    if (rc != KURA_OK || text == NULL)
        return rc;
    if (!kura_num_parse(text, strlen(text), &p->timeout_s) ||
        p->timeout_s < 1 || p->timeout_s > 86400)
        return reader_fail(r, kura_node_get(map, "timeout"),
                           "'timeout' is a number of seconds up to 86400");
    return KURA_OK;
}

static enum kura_rc check_period(const struct reader *r,
                                 const struct kura_node *map,
                                 const struct kura_report_plan *p)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_zone *zone = NULL;
    int64_t from, to;
    enum kura_rc rc = kura_zone_new("UTC", &zone, r->err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_report_period(p->period, zone, kura_clock_now(), &from, &to,
                            &cause);
    kura_zone_free(zone);
    return rc == KURA_OK
               ? KURA_OK
               : reader_fail(r, kura_node_get(map, "period"), cause.msg);
}

static enum kura_rc plan_read(const struct reader *r,
                              const struct kura_node *map,
                              struct kura_report_plan *p)
{
    enum kura_rc rc = check_keys(r, map);

    memset(p, 0, sizeof(*p));
    p->period = "yesterday";
    p->folder = "reports";
    if (rc == KURA_OK)
        rc = take_text(r, map, "name", &p->name);
    if (rc == KURA_OK && (p->name == NULL || !name_is_good(p->name)))
        rc = reader_fail(r, map,
                         "a report has a name of letters, digits, - "
                         "and _");
    if (rc == KURA_OK) {
        p->title = p->name;
        rc = take_text(r, map, "title", &p->title);
    }
    if (rc == KURA_OK)
        rc = take_hunts(r, map, p);
    if (rc == KURA_OK)
        rc = take_text(r, map, "tag", &p->tag);
    if (rc == KURA_OK)
        rc = take_flag(r, map, "all", &p->all);
    if (rc == KURA_OK && p->hunt_count == 0 && p->tag == NULL)
        p->all = true;
    if (rc == KURA_OK)
        rc = take_text(r, map, "period", &p->period);
    if (rc == KURA_OK)
        rc = check_period(r, map, p);
    if (rc == KURA_OK)
        rc = take_language(r, map, p);
    if (rc == KURA_OK)
        rc = take_outputs(r, map, p);
    if (rc == KURA_OK)
        rc = take_text(r, map, "folder", &p->folder);
    if (rc == KURA_OK)
        rc = take_flag(r, map, "archived", &p->archived);
    if (rc == KURA_OK)
        rc = take_timeout(r, map, p);
    if (rc == KURA_OK)
        rc = take_text(r, map, "deliver", &p->deliver);
    return rc;
}

enum kura_rc kura_report_plan_list(const struct kura_config *config,
                                   struct kura_report_plan **out, size_t *count,
                                   struct kura_err *err)
{
    const struct reader r = {config, err};
    const struct kura_node *list =
        config == NULL ? NULL
                       : kura_node_get(kura_config_root(config), "reports");
    struct kura_report_plan *plans;
    enum kura_rc rc = KURA_OK;
    size_t i, k, n;

    *out = NULL;
    *count = 0;
    if (list == NULL || kura_node_is_null(list))
        return KURA_OK;
    if (kura_node_kind(list) != KURA_NODE_LIST)
        return reader_fail(&r, list, "'reports' is a list");
    n = kura_node_count(list);
    plans = calloc(n + 1, sizeof(*plans));
    if (plans == NULL)
        return kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        rc = plan_read(&r, kura_node_at(list, i), &plans[i]);
        for (k = 0; rc == KURA_OK && k < i; k++)
            if (strcmp(plans[k].name, plans[i].name) == 0)
                rc = reader_fail(&r, kura_node_at(list, i),
                                 "two reports have this name");
    }
    if (rc != KURA_OK) {
        free(plans);
        return rc;
    }
    *out = plans;
    *count = n;
    return KURA_OK;
}

enum kura_rc kura_report_plan_find(const struct kura_config *config,
                                   const char *name,
                                   struct kura_report_plan *out,
                                   struct kura_err *err)
{
    struct kura_report_plan *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_report_plan_list(config, &list, &count, err);

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < count && strcmp(list[i].name, name) != 0; i++)
        ;
    if (i < count)
        *out = list[i];
    else
        rc = kura_err_set(err, KURA_ENOTFOUND, "kura.yaml has no report '%s'",
                          name);
    if (rc != KURA_OK && count == 0)
        kura_err_hint(err, "it lists none: add 'reports:', see 'man kura'");
    else if (rc != KURA_OK)
        kura_err_hint(err, "the first one that it has is '%s'", list[0].name);
    free(list);
    return rc;
}

/* --- Periods -------------------------------------------------------------- */

/* The first day of the week (Monday), month, quarter or year that holds `day`,
 * `back` of them before it. */
static bool unit_begin(const char *unit, int64_t day, int back, int64_t *out)
{
    int year, month, date;

    if (strcmp(unit, "week") == 0) {
        /* 1970-01-01 was a Thursday. */
        *out = day - (((day + 3) % 7) + 7) % 7 - 7 * back;
        return true;
    }
    kura_civil_from_days(day, &year, &month, &date);
    if (strcmp(unit, "year") == 0) {
        *out = kura_days_from_civil(year - back, 1, 1);
        return true;
    }
    if (strcmp(unit, "quarter") == 0) {
        month = (month - 1) / 3 * 3 + 1;
        back *= 3;
    } else if (strcmp(unit, "month") != 0) {
        return false;
    }
    month -= back;
    while (month < 1) {
        month += 12;
        year--;
    }
    *out = kura_days_from_civil(year, month, 1);
    return true;
}

static bool last_days(const char *text, int64_t *days)
{
    size_t digits = strspn(text, "0123456789");

    return digits != 0 && strcmp(text + digits, " days") == 0 &&
           kura_num_parse(text, digits, days) && *days >= 1 &&
           *days <= PLAN_DAYS_MAX;
}

enum kura_rc kura_report_period(const char *text, const struct kura_zone *zone,
                                int64_t now_us, int64_t *from, int64_t *to,
                                struct kura_err *err)
{
    int64_t today = kura_zone_day(zone, now_us);
    int64_t first, last = today, days;

    if (strncmp(text, "last ", 5) != 0)
        return kura_range_parse(text, zone, now_us, from, to, err);
    if (last_days(text + 5, &days))
        first = today - days;
    else if (!unit_begin(text + 5, today, 1, &first) ||
             !unit_begin(text + 5, today, 0, &last))
        return kura_err_set(err, KURA_EINPUT,
                            "'%s' is no period: 'last 7 days', 'last week', "
                            "'last month', 'last quarter', 'last year'",
                            text);
    *from = kura_zone_to_utc(zone, first * KURA_DAY);
    *to = kura_zone_to_utc(zone, last * KURA_DAY);
    return KURA_OK;
}
