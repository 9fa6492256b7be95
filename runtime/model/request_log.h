/* SPDX-License-Identifier: MIT
 *
 * The request log: one JSON line a completed call (docs/sim.md), and the
 * numbers that calls get in order of arrival. Shared by all threads and
 * backends of a client.
 */
#ifndef APXM_RUNTIME_MODEL_REQUEST_LOG_H
#define APXM_RUNTIME_MODEL_REQUEST_LOG_H

#include "core/base/atomic.h"
#include "core/base/status.h"
#include "runtime/model/model.h"

typedef struct RequestLog {
  int fd;                         /* -1: no log; immutable */
  _Atomic bool has_failed;        /* nothing is written any more; any thread */
  _Atomic uint64_t arrivals;      /* requests ever submitted; any thread */
  _Atomic uint64_t first_arrival; /* clock_now() of one of the first; set once,
                                     any thread */
} RequestLog;

/* `path` NULL: only the numbers. */
Status request_log_open(RequestLog *log, const char *path,
                        Error *error) MUST_USE;
void request_log_close(RequestLog *log);

/* Any thread: the number of a request that has just arrived, from 1. */
uint64_t request_log_arrive(RequestLog *log, uint64_t now);

/* Any thread: the request is over, its times and its reply are filled. */
void request_log_add(RequestLog *log, const ModelRequest *request);

#endif
