/* SPDX-License-Identifier: MIT
 *
 * diag.c: what is printed, to the byte: alignment under tabs and wide text,
 * long lines, spans at the edges, related places, limits, JSON.
 */
#include "core/base/diag.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/limits.h"
#include "tests/unit/unit.h"

#define FFFD "\xEF\xBF\xBD"

/* A source with a sink; every test has one. */
typedef struct Bench {
  Source source;
  Arena arena;
  DiagSink sink;
  Buf out;
} Bench;

static void bench_init(Bench *b, Slice text) {
  *b = (Bench){.source = {"x.ais", text}};
  arena_init(&b->arena);
  diag_init(&b->sink, &b->source, &b->arena);
}

static void bench_free(Bench *b) {
  diag_free(&b->sink);
  arena_free(&b->arena);
  buf_free(&b->out);
}

static Diag *report(Bench *b, uint32_t start, uint32_t length) {
  return diag_report(&b->sink, DIAG_UNDEFINED_VARIABLE, (Span){start, length},
                     "undefined variable `%s`", "v");
}

static void assert_text(Bench *b, const char *expected) {
  buf_clear(&b->out);
  diag_render_text(&b->sink, false, &b->out);
  assert_string_equal(b->out.data, expected);
}

/* The one snippet of a span in a text. */
static void assert_span(Slice text, uint32_t start, uint32_t length,
                        const char *expected) {
  Bench b;
  bench_init(&b, text);
  report(&b, start, length);
  diag_render_text(&b.sink, false, &b.out);
  const char *title = "error[E0102]: undefined variable `v`\n";
  assert_true(slice_starts_with(buf_slice(&b.out), slice_of(title)));
  assert_string_equal(b.out.data + strlen(title), expected);
  bench_free(&b);
}

CASE(whole_message) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("1\n2\n3\n4\n5\n6\n7\n8\n"
                       "        ask(\"Process this: \" + undefined_input)"
                       " -> result\n}\n"));
  Diag *diag = diag_report(&b.sink, DIAG_UNDEFINED_VARIABLE, (Span){47, 15},
                           "undefined variable `%s`", "undefined_input");
  diag->label = "not bound in this flow";
  diag->help = diag_text(&b.sink, "did you mean `%s`?", "input");
  assert_text(&b,
              "error[E0102]: undefined variable `undefined_input`\n"
              "  --> x.ais:9:32\n"
              "   |\n"
              " 9 |         ask(\"Process this: \" + undefined_input)"
              " -> result\n"
              "   |                                ^^^^^^^^^^^^^^^"
              " not bound in this flow\n"
              "   = help: did you mean `input`?\n");
  bench_free(&b);
}

CASE(related_is_a_second_snippet) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("1\n2\n3\nlet a = 1\n5\n6\n7\n8\n9\nlet a = 2\n"));
  Diag *diag = report(&b, 30, 1);
  diag->related = (Span){10, 1};
  diag->related_label = "first bound here";
  assert_text(&b,
              "error[E0102]: undefined variable `v`\n"
              "   --> x.ais:10:5\n"
              "    |\n"
              " 10 | let a = 2\n"
              "    |     ^\n"
              "   --> x.ais:4:5\n"
              "    |\n"
              "  4 | let a = 1\n"
              "    |     - first bound here\n");
  bench_free(&b);
}

CASE(spans_at_the_edges) {
  (void)state;
  /* Nothing is pointed between two bytes, before the end of a line, at the end
   * of the text and past it. */
  assert_span(SLICE("ab"), 1, 0, "  --> x.ais:1:2\n   |\n 1 | ab\n   |  ^\n");
  assert_span(SLICE("ab\n"), 2, 1,
              "  --> x.ais:1:3\n   |\n 1 | ab\n   |   ^\n");
  assert_span(SLICE("ab"), 2, 0, "  --> x.ais:1:3\n   |\n 1 | ab\n   |   ^\n");
  assert_span(SLICE("ab"), 99, 9, "  --> x.ais:1:3\n   |\n 1 | ab\n   |   ^\n");
  assert_span(SLICE(""), 0, 0, "  --> x.ais:1:1\n   |\n 1 |\n   | ^\n");
  assert_span(SLICE("ab\n"), 3, 0, "  --> x.ais:2:1\n   |\n 2 |\n   | ^\n");
  assert_span(SLICE("ab"), 0, UINT32_MAX,
              "  --> x.ais:1:1\n   |\n 1 | ab\n   | ^^\n");
  assert_span(SLICE("ab"), UINT32_MAX, UINT32_MAX,
              "  --> x.ais:1:3\n   |\n 1 | ab\n   |   ^\n");
}

