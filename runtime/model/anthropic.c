/* SPDX-License-Identifier: MIT
 *
 * Messages as Anthropic defines them and llama.cpp, Ollama and gateways speak
 * them, too. A reply is a list of blocks, of which the texts are the reply. A
 * stream tells how that list is built up:
 *
 *     message_start        {"message":{"usage":{"input_tokens":...}}}
 *     content_block_start  {"content_block":{"type":"text"|"thinking"|...}}
 *     content_block_delta  {"delta":{"type":"text_delta","text":"..."}}
 *     content_block_stop
 *     message_delta        {"delta":{"stop_reason":...},"usage":{...}}
 *     message_stop
 *
 * `ping` is no sign of life, and events that are not known are passed over, as
 * its makers ask. The figures of `usage` are sums so far.
 */
#include <math.h>
#include <string.h>

#include "runtime/model/remote.h"

enum {
  TOKENS_MAX = 4096,  /* it must be told a limit, whoever has none */
  THOUGHTS_MIN = 1024 /* it takes no smaller budget */
};

/* ---- the request -------------------------------------------------------- */

static void add_system(Slice text, bool is_cached, Buf *body) {
  if (text.length == 0) return;
  buf_add_text(body, ",\"system\":");
  if (is_cached) buf_add_text(body, "[{\"type\":\"text\",\"text\":");
  json_add_text(body, text);
  if (is_cached)
    buf_add_text(body, ",\"cache_control\":{\"type\":\"ephemeral\"}}]");
}

/* What is thought counts as written there. With thoughts, it takes no other
 * temperature than its own. */
static void add_settings(const ModelRequest *request, Buf *body) {
  double budget = request->budget_tokens;
  double most = request->max_tokens ? request->max_tokens : TOKENS_MAX;
  if (budget > 0 && budget < THOUGHTS_MIN) budget = THOUGHTS_MIN;
  if (most <= budget) most += budget;
  buf_add_text(body, ",\"max_tokens\":");
  json_add_number(body, most);
  if (budget > 0) {
    buf_add_text(body,
                 ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":");
    json_add_number(body, budget);
    buf_add_char(body, '}');
  } else if (!isnan(request->temperature)) {
    buf_add_text(body, ",\"temperature\":");
    json_add_number(body, request->temperature);
  }
}

static void write_request(const ModelRequest *request, const ReplyTerms *terms,
                          Buf *body) {
  buf_add_text(body, "{\"model\":");
  json_add_text(body, terms->model);
  add_settings(request, body);
  add_system(request->system, terms->is_cached, body);
  buf_add_text(body, ",\"messages\":[");
  remote_add_message("user", buf_slice(&request->prompt), body);
  buf_add_char(body, ']');
  if (terms->is_streamed) buf_add_text(body, ",\"stream\":true");
  buf_add_char(body, '}');
}

/* ---- figures and reasons ------------------------------------------------- */

/* What was read from the cache, or written to it, is not among the
 * input_tokens. */
static void read_usage(Reply *reply, const cJSON *usage) {
  static const char *const names[REPLY_INPUTS] = {
      "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"};
  for (int i = 0; i < REPLY_INPUTS; i++)
    reply_take_input(reply, reply_member(usage, names[i]), i);
  reply_take_count(reply_member(usage, "output_tokens"), &reply->output_tokens,
                   &reply->has_output_tokens);
}

static void read_reason(Reply *reply, const cJSON *reason) {
  if (!cJSON_IsString(reason)) return;
  const char *word = reason->valuestring;
  reply->is_whole = reply->has_progressed = true;
  if (strcmp(word, "max_tokens") == 0 ||
      strcmp(word, "model_context_window_exceeded") == 0)
    reply->is_cut = true;
  if (strcmp(word, "refusal") == 0)
    reply_fail(reply, MODEL_PROBLEM_DECLINED, "the model refused to go on");
}

/* ---- blocks -------------------------------------------------------------- */

static bool has_type(const cJSON *object, const char *type) {
  const cJSON *member = reply_member(object, "type");
  return cJSON_IsString(member) && strcmp(member->valuestring, type) == 0;
}

/* A whole one, or the beginning of one. */
static void read_block(Reply *reply, const cJSON *block) {
  reply->has_choice = true;
  if (has_type(block, "text"))
    reply_take_text(reply, reply_member(block, "text"), "text");
  else if (has_type(block, "tool_use"))
    reply_take_tool(reply, reply_member(block, "name"));
}

/* The next piece of one. Thoughts and the like are signs of life. */
static void read_delta(Reply *reply, const cJSON *delta) {
  if (has_type(delta, "text_delta"))
    reply_take_text(reply, reply_member(delta, "text"), "text");
  else if (cJSON_IsObject(delta))
    reply->has_progressed = true;
}

/* ---- the reply ----------------------------------------------------------- */

static void read_event(Reply *reply, const cJSON *event) {
  const cJSON *delta = reply_member(event, "delta");
  if (has_type(event, "message_start")) {
    reply->has_choice = true;
    read_usage(reply, reply_member(reply_member(event, "message"), "usage"));
  } else if (has_type(event, "content_block_start")) {
    read_block(reply, reply_member(event, "content_block"));
  } else if (has_type(event, "content_block_delta")) {
    read_delta(reply, delta);
  } else if (has_type(event, "message_delta")) {
    read_usage(reply, reply_member(event, "usage"));
    read_reason(reply, reply_member(delta, "stop_reason"));
  } else if (has_type(event, "message_stop")) {
    reply->is_whole = reply->is_over = reply->has_progressed = true;
  }
}

static void read_document(Reply *reply, const cJSON *document, bool is_whole) {
  if (!is_whole) {
    read_event(reply, document);
    return;
  }
  const cJSON *block, *content = reply_member(document, "content");
  if (!cJSON_IsArray(content)) {
    reply_fail_at(reply, "unexpected reply: content is %s",
                  content ? "not a list" : "missing");
    return;
  }
  cJSON_ArrayForEach(block, content) read_block(reply, block);
  read_usage(reply, reply_member(document, "usage"));
  read_reason(reply, reply_member(document, "stop_reason"));
  reply->has_choice = reply->is_whole = true;
}

const Dialect anthropic_dialect = {
    .name = "anthropic",
    .path = "/messages",
    .probe_path = "/models",
    .key_header = "x-api-key",
    .key_prefix = "",
    .header = "anthropic-version",
    .header_value = "2023-06-01",
    .hint = "URLs of servers that speak Anthropic's messages end in /v1",
    .is_sse = true,
    .needs_model = true,
    .write = write_request,
    .read = read_document};

Provider *anthropic_new(const ProviderSetup *setup, Error *error) {
  return remote_new(&anthropic_dialect, setup, error);
}
