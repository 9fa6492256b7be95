/* SPDX-License-Identifier: MIT
 *
 * A program under test: its text, the checked tree for the reference, and the
 * object file for the engine. The text may hold several files, each but the
 * first behind a line with its name:
 *
 *     import "part.ais"
 *     agent A { ... }
 *     //// part.ais
 *     agent B { ... }
 */
#ifndef APXM_TESTS_HARNESS_SUBJECT_H
#define APXM_TESTS_HARNESS_SUBJECT_H

#include "compiler/front/ast.h"
#include "core/base/vec.h"
#include "core/object/object.h"

typedef struct Subject {
  Slice text;    /* all files */
  Source source; /* the first of them */
  Arena arena;
  TypeTable types;
  DiagSink diags;
  const AstProgram *tree;
  const AstFlow *entry; /* NULL: which one is not clear */
  VEC(Slice) args;      /* of the entry, as on the command line */
} Subject;

/* `text` must outlive it. False, with the messages in `why`, when it is no
 * program. Free it also then. */
bool subject_open(Subject *subject, Slice text, Buf *why);
void subject_free(Subject *subject);

/* Whether its first file can be formatted, to the same tree, and formatting the
 * result changes nothing. */
bool subject_formats(const Subject *subject, Buf *why);

/* Compiles it; NULL with the messages in `why`. */
Object *subject_compile(const Subject *subject, uint32_t level, Buf *why);

#endif
