/* SPDX-License-Identifier: MIT
 *
 * types.c: lists made once, bounded in depth and number; what fits what; the
 * names people read.
 */
#include "core/object/types.h"

#include "core/base/limits.h"
#include "tests/unit/unit.h"

static bool fits(const TypeTable *t, TypeId from, TypeId to) {
  return type_fits(type_table_view(t), from, to);
}

static void assert_name(const TypeTable *t, TypeId type, const char *name) {
  Buf out = {0};
  type_add_name(type_table_view(t), type, &out);
  assert_string_equal(out.data, name);
  buf_free(&out);
}

CASE(lists_are_made_once) {
  (void)state;
  TypeTable t;
  type_table_init(&t);
  TypeId texts = type_list_of(&t, TYPE_TEXT);
  assert_int_equal(texts, TYPE_BUILTIN_COUNT);
  assert_int_equal(type_list_of(&t, TYPE_TEXT), texts);
  assert_int_not_equal(type_list_of(&t, TYPE_NUM), texts);
  assert_int_equal(type_list_of(&t, TYPE_NONE), texts + 2);
  assert_int_equal(type_list_of(&t, TYPE_VOID), TYPE_NONE);
  assert_int_equal(t.rows.length, TYPE_BUILTIN_COUNT + 3);
  type_table_free(&t);
}

CASE(depth_is_bounded) {
  (void)state;
  TypeTable t;
  type_table_init(&t);
  TypeId type = TYPE_BOOL;
  for (int depth = 0; depth < LIMIT_TYPE_DEPTH; depth++) {
    type = type_list_of(&t, type);
    assert_int_not_equal(type, TYPE_NONE);
  }
  assert_int_equal(type_list_of(&t, type), TYPE_NONE);
  type_table_free(&t);
}

CASE(what_fits) {
  (void)state;
  TypeTable t;
  type_table_init(&t);
  TypeId empty = type_list_of(&t, TYPE_NONE);
  TypeId texts = type_list_of(&t, TYPE_TEXT);
  TypeId nums = type_list_of(&t, TYPE_NUM);
  TypeId deep = type_list_of(&t, texts);
  TypeId deep_empty = type_list_of(&t, empty);
  assert_true(fits(&t, TYPE_TEXT, TYPE_TEXT));
  assert_false(fits(&t, TYPE_TEXT, TYPE_NUM));
  assert_false(fits(&t, TYPE_TEXT, texts));
  assert_false(fits(&t, texts, TYPE_TEXT));
  assert_false(fits(&t, texts, nums));
  assert_true(fits(&t, empty, texts));
  assert_true(fits(&t, empty, deep));
  assert_true(fits(&t, deep_empty, deep));
  assert_false(fits(&t, deep_empty, texts));
  assert_false(fits(&t, texts, empty));
  assert_false(fits(&t, empty, TYPE_TEXT));
  assert_false(fits(&t, 999, texts));
  assert_false(fits(&t, texts, 999));
  type_table_free(&t);
}

CASE(names) {
  (void)state;
  TypeTable t;
  type_table_init(&t);
  assert_name(&t, TYPE_VOID, "void");
  assert_name(&t, TYPE_TEXT, "str");
  assert_name(&t, TYPE_NUM, "num");
  assert_name(&t, TYPE_BOOL, "bool");
  assert_name(&t, type_list_of(&t, type_list_of(&t, TYPE_TEXT)),
              "list<list<str>>");
  assert_name(&t, type_list_of(&t, TYPE_NONE), "list<?>");
  assert_name(&t, TYPE_NONE, "?");
  assert_name(&t, TYPE_JSON, "json");
  assert_name(&t, type_list_of(&t, type_record(&t, SLICE("Pair"))),
              "list<Pair>");
  type_table_free(&t);
}

CASE(json_takes_all_but_void) {
  (void)state;
  TypeTable t;
  type_table_init(&t);
  TypeId texts = type_list_of(&t, TYPE_TEXT);
  TypeId anything = type_list_of(&t, TYPE_JSON);
  TypeId record = type_record(&t, SLICE("Pair"));
  assert_true(fits(&t, TYPE_TEXT, TYPE_JSON));
  assert_true(fits(&t, record, TYPE_JSON));
  assert_true(fits(&t, texts, TYPE_JSON));
  assert_true(fits(&t, texts, anything));
  assert_false(fits(&t, TYPE_VOID, TYPE_JSON));
  assert_false(fits(&t, TYPE_JSON, TYPE_TEXT));
  assert_false(fits(&t, TYPE_JSON, record));
  assert_false(fits(&t, anything, texts));
  type_table_free(&t);
}

CASE(records) {
  (void)state;
  TypeTable t;
  type_table_init(&t);
  TypeId one = type_record(&t, SLICE("One")),
         two = type_record(&t, SLICE("Two"));
  TypeId twos = type_list_of(&t, two);
  type_add_field(&t, two, SLICE("next"), twos);
  type_add_field(&t, two, SLICE("one"), one);
  type_add_field(&t, one, SLICE("n"), TYPE_NUM);
  TypeView view = type_table_view(&t);
  assert_int_equal(type_field(view, two, SLICE("one"))->type, one);
  assert_int_equal(type_field(view, two, SLICE("next"))->type, twos);
  assert_int_equal(type_field(view, one, SLICE("n"))->type, TYPE_NUM);
  assert_null(type_field(view, one, SLICE("one")));
  assert_false(fits(&t, one, two));
  assert_true(fits(&t, one, one));
  type_table_free(&t);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(lists_are_made_once),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(what_fits),
      cmocka_unit_test(json_takes_all_but_void),
      cmocka_unit_test(records),
      cmocka_unit_test(names),
  };
  return RUN(cases);
}
