/* SPDX-License-Identifier: MIT
 *
 * posix_spawn does not copy the parent, so it costs the same whatever the
 * parent holds; a fork is taken where the child is this very program and needs
 * no command line.
 */
#include "cli/bench_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/exit.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"

extern char **environ;

enum { OUTPUT_LIMIT = 1 << 20 };

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

char *bench_own_path(void) {
  Buf own = {0};
  return own_path(false, &own) ? buf_take(&own) : NULL;
}

/* `folder` and `rest` as a path, when something is there. */
static char *program_at(Slice folder, const char *rest, const char *name) {
  Buf path = {0};
  buf_add_slice(&path, folder);
  buf_add_text(&path, rest);
  buf_add_text(&path, name);
  if (access(path.data, R_OK) == 0) return buf_take(&path);
  buf_free(&path);
  return NULL;
}

char *bench_program_find(const char *name) {
  static const char *const folders[] = {"tests/bench/", "peers/",
                                        "../libexec/apxm/"};
  const char *named = getenv("APXM_BENCH_DIR");
  char *path = NULL;
  Buf own = {0};
  if (named != NULL) path = program_at(slice_of(named), "/", name);
  if (path == NULL && own_path(true, &own))
    for (size_t i = 0; path == NULL && i < 3; i++)
      path = program_at(buf_slice(&own), folders[i], name);
  buf_free(&own);
  return path;
}

/* ---- starting, reading, waiting ------------------------------------------ */

/* Standard input and output of the child; -1: /dev/null. 0 or an errno. */
static int spawn(const char *const *words, int in, int out, pid_t *child) {
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  code = in >= 0 ? posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO)
                 : posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                                    "/dev/null", O_RDONLY, 0);
  if (code == 0 && out >= 0)
    code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  else if (code == 0)
    code = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
                                            "/dev/null", O_WRONLY, 0);
  if (code == 0) /* the child does not write its arguments */
    code = posix_spawnp(child, words[0], &actions, NULL,
                        (char *const *)(uintptr_t)words, environ);
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

static uint64_t ns_of(struct timeval time) {
  return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_usec * NS_PER_US;
}

static Status wait_for(pid_t child, const char *path, BenchCost *cost,
                       Error *error) {
  int state = 0;
  struct rusage usage = {0};
  while (wait4(child, &state, 0, &usage) < 0) {
    if (errno == EINTR) continue;
    return error_set_errno(error, STATUS_FAILED, errno, "%s", path);
  }
  cost->cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
  cost->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
  cost->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return STATUS_OK;
  if (WIFEXITED(state))
    return error_set(error, STATUS_FAILED, "%s ended with exit code %d", path,
                     WEXITSTATUS(state));
  return error_set(error, STATUS_FAILED, "%s was ended by signal %d", path,
                   WTERMSIG(state));
}

static Status make_pipe(int ends[2], Error *error) {
  if (pipe2(ends, O_CLOEXEC) == 0) return STATUS_OK;
  return error_set_errno(error, STATUS_FAILED, errno, "cannot make a pipe");
}

/* ---- a program ----------------------------------------------------------- */

static Status run_reading(const char *const *words, Buf *out, BenchCost *cost,
                          Error *error) {
  int ends[2];
  pid_t child;
  if (make_pipe(ends, error) != STATUS_OK) return error->status;
  int code = spawn(words, -1, ends[1], &child);
  close(ends[1]);
  if (code == 0) read_all(ends[0], out);
  close(ends[0]);
  if (code != 0)
    return error_set_errno(error, STATUS_FAILED, code, "cannot start %s",
                           words[0]);
  return wait_for(child, words[0], cost, error);
}

static Status run_blind(const char *const *words, BenchCost *cost,
                        Error *error) {
  pid_t child;
  int code = spawn(words, -1, -1, &child);
  if (code == 0) return wait_for(child, words[0], cost, error);
  return error_set_errno(error, STATUS_FAILED, code, "cannot start %s",
                         words[0]);
}

