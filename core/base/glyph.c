/* SPDX-License-Identifier: MIT
 *
 * Blocks of Unicode whose characters are not one column wide: enough to put
 * carets under the right word in scripts that people write prompts in. The
 * system's own table (wcwidth) depends on the locale, and the same program
 * would give different messages on two machines. Any thread.
 */
#include "core/base/glyph.h"

#include <stdint.h>

typedef struct Range {
  uint32_t first, last;
} Range;

/* Combining marks, joiners, direction marks, variation selectors. */
static const Range narrow[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x06D6, 0x06DC}, {0x093C, 0x093C},   {0x0941, 0x0948},
    {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},   {0x0E47, 0x0E4E},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x20D0, 0x20FF}, {0x3099, 0x309A},   {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF},
};

/* East Asian scripts, full-width forms, emoji. */
static const Range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},
    {0x2614, 0x2615},   {0x26A1, 0x26A1},   {0x2705, 0x2705},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},
    {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

static uint32_t code_point(Slice glyph) {
  uint32_t first = (unsigned char)glyph.data[0];
  if (glyph.length == 1) return first;
  uint32_t code = first & (0xFFU >> (glyph.length + 1));
  for (size_t i = 1; i < glyph.length; i++)
    code = code << 6 | ((unsigned char)glyph.data[i] & 0x3F);
  return code;
}

static bool is_in(const Range *ranges, size_t count, uint32_t code) {
  for (size_t i = 0; i < count && ranges[i].first <= code; i++)
    if (code <= ranges[i].last) return true;
  return false;
}

size_t glyph_columns(Slice glyph) {
  uint32_t code = code_point(glyph);
  if (code < narrow[0].first) return 1;
  if (is_in(narrow, sizeof narrow / sizeof *narrow, code)) return 0;
  return is_in(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

bool glyph_turns_text(Slice glyph) {
  uint32_t code = code_point(glyph);
  return code == 0x200E || code == 0x200F ||
         (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}
