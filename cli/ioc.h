/* ioc.h - what the files of kura ioc share. */
#ifndef KURA_CLI_IOC_H
#define KURA_CLI_IOC_H

#include "archive/maintain.h"
#include "cli/cmd.h"
#include "cli/job.h"
#include "query/indicator.h"
#include "query/output.h"
#include "store/case_indicator.h"
#include "store/db.h"

#include <stdbool.h>

const char *kura_ioc_option(const struct kura_cli *cli, const char *name);
/* --format, --type: KURA_EUSAGE when the word is not known. */
enum kura_rc kura_ioc_output(const struct kura_cli *cli, enum kura_output *out,
                             struct kura_err *err);
enum kura_rc kura_ioc_type(const struct kura_cli *cli,
                           enum kura_indicator_type *type, bool *given,
                           struct kura_err *err);
/* What people read is defanged. */
bool kura_ioc_is_for_people(enum kura_output how);
/* The embedded statement, over case.db, with kura's functions. */
enum kura_rc kura_ioc_prepare(struct kura_casefile *c, const char *name,
                              sqlite3_stmt **out, struct kura_err *err);

enum kura_rc kura_ioc_import_run(struct kura_cli *cli, enum kura_exit *code,
                                 struct kura_err *err);
enum kura_rc kura_ioc_match_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err);

#endif
