/* SPDX-License-Identifier: MIT
 *
 * Reading the fixtures: lines, where a heading or a mark ends what was before.
 */
#include "tests/reply_fixtures.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "runtime/model/remote.h"

static const char *const files[] = {
    "tests/fixtures/replies/openai.txt", "tests/fixtures/replies/ollama.txt",
    "tests/fixtures/replies/anthropic.txt", "tests/fixtures/replies/google.txt",
    "tests/fixtures/replies/complaints.txt"};

static void give_up(const char *what, Slice where) {
  fprintf(stderr, "reply fixtures: %s: %.*s\n", what, SLICE_ARG(where));
  exit(1);
}

/* The next line with its end; empty when there is none. */
static Slice take_line(Slice *rest) {
  if (rest->length == 0) return *rest;
  const char *end = memchr(rest->data, '\n', rest->length);
  size_t length = end ? (size_t)(end - rest->data) + 1 : rest->length;
  Slice line = slice_from(rest->data, length);
  *rest = slice_from(rest->data + length, rest->length - length);
  return line;
}

static bool is_mark(Slice line) {
  return slice_starts_with(line, SLICE("--- ")) ||
         slice_starts_with(line, SLICE("=== "));
}

/* Lines up to the next mark. */
static Slice take_lines(Slice *rest) {
  Slice start = *rest;
  for (;;) {
    Slice before = *rest;
    Slice line = take_line(rest);
    if (line.length > 0 && !is_mark(line)) continue;
    *rest = before;
    return slice_from(start.data, start.length - before.length);
  }
}

static bool take_word(Slice *line, const char *word) {
  Slice wanted = slice_of(word);
  if (!slice_starts_with(*line, wanted)) return false;
  *line = slice_from(line->data + wanted.length, line->length - wanted.length);
  return true;
}

static ReplyFixture begin(Slice heading) {
  ReplyFixture fixture = {.name = slice_trim(heading)};
  Slice line = heading;
  (void)take_word(&line, "=== ");
  const char *space = memchr(line.data, ' ', line.length);
  Buf name = {0};
  if (space) buf_add(&name, line.data, (size_t)(space - line.data));
  fixture.dialect = name.data ? remote_dialect(name.data) : NULL;
  buf_free(&name);
  if (!fixture.dialect) give_up("which dialect?", heading);
  line = slice_from(space + 1, (size_t)(line.data + line.length - space) - 1);
  if (take_word(&line, "stream: "))
    fixture.how = REPLY_HOW_STREAM;
  else if (take_word(&line, "complaint: "))
    fixture.how = REPLY_HOW_COMPLAINT;
  else if (!take_word(&line, "plain: "))
    give_up("plain, stream or complaint?", heading);
  return fixture;
}

static bool take_count(const char *word, uint32_t *count) {
  if (strcmp(word, "-") == 0) return false;
  *count = (uint32_t)strtoul(word, NULL, 10);
  return true;
}

static void take_tokens(ReplyFixture *fixture, Slice numbers) {
  char input[16], output[16];
  if (sscanf(numbers.data, "%15s %15s", input, output) != 2)
    give_up("which numbers?", fixture->name);
  fixture->has_input_tokens = take_count(input, &fixture->input_tokens);
  fixture->has_output_tokens = take_count(output, &fixture->output_tokens);
}

static void take_kind(ReplyFixture *fixture, Slice word) {
  Slice name = slice_trim(word);
  for (int i = 1; i < MODEL_PROBLEM_COUNT; i++) {
    ModelProblem kind = (ModelProblem)i;
    if (slice_equal_text(name, model_problem_text(kind))) fixture->kind = kind;
  }
  if (!fixture->kind) give_up("unknown kind of problem", fixture->name);
}

static void take_mark(ReplyFixture *fixture, Slice mark, Slice text) {
  Slice line = mark;
  (void)take_word(&line, "--- ");
  if (take_word(&line, "tokens ")) {
    take_tokens(fixture, line);
  } else if (take_word(&line, "code ")) {
    fixture->code = (uint32_t)strtoul(line.data, NULL, 10);
  } else if (take_word(&line, "cut")) {
    fixture->is_cut = true;
  } else if (take_word(&line, "unended")) {
    fixture->body.length--;
  } else {
    if (take_word(&line, "problem "))
      take_kind(fixture, line);
    else if (!take_word(&line, "text"))
      give_up("unknown mark", mark);
    fixture->wanted = slice_trim(text);
  }
}

static void read_all(ReplyFixtures *fixtures, Slice rest) {
  (void)take_lines(&rest);
  while (rest.length > 0) {
    ReplyFixture fixture = begin(take_line(&rest));
    fixture.body = take_lines(&rest);
    while (slice_starts_with(rest, SLICE("--- "))) {
      Slice mark = take_line(&rest);
      take_mark(&fixture, mark, take_lines(&rest));
    }
    vec_push(&fixtures->list, fixture);
  }
}

void reply_fixtures_load(ReplyFixtures *fixtures) {
  *fixtures = (ReplyFixtures){0};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    Buf text = {0};
    Error error = {0};
    if (file_read(files[i], 1 << 20, &text, &error) != STATUS_OK)
      give_up(error.message, slice_of(files[i]));
    read_all(fixtures, buf_slice(&text));
    vec_push(&fixtures->texts, buf_take(&text));
  }
}

void reply_fixtures_free(ReplyFixtures *fixtures) {
  for (uint32_t i = 0; i < fixtures->texts.length; i++)
    mem_free(fixtures->texts.data[i]);
  vec_free(&fixtures->texts);
  vec_free(&fixtures->list);
}
