#include "cli/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct narrowed {
    const struct kura_schema *table;
    int stage; /* -1: any */
    enum kura_level level;
    const char *attack, *tag;
};

bool kura_selection_is_narrowed(const struct kura_cli *cli,
                                const struct kura_cmd *cmd)
{
    static const char *const names[] = {"table", "stage", "level", "attack",
                                        "tag"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (kura_cli_option(cli, cmd, names[i]) != NULL)
            return true;
    return false;
}

static enum kura_rc narrowed_read(const struct kura_cli *cli,
                                  const struct kura_cmd *cmd,
                                  struct narrowed *n, struct kura_err *err)
{
    const char *word = kura_cli_option(cli, cmd, "table");
    int i;

    n->stage = -1;
    n->level = KURA_LEVEL_INFORMATIONAL;
    if (word != NULL && (n->table = kura_schema_find(word)) == NULL)
        return kura_err_set(err, KURA_EUSAGE, "there is no table '%s'", word);
    word = kura_cli_option(cli, cmd, "stage");
    for (i = 0; word != NULL && kura_stage_word(i) != NULL; i++)
        if (strcmp(kura_stage_word(i), word) == 0)
            n->stage = i;
    if (word != NULL && n->stage < 0) {
        (void)kura_err_set(err, KURA_EUSAGE, "there is no stage '%s'", word);
        kura_err_hint(err, "'kura hunts --matrix' shows the stages");
        return KURA_EUSAGE;
    }
    word = kura_cli_option(cli, cmd, "level");
    if (word != NULL && !kura_level_find(word, &n->level))
        return kura_err_set(err, KURA_EUSAGE,
                            "'%s' is no level: informational, low, medium, "
                            "high or critical",
                            word);
    n->attack = kura_cli_option(cli, cmd, "attack");
    n->tag = kura_cli_option(cli, cmd, "tag");
    return KURA_OK;
}

/* "T1071" takes T1071.001 too. */
static bool attack_has(const char *attack, const char *id)
{
    size_t n = strlen(id);
    const char *at;

    for (at = attack; (at = strstr(at, id)) != NULL; at += n)
        if ((at == attack || at[-1] == ' ' || at[-1] == ',') &&
            strchr(" ,.", at[n]) != NULL)
            return true;
    return false;
}

static bool hunt_passes(const struct kura_hunt *h, const struct narrowed *n)
{
    size_t i;

    if (n->stage >= 0 && (h->stages & 1u << n->stage) == 0)
        return false;
    if (h->level < n->level)
        return false;
    if (n->attack != NULL && !attack_has(h->attack, n->attack))
        return false;
    if (n->tag != NULL && !kura_hunt_has_tag(h, n->tag))
        return false;
    if (n->table == NULL)
        return true;
    for (i = 0; i < h->table_count; i++)
        if (h->tables[i] == n->table)
            return true;
    return false;
}

static bool is_named(const struct kura_cli *cli, const char *name)
{
    int i;

    for (i = 0; i < cli->args->count; i++)
        if (strcmp(cli->args->operands[i], name) == 0)
            return true;
    return cli->args->count == 0;
}

/* Is there a file for it, which is told to be no hunt? */
static bool is_broken(const struct kura_hunt_set *set, const char *name)
{
    char file[160];
    size_t i;

    (void)snprintf(file, sizeof(file), "/%.128s.sql", name);
    for (i = 0; i < set->broken_count; i++)
        if (strstr(set->broken[i].msg, file) != NULL)
            return true;
    return false;
}

static enum kura_rc names_check(const struct kura_cli *cli,
                                const struct kura_hunt_set *set,
                                struct kura_err *err)
{
    int i;

    for (i = 0; i < cli->args->count; i++) {
        const char *name = cli->args->operands[i];

        if (is_broken(set, name))
            return kura_err_set(err, KURA_EINPUT, "hunt '%s' cannot be used",
                                name);
        if (kura_hunt_set_find(set, name) == NULL) {
            (void)kura_err_set(err, KURA_EUSAGE, "there is no hunt '%s'", name);
            kura_err_hint(err, "'kura hunts' lists them");
            return KURA_EUSAGE;
        }
    }
    return KURA_OK;
}

enum kura_rc kura_selection_make(const struct kura_cli *cli,
                                 const struct kura_cmd *cmd,
                                 struct kura_selection *out,
                                 struct kura_err *err)
{
    struct narrowed n;
    enum kura_rc rc;
    size_t i;

    memset(out, 0, sizeof(*out));
    memset(&n, 0, sizeof(n));
    rc = narrowed_read(cli, cmd, &n, err);
    if (rc == KURA_OK)
        rc = kura_hunt_set_load(cli->dir, &out->set, err);
    for (i = 0; rc == KURA_OK && i < out->set.broken_count; i++)
        kura_cli_error(&out->set.broken[i]);
    if (rc == KURA_OK)
        rc = names_check(cli, &out->set, err);
    if (rc != KURA_OK)
        return rc;
    out->list = calloc(out->set.count + 1, sizeof(*out->list));
    if (out->list == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < out->set.count; i++)
        if (is_named(cli, out->set.list[i]->name) &&
            hunt_passes(out->set.list[i], &n))
            out->list[out->count++] = out->set.list[i];
    return KURA_OK;
}

void kura_selection_release(struct kura_selection *s)
{
    free(s->list);
    kura_hunt_set_release(&s->set);
    memset(s, 0, sizeof(*s));
}
