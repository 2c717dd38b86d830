#include "query/hunt_why.h"

#include "base/refang.h"

#include <stdio.h>
#include <string.h>

#define WHY_DEFANG_MAX 65536
#define WHY_VALUE_MAX 400 /* bytes of a value that a sentence shows */

static bool part_take(struct kura_why_part *p, enum kura_why_kind kind,
                      const char *text, size_t size)
{
    p->kind = kind;
    p->text = text;
    p->size = size;
    return true;
}

static enum kura_why_kind kind_of(const char *s, size_t n)
{
    static const struct {
        const char *word;
        enum kura_why_kind kind;
    } kinds[] = {{"size", KURA_WHY_SIZE},
                 {"duration", KURA_WHY_DURATION},
                 {"defang", KURA_WHY_DEFANG}};
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strlen(kinds[i].word) == n && memcmp(kinds[i].word, s, n) == 0)
            return kinds[i].kind;
    return KURA_WHY_BAD;
}

bool kura_why_next(const char **at, struct kura_why_part *out)
{
    const char *s = *at, *end, *colon;
    enum kura_why_kind kind = KURA_WHY_PLAIN;
    size_t n;

    if (*s == '\0')
        return false;
    if (s[0] == '{' && s[1] == '{') {
        *at = s + 2;
        return part_take(out, KURA_WHY_TEXT, s, 1);
    }
    if (*s != '{') {
        n = strcspn(s, "{");
        *at = s + n;
        return part_take(out, KURA_WHY_TEXT, s, n);
    }
    end = strchr(s, '}');
    if (end == NULL) {
        *at = s + strlen(s);
        return part_take(out, KURA_WHY_BAD, s, strlen(s));
    }
    *at = end + 1;
    colon = memchr(s, ':', (size_t)(end - s));
    if (colon != NULL)
        kind = kind_of(colon + 1, (size_t)(end - colon - 1));
    if (kind == KURA_WHY_BAD)
        return part_take(out, kind, s, strlen(s));
    return part_take(out, kind, s + 1,
                     (size_t)((colon != NULL ? colon : end) - s - 1));
}

static int column_of(sqlite3_stmt *stmt, const struct kura_why_part *p)
{
    int i, n = sqlite3_column_count(stmt);

    for (i = 0; i < n; i++) {
        const char *name = sqlite3_column_name(stmt, i);

        if (strlen(name) == p->size &&
            sqlite3_strnicmp(name, p->text, (int)p->size) == 0)
            return i;
    }
    return -1;
}

enum kura_rc kura_why_size(double n, struct kura_buf *out, struct kura_err *err)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t u = 0;

    while ((n >= 1000 || n <= -1000) &&
           u + 1 < sizeof(units) / sizeof(units[0])) {
        n /= 1000;
        u++;
    }
    return kura_buf_printf(out, err, u == 0 ? "%.0f %s" : "%.1f %s", n,
                           units[u]);
}

static enum kura_rc put_duration(int64_t s, struct kura_buf *out,
                                 struct kura_err *err)
{
    if (s >= 2 * 86400)
        return kura_buf_printf(out, err, "%lld d %lld h",
                               (long long)(s / 86400),
                               (long long)(s % 86400 / 3600));
    if (s >= 3600)
        return kura_buf_printf(out, err, "%lld h %lld min",
                               (long long)(s / 3600),
                               (long long)(s % 3600 / 60));
    if (s >= 60)
        return kura_buf_printf(out, err, "%lld min %lld s", (long long)(s / 60),
                               (long long)(s % 60));
    return kura_buf_printf(out, err, "%lld s", (long long)s);
}

static enum kura_rc put_time(int64_t us, const struct kura_zone *zone,
                             struct kura_buf *out, struct kura_err *err)
{
    char text[KURA_TIME_TEXT];
    int64_t local = kura_zone_local(zone, us);

    kura_time_format(local, text);
    return kura_buf_printf(out, err, "%.10s %.8s", text, text + 11);
}

static bool is_time(const struct kura_why_part *p)
{
    return p->size > 3 && memcmp(p->text + p->size - 3, "_ts", 3) == 0;
}

/* kura_defang knows a host in a text by its ending; here one is known to be
 * there, whatever it ends in. */
static enum kura_rc put_defanged(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    enum kura_rc rc = kura_defang(s, n, out, err);
    size_t i;

    if (rc != KURA_OK || out->len != n || memcmp(out->data, s, n) != 0 ||
        memchr(s, ' ', n) != NULL)
        return rc;
    kura_buf_reset(out);
    for (i = 0; rc == KURA_OK && i < n; i++)
        rc = s[i] == '.' && i > 0 && i + 1 < n && s[i - 1] != '['
                 ? kura_buf_puts(out, "[.]", err)
                 : kura_buf_putc(out, s[i], err);
    return rc;
}

/* A text, cut at a character where it is long. */
static enum kura_rc put_text(const char *s, size_t n, bool defang,
                             struct kura_buf *out, struct kura_err *err)
{
    struct kura_buf safe;
    bool cut = n > WHY_VALUE_MAX;
    enum kura_rc rc;

    if (cut) {
        n = WHY_VALUE_MAX;
        while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
            n--;
    }
    kura_buf_init(&safe, WHY_DEFANG_MAX);
    rc = defang ? put_defanged(s, n, &safe, err)
                : kura_buf_append(&safe, s, n, err);
    if (rc == KURA_OK)
        rc = kura_buf_append(out, safe.data, safe.len, err);
    if (rc == KURA_OK && cut)
        rc = kura_buf_puts(out, "...", err);
    kura_buf_release(&safe);
    return rc;
}

static enum kura_rc put_value(sqlite3_stmt *stmt, int i,
                              const struct kura_why_part *p,
                              const struct kura_zone *zone,
                              struct kura_buf *out, struct kura_err *err)
{
    int type = sqlite3_column_type(stmt, i);
    const char *text;

    if (type == SQLITE_NULL)
        return kura_buf_putc(out, '-', err);
    if (p->kind == KURA_WHY_SIZE)
        return kura_why_size(sqlite3_column_double(stmt, i), out, err);
    if (p->kind == KURA_WHY_DURATION)
        return put_duration(sqlite3_column_int64(stmt, i), out, err);
    if (type == SQLITE_INTEGER && is_time(p))
        return put_time(sqlite3_column_int64(stmt, i), zone, out, err);
    if (type == SQLITE_FLOAT)
        return kura_buf_printf(out, err, "%.6g",
                               sqlite3_column_double(stmt, i));
    text = (const char *)sqlite3_column_text(stmt, i);
    if (text == NULL)
        return kura_err_nomem(err);
    return put_text(text, (size_t)sqlite3_column_bytes(stmt, i),
                    p->kind == KURA_WHY_DEFANG, out, err);
}

enum kura_rc kura_why_render(const char *why, sqlite3_stmt *stmt,
                             const struct kura_zone *zone, struct kura_buf *out,
                             struct kura_err *err)
{
    struct kura_why_part part;
    const char *at = why;
    enum kura_rc rc = KURA_OK;
    int i;

    while (rc == KURA_OK && kura_why_next(&at, &part)) {
        if (part.kind == KURA_WHY_TEXT) {
            rc = kura_buf_append(out, part.text, part.size, err);
            continue;
        }
        i = column_of(stmt, &part);
        if (i >= 0)
            rc = put_value(stmt, i, &part, zone, out, err);
    }
    return rc;
}
