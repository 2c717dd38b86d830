/* load.c - one source after the other through the pipeline into builders.
 *
 * A source is known by its head; what of it was consumed is proven by digest
 * before anything is passed over.  Open builders are slots, the least used is
 * committed and closed when there are too many or they grow too large. */
#include "ingest/load.h"

#include "base/failpoint.h"
#include "ingest/input.h"
#include "ingest/known.h"
#include "ingest/pipeline.h"
#include "ingest/slots.h"
#include "ingest/source.h"
#include "store/shape.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Commits at least so often; more between commits is lost work after a crash,
 * fewer commits are faster. */
#define LOAD_COMMIT_BYTES (INT64_C(128) << 20)
#define LOAD_FOLLOW_COMMIT (KURA_SECOND * 2)
#define LOAD_FUTURE (2 * KURA_DAY)
#define LOAD_CELLS 192
#define LOAD_DEPTH 32

/* Where a table has the columns that say where a row stands. */
struct load_columns {
    const struct kura_schema *schema;
    int source, line, format, reason, byte, piece;
};

struct load {
    struct kura_warehouse *w;
    const struct kura_formats *formats;
    const struct kura_load_options *o;
    struct kura_load_result *result;
    struct kura_slots *slots;
    struct kura_known *known; /* NULL: no Windows records so far */
    struct kura_buf copy;     /* the shape of a line that is held already */
    const struct kura_schema *reject;
    struct load_columns columns; /* of the last row's table */
    int64_t oldest_us;
    int64_t began; /* by the wall clock */
};

/* One source while it is read. */
struct load_run {
    struct kura_source *source;
    struct kura_source_entry *entry;
    const struct kura_format *format;
    int64_t committed;    /* offset of the last commit */
    int64_t committed_at; /* and its time */
    int64_t continued;    /* the line that this run goes on with, or 0 */
    struct kura_load_result kept; /* the counts at the last commit */
};

__attribute__((format(printf, 2, 3))) static void
load_notice(const struct load *l, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (l->o->notice == NULL)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    l->o->notice(l->o->arg, text);
}

static void load_failed(const struct load *l, const char *path,
                        const struct kura_err *cause)
{
    struct kura_err mute = KURA_ERR_INIT;

    l->result->failed++;
    if (cause->msg[0] == '\0') {
        (void)kura_err_set(&mute, KURA_EIO, "cannot load '%s'", path);
        cause = &mute;
    }
    if (l->o->failure != NULL)
        l->o->failure(l->o->arg, cause);
}

/* What time it is: a load takes one moment, following takes days. */
static int64_t load_now(const struct load *l)
{
    return l->o->now_us + (l->o->follow ? kura_clock_now() - l->began : 0);
}

static bool load_stops(const struct load *l)
{
    return l->o->stop != NULL && *l->o->stop != 0;
}

/* --- Rows ------------------------------------------------------------- */

static void load_text(struct kura_cell *cell, int column, const char *text)
{
    cell->column = column;
    cell->text = text;
    cell->size = (uint32_t)strlen(text);
    cell->number = 0;
}

static void load_number(struct kura_cell *cell, int column, int64_t number)
{
    cell->column = column;
    cell->text = NULL;
    cell->size = 0;
    cell->number = number;
}

static const struct load_columns *load_columns(struct load *l,
                                               const struct kura_schema *s)
{
    struct load_columns *c = &l->columns;

    if (c->schema == s)
        return c;
    c->schema = s;
    c->source = kura_schema_column(s, "source");
    c->line = kura_schema_column(s, "line");
    c->format = kura_schema_column(s, "format");
    c->reason = kura_schema_column(s, "reason");
    c->byte = kura_schema_column(s, "byte");
    c->piece = kura_schema_column(s, "piece");
    return c;
}

