/* mime_charset.c - bytes of any charset made UTF-8.
 *
 * This is the only file that calls iconv. */
#include "base/mime_internal.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

#define CHARSET_MAX KURA_MIME_CHARSET_MAX

/* What mail calls a charset, and what to try for it in this order. */
struct charset_alias {
    const char *name;
    const char *tries[3];
};

static const struct charset_alias charset_aliases[] = {
    {"", {"UTF-8"}},
    {"utf8", {"UTF-8"}},
    {"unknown-8bit", {"UTF-8"}},
    {"x-unknown", {"UTF-8"}},
    {"unknown", {"UTF-8"}},
    {"us-ascii", {"UTF-8"}},
    {"ascii", {"UTF-8"}},
    {"utf_8", {"UTF-8"}},
    {"utf-8-sig", {"UTF-8"}},
    {"unicode-1-1-utf-7", {"UTF-7"}},
    {"iso-8859-1", {"WINDOWS-1252", "ISO-8859-1"}},
    {"iso8859-1", {"WINDOWS-1252", "ISO-8859-1"}},
    {"iso_8859-1", {"WINDOWS-1252", "ISO-8859-1"}},
    {"latin1", {"WINDOWS-1252", "ISO-8859-1"}},
    {"latin-1", {"WINDOWS-1252", "ISO-8859-1"}},
    {"x-cp1251", {"WINDOWS-1251"}},
    {"x-cp1252", {"WINDOWS-1252"}},
    {"shift_jis", {"SHIFT_JIS", "CP932"}},
    {"shift-jis", {"SHIFT_JIS", "CP932"}},
    {"sjis", {"SHIFT_JIS", "CP932"}},
    {"x-sjis", {"SHIFT_JIS", "CP932"}},
    {"ms_kanji", {"SHIFT_JIS", "CP932"}},
    {"windows-31j", {"CP932"}},
    {"cp932", {"CP932"}},
    {"cp-932", {"CP932"}},
    {"ms932", {"CP932"}},
    {"x-ms-cp932", {"CP932"}},
    {"euc-jp", {"EUC-JP", "EUC-JP-MS"}},
    {"eucjp", {"EUC-JP", "EUC-JP-MS"}},
    {"x-euc-jp", {"EUC-JP", "EUC-JP-MS"}},
    {"x-euc", {"EUC-JP", "EUC-JP-MS"}},
    {"iso-2022-jp", {"ISO-2022-JP", "ISO-2022-JP-3", "JIS"}},
    {"iso-2022-jp-ms", {"ISO-2022-JP-3", "JIS"}},
    {"cp50220", {"ISO-2022-JP-3", "JIS"}},
    {"cp50221", {"ISO-2022-JP-3", "JIS"}},
    {"gb2312", {"GB18030"}},
    {"gb_2312-80", {"GB18030"}},
    {"gb2312-80", {"GB18030"}},
    {"euc-cn", {"GB18030"}},
    {"gbk", {"GB18030"}},
    {"x-gbk", {"GB18030"}},
    {"cp936", {"GB18030"}},
    {"big5", {"BIG5", "CP950", "BIG5-HKSCS"}},
    {"x-big5", {"BIG5", "CP950", "BIG5-HKSCS"}},
    {"x-x-big5", {"BIG5", "CP950", "BIG5-HKSCS"}},
    {"euc-kr", {"EUC-KR", "CP949"}},
    {"ks_c_5601", {"EUC-KR", "CP949"}},
    {"ks_c_5601-1987", {"EUC-KR", "CP949"}},
    {"ks_c_5601-1989", {"EUC-KR", "CP949"}},
    {"ksc5601", {"EUC-KR", "CP949"}},
    {"windows-949", {"CP949"}},
    {"ms949", {"CP949"}},
    {"iso-8859-8-i", {"ISO-8859-8"}},
};

/* Only what names of charsets are made of: no '/', which iconv would take as
 * an option or a path.  RFC 2231 adds "*language". */
static bool charset_copy(struct span name, char out[CHARSET_MAX])
{
    size_t i;

    for (i = 0; i < name.n && name.s[i] != '*'; i++) {
        if (i + 1 >= CHARSET_MAX ||
            (!alnum_is(name.s[i]) && strchr("-_.:+", name.s[i]) == NULL))
            return false;
        out[i] = name.s[i];
    }
    out[i] = '\0';
    return true;
}

/* What becomes of bytes without a meaning. */
enum charset_mode {
    CHARSET_STRICT, /* there must be none */
    CHARSET_CUT,    /* an unfinished character at the end is let go */
    CHARSET_MOST,   /* they go through as they are */
};

