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
    const char *value; /* what its value is called; NULL: a flag; "NAME...": may
                          be given several times, see kura_opt_next */
    const char *about;
};

#define KURA_OPT_MAX 24
#define KURA_OPT_MANY 64
struct kura_args {
    const char *values[KURA_OPT_MAX]; /* by index in the table; a flag is "" */
    struct {
        int option; /* index in the table */
        const char *value;
    } many[KURA_OPT_MANY];
    int many_count;
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
/* The values of an option that may be given several times, one a call, *at from
 * 0; NULL at the end. */
const char *kura_opt_next(const struct kura_opt *table,
                          const struct kura_args *args, const char *name,
                          int *at);
void kura_opt_print(const struct kura_opt *table, FILE *f);

#endif
