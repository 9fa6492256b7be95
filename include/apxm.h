/* SPDX-License-Identifier: MIT
 *
 * libapxm: compile AIS workflows and run them, from C or C++. docs/api.md is
 * the way in; examples/embed.c is a whole program.
 *
 *     apxm_error error;
 *     apxm_program *p = apxm_program_open("hello.ais", 1, &error);
 *     apxm_engine *e = apxm_engine_new(NULL, &error);
 *     apxm_run *r = apxm_run_start(p, e, NULL, &error);
 *     if (apxm_run_wait(r) == APXM_RUN_SUCCESS) puts(apxm_run_result(r, NULL));
 *     apxm_run_free(r); apxm_engine_free(e); apxm_program_free(p);
 *
 * Ownership. A handle is freed with its own ..._free, which takes NULL, in the
 * order run, engine, program. A text that a function returns is NUL-terminated
 * UTF-8, belongs to the handle it was asked of and lives as long as that. What
 * is passed in is copied, unless it says "borrowed".
 *
 * Errors. A function that can fail takes an apxm_error (or NULL) and returns
 * NULL (or the status) after filling it: a status and one sentence for people.
 *
 * Threads. A program may be shared by any number of engines, runs and threads;
 * an engine by any number of runs and threads. A run belongs to one thread,
 * but for apxm_run_cancel and apxm_run_progress, which any thread may call.
 * The library changes no signal and no locale and prints nothing; its threads
 * block all signals.
 *
 * Options. An options struct begins with its own size, so that later versions
 * can add fields: `apxm_run_options o = {.size = sizeof o};`. Zero in a field
 * is what NULL options are: the default. APXM_USAGE: the size is missing, or a
 * field is set that this version of the library does not have.
 */
#ifndef APXM_H
#define APXM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define APXM_API __attribute__((visibility("default")))

/* "0.1.0". */
APXM_API const char *apxm_version(void);

typedef enum apxm_status {
  APXM_OK,
  APXM_USAGE,     /* wrong arguments, an unknown flow, a wrong option */
  APXM_COMPILE,   /* the source has errors */
  APXM_FORMAT,    /* not a sound object file, or of another version */
  APXM_IO,        /* a file cannot be read or written */
  APXM_LIMIT,     /* larger than docs/architecture.md says it may be */
  APXM_NO_MEMORY, /* the system gave none */
  APXM_CONFIG,    /* a configuration file is wrong; the message has the place */
  APXM_BACKEND,   /* a backend cannot be used: it is unknown, its key is not
                     set, a library is missing; nothing has run */
  APXM_OTHER      /* anything else; the message says what */
} apxm_status;

typedef struct apxm_error {
  apxm_status status;
  char message[1024]; /* one sentence, without a newline */
} apxm_error;

typedef enum apxm_form {
  APXM_TEXT, /* for people */
  APXM_JSON  /* for programs */
} apxm_form;

/* ---- compile: source text to the bytes of an object file ----------------- */

typedef struct apxm_compilation apxm_compilation;

enum { APXM_DEFAULT_LEVEL = 1 }; /* of optimization: 0..3 */

/* Compiles `length` bytes of UTF-8. `name` is what messages call it. NULL, with
 * `error`: no such level, an object file, or more text than is allowed. What is
 * wrong with the source is not an error here but the result's diagnostics. */
APXM_API apxm_compilation *apxm_compile(const char *source, size_t length,
                                        const char *name, int level,
                                        apxm_error *error);

/* 1: no errors (there may be warnings); 0: it does not compile. */
APXM_API int apxm_compilation_ok(const apxm_compilation *compilation);

/* The bytes of the object file, the same for the same source, name and level;
 * NULL when it does not compile. */
APXM_API const void *apxm_compilation_object(
    const apxm_compilation *compilation, size_t *size);

/* All errors and warnings in order of place: as text with the line and a caret
 * under it, or as one JSON object a line. Empty when there are none. */
APXM_API const char *apxm_compilation_diagnostics(apxm_compilation *compilation,
                                                  apxm_form form);

/* How it went: phases, nodes and edges of each flow, passes, diagnostics: the
 * document of docs/diagnostics.schema.json. */
APXM_API const char *apxm_compilation_report(apxm_compilation *compilation);

APXM_API void apxm_compilation_free(apxm_compilation *compilation);

/* ---- program: something that can be run ---------------------------------- */

typedef struct apxm_program apxm_program;

/* Makes a program of `size` bytes of a source or of an object file, told apart
 * by how they begin; `level` matters to a source only. APXM_COMPILE: the
 * message is the first diagnostic; for all of them use apxm_compile. */
APXM_API apxm_program *apxm_program_load(const void *bytes, size_t size,
                                         const char *name, int level,
                                         apxm_error *error);

