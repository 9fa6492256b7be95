/* SPDX-License-Identifier: MIT
 *
 * The disassembler: everything a verified object file says, as text that is
 * the same for the same file. Flows and graphs come first, then the tables
 * they name. A text of any length is written in full once, in the table of
 * texts; where it is used, its beginning stands for it, so that a dump stays
 * proportional to its file.
 *
 *     %3        the value of node 3 of the same graph
 *     after %3  an order edge from it
 *     c2 "Hi"   row 2 of the constants
 *     at 3:9    line and column; of the source unless a file is named
 */
#include <ctype.h>
#include <string.h>

#include "core/base/json.h"
#include "core/object/layout.h"
#include "core/object/object.h"

enum { SHORT_TEXT = 48 }; /* bytes of a text shown where it is used */

static void add_type(const Object *o, TypeId type, Buf *out) {
  type_add_name(o->types, type, out);
}

static void add_short(const Object *o, ObjString string, Buf *out) {
  Slice text = object_text(o, string);
  size_t length = text.length;
  if (length > SHORT_TEXT) {
    length = SHORT_TEXT;
    while (((unsigned char)text.data[length] & 0xC0) == 0x80) length--;
  }
  json_add_text(out, slice_from(text.data, length));
  if (length < text.length) buf_add_text(out, "...");
}

static bool is_plain(Slice text) {
  if (text.length == 0 || text.length > SHORT_TEXT) return false;
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c >= 0x80 || (!isalnum(c) && strchr("_.-/", c) == NULL)) return false;
  }
  return true;
}

/* A name as it is when it looks like one, else quoted. */
static void add_name(const Object *o, ObjString string, Buf *out) {
  Slice text = object_text(o, string);
  if (is_plain(text))
    buf_add_slice(out, text);
  else
    add_short(o, string, out);
}

static void add_place(const Object *o, uint32_t row, Buf *out) {
  const ObjPlace *place = &o->places[row];
  if (row == 0) {
    buf_add_text(out, "nowhere");
    return;
  }
  if (place->file != o->meta->source) {
    add_name(o, place->file, out);
    buf_add_char(out, ':');
  }
  buf_addf(out, "%u:%u", place->line, place->column);
}

static void add_value(const Object *o, const ObjConst *c, Buf *out) {
  double number;
  memcpy(&number, &c->bits, sizeof number);
  if (c->type == TYPE_TEXT)
    add_short(o, c->string, out);
  else if (c->type == TYPE_NUM)
    json_add_number(out, number);
  else
    buf_add_text(out, c->bits != 0 ? "true" : "false");
}

/* ---- nodes --------------------------------------------------------------- */

static void add_input(const Object *o, ObjRef ref, Buf *out) {
  uint32_t index = ref & OBJ_REF_INDEX;
  if ((ref & OBJ_REF_CONST) != 0) {
    buf_addf(out, "c%u ", index);
    add_value(o, &o->consts[index], out);
  } else {
    buf_addf(out, "%s%%%u", (ref & OBJ_REF_ORDER) != 0 ? "after " : "", index);
  }
}

static void add_inputs(const Object *o, const ObjNode *node, Buf *out) {
  buf_add_char(out, '(');
  for (uint32_t i = node->inputs; i < node[1].inputs; i++) {
    if (i > node->inputs) buf_add_text(out, ", ");
    add_input(o, o->inputs[i], out);
  }
  buf_add_char(out, ')');
}

static void add_attrs(const Object *o, const ObjNode *node, Buf *out) {
  for (uint32_t i = node->attrs; i < node[1].attrs; i++) {
    buf_addf(out, " %s=", attr_table[o->attrs[i].attr].text);
    add_value(o, &o->consts[o->attrs[i].value], out);
  }
}

static void add_arms(const Object *o, const ObjNode *node, Buf *out) {
  static const char *const names[OBJ_ARM_KIND_COUNT] = {
      [OBJ_ARM_BODY] = "",           [OBJ_ARM_CATCH] = "catch ",
      [OBJ_ARM_TRUE] = "true ",      [OBJ_ARM_FALSE] = "false ",
      [OBJ_ARM_CASE] = "case ",      [OBJ_ARM_DEFAULT] = "default ",
      [OBJ_ARM_ABSENT] = "absent ",
  };
  for (uint32_t i = node->arms; i < node[1].arms; i++) {
    const ObjArm *arm = &o->arms[i];
    buf_add_text(out, names[arm->kind]);
    if (arm->kind == OBJ_ARM_CASE) {
      add_value(o, &o->consts[arm->label], out);
      buf_add_char(out, ' ');
    }
    buf_addf(out, "graph %u ", arm->graph);
    add_name(o, o->graphs[arm->graph].name, out);
    buf_add_char(out, ' ');
  }
}

static void add_node(const Object *o, const ObjGraph *graph, uint32_t index,
                     Buf *out) {
  uint32_t row = graph->first_node + index;
  const ObjNode *node = &o->nodes[row];
  buf_addf(out, "  %%%-5u %-6s ", index, op_table[node->op].text);
  add_arms(o, node, out);
  add_inputs(o, node, out);
  buf_add_text(out, ": ");
  add_type(o, node->type, out);
  if ((node->flags & OBJ_NODE_LISTS) != 0) buf_add_text(out, " lists");
  add_attrs(o, node, out);
  buf_addf(out, "  [rank %u, key %016llx, waits %u, at ", node->rank,
           (unsigned long long)o->keys[row], o->pending[row] & PENDING_COUNT);
  add_place(o, node->place, out);
  buf_add_text(out, "]\n");
}

