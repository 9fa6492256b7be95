/* SPDX-License-Identifier: MIT
 *
 * Every check of the loader, one by one: a sound file has one field changed,
 * is sealed again, and is refused with words that name the fault. The rows of
 * the table below are numbered as the shapes of object_shapes.c lay them out;
 * `apxm dump` of one shows the same numbers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/object/layout.h"
#include "tests/object_shapes.h"
#include "tests/unit/unit.h"

typedef struct Spoil {
  Shape shape;
  ObjSectionKind kind; /* 0: the whole file is the section */
  uint32_t row;
  uint32_t offset; /* in the record */
  uint32_t width;  /* bytes of the field */
  uint64_t value;
  const char *words; /* in the message */
} Spoil;

#define WIDTH(type, field) sizeof(((type *)0)->field)
#define FIELD(shape, kind, row, type, field, value, words)   \
  {                                                          \
    SHAPE_##shape, OBJ_##kind, (row), offsetof(type, field), \
        WIDTH(type, field), (value), (words)                 \
  }
#define HEADER(field, value, words)                                         \
  {                                                                         \
    SHAPE_HELLO, 0, 0, offsetof(ObjHeader, field), WIDTH(ObjHeader, field), \
        (value), (words)                                                    \
  }
#define TABLE(kind, field, value, words)                                      \
  {                                                                           \
    SHAPE_HELLO, 0, 0,                                                        \
        sizeof(ObjHeader) + (OBJ_##kind - OBJ_STRINGS) * sizeof(ObjSection) + \
            offsetof(ObjSection, field),                                      \
        WIDTH(ObjSection, field), (value), (words)                            \
  }
#define NODE(shape, row, field, value, words) \
  FIELD(shape, NODES, row, ObjNode, field, value, words)
#define ARM(shape, row, field, value, words) \
  FIELD(shape, ARMS, row, ObjArm, field, value, words)
#define INPUT(shape, row, value, words) \
  { SHAPE_##shape, OBJ_INPUTS, (row), 0, 4, (value), (words) }
#define ATTR_VALUE(row, number, words) \
  FIELD(CHAIN, ATTRS, row, ObjAttr, value, number, words)
#define STRING(at, width, value, words) \
  { SHAPE_HELLO, OBJ_STRINGS, (at), 0, (width), (value), (words) }

#define AFTER(node) ((node) | OBJ_REF_ORDER)
#define CONSTANT(row) ((row) | OBJ_REF_CONST)

enum { ANY_BIG = 0x7FFFFFFF };

static const Spoil header_spoils[] = {
    HEADER(version, 3, "version 3"),
    HEADER(flags, 1, "reserved"),
    HEADER(section_count, 11, "11 sections"),
    HEADER(section_count, 64, "64 sections"),
    HEADER(reserved[4], 1, "reserved"),
    TABLE(STRINGS, kind, 2, "stands where `strings` belongs"),
    TABLE(META, kind, 0, "stands where `meta` belongs"),
    TABLE(NODES, record, 16, "records of 16 bytes"),
    TABLE(NODES, record, 0, "records of 0 bytes"),
    TABLE(CONSTS, offset, 0, "`consts` begins at 0"),
    TABLE(CONSTS, offset, UINT64_MAX, "`consts` begins at"),
    TABLE(CONSTS, size, 1 << 30, "`consts` ends outside"),
    TABLE(CONSTS, size, UINT64_MAX - 100, "`consts` ends outside"),
    TABLE(CONSTS, size, 8, "`consts` ends within a record"),
    TABLE(META, size, 0, "bytes follow"),
};

static const Spoil table_spoils[] = {
    STRING(0, 4, 0, "text at 0 is not marked"),
    STRING(0, 4, 1, "text at 0 is not marked"),
    STRING(28, 4, 1, "text at 24 is not marked"),
    STRING(8, 8, 1, "does not begin with the empty text"),
    STRING(8, 8, UINT64_MAX, "text at 0 ends outside"),
    STRING(8, 8, UINT64_MAX - 23, "text at 0 ends outside"),
    STRING(16, 1, 'x', "text at 0 does not end in zeros"),
    STRING(23, 1, 1, "text at 0 does not end in zeros"),
    STRING(40, 1, 0xFF, "text at 24 is not UTF-8"),
    FIELD(HELLO, CONSTS, 0, ObjConst, type, TYPE_VOID, "const 0"),
    FIELD(HELLO, CONSTS, 0, ObjConst, type, TYPE_NUM, "const 0"),
    FIELD(HELLO, CONSTS, 0, ObjConst, string, 8, "no text begins at 8"),
    FIELD(HELLO, CONSTS, 0, ObjConst, string, 121, "no text begins at 121"),
    FIELD(HELLO, CONSTS, 0, ObjConst, string, 1 << 20, "no text begins"),
    FIELD(HELLO, CONSTS, 0, ObjConst, bits, 1, "bits of a number"),
    FIELD(VALUES, CONSTS, 0, ObjConst, type, 4, "no constant is of type 4"),
    FIELD(VALUES, CONSTS, 0, ObjConst, string, 24, "a text that is of type 2"),
    FIELD(VALUES, CONSTS, 0, ObjConst, bits, UINT64_C(0x7FF0) << 48, "finite"),
    FIELD(VALUES, CONSTS, 0, ObjConst, bits, UINT64_C(0xFFFA) << 48, "finite"),
    FIELD(VALUES, CONSTS, 1, ObjConst, bits, 2, "a bool that is neither"),
    FIELD(HELLO, TYPES, 1, TypeRow, kind, TYPE_KIND_NUM, "type 1"),
    FIELD(HELLO, TYPES, 3, TypeRow, element, 1, "type 3"),
    FIELD(LISTS, TYPES, 6, TypeRow, kind, TYPE_KIND_TEXT, "type 6: kind 1"),
    FIELD(LISTS, TYPES, 6, TypeRow, kind, TYPE_KIND_COUNT, "type 6: kind 7"),
    FIELD(LISTS, TYPES, 6, TypeRow, kind, TYPE_KIND_RECORD, "record 1 is not"),
    FIELD(LISTS, TYPES, 6, TypeRow, element, 6, "a list of type 6"),
    FIELD(LISTS, TYPES, 6, TypeRow, element, 7, "a list of type 7"),
    FIELD(LISTS, TYPES, 6, TypeRow, element, TYPE_VOID, "a list of type 0"),
    FIELD(HELLO, PLACES, 0, ObjPlace, line, 1, "place 0"),
    FIELD(HELLO, PLACES, 1, ObjPlace, line, 0, "place 1: lines"),
    FIELD(HELLO, PLACES, 1, ObjPlace, column, 0, "place 1: lines"),
    FIELD(HELLO, PLACES, 1, ObjPlace, file, 4, "place 1: no text"),
    FIELD(HELLO, META, 0, ObjMeta, source, 4, "meta 0: no text"),
    FIELD(HELLO, META, 0, ObjMeta, producer, 4, "meta 0: no text"),
    FIELD(HELLO, META, 0, ObjMeta, optimization, 4, "meta 0"),
    FIELD(HELLO, META, 0, ObjMeta, reserved, 1, "meta 0"),
};

static const Spoil graph_spoils[] = {
    FIELD(CALLS, GRAPHS, 0, ObjGraph, first_node, 1, "graph 0: begins at"),
    FIELD(CALLS, GRAPHS, 1, ObjGraph, first_node, 0, "graph 1: begins at"),
    FIELD(CALLS, GRAPHS, 0, ObjGraph, node_count, 8, "graph 1: begins at"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, node_count, 4, "belongs to no graph"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, node_count, 6, "graph 2: ends outside"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, node_count, UINT32_MAX, "ends outside"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, node_count, 2, "do not hold its frame"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, node_count, 0, "do not hold its frame"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, param_count, 4097, "over the limits"),
    FIELD(CHAIN, GRAPHS, 0, ObjGraph, param_count, 2, "(ask): it cannot st"),
    FIELD(CHAIN, GRAPHS, 0, ObjGraph, param_count, 0, "(param): it cannot s"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, result_count, 2, "(result): it cannot "),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, result_count, 4097, "over the limits"),
    FIELD(CALLS, GRAPHS, 1, ObjGraph, spaces, 3, "unknown bit"),
    FIELD(CALLS, GRAPHS, 1, ObjGraph, spaces, 0, "values come first"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, reserved, 1, "unknown bit"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, flags, 2, "unknown bit"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, spaces, 1, "0 tokens for graph 2"),
    FIELD(CALLS, GRAPHS, 0, ObjGraph, flags, 1, "graph 0 is of the wrong sort"),
    FIELD(CONTROL, GRAPHS, 0, ObjGraph, flags, 0, "graph 0 is of the wrong s"),
    FIELD(CONTROL, GRAPHS, 6, ObjGraph, flags, 1, "part of another flow"),
    FIELD(CONTROL, FLOWS, 0, ObjFlow, graph, 0, "part of another flow"),
    FIELD(CALLS, GRAPHS, 2, ObjGraph, name, 2, "graph 2: no text"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, agent, 1, "flow 0: no text"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, name, 1, "flow 0: no text"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, graph, 1, "flow 0: no graph 1"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, first_param, 1, "begins at param 1"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, param_count, 1, "ends outside `params`"),
    FIELD(CHAIN, FLOWS, 0, ObjFlow, param_count, 0, "but its graph has 1"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, result, TYPE_NUM, "its result is not"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, flags, 3, "unknown bit"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, reserved, 3, "unknown bit"),
    FIELD(HELLO, FLOWS, 0, ObjFlow, place, 3, "no place 3"),
    FIELD(VALUES, FLOWS, 3, ObjFlow, first_param, 1, "begins at param 1"),
    FIELD(VALUES, FLOWS, 3, ObjFlow, graph, 0, "but its graph has 0"),
    FIELD(VALUES, PARAMS, 1, ObjParam, name, 1, "param 1: no text"),
    FIELD(VALUES, PARAMS, 1, ObjParam, type, TYPE_NUM, "parameter 1"),
};

static const Spoil node_spoils[] = {
    NODE(HELLO, 0, op, OP_COUNT, "node 0 (?): no operation"),
    NODE(HELLO, 0, op, 255, "no operation 255"),
    NODE(HELLO, 0, op, OP_PARAM, "cannot stand"),
    NODE(HELLO, 0, op, OP_PORT, "cannot stand"),
    NODE(HELLO, 0, op, OP_RESULT, "cannot stand"),
    NODE(HELLO, 0, op, OP_END, "cannot stand"),
    NODE(HELLO, 1, op, OP_ASK, "cannot stand"),
    NODE(HELLO, 2, op, OP_RESULT, "cannot stand"),
    NODE(HELLO, 0, flags, 1, "unknown flag"),
    NODE(HELLO, 0, arms, 1, "do not begin at 0"),
    NODE(HELLO, 0, type, 5, "no type 5"),
    NODE(HELLO, 0, place, 3, "no place 3"),
    NODE(HELLO, 0, inputs, 1, "do not begin at 0"),
    NODE(HELLO, 0, attrs, 1, "do not begin at 0"),
    NODE(HELLO, 1, inputs, UINT32_MAX, "inputs end at"),
    NODE(HELLO, 2, inputs, 0, "inputs end at 0"),
    NODE(CHAIN, 3, attrs, ANY_BIG, "attributes end at"),
    NODE(CHAIN, 4, attrs, 0, "attributes end at 0"),
    NODE(HELLO, 3, op, 1, "sentinel"),
    NODE(HELLO, 3, inputs, 1, "sentinel"),
    NODE(HELLO, 3, attrs, 1, "sentinel"),
    NODE(HELLO, 3, arms, 1, "sentinel"),
    NODE(HELLO, 3, place, 1, "sentinel"),
    NODE(HELLO, 1, arms, ANY_BIG, "arms end at"),
    NODE(CALLS, 9, arms, 0, "it has not the arms"),
    NODE(CALLS, 10, arms, 2, "(port): it has arms"),
    NODE(HELLO, 0, type, TYPE_NUM, "cannot be of type 2"),
    NODE(LISTS, 2, type, TYPE_TEXT, "cannot be of type 1"),
    NODE(HELLO, 2, type, TYPE_TEXT, "cannot be of type 1"),
    NODE(CALLS, 8, type, TYPE_TEXT, "cannot be of type 1"),
    INPUT(HELLO, 0, CONSTANT(1u), "names constant 1"),
    INPUT(HELLO, 0, CONSTANT(0x10000000u), "unknown bit"),
    INPUT(HELLO, 0, CONSTANT(OBJ_REF_ORDER), "unknown bit"),
    INPUT(HELLO, 0, 0, "names node 0, which is not before"),
    INPUT(HELLO, 0, 1, "names node 1, which is not before"),
    INPUT(HELLO, 1, 0x10000000, "unknown bit"),
    INPUT(HELLO, 1, OBJ_REF_INDEX, "which is not before"),
    INPUT(HELLO, 1, AFTER(0u), "needs one value"),
    INPUT(HELLO, 2, 1, "(end): 1 inputs"),
    INPUT(HELLO, 2, AFTER(0u), "does not wait for node 1"),
    INPUT(HELLO, 2, AFTER(2u), "names node 2, which is not before"),
    NODE(HELLO, 1, inputs, 0, "ask): 0 inputs"),
    NODE(HELLO, 2, inputs, 3, "(result): an input names node 1"),
    NODE(FAN_OUT, 1, op, OP_TEXT, ""),
};

static const Spoil typed_spoils[] = {
    NODE(CALLS, 0, type, TYPE_VOID, "values come first"),
    NODE(CALLS, 1, type, TYPE_TEXT, "values come first"),
    NODE(CALLS, 5, type, TYPE_TEXT, "values come first"),
    NODE(CALLS, 4, type, TYPE_NUM, "its input is of another"),
    NODE(CHAIN, 0, type, TYPE_NUM, "parameter 0 is not of its graph's"),
    INPUT(CALLS, 0, 1, "reads node 1, which has no value"),
    INPUT(CALLS, 1, AFTER(1u), "needs one output token"),
    INPUT(CALLS, 2, AFTER(0u), "input 2 is not an effect token"),
    INPUT(CALLS, 2, 0, "needs one output token"),
    INPUT(CALLS, 0, AFTER(0u), "input 1: a value after an order edge"),
    INPUT(CALLS, 5, AFTER(0u), "input 0 is not an effect token"),
    INPUT(CALLS, 5, 0, "it needs one token"),
    ARM(CALLS, 0, graph, 3, "no graph 3"),
    ARM(CALLS, 0, graph, 2, "1 values and 1 tokens for graph 2"),
    ARM(CALLS, 0, graph, 1, "1 values and 1 tokens for graph 1"),
    ARM(CALLS, 2, graph, 0, "1 values and 0 tokens for graph 0"),
    ARM(CALLS, 3, graph, 1, "its effects are not its graph's"),
    INPUT(CALLS, 8, 1, "names node 1, which is not before"),
    INPUT(CALLS, 9, 0, "no value"),
    INPUT(CALLS, 11, AFTER(2u), "input 1 is not an effect token"),
    INPUT(CALLS, 12, 4, "reads node 4, which has no value"),
    NODE(CALLS, 19, type, TYPE_NUM, "input 0 is of another type"),
    NODE(CALLS, 9, type, TYPE_NUM, "not that of the graph's result"),
    NODE(CALLS, 9, op, OP_PASS, "cannot stand"),
    NODE(CALLS, 14, op, OP_PORT, "cannot stand"),
    NODE(VALUES, 7, type, TYPE_TEXT, "not of its graph's type"),
    NODE(LISTS, 1, type, 6, ""),
    NODE(LISTS, 2, type, 5, "is no element of its list"),
    NODE(LISTS, 2, type, 7, "is no element of its list"),
    NODE(LISTS, 3, type, 6, "is no element of its list"),
    NODE(LISTS, 4, type, 6, "its type is not that of its input"),
    NODE(LISTS, 7, type, 6, "its input is of another"),
    INPUT(LISTS, 10, 0, "of another type"),
    INPUT(LISTS, 5, CONSTANT(0u), "its type is not that of its input"),
};

static const Spoil attr_spoils[] = {
    FIELD(CHAIN, ATTRS, 0, ObjAttr, attr, ATTR_COUNT, "out of range"),
    FIELD(CHAIN, ATTRS, 0, ObjAttr, attr, UINT32_MAX, "out of range"),
    FIELD(CHAIN, ATTRS, 0, ObjAttr, attr, ATTR_SYSTEM, "`system` twice"),
    FIELD(CHAIN, ATTRS, 6, ObjAttr, attr, ATTR_BUDGET_TOKENS, "cannot have"),
    ATTR_VALUE(0, 1000, "out of range"),
    ATTR_VALUE(0, 4, "`name` is of another type"),
    ATTR_VALUE(3, 1, "`temperature` is of another type"),
    ATTR_VALUE(3, 8, "`temperature` is out of range"),
    ATTR_VALUE(4, 4, "`max_tokens` is out of range"),
    FIELD(CHAIN, ATTRS, 3, ObjAttr, attr, ATTR_TIMEOUT, "is out of range"),
    FIELD(CHAIN, ATTRS, 3, ObjAttr, attr, ATTR_RETRIES, "is no whole number"),
};

/* Types of SHAPE_RECORDS: 5 Point, 6 its list, 7 Shape, 8 and 9 lists. */
static const Spoil record_spoils[] = {
    FIELD(RECORDS, TYPES, 5, TypeRow, element, 1, "record 1 is not the next"),
    FIELD(RECORDS, TYPES, 7, TypeRow, element, 0, "record 0 is not the next"),
    FIELD(RECORDS, TYPES, 7, TypeRow, kind, TYPE_KIND_LIST, "2 records for 1"),
    FIELD(RECORDS, RECORDS, 0, ObjRecord, name, 1, "record 0: no text"),
    FIELD(RECORDS, RECORDS, 0, ObjRecord, first_field, 1, "begins at field 1"),
    FIELD(RECORDS, RECORDS, 1, ObjRecord, first_field, 0, "begins at field 0"),
    FIELD(RECORDS, RECORDS, 0, ObjRecord, field_count, 1, "record 1: begins"),
    FIELD(RECORDS, RECORDS, 1, ObjRecord, field_count, 2, "field 4 belongs"),
    FIELD(RECORDS, RECORDS, 1, ObjRecord, field_count, 4, "ends outside"),
    FIELD(RECORDS, RECORDS, 0, ObjRecord, field_count, UINT32_MAX, "outside"),
    FIELD(RECORDS, FIELDS, 1, ObjField, name, 1, "field 1: no text"),
    FIELD(RECORDS, FIELDS, 1, ObjField, type, TYPE_VOID, "of type 0"),
    FIELD(RECORDS, FIELDS, 1, ObjField, type, 10, "of type 10"),
    FIELD(RECORDS, FIELDS, 1, ObjField, type, TYPE_NONE, "of type 65535"),
    FIELD(RECORDS, FIELDS, 1, ObjField, type, TYPE_JSON, ""),
    FIELD(RECORDS, FIELDS, 4, ObjField, type, 7, ""),
    FIELD(RECORDS, FIELDS, 2, ObjField, type, TYPE_NUM, "its type is not what"),
    FIELD(RECORDS, FIELDS, 2, ObjField, name, 0, "there is no such field"),
};

/* Arms of SHAPE_CONTROL: 0 1 of the step's branch; 2 3 4 true, false, absent;
 * 5 6 7 cases and default; 8 loop; 9 while; 10 11 try and catch. */
static const Spoil arm_spoils[] = {
    ARM(CONTROL, 2, kind, OBJ_ARM_KIND_COUNT, "no kind 7 of arms"),
    ARM(CONTROL, 2, graph, 7, "no graph 7"),
    ARM(CONTROL, 2, graph, 6, "graph 6 is of the wrong sort"),
    ARM(CONTROL, 2, label, 1, "needless label"),
    ARM(CONTROL, 2, kind, OBJ_ARM_FALSE, "out of order"),
    ARM(CONTROL, 2, kind, OBJ_ARM_BODY, "it has not the arms"),
    ARM(CONTROL, 2, graph, 2, "are not alike"),
    ARM(CONTROL, 3, graph, 3, "are not alike"),
    ARM(CONTROL, 4, kind, OBJ_ARM_DEFAULT, "it has not the arms"),
    ARM(CONTROL, 3, kind, OBJ_ARM_ABSENT, "out of order"),
    ARM(CONTROL, 5, kind, OBJ_ARM_TRUE, "it has not the arms"),
    ARM(CONTROL, 5, label, ANY_BIG, "a label is no text"),
    ARM(CONTROL, 6, kind, OBJ_ARM_DEFAULT, "needless label"),
    ARM(CONTROL, 7, kind, OBJ_ARM_ABSENT, ""),
    ARM(CONTROL, 7, kind, OBJ_ARM_CASE, ""),
    ARM(CONTROL, 8, graph, 0, "tokens for graph 0"),
    ARM(CONTROL, 8, graph, 2, "its body takes items of another type"),
    ARM(CONTROL, 8, kind, OBJ_ARM_CATCH, "it has not the arms"),
    ARM(CONTROL, 9, graph, 3, "neither takes nor gives a bool"),
    ARM(CONTROL, 9, graph, 0, "tokens for graph 0"),
    ARM(CONTROL, 10, graph, 3, "tokens for graph 3"),
    ARM(CONTROL, 11, graph, 3, "its catch takes no error"),
    ARM(CONTROL, 0, graph, 1, ""),
    ARM(CONTROL, 0, graph, 4, ""),
    FIELD(CONTROL, FIELDS, 1, ObjField, type, TYPE_NUM, "takes no error"),
    FIELD(CONTROL, FIELDS, 2, ObjField, name, 0, "takes no error"),
    FIELD(CONTROL, FLOWS, 0, ObjFlow, result, TYPE_NUM, "its result is not"),
    FIELD(CONTROL, FLOWS, 0, ObjFlow, result, TYPE_VOID, "its result is not"),
};

/* ---- the machine --------------------------------------------------------- */

static void *section_of(uint8_t *bytes, const Spoil *spoil) {
  if (spoil->kind == 0) return bytes;
  return shape_record(bytes, spoil->kind, spoil->row);
}

/* An empty `words` says that the change does no harm. */
static void try_spoil(const Spoil *spoil, size_t number) {
  Error error = {0};
  size_t size;
  uint8_t *bytes = shape_make(spoil->shape, &size);
  uint8_t *field = (uint8_t *)section_of(bytes, spoil) + spoil->offset;
  bool changes = memcmp(field, &spoil->value, spoil->width) != 0;
  memcpy(field, &spoil->value, spoil->width);
  object_seal(bytes, size);
  Object *object = object_load(bytes, size, &error);
  if (!changes)
    fail_msg("spoil %zu (%s) changes nothing", number, spoil->words);
  if (object != NULL && spoil->words[0] != '\0')
    fail_msg("spoil %zu (%s) was taken", number, spoil->words);
  if (object == NULL &&
      (spoil->words[0] == '\0' || strstr(error.message, spoil->words) == NULL))
    fail_msg("spoil %zu (%s): %s", number, spoil->words, error.message);
  object_free(object);
}

#define TRY_ALL(spoils)                                             \
  for (size_t i = 0; i < sizeof(spoils) / sizeof((spoils)[0]); i++) \
  try_spoil(&(spoils)[i], i)

CASE(headers) {
  (void)state;
  TRY_ALL(header_spoils);
}
CASE(tables) {
  (void)state;
  TRY_ALL(table_spoils);
}
CASE(graphs_and_flows) {
  (void)state;
  TRY_ALL(graph_spoils);
}
CASE(nodes) {
  (void)state;
  TRY_ALL(node_spoils);
}
CASE(typed_nodes) {
  (void)state;
  TRY_ALL(typed_spoils);
}
CASE(attributes) {
  (void)state;
  TRY_ALL(attr_spoils);
}
CASE(records) {
  (void)state;
  TRY_ALL(record_spoils);
}
CASE(arms) {
  (void)state;
  TRY_ALL(arm_spoils);
}

/* ---- what a change of one field cannot show ------------------------------ */

static void assert_refused(uint8_t *bytes, size_t size, const char *words) {
  Error error = {0};
  assert_null(object_load(bytes, size, &error));
  assert_int_not_equal(error.status, STATUS_OK);
  if (strstr(error.message, words) == NULL)
    fail_msg("(%s): %s", words, error.message);
}

CASE(seals) {
  (void)state;
  size_t size;
  uint8_t *bytes = shape_make(SHAPE_HELLO, &size);
  bytes[size - 1] ^= 1;
  assert_refused(bytes, size, "damaged");
  bytes = shape_make(SHAPE_HELLO, &size);
  bytes[offsetof(ObjHeader, hash)] ^= 1;
  assert_refused(bytes, size, "damaged");
  bytes = shape_make(SHAPE_HELLO, &size);
  bytes[offsetof(ObjHeader, size)] ^= 1;
  assert_refused(bytes, size, "the header says");
}

CASE(other_files) {
  (void)state;
  assert_refused(mem_alloc(0), 0, "magic");
  uint8_t *bytes = mem_alloc_zero(400, 1);
  assert_refused(bytes, 400, "magic");
  bytes = mem_alloc_zero(64, 1);
  memcpy(bytes, OBJ_MAGIC, 8);
  assert_refused(bytes, 64, "do not hold the header");
  assert_refused(mem_alloc(8), (size_t)LIMIT_OBJECT_BYTES + 1, "at most");
  assert_null(object_load(mem_alloc(1), 0, NULL));
}

CASE(trailing_bytes) {
  (void)state;
  size_t size;
  uint8_t *bytes = shape_make(SHAPE_HELLO, &size);
  bytes = mem_realloc(bytes, size + 8);
  memset(bytes + size, 0, 8);
  object_seal(bytes, size + 8);
  assert_refused(bytes, size + 8, "bytes follow");
}

CASE(padding) {
  (void)state;
  size_t size;
  uint8_t *bytes = shape_make(SHAPE_CALLS, &size);
  const ObjSection *inputs =
      (const ObjSection *)(void *)(bytes + sizeof(ObjHeader)) +
      (OBJ_INPUTS - OBJ_STRINGS);
  uint64_t end = inputs->offset + inputs->size;
  assert_int_not_equal(end % OBJ_ALIGN, 0);
  bytes[end] = 1;
  object_seal(bytes, size);
  assert_refused(bytes, size, "padding");
}

/* A copy of a shape in which section `kind` has `count` records, the last ones
 * cut off or new ones of zeros. */
static uint8_t *with_records(Shape shape, ObjSectionKind wanted, uint32_t count,
                             size_t *size) {
  uint8_t *old = shape_make(shape, size);
  const ObjSection *from = (const void *)(old + sizeof(ObjHeader));
  ObjSection table[OBJ_SECTION_COUNT];
  Buf out = {0};
  buf_add(&out, old, OBJ_FIRST_OFFSET);
  for (int i = 0; i < OBJ_SECTION_COUNT; i++) {
    size_t kept = (size_t)from[i].size;
    table[i] = from[i];
    table[i].offset = out.length;
    if (from[i].kind == wanted)
      table[i].size = (uint64_t)count * from[i].record;
    if (kept > table[i].size) kept = (size_t)table[i].size;
    buf_add(&out, old + from[i].offset, kept);
    buf_add_repeat(&out, 0, (size_t)layout_align(table[i].size) - kept);
  }
  memcpy(out.data + sizeof(ObjHeader), table, sizeof table);
  mem_free(old);
  *size = out.length;
  object_seal((uint8_t *)out.data, *size);
  return (uint8_t *)buf_take(&out);
}

CASE(section_sizes) {
  (void)state;
  static const struct {
    Shape shape;
    ObjSectionKind kind;
    uint32_t count;
    const char *words;
  } cases[] = {
      {SHAPE_HELLO, OBJ_STRINGS, 0, "does not begin with the empty text"},
      {SHAPE_HELLO, OBJ_STRINGS, 16, "the text at 0 ends outside"},
      {SHAPE_HELLO, OBJ_STRINGS, 17, "the text at 0 does not end in zeros"},
      {SHAPE_HELLO, OBJ_CONSTS, 0, "names constant 0"},
      {SHAPE_HELLO, OBJ_TYPES, 3, "lack the built-in ones"},
      {SHAPE_HELLO, OBJ_TYPES, 6, "type 5: kind 0"},
      {SHAPE_HELLO, OBJ_RECORDS, 1, "1 records for 0 types"},
      {SHAPE_HELLO, OBJ_FIELDS, 1, "field 0 belongs to no record"},
      {SHAPE_HELLO, OBJ_ARMS, 1, "sentinel"},
      {SHAPE_HELLO, OBJ_TYPES, 65536, "65536 types are too many"},
      {SHAPE_HELLO, OBJ_PLACES, 0, "no place `nowhere`"},
      {SHAPE_HELLO, OBJ_PLACES, 2, "flow 0: no place 2"},
      {SHAPE_HELLO, OBJ_PARAMS, 1, "param 0 belongs to no flow"},
      {SHAPE_HELLO, OBJ_GRAPHS, 0, "node 0 belongs to no graph"},
      {SHAPE_HELLO, OBJ_GRAPHS, 2, "graph 1: begins at node 0"},
      {SHAPE_HELLO, OBJ_NODES, 0, "no sentinel"},
      {SHAPE_HELLO, OBJ_NODES, 3, "3 keys for 2 nodes"},
      {SHAPE_HELLO, OBJ_KEYS, 2, "2 keys for 3 nodes"},
      {SHAPE_HELLO, OBJ_INPUTS, 2, "sentinel"},
      {SHAPE_HELLO, OBJ_ATTRS, 1, "sentinel"},
      {SHAPE_HELLO, OBJ_META, 0, "0 meta records"},
      {SHAPE_HELLO, OBJ_META, 2, "2 meta records"},
      {SHAPE_VALUES, OBJ_PARAMS, 1, "ends outside `params`"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t size;
    uint8_t *bytes =
        with_records(cases[i].shape, cases[i].kind, cases[i].count, &size);
    assert_refused(bytes, size, cases[i].words);
  }
}

/* Types nested one deeper than may be: the writer does not care, the loader
 * does. */
CASE(deep_types) {
  (void)state;
  Error error = {0};
  Buf out = {0};
  TypeTable types;
  type_table_init(&types);
  for (uint16_t i = 0; i <= LIMIT_TYPE_DEPTH; i++)
    vec_push(
        &types.rows,
        ((TypeRow){TYPE_KIND_LIST,
                   i == 0 ? TYPE_TEXT : (TypeId)(TYPE_BUILTIN_COUNT - 1 + i)}));
  Builder *b = build_new(SLICE("deep"), 0);
  build_types(b, &types);
  type_table_free(&types);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  assert_refused((uint8_t *)buf_take(&out), size, "nested over");
}

/* A graph whose one node is written with `node`, in a file of its own. */
static void assert_node_refused(const BuildGraph *graph, const BuildNode *node,
                                const char *words) {
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new(SLICE("node"), 0);
  build_text(b, SLICE("a"));
  ShapeGraph g = shape_begin(b, graph);
  shape_node(&g, node);
  shape_end(&g);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  assert_refused((uint8_t *)buf_take(&out), size, words);
}

CASE(single_nodes) {
  (void)state;
  ObjRef text = OBJ_REF_CONST;
  const BuildGraph plain = {0}, printing = {.spaces = 1 << SPACE_OUTPUT};
  assert_node_refused(&plain, &(BuildNode){.op = OP_PASS, .type = TYPE_TEXT},
                      "not that of its input");
  assert_node_refused(
      &plain, &(BuildNode){.op = OP_PRINT, .inputs = &text, .input_count = 1},
      "its effects are not its graph's");
  assert_node_refused(&printing, &(BuildNode){.op = OP_PRINT},
                      "an effect has no place");
  assert_node_refused(
      &(BuildGraph){.param_count = 1},
      &(BuildNode){
          .op = OP_PARAM, .type = TYPE_TEXT, .inputs = &text, .input_count = 1},
      "1 inputs");
  assert_node_refused(
      &plain, &(BuildNode){.op = OP_CALL, .inputs = &text, .input_count = 1},
      "it has not the arms it needs");
}

/* ---- operations on values ------------------------------------------------ */

enum { LIST_NONE = TYPE_BUILTIN_COUNT, TEXTS, NUMS, PAIR };

/* An operation on parameters, one a letter of `inputs`, of a text, number,
 * bool, json, list of texts, list of numbers, empty list or pair; `f` is the
 * constant "first". */
typedef struct Typed {
  Op op;
  const char *inputs;
  TypeId type;
  const char *words; /* of the refusal; empty: it is sound */
} Typed;

static TypeId type_of_letter(char letter) {
  static const char letters[] = "snbjTNEP";
  static const TypeId types[] = {TYPE_TEXT, TYPE_NUM, TYPE_BOOL, TYPE_JSON,
                                 TEXTS,     NUMS,     LIST_NONE, PAIR};
  return types[strchr(letters, letter) - letters];
}

static void make_typed_types(Builder *b) {
  TypeTable types;
  type_table_init(&types);
  type_list_of(&types, TYPE_NONE);
  type_list_of(&types, TYPE_TEXT);
  type_list_of(&types, TYPE_NUM);
  type_record(&types, SLICE("Pair"));
  type_add_field(&types, PAIR, SLICE("first"), TYPE_NUM);
  type_add_field(&types, PAIR, SLICE("second"), TYPE_TEXT);
  build_types(b, &types);
  type_table_free(&types);
}

static void try_typed(const Typed *typed) {
  Error error = {0};
  Buf out = {0};
  ObjRef refs[8];
  uint32_t count = 0, params = 0;
  Builder *b = build_new(SLICE("typed"), 0);
  make_typed_types(b);
  for (const char *at = typed->inputs; *at != '\0'; at++) params += *at != 'f';
  ShapeGraph g = shape_begin(b, &(BuildGraph){.param_count = (uint16_t)params});
  for (const char *at = typed->inputs; *at != '\0'; at++)
    refs[count++] = *at == 'f'
                        ? OBJ_REF_CONST | build_text(b, SLICE("first"))
                        : shape_add(&g, OP_PARAM, type_of_letter(*at), 0, NULL);
  shape_add(&g, typed->op, typed->type, count, refs);
  shape_end(&g);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  Object *object = object_load((uint8_t *)buf_take(&out), size, &error);
  bool is_sound = typed->words[0] == '\0';
  if ((object != NULL) != is_sound ||
      (!is_sound && strstr(error.message, typed->words) == NULL))
    fail_msg("%s(%s) (%s): %s", op_table[typed->op].text, typed->inputs,
             typed->words, error.message);
  object_free(object);
}

CASE(typed_operations) {
  (void)state;
  static const char wrong[] = "is of the wrong type", made[] = "inputs make";
  static const Typed all[] = {
      {OP_ADD, "nnn", TYPE_NUM, ""},
      {OP_ADD, "nns", TYPE_NUM, "input 2 is of the wrong type"},
      {OP_ADD, "n", TYPE_NUM, "1 inputs"},
      {OP_ADD, "nn", TYPE_TEXT, "cannot be of type 1"},
      {OP_NEG, "j", TYPE_NUM, wrong},
      {OP_AND, "bb", TYPE_BOOL, ""},
      {OP_AND, "bn", TYPE_BOOL, wrong},
      {OP_NOT, "b", TYPE_NUM, "cannot be of type 2"},
      {OP_EQ, "jP", TYPE_BOOL, ""},
      {OP_LT, "nn", TYPE_BOOL, ""},
      {OP_LT, "ss", TYPE_BOOL, ""},
      {OP_LT, "ns", TYPE_BOOL, "only numbers or texts"},
      {OP_LT, "bb", TYPE_BOOL, "only numbers or texts"},
      {OP_FIELD, "Pf", TYPE_NUM, ""},
      {OP_FIELD, "Pf", TYPE_JSON, ""},
      {OP_FIELD, "Pf", TYPE_TEXT, made},
      {OP_FIELD, "Ps", TYPE_NUM, "no fixed name"},
      {OP_FIELD, "js", TYPE_JSON, ""},
      {OP_FIELD, "js", TYPE_TEXT, made},
      {OP_FIELD, "Ts", TYPE_TEXT, wrong},
      {OP_INDEX, "Tn", TYPE_TEXT, ""},
      {OP_INDEX, "Tn", TYPE_NUM, made},
      {OP_INDEX, "En", PAIR, ""},
      {OP_INDEX, "Ts", TYPE_TEXT, wrong},
      {OP_INDEX, "js", TYPE_JSON, ""},
      {OP_INDEX, "jn", TYPE_JSON, ""},
      {OP_INDEX, "jb", TYPE_JSON, wrong},
      {OP_INDEX, "Ps", TYPE_JSON, "has no items"},
      {OP_GET, "Tn", TYPE_JSON, ""},
      {OP_GET, "Tn", TYPE_TEXT, made},
      {OP_GET, "Tns", TYPE_TEXT, ""},
      {OP_GET, "Tnn", TYPE_TEXT, made},
      {OP_GET, "Tnn", TYPE_JSON, ""},
      {OP_GET, "Psn", TYPE_JSON, ""},
      {OP_GET, "Psn", TYPE_NUM, made},
      {OP_GET, "ss", TYPE_JSON, "has no parts"},
      {OP_GET, "Ts", TYPE_JSON, wrong},
      {OP_SPLIT, "ss", TEXTS, ""},
      {OP_SPLIT, "ss", NUMS, made},
      {OP_SPLIT, "sn", TEXTS, wrong},
      {OP_RANGE, "nn", NUMS, ""},
      {OP_RANGE, "n", TEXTS, made},
      {OP_SLICE, "Tn", TEXTS, ""},
      {OP_SLICE, "snn", TYPE_TEXT, ""},
      {OP_SLICE, "Tn", NUMS, made},
      {OP_SLICE, "jn", TYPE_JSON, "neither a text nor a list"},
      {OP_KEYS, "P", TEXTS, ""},
      {OP_KEYS, "T", TEXTS, wrong},
      {OP_JOIN, "Ns", TYPE_TEXT, ""},
      {OP_JOIN, "ss", TYPE_TEXT, wrong},
      {OP_CONVERT, "j", PAIR, ""},
      {OP_CONVERT, "j", TYPE_VOID, made},
      {OP_NONE, "", PAIR, ""},
      {OP_NONE, "", TYPE_VOID, made},
      {OP_NIL, "", TYPE_TEXT, "cannot be of type 1"},
      {OP_FENCE, "", TYPE_BOOL, ""},
      {OP_FENCE, "s", TYPE_BOOL, "1 inputs"},
      {OP_ERR, "s", TYPE_VOID, ""},
      {OP_ERR, "n", TYPE_VOID, wrong},
      {OP_GUARD, "s", TYPE_TEXT, "it has no `condition`"},
      {OP_GUARD, "s", TYPE_NUM, made},
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) try_typed(&all[i]);
}

static void assert_guard(const char *condition, const char *on_fail,
                         const char *words) {
  ObjRef text = OBJ_REF_CONST;
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new(SLICE("guard"), 0);
  build_text(b, SLICE("a"));
  ObjAttr attrs[] = {{ATTR_CONDITION, build_text(b, slice_of(condition))},
                     {ATTR_ON_FAIL, build_text(b, slice_of(on_fail))}};
  ShapeGraph g = shape_begin(b, &(BuildGraph){0});
  shape_node(&g, &(BuildNode){.op = OP_GUARD,
                              .type = TYPE_TEXT,
                              .inputs = &text,
                              .input_count = 1,
                              .attrs = attrs,
                              .attr_count = 2});
  shape_end(&g);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  if (words != NULL) {
    assert_refused((uint8_t *)buf_take(&out), size, words);
    return;
  }
  Object *object = object_load((uint8_t *)buf_take(&out), size, &error);
  assert_non_null(object);
  object_free(object);
}

CASE(guards) {
  (void)state;
  assert_guard("> 0.8", "halt", NULL);
  assert_guard("not_empty", "skip", NULL);
  assert_guard("perhaps", "halt", "`condition` is none");
  assert_guard("", "halt", "`condition` is none");
  assert_guard("> 0.8", "hop", "neither halt nor skip");
}

/* ---- nested graphs ------------------------------------------------------- */

/* (bool) -> (): a branch on it to `yes` and `no`. */
static void add_forked(Builder *b, bool nested, uint32_t yes, uint32_t no) {
  ShapeGraph g =
      shape_begin(b, &(BuildGraph){.param_count = 1, .nested = nested});
  ObjRef given = shape_add(&g, OP_PARAM, TYPE_BOOL, 0, NULL);
  ObjRef inputs[] = {given, given};
  shape_node(&g, &(BuildNode){.op = OP_BRANCH,
                              .inputs = inputs,
                              .input_count = 2,
                              .arms = (ObjArm[]){{OBJ_ARM_TRUE, 0, yes},
                                                 {OBJ_ARM_FALSE, 0, no}},
                              .arm_count = 2});
  shape_end(&g);
}

/* (bool) -> (): calls graph `callee`. */
static void add_calling(Builder *b, uint32_t callee) {
  ShapeGraph g =
      shape_begin(b, &(BuildGraph){.param_count = 1, .nested = true});
  ObjRef given = shape_add(&g, OP_PARAM, TYPE_BOOL, 0, NULL);
  shape_node(&g, &(BuildNode){.op = OP_CALL,
                              .inputs = &given,
                              .input_count = 1,
                              .arms = &(ObjArm){.graph = callee},
                              .arm_count = 1});
  shape_end(&g);
}

static uint8_t *finish_nests(Builder *b, size_t *size) {
  Error error = {0};
  Buf out = {0};
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  *size = out.length;
  return (uint8_t *)buf_take(&out);
}

CASE(nests) {
  (void)state;
  size_t size;
  Builder *b = build_new(SLICE("itself"), 0);
  add_forked(b, true, 0, 0);
  uint8_t *bytes = finish_nests(b, &size);
  assert_refused(bytes, size, "nested in itself");

  b = build_new(SLICE("round"), 0);
  add_forked(b, false, 1, 2);
  add_forked(b, true, 2, 3);
  add_forked(b, true, 3, 3);
  add_forked(b, true, 1, 1);
  bytes = finish_nests(b, &size);
  assert_refused(bytes, size, "nested in itself");

  b = build_new(SLICE("recursion"), 0); /* passes a call: it is counted */
  add_forked(b, false, 1, 2);
  add_calling(b, 0);
  add_forked(b, true, 1, 1);
  bytes = finish_nests(b, &size);
  Object *object = object_load(bytes, size, NULL);
  assert_non_null(object);
  assert_int_equal(object->links[0].opens_at_once, 0);
  object_free(object);
}

/* Many nodes with many arms: each pair of graphs is compared once. */
CASE(arms_by_the_thousand) {
  (void)state;
  enum { GRAPHS = 500, NODES = 500, PARAMS = 500 };
  Builder *b = build_new(SLICE("arms"), 0);
  ObjArm arms[GRAPHS];
  ObjRef inputs[PARAMS + 1];
  for (uint32_t i = 0; i < GRAPHS; i++) {
    ShapeGraph g =
        shape_begin(b, &(BuildGraph){.param_count = PARAMS, .nested = true});
    for (uint32_t k = 0; k < PARAMS; k++)
      shape_add(&g, OP_PARAM, TYPE_TEXT, 0, NULL);
    shape_end(&g);
    arms[i] = (ObjArm){OBJ_ARM_CASE, build_text(b, SLICE("label")), i};
  }
  for (uint32_t k = 0; k <= PARAMS; k++)
    inputs[k] = OBJ_REF_CONST | build_text(b, SLICE("label"));
  ShapeGraph g = shape_begin(b, &(BuildGraph){0});
  for (uint32_t i = 0; i < NODES; i++)
    shape_node(&g, &(BuildNode){.op = OP_BRANCH,
                                .inputs = inputs,
                                .input_count = PARAMS + 1,
                                .arms = arms,
                                .arm_count = GRAPHS});
  shape_end(&g);
  size_t size;
  uint8_t *bytes = finish_nests(b, &size);
  Object *object = object_load(bytes, size, NULL);
  assert_non_null(object);
  object_free(object);
}

/* Order edges are no value inputs, but a parameter has none of those either. */
CASE(a_parameter_waits_for_nothing) {
  (void)state;
  Error error = {0};
  Buf out = {0};
  ObjRef first = AFTER(0u);
  Builder *b = build_new(SLICE("params"), 0);
  ShapeGraph g = shape_begin(b, &(BuildGraph){.param_count = 2});
  shape_add(&g, OP_PARAM, TYPE_TEXT, 0, NULL);
  shape_add(&g, OP_PARAM, TYPE_TEXT, 1, &first);
  shape_end(&g);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  assert_refused((uint8_t *)buf_take(&out), size, "it has inputs");
}

/* A file of header and sections only: no graphs, no flows. */
CASE(nothing_is_sound) {
  (void)state;
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new((Slice){0}, 0);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  Object *object = object_load((uint8_t *)buf_take(&out), size, &error);
  assert_non_null(object);
  assert_int_equal(object->node_count, 0);
  assert_int_equal(object_entry_flow(object), -1);
  object_free(object);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(headers),
      cmocka_unit_test(tables),
      cmocka_unit_test(graphs_and_flows),
      cmocka_unit_test(nodes),
      cmocka_unit_test(typed_nodes),
      cmocka_unit_test(attributes),
      cmocka_unit_test(records),
      cmocka_unit_test(arms),
      cmocka_unit_test(seals),
      cmocka_unit_test(other_files),
      cmocka_unit_test(trailing_bytes),
      cmocka_unit_test(padding),
      cmocka_unit_test(deep_types),
      cmocka_unit_test(single_nodes),
      cmocka_unit_test(typed_operations),
      cmocka_unit_test(guards),
      cmocka_unit_test(nests),
      cmocka_unit_test(arms_by_the_thousand),
      cmocka_unit_test(nothing_is_sound),
      cmocka_unit_test(section_sizes),
      cmocka_unit_test(a_parameter_waits_for_nothing),
  };
  return RUN(cases);
}
