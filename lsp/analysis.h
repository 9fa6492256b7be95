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
#include "core/base/reader.h"
#include "lsp/document.h"

typedef struct Analysis {
  const Documents *documents;
  Source source; /* the document, as it was; the program's main source */
  Buf text;      /* its text */
  Buf name;      /* its path */
  SourceReader reader;
  Arena arena;
  DiagSink sink; /* sorted */
  TypeTable types;
  AstProgram *program;
  SourceLines lines; /* of the main source */
} Analysis;

/* The analysis of `document`, which keeps it. */
const Analysis *analysis_of(const Documents *documents, Document *document);

/* Forgets those of all documents, whose messages may be other ones now. */
void analysis_forget(Documents *documents);
void analysis_free(Analysis *analysis); /* NULL is fine */

/* Whether a span lies in the document itself, not in what it imports. */
bool analysis_is_main(const Analysis *analysis, Span span);

/* {start, end}, and {uri, range}, of a span of any source. */
cJSON *analysis_range(const Analysis *analysis, Span span);
cJSON *analysis_location(const Analysis *analysis, Span span);

#endif
