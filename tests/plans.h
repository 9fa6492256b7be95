/* SPDX-License-Identifier: MIT
 *
 * Random programs for the engine's stress test: a plan is a few flows that
 * call each other and hold branches, loops, whiles and tries, whose bodies are
 * graphs of their own, to a depth of three. It can be written as an object file
 * and evaluated node by node, which gives what every run of it must yield and
 * print.
 */
#ifndef APXM_TESTS_PLANS_H
#define APXM_TESTS_PLANS_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/object/build.h"
#include "core/object/object.h"
#include "runtime/value/value.h"

enum {
  MAX_FLOWS = 5,
  MAX_GRAPHS = 100,
  MAX_PARAMS = 10,
  MAX_RESULTS = 6,
  MAX_ARMS = 5,
  MAX_DEPTH = 3,      /* of composites in composites */
  MAX_TEXT = 1 << 13, /* longer plans are thrown away */
  MAX_STEPS = 20000   /* the same for nodes evaluated */
};

typedef struct Node {
  Op op;
  TypeId type;
  uint32_t count;  /* inputs */
  uint32_t values; /* of these, the ones that carry one */
  ObjRef *inputs;
  uint32_t arm_count;
  ObjArm arms[MAX_ARMS]; /* labels are rows of the texts */
  uint32_t max;          /* of WHILE, and of LOOP: `parallel`; 0: none */
  bool flag;             /* of LOOP: collects; of GUARD: skips */
} Node;

typedef struct Graph {
  uint32_t params; /* values */
  TypeId param_types[MAX_PARAMS];
  uint32_t results; /* values */
  TypeId result_types[MAX_RESULTS];
  bool prints;
  bool nested;
  bool may_fail; /* has `err` and guards that halt */
  uint32_t depth;
  VEC(Node) nodes;
} Graph;

typedef struct Plan {
  Arena arena;    /* of inputs */
  uint32_t state; /* of the random numbers */
  TypeId list, error;
  uint32_t flow_count;  /* graphs from 0 on */
  uint32_t graph_count; /* with the nested ones behind them */
  Graph graphs[MAX_GRAPHS];
} Plan;

/* The texts that every plan has as its first constants, then a number and a
 * bool. */
enum { PLAN_TEXTS = 8, PLAN_CONSTS = PLAN_TEXTS + 3 };
extern const char *const plan_texts[PLAN_TEXTS];

/* A number below `below`. */
uint32_t plan_draw(Plan *plan, uint32_t below);

/* The same plan for the same seed; to be freed. */
void plan_make(Plan *plan, uint32_t seed);
void plan_free(Plan *plan);
Object *plan_build(const Plan *plan);

/* The types that plans use, into `b` unless it is NULL. */
void plan_types(Builder *b, TypeId *list, TypeId *error);

/* Loads what was built; both end the test when they fail. */
Object *plan_load(Builder *b);

/* What a run of the plan yields when its entry's arguments are "arg" for each
 * text and ["x","y"] for each list, and every `think` is answered "thought". */
typedef struct Oracle {
  const Plan *plan;
  VEC(Value) made; /* all values, dropped at the end */
  uint32_t steps;
  bool too_long;
  bool reasons;              /* some `reason` was evaluated */
  bool tries;                /* some `try` was */
  bool fails;                /* the run does */
  uint32_t skipped, stopped; /* nodes; whiles */
  uint32_t printed;          /* lines */
  Buf lines;
  Value result; /* VALUE_UNIT for none */
} Oracle;

void plan_evaluate(Oracle *oracle, const Plan *plan);
void oracle_free(Oracle *oracle);

#endif
