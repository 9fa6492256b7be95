/* SPDX-License-Identifier: MIT
 *
 * The compiler's messages as the protocol has them. Those about an imported
 * file are its own when it is open; here the `import` says that there are some.
 */
#include "lsp/methods.h"

enum {
  SEVERITY_ERROR = 1,
  SEVERITY_WARNING = 2,
  TAG_UNNECESSARY = 1,
  TAG_DEPRECATED = 2
};

/* ---- one message --------------------------------------------------------- */

static int tag_of(DiagCode code) {
  switch (code) {
    case DIAG_UNUSED_RESULT:
    case DIAG_UNUSED_PARAM:
    case DIAG_UNUSED_NAME:
    case DIAG_UNUSED_VALUE:
    case DIAG_UNREACHABLE:
    case DIAG_UNREACHABLE_CASE:
    case DIAG_UNREAD_ASSIGNMENT:
    case DIAG_UNUSED_ITEM:
      return TAG_UNNECESSARY;
    case DIAG_LEGACY:
      return TAG_DEPRECATED;
    default:
      return 0;
  }
}

static void add_message(const Diag *diag, cJSON *out) {
  Buf text = {0};
  buf_add_text(&text, diag->message);
  if (diag->label != NULL) buf_addf(&text, ": %s", diag->label);
  if (diag->help != NULL) buf_addf(&text, "\nhelp: %s", diag->help);
  cJSON_AddStringToObject(out, "message", text.data);
  buf_free(&text);
}

static void add_related(const Analysis *a, Span span, const char *text,
                        cJSON *out) {
  cJSON *list = cJSON_AddArrayToObject(out, "relatedInformation");
  cJSON *entry = cJSON_CreateObject();
  cJSON_AddItemToObject(entry, "location", analysis_location(a, span));
  cJSON_AddStringToObject(entry, "message", text ? text : "see here");
  cJSON_AddItemToArray(list, entry);
}

static cJSON *new_diagnostic(const Analysis *a, const Diag *diag, Span span) {
  cJSON *out = cJSON_CreateObject();
  bool error = diag_is_error(diag->code);
  cJSON_AddItemToObject(out, "range", analysis_range(a, span));
  cJSON_AddNumberToObject(out, "severity",
                          error ? SEVERITY_ERROR : SEVERITY_WARNING);
  cJSON_AddStringToObject(out, "code", diag_code_text(diag->code));
  cJSON_AddStringToObject(out, "source", "apxm");
  return out;
}

cJSON *lsp_diagnostic(const Analysis *a, const Diag *diag) {
  cJSON *out = new_diagnostic(a, diag, diag->span);
  int tag = tag_of(diag->code);
  add_message(diag, out);
  if (tag != 0) {
    cJSON_AddItemToObject(out, "tags", cJSON_CreateIntArray(&tag, 1));
  }
  if (diag->related.length > 0) {
    add_related(a, diag->related, diag->related_label, out);
  }
  return out;
}

/* ---- a document's -------------------------------------------------------- */

/* The import by which a file came in; the first one when it came with
 * another. */
static Span import_of(const Analysis *a, const Source *source) {
  const AstImport *import = a->program->imports;
  Span span = import ? import->span : (Span){0, 0};
  for (; import != NULL; import = import->next) {
    if (import->source == source) span = import->span;
  }
  return span;
}

/* One message for each imported file with errors; the sink is sorted, so they
 * come one file after the other. */
static void add_foreign(const Analysis *a, cJSON *list) {
  const Source *last = NULL;
  for (uint32_t i = 0; i < a->sink.diags.length; i++) {
    const Diag *diag = &a->sink.diags.data[i];
    const Source *source = source_at(a->program->source, diag->span.start);
    bool told = source == last || source == a->program->source;
    if (told || !diag_is_error(diag->code)) continue;
    cJSON *out = new_diagnostic(a, diag, import_of(a, source));
    cJSON_AddStringToObject(out, "message", "this file has errors");
    add_related(a, diag->span, diag->message, out);
    cJSON_AddItemToArray(list, out);
    last = source;
  }
}

static cJSON *make_list(const Analysis *a) {
  cJSON *list = cJSON_CreateArray();
  for (uint32_t i = 0; i < a->sink.diags.length; i++) {
    const Diag *diag = &a->sink.diags.data[i];
    if (analysis_is_main(a, diag->span)) {
      cJSON_AddItemToArray(list, lsp_diagnostic(a, diag));
    }
  }
  add_foreign(a, list);
  return list;
}

void lsp_publish(Lsp *lsp) {
  for (uint32_t i = 0; i < lsp->documents.open.length; i++) {
    Document *document = lsp->documents.open.data[i];
    if (!document->is_dirty) continue;
    document->is_dirty = false;
    const Analysis *a = analysis_of(&lsp->documents, document);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "uri", document->uri);
    cJSON_AddNumberToObject(params, "version", document->version);
    cJSON_AddItemToObject(params, "diagnostics", make_list(a));
    rpc_notify(&lsp->rpc, "textDocument/publishDiagnostics", params);
  }
}

void lsp_publish_nothing(Lsp *lsp, const char *uri) {
  cJSON *params = cJSON_CreateObject();
  cJSON_AddStringToObject(params, "uri", uri);
  cJSON_AddArrayToObject(params, "diagnostics");
  rpc_notify(&lsp->rpc, "textDocument/publishDiagnostics", params);
}
