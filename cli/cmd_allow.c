/* cmd_allow.c - kura allow add, list, remove: what is known and fine. */
#include "cli/cmd.h"
#include "cli/job.h"

#include "base/num.h"
#include "base/text.h"
#include "query/functions.h"
#include "query/hunt.h"
#include "store/case_hunt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kura_opt allow_options[] = {
    {"hunt", 0, "NAME", "only findings of this hunt (add)"},
    {"kind", 0, "KIND", "exact (default), domain, network, glob (add)"},
    {"reason", 0, "TEXT", "why it is fine (add)"},
    {"for", 0, "PERIOD", "for so long: 90d, 1y; for ever if not said (add)"},
    {NULL, 0, NULL, NULL}};

static const char *option(const struct kura_cli *cli, const char *name)
{
    return kura_cli_option(cli, &kura_cmd_allow, name);
}

static enum kura_rc add_kind(const char *kind, const char *value,
                             struct kura_err *err)
{
    static const char *const kinds[] = {"exact", "domain", "network", "glob"};
    const struct kura_text_test_kind *k = kura_text_test_find("ip_in");
    struct kura_text_test *t = NULL;
    enum kura_rc rc;
    size_t i;

    for (i = 0; i < 4 && strcmp(kinds[i], kind) != 0; i++)
        ;
    if (i == 4)
        return kura_err_set(err, KURA_EUSAGE,
                            "'%s' is no kind: exact, domain, network or glob",
                            kind);
    if (strcmp(kind, "network") != 0)
        return KURA_OK;
    rc = k->compile(value, strlen(value), &t, err);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    if (rc == KURA_OK)
        k->free(t);
    return rc;
}

static enum kura_rc add_hunt(const struct kura_cli *cli, const char *name,
                             struct kura_err *err)
{
    struct kura_hunt_set set;
    enum kura_rc rc = kura_hunt_set_load(cli->dir, &set, err);

    if (rc == KURA_OK && *name != '\0' &&
        kura_hunt_set_find(&set, name) == NULL)
        rc = kura_err_set(err, KURA_EUSAGE, "there is no hunt '%s'", name);
    kura_hunt_set_release(&set);
    return rc;
}

static enum kura_rc add_until(const struct kura_cli *cli, const char *text,
                              int64_t *out, struct kura_err *err)
{
    struct kura_period p;
    int64_t day = kura_day_of(cli->now_us);
    enum kura_rc rc;

    *out = INT64_MAX;
    if (text == NULL)
        return KURA_OK;
    rc = kura_period_parse(text, &p, err);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    if (rc != KURA_OK || kura_period_is_forever(&p))
        return rc;
    /* As far ahead as the period reaches back. */
    *out = (2 * day - kura_period_before(&p, day)) * KURA_DAY;
    return KURA_OK;
}

/* COLUMN=VALUE */
static enum kura_rc allow_add(struct kura_cli *cli, struct kura_err *err)
{
    const char *text = cli->args->count == 2 ? cli->args->operands[1] : "";
    const char *equal = strchr(text, '=');
    const char *hunt = option(cli, "hunt"), *kind = option(cli, "kind");
    const char *reason = option(cli, "reason");
    struct kura_allow a;
    struct kura_casefile *c = NULL;
    enum kura_rc rc;

    memset(&a, 0, sizeof(a));
    if (equal == NULL || equal == text || equal[1] == '\0')
        return kura_err_set(err, KURA_EUSAGE, "allow add needs COLUMN=VALUE");
    if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_") != (size_t)(equal - text))
        return kura_err_set(err, KURA_EUSAGE, "'%.*s' is no column",
                            (int)(equal - text), text);
    if (reason == NULL || *reason == '\0')
        return kura_err_set(err, KURA_EUSAGE,
                            "allow add needs --reason: somebody will ask why");
    rc = add_kind(kind == NULL ? "exact" : kind, equal + 1, err);
    if (rc == KURA_OK)
        rc = add_hunt(cli, hunt == NULL ? "" : hunt, err);
    if (rc == KURA_OK)
        rc = add_until(cli, option(cli, "for"), &a.expires_us, err);
    if (rc != KURA_OK)
        return rc;
    a.hunt = strdup(hunt == NULL ? "" : hunt);
    a.column = strndup(text, (size_t)(equal - text));
    a.kind = strdup(kind == NULL ? "exact" : kind);
    a.value = strdup(equal + 1);
    a.reason = strdup(reason);
    a.owner = strdup(kura_owner());
    a.made_us = cli->now_us;
    if (a.hunt == NULL || a.column == NULL || a.kind == NULL ||
        a.value == NULL || a.reason == NULL || a.owner == NULL)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = kura_casefile_open(cli->dir, true, &c, err);
    if (rc == KURA_OK)
        rc = kura_allow_add(c, &a, err);
    if (rc == KURA_OK)
        (void)printf("allow %" PRId64 "\n", a.number);
    kura_casefile_close(c);
    free(a.hunt);
    free(a.column);
    free(a.kind);
    free(a.value);
    free(a.reason);
    free(a.owner);
    return rc;
}

static enum kura_rc allow_remove(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    int64_t number;
    enum kura_rc rc;

    if (cli->args->count != 2 ||
        !kura_num_parse(cli->args->operands[1], strlen(cli->args->operands[1]),
                        &number))
        return kura_err_set(err, KURA_EUSAGE, "allow remove needs a number");
    rc = kura_casefile_open(cli->dir, true, &c, err);
    if (rc == KURA_OK)
        rc = kura_allow_remove(c, number, cli->now_us, kura_owner(), err);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc print_rule(const struct kura_allow *a, int64_t now_us,
                               struct kura_err *err)
{
    char until[KURA_TIME_TEXT] = "for ever";
    struct kura_buf out;
    enum kura_rc rc;

    kura_buf_init(&out, 1u << 20);
    if (a->expires_us != INT64_MAX)
        kura_time_format(a->expires_us, until);
    rc = kura_text_escape(a->value, strlen(a->value), &out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&out, "  ", err);
    if (rc == KURA_OK)
        rc = kura_text_escape(a->reason, strlen(a->reason), &out, err);
    if (rc == KURA_OK)
        (void)printf("%-4" PRId64 " %-24s %s %s %s (%s, %s%.10s%s)\n",
                     a->number, *a->hunt == '\0' ? "every hunt" : a->hunt,
                     a->column, a->kind, out.data, a->owner,
                     a->expires_us == INT64_MAX ? "" : "until ", until,
                     a->expires_us <= now_us ? ", expired" : "");
    kura_buf_release(&out);
    return rc;
}

static enum kura_rc allow_list(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    struct kura_allow *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_cli_case_open(cli, &c, err);

    if (rc == KURA_OK)
        rc = kura_allow_list(c, &list, &count, err);
    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = print_rule(&list[i], cli->now_us, err);
    kura_allow_list_free(list, count);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc allow_run(struct kura_cli *cli, enum kura_exit *code,
                              struct kura_err *err)
{
    const char *what = cli->args->count == 0 ? "" : cli->args->operands[0];

    (void)code;
    if (strcmp(what, "add") == 0)
        return allow_add(cli, err);
    if (strcmp(what, "remove") == 0)
        return allow_remove(cli, err);
    if (strcmp(what, "list") == 0)
        return allow_list(cli, err);
    return kura_err_set(err, KURA_EUSAGE, "allow knows add, list and remove");
}

const struct kura_cmd kura_cmd_allow = {
    "allow", "add COLUMN=VALUE|list|remove N",
    "findings that are known and fine", allow_options, allow_run};
