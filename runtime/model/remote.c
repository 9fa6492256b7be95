/* SPDX-License-Identifier: MIT
 *
 * A provider behind HTTP. `start` writes the body, on whatever thread admits
 * the request, and hands the exchange to the HTTP client; the rest happens on
 * the I/O thread: the reply is read as it comes, and `done` fills the request.
 *
 *     NEW --start--> OPEN --done--> CLOSED
 *       \--cancel--> CANCELLED        (start finds it and gives up)
 */
#include "runtime/model/remote.h"

#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "runtime/model/remote_int.h"

/* A request's provider_state. */
typedef enum RemoteState {
  REMOTE_STATE_NEW,      /* there is no exchange yet */
  REMOTE_STATE_OPEN,     /* provider_data is the exchange, and it is started */
  REMOTE_STATE_CLOSED,   /* there is no exchange any more */
  REMOTE_STATE_CANCELLED /* before there was one */
} RemoteState;

enum {
  BODY_FRAME = 256, /* bytes of a body beside its texts, as a rule */
  OWN_LINES = 3     /* X-Apxm-Run, X-Apxm-Op, X-Apxm-Phase */
};

/* One request on its way. Made by the thread that starts it, then the I/O
 * thread's alone. */
typedef struct Exchange {
  HttpExchange http; /* first: the HTTP exchange is the exchange */
  Remote *remote;
  ModelRequest *request;
  Buf body;
  Buf headers[OWN_LINES];
  const char *header_lines[OWN_LINES];
  Reply reply;
} Exchange;

/* ---- the request -------------------------------------------------------- */

static void add_message(Buf *body, const char *role, Slice text) {
  buf_add_text(body, "{\"role\":\"");
  buf_add_text(body, role);
  buf_add_text(body, "\",\"content\":");
  json_add_text(body, text);
  buf_add_char(body, '}');
}

void remote_add_messages(const ModelRequest *request, Buf *body) {
  buf_add_text(body, "\"messages\":[");
  if (request->system.length) {
    add_message(body, "system", request->system);
    buf_add_char(body, ',');
  }
  add_message(body, "user", buf_slice(&request->prompt));
  buf_add_char(body, ']');
}

static void write_body(Exchange *exchange) {
  const ModelRequest *request = exchange->request;
  ReplyTerms terms = exchange->remote->terms;
  if (request->model.length) terms.model = request->model;
  buf_reserve(&exchange->body,
              request->prompt.length + request->system.length + BODY_FRAME);
  exchange->remote->dialect->write(request, &terms, &exchange->body);
  exchange->http.body = buf_slice(&exchange->body);
}

