/* selection.h - which hunts a command is about: names, or those of a table,
 * stage, level, technique or tag. */
#ifndef KURA_CLI_SELECTION_H
#define KURA_CLI_SELECTION_H

#include "cli/cmd.h"
#include "query/hunt.h"

#define KURA_SELECTION_OPTIONS                                                 \
    {"table", 't', "TABLE", "hunts that read this table"},                     \
        {"stage", 0, "STAGE", "hunts of this stage of the kill chain"},        \
        {"level", 0, "LEVEL", "hunts of this level or above"},                 \
        {"attack", 0, "ID", "hunts of this ATT&CK technique (T1071)"},         \
    {                                                                          \
        "tag", 0, "TAG", "hunts with this tag"                                 \
    }

struct kura_selection {
    struct kura_hunt_set set;
    const struct kura_hunt **list; /* of the set, by name */
    size_t count;
};

/* The built-in hunts and those of the warehouse, narrowed by the operands and
 * the options above.  Files that are no hunts are told on stderr; an unknown
 * name is KURA_EUSAGE. */
enum kura_rc kura_selection_make(const struct kura_cli *cli,
                                 const struct kura_cmd *cmd,
                                 struct kura_selection *out,
                                 struct kura_err *err);
void kura_selection_release(struct kura_selection *s); /* zeroed ok */
/* Was one of the options given? */
bool kura_selection_is_narrowed(const struct kura_cli *cli,
                                const struct kura_cmd *cmd);

#endif
