/* cmd_verify.c - kura verify: is everything there, and is it whole? */
#include "cli/cmd.h"
#include "cli/job.h"

#include "archive/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (1u << 20)

static const struct kura_opt verify_options[] = {
    {"deep", 0, NULL, "read everything again, not only names and sizes"},
    {"sample", 0, "PERCENT", "read so much of it again, such as 5%"},
    {"table", 't', "TABLE", "only this table"},
    {"json", 0, NULL, "an object a line"},
    {NULL, 0, NULL, NULL}};

struct verify_run {
    struct kura_cli *cli;
    struct kura_buf line;
    bool json;
    enum kura_rc rc; /* of printing */
};

/* --- Lines for people -------------------------------------------------- */

static void verify_days(int64_t first, int64_t last, char out[32])
{
    char a[KURA_DAY_TEXT], b[KURA_DAY_TEXT];

    kura_day_format(first, a);
    kura_day_format(last, b);
    if (first == last)
        (void)snprintf(out, 32, "%s", a);
    else
        (void)snprintf(out, 32, "%s to %s", a, b);
}

static enum kura_rc line_text(struct kura_buf *b,
                              const struct kura_verify_finding *f)
{
    char days[32];
    enum kura_rc rc = kura_buf_printf(b, NULL, "%-8s %-8s ",
                                      kura_verify_word(f->kind), f->place);

    if (rc == KURA_OK && f->schema != NULL) {
        verify_days(f->first_day, f->last_day, days);
        rc = kura_buf_printf(b, NULL,
                             "%s %s, %" PRId64 " rows: ", f->schema->name, days,
                             f->rows);
    }
    if (rc == KURA_OK && *f->member != '\0')
        rc = kura_buf_printf(b, NULL, "%s in ", f->member);
    if (rc == KURA_OK)
        rc = kura_buf_printf(b, NULL, "'%s': %s", f->path, f->reason);
    if (rc == KURA_OK && *f->meaning != '\0')
        rc = kura_buf_printf(b, NULL, "; %s", f->meaning);
    if (rc == KURA_OK && *f->remedy != '\0')
        rc = kura_buf_printf(b, NULL, "; %s", f->remedy);
    return rc;
}

/* --- Lines for programs ------------------------------------------------ */

static enum kura_rc json_text(struct kura_buf *b, const char *key,
                              const char *value)
{
    enum kura_rc rc =
        kura_buf_printf(b, NULL, "%s\"%s\":", b->len == 0 ? "{" : ",", key);

    return rc == KURA_OK ? kura_json_text(value, strlen(value), b, NULL) : rc;
}

static enum kura_rc json_number(struct kura_buf *b, const char *key, int64_t n)
{
    return kura_buf_printf(b, NULL, "%s\"%s\":%" PRId64,
                           b->len == 0 ? "{" : ",", key, n);
}

static enum kura_rc line_json(struct kura_buf *b,
                              const struct kura_verify_finding *f)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    const char *const texts[][2] = {{"volume", f->volume},
                                    {"member", f->member},
                                    {"reason", f->reason},
                                    {"meaning", f->meaning},
                                    {"remedy", f->remedy}};
    enum kura_rc rc = json_text(b, "kind", kura_verify_word(f->kind));
    size_t i;

    if (rc == KURA_OK)
        rc = json_text(b, "place", f->place);
    if (rc == KURA_OK)
        rc = json_text(b, "path", f->path);
    if (rc == KURA_OK && f->schema != NULL) {
        kura_day_format(f->first_day, first);
        kura_day_format(f->last_day, last);
        rc = json_text(b, "table", f->schema->name);
        if (rc == KURA_OK)
            rc = json_text(b, "first_day", first);
        if (rc == KURA_OK)
            rc = json_text(b, "last_day", last);
        if (rc == KURA_OK)
            rc = json_number(b, "rows", f->rows);
    }
    for (i = 0; rc == KURA_OK && i < sizeof(texts) / sizeof(texts[0]); i++)
        if (*texts[i][1] != '\0')
            rc = json_text(b, texts[i][0], texts[i][1]);
    return rc == KURA_OK ? kura_buf_putc(b, '}', NULL) : rc;
}

/* --- Printing ---------------------------------------------------------- */

