/* record.c - records by their outline only: whether what is in them makes sense
 * is for their readers to say.  Characters are taken one by one, of one or of
 * two bytes, because all that matters for the outline is ASCII. */
#include "ingest/record.h"

#include "base/buf.h"
#include "base/mime.h"
#include "base/text.h"
#include "base/utf16.h"
#include "ingest/evtx.h"

#include <string.h>

/* Text of which character i is p[i], or 16 bits at p[2 i]. */
struct text {
    const unsigned char *p;
    size_t n; /* characters */
    enum kura_encoding encoding;
};

static inline unsigned text_at(const struct text *t, size_t i)
{
    if (t->encoding == KURA_BYTES)
        return t->p[i];
    if (t->encoding == KURA_UTF16LE)
        return (unsigned)(t->p[2 * i] | t->p[2 * i + 1] << 8);
    return (unsigned)(t->p[2 * i] << 8 | t->p[2 * i + 1]);
}

static bool text_has(const struct text *t, size_t at, const char *word)
{
    for (; *word != '\0'; word++, at++)
        if (at >= t->n || text_at(t, at) != (unsigned char)*word)
            return false;
    return true;
}

/* The next character c from `at` on, or n. */
static size_t text_find(const struct text *t, size_t at, char c)
{
    const unsigned char *found;

    if (t->encoding == KURA_BYTES) {
        found = at < t->n ? memchr(t->p + at, c, t->n - at) : NULL;
        return found == NULL ? t->n : (size_t)(found - t->p);
    }
    while (at < t->n && text_at(t, at) != (unsigned char)c)
        at++;
    return at;
}

/* Behind the end of the line that holds `at`; n also where it has none. */
static size_t text_line_end(const struct text *t, size_t at)
{
    at = text_find(t, at, '\n');
    return at < t->n ? at + 1 : at;
}

static bool char_is_blank(unsigned c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- Lines that hold no event and are no loss ------------------------------
 */

/* UTF-8's mark too, whose bytes are above 0x7F. */
static bool char_is_mark(const struct text *t, unsigned c)
{
    return t->encoding == KURA_BYTES ? c == 0xEF || c == 0xBB || c == 0xBF
                                     : c == 0xFEFF;
}

static bool line_is_filler(const struct text *t, size_t at, size_t end,
                           enum kura_reader reader)
{
    const char *extra = reader == KURA_READER_JSON  ? "[],"
                        : reader == KURA_READER_XML ? "-"
                                                    : "";

    while (
        at < end &&
        (char_is_blank(text_at(t, at)) || char_is_mark(t, text_at(t, at)) ||
         (text_at(t, at) < 0x80 && strchr(extra, (int)text_at(t, at)) != NULL &&
          text_at(t, at) != 0)))
        at++;
    if (at == end)
        return true;
    if (reader != KURA_READER_CSV && text_has(t, at, "Record "))
        return true;
    return reader == KURA_READER_XML &&
           (text_has(t, at, "<?") || text_has(t, at, "<!") ||
            text_has(t, at, "</Events") || text_has(t, at, "<Events"));
}

static bool rest_is_filler(const struct text *t, size_t at,
                           enum kura_reader reader)
{
    size_t end;

    for (; at < t->n; at = end) {
        end = text_line_end(t, at);
        if (!line_is_filler(t, at, end, reader))
            return false;
    }
    return true;
}

/* --- Events ----------------------------------------------------------------
 */

static size_t xml_start(const struct text *t, size_t at)
{
    unsigned c;

    for (; (at = text_find(t, at, '<')) < t->n; at++) {
        if (!text_has(t, at, "<Event"))
            continue;
        if (at + 6 >= t->n)
            return at;
        c = text_at(t, at + 6);
        if (char_is_blank(c) || c == '>')
            return at;
    }
    return t->n;
}

/* Behind the event that starts at `at`; n: it has no end.  *broken: another one
 * starts before its end. */
static size_t xml_end(const struct text *t, size_t at, bool *broken)
{
    size_t next = at + 1;

    *broken = false;
    for (at++; (at = text_find(t, at, '<')) < t->n; at++) {
        if (text_has(t, at, "</Event>"))
            return at + 8;
        if (text_has(t, at, "<Event") && (next = xml_start(t, at)) == at &&
            at + 6 < t->n) {
            *broken = true;
            return at;
        }
    }
    return t->n;
}

static size_t json_end(const struct text *t, size_t at, bool *broken)
{
    bool quoted = false;
    int depth = 0;
    unsigned c;

    *broken = false;
    for (; at < t->n; at++) {
        c = text_at(t, at);
        if (c == '\n' && (quoted || (at + 1 < t->n && depth > 0 &&
                                     text_at(t, at + 1) == '{'))) {
            /* No string goes on over a line; and an object that begins one is
             * the next event. */
            *broken = true;
            return at + 1;
        }
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (--depth == 0)
                return at + 1;
        }
    }
    return t->n;
}

