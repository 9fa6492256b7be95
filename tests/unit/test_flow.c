/* SPDX-License-Identifier: MIT
 *
 * flow.c: finding a flow by name, its signature, and arguments bound by
 * position and by name. The objects come from the compiler, as everywhere.
 */
#include "lib/flow.h"

#include <string.h>

#include "lib/program.h"
#include "tests/unit/unit.h"

static const char source[] =
    "agent A {\n"
    "  @entry flow main(text: str, n: num, on: bool, xs: list<num>) -> str {\n"
    "    return text + n + on + xs\n"
    "  }\n"
    "  flow other() { print(\"x\") }\n"
    "}\n"
    "agent B { flow main() -> num { return 1 } }\n";

static const char two_flows[] =
    "agent A { flow a() { print(\"a\") } flow b(x: str) { print(x) } }\n";

static Program load(const char *text) {
  Program program;
  Error error = {0};
  Buf bytes = {0};
  CompileOptions options = {.optimization = 1};
  buf_add_text(&bytes, text);
  if (program_from_bytes(&program, &bytes, "test.ais", &options, &error))
    fail_msg("%s", error.message);
  return program;
}

CASE(finding) {
  (void)state;
  Program program = load(source);
  uint32_t flow = 99;
  Error error = {0};
  assert_int_equal(flow_find(program.object, NULL, &flow, &error), STATUS_OK);
  assert_int_equal(flow, 0);
  assert_int_equal(flow_find(program.object, "other", &flow, &error),
                   STATUS_OK);
  assert_int_equal(flow, 1);
  assert_int_equal(flow_find(program.object, "B.main", &flow, &error),
                   STATUS_OK);
  assert_int_equal(flow, 2);
  assert_int_equal(flow_find(program.object, "main", &flow, &error),
                   STATUS_USAGE);
  assert_string_equal(
      error.message,
      "several flows could be `main`; choose one with --flow Agent.flow: "
      "A.main(text: str, n: num, on: bool, xs: list<num>) -> str, "
      "B.main() -> num");
  error = (Error){0};
  assert_int_equal(flow_find(program.object, "A.othr", &flow, &error),
                   STATUS_USAGE);
  assert_true(slice_starts_with(
      slice_of(error.message),
      SLICE("there is no flow `A.othr`; did you mean `A.other`? ")));
  program_free(&program);
}

CASE(ambiguous_entry) {
  (void)state;
  Program program = load(two_flows);
  uint32_t flow;
  Error error = {0};
  assert_int_equal(flow_find(program.object, NULL, &flow, &error),
                   STATUS_USAGE);
  assert_string_equal(error.message,
                      "several flows could be the entry; choose one with "
                      "--flow Agent.flow: A.a(), A.b(x: str)");
  program_free(&program);
}

typedef struct Bound {
  Program program;
  Value values[4];
  Error error;
  Status status;
} Bound;

static void bind(Bound *bound, const FlowArg *args, uint32_t count) {
  *bound = (Bound){.program = load(source)};
  bound->status = flow_bind(bound->program.object, 0, args, count,
                            bound->values, &bound->error);
}

static void unbind(Bound *bound) {
  for (int i = 0; i < 4 && bound->status == STATUS_OK; i++)
    value_drop(bound->values[i]);
  program_free(&bound->program);
}

#define ARG(name, text)        \
  {                            \
    (name), {                  \
      (text), sizeof(text) - 1 \
    }                          \
  }

static void assert_bound(const FlowArg *args, uint32_t count) {
  static const char *const plain[] = {"a", "1.5", "true", "[1,2]"};
  Bound bound;
  bind(&bound, args, count);
  if (bound.status != STATUS_OK) fail_msg("%s", bound.error.message);
  for (int i = 0; i < 4; i++) {
    Buf text = {0};
    value_add_plain(bound.values[i], &text);
    assert_string_equal(text.data, plain[i]);
    buf_free(&text);
  }
  unbind(&bound);
}

CASE(binding) {
  (void)state;
  const FlowArg by_position[] = {ARG(NULL, "a"), ARG(NULL, "1.50"),
                                 ARG(NULL, "true"), ARG(NULL, "[1, 2]")};
  const FlowArg by_name[] = {ARG("xs", "[1,2]"), ARG("on", "true"),
                             ARG("n", "1.5"), ARG("text", "a")};
  const FlowArg mixed[] = {ARG(NULL, "a"), ARG("xs", "[1,2]"), ARG(NULL, "1.5"),
                           ARG("on", "true")};
  assert_bound(by_position, 4);
  assert_bound(by_name, 4);
  assert_bound(mixed, 4);
}

static void assert_unbound(const FlowArg *args, uint32_t count,
                           const char *message) {
  static const char signature[] =
      "; the flow is A.main(text: str, n: num, on: bool, xs: list<num>) -> "
      "str";
  Bound bound;
  bind(&bound, args, count);
  assert_int_equal(bound.status, STATUS_USAGE);
  Slice text = slice_of(bound.error.message);
  assert_true(slice_ends_with(text, SLICE(signature)));
  text.length -= sizeof signature - 1;
  if (!slice_starts_with(text, slice_of(message)))
    fail_msg("%s", bound.error.message);
  unbind(&bound);
}