Status bench_child_run(const char *const *words, Buf *out, BenchCost *cost,
                       Error *error) {
  BenchCost own = {0};
  uint64_t start = clock_now();
  Status status = out ? run_reading(words, out, &own, error)
                      : run_blind(words, &own, error);
  own.wall_ns = clock_now() - start;
  if (cost) *cost = own;
  return status;
}

/* ---- this program, forked ------------------------------------------------ */

/* The child's whole life. Buffers of stdio are the parent's: they stay. */
static void live(BenchMeasure *measure, const void *job, int out) {
  Buf lines = {0};
  Error error = {0};
  Status status = measure(job, &lines, &error);
  if (status == STATUS_OK)
    status = file_write_fd(out, buf_slice(&lines), &error);
  if (status != STATUS_OK) log_error("%s", error.message);
  _exit(status == STATUS_OK ? EXIT_CODE_DONE : EXIT_CODE_FAILED);
}

Status bench_child_fork(BenchMeasure *measure, const void *job, Buf *out,
                        Error *error) {
  int ends[2];
  BenchCost cost;
  if (make_pipe(ends, error) != STATUS_OK) return error->status;
  pid_t child = fork();
  if (child == 0) live(measure, job, ends[1]);
  int code = errno;
  close(ends[1]);
  if (child > 0) read_all(ends[0], out);
  close(ends[0]);
  if (child < 0)
    return error_set_errno(error, STATUS_FAILED, code, "cannot fork");
  return wait_for(child, "the measuring process", &cost, error);
}

/* ---- a server ------------------------------------------------------------ */

static bool read_line(int fd, Buf *line) {
  char c;
  while (read(fd, &c, 1) == 1) {
    if (c == '\n') return true;
    buf_add_char(line, c);
  }
  return false;
}

static int start_server(const char *const *words, BenchServer *server,
                        int to[2], int from[2], Buf *line) {
  int code = spawn(words, to[0], from[1], &server->pid);
  close(to[0]);
  close(from[1]);
  server->input = to[1];
  bool is_up = code == 0 && read_line(from[0], line);
  close(from[0]);
  if (code != 0) server->pid = 0;
  return is_up || code != 0 ? code : ECHILD;
}

Status bench_server_start(const char *const *words, BenchServer *server,
                          Buf *line, Error *error) {
  int to[2], from[2];
  *server = (BenchServer){.input = -1};
  if (make_pipe(to, error) != STATUS_OK) return error->status;
  if (make_pipe(from, error) != STATUS_OK) {
    close(to[0]);
    close(to[1]);
    return error->status;
  }
  int code = start_server(words, server, to, from, line);
  if (code == 0) return STATUS_OK;
  bench_server_stop(server);
  return error_set(error, STATUS_FAILED, "cannot start the server %s: %s",
                   words[0],
                   code == ECHILD ? "it ended at once" : strerror(code));
}

void bench_server_stop(BenchServer *server) {
  int state;
  if (server->input >= 0) close(server->input);
  if (server->pid > 0) {
    kill(server->pid, SIGTERM);
    while (waitpid(server->pid, &state, 0) < 0 && errno == EINTR) continue;
  }
  *server = (BenchServer){.input = -1};
}

/* ---- a folder ------------------------------------------------------------ */

Status bench_folder_make(Buf *path, Error *error) {
  const char *where = getenv("TMPDIR");
  buf_addf(path, "%s/apxm-bench-XXXXXX", where && *where ? where : "/tmp");
  if (mkdtemp(path->data) != NULL) return STATUS_OK;
  error_set_errno(error, STATUS_IO, errno, "cannot make the folder %s",
                  path->data);
  buf_free(path);
  return error->status;
}

/* ---- memory -------------------------------------------------------------- */

uint64_t bench_peak_bytes(void) {
  char line[128];
  unsigned long kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0)
      kilobytes = strtoul(line + 6, NULL, 10);
  fclose(file);
  return (uint64_t)kilobytes * 1024;
}
