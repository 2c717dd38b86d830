/* timeline.c - see timeline.h.
 *
 *     sightings, case.db -> days with what was seen on them -> slices of a day
 *     -> a statement each: an arm a column, sorted by time -> rows
 *
 * A statement reads everything before its first row, because it sorts: damage
 * is met before anything of its slice is out, and the slice is asked again
 * without the partition at fault. */
#include "query/timeline.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/host.h"
#include "query/engine_internal.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

#define TIMELINE_TEXT_MAX ((size_t)4 << 20)
#define TIMELINE_VALUE_MAX ((size_t)1024)
#define PAIRS_MAX 62
#define FINDINGS_BIT (UINT64_C(1) << 62)
#define INDICATORS_BIT (UINT64_C(1) << 63)
/* Events of a slice, as the sightings count them, before it is cut. */
#define SLICE_EVENTS 50000
#define HOUR (3600 * KURA_SECOND)
#define STOPPED "the timeline was stopped"
#define JSON_PAIRS 50 /* SQLite takes up to 127 arguments */

/* A column that may hold the entity. */
struct pair {
    const struct kura_schema *schema;
    int column;
};

struct day {
    int64_t day;    /* since 1970, UTC */
    uint64_t mask;  /* of pairs */
    int64_t events; /* at most */
};

struct kura_timeline {
    struct kura_timeline_ask ask;
    const char *test;              /* of a column: the text before it ... */
    const char *end;               /* ... and after it */
    struct kura_buf word, account; /* patterns: in a line; of an account */
    struct pair pairs[PAIRS_MAX];
    size_t npair;
    const struct kura_partition_entry **entries; /* by id */
    size_t nentry;
    struct day *days; /* by day */
    size_t nday, days_room;
    struct kura_timeline_seen *seen;
    size_t nseen;
    struct kura_timeline_away *away;
    size_t naway;
    bool entered;
    /* Where it stands. */
    sqlite3_stmt *none, *stmt;
    size_t at;     /* the day */
    int64_t slice; /* of that day, the next one */
    int64_t rows;
    bool cut;
};

const char *kura_entity_word(enum kura_entity kind)
{
    static const char *const words[] = {"host", "user", "address"};

    return words[kind];
}

/* --- The entity -------------------------------------------------------- */

static bool column_fits(const struct kura_column *c, enum kura_entity kind)
{
    if (!c->observable || c->kind == NULL)
        return false;
    if (kind == KURA_ENTITY_USER)
        return strcmp(c->kind, "account") == 0 || strcmp(c->kind, "email") == 0;
    return strcmp(c->kind, "host") == 0;
}

static bool table_is_asked(const struct kura_timeline *t, const char *name)
{
    return t->ask.table == NULL || strcmp(t->ask.table, name) == 0;
}

static enum kura_rc pairs_make(struct kura_timeline *t, struct kura_err *err)
{
    int i, c;

    for (i = 0; i < kura_schema_count(); i++) {
        const struct kura_schema *s = kura_schema_at(i);

        for (c = 0; c < s->count && table_is_asked(t, s->name); c++) {
            if (!column_fits(&s->columns[c], t->ask.kind))
                continue;
            if (t->npair == PAIRS_MAX)
                return kura_err_set(err, KURA_EINPUT, "more than %d columns",
                                    PAIRS_MAX);
            t->pairs[t->npair].schema = s;
            t->pairs[t->npair++].column = c;
        }
    }
    if (t->npair != 0 || table_is_asked(t, "finding") ||
        table_is_asked(t, "indicator"))
        return KURA_OK;
    return kura_err_set(err, KURA_EUSAGE, "table '%s' names no %s",
                        t->ask.table, kura_entity_word(t->ask.kind));
}

