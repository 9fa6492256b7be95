/* SPDX-License-Identifier: MIT
 *
 * From curl's result codes to HttpFailure and a sentence. A message names the
 * server as host:port and the cause; never a header, a body or a URL, which
 * may hold what is secret.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "runtime/io/http_int.h"

typedef struct Meaning {
  CURLcode code;
  HttpFailure failure;
} Meaning;

static const Meaning meanings[] = {
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_FAILURE_RESOLVE},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAILURE_RESOLVE},
    {CURLE_COULDNT_CONNECT, HTTP_FAILURE_CONNECT},
    {CURLE_SSL_CONNECT_ERROR, HTTP_FAILURE_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_FAILURE_CERTIFICATE},
    {CURLE_SSL_CERTPROBLEM, HTTP_FAILURE_CERTIFICATE},
    {CURLE_SSL_CIPHER, HTTP_FAILURE_TLS},
    {CURLE_SSL_CACERT_BADFILE, HTTP_FAILURE_CERTIFICATE},
    {CURLE_SSL_ISSUER_ERROR, HTTP_FAILURE_CERTIFICATE},
    {CURLE_SSL_ENGINE_INITFAILED, HTTP_FAILURE_TLS},
    {CURLE_SSL_SHUTDOWN_FAILED, HTTP_FAILURE_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_FAILURE_CERTIFICATE},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, HTTP_FAILURE_CERTIFICATE},
    {CURLE_PROXY, HTTP_FAILURE_CONNECT},
    {CURLE_FILESIZE_EXCEEDED, HTTP_FAILURE_TOO_LARGE},
    {CURLE_PARTIAL_FILE, HTTP_FAILURE_CUT},
    {CURLE_GOT_NOTHING, HTTP_FAILURE_CUT},
    {CURLE_SEND_ERROR, HTTP_FAILURE_CUT},
    {CURLE_RECV_ERROR, HTTP_FAILURE_CUT},
    {CURLE_SEND_FAIL_REWIND, HTTP_FAILURE_CUT},
    {CURLE_HTTP2_STREAM, HTTP_FAILURE_CUT},
    {CURLE_HTTP2, HTTP_FAILURE_CUT}, /* a goodbye, mostly */
    {CURLE_WEIRD_SERVER_REPLY, HTTP_FAILURE_PROTOCOL},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAILURE_PROTOCOL}, /* HTTP/0.9 */
    {CURLE_BAD_CONTENT_ENCODING, HTTP_FAILURE_PROTOCOL},
    {CURLE_OUT_OF_MEMORY, HTTP_FAILURE_ROOM},
};

static HttpFailure meaning_of(CURLcode code) {
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (meanings[i].code == code) return meanings[i].failure;
  return HTTP_FAILURE_OTHER;
}

/* Where a code says too little: half a header is "ok", a broken chunk a
 * "receive error", a header line without end "out of memory". */
static HttpFailure classify(const HttpTransfer *transfer, CURLcode code,
                            const char *text) {
  if (transfer->is_enough) return HTTP_FAILURE_NONE;
  if (code == CURLE_OK)
    return transfer->is_headed ? HTTP_FAILURE_NONE : HTTP_FAILURE_CUT;
  if (transfer->stopped != HTTP_FAILURE_NONE) return transfer->stopped;
  if (code == CURLE_COULDNT_CONNECT && transfer->socket_error)
    return HTTP_FAILURE_ROOM;
  if (code == CURLE_OPERATION_TIMEDOUT)
    return transfer->is_connected ? HTTP_FAILURE_TIMEOUT_IDLE
                                  : HTTP_FAILURE_TIMEOUT_CONNECT;
  if (code == CURLE_RECV_ERROR && strstr(text, "chunk"))
    return HTTP_FAILURE_PROTOCOL;
  if (code == CURLE_OUT_OF_MEMORY && transfer->is_connected &&
      !transfer->is_headed)
    return HTTP_FAILURE_TOO_LARGE;
  return meaning_of(code);
}

/* ---- sentences ----------------------------------------------------------- */

/* The system's own words, beginning as the middle of a sentence does. */
static void describe_errno(int code, char *out, size_t size) {
  char space[128];
  snprintf(out, size, "%s", strerror_r(code, space, sizeof space));
  if (out[0] >= 'A' && out[0] <= 'Z' && out[1] >= 'a')
    out[0] = (char)(out[0] - 'A' + 'a');
}

/* `text` may have come from the server in part. */
static void tell(HttpExchange *exchange, const char *text) {
  char *message = exchange->message;
  int place =
      (int)strnlen(exchange->endpoint->place, sizeof exchange->message / 2);
  int room = (int)sizeof exchange->message - place - 4;
  snprintf(message, sizeof exchange->message, "%.*s (%.*s)", room, text, place,
           exchange->endpoint->place);
  for (char *at = message; *at; at++)
    if (*at < ' ' || *at > '~') *at = '?';
}

static void tell_time(HttpExchange *exchange, const char *what,
                      uint64_t length) {
  char text[160];
  snprintf(text, sizeof text, "%s %.6g s", what,
           (double)length / (double)NS_PER_S);
  tell(exchange, text);
}

/* The endpoint's, or the exchange's own. */
static uint64_t whole_time(const HttpExchange *exchange) {
  uint64_t total = exchange->endpoint->timeouts.total;
  uint64_t at = exchange->ends_at, start = exchange->started_at;
  uint64_t own = at > start ? at - start : 0;
  return at && (!total || own < total) ? own : total;
}

