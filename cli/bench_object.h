/* SPDX-License-Identifier: MIT
 *
 * A shape as an object file: one flow without parameters whose nodes pass a
 * number on. What comes out of the last node is the flow's result, so that a
 * run can be checked.
 */
#ifndef APXM_CLI_BENCH_OBJECT_H
#define APXM_CLI_BENCH_OBJECT_H

#include "cli/bench_shapes.h"
#include "core/base/buf.h"
#include "core/base/status.h"

#define BENCH_VALUE 42.0 /* the constant that node 0 is fed */

/* Appends the file to `out`. */
Status bench_object_build(const Shape *shape, Buf *out, Error *error) MUST_USE;

#endif
