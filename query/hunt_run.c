/* hunt_run.c - see hunt_run.h.
 *
 *     needs met? -> rows (values kept) -> sorted by key -> findings -> evidence
 */
#include "query/hunt_run.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/num.h"
#include "query/functions.h"
#include "query/hunt_need.h"
#include "query/hunt_statement.h"
#include "query/hunt_why.h"

#include <stdlib.h>
#include <string.h>

#define RUN_TEXT_MAX ((size_t)16 << 20)
#define RUN_VALUE_MAX ((size_t)4096)     /* bytes of a value in row and key */
#define RUN_EVIDENCE_RAW ((size_t)16384) /* bytes of a line that are copied */
#define RUN_DAYS_MAX 36600

const char *kura_hunt_status_word(enum kura_hunt_status status)
{
    static const char *const words[] = {"done",    "partial", "failed",
                                        "timeout", "stopped", "skipped"};

    return words[status];
}

int64_t kura_hunt_begin(const struct kura_hunt *h, int64_t from_ts)
{
    int64_t window = h->window_days * KURA_DAY;

    return from_ts < INT64_MIN + window ? INT64_MIN : from_ts - window;
}

enum kura_rc kura_hunt_value_check(const struct kura_hunt_param *p,
                                   const char *value, struct kura_err *err)
{
    int64_t n;
    char *end;

    if (p->type == KURA_PARAM_INTEGER &&
        !kura_num_parse(value, strlen(value), &n))
        return kura_err_set(err, KURA_EUSAGE,
                            "parameter '%s': '%s' is no integer", p->name,
                            value);
    if (p->type == KURA_PARAM_REAL) {
        (void)strtod(value, &end);
        if (*value == '\0' || *end != '\0')
            return kura_err_set(err, KURA_EUSAGE,
                                "parameter '%s': '%s' is no number", p->name,
                                value);
    }
    return KURA_OK;
}

/* --- A run ------------------------------------------------------------- */

struct row {
    struct kura_finding finding;
    sqlite3_value **values; /* of its columns, for the evidence */
    size_t number;          /* in the order of the statement */
};

struct run {
    const struct kura_hunt_ask *ask;
    struct kura_hunt_answer *answer;
    struct row *rows;
    size_t count, room;
    sqlite3_stmt *stmt; /* of the hunt; names the columns */
    int columns;
};

static enum kura_rc run_error(const struct run *r, int code,
                              struct kura_err *err)
{
    enum kura_rc rc = code == SQLITE_INTERRUPT      ? KURA_ESTOPPED
                      : code == SQLITE_CORRUPT_VTAB ? KURA_ECORRUPT
                                                    : KURA_EINPUT;

    if (code == SQLITE_NOMEM)
        return kura_err_set(err, KURA_EIO,
                            "it needs more memory than a statement may use");
    return kura_err_set(err, rc, "%s", sqlite3_errmsg(r->ask->db));
}

static const char *value_of(const struct kura_hunt_ask *ask, size_t i)
{
    const char *given = ask->values != NULL ? ask->values[i] : NULL;

    return given != NULL ? given : ask->hunt->params[i].value;
}

static void run_bind(const struct run *r, sqlite3_stmt *stmt)
{
    const struct kura_hunt *h = r->ask->hunt;
    size_t i;

    kura_hunt_bind_integer(stmt, "from_ts", r->ask->from_ts);
    kura_hunt_bind_integer(stmt, "to_ts", r->ask->to_ts);
    for (i = 0; i < h->param_count; i++)
        kura_hunt_bind_param(stmt, &h->params[i], value_of(r->ask, i));
}

/* Those that differ from the default, in the order of the header. */
static enum kura_rc run_params(struct run *r, struct kura_err *err)
{
    const struct kura_hunt *h = r->ask->hunt;
    struct kura_buf out;
    enum kura_rc rc;
    size_t i, n = 0;

    kura_buf_init(&out, RUN_TEXT_MAX);
    rc = kura_buf_putc(&out, '{', err);
    for (i = 0; rc == KURA_OK && i < h->param_count; i++) {
        const char *v = value_of(r->ask, i);

        if (strcmp(v, h->params[i].value) == 0)
            continue;
        rc = kura_buf_printf(&out, err, "%s\"%s\":", n++ > 0 ? "," : "",
                             h->params[i].name);
        if (rc == KURA_OK)
            rc = kura_json_text(v, strlen(v), &out, err);
    }
    if (rc == KURA_OK)
        rc = kura_buf_putc(&out, '}', err);
    if (rc == KURA_OK) {
        r->answer->params = strdup(out.data);
        if (r->answer->params == NULL)
            rc = kura_err_nomem(err);
    }
    kura_buf_release(&out);
    return rc;
}

