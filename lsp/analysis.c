/* SPDX-License-Identifier: MIT
 *
 * Parses and checks a document as a program of its own, the way `apxm check`
 * does; what it imports is read from the editor where it is open there.
 */
#include "lsp/analysis.h"

#include <string.h>

#include "compiler/check/check.h"
#include "compiler/front/parse.h"
#include "core/base/limits.h"
#include "core/base/reader.h"

/* ---- reading ------------------------------------------------------------- */

static Status read_open(void *context, const char *path, size_t limit, Buf *out,
                        Error *error) {
  const Documents *documents = context;
  const Document *document = documents_find_path(documents, path);
  if (document == NULL) {
    return reader_disk.read(reader_disk.context, path, limit, out, error);
  }
  if (document->text.length > limit) {
    return error_set(error, STATUS_LIMIT, "%s: more than %zu bytes", path,
                     limit);
  }
  buf_add_slice(out, buf_slice(&document->text));
  return STATUS_OK;
}

static void identify(void *context, const char *path, Buf *out) {
  (void)context;
  reader_disk.identify(reader_disk.context, path, out);
}

/* ---- one analysis -------------------------------------------------------- */

static Analysis *analyse(const Documents *documents, const Document *document) {
  Analysis *a = mem_alloc(sizeof *a);
  *a = (Analysis){.documents = documents};
  buf_add_slice(&a->text, buf_slice(&document->text));
  buf_add_text(&a->name, document->path);
  a->source = (Source){.name = a->name.data, .text = buf_slice(&a->text)};
  a->reader = (SourceReader){read_open, identify, (void *)documents};
  arena_init(&a->arena);
  diag_init(&a->sink, &a->source, &a->arena);
  type_table_init(&a->types);
  a->program = parse_program(&a->source, &a->reader, &a->arena, &a->sink);
  check_program(a->program, &a->types, &a->arena, &a->sink);
  diag_sort(&a->sink);
  source_lines_init(&a->lines, a->program->source);
  return a;
}

const Analysis *analysis_of(const Documents *documents, Document *document) {
  if (document->analysis == NULL) {
    document->analysis = analyse(documents, document);
  }
  return document->analysis;
}

void analysis_free(Analysis *a) {
  if (a == NULL) return;
  source_lines_free(&a->lines);
  parse_files_free(a->program->files);
  diag_free(&a->sink);
  type_table_free(&a->types);
  arena_free(&a->arena);
  buf_free(&a->text);
  buf_free(&a->name);
  mem_free(a);
}

void analysis_forget(Documents *documents) {
  for (uint32_t i = 0; i < documents->open.length; i++) {
    Document *document = documents->open.data[i];
    analysis_free(document->analysis);
    document->analysis = NULL;
    document->is_dirty = true;
  }
}

/* ---- places -------------------------------------------------------------- */

bool analysis_is_main(const Analysis *a, Span span) {
  return source_at(a->program->source, span.start) == a->program->source;
}

cJSON *analysis_range(const Analysis *a, Span span) {
  const Source *source = source_at(a->program->source, span.start);
  span.start -= source->base;
  if (source == a->program->source) {
    return place_range_in(a->documents->encoding, &a->lines, span);
  }
  return place_range(a->documents->encoding, source->text, span);
}

cJSON *analysis_location(const Analysis *a, Span span) {
  const Source *source = source_at(a->program->source, span.start);
  const Document *document = documents_find_path(a->documents, source->name);
  cJSON *location = cJSON_CreateObject();
  if (document != NULL) {
    cJSON_AddStringToObject(location, "uri", document->uri);
  } else {
    Buf uri = {0};
    uri_from_path(source->name, &uri);
    cJSON_AddStringToObject(location, "uri", uri.data);
    buf_free(&uri);
  }
  cJSON_AddItemToObject(location, "range", analysis_range(a, span));
  return location;
}
