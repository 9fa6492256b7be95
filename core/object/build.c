/* SPDX-License-Identifier: MIT
 *
 * The writer. Each section grows in a buffer of its own; build_finish lines
 * them up behind the header and seals the file. Texts and constants are
 * interned through an index of row numbers (RowIndex), so equal arguments give
 * the same row and the same calls give the same bytes.
 *
 * The first mistake is kept in `error`; after it every call does nothing and
 * returns 0. What the loader refuses is not written: limits, numbers that are
 * not finite, text that is not UTF-8 (its bad bytes become U+FFFD).
 */
#include "core/object/build.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/object/layout.h"
#include "core/object/object.h"

/* ---- row index ----------------------------------------------------------- */

typedef struct RowSlot {
  uint32_t hash;     /* low half of the key's hash */
  uint32_t row;      /* row + 1; 0 is a free slot */
  uint32_t constant; /* of a text: its row of CONSTS + 1; 0 while it has none */
} RowSlot;

/* Open addressing over rows that live elsewhere; half full at most. */
typedef struct RowIndex {
  RowSlot *slots;    /* `capacity` of them, a power of two, or NULL */
  uint32_t capacity; /* slots */
  uint32_t count;    /* slots in use */
} RowIndex;

enum { RECENT_PLACES = 256 }; /* a power of two */

struct Builder {
  Buf sections[OBJ_SECTION_END]; /* by kind; records one after the other */
  uint64_t total;                /* bytes in all of them */
  RowIndex texts;                /* rows are offsets in STRINGS */
  RowIndex consts;               /* that are no texts */
  uint32_t places[RECENT_PLACES]; /* the last row of each hash; 0: none */
  ObjString file;                 /* of the last place */
  ObjMeta meta;
  ObjGraph graph; /* the one being filled */
  bool in_graph;  /* between build_begin_graph and build_end_graph */
  Error error;    /* the first mistake */
};

/* Whether row `row` of `section` holds `key`. */
typedef bool SameRow(const Buf *section, uint32_t row, Slice key);

static RowSlot *index_put(RowIndex *index, RowSlot slot) {
  uint32_t i = slot.hash;
  for (;; i++) {
    RowSlot *at = &index->slots[i & (index->capacity - 1)];
    if (at->row != 0) continue;
    *at = slot;
    return at;
  }
}

static void index_grow(RowIndex *index) {
  RowIndex old = *index;
  index->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
  index->slots = mem_alloc_zero(index->capacity, sizeof *index->slots);
  for (uint32_t i = 0; i < old.capacity; i++)
    if (old.slots[i].row != 0) index_put(index, old.slots[i]);
  mem_free(old.slots);
}

/* The slot of the row that holds `key`; when there is none, `next` is entered
 * for it and `*is_new` set. Valid until the next call. */
static RowSlot *index_intern(RowIndex *index, const Buf *section, SameRow *same,
                             Slice key, uint32_t next, bool *is_new) {
  uint32_t hash = (uint32_t)slice_hash(key);
  *is_new = false;
  if (index->count * 2 >= index->capacity) index_grow(index);
  for (uint32_t i = hash;; i++) {
    RowSlot *slot = &index->slots[i & (index->capacity - 1)];
    if (slot->row == 0) break;
    if (slot->hash == hash && same(section, slot->row - 1, key)) return slot;
  }
  index->count++;
  *is_new = true;
  return index_put(index, (RowSlot){.hash = hash, .row = next + 1});
}

static bool same_text(const Buf *section, uint32_t row, Slice key) {
  const ObjText *text = (const void *)(section->data + row);
  return slice_equal(key, slice_from(text->bytes, (size_t)text->length));
}

/* Records of CONSTS or PLACES, as the length of the key says. */
static bool same_record(const Buf *section, uint32_t row, Slice key) {
  return memcmp(section->data + (size_t)row * key.length, key.data,
                key.length) == 0;
}

/* ---- sections ------------------------------------------------------------ */

static bool failed(const Builder *b) {
  return b->error.status != STATUS_OK;
}