/* --- Rows as JSON ------------------------------------------------------- */

static size_t cut_at(const char *s, size_t n, size_t max)
{
    if (n <= max)
        return n;
    n = max;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* fold: ASCII letters in lower case, as NOCASE compares. */
static enum kura_rc json_put(sqlite3_value *v, bool fold, struct kura_buf *out,
                             struct kura_err *err)
{
    char text[RUN_VALUE_MAX];
    const char *s;
    size_t i, n;

    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL:
        return kura_buf_puts(out, "null", err);
    case SQLITE_INTEGER:
        return kura_buf_printf(out, err, "%lld",
                               (long long)sqlite3_value_int64(v));
    case SQLITE_FLOAT:
        return kura_buf_printf(out, err, "%.15g", sqlite3_value_double(v));
    default:
        break;
    }
    s = (const char *)sqlite3_value_text(v);
    if (s == NULL)
        return kura_err_nomem(err);
    n = cut_at(s, (size_t)sqlite3_value_bytes(v), sizeof(text));
    if (!fold)
        return kura_json_text(s, n, out, err);
    for (i = 0; i < n; i++)
        text[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
    return kura_json_text(text, n, out, err);
}

static int column_of(const struct run *r, const char *name)
{
    int i;

    for (i = 0; i < r->columns; i++)
        if (sqlite3_stricmp(sqlite3_column_name(r->stmt, i), name) == 0)
            return i;
    return -1;
}

static enum kura_rc json_pair(const struct run *r, const struct row *row,
                              int column, bool fold, size_t n,
                              struct kura_buf *out, struct kura_err *err)
{
    const char *name = sqlite3_column_name(r->stmt, column);
    enum kura_rc rc = n > 0 ? kura_buf_putc(out, ',', err) : KURA_OK;

    if (rc == KURA_OK)
        rc = kura_json_text(name, strlen(name), out, err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(out, ':', err);
    if (rc == KURA_OK)
        rc = json_put(row->values[column], fold, out, err);
    return rc;
}

static enum kura_rc row_texts(const struct run *r, struct row *row,
                              struct kura_err *err)
{
    const struct kura_hunt *h = r->ask->hunt;
    struct kura_buf out;
    enum kura_rc rc;
    size_t k;
    int i;

    kura_buf_init(&out, RUN_TEXT_MAX);
    rc = kura_buf_putc(&out, '{', err);
    for (i = 0; rc == KURA_OK && i < r->columns; i++)
        rc = json_pair(r, row, i, false, (size_t)i, &out, err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&out, '}', err);
    if (rc == KURA_OK)
        row->finding.row = strdup(out.data);
    kura_buf_reset(&out);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&out, '{', err);
    for (k = 0; rc == KURA_OK && k < h->key_count; k++)
        rc = json_pair(r, row, column_of(r, h->keys[k]), true, k, &out, err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&out, '}', err);
    if (rc == KURA_OK)
        row->finding.key = strdup(out.data);
    kura_buf_reset(&out);
    if (rc == KURA_OK)
        rc = kura_why_render(h->why, r->stmt, r->ask->zone, &out, err);
    if (rc == KURA_OK)
        row->finding.why = strdup(out.data);
    kura_buf_release(&out);
    if (rc == KURA_OK && (row->finding.row == NULL ||
                          row->finding.key == NULL || row->finding.why == NULL))
        rc = kura_err_nomem(err);
    return rc;
}

/* --- Rows to findings --------------------------------------------------- */

static void row_free(const struct run *r, struct row *row)
{
    int i;

    if (row->values != NULL)
        for (i = 0; i < r->columns; i++)
            sqlite3_value_free(row->values[i]);
    free(row->values);
    row->values = NULL;
    kura_finding_release(&row->finding);
}

static bool row_integer(const struct run *r, const struct row *row,
                        const char *name, int64_t *out)
{
    int i = column_of(r, name);

    if (i < 0 || sqlite3_value_type(row->values[i]) == SQLITE_NULL)
        return false;
    *out = sqlite3_value_int64(row->values[i]);
    return true;
}

static enum kura_rc row_identity(const struct run *r, struct row *row,
                                 struct kura_err *err)
{
    const struct kura_hunt *h = r->ask->hunt;
    struct kura_finding *f = &row->finding;
    char hex[KURA_SHA256_HEX];
    struct kura_buf text;
    enum kura_rc rc;

    kura_buf_init(&text, RUN_TEXT_MAX);
    rc = kura_buf_printf(&text, err, "%s\n%s\n%s\n%s", h->name, h->version,
                         r->answer->params, f->key);
    if (rc == KURA_OK)
        rc = kura_sha256_hex(text.data, text.len, hex, err);
    if (rc == KURA_OK) {
        memcpy(f->id, hex, KURA_FINDING_ID - 1);
        f->id[KURA_FINDING_ID - 1] = '\0';
    }
    kura_buf_release(&text);
    f->hunt = strdup(h->name);
    f->version = strdup(h->version);
    f->params = strdup(r->answer->params);
    f->level = strdup(kura_level_word((int)h->level));
    if (rc == KURA_OK && (f->hunt == NULL || f->version == NULL ||
                          f->params == NULL || f->level == NULL))
        rc = kura_err_nomem(err);
    return rc;
}

static enum kura_rc row_fill(const struct run *r, struct row *row,
                             struct kura_err *err)
{
    struct kura_finding *f = &row->finding;
    enum kura_rc rc;
    int i;

    row->values = calloc((size_t)r->columns, sizeof(sqlite3_value *));
    if (row->values == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < r->columns; i++) {
        row->values[i] = sqlite3_value_dup(sqlite3_column_value(r->stmt, i));
        if (row->values[i] == NULL)
            return kura_err_nomem(err);
    }
    rc = row_texts(r, row, err);
    if (rc == KURA_OK)
        rc = row_identity(r, row, err);
    f->dated = row_integer(r, row, "first_ts", &f->first_ts) &&
               row_integer(r, row, "last_ts", &f->last_ts);
    f->counted = row_integer(r, row, "events", &f->events);
    return rc;
}

static enum kura_rc run_row(struct run *r, struct kura_err *err)
{
    struct row *grown;
    size_t room;

    if (r->count == KURA_FINDINGS_MAX) {
        r->answer->more++;
        return KURA_OK;
    }
    if (r->count == r->room) {
        room = r->room > 0 ? 2 * r->room : 64;
        grown = realloc(r->rows, room * sizeof(*grown));
        if (grown == NULL)
            return kura_err_nomem(err);
        r->rows = grown;
        r->room = room;
    }
    memset(&r->rows[r->count], 0, sizeof(*r->rows));
    r->rows[r->count].number = r->count;
    return row_fill(r, &r->rows[r->count++], err);
}

static void run_forget(struct run *r)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        row_free(r, &r->rows[i]);
    r->count = 0;
}

