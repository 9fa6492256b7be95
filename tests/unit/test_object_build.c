/* SPDX-License-Identifier: MIT
 *
 * build.c: rows are interned, bytes repeat, and mistakes stick: the first is
 * the one that build_finish reports.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/object_shapes.h"
#include "tests/unit/unit.h"

static Builder *new_builder(void) {
  return build_new(SLICE("x.ais"), 1);
}

static Object *finish(Builder *b, Error *error) {
  Buf out = {0};
  Object *object = NULL;
  if (build_finish(b, &out, error) == STATUS_OK) {
    size_t size = out.length;
    object = object_load((uint8_t *)buf_take(&out), size, error);
  }
  build_free(b);
  buf_free(&out);
  return object;
}

static void assert_fails(Builder *b, Status status, const char *words) {
  Error error = {0};
  assert_null(finish(b, &error));
  assert_int_equal(error.status, status);
  assert_non_null(strstr(error.message, words));
}

CASE(rows_are_interned) {
  (void)state;
  Builder *b = new_builder();
  uint32_t hello = build_text(b, SLICE("hello"));
  uint32_t one = build_num(b, 1), yes = build_bool(b, true);
  assert_int_equal(build_text(b, SLICE("hello")), hello);
  assert_int_not_equal(build_text(b, SLICE("hell")), hello);
  assert_int_equal(build_num(b, 1), one);
  assert_int_not_equal(build_num(b, -0.0), build_num(b, 0.0));
  assert_int_equal(build_bool(b, true), yes);
  assert_int_not_equal(yes, build_bool(b, false));
  uint32_t place = build_place(b, SLICE("x.ais"), 2, 3, 4);
  assert_int_equal(build_place(b, SLICE("x.ais"), 2, 3, 4), place);
  assert_int_not_equal(build_place(b, SLICE("x.ais"), 2, 3, 5), place);
  assert_int_equal(build_place(b, SLICE("x.ais"), 0, 0, 0), 0);
  build_free(b);
}

CASE(many_rows) {
  (void)state;
  Error error = {0};
  Builder *b = new_builder();
  for (int i = 0; i < 20000; i++)
    assert_int_equal(build_num(b, i), (uint32_t)i);
  for (int i = 0; i < 20000; i++)
    assert_int_equal(build_num(b, i), (uint32_t)i);
  Object *object = finish(b, &error);
  assert_non_null(object);
  assert_int_equal(object->const_count, 20000);
  object_free(object);
}

CASE(same_calls_same_bytes) {
  (void)state;
  for (Shape shape = 0; shape < SHAPE_COUNT; shape++) {
    size_t size, again_size;
    uint8_t *bytes = shape_make(shape, &size);
    uint8_t *again = shape_make(shape, &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    mem_free(bytes);
    mem_free(again);
  }
}

CASE(appends_to_what_is_there) {
  (void)state;
  Error error = {0};
  Buf out = {0};
  size_t size;
  uint8_t *bytes = shape_make(SHAPE_EMPTY, &size);
  Builder *b = build_new(SLICE("shapes.ais"), 1);
  buf_add_text(&out, "abc");
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  assert_memory_equal(out.data, "abc" OBJ_MAGIC, 3 + 8);
  buf_free(&out);
  build_free(b);
  mem_free(bytes);
}

CASE(bad_bytes_are_replaced) {
  (void)state;
  Error error = {0};
  Builder *b = build_new(SLICE("a\xFF\xC3(.ais"), 1);
  assert_int_equal(build_text(b, SLICE("\x80")),
                   build_text(b, SLICE("\xEF\xBF\xBD")));
  Object *object = finish(b, &error);
  assert_non_null(object);
  Slice source = object_text(object, object->meta->source);
  assert_true(slice_equal_text(source, "a\xEF\xBF\xBD\xEF\xBF\xBD(.ais"));
  object_free(object);
}

CASE(texts_are_in_place) {
  (void)state;
  static char bytes[100];
  Error error = {0};
  Builder *b = new_builder();
  memset(bytes, 'x', sizeof bytes);
  for (size_t length = 0; length < sizeof bytes; length++)
    build_text(b, slice_from(bytes, length));
  Object *object = finish(b, &error);
  assert_non_null(object);
  for (uint32_t row = 0; row < object->const_count; row++) {
    Slice text = object_text(object, object->consts[row].string);
    assert_int_equal((uintptr_t)text.data % OBJ_ALIGN, 0);
    assert_int_equal(text.length, row);
    assert_int_equal(text.data[text.length], 0);
  }
  object_free(object);
}

CASE(a_number_must_be_finite) {
  (void)state;
  Builder *b = new_builder();
  build_num(b, INFINITY);
  build_text(b, SLICE("still fine"));
  assert_fails(b, STATUS_LIMIT, "finite");
  b = new_builder();
  build_num(b, NAN);
  assert_fails(b, STATUS_LIMIT, "finite");
}

CASE(too_many_parameters) {
  (void)state;
  Builder *b = new_builder();
  build_begin_graph(b, &(BuildGraph){.param_count = LIMIT_GRAPH_PARAMS + 1});
  build_node(b, &(BuildNode){.op = OP_END});
  build_end_graph(b);
  build_num(b, NAN);
  assert_fails(b, STATUS_LIMIT, "parameters");
}

CASE(too_many_inputs) {
  (void)state;
  ObjRef one = 0;
  Builder *b = new_builder();
  build_begin_graph(b, &(BuildGraph){0});
  build_node(b, &(BuildNode){.op = OP_TEXT,
                             .inputs = &one,
                             .input_count = LIMIT_NODE_INPUTS + 1});
  build_node(b, &(BuildNode){.op = OP_END});
  build_end_graph(b);
  assert_fails(b, STATUS_LIMIT, "inputs");
}

CASE(too_large_a_text) {
  (void)state;
  size_t size = (size_t)LIMIT_VALUE_BYTES + 1;
  char *bytes = mem_alloc_zero(size, 1);
  Builder *b = new_builder();
  assert_int_equal(build_text(b, slice_from(bytes, size)), 0);
  mem_free(bytes);
  assert_fails(b, STATUS_LIMIT, "text");
}

/* `count` fields called f0, f1, ...; one of them twice, if `twice`. */
static Builder *with_record(uint32_t count, bool twice) {
  static char names[LIMIT_RECORD_FIELDS + 1][8];
  TypeTable types;
  type_table_init(&types);
  TypeId record = type_record(&types, SLICE("Wide"));
  for (uint32_t i = 0; i < count; i++) {
    snprintf(names[i], sizeof names[i], "f%u", twice && i == 2 ? 0 : i);
    type_add_field(&types, record, slice_of(names[i]), TYPE_NUM);
  }
  Builder *b = new_builder();
  build_types(b, &types);
  type_table_free(&types);
  return b;
}