static bool json_starts_there(const struct text *t, size_t at)
{
    size_t next = at + 1;

    while (next < t->n && char_is_blank(text_at(t, next)))
        next++;
    return next == t->n || text_at(t, next) == '"' || text_at(t, next) == '}';
}

/* A brace before a quote: braces of a message are none. */
static size_t json_start(const struct text *t, size_t at)
{
    for (; (at = text_find(t, at, '{')) < t->n; at++)
        if (json_starts_there(t, at))
            return at;
    return t->n;
}

/* With the blanks, the comma and the line end that follow. */
static size_t event_tail(const struct text *t, size_t at, bool *open)
{
    while (at < t->n && (text_at(t, at) == ' ' || text_at(t, at) == '\t' ||
                         text_at(t, at) == ','))
        at++;
    *open = at == t->n;
    if (at < t->n && text_at(t, at) == '\r') {
        at++;
        *open = at == t->n;
    }
    if (at < t->n && text_at(t, at) == '\n')
        at++;
    return at;
}

/* Where the lines that are no event end: at the line with the event's start, or
 * behind one that is a record by itself (*alone). */
static size_t event_before(const struct text *t, size_t start,
                           enum kura_reader reader, bool *alone)
{
    size_t at = 0, end;

    *alone = false;
    for (; at < t->n; at = end) {
        end = text_line_end(t, at);
        if (end > start)
            return at;
        *alone = !line_is_filler(t, at, end, reader);
        if (*alone)
            return end;
    }
    return at;
}

static size_t event_size(const struct text *t, enum kura_reader reader,
                         bool last, bool *whole)
{
    bool xml = reader == KURA_READER_XML, alone, broken, open;
    size_t start = xml ? xml_start(t, 0) : json_start(t, 0), end;
    size_t before = event_before(t, start, reader, &alone);

    *whole = true;
    if (alone && (before < t->n || last || text_at(t, t->n - 1) == '\n'))
        return before;
    if (start == t->n) {
        *whole = last && rest_is_filler(t, 0, reader);
        return last ? t->n : 0;
    }
    end = xml ? xml_end(t, start, &broken) : json_end(t, start, &broken);
    if (broken)
        return end;
    if (end == t->n && !(xml ? end >= 8 && text_has(t, end - 8, "</Event>")
                             : text_at(t, end - 1) == '}')) {
        *whole = false;
        return last ? t->n : 0;
    }
    end = event_tail(t, end, &open);
    if (last && rest_is_filler(t, end, reader))
        return t->n;
    /* A line end may follow still. */
    return open && !last ? 0 : end;
}

static size_t csv_row(const struct text *t, size_t at, bool *whole)
{
    bool quoted = false;
    unsigned c;

    *whole = true;
    for (; at < t->n; at++) {
        c = text_at(t, at);
        if (c == '"')
            quoted = !quoted;
        else if (c == '\n' && !quoted)
            return at + 1;
    }
    *whole = !quoted;
    return 0;
}

