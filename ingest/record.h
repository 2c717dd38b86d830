/* record.h - where one record of a source ends and the next begins.
 *
 * Most formats have a record a line.  Exports of Windows events do not: an
 * event in XML, JSON or CSV may span lines, several may share one, and things
 * that are no events stand between them.  Every byte belongs to a record:
 *
 *     what stands before an event | the event | blanks, a comma, its line end
 *
 * Before an event may stand: lines that hold none by themselves (the XML
 * declaration, <Events>, brackets, empty lines, "Record 7", the header of a CSV
 * file), and what is on its own line (a syslog header).  Any other line without
 * an event is a record by itself, which becomes a reject.  What follows the
 * last event of a file (</Events>) belongs to that event.  An event in which
 * another one begins is broken, and ends there.
 *
 * EVTX is cut into its chunks here, evtx.h finds the records in them.
 * UTF-16 is told by its mark or by the zeros of its first characters. */
#ifndef KURA_INGEST_RECORD_H
#define KURA_INGEST_RECORD_H

#include "base/buf.h"
#include "ingest/format.h"

enum kura_encoding { KURA_BYTES, KURA_UTF16LE, KURA_UTF16BE };

struct kura_framing {
    enum kura_reader reader;
    enum kura_encoding encoding;
    size_t base; /* EVTX: where the chunks begin */
};

/* head: the first bytes of the source. */
void kura_framing_init(struct kura_framing *f, enum kura_reader reader,
                       const char *head, size_t n);

/* The size of the first record of p[0..n), n > 0, which stands at byte `offset`
 * of its source; 0: it goes on behind these bytes.  last: nothing comes behind
 * them, and the answer is never 0.  *whole (may be NULL): it is complete. */
size_t kura_record_size(const struct kura_framing *f, const char *p, size_t n,
                        int64_t offset, bool last, bool *whole);

/* Of an EVTX file: how many of n bytes at `offset` are whole chunks (and the
 * file's header); 0: less than one. */
size_t kura_record_chunks(const struct kura_framing *f, size_t n,
                          int64_t offset);

/* The bytes of a record as UTF-8: *text is p itself, or in out. */
enum kura_rc kura_record_text(const struct kura_framing *f, const char *p,
                              size_t n, struct kura_buf *out, const char **text,
                              size_t *size, struct kura_err *err);

#endif