/* Why a row is a reject, after the cells that the parser made. */
static size_t load_reject(const struct load_run *run,
                          const struct load_columns *at,
                          const struct kura_block *b, int64_t offset,
                          int64_t line, const char *reason,
                          struct kura_cell *cells, size_t n, char text[64])
{
    if (b->piece != 0 && line == run->continued) {
        (void)snprintf(text, 64, "continues line %" PRId64, line);
        reason = text;
    } else if (b->piece != 0) {
        reason = "line too long";
    }
    load_text(&cells[n++], at->reason, reason);
    load_number(&cells[n++], at->byte, offset);
    if (b->piece != 0)
        load_number(&cells[n++], at->piece, b->piece);
    return n;
}

/* A record that is held already.  A text comes back byte for byte, so its copy
 * is kept as a reject, which *row becomes; of an EVTX file nothing is kept. */
static enum kura_rc load_copy(struct load *l, const struct load_run *run,
                              const struct kura_block *b,
                              const struct kura_line *at,
                              const struct kura_row **row,
                              struct kura_row *reject, struct kura_cell *cell,
                              struct kura_err *err)
{
    enum kura_rc rc;

    l->result->copies++;
    *row = NULL;
    if (run->format->reader == KURA_READER_EVTX)
        return KURA_OK;
    kura_buf_reset(&l->copy);
    rc = kura_shape_literal(b->data + at->start, at->size, &l->copy, err);
    *cell = (struct kura_cell){.column = KURA_CELL_SHAPE,
                               .text = l->copy.data,
                               .size = (uint32_t)l->copy.len};
    *reject =
        (struct kura_row){.reason = KURA_LOAD_COPY, .cells = cell, .count = 1};
    *row = reject;
    return rc;
}

static enum kura_rc load_row(struct load *l, struct load_run *run,
                             const struct kura_block *b, size_t i,
                             const struct kura_row *row, bool is_copy,
                             struct kura_err *err)
{
    const struct kura_line *at = &b->lines[i];
    int64_t line = b->line + (int64_t)i, offset = b->offset + at->start;
    const struct kura_schema *s = row->schema != NULL ? row->schema : l->reject;
    const struct load_columns *columns = load_columns(l, s);
    int64_t ts = row->schema != NULL ? row->ts : load_now(l);
    struct kura_cell cells[LOAD_CELLS];
    struct kura_builder *builder;
    char text[64];
    size_t n = row->count;
    bool held, counts;
    enum kura_rc rc;

    if (n > LOAD_CELLS - 8)
        return kura_err_set(err, KURA_EINPUT, "a line has over %d fields",
                            LOAD_CELLS - 8);
    rc = kura_slots_get(l->slots, s, kura_day_of(ts), offset, &builder, &held,
                        err);
    if (rc != KURA_OK)
        return rc;
    /* A line in pieces counts once. */
    counts = b->piece <= 1 && line != run->continued;
    if (held) {
        l->result->already += counts;
        return KURA_OK;
    }
    memcpy(cells, row->cells, n * sizeof(*cells));
    load_text(&cells[n++], columns->source, run->entry->name);
    load_number(&cells[n++], columns->line, line);
    if (run->format != NULL)
        load_text(&cells[n++], columns->format, run->format->name);
    if (row->schema != NULL && columns->byte >= 0)
        load_number(&cells[n++], columns->byte, offset);
    if (row->schema == NULL)
        n = load_reject(run, columns, b, offset, line, row->reason, cells, n,
                        text);
    rc = kura_builder_append(builder, ts, cells, n, at->size, err);
    if (rc != KURA_OK)
        return rc;
    if (row->schema != NULL)
        l->result->rows++;
    else
        l->result->rejects += counts && !is_copy;
    kura_failpoint(KURA_FAIL_ROW_APPENDED);
    return KURA_OK;
}

static enum kura_rc load_line(struct load *l, struct load_run *run,
                              const struct kura_block *b, size_t i,
                              struct kura_err *err)
{
    const struct kura_row *row = &b->lines[i].row;
    struct kura_row reject;
    struct kura_cell cell;
    enum kura_knowledge known = KURA_KNOWN_NEW;
    enum kura_rc rc = KURA_OK;

