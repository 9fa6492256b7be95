/* SPDX-License-Identifier: MIT
 *
 * What is open in the editor, and places in it. A place of the protocol is a
 * line and a character, both from 0; the character counts UTF-16 units, or
 * bytes when the client can do that. Documents are known by their URI, and by
 * the path that a `file:` URI stands for.
 */
#ifndef APXM_LSP_DOCUMENT_H
#define APXM_LSP_DOCUMENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/source.h"
#include "core/base/vec.h"

typedef enum Encoding { ENCODING_UTF16, ENCODING_UTF8 } Encoding;

typedef struct Document {
  char *uri;  /* as the client wrote it */
  char *path; /* of a file: URI; else the URI itself */
  Buf text;
  int version;
  bool is_dirty;             /* its messages are not published */
  struct Analysis *analysis; /* what the compiler makes of it; NULL until
                                somebody asks (analysis.h) */
} Document;

typedef struct Documents {
  VEC(Document *) open;
  Encoding encoding;
} Documents;

void documents_free(Documents *documents);

/* NULL when there is none. */
Document *documents_find(const Documents *documents, const char *uri);
Document *documents_find_path(const Documents *documents, const char *path);

/* Opens it anew if it is open already. NULL when there are too many. */
Document *documents_open(Documents *documents, const char *uri, Slice text);
void documents_close(Documents *documents, Document *document);

/* One element of `contentChanges`: with a range or the whole text. False, and
 * nothing changed, when it makes no sense. */
bool document_change(const Documents *documents, Document *document,
                     const cJSON *change);

/* ---- places -------------------------------------------------------------- */

/* The byte at a place; the end of the line for a place beyond it, the end of
 * the text for a line beyond the last. */
uint32_t place_offset(Encoding encoding, Slice text, const cJSON *position);

/* {start, end} of a span of the text; with its lines at hand, for many. */
cJSON *place_range(Encoding encoding, Slice text, Span span);
cJSON *place_range_in(Encoding encoding, const SourceLines *lines, Span span);

/* ---- URIs ---------------------------------------------------------------- */

/* The path of a `file:` URI, percent signs decoded; another URI as it is. The
 * caller frees it. */
char *uri_to_path(const char *uri);
void uri_from_path(const char *path, Buf *uri);

#endif