static enum kura_rc finding_print(struct verify_run *r,
                                  const struct kura_verify_finding *f)
{
    struct kura_buf safe;
    enum kura_rc rc;

    kura_buf_reset(&r->line);
    rc = r->json ? line_json(&r->line, f) : line_text(&r->line, f);
    if (rc != KURA_OK)
        return rc;
    kura_cli_progress_done();
    if (r->json) {
        (void)printf("%s\n", r->line.data);
        return KURA_OK;
    }
    kura_buf_init(&safe, 8 * (size_t)LINE_MAX_BYTES);
    rc = kura_text_escape(r->line.data, r->line.len, &safe, NULL);
    if (rc == KURA_OK)
        (void)printf("%s\n", safe.data);
    kura_buf_release(&safe);
    return rc;
}

static void verify_found(void *arg, const struct kura_verify_finding *f)
{
    struct verify_run *r = arg;
    enum kura_rc rc = finding_print(r, f);

    if (r->rc == KURA_OK)
        r->rc = rc;
    (void)fflush(stdout);
}

static void verify_progress(void *arg, const char *name, int64_t bytes,
                            int64_t rows)
{
    const struct verify_run *r = arg;

    kura_cli_progress(r->cli, name, bytes, rows);
}

static size_t verify_wrong(const struct kura_verify_summary *s)
{
    size_t n = 0;
    int i;

    for (i = 0; i < KURA_VERIFY_KINDS; i++)
        if (kura_verify_is_wrong((enum kura_verify_kind)i))
            n += s->findings[i];
    return n;
}

static void summary_volumes(const struct kura_verify_summary *s)
{
    char proven[KURA_TIME_TEXT];

    if (s->volumes == 0)
        return;
    (void)printf("%zu volume(s)", s->volumes);
    if (s->proven_us != INT64_MIN) {
        kura_time_format(s->proven_us, proven);
        (void)printf(", each proven at %.19sZ or later", proven);
    }
    if (s->never != 0)
        (void)printf(", %zu of them never", s->never);
    (void)printf("\n");
    if (s->unrecorded != 0)
        (void)printf("%zu proof(s) could not be noted: %s\n", s->unrecorded,
                     s->why.msg);
}

static void summary_print(const struct kura_verify_summary *s)
{
    char size[KURA_SIZE_TEXT];
    size_t wrong = verify_wrong(s);
    int i;

    kura_cli_size(s->bytes_read, size);
    (void)printf("checked %zu partition(s), %zu sightings, %zu volume copies; "
                 "read again %zu, %zu, %zu: %" PRId64 " rows, %s\n",
                 s->partitions, s->sightings, s->copies, s->partitions_read,
                 s->sightings_read, s->copies_read, s->rows_read, size);
    summary_volumes(s);
    if (wrong == 0)
        (void)printf("nothing is wrong");
    else
        (void)printf("%zu finding(s)", wrong);
    for (i = 0; i < KURA_VERIFY_KINDS; i++)
        if (s->findings[i] != 0)
            (void)printf(", %zu %s", s->findings[i],
                         kura_verify_word((enum kura_verify_kind)i));
    (void)printf("\n");
}

