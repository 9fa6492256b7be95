/* SPDX-License-Identifier: MIT
 *
 * Two names are one file when the system says so, or, while there is no file
 * yet, when their folders are one and their last parts are equal. Devices and
 * pipes may be named as often as one likes, standard output once.
 */
#include "cli/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/object/object.h"

/* ---- the list ------------------------------------------------------------ */

void outputs_free(Outputs *outputs) {
  for (uint32_t i = 0; i < outputs->count; i++)
    mem_free(outputs->files[i].path);
  vec_free(&outputs->inputs);
  outputs->count = 0;
}

void outputs_add_input(Outputs *outputs, const char *path) {
  vec_push(&outputs->inputs, path);
}

static OutputFile *add(Outputs *outputs, const char *option, char *path) {
  OutputFile *file = &outputs->files[outputs->count++];
  *file = (OutputFile){.option = option, .path = path};
  return file;
}

/* By these names it would be opened anew and written from its start. */
static bool names_stdout(const char *path) {
  return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0 ||
         strcmp(path, "/proc/self/fd/1") == 0;
}

OutputFile *outputs_add(Outputs *outputs, const char *option,
                        const char *path) {
  Buf copy = {0};
  buf_add_text(&copy, names_stdout(path) ? "-" : path);
  return add(outputs, option, buf_take(&copy));
}

void outputs_derive(const char *program, const char *ending, Buf *out) {
  Slice stem = slice_of(strcmp(program, "-") == 0 ? "stdin" : program);
  if (slice_ends_with(stem, SLICE(".apxmobj")))
    stem.length -= strlen(".apxmobj");
  else if (slice_ends_with(stem, SLICE(".ais")))
    stem.length -= strlen(".ais");
  buf_add_slice(out, stem);
  buf_add_text(out, ending);
}

static const char *option_words(OptionId id) {
  switch (id) {
    case OPTION_OUTPUT:
      return "-o";
    case OPTION_EMIT_METRICS:
      return "--emit-metrics";
    case OPTION_EMIT_DIAGNOSTICS:
      return "--emit-diagnostics";
    case OPTION_TRACE:
      return "--trace";
    default:
      return "--request-log";
  }
}

OutputFile *outputs_add_option(Outputs *outputs, const Options *options,
                               OptionId id, const char *program,
                               const char *ending) {
  if (!options_has(options, id)) return NULL;
  const char *given = options->value[id];
  OutputFile *file;
  if (given) {
    file = outputs_add(outputs, option_words(id), given);
  } else {
    Buf name = {0};
    outputs_derive(program, ending, &name);
    file = add(outputs, option_words(id), buf_take(&name));
  }
  file->is_appended = id == OPTION_REQUEST_LOG;
  file->needs_name = id == OPTION_TRACE;
  return file;
}

/* ---- names and files ----------------------------------------------------- */

static bool is_dash(const char *path) {
  return strcmp(path, "-") == 0;
}

bool output_is_stdout(const OutputFile *file) {
  return file && is_dash(file->path);
}

bool output_is_regular(const OutputFile *file) {
  struct stat info;
  return stat(file->path, &info) != 0 || S_ISREG(info.st_mode);
}

/* The part of `path` before its last one, for opening: "." when there is
 * none. */
