/* SPDX-License-Identifier: MIT
 *
 * See json_lines.h.
 */
#include "core/base/json_lines.h"

#include <string.h>

#include "core/base/file.h"

/* A line under way. */
typedef struct Reader {
  JsonLine *each;
  void *user;
  Buf place;
  Error *error;
} Reader;

static Status read_line(Reader *reader, Slice line) {
  line = slice_trim(line);
  if (line.length == 0 || slice_starts_with(line, SLICE("//")))
    return STATUS_OK;
  const char *place = reader->place.data;
  Error cause = {0};
  cJSON *root = json_parse(line, &cause);
  if (!root)
    return error_set(reader->error, STATUS_FORMAT, "%s: %s", place,
                     cause.message);
  Status status = cJSON_IsObject(root)
                      ? reader->each(reader->user, place, root, reader->error)
                      : error_set(reader->error, STATUS_FORMAT,
                                  "%s: a line is one JSON object", place);
  cJSON_Delete(root);
  return status;
}

Status json_lines_read(const char *name, Slice text, JsonLine *each, void *user,
                       Error *error) {
  Reader reader = {.each = each, .user = user, .error = error};
  Status status = STATUS_OK;
  size_t at = 0;
  for (unsigned line = 1; at < text.length && status == STATUS_OK; line++) {
    const char *start = text.data + at;
    const char *stop = memchr(start, '\n', text.length - at);
    size_t length = stop ? (size_t)(stop - start) : text.length - at;
    buf_clear(&reader.place);
    buf_addf(&reader.place, "%s:%u", name, line);
    status = read_line(&reader, slice_from(start, length));
    at += length + 1;
  }
  buf_free(&reader.place);
  return status;
}

Status json_lines_load(const char *path, size_t limit, JsonLine *each,
                       void *user, Error *error) {
  Buf text = {0};
  Status status = file_read(path, limit, &text, error);
  if (status == STATUS_OK)
    status = json_lines_read(path, buf_slice(&text), each, user, error);
  buf_free(&text);
  return status;
}
