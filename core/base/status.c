/* SPDX-License-Identifier: MIT
 *
 * Filling an Error. The first cause counts: once set, an Error is kept. A
 * message that does not fit is cut between two code points. Any thread; an
 * Error belongs to its caller.
 */
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#include "core/base/slice.h"

/* Takes back the half of a code point that the cut left behind. */
static void mend_cut(char *text) {
  size_t length = strlen(text);
  size_t back = 0;
  while (back < 3 && back < length &&
         ((unsigned char)text[length - 1 - back] & 0xC0) == 0x80) {
    back++;
  }
  if (back == length) return;
  Slice tail = slice_from(text + length - 1 - back, back + 1);
  if (slice_valid_utf8(tail) != tail.length) text[length - 1 - back] = '\0';
}

static void fill(Error *error, Status status, int code, const char *format,
                 va_list args) {
  char *text = error->message;
  int wrote = vsnprintf(text, ERROR_MESSAGE_SIZE, format, args);
  if (wrote < 0) text[0] = '\0';
  error->status = status;
  if (wrote >= ERROR_MESSAGE_SIZE) {
    mend_cut(text);
  } else if (code != 0) {
    char space[128];
    size_t used = strlen(text);
    int more = snprintf(text + used, ERROR_MESSAGE_SIZE - used, ": %s",
                        strerror_r(code, space, sizeof space));
    if (more >= (int)(ERROR_MESSAGE_SIZE - used)) mend_cut(text);
  }
}

Status error_set(Error *error, Status status, const char *format, ...) {
  if (error == NULL || error->status != STATUS_OK) return status;
  va_list args;
  va_start(args, format);
  fill(error, status, 0, format, args);
  va_end(args);
  return status;
}

Status error_set_errno(Error *error, Status status, int code,
                       const char *format, ...) {
  if (error == NULL || error->status != STATUS_OK) return status;
  va_list args;
  va_start(args, format);
  fill(error, status, code, format, args);
  va_end(args);
  return status;
}

const char *status_text(Status status) {
  static const char *const texts[] = {
#define X(name, text) text,
#include "core/base/status.def"
#undef X
  };
  size_t count = sizeof texts / sizeof *texts;
  return (size_t)status < count ? texts[status] : "unknown";
}