    if (row->schema != NULL && run->format->reader != KURA_READER_LINES)
        known = kura_known_at(l->known, i);
    if (known == KURA_KNOWN_ITSELF) {
        l->result->already++;
        return KURA_OK;
    }
    if (known == KURA_KNOWN_COPY)
        rc = load_copy(l, run, b, &b->lines[i], &row, &reject, &cell, err);
    if (rc == KURA_OK && row != NULL)
        rc = load_row(l, run, b, i, row, known == KURA_KNOWN_COPY, err);
    return rc;
}

/* --- A source --------------------------------------------------------- */

static enum kura_rc load_commit(struct load *l, struct load_run *run,
                                struct kura_err *err)
{
    enum kura_rc rc = kura_slots_commit(l->slots, err);

    kura_failpoint(KURA_FAIL_ALL_COMMITTED);
    if (rc == KURA_OK)
        rc = kura_warehouse_source_mark(l->w, run->entry, err);
    if (rc != KURA_OK)
        return rc;
    kura_failpoint(KURA_FAIL_MARK_MOVED);
    if (l->known != NULL)
        kura_known_end(l->known);
    run->committed = run->entry->bytes;
    run->committed_at = kura_clock_now();
    run->kept = *l->result;
    return KURA_OK;
}

/* After a failure of ours (disk full) the slots hold what no commit can save,
 * and nobody may be told that it was loaded. */
static void load_give_up(struct load *l, const struct load_run *run)
{
    kura_slots_abandon(l->slots);
    *l->result = run->kept;
}

/* Which records of a block are held already (known.h). */
static enum kura_rc load_compare(struct load *l, const struct load_run *run,
                                 const struct kura_block *b,
                                 struct kura_err *err)
{
    char text[KURA_DAY_TEXT];
    enum kura_rc rc = KURA_OK;
    int64_t day;

    if (run->format == NULL || run->format->reader == KURA_READER_LINES)
        return KURA_OK;
    if (l->known == NULL)
        rc = kura_known_new(l->w, l->o->stop, &l->known, err);
    if (rc == KURA_OK)
        rc = kura_known_block(l->known, b, run->entry->name, err);
    if (rc != KURA_OK || !kura_known_missing(l->known, &day))
        return rc;
    kura_day_format(day, text);
    load_notice(l,
                "'%s' has records of %s, which is in a volume that is not at "
                "hand: those that it holds already are loaded once more",
                run->entry->name, text);
    return KURA_OK;
}

static enum kura_rc load_block(struct load *l, struct load_run *run,
                               const struct kura_block *b, struct kura_err *err)
{
    struct kura_source_entry *e = run->entry;
    enum kura_rc rc = load_compare(l, run, b, err);
    int64_t lines;
    size_t i;

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < b->count && rc == KURA_OK && !load_stops(l); i++)
        rc = load_line(l, run, b, i, err);
    if (rc == KURA_OK && i < b->count) {
        /* Partitions may hold more than the mark: as after a crash, the next
         * run passes over that. */
        kura_slots_stop_at(l->slots, b->offset + b->lines[i].start);
        l->result->lines += (int64_t)i;
        l->result->bytes += b->lines[i].start;
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    }
    if (rc != KURA_OK)
        return rc;
    e->bytes = b->offset + (int64_t)b->size;
    lines = b->line + (int64_t)b->count - 1;
    l->result->lines += lines - e->lines;
    l->result->bytes += (int64_t)b->size;
    e->lines = lines;
    e->terminated = b->terminated;
    e->last_ts = b->last_ts;
    memcpy(e->sha256, b->sha256, sizeof(e->sha256));
    rc = kura_slots_placed(l->slots, err);
    if (l->o->progress != NULL)
        l->o->progress(l->o->arg, e->name, e->bytes, e->lines);
    if (rc == KURA_OK && e->bytes - run->committed >= LOAD_COMMIT_BYTES)
        rc = load_commit(l, run, err);
    return rc;
}

