/* SPDX-License-Identifier: MIT
 *
 * The passes: each takes a sound graph IR and leaves one that runs to the same
 * result, in linear time. passes.def is the table.
 */
#ifndef APXM_COMPILER_PASS_PASS_H
#define APXM_COMPILER_PASS_PASS_H

#include "compiler/ir/ir.h"

#define X(name, level, function, text) void function(IrProgram *program);
#include "compiler/pass/passes.def"
#undef X

enum {
#define X(name, level, function, text) PASS_ROW_##name,
#include "compiler/pass/passes.def"
#undef X
  PASS_COUNT
};

typedef struct PassInfo {
  const char *name;
  uint32_t level; /* runs at this -O and above */
  void (*run)(IrProgram *program);
  const char *text;
} PassInfo;

extern const PassInfo pass_table[PASS_COUNT];

#endif
