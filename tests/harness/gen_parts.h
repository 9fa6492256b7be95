/* SPDX-License-Identifier: MIT
 *
 * The parts of the generator, among themselves.
 */
#ifndef APXM_TESTS_HARNESS_GEN_PARTS_H
#define APXM_TESTS_HARNESS_GEN_PARTS_H

#include "tests/harness/gen_int.h"

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
void gen_marks(Gen *g); /* annotations, or none */
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
