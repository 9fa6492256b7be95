/* SPDX-License-Identifier: MIT
 *
 * Small object files for tests, made with build.h: one for each part of the
 * format. And a way to lay hands on a file's fields, to spoil them.
 */
#ifndef APXM_TESTS_OBJECT_SHAPES_H
#define APXM_TESTS_OBJECT_SHAPES_H

#include "core/object/build.h"
#include "core/object/object.h"

typedef enum Shape {
  SHAPE_EMPTY,   /* one graph of one node: END */
  SHAPE_HELLO,   /* one ask with a constant prompt */
  SHAPE_CHAIN,   /* each ask reads the one before; attributes */
  SHAPE_FAN_OUT, /* a hundred asks and a merge */
  SHAPE_CALLS,   /* calls in calls, ports, effect tokens, prints */
  SHAPE_LISTS,   /* list types, empty lists, wait, pass */
  SHAPE_VALUES,  /* numbers, bools, parameters, several flows */
  SHAPE_RECORDS, /* record types, json, operations on values, a guard */
  SHAPE_CONTROL, /* branch on bool and text, loop, while, try; nested graphs */
  SHAPE_COUNT
} Shape;

const char *shape_name(Shape shape);

/* The sealed file, to be freed with mem_free or given to object_load. */
uint8_t *shape_make(Shape shape, size_t *size);

/* The same, loaded; it is sound. */
Object *shape_load(Shape shape);

/* One graph being made: add nodes, then shape_end. Inputs and attributes are
 * copied. */
typedef struct ShapeGraph {
  Builder *builder;
  uint32_t row;         /* of GRAPHS */
  VEC(uint8_t) is_read; /* by node: some node reads it */
} ShapeGraph;

/* `graph` says what build_begin_graph needs. */
ShapeGraph shape_begin(Builder *builder, const BuildGraph *graph);
uint32_t shape_node(ShapeGraph *graph, const BuildNode *node);

/* As shape_node, for a node with up to 4 inputs and nothing else. */
uint32_t shape_add(ShapeGraph *graph, Op op, TypeId type, uint32_t input_count,
                   const ObjRef *inputs);

/* Adds END, which waits for all that nobody reads, and ends the graph. */
void shape_end(ShapeGraph *graph);

/* Where record `row` of section `kind` is in a well-formed file. */
void *shape_record(uint8_t *bytes, ObjSectionKind kind, uint32_t row);

#endif
