/* SPDX-License-Identifier: MIT
 *
 * The lexer by way of its dump: every kind of token with its place, texts with
 * holes nested in each other, and where it goes on after what is no token.
 */
#include "compiler/front/parse.h"
#include "tests/unit/unit.h"

/* The tokens of `text`, one a line, then the codes of the messages. */
static char *lex(Slice text) {
  Arena arena;
  DiagSink sink;
  Source source = {.name = "t.ais", .text = text};
  Buf out = {0};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  parse_dump_tokens(&source, &arena, &sink, &out);
  for (uint32_t i = 0; i < sink.diags.length; i++) {
    const Diag *diag = &sink.diags.data[i];
    buf_addf(&out, "%s %u+%u\n", diag_code_text(diag->code), diag->span.start,
             diag->span.length);
  }
  diag_free(&sink);
  arena_free(&arena);
  return buf_take(&out);
}

static void expect(Slice text, const char *tokens) {
  char *found = lex(text);
  assert_string_equal(found, tokens);
  mem_free(found);
}

CASE(every_kind) {
  (void)state;
  expect(SLICE("agent flow let return true false agents _x1"),
         "1:1 AGENT agent\n1:7 FLOW flow\n1:12 LET let\n1:16 RETURN return\n"
         "1:23 TRUE true\n1:28 FALSE false\n1:34 NAME agents\n"
         "1:41 NAME _x1\n1:44 END\n");
  expect(SLICE("}(x[y])<>,:.@+-=->"),
         "1:1 RBRACE }\n1:2 LPAREN (\n1:3 NAME x\n1:4 LBRACKET [\n1:5 NAME y\n"
         "1:6 RBRACKET ]\n1:7 RPAREN )\n1:8 LT <\n1:9 GT >\n1:10 COMMA ,\n"
         "1:11 COLON :\n1:12 DOT .\n1:13 AT @\n1:14 PLUS +\n1:15 MINUS -\n"
         "1:16 EQ =\n1:17 ARROW ->\n1:19 END\n");
}

CASE(numbers) {
  (void)state;
  expect(SLICE("0 1_000 1.5 2e3 2.5E-1_0"),
         "1:1 NUM 0\n1:3 NUM 1_000\n1:9 NUM 1.5\n1:13 NUM 2e3\n"
         "1:17 NUM 2.5E-1_0\n1:25 END\n");
  expect(SLICE("a-1 1.x 7.\n.5"),
         "1:1 NAME a\n1:2 MINUS -\n1:3 NUM 1\n1:5 NUM 1.x\n1:9 NUM 7\n"
         "1:10 DOT .\n2:1 DOT .\n2:2 NUM 5\n2:3 END\nE0004 4+3\n");
  expect(SLICE("1__0 1_ 30s 1e"),
         "1:1 NUM 1__0\n1:6 NUM 1_\n1:9 DURATION 30s\n1:13 NUM 1e\n1:15 END\n"
         "E0004 0+4\nE0004 5+2\nE0004 12+2\n");
}

/* What may begin a statement is another token than what may continue one. */
CASE(new_lines) {
  (void)state;
  expect(SLICE("f (\n(; (f[\n[{["),
         "1:1 NAME f\n1:3 LPAREN (\n2:1 NL_LPAREN (\n2:2 SEMI ;\n"
         "2:4 NL_LPAREN (\n2:5 NAME f\n2:6 LBRACKET [\n3:1 NL_LBRACKET [\n"
         "3:2 LBRACE {\n3:3 NL_LBRACKET [\n3:4 END\n");
  expect(SLICE("f /* a */ ( f /*\n*/ ( f // (\n("),
         "1:1 NAME f\n1:11 LPAREN (\n1:13 NAME f\n2:4 NL_LPAREN (\n"
         "2:6 NAME f\n3:1 NL_LPAREN (\n3:2 END\n");
}

CASE(comments) {
  (void)state;
  expect(SLICE("a // b\n/* c /* d */ e /**/ f //"),
         "1:1 NAME a\n2:14 NAME e\n2:21 NAME f\n2:25 END\n");
  expect(SLICE("a /* b *"), "1:1 NAME a\n1:3 BAD /* b *\n1:9 END\nE0011 2+2\n");
}

CASE(texts) {
  (void)state;
  expect(SLICE("\"\" \"a\\\"b\" \"}} {\" \"\\\\\""),
         "1:1 TEXT \"\"\n1:4 TEXT \"a\\\"b\"\n1:11 TEXT \"}} {\"\n"
         "1:18 TEXT \"\\\\\"\n1:22 END\n");
  expect(SLICE("\"\"\"\"\"\" \"\"\"a\"b\"\"c\n\\\"\"\"\" x"),
         "1:1 TEXT \"\"\"\"\"\"\n1:8 TEXT \"\"\"a\"b\"\"c\n\\\"\"\"\"\n"
         "2:7 NAME x\n2:8 END\n");
}

