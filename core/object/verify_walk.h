/* SPDX-License-Identifier: MIT
 *
 * The node in hand, for the files that check nodes: verify_nodes.c walks and
 * checks what all nodes have in common, verify_arms.c checks composites,
 * verify_ops.c the other operations. Private to core/object.
 */
#ifndef APXM_CORE_OBJECT_VERIFY_WALK_H
#define APXM_CORE_OBJECT_VERIFY_WALK_H

#include "core/object/loader.h"

/* The graph whose nodes are being walked. */
typedef struct Walk {
  Loader *loader;
  const Object *object;
  const ObjGraph *graph;
  const ObjNode *nodes;     /* of this graph */
  uint32_t *counts;         /* consumers so far, by node of this graph */
  uint32_t *pending;        /* by node of this graph */
  ObjLinks *links;          /* of this graph */
  const ObjNode *next_port; /* the RESULT that the next port mirrors */
  uint32_t ports_left;      /* ports that must follow at once */
  bool collects;            /* the next port is a list of those results */
  uint32_t row;             /* of the graph */
  uint32_t first_result;    /* index of the first RESULT */
  uint32_t tokens;          /* effect tokens among its parameters */
  uint32_t index;           /* of the node in hand */
} Walk;

/* The inputs of the node in hand. */
typedef struct Inputs {
  const ObjRef *refs;
  uint32_t count;  /* all of them */
  uint32_t values; /* the first ones: constants and values of nodes */
  uint32_t consts; /* constants among the values */
} Inputs;

bool refuse_node(const Walk *w, const char *format, ...) PRINTF_LIKE(2, 3)
    __attribute__((cold));

/* Whether the value of `ref` may be bound to type `to`. */
bool walk_fits(const Walk *w, ObjRef ref, TypeId to);

/* Inputs `from` and up must be order edges from nodes without a value: the
 * holders of effect tokens. */
bool verify_tokens(const Walk *w, const Inputs *in, uint32_t from);

/* The arms of a composite, and its inputs against them; says which ports must
 * follow. */
bool verify_composite(Walk *w, const ObjNode *node, const Inputs *in);

/* What an operation on values asks of its inputs and says of its type. */
bool verify_operation(const Walk *w, const ObjNode *node, const Inputs *in);

static inline TypeId walk_type(const Walk *w, ObjRef ref) {
  uint32_t index = ref & OBJ_REF_INDEX;
  return (ref & OBJ_REF_CONST) != 0 ? (TypeId)w->object->consts[index].type
                                    : w->nodes[index].type;
}

static inline TypeKind walk_kind(const Walk *w, TypeId type) {
  return (TypeKind)w->object->types.rows[type].kind;
}

#endif
