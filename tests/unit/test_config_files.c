/* SPDX-License-Identifier: MIT
 *
 * Which files a configuration is read from: the project's, the user's, what
 * both say together, and what is no such file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/config/config.h"
#include "tests/unit/unit.h"

static char root[64]; /* a folder of this test's own */

static const char *in_root(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

static void put(const char *name, const char *text) {
  Error error = {0};
  if (file_write(in_root(name), slice_of(text), &error) != STATUS_OK)
    fail_msg("%s", error.message);
}

static void make_folder(const char *name) {
  if (mkdir(in_root(name), 0700) != 0) fail_msg("mkdir %s", in_root(name));
}

static int set_up(void **state) {
  (void)state;
  memcpy(root, "/tmp/apxm-config-XXXXXX", 24);
  if (!mkdtemp(root)) return 1;
  make_folder("home");
  make_folder("home/.apxm");
  make_folder("work");
  make_folder("work/.apxm");
  make_folder("work/deep");
  make_folder("work/deep/er");
  unsetenv("APXM_HOME");
  setenv("HOME", in_root("home"), 1);
  return 0;
}

static int tear_down(void **state) {
  static const char *const names[] = {"home/.apxm/config.yaml",
                                      "home/.apxm",
                                      "home",
                                      "work/.apxm/config.yaml",
                                      "work/.apxm",
                                      "work/deep/er",
                                      "work/deep",
                                      "work",
                                      "config.yaml"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    remove(in_root(names[i]));
  return rmdir(root);
}

static void load(const char *folder, Config *config) {
  Error error = {0};
  if (config_load(in_root(folder), config, &error) != STATUS_OK)
    fail_msg("%s", error.message);
}

CASE(no_file) {
  (void)state;
  Config config;
  load("work", &config);
  assert_int_equal(config.files.length, 0);
  assert_null(config.backend);
  config_free(&config);
}

CASE(nearest_parent) {
  (void)state;
  Config config;
  put("work/.apxm/config.yaml", "backend: sim\nstore: s\n");
  load("work/deep/er", &config);
  assert_int_equal(config.files.length, 1);
  assert_string_equal(config.backend, "sim");
  assert_string_equal(config.files.data[0], in_root("work/.apxm/config.yaml"));
  assert_string_equal(config.store, in_root("work/s"));
  config_free(&config);
}

static void refuse_load(Status wanted, const char *part) {
  Config config;
  Error error = {0};
  assert_int_equal(config_load(in_root("work"), &config, &error), wanted);
  if (!strstr(error.message, part))
    fail_msg("%s lacks %s", error.message, part);
  config_free(&config);
}

CASE(the_nearer_wins) {
  (void)state;
  Config config;
  put("home/.apxm/config.yaml",
      "backend: a\n"
      "backends:\n"
      "  a: { provider: openai, model: far, rpm: 5,\n"
      "       headers: { X-Far: a }, timeout: { idle: 5s, total: 6s } }\n"
      "  c: { provider: sim }\n"
      "tools: { t: { command: [far], effect: pure } }\n"
      "instructions: { ask: far, think: far }\n"
      "store: there\n");
  put("work/.apxm/config.yaml",
      "backends:\n"
      "  b: { provider: ollama }\n"
      "  a: { model: near, headers: { X-Near: b }, timeout: { idle: 7s } }\n"
      "tools: { t: { command: [near] } }\n"
      "instructions: { ask: near }\n");
  load("work", &config);
  assert_int_equal(config.files.length, 2);
  assert_string_equal(config.files.data[0], in_root("work/.apxm/config.yaml"));
  assert_string_equal(config.files.data[1], in_root("home/.apxm/config.yaml"));
  assert_string_equal(config.backend, "a");
  assert_int_equal(config.backends.length, 3);
  BackendConfig a;
  assert_int_equal(config_find_backend(&config, "a", &config.arena, &a, NULL),
                   STATUS_OK);
  assert_string_equal(a.provider, "openai");
  assert_string_equal(a.model, "near");
  assert_int_equal(a.rpm, 5);
  assert_int_equal(a.header_count, 1);
  assert_string_equal(a.headers[0].name, "X-Near");
  assert_int_equal(a.idle_ns, 7 * NS_PER_S);
  assert_int_equal(a.total_ns, 6 * NS_PER_S);
  assert_string_equal(a.file, config.files.data[0]);
  assert_int_equal(a.line, 3);
  assert_int_equal(config.tools.length, 1);
  assert_string_equal(config.tools.data[0].command[0], "near");
  assert_int_equal(config.tools.data[0].effect, TOOL_EFFECT_EXTERNAL);
  assert_string_equal(config_instruction(&config, SLICE("ask")), "near");
  assert_string_equal(config_instruction(&config, SLICE("think")), "far");
  assert_string_equal(config.store, in_root("home/.apxm/there"));
  config_free(&config);
}

/* What is the same whoever the user is; from below, too, and where the user's
 * file is the nearest there is nothing. */
CASE(a_project_alone) {
  (void)state;
  Config config;
  Error error = {0};
  put("home/.apxm/config.yaml",
      "backends: { a: { provider: openai }, c: { provider: sim } }\n"
      "instructions: { ask: far, think: far }\n");
  put("work/.apxm/config.yaml",
      "backend: c\n"
      "backends: { a: { model: near }, b: { provider: ollama, model: m } }\n"
      "instructions: { ask: near }\n");
  if (config_load_project(in_root("work/deep"), &config, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  assert_int_equal(config.files.length, 1);
  assert_int_equal(config.backends.length, 1);
  assert_string_equal(config.backends.data[0].name, "b");
  assert_string_equal(config_instruction(&config, SLICE("ask")), "near");
  assert_null(config_instruction(&config, SLICE("think")));
  config_free(&config);
  if (config_load_project(in_root("home"), &config, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  assert_int_equal(config.files.length, 0);
  assert_null(config_instruction(&config, SLICE("think")));
  config_free(&config);
}

/* Else somebody else's project would get the user's key without naming it. */
CASE(a_key_is_not_lured_away) {
  (void)state;
  const char *near = "work/.apxm/config.yaml";
  put("home/.apxm/config.yaml",
      "backends:\n"
      "  a: { provider: openai, url: \"http://one/v1\", key: env:A }\n"
      "  b: { provider: openai, headers: { X-B: env:B, X-C: c } }\n");
  put(near, "backends: { a: { url: \"http://two/v1\" } }\n");
  refuse_load(STATUS_FORMAT, ".apxm/config.yaml:1:23: the backend `a` would");
  put(near, "backends: { b: { url: \"http://two/v1\" } }\n");
  refuse_load(STATUS_FORMAT, "write `headers` here, too");
  Config config;
  put(near,
      "backends:\n"
      "  a: { url: \"http://two/v1\", key: env:A }\n"
      "  b: { url: \"http://two/v1\", headers: { X-C: c } }\n");
  load("work", &config);
  config_free(&config);
}

CASE(other_home) {
  (void)state;
  Config config;
  setenv("APXM_HOME", root, 1);
  put("home/.apxm/config.yaml", "nonsense: 1\n");
  put("config.yaml", "backend: openai\n");
  load("work", &config);
  assert_string_equal(config.backend, "openai");
  config_free(&config);
}

/* Below the home folder both searches find one file. */
CASE(one_file_once) {
  (void)state;
  Config config;
  put("home/.apxm/config.yaml", "backends: { a: { provider: sim } }\n");
  load("home", &config);
  assert_int_equal(config.files.length, 1);
  assert_int_equal(config.backends.length, 1);
  config_free(&config);
}

CASE(bad_files) {
  (void)state;
  put("home/.apxm/config.yaml", "backend: sim\nbackends:\n  a: {}\n");
  refuse_load(STATUS_FORMAT,
              "home/.apxm/config.yaml:3:3: the backend `a` "
              "needs a `provider`");
  put("work/.apxm/config.yaml", "\n\nbakend: x");
  refuse_load(STATUS_FORMAT,
              "work/.apxm/config.yaml:3:1: unknown key "
              "`bakend`");
  remove(in_root("work/.apxm/config.yaml"));
  make_folder("work/.apxm/config.yaml");
  refuse_load(STATUS_IO, "not a regular file");
  remove(in_root("work/.apxm/config.yaml"));
  assert_int_equal(mkfifo(in_root("work/.apxm/config.yaml"), 0600), 0);
  refuse_load(STATUS_IO, "not a regular file");
  remove(in_root("work/.apxm/config.yaml"));
  Buf text = {0};
  buf_add_char(&text, '#');
  buf_add_repeat(&text, 'x', LIMIT_CONFIG_FILE_BYTES);
  put("work/.apxm/config.yaml", text.data);
  buf_free(&text);
  refuse_load(STATUS_LIMIT, "config.yaml");
}

#define WITH_FILES(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
  const struct CMUnitTest cases[] = {
      WITH_FILES(no_file),
      WITH_FILES(nearest_parent),
      WITH_FILES(the_nearer_wins),
      WITH_FILES(a_project_alone),
      WITH_FILES(a_key_is_not_lured_away),
      WITH_FILES(other_home),
      WITH_FILES(one_file_once),
      WITH_FILES(bad_files),
  };
  return RUN(cases);
}
