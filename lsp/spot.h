/* SPDX-License-Identifier: MIT
 *
 * What may be written at a place, told from the tokens before it alone: while
 * somebody types, the rest of the line makes no sense yet.
 */
#ifndef APXM_LSP_SPOT_H
#define APXM_LSP_SPOT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"

typedef enum SpotKind {
  SPOT_NOTHING, /* in a text, in a comment, where a new name stands */
  SPOT_FILE,    /* between agents */
  SPOT_AGENT,   /* between the items of an agent */
  SPOT_BLOCK,   /* in a block: a statement, or part of one */
  SPOT_VALUE,   /* part of an expression */
  SPOT_MEMBER,  /* after the dot behind `names` */
  SPOT_TYPE,    /* where a type stands */
  SPOT_MARK     /* after `@` */
} SpotKind;

enum { SPOT_NAMES = 4 }; /* names with dots between them, at most */

typedef struct Spot {
  SpotKind kind;
  uint32_t start;          /* of the word that was begun, which may be empty */
  Slice names[SPOT_NAMES]; /* of MEMBER: of `a.b.` first a, then b */
  uint32_t name_count;
  Slice call; /* the operation or flow whose argument begins here, or
                     empty */
} Spot;

/* The texts lie in `text`. */
Spot spot_at(Slice text, uint32_t offset);

#endif
