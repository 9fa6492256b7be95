/* SPDX-License-Identifier: MIT
 *
 * runtime/value: what a value is and prints as, equality, JSON read and
 * written, values held against types, and who owns what: the address
 * sanitizer finds what is freed twice or not at all.
 */
#include "runtime/value/value.h"

#include <math.h>
#include <stdio.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/unit/unit.h"

static Value json(const char *text) {
  Value v;
  Error error = {0};
  if (value_from_json(slice_of(text), &v, &error) != STATUS_OK)
    fail_msg("%s: %s", text, error.message);
  return v;
}

static void assert_plain(Value v, const char *text) {
  Buf out = {0};
  value_add_plain(v, &out);
  assert_string_equal(out.data, text);
  buf_free(&out);
}

static void assert_json(Value v, const char *text) {
  Buf out = {0};
  value_add_json(v, &out);
  assert_string_equal(out.data, text);
  buf_free(&out);
}

CASE(kinds) {
  (void)state;
  Value text = value_text(SLICE("a")), list = value_list(NULL, 0);
  Value map = value_map(NULL, 0);
  assert_int_equal(value_kind(value_num(0)), VALUE_KIND_NUM);
  assert_int_equal(value_kind(value_num(-1e308)), VALUE_KIND_NUM);
  assert_int_equal(value_kind(value_num(-INFINITY)), VALUE_KIND_NUM);
  assert_int_equal(value_kind(value_num(NAN)), VALUE_KIND_NUM);
  assert_int_equal(value_kind(value_num(-NAN)), VALUE_KIND_NUM);
  assert_int_equal(value_kind(VALUE_TRUE), VALUE_KIND_BOOL);
  assert_int_equal(value_kind(VALUE_EMPTY), VALUE_KIND_EMPTY);
  assert_int_equal(value_kind(VALUE_UNIT), VALUE_KIND_UNIT);
  assert_int_equal(value_kind(VALUE_POISON), VALUE_KIND_POISON);
  assert_int_equal(value_kind(VALUE_NULL), VALUE_KIND_NULL);
  assert_int_equal(value_kind(VALUE_ABSENT), VALUE_KIND_ABSENT);
  assert_int_equal(value_kind(text), VALUE_KIND_TEXT);
  assert_int_equal(value_kind(list), VALUE_KIND_LIST);
  assert_int_equal(value_kind(map), VALUE_KIND_MAP);
  assert_true(value_is_heap(text) && value_is_heap(list) && value_is_heap(map));
  assert_false(value_is_heap(VALUE_ABSENT) || value_is_heap(VALUE_TRUE) ||
               value_is_heap(value_num(-NAN)));
  value_drop(text);
  value_drop(list);
  value_drop(map);
}

CASE(plain_forms) {
  (void)state;
  Value text = value_text(SLICE("a \"b\"\n"));
  Value doc = json("{\"a\": [1, 2.5, true, null, \"x\\n\"], \"\": {}}");
  assert_plain(text, "a \"b\"\n");
  assert_json(text, "\"a \\\"b\\\"\\n\"");
  assert_plain(value_num(7), "7");
  assert_plain(VALUE_FALSE, "false");
  assert_plain(VALUE_NULL, "null");
  assert_plain(doc, "{\"a\":[1,2.5,true,null,\"x\\n\"],\"\":{}}");
  value_drop(text);
  value_drop(doc);
}

CASE(maps_small_and_large) {
  (void)state;
  for (int count = 0; count < 100; count++) {
    Buf text = {0};
    buf_add_char(&text, '{');
    for (int i = 0; i < count; i++)
      buf_addf(&text, "%s\"key %d\": %d", i > 0 ? ", " : "", i, i * i);
    buf_add_char(&text, '}');
    Value map = json(text.data);
    assert_int_equal(value_length(map), count);
    for (int i = 0; i < count; i++) {
      char name[20];
      snprintf(name, sizeof name, "key %d", i);
      Value got = value_map_get(map, slice_of(name));
      assert_int_equal(value_kind(got), VALUE_KIND_NUM);
      assert_true(value_to_num(got) == i * i);
    }
    assert_true(value_map_get(map, SLICE("key")) == VALUE_EMPTY);
    assert_true(value_map_get(map, (Slice){0}) == VALUE_EMPTY);
    value_drop(map);
    buf_free(&text);
  }
}

CASE(of_equal_keys_the_last_counts) {
  (void)state;
  Value map = json("{\"a\": [1], \"b\": 2, \"a\": \"x\"}");
  assert_json(map, "{\"a\":\"x\",\"b\":2}");
  value_drop(map);
}

