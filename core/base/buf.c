/* SPDX-License-Identifier: MIT
 *
 * A byte buffer that doubles. The invariant: when `data` is not NULL,
 * length < capacity and data[length] is NUL. One thread at a time.
 */
#include "core/base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { FIRST_CAPACITY = 64 }; /* bytes; most texts are a line */

void buf_free(Buf *buf) {
  mem_free(buf->data);
  *buf = (Buf){0};
}

void buf_clear(Buf *buf) {
  buf->length = 0;
  if (buf->data != NULL) buf->data[0] = '\0';
}

/* The capacity that holds `more` bytes and the NUL; 0 when none can. */
static size_t next_capacity(const Buf *buf, size_t more) {
  if (more > PTRDIFF_MAX - 1 - buf->length) return 0;
  size_t need = buf->length + more + 1;
  size_t doubled = buf->capacity > PTRDIFF_MAX / 2 ? 0 : buf->capacity * 2;
  if (doubled < FIRST_CAPACITY) doubled = FIRST_CAPACITY;
  return need > doubled ? need : doubled;
}

bool buf_try_reserve(Buf *buf, size_t more) {
  if (buf->data != NULL && more < buf->capacity - buf->length) return true;
  size_t capacity = next_capacity(buf, more);
  if (capacity == 0) return false;
  char *data = realloc(buf->data, capacity);
  if (data == NULL) return false;
  data[buf->length] = '\0';
  buf->data = data;
  buf->capacity = capacity;
  return true;
}

void buf_reserve(Buf *buf, size_t more) {
  if (buf_try_reserve(buf, more)) return;
  fprintf(stderr, "apxm: error: out of memory (text of %zu + %zu bytes)\n",
          buf->length, more);
  abort();
}

void buf_add(Buf *buf, const void *data, size_t length) {
  buf_reserve(buf, length);
  if (length != 0) memcpy(buf->data + buf->length, data, length);
  buf->length += length;
  buf->data[buf->length] = '\0';
}

void buf_add_char(Buf *buf, char c) {
  buf_reserve(buf, 1);
  buf->data[buf->length++] = c;
  buf->data[buf->length] = '\0';
}

void buf_add_slice(Buf *buf, Slice s) {
  buf_add(buf, s.data, s.length);
}

void buf_add_text(Buf *buf, const char *text) {
  buf_add(buf, text, strlen(text));
}

void buf_add_repeat(Buf *buf, char c, size_t count) {
  buf_reserve(buf, count);
  memset(buf->data + buf->length, c, count);
  buf->length += count;
  buf->data[buf->length] = '\0';
}

void buf_addf(Buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buf_addv(buf, format, args);
  va_end(args);
}

void buf_addv(Buf *buf, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  buf_reserve(buf, FIRST_CAPACITY);
  size_t room = buf->capacity - buf->length;
  int length = vsnprintf(buf->data + buf->length, room, format, args);
  assert(length >= 0 && "a format of ours that printf cannot follow");
  if ((size_t)length >= room) {
    buf_reserve(buf, (size_t)length);
    vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
  }
  buf->length += (size_t)length;
  va_end(again);
}

/* Bytes at the start of `s`, at most one code point, that may be shown as they
 * are; 0 when its first byte may not. */
static size_t visible(Slice s) {
  unsigned char first = (unsigned char)s.data[0];
  if (first < 0x80) return first >= 0x20 && first != 0x7F;
  size_t need = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (s.length < need) return 0;
  if (slice_valid_utf8(slice_from(s.data, need)) != need) return 0;
  /* U+0080 to U+009F: terminals obey these too. */
  bool is_control = first == 0xC2 && (unsigned char)s.data[1] < 0xA0;
  return is_control ? 0 : need;
}

void buf_add_visible(Buf *buf, Slice text) {
  while (text.length > 0) {
    size_t bytes = visible(text);
    if (bytes > 0) {
      buf_add(buf, text.data, bytes);
    } else {
      bytes = 1;
      buf_addf(buf, "\\x%02X", (unsigned)(unsigned char)text.data[0]);
    }
    text = slice_from(text.data + bytes, text.length - bytes);
  }
}

char *buf_take(Buf *buf) {
  buf_reserve(buf, 0);
  char *data = buf->data;
  *buf = (Buf){0};
  return data;
}
