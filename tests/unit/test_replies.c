/* SPDX-License-Identifier: MIT
 *
 * What is read from the replies of servers: the fixtures of
 * tests/fixtures/replies, each stream cut at every byte, with other line ends
 * and a byte order mark; then limits, progress and secrets.
 */
#include "tests/reply_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/unit/unit.h"

static const Secrets no_secrets;

/* ---- fixtures ------------------------------------------------------------ */

static void expect_slice(const ReplyFixture *fixture, const char *how,
                         Slice wanted, Slice found) {
  if (slice_equal(wanted, found)) return;
  fail_msg("%.*s (%s):\nfound  %.*s\nwanted %.*s", SLICE_ARG(fixture->name),
           how, SLICE_ARG(found), SLICE_ARG(wanted));
}

static void expect_fixture(const ReplyFixture *fixture, const char *how,
                           const Reply *reply) {
  Slice problem = buf_slice(&reply->problem);
  assert_int_equal(reply_has_failed(reply), problem.length != 0);
  if (fixture->kind) {
    expect_slice(fixture, how, fixture->wanted, problem);
    if (reply->kind != fixture->kind)
      fail_msg("%.*s (%s): %s", SLICE_ARG(fixture->name), how,
               model_problem_text(reply->kind));
    return;
  }
  expect_slice(fixture, how, SLICE(""), problem);
  expect_slice(fixture, how, fixture->wanted, buf_slice(&reply->text));
  if (reply->is_cut != fixture->is_cut ||
      reply->has_input_tokens != fixture->has_input_tokens ||
      reply->has_output_tokens != fixture->has_output_tokens ||
      reply->input_tokens != fixture->input_tokens ||
      reply->output_tokens != fixture->output_tokens)
    fail_msg("%.*s (%s): cut %d, tokens %d %u %d %u", SLICE_ARG(fixture->name),
             how, reply->is_cut, reply->has_input_tokens, reply->input_tokens,
             reply->has_output_tokens, reply->output_tokens);
}

/* True: go on. The piece lies in memory of its own, so that a read beyond it is
 * seen. */
static bool feed(Reply *reply, const char *data, size_t length) {
  char *piece = mem_alloc(length ? length : 1);
  if (length) memcpy(piece, data, length);
  HttpPiece result = reply_receive(reply, slice_from(piece, length));
  mem_free(piece);
  assert_int_equal(result == HTTP_PIECE_STOP, reply_has_failed(reply));
  return result != HTTP_PIECE_STOP;
}

/* In pieces of `size` bytes, the first one shorter by `less`. */
static void try_pieces(const ReplyFixture *fixture, Slice body, size_t size,
                       size_t less, const char *how) {
  Reply reply;
  size_t at = 0;
  reply_init(&reply, fixture->dialect, &no_secrets);
  while (at < body.length) {
    size_t length = at == 0 ? size - less : size;
    if (length > body.length - at) length = body.length - at;
    if (!feed(&reply, body.data + at, length)) break;
    at += length;
  }
  reply_end(&reply);
  expect_fixture(fixture, how, &reply);
  reply_free(&reply);
}

static void try_stream(const ReplyFixture *fixture, Slice body,
                       const char *how) {
  try_pieces(fixture, body, 1, 0, how);
  for (size_t less = 0; less < 3; less++)
    try_pieces(fixture, body, 3, less, how);
  try_pieces(fixture, body, 7, 3, how);
  try_pieces(fixture, body, body.length + 1, 0, how);
  for (size_t i = 1; i < body.length; i++)
    try_pieces(fixture, body, body.length, body.length - i, how);
}

/* The body with `end` for each line feed. */
static void try_line_ends(const ReplyFixture *fixture, const char *start,
                          const char *end, const char *how) {
  Buf body = {0};
  buf_add_text(&body, start);
  for (size_t i = 0; i < fixture->body.length; i++) {
    char c = fixture->body.data[i];
    if (c == '\n')
      buf_add_text(&body, end);
    else
      buf_add_char(&body, c);
  }
  try_stream(fixture, buf_slice(&body), how);
  buf_free(&body);
}

static void try_complaint(const ReplyFixture *fixture) {
  Buf text = {0};
  uint32_t code = reply_add_complaint(&no_secrets, fixture->body, &text);
  expect_slice(fixture, "complaint", fixture->wanted, buf_slice(&text));
  if (code != fixture->code)
    fail_msg("%.*s: %u", SLICE_ARG(fixture->name), code);
  buf_free(&text);
}

