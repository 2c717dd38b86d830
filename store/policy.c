/* policy.c - reads retention: and archive: of kura.yaml. */
#include "store/policy.h"

#include "base/clock.h"
#include "base/num.h"

#include <string.h>

#define LATENESS_DEFAULT 2
#define ONLINE_DEFAULT_MONTHS 3
#define LEVEL_DEFAULT 9
#define LEVEL_MAX 19
#define NUMBER_MAX 36500 /* a hundred years of days */

static const char *const policy_retention[] = {"lateness", "online", "keep",
                                               "force",    "tables", NULL};
static const char *const policy_table[] = {"online", "keep", "force", NULL};
static const char *const policy_archive[] = {"destinations", "level", "sign",
                                             "verify", NULL};

/* --- Periods ----------------------------------------------------------- */

enum kura_rc kura_period_parse(const char *text, struct kura_period *out,
                               struct kura_err *err)
{
    struct kura_period p = {0, 0};
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    int64_t n = 0;

    if (strcmp(text, "forever") == 0) {
        *out = p;
        return KURA_OK;
    }
    if (digits == 0 || !kura_num_parse(text, digits, &n) || n < 1 ||
        n > NUMBER_MAX)
        goto bad;
    if (strcmp(unit, "d") == 0)
        p.days = (int)n;
    else if (strcmp(unit, "w") == 0)
        p.days = 7 * (int)n;
    else if (strcmp(unit, "mo") == 0)
        p.months = (int)n;
    else if (strcmp(unit, "y") == 0)
        p.months = 12 * (int)n;
    else
        goto bad;
    *out = p;
    return KURA_OK;
bad:
    return kura_err_set(err, KURA_EINPUT,
                        "'%s' is no period such as 10d, 2w, 3mo, 1y or forever",
                        text);
}

bool kura_period_is_forever(const struct kura_period *p)
{
    return p->months == 0 && p->days == 0;
}

int64_t kura_period_before(const struct kura_period *p, int64_t day)
{
    int year, month, date;
    int64_t first, last;

    if (p->months == 0)
        return day - p->days;
    kura_civil_from_days(day, &year, &month, &date);
    year -= p->months / 12;
    month -= p->months % 12;
    if (month < 1) {
        month += 12;
        year--;
    }
    first = kura_days_from_civil(year, month, 1);
    last = kura_days_from_civil(month == 12 ? year + 1 : year,
                                month == 12 ? 1 : month + 1, 1) -
           1;
    return first + date - 1 > last ? last : first + date - 1;
}

/* --- kura.yaml --------------------------------------------------------- */

/* A policy while it is read. */
struct reader {
    const struct kura_config *config;
    struct kura_policy *policy;
    struct kura_err *err;
};

static enum kura_rc reader_fail(const struct reader *r,
                                const struct kura_node *at, const char *what)
{
    return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: %s",
                        kura_config_name(r->config), kura_node_line(at), what);
}

/* A text; *out stays what it was when the key is missing or empty. */
static enum kura_rc reader_text(const struct reader *r,
                                const struct kura_node *map, const char *key,
                                const char **out)
{
    const struct kura_node *n = kura_node_get(map, key);

    if (n == NULL || kura_node_is_null(n))
        return KURA_OK;
    if (kura_node_text(n) == NULL ||
        strlen(kura_node_text(n)) != kura_node_text_size(n))
        return reader_fail(r, n, "a text is expected here");
    *out = kura_node_text(n);
    return KURA_OK;
}

static enum kura_rc reader_period(const struct reader *r,
                                  const struct kura_node *map, const char *key,
                                  struct kura_period *out)
{
    struct kura_err cause = KURA_ERR_INIT;
    const char *text = NULL;
    enum kura_rc rc = reader_text(r, map, key, &text);

    if (rc != KURA_OK || text == NULL)
        return rc;
    if (kura_period_parse(text, out, &cause) != KURA_OK)
        rc = reader_fail(r, kura_node_get(map, key), cause.msg);
    return rc;
}

/* A year at least is what keeping logs is for. */
static enum kura_rc reader_keep(const struct reader *r,
                                const struct kura_node *map,
                                struct kura_period *keep)
{
    const char *force = "false", *written = NULL;
    enum kura_rc rc = reader_text(r, map, "keep", &written);

    if (rc == KURA_OK)
        rc = reader_period(r, map, "keep", keep);
    if (rc == KURA_OK)
        rc = reader_text(r, map, "force", &force);
    if (rc == KURA_OK && strcmp(force, "true") != 0 &&
        strcmp(force, "false") != 0)
        rc = reader_fail(r, kura_node_get(map, "force"),
                         "'force' is true or false");
    /* What a table takes over from above was checked there. */
    if (rc != KURA_OK || written == NULL || kura_period_is_forever(keep) ||
        strcmp(force, "true") == 0 || keep->months >= 12 || keep->days >= 365)
        return rc;
    rc = reader_fail(r, kura_node_get(map, "keep"),
                     "logs would be kept for less than a year");
    kura_err_hint(r->err, "attacks are often found after many months; "
                          "put 'force: true' beside it if it must be");
    return rc;
}

static enum kura_rc reader_keys(const struct reader *r,
                                const struct kura_node *map,
                                const char *const *known)
{
    size_t i, k;

    if (kura_node_kind(map) != KURA_NODE_MAP)
        return reader_fail(r, map, "keys with values are expected here");
    for (i = 0; i < kura_node_count(map); i++) {
        for (k = 0; known[k] != NULL; k++)
            if (strcmp(known[k], kura_node_key(map, i)) == 0)
                break;
        if (known[k] == NULL)
            return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: unknown key '%s'",
                                kura_config_name(r->config),
                                kura_node_key_line(map, i),
                                kura_node_key(map, i));
    }
    return KURA_OK;
}

