/* findings.h - a list of findings as commands show it: with what is allowed
 * taken out, in a total order, in every output format.
 *
 * The list lives in a database in memory, so that the order, the rules and the
 * formats are SQL and query/output.h. */
#ifndef KURA_CLI_FINDINGS_H
#define KURA_CLI_FINDINGS_H

#include "base/clock.h"
#include "query/hunt.h"
#include "query/output.h"
#include "store/case_hunt.h"

struct kura_findings;

/* The zone is borrowed. */
enum kura_rc kura_findings_new(const struct kura_zone *zone,
                               struct kura_findings **out,
                               struct kura_err *err);
void kura_findings_free(struct kura_findings *f); /* NULL ok */

/* Copies it; h may be NULL when the hunt is gone. */
enum kura_rc kura_findings_add(struct kura_findings *f,
                               const struct kura_finding *finding,
                               const struct kura_hunt *h, struct kura_err *err);
/* Applies the rules that are in force at now_us to what was added. */
enum kura_rc kura_findings_allow(struct kura_findings *f,
                                 const struct kura_allow *rules, size_t count,
                                 int64_t now_us, struct kura_err *err);

/* The reason of the rule that takes a finding, NULL when none does; the
 * caller's (free). */
enum kura_rc kura_findings_rule_of(struct kura_findings *f, const char *id,
                                   char **reason, struct kura_err *err);

struct kura_findings_count {
    int64_t fresh, still, gone, allowed; /* allowed ones count only there */
};
enum kura_rc kura_findings_tally(struct kura_findings *f,
                                 struct kura_findings_count *out,
                                 struct kura_err *err);
/* Writes them to stdout: new ones first, then by level, hunt and key.  all:
 * those that are allowed too, with the reason. */
enum kura_rc kura_findings_write(struct kura_findings *f, enum kura_output how,
                                 bool all, struct kura_err *err);
/* Writes the hosts that at least min_stages different stages of the attack were
 * found for within within_us: the span with the most of them, what speaks most
 * first.  Allowed findings and those that are gone do not count. */
enum kura_rc kura_findings_write_hosts(struct kura_findings *f,
                                       enum kura_output how, int64_t within_us,
                                       int64_t min_stages, int64_t *rows,
                                       struct kura_err *err);

#endif
