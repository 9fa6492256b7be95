/* SPDX-License-Identifier: MIT
 *
 * How one kind of server is spoken to: a table of functions and words for each,
 * beside remote.c, which has what they have in common.
 */
#ifndef APXM_RUNTIME_MODEL_DIALECT_H
#define APXM_RUNTIME_MODEL_DIALECT_H

#include "core/base/json.h"
#include "runtime/model/model.h"

typedef struct Reply Reply;

/* What a request asks for beside its own fields. */
typedef struct ReplyTerms {
  Slice model;      /* empty: none is known */
  bool is_streamed; /* piece by piece, please */
  bool is_official; /* the server is the provider's own, at its default URL */
  bool is_cached;   /* the instructions are marked for the server's cache */
} ReplyTerms;

/* How one kind of server is spoken to. */
typedef struct Dialect {
  const char *name; /* of providers.def */
  const char *path; /* appended to the URL; NULL: add_path makes it */
  void (*add_path)(const ReplyTerms *terms, Buf *path);
  const char *probe_path; /* a GET of it shows whether the server is there */
  const char *key_header,
      *key_prefix;                   /* before the key: "Authorization", ... */
  const char *header, *header_value; /* of every request; or NULL */
  const char *hint; /* what its URLs look like, for whoever gets a 404 */
  bool needs_model; /* even a server that has only one */
  bool is_sse;      /* streams are server-sent events, else lines */
  void (*write)(const ModelRequest *request, const ReplyTerms *terms,
                Buf *body);
  /* One document: the whole reply, or one of a stream. */
  void (*read)(Reply *reply, const cJSON *document, bool is_whole);
} Dialect;

extern const Dialect openai_dialect, ollama_dialect, anthropic_dialect,
    google_dialect;

#endif
