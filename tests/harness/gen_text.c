/* SPDX-License-Identifier: MIT
 *
 * The generator: text literals in all their forms.
 */
#include "tests/harness/gen_parts.h"

static const char *const words[] = {"red",
                                    "Blue",
                                    "green ",
                                    " Grey",
                                    "one two",
                                    "a,b,c",
                                    "x\ny\n",
                                    "12",
                                    "-3.5",
                                    "",
                                    "caf\xC3\xA9",
                                    "\xC3\x84\xC3\x96",
                                    "\xD0\x96\xD1\x83\xD0\xBA",
                                    "{0}",
                                    "a{1}b",
                                    "tab\there",
                                    "q\"q",
                                    "back\\slash",
                                    "1e3",
                                    "\xE2\x82\xAC 5",
                                    "true",
                                    "aXbXc",
                                    "\xF0\x9F\x8D\x80 leaf",
                                    "{not}",
                                    "}}"};

enum { WORDS = sizeof words / sizeof *words, PLAIN_WORDS = 5 };

/* With the escapes that a literal needs. */
void gen_quoted(Gen *g, const char *text) {
  buf_add_char(g->out, '"');
  for (; *text != '\0'; text++) {
    if (*text == '\n') {
      gen_write(g, "\\n");
    } else if (*text == '\t') {
      gen_write(g, "\\t");
    } else {
      if (strchr("\"\\{}", *text) != NULL) buf_add_char(g->out, '\\');
      buf_add_char(g->out, *text);
    }
  }
  buf_add_char(g->out, '"');
}

void gen_word(Gen *g) {
  gen_quoted(g, words[gen_below(g, PLAIN_WORDS)]);
}

/* Text, an expression, text; on one line. */
static void write_interpolated(Gen *g) {
  gen_write(g, "\"%s{{", gen_chance(g, 60) ? "[" : "");
  gen_expr(g, gen_any_type(g), 1);
  gen_write(g, "}}%s", gen_chance(g, 60) ? "] and " : "");
  if (gen_chance(g, 40)) {
    gen_write(g, "{{ ");
    gen_expr(g, gen_chance(g, 50) ? T_STR : T_NUM, 1);
    gen_write(g, " }}.");
  }
  buf_add_char(g->out, '"');
}

static void write_text_block(Gen *g) {
  gen_write(g, "\"\"\"");
  gen_line(g);
  gen_write(g, "    first line");
  gen_line(g);
  gen_write(g, "      indented \\{0} {{ ");
  gen_expr(g, gen_chance(g, 50) ? T_NUM : T_STR, 0);
  gen_write(g, " }}");
  gen_line(g);
  gen_write(g, "    \"\"\"");
}

void gen_text_literal(Gen *g) {
  uint32_t at = gen_below(g, 100);
  if (at < 22 && !g->calm)
    write_interpolated(g);
  else if (at < 25 && !g->calm && g->factor == 1)
    write_text_block(g);
  else if (at < 28 && g->has_file)
    gen_write(g, "file(\"data.txt\")");
  else if (at < 30)
    gen_write(g, "\"\\u{e9}\\u{7b}0}\"");
  else
    gen_quoted(g, words[gen_below(g, WORDS)]);
}
