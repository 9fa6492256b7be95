/* SPDX-License-Identifier: MIT
 *
 * file.c: whole files in and out in a folder of the test's own; what the
 * system can refuse is refused here on purpose (full disk, size limit, rights)
 * and leaves neither a damaged target nor a temporary file.
 */
#include "core/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/thread.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/apxm-test-file-XXXXXX";
static char path[64];

static int make_folder(void **state) {
  (void)state;
  memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
  if (mkdtemp(folder) == NULL) return -1;
  snprintf(path, sizeof path, "%s/file", folder);
  return 0;
}

/* Empties the folder; returns how many entries there were. */
static int remove_entries(void) {
  int count = 0;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (entry->d_name[0] == '.' && strlen(entry->d_name) < 3) continue;
    unlinkat(dirfd(dir), entry->d_name, 0);
    count++;
  }
  closedir(dir);
  return count;
}

static int remove_folder(void **state) {
  (void)state;
  remove_entries();
  return rmdir(folder);
}

static void assert_content(const char *name, Slice expected) {
  Buf out = {0};
  Error error = {0};
  assert_int_equal(file_read(name, 1 << 20, &out, &error), STATUS_OK);
  assert_true(slice_equal(buf_slice(&out), expected));
  buf_free(&out);
}

static void assert_write_fails(const char *name, const char *message) {
  Error error = {0};
  assert_int_not_equal(file_write(name, SLICE("new"), &error), STATUS_OK);
  assert_non_null(strstr(error.message, name));
  assert_non_null(strstr(error.message, message));
}

CASE(write_then_read) {
  (void)state;
  Error error = {0};
  assert_false(file_exists(path));
  assert_int_equal(file_write(path, SLICE("a\0b"), &error), STATUS_OK);
  assert_true(file_exists(path));
  assert_content(path, SLICE("a\0b"));
  assert_int_equal(file_write(path, SLICE(""), &error), STATUS_OK);
  assert_content(path, SLICE(""));
  assert_int_equal(remove_entries(), 1);
}

CASE(read_appends_within_limit) {
  (void)state;
  Error error = {0};
  Buf out = {0};
  assert_int_equal(file_write(path, SLICE("12345"), &error), STATUS_OK);
  buf_add_text(&out, "x");
  assert_int_equal(file_read(path, 5, &out, &error), STATUS_OK);
  assert_string_equal(out.data, "x12345");
  assert_int_equal(file_read(path, 4, &out, &error), STATUS_LIMIT);
  assert_string_equal(out.data, "x12345");
  assert_non_null(strstr(error.message, "limit of 4 bytes"));
  buf_free(&out);
}

CASE(read_refuses) {
  (void)state;
  Error missing = {0}, directory = {0};
  Buf out = {0};
  assert_int_equal(file_read(path, 10, &out, &missing), STATUS_NOT_FOUND);
  assert_non_null(strstr(missing.message, path));
  assert_int_equal(file_read(folder, 10, &out, &directory), STATUS_IO);
  assert_non_null(strstr(directory.message, "Is a directory"));
  assert_int_equal(out.length, 0);
  buf_free(&out);
}

CASE(read_of_unknown_size) {
  (void)state;
  Buf out = {0};
  Error error = {0};
  assert_int_equal(file_read("/proc/self/status", 1 << 20, &out, &error),
                   STATUS_OK);
  assert_non_null(strstr(out.data, "Name:"));
  buf_clear(&out);
  assert_int_equal(file_read("/dev/zero", 100000, &out, &error), STATUS_LIMIT);
  assert_int_equal(out.length, 0);
  buf_free(&out);
}

/* Writes a million bytes into a pipe, a little at a time. */
static void feed(void *data) {
  int fd = *(int *)data;
  for (int i = 0; i < 1000; i++) {
    char piece[1000];
    memset(piece, 'a' + i % 26, sizeof piece);
    Status status = file_write_fd(fd, slice_from(piece, sizeof piece), NULL);
    assert_int_equal(status, STATUS_OK);
  }
  close(fd);
}

CASE(standard_input_is_a_pipe) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  /* A writer that would block waits. */
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  int old = dup(STDIN_FILENO);
  dup2(ends[0], STDIN_FILENO);
  close(ends[0]);
  Thread *thread = NULL;
  assert_int_equal(thread_start(&thread, "feed", feed, &ends[1], NULL),
                   STATUS_OK);
  Buf out = {0};
  assert_int_equal(file_read("-", 1000000, &out, NULL), STATUS_OK);
  thread_join(thread);
  dup2(old, STDIN_FILENO);
  close(old);
  assert_int_equal(out.length, 1000000);
  for (size_t i = 0; i < out.length; i++) {
    if (out.data[i] != (char)('a' + i / 1000 % 26)) fail_msg("byte %zu", i);
  }
  buf_free(&out);
}

CASE(mode_follows_mask_or_target) {
  (void)state;
  struct stat info;
  mode_t old = umask(027);
  assert_int_equal(file_write(path, SLICE("1"), NULL), STATUS_OK);
  umask(old);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  assert_int_equal(chmod(path, 0751), 0);
  assert_int_equal(file_write(path, SLICE("2"), NULL), STATUS_OK);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0751);
  assert_content(path, SLICE("2"));
}

