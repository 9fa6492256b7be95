/* SPDX-License-Identifier: MIT
 *
 * Every message the compiler has for a program, as its author would see it.
 * tests/errors/CODE_words.ais is a program with that mistake, and
 * tests/errors/CODE_words.expected what must be said of it, all of it. Each
 * code of diagnostics.def has a file, and each message a label. A fix repairs
 * what it is offered for. `test_errors update` writes what is said into the
 * files: read the difference.
 */
#include <dirent.h>
#include <stdio.h>

#include "compiler/check/check.h"
#include "compiler/front/parse.h"
#include "core/base/file.h"
#include "tests/unit/unit.h"

#define FOLDER "tests/errors/"

static bool updating;

/* Codes that take a source too large to keep; test_check.c and test_parse.c
 * make one. */
static bool is_generated(DiagCode code) {
  return code == DIAG_SOURCE_SIZE || code == DIAG_PARAM_LIMIT ||
         code == DIAG_BLOCK_LIMIT || code == DIAG_IMPORT_LIMIT;
}

static void read_file(const char *path, Buf *out) {
  Error error = {0};
  if (file_read(path, LIMIT_SOURCE_BYTES, out, &error) != STATUS_OK) {
    fail_msg("%s", error.message);
  }
}

/* Graph JSON is no source text: test_graph_json.c has those. */
static bool is_of_json(DiagCode code) {
  return strncmp(diag_code_text(code) + 1, "05", 2) == 0;
}

/* What is imported lies beside the file; messages name it without the folder,
 * as its author would. */
static Status read_beside(void *context, const char *path, size_t limit,
                          Buf *out, Error *error) {
  (void)context;
  char full[300];
  snprintf(full, sizeof full, FOLDER "%s", path);
  return file_read(full, limit, out, error);
}

static void identify(void *context, const char *path, Buf *out) {
  char full[300];
  snprintf(full, sizeof full, FOLDER "%s", path);
  reader_disk.identify(context, full, out);
}

/* A source, and what is said of it. */
typedef struct Told {
  Source source;
  Arena arena;
  DiagSink sink;
  TypeTable types;
  AstProgram *program;
} Told;

/* Compiles as far as there is something to be said. */
static void tell(Told *told, const char *path, Slice text) {
  static const SourceReader reader = {.read = read_beside,
                                      .identify = identify};
  told->source = (Source){.name = strrchr(path, '/') + 1, .text = text};
  arena_init(&told->arena);
  diag_init(&told->sink, &told->source, &told->arena);
  type_table_init(&told->types);
  told->program =
      parse_program(&told->source, &reader, &told->arena, &told->sink);
  check_program(told->program, &told->types, &told->arena, &told->sink);
  diag_sort(&told->sink);
}

static void told_free(Told *told) {
  parse_files_free(told->program->files);
  type_table_free(&told->types);
  diag_free(&told->sink);
  arena_free(&told->arena);
}

static uint32_t count_of(const Told *told, DiagCode code) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < told->sink.diags.length; i++) {
    count += told->sink.diags.data[i].code == code;
  }
  return count;
}

/* With its fix a mistake is gone, and the program reads as well as before. */
static void try_fix(const char *path, const Told *told, const Diag *diag) {
  Slice text = told->source.text;
  Span span = diag_replaced(diag);
  if (span.start + span.length > text.length) return; /* in another source */
  Buf fixed = {0};
  buf_add(&fixed, text.data, span.start);
  buf_add_text(&fixed, diag->replacement);
  size_t rest = span.start + span.length;
  buf_add(&fixed, text.data + rest, text.length - rest);
  Told again;
  tell(&again, path, buf_slice(&fixed));
  bool worse = count_of(&again, DIAG_SYNTAX) > count_of(told, DIAG_SYNTAX);
  if (worse ||
      count_of(&again, diag->code) >= count_of(told, diag->code)) {
    fail_msg("%s: `%s` does not repair `%s`:\n%s", path, diag->replacement,
             diag->message, fixed.data);
  }
  told_free(&again);
  buf_free(&fixed);
}

/* Appends what is said of `name`.ais. Returns whether `wanted`, a code's text,
 * was among it. */
static bool render(const char *name, const char *wanted, Buf *out) {
  char path[300];
  snprintf(path, sizeof path, FOLDER "%s.ais", name);
  Buf text = {0};
  read_file(path, &text);
  Told told;
  tell(&told, path, buf_slice(&text));
  diag_render_text(&told.sink, false, out);
  bool found = false;
  for (uint32_t i = 0; i < told.sink.diags.length; i++) {
    const Diag *diag = &told.sink.diags.data[i];
    found = found || strcmp(diag_code_text(diag->code), wanted) == 0;
    if (diag->label == NULL) fail_msg("%s: no label", name);
    if (diag->replacement != NULL) try_fix(path, &told, diag);
  }
  told_free(&told);
  buf_free(&text);
  return found;
}

static void compare(const char *name, const Buf *said) {
  char path[300];
  snprintf(path, sizeof path, FOLDER "%s.expected", name);
  if (updating) {
    Error error = {0};
    assert_int_equal(file_write(path, buf_slice(said), &error), STATUS_OK);
  }
  Buf expected = {0};
  read_file(path, &expected);
  if (!slice_equal(buf_slice(said), buf_slice(&expected))) {
    fail_msg("%s: what was said:\n%s", name, said->data);
  }
  buf_free(&expected);
}

/* Tries CODE_words.ais; returns its code. */
static DiagCode try_file(const char *file_name) {
  char name[256];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(file_name, "."), file_name);
  char code_text[8];
  snprintf(code_text, sizeof code_text, "%.5s", name);
  Buf said = {0};
  if (!render(name, code_text, &said)) {
    fail_msg("%s does not give %s:\n%s", name, code_text, said.data);
  }
  compare(name, &said);
  buf_free(&said);
  DiagCode code = 0;
  while (strcmp(diag_code_text(code), code_text) != 0) code++;
  return code;
}

CASE(every_code_is_shown) {
  (void)state;
  bool shown[DIAG_CODE_COUNT] = {false};
  DIR *folder = opendir(FOLDER);
  assert_non_null(folder);
  for (struct dirent *entry = readdir(folder); entry != NULL;
       entry = readdir(folder)) {
    if (!slice_ends_with(slice_of(entry->d_name), SLICE(".ais"))) continue;
    shown[try_file(entry->d_name)] = true;
  }
  closedir(folder);
  for (DiagCode code = 0; code < DIAG_CODE_COUNT; code++) {
    if (shown[code] || is_generated(code) || is_of_json(code)) continue;
    fail_msg("no file in " FOLDER " for %s", diag_code_text(code));
  }
}

int main(int argc, char **argv) {
  updating = argc > 1 && strcmp(argv[1], "update") == 0;
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(every_code_is_shown),
  };
  return RUN(cases);
}
