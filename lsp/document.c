/* SPDX-License-Identifier: MIT
 *
 * Open documents: a list, since there are as many as an editor has tabs.
 * Changes are applied to the bytes as they come.
 */
#include "lsp/document.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"

/* ---- the list ------------------------------------------------------------ */

static char *copy_text(const char *text) {
  size_t size = strlen(text) + 1;
  return memcpy(mem_alloc(size), text, size);
}

static void free_document(Document *document) {
  mem_free(document->uri);
  mem_free(document->path);
  buf_free(&document->text);
  mem_free(document);
}

void documents_free(Documents *documents) {
  for (uint32_t i = 0; i < documents->open.length; i++) {
    free_document(documents->open.data[i]);
  }
  vec_free(&documents->open);
}

Document *documents_find(const Documents *documents, const char *uri) {
  for (uint32_t i = 0; i < documents->open.length; i++) {
    if (strcmp(documents->open.data[i]->uri, uri) == 0) {
      return documents->open.data[i];
    }
  }
  return NULL;
}

/* Whether two paths lead to one file: by name, or where links lead. */
static bool same_file(const char *one, const char *other) {
  if (strcmp(one, other) == 0) return true;
  char *first = realpath(one, NULL);
  char *second = first ? realpath(other, NULL) : NULL;
  bool same = second != NULL && strcmp(first, second) == 0;
  free(first);
  free(second);
  return same;
}

Document *documents_find_path(const Documents *documents, const char *path) {
  for (uint32_t i = 0; i < documents->open.length; i++) {
    if (same_file(documents->open.data[i]->path, path)) {
      return documents->open.data[i];
    }
  }
  return NULL;
}

Document *documents_open(Documents *documents, const char *uri, Slice text) {
  Document *document = documents_find(documents, uri);
  if (document == NULL) {
    if (documents->open.length >= LIMIT_LSP_DOCUMENTS) return NULL;
    document = mem_alloc(sizeof *document);
    *document = (Document){.uri = copy_text(uri), .path = uri_to_path(uri)};
    vec_push(&documents->open, document);
  }
  buf_clear(&document->text);
  buf_add_slice(&document->text, text);
  return document;
}

void documents_close(Documents *documents, Document *document) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < documents->open.length; i++) {
    Document *other = documents->open.data[i];
    if (other != document) documents->open.data[kept++] = other;
  }
  documents->open.length = kept;
  free_document(document);
}

/* ---- changes ------------------------------------------------------------- */

static void replace(Buf *text, uint32_t start, uint32_t end, Slice with) {
  Buf changed = {0};
  buf_reserve(&changed, text->length - (end - start) + with.length);
  buf_add_slice(&changed, slice_from(text->data, start));
  buf_add_slice(&changed, with);
  buf_add_slice(&changed, slice_from(text->data + end, text->length - end));
  buf_free(text);
  *text = changed;
}

bool document_change(const Documents *documents, Document *document,
                     const cJSON *change) {
  const char *with =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(change, "text"));
  const cJSON *range = cJSON_GetObjectItemCaseSensitive(change, "range");
  if (with == NULL) return false;
  Slice text = buf_slice(&document->text);
  uint32_t start = 0;
  uint32_t end = (uint32_t)text.length;
  if (range != NULL) {
    start = place_offset(documents->encoding, text,
                         cJSON_GetObjectItemCaseSensitive(range, "start"));
    end = place_offset(documents->encoding, text,
                       cJSON_GetObjectItemCaseSensitive(range, "end"));
  }
  if (start > end) return false;
  size_t length = text.length - (end - start) + strlen(with);
  if (length > LIMIT_LSP_MESSAGE_BYTES) return false;
  replace(&document->text, start, end, slice_of(with));
  return true;
}

/* ---- places -------------------------------------------------------------- */

/* Bytes of the code point at `at`. */
static uint32_t point_length(Slice text, uint32_t at) {
  uint32_t length = 1;
  while (at + length < text.length && length < 4 &&
         ((unsigned char)text.data[at + length] & 0xC0) == 0x80) {
    length++;
  }
  return length;
}

