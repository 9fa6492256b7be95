/* SPDX-License-Identifier: MIT
 *
 * Exchanges over TLS with a server of the openssl program, whose certificate
 * nobody has signed: refused unless the environment names it, and refused for
 * another name in any case. Skipped where there is no openssl.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/http_ask.h"
#include "tests/unit/unit.h"

extern char **environ;

static struct {
  char folder[64]; /* key and certificate; removed in the end */
  char key[80], certificate[80];
  pid_t server;
  uint16_t port;
} tls;

/* Standard output goes to `out`, or nowhere if that is negative; standard
 * error nowhere. 0: it cannot be run. */
static pid_t run(const char *const *arguments, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, out < 0 ? 0 : out, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
  pid_t child = 0;
  int code = posix_spawnp(&child, arguments[0], &actions, NULL,
                          (char *const *)(uintptr_t)arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return code ? 0 : child;
}

static bool make_certificate(void) {
  const char *const arguments[] = {"openssl",
                                   "req",
                                   "-x509",
                                   "-newkey",
                                   "ec",
                                   "-pkeyopt",
                                   "ec_paramgen_curve:P-256",
                                   "-nodes",
                                   "-days",
                                   "2",
                                   "-subj",
                                   "/CN=apxm test",
                                   "-addext",
                                   "subjectAltName=IP:127.0.0.1",
                                   "-keyout",
                                   tls.key,
                                   "-out",
                                   tls.certificate,
                                   NULL};
  pid_t child = run(arguments, -1);
  int status = 1;
  return child && waitpid(child, &status, 0) == child && status == 0;
}

/* The server says ACCEPT when it listens. */
static bool wait_accept(int out) {
  char text[512] = "";
  size_t length = 0;
  ssize_t count;
  while (!strstr(text, "ACCEPT") && length < sizeof text - 1 &&
         (count = read(out, text + length, sizeof text - 1 - length)) > 0) {
    length += (size_t)count;
    text[length] = '\0';
  }
  return strstr(text, "ACCEPT");
}

static bool start_server(void) {
  char place[32];
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC)) return false;
  tls.port = raw_port_unused();
  snprintf(place, sizeof place, "127.0.0.1:%u", tls.port);
  const char *const arguments[] = {
      "openssl", "s_server", "-accept", place,           "-www",
      "-key",    tls.key,    "-cert",   tls.certificate, NULL};
  tls.server = run(arguments, pipe_ends[1]);
  close(pipe_ends[1]);
  bool listens = tls.server && wait_accept(pipe_ends[0]);
  close(pipe_ends[0]);
  return listens;
}

static int set_up(void **state) {
  (void)state;
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
  snprintf(tls.folder, sizeof tls.folder, "/tmp/apxm-tls-XXXXXX");
  if (!mkdtemp(tls.folder)) return -1;
  snprintf(tls.key, sizeof tls.key, "%s/key.pem", tls.folder);
  snprintf(tls.certificate, sizeof tls.certificate, "%s/cert.pem", tls.folder);
  if (!make_certificate() || !start_server()) tls.port = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  if (tls.server) {
    kill(tls.server, SIGKILL);
    waitpid(tls.server, NULL, 0);
  }
  unlink(tls.key);
  unlink(tls.certificate);
  return rmdir(tls.folder);
}

/* Asks once with a client made in this environment. */
static void ask_tls(const char *place, HttpFailure failure,
                    const char *message) {
  if (!tls.port) skip();
  Setup setup = setup_to(serve_echo, NULL);
  HttpEndpoint *endpoint =
      setup_endpoint(&setup, place, tls.port, &ask_patient);
  for (int i = 0; i < 2; i++) {
    Ask ask;
    ask_init(&ask, endpoint);
    ask.exchange.is_get = true;
    http_start(&ask.exchange);
    ask_wait(&ask);
    if (!strstr(ask.exchange.message, message))
      print_error("%s\n", ask.exchange.message);
    assert_int_equal(ask.exchange.failure, failure);
    assert_non_null(strstr(ask.exchange.message, message));
    assert_int_equal(ask.exchange.code, failure == HTTP_FAILURE_NONE ? 200 : 0);
    ask_check_secret(&ask.exchange);
    ask_free(&ask);
  }
  http_endpoint_free(endpoint);
  setup_close(&setup);
}

CASE(a_certificate_nobody_signed_is_refused) {
  (void)state;
  ask_tls("https://127.0.0.1", HTTP_FAILURE_CERTIFICATE, "certificate");
}

CASE(a_certificate_of_the_environment_is_taken) {
  (void)state;
  setenv("SSL_CERT_FILE", tls.certificate, 1);
  ask_tls("https://127.0.0.1", HTTP_FAILURE_NONE, "");
  unsetenv("SSL_CERT_FILE");
}

CASE(a_certificate_for_another_name_is_refused) {
  (void)state;
  setenv("SSL_CERT_FILE", tls.certificate, 1);
  ask_tls("https://localhost", HTTP_FAILURE_CERTIFICATE, "localhost");
  unsetenv("SSL_CERT_FILE");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_certificate_nobody_signed_is_refused),
      cmocka_unit_test(a_certificate_of_the_environment_is_taken),
      cmocka_unit_test(a_certificate_for_another_name_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