static void write_headers(Exchange *exchange) {
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

/* ---- the exchange ------------------------------------------------------- */

static HttpPiece receive(HttpExchange *http, Slice piece) {
  return reply_receive(&((Exchange *)http)->reply, piece);
}

static void done(HttpExchange *http);

static Exchange *exchange_new(Remote *remote, ModelRequest *request) {
  Exchange *exchange = MEM_NEW(Exchange);
  exchange->remote = remote;
  exchange->request = request;
  reply_init(&exchange->reply, remote->dialect, &remote->secrets);
  exchange->http.endpoint = remote->endpoint;
  exchange->http.path = remote->dialect->path;
  exchange->http.receive = remote->terms.is_streamed ? receive : NULL;
  exchange->http.done = done;
  write_body(exchange);
  write_headers(exchange);
  return exchange;
}

static void exchange_free(Exchange *exchange) {
  buf_free(&exchange->body);
  for (uint32_t i = 0; i < OWN_LINES; i++) buf_free(&exchange->headers[i]);
  buf_free(&exchange->http.reply);
  reply_free(&exchange->reply);
  mem_free(exchange);
}

/* ---- the reply ---------------------------------------------------------- */

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

static void fill_reply(Exchange *exchange) {
  ModelRequest *request = exchange->request;
  fill_tokens(request, &exchange->reply);
  request->status = STATUS_OK;
  request->is_cut = exchange->reply.is_cut;
  buf_free(&request->reply);
  request->reply = exchange->reply.text;
  exchange->reply.text = (Buf){0};
}

/* The name of the backend; the problem is to be added. */
static void begin_problem(const Remote *remote, ModelRequest *request) {
  request->status = STATUS_MODEL;
  request->tokens_estimated = true;
  buf_clear(&request->reply);
  remote_add_name(&remote->config, &request->reply);
  buf_add_text(&request->reply, ": ");
}

/* `problem` is empty when the reply never came that far. */
static void fill_problem(Exchange *exchange, Slice problem) {
  Buf *reply = &exchange->request->reply;
  begin_problem(exchange->remote, exchange->request);
  if (problem.length)
    buf_add_slice(reply, problem);
  else
    remote_add_failure(exchange->remote, &exchange->http, reply);
}

/* The reply has been read as far as there is something to be read. A stream
 * whose text is whole needs nothing that may still be missing. */
static bool read_rest(Exchange *exchange) {
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

static void fill(Exchange *exchange) {
  ModelRequest *request = exchange->request;
  request->connected_at = exchange->http.connected_at;
  request->first_byte_at = exchange->http.first_byte_at;
  if (exchange->http.failure == HTTP_FAILURE_CANCELLED)
    provider_fill_cancelled(request);
  else if (read_rest(exchange) && !reply_has_failed(&exchange->reply))
    fill_reply(exchange);
  else
    fill_problem(exchange, buf_slice(&exchange->reply.problem));
}

/* From provider_finish on the request may be gone. */
static void done(HttpExchange *http) {
  Exchange *exchange = (Exchange *)http;
  Remote *remote = exchange->remote;
  ModelRequest *request = exchange->request;
  fill(exchange);
  mutex_lock(&remote->mutex);
  request->provider_state = REMOTE_STATE_CLOSED;
  request->provider_data = NULL;
  mutex_unlock(&remote->mutex);
  exchange_free(exchange);
  provider_finish(request);
}

/* ---- the provider ------------------------------------------------------- */

/* A call may name the model, so it is missing only when one comes that does
 * not. */
static bool lacks_model(const Remote *remote, const ModelRequest *request) {
  bool is_needed = remote->dialect->needs_model || remote->terms.is_official;
  return is_needed && !remote->terms.model.length && !request->model.length;
}

static bool start(Provider *provider, ModelRequest *request) {
  Remote *remote = (Remote *)provider;
  if (lacks_model(remote, request)) {
    begin_problem(remote, request);
    buf_add_text(&request->reply,
                 "which model? name it with --model, or as `model` of the "
                 "backend or of the call");
    return true;
  }
  Exchange *exchange = exchange_new(remote, request);
  mutex_lock(&remote->mutex);
  bool is_cancelled = request->provider_state == REMOTE_STATE_CANCELLED;
  if (!is_cancelled) {
    request->provider_state = REMOTE_STATE_OPEN;
    request->provider_data = exchange;
    http_start(&exchange->http);
  }
  mutex_unlock(&remote->mutex); /* from here on the request may be gone */
  if (!is_cancelled) return false;
  exchange_free(exchange);
  provider_fill_cancelled(request);
  return true;
}

static bool cancel(Provider *provider, ModelRequest *request) {
  Remote *remote = (Remote *)provider;
  mutex_lock(&remote->mutex);
  if (request->provider_state == REMOTE_STATE_OPEN)
    http_cancel(&((Exchange *)request->provider_data)->http);
  else if (request->provider_state == REMOTE_STATE_NEW)
    request->provider_state = REMOTE_STATE_CANCELLED;
  mutex_unlock(&remote->mutex);
  return false;
}

static void destroy(Provider *provider) {
  Remote *remote = (Remote *)provider;
  if (remote->endpoint) http_endpoint_free(remote->endpoint);
  secrets_free(&remote->secrets);
  mutex_destroy(&remote->mutex);
  mem_free((char *)remote->terms.model.data);
  mem_free(remote->session);
  mem_free(remote);
}

static const ProviderClass remote_class = {
    .start = start, .cancel = cancel, .free = destroy};

/* A reply in one piece begins when it is ready, so only `total` bounds that. */
static HttpTimeouts timeouts_of(const BackendConfig *config) {
  return (HttpTimeouts){.connect = config->connect_ns,
                        .first = config->stream ? config->first_token_ns : 0,
                        .idle = config->idle_ns,
                        .total = config->total_ns};
}

static char *copy(const char *text) {
  Buf buf = {0};
  if (!text) return NULL;
  buf_add_text(&buf, text);
  return buf_take(&buf);
}

static Remote *remote_make(const Dialect *dialect, const ProviderSetup *setup,
                           bool is_official) {
  Remote *remote = MEM_NEW(Remote);
  char *model = copy(setup->model);
  remote->provider =
      (Provider){.class = &remote_class, .detail = setup->config->url};
  remote->dialect = dialect;
  remote->config = *setup->config;
  remote->session = copy(setup->session);
  remote->terms =
      (ReplyTerms){.model = slice_from(model, model ? strlen(model) : 0),
                   .is_streamed = setup->config->stream,
                   .is_official = is_official};
  mutex_init(&remote->mutex);
  return remote;
}

static Status make_endpoint(Remote *remote, const ProviderSetup *setup,
                            const RemoteHeaders *headers, Error *error) {
  Error cause = {0};
  HttpTimeouts timeouts = timeouts_of(setup->config);
  remote->endpoint = http_endpoint_new(
      setup->http, setup->config->url, (const char *const *)headers->lines.data,
      headers->lines.length, &timeouts, LIMIT_REPLY_BYTES, &cause);
  if (remote->endpoint) return STATUS_OK;
  return error_set(error, cause.status, "backend %s: %s", setup->config->name,
                   cause.message);
}

Provider *remote_new(const Dialect *dialect, const ProviderSetup *setup,
                     bool is_official, Error *error) {
  RemoteHeaders headers = {0};
  Remote *remote = remote_make(dialect, setup, is_official);
  Status status = remote_headers_make(setup->config, is_official, &headers,
                                      &remote->secrets, error);
  if (status == STATUS_OK)
    status = make_endpoint(remote, setup, &headers, error);
  remote->has_key = headers.has_key;
  remote_headers_free(&headers);
  if (status == STATUS_OK) return &remote->provider;
  destroy(&remote->provider);
  return NULL;
}
