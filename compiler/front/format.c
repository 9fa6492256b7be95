/* SPDX-License-Identifier: MIT
 *
 * The formatter as one call. Nothing is written that does not read as the same
 * tree: the result is parsed again and both trees are compared as --dump=ast
 * shows them, which leaves places out and nothing else.
 */
#include "compiler/front/format.h"

#include "compiler/front/format_int.h"
#include "compiler/front/parse.h"

static void lay_out(Slice text, Arena *arena, Buf *out) {
  Source source = {.name = "", .text = text};
  DiagSink nobody;
  diag_init(&nobody, &source, arena);
  const AstProgram *program = parse_source(&source, arena, &nobody);
  Format f = {.source = &source, .out = out};
  format_scan(&f);
  format_tree(&f, program);
  format_lines(&f);
  format_print(&f);
  vec_free(&f.tokens);
  diag_free(&nobody);
}

/* Whether `text` is a program whose tree looks like that of `program`. */
static bool means_the_same(const AstProgram *program, Slice text,
                           Arena *arena) {
  Source source = {.name = "formatted", .text = text};
  DiagSink sink;
  Buf before = {0};
  Buf after = {0};
  diag_init(&sink, &source, arena);
  ast_dump(program, &before);
  ast_dump(parse_source(&source, arena, &sink), &after);
  bool same = sink.error_count == 0 &&
              slice_equal(buf_slice(&before), buf_slice(&after));
  buf_free(&before);
  buf_free(&after);
  diag_free(&sink);
  return same;
}

FormatResult format_source(const Source *source, Arena *arena, DiagSink *sink,
                           Buf *out) {
  const AstProgram *program = parse_source(source, arena, sink);
  if (sink->error_count > 0) return FORMAT_SYNTAX;
  Buf text = {0};
  Buf shown = {0};
  buf_add_slice(&text, source->text);
  if (sink->warning_count > 0) format_rewrite(&text);
  lay_out(buf_slice(&text), arena, &shown);
  bool same = means_the_same(program, buf_slice(&shown), arena);
  if (same) buf_add_slice(out, buf_slice(&shown));
  buf_free(&text);
  buf_free(&shown);
  return same ? FORMAT_DONE : FORMAT_REFUSED;
}
