/* SPDX-License-Identifier: MIT
 *
 * What changes a document: the fixes that messages offer, and the layout.
 */
#include "compiler/front/format.h"
#include "lsp/methods.h"

static cJSON *new_edit(cJSON *range, const char *text) {
  cJSON *edit = cJSON_CreateObject();
  cJSON_AddItemToObject(edit, "range", range);
  cJSON_AddStringToObject(edit, "newText", text);
  return edit;
}

/* ---- quick fixes --------------------------------------------------------- */

static void add_title(const Diag *diag, cJSON *action) {
  Buf title = {0};
  if (diag->replacement[0] == 0) {
    buf_add_text(&title, "Remove it");
  } else if (strchr(diag->replacement, '\n') != NULL) {
    buf_addf(&title, "Fix: %s", diag->message);
  } else {
    buf_addf(&title, "Write `%s`", diag->replacement);
  }
  cJSON_AddStringToObject(action, "title", title.data);
  buf_free(&title);
}

static cJSON *new_fix(const Analysis *a, const Document *document,
                      const Diag *diag) {
  cJSON *action = cJSON_CreateObject();
  add_title(diag, action);
  cJSON_AddStringToObject(action, "kind", "quickfix");
  cJSON_AddBoolToObject(action, "isPreferred", true);
  cJSON *diagnostics = cJSON_AddArrayToObject(action, "diagnostics");
  cJSON_AddItemToArray(diagnostics, lsp_diagnostic(a, diag));
  cJSON *edit = cJSON_AddObjectToObject(action, "edit");
  cJSON *changes = cJSON_AddObjectToObject(edit, "changes");
  cJSON *edits = cJSON_AddArrayToObject(changes, document->uri);
  cJSON_AddItemToArray(edits, new_edit(analysis_range(a, diag_replaced(diag)),
                                       diag->replacement));
  return action;
}

/* Whether the client wants quick fixes: it asks for them, or for everything. */
static bool wants_fixes(const cJSON *params) {
  const cJSON *only = lsp_item(lsp_item(params, "context"), "only");
  const cJSON *kind;
  if (!cJSON_IsArray(only)) return true;
  cJSON_ArrayForEach(kind, only) {
    const char *name = cJSON_GetStringValue(kind);
    if (name && (name[0] == 0 || strcmp(name, "quickfix") == 0)) return true;
  }
  return false;
}

cJSON *method_code_action(Lsp *lsp, const cJSON *params) {
  Target target = lsp_target(lsp, params);
  if (target.document == NULL) return NULL;
  const Analysis *a = analysis_of(&lsp->documents, target.document);
  const cJSON *range = lsp_item(params, "range");
  Slice text = buf_slice(&target.document->text);
  Encoding encoding = lsp->documents.encoding;
  uint32_t start = place_offset(encoding, text, lsp_item(range, "start"));
  uint32_t end = place_offset(encoding, text, lsp_item(range, "end"));
  cJSON *list = cJSON_CreateArray();
  for (uint32_t i = 0; i < a->sink.diags.length && wants_fixes(params); i++) {
    const Diag *diag = &a->sink.diags.data[i];
    bool touches = diag->span.start <= end &&
                   diag->span.start + diag->span.length >= start;
    if (diag->replacement != NULL && touches) {
      cJSON_AddItemToArray(list, new_fix(a, target.document, diag));
    }
  }
  return list;
}

/* ---- layout -------------------------------------------------------------- */

/* One edit from the first line that differs to the last, so that the editor
 * keeps its place in what stays. */
static cJSON *line_edit(Encoding encoding, Slice before, Slice after) {
  size_t less = before.length < after.length ? before.length : after.length;
  size_t same = 0;
  size_t first = 0;
  while (same < less && before.data[same] == after.data[same]) {
    if (before.data[same++] == '\n') first = same;
  }
  size_t tail = 0;
  size_t last = 0;
  while (tail < less - first && before.data[before.length - 1 - tail] ==
                                    after.data[after.length - 1 - tail]) {
    if (before.data[before.length - 1 - tail] == '\n') last = tail;
    tail++;
  }
  Span span = {(uint32_t)first, (uint32_t)(before.length - last - first)};
  Buf text = {0};
  buf_add_slice(&text,
                slice_from(after.data + first, after.length - last - first));
  cJSON *edit = new_edit(place_range(encoding, before, span),
                         text.length ? text.data : "");
  buf_free(&text);
  return edit;
}

cJSON *method_formatting(Lsp *lsp, const cJSON *params) {
  Target target = lsp_target(lsp, params);
  if (target.document == NULL) return NULL;
  Slice text = buf_slice(&target.document->text);
  Source source = {.name = target.document->path, .text = text};
  Arena arena;
  DiagSink sink;
  Buf after = {0};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  cJSON *edits = NULL;
  if (format_source(&source, &arena, &sink, &after) == FORMAT_DONE) {
    edits = cJSON_CreateArray();
    if (!slice_equal(text, buf_slice(&after))) {
      cJSON_AddItemToArray(
          edits, line_edit(lsp->documents.encoding, text, buf_slice(&after)));
    }
  }
  buf_free(&after);
  diag_free(&sink);
  arena_free(&arena);
  return edits;
}
