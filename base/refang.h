/* refang.h - indicators as people write them so that nobody clicks on them:
 * made harmless, and made whole again.
 *
 * Both take any bytes and keep what they do not know.  Output goes to the end
 * of out.  No state, so any thread. */
#ifndef KURA_BASE_REFANG_H
#define KURA_BASE_REFANG_H

#include "base/buf.h"

#include <stddef.h>

/* Appends s with what a program would make a link of broken: http, https and
 * ftp become hxxp, hxxps and fxp, the "://" of other schemes [:]//, and the
 * dots of IPv4 addresses and of names under a known public suffix [.], as do
 * those of any host of a URL.  Paths and queries stay.  Idempotent. */
enum kura_rc kura_defang(const char *s, size_t n, struct kura_buf *out,
                         struct kura_err *err);

/* Appends the indicator s with what people do to it undone:
 *   [.] (.) {.} [. .] \. [dot] (dot) {dot} _dot_ " dot "   a dot
 *   [@] (@) {@} [at] (at) {at} _at_ " at "                 an @
 *   [/] [:] [://]                                          as inside
 *   hxxp hXXp h**p htxp ... fxp before "://"               http, https, ftp
 *   http__ http:\\ http[:]// http: // http:// evil .com    "http://"
 *   http%3A%2F%2F                                          percent decoded
 * " dot " and " at " only where the blanks of s are all of that kind. */
enum kura_rc kura_refang(const char *s, size_t n, struct kura_buf *out,
                         struct kura_err *err);

#endif
