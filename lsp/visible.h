/* SPDX-License-Identifier: MIT
 *
 * The names that a statement may read.
 */
#ifndef APXM_LSP_VISIBLE_H
#define APXM_LSP_VISIBLE_H

#include "compiler/front/ast.h"
#include "core/base/vec.h"

typedef struct VisibleNames {
  VEC(const AstBinding *) list; /* the outer ones first */
} VisibleNames;

/* Those of the flow around `offset` that are bound before it. Freed with
 * vec_free(&names->list). */
void visible_names(const AstFlow *flow, uint32_t offset, VisibleNames *names);

/* The innermost of that name, or NULL. */
const AstBinding *visible_find(const VisibleNames *names, Slice name);

#endif