CASE(records) {
  (void)state;
  Error error = {0};
  Object *object = finish(with_record(LIMIT_RECORD_FIELDS, false), &error);
  assert_non_null(object);
  assert_int_equal(object->types.record_count, 1);
  const TypeField *field =
      type_field(object->types, TYPE_BUILTIN_COUNT, SLICE("f77"));
  assert_ptr_equal(field, &object->types.fields[77]);
  assert_true(slice_equal_text(object->types.records[0].name, "Wide"));
  object_free(object);
  assert_fails(with_record(LIMIT_RECORD_FIELDS + 1, false), STATUS_LIMIT,
               "fields of one record");
  assert_fails(with_record(3, true), STATUS_FORMAT,
               "field 2: named as field 0");
}

/* Room is asked for before anything is copied, so no such table is needed. */
CASE(too_large_a_file) {
  (void)state;
  ObjAttr one = {0};
  Builder *b = new_builder();
  build_begin_graph(b, &(BuildGraph){0});
  build_node(b, &(BuildNode){.op = OP_TEXT,
                             .attrs = &one,
                             .attr_count = LIMIT_OBJECT_BYTES / sizeof one});
  build_end_graph(b);
  assert_fails(b, STATUS_LIMIT, "the object file is over");
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(rows_are_interned),
      cmocka_unit_test(many_rows),
      cmocka_unit_test(same_calls_same_bytes),
      cmocka_unit_test(appends_to_what_is_there),
      cmocka_unit_test(bad_bytes_are_replaced),
      cmocka_unit_test(texts_are_in_place),
      cmocka_unit_test(a_number_must_be_finite),
      cmocka_unit_test(too_many_parameters),
      cmocka_unit_test(too_many_inputs),
      cmocka_unit_test(too_large_a_text),
      cmocka_unit_test(records),
      cmocka_unit_test(too_large_a_file),
  };
  return RUN(cases);
}
