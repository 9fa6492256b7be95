/* SPDX-License-Identifier: MIT
 *
 * The fault gate: stands between the clients' sockets and the HTTP server, with
 * a pair of sockets for each connection. Requests go through whole, answers
 * come back whole, and what a rule says becomes of them happens here, byte by
 * byte.
 *
 *     client --outer--> [ gate ] --inner--> libmicrohttpd
 *
 * A request is given on with two more headers, X-Apxm-Fault (which fault it
 * gets, or `none`) and, where the model need not be asked, X-Apxm-Answer (the
 * code to answer with, or 0).
 *
 * I/O thread, but for fault_gate_new and fault_gate_free.
 */
#ifndef APXM_SERVER_FAULT_GATE_H
#define APXM_SERVER_FAULT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "runtime/io/reactor.h"
#include "server/chat.h"

typedef struct FaultGate FaultGate;

typedef struct FaultGateHandler {
  void *user;
  /* Whose words a path is answered in. */
  const Dialect *(*dialect)(const char *path);
  /* A connection had its fault before it asked anything; `fault` its name. */
  void (*lost)(void *user, const char *fault);
  /* The socket is to stop listening, or to begin again. */
  void (*refuse)(void *user, bool is_refusing);
} FaultGateHandler;

/* The rules of the file `path`; at most `most` connections at once. */
FaultGate *fault_gate_new(const char *path, uint32_t most,
                          const FaultGateHandler *handler, Reactor *reactor,
                          Error *error);
void fault_gate_free(FaultGate *gate);

uint64_t fault_gate_seed(const FaultGate *gate);

/* The socket listens; it may have to stop at once. */
void fault_gate_open(FaultGate *gate);

/* Takes an accepted socket over; the socket to be served instead, or -1. */
int fault_gate_accept(FaultGate *gate, int fd);

/* Answers that are on their way and that no fault keeps. */
uint32_t fault_gate_busy(const FaultGate *gate);

#endif
