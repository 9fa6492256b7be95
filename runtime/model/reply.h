/* SPDX-License-Identifier: MIT
 *
 * Reading what a server answers: one JSON document, or a stream of them as
 * server-sent events or as lines. Knows bytes, not sockets. What a document
 * means is the dialect's business (openai.c, ...), which fills the reply.
 *
 *     pieces --> lines --> events --> documents --> dialect --> text, usage
 *
 * A streamed request may be answered by one document all the same; then all
 * lines are gathered and read at the end.
 */
#ifndef APXM_RUNTIME_MODEL_REPLY_H
#define APXM_RUNTIME_MODEL_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/io/http.h"
#include "runtime/model/dialect.h"
#include "runtime/model/lines.h"
#include "runtime/model/secrets.h"
#include "runtime/model/sse.h"

enum { REPLY_INPUTS = 3 }; /* counts that some servers give apart */

struct Reply {
  const Dialect *dialect;
  const Secrets *secrets;

  /* What came. */
  Buf text;
  Buf problem;       /* why there is no reply, fit to be shown; empty: none */
  ModelProblem kind; /* of that */
  Buf evidence;      /* what was read when that was found, fit to be shown */
  Buf tool;          /* the tool that it asks for, fit to be shown */
  Buf refusal;       /* what the model says instead of a reply; as it came */
  bool has_choice;   /* some text came, maybe an empty one */
  bool is_whole;     /* nothing but figures can follow */
  bool is_cut;       /* by the limit of tokens */
  bool has_input_tokens, has_output_tokens; /* the server counted */
  uint32_t input_tokens, output_tokens;
  uint32_t inputs[REPLY_INPUTS]; /* of which input_tokens is the sum */

  /* Where the reading stands. */
  Slice raw;           /* the document that is being read */
  uint64_t bytes;      /* of the stream, so far */
  size_t quiet_bytes;  /* since something came that counts */
  bool is_over;        /* the stream said that it ends: the rest is ignored */
  bool is_ending;      /* no further byte can come */
  bool has_progressed; /* the current piece brought something */
  bool has_document;   /* of a stream: a document was read */
  bool is_gathered;    /* one document came in place of a stream */
  Buf gathered;
  LineReader lines;
  SseEvent event;
};

void reply_init(Reply *reply, const Dialect *dialect, const Secrets *secrets);
void reply_free(Reply *reply);

/* All of it at once. */
void reply_read(Reply *reply, Slice body);
/* The next piece of a stream. */
HttpPiece reply_receive(Reply *reply, Slice piece);
/* The stream is over: whatever was missing is now a problem. */
void reply_end(Reply *reply);

/* What the server says in the body of a reply that is none (4xx, 5xx), fit to
 * be shown; empty when it says nothing. The HTTP status code that means the
 * same, if it says one (complaint.h); else 0. */
uint32_t reply_add_complaint(const Secrets *secrets, Slice body, Buf *out);

/* ---- for dialects ---- */

/* The first problem is kept. `reply_fail_at` appends the document, which is
 * not what was expected. */
void reply_fail(Reply *reply, ModelProblem kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void reply_fail_at(Reply *reply, const char *format, ...) PRINTF_LIKE(2, 3);
bool reply_has_failed(const Reply *reply);

/* NULL: not there, or null. */
const cJSON *reply_member(const cJSON *object, const char *name);

/* `value` is text, null or not there; `name` says what it is. */
void reply_take_text(Reply *reply, const cJSON *value, const char *name);
/* Text in place of a reply, or none. */
void reply_take_refusal(Reply *reply, const cJSON *value);
/* A list of tool calls, or none. */
void reply_take_tools(Reply *reply, const cJSON *calls);
/* The name of a tool that is called. */
void reply_take_tool(Reply *reply, const cJSON *name);
/* One of the counts whose sum is the input; the others stay what they were. */
void reply_take_input(Reply *reply, const cJSON *value, int which);
/* A count of the server's; what is not a whole number in range is no count. */
void reply_take_count(const cJSON *value, uint32_t *count, bool *is_known);

#endif
