/* SPDX-License-Identifier: MIT
 *
 * Paths, names and keys. A path is where in the text a graph is from:
 * "Agent.flow/if#0/else". A node's key is the hash of the path of its block, a
 * label (bound name or op) and how many nodes of that label came before; so it
 * names the node across passes and compilations.
 */
#ifndef APXM_COMPILER_IR_KEY_H
#define APXM_COMPILER_IR_KEY_H

#include "compiler/ir/lower.h"

/* Begins the path of a flow. */
void path_begin(Lower *lower, Path *path, Slice agent, Slice flow);
/* The number of this part among its like in the block. */
uint32_t path_number(Lower *lower, Part part);
/* Goes into the block `arm` of part `number`; `path` serves until it is
 * left. */
void path_enter(Lower *lower, Path *path, Part part, uint32_t number,
                const char *arm);
void path_leave(Lower *lower);
/* The path as the name of a graph; that of a part of the block without a block
 * of its own. */
Slice path_name(Lower *lower);
Slice path_part_name(Lower *lower, Part part, uint32_t number, const char *arm);

/* Names the node of the innermost graph that `value` comes from, if that is one
 * of those from `first` on: of a port, the composite. */
void key_name(Lower *lower, IrRef value, uint32_t first, AstBinding *binding);
/* Gives keys to the nodes of the innermost graph that have none. */
void key_nodes(Lower *lower);
/* Gives keys to what a closed graph is still without: its plumbing. */
void key_graph(Lower *lower, IrGraph *graph);

#endif
