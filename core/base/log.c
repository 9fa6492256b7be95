/* SPDX-License-Identifier: MIT
 *
 * Lines on standard error, for people or for programs. A line is put together
 * whole and goes out with one write(2), so lines of two threads do not mix;
 * text that came from outside cannot break the line or steer the terminal,
 * since control characters are written out as \xNN. A line that cannot be
 * written is lost: there is nobody to tell.
 */
#include "core/base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/json.h"

static const char *const names[] = {"quiet", "error", "warning", "info",
                                    "debug"};
enum { LEVEL_COUNT = sizeof names / sizeof *names };

/* Written by main before other threads start, read by all. */
static LogLevel current = LOG_LEVEL_WARNING;
static bool is_json;

/* Whom to tell before a line is written; `user` is set before `before`. */
static void *_Atomic before_user;
static void (*_Atomic before)(void *user);

void log_set_before(void (*call)(void *user), void *user) {
  store_release(&before, NULL);
  store_release(&before_user, user);
  store_release(&before, call);
}

void log_call_before(void) {
  void (*call)(void *user) = load_acquire(&before);
  if (call != NULL) call(load_acquire(&before_user));
}

void log_set_level(LogLevel level) {
  current = level;
}

void log_set_json(bool json) {
  is_json = json;
}

bool log_is_on(LogLevel level) {
  return level != LOG_LEVEL_QUIET && level <= current;
}

bool log_level_parse(Slice text, LogLevel *level) {
  for (int i = 0; i < LEVEL_COUNT; i++) {
    if (!slice_equal_text(text, names[i])) continue;
    *level = (LogLevel)i;
    return true;
  }
  return false;
}

static void add_for_programs(const char *severity, Slice text, Buf *line) {
  buf_addf(line, "{\"severity\":\"%s\",\"message\":", severity);
  json_add_text(line, text);
  buf_add_text(line, "}\n");
}

static void add_for_people(const char *severity, Slice text, Buf *line) {
  buf_addf(line, "apxm: %s: ", severity);
  buf_add_visible(line, text);
  buf_add_char(line, '\n');
}

void log_line(LogLevel level, const char *severity, Slice text) {
  if (!log_is_on(level)) return;
  Buf line = {0};
  if (is_json)
    add_for_programs(severity, text, &line);
  else
    add_for_people(severity, text, &line);
  log_call_before();
  ssize_t written = write(STDERR_FILENO, line.data, line.length);
  (void)written;
  buf_free(&line);
}

void log_write(LogLevel level, const char *format, ...) {
  if (!log_is_on(level)) return;
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  log_line(level, names[level], buf_slice(&text));
  buf_free(&text);
}
