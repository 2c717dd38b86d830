/* site_read.c - reads `site:` of kura.yaml.  Each key has a function that takes
 * one item of its list, adds rows to the key's table, and what answers need
 * besides (site_internal.h).  What is about times is in site_time.c. */
#include "base/text.h"
#include "query/site_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one table, when windows, hosts and weekdays have been multiplied. */
#define ROWS_MAX 100000u
#define DOMAIN_MAX 254

/* --- Errors, texts, lists ---------------------------------------------- */

enum kura_rc kura_site_fail(const struct kura_site_reader *r, size_t line,
                            const char *fmt, ...)
{
    char what[300];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: %s",
                        kura_config_name(r->config), line, what);
}

bool kura_site_is_given(const struct kura_node *n)
{
    return n != NULL && !kura_node_is_null(n);
}

enum kura_rc kura_site_read_text(const struct kura_site_reader *r,
                                 const struct kura_node *n, const char *what,
                                 const char **out)
{
    const char *s = kura_node_text(n);

    if (s == NULL || *s == '\0')
        return kura_site_fail(r, kura_node_line(n), "%s is expected here",
                              what);
    if (!kura_text_is_clean(s, kura_node_text_size(n)))
        return kura_site_fail(
            r, kura_node_line(n),
            "this text has control characters or is no UTF-8");
    *out = s;
    return KURA_OK;
}

/* A key of an item that may be missing: *out stays what it was. */
static enum kura_rc text_get(const struct kura_site_reader *r,
                             const struct kura_node *map, const char *key,
                             const char *what, const char **out)
{
    const struct kura_node *n = kura_node_get(map, key);

    return kura_site_is_given(n) ? kura_site_read_text(r, n, what, out)
                                 : KURA_OK;
}

enum kura_rc kura_site_read_key(const struct kura_site_reader *r,
                                const struct kura_node *map, const char *key,
                                const struct kura_node **out)
{
    *out = kura_node_get(map, key);
    if (kura_site_is_given(*out))
        return KURA_OK;
    return kura_site_fail(r, kura_node_line(map), "'%s' is missing here", key);
}

/* The item is a map, and it has no keys but these. */
enum kura_rc kura_site_read_keys(const struct kura_site_reader *r,
                                 const struct kura_node *map,
                                 const char *const *known)
{
    char list[200] = "";
    size_t i, k, used = 0;

    for (k = 0; known[k] != NULL && used < sizeof(list); k++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
                                 k == 0 ? "" : ", ", known[k]);
    if (kura_node_kind(map) != KURA_NODE_MAP)
        return kura_site_fail(r, kura_node_line(map),
                              "a map with these keys is expected "
                              "here: %s",
                              list);
    for (i = 0; i < kura_node_count(map); i++) {
        for (k = 0; known[k] != NULL; k++)
            if (strcmp(known[k], kura_node_key(map, i)) == 0)
                break;
        if (known[k] != NULL)
            continue;
        (void)kura_site_fail(r, kura_node_key_line(map, i),
                             "unknown key '%.60s'", kura_node_key(map, i));
        kura_err_hint(r->err, "these are known: %s", list);
        return KURA_EINPUT;
    }
    return KURA_OK;
}

/* Hands out the items of a list; what is no list is one item. */
static enum kura_rc each(struct kura_site_reader *r, const struct kura_node *n,
                         kura_site_take_fn *take)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (!kura_site_is_given(n))
        return KURA_OK;
    if (kura_node_kind(n) != KURA_NODE_LIST)
        return take(r, n);
    for (i = 0; rc == KURA_OK && i < kura_node_count(n); i++)
        rc = take(r, kura_node_at(n, i));
    return rc;
}

/* --- Rows -------------------------------------------------------------- */

