/* hunt_test.h - does a hunt find what its header says?  Its hit logs are loaded
 * into a warehouse made for it, which must give a finding, and its miss logs
 * into another, which must give none. */
#ifndef KURA_CLI_HUNT_TEST_H
#define KURA_CLI_HUNT_TEST_H

#include "cli/selection.h"

/* `dir` holds the logs that the headers name; DIR/kura.yaml, where it is there,
 * is the site, and DIR/indicators.csv is imported.  Prints a line a hunt; *code
 * becomes KURA_EXIT_NO when one fails. */
enum kura_rc kura_hunt_test(struct kura_cli *cli, const char *dir,
                            const struct kura_selection *s,
                            enum kura_exit *code, struct kura_err *err);

#endif
