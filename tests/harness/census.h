/* SPDX-License-Identifier: MIT
 *
 * How often each construct occurred in a batch of programs, in their text and
 * when they were read. What never occurs is not tested: the driver says so.
 */
#ifndef APXM_TESTS_HARNESS_CENSUS_H
#define APXM_TESTS_HARNESS_CENSUS_H

#include "compiler/front/ast.h"
#include "tests/harness/interp.h"

typedef struct CensusRow {
  const char *name;
  uint64_t total;
  uint32_t programs; /* that have it */
  bool seen;         /* in the program at hand */
} CensusRow;

typedef struct Census {
  VEC(CensusRow) rows;
  uint32_t programs;
} Census;

void census_init(Census *census);
void census_free(Census *census);

void census_add_program(Census *census, Slice text, const AstProgram *tree);
void census_add_events(Census *census, const InterpOutcome *outcome);
void census_close_program(Census *census);

void census_print(const Census *census, Buf *out);
/* Rows that stayed at zero, one a line; how many. */
uint32_t census_missing(const Census *census, Buf *out);

#endif