static int table_index(const char *name)
{
    int i;

    for (i = 0; i < kura_schema_count(); i++)
        if (strcmp(kura_schema_at(i)->name, name) == 0)
            return i;
    return -1;
}

static enum kura_rc reader_table(const struct reader *r,
                                 const struct kura_node *tables, size_t at)
{
    const struct kura_node *map = kura_node_at(tables, at);
    int i = table_index(kura_node_key(tables, at));
    enum kura_rc rc;

    if (i < 0)
        return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: no table '%s'",
                            kura_config_name(r->config),
                            kura_node_key_line(tables, at),
                            kura_node_key(tables, at));
    rc = reader_keys(r, map, policy_table);
    if (rc == KURA_OK)
        rc = reader_period(r, map, "online", &r->policy->online[i]);
    if (rc == KURA_OK)
        rc = reader_keep(r, map, &r->policy->keep[i]);
    return rc;
}

static enum kura_rc reader_lateness(const struct reader *r,
                                    const struct kura_node *map)
{
    struct kura_period p = {0, r->policy->lateness_days};
    enum kura_rc rc = reader_period(r, map, "lateness", &p);

    if (rc == KURA_OK && (p.months != 0 || p.days < 1))
        rc = reader_fail(r, kura_node_get(map, "lateness"),
                         "'lateness' is a number of days such as 2d");
    r->policy->lateness_days = p.days;
    return rc;
}

static enum kura_rc reader_retention(const struct reader *r,
                                     const struct kura_node *map)
{
    const struct kura_node *tables = kura_node_get(map, "tables");
    struct kura_period online = r->policy->online[0], keep = {0, 0};
    enum kura_rc rc;
    size_t i;

    rc = reader_keys(r, map, policy_retention);
    if (rc == KURA_OK)
        rc = reader_lateness(r, map);
    if (rc == KURA_OK)
        rc = reader_period(r, map, "online", &online);
    if (rc == KURA_OK)
        rc = reader_keep(r, map, &keep);
    for (i = 0; i < KURA_POLICY_TABLES; i++) {
        r->policy->online[i] = online;
        r->policy->keep[i] = keep;
    }
    if (rc != KURA_OK || tables == NULL || kura_node_is_null(tables))
        return rc;
    if (kura_node_kind(tables) != KURA_NODE_MAP)
        return reader_fail(r, tables, "tables with their periods go here");
    for (i = 0; rc == KURA_OK && i < kura_node_count(tables); i++)
        rc = reader_table(r, tables, i);
    return rc;
}

static enum kura_rc reader_destinations(const struct reader *r,
                                        const struct kura_node *list)
{
    size_t i, k, n;

    if (list == NULL || kura_node_is_null(list))
        return KURA_OK;
    n = kura_node_count(list);
    if (kura_node_kind(list) != KURA_NODE_LIST || n == 0 ||
        n > KURA_DESTINATIONS_MAX)
        return reader_fail(r, list,
                           "'destinations' is a list of 1 to 8 directories");
    for (i = 0; i < n; i++) {
        const char *text = kura_node_text(kura_node_at(list, i));

        if (text == NULL || *text == '\0')
            return reader_fail(r, kura_node_at(list, i),
                               "a directory is expected here");
        for (k = 0; k < i; k++)
            if (strcmp(r->policy->destinations[k], text) == 0)
                return reader_fail(r, kura_node_at(list, i),
                                   "this destination is named twice");
        r->policy->destinations[i] = text;
    }
    r->policy->destination_count = (int)n;
    return KURA_OK;
}

static enum kura_rc reader_archive(const struct reader *r,
                                   const struct kura_node *map)
{
    const char *level = NULL;
    int64_t n = LEVEL_DEFAULT;
    enum kura_rc rc;

    rc = reader_keys(r, map, policy_archive);
    if (rc == KURA_OK)
        rc = reader_destinations(r, kura_node_get(map, "destinations"));
    if (rc == KURA_OK)
        rc = reader_text(r, map, "level", &level);
    if (rc == KURA_OK && level != NULL &&
        (!kura_num_parse(level, strlen(level), &n) || n < 1 || n > LEVEL_MAX))
        rc = reader_fail(r, kura_node_get(map, "level"),
                         "'level' is a number from 1 to 19");
    r->policy->level = (int)n;
    if (rc == KURA_OK)
        rc = reader_text(r, map, "sign", &r->policy->sign);
    if (rc == KURA_OK)
        rc = reader_text(r, map, "verify", &r->policy->verify);
    return rc;
}

enum kura_rc kura_policy_read(const struct kura_config *config,
                              struct kura_policy *out, struct kura_err *err)
{
    const struct kura_node *root =
        config == NULL ? NULL : kura_config_root(config);
    const struct kura_node *part;
    struct kura_policy p;
    struct reader r = {config, &p, err};
    enum kura_rc rc = KURA_OK;
    int i;

    memset(&p, 0, sizeof(p));
    p.lateness_days = LATENESS_DEFAULT;
    p.level = LEVEL_DEFAULT;
    p.destinations[0] = "archive";
    p.destination_count = 1;
    for (i = 0; i < KURA_POLICY_TABLES; i++)
        p.online[i].months = ONLINE_DEFAULT_MONTHS;
    part = kura_node_get(root, "retention");
    if (part != NULL && !kura_node_is_null(part))
        rc = reader_retention(&r, part);
    part = kura_node_get(root, "archive");
    if (rc == KURA_OK && part != NULL && !kura_node_is_null(part))
        rc = reader_archive(&r, part);
    if (rc == KURA_OK)
        *out = p;
    return rc;
}
