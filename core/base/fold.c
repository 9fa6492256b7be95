/* SPDX-License-Identifier: MIT
 *
 * Case by code point (the simple mappings of Unicode: one character becomes
 * one), and the trimming of labels. Two threads that meet the first letter
 * outside ASCII both load the library; the first to be done keeps its table.
 */
#include "core/base/fold.h"

#include <stdint.h>
#include <utf8proc.h>

#include "core/base/atomic.h"
#include "core/base/library.h"
#include "core/base/mem.h"

#define UTF8PROC_FUNCTIONS(X) \
  X(utf8proc_iterate)         \
  X(utf8proc_encode_char)     \
  X(utf8proc_tolower)         \
  X(utf8proc_toupper)         \
  X(utf8proc_category)

typedef struct Unicode {
#define X(name) __typeof__(name) *name;
  UTF8PROC_FUNCTIONS(X)
#undef X
} Unicode;

typedef utf8proc_int32_t CodePoint;

/* Released by who has filled it, once; immutable after. */
static const Unicode *_Atomic loaded;

/* ---- the library --------------------------------------------------------- */

static const Unicode *publish(Unicode *fresh) {
  const Unicode *expected = NULL;
  if (atomic_compare_exchange_strong(&loaded, &expected, fresh)) return fresh;
  mem_free(fresh);
  return expected;
}

static Status load(const Unicode **unicode, Error *error) {
  static const char *const names[] = {
#define X(name) #name,
      UTF8PROC_FUNCTIONS(X)
#undef X
  };
  *unicode = load_acquire(&loaded);
  if (*unicode != NULL) return STATUS_OK;
  Unicode *fresh = mem_alloc(sizeof *fresh);
  Status status =
      library_load("libutf8proc.so.2", "libutf8proc2", names, fresh,
                   sizeof names / sizeof names[0], error);
  if (status == STATUS_OK) {
    *unicode = publish(fresh);
  } else {
    mem_free(fresh);
  }
  return status;
}

/* NULL, and no failure, for a text of ASCII. */
static Status need_unicode(Slice text, const Unicode **unicode, Error *error) {
  *unicode = NULL;
  for (size_t i = 0; i < text.length; i++) {
    if ((unsigned char)text.data[i] >= 0x80) return load(unicode, error);
  }
  return STATUS_OK;
}

/* ---- case ---------------------------------------------------------------- */

static char ascii_case(char c, bool upper) {
  if (upper) return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The code point at the start of `text` and its length in bytes; what is not
 * UTF-8 is one byte and no code point. */
static size_t next_point(const Unicode *unicode, Slice text, CodePoint *point) {
  utf8proc_ssize_t length = unicode->utf8proc_iterate(
      (const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.length,
      point);
  if (length > 0) return (size_t)length;
  *point = -1;
  return 1;
}

static void add_case(const Unicode *unicode, Slice text, bool upper, Buf *out) {
  while (text.length > 0) {
    CodePoint point;
    size_t length = next_point(unicode, text, &point);
    if (point < 0) {
      buf_add_char(out, *text.data);
    } else {
      utf8proc_uint8_t bytes[4];
      point = upper ? unicode->utf8proc_toupper(point)
                    : unicode->utf8proc_tolower(point);
      buf_add(out, bytes,
              (size_t)unicode->utf8proc_encode_char(point, bytes));
    }
    text = slice_from(text.data + length, text.length - length);
  }
}

static Status change_case(Slice text, bool upper, Buf *out, Error *error) {
  const Unicode *unicode;
  Status status = need_unicode(text, &unicode, error);
  if (status != STATUS_OK) return status;
  buf_reserve(out, text.length);
  if (unicode != NULL) {
    add_case(unicode, text, upper, out);
    return STATUS_OK;
  }
  for (size_t i = 0; i < text.length; i++) {
    buf_add_char(out, ascii_case(text.data[i], upper));
  }
  return STATUS_OK;
}

Status fold_lower(Slice text, Buf *out, Error *error) {
  return change_case(text, false, out, error);
}

Status fold_upper(Slice text, Buf *out, Error *error) {
  return change_case(text, true, out, error);
}

/* ---- labels -------------------------------------------------------------- */

static bool is_ascii_space(CodePoint c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_ascii_mark(CodePoint c) {
  return c > 0 && c < 0x80 && strchr("!\"'()*,-./:;?[\\]_`{}", c) != NULL;
}

static bool is_space(const Unicode *unicode, CodePoint c) {
  if (c < 0x80) return is_ascii_space(c);
  utf8proc_category_t category = unicode->utf8proc_category(c);
  return c == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
         category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static bool is_mark(const Unicode *unicode, CodePoint c) {
  if (c < 0x80) return is_ascii_mark(c);
  utf8proc_category_t category = unicode->utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

static size_t first_point(const Unicode *unicode, Slice text,
                          CodePoint *point) {
  if (unicode != NULL) return next_point(unicode, text, point);
  *point = (unsigned char)*text.data;
  return 1;
}

static size_t last_point(const Unicode *unicode, Slice text, CodePoint *point) {
  size_t length = 1;
  while (length < text.length && length < 4 &&
         ((unsigned char)text.data[text.length - length] & 0xC0) == 0x80) {
    length++;
  }
  Slice last = slice_from(text.data + text.length - length, length);
  size_t read = first_point(unicode, last, point);
  if (read == length) return length;
  *point = -1;
  return 1;
}

static bool is_trimmed(const Unicode *unicode, CodePoint point, bool marks) {
  if (point < 0) return false;
  return is_space(unicode, point) || (marks && is_mark(unicode, point));
}

static bool is_minus_sign(Slice text) {
  return text.length > 1 && text.data[0] == '-' && text.data[1] >= '0' &&
         text.data[1] <= '9';
}

static Slice trim(const Unicode *unicode, Slice text, bool marks) {
  CodePoint point;
  while (text.length > 0 && !is_minus_sign(text)) {
    size_t length = first_point(unicode, text, &point);
    if (!is_trimmed(unicode, point, marks)) break;
    text = slice_from(text.data + length, text.length - length);
  }
  while (text.length > 0) {
    size_t length = last_point(unicode, text, &point);
    if (!is_trimmed(unicode, point, marks)) break;
    text.length -= length;
  }
  return text;
}

Status fold_label(Slice text, Buf *out, Error *error) {
  const Unicode *unicode;
  Status status = need_unicode(text, &unicode, error);
  if (status != STATUS_OK) return status;
  Slice words = trim(unicode, text, true);
  if (words.length == 0) words = trim(unicode, text, false);
  return change_case(words, false, out, error);
}