/* Following, what was read is committed soon after it came. */
static enum kura_rc load_idle(struct load *l, struct load_run *run,
                              struct kura_err *err)
{
    if (run->entry->bytes == run->committed ||
        kura_clock_now() - run->committed_at < LOAD_FOLLOW_COMMIT)
        return KURA_OK;
    return load_commit(l, run, err);
}

static enum kura_rc load_blocks(struct load *l, struct load_run *run,
                                struct kura_pipeline *p, struct kura_err *err)
{
    struct timespec nap = {0, 50000000L};
    struct kura_block *b;
    enum kura_rc rc;
    bool ended;

    for (;;) {
        rc = kura_pipeline_next(p, !l->o->follow, &b, &ended, err);
        /* After a signal the reader ends as if the file did. */
        if (rc == KURA_OK && ended && load_stops(l))
            return kura_err_set(err, KURA_ESTOPPED, "stopped");
        if (rc != KURA_OK || ended)
            return rc;
        if (b == NULL) {
            rc = load_idle(l, run, err);
            if (rc != KURA_OK)
                return rc;
            if (kura_source_was_rotated(run->source))
                kura_pipeline_finish(p);
            (void)nanosleep(&nap, NULL);
            continue;
        }
        rc = load_block(l, run, b, err);
        kura_pipeline_give_back(p, b);
        if (rc != KURA_OK)
            return rc;
        if (load_stops(l))
            return kura_err_set(err, KURA_ESTOPPED, "stopped");
    }
}

/* Reads the rest of a source that was found and locked. */
static enum kura_rc load_rest(struct load *l, struct load_run *run,
                              struct kura_err *err)
{
    struct kura_source_entry *e = run->entry;
    struct kura_pipeline_start start;
    struct kura_pipeline *p = NULL;
    struct kura_err late = KURA_ERR_INIT;
    enum kura_rc rc, commit;

    memset(&start, 0, sizeof(start));
    start.context.format = run->format;
    start.context.oldest_us = l->oldest_us;
    start.context.newest_us = load_now(l) + LOAD_FUTURE;
    start.follow = l->o->follow;
    start.stop = l->o->stop;
    start.continues = e->bytes != 0 && !e->terminated;
    kura_source_position(run->source, &start);
    run->continued = start.continues ? e->lines : 0;
    run->committed = e->bytes;
    run->committed_at = kura_clock_now();
    run->kept = *l->result;
    kura_slots_source(l->slots, e, kura_source_was_cut(run->source));
    rc = kura_pipeline_start(&start, &p, err);
    if (rc == KURA_OK)
        rc = load_blocks(l, run, p, err);
    kura_pipeline_stop(p);
    /* Whatever was read before a failure of the input is kept. */
    if (rc == KURA_OK || rc == KURA_EINPUT || rc == KURA_ESTOPPED) {
        if (rc == KURA_OK)
            e->as_of = INT64_MIN;
        commit = load_commit(l, run, &late);
        if (commit != KURA_OK)
            load_give_up(l, run);
        if (commit != KURA_OK && rc == KURA_OK) {
            (void)kura_err_set(err, commit, "%s", late.msg);
            rc = commit;
        }
    } else {
        load_give_up(l, run);
    }
    if (l->known != NULL)
        kura_known_end(l->known);
    return rc;
}

/* What somebody who counts lines may want to know of where they went. */
static void load_tell(const struct load *l, const struct load_run *run)
{
    const char *name = run->entry->name;
    const char *other = kura_source_twin(run->source);

    if (run->format == NULL)
        load_notice(l,
                    "no format takes the first lines of '%s': its lines are "
                    "kept as rejects (kura formats lists what is known)",
                    name);
    /* Copies of identified records are found one by one. */
    if (run->format != NULL && run->format->reader != KURA_READER_LINES &&
        run->format->reader != KURA_READER_CSV)
        other = NULL;
    if (run->entry->bytes == 0 && !kura_source_was_cut(run->source) &&
        other != NULL)
        load_notice(l,
                    "'%s' has the same beginning as '%s', but differs: loaded "
                    "as a new source, lines that both have are there twice",
                    name, other);
    other = kura_source_grown(run->source);
    if (other != NULL)
        load_notice(l,
                    "'%s' begins with all of '%s': taken as its growth, lines "
                    "after that are loaded under that name",
                    other, name);
}

