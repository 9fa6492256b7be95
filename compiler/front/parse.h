/* SPDX-License-Identifier: MIT
 *
 * Source text to tree. Errors go to the sink; the parser recovers at the next
 * statement or declaration, so one pass reports all of them.
 */
#ifndef APXM_COMPILER_FRONT_PARSE_H
#define APXM_COMPILER_FRONT_PARSE_H

#include "compiler/front/ast.h"

/* The tree, in `arena`. Never NULL; look at sink->error_count. Invalid UTF-8
 * and NUL bytes are diagnostics with a place. */
AstProgram *parse_source(const Source *source, Arena *arena, DiagSink *sink);

/* One line a token, for --dump=tokens. */
void parse_dump_tokens(const Source *source, Arena *arena, DiagSink *sink,
                       Buf *out);

#endif
