/* SPDX-License-Identifier: MIT
 *
 * marks.def as a table.
 */
#include "compiler/front/marks.h"

enum { ATTR_NONE = ATTR_COUNT };

const MarkInfo mark_table[MARK_COUNT] = {
#define X(name, text, place, attr, example) \
  [MARK_##name] = {"@" text, MARK_##place, (Attr)ATTR_##attr, example},
#include "compiler/front/marks.def"
#undef X
};

bool mark_find(Slice name, Mark *mark) {
  for (int i = 0; i < MARK_COUNT; i++) {
    *mark = (Mark)i;
    if (slice_equal_text(name, mark_table[i].text + 1)) return true;
  }
  return false;
}