static enum kura_rc load_source(struct load *l, struct kura_source *source,
                                struct kura_err *err)
{
    struct load_run run = {0};
    const char *why;
    enum kura_rc rc;

    run.source = source;
    rc = kura_source_identify(source, &run.entry, &run.format, &why, err);
    if (rc == KURA_OK && run.entry == NULL)
        load_notice(l, "'%s' %s", kura_source_name(source), why);
    if (rc != KURA_OK || run.entry == NULL)
        return rc;
    if (l->o->follow && run.format != NULL &&
        run.format->reader == KURA_READER_EVTX) {
        (void)kura_err_set(err, KURA_EINPUT,
                           "'%s' is EVTX, which cannot be followed",
                           kura_source_name(source));
        kura_err_hint(err, "load it from time to time: records that are held "
                           "already are passed over");
        return KURA_EINPUT;
    }
    load_tell(l, &run);
    kura_failpoint(KURA_FAIL_SOURCE_ADDED);
    return load_rest(l, &run, err);
}

/* Errors that end the whole load, not only this source. */
static bool load_is_fatal(enum kura_rc rc)
{
    return rc == KURA_ENOMEM || rc == KURA_ECORRUPT || rc == KURA_ESTOPPED;
}

static enum kura_rc load_file(struct load *l, const char *path,
                              struct kura_err *err)
{
    struct kura_source *source = NULL;
    struct kura_err mine = KURA_ERR_INIT;
    enum kura_rc rc;
    bool more = true, any = false;

    rc = kura_source_open(l->w, l->formats, path, l->o, &source, &mine);
    while (rc == KURA_OK) {
        rc = kura_source_next(source, &more, &mine);
        if (rc == KURA_OK && !more && !any && kura_source_is_container(source))
            load_notice(l, "'%s' holds no files", path);
        if (rc == KURA_OK && !more)
            break;
        any = true;
        if (rc == KURA_OK) {
            l->result->sources++;
            rc = load_source(l, source, &mine);
        }
        if (rc != KURA_OK && !load_is_fatal(rc) &&
            kura_source_can_go_on(source)) {
            load_failed(l, path, &mine);
            mine = (struct kura_err)KURA_ERR_INIT;
            rc = KURA_OK;
        }
    }
    kura_source_close(source);
    if (rc == KURA_OK || load_is_fatal(rc)) {
        if (rc != KURA_OK)
            (void)kura_err_set(err, rc, "%s", mine.msg);
        return rc;
    }
    load_failed(l, path, &mine);
    return KURA_OK;
}

/* --- Directories ------------------------------------------------------ */

static int load_by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum kura_rc load_names(const char *path, char ***out, size_t *count,
                               struct kura_err *err)
{
    DIR *dir = opendir(path);
    char **names = NULL;
    size_t n = 0, capacity = 0;
    struct dirent *e;
    enum kura_rc rc = KURA_OK;

    if (dir == NULL)
        return kura_err_sys(err, errno, "cannot open directory '%s'", path);
    while (rc == KURA_OK && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        if (n == capacity) {
            char **grown;

            capacity = capacity == 0 ? 64 : capacity * 2;
            grown = realloc(names, capacity * sizeof(*names));
            if (grown == NULL) {
                rc = kura_err_nomem(err);
                break;
            }
            names = grown;
        }
        names[n] = strdup(e->d_name);
        if (names[n] == NULL)
            rc = kura_err_nomem(err);
        else
            n++;
    }
    (void)closedir(dir);
    if (n != 0)
        qsort(names, n, sizeof(*names), load_by_name);
    *out = names;
    *count = n;
    return rc;
}

