/* SPDX-License-Identifier: MIT
 *
 * The embedded model behind HTTP: chat completions and Ollama's chat, with the
 * same replies, profiles and scripts as in the process itself. docs/sim.md
 * describes it.
 */
#ifndef APXM_SERVER_SIM_SERVER_H
#define APXM_SERVER_SIM_SERVER_H

#include <stdint.h>

#include "core/base/status.h"
#include "runtime/io/reactor.h"

typedef struct SimServer SimServer;

typedef struct SimServerOptions {
  int listen_fd;           /* taken over */
  const char *sim_profile; /* as of ModelOptions, also the next; copied */
  const char *replies;     /* or NULL */
  int log_fd;              /* taken over; -1: no log */
  const char *faults;      /* a file of rules (fault.h); NULL: none */
} SimServerOptions;

/* Loads libmicrohttpd and starts an I/O thread that does everything. Also on
 * failure the descriptors are taken over. */
SimServer *sim_server_new(const SimServerOptions *options, Error *error);

/* Its I/O thread, for signals. */
Reactor *sim_server_reactor(SimServer *server);

/* What random faults come from; 0: there are no rules. */
uint64_t sim_server_seed(const SimServer *server);

/* Main thread: accepts nothing more, answers what is open with 503, closes all
 * connections. */
void sim_server_free(SimServer *server);

#endif
