/* SPDX-License-Identifier: MIT
 *
 * One easy handle and the exchange it serves: options, what comes in, and the
 * time-outs. A handle is kept for the next exchange; what never changes is set
 * once, what depends on the endpoint when that is another one.
 *
 * A transfer has one timer, set to its earliest time-out. What comes in only
 * stores the time; a timer that turns out to be early sets itself again, so
 * nothing is moved in the reactor's heap for a piece of a reply.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "runtime/io/http_int.h"

/* ---- time-outs ----------------------------------------------------------- */

/* For the end of a reply that is whole: it mostly comes along with it. */
static const uint64_t END_NS = NS_PER_S;

typedef struct Deadline {
  uint64_t at; /* clock_now(); UINT64_MAX: none */
  HttpFailure failure;
} Deadline;

static void bring_forward(Deadline *deadline, uint64_t from, uint64_t length,
                          HttpFailure failure) {
  if (length == 0 || length > UINT64_MAX - from) return;
  if (from + length >= deadline->at) return;
  *deadline = (Deadline){from + length, failure};
}

/* Until something has come that counts, `first` runs, then `idle`. Without a
 * `first`, the header of a reply starts `idle` already. */
static Deadline next_deadline(const HttpTransfer *transfer) {
  const HttpExchange *exchange = transfer->exchange;
  const HttpTimeouts *timeouts = &exchange->endpoint->timeouts;
  uint64_t start = exchange->started_at;
  Deadline deadline = {UINT64_MAX, HTTP_FAILURE_NONE};
  if (!transfer->is_connected)
    bring_forward(&deadline, start, timeouts->connect,
                  HTTP_FAILURE_TIMEOUT_CONNECT);
  if (!transfer->is_answered)
    bring_forward(&deadline, start, timeouts->first,
                  HTTP_FAILURE_TIMEOUT_FIRST);
  if (transfer->progress_at && (transfer->is_answered || !timeouts->first))
    bring_forward(&deadline, transfer->progress_at, timeouts->idle,
                  HTTP_FAILURE_TIMEOUT_IDLE);
  bring_forward(&deadline, start, timeouts->total, HTTP_FAILURE_TIMEOUT_TOTAL);
  bring_forward(&deadline, 0, exchange->ends_at, HTTP_FAILURE_TIMEOUT_TOTAL);
  if (transfer->is_last)
    bring_forward(&deadline, transfer->progress_at, END_NS,
                  HTTP_FAILURE_STOPPED);
  return deadline;
}

void http_transfer_watch_time(HttpTransfer *transfer) {
  uint64_t at = next_deadline(transfer).at;
  transfer->armed_at = at;
  if (at != UINT64_MAX)
    reactor_timer_set(transfer->shard->client->reactor, &transfer->timer, at);
}

static void fire(Timer *timer) {
  HttpTransfer *transfer = (HttpTransfer *)timer;
  Deadline deadline = next_deadline(transfer);
  if (deadline.at <= clock_now())
    http_abort(transfer, deadline.failure);
  else
    http_transfer_watch_time(transfer);
}

/* Mostly later than what the timer is set to, so that it can stay. */
static void idle_from_now(HttpTransfer *transfer) {
  transfer->progress_at = clock_now();
  uint64_t idle = transfer->exchange->endpoint->timeouts.idle;
  if (idle && transfer->progress_at + idle < transfer->armed_at)
    http_transfer_watch_time(transfer);
}

/* ---- what comes in ------------------------------------------------------- */

/* Ends the transfer from one of its callbacks: any length but the given one
 * does. */
static size_t stop(HttpTransfer *transfer, HttpFailure why, size_t length) {
  transfer->stopped = why;
  return length + 1;
}

static void note_progress(HttpTransfer *transfer) {
  transfer->is_answered = true;
  idle_from_now(transfer);
}

static bool is_received(const HttpExchange *exchange) {
  return exchange->receive && exchange->code / 100 == 2;
}