static enum kura_rc summary_json(struct kura_buf *b,
                                 const struct kura_verify_summary *s)
{
    const struct {
        const char *key;
        int64_t n;
    } numbers[] = {{"partitions", (int64_t)s->partitions},
                   {"sightings", (int64_t)s->sightings},
                   {"copies", (int64_t)s->copies},
                   {"partitions_read", (int64_t)s->partitions_read},
                   {"sightings_read", (int64_t)s->sightings_read},
                   {"copies_read", (int64_t)s->copies_read},
                   {"rows_read", s->rows_read},
                   {"bytes_read", s->bytes_read},
                   {"volumes", (int64_t)s->volumes},
                   {"never_proven", (int64_t)s->never},
                   {"unrecorded", (int64_t)s->unrecorded}};
    char proven[KURA_TIME_TEXT];
    enum kura_rc rc;
    size_t i;
    int k;

    kura_buf_reset(b);
    rc = json_text(b, "kind", "summary");
    for (i = 0; rc == KURA_OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        rc = json_number(b, numbers[i].key, numbers[i].n);
    if (rc == KURA_OK && s->proven_us != INT64_MIN) {
        kura_time_format(s->proven_us, proven);
        rc = json_text(b, "proven", proven);
    }
    for (k = 0; rc == KURA_OK && k < KURA_VERIFY_KINDS; k++)
        rc = json_number(b, kura_verify_word((enum kura_verify_kind)k),
                         (int64_t)s->findings[k]);
    if (rc == KURA_OK)
        (void)printf("%s}\n", b->data);
    return rc;
}

/* --- The command ------------------------------------------------------- */

/* "5%", "5", "0.5%": more than 0, at most 100. */
static enum kura_rc verify_share(const char *text, double *out,
                                 struct kura_err *err)
{
    char *end = NULL;
    double n;

    n = strspn(text, "0123456789.") == 0 ? 0 : strtod(text, &end);
    if (end != NULL && *end == '%')
        end++;
    if (end == NULL || *end != '\0' || !(n > 0 && n <= 100))
        return kura_err_set(err, KURA_EUSAGE,
                            "--sample takes a percentage such as 5%%, not '%s'",
                            text);
    *out = n / 100;
    return KURA_OK;
}

static enum kura_rc verify_read(struct kura_cli *cli, struct kura_verify *q,
                                struct kura_err *err)
{
    const char *sample = kura_cli_option(cli, &kura_cmd_verify, "sample");
    bool deep = kura_cli_option(cli, &kura_cmd_verify, "deep") != NULL;

    if (cli->args->count > 1)
        return kura_err_set(err, KURA_EUSAGE, "verify takes one range");
    if (deep && sample != NULL)
        return kura_err_set(err, KURA_EUSAGE,
                            "--deep reads everything, --sample a part");
    q->dir = cli->dir;
    q->first_day = INT64_MIN;
    q->last_day = INT64_MAX;
    q->share = deep ? 1 : 0;
    if (sample != NULL && verify_share(sample, &q->share, err) != KURA_OK)
        return KURA_EUSAGE;
    return kura_cli_table(kura_cli_option(cli, &kura_cmd_verify, "table"),
                          &q->table, err);
}

static enum kura_rc verify_do(struct verify_run *r, struct kura_verify *q,
                              size_t *wrong, struct kura_err *err)
{
    struct kura_verify_summary s;
    enum kura_rc rc;

    memset(&s, 0, sizeof(s));
    rc = kura_verify(q, &s, err);
    kura_cli_progress_done();
    *wrong = verify_wrong(&s);
    if (rc == KURA_OK && r->rc != KURA_OK)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK && r->json)
        rc = summary_json(&r->line, &s) == KURA_OK ? KURA_OK
                                                   : kura_err_nomem(err);
    else if (rc == KURA_OK && r->cli->verbosity >= 0)
        summary_print(&s);
    return rc;
}

static enum kura_rc verify_run(struct kura_cli *cli, enum kura_exit *code,
                               struct kura_err *err)
{
    struct verify_run r = {.cli = cli};
    struct kura_job job = {.now_us = cli->now_us, .stop = &kura_cli_stop};
    struct kura_verify q = {.job = &job,
                            .found = verify_found,
                            .progress = verify_progress,
                            .arg = &r};
    struct kura_err why = KURA_ERR_INIT;
    size_t wrong = 0;
    enum kura_rc rc = verify_read(cli, &q, err), opened;

    if (rc != KURA_OK)
        return rc;
    r.json = kura_cli_option(cli, &kura_cmd_verify, "json") != NULL;
    kura_buf_init(&r.line, LINE_MAX_BYTES);
    opened = kura_warehouse_open(cli->dir, false, &job.w, &why);
    if (opened != KURA_OK && opened != KURA_ECORRUPT)
        rc = kura_err_set(err, opened, "%s", why.msg);
    if (rc == KURA_OK && opened == KURA_OK && cli->args->count == 1)
        rc = kura_cli_days(cli, job.w, cli->args->operands[0], &q.first_day,
                           &q.last_day, err);
    if (rc == KURA_OK)
        rc = verify_do(&r, &q, &wrong, err);
    /* Not damage that its own check sees. */
    if (rc == KURA_OK && opened != KURA_OK && wrong == 0)
        rc = kura_err_set(err, opened, "%s", why.msg);
    if (rc == KURA_OK && wrong != 0)
        *code = KURA_EXIT_NO;
    kura_warehouse_close(job.w);
    kura_buf_release(&r.line);
    return rc;
}

const struct kura_cmd kura_cmd_verify = {
    "verify", "[RANGE]", "is everything there, and is it whole?",
    verify_options, verify_run};