CASE(several_lines_underline_the_first) {
  (void)state;
  assert_span(SLICE("x = \"ab\r\ncd\"\n"), 4, 7,
              "  --> x.ais:1:5\n   |\n 1 | x = \"ab\n   |     ^^^\n");
}

CASE(carets_stand_under_their_text) {
  (void)state;
  assert_span(SLICE("\ta\tbc"), 3, 2,
              "  --> x.ais:1:4\n   |\n 1 | \ta\tbc\n   | \t \t^^\n");
  assert_span(SLICE("\xC3\xA9\xE2\x82\xAC"
                    "ab"),
              5, 1,
              "  --> x.ais:1:3\n   |\n 1 | \xC3\xA9\xE2\x82\xAC"
              "ab\n"
              "   |   ^\n");
  assert_span(SLICE("\xC3\xA9\xE2\x82\xAC"), 0, 5,
              "  --> x.ais:1:1\n   |\n 1 | \xC3\xA9\xE2\x82\xAC\n"
              "   | ^^\n");
}

CASE(terminal_is_not_steered) {
  (void)state;
  assert_span(SLICE("\033[2Ja\0\xC2\x9B\xFF\xE2\x82v"), 11, 1,
              "  --> x.ais:1:10\n   |\n"
              " 1 | " FFFD "[2Ja" FFFD FFFD FFFD FFFD
              "v\n"
              "   |          ^\n");
  Bench b;
  bench_init(&b, SLICE("a"));
  b.source.name = "x\n.ais";
  Diag *diag = diag_report(&b.sink, DIAG_SYNTAX, (Span){0, 1}, "%s", "\033m");
  diag->label = "\r";
  diag->help = "\177";
  assert_text(&b,
              "error[E0010]: \\x1Bm\n"
              "  --> x\\x0A.ais:1:1\n"
              "   |\n"
              " 1 | a\n"
              "   | ^ \\x0D\n"
              "   = help: \\x7F\n");
  bench_free(&b);
}

/* The source line and the caret line of a message. */
static Slice find_line(Slice text, int number) {
  for (; number > 1; number--) {
    const char *end = memchr(text.data, '\n', text.length);
    assert_non_null(end);
    size_t skipped = (size_t)(end + 1 - text.data);
    text = slice_from(text.data + skipped, text.length - skipped);
  }
  const char *end = memchr(text.data, '\n', text.length);
  return slice_from(text.data, (size_t)(end - text.data));
}

/* Ten megabytes in a line, the span at `at`: the 'v' is over the caret. */
static void assert_window(uint32_t at, bool cut_before, bool cut_after) {
  Buf text = {0};
  buf_add_repeat(&text, 'x', 10 << 20);
  text.data[at] = 'v';
  Bench b;
  bench_init(&b, buf_slice(&text));
  report(&b, at, 1);
  diag_render_text(&b.sink, false, &b.out);
  Slice shown = find_line(buf_slice(&b.out), 4);
  Slice carets = find_line(buf_slice(&b.out), 5);
  assert_true(shown.length <= 5 + 3 + 120 + 3);
  assert_int_equal(slice_starts_with(shown, SLICE(" 1 | ...")), cut_before);
  assert_int_equal(slice_ends_with(shown, SLICE("...")), cut_after);
  assert_true(slice_ends_with(carets, SLICE("^")));
  assert_int_equal(shown.data[carets.length - 1], 'v');
  bench_free(&b);
  buf_free(&text);
}

CASE(long_line_is_a_window) {
  (void)state;
  assert_window(0, false, true);
  assert_window(80, false, true);
  assert_window(81, true, true);
  assert_window(5 << 20, true, true);
  assert_window((10 << 20) - 1, true, false);
}

CASE(line_of_window_width_is_whole) {
  (void)state;
  Buf text = {0};
  buf_add_repeat(&text, 'x', 120);
  Bench b;
  bench_init(&b, buf_slice(&text));
  report(&b, 119, 1);
  diag_render_text(&b.sink, false, &b.out);
  assert_int_equal(find_line(buf_slice(&b.out), 4).length, 125);
  assert_false(slice_contains(buf_slice(&b.out), SLICE("...")));
  bench_free(&b);
  buf_free(&text);
}