static size_t csv_size(const struct text *t, int64_t offset, bool last,
                       bool *whole)
{
    size_t at = offset == 0 ? csv_row(t, 0, whole) : 0;

    if (at != 0 || offset != 0)
        at = csv_row(t, at, whole);
    if (last && (at == 0 || rest_is_filler(t, at, KURA_READER_CSV)))
        return t->n;
    return at;
}

/* --- Public ----------------------------------------------------------------
 */

void kura_framing_init(struct kura_framing *f, enum kura_reader reader,
                       const char *head, size_t n)
{
    const unsigned char *p = (const unsigned char *)head;

    f->reader = reader;
    f->encoding = KURA_BYTES;
    f->base = kura_evtx_base(head, n);
    if (n < 4 || reader == KURA_READER_EVTX || reader == KURA_READER_LINES)
        return;
    if ((p[0] == 0xFF && p[1] == 0xFE) || (p[1] == 0 && p[3] == 0))
        f->encoding = KURA_UTF16LE;
    else if ((p[0] == 0xFE && p[1] == 0xFF) || (p[0] == 0 && p[2] == 0))
        f->encoding = KURA_UTF16BE;
}

size_t kura_record_chunks(const struct kura_framing *f, size_t n,
                          int64_t offset)
{
    uint64_t at = (uint64_t)offset, end = at + n;

    if (end < f->base)
        return 0;
    end -= (end - f->base) % KURA_EVTX_CHUNK;
    return end <= at ? 0 : (size_t)(end - at);
}

size_t kura_record_size(const struct kura_framing *f, const char *p, size_t n,
                        int64_t offset, bool last, bool *whole)
{
    struct text t = {(const unsigned char *)p, n, f->encoding};
    bool ignored;
    size_t size = 0, odd = 0;
    const char *end;

    if (whole == NULL)
        whole = &ignored;
    *whole = true;
    if (f->reader == KURA_READER_LINES) {
        end = memchr(p, '\n', n);
        return end != NULL ? (size_t)(end - p) + 1 : last ? n : 0;
    }
    if (f->encoding != KURA_BYTES) {
        /* After a piece that ended in the middle of a character. */
        odd = (size_t)(offset & 1);
        if (n - odd < 2)
            return last ? n : 0;
        t.p += odd;
        t.n = (n - odd) / 2;
    }
    size = f->reader == KURA_READER_CSV
               ? csv_size(&t, offset, last, whole)
               : event_size(&t, f->reader, last, whole);
    if (size == 0)
        return 0;
    if (last && size == t.n)
        return n;
    return f->encoding == KURA_BYTES ? size : size * 2 + odd;
}

/* Valid UTF-8, whatever characters. */
static bool bytes_are_utf8(const char *p, size_t n)
{
    size_t i, used;
    uint32_t c;

    for (i = 0; i < n; i += used) {
        if ((unsigned char)p[i] < 0x80) {
            used = 1;
            continue;
        }
        used = kura_text_decode(p + i, n - i, &c);
        if (used == 1)
            return false;
    }
    return true;
}

enum kura_rc kura_record_text(const struct kura_framing *f, const char *p,
                              size_t n, struct kura_buf *out, const char **text,
                              size_t *size, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    *text = p;
    *size = n;
    if (f->encoding == KURA_BYTES &&
        (f->reader == KURA_READER_JSON || bytes_are_utf8(p, n)))
        return KURA_OK;
    kura_buf_reset(out);
    if (f->encoding == KURA_BYTES)
        rc = kura_mime_guess(p, n, out, err);
    else
        rc = kura_utf16_append(p, n / 2, f->encoding == KURA_UTF16BE, out, err);
    *text = out->data;
    *size = out->len;
    return rc;
}