enum kura_rc kura_site_row_add(const struct kura_site_reader *r,
                               enum kura_site_part part, size_t line,
                               const struct kura_site_value *values,
                               size_t count)
{
    struct kura_site_list *l = &r->site->lists[part];
    struct kura_site_row *row;
    size_t i;

    if (l->count >= ROWS_MAX)
        return kura_site_fail(r, line,
                              "'%s' has more than %u entries, counting each "
                              "host, weekday and time",
                              kura_site_table(part)->key, ROWS_MAX);
    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 16 : l->cap * 2;
        struct kura_site_row *rows = realloc(l->rows, cap * sizeof(*rows));

        if (rows == NULL)
            return kura_err_nomem(r->err);
        l->rows = rows;
        l->cap = cap;
    }
    row = &l->rows[l->count++];
    memset(row, 0, sizeof(*row));
    row->line = line;
    for (i = 0; i < count; i++) {
        row->cells[i].number = values[i].number;
        if (values[i].text == NULL)
            continue;
        row->cells[i].text = strdup(values[i].text);
        if (row->cells[i].text == NULL)
            return kura_err_nomem(r->err);
    }
    return KURA_OK;
}

static int row_cmp_columns(const struct kura_site_row *a,
                           const struct kura_site_row *b, int columns)
{
    int i, order = 0;

    for (i = 0; order == 0 && i < columns; i++) {
        const char *x = a->cells[i].text, *y = b->cells[i].text;

        if (x == NULL || y == NULL)
            order = (x != NULL) - (y != NULL);
        else
            order = kura_text_casecmp(x, strlen(x), y, strlen(y));
    }
    return order;
}

/* By their texts, then as written. */
static int row_cmp(const void *p, const void *q)
{
    const struct kura_site_row *a = *(const struct kura_site_row *const *)p;
    const struct kura_site_row *b = *(const struct kura_site_row *const *)q;
    int order = row_cmp_columns(a, b, KURA_SITE_COLUMNS);

    return order != 0 ? order : a->line < b->line ? -1 : a->line > b->line;
}

/* Joins would count twice what is named twice. */
static enum kura_rc rows_check(const struct kura_site_reader *r,
                               enum kura_site_part part)
{
    const struct kura_site_list *l = &r->site->lists[part];
    int columns = part == KURA_SITE_NETWORK ? 1 : KURA_SITE_COLUMNS;
    const struct kura_site_row **sorted;
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (l->count < 2)
        return KURA_OK;
    sorted = malloc(l->count * sizeof(*sorted));
    if (sorted == NULL)
        return kura_err_nomem(r->err);
    for (i = 0; i < l->count; i++)
        sorted[i] = &l->rows[i];
    qsort(sorted, l->count, sizeof(*sorted), row_cmp);
    for (i = 1; rc == KURA_OK && i < l->count; i++)
        if (row_cmp_columns(sorted[i - 1], sorted[i], columns) == 0)
            rc = kura_site_fail(r, sorted[i]->line,
                                "'%.80s' is named twice, in line %zu too",
                                sorted[i]->cells[0].text, sorted[i - 1]->line);
    free(sorted);
    return rc;
}

/* --- Addresses, domains, accounts -------------------------------------- */

static enum kura_rc address_read(const struct kura_site_reader *r,
                                 const struct kura_node *n,
                                 char out[KURA_NETWORK_TEXT])
{
    struct kura_network net;
    const char *s = NULL;
    enum kura_rc rc = kura_site_read_text(r, n, "an IP address", &s);

    if (rc != KURA_OK)
        return rc;
    if (!kura_address_parse(s, strlen(s), &net.net))
        return kura_site_fail(r, kura_node_line(n), "'%.80s' is no IP address",
                              s);
    net.bits = net.net.bits;
    kura_network_format(&net, out);
    return KURA_OK;
}