static uint32_t units(Encoding encoding, uint32_t length) {
  if (encoding == ENCODING_UTF8) return length;
  return length == 4 ? 2 : 1;
}

static uint32_t number_of(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
  return value > 0 && value < UINT32_MAX ? (uint32_t)value : 0;
}

uint32_t place_offset(Encoding encoding, Slice text, const cJSON *position) {
  uint32_t line = number_of(position, "line");
  uint32_t character = number_of(position, "character");
  uint32_t at = 0;
  for (; line > 0; line--) {
    const char *end = at < text.length
                          ? memchr(text.data + at, '\n', text.length - at)
                          : NULL;
    if (end == NULL) return (uint32_t)text.length;
    at = (uint32_t)(end - text.data) + 1;
  }
  uint32_t column = 0;
  while (at < text.length && column < character && text.data[at] != '\n' &&
         text.data[at] != '\r') {
    uint32_t length = point_length(text, at);
    column += units(encoding, length);
    at += length;
  }
  return at;
}

/* {line, character}, given the line that the offset is on and its start. */
static cJSON *new_position(Encoding encoding, Slice text, uint32_t line,
                           uint32_t start, uint32_t offset) {
  uint32_t character = 0;
  for (uint32_t at = start; at < offset;) {
    uint32_t length = point_length(text, at);
    character += units(encoding, length);
    at += length;
  }
  cJSON *position = cJSON_CreateObject();
  cJSON_AddNumberToObject(position, "line", line);
  cJSON_AddNumberToObject(position, "character", character);
  return position;
}

static cJSON *place_position(Encoding encoding, Slice text, uint32_t offset) {
  uint32_t line = 0;
  uint32_t start = 0;
  if (offset > text.length) offset = (uint32_t)text.length;
  for (uint32_t i = 0; i < offset; i++) {
    if (text.data[i] == '\n') {
      line++;
      start = i + 1;
    }
  }
  return new_position(encoding, text, line, start, offset);
}

cJSON *place_range(Encoding encoding, Slice text, Span span) {
  cJSON *range = cJSON_CreateObject();
  cJSON_AddItemToObject(range, "start",
                        place_position(encoding, text, span.start));
  cJSON_AddItemToObject(
      range, "end", place_position(encoding, text, span.start + span.length));
  return range;
}

static cJSON *position_in(Encoding encoding, const SourceLines *lines,
                          uint32_t offset) {
  Slice text = lines->source->text;
  if (offset > text.length) offset = (uint32_t)text.length;
  uint32_t low = 0;
  uint32_t high = lines->starts.length;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (lines->starts.data[middle] <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return new_position(encoding, text, low, lines->starts.data[low], offset);
}

cJSON *place_range_in(Encoding encoding, const SourceLines *lines, Span span) {
  cJSON *range = cJSON_CreateObject();
  cJSON_AddItemToObject(range, "start",
                        position_in(encoding, lines, span.start));
  cJSON_AddItemToObject(range, "end",
                        position_in(encoding, lines, span.start + span.length));
  return range;
}

/* ---- URIs ---------------------------------------------------------------- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char *uri_to_path(const char *uri) {
  static const char scheme[] = "file://";
  if (strncmp(uri, scheme, sizeof scheme - 1) != 0) return copy_text(uri);
  const char *at = uri + sizeof scheme - 1;
  while (*at != '/' && *at != 0) at++; /* the host */
  Buf path = {0};
  for (; *at != 0; at++) {
    int high = *at == '%' ? hex_digit(at[1]) : -1;
    int low = high >= 0 ? hex_digit(at[2]) : -1;
    if (low > 0 || (low == 0 && high > 0)) {
      buf_add_char(&path, (char)(high * 16 + low));
      at += 2;
    } else {
      buf_add_char(&path, *at);
    }
  }
  return buf_take(&path);
}

void uri_from_path(const char *path, Buf *uri) {
  static const char plain[] = "/-._~";
  buf_add_text(uri, "file://");
  for (; *path != 0; path++) {
    char c = *path;
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9');
    if (letter || strchr(plain, c) != NULL) {
      buf_add_char(uri, c);
    } else {
      buf_addf(uri, "%%%02X", (unsigned)(unsigned char)c);
    }
  }
}
