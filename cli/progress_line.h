/* SPDX-License-Identifier: MIT
 *
 * Figures one after the other on one line of a terminal, for as long as there
 * is room: "done 1,048 · 3.2 s". What does not fit is left out, and all that
 * comes after it.
 */
#ifndef APXM_CLI_PROGRESS_LINE_H
#define APXM_CLI_PROGRESS_LINE_H

#include <stdint.h>

#include "core/base/buf.h"

typedef struct ProgressLine {
  Buf text;
  size_t room; /* columns that are left */
} ProgressLine;

/* "done 1,048" */
void progress_add_count(ProgressLine *line, const char *name, uint64_t number);
/* "12,345 tokens" */
void progress_add_number(ProgressLine *line, uint64_t number, const char *unit);
/* "3.2 s", "2:05 min", with `suffix` behind it */
void progress_add_time(ProgressLine *line, uint64_t ns, const char *suffix);
/* Anything of one column a byte. */
void progress_add_item(ProgressLine *line, const char *item);

#endif
