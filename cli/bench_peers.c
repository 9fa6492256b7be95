/* SPDX-License-Identifier: MIT
 *
 * Finds the measuring programs and runs one at a time: a child with its
 * standard output on a pipe, read to the end, then waited for.
 */
#include "cli/bench_peers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"

extern char **environ;

enum { OUTPUT_LIMIT = 1 << 20, WORD_COUNT = 12 };

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

/* ---- finding ------------------------------------------------------------- */

/* The path of this program, or its folder with a final slash. */
static bool own_path(bool folder, Buf *out) {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || (size_t)length == sizeof path) return false;
  while (folder && length > 0 && path[length - 1] != '/') length--;
  buf_add(out, path, (size_t)length);
  return true;
}

/* `folder` and `rest` as a path, when a program is there. */
static char *program_at(Slice folder, const char *rest, const char *name) {
  Buf path = {0};
  buf_add_slice(&path, folder);
  buf_add_text(&path, rest);
  buf_add_text(&path, name);
  if (access(path.data, X_OK) == 0) return buf_take(&path);
  buf_free(&path);
  return NULL;
}

char *bench_peer_find(BenchPeer peer) {
  assert(peer < BENCH_PEER_COUNT);
  Buf own = {0};
  const char *name = peers[peer].program, *named = getenv("APXM_BENCH_DIR");
  char *path = NULL;
  if (name == NULL) return own_path(false, &own) ? buf_take(&own) : NULL;
  if (named != NULL) path = program_at(slice_of(named), "/", name);
  if (path == NULL && own_path(true, &own)) {
    path = program_at(buf_slice(&own), "tests/bench/", name);
    if (path == NULL)
      path = program_at(buf_slice(&own), "../libexec/apxm/", name);
  }
  buf_free(&own);
  return path;
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

/* Starts the child with its standard output on the pipe; 0 or an errno. */
static int spawn(const Words *words, int out, pid_t *child) {
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (code == 0) /* the child does not write its arguments */
    code = posix_spawn(child, words->word[0], &actions, NULL,
                       (char *const *)(uintptr_t)words->word, environ);
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

/* To the end, or until it is too much. */
static void read_all(int fd, Buf *out) {
  char block[4096];
  size_t limit = out->length + OUTPUT_LIMIT;
  while (out->length < limit) {
    ssize_t count = read(fd, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    buf_add(out, block, (size_t)count);
  }
}

static Status wait_for(pid_t child, const char *path, Error *error) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno == EINTR) continue;
    return error_set_errno(error, STATUS_FAILED, errno, "%s", path);
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return STATUS_OK;
  if (WIFEXITED(state))
    return error_set(error, STATUS_FAILED, "%s ended with exit code %d", path,
                     WEXITSTATUS(state));
  return error_set(error, STATUS_FAILED, "%s was ended by signal %d", path,
                   WTERMSIG(state));
}

Status bench_peer_run(BenchPeer peer, const char *path, const BenchJob *job,
                      Buf *out, Error *error) {
  int ends[2];
  pid_t child;
  Words words;
  make_words(peer, path, job, &words);
  if (pipe2(ends, O_CLOEXEC) != 0)
    return error_set_errno(error, STATUS_FAILED, errno, "cannot make a pipe");
  int code = spawn(&words, ends[1], &child);
  close(ends[1]);
  if (code == 0) read_all(ends[0], out);
  close(ends[0]);
  if (code != 0)
    return error_set_errno(error, STATUS_FAILED, code, "cannot start %s", path);
  return wait_for(child, path, error);
}
