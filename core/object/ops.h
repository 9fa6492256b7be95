/* SPDX-License-Identifier: MIT
 *
 * The operation table as an enum and a lookup; ops.def is the table.
 */
#ifndef APXM_CORE_OBJECT_OPS_H
#define APXM_CORE_OBJECT_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/limits.h"
#include "core/base/slice.h"

typedef enum Effect {
  EFFECT_NONE,   /* plumbing of a frame */
  EFFECT_PURE,   /* ordered by data alone */
  EFFECT_MODEL,  /* ordered by data alone; costs money */
  EFFECT_OUTPUT, /* writes the output space */
  EFFECT_FAIL    /* fails on purpose: never removed */
} Effect;

/* What effect tokens are chained over: one chain a space. A graph says with a
 * bit mask which spaces it uses. */
typedef enum Space { SPACE_OUTPUT, SPACE_COUNT } Space;
enum { SPACE_MASK_ALL = (1 << SPACE_COUNT) - 1 };

typedef enum OpShape {
  OP_PLAIN = 0,     /* fires when all inputs are there, returns a value */
  OP_ASYNC = 1,     /* may go pending; timed one by one */
  OP_COMPOSITE = 2, /* runs a graph; followed by its ports */
  OP_FRAME = 4,     /* has a fixed place in the graph's layout */
  OP_GATED = 8,     /* of a composite: no child frame before its control value;
                       the start always brings it a token */
  OP_FALLIBLE = 16, /* may fail on values of the right types: not removed when
                       nobody reads it */
  OP_SYNTAX = 32    /* not called by name */
} OpShape;

typedef enum Op {
#define X(name, text, effect, min, max, result, shape) OP_##name,
#include "core/object/ops.def"
#undef X
  OP_COUNT
} Op;

typedef enum OpResult {
  OP_RESULT_VOID,
  OP_RESULT_TEXT,
  OP_RESULT_NUM,
  OP_RESULT_BOOL,
  OP_RESULT_JSON,
  OP_RESULT_LIST,
  OP_RESULT_ANY
} OpResult;

typedef struct OpInfo {
  const char *text;    /* name in the language and in dumps */
  Effect effect;
  uint32_t min_inputs; /* value inputs */
  uint32_t max_inputs;
  OpResult result;
  uint32_t shape;      /* OpShape flags */
} OpInfo;

extern const OpInfo op_table[OP_COUNT];

/* The space an effect writes, or -1. */
int effect_space(Effect effect);

/* Finds an operation a program may call by name (not plumbing, not `pass`,
 * `text` or `list`). */
bool op_find_callable(Slice name, Op *op);

/* True for the nodes that count as work in statistics: not PARAM, PORT, END. */
bool op_is_counted(Op op);

#endif
