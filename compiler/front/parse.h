/* SPDX-License-Identifier: MIT
 *
 * Source text to tree. Errors go to the sink; the parser recovers at the next
 * statement or declaration, so one pass reports all of them.
 */
#ifndef APXM_COMPILER_FRONT_PARSE_H
#define APXM_COMPILER_FRONT_PARSE_H

#include "compiler/front/ast.h"

/* The tree of one source alone, in `arena`; its imports are not followed. Never
 * NULL; look at sink->error_count. Invalid UTF-8
 * and NUL bytes are diagnostics with a place. */
AstProgram *parse_source(const Source *source, Arena *arena, DiagSink *sink);

/* The tree of a program: the source and what it imports, through `reader`. The
 * sink's source becomes the tree's. As above otherwise; program->files, which
 * messages and spans point into, is freed by parse_files_free. */
AstProgram *parse_program(const Source *source, const SourceReader *reader,
                          Arena *arena, DiagSink *sink);
void parse_files_free(SourceFiles *files); /* NULL is fine */

/* One line a token, for --dump=tokens. */
void parse_dump_tokens(const Source *source, Arena *arena, DiagSink *sink,
                       Buf *out);

#endif
