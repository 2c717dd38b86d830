/* site.c - the tables of a site, and its answers. */
#include "query/site.h"

#include "base/text.h"
#include "query/site_internal.h"
#include "store/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* --- The tables -------------------------------------------------------- */

#define FROM_TO                                                                \
    {"from_minute", true, "from this minute of the day"},                      \
    {                                                                          \
        "to_minute", true, "up to, without, this minute of the day"            \
    }

const struct kura_site_table *kura_site_table(enum kura_site_part part)
{
    static const struct kura_site_table tables[KURA_SITE_PARTS] = {
        [KURA_SITE_NETWORK] =
            {"networks",
             "site_network",
             "Networks of the organisation, internal ones and its own public "
             "ones.",
             "only private addresses count as internal",
             {{"network", false, "CIDR"},
              {"name", false, "what people call it, else the network"},
              {"zone", false, "client, server, dmz, guest, management ..."}},
             {"is_internal", "src_internal", "dst_internal", "network_of",
              "zone_of"}},
        [KURA_SITE_PROXY] = {"proxies",
                             "site_proxy",
                             "Proxies that clients must use.",
                             "who goes past the proxy is not known",
                             {{"address", false, "IP address"}},
                             {NULL}},
        [KURA_SITE_RESOLVER] = {"resolvers",
                                "site_resolver",
                                "Name servers that clients must use.",
                                "who goes past the resolvers is not known",
                                {{"address", false, "IP address"}},
                                {NULL}},
        [KURA_SITE_MAIL_SERVER] =
            {"mail_servers",
             "site_mail_server",
             "Hosts that may send mail to the Internet.",
             "who sends mail past the mail servers is not known",
             {{"address", false, "IP address"}},
             {NULL}},
        [KURA_SITE_MAIL_DOMAIN] =
            {"mail_domains",
             "site_mail_domain",
             "Domains of the organisation's mail.",
             "mail from outside that pretends to be from inside is not known",
             {{"domain", false, "domain, lower case"}},
             {NULL}},
        [KURA_SITE_PARTNER] = {"partner_domains",
                               "site_partner",
                               "Domains of organisations that one deals with.",
                               "names that imitate a partner's are not known",
                               {{"domain", false, "domain, lower case"}},
                               {NULL}},
        [KURA_SITE_WORK_DOMAIN] = {"work_domains",
                                   "site_work_domain",
                                   "Domains that are used for work.",
                                   "no domain is known to be used for work",
                                   {{"domain", false, "domain, lower case"}},
                                   {NULL}},
        [KURA_SITE_HOURS] =
            {"hours",
             "site_hours",
             "Working hours on the site's wall clock; empty: Monday to Friday "
             "09:00 to 18:00 is assumed.",
             "Monday to Friday, 09:00 to 18:00, is assumed",
             {{"weekday", true, "1 Monday to 7 Sunday"}, FROM_TO},
             {"business_hours", "working"}},
        [KURA_SITE_HOLIDAY] = {"holidays",
                               "site_holiday",
                               "Days on which nobody works.",
                               "every day of the week counts as a working day",
                               {{"day", false, "YYYY-MM-DD"},
                                {"name", false, "what day it is"}},
                               {"business_hours", "working"}},
        [KURA_SITE_MAINTENANCE] =
            {"maintenance",
             "site_maintenance",
             "Windows in which hosts work at night: updates, backups.",
             "updates and backups at night look like anybody's traffic",
             {{"name", false, "what is done"},
              {"host", false, "address, network or name, or all"},
              {"weekday", true, "1 Monday to 7 Sunday"},
              FROM_TO},
             {"in_maintenance"}},
        [KURA_SITE_USER_AGENT] =
            {"user_agents",
             "site_user_agent",
             "User agents of the organisation's standard programs.",
             "no user agent is known to be standard",
             {{"pattern", false, "GLOB pattern"}},
             {"standard_user_agent"}},
        [KURA_SITE_ADMIN] =
            {"administrators",
             "site_admin",
             "Accounts of administrators and the hosts that they use.",
             "where administrators may log on from is not known",
             {{"account", false, "account"},
              {"host", false, "address, network or name"}},
             {"admin_host"}},
        [KURA_SITE_CONTROLLER] = {"controllers",
                                  "site_controller",
                                  "Domain controllers.",
                                  "which hosts are domain controllers is not "
                                  "known",
                                  {{"name", false, "host name"},
                                   {"address", false, "IP address"}},
                                  {NULL}},
        [KURA_SITE_SERVICE_ACCOUNT] =
            {"service_accounts",
             "site_service_account",
             "Accounts that programs use.",
             "which accounts programs use is not known",
             {{"account", false, "account"}},
             {NULL}},
    };

    return &tables[part];
}