static enum kura_rc network_read(const struct kura_site_reader *r,
                                 const struct kura_node *n, const char *s,
                                 char out[KURA_NETWORK_TEXT])
{
    struct kura_network net;

    if (!kura_network_parse(s, strlen(s), &net))
        return kura_site_fail(r, kura_node_line(n),
                              "'%.80s' is no network such as 10.1.0.0/16", s);
    if (!kura_network_mask(&net)) {
        kura_network_format(&net, out);
        return kura_site_fail(
            r, kura_node_line(n),
            "'%.80s' is an address within a network; write %s", s, out);
    }
    kura_network_format(&net, out);
    return KURA_OK;
}

static bool name_is_fine(const char *s)
{
    return kura_host_is_name(s, strlen(s)) && strpbrk(s, " /:@,;*\\") == NULL;
}

/* Lower case; people write .example.com and *.example.com for the same. */
static enum kura_rc domain_read(const struct kura_site_reader *r,
                                const struct kura_node *n, char out[DOMAIN_MAX])
{
    const char *s = NULL;
    size_t size, i;
    enum kura_rc rc = kura_site_read_text(r, n, "a domain", &s);

    if (rc != KURA_OK)
        return rc;
    if (s[0] == '*' && s[1] == '.')
        s++;
    if (s[0] == '.' || s[0] == '@')
        s++;
    size = strlen(s);
    if (size > 1 && s[size - 1] == '.')
        size--;
    if (size < DOMAIN_MAX) {
        for (i = 0; i < size; i++)
            out[i] =
                s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
        out[size] = '\0';
    }
    if (size >= DOMAIN_MAX || !name_is_fine(out))
        return kura_site_fail(r, kura_node_line(n),
                              "'%.80s' is no domain such as example.com", s);
    return KURA_OK;
}

static enum kura_rc address_take(struct kura_site_reader *r,
                                 const struct kura_node *item,
                                 enum kura_site_part part)
{
    char text[KURA_NETWORK_TEXT];
    enum kura_rc rc = address_read(r, item, text);

    return rc != KURA_OK
               ? rc
               : kura_site_row_add(r, part, kura_node_line(item),
                                   &(struct kura_site_value){text, 0}, 1);
}

static enum kura_rc domain_take(struct kura_site_reader *r,
                                const struct kura_node *item,
                                enum kura_site_part part)
{
    char text[DOMAIN_MAX];
    enum kura_rc rc = domain_read(r, item, text);

    return rc != KURA_OK
               ? rc
               : kura_site_row_add(r, part, kura_node_line(item),
                                   &(struct kura_site_value){text, 0}, 1);
}

static enum kura_rc text_take(struct kura_site_reader *r,
                              const struct kura_node *item,
                              enum kura_site_part part, const char *what)
{
    const char *s = NULL;
    enum kura_rc rc = kura_site_read_text(r, item, what, &s);

    return rc != KURA_OK
               ? rc
               : kura_site_row_add(r, part, kura_node_line(item),
                                   &(struct kura_site_value){s, 0}, 1);
}

static enum kura_rc proxy_take(struct kura_site_reader *r,
                               const struct kura_node *item)
{
    return address_take(r, item, KURA_SITE_PROXY);
}

static enum kura_rc resolver_take(struct kura_site_reader *r,
                                  const struct kura_node *item)
{
    return address_take(r, item, KURA_SITE_RESOLVER);
}

static enum kura_rc mail_server_take(struct kura_site_reader *r,
                                     const struct kura_node *item)
{
    return address_take(r, item, KURA_SITE_MAIL_SERVER);
}

static enum kura_rc mail_domain_take(struct kura_site_reader *r,
                                     const struct kura_node *item)
{
    return domain_take(r, item, KURA_SITE_MAIL_DOMAIN);
}

static enum kura_rc partner_take(struct kura_site_reader *r,
                                 const struct kura_node *item)
{
    return domain_take(r, item, KURA_SITE_PARTNER);
}

static enum kura_rc work_domain_take(struct kura_site_reader *r,
                                     const struct kura_node *item)
{
    return domain_take(r, item, KURA_SITE_WORK_DOMAIN);
}