/* The same from a file; "-" is standard input. */
APXM_API apxm_program *apxm_program_open(const char *path, int level,
                                         apxm_error *error);

/* Flows are numbered from 0 to apxm_program_flow_count() - 1. NULL when there
 * is no such number. */
APXM_API size_t apxm_program_flow_count(const apxm_program *program);
/* "Agent.flow". */
APXM_API const char *apxm_program_flow_name(const apxm_program *program,
                                            size_t flow);
/* "Agent.flow(topic: str, n: num) -> str". */
APXM_API const char *apxm_program_flow_signature(const apxm_program *program,
                                                 size_t flow);
/* The flow that runs when none is named; -1 when that is ambiguous. */
APXM_API long apxm_program_entry(const apxm_program *program);

APXM_API void apxm_program_free(apxm_program *program);

/* ---- engine: threads and the models behind them -------------------------- */

typedef struct apxm_engine apxm_engine;

/* A backend is a name of the configuration, a provider ("sim", "openai",
 * "ollama") or PROVIDER:URL. Keys come from the environment, never from here:
 * docs/configuration.md. */
typedef struct apxm_engine_options {
  size_t size;             /* sizeof(apxm_engine_options) */
  unsigned workers;        /* threads that run nodes; 0: one a processor, at
                              most 2 */
  unsigned max_in_flight;  /* calls open at once, of each backend; 0: its own */
  const char *config;      /* folder in which to begin looking for
                              .apxm/config.yaml, as `apxm` does in the working
                              folder ("."), the user's own file included; NULL:
                              no configuration is read */
  const char *backend;     /* of calls that name none; NULL: the
                              configuration's, or sim */
  const char *model;       /* the same; NULL: the backend's own */
  const char *sim_profile; /* latency of the built-in model `sim`: "instant",
                              "fixed:MS", "tokens", "workload4", or a file;
                              NULL: instant. As the next one, it chooses sim
                              where `backend` is NULL */
  const char *replies;     /* file of scripted replies for `sim`, or NULL */
  const char *request_log; /* file to append one JSON line a request to, or
                              NULL */
  const char *record; /* folder that gets every model call, or NULL */
  const char *replay; /* such a folder, which answers in the place of every
                         backend: no network, no key; or NULL */
} apxm_engine_options;

/* Opens no connection yet: a backend is made when a run needs it. */
APXM_API apxm_engine *apxm_engine_new(const apxm_engine_options *options,
                                      apxm_error *error);
/* No run of it may be left. */
APXM_API void apxm_engine_free(apxm_engine *engine);

/* ---- run: one execution of one flow -------------------------------------- */

typedef struct apxm_run apxm_run;

/* One argument: always literal text, converted to the parameter's type (text
 * as it is, everything else as JSON). */
typedef struct apxm_argument {
  const char *name; /* of the parameter; NULL binds by position */
  const char *text;
  size_t length; /* bytes of text */
} apxm_argument;

typedef enum apxm_event_kind {
  APXM_CALL_STARTED, /* a model call is about to be sent */
  APXM_CALL_ENDED    /* once for each that was started */
} apxm_event_kind;

typedef enum apxm_call_status {
  APXM_CALL_OK,
  APXM_CALL_FAILED,
  APXM_CALL_CANCELLED
} apxm_call_status;

/* What happened to a model call. Texts live until the callback returns. */
typedef struct apxm_event {
  size_t size; /* of what the library has filled */
  apxm_event_kind kind;
  apxm_run *run;    /* for apxm_run_cancel and apxm_run_progress, even before
                     apxm_run_start has returned it */
  uint64_t call;    /* names the call in both its events */
  uint64_t at_ns;   /* since apxm_run_start */
  const char *node; /* "Agent.flow: name (op)" */
  const char *file; /* of the source, as messages call it */
  unsigned line, column;
  const char *backend, *model; /* model: "" when the backend does not say */
  uint64_t wait_ns;            /* between ready and sent */
  /* From here on 0 (or "") unless it has ended. */
  apxm_call_status status;
  const char *error;      /* why it failed, or "" */
  uint64_t first_byte_ns; /* from sent to the reply's first byte; 0: unknown */
  uint64_t service_ns;    /* from sent to the end */
  unsigned input_tokens, output_tokens;
  int tokens_estimated; /* not 0: the server did not count them */
} apxm_event;

/* Callbacks are called by threads of the library, with no lock held. Everybody
 * waits for them, so they must not block for long. Of this interface they may
 * call apxm_run_cancel and apxm_run_progress. All are over when apxm_run_wait
 * returns. */
