/* SPDX-License-Identifier: MIT
 *
 * A growing byte buffer. `data` is NUL-terminated after every call that adds,
 * so it can be printed; the NUL is not counted. Zero it with `= {0}`. Aborts
 * when memory is out, so what is sized by the outside meets a limit first.
 */
#ifndef APXM_CORE_BASE_BUF_H
#define APXM_CORE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/slice.h"
#include "core/base/status.h"

typedef struct Buf {
  char *data;      /* NULL until something was added */
  size_t length;   /* bytes used */
  size_t capacity; /* bytes owned, the final NUL included */
} Buf;

void buf_free(Buf *buf);  /* back to empty */
void buf_clear(Buf *buf); /* length 0, memory kept */
void buf_reserve(Buf *buf, size_t more);
/* As buf_reserve, but false when the system refuses; `buf` is unchanged. */
bool buf_try_reserve(Buf *buf, size_t more) MUST_USE;
void buf_add(Buf *buf, const void *data, size_t length);
void buf_add_char(Buf *buf, char c);
void buf_add_slice(Buf *buf, Slice s);
void buf_add_text(Buf *buf, const char *text);
void buf_add_repeat(Buf *buf, char c, size_t count);
void buf_addf(Buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_addv(Buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* One line fit for a terminal: control characters and what is not UTF-8 come
 * out as \xNN. */
void buf_add_visible(Buf *buf, Slice text);

/* Hands the bytes over; the caller frees with mem_free. Never NULL. */
char *buf_take(Buf *buf);

static inline Slice buf_slice(const Buf *buf) {
  return (Slice){buf->data, buf->length};
}

#endif
