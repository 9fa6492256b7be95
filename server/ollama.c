/* SPDX-License-Identifier: MIT
 *
 * The chat of an Ollama server: a stream of JSON lines unless the request says
 * "stream": false; the last line, or the one document, has the figures.
 */
#include "core/base/clock.h"
#include "server/chat.h"

/* ---- reading ------------------------------------------------------------- */

static Status read_options(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *options;
  Status status = chat_read_flag(root, "stream", &chat->is_streamed, error);
  if (status == STATUS_OK)
    status = chat_find_object(root, "options", &options, error);
  if (status == STATUS_OK && options)
    status =
        chat_read_number(options, "temperature", &chat->temperature, error);
  if (status == STATUS_OK && options)
    status = chat_read_max_tokens(options, "num_predict", chat, error);
  return status;
}

static Status read_chat(const cJSON *root, Chat *chat, Error *error) {
  chat->is_streamed = true;
  if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "model")))
    return error_set(error, STATUS_FORMAT, "\"model\" is missing");
  Status status = chat_read_messages(root, chat, error);
  return status == STATUS_OK ? read_options(root, chat, error) : status;
}

/* ---- replies ------------------------------------------------------------- */

/* "{"model":...,"created_at":...,"message":{...,"content":", to be gone on
 * with. */
static void add_head(const ChatReply *reply, Buf *out) {
  char now[32];
  clock_wall_text(now);
  buf_add_text(out, "{\"model\":");
  json_add_text(out, reply->model);
  buf_addf(out,
           ",\"created_at\":\"%s\",\"message\":{\"role\":\"assistant\","
           "\"content\":",
           now);
}

static void add_end(const ChatReply *reply, Buf *out) {
  unsigned long long took = reply->took_ns;
  buf_addf(out,
           "},\"done\":true,\"done_reason\":\"%s\",\"total_duration\":%llu,"
           "\"load_duration\":0,\"prompt_eval_count\":%u,"
           "\"prompt_eval_duration\":0,\"eval_count\":%u,"
           "\"eval_duration\":%llu}",
           reply->is_cut ? "length" : "stop", took, reply->input_tokens,
           reply->output_tokens, took);
}

static void add_reply(const ChatReply *reply, Buf *out) {
  add_head(reply, out);
  json_add_text(out, reply->text);
  add_end(reply, out);
}

static void add_stream(const ChatReply *reply, bool with_usage, Buf *out) {
  Buf head = {0};
  Slice piece;
  size_t at = 0;
  (void)with_usage; /* it is always there */
  add_head(reply, &head);
  while ((piece = chat_next_piece(reply->text, &at)).length > 0) {
    buf_add_slice(out, buf_slice(&head));
    json_add_text(out, piece);
    buf_add_text(out, "},\"done\":false}\n");
  }
  buf_add_slice(out, buf_slice(&head));
  buf_add_text(out, "\"\"");
  add_end(reply, out);
  buf_add_char(out, '\n');
  buf_free(&head);
}

/* ---- the rest ------------------------------------------------------------ */

static void add_error(unsigned code, Slice message, Buf *out) {
  (void)code;
  buf_add_text(out, "{\"error\":");
  json_add_text(out, message);
  buf_add_char(out, '}');
}

static void add_stream_error(unsigned code, Slice message, Buf *out) {
  add_error(code, message, out);
  buf_add_char(out, '\n');
}

static void add_models(Buf *out) {
  char now[32];
  clock_wall_text(now);
  buf_addf(out,
           "{\"models\":[{\"name\":\"sim:latest\",\"model\":\"sim:latest\","
           "\"modified_at\":\"%s\",\"size\":0,\"digest\":\"\",\"details\":{"
           "\"family\":\"sim\",\"format\":\"\",\"parameter_size\":\"0\"}}]}",
           now);
}

const Dialect dialect_ollama = {.stream_type = "application/x-ndjson",
                                .read = read_chat,
                                .add_reply = add_reply,
                                .add_stream = add_stream,
                                .add_error = add_error,
                                .add_stream_error = add_stream_error,
                                .ping = "\n",
                                .finish_mark = "\"done\":true",
                                .add_models = add_models};
