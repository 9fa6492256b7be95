/* SPDX-License-Identifier: MIT
 *
 * Who is measured: the engine (this program again), the floor and oneTBB, each
 * in a process of its own that prints bench lines.
 */
#ifndef APXM_CLI_BENCH_PEERS_H
#define APXM_CLI_BENCH_PEERS_H

#include "cli/bench_line.h"
#include "core/base/buf.h"
#include "core/base/status.h"

typedef enum BenchPeer {
  BENCH_PEER_APXM,
  BENCH_PEER_FLOOR,
  BENCH_PEER_TBB,
  BENCH_PEER_COUNT
} BenchPeer;

const char *bench_peer_name(BenchPeer peer); /* as in bench lines */

/* The program's path, for mem_free; NULL when it is nowhere (see
 * bench_program_find). */
char *bench_peer_find(BenchPeer peer);
/* A line that says how to get a missing one. */
const char *bench_peer_remedy(BenchPeer peer);

/* Runs `path` on `job`; appends what it printed to `out`. */
Status bench_peer_run(BenchPeer peer, const char *path, const BenchJob *job,
                      Buf *out, Error *error) MUST_USE;

#endif
