/* cmd_who.c - which account was behind an address at a time: the last log-on
 * before it, and what speaks against that (sql/who.sql). */
#include "cli/cmd.h"
#include "cli/session.h"

#include "base/embedded.h"
#include "base/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct kura_opt who_options[] = {
    {"within", 'w', "LENGTH",
     "how far before that time: 10h (default), 7d ..."},
    {"archived", 0, NULL, "read volumes that are at hand in place"},
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {NULL, 0, NULL, NULL}};

static const char *option(const struct kura_cli *cli, const char *name)
{
    return kura_cli_option(cli, &kura_cmd_who, name);
}

/* The last instant of what was written: of 10:20, that of the minute. */
static enum kura_rc instant_read(struct kura_cli *cli,
                                 const struct kura_zone *zone, int64_t *from,
                                 int64_t *at, struct kura_err *err)
{
    const char *text = cli->args->count > 1 ? cli->args->operands[1] : "now";
    const char *within = option(cli, "within");
    int64_t to, ends;
    enum kura_rc rc;

    rc = kura_range_parse(text, zone, cli->now_us, from, &to, err);
    if (rc == KURA_OK) {
        *at = to > *from ? to - 1 : to;
        rc = kura_range_parse(within != NULL ? within : "10h", zone, *from,
                              from, &ends, err);
    }
    if (rc == KURA_OK && (ends <= *from || *from > *at))
        rc = kura_err_set(err, KURA_EINPUT, "'%s' is no length of time",
                          within != NULL ? within : "10h");
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

static enum kura_rc range_read(struct kura_cli *cli,
                               struct kura_engine_options *o, int64_t *at,
                               struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    enum kura_rc rc = kura_warehouse_open(cli->dir, false, &w, err);

    if (rc == KURA_OK)
        rc = instant_read(cli, kura_warehouse_zone(w), &o->from_us, at, err);
    kura_warehouse_close(w);
    if (rc == KURA_OK)
        o->to_us = *at + 1;
    return rc;
}

static void say_nobody(struct kura_cli *cli, const char *address)
{
    char text[160];

    (void)snprintf(text, sizeof(text),
                   "no log-on, ticket or user name from %.60s in that time: "
                   "--within looks further back",
                   address);
    kura_cli_say(cli, text);
}

static enum kura_rc who_ask(struct kura_cli *cli, struct kura_session *s,
                            const char *address, int64_t at,
                            enum kura_output how, enum kura_exit *code,
                            struct kura_err *err)
{
    const char *sql = NULL, *binds[3] = {address, NULL, NULL};
    char instant[24];
    int64_t rows = 0;
    bool whole = true;
    enum kura_rc rc;

    (void)snprintf(instant, sizeof(instant), "%" PRId64, at);
    binds[1] = instant;
    rc = kura_embedded_text("sql/who.sql", &sql, err);
    if (rc == KURA_OK)
        rc = kura_session_run(s, sql, binds, how, &rows, err);
    if (rc == KURA_OK)
        rc = kura_cli_flush(err);
    if (rc == KURA_OK)
        rc = kura_session_coverage(s, false, &whole, err);
    if (rc == KURA_OK && rows == 0) { /* what was not read is no evidence */
        *code = whole ? KURA_EXIT_NO : KURA_EXIT_FAILED;
        say_nobody(cli, address);
    }
    return rc;
}

static enum kura_rc who_run(struct kura_cli *cli, enum kura_exit *code,
                            struct kura_err *err)
{
    const char *word = option(cli, "format"), *address;
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct kura_engine_options o;
    struct kura_session s;
    struct kura_address a;
    int64_t at = 0;
    enum kura_rc rc;

    if (cli->args->count < 1 || cli->args->count > 2)
        return kura_err_set(err, KURA_EUSAGE,
                            "who needs an address, and a time or none");
    address = cli->args->operands[0];
    if (strncasecmp(address, "::ffff:", 7) == 0 &&
        kura_address_parse(address + 7, strlen(address + 7), &a))
        address += 7; /* as events write it */
    if (!kura_address_parse(address, strlen(address), &a))
        return kura_err_set(err, KURA_EUSAGE, "'%.200s' is no address",
                            address);
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    memset(&s, 0, sizeof(s));
    memset(&o, 0, sizeof(o));
    o.archived = option(cli, "archived") != NULL;
    rc = range_read(cli, &o, &at, err);
    if (rc == KURA_OK)
        rc = kura_session_open(cli->dir, &o, 0, &s, err);
    if (rc == KURA_OK)
        rc = who_ask(cli, &s, address, at, how, code, err);
    kura_session_close(&s);
    return rc;
}

const struct kura_cmd kura_cmd_who = {
    "who", "ADDRESS [TIME]",
    "which account was behind an address at a time, by the last log-on before",
    who_options, who_run};
