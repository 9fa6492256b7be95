/* SPDX-License-Identifier: MIT
 *
 * Is what the sections hold sound? Texts, constants, places, graphs' headers
 * and flows here, types in verify_types.c, nodes in verify_nodes.c. Each record
 * is looked at once, in file order; what passes is trusted for the rest of the
 * process. An error names the table, the row and what is wrong with it, in
 * numbers only: names in a hostile file may hold anything.
 */
#include <math.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/object/layout.h"
#include "core/object/loader.h"

/* ---- strings ------------------------------------------------------------- */

/* Checks the text object at `*at` and moves `*at` behind it. */
static bool verify_text(Loader *loader, uint32_t *at) {
  static const char zeros[OBJ_ALIGN] = {0};
  const Object *o = loader->object;
  const ObjText *text = (const void *)(o->strings + *at);
  uint64_t left = o->string_bytes - *at;
  uint64_t used, size;
  if (left <= sizeof *text || text->length > left - sizeof *text - 1)
    return refuse(loader, "the text at %u ends outside `strings`", *at);
  if (text->length > LIMIT_VALUE_BYTES)
    return refuse(loader, "the text at %u is over %d bytes", *at,
                  LIMIT_VALUE_BYTES);
  used = sizeof *text + text->length;
  size = layout_text_size(text->length);
  if (text->refs != OBJ_IMMORTAL || text->kind != 0)
    return refuse(loader, "the text at %u is not marked as one", *at);
  if (size > left || memcmp(o->strings + *at + used, zeros, size - used) != 0)
    return refuse(loader, "the text at %u does not end in zeros", *at);
  if (slice_valid_utf8(object_text(o, *at)) != text->length)
    return refuse(loader, "the text at %u is not UTF-8", *at);
  *at += (uint32_t)size;
  return true;
}

bool verify_strings(Loader *loader) {
  const Object *o = loader->object;
  loader->text_starts =
      mem_try_zero((size_t)o->string_bytes / 512 + 1, sizeof(uint64_t));
  if (loader->text_starts == NULL) return refuse_memory(loader);
  for (uint32_t at = 0; at < o->string_bytes;) {
    loader->text_starts[at / 512] |= UINT64_C(1) << (at / 8 % 64);
    if (!verify_text(loader, &at)) return false;
  }
  if (!is_text_start(loader, 0) || object_text(o, 0).length != 0)
    return refuse(loader, "`strings` does not begin with the empty text");
  return true;
}

bool verify_string(Loader *loader, ObjString string, const char *table,
                   uint32_t row) {
  if (is_text_start(loader, string)) return true;
  return refuse(loader, "%s %u: no text begins at %u", table, row, string);
}

/* ---- constants, places, meta --------------------------------------------- */

static bool verify_num(Loader *loader, uint32_t row, uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  if (isfinite(value)) return true;
  return refuse(loader, "const %u: a number is not finite", row);
}

static bool verify_const(Loader *loader, uint32_t row) {
  const ObjConst *c = &loader->object->consts[row];
  if (c->type == TYPE_TEXT) {
    if (c->bits != 0)
      return refuse(loader, "const %u: a text with the bits of a number", row);
    return verify_string(loader, c->string, "const", row);
  }
  if (c->string != 0)
    return refuse(loader, "const %u: a text that is of type %u", row, c->type);
  if (c->type == TYPE_NUM) return verify_num(loader, row, c->bits);
  if (c->type != TYPE_BOOL)
    return refuse(loader, "const %u: no constant is of type %u", row, c->type);
  if (c->bits > 1)
    return refuse(loader, "const %u: a bool that is neither", row);
  return true;
}

static bool verify_place(Loader *loader, uint32_t row) {
  static const ObjPlace nowhere = {0};
  const ObjPlace *place = &loader->object->places[row];
  if (row == 0) {
    if (memcmp(place, &nowhere, sizeof nowhere) == 0) return true;
    return refuse(loader, "place 0: not the place `nowhere`");
  }
  if (place->line == 0 || place->column == 0)
    return refuse(loader, "place %u: lines and columns begin at 1", row);
  return verify_string(loader, place->file, "place", row);
}

static bool verify_meta(Loader *loader) {
  const ObjMeta *meta = loader->object->meta;
  if (meta->optimization > 3 || meta->reserved != 0)
    return refuse(loader, "meta 0: a field is out of range");
  return verify_string(loader, meta->source, "meta", 0) &&
         verify_string(loader, meta->producer, "meta", 0);
}

bool verify_tables(Loader *loader) {
  const Object *o = loader->object;
  for (uint32_t row = 0; row < o->const_count; row++)
    if (!verify_const(loader, row)) return false;
  if (o->place_count == 0) return refuse(loader, "no place `nowhere`");
  for (uint32_t row = 0; row < o->place_count; row++)
    if (!verify_place(loader, row)) return false;
  return verify_meta(loader);
}

/* ---- graphs and flows ---------------------------------------------------- */

