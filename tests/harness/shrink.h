/* SPDX-License-Identifier: MIT
 *
 * A smaller program that still shows what a larger one shows.
 */
#ifndef APXM_TESTS_HARNESS_SHRINK_H
#define APXM_TESTS_HARNESS_SHRINK_H

#include "core/base/buf.h"

/* Whether the program in `text` still shows it. */
typedef bool ShrinkStill(void *user, Slice text);

/* Makes `text` smaller as long as `still` says so: without flows, statements,
 * arms; constructs replaced by what is in them; expressions by one of their
 * parts, or by the simplest value of their type. */
void shrink_program(Buf *text, ShrinkStill *still, void *user);

#endif
