/* SPDX-License-Identifier: MIT
 *
 * generateContent as Google's Gemini speaks it. The model is named in the URL,
 * and so is whether the reply is streamed. A reply has candidates, of which the
 * first is the reply, and that has parts; a stream is a sequence of such
 * documents, each with the next parts, and ends without a mark of its own: the
 * last one has a finishReason.
 *
 *     {"candidates":[{"content":{"parts":[{"text":"..."}]},
 *                     "finishReason":"STOP"}],
 *      "usageMetadata":{"promptTokenCount":...,"candidatesTokenCount":...}}
 */
#include <math.h>
#include <string.h>

#include "runtime/model/remote.h"

/* ---- the request -------------------------------------------------------- */

static bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || (c && strchr("-._~/", c));
}

/* "models/NAME", unless NAME says what it is: "tunedModels/mine". Whatever
 * might end the path is escaped. */
static void add_path(const ReplyTerms *terms, Buf *path) {
  Slice model = terms->model;
  bool is_typed = memchr(model.data, '/', model.length);
  buf_add_text(path, is_typed ? "/" : "/models/");
  for (size_t i = 0; i < model.length; i++) {
    if (is_plain(model.data[i]))
      buf_add_char(path, model.data[i]);
    else
      buf_addf(path, "%%%02X", (unsigned char)model.data[i]);
  }
  buf_add_text(path, terms->is_streamed ? ":streamGenerateContent?alt=sse"
                                        : ":generateContent");
}

static void add_parts(Slice text, Buf *body) {
  buf_add_text(body, "\"parts\":[{\"text\":");
  json_add_text(body, text);
  buf_add_text(body, "}]}");
}

static void add_number(const char *name, double value, Buf *body) {
  char last = body->data[body->length - 1];
  if (last != '{') buf_add_char(body, ',');
  buf_addf(body, "\"%s\":", name);
  json_add_number(body, value);
}

static void add_settings(const ModelRequest *request, Buf *body) {
  bool is_warm = !isnan(request->temperature);
  if (!is_warm && !request->max_tokens && !request->budget_tokens) return;
  buf_add_text(body, ",\"generationConfig\":{");
  if (is_warm) add_number("temperature", request->temperature, body);
  if (request->max_tokens)
    add_number("maxOutputTokens", request->max_tokens, body);
  if (request->budget_tokens) {
    bool is_first = body->data[body->length - 1] == '{';
    buf_add_text(body, is_first ? "" : ",");
    buf_add_text(body, "\"thinkingConfig\":{");
    add_number("thinkingBudget", request->budget_tokens, body);
    buf_add_char(body, '}');
  }
  buf_add_char(body, '}');
}

static void write_request(const ModelRequest *request, const ReplyTerms *terms,
                          Buf *body) {
  (void)terms;
  buf_add_char(body, '{');
  if (request->system.length) {
    buf_add_text(body, "\"systemInstruction\":{");
    add_parts(request->system, body);
    buf_add_char(body, ',');
  }
  buf_add_text(body, "\"contents\":[{\"role\":\"user\",");
  add_parts(buf_slice(&request->prompt), body);
  buf_add_char(body, ']');
  add_settings(request, body);
  buf_add_char(body, '}');
}

/* ---- figures and reasons ------------------------------------------------- */

/* What is thought is counted apart from what is written. */
static void read_usage(Reply *reply, const cJSON *usage) {
  uint32_t thoughts = 0;
  bool has_thoughts = false;
  reply_take_count(reply_member(usage, "promptTokenCount"),
                   &reply->input_tokens, &reply->has_input_tokens);
  const cJSON *written = reply_member(usage, "candidatesTokenCount");
  reply_take_count(reply_member(usage, "thoughtsTokenCount"), &thoughts,
                   &has_thoughts);
  bool is_new = cJSON_IsNumber(written) || has_thoughts;
  if (!is_new) return;
  reply->output_tokens = 0;
  reply_take_count(written, &reply->output_tokens, &reply->has_output_tokens);
  if (!has_thoughts || thoughts > UINT32_MAX - reply->output_tokens) return;
  reply->output_tokens += thoughts;
  reply->has_output_tokens = true;
}

static void fail_ended(Reply *reply, const char *what, const char *reason) {
  Buf shown = {0};
  secrets_quote(reply->secrets, slice_of(reason), 60, &shown);
  reply_fail(reply, MODEL_PROBLEM_DECLINED, "the server %s: %s", what,
             shown.data ? shown.data : "");
  buf_free(&shown);
}

static void read_finish(Reply *reply, const cJSON *reason) {
  if (!cJSON_IsString(reason)) return;
  const char *word = reason->valuestring;
  if (!word[0] || strcmp(word, "FINISH_REASON_UNSPECIFIED") == 0) return;
  reply->is_whole = reply->has_progressed = true;
  if (strcmp(word, "MAX_TOKENS") == 0)
    reply->is_cut = true;
  else if (strcmp(word, "STOP") != 0)
    fail_ended(reply, "ended the reply", word);
}

/* ---- the reply ----------------------------------------------------------- */

static void read_part(Reply *reply, const cJSON *part) {
  const cJSON *call = reply_member(part, "functionCall");
  if (cJSON_IsTrue(reply_member(part, "thought")))
    reply->has_progressed = true;
  else if (call)
    reply_take_tool(reply, reply_member(call, "name"));
  else
    reply_take_text(reply, reply_member(part, "text"), "text");
}

/* A candidate that all tokens were thought away of has no parts. */
static void read_candidate(Reply *reply, const cJSON *candidate) {
  const cJSON *part, *content = reply_member(candidate, "content");
  const cJSON *parts = reply_member(content, "parts");
  reply->has_choice = true;
  if (content && !cJSON_IsObject(content))
    reply_fail_at(reply, "unexpected reply: content is not an object");
  else if (parts && !cJSON_IsArray(parts))
    reply_fail_at(reply, "unexpected reply: parts is not a list");
  cJSON_ArrayForEach(part, parts) read_part(reply, part);
  read_finish(reply, reply_member(candidate, "finishReason"));
}

static void read_document(Reply *reply, const cJSON *document, bool is_whole) {
  const cJSON *feedback = reply_member(document, "promptFeedback");
  const cJSON *blocked = reply_member(feedback, "blockReason");
  const cJSON *candidates = reply_member(document, "candidates");
  read_usage(reply, reply_member(document, "usageMetadata"));
  if (cJSON_IsString(blocked)) {
    fail_ended(reply, "refused the prompt", blocked->valuestring);
  } else if (candidates && !cJSON_IsArray(candidates)) {
    reply_fail_at(reply, "unexpected reply: candidates is not a list");
  } else if (candidates && candidates->child) {
    read_candidate(reply, candidates->child);
  } else if (is_whole) {
    reply_fail_at(reply, "unexpected reply: candidates is %s",
                  candidates ? "empty" : "missing");
  }
  if (is_whole) reply->is_whole = true;
}

const Dialect google_dialect = {.name = "google",
                                .add_path = add_path,
                                .probe_path = "/models",
                                .key_header = "x-goog-api-key",
                                .key_prefix = "",
                                .hint = "the URL of Gemini ends in /v1beta",
                                .is_sse = true,
                                .needs_model = true,
                                .write = write_request,
                                .read = read_document};

Provider *google_new(const ProviderSetup *setup, Error *error) {
  return remote_new(&google_dialect, setup, error);
}