/* Checks a graph's own fields; its nodes begin at `first`. */
static bool verify_graph(Loader *loader, uint32_t row, uint32_t first) {
  const Object *o = loader->object;
  const ObjGraph *graph = &o->graphs[row];
  uint32_t tokens = (uint32_t)__builtin_popcount(graph->spaces);
  uint32_t fixed = (uint32_t)graph->param_count + graph->result_count + 1;
  if (graph->first_node != first)
    return refuse(loader, "graph %u: begins at node %u, not %u", row,
                  graph->first_node, first);
  if (graph->node_count > o->node_count - first)
    return refuse(loader, "graph %u: ends outside `nodes`", row);
  if (graph->node_count > LIMIT_GRAPH_NODES ||
      graph->param_count > LIMIT_GRAPH_PARAMS ||
      graph->result_count > LIMIT_GRAPH_PARAMS)
    return refuse(loader, "graph %u: over the limits", row);
  if (graph->node_count < fixed)
    return refuse(loader, "graph %u: %u nodes do not hold its frame of %u", row,
                  graph->node_count, fixed);
  if ((graph->spaces & ~SPACE_MASK_ALL) != 0 || graph->reserved != 0 ||
      (graph->flags & ~OBJ_GRAPH_NESTED) != 0)
    return refuse(loader, "graph %u: an unknown bit is set", row);
  if (graph->param_count < tokens || graph->result_count < tokens)
    return refuse(loader, "graph %u: an effect has no place in its frame", row);
  return verify_string(loader, graph->name, "graph", row);
}

bool verify_graphs(Loader *loader) {
  const Object *o = loader->object;
  uint32_t first = 0;
  for (uint32_t row = 0; row < o->graph_count; row++) {
    if (!verify_graph(loader, row, first)) return false;
    first += o->graphs[row].node_count;
  }
  if (first != o->node_count)
    return refuse(loader, "node %u belongs to no graph", first);
  return true;
}

/* The parameters of flow `row`, whose graph is sound. */
static bool verify_flow_params(Loader *loader, uint32_t row) {
  const Object *o = loader->object;
  const ObjFlow *flow = &o->flows[row];
  const ObjGraph *graph = &o->graphs[flow->graph];
  uint32_t tokens = (uint32_t)__builtin_popcount(graph->spaces);
  if (flow->param_count != graph->param_count - tokens)
    return refuse(loader, "flow %u: %u parameters, but its graph has %u", row,
                  flow->param_count, graph->param_count - tokens);
  for (uint32_t i = 0; i < flow->param_count; i++) {
    const ObjParam *param = &o->params[flow->first_param + i];
    if (param->type != o->nodes[graph->first_node + i].type)
      return refuse(loader, "flow %u: parameter %u is not of its graph's type",
                    row, i);
    if (!verify_string(loader, param->name, "param", flow->first_param + i))
      return false;
  }
  return true;
}

/* A flow has one value as its result, or none when it is void. */
static bool verify_flow_result(Loader *loader, uint32_t row) {
  const Object *o = loader->object;
  const ObjFlow *flow = &o->flows[row];
  const ObjGraph *graph = &o->graphs[flow->graph];
  uint32_t tokens = (uint32_t)__builtin_popcount(graph->spaces);
  uint32_t values = graph->result_count - tokens;
  TypeId type = values == 0 ? TYPE_VOID : object_results(o, graph)->type;
  if (values <= 1 && flow->result == type) return true;
  return refuse(loader, "flow %u: its result is not its graph's", row);
}

static bool verify_flow(Loader *loader, uint32_t row, uint32_t first_param) {
  const Object *o = loader->object;
  const ObjFlow *flow = &o->flows[row];
  if (flow->graph >= o->graph_count)
    return refuse(loader, "flow %u: no graph %u", row, flow->graph);
  if (flow->first_param != first_param)
    return refuse(loader, "flow %u: begins at param %u, not %u", row,
                  flow->first_param, first_param);
  if (flow->param_count > o->param_count - first_param)
    return refuse(loader, "flow %u: ends outside `params`", row);
  if ((o->graphs[flow->graph].flags & OBJ_GRAPH_NESTED) != 0)
    return refuse(loader, "flow %u: graph %u is part of another flow", row,
                  flow->graph);
  if ((flow->flags & ~OBJ_FLOW_ENTRY) != 0 || flow->reserved != 0)
    return refuse(loader, "flow %u: an unknown bit is set", row);
  if (flow->place >= o->place_count)
    return refuse(loader, "flow %u: no place %u", row, flow->place);
  return verify_flow_result(loader, row) &&
         verify_string(loader, flow->agent, "flow", row) &&
         verify_string(loader, flow->name, "flow", row) &&
         verify_flow_params(loader, row);
}

bool verify_flows(Loader *loader) {
  const Object *o = loader->object;
  uint32_t first = 0;
  for (uint32_t row = 0; row < o->flow_count; row++) {
    if (!verify_flow(loader, row, first)) return false;
    first += o->flows[row].param_count;
  }
  if (first != o->param_count)
    return refuse(loader, "param %u belongs to no flow", first);
  return true;
}
