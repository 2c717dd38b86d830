/* functions_pair.c - what compares two texts. */
#include "query/functions.h"

#include "base/distance.h"
#include "base/mime.h"
#include "query/functions_internal.h"
#include "query/lookalike.h"

#include <string.h>

/* edit_distance(a, b) */
static void sql_edit_distance(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv)
{
    const char *a, *b;
    size_t na, nb;
    int distance;

    (void)argc;
    a = kura_arg_text(argv[0], &na);
    b = kura_arg_text(argv[1], &nb);
    if (a == NULL || b == NULL)
        return;
    distance = kura_distance(a, na, b, nb);
    if (distance >= 0)
        sqlite3_result_int(ctx, distance);
}

/* lookalike(domain, reference) */
static void sql_lookalike(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    const char *domain, *reference, *reason;
    size_t nd, nr;
    enum kura_rc rc;

    (void)argc;
    domain = kura_arg_text(argv[0], &nd);
    reference = kura_arg_text(argv[1], &nr);
    if (domain == NULL || reference == NULL)
        return;
    rc = kura_lookalike(domain, nd, reference, nr, &reason, &err);
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
    else if (reason != NULL)
        sqlite3_result_text(ctx, reason, -1, SQLITE_STATIC);
}

/* --- What a name says and what the server says -------------------------- */

static const char *const shown_extensions[] = {
    "jpg", "jpeg", "png", "gif",  "bmp",  "ico",  "tif", "tiff", "webp", "svg",
    "txt", "csv",  "log", "xml",  "json", "css",  "htm", "html", "md",   "pdf",
    "doc", "docx", "xls", "xlsx", "ppt",  "pptx", "rtf", "odt",  "ods",  "odp",
    "mp3", "mp4",  "wav", "avi",  "mov",  "woff", "ttf", NULL};

static const char *const program_extensions[] = {
    "exe", "dll", "scr", "pif", "com", "cpl", "sys", "ocx",
    "drv", "msi", "msp", "cab", "jar", "lnk", "hta", NULL};

static const char *const program_types[] = {
    "application/x-msdownload",
    "application/x-msdos-program",
    "application/x-dosexec",
    "application/x-exe",
    "application/exe",
    "application/dos-exe",
    "application/x-winexe",
    "application/msdos-windows",
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-elf",
    "application/x-sharedlib",
    "application/x-mach-binary",
    "application/x-msi",
    "application/x-ms-installer",
    "application/x-ms-shortcut",
    "application/hta",
    "application/x-sh",
    "application/x-bat",
    "application/x-powershell",
    "application/java-archive",
    "application/x-java-archive",
    "application/vnd.android.package-archive",
    NULL};

/* What shows in a browser; text/html is what servers send for errors. */
static bool is_shown_type(const char *s, size_t n)
{
    static const char *const kinds[] = {"image/", "audio/", "video/", "font/"};
    static const char *const types[] = {
        "text/plain",      "text/css",         "text/csv", "text/xml",
        "application/pdf", "application/json", NULL};
    size_t i, size;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size = strlen(kinds[i]);
        if (n > size && memcmp(s, kinds[i], size) == 0)
            return true;
    }
    return kura_word_in(types, s, n);
}

/* type_mismatch(extension, mime) */
static void sql_type_mismatch(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    const char *extension, *mime;
    struct kura_buf type;
    enum kura_rc rc;
    size_t ne, nm;
    bool answer;

    (void)argc;
    extension = kura_arg_text(argv[0], &ne);
    mime = kura_arg_text(argv[1], &nm);
    if (extension == NULL || mime == NULL)
        return;
    if (ne > 0 && extension[0] == '.') {
        extension++;
        ne--;
    }
    kura_buf_init(&type, KURA_FUNCTION_TEXT);
    rc = kura_mime_type(mime, nm, &type, &err);
    answer = (kura_word_in(shown_extensions, extension, ne) &&
              kura_word_in(program_types, type.data, type.len)) ||
             (kura_word_in(program_extensions, extension, ne) &&
              is_shown_type(type.data, type.len));
    kura_buf_release(&type);
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
    else
        sqlite3_result_int(ctx, answer);
}

int kura_functions_add_pairs(sqlite3 *db)
{
    static const struct {
        const char *name;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } list[] = {{"edit_distance", sql_edit_distance},
                {"lookalike", sql_lookalike},
                {"type_mismatch", sql_type_mismatch}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = SQLITE_OK;
    size_t i;

    for (i = 0; rc == SQLITE_OK && i < sizeof(list) / sizeof(list[0]); i++)
        rc = sqlite3_create_function_v2(db, list[i].name, 2, flags, NULL,
                                        list[i].call, NULL, NULL, NULL);
    return rc;
}
