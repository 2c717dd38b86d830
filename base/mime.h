/* mime.h - header text as mail wrote it, and as a reader sees it.
 *
 * RFC 2047 encoded words, RFC 2231 parameters, any charset that iconv knows,
 * and the damage that logs do to both: Postfix replaces control characters by
 * '?' (a folded line is "??" or "? "), cuts long headers in the middle of an
 * encoded word, and senders put encoded words inside quotes, break them
 * between bytes of a character, forget padding or name wrong charsets.
 * Whatever cannot be decoded stays as it was written; a stray byte in what can
 * becomes \xHH.  Output is valid UTF-8 without control characters.  Input is
 * hostile: bounded by out->max. */
#ifndef KURA_BASE_MIME_H
#define KURA_BASE_MIME_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends the readable form of a header text: "=?UTF-8?B?...?=" decoded,
 * adjacent encoded words joined, folds taken out.  RFC 2047. */
enum kura_rc kura_mime_decode(const char *s, size_t n, struct kura_buf *out,
                              struct kura_err *err);

/* Appends bytes of an unknown charset as UTF-8: Shift_JIS and EUC-JP are
 * recognised, anything else, and control characters, go through as they are. */
enum kura_rc kura_mime_guess(const char *s, size_t n, struct kura_buf *out,
                             struct kura_err *err);

/* Finds the file name in the value of a Content-Type or Content-Disposition
 * header (parameters filename, filename*, filename*0*, name, name*, ...; RFC
 * 2183, 2231).  Appends its readable form to out and, when `raw` is not NULL,
 * the form as written to raw.  *found says whether there was one; nothing is
 * appended otherwise. */
enum kura_rc kura_mime_filename(const char *s, size_t n, struct kura_buf *out,
                                struct kura_buf *raw, bool *found,
                                struct kura_err *err);

/* The media type of a Content-Type value, lower case ("application/zip"),
 * appended; nothing when there is none. */
enum kura_rc kura_mime_type(const char *s, size_t n, struct kura_buf *out,
                            struct kura_err *err);

/* Splits an address header ("Name" <a@b>): appends the address without angle
 * brackets to addr, and the decoded display name to name.  Either may be NULL
 * and either may get nothing.  The first address counts. */
enum kura_rc kura_mime_address(const char *s, size_t n, struct kura_buf *addr,
                               struct kura_buf *name, struct kura_err *err);

/* The extension of a file name, lower case, without the dot, blanks and
 * trailing dots left out ("report.pdf .exe" gives "exe"); nothing when there
 * is none or it is longer than 16 bytes. */
enum kura_rc kura_mime_extension(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err);

#endif
