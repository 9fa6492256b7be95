/* SPDX-License-Identifier: MIT
 *
 * Messages as Anthropic's API has them: one document, or server-sent events
 * with names, from message_start to message_stop. Who asks for thinking gets a
 * block of it before the text; its budget is part of max_tokens.
 */
#include "server/chat.h"

/* ---- reading ------------------------------------------------------------- */

enum { LEAST_BUDGET = 1024 };

static const char thought[] = "Several things are to be weighed here.";

static Status fail(Error *error, const char *message) {
  return error_set(error, STATUS_FORMAT, "%s", message);
}

/* Its budget counts in max_tokens, which is then left for the text. */
static Status read_thinking(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *thinking;
  double budget = 0;
  Status status = chat_find_object(root, "thinking", &thinking, error);
  if (status != STATUS_OK || !thinking) return status;
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(thinking, "type");
  if (!cJSON_IsString(type))
    return fail(error, "thinking.type: Field required");
  if (strcmp(type->valuestring, "enabled") != 0) return STATUS_OK;
  status = chat_read_number(thinking, "budget_tokens", &budget, error);
  if (status != STATUS_OK) return status;
  if (budget < LEAST_BUDGET)
    return fail(error, "thinking.budget_tokens: must be at least 1024");
  if (budget >= chat->max_tokens)
    return fail(error,
                "`max_tokens` must be greater than "
                "`thinking.budget_tokens`");
  chat->thinks = true;
  chat->max_tokens -= (uint32_t)budget;
  return STATUS_OK;
}

static Status read_options(const cJSON *root, Chat *chat, Error *error) {
  Status status = chat_read_flag(root, "stream", &chat->is_streamed, error);
  if (status == STATUS_OK)
    status = chat_read_number(root, "temperature", &chat->temperature, error);
  if (status == STATUS_OK)
    status = chat_read_max_tokens(root, "max_tokens", chat, error);
  if (status != STATUS_OK) return status;
  if (chat->max_tokens == 0) return fail(error, "max_tokens: Field required");
  return read_thinking(root, chat, error);
}

static Status read_chat(const cJSON *root, Chat *chat, Error *error) {
  if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "model")))
    return fail(error, "model: Field required");
  Status status = chat_read_messages(root, chat, error);
  if (status == STATUS_OK)
    status = chat_add_text(root, "system", &chat->system, error);
  return status == STATUS_OK ? read_options(root, chat, error) : status;
}

/* ---- a reply as one document --------------------------------------------- */

/* "{"id":...,"content":", to be gone on with. */
static void add_head(const ChatReply *reply, Buf *out) {
  buf_addf(out,
           "{\"id\":\"msg_sim_%llu\",\"type\":\"message\",\"role\":"
           "\"assistant\",\"model\":",
           (unsigned long long)reply->seq);
  json_add_text(out, reply->model);
  buf_add_text(out, ",\"content\":");
}

static void add_usage(const ChatReply *reply, uint32_t output, Buf *out) {
  buf_addf(out,
           ",\"usage\":{\"input_tokens\":%u,\"cache_creation_input_tokens\":0,"
           "\"cache_read_input_tokens\":0,\"output_tokens\":%u}",
           reply->input_tokens, output);
}

static void add_reason(const ChatReply *reply, Buf *out) {
  buf_addf(out, "\"stop_reason\":\"%s\",\"stop_sequence\":null",
           reply->is_cut ? "max_tokens" : "end_turn");
}

static void add_reply(const ChatReply *reply, Buf *out) {
  add_head(reply, out);
  buf_add_char(out, '[');
  if (reply->thinks)
    buf_addf(out,
             "{\"type\":\"thinking\",\"thinking\":\"%s\",\"signature\":"
             "\"c2lt\"},",
             thought);
  buf_add_text(out, "{\"type\":\"text\",\"text\":");
  json_add_text(out, reply->text);
  buf_add_text(out, "}],");
  add_reason(reply, out);
  add_usage(reply, reply->output_tokens, out);
  buf_add_char(out, '}');
}