/* False, with the error set, when the file would become too large. */
static bool make_room(Builder *b, uint64_t size) {
  if (failed(b)) return false;
  if (size <= LIMIT_OBJECT_BYTES - OBJ_FIRST_OFFSET - 128 - b->total) {
    b->total += size;
    return true;
  }
  error_set(&b->error, STATUS_LIMIT, "the object file is over %d bytes",
            LIMIT_OBJECT_BYTES);
  return false;
}

static uint32_t row_count(const Builder *b, ObjSectionKind kind) {
  return (uint32_t)(b->sections[kind].length / section_table[kind].record);
}

/* Appends records; returns the first one's row. */
static uint32_t append(Builder *b, ObjSectionKind kind, const void *records,
                       uint32_t count) {
  uint32_t row = row_count(b, kind);
  size_t size = (size_t)count * section_table[kind].record;
  if (!make_room(b, size)) return 0;
  buf_add(&b->sections[kind], records, size);
  return row;
}

/* ---- texts --------------------------------------------------------------- */

/* A copy of `text` with each byte that is not UTF-8 replaced. */
static Buf repair(Slice text) {
  Buf out = {0};
  while (text.length > 0) {
    size_t good = slice_valid_utf8(text);
    buf_add(&out, text.data, good);
    if (good == text.length) break;
    buf_add_text(&out, "\xEF\xBF\xBD");
    text = slice_from(text.data + good + 1, text.length - good - 1);
  }
  return out;
}

static void write_text(Builder *b, Slice text) {
  Buf *strings = &b->sections[OBJ_STRINGS];
  ObjText head = {.refs = OBJ_IMMORTAL, .length = text.length};
  size_t size = (size_t)layout_text_size(text.length);
  if (!make_room(b, size)) return;
  buf_reserve(strings, size);
  buf_add(strings, &head, sizeof head);
  buf_add_slice(strings, text);
  buf_add_repeat(strings, 0, size - sizeof head - text.length);
}

static RowSlot *put_valid(Builder *b, Slice text) {
  Buf *strings = &b->sections[OBJ_STRINGS];
  bool is_new;
  RowSlot *slot = index_intern(&b->texts, strings, same_text, text,
                               (uint32_t)strings->length, &is_new);
  if (is_new) write_text(b, text);
  return slot;
}

/* NULL after a mistake. */
static RowSlot *find_text(Builder *b, Slice text) {
  if (failed(b)) return NULL;
  if (text.length > LIMIT_VALUE_BYTES) {
    error_set(&b->error, STATUS_LIMIT, "a text is over %d bytes",
              LIMIT_VALUE_BYTES);
    return NULL;
  }
  if (slice_valid_utf8(text) == text.length) return put_valid(b, text);
  Buf repaired = repair(text);
  RowSlot *slot = put_valid(b, buf_slice(&repaired));
  buf_free(&repaired);
  return slot;
}

static ObjString put_text(Builder *b, Slice text) {
  const RowSlot *slot = find_text(b, text);
  return slot != NULL ? slot->row - 1 : 0;
}

/* ---- what callers name --------------------------------------------------- */

Builder *build_new(Slice source, uint32_t optimization) {
  Builder *b = MEM_NEW(Builder);
  TypeTable builtin;
  put_text(b, SLICE(""));
  append(b, OBJ_PLACES, &(ObjPlace){0}, 1);
  type_table_init(&builtin);
  append(b, OBJ_TYPES, builtin.rows.data, builtin.rows.length);
  type_table_free(&builtin);
  b->meta.source = put_text(b, source);
  b->meta.producer = put_text(b, SLICE("apxm " APXM_VERSION));
  b->meta.optimization = optimization;
  return b;
}

void build_free(Builder *builder) {
  if (builder == NULL) return;
  for (int kind = 0; kind < OBJ_SECTION_END; kind++)
    buf_free(&builder->sections[kind]);
  mem_free(builder->texts.slots);
  mem_free(builder->consts.slots);
  mem_free(builder);
}

/* Of a number or a bool. */
static uint32_t put_const(Builder *b, ObjConst constant) {
  Slice key = slice_from((const char *)&constant, sizeof constant);
  bool is_new;
  if (failed(b)) return 0;
  RowSlot *slot =
      index_intern(&b->consts, &b->sections[OBJ_CONSTS], same_record, key,
                   row_count(b, OBJ_CONSTS), &is_new);
  if (is_new) append(b, OBJ_CONSTS, &constant, 1);
  return slot->row - 1;
}

