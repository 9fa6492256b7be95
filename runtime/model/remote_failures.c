/* SPDX-License-Identifier: MIT
 *
 * Failures as sentences: place, cause, next step. What the server sent goes
 * through secrets_quote, whatever it is.
 */
#include <string.h>

#include "core/base/clock.h"
#include "runtime/model/remote_int.h"

enum { SHOWN_HEADER = 60 /* bytes of a header's value */ };

void remote_add_name(const BackendConfig *config, Buf *out) {
  buf_addf(out, "backend %s", config->name);
  if (!strstr(config->name, config->url))
    buf_addf(out, " (%s at %s)", config->provider, config->url);
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

static void add_message(const Remote *remote, const HttpExchange *http,
                        Buf *out) {
  secrets_quote(&remote->secrets, slice_of(http->message), sizeof http->message,
                out);
}

static void add_try(const Remote *remote, const char *question, Buf *out) {
  buf_addf(out, "; %s try `apxm backends test %s`", question,
           remote->config.name);
}

/* The message of the transfer is a sentence without a next step. */
static void add_transfer(const Remote *remote, const HttpExchange *http,
                         Buf *out) {
  const BackendConfig *config = &remote->config;
  switch (http->failure) {
    case HTTP_FAILURE_RESOLVE:
      add_message(remote, http, out);
      add_try(remote, "is the URL right?", out);
      break;
    case HTTP_FAILURE_CONNECT:
      buf_add_text(out, "cannot connect: ");
      add_message(remote, http, out);
      add_try(remote, "is the server running?", out);
      break;
    case HTTP_FAILURE_TIMEOUT_CONNECT:
      add_timeout(out, "no connection within", config->connect_ns, "connect");
      add_try(remote, "is the server running?", out);
      break;
    case HTTP_FAILURE_TIMEOUT_FIRST:
      add_timeout(out, "no text came within", config->first_token_ns,
                  "first_token");
      break;
    case HTTP_FAILURE_TIMEOUT_IDLE:
      add_timeout(out, "the reply stopped half-way: nothing came for",
                  config->idle_ns, "idle");
      break;
    case HTTP_FAILURE_TIMEOUT_TOTAL:
      add_timeout(out, "no whole reply within", config->total_ns, "total");
      break;
    case HTTP_FAILURE_TLS:
    case HTTP_FAILURE_CERTIFICATE:
      add_message(remote, http, out);
      buf_add_text(out,
                   "; does the server speak TLS, with a certificate for this "
                   "name? SSL_CERT_FILE names those to trust");
      break;
    case HTTP_FAILURE_PROTOCOL:
      add_message(remote, http, out);
      buf_add_text(out, "; is another service at this URL?");
      break;
    default:
      add_message(remote, http, out);
      break;
  }
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

static void add_key_advice(const Remote *remote, Buf *out) {
  const BackendConfig *config = &remote->config;
  if (remote->has_key && config->key_env)
    buf_addf(out, "; is the key in %s right?", config->key_env);
  else if (config->key_env && !remote->has_key)
    buf_addf(out, "; is a key needed? %s is not set", config->key_env);
  else if (!remote->has_key)
    buf_add_text(out,
                 "; is a key needed? name its variable as `key: env:NAME` in "
                 ".apxm/config.yaml");
}

/* Servers answer 404 to a model that they have not, too. */
static void add_url_advice(const Remote *remote, Slice complaint, Buf *out) {
  if (slice_contains(complaint, SLICE("model"))) return;
  buf_addf(out, "; is the URL right? %s", remote->dialect->hint);
}

static void add_refusal(const Remote *remote, const HttpExchange *http,
                        Buf *out) {
  Buf complaint = {0};
  uint32_t code = http->code;
  bool is_redirect = code >= 300 && code < 400;
  if (!is_redirect)
    reply_add_complaint(&remote->secrets, buf_slice(&http->reply), &complaint);
  buf_addf(out, "the server answered %u", code);
  add_answer(remote, http, buf_slice(&complaint), out);
  if (is_redirect)
    buf_add_text(out, ", a redirect; use the URL that it leads to");
  else if (code == 401 || code == 403)
    add_key_advice(remote, out);
  else if (code == 404)
    add_url_advice(remote, buf_slice(&complaint), out);
  else if (code == 429)
    buf_add_text(out, "; too many requests: lower max_in_flight");
  else if (code == 503)
    buf_add_text(out, "; try again in a moment");
  buf_free(&complaint);
}

void remote_add_failure(const Remote *remote, const HttpExchange *http,
                        Buf *out) {
  if (http->failure != HTTP_FAILURE_NONE)
    add_transfer(remote, http, out);
  else
    add_refusal(remote, http, out);
}
