/* SPDX-License-Identifier: MIT
 *
 * An item that has no room takes the rest of it, so that none after it is
 * there without it.
 */
#include "cli/progress_line.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"

void progress_add_item(ProgressLine *line, const char *item) {
  size_t need = strlen(item) + (line->text.length > 0 ? 3 : 0);
  if (need > line->room) {
    line->room = 0;
    return;
  }
  if (line->text.length > 0) buf_add_text(&line->text, " \xC2\xB7 ");
  buf_add_text(&line->text, item);
  line->room -= need;
}

static void add_grouped(Buf *out, uint64_t number) {
  char digits[24];
  int length =
      snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) buf_add_char(out, ',');
    buf_add_char(out, digits[i]);
  }
}

void progress_add_count(ProgressLine *line, const char *name, uint64_t number) {
  Buf item = {0};
  buf_addf(&item, "%s ", name);
  add_grouped(&item, number);
  progress_add_item(line, item.data);
  buf_free(&item);
}

void progress_add_number(ProgressLine *line, uint64_t number,
                         const char *unit) {
  Buf item = {0};
  add_grouped(&item, number);
  buf_addf(&item, " %s", unit);
  progress_add_item(line, item.data);
  buf_free(&item);
}

void progress_add_time(ProgressLine *line, uint64_t ns, const char *suffix) {
  char item[64];
  uint64_t seconds = ns / NS_PER_S;
  if (seconds < 60)
    snprintf(item, sizeof item, "%.1f s%s", (double)ns / (double)NS_PER_S,
             suffix);
  else
    snprintf(item, sizeof item, "%llu:%02llu min%s",
             (unsigned long long)(seconds / 60),
             (unsigned long long)(seconds % 60), suffix);
  progress_add_item(line, item);
}
