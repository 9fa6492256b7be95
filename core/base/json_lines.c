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

static Status read_lines(Reader *reader, const char *path, Slice text) {
  const char *at = text.data, *end = text.data + text.length;
  for (unsigned line = 1; at < end; line++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    buf_clear(&reader->place);
    buf_addf(&reader->place, "%s:%u", path, line);
    Status status = read_line(reader, slice_from(at, (size_t)(stop - at)));
    if (status != STATUS_OK) return status;
    at = stop + 1;
  }
  return STATUS_OK;
}

Status json_lines_read(const char *path, size_t limit, JsonLine *each,
                       void *user, Error *error) {
  Buf text = {0};
  Reader reader = {.each = each, .user = user, .error = error};
  Status status = file_read(path, limit, &text, error);
  if (status == STATUS_OK && text.length)
    status = read_lines(&reader, path, buf_slice(&text));
  buf_free(&text);
  buf_free(&reader.place);
  return status;
}