/* ---- flows and graphs ---------------------------------------------------- */

static void add_flow(const Object *o, uint32_t row, Buf *out) {
  const ObjFlow *flow = &o->flows[row];
  buf_addf(out, "flow %u: ", row);
  add_name(o, flow->agent, out);
  buf_add_char(out, '.');
  add_name(o, flow->name, out);
  buf_add_char(out, '(');
  for (uint32_t i = 0; i < flow->param_count; i++) {
    const ObjParam *param = &o->params[flow->first_param + i];
    if (i > 0) buf_add_text(out, ", ");
    add_name(o, param->name, out);
    buf_add_text(out, ": ");
    add_type(o, (TypeId)param->type, out);
  }
  buf_add_text(out, ") -> ");
  add_type(o, flow->result, out);
  buf_addf(out, " = graph %u%s, at ", flow->graph,
           (flow->flags & OBJ_FLOW_ENTRY) != 0 ? ", entry" : "");
  add_place(o, flow->place, out);
  buf_add_char(out, '\n');
}

static void add_starts(const Object *o, const ObjLinks *links, Buf *out) {
  buf_add_text(out, "  starts:");
  for (uint32_t i = 0; i < links->start_count; i++)
    buf_addf(out, " %%%u", o->consumers[links->first_start + i]);
  buf_add_text(out, links->start_count == 0 ? " none\n" : "\n");
}

static void add_graph(const Object *o, uint32_t row, Buf *out) {
  const ObjGraph *graph = &o->graphs[row];
  buf_addf(out, "\ngraph %u: ", row);
  add_name(o, graph->name, out);
  buf_addf(out, ", nodes %u, params %u, results %u, spaces 0x%x%s\n",
           graph->node_count, graph->param_count, graph->result_count,
           graph->spaces,
           (graph->flags & OBJ_GRAPH_NESTED) != 0 ? ", nested" : "");
  add_starts(o, &o->links[row], out);
  for (uint32_t i = 0; i < graph->node_count; i++) add_node(o, graph, i, out);
}

/* ---- tables -------------------------------------------------------------- */

static void add_consts(const Object *o, Buf *out) {
  buf_add_text(out, "\nconsts\n");
  for (uint32_t row = 0; row < o->const_count; row++) {
    const ObjConst *c = &o->consts[row];
    buf_addf(out, "  c%u ", row);
    add_type(o, (TypeId)c->type, out);
    if (c->type == TYPE_TEXT) buf_addf(out, " t%u", c->string);
    buf_add_char(out, ' ');
    add_value(o, c, out);
    buf_add_char(out, '\n');
  }
}

static void add_record(const Object *o, uint32_t row, Buf *out) {
  const ObjRecord *record = &o->records[row];
  add_name(o, record->name, out);
  buf_add_text(out, " {");
  for (uint32_t i = 0; i < record->field_count; i++) {
    const ObjField *field = &o->fields[record->first_field + i];
    buf_add_text(out, i > 0 ? ", " : " ");
    add_name(o, field->name, out);
    buf_add_text(out, ": ");
    add_type(o, (TypeId)field->type, out);
  }
  buf_add_text(out, " }");
}

static void add_types(const Object *o, Buf *out) {
  buf_add_text(out, "\ntypes\n");
  for (uint32_t row = 0; row < o->type_count; row++) {
    TypeRow type = o->types.rows[row];
    buf_addf(out, "  %u ", row);
    if (type.kind == TYPE_KIND_RECORD)
      add_record(o, type.element, out);
    else
      add_type(o, (TypeId)row, out);
    buf_add_char(out, '\n');
  }
}

static void add_places(const Object *o, Buf *out) {
  buf_add_text(out, "\nplaces\n");
  for (uint32_t row = 0; row < o->place_count; row++) {
    buf_addf(out, "  %u ", row);
    add_place(o, row, out);
    buf_addf(out, " length %u\n", o->places[row].length);
  }
}

static void add_texts(const Object *o, Buf *out) {
  buf_add_text(out, "\ntexts\n");
  for (uint32_t at = 0; at < o->string_bytes;) {
    Slice text = object_text(o, at);
    buf_addf(out, "  t%u ", at);
    json_add_text(out, text);
    buf_add_char(out, '\n');
    at += (uint32_t)layout_text_size(text.length);
  }
}

static void add_head(const Object *o, Buf *out) {
  const ObjHeader *header = (const void *)o->bytes;
  buf_addf(out, "object version %u, %llu bytes, hash %016llx%016llx\nsource ",
           header->version, (unsigned long long)header->size,
           (unsigned long long)header->hash[1],
           (unsigned long long)header->hash[0]);
  add_name(o, o->meta->source, out);
  buf_add_text(out, ", producer ");
  add_short(o, o->meta->producer, out);
  buf_addf(out, ", optimization %u\n\n", o->meta->optimization);
}

void object_dump(const Object *object, Buf *out) {
  add_head(object, out);
  for (uint32_t row = 0; row < object->flow_count; row++)
    add_flow(object, row, out);
  for (uint32_t row = 0; row < object->graph_count; row++)
    add_graph(object, row, out);
  add_consts(object, out);
  add_types(object, out);
  add_places(object, out);
  add_texts(object, out);
}
