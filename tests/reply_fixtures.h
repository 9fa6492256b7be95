/* SPDX-License-Identifier: MIT
 *
 * The replies in tests/fixtures/replies: a text before the first of
 *
 *     === DIALECT HOW: what it is          HOW: plain, stream, complaint
 *     the body, up to
 *     --- text                             or: --- problem KIND, a text of
 *                                          problems.def
 *     what must come of it, up to the next heading or empty line before it
 *     --- code CODE                        of a complaint: what it means
 *     --- tokens INPUT OUTPUT              what the server counted; `-`: not
 *     --- cut                              when it was cut by max_tokens
 *     --- unended                          the body's last line has no end
 */
#ifndef APXM_TESTS_REPLY_FIXTURES_H
#define APXM_TESTS_REPLY_FIXTURES_H

#include "core/base/vec.h"
#include "runtime/model/reply.h"

typedef enum ReplyHow {
  REPLY_HOW_PLAIN,    /* reply_read */
  REPLY_HOW_STREAM,   /* reply_receive */
  REPLY_HOW_COMPLAINT /* reply_add_complaint */
} ReplyHow;

typedef struct ReplyFixture {
  Slice name; /* the heading */
  const Dialect *dialect;
  ReplyHow how;
  Slice body;
  Slice wanted; /* text, or problem */
  ModelProblem kind; /* NONE: a text is wanted */
  bool is_cut, has_input_tokens, has_output_tokens;
  uint32_t input_tokens, output_tokens, code;
} ReplyFixture;

typedef struct ReplyFixtures {
  VEC(ReplyFixture) list;
  VEC(char *) texts; /* the slices lie in these */
} ReplyFixtures;

/* Reads all files of the folder; the working folder is the project's. Ends the
 * process with a message when they cannot be understood. */
void reply_fixtures_load(ReplyFixtures *fixtures);
void reply_fixtures_free(ReplyFixtures *fixtures);

#endif
