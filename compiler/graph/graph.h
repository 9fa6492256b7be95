/* SPDX-License-Identifier: MIT
 *
 * Graph JSON: a program as nodes and edges, the second way into the graph IR
 * and a way out of it. docs/graph-json.md has the shape.
 */
#ifndef APXM_COMPILER_GRAPH_GRAPH_H
#define APXM_COMPILER_GRAPH_GRAPH_H

#include "compiler/ir/ir.h"
#include "core/base/diag.h"

/* Whether a source is graph JSON: it begins with a brace, as no other does. */
bool graph_is_json(Slice text);

/* The program of a source of graph JSON; NULL when `sink` got errors. Fills
 * `types`, which must hold no more than the built-in ones. */
IrProgram *graph_read(const Source *source, TypeTable *types, Arena *arena,
                      DiagSink *sink);

/* Appends the program as graph JSON, all its graphs. */
void graph_write(const IrProgram *program, Buf *out);

#endif
