/* SPDX-License-Identifier: MIT
 *
 * JSON from outside. The text is checked by a small recursive-descent reader
 * (RFC 8259) that allocates nothing, says where it is wrong and bounds depth;
 * only what passed is given to cJSON, which is laxer and less talkative. So
 * cJSON is a builder of trees here, and its failure means memory is out.
 */
#include "core/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/source.h"

/* ---- checking ------------------------------------------------------------ */

enum { NUMBER_MAX = 63 }; /* characters: cJSON's own buffer for a number */

/* Where the check stands. */
typedef struct Check {
  const char *start; /* of the text, for line and column */
  const char *at;    /* next byte */
  const char *end;   /* one past the last byte */
  int depth;         /* lists and objects open */
  uint32_t values;   /* seen so far */
  JsonFault *fault;  /* the caller's */
} Check;

static bool fail(Check *c, const char *at, const char *what) {
  *c->fault = (JsonFault){.at = (size_t)(at - c->start), .what = what};
  return false;
}

static void skip_space(Check *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' ||
                            *c->at == '\r')) {
    c->at++;
  }
}

/* The next byte that is not space, or NUL at the end; NUL itself is refused
 * wherever it stands. */
static char peek(Check *c) {
  skip_space(c);
  return c->at < c->end ? *c->at : '\0';
}

static bool take(Check *c, char wanted) {
  if (peek(c) != wanted) return false;
  c->at++;
  return true;
}

static bool is_digit(char ch) {
  return ch >= '0' && ch <= '9';
}

/* Four hexadecimal digits; false when they are not there. */
static bool check_hex(Check *c, unsigned *value) {
  *value = 0;
  for (int i = 0; i < 4; i++) {
    char ch = c->at < c->end ? *c->at : '\0';
    char low = (char)(ch | 0x20);
    unsigned digit = 0;
    if (is_digit(ch)) {
      digit = (unsigned)(ch - '0');
    } else if (low >= 'a' && low <= 'f') {
      digit = (unsigned)(low - 'a') + 10;
    } else {
      return false;
    }
    *value = *value * 16 + digit;
    c->at++;
  }
  return true;
}

/* After "\u". */
static bool check_unicode(Check *c, const char *escape) {
  unsigned unit = 0;
  unsigned second = 0;
  if (!check_hex(c, &unit)) return fail(c, escape, "bad \\u escape");
  if (unit == 0) return fail(c, escape, "\\u0000 is not accepted");
  if (unit < 0xD800 || unit > 0xDFFF) return true;
  bool is_pair = unit <= 0xDBFF && c->end - c->at >= 2 && c->at[0] == '\\' &&
                 c->at[1] == 'u';
  if (is_pair) {
    c->at += 2;
    is_pair = check_hex(c, &second) && second >= 0xDC00 && second <= 0xDFFF;
  }
  return is_pair || fail(c, escape, "half of a surrogate pair");
}

static bool check_escape(Check *c) {
  const char *escape = c->at++;
  char kind = c->at < c->end ? *c->at : '\0';
  if (kind == '\0' || strchr("\"\\/bfnrtu", kind) == NULL) {
    return fail(c, escape, "unknown escape");
  }
  c->at++;
  return kind != 'u' || check_unicode(c, escape);
}

static bool check_string(Check *c) {
  const char *open = c->at++;
  while (c->at < c->end && *c->at != '"') {
    if (*c->at == '\\') {
      if (!check_escape(c)) return false;
    } else if ((unsigned char)*c->at < 0x20) {
      return fail(c, c->at, "control character in a string");
    } else {
      c->at++;
    }
  }
  if (c->at == c->end) return fail(c, open, "string without an end");
  c->at++;
  return true;
}

static bool skip_digits(Check *c) {
  const char *begin = c->at;
  while (c->at < c->end && is_digit(*c->at)) c->at++;
  return c->at > begin;
}

static bool next_is(const Check *c, const char *set) {
  return c->at < c->end && *c->at != '\0' && strchr(set, *c->at) != NULL;
}

static bool skip_number(Check *c) {
  if (next_is(c, "-")) c->at++;
  bool is_zero = next_is(c, "0");
  if (is_zero) c->at++;
  if (!is_zero && !skip_digits(c)) return false;
  if (next_is(c, ".")) {
    c->at++;
    if (!skip_digits(c)) return false;
  }
  if (next_is(c, "eE")) {
    c->at++;
    if (next_is(c, "+-")) c->at++;
    if (!skip_digits(c)) return false;
  }
  return !next_is(c, "0123456789");
}

static bool check_number(Check *c) {
  const char *begin = c->at;
  if (!skip_number(c)) return fail(c, begin, "malformed number");
  size_t length = (size_t)(c->at - begin);
  char copy[NUMBER_MAX + 1];
  if (length > NUMBER_MAX) return fail(c, begin, "number too long");
  /* Without an exponent so few digits are no number beyond a double. */
  if (!memchr(begin, 'e', length) && !memchr(begin, 'E', length)) return true;
  memcpy(copy, begin, length);
  copy[length] = '\0';
  if (isfinite(strtod(copy, NULL))) return true;
  return fail(c, begin, "number too large");
}

static bool check_word(Check *c) {
  static const Slice words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
  Slice rest = slice_from(c->at, (size_t)(c->end - c->at));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!slice_starts_with(rest, words[i])) continue;
    c->at += words[i].length;
    return true;
  }
  return fail(c, c->at,
              c->at < c->end ? "expected a value" : "the text ends too early");
}

