/* SPDX-License-Identifier: MIT
 *
 * From a request to the model and back. Everything happens on the I/O thread of
 * one reactor, the model's timers included, so there is no lock here: a request
 * arrives, is read by its dialect, submitted to the model, and answered in
 * `done`. A client that hangs up cancels its request.
 *
 * Only chat requests are counted and logged. Each has an Ask from `arrived` to
 * `ended`; between `asked` and the answer the model may hold it.
 */
#include "server/sim_server.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/number.h"
#include "core/base/thread.h"
#include "runtime/io/http.h"
#include "runtime/model/model.h"
#include "server/chat.h"
#include "server/fault_gate.h"
#include "server/microhttpd.h"
#include "server/sim_log.h"
#include "server/web.h"

enum {
  FLUSH_MS = 500, /* that the last replies may take when the server ends */
  EXPECTED_CONNECTIONS = 10000, /* more are taken, a little later */
  GATE_SHARE = 3 /* descriptors of a connection that has the gate before it */
};

static const char json_type[] = "application/json; charset=utf-8";
static const char text_type[] = "text/plain; charset=utf-8";

typedef struct Ask Ask;

struct SimServer {
  Reactor *reactor;
  ModelClient *client;
  ModelBackend *backend;
  uint64_t started_at;

  /* I/O thread. */
  Web *web;
  FaultGate *gate; /* NULL: none */
  uint64_t seq;    /* chat requests so far */
  uint32_t open;   /* chat requests under way */
  int log_fd;      /* -1: none, or it could not be written */
  Ask *waiting;    /* with the model; a list */
  bool is_ending;
};

/* A chat request. */
struct Ask {
  ModelRequest model; /* first: the model's request is the ask */
  SimServer *server;
  WebRequest *web;
  const Dialect *dialect;
  Chat chat;
  uint64_t seq, arrived_at;
  uint32_t open;     /* chat requests when it arrived, itself included */
  unsigned code;     /* of the answer */
  bool is_mute;      /* and a fault hides it */
  Ask *next, **link; /* in `waiting`; link NULL: not there */
};

/* ---- routes -------------------------------------------------------------- */

typedef void Action(SimServer *server, WebRequest *web);
static Action answer_chat, answer_models, answer_version, answer_health,
    answer_about;

typedef struct Route {
  const char *method, *path;
  const Dialect *dialect;
  Action *answer;
} Route;

