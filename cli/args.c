/* SPDX-License-Identifier: MIT
 *
 * What is given on the command line is literal: nothing in it is expanded or
 * looked up. Only --arg-file reads, and standard input can be read once.
 */
#include "cli/args.h"

#include <string.h>

#include "core/base/file.h"

/* "name" of "name=rest"; `rest` points behind the equals sign. */
static const char *split(Args *args, const char *text, const char **rest) {
  size_t length = strcspn(text, "=");
  *rest = text + length + 1;
  return arena_copy(&args->arena, text, length);
}

static Status read_file(Args *args, const char *path, bool *stdin_is_taken,
                        Slice *text, Error *error) {
  bool is_stdin = strcmp(path, "-") == 0;
  if (is_stdin && *stdin_is_taken)
    return error_set(error, STATUS_USAGE,
                     "standard input can be read only once");
  *stdin_is_taken = *stdin_is_taken || is_stdin;
  Buf bytes = {0};
  Status status = file_read(path, LIMIT_ARG_FILE_BYTES, &bytes, error);
  if (status == STATUS_OK) {
    char *copy =
        arena_copy(&args->arena, bytes.data ? bytes.data : "", bytes.length);
    *text = slice_from(copy, bytes.length);
  }
  buf_free(&bytes);
  return status;
}

Status args_collect(const Options *options, const char *const *words,
                    uint32_t word_count, bool stdin_is_taken, Args *args,
                    Error *error) {
  *args = (Args){0};
  arena_init(&args->arena);
  for (uint32_t i = 0; i < word_count; i++)
    vec_push(&args->items, ((FlowArg){NULL, slice_of(words[i])}));
  for (uint32_t i = 0; i < options->pairs.length; i++) {
    const OptionPair *pair = &options->pairs.data[i];
    const char *rest;
    const char *name = split(args, pair->text, &rest);
    Slice text = slice_of(rest);
    if (pair->id == OPTION_ARG_FILE) {
      Status status = read_file(args, rest, &stdin_is_taken, &text, error);
      if (status != STATUS_OK) return status;
    }
    vec_push(&args->items, ((FlowArg){name, text}));
  }
  return STATUS_OK;
}

void args_free(Args *args) {
  vec_free(&args->items);
  arena_free(&args->arena);
}