static bool check_value(Check *c);

static bool check_member(Check *c) {
  if (peek(c) != '"') return fail(c, c->at, "expected a name in quotes");
  if (!check_string(c)) return false;
  if (!take(c, ':')) return fail(c, c->at, "expected ':'");
  return check_value(c);
}

/* A list or an object, by its closing bracket. */
static bool check_items(Check *c, char close) {
  if (++c->depth > LIMIT_JSON_DEPTH) return fail(c, c->at, "nested too deep");
  c->at++;
  if (!take(c, close)) {
    do {
      if (!(close == '}' ? check_member(c) : check_value(c))) return false;
    } while (take(c, ','));
    if (!take(c, close)) {
      return fail(c, c->at,
                  close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
  }
  c->depth--;
  return true;
}

static bool check_value(Check *c) {
  char first = peek(c);
  if (++c->values > LIMIT_JSON_VALUES) return fail(c, c->at, "too many values");
  if (first == '{') return check_items(c, '}');
  if (first == '[') return check_items(c, ']');
  if (first == '"') return check_string(c);
  if (first == '-' || is_digit(first)) return check_number(c);
  return check_word(c);
}

static bool check_document(Check *c) {
  size_t length = (size_t)(c->end - c->at);
  size_t valid = slice_valid_utf8(slice_from(c->at, length));
  if (valid < length) return fail(c, c->at + valid, "not UTF-8");
  if (!check_value(c)) return false;
  skip_space(c);
  if (c->at == c->end) return true;
  return fail(c, c->at, "more text after the end of the document");
}

bool json_check(Slice text, JsonFault *fault) {
  bool has_mark = slice_starts_with(text, SLICE("\xEF\xBB\xBF"));
  Check check = {.start = text.data, .fault = fault};
  if (text.length == (has_mark ? 3u : 0u))
    return fail(&check, check.start, "the text is empty");
  check.at = text.data + (has_mark ? 3 : 0);
  check.end = text.data + text.length;
  return check_document(&check);
}

/* Says what is wrong with the place for people. */
static void set_fault(Slice text, const JsonFault *fault, Error *error) {
  Place place = source_place(&(Source){.text = text}, (uint32_t)fault->at);
  error_set(error, STATUS_FORMAT, "line %u, column %u: %s", place.line,
            place.column, fault->what);
}

cJSON *json_parse(Slice text, Error *error) {
  JsonFault fault;
  if (slice_starts_with(text, SLICE("\xEF\xBB\xBF"))) {
    text = slice_from(text.data + 3, text.length - 3);
  }
  if (!json_check(text, &fault)) {
    set_fault(text, &fault, error);
    return NULL;
  }
  cJSON *document =
      cJSON_ParseWithLengthOpts(text.data, text.length, NULL, false);
  if (document == NULL) {
    error_set(error, STATUS_NO_MEMORY, "no memory for a JSON document");
  }
  return document;
}

/* ---- writing ------------------------------------------------------------- */

static void add_escaped(Buf *out, char c) {
  static const char plain[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  const char *found = c ? strchr(plain, c) : NULL;
  if (found != NULL) {
    buf_add_char(out, '\\');
    buf_add_char(out, letters[found - plain]);
  } else {
    buf_addf(out, "\\u%04x", (unsigned)(unsigned char)c);
  }
}

static bool must_escape(char c) {
  return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* Text that is UTF-8; runs that need no escape are added at once. */
static void add_valid(Buf *out, Slice text) {
  size_t begin = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (!must_escape(text.data[i])) continue;
    buf_add(out, text.data + begin, i - begin);
    add_escaped(out, text.data[i]);
    begin = i + 1;
  }
  if (begin < text.length) {
    buf_add(out, text.data + begin, text.length - begin);
  }
}

void json_add_text(Buf *out, Slice text) {
  buf_add_char(out, '"');
  while (text.length > 0) {
    size_t valid = slice_valid_utf8(text);
    add_valid(out, slice_from(text.data, valid));
    if (valid == text.length) break;
    buf_add_text(out, "\xEF\xBF\xBD"); /* U+FFFD for each stray byte */
    text = slice_from(text.data + valid + 1, text.length - valid - 1);
  }
  buf_add_char(out, '"');
}

/* printf writes the locale's point, which JSON does not know. */
static void add_with_point(Buf *out, const char *digits) {
  bool in_point = false;
  for (const char *p = digits; *p != '\0'; p++) {
    bool is_ours = is_digit(*p) || strchr("+-e", *p) != NULL;
    if (is_ours) buf_add_char(out, *p);
    if (!is_ours && !in_point) buf_add_char(out, '.');
    in_point = !is_ours;
  }
}

void json_add_number(Buf *out, double value) {
  if (!isfinite(value)) {
    buf_add_text(out, "null");
  } else if (value == 0) {
    buf_add_char(out, '0'); /* minus zero too */
  } else if (fabs(value) < 1e21 && value == trunc(value)) {
    buf_addf(out, "%.0f", value);
  } else {
    char digits[64];
    for (int precision = 15; precision <= 17; precision++) {
      snprintf(digits, sizeof digits, "%.*g", precision, value);
      if (strtod(digits, NULL) == value) break;
    }
    add_with_point(out, digits);
  }
}
