/* SPDX-License-Identifier: MIT
 *
 * The graph IR for people.
 */
#ifndef APXM_COMPILER_IR_DUMP_H
#define APXM_COMPILER_IR_DUMP_H

#include "compiler/ir/ir.h"

/* One line a node:
 *
 *     graph 0 Main.run: str, spaces output
 *       %0 = param: str -> topic
 *       %1 = param: output
 *       %2 = ask("About ", %0): str -> facts {temperature: 0.2} rank 1000
 *       %3 = print(%2, !%1)
 *       %4 = result(%2): str
 *       %5 = result(!%3): output
 *       %6 = end
 *
 * and for a composite the graphs it runs:
 *
 *       %3 = branch(%2, %0, !%1) [true: graph 1, false: graph 2] rank 1000
 *       %4 = port: str -> answer
 *       %5 = port: output
 *
 * `!` marks an order edge; in the place of the type of an effect token stands
 * its space; a rank of 0 is left out. Works on a broken graph, too. */
void ir_dump_text(const IrProgram *program, Buf *out);

/* For Graphviz: a cluster a graph, dashed order edges, constants cut short. */
void ir_dump_dot(const IrProgram *program, Buf *out);

#endif