static size_t take_piece(HttpTransfer *transfer, Slice piece) {
  HttpExchange *exchange = transfer->exchange;
  switch (exchange->receive(exchange, piece)) {
    case HTTP_PIECE_PROGRESS:
      note_progress(transfer);
      break;
    case HTTP_PIECE_NOTHING:
      break;
    case HTTP_PIECE_LAST:
      if (transfer->is_last) break;
      transfer->is_last = true;
      note_progress(transfer);
      http_transfer_watch_time(transfer);
      break;
    case HTTP_PIECE_STOP:
      return stop(transfer, HTTP_FAILURE_STOPPED, piece.length);
  }
  return piece.length;
}

/* Of what a server says instead of a reply, the beginning tells it all. */
static size_t take_refusal(HttpTransfer *transfer, Slice piece) {
  Buf *reply = &transfer->exchange->reply;
  size_t room = LIMIT_REFUSAL_BYTES - reply->length;
  transfer->is_enough = piece.length > room;
  if (!transfer->is_enough) room = piece.length;
  buf_add_slice(reply, slice_from(piece.data, room));
  note_progress(transfer);
  return transfer->is_enough ? piece.length + 1 : piece.length;
}

static size_t gather(HttpTransfer *transfer, Slice piece) {
  Buf *reply = &transfer->exchange->reply;
  if (!buf_try_reserve(reply, piece.length))
    return stop(transfer, HTTP_FAILURE_ROOM, piece.length);
  buf_add_slice(reply, piece);
  note_progress(transfer);
  return piece.length;
}

static size_t body_came(char *data, size_t one, size_t length, void *argument) {
  HttpTransfer *transfer = argument;
  Slice piece = slice_from(data, one * length);
  if (transfer->exchange->code / 100 != 2) return take_refusal(transfer, piece);
  transfer->body_bytes += piece.length;
  if (transfer->body_bytes > transfer->exchange->endpoint->reply_cap)
    return stop(transfer, HTTP_FAILURE_TOO_LARGE, piece.length);
  if (piece.length == 0) return 0;
  return transfer->exchange->receive ? take_piece(transfer, piece)
                                     : gather(transfer, piece);
}

/* "HTTP/1.1 200 OK"; what is no number is curl's to refuse. */
static void status_came(HttpExchange *exchange, Slice line) {
  const char *space = memchr(line.data, ' ', line.length);
  exchange->code = 0;
  exchange->type[0] = exchange->retry_after[0] = '\0';
  if (!space) return;
  const char *end = line.data + line.length;
  for (const char *at = space + 1; at < end && at < space + 4; at++)
    if (*at >= '0' && *at <= '9')
      exchange->code = exchange->code * 10 + (uint32_t)(*at - '0');
}

/* Keeps the value if this line is the header `name`, ending in ':'. */
static void keep_header(Slice line, Slice name, char *value, size_t size) {
  if (line.length < name.length ||
      strncasecmp(line.data, name.data, name.length) != 0)
    return;
  Slice text = slice_trim(
      slice_from(line.data + name.length, line.length - name.length));
  snprintf(value, size, "%.*s", SLICE_ARG(text));
  for (char *at = value; *at; at++)
    if (*at < ' ' || *at > '~') *at = '?';
}

static bool is_wanted(const HttpExchange *exchange, Slice name) {
  const char *const *prefix = exchange->header_prefixes;
  for (; *prefix; prefix++) {
    size_t length = strlen(*prefix);
    if (name.length >= length && strncasecmp(name.data, *prefix, length) == 0)
      return true;
  }
  return false;
}

/* Not those of "103 Early Hints" and the like. */
static void give_header(HttpExchange *exchange, Slice line) {
  const char *colon = memchr(line.data, ':', line.length);
  if (!exchange->header || !colon || exchange->code < 200) return;
  Slice name = slice_from(line.data, (size_t)(colon - line.data));
  Slice value = slice_from(colon + 1, line.length - name.length - 1);
  if (is_wanted(exchange, name))
    exchange->header(exchange, name, slice_trim(value));
}

static void header_came(HttpTransfer *transfer, Slice line) {
  HttpExchange *exchange = transfer->exchange;
  if (slice_starts_with(line, SLICE("HTTP/"))) {
    status_came(exchange, line);
  } else if (line.data[0] == '\r' || line.data[0] == '\n') {
    transfer->is_headed = exchange->code >= 200;
    if (!is_received(exchange)) idle_from_now(transfer);
  } else {
    keep_header(line, SLICE("Content-Type:"), exchange->type,
                sizeof exchange->type);
    keep_header(line, SLICE("Retry-After:"), exchange->retry_after,
                sizeof exchange->retry_after);
    give_header(exchange, line);
  }
}

