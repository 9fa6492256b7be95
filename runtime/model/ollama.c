/* SPDX-License-Identifier: MIT
 *
 * The chat of an Ollama server. A stream is one document a line; the last one
 * says `done` and has the figures, and a reply in one piece looks like that
 * last one. `budget_tokens` has no field here and is not sent.
 */
#include <math.h>
#include <string.h>

#include "runtime/model/remote.h"

/* ---- the request -------------------------------------------------------- */

static void add_options(const ModelRequest *request, Buf *body) {
  bool is_warm = !isnan(request->temperature);
  if (!is_warm && !request->max_tokens) return;
  buf_add_text(body, ",\"options\":{");
  if (is_warm) {
    buf_add_text(body, "\"temperature\":");
    json_add_number(body, request->temperature);
  }
  if (is_warm && request->max_tokens) buf_add_char(body, ',');
  if (request->max_tokens) {
    buf_add_text(body, "\"num_predict\":");
    json_add_number(body, request->max_tokens);
  }
  buf_add_char(body, '}');
}

/* Without `stream` it would stream. */
static void write_request(const ModelRequest *request, const ReplyTerms *terms,
                          Buf *body) {
  buf_add_text(body, "{\"model\":");
  json_add_text(body, terms->model);
  buf_add_char(body, ',');
  remote_add_messages(request, body);
  buf_add_text(body, ",\"stream\":");
  buf_add_text(body, terms->is_streamed ? "true" : "false");
  add_options(request, body);
  buf_add_char(body, '}');
}

/* ---- the reply ---------------------------------------------------------- */

static void read_message(Reply *reply, const cJSON *message) {
  reply_take_text(reply, reply_member(message, "content"), "message.content");
  reply_take_tools(reply, reply_member(message, "tool_calls"));
  const cJSON *thought = reply_member(message, "thinking");
  if (cJSON_IsString(thought) && thought->valuestring[0])
    reply->has_progressed = true;
}

static void read_end(Reply *reply, const cJSON *document) {
  const cJSON *reason = reply_member(document, "done_reason");
  reply->is_whole = reply->is_over = reply->has_progressed = true;
  if (cJSON_IsString(reason) && strcmp(reason->valuestring, "length") == 0)
    reply->is_cut = true;
  reply_take_count(reply_member(document, "prompt_eval_count"),
                   &reply->input_tokens, &reply->has_input_tokens);
  reply_take_count(reply_member(document, "eval_count"), &reply->output_tokens,
                   &reply->has_output_tokens);
}

/* A reply in one piece need not say that it is done, but must not deny it. */
static void read_document(Reply *reply, const cJSON *document, bool is_whole) {
  const cJSON *message = reply_member(document, "message");
  const cJSON *done = reply_member(document, "done");
  if (done && !cJSON_IsBool(done)) {
    reply_fail_at(reply, "unexpected reply: done is not true or false");
  } else if (cJSON_IsObject(message)) {
    read_message(reply, message);
  } else if (message || !cJSON_IsTrue(done)) {
    reply_fail_at(reply, "unexpected reply: message is %s",
                  message ? "not an object" : "missing");
  }
  if (cJSON_IsTrue(done) || (is_whole && !done)) read_end(reply, document);
}

const Dialect ollama_dialect = {
    .name = "ollama",
    .path = "/api/chat",
    .probe_path = "/api/version",
    .key_header = "Authorization",
    .key_prefix = "Bearer ",
    .hint = "an Ollama URL has no path: http://HOST:11434",
    .is_sse = false,
    .needs_model = true,
    .write = write_request,
    .read = read_document};

/* ---- the provider ------------------------------------------------------- */

Provider *ollama_new(const ProviderSetup *setup, Error *error) {
  return remote_new(&ollama_dialect, setup, error);
}
