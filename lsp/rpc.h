/* SPDX-License-Identifier: MIT
 *
 * Messages of the language server protocol on two descriptors: a header with
 * `Content-Length: N`, an empty line, N bytes of JSON. The reader is bounded
 * and finds its way back after what is no header; a message that is too large
 * is passed over, piece by piece. One thread.
 */
#ifndef APXM_LSP_RPC_H
#define APXM_LSP_RPC_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/base/buf.h"

typedef enum RpcRead {
  RPC_MESSAGE,
  RPC_TOO_LARGE, /* over LIMIT_LSP_MESSAGE_BYTES; nothing was kept of it */
  RPC_END        /* no more input, also in the middle of a message */
} RpcRead;

/* What a reply says about a request that failed; codes of JSON-RPC. */
typedef enum RpcError {
  RPC_PARSE_ERROR = -32700,
  RPC_INVALID_REQUEST = -32600,
  RPC_METHOD_NOT_FOUND = -32601,
  RPC_INVALID_PARAMS = -32602,
  RPC_NOT_INITIALIZED = -32002
} RpcError;

typedef struct Rpc {
  int in, out; /* descriptors */
  Buf input;   /* bytes read */
  size_t at;   /* the first one not yet looked at */
  bool ended;  /* the writer of `in` has closed it */
} Rpc;

/* Waits for the next message, which replaces what is in `message`. */
RpcRead rpc_read(Rpc *rpc, Buf *message);

/* Whether there is input already. */
bool rpc_has_input(const Rpc *rpc);

/* Each of these takes what it is given. A reader that has gone is no error:
 * the input ends then, too. */
void rpc_reply(const Rpc *rpc, const cJSON *id, cJSON *result);
void rpc_fail(const Rpc *rpc, const cJSON *id, RpcError code,
              const char *message);
void rpc_notify(const Rpc *rpc, const char *method, cJSON *params);

void rpc_free(Rpc *rpc);

#endif