static enum kura_rc user_agent_take(struct kura_site_reader *r,
                                    const struct kura_node *item)
{
    return text_take(r, item, KURA_SITE_USER_AGENT,
                     "a pattern such as '*Firefox/*'");
}

static enum kura_rc service_account_take(struct kura_site_reader *r,
                                         const struct kura_node *item)
{
    return text_take(r, item, KURA_SITE_SERVICE_ACCOUNT, "an account");
}

/* --- Networks and controllers ------------------------------------------ */

/* A network, or a list of them, with one name and zone. */
static enum kura_rc network_rows(const struct kura_site_reader *r,
                                 const struct kura_node *nets, const char *name,
                                 const char *zone)
{
    bool is_list = kura_node_kind(nets) == KURA_NODE_LIST;
    size_t i, n = is_list ? kura_node_count(nets) : 1;
    char text[KURA_NETWORK_TEXT];
    const char *s = NULL;
    enum kura_rc rc = KURA_OK;

    for (i = 0; rc == KURA_OK && i < n; i++) {
        const struct kura_node *one = is_list ? kura_node_at(nets, i) : nets;

        rc = kura_site_read_text(r, one, "a network", &s);
        if (rc == KURA_OK)
            rc = network_read(r, one, s, text);
        if (rc == KURA_OK) {
            const struct kura_site_value values[] = {
                {text, 0}, {name == NULL ? text : name, 0}, {zone, 0}};

            rc = kura_site_row_add(r, KURA_SITE_NETWORK, kura_node_line(one),
                                   values, 3);
        }
    }
    return rc;
}

static enum kura_rc network_take(struct kura_site_reader *r,
                                 const struct kura_node *item)
{
    static const char *const keys[] = {"network", "name", "zone", NULL};
    const struct kura_node *nets = NULL;
    const char *name = NULL, *zone = NULL;
    enum kura_rc rc = kura_site_read_keys(r, item, keys);

    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "network", &nets);
    if (rc == KURA_OK)
        rc = text_get(r, item, "name", "a name", &name);
    if (rc == KURA_OK)
        rc =
            text_get(r, item, "zone", "a zone such as client or server", &zone);
    return rc == KURA_OK ? network_rows(r, nets, name, zone) : rc;
}

static enum kura_rc controller_take(struct kura_site_reader *r,
                                    const struct kura_node *item)
{
    static const char *const keys[] = {"name", "address", NULL};
    struct kura_site_value values[] = {{NULL, 0}, {NULL, 0}};
    const struct kura_node *name = NULL, *address = NULL;
    char text[KURA_NETWORK_TEXT];
    enum kura_rc rc = kura_site_read_keys(r, item, keys);

    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "name", &name);
    if (rc == KURA_OK)
        rc = kura_site_read_text(r, name, "a host name", &values[0].text);
    if (rc == KURA_OK && !name_is_fine(values[0].text))
        rc = kura_site_fail(r, kura_node_line(name), "'%.80s' is no host name",
                            values[0].text);
    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "address", &address);
    if (rc == KURA_OK)
        rc = address_read(r, address, text);
    values[1].text = text;
    if (rc == KURA_OK)
        rc = kura_site_row_add(r, KURA_SITE_CONTROLLER, kura_node_line(item),
                               values, 2);
    return rc;
}

/* --- Hosts ------------------------------------------------------------- */

void kura_site_named_release(struct kura_site_named *h)
{
    size_t i;

    for (i = 0; i < h->count; i++)
        free(h->texts[i]);
    free(h->texts);
}

