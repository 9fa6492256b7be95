/* SPDX-License-Identifier: MIT
 *
 * Strict: what has a unit is never without, and none is written twice or
 * guessed.
 */
#include "core/base/unit.h"

#include "core/base/clock.h"

const Unit unit_times[] = {
    {"ms", NS_PER_MS},      {"s", NS_PER_S}, {"m", 60 * NS_PER_S},
    {"h", 3600 * NS_PER_S}, {NULL, 0},
};

const Unit unit_sizes[] = {
    {"B", 1},         {"KB", 1000},     {"MB", 1000000},  {"GB", 1000000000},
    {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool unit_read_digits(Slice text, uint64_t *value, Slice *rest) {
  size_t i = 0;
  *value = 0;
  for (; i < text.length; i++) {
    char c = text.data[i];
    bool joins = c == '_' && i > 0 && is_digit(text.data[i - 1]) &&
                 i + 1 < text.length && is_digit(text.data[i + 1]);
    if (joins) continue;
    if (!is_digit(c)) break;
    uint64_t digit = (uint64_t)(c - '0');
    if (*value > (UINT64_MAX - digit) / 10) return false;
    *value = *value * 10 + digit;
  }
  *rest = slice_from(text.data + i, text.length - i);
  return i > 0;
}

bool unit_read(Slice text, const Unit *units, uint64_t most, uint64_t *value) {
  Slice rest = {0};
  if (!unit_read_digits(text, value, &rest)) return false;
  for (const Unit *unit = units; unit->name != NULL; unit++) {
    if (!slice_equal_text(rest, unit->name)) continue;
    if (*value == 0 || *value > most / unit->factor) return false;
    *value *= unit->factor;
    return true;
  }
  return false;
}

void unit_add_span(uint64_t ns, Buf *out) {
  uint64_t seconds = ns / NS_PER_S;
  if (ns < NS_PER_S)
    buf_addf(out, "%u ms", (unsigned)(ns / NS_PER_MS));
  else if (seconds < 60)
    buf_addf(out, "%.1f s", (double)ns / (double)NS_PER_S);
  else if (seconds < 3600)
    buf_addf(out, "%u min %u s", (unsigned)seconds / 60,
             (unsigned)seconds % 60);
  else
    buf_addf(out, "%u h %u min", (unsigned)(seconds / 3600),
             (unsigned)seconds % 3600 / 60);
}
