/* SPDX-License-Identifier: MIT
 *
 * The pure operations, one line a fact: inputs as JSON, and the JSON of the
 * value or the code and the sentence of the failure. Inputs that a function
 * has not taken are still there; the address sanitizer counts.
 */
#include <stdio.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "runtime/engine/pure.h"
#include "tests/unit/unit.h"

typedef struct Fact {
  Op op;
  const char *inputs; /* a JSON array */
  const char *value;  /* its JSON; NULL: it fails */
  FailureCode code;
  const char *message;
} Fact;

#define IS(op, inputs, value) \
  { OP_##op, inputs, value, 0, NULL }
#define FAILS(op, inputs, code, message) \
  { OP_##op, inputs, NULL, FAILURE_##code, message }

static const Fact number_facts[] = {
    IS(ADD, "[1, 2]", "3"),
    IS(ADD, "[1, 2, 3, -6]", "0"),
    IS(SUB, "[1, 2.5]", "-1.5"),
    IS(MUL, "[3, -4]", "-12"),
    IS(DIV, "[7, 2]", "3.5"),
    IS(MOD, "[7, 3]", "1"),
    IS(MOD, "[-7, 3]", "-1"),
    IS(MOD, "[7.5, -2]", "1.5"),
    IS(NEG, "[5]", "-5"),
    IS(NEG, "[0]", "0"),
    FAILS(DIV, "[1, 0]", ARITHMETIC, "division by zero"),
    FAILS(DIV, "[0, 0]", ARITHMETIC, "division by zero"),
    FAILS(MOD, "[1, 0]", ARITHMETIC, "division by zero"),
    FAILS(MUL, "[1e308, 10]", ARITHMETIC, "`1e+308 * 10` is no finite number"),
    FAILS(ADD, "[1e308, 1e308]", ARITHMETIC,
          "`1e+308 + 1e+308` is no finite number"),
    FAILS(ADD, "[1, \"a\"]", WRONG_TYPE, "`+` cannot take a text"),
    IS(LT, "[1, 2]", "true"),
    IS(LE, "[2, 2]", "true"),
    IS(GT, "[2, 2]", "false"),
    IS(GE, "[\"b\", \"a\"]", "true"),
    IS(LT, "[\"a\", \"ab\"]", "true"),
    IS(LT, "[\"\", \"\"]", "false"),
    IS(LT, "[\"Z\", \"a\"]", "true"),
    IS(GT, "[\"\xC3\xA9\", \"z\"]", "true"),
    FAILS(LT, "[1, \"a\"]", WRONG_TYPE, "`<` cannot take a text"),
    IS(EQ, "[1, 1.0]", "true"),
    IS(EQ, "[{\"a\": [1]}, {\"a\": [1]}]", "true"),
    IS(EQ, "[null, false]", "false"),
    IS(NE, "[\"a\", \"b\"]", "true"),
    IS(AND, "[true, false]", "false"),
    IS(OR, "[true, false]", "true"),
    IS(NOT, "[false]", "true"),
    FAILS(NOT, "[0]", WRONG_TYPE, "`!` cannot take a number"),
    IS(RANGE, "[3]", "[0,1,2]"),
    IS(RANGE, "[0]", "[]"),
    IS(RANGE, "[-1]", "[]"),
    IS(RANGE, "[-1, 2]", "[-1,0,1]"),
    IS(RANGE, "[5, 2]", "[]"),
    FAILS(RANGE, "[1.5]", BAD_ARGUMENT, "range takes whole numbers, not 1.5"),
    FAILS(RANGE, "[1e300, 2e300]", BAD_ARGUMENT,
          "range takes whole numbers, not 1e+300"),
    FAILS(RANGE, "[10000001]", TOO_LARGE,
          "range would make more than 10000000 numbers"),
    FAILS(TO_NUM, "[\" 1_0\"]", NOT_A_NUMBER, "` 1_0` is not a number"),
    IS(TO_NUM, "[\" -2.5e1\\n\"]", "-25"),
    IS(TO_NUM, "[true]", "1"),
    IS(TO_NUM, "[7]", "7"),
    FAILS(TO_NUM, "[\"seven\"]", NOT_A_NUMBER, "`seven` is not a number"),
    FAILS(TO_NUM, "[null]", NOT_A_NUMBER, "`null` is not a number"),
    FAILS(TO_NUM, "[\"1e999\"]", NOT_A_NUMBER, "`1e999` is not a number"),
};

static const Fact text_facts[] = {
    IS(TEXT, "[\"a\", 1, true, null, [1, \"b\"]]",
       "\"a1truenull[1,\\\"b\\\"]\""),
    IS(MERGE, "[\"a\", \"b\"]", "\"a\\nb\""),
    IS(MERGE, "[]", "\"\""),
    IS(WAIT, "[]", "[]"),
    IS(TO_TEXT, "[\"a\"]", "\"a\""),
    IS(TO_TEXT, "[{\"a\": 1.50}]", "\"{\\\"a\\\":1.5}\""),
    IS(LINES, "[\"a\\nb\\r\\nc\"]", "[\"a\",\"b\",\"c\"]"),
    IS(LINES, "[\"a\\n\\n\"]", "[\"a\",\"\"]"),
    IS(LINES, "[\"\"]", "[]"),
    IS(LINES, "[\"\\n\"]", "[\"\"]"),
    IS(LINES, "[\"\\r\\n\\r\"]", "[\"\",\"\\r\"]"),
    IS(SPLIT, "[\"a, b,\", \",\"]", "[\"a\",\" b\",\"\"]"),
    IS(SPLIT, "[\"aaa\", \"aa\"]", "[\"\",\"a\"]"),
    IS(SPLIT, "[\"\", \",\"]", "[\"\"]"),
    IS(SPLIT, "[\"\", \"\"]", "[]"),
    IS(SPLIT, "[\"a\xC3\xA9\xF0\x9F\x98\x80\", \"\"]",
       "[\"a\",\"\xC3\xA9\",\"\xF0\x9F\x98\x80\"]"),
    IS(JOIN, "[[\"a\", 1, [2]]]", "\"a1[2]\""),
    IS(JOIN, "[[\"a\", \"b\"], \", \"]", "\"a, b\""),
    IS(JOIN, "[[], \", \"]", "\"\""),
    FAILS(JOIN, "[{}, \"\"]", BAD_ARGUMENT, "`join` cannot take an object"),
    IS(TRIM, "[\" \\t a b\\n\"]", "\"a b\""),
    IS(TRIM, "[\"\xC2\xA0\xE3\x80\x80x\xE2\x80\x83\xE2\x80\xA9\"]", "\"x\""),
    IS(TRIM, "[\" \xE2\x80\x8B \"]", "\"\xE2\x80\x8B\""),
    IS(TRIM, "[\" \\n\"]", "\"\""),
    IS(TRIM, "[\"\"]", "\"\""),
    IS(LOWER, "[\"ABC \xC3\x89\"]", "\"abc \xC3\xA9\""),
    IS(UPPER, "[\"abc \xC3\xA9\"]", "\"ABC \xC3\x89\""),
    IS(REPLACE, "[\"aXbX\", \"X\", \"--\"]", "\"a--b--\""),
    IS(REPLACE, "[\"aaa\", \"aa\", \"b\"]", "\"ba\""),
    IS(REPLACE, "[\"abc\", \"x\", \"y\"]", "\"abc\""),
    IS(REPLACE, "[\"abc\", \"abc\", \"\"]", "\"\""),
    FAILS(REPLACE, "[\"a\", \"\", \"b\"]", BAD_ARGUMENT,
          "replace has an empty text to look for"),
};

static const Fact part_facts[] = {
    IS(FIELD, "[{\"a\": [1]}, \"a\"]", "[1]"),
    IS(FIELD, "[{\"a\": 1}, \"b\"]", "null"),
    IS(FIELD, "[null, \"b\"]", "null"),
    FAILS(FIELD, "[[1], \"b\"]", NO_FIELD, "a list has no field `b`"),
    FAILS(FIELD, "[\"text\", \"b\"]", NO_FIELD, "a text has no field `b`"),
    IS(INDEX, "[[1, [2], 3], 1]", "[2]"),
    IS(INDEX, "[[1, 2, 3], -1]", "3"),
    IS(INDEX, "[{\"a\": 1}, \"a\"]", "1"),
    IS(INDEX, "[{\"a\": 1}, \"b\"]", "null"),
    FAILS(INDEX, "[[1, 2, 3], 3]", OUT_OF_RANGE,
          "there is no index 3 in a list of 3"),
    FAILS(INDEX, "[[1, 2, 3], -4]", OUT_OF_RANGE,
          "there is no index -4 in a list of 3"),
    FAILS(INDEX, "[[1, 2, 3], 0.5]", OUT_OF_RANGE,
          "there is no index 0.5 in a list of 3"),
    FAILS(INDEX, "[[], 0]", OUT_OF_RANGE, "there is no index 0 in a list of 0"),
    FAILS(INDEX, "[{}, 0]", WRONG_TYPE, "an object has no items"),
    FAILS(INDEX, "[null, 0]", WRONG_TYPE, "null has no items"),
    IS(GET, "[{\"a\": 1}, \"a\"]", "1"),
    IS(GET, "[{\"a\": 1}, \"b\"]", "null"),
    IS(GET, "[{\"a\": 1}, \"b\", [2]]", "[2]"),
    IS(GET, "[{\"a\": null}, \"a\", 2]", "2"),
    IS(GET, "[null, \"a\", 2]", "2"),
    IS(GET, "[[1, 2], 1, 7]", "2"),
    IS(GET, "[[1, 2], 2, 7]", "7"),
    IS(GET, "[[1, 2], 2]", "null"),
    IS(GET, "[[1, 2], -2]", "1"),
    FAILS(GET, "[\"a\", \"a\"]", BAD_ARGUMENT, "`get` cannot take a text"),
    IS(KEYS, "[{\"b\": 1, \"a\": 2}]", "[\"b\",\"a\"]"),
    IS(KEYS, "[{}]", "[]"),
    FAILS(KEYS, "[[]]", WRONG_TYPE, "`keys` cannot take a list"),
    IS(LEN, "[\"a\xC3\xA9\xF0\x9F\x98\x80\"]", "3"),
    IS(LEN, "[[1, [2, 3]]]", "2"),
    IS(LEN, "[{\"a\": 1}]", "1"),
    FAILS(LEN, "[null]", BAD_ARGUMENT, "`len` cannot take null"),
    IS(CONTAINS, "[\"abc\", \"bc\"]", "true"),
    IS(CONTAINS, "[\"abc\", \"\"]", "true"),
    IS(CONTAINS, "[\"abc\", \"d\"]", "false"),
    IS(CONTAINS, "[[1, [2]], [2]]", "true"),
    IS(CONTAINS, "[[1, [2]], 2]", "false"),
    FAILS(CONTAINS, "[\"1\", 1]", BAD_ARGUMENT,
          "`contains` cannot take a number"),
    FAILS(CONTAINS, "[{}, \"a\"]", BAD_ARGUMENT,
          "`contains` cannot take an object"),
    IS(SLICE, "[\"a\xC3\xA9\xF0\x9F\x98\x80z\", 1, 3]",
       "\"\xC3\xA9\xF0\x9F\x98\x80\""),
    IS(SLICE, "[\"abc\", -2]", "\"bc\""),
    IS(SLICE, "[\"abc\", 0, -1]", "\"ab\""),
    IS(SLICE, "[\"abc\", -9, 9]", "\"abc\""),
    IS(SLICE, "[\"abc\", 2, 1]", "\"\""),
    IS(SLICE, "[\"abc\", 1e300]", "\"\""),
    IS(SLICE, "[[1, [2], 3], 1]", "[[2],3]"),
    IS(SLICE, "[[1, 2, 3], -3, -2]", "[1]"),
    IS(SLICE, "[[], 0]", "[]"),
    FAILS(SLICE, "[\"abc\", 0.5]", BAD_ARGUMENT,
          "slice takes whole numbers, not 0.5"),
    IS(TO_JSON, "[\"{\\\"a\\\": 1}\"]", "{\"a\":1}"),
    IS(TO_JSON, "[7]", "7"),
    IS(TO_JSON, "[\"Here:\\n```json\\n[1]\\n```\\nDone.\"]", "[1]"),
    IS(TO_JSON, "[\"```\\n[1]\"]", "[1]"),
    IS(TO_JSON, "[\"```[1]```, ```[2]```\"]", "[1]"),
    IS(TO_JSON, "[\"```json\\n\\\"a ``` b\\\"\\n```\"]", "\"a ``` b\""),
    FAILS(TO_JSON, "[\"nothing\"]", NOT_JSON, NULL),
    FAILS(TO_JSON, "[\"```\\nnothing\\n```\"]", NOT_JSON, NULL),
};

/* ---- the machine --------------------------------------------------------- */

static Value json(const char *text) {
  Value v;
  Error error = {0};
  if (value_from_json(slice_of(text), &v, &error) != STATUS_OK)
    fail_msg("%s: %s", text, error.message);
  return v;
}

static void assert_value(const Fact *fact, Value value) {
  Buf out = {0};
  value_add_json(value, &out);
  if (strcmp(out.data, fact->value) != 0)
    fail_msg("%s %s: %s, not %s", op_table[fact->op].text, fact->inputs,
             out.data, fact->value);
  buf_free(&out);
  value_drop(value);
}

static void assert_failure(const Fact *fact, const Value *in, uint32_t count) {
  Buf out = {0};
  FailureCode code = pure_explain(fact->op, in, count, &out);
  if (code != fact->code || out.data == NULL ||
      (fact->message != NULL && strcmp(out.data, fact->message) != 0))
    fail_msg("%s %s: code %d, %s", op_table[fact->op].text, fact->inputs, code,
             out.data);
  buf_free(&out);
}

static void try_fact(const Fact *fact) {
  Value in[8], all = json(fact->inputs);
  uint32_t count = (uint32_t)value_length(all);
  for (uint32_t i = 0; i < count; i++)
    value_take(in[i] = value_item(all, i), 1);
  value_drop(all);
  Value value = pure_table[fact->op](in, count);
  if (value != VALUE_EMPTY && fact->value == NULL)
    fail_msg("%s %s has a value", op_table[fact->op].text, fact->inputs);
  if (value == VALUE_EMPTY && fact->value != NULL)
    fail_msg("%s %s failed", op_table[fact->op].text, fact->inputs);
  if (value != VALUE_EMPTY) {
    assert_value(fact, value);
    return;
  }
  assert_failure(fact, in, count);
  for (uint32_t i = 0; i < count; i++) value_drop(in[i]);
}

#define TRY_ALL(facts)                                            \
  for (size_t i = 0; i < sizeof(facts) / sizeof((facts)[0]); i++) \
  try_fact(&(facts)[i])

CASE(numbers) {
  (void)state;
  TRY_ALL(number_facts);
}
CASE(texts) {
  (void)state;
  TRY_ALL(text_facts);
}
CASE(parts) {
  (void)state;
  TRY_ALL(part_facts);
}

/* What a NONE yields is of no kind: every function says so, and none looks
 * into it. */
CASE(values_of_no_kind) {
  (void)state;
  for (Op op = 0; op < OP_COUNT; op++) {
    uint32_t count = op_table[op].max_inputs < 3 ? op_table[op].max_inputs : 3;
    Value in[] = {VALUE_UNIT, VALUE_UNIT, VALUE_UNIT};
    Buf out = {0};
    if (pure_table[op] == NULL || count == 0) continue;
    Value value = pure_table[op](in, count);
    if (value == VALUE_EMPTY) {
      pure_explain(op, in, count, &out);
      assert_true(out.length > 0);
    }
    value_drop(value);
    buf_free(&out);
  }
}

CASE(texts_over_the_limit) {
  (void)state;
  char *bytes;
  Value half = value_text_new((size_t)LIMIT_VALUE_BYTES / 2 + 1, &bytes);
  Buf out = {0};
  memset(bytes, 'a', (size_t)LIMIT_VALUE_BYTES / 2 + 1);
  Value in[] = {half, half};
  assert_true(pure_table[OP_TEXT](in, 2) == VALUE_EMPTY);
  assert_int_equal(pure_explain(OP_TEXT, in, 2, &out), FAILURE_TOO_LARGE);
  assert_string_equal(out.data, "the text would be longer than 256 MiB");
  assert_true(pure_table[OP_LIST](in, 2) == VALUE_EMPTY);
  value_drop(half);
  Value thousand = value_text_new(1000, &bytes);
  memset(bytes, 'a', 1000);
  Value replace[] = {thousand, value_text(SLICE("a")),
                     value_text_new(1 << 20, &bytes)};
  memset(bytes, 'b', 1 << 20);
  assert_true(pure_table[OP_REPLACE](replace, 3) == VALUE_EMPTY);
  for (int i = 0; i < 3; i++) value_drop(replace[i]);
  buf_free(&out);
}

CASE(lists_over_the_limit) {
  (void)state;
  char *bytes;
  Value lines[] = {value_text_new(LIMIT_LIST_ITEMS + 1, &bytes)};
  Buf out = {0};
  memset(bytes, '\n', LIMIT_LIST_ITEMS + 1);
  assert_true(pure_table[OP_LINES](lines, 1) == VALUE_EMPTY);
  assert_int_equal(pure_explain(OP_LINES, lines, 1, &out), FAILURE_TOO_LARGE);
  value_drop(lines[0]);
  buf_free(&out);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(numbers),
      cmocka_unit_test(texts),
      cmocka_unit_test(parts),
      cmocka_unit_test(values_of_no_kind),
      cmocka_unit_test(texts_over_the_limit),
      cmocka_unit_test(lists_over_the_limit),
  };
  return RUN(cases);
}
