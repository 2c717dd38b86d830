/* ioc_import.c - kura ioc import. */
#include "cli/ioc.h"

#include "base/num.h"
#include "base/text.h"
#include "ingest/input.h"
#include "query/indicator_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IMPORT_FILE ((size_t)512 << 20)
#define IMPORT_READ ((size_t)256 << 10)
/* Problems and changes are told one by one up to here, and counted after. */
#define IMPORT_TOLD 1000

struct importing {
    struct kura_cli *cli;
    struct kura_indicator_importer importer;
    struct kura_buf data, line;
    size_t told[KURA_INDICATOR_WARNED + 1];
};

static void on_told(void *arg, enum kura_indicator_event what, const char *file,
                    size_t line, const char *text)
{
    static const char *const words[] = {"", "", "refanged: ", "listed: "};
    struct importing *m = arg;

    if (what == KURA_INDICATOR_WARNED && m->cli->verbosity < 1)
        return;
    if (++m->told[what] > IMPORT_TOLD)
        return;
    kura_buf_reset(&m->line);
    if (line != 0)
        (void)kura_buf_printf(&m->line, NULL, "%s:%zu: ", file, line);
    else
        (void)kura_buf_printf(&m->line, NULL, "%s: ", file);
    (void)kura_buf_printf(&m->line, NULL, "%s%s", words[what], text);
    if (what == KURA_INDICATOR_PROBLEM && m->cli->verbosity < 0) {
        struct kura_err err = KURA_ERR_INIT; /* told with -q too */

        (void)kura_err_set(&err, KURA_EINPUT, "%s", m->line.data);
        kura_cli_error(&err);
    } else {
        kura_cli_say(m->cli, m->line.data);
    }
}

/* --- Options ----------------------------------------------------------- */

static enum kura_rc expires_read(struct kura_cli *cli, const char *text,
                                 int64_t *out, struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    const char *s = text;
    int64_t from, to;
    enum kura_rc rc;

    /* "90d" is 90 days from now, not ago. */
    rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK)
        rc = kura_range_parse(s, kura_warehouse_zone(w), cli->now_us, &from,
                              &to, err);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    if (rc == KURA_OK)
        *out = to == cli->now_us ? 2 * to - from : to;
    kura_warehouse_close(w);
    return rc;
}

static enum kura_rc options_read(struct kura_cli *cli,
                                 struct kura_indicator_import_options *o,
                                 enum kura_indicator_type *type,
                                 struct kura_err *err)
{
    const char *as = kura_ioc_option(cli, "as");
    const char *confidence = kura_ioc_option(cli, "confidence");
    const char *expires = kura_ioc_option(cli, "expires");
    const char *tlp = kura_ioc_option(cli, "tlp");
    int64_t n = -1;
    bool given;
    enum kura_rc rc = kura_ioc_type(cli, type, &given, err);

    memset(o, 0, sizeof(*o));
    o->expires_at = KURA_INDICATOR_NEVER;
    o->source = kura_ioc_option(cli, "source");
    o->campaign = kura_ioc_option(cli, "campaign");
    o->type = given ? type : NULL;
    if (rc == KURA_OK && as != NULL &&
        !kura_indicator_format_find(as, &o->format))
        rc = kura_err_set(err, KURA_EUSAGE,
                          "unknown format '%s': text, csv, stix or misp", as);
    if (rc == KURA_OK && confidence != NULL &&
        (!kura_num_parse(confidence, strlen(confidence), &n) || n < 0 ||
         n > 100))
        rc = kura_err_set(err, KURA_EUSAGE, "--confidence must be 0 to 100");
    o->confidence = (int)n;
    if (rc == KURA_OK && tlp != NULL) {
        o->tlp = kura_indicator_tlp(tlp, strlen(tlp));
        if (o->tlp == NULL)
            rc = kura_err_set(err, KURA_EUSAGE, "unknown TLP '%s'", tlp);
    }
    if (rc == KURA_OK && expires != NULL)
        rc = expires_read(cli, expires, &o->expires_at, err);
    return rc;
}

/* --- Files ------------------------------------------------------------- */

static enum kura_rc source_read(struct importing *m, struct kura_input *in,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t got = 1;

    kura_buf_reset(&m->data);
    while (rc == KURA_OK && got != 0) {
        if (m->data.len + IMPORT_READ > IMPORT_FILE)
            return kura_err_set(err, KURA_EINPUT, "'%s' is larger than %zu MB",
                                kura_input_name(in), IMPORT_FILE >> 20);
        rc = kura_buf_reserve(&m->data, IMPORT_READ, err);
        if (rc == KURA_OK)
            rc = kura_input_read(in, m->data.data + m->data.len, IMPORT_READ,
                                 &got, err);
        if (rc == KURA_OK)
            m->data.len += got;
    }
    return rc;
}

static enum kura_rc path_import(struct importing *m, const char *path,
                                struct kura_err *err)
{
    struct kura_input *in = NULL;
    bool more = true;
    enum kura_rc rc = kura_input_open(path, &kura_cli_stop, &in, err);