/* The value as a part of a pattern that means only itself. */
static enum kura_rc quoted(const char *s, struct kura_buf *out,
                           struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    for (; rc == KURA_OK && *s != '\0'; s++) {
        if (strchr("\\^$.[]|()?*+{}#- /", *s) != NULL)
            rc = kura_buf_putc(out, '\\', err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(out, *s, err);
    }
    return rc;
}

/* alice is DOMAIN\alice and alice@example.com too; what is written with a
 * domain is that one alone. */
static enum kura_rc patterns_make(struct kura_timeline *t, struct kura_err *err)
{
    const char *value = t->ask.value;
    bool whole = strpbrk(value, "@\\") != NULL;
    enum kura_rc rc;

    rc = kura_buf_puts(&t->account, whole ? "(?i)^" : "(?i)^(?:.*\\\\)?", err);
    if (rc == KURA_OK)
        rc = quoted(value, &t->account, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&t->account, whole ? "$" : "(?:@.*)?$", err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(
            &t->word, t->ask.under ? "(?i)(?<![\\w-])" : "(?i)(?<![\\w.-])",
            err);
    if (rc == KURA_OK)
        rc = quoted(value, &t->word, err);
    return rc == KURA_OK ? kura_buf_puts(&t->word, "(?![\\w-]|\\.\\w)", err)
                         : rc;
}

/* Equality is found by a few looks into a sorted dictionary, the others ask
 * each of its texts. */
static enum kura_rc entity_read(struct kura_timeline *t, struct kura_err *err)
{
    size_t n = strlen(t->ask.value);
    struct kura_address a;
    bool is_address = kura_address_parse(t->ask.value, n, &a);

    if (n == 0 || n > TIMELINE_VALUE_MAX)
        return kura_err_set(err, KURA_EUSAGE, "a %s has 1 to %zu bytes",
                            kura_entity_word(t->ask.kind), TIMELINE_VALUE_MAX);
    if (t->ask.kind == KURA_ENTITY_ADDRESS && !is_address)
        return kura_err_set(err, KURA_EUSAGE, "'%s' is no address",
                            t->ask.value);
    if (t->ask.under && !kura_host_is_name(t->ask.value, n))
        return kura_err_set(err, KURA_EUSAGE, "nothing is under '%s'",
                            t->ask.value);
    t->test = "";
    t->end = " = ?1";
    if (t->ask.kind == KURA_ENTITY_USER) {
        t->end = " REGEXP ?3";
    } else if (is_address && a.bits == 128) { /* is written in many ways */
        t->test = "ip_in(";
        t->end = ", ?1)";
    } else if (t->ask.under) {
        t->test = "domain_under(";
        t->end = ", ?1)";
    }
    return patterns_make(t, err);
}

/* --- Statements -------------------------------------------------------- */

static enum kura_rc put_test(const struct kura_timeline *t, const char *column,
                             struct kura_buf *out, struct kura_err *err)
{
    return kura_buf_printf(out, err, "%s\"%s\"%s", t->test, column, t->end);
}

/* An embedded file, $hit, $kind and $under replaced.  Its comments are dropped,
 * so that something can follow. */
static enum kura_rc put_file(const struct kura_timeline *t, const char *name,
                             const char *hit, struct kura_buf *out,
                             struct kura_err *err)
{
    const char *text = NULL, *s;
    char path[64];
    enum kura_rc rc;

    (void)snprintf(path, sizeof(path), "sql/timeline/%s.sql", name);
    rc = kura_embedded_text(path, &text, err);
    for (s = text; rc == KURA_OK && *s != '\0';) {
        size_t n = strcspn(s, "$-");

        rc = kura_buf_append(out, s, n, err);
        s += n;
        if (rc != KURA_OK || *s == '\0')
            break;
        if (strncmp(s, "--", 2) == 0) {
            s += strcspn(s, "\n");
        } else if (strncmp(s, "$hit", 4) == 0) {
            rc = kura_buf_printf(out, err, "'%s'", hit);
            s += 4;
        } else if (strncmp(s, "$kind", 5) == 0) {
            rc = kura_buf_printf(out, err, "'%s'",
                                 kura_entity_word(t->ask.kind));
            s += 5;
        } else if (strncmp(s, "$under", 6) == 0) {
            rc = kura_buf_puts(out, t->ask.under ? "1" : "0", err);
            s += 6;
        } else {
            rc = kura_buf_putc(out, *s++, err);
        }
    }
    return rc;
}

static bool column_is_field(const struct kura_schema *s, int i)
{
    static const char *const others[] = {"ts", "source", "line"};
    const struct kura_column *c = &s->columns[i];
    size_t k;

    for (k = 0; k < sizeof(others) / sizeof(others[0]); k++)
        if (strcmp(c->name, others[k]) == 0)
            return false;
    return c->function == NULL;
}

/* The stored columns of a row that are not NULL, as a JSON object. */
static enum kura_rc put_fields(const struct kura_schema *s,
                               struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i, n = 0, objects = 1;

    for (i = 0; i < s->count; i++)
        n += column_is_field(s, i);
    objects = (n + JSON_PAIRS - 1) / JSON_PAIRS;
    for (i = 0; rc == KURA_OK && i < objects; i++)
        rc = kura_buf_puts(out, "json_patch(", err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, "'{}', json_object(", err);
    for (i = 0, n = 0; rc == KURA_OK && i < s->count; i++) {
        if (!column_is_field(s, i))
            continue;
        if (n > 0)
            rc = kura_buf_puts(
                out, n % JSON_PAIRS == 0 ? ")), json_object(" : ", ", err);
        if (rc == KURA_OK)
            rc = kura_buf_printf(out, err, "'%s', \"%s\"", s->columns[i].name,
                                 s->columns[i].name);
        n++;
    }
    return rc == KURA_OK ? kura_buf_puts(out, "))", err) : rc;
}

/* The rows of a slice in which this column holds the entity and none of the
 * columns before it does. */
static enum kura_rc put_arm(const struct kura_timeline *t, size_t p,
                            uint64_t mask, struct kura_buf *out,
                            struct kura_err *err)
{
    const struct kura_schema *s = t->pairs[p].schema;
    const char *column = s->columns[t->pairs[p].column].name;
    enum kura_rc rc;
    size_t i;

    rc = kura_buf_printf(out, err,
                         "SELECT '%s' AS \"table\", '%s' AS \"column\", ts,"
                         " ts AS last_ts, other, what, source, line",
                         s->name, column);
    if (rc == KURA_OK && t->ask.machine)
        rc = kura_buf_puts(out, ", raw, ", err);
    if (rc == KURA_OK && t->ask.machine)
        rc = put_fields(s, out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(
            out, t->ask.machine ? " AS \"row\" FROM (" : " FROM (", err);
    if (rc == KURA_OK)
        rc = put_file(t, s->name, column, out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, " WHERE ts >= ?4 AND ts < ?5 AND ", err);
    if (rc == KURA_OK)
        rc = put_test(t, column, out, err);
    for (i = 0; rc == KURA_OK && i < p; i++) {
        if (t->pairs[i].schema != s || (mask >> i & 1) == 0)
            continue;
        rc = kura_buf_puts(out, " AND NOT coalesce(", err);
        if (rc == KURA_OK)
            rc = put_test(t, s->columns[t->pairs[i].column].name, out, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(out, ", 0)", err);
    }
    return rc == KURA_OK ? kura_buf_putc(out, ')', err) : rc;
}

static enum kura_rc put_case(const struct kura_timeline *t, const char *name,
                             struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_buf_printf(out, err,
                         "SELECT '%s' AS \"table\", NULL AS \"column\", ts,"
                         " last_ts, other, what, source, line%s FROM (",
                         name, t->ask.machine ? ", raw, \"row\"" : "");
    if (rc == KURA_OK)
        rc = put_file(t, name, "", out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, ") WHERE ts >= ?6 AND ts < ?7", err);
    if (rc == KURA_OK && strcmp(name, "finding") == 0)
        rc = kura_buf_puts(out, " AND last_ts >= ?9 AND ts < ?10", err);
    return rc;
}

/* Findings and indicators are of case.db, whatever was asked of the logs. */
static enum kura_rc put_arms(const struct kura_timeline *t, uint64_t mask,
                             struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    const char *between = "";
    size_t i;

    for (i = 0; rc == KURA_OK && i < 64; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        rc = kura_buf_puts(out, between, err);
        between = " UNION ALL ";
        if (rc != KURA_OK)
            break;
        if (UINT64_C(1) << i == FINDINGS_BIT)
            rc = put_case(t, "finding", out, err);
        else if (UINT64_C(1) << i == INDICATORS_BIT)
            rc = put_case(t, "indicator", out, err);
        else
            rc = put_arm(t, i, mask, out, err);
    }
    return rc;
}

/* What is the same within an hour is shown where it comes first. */
static const char folding[] =
    "(SELECT * FROM (SELECT *, row_number() OVER same AS nth,"
    " count(*) OVER alike AS events, max(last_ts) OVER alike AS last"
    " FROM event WINDOW alike AS (PARTITION BY \"table\", what, other, ts / "
    "3600000000),"
    " same AS (PARTITION BY \"table\", what, other, ts / 3600000000"
    " ORDER BY ts, source, line)) WHERE nth = 1)";
static const char single[] =
    "(SELECT *, 1 AS events, last_ts AS last FROM event)";
static const char for_people[] =
    "SELECT local_time(ts) AS time, \"table\","
    " what || CASE WHEN events > 1 THEN ' x ' || events ELSE '' END AS event,"
    " other, source || coalesce(':' || line, '') AS \"where\" FROM ";
static const char for_machines[] =
    "SELECT iso_time(ts) AS time, iso_time(last) AS last_time,"
    " local_time(ts) AS local_time, \"table\", \"column\", what AS event, "
    "other,"
    " events, source, line, raw, \"row\" FROM ";

static enum kura_rc slice_prepare(const struct kura_timeline *t, uint64_t mask,
                                  sqlite3_stmt **out, struct kura_err *err)
{
    struct kura_buf sql;
    enum kura_rc rc;

    kura_buf_init(&sql, TIMELINE_TEXT_MAX);
    rc = kura_buf_puts(&sql, "WITH event AS (", err);
    if (rc == KURA_OK)
        rc = put_arms(t, mask, &sql, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(
            &sql, err, ") %s%s ORDER BY ts, \"table\", source, line LIMIT ?8",
            t->ask.machine ? for_machines : for_people,
            t->ask.fold ? folding : single);
    if (rc == KURA_OK)
        rc = kura_db_prepare(t->ask.db, sql.data, out, err);
    kura_buf_release(&sql);
    return rc;
}

static void bind_entity(const struct kura_timeline *t, sqlite3_stmt *stmt)
{
    (void)sqlite3_bind_text(stmt, 1, t->ask.value, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, t->word.data, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, t->account.data, -1, SQLITE_STATIC);
}

/* --- The plan: days ---------------------------------------------------- */

static enum kura_rc day_at(struct kura_timeline *t, int64_t day,
                           struct day **out, struct kura_err *err)
{
    size_t low = 0, high = t->nday;
    struct day *grown;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->nday || t->days[low].day != day) {
        if (t->nday == t->days_room) {
            t->days_room = t->days_room == 0 ? 512 : 2 * t->days_room;
            grown = realloc(t->days, t->days_room * sizeof(*grown));
            if (grown == NULL)
                return kura_err_nomem(err);
            t->days = grown;
        }
        memmove(t->days + low + 1, t->days + low,
                (t->nday - low) * sizeof(*t->days));
        memset(&t->days[low], 0, sizeof(t->days[low]));
        t->days[low].day = day;
        t->nday++;
    }
    *out = &t->days[low];
    return KURA_OK;
}

static int entry_cmp(const void *a, const void *b)
{
    const struct kura_partition_entry *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static enum kura_rc entries_sort(struct kura_timeline *t, struct kura_err *err)
{
    size_t i, n = kura_engine_count(t->ask.engine);

    t->entries = calloc(n + 1, sizeof(*t->entries));
    if (t->entries == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++) {
        const struct kura_partition_entry *e =
            kura_engine_entry(t->ask.engine, i);

        if (e->schema != kura_schema_sighting())
            t->entries[t->nentry++] = e;
    }
    if (t->nentry != 0)
        qsort(t->entries, t->nentry, sizeof(*t->entries), entry_cmp);
    return KURA_OK;
}

static const struct kura_partition_entry *
entry_find(const struct kura_timeline *t, const char *id)
{
    size_t low = 0, high = t->nentry;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = strcmp(t->entries[middle]->id, id);

        if (c == 0)
            return t->entries[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A row of sighting. */
struct sight {
    size_t pair;
    const struct kura_partition_entry *entry;
    int64_t first_ts, last_ts, events;
};

static enum kura_rc seen_add(struct kura_timeline *t, const struct sight *s,
                             bool new_day)
{
    struct kura_timeline_seen *n;
    size_t i;

    for (i = 0; i < t->nseen; i++)
        if (t->seen[i].schema == t->pairs[s->pair].schema &&
            t->seen[i].column == t->pairs[s->pair].column)
            break;
    n = &t->seen[i];
    if (i == t->nseen) {
        t->nseen++;
        n->schema = t->pairs[s->pair].schema;
        n->column = t->pairs[s->pair].column;
        n->first_ts = s->first_ts;
        n->last_ts = s->last_ts;
    }
    n->first_ts = s->first_ts < n->first_ts ? s->first_ts : n->first_ts;
    n->last_ts = s->last_ts > n->last_ts ? s->last_ts : n->last_ts;
    n->events += s->events;
    n->days += new_day;
    return KURA_OK;
}

static enum kura_covered away_how(const struct kura_timeline *t,
                                  const struct kura_partition_entry *e)
{
    if (e->state == KURA_STATE_EXPIRED)
        return KURA_COVERED_EXPIRED;
    if (e->copy_count == 0)
        return KURA_COVERED_MISSING;
    return t->ask.archived ? KURA_COVERED_NOT_MOUNTED : KURA_COVERED_ARCHIVED;
}

static enum kura_rc away_add(struct kura_timeline *t, const struct sight *s,
                             struct kura_err *err)
{
    const struct kura_partition_entry *e = s->entry;
    enum kura_covered how = away_how(t, e);
    const char *where = e->copy_count == 0 ? "" : e->copies[0].where;
    struct kura_timeline_away *a;
    size_t i;

    for (i = 0; i < t->naway; i++)
        if (t->away[i].schema == e->schema && t->away[i].how == how &&
            strcmp(t->away[i].where, where) == 0)
            break;
    if (i == t->naway) {
        a = realloc(t->away, (t->naway + 1) * sizeof(*a));
        if (a == NULL)
            return kura_err_nomem(err);
        t->away = a;
        memset(&a[i], 0, sizeof(a[i]));
        a[i].schema = e->schema;
        a[i].how = how;
        a[i].first_day = e->day;
        a[i].last_day = INT64_MIN;
        a[i].where = strdup(where);
        if (a[i].where == NULL)
            return kura_err_nomem(err);
        t->naway++;
    }
    a = &t->away[i];
    a->days += a->last_day != e->day;
    a->first_day = e->day < a->first_day ? e->day : a->first_day;
    a->last_day = e->day > a->last_day ? e->day : a->last_day;
    a->events += s->events;
    return KURA_OK;
}

static enum kura_rc sight_take(struct kura_timeline *t, const struct sight *s,
                               struct kura_err *err)
{
    uint64_t bit = UINT64_C(1) << s->pair;
    struct day *d;
    enum kura_rc rc;
    bool new_day;

    rc = day_at(t, s->entry->day, &d, err);
    if (rc != KURA_OK)
        return rc;
    new_day = (d->mask & bit) == 0;
    (void)seen_add(t, s, new_day);
    if (kura_partition_copy(s->entry, t->ask.archived) == NULL)
        rc = away_add(t, s, err);
    d->mask |= bit;
    d->events += s->events;
    return rc;
}

static size_t pair_find(const struct kura_timeline *t, const char *table,
                        const char *column)
{
    size_t i;

    for (i = 0; table != NULL && column != NULL && i < t->npair; i++)
        if (strcmp(t->pairs[i].schema->name, table) == 0 &&
            strcmp(t->pairs[i].schema->columns[t->pairs[i].column].name,
                   column) == 0)
            return i;
    return PAIRS_MAX;
}

static enum kura_rc sights_prepare(const struct kura_timeline *t,
                                   sqlite3_stmt **out, struct kura_err *err)
{
    struct kura_buf sql;
    enum kura_rc rc;
    size_t i;

    kura_buf_init(&sql, TIMELINE_TEXT_MAX);
    rc = kura_buf_puts(&sql,
                       "SELECT table_name, observable, partition, ts, last_ts,"
                       " events FROM sighting WHERE observable IN (",
                       err);
    for (i = 0; rc == KURA_OK && i < t->npair; i++)
        rc = kura_buf_printf(
            &sql, err, "%s'%s'", i == 0 ? "" : ", ",
            t->pairs[i].schema->columns[t->pairs[i].column].name);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&sql, ") AND ", err);
    if (rc == KURA_OK)
        rc = put_test(t, "value", &sql, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(t->ask.db, sql.data, out, err);
    kura_buf_release(&sql);
    return rc;
}

static enum kura_rc sights_read(struct kura_timeline *t, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum kura_rc rc = sights_prepare(t, &stmt, err);

    if (rc == KURA_OK)
        bind_entity(t, stmt);
    while (rc == KURA_OK) {
        struct sight s;

        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        s.pair = pair_find(t, (const char *)sqlite3_column_text(stmt, 0),
                           (const char *)sqlite3_column_text(stmt, 1));
        s.entry =
            sqlite3_column_text(stmt, 2) == NULL
                ? NULL
                : entry_find(t, (const char *)sqlite3_column_text(stmt, 2));
        s.first_ts = sqlite3_column_int64(stmt, 3);
        s.last_ts = sqlite3_column_int64(stmt, 4);
        s.events = sqlite3_column_int64(stmt, 5);
        if (s.pair < t->npair && s.entry != NULL &&
            s.last_ts >= t->ask.from_us && s.first_ts < t->ask.to_us)
            rc = sight_take(t, &s, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Damaged sightings are left out by the engine once they are known to be. */
static enum kura_rc sights_read_whole(struct kura_timeline *t,
                                      struct kura_err *err)
{
    for (;;) {
        size_t lost = kura_engine_lost(t->ask.engine), i;
        struct kura_err cause = KURA_ERR_INIT;
        enum kura_rc rc = sights_read(t, &cause);

        if (rc == KURA_OK)
            return rc;
        if (kura_engine_lost(t->ask.engine) == lost)
            return kura_err_set(err, rc, "%s", cause.msg);
        for (i = 0; i < t->naway; i++)
            free(t->away[i].where);
        memset(t->seen, 0, PAIRS_MAX * sizeof(*t->seen));
        t->naway = t->nseen = t->nday = 0;
    }
}

/* Findings that reach into the range; indicators whenever they came. */
static enum kura_rc case_read(struct kura_timeline *t, const char *name,
                              uint64_t bit, struct kura_err *err)
{
    bool all = strcmp(name, "indicator") == 0, row = true;
    struct kura_buf sql;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = KURA_OK;

    if (!table_is_asked(t, name))
        return rc;
    kura_buf_init(&sql, TIMELINE_TEXT_MAX);
    rc = kura_buf_puts(&sql, "SELECT ts, last_ts, ?3 FROM (", err);
    if (rc == KURA_OK)
        rc = put_file(t, name, "", &sql, err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&sql, ')', err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(t->ask.db, sql.data, &stmt, err);
    kura_buf_release(&sql);
    if (rc == KURA_OK)
        bind_entity(t, stmt);
    while (rc == KURA_OK) {
        int64_t ts, last;
        struct day *d;

        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        ts = sqlite3_column_int64(stmt, 0);
        last = sqlite3_column_int64(stmt, 1);
        if (!all && (last < t->ask.from_us || ts >= t->ask.to_us))
            continue;
        rc = day_at(t, kura_day_of(ts), &d, err);
        if (rc == KURA_OK)
            d->mask |= bit;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- Opening ----------------------------------------------------------- */

static enum kura_rc timeline_plan(struct kura_timeline *t, struct kura_err *err)
{
    enum kura_rc rc = entity_read(t, err);

    if (rc == KURA_OK)
        rc = pairs_make(t, err);
    if (rc == KURA_OK)
        rc = kura_engine_enter(t->ask.engine, err);
    if (rc != KURA_OK)
        return rc;
    t->entered = true;
    rc = entries_sort(t, err);
    if (rc == KURA_OK && t->npair != 0)
        rc = sights_read_whole(t, err);
    if (rc == KURA_OK)
        rc = case_read(t, "finding", FINDINGS_BIT, err);
    if (rc == KURA_OK)
        rc = case_read(t, "indicator", INDICATORS_BIT, err);
    if (rc == KURA_OK)
        rc = slice_prepare(t, INDICATORS_BIT, &t->none, err);
    return rc;
}

enum kura_rc kura_timeline_open(const struct kura_timeline_ask *ask,
                                struct kura_timeline **out,
                                struct kura_err *err)
{
    struct kura_timeline *t = calloc(1, sizeof(*t));
    struct kura_err cause = KURA_ERR_INIT;
    enum kura_rc rc;

    if (t == NULL)
        return kura_err_nomem(err);
    t->ask = *ask;
    kura_buf_init(&t->word, 4 * TIMELINE_VALUE_MAX);
    kura_buf_init(&t->account, 4 * TIMELINE_VALUE_MAX);
    t->seen = calloc(PAIRS_MAX, sizeof(*t->seen));
    rc = t->seen == NULL ? kura_err_nomem(&cause) : timeline_plan(t, &cause);
    if (rc != KURA_OK) {
        kura_timeline_close(t);
        return kura_err_set(err, rc, "%s",
                            rc == KURA_ESTOPPED ? STOPPED : cause.msg);
    }
    *out = t;
    return KURA_OK;
}

/* The coverage is that of the tables that may know the entity, as far as the
 * days were gone through. */
static void note_tables(const struct kura_timeline *t)
{
    struct kura_span span;
    size_t i;

    span.low = t->ask.from_us;
    span.high = t->ask.to_us == INT64_MAX ? INT64_MAX : t->ask.to_us - 1;
    if (t->at < t->nday) {
        int64_t end = (t->days[t->at].day + 1) * KURA_DAY - 1;

        span.high = end < span.high ? end : span.high;
    }
    for (i = 0; i < t->npair; i++)
        kura_engine_note(t->ask.engine, t->pairs[i].schema, span);
}

void kura_timeline_finish(struct kura_timeline *t)
{
    if (t->entered)
        note_tables(t);
    (void)sqlite3_finalize(t->stmt);
    (void)sqlite3_finalize(t->none);
    t->stmt = t->none = NULL;
    if (t->entered)
        kura_engine_leave(t->ask.engine);
    t->entered = false;
}

void kura_timeline_close(struct kura_timeline *t)
{
    size_t i;

    if (t == NULL)
        return;
    kura_timeline_finish(t);
    for (i = 0; i < t->naway; i++)
        free(t->away[i].where);
    free(t->away);
    free(t->seen);
    free(t->days);
    free(t->entries);
    kura_buf_release(&t->word);
    kura_buf_release(&t->account);
    free(t);
}

sqlite3_stmt *kura_timeline_columns(struct kura_timeline *t)
{
    return t->none;
}

size_t kura_timeline_seen(const struct kura_timeline *t,
                          const struct kura_timeline_seen **out)
{
    *out = t->seen;
    return t->nseen;
}

size_t kura_timeline_away(const struct kura_timeline *t,
                          const struct kura_timeline_away **out)
{
    *out = t->away;
    return t->naway;
}

bool kura_timeline_is_cut(const struct kura_timeline *t, int64_t *day)
{
    if (t->cut)
        *day = t->days[t->at].day;
    return t->cut;
}

/* --- Rows -------------------------------------------------------------- */

/* Into how many slices a day is cut; an hour is not, where it is folded. */
static int64_t day_slices(const struct kura_timeline *t, const struct day *d)
{
    if (d->events <= SLICE_EVENTS)
        return 1;
    return t->ask.fold || d->events <= 24 * SLICE_EVENTS ? 24 : 24 * 60;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void slice_bind(const struct kura_timeline *t, sqlite3_stmt *stmt)
{
    const struct day *d = &t->days[t->at];
    int64_t length = KURA_DAY / day_slices(t, d);
    int64_t from = d->day * KURA_DAY + t->slice * length;
    int64_t rest = t->ask.limit == 0 ? -1 : t->ask.limit - t->rows + 1;

    bind_entity(t, stmt);
    (void)sqlite3_bind_int64(stmt, 4, later(from, t->ask.from_us));
    (void)sqlite3_bind_int64(stmt, 5, earlier(from + length, t->ask.to_us));
    (void)sqlite3_bind_int64(stmt, 6, from);
    (void)sqlite3_bind_int64(stmt, 7, from + length);
    (void)sqlite3_bind_int64(stmt, 8, rest);
    (void)sqlite3_bind_int64(stmt, 9, t->ask.from_us);
    (void)sqlite3_bind_int64(stmt, 10, t->ask.to_us);
}

static enum kura_rc slice_step(const struct kura_timeline *t, bool *row,
                               struct kura_err *err)
{
    switch (sqlite3_step(t->stmt)) {
    case SQLITE_ROW:
        *row = true;
        return KURA_OK;
    case SQLITE_DONE:
        *row = false;
        return KURA_OK;
    case SQLITE_INTERRUPT:
        return kura_err_set(err, KURA_ESTOPPED, STOPPED);
    case SQLITE_NOMEM:
        return kura_err_set(err, KURA_ENOMEM,
                            "it needs more memory than a statement may use");
    default:
        return kura_err_set(err, KURA_EINPUT, "%s", sqlite3_errmsg(t->ask.db));
    }
}

/* Goes to the first row of a slice; *row is false when it has none. */
static enum kura_rc slice_begin(struct kura_timeline *t, bool *row,
                                struct kura_err *err)
{
    for (;;) {
        size_t lost = kura_engine_lost(t->ask.engine);
        struct kura_err cause = KURA_ERR_INIT;
        enum kura_rc rc;

        slice_bind(t, t->stmt);
        rc = slice_step(t, row, &cause);
        if (rc == KURA_OK)
            return rc;
        if (kura_engine_lost(t->ask.engine) == lost)
            return kura_err_set(err, rc, "%s", cause.msg);
        (void)sqlite3_reset(t->stmt);
    }
}

/* The next slice; false when there is none. */
static bool slice_next(struct kura_timeline *t)
{
    if (t->stmt == NULL)
        return t->at < t->nday;
    if (++t->slice < day_slices(t, &t->days[t->at])) {
        (void)sqlite3_reset(t->stmt);
        return true;
    }
    (void)sqlite3_finalize(t->stmt);
    t->stmt = NULL;
    t->slice = 0;
    return ++t->at < t->nday;
}

enum kura_rc kura_timeline_step(void *timeline, sqlite3_stmt **stmt, bool *more,
                                struct kura_err *err)
{
    struct kura_timeline *t = timeline;
    enum kura_rc rc = KURA_OK;

    *more = false;
    if (t->stmt != NULL)
        rc = slice_step(t, more, err);
    while (rc == KURA_OK && !*more && slice_next(t)) {
        if (t->stmt == NULL)
            rc = slice_prepare(t, t->days[t->at].mask, &t->stmt, err);
        if (rc == KURA_OK)
            rc = slice_begin(t, more, err);
    }
    if (rc != KURA_OK || !*more)
        return rc;
    if (t->ask.limit != 0 && t->rows == t->ask.limit) {
        t->cut = true;
        *more = false;
        return rc;
    }
    t->rows++;
    *stmt = t->stmt;
    return rc;
}
