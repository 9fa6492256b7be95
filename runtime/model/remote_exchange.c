/* SPDX-License-Identifier: MIT
 *
 * One attempt over HTTP, from the request's fields to bytes and back: what is
 * sent, what is taken from the headers and the pieces of the reply as they
 * come, and what the request is filled with at the end. Made by whatever thread
 * starts the attempt; the rest is the I/O thread's.
 */
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/model/remote_int.h"
#include "runtime/model/retry.h"

enum { BODY_FRAME = 256 }; /* bytes of a body beside its texts, as a rule */

/* ---- the request --------------------------------------------------------- */

void remote_add_message(const char *role, Slice text, Buf *body) {
  buf_add_text(body, "{\"role\":\"");
  buf_add_text(body, role);
  buf_add_text(body, "\",\"content\":");
  json_add_text(body, text);
  buf_add_char(body, '}');
}

void remote_add_messages(const ModelRequest *request, Buf *body) {
  buf_add_text(body, "\"messages\":[");
  if (request->system.length) {
    remote_add_message("system", request->system, body);
    buf_add_char(body, ',');
  }
  remote_add_message("user", buf_slice(&request->prompt), body);
  buf_add_char(body, ']');
}

static void write_body(RemoteExchange *exchange) {
  const ModelRequest *request = exchange->request;
  const Dialect *dialect = exchange->remote->dialect;
  ReplyTerms terms = exchange->remote->terms;
  if (request->model.length) terms.model = request->model;
  buf_reserve(&exchange->body,
              request->prompt.length + request->system.length + BODY_FRAME);
  dialect->write(request, &terms, &exchange->body);
  if (dialect->add_path) dialect->add_path(&terms, &exchange->path);
  exchange->http.path = dialect->path ? dialect->path : exchange->path.data;
  exchange->http.body = buf_slice(&exchange->body);
}

static void write_headers(RemoteExchange *exchange) {
  const ModelRequest *request = exchange->request;
  uint32_t count = 0;
  buf_addf(&exchange->headers[count++], "X-Apxm-Run: %s-%llu",
           exchange->remote->session, (unsigned long long)request->run);
  buf_addf(&exchange->headers[count++], "X-Apxm-Op: %.*s",
           SLICE_ARG(request->operation));
  if (request->phase)
    buf_addf(&exchange->headers[count++], "X-Apxm-Phase: %s", request->phase);
  for (uint32_t i = 0; i < count; i++)
    exchange->header_lines[i] = exchange->headers[i].data;
  exchange->http.headers = exchange->header_lines;
  exchange->http.header_count = count;
}

/* ---- as it comes --------------------------------------------------------- */

/* The text has grown from `before` bytes on. */
static void note_text(RemoteExchange *exchange, size_t before) {
  ModelRequest *request = exchange->request;
  Slice text = buf_slice(&exchange->reply.text);
  request->last_text_at = clock_now();
  if (!request->first_text_at) request->first_text_at = request->last_text_at;
  if (request->delta)
    request->delta(request,
                   slice_from(text.data + before, text.length - before));
}

static HttpPiece receive(HttpExchange *http, Slice piece) {
  RemoteExchange *exchange = (RemoteExchange *)http;
  Reply *reply = &exchange->reply;
  size_t before = reply->text.length;
  HttpPiece result = reply_receive(reply, piece);
  if (reply->text.length > before) note_text(exchange, before);
  return result;
}

static bool is_named(Slice name, const char *wanted) {
  return name.length == strlen(wanted) &&
         strncasecmp(name.data, wanted, name.length) == 0;
}

static void take_header(HttpExchange *http, Slice name, Slice value) {
  RemoteExchange *exchange = (RemoteExchange *)http;
  int64_t wall_s = (int64_t)clock_wall_seconds();
  bool is_exact = is_named(name, "retry-after-ms");
  uint64_t ns = 0;
  if (!is_exact && !is_named(name, "retry-after")) {
    exchange->has_limits = true;
    rate_read_header(name, value, wall_s, &exchange->seen);
  } else if (!exchange->is_exact &&
             retry_after_read(value, is_exact, wall_s, &ns)) {
    exchange->has_retry_after = true;
    exchange->is_exact = is_exact;
    exchange->retry_after_ns = ns;
  }
}

