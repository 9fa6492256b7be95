/* SPDX-License-Identifier: MIT
 *
 * Chat completions as OpenAI defines them and vLLM, llama.cpp, LM Studio and
 * gateways speak them. The first choice is the reply. A stream is read as the
 * sum of its pieces:
 *
 *     {"choices":[{"delta":{"role":...,"content":null}}]}    who speaks
 *     {"choices":[{"delta":{"content":"..."}}]}              text
 *     {"choices":[{"delta":{},"finish_reason":"stop"}]}      the end of it
 *     {"choices":[],"usage":{...}}                           figures
 *     [DONE]
 *
 * `budget_tokens` has no field in this dialect and is not sent.
 */
#include <math.h>
#include <string.h>

#include "runtime/model/remote.h"

/* ---- the request -------------------------------------------------------- */

/* OpenAI itself refuses `max_tokens` for its newer models; the others know no
 * other name. */
static void add_settings(const ModelRequest *request, bool is_official,
                         Buf *body) {
  if (!isnan(request->temperature)) {
    buf_add_text(body, ",\"temperature\":");
    json_add_number(body, request->temperature);
  }
  if (request->max_tokens) {
    buf_add_text(
        body, is_official ? ",\"max_completion_tokens\":" : ",\"max_tokens\":");
    json_add_number(body, request->max_tokens);
  }
}

static void write_request(const ModelRequest *request, const ReplyTerms *terms,
                          Buf *body) {
  buf_add_char(body, '{');
  if (terms->model.length) {
    buf_add_text(body, "\"model\":");
    json_add_text(body, terms->model);
    buf_add_char(body, ',');
  }
  remote_add_messages(request, body);
  add_settings(request, terms->is_official, body);
  if (terms->is_streamed)
    buf_add_text(
        body, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
  buf_add_char(body, '}');
}

/* ---- the reply ---------------------------------------------------------- */

static void read_usage(Reply *reply, const cJSON *usage) {
  if (!usage) return;
  reply->has_progressed = true;
  reply_take_count(reply_member(usage, "prompt_tokens"), &reply->input_tokens,
                   &reply->has_input_tokens);
  reply_take_count(reply_member(usage, "completion_tokens"),
                   &reply->output_tokens, &reply->has_output_tokens);
}

/* Some servers write an empty text where others write null. */
static void read_finish(Reply *reply, const cJSON *reason) {
  if (!reason) return;
  if (!cJSON_IsString(reason)) {
    reply_fail_at(reply, "unexpected reply: finish_reason is not text");
    return;
  }
  if (!reason->valuestring[0]) return;
  reply->is_whole = reply->has_progressed = true;
  if (strcmp(reason->valuestring, "length") == 0) reply->is_cut = true;
  if (strcmp(reason->valuestring, "content_filter") == 0)
    reply_fail(reply, MODEL_PROBLEM_DECLINED,
               "a filter of the server's ended the reply");
}

/* What a model thinks aloud is no part of the reply, but a sign of life. */
static void note_thoughts(Reply *reply, const cJSON *message) {
  static const char *const names[] = {"reasoning_content", "reasoning"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const cJSON *thought = reply_member(message, names[i]);
    if (cJSON_IsString(thought) && thought->valuestring[0])
      reply->has_progressed = true;
  }
}

/* A message, or the next piece of one. */
static void read_message(Reply *reply, const cJSON *message) {
  reply_take_text(reply, reply_member(message, "content"), "content");
  reply_take_refusal(reply, reply_member(message, "refusal"));
  note_thoughts(reply, message);
  reply_take_tools(reply, reply_member(message, "tool_calls"));
}

static void read_choice(Reply *reply, const cJSON *choice, bool is_whole) {
  const char *name = is_whole ? "message" : "delta";
  const cJSON *message = reply_member(choice, name);
  if (cJSON_IsObject(message)) {
    read_message(reply, message);
  } else if (message || is_whole) {
    reply_fail_at(reply, "unexpected reply: %s is not an object", name);
  }
  read_finish(reply, reply_member(choice, "finish_reason"));
  bool is_missing = is_whole && !reply->is_whole && !reply->tool.length &&
                    !reply->refusal.length && !reply_member(message, "content");
  if (is_missing) reply_fail_at(reply, "unexpected reply: content is missing");
}

/* In a stream, a document without choices carries figures or is somebody's own
 * addition. */
static void read_document(Reply *reply, const cJSON *document, bool is_whole) {
  const cJSON *choices = reply_member(document, "choices");
  read_usage(reply, reply_member(document, "usage"));
  if (choices && !cJSON_IsArray(choices)) {
    reply_fail_at(reply, "unexpected reply: choices is not a list");
  } else if (choices && choices->child) {
    read_choice(reply, choices->child, is_whole);
  } else if (is_whole) {
    reply_fail_at(reply, "unexpected reply: choices is %s",
                  choices ? "empty" : "missing");
  }
  if (is_whole) reply->is_whole = true;
}

const Dialect openai_dialect = {
    .name = "openai",
    .path = "/chat/completions",
    .probe_path = "/models",
    .key_header = "Authorization",
    .key_prefix = "Bearer ",
    .hint = "URLs of compatible servers usually end in /v1",
    .is_sse = true,
    .write = write_request,
    .read = read_document};

/* ---- the provider ------------------------------------------------------- */

Provider *openai_new(const ProviderSetup *setup, Error *error) {
  return remote_new(&openai_dialect, setup, error);
}
