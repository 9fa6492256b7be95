/* SPDX-License-Identifier: MIT
 *
 * Exchanges against a server that does what each test says: whole replies,
 * every way in which there is none, and connections that are used again.
 */
#include "runtime/io/http.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/http_ask.h"
#include "tests/unit/unit.h"

static void expect_from(void (*serve)(RawPeer *, void *), void *argument,
                        HttpFailure failure, const char *message) {
  Setup setup = setup_to(serve, argument);
  ask_expect(setup.endpoint, failure, message);
  setup_close(&setup);
}

/* ---- whole replies ------------------------------------------------------- */

static bool has(const Ask *ask, const char *text) {
  bool found = ask->exchange.reply.data &&
               strstr(ask->exchange.reply.data, text) != NULL;
  if (!found) print_error("no %s in %s\n", text, ask->exchange.reply.data);
  return found;
}

CASE(a_post_and_its_reply) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  static const char *const more[] = {"X-A: 1", "X-B: 2", "X-C: 3",
                                     "X-D: 4", "X-E: 5", "X-F: 6"};
  for (uint32_t count = 0; count <= 6; count++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    ask.exchange.headers = more;
    ask.exchange.header_count = count;
    http_start(&ask.exchange);
    ask_wait(&ask);
    assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
    assert_int_equal(ask.exchange.code, 200);
    assert_string_equal(ask.exchange.type, "text/x-echo; a=b");
    assert_string_equal(ask.exchange.message, "");
    assert_true(has(&ask, "POST /v1/chat HTTP/1.1\r\n"));
    assert_true(has(&ask, "\r\nContent-Type: application/json\r\n"));
    assert_true(has(&ask, "\r\nUser-Agent: apxm/"));
    assert_true(has(&ask, "\r\nAccept: */*\r\n"));
    assert_true(has(&ask, "\r\nAuthorization: Bearer " CANARY "\r\n"));
    assert_true(has(&ask, "\r\n\r\n{\"a\": 1}"));
    assert_true(count == 0 || has(&ask, "\r\nX-A: 1\r\n"));
    assert_true(count < 6 || has(&ask, "\r\nX-F: 6\r\n"));
    assert_null(strstr(ask.exchange.reply.data, "Expect"));
    ask_free(&ask);
  }
  setup_close(&setup);
}

CASE(a_get_has_no_body) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  for (int i = 0; i < 4; i++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    ask.exchange.is_get = i % 2 == 0;
    ask.exchange.path = i % 2 == 0 ? "" : "/x?y=z";
    http_start(&ask.exchange);
    ask_wait(&ask);
    assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
    assert_true(has(&ask, i % 2 == 0 ? "GET /v1 HTTP/1.1\r\n"
                                     : "POST /v1/x?y=z HTTP/1.1\r\n"));
    if (i % 2 == 0) {
      assert_null(strstr(ask.exchange.reply.data, "Content-Type"));
      assert_null(strstr(ask.exchange.reply.data, "{\"a\""));
    }
    ask_free(&ask);
  }
  setup_close(&setup);
}

CASE(a_large_body_goes_without_asking_first) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  Buf body = {0};
  buf_add_repeat(&body, 'x', 3 << 20);
  http_endpoint_free(setup.endpoint);
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%u",
           raw_server_port(setup.server));
  setup.endpoint = http_endpoint_new(setup.client, url, NULL, 0, &ask_patient,
                                     4 << 20, NULL);
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.body = buf_slice(&body);
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
  assert_true(ask.exchange.reply.length > body.length);
  assert_null(strstr(ask.exchange.reply.data, "Expect"));
  ask_free(&ask);
  buf_free(&body);
  setup_close(&setup);
}

CASE(times_come_in_order) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  for (int i = 0; i < 2; i++) {
    Ask ask;
    ask_run(&ask, setup.endpoint);
    const HttpExchange *exchange = &ask.exchange;
    assert_true(exchange->started_at > 0);
    assert_true(exchange->connected_at >= exchange->started_at);
    assert_true(exchange->first_byte_at >= exchange->connected_at);
    assert_true(exchange->ended_at >= exchange->first_byte_at);
    if (i == 1) /* on the open connection */
      assert_true(exchange->connected_at == exchange->started_at);
    ask_free(&ask);
  }
  setup_close(&setup);
}