enum kura_site_part kura_site_part_find(const char *key)
{
    enum kura_site_part i;

    for (i = 0; i < KURA_SITE_PARTS; i++)
        if (strcmp(kura_site_table(i)->key, key) == 0)
            break;
    return i;
}

size_t kura_site_rows(const struct kura_site *s, enum kura_site_part part)
{
    return s->lists[part].count;
}

const char *kura_site_text(const struct kura_site *s, enum kura_site_part part,
                           size_t row, int column)
{
    return s->lists[part].rows[row].cells[column].text;
}

int64_t kura_site_number(const struct kura_site *s, enum kura_site_part part,
                         size_t row, int column)
{
    return s->lists[part].rows[row].cells[column].number;
}

/* --- Networks ---------------------------------------------------------- */

bool kura_site_is_internal(const struct kura_site *s,
                           const struct kura_address *a)
{
    if (s->lists[KURA_SITE_NETWORK].count == 0)
        return kura_address_is_private(a);
    return kura_address_is_local(a) || kura_networks_find(s->networks, a) >= 0;
}

int64_t kura_site_network_of(const struct kura_site *s,
                             const struct kura_address *a)
{
    return kura_networks_find(s->networks, a);
}

/* --- Times ------------------------------------------------------------- */

bool kura_site_week_has(const struct kura_site_week *w, int minute)
{
    return (w->bits[minute / 8] >> (minute % 8) & 1) != 0;
}

/* The day on the site's wall clock, and the minute of its week. */
static int site_minute(const struct kura_site *s, int64_t us, int64_t *day)
{
    int64_t local = kura_zone_local(s->zone, us);
    int weekday;

    *day = kura_day_of(local);
    weekday = (int)((*day + 3) % 7); /* 1970-01-01 was a Thursday */
    if (weekday < 0)
        weekday += 7;
    return weekday * KURA_DAY_MINUTES +
           (int)((local - *day * KURA_DAY) / (60 * KURA_SECOND));
}

static int day_cmp(const void *p, const void *q)
{
    int64_t a = *(const int64_t *)p, b = *(const int64_t *)q;

    return (a > b) - (a < b);
}

bool kura_site_is_business(const struct kura_site *s, int64_t us)
{
    int64_t day;
    int minute = site_minute(s, us, &day);

    if (!kura_site_week_has(&s->hours, minute))
        return false;
    return s->holiday_count == 0 || bsearch(&day, s->holidays, s->holiday_count,
                                            sizeof(day), day_cmp) == NULL;
}

/* --- Hosts ------------------------------------------------------------- */

