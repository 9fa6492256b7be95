/* SPDX-License-Identifier: MIT
 *
 * The reader. Nothing that comes in is trusted: each document is checked whole
 * before a dialect sees it, each size has a limit, and whatever is wrong ends
 * in one sentence. A stream's result does not depend on where it was cut into
 * pieces; only `has_progressed` is about the piece. One thread at a time.
 */
#include "runtime/model/reply.h"

#include <math.h>

#include "core/base/limits.h"
#include "runtime/model/complaint.h"

enum {
  SHOWN_DOCUMENT = 100, /* bytes of a document in a message */
  SHOWN_SENTENCE = 400, /* bytes of what a server says */
  QUIET_BYTES =
      2 * LIMIT_STREAM_LINE_BYTES /* a line, and as much of an event */
};

void reply_init(Reply *reply, const Dialect *dialect, const Secrets *secrets) {
  *reply = (Reply){.dialect = dialect,
                   .secrets = secrets,
                   .lines = {.limit = LIMIT_STREAM_LINE_BYTES},
                   .event = {.limit = LIMIT_STREAM_LINE_BYTES}};
}

void reply_free(Reply *reply) {
  buf_free(&reply->text);
  buf_free(&reply->problem);
  buf_free(&reply->evidence);
  buf_free(&reply->tool);
  buf_free(&reply->refusal);
  buf_free(&reply->gathered);
  lines_free(&reply->lines);
  sse_free(&reply->event);
}

/* ---- problems ----------------------------------------------------------- */

bool reply_has_failed(const Reply *reply) {
  return reply->problem.length != 0;
}

void reply_fail(Reply *reply, ModelProblem kind, const char *format, ...) {
  va_list args;
  if (reply_has_failed(reply)) return;
  reply->kind = kind;
  va_start(args, format);
  buf_addv(&reply->problem, format, args);
  va_end(args);
}

static void add_raw(Reply *reply) {
  buf_add_text(&reply->problem, ": ");
  secrets_quote(reply->secrets, reply->raw, SHOWN_DOCUMENT, &reply->problem);
}

void reply_fail_at(Reply *reply, const char *format, ...) {
  va_list args;
  if (reply_has_failed(reply)) return;
  reply->kind = MODEL_PROBLEM_UNEXPECTED;
  va_start(args, format);
  buf_addv(&reply->problem, format, args);
  va_end(args);
  add_raw(reply);
}

static void fail_early(Reply *reply) {
  reply_fail(reply, MODEL_PROBLEM_CUT,
             "the stream ended before the reply was whole");
}

/* Whether what is there may be the beginning of a document: a bracket or a
 * string is still open. */
static bool is_beginning(Slice text) {
  Slice rest = slice_trim(text);
  size_t depth = 0;
  bool is_text = false;
  for (size_t i = 0; i < rest.length; i++) {
    char c = rest.data[i];
    if (is_text && c == '\\')
      i++;
    else if (c == '"')
      is_text = !is_text;
    else if (!is_text && (c == '{' || c == '['))
      depth++;
    else if (!is_text && (c == '}' || c == ']') && depth > 0)
      depth--;
    if (depth == 0) return false;
  }
  return true;
}

/* The last line of a stream that was cut is half a document, which is not
 * worth being shown. */
static void fail_to_parse(Reply *reply, const Error *error) {
  bool is_last = reply->is_ending && reply->is_gathered;
  if (reply->is_ending && !reply->is_gathered) {
    fail_early(reply);
  } else if (slice_trim(reply->raw).length == 0) {
    reply_fail(reply, is_last ? MODEL_PROBLEM_CUT : MODEL_PROBLEM_UNEXPECTED,
               "the reply is empty");
  } else {
    reply_fail_at(reply, "the reply is not JSON (%s)", error->message);
    if (is_last && is_beginning(reply->raw)) reply->kind = MODEL_PROBLEM_CUT;
  }
}

/* ---- documents ---------------------------------------------------------- */

/* In place of a reply; `how` the server says it. What is said of no kind may
 * go better another time. */
static void fail_by_complaint(Reply *reply, const char *how) {
  Buf text = {0};
  uint32_t code = reply_add_complaint(reply->secrets, reply->raw, &text);
  ModelProblem kind =
      code ? model_problem_of_code(code) : MODEL_PROBLEM_SERVER_ERROR;
  reply_fail(reply, kind, "%s: %s", how, text.data ? text.data : "");
  buf_free(&text);
}

/* True: the document is an error object, and the reply has failed with it. */
static bool take_error(Reply *reply, const cJSON *document) {
  if (!reply_member(document, "error")) return false;
  fail_by_complaint(reply, "the server answered with an error");
  return true;
}