typedef struct Plain {
  uint32_t code;
  const char *more;
  const char *body;
} Plain;

static void serve_plain(RawPeer *peer, void *argument) {
  const Plain *plain = argument;
  while (raw_peer_skip(peer))
    if (!raw_peer_reply(peer, plain->code, plain->more, slice_of(plain->body)))
      return;
}

CASE(every_code_is_a_whole_reply) {
  (void)state;
  static const Plain plains[] = {
      {200, "", ""},
      {302, "Location: /elsewhere\r\n", "moved"},
      {404, "content-type: application/json\r\n", "{}"},
      {429, "Retry-After: 7\r\n", "slow down"},
      {500, "", "broken"},
  };
  for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
    Setup setup = setup_to(serve_plain, (void *)&plains[i]);
    for (int has_reader = 0; has_reader < 2; has_reader++) {
      Ask ask;
      ask_init(&ask, setup.endpoint);
      if (has_reader) ask.exchange.receive = ask_receive;
      http_start(&ask.exchange);
      ask_wait(&ask);
      assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
      assert_int_equal(ask.exchange.code, plains[i].code);
      assert_int_equal(ask.exchange.reply.length, strlen(plains[i].body));
      assert_int_equal(ask.piece_count, 0);
      assert_string_equal(ask.exchange.retry_after,
                          plains[i].code == 429 ? "7" : "");
      assert_string_equal(ask.exchange.type,
                          plains[i].code == 404 ? "application/json" : "");
      ask_free(&ask);
    }
    assert_int_equal(raw_server_requests(setup.server), 2);
    setup_close(&setup);
  }
}

static void serve_text(RawPeer *peer, void *argument) {
  if (raw_peer_skip(peer)) raw_peer_text(peer, argument);
}

typedef struct Headed {
  Ask ask; /* first */
  Buf seen;
} Headed;

static void note_header(HttpExchange *exchange, Slice name, Slice value) {
  buf_addf(&((Headed *)exchange)->seen, "%.*s=%.*s;", SLICE_ARG(name),
           SLICE_ARG(value));
}

CASE(no_content_and_early_hints) {
  (void)state;
  static const char *const prefixes[] = {"retry-after", NULL};
  Setup setup = setup_to(serve_text,
                         "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"
                         "HTTP/1.1 204 No Content\r\nRetry-After: 2\r\n\r\n");
  Headed headed = {0};
  ask_init(&headed.ask, setup.endpoint);
  headed.ask.exchange.header = note_header;
  headed.ask.exchange.header_prefixes = prefixes;
  http_start(&headed.ask.exchange);
  ask_wait(&headed.ask);
  assert_int_equal(headed.ask.exchange.failure, HTTP_FAILURE_NONE);
  assert_int_equal(headed.ask.exchange.code, 204);
  assert_int_equal(headed.ask.exchange.reply.length, 0);
  assert_string_equal(headed.ask.exchange.retry_after, "2");
  assert_string_equal(headed.seen.data, "Retry-After=2;");
  buf_free(&headed.seen);
  ask_free(&headed.ask);
  setup_close(&setup);
}

/* ---- pieces -------------------------------------------------------------- */

