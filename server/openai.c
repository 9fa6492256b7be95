/* SPDX-License-Identifier: MIT
 *
 * Chat completions as OpenAI and llama.cpp's server speak them: one document,
 * or server-sent events with a first chunk for the role, chunks of content, one
 * with the reason of the end, one with the usage and no choices if that was
 * asked for, and "[DONE]".
 */
#include "core/base/clock.h"
#include "server/chat.h"

/* ---- reading ------------------------------------------------------------- */

static Status read_options(const cJSON *root, Chat *chat, Error *error) {
  const cJSON *stream;
  Status status = chat_read_flag(root, "stream", &chat->is_streamed, error);
  if (status == STATUS_OK)
    status = chat_find_object(root, "stream_options", &stream, error);
  if (status == STATUS_OK && stream)
    status = chat_read_flag(stream, "include_usage", &chat->wants_usage, error);
  if (status == STATUS_OK)
    status = chat_read_number(root, "temperature", &chat->temperature, error);
  if (status == STATUS_OK)
    status = chat_read_max_tokens(root, "max_tokens", chat, error);
  if (status != STATUS_OK) return status;
  return chat_read_max_tokens(root, "max_completion_tokens", chat, error);
}

static Status read_chat(const cJSON *root, Chat *chat, Error *error) {
  Status status = chat_read_messages(root, chat, error);
  return status == STATUS_OK ? read_options(root, chat, error) : status;
}

/* ---- a reply as one document --------------------------------------------- */

/* "{"id":...,"model":...", to be gone on with. */
static void add_head(const ChatReply *reply, const char *object, Buf *out) {
  buf_addf(out,
           "{\"id\":\"chatcmpl-sim-%llu\",\"object\":\"%s\",\"created\":%llu,"
           "\"model\":",
           (unsigned long long)reply->seq, object,
           (unsigned long long)clock_wall_seconds());
  json_add_text(out, reply->model);
}

static void add_usage(const ChatReply *reply, Buf *out) {
  buf_addf(out,
           ",\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,"
           "\"total_tokens\":%llu}",
           reply->input_tokens, reply->output_tokens,
           (unsigned long long)reply->input_tokens + reply->output_tokens);
}

static const char *reason(const ChatReply *reply) {
  return reply->is_cut ? "length" : "stop";
}

static void add_reply(const ChatReply *reply, Buf *out) {
  add_head(reply, "chat.completion", out);
  buf_add_text(out,
               ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
               "\"content\":");
  json_add_text(out, reply->text);
  buf_addf(out, "},\"finish_reason\":\"%s\"}]", reason(reply));
  add_usage(reply, out);
  buf_add_char(out, '}');
}

/* ---- a reply as a stream ------------------------------------------------- */

static void add_event(Slice head, const char *delta, const char *finish,
                      Buf *out) {
  buf_add_slice(out, head);
  buf_addf(out,
           ",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}"
           "\n\n",
           delta, finish);
}

static void add_pieces(Slice head, Slice text, Buf *out) {
  Buf delta = {0};
  Slice piece;
  size_t at = 0;
  while ((piece = chat_next_piece(text, &at)).length > 0) {
    buf_clear(&delta);
    buf_add_text(&delta, "{\"content\":");
    json_add_text(&delta, piece);
    buf_add_char(&delta, '}');
    add_event(head, delta.data, "null", out);
  }
  buf_free(&delta);
}

static void add_stream(const ChatReply *reply, bool with_usage, Buf *out) {
  Buf head = {0};
  buf_add_text(&head, "data: ");
  add_head(reply, "chat.completion.chunk", &head);
  add_event(buf_slice(&head), "{\"role\":\"assistant\",\"content\":null}",
            "null", out);
  add_pieces(buf_slice(&head), reply->text, out);
  add_event(buf_slice(&head), "{}", reply->is_cut ? "\"length\"" : "\"stop\"",
            out);
  if (with_usage) {
    buf_add_slice(out, buf_slice(&head));
    buf_add_text(out, ",\"choices\":[]");
    add_usage(reply, out);
    buf_add_text(out, "}\n\n");
  }
  buf_add_text(out, "data: [DONE]\n\n");
  buf_free(&head);
}

/* ---- the rest ------------------------------------------------------------ */

static const char *error_type(unsigned code) {
  switch (code) {
    case 404:
    case 405:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 503:
      return "unavailable_error";
    case 529:
      return "overloaded_error";
    default:
      return code < 500 ? "invalid_request_error" : "server_error";
  }
}

static void add_error(unsigned code, Slice message, Buf *out) {
  buf_add_text(out, "{\"error\":{\"message\":");
  json_add_text(out, message);
  buf_addf(out, ",\"type\":\"%s\",\"param\":null,\"code\":%u}}",
           error_type(code), code);
}

static void add_stream_error(unsigned code, Slice message, Buf *out) {
  buf_add_text(out, "data: ");
  add_error(code, message, out);
  buf_add_text(out, "\n\n");
}

static void add_models(Buf *out) {
  buf_addf(out,
           "{\"object\":\"list\",\"data\":[{\"id\":\"sim\",\"object\":"
           "\"model\",\"created\":%llu,\"owned_by\":\"apxm\"}]}",
           (unsigned long long)clock_wall_seconds());
}

const Dialect dialect_openai = {.stream_type = "text/event-stream",
                                .read = read_chat,
                                .add_reply = add_reply,
                                .add_stream = add_stream,
                                .add_error = add_error,
                                .add_stream_error = add_stream_error,
                                .ping = ": ping\n\n",
                                .finish_mark = "\"finish_reason\":\"",
                                .add_models = add_models};