static enum kura_rc host_read(const struct kura_site_reader *r,
                              const struct kura_node *n, bool all, char **out)
{
    char text[KURA_NETWORK_TEXT];
    struct kura_network net;
    const char *s = NULL;
    enum kura_rc rc;

    rc = kura_site_read_text(r, n,
                             "an address, a network or the name of a host", &s);
    if (rc != KURA_OK)
        return rc;
    if (!all && strcmp(s, "all") == 0)
        return kura_site_fail(r, kura_node_line(n),
                              "name the hosts here, not 'all'");
    if (kura_network_parse(s, strlen(s), &net)) {
        rc = network_read(r, n, s, text);
        s = text;
    } else if (!name_is_fine(s)) {
        rc = kura_site_fail(
            r, kura_node_line(n),
            "'%.80s' is no address, no network and no name of a host", s);
    }
    if (rc != KURA_OK)
        return rc;
    *out = strdup(s);
    return *out == NULL ? kura_err_nomem(r->err) : KURA_OK;
}

enum kura_rc kura_site_read_hosts(const struct kura_site_reader *r,
                                  const struct kura_node *n, bool all,
                                  struct kura_site_named *out)
{
    bool is_list = kura_node_kind(n) == KURA_NODE_LIST;
    size_t i, count = is_list ? kura_node_count(n) : 1;
    enum kura_rc rc = KURA_OK;

    out->texts = calloc(count + 1, sizeof(*out->texts));
    if (out->texts == NULL)
        return kura_err_nomem(r->err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        rc =
            host_read(r, is_list ? kura_node_at(n, i) : n, all, &out->texts[i]);
        out->count += rc == KURA_OK;
    }
    if (rc == KURA_OK && count == 0)
        rc = kura_site_fail(r, kura_node_line(n), "hosts are expected here");
    return rc;
}

static int name_cmp(const void *p, const void *q)
{
    const char *a = *(char *const *)p, *b = *(char *const *)q;

    return kura_text_casecmp(a, strlen(a), b, strlen(b));
}

/* Sorts the hosts into networks and names. */
enum kura_rc kura_site_index_hosts(const struct kura_site_reader *r,
                                   const struct kura_site_named *h,
                                   struct kura_site_hosts *out)
{
    struct kura_network *nets = calloc(h->count + 1, sizeof(*nets));
    enum kura_rc rc = KURA_OK;
    size_t i, n = 0;

    out->names = calloc(h->count + 1, sizeof(*out->names));
    if (nets == NULL || out->names == NULL)
        rc = kura_err_nomem(r->err);
    for (i = 0; rc == KURA_OK && i < h->count; i++) {
        if (strcmp(h->texts[i], "all") == 0) {
            out->all = true;
        } else if (kura_network_parse(h->texts[i], strlen(h->texts[i]),
                                      &nets[n])) {
            n++;
        } else {
            out->names[out->count] = strdup(h->texts[i]);
            if (out->names[out->count] == NULL)
                rc = kura_err_nomem(r->err);
            else
                out->count++;
        }
    }
    if (rc == KURA_OK)
        rc = kura_networks_new(nets, n, &out->networks, r->err);
    if (rc == KURA_OK && out->count != 0)
        qsort(out->names, out->count, sizeof(*out->names), name_cmp);
    free(nets);
    return rc;
}

static enum kura_rc admin_take(struct kura_site_reader *r,
                               const struct kura_node *item)
{
    static const char *const keys[] = {"account", "hosts", NULL};
    struct kura_site_holder *grown, *a;
    const struct kura_node *account = NULL, *list = NULL;
    struct kura_site_named hosts = {NULL, 0};
    struct kura_site_value values[] = {{NULL, 0}, {NULL, 0}};
    enum kura_rc rc = kura_site_read_keys(r, item, keys);
    size_t i;

    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "account", &account);
    if (rc == KURA_OK)
        rc = kura_site_read_text(r, account, "an account", &values[0].text);
    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "hosts", &list);
    if (rc == KURA_OK)
        rc = kura_site_read_hosts(r, list, false, &hosts);
    for (i = 0; rc == KURA_OK && i < hosts.count; i++) {
        values[1].text = hosts.texts[i];
        rc = kura_site_row_add(r, KURA_SITE_ADMIN, kura_node_line(item), values,
                               2);
    }
    if (rc != KURA_OK)
        goto out;
    grown =
        realloc(r->site->admins, (r->site->admin_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        rc = kura_err_nomem(r->err);
        goto out;
    }
    r->site->admins = grown;
    a = &grown[r->site->admin_count++];
    memset(a, 0, sizeof(*a));
    a->account = strdup(values[0].text);
    rc = a->account == NULL ? kura_err_nomem(r->err)
                            : kura_site_index_hosts(r, &hosts, &a->hosts);
out:
    kura_site_named_release(&hosts);
    return rc;
}

