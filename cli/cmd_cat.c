#include "base/hash.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/formats.h"
#include "cli/session.h"
#include "store/rebuild.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CAT_NAME_MAX (1u << 20)

static const struct kura_opt cat_options[] = {
    {"as", 0, "FORM", "records of an EVTX file as xml (default) or json"},
    {"list", 'l', NULL, "list the sources: bytes, lines, SHA-256, name"},
    {NULL, 0, NULL, NULL}};

static enum kura_rc cat_write(void *arg, const char *p, size_t n,
                              struct kura_err *err)
{
    enum kura_rc rc = kura_sha256_update(arg, p, n, err);

    if (rc == KURA_OK && kura_cli_stop)
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    if (rc == KURA_OK && fwrite(p, 1, n, stdout) != n)
        return kura_err_sys(err, errno, "cannot write the output");
    return rc;
}

static enum kura_rc cat_source(struct kura_warehouse *w,
                               const struct kura_source_entry *s,
                               struct kura_err *err)
{
    struct kura_sha256 *sha = NULL;
    char hex[KURA_SHA256_HEX];
    enum kura_rc rc = kura_sha256_new(&sha, err);

    if (rc == KURA_OK)
        rc = kura_rebuild(w, s->name, s->lines, cat_write, sha, err);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(sha, hex, err);
    kura_sha256_free(sha);
    if (rc == KURA_OK && s->bytes != 0 && strcmp(hex, s->sha256) != 0)
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' came out with SHA-256 %s, not %s as loaded",
                            s->name, hex, s->sha256);
    return rc;
}

/* --- EVTX ------------------------------------------------------------- */

static enum kura_rc cat_record(void *arg, const char *p, size_t n,
                               struct kura_err *err)
{
    (void)arg;
    if (kura_cli_stop)
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    if (fwrite(p, 1, n, stdout) != n || fputc('\n', stdout) == EOF)
        return kura_err_sys(err, errno, "cannot write the output");
    return KURA_OK;
}

static enum kura_rc cat_json(struct kura_cli *cli, const char *name,
                             struct kura_err *err)
{
    const struct kura_engine_options o = {
        .from_us = INT64_MIN, .to_us = INT64_MAX, .archived = true};
    const char *const binds[] = {name, NULL};
    struct kura_session s = {NULL, NULL, NULL};
    int64_t rows;
    bool whole;
    enum kura_rc rc = kura_session_open(cli->dir, &o, 0, &s, err);

    if (rc == KURA_OK)
        rc = kura_session_run(&s, "SELECT * FROM windows WHERE source = ?1",
                              binds, KURA_OUTPUT_JSON, &rows, err);
    if (rc == KURA_OK)
        rc = kura_session_coverage(&s, false, &whole, err);
    kura_session_close(&s);
    return rc;
}

/* The format that read the source is one of binary files. */
static enum kura_rc cat_is_binary(struct kura_warehouse *w,
                                  const struct kura_source_entry *s, bool *is,
                                  struct kura_err *err)
{
    const struct kura_format *format;
    struct kura_formats *f = NULL;
    enum kura_rc rc = kura_cli_formats(w, &f, err);

    *is = false;
    if (rc != KURA_OK)
        return rc;
    format = s->format == NULL ? NULL : kura_formats_find(f, s->format);
    *is = format != NULL && format->reader == KURA_READER_EVTX;
    kura_formats_free(f);
    return KURA_OK;
}

static enum kura_rc cat_records(struct kura_cli *cli, struct kura_warehouse *w,
                                const struct kura_source_entry *s, bool json,
                                struct kura_err *err)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "'%.800s' is EVTX, which cannot be written out again: its "
                   "records follow as %s",
                   s->name, json ? "JSON" : "XML");
    kura_cli_say(cli, text);
    return json ? cat_json(cli, s->name, err)
                : kura_rebuild_records(w, s->name, s->lines, cat_record, NULL,
                                       err);
}

static enum kura_rc cat_choose(const struct kura_source_entry *list,
                               size_t count, const char *name, size_t *chosen,
                               struct kura_err *err)
{
    size_t i;

    if (count == 0)
        return kura_err_set(err, KURA_ENOTFOUND, "no source is called '%s'",
                            name);
    for (i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            *chosen = i;
            return KURA_OK;
        }
    }
    *chosen = 0;
    if (count == 1)
        return KURA_OK;
    (void)kura_err_set(err, KURA_EUSAGE, "%zu sources are called like '%s'",
                       count, name);
    kura_err_hint(err, "name one in full, such as '%s'", list[0].name);
    return KURA_EUSAGE;
}

/* The sources of a name, which is taken as typed: names are stored clean. */
static enum kura_rc cat_find(struct kura_warehouse *w, const char *operand,
                             struct kura_source_entry **list, size_t *count,
                             size_t *chosen, struct kura_err *err)
{
    struct kura_buf name;
    enum kura_rc rc;

    kura_buf_init(&name, CAT_NAME_MAX);
    rc = kura_text_clean(operand, strlen(operand), &name, err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&name, '\0', err);
    if (rc == KURA_OK)
        rc = kura_warehouse_sources(w, name.data, list, count, err);
    if (rc == KURA_OK)
        rc = cat_choose(*list, *count, name.data, chosen, err);
    kura_buf_release(&name);
    return rc;
}

static enum kura_rc cat_run(struct kura_cli *cli, enum kura_exit *code,
                            struct kura_err *err)
{
    bool listing = kura_cli_option(cli, &kura_cmd_cat, "list") != NULL;
    const char *as = kura_cli_option(cli, &kura_cmd_cat, "as");
    bool binary = false;
    struct kura_source_entry *list = NULL;
    struct kura_warehouse *w = NULL;
    size_t count = 0, i = 0;
    enum kura_rc rc;

    (void)code;
    if (cli->args->count != (listing ? 0 : 1))
        return kura_err_set(err, KURA_EUSAGE, "cat needs one source");
    if (as != NULL && strcmp(as, "xml") != 0 && strcmp(as, "json") != 0)
        return kura_err_set(err, KURA_EUSAGE, "unknown form '%s'", as);
    rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK && listing)
        rc = kura_warehouse_sources(w, NULL, &list, &count, err);
    for (i = 0; rc == KURA_OK && listing && i < count; i++)
        (void)printf("%lld\t%lld\t%s\t%s\n", (long long)list[i].bytes,
                     (long long)list[i].lines, list[i].sha256, list[i].name);
    if (rc == KURA_OK && !listing) {
        rc = cat_find(w, cli->args->operands[0], &list, &count, &i, err);
        if (rc == KURA_OK)
            rc = cat_is_binary(w, &list[i], &binary, err);
        if (rc == KURA_OK && as != NULL && !binary)
            rc = kura_err_set(err, KURA_EUSAGE,
                              "'%s' is a text: it comes out as it was",
                              list[i].name);
        else if (rc == KURA_OK && binary)
            rc = cat_records(cli, w, &list[i],
                             as != NULL && strcmp(as, "json") == 0, err);
        else if (rc == KURA_OK)
            rc = cat_source(w, &list[i], err);
    }
    kura_warehouse_sources_free(list, count);
    kura_warehouse_close(w);
    return rc;
}

const struct kura_cmd kura_cmd_cat = {"cat", "SOURCE",
                                      "write a source out again, byte for byte",
                                      cat_options, cat_run};