static const char chunked[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\nb;x=y\r\n, wide worl\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\n";

/* In two halves, cut where the argument says; each must have arrived before
 * the other goes, or the split would not be seen. */
static void serve_split(RawPeer *peer, void *argument) {
  const size_t *at = argument;
  Slice all = SLICE(chunked);
  while (raw_peer_skip(peer)) {
    raw_peer_send(peer, slice_from(all.data, *at));
    clock_sleep(300 * NS_PER_US);
    raw_peer_send(peer, slice_from(all.data + *at, all.length - *at));
  }
}

CASE(a_chunked_reply_may_be_split_anywhere) {
  (void)state;
  size_t at = 1;
  Setup setup = setup_to(serve_split, &at);
  for (; at < sizeof chunked - 1; at++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    if (at % 2) ask.exchange.receive = ask_receive;
    http_start(&ask.exchange);
    ask_wait(&ask);
    assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
    const Buf *got = at % 2 ? &ask.pieces : &ask.exchange.reply;
    assert_int_equal(got->length, 17);
    assert_memory_equal(got->data, "hello, wide world", 17);
    ask_free(&ask);
  }
  assert_int_equal(raw_server_accepted(setup.server), 1);
  setup_close(&setup);
}

CASE(the_reader_may_stop) {
  (void)state;
  size_t at = 60;
  Setup setup = setup_to(serve_split, &at);
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.receive = ask_receive;
  ask.verdict = HTTP_PIECE_STOP;
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_STOPPED);
  assert_int_equal(ask.piece_count, 1);
  ask_free(&ask);
  setup_close(&setup);
}

/* ---- connections --------------------------------------------------------- */

CASE(a_connection_is_used_again) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  for (int i = 0; i < 100; i++) {
    ask_expect(setup.endpoint, HTTP_FAILURE_NONE, "");
  }
  assert_int_equal(raw_server_accepted(setup.server), 1);
  setup_close(&setup);
}

static void serve_once(RawPeer *peer, void *argument) {
  (void)argument;
  if (raw_peer_skip(peer)) raw_peer_reply(peer, 200, "", SLICE("{}"));
}

/* The server promises to keep the connection and closes it all the same. What
 * meets that fails: to ask again is not for the transport to decide. */
CASE(a_connection_that_went_away_is_replaced) {
  (void)state;
  Setup setup = setup_to(serve_once, NULL);
  uint32_t answered = 0;
  for (uint32_t i = 0; i < 200; i++) {
    bool is_known = i % 8 == 0; /* surely closed by now */
    if (is_known)
      while (raw_server_open(setup.server) > 0) clock_sleep(50 * NS_PER_US);
    Ask ask;
    ask_run(&ask, setup.endpoint);
    bool is_ok = ask.exchange.failure == HTTP_FAILURE_NONE;
    assert_true(is_ok ||
                (!is_known && ask.exchange.failure == HTTP_FAILURE_CUT));
    answered += is_ok;
    ask_free(&ask);
  }
  assert_int_equal(raw_server_requests(setup.server), answered);
  setup_close(&setup);
}

static void serve_once_of_two(RawPeer *peer, void *argument) {
  serve_once(peer, argument);
  raw_peer_skip(peer);
}

CASE(a_request_is_sent_once) {
  (void)state;
  Setup setup = setup_to(serve_once_of_two, NULL);
  for (uint32_t i = 1; i <= 20; i++) {
    ask_expect(setup.endpoint, HTTP_FAILURE_NONE, "");
    ask_expect(setup.endpoint, HTTP_FAILURE_CUT,
               "the connection was closed before a reply came");
    assert_int_equal(raw_server_requests(setup.server), 2 * i);
  }
  setup_close(&setup);
}

