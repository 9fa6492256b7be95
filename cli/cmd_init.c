/* SPDX-License-Identifier: MIT
 *
 * `apxm init [FOLDER]`: a configuration to begin with, and a .gitignore for
 * what a run leaves beside it. What is there already stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/base/file.h"
#include "core/config/config.h"

#define IGNORED "# What apxm keeps here itself.\n/store/\n"

/* "FOLDER/.apxm" and a name below it; "." is left out. */
static void add_path(const char *folder, const char *name, Buf *path) {
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') length--;
  if (strcmp(folder, ".") != 0) {
    buf_add(path, folder, length);
    if (folder[length - 1] != '/') buf_add_char(path, '/');
  }
  buf_add_text(path, ".apxm");
  buf_add_text(path, name);
}

/* STATUS_EXISTS: something is there, even a link that leads nowhere. */
static Status write_new(const char *path, Slice text, Error *error) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    return error_set_errno(error, errno == EEXIST ? STATUS_EXISTS : STATUS_IO,
                           errno, "cannot write %s", path);
  Status status = file_write_fd(fd, text, error);
  if (close(fd) != 0 && status == STATUS_OK)
    status = error_set_errno(error, STATUS_IO, errno, "cannot write %s", path);
  if (status != STATUS_OK) unlink(path);
  return status;
}

static Status make_folder(const char *path, Error *error) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, errno, "cannot make the folder %s",
                         path);
}

static int fail_exists(const Cli *cli, const char *path) {
  return cli_fail(cli, EXIT_CODE_SETUP,
                  "%s is there already and stays as it is; `apxm doctor` "
                  "says whether it is sound",
                  path);
}

/* One that is there is the user's. */
static Status write_ignore(const char *path, Error *error) {
  Error kept = {0};
  Status status = write_new(path, SLICE(IGNORED), &kept);
  if (status == STATUS_OK || status == STATUS_EXISTS) return STATUS_OK;
  return error_set(error, status, "%s", kept.message);
}

static int init(const Cli *cli, const char *folder, const char *config,
                const char *ignore) {
  Error error = {0};
  Status status = make_folder(folder, &error);
  if (status == STATUS_OK)
    status = write_new(config, slice_of(config_template()), &error);
  if (status == STATUS_EXISTS) return fail_exists(cli, config);
  if (status == STATUS_OK) status = write_ignore(ignore, &error);
  if (status != STATUS_OK) return cli_fail_error(cli, &error);
  cli_note(cli,
           "wrote %s; name a backend in it, then `apxm doctor` and `apxm "
           "backends test` try it",
           config);
  return EXIT_CODE_DONE;
}

int cmd_init(const Cli *cli) {
  int code = cli_want_words(cli, 0, 1);
  if (code != EXIT_CODE_DONE) return code;
  const char *where = cli->word_count > 0 ? cli->words[0] : ".";
  Buf folder = {0};
  Buf config = {0};
  Buf ignore = {0};
  if (where[0] == '\0')
    return cli_fail(cli, EXIT_CODE_USAGE, "the folder has no name");
  add_path(where, "", &folder);
  add_path(where, "/config.yaml", &config);
  add_path(where, "/.gitignore", &ignore);
  code = init(cli, folder.data, config.data, ignore.data);
  buf_free(&folder);
  buf_free(&config);
  buf_free(&ignore);
  return code;
}
