/* formats.h - the formats of a warehouse, as commands need them. */
#ifndef KURA_CLI_FORMATS_H
#define KURA_CLI_FORMATS_H

#include "ingest/format.h"
#include "store/warehouse.h"

/* Built-in formats and those in the warehouse's formats/ (w NULL: built-in). */
enum kura_rc kura_cli_formats(const struct kura_warehouse *w,
                              struct kura_formats **out, struct kura_err *err);

#endif
