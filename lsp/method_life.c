/* SPDX-License-Identifier: MIT
 *
 * The beginning, the end, and what is open: initialize, shutdown, didOpen and
 * its like; and what the methods have in common.
 */
#include <string.h>

#include "core/base/limits.h"
#include "lsp/methods.h"

/* ---- parameters ---------------------------------------------------------- */

const cJSON *lsp_item(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *lsp_text(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(lsp_item(object, name));
}

static const char *uri_of(const cJSON *params) {
  return lsp_text(lsp_item(params, "textDocument"), "uri");
}

Target lsp_target(Lsp *lsp, const cJSON *params) {
  const char *uri = uri_of(params);
  const cJSON *position = lsp_item(params, "position");
  Target target = {.document =
                       uri ? documents_find(&lsp->documents, uri) : NULL};
  lsp->is_refused = target.document == NULL;
  if (target.document != NULL && position != NULL) {
    target.offset = place_offset(lsp->documents.encoding,
                                 buf_slice(&target.document->text), position);
  }
  return target;
}

/* ---- the beginning ------------------------------------------------------- */

static bool offers(const cJSON *params, const char *encoding) {
  const cJSON *general = lsp_item(lsp_item(params, "capabilities"), "general");
  const cJSON *offered;
  cJSON_ArrayForEach(offered, lsp_item(general, "positionEncodings")) {
    const char *name = cJSON_GetStringValue(offered);
    if (name != NULL && strcmp(name, encoding) == 0) return true;
  }
  return false;
}

static void add_synchronization(cJSON *capabilities) {
  cJSON *sync = cJSON_AddObjectToObject(capabilities, "textDocumentSync");
  cJSON_AddBoolToObject(sync, "openClose", true);
  cJSON_AddNumberToObject(sync, "change", 2); /* by ranges */
  cJSON_AddBoolToObject(sync, "save", true);
}

static void add_completion(cJSON *capabilities) {
  static const char *const triggers[] = {".", "@"};
  cJSON *completion =
      cJSON_AddObjectToObject(capabilities, "completionProvider");
  cJSON_AddItemToObject(completion, "triggerCharacters",
                        cJSON_CreateStringArray(triggers, 2));
}

static void add_actions(cJSON *capabilities) {
  static const char *const kinds[] = {"quickfix"};
  cJSON *actions = cJSON_AddObjectToObject(capabilities, "codeActionProvider");
  cJSON_AddItemToObject(actions, "codeActionKinds",
                        cJSON_CreateStringArray(kinds, 1));
}

static void add_name(cJSON *result) {
  cJSON *info = cJSON_AddObjectToObject(result, "serverInfo");
  cJSON_AddStringToObject(info, "name", "apxm lsp");
  cJSON_AddStringToObject(info, "version", APXM_VERSION);
}

cJSON *method_initialize(Lsp *lsp, const cJSON *params) {
  bool bytes = offers(params, "utf-8");
  lsp->documents.encoding = bytes ? ENCODING_UTF8 : ENCODING_UTF16;
  lsp->state = LSP_RUNNING;
  cJSON *result = cJSON_CreateObject();
  cJSON *capabilities = cJSON_AddObjectToObject(result, "capabilities");
  cJSON_AddStringToObject(capabilities, "positionEncoding",
                          bytes ? "utf-8" : "utf-16");
  add_synchronization(capabilities);
  add_completion(capabilities);
  add_actions(capabilities);
  cJSON_AddBoolToObject(capabilities, "hoverProvider", true);
  cJSON_AddBoolToObject(capabilities, "definitionProvider", true);
  cJSON_AddBoolToObject(capabilities, "documentFormattingProvider", true);
  cJSON_AddBoolToObject(capabilities, "documentSymbolProvider", true);
  add_name(result);
  return result;
}

cJSON *method_shutdown(Lsp *lsp, const cJSON *params) {
  (void)params;
  lsp->state = LSP_SHUT_DOWN;
  return NULL;
}

/* ---- documents ----------------------------------------------------------- */

static void set_version(Document *document, const cJSON *about) {
  const cJSON *version = lsp_item(about, "version");
  if (cJSON_IsNumber(version)) document->version = version->valueint;
}

cJSON *method_did_open(Lsp *lsp, const cJSON *params) {
  const cJSON *about = lsp_item(params, "textDocument");
  const char *uri = lsp_text(about, "uri");
  const char *text = lsp_text(about, "text");
  if (uri == NULL || text == NULL) return NULL;
  Document *document = documents_open(&lsp->documents, uri, slice_of(text));
  if (document != NULL) set_version(document, about);
  analysis_forget(&lsp->documents);
  return NULL;
}

cJSON *method_did_change(Lsp *lsp, const cJSON *params) {
  Document *document = lsp_target(lsp, params).document;
  const cJSON *change;
  if (document == NULL) return NULL;
  cJSON_ArrayForEach(change, lsp_item(params, "contentChanges")) {
    (void)document_change(&lsp->documents, document, change);
  }
  set_version(document, lsp_item(params, "textDocument"));
  analysis_forget(&lsp->documents);
  return NULL;
}

/* A file that another one imports and that is not open may have changed. */
cJSON *method_did_save(Lsp *lsp, const cJSON *params) {
  (void)params;
  analysis_forget(&lsp->documents);
  return NULL;
}

cJSON *method_did_close(Lsp *lsp, const cJSON *params) {
  Document *document = lsp_target(lsp, params).document;
  if (document == NULL) return NULL;
  analysis_forget(&lsp->documents);
  lsp_publish_nothing(lsp, document->uri);
  documents_close(&lsp->documents, document);
  return NULL;
}