static uint32_t open_descriptors(void) {
  uint32_t count = 0;
  DIR *folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

CASE(descriptors_are_given_back) {
  (void)state;
  expect_from(serve_echo, NULL, HTTP_FAILURE_NONE,
              ""); /* what stays open for good */
  uint32_t before = open_descriptors();
  for (int i = 0; i < 5; i++)
    expect_from(serve_echo, NULL, HTTP_FAILURE_NONE, "");
  assert_int_equal(open_descriptors(), before);
}

CASE(as_many_connections_as_descriptors_allow) {
  (void)state;
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max < 600 ? limit.rlim_max : 600;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  uint32_t most = http_connections_max();
  assert_int_equal(http_connections_max(), most);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_true(limit.rlim_cur == limit.rlim_max);
  assert_true(most > 0 && most < limit.rlim_max);
}

/* What the kernel says of this process's table of descriptors. */
static unsigned long table_size(void) {
  unsigned long size = 0;
  char line[128];
  FILE *status = fopen("/proc/self/status", "r");
  assert_non_null(status);
  while (fgets(line, sizeof line, status))
    if (sscanf(line, "FDSize: %lu", &size) == 1) break;
  fclose(status);
  return size;
}

CASE(the_table_of_descriptors_grows_at_once) {
  (void)state;
  unsigned long before = table_size();
  uint32_t most = http_connections_max();
  uint32_t wanted = 2 * before < most ? 2 * (uint32_t)before : most;
  http_reserve(wanted);
  assert_true(table_size() > wanted);
  http_reserve(UINT32_MAX); /* no more than may be open */
  assert_true(open_descriptors() < 100);
}

CASE(loopback_is_told_from_names_like_it) {
  (void)state;
  static const char *const here[] = {
      "http://127.0.0.1:80/v1", "https://127.8.9.1",     "http://[::1]:8080",
      "http://localhost",       "http://LOCALHOST:1/v1", "http://a.localhost"};
  static const char *const elsewhere[] = {"http://localhost.example",
                                          "http://127.example",
                                          "http://notlocalhost",
                                          "http://10.0.0.1",
                                          "http://[::2]",
                                          "http://a@localhost",
                                          "ftp://localhost",
                                          ""};
  for (size_t i = 0; i < sizeof here / sizeof *here; i++)
    if (!http_is_loopback(here[i])) fail_msg("%s", here[i]);
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (http_is_loopback(elsewhere[i])) fail_msg("%s", elsewhere[i]);
}

/* ---- no whole reply ------------------------------------------------------ */

CASE(refused) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  uint16_t port = raw_port_unused();
  HttpEndpoint *nowhere =
      setup_endpoint(&setup, "http://127.0.0.1", port, &ask_patient);
  char message[64];
  snprintf(message, sizeof message, "connection refused (127.0.0.1:%u)", port);
  for (int i = 0; i < 3; i++)
    ask_expect(nowhere, HTTP_FAILURE_CONNECT, message);
  http_endpoint_free(nowhere);
  ask_expect(setup.endpoint, HTTP_FAILURE_NONE, "");
  setup_close(&setup);
}

/* The server has no part in it, and is not blamed. */
CASE(no_descriptor_left) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  ask_expect(setup.endpoint, HTTP_FAILURE_NONE, "");
  HttpEndpoint *nowhere = setup_endpoint(&setup, "http://127.0.0.1",
                                         raw_port_unused(), &ask_patient);
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlim_t before = limit.rlim_cur;
  int next = dup(STDIN_FILENO);
  assert_true(next >= 0);
  close(next);
  limit.rlim_cur = (rlim_t)next;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ask_expect(nowhere, HTTP_FAILURE_ROOM,
             "no socket can be opened: too many open files, see `ulimit -n`");
  limit.rlim_cur = before;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ask_expect(nowhere, HTTP_FAILURE_CONNECT, "connection refused");
  http_endpoint_free(nowhere);
  setup_close(&setup);
}

/* What failed may have been the proxy, which is said. */
CASE(a_proxy_is_named) {
  (void)state;
  char proxy[64];
  snprintf(proxy, sizeof proxy, "http://" CANARY ":" CANARY "@127.0.0.1:%u",
           raw_port_unused());
  setenv("http_proxy", proxy, 1);
  Setup setup = setup_to(serve_echo, NULL);
  HttpEndpoint *far =
      setup_endpoint(&setup, "http://192.0.2.1", 80, &ask_patient);
  ask_expect(far, HTTP_FAILURE_CONNECT,
             "connection refused, maybe by the proxy");
  ask_expect(setup.endpoint, HTTP_FAILURE_NONE, ""); /* loopback needs none */
  setenv("http_proxy", "http://proxy.invalid:1", 1);
  ask_expect(far, HTTP_FAILURE_RESOLVE, "the proxy that the environment names");
  unsetenv("http_proxy");
  http_endpoint_free(far);
  setup_close(&setup);
}

