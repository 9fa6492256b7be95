/* SPDX-License-Identifier: MIT
 *
 * Random programs for the engine's stress test: a plan is a few graphs that
 * call each other; it can be written as an object file and evaluated node by
 * node, which gives what every run of it must yield and print.
 */
#ifndef APXM_TESTS_PLANS_H
#define APXM_TESTS_PLANS_H

#include "core/base/buf.h"
#include "core/object/build.h"
#include "core/object/object.h"

enum {
  MAX_GRAPHS = 6,
  MAX_NODES = 80,
  MAX_INPUTS = 220,
  MAX_PARAMS = 5,
  MAX_TEXT = 1 << 14, /* longer plans are thrown away */
  MAX_STEPS = 20000   /* the same for nodes evaluated */
};

typedef struct Node {
  Op op;
  TypeId type;
  uint32_t target;
  uint32_t count;  /* inputs */
  uint32_t values; /* of these, the ones that carry one */
  ObjRef inputs[MAX_INPUTS];
} Node;

typedef struct Graph {
  uint32_t params; /* values */
  bool prints;
  TypeId result;
  uint32_t count;
  Node nodes[MAX_NODES];
} Graph;

typedef struct Plan {
  uint32_t state; /* of the random numbers */
  TypeId list;
  uint32_t graph_count;
  Graph graphs[MAX_GRAPHS];
} Plan;

/* A number below `below`. */
uint32_t plan_draw(Plan *plan, uint32_t below);

/* The same plan for the same seed. */
void plan_make(Plan *plan, uint32_t seed);
Object *plan_build(const Plan *plan);

/* Loads what was built; both end the test when they fail. */
Object *plan_load(Builder *b);

/* What a run of the plan yields when its entry's arguments are "arg" for each
 * text and ["x","y"] for each list, and every `think` is answered "thought". */
typedef struct Oracle {
  const Plan *plan;
  uint32_t steps;
  bool too_long;
  bool reasons;     /* some `reason` was evaluated */
  uint32_t printed; /* lines */
  Buf lines;
  Buf result; /* JSON; empty for none */
} Oracle;

void plan_evaluate(Oracle *oracle, const Plan *plan);

#endif
