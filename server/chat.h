/* SPDX-License-Identifier: MIT
 *
 * A chat request as a client sends it, in any dialect, and how each dialect
 * reads and answers one. A dialect is a small struct of functions; what several
 * have in common is read in chat.c.
 */
#ifndef APXM_SERVER_CHAT_H
#define APXM_SERVER_CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/slice.h"
#include "core/base/status.h"

/* Zero it first; free with chat_free. */
typedef struct Chat {
  Buf prompt; /* the texts of all messages but the system's, a blank line
                 between them */
  Buf system; /* those of the system's (and the developer's) */
  Buf model;  /* as named; empty: none, or `sim` */
  bool is_streamed;
  bool wants_usage;    /* at the end of a stream */
  bool thinks;         /* is to show that it does */
  double temperature;  /* NaN: not said */
  uint32_t max_tokens; /* 0: no limit */
} Chat;

void chat_free(Chat *chat);

/* What a reply consists of. */
typedef struct ChatReply {
  Slice text;
  Slice model; /* as the client named it, or "sim" */
  bool is_cut; /* max_tokens ended it */
  bool thinks; /* it shows some thinking first, where a dialect can */
  uint32_t input_tokens, output_tokens;
  uint64_t seq;     /* of the request; goes into the id */
  uint64_t took_ns; /* since the request arrived */
} ChatReply;

typedef struct Dialect {
  const char *stream_type; /* Content-Type of a streamed reply */
  /* STATUS_FORMAT, with a message that names the field. */
  Status (*read)(const cJSON *root, Chat *chat, Error *error);
  void (*add_reply)(const ChatReply *reply, Buf *out);
  void (*add_stream)(const ChatReply *reply, bool with_usage, Buf *out);
  void (*add_error)(unsigned code, Slice message, Buf *out);
  /* The same inside a stream. */
  void (*add_stream_error)(unsigned code, Slice message, Buf *out);
  const char *ping;             /* in a stream: there is no text yet */
  const char *finish_mark;      /* only an event that ends a stream has it */
  void (*add_models)(Buf *out); /* the list with the one model there is */
} Dialect;

extern const Dialect dialect_openai, dialect_ollama, dialect_anthropic,
    dialect_google, dialect_google_stream;

/* ---- for the dialects (chat.c) ------------------------------------------- */

/* "messages" and "model" of `root`. */
Status chat_read_messages(const cJSON *root, Chat *chat, Error *error) MUST_USE;

/* A text or a list of parts, appended to `out`, a blank line before it when
 * that holds something. */
Status chat_add_text(const cJSON *object, const char *name, Buf *out,
                     Error *error) MUST_USE;

/* The name of the model that is asked for, as read from elsewhere. */
void chat_set_model(Chat *chat, Slice name);

/* The field `name` of `object`, which may be missing or null: then `value` is
 * left alone. */
Status chat_read_flag(const cJSON *object, const char *name, bool *value,
                      Error *error) MUST_USE;
Status chat_read_number(const cJSON *object, const char *name, double *value,
                        Error *error) MUST_USE;
/* A negative number is no limit, 0 is 1, as servers have it. */
Status chat_read_max_tokens(const cJSON *object, const char *name, Chat *chat,
                            Error *error) MUST_USE;
Status chat_find_object(const cJSON *object, const char *name,
                        const cJSON **found, Error *error) MUST_USE;

/* The next few bytes of `text` from `*at` on, whole characters, as a server
 * streams them: a token or so. Empty at the end. */
Slice chat_next_piece(Slice text, size_t *at);

#endif
