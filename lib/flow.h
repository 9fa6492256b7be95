/* SPDX-License-Identifier: MIT
 *
 * What of a program can be called, and how: finding a flow by name, its
 * signature for people, and texts from outside turned into its arguments.
 */
#ifndef APXM_LIB_FLOW_H
#define APXM_LIB_FLOW_H

#include "core/base/buf.h"
#include "core/base/status.h"
#include "core/object/object.h"
#include "runtime/value/value.h"

/* One argument as given. */
typedef struct FlowArg {
  const char *name; /* of the parameter; NULL binds by position */
  Slice text;       /* always literal; converted to the parameter's type */
} FlowArg;

/* Appends "Agent.flow(topic: str, n: num) -> str"; no arrow for void. */
void flow_add_signature(const Object *object, uint32_t flow, Buf *out);

/* Row of FLOWS by "Agent.flow" or an unambiguous "flow"; NULL is the program's
 * entry. STATUS_USAGE names the candidates. */
Status flow_find(const Object *object, const char *name, uint32_t *flow,
                 Error *error) MUST_USE;

/* Fills `values`, one a parameter of `flow`, all owned by the caller. The k-th
 * argument without a name is the k-th parameter. STATUS_USAGE, with the
 * signature, for a wrong count, an unknown or repeated name, or a text that is
 * not of the parameter's type; `values` is then untouched. */
Status flow_bind(const Object *object, uint32_t flow, const FlowArg *args,
                 uint32_t arg_count, Value *values, Error *error) MUST_USE;

/* The same for a JSON value, borrowed: an object gives arguments by name. A
 * flow with one parameter takes any other value as that argument, and where it
 * takes objects (json, a record) also an object, unless the one key of that is
 * the parameter's name. `fixed`, one a parameter and borrowed, are arguments
 * that are decided already, or VALUE_EMPTY; the flow counts as having the
 * others only. */
Status flow_bind_value(const Object *object, uint32_t flow, Value line,
                       const Value *fixed, Value *values,
                       Error *error) MUST_USE;

/* Of `args`, all with names: fills `fixed` for flow_bind_value, owned by the
 * caller. As flow_bind, but what is not given is VALUE_EMPTY. */
Status flow_bind_some(const Object *object, uint32_t flow, const FlowArg *args,
                      uint32_t arg_count, Value *fixed, Error *error) MUST_USE;

#endif