/* Damage costs the rows so far: the statement runs again without it. */
static enum kura_rc run_statement(struct run *r, struct kura_err *err)
{
    size_t lost = kura_engine_lost(r->ask->engine);
    int64_t gave_up = kura_text_gave_up();
    enum kura_rc rc = KURA_OK;
    int code;

    run_bind(r, r->stmt);
    for (;;) {
        code = sqlite3_step(r->stmt);
        if (code == SQLITE_ROW) {
            rc = run_row(r, err);
            if (rc == KURA_OK)
                continue;
            break;
        }
        if (code == SQLITE_DONE || kura_engine_lost(r->ask->engine) == lost)
            break;
        lost = kura_engine_lost(r->ask->engine);
        (void)sqlite3_reset(r->stmt);
        run_forget(r);
        r->answer->more = 0;
    }
    r->answer->gave_up = kura_text_gave_up() - gave_up;
    if (rc == KURA_OK && code != SQLITE_DONE)
        rc = run_error(r, code, err);
    (void)sqlite3_reset(r->stmt);
    return rc;
}

static int row_cmp(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int c = strcmp(x->finding.key, y->finding.key);

    return c != 0 ? c : (x->number > y->number) - (x->number < y->number);
}

/* By key; of several rows of one key the first one of the statement stays. */
static void run_sort(struct run *r)
{
    size_t i, n = 0;

    if (r->count > 1)
        qsort(r->rows, r->count, sizeof(*r->rows), row_cmp);
    for (i = 0; i < r->count; i++) {
        if (n > 0 &&
            strcmp(r->rows[n - 1].finding.key, r->rows[i].finding.key) == 0)
            row_free(r, &r->rows[i]);
        else
            r->rows[n++] = r->rows[i];
    }
    r->count = n;
}

