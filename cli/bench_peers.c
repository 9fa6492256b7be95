/* SPDX-License-Identifier: MIT
 *
 * The command line of each measuring program.
 */
#include "cli/bench_peers.h"

#include <assert.h>
#include <stdio.h>

#include "cli/bench_child.h"

enum { WORD_COUNT = 12 };

typedef struct PeerInfo {
  const char *name;    /* in bench lines */
  const char *program; /* file name; NULL: this program */
  const char *remedy;
} PeerInfo;

static const PeerInfo peers[BENCH_PEER_COUNT] = {
    [BENCH_PEER_APXM] = {"apxm", NULL, "/proc is needed to find this program"},
    [BENCH_PEER_FLOOR] = {"floor", "bench_floor",
                          "build with -DAPXM_TESTS=ON, or name the folder in "
                          "APXM_BENCH_DIR"},
    [BENCH_PEER_TBB] = {"tbb", "bench_tbb",
                        "install libtbb-dev and a C++ compiler, then build "
                        "with -DAPXM_TESTS=ON"},
};

const char *bench_peer_name(BenchPeer peer) {
  return peers[peer].name;
}
const char *bench_peer_remedy(BenchPeer peer) {
  return peers[peer].remedy;
}

char *bench_peer_find(BenchPeer peer) {
  assert(peer < BENCH_PEER_COUNT);
  const char *name = peers[peer].program;
  return name == NULL ? bench_own_path() : bench_program_find(name);
}

/* ---- running ------------------------------------------------------------- */

typedef struct Words {
  char nodes[16], workers[16], warm[16]; /* numbers as text */
  const char *word[WORD_COUNT + 1];      /* NULL after the last */
} Words;

static void make_words(BenchPeer peer, const char *path, const BenchJob *job,
                       Words *words) {
  uint32_t n = 0;
  snprintf(words->nodes, sizeof words->nodes, "%u", job->nodes);
  snprintf(words->workers, sizeof words->workers, "%u", job->workers);
  snprintf(words->warm, sizeof words->warm, "%u", job->warm);
  words->word[n++] = path;
  if (peer == BENCH_PEER_APXM) {
    words->word[n++] = "bench";
    words->word[n++] = "measure";
  }
  const char *const pairs[] = {
      "--shape",   shape_name(job->shape), "--nodes", words->nodes,
      "--workers", words->workers,         "--warm",  words->warm};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    words->word[n++] = pairs[i];
  words->word[n] = NULL;
}

Status bench_peer_run(BenchPeer peer, const char *path, const BenchJob *job,
                      Buf *out, Error *error) {
  Words words;
  make_words(peer, path, job, &words);
  return bench_child_run(words.word, out, NULL, error);
}
