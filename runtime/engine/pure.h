/* SPDX-License-Identifier: MIT
 *
 * The pure operations: functions of their inputs, of which some may fail. What
 * went wrong is told afterwards, from the operation and its inputs, so that
 * what goes right, as nearly always, pays nothing for it.
 *
 * Inputs are of the types that the loader checked, but for what a json value
 * turns out to be, and for the value of a NONE, which nobody should read: so
 * each function looks at the kinds of its inputs. Absent ones never come here
 * (absent.c).
 */
#ifndef APXM_RUNTIME_ENGINE_PURE_H
#define APXM_RUNTIME_ENGINE_PURE_H

#include "core/base/buf.h"
#include "core/object/ops.h"
#include "runtime/engine/failure.h"
#include "runtime/value/value.h"

/* Takes the inputs over and returns a value; or VALUE_EMPTY, then it has not
 * taken them and pure_explain says why. */
typedef Value (*PureFunction)(const Value *in, uint32_t count);

/* By operation; NULL for what is not a function of its inputs. */
extern const PureFunction pure_table[OP_COUNT];

/* Why `op` has no value for these inputs: the code, and a sentence appended to
 * `text`. */
FailureCode pure_explain(Op op, const Value *in, uint32_t count, Buf *text);

/* The plain forms of the values one after the other, `separator` between.
 * False when the text would be longer than LIMIT_VALUE_BYTES. */
bool concat_values(const Value *values, uint32_t count, Slice separator,
                   Buf *out);

#endif