static size_t line_came(char *data, size_t one, size_t length, void *argument) {
  HttpTransfer *transfer = argument;
  HttpExchange *exchange = transfer->exchange;
  Slice line = slice_from(data, one * length);
  if (!exchange->first_byte_at) exchange->first_byte_at = clock_now();
  if (line.length > LIMIT_HEADER_BYTES - transfer->header_bytes)
    return stop(transfer, HTTP_FAILURE_TOO_LARGE, line.length);
  transfer->header_bytes += (uint32_t)line.length;
  /* After the header come the trailers of a chunked body. */
  if (line.length > 0 && !transfer->is_headed) header_came(transfer, line);
  return line.length;
}

/* Called before the request is sent. curl sends it again when a kept connection
 * ends without an answer; but whether to ask again is not for it to say. */
static int connected(void *argument, char *to, char *from, int to_port,
                     int from_port) {
  (void)to, (void)from, (void)to_port, (void)from_port;
  HttpTransfer *transfer = argument;
  HttpExchange *exchange = transfer->exchange;
  long opened = 0;
  if (transfer->is_connected) {
    transfer->stopped = HTTP_FAILURE_CUT;
    return CURL_PREREQFUNC_ABORT;
  }
  transfer->shard->client->curl.easy_getinfo(transfer->easy,
                                             CURLINFO_NUM_CONNECTS, &opened);
  exchange->connected_at = opened ? clock_now() : exchange->started_at;
  transfer->is_connected = true;
  http_scout_connected(transfer);
  return CURL_PREREQFUNC_OK;
}

/* ---- options ------------------------------------------------------------- */

static void set_callbacks(const CurlApi *curl, HttpTransfer *transfer) {
  CURL *easy = transfer->easy;
  HttpClient *client = transfer->shard->client;
  curl->easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_came);
  curl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, line_came);
  curl->easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
  curl->easy_setopt(easy, CURLOPT_PREREQFUNCTION, connected);
  curl->easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
  curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, http_socket_open);
  curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
  curl->easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_socket_close);
  curl->easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, client);
}

enum {
  RECEIVE_BYTES = 4096, /* a reply is mostly smaller; curl keeps one for each
                           open transfer */
  SEND_BYTES = 16384,   /* the least; used for TLS only */
  KEEPALIVE_S = 60
};

/* Redirects are not followed and certificates are verified by default; it is
 * said again where a mistake would be grave. */
static void set_for_good(const CurlApi *curl, HttpTransfer *transfer) {
  CURL *easy = transfer->easy;
  const HttpClient *client = transfer->shard->client;
  curl->easy_setopt(easy, CURLOPT_SHARE, client->share);
  curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* waits for no resolver */
  curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl->easy_setopt(easy, CURLOPT_CURLU, transfer->url);
  curl->easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl->easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
  curl->easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
  curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
  curl->easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
  curl->easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* see the scout */
  if (client->ca_file) curl->easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
  if (client->ca_folder)
    curl->easy_setopt(easy, CURLOPT_CAPATH, client->ca_folder);
}

static long milliseconds(uint64_t ns) {
  uint64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
  return ms == 0 || ms > INT32_MAX ? INT32_MAX : (long)ms;
}

/* curl knows the connect time-out too, so that it tries the next address in
 * time. */
static void set_for_endpoint(const CurlApi *curl, HttpTransfer *transfer,
                             const HttpEndpoint *endpoint) {
  transfer->endpoint_id = endpoint->id;
  curl->easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
                    milliseconds(endpoint->timeouts.connect));
  curl->easy_setopt(transfer->easy, CURLOPT_NOPROXY,
                    endpoint->is_direct ? "*" : NULL);
}

/* Taking a URL apart is a twentieth of a request, so the parts are kept while
 * requests go to the same place. */