CASE(link_keeps_leading_to_its_file) {
  (void)state;
  char link[80];
  struct stat info;
  snprintf(link, sizeof link, "%s/link", folder);
  assert_int_equal(file_write(path, SLICE("old"), NULL), STATUS_OK);
  assert_int_equal(symlink("file", link), 0);
  assert_int_equal(file_write(link, SLICE("new"), NULL), STATUS_OK);
  assert_int_equal(lstat(link, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  assert_content(path, SLICE("new"));
  assert_int_equal(remove_entries(), 2);
}

CASE(device_is_written_in_place) {
  (void)state;
  struct stat info;
  assert_int_equal(file_write("/dev/null", SLICE("x"), NULL), STATUS_OK);
  assert_int_equal(stat("/dev/null", &info), 0);
  assert_true(S_ISCHR(info.st_mode));
  assert_write_fails("/dev/full", "No space left");
}

CASE(write_refuses) {
  (void)state;
  char nowhere[80];
  snprintf(nowhere, sizeof nowhere, "%s/none/file", folder);
  assert_write_fails(nowhere, "No such file");
  assert_write_fails(folder, "Is a directory");
  assert_int_equal(remove_entries(), 0);
}

CASE(pieces_become_one_file) {
  (void)state;
  static char piece[70000];
  FileWriter writer;
  Buf all = {0};
  assert_int_equal(file_write(path, SLICE("old"), NULL), STATUS_OK);
  file_writer_open(&writer, path);
  for (size_t length = 0; length < sizeof piece; length += 1999) {
    memset(piece, 'a' + (int)(length % 26), length);
    file_writer_add(&writer, slice_from(piece, length));
    buf_add(&all, piece, length);
  }
  assert_content(path, SLICE("old"));
  assert_int_equal(file_writer_close(&writer, NULL), STATUS_OK);
  Buf found = {0};
  assert_int_equal(file_read(path, 2 << 20, &found, NULL), STATUS_OK);
  assert_true(slice_equal(buf_slice(&found), buf_slice(&all)));
  assert_int_equal(remove_entries(), 1);
  buf_free(&found);
  buf_free(&all);
}

CASE(dropped_pieces_change_nothing) {
  (void)state;
  FileWriter writer;
  assert_int_equal(file_write(path, SLICE("old"), NULL), STATUS_OK);
  file_writer_open(&writer, path);
  file_writer_add(&writer, SLICE("new"));
  file_writer_drop(&writer);
  assert_content(path, SLICE("old"));
  assert_int_equal(remove_entries(), 1);
}

CASE(first_failure_of_pieces_is_told) {
  (void)state;
  static char piece[70000];
  FileWriter writer;
  Error error = {0};
  file_writer_open(&writer, "/dev/full");
  for (int i = 0; i < 3; i++)
    file_writer_add(&writer, slice_from(piece, sizeof piece));
  assert_int_equal(file_writer_close(&writer, &error), STATUS_IO);
  assert_string_equal(error.message,
                      "cannot write /dev/full: No space left on device");
}

/* The system's limit on file size stands for a full disk. */
CASE(failed_write_leaves_the_old_file) {
  (void)state;
  assert_int_equal(file_write(path, SLICE("old"), NULL), STATUS_OK);
  struct rlimit old, tiny;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  tiny = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
  static char big[5000];
  Error error = {0};
  Status status = file_write(path, slice_from(big, sizeof big), &error);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  signal(SIGXFSZ, SIG_DFL);
  assert_int_equal(status, STATUS_IO);
  assert_non_null(strstr(error.message, "File too large"));
  assert_content(path, SLICE("old"));
  assert_int_equal(remove_entries(), 1);
}

/* Rename could replace a file that may not be written; it must not. */
CASE(protected_file_stays) {
  (void)state;
  assert_int_equal(file_write(path, SLICE("old"), NULL), STATUS_OK);
  assert_int_equal(chmod(path, 0444), 0);
  assert_int_equal(chmod(folder, 0777), 0);
  /* The superuser may do anything, so for a moment it is nobody. */
  uid_t user = getuid();
  if (user == 0) assert_int_equal(setresuid(65534, 65534, 0), 0);
  assert_write_fails(path, "Permission denied");
  assert_content(path, SLICE("old"));
  if (user == 0) assert_int_equal(setresuid(0, 0, 0), 0);
  assert_int_equal(remove_entries(), 1);
}

CASE(descriptor_errors) {
  (void)state;
  Error error = {0};
  assert_int_equal(file_write_fd(-1, SLICE("x"), &error), STATUS_IO);
  assert_string_equal(error.message, "cannot write: Bad file descriptor");
  assert_int_equal(file_write_fd(-1, SLICE(""), NULL), STATUS_OK);
}

#define IN_FOLDER(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest cases[] = {
      IN_FOLDER(write_then_read),
      IN_FOLDER(read_appends_within_limit),
      IN_FOLDER(read_refuses),
      IN_FOLDER(read_of_unknown_size),
      IN_FOLDER(standard_input_is_a_pipe),
      IN_FOLDER(mode_follows_mask_or_target),
      IN_FOLDER(link_keeps_leading_to_its_file),
      IN_FOLDER(device_is_written_in_place),
      IN_FOLDER(write_refuses),
      IN_FOLDER(pieces_become_one_file),
      IN_FOLDER(dropped_pieces_change_nothing),
      IN_FOLDER(first_failure_of_pieces_is_told),
      IN_FOLDER(failed_write_leaves_the_old_file),
      IN_FOLDER(protected_file_stays),
      IN_FOLDER(descriptor_errors),
  };
  return RUN(cases);
}