/* Converts all of in; *ok says whether that could be done. */
static enum kura_rc charset_convert(const char *charset, struct span in,
                                    enum charset_mode mode,
                                    struct kura_buf *out, bool *ok,
                                    struct kura_err *err)
{
    iconv_t cd = iconv_open("UTF-8", charset);
    enum kura_rc rc = KURA_OK;
    char *from = (char *)(uintptr_t)in.s;
    size_t left = in.n;
    bool flush = false;

    *ok = false;
    kura_buf_reset(out);
    if (cd == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr) */
        return KURA_OK;
    for (;;) {
        size_t room, was, got;
        char *to;

        rc = kura_buf_reserve(out, left + 64, err);
        if (rc != KURA_OK)
            break;
        room = was = out->cap - 1 - out->len;
        if (room > out->max - out->len)
            room = was = out->max - out->len;
        to = out->data + out->len;
        got = flush ? iconv(cd, NULL, NULL, &to, &room)
                    : iconv(cd, &from, &left, &to, &room);
        out->len += was - room;
        out->data[out->len] = '\0';
        if (got == (size_t)-1 && errno == E2BIG)
            continue;
        if (got == (size_t)-1 && mode == CHARSET_MOST && left > 0) {
            rc = kura_buf_putc(out, *from++, err);
            left--;
            if (rc != KURA_OK)
                break;
            continue;
        }
        if (got == (size_t)-1 && !(errno == EINVAL && mode == CHARSET_CUT))
            break;
        *ok = flush;
        if (flush)
            break;
        flush = true;
    }
    (void)iconv_close(cd);
    return rc;
}

/* ISO-2022-JP with the characters of Windows: the two-byte sets as EUC-JP. */
static enum kura_rc jis_to_euc(struct span in, struct kura_buf *out,
                               struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    char set = 'B'; /* 'B' one byte, 'I' half-width katakana, '2' two bytes */
    size_t i;

    kura_buf_reset(out);
    for (i = 0; i < in.n && rc == KURA_OK; i++) {
        char c = in.s[i];
        unsigned char byte = (unsigned char)c;

        if (c == 0x1B && in.n - i > 2) {
            if (in.s[i + 1] == '$')
                set = '2';
            else
                set = in.s[i + 2] == 'I' ? 'I' : 'B';
            i += 2;
            continue;
        }
        if (set == 'I' && byte > 0x20)
            rc = kura_buf_putc(out, (char)0x8E, err);
        if (set != 'B' && byte > 0x20)
            c = (char)(byte | 0x80u);
        if (rc == KURA_OK)
            rc = kura_buf_putc(out, c, err);
    }
    return rc;
}

static enum kura_rc charset_try(const char *charset, struct span in,
                                enum charset_mode mode, struct kura_buf *out,
                                bool *ok, struct kura_err *err)
{
    struct kura_buf euc;
    struct span bytes;
    enum kura_rc rc;

    if (strcmp(charset, "JIS") != 0)
        return charset_convert(charset, in, mode, out, ok, err);
    kura_buf_init(&euc, in.n * 2 + 1);
    rc = jis_to_euc(in, &euc, err);
    if (rc == KURA_OK) {
        bytes.s = euc.data;
        bytes.n = euc.len;
        rc = charset_convert("EUC-JP-MS", bytes, mode, out, ok, err);
    }
    kura_buf_release(&euc);
    return rc;
}

/* What to try for a charset; false when its name is none. */
static bool tries_find(struct span charset, char name[CHARSET_MAX],
                       const char *tries[3])
{
    const size_t aliases = sizeof(charset_aliases) / sizeof(charset_aliases[0]);
    size_t i;

    if (!charset_copy(charset, name))
        return false;
    tries[0] = name;
    tries[1] = tries[2] = NULL;
    charset.s = name;
    charset.n = strlen(name);
    for (i = 0; i < aliases; i++)
        if (same_text(charset, charset_aliases[i].name))
            memcpy(tries, charset_aliases[i].tries, 3 * sizeof(tries[0]));
    return true;
}

bool kura_mime_charset_is_known(struct span charset)
{
    char name[CHARSET_MAX];
    const char *tries[3];
    iconv_t cd;

    if (charset.n == 0 || !tries_find(charset, name, tries) || name[0] == '\0')
        return false;
    cd = iconv_open("UTF-8", tries[0]);
    if (cd == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr) */
        return false;
    (void)iconv_close(cd);
    return true;
}

