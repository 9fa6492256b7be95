/* SPDX-License-Identifier: MIT
 *
 * Graph IR to object file.
 */
#ifndef APXM_COMPILER_EMIT_EMIT_H
#define APXM_COMPILER_EMIT_EMIT_H

#include "compiler/ir/ir.h"

/* Appends the sealed file to `out`. Requires a sound program with ranks. The
 * same program gives the same bytes. STATUS_LIMIT when it is too large. */
Status emit_object(const IrProgram *program, uint32_t optimization, Buf *out,
                   Error *error) MUST_USE;

#endif
