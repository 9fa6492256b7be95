/* SPDX-License-Identifier: MIT
 *
 * generateContent as Google's Gemini API has it. The path names the model and
 * says whether the reply is streamed, so there are two dialects here, which
 * differ in that alone. A stream is of server-sent events, each with a document
 * like that of a whole reply.
 */
#include <math.h>

#include "server/chat.h"

/* ---- reading ------------------------------------------------------------- */

static Status fail(Error *error, const char *message) {
  return error_set(error, STATUS_FORMAT, "%s", message);
}

/* The texts of {"parts": [{"text": ...}]}. */
static Status add_parts(const cJSON *content, Buf *out, Error *error) {
  const cJSON *part;
  const cJSON *parts = cJSON_GetObjectItemCaseSensitive(content, "parts");
  if (!cJSON_IsArray(parts)) return fail(error, "\"parts\" must be a list");
  if (out->length > 0) buf_add_text(out, "\n\n");
  cJSON_ArrayForEach(part, parts) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(part, "text");
    if (!cJSON_IsString(text))
      return fail(error,
                  "a part must be {\"text\": ...}; this server reads "
                  "nothing else");
    buf_add_text(out, text->valuestring);
  }
  return STATUS_OK;
}

static Status read_contents(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *contents = cJSON_GetObjectItemCaseSensitive(root, "contents");
  const cJSON *content;
  if (!cJSON_IsArray(contents) || !contents->child)
    return fail(error, "contents is not specified");
  cJSON_ArrayForEach(content, contents) {
    Status status = add_parts(content, &chat->prompt, error);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static Status read_options(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *options, *thinking;
  Status status = chat_find_object(root, "generationConfig", &options, error);
  if (status != STATUS_OK || !options) return status;
  status = chat_read_number(options, "temperature", &chat->temperature, error);
  if (status == STATUS_OK)
    status = chat_read_max_tokens(options, "maxOutputTokens", chat, error);
  if (status != STATUS_OK) return status;
  return chat_find_object(options, "thinkingConfig", &thinking, error);
}

static Status read_chat(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *system;
  chat->temperature = NAN;
  Status status = read_contents(root, chat, error);
  if (status == STATUS_OK)
    status = chat_find_object(root, "systemInstruction", &system, error);
  if (status == STATUS_OK && system)
    status = add_parts(system, &chat->system, error);
  return status == STATUS_OK ? read_options(root, chat, error) : status;
}

static Status read_stream(const cJSON *root, Chat *chat, Error *error) {
  chat->is_streamed = true;
  return read_chat(root, chat, error);
}

/* ---- replies ------------------------------------------------------------- */

static void add_candidate(Slice text, const char *reason, Buf *out) {
  buf_add_text(out, "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":");
  json_add_text(out, text);
  buf_add_text(out, "}],\"role\":\"model\"}");
  if (reason) buf_addf(out, ",\"finishReason\":\"%s\"", reason);
  buf_add_text(out, ",\"index\":0}]");
}

static void add_rest(const ChatReply *reply, uint32_t output, Buf *out) {
  buf_addf(out,
           ",\"usageMetadata\":{\"promptTokenCount\":%u,"
           "\"candidatesTokenCount\":%u,\"totalTokenCount\":%llu},"
           "\"modelVersion\":",
           reply->input_tokens, output,
           (unsigned long long)reply->input_tokens + output);
  json_add_text(out, reply->model);
  buf_addf(out, ",\"responseId\":\"sim-%llu\"}",
           (unsigned long long)reply->seq);
}

static const char *reason(const ChatReply *reply) {
  return reply->is_cut ? "MAX_TOKENS" : "STOP";
}

static void add_reply(const ChatReply *reply, Buf *out) {
  add_candidate(reply->text, reason(reply), out);
  add_rest(reply, reply->output_tokens, out);
}

static void add_stream(const ChatReply *reply, bool with_usage, Buf *out) {
  Slice piece;
  size_t at = 0;
  uint32_t count = 0;
  (void)with_usage; /* it is always there */
  while ((piece = chat_next_piece(reply->text, &at)).length > 0) {
    buf_add_text(out, "data: ");
    add_candidate(piece, NULL, out);
    add_rest(reply, ++count, out);
    buf_add_text(out, "\n\n");
  }
  buf_add_text(out, "data: ");
  add_candidate(SLICE(""), reason(reply), out);
  add_rest(reply, reply->output_tokens, out);
  buf_add_text(out, "\n\n");
}

/* ---- the rest ------------------------------------------------------------ */

static const char *error_status(unsigned code) {
  switch (code) {
    case 400:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 503:
    case 529:
      return "UNAVAILABLE";
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return code < 500 ? "FAILED_PRECONDITION" : "INTERNAL";
  }
}

static void add_error(unsigned code, Slice message, Buf *out) {
  buf_addf(out, "{\"error\":{\"code\":%u,\"message\":", code);
  json_add_text(out, message);
  buf_addf(out, ",\"status\":\"%s\"}}", error_status(code));
}

static void add_stream_error(unsigned code, Slice message, Buf *out) {
  buf_add_text(out, "data: ");
  add_error(code, message, out);
  buf_add_text(out, "\n\n");
}

static void add_models(Buf *out) {
  buf_add_text(out,
               "{\"models\":[{\"name\":\"models/sim\",\"displayName\":\"sim\","
               "\"supportedGenerationMethods\":[\"generateContent\"]}]}");
}

/* Whether it streams is said by the path, not by the request. */
#define GOOGLE(reader)                                                        \
  {                                                                           \
    .stream_type = "text/event-stream", .read = (reader),                     \
    .add_reply = add_reply, .add_stream = add_stream, .add_error = add_error, \
    .add_stream_error = add_stream_error, .ping = ": ping\n\n",               \
    .finish_mark = "\"finishReason\":\"", .add_models = add_models            \
  }

const Dialect dialect_google = GOOGLE(read_chat);
const Dialect dialect_google_stream = GOOGLE(read_stream);
