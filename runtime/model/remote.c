/* SPDX-License-Identifier: MIT
 *
 * A provider behind HTTP. `start` makes an exchange, on whatever thread admits
 * the request, and hands it to the HTTP client; the rest happens on the I/O
 * thread: the reply is read as it comes, and `done` fills the request.
 *
 *     NEW --start--> OPEN --done--> CLOSED
 *       \--cancel--> CANCELLED        (start finds it and gives up)
 */
#include "runtime/model/remote.h"

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

/* ---- one call ----------------------------------------------------------- */

/* From provider_finish on the request may be gone. */
static void done(HttpExchange *http) {
  RemoteExchange *exchange = (RemoteExchange *)http;
  Remote *remote = exchange->remote;
  ModelRequest *request = exchange->request;
  remote_exchange_fill(exchange);
  if (exchange->has_limits) provider_saw(request, &exchange->seen);
  mutex_lock(&remote->mutex);
  request->provider_state = REMOTE_STATE_CLOSED;
  request->provider_data = NULL;
  mutex_unlock(&remote->mutex);
  remote_exchange_free(exchange);
  provider_finish(request);
}

/* A call may name the model, so it is missing only when one comes that does
 * not. */
static bool lacks_model(const Remote *remote, const ModelRequest *request) {
  bool is_needed = remote->dialect->needs_model || remote->terms.is_official;
  return is_needed && !remote->terms.model.length && !request->model.length;
}

static bool start(Provider *provider, ModelRequest *request) {
  Remote *remote = (Remote *)provider;
  if (lacks_model(remote, request)) {
    remote_fail_unsent(remote, request);
    return true;
  }
  RemoteExchange *exchange = remote_exchange_new(remote, request);
  exchange->http.done = done;
  mutex_lock(&remote->mutex);
  bool is_cancelled = request->provider_state == REMOTE_STATE_CANCELLED;
  if (!is_cancelled) {
    request->provider_state = REMOTE_STATE_OPEN;
    request->provider_data = exchange;
    http_start(&exchange->http);
  }
  mutex_unlock(&remote->mutex); /* from here on the request may be gone */
  if (!is_cancelled) return false;
  remote_exchange_free(exchange);
  provider_fill_cancelled(request);
  return true;
}

static bool cancel(Provider *provider, ModelRequest *request) {
  Remote *remote = (Remote *)provider;
  mutex_lock(&remote->mutex);
  if (request->provider_state == REMOTE_STATE_OPEN)
    http_cancel(&((RemoteExchange *)request->provider_data)->http);
  else if (request->provider_state == REMOTE_STATE_NEW)
    request->provider_state = REMOTE_STATE_CANCELLED;
  mutex_unlock(&remote->mutex);
  return false;
}

/* ---- life --------------------------------------------------------------- */

static void destroy(Provider *provider) {
  Remote *remote = (Remote *)provider;
  if (remote->endpoint) http_endpoint_free(remote->endpoint);
  secrets_free(&remote->secrets);
  mutex_destroy(&remote->mutex);
  mem_free((char *)remote->terms.model.data);
  mem_free(remote->session);
  mem_free(remote);
}

const Dialect *remote_dialect(const char *provider) {
  static const Dialect *const dialects[] = {
      &openai_dialect, &ollama_dialect, &anthropic_dialect, &google_dialect};
  for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
    if (strcmp(provider, dialects[i]->name) == 0) return dialects[i];
  return NULL;
}

static const ProviderClass remote_class = {
    .start = start, .cancel = cancel, .free = destroy};

/* A reply in one piece begins when it is ready, so only the end of the call
 * bounds that; each request has one of its own. */
static HttpTimeouts timeouts_of(const BackendConfig *config) {
  return (HttpTimeouts){.connect = config->connect_ns,
                        .first = config->stream ? config->first_token_ns : 0,
                        .idle = config->idle_ns};
}

static char *copy(const char *text) {
  Buf buf = {0};
  if (!text) return NULL;
  buf_add_text(&buf, text);
  return buf_take(&buf);
}

static Remote *remote_make(const Dialect *dialect, const ProviderSetup *setup) {
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
                   .is_official = remote_is_official(setup->config),
                   .is_cached = setup->config->cache_prompts};
  mutex_init(&remote->mutex);
  return remote;
}

static Status make_endpoint(Remote *remote, const ProviderSetup *setup,
                            const RemoteHeaders *headers, Error *error) {
  Error cause = {0};
  HttpTimeouts timeouts = timeouts_of(setup->config);
  uint64_t cap = setup->config->stream ? LIMIT_STREAM_BYTES : LIMIT_REPLY_BYTES;
  remote->endpoint = http_endpoint_new(
      setup->http, setup->config->url, (const char *const *)headers->lines.data,
      headers->lines.length, &timeouts, cap, &cause);
  if (remote->endpoint) return STATUS_OK;
  return error_set(error, cause.status, "backend %s: %s", setup->config->name,
                   cause.message);
}

Provider *remote_new(const Dialect *dialect, const ProviderSetup *setup,
                     Error *error) {
  RemoteHeaders headers = {0};
  Remote *remote = remote_make(dialect, setup);
  Status status =
      remote_headers_make(setup->config, &headers, &remote->secrets, error);
  if (status == STATUS_OK)
    status = make_endpoint(remote, setup, &headers, error);
  remote->has_key = headers.has_key;
  remote_headers_free(&headers);
  if (status == STATUS_OK) return &remote->provider;
  destroy(&remote->provider);
  return NULL;
}
