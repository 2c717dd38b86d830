/* hunt_need.h - is what a hunt needs there?  Where not, which paragraph of
 * docs/log-sources.md mends it. */
#ifndef KURA_QUERY_HUNT_NEED_H
#define KURA_QUERY_HUNT_NEED_H

#include "query/hunt_run.h"

/* *met is false when something is missing, and `reason` then says what. */
enum kura_rc kura_hunt_needs_met(const struct kura_hunt_ask *ask, bool *met,
                                 char *reason, size_t size,
                                 struct kura_err *err);

#endif
