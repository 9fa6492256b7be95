/* SPDX-License-Identifier: MIT
 *
 * Things of a program in a line, as one would write them.
 */
#ifndef APXM_LSP_DESCRIBE_H
#define APXM_LSP_DESCRIBE_H

#include "lsp/analysis.h"

/* "str", "list<Invoice>"; nothing for a type that is not known. */
void describe_type(const Analysis *analysis, TypeId type, Buf *out);

/* "name: type" */
void describe_binding(const Analysis *analysis, const AstBinding *binding,
                      Buf *out);

/* "flow Agent.name(a: str, b: num) -> str" */
void describe_flow(const Analysis *analysis, const AstFlow *flow, Buf *out);

/* "type Invoice { total: num, items: list<str> }" */
void describe_record(const AstRecord *record, Buf *out);

/* A type as it is written. */
void describe_written(const AstType *type, Buf *out);

#endif