/* A span longer than the window has carets to the window's end. */
CASE(long_span_ends_with_the_window) {
  (void)state;
  Buf text = {0};
  buf_add_repeat(&text, 'x', 1000);
  Bench b;
  bench_init(&b, buf_slice(&text));
  report(&b, 10, 900);
  diag_render_text(&b.sink, false, &b.out);
  assert_int_equal(find_line(buf_slice(&b.out), 4).length, 5 + 120 + 3);
  assert_int_equal(find_line(buf_slice(&b.out), 5).length, 5 + 120);
  bench_free(&b);
  buf_free(&text);
}

CASE(order_of_place_then_of_report) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("abc"));
  report(&b, 2, 1);
  report(&b, 0, 1)->label = "first";
  report(&b, 0, 1)->label = "second";
  diag_sort(&b.sink);
  assert_string_equal(b.sink.diags.data[0].label, "first");
  assert_string_equal(b.sink.diags.data[1].label, "second");
  assert_int_equal(b.sink.diags.data[2].span.start, 2);
  bench_free(&b);
}

static DiagCode any_warning(void) {
  for (int code = 0; code < DIAG_CODE_COUNT; code++) {
    if (!diag_is_error((DiagCode)code)) return (DiagCode)code;
  }
  fail_msg("no warning in diagnostics.def");
  return DIAG_CODE_COUNT;
}

CASE(limit) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("abc"));
  for (int i = 0; i < LIMIT_DIAGNOSTICS; i++) report(&b, 0, 1);
  assert_null(strstr(b.out.data ? b.out.data : "", "not shown"));
  Diag *lost = report(&b, 1, 1);
  assert_non_null(lost);
  lost->label = "into the scratch record";
  diag_render_text(&b.sink, false, &b.out);
  assert_true(slice_ends_with(buf_slice(&b.out),
                              SLICE("\n\n1 more message not shown\n")));
  report(&b, 1, 1);
  assert_int_equal(b.sink.error_count, LIMIT_DIAGNOSTICS + 2);
  assert_int_equal(b.sink.diags.length, LIMIT_DIAGNOSTICS);
  diag_render_text(&b.sink, false, &b.out);
  assert_true(
      slice_ends_with(buf_slice(&b.out), SLICE("2 more messages not shown\n")));
  bench_free(&b);
}

CASE(errors_push_warnings_out) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("abc"));
  DiagCode warning = any_warning();
  for (int i = 0; i < LIMIT_DIAGNOSTICS; i++) {
    diag_report(&b.sink, warning, (Span){0, 1}, "careful");
  }
  report(&b, 2, 1);
  assert_int_equal(b.sink.error_count, 1);
  assert_int_equal(b.sink.warning_count, LIMIT_DIAGNOSTICS);
  assert_int_equal(b.sink.diags.length, LIMIT_DIAGNOSTICS);
  diag_sort(&b.sink);
  Diag *last = &b.sink.diags.data[LIMIT_DIAGNOSTICS - 1];
  assert_int_equal(last->code, DIAG_UNDEFINED_VARIABLE);
  diag_render_text(&b.sink, false, &b.out);
  assert_true(slice_starts_with(buf_slice(&b.out), SLICE("warning[W")));
  bench_free(&b);
}

CASE(colour_only_when_asked) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("abc"));
  report(&b, 0, 1)->help = "h";
  diag_render_text(&b.sink, false, &b.out);
  assert_false(slice_contains(buf_slice(&b.out), SLICE("\033")));
  buf_clear(&b.out);
  diag_render_text(&b.sink, true, &b.out);
  assert_true(slice_starts_with(buf_slice(&b.out),
                                SLICE("\033[1;31merror[E0102]\033[0m")));
  /* Without its colours it is the plain text. */
  Buf bare = {0};
  for (const char *p = b.out.data; *p != '\0'; p++) {
    if (*p == '\033') {
      p = strchr(p, 'm');
    } else {
      buf_add_char(&bare, *p);
    }
  }
  assert_text(&b, bare.data);
  buf_free(&bare);
  bench_free(&b);
}

CASE(several_messages_are_apart) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("ab"));
  diag_report(&b.sink, DIAG_SYNTAX, (Span){0, 1}, "one");
  diag_report(&b.sink, DIAG_SYNTAX, (Span){1, 1}, "two");
  assert_text(&b,
              "error[E0010]: one\n"
              "  --> x.ais:1:1\n   |\n 1 | ab\n   | ^\n"
              "\n"
              "error[E0010]: two\n"
              "  --> x.ais:1:2\n   |\n 1 | ab\n   |  ^\n");
  bench_free(&b);
}

