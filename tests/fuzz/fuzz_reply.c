/* SPDX-License-Identifier: MIT
 *
 * Replies of servers, as fuzzer input. The first byte chooses the dialect,
 * whether the reply is a stream, and in pieces of how many bytes that comes.
 * A stream must read the same in pieces as it does whole. The fixtures of
 * tests/fixtures/replies are written into the corpus first.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/reply_fixtures.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICE_LOW = 1, CHOICE_STREAM = 2, CHOICE_HIGH = 4, CHOICE_PIECES = 8 };

/* By the bits LOW and HIGH of the choice. */
static const Dialect *const dialects[] = {&openai_dialect, &ollama_dialect,
                                          &anthropic_dialect, &google_dialect};

static const Dialect *dialect_of(int choice) {
  return dialects[(choice & CHOICE_LOW) + (choice & CHOICE_HIGH) / 2];
}

static int choice_of(const Dialect *dialect) {
  int choice = 0;
  while (dialect_of(choice) != dialect) choice++;
  return choice;
}

/* ---- seeds -------------------------------------------------------------- */

static void write_seed(const char *folder, const ReplyFixture *fixture,
                       uint32_t number) {
  char path[1024];
  Error error = {0};
  Buf seed = {0};
  int choice = 2 * CHOICE_PIECES + choice_of(fixture->dialect);
  if (fixture->how == REPLY_HOW_STREAM) choice |= CHOICE_STREAM;
  buf_add_char(&seed, (char)choice);
  buf_add_slice(&seed, fixture->body);
  snprintf(path, sizeof path, "%s/fixture-%u", folder, number);
  if (file_write(path, buf_slice(&seed), &error) != STATUS_OK)
    fprintf(stderr, "fuzz_reply: %s\n", error.message);
  buf_free(&seed);
}

static void write_seeds(const char *folder) {
  ReplyFixtures fixtures;
  reply_fixtures_load(&fixtures);
  for (uint32_t i = 0; i < fixtures.list.length; i++)
    write_seed(folder, &fixtures.list.data[i], i);
  reply_fixtures_free(&fixtures);
}

/* The first argument that is no option is the corpus folder; a file there is
 * an input to be tried again. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  for (int i = 1; i < *argc; i++) {
    const char *name = (*argv)[i];
    char probe[1024];
    if (name[0] == '-') continue;
    snprintf(probe, sizeof probe, "%s/.", name);
    if (file_exists(probe)) write_seeds(name);
    break;
  }
  return 0;
}

/* ---- reading ------------------------------------------------------------ */

/* The pieces lie in memory of their own, so that a read beyond one is seen. */
static void read_stream(Reply *reply, Slice body, size_t piece_size) {
  while (body.length > 0) {
    size_t length = body.length < piece_size ? body.length : piece_size;
    char *piece = mem_alloc(length);
    memcpy(piece, body.data, length);
    HttpPiece result = reply_receive(reply, slice_from(piece, length));
    mem_free(piece);
    if (result == HTTP_PIECE_STOP) break;
    body = slice_from(body.data + length, body.length - length);
  }
  reply_end(reply);
}

static void expect(bool is_true) {
  if (!is_true) abort();
}

static void expect_same(const Reply *a, const Reply *b) {
  expect(slice_equal(buf_slice(&a->text), buf_slice(&b->text)));
  expect(slice_equal(buf_slice(&a->problem), buf_slice(&b->problem)));
  expect(a->kind == b->kind);
  expect(slice_equal(buf_slice(&a->evidence), buf_slice(&b->evidence)));
  expect(a->is_cut == b->is_cut);
  expect(a->has_input_tokens == b->has_input_tokens);
  expect(a->input_tokens == b->input_tokens);
  expect(a->output_tokens == b->output_tokens);
}

static void expect_sound(const Reply *reply) {
  Slice text = buf_slice(&reply->text);
  Slice problem = buf_slice(&reply->problem);
  expect(slice_valid_utf8(text) == text.length);
  expect(slice_valid_utf8(problem) == problem.length);
  expect(reply_has_failed(reply) || (reply->is_whole && reply->has_choice));
}

static void try_stream(const Dialect *dialect, const Secrets *secrets,
                       Slice body, size_t piece_size) {
  Reply whole, pieces;
  reply_init(&whole, dialect, secrets);
  reply_init(&pieces, dialect, secrets);
  read_stream(&whole, body, body.length + 1);
  read_stream(&pieces, body, piece_size);
  expect_sound(&whole);
  expect_same(&whole, &pieces);
  reply_free(&whole);
  reply_free(&pieces);
}

static void try_document(const Dialect *dialect, const Secrets *secrets,
                         Slice body) {
  Reply reply;
  reply_init(&reply, dialect, secrets);
  reply_read(&reply, body);
  expect_sound(&reply);
  reply_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Secrets secrets = {0};
  Buf complaint = {0};
  if (size == 0) return 0;
  uint8_t choice = data[0];
  Slice body = slice_from((const char *)data + 1, size - 1);
  const Dialect *dialect = dialect_of(choice);
  secrets_add(&secrets, SLICE("sk-secret/42"));
  if (choice & CHOICE_STREAM)
    try_stream(dialect, &secrets, body, 1u + choice / CHOICE_PIECES);
  else
    try_document(dialect, &secrets, body);
  reply_add_complaint(&secrets, body, &complaint);
  expect(!slice_contains(buf_slice(&complaint), SLICE("sk-secret/42")));
  buf_free(&complaint);
  secrets_free(&secrets);
  return 0;
}
