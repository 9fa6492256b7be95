/* SPDX-License-Identifier: MIT
 *
 * Why there is no reply: its kind, the cause as a sentence that begins with the
 * place, the next step as a clause, and what was sent and received. What the
 * server sent goes through secrets_quote, whatever it is.
 */
#include <string.h>

#include "core/base/clock.h"
#include "runtime/model/complaint.h"
#include "runtime/model/remote_int.h"

enum {
  SHOWN_HEADER = 60,   /* bytes of a header's value */
  SHOWN_RECEIVED = 400 /* bytes of what came */
};

void remote_add_name(const BackendConfig *config, Buf *out) {
  buf_addf(out, "backend %s", config->name);
  if (!strstr(config->name, config->url))
    buf_addf(out, " (%s at %s)", config->provider, config->url);
}

static void begin(const Remote *remote, ModelRequest *request,
                  ModelProblem problem) {
  request->status = STATUS_MODEL;
  request->problem = problem;
  request->input_tokens = request->output_tokens = 0;
  request->tokens_estimated = true;
  buf_clear(&request->advice);
  buf_clear(&request->sent);
  buf_clear(&request->received);
  buf_clear(&request->reply);
  remote_add_name(&remote->config, &request->reply);
  buf_add_text(&request->reply, ": ");
}

/* ---- the transfer failed ------------------------------------------------ */

static void add_time(Buf *out, uint64_t ns) {
  if (ns % NS_PER_S == 0)
    buf_addf(out, "%llu s", (unsigned long long)(ns / NS_PER_S));
  else
    buf_addf(out, "%llu ms", (unsigned long long)(ns / NS_PER_MS));
}

/* `what` before the time, and which setting it is. */
static void add_timeout(Buf *out, const char *what, uint64_t ns,
                        const char *setting) {
  buf_addf(out, "%s ", what);
  add_time(out, ns);
  buf_addf(out, " (timeout: %s)", setting);
}

/* The call's own limit, the run's, or the backend's. */
static void add_end(const Remote *remote, const ModelRequest *request,
                    Buf *out) {
  if (request->deadline && request->ends_at >= request->deadline) {
    buf_add_text(out, "the run's time was over before the reply was whole");
  } else if (request->limit_ns) {
    buf_add_text(out, "no whole reply within ");
    add_time(out, request->limit_ns);
    buf_add_text(out, " (timeout of the call)");
  } else {
    add_timeout(out, "no whole reply within", remote->config.total_ns, "total");
  }
}

static void add_try(const Remote *remote, const char *question, Buf *advice) {
  buf_addf(advice, "%s try `apxm backends test %s`", question,
           remote->config.name);
}

typedef struct Transfer {
  HttpFailure failure;
  ModelProblem problem;
  const char *before; /* of its message; NULL: that is not shown */
  const char *advice; /* or NULL */
  bool is_trial;      /* a trial call is advised as well */
} Transfer;

/* The message of a transfer is a sentence without a next step. */
static const Transfer transfers[] = {
    {HTTP_FAILURE_RESOLVE, MODEL_PROBLEM_UNREACHABLE, "", "is the URL right?",
     true},
    {HTTP_FAILURE_CONNECT, MODEL_PROBLEM_UNREACHABLE,
     "cannot connect: ", "is the server running?", true},
    {HTTP_FAILURE_TIMEOUT_CONNECT, MODEL_PROBLEM_CONNECT_TIMEOUT, NULL,
     "is the server running?", true},
    {HTTP_FAILURE_TIMEOUT_FIRST, MODEL_PROBLEM_FIRST_TIMEOUT, NULL,
     "a server that loads its model needs a longer timeout.first_token", false},
    {HTTP_FAILURE_TIMEOUT_IDLE, MODEL_PROBLEM_IDLE_TIMEOUT, NULL,
     "the server's log may say why", false},
    {HTTP_FAILURE_TIMEOUT_TOTAL, MODEL_PROBLEM_TIMED_OUT, NULL,
     "max_tokens makes replies shorter", false},
    {HTTP_FAILURE_TLS, MODEL_PROBLEM_TLS, "",
     "does the server speak TLS at this port?", false},
    {HTTP_FAILURE_CERTIFICATE, MODEL_PROBLEM_CERTIFICATE, "",
     "is it a certificate for this name? SSL_CERT_FILE names those to trust",
     false},
    {HTTP_FAILURE_PROTOCOL, MODEL_PROBLEM_UNEXPECTED, "",
     "is another service at this URL?", false},
    {HTTP_FAILURE_TOO_LARGE, MODEL_PROBLEM_TOO_LARGE, "",
     "max_tokens makes replies shorter", false},
    {HTTP_FAILURE_CUT, MODEL_PROBLEM_CUT, "", "the server's log may say why",
     false},
    {HTTP_FAILURE_ROOM, MODEL_PROBLEM_NO_ROOM, "",
     "fewer calls at once need less: lower max_in_flight", false},
    {HTTP_FAILURE_OTHER, MODEL_PROBLEM_UNUSABLE, "", NULL, false},
};

