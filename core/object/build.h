/* SPDX-License-Identifier: MIT
 *
 * Writes an object file: strings and constants are interned as they are named;
 * nodes are appended in the order of format.h. Sticky: the
 * first mistake (a limit) is kept and reported by build_finish. The same calls
 * give the same bytes. One thread at a time.
 *
 *     Builder *b = build_new("x.ais", 1);
 *     build_begin_graph(b, &(BuildGraph){...});
 *     build_node(b, &(BuildNode){.op = OP_PARAM, ...}) ...
 *     build_end_graph(b);
 *     build_flow(b, ...);
 *     build_finish(b, &buf, &error);
 */
#ifndef APXM_CORE_OBJECT_BUILD_H
#define APXM_CORE_OBJECT_BUILD_H

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/object/attrs.h"
#include "core/object/format.h"
#include "core/object/ops.h"
#include "core/object/types.h"

typedef struct Builder Builder;

Builder *build_new(Slice source, uint32_t optimization);
void build_free(Builder *builder);

/* Each returns a row number; equal arguments give the same row, those of a
 * place at least when it was named lately. */
uint32_t build_text(Builder *builder, Slice text);   /* row of CONSTS */
uint32_t build_num(Builder *builder, double value);  /* row of CONSTS */
uint32_t build_bool(Builder *builder, bool value);   /* row of CONSTS */
uint32_t build_place(Builder *builder, Slice file, uint32_t line,
                     uint32_t column, uint32_t length);

/* Copies the rows past the built-in ones; call before anything names a type. */
void build_types(Builder *builder, const TypeTable *table);

typedef struct BuildGraph {
  Slice name;            /* "Agent.flow" */
  uint16_t param_count;  /* effect tokens included */
  uint16_t result_count; /* effect tokens included */
  uint16_t spaces;       /* bit mask of Space */
  bool nested;           /* not a flow's body but part of one */
} BuildGraph;

typedef struct BuildNode {
  Op op;
  TypeId type;
  const ObjRef *inputs; /* copied */
  uint32_t input_count;
  const ObjAttr *attrs; /* copied; values are rows of CONSTS */
  uint32_t attr_count;
  const ObjArm *arms; /* copied; their graphs may come later */
  uint32_t arm_count;
  uint8_t flags; /* ObjNodeFlag */
  uint32_t rank;
  uint32_t place;
  uint64_t key;
} BuildNode;

/* Returns the row of GRAPHS. */
uint32_t build_begin_graph(Builder *builder, const BuildGraph *graph);
/* Returns the index within the graph. */
uint32_t build_node(Builder *builder, const BuildNode *node);
void build_end_graph(Builder *builder);

typedef struct BuildParam {
  Slice name;
  TypeId type;
} BuildParam;

typedef struct BuildFlow {
  Slice agent;
  Slice name;
  uint32_t graph;
  const BuildParam *params; /* copied */
  uint32_t param_count;
  TypeId result;
  bool entry;
  uint32_t place;
} BuildFlow;

void build_flow(Builder *builder, const BuildFlow *flow);

/* Appends the sealed file to `out`. */
Status build_finish(Builder *builder, Buf *out, Error *error) MUST_USE;

#endif
