/* SPDX-License-Identifier: MIT
 *
 * A backend over real sockets for tests: a server that answers each request
 * with the bytes that the test gave it, and a client with that one backend,
 * called "fast".
 */
#ifndef APXM_TESTS_REMOTE_BENCH_H
#define APXM_TESTS_REMOTE_BENCH_H

#include "core/base/thread.h"
#include "runtime/model/model.h"
#include "tests/raw_server.h"

typedef struct Script {
  const char *answer; /* to each request; NULL: none */
  bool is_slow;       /* byte by byte */
  bool holds;         /* after the answer: until the client hangs up */
  bool resets;        /* the connection ends with RST */
  Mutex mutex;        /* guards what follows */
  Buf head, body;     /* of the last request */
} Script;

typedef struct Bench {
  Script script;
  RawServer *server; /* NULL: none */
  uint16_t port;
  char url[64];    /* the configured one points here */
  char where[128]; /* "backend fast (openai at URL): " */
  BackendConfig config;
  Config all; /* that one backend */
  Reactor *reactor;
  ModelClient *client;
  ModelBackend *backend;
} Bench;

typedef struct Call {
  ModelRequest request;  /* first */
  _Atomic uint32_t done; /* how often; released when the reply is there */
} Call;

/* A backend that is to be changed, then opened. */
Bench *bench_new(const char *provider, const char *answer);
/* The answer comes, and nothing after it. */
Bench *bench_that_holds(bool is_stream, const char *answer);
void bench_open(Bench *bench);                   /* with a server */
void bench_open_at(Bench *bench, uint16_t port); /* without */
/* NULL: it cannot be made. Part of the two above. */
ModelBackend *bench_find(Bench *bench, Error *error);
void bench_free(Bench *bench);
void bench_wait_asked(Bench *bench); /* until a request has been read */

void call_init(Call *call, const char *prompt);
void call_submit(Bench *bench, Call *call);
void call_wait(Call *call);
void call_ask(Bench *bench, Call *call); /* all three */

/* The reply is `wanted`. Frees both, as the next. */
void expect_reply(Bench *bench, Call *call, const char *wanted);
/* It failed with a message that names the backend, then says `wanted`. */
void expect_failure(Bench *bench, Call *call, const char *wanted);

/* The same, and it is this kind of problem. */
void expect_problem(Bench *bench, Call *call, ModelProblem problem,
                    const char *wanted);

/* Answers. */
#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n"
#define JSON(text) HEAD("200 OK") "Content-Type: application/json\r\n\r\n" text
#define EVENTS(text) \
  HEAD("200 OK") "Content-Type: text/event-stream\r\n\r\n" text
#define CHOICE(part, text, finish)                   \
  "{\"choices\":[{\"" part "\":{\"content\":\"" text \
  "\"},"                                             \
  "\"finish_reason\":" finish "}]}"
#define EVENT(text, finish) "data: " CHOICE("delta", text, finish) "\n\n"
#define GOOD JSON(CHOICE("message", "Because.", "\"stop\""))

#endif