/* That a text is a constant stands with the text, so it is looked for once. */
uint32_t build_text(Builder *builder, Slice text) {
  RowSlot *slot = find_text(builder, text);
  if (slot == NULL) return 0;
  if (slot->constant == 0) {
    ObjConst constant = {.type = TYPE_TEXT, .string = slot->row - 1};
    slot->constant = append(builder, OBJ_CONSTS, &constant, 1) + 1;
  }
  return slot->constant - 1;
}

uint32_t build_num(Builder *builder, double value) {
  ObjConst constant = {.type = TYPE_NUM};
  if (!isfinite(value))
    error_set(&builder->error, STATUS_LIMIT, "a number is not finite");
  memcpy(&constant.bits, &value, sizeof value);
  return put_const(builder, constant);
}

uint32_t build_bool(Builder *builder, bool value) {
  return put_const(builder, (ObjConst){.type = TYPE_BOOL, .bits = value});
}

/* Places mostly come file by file. */
static ObjString put_file(Builder *b, Slice file) {
  if (!same_text(&b->sections[OBJ_STRINGS], b->file, file)) {
    b->file = put_text(b, file);
  }
  return b->file;
}

/* Nearly all places are new, and equal ones follow each other closely, so only
 * a few are remembered. */
uint32_t build_place(Builder *builder, Slice file, uint32_t line,
                     uint32_t column, uint32_t length) {
  if (line == 0 || column == 0 || failed(builder)) return 0;
  ObjPlace place = {put_file(builder, file), line, column, length};
  uint32_t *recent =
      &builder->places[(line * 31 + column) & (RECENT_PLACES - 1)];
  Slice key = slice_from((const char *)&place, sizeof place);
  if (!same_record(&builder->sections[OBJ_PLACES], *recent, key)) {
    *recent = append(builder, OBJ_PLACES, &place, 1);
  }
  return *recent;
}

static bool over_limit(Builder *b, uint32_t value, uint32_t limit,
                       const char *what) {
  if (value <= limit) return false;
  error_set(&b->error, STATUS_LIMIT, "more than %u %s", limit, what);
  return true;
}

static void put_fields(Builder *b, const TypeField *fields, uint32_t count) {
  over_limit(b, count, LIMIT_RECORD_FIELDS, "fields of one record");
  for (uint32_t i = 0; i < count; i++) {
    ObjField field = {put_text(b, fields[i].name), fields[i].type};
    append(b, OBJ_FIELDS, &field, 1);
  }
}

void build_types(Builder *builder, const TypeTable *table) {
  assert(row_count(builder, OBJ_TYPES) == TYPE_BUILTIN_COUNT ||
         failed(builder));
  append(builder, OBJ_TYPES, table->rows.data + TYPE_BUILTIN_COUNT,
         table->rows.length - TYPE_BUILTIN_COUNT);
  for (uint32_t i = 0; i < table->records.length; i++) {
    const TypeRecord *from = &table->records.data[i];
    ObjRecord record = {put_text(builder, from->name),
                        row_count(builder, OBJ_FIELDS), from->field_count};
    append(builder, OBJ_RECORDS, &record, 1);
    put_fields(builder, table->fields.data + from->first_field,
               from->field_count);
  }
}

/* ---- graphs -------------------------------------------------------------- */

uint32_t build_begin_graph(Builder *builder, const BuildGraph *graph) {
  assert(!builder->in_graph);
  over_limit(builder, graph->param_count, LIMIT_GRAPH_PARAMS,
             "parameters of one graph");
  over_limit(builder, graph->result_count, LIMIT_GRAPH_PARAMS,
             "results of one graph");
  builder->graph = (ObjGraph){
      .first_node = row_count(builder, OBJ_NODES),
      .param_count = graph->param_count,
      .result_count = graph->result_count,
      .spaces = graph->spaces,
      .flags = graph->nested ? OBJ_GRAPH_NESTED : 0,
      .name = put_text(builder, graph->name),
  };
  builder->in_graph = true;
  return row_count(builder, OBJ_GRAPHS);
}