static bool names_have(const struct kura_site_hosts *h, const char *s, size_t n)
{
    size_t low = 0, high = h->count;

    if (n > 1 && s[n - 1] == '.')
        n--;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = h->names[middle];
        int order = kura_text_casecmp(name, strlen(name), s, n);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool kura_site_hosts_have(const struct kura_site_hosts *h, const char *s,
                          size_t n)
{
    struct kura_address a;

    if (h->all)
        return true;
    if (h->networks != NULL && kura_address_parse(s, n, &a) &&
        kura_networks_find(h->networks, &a) >= 0)
        return true;
    return names_have(h, s, n);
}

void kura_site_hosts_release(struct kura_site_hosts *h)
{
    size_t i;

    kura_networks_free(h->networks);
    for (i = 0; i < h->count; i++)
        free(h->names[i]);
    free(h->names);
    memset(h, 0, sizeof(*h));
}

bool kura_site_in_maintenance(const struct kura_site *s, int64_t us,
                              const char *host, size_t n)
{
    int64_t day;
    int minute;
    size_t i;

    if (s->window_count == 0)
        return false;
    minute = site_minute(s, us, &day);
    for (i = 0; i < s->window_count; i++)
        if (kura_site_week_has(&s->windows[i].week, minute) &&
            kura_site_hosts_have(&s->windows[i].hosts, host, n))
            return true;
    return false;
}

/* DOMAIN\account and account@domain are the account, where the site gives it
 * without. */
static bool account_is(const char *account, const char *s, size_t n)
{
    size_t size = strlen(account);
    const char *part = n == 0 ? NULL : memchr(s, '\\', n);

    if (kura_text_casecmp(account, size, s, n) == 0)
        return true;
    if (part != NULL && strchr(account, '\\') == NULL) {
        n -= (size_t)(part + 1 - s);
        s = part + 1;
    }
    part = n == 0 ? NULL : memchr(s, '@', n);
    if (part != NULL && strchr(account, '@') == NULL)
        n = (size_t)(part - s);
    return kura_text_casecmp(account, size, s, n) == 0;
}

int kura_site_admin(const struct kura_site *s, const char *account, size_t n,
                    const char *host, size_t host_n)
{
    int answer = -1;
    size_t i;

    for (i = 0; i < s->admin_count; i++) {
        if (!account_is(s->admins[i].account, account, n))
            continue;
        if (kura_site_hosts_have(&s->admins[i].hosts, host, host_n))
            return 1;
        answer = 0;
    }
    return answer;
}

/* --- User agents ------------------------------------------------------- */

enum kura_rc kura_site_user_agent(const struct kura_site *s, const char *ua,
                                  size_t n, int *answer, struct kura_err *err)
{
    const struct kura_site_list *list = &s->lists[KURA_SITE_USER_AGENT];
    char *copy;
    size_t i;

    *answer = -1;
    if (list->count == 0)
        return KURA_OK;
    /* A pattern must not run past the end of a text of a dictionary. */
    copy = malloc(n + 1);
    if (copy == NULL)
        return kura_err_nomem(err);
    if (n != 0)
        memcpy(copy, ua, n);
    copy[n] = '\0';
    *answer = 0;
    for (i = 0; *answer == 0 && i < list->count; i++)
        *answer = sqlite3_strglob(list->rows[i].cells[0].text, copy) == 0;
    free(copy);
    return KURA_OK;
}

/* --- The end ----------------------------------------------------------- */

static void list_release(struct kura_site_list *l)
{
    size_t i;
    int c;

    for (i = 0; i < l->count; i++)
        for (c = 0; c < KURA_SITE_COLUMNS; c++)
            free(l->rows[i].cells[c].text);
    free(l->rows);
}

void kura_site_free(struct kura_site *s)
{
    size_t i;

    if (s == NULL)
        return;
    for (i = 0; i < KURA_SITE_PARTS; i++)
        list_release(&s->lists[i]);
    for (i = 0; i < s->window_count; i++)
        kura_site_hosts_release(&s->windows[i].hosts);
    for (i = 0; i < s->admin_count; i++) {
        free(s->admins[i].account);
        kura_site_hosts_release(&s->admins[i].hosts);
    }
    kura_networks_free(s->networks);
    free(s->holidays);
    free(s->windows);
    free(s->admins);
    free(s);
}
