/* SPDX-License-Identifier: MIT
 *
 * log.c: what reaches standard error, at which level, in how many writes. The
 * test puts a packet socket in the place of standard error: one write is one
 * packet.
 */
#include "core/base/log.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int far_end; /* where the packets arrive */
static int old_fd;  /* standard error as it was */

static int catch_stderr(void **state) {
  (void)state;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) != 0) {
    return -1;
  }
  old_fd = dup(STDERR_FILENO);
  dup2(pair[1], STDERR_FILENO);
  close(pair[1]);
  far_end = pair[0];
  return 0;
}

static int release_stderr(void **state) {
  (void)state;
  dup2(old_fd, STDERR_FILENO);
  close(old_fd);
  close(far_end);
  log_set_level(LOG_LEVEL_WARNING);
  return 0;
}

static void assert_packet(const char *expected) {
  static char packet[65536];
  ssize_t length = recv(far_end, packet, sizeof packet - 1, 0);
  packet[length < 0 ? 0 : length] = '\0';
  assert_string_equal(packet, expected ? expected : "");
}

CASE(levels) {
  (void)state;
  static const char *const lines[] = {NULL, "apxm: error: e\n",
                                      "apxm: warning: w\n", "apxm: info: i\n",
                                      "apxm: debug: d\n"};
  for (int level = LOG_LEVEL_QUIET; level <= LOG_LEVEL_DEBUG; level++) {
    log_set_level((LogLevel)level);
    assert_false(log_is_on(LOG_LEVEL_QUIET));
    log_error("e");
    log_warning("w");
    log_info("i");
    log_debug("d");
    for (int i = LOG_LEVEL_ERROR; i <= level; i++) assert_packet(lines[i]);
    assert_packet(NULL);
  }
}

CASE(one_line_in_one_write) {
  (void)state;
  log_error("a\nb%s%d", "\033[2J", 5);
  assert_packet("apxm: error: a\\x0Ab\\x1B[2J5\n");
  assert_packet(NULL);
  log_error("%20000d", 1);
  static char packet[65536];
  assert_int_equal(recv(far_end, packet, sizeof packet, 0), 20014);
  assert_int_equal(packet[20013], '\n');
  assert_packet(NULL);
}

CASE(for_programs) {
  (void)state;
  log_set_json(true);
  log_warning("a\n\"b\"");
  log_info("not shown");
  log_line(LOG_LEVEL_WARNING, "note", SLICE("c\xFF"));
  log_set_json(false);
  assert_packet("{\"severity\":\"warning\",\"message\":\"a\\n\\\"b\\\"\"}\n");
  assert_packet("{\"severity\":\"note\",\"message\":\"c\xEF\xBF\xBD\"}\n");
  assert_packet(NULL);
}

CASE(level_names) {
  (void)state;
  LogLevel level = LOG_LEVEL_WARNING;
  assert_true(log_level_parse(SLICE("quiet"), &level));
  assert_int_equal(level, LOG_LEVEL_QUIET);
  assert_true(log_level_parse(SLICE("debug"), &level));
  assert_int_equal(level, LOG_LEVEL_DEBUG);
  assert_false(log_level_parse(SLICE("debu"), &level));
  assert_false(log_level_parse(SLICE(""), &level));
  assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test_setup_teardown(levels, catch_stderr, release_stderr),
      cmocka_unit_test_setup_teardown(one_line_in_one_write, catch_stderr,
                                      release_stderr),
      cmocka_unit_test_setup_teardown(for_programs, catch_stderr,
                                      release_stderr),
      cmocka_unit_test(level_names),
  };
  return RUN(cases);
}