CASE(refusing) {
  (void)state;
  const FlowArg full[] = {ARG(NULL, "a"), ARG(NULL, "1"), ARG(NULL, "true"),
                          ARG(NULL, "[]"), ARG(NULL, "more")};
  const FlowArg twice[] = {ARG(NULL, "a"), ARG(NULL, "1"), ARG(NULL, "true"),
                           ARG("n", "2")};
  const FlowArg unknown[] = {ARG("txt", "a")};
  const FlowArg missing[] = {ARG(NULL, "a"), ARG("n", "1"), ARG("on", "true")};
  const FlowArg wrong[] = {ARG(NULL, "a"), ARG(NULL, "one"), ARG(NULL, "true"),
                           ARG(NULL, "[]")};
  const FlowArg bytes[] = {ARG(NULL, "\xFF"), ARG(NULL, "1"), ARG(NULL, "true"),
                           ARG(NULL, "[]")};
  assert_unbound(NULL, 0, "4 arguments needed, 0 given");
  assert_unbound(full, 3, "4 arguments needed, 3 given");
  assert_unbound(full, 5, "4 arguments needed, 5 given");
  assert_unbound(twice, 4, "the parameter `n` is given twice");
  assert_unbound(unknown, 1, "there is no parameter `txt`");
  assert_unbound(missing, 3, "the parameter `xs` is not given");
  assert_unbound(wrong, 4, "the argument `n` is wrong: ");
  assert_unbound(bytes, 4, "the argument `text` is not valid UTF-8");
}

/* ---- JSON ---------------------------------------------------------------- */

static const char json_flows[] =
    "type Point { x: num, y: num }\n"
    "agent A {\n"
    "  @entry flow one(text: str) -> str { return text }\n"
    "  flow two(text: str, n: num) -> str { return text + n }\n"
    "  flow any(row: json) -> json { return row }\n"
    "  flow point(p: Point) -> num { return p.x }\n"
    "  flow list(xs: list<num>) { print(xs) }\n"
    "  flow none() -> num { return 1 }\n"
    "}\n";

/* What `flow` gets of `line`, its arguments one after the other as JSON, or
 * what is wrong, without the signature. `given` is NULL or an argument of
 * that name, "1". */
static void assert_line(const char *name, const char *given, const char *line,
                        const char *wanted) {
  Program program = load(json_flows);
  Error error = {0};
  Value value, fixed[2], values[2];
  uint32_t flow = 0;
  Buf got = {0};
  FlowArg arg = {given, SLICE("1")};
  assert_int_equal(flow_find(program.object, name, &flow, &error), STATUS_OK);
  uint32_t count = program.object->flows[flow].param_count;
  assert_int_equal(
      flow_bind_some(program.object, flow, &arg, given != NULL, fixed, &error),
      STATUS_OK);
  assert_int_equal(value_from_json(slice_of(line), &value, &error), STATUS_OK);
  if (flow_bind_value(program.object, flow, value, fixed, values, &error)) {
    buf_add_text(&got, error.message);
    char *end = strstr(got.data, "; the flow is ");
    assert_non_null(end);
    *end = '\0';
  } else {
    buf_add_char(&got, ' ');
    for (uint32_t i = 0; i < count; i++) {
      value_add_json(values[i], &got);
      buf_add_char(&got, ' ');
      value_drop(values[i]);
    }
  }
  assert_string_equal(got.data, wanted);
  for (uint32_t i = 0; i < count; i++) value_drop(fixed[i]);
  value_drop(value);
  buf_free(&got);
  program_free(&program);
}

CASE(lines) {
  (void)state;
  assert_line("one", NULL, "\"a\"", " \"a\" ");
  assert_line("one", NULL, "{\"text\": \"a\"}", " \"a\" ");
  assert_line("two", NULL, "{\"n\": 2, \"text\": \"a\"}", " \"a\" 2 ");
  assert_line("two", "n", "\"a\"", " \"a\" 1 ");
  assert_line("two", "n", "{\"text\": \"a\"}", " \"a\" 1 ");
  assert_line("two", "text", "7", " \"1\" 7 ");
  assert_line("list", NULL, "[1, 2]", " [1,2] ");
  assert_line("none", NULL, "{}", " ");
}

CASE(lines_that_are_objects) {
  (void)state;
  assert_line("any", NULL, "null", " null ");
  assert_line("any", NULL, "{\"a\": 1}", " {\"a\":1} ");
  assert_line("any", NULL, "{}", " {} ");
  assert_line("any", NULL, "{\"row\": [1]}", " [1] ");
  assert_line("any", NULL, "{\"row\": 1, \"a\": 2}", " {\"row\":1,\"a\":2} ");
  assert_line("point", NULL, "{\"x\": 1, \"y\": 2}", " {\"x\":1,\"y\":2} ");
  assert_line("point", NULL, "{\"p\": {\"x\": 1, \"y\": 2}}",
              " {\"x\":1,\"y\":2} ");
}

CASE(lines_that_are_wrong) {
  (void)state;
  assert_line("one", NULL, "1",
              "the argument `text` is wrong: expected str, found a number");
  assert_line("one", NULL, "{}", "the parameter `text` is not given");
  assert_line("two", NULL, "{\"text\": \"a\"}",
              "the parameter `n` is not given");
  assert_line("two", NULL, "{\"text\": \"a\", \"n\": \"b\"}",
              "the argument `n` is wrong: expected num, found a text");
  assert_line("two", NULL, "{\"text\": \"a\", \"n\": 1, \"k\": 1}",
              "there is no parameter `k`");
  assert_line("two", "n", "{\"text\": \"a\", \"n\": 1}",
              "the parameter `n` is given twice");
  assert_line("two", NULL, "\"a\"",
              "an object with arguments by name is needed, not a text");
  assert_line("none", NULL, "null",
              "an object with arguments by name is needed, not null");
  assert_line("point", NULL, "{\"x\": 1}",
              "the argument `p` is wrong: it lacks the field `y` of Point");
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(finding),
      cmocka_unit_test(ambiguous_entry),
      cmocka_unit_test(binding),
      cmocka_unit_test(refusing),
      cmocka_unit_test(lines),
      cmocka_unit_test(lines_that_are_objects),
      cmocka_unit_test(lines_that_are_wrong),
  };
  return RUN(cases);
}