static void try_fixture(const ReplyFixture *fixture) {
  Reply reply;
  switch (fixture->how) {
    case REPLY_HOW_PLAIN:
      reply_init(&reply, fixture->dialect, &no_secrets);
      reply_read(&reply, fixture->body);
      expect_fixture(fixture, "plain", &reply);
      reply_free(&reply);
      break;
    case REPLY_HOW_STREAM:
      try_stream(fixture, fixture->body, "as it is");
      try_line_ends(fixture, "", "\r\n", "CR LF");
      try_line_ends(fixture, "", "\r", "CR");
      try_line_ends(fixture, "\xEF\xBB\xBF", "\n", "byte order mark");
      break;
    case REPLY_HOW_COMPLAINT:
      try_complaint(fixture);
      break;
  }
}

CASE(fixtures) {
  (void)state;
  ReplyFixtures fixtures;
  reply_fixtures_load(&fixtures);
  assert_true(fixtures.list.length > 150);
  for (uint32_t i = 0; i < fixtures.list.length; i++)
    try_fixture(&fixtures.list.data[i]);
  reply_fixtures_free(&fixtures);
}

/* ---- one reply ----------------------------------------------------------- */

static void expect_text(const Buf *found, const char *wanted) {
  if (!slice_equal_text(buf_slice(found), wanted))
    fail_msg("found  %s\nwanted %s", found->data ? found->data : "", wanted);
}

static void expect_problem(const Dialect *dialect, const Secrets *secrets,
                           Slice body, const char *problem) {
  Reply reply;
  reply_init(&reply, dialect, secrets);
  reply_read(&reply, body);
  expect_text(&reply.problem, problem);
  reply_free(&reply);
}

CASE(bytes_that_are_no_text) {
  (void)state;
  expect_problem(&openai_dialect, &no_secrets,
                 SLICE("{\"choices\":[{\"message\":{\"content\":\"\xFF\"}}]}"),
                 "the reply is not JSON (line 1, column 36: not UTF-8): "
                 "{\"choices\":[{\"message\":{\"content\":\"\\xFF\"}}]}");
  expect_problem(&ollama_dialect, &no_secrets, SLICE("\x1b[2J\0x"),
                 "the reply is not JSON (line 1, column 1: expected a value): "
                 "\\x1B[2J\\x00x");
}

CASE(depth_is_bounded) {
  (void)state;
  Reply reply;
  Buf body = {0};
  buf_add_text(&body, "{\"choices\":");
  buf_add_repeat(&body, '[', 100000);
  reply_init(&reply, &openai_dialect, &no_secrets);
  reply_read(&reply, buf_slice(&body));
  assert_non_null(strstr(reply.problem.data, "nested too deep"));
  reply_free(&reply);
  buf_free(&body);
}

/* ---- requests ------------------------------------------------------------ */

/* The servers of others are asked in test_remote. */
CASE(official_server_has_a_name_of_its_own) {
  (void)state;
  Buf body = {0};
  ModelRequest request = {.temperature = NAN, .max_tokens = 9};
  ReplyTerms terms = {.model = SLICE("gpt"), .is_official = true};
  openai_dialect.write(&request, &terms, &body);
  expect_text(&body,
              "{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\","
              "\"content\":\"\"}],\"max_completion_tokens\":9}");
  buf_free(&body);
}

/* ---- limits of streams --------------------------------------------------- */

/* `line` again and again, until the reply fails or has had `total` bytes. */
static void pour(Reply *reply, Slice line, size_t total) {
  for (size_t sent = 0; sent < total; sent += line.length)
    if (reply_receive(reply, line) == HTTP_PIECE_STOP) break;
}

CASE(line_has_a_limit) {
  (void)state;
  Reply reply;
  char piece[4096];
  memset(piece, 'x', sizeof piece);
  reply_init(&reply, &openai_dialect, &no_secrets);
  pour(&reply, slice_from(piece, sizeof piece),
       2 * (size_t)LIMIT_STREAM_LINE_BYTES);
  expect_text(&reply.problem, "a line of the stream is longer than 4 MiB");
  reply_free(&reply);
}

CASE(event_has_a_limit) {
  (void)state;
  Reply reply;
  Buf line = {0};
  buf_add_text(&line, "data: ");
  buf_add_repeat(&line, 'x', 4096);
  buf_add_char(&line, '\n');
  reply_init(&reply, &openai_dialect, &no_secrets);
  pour(&reply, buf_slice(&line), 2 * (size_t)LIMIT_STREAM_LINE_BYTES);
  expect_text(&reply.problem, "a line of the stream is longer than 4 MiB");
  reply_free(&reply);
  buf_free(&line);
}

