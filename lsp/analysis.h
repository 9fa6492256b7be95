/* SPDX-License-Identifier: MIT
 *
 * What the compiler makes of an open document: the checked tree, with all that
 * it imports, and the messages. Made when it is asked for and kept until any
 * document changes, since one may read another. Sources that are open in the
 * editor are read from there, saved or not.
 */
#ifndef APXM_LSP_ANALYSIS_H
#define APXM_LSP_ANALYSIS_H

#include "compiler/front/ast.h"
#include "lsp/document.h"

typedef struct Analysis {
  const Documents *documents;
  Source source; /* the document, as it was */
  Buf text;      /* its text */
  char *name;    /* its path */
  Arena arena;
  DiagSink sink; /* sorted */
  TypeTable types;
  AstProgram *program;
} Analysis;

/* The analysis of `document`, which keeps it. */
const Analysis *analysis_of(const Documents *documents, Document *document);

/* Forgets those of all documents, and marks these as dirty. */
void analysis_forget(Documents *documents);
void analysis_free(Analysis *analysis);

/* The source that holds a span's start, and the span as a place in it. */
const Source *analysis_source(const Analysis *analysis, Span *span);

/* {uri, range} of a span of any source. */
cJSON *analysis_location(const Analysis *analysis, Span span);

static inline bool span_holds(Span span, uint32_t offset) {
  return offset >= span.start && offset - span.start <= span.length;
}

#endif
