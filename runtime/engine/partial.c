/* SPDX-License-Identifier: MIT
 *
 * A list that is cut at its front. What is dropped leaves its row behind until
 * half of the rows are such, so each row is moved once on the average.
 */
#include "runtime/engine/partial.h"

#include <string.h>

#include "core/base/limits.h"

void partial_init(Partial *partial) {
  mutex_init(&partial->lock);
}

void partial_free(Partial *partial) {
  for (uint32_t i = partial->gone; i < partial->replies.length; i++)
    value_drop(partial->replies.data[i].text);
  vec_free(&partial->replies);
  mutex_destroy(&partial->lock);
}

/* What a reply takes, its row included. */
static size_t size_of(const RunReply *reply) {
  return value_to_slice(reply->text).length + sizeof *reply;
}

/* The lock is held, for the next two. */
static void drop_oldest(Partial *partial) {
  const RunReply *oldest = &partial->replies.data[partial->gone++];
  partial->bytes -= size_of(oldest);
  partial->dropped++;
  value_drop(oldest->text);
}

static void compact(Partial *partial) {
  uint32_t left = partial->replies.length - partial->gone;
  if (partial->gone <= left) return;
  memmove(partial->replies.data, partial->replies.data + partial->gone,
          left * sizeof *partial->replies.data);
  partial->replies.length = left;
  partial->gone = 0;
}

void partial_keep(Partial *partial, const RunReply *reply) {
  value_take(reply->text, 1);
  mutex_lock(&partial->lock);
  vec_push(&partial->replies, *reply);
  partial->bytes += size_of(reply);
  while (partial->bytes > LIMIT_PARTIAL_BYTES) drop_oldest(partial);
  compact(partial);
  mutex_unlock(&partial->lock);
}
