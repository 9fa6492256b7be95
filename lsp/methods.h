/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: the state of the server, and one function a method
 * (methods.def). A function takes the parameters, which may be anything, and
 * returns the result; NULL is the protocol's null.
 */
#ifndef APXM_LSP_METHODS_H
#define APXM_LSP_METHODS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "lsp/analysis.h"
#include "lsp/document.h"
#include "lsp/rpc.h"

typedef enum LspState {
  LSP_STARTING, /* nothing but `initialize` makes sense */
  LSP_RUNNING,
  LSP_SHUT_DOWN /* nothing but `exit` makes sense */
} LspState;

typedef struct Lsp {
  Rpc rpc;
  LspState state;
  Documents documents;
  bool is_refused; /* the parameters of the request make no sense */
} Lsp;

#define X(name, method, kind) \
  cJSON *method_##name(Lsp *lsp, const cJSON *params);
#include "lsp/methods.def"
#undef X

/* What the parameters are about: the document of `textDocument`, and the byte
 * at `position`. The document is NULL when it is not open; the request is then
 * refused. */
typedef struct Target {
  Document *document;
  uint32_t offset;
} Target;

Target lsp_target(Lsp *lsp, const cJSON *params);

/* Text items of JSON; NULL when there is none. */
const char *lsp_text(const cJSON *object, const char *name);
const cJSON *lsp_item(const cJSON *object, const char *name);

/* A message of the compiler as the protocol has it. */
cJSON *lsp_diagnostic(const Analysis *analysis, const Diag *diag);

/* Sends the messages of all documents that have changed. */
void lsp_publish(Lsp *lsp);
/* Those of a document that is closed: none. */
void lsp_publish_nothing(Lsp *lsp, const char *uri);

#endif
