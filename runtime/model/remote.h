/* SPDX-License-Identifier: MIT
 *
 * A provider behind HTTP: everything that the kinds have in common. One
 * exchange a request; what is said in it is the dialect's business.
 */
#ifndef APXM_RUNTIME_MODEL_REMOTE_H
#define APXM_RUNTIME_MODEL_REMOTE_H

#include "runtime/model/provider.h"
#include "runtime/model/reply.h"

/* Reads the key and the headers from the environment. `is_official`: see
 * ReplyTerms. STATUS_USAGE: a variable is not set or cannot be a header. */
Provider *remote_new(const Dialect *dialect, const ProviderSetup *setup,
                     bool is_official, Error *error);

/* "messages": the instructions, if any, and the prompt. */
void remote_add_messages(const ModelRequest *request, Buf *body);

#endif
