/* SPDX-License-Identifier: MIT
 *
 * What there is to say about a diagnostic beyond its message: the catalogue's
 * short text, and a longer one with a program that has the mistake and one
 * that has not (explanations.def).
 */
#ifndef APXM_CORE_BASE_EXPLAIN_H
#define APXM_CORE_BASE_EXPLAIN_H

#include "core/base/diag.h"

typedef struct Explanation {
  const char *text;  /* whole lines, as the two programs are */
  const char *wrong; /* NULL where no small program has the mistake */
  const char *right; /* NULL when `wrong` is */
} Explanation;

/* One line on what the code stands for. */
const char *explain_summary(DiagCode code);
const Explanation *explain_of(DiagCode code);

/* Finds "E0102" in any letter case. */
bool explain_find(Slice name, DiagCode *code);

/* Appends the whole page on a code. */
void explain_add(DiagCode code, Buf *out);

#endif
