/* SPDX-License-Identifier: MIT
 *
 * The limits as constants LIMIT_NAME; limits.def gives each its reason.
 */
#ifndef APXM_CORE_BASE_LIMITS_H
#define APXM_CORE_BASE_LIMITS_H

enum {
#define X(name, value, reason) LIMIT_##name = (value),
#include "core/base/limits.def"
#undef X
};

#endif
