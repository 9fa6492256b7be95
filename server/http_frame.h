/* SPDX-License-Identifier: MIT
 *
 * Where a message of HTTP/1 ends, found as its bytes come: the head, then as
 * much body as the head says. Nothing else of HTTP is understood here.
 */
#ifndef APXM_SERVER_HTTP_FRAME_H
#define APXM_SERVER_HTTP_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"

typedef enum HttpFrameState {
  HTTP_FRAME_OPEN,  /* more is to come */
  HTTP_FRAME_WHOLE, /* it ends at `end` */
  HTTP_FRAME_BROKEN /* it is no message, or larger than it may be */
} HttpFrameState;

/* Zero it for each message. */
typedef struct HttpFrame {
  size_t
      head;   /* bytes of the head, its blank line included; 0: not there yet */
  size_t at;  /* searched so far; of chunks: where the next one begins */
  size_t end; /* of the message, when it is whole or its length is known */
  bool is_chunked;
  bool lasts; /* a reply that lasts until its connection ends */
} HttpFrame;

typedef enum HttpFrameKind {
  HTTP_FRAME_REQUEST,
  HTTP_FRAME_REPLY,
  HTTP_FRAME_REPLY_TO_HEAD /* has no body whatever it says */
} HttpFrameKind;

/* `bytes` is the message from its beginning on, as far as it has come, and
 * perhaps more; `most` is how large it may be. */
HttpFrameState http_frame_look(HttpFrame *frame, HttpFrameKind kind,
                               Slice bytes, size_t most);

/* Of a reply: its code; 0: there is none. */
unsigned http_frame_code(Slice head);
/* The value of a header of `head`; NULL data: it is not there. */
Slice http_frame_field(Slice head, const char *name);
/* Appends the body of a message that is whole, without its chunks' sizes. */
void http_frame_add_body(const HttpFrame *frame, Slice bytes, Buf *out);

#endif
