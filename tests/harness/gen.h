/* SPDX-License-Identifier: MIT
 *
 * Random well-typed programs from a seed.
 */
#ifndef APXM_TESTS_HARNESS_GEN_H
#define APXM_TESTS_HARNESS_GEN_H

#include "core/base/buf.h"

/* Appends the program of `seed`: the same text for the same seed. Its first
 * line is a comment with the arguments of its entry flow, a JSON list of texts:
 *
 *     // args: ["a text", "12", "[1,2]"]
 *
 * Every model result is read, or bound to `_`. */
void gen_program(uint64_t seed, Buf *out);

/* Scripted replies that its prompts may call for, as a file of rules. */
extern const char gen_replies[];

#endif