static void assert_equal_is(const char *one, const char *two, bool equal) {
  Value a = json(one), b = json(two);
  if (value_equal(a, b) != equal || value_equal(b, a) != equal)
    fail_msg("%s and %s", one, two);
  assert_true(value_equal(a, a));
  value_drop(a);
  value_drop(b);
}

CASE(equality) {
  (void)state;
  static const char *const different[] = {
      "1",     "true",       "false",     "null",       "\"\"",
      "\"1\"", "[]",         "2",         "\"a\"",      "[1]",
      "{}",    "{\"a\": 1}", "{\"a\":2}", "{\"b\": 1}", "[[]]"};
  enum { COUNT = sizeof different / sizeof different[0] };
  for (int i = 0; i < COUNT; i++)
    for (int k = 0; k < COUNT; k++)
      assert_equal_is(different[i], different[k], i == k);
  assert_equal_is("{\"a\": 1, \"b\": [2]}", "{\"b\": [2.0], \"a\": 1}", true);
  assert_equal_is("{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"c\": 2}", false);
  assert_equal_is("0", "-0", true);
  assert_equal_is("[\"ab\", \"c\"]", "[\"a\", \"bc\"]", false);
}

CASE(references) {
  (void)state;
  Value text = value_text(SLICE("shared"));
  Value items[] = {text, text};
  value_take(text, 2);
  Value list = value_list(items, 2);
  value_take(list, 1);
  Value entries[] = {text, list};
  value_take(text, 1);
  Value map = value_map(entries, 1);
  value_drop(list);
  value_drop(text);
  assert_plain(map, "{\"shared\":[\"shared\",\"shared\"]}");
  value_drop(map);
}

/* A list of itself twice over doubles what its JSON takes, not its memory. */
CASE(lists_that_do_not_fit) {
  (void)state;
  Value list = value_list(NULL, 0);
  uint32_t rounds = 0;
  for (;; rounds++) {
    Value items[] = {list, list};
    if (!value_list_fits(items, 2)) break;
    value_take(list, 1);
    list = value_list(items, 2);
  }
  assert_in_range(rounds, 20, 30);
  value_drop(list);
  list = value_list(NULL, 0);
  for (rounds = 1; value_list_fits(&list, 1); rounds++)
    list = value_list(&list, 1);
  assert_int_equal(rounds, LIMIT_JSON_DEPTH);
  value_drop(list);
}

/* ---- types --------------------------------------------------------------- */

/* `type Item { name: str }`, `type Invoice { total: num, items: list<Item>,
 * rest: json }`. */
typedef struct Types {
  TypeTable table;
  TypeId item, items, invoice, nums;
} Types;

static Types make_types(void) {
  Types t;
  type_table_init(&t.table);
  t.item = type_record(&t.table, SLICE("Item"));
  type_add_field(&t.table, t.item, SLICE("name"), TYPE_TEXT);
  t.items = type_list_of(&t.table, t.item);
  t.invoice = type_record(&t.table, SLICE("Invoice"));
  type_add_field(&t.table, t.invoice, SLICE("total"), TYPE_NUM);
  type_add_field(&t.table, t.invoice, SLICE("items"), t.items);
  type_add_field(&t.table, t.invoice, SLICE("rest"), TYPE_JSON);
  t.nums = type_list_of(&t.table, TYPE_NUM);
  return t;
}

static void assert_converts(const Types *t, const char *text, TypeId type,
                            const char *expected) {
  Error error = {0};
  Value from = json(text), to = VALUE_EMPTY;
  if (value_convert(from, type_table_view(&t->table), type, &to, &error) !=
      STATUS_OK)
    fail_msg("%s: %s", text, error.message);
  value_drop(from);
  assert_json(to, expected);
  value_drop(to);
}

static void assert_no_value(const Types *t, const char *text, TypeId type,
                            const char *message) {
  Error error = {0};
  Value from = json(text), to;
  assert_int_equal(
      value_convert(from, type_table_view(&t->table), type, &to, &error),
      STATUS_FORMAT);
  assert_string_equal(error.message, message);
  value_drop(from);
}

CASE(conversions) {
  (void)state;
  Types t = make_types();
  assert_converts(&t, "1", TYPE_NUM, "1");
  assert_converts(&t, "\"a\"", TYPE_TEXT, "\"a\"");
  assert_converts(&t, "false", TYPE_BOOL, "false");
  assert_converts(&t, "{\"a\": null}", TYPE_JSON, "{\"a\":null}");
  assert_converts(&t, "[1, 2]", t.nums, "[1,2]");
  assert_converts(&t, "[]", t.items, "[]");
  assert_converts(
      &t, "{\"rest\": null, \"items\": [{\"name\": \"a\"}], \"total\": 3}",
      t.invoice, "{\"total\":3,\"items\":[{\"name\":\"a\"}],\"rest\":null}");
  type_table_free(&t.table);
}