uint32_t build_node(Builder *builder, const BuildNode *node) {
  assert(builder->in_graph && node->op < OP_COUNT);
  if (over_limit(builder, node->input_count, LIMIT_NODE_INPUTS,
                 "inputs of one node") ||
      over_limit(builder, builder->graph.node_count, LIMIT_GRAPH_NODES - 1,
                 "nodes in one graph"))
    return 0;
  ObjNode record = {
      .op = (uint8_t)node->op,
      .flags = node->flags,
      .type = node->type,
      .inputs = row_count(builder, OBJ_INPUTS),
      .attrs = row_count(builder, OBJ_ATTRS),
      .arms = row_count(builder, OBJ_ARMS),
      .rank = node->rank,
      .place = node->place,
  };
  append(builder, OBJ_NODES, &record, 1);
  append(builder, OBJ_KEYS, &node->key, 1);
  append(builder, OBJ_INPUTS, node->inputs, node->input_count);
  append(builder, OBJ_ATTRS, node->attrs, node->attr_count);
  append(builder, OBJ_ARMS, node->arms, node->arm_count);
  return builder->graph.node_count++;
}

void build_end_graph(Builder *builder) {
  assert(builder->in_graph);
  append(builder, OBJ_GRAPHS, &builder->graph, 1);
  builder->in_graph = false;
}

void build_flow(Builder *builder, const BuildFlow *flow) {
  ObjFlow record = {
      .agent = put_text(builder, flow->agent),
      .name = put_text(builder, flow->name),
      .graph = flow->graph,
      .first_param = row_count(builder, OBJ_PARAMS),
      .param_count = flow->param_count,
      .result = flow->result,
      .flags = flow->entry ? OBJ_FLOW_ENTRY : 0,
      .place = flow->place,
  };
  for (uint32_t i = 0; i < flow->param_count; i++) {
    ObjParam param = {put_text(builder, flow->params[i].name),
                      flow->params[i].type};
    append(builder, OBJ_PARAMS, &param, 1);
  }
  append(builder, OBJ_FLOWS, &record, 1);
}

/* ---- the file ------------------------------------------------------------ */

static void add_table(const Builder *b, Buf *out) {
  uint64_t offset = OBJ_FIRST_OFFSET;
  for (uint32_t kind = OBJ_STRINGS; kind < OBJ_SECTION_END; kind++) {
    uint64_t size = b->sections[kind].length;
    ObjSection section = {kind, section_table[kind].record, offset, size};
    buf_add(out, &section, sizeof section);
    offset = layout_align(offset + size);
  }
}

static void add_sections(const Builder *b, Buf *out) {
  for (int kind = OBJ_STRINGS; kind < OBJ_SECTION_END; kind++) {
    Slice bytes = buf_slice(&b->sections[kind]);
    buf_add_slice(out, bytes);
    buf_add_repeat(out, 0, (size_t)layout_align(bytes.length) - bytes.length);
  }
}

Status build_finish(Builder *builder, Buf *out, Error *error) {
  ObjHeader header = {.version = OBJ_VERSION,
                      .section_count = OBJ_SECTION_COUNT};
  ObjNode sentinel = {.inputs = row_count(builder, OBJ_INPUTS),
                      .attrs = row_count(builder, OBJ_ATTRS),
                      .arms = row_count(builder, OBJ_ARMS)};
  size_t start = out->length;
  assert(!builder->in_graph);
  append(builder, OBJ_NODES, &sentinel, 1);
  append(builder, OBJ_META, &builder->meta, 1);
  if (failed(builder))
    return error_set(error, builder->error.status, "%s",
                     builder->error.message);
  memcpy(header.magic, OBJ_MAGIC, sizeof header.magic);
  buf_reserve(out, (size_t)builder->total + OBJ_FIRST_OFFSET + 128);
  buf_add(out, &header, sizeof header);
  add_table(builder, out);
  add_sections(builder, out);
  object_seal((uint8_t *)out->data + start, out->length - start);
  return STATUS_OK;
}
