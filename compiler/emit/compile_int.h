/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: one compilation, and the looks that --dump takes at
 * what its stages hand on. Each look does nothing unless it was asked for.
 */
#ifndef APXM_COMPILER_EMIT_COMPILE_INT_H
#define APXM_COMPILER_EMIT_COMPILE_INT_H

#include "compiler/emit/compile.h"
#include "compiler/front/ast.h"
#include "compiler/ir/ir.h"

typedef struct Compile {
  const Source *source;          /* borrowed */
  const CompileOptions *options; /* borrowed */
  CompileResult *result;         /* the caller's */
  TypeTable types;
  AstProgram *ast; /* from the parser on */
  IrProgram *ir;   /* from the builder on */
} Compile;

bool compile_dump_is_known(const char *name);
void compile_dump_tokens(const Compile *c);
void compile_dump_ast(const Compile *c);
void compile_dump_graph(const Compile *c,
                        const char *name); /* after stage `name` */
void compile_dump_dot(const Compile *c);
void compile_dump_json(const Compile *c);
void compile_dump_object(const Compile *c);

#endif