static bool escape_has(struct span in)
{
    return in.n > 0 && memchr(in.s, 0x1B, in.n) != NULL;
}

/* The bytes into text by the first charset that fits. */
static enum kura_rc tries_run(const char *const tries[3], struct span in,
                              enum charset_mode mode, struct kura_buf *text,
                              bool *ok, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    *ok = false;
    for (i = 0; i < 3 && tries[i] != NULL && !*ok && rc == KURA_OK; i++) {
        struct span got;

        rc = charset_try(tries[i], in, mode, text, ok, err);
        got.s = text->data;
        got.n = text->len;
        /* iconv lets an escape that it does not know pass as a character */
        if (*ok && i < 2 && tries[i + 1] != NULL && escape_has(got))
            *ok = false;
    }
    return rc;
}

static bool ascii_is(struct span t)
{
    size_t i;

    for (i = 0; i < t.n; i++)
        if (t.s[i] < 0x20 || t.s[i] > 0x7E)
            return false;
    return true;
}

/* Appends a text; a NUL at its end is the one that ends a string in C. */
static enum kura_rc text_append(const struct kura_buf *text,
                                struct kura_buf *out, struct kura_err *err)
{
    size_t n = text->len;

    while (n > 0 && text->data[n - 1] == '\0')
        n--;
    return kura_text_clean(text->data, n, out, err);
}

static void text_init(struct kura_buf *text, size_t n)
{
    /* The worst is a byte that becomes four letters of three bytes (TSCII). */
    kura_buf_init(text, n > SIZE_MAX / 16 - 256 ? SIZE_MAX / 2 : n * 16 + 256);
}

enum kura_rc kura_mime_charset_decode(struct span charset, struct span in,
                                      bool cut, struct kura_buf *out, bool *ok,
                                      struct kura_err *err)
{
    static const char *const jis[3] = {"ISO-2022-JP", "ISO-2022-JP-3", "JIS"};
    static const char *const utf8[3] = {"UTF-8", NULL, NULL};
    enum charset_mode mode = cut ? CHARSET_CUT : CHARSET_STRICT;
    const char *tries[3];
    char name[CHARSET_MAX];
    struct kura_buf text;
    struct span head = {name, 8};
    enum kura_rc rc = KURA_OK;

    *ok = false;
    if (!tries_find(charset, name, tries))
        return KURA_OK;
    text_init(&text, in.n);
    /* escapes in a charset that has none: the sender named the wrong one */
    if (escape_has(in) && !(strlen(name) > 8 && same_text(head, "iso-2022")))
        rc = tries_run(jis, in, mode, &text, ok, err);
    if (*ok && memchr(text.data, 0x1B, text.len) != NULL)
        *ok = false;
    if (rc == KURA_OK && !*ok)
        rc = tries_run(tries, in, mode, &text, ok, err);
    if (rc == KURA_OK && !*ok &&
        (ascii_is(in) || kura_mime_charset_is_known(charset)))
        rc = tries_run(utf8, in, mode, &text, ok, err);
    if (rc == KURA_OK && *ok)
        rc = text_append(&text, out, err);
    kura_buf_release(&text);
    return rc;
}

/* Whether more characters than bytes without a meaning are in it. */
static bool mostly_text(const struct kura_buf *text)
{
    size_t at = 0, good = 0, bad = 0;

    while (at < text->len) {
        uint32_t cp;

        at += kura_text_decode(text->data + at, text->len - at, &cp);
        good += cp >= 0x20 && cp != 0xFFFD;
        bad += cp < 0x20 || cp == 0xFFFD;
    }
    return good > bad;
}

enum kura_rc kura_mime_charset_decode_most(struct span charset, struct span in,
                                           struct kura_buf *out, bool *ok,
                                           struct kura_err *err)
{
    const char *tries[3];
    char name[CHARSET_MAX];
    struct kura_buf text;
    enum kura_rc rc;

    *ok = false;
    if (!tries_find(charset, name, tries))
        return KURA_OK;
    text_init(&text, in.n);
    /* the last of them knows the most characters */
    tries[0] =
        tries[2] != NULL ? tries[2] : (tries[1] != NULL ? tries[1] : tries[0]);
    rc = charset_try(tries[0], in, CHARSET_MOST, &text, ok, err);
    *ok = *ok && mostly_text(&text);
    if (rc == KURA_OK && *ok)
        rc = text_append(&text, out, err);
    kura_buf_release(&text);
    return rc;
}