static const Transfer *transfer_of(HttpFailure failure) {
  size_t count = sizeof transfers / sizeof *transfers;
  for (size_t i = 0; i < count; i++)
    if (transfers[i].failure == failure) return &transfers[i];
  return &transfers[count - 1];
}

static void add_transfer(const RemoteExchange *exchange, Buf *out) {
  const Remote *remote = exchange->remote;
  const HttpExchange *http = &exchange->http;
  const BackendConfig *config = &remote->config;
  const Transfer *transfer = transfer_of(http->failure);
  if (transfer->before) {
    buf_add_text(out, transfer->before);
    secrets_quote(&remote->secrets, slice_of(http->message),
                  sizeof http->message, out);
  } else if (http->failure == HTTP_FAILURE_TIMEOUT_CONNECT) {
    add_timeout(out, "no connection within", config->connect_ns, "connect");
  } else if (http->failure == HTTP_FAILURE_TIMEOUT_FIRST) {
    add_timeout(out, "no text came within", config->first_token_ns,
                "first_token");
  } else if (http->failure == HTTP_FAILURE_TIMEOUT_IDLE) {
    add_timeout(out, "the reply stopped half-way: nothing came for",
                config->idle_ns, "idle");
  } else {
    add_end(remote, exchange->request, out);
  }
}

static void fail_transfer(const RemoteExchange *exchange) {
  const Transfer *transfer = transfer_of(exchange->http.failure);
  ModelRequest *request = exchange->request;
  begin(exchange->remote, request, transfer->problem);
  add_transfer(exchange, &request->reply);
  if (transfer->is_trial)
    add_try(exchange->remote, transfer->advice, &request->advice);
  else if (transfer->advice)
    buf_add_text(&request->advice, transfer->advice);
}

/* ---- the server refused ------------------------------------------------- */

/* ": what it says" and when it wants to be asked again. */
static void add_answer(const Remote *remote, const HttpExchange *http,
                       Slice complaint, Buf *out) {
  if (complaint.length) {
    buf_add_text(out, ": ");
    buf_add_slice(out, complaint);
  }
  if (!http->retry_after[0]) return;
  buf_add_text(out, " (Retry-After: ");
  secrets_quote(&remote->secrets, slice_of(http->retry_after), SHOWN_HEADER,
                out);
  buf_add_char(out, ')');
}

static void advise_on_key(const Remote *remote, Buf *out) {
  const BackendConfig *config = &remote->config;
  if (remote->has_key && config->key_env)
    buf_addf(out, "is the key in %s right?", config->key_env);
  else if (config->key_env && !remote->has_key)
    buf_addf(out, "is a key needed? %s is not set", config->key_env);
  else if (!remote->has_key)
    buf_add_text(out,
                 "is a key needed? name its variable as `key: env:NAME` in "
                 ".apxm/config.yaml");
}

/* What to do about a problem that the server named itself, by a code or in a
 * stream. */
static void advise(const Remote *remote, ModelProblem problem, Buf *out) {
  if (problem == MODEL_PROBLEM_UNAUTHORIZED)
    advise_on_key(remote, out);
  else if (problem == MODEL_PROBLEM_RATE_LIMITED)
    buf_add_text(out, "too many requests: lower max_in_flight, or set rpm");
  else if (problem == MODEL_PROBLEM_OVERLOADED)
    buf_add_text(out, "try again in a moment");
  else if (problem == MODEL_PROBLEM_CUT)
    buf_add_text(out, "the server's log may say why");
  else if (problem == MODEL_PROBLEM_UNEXPECTED)
    buf_addf(out, "is it a server of the kind `%s`?", remote->config.provider);
  else if (problem == MODEL_PROBLEM_DECLINED)
    buf_add_text(out, "other instructions or another model may help");
  else if (problem == MODEL_PROBLEM_TOO_LARGE)
    buf_add_text(out, "max_tokens makes replies shorter");
}

/* Servers answer 404 to a model that they have not, too. */
static void advise_on_code(const Remote *remote, uint32_t code, Slice complaint,
                           Buf *out) {
  if (code == 404 && !slice_contains(complaint, SLICE("model")))
    buf_addf(out, "is the URL right? %s", remote->dialect->hint);
}

