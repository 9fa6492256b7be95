/* SPDX-License-Identifier: MIT
 *
 * Keys first, without showing them. Then every server is asked for something
 * that costs it nothing (the list of models, the version), all at once and
 * none for longer than three seconds. The main thread starts and waits; the
 * I/O thread counts down.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/doctor.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/model/remote.h"

#define PROBE_NS (3 * NS_PER_S)
enum { PROBE_REPLY_BYTES = 1 << 20 };

typedef struct Probes Probes;

typedef struct Probe {
  HttpExchange exchange; /* first, so that it is the Probe too */
  Probes *all;
  const BackendConfig *backend;
  const char *area;
  Error error;            /* why it cannot be asked */
  HttpEndpoint *endpoint; /* NULL: not asked */
} Probe;

struct Probes {
  Doctor *doctor;
  VEC(Probe *) items;
  Reactor *reactor;
  HttpClient *client;
  Mutex mutex;  /* guards `open` */
  Cond changed; /* it has become 0 */
  uint32_t open;
};

/* ---- what can be told without asking ------------------------------------- */

static void check_key(Doctor *doctor, const char *area,
                      const BackendConfig *backend) {
  const char *key = backend->key_env;
  if (!key) return;
  if (backend_variable_is_set(key)) {
    doctor_add(doctor, area, HEALTH_OK,
               doctor_text(doctor, "its key %s is set", key), NULL);
    return;
  }
  const char *text = doctor_text(doctor, "its key %s is not set", key);
  const char *next = doctor_text(doctor, "export %s=...", key);
  doctor_add(doctor, area,
             backend->key_is_wanted ? HEALTH_PROBLEM : HEALTH_WARNING, text,
             next);
}

static void check_headers(Doctor *doctor, const char *area,
                          const BackendConfig *backend) {
  for (uint32_t i = 0; i < backend->header_count; i++) {
    const ConfigHeader *header = &backend->headers[i];
    if (!header->is_env || backend_variable_is_set(header->value)) continue;
    doctor_add(doctor, area, HEALTH_PROBLEM,
               doctor_text(doctor, "its header %s needs %s, which is not set",
                           header->name, header->value),
               doctor_text(doctor, "export %s=...", header->value));
  }
}

static void check_secrecy(Doctor *doctor, const char *area,
                          const BackendConfig *backend) {
  bool is_plain = strncmp(backend->url, "http://", 7) == 0;
  if (!backend->key_env || !is_plain || http_is_loopback(backend->url)) return;
  doctor_add(doctor, area, HEALTH_WARNING,
             doctor_text(doctor,
                         "its key goes over the network in the clear "
                         "(%s)",
                         backend->url),
             "use https where the server has it");
}

static void check_model(Doctor *doctor, const char *area,
                        const BackendConfig *backend) {
  if (backend->model) return;
  doctor_add(doctor, area, HEALTH_WARNING, "it has no `model`",
             "most servers want one; set it, or give --model");
}

/* ---- asking -------------------------------------------------------------- */

/* I/O thread. */
static void on_done(HttpExchange *exchange) {
  Probes *all = ((Probe *)exchange)->all;
  mutex_lock(&all->mutex);
  if (--all->open == 0) cond_signal(&all->changed);
  mutex_unlock(&all->mutex);
}

static HttpEndpoint *make_endpoint(Probes *all, const BackendConfig *backend,
                                   Error *error) {
  static const HttpTimeouts timeouts = {.connect = PROBE_NS,
                                        .first = PROBE_NS,
                                        .idle = PROBE_NS,
                                        .total = PROBE_NS};
  RemoteHeaders headers = {.skips_unset = true};
  Secrets secrets = {0};
  HttpEndpoint *endpoint = NULL;
  Status status = remote_headers_make(backend, &headers, &secrets, error);
  if (status == STATUS_OK)
    endpoint = http_endpoint_new(
        all->client, backend->url, (const char *const *)headers.lines.data,
        headers.lines.length, &timeouts, PROBE_REPLY_BYTES, error);
  remote_headers_free(&headers);
  secrets_free(&secrets);
  return endpoint;
}

static void start_probe(Probe *probe) {
  Probes *all = probe->all;
  if (!probe->backend->url) return;
  probe->endpoint = make_endpoint(all, probe->backend, &probe->error);
  if (!probe->endpoint) return;
  probe->exchange.endpoint = probe->endpoint;
  probe->exchange.path = remote_dialect(probe->backend->provider)->probe_path;
  probe->exchange.is_get = true;
  probe->exchange.done = on_done;
  mutex_lock(&all->mutex);
  all->open++;
  mutex_unlock(&all->mutex);
  http_start(&probe->exchange);
}

static void ask_all(Probes *all) {
  for (uint32_t i = 0; i < all->items.length; i++)
    start_probe(all->items.data[i]);
  mutex_lock(&all->mutex);
  while (all->open > 0) cond_wait(&all->changed, &all->mutex);
  mutex_unlock(&all->mutex);
}

/* ---- what they said ------------------------------------------------------ */

static const char *next_of_failure(const Probe *probe) {
  switch (probe->exchange.failure) {
    case HTTP_FAILURE_RESOLVE:
      return "check the host in its url, and the network";
    case HTTP_FAILURE_TLS:
    case HTTP_FAILURE_CERTIFICATE:
      return "check the certificate, or whether the server speaks http";
    case HTTP_FAILURE_PROTOCOL:
      return "check whether the server speaks https";
    default:
      return "start the server, or change its url";
  }
}