/* ---- a reply as a stream ------------------------------------------------- */

static void begin_event(const char *name, Buf *out) {
  buf_addf(out, "event: %s\ndata: {\"type\":\"%s\"", name, name);
}

static void end_event(Buf *out) {
  buf_add_text(out, "}\n\n");
}

static void add_start(const ChatReply *reply, Buf *out) {
  begin_event("message_start", out);
  buf_add_text(out, ",\"message\":");
  add_head(reply, out);
  buf_add_text(out, "[],\"stop_reason\":null,\"stop_sequence\":null");
  add_usage(reply, 1, out);
  buf_add_char(out, '}');
  end_event(out);
}

static void begin_block(unsigned index, const char *block, Buf *out) {
  begin_event("content_block_start", out);
  buf_addf(out, ",\"index\":%u,\"content_block\":%s", index, block);
  end_event(out);
}

/* A delta of the kind `type`, whose text is under `key`. */
static void add_delta(unsigned index, const char *type, const char *key,
                      Slice text, Buf *out) {
  begin_event("content_block_delta", out);
  buf_addf(out, ",\"index\":%u,\"delta\":{\"type\":\"%s\",\"%s\":", index, type,
           key);
  json_add_text(out, text);
  buf_add_char(out, '}');
  end_event(out);
}

static void end_block(unsigned index, Buf *out) {
  begin_event("content_block_stop", out);
  buf_addf(out, ",\"index\":%u", index);
  end_event(out);
}

static void add_thinking(Buf *out) {
  begin_block(0, "{\"type\":\"thinking\",\"thinking\":\"\"}", out);
  add_delta(0, "thinking_delta", "thinking", slice_of(thought), out);
  add_delta(0, "signature_delta", "signature", SLICE("c2lt"), out);
  end_block(0, out);
}

static void add_text(unsigned index, Slice text, Buf *out) {
  Slice piece;
  size_t at = 0;
  begin_block(index, "{\"type\":\"text\",\"text\":\"\"}", out);
  while ((piece = chat_next_piece(text, &at)).length > 0)
    add_delta(index, "text_delta", "text", piece, out);
  end_block(index, out);
}

static void add_stream(const ChatReply *reply, bool with_usage, Buf *out) {
  (void)with_usage; /* it is always there */
  add_start(reply, out);
  begin_event("ping", out);
  end_event(out);
  if (reply->thinks) add_thinking(out);
  add_text(reply->thinks ? 1 : 0, reply->text, out);
  begin_event("message_delta", out);
  buf_add_text(out, ",\"delta\":{");
  add_reason(reply, out);
  buf_addf(out, "},\"usage\":{\"output_tokens\":%u}", reply->output_tokens);
  end_event(out);
  begin_event("message_stop", out);
  end_event(out);
}

/* ---- the rest ------------------------------------------------------------ */

static const char *error_type(unsigned code) {
  switch (code) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
    case 405:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      return code < 500 ? "invalid_request_error" : "api_error";
  }
}

static void add_error(unsigned code, Slice message, Buf *out) {
  buf_addf(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":",
           error_type(code));
  json_add_text(out, message);
  buf_add_text(out, "}}");
}

static void add_stream_error(unsigned code, Slice message, Buf *out) {
  buf_add_text(out, "event: error\ndata: ");
  add_error(code, message, out);
  buf_add_text(out, "\n\n");
}

static void add_models(Buf *out) {
  buf_add_text(out,
               "{\"data\":[{\"type\":\"model\",\"id\":\"sim\",\"display_name\":"
               "\"sim\",\"created_at\":\"2026-01-01T00:00:00Z\"}],"
               "\"has_more\":false,\"first_id\":\"sim\",\"last_id\":\"sim\"}");
}

const Dialect dialect_anthropic = {
    .stream_type = "text/event-stream",
    .read = read_chat,
    .add_reply = add_reply,
    .add_stream = add_stream,
    .add_error = add_error,
    .add_stream_error = add_stream_error,
    .ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    .finish_mark = "\"stop_reason\":\"",
    .add_models = add_models};
