/* SPDX-License-Identifier: MIT
 *
 * Takes messages apart and hands them on by the table in methods.def. Whatever
 * a client sends, it gets an answer that JSON-RPC has for it, or none.
 */
#include "lsp/server.h"

#include <string.h>

#include "core/base/json.h"
#include "lsp/methods.h"

typedef enum MethodKind { REQUEST, NOTICE } MethodKind;

typedef struct Method {
  const char *name;
  MethodKind kind;
  cJSON *(*run)(Lsp *lsp, const cJSON *params);
} Method;

static const Method methods[] = {
#define X(name, method, kind) {method, kind, method_##name},
#include "lsp/methods.def"
#undef X
};

static const Method *find_method(const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i].name, name) == 0) return &methods[i];
  }
  return NULL;
}

/* ---- one message --------------------------------------------------------- */

static void answer(Lsp *lsp, const Method *method, const cJSON *id,
                   const cJSON *params) {
  lsp->is_refused = false;
  cJSON *result = method->run(lsp, params);
  if (!lsp->is_refused) {
    rpc_reply(&lsp->rpc, id, result);
    return;
  }
  cJSON_Delete(result);
  rpc_fail(&lsp->rpc, id, RPC_INVALID_PARAMS,
           "the parameters name no document that is open, or lack something");
}

static void handle_request(Lsp *lsp, const char *name, const cJSON *id,
                           const cJSON *params) {
  const Method *method = find_method(name);
  bool starts = strcmp(name, "initialize") == 0;
  if (lsp->state == LSP_STARTING && !starts) {
    rpc_fail(&lsp->rpc, id, RPC_NOT_INITIALIZED,
             "the first request is `initialize`");
  } else if (lsp->state == LSP_SHUT_DOWN) {
    rpc_fail(&lsp->rpc, id, RPC_INVALID_REQUEST,
             "the server was shut down; `exit` ends it");
  } else if (starts && lsp->state == LSP_RUNNING) {
    rpc_fail(&lsp->rpc, id, RPC_INVALID_REQUEST, "it is initialized already");
  } else if (method == NULL || method->kind != REQUEST) {
    rpc_fail(&lsp->rpc, id, RPC_METHOD_NOT_FOUND, "there is no such request");
  } else {
    answer(lsp, method, id, params);
  }
}

static void handle_notice(Lsp *lsp, const char *name, const cJSON *params) {
  const Method *method = find_method(name);
  if (method == NULL || method->kind != NOTICE || lsp->state != LSP_RUNNING) {
    return;
  }
  cJSON_Delete(method->run(lsp, params));
}

/* False when the message was the last one. */
static bool handle(Lsp *lsp, const cJSON *message) {
  const char *method = lsp_text(message, "method");
  const cJSON *id = lsp_item(message, "id");
  const cJSON *params = lsp_item(message, "params");
  bool answers = lsp_item(message, "result") || lsp_item(message, "error");
  if (method == NULL && answers) return true; /* we have asked nothing */
  if (!cJSON_IsObject(message) || method == NULL) {
    rpc_fail(&lsp->rpc, id, RPC_INVALID_REQUEST, "no message of JSON-RPC");
  } else if (strcmp(method, "exit") == 0) {
    return false;
  } else if (id != NULL) {
    handle_request(lsp, method, id, params);
  } else {
    handle_notice(lsp, method, params);
  }
  return true;
}

static bool handle_bytes(Lsp *lsp, Slice bytes) {
  Error error = {0};
  cJSON *message = json_parse(bytes, &error);
  if (message == NULL) {
    rpc_fail(&lsp->rpc, NULL, RPC_PARSE_ERROR, error.message);
    return true;
  }
  bool goes_on = handle(lsp, message);
  cJSON_Delete(message);
  return goes_on;
}

/* ---- all of them --------------------------------------------------------- */

static bool serve_one(Lsp *lsp, Buf *message) {
  bool quiet = !rpc_has_input(&lsp->rpc);
  if (quiet && lsp->state == LSP_RUNNING) lsp_publish(lsp);
  switch (rpc_read(&lsp->rpc, message)) {
    case RPC_MESSAGE:
      return handle_bytes(lsp, buf_slice(message));
    case RPC_TOO_LARGE:
      rpc_fail(&lsp->rpc, NULL, RPC_INVALID_REQUEST,
               "a message may have at most 64 MiB");
      return true;
    default:
      return false;
  }
}

bool lsp_serve(int in, int out) {
  Lsp lsp = {.rpc = {.in = in, .out = out}};
  Buf message = {0};
  while (serve_one(&lsp, &message)) continue;
  bool orderly = lsp.state == LSP_SHUT_DOWN;
  buf_free(&message);
  analysis_forget(&lsp.documents);
  documents_free(&lsp.documents);
  rpc_free(&lsp.rpc);
  return orderly;
}