static void tell_too_large(const HttpTransfer *transfer,
                           HttpExchange *exchange) {
  uint64_t cap = exchange->endpoint->reply_cap;
  bool is_body = transfer->body_bytes > cap;
  char text[160];
  snprintf(text, sizeof text, "%s more than %llu bytes",
           is_body ? "the reply has" : "the header of the reply has",
           (unsigned long long)(is_body ? cap : LIMIT_HEADER_BYTES));
  tell(exchange, text);
}

void http_failure_tell(HttpExchange *exchange, HttpFailure failure) {
  const HttpTimeouts *timeouts = &exchange->endpoint->timeouts;
  exchange->failure = failure;
  switch (failure) {
    case HTTP_FAILURE_NONE:
      exchange->message[0] = '\0';
      return;
    case HTTP_FAILURE_CANCELLED:
      tell(exchange, "cancelled");
      return;
    case HTTP_FAILURE_RESOLVE:
      tell(exchange, "the host has no address");
      return;
    case HTTP_FAILURE_STOPPED:
      tell(exchange, "stopped by the reader");
      return;
    case HTTP_FAILURE_TIMEOUT_CONNECT:
      tell_time(exchange, "no connection within", timeouts->connect);
      return;
    case HTTP_FAILURE_TIMEOUT_FIRST:
      tell_time(exchange, "no reply within", timeouts->first);
      return;
    case HTTP_FAILURE_TIMEOUT_IDLE:
      tell_time(exchange, "the reply stood still for", timeouts->idle);
      return;
    case HTTP_FAILURE_TIMEOUT_TOTAL:
      tell_time(exchange, "no end of the reply within", whole_time(exchange));
      return;
    case HTTP_FAILURE_TOO_LARGE:
      tell(exchange, "the reply is too large");
      return;
    case HTTP_FAILURE_ROOM:
      tell(exchange, "no memory for it");
      return;
    default:
      tell(exchange,
           "it cannot be sent: too long a URL, or a header of several lines");
      return;
  }
}

static void tell_cut(HttpExchange *exchange, CURLcode code, int system) {
  char text[160];
  if (code == CURLE_GOT_NOTHING || code == CURLE_ABORTED_BY_CALLBACK)
    tell(exchange, "the connection was closed before a reply came");
  else if (code == CURLE_PARTIAL_FILE || !system)
    tell(exchange, "the connection was closed in the middle of the reply");
  else {
    describe_errno(system, text, sizeof text);
    tell(exchange, text);
  }
}

/* Which of the two was not reached curl does not say. */
static void tell_connect(HttpExchange *exchange, int system) {
  char cause[128] = "cannot connect", text[192];
  if (system) describe_errno(system, cause, sizeof cause);
  snprintf(text, sizeof text, "%s%s", cause,
           exchange->endpoint->is_direct
               ? ""
               : ", maybe by the proxy that the environment names");
  tell(exchange, text);
}

/* The server has no part in it. */
static void tell_socket(HttpExchange *exchange, int code) {
  bool is_used_up = code == EMFILE || code == ENFILE;
  char cause[128], text[160];
  describe_errno(code, cause, sizeof cause);
  snprintf(text, sizeof text, "no socket can be opened: %s%s", cause,
           is_used_up ? ", see `ulimit -n`" : "");
  tell(exchange, text);
}

/* What curl says, after what it is about. */
static void tell_curl(HttpExchange *exchange, const char *about,
                      const char *said) {
  char text[CURL_ERROR_SIZE + 64];
  snprintf(text, sizeof text, "%s: %s", about, said);
  tell(exchange, text);
}

/* curl has written what it has to say into the exchange's message. */
void http_failure_judge(HttpTransfer *transfer, CURLcode code) {
  HttpExchange *exchange = transfer->exchange;
  const CurlApi *curl = &transfer->shard->client->curl;
  char said[CURL_ERROR_SIZE];
  memcpy(said, exchange->message, sizeof exchange->message);
  if (!said[0]) snprintf(said, sizeof said, "%s", curl->easy_strerror(code));
  long system = 0;
  curl->easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &system);
  HttpFailure failure = classify(transfer, code, said);
  http_failure_tell(exchange, failure);
  if (failure == HTTP_FAILURE_CONNECT)
    tell_connect(exchange, (int)system);
  else if (code == CURLE_COULDNT_RESOLVE_PROXY)
    tell(exchange, "the proxy that the environment names has no address");
  else if (failure == HTTP_FAILURE_CUT)
    tell_cut(exchange, code, (int)system);
  else if (failure == HTTP_FAILURE_TOO_LARGE)
    tell_too_large(transfer, exchange);
  else if (failure == HTTP_FAILURE_TLS || failure == HTTP_FAILURE_CERTIFICATE)
    tell_curl(exchange, "TLS", said);
  else if (failure == HTTP_FAILURE_PROTOCOL)
    tell_curl(exchange, "not a sound HTTP reply", said);
  else if (failure == HTTP_FAILURE_ROOM && transfer->socket_error)
    tell_socket(exchange, transfer->socket_error);
  else if (failure == HTTP_FAILURE_OTHER)
    tell_curl(exchange, "curl", said);
}
