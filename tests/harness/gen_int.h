/* SPDX-License-Identifier: MIT
 *
 * What the files of the generator share; gen_parts.h has their functions. Text
 * is written in the order of the program, so what a choice needs is kept beside
 * it: the names in scope with their types, and what running it may cost.
 */
#ifndef APXM_TESTS_HARNESS_GEN_INT_H
#define APXM_TESTS_HARNESS_GEN_INT_H

#include "core/base/vec.h"
#include "tests/harness/gen.h"
#include "tests/harness/random.h"

typedef enum GenType {
  T_STR,
  T_NUM,
  T_BOOL,
  T_JSON,
  T_STRS,
  T_NUMS,
  T_BOOLS,
  T_JSONS,
  T_GRID,  /* list<list<num>> */
  T_ITEM,  /* a record */
  T_ORDER, /* a record with a record and lists in it */
  T_ITEMS, /* list<Item> */
  T_VOID,
  T_COUNT
} GenType;

/* A name in scope. */
typedef struct GenVar {
  char name[12];
  GenType type;
  uint32_t least; /* of a list: so many items at the least */
  uint32_t most;  /* and at the most; 0: not known */
  bool used;      /* somebody reads it */
  bool fixed;     /* not to be assigned */
  bool is_error;  /* the error of a catch: only its fields are read */
  bool has_shape; /* of json: an object as gen_json_text writes it */
  bool is_prompt; /* bound to a literal that places contexts */
} GenVar;

enum { GEN_PARAMS = 3 };

/* A flow that may be called. */
typedef struct GenFlow {
  uint32_t agent;
  char name[12];
  GenType params[GEN_PARAMS];
  uint32_t param_count;
  GenType result;
  uint32_t cost;  /* model calls of one call, about */
  bool recursive; /* its first parameter counts down */
  bool fragile;   /* it fails: not to be called but where that is wanted */
} GenFlow;

typedef struct Gen {
  Random random;
  Buf *out;
  uint32_t indent;
  VEC(GenVar) vars;
  VEC(GenFlow) flows;
  uint32_t agent; /* being written */
  GenFlow current;
  uint32_t names;   /* given out in this flow */
  uint32_t depth;   /* of constructs */
  uint32_t deepest; /* that they may be in this flow */
  uint32_t factor;  /* how often the place at hand runs, at the most */
  uint32_t cost;    /* model calls of this flow so far */
  uint32_t left;    /* statements that this flow may still have */
  uint32_t tries;   /* bodies of tries around the place at hand */
  bool in_loop;     /* `return` is not allowed */
  bool risky;       /* a failure may be written here, at most one more */
  bool has_file;    /* the program has a file of text beside it */
  bool skips;       /* the program has guards that skip */
  bool calm;        /* no model calls and flows in the expression at hand */
} Gen;

#endif
