/* SPDX-License-Identifier: MIT
 *
 * The condition of a guard: `> 0.8`, `!= null`, `== "yes"`, `not_empty`. Its
 * text is part of the program: the compiler and the loader refuse one that
 * does not read, so the engine never meets it.
 */
#ifndef APXM_CORE_OBJECT_CONDITION_H
#define APXM_CORE_OBJECT_CONDITION_H

#include <stdbool.h>

#include "core/base/slice.h"

typedef enum ConditionKind {
  /* Between the value's plain form and the operand. */
  CONDITION_GREATER,
  CONDITION_GREATER_EQUAL,
  CONDITION_LESS,
  CONDITION_LESS_EQUAL,
  CONDITION_EQUAL,
  CONDITION_NOT_EQUAL,
  /* Of the value alone; `== null` and `!= null` read as is_null, not_null. */
  CONDITION_NOT_EMPTY,
  CONDITION_IS_EMPTY,
  CONDITION_IS_NULL,
  CONDITION_NOT_NULL,
  CONDITION_IS_TRUE,
  CONDITION_IS_FALSE
} ConditionKind;

typedef struct Condition {
  ConditionKind kind;
  Slice operand;  /* of a comparison, without its quotes; part of the text */
  bool is_number; /* the operand reads as a number and has no quotes */
  double number;
} Condition;

/* On failure `fault` is what is wrong with it, for a caret's label. The words
 * are taken in any letter case. */
bool condition_parse(Slice text, Condition *condition, const char **fault);

/* Whether a value with this plain form meets a comparison: as numbers when both
 * sides read as one, else as texts, by bytes. */
bool condition_compare(const Condition *condition, Slice plain);

#endif
