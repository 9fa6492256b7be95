/* SPDX-License-Identifier: MIT
 *
 * Small programs for tests of the compiler, from text to graph IR. A program
 * that does not compile fails the test with its messages.
 */
#ifndef APXM_TESTS_PROGRAMS_H
#define APXM_TESTS_PROGRAMS_H

#include "compiler/ir/ir.h"
#include "core/base/diag.h"

typedef struct Program {
  Source source;
  Arena arena;
  TypeTable types;
  DiagSink diags; /* the warnings */
  IrProgram *ir;
} Program;

/* `text` must outlive the program. */
void program_make(Program *program, const char *text);
void program_free(Program *program);

/* Runs the pass called `name` and checks that the graph is sound after it. */
void program_pass(Program *program, const char *name);

/* The text dump; to be freed with mem_free. */
char *program_dump(const Program *program);

/* Fails, showing both, unless the text dump is `wanted`. */
void program_expect(const Program *program, const char *wanted);

#endif
