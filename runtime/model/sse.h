/* SPDX-License-Identifier: MIT
 *
 * Server-sent events out of lines (WHATWG HTML, section 9.2): the `data` lines
 * of an event are joined by line feeds, an empty line ends it. `id` and `retry`
 * are of no use to a reply and are passed over.
 */
#ifndef APXM_RUNTIME_MODEL_SSE_H
#define APXM_RUNTIME_MODEL_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/slice.h"

/* Zero it and set `limit`. */
typedef struct SseEvent {
  size_t limit;  /* bytes of data */
  Buf data;      /* of the event so far */
  bool has_data; /* a data line came, maybe an empty one */
  bool is_error; /* its name is "error" */
  bool
      is_given; /* it is over and was given out: the next line begins another */
} SseEvent;

typedef enum SseResult {
  SSE_MORE,  /* a field, a comment: the event goes on */
  SSE_WHOLE, /* `data` and `is_error` are an event; valid until the next call */
  SSE_STRANGE, /* no such field: nothing was read */
  SSE_TOO_LONG /* more data than the limit; read no further */
} SseResult;

SseResult sse_add_line(SseEvent *event, Slice line);

void sse_free(SseEvent *event);

#endif