/* --- The whole --------------------------------------------------------- */

static enum kura_rc networks_finish(const struct kura_site_reader *r)
{
    const struct kura_site_list *l = &r->site->lists[KURA_SITE_NETWORK];
    struct kura_network *nets = calloc(l->count + 1, sizeof(*nets));
    enum kura_rc rc;
    size_t i;

    if (nets == NULL)
        return kura_err_nomem(r->err);
    for (i = 0; i < l->count; i++)
        (void)kura_network_parse(l->rows[i].cells[0].text,
                                 strlen(l->rows[i].cells[0].text), &nets[i]);
    rc = kura_networks_new(nets, l->count, &r->site->networks, r->err);
    free(nets);
    return rc;
}

static enum kura_rc site_take(struct kura_site_reader *r,
                              const struct kura_node *map)
{
    static kura_site_take_fn *const takes[KURA_SITE_PARTS] = {
        [KURA_SITE_NETWORK] = network_take,
        [KURA_SITE_PROXY] = proxy_take,
        [KURA_SITE_RESOLVER] = resolver_take,
        [KURA_SITE_MAIL_SERVER] = mail_server_take,
        [KURA_SITE_MAIL_DOMAIN] = mail_domain_take,
        [KURA_SITE_PARTNER] = partner_take,
        [KURA_SITE_WORK_DOMAIN] = work_domain_take,
        [KURA_SITE_HOURS] = kura_site_take_hours,
        [KURA_SITE_HOLIDAY] = kura_site_take_holiday,
        [KURA_SITE_MAINTENANCE] = kura_site_take_maintenance,
        [KURA_SITE_USER_AGENT] = user_agent_take,
        [KURA_SITE_ADMIN] = admin_take,
        [KURA_SITE_CONTROLLER] = controller_take,
        [KURA_SITE_SERVICE_ACCOUNT] = service_account_take,
    };
    const char *keys[KURA_SITE_PARTS + 1] = {NULL};
    enum kura_rc rc;
    int i;

    for (i = 0; i < KURA_SITE_PARTS; i++)
        keys[i] = kura_site_table((enum kura_site_part)i)->key;
    rc = kura_site_read_keys(r, map, keys);
    for (i = 0; rc == KURA_OK && i < KURA_SITE_PARTS; i++) {
        rc = each(r, kura_node_get(map, keys[i]), takes[i]);
        if (rc == KURA_OK && i != KURA_SITE_HOURS && i != KURA_SITE_HOLIDAY &&
            i != KURA_SITE_MAINTENANCE)
            rc = rows_check(r, (enum kura_site_part)i);
    }
    return rc;
}

enum kura_rc kura_site_read(const struct kura_config *config, const char *dir,
                            const struct kura_zone *zone,
                            struct kura_site **out, struct kura_err *err)
{
    const struct kura_node *map =
        kura_node_get(config == NULL ? NULL : kura_config_root(config), "site");
    struct kura_site_reader r = {config, dir, NULL, err};
    enum kura_rc rc = KURA_OK;

    r.site = calloc(1, sizeof(*r.site));
    if (r.site == NULL)
        return kura_err_nomem(err);
    r.site->zone = zone;
    if (kura_site_is_given(map))
        rc = site_take(&r, map);
    if (rc == KURA_OK)
        rc = networks_finish(&r);
    if (rc == KURA_OK)
        rc = kura_site_finish_times(&r);
    if (rc == KURA_OK)
        *out = r.site;
    else
        kura_site_free(r.site);
    return rc;
}