static void reset_at_once(RawPeer *peer, void *argument) {
  (void)argument;
  if (raw_peer_skip(peer)) raw_peer_reset(peer);
}

static void reset_later(RawPeer *peer, void *argument) {
  (void)argument;
  if (!raw_peer_skip(peer)) return;
  raw_peer_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  clock_sleep(NS_PER_MS); /* a reset overtakes what was not yet read */
  raw_peer_reset(peer);
}

CASE(reset) {
  (void)state;
  expect_from(reset_at_once, NULL, HTTP_FAILURE_CUT, "(127.0.0.1:");
  expect_from(reset_later, NULL, HTTP_FAILURE_CUT, "(127.0.0.1:");
}

CASE(replies_that_end_too_soon) {
  (void)state;
  static const char *const before[] = {"", "HTT",
                                       "HTTP/1.1 200 OK\r\nContent-Le"};
  static const char *const middle[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"};
  for (size_t i = 0; i < sizeof before / sizeof *before; i++)
    expect_from(serve_text, (void *)before[i], HTTP_FAILURE_CUT, "closed");
  for (size_t i = 0; i < sizeof middle / sizeof *middle; i++)
    expect_from(serve_text, (void *)middle[i], HTTP_FAILURE_CUT,
                "closed in the middle of the reply (127.0.0.1:");
}

CASE(replies_that_are_no_http) {
  (void)state;
  static const char *const texts[] = {
      "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n\r\n",
      "\x16\x03\x01\x02garbage garbage garbage\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "fffffffffffffffff\r\nab\r\n"),
      "HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\nab"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    expect_from(serve_text, (void *)texts[i], HTTP_FAILURE_PROTOCOL,
                "not a sound HTTP reply");
}

/* More than was announced: the excess is not part of the reply, and the
 * connection is not used again. */
CASE(more_than_the_announced_length) {
  (void)state;
  Setup setup = setup_to(
      serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdefgh");
  Ask ask;
  ask_run(&ask, setup.endpoint);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
  assert_string_equal(ask.exchange.reply.data, "ab");
  ask_free(&ask);
  ask_expect(setup.endpoint, HTTP_FAILURE_NONE, "");
  assert_int_equal(raw_server_accepted(setup.server), 2);
  setup_close(&setup);
}

/* After its argument the same line, for ever. */
typedef struct Flood {
  const char *start;
  const char *line;
} Flood;

static void serve_flood(RawPeer *peer, void *argument) {
  const Flood *flood = argument;
  if (!raw_peer_skip(peer)) return;
  raw_peer_text(peer, flood->start);
  while (raw_peer_text(peer, flood->line)) {
  }
}

CASE(replies_without_end) {
  (void)state;
  static const Flood floods[] = {
      {"HTTP/1.1 200 OK\r\n", "X-More: and more and more and more\r\n"},
      {"HTTP/1.1 200 OK\r\nX-Long: ", "and more and more and more and more"},
      {"", "HTTP/1.1 100 Continue\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\n\r\n", "and more and more and more and more"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "5\r\nabcde\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
       "X-Trailer: and more and more and more\r\n"}};
  for (size_t i = 0; i < sizeof floods / sizeof *floods; i++)
    expect_from(serve_flood, (void *)&floods[i], HTTP_FAILURE_TOO_LARGE,
                "the reply has more than");
}

CASE(headers_of_the_reply_are_given) {
  (void)state;
  static const char *const prefixes[] = {"x-limit-", "retry-after", NULL};
  Plain plain = {429,
                 "X-Limit-A:  1 \r\nX-Limi: 2\r\nx-limit-b:\r\n"
                 "RETRY-AFTER-MS: 3:4\r\nretry: 5\r\n",
                 "no"};
  Setup setup = setup_to(serve_plain, &plain);
  Headed headed = {0};
  ask_init(&headed.ask, setup.endpoint);
  headed.ask.exchange.header = note_header;
  headed.ask.exchange.header_prefixes = prefixes;
  http_start(&headed.ask.exchange);
  ask_wait(&headed.ask);
  assert_string_equal(headed.seen.data,
                      "X-Limit-A=1;x-limit-b=;RETRY-AFTER-MS=3:4;");
  buf_free(&headed.seen);
  ask_free(&headed.ask);
  setup_close(&setup);
}

/* The beginning of it is the reply, and nobody waits for the rest. */
CASE(endless_refusal_is_cut) {
  (void)state;
  Flood flood = {"HTTP/1.1 500 Oh\r\n\r\n", "and more and more and more"};
  Setup setup = setup_to(serve_flood, &flood);
  Ask ask;
  ask_run(&ask, setup.endpoint);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
  assert_int_equal(ask.exchange.code, 500);
  assert_int_equal(ask.exchange.reply.length, LIMIT_REFUSAL_BYTES);
  ask_free(&ask);
  setup_close(&setup);
}

CASE(the_cap_holds_for_readers_too) {
  (void)state;
  Flood flood = {"HTTP/1.1 200 OK\r\n\r\n", "and more and more and more"};
  Setup setup = setup_to(serve_flood, &flood);
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.receive = ask_receive;
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_TOO_LARGE);
  assert_true(ask.pieces.length <= REPLY_CAP);
  ask_free(&ask);
  setup_close(&setup);
}

CASE(exactly_the_cap_is_allowed) {
  (void)state;
  Buf body = {0};
  buf_add_repeat(&body, 'x', REPLY_CAP);
  Plain plain = {200, "", body.data};
  Setup setup = setup_to(serve_plain, &plain);
  ask_expect(setup.endpoint, HTTP_FAILURE_NONE, "");
  buf_add_char(&body, 'y');
  plain.body = body.data;
  ask_expect(setup.endpoint, HTTP_FAILURE_TOO_LARGE,
             "1048576 bytes (127.0.0.1:");
  setup_close(&setup);
  buf_free(&body);
}

static void serve_unasked(RawPeer *peer, void *argument) {
  raw_peer_text(peer, argument);
  raw_peer_wait(peer);
}

CASE(no_tls_on_the_other_side) {
  (void)state;
  Setup setup = setup_with(serve_unasked, "HTTP/1.1 400 Bad\r\n\r\n",
                           "https://127.0.0.1", &ask_patient);
  ask_expect(setup.endpoint, HTTP_FAILURE_TLS, "TLS: ");
  setup_close(&setup);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_post_and_its_reply),
      cmocka_unit_test(a_get_has_no_body),
      cmocka_unit_test(a_large_body_goes_without_asking_first),
      cmocka_unit_test(times_come_in_order),
      cmocka_unit_test(every_code_is_a_whole_reply),
      cmocka_unit_test(no_content_and_early_hints),
      cmocka_unit_test(a_chunked_reply_may_be_split_anywhere),
      cmocka_unit_test(the_reader_may_stop),
      cmocka_unit_test(a_connection_is_used_again),
      cmocka_unit_test(a_connection_that_went_away_is_replaced),
      cmocka_unit_test(a_request_is_sent_once),
      cmocka_unit_test(descriptors_are_given_back),
      cmocka_unit_test(as_many_connections_as_descriptors_allow),
      cmocka_unit_test(the_table_of_descriptors_grows_at_once),
      cmocka_unit_test(loopback_is_told_from_names_like_it),
      cmocka_unit_test(refused),
      cmocka_unit_test(no_descriptor_left),
      cmocka_unit_test(a_proxy_is_named),
      cmocka_unit_test(reset),
      cmocka_unit_test(replies_that_end_too_soon),
      cmocka_unit_test(replies_that_are_no_http),
      cmocka_unit_test(more_than_the_announced_length),
      cmocka_unit_test(replies_without_end),
      cmocka_unit_test(headers_of_the_reply_are_given),
      cmocka_unit_test(endless_refusal_is_cut),
      cmocka_unit_test(the_cap_holds_for_readers_too),
      cmocka_unit_test(exactly_the_cap_is_allowed),
      cmocka_unit_test(no_tls_on_the_other_side),
  };
  return RUN(tests);
}
