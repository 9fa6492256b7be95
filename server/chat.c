/* SPDX-License-Identifier: MIT
 *
 * Reading what dialects share. The document has passed json_parse, so
 * texts are valid UTF-8 and depth is bounded; what is left to check is that
 * each field has the type that it should have. Unknown fields are accepted, as
 * servers do.
 */
#include "server/chat.h"

#include <math.h>
#include <string.h>

#include "core/base/limits.h"

enum { PIECE_BYTES = 4 }; /* a token, as sim counts them */

void chat_free(Chat *chat) {
  buf_free(&chat->prompt);
  buf_free(&chat->system);
  buf_free(&chat->model);
}

static Status fail(Error *error, const char *name, const char *what) {
  return error_set(error, STATUS_FORMAT, "\"%s\" must be %s", name, what);
}

static const cJSON *find(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNull(item) ? NULL : item;
}

/* ---- fields -------------------------------------------------------------- */

Status chat_read_flag(const cJSON *object, const char *name, bool *value,
                      Error *error) {
  const cJSON *item = find(object, name);
  if (!item) return STATUS_OK;
  if (!cJSON_IsBool(item)) return fail(error, name, "true or false");
  *value = cJSON_IsTrue(item);
  return STATUS_OK;
}

Status chat_read_number(const cJSON *object, const char *name, double *value,
                        Error *error) {
  const cJSON *item = find(object, name);
  if (!item) return STATUS_OK;
  if (!cJSON_IsNumber(item)) return fail(error, name, "a number");
  *value = item->valuedouble;
  return STATUS_OK;
}

Status chat_read_max_tokens(const cJSON *object, const char *name, Chat *chat,
                            Error *error) {
  double value = -1;
  Status status = chat_read_number(object, name, &value, error);
  if (status != STATUS_OK || value < 0) return status;
  if (value < 1) value = 1;
  chat->max_tokens = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
  return STATUS_OK;
}

Status chat_find_object(const cJSON *object, const char *name,
                        const cJSON **found, Error *error) {
  *found = find(object, name);
  if (!*found || cJSON_IsObject(*found)) return STATUS_OK;
  return fail(error, name, "an object");
}

/* ---- messages ------------------------------------------------------------ */

/* A list of parts, of which only texts can be read. */
static Status add_parts(const cJSON *parts, Buf *out, Error *error) {
  const cJSON *part;
  cJSON_ArrayForEach(part, parts) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(part, "type");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(part, "text");
    if (!cJSON_IsString(type) || strcmp(type->valuestring, "text") != 0 ||
        !cJSON_IsString(text))
      return error_set(error, STATUS_FORMAT,
                       "a part of \"content\" must be {\"type\": \"text\", "
                       "\"text\": ...}; this server reads nothing else");
    buf_add_text(out, text->valuestring);
  }
  return STATUS_OK;
}

Status chat_add_text(const cJSON *object, const char *name, Buf *out,
                     Error *error) {
  const cJSON *content = find(object, name);
  if (out->length > 0) buf_add_text(out, "\n\n");
  if (!content) return STATUS_OK;
  if (cJSON_IsArray(content)) return add_parts(content, out, error);
  if (!cJSON_IsString(content))
    return fail(error, name, "a text or a list of parts");
  buf_add_text(out, content->valuestring);
  return STATUS_OK;
}

static Status add_message(const cJSON *message, Chat *chat, Error *error) {
  if (!cJSON_IsObject(message))
    return fail(error, "messages", "a list of objects");
  const cJSON *role = cJSON_GetObjectItemCaseSensitive(message, "role");
  if (!cJSON_IsString(role)) return fail(error, "role", "a text");
  bool is_system = strcmp(role->valuestring, "system") == 0 ||
                   strcmp(role->valuestring, "developer") == 0;
  return chat_add_text(message, "content",
                       is_system ? &chat->system : &chat->prompt, error);
}

/* The model that is there has the name `sim`, which is no name to the sim: a
 * client that does not choose gets the reply that the embedded model gives. */
void chat_set_model(Chat *chat, Slice name) {
  buf_clear(&chat->model);
  if (!slice_equal_text(name, "sim") && !slice_equal_text(name, "sim:latest"))
    buf_add_slice(&chat->model, name);
}

static Status read_model(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *item = find(root, "model");
  if (!item) return STATUS_OK;
  if (!cJSON_IsString(item)) return fail(error, "model", "a text");
  chat_set_model(chat, slice_of(item->valuestring));
  return STATUS_OK;
}

Status chat_read_messages(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *messages = find(root, "messages");
  const cJSON *message;
  chat->temperature = NAN;
  if (!messages)
    return error_set(error, STATUS_FORMAT, "\"messages\" is missing");
  if (!cJSON_IsArray(messages)) return fail(error, "messages", "a list");
  cJSON_ArrayForEach(message, messages) {
    Status status = add_message(message, chat, error);
    if (status != STATUS_OK) return status;
  }
  return read_model(root, chat, error);
}

/* ---- streaming ----------------------------------------------------------- */

static bool continues(char c) {
  return ((unsigned char)c & 0xC0) == 0x80;
}

Slice chat_next_piece(Slice text, size_t *at) {
  size_t start = *at, end = start + PIECE_BYTES;
  if (start == text.length) return (Slice){0};
  if (end > text.length) end = text.length;
  while (end < text.length && continues(text.data[end])) end++;
  *at = end;
  return slice_from(text.data + start, end - start);
}
