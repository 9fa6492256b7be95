/* SPDX-License-Identifier: MIT
 *
 * What the files of the generator share. Text is written in the order of the
 * program, so what a choice needs is kept beside it: the names in scope with
 * their types, and what running it may cost.
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

extern const char *const gen_type_names[T_COUNT];

/* gen.c */
void gen_write(Gen *g, const char *format, ...) PRINTF_LIKE(2, 3);
void gen_line(Gen *g); /* a new line, indented */
uint32_t gen_below(Gen *g, uint32_t count);
bool gen_chance(Gen *g, uint32_t percent);
GenVar *gen_add_var(Gen *g, GenType type); /* with a new name, in scope */
void gen_new_name(Gen *g, char name[12]);
GenVar *gen_find_var(Gen *g, GenType type); /* any of them; NULL */
const char *gen_read(GenVar *var);          /* its name, noted as read */
GenType gen_element(GenType list);          /* T_VOID of no list */
GenType gen_any_type(Gen *g);
void gen_type_name(Gen *g, GenType type); /* in one of its spellings */

/* gen_expr.c: an expression of the type */
void gen_expr(Gen *g, GenType type, uint32_t depth);
/* One that may stand beside any operator. */
void gen_primary(Gen *g, GenType type, uint32_t depth);
void gen_condition(Gen *g);

/* gen_list.c */
void gen_list(Gen *g, GenType type, uint32_t depth);
void gen_json(Gen *g, uint32_t depth);
/* A text literal that parses as a value of `type`. */
void gen_json_text(Gen *g, GenType type);

/* gen_model.c */
bool gen_may_ask(Gen *g);
void gen_ask(Gen *g);
void gen_failing_ask(Gen *g);
bool gen_call_flow(Gen *g, GenType result, uint32_t depth); /* false: none */

/* gen_text.c */
void gen_text_literal(Gen *g);
void gen_word(Gen *g); /* a short one, quoted */
void gen_quoted(Gen *g, const char *text);

/* gen_stmt.c, gen_control.c */
typedef enum GenEnd {
  END_OPEN,   /* anything */
  END_VALUE,  /* its last statement has a value of `type` */
  END_RETURN, /* ends with a return of the flow's result */
  END_NAME    /* binds `name`, of `type`, at its top level */
} GenEnd;
typedef struct GenBlock {
  GenEnd end;
  GenType type;
  const char *name;
  uint32_t statements;
} GenBlock;
void gen_block(Gen *g, const GenBlock *block); /* `{ ... }` */
void gen_statement(Gen *g);
void gen_construct(Gen *g);
/* One whose value has the type, as the last statement of a block. */
void gen_value_construct(Gen *g, GenType type);
void gen_failure(Gen *g); /* a statement that fails, or may, on a line */
void gen_return(Gen *g);
void gen_large(Gen *g);                      /* gen_large.c */
void gen_deep_flow(Gen *g);                  /* that it calls */
void gen_use_unread(Gen *g, uint32_t first); /* prints them */

#endif