/* --- Evidence ------------------------------------------------------------ */

static char *text_copy(sqlite3_stmt *stmt, int column, size_t max)
{
    const char *s = (const char *)sqlite3_column_text(stmt, column);
    size_t n = s == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, column);

    return strndup(s == NULL ? "" : s, s == NULL ? 0 : cut_at(s, n, max));
}

static enum kura_rc evidence_add(struct kura_finding *f, sqlite3_stmt *stmt,
                                 struct kura_err *err)
{
    struct kura_evidence *e =
        realloc(f->evidence, (f->evidence_count + 1) * sizeof(*e));

    if (e == NULL)
        return kura_err_nomem(err);
    f->evidence = e;
    e += f->evidence_count++;
    e->table = text_copy(stmt, 0, RUN_VALUE_MAX);
    e->ts = sqlite3_column_int64(stmt, 1);
    e->source = text_copy(stmt, 2, RUN_VALUE_MAX);
    e->line = sqlite3_column_int64(stmt, 3);
    e->raw = text_copy(stmt, 4, RUN_EVIDENCE_RAW);
    if (e->table == NULL || e->source == NULL || e->raw == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

static void evidence_bind(const struct run *r, sqlite3_stmt *stmt,
                          const struct row *row)
{
    int k, column, n = sqlite3_bind_parameter_count(stmt);

    (void)sqlite3_clear_bindings(stmt);
    run_bind(r, stmt);
    for (k = 1; k <= n; k++) {
        column = column_of(r, sqlite3_bind_parameter_name(stmt, k) + 1);
        if (column >= 0)
            (void)sqlite3_bind_value(stmt, k, row->values[column]);
    }
}

static int evidence_cmp(const void *a, const void *b)
{
    const struct kura_evidence *x = a, *y = b;
    int c;

    if (x->ts != y->ts)
        return x->ts < y->ts ? -1 : 1;
    c = strcmp(x->source, y->source);
    return c != 0 ? c : (x->line > y->line) - (x->line < y->line);
}

static enum kura_rc evidence_read(const struct run *r, sqlite3_stmt *stmt,
                                  struct row *row, struct kura_err *err)
{
    struct kura_finding *f = &row->finding;
    enum kura_rc rc = KURA_OK;
    int code;

    evidence_bind(r, stmt, row);
    while (rc == KURA_OK && f->evidence_count < KURA_EVIDENCE_LINES) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW)
            rc = evidence_add(f, stmt, err);
        else if (code == SQLITE_DONE)
            break;
        else
            rc = run_error(r, code, err);
    }
    (void)sqlite3_reset(stmt);
    if (f->evidence_count > 1)
        qsort(f->evidence, f->evidence_count, sizeof(*f->evidence),
              evidence_cmp);
    return rc;
}

static enum kura_rc run_evidence(const struct run *r, struct kura_err *err)
{
    size_t i, k, n = r->ask->hunt->evidence_count, done = 0;
    sqlite3_stmt *stmts[16] = {NULL};
    enum kura_rc rc = KURA_OK;
    bool known;

    n = n == 0 ? 1 : n > 16 ? 16 : n;
    for (k = 0; rc == KURA_OK && k < n; k++)
        rc = kura_hunt_prepare_evidence(r->ask->hunt, k, r->ask->db, &stmts[k],
                                        err);
    for (i = 0; rc == KURA_OK && i < r->count && done < KURA_EVIDENCE_MAX;
         i++) {
        known = false;
        if (r->ask->known != NULL)
            rc = kura_finding_is_known(r->ask->known, r->rows[i].finding.id,
                                       &known, err);
        if (rc != KURA_OK || known)
            continue;
        done++;
        for (k = 0; rc == KURA_OK && k < n; k++)
            rc = evidence_read(r, stmts[k], &r->rows[i], err);
    }
    for (k = 0; k < n; k++)
        (void)sqlite3_finalize(stmts[k]);
    return rc;
}

