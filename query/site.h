/* site.h - what the organisation tells kura about itself: `site:` of kura.yaml.
 *
 * Every key of it is a list and one table of SQL (docs/examples/site.yaml shows
 * them all):
 *
 *     networks  proxies  resolvers  mail_servers  mail_domains
 *     partner_domains  work_domains  hours  holidays  maintenance  user_agents
 *     administrators  controllers  service_accounts
 *
 * Read and checked as a whole: KURA_EINPUT names file and line.  A site is
 * immutable once read and may be shared by threads; it owns its texts and
 * borrows the zone.  Addresses and networks are kept in their shortest form,
 * domains in lower case, windows over midnight as two.  Without a key the
 * questions below have the answers that are named there. */
#ifndef KURA_QUERY_SITE_H
#define KURA_QUERY_SITE_H

#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "base/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- The tables -------------------------------------------------------- */

enum kura_site_part {
    KURA_SITE_NETWORK,
    KURA_SITE_PROXY,
    KURA_SITE_RESOLVER,
    KURA_SITE_MAIL_SERVER,
    KURA_SITE_MAIL_DOMAIN,
    KURA_SITE_PARTNER,
    KURA_SITE_WORK_DOMAIN,
    KURA_SITE_HOURS,
    KURA_SITE_HOLIDAY,
    KURA_SITE_MAINTENANCE,
    KURA_SITE_USER_AGENT,
    KURA_SITE_ADMIN,
    KURA_SITE_CONTROLLER,
    KURA_SITE_SERVICE_ACCOUNT,
    KURA_SITE_PARTS
};

#define KURA_SITE_COLUMNS 5
#define KURA_SITE_ASKED_BY 5

struct kura_site_column {
    const char *name; /* NULL: no more */
    bool is_integer;
    const char *about;
};

struct kura_site_table {
    const char *key;  /* of kura.yaml: "networks" */
    const char *name; /* of SQL: "site_network" */
    const char *about;
    const char *without; /* what it means that the site does not give it */
    struct kura_site_column columns[KURA_SITE_COLUMNS];
    /* Functions and columns of SQL that ask it besides its table. */
    const char *asked_by[KURA_SITE_ASKED_BY];
};

const struct kura_site_table *kura_site_table(enum kura_site_part part);
/* By key; KURA_SITE_PARTS when there is none. */
enum kura_site_part kura_site_part_find(const char *key);

/* --- One site ---------------------------------------------------------- */

struct kura_site;

/* From kura.yaml; config may be NULL or have no site: nothing is given then.
 * Files that it names are below dir. */
enum kura_rc kura_site_read(const struct kura_config *config, const char *dir,
                            const struct kura_zone *zone,
                            struct kura_site **out, struct kura_err *err);
void kura_site_free(struct kura_site *s); /* NULL ok */

size_t kura_site_rows(const struct kura_site *s, enum kura_site_part part);
/* A value of a column of texts; NULL when it has none. */
const char *kura_site_text(const struct kura_site *s, enum kura_site_part part,
                           size_t row, int column);
int64_t kura_site_number(const struct kura_site *s, enum kura_site_part part,
                         size_t row, int column);

/* --- Questions --------------------------------------------------------- */

/* In a network of the site; when it gives none, private.  Loopback and
 * link-local addresses always are. */
bool kura_site_is_internal(const struct kura_site *s,
                           const struct kura_address *a);
/* The row of the narrowest network that holds it, -1 when none does. */
int64_t kura_site_network_of(const struct kura_site *s,
                             const struct kura_address *a);
/* Within the hours of its weekday, on the site's wall clock, and on no
 * holiday.  Without hours: Monday to Friday, 09:00 to 18:00. */
bool kura_site_is_business(const struct kura_site *s, int64_t us);
/* Some window holds the instant and the host: an address or a name. */
bool kura_site_in_maintenance(const struct kura_site *s, int64_t us,
                              const char *host, size_t n);
/* Some pattern matches: 1 or 0; -1 without patterns. */
enum kura_rc kura_site_user_agent(const struct kura_site *s, const char *ua,
                                  size_t n, int *answer, struct kura_err *err);
/* The host is one that the administrator uses: 1 or 0; -1: the account is none.
 * DOMAIN\ and @domain do not matter where the site leaves them out. */
int kura_site_admin(const struct kura_site *s, const char *account, size_t n,
                    const char *host, size_t host_n);

#endif