CASE(gathered_document_has_a_limit) {
  (void)state;
  Reply reply;
  Buf line = {0};
  buf_add_repeat(&line, ' ', 65536);
  buf_add_char(&line, '\n');
  reply_init(&reply, &openai_dialect, &no_secrets);
  assert_int_equal(reply_receive(&reply, SLICE("{\n")), HTTP_PIECE_PROGRESS);
  pour(&reply, buf_slice(&line), 2 * (size_t)LIMIT_REPLY_BYTES);
  expect_text(&reply.problem, "the reply is larger than 16 MiB");
  reply_free(&reply);
  buf_free(&line);
}

/* ---- progress ------------------------------------------------------------ */

typedef struct Step {
  const char *piece;
  HttpPiece result;
} Step;

static void expect_steps(const Dialect *dialect, const Step *steps,
                         size_t count) {
  Reply reply;
  reply_init(&reply, dialect, &no_secrets);
  for (size_t i = 0; i < count; i++)
    if (reply_receive(&reply, slice_of(steps[i].piece)) != steps[i].result)
      fail_msg("not so: %s", steps[i].piece);
  reply_free(&reply);
}

CASE(only_content_is_progress) {
  (void)state;
  static const Step openai[] = {
      {":\n\n", HTTP_PIECE_NOTHING},
      {"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":"
       "null}}]}\n\n",
       HTTP_PIECE_NOTHING},
      {"data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n",
       HTTP_PIECE_NOTHING},
      {"data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm\"}}]}\n\n",
       HTTP_PIECE_PROGRESS},
      {"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}",
       HTTP_PIECE_NOTHING},
      {"\n", HTTP_PIECE_NOTHING},
      {"\n", HTTP_PIECE_PROGRESS},
      {": ping\n", HTTP_PIECE_NOTHING},
      {"data: {\"choices\":[{\"delta\":{\"tool_calls\":[{}]}}]}\n\n",
       HTTP_PIECE_PROGRESS},
      {"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n",
       HTTP_PIECE_PROGRESS},
      {"data: {\"choices\":[],\"usage\":{}}\n\n", HTTP_PIECE_PROGRESS},
      {"data: [DONE]\n\n", HTTP_PIECE_LAST},
      {"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n",
       HTTP_PIECE_NOTHING},
  };
  static const Step ollama[] = {
      {"\n", HTTP_PIECE_NOTHING},
      {"{\"message\":{\"content\":\"\"},\"done\":false}\n", HTTP_PIECE_NOTHING},
      {"{\"message\":{\"content\":\"\",\"thinking\":\"Hm\"}}\n",
       HTTP_PIECE_PROGRESS},
      {"{\"message\":{\"content\":\"x\"}", HTTP_PIECE_NOTHING},
      {"}\n", HTTP_PIECE_PROGRESS},
      {"{\"done\":true}\n", HTTP_PIECE_LAST},
      {"{\"message\":{\"content\":\"x\"}}\n", HTTP_PIECE_NOTHING},
  };
  expect_steps(&openai_dialect, openai, sizeof openai / sizeof *openai);
  expect_steps(&ollama_dialect, ollama, sizeof ollama / sizeof *ollama);
}

/* ---- secrets ------------------------------------------------------------- */

static void expect_quote(const Secrets *secrets, const char *text, size_t limit,
                         const char *wanted) {
  Buf quoted = {0};
  secrets_quote(secrets, slice_of(text), limit, &quoted);
  expect_text(&quoted, wanted);
  buf_free(&quoted);
}

