/* SPDX-License-Identifier: MIT
 *
 * The text that a key is the hash of stands in Lower.path: the path, then for
 * a moment a label and a number. Labels of names end in `:0`, of ops in `#0`,
 * of a closed graph's plumbing in `@0`, so they cannot be taken for each
 * other. A path that would grow long goes on behind a hash of itself, so that
 * the cost of a node does not grow with its depth.
 */
#include "compiler/ir/key.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 160 }; /* the longest that is written out */

static const char *const part_names[PART_COUNT] = {
    [PART_IF] = "if",       [PART_SWITCH] = "switch", [PART_LOOP] = "loop",
    [PART_WHILE] = "while", [PART_TRY] = "try",       [PART_AND] = "and",
    [PART_OR] = "or",       [PART_REST] = "rest",
};

static void add_decimal(Buf *out, uint32_t number) {
  char digits[10];
  size_t first = sizeof digits;
  do {
    digits[--first] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  buf_add(out, digits + first, sizeof digits - first);
}

/* ---- paths --------------------------------------------------------------- */

static Slice path_text(const Lower *lower) {
  return slice_from(lower->path.data + lower->at->start,
                    lower->path.length - lower->at->start);
}

static void push_path(Lower *lower, Path *path) {
  path->outer = lower->at;
  path->start = path->outer != NULL ? path->outer->start : 0;
  memset(path->ordinals, 0, sizeof path->ordinals);
  memset(path->parts, 0, sizeof path->parts);
  lower->at = path;
}

void path_begin(Lower *lower, Path *path, Slice agent, Slice flow) {
  buf_clear(&lower->path);
  lower->at = NULL;
  push_path(lower, path);
  buf_add_slice(&lower->path, agent);
  buf_add_char(&lower->path, '.');
  buf_add_slice(&lower->path, flow);
  buf_add_char(&lower->path, '/');
  path->end = lower->path.length;
}

uint32_t path_number(Lower *lower, Part part) {
  return lower->at->parts[part]++;
}

static void add_part(Lower *lower, Part part, uint32_t number,
                     const char *arm) {
  buf_add_text(&lower->path, part_names[part]);
  buf_add_char(&lower->path, '#');
  add_decimal(&lower->path, number);
  buf_add_char(&lower->path, '/');
  buf_add_text(&lower->path, arm);
}

/* Goes on behind a hash of what there is. */
static void shorten(Lower *lower, Path *path) {
  char text[24];
  uint64_t hash = slice_hash(path_text(lower));
  int length = snprintf(text, sizeof text, "~%016llx/",
                        (unsigned long long)hash);
  path->start = lower->path.length;
  buf_add(&lower->path, text, (size_t)length);
}

void path_enter(Lower *lower, Path *path, Part part, uint32_t number,
                const char *arm) {
  push_path(lower, path);
  add_part(lower, part, number, arm);
  buf_add_char(&lower->path, '/');
  if (path_text(lower).length > PATH_BYTES) shorten(lower, path);
  path->end = lower->path.length;
}

void path_leave(Lower *lower) {
  lower->at = lower->at->outer;
  lower->path.length = lower->at->end;
}

static Slice copy_text(Lower *lower, Slice text) {
  text.data = arena_copy(lower->program->arena, text.data, text.length);
  return text;
}

Slice path_name(Lower *lower) {
  Slice text = path_text(lower);
  text.length--; /* the slash */
  return copy_text(lower, text);
}

Slice path_part_name(Lower *lower, Part part, uint32_t number,
                     const char *arm) {
  add_part(lower, part, number, arm);
  Slice name = copy_text(lower, path_text(lower));
  lower->path.length = lower->at->end;
  return name;
}

/* ---- keys ---------------------------------------------------------------- */

/* The hash of what was added to the path, which goes again. */
static uint64_t take_key(Lower *lower, char mark, uint32_t number) {
  buf_add_char(&lower->path, mark);
  add_decimal(&lower->path, number);
  uint64_t key = slice_hash(path_text(lower));
  lower->path.length = lower->at->end;
  return key != 0 ? key : 1;
}

void key_name(Lower *lower, IrRef value, uint32_t first, AstBinding *binding) {
  if (ir_is_const(value) || value < first) return;
  IrNode *node = &lower->graph->nodes.data[value];
  while (node->op == OP_PORT) node--;
  if (node->name.length > 0 || node->key != 0) return;
  node->name = binding->name.text;
  buf_add_slice(&lower->path, node->name);
  node->key = take_key(lower, ':', binding->ordinal++);
}

void key_nodes(Lower *lower) {
  Layer *layer = lower->layer;
  for (; layer->keyed < layer->graph.nodes.length; layer->keyed++) {
    IrNode *node = &layer->graph.nodes.data[layer->keyed];
    bool is_late = node->op == OP_PARAM && layer->graph.nested;
    if (node->key != 0 || is_late) continue;
    buf_add_text(&lower->path, op_table[node->op].text);
    node->key = take_key(lower, '#', lower->at->ordinals[node->op]++);
  }
}

void key_graph(Lower *lower, IrGraph *graph) {
  size_t start = lower->path.length;
  uint32_t number = 0;
  buf_add_slice(&lower->path, graph->name);
  size_t prefix = lower->path.length;
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    IrNode *node = &graph->nodes.data[i];
    if (node->key != 0) continue;
    lower->path.length = prefix;
    buf_add_char(&lower->path, '@');
    add_decimal(&lower->path, number++);
    node->key = slice_hash(slice_from(lower->path.data + start,
                                      lower->path.length - start));
  }
  lower->path.length = start;
}
