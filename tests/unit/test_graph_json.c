/* SPDX-License-Identifier: MIT
 *
 * Graph JSON as its authors meet it: tests/errors/CODE_words.json is a document
 * with that mistake, CODE_words.expected what is said of it, all of it; each
 * code of graph JSON has one. `test_graph_json update` writes what is said.
 * And documents that were damaged: a message each, never a crash.
 */
#include <dirent.h>
#include <stdio.h>

#include "compiler/graph/graph.h"
#include "compiler/ir/dump.h"
#include "compiler/ir/verify.h"
#include "core/base/file.h"
#include "tests/unit/unit.h"

#define FOLDER "tests/errors/"

static bool updating;

/* One document on its way. */
typedef struct Reading {
  Arena arena;
  DiagSink sink;
  TypeTable types;
  Source source;
  IrProgram *program; /* NULL: there were errors */
} Reading;

static void begin(Reading *r, const char *name, Slice text) {
  *r = (Reading){.source = {.name = name, .text = text}};
  arena_init(&r->arena);
  diag_init(&r->sink, &r->source, &r->arena);
  type_table_init(&r->types);
  r->program = graph_read(&r->source, &r->types, &r->arena, &r->sink);
}

static void end(Reading *r) {
  ir_free(r->program);
  type_table_free(&r->types);
  diag_free(&r->sink);
  arena_free(&r->arena);
}

static bool is_told(const Reading *r, const char *code) {
  for (uint32_t i = 0; i < r->sink.diags.length; i++) {
    if (strcmp(diag_code_text(r->sink.diags.data[i].code), code) == 0)
      return true;
  }
  return false;
}

static void read_file(const char *path, Buf *out) {
  Error error = {0};
  if (file_read(path, LIMIT_SOURCE_BYTES, out, &error) != STATUS_OK) {
    fail_msg("%s", error.message);
  }
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

/* Tries CODE_words.json; returns its code. */
static DiagCode try_file(const char *file_name) {
  char path[300], name[256], code_text[8];
  snprintf(path, sizeof path, FOLDER "%s", file_name);
  snprintf(name, sizeof name, "%.*s", (int)strcspn(file_name, "."), file_name);
  snprintf(code_text, sizeof code_text, "%.5s", name);
  Buf text = {0}, said = {0};
  Reading r;
  read_file(path, &text);
  begin(&r, file_name, buf_slice(&text));
  diag_sort(&r.sink);
  diag_render_text(&r.sink, false, &said);
  if (!is_told(&r, code_text))
    fail_msg("%s does not give %s:\n%s", name, code_text, said.data);
  assert_int_equal(r.program == NULL, r.sink.error_count > 0);
  compare(name, &said);
  end(&r);
  buf_free(&said);
  buf_free(&text);
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
    if (slice_ends_with(slice_of(entry->d_name), SLICE(".json")))
      shown[try_file(entry->d_name)] = true;
  }
  closedir(folder);
  for (DiagCode code = 0; code < DIAG_CODE_COUNT; code++) {
    bool is_ours = strncmp(diag_code_text(code) + 1, "05", 2) == 0;
    if (is_ours && !shown[code])
      fail_msg("no document in " FOLDER " for %s", diag_code_text(code));
  }
}

/* ---- what becomes of a document ------------------------------------------ */

static const char sample[] =
    "{\"name\": \"A.f\", \"parameters\": [{\"name\": \"p\"}],\n"
    " \"nodes\": [\n"
    "  {\"id\": 1, \"name\": \"a\", \"op\": \"ASK\",\n"
    "   \"attributes\": {\"prompt\": \"x {0} \\u00e9\"}},\n"
    "  {\"id\": 2, \"name\": \"b\", \"op\": \"PRINT\",\n"
    "   \"attributes\": {\"message\": \"b\"}},\n"
    "  {\"id\": 3, \"name\": \"c\", \"op\": \"SWITCH\", \"attributes\": {\n"
    "   \"case_labels\": [\"y\"], \"case_regions\": [{\"nodes\": [\n"
    "     {\"id\": 1, \"name\": \"r\", \"op\": \"CONST_STR\",\n"
    "      \"attributes\": {\"value\": 1.5e0}}]}],\n"
    "   \"default_region\": {\"nodes\": [\n"
    "     {\"id\": 1, \"name\": \"r\", \"op\": \"NIL\"}]}}},\n"
    "  {\"id\": 4, \"name\": \"d\", \"op\": \"RETURN\"}],\n"
    " \"edges\": [{\"from\": 1, \"to\": 3}, {\"from\": 3, \"to\": 4},\n"
    "  {\"from\": 1, \"to\": 2, \"dependency\": \"Control\"}]}\n";

CASE(graphs) {
  (void)state;
  Reading r;
  Buf dump = {0};
  begin(&r, "a.json", SLICE(sample));
  assert_non_null(r.program);
  ir_dump_text(r.program, &dump);
  assert_non_null(strstr(dump.data, "ask(\"x \", %0, \" \u00e9\"): str -> a"));
  assert_non_null(strstr(dump.data, "pass(\"b\", !%2): str"));
  assert_non_null(strstr(dump.data, "case \"y\""));
  assert_non_null(strstr(dump.data, "default"));
  buf_free(&dump);
  end(&r);
}

/* A cheap generator with a seed of its own. */
static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 8;
}

CASE(damaged) {
  (void)state;
  enum { TRIES = 20000 };
  static const char bytes[] = "{}[]\",:0123456789-abn\\ ";
  uint32_t seed = 7;
  uint32_t sound = 0;
  for (uint32_t i = 0; i < TRIES; i++) {
    Buf text = {0};
    Reading r;
    buf_add_slice(&text, SLICE(sample));
    for (uint32_t k = next(&seed) % 3 + 1; k > 0; k--)
      text.data[next(&seed) % text.length] =
          bytes[next(&seed) % (sizeof bytes - 1)];
    begin(&r, "a.json", buf_slice(&text));
    assert_int_equal(r.program == NULL, r.sink.error_count > 0);
    if (r.program != NULL) {
      Buf why = {0};
      if (!ir_verify(r.program, &why)) fail_msg("%s\n%s", why.data, text.data);
      buf_free(&why);
      sound++;
    }
    end(&r);
    buf_free(&text);
  }
  assert_true(sound > 0 && sound < TRIES);
}

CASE(told_from_a_source) {
  (void)state;
  assert_true(graph_is_json(SLICE(" \n\t{")));
  assert_true(graph_is_json(SLICE("\xEF\xBB\xBF{}")));
  assert_false(graph_is_json(SLICE("agent A {}")));
  assert_false(graph_is_json(SLICE("")));
  assert_false(graph_is_json(SLICE("[{}]")));
}

int main(int argc, char **argv) {
  updating = argc > 1 && strcmp(argv[1], "update") == 0;
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(every_code_is_shown),
      cmocka_unit_test(graphs),
      cmocka_unit_test(damaged),
      cmocka_unit_test(told_from_a_source),
  };
  return RUN(cases);
}
