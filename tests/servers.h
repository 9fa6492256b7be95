/* SPDX-License-Identifier: MIT
 *
 * Model servers in virtual time, and a client of so many asks in front of one:
 * what a limit on open calls, fixed or found, makes of them.
 */
#ifndef APXM_TESTS_SERVERS_H
#define APXM_TESTS_SERVERS_H

#include "runtime/model/concurrency.h"
#include "runtime/model/sim.h"

typedef struct VirtualServer {
  SimProfile profile; /* how open calls share it, and their sizes */
  bool has_tokens;    /* a reply says them, in proportion to its size */
  double spread;      /* of sizes that the profile does not list: from
                         1 - spread to 1 + spread seconds */
  uint32_t room;      /* calls beyond are answered 429 at once; 0: none are */
  double faults;      /* share of calls that end with a 500 half way */
} VirtualServer;

typedef struct VirtualRun {
  double seconds;             /* until the last ask was answered */
  uint32_t refused;           /* attempts */
  uint32_t last, least, most; /* limits */
} VirtualRun;

/* All asks are there at once. Those that are refused come back after a jitter.
 * `seed` decides sizes, faults and jitter. */
VirtualRun virtual_run(const VirtualServer *server, Concurrency *limit,
                       uint32_t asks, uint64_t seed);

#endif