/* --- What came out -------------------------------------------------------- */

/* UTC days within first..last that were not searched although there are logs.
 */
static int64_t days_left_out(const struct kura_coverage *c, int64_t first,
                             int64_t last)
{
    int64_t days = 0;
    size_t i;

    for (i = 0; i < c->count; i++) {
        int64_t low = c->items[i].first_day, high = c->items[i].last_day;

        low = low > first ? low : first;
        high = high < last ? high : last;
        if (low <= high && !kura_covered_is_searched(c->items[i].how) &&
            c->items[i].how != KURA_COVERED_NO_LOGS)
            days += high - low + 1;
    }
    return days;
}

/* A range that was searched is one, also when days of the window before it
 * could not be; but that is told. */
static void run_left_out(struct run *r, const struct kura_coverage *c)
{
    struct kura_hunt_answer *a = r->answer;
    int64_t first = kura_day_of(r->ask->from_ts);
    int64_t days = days_left_out(c, first, INT64_MAX);
    int64_t before = days_left_out(c, INT64_MIN, first - 1);

    if (days != 0) {
        a->status = KURA_HUNT_PARTIAL;
        (void)snprintf(a->reason, sizeof(a->reason),
                       "%lld day(s) were not searched", (long long)days);
    } else if (before != 0) {
        (void)snprintf(a->reason, sizeof(a->reason),
                       "%lld day(s) of the window before the range were not "
                       "searched",
                       (long long)before);
    }
}

static enum kura_rc run_coverage(struct run *r, struct kura_err *err)
{
    struct kura_coverage c;
    struct kura_buf out;
    enum kura_rc rc;

    memset(&c, 0, sizeof(c));
    kura_buf_init(&out, RUN_TEXT_MAX);
    rc = kura_engine_coverage(r->ask->engine, &c, err);
    if (rc == KURA_OK)
        rc = kura_coverage_json(&c, &out, err);
    if (rc == KURA_OK) {
        run_left_out(r, &c);
        r->answer->coverage = strdup(out.data);
        if (r->answer->coverage == NULL)
            rc = kura_err_nomem(err);
    }
    kura_buf_release(&out);
    kura_coverage_release(&c);
    return rc;
}

static enum kura_rc run_all(struct run *r, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    bool met = true;
    enum kura_rc rc;

    rc = kura_hunt_needs_met(r->ask, &met, r->answer->reason,
                             sizeof(r->answer->reason), err);
    if (rc == KURA_OK && !met) {
        r->answer->status = KURA_HUNT_SKIPPED;
        return KURA_OK;
    }
    if (rc == KURA_OK)
        rc = kura_hunt_prepare(r->ask->hunt, r->ask->db, &r->stmt, err);
    if (rc != KURA_OK)
        return rc;
    r->columns = sqlite3_column_count(r->stmt);
    rc = run_statement(r, err);
    if (rc == KURA_OK)
        rc = run_coverage(r, err);
    if (rc != KURA_OK)
        return rc;
    if (r->answer->more != 0 && r->answer->reason[0] == '\0')
        (void)snprintf(r->answer->reason, sizeof(r->answer->reason),
                       "%lld more than the %d findings that are kept: narrow "
                       "the range or raise the thresholds",
                       (long long)r->answer->more, KURA_FINDINGS_MAX);
    run_sort(r);
    /* Found is found, also when its lines cannot be copied now. */
    if (run_evidence(r, &cause) != KURA_OK && r->answer->reason[0] == '\0')
        (void)snprintf(r->answer->reason, sizeof(r->answer->reason),
                       "not every line behind the findings was copied: %.400s",
                       cause.msg);
    return KURA_OK;
}

static enum kura_rc run_take(struct run *r, struct kura_err *err)
{
    size_t i;

    if (r->count == 0)
        return KURA_OK;
    r->answer->findings = calloc(r->count, sizeof(struct kura_finding));
    if (r->answer->findings == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < r->count; i++) {
        r->answer->findings[i] = r->rows[i].finding;
        memset(&r->rows[i].finding, 0, sizeof(struct kura_finding));
    }
    r->answer->count = r->count;
    return KURA_OK;
}