/* No header says when to ask again, but maybe the body does. */
static void read_delay(const HttpExchange *http, ModelRequest *request) {
  cJSON *document = json_parse(buf_slice(&http->reply), NULL);
  if (document)
    request->has_retry_after =
        complaint_delay(document, &request->retry_after_ns);
  cJSON_Delete(document);
}

static void fail_code(const RemoteExchange *exchange) {
  const Remote *remote = exchange->remote;
  const HttpExchange *http = &exchange->http;
  ModelRequest *request = exchange->request;
  Buf complaint = {0};
  uint32_t said = 0;
  bool is_redirect = http->code >= 300 && http->code < 400;
  if (!is_redirect)
    said = reply_add_complaint(&remote->secrets, buf_slice(&http->reply),
                               &complaint);
  /* A quota that is used up comes as 429, but no waiting helps. */
  begin(remote, request, model_problem_of_code(said == 402 ? 402 : http->code));
  if (!request->has_retry_after) read_delay(http, request);
  buf_addf(&request->reply, "the server answered %u", http->code);
  add_answer(remote, http, buf_slice(&complaint), &request->reply);
  if (is_redirect) buf_add_text(&request->reply, ", a redirect");
  if (is_redirect)
    buf_add_text(&request->advice, "use the URL that it leads to");
  else if (said == 402 || http->code == 402)
    buf_add_text(&request->advice, "is there money left on the account?");
  else
    advise_on_code(remote, http->code, buf_slice(&complaint), &request->advice);
  advise(remote, request->problem, &request->advice);
  buf_free(&complaint);
}

/* ---- what came is no reply ----------------------------------------------- */

static void fail_reading(const RemoteExchange *exchange) {
  const Reply *reply = &exchange->reply;
  ModelRequest *request = exchange->request;
  begin(exchange->remote, request, reply->kind);
  buf_add_slice(&request->reply, buf_slice(&reply->problem));
  advise(exchange->remote, reply->kind, &request->advice);
}

/* ---- what was sent and received ------------------------------------------ */

static void add_sent(const RemoteExchange *exchange, Buf *out) {
  buf_addf(out, "POST %s%s, %zu bytes", exchange->remote->config.url,
           exchange->http.path, exchange->http.body.length);
}

/* The document that was wrong, the body of a refusal, or the end of the text
 * so far. */
static void add_content(const RemoteExchange *exchange, Buf *out) {
  const Secrets *secrets = &exchange->remote->secrets;
  const Reply *reply = &exchange->reply;
  Slice text = buf_slice(&reply->text);
  if (reply->evidence.length) {
    buf_addf(out, ": %s", reply->evidence.data);
  } else if (exchange->http.reply.length) {
    buf_add_text(out, ": ");
    secrets_quote(secrets, buf_slice(&exchange->http.reply), SHOWN_RECEIVED,
                  out);
  } else if (text.length) {
    buf_addf(out, "; the text so far has %zu bytes and begins: ", text.length);
    secrets_quote(secrets, text, SHOWN_RECEIVED, out);
  }
}

static void add_received(const RemoteExchange *exchange, Buf *out) {
  const HttpExchange *http = &exchange->http;
  uint64_t bytes = http->reply.length + exchange->reply.bytes;
  if (!http->code) return;
  buf_addf(out, "%u", http->code);
  if (http->type[0]) {
    buf_add_text(out, " ");
    secrets_quote(&exchange->remote->secrets, slice_of(http->type),
                  SHOWN_HEADER, out);
  }
  buf_addf(out, ", %llu bytes", (unsigned long long)bytes);
  add_content(exchange, out);
}

/* A server that has answered with an error code has said what there is to say,
 * however its reply ends; unless it was us who ended it. */
static bool is_refused(const HttpExchange *http) {
  switch (http->failure) {
    case HTTP_FAILURE_NONE:
    case HTTP_FAILURE_CUT:
    case HTTP_FAILURE_TIMEOUT_FIRST:
    case HTTP_FAILURE_TIMEOUT_IDLE:
      return http->code && (http->code < 200 || http->code >= 300);
    default:
      return false;
  }
}

void remote_fail_exchange(const RemoteExchange *exchange) {
  ModelRequest *request = exchange->request;
  if (reply_has_failed(&exchange->reply))
    fail_reading(exchange);
  else if (is_refused(&exchange->http))
    fail_code(exchange);
  else
    fail_transfer(exchange);
  add_sent(exchange, &request->sent);
  add_received(exchange, &request->received);
}

void remote_fail_unsent(const Remote *remote, ModelRequest *request) {
  begin(remote, request, MODEL_PROBLEM_UNUSABLE);
  buf_add_text(&request->reply, "no model is named");
  buf_add_text(&request->advice,
               "name it with --model, or as `model` of the backend or of the "
               "call");
}
