/* SPDX-License-Identifier: MIT
 *
 * Errors come as {"error": {"message": TEXT}}, {"error": TEXT}, {"message":
 * TEXT}, {"detail": TEXT}, {"detail": [{"msg": TEXT}]}, and TEXT may be one of
 * these again, as JSON in a string. So this looks for a text behind the known
 * names, through objects, lists and strings, a few levels deep.
 */
#include "runtime/model/complaint.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/model/retry.h"

enum { LEVELS_MAX = 8 }; /* names, lists and strings to look through */

/* ---- the kind ------------------------------------------------------------ */

static const struct {
  const char *word;
  uint32_t code;
} words[] = {
#define X(word, code) {word, code},
#include "runtime/model/complaints.def"
#undef X
};

static uint32_t code_of_number(double number) {
  return number >= 400 && number < 600 ? (uint32_t)number : 0;
}

/* A word of the table, or a number in quotation marks. */
static uint32_t code_of_word(const char *text) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(text, words[i].word) == 0) return words[i].code;
  return code_of_number(strtod(text, NULL));
}

static uint32_t code_of_members(const cJSON *object) {
  static const char *const names[] = {"type", "code", "status"};
  uint32_t found = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, names[i]);
    uint32_t code = 0;
    if (cJSON_IsNumber(member)) code = code_of_number(member->valuedouble);
    if (cJSON_IsString(member)) code = code_of_word(member->valuestring);
    if (!found || code == 402) found = code ? code : found;
  }
  return found;
}

static uint32_t code_in(const cJSON *value, int levels);

static uint32_t code_in_text(const char *text, int levels) {
  Slice trimmed = slice_trim(slice_of(text));
  if (trimmed.length == 0 || trimmed.data[0] != '{') return 0;
  cJSON *inner = json_parse(trimmed, NULL);
  uint32_t code = inner ? code_in(inner, levels) : 0;
  cJSON_Delete(inner);
  return code;
}

static uint32_t code_in(const cJSON *value, int levels) {
  if (levels == 0) return 0;
  if (cJSON_IsString(value))
    return code_in_text(value->valuestring, levels - 1);
  if (cJSON_IsArray(value)) return code_in(value->child, levels - 1);
  if (!cJSON_IsObject(value)) return 0;
  uint32_t code = code_of_members(value);
  if (code) return code;
  return code_in(cJSON_GetObjectItemCaseSensitive(value, "error"), levels - 1);
}

uint32_t complaint_code(const cJSON *value) {
  return code_in(value, LEVELS_MAX);
}

/* ---- the delay ----------------------------------------------------------- */

bool complaint_delay(const cJSON *value, uint64_t *ns) {
  const cJSON *detail;
  const cJSON *root = cJSON_IsArray(value) ? value->child : value;
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(root, "error");
  const cJSON *details = cJSON_GetObjectItemCaseSensitive(error, "details");
  cJSON_ArrayForEach(detail, details) {
    const cJSON *delay = cJSON_GetObjectItemCaseSensitive(detail, "retryDelay");
    if (!cJSON_IsString(delay)) continue;
    Slice text = slice_of(delay->valuestring);
    if (slice_ends_with(text, SLICE("s"))) text.length--;
    if (retry_after_read(text, false, 0, ns)) return true;
  }
  return false;
}

/* ---- the sentence -------------------------------------------------------- */

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