static void judge_refusal(Doctor *doctor, const Probe *probe) {
  const BackendConfig *backend = probe->backend;
  bool has_key = backend->key_env && backend_variable_is_set(backend->key_env);
  doctor_add(doctor, probe->area, HEALTH_PROBLEM,
             doctor_text(doctor, "%s %s (%u)", backend->url,
                         has_key ? "refuses its key" : "wants a key",
                         probe->exchange.code),
             "set `key: env:NAME` to a variable with one that it takes");
}

static void judge_code(Doctor *doctor, const Probe *probe) {
  const HttpExchange *exchange = &probe->exchange;
  const char *url = probe->backend->url;
  uint64_t ns = exchange->ended_at - exchange->started_at;
  if (exchange->code >= 200 && exchange->code < 300)
    doctor_add(doctor, probe->area, HEALTH_OK,
               doctor_text(doctor, "%s answers (%.1f ms)", url,
                           (double)ns / (double)NS_PER_MS),
               NULL);
  else if (exchange->code == 401 || exchange->code == 403)
    judge_refusal(doctor, probe);
  else if (exchange->code == 404)
    doctor_add(doctor, probe->area, HEALTH_WARNING,
               doctor_text(doctor, "%s answers, but knows no %s (404)", url,
                           exchange->path),
               "check the path in its url (of most servers it ends in /v1); "
               "`apxm backends test` shows whether calls work");
  else
    doctor_add(doctor, probe->area, HEALTH_PROBLEM,
               doctor_text(doctor, "%s answers %s with %u", url, exchange->path,
                           exchange->code),
               "see the server's log");
}

static void judge(Doctor *doctor, const Probe *probe) {
  const HttpExchange *exchange = &probe->exchange;
  if (probe->error.status != STATUS_OK)
    doctor_add(doctor, probe->area, HEALTH_PROBLEM,
               doctor_text(doctor, "%s", probe->error.message),
               "mend what the configuration or the environment says of it");
  if (!probe->endpoint) return;
  if (exchange->failure == HTTP_FAILURE_NONE ||
      exchange->failure == HTTP_FAILURE_TOO_LARGE)
    judge_code(doctor, probe);
  else
    doctor_add(doctor, probe->area, HEALTH_PROBLEM,
               doctor_text(doctor, "%s does not answer: %s",
                           probe->backend->url, exchange->message),
               next_of_failure(probe));
}

static void say(Doctor *doctor, const Probe *probe) {
  const BackendConfig *backend = probe->backend;
  if (!backend->url) {
    doctor_add(doctor, probe->area, HEALTH_OK, "embedded; needs no network",
               NULL);
    return;
  }
  check_key(doctor, probe->area, backend);
  check_headers(doctor, probe->area, backend);
  check_secrecy(doctor, probe->area, backend);
  check_model(doctor, probe->area, backend);
  judge(doctor, probe);
}

/* ---- all of it ----------------------------------------------------------- */

/* STATUS_NOT_FOUND: no libcurl, which doctor_check_system has said. */
static Status start_client(Probes *all, Error *error) {
  all->reactor = reactor_new(error);
  if (!all->reactor) return error->status;
  all->client = http_client_new(all->reactor, error);
  return all->client ? STATUS_OK : error->status;
}

static void free_probes(Probes *all) {
  for (uint32_t i = 0; i < all->items.length; i++) {
    Probe *probe = all->items.data[i];
    if (probe->endpoint) http_endpoint_free(probe->endpoint);
    buf_free(&probe->exchange.reply);
    mem_free(probe);
  }
  vec_free(&all->items);
  if (all->client) http_client_free(all->client);
  if (all->reactor) reactor_free(all->reactor);
}

static void ask(Probes *all) {
  Error error = {0};
  Status status = start_client(all, &error);
  if (status == STATUS_OK)
    ask_all(all);
  else if (status != STATUS_NOT_FOUND)
    doctor_add(all->doctor, "backends", HEALTH_PROBLEM,
               doctor_text(all->doctor, "%s", error.message), NULL);
}

static void add_probe(Probes *all, const BackendConfig *backend) {
  Probe *probe = MEM_NEW(Probe);
  probe->all = all;
  probe->backend = backend;
  probe->area = doctor_text(all->doctor, "backend %s", backend->name);
  vec_push(&all->items, probe);
}

void doctor_check_backends(Doctor *doctor) {
  Probes all = {.doctor = doctor};
  bool is_remote = false;
  mutex_init(&all.mutex);
  cond_init(&all.changed);
  for (uint32_t i = 0; i < doctor->rows->items.length; i++) {
    const BackendRow *row = &doctor->rows->items.data[i];
    if (!row->is_configured && !row->is_default) continue;
    add_probe(&all, &row->config);
    is_remote |= row->config.url != NULL;
  }
  if (is_remote) ask(&all);
  for (uint32_t i = 0; i < all.items.length; i++)
    say(doctor, all.items.data[i]);
  free_probes(&all);
  cond_destroy(&all.changed);
  mutex_destroy(&all.mutex);
}