    while (rc == KURA_OK && more) {
        rc = kura_input_next(in, &more, err);
        if (rc != KURA_OK || !more)
            break;
        rc = source_read(m, in, err);
        /* As it was given; members are told apart. */
        if (rc == KURA_OK)
            rc = kura_indicator_import_file(
                &m->importer,
                kura_input_has_members(in) ? kura_input_name(in) : path,
                m->data.data, m->data.len, err);
        if (rc == KURA_OK && kura_cli_stop != 0)
            rc = kura_err_set(err, KURA_ESTOPPED, "stopped");
    }
    kura_input_close(in);
    return rc;
}

/* A file that is none is told, and the others are imported. */
static enum kura_rc paths_import(struct importing *m, struct kura_err *err)
{
    const struct kura_args *args = m->cli->args;
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 1; rc == KURA_OK && i < args->count; i++) {
        struct kura_err why = KURA_ERR_INIT;

        rc = path_import(m, args->operands[i], &why);
        if (rc == KURA_EINPUT) {
            m->importer.sums.refused++;
            kura_cli_error(&why);
            rc = KURA_OK;
        } else if (rc != KURA_OK) {
            (void)kura_err_set(err, rc, "%s", why.msg);
        }
    }
    return rc;
}

static void sums_print(const struct importing *m, bool dry)
{
    const struct kura_indicator_sums *s = &m->importer.sums;
    int i;

    (void)printf("%s%zu new, %zu changed, %zu as before, %zu not understood; "
                 "%zu refanged, %zu on warning lists\n",
                 dry ? "dry run: " : "", s->added, s->changed, s->same,
                 s->refused, s->refanged, s->warned);
    for (i = 0; i < KURA_INDICATOR_TYPES; i++)
        if (s->types[i] != 0)
            (void)printf("  %-9s %zu\n",
                         kura_indicator_word((enum kura_indicator_type)i),
                         s->types[i]);
}

static void told_rest(const struct importing *m)
{
    static const char *const words[] = {"not understood", "notes", "refanged",
                                        "listed"};
    char text[64];
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (m->told[i] > IMPORT_TOLD) {
            (void)snprintf(text, sizeof(text), "%zu more %s",
                           m->told[i] - IMPORT_TOLD, words[i]);
            kura_cli_say(m->cli, text);
        }
}

/* "urls.csv, misp.json" for the trail. */
static void subject_of(const struct kura_cli *cli, char *to, size_t room)
{
    size_t n = 0;
    int i;

    to[0] = '\0';
    for (i = 1; i < cli->args->count && n < room; i++)
        n += (size_t)snprintf(to + n, room - n, "%s%s", i == 1 ? "" : ", ",
                              cli->args->operands[i]);
}

static enum kura_rc import_all(struct importing *m, struct kura_cli_job *j,
                               bool dry, struct kura_err *err)
{
    struct kura_warnings *warnings = NULL;
    char subject[256];
    enum kura_rc rc;

    subject_of(m->cli, subject, sizeof(subject));
    rc = kura_warnings_new(kura_warehouse_dir(j->job.w), &warnings, err);
    if (rc == KURA_OK)
        rc = kura_indicator_import_begin(j->job.c, m->cli->now_us,
                                         &m->importer.into, err);
    if (rc == KURA_OK) {
        m->importer.warnings = warnings;
        rc = paths_import(m, err);
        rc = kura_indicator_import_end(m->importer.into, rc, !dry, j->job.owner,
                                       subject, err);
    }
    kura_warnings_free(warnings);
    if (rc == KURA_OK && !dry)
        rc = kura_case_backup(&j->job, err);
    return rc;
}

enum kura_rc kura_ioc_import_run(struct kura_cli *cli, enum kura_exit *code,
                                 struct kura_err *err)
{
    bool dry = kura_ioc_option(cli, "dry-run") != NULL;
    enum kura_indicator_type type = KURA_INDICATOR_ADDRESS;
    struct kura_cli_job j;
    struct importing m;
    enum kura_rc rc;

    memset(&m, 0, sizeof(m));
    m.cli = cli;
    m.importer.tell = on_told;
    m.importer.arg = &m;
    if (cli->args->count < 2)
        return kura_err_set(err, KURA_EUSAGE, "ioc import needs files, or -");
    rc = options_read(cli, &m.importer.options, &type, err);
    if (rc != KURA_OK)
        return rc;
    kura_buf_init(&m.data, IMPORT_FILE);
    kura_buf_init(&m.line, 1u << 16);
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK)
        rc = import_all(&m, &j, dry, err);
    kura_cli_job_close(&j);
    told_rest(&m);
    if (rc == KURA_OK) {
        sums_print(&m, dry);
        *code = m.importer.sums.refused != 0 ? KURA_EXIT_NO : KURA_EXIT_OK;
    }
    kura_buf_release(&m.data);
    kura_buf_release(&m.line);
    return rc;
}
