/* SPDX-License-Identifier: MIT
 *
 * Lines on standard error: "apxm: warning: ...", or an object each for
 * programs. One level and one form for the process, set once by main before
 * threads start. Secrets never come here.
 */
#ifndef APXM_CORE_BASE_LOG_H
#define APXM_CORE_BASE_LOG_H

#include <stdbool.h>

#include "core/base/slice.h"
#include "core/base/status.h"

typedef enum LogLevel {
  LOG_LEVEL_QUIET,   /* nothing at all */
  LOG_LEVEL_ERROR,   /* why the command failed */
  LOG_LEVEL_WARNING, /* the default */
  LOG_LEVEL_INFO,    /* -v: what is going on */
  LOG_LEVEL_DEBUG    /* -vv: for us */
} LogLevel;

void log_set_level(LogLevel level);
void log_set_json(bool json); /* {"severity":"warning","message":"..."} */
bool log_is_json(void);
bool log_is_on(LogLevel level);

/* "quiet", "error", "warning", "info", "debug"; false when unknown. */
bool log_level_parse(Slice text, LogLevel *level);

/* Called before each line, by the thread that writes it: whoever has put
 * something on the terminal takes it away. NULL: nobody. The one that is
 * replaced may still be running in another thread. */
void log_set_before(void (*before)(void *user), void *user);
void log_call_before(void); /* for who writes to standard error himself */

/* One line, written with one write(2), that calls itself `severity`. */
void log_line(LogLevel level, const char *severity, Slice text);
/* The same with more, in one write(2), too: for people `lines` below it, each
 * ended by a newline; for programs `member`, a further member of the object
 * ("name":value). Either may be empty. */
void log_block(LogLevel level, const char *severity, Slice text, Slice lines,
               Slice member);
/* The same with the name of its level. */
void log_write(LogLevel level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
