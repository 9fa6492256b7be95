/* SPDX-License-Identifier: MIT
 *
 * A source parsed, for tests of the parser by way of the tree's dump.
 */
#ifndef APXM_TESTS_UNIT_FRONT_H
#define APXM_TESTS_UNIT_FRONT_H

#include "compiler/front/parse.h"
#include "tests/unit/unit.h"

typedef struct Parse {
  Source source;
  Arena arena;
  DiagSink sink;
  AstProgram *program;
} Parse;

static inline void parse(Parse *p, Slice text) {
  p->source = (Source){.name = "t.ais", .text = text};
  arena_init(&p->arena);
  diag_init(&p->sink, &p->source, &p->arena);
  p->program = parse_source(&p->source, &p->arena, &p->sink);
}

static inline void parse_free(Parse *p) {
  diag_free(&p->sink);
  arena_free(&p->arena);
}

/* The dump, then the messages. */
static inline void expect_file(const char *text, const char *wanted) {
  Parse p;
  Buf out = {0};
  parse(&p, slice_of(text));
  ast_dump(p.program, &out);
  for (uint32_t i = 0; i < p.sink.diags.length; i++) {
    const Diag *diag = &p.sink.diags.data[i];
    Place place = source_place(&p.source, diag->span.start);
    buf_addf(&out, "%s %u:%u %s\n", diag_code_text(diag->code), place.line,
             place.column, diag->message);
  }
  assert_string_equal(out.length ? out.data : "", wanted);
  buf_free(&out);
  parse_free(&p);
}

/* The same for the body of a flow; `wanted` is the dump of its statements,
 * two levels further left. */
static inline void expect(const char *body, const char *wanted) {
  Buf text = {0};
  Buf dump = {0};
  buf_addf(&text, "agent A { flow f {\n%s\n} }", body);
  buf_add_text(&dump, "agent A\n  flow f()\n");
  while (*wanted != 0) {
    size_t length = strcspn(wanted, "\n") + 1;
    bool message = (*wanted == 'E' || *wanted == 'W') && wanted[1] == '0';
    buf_add_text(&dump, message ? "" : "    ");
    buf_add(&dump, wanted, length);
    wanted += length;
  }
  expect_file(text.data, dump.data);
  buf_free(&text);
  buf_free(&dump);
}

#endif