static const Route routes[] = {
#define X(method, path, dialect, action) \
  {method, path, &dialect_##dialect, answer_##action},
#include "server/routes.def"
#undef X
};
enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

/* Whether `path` is of a row; `part` is what its `*` stands for. */
static bool is_path(const Route *route, Slice path, Slice *part) {
  Slice row = slice_of(route->path);
  const char *star = strchr(route->path, '*');
  if (!star) return slice_equal(row, path);
  Slice head = slice_from(row.data, (size_t)(star - row.data));
  Slice tail = slice_of(star + 1);
  if (path.length <= head.length + tail.length ||
      !slice_starts_with(path, head) || !slice_ends_with(path, tail))
    return false;
  *part = slice_from(path.data + head.length,
                     path.length - head.length - tail.length);
  return true;
}

/* The row with this path, or NULL. */
static const Route *find_route(const char *path) {
  Slice ignored;
  for (int i = 0; i < ROUTE_COUNT; i++)
    if (is_path(&routes[i], slice_of(path), &ignored)) return &routes[i];
  return NULL;
}

static bool is_for(const Route *route, const char *method) {
  if (strcmp(method, "HEAD") == 0) method = "GET";
  return strcmp(route->method, method) == 0;
}

static const Dialect *dialect_of(const char *path) {
  const Route *route = find_route(path);
  if (route) return route->dialect;
  if (strncmp(path, "/v1beta/", 8) == 0) return &dialect_google;
  return strncmp(path, "/api/", 5) == 0 ? &dialect_ollama : &dialect_openai;
}

static void fail(WebRequest *web, unsigned code, const char *allow,
                 Slice message) {
  Buf body = {0};
  dialect_of(web->path)->add_error(code, message, &body);
  web_answer(web, code, json_type, allow, &body);
}

static void fail_route(WebRequest *web, const Route *route) {
  Buf message = {0};
  if (route)
    buf_addf(&message, "%s takes %s", route->path, route->method);
  else
    buf_addf(&message, "there is no %s here; try /v1/chat/completions",
             web->path);
  fail(web, route ? 405 : 404, route ? route->method : NULL,
       buf_slice(&message));
  buf_free(&message);
}

/* ---- what is not a chat -------------------------------------------------- */

static void answer_text(WebRequest *web, const char *type, const char *text) {
  Buf body = {0};
  buf_add_text(&body, text);
  web_answer(web, 200, type, NULL, &body);
}

static void answer_models(SimServer *server, WebRequest *web) {
  Buf body = {0};
  (void)server;
  dialect_of(web->path)->add_models(&body);
  web_answer(web, 200, json_type, NULL, &body);
}

static void answer_version(SimServer *server, WebRequest *web) {
  (void)server;
  answer_text(web, json_type, "{\"version\":\"" APXM_VERSION "\"}");
}

static void answer_health(SimServer *server, WebRequest *web) {
  (void)server;
  answer_text(web, json_type, "{\"status\":\"ok\"}");
}

static void answer_about(SimServer *server, WebRequest *web) {
  (void)server;
  answer_text(web, text_type,
              "apxm sim " APXM_VERSION
              ": POST /v1/chat/completions, /v1/messages, /api/chat or "
              "/v1beta/models/sim:generateContent\n");
}

/* ---- chats: answering ---------------------------------------------------- */

static void list_add(Ask *ask) {
  ask->link = &ask->server->waiting;
  ask->next = *ask->link;
  if (ask->next) ask->next->link = &ask->next;
  *ask->link = ask;
}

static void list_remove(Ask *ask) {
  if (!ask->link) return;
  *ask->link = ask->next;
  if (ask->next) ask->next->link = ask->link;
  ask->link = NULL;
}

static void fail_ask(Ask *ask, unsigned code, Slice message) {
  ask->code = code;
  fail(ask->web, code, NULL, message);
}

static void answer_reply(Ask *ask) {
  Buf body = {0};
  Slice model = buf_slice(&ask->chat.model);
  ChatReply reply = {.text = buf_slice(&ask->model.reply),
                     .model = model.length ? model : SLICE("sim"),
                     .is_cut = ask->model.is_cut,
                     .thinks = ask->chat.thinks,
                     .input_tokens = ask->model.input_tokens,
                     .output_tokens = ask->model.output_tokens,
                     .seq = ask->seq,
                     .took_ns = clock_now() - ask->arrived_at};
  ask->code = 200;
  if (ask->chat.is_streamed) {
    ask->dialect->add_stream(&reply, ask->chat.wants_usage, &body);
    web_stream(ask->web, ask->dialect->stream_type, &body);
  } else {
    ask->dialect->add_reply(&reply, &body);
    web_answer(ask->web, 200, json_type, NULL, &body);
  }
}

static void answer_model(Ask *ask) {
  switch (ask->model.status) {
    case STATUS_OK:
      answer_reply(ask);
      break;
    case STATUS_CANCELLED: /* also when nobody waits for it any more */
      fail_ask(ask, 503, SLICE("the server is ending"));
      break;
    default:
      fail_ask(ask, ask->model.code ? ask->model.code : 400,
               buf_slice(&ask->model.reply));
  }
}

/* I/O thread. */
static void model_done(ModelRequest *request) {
  Ask *ask = (Ask *)request;
  list_remove(ask);
  answer_model(ask);
}

/* ---- chats: asking ------------------------------------------------------- */

/* A model that the path names. */
static void read_path(Ask *ask) {
  const char *path = ask->web->path;
  Slice model = {0};
  if (is_path(find_route(path), slice_of(path), &model) && model.length)
    chat_set_model(&ask->chat, model);
}

/* What this server would have to answer as a list of documents. */
static bool is_other_stream(const Ask *ask) {
  const char *kind = web_argument(ask->web, "alt");
  return ask->dialect == &dialect_google_stream &&
         (!kind || strcmp(kind, "sse") != 0);
}

static Status read_chat(Ask *ask, Error *error) {
  Error cause = {0};
  cJSON *root = json_parse(buf_slice(&ask->web->body), &cause);
  buf_free(&ask->web->body);
  if (!root)
    return error_set(error, STATUS_FORMAT, "the body is not JSON: %s",
                     cause.message);
  Status status = ask->dialect->read(root, &ask->chat, error);
  cJSON_Delete(root);
  read_path(ask);
  ask->model.prompt = ask->chat.prompt; /* moved */
  ask->chat.prompt = (Buf){0};
  return status;
}

static Slice header(const WebRequest *web, const char *name,
                    const char *standard) {
  const char *value = web_header(web, name);
  return slice_of(value ? value : standard);
}

static void submit(Ask *ask) {
  ModelRequest *request = &ask->model;
  request->operation = header(ask->web, "X-Apxm-Op", "ask");
  request->system = buf_slice(&ask->chat.system);
  request->model = buf_slice(&ask->chat.model);
  request->temperature = ask->chat.temperature;
  request->max_tokens = ask->chat.max_tokens;
  request->retries = 0; /* whoever asks a server decides that */
  request->done = model_done;
  list_add(ask);
  if (!model_submit(ask->server->backend, request)) return;
  list_remove(ask);
  answer_model(ask);
}

/* Whether a fault comes before anything else; its code, 0 if none is sent. */
static bool is_faulty(const SimServer *server, const WebRequest *web,
                      unsigned *code) {
  double number = 0;
  if (!server->gate || !number_read(header(web, "X-Apxm-Answer", ""), &number))
    return false;
  *code = (unsigned)number;
  return true;
}

static void fail_faulty(WebRequest *web, unsigned code) {
  fail(web, code ? code : 503, NULL, SLICE("this server was told to fail"));
}

static bool answer_fault(Ask *ask) {
  if (!is_faulty(ask->server, ask->web, &ask->code)) return false;
  ask->is_mute = ask->code == 0;
  fail_faulty(ask->web, ask->code);
  return true;
}

static void fail_too_large(Ask *ask) {
  Buf message = {0};
  buf_addf(&message, "the body is longer than %d MiB",
           LIMIT_WEB_BODY_BYTES >> 20);
  fail_ask(ask, 413, buf_slice(&message));
  buf_free(&message);
}

static void answer_chat(SimServer *server, WebRequest *web) {
  Ask *ask = web->user;
  Error error = {0};
  if (server->is_ending)
    fail_ask(ask, 503, SLICE("the server is ending"));
  else if (web->is_too_large)
    fail_too_large(ask);
  else if (web->is_starved)
    fail_ask(ask, 503, SLICE("too many long bodies at once; try again"));
  else if (is_other_stream(ask))
    fail_ask(ask, 400, SLICE("this server streams with ?alt=sse only"));
  else if (read_chat(ask, &error) != STATUS_OK)
    fail_ask(ask, 400, slice_of(error.message));
  else if (!answer_fault(ask))
    submit(ask);
}

/* ---- what the web calls -------------------------------------------------- */

static void arrived(void *user, WebRequest *web) {
  SimServer *server = user;
  const Route *route = find_route(web->path);
  if (!route || route->answer != answer_chat || !is_for(route, web->method))
    return;
  Ask *ask = MEM_NEW(Ask);
  ask->server = server;
  ask->web = web;
  ask->dialect = route->dialect;
  ask->seq = ++server->seq;
  ask->arrived_at = clock_now();
  ask->open = ++server->open;
  web->user = ask;
}

static void asked(void *user, WebRequest *web) {
  const Route *route = find_route(web->path);
  unsigned code;
  if (!web->user && is_faulty(user, web, &code))
    fail_faulty(web, code);
  else if (route && is_for(route, web->method))
    route->answer(user, web);
  else
    fail_route(web, route);
}

static void left(void *user, WebRequest *web) {
  SimServer *server = user;
  Ask *ask = web->user;
  if (ask && ask->link) model_cancel(server->backend, &ask->model);
}

static void write_line(SimServer *server, const SimLogLine *line) {
  if (server->log_fd < 0 || sim_log_write(server->log_fd, line)) return;
  log_warning("the log cannot be written any more; the server goes on");
  close(server->log_fd);
  server->log_fd = -1;
}

static void write_log(SimServer *server, const Ask *ask, WebEnd end) {
  uint64_t start = server->started_at;
  Slice model = buf_slice(&ask->chat.model);
  SimLogLine line = {.seq = ask->seq,
                     .arrived_ns = ask->arrived_at - start,
                     .ended_ns = clock_now() - start,
                     .open = ask->open,
                     .path = ask->web->path,
                     .model = model.length ? model : SLICE("sim"),
                     .operation = header(ask->web, "X-Apxm-Op", "ask"),
                     .system = buf_slice(&ask->chat.system),
                     .prompt = buf_slice(&ask->model.prompt),
                     .run = header(ask->web, "X-Apxm-Run", ""),
                     .phase = header(ask->web, "X-Apxm-Phase", ""),
                     .is_streamed = ask->chat.is_streamed,
                     .is_mute = ask->is_mute,
                     .code = end == WEB_END_LEFT ? 0 : ask->code};
  if (server->gate) line.fault = header(ask->web, "X-Apxm-Fault", "none");
  write_line(server, &line);
}

static void ended(void *user, WebRequest *web, WebEnd end) {
  SimServer *server = user;
  Ask *ask = web->user;
  if (!ask) return;
  assert(!ask->link);
  if (server->log_fd >= 0) write_log(server, ask, end);
  server->open--;
  model_request_clear(&ask->model);
  chat_free(&ask->chat);
  mem_free(ask);
  web->user = NULL;
}

/* ---- what the gate calls ------------------------------------------------- */

static void lost(void *user, const char *fault) {
  SimServer *server = user;
  uint64_t now = clock_now() - server->started_at;
  SimLogLine line = {.seq = ++server->seq,
                     .arrived_ns = now,
                     .ended_ns = now,
                     .open = server->open,
                     .path = "",
                     .fault = slice_of(fault),
                     .is_mute = true};
  write_line(server, &line);
}

static void refuse(void *user, bool is_refusing) {
  SimServer *server = user;
  if (!server->is_ending) web_refuse(server->web, is_refusing);
}

static int accepted(void *user, int fd) {
  SimServer *server = user;
  return fault_gate_accept(server->gate, fd);
}

/* ---- life ---------------------------------------------------------------- */

static Status start_model(SimServer *server, const SimServerOptions *options,
                          Error *error) {
  ModelOptions model = {.backend = "sim",
                        .max_in_flight = LIMIT_IN_FLIGHT,
                        .sim_profile = options->sim_profile,
                        .replies = options->replies};
  server->client = model_client_new(&model, server->reactor, error);
  if (!server->client) return error->status;
  server->backend = model_client_backend(server->client, SLICE("sim"), error);
  return server->backend ? STATUS_OK : error->status;
}

static Status start_gate(SimServer *server, const char *faults, Error *error) {
  FaultGateHandler handler = {
      .user = server, .dialect = dialect_of, .lost = lost, .refuse = refuse};
  if (!faults) return STATUS_OK;
  server->gate = fault_gate_new(faults, http_connections_max() / GATE_SHARE,
                                &handler, server->reactor, error);
  return server->gate ? STATUS_OK : error->status;
}

/* All but the web. */
static Status start(SimServer *server, const SimServerOptions *options,
                    Error *error) {
  Status status = microhttpd_load(error);
  if (status != STATUS_OK) return status;
  http_reserve(EXPECTED_CONNECTIONS);
  server->reactor = reactor_new(error);
  if (!server->reactor) return error->status;
  status = start_model(server, options, error);
  if (status != STATUS_OK) return status;
  return start_gate(server, options->faults, error);
}

typedef struct Opening {
  SimServer *server;
  int listen_fd;
  Error *error;
} Opening;

/* I/O thread, so that nobody is accepted before all is there. */
static void open_web(void *user) {
  Opening *opening = user;
  SimServer *server = opening->server;
  WebHandler handler = {.user = server,
                        .accepted = server->gate ? accepted : NULL,
                        .arrived = arrived,
                        .asked = asked,
                        .left = left,
                        .ended = ended};
  uint32_t most = http_connections_max();
  server->web =
      web_new(opening->listen_fd, server->gate ? most / GATE_SHARE : most,
              &handler, server->reactor, opening->error);
  if (server->web && server->gate) fault_gate_open(server->gate);
}

static void destroy(SimServer *server) {
  fault_gate_free(server->gate);
  model_client_free(server->client);
  if (server->reactor) reactor_free(server->reactor);
  if (server->log_fd >= 0) close(server->log_fd);
  mem_free(server);
}

SimServer *sim_server_new(const SimServerOptions *options, Error *error) {
  SimServer *server = MEM_NEW(SimServer);
  server->log_fd = options->log_fd;
  server->started_at = clock_now();
  Opening opening = {server, options->listen_fd, error};
  if (start(server, options, error) == STATUS_OK)
    reactor_call(server->reactor, open_web, &opening);
  else
    close(options->listen_fd);
  if (server->web) return server;
  destroy(server);
  return NULL;
}

Reactor *sim_server_reactor(SimServer *server) {
  return server->reactor;
}

uint64_t sim_server_seed(const SimServer *server) {
  return server->gate ? fault_gate_seed(server->gate) : 0;
}

/* I/O thread. What the model holds comes back cancelled, and is answered. */
static void begin_end(void *user) {
  SimServer *server = user;
  server->is_ending = true;
  web_close_door(server->web);
  for (Ask *ask = server->waiting; ask; ask = ask->next)
    model_cancel(server->backend, &ask->model);
}

/* For reactor_call. */
typedef struct Look {
  SimServer *server;
  bool is_quiet;   /* nothing is with the model */
  bool is_flushed; /* and every answer is sent */
} Look;

static void look(void *user) {
  Look *look = user;
  look->is_quiet = look->server->waiting == NULL;
  look->is_flushed =
      look->is_quiet && web_busy(look->server->web) == 0 &&
      (!look->server->gate || fault_gate_busy(look->server->gate) == 0);
}

void sim_server_free(SimServer *server) {
  Look state = {.server = server};
  uint64_t deadline = clock_now() + FLUSH_MS * NS_PER_MS;
  reactor_call(server->reactor, begin_end, server);
  for (;;) {
    reactor_call(server->reactor, look, &state);
    if (state.is_flushed) break;
    if (state.is_quiet && clock_now() > deadline) break;
    clock_sleep(NS_PER_MS);
  }
  web_free(server->web);
  destroy(server);
}
