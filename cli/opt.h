/* opt.h - options of one command as data: parsing, usage and help come from
 * one table.
 *
 * --name VALUE, --name=VALUE, -x VALUE, -xVALUE; "--" ends the options; "-" is
 * an operand.  Parsing borrows argv. */
#ifndef KURA_CLI_OPT_H
#define KURA_CLI_OPT_H

#include "base/err.h"

#include <stdio.h>

struct kura_opt {
    const char *name;  /* without dashes; NULL ends a table */
    char letter;       /* 0: none */
    const char *value; /* what its value is called; NULL: a flag */
    const char *about;
};

#define KURA_OPT_MAX 24
struct kura_args {
    const char *values[KURA_OPT_MAX]; /* by index in the table; a flag is "" */
    char **operands;
    int count;
};

/* KURA_EUSAGE with the reason. */
enum kura_rc kura_opt_parse(const struct kura_opt *table, int argc, char **argv,
                            struct kura_args *out, struct kura_err *err);
/* The value of an option, NULL when it was not given; a name that is not in the
 * table is a bug. */
const char *kura_opt_get(const struct kura_opt *table,
                         const struct kura_args *args, const char *name);
void kura_opt_print(const struct kura_opt *table, FILE *f);

#endif