CASE(json_lines) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("ab\n\xC3\xA9z\n"));
  Diag *diag = report(&b, 0, 2);
  diag->label = "l\"";
  diag->help = "h";
  diag->replacement = "r\n";
  diag->related = (Span){3, 3};
  diag->related_label = "first";
  diag_report(&b.sink, DIAG_SYNTAX, (Span){1, 2}, "m");
  diag_render_json(&b.sink, &b.out);
  assert_string_equal(
      b.out.data,
      "{\"code\":\"E0102\",\"severity\":\"error\","
      "\"message\":\"undefined variable `v`\",\"file\":\"x.ais\","
      "\"line\":1,\"column\":1,\"end_line\":1,\"end_column\":3,"
      "\"label\":\"l\\\"\",\"help\":\"h\",\"replacement\":\"r\\n\","
      "\"related\":{\"label\":\"first\",\"line\":2,\"column\":1,"
      "\"end_line\":2,\"end_column\":3}}\n"
      "{\"code\":\"E0010\",\"severity\":\"error\",\"message\":\"m\","
      "\"file\":\"x.ais\",\"line\":1,\"column\":2,\"end_line\":2,"
      "\"end_column\":1}\n");
  bench_free(&b);
}

CASE(a_fix_may_go_elsewhere) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("ab\ncd\n"));
  Diag *diag = report(&b, 0, 1);
  diag->replacement = "x";
  assert_int_equal(diag_replaced(diag).start, 0);
  assert_int_equal(diag_replaced(diag).length, 1);
  diag->replaced = (Span){4, 0};
  assert_int_equal(diag_replaced(diag).start, 4);
  diag_render_json(&b.sink, &b.out);
  assert_non_null(strstr(b.out.data,
                         "\"replacement\":\"x\",\"replaced\":{\"line\":2,"
                         "\"column\":2,\"end_line\":2,\"end_column\":2}"));
  bench_free(&b);
}

/* With every text hostile and messages lost, each line is still JSON. */
CASE(json_lines_parse) {
  (void)state;
  Bench b;
  bench_init(&b, SLICE("a\xFF\0b"));
  b.source.name = "\"\xFF\n";
  for (int i = 0; i < LIMIT_DIAGNOSTICS + 3; i++) {
    Diag *diag = diag_report(&b.sink, DIAG_SYNTAX, (Span){2, 1}, "\xC3\n\"");
    diag->label = "\x01\\";
    diag->related = (Span){0, 1};
  }
  diag_render_json(&b.sink, &b.out);
  Slice rest = buf_slice(&b.out);
  int lines = 0;
  while (rest.length > 0) {
    Slice line = find_line(rest, 1);
    cJSON *object = json_parse(line, NULL);
    assert_true(cJSON_IsObject(object));
    cJSON_Delete(object);
    rest =
        slice_from(rest.data + line.length + 1, rest.length - line.length - 1);
    lines++;
  }
  assert_int_equal(lines, LIMIT_DIAGNOSTICS + 1);
  assert_non_null(strstr(b.out.data, "3 more messages not shown"));
  bench_free(&b);
}

/* Each code is a letter and four digits and stands once. */
CASE(codes) {
  (void)state;
  for (int i = 0; i < DIAG_CODE_COUNT; i++) {
    const char *code = diag_code_text((DiagCode)i);
    assert_int_equal(strlen(code), 5);
    assert_true(code[0] == 'E' || code[0] == 'W');
    assert_int_equal(strspn(code + 1, "0123456789"), 4);
    assert_int_equal(diag_is_error((DiagCode)i), code[0] == 'E');
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(code, diag_code_text((DiagCode)k));
    }
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(whole_message),
      cmocka_unit_test(related_is_a_second_snippet),
      cmocka_unit_test(spans_at_the_edges),
      cmocka_unit_test(several_lines_underline_the_first),
      cmocka_unit_test(carets_stand_under_their_text),
      cmocka_unit_test(terminal_is_not_steered),
      cmocka_unit_test(long_line_is_a_window),
      cmocka_unit_test(line_of_window_width_is_whole),
      cmocka_unit_test(long_span_ends_with_the_window),
      cmocka_unit_test(order_of_place_then_of_report),
      cmocka_unit_test(limit),
      cmocka_unit_test(errors_push_warnings_out),
      cmocka_unit_test(colour_only_when_asked),
      cmocka_unit_test(several_messages_are_apart),
      cmocka_unit_test(json_lines),
      cmocka_unit_test(a_fix_may_go_elsewhere),
      cmocka_unit_test(json_lines_parse),
      cmocka_unit_test(codes),
  };
  return RUN(cases);
}