static void keep_evidence(Reply *reply) {
  bool is_new = reply_has_failed(reply) && reply->evidence.length == 0;
  if (is_new)
    secrets_quote(reply->secrets, reply->raw, SHOWN_SENTENCE, &reply->evidence);
}

static void read_document(Reply *reply, Slice raw, bool is_whole) {
  Error error = {0};
  reply->raw = raw;
  cJSON *document = json_parse(raw, &error);
  if (!document) {
    fail_to_parse(reply, &error);
  } else if (!cJSON_IsObject(document)) {
    reply_fail_at(reply, "the reply is not a JSON object");
  } else if (!take_error(reply, document)) {
    reply->dialect->read(reply, document, is_whole);
  }
  cJSON_Delete(document);
  reply->has_document = true;
  keep_evidence(reply);
}

static void fail_refused(Reply *reply) {
  Buf text = {0};
  secrets_quote(reply->secrets, buf_slice(&reply->refusal), SHOWN_SENTENCE,
                &text);
  reply_fail(reply, MODEL_PROBLEM_DECLINED, "the model refused: %s", text.data);
  buf_free(&text);
}

/* The stream or the document has been read to its end. */
static void check_end(Reply *reply) {
  bool is_empty = reply->text.length == 0;
  if (reply_has_failed(reply)) return;
  if (!reply->is_whole)
    fail_early(reply);
  else if (reply->refusal.length && is_empty)
    fail_refused(reply);
  else if (reply->tool.length && is_empty)
    reply_fail(reply, MODEL_PROBLEM_DECLINED,
               "the model asked for the tool %s, though it was offered none",
               reply->tool.data);
  else if (!reply->has_choice)
    reply_fail(reply, MODEL_PROBLEM_UNEXPECTED,
               "there is no message in the reply");
}

void reply_read(Reply *reply, Slice body) {
  reply->is_ending = reply->is_gathered = true;
  read_document(reply, body, true);
  check_end(reply);
}

/* ---- streams ------------------------------------------------------------ */

static void gather(Reply *reply, Slice line) {
  if (line.length >= (size_t)LIMIT_REPLY_BYTES - reply->gathered.length) {
    reply_fail(reply, MODEL_PROBLEM_TOO_LARGE,
               "the reply is larger than %d MiB", LIMIT_REPLY_BYTES >> 20);
    return;
  }
  buf_add_slice(&reply->gathered, line);
  buf_add_char(&reply->gathered, '\n');
  reply->is_gathered = true;
  reply->has_progressed = true;
}

static void fail_too_long(Reply *reply) {
  reply_fail(reply, MODEL_PROBLEM_TOO_LARGE,
             "a line of the stream is longer than %d MiB",
             LIMIT_STREAM_LINE_BYTES >> 20);
}

static void end_event(Reply *reply) {
  Slice data = buf_slice(&reply->event.data);
  if (slice_equal(slice_trim(data), SLICE("[DONE]"))) {
    reply->is_over = reply->is_whole = reply->has_progressed = true;
  } else if (reply->event.is_error) {
    reply->raw = data;
    fail_by_complaint(reply, "the server broke off");
    keep_evidence(reply);
  } else {
    read_document(reply, data, false);
  }
}

/* A line that no event stream has: before the first event, the beginning of
 * something else; later it is ignored, as browsers do. */
static void take_event_line(Reply *reply, Slice line) {
  switch (sse_add_line(&reply->event, line)) {
    case SSE_WHOLE:
      end_event(reply);
      break;
    case SSE_TOO_LONG:
      fail_too_long(reply);
      break;
    case SSE_STRANGE:
      if (!reply->has_document) gather(reply, line);
      break;
    case SSE_MORE:
      break;
  }
}

/* A document a line; one that is spread over lines begins with a bare bracket,
 * and what begins otherwise is no document at all. */
static void take_document_line(Reply *reply, Slice line) {
  Slice trimmed = slice_trim(line);
  if (trimmed.length == 0) return;
  bool is_begun = trimmed.data[0] == '{' && trimmed.length > 1;
  if (is_begun || reply->has_document)
    read_document(reply, trimmed, false);
  else
    gather(reply, line);
}

static void take_line(Reply *reply, Slice line) {
  if (reply->is_gathered)
    gather(reply, line);
  else if (reply->dialect->is_sse)
    take_event_line(reply, line);
  else
    take_document_line(reply, line);
}

static bool wants_more(const Reply *reply) {
  return !reply->is_over && !reply_has_failed(reply);
}

