/* SPDX-License-Identifier: MIT
 *
 * The longest common subsequence of the lines between the common start and the
 * common end, by the table of Wagner and Fischer; where that would be too large
 * the middles are taken as all different. Source: R. Wagner and M. Fischer,
 * "The String-to-String Correction Problem", 1974.
 */
#include "cli/text_diff.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/vec.h"

enum {
  CELLS_MAX = 4 << 20, /* of the table: 16 MiB */
  CONTEXT = 2,         /* common lines shown around a difference */
  SHOWN_LINES = 60,    /* of one difference; the rest are counted */
  LEAD_BYTES = 30,     /* of a long line, before what differs */
  LINE_BYTES = 120     /* a longer line is cut */
};

typedef VEC(Slice) Lines;

typedef enum Side { SIDE_BOTH, SIDE_WAS, SIDE_IS } Side;

/* A line of the difference. */
typedef struct Step {
  Side side;
  Slice line;
  Slice twin; /* of a changed line: the one it stands for; else data NULL */
} Step;

typedef struct Diff {
  const char *indent;
  bool colour;
  Buf *out;
  VEC(Step) steps;
} Diff;

/* ---- lines --------------------------------------------------------------- */

static void split(Slice text, Lines *lines) {
  size_t begin = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] != '\n') continue;
    vec_push(lines, slice_from(text.data + begin, i - begin));
    begin = i + 1;
  }
  if (begin < text.length || text.length == 0)
    vec_push(lines, slice_from(text.length ? text.data + begin : "",
                               text.length - begin));
}

static void push(Diff *diff, Side side, Slice line) {
  Step step = {.side = side, .line = line};
  vec_push(&diff->steps, step);
}

static uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/* best[i * (m + 1) + j]: common lines of a from i on and b from j on. */
static uint32_t *fill_table(const Slice *a, uint32_t n, const Slice *b,
                            uint32_t m) {
  size_t width = (size_t)m + 1;
  uint32_t *best = mem_alloc_zero(((size_t)n + 1) * width, sizeof *best);
  for (uint32_t i = n; i-- > 0;) {
    for (uint32_t j = m; j-- > 0;) {
      uint32_t *cell = &best[i * width + j];
      *cell = slice_equal(a[i], b[j]) ? cell[width + 1] + 1
                                      : larger(cell[width], cell[1]);
    }
  }
  return best;
}

static void compare(Diff *diff, const Slice *a, uint32_t n, const Slice *b,
                    uint32_t m) {
  uint32_t i = 0, j = 0;
  size_t width = (size_t)m + 1;
  bool is_small = ((uint64_t)n + 1) * width <= CELLS_MAX;
  uint32_t *best = is_small ? fill_table(a, n, b, m) : NULL;
  while (best && i < n && j < m) {
    const uint32_t *cell = &best[i * width + j];
    if (slice_equal(a[i], b[j])) {
      push(diff, SIDE_BOTH, a[i++]);
      j++;
    } else if (cell[width] >= cell[1]) {
      push(diff, SIDE_WAS, a[i++]);
    } else {
      push(diff, SIDE_IS, b[j++]);
    }
  }
  while (i < n) push(diff, SIDE_WAS, a[i++]);
  while (j < m) push(diff, SIDE_IS, b[j++]);
  mem_free(best);
}

static void compare_lines(Diff *diff, const Lines *was, const Lines *is) {
  uint32_t n = was->length, m = is->length, start = 0, end = 0;
  while (start < n && start < m &&
         slice_equal(was->data[start], is->data[start]))
    push(diff, SIDE_BOTH, was->data[start++]);
  while (end < n - start && end < m - start &&
         slice_equal(was->data[n - 1 - end], is->data[m - 1 - end]))
    end++;
  compare(diff, was->data + start, n - start - end, is->data + start,
          m - start - end);
  for (uint32_t i = n - end; i < n; i++) push(diff, SIDE_BOTH, was->data[i]);
}

/* One line out and one in, between others, is a line that was changed. */
static void find_twins(Diff *diff) {
  Step *steps = diff->steps.data;
  for (uint32_t i = 0; i + 1 < diff->steps.length; i++) {
    bool is_pair = steps[i].side == SIDE_WAS && steps[i + 1].side == SIDE_IS;
    bool is_longer =
        (i > 0 && steps[i - 1].side == SIDE_WAS) ||
        (i + 2 < diff->steps.length && steps[i + 2].side == SIDE_IS);
    if (!is_pair || is_longer) continue;
    steps[i].twin = steps[i + 1].line;
    steps[i + 1].twin = steps[i].line;
  }
}

/* ---- writing ------------------------------------------------------------- */

