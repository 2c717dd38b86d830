/* site_table.h - what a site says as tables of SQL (site_network, site_proxy
 * ...): eponymous virtual tables, read-only, the same in every statement. */
#ifndef KURA_QUERY_SITE_TABLE_H
#define KURA_QUERY_SITE_TABLE_H

#include "base/err.h"
#include "query/site.h"
#include "store/sqlite.h"

/* The site is borrowed and must outlive db. */
enum kura_rc kura_site_tables_register(sqlite3 *db, const struct kura_site *s,
                                       struct kura_err *err);

#endif