CASE(holes) {
  (void)state;
  expect(SLICE("\"a{{b}}c{{d}}e\""),
         "1:1 TEXT_OPEN \"a{{\n1:5 NAME b\n1:6 TEXT_MID }}c{{\n"
         "1:11 NAME d\n1:12 TEXT_CLOSE }}e\"\n1:16 END\n");
  expect(SLICE("\"{{\"{{\"\"\"{{x}}\"\"\"}}\"}}\" }}"),
         "1:1 TEXT_OPEN \"{{\n1:4 TEXT_OPEN \"{{\n1:7 TEXT_OPEN \"\"\"{{\n"
         "1:12 NAME x\n1:13 TEXT_CLOSE }}\"\"\"\n1:18 TEXT_CLOSE }}\"\n"
         "1:21 TEXT_CLOSE }}\"\n1:25 RBRACE }\n1:26 RBRACE }\n1:27 END\n");
  expect(SLICE("\"\\{{{x}}\" \"{ {\""),
         "1:1 TEXT_OPEN \"\\{{{\n1:6 NAME x\n1:7 TEXT_CLOSE }}\"\n"
         "1:11 TEXT \"{ {\"\n1:16 END\n");
}

/* A text of one line ends there whatever it was inside of; a block goes on. */
CASE(open_texts) {
  (void)state;
  expect(SLICE("\"a\nb"), "1:1 BAD \"a\n2:1 NAME b\n2:2 END\nE0007 0+2\n");
  expect(SLICE("\"a"), "1:1 BAD \"a\n1:3 END\nE0006 0+1\n");
  expect(SLICE("\"\"\"a\n"), "1:1 BAD \"\"\"a\n\n2:1 END\nE0006 0+3\n");
  expect(SLICE("\"a{{b\nc"),
         "1:1 TEXT_OPEN \"a{{\n1:5 NAME b\n1:6 BAD\n2:1 NAME c\n2:2 END\n"
         "E0012 2+2\n");
  expect(SLICE("\"a{{b\"c\nd"),
         "1:1 TEXT_OPEN \"a{{\n1:5 NAME b\n1:8 BAD\n2:1 NAME d\n2:2 END\n"
         "E0012 2+2\n");
  expect(SLICE("\"\"\"{{\"{{a\n}}\"\"\"b"),
         "1:1 TEXT_OPEN \"\"\"{{\n1:6 TEXT_OPEN \"{{\n1:9 NAME a\n1:10 BAD\n"
         "2:1 TEXT_CLOSE }}\"\"\"\n2:6 NAME b\n2:7 END\nE0012 6+2\n");
  expect(SLICE("\"\"\"{{\na"),
         "1:1 TEXT_OPEN \"\"\"{{\n2:1 NAME a\n2:2 BAD\n2:2 END\nE0012 3+2\n");
}

CASE(strays) {
  (void)state;
  expect(SLICE("a # \xC3\xA9 \x01 b"),
         "1:1 NAME a\n1:3 BAD #\n1:5 BAD \xC3\xA9\n1:7 BAD \x01\n"
         "1:9 NAME b\n1:10 END\nE0001 2+1\nE0001 4+2\nE0001 7+1\n");
  /* Not UTF-8, or cut off: one byte each, reported by the parser. */
  expect(SLICE("\xFF\xE2\x82"),
         "1:1 BAD \xFF\n1:2 BAD \xE2\n1:3 BAD \x82\n1:3 END\n");
}

CASE(byte_order_mark) {
  (void)state;
  expect(SLICE("\xEF\xBB\xBF"
               "a"),
         "1:2 NAME a\n1:3 END\n");
}

CASE(empty) {
  (void)state;
  expect(slice_from(NULL, 0), "1:1 END\n");
}

/* No sentinel: the byte after the source is never looked at. */
CASE(ends_where_it_ends) {
  (void)state;
  const char *const texts[] = {"agent", "\"a", "\"\\", "12",   "1e", "-",
                               "/*",    "/",   "\"{{", "\"\"", "}}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    size_t length = strlen(texts[i]);
    char *exact = mem_alloc(length);
    memcpy(exact, texts[i], length);
    mem_free(lex(slice_from(exact, length)));
    mem_free(exact);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(every_kind),
      cmocka_unit_test(numbers),
      cmocka_unit_test(new_lines),
      cmocka_unit_test(comments),
      cmocka_unit_test(texts),
      cmocka_unit_test(holes),
      cmocka_unit_test(open_texts),
      cmocka_unit_test(strays),
      cmocka_unit_test(byte_order_mark),
      cmocka_unit_test(empty),
      cmocka_unit_test(ends_where_it_ends),
  };
  return RUN(cases);
}
