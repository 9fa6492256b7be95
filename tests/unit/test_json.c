/* SPDX-License-Identifier: MIT
 *
 * json.c: what is accepted, where what is refused is wrong, and that numbers
 * and texts come back from a round trip. Every text is parsed out of a block
 * of exactly its size, so that the address sanitizer sees a read past it.
 */
#include "core/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/unit/unit.h"

static cJSON *parse(Slice text, Error *error) {
  char *exact = mem_alloc(text.length);
  memcpy(exact, text.data, text.length);
  cJSON *document = json_parse(slice_from(exact, text.length), error);
  mem_free(exact);
  return document;
}

static void assert_accepted(Slice text) {
  Error error = {0};
  cJSON *document = parse(text, &error);
  if (document == NULL) fail_msg("%.*s: %s", SLICE_ARG(text), error.message);
  assert_int_equal(error.status, STATUS_OK);
  cJSON_Delete(document);
}

static void assert_refused(Slice text, const char *message) {
  Error error = {0};
  assert_null(parse(text, &error));
  assert_int_equal(error.status, STATUS_FORMAT);
  assert_string_equal(error.message, message);
}

CASE(accepted) {
  (void)state;
  static const Slice texts[] = {
#define T(t) {t, sizeof(t) - 1}
      T("{}"),
      T("[]"),
      T(" [ ] "),
      T("true"),
      T("null"),
      T("false"),
      T("\"\""),
      T("0"),
      T("-0"),
      T("1.5e-7"),
      T("1E+2"),
      T("-12.25"),
      T("{\"a\":[1,{\"b\":null}],\"c\":\"\\u00e9\\ud83d\\ude00\\n\"}"),
      T("\xEF\xBB\xBF{}"),
      T("\"\xC3\xA9\177\""),
      T("\t\r\n1 "),
      T("1e-999"),
#undef T
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_accepted(texts[i]);
  }
}

CASE(refused) {
  (void)state;
  static const struct {
    Slice text;
    const char *message;
  } cases[] = {
#define T(t) {t, sizeof(t) - 1}
      {T(""), "line 1, column 1: the text is empty"},
      {T("  "), "line 1, column 3: the text ends too early"},
      {T("\xEF\xBB\xBF"), "line 1, column 1: the text is empty"},
      {T("{}x"), "line 1, column 3: more text after the end of the document"},
      {T("{}\0"), "line 1, column 3: more text after the end of the document"},
      {T("\0{}"), "line 1, column 1: expected a value"},
      {T("[1,\n 2,]"), "line 2, column 4: expected a value"},
      {T("[1 2]"), "line 1, column 4: expected ',' or ']'"},
      {T("[1"), "line 1, column 3: expected ',' or ']'"},
      {T("{\"a\":1,}"), "line 1, column 8: expected a name in quotes"},
      {T("{\"a\" 1}"), "line 1, column 6: expected ':'"},
      {T("{\"a\":1"), "line 1, column 7: expected ',' or '}'"},
      {T("{a:1}"), "line 1, column 2: expected a name in quotes"},
      {T("[01]"), "line 1, column 2: malformed number"},
      {T("-"), "line 1, column 1: malformed number"},
      {T("1."), "line 1, column 1: malformed number"},
      {T("1e"), "line 1, column 1: malformed number"},
      {T("1e+"), "line 1, column 1: malformed number"},
      {T("+1"), "line 1, column 1: expected a value"},
      {T(".5"), "line 1, column 1: expected a value"},
      {T("0x10"), "line 1, column 2: more text after the end of the document"},
      {T("NaN"), "line 1, column 1: expected a value"},
      {T("1e999"), "line 1, column 1: number too large"},
      {T("tru"), "line 1, column 1: expected a value"},
      {T("'a'"), "line 1, column 1: expected a value"},
      {T("\"abc"), "line 1, column 1: string without an end"},
      {T("\"abc\\\""), "line 1, column 1: string without an end"},
      {T("\"a\tb\""), "line 1, column 3: control character in a string"},
      {T("\"a\0b\""), "line 1, column 3: control character in a string"},
      {T("\"\\x\""), "line 1, column 2: unknown escape"},
      {T("\"\\"), "line 1, column 2: unknown escape"},
      {T("\"\\u12g4\""), "line 1, column 2: bad \\u escape"},
      {T("\"\\u12"), "line 1, column 2: bad \\u escape"},
      {T("\"\\u0000\""), "line 1, column 2: \\u0000 is not accepted"},
      {T("\"\\ud83d\""), "line 1, column 2: half of a surrogate pair"},
      {T("\"\\ude00\""), "line 1, column 2: half of a surrogate pair"},
      {T("\"\\ud83d\\u0041\""), "line 1, column 2: half of a surrogate pair"},
      {T("\"\xC3\xA9\xFF\""), "line 1, column 3: not UTF-8"},
      {T("/**/1"), "line 1, column 1: expected a value"},
#undef T
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_refused(cases[i].text, cases[i].message);
  }
}

