/* SPDX-License-Identifier: MIT
 *
 * Templates as inputs: `{0}` in the text of a node places the first value it
 * reads. What is inserted is never looked at again, so no value can place
 * anything; a number without a value is text. What nothing placed follows: of
 * a model call as contexts, of which the lay-out is that of the language, of
 * others as it is.
 */
#include <stdio.h>
#include <string.h>

#include "compiler/graph/lower_int.h"
#include "core/base/mem.h"

enum { NUMBER_DIGITS = 9 }; /* at most, so that a uint32_t holds it */

/* Bytes of the placement that begins at `at`, 0 when none does. */
static size_t read_placement(Slice text, size_t at, uint32_t *number) {
  size_t end = at + 1;
  *number = 0;
  while (end < text.length && end - at <= NUMBER_DIGITS &&
         text.data[end] >= '0' && text.data[end] <= '9') {
    *number = *number * 10 + (uint32_t)(text.data[end] - '0');
    end++;
  }
  size_t digits = end - at - 1;
  if (digits == 0 || (digits > 1 && text.data[at + 1] == '0')) return 0;
  return end < text.length && text.data[end] == '}' ? end + 1 - at : 0;
}

/* Finds the next placement of one of `count` values at or after `*at`, which
 * is left on it. Returns its length, 0 when there is none. */
static size_t find_placement(Slice text, size_t *at, uint32_t count,
                             uint32_t *number) {
  while (*at < text.length) {
    const char *brace = memchr(text.data + *at, '{', text.length - *at);
    if (brace == NULL) return 0;
    *at = (size_t)(brace - text.data);
    size_t length = read_placement(text, *at, number);
    if (length > 0 && *number < count) return length;
    ++*at;
  }
  return 0;
}

bool template_places(Slice text, uint32_t count) {
  size_t at = 0;
  uint32_t number;
  return find_placement(text, &at, count, &number) > 0;
}

static void push_text(GraphLower *lower, Slice text) {
  if (text.length > 0)
    lowered_push(lower, ir_text(lower->reader->program, text));
}

static void push_heading(GraphLower *lower, const char *before,
                         uint32_t number) {
  char text[32];
  int length = snprintf(text, sizeof text, "%sContext %u: ", before, number);
  lowered_push(lower, ir_text_copy(lower->reader->program,
                                   slice_from(text, (size_t)length)));
}

/* What nothing placed. The number of a context is that of the value, unless
 * the first value is the prompt itself. */
static void push_rest(GraphLower *lower, const IrRef *values,
                      const bool *placed, uint32_t count, bool has_headings,
                      uint32_t prompt_values) {
  const char *before = lower->refs.length > 0 ? "\n\n" : "";
  for (uint32_t i = prompt_values; i < count; i++) {
    if (placed[i]) continue;
    if (has_headings) push_heading(lower, before, i + 1 - prompt_values);
    lowered_push(lower, values[i]);
    before = "\n";
  }
}

void lowered_template(GraphLower *lower, Slice text, uint32_t base,
                      bool has_headings) {
  uint32_t count = lower->refs.length - base;
  size_t size = (size_t)count * sizeof(IrRef);
  IrRef *values = mem_alloc(size + 1);
  bool *placed = mem_alloc_zero((size_t)count + 1, sizeof *placed);
  size_t done = 0;
  size_t length;
  uint32_t number;
  if (count > 0) memcpy(values, lower->refs.data + base, size);
  lower->refs.length = base;
  /* Without a template the first value is the prompt. */
  bool is_first_prompt = has_headings && text.length == 0 && count > 0;
  if (is_first_prompt) lowered_push(lower, values[0]);
  for (size_t at = 0;
       (length = find_placement(text, &at, count, &number)) > 0;) {
    push_text(lower, slice_from(text.data + done, at - done));
    lowered_push(lower, values[number]);
    placed[number] = true;
    done = at += length;
  }
  push_text(lower, slice_from(text.data + done, text.length - done));
  push_rest(lower, values, placed, count, has_headings, is_first_prompt);
  if (lower->refs.length == base)
    lowered_push(lower, ir_text(lower->reader->program, SLICE("")));
  mem_free(values);
  mem_free(placed);
}