static void add_folder(const char *path, Buf *out) {
  const char *slash = strrchr(path, '/');
  if (!slash)
    buf_add_char(out, '.');
  else if (slash == path)
    buf_add_char(out, '/');
  else
    buf_add(out, path, (size_t)(slash - path));
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool same_inode(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same_folder(const char *a, const char *b) {
  Buf one = {0}, two = {0};
  struct stat first, second;
  add_folder(a, &one);
  add_folder(b, &two);
  bool same = stat(one.data, &first) == 0 && stat(two.data, &second) == 0 &&
              same_inode(&first, &second);
  buf_free(&one);
  buf_free(&two);
  return same;
}

static bool same_file(const char *a, const char *b) {
  struct stat first, second;
  if (is_dash(a) || is_dash(b)) return is_dash(a) && is_dash(b);
  bool a_is_there = stat(a, &first) == 0, b_is_there = stat(b, &second) == 0;
  if (a_is_there && b_is_there)
    return S_ISREG(first.st_mode) && same_inode(&first, &second);
  if (a_is_there != b_is_there) return false;
  return strcmp(last_part(a), last_part(b)) == 0 && same_folder(a, b);
}

static bool is_named_source(const char *path) {
  return slice_ends_with(slice_of(path), SLICE(".ais"));
}

/* Where `path` leads through symbolic links is what would be lost. */
static bool is_source(const char *path) {
  if (is_named_source(path)) return true;
  char *real = realpath(path, NULL);
  bool is = real && is_named_source(real);
  free(real);
  return is;
}

static bool is_object(const char *path) {
  char head[64];
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, head, sizeof head);
  close(fd);
  return length > 0 && object_has_magic(slice_from(head, (size_t)length));
}

/* What standard output was redirected to, under its own name: to replace it
 * would lose what was printed. */
static bool is_behind_stdout(const char *path) {
  struct stat info, out;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
         fstat(STDOUT_FILENO, &out) == 0 && same_inode(&info, &out);
}

/* ---- judgement ----------------------------------------------------------- */

/* A regular file is replaced, so its folder must be writable too. */
static Status check_writable(const OutputFile *file, Error *error) {
  struct stat info;
  int failed = 0;
  bool is_there = stat(file->path, &info) == 0;
  if (!is_there && errno != ENOENT)
    failed = errno;
  else if (is_there && S_ISDIR(info.st_mode))
    failed = EISDIR;
  else if (is_there && access(file->path, W_OK) != 0)
    failed = errno;
  bool is_replaced = !is_there || S_ISREG(info.st_mode);
  if (!failed && is_replaced && !file_names_descriptor(file->path)) {
    Buf folder = {0};
    add_folder(file->path, &folder);
    if (access(folder.data, W_OK | X_OK) != 0) failed = errno;
    buf_free(&folder);
  }
  if (!failed) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, failed, "%s: cannot write %s",
                         file->option, file->path);
}

static Status check_one(const Outputs *outputs, const OutputFile *file,
                        Error *error) {
  if (is_dash(file->path) && (file->is_appended || file->needs_name))
    return error_set(error, STATUS_USAGE,
                     "%s cannot share standard output with what the program "
                     "prints; name a file",
                     file->option);
  if (is_dash(file->path)) return STATUS_OK;
  if (is_behind_stdout(file->path))
    return error_set(error, STATUS_USAGE,
                     "%s would overwrite %s, which standard output goes to; "
                     "name another file",
                     file->option, file->path);
  if (is_source(file->path))
    return error_set(error, STATUS_USAGE,
                     "%s would overwrite a source: %s; name another file",
                     file->option, file->path);
  for (uint32_t i = 0; i < outputs->inputs.length; i++) {
    if (is_dash(outputs->inputs.data[i]) ||
        !same_file(file->path, outputs->inputs.data[i]))
      continue;
    return error_set(error, STATUS_USAGE,
                     "%s would overwrite %s, which is read; name another file",
                     file->option, file->path);
  }
  if (!file->may_be_object && is_object(file->path))
    return error_set(error, STATUS_USAGE,
                     "%s would overwrite an object file: %s; name another file",
                     file->option, file->path);
  return check_writable(file, error);
}

static Status check_pair(const OutputFile *a, const OutputFile *b,
                         Error *error) {
  if (!same_file(a->path, b->path)) return STATUS_OK;
  return error_set(error, STATUS_USAGE,
                   "%s and %s both write %s; name two files", a->option,
                   b->option, is_dash(a->path) ? "standard output" : a->path);
}

static Status check_inputs(const Outputs *outputs, Error *error) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < outputs->inputs.length; i++)
    count += is_dash(outputs->inputs.data[i]);
  if (count < 2) return STATUS_OK;
  return error_set(error, STATUS_USAGE, "standard input can be read only once");
}

Status outputs_check(const Outputs *outputs, Error *error) {
  if (check_inputs(outputs, error) != STATUS_OK) return STATUS_USAGE;
  for (uint32_t i = 0; i < outputs->count; i++) {
    Status status = check_one(outputs, &outputs->files[i], error);
    for (uint32_t k = 0; k < i && status == STATUS_OK; k++)
      status = check_pair(&outputs->files[k], &outputs->files[i], error);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}
