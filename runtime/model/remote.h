/* SPDX-License-Identifier: MIT
 *
 * A provider behind HTTP: everything that the kinds have in common. One
 * exchange a request; what is said in it is the dialect's business.
 */
#ifndef APXM_RUNTIME_MODEL_REMOTE_H
#define APXM_RUNTIME_MODEL_REMOTE_H

#include "core/base/vec.h"
#include "runtime/model/provider.h"
#include "runtime/model/reply.h"

/* Reads the key and the headers from the environment. STATUS_USAGE: a variable
 * is not set or cannot be a header. */
Provider *remote_new(const Dialect *dialect, const ProviderSetup *setup,
                     Error *error);

/* How a provider of providers.def is spoken to; NULL: it is not behind HTTP. */
const Dialect *remote_dialect(const char *provider);

/* ---- headers (remote_headers.c) ---- */

/* Headers of every request, "Name: value". Zero it. */
typedef struct RemoteHeaders {
  VEC(char *) lines;
  bool has_key;     /* a key is among them */
  bool skips_unset; /* set it: a variable that is not set is no error */
} RemoteHeaders;

/* What the configuration says is sent with every request; the values that come
 * from the environment are added to `secrets`. */
Status remote_headers_make(const BackendConfig *config, RemoteHeaders *headers,
                           Secrets *secrets, Error *error) MUST_USE;
void remote_headers_free(RemoteHeaders *headers); /* overwrites them first */

/* ---- for dialects ---- */

/* "messages": the instructions, if any, and the prompt. */
void remote_add_messages(const ModelRequest *request, Buf *body);
/* {"role":ROLE,"content":TEXT} */
void remote_add_message(const char *role, Slice text, Buf *body);

#endif