CASE(conversions_that_fail) {
  (void)state;
  Types t = make_types();
  assert_no_value(&t, "\"1\"", TYPE_NUM, "expected num, found a text");
  assert_no_value(&t, "null", TYPE_TEXT, "expected str, found null");
  assert_no_value(&t, "1", TYPE_BOOL, "expected bool, found a number");
  assert_no_value(&t, "{}", t.nums, "expected list<num>, found an object");
  assert_no_value(&t, "[1, true]", t.nums, "[1]: expected num, found a bool");
  assert_no_value(&t, "[]", t.item, "expected Item, found a list");
  assert_no_value(&t, "{}", t.item, "it lacks the field `name` of Item");
  assert_no_value(&t, "{\"name\": \"a\", \"age\": 1}", t.item,
                  "there is no field `age` of Item");
  assert_no_value(
      &t, "{\"total\": 1, \"items\": [{\"name\": \"a\"}, {\"name\": 2}]}",
      t.invoice, ".items[1].name: expected str, found a number");
  assert_no_value(&t, "[{\"name\": \"a\"}, {}]", t.items,
                  "[1]: it lacks the field `name` of Item");
  type_table_free(&t.table);
}

static void assert_parses(const Types *t, const char *text, TypeId type,
                          const char *expected) {
  Error error = {0};
  Value v;
  if (value_parse(slice_of(text), type_table_view(&t->table), type, &v,
                  &error) != STATUS_OK)
    fail_msg("%s: %s", text, error.message);
  assert_json(v, expected);
  value_drop(v);
}

static void assert_no_argument(const Types *t, const char *text, TypeId type,
                               const char *message) {
  Error error = {0};
  Value v;
  assert_int_equal(
      value_parse(slice_of(text), type_table_view(&t->table), type, &v, &error),
      STATUS_USAGE);
  assert_string_equal(error.message, message);
}

CASE(arguments) {
  (void)state;
  Types t = make_types();
  assert_parses(&t, " 5 ", TYPE_TEXT, "\" 5 \"");
  assert_parses(&t, " 5 ", TYPE_NUM, "5");
  assert_parses(&t, "true", TYPE_BOOL, "true");
  assert_parses(&t, "[1,2]", t.nums, "[1,2]");
  assert_parses(&t, "{\"name\": \"a\"}", t.item, "{\"name\":\"a\"}");
  assert_parses(&t, " {\"a\": [] }", TYPE_JSON, "{\"a\":[]}");
  assert_no_argument(&t, "five", TYPE_NUM, "not a num");
  assert_no_argument(&t, "1", TYPE_BOOL, "not a bool");
  assert_no_argument(&t, "\xFF", TYPE_TEXT, "not valid UTF-8");
  assert_no_argument(&t, "[\"a\"]", t.nums,
                     "not a list<num>: [0]: expected num, found a text");
  assert_no_argument(&t, "{}", t.item,
                     "not a Item: it lacks the field `name` of Item");
  assert_no_argument(&t, "1", TYPE_VOID,
                     "not a void: expected void, found a number");
  type_table_free(&t.table);
}

CASE(json_that_is_refused) {
  (void)state;
  Value v;
  Buf deep = {0};
  Error error = {0};
  buf_add_repeat(&deep, '[', LIMIT_JSON_DEPTH + 1);
  buf_add_repeat(&deep, ']', LIMIT_JSON_DEPTH + 1);
  assert_int_not_equal(value_from_json(buf_slice(&deep), &v, &error),
                       STATUS_OK);
  error = (Error){0};
  assert_int_not_equal(value_from_json(SLICE("{\"a\" 1}"), &v, &error),
                       STATUS_OK);
  assert_true(slice_starts_with(slice_of(error.message), SLICE("line 1, ")));
  buf_free(&deep);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(kinds),
      cmocka_unit_test(plain_forms),
      cmocka_unit_test(maps_small_and_large),
      cmocka_unit_test(of_equal_keys_the_last_counts),
      cmocka_unit_test(equality),
      cmocka_unit_test(references),
      cmocka_unit_test(lists_that_do_not_fit),
      cmocka_unit_test(conversions),
      cmocka_unit_test(conversions_that_fail),
      cmocka_unit_test(arguments),
      cmocka_unit_test(json_that_is_refused),
  };
  return RUN(cases);
}