static void run_failed(struct run *r, enum kura_rc rc,
                       const struct kura_err *cause)
{
    struct kura_hunt_answer *a = r->answer;

    run_forget(r);
    a->more = 0;
    (void)snprintf(a->reason, sizeof(a->reason), "%s", cause->msg);
    if (rc != KURA_ESTOPPED) {
        a->status = KURA_HUNT_FAILED;
    } else if (r->ask->stop != NULL && *r->ask->stop != 0) {
        a->status = KURA_HUNT_STOPPED;
    } else {
        a->status = KURA_HUNT_TIMEOUT;
        (void)snprintf(a->reason, sizeof(a->reason),
                       "the time allowed is over (--timeout)");
    }
}

enum kura_rc kura_hunt_run(const struct kura_hunt_ask *ask,
                           struct kura_hunt_answer *out, struct kura_err *err)
{
    struct run r = {ask, out, NULL, 0, 0, NULL, 0};
    struct kura_err cause = KURA_ERR_INIT;
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    rc = run_params(&r, err);
    if (rc != KURA_OK)
        return rc;
    rc = run_all(&r, &cause);
    if (rc != KURA_OK && rc != KURA_ENOMEM) {
        run_failed(&r, rc, &cause);
        rc = KURA_OK;
    } else if (rc == KURA_ENOMEM) {
        rc = kura_err_set(err, rc, "%s: %s", ask->hunt->name, cause.msg);
    }
    if (rc == KURA_OK)
        rc = run_take(&r, err);
    if (rc == KURA_OK && out->coverage == NULL) {
        out->coverage = strdup("[]");
        if (out->coverage == NULL)
            rc = kura_err_nomem(err);
    }
    run_forget(&r);
    free(r.rows);
    (void)sqlite3_finalize(r.stmt);
    if (rc != KURA_OK)
        kura_hunt_answer_release(out);
    return rc;
}

void kura_hunt_answer_release(struct kura_hunt_answer *a)
{
    free(a->params);
    free(a->coverage);
    kura_finding_list_free(a->findings, a->count);
    memset(a, 0, sizeof(*a));
}

/* --- The ledger's days ---------------------------------------------------- */

/* The instant at which a day of the zone begins. */
static int64_t day_begin(const struct kura_zone *zone, int64_t day)
{
    return kura_zone_to_utc(zone, day * KURA_DAY);
}

static bool hunt_reads(const struct kura_hunt *h, const struct kura_schema *s)
{
    size_t i;

    for (i = 0; i < h->table_count; i++)
        if (h->tables[i] == s)
            return true;
    return false;
}

/* A partition counts for each day of the zone that its UTC day touches: late
 * rows on either make the day due again. */
static void days_count(const struct kura_hunt *h, const struct kura_zone *zone,
                       const struct kura_partition_entry *entries,
                       size_t entry_count, struct kura_hunt_day *days,
                       size_t count)
{
    int64_t first, last, day;
    size_t i;

    for (i = 0; i < entry_count; i++) {
        if (!hunt_reads(h, entries[i].schema))
            continue;
        first = kura_zone_day(zone, entries[i].day * KURA_DAY);
        last = kura_zone_day(zone, (entries[i].day + 1) * KURA_DAY - 1);
        for (day = first; day <= last; day++)
            if (day >= days[0].day && day <= days[count - 1].day)
                days[day - days[0].day].rows += entries[i].rows;
    }
}

enum kura_rc kura_hunt_days(const struct kura_hunt *h,
                            const struct kura_zone *zone,
                            const struct kura_partition_entry *entries,
                            size_t entry_count, int64_t from_ts, int64_t to_ts,
                            struct kura_hunt_day **out, size_t *count,
                            struct kura_err *err)
{
    int64_t first = kura_zone_day(zone, from_ts), last = kura_zone_day(zone, to_ts);
    struct kura_hunt_day *days;
    size_t i, n;

    *out = NULL;
    *count = 0;
    if (day_begin(zone, first) < from_ts)
        first++;
    if (last <= first - 1)
        return KURA_OK;
    n = (size_t)(last - first); /* `last` itself is not over at to_ts */
    if (n == 0)
        return KURA_OK;
    if (n > RUN_DAYS_MAX)
        return kura_err_set(err, KURA_EUSAGE, "the range has too many days");
    days = calloc(n, sizeof(*days));
    if (days == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++)
        days[i].day = first + (int64_t)i;
    days_count(h, zone, entries, entry_count, days, n);
    *out = days;
    *count = n;
    return KURA_OK;
}