static bool is_tail(char c) {
  return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t common_start(Slice a, Slice b) {
  size_t i = 0;
  while (i < a.length && i < b.length && a.data[i] == b.data[i]) i++;
  while (i > 0 && i < a.length && is_tail(a.data[i])) i--;
  return i;
}

static size_t common_end(Slice a, Slice b, size_t start) {
  size_t i = 0;
  while (i < a.length - start && i < b.length - start &&
         a.data[a.length - 1 - i] == b.data[b.length - 1 - i])
    i++;
  while (i > 0 && is_tail(a.data[a.length - i])) i--;
  return i;
}

/* The part of a long line that is shown: `at` is in it. */
static Slice window(Slice line, size_t at, size_t *before) {
  *before = 0;
  if (line.length <= LINE_BYTES) return line;
  size_t begin = at > LEAD_BYTES ? at - LEAD_BYTES : 0;
  size_t end = begin + LINE_BYTES;
  if (end > line.length) end = line.length;
  while (begin > 0 && is_tail(line.data[begin])) begin--;
  while (end < line.length && is_tail(line.data[end])) end--;
  *before = begin;
  return slice_from(line.data + begin, end - begin);
}

static const char *colour_of(Side side) {
  static const char *const colours[] = {
      [SIDE_BOTH] = "", [SIDE_WAS] = "\033[31m", [SIDE_IS] = "\033[32m"};
  return colours[side];
}

/* Columns that a piece takes when it is made visible. */
static size_t columns_of(Slice piece) {
  Buf text = {0};
  buf_add_visible(&text, piece);
  size_t columns = slice_code_points(buf_slice(&text));
  buf_free(&text);
  return columns;
}

static void add_marks(const Diff *diff, Slice shown, size_t begin, size_t end,
                      size_t lead) {
  size_t columns = columns_of(slice_from(shown.data, begin));
  size_t marks = columns_of(slice_from(shown.data + begin, end - begin));
  buf_add_text(diff->out, diff->indent);
  buf_add_repeat(diff->out, ' ', 2 + lead + columns);
  buf_add_repeat(diff->out, '^', marks > 0 ? marks : 1);
  buf_add_char(diff->out, '\n');
}

/* Where a changed line begins to differ from its twin, and where it ends. */
static void find_change(const Step *step, size_t *start, size_t *end) {
  *start = common_start(step->line, step->twin);
  *end = step->line.length - common_end(step->line, step->twin, *start);
}

/* Marks stand below the second of two, or, when that only lacks something,
 * below what it lacks. */
static bool is_marked(const Step *step, size_t start, size_t end) {
  size_t own = end - start;
  size_t other = step->twin.length + own - step->line.length;
  return step->side == SIDE_IS ? own > 0 : other == 0;
}

static void add_line(const Diff *diff, const Step *step, Slice shown,
                     size_t before) {
  buf_add_text(diff->out, diff->indent);
  if (diff->colour) buf_add_text(diff->out, colour_of(step->side));
  buf_add_char(diff->out, " -+"[step->side]);
  buf_add_text(diff->out, before > 0 ? " ..." : " ");
  buf_add_visible(diff->out, shown);
  if (before + shown.length < step->line.length) buf_add_text(diff->out, "...");
  if (diff->colour) buf_add_text(diff->out, "\033[m");
  buf_add_char(diff->out, '\n');
}

static void add_step(const Diff *diff, const Step *step) {
  bool has_twin = step->twin.data != NULL;
  size_t start = 0, end = 0, before = 0;
  if (has_twin) find_change(step, &start, &end);
  Slice shown = window(step->line, start, &before);
  add_line(diff, step, shown, before);
  if (!has_twin || !is_marked(step, start, end)) return;
  if (end > before + shown.length) end = before + shown.length;
  add_marks(diff, shown, start - before, end - before, before > 0 ? 3 : 0);
}

/* Whether a difference is near. */
static bool is_shown(const Diff *diff, uint32_t at) {
  uint32_t from = at > CONTEXT ? at - CONTEXT : 0;
  for (uint32_t i = from; i < diff->steps.length && i <= at + CONTEXT; i++)
    if (diff->steps.data[i].side != SIDE_BOTH) return true;
  return false;
}

static void add_steps(const Diff *diff) {
  uint32_t shown = 0, left_out = 0;
  bool has_gap = false;
  for (uint32_t i = 0; i < diff->steps.length; i++) {
    bool is_common = diff->steps.data[i].side == SIDE_BOTH;
    if (!is_shown(diff, i)) {
      has_gap = true;
      continue;
    }
    if (shown++ >= SHOWN_LINES) {
      left_out += !is_common;
      continue;
    }
    if (has_gap && shown > 1) buf_addf(diff->out, "%s  ...\n", diff->indent);
    has_gap = false;
    add_step(diff, &diff->steps.data[i]);
  }
  if (left_out > 0)
    buf_addf(diff->out, "%s  ... and %u more lines that differ\n", diff->indent,
             left_out);
}

static bool ends_line(Slice text) {
  return text.length > 0 && text.data[text.length - 1] == '\n';
}

void text_diff_add(Slice was, Slice is, const char *indent, bool colour,
                   Buf *out) {
  Diff diff = {.indent = indent, .colour = colour, .out = out};
  Lines old = {0}, new = {0};
  split(was, &old);
  split(is, &new);
  compare_lines(&diff, &old, &new);
  find_twins(&diff);
  add_steps(&diff);
  if (ends_line(was) != ends_line(is))
    buf_addf(out,
             "%s  (the %s text ends with a line feed, the other does "
             "not)\n",
             indent, ends_line(was) ? "expected" : "actual");
  vec_free(&diff.steps);
  vec_free(&old);
  vec_free(&new);
}
