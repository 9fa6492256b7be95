/* SPDX-License-Identifier: MIT
 *
 * Of which kind an operation's inputs must be, as far as each can be looked at
 * by itself. For the loader, and for whoever makes graphs by hand.
 */
#ifndef APXM_CORE_OBJECT_OP_INPUTS_H
#define APXM_CORE_OBJECT_OP_INPUTS_H

#include "core/object/ops.h"
#include "core/object/types.h"

/* Whether `op` takes a value of this kind as its input `index`. */
bool op_takes(Op op, uint32_t index, TypeKind kind);

/* What it takes there, for messages: "a text". */
const char *op_wants(Op op, uint32_t index);

#endif
