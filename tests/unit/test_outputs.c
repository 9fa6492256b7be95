/* SPDX-License-Identifier: MIT
 *
 * outputs.c: names that must not be written, whichever way they lead there,
 * and names that may.
 */
#include "cli/outputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/object/format.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/apxm-outputs-XXXXXX";

/* Everything happens in a folder of its own; names are relative. */
static int enter(void **state) {
  (void)state;
  return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  static const char *const names[] = {"prog.ais", "old",  "text",
                                      "link",     "hard", "sub/x"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(names[i]);
  rmdir("sub");
  return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text) {
  assert_int_equal(file_write(path, slice_of(text), NULL), STATUS_OK);
}

/* What the judgement of one output beside the input prog.ais is. */
static Status judge(const char *path, bool may_be_object) {
  Outputs outputs = {0};
  outputs_add_input(&outputs, "prog.ais");
  outputs_add_input(&outputs, "-");
  outputs_add(&outputs, "-o", path)->may_be_object = may_be_object;
  Status status = outputs_check(&outputs, NULL);
  outputs_free(&outputs);
  return status;
}

static Status judge_two(const char *one, const char *two) {
  Outputs outputs = {0};
  Error error = {0};
  outputs_add(&outputs, "--one", one);
  outputs_add(&outputs, "--two", two);
  Status status = outputs_check(&outputs, &error);
  outputs_free(&outputs);
  return status;
}

CASE(single) {
  (void)state;
  put("prog.ais", "agent A {}");
  put("old", OBJ_MAGIC);
  put("text", "anything");
  mkdir("sub", 0777);
  assert_int_equal(judge("new", false), STATUS_OK);
  assert_int_equal(judge("text", false), STATUS_OK);
  assert_int_equal(judge("sub/new", false), STATUS_OK);
  assert_int_equal(judge("-", false), STATUS_OK);
  assert_int_equal(judge("/dev/null", false), STATUS_OK);
  assert_int_equal(judge("prog.ais", true), STATUS_USAGE);
  assert_int_equal(judge("./sub/../prog.ais", true), STATUS_USAGE);
  assert_int_equal(judge("new.ais", true), STATUS_USAGE);
  assert_int_equal(judge("old", false), STATUS_USAGE);
  assert_int_equal(judge("old", true), STATUS_OK);
  assert_int_equal(judge("sub", false), STATUS_IO);
  assert_int_equal(judge("nowhere/new", false), STATUS_IO);
}

CASE(links) {
  (void)state;
  assert_int_equal(symlink("prog.ais", "link"), 0);
  assert_int_equal(link("prog.ais", "hard"), 0);
  assert_int_equal(judge("link", true), STATUS_USAGE);
  assert_int_equal(judge("hard", true), STATUS_USAGE);
}

CASE(pairs) {
  (void)state;
  assert_int_equal(judge_two("a", "b"), STATUS_OK);
  assert_int_equal(judge_two("a", "a"), STATUS_USAGE);
  assert_int_equal(judge_two("a", "./a"), STATUS_USAGE);
  assert_int_equal(judge_two("a", "sub/../a"), STATUS_USAGE);
  assert_int_equal(judge_two("a", "sub/a"), STATUS_OK);
  assert_int_equal(judge_two("text", "sub/../text"), STATUS_USAGE);
  assert_int_equal(judge_two("-", "-"), STATUS_USAGE);
  assert_int_equal(judge_two("-", "a"), STATUS_OK);
  assert_int_equal(judge_two("/dev/null", "/dev/null"), STATUS_OK);
}

/* The judgement while standard output goes to the file "text". */
static Status judge_redirected(const char *path) {
  int kept = dup(STDOUT_FILENO), fd = open("text", O_WRONLY | O_CLOEXEC);
  fflush(stdout);
  dup2(fd, STDOUT_FILENO);
  Status status = judge(path, false);
  dup2(kept, STDOUT_FILENO);
  close(kept);
  close(fd);
  return status;
}

CASE(redirected) {
  (void)state;
  put("text", "anything");
  assert_int_equal(judge_redirected("text"), STATUS_USAGE);
  assert_int_equal(judge_redirected("new"), STATUS_OK);
  assert_int_equal(judge_redirected("/dev/stdout"), STATUS_OK);
  assert_int_equal(judge_two("/dev/stdout", "-"), STATUS_USAGE);
}

CASE(too_long) {
  (void)state;
  char name[300];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  assert_int_equal(judge(name, false), STATUS_IO);
  assert_int_equal(judge("prog.ais/x", false), STATUS_IO);
}

static void assert_derived(const char *program, const char *expected) {
  Buf name = {0};
  outputs_derive(program, ".x", &name);
  assert_string_equal(name.data, expected);
  buf_free(&name);
}

CASE(derived) {
  (void)state;
  assert_derived("a/b.ais", "a/b.x");
  assert_derived("a.b/c.apxmobj", "a.b/c.x");
  assert_derived("a.b/c", "a.b/c.x");
  assert_derived("-", "stdin.x");
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(single),   cmocka_unit_test(links),
      cmocka_unit_test(pairs),    cmocka_unit_test(redirected),
      cmocka_unit_test(too_long), cmocka_unit_test(derived),
  };
  return cmocka_run_group_tests(cases, enter, leave);
}
