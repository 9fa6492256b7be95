/* SPDX-License-Identifier: MIT
 *
 * The exit codes as an enum; exit.def is the table.
 */
#ifndef APXM_CORE_BASE_EXIT_H
#define APXM_CORE_BASE_EXIT_H

typedef enum ExitCode {
#define X(name, code, text) EXIT_CODE_##name = (code),
#include "core/base/exit.def"
#undef X
} ExitCode;

#endif
