/* SPDX-License-Identifier: MIT
 *
 * Exchanges from http_start to `done`, and the life of a client. An exchange
 * runs on the I/O thread alone; the one thing that threads meet in is its
 * `state`, a set of flags that are only ever added:
 *
 *     BEGUN     its start has run; CANCEL_ASKED  somebody posted a cancel;
 *     CANCELLED that cancel has run; ENDED  it is over.
 *
 * `done` is called by whoever comes second, the end or the cancel that was
 * asked for before it, so no cancel is still under way when it is called. A
 * cancel that overtakes its start is seen by the start.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/library.h"
#include "runtime/io/http_int.h"

enum { BEGUN = 1, CANCEL_ASKED = 2, CANCELLED = 4, ENDED = 8 };

#define OWNER(T, member, pointer) \
  ((T *)(void *)((char *)(pointer)-offsetof(T, member)))

static uint32_t add_flag(HttpExchange *exchange, uint32_t flag) {
  return atomic_fetch_or_explicit(&exchange->state, flag, memory_order_acq_rel);
}

/* ---- end ----------------------------------------------------------------- */

void http_finish(HttpExchange *exchange) {
  exchange->ended_at = clock_now();
  uint32_t before = add_flag(exchange, ENDED);
  assert(!(before & ENDED));
  bool is_awaited = (before & CANCEL_ASKED) && !(before & CANCELLED);
  if (!is_awaited) exchange->done(exchange);
}

void http_abort(HttpTransfer *transfer, HttpFailure failure) {
  HttpExchange *exchange = transfer->exchange;
  http_failure_tell(exchange, failure);
  http_shard_give(transfer);
  http_finish(exchange);
}

static void run_cancel(ReactorJob *job) {
  HttpExchange *exchange = OWNER(HttpExchange, cancel_job, job);
  uint32_t before = add_flag(exchange, CANCELLED);
  if (before & ENDED)
    exchange->done(exchange);
  else if (exchange->transfer)
    http_abort(exchange->transfer, HTTP_FAILURE_CANCELLED);
}

void http_cancel(HttpExchange *exchange) {
  Reactor *reactor = exchange->endpoint->client->reactor;
  if (add_flag(exchange, CANCEL_ASKED) & (CANCEL_ASKED | ENDED)) return;
  exchange->cancel_job.run = run_cancel;
  reactor_post(reactor, &exchange->cancel_job);
}

/* ---- start --------------------------------------------------------------- */

/* False: it cannot be; the exchange has its failure and no transfer. */
static bool begin(HttpExchange *exchange) {
  if (add_flag(exchange, BEGUN) & CANCELLED) {
    http_failure_tell(exchange, HTTP_FAILURE_CANCELLED);
    return false;
  }
  HttpTransfer *transfer = http_shard_take(exchange->endpoint->client);
  bool is_sound = transfer && http_transfer_prepare(transfer, exchange);
  if (is_sound && http_scout_admit(transfer)) {
    http_transfer_watch_time(transfer);
    return true;
  }
  http_failure_tell(
      exchange, transfer && !is_sound ? HTTP_FAILURE_OTHER : HTTP_FAILURE_ROOM);
  if (transfer) http_shard_give(transfer);
  return false;
}

static void run_begin(ReactorJob *job) {
  HttpExchange *exchange = OWNER(HttpExchange, job, job);
  if (!begin(exchange)) http_finish(exchange);
}

static void run_finish(ReactorJob *job) {
  http_finish(OWNER(HttpExchange, job, job));
}

/* From inside of curl (a `receive` that starts another exchange) nothing can
 * be added to it. */
void http_start(HttpExchange *exchange) {
  HttpClient *client = exchange->endpoint->client;
  exchange->started_at = clock_now();
  exchange->job.run = run_begin;
  if (reactor_is_here(client->reactor) && !client->in_curl) {
    if (begin(exchange)) return;
    exchange->job.run = run_finish;
  }
  reactor_post(client->reactor, &exchange->job);
}

/* ---- clients ------------------------------------------------------------- */

static const char *const names[] = {
#define X(name) "curl_" #name,
#include "runtime/io/http_curl.def"
#undef X
};

static bool environment_has_proxy(void) {
  static const char *const variables[] = {
      "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    const char *value = getenv(variables[i]);
    if (value && *value) return true;
  }
  return false;
}

/* The tools of the TLS library honour these two; curl leaves it to us. */
static char *environment_text(const char *variable) {
  const char *value = getenv(variable);
  if (!value || !*value) return NULL;
  Buf text = {0};
  buf_add_text(&text, value);
  return buf_take(&text);
}

static Status open_curl(HttpClient *client, Error *error) {
  CurlApi *curl = &client->curl;
  Status status = library_load("libcurl.so.4", "libcurl4", names, curl,
                               sizeof names / sizeof *names, error);
  if (status != STATUS_OK) return status;
  if (curl->global_init(CURL_GLOBAL_ALL) != CURLE_OK)
    return error_set(error, STATUS_FAILED, "libcurl does not start");
  client->share = curl->share_init();
  if (!client->share)
    return error_set(error, STATUS_NO_MEMORY, "libcurl is out of memory");
  curl->share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl->share_setopt(client->share, CURLSHOPT_SHARE,
                     CURL_LOCK_DATA_SSL_SESSION);
  return STATUS_OK;
}

HttpClient *http_client_new(Reactor *reactor, Error *error) {
  HttpClient *client = MEM_NEW(HttpClient);
  client->reactor = reactor;
  if (open_curl(client, error) != STATUS_OK) {
    mem_free(client);
    return NULL;
  }
  client->has_proxy = environment_has_proxy();
  client->ca_file = environment_text("SSL_CERT_FILE");
  client->ca_folder = environment_text("SSL_CERT_DIR");
  return client;
}

static void close_all(void *argument) {
  HttpClient *client = argument;
  http_shard_free_all(client);
  client->curl.share_cleanup(client->share);
}

void http_client_free(HttpClient *client) {
  if (!client) return;
  assert(!reactor_is_here(client->reactor));
  reactor_call(client->reactor, close_all, client);
  mem_free(client->ca_file);
  mem_free(client->ca_folder);
  mem_free(client);
}

enum { RESERVE = 128 /* descriptors for what is no connection */ };

uint32_t http_connections_max(void) {
  enum { MOST = 1 << 20 };
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return RESERVE;
  rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (soft != limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &limit))
    limit.rlim_cur = soft;
  rlim_t most = limit.rlim_cur > MOST ? MOST : limit.rlim_cur;
  if (most <= 2 * RESERVE) return most > 2 ? (uint32_t)most / 2 : 1;
  /* Each multi handle has two descriptors of its own. */
  return (uint32_t)((most - RESERVE) / (SHARD_TRANSFERS + 2) * SHARD_TRANSFERS);
}

/* A descriptor with a high number, for a moment. */
void http_reserve(uint32_t connections) {
  uint32_t most = http_connections_max();
  if (connections > most) connections = most;
  uint32_t shards = connections / SHARD_TRANSFERS + 1;
  int fd = eventfd(0, EFD_CLOEXEC);
  int high =
      fcntl(fd, F_DUPFD_CLOEXEC, (int)(connections + 2 * shards + RESERVE / 4));
  if (high >= 0) close(high);
  if (fd >= 0) close(fd);
}
