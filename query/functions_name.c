/* functions_name.c - the functions of one text that names a file: what Windows
 * does with it, and what a reader takes it for. */
#include "query/functions.h"

#include "base/mime.h"
#include "base/text.h"
#include "query/functions_internal.h"

#include <stdint.h>
#include <string.h>

/* Characters that a reader does not see: zero width, bidi controls, soft
 * hyphen. */
static bool is_invisible(uint32_t cp)
{
    return cp == 0xAD || (cp >= 0x200B && cp <= 0x200F) ||
           (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x2069) ||
           cp == 0x61C || cp == 0xFEFF;
}

/* Other white space than the blank becomes one: it hides an extension too. */
static bool is_space(uint32_t cp)
{
    return cp <= 0x20 || cp == 0x7F || (cp >= 0x80 && cp <= 0xA0) ||
           cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 ||
           cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* The name as Windows takes it: without folders, quotes and what is not
 * seen. */
static enum kura_rc name_unmask(const char *s, size_t n, struct kura_buf *out,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, used;
    uint32_t cp;

    for (i = 0; rc == KURA_OK && i < n; i += used) {
        used = kura_text_decode(s + i, n - i, &cp);
        if (cp == '/' || cp == '\\')
            kura_buf_reset(out);
        else if (is_space(cp))
            rc = kura_buf_putc(out, ' ', err);
        else if (!is_invisible(cp) && cp != '"' && cp != '\'')
            rc = kura_buf_append(out, s + i, used, err);
    }
    return rc;
}

/* What Windows runs, or hands to what runs it. */
static const char *const executable_list[] = {
    "exe",       "com",  "scr",  "pif",     "bat",        "cmd",
    "cpl",       "msi",  "msp",  "mst",     "js",         "jse",
    "vb",        "vbs",  "vbe",  "ws",      "wsf",        "wsh",
    "wsc",       "sct",  "hta",  "lnk",     "ps1",        "ps1xml",
    "ps2",       "psc1", "psd1", "psm1",    "jar",        "jnlp",
    "dll",       "ocx",  "sys",  "drv",     "reg",        "inf",
    "scf",       "url",  "chm",  "hlp",     "gadget",     "application",
    "appref-ms", "msc",  "msix", "appx",    "xll",        "wll",
    "job",       "ins",  "isp",  "diagcab", "library-ms", NULL};

static const char *const archive_list[] = {
    "zip", "zipx", "rar",  "7z",  "tar", "gz",  "tgz",
    "bz2", "tbz",  "tbz2", "xz",  "txz", "zst", "lzh",
    "lha", "lzma", "arj",  "ace", "cab", "z",   NULL};

/* What carries a program past a filter: images of disks, scripts and
 * shortcuts, archives that few senders use, documents with macros. */
static const char *const container_list[] = {
    "iso",  "img",  "vhd",  "vhdx", "udf",  "wim",        "daa",       "lnk",
    "url",  "one",  "hta",  "js",   "jse",  "vbs",        "vbe",       "wsf",
    "wsh",  "wsc",  "sct",  "chm",  "ps1",  "cab",        "ace",       "arj",
    "lzh",  "7z",   "rar",  "jar",  "rdp",  "library-ms", "search-ms", "xlsm",
    "xlsb", "xlam", "xltm", "docm", "dotm", "pptm",       "potm",      "ppam",
    "ppsm", "xll",  "slk",  "iqy",  "mht",  "mhtml",      NULL};

/* What readers take for something that only shows. */
static const char *const document_list[] = {
    "pdf",  "doc",  "docx", "docm", "xls", "xlsx", "xlsm", "ppt",
    "pptx", "rtf",  "odt",  "ods",  "odp", "txt",  "csv",  "xml",
    "htm",  "html", "jpg",  "jpeg", "png", "gif",  "bmp",  "tif",
    "tiff", "mp3",  "mp4",  "avi",  "wav", "mov",  "jtd",  "xdw",
    "eml",  "msg",  "zip",  "rar",  "7z",  "lzh",  NULL};

/* The extension by which Windows goes, whatever the name shows. */
static enum kura_rc name_extension(const char *s, size_t n,
                                   struct kura_buf *ext, struct kura_err *err)
{
    struct kura_buf name;
    enum kura_rc rc;

    kura_buf_init(&name, KURA_FUNCTION_TEXT);
    rc = name_unmask(s, n, &name, err);
    if (rc == KURA_OK)
        rc = kura_mime_extension(name.data, name.len, ext, err);
    kura_buf_release(&name);
    return rc;
}

static enum kura_rc extension_in(const char *const *list, const char *s,
                                 size_t n, int64_t *number, bool *is_null,
                                 struct kura_err *err)
{
    struct kura_buf ext;
    enum kura_rc rc;

    kura_buf_init(&ext, KURA_FUNCTION_TEXT);
    rc = name_extension(s, n, &ext, err);
    *is_null = false;
    *number = rc == KURA_OK && kura_word_in(list, ext.data, ext.len);
    kura_buf_release(&ext);
    return rc;
}

static enum kura_rc call_is_executable_name(const char *s, size_t n,
                                            struct kura_buf *out,
                                            int64_t *number, bool *is_null,
                                            struct kura_err *err)
{
    (void)out;
    return extension_in(executable_list, s, n, number, is_null, err);
}

static enum kura_rc call_is_archive_name(const char *s, size_t n,
                                         struct kura_buf *out, int64_t *number,
                                         bool *is_null, struct kura_err *err)
{
    (void)out;
    return extension_in(archive_list, s, n, number, is_null, err);
}

static enum kura_rc call_is_risky_container(const char *s, size_t n,
                                            struct kura_buf *out,
                                            int64_t *number, bool *is_null,
                                            struct kura_err *err)
{
    (void)out;
    return extension_in(container_list, s, n, number, is_null, err);
}

/* --- Names that deceive ------------------------------------------------ */

/* Blanks before the extension that push it out of sight, and blanks anywhere
 * that do. */
#define BLANKS_BEFORE_DOT 3u
#define BLANKS_ANYWHERE 10u

/* What a name as written shows about itself. */
struct name_signs {
    bool turned; /* characters that write the rest from right to left */
    bool hidden; /* characters that do not show at all */
};

static struct name_signs name_look(const char *s, size_t n)
{
    struct name_signs signs = {false, false};
    size_t i = 0;
    uint32_t cp;

    while (i < n) {
        i += kura_text_decode(s + i, n - i, &cp);
        if (cp == 0x202B || cp == 0x202D || cp == 0x202E || cp == 0x2067)
            signs.turned = true;
        else if (is_invisible(cp))
            signs.hidden = true;
    }
    return signs;
}

/* The longest run of blanks in s. */
static size_t blank_run(const char *s, size_t n)
{
    size_t longest = 0, run = 0, i;

    for (i = 0; i < n; i++) {
        run = s[i] == ' ' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* Whether the name before the dot ends in what looks like an extension of a
 * document: "invoice.pdf", "invoice_pdf", "invoice pdf  ". */
static bool ends_like_document(const char *s, size_t n)
{
    size_t start;

    while (n > 0 && strchr(" ._-", s[n - 1]) != NULL)
        n--;
    for (start = n; start > 0 && kura_ascii_is_alnum(s[start - 1]);)
        start--;
    return start > 1 && strchr("._- ", s[start - 1]) != NULL &&
           kura_word_in(document_list, s + start, n - start);
}

/* name: unmasked; a constant that lives for ever, or NULL. */
static const char *name_deceit(struct name_signs signs,
                               const struct kura_buf *name, bool executable,
                               bool carrier)
{
    size_t end = name->len, dot, blanks;

    while (end > 0 && strchr(" .?", name->data[end - 1]) != NULL)
        end--;
    for (dot = end; dot > 0 && name->data[dot - 1] != '.';)
        dot--;
    dot -= dot > 0;
    for (blanks = 0; blanks < dot && name->data[dot - blanks - 1] == ' ';)
        blanks++;
    if (signs.turned)
        return "right-to-left override";
    if ((executable && blanks >= BLANKS_BEFORE_DOT) ||
        blank_run(name->data, end) >= BLANKS_ANYWHERE)
        return "long blanks";
    if (executable && ends_like_document(name->data, dot))
        return "double extension";
    if (executable && signs.hidden)
        return "hidden characters";
    if ((executable || carrier) &&
        memchr(name->data + end, '.', name->len - end) != NULL)
        return "trailing dots";
    return NULL;
}

static enum kura_rc call_deceptive_name(const char *s, size_t n,
                                        struct kura_buf *out, int64_t *number,
                                        bool *is_null, struct kura_err *err)
{
    struct kura_buf name, ext;
    const char *reason = NULL;
    enum kura_rc rc;

    (void)number;
    kura_buf_init(&name, KURA_FUNCTION_TEXT);
    kura_buf_init(&ext, KURA_FUNCTION_TEXT);
    rc = name_unmask(s, n, &name, err);
    if (rc == KURA_OK)
        rc = kura_mime_extension(name.data, name.len, &ext, err);
    if (rc == KURA_OK)
        reason = name_deceit(name_look(s, n), &name,
                             kura_word_in(executable_list, ext.data, ext.len),
                             kura_word_in(container_list, ext.data, ext.len));
    *is_null = reason == NULL;
    if (reason != NULL)
        rc = kura_buf_puts(out, reason, err);
    kura_buf_release(&name);
    kura_buf_release(&ext);
    return rc;
}

/* --- Headers ------------------------------------------------------------ */

static enum kura_rc call_mime_decode(const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    (void)number;
    *is_null = false;
    return kura_mime_decode(s, n, out, err);
}

static enum kura_rc call_mime_filename(const char *s, size_t n,
                                       struct kura_buf *out, int64_t *number,
                                       bool *is_null, struct kura_err *err)
{
    bool found = false;
    enum kura_rc rc = kura_mime_filename(s, n, out, NULL, &found, err);

    (void)number;
    *is_null = !found;
    return rc;
}

const struct kura_text_function kura_functions_name[] = {
    {"is_executable_name", true, call_is_executable_name, NULL},
    {"is_archive_name", true, call_is_archive_name, NULL},
    {"is_risky_container", true, call_is_risky_container, NULL},
    {"deceptive_name", false, call_deceptive_name, NULL},
    {"mime_decode", false, call_mime_decode, NULL},
    {"mime_filename", false, call_mime_filename, NULL},
    {NULL, false, NULL, NULL},
};
