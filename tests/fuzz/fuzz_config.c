/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes are a configuration that is taken or refused
 * with a place, and every backend of one that is taken can be found.
 */
#include <assert.h>
#include <string.h>

#include "core/config/config_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 forgets a block where its two ways of measuring a text
 * disagree: some hundred bytes, once a file, which is then refused. */
const char *__lsan_default_suppressions(void) {
  return "leak:libfyaml.so";
}

static void look_at(const Config *config) {
  Arena arena;
  arena_init(&arena);
  for (uint32_t i = 0; i < config->backends.length; i++) {
    BackendConfig found;
    const BackendConfig *backend = &config->backends.data[i];
    Status status =
        config_find_backend(config, backend->name, &arena, &found, NULL);
    assert(status == STATUS_OK && found.max_in_flight > 0);
    (void)status;
    (void)config_find_backend(config, backend->model ? backend->model : "",
                              &arena, &found, NULL);
  }
  (void)config_instruction(config, SLICE("ask"));
  arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Config config = {0};
  Error error = {0};
  Reader r = {.config = &config, .error = &error, .file = "f", .base = ""};
  arena_init(&config.arena);
  Status status = config_read_text(&r, slice_from((const char *)data, size));
  if (status == STATUS_OK) status = config_finish(&r);
  if (status == STATUS_OK) look_at(&config);
  assert(status == STATUS_OK || strncmp(error.message, "f:", 2) == 0);
  vec_free(&r.drafts);
  config_free(&config);
  return 0;
}