/* A directory on the way down. */
struct load_way {
    const struct load_way *above;
    dev_t dev;
    ino_t ino;
    int depth;
};

static enum kura_rc load_path(struct load *l, const char *path,
                              const struct load_way *above,
                              struct kura_err *err);

static enum kura_rc load_directory(struct load *l, const char *path,
                                   const struct load_way *way,
                                   struct kura_err *err)
{
    struct kura_err mine = KURA_ERR_INIT;
    char **names = NULL;
    size_t n = 0, i;
    enum kura_rc rc = load_names(path, &names, &n, &mine);

    if (rc == KURA_EIO) {
        load_failed(l, path, &mine);
        rc = KURA_OK;
    }
    for (i = 0; i < n && rc == KURA_OK; i++) {
        size_t size = strlen(path) + strlen(names[i]) + 2;
        char *below = malloc(size);

        if (below == NULL) {
            rc = kura_err_nomem(err);
            break;
        }
        (void)snprintf(below, size, "%s/%s", path, names[i]);
        rc = load_path(l, below, way, err);
        free(below);
    }
    for (i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return rc;
}

/* Links may lead back up. */
static bool load_is_above(const struct load_way *way, const struct stat *st)
{
    for (; way != NULL; way = way->above) {
        if (way->dev == st->st_dev && way->ino == st->st_ino)
            return true;
    }
    return false;
}

static enum kura_rc load_path(struct load *l, const char *path,
                              const struct load_way *above,
                              struct kura_err *err)
{
    struct load_way way = {above, 0, 0, above == NULL ? 1 : above->depth + 1};
    struct kura_err mine = KURA_ERR_INIT;
    struct stat st;

    if (load_stops(l))
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    /* A pipe is read where it is named: in a directory nobody may ever write
     * to it. */
    if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || S_ISREG(st.st_mode) ||
        (S_ISFIFO(st.st_mode) && above == NULL))
        return load_file(l, path, err);
    if (S_ISDIR(st.st_mode) && load_is_above(above, &st)) {
        load_notice(l, "'%s' leads back up, passed over", path);
        return KURA_OK;
    }
    way.dev = st.st_dev;
    way.ino = st.st_ino;
    if (S_ISDIR(st.st_mode) && way.depth <= LOAD_DEPTH)
        return load_directory(l, path, &way, err);
    if (S_ISDIR(st.st_mode)) {
        (void)kura_err_set(&mine, KURA_EINPUT,
                           "'%s' lies over %d directories deep", path,
                           LOAD_DEPTH);
        load_failed(l, path, &mine);
    } else if (above == NULL) {
        (void)kura_err_set(&mine, KURA_EINPUT,
                           "'%s' is neither a file nor a directory", path);
        load_failed(l, path, &mine);
    } else {
        load_notice(l, "'%s' is neither a file nor a directory, passed over",
                    path);
    }
    return KURA_OK;
}

enum kura_rc kura_load(struct kura_warehouse *w, const struct kura_formats *f,
                       const char *path, const struct kura_load_options *o,
                       struct kura_load_result *result, struct kura_err *err)
{
    struct load l = {0};
    enum kura_rc rc;

    l.w = w;
    l.formats = f;
    l.o = o;
    l.result = result;
    l.reject = kura_schema_find("reject");
    l.began = kura_clock_now();
    l.oldest_us = kura_warehouse_oldest(w);
    kura_buf_init(&l.copy, (size_t)4 << 20);
    rc = kura_slots_new(w, &l.slots, err);
    if (rc == KURA_OK) {
        kura_slots_obey(l.slots, o->stop);
        rc = load_path(&l, path, NULL, err);
    }
    kura_known_free(l.known);
    kura_slots_free(l.slots);
    kura_buf_release(&l.copy);
    return rc;
}
