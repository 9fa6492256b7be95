/* SPDX-License-Identifier: MIT
 *
 * Many calls of one client for tests: each knows how often and when its
 * callbacks came, and the bench how many were open at once. Times and replies
 * are those of a script of the embedded model.
 */
#ifndef APXM_TESTS_CLIENT_BENCH_H
#define APXM_TESTS_CLIENT_BENCH_H

#include "core/base/atomic.h"
#include "runtime/model/model.h"

typedef struct Bench {
  Reactor *reactor;
  ModelClient *client;
  ModelBackend *backend; /* the default one */
  struct Call *calls;
  _Atomic uint32_t done;           /* calls whose `done` came */
  _Atomic uint32_t started;        /* attempts whose `started` came */
  _Atomic uint32_t paused;         /* attempts whose `paused` came */
  _Atomic uint32_t open;           /* started, and neither paused nor done */
  _Atomic uint32_t peak;           /* of open */
  uintptr_t stack_low, stack_high; /* I/O thread: where `done` was called */
} Bench;

typedef struct Call {
  ModelRequest request; /* first */
  Bench *bench;
  _Atomic uint32_t done;
  uint32_t order; /* the how-manieth it was, from 0 */
  bool was_here;  /* `done` came on the I/O thread */
  bool at_once;   /* model_submit said so */
  /* Called at the end of `started`, `paused` and `done`, if set. */
  void (*at_start)(struct Call *call);
  void (*at_pause)(struct Call *call);
  void (*at_end)(struct Call *call);
} Call;

/* Calls of "ask", number i with the prompt "question i". */
void bench_open(Bench *bench, const ModelOptions *options, uint32_t calls);
/* The same with a script of replies. */
void bench_open_script(Bench *bench, ModelOptions options, const char *script,
                       uint32_t calls);
void bench_close(Bench *bench, uint32_t calls);

void call_submit(Call *call);
void call_submit_next(Call *call); /* the one after it */
void call_cancel(Call *call);
void bench_wait_done(Bench *bench, uint32_t wanted);
void bench_wait_paused(Bench *bench, uint32_t wanted);

/* All of them, by three threads. */
void bench_submit_by_threads(Bench *bench, uint32_t calls);
/* The same, while a fourth one cancels every other call. */
void bench_submit_and_cancel(Bench *bench, uint32_t calls);

/* A file with this text, removed by the caller; XXXXXX in `path` is filled. */
void write_temp(char *path, const char *text);

#endif