/* ---- life ---------------------------------------------------------------- */

static const char *const header_prefixes[] = {"retry-after", "x-ratelimit-",
                                              "anthropic-ratelimit-", NULL};

/* Nothing came last time. If the server had hung up on a kept connection just
 * then, another kept one may be no better. */
static bool needs_fresh(const ModelRequest *request) {
  uint32_t count = request->attempts.length;
  return count && request->attempts.data[count - 1].code == 0;
}

RemoteExchange *remote_exchange_new(Remote *remote, ModelRequest *request) {
  RemoteExchange *exchange = MEM_NEW(RemoteExchange);
  HttpExchange *http = &exchange->http;
  exchange->remote = remote;
  exchange->request = request;
  reply_init(&exchange->reply, remote->dialect, &remote->secrets);
  http->endpoint = remote->endpoint;
  http->receive = remote->terms.is_streamed ? receive : NULL;
  http->is_fresh = needs_fresh(request);
  http->header = take_header;
  http->header_prefixes = header_prefixes;
  http->ends_at = request->ends_at == UINT64_MAX ? 0 : request->ends_at;
  write_body(exchange);
  write_headers(exchange);
  return exchange;
}

void remote_exchange_free(RemoteExchange *exchange) {
  buf_free(&exchange->path);
  buf_free(&exchange->body);
  for (uint32_t i = 0; i < REMOTE_OWN_LINES; i++)
    buf_free(&exchange->headers[i]);
  buf_free(&exchange->http.reply);
  reply_free(&exchange->reply);
  mem_free(exchange);
}

/* ---- the end ------------------------------------------------------------- */

/* What the server did not count. */
static void fill_tokens(ModelRequest *request, const Reply *reply) {
  request->input_tokens = reply->input_tokens;
  request->output_tokens = reply->output_tokens;
  request->tokens_estimated =
      !reply->has_input_tokens || !reply->has_output_tokens;
  if (!reply->has_input_tokens)
    request->input_tokens = model_estimate_tokens(request->system) +
                            model_estimate_tokens(buf_slice(&request->prompt));
  if (!reply->has_output_tokens)
    request->output_tokens = model_estimate_tokens(buf_slice(&reply->text));
}

static void fill_reply(RemoteExchange *exchange) {
  ModelRequest *request = exchange->request;
  fill_tokens(request, &exchange->reply);
  request->status = STATUS_OK;
  request->problem = MODEL_PROBLEM_NONE;
  request->is_cut = exchange->reply.is_cut;
  buf_free(&request->reply);
  request->reply = exchange->reply.text;
  exchange->reply.text = (Buf){0};
}

/* The reply has been read as far as there is something to be read. A stream
 * whose text is whole needs nothing that may still be missing. */
static bool read_rest(RemoteExchange *exchange) {
  const HttpExchange *http = &exchange->http;
  Reply *reply = &exchange->reply;
  bool is_good = http->code >= 200 && http->code < 300;
  bool is_ended = http->failure == HTTP_FAILURE_NONE || reply->is_whole;
  if (reply_has_failed(reply)) return true;
  if (!is_good || !is_ended) return false;
  if (http->receive)
    reply_end(reply);
  else
    reply_read(reply, buf_slice(&http->reply));
  return true;
}

void remote_exchange_fill(RemoteExchange *exchange) {
  const HttpExchange *http = &exchange->http;
  ModelRequest *request = exchange->request;
  request->connected_at = http->connected_at;
  request->first_byte_at = http->first_byte_at;
  request->code = http->code;
  request->has_retry_after = exchange->has_retry_after;
  request->retry_after_ns = exchange->retry_after_ns;
  if (http->failure == HTTP_FAILURE_CANCELLED)
    provider_fill_cancelled(request);
  else if (read_rest(exchange) && !reply_has_failed(&exchange->reply))
    fill_reply(exchange);
  else
    remote_fail_exchange(exchange);
}