typedef struct apxm_run_options {
  size_t size;      /* sizeof(apxm_run_options) */
  const char *flow; /* "Agent.flow", or "flow" if there is only one; NULL: the
                       program's entry */
  const apxm_argument *arguments;
  size_t argument_count;
  /* Gets what the program prints, in order, in pieces that need not be lines;
   * NULL: nowhere. One call at a time, also for several runs of an engine. */
  void (*output)(void *user, const char *text, size_t length);
  /* Hears of each model call; NULL: nobody. Several threads may be in it at
   * once, but for the two events of one call, which come in order. */
  void (*event)(void *user, const apxm_event *event);
  /* Once, after all events, when the run has come to rest; there may be output
   * left. NULL: not. */
  void (*finished)(void *user);
  void *user;      /* passed to all of them; borrowed until apxm_run_wait */
  int keep_output; /* not 0: the print lines are kept for apxm_run_report */
  int keep_trace;  /* not 0: all is recorded for apxm_run_write_trace */
  uint64_t deadline_ms; /* from apxm_run_start: then the run ends, as
                           APXM_RUN_EXPIRED; 0: whenever it does */
  /* The text of the call that is the flow's result, while it comes; NULL: not.
   * `attempt` from 1: with another one the text begins anew. A length of 0:
   * that attempt is over, whatever became of it. Not called for what comes in
   * one piece. One call at a time. */
  void (*delta)(void *user, unsigned attempt, const char *text, size_t length);
  int keep_partial; /* not 0: if it does not succeed, apxm_run_report has what
                       its calls had brought */
} apxm_run_options;

typedef enum apxm_run_outcome {
  APXM_RUN_SUCCESS,
  APXM_RUN_FAILED,
  APXM_RUN_CANCELLED,
  APXM_RUN_PAUSED,
  APXM_RUN_EXPIRED /* its deadline came first */
} apxm_run_outcome;

/* Starts and returns at once. Program and engine are borrowed until the run is
 * freed. APXM_USAGE: unknown or ambiguous flow, arguments that do not fit; the
 * message has the flow's signature. APXM_BACKEND: a backend that the flow may
 * call cannot be used. */
APXM_API apxm_run *apxm_run_start(apxm_program *program, apxm_engine *engine,
                                  const apxm_run_options *options,
                                  apxm_error *error);

/* Any thread, until apxm_run_free. Asks the run to end: it does so, as
 * APXM_RUN_CANCELLED, once every open model call has been taken back; a run
 * that is over is not changed. Returns at once. */
APXM_API void apxm_run_cancel(apxm_run *run);

/* How far a run is. Figures that belong together may be a moment apart. */
typedef struct apxm_progress {
  size_t size;                          /* set it: sizeof(apxm_progress) */
  uint64_t waiting;                     /* calls that are ready and not sent */
  uint64_t open;                        /* calls that were sent */
  uint64_t done;                        /* calls that have ended */
  uint64_t failed;                      /* those of them that failed */
  uint64_t input_tokens, output_tokens; /* of the ended ones */
  uint64_t elapsed_ns;                  /* since it began */
} apxm_progress;

/* Any thread, until apxm_run_free. */
APXM_API void apxm_run_progress(apxm_run *run, apxm_progress *progress);

/* Blocks until the run has come to rest and all output was delivered. May be
 * called again. What follows calls it first. */
APXM_API apxm_run_outcome apxm_run_wait(apxm_run *run);

/* Why it failed, "FILE:LINE:COLUMN: in FLOW, NODE: cause", or expired; empty
 * if it did neither. */
APXM_API const char *apxm_run_error(apxm_run *run);

/* Why it did not succeed, at length: the node, its call with every attempt,
 * what was still open; the object `failure` of docs/run.schema.json, on one
 * line. "null" if it succeeded. */
APXM_API const char *apxm_run_failure_json(apxm_run *run);

/* The flow's result: a text as it is, another value as JSON without white
 * space; empty for void or when there is none. `length`, or NULL, gets its
 * bytes: a text may hold NUL bytes. */
APXM_API const char *apxm_run_result(apxm_run *run, size_t *length);
/* The same as JSON always; "null" for void or when there is none. */
APXM_API const char *apxm_run_result_json(apxm_run *run);

/* What the run measured: the document of docs/metrics.schema.json. */
APXM_API const char *apxm_run_metrics(apxm_run *run);

/* {"status", "result", "output", "metrics"}, and "error" and "failure" if it
 * did not succeed, on one line; "output" is filled when keep_output was set. */
APXM_API const char *apxm_run_report(apxm_run *run);

/* Writes what keep_trace recorded as Chrome trace events, for Perfetto;
 * APXM_USAGE when nothing was. */
APXM_API apxm_status apxm_run_write_trace(apxm_run *run, const char *path,
                                          apxm_error *error);

/* Cancels it if need be, waits and frees. */
APXM_API void apxm_run_free(apxm_run *run);

#ifdef __cplusplus
}
#endif

#endif
