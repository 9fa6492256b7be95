/* SPDX-License-Identifier: MIT
 *
 * The sim server's log: one JSON line a chat request, each with one write.
 */
#ifndef APXM_SERVER_SIM_LOG_H
#define APXM_SERVER_SIM_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"
#include "core/base/status.h"

/* What a line says. Slices may be empty. */
typedef struct SimLogLine {
  uint64_t seq;
  uint64_t arrived_ns, ended_ns; /* since the server started */
  uint32_t open; /* requests open when it arrived, itself included */
  const char *path;
  Slice model, operation, system, prompt, run, phase;
  bool is_streamed;
  unsigned code; /* 0: the client has gone */
  Slice fault;   /* that it got; NULL data: there is no gate */
  bool is_mute;  /* the fault came before an answer */
} SimLogLine;

/* Opens `path` ("-" is standard output) for appending. */
Status sim_log_open(const char *path, int *fd, Error *error) MUST_USE;

/* False: it could not be written. */
bool sim_log_write(int fd, const SimLogLine *line);

#endif
