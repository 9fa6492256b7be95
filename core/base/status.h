/* SPDX-License-Identifier: MIT
 *
 * How a function says that the world failed: it returns a Status and fills a
 * caller-owned Error with a sentence for people. The user's own mistakes in a
 * program are diagnostics (diag.h) and our own mistakes are asserts.
 */
#ifndef APXM_CORE_BASE_STATUS_H
#define APXM_CORE_BASE_STATUS_H

#include <stdarg.h>

typedef enum Status {
#define X(name, text) STATUS_##name,
#include "core/base/status.def"
#undef X
} Status;

/* A result that must be looked at. */
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum { ERROR_MESSAGE_SIZE = 1024 };

/* What went wrong. Lives on the caller's stack; zero it with `= {0}`. */
typedef struct Error {
  Status status;                    /* STATUS_OK while nothing failed */
  char message[ERROR_MESSAGE_SIZE]; /* one sentence, no final newline */
} Error;

/* Fills `error` (which may be NULL) and returns `status`. A message that does
 * not fit is cut. An error that is already set is kept: the first cause
 * counts. */
Status error_set(Error *error, Status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* As error_set, with ": " and the text of the errno value `code` appended. */
Status error_set_errno(Error *error, Status status, int code,
                       const char *format, ...) PRINTF_LIKE(4, 5);

/* The text column of status.def. */
const char *status_text(Status status);

#endif