/* A server may send for ever without saying anything. */
static void count_quiet(Reply *reply, size_t bytes) {
  reply->quiet_bytes = reply->has_progressed ? 0 : reply->quiet_bytes + bytes;
  if (reply->quiet_bytes > QUIET_BYTES && !reply->is_over)
    reply_fail(reply, MODEL_PROBLEM_TOO_LARGE,
               "%d MiB of the stream held no text", QUIET_BYTES >> 20);
}

HttpPiece reply_receive(Reply *reply, Slice piece) {
  LineResult result = LINE_FOUND;
  Slice line;
  size_t length = piece.length;
  reply->has_progressed = false;
  reply->bytes += length;
  while (wants_more(reply) && result == LINE_FOUND) {
    result = lines_next(&reply->lines, &piece, &line);
    if (result == LINE_FOUND) take_line(reply, line);
  }
  if (result == LINE_TOO_LONG) fail_too_long(reply);
  count_quiet(reply, length);
  if (reply_has_failed(reply)) return HTTP_PIECE_STOP;
  if (!reply->has_progressed) return HTTP_PIECE_NOTHING;
  return reply->is_over ? HTTP_PIECE_LAST : HTTP_PIECE_PROGRESS;
}

void reply_end(Reply *reply) {
  reply->is_ending = true;
  Slice rest = lines_rest(&reply->lines);
  if (wants_more(reply) && rest.length) take_line(reply, rest);
  bool has_event = reply->dialect->is_sse && !reply->is_gathered;
  if (wants_more(reply) && has_event) take_line(reply, SLICE(""));
  if (wants_more(reply) && reply->is_gathered)
    read_document(reply, buf_slice(&reply->gathered), true);
  check_end(reply);
}

/* ---- complaints --------------------------------------------------------- */

uint32_t reply_add_complaint(const Secrets *secrets, Slice body, Buf *out) {
  Buf text = {0};
  cJSON *document = json_parse(body, NULL);
  uint32_t code = document ? complaint_code(document) : 0;
  if (document && complaint_find(document, &text))
    secrets_quote(secrets, buf_slice(&text), SHOWN_SENTENCE, out);
  else
    secrets_quote(secrets, body, SHOWN_DOCUMENT, out);
  cJSON_Delete(document);
  buf_free(&text);
  return code;
}

/* ---- for dialects ------------------------------------------------------- */

const cJSON *reply_member(const cJSON *object, const char *name) {
  const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNull(member) ? NULL : member;
}

void reply_take_text(Reply *reply, const cJSON *value, const char *name) {
  reply->has_choice = true;
  if (!value) return;
  if (!cJSON_IsString(value)) {
    reply_fail_at(reply, "unexpected reply: %s is not text", name);
    return;
  }
  Slice text = slice_of(value->valuestring);
  if (text.length > (size_t)LIMIT_VALUE_BYTES - reply->text.length) {
    reply_fail(reply, MODEL_PROBLEM_TOO_LARGE,
               "the text of the reply is longer than %d MiB",
               LIMIT_VALUE_BYTES >> 20);
    return;
  }
  if (text.length == 0) return;
  buf_add_slice(&reply->text, text);
  reply->has_progressed = true;
}

void reply_take_refusal(Reply *reply, const cJSON *value) {
  Slice text = cJSON_IsString(value) ? slice_of(value->valuestring) : SLICE("");
  if (text.length == 0) return;
  reply->has_progressed = true;
  if (text.length > (size_t)LIMIT_VALUE_BYTES - reply->refusal.length) return;
  buf_add_slice(&reply->refusal, text);
}

void reply_take_tools(Reply *reply, const cJSON *calls) {
  const cJSON *call = cJSON_IsArray(calls) ? calls->child : NULL;
  if (call)
    reply_take_tool(reply,
                    reply_member(reply_member(call, "function"), "name"));
}

void reply_take_tool(Reply *reply, const cJSON *name) {
  reply->has_progressed = true;
  if (reply->tool.length) return;
  buf_add_char(&reply->tool, '"');
  if (cJSON_IsString(name))
    secrets_quote(reply->secrets, slice_of(name->valuestring), SHOWN_DOCUMENT,
                  &reply->tool);
  buf_add_char(&reply->tool, '"');
}

void reply_take_input(Reply *reply, const cJSON *value, int which) {
  uint64_t sum = 0;
  reply_take_count(value, &reply->inputs[which], &reply->has_input_tokens);
  for (int i = 0; i < REPLY_INPUTS; i++) sum += reply->inputs[i];
  reply->input_tokens = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

void reply_take_count(const cJSON *value, uint32_t *count, bool *is_known) {
  if (!cJSON_IsNumber(value)) return;
  double number = value->valuedouble;
  if (number < 0 || number > UINT32_MAX || number != trunc(number)) return;
  *count = (uint32_t)number;
  *is_known = true;
}
