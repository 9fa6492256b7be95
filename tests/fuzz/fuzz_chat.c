/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes are the body of a chat request, in all
 * dialects. What can be read is answered, whole and streamed, with the prompt
 * as the reply, and every answer must be valid UTF-8 and, where it is one
 * document, valid JSON.
 */
#include <assert.h>

#include "server/chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_document(const Buf *text) {
  Error error = {0};
  cJSON *root = json_parse(buf_slice(text), &error);
  assert(root);
  cJSON_Delete(root);
}

static void answer(const Dialect *dialect, const Chat *chat) {
  Buf out = {0};
  ChatReply reply = {.text = buf_slice(&chat->prompt),
                     .model = buf_slice(&chat->model)};
  dialect->add_reply(&reply, &out);
  check_document(&out);
  buf_clear(&out);
  dialect->add_stream(&reply, chat->wants_usage, &out);
  assert(slice_valid_utf8(buf_slice(&out)) == out.length);
  buf_free(&out);
}

static void try_dialect(const Dialect *dialect, const cJSON *root) {
  Chat chat = {0};
  Error error = {0};
  if (dialect->read(root, &chat, &error) == STATUS_OK) {
    answer(dialect, &chat);
  } else {
    Buf out = {0};
    assert(error.message[0]);
    dialect->add_error(400, slice_of(error.message), &out);
    check_document(&out);
    buf_free(&out);
  }
  chat_free(&chat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Error error = {0};
  cJSON *root = json_parse(slice_from((const char *)data, size), &error);
  if (!root) return 0;
  try_dialect(&dialect_openai, root);
  try_dialect(&dialect_ollama, root);
  try_dialect(&dialect_anthropic, root);
  try_dialect(&dialect_google_stream, root);
  cJSON_Delete(root);
  return 0;
}
