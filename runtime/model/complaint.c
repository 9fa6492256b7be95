/* SPDX-License-Identifier: MIT
 *
 * Errors come as {"error": {"message": TEXT}}, {"error": TEXT}, {"message":
 * TEXT}, {"detail": TEXT}, {"detail": [{"msg": TEXT}]}, and TEXT may be one of
 * these again, as JSON in a string. So this looks for a text behind the known
 * names, through objects, lists and strings, a few levels deep.
 */
#include "runtime/model/complaint.h"

enum { LEVELS_MAX = 8 }; /* names, lists and strings to look through */

static bool find(const cJSON *value, int levels, Buf *out);

static bool find_in_text(const char *text, int levels, Buf *out) {
  Slice trimmed = slice_trim(slice_of(text));
  cJSON *inner = NULL;
  if (trimmed.length == 0) return false;
  if (trimmed.data[0] == '{') inner = json_parse(trimmed, NULL);
  bool is_found = inner && find(inner, levels, out);
  cJSON_Delete(inner);
  if (!is_found) buf_add_slice(out, trimmed);
  return true;
}

static bool find_in_object(const cJSON *object, int levels, Buf *out) {
  static const char *const names[] = {"error", "message", "detail", "msg",
                                      "errors"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, names[i]);
    if (member && find(member, levels, out)) return true;
  }
  return false;
}

static bool find(const cJSON *value, int levels, Buf *out) {
  if (levels == 0) return false;
  if (cJSON_IsString(value))
    return find_in_text(value->valuestring, levels - 1, out);
  if (cJSON_IsObject(value)) return find_in_object(value, levels - 1, out);
  if (cJSON_IsArray(value) && value->child)
    return find(value->child, levels - 1, out);
  return false;
}

bool complaint_find(const cJSON *value, Buf *out) {
  return find(value, LEVELS_MAX, out);
}