CASE(depth_is_bounded) {
  (void)state;
  Buf text = {0};
  buf_add_repeat(&text, '[', LIMIT_JSON_DEPTH);
  buf_add_repeat(&text, ']', LIMIT_JSON_DEPTH);
  assert_accepted(buf_slice(&text));
  buf_clear(&text);
  buf_add_repeat(&text, '[', 1000000);
  assert_refused(buf_slice(&text), "line 1, column 129: nested too deep");
  /* Breadth is not depth. */
  buf_clear(&text);
  buf_add_char(&text, '[');
  for (int i = 0; i < 1000; i++) buf_add_text(&text, "[{}],");
  buf_add_text(&text, "[]]");
  assert_accepted(buf_slice(&text));
  buf_free(&text);
}

CASE(values_are_counted) {
  (void)state;
  Buf text = {0};
  buf_add_char(&text, '[');
  for (int i = 2; i < LIMIT_JSON_VALUES; i++) buf_add_text(&text, "0,");
  buf_add_text(&text, "0]"); /* with the list, just as many */
  assert_accepted(buf_slice(&text));
  text.length--;
  buf_add_text(&text, ",0]");
  assert_refused(buf_slice(&text), "line 1, column 8388608: too many values");
  buf_free(&text);
}

CASE(long_numbers) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "0.");
  buf_add_repeat(&text, '1', 61);
  assert_accepted(buf_slice(&text));
  buf_add_char(&text, '1');
  assert_refused(buf_slice(&text), "line 1, column 1: number too long");
  buf_free(&text);
}

/* Every truncation and every change of a byte: refused or accepted, and what
 * is accepted has been understood by cJSON too. */
CASE(mutants) {
  (void)state;
  static const char seed[] =
      "{\"a\":[1,-2.5e3,true,null],\"b\\n\\u00e9\":{\"c\":\"d\"},\"e\":[]}";
  char text[sizeof seed];
  unsigned accepted = 0;
  for (size_t at = 0; at < sizeof seed - 1; at++) {
    for (int byte = 0; byte < 256; byte++) {
      memcpy(text, seed, sizeof seed);
      text[at] = (char)byte;
      Error error = {0};
      cJSON *document = parse(slice_from(text, sizeof seed - 1), &error);
      if (document == NULL) assert_int_equal(error.status, STATUS_FORMAT);
      if (document != NULL) accepted++;
      cJSON_Delete(document);
    }
    Error error = {0};
    assert_null(parse(slice_from(seed, at), &error));
    assert_int_equal(error.status, STATUS_FORMAT);
  }
  assert_true(accepted > 100);
}

static void assert_text(Slice text, const char *expected) {
  Buf out = {0};
  json_add_text(&out, text);
  assert_string_equal(out.data, expected);
  buf_free(&out);
}

CASE(writing_text) {
  (void)state;
  assert_text(SLICE(""), "\"\"");
  assert_text(slice_from(NULL, 0), "\"\"");
  assert_text(SLICE("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
  assert_text(SLICE("\b\f\n\r\t\001\037"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"");
  assert_text(SLICE("a\0b"), "\"a\\u0000b\"");
  assert_text(SLICE("\xC3\xA9"), "\"\xC3\xA9\"");
  assert_text(SLICE("x\xFFy\xC3"), "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"");
}

static void assert_number(double value, const char *expected) {
  Buf out = {0};
  json_add_number(&out, value);
  assert_string_equal(out.data, expected);
  buf_free(&out);
}

CASE(writing_numbers) {
  (void)state;
  assert_number(0, "0");
  assert_number(-0.0, "0");
  assert_number(3, "3");
  assert_number(-42, "-42");
  assert_number(999999999999999, "999999999999999");
  assert_number(1e15, "1000000000000000");
  assert_number(123456789012345680.0, "123456789012345680");
  assert_number(1e21, "1e+21");
  assert_number(0.1, "0.1");
  assert_number(0.1 + 0.2, "0.30000000000000004");
  assert_number(1.0 / 3, "0.3333333333333333");
  assert_number(9007199254740993.0, "9007199254740992");
  assert_number(-1e-7, "-1e-07");
  assert_number(5e-324, "4.94065645841247e-324");
  assert_number(1.7976931348623157e308, "1.7976931348623157e+308");
  assert_number((double)NAN, "null");
  assert_number((double)INFINITY, "null");
  assert_number(-(double)INFINITY, "null");
}

CASE(numbers_read_back) {
  (void)state;
  uint64_t random = 1;
  Buf out = {0};
  for (int i = 0; i < 100000; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    double value = 0;
    memcpy(&value, &random, sizeof value);
    if (!isfinite(value)) continue;
    buf_clear(&out);
    json_add_number(&out, value);
    assert_true(strtod(out.data, NULL) == value);
    assert_accepted(buf_slice(&out));
  }
  buf_free(&out);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(accepted),         cmocka_unit_test(refused),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(values_are_counted), cmocka_unit_test(long_numbers),
      cmocka_unit_test(mutants),          cmocka_unit_test(writing_text),
      cmocka_unit_test(writing_numbers),  cmocka_unit_test(numbers_read_back),
  };
  return RUN(cases);
}
