/* SPDX-License-Identifier: MIT
 *
 * A client: the backends in use, by name. Each is made when the first run asks
 * for it, so a backend that is configured and not used needs no key, and a
 * process that opens no socket loads no network library. The embedded model is
 * made at once when it is the default: what is wrong with its profile or its
 * script should be said before anything runs.
 */
#include <string.h>
#include <sys/random.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "runtime/model/backend.h"

struct ModelClient {
  /* Immutable after model_client_new. */
  ModelOptions options;
  Reactor *reactor;
  RequestLog log; /* its own atomics aside */
  char session[16];
  const char *default_name;
  Recorder *recorder; /* its own lock guards it; or NULL */
  Tape *tape;         /* the same; answers in the place of all backends */

  Mutex lock;       /* guards what follows */
  Arena arena;      /* texts of backends that no configuration names */
  HttpClient *http; /* NULL until a backend needs it */
  Board *board;     /* the same */
  VEC(ModelBackend *) backends;
};

/* ---- finding and making backends; the lock is held ----------------------- */

static ModelBackend *find_made(const ModelClient *client, Slice name) {
  for (uint32_t i = 0; i < client->backends.length; i++) {
    ModelBackend *backend = client->backends.data[i];
    if (slice_equal_text(name, backend->config.name)) return backend;
  }
  return NULL;
}

static Status find_config(ModelClient *client, Slice name,
                          BackendConfig *config, Error *error) {
  Buf text = {0};
  buf_add_slice(&text, name);
  Status status = config_find_backend(client->options.config, text.data,
                                      &client->arena, config, error);
  buf_free(&text);
  return status;
}

/* How many connections the backends made so far leave to the next. */
static uint32_t connections_left(const ModelClient *client) {
  uint32_t left = http_connections_max();
  for (uint32_t i = 0; i < client->backends.length; i++) {
    const ModelBackend *backend = client->backends.data[i];
    uint32_t taken = backend->config.url ? backend->most : 0;
    left = taken < left ? left - taken : 1;
  }
  return left;
}

/* What answers in its place has no network, no key and no limits. It needs no
 * configuration, either: of a backend that has none only the model is unknown.
 */
static void make_replay(ModelClient *client, Slice name,
                        BackendConfig *config) {
  BackendConfig found = {0};
  bool is_known = find_config(client, name, &found, NULL) == STATUS_OK;
  *config = (BackendConfig){
      .name = is_known ? found.name
                       : arena_copy(&client->arena, name.data, name.length),
      .provider = "replay",
      .model = found.model,
      .max_in_flight = LIMIT_IN_FLIGHT_SIM};
}

static ModelBackend *make(ModelClient *client, Slice name, bool is_default,
                          Error *error) {
  BackendConfig config;
  if (client->tape)
    make_replay(client, name, &config);
  else if (find_config(client, name, &config, error) != STATUS_OK)
    return NULL;
  ProviderSetup setup = {.config = &config,
                         .options = &client->options,
                         .model = config.model,
                         .session = client->session,
                         .reactor = client->reactor,
                         .recorder = client->recorder,
                         .tape = client->tape};
  if (is_default && client->options.model) setup.model = client->options.model;
  if (config.url && !client->http)
    client->http = http_client_new(client->reactor, error);
  if (config.url && !client->http) return NULL;
  if (config.url && !client->board)
    client->board = board_new(client->reactor, client->session);
  if (config.url) setup.http = client->http;
  if (config.url) setup.board = client->board;
  if (config.url) setup.connections = connections_left(client);
  ModelBackend *backend = backend_new(&setup, &client->log, error);
  if (backend) vec_push(&client->backends, backend);
  return backend;
}

ModelBackend *model_client_backend(ModelClient *client, Slice name,
                                   Error *error) {
  Slice wanted = name.length && !client->options.script
                     ? name
                     : slice_of(client->default_name);
  bool is_default = slice_equal_text(wanted, client->default_name);
  mutex_lock(&client->lock);
  ModelBackend *backend = find_made(client, wanted);
  if (!backend) backend = make(client, wanted, is_default, error);
  mutex_unlock(&client->lock);
  return backend;
}

