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
#include <string.h>
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

bool log_is_json(void) {
  return is_json;
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

static void add_for_programs(const char *severity, Slice text, Slice member,
                             Buf *out) {
  buf_addf(out, "{\"severity\":\"%s\",\"message\":", severity);
  json_add_text(out, text);
  if (member.length > 0) buf_add_char(out, ',');
  buf_add_slice(out, member);
  buf_add_text(out, "}\n");
}

static void add_for_people(const char *severity, Slice text, Slice lines,
                           Buf *out) {
  buf_addf(out, "apxm: %s: ", severity);
  buf_add_visible(out, text);
  buf_add_char(out, '\n');
  while (lines.length > 0) {
    const char *end = memchr(lines.data, '\n', lines.length);
    size_t length = end == NULL ? lines.length : (size_t)(end - lines.data);
    buf_add_visible(out, slice_from(lines.data, length));
    buf_add_char(out, '\n');
    length += end != NULL;
    lines = slice_from(lines.data + length, lines.length - length);
  }
}

void log_block(LogLevel level, const char *severity, Slice text, Slice lines,
               Slice member) {
  if (!log_is_on(level)) return;
  Buf out = {0};
  if (is_json)
    add_for_programs(severity, text, member, &out);
  else
    add_for_people(severity, text, lines, &out);
  log_call_before();
  ssize_t written = write(STDERR_FILENO, out.data, out.length);
  (void)written;
  buf_free(&out);
}

void log_line(LogLevel level, const char *severity, Slice text) {
  log_block(level, severity, text, (Slice){0}, (Slice){0});
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
