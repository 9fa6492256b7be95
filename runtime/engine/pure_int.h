/* SPDX-License-Identifier: MIT
 *
 * Between the files of the pure operations: the functions that pure.c puts in
 * its table, and the few lines they all need. Private to pure*.c.
 */
#ifndef APXM_RUNTIME_ENGINE_PURE_INT_H
#define APXM_RUNTIME_ENGINE_PURE_INT_H

#include "runtime/engine/pure.h"

#define PURE(name) Value name(const Value *in, uint32_t count)

/* ---- pure_number.c ---- */
PURE(pure_add);
PURE(pure_sub);
PURE(pure_mul);
PURE(pure_div);
PURE(pure_mod);
PURE(pure_neg);
PURE(pure_lt);
PURE(pure_le);
PURE(pure_gt);
PURE(pure_ge);
PURE(pure_and);
PURE(pure_or);
PURE(pure_not);
PURE(pure_range);
PURE(pure_num);

/* ---- pure_text.c ---- */
PURE(pure_lines);
PURE(pure_split);
PURE(pure_join);
PURE(pure_trim);
PURE(pure_lower);
PURE(pure_upper);
PURE(pure_replace);

/* ---- pure_parts.c: of lists, objects and texts alike ---- */
PURE(pure_field);
PURE(pure_index);
PURE(pure_len);
PURE(pure_contains);
PURE(pure_slice);
PURE(pure_get);
PURE(pure_keys);
PURE(pure_json);

/* As pure_explain, for the operations of each file. */
FailureCode explain_number(Op op, const Value *in, uint32_t count, Buf *text);
FailureCode explain_text(Op op, const Value *in, Buf *text);
FailureCode explain_parts(Op op, const Value *in, uint32_t count, Buf *text);

/* "the text would be longer than 256 MiB", and the code for it. */
FailureCode explain_size(Buf *text);
/* "`len` cannot take null". */
FailureCode explain_kind(Op op, Value v, Buf *text);
/* `v` in quotes, a long one in part. */
void pure_show(Value v, Buf *text);

static inline bool is_num(Value v) {
  return value_kind(v) == VALUE_KIND_NUM;
}
static inline bool is_text(Value v) {
  return value_kind(v) == VALUE_KIND_TEXT;
}
static inline bool is_bool(Value v) {
  return value_kind(v) == VALUE_KIND_BOOL;
}
static inline bool is_list(Value v) {
  return value_kind(v) == VALUE_KIND_LIST;
}
static inline bool is_map(Value v) {
  return value_kind(v) == VALUE_KIND_MAP;
}

/* A whole number that is exact, as is the next one. */
static inline bool is_whole(double number) {
  return number ==
         (double)(int64_t)(number > -9e15 && number < 9e15 ? number : 0.5);
}

/* `result`, for which the inputs are given up unless it is VALUE_EMPTY. */
static inline Value pure_done(const Value *in, uint32_t count, Value result) {
  if (result == VALUE_EMPTY) return result;
  for (uint32_t i = 0; i < count; i++) value_drop(in[i]);
  return result;
}

/* `part`, which an input owns. */
static inline Value pure_part(const Value *in, uint32_t count, Value part) {
  value_take(part, 1);
  return pure_done(in, count, part);
}

#endif
