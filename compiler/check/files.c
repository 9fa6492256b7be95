/* SPDX-License-Identifier: MIT
 *
 * `file("p.md")` is the text of that file, read when the program is compiled:
 * the call becomes a literal, so as a prompt it may place its context with
 * `{0}`. The path is relative to the source that has it.
 */
#include "compiler/check/check_int.h"
#include "compiler/check/help.h"

static void report_path(Check *c, const AstExpr *expr) {
  const AstExpr *arg = expr->u.call->args;
  Diag *diag = check_fail(c, DIAG_FILE_PATH, arg ? arg->span : expr->span,
                          "`file` needs the path as a literal text");
  diag->label = arg == NULL           ? "no path"
                : arg->next != NULL   ? "one path only"
                : arg->kind == EXPR_TEXT ? "named"
                                      : "known only when the program runs";
  diag->help = "the file is read when the program is compiled: "
               "file(\"prompts/system.md\")";
}

static void report_read(Check *c, const AstExpr *path, const char *why) {
  Diag *diag = check_fail(c, DIAG_FILE_READ, path->span, "%s", why);
  diag->label = "cannot be read";
  diag->help = "the path is relative to the source file";
}

static bool read_text(Check *c, const AstExpr *path, Buf *text) {
  const SourceReader *reader =
      c->program->reader ? c->program->reader : &reader_disk;
  const Source *source = source_at(c->program->source, path->span.start);
  Buf name = {0};
  Error error = {0};
  reader_beside(source->name, path->u.text, &name);
  size_t left = LIMIT_PROGRAM_BYTES - c->file_bytes;
  Status status = reader->read(
      reader->context, name.data,
      left < LIMIT_SOURCE_BYTES ? left : LIMIT_SOURCE_BYTES, text, &error);
  buf_free(&name);
  if (status != STATUS_OK) {
    report_read(c, path, diag_text(c->sink, "%s", error.message));
    return false;
  }
  c->file_bytes += text->length;
  if (slice_valid_utf8(buf_slice(text)) != text->length) {
    report_read(c, path, "the file is not UTF-8 text");
    return false;
  }
  return true;
}

void check_file(Check *c, AstExpr *expr) {
  const AstCall *call = expr->u.call;
  const AstExpr *path = call->args;
  Buf text = {0};
  bool literal = path != NULL && path->kind == EXPR_TEXT && !path->next &&
                 path->u.text.length > 0 && call->attrs == NULL;
  bool nul = literal && memchr(path->u.text.data, '\0', path->u.text.length);
  if (!literal || nul) {
    report_path(c, expr);
    expr->kind = EXPR_ERROR;
  } else if (!read_text(c, path, &text)) {
    expr->kind = EXPR_ERROR;
  } else {
    expr->kind = EXPR_TEXT;
    expr->u.text = slice_from(arena_copy(c->arena, text.data, text.length),
                              text.length);
    expr->u.escapes = NULL;
  }
  buf_free(&text);
}
