/* SPDX-License-Identifier: MIT
 *
 * Nothing is kept back: a line is in the file before its reply is sent, so
 * whoever has read a reply finds its line.
 */
#include "server/sim_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"

Status sim_log_open(const char *path, int *fd, Error *error) {
  bool is_stdout = strcmp(path, "-") == 0;
  *fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                  : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (*fd >= 0) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, errno, "cannot write the log %s",
                         is_stdout ? "to standard output" : path);
}

static void add_text(Buf *out, const char *name, Slice text) {
  buf_addf(out, ",\"%s\":", name);
  json_add_text(out, text);
}

static void add_ms(Buf *out, const char *name, uint64_t ns) {
  buf_addf(out, ",\"%s\":%.3f", name, (double)ns / (double)NS_PER_MS);
}

bool sim_log_write(int fd, const SimLogLine *line) {
  Buf out = {0};
  buf_addf(&out, "{\"seq\":%llu", (unsigned long long)line->seq);
  add_ms(&out, "arrival_ms", line->arrived_ns);
  add_ms(&out, "end_ms", line->ended_ns);
  buf_addf(&out, ",\"open\":%u", line->open);
  add_text(&out, "path", slice_of(line->path));
  add_text(&out, "model", line->model);
  buf_addf(&out, ",\"stream\":%s", line->is_streamed ? "true" : "false");
  add_text(&out, "op", line->operation);
  add_text(&out, "system", line->system);
  buf_addf(&out, ",\"prompt_hash\":\"%016llx\"",
           (unsigned long long)slice_hash(line->prompt));
  add_text(&out, "prompt", line->prompt);
  add_text(&out, "run", line->run);
  add_text(&out, "phase", line->phase);
  if (line->fault.data) add_text(&out, "fault", line->fault);
  if (line->is_mute)
    buf_add_text(&out, ",\"status\":null}\n");
  else if (line->code)
    buf_addf(&out, ",\"status\":%u}\n", line->code);
  else
    buf_add_text(&out, ",\"status\":\"disconnected\"}\n");
  bool is_written = file_write_fd(fd, buf_slice(&out), NULL) == STATUS_OK;
  buf_free(&out);
  return is_written;
}