CASE(secrets_are_scrubbed) {
  (void)state;
  Secrets secrets = {0};
  secrets_add(&secrets, SLICE("sk-abc/DEF+0123456789=="));
  secrets_add(&secrets, SLICE("blue\"team"));
  secrets_add(&secrets, SLICE("pw1"));
  secrets_add(&secrets, SLICE(""));
  expect_quote(&secrets, "key sk-abc/DEF+0123456789== is bad", 100,
               "key [secret] is bad");
  expect_quote(&secrets, "sk-abc/DEF+0123456789==", 100, "[secret]");
  expect_quote(&secrets, "x\"sk-abc\\/DEF+0123456789==\"", 100,
               "x\"[secret]\"");
  expect_quote(&secrets, "\\u0073\\u006B-abc/DEF\\u002b0123456789\\u003d=", 100,
               "[secret]");
  expect_quote(&secrets, "of sk-abc/DEF...", 100, "of [secret]...");
  expect_quote(&secrets, "...+0123456", 100, "...[secret]");
  expect_quote(&secrets, "sk-abc/ +012345", 100, "sk-abc/ +012345");
  expect_quote(&secrets, "blue\"team, blue\\\"team, blue", 100,
               "[secret], [secret], blue");
  expect_quote(&secrets, "pw1pw12", 100, "[secret][secret]2");
  expect_quote(&secrets, "\\u00zz \\u0 \\", 100, "\\u00zz \\u0 \\");
  secrets_free(&secrets);
}

CASE(cut_spares_no_piece_of_a_secret) {
  (void)state;
  Secrets secrets = {0};
  Buf text = {0};
  Buf quoted = {0};
  secrets_add(&secrets, SLICE("sk-0123456789abcdef"));
  for (size_t before = 0; before < 24; before++) {
    buf_clear(&text);
    buf_clear(&quoted);
    buf_add_repeat(&text, '.', before);
    buf_add_text(&text, "sk-0123456789abcdef");
    secrets_quote(&secrets, buf_slice(&text), 20, &quoted);
    assert_null(strstr(quoted.data, "sk-"));
  }
  buf_free(&text);
  buf_free(&quoted);
  secrets_free(&secrets);
}

CASE(quotes_are_one_visible_line) {
  (void)state;
  expect_quote(&no_secrets, "  a\r\n\t b\x1b[31m\x7f ", 100,
               "a b\\x1B[31m\\x7F");
  expect_quote(&no_secrets, "12345", 5, "12345");
  expect_quote(&no_secrets, "123456", 5, "12345...");
  expect_quote(&no_secrets, "1234\xC3\xA9", 5, "1234...");
  expect_quote(&no_secrets, "", 5, "");
  Buf text = {0};
  buf_add_repeat(&text, ' ', 10000);
  buf_add_char(&text, 'x');
  expect_quote(&no_secrets, text.data, 5, "...");
  buf_free(&text);
}

CASE(no_message_holds_a_secret) {
  (void)state;
  Secrets secrets = {0};
  Buf text = {0};
  secrets_add(&secrets, SLICE("sk-canary-1"));
  expect_problem(&openai_dialect, &secrets,
                 SLICE("{\"error\":{\"message\":\"bad key sk-canary-1\"}}"),
                 "the server answered with an error: bad key [secret]");
  expect_problem(&openai_dialect, &secrets, SLICE("{\"sk-canary-1\":1}"),
                 "unexpected reply: choices is missing: {\"[secret]\":1}");
  expect_problem(&openai_dialect, &secrets, SLICE("sk-canary-1"),
                 "the reply is not JSON (line 1, column 1: expected a value): "
                 "[secret]");
  expect_problem(&openai_dialect, &secrets,
                 SLICE("{\"choices\":[{\"message\":{\"content\":\"\",\"tool_"
                       "calls\":[{\"function\":{\"name\":\"sk-canary-1\"}}]},"
                       "\"finish_reason\":\"stop\"}]}"),
                 "the model asked for the tool \"[secret]\", though it was "
                 "offered none");
  expect_problem(&openai_dialect, &secrets,
                 SLICE("{\"choices\":[{\"message\":{\"refusal\":"
                       "\"sk-canary-1\"},\"finish_reason\":\"stop\"}]}"),
                 "the model refused: [secret]");
  reply_add_complaint(&secrets, SLICE("{\"detail\":\"sk-\\u0063anary-1\"}"),
                      &text);
  expect_text(&text, "[secret]");
  buf_free(&text);
  secrets_free(&secrets);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(fixtures),
      cmocka_unit_test(bytes_that_are_no_text),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(official_server_has_a_name_of_its_own),
      cmocka_unit_test(line_has_a_limit),
      cmocka_unit_test(event_has_a_limit),
      cmocka_unit_test(gathered_document_has_a_limit),
      cmocka_unit_test(only_content_is_progress),
      cmocka_unit_test(secrets_are_scrubbed),
      cmocka_unit_test(cut_spares_no_piece_of_a_secret),
      cmocka_unit_test(quotes_are_one_visible_line),
      cmocka_unit_test(no_message_holds_a_secret),
  };
  return RUN(cases);
}
