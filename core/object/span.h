/* SPDX-License-Identifier: MIT
 *
 * What firing a node needs of its row, in one word: its op and where its
 * inputs and consumers begin (they end where the next node's begin). Derived
 * on load; a quarter of the memory that the row itself would bring near.
 */
#ifndef APXM_CORE_OBJECT_SPAN_H
#define APXM_CORE_OBJECT_SPAN_H

#include "core/object/ops.h"

/* 6 bits of op, 29 of the row of INPUTS, 29 of the row of consumers
 * (LIMIT_OBJECT_BYTES allows for 2^28 inputs). */
static inline uint64_t span_pack(Op op, uint32_t inputs, uint32_t consumers) {
  return (uint64_t)op << 58 | (uint64_t)inputs << 29 | consumers;
}
static inline Op span_op(uint64_t span) {
  return (Op)(span >> 58);
}
static inline uint32_t span_inputs(uint64_t span) {
  return (uint32_t)(span >> 29) & ((UINT32_C(1) << 29) - 1);
}
static inline uint32_t span_consumers(uint64_t span) {
  return (uint32_t)span & ((UINT32_C(1) << 29) - 1);
}

#endif