/* ---- life --------------------------------------------------------------- */

static uint32_t draw_noise(void) {
  uint64_t noise = clock_now();
  if (getrandom(&noise, sizeof noise, GRND_NONBLOCK) < 0) noise *= 2654435761u;
  return (uint32_t)(noise ^ noise >> 32);
}

/* Names this process among all that may talk to a server. */
static void name_session(ModelClient *client) {
  Buf text = {0};
  buf_addf(&text, "%08x", (unsigned)draw_noise());
  memcpy(client->session, text.data, text.length + 1);
  buf_free(&text);
}

static const char *choose_default(const ModelOptions *options) {
  if (options->script) return "sim";
  if (options->backend) return options->backend;
  if (options->config && options->config->backend)
    return options->config->backend;
  return "sim";
}

static uint32_t most_connections(const ModelOptions *options,
                                 const BackendConfig *config) {
  if (options->max_in_flight) return options->max_in_flight;
  return config->is_adaptive ? LIMIT_IN_FLIGHT_ADAPTIVE : config->max_in_flight;
}

void model_reserve(const ModelOptions *options) {
  Arena arena;
  BackendConfig config;
  if (options->replay) return;
  arena_init(&arena);
  Status status = config_find_backend(options->config, choose_default(options),
                                      &arena, &config, NULL);
  if (status == STATUS_OK && config.url)
    http_reserve(most_connections(options, &config));
  arena_free(&arena);
}

/* The folders, before any backend. */
static Status open_tapes(ModelClient *client, Error *error) {
  const ModelOptions *options = &client->options;
  if (options->replay) client->tape = tape_open(options->replay, error);
  if (options->replay && !client->tape) return error->status;
  if (options->record)
    client->recorder =
        recorder_open(options->record, options->record_whole, error);
  return options->record && !client->recorder ? error->status : STATUS_OK;
}

ModelClient *model_client_new(const ModelOptions *options, Reactor *reactor,
                              Error *error) {
  ModelClient *client = MEM_NEW(ModelClient);
  client->options = *options;
  while (!client->options.retry_seed) /* one that --retry-seed takes */
    client->options.retry_seed = draw_noise() & INT32_MAX;
  client->reactor = reactor;
  client->default_name = choose_default(options);
  arena_init(&client->arena);
  mutex_init(&client->lock);
  name_session(client);
  Status status = request_log_open(&client->log, options->request_log, error);
  if (status == STATUS_OK) status = open_tapes(client, error);
  if (status == STATUS_OK && strcmp(client->default_name, "sim") == 0 &&
      !model_client_backend(client, (Slice){0}, error))
    status = error->status;
  if (status == STATUS_OK) return client;
  model_client_free(client);
  return NULL;
}

uint64_t model_client_retry_seed(const ModelClient *client) {
  return client->options.retry_seed;
}

uint64_t model_client_waiting(ModelClient *client) {
  uint64_t waiting = 0;
  mutex_lock(&client->lock);
  for (uint32_t i = 0; i < client->backends.length; i++) {
    ModelBackend *backend = client->backends.data[i];
    mutex_lock(&backend->mutex);
    waiting += queue_length(&backend->queue);
    mutex_unlock(&backend->mutex);
  }
  mutex_unlock(&client->lock);
  return waiting;
}

void model_client_free(ModelClient *client) {
  if (!client) return;
  for (uint32_t i = 0; i < client->backends.length; i++)
    backend_free(client->backends.data[i]);
  vec_free(&client->backends);
  board_free(client->board);
  if (client->http) http_client_free(client->http);
  arena_free(&client->arena);
  recorder_close(client->recorder);
  tape_close(client->tape);
  request_log_close(&client->log);
  mutex_destroy(&client->lock);
  mem_free(client);
}
