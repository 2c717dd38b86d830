#include "query/coverage.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const covered_words[] = {
    "online",   "restored",    "in place", "archived", "not mounted",
    "expired",  "missing",     "damaged",  "no logs"};

const char *kura_covered_word(enum kura_covered how)
{
    return covered_words[how];
}

bool kura_covered_is_searched(enum kura_covered how)
{
    return how <= KURA_COVERED_IN_PLACE;
}

void kura_coverage_release(struct kura_coverage *c)
{
    size_t i;

    for (i = 0; i < c->count; i++)
        free(c->items[i].where);
    free(c->items);
    memset(c, 0, sizeof(*c));
}

bool kura_coverage_is_complete(const struct kura_coverage *c)
{
    size_t i;

    for (i = 0; i < c->count; i++)
        if (!kura_covered_is_searched(c->items[i].how) &&
            c->items[i].how != KURA_COVERED_NO_LOGS)
            return false;
    return true;
}

/* --- Making ------------------------------------------------------------ */

/* Goes on with the last item when the day is the next one and all else is the
 * same; several partitions of a day alike are one. */
static enum kura_rc coverage_put(struct kura_coverage *c,
                                 const struct kura_coverage_item *new,
                                 const char *where, struct kura_err *err)
{
    struct kura_coverage_item *last =
        c->count == 0 ? NULL : &c->items[c->count - 1];

    if (last != NULL && last->schema == new->schema && last->how == new->how &&
        strcmp(last->where, where) == 0 &&
        new->first_day <= last->last_day + 1) {
        last->last_day = new->last_day;
        last->rows += new->rows;
        return KURA_OK;
    }
    last = realloc(c->items, (c->count + 1) * sizeof(*last));
    if (last == NULL)
        return kura_err_nomem(err);
    c->items = last;
    last += c->count;
    *last = *new;
    last->where = strdup(where);
    if (last->where == NULL)
        return kura_err_nomem(err);
    c->count++;
    return KURA_OK;
}

enum kura_rc kura_coverage_add(struct kura_coverage *c,
                               const struct kura_schema *schema,
                               int64_t first_day, int64_t last_day,
                               const struct kura_partition_entry *entries,
                               const enum kura_covered *how,
                               const char *const *where, size_t count,
                               struct kura_err *err)
{
    struct kura_coverage_item item;
    int64_t next = first_day;
    enum kura_rc rc = KURA_OK;
    size_t i;

    memset(&item, 0, sizeof(item));
    item.schema = schema;
    for (i = 0; rc == KURA_OK && i <= count; i++) {
        int64_t day = i == count ? last_day + 1 : entries[i].day;

        if (i < count && (entries[i].schema != schema || day < first_day ||
                          day > last_day))
            continue;
        if (day > next) {
            item.first_day = next;
            item.last_day = day - 1;
            item.how = KURA_COVERED_NO_LOGS;
            item.rows = 0;
            rc = coverage_put(c, &item, "", err);
        }
        if (i == count || rc != KURA_OK)
            continue;
        item.first_day = item.last_day = day;
        item.how = how[i];
        item.rows = entries[i].rows;
        rc = coverage_put(c, &item, where[i] == NULL ? "" : where[i], err);
        next = day + 1;
    }
    return rc;
}

/* --- Showing ----------------------------------------------------------- */

enum kura_rc kura_coverage_print(const struct kura_coverage *c,
                                 struct kura_buf *out, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < c->count; i++) {
        const struct kura_coverage_item *t = &c->items[i];

        kura_day_format(t->first_day, first);
        kura_day_format(t->last_day, last);
        rc = kura_buf_printf(out, err, "%-9s %s to %s  %s%s, %" PRId64 " rows",
                             t->schema->name, first, last,
                             kura_covered_is_searched(t->how) ||
                                     t->how == KURA_COVERED_NO_LOGS
                                 ? ""
                                 : "NOT SEARCHED: ",
                             kura_covered_word(t->how), t->rows);
        if (rc == KURA_OK && t->where[0] != '\0') {
            rc = kura_buf_puts(out, "  ", err);
            if (rc == KURA_OK)
                rc = kura_text_escape(t->where, strlen(t->where), out, err);
        }
        if (rc == KURA_OK)
            rc = kura_buf_putc(out, '\n', err);
    }
    return rc;
}

enum kura_rc kura_coverage_json(const struct kura_coverage *c,
                                struct kura_buf *out, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    enum kura_rc rc = kura_buf_putc(out, '[', err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < c->count; i++) {
        const struct kura_coverage_item *t = &c->items[i];

        kura_day_format(t->first_day, first);
        kura_day_format(t->last_day, last);
        rc = kura_buf_printf(
            out, err,
            "%s{\"table\":\"%s\",\"from\":\"%s\",\"to\":\"%s\","
            "\"searched\":%s,\"how\":\"%s\",\"rows\":%" PRId64 ",\"where\":",
            i == 0 ? "" : ",", t->schema->name, first, last,
            kura_covered_is_searched(t->how) ? "true" : "false",
            kura_covered_word(t->how), t->rows);
        if (rc == KURA_OK)
            rc = kura_json_text(t->where, strlen(t->where), out, err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(out, '}', err);
    }
    return rc == KURA_OK ? kura_buf_putc(out, ']', err) : rc;
}
