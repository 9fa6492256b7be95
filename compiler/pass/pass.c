/* SPDX-License-Identifier: MIT
 *
 * passes.def as a table.
 */
#include "compiler/pass/pass.h"

const PassInfo pass_table[PASS_COUNT] = {
#define X(name, level, function, text) {#name, level, function, text},
#include "compiler/pass/passes.def"
#undef X
};
