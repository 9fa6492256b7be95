/* SPDX-License-Identifier: MIT
 *
 * A JSON document as a tree whose values know where they stand, so that a
 * message can point at them. Made for texts that people edit; a value takes 96
 * bytes, and LIMIT_JSON_VALUES bounds them.
 */
#ifndef APXM_COMPILER_GRAPH_TREE_H
#define APXM_COMPILER_GRAPH_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/slice.h"
#include "core/base/source.h"

typedef enum TreeKind {
  TREE_NULL,
  TREE_BOOL,
  TREE_NUM,
  TREE_TEXT,
  TREE_LIST,
  TREE_OBJECT
} TreeKind;

typedef struct Tree {
  TreeKind kind;
  bool boolean;       /* of BOOL */
  uint32_t count;     /* of LIST and OBJECT: values in it */
  Span span;          /* the value; of LIST and OBJECT its opening bracket */
  Span key_span;      /* of a member */
  Slice key;          /* of a member, escapes decoded */
  Slice text;         /* of TEXT, escapes decoded; of NUM the digits */
  double num;         /* of NUM */
  struct Tree *first; /* of LIST and OBJECT: linked by `next` */
  struct Tree *next;
} Tree;

/* The tree of a text; NULL with `fault` filled when it is no JSON. */
Tree *tree_read(Slice text, Arena *arena, JsonFault *fault);

/* The member `key`, of several the last; NULL without, and when `object` is
 * NULL or no object. */
const Tree *tree_member(const Tree *object, const char *key);

/* "a text", "a list", ... for messages. */
const char *tree_kind_name(TreeKind kind);

#endif