static bool set_place(const CurlApi *curl, HttpTransfer *transfer,
                      const HttpExchange *exchange) {
  const HttpEndpoint *endpoint = exchange->endpoint;
  bool is_same = transfer->endpoint_id == endpoint->id;
  if (is_same && strcmp(transfer->path, exchange->path) == 0) return true;
  if (!is_same) set_for_endpoint(curl, transfer, endpoint);
  char url[LIMIT_URL_BYTES];
  int length = snprintf(url, sizeof url, "%s%s", endpoint->url, exchange->path);
  if (length < 0 || (size_t)length >= sizeof url) return false;
  size_t path = strlen(exchange->path);
  if (path < sizeof transfer->path)
    memcpy(transfer->path, exchange->path, path + 1);
  else
    transfer->endpoint_id = 0; /* not remembered */
  return curl->url_set(transfer->url, CURLUPART_URL, url, CURLU_PATH_AS_IS) ==
         CURLUE_OK;
}

/* The exchange's headers as nodes before the endpoint's list. curl only reads
 * the list, so nothing is copied. */
static bool set_headers(const CurlApi *curl, HttpTransfer *transfer,
                        const HttpExchange *exchange) {
  const HttpEndpoint *endpoint = exchange->endpoint;
  struct curl_slist *list =
      exchange->is_get ? endpoint->get_headers : endpoint->headers;
  uint32_t count = exchange->header_count;
  struct curl_slist *nodes = transfer->own;
  if (count > OWN_HEADERS)
    nodes = transfer->more = mem_alloc_zero(count, sizeof *nodes);
  for (uint32_t i = count; i-- > 0;) {
    if (strpbrk(exchange->headers[i], "\r\n")) return false;
    nodes[i] = (struct curl_slist){(char *)exchange->headers[i], list};
    list = &nodes[i];
  }
  curl->easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, list);
  return true;
}

static void set_body(const CurlApi *curl, CURL *easy,
                     const HttpExchange *exchange) {
  if (exchange->is_get) {
    curl->easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    return;
  }
  curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                    (curl_off_t)exchange->body.length);
  curl->easy_setopt(easy, CURLOPT_POSTFIELDS,
                    exchange->body.length ? exchange->body.data : "");
}

bool http_transfer_prepare(HttpTransfer *transfer, HttpExchange *exchange) {
  const CurlApi *curl = &transfer->shard->client->curl;
  transfer->exchange = exchange;
  exchange->transfer = transfer;
  exchange->message[0] = '\0';
  set_body(curl, transfer->easy, exchange);
  curl->easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT,
                    (long)exchange->is_fresh);
  curl->easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, exchange->message);
  return set_place(curl, transfer, exchange) &&
         set_headers(curl, transfer, exchange);
}

/* ---- life ---------------------------------------------------------------- */

HttpTransfer *http_transfer_new(HttpShard *shard) {
  const CurlApi *curl = &shard->client->curl;
  CURL *easy = curl->easy_init();
  CURLU *url = curl->url();
  if (!easy || !url) {
    curl->easy_cleanup(easy);
    curl->url_cleanup(url);
    return NULL;
  }
  HttpTransfer *transfer = MEM_NEW(HttpTransfer);
  transfer->easy = easy;
  transfer->url = url;
  transfer->shard = shard;
  transfer->timer.fire = fire;
  set_callbacks(curl, transfer);
  set_for_good(curl, transfer);
  return transfer;
}

void http_transfer_free(HttpTransfer *transfer) {
  const CurlApi *curl = &transfer->shard->client->curl;
  curl->easy_cleanup(transfer->easy);
  curl->url_cleanup(transfer->url);
  mem_free(transfer);
}

void http_transfer_clear(HttpTransfer *transfer) {
  HttpClient *client = transfer->shard->client;
  reactor_timer_cancel(client->reactor, &transfer->timer);
  client->curl.easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
  mem_free(transfer->more);
  transfer->exchange->transfer = NULL;
  transfer->exchange = NULL;
  transfer->more = NULL;
  transfer->progress_at = transfer->body_bytes = 0;
  transfer->header_bytes = 0;
  transfer->stopped = HTTP_FAILURE_NONE;
  transfer->socket_error = 0;
  transfer->is_connected = transfer->is_answered = transfer->is_headed = false;
  transfer->is_last = transfer->is_enough = false;
}
